#include "state/internal.h"

#include <inttypes.h>

/* Words in the checks are those of intent_state_name, order_side_name and their like in model. */
static const char SCHEMA[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE intents ("
    "  seq INTEGER PRIMARY KEY,"
    "  client_id TEXT NOT NULL UNIQUE,"
    "  symbol TEXT NOT NULL,"
    "  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),"
    "  type TEXT NOT NULL CHECK (type IN ('market', 'limit')),"
    "  qty INTEGER NOT NULL CHECK (qty > 0),"
    "  limit_e4 INTEGER NOT NULL,"
    "  purpose TEXT NOT NULL CHECK (purpose IN ('entry', 'exit')),"
    "  reason TEXT NOT NULL,"
    "  context TEXT NOT NULL,"
    "  epoch INTEGER NOT NULL,"
    "  cycle INTEGER NOT NULL,"
    "  created_ns INTEGER NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('committed', 'unknown', 'open', 'filled', 'canceled',"
    "    'rejected', 'expired', 'not_sent')),"
    "  broker_id TEXT NOT NULL,"
    "  filled_qty INTEGER NOT NULL,"
    "  filled_cost_e4 INTEGER NOT NULL,"
    "  filled_ns INTEGER,"
    "  updated_ns INTEGER NOT NULL,"
    "  lookups INTEGER NOT NULL,"
    "  last_lookup_ns INTEGER,"
    "  is_recorded INTEGER NOT NULL CHECK (is_recorded IN (0, 1)),"
    "  note TEXT NOT NULL) STRICT;"
    "CREATE INDEX intents_created ON intents (created_ns);"
    "CREATE INDEX intents_live ON intents (created_ns)"
    "  WHERE is_recorded = 0 OR state IN ('committed', 'unknown', 'open');"
    "CREATE INDEX intents_epoch ON intents (epoch);"
    "CREATE TABLE intent_events ("
    "  seq INTEGER PRIMARY KEY,"
    "  client_id TEXT NOT NULL REFERENCES intents (client_id),"
    "  at_ns INTEGER NOT NULL,"
    "  state TEXT NOT NULL,"
    "  broker_id TEXT NOT NULL,"
    "  filled_qty INTEGER NOT NULL,"
    "  filled_cost_e4 INTEGER NOT NULL,"
    "  note TEXT NOT NULL) STRICT;"
    "CREATE INDEX intent_events_client ON intent_events (client_id);"
    "CREATE TABLE fills ("
    "  seq INTEGER PRIMARY KEY,"
    "  fill_id TEXT NOT NULL UNIQUE,"
    "  broker_id TEXT NOT NULL,"
    "  client_id TEXT NOT NULL,"
    "  symbol TEXT NOT NULL,"
    "  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),"
    "  qty INTEGER NOT NULL CHECK (qty > 0),"
    "  price_e4 INTEGER NOT NULL CHECK (price_e4 >= 0),"
    "  at_ns INTEGER NOT NULL,"
    "  kind TEXT NOT NULL CHECK (kind IN ('fill', 'adjustment'))) STRICT;"
    "CREATE INDEX fills_fold ON fills (symbol, at_ns, fill_id);"
    "CREATE INDEX fills_at ON fills (at_ns, fill_id);"
    /* Facts are added, never rewritten. */
    "CREATE TRIGGER intents_facts BEFORE UPDATE OF seq, client_id, symbol, side, type, qty, "
    "limit_e4,"
    "  purpose, reason, context, epoch, cycle, created_ns ON intents"
    "  BEGIN SELECT RAISE(ABORT, 'an intent is a fact'); END;"
    "CREATE TRIGGER intents_stay BEFORE DELETE ON intents"
    "  BEGIN SELECT RAISE(ABORT, 'an intent is a fact'); END;"
    "CREATE TRIGGER intent_events_facts BEFORE UPDATE ON intent_events"
    "  BEGIN SELECT RAISE(ABORT, 'history is a fact'); END;"
    "CREATE TRIGGER intent_events_stay BEFORE DELETE ON intent_events"
    "  BEGIN SELECT RAISE(ABORT, 'history is a fact'); END;"
    "CREATE TRIGGER fills_facts BEFORE UPDATE ON fills"
    "  BEGIN SELECT RAISE(ABORT, 'a fill is a fact'); END;"
    "CREATE TRIGGER fills_stay BEFORE DELETE ON fills"
    "  BEGIN SELECT RAISE(ABORT, 'a fill is a fact'); END;";

#define INTENT_COLUMNS                                                                             \
    "client_id, symbol, side, type, qty, limit_e4, purpose, reason, context, epoch, cycle, "       \
    "created_ns, "                                                                                 \
    "state, broker_id, filled_qty, filled_cost_e4, filled_ns, updated_ns, lookups, "               \
    "last_lookup_ns, "                                                                             \
    "is_recorded, note"
#define FILL_COLUMNS "fill_id, broker_id, symbol, side, qty, price_e4, at_ns"

static const char *const STATEMENTS[STMTS_LEN] = {
    [STMT_BEGIN] = "BEGIN IMMEDIATE",
    [STMT_COMMIT] = "COMMIT",
    [STMT_ROLLBACK] = "ROLLBACK",
    [STMT_DATA_VERSION] = "PRAGMA data_version",
    [STMT_META_GET] = "SELECT value FROM meta WHERE key = ?1",
    [STMT_META_PUT] = "INSERT INTO meta (key, value) VALUES (?1, ?2)"
                      " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [STMT_META_DELETE] = "DELETE FROM meta WHERE key = ?1",
    [STMT_INTENT_ADD] =
        "INSERT INTO intents (" INTENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
        " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    [STMT_INTENT_UPDATE] =
        "UPDATE intents SET state = ?13, broker_id = ?14, filled_qty = ?15,"
        " filled_cost_e4 = ?16, filled_ns = ?17, updated_ns = ?18, lookups = ?19,"
        " last_lookup_ns = ?20, is_recorded = ?21, note = ?22 WHERE client_id = ?1",
    [STMT_INTENT_FIND] = "SELECT " INTENT_COLUMNS " FROM intents WHERE client_id = ?1",
    [STMT_INTENT_LIVE] = "SELECT " INTENT_COLUMNS " FROM intents WHERE is_recorded = 0"
                         " OR state IN ('committed', 'unknown', 'open') ORDER BY created_ns, seq",
    [STMT_INTENT_SINCE] = "SELECT " INTENT_COLUMNS " FROM intents WHERE created_ns >= ?1"
                          " ORDER BY created_ns, seq",
    [STMT_INTENT_EPOCH_MAX] = "SELECT max(epoch) FROM intents",
    [STMT_EVENT_ADD] = "INSERT INTO intent_events (client_id, at_ns, state, broker_id, filled_qty,"
                       " filled_cost_e4, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STMT_EVENT_LIST] = "SELECT at_ns, state, broker_id, filled_qty, filled_cost_e4, note"
                        " FROM intent_events WHERE client_id = ?1 ORDER BY seq",
    [STMT_FILL_ADD] =
        "INSERT INTO fills (" FILL_COLUMNS ", client_id, kind)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (fill_id) DO NOTHING",
    [STMT_FILL_FIND] = "SELECT " FILL_COLUMNS " FROM fills WHERE fill_id = ?1",
    [STMT_FILL_SINCE] =
        "SELECT " FILL_COLUMNS " FROM fills WHERE at_ns >= ?1 ORDER BY at_ns, fill_id",
    [STMT_FILL_OF_SYMBOL] =
        "SELECT " FILL_COLUMNS " FROM fills WHERE symbol = ?1 ORDER BY at_ns, fill_id",
    [STMT_FILL_ALL] = "SELECT " FILL_COLUMNS " FROM fills ORDER BY symbol, at_ns, fill_id",
    /* Adjustments are ours and carry our clock: they must not hide fills of the broker. */
    [STMT_FILL_LAST] = "SELECT max(at_ns) FROM fills WHERE kind = 'fill'",
};

/* ---- errors -------------------------------------------------------------------------------- */

static enum rc
code_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return RC_BUSY;
    case SQLITE_NOMEM:
        return RC_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return RC_PARSE;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
        return RC_RANGE;
    default:
        return RC_IO;
    }
}

enum rc
sql_error(struct sql_ledger *l, sqlite3 *db, struct err *err, const char *doing)
{
    enum rc rc = code_of(sqlite3_extended_errcode(db));

    if (l != NULL && rc == RC_PARSE) l->is_damaged = true;
    return err_set(err, rc, "ledger: %s: %s", doing, sqlite3_errmsg(db));
}

/* ---- statements ---------------------------------------------------------------------------- */

enum rc
sql_exec(sqlite3 *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return RC_OK;
    return sql_error(NULL, db, err, "set up");
}

enum rc
sql_create_schema(sqlite3 *db, bool is_rebuilt, int64_t now_ns, struct err *err)
{
    CLEANUP(text_free) struct text sql = {0};
    char when[ISO_TEXT_MAX];

    text_printf(&sql, "BEGIN IMMEDIATE; %s", SCHEMA);
    text_printf(&sql, "INSERT INTO meta VALUES ('created', '%s');", when_iso(now_ns, when));
    if (is_rebuilt) text_printf(&sql, "INSERT INTO meta VALUES ('rebuilt', '%s');", when);
    text_printf(&sql, "PRAGMA user_version = %d; COMMIT;", LEDGER_SCHEMA_VERSION);
    return sql_exec(db, text_str(&sql), err);
}

enum rc
sql_prepare(struct sql_ledger *l, struct err *err)
{
    for (size_t i = 0; i < STMTS_LEN; i++)
        if (sqlite3_prepare_v3(l->db, STATEMENTS[i], -1, SQLITE_PREPARE_PERSISTENT, &l->stmt[i],
                               NULL) != SQLITE_OK)
            return sql_error(l, l->db, err, "prepare");
    return RC_OK;
}

void
sql_finalize(struct sql_ledger *l)
{
    for (size_t i = 0; i < STMTS_LEN; i++) {
        (void)sqlite3_finalize(
            l->stmt[i]); /* repeats the error of the last step, which was reported then */
        l->stmt[i] = NULL;
    }
}

sqlite3_stmt *
sql_start(struct sql_ledger *l, enum ledger_stmt which)
{
    sqlite3_stmt *st = l->stmt[which];

    sql_end(st);
    return st;
}

void
sql_end(sqlite3_stmt *st)
{
    (void)sqlite3_reset(st); /* repeats the error of the last step, which was reported then */
    (void)sqlite3_clear_bindings(st);
}

enum rc
sql_row(struct sql_ledger *l, sqlite3_stmt *st, struct err *err, const char *doing)
{
    int code = sqlite3_step(st);

    if (code == SQLITE_ROW) return RC_OK;
    if (code == SQLITE_DONE) return err_set(err, RC_NOT_FOUND, "ledger: %s: no such row", doing);
    return sql_error(l, l->db, err, doing);
}

enum rc
sql_run(struct sql_ledger *l, sqlite3_stmt *st, struct err *err, const char *doing)
{
    enum rc rc = sqlite3_step(st) == SQLITE_DONE ? RC_OK : sql_error(l, l->db, err, doing);

    sql_end(st);
    return rc;
}

/* A value that cannot be bound (no memory) would be stored as NULL: a mistake no caller could mend.
 */
void
sql_bind_text(sqlite3_stmt *st, int at, const char *value)
{
    int code = sqlite3_bind_text(st, at, value, -1, SQLITE_TRANSIENT);

    ASSERT(code == SQLITE_OK);
}

void
sql_bind_i64(sqlite3_stmt *st, int at, int64_t value)
{
    int code = sqlite3_bind_int64(st, at, value);

    ASSERT(code == SQLITE_OK);
}

void
sql_bind_when(sqlite3_stmt *st, int at, int64_t at_ns)
{
    if (at_ns != WHEN_NONE) sql_bind_i64(st, at, at_ns); /* an unbound parameter is NULL */
}

void
sql_get_text(sqlite3_stmt *st, int at, char *dst, size_t size)
{
    const char *value = (const char *)sqlite3_column_text(st, at);

    (void)str_copy(dst, size, value == NULL ? "" : value); /* written from a field of that size */
}

int64_t
sql_get_when(sqlite3_stmt *st, int at)
{
    return sqlite3_column_type(st, at) == SQLITE_NULL ? WHEN_NONE : sqlite3_column_int64(st, at);
}

/* ---- transactions and meta ----------------------------------------------------------------- */

enum rc
sql_begin(struct sql_ledger *l, struct err *err)
{
    return sql_run(l, sql_start(l, STMT_BEGIN), err, "begin");
}

enum rc
sql_finish(struct sql_ledger *l, enum rc rc, struct err *err)
{
    if (rc == RC_OK) rc = sql_run(l, sql_start(l, STMT_COMMIT), err, "commit");
    /* Some errors have rolled back by themselves; then there is nothing left to roll back. */
    if (rc != RC_OK && sqlite3_get_autocommit(l->db) == 0)
        (void)sql_run(l, sql_start(l, STMT_ROLLBACK), NULL, "roll back");
    return rc;
}

enum rc
sql_meta_get(struct sql_ledger *l, const char *key, char *ret_value, size_t size, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_META_GET);

    sql_bind_text(st, 1, key);
    enum rc rc = sql_row(l, st, err, "read meta");
    if (rc == RC_OK) sql_get_text(st, 0, ret_value, size);
    sql_end(st);
    return rc;
}

enum rc
sql_meta_put(struct sql_ledger *l, const char *key, const char *value, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_META_PUT);

    sql_bind_text(st, 1, key);
    sql_bind_text(st, 2, value);
    return sql_run(l, st, err, "write meta");
}

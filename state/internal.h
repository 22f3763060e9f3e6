/*
 * What the files of the ledger share; never included from elsewhere.
 */
#ifndef STATE_INTERNAL_H
#define STATE_INTERNAL_H

#include <sqlite3.h>

#include "state/ledger_book.h"

/* Prepared once when the ledger is opened; texts in ledger_sql.c. */
enum ledger_stmt {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_DATA_VERSION,
    STMT_META_GET,
    STMT_META_PUT,
    STMT_META_DELETE,
    STMT_INTENT_ADD,
    STMT_INTENT_UPDATE,
    STMT_INTENT_FIND,
    STMT_INTENT_LIVE,
    STMT_INTENT_SINCE,
    STMT_INTENT_EPOCH_MAX,
    STMT_EVENT_ADD,
    STMT_EVENT_LIST,
    STMT_FILL_ADD,
    STMT_FILL_FIND,
    STMT_FILL_SINCE,
    STMT_FILL_OF_SYMBOL,
    STMT_FILL_ALL,
    STMT_FILL_LAST,
    STMTS_LEN
};

struct sql_ledger {
    const struct fs *fs;
    const struct clock *clock;
    const struct log *log;
    char *path;    /* under the root */
    char *db_path; /* as SQLite opens it */
    bool is_read_only;
    int64_t busy_ms;

    sqlite3 *db;
    sqlite3_stmt *stmt[STMTS_LEN];
    bool is_damaged;         /* SQLite met bytes that cannot be: the next call heals */
    bool is_rebuilt;         /* the meta row */
    struct fs_stat file;     /* when it was opened or last looked at */
    struct fs_stat wal, shm; /* beside it, since it has them; they stay until it is closed */

    struct ledger_book book;
    bool is_book_loaded;
    int64_t data_version; /* of the database the book was folded from: changes when another process
                             writes */
};

/* ---- ledger_sql.c ---------------------------------------------------------------------------- */

/* Schema and statements of a freshly opened connection. */
enum rc sql_create_schema(sqlite3 *db, bool is_rebuilt, int64_t now_ns, struct err *err);
enum rc sql_prepare(struct sql_ledger *l, struct err *err);
void sql_finalize(struct sql_ledger *l);
enum rc sql_exec(sqlite3 *db, const char *sql, struct err *err);

/* The code and words for what SQLite said last; notes damage in l where it is given. */
enum rc sql_error(struct sql_ledger *l, sqlite3 *db, struct err *err, const char *doing);

/* A statement ready to be bound, and its steps: RC_OK for a row, RC_NOT_FOUND after the last. */
sqlite3_stmt *sql_start(struct sql_ledger *l, enum ledger_stmt which);
enum rc sql_row(struct sql_ledger *l, sqlite3_stmt *st, struct err *err, const char *doing);
/* Runs a statement that gives no rows. */
enum rc sql_run(struct sql_ledger *l, sqlite3_stmt *st, struct err *err, const char *doing);
void sql_end(sqlite3_stmt *st);

void sql_bind_text(sqlite3_stmt *st, int at, const char *value);
void sql_bind_i64(sqlite3_stmt *st, int at, int64_t value);
void sql_bind_when(sqlite3_stmt *st, int at, int64_t at_ns); /* WHEN_NONE is NULL */
void sql_get_text(sqlite3_stmt *st, int at, char *dst, size_t size);
int64_t sql_get_when(sqlite3_stmt *st, int at);

enum rc sql_begin(struct sql_ledger *l, struct err *err);
/* Commits after RC_OK, else rolls back; returns the first thing that went wrong. */
enum rc sql_finish(struct sql_ledger *l, enum rc rc, struct err *err);

enum rc sql_meta_get(struct sql_ledger *l, const char *key, char *ret_value, size_t size,
                     struct err *err);
enum rc sql_meta_put(struct sql_ledger *l, const char *key, const char *value, struct err *err);

/* ---- ledger_file.c --------------------------------------------------------------------------- */

/* The file is still ours; a lost or damaged one is healed here.  First thing of every call. */
enum rc file_ready(struct sql_ledger *l, struct err *err);

/* ---- ledger_fills.c -------------------------------------------------------------------------- */

void fills_seam(struct ledger *seam);
/* The book is that of the rows as they are now. */
enum rc fills_book_ready(struct sql_ledger *l, struct err *err);

#endif

#include "state/internal.h"

#include <inttypes.h>

/* ---- rows ---------------------------------------------------------------------------------- */

/* The parameters of STMT_INTENT_ADD; STMT_INTENT_UPDATE uses the first and those from the state on.
 */
static void
bind_intent(sqlite3_stmt *st, const struct intent *in, bool with_facts)
{
    const struct order_intent *o = &in->order;

    sql_bind_text(st, 1, o->client_id);
    if (with_facts) {
        sql_bind_text(st, 2, o->symbol);
        sql_bind_text(st, 3, order_side_name(o->side));
        sql_bind_text(st, 4, order_type_name(o->type));
        sql_bind_i64(st, 5, o->qty);
        sql_bind_i64(st, 6, o->limit.e4);
        sql_bind_text(st, 7, intent_purpose_name(in->purpose));
        sql_bind_text(st, 8, in->reason);
        sql_bind_text(st, 9, in->context);
        sql_bind_i64(st, 10, in->epoch);
        sql_bind_i64(st, 11, in->cycle);
        sql_bind_i64(st, 12, in->created_ns);
    }
    sql_bind_text(st, 13, intent_state_name(in->state));
    sql_bind_text(st, 14, in->broker_id);
    sql_bind_i64(st, 15, in->filled_qty);
    sql_bind_i64(st, 16, in->filled_cost.e4);
    sql_bind_when(st, 17, in->filled_ns);
    sql_bind_i64(st, 18, in->updated_ns);
    sql_bind_i64(st, 19, in->lookups);
    sql_bind_when(st, 20, in->last_lookup_ns);
    sql_bind_i64(st, 21, in->is_recorded);
    sql_bind_text(st, 22, in->note);
}

/* A column that holds one of our words; damage where it does not, for the schema admits no other.
 */
static bool
column_is(sqlite3_stmt *st, int at, const char *word)
{
    return str_eq((const char *)sqlite3_column_text(st, at), word);
}

static enum rc
read_intent(struct sql_ledger *l, sqlite3_stmt *st, struct intent *ret_intent, struct err *err)
{
    struct intent in = {0};
    struct order_intent *o = &in.order;

    sql_get_text(st, 0, o->client_id, sizeof(o->client_id));
    sql_get_text(st, 1, o->symbol, sizeof(o->symbol));
    o->side = column_is(st, 2, order_side_name(SIDE_BUY)) ? SIDE_BUY : SIDE_SELL;
    o->type = column_is(st, 3, order_type_name(ORDER_MARKET)) ? ORDER_MARKET : ORDER_LIMIT;
    o->qty = sqlite3_column_int64(st, 4);
    o->limit.e4 = sqlite3_column_int64(st, 5);
    in.purpose =
        column_is(st, 6, intent_purpose_name(PURPOSE_ENTRY)) ? PURPOSE_ENTRY : PURPOSE_EXIT;
    sql_get_text(st, 7, in.reason, sizeof(in.reason));
    sql_get_text(st, 8, in.context, sizeof(in.context));
    in.epoch = sqlite3_column_int64(st, 9);
    in.cycle = sqlite3_column_int64(st, 10);
    in.created_ns = sqlite3_column_int64(st, 11);
    bool is_state = intent_state_from((const char *)sqlite3_column_text(st, 12), &in.state);
    sql_get_text(st, 13, in.broker_id, sizeof(in.broker_id));
    in.filled_qty = sqlite3_column_int64(st, 14);
    in.filled_cost.e4 = sqlite3_column_int64(st, 15);
    in.filled_ns = sql_get_when(st, 16);
    in.updated_ns = sqlite3_column_int64(st, 17);
    in.lookups = sqlite3_column_int(st, 18);
    in.last_lookup_ns = sql_get_when(st, 19);
    in.is_recorded = sqlite3_column_int(st, 20) != 0;
    sql_get_text(st, 21, in.note, sizeof(in.note));
    if (!is_state) {
        l->is_damaged = true;
        return err_set(err, RC_PARSE, "ledger: intent %s: unknown state", o->client_id);
    }
    *ret_intent = in;
    return RC_OK;
}

/* Every change of what is known is kept. */
static enum rc
add_event(struct sql_ledger *l, const struct intent *in, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_EVENT_ADD);

    sql_bind_text(st, 1, in->order.client_id);
    sql_bind_i64(st, 2, in->updated_ns);
    sql_bind_text(st, 3, intent_state_name(in->state));
    sql_bind_text(st, 4, in->broker_id);
    sql_bind_i64(st, 5, in->filled_qty);
    sql_bind_i64(st, 6, in->filled_cost.e4);
    sql_bind_text(st, 7, in->note);
    return sql_run(l, st, err, "add to the history");
}

static enum rc
read_intents(struct sql_ledger *l, sqlite3_stmt *st, struct arena *a, struct intents *ret_list,
             struct err *err)
{
    struct intents list = {0};
    size_t cap = 0;
    enum rc rc;

    while ((rc = sql_row(l, st, err, "read intents")) == RC_OK) {
        if (list.len == cap) {
            cap = MAX((size_t)16, 2 * cap);
            struct intent *more = ARENA_NEW(a, struct intent, cap);

            if (list.len > 0) memcpy(more, list.intent, list.len * sizeof(*more));
            list.intent = more;
        }
        rc = read_intent(l, st, &list.intent[list.len], err);
        if (rc != RC_OK) break;
        list.len++;
    }
    sql_end(st);
    if (rc != RC_NOT_FOUND) return rc;
    *ret_list = list;
    return RC_OK;
}

/* ---- the seam ------------------------------------------------------------------------------ */

static enum rc
ready_to_write(struct sql_ledger *l, struct err *err)
{
    if (l->is_read_only) return err_set(err, RC_DENIED, "ledger: opened for reading only");
    return file_ready(l, err);
}

static enum rc
insert_intent(struct sql_ledger *l, const struct intent *in, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_INTENT_ADD);

    bind_intent(st, in, true);
    if (sqlite3_step(st) == SQLITE_DONE) {
        sql_end(st);
        return add_event(l, in, err);
    }
    enum rc rc = sqlite3_extended_errcode(l->db) == SQLITE_CONSTRAINT_UNIQUE
                     ? err_set(err, RC_DENIED, "ledger: client order id %s was used before",
                               in->order.client_id)
                     : sql_error(l, l->db, err, "add an intent");
    sql_end(st);
    return rc;
}

static enum rc
add_intent(void *self, const struct intent *in, struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = ledger_check_intent(in, err);

    if (rc == RC_OK) rc = ready_to_write(l, err);
    if (rc == RC_OK) rc = sql_begin(l, err);
    if (rc != RC_OK) return rc;
    return sql_finish(l, insert_intent(l, in, err), err);
}

static enum rc
change_intent(struct sql_ledger *l, const struct intent *in, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_INTENT_UPDATE);

    bind_intent(st, in, false);
    enum rc rc = sql_run(l, st, err, "update an intent");
    if (rc != RC_OK) return rc;
    if (sqlite3_changes(l->db) == 0)
        return err_set(err, RC_NOT_FOUND, "ledger: no intent %s", in->order.client_id);
    return add_event(l, in, err);
}

static enum rc
update_intent(void *self, const struct intent *in, struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = ready_to_write(l, err);

    if (rc == RC_OK) rc = sql_begin(l, err);
    if (rc != RC_OK) return rc;
    return sql_finish(l, change_intent(l, in, err), err);
}

static enum rc
find_intent(void *self, const char *client_id, struct intent *ret_intent, struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    sqlite3_stmt *st = sql_start(l, STMT_INTENT_FIND);
    sql_bind_text(st, 1, client_id);
    rc = sql_row(l, st, err, client_id);
    if (rc == RC_OK) rc = read_intent(l, st, ret_intent, err);
    sql_end(st);
    return rc;
}

static enum rc
live_intents(void *self, struct arena *a, struct intents *ret_list, struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    return read_intents(l, sql_start(l, STMT_INTENT_LIVE), a, ret_list, err);
}

static enum rc
intents_since(void *self, int64_t from_ns, struct arena *a, struct intents *ret_list,
              struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    sqlite3_stmt *st = sql_start(l, STMT_INTENT_SINCE);
    sql_bind_i64(st, 1, from_ns);
    return read_intents(l, st, a, ret_list, err);
}

struct ledger
ledger_seam(struct sql_ledger *l)
{
    struct ledger seam = {.self = l,
                          .add_intent = add_intent,
                          .update_intent = update_intent,
                          .find_intent = find_intent,
                          .live_intents = live_intents,
                          .intents_since = intents_since};

    fills_seam(&seam);
    return seam;
}

/* ---- what is beside the seam --------------------------------------------------------------- */

bool
ledger_was_rebuilt(const struct sql_ledger *l)
{
    return l->is_rebuilt;
}

enum rc
ledger_mark_reconciled(struct sql_ledger *l, struct err *err)
{
    enum rc rc = ready_to_write(l, err);

    if (rc != RC_OK) return rc;
    sqlite3_stmt *st = sql_start(l, STMT_META_DELETE);
    sql_bind_text(st, 1, "rebuilt");
    rc = sql_run(l, st, err, "mark as reconciled");
    if (rc == RC_OK) l->is_rebuilt = false;
    return rc;
}

enum rc
ledger_epoch_floor(struct sql_ledger *l, int64_t *ret_epoch, struct err *err)
{
    char text[32] = "";
    int64_t noted = 0;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    rc = sql_meta_get(l, "epoch", text, sizeof(text), err);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK && !str_to_i64(text, &noted)) noted = 0;
    sqlite3_stmt *st = sql_start(l, STMT_INTENT_EPOCH_MAX);
    rc = sql_row(l, st, err, "read the largest epoch");
    int64_t used =
        rc == RC_OK ? sqlite3_column_int64(st, 0) : 0; /* no rows: max() is NULL, read as 0 */
    sql_end(st);
    if (rc == RC_OK) *ret_epoch = MAX(noted, used);
    return rc;
}

enum rc
ledger_note_epoch(struct sql_ledger *l, int64_t epoch, struct err *err)
{
    char text[32];
    enum rc rc = ready_to_write(l, err);

    if (rc != RC_OK) return rc;
    (void)snprintf(text, sizeof(text), "%" PRId64, epoch);
    return sql_meta_put(l, "epoch", text, err);
}

enum rc
ledger_history(struct sql_ledger *l, const char *client_id, struct arena *a,
               struct intent_events *ret_list, struct err *err)
{
    struct intent_events list = {0};
    size_t cap = 0;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    sqlite3_stmt *st = sql_start(l, STMT_EVENT_LIST);
    sql_bind_text(st, 1, client_id);
    while ((rc = sql_row(l, st, err, "read the history")) == RC_OK) {
        if (list.len == cap) {
            cap = MAX((size_t)16, 2 * cap);
            struct intent_event *more = ARENA_NEW(a, struct intent_event, cap);

            if (list.len > 0) memcpy(more, list.event, list.len * sizeof(*more));
            list.event = more;
        }
        struct intent_event *e = &list.event[list.len++];
        e->at_ns = sqlite3_column_int64(st, 0);
        if (!intent_state_from((const char *)sqlite3_column_text(st, 1), &e->state))
            e->state = INTENT_UNKNOWN;
        sql_get_text(st, 2, e->broker_id, sizeof(e->broker_id));
        e->filled_qty = sqlite3_column_int64(st, 3);
        e->filled_cost.e4 = sqlite3_column_int64(st, 4);
        sql_get_text(st, 5, e->note, sizeof(e->note));
    }
    sql_end(st);
    if (rc != RC_NOT_FOUND) return rc;
    *ret_list = list;
    return RC_OK;
}

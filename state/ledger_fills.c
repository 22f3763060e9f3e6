#include "state/internal.h"

/* ---- rows ---------------------------------------------------------------------------------- */

static struct fill
read_fill(sqlite3_stmt *st)
{
    struct fill f = {0};

    sql_get_text(st, 0, f.fill_id, sizeof(f.fill_id));
    sql_get_text(st, 1, f.broker_id, sizeof(f.broker_id));
    sql_get_text(st, 2, f.symbol, sizeof(f.symbol));
    f.side = str_eq((const char *)sqlite3_column_text(st, 3), order_side_name(SIDE_BUY))
                 ? SIDE_BUY
                 : SIDE_SELL;
    f.qty = sqlite3_column_int64(st, 4);
    f.price.e4 = sqlite3_column_int64(st, 5);
    f.at_ns = sqlite3_column_int64(st, 6);
    return f;
}

/* A stored row that we would not have stored: bytes were changed from outside. */
static enum rc
check_row(struct sql_ledger *l, const struct fill *f, struct err *err)
{
    enum rc rc = ledger_check_fill(f, "fill", err);

    if (rc == RC_OK) return RC_OK;
    l->is_damaged = true;
    return err_set(err, RC_PARSE, "ledger: stored fill %s is out of bounds", f->fill_id);
}

static enum rc
read_fills(struct sql_ledger *l, sqlite3_stmt *st, struct arena *a, struct fills *ret_list,
           struct err *err)
{
    struct fills list = {0};
    size_t cap = 0;
    enum rc rc;

    while ((rc = sql_row(l, st, err, "read fills")) == RC_OK) {
        if (list.len == cap) {
            cap = MAX((size_t)16, 2 * cap);
            struct fill *more = ARENA_NEW(a, struct fill, cap);

            if (list.len > 0) memcpy(more, list.fill, list.len * sizeof(*more));
            list.fill = more;
        }
        list.fill[list.len] = read_fill(st);
        rc = check_row(l, &list.fill[list.len], err);
        if (rc != RC_OK) break;
        list.len++;
    }
    sql_end(st);
    if (rc != RC_NOT_FOUND) return rc;
    *ret_list = list;
    return RC_OK;
}

/* ---- positions ----------------------------------------------------------------------------- */

/* Folds the row into the entry unless that would leave the bounds in which money is exact. */
static enum rc
fold_checked(struct ledger_book_entry *e, const struct fill *f, struct err *err)
{
    enum rc rc = ledger_check_next(&e->position, f, err);

    if (rc == RC_OK) ledger_book_fold(e, f);
    return rc;
}

/* The position of one symbol from all its fills. */
static enum rc
fold_symbol(struct sql_ledger *l, const char *symbol, struct ledger_book_entry *ret_entry,
            struct err *err)
{
    struct ledger_book_entry e = ledger_book_entry_of(symbol);
    sqlite3_stmt *st = sql_start(l, STMT_FILL_OF_SYMBOL);
    enum rc rc;

    sql_bind_text(st, 1, symbol);
    while ((rc = sql_row(l, st, err, "fold fills")) == RC_OK) {
        struct fill f = read_fill(st);

        rc = check_row(l, &f, err);
        if (rc == RC_OK) rc = fold_checked(&e, &f, err);
        if (rc != RC_OK) break;
    }
    sql_end(st);
    if (rc != RC_NOT_FOUND) return rc;
    *ret_entry = e;
    return RC_OK;
}

static enum rc
fold_all(struct sql_ledger *l, struct ledger_book *ret_book, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_FILL_ALL);
    struct ledger_book_entry e = {0};
    enum rc rc;

    while ((rc = sql_row(l, st, err, "fold fills")) == RC_OK) {
        struct fill f = read_fill(st);

        rc = check_row(l, &f, err);
        if (rc != RC_OK) break;
        if (!str_eq(e.position.symbol, f.symbol)) {
            if (e.position.symbol[0] != '\0') ledger_book_put(ret_book, &e);
            e = ledger_book_entry_of(f.symbol);
        }
        rc = fold_checked(&e, &f, err);
        if (rc != RC_OK) break;
    }
    sql_end(st);
    if (rc != RC_NOT_FOUND) return rc;
    if (e.position.symbol[0] != '\0') ledger_book_put(ret_book, &e);
    return RC_OK;
}

/* A number that changes when another process has written to the database. */
static enum rc
data_version(struct sql_ledger *l, int64_t *ret_version, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_DATA_VERSION);
    enum rc rc = sql_row(l, st, err, "read data_version");

    if (rc == RC_OK) *ret_version = sqlite3_column_int64(st, 0);
    sql_end(st);
    return rc;
}

enum rc
fills_book_ready(struct sql_ledger *l, struct err *err)
{
    struct ledger_book fresh = {0};
    int64_t version = 0;
    enum rc rc = data_version(l, &version, err);

    if (rc != RC_OK || (l->is_book_loaded && version == l->data_version)) return rc;
    rc = fold_all(l, &fresh, err);
    if (rc != RC_OK) {
        ledger_book_done(&fresh);
        return rc;
    }
    ledger_book_done(&l->book);
    l->book = fresh;
    l->is_book_loaded = true;
    l->data_version = version;
    return RC_OK;
}

/* ---- the seam ------------------------------------------------------------------------------ */

static enum rc
insert_fill(struct sql_ledger *l, const struct fill *f, const char *client_id, const char *kind,
            bool *ret_is_new, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_FILL_ADD);

    sql_bind_text(st, 1, f->fill_id);
    sql_bind_text(st, 2, f->broker_id);
    sql_bind_text(st, 3, f->symbol);
    sql_bind_text(st, 4, order_side_name(f->side));
    sql_bind_i64(st, 5, f->qty);
    sql_bind_i64(st, 6, f->price.e4);
    sql_bind_i64(st, 7, f->at_ns);
    sql_bind_text(st, 8, client_id == NULL ? "" : client_id);
    sql_bind_text(st, 9, kind);
    enum rc rc = sql_run(l, st, err, "add a fill");
    if (rc == RC_OK) *ret_is_new = sqlite3_changes(l->db) > 0;
    return rc;
}

/* The id is known: is it the same fill? */
static enum rc
compare_fill(struct sql_ledger *l, const struct fill *f, struct err *err)
{
    sqlite3_stmt *st = sql_start(l, STMT_FILL_FIND);

    sql_bind_text(st, 1, f->fill_id);
    enum rc rc = sql_row(l, st, err, f->fill_id);
    if (rc == RC_OK) {
        struct fill known = read_fill(st);

        rc = ledger_check_same_fill(&known, f, err);
    }
    sql_end(st);
    return rc;
}

/* Inside the transaction: the row, and the position that it leads to. */
static enum rc
accept_fill(struct sql_ledger *l, const struct fill *f, const char *client_id, const char *kind,
            bool *ret_is_new, struct ledger_book_entry *ret_entry, struct err *err)
{
    enum rc rc = fills_book_ready(l, err);

    if (rc == RC_OK) rc = insert_fill(l, f, client_id, kind, ret_is_new, err);
    if (rc != RC_OK) return rc;
    if (!*ret_is_new) return compare_fill(l, f, err);

    *ret_entry = ledger_book_find(&l->book, f->symbol);
    if (ledger_book_is_next(ret_entry, f)) return fold_checked(ret_entry, f, err);
    return fold_symbol(l, f->symbol, ret_entry,
                       err); /* late: everything after it is folded again */
}

static enum rc
add_fill(void *self, const struct fill *f, const char *client_id, const char *kind,
         bool *ret_is_new, struct err *err)
{
    struct sql_ledger *l = self;
    struct ledger_book_entry entry = {0};
    bool is_new = false;
    enum rc rc = ledger_check_fill(f, kind, err);

    if (rc != RC_OK) return rc;
    if (l->is_read_only) return err_set(err, RC_DENIED, "ledger: opened for reading only");
    rc = file_ready(l, err);
    if (rc == RC_OK) rc = sql_begin(l, err);
    if (rc != RC_OK) return rc;
    rc = sql_finish(l, accept_fill(l, f, client_id, kind, &is_new, &entry, err), err);
    if (rc != RC_OK) return rc;
    if (is_new) ledger_book_put(&l->book, &entry);
    if (ret_is_new != NULL) *ret_is_new = is_new;
    return RC_OK;
}

static enum rc
fills_since(void *self, int64_t from_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    sqlite3_stmt *st = sql_start(l, STMT_FILL_SINCE);
    sql_bind_i64(st, 1, from_ns);
    return read_fills(l, st, a, ret_list, err);
}

static enum rc
last_fill_ns(void *self, int64_t *ret_ns, struct err *err)
{
    struct sql_ledger *l = self;
    enum rc rc = file_ready(l, err);

    if (rc != RC_OK) return rc;
    sqlite3_stmt *st = sql_start(l, STMT_FILL_LAST);
    rc = sql_row(l, st, err, "read the last fill");
    if (rc == RC_OK) *ret_ns = sql_get_when(st, 0); /* no rows: max() is NULL */
    sql_end(st);
    return rc;
}

static enum rc
positions(void *self, struct arena *a, struct ledger_positions *ret_list, struct err *err)
{
    struct sql_ledger *l = self;
    struct ledger_positions list = {0};
    enum rc rc = file_ready(l, err);

    if (rc == RC_OK) rc = fills_book_ready(l, err);
    if (rc != RC_OK) return rc;
    list.position = ARENA_NEW(a, struct ledger_position, l->book.len);
    for (size_t i = 0; i < l->book.len; i++)
        if (l->book.entry[i].position.qty != 0)
            list.position[list.len++] = l->book.entry[i].position;
    *ret_list = list;
    return RC_OK;
}

void
fills_seam(struct ledger *seam)
{
    seam->add_fill = add_fill;
    seam->fills_since = fills_since;
    seam->last_fill_ns = last_fill_ns;
    seam->positions = positions;
}

enum rc
ledger_audit(struct sql_ledger *l, struct err *err)
{
    CLEANUP(ledger_book_done) struct ledger_book fresh = {0};
    enum rc rc = file_ready(l, err);

    if (rc == RC_OK) rc = fills_book_ready(l, err);
    if (rc == RC_OK) rc = fold_all(l, &fresh, err);
    if (rc != RC_OK) return rc;
    return ledger_book_compare(&l->book, &fresh, err);
}

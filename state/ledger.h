/*
 * The ledger seam (model/ledger.h) in SQLite: state/ledger.db.
 *
 *   - Durable: write-ahead log, synchronous=FULL.  What a call reported as done survives kill -9
 * and a power cut.
 *   - Facts: rows of intents and fills are added and never rewritten or deleted; triggers in the
 *     schema refuse it.  Only the "known since" columns of an intent change, and every change adds
 * a row to intent_events.  A fill is accepted once by its id; the same id with other content is
 *     RC_RANGE.
 *   - Sums: a position is the fold of the symbol's fills in the order of (time, fill id), whatever
 *     order they arrived in.  It is cached per symbol and refolded where a fill arrives late.
 *   - Damage: a file that is no sound ledger (empty, cut, garbage, a directory, unreadable) is
 * moved to ledger.db.corrupted.<unix seconds> with its -wal and -shm, and a new one is begun whose
 * meta row "rebuilt" stands until ledger_mark_reconciled(): the engine asks the broker before it
 *     trades.  The same happens when the file of an open ledger, or its log, is taken away or cut;
 *     then all rows are first copied out of the open connection, and nothing is lost (event
 *     ledger_rebuilt, rescued: true).  A ledger of a newer program is not touched: RC_RANGE.
 *
 * Money is INTEGER 1/10000 USD, instants INTEGER nanoseconds UTC, NULL where not known.
 *
 * Errors: RC_BUSY (locked by another process beyond the timeout), RC_IO (the disk refused),
 * RC_PARSE (damage met while working: the next call heals), RC_DENIED (client id used before, or
 * opened for reading only).
 *
 *   ledger.c       the seam: intents
 *   ledger_fills.c the seam: fills and positions
 *   ledger_file.c  opening, checking, setting aside, rescue
 *   ledger_sql.c   schema, statements and their helpers
 *   ledger_book.c  positions folded from fills
 *   ledger_check.c what a row must be to be accepted, shared with the ledger in memory
 * (sim/ledger_mem.h)
 */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "model/ledger.h"

#define LEDGER_PATH "state/ledger.db"

enum { LEDGER_SCHEMA_VERSION = 1, LEDGER_BUSY_MS = 2000 };

/* 10 billion USD in one fill is a misreading; below it, sums of money stay far inside int64_t. */
#define LEDGER_NOTIONAL_MAX_E4 INT64_C(100000000000000)

struct ledger_options {
    const char *root;    /* the folder that fs is opened on */
    const char *path;    /* under the root; NULL = LEDGER_PATH */
    const struct fs *fs; /* looks at the file and moves it; SQLite itself reads and writes it */
    const struct clock *clock;
    const struct log *log; /* NULL for none */
    bool is_read_only; /* for `stockbot` while the engine runs: heals nothing; RC_NOT_FOUND without
                          a file */
    int64_t busy_ms;   /* 0 = LEDGER_BUSY_MS */
};

struct sql_ledger;

/* Borrows fs, clock and log until ledger_close; copies the texts. */
enum rc ledger_open(const struct ledger_options *opt, struct sql_ledger **ret_ledger,
                    struct err *err) MUST_USE;
void ledger_close(struct sql_ledger *l); /* NULL does nothing */
struct ledger ledger_seam(struct sql_ledger *l);

/* True from the loss of a ledger until the engine has compared the new one with the broker. */
bool ledger_was_rebuilt(const struct sql_ledger *l);
enum rc ledger_mark_reconciled(struct sql_ledger *l, struct err *err) MUST_USE;

/* The largest epoch that was noted or that stands in an intent; 0 where there is none
 * (state/epoch.h). */
enum rc ledger_epoch_floor(struct sql_ledger *l, int64_t *ret_epoch, struct err *err) MUST_USE;
enum rc ledger_note_epoch(struct sql_ledger *l, int64_t epoch, struct err *err) MUST_USE;

/* Folds all fills afresh and compares with the cache; RC_RANGE names the first symbol that differs.
 */
enum rc ledger_audit(struct sql_ledger *l, struct err *err) MUST_USE;

/* One row of intent_events: what was known of an intent, and when. */
struct intent_event {
    int64_t at_ns;
    enum intent_state state;
    int64_t filled_qty;
    usd filled_cost;
    char broker_id[BROKER_ID_MAX];
    char note[REASON_MAX];
};

struct intent_events {
    struct intent_event *event; /* in the order they were written, from an arena */
    size_t len;
};

enum rc ledger_history(struct sql_ledger *l, const char *client_id, struct arena *a,
                       struct intent_events *ret_list, struct err *err) MUST_USE;

/* ---- rules of the seam that both implementations share (ledger_check.c) -------------------- */

/* RC_RANGE: no id, no symbol, quantity or price outside their bounds. */
enum rc ledger_check_intent(const struct intent *in, struct err *err) MUST_USE;
enum rc ledger_check_fill(const struct fill *f, const char *kind, struct err *err) MUST_USE;

/* RC_RANGE where a known fill id comes again with another symbol, side, quantity, price, time or
 * order. */
enum rc ledger_check_same_fill(const struct fill *known, const struct fill *again,
                               struct err *err) MUST_USE;

/* RC_RANGE where the fill would lead the position out of the bounds in which money is exact. */
enum rc ledger_check_next(const struct ledger_position *p, const struct fill *f,
                          struct err *err) MUST_USE;

/* The order in which fills are folded: by time, then by id.  Negative, zero, positive. */
int ledger_fill_order(int64_t a_ns, const char *a_id, int64_t b_ns, const char *b_id);

#endif

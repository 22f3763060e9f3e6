/*
 * day_check: what must be true of a day after it, whatever was done to it.
 *
 * Three books are compared: the simulator's (GET /sim/book), the ledger (state/ledger.db) and the
 * trade records (logs/).  The supervisor has ended, the simulator still answers.
 */
#ifndef TESTS_LIB_DAY_CHECK_H
#define TESTS_LIB_DAY_CHECK_H

#include "model/ledger.h"
#include "tests/lib/day.h"

struct day_order {
    char client_id[160], symbol[SYMBOL_MAX], status[32];
    int64_t filled_qty;
    int64_t submitted_ns;
};

/* The simulator's book. */
struct day_book {
    struct arena arena;
    struct day_order *order;
    size_t orders_len;
    struct fill *fill; /* broker_id is the order's */
    size_t fills_len;
    struct ledger_position *position; /* all that were ever held */
    size_t positions_len;
    usd realised;
    int64_t duplicate_client_ids, open_orders;
};

void day_book_load(struct day *d, struct day_book *ret_book);
void day_book_done(struct day_book *b);

/* The ledger as the engine left it. */
struct day_ledger {
    struct arena arena;
    struct intents intents, live;
    struct fills fills;
    struct ledger_position *position; /* folded here, from the fills; flat ones too */
    size_t positions_len;
    usd realised;
};

void day_ledger_load(struct day *d, struct day_ledger *ret_ledger);
void day_ledger_done(struct day_ledger *l);

/* Freezes entries and waits until no intent is live any more; the engine runs. */
void day_settle(struct day *d);

/*
 * No client order id was used twice; every order of the book is an intent of the ledger; the
 * ledger's fills are the book's, each once; positions are the sums of the fills and the book's.
 */
void day_check_books(struct day *d, const struct day_book *b, const struct day_ledger *l);

/*
 * Each order that filled has its records exactly once in master_trade_log, attribution, orders and
 * exits; their profit is that of the ledger and of the book, to the cent.
 */
void day_check_records(struct day *d, const struct day_book *b, const struct day_ledger *l);

/*
 * Every trade on paper stands once in shadow_trades, exit_attribution and master_trade_log, and is
 * open where it was not closed; the stream tells what the A/B ledger holds.
 */
void day_check_shadow(struct day *d);

/* Loads, checks all of them, prints what the day was. */
void day_check_all(struct day *d);

#endif

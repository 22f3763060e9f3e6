/*
 * The broker's side of the simulated market: orders, executions, positions, cash.  No HTTP, no
 * clock.
 *
 * Time enters as an argument and only moves forward (book_advance); matching happens on a grid of
 * 250 ms, so the result does not depend on who looks how often.
 *
 *   book.c         submit, cancel, close; buying power; look-ups
 *   book_match.c   advance: matching, cancellations, the close of the day
 *   book_json.c    the whole book as one JSON object, for whoever wants to audit it
 *
 * Rules, in short (those of a US margin account):
 *
 *   orders        whole shares, market or limit, DAY; outside the session they wait for it
 *   the close     what is open becomes done_for_day, and five minutes later expired
 *   market order  takes the quote, as much as is displayed at each step
 *   limit order   takes a quote at or better than its limit; else it rests, and fills at its
 *                 limit once a trade passes it, or meets it while it is the best price
 *   buying power  multiplier * equity - gross market value - cost of open opening orders; the
 *                 multiplier is 4 from 25 000 USD equity on, else 2; a short sale is reckoned
 *                 at no less than 3 % above the offer
 *   positions     never crossed in one order: more than is available is refused
 *   client ids    used once, for ever
 *   fees          none: cash + signed cost of open positions = starting cash + realised P&L
 */
#ifndef SIM_BOOK_H
#define SIM_BOOK_H

#include "base/json.h"
#include "model/ledger.h"
#include "sim/day.h"

enum {
    BOOK_ORDERS_MAX = 200000,
    BOOK_CLIENT_ID_MAX = 128 /* characters; the real service's bound */
};

/* Where prices come from: the day (book_prices_of_day) or a script of a test. */
struct book_prices {
    void *self;
    /* Both are false for a symbol that is not traded here. */
    bool (*quote)(void *self, const char *symbol, int64_t at_ns, struct sim_quote *ret_quote);
    bool (*trade)(void *self, const char *symbol, int64_t at_ns, usd *ret_price);
    bool (*is_shortable)(void *self, const char *symbol);
};

struct book_prices book_prices_of_day(struct sim_day *day); /* borrowed */

struct book_config {
    uint64_t seed;
    usd cash;
    int64_t open_ns, close_ns;
    int64_t accept_ns;     /* from submission until it can match; 0 = 60 ms         */
    int64_t cancel_ns;     /* from a cancel request until it takes effect; 0 = 40 ms */
    double partial_chance; /* that a step fills only a part though more is displayed */
};

/* Wrong behaviour on request; all zero is a good broker. */
struct book_faults {
    int64_t fill_delay_ns;     /* executions come later: also after a cancel was asked for      */
    int64_t activity_delay_ns; /* the order says filled at once, the activity is listed later   */
    bool is_fill_repeated;     /* the activity is listed twice, under the same id               */
    bool is_cancel_stuck;      /* pending_cancel until the close                                */
};

struct book_order {
    struct order o;
    uint64_t number;
    int64_t created_ns, eligible_ns;
    int64_t cancel_at_ns; /* when a requested cancellation takes effect; WHEN_NONE = not asked */
    int64_t canceled_ns, expired_ns;
    struct book_faults faults;
};

struct book_fill {
    struct fill f;
    size_t order; /* index */
    int64_t cum_qty, leaves_qty;
    int64_t visible_ns; /* the activities list it from then on */
    bool is_repeated;
};

struct sim_book {
    struct book_config cfg;
    struct book_prices prices;
    int64_t now_ns;
    usd cash;
    struct book_order *order; /* in the order of submission */
    size_t orders_len, orders_cap;
    size_t *open; /* indices of orders that are not final, ascending */
    size_t open_len, open_cap;
    struct book_fill *fill; /* ascending by time */
    size_t fills_len, fills_cap;
    struct ledger_position *position; /* every symbol ever traded, flat ones with quantity 0 */
    size_t positions_len, positions_cap;
    int64_t duplicates_refused; /* client ids seen again */
    uint64_t ids;               /* numbers given out */
};

struct book_request {
    char client_id[BOOK_CLIENT_ID_MAX + 2]; /* "" = the book invents one */
    char symbol[SYMBOL_MAX];
    enum order_side side;
    enum order_type type;
    int64_t qty;
    usd limit;
    struct book_faults faults;
};

/* Why the broker said no, in its own words. */
struct book_refusal {
    int status; /* 403, 404, 422 */
    int64_t code;
    char message[200];
    int64_t existing_qty, held_qty; /* -1 where they are not part of the answer */
    char reject_reason[64];
    char symbol[SYMBOL_MAX];
};

void book_init(struct sim_book *b, const struct book_config *cfg, const struct book_prices *prices);
void book_done(struct sim_book *b);

/* Lets time pass; an instant before the last one changes nothing. */
void book_advance(struct sim_book *b, int64_t now_ns);

/* All three advance first.  The order is borrowed until the next submit.  RC_RANGE fills the
 * refusal. */
enum rc book_submit(struct sim_book *b, const struct book_request *req, int64_t now_ns,
                    const struct book_order **ret_order, struct book_refusal *ret_refusal) MUST_USE;
enum rc book_cancel(struct sim_book *b, const char *broker_id, bool is_stuck, int64_t now_ns,
                    struct book_refusal *ret_refusal) MUST_USE;
/* A market order over the whole position. */
enum rc book_close(struct sim_book *b, const char *symbol, const struct book_faults *faults,
                   int64_t now_ns, const struct book_order **ret_order,
                   struct book_refusal *ret_refusal) MUST_USE;

const struct book_order *book_find(const struct sim_book *b, const char *broker_id);
const struct book_order *book_find_client(const struct sim_book *b, const char *client_id);
const struct ledger_position *book_position(const struct sim_book *b,
                                            const char *symbol); /* NULL if flat */

usd book_price(const struct sim_book *b, const char *symbol); /* last trade now */
usd book_market_value(const struct sim_book *b,
                      enum position_side side); /* signed sum of that side */
usd book_equity(const struct sim_book *b);
int book_multiplier(const struct sim_book *b);
usd book_buying_power(const struct sim_book *b);
usd book_realised(const struct sim_book *b);
int64_t book_held(const struct sim_book *b, const char *symbol,
                  enum order_side side); /* open quantity */

/* Writes the members of the whole book into an open object: cash, positions, orders, fills, counts.
 */
void book_write(const struct sim_book *b, struct json_out *o);

/* ---- book_match.c --------------------------------------------------------------------------- */

/* Price and quantity that the order would get at the instant; false for nothing. */
bool book_match(const struct sim_book *b, const struct book_order *order, int64_t at_ns,
                usd *ret_price, int64_t *ret_qty);

#endif

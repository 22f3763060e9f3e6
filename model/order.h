/*
 * Orders, fills, positions and the account, as the ledger and every broker speak of them.
 */
#ifndef MODEL_ORDER_H
#define MODEL_ORDER_H

#include "base/usd.h"
#include "base/when.h"
#include "model/symbol.h"

enum {
    CLIENT_ID_MAX = 49, /* 48 characters and the NUL (ARCHITECTURE 5.1) */
    BROKER_ID_MAX = 64,
    REASON_MAX = 160
};

enum order_side { SIDE_BUY, SIDE_SELL };

enum position_side { POSITION_LONG, POSITION_SHORT };

enum order_type { ORDER_MARKET, ORDER_LIMIT };

enum order_status {
    ORDER_PENDING,          /* accepted, pending_new, new, held …: open, nothing filled      */
    ORDER_PARTIALLY_FILLED, /* open                                                          */
    ORDER_PENDING_CANCEL,   /* open until the broker says canceled                           */
    ORDER_FILLED,           /* final                                                         */
    ORDER_CANCELED,         /* final; part may be filled                                     */
    ORDER_EXPIRED,          /* final                                                         */
    ORDER_REJECTED,         /* final                                                         */
    ORDER_DONE_FOR_DAY,     /* final for a DAY order                                         */
    ORDER_REPLACED,         /* final for this id                                             */
    ORDER_STATUS_UNKNOWN    /* a word we do not know: treated as open, never as gone         */
};

/* What we want to send.  Whole shares, DAY, regular hours. */
struct order_intent {
    char client_id[CLIENT_ID_MAX];
    char symbol[SYMBOL_MAX];
    enum order_side side;
    enum order_type type;
    int64_t qty;  /* 1..QTY_MAX */
    usd limit;    /* whole cents, > 0; ignored for ORDER_MARKET */
    bool reduces; /* closes or shrinks a position: passes the guards that only stop new risk */
};

/* What the broker says about an order. */
struct order {
    char broker_id[BROKER_ID_MAX];
    char client_id[BROKER_ID_MAX * 2 + 1]; /* orders from outside may carry up to 128 characters */
    char symbol[SYMBOL_MAX];
    enum order_side side;
    enum order_type type;
    enum order_status status;
    char status_text[32]; /* the broker's own word */
    int64_t qty;
    int64_t filled_qty;
    usd filled_cost; /* average price times quantity, rounded once; zero while nothing is filled */
    usd limit;
    int64_t submitted_ns, filled_ns, updated_ns; /* WHEN_NONE where not told */
};

struct orders {
    struct order *order; /* from an arena */
    size_t len;
};

/* One execution. */
struct fill {
    char fill_id[BROKER_ID_MAX * 2]; /* execution or activity id: accepted once */
    char broker_id[BROKER_ID_MAX];   /* of its order */
    char symbol[SYMBOL_MAX];
    enum order_side side;
    int64_t qty;
    usd price;
    int64_t at_ns;
};

struct fills {
    struct fill *fill; /* ascending by time, from an arena */
    size_t len;
};

struct position {
    char symbol[SYMBOL_MAX];
    int64_t qty;       /* signed: short is negative */
    bool has_fraction; /* the broker holds a part of a share too: not ours to manage */
    usd cost;          /* |qty| at average entry, >= 0 */
    usd price;         /* broker's current price; zero where not told */
    usd market_value;  /* signed */
    double
        unrealised_fraction; /* broker's unrealized_plpc: right for the side; NaN where not told */
};

struct positions {
    struct position *position; /* ascending by symbol, from an arena */
    size_t len;
};

struct account {
    usd cash, equity, buying_power, portfolio_value;
    bool is_blocked; /* account_blocked or trading_blocked */
};

struct asset {
    char symbol[SYMBOL_MAX];
    bool is_tradable, is_shortable;
};

struct market_clock {
    int64_t at_ns;
    bool is_open;
    int64_t next_open_ns, next_close_ns;
};

const char *order_side_name(enum order_side s);       /* "buy", "sell"   */
const char *position_side_name(enum position_side s); /* "long", "short" */
const char *order_type_name(enum order_type t);       /* "market", "limit" */
const char *order_status_name(enum order_status s);   /* Alpaca's words, "unknown" */
enum order_status order_status_from(const char *word);
bool order_status_is_final(enum order_status s);
enum order_side order_side_opposite(enum order_side s);

/* buy, long -> long; sell, short -> short (spec 10 R0.10); false for another word. */
bool position_side_from(const char *word, enum position_side *ret_side);

/* The entry of the symbol, NULL where there is none. */
const struct position *positions_find(const struct positions *list, const char *symbol);

#endif

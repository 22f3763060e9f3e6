/*
 * Option figures of one symbol: greek exposure, greeks by strike, max pain, IV rank, open interest
 * (spec 20 3.8.4, 4.14).
 */
#ifndef UWCLIENT_DECODE_OPTIONS_H
#define UWCLIENT_DECODE_OPTIONS_H

#include "uwclient/decode.h"

enum greek_side {
    GREEK_CALL_DELTA,
    GREEK_PUT_DELTA,
    GREEK_CALL_GAMMA,
    GREEK_PUT_GAMMA,
    GREEK_CALL_VANNA,
    GREEK_PUT_VANNA,
    GREEK_CALL_CHARM,
    GREEK_PUT_CHARM,
    GREEK_SIDES_LEN
};

struct greek_exposure {
    bool has_row;
    const char *date;              /* borrowed */
    double value[GREEK_SIDES_LEN]; /* put delta and put gamma are negative as sent */
};

/* The newest day. */
void greek_exposure_decode(const struct json *body, struct greek_exposure *ret_exposure);
/* Exposures are call + put, because the puts carry their sign. */
void greek_exposure_write(const struct greek_exposure *g, int64_t now_ns, struct member *m);

/* The row of the strike nearest to the price. */
struct greeks_atm {
    bool has_row;
    const struct json *row; /* borrowed */
    double strike;
};
void greeks_atm_decode(const struct json *body, double price, struct greeks_atm *ret_greeks);
void greeks_atm_write(const struct greeks_atm *g, int64_t now_ns, struct member *m);

struct max_pain {
    bool has_row;
    const struct json *row; /* borrowed; its members are written where they are there */
    double max_pain;        /* USD a share; 0 = not sent */
};

/* The earliest expiry from today on, else the latest. */
void max_pain_decode(const struct json *body, struct date today, struct max_pain *ret_pain);
void max_pain_write(const struct max_pain *p, int64_t now_ns, struct member *m);

struct iv_rank {
    bool has_row;
    double rank; /* 0..100 over a year */
    double current_iv, close;
    const char *date, *updated_at; /* borrowed */
};
void iv_rank_decode(const struct json *body, struct iv_rank *ret_rank);
void iv_rank_write(const struct iv_rank *r, int64_t now_ns, struct member *m);

enum {
    OI_ROWS_MAX = 2000 /* contracts counted; the server sends 50 an answer */
};

struct oi_change {
    int64_t call_change, put_change; /* contracts */
    int64_t contracts;               /* rows that were counted */
    char curr_date[16];
};

/* Adds the rows of one or two answers, a contract once: the same one may stand in both. */
void oi_change_decode(const struct json *const *bodies, size_t bodies_len,
                      struct oi_change *ret_change);
void oi_change_write(const struct oi_change *c, int64_t now_ns, struct member *m);

/* 'C' or 'P': the letter behind the six date digits of an option symbol; 0 for no option symbol. */
char option_symbol_side(const char *symbol);

#endif

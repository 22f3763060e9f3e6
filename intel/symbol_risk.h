/*
 * How far a symbol swings, alone and with the market: three features from daily closes.
 *
 * Zero stands for "not known" here, as in the file and its readers (spec 30 Q-7): a symbol without
 * bars has no volatility to speak of.
 */
#ifndef INTEL_SYMBOL_RISK_H
#define INTEL_SYMBOL_RISK_H

#include "intel/intel.h"
#include "model/market.h"

enum {
    RISK_LOOKBACK_DAYS = 120,   /* calendar days of bars that are asked for                    */
    RISK_CLOSES_MAX = 45,       /* of them the newest so many count                            */
    RISK_VOL_SHORT = 5,         /* returns in realised_vol_5d; fewer give 0                    */
    RISK_VOL_LONG = 20,         /* returns in realised_vol_20d and in the beta                 */
    RISK_BETA_PAIRS_MIN = 5,    /* fewer pairs give no beta                                    */
    RISK_BETA_RETURNS_MIN = 18, /* and so few returns of either series                       */
    RISK_DECIMALS = 6,
    RISK_CACHE_HOURS = 6 /* the file is computed anew when it is older                       */
};

#define RISK_BENCHMARK "SPY"

/* Daily closes, oldest first. */
struct closes {
    const double *usd;  /* not finite or not positive: no price, no return from or to it    */
    const int64_t *day; /* days since 1970, ascending; NULL: paired with others from the end */
    size_t len;
};

struct symbol_risk {
    double realised_vol_5d, realised_vol_20d; /* a year, as a fraction */
    double beta_vs_spy;
};

/*
 * Returns are (b - a) / a of consecutive closes; deviation is that of a sample (n - 1).
 *
 *   realised_vol_Nd = deviation of the last N returns * sqrt(252)
 *   beta            = covariance / variance of the last 20 returns of both, each pair of one day
 *
 * Rounded to 6 decimals, 0 where something is not finite.  Source: spec 30 3.3, C-2, C-23.
 */
struct symbol_risk symbol_risk_of(const struct closes *symbol, const struct closes *benchmark);

/*
 * The file may be used as it is: at most RISK_CACHE_HOURS old, and it says something (no symbols at
 * all, a volatility above 0.001 or a beta somewhere).  Missing symbols do not count (spec 30 Q-5).
 */
bool symbol_risk_is_fresh(const struct json *doc, int64_t now_ns);

/* ---- state/symbol_risk_features.json ------------------------------------------------------- */

struct symbol_risk_row {
    const char *symbol;
    struct symbol_risk risk;
    int64_t last_bar_ns; /* WHEN_NONE: no bars, written as zeros (spec 30 Q-7) */
};

struct symbol_risk_table {
    const struct symbol_risk_row *row; /* ascending by symbol */
    size_t len;
    int64_t benchmark_last_bar_ns;
    const char *const *failed; /* symbols whose bars could not be read */
    size_t failed_len;
};

enum { RISK_FAILED_NAMED_MAX = 50 };

/* The daily bars of one symbol as their source gave them. */
struct symbol_risk_bars {
    const char *symbol;
    struct bars bars; /* ascending, of one day each; none where they could not be read */
    bool has_failed;  /* they could not be read */
};

/*
 * The symbols of an order for features: trimmed, upper case, the benchmark among them, ascending,
 * each once (spec 30 3.1).  Names that no symbol can have are left out.
 */
size_t symbol_risk_symbols(const char *const *name, size_t len, struct arena *a,
                           const char *const **ret_symbol);

/*
 * The table of all of them.  symbol is in ascending order; the benchmark is the one of that name,
 * and without it there is no beta.  Rows and texts are borrowed from the input and the arena.
 *
 * Whoever writes it first asks whether anything could be read at all: a table of zeros is no
 * reason to lose the one before.
 */
void symbol_risk_table_of(const struct symbol_risk_bars *symbol, size_t len, struct arena *a,
                          struct symbol_risk_table *ret_table);

/* The members of one symbol into an object that is open. */
void symbol_risk_write(struct json_out *o, const struct symbol_risk *r);

void symbol_risk_table_write(struct json_out *o, const struct symbol_risk_table *t, int64_t now_ns);

#endif

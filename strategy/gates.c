#include "strategy/gates.h"

#include <math.h>
#include <stdarg.h>

#include "base/text.h"
#include "strategy/gate_parts.h"
#include "strategy/number.h"

static const double NET_DELTA_MAX_PCT = 70; /* gate 1  */
static const double BUYING_POWER_PCT = 95;  /* gate 14 */
static const double SHORT_MARGIN = 1.5;     /* gate 20: a short asks for this multiple */

bool
gate_compared(struct gate_verdict *r, double number, double threshold, bool blocks)
{
    r->number = number;
    r->threshold = threshold;
    return blocks;
}

bool
gate_missing(struct gate_verdict *r, const char *what)
{
    (void)str_copy(r->detail, sizeof(r->detail), what);
    return gate_compared(r, NUMBER_NONE, NUMBER_NONE, true);
}

PRINTF_LIKE(2, 3)
static void
detail(struct gate_verdict *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(r->detail, sizeof(r->detail), fmt, args);
    va_end(args);
}

static double
notional_of(const struct entry_view *v)
{
    return notional_usd((double)v->qty, v->ref);
}

/* 1: a book that leans too far to the long side takes no more longs. */
static bool
gate_concentration(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    if (!v->is_account_known || v->equity.e4 <= 0) return gate_missing(r, "account_unknown");
    double delta = exposure_net_delta_pct(v->book, v->equity, NULL);
    bool asks = holdings_count(v->book) > 0 && v->direction == DIRECTION_BULLISH;
    return gate_compared(r, delta, NET_DELTA_MAX_PCT, asks && delta > NET_DELTA_MAX_PCT);
}

/* 2 */
static bool
gate_theme(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    const struct themes *themes = v->book->themes;
    if (themes == NULL) return v->cfg->theme_risk && gate_missing(r, "themes_unknown");
    if (!themes->is_enabled) return false;
    const char *theme = holdings_theme_of(v->book, v->symbol);
    double exposure = usd_to_double(exposure_theme(v->book, theme, v->skip));
    detail(r, "%s", theme);
    return gate_compared(r, exposure, themes->limit_usd, exposure > themes->limit_usd);
}

/* 3 */
static bool
gate_score_validity(const struct entry_view *v, struct gate_verdict *r)
{
    return gate_compared(r, v->score, 0,
                         !v->has_score || !number_is_known(v->score) || v->score <= 0);
}

/* 4 */
static bool
gate_min_notional(const struct entry_view *v, struct gate_verdict *r)
{
    double min = v->cfg->min_notional_usd;
    return gate_compared(r, notional_of(v), min, !(notional_of(v) >= min));
}

/* 5: one position an instrument, pending entries included, unless it is to be turned around. */
static bool
gate_one_position(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    const struct holding *held = holdings_find_instrument(v->book, v->symbol);
    if (held == NULL) return false;
    detail(r, "%s %s%s", symbol_normal_form(v->symbol),
           position_side_name(held->qty < 0 ? POSITION_SHORT : POSITION_LONG),
           held->is_leaving    ? " leaving"
           : held->is_position ? ""
                               : " pending");
    return gate_compared(r, v->score, FLIP_SCORE_MIN, !v->is_flip);
}

/* 7 */
static bool
gate_cycle_cap(const struct entry_view *v, struct gate_verdict *r)
{
    return gate_compared(r, v->entries_accepted, ENTRIES_PER_CYCLE_MAX,
                         v->entries_accepted >= ENTRIES_PER_CYCLE_MAX);
}

/* 9: room in the book, or a position that gives way. */
static bool
gate_capacity(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    int64_t count = (int64_t)holdings_count(v->book) - (v->is_flip ? 1 : 0),
            max = v->cfg->max_concurrent_positions;
    bool is_full = count >= max;
    bool gives_way = v->displacement != NULL && v->displacement->tier != DISPLACEMENT_NONE;
    if (is_full && !gives_way)
        detail(r, v->cfg->displacement ? "no_displacement_candidate" : "displacement_off");
    return gate_compared(r, (double)count, (double)max, is_full && !gives_way);
}

/* 10 */
static bool
gate_cooldown(const struct entry_view *v, struct gate_verdict *r)
{
    if (v->cooldown_until_ns == WHEN_NONE) return false;
    double left_min = (double)(v->cooldown_until_ns - v->now_ns) / (double)NS_PER_MIN;
    return gate_compared(r, left_min, 0, v->now_ns < v->cooldown_until_ns);
}

/* 11 */
static bool
gate_symbol_exposure(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    usd exposure = exposure_symbol(v->book, v->symbol, v->skip);
    return gate_compared(r, usd_to_double(exposure), usd_to_double(v->limits->max_symbol),
                         usd_cmp(exposure, v->limits->max_symbol) > 0);
}

/* 12: any sector, not only the candidate's. */
static bool
gate_sector_exposure(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    const char *sector = "";
    usd exposure = exposure_sector_max(v->book, v->skip, &sector);
    detail(r, "%s", sector);
    return gate_compared(r, usd_to_double(exposure), usd_to_double(v->limits->max_sector),
                         usd_cmp(exposure, v->limits->max_sector) > 0);
}

/* 14 */
static bool
gate_order_size(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_account_known) return gate_missing(r, "account_unknown");
    double value = notional_of(v), power = percent_usd(BUYING_POWER_PCT, v->buying_power);
    double max = usd_to_double(v->limits->max_position),
           min = usd_to_double(v->limits->min_position);

    if (v->direction == DIRECTION_BULLISH && value > power) {
        detail(r, "exceeds 95%% of the buying power");
        return gate_compared(r, value, power, true);
    }
    if (value > max) {
        detail(r, "exceeds the largest position");
        return gate_compared(r, value, max, true);
    }
    if (!(value >= min)) detail(r, "below the smallest position");
    return gate_compared(r, value, min, !(value >= min));
}

/* 15 */
static bool
gate_long_only(const struct entry_view *v, struct gate_verdict *r)
{
    (void)r;
    return v->cfg->long_only && v->direction != DIRECTION_BULLISH;
}

/* 16: what the records of the trade could not do without. */
static bool
gate_metadata(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->has_score || !number_is_known(v->score)) return gate_missing(r, "score");
    bool has_regime = v->market_regime != NULL && v->market_regime[0] != '\0' &&
                      !str_eq(v->market_regime, "unknown");
    return !has_regime && gate_missing(r, "market_regime");
}

/* 17 */
static bool
gate_shortable(const struct entry_view *v, struct gate_verdict *r)
{
    if (v->direction == DIRECTION_BULLISH || v->shortable == TRI_YES) return false;
    return gate_missing(r, v->shortable == TRI_UNKNOWN ? "asset_unknown" : "asset_not_shortable");
}

/* 19: a substitute quote says nothing about the spread and passes. */
static bool
gate_spread(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->cfg->spread_watchdog || !v->quote.is_known || v->quote.is_synthetic) return false;
    double bps = entry_spread_bps(&v->quote);
    return gate_compared(r, bps, v->cfg->max_spread_bps, !(bps <= v->cfg->max_spread_bps));
}

/* 20 */
static bool
gate_buying_power(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_account_known) return gate_missing(r, "account_unknown");
    double margin = v->direction == DIRECTION_BULLISH ? 1 : SHORT_MARGIN;
    double required = notional_usd(margin * (double)v->qty, v->ref);
    double power = usd_to_double(v->buying_power);
    return gate_compared(r, required, power, !(required <= power));
}

static const struct gate_row {
    const char *name, *message, *reason;
    bool (*blocks)(const struct entry_view *v, struct gate_verdict *r);
} gates[GATES_LEN] = {
    [GATE_CONCENTRATION] = {"concentration",           "concentration_blocked_bullish",       "concentration_gate",
                            gate_concentration                                                                                              },
    [GATE_THEME] = {"theme",                   "theme_exposure_blocked",              "theme_exposure",            gate_theme       },
    [GATE_SCORE_VALIDITY] = {"score_validity",          "invalid_entry_score_blocked",         "invalid_entry_score",
                            gate_score_validity                                                                                             },
    [GATE_MIN_NOTIONAL] = {"minimum_notional",        "min_notional_floor_reject",           "min_notional",
                            gate_min_notional                                                                                               },
    [GATE_ONE_POSITION] = {"one_position_per_symbol", "max_one_position_per_symbol",
                            "max_one_position_per_symbol",                                                                 gate_one_position},
    [GATE_EXPECTANCY] = {"expectancy",              "expectancy_blocked",                  "expectancy_blocked",        gate_expectancy  },
    [GATE_CYCLE_CAP] = {"cycle_cap",               "max_new_positions_per_cycle_reached",
                            "max_new_positions_per_cycle",                                                                 gate_cycle_cap   },
    [GATE_MIN_SCORE] = {"minimum_score",           "score_below_min",                     "score_below_min",           gate_min_score   },
    [GATE_CAPACITY] = {"capacity",                "max_positions_reached",               "max_positions_reached",     gate_capacity    },
    [GATE_COOLDOWN] = {"cooldown",                "symbol_on_cooldown",                  "symbol_on_cooldown",        gate_cooldown    },
    [GATE_SYMBOL_EXPOSURE] = {"symbol_exposure",         "symbol_exposure_blocked",             "symbol_exposure_limit",
                            gate_symbol_exposure                                                                                            },
    [GATE_SECTOR_EXPOSURE] = {"sector_exposure",         "sector_exposure_blocked",             "sector_exposure_limit",
                            gate_sector_exposure                                                                                            },
    [GATE_MOMENTUM] = {"momentum",                "momentum_ignition_blocked",           "momentum_ignition_filter",
                            gate_momentum                                                                                                   },
    [GATE_ORDER_SIZE] = {"order_size",              "order_validation_failed",             "order_validation_failed",
                            gate_order_size                                                                                                 },
    [GATE_LONG_ONLY] = {"long_only",               "long_only_blocked_short_entry",
                            "long_only_blocked_short_entry",                                                               gate_long_only   },
    [GATE_METADATA] = {"metadata",                "metadata_missing",                    "metadata_missing",          gate_metadata    },
    [GATE_SHORTABLE] = {"shortable",               "asset_not_shortable_blocked",         "asset_not_shortable",
                            gate_shortable                                                                                                  },
    [GATE_TRADE_GUARD] = {"trade_guard",             "trade_guard_blocked",                 "trade_guard",               gate_trade_guard },
    [GATE_SPREAD] = {"spread",                  "spread_watchdog_blocked",             "spread_too_wide",           gate_spread      },
    [GATE_BUYING_POWER] = {"buying_power",            "insufficient_buying_power",           "insufficient_buying_power",
                            gate_buying_power                                                                                               },
};

const char *
gate_name(enum entry_gate g)
{
    return g < GATES_LEN ? gates[g].name : "";
}

const char *
gate_message(enum entry_gate g)
{
    return g < GATES_LEN ? gates[g].message : "";
}

/* Asks one gate; the words of gates asked before do not stay. */
static bool
ask(enum entry_gate g, const struct entry_view *v, struct gate_verdict *r)
{
    r->number = r->threshold = NUMBER_NONE;
    r->detail[0] = '\0';
    (void)str_copy(r->reason, sizeof(r->reason), gates[g].reason);
    r->is_blocked = gates[g].blocks(v, r);
    r->gate = r->is_blocked ? g : GATES_LEN;
    if (!r->is_blocked) r->reason[0] = '\0';
    return r->is_blocked;
}

struct gate_verdict
entry_gate(enum entry_gate g, const struct entry_view *v)
{
    struct gate_verdict r = {.gate = GATES_LEN};

    ASSERT(g < GATES_LEN);
    (void)ask(g, v, &r);
    return r;
}

struct gate_verdict
entry_gates(const struct entry_view *v)
{
    struct gate_verdict r = {.gate = GATES_LEN};

    for (int g = 0; g < GATES_LEN; g++) {
        if (ask((enum entry_gate)g, v, &r)) return r;
    }
    r.number = r.threshold = NUMBER_NONE;
    r.detail[0] = '\0';
    return r;
}

const struct holding *
flip_of(const struct holdings *book, const char *symbol, enum direction d, double score)
{
    const struct holding *found = NULL;

    if (!(score >= FLIP_SCORE_MIN)) return NULL;
    for (size_t i = 0; i < book->len; i++) {
        const struct holding *one = &book->holding[i];
        if (!str_eq(symbol_normal_form(one->symbol), symbol_normal_form(symbol))) continue;
        if (found != NULL || !one->is_position || !one->can_be_closed) return NULL;
        if (!direction_is_opposite(direction_of_qty(one->qty), d)) return NULL;
        found = one;
    }
    return found;
}

#include "strategy/flow_facts.h"

#include "strategy/score_math.h"

/* ---- words and flags ----------------------------------------------------------------------- */

enum sentiment
sentiment_from(const char *word)
{
    if (word == NULL) return SENTIMENT_NEUTRAL;
    if (strcmp(word, "BULLISH") == 0) return SENTIMENT_BULLISH;
    return strcmp(word, "BEARISH") == 0 ? SENTIMENT_BEARISH : SENTIMENT_NEUTRAL;
}

const char *
sentiment_name(enum sentiment s)
{
    return s == SENTIMENT_BULLISH ? "BULLISH" : s == SENTIMENT_BEARISH ? "BEARISH" : "NEUTRAL";
}

const char *
sentiment_direction(enum sentiment s)
{
    return s == SENTIMENT_BULLISH ? "bullish" : s == SENTIMENT_BEARISH ? "bearish" : "neutral";
}

int
sentiment_sign(enum sentiment s)
{
    return (s == SENTIMENT_BULLISH) - (s == SENTIMENT_BEARISH);
}

bool
fact_flag(const struct json *v)
{
    bool is_yes = false;
    const char *s = json_string(v);
    if (s == NULL) return !is_zero(json_f64_of(v, 0));
    return str_to_bool(s, &is_yes) && is_yes;
}

static bool
flag(const struct json *obj, const char *key)
{
    return fact_flag(json_get(obj, key));
}

static double
num(const struct json *obj, const char *key)
{
    return json_f64(obj, key, 0);
}

static bool
is_full(const struct json *v)
{
    if (!json_is_object(v)) return false;
    for (const struct json *m = json_first(v); m != NULL; m = json_next(m)) {
        if (json_kind(m) != JSON_NULL) return true;
    }
    return false;
}

/* The first member of these that is an object with something in it, else NULL. */
static const struct json *
first_full(const struct json *obj, const char *const *keys, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct json *v = json_get(obj, keys[i]);
        if (is_full(v)) return v;
    }
    return NULL;
}

static const struct json *
full(const struct json *obj, const char *key)
{
    return first_full(obj, &key, 1);
}

/* num of the first of two members that is neither null, "" nor zero. */
static double
num_of_usable(const struct json *obj, const char *a, const char *b)
{
    const struct json *v = json_get(obj, a);
    return json_f64_of(json_truthy(v) ? v : json_get(obj, b), 0);
}

static void
word(char *dst, size_t size, const struct json *obj, const char *key)
{
    (void)str_copy(dst, size,
                   json_str(obj, key, "")); /* longer words are cut: they are only shown */
}

/* ---- one object each ----------------------------------------------------------------------- */

static struct dark_pool_facts
read_dark_pool(const struct json *v)
{
    return (struct dark_pool_facts){
        .is_present = v != NULL,
        .sentiment = sentiment_from(json_str(v, "sentiment", NULL)),
        .total_notional_1h = num(v, "total_notional_1h"),
        .notional_1h = num(v, "notional_1h"),
        .total_notional = num(v, "total_notional"),
        .total_premium = num(v, "total_premium"),
    };
}

static struct insider_facts
read_insider(const struct json *v)
{
    return (struct insider_facts){
        .is_present = v != NULL,
        .sentiment = sentiment_from(json_str(v, "sentiment", NULL)),
        .conviction_modifier = num(v, "conviction_modifier"),
        .net_buys = num(v, "net_buys"),
        .net_sells = num(v, "net_sells"),
        .total_usd = num(v, "total_usd"),
    };
}

/* Either the first five rows of "data" (with has_data), or single values under one of two names. */
static struct tide_facts
read_tide(const struct json *v)
{
    const size_t rows_max = 5;
    const struct json *rows = json_get_arr(v, "data");
    struct tide_facts t = {.is_present = v != NULL};

    if (rows == NULL || !json_is_true(json_get(v, "has_data"))) {
        t.call_usd = num_of_usable(v, "call_premium", "net_call_premium");
        t.put_usd = fabs(num_of_usable(v, "put_premium", "net_put_premium"));
        return t;
    }
    size_t n = 0;
    for (const struct json *r = json_first(rows); r != NULL && n < rows_max;
         r = json_next(r), n++) {
        t.call_usd += num(r, "net_call_premium");
        t.put_usd += fabs(num(r, "net_put_premium"));
    }
    return t;
}

static struct calendar_facts
read_calendar(const struct json *v)
{
    const double days_unknown = 999;
    const struct json *events = json_get(v, "economic_events");
    struct calendar_facts c = {
        .is_present = v != NULL,
        .has_earnings = flag(v, "has_earnings"),
        .has_fda = flag(v, "has_fda"),
        .days_to_earnings = json_f64(v, "days_to_earnings", days_unknown),
        .economic_events =
            json_is_array(events) ? (double)json_len(events) : json_f64_of(events, 0),
    };
    word(c.fda, sizeof c.fda, v, "fda_catalyst");
    return c;
}

static struct congress_facts
read_congress(const struct json *v)
{
    return (struct congress_facts){
        .is_present = v != NULL,
        .recent_count = num(v, "recent_count"),
        .buys = num(v, "buys"),
        .sells = num(v, "sells"),
        .conviction_boost = num(v, "conviction_boost"),
    };
}

static struct institutional_facts
read_institutional(const struct json *v)
{
    return (struct institutional_facts){
        .is_present = v != NULL,
        .holders = trunc(num(v, json_has(v, "recent_count") ? "recent_count" : "holders_count")),
        .top_holder_pct = num(v, "top_holder_pct"),
        .top5_holder_pct = num(v, "top5_holder_pct"),
    };
}

static struct greeks_facts
read_greeks(const struct json *v)
{
    return (struct greeks_facts){
        .is_present = v != NULL,
        .has_squeeze_setup = flag(v, "gamma_squeeze_setup"),
        .gamma_exposure = num(v, "gamma_exposure"),
        .call_gamma = num(v, "call_gamma"),
        .put_gamma = num(v, "put_gamma"),
        .delta_exposure = num(v, "delta_exposure"),
    };
}

static struct shorts_facts
read_shorts(const struct json *v)
{
    return (struct shorts_facts){
        .is_present = v != NULL,
        .has_squeeze_risk = flag(v, "squeeze_risk"),
        .has_squeeze_pressure = flag(v, "squeeze_pressure"),
        .interest_pct = num(v, "interest_pct"),
        .days_to_cover = num(v, "days_to_cover"),
        .ftd_count = num(v, "ftd_count"),
    };
}

/* A rank that is no number is no rank: as rank 0 it would score as cheap volatility (spec 10, 10.2
 * no. 19).
 */
static struct iv_facts
read_iv(const struct json *v)
{
    double rank = json_f64(v, "iv_rank", (double)NAN),
           one_year = json_f64(v, "iv_rank_1y", (double)NAN);
    double known = isnan(rank) ? one_year : rank;
    return (struct iv_facts){
        .is_present = v != NULL,
        .is_high_caution = flag(v, "high_iv_caution"),
        .is_low_opportunity = flag(v, "low_iv_opportunity"),
        .has_rank = !isnan(known),
        .rank = isnan(known) ? 0 : known,
        .rank_only = isnan(rank) ? 0 : rank,
        .percentile = num(v, "iv_percentile"),
    };
}

static struct oi_facts
read_oi(const struct json *v)
{
    struct oi_facts oi = {
        .is_present = v != NULL,
        .net_change = num(v, "net_oi_change"),
        .current = num(v, "curr_oi"),
        .volume = num(v, "volume"),
    };
    word(oi.sentiment, sizeof oi.sentiment, v, "oi_sentiment");
    return oi;
}

static struct etf_facts
read_etf(const struct json *v)
{
    struct etf_facts etf = {.is_present = v != NULL, .is_risk_on = flag(v, "market_risk_on")};
    word(etf.sentiment, sizeof etf.sentiment, v, "overall_sentiment");
    return etf;
}

static struct squeeze_facts
read_squeeze(const struct json *v)
{
    struct squeeze_facts s = {
        .is_present = v != NULL,
        .is_high_potential = flag(v, "high_squeeze_potential"),
        .signals = num(v, "signals"),
    };
    word(s.setup, sizeof s.setup, v, "setup");
    return s;
}

/* ---- gamma levels (R4.30) ------------------------------------------------------------------ */

/* Keeps the lowest GAMMA_LEVELS_MAX distinct levels in ascending order. */
static void
add_level(struct flow_facts *f, double level)
{
    if (!(level > 0)) return;
    level = round_places(level, 6);
    size_t at = f->gamma_levels_len;
    while (at > 0 && f->gamma_level[at - 1] > level)
        at--;
    if (at > 0 && !(f->gamma_level[at - 1] < level)) return; /* known */
    if (at == GAMMA_LEVELS_MAX) return;
    size_t last = MIN(f->gamma_levels_len, (size_t)GAMMA_LEVELS_MAX - 1);
    memmove(&f->gamma_level[at + 1], &f->gamma_level[at], (last - at) * sizeof f->gamma_level[0]);
    f->gamma_level[at] = level;
    f->gamma_levels_len = last + 1;
}

static double
level_of(const struct json *v)
{
    static const char *const names[] = {"level", "strike", "price"};
    if (!json_is_object(v)) return json_f64_of(v, 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (json_has(v, names[i])) return num(v, names[i]);
    }
    return 0;
}

static void
read_levels(const struct json *greeks, struct flow_facts *f)
{
    static const char *const lists[] = {"gamma_exposure_levels", "gammaExposureLevels",
                                        "gamma_levels", "gammaLevels"};
    static const char *const singles[] = {"gamma_wall",     "gamma_max_strike", "gammaWall",
                                          "gammaMaxStrike", "max_pain",         "maxPain"};
    const struct json *list = NULL;

    for (size_t i = 0; i < COUNT_OF(lists) && json_len(list) == 0; i++)
        list = json_get_arr(greeks, lists[i]);
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v))
        add_level(f, level_of(v));
    for (size_t i = 0; i < COUNT_OF(singles); i++)
        add_level(f, num(greeks, singles[i]));
}

/* ---- the whole ----------------------------------------------------------------------------- */

const struct json *
facts_cache_shorts(const struct json *cache_obj)
{
    static const char *const names[] = {"ftd_pressure", "shorts_ftds", "ftd"};
    return first_full(cache_obj, names, COUNT_OF(names));
}

void
flow_facts_decode(const struct json *obj, enum facts_source source, struct flow_facts *ret_facts)
{
    *ret_facts = (struct flow_facts){
        .dark_pool = read_dark_pool(full(obj, "dark_pool")),
        .insider = read_insider(full(obj, "insider")),
        .market_tide = read_tide(full(obj, "market_tide")),
        .calendar = read_calendar(full(obj, "calendar")),
        .congress = read_congress(full(obj, "congress")),
        .institutional = read_institutional(full(obj, "institutional")),
        .greeks = read_greeks(full(obj, "greeks")),
        .shorts =
            read_shorts(source == FACTS_CACHE ? facts_cache_shorts(obj) : full(obj, "shorts")),
        .ftd = read_shorts(full(obj, "ftd")),
        .iv_rank = read_iv(full(obj, "iv_rank")),
        .iv = read_iv(full(obj, "iv")),
        .oi_change = read_oi(full(obj, "oi_change")),
        .oi = read_oi(full(obj, "oi")),
        .etf_flow = read_etf(full(obj, "etf_flow")),
        .squeeze = read_squeeze(full(obj, "squeeze_score")),
        .max_pain = num(full(obj, "max_pain"), "max_pain"),
    };
    read_levels(full(obj, "greeks"), ret_facts);
}

void
expanded_intel_decode(const struct json *obj, struct expanded_intel *ret_intel)
{
    *ret_intel = (struct expanded_intel){
        .congress = read_congress(full(obj, "congress")),
        .shorts = read_shorts(full(obj, "shorts")),
        .institutional = read_institutional(full(obj, "institutional")),
        .market_tide = read_tide(full(obj, "market_tide")),
        .calendar = read_calendar(full(obj, "calendar")),
    };
}

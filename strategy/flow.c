#include "strategy/flow.h"

#include <strings.h>

#include "strategy/flow_json.h"

const struct flow_limits FLOW_LIMITS_DEFAULT = {
    .min_premium_usd = 100000.0,
    .max_expiry_days = 7,
    .cluster_window_s = 600,
    .cluster_min = 3,
};

/* ---- the keys of an alert
 * ------------------------------------------------------------------------------
 *
 * An alert has some 36 members and a cache tens of thousands of alerts, so it is walked once, and a
 * name is compared only with those that share its first letter and its length. */

struct key_row {
    const char *name;
    size_t len;
    enum alert_key key;
};

struct key_list {
    const struct key_row *row;
    size_t len;
};

#define KEY(name, key)                                                                             \
    {                                                                                              \
        (name), sizeof(name) - 1, (key)                                                            \
    }
#define KEYS(...)                                                                                  \
    {                                                                                              \
        (const struct key_row[]){__VA_ARGS__}, COUNT_OF(((const struct key_row[]){__VA_ARGS__}))   \
    }

static const struct key_list KEYS_BY_LETTER['z' - 'a' + 1] = {
    ['c' - 'a'] = KEYS(KEY("created_at", KEY_CREATED_AT), KEY("createdAt", KEY_CREATED_AT_CAMEL)),
    ['d' - 'a'] = KEYS(KEY("date", KEY_DATE)),
    ['e' - 'a'] = KEYS(KEY("expiry", KEY_EXPIRY), KEY("expiration", KEY_EXPIRATION)),
    ['h' - 'a'] = KEYS(KEY("has_sweep", KEY_HAS_SWEEP), KEY("has_floor", KEY_HAS_FLOOR),
                       KEY("has_multileg", KEY_HAS_MULTILEG)),
    ['i' - 'a'] = KEYS(KEY("is_sweep", KEY_IS_SWEEP), KEY("isSweep", KEY_IS_SWEEP_CAMEL),
                       KEY("is_sweep_trade", KEY_IS_SWEEP_TRADE)),
    ['o' - 'a'] = KEYS(KEY("open_interest", KEY_OPEN_INTEREST), KEY("oi", KEY_OI)),
    ['p' - 'a'] = KEYS(KEY("premium", KEY_PREMIUM)),
    ['s' - 'a'] = KEYS(KEY("symbol", KEY_SYMBOL), KEY("sweep", KEY_SWEEP)),
    ['t' - 'a'] =
        KEYS(KEY("ticker", KEY_TICKER), KEY("type", KEY_TYPE),
             KEY("total_ask_side_prem", KEY_ASK_SIDE), KEY("total_bid_side_prem", KEY_BID_SIDE),
             KEY("total_premium", KEY_TOTAL_PREMIUM), KEY("timestamp", KEY_TIMESTAMP),
             KEY("totalPremium", KEY_TOTAL_PREMIUM_CAMEL), KEY("ts", KEY_TS), KEY("t", KEY_T),
             KEY("time", KEY_TIME), KEY("trade_type", KEY_TRADE_TYPE), KEY("tag", KEY_TAG)),
    ['v' - 'a'] = KEYS(KEY("volume", KEY_VOLUME)),
};

static enum alert_key
key_of(const char *name)
{
    if (name[0] < 'a' || name[0] > 'z') return ALERT_KEYS_LEN;
    const struct key_list *list = &KEYS_BY_LETTER[name[0] - 'a'];
    size_t len = list->len > 0 ? strlen(name) : 0;
    for (size_t i = 0; i < list->len; i++) {
        if (list->row[i].len == len && memcmp(list->row[i].name, name, len) == 0)
            return list->row[i].key;
    }
    return ALERT_KEYS_LEN;
}

void
alert_fields_read(const struct json *alert, struct alert_fields *f)
{
    *f = (struct alert_fields){{NULL}};
    if (!json_is_object(alert)) return;
    for (const struct json *m = json_first(alert); m != NULL; m = json_next(m)) {
        enum alert_key key = key_of(json_key(m));
        if (key != ALERT_KEYS_LEN && json_kind(m) != JSON_NULL) f->value[key] = m;
    }
}

/* ---- readers ------------------------------------------------------------------------------- */

const struct json *
alert_first_usable(const struct json *a, const struct json *b)
{
    return json_truthy(a) ? a : json_truthy(b) ? b : NULL;
}

bool
alert_whole(const struct json *v, int64_t *ret_value)
{
    const double exact_max = 9007199254740992.0; /* 2^53: beyond, a double has no unit digit */
    const char *s = json_string(v);
    if (s != NULL) {
        char digits[32];
        if (!str_copy(digits, sizeof digits, s)) return false;
        str_trim(digits);
        return str_to_i64(digits, ret_value);
    }
    double x = json_f64_of(v, 0);
    *ret_value = (int64_t)MAX(-exact_max, MIN(exact_max, x));
    return true;
}

/* The instant of a member; WHEN_NONE where it is none.  Text that spells a number is a number. */
static int64_t
instant_of(const struct json *v, bool may_be_ms)
{
    const double seconds_max = 2e9; /* larger ones are milliseconds */
    const char *s = json_string(v);
    double x = 0;

    if (s != NULL && !str_to_f64(s, &x)) return when_parse_or_none(s);
    if (s == NULL && json_kind(v) != JSON_NUMBER) return WHEN_NONE;
    if (s == NULL) x = json_f64_of(v, 0);
    if (may_be_ms && x > seconds_max) x /= 1000.0;
    return when_from_s_f64(x);
}

/* ---- the sweep rule (R4.10) ---------------------------------------------------------------- */

static bool
says_yes(const struct json *v)
{
    static const char *const yes[] = {"true", "1", "yes", "y"};
    static const char blank[] = " \t\r\n\f\v";

    if (json_is_true(v)) return true;
    const char *s = json_string(v);
    if (s == NULL) return false;
    s += strspn(s, blank);
    size_t len = strlen(s);
    while (len > 0 && strchr(blank, s[len - 1]) != NULL)
        len--;
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (strlen(yes[i]) == len && strncasecmp(s, yes[i], len) == 0) return true;
    }
    return false;
}

static bool
is_sweep(const struct alert_fields *f)
{
    if (says_yes(f->value[KEY_SWEEP]) || says_yes(f->value[KEY_IS_SWEEP]) ||
        says_yes(f->value[KEY_IS_SWEEP_CAMEL]) || says_yes(f->value[KEY_IS_SWEEP_TRADE]))
        return true;
    const struct json *kind = alert_first_usable(f->value[KEY_TRADE_TYPE], f->value[KEY_TYPE]);
    if (kind == NULL) kind = f->value[KEY_TAG];
    const char *s = json_string(kind);
    return s != NULL && strcasestr(s, "sweep") != NULL;
}

static int64_t
sweep_instant(const struct alert_fields *f)
{
    static const enum alert_key any[] = {KEY_TIMESTAMP, KEY_TS, KEY_T, KEY_TIME};
    static const enum alert_key text_only[] = {KEY_DATE, KEY_CREATED_AT, KEY_CREATED_AT_CAMEL};

    for (size_t i = 0; i < COUNT_OF(any); i++) {
        int64_t at = instant_of(f->value[any[i]], true);
        if (at != WHEN_NONE) return at;
    }
    for (size_t i = 0; i < COUNT_OF(text_only); i++) {
        const char *s = json_string(f->value[text_only[i]]);
        int64_t at = s == NULL ? WHEN_NONE : when_parse_or_none(s);
        if (at != WHEN_NONE) return at;
    }
    return WHEN_NONE;
}

static void
read_sweep(const struct alert_fields *f, struct flow_alert *a)
{
    if (!is_sweep(f)) return;
    const struct json *premium = f->value[KEY_PREMIUM];
    if (premium == NULL) premium = f->value[KEY_TOTAL_PREMIUM];
    if (premium == NULL) premium = f->value[KEY_TOTAL_PREMIUM_CAMEL];

    a->is_large_sweep = json_f64_of(premium, 0) >= FLOW_LARGE_SWEEP_USD;
    if (a->is_large_sweep) a->sweep_ns = sweep_instant(f);
}

/* ---- normalisation (R3.1) ------------------------------------------------------------------ */

static bool
is_bullish(const struct alert_fields *f)
{
    bool is_buy = json_f64_of(f->value[KEY_ASK_SIDE], 0) > json_f64_of(f->value[KEY_BID_SIDE], 0);
    const char *type = json_string(f->value[KEY_TYPE]);
    if (type == NULL) return false;
    return (str_eq_nocase(type, "call") && is_buy) || (str_eq_nocase(type, "put") && !is_buy);
}

static enum flow_type
type_of(const struct alert_fields *f)
{
    if (fact_flag(f->value[KEY_HAS_SWEEP])) return FLOW_SWEEP;
    if (fact_flag(f->value[KEY_HAS_FLOOR])) return FLOW_BLOCK;
    return fact_flag(f->value[KEY_HAS_MULTILEG]) ? FLOW_MULTILEG : FLOW_SINGLELEG;
}

/* False where the alert cannot be normalised: no ticker, no number of contracts, a time that is
 * none. */
static bool
read_normal(const struct alert_fields *f, struct flow_alert *a)
{
    const struct json *ticker = alert_first_usable(f->value[KEY_TICKER], f->value[KEY_SYMBOL]);
    const struct json *at = alert_first_usable(f->value[KEY_CREATED_AT], f->value[KEY_TIMESTAMP]);
    const struct json *premium =
        alert_first_usable(f->value[KEY_TOTAL_PREMIUM], f->value[KEY_PREMIUM]);
    const struct json *expiry = alert_first_usable(f->value[KEY_EXPIRY], f->value[KEY_EXPIRATION]);
    const struct json *oi = alert_first_usable(f->value[KEY_OPEN_INTEREST], f->value[KEY_OI]);
    int64_t volume = 0, open_interest = 0;

    a->at_ns = at == NULL ? WHEN_NONE : instant_of(at, false);
    a->expiry_ns =
        json_string(expiry) == NULL ? WHEN_NONE : when_parse_or_none(json_string(expiry));
    a->premium_usd = json_f64_of(premium, 0);
    a->type = (uint8_t)type_of(f);
    a->is_bullish = is_bullish(f);

    if (json_string(ticker) == NULL || !symbol_set(a->ticker, json_string(ticker))) return false;
    if (at != NULL && a->at_ns == WHEN_NONE) return false;
    if (!alert_whole(f->value[KEY_VOLUME], &volume) || !alert_whole(oi, &open_interest))
        return false;
    a->has_volume_over_oi = volume > open_interest;
    return true;
}

struct flow_alert
flow_alert_decode(const struct json *alert)
{
    struct flow_alert a = {.at_ns = WHEN_NONE, .expiry_ns = WHEN_NONE, .sweep_ns = WHEN_NONE};
    struct alert_fields f;

    alert_fields_read(alert, &f);
    read_sweep(&f, &a);
    a.is_usable = read_normal(&f, &a);
    return a;
}

/* ---- the base filter (R3.2) ---------------------------------------------------------------- */

static int64_t
floor_days(int64_t ns)
{
    return ns / NS_PER_DAY - (ns % NS_PER_DAY < 0);
}

bool
flow_alert_passes(const struct flow_alert *a, const struct flow_limits *limits, int64_t now_ns)
{
    int64_t ahead_ns = 0;

    if (!a->is_usable || a->premium_usd < limits->min_premium_usd) return false;
    if (a->expiry_ns == WHEN_NONE || __builtin_sub_overflow(a->expiry_ns, now_ns, &ahead_ns))
        return false;
    if (floor_days(ahead_ns) > limits->max_expiry_days) return false;
    return a->has_volume_over_oi && a->type != FLOW_MULTILEG;
}

const char *
flow_type_name(enum flow_type t)
{
    static const char *const names[FLOW_TYPES_LEN] = {"sweep", "block", "multileg", "singleleg"};
    return names[t];
}

const char *
flow_signal_name(bool is_bullish, enum flow_type t)
{
    static const char *const names[2][FLOW_TYPES_LEN] = {
        {"BEARISH_SWEEP", "BEARISH_BLOCK", "BEARISH_MULTILEG", "BEARISH_SINGLELEG"},
        {"BULLISH_SWEEP", "BULLISH_BLOCK", "BULLISH_MULTILEG", "BULLISH_SINGLELEG"},
    };
    return names[is_bullish][t];
}

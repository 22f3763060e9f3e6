#include "uwclient/usage_file.h"

#include <math.h>

#define RATE_MINUTES 15.0
#define YEAR_MAX     2200 /* of a date we believe: its end still is an instant */
#define DEFAULT_JSON                                                                               \
    "{\"schema_version\":2,\"date\":\"1970-01-01\",\"calls_today\":0,\"by_endpoint\":{},\"minute_" \
    "window\":["                                                                                   \
    "]}"

void
usage_state_reset(struct usage_state *s, struct date today)
{
    *s = (struct usage_state){
        .date = today,
        .header_count = -1,
        .header_limit = -1,
        .header_at_ns = WHEN_NONE,
        .pause_until_ns = WHEN_NONE,
        .probe_at_ns = WHEN_NONE,
        .rate_at_ns = WHEN_NONE,
    };
}

int64_t *
usage_count_of(struct usage_state *s, const char *name)
{
    for (size_t i = 0; i < s->by_endpoint_len; i++) {
        if (str_eq(s->by_endpoint[i].name, name)) return &s->by_endpoint[i].calls;
    }
    if (s->by_endpoint_len == USAGE_NAMES_MAX) return NULL;
    if (!str_copy(s->by_endpoint[s->by_endpoint_len].name, USAGE_NAME_MAX, name)) return NULL;
    return &s->by_endpoint[s->by_endpoint_len++].calls;
}

static const char *const pause_names[] = {
    [PAUSE_NONE] = "",
    [PAUSE_MINUTE] = "minute",
    [PAUSE_DAILY] = "daily",
    [PAUSE_AUTH] = "auth",
};

const char *
usage_pause_name(enum usage_pause p)
{
    return pause_names[p];
}

static enum usage_pause
pause_from_name(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(pause_names); i++) {
        if (str_eq(pause_names[i], name)) return (enum usage_pause)i;
    }
    return PAUSE_NONE;
}

/* Seconds since 1970 with a fraction; WHEN_NONE for what is absent, not positive or no number. */
static int64_t
epoch_of(const struct json *v)
{
    double s = json_f64_of(v, 0);

    return s > 0 ? when_from_s_f64(s) : WHEN_NONE;
}

/* Entries that are no numbers are dropped; of more than WINDOW_MAX the newest are kept. */
static void
decode_window(const struct json *doc, struct window *w)
{
    const struct json *mono = json_first(json_get_arr(doc, "minute_window_mono_ns"));

    for (const struct json *v = json_first(json_get_arr(doc, "minute_window")); v != NULL;
         v = json_next(v)) {
        struct window_now at = {.wall_ns = json_kind(v) == JSON_NUMBER ? epoch_of(v) : WHEN_NONE,
                                .mono_ns = MAX(json_i64_of(mono, 0), 0)};
        if (at.wall_ns != WHEN_NONE) window_add(w, &at);
        mono = mono != NULL ? json_next(mono) : NULL;
    }
}

static void
decode_pause(const struct json *doc, struct usage_state *s)
{
    s->pause = pause_from_name(json_str(doc, "backoff_reason", ""));
    s->pause_until_ns = epoch_of(json_get(doc, "backoff_until"));
    s->probe_at_ns = epoch_of(json_get(doc, "backoff_probe_ts"));
    if (s->pause == PAUSE_NONE || s->pause_until_ns == WHEN_NONE) {
        s->pause = PAUSE_NONE;
        s->pause_until_ns = WHEN_NONE;
    }
    for (const struct json *v = json_first(json_get_arr(doc, "backoff_strike_times"));
         v != NULL && s->strikes < USAGE_STRIKES_MAX; v = json_next(v)) {
        if (epoch_of(v) != WHEN_NONE) s->strike_at_ns[s->strikes++] = epoch_of(v);
    }
}

void
usage_state_decode(const struct json *doc, struct usage_state *ret_state)
{
    struct date date = {1970, 1, 1};
    struct usage_state *s = ret_state;

    bool is_date = date_parse(json_str(doc, "date", ""), &date, NULL) == RC_OK;
    if (!is_date || date.year < 1970 || date.year > YEAR_MAX) date = (struct date){1970, 1, 1};
    usage_state_reset(s, date);
    s->calls_today = MAX(json_i64(doc, "calls_today", 0), 0);
    for (const struct json *v = json_first(json_get_obj(doc, "by_endpoint")); v != NULL;
         v = json_next(v)) {
        int64_t *calls = usage_count_of(s, json_key(v));
        if (calls != NULL) *calls = MAX(json_i64_of(v, 0), 0);
    }
    decode_window(doc, &s->window);
    s->header_count = json_i64(doc, "header_daily_count", -1);
    s->header_limit = json_i64(doc, "header_daily_limit", -1);
    s->header_at_ns = epoch_of(json_get(doc, "header_ts"));
    decode_pause(doc, s);
    s->is_live = s->calls_today > 0 && str_eq(json_str(doc, "mode", NULL), "real");
    s->warned_level = json_i64(doc, "warned_level", 0);
    s->rate_per_min = fmax(json_f64(doc, "rate_per_min", 0), 0);
    s->rate_at_ns = epoch_of(json_get(doc, "rate_ts"));
}

static void
put_epoch(struct json_out *o, const char *key, int64_t at_ns)
{
    if (at_ns == WHEN_NONE)
        json_out_null(o, key);
    else
        json_out_f64(o, key, when_to_s_f64(at_ns));
}

static void
encode_window(struct json_out *o, const struct window *w)
{
    json_out_arr(o, "minute_window");
    for (size_t i = 0; i < w->len; i++)
        json_out_f64(o, NULL, when_to_s_f64(w->at[i].wall_ns));
    json_out_end(o);
    json_out_arr(o, "minute_window_mono_ns");
    for (size_t i = 0; i < w->len; i++)
        json_out_i64(o, NULL, w->at[i].mono_ns);
    json_out_end(o);
}

static void
encode_pause(struct json_out *o, const struct usage_state *s)
{
    if (s->pause == PAUSE_NONE)
        json_out_f64(o, "backoff_until", 0);
    else
        put_epoch(o, "backoff_until", s->pause_until_ns);
    json_out_str(o, "backoff_reason", pause_names[s->pause]);
    json_out_i64(o, "backoff_strikes", (int64_t)s->strikes);
    json_out_arr(o, "backoff_strike_times");
    for (size_t i = 0; i < s->strikes; i++)
        json_out_f64(o, NULL, when_to_s_f64(s->strike_at_ns[i]));
    json_out_end(o);
    put_epoch(o, "backoff_probe_ts", s->probe_at_ns);
}

double
usage_rate(const struct usage_state *s, int64_t now_ns)
{
    if (s->rate_at_ns == WHEN_NONE) return 0;
    double minutes = fmax((double)(now_ns - s->rate_at_ns) / (double)NS_PER_MIN, 0);
    return s->rate_per_min * exp(-minutes / RATE_MINUTES);
}

void
usage_count_rate(struct usage_state *s, int64_t now_ns)
{
    s->rate_per_min = usage_rate(s, now_ns) + 1.0 / RATE_MINUTES;
    s->rate_at_ns = now_ns;
}

/* Calls still allowed over calls a minute: the moment the day's budget ends if nothing changes. */
int64_t
usage_exhausted_at(const struct usage_state *s, int64_t cap, int64_t now_ns)
{
    int64_t day_end_ns = (date_to_days(s->date) + 1) * NS_PER_DAY;

    if (s->calls_today >= cap) return now_ns;
    if (usage_rate(s, now_ns) <= 0) return WHEN_NONE;
    double minutes = (double)(cap - s->calls_today) / usage_rate(s, now_ns);
    if (minutes >= (double)(day_end_ns - now_ns) / (double)NS_PER_MIN) return WHEN_NONE;
    return now_ns + (int64_t)(minutes * (double)NS_PER_MIN);
}

void
usage_state_encode(const struct usage_state *s, int64_t cap, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};
    char buf[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", USAGE_SCHEMA);
    json_out_str(&o, "mode", s->is_live ? "real" : "mock");
    json_out_str(&o, "date", date_text(s->date, buf));
    json_out_i64(&o, "calls_today", s->calls_today);
    json_out_obj(&o, "by_endpoint");
    for (size_t i = 0; i < s->by_endpoint_len; i++)
        json_out_i64(&o, s->by_endpoint[i].name, s->by_endpoint[i].calls);
    json_out_end(&o);
    encode_window(&o, &s->window);
    json_out_count(&o, "header_daily_count", s->header_count);
    json_out_count(&o, "header_daily_limit", s->header_limit);
    put_epoch(&o, "header_ts", s->header_at_ns);
    encode_pause(&o, s);
    json_out_i64(&o, "warned_level", s->warned_level);
    json_out_f64(&o, "rate_per_min", s->rate_per_min);
    put_epoch(&o, "rate_ts", s->rate_at_ns);
    json_out_obj(&o, "forecast");
    json_out_i64(&o, "cap", cap);
    json_out_time(&o, "exhausted_at", usage_exhausted_at(s, cap, now_ns));
    json_out_end(&o);
    json_out_end(&o);
}

/* The four members that every reader relies on (US-1). */
static enum rc
check_state(const struct json *doc, struct err *err)
{
    struct date date;

    if (date_parse(json_str(doc, "date", ""), &date, err) != RC_OK) return err_wrap(err, "date");
    if (json_i64(doc, "calls_today", -1) < 0)
        return err_set(err, RC_RANGE, "calls_today is no count");
    if (json_get_obj(doc, "by_endpoint") == NULL)
        return err_set(err, RC_PARSE, "by_endpoint is no object");
    if (json_get_arr(doc, "minute_window") == NULL)
        return err_set(err, RC_PARSE, "minute_window is no list");
    return RC_OK;
}

struct store_spec
usage_store_spec(void)
{
    return (struct store_spec){
        .path = USAGE_PATH,
        .default_json = DEFAULT_JSON,
        .has_prev = true,
        .bytes_max = 1 << 20,
        .check = check_state,
    };
}

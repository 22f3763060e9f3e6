#include "intel/uw_intel.h"

#include <math.h>

static const double ALERTS_WITHOUT_CONVICTION = 0.3;

static const struct uw_intel NEUTRAL_RECORD = {.sentiment = "NEUTRAL"};

/* ---- before the open ----------------------------------------------------------------------- */

static double
flow_strength(const struct premarket_rows *r)
{
    double sum = 0;

    if (!r->has_flow) return 0;
    if (r->convictions == 0) return ALERTS_WITHOUT_CONVICTION;
    for (size_t i = 0; i < r->convictions; i++)
        sum += r->conviction[i];
    return sum / (double)r->convictions;
}

static double
dark_pool_bias(const struct premarket_rows *r)
{
    double off = r->off_lit_volume, lit = r->lit_volume;

    return ops_clamp((off - lit) / fmax(1, off + lit), -1, 1);
}

struct uw_intel
premarket_intel_of(const struct premarket_rows *rows)
{
    struct uw_intel r = NEUTRAL_RECORD;

    if (rows->is_volume_nonsense) return r;
    r.flow_strength = round_dec(flow_strength(rows), UW_INTEL_DECIMALS);
    r.dark_pool_bias = round_dec(dark_pool_bias(rows), UW_INTEL_DECIMALS);
    return r;
}

struct uw_intel
premarket_intel_mock(void)
{
    return (struct uw_intel){
        .flow_strength = 0.6,
        .dark_pool_bias = 0.1,
        .sentiment = "BULLISH",
        .has_earnings = true,
        .earnings_days = 3,
        .sector_alignment = 0.1,
    };
}

/* A value that is there, is not nothing, and is no number. */
static bool
is_nonsense(const struct json *v)
{
    return json_truthy(v) && isnan(json_f64_of(v, (double)NAN));
}

static void
read_convictions(const struct json *flow, struct premarket_rows *r)
{
    static const char *const keys[] = {"flow_conv", "flow_conviction", "conviction"};
    size_t seen = 0;

    for (const struct json *row = json_first(flow); row != NULL && seen < FLOW_ROWS_MAX;
         row = json_next(row), seen++) {
        const struct json *v = ops_first(row, keys, COUNT_OF(keys));
        /* Where none says something, a conviction of 0 is still a conviction. */
        double x = json_f64_of(v != NULL ? v : json_get(row, "conviction"), (double)NAN);
        if (!isnan(x)) r->conviction[r->convictions++] = x;
    }
}

struct premarket_rows
premarket_rows_decode(const struct json *flow, const struct json *dark_pool)
{
    const struct json *newest = json_is_array(dark_pool) ? json_first(dark_pool) : NULL;
    const struct json *off = json_get(newest, "off_lit_volume");
    const struct json *lit = json_get(newest, "lit_volume");
    struct premarket_rows r = {
        .has_flow = json_is_array(flow) && json_len(flow) > 0,
        .off_lit_volume = json_f64_of(off, 0),
        .lit_volume = json_f64_of(lit, 0),
        .is_volume_nonsense = is_nonsense(off) || is_nonsense(lit),
    };

    if (r.has_flow) read_convictions(flow, &r);
    return r;
}

/* ---- after the close ----------------------------------------------------------------------- */

struct uw_intel
postmarket_intel_of(void)
{
    return NEUTRAL_RECORD;
}

struct uw_intel
postmarket_intel_mock(void)
{
    return (struct uw_intel){
        .flow_strength = 0.55,
        .dark_pool_bias = 0.05,
        .sentiment = "NEUTRAL",
        .sector_alignment = 0.05,
    };
}

enum afterhours
afterhours_of(const struct json *data, bool is_mock)
{
    if (is_mock) return AFTERHOURS_NOT_ASKED;
    return json_truthy(data) ? AFTERHOURS_PRESENT : AFTERHOURS_ABSENT;
}

/* ---- records and documents ----------------------------------------------------------------- */

static void
write_members(struct json_out *o, const struct uw_intel *r)
{
    json_out_f64(o, "flow_strength", r->flow_strength);
    json_out_f64(o, "darkpool_bias", r->dark_pool_bias);
    json_out_str(o, "sentiment", r->sentiment);
    if (r->has_earnings)
        json_out_i64(o, "earnings_proximity", r->earnings_days);
    else
        json_out_null(o, "earnings_proximity");
    json_out_f64(o, "sector_alignment", r->sector_alignment);
}

void
premarket_record_write(struct json_out *o, const char *key, const struct uw_intel *r)
{
    json_out_obj(o, key);
    write_members(o, r);
    json_out_end(o);
}

void
postmarket_record_write(struct json_out *o, const char *key, const struct uw_intel *r,
                        enum afterhours a)
{
    json_out_obj(o, key);
    write_members(o, r);
    json_out_i64(o, "institutional_blocks", 0); /* nothing counts them yet */
    if (a != AFTERHOURS_NOT_ASKED)
        json_out_bool(o, "afterhours_summary_present", a == AFTERHOURS_PRESENT);
    json_out_end(o);
}

void
postmarket_market_write(struct json_out *o, const char *key, enum afterhours a)
{
    json_out_obj(o, key);
    if (a != AFTERHOURS_NOT_ASKED)
        json_out_bool(o, "afterhours_earnings_present", a == AFTERHOURS_PRESENT);
    json_out_end(o);
}

void
uw_intel_begin(struct json_out *o, bool is_mock, int64_t now_ns)
{
    json_out_obj(o, NULL);
    json_out_obj(o, "_meta");
    intel_ts_write(o, now_ns);
    json_out_str(o, "uw_intel_version", UW_INTEL_VERSION);
    json_out_str(o, "mode", is_mock ? "mock" : "real");
    json_out_end(o);
    json_out_obj(o, "symbols");
}

void
premarket_end(struct json_out *o)
{
    json_out_end(o);
    json_out_obj(o, "market");
    json_out_end(o);
    json_out_end(o);
}

void
postmarket_end(struct json_out *o, enum afterhours a)
{
    json_out_end(o);
    postmarket_market_write(o, "market", a);
    json_out_end(o);
}

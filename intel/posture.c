#include "intel/posture.h"

#include <math.h>

#include "intel/market_context.h"

static const double STRUCTURAL_MIN = 0.6; /* a structural regime counts from here      */
static const double SHORT_MIN = 0.65, LONG_MIN = 0.55;
enum { CONFIDENCE_DECIMALS = 4 };

const char *
posture_name(enum posture p)
{
    static const char *const names[] = {
        [POSTURE_NEUTRAL] = "neutral", [POSTURE_LONG] = "long", [POSTURE_SHORT] = "short"};
    return names[p];
}

/* ---- the rules, as a table ----------------------------------------------------------------- */

/* A word that must be seen; NULL asks nothing. */
static const struct posture_rule {
    const char *structural, *mood, *volatility, *trend;
    const char *label;
    double confidence; /* of a structural rule the least, of another the confidence itself */
    const char *source;
} rules[] = {
    {"PANIC",    NULL,       NULL,   NULL, "crash", 0.75, "structural_regime:PANIC"            },
    {"RISK_OFF", NULL,       "high", NULL, "crash", 0.70, "structural_regime:RISK_OFF+high_vol"},
    {"RISK_OFF", NULL,       NULL,   NULL, "bear",  0,    "structural_regime:RISK_OFF"         },
    {"RISK_ON",  NULL,       NULL,   NULL, "bull",  0,    "structural_regime:RISK_ON"          },
    {NULL,       "risk_off", "high", NULL, "crash", 0.60, "market_context:risk_off+high_vol"   },
    {NULL,       "risk_off", NULL,   NULL, "bear",  0.55, "market_context:risk_off"            },
    {NULL,       "risk_on",  "low",  "up", "bull",  0.55, "market_context:risk_on"             },
    {NULL,       "risk_on",  "mid",  "up", "bull",  0.55, "market_context:risk_on"             },
    {NULL,       NULL,       NULL,   NULL, "chop",  0.45, "default_chop"                       },
};

static bool
asks_nothing_or(const char *asked, const char *word)
{
    return asked == NULL || str_eq_nocase(asked, word);
}

static bool
holds(const struct posture_rule *r, const struct posture_inputs *in, double structural_confidence)
{
    if (r->structural != NULL && structural_confidence < STRUCTURAL_MIN) return false;
    return asks_nothing_or(r->structural, in->structural_regime) &&
           asks_nothing_or(r->mood, in->mood) && asks_nothing_or(r->volatility, in->volatility) &&
           asks_nothing_or(r->trend, in->trend);
}

/* ---- what the label asks for --------------------------------------------------------------- */

static enum posture
posture_asked(const char *label, double confidence)
{
    bool is_down = str_eq(label, "bear") || str_eq(label, "crash");

    if (is_down && confidence >= SHORT_MIN) return POSTURE_SHORT;
    return str_eq(label, "bull") && confidence >= LONG_MIN ? POSTURE_LONG : POSTURE_NEUTRAL;
}

struct posture_state
posture_of(const struct posture_inputs *in)
{
    double structural = ops_clamp(in->structural_confidence, 0, 1);
    size_t i = 0;

    while (!holds(&rules[i], in, structural))
        i++; /* the last one always holds */
    const struct posture_rule *r = &rules[i];
    double confidence = r->structural != NULL ? fmax(structural, r->confidence) : r->confidence;
    enum posture posture = posture_asked(r->label, confidence);
    bool is_short = posture == POSTURE_SHORT;
    return (struct posture_state){
        .regime_label = r->label,
        .regime_confidence = confidence,
        .source = r->source,
        .posture = posture,
        .allow_new_longs = !is_short,
        .tighten_long_exits = is_short,
        .prefer_shorts = is_short,
    };
}

/* ---- the document -------------------------------------------------------------------------- */

void
posture_write_members(struct json_out *o, const struct posture_state *p)
{
    json_out_str(o, "regime_label", p->regime_label);
    json_out_f64(o, "regime_confidence", round_dec(p->regime_confidence, CONFIDENCE_DECIMALS));
    json_out_str(o, "regime_source", p->source);
    json_out_str(o, "posture", posture_name(p->posture));
    json_out_obj(o, "posture_flags");
    json_out_bool(o, "allow_new_longs", p->allow_new_longs);
    json_out_bool(o, "tighten_long_exits", p->tighten_long_exits);
    json_out_bool(o, "prefer_shorts", p->prefer_shorts);
    json_out_end(o);
}

static void
write_market(struct json_out *o, const struct market_context *m)
{
    static const char *const keys[] = {"market_trend",      "volatility_regime", "risk_on_off",
                                       "spy_overnight_ret", "qqq_overnight_ret", "vxx_vxz_ratio",
                                       "stale_1m"};

    json_out_obj(o, "market_context");
    for (size_t i = 0; m == NULL && i < COUNT_OF(keys); i++)
        json_out_null(o, keys[i]);
    if (m != NULL) {
        json_out_str(o, "market_trend", market_trend_name(m->trend));
        json_out_str(o, "volatility_regime", volatility_regime_name(m->volatility));
        json_out_str(o, "risk_on_off", risk_mood_name(m->mood));
        json_out_f64(o, "spy_overnight_ret", m->spy_overnight_ret);
        json_out_f64(o, "qqq_overnight_ret", m->qqq_overnight_ret);
        json_out_f64(o, "vxx_vxz_ratio", m->vxx_vxz_ratio);
        json_out_bool(o, "stale_1m", m->is_stale_1m);
    }
    json_out_end(o);
}

void
posture_write(struct json_out *o, const struct posture_inputs *in, const struct posture_state *p,
              const struct market_context *market, int64_t now_ns)
{
    json_out_obj(o, NULL);
    intel_ts_write(o, now_ns);
    posture_write_members(o, p);
    json_out_str(o, "structural_regime", in->structural_regime);
    json_out_f64(o, "structural_confidence",
                 round_dec(ops_clamp(in->structural_confidence, 0, 1), CONFIDENCE_DECIMALS));
    write_market(o, market);
    json_out_end(o);
}

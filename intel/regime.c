#include "intel/regime.h"

#include <math.h>

static const double NEUTRAL_CONFIDENCE_MIN = 0.25;
static const double TAKES_NO_SIDE = 0.25;
enum { CONFIDENCE_DECIMALS = 4 };

static bool
is_either(const char *word, const char *a, const char *b)
{
    return str_eq_nocase(word, a) || str_eq_nocase(word, b);
}

struct regime_state
regime_detect(const struct regime_inputs *in)
{
    const char *volatility = in->volatility[0] != '\0' ? in->volatility : "mid";
    struct regime_state s = {.confidence = in->confidence};

    if (is_either(in->posture, "short", "bear")) {
        s.label = is_either(volatility, "high", "elevated") ? "RISK_OFF" : "BEAR";
    } else if (is_either(in->posture, "long", "bull")) {
        s.label = is_either(volatility, "low", "mid") ? "RISK_ON" : "MIXED";
    } else {
        s.label = REGIME_LABEL_DEFAULT;
        s.confidence = fmax(NEUTRAL_CONFIDENCE_MIN, s.confidence);
    }
    return s;
}

double
regime_alignment(const char *label, enum intel_direction d)
{
    if (d == INTEL_NEUTRAL) return 0;
    if (d == INTEL_BULLISH && str_eq_nocase(label, "RISK_ON")) return 1;
    if (d == INTEL_BEARISH && is_either(label, "RISK_OFF", "BEAR")) return 1;
    return is_either(label, "NEUTRAL", "MIXED") ? TAKES_NO_SIDE : -1;
}

struct regime_inputs
regime_inputs_decode(const struct json *market_context, const struct json *posture_state,
                     struct arena *a)
{
    return (struct regime_inputs){
        .posture = intel_str(a, json_get(posture_state, "posture"), ""),
        .confidence = json_f64(posture_state, "regime_confidence", 0),
        .volatility = intel_str(a, json_get(market_context, "volatility_regime"), ""),
        .trend = intel_str(a, json_get(market_context, "market_trend"), ""),
    };
}

void
regime_write(struct json_out *o, const struct regime_inputs *in, const struct regime_state *s,
             int64_t now_ns)
{
    json_out_obj(o, NULL);
    json_out_obj(o, "_meta");
    intel_ts_write(o, now_ns);
    json_out_str(o, "version", REGIME_VERSION);
    json_out_end(o);
    json_out_str(o, "regime_label", s->label);
    json_out_f64(o, "regime_confidence", round_dec(s->confidence, CONFIDENCE_DECIMALS));
    json_out_obj(o, "inputs");
    json_out_str(o, "volatility_regime", in->volatility);
    json_out_str(o, "market_trend", in->trend);
    json_out_str(o, "posture", in->posture);
    json_out_f64(o, "posture_confidence", round_dec(in->confidence, CONFIDENCE_DECIMALS));
    json_out_end(o);
    json_out_end(o);
}

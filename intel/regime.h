/*
 * The regime label that the universe, the v2 score and the v2 exits share, and how well a direction
 * fits it.
 */
#ifndef INTEL_REGIME_H
#define INTEL_REGIME_H

#include "intel/intel.h"

#define REGIME_VERSION       "2026-01-20_regime_v1"
#define REGIME_LABEL_DEFAULT "NEUTRAL"

/* Texts as the two documents have them; "" where missing. */
struct regime_inputs {
    const char *posture;    /* of state/regime_posture_state.json; "" reads as neutral */
    double confidence;      /* its regime_confidence, 0 where missing                  */
    const char *volatility; /* of state/market_context_v2.json; "" reads as mid        */
    const char *trend;      /* only repeated in the document                           */
};

struct regime_state {
    const char *label; /* "RISK_OFF", "BEAR", "RISK_ON", "MIXED", "NEUTRAL" */
    double confidence; /* as given, not clamped; of NEUTRAL at least 0.25   */
};

/*
 * short or bear posture: RISK_OFF in high or elevated volatility, else BEAR; long or bull: RISK_ON
 * in low or mid volatility, else MIXED; else NEUTRAL.  Source: spec 30 4.4.
 */
struct regime_state regime_detect(const struct regime_inputs *in);

/*
 * 1 with the regime, -1 against it, 0.25 where it takes no side (NEUTRAL, MIXED), 0 without a
 * direction.  A label that is not known is against either (spec 30 4.5, Q-9).
 */
double regime_alignment(const char *label, enum intel_direction d);

/* The two documents; either may be NULL. */
struct regime_inputs regime_inputs_decode(const struct json *market_context,
                                          const struct json *posture_state, struct arena *a);

/* state/regime_state.json; without _meta.ts where now_ns is WHEN_NONE. */
void regime_write(struct json_out *o, const struct regime_inputs *in, const struct regime_state *s,
                  int64_t now_ns);

#endif

/*
 * What the service leans to: a label of the market with a confidence, and the posture it asks for.
 *
 * Context only: it changes no order.
 */
#ifndef INTEL_POSTURE_H
#define INTEL_POSTURE_H

#include "intel/intel.h"

enum posture { POSTURE_NEUTRAL, POSTURE_LONG, POSTURE_SHORT };

/* "neutral", "long", "short" */
const char *posture_name(enum posture p);

/* Words are compared without regard to case. */
struct posture_inputs {
    const char *structural_regime; /* "PANIC", "RISK_OFF", "RISK_ON"; any other says nothing    */
    double structural_confidence;  /* taken within 0..1                                          */
    const char *volatility;        /* "high", "mid", "low"; another word fits no rule            */
    const char *trend;             /* "up"; any other is no trend that counts                    */
    const char *mood;              /* "risk_off", "risk_on"; any other is neutral                */
};

struct posture_state {
    const char *regime_label; /* "crash", "bear", "bull", "chop"                          */
    double regime_confidence; /* 0..1, not rounded                                        */
    const char *source;       /* which rule: "structural_regime:PANIC" … "default_chop"   */
    enum posture posture;
    bool allow_new_longs, tighten_long_exits, prefer_shorts;
};

/*
 * The first that holds (spec 30 4.3); sc is the structural confidence, high and so on the market's:
 *
 *   PANIC, sc >= 0.6            crash  max(sc, 0.75)
 *   RISK_OFF, sc >= 0.6, high   crash  max(sc, 0.70)
 *   RISK_OFF, sc >= 0.6         bear   sc
 *   RISK_ON, sc >= 0.6          bull   sc
 *   risk_off and high           crash  0.60
 *   risk_off                    bear   0.55
 *   risk_on, up, low or mid     bull   0.55
 *   else                        chop   0.45
 *
 * bear and crash at 0.65: short (no new longs, exits of longs drawn closer, shorts preferred); bull
 * at 0.55: long; else neutral.
 */
struct posture_state posture_of(const struct posture_inputs *in);

/* The computed members of state/regime_posture_state.json into an object that is open. */
void posture_write_members(struct json_out *o, const struct posture_state *p);

struct market_context;

/* The whole document; market NULL where there was no context: its members are null then. */
void posture_write(struct json_out *o, const struct posture_inputs *in,
                   const struct posture_state *p, const struct market_context *market,
                   int64_t now_ns);

#endif

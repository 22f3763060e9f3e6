/*
 * Exit intel: what is known of a held symbol before the open and after the close.
 *
 * Two files hold one set of flags a symbol; a flag counts when either file raises it, so that what
 * was learnt after the close cannot hide what was known before the open (spec 30 C-7).
 */
#ifndef EXITLOGIC_FLAGS_H
#define EXITLOGIC_FLAGS_H

#include "base/compiler.h"

struct v2_exit_flags {
    bool earnings_risk;       /* earnings within three days, or just past                  */
    bool overnight_flow_risk; /* reserved: nothing raises it                               */
    bool regime_risk;         /* the regime is RISK_OFF or BEAR                            */
    bool sector_collapse;     /* reserved: nothing raises it                               */
    bool thesis_invalidated;  /* a bullish or bearish entry became neutral after the close */
};

enum { V2_EARNINGS_NEAR_DAYS = 3 };

/* True for RISK_OFF and BEAR. */
bool v2_regime_is_adverse(const char *label);

/*
 * Before the open.  earnings_days points to the days to the earnings, NULL where unknown; earnings
 * that are past count as near (spec 30 7.6, Q-14).
 */
struct v2_exit_flags v2_flags_premarket(const int64_t *earnings_days, const char *regime_label);

/*
 * After the close.  sentiment is that of the symbol's record, "" reads as NEUTRAL, NULL where there
 * is no record: without one nothing is said about the thesis (spec 30 7.7, C-6).
 */
struct v2_exit_flags v2_flags_postmarket(const char *entry_sentiment, const char *sentiment,
                                         const char *regime_label);

/* A flag of either. */
struct v2_exit_flags v2_flags_or(const struct v2_exit_flags *a, const struct v2_exit_flags *b);

#endif

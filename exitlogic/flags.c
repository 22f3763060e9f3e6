#include "exitlogic/flags.h"

#include "base/text.h"

bool
v2_regime_is_adverse(const char *label)
{
    return str_eq_nocase(label, "RISK_OFF") || str_eq_nocase(label, "BEAR");
}

struct v2_exit_flags
v2_flags_premarket(const int64_t *earnings_days, const char *regime_label)
{
    return (struct v2_exit_flags){
        .earnings_risk = earnings_days != NULL && *earnings_days <= V2_EARNINGS_NEAR_DAYS,
        .regime_risk = v2_regime_is_adverse(regime_label),
    };
}

static bool
is_neutral(const char *sentiment)
{
    return str_eq(sentiment, "") || str_eq_nocase(sentiment, "NEUTRAL");
}

static bool
has_side(const char *sentiment)
{
    return str_eq_nocase(sentiment, "BULLISH") || str_eq_nocase(sentiment, "BEARISH");
}

struct v2_exit_flags
v2_flags_postmarket(const char *entry_sentiment, const char *sentiment, const char *regime_label)
{
    return (struct v2_exit_flags){
        .regime_risk = v2_regime_is_adverse(regime_label),
        .thesis_invalidated =
            sentiment != NULL && is_neutral(sentiment) && has_side(entry_sentiment),
    };
}

struct v2_exit_flags
v2_flags_or(const struct v2_exit_flags *a, const struct v2_exit_flags *b)
{
    return (struct v2_exit_flags){
        .earnings_risk = a->earnings_risk || b->earnings_risk,
        .overnight_flow_risk = a->overnight_flow_risk || b->overnight_flow_risk,
        .regime_risk = a->regime_risk || b->regime_risk,
        .sector_collapse = a->sector_collapse || b->sector_collapse,
        .thesis_invalidated = a->thesis_invalidated || b->thesis_invalidated,
    };
}

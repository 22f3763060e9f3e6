#include "strategy/composite.h"

#include "strategy/composite_parts.h"
#include "strategy/score_math.h"

/*
 * The weights without any learning (spec 10 R4.7).  temporal_motif is 0.5 and not the 0.6 of an
 * older table: it is what the service has been running with, and it only counts where motifs are
 * given.
 */
const struct component_row COMPONENTS[COMPONENTS_LEN] = {
    [COMPONENT_FLOW] = {"flow",             "options_flow",      2.4,  "conviction of the options flow"          },
    [COMPONENT_DARK_POOL] = {"dark_pool",        "dark_pool",         1.3,  "notional traded off the exchanges"       },
    [COMPONENT_INSIDER] = {"insider",          "insider",           0.5,  "what insiders report"                    },
    [COMPONENT_IV_SKEW] = {"iv_skew",          "iv_term_skew",      0.6,  "skew of implied volatility over time"    },
    [COMPONENT_SMILE] = {"smile",            "smile_slope",       0.35, "slope of implied volatility over strikes"},
    [COMPONENT_WHALE] = {"whale",            "whale_persistence", 0.7,  "large flow that keeps coming"            },
    [COMPONENT_EVENT] = {"event",            "event_alignment",   0.4,  "flow strong enough to know something"    },
    [COMPONENT_MOTIF] = {"motif_bonus",      "temporal_motif",    0.5,  "staircases and bursts of flow"           },
    [COMPONENT_TOXICITY] = {"toxicity_penalty", "toxicity_penalty",  -0.9,
                        "flow too crowded to follow"                                                             },
    [COMPONENT_REGIME] = {"regime",           "regime_modifier",   0.3,  "the market's mood"                       },
    [COMPONENT_CONGRESS] = {"congress",         "congress",          0.9,  "trades of politicians"                   },
    [COMPONENT_SHORTS] = {"shorts_squeeze",   "shorts_squeeze",    0.7,
                        "short interest that may have to cover"                                                  },
    [COMPONENT_INSTITUTIONAL] = {"institutional",    "institutional",     0.5,
                        "ownership, else insider purchases"                                                      },
    [COMPONENT_TIDE] = {"market_tide",      "market_tide",       0.4,
                        "calls against puts of the whole market"                                                 },
    [COMPONENT_CALENDAR] = {"calendar",         "calendar_catalyst", 0.45,
                        "earnings, FDA and economic dates ahead"                                                 },
    [COMPONENT_GREEKS] = {"greeks_gamma",     "greeks_gamma",      0.4,  "gamma that dealers must hedge"           },
    [COMPONENT_FTD] = {"ftd_pressure",     "ftd_pressure",      0.3,  "failures to deliver"                     },
    [COMPONENT_IV_RANK] = {"iv_rank",          "iv_rank",           0.2,  "implied volatility against its year"     },
    [COMPONENT_OI] = {"oi_change",        "oi_change",         0.35, "contracts opened since yesterday"        },
    [COMPONENT_ETF] = {"etf_flow",         "etf_flow",          0.3,  "money into or out of funds"              },
    [COMPONENT_SQUEEZE] = {"squeeze_score",    "squeeze_score",     0.2,  "signals of a squeeze together"           },
};

static const char *const REGIME_NAMES[] = {"RISK_ON", "RISK_OFF", "mixed", "NEUTRAL"};

enum score_regime
score_regime_from(const char *name)
{
    for (size_t i = 0; name != NULL && i < COUNT_OF(REGIME_NAMES); i++) {
        if (strcmp(name, REGIME_NAMES[i]) == 0) return (enum score_regime)i;
    }
    return SCORE_REGIME_OTHER;
}

const char *
score_regime_name(enum score_regime r)
{
    return r == SCORE_REGIME_OTHER ? "other" : REGIME_NAMES[r];
}

const char *
component_source_name(enum component_source s)
{
    return s == SOURCE_REAL ? "real" : s == SOURCE_DEFAULT ? "default" : "missing";
}

/* How much more or less a position might be sized; nothing applies it (R4.31). */
static double
sizing_overlay(const struct scoring *in, const struct composite *c)
{
    bool is_skewed = fabs(in->e->iv_term_skew) > 0.08;
    double x = 0;
    if (in->is_aligned && is_skewed) x += 0.25;
    if (in->e->whale.is_detected) x += 0.20;
    if (c->component[COMPONENT_CONGRESS] > 0.3) x += 0.15;
    if (c->component[COMPONENT_SHORTS] > 0.3) x += 0.20;
    if (!in->is_aligned && is_skewed) x -= 0.30;
    if (in->e->toxicity > 0.85) x -= 0.25;
    return round_places(x, 3);
}

/* How long an entry might wait for the pattern to complete; nothing waits (R4.31).  Later rules
 * win. */
static int
entry_delay_s(const struct enriched *e)
{
    int delay_s = 0;
    if (e->staircase.is_detected && e->staircase.steps < 4) delay_s = 120;
    if (e->sweep_block.is_detected && e->sweep_block.is_immediate) delay_s = 0;
    if (e->burst.is_detected && e->burst.intensity > 2.0) delay_s = 180;
    return delay_s;
}

/* The sum times freshness, plus the whale boost, inside the scale.  What overflowed was corrupt:
 * zero. */
static double
total(const struct composite *c, double freshness)
{
    double score = c->raw * freshness;
    if (!isfinite(score)) return 0;
    score = score + c->whale_conviction_boost;
    return round_places(clamp(score, 0, COMPOSITE_MAX), 3);
}

void
composite_v1(const struct enriched *e, enum score_regime regime, const struct expanded_intel *intel,
             int64_t now_ns, struct composite *ret_composite)
{
    static const struct expanded_intel none;
    int sign = sentiment_sign(e->sentiment);
    const struct scoring in = {
        .e = e,
        .intel = intel != NULL ? intel : &none,
        .regime = regime,
        .now_ns = now_ns,
        .sign = sign,
        .is_aligned = sign != 0 && sign_of(e->iv_term_skew) == sign,
    };
    struct composite *c = ret_composite;

    *c = (struct composite){.sentiment = e->sentiment};
    for (int i = 0; i < COMPONENTS_LEN; i++) {
        double x = COMPONENT_FNS[i](&in, COMPONENTS[i].weight, c);
        /* These five were always rounded on the way in, and thresholds are tuned to it. */
        bool is_rounded = i >= COMPONENT_CONGRESS && i <= COMPONENT_CALENDAR;
        c->component[i] = is_rounded ? round_places(x, 4) : x;
        c->raw += c->component[i];
    }
    c->whale_conviction_boost = e->whale.is_detected || e->sweep_block.is_detected ? 0.5 : 0;
    c->score = total(c, e->freshness);
    c->toxicity = round_places(e->toxicity, 3);
    c->freshness = round_places(e->freshness, 3);
    c->sizing_overlay = sizing_overlay(&in, c);
    c->entry_delay_s = entry_delay_s(e);
}

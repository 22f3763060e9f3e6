#include "analytics/families.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "analytics/members.h"
#include "analytics/value.h"

const char *const feature_name[FEATURES] = {
    [F_FLOW_STRENGTH] = "flow_strength",
    [F_DARKPOOL_BIAS] = "darkpool_bias",
    [F_SENTIMENT] = "sentiment",
    [F_EARNINGS_PROXIMITY] = "earnings_proximity",
    [F_SECTOR_ALIGNMENT] = "sector_alignment",
    [F_REGIME_ALIGNMENT] = "regime_alignment",
};

const enum feature feature_sorted[FEATURES] = {F_DARKPOOL_BIAS,    F_EARNINGS_PROXIMITY,
                                               F_FLOW_STRENGTH,    F_REGIME_ALIGNMENT,
                                               F_SECTOR_ALIGNMENT, F_SENTIMENT};

const char *const family_name[FAMILIES] = {
    [FAM_FLOW] = "flow",
    [FAM_DARKPOOL] = "darkpool",
    [FAM_SENTIMENT] = "sentiment",
    [FAM_EARNINGS] = "earnings",
    [FAM_ALIGNMENT] = "alignment",
    [FAM_GREEKS] = "greeks",
    [FAM_VOLATILITY] = "volatility",
    [FAM_REGIME] = "regime",
    [FAM_EVENT] = "event",
    [FAM_SHORT_INTEREST] = "short_interest",
    [FAM_ETF_FLOW] = "etf_flow",
    [FAM_CALENDAR] = "calendar",
    [FAM_TOXICITY] = "toxicity",
    [FAM_OTHER] = "other",
    [FAM_UNKNOWN] = "unknown",
};

const enum family family_sorted[FAMILIES] = {
    FAM_ALIGNMENT, FAM_CALENDAR,       FAM_DARKPOOL, FAM_EARNINGS, FAM_ETF_FLOW,
    FAM_EVENT,     FAM_FLOW,           FAM_GREEKS,   FAM_OTHER,    FAM_REGIME,
    FAM_SENTIMENT, FAM_SHORT_INTEREST, FAM_TOXICITY, FAM_UNKNOWN,  FAM_VOLATILITY};

struct belonging {
    const char *key;
    enum family family;
};

static const struct belonging v2_members[] = {
    {"flow_strength",      FAM_FLOW      },
    {"flow",               FAM_FLOW      },
    {"darkpool_bias",      FAM_DARKPOOL  },
    {"dark_pool",          FAM_DARKPOOL  },
    {"darkpool",           FAM_DARKPOOL  },
    {"sentiment",          FAM_SENTIMENT },
    {"earnings_proximity", FAM_EARNINGS  },
    {"earnings",           FAM_EARNINGS  },
    {"sector_alignment",   FAM_ALIGNMENT },
    {"regime_alignment",   FAM_ALIGNMENT },
    {"alignment",          FAM_ALIGNMENT },
    {"realized_vol_5d",    FAM_VOLATILITY},
    {"realized_vol_20d",   FAM_VOLATILITY},
    {"beta_vs_spy",        FAM_VOLATILITY},
};

static const struct belonging v1_members[] = {
    {"flow",             FAM_FLOW          },
    {"flow_count",       FAM_FLOW          },
    {"flow_premium",     FAM_FLOW          },
    {"whale",            FAM_FLOW          },
    {"oi_change",        FAM_FLOW          },
    {"ftd_pressure",     FAM_FLOW          },
    {"dark_pool",        FAM_DARKPOOL      },
    {"darkpool",         FAM_DARKPOOL      },
    {"event",            FAM_EVENT         },
    {"motif_bonus",      FAM_EVENT         },
    {"insider",          FAM_EVENT         },
    {"congress",         FAM_EVENT         },
    {"institutional",    FAM_EVENT         },
    {"regime",           FAM_REGIME        },
    {"market_tide",      FAM_REGIME        },
    {"gamma_regime",     FAM_REGIME        },
    {"calendar",         FAM_CALENDAR      },
    {"greeks_gamma",     FAM_GREEKS        },
    {"iv_skew",          FAM_VOLATILITY    },
    {"smile",            FAM_VOLATILITY    },
    {"iv_rank",          FAM_VOLATILITY    },
    {"etf_flow",         FAM_ETF_FLOW      },
    {"shorts_squeeze",   FAM_SHORT_INTEREST},
    {"squeeze_score",    FAM_SHORT_INTEREST},
    {"toxicity_penalty", FAM_TOXICITY      },
};

/* Trimmed, in any case of ASCII. */
static enum family
look_up(const struct belonging *member, size_t len, struct span key)
{
    key = span_trim(key);
    for (size_t i = 0; i < len; i++) {
        if (strlen(member[i].key) == key.len && strncasecmp(member[i].key, key.at, key.len) == 0)
            return member[i].family;
    }
    return FAM_OTHER;
}

enum family
family_of_v2(struct span key)
{
    return look_up(v2_members, COUNT_OF(v2_members), key);
}

enum family
family_of_v1(struct span component)
{
    return look_up(v1_members, COUNT_OF(v1_members), component);
}

bool
is_active(double x)
{
    return fabs(known_or_0(x)) > 1e-9;
}

family_set
families_of_adjustments(const struct node *a)
{
    CLEANUP(members_done) struct members m = members_of(a);
    family_set set = 0;

    for (size_t i = 0; i < m.len; i++) {
        if (!span_is(m.at[i].key, "total") && is_active(val_num(m.at[i].value)))
            set |= (family_set)(1U << family_of_v2(m.at[i].key));
    }
    return set;
}

enum family
family_of_components(const struct node *c)
{
    CLEANUP(members_done) struct members m = members_of(c);
    enum family family = FAM_UNKNOWN;
    double largest = 0;

    for (size_t i = 0; i < m.len; i++) {
        double size = val_abs0(m.at[i].value);
        if (!(size > largest)) continue; /* the first of equals stays */
        largest = size;
        family = family_of_v1(m.at[i].key);
    }
    return family;
}

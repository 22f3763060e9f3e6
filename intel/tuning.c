#include "intel/tuning.h"

double
tuning_nudge(double win_rate, double avg_pnl_pct)
{
    static const struct rule {
        double win_rate; /* at least, where it earned; at most, where it lost */
        double nudge;
        bool has_earned;
    } rules[] = {
        {0.60, 0.10,  true },
        {0.40, -0.15, false},
        {0.55, 0.05,  true },
        {0.45, -0.05, false},
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const struct rule *r = &rules[i];
        bool holds = r->has_earned ? win_rate >= r->win_rate && avg_pnl_pct > 0
                                   : win_rate <= r->win_rate && avg_pnl_pct < 0;
        if (holds) return r->nudge;
    }
    return 0;
}

struct tuning
tuning_decode(const struct json *summary)
{
    const struct json *by_feature = json_get_obj(summary, "by_feature");
    struct tuning t = {.has_summary = json_is_object(summary)};

    (void)str_copy(t.date, sizeof(t.date), json_str(json_get_obj(summary, "_meta"), "date", ""));
    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++) {
        const struct json *v = json_get_obj(by_feature, intel_feature_name((enum intel_feature)f));
        struct tuning_feature *to = &t.feature[f];

        to->win_rate = json_f64(v, "win_rate", 0);
        to->avg_pnl_pct = json_f64(v, "avg_pnl_pct", 0);
        to->n = json_i64(v, "n", 0);
        to->nudge = tuning_nudge(to->win_rate, to->avg_pnl_pct);
    }
    return t;
}

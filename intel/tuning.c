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

    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++) {
        const struct json *v = json_get_obj(by_feature, intel_feature_name((enum intel_feature)f));
        t.nudge[f] = tuning_nudge(json_f64(v, "win_rate", 0), json_f64(v, "avg_pnl_pct", 0));
    }
    return t;
}

struct tuning_recent
tuning_recent_decode(const struct json *record, struct arena *a)
{
    return (struct tuning_recent){
        .symbol = intel_upper(a, json_get(record, "symbol"), "?"),
        .direction = intel_str(a, json_get(record, "direction"), "?"),
        .score_delta = json_f64(json_get_obj(record, "uw_contribution"), "score_delta", 0),
    };
}

static void
add_nudges(struct text *to, const struct tuning *t)
{
    bool has_any = false;

    if (!t->has_summary) {
        text_puts(to, "There is no intel P&L summary yet.\n");
        return;
    }
    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++) {
        if (!(t->nudge[f] > 0) && !(t->nudge[f] < 0)) continue;
        text_printf(to, "- %s: %+.2f\n", intel_feature_name((enum intel_feature)f), t->nudge[f]);
        has_any = true;
    }
    if (!has_any) text_puts(to, "Nothing suggests another weight.\n");
}

void
tuning_report(struct text *to, const struct tuning *t, const struct tuning_recent *recent,
              size_t len, const char *day)
{
    text_printf(to, "# v2 tuning suggestions %s\n\nAdvice only: nothing is applied.\n\n", day);
    text_puts(to, "## Weights\n\n");
    add_nudges(to, t);
    text_puts(to, "\n## Latest attributions\n\n");
    if (len == 0) text_puts(to, "None.\n");
    for (size_t i = len - MIN(len, (size_t)TUNING_RECENT_MAX); i < len; i++) {
        text_printf(to, "- %s %s: %+.4f\n", recent[i].symbol, recent[i].direction,
                    recent[i].score_delta);
    }
}

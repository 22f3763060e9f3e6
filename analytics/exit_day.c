#include "analytics/exit_day.h"

#include <math.h>

static const char *const PARTS[EXIT_PARTS] = {
    "flow_deterioration",  "darkpool_deterioration", "sentiment_deterioration",
    "score_deterioration", "regime_shift",           "sector_shift",
    "vol_expansion"};

const char *
exit_part_name(int part)
{
    ASSERT(part >= 0 && part < EXIT_PARTS);
    return PARTS[part];
}

static void
rank(struct exit_day *d, const struct json *record)
{
    char buf[F64_TEXT_MAX];
    struct ranked r = {.value = json_f64(record, "pnl", (double)NAN)};

    if (!isfinite(r.value)) return;
    (void)str_copy(r.name, sizeof(r.name), ops_str(json_get(record, "symbol"), "UNKNOWN", buf));
    (void)str_copy(r.note, sizeof(r.note),
                   ops_str(json_get(record, "exit_reason"), "unknown", buf));
    ranking_take(&d->best, RANK_LARGEST, &r);
    ranking_take(&d->worst, RANK_SMALLEST, &r);
}

void
exit_day_take(struct exit_day *d, const struct json *record)
{
    const struct json *parts = json_get_obj(record, "v2_exit_components");

    d->n++;
    rank(d, record);
    for (int i = 0; i < EXIT_PARTS; i++) {
        double x = json_f64(parts, PARTS[i], (double)NAN);
        if (!isfinite(x)) continue;
        d->part_n[i]++;
        d->part_sum[i] += x;
    }
}

#include "analytics/candidates.h"

#include <math.h>

/* An adjustment below this did nothing (spec 40 5.4). */
#define USED_FROM 1e-6

static void
count_score(struct score_range *r, double score)
{
    double at = floor(score / SCORE_BIN_WIDTH);
    int bin = (int)ops_clamp(at, 0, SCORE_BINS - 1);

    r->min = r->n == 0 ? score : fmin(r->min, score);
    r->max = r->n == 0 ? score : fmax(r->max, score);
    r->bin[bin]++;
    r->n++;
}

static void
count_features(struct candidates *c, const struct json *uw, struct arena *a)
{
    const struct json *v = json_first(json_get_obj(uw, "v2_uw_adjustments"));

    for (; v != NULL; v = json_next(v)) {
        if (str_eq(json_key(v), "total") || !(fabs(json_f64_of(v, 0)) > USED_FROM)) continue;
        counts_at(&c->by_feature, json_key(v), a)->n++;
    }
}

static void
take_candidate(struct candidates *c, const struct json *record, const char *symbol, struct arena *a)
{
    const struct json *uw = json_get_obj(record, "uw_attribution_snapshot");
    const struct json *sector = json_get(json_get_obj(uw, "v2_uw_sector_profile"), "sector");
    char buf[F64_TEXT_MAX];
    struct ranked r = {
        .value = json_f64(record, "v2_score", 0),
        .other = json_f64(record, "v1_score", 0),
    };

    (void)str_copy(r.name, sizeof(r.name), symbol);
    (void)str_copy(r.note, sizeof(r.note), ops_str(json_get(record, "direction"), "", buf));
    c->n++;
    counts_at(&c->by_symbol, symbol, a)->n++;
    counts_at(&c->by_sector, ops_str(sector, "UNKNOWN", buf), a)->n++;
    count_features(c, uw, a);
    count_score(&c->v2, r.value);
    count_score(&c->v1, r.other);
    ranking_take(&c->top, RANK_LARGEST, &r);
    ranking_take(&c->bottom, RANK_SMALLEST_LAST, &r);
}

void
candidates_take(struct candidates *c, const struct json *record, struct arena *a)
{
    const char *event = json_str(record, "event_type", "");
    bool is_candidate = str_eq(event, "shadow_trade_candidate");
    bool is_entry = str_eq(event, "shadow_entry_opened");
    char buf[F64_TEXT_MAX], symbol[RANKED_NAME_MAX];

    (void)str_copy(symbol, sizeof(symbol), ops_str(json_get(record, "symbol"), "UNKNOWN", buf));
    str_upper(symbol);
    if (is_candidate) take_candidate(c, record, symbol, a);
    c->entries += is_entry;
    c->exits += str_eq(event, "shadow_exit");
    if (is_candidate || is_entry) counts_at(&c->traded, symbol, a)->n++;
}

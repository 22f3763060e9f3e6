#include "intel/intel_pnl.h"

#include <math.h>

static const char *const features[INTEL_FEATURES_LEN] = {
    [FEATURE_DARKPOOL_BIAS] = "darkpool_bias",
    [FEATURE_EARNINGS_PROXIMITY] = "earnings_proximity",
    [FEATURE_FLOW_STRENGTH] = "flow_strength",
    [FEATURE_REGIME_ALIGNMENT] = "regime_alignment",
    [FEATURE_SECTOR_ALIGNMENT] = "sector_alignment",
    [FEATURE_SENTIMENT] = "sentiment",
};

const char *
intel_feature_name(enum intel_feature f)
{
    return features[f];
}

/* ---- what the symbols earned --------------------------------------------------------------- */

/* Index of the first row that does not come before the symbol. */
static size_t
place_of(const struct pnl_table *t, const char *symbol)
{
    size_t lo = 0, hi = t->len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(t->row[mid].symbol, symbol) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool
is_at(const struct pnl_table *t, size_t i, const char *symbol)
{
    return i < t->len && strcmp(t->row[i].symbol, symbol) == 0;
}

static void
insert(struct pnl_table *t, size_t at, const struct symbol_pnl *p)
{
    enum { CAP_FIRST = 64 };

    if (t->len == t->cap) {
        size_t cap = t->cap > 0 ? 2 * t->cap : CAP_FIRST;
        struct symbol_pnl *bigger = ARENA_NEW(t->arena, struct symbol_pnl, cap);
        if (t->len > 0) memcpy(bigger, t->row, t->len * sizeof(*bigger));
        t->row = bigger;
        t->cap = cap;
    }
    memmove(t->row + at + 1, t->row + at, (t->len - at) * sizeof(*t->row));
    t->row[at] = *p;
    t->row[at].symbol = arena_strdup(t->arena, p->symbol);
    t->len++;
}

void
pnl_learn(struct pnl_table *t, const struct symbol_pnl *p)
{
    size_t at = place_of(t, p->symbol);

    if (!is_at(t, at, p->symbol)) {
        insert(t, at, p);
        return;
    }
    struct symbol_pnl *known = &t->row[at];
    if (p->source < known->source) return;
    if (p->source == known->source && p->source == PNL_SHADOW) return;
    known->source = p->source;
    known->pct = p->pct;
}

const struct symbol_pnl *
pnl_find(const struct pnl_table *t, const char *symbol)
{
    size_t at = place_of(t, symbol);

    return is_at(t, at, symbol) ? &t->row[at] : NULL;
}

/* ---- the summary --------------------------------------------------------------------------- */

void
intel_pnl_count(struct intel_pnl *s, const struct intel_attribution *a, const struct pnl_table *t)
{
    const struct symbol_pnl *p = pnl_find(t, a->symbol);

    s->records++;
    if (p == NULL) return;
    s->matched++;
    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++) {
        struct feature_sums *sums = &s->feature[f];
        sums->n++;
        sums->wins += p->pct > 0;
        sums->value += a->feature[f];
        sums->score_delta += a->score_delta;
        sums->pnl_pct += p->pct;
        if (!(fabs(a->feature[f]) > 0)) continue;
        sums->active++;
        sums->active_wins += p->pct > 0;
        sums->active_pnl_pct += p->pct;
    }
}

/* ---- from JSON ----------------------------------------------------------------------------- */

bool
symbol_pnl_is_of(const struct json *record, const char *day)
{
    static const char *const keys[] = {"ts", "timestamp"};

    return ops_is_day(ops_first(record, keys, COUNT_OF(keys)), day);
}

bool
attribution_is_of(const struct json *record, const char *day)
{
    return ops_is_day(json_get(record, "timestamp"), day);
}

/* Where each log tells its figure; the first that is not null counts. */
static const struct figure {
    enum pnl_source source;
    const char *key;
    double to_pct;
} FIGURES[] = {
    {PNL_EXITS,            "pnl_pct",          1  },
    {PNL_EXITS,            "pnl_percent",      1  },
    {PNL_EXIT_ATTRIBUTION, "pnl_pct",          100},
    {PNL_SHADOW,           "pnl_pct",          1  },
    {PNL_SHADOW,           "shadow_pnl_pct",   1  },
    {PNL_SHADOW,           "pnl_percent",      1  },
    {PNL_SHADOW,           "realized_pnl_pct", 100},
};

bool
symbol_pnl_decode(const struct json *record, enum pnl_source source, struct arena *a,
                  struct symbol_pnl *ret)
{
    struct symbol_pnl p = {
        .symbol = intel_upper(a, json_get(record, "symbol"), ""),
        .source = source,
        .pct = (double)NAN,
    };

    for (size_t i = 0; i < COUNT_OF(FIGURES); i++) {
        const struct json *v = json_get(record, FIGURES[i].key);
        if (FIGURES[i].source != source || v == NULL) continue;
        p.pct = json_f64_of(v, (double)NAN) * FIGURES[i].to_pct;
        break;
    }
    if (p.symbol[0] == '\0' || isnan(p.pct)) return false;
    *ret = p;
    return true;
}

struct intel_attribution
attribution_decode(const struct json *record, struct arena *a)
{
    const struct json *values = json_get_obj(record, "uw_features");
    const char *sentiment = json_str(values, features[FEATURE_SENTIMENT], "");
    struct intel_attribution at = {
        .symbol = intel_upper(a, json_get(record, "symbol"), ""),
        .score_delta = json_f64(json_get_obj(record, "uw_contribution"), "score_delta", 0),
    };

    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++)
        at.feature[f] = json_f64(values, features[f], 0);
    at.feature[FEATURE_SENTIMENT] = str_eq(sentiment, "BULLISH")   ? 1
                                    : str_eq(sentiment, "BEARISH") ? -1
                                                                   : 0;
    return at;
}

/* ---- to JSON --------------------------------------------------------------------------- */

static double
average(double sum, int64_t n)
{
    return round_dec(sum / (double)MAX(n, 1), INTEL_PNL_DECIMALS);
}

static void
write_active(struct json_out *o, const struct feature_sums *sums)
{
    bool has = sums->active > 0;

    json_out_i64(o, "active_n", sums->active);
    json_out_num(o, "active_avg_pnl_pct",
                 has ? average(sums->active_pnl_pct, sums->active) : (double)NAN);
    json_out_num(o, "active_win_rate",
                 has ? average((double)sums->active_wins, sums->active) : (double)NAN);
}

void
intel_pnl_write_members(struct json_out *o, const struct intel_pnl *s, enum intel_pnl_form form)
{
    json_out_obj(o, "counts");
    json_out_i64(o, "attribution_records", s->records);
    json_out_i64(o, "matched_to_pnl", s->matched);
    json_out_end(o);
    json_out_obj(o, "by_feature");
    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++) {
        const struct feature_sums *sums = &s->feature[f];
        if (sums->n == 0) continue;
        json_out_obj(o, features[f]);
        json_out_i64(o, "n", sums->n);
        json_out_num(o, "avg_feature_value", average(sums->value, sums->n));
        json_out_num(o, "avg_score_delta", average(sums->score_delta, sums->n));
        json_out_num(o, "avg_pnl_pct", average(sums->pnl_pct, sums->n));
        json_out_num(o, "win_rate", average((double)sums->wins, sums->n));
        if (form == INTEL_PNL_EXTENDED) write_active(o, sums);
        json_out_end(o);
    }
    json_out_end(o);
}

void
intel_pnl_write(struct json_out *o, const struct intel_pnl *s, const struct intel_pnl_inputs *in,
                const char *day, int64_t now_ns)
{
    json_out_obj(o, NULL);
    json_out_obj(o, "_meta");
    intel_ts_write(o, now_ns);
    json_out_str(o, "date", day);
    json_out_str(o, "version", INTEL_PNL_VERSION);
    json_out_end(o);
    json_out_obj(o, "inputs");
    json_out_bool(o, "attribution_log_exists", in->has_attribution);
    json_out_bool(o, "exits_log_exists", in->has_exits);
    json_out_bool(o, "shadow_log_exists", in->has_shadow);
    json_out_end(o);
    intel_pnl_write_members(o, s, INTEL_PNL_EXTENDED);
    json_out_end(o);
}

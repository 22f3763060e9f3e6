#include "analytics/artifacts.h"
#include "analytics/stats.h"

#define VERSION "2026-01-22_v1"

/* When replacing looks like a habit: more than so many of so many. */
#define OVERALL_RATE_MAX 0.25
#define FEATURE_RATE_MAX 0.5
enum { OVERALL_MIN = 3, FEATURE_MIN = 5 };

/* Trades in which something was active, and those of them that made room for another symbol. */
struct rates {
    struct tally denom, numer;
};

struct replacements {
    struct rates feature;
    int64_t family_denom[FAMILIES], family_numer[FAMILIES];
    struct tally cause;
    int64_t causeless; /* replaced without a record that could give a cause */
    int64_t replaced;
};

static void
add_family(struct replacements *r, enum family f, bool is_replaced)
{
    r->family_denom[f]++;
    if (is_replaced) r->family_numer[f]++;
}

/* Two active features of one family count twice in it. */
static void
add_trade(const struct day_view *day, const struct trade *t, struct replacements *r)
{
    for (uint32_t i = 0; i < t->a->actives; i++) {
        word k = day->active_key[t->a->active + i];

        tally_add(&r->feature.denom, k, 1);
        tally_add(&r->feature.numer, k, t->is_replaced ? 1 : 0);
        add_family(r, family_of_v2(words_text(day->words, k)), t->is_replaced);
    }
    if (t->a->actives == 0) add_family(r, FAM_UNKNOWN, t->is_replaced);
    if (!t->is_replaced) return;
    r->replaced++;
    if (t->a->cause != 0)
        tally_add(&r->cause, t->a->cause, 1);
    else
        r->causeless++;
}

static bool
is_anomaly(const struct replacements *r, size_t trades)
{
    if (r->replaced >= OVERALL_MIN && rate(r->replaced, (int64_t)trades) > OVERALL_RATE_MAX)
        return true;
    for (uint32_t i = 0; i < r->feature.denom.len; i++) {
        int64_t denom = r->feature.denom.count[i];

        if (denom >= FEATURE_MIN && rate(r->feature.numer.count[i], denom) > FEATURE_RATE_MAX)
            return true;
    }
    return false;
}

static void
write_rate(struct doc *out, int64_t denom, int64_t numer)
{
    doc_int(out, "denom", denom);
    doc_int(out, "numer", numer);
    doc_num(out, "replacement_rate", rate(numer, denom));
    doc_end(out);
}

static void
write_features(const struct day_view *day, struct doc *out, const struct rates *r)
{
    uint32_t *sorted = tally_sorted(&r->denom, day->words);

    doc_obj(out, "per_feature_replacement_rate");
    for (uint32_t i = 0; i < r->denom.len; i++) {
        uint32_t k = sorted[i]; /* both tallies have the same keys in the same order */

        doc_obj_at(out, words_text(day->words, (word)r->denom.key[k]));
        write_rate(out, r->denom.count[k], r->numer.count[k]);
    }
    doc_end(out);
    free(sorted);
}

static void
write_families(struct doc *out, const struct replacements *r)
{
    doc_obj(out, "per_family_replacement_rate");
    for (int i = 0; i < FAMILIES; i++) {
        enum family f = family_sorted[i];

        if (r->family_denom[f] == 0) continue;
        doc_obj(out, family_name[f]);
        write_rate(out, r->family_denom[f], r->family_numer[f]);
    }
    doc_end(out);
}

/* "unknown" also counts those without a record, and stands where its letters put it. */
static void
write_causes(const struct day_view *day, struct doc *out, const struct replacements *r)
{
    static const struct span unknown = {"unknown", sizeof("unknown") - 1};
    const struct tally *cause = &r->cause;
    uint32_t *sorted = tally_sorted(cause, day->words);
    bool is_due = r->causeless > 0 || cause->len == 0;

    doc_obj(out, "replacement_cause_histogram");
    for (uint32_t i = 0; i < cause->len; i++) {
        struct span text = words_text(day->words, (word)cause->key[sorted[i]]);
        int64_t count = cause->count[sorted[i]];
        int order = is_due ? span_cmp(text, unknown) : -1;

        if (order > 0) doc_int_at(out, unknown, r->causeless);
        doc_int_at(out, text, order == 0 ? count + r->causeless : count);
        if (order >= 0) is_due = false;
    }
    if (is_due) doc_int_at(out, unknown, r->causeless);
    doc_end(out);
    free(sorted);
}

void
artifact_replacement(const struct day_view *day, struct doc *out, const char *key)
{
    struct replacements r = {0};

    for (size_t i = 0; i < day->trades; i++)
        add_trade(day, &day->trade[i], &r);
    doc_obj(out, key);
    artifact_meta(day, out, "replacement_telemetry_expanded", VERSION);
    doc_obj(out, "counts");
    doc_int(out, "realized_trades", (int64_t)day->trades);
    doc_num(out, "replacement_rate", rate(r.replaced, (int64_t)day->trades));
    doc_int(out, "replacement_trades", r.replaced);
    doc_end(out);
    doc_obj(out, "notes");
    doc_str(out, "active_feature_definition", "abs(entry v2_uw_adjustments[k]) > 1e-9");
    doc_str(out, "anomaly_rule",
            "rate > 0.25 with >= 3 replacements, or any feature rate > 0.5 with denom >= 5");
    doc_end(out);
    write_families(out, &r);
    write_features(day, out, &r.feature);
    doc_bool(out, "replacement_anomaly_detected", is_anomaly(&r, day->trades));
    write_causes(day, out, &r);
    doc_end(out);
    tally_done(&r.feature.denom);
    tally_done(&r.feature.numer);
    tally_done(&r.cause);
}

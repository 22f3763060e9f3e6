#include <math.h>
#include <string.h>

#include "analytics/day_internal.h"
#include "analytics/grow.h"
#include "analytics/members.h"

const char *const top_key[TOP_KEYS] = {
    "pnl",
    "pnl_pct",
    "entry_price",
    "exit_price",
    "qty",
    "time_in_trade_minutes",
    "entry_regime",
    "exit_regime",
    "entry_sector_profile",
    "exit_sector_profile",
    "v2_exit_score",
    "v2_exit_components",
};

const char *const component_key[COMPONENT_KEYS] = {
    "vol_expansion",       "regime_shift",           "sector_shift",
    "flow_deterioration",  "darkpool_deterioration", "sentiment_deterioration",
    "score_deterioration",
};

/* 3.1.5 and 3.1.6; NONE unless both are known. */
static double
change(double from, double to)
{
    return is_known(from) && is_known(to) ? to - from : NONE;
}

static double
sentiment_value(struct day *d, const struct node *sentiment)
{
    static const struct {
        const char *word;
        double value;
    } known[] = {
        {"bullish", 1.0 },
        {"bearish", -1.0},
        {"neutral", 0.0 }
    };
    double x = val_num(sentiment);
    word w = is_known(x) ? 0 : day_word(d, sentiment);

    for (size_t i = 0; i < COUNT_OF(known) && !is_known(x); i++) {
        if (word_is_low(&d->words, w, known[i].word)) x = known[i].value;
    }
    return x;
}

static void
keep_features(struct day *d, const struct node_map *r, struct attribution *a)
{
    const struct node *entry = top(r, "entry_uw"), *exit = top(r, "exit_uw");
    const struct node *ei = field(entry, "v2_uw_inputs"), *ea = field(entry, "v2_uw_adjustments");
    const struct node *xi = field(exit, "v2_uw_inputs"), *xa = field(exit, "v2_uw_adjustments");
    CLEANUP(members_done) struct members all = members_of(ea);

    for (size_t k = 0; k < FEATURES; k++) {
        double adjust = field_num(ea, feature_name[k]);
        a->entry_input[k] = field_num(ei, feature_name[k]);
        a->decay[k] = change(adjust, field_num(xa, feature_name[k]));
        if (is_active(adjust)) a->active_features |= (uint8_t)(1U << k);
    }
    a->regime_drift = change(a->entry_input[F_REGIME_ALIGNMENT], field_num(xi, "regime_alignment"));
    a->sector_drift = change(a->entry_input[F_SECTOR_ALIGNMENT], field_num(xi, "sector_alignment"));
    a->sentiment_value = sentiment_value(d, field(ei, "sentiment"));
    a->families = families_of_adjustments(ea);
    a->active = (uint32_t)d->active_keys;
    for (size_t i = 0; i < all.len; i++) {
        if (span_is(all.at[i].key, "total") || !is_active(val_num(all.at[i].value))) continue;
        d->active_key =
            grown(d->active_key, d->active_keys, &d->active_keys_cap, sizeof(*d->active_key));
        d->active_key[d->active_keys++] = words_add(&d->words, all.at[i].key);
        a->actives++;
    }
}

/* 3.11.2. */
static word
cause_of(struct day *d, const struct node *reasoning)
{
    static const char *const keys[] = {"cause", "reason", "close_reason", "exit_reason"};
    const char *cause = "unknown";

    if (node_kind(reasoning) == JSON_STRING) {
        struct span s = span_trim(node_text(reasoning));
        if (s.len > 0) return words_add(&d->words, s);
    }
    if (node_kind(reasoning) == JSON_OBJECT) {
        cause = "reasoning_present_no_cause";
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
            if (!val_truthy(field(reasoning, keys[i]))) continue;
            word w = field_word(d, reasoning, keys[i]);
            if (w != 0) return w;
            break;
        }
    }
    return words_add(&d->words, (struct span){cause, strlen(cause)});
}

static void
keep_attribution(struct day *d, const struct node_map *r, struct line_ref line)
{
    word symbol = day_upper(d, top(r, "symbol")), entry = top_word(d, r, "entry_timestamp");

    if (symbol == 0 || entry == 0) return;
    uint32_t at = tally_index(&d->attribution_key, word_pair(symbol, entry));
    d->attribution = grown(d->attribution, at, &d->attributions_cap, sizeof(*d->attribution));
    struct attribution *a = &d->attribution[at];
    *a = (struct attribution){
        .line = line,
        .v2_exit_score = top_num(r, "v2_exit_score"),
        .has_exit_score = val_truthy(top(r, "v2_exit_score")),
        .score_deterioration = top_num(r, "score_deterioration"),
        .relative_strength_deterioration = top_num(r, "relative_strength_deterioration"),
        .vol_expansion = field_num(top(r, "v2_exit_components"), "vol_expansion"),
        .cause = cause_of(d, top(r, "replacement_reasoning")),
    };
    keep_features(d, r, a);
}

static void
count_miss(struct day *d, word reason, const char *kind, const char *key)
{
    CLEANUP(text_free) struct text code = {0};

    text_puts(&code, kind);
    text_puts(&code, key);
    word w = words_add(&d->words, (struct span){code.data, code.len});
    tally_add(&d->completeness.misses, word_pair(reason, w), 1);
}

/* 3.3: a key with null is there. */
static void
count_completeness(struct day *d, const struct node_map *r)
{
    static const char *const numeric[NON_NUMERIC_KEYS] = {"v2_exit_score", "score_deterioration",
                                                          "relative_strength_deterioration"};
    struct completeness *c = &d->completeness;
    const struct node *components = top(r, "v2_exit_components");
    word reason = top_word(d, r, "exit_reason");
    bool is_complete = true;

    c->records++;
    for (size_t i = 0; i < TOP_KEYS; i++) {
        bool is_there = top(r, top_key[i]) != NULL;
        c->top_present[i] += is_there;
        if (!is_there) count_miss(d, reason, "top:", top_key[i]);
    }
    for (size_t i = 0; i < COMPONENT_KEYS; i++) {
        bool is_there = field(components, component_key[i]) != NULL;
        c->component_present[i] += is_there;
        is_complete = is_complete && is_there;
        if (!is_there) count_miss(d, reason, "comp:", component_key[i]);
    }
    for (size_t i = 0; i < NON_NUMERIC_KEYS; i++) {
        const struct node *v = top(r, numeric[i]);
        if (node_kind(v) != JSON_NULL && !is_known(val_num(v)))
            count_miss(d, reason, "type_non_numeric:", numeric[i]);
    }
    c->complete += is_complete;
}

/* 3.12.2: pnl_usd is asked where pnl is missing or null. */
static void
keep_shadow_event(struct day *d, const struct node_map *r)
{
    const struct node *t = val_first(val_first(top(r, "timestamp"), top(r, "ts")), top(r, "_ts"));
    const struct node *pnl = top(r, "pnl");

    if (node_kind(pnl) == JSON_NULL) pnl = top(r, "pnl_usd");
    day_event(d, &d->shadow, val_tsany(t), day_upper(d, top(r, "symbol")), val_num0(pnl));
}

void
day_exit_attribution(void *day, const struct node *record, struct line_ref line)
{
    struct day *d = day;
    struct node_map members;
    const struct node_map *r = node_map_fill(&members, record);

    keep_shadow_event(d, r);
    if (!day_is_today(d, val_first(top(r, "timestamp"), top(r, "ts")))) return;
    count_completeness(d, r);
    keep_attribution(d, r, line);
}

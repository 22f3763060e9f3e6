/*
 * Any bytes as a symbol of the flow cache: decoded, enriched, scored, written; and as an enriched
 * object. The score stays in bounds, and what is written is JSON.
 */
#include "tests/fuzz/fuzz.h"

#include "strategy/clusters.h"
#include "strategy/composite_json.h"
#include "strategy/enriched_json.h"

static const int64_t NOW_NS = INT64_C(1769806000) * NS_PER_S;

static void
score(const struct enriched *e)
{
    CLEANUP(text_free) struct text out = {0};
    CLEANUP(json_freep) struct json *again = NULL;
    struct json_out o = {.to = &out};
    struct composite c;

    composite_v1(e, SCORE_REGIME_MIXED, NULL, NOW_NS, &c);
    ASSERT(c.score >= 0 && c.score <= COMPOSITE_MAX);
    composite_write(
        &o, NULL,
        &(struct composite_view){.symbol = "X", .regime = "mixed", .composite = &c, .enriched = e});
    ASSERT(json_parse(text_str(&out), out.len, JSON_STRICT, &JSON_LIMITS_FILE, &again, NULL) ==
           RC_OK);
}

static void
as_cache(const struct json *doc)
{
    CLEANUP(symbol_flow_done) struct symbol_flow flow = {0};
    CLEANUP(arena_done) struct arena arena = {0};
    CLEANUP(text_free) struct text out = {0};
    struct json_out o = {.to = &out};
    struct enriched e;

    if (!symbol_flow_decode("AAPL", doc, &flow)) return;
    const struct flow_alert **ref = ARENA_NEW(&arena, const struct flow_alert *, flow.alerts_len);
    for (size_t i = 0; i < flow.alerts_len; i++)
        ref[i] = &flow.alert[i];
    (void)clusters_find(ref, flow.alerts_len, &FLOW_LIMITS_DEFAULT, NOW_NS, &arena);
    enrich(&flow, NULL, NOW_NS, &e);
    ASSERT(e.freshness >= 0 && e.freshness <= 1);
    enriched_write(&o, NULL, doc, &e);
    score(&e);
}

static void
as_enriched(const struct json *doc)
{
    CLEANUP(enriched_done) struct enriched e = {0};
    enriched_decode(doc, &e);
    score(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    if (json_parse((const char *)data, size, JSON_LOG, &JSON_LIMITS_BODY, &doc, NULL) != RC_OK)
        return 0;
    as_cache(doc);
    as_enriched(doc);
    return 0;
}

/*
 * Scoring one symbol: everything score_all does for it, and after that v2, over 500 symbols that
 * are in memory.  v2 knows features and an intel record of each, so that no part of its score is
 * idle.
 */
#include <math.h>
#include <unistd.h>

#include "tests/bench/cache.h"
#include "tests/bench/report.h"
#include "tests/bench/world.h"

enum { SYMBOLS = 500, ALERTS = 100, ROUNDS = 400 };

static bool
always(void *ctx, const struct flow_entry *e)
{
    (void)ctx;
    (void)e;
    return true;
}

static void
put_cache(const char *root)
{
    CLEANUP(text_free) struct text json = {0};
    struct cache_spec spec = {.symbols = SYMBOLS, .alerts = ALERTS, .now_ns = WORLD_NOW_NS};
    char path[128];

    cache_write(&spec, &json);
    (void)snprintf(path, sizeof(path), "%s/" FLOW_CACHE_PATH, root);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(json.data, 1, json.len, f) != json.len || fclose(f) != 0)
        bench_die("write", path);
}

static void
put_json(const char *root, const char *name, const char *symbols_fmt, const struct flow_table *t)
{
    CLEANUP(text_free) struct text json = {0};
    char path[160];

    text_puts(&json, "{\"_meta\":{\"uw_intel_version\":\"v\"},\"symbols\":{");
    for (size_t i = 0; i < t->len; i++)
        text_printf(&json, "%s\"%s\":%s", i > 0 ? "," : "", t->entry[i]->flow.symbol, symbols_fmt);
    text_puts(&json, "}}");
    (void)snprintf(path, sizeof(path), "%s/state/%s", root, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(json.data, 1, json.len, f) != json.len || fclose(f) != 0)
        bench_die("write", path);
}

/* What v2 knows beside the flow. */
static void
open_v2(struct world *w, const char *root, struct arena *a, struct v2_world *ret_world)
{
    struct v2_seams seams = {.cfg = &w->cfg, .fs = &w->fs, .store = &w->store, .log = &w->log};

    put_json(root, "symbol_risk_features.json", "{\"realized_vol_20d\":0.35,\"beta_vs_spy\":1.4}",
             &w->engine.flow);
    put_json(root, "premarket_intel.json",
             "{\"flow_strength\":0.6,\"darkpool_bias\":0.1,\"sentiment\":\"BULLISH\","
             "\"earnings_proximity\":3,\"sector_alignment\":0.1}",
             &w->engine.flow);
    v2_docs_sync(&w->engine.v2.docs, &seams);
    const struct v2_documents docs = {.premarket_intel = w->engine.v2.docs.doc[V2_PREMARKET]};
    v2_world_decode(&docs, &COMPOSITE_PARAMS_CONFIGURED, &w->engine.v2.docs.sectors, a, ret_world);
}

/* Both scores of every symbol, in the time of one. */
static double
score_both(struct world *w, const struct v2_world *v2, struct arena *a, double *ret_v1_ns,
           size_t *ret_scored)
{
    static const struct candidate candidate;
    int64_t now_ns = clock_now(&w->clock), began_ns = bench_ns();
    struct scores list =
        score_all(&w->engine.flow, &w->engine.memory.tide, NULL, now_ns, always, NULL, a);
    struct v2_looked *looked = ARENA_NEW(a, struct v2_looked, list.len);

    *ret_v1_ns = (double)(bench_ns() - began_ns) / SYMBOLS;
    for (size_t i = 0; i < list.len; i++)
        v2_look(&w->engine.v2, v2, &list.scored[i], &candidate, &looked[i]);
    *ret_scored = list.len;
    for (size_t i = 0; i < list.len; i++)
        if (!looked[i].v2.has_record) bench_die("score", "a symbol without intel");
    return (double)(bench_ns() - began_ns) / SYMBOLS;
}

int
main(void)
{
    static struct world w;
    double score_ns[ROUNDS], both_ns[ROUNDS];
    struct v2_world v2;
    struct arena keep = {0};
    struct arena a = {0};
    char root[64];
    size_t scored = 0;

    world_root_make(ROOT_IN_MEMORY, root);
    world_open(&w, root, WORLD_ENTRIES);
    put_cache(root);
    if (flow_table_refresh(&w.engine.flow, &w.fs, &w.store, &w.log) != FLOW_CACHE_OK)
        bench_die("cache", root);
    open_v2(&w, root, &keep, &v2);
    for (int i = 0; i < ROUNDS; i++) {
        arena_reset(&a);
        sim_clock_advance(&w.time, NS_PER_S);
        both_ns[i] = score_both(&w, &v2, &a, &score_ns[i], &scored);
    }
    if (scored != SYMBOLS) bench_die("score", "not every symbol was scored");
    double p99 = bench_quantile(both_ns, ROUNDS, 0.99);
    report_row(&(struct report_row){"scoring one symbol, v1 and v2",
                                    bench_median(both_ns, ROUNDS) / 1e3, 3, "us", 2},
               "median of %d rounds over %d symbols, p99 %.2f us; v1 alone %.2f us", ROUNDS,
               SYMBOLS, p99 / 1e3, bench_median(score_ns, ROUNDS) / 1e3);
    arena_done(&keep);
    arena_done(&a);
    world_close(&w);
    world_root_remove(root);
    return 0;
}

/*
 * Scoring one symbol: everything score_all does for it, over 500 symbols that are in memory.
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

int
main(void)
{
    static struct world w;
    double score_ns[ROUNDS];
    struct arena a = {0};
    char root[64];
    size_t scored = 0;

    world_root_make(ROOT_IN_MEMORY, root);
    world_open(&w, root, WORLD_ENTRIES);
    put_cache(root);
    if (flow_table_refresh(&w.engine.flow, &w.fs, &w.store, &w.log) != FLOW_CACHE_OK)
        bench_die("cache", root);
    for (int i = 0; i < ROUNDS; i++) {
        arena_reset(&a);
        sim_clock_advance(&w.time, NS_PER_S);
        int64_t now_ns = clock_now(&w.clock), began_ns = bench_ns();
        struct scores list =
            score_all(&w.engine.flow, &w.engine.memory.tide, NULL, now_ns, always, NULL, &a);
        score_ns[i] = (double)(bench_ns() - began_ns) / SYMBOLS;
        scored = list.len;
    }
    if (scored != SYMBOLS) bench_die("score", "not every symbol was scored");
    double p99 = bench_quantile(score_ns, ROUNDS, 0.99);
    report_row(&(struct report_row){"scoring one symbol, v1", bench_median(score_ns, ROUNDS) / 1e3,
                                    3, "us", 2},
               "median of %d rounds over %d symbols, p99 %.2f us; the budget is for v1 and v2",
               ROUNDS, SYMBOLS, p99 / 1e3);
    arena_done(&a);
    world_close(&w);
    world_root_remove(root);
    return 0;
}

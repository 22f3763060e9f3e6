/*
 * The cycle against the JSON library: what a whole cycle costs over a large flow cache, when it is
 * seen for the first time, when five percent of it changed, when nothing changed; and how the cost
 * grows with the number of symbols.
 *
 * Each trial is a process of its own, so that every first cycle is a first one; trials of engine
 * and library take turns, and the best of each are compared.  Times are processor time, over a root
 * in memory: what else the machine does, and its disk, would only add.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/cache.h"
#include "tests/bench/report.h"
#include "tests/bench/world.h"

enum { TRIALS = 9, ROUNDS = 6, ALERTS = 100, WARM = 5, GROWTH_TRIALS = 7 };

struct trial {
    double first_ns, changed_ns, same_ns; /* cycles without a disk */
    double table_ns;                      /* flow cache into memory: read, checked, decoded */
    double json_cold_ns, json_warm_ns;    /* the library alone */
    int64_t same_bytes;      /* of the cache, read by a cycle in which it is the same */
    double disk_ns, sync_ns; /* such a cycle on a disk; of that waiting for it */
    int64_t synced;          /* … with so many files */
    size_t symbols, decoded;
};

struct caches {
    char root[64];    /* of the files below */
    char base[96];    /* the cache */
    char changed[96]; /* five percent of the symbols differ */
    int64_t bytes;
    enum world_entries entries;
};

static void
write_cache(const char *path, const struct cache_spec *spec, int64_t *ret_bytes)
{
    CLEANUP(text_free) struct text json = {0};
    FILE *f = fopen(path, "wb");

    cache_write(spec, &json);
    if (f == NULL || fwrite(json.data, 1, json.len, f) != json.len || fclose(f) != 0)
        bench_die("write", path);
    *ret_bytes = (int64_t)json.len;
}

static void
caches_make(struct caches *c, size_t symbols, enum cache_alerts shape)
{
    struct cache_spec spec = {
        .symbols = symbols, .alerts = ALERTS, .shape = shape, .now_ns = WORLD_NOW_NS};

    world_root_make(ROOT_IN_MEMORY, c->root);
    (void)snprintf(c->base, sizeof(c->base), "%s/base.json", c->root);
    (void)snprintf(c->changed, sizeof(c->changed), "%s/changed.json", c->root);
    spec.changed = 1;
    write_cache(c->changed, &spec, &c->bytes);
    spec.changed = 0;
    write_cache(c->base, &spec, &c->bytes);
}

/* ---- one trial ----------------------------------------------------------------------------- */

static void
try_engine(const struct caches *c, struct trial *t)
{
    static struct world w;
    double changed[ROUNDS], same[ROUNDS];
    char root[64];

    world_root_make(ROOT_IN_MEMORY, root);
    world_open(&w, root, c->entries);
    world_put_cache(root, c->base);
    t->first_ns = world_cycle(&w, NS_PER_S).cpu_ns;
    t->symbols = w.engine.flow.symbols;
    for (int i = 0; i < ROUNDS; i++) {
        world_put_cache(root, i % 2 == 0 ? c->changed : c->base);
        changed[i] = world_cycle(&w, NS_PER_MIN).cpu_ns;
        t->decoded = w.engine.flow.decoded;
        same[i] = world_cycle(&w, NS_PER_MIN).cpu_ns;
        t->same_bytes += w.use.cache_bytes;
    }
    t->changed_ns = bench_median(changed, ROUNDS);
    t->same_ns = bench_median(same, ROUNDS);
    world_close(&w);
    world_root_remove(root);
}

/* The table alone, without the rest of a cycle. */
static void
try_table(const struct caches *c, struct trial *t)
{
    static struct world w;
    char root[64];

    world_root_make(ROOT_IN_MEMORY, root);
    world_open(&w, root, c->entries);
    world_put_cache(root, c->base);
    int64_t began_ns = bench_cpu_ns();
    if (flow_table_refresh(&w.engine.flow, &w.fs, &w.store, &w.log) != FLOW_CACHE_OK)
        bench_die("cache", c->base);
    t->table_ns = (double)(bench_cpu_ns() - began_ns);
    world_close(&w);
    world_root_remove(root);
}

/* What a disk adds to a cycle: the files it replaces are synced, each with its folder. */
static void
try_disk(const struct caches *c, struct trial *t)
{
    static struct world w;
    char root[64];

    world_root_make(ROOT_ON_DISK, root);
    world_open(&w, root, c->entries);
    world_put_cache(root, c->base);
    for (int i = 0; i < 3; i++)
        t->disk_ns = world_cycle(&w, NS_PER_MIN).wall_ns;
    t->sync_ns = (double)w.use.synced_ns;
    t->synced = w.use.replaces;
    world_close(&w);
    world_root_remove(root);
}

static void
try_library(const struct caches *c, struct trial *t)
{
    struct posix_fs posix_fs;
    CLEANUP(text_free) struct text bytes = {0};
    struct err err = {0};
    double warm_ns[WARM];

    if (fs_open(c->root, &posix_fs, &err) != RC_OK) bench_die("cache", err.text);
    struct fs fs = fs_seam(&posix_fs);
    if (fs.read_all(fs.self, "base.json", SIZE_MAX / 2, &bytes, &err) != RC_OK)
        bench_die("cache", err.text);
    for (int i = -1; i < WARM; i++) {
        int64_t began_ns = bench_cpu_ns();
        cJSON *root = cJSON_ParseWithLength(bytes.data, bytes.len);

        if (root == NULL) bench_die("cJSON", c->base);
        cJSON_Delete(root);
        double took_ns = (double)(bench_cpu_ns() - began_ns);
        if (i < 0)
            t->json_cold_ns = took_ns;
        else
            warm_ns[i] = took_ns;
    }
    t->json_warm_ns = bench_quantile(warm_ns, WARM, 0);
    fs_close(&posix_fs);
}

/* Runs the function in a process of its own and adds what it measured to the trial. */
static void
in_child(void (*fn)(const struct caches *, struct trial *), const struct caches *c, struct trial *t)
{
    int fd[2];
    int status = 0;

    (void)fflush(NULL);
    if (pipe(fd) != 0) bench_die("pipe", "none left");
    pid_t pid = fork();
    if (pid < 0) bench_die("fork", "none left");
    if (pid == 0) {
        fn(c, t);
        _exit(write(fd[1], t, sizeof(*t)) == (ssize_t)sizeof(*t) ? 0 : 1);
    }
    (void)close(fd[1]);
    ssize_t got = read(fd[0], t, sizeof(*t));
    (void)close(fd[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0 || got != (ssize_t)sizeof(*t))
        bench_die("trial", "the process ended early");
}

/* ---- rows ---------------------------------------------------------------------------------- */

#define BEST(field)                                                                                \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < TRIALS; i_++)                                                     \
            best.field = fmin(best.field, t[i_].field);                                            \
    } while (0)

static struct trial
run_trials(const struct caches *c)
{
    struct trial t[TRIALS] = {{.json_cold_ns = 0}};

    for (int i = 0; i < TRIALS; i++) {
        in_child(try_library, c, &t[i]);
        in_child(try_engine, c, &t[i]);
        in_child(try_table, c, &t[i]);
        in_child(try_disk, c, &t[i]);
    }
    struct trial best = t[0];
    BEST(first_ns);
    BEST(changed_ns);
    BEST(same_ns);
    BEST(disk_ns);
    BEST(sync_ns);
    BEST(table_ns);
    BEST(json_cold_ns);
    BEST(json_warm_ns);
    return best;
}

static void
rows_against_library(size_t symbols, enum cache_alerts shape)
{
    struct caches c = {.entries = WORLD_ENTRIES};

    caches_make(&c, symbols, shape);
    struct trial m = run_trials(&c);
    double unit = m.json_warm_ns;
    const char *kind = shape == ALERTS_WHOLE ? "alerts as sent" : "short alerts";

    (void)printf("flow cache of %zu symbols x %d %s, %.1f MB; the JSON library alone: %.1f ms warm,"
                 " %.1f ms cold\n",
                 symbols, ALERTS, kind, (double)c.bytes / 1e6, unit / 1e6, m.json_cold_ns / 1e6);
    report_row(
        &(struct report_row){"  first whole cycle / library", m.first_ns / unit, 1.3, "x", 2},
        "%.1f ms, of that %.1f ms cache into memory; to a cold library %.2f x", m.first_ns / 1e6,
        m.table_ns / 1e6, m.first_ns / m.json_cold_ns);
    report_row(&(struct report_row){"  next cycle, 5 % changed / library", m.changed_ns / unit,
                                    0.15, "x", 3},
               "%.1f ms, %zu of %zu symbols decoded", m.changed_ns / 1e6, m.decoded, m.symbols);
    report_row(&(struct report_row){"  cycle, cache unchanged: bytes read of it",
                                    (double)m.same_bytes, 0, "B", 0},
               "%.1f ms; on a disk %.1f ms, of that %.1f ms syncing %lld files", m.same_ns / 1e6,
               m.disk_ns / 1e6, m.sync_ns / 1e6, (long long)m.synced);
    world_root_remove(c.root);
}

/* ---- growth -------------------------------------------------------------------------------- */

/* The best first cycle over so many symbols, and the best one after that. */
static void
cycles_over(size_t symbols, double *ret_first_ns, double *ret_same_ns)
{
    struct caches c = {.entries = WORLD_NO_ENTRIES};
    double first_ns = (double)INFINITY, same_ns = (double)INFINITY;

    caches_make(&c, symbols, ALERTS_SHORT);
    for (int i = 0; i < GROWTH_TRIALS; i++) {
        struct trial t = {0};
        in_child(try_engine, &c, &t);
        first_ns = fmin(first_ns, t.first_ns);
        same_ns = fmin(same_ns, t.same_ns);
    }
    world_root_remove(c.root);
    *ret_first_ns = first_ns;
    *ret_same_ns = same_ns;
}

static void
rows_of_growth(void)
{
    static const size_t SIZES[] = {53, 500, 5000};
    double first[COUNT_OF(SIZES)], same[COUNT_OF(SIZES)], first_0 = 0, same_0 = 0;

    cycles_over(0, &first_0, &same_0);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        cycles_over(SIZES[i], &first[i], &same[i]);
        first[i] = (first[i] - first_0) / (double)SIZES[i] / 1e3;
        same[i] = (same[i] - same_0) / (double)SIZES[i] / 1e3;
    }
    (void)printf(
        "what a symbol with %d alerts adds to a cycle (an empty one costs %.1f ms, %.1f ms "
        "later on); no orders\n",
        ALERTS, first_0 / 1e6, same_0 / 1e6);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        char what[64];

        (void)snprintf(what, sizeof(what), "  first cycle, %zu symbols: off from 500 by", SIZES[i]);
        report_row(&(struct report_row){what, fabs(first[i] / first[1] - 1) * 100, 20, "%", 0},
                   "%.1f us a symbol; cache unchanged: %.1f us", first[i], same[i]);
    }
}

int
main(void)
{
    rows_against_library(500, ALERTS_SHORT);
    rows_against_library(500, ALERTS_WHOLE);
    rows_of_growth();
    return 0;
}

#include "tests/bench/world.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/zonefile.h"
#include "tests/bench/report.h"

/* ---- the disk, counted --------------------------------------------------------------------- */

static enum rc
counted_read_all(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    struct world *w = self;
    int64_t began_ns = bench_ns();
    enum rc rc = w->disk.read_all(w->disk.self, path, max, ret_bytes, err);

    if (rc == RC_OK && str_eq(path, FLOW_CACHE_PATH)) {
        w->use.cache_bytes += (int64_t)ret_bytes->len;
        w->use.cache_ns += bench_ns() - began_ns;
    }
    return rc;
}

static enum rc
counted_read_at(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
                struct err *err)
{
    struct world *w = self;
    int64_t began_ns = bench_ns();
    enum rc rc = w->disk.read_at(w->disk.self, path, offset, max, ret_bytes, err);

    if (rc == RC_OK && str_eq(path, FLOW_CACHE_PATH)) {
        w->use.cache_bytes += (int64_t)ret_bytes->len;
        w->use.cache_ns += bench_ns() - began_ns;
    }
    return rc;
}

static enum rc
counted_replace(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
                struct err *err)
{
    struct world *w = self;
    int64_t began_ns = bench_ns();
    enum rc rc = w->disk.replace(w->disk.self, path, bytes, len, keep_prev, err);

    w->use.replaces++;
    w->use.synced_ns += bench_ns() - began_ns;
    return rc;
}

static enum rc
counted_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct world *w = self;
    int64_t began_ns = bench_ns();
    enum rc rc = w->disk.append(w->disk.self, path, bytes, len, err);

    w->use.appends++;
    w->use.append_ns += bench_ns() - began_ns;
    return rc;
}

static enum rc
passed_rename(void *self, const char *from, const char *to, struct err *err)
{
    const struct world *w = self;
    return w->disk.rename(w->disk.self, from, to, err);
}

static enum rc
passed_remove(void *self, const char *path, struct err *err)
{
    const struct world *w = self;
    return w->disk.remove(w->disk.self, path, err);
}

static enum rc
passed_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    const struct world *w = self;
    return w->disk.stat(w->disk.self, path, ret_stat, err);
}

static enum rc
passed_make_dir(void *self, const char *path, struct err *err)
{
    const struct world *w = self;
    return w->disk.make_dir(w->disk.self, path, err);
}

static enum rc
passed_list(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
            struct err *err)
{
    const struct world *w = self;
    return w->disk.list(w->disk.self, path, each, ctx, err);
}

static struct fs
counted_fs(struct world *w)
{
    return (struct fs){.self = w,
                       .read_all = counted_read_all,
                       .replace = counted_replace,
                       .append = counted_append,
                       .rename = passed_rename,
                       .remove = passed_remove,
                       .stat = passed_stat,
                       .make_dir = passed_make_dir,
                       .list = passed_list,
                       .read_at = counted_read_at};
}

/* ---- the world ----------------------------------------------------------------------------- */

static void
must(enum rc rc, const char *doing, const struct err *err)
{
    if (rc != RC_OK) bench_die(doing, err->text);
}

static void
open_disk(struct world *w, const char *root, enum world_entries entries)
{
    static const char *const FOLDERS[] = {"state", "data", "logs", "config", "reports"};
    const char *const ENV[] = {"ALPACA_BASE_URL=http://127.0.0.1:1",
                               "ALPACA_DATA_URL=http://127.0.0.1:1",
                               "UW_BASE_URL=http://127.0.0.1:1",
                               "ALPACA_KEY=bench-key",
                               "ALPACA_SECRET=bench-secret",
                               "UW_API_KEY=bench-key",
                               "ENABLE_THEME_RISK=false",
                               entries == WORLD_ENTRIES ? "TRADING_MODE=PAPER"
                                                        : "TRADING_MODE=LIVE",
                               NULL};
    struct config_options opt = {.root = root, .environ_ = ENV};
    struct err err = {0};

    must(config_load(&opt, &w->cfg, &err), "config", &err);
    must(fs_open(root, &w->posix_fs, &err), "root", &err);
    w->disk = fs_seam(&w->posix_fs);
    w->fs = counted_fs(w);
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++)
        must(w->disk.make_dir(w->disk.self, FOLDERS[i], &err), "folders", &err);
}

static struct broker
stack_guards(struct world *w)
{
    w->venue = (struct venue){.clock = &w->clock};
    w->venue_seam = venue_broker(&w->venue);
    w->ledger_guard = (struct ledger_guard){
        .pass = {w->venue_seam}, .ledger = &w->ledger, .clock = &w->clock, .epoch = 1};
    w->kill = (struct kill_switch){.pass = {ledger_guard_broker(&w->ledger_guard)}};
    return kill_switch_broker(&w->kill);
}

void
world_open(struct world *w, const char *root, enum world_entries entries)
{
    char path[128];
    struct err err = {0};

    *w = (struct world){.use = {0}};
    open_disk(w, root, entries);
    sim_clock_init(&w->time, WORLD_NOW_NS);
    w->clock = sim_clock_seam(&w->time);
    state_store_init(&w->state_store, &w->fs, &w->clock, NULL);
    w->store = state_store_seam(&w->state_store);
    event_log_init(&w->event_log, &w->store, &w->clock);
    w->log = event_log_seam(&w->event_log);
    w->state_store.log = &w->log;
    must(zonefile_load(ZONE_NEW_YORK, &w->ny, &err), "zone", &err);
    struct ledger_options ledger = {.root = root, .fs = &w->fs, .clock = &w->clock, .log = &w->log};
    must(ledger_open(&ledger, &w->sql_ledger, &err), "ledger", &err);
    w->ledger = ledger_seam(w->sql_ledger);
    (void)snprintf(path, sizeof(path), "%s/" FLIGHT_PATH, root);
    must(page_map(path, FLIGHT_PAGE_SIZE, &w->page, &err), "flight page", &err);
    flight_begin(&w->flight, w->page.data, &w->clock, 1);
    struct engine_seams seams = {.cfg = &w->cfg,
                                 .ny = w->ny,
                                 .clock = w->clock,
                                 .fs = w->fs,
                                 .store = w->store,
                                 .log = w->log,
                                 .broker = stack_guards(w),
                                 .ledger = w->ledger,
                                 .kill = &w->kill,
                                 .flight = &w->flight,
                                 .epoch = 1};
    must(engine_init(&w->engine, &seams, &err), "engine", &err);
    engine_start(&w->engine);
}

void
world_close(struct world *w)
{
    engine_done(&w->engine);
    ledger_close(w->sql_ledger);
    page_unmap(&w->page);
    zone_free(w->ny);
    fs_close(&w->posix_fs);
    config_done(&w->cfg);
}

struct cycle_cost
world_cycle(struct world *w, int64_t passed_ns)
{
    sim_clock_advance(&w->time, passed_ns);
    w->use = (struct disk_use){0};
    int64_t wall_ns = bench_ns(), cpu_ns = bench_cpu_ns();
    engine_cycle(&w->engine);
    return (struct cycle_cost){.cpu_ns = (double)(bench_cpu_ns() - cpu_ns),
                               .wall_ns = (double)(bench_ns() - wall_ns)};
}

/* ---- roots --------------------------------------------------------------------------------- */

void
world_root_make(enum root_place where, char path[64])
{
    bool in_memory = where == ROOT_IN_MEMORY && access("/dev/shm", W_OK) == 0;

    (void)snprintf(path, 64, "%s/stockbot-bench-XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    if (mkdtemp(path) == NULL) bench_die("temporary root", path);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void
world_root_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* what is left lies in /tmp */
}

void
world_put_cache(const char *root, const char *from)
{
    char to[128], beside[160];

    (void)snprintf(to, sizeof(to), "%s/" FLOW_CACHE_PATH, root);
    (void)snprintf(beside, sizeof(beside), "%s.new", to);
    if (symlink(from, beside) != 0 || rename(beside, to) != 0) bench_die("put the cache", to);
}

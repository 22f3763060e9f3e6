#include "tests/lib/uw_world.h"

#include <unistd.h>

#include "base/json.h"
#include "io/zonefile.h"

static char ACME[] = "ACME", ZETA[] = "ZETA", SPY[] = "SPY";
static char *TICKERS[] = {ACME, ZETA, SPY};
static char *ETFS[] = {SPY};

static void
must(enum rc rc, const struct err *err)
{
    if (rc == RC_OK) return;
    (void)fprintf(stderr, "test world: %s\n", err->text);
    exit(EXIT_FAILURE);
}

static void
make_rest(struct uw_world *w, const char *now_iso)
{
    struct err err = {0};

    w->time.now_ns = when_parse_or_none(now_iso);
    w->time.mono_ns = 1000 * NS_PER_S;
    w->clock = test_clock_seam(&w->time);
    w->log = test_log_seam(&w->events);
    state_store_init(&w->state, &w->fs, &w->clock, &w->log);
    w->store = state_store_seam(&w->state);
    must(zonefile_load(ZONE_NEW_YORK, &w->ny, &err), &err);
    w->net.clock = &w->clock;
    w->http = fake_http_seam(&w->net);
    w->cfg = (struct uw_config){
        .api_key = UW_TEST_KEY,
        .base_url = "https://uw.example",
        .rate_limit_per_min = 120,
        .daily_limit = 15000,
        .safety_buffer = 0.95,
        .congress_limit = 200,
        .flow_lookback_s = 3600,
        .tickers = {TICKERS, COUNT_OF(TICKERS)},
        .etf_tickers = {ETFS,    COUNT_OF(ETFS)   },
    };
}

void
uw_world_make(struct uw_world *w, const char *now_iso)
{
    struct err err = {0};
    char here[512];

    memset(w, 0, sizeof *w);
    test_root_make(&w->root);
    w->fs = w->root.fs;
    make_rest(w, now_iso);
    must(locks_open(w->root.path, &w->posix_locks, &err), &err);
    w->locks = locks_seam(&w->posix_locks);
    if (getcwd(here, sizeof here) == NULL) must(RC_IO, &err);
    (void)snprintf(w->spec_path, sizeof w->spec_path, "%s/%s", here, UW_SHIPPED_SPEC);
}

static enum rc
acquire_free(void *self, const char *path, int64_t wait_ms, struct lock *ret_lock, struct err *err)
{
    (void)self;
    (void)path;
    (void)wait_ms;
    (void)err;
    ret_lock->fd = 0;
    return RC_OK;
}

static void
release_free(void *self, struct lock *lock)
{
    (void)self;
    *lock = LOCK_NONE;
}

static void
read_file(const char *path, struct text *to)
{
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rbe");

    if (f == NULL) return;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        text_add(to, chunk, n);
    (void)fclose(f);
}

void
uw_world_make_fast(struct uw_world *w, const char *now_iso)
{
    CLEANUP(text_free) struct text spec = {0};
    struct err err = {0};

    memset(w, 0, sizeof *w);
    w->disk = mem_fs_new(&w->clock);
    w->fs = mem_fs_seam(w->disk);
    make_rest(w, now_iso);
    w->locks = (struct locks){.acquire = acquire_free, .release = release_free};
    read_file(UW_SHIPPED_SPEC, &spec);
    (void)snprintf(w->spec_path, sizeof w->spec_path, UW_SHIPPED_SPEC);
    must(w->fs.replace(w->fs.self, w->spec_path, text_str(&spec), spec.len, false, &err), &err);
}

struct uw_client *
uw_world_client(struct uw_world *w)
{
    struct err err = {0};
    struct uw_deps deps = {
        .clock = &w->clock,
        .fs = &w->fs,
        .http = &w->http,
        .store = &w->store,
        .locks = &w->locks,
        .log = &w->log,
        .ny = w->ny,
        .seed = 1,
    };

    if (w->has_client) uw_client_done(&w->client);
    must(uw_client_init(&w->client, &deps, &w->cfg, w->spec_path, &err), &err);
    w->has_client = true;
    return &w->client;
}

void
uw_world_remove(struct uw_world *w)
{
    if (w->has_client) uw_client_done(&w->client);
    zone_free(w->ny);
    mem_fs_free(w->disk);
    if (w->disk != NULL) return;
    locks_close(&w->posix_locks);
    test_root_remove(&w->root);
}

struct uw_call
uw_test_call(const char *endpoint, const char *policy)
{
    return (struct uw_call){
        .endpoint = endpoint, .policy = policy, .scope = UW_SCOPE_FLOW_DAEMON, .caller = "test"};
}

const char *
uw_shared(const char *name, char buf[1024])
{
    const char *shared = getenv("STOCKBOT_SHARED");

    (void)snprintf(buf, 1024, "%s/%s", shared != NULL ? shared : "../shared", name);
    if (access(buf, R_OK) == 0) return buf;
    (void)printf("skipped: %s is not here\n", buf);
    return NULL;
}

struct json *
uw_shared_json(const char *name)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct json *doc = NULL;
    struct err err = {0};
    char path[1024];

    if (uw_shared(name, path) == NULL) return NULL;
    read_file(path, &bytes);
    must(json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err), &err);
    return doc;
}

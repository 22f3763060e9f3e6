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

void
uw_world_make(struct uw_world *w, const char *now_iso)
{
    struct err err = {0};
    char here[512];

    memset(w, 0, sizeof *w);
    test_root_make(&w->root);
    w->time.now_ns = when_parse_or_none(now_iso);
    w->time.mono_ns = 1000 * NS_PER_S;
    w->clock = test_clock_seam(&w->time);
    w->log = test_log_seam(&w->events);
    state_store_init(&w->state, &w->root.fs, &w->clock, &w->log);
    w->store = state_store_seam(&w->state);
    must(locks_open(w->root.path, &w->posix_locks, &err), &err);
    w->locks = locks_seam(&w->posix_locks);
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
    if (getcwd(here, sizeof here) == NULL) must(RC_IO, &err);
    (void)snprintf(w->spec_path, sizeof w->spec_path, "%s/%s", here, UW_SHIPPED_SPEC);
}

struct uw_client *
uw_world_client(struct uw_world *w)
{
    struct err err = {0};
    struct uw_deps deps = {
        .clock = &w->clock,
        .fs = &w->root.fs,
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
    char path[1024], chunk[65536];
    size_t n;

    if (uw_shared(name, path) == NULL) return NULL;
    FILE *f = fopen(path, "rbe");
    if (f == NULL) return NULL;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        text_add(&bytes, chunk, n);
    (void)fclose(f);
    must(json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err), &err);
    return doc;
}

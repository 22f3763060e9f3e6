/*
 * One call, answered by any status, headers and body: a result, a body that says what it is, and a
 * budget that never shrinks.  The input is "status|retry-after|count|limit|body".
 */
#include "tests/fuzz/fuzz.h"

#include "uwclient/client.h"
#include "uwclient/endpoints.h"

#define NOW_NS (INT64_C(1768928400) * NS_PER_S)

/* ---- a world in which nothing is kept ------------------------------------------------------ */

struct world {
    int64_t now_ns;
    const char *part[4];
    const char *body;
    size_t body_len;
};

static int64_t
now_ns(void *self)
{
    return ((struct world *)self)->now_ns;
}

static int64_t
real_ns(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

static void
sleep_ns(void *self, int64_t wall_ns)
{
    ASSERT(wall_ns >= 0 && wall_ns <= 11 * NS_PER_S); /* no header may make us wait longer */
    ((struct world *)self)->now_ns += wall_ns;
}

static enum rc
no_bytes(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    (void)self;
    (void)max;
    (void)ret_bytes;
    return err_set(err, RC_NOT_FOUND, "%s", path);
}

static enum rc
no_file(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    (void)self;
    (void)path;
    (void)err;
    *ret_stat = (struct fs_stat){0};
    return RC_OK;
}

static enum rc
no_rename(void *self, const char *from, const char *to, struct err *err)
{
    (void)self;
    (void)to;
    return err_set(err, RC_NOT_FOUND, "%s", from);
}

static enum rc
no_folder(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
          struct err *err)
{
    (void)self;
    (void)each;
    (void)ctx;
    return err_set(err, RC_NOT_FOUND, "%s", path);
}

static struct json *
no_document(void *self, const struct store_spec *spec, enum store_origin *ret_origin)
{
    struct json *doc = NULL;

    (void)self;
    *ret_origin = STORE_MISSING;
    ASSERT(json_parse(spec->default_json, strlen(spec->default_json), JSON_STRICT,
                      &JSON_LIMITS_FILE, &doc, NULL) == RC_OK);
    return doc;
}

static enum rc
not_saved(void *self, const struct store_spec *spec, const char *json, size_t len, struct err *err)
{
    struct json *doc = NULL;

    (void)self;
    (void)spec;
    (void)err;
    ASSERT(json_parse(json, len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL) == RC_OK);
    json_free(doc);
    return RC_OK;
}

static enum rc
not_appended(void *self, const char *path, const char *line, size_t len, struct err *err)
{
    (void)self;
    (void)path;
    (void)line;
    (void)len;
    (void)err;
    return RC_OK;
}

static enum rc
always_free(void *self, const char *path, int64_t wait_ms, struct lock *ret_lock, struct err *err)
{
    (void)self;
    (void)path;
    (void)wait_ms;
    (void)err;
    ret_lock->fd = 0;
    return RC_OK;
}

static void
let_go(void *self, struct lock *lock)
{
    (void)self;
    *lock = LOCK_NONE;
}

static enum rc
perform(void *self, const struct http_request *req, struct http_response *ret_resp, struct err *err)
{
    const struct world *w = self;
    int64_t status = 0;

    (void)req;
    (void)err;
    *ret_resp = (struct http_response){.extra_len = 2};
    ret_resp->status =
        str_to_i64(w->part[0], &status) && status >= 100 && status <= 999 ? (int)status : 200;
    (void)str_copy(ret_resp->retry_after, sizeof ret_resp->retry_after, w->part[1]);
    (void)str_copy(ret_resp->extra[0].name, sizeof ret_resp->extra[0].name, "x-uw-daily-req-count");
    (void)str_copy(ret_resp->extra[0].value, sizeof ret_resp->extra[0].value, w->part[2]);
    (void)str_copy(ret_resp->extra[1].name, sizeof ret_resp->extra[1].name, "x-uw-token-req-limit");
    (void)str_copy(ret_resp->extra[1].value, sizeof ret_resp->extra[1].value, w->part[3]);
    text_add(&ret_resp->body, w->body, w->body_len);
    return RC_OK;
}

/* ---- the call ------------------------------------------------------------------------------ */

/* UTC in place of New York: the smallest zone file there can be. */
static struct zone *
utc_zone(void)
{
    static const char TZIF[] =
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
        "\0\0\0\0\0\0UTC\0"
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
        "\0\0\0\0\0\0UTC\0\nUTC0\n";
    struct zone *z = NULL;

    ASSERT(zone_new(TZIF, sizeof TZIF - 1, &z, NULL) == RC_OK);
    return z;
}

static void
make_list(struct spec *s)
{
    CLEANUP(text_free) struct text yaml = {0};

    text_puts(&yaml, "paths:\n  /api/market/market-tide: {get: {}}\n");
    for (int i = 0; i < SPEC_PATHS_MIN; i++)
        text_printf(&yaml, "  /api/fill/%d: {get: {}}\n", i);
    spec_parse(text_str(&yaml), yaml.len, NULL, 0, s, NULL);
}

/* "status|retry-after|count|limit|body" */
static void
split(char *text, size_t len, struct world *w)
{
    char *at = text;

    for (size_t i = 0; i < COUNT_OF(w->part); i++) {
        char *bar = strchr(at, '|');
        w->part[i] = bar != NULL ? at : "";
        if (bar == NULL) continue;
        *bar = '\0';
        at = bar + 1;
    }
    w->body = at;
    w->body_len = len - (size_t)(at - text);
}

static void
check_answer(const struct uw_answer *a)
{
    ASSERT(a->body != NULL && json_is_object(a->body));
    ASSERT(a->attempts >= 1 && a->attempts <= UW_ATTEMPTS_MAX);
    if (a->result != UW_OK) ASSERT(json_is_true(json_get(a->body, "_error")));
    if (a->result == UW_EHTTP) ASSERT(json_i64(a->body, "_status", 0) == a->status);
    if (a->status == 429) ASSERT(a->pause == PAUSE_MINUTE || a->pause == PAUSE_DAILY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(text_free) struct text input = {0};
    struct world w = {.now_ns = NOW_NS};
    struct clock clock = {&w, now_ns, now_ns, real_ns, sleep_ns};
    struct fs fs = {.read_all = no_bytes, .stat = no_file, .rename = no_rename, .list = no_folder};
    struct store store = {.load = no_document, .save = not_saved, .append = not_appended};
    struct locks locks = {NULL, always_free, NULL, let_go};
    struct http http = {&w, perform};
    struct uw_config cfg = {.api_key = "k",
                            .base_url = "https://uw.example",
                            .rate_limit_per_min = 120,
                            .daily_limit = 15000,
                            .safety_buffer = 0.95};
    struct uw_client client;
    struct uw_answer a;
    struct uw_call call = {.endpoint = uw_endpoint_row(UW_EP_MARKET_TIDE)->path,
                           .mode = UW_CACHE_BYPASS};
    struct err err = {0};

    text_add(&input, (const char *)data, size);
    text_putc(&input, '\0');
    split(input.data, size, &w);
    struct uw_deps deps = {.clock = &clock,
                           .fs = &fs,
                           .http = &http,
                           .store = &store,
                           .locks = &locks,
                           .ny = utc_zone(),
                           .seed = 1};
    ASSERT(uw_client_init(&client, &deps, &cfg, "none", &err) == RC_OK);
    make_list(&client.spec);
    enum uw_result result = uw_http_get(&client, &call, &a);
    ASSERT(result == a.result && result != UW_EINVAL_ENDPOINT && result != UW_BLOCKED);
    check_answer(&a);
    struct usage_view v = usage_view(&client.usage);
    ASSERT(v.calls_today >= a.attempts && v.cap >= 0 && v.cap <= 14250);
    uw_answer_free(&a);
    uw_client_done(&client);
    zone_free((struct zone *)(uintptr_t)deps.ny);
    return 0;
}

/*
 * A daemon in a world without a network, and a vendor that answers it.
 */
#ifndef TESTS_UWCLIENT_DAEMON_BED_H
#define TESTS_UWCLIENT_DAEMON_BED_H

#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/daemon.h"

#define BEFORE_OPEN "2026-01-20T14:00:00Z" /* 09:00 New York, a Tuesday */
#define OPEN_S      INT64_C(1768919400)
#define CLOSE_S     (OPEN_S + 390 * 60)

UNUSED static char NAMES[] =
    "AAPL,MSFT,GOOGL,AMZN,META,NVDA,TSLA,AMD,NFLX,INTC,SPY,QQQ,IWM,DIA,XLF,XLE,XLK,XLV,XLI,XLP,"
    "JPM,BAC,GS,MS,C,WFC,BLK,V,MA,COIN,PLTR,SOFI,HOOD,RIVN,LCID,F,GM,NIO,BA,CAT,XOM,CVX,COP,SLB,"
    "JNJ,PFE,MRNA,UNH,WMT,TGT,COST,HD,LOW";
UNUSED static char *tickers[64];
UNUSED static char funds_text[] = "SPY,QQQ,IWM,DIA,XLF,XLE,XLK,XLV,XLI,XLP";
UNUSED static char *funds[16];

UNUSED static size_t
split(char *text, char **to)
{
    size_t n = 0;

    for (char *at = text, *name; (name = strsep(&at, ",")) != NULL;)
        to[n++] = name;
    return n;
}

UNUSED static int
split_names(void **state)
{
    (void)state;
    return split(NAMES, tickers) == 53 && split(funds_text, funds) == 10 ? 0 : -1;
}

/* ---- a vendor -------------------------------------------------------------------------------- */

struct vendor {
    struct uw_world *w;
    int64_t latency_ns;
    int calls[UW_JOBS_LEN]; /* by the first job that uses the endpoint */
    int flow_before_dark_pool, dark_pool;
    const char *fail_path; /* answered with fail */
    struct fake_reply fail;
    const char *refuse_query; /* a query with this text is answered with 422 */
    bool is_empty;            /* every answer is a list without rows */
    const char *earnings;     /* of /api/earnings/..., NULL = none */
};

UNUSED static void
flow_body(const struct vendor *v, const char *url, struct text *body)
{
    const char *at = strstr(url, "ticker_symbol=");
    char created[ISO_TEXT_MAX], symbol[SYMBOL_MAX] = "";

    assert_non_null(at);
    at += strlen("ticker_symbol=");
    (void)str_copy(symbol, MIN(strcspn(at, "&") + 1, sizeof symbol), at);
    int64_t minute_ns = v->w->time.now_ns / NS_PER_MIN * NS_PER_MIN;
    text_puts(body, "{\"data\":[");
    for (int i = 0; i < 3; i++)
        text_printf(body,
                    "%s{\"id\":\"%s-%lld-%d\",\"ticker\":\"%s\",\"type\":\"call\",\"total_"
                    "premium\":\"50000\","
                    "\"created_at\":\"%s\",\"next_earnings_date\":\"2026-01-29\",\"er_time\":"
                    "\"postmarket\"}",
                    i > 0 ? "," : "", symbol, (long long)(minute_ns / NS_PER_S), i, symbol,
                    when_iso(minute_ns - i * NS_PER_S, created));
    text_puts(body, "]}");
}

UNUSED static const char *
canned(enum uw_job kind)
{
    static const char *const bodies[UW_JOBS_LEN] = {
        [UW_JOB_MARKET_TIDE] = "{\"data\":[{\"timestamp\":\"2026-01-20T09:30:00-05:00\",\"net_call_"
                               "premium\":\"5\",\"net_put_premium\":\"-1\"}]}",
        [UW_JOB_TOP_NET_IMPACT] = "{\"data\":[{\"ticker\":\"AAPL\",\"net_premium\":1.5}]}",
        [UW_JOB_DARK_POOL] = "{\"data\":[{\"price\":\"50\",\"size\":10}]}",
        [UW_JOB_GREEK_EXPOSURE] =
            "{\"data\":[{\"date\":\"2026-01-20\",\"call_gamma\":\"3\",\"put_gamma\":\"-1\"}]}",
        [UW_JOB_MAX_PAIN] = "{\"data\":[{\"expiry\":\"2026-01-23\",\"max_pain\":\"49.5\"}]}",
        [UW_JOB_IV_RANK] = "{\"data\":[{\"date\":\"2026-01-16\",\"iv_rank_1y\":\"34.25\"}]}",
        [UW_JOB_OI_CHANGE] =
            "{\"data\":[{\"option_symbol\":\"AAPL260206C00280000\",\"oi_diff_plain\":5}]}",
        [UW_JOB_ETF_FLOW] =
            "{\"data\":[{\"date\":\"2026-01-16\",\"change\":1,\"change_prem\":\"5\"}]}",
        [UW_JOB_SHORTS_FTDS] = "{\"data\":[{\"date\":\"2026-01-02\",\"quantity\":5}]}",
        [UW_JOB_CONGRESS] = "{\"data\":[{\"ticker\":\"AAPL\",\"txn_type\":\"Buy\"}]}",
        [UW_JOB_INSIDER] = "{\"data\":[{\"date\":\"2026-01-02\",\"buy_sell\":\"buy\",\"premium\":"
                           "\"9\",\"transactions\":1}]}",
        [UW_JOB_OWNERSHIP] = "{\"data\":[{\"units\":5,\"shares_outstanding\":\"100\",\"filing_"
                             "date\":\"2026-01-02\"}]}",
    };
    return bodies[kind];
}

/* The job whose endpoint a URL asks. */
UNUSED static enum uw_job
kind_of(const char *url)
{
    for (size_t k = 0; k < UW_JOBS_LEN; k++) {
        const char *path =
            uw_endpoint_row(uw_policy_row(uw_job_row((enum uw_job)k)->policy)->endpoint)->path;
        const char *open = strchr(path, '{'), *close = strchr(path, '}');
        size_t head = open != NULL ? (size_t)(open - path) : strlen(path);
        const char *at = strstr(url, "/api/");
        if (strncmp(at, path, head) != 0) continue;
        size_t value = open != NULL ? strcspn(at + head, "/?") : 0;
        size_t tail = strcspn(at + head + value, "?");
        const char *want = close != NULL ? close + 1 : "";
        if (strlen(want) == tail && strncmp(at + head + value, want, tail) == 0)
            return (enum uw_job)k;
    }
    fail_msg("no job asks %s", url);
    return UW_JOBS_LEN;
}

UNUSED static void
vendor_answer(void *ctx, const struct http_request *req, struct text *body,
              struct fake_reply *ret_reply)
{
    struct vendor *v = ctx;
    enum uw_job kind = kind_of(req->url);

    v->w->time.now_ns += v->latency_ns;
    v->w->time.mono_ns += v->latency_ns;
    v->calls[kind]++;
    if (kind == UW_JOB_OPTION_FLOW && v->dark_pool == 0) v->flow_before_dark_pool++;
    if (kind == UW_JOB_DARK_POOL) v->dark_pool++;
    if (v->fail_path != NULL && strstr(req->url, v->fail_path) != NULL) {
        *ret_reply = v->fail;
        return;
    }
    if (v->refuse_query != NULL && strstr(req->url, v->refuse_query) != NULL) {
        *ret_reply = (struct fake_reply){.status = 422, .body = "{\"msg\":\"no\"}"};
        return;
    }
    if (v->is_empty)
        text_puts(body, "{\"data\":[]}");
    else if (kind == UW_JOB_OPTION_FLOW)
        flow_body(v, req->url, body);
    else if (kind == UW_JOB_CALENDAR)
        text_puts(body, v->earnings != NULL ? v->earnings : "{\"data\":[]}");
    else
        text_puts(body, canned(kind));
}

/* ---- a daemon -------------------------------------------------------------------------------- */

struct bed {
    struct uw_world w;
    struct vendor vendor;
    struct daemon d;
    bool is_running;
    int stop_after; /* turns; 0 = asked by stop */
    bool stop;
};

UNUSED static bool
is_stopping(void *ctx)
{
    return ((struct bed *)ctx)->stop;
}

UNUSED static enum rc
start(struct bed *b, struct err *err)
{
    struct daemon_deps deps = {
        .client = uw_world_client(&b->w),
        .cfg = &b->w.cfg,
        .clock = &b->w.clock,
        .fs = &b->w.fs,
        .store = &b->w.store,
        .locks = &b->w.locks,
        .log = &b->w.log,
        .ny = b->w.ny,
        .pid = 4711,
        .is_stopping = is_stopping,
        .ctx = b,
    };
    enum rc rc = daemon_init(&b->d, &deps, err);

    b->is_running = rc == RC_OK;
    return rc;
}

UNUSED static void
bed_make(struct bed *b, const char *now_iso)
{
    memset(b, 0, sizeof *b);
    uw_world_make_fast(&b->w, now_iso);
    b->vendor.w = &b->w;
    b->vendor.latency_ns = 150 * NS_PER_MS;
    b->w.net.answer = vendor_answer;
    b->w.net.ctx = &b->vendor;
}

UNUSED static void
bed_start(struct bed *b)
{
    struct err err = {0};

    if (start(b, &err) != RC_OK) fail_msg("%s", err.text);
}

/* Killed: nothing is flushed. */
UNUSED static void
bed_kill(struct bed *b)
{
    if (b->is_running) daemon_done(&b->d);
    b->is_running = false;
}

UNUSED static void
bed_remove(struct bed *b)
{
    bed_kill(b);
    uw_world_remove(&b->w);
}

UNUSED static void
run_until(struct bed *b, int64_t until_s)
{
    while (when_to_s(b->w.time.now_ns) < until_s) {
        int64_t wait_ns = daemon_turn(&b->d);
        if (wait_ns > 0) clock_sleep(&b->w.clock, wait_ns);
    }
}

UNUSED static struct json *
cache_file(const struct bed *b)
{
    const struct text *bytes = mem_fs_peek(b->w.disk, FLOW_CACHE_PATH);
    struct json *doc = NULL;

    assert_non_null(bytes);
    assert_int_equal(
        json_parse(text_str(bytes), bytes->len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL), RC_OK);
    return doc;
}

UNUSED static const char *
file_status(const struct bed *b, char buf[32])
{
    CLEANUP(json_freep) struct json *doc = cache_file(b);

    assert_true(str_copy(buf, 32, json_str(json_get(doc, "_metadata"), "status", "")));
    return buf;
}

/* The largest number of requests in any 60 s. */
UNUSED static size_t
busiest_minute(const struct fake_http *net)
{
    size_t most = 0, first = 0;
    size_t n = MIN(net->requests, net->mono_cap);

    for (size_t i = 0; i < n; i++) {
        while (net->mono_ns[i] - net->mono_ns[first] >= NS_PER_MIN)
            first++;
        most = MAX(most, i - first + 1);
    }
    return most;
}

#endif

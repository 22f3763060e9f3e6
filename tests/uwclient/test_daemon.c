/*
 * The daemon as a whole, without a network: a trading day, limits, failures, restarts
 * (contract 4.2, 4.9; spec 20 3.1, 3.5, 3.7, 7).
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/daemon.h"

#define BEFORE_OPEN "2026-01-20T14:00:00Z" /* 09:00 New York, a Tuesday */
#define OPEN_S      INT64_C(1768919400)
#define CLOSE_S     (OPEN_S + 390 * 60)

static char NAMES[] =
    "AAPL,MSFT,GOOGL,AMZN,META,NVDA,TSLA,AMD,NFLX,INTC,SPY,QQQ,IWM,DIA,XLF,XLE,XLK,XLV,XLI,XLP,"
    "JPM,BAC,GS,MS,C,WFC,BLK,V,MA,COIN,PLTR,SOFI,HOOD,RIVN,LCID,F,GM,NIO,BA,CAT,XOM,CVX,COP,SLB,"
    "JNJ,PFE,MRNA,UNH,WMT,TGT,COST,HD,LOW";
static char *tickers[64];
static char funds_text[] = "SPY,QQQ,IWM,DIA,XLF,XLE,XLK,XLV,XLI,XLP";
static char *funds[16];

static size_t
split(char *text, char **to)
{
    size_t n = 0;

    for (char *at = text, *name; (name = strsep(&at, ",")) != NULL;)
        to[n++] = name;
    return n;
}

static int
split_names(void **state)
{
    (void)state;
    return split(NAMES, tickers) == 53 && split(funds_text, funds) == 10 ? 0 : -1;
}

/* ---- a vendor
 * ----------------------------------------------------------------------------------------- */

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

static void
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

static const char *
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
static enum uw_job
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

static void
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

/* ---- a daemon
 * ----------------------------------------------------------------------------------------- */

struct bed {
    struct uw_world w;
    struct vendor vendor;
    struct daemon d;
    bool is_running;
    int stop_after; /* turns; 0 = asked by stop */
    bool stop;
};

static bool
is_stopping(void *ctx)
{
    return ((struct bed *)ctx)->stop;
}

static enum rc
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

static void
bed_make(struct bed *b, const char *now_iso)
{
    memset(b, 0, sizeof *b);
    uw_world_make_fast(&b->w, now_iso);
    b->vendor.w = &b->w;
    b->vendor.latency_ns = 150 * NS_PER_MS;
    b->w.net.answer = vendor_answer;
    b->w.net.ctx = &b->vendor;
}

static void
bed_start(struct bed *b)
{
    struct err err = {0};

    if (start(b, &err) != RC_OK) fail_msg("%s", err.text);
}

/* Killed: nothing is flushed. */
static void
bed_kill(struct bed *b)
{
    if (b->is_running) daemon_done(&b->d);
    b->is_running = false;
}

static void
bed_remove(struct bed *b)
{
    bed_kill(b);
    uw_world_remove(&b->w);
}

static void
run_until(struct bed *b, int64_t until_s)
{
    while (when_to_s(b->w.time.now_ns) < until_s) {
        int64_t wait_ns = daemon_turn(&b->d);
        if (wait_ns > 0) clock_sleep(&b->w.clock, wait_ns);
    }
}

static struct json *
cache_file(const struct bed *b)
{
    const struct text *bytes = mem_fs_peek(b->w.disk, FLOW_CACHE_PATH);
    struct json *doc = NULL;

    assert_non_null(bytes);
    assert_int_equal(
        json_parse(text_str(bytes), bytes->len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL), RC_OK);
    return doc;
}

static const char *
file_status(const struct bed *b, char buf[32])
{
    CLEANUP(json_freep) struct json *doc = cache_file(b);

    assert_true(str_copy(buf, 32, json_str(json_get(doc, "_metadata"), "status", "")));
    return buf;
}

/* The largest number of requests in any 60 s. */
static size_t
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

/* ---- the day
 * ------------------------------------------------------------------------------------------ */

static void
test_daemon_polls_a_day_as_planned(void **state)
{
    static const struct {
        enum uw_job kind;
        int want;
    } plan[] = {
        {UW_JOB_OPTION_FLOW,    156 * 53  },
        {UW_JOB_DARK_POOL,      26 * 53   },
        {UW_JOB_GREEK_EXPOSURE, 7 * 53    },
        {UW_JOB_OI_CHANGE,      7 * 53 * 2},
        {UW_JOB_ETF_FLOW,       7 * 10    },
        {UW_JOB_IV_RANK,        7 * 53    },
        {UW_JOB_SHORTS_FTDS,    4 * 53    },
        {UW_JOB_MAX_PAIN,       13 * 53   },
        {UW_JOB_MARKET_TIDE,    39        },
        {UW_JOB_TOP_NET_IMPACT, 39        },
        {UW_JOB_INSIDER,        53        },
        {UW_JOB_OWNERSHIP,      53        },
        {UW_JOB_CONGRESS,       1         },
        {UW_JOB_CALENDAR,       43        },
        {UW_JOB_GREEKS,         0         },
    };
    static int64_t stamps[20000];
    static struct bed b;

    (void)state;
    bed_make(&b, BEFORE_OPEN);
    b.w.cfg.tickers = (struct name_list){tickers, 53};
    b.w.cfg.etf_tickers = (struct name_list){funds, 10};
    b.w.cfg.daily_limit =
        20000; /* room: else the ladder slows priorities 4 to 6 in the last half hour */
    b.w.net.mono_ns = stamps;
    b.w.net.mono_cap = COUNT_OF(stamps);
    bed_start(&b);
    run_until(&b, OPEN_S - 1);
    int early = 0;
    for (size_t k = 0; k < UW_JOBS_LEN; k++)
        early += uw_job_row((enum uw_job)k)->when == UW_IN_SESSION ? b.vendor.calls[k] : 0;
    assert_int_equal(early, 0); /* nothing about the market before it opens */
    run_until(&b, CLOSE_S + 1800);
    assert_true(b.vendor.flow_before_dark_pool >= 53);
    assert_true(busiest_minute(&b.w.net) <= 96);
    assert_true(b.w.net.requests <= 14250);
    for (size_t i = 0; i < COUNT_OF(plan); i++) {
        int got = b.vendor.calls[plan[i].kind], off = abs(got - plan[i].want);
        if (off * 50 > plan[i].want)
            fail_msg("%s: %d polls, %d are planned", uw_job_row(plan[i].kind)->name, got,
                     plan[i].want);
    }
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    assert_int_equal(json_i64(json_get(doc, "_metadata"), "ticker_count", 0), 53);
    assert_string_equal(json_str(json_get(doc, "_metadata"), "session", ""), "after");
    assert_int_equal(json_len(json_get(json_get(doc, "LOW"), "flow_trades")), 3);
    bed_remove(&b);
}

/* Days on end with three symbols: files and memory stay as large as they are. */
static void
test_daemon_does_not_grow(void **state)
{
    static struct bed b;
    size_t size[2] = {0};

    (void)state;
    bed_make(&b, BEFORE_OPEN);
    bed_start(&b);
    for (int day = 1; day <= 14; day++) {
        run_until(&b, OPEN_S + day * 86400 - 3600);
        if (day == 3) size[0] = mem_fs_peek(b.w.disk, FLOW_CACHE_PATH)->len;
        b.w.events.len = 0;
    }
    size[1] = mem_fs_peek(b.w.disk, FLOW_CACHE_PATH)->len;
    assert_true(size[1] < size[0] * 11 / 10 + 200);
    assert_int_equal(b.d.cache.model.len, 3);
    assert_true(b.w.client.usage.state.window.len <= 120);
    bed_remove(&b);
}

static void
test_daemon_stop_writes_what_it_knows(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, BEFORE_OPEN);
    bed_start(&b);
    run_until(&b, OPEN_S + 300);
    b.stop = true;
    daemon_run(&b.d, false);
    assert_string_equal(file_status(&b, status), "stopped");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_STOPPED), 1);
    assert_non_null(mem_fs_peek(b.w.disk, POLLER_PATH));
    /* The next one goes on where this one was: nothing slow is asked again. */
    bed_kill(&b);
    b.stop = false;
    memset(b.vendor.calls, 0, sizeof b.vendor.calls);
    bed_start(&b);
    run_until(&b, OPEN_S + 330);
    assert_int_equal(b.vendor.calls[UW_JOB_INSIDER], 0);
    assert_int_equal(b.vendor.calls[UW_JOB_DARK_POOL], 0);
    bed_remove(&b);
}

static void
test_daemon_once_tries_everything_once(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    daemon_run(&b.d, true);
    assert_int_equal(b.vendor.calls[UW_JOB_OPTION_FLOW], 3);
    assert_int_equal(b.vendor.calls[UW_JOB_OI_CHANGE], 6);
    assert_int_equal(b.vendor.calls[UW_JOB_CALENDAR], 2);
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    assert_true(json_has(doc, "_top_net_impact") && json_has(doc, "_market_tide"));
    bed_remove(&b);
}

/* ---- limits
 * ------------------------------------------------------------------------------------------- */

static void
test_daemon_without_a_key_lives_and_sends_nothing(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.w.cfg.api_key = "";
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 1900);
    assert_int_equal(b.w.net.requests, 0);
    assert_string_equal(file_status(&b, status), "no_api_key");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_KEY_MISSING),
                     3); /* at once, and every 15 minutes */
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    int64_t age_s =
        when_to_s(b.w.time.now_ns) - json_i64(json_get(doc, "_metadata"), "last_update", 0);
    assert_true(age_s <= 121); /* the heart beats */
    bed_remove(&b);
}

static void
test_daemon_without_an_allow_list_lives_and_sends_nothing(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    assert_int_equal(b.w.fs.remove(b.w.fs.self, b.w.spec_path, NULL), RC_OK);
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 600);
    assert_int_equal(b.w.net.requests, 0);
    assert_string_equal(file_status(&b, status), "spec_unavailable");
    bed_remove(&b);
}

static void
test_daemon_rests_when_the_servers_day_is_used_up(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 300);
    b.vendor.fail_path = "/api/";
    b.vendor.fail =
        (struct fake_reply){.status = 429, .body = "{\"message\":\"daily limit reached\"}"};
    run_until(&b, OPEN_S + 1800 + 600);
    assert_string_equal(file_status(&b, status), "limited_day");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_LIMITED), 1);
    size_t before = b.w.net.requests;
    run_until(&b, OPEN_S + 1800 + 600 + 5400);
    size_t probes = b.w.net.requests - before;
    assert_true(probes >= 2 && probes <= 3); /* one in half an hour */
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    assert_int_equal(json_len(json_get(json_get(doc, "ACME"), "flow_trades")),
                     3); /* kept, for two hours */
    b.vendor.fail_path = NULL;
    before = b.w.net.requests;
    run_until(&b, OPEN_S + 1800 + 600 + 5400 + 2400);
    assert_true(b.w.net.requests - before > 20);
    assert_string_equal(file_status(&b, status), "ok");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_RESUMED), 1);
    const struct text *api_log = mem_fs_peek(b.w.disk, API_LOG_PATH);
    assert_non_null(strstr(text_str(api_log), "UW_API_RATE_LIMITED"));
    bed_remove(&b);
}

static void
test_daemon_rests_when_its_own_day_is_used_up(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.w.cfg.daily_limit = 40; /* a cap of 38 */
    bed_start(&b);
    run_until(&b, CLOSE_S);
    assert_int_equal(b.w.net.requests, 38);
    assert_string_equal(file_status(&b, status), "limited_day");
    run_until(&b, OPEN_S + 12 * 3600); /* after midnight UTC there is a new one */
    assert_string_equal(file_status(&b, status), "ok");
    bed_remove(&b);
}

static void
test_daemon_a_refused_key_is_asked_every_quarter_hour(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.vendor.fail_path = "/api/";
    b.vendor.fail = (struct fake_reply){.status = 401};
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 3600);
    assert_string_equal(file_status(&b, status), "auth");
    assert_true(b.w.net.requests >= 4 && b.w.net.requests <= 5);
    bed_remove(&b);
}

/* ---- failures of one job
 * ------------------------------------------------------------------------------ */

static void
test_daemon_a_failed_poll_keeps_data_and_age(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 120);
    struct flow_ticker *t = flow_model_find(&b.d.cache.model, "ACME");
    int64_t stamp_s = t->last_update_s;
    b.vendor.fail_path = "flow-alerts";
    b.vendor.fail = (struct fake_reply){.status = 500};
    run_until(&b, OPEN_S + 1800 + 3600);
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_int_equal(t->last_update_s, stamp_s);
    assert_non_null(strstr(flow_model_get(t, "flow_trades"), "ACME"));
    run_until(&b, OPEN_S + 1800 + 7400); /* two hours old: gone */
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_string_equal(flow_model_get(t, "flow_trades"), "[]");
    assert_null(flow_model_get(t, "flow"));
    b.vendor.fail_path = NULL;
    b.vendor.is_empty = true;
    run_until(&b, OPEN_S + 1800 + 9000);
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_true(t->last_update_s > stamp_s + 7200); /* an empty answer is an answer */
    bed_remove(&b);
}

static void
test_daemon_a_path_that_is_not_found_rests_a_day(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    b.vendor.fail_path = "/api/stock/ACME/max-pain";
    b.vendor.fail = (struct fake_reply){.status = 404};
    bed_start(&b);
    run_until(&b, CLOSE_S);
    assert_int_equal(test_log_count(&b.w.events, EV_UW_JOB_DISABLED), 1);
    assert_string_equal(test_log_last(&b.w.events, EV_UW_JOB_DISABLED),
                        "{\"job\":\"max_pain:ACME\",\"status\":404}");
    assert_int_equal(b.vendor.calls[UW_JOB_MAX_PAIN], 3 + 2 * 13);
    bed_remove(&b);
}

static void
test_daemon_asks_greek_exposure_without_its_parameter_where_it_is_refused(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    b.vendor.refuse_query = "timeframe=";
    bed_start(&b);
    run_until(&b, OPEN_S + 2 * 3600 + 60);
    /* Twice the first time, then without the parameter at once. */
    assert_int_equal(b.vendor.calls[UW_JOB_GREEK_EXPOSURE], 3 * 2 + 3 * 2);
    assert_non_null(flow_model_find(&b.d.cache.model, "ACME"));
    assert_true(flow_model_find(&b.d.cache.model, "ACME")->greeks.len > 0);
    bed_remove(&b);
}

static void
test_daemon_an_empty_slow_answer_keeps_a_young_value(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 600);
    b.vendor.is_empty = true;
    run_until(&b, OPEN_S + 2 * 3600);
    struct flow_ticker *t = flow_model_find(&b.d.cache.model, "ACME");
    assert_non_null(strstr(flow_model_get(t, "iv_rank"), "34.25"));
    assert_non_null(strstr(flow_model_get(t, "market_tide"), "BULLISH"));
    run_until(&b, OPEN_S + 86400 + 3600); /* the next day it is too old */
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_string_equal(flow_model_get(t, "iv_rank"), "{}");
    bed_remove(&b);
}

static void
test_daemon_takes_earnings_from_alerts_where_the_calendar_is_silent(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 300);
    struct flow_ticker *t = flow_model_find(&b.d.cache.model, "ACME");
    assert_non_null(strstr(flow_model_get(t, "calendar"),
                           "\"earnings_date\":\"2026-01-29\",\"report_time\":\"postmarket\","
                           "\"days_to_earnings\":9"));
    char key[] = "calendar:ACME";
    assert_int_equal(schedule_find(&b.d.schedule, key)->interval_ns, 86400 * NS_PER_S);
    b.vendor.earnings =
        "{\"data\":[{\"report_date\":\"2026-01-22\",\"report_time\":\"premarket\"}]}";
    run_until(&b, OPEN_S + 1800 + 86400 + 600);
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_non_null(strstr(flow_model_get(t, "calendar"), "2026-01-22"));
    assert_int_equal(schedule_find(&b.d.schedule, key)->interval_ns,
                     3600 * NS_PER_S); /* tomorrow */
    bed_remove(&b);
}

/* ---- start
 * -------------------------------------------------------------------------------------------- */

static void
test_daemon_mock_data_are_marked_and_kept_apart(void **state)
{
    static struct bed b;
    struct err err = {0};

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.w.cfg.mock = true;
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 60);
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    assert_string_equal(json_str(json_get(doc, "_metadata"), "mode", ""), "mock");
    assert_true(json_is_true(json_get(json_get(doc, "ACME"), "simulated")));
    bed_kill(&b);
    b.w.cfg.mock = false;
    bed_start(&b); /* a live daemon forgets them */
    assert_int_equal(b.d.cache.model.len, 0);
    run_until(&b, OPEN_S + 1800 + 240);
    bed_kill(&b);
    b.w.cfg.mock = true;
    assert_int_equal(start(&b, &err), RC_DENIED); /* and its root is closed to mock ones */
    assert_non_null(strstr(err.text, "another root"));
    bed_remove(&b);
}

static void
test_contract_3_1_any_state_file_may_be_garbage(void **state)
{
    static const char *const files[] = {FLOW_CACHE_PATH, POLLER_PATH, DRIFT_PATH, USAGE_PATH,
                                        "state/daily_universe.json"};
    static const char *const bad[] = {
        "", "[]", "{\"jobs\":[1],\"endpoints\":5,\"findings\":{}", "\x01\x02\x03",
        "{\"jobs\":7,\"ACME\":{\"flow_trades\":7,\"greeks\":[],\"_updates\":4,\"calendar\":\"x\"},"
        "\"findings\":[1,{}],\"endpoints\":[],\"symbols\":{}}"};

    (void)state;
    for (size_t f = 0; f < COUNT_OF(files); f++) {
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
            static struct bed b;
            char status[32];
            bed_make(&b, "2026-01-20T15:00:00Z");
            assert_int_equal(
                b.w.fs.replace(b.w.fs.self, files[f], bad[i], strlen(bad[i]), false, NULL), RC_OK);
            bed_start(&b);
            run_until(&b, OPEN_S + 1800 + 30);
            assert_int_equal(b.vendor.calls[UW_JOB_OPTION_FLOW], 3);
            assert_string_equal(file_status(&b, status), "ok");
            bed_remove(&b);
        }
    }
}

/* Killed at random, the clock stepped at random, files lost at random: the limit holds in every
 * minute. */
static void
test_daemon_never_sends_more_than_the_limit(void **state)
{
    struct rng rng = check_rng("never_sends_more_than_the_limit");
    static int64_t stamps[20000];
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.w.cfg.tickers = (struct name_list){tickers, 53};
    b.w.cfg.rate_limit_per_min = 20;
    b.w.net.mono_ns = stamps;
    b.w.net.mono_cap = COUNT_OF(stamps);
    bed_start(&b);
    for (int i = 0; i < 4000; i++) {
        int64_t wait_ns = daemon_turn(&b.d);
        if (wait_ns > 0) clock_sleep(&b.w.clock, wait_ns);
        if (rng_chance(&rng, 0.01)) {
            bed_kill(&b);
            bed_start(&b);
        }
        if (rng_chance(&rng, 0.005)) b.w.time.now_ns += rng_range(&rng, -7200, 7200) * NS_PER_S;
        if (rng_chance(&rng, 0.003)) (void)b.w.fs.remove(b.w.fs.self, USAGE_PATH, NULL);
        if (rng_chance(&rng, 0.003))
            (void)b.w.fs.replace(b.w.fs.self, USAGE_PATH, "{", 1, false, NULL);
        b.w.events.len = 0;
    }
    assert_true(b.w.net.requests > 300);
    if (busiest_minute(&b.w.net) > 20)
        fail_msg("%zu requests in a minute", busiest_minute(&b.w.net));
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemon_polls_a_day_as_planned),
        cmocka_unit_test(test_daemon_does_not_grow),
        cmocka_unit_test(test_daemon_stop_writes_what_it_knows),
        cmocka_unit_test(test_daemon_once_tries_everything_once),
        cmocka_unit_test(test_daemon_without_a_key_lives_and_sends_nothing),
        cmocka_unit_test(test_daemon_without_an_allow_list_lives_and_sends_nothing),
        cmocka_unit_test(test_daemon_rests_when_the_servers_day_is_used_up),
        cmocka_unit_test(test_daemon_rests_when_its_own_day_is_used_up),
        cmocka_unit_test(test_daemon_a_refused_key_is_asked_every_quarter_hour),
        cmocka_unit_test(test_daemon_a_failed_poll_keeps_data_and_age),
        cmocka_unit_test(test_daemon_a_path_that_is_not_found_rests_a_day),
        cmocka_unit_test(test_daemon_asks_greek_exposure_without_its_parameter_where_it_is_refused),
        cmocka_unit_test(test_daemon_an_empty_slow_answer_keeps_a_young_value),
        cmocka_unit_test(test_daemon_takes_earnings_from_alerts_where_the_calendar_is_silent),
        cmocka_unit_test(test_daemon_mock_data_are_marked_and_kept_apart),
        cmocka_unit_test(test_contract_3_1_any_state_file_may_be_garbage),
        cmocka_unit_test(test_daemon_never_sends_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, split_names, NULL);
}

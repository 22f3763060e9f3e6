/*
 * The daemon against the simulated market, in one process: every answer of the simulator is
 * understood, nothing is asked that it does not know, and what stands in the cache is what it said.
 */
#include "tests/sim/market.h"
#include "sim/http_in_process.h"
#include "tests/lib/uw_world.h"
#include "uwclient/daemon.h"

static char ACME[] = "AAPL", BETA[] = "TSLA", FUND[] = "SPY";
static char *tickers[] = {ACME, BETA, FUND};
static char *funds[] = {FUND};

struct bed {
    struct market market;
    struct uw_world w;
    struct daemon d;
};

static bool
never(void *ctx)
{
    (void)ctx;
    return false;
}

static void
bed_make(struct bed *b, const char *faults)
{
    static const char *const symbols[] = {"AAPL", "TSLA", "SPY"};
    char iso[ISO_TEXT_MAX];
    struct err err = {0};

    market_make(&b->market, symbols, 3, 7);
    if (faults != NULL) market_faults(&b->market, faults);
    uw_world_make_fast(&b->w, when_iso(market_at(14, 25), iso));
    b->market.sim.clock = &b->w.clock; /* one time for both */
    b->market.sim.keys.uw = UW_TEST_KEY;
    b->w.http = http_in_process(&b->market.sim);
    b->w.cfg.tickers = (struct name_list){tickers, 3};
    b->w.cfg.etf_tickers = (struct name_list){funds, 1};
    struct daemon_deps deps = {
        .client = uw_world_client(&b->w),
        .cfg = &b->w.cfg,
        .clock = &b->w.clock,
        .fs = &b->w.fs,
        .store = &b->w.store,
        .locks = &b->w.locks,
        .log = &b->w.log,
        .ny = b->w.ny,
        .pid = 1,
        .is_stopping = never,
    };
    if (daemon_init(&b->d, &deps, &err) != RC_OK) fail_msg("%s", err.text);
}

static void
bed_remove(struct bed *b)
{
    daemon_done(&b->d);
    uw_world_remove(&b->w);
    market_free(&b->market);
}

static void
run_until(struct bed *b, int64_t until_ns)
{
    while (b->w.time.now_ns < until_ns) {
        int64_t wait_ns = daemon_turn(&b->d);
        clock_sleep(&b->w.clock, MAX(wait_ns, NS_PER_MS));
        b->w.events.len = 0;
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

static void
test_sim_day_every_answer_is_understood(void **state)
{
    static struct bed b;
    static const char *const members[] = {"flow_trades",  "sentiment", "conviction", "dark_pool",
                                          "market_tide",  "greeks",    "max_pain",   "iv_rank",
                                          "ftd_pressure", "oi_change", "insider",    "congress",
                                          "institutional"};

    (void)state;
    bed_make(&b, NULL);
    run_until(&b, market_at(21, 10));
    if (b.d.drift.len > 0)
        fail_msg("%s: %s %s", uw_endpoint_row(b.d.drift.finding[0].endpoint)->path,
                 drift_kind_name(b.d.drift.finding[0].kind), b.d.drift.finding[0].field);
    assert_int_equal(b.market.sim.unknown_params, 0);
    assert_int_equal(b.market.sim.requests_total, usage_view(&b.w.client.usage).calls_today);
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (!json_has(json_get(doc, "TSLA"), members[i])) fail_msg("%s is missing", members[i]);
    }
    assert_true(json_has(json_get(doc, "SPY"), "etf_flow"));
    assert_true(json_i64(json_get(json_get(doc, "AAPL"), "dark_pool"), "print_count", 0) > 0);
    assert_true(json_len(json_get(json_get(doc, "_top_net_impact"), "data")) > 0);
    bed_remove(&b);
}

/* A bad day: errors, garbage, refusals and broken connections at random; polling goes on. */
static void
test_sim_day_survives_a_bad_vendor(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(
        &b,
        "500:/api/:0.05,html:/api/:0.03,garbage:/api/:0.03,truncate:/api/:0.03,reset:/api/:0.05,"
        "503:/api/:0.03,429:/api/:2@11:00-11:01");
    run_until(&b, market_at(21, 10));
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    const struct json *meta = json_get(doc, "_metadata");
    assert_string_equal(json_str(meta, "status", ""), "ok");
    int64_t age_s = when_to_s(b.w.time.now_ns) - json_i64(meta, "last_flow_success_ts", 0);
    assert_true(age_s < 20 * 60); /* the market closed ten minutes ago */
    assert_true(b.market.sim.faults_hit > 50);
    assert_true(usage_view(&b.w.client.usage).calls_today >= b.market.sim.uw_requests);
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_day_every_answer_is_understood),
        cmocka_unit_test(test_sim_day_survives_a_bad_vendor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The daemon as a whole, without a network: a trading day, limits, failures, restarts
 * (contract 4.2, 4.9; spec 20 3.1, 3.5, 3.7, 7).
 */
#include "tests/uwclient/daemon_bed.h"

/* ---- the day --------------------------------------------------------------------------------- */

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

/* ---- start ----------------------------------------------------------------------------------- */

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
    static const char odd_kinds[] =
        "{\"jobs\":7,\"ACME\":{\"flow_trades\":7,\"greeks\":[],\"_updates\":4,\"calendar\":\"x\"},"
        "\"findings\":[1,{}],\"endpoints\":[],\"symbols\":{}}";
    static const char *const bad[] = {
        "", "[]", "{\"jobs\":[1],\"endpoints\":5,\"findings\":{}", "\x01\x02\x03", odd_kinds,
    };

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
        cmocka_unit_test(test_daemon_mock_data_are_marked_and_kept_apart),
        cmocka_unit_test(test_contract_3_1_any_state_file_may_be_garbage),
        cmocka_unit_test(test_daemon_never_sends_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, split_names, NULL);
}

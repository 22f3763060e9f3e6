/*
 * The budget: limits, what survives, what is counted again (spec 20 2.7, 2.10, 2.11).
 */
#include "tests/uwclient/usage_bed.h"

static void
test_usage_daily_cap_is_the_limit_times_the_buffer(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    write_state(
        &w,
        "{\"date\":\"2026-01-20\",\"calls_today\":14249,\"by_endpoint\":{},\"minute_window\":[]}");
    open_usage(&w, &u, limits(120, 15000));
    assert_int_equal(usage_cap(&u), 14250);
    assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    assert_int_equal(reserve(&u, "", 0), USAGE_DAILY_CAP);
    w.time.now_ns += 8 * NS_PER_HOUR; /* 01:00 UTC of the next day */
    w.time.mono_ns += 8 * NS_PER_HOUR;
    assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    assert_int_equal(usage_view(&u).calls_today, 1);
    uw_world_remove(&w);
}

static void
test_usage_minute_cap_counts_sixty_seconds(void **state)
{
    struct uw_world w;
    struct usage u;
    struct usage_ask ask = {.name = ""};
    int64_t wait_ns;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(1, 15000));
    assert_int_equal(usage_reserve(&u, &ask, &wait_ns), USAGE_ADMITTED);
    clock_sleep(&w.clock, 500 * NS_PER_MS);
    assert_int_equal(usage_reserve(&u, &ask, &wait_ns), USAGE_MINUTE_CAP);
    assert_true(wait_ns > 59 * NS_PER_S && wait_ns <= 60 * NS_PER_S);
    clock_sleep(&w.clock, 59 * NS_PER_S);
    assert_int_equal(usage_reserve(&u, &ask, &wait_ns), USAGE_MINUTE_CAP);
    clock_sleep(&w.clock, NS_PER_S);
    assert_int_equal(usage_reserve(&u, &ask, &wait_ns), USAGE_ADMITTED);
    uw_world_remove(&w);
}

static void
test_usage_order_of_reasons(void **state)
{
    static const struct {
        const char *what, *calls;
        int64_t per_min;
        enum usage_verdict want;
    } cases[] = {
        {"day before minute before endpoint", "14250", 1,   USAGE_DAILY_CAP   },
        {"minute before endpoint",            "10",    1,   USAGE_MINUTE_CAP  },
        {"endpoint",                          "10",    120, USAGE_ENDPOINT_CAP},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct usage u;
        CLEANUP(text_free) struct text json = {0};
        uw_world_make(&w, NOON);
        text_printf(&json,
                    "{\"date\":\"2026-01-20\",\"calls_today\":%s,\"by_endpoint\":{\"few\":3},"
                    "\"minute_window\":[%.3f]}",
                    cases[i].calls, when_to_s_f64(w.time.now_ns) - 5);
        write_state(&w, text_str(&json));
        open_usage(&w, &u, limits(cases[i].per_min, 15000));
        if (reserve(&u, "few", 3) != cases[i].want) fail_msg("%s", cases[i].what);
        uw_world_remove(&w);
    }
}

static void
test_usage_endpoint_cap_leaves_others_alone(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    assert_int_equal(reserve(&u, "few", 1), USAGE_ADMITTED);
    assert_int_equal(reserve(&u, "few", 1), USAGE_ENDPOINT_CAP);
    assert_int_equal(reserve(&u, "other", 1), USAGE_ADMITTED);
    uw_world_remove(&w);
}

/* ---- what survives --------------------------------------------------------------------------- */

static void
spend(struct uw_world *w, struct usage *u, int n)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(reserve(u, "named", 0), USAGE_ADMITTED);
        quota_append(&w->store, &(struct quota_line){.at_ns = w->time.now_ns,
                                                     .mono_ns = w->time.mono_ns,
                                                     .url = "https://uw.example/x",
                                                     .params_json = "{}",
                                                     .endpoint_name = "named",
                                                     .caller = "test",
                                                     .attempt = 1});
        clock_sleep(&w->clock, 2 * NS_PER_S);
    }
}

static void
test_usage_a_lost_file_hands_nothing_back(void **state)
{
    static const struct {
        const char *what, *bytes; /* NULL = the file and its older generation are deleted */
    } cases[] = {
        {"deleted",     NULL                                                                   },
        {"empty",       ""                                                                     },
        {"half",        "{\"date\":\"2026-01"                                                  },
        {"a list",      "[]"                                                                   },
        {"garbage",     "\x01\x02"                                                             },
        {"no counters", "{}"                                                                   },
        {"negative",
         "{\"date\":\"2026-01-20\",\"calls_today\":-5,\"by_endpoint\":{},\"minute_window\":[]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct usage u, after;
        uw_world_make(&w, NOON);
        open_usage(&w, &u, limits(120, 15000));
        spend(&w, &u, 25);
        (void)w.root.fs.remove(w.root.fs.self, USAGE_PATH ".prev", NULL);
        if (cases[i].bytes == NULL)
            (void)w.root.fs.remove(w.root.fs.self, USAGE_PATH, NULL);
        else
            write_state(&w, cases[i].bytes);
        open_usage(&w, &after, limits(120, 15000));
        struct usage_view v = usage_view(&after);
        if (v.calls_today != 25) fail_msg("%s: %lld", cases[i].what, (long long)v.calls_today);
        assert_int_equal(test_log_count(&w.events, EV_UW_USAGE_RESEEDED), 1);
        /* The last minute is known again too: 25 requests, 2 s apart, are all inside it but the
         * oldest. */
        open_usage(&w, &after, limits(20, 15000));
        assert_int_equal(reserve(&after, "named", 0), USAGE_MINUTE_CAP);
        uw_world_remove(&w);
    }
}

/* The log of attempts was archived at its limit: what it holds of today counts all the same. */
static void
test_usage_counts_the_archived_log_too(void **state)
{
    struct uw_world w;
    struct usage u, after;
    struct err err = {0};

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    spend(&w, &u, 10);
    const struct fs *fs = &w.root.fs;
    assert_int_equal(fs->make_dir(fs->self, "logs/archive", &err), RC_OK);
    assert_int_equal(fs->rename(fs->self, QUOTA_PATH,
                                "logs/archive/data-uw_api_quota.20260120T170100Z.jsonl", &err),
                     RC_OK);
    spend(&w, &u, 5);
    (void)fs->remove(fs->self, USAGE_PATH ".prev", NULL);
    assert_int_equal(fs->remove(fs->self, USAGE_PATH, &err), RC_OK);
    open_usage(&w, &after, limits(120, 15000));
    assert_int_equal(usage_view(&after).calls_today, 15);
    uw_world_remove(&w);
}

static void
test_usage_an_older_generation_is_raised_from_the_log(void **state)
{
    struct uw_world w;
    struct usage u, after;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    spend(&w, &u, 10);
    write_state(&w, "not json");
    open_usage(&w, &after, limits(120, 15000));
    assert_int_equal(usage_view(&after).calls_today, 10);
    assert_int_equal(reserve(&after, "named", 10), USAGE_ENDPOINT_CAP);
    uw_world_remove(&w);
}

static void
test_usage_a_running_process_does_not_forget_with_its_file(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    for (int i = 0; i < 7; i++)
        assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    (void)w.root.fs.remove(w.root.fs.self, USAGE_PATH, NULL);
    (void)w.root.fs.remove(w.root.fs.self, USAGE_PATH ".prev", NULL);
    assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    assert_int_equal(usage_view(&u).calls_today, 8);
    uw_world_remove(&w);
}

static void
test_usage_a_clock_that_visits_tomorrow_hands_nothing_back(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, "2026-01-20T23:30:00Z");
    open_usage(&w, &u, limits(120, 15000));
    spend(&w, &u, 12);
    w.time.now_ns += 2 * NS_PER_HOUR;
    assert_int_equal(usage_view(&u).calls_today, 0);
    spend(&w, &u, 3);
    w.time.now_ns -= 2 * NS_PER_HOUR;
    assert_int_equal(usage_view(&u).calls_today, 12);
    w.time.now_ns += 2 * NS_PER_HOUR;
    assert_int_equal(usage_view(&u).calls_today, 3);
    uw_world_remove(&w);
}

static void
test_usage_a_full_disk_keeps_counting_in_memory(void **state)
{
    struct uw_world w;
    struct usage u;
    struct test_faults faults = {0};

    (void)state;
    uw_world_make(&w, NOON);
    faults.under = &w.root.fs;
    struct fs refusing = test_faults_seam(&faults);
    w.state.fs = &refusing;
    open_usage(&w, &u, limits(5, 15000));
    assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    faults.fail_at = faults.calls + 1;
    faults.fail_len = 100000;
    for (int i = 0; i < 4; i++)
        assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    assert_int_equal(reserve(&u, "", 0), USAGE_MINUTE_CAP);
    assert_int_equal(test_log_count(&w.events, EV_UW_USAGE_WRITE_FAILED), 1);
    faults.fail_at = 0;
    usage_done(&u);
    open_usage(&w, &u, limits(5, 15000));
    assert_int_equal(usage_view(&u).calls_today, 5);
    uw_world_remove(&w);
}

/* ---- what the server says -------------------------------------------------------------------- */

static void
test_usage_the_servers_count_only_raises(void **state)
{
    static const struct {
        const char *what, *now;
        int64_t told[2], limit, want_calls, want_cap;
    } cases[] = {
        {"higher",                                        NOON,                   {500, 500},   20000, 500, 14250},
        {"lower",                                         NOON,                   {0, 0},       20000, 1,   14250},
        {"a lower limit wins",                            NOON,                   {1, 1},       10000, 1,   9500 },
        {"a higher one does not",                         NOON,                   {1, 1},       50000, 1,   14250},
        {"it dropped: another day began",                 NOON,                   {500, 3},     20000, 500, 14250},
        {"winter, 00:30 UTC: still the server's old day",
         "2026-01-21T00:30:00Z",                                                  {9000, 9000},
         20000,                                                                                        1,
         14250                                                                                                   },
        {"winter, 01:30 UTC: its new day",                "2026-01-21T01:30:00Z", {90, 90},     20000, 90,  14250},
        {"summer, 00:30 UTC: its new day",                "2026-07-21T00:30:00Z", {90, 90},     20000, 90,  14250},
        {"implausible limit",                             NOON,                   {500, 500},   0,     1,   14250},
        {"implausible count",                             NOON,                   {-1, -1},     20000, 1,   14250},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct usage u;
        uw_world_make(&w, cases[i].now);
        open_usage(&w, &u, limits(120, 15000));
        assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
        usage_told(&u, cases[i].told[0], cases[i].limit);
        usage_told(&u, cases[i].told[1], cases[i].limit);
        struct usage_view v = usage_view(&u);
        if (v.calls_today != cases[i].want_calls || v.cap != cases[i].want_cap)
            fail_msg("%s: %lld of %lld", cases[i].what, (long long)v.calls_today, (long long)v.cap);
        uw_world_remove(&w);
    }
}

static void
test_usage_warns_at_each_level_once(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    usage_told(&u, 7400, 10000);
    assert_int_equal(test_log_count(&w.events, EV_UW_QUOTA_WARNING), 0);
    usage_told(&u, 7500, 10000);
    usage_told(&u, 7600, 10000);
    assert_int_equal(test_log_count(&w.events, EV_UW_QUOTA_WARNING), 1);
    assert_non_null(strstr(test_log_last(&w.events, EV_UW_QUOTA_WARNING), "\"level\":75"));
    usage_told(&u, 9100, 10000);
    usage_told(&u, 9200, 10000);
    assert_int_equal(test_log_count(&w.events, EV_UW_QUOTA_WARNING), 2);
    assert_non_null(strstr(test_log_last(&w.events, EV_UW_QUOTA_WARNING), "\"level\":90"));
    assert_non_null(
        strstr(test_log_last(&w.events, EV_UW_QUOTA_WARNING), "\"severity\":\"ERROR\""));
    uw_world_remove(&w);
}

static void
test_usage_a_daily_pause_ends_after_eight_in_new_york(void **state)
{
    static const struct {
        const char *now, *until;
    } cases[] = {
        {"2026-01-20T20:00:00Z", "2026-01-21T01:01:00.000000+00:00"}, /* 15:00 New York, winter */
        {"2026-01-21T02:00:00Z", "2026-01-22T01:01:00.000000+00:00"}, /* 21:00: the next day's */
        {"2026-07-20T19:00:00Z", "2026-07-21T00:01:00.000000+00:00"}, /* 15:00, summer */
        {"2026-03-07T20:00:00Z",
         "2026-03-08T01:01:00.000000+00:00"                        }, /* the day before the clocks change */
        {"2026-03-08T05:00:00Z", "2026-03-09T00:01:00.000000+00:00"}, /* the night they change */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct usage u, after;
        char iso[ISO_TEXT_MAX];
        uw_world_make(&w, cases[i].now);
        open_usage(&w, &u, limits(120, 15000));
        assert_int_equal(usage_refused(&u, true, -1), PAUSE_DAILY);
        assert_string_equal(when_iso(usage_view(&u).pause_until_ns, iso), cases[i].until);
        open_usage(&w, &after, limits(120, 15000)); /* kept over a restart */
        assert_string_equal(when_iso(usage_view(&after).pause_until_ns, iso), cases[i].until);
        assert_int_equal(reserve(&after, "", 0), USAGE_SERVER_BACKOFF);
        w.time.now_ns = when_parse_or_none(cases[i].until);
        assert_int_equal(reserve(&after, "", 0), USAGE_ADMITTED);
        uw_world_remove(&w);
    }
}

static void
test_usage_a_daily_pause_is_probed_every_half_hour(void **state)
{
    struct uw_world w;
    struct usage u;
    struct usage_ask probe = {.name = "", .is_probe = true};
    int64_t wait_ns;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    assert_int_equal(usage_refused(&u, true, -1), PAUSE_DAILY);
    assert_int_equal(usage_reserve(&u, &probe, &wait_ns), USAGE_SERVER_BACKOFF);
    clock_sleep(&w.clock, 30 * NS_PER_MIN);
    assert_int_equal(reserve(&u, "", 0), USAGE_SERVER_BACKOFF);
    assert_int_equal(usage_reserve(&u, &probe, &wait_ns), USAGE_ADMITTED);
    assert_int_equal(usage_reserve(&u, &probe, &wait_ns), USAGE_SERVER_BACKOFF);
    assert_int_equal(usage_refused(&u, false, 5),
                     PAUSE_DAILY); /* a refused probe shortens nothing */
    clock_sleep(&w.clock, 30 * NS_PER_MIN);
    assert_int_equal(usage_reserve(&u, &probe, &wait_ns), USAGE_ADMITTED);
    usage_succeeded(&u);
    assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
    uw_world_remove(&w);
}

static void
test_usage_minute_pauses_and_the_third_strike(void **state)
{
    struct uw_world w;
    struct usage u;
    int64_t start_ns;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    start_ns = w.time.now_ns;
    assert_int_equal(usage_refused(&u, false, 30), PAUSE_MINUTE);
    assert_int_equal(usage_view(&u).pause_until_ns, start_ns + 30 * NS_PER_S);
    clock_sleep(&w.clock, 31 * NS_PER_S);
    assert_int_equal(usage_refused(&u, false, 9999),
                     PAUSE_MINUTE); /* too long to be believed: 60 s */
    assert_int_equal(usage_view(&u).pause_until_ns, w.time.now_ns + 60 * NS_PER_S);
    clock_sleep(&w.clock, 61 * NS_PER_S);
    assert_int_equal(usage_refused(&u, false, -1), PAUSE_DAILY);
    assert_int_equal(test_log_count(&w.events, EV_UW_SERVER_BACKOFF), 3);
    uw_world_remove(&w);
}

static void
test_usage_strikes_are_forgotten(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 15000));
    assert_int_equal(usage_refused(&u, false, 1), PAUSE_MINUTE);
    assert_int_equal(usage_refused(&u, false, 1), PAUSE_MINUTE);
    usage_succeeded(&u);
    assert_int_equal(usage_refused(&u, false, 1), PAUSE_MINUTE);
    assert_int_equal(usage_refused(&u, false, 1), PAUSE_MINUTE);
    clock_sleep(&w.clock, 11 * NS_PER_MIN); /* or by themselves */
    assert_int_equal(usage_refused(&u, false, 1), PAUSE_MINUTE);
    uw_world_remove(&w);
}

static void
test_usage_a_stored_pause_that_is_too_long_is_not_believed(void **state)
{
    static const struct {
        const char *reason;
        int64_t ahead_s;
        enum usage_pause want;
    } cases[] = {
        {"daily",  86400,       PAUSE_DAILY },
        {"daily",  86400 + 301, PAUSE_NONE  },
        {"auth",   899,         PAUSE_AUTH  },
        {"auth",   3600,        PAUSE_NONE  },
        {"minute", 120,         PAUSE_MINUTE},
        {"minute", 3600,        PAUSE_NONE  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct usage u;
        CLEANUP(text_free) struct text json = {0};
        uw_world_make(&w, NOON);
        long long until_s = when_to_s(w.time.now_ns) + cases[i].ahead_s;
        text_printf(
            &json,
            "{\"date\":\"2026-01-20\",\"calls_today\":1,\"by_endpoint\":{},\"minute_window\":[],"
            "\"backoff_reason\":\"%s\",\"backoff_until\":%lld}",
            cases[i].reason, until_s);
        write_state(&w, text_str(&json));
        open_usage(&w, &u, limits(120, 15000));
        if (usage_view(&u).pause != cases[i].want)
            fail_msg("%s %lld", cases[i].reason, (long long)cases[i].ahead_s);
        uw_world_remove(&w);
    }
}

static void
test_usage_forecasts_the_end_of_the_budget(void **state)
{
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    open_usage(&w, &u, limits(120, 4000));
    for (int i = 0; i < 1800; i++) { /* one every 2 s for an hour: 30 a minute */
        assert_int_equal(reserve(&u, "", 0), USAGE_ADMITTED);
        clock_sleep(&w.clock, 2 * NS_PER_S);
    }
    struct usage_view v = usage_view(&u);
    assert_true(v.rate_per_min > 28 && v.rate_per_min < 31);
    /* 2000 calls are left at 30 a minute: about 67 minutes. */
    int64_t left_min = (v.exhausted_at_ns - w.time.now_ns) / NS_PER_MIN;
    assert_true(left_min >= 64 && left_min <= 72);
    clock_sleep(&w.clock, 3 * NS_PER_HOUR);
    assert_true(usage_view(&u).exhausted_at_ns == WHEN_NONE); /* at rest it lasts */
    uw_world_remove(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage_daily_cap_is_the_limit_times_the_buffer),
        cmocka_unit_test(test_usage_minute_cap_counts_sixty_seconds),
        cmocka_unit_test(test_usage_order_of_reasons),
        cmocka_unit_test(test_usage_endpoint_cap_leaves_others_alone),
        cmocka_unit_test(test_usage_a_lost_file_hands_nothing_back),
        cmocka_unit_test(test_usage_counts_the_archived_log_too),
        cmocka_unit_test(test_usage_an_older_generation_is_raised_from_the_log),
        cmocka_unit_test(test_usage_a_running_process_does_not_forget_with_its_file),
        cmocka_unit_test(test_usage_a_clock_that_visits_tomorrow_hands_nothing_back),
        cmocka_unit_test(test_usage_a_full_disk_keeps_counting_in_memory),
        cmocka_unit_test(test_usage_the_servers_count_only_raises),
        cmocka_unit_test(test_usage_warns_at_each_level_once),
        cmocka_unit_test(test_usage_a_daily_pause_ends_after_eight_in_new_york),
        cmocka_unit_test(test_usage_a_daily_pause_is_probed_every_half_hour),
        cmocka_unit_test(test_usage_minute_pauses_and_the_third_strike),
        cmocka_unit_test(test_usage_strikes_are_forgotten),
        cmocka_unit_test(test_usage_a_stored_pause_that_is_too_long_is_not_believed),
        cmocka_unit_test(test_usage_forecasts_the_end_of_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

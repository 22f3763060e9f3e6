#include "io/clock.h"

#include "tests/lib/check.h"

#include "tests/lib/tmpdir.h"

static const char *const loopback[] = {"http://127.0.0.1:1", "", NULL, "http://localhost:2"};

static enum rc
open_paced(const char *text, struct sys_clock *c, struct err *err)
{
    struct clock_options opt = {.paced = text, .hosts = loopback, .hosts_len = COUNT_OF(loopback)};
    return clock_open(&opt, c, err);
}

static void
test_clock_real_is_the_systems(void **state)
{
    (void)state;
    struct sys_clock c;
    struct err err = {0};
    struct clock_options opt = {0};
    assert_int_equal(clock_open(&opt, &c, &err), RC_OK);
    struct clock clock = clock_seam(&c);
    int64_t now_s = clock_now(&clock) / NS_PER_S, system_s = (int64_t)time(NULL);
    assert_true(now_s - system_s >= -1 && now_s - system_s <= 1);
    int64_t first = clock_mono(&clock);
    assert_true(clock_mono(&clock) >= first);
    assert_int_equal(clock_real(&clock, 12345), 12345);
    char text[CLOCK_TEXT_MAX];
    assert_string_equal(clock_text(&c, text), "");
}

static void
test_clock_paced_runs_from_its_start_at_its_speed(void **state)
{
    (void)state;
    struct sys_clock c;
    struct err err = {0};
    int64_t start_ns = when_parse_or_none("2026-01-30T14:25:00Z");
    assert_int_equal(open_paced("2026-01-30T14:25:00Z@200", &c, &err), RC_OK);
    struct clock clock = clock_seam(&c);

    int64_t mono_before = clock_mono(&clock), now = clock_now(&clock),
            mono_after = clock_mono(&clock);
    assert_true(now >= start_ns + (mono_before - c.anchor_ns) * 200);
    assert_true(now <= start_ns + (mono_after - c.anchor_ns) * 200);
    assert_int_equal(clock_real(&clock, 60 * NS_PER_S), 300 * NS_PER_MS);
}

static void
test_clock_processes_of_one_day_agree(void **state)
{
    (void)state;
    struct sys_clock first, second;
    struct err err = {0};
    char text[CLOCK_TEXT_MAX], again[CLOCK_TEXT_MAX];
    assert_int_equal(unsetenv("STOCKBOT_CLOCK"), 0);
    assert_int_equal(open_paced("2026-01-30 14:25@33.25", &first, &err), RC_OK);
    /* The first one wrote its anchor where its children find it. */
    assert_string_equal(getenv("STOCKBOT_CLOCK"), clock_text(&first, text));
    assert_int_equal(open_paced(getenv("STOCKBOT_CLOCK"), &second, &err), RC_OK);
    assert_int_equal(first.anchor_ns, second.anchor_ns);
    assert_int_equal(first.start_ns, second.start_ns);
    assert_string_equal(clock_text(&second, again), text);
    assert_int_equal(unsetenv("STOCKBOT_CLOCK"), 0);
}

static void
test_clock_anchored_text_is_taken_as_it_is(void **state)
{
    (void)state;
    struct sys_clock c;
    struct err err = {0};
    char text[CLOCK_TEXT_MAX];
    assert_int_equal(open_paced("2026-01-30T14:25:00.500000+00:00@1.5#123456789", &c, &err), RC_OK);
    assert_int_equal(c.anchor_ns, 123456789);
    assert_string_equal(clock_text(&c, text), "2026-01-30T14:25:00.500000+00:00@1.5#123456789");
    assert_null(getenv("STOCKBOT_CLOCK")); /* nothing to tell the children that they do not know */
}

static void
test_clock_refuses_what_is_no_paced_clock(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rc rc;
    } cases[] = {
        {"2026-01-30",        RC_PARSE},
        {"yesterday@5",       RC_PARSE},
        {"2026-01-30@",       RC_PARSE},
        {"2026-01-30@fast",   RC_PARSE},
        {"2026-01-30@0.5",    RC_RANGE},
        {"2026-01-30@2000.5", RC_RANGE},
        {"2026-01-30@5#",     RC_PARSE},
        {"2026-01-30@5#-1",   RC_PARSE},
        {"2026-01-30@5#12x",  RC_PARSE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sys_clock c;
        struct err err = {0};
        enum rc rc = open_paced(cases[i].text, &c, &err);
        if (rc != cases[i].rc || !str_starts(err.text, "STOCKBOT_CLOCK: "))
            fail_msg("%s: %s %s", cases[i].text, rc_name(rc), err.text);
    }
    struct sys_clock c;
    struct err err = {0};
    assert_int_equal(open_paced("2026-01-30@1#1", &c, &err), RC_OK);
    assert_int_equal(open_paced("2026-01-30@2000#1", &c, &err), RC_OK);
}

static void
test_clock_paced_is_refused_with_a_host_elsewhere(void **state)
{
    (void)state;
    static const char *const far[] = {
        "https://paper-api.alpaca.markets/v2", "https://127.0.0.1@example.org/hush",
        "http://127.0.0.1.example.org", "https://hooks.example.org/hush"};
    for (size_t i = 0; i < COUNT_OF(far); i++) {
        struct sys_clock c;
        struct err err = {0};
        const char *hosts[] = {"http://127.0.0.1:1", far[i]};
        struct clock_options opt = {.paced = "2026-01-30@5", .hosts = hosts, .hosts_len = 2};
        assert_int_equal(clock_open(&opt, &c, &err), RC_DENIED);
        assert_null(strstr(err.text, "hush"));
        opt.paced = "";
        assert_int_equal(clock_open(&opt, &c, &err),
                         RC_OK); /* the real clock may speak to anybody */
    }
}

static void
test_clock_skew_file_steps_the_wall_clock_only(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct sys_clock c;
    struct err err = {0};
    const char *path = tmpdir_path(&dir, "skew");
    struct clock_options opt = {.paced = "2026-01-30T14:00:00Z@1", .skew_file = path};
    assert_int_equal(clock_open(&opt, &c, &err), RC_OK);
    struct clock clock = clock_seam(&c);
    int64_t start_ns = when_parse_or_none("2026-01-30T14:00:00Z");

    static const struct {
        const char *promise, *text;
        int64_t skew_s;
    } steps[] = {
        {"no file",             NULL,     0    },
        {"two hours on",        "7200\n", 7200 },
        {"not a number: stays", "soon",   7200 },
        {"half written: stays", "",       7200 },
        {"two hours back",      "-7200",  -7200},
        {"none",                "0",      0    },
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (steps[i].text != NULL) tmpdir_write(&dir, "skew", steps[i].text);
        c.skew_read_ns -= CLOCK_SKEW_READ_MS * NS_PER_MS; /* as if that long had passed */
        int64_t off_ns = clock_now(&clock) - start_ns - steps[i].skew_s * NS_PER_S;
        if (off_ns < 0 || off_ns > 60 * NS_PER_S)
            fail_msg("%s: %lld ns", steps[i].promise, (long long)off_ns);
    }
    /* Read at most every 100 ms. */
    tmpdir_write(&dir, "skew", "3600");
    c.skew_read_ns = clock_mono(&clock);
    assert_true(clock_now(&clock) - start_ns < 60 * NS_PER_S);
    assert_int_equal(unsetenv("STOCKBOT_CLOCK"), 0);
}

static void
test_clock_sleep_is_paced_and_stops(void **state)
{
    (void)state;
    struct sys_clock c;
    struct err err = {0};
    volatile sig_atomic_t stop = 0;
    struct clock_options opt = {.paced = "2026-01-30@2000#1", .stop = &stop};
    assert_int_equal(clock_open(&opt, &c, &err), RC_OK);
    struct clock clock = clock_seam(&c);

    int64_t start = clock_mono(&clock);
    clock_sleep(&clock, 60 * NS_PER_S); /* 30 ms */
    int64_t took = clock_mono(&clock) - start;
    assert_true(took >= 30 * NS_PER_MS && took < 20 * NS_PER_S);
    clock_sleep(&clock, -1);
    clock_sleep(&clock, 0);

    stop = SIGTERM;
    clock_sleep(&clock,
                INT64_C(365) * NS_PER_DAY); /* hours of real time, were it not for the flag */
    assert_true(clock_mono(&clock) - start < 60 * NS_PER_S);
}

static volatile sig_atomic_t alarm_flag;

static void
on_alarm(int number)
{
    alarm_flag = number;
}

static void
test_clock_sleep_sees_a_signal_that_comes_while_it_sleeps(void **state)
{
    (void)state;
    struct sys_clock c;
    struct err err = {0};
    struct clock_options opt = {.stop = &alarm_flag};
    struct sigaction action = {.sa_handler = on_alarm};
    assert_int_equal(clock_open(&opt, &c, &err), RC_OK);
    struct clock clock = clock_seam(&c);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    (void)ualarm(20000, 0);
    clock_sleep(&clock, 3600 * NS_PER_S);
    assert_int_equal(alarm_flag, SIGALRM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_real_is_the_systems),
        cmocka_unit_test(test_clock_paced_runs_from_its_start_at_its_speed),
        cmocka_unit_test(test_clock_processes_of_one_day_agree),
        cmocka_unit_test(test_clock_anchored_text_is_taken_as_it_is),
        cmocka_unit_test(test_clock_refuses_what_is_no_paced_clock),
        cmocka_unit_test(test_clock_paced_is_refused_with_a_host_elsewhere),
        cmocka_unit_test(test_clock_skew_file_steps_the_wall_clock_only),
        cmocka_unit_test(test_clock_sleep_is_paced_and_stops),
        cmocka_unit_test(test_clock_sleep_sees_a_signal_that_comes_while_it_sleeps),
    };
    (void)unsetenv("STOCKBOT_CLOCK");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

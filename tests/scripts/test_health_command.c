/*
 * run_daemon_health_check as an operator and as other programs call it: exit codes, what it prints,
 * drills (spec 20 5.1, 5.6).
 */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include "scripts/command.h"
#include "telemetry/daemon_health.h"

static struct ran
run(const struct tmpdir *dir, const char *const *extra, const char *scenario)
{
    const char *args[RUN_ARGS_MAX] = {"run_daemon_health_check", "--root", dir->path};
    char env[64];

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[3 + i] = extra[i];
    (void)snprintf(env, sizeof env, "DAEMON_HEALTH_SCENARIO=%s", scenario);
    return run_command(cmd_run_daemon_health_check, args, (const char *const[]){env, NULL});
}

static void
test_daemon_health_exits_as_asked(void **state)
{
    static const struct {
        const char *scenario;
        const char *args[4];
        int status;
    } cases[] = {
        {"missing_pid",     {"--mock"},                                              0},
        {"missing_pid",     {"--mock", "--strict"},                                  2},
        {"stale_poll",      {"--mock", "--strict"},                                  1},
        {"healthy",         {"--mock", "--strict"},                                  0},
        {"missing_pid",     {"--mock", "--strict", "--nonfatal"},                    0},
        {"stale_poll",      {"--mock", "--strict", "--max-poll-age-sec=3600"},       0},
        {"endpoint_errors", {"--mock", "--strict", "--endpoint-error-threshold=56"}, 0},
        {"crash_loop",      {"--mock", "--strict", "--heal"},                        2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(ran_free) struct ran r = run(&dir, cases[i].args, cases[i].scenario);
        CLEANUP(text_free) struct text events = tmpdir_read(&dir, "logs/system_events.jsonl");
        CLEANUP(text_free) struct text line = {0};

        text_printf(&line, "%s/state/uw_daemon_health_state.json\n", dir.path);
        run_expect(&r, cases[i].status, "", "uw-flow-daemon.service: ");
        assert_string_equal(text_str(&r.out), text_str(&line)); /* one line: the path */
        assert_int_equal(strstr(text_str(&events), "\"runner_failed\"") != NULL,
                         cases[i].status != 0);
    }
}

static void
test_daemon_health_takes_its_time_from_as_of(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    static const char *const as_of[] = {"--mock", "--as-of=2026-01-22T14:00:00Z",
                                        "--date=2026-01-22", NULL};
    static const char *const wrong[] = {"--mock", "--as-of=soon", NULL};
    CLEANUP(ran_free) struct ran r = run(&dir, as_of, "healthy");
    CLEANUP(text_free) struct text doc = tmpdir_read(&dir, DAEMON_HEALTH_PATH);
    CLEANUP(ran_free) struct ran refused = run(&dir, wrong, "healthy");

    (void)state;
    run_expect(&r, 0, "", "healthy");
    assert_non_null(strstr(text_str(&doc), "\"timestamp\":\"2026-01-22T14:00:00.000000+00:00\""));
    run_expect(&refused, 64, "", "--as-of");
}

static void
test_daemon_health_the_environment_asks_for_a_drill(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *const args[] = {"run_daemon_health_check", "--root", dir.path, "--json", NULL};
    const char *const env[] = {"DAEMON_HEALTH_MOCK=yes", "DAEMON_HEALTH_SCENARIO=restart_storm",
                               NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_run_daemon_health_check, args, env);

    (void)state;
    run_expect(&r, 0, "", "warning: restart_storm");
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);
    assert_string_equal(json_str(doc, "status", ""), "warning");
    assert_string_equal(json_str(doc, "mode", ""), "mock");
    assert_string_equal(json_string(json_first(json_get_arr(doc, "violated"))), "restart_storm");
}

static void
test_daemon_health_refuses_wrong_usage(void **state)
{
    static const char *const cases[][3] = {
        {"--no-such-option"     },
        {"--max-poll-age-sec",    "soon"},
        {"--max-poll-age-sec",                       "-1"},
        {"--crash-loop-restarts","1.5"},
        {"--endpoint-error-threshold", "99999999999"},
        {"surplus"                      },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const extra[] = {cases[i][0], cases[i][1], NULL};
        CLEANUP(ran_free) struct ran r = run(&dir, extra, "healthy");
        if (r.status != 64) fail_msg("%s: %d", cases[i][0], r.status);
        assert_int_equal(tmpdir_count(&dir, ""), 0);
    }
}

/* A drill must not hide what a real check has found. */
static void
test_daemon_health_a_drill_does_not_replace_a_real_record(void **state)
{
    static const char *const drill[] = {"--mock", NULL};
    static const char *const allowed[] = {"--mock", "--allow-mock-root", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran real = run(&dir, NULL, "");
    CLEANUP(text_free) struct text before = tmpdir_read(&dir, DAEMON_HEALTH_PATH);
    CLEANUP(ran_free) struct ran refused = run(&dir, drill, "healthy");
    CLEANUP(text_free) struct text after = tmpdir_read(&dir, DAEMON_HEALTH_PATH);
    CLEANUP(ran_free) struct ran done = run(&dir, allowed, "healthy");

    (void)state;
    run_expect(&real, 0, "uw_daemon_health_state.json", "critical");
    run_expect(&refused, 64, "", "would hide it");
    assert_string_equal(text_str(&before), text_str(&after));
    run_expect(&done, 0, "uw_daemon_health_state.json", "healthy");
}

static void
test_daemon_health_a_dry_run_prints_the_document(void **state)
{
    static const char *const dry[] = {"--mock", "--dry-run", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = run(&dir, dry, "stale_lock");

    (void)state;
    run_expect(&r, 0, "", "critical: lock_issue");
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);
    assert_string_equal(json_str(doc, "status", ""), "critical");
    assert_int_equal(tmpdir_count(&dir, ""), 0);
}

static void
test_daemon_health_says_that_the_record_cannot_be_written(void **state)
{
    static const char *const nonfatal[] = {"--mock", "--nonfatal", NULL};
    static const char *const mock[] = {"--mock", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    tmpdir_write(&dir, "state", "a file where a folder is wanted");
    CLEANUP(ran_free) struct ran r = run(&dir, mock, "healthy");
    run_expect(&r, 1, "", "save state/uw_daemon_health_state.json");
    assert_int_equal(r.out.len, 0);
    CLEANUP(ran_free) struct ran soft = run(&dir, nonfatal, "healthy");
    run_expect(&soft, 0, "", "save state/uw_daemon_health_state.json");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemon_health_exits_as_asked),
        cmocka_unit_test(test_daemon_health_takes_its_time_from_as_of),
        cmocka_unit_test(test_daemon_health_the_environment_asks_for_a_drill),
        cmocka_unit_test(test_daemon_health_refuses_wrong_usage),
        cmocka_unit_test(test_daemon_health_a_drill_does_not_replace_a_real_record),
        cmocka_unit_test(test_daemon_health_a_dry_run_prints_the_document),
        cmocka_unit_test(test_daemon_health_says_that_the_record_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

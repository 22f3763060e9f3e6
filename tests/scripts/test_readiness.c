/*
 * run_preopen_readiness_check and run_intel_health_checks as an operator runs them: each condition
 * in turn makes the answer no, is named with how to mend it, and is logged (contract 4.7, 4.15;
 * spec 40 6.1, 6.2).
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include "scripts/command.h"
#include "scripts/job.h"

#define REAL      "{\"_meta\":{\"mode\":\"real\"}}"
#define MOCK      "{\"_meta\":{\"mode\":\"mock\"}}"
#define SKIP_ENV  "PREOPEN_SKIP_REGRESSION=1"
#define DAEMON    "state/uw_daemon_health_state.json"
#define UNIVERSE  "state/daily_universe_v2.json"
#define PREMARKET "state/premarket_intel.json"
#define REGIME    "state/regime_state.json"

static struct tmpdir
ready_root(void)
{
    struct tmpdir dir = tmpdir_new();

    assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0700), 0);
    tmpdir_write(&dir, UNIVERSE, REAL);
    tmpdir_write(&dir, PREMARKET, REAL);
    tmpdir_write(&dir, REGIME, "{}");
    tmpdir_write(&dir, DAEMON, "{\"status\":\"healthy\"}");
    return dir;
}

static struct ran
readiness(const struct tmpdir *dir, const char *option, const char *env)
{
    const char *const args[] = {"run_preopen_readiness_check", "--root", dir->path, option, NULL};

    return run_command(cmd_run_preopen_readiness_check, args,
                       (const char *const[]){SKIP_ENV, env, NULL});
}

static void
test_contract_4_7_readiness_is_given_and_logged(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = ready_root();
    CLEANUP(ran_free) struct ran r = readiness(&dir, NULL, NULL);
    CLEANUP(text_free) struct text events = tmpdir_read(&dir, "logs/system_events.jsonl");

    (void)state;
    run_expect(&r, 0, "PREOPEN_READY\n", "");
    assert_non_null(strstr(text_str(&events), "\"preopen_readiness_ok\""));
}

static void
age(const struct tmpdir *dir, const char *file, int64_t by_s)
{
    struct timespec times[2];

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &times[0]), 0);
    times[0].tv_sec -= by_s;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, tmpdir_path(dir, file), times, 0), 0);
}

static void
test_contract_4_7_each_condition_alone_makes_it_not_ready(void **state)
{
    static const struct {
        const char *file, *text; /* written, or taken away where text is NULL */
        int64_t age_s;
        const char *env;
        const char *check; /* the only one that fails */
    } cases[] = {
        {UNIVERSE,  NULL,                        0,     NULL,           "daily_universe_v1"     },
        {UNIVERSE,  REAL,                        14500, NULL,           "daily_universe_v2"     },
        {PREMARKET, NULL,                        0,     NULL,           "premarket_intel"       },
        {PREMARKET, REAL,                        14500, NULL,           "premarket_intel"       },
        {REGIME,    NULL,                        0,     NULL,           "regime_state"          },
        {REGIME,    "{}",                        14500, NULL,           "regime_state"          },
        {DAEMON,    NULL,                        0,     NULL,           "uw_daemon_health_state"},
        {DAEMON,    "{\"status\":\"critical\"}", 0,     NULL,           "uw_daemon_health_state"},
        {DAEMON,    "{\"status\":\"healthy\"}",  14500, NULL,           "uw_daemon_health_state"},
        {UNIVERSE,  MOCK,                        0,     NULL,           "artifact_mode"         },
        {PREMARKET, MOCK,                        0,     NULL,           "artifact_mode"         },
        {REGIME,    "{}",                        0,     "UW_MOCK=true", "mock_mode"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = ready_root();
        char failed[64];

        if (cases[i].text == NULL)
            assert_int_equal(unlink(tmpdir_path(&dir, cases[i].file)), 0);
        else
            tmpdir_write(&dir, cases[i].file, cases[i].text);
        if (cases[i].age_s > 0) age(&dir, cases[i].file, cases[i].age_s);
        CLEANUP(ran_free) struct ran r = readiness(&dir, NULL, cases[i].env);
        CLEANUP(text_free) struct text events = tmpdir_read(&dir, "logs/system_events.jsonl");
        (void)snprintf(failed, sizeof failed, "FAIL  %s ", cases[i].check);
        run_expect(&r, JOB_EXIT_VERDICT, "PREOPEN_NOT_READY\n", failed);
        run_expect(&r, JOB_EXIT_VERDICT, "", "1 of 7 checks failed");
        run_expect(&r, JOB_EXIT_VERDICT, "", "; wanted: ");
        run_expect(&r, JOB_EXIT_VERDICT, "", "; to mend: ");
        assert_non_null(strstr(text_str(&events), "\"preopen_readiness_failed\""));
    }
}

/* As old as is allowed is fresh; a microsecond more is stale. */
static void
test_readiness_age_is_judged_at_the_limit(void **state)
{
    static const char *const FILES[] = {UNIVERSE, PREMARKET, REGIME, DAEMON};
    static const struct {
        const char *as_of;
        int status;
        const char *says;
    } cases[] = {
        {"--as-of=2026-01-22T14:00:00Z",        0, "age_sec=14400.0"     },
        {"--as-of=2026-01-22T14:00:00.000001Z", 2, "4 of 7 checks failed"},
    };
    const struct timespec at[2] = {{.tv_sec = 1769076000}, {.tv_sec = 1769076000}}; /* 10:00 */
    CLEANUP(tmpdir_done) struct tmpdir dir = ready_root();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(FILES); i++)
        assert_int_equal(utimensat(AT_FDCWD, tmpdir_path(&dir, FILES[i]), at, 0), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free) struct ran r = readiness(&dir, cases[i].as_of, NULL);

        run_expect(&r, cases[i].status, "PREOPEN_", cases[i].says);
    }
}

static void
test_readiness_takes_made_up_documents_when_allowed(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = ready_root();

    (void)state;
    tmpdir_write(&dir, UNIVERSE, MOCK);
    CLEANUP(ran_free) struct ran r = readiness(&dir, "--allow-mock", "UW_MOCK=1");
    run_expect(&r, 0, "PREOPEN_READY", "");
}

static void
test_readiness_without_a_regression_run_is_no(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = ready_root();
    const char *const args[] = {"run_preopen_readiness_check", "--root", dir.path, NULL};
    /* No stockbot lies beside a test program: the run cannot be started, which is no success. */
    CLEANUP(ran_free) struct ran r = run_command(cmd_run_preopen_readiness_check, args, NULL);

    (void)state;
    run_expect(&r, JOB_EXIT_VERDICT, "PREOPEN_NOT_READY", "FAIL  regression");
}

static void
test_intel_health_exit_codes(void **state)
{
    static const struct {
        const char *option;
        int status;
    } cases[] = {
        {NULL,                1             },
        {"--nonfatal",        0             },
        {"--max-age-hours",   JOB_EXIT_USAGE},
        {"--date=2026-01-22", 1             }, /* one command line fits all runners */
        {"--date=2026-13-01", JOB_EXIT_USAGE},
        {"--heal",            1             }, /* nothing could be started: said, and still not well */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        const char *const args[] = {"run_intel_health_checks", "--root", dir.path, cases[i].option,
                                    NULL};
        CLEANUP(ran_free) struct ran r = run_command(cmd_run_intel_health_checks, args, NULL);

        run_expect(&r, cases[i].status, "", "");
        if (cases[i].status == JOB_EXIT_USAGE) continue;
        run_expect(&r, cases[i].status, "state/intel_health_state.json\n",
                   "freshness:premarket_intel missing");
        CLEANUP(text_free) struct text doc = tmpdir_read(&dir, "state/intel_health_state.json");
        bool has_tried = strstr(text_str(&doc), "heal:premarket_intel") != NULL;
        assert_int_equal(has_tried, cases[i].option != NULL && str_eq(cases[i].option, "--heal"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_7_readiness_is_given_and_logged),
        cmocka_unit_test(test_contract_4_7_each_condition_alone_makes_it_not_ready),
        cmocka_unit_test(test_readiness_age_is_judged_at_the_limit),
        cmocka_unit_test(test_readiness_takes_made_up_documents_when_allowed),
        cmocka_unit_test(test_readiness_without_a_regression_run_is_no),
        cmocka_unit_test(test_intel_health_exit_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

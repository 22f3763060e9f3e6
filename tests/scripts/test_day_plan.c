/*
 * The programs of a trading day: when each is due, on full and early days and across daylight
 * saving; what is tried again; what a failed regression run stops; going on after a break (spec
 * 40 1.3, contract 4.7).
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include "scripts/command.h"
#include "scripts/day/day_plan.h"
#include "scripts/job.h"

static struct zone *
new_york(void)
{
    struct text bytes = {0};
    struct zone *ny = NULL;
    struct err err = {0};

    check_read_file("/usr/share/zoneinfo/America/New_York", &bytes);
    if (zone_new(text_str(&bytes), bytes.len, &ny, &err) != RC_OK) fail_msg("%s", err.text);
    text_free(&bytes);
    return ny;
}

static void
zone_freep(struct zone **z)
{
    zone_free(*z);
}

static void
test_day_steps_are_due_in_new_york_time(void **state)
{
    static const struct {
        const char *date, *id, *due;
    } cases[] = {
        {"2026-01-22", "regression",       "2026-01-22T12:30:00Z"}, /* winter */
        {"2026-01-22", "universe",         "2026-01-22T13:00:00Z"},
        {"2026-01-22", "readiness",        "2026-01-22T14:15:00Z"},
        {"2026-01-22", "postmarket-intel", "2026-01-22T21:20:00Z"},
        {"2026-01-22", "telemetry-final",  "2026-01-23T00:10:00Z"},
        {"2026-07-22", "regression",       "2026-07-22T11:30:00Z"}, /* summer */
        {"2026-07-22", "analysis-pack",    "2026-07-22T20:30:00Z"},
        {"2026-11-27", "readiness",        "2026-11-27T14:15:00Z"}, /* closes at 13:00 */
        {"2026-11-27", "postmarket-intel", "2026-11-27T18:20:00Z"},
        {"2026-11-27", "telemetry",        "2026-11-27T18:45:00Z"},
    };
    CLEANUP(zone_freep) struct zone *ny = new_york();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct date date;
        struct err err = {0};
        char iso[ISO_TEXT_MAX];
        size_t step = 0;

        assert_int_equal(date_parse(cases[i].date, &date, &err), RC_OK);
        struct session session = calendar_session(ny, date);
        while (step < DAY_STEPS && !str_eq(DAY_PLAN[step].id, cases[i].id))
            step++;
        assert_true(step < DAY_STEPS);
        assert_string_equal(when_rfc3339(day_due_ns(&DAY_PLAN[step], &session, ny), iso),
                            cases[i].due);
    }
}

static void
test_day_plan_is_in_order_of_time_and_ids_are_unique(void **state)
{
    CLEANUP(zone_freep) struct zone *ny = new_york();
    const struct session session = calendar_session(ny, (struct date){2026, 1, 22});

    (void)state;
    for (size_t i = 1; i < DAY_STEPS; i++) {
        assert_true(day_due_ns(&DAY_PLAN[i - 1], &session, ny) <=
                    day_due_ns(&DAY_PLAN[i], &session, ny));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(DAY_PLAN[i].id, DAY_PLAN[k].id);
    }
}

static size_t
place_of(const char *runner)
{
    for (size_t i = 0; i < DAY_STEPS; i++)
        if (str_eq(DAY_PLAN[i].runner, runner)) return i;
    fail_msg("no %s", runner);
    return 0;
}

/* Each reads what the one before it wrote; steps that are due at one time run in this order. */
static void
test_contract_4_6_the_day_runs_them_in_their_order(void **state)
{
    static const char *const ORDER[] = {
        "run-regression-checks",     "build-daily-universe",        "run-premarket-intel",
        "run-regime-detector",       "run-premarket-exit-intel",    "run-daemon-health-check",
        "run-intel-health-checks",   "run-preopen-readiness-check", "run-postmarket-intel",
        "run-postmarket-exit-intel", "run-postclose-analysis-pack", "run-full-telemetry-extract"};

    (void)state;
    for (size_t i = 1; i < COUNT_OF(ORDER); i++)
        if (place_of(ORDER[i]) <= place_of(ORDER[i - 1]))
            fail_msg("%s before %s", ORDER[i], ORDER[i - 1]);
    for (size_t i = 0; i < DAY_STEPS; i++) {
        bool is_evening = i >= place_of("run-postmarket-intel");

        assert_int_equal(DAY_PLAN[i].phase, is_evening ? DAY_POSTCLOSE : DAY_PREMARKET);
    }
}

static void
test_day_failed_step_is_tried_three_times_ten_minutes_apart(void **state)
{
    static const struct {
        int64_t attempts, age_min;
        enum day_status status;
        bool may;
    } cases[] = {
        {0, 0,  DAY_TO_DO,   true },
        {1, 60, DAY_DONE,    false},
        {1, 9,  DAY_FAILED,  false},
        {1, 10, DAY_FAILED,  true },
        {2, 10, DAY_FAILED,  true },
        {3, 99, DAY_FAILED,  false},
        {1, 0,  DAY_RUNNING, true }, /* its program was killed */
        {3, 0,  DAY_RUNNING, false}, /* again and again */
    };
    const int64_t now_ns = INT64_C(1769000000) * NS_PER_S;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct day_record r = {.status = cases[i].status,
                                     .attempts = cases[i].attempts,
                                     .started_ns = now_ns - cases[i].age_min * NS_PER_MIN};

        assert_int_equal(day_may_try(&r, now_ns), cases[i].may);
    }
}

static void
test_day_record_is_of_one_date(void **state)
{
    struct day_run run = {
        .date = {2026, 1, 22}
    };
    CLEANUP(text_free) struct text text = {0};
    struct err err = {0};
    struct json *doc = NULL;

    (void)state;
    for (size_t i = 0; i < DAY_STEPS; i++)
        run.step[i].started_ns = WHEN_NONE;
    run.step[2] = (struct day_record){DAY_FAILED, 2, 70, INT64_C(1769000000) * NS_PER_S, 1.5};
    day_run_encode(&run, 0, &text);
    assert_int_equal(
        json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err), RC_OK);
    struct day_run same = day_run_decode(doc, (struct date){2026, 1, 22});
    struct day_run next = day_run_decode(doc, (struct date){2026, 1, 23});
    struct day_run none = day_run_decode(NULL, (struct date){2026, 1, 23});
    json_free(doc);
    assert_int_equal(same.step[2].status, DAY_FAILED);
    assert_int_equal(same.step[2].attempts, 2);
    assert_int_equal(same.step[2].rc, 70);
    assert_int_equal(same.step[2].started_ns, run.step[2].started_ns);
    for (size_t i = 0; i < DAY_STEPS; i++) {
        assert_int_equal(next.step[i].status, DAY_TO_DO);
        assert_int_equal(none.step[i].attempts, 0);
    }
}

/* ---- the command: beside a test program lies no stockbot, so that every step fails ----------- */

static struct ran
day(const struct tmpdir *dir, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"day", "--root", dir->path};

    for (size_t i = 0; extra[i] != NULL; i++)
        args[3 + i] = extra[i];
    return run_command(cmd_day, args, NULL);
}

#define DAY(dir, ...) day((dir), (const char *const[]){__VA_ARGS__, NULL})

static const char *
status_of(const struct json *line, const char *id)
{
    return json_str(json_get(line, "steps"), id, "");
}

static void
test_contract_4_7_failed_regression_ends_what_comes_before_the_open(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free)
    struct ran r = DAY(&dir, "--as-of=2026-01-22T14:00:00Z", "--json", "--phase", "premarket");
    CLEANUP(json_freep) struct json *line = run_json(&r.out);

    (void)state;
    run_expect(&r, 1, "", "regression");
    assert_string_equal(status_of(line, "regression"), "failed");
    assert_string_equal(status_of(line, "universe"), "to_do");
    assert_string_equal(status_of(line, "readiness"), "to_do");
    assert_int_equal(json_i64(line, "ran", 0), 1);
}

static void
test_day_after_the_close_every_step_is_tried(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = DAY(&dir, "--as-of=2026-01-22T23:00:00Z", "--json", "--due");
    CLEANUP(json_freep) struct json *line = run_json(&r.out);

    (void)state;
    assert_string_equal(status_of(line, "postmarket-intel"), "failed");
    assert_string_equal(status_of(line, "telemetry"), "failed");
    assert_string_equal(status_of(line, "telemetry-final"), "to_do"); /* due at 00:10 UTC */
}

static void
test_day_goes_on_where_it_was(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0700), 0);
    tmpdir_write(
        &dir, DAY_RUN_PATH,
        "{\"date\":\"2026-01-22\",\"steps\":{\"regression\":{\"status\":\"done\",\"attempts\":1},"
        "\"universe\":{\"status\":\"done\",\"attempts\":1},"
        "\"premarket-intel\":{\"status\":\"running\",\"attempts\":1}}}");
    CLEANUP(ran_free) struct ran r = DAY(&dir, "--as-of=2026-01-22T13:05:00Z", "--json", "--due");
    CLEANUP(json_freep) struct json *line = run_json(&r.out);
    assert_string_equal(status_of(line, "regression"), "done");
    assert_string_equal(status_of(line, "universe"), "done");
    assert_string_equal(status_of(line, "premarket-intel"), "failed");
    assert_int_equal(json_i64(line, "ran", 0), 3); /* with regime and exit intel */
}

static void
test_day_by_hand_leaves_the_evening_to_the_evening(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = DAY(&dir, "--as-of=2026-01-22T14:00:00Z", "--json");
    CLEANUP(json_freep) struct json *line = run_json(&r.out);

    (void)state;
    assert_string_equal(status_of(line, "postmarket-intel"), "to_do");
}

static void
test_day_without_a_session_does_nothing(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = DAY(&dir, "--date", "2026-11-26");
    CLEANUP(ran_free) struct ran due = DAY(&dir, "--date", "2026-11-28", "--due");

    (void)state;
    run_expect(&r, 0, "no session: Thanksgiving", "");
    run_expect(&due, 0, "", "");
    assert_int_equal(due.out.len, 0); /* a timer says nothing */
    assert_false(access(tmpdir_path(&dir, DAY_RUN_PATH), F_OK) == 0);
}

/* The plan can be looked at while the day runs, and tells a run that was killed from one that goes
 * on. */
static void
test_day_list_waits_for_nobody_and_says_what_was_broken_off(void **state)
{
    static const char record[] =
        "{\"schema_version\":1,\"date\":\"2026-01-22\",\"steps\":{"
        "\"regression\":{\"status\":\"done\",\"attempts\":1,\"rc\":0},"
        "\"universe\":{\"status\":\"failed\",\"attempts\":2,\"rc\":1},"
        "\"premarket-intel\":{\"status\":\"running\",\"attempts\":1,\"rc\":0}}}";
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *args[] = {"day", "--list", "--date", "2026-01-22", "--root", dir.path, NULL};
    char lock_path[300];

    (void)state;
    assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0700), 0);
    tmpdir_write(&dir, "state/day_run.json", record);
    tmpdir_write(&dir, "state/day.lock", "");
    (void)str_copy(lock_path, sizeof lock_path, tmpdir_path(&dir, "state/day.lock"));
    int fd = open(lock_path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    dprintf(fd, "pid=%d\n", (int)getpid());
    CLEANUP(ran_free) struct ran held = run_command(cmd_day, args, NULL);
    run_expect(&held, 0, "run-premarket-intel          running\n", "");
    run_expect(&held, 0, "failed, exit 1, tried 2 times\n", "");
    (void)close(fd);
    CLEANUP(ran_free) struct ran left = run_command(cmd_day, args, NULL);
    run_expect(&left, 0, "run-premarket-intel          broken off, to be tried again\n", "");
    assert_int_equal(tmpdir_count(&dir, "state"), 2);
}

/* In the evening the UTC date is that of the next session. */
static void
test_day_for_a_program_is_one_line_about_the_date_in_new_york(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *args[] = {"day",    "--list", "--json", "--as-of", "2026-01-23T00:30:00Z",
                          "--root", dir.path, NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_day, args, NULL);
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);

    (void)state;
    assert_int_equal(r.status, 0);
    assert_string_equal(json_str(doc, "date", ""), "2026-01-22");
    assert_string_equal(json_str(json_get_obj(doc, "steps"), "regression", ""), "to_do");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_steps_are_due_in_new_york_time),
        cmocka_unit_test(test_day_plan_is_in_order_of_time_and_ids_are_unique),
        cmocka_unit_test(test_contract_4_6_the_day_runs_them_in_their_order),
        cmocka_unit_test(test_day_failed_step_is_tried_three_times_ten_minutes_apart),
        cmocka_unit_test(test_day_record_is_of_one_date),
        cmocka_unit_test(test_contract_4_7_failed_regression_ends_what_comes_before_the_open),
        cmocka_unit_test(test_day_after_the_close_every_step_is_tried),
        cmocka_unit_test(test_day_goes_on_where_it_was),
        cmocka_unit_test(test_day_by_hand_leaves_the_evening_to_the_evening),
        cmocka_unit_test(test_day_without_a_session_does_nothing),
        cmocka_unit_test(test_day_list_waits_for_nobody_and_says_what_was_broken_off),
        cmocka_unit_test(test_day_for_a_program_is_one_line_about_the_date_in_new_york),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The frame of the contract's runners: options, clock, lock, mock rule, what is printed, exit codes
 * and the event of a failed run (spec 40 0.7).
 */
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include "scripts/command.h"
#include "scripts/job.h"

#define OUTPUT "state/probe.json"

struct probe {
    double number;
    bool is_failing;
};

enum { OPT_NUMBER = OPT_JOB_OWN, OPT_FAIL };

static const struct option OPTIONS[] = {
    {"number", required_argument, NULL, OPT_NUMBER},
    {"fail",   no_argument,       NULL, OPT_FAIL  },
};

static bool
take(void *own, int option)
{
    struct probe *p = own;

    if (option == OPT_FAIL) p->is_failing = true;
    return option == OPT_FAIL || arg_number("number", optarg, 0, 9, &p->number);
}

static int
probe_run(struct job *job, void *own, struct err *err)
{
    const struct probe *p = own;
    const struct store_spec spec = {.path = OUTPUT, .default_json = "{}"};
    CLEANUP(text_free) struct text doc = {0};
    char iso[ISO_TEXT_MAX];

    if (p->is_failing) {
        (void)err_set(err, RC_IO, "the probe was told to fail");
        return JOB_EXIT_VERDICT;
    }
    text_printf(&doc, "{\"ts\":\"%s\",\"date\":\"%s\"}", when_iso(job->now_ns, iso),
                job->date_text);
    json_out_f64(&job->summary, "number", p->number);
    if (!job->is_dry && store_save(&job->runner.store, &spec, &doc, err) != RC_OK)
        return EXIT_FAILED;
    text_puts(&job->path, OUTPUT);
    return EXIT_DONE;
}

static int
cmd_probe(int argc, char **argv)
{
    static const struct job_spec spec = {.name = "probe",
                                         .help = "usage: stockbot probe\n",
                                         .takes = JOB_DATE | JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = probe_run};
    struct probe p = {0};

    return job_main(&spec, argc, argv, &p);
}

static struct ran
run(const struct tmpdir *dir, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"probe", "--root", dir->path};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[3 + i] = extra[i];
    return run_command(cmd_probe, args, NULL);
}

#define RUN(dir, ...) run((dir), (const char *const[]){__VA_ARGS__, NULL})
#define AS_OF         "--as-of=2026-01-22T23:30:00-05:00"

static bool
has_file(const struct tmpdir *dir, const char *name)
{
    return access(tmpdir_path(dir, name), F_OK) == 0;
}

static void
test_job_prints_the_path_of_its_output(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = run(&dir, NULL);

    (void)state;
    run_expect(&r, 0, "", "");
    assert_string_equal(text_str(&r.out), OUTPUT "\n");
    assert_true(has_file(&dir, OUTPUT));
}

static void
test_job_day_and_time_come_from_as_of(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = RUN(&dir, AS_OF);
    CLEANUP(text_free) struct text doc = tmpdir_read(&dir, OUTPUT);

    (void)state;
    run_expect(&r, 0, "", "");
    assert_string_equal(text_str(&doc),
                        "{\"ts\":\"2026-01-23T04:30:00.000000+00:00\",\"date\":\"2026-01-23\"}");
}

static void
test_job_takes_the_clock_from_the_environment(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *const args[] = {"probe", "--root", dir.path, "--date", NULL};
    const char *const env[] = {"STOCKBOT_NOW=2026-01-22T12:00:00Z", NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_probe, args, env);
    CLEANUP(text_free) struct text doc = tmpdir_read(&dir, OUTPUT);

    (void)state;
    run_expect(&r, 0, "", "");
    assert_non_null(strstr(text_str(&doc), "\"date\":\"2026-01-22\""));
}

static void
test_job_summary_is_one_line_of_json(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free)
    struct ran r = RUN(&dir, AS_OF, "--json", "--number", "4", "--date", "2026-01-20");
    CLEANUP(json_freep) struct json *line = run_json(&r.out);

    (void)state;
    assert_ptr_equal(strchr(text_str(&r.out), '\n'), text_str(&r.out) + r.out.len - 1);
    assert_string_equal(json_str(line, "runner", ""), "probe");
    assert_string_equal(json_str(line, "date", ""), "2026-01-20");
    assert_string_equal(json_str(line, "mode", ""), "real");
    assert_string_equal(json_str(line, "path", ""), OUTPUT);
    assert_int_equal(json_i64(line, "number", 0), 4);
    assert_int_equal(json_i64(line, "exit", -1), 0);
}

static void
test_job_wrong_usage_is_64_and_names_the_option(void **state)
{
    static const struct {
        const char *args[3];
        const char *says;
    } cases[] = {
        {{"--colour"},            "--colour"   },
        {{"--as-of"},             "--as-of"    },
        {{"--as-of", "tomorrow"}, "--as-of: "  },
        {{"--date", "../etc"},    "--date: "   },
        {{"--date=2026-02-30"},   "--date: "   },
        {{"--number", "10"},      "--number 10"},
        {{"surplus"},             "surplus"    },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free) struct ran r = run(&dir, cases[i].args);

        run_expect(&r, JOB_EXIT_USAGE, "", cases[i].says);
    }
    assert_false(has_file(&dir, OUTPUT));
}

static void
test_job_failure_is_told_and_leaves_one_event(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = RUN(&dir, "--fail");
    CLEANUP(text_free) struct text events = tmpdir_read(&dir, "logs/system_events.jsonl");
    CLEANUP(json_freep) struct json *event = run_json(&events);
    const struct json *details = json_get(event, "details");

    (void)state;
    run_expect(&r, JOB_EXIT_VERDICT, "", "probe: the probe was told to fail");
    assert_string_equal(json_str(event, "event_type", ""), "runner_failed");
    assert_string_equal(json_str(details, "runner", ""), "probe");
    assert_int_equal(json_i64(details, "rc", 0), JOB_EXIT_VERDICT);
    assert_non_null(strstr(json_str(details, "error", ""), "told to fail"));
}

/* Wrong usage that is found once the root is open is the end of a run like any other. */
static void
test_job_refused_run_leaves_an_event(void **state)
{
    static const struct {
        const char *option, *says;
    } cases[] = {
        {"--as-of=tomorrow",  "--as-of: "  },
        {"--date=2026-02-30", "--date: "   },
        {"--mock",            "not made up"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

        assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0700), 0);
        tmpdir_write(&dir, "state/ledger.db", "SQLite");
        CLEANUP(ran_free) struct ran r = RUN(&dir, cases[i].option);
        CLEANUP(text_free) struct text events = tmpdir_read(&dir, "logs/system_events.jsonl");
        CLEANUP(json_freep) struct json *event = run_json(&events);
        const struct json *details = json_get(event, "details");

        run_expect(&r, JOB_EXIT_USAGE, "", cases[i].says);
        assert_string_equal(json_str(event, "event_type", ""), "runner_failed");
        assert_int_equal(json_i64(details, "rc", 0), JOB_EXIT_USAGE);
        assert_non_null(strstr(json_str(details, "error", ""), cases[i].says));
    }
}

static void
test_job_second_instance_is_75(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct posix_locks posix = {.root_fd = -1};
    struct lock held = LOCK_NONE;
    struct err err = {0};

    (void)state;
    assert_int_equal(locks_open(dir.path, &posix, &err), RC_OK);
    struct locks locks = locks_seam(&posix);
    assert_int_equal(locks.acquire(locks.self, "state/probe.lock", 0, &held, &err), RC_OK);
    CLEANUP(ran_free) struct ran r = run(&dir, NULL);
    run_expect(&r, JOB_EXIT_BUSY, "", "probe: ");
    locks.release(locks.self, &held);
    locks_close(&posix);
    assert_false(has_file(&dir, OUTPUT));
}

static void
test_job_mock_run_keeps_out_of_a_real_root(void **state)
{
    static const struct {
        const char *file, *text, *option;
        int status;
    } cases[] = {
        {NULL,                        NULL,                              NULL,                0             },
        {"state/daily_universe.json", "{\"_meta\":{\"mode\":\"real\"}}", NULL,                JOB_EXIT_USAGE},
        {"state/daily_universe.json", "{\"_meta\":{\"mode\":\"real\"}}", "--allow-mock-root", 0             },
        {"state/daily_universe.json", "{\"_meta\":{\"mode\":\"mock\"}}", NULL,                0             },
        {"state/daily_universe.json", "{\"_meta\":{\"mock\":true}}",     NULL,                0             },
        {"state/ledger.db",           "SQLite",                          NULL,                JOB_EXIT_USAGE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

        assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0700), 0);
        if (cases[i].file != NULL) tmpdir_write(&dir, cases[i].file, cases[i].text);
        CLEANUP(ran_free) struct ran r = RUN(&dir, "--mock", cases[i].option);
        run_expect(&r, cases[i].status, "", cases[i].status == 0 ? "" : cases[i].file);
        assert_int_equal(has_file(&dir, OUTPUT), cases[i].status == 0);
    }
}

static void
test_job_dry_run_writes_nothing(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = RUN(&dir, "--dry-run", "--json");

    (void)state;
    run_expect(&r, 0, "\"dry_run\":true", "");
    assert_int_equal(tmpdir_count(&dir, ""), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_job_prints_the_path_of_its_output),
        cmocka_unit_test(test_job_day_and_time_come_from_as_of),
        cmocka_unit_test(test_job_takes_the_clock_from_the_environment),
        cmocka_unit_test(test_job_summary_is_one_line_of_json),
        cmocka_unit_test(test_job_wrong_usage_is_64_and_names_the_option),
        cmocka_unit_test(test_job_failure_is_told_and_leaves_one_event),
        cmocka_unit_test(test_job_refused_run_leaves_an_event),
        cmocka_unit_test(test_job_second_instance_is_75),
        cmocka_unit_test(test_job_mock_run_keeps_out_of_a_real_root),
        cmocka_unit_test(test_job_dry_run_writes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

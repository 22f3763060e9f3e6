/*
 * The two commands of the telemetry bundle, run as an operator runs them.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/lib/telemetry_day.h"
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include "io/lock.h"
#include "scripts/command.h"
#include "scripts/job.h"

#define DIR "telemetry/" TELEMETRY_DAY

static void
make_folder(const struct tmpdir *dir, const char *name)
{
    assert_int_equal(mkdir(tmpdir_path(dir, name), 0700), 0);
}

static void
fill(const struct tmpdir *dir)
{
    struct telemetry_day d = {0};
    const char *path = NULL, *json = NULL;

    make_folder(dir, "logs");
    make_folder(dir, "state");
    telemetry_day_add(&d, 3, 0, 5);
    for (int i = 0; i < TELEMETRY_LOGS; i++)
        tmpdir_write_bytes(dir, TELEMETRY_LOG_PATH[i], text_str(&d.log[i]), d.log[i].len);
    for (size_t i = 0; telemetry_day_state(i, &path, &json); i++)
        tmpdir_write(dir, path, json);
    telemetry_day_free(&d);
}

static struct ran
run(int (*command)(int argc, char **argv), const struct tmpdir *dir, const char *const *extra)
{
    static const char *const env[] = {"TELEMETRY_DATA_SOURCE=droplet", NULL};
    const char *args[RUN_ARGS_MAX] = {"command", "--root", dir->path, "--date=" TELEMETRY_DAY};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[4 + i] = extra[i];
    return run_command(command, args, env);
}

#define EXTRACT(dir, ...)                                                                          \
    run(cmd_run_full_telemetry_extract, (dir), (const char *const[]){__VA_ARGS__, NULL})
#define VERIFY(dir, ...) run(cmd_verify_telemetry, (dir), (const char *const[]){__VA_ARGS__, NULL})

static bool
has_file(const struct tmpdir *dir, const char *name)
{
    return access(tmpdir_path(dir, name), F_OK) == 0;
}

static void
test_telemetry_extract_prints_its_folder_and_verify_agrees(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    fill(&dir);
    CLEANUP(ran_free) struct ran made = EXTRACT(&dir, NULL);
    run_expect(&made, 0, DIR "\n", "");
    assert_string_equal(text_str(&made.err), "");
    CLEANUP(ran_free) struct ran seen = VERIFY(&dir, NULL);
    run_expect(&seen, 0, DIR "\n", "");
    CLEANUP(text_free) struct text manifest = tmpdir_read(&dir, DIR "/telemetry_manifest.json");
    assert_non_null(strstr(text_str(&manifest), "\"data_source\": \"droplet\""));
    /* A day that is over has its own end as the end of the windows. */
    assert_non_null(strstr(text_str(&manifest), "\"as_of_ts\": \"2026-01-23T00:00:00+00:00\""));
}

static void
test_telemetry_summaries_are_one_line_of_json(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    fill(&dir);
    CLEANUP(ran_free) struct ran made = EXTRACT(&dir, "--json");
    CLEANUP(json_freep) struct json *line = run_json(&made.out);
    assert_int_equal(json_i64(line, "realized_trades", -1), 5);
    assert_int_equal(json_i64(line, "damaged_inputs", -1), 0);
    assert_int_equal(json_i64(line, "exit", -1), 0);
    tmpdir_write(&dir, DIR "/computed/long_short_analysis.json", "{}");
    CLEANUP(ran_free) struct ran seen = VERIFY(&dir, "--json");
    CLEANUP(json_freep) struct json *verdict = run_json(&seen.out);
    assert_int_equal(seen.status, 1);
    assert_int_equal(json_i64(verdict, "differing", -1), 1);
    assert_non_null(strstr(text_str(&seen.err), "long_short_analysis.json: has 2 bytes"));
}

/* spec 40 0.7.7, contract 4.20.1: read-only, a failure is told by exit code and words alone. */
static void
test_contract_4_20_1_extract_writes_no_event(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    fill(&dir);
    tmpdir_write(&dir, "telemetry", "a file where the folder should be");
    CLEANUP(text_free) struct text before = tmpdir_read(&dir, "logs/system_events.jsonl");
    CLEANUP(ran_free) struct ran r = EXTRACT(&dir, NULL);
    CLEANUP(text_free) struct text after = tmpdir_read(&dir, "logs/system_events.jsonl");
    run_expect(&r, JOB_EXIT_INTERNAL, "", "telemetry");
    assert_string_equal(text_str(&before), text_str(&after));
    assert_int_equal(tmpdir_count(&dir, ""), 3);
}

static void
test_telemetry_wrong_options_are_64(void **state)
{
    static const struct {
        const char *args[3];
        const char *says;
    } cases[] = {
        {{"--manifest-embed", "some"},   "--manifest-embed some"  },
        {{"--overnight", "perhaps"},     "--overnight perhaps"    },
        {{"--max-log-bytes", "-1"},      "--max-log-bytes -1"     },
        {{"--tail-lines", "many"},       "--tail-lines many"      },
        {{"--output-root", "../other"},  "--output-root ../other" },
        {{"--output-root", "a/../../b"}, "--output-root a/../../b"},
        {{"--mock"},                     "--mock"                 },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free)
        struct ran r = run(cmd_run_full_telemetry_extract, &dir, cases[i].args);

        run_expect(&r, JOB_EXIT_USAGE, "", cases[i].says);
    }
    assert_false(has_file(&dir, "telemetry"));
}

static void
test_telemetry_second_instance_is_75(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct posix_locks posix = {.root_fd = -1};
    struct lock held = LOCK_NONE;

    (void)state;
    assert_int_equal(locks_open(dir.path, &posix, NULL), RC_OK);
    struct locks locks = locks_seam(&posix);
    assert_int_equal(locks.acquire(locks.self, "telemetry/." TELEMETRY_DAY ".lock", 0, &held, NULL),
                     RC_OK);
    CLEANUP(ran_free) struct ran r = EXTRACT(&dir, NULL);
    run_expect(&r, JOB_EXIT_BUSY, "", "");
    CLEANUP(ran_free) struct ran other = EXTRACT(&dir, "--date", "2026-01-21");
    run_expect(&other, 0, "telemetry/2026-01-21\n", "");
    locks.release(locks.self, &held);
    locks_close(&posix);
    assert_false(has_file(&dir, DIR));
}

static void
test_telemetry_dry_run_writes_nothing(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    fill(&dir);
    CLEANUP(ran_free) struct ran r = EXTRACT(&dir, "--dry-run", "--json");
    run_expect(&r, 0, "\"realized_trades\":5", "");
    assert_false(has_file(&dir, "telemetry"));
}

static void
test_telemetry_other_output_root(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    fill(&dir);
    CLEANUP(ran_free) struct ran r = EXTRACT(&dir, "--output-root", "a/b");
    run_expect(&r, 0, "a/b/" TELEMETRY_DAY "\n", "");
    CLEANUP(ran_free) struct ran seen = VERIFY(&dir, "--output-root", "a/b");
    run_expect(&seen, 0, "", "");
    CLEANUP(ran_free) struct ran none = VERIFY(&dir, NULL);
    run_expect(&none, 1, "", "there is no bundle of the day");
}

/* ---- Ctrl-C ---------------------------------------------------------------------------------- */

/* The signal waits before the first byte is read. */
static int
cmd_interrupted(int argc, char **argv)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)raise(SIGINT);
    return cmd_run_full_telemetry_extract(argc, argv);
}

static void
test_telemetry_interrupted_run_leaves_the_old_bundle(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    fill(&dir);
    CLEANUP(ran_free) struct ran made = EXTRACT(&dir, NULL);
    run_expect(&made, 0, "", "");
    CLEANUP(text_free) struct text old = tmpdir_read(&dir, DIR "/telemetry_manifest.json");
    tmpdir_write(&dir, "state/regime_state.json", "{\"regime_label\": \"BEAR\"}");
    CLEANUP(ran_free) struct ran r = run(cmd_interrupted, &dir, NULL);
    run_expect(&r, 130, "", "stopped");
    CLEANUP(text_free) struct text now = tmpdir_read(&dir, DIR "/telemetry_manifest.json");
    assert_string_equal(text_str(&old), text_str(&now));
    assert_false(has_file(&dir, "telemetry/." TELEMETRY_DAY ".new"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_telemetry_extract_prints_its_folder_and_verify_agrees),
        cmocka_unit_test(test_telemetry_summaries_are_one_line_of_json),
        cmocka_unit_test(test_contract_4_20_1_extract_writes_no_event),
        cmocka_unit_test(test_telemetry_wrong_options_are_64),
        cmocka_unit_test(test_telemetry_second_instance_is_75),
        cmocka_unit_test(test_telemetry_dry_run_writes_nothing),
        cmocka_unit_test(test_telemetry_other_output_root),
        cmocka_unit_test(test_telemetry_interrupted_run_leaves_the_old_bundle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

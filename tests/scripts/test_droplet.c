/*
 * The server operated from here: order of the programs, the regression run as the gate, what is
 * fetched, what an unsound archive or a missing connection leads to (contract 4.7, spec 40 8).
 *
 * The ssh client is a script that runs the command in a folder of the test; the programs there are
 * a script too, which writes down how it was called.
 */
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include "scripts/command.h"
#include "scripts/job.h"

#define DATE   "2026-01-22"
#define FOLDER "droplet_sync/" DATE

struct bed {
    struct tmpdir here, there;
};

static void
write_program(const struct tmpdir *dir, const char *name, const char *text)
{
    tmpdir_write(dir, name, text);
    assert_int_equal(chmod(tmpdir_path(dir, name), 0700), 0);
}

static void
bed_open(struct bed *b, const char *regression_rc)
{
    CLEANUP(text_free) struct text ssh = {0};
    CLEANUP(text_free) struct text programs = {0};

    *b = (struct bed){tmpdir_new(), tmpdir_new()};
    assert_int_equal(mkdir(tmpdir_path(&b->there, "state"), 0700), 0);
    assert_int_equal(mkdir(tmpdir_path(&b->there, "logs"), 0700), 0);
    text_printf(&ssh, "#!/bin/sh\nfor last; do :; done\nPATH=%s:$PATH exec sh -c \"$last\"\n",
                b->there.path);
    write_program(&b->there, "ssh", text_str(&ssh));
    text_printf(&programs,
                "#!/bin/sh\necho \"$*\" >>%s/calls\n"
                "[ \"$1\" != run-regression-checks ] || { echo broken >&2; exit %s; }\n"
                "[ \"$1\" != run-preopen-readiness-check ] || exit 2\n",
                b->there.path, regression_rc);
    write_program(&b->there, "stockbot", text_str(&programs));
    tmpdir_write(&b->there, "state/core_universe.json",
                 "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00Z\"},\"symbols\":[]}");
    tmpdir_write(&b->there, "logs/shadow_trades.jsonl", "{\"a\":1}\n");
}

static void
bed_done(struct bed *b)
{
    tmpdir_done(&b->here);
    tmpdir_done(&b->there);
}

static struct ran
run_sync(const struct bed *b, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"run_uw_intel_on_droplet", "--root", b->here.path, "--date",
                                      DATE};
    char ssh[600], dir[600];

    for (size_t i = 0; extra[i] != NULL; i++)
        args[5 + i] = extra[i];
    (void)snprintf(ssh, sizeof ssh, "DROPLET_SSH=%s/ssh", b->there.path);
    (void)snprintf(dir, sizeof dir, "DROPLET_PROJECT_DIR=%s", b->there.path);
    return run_command(cmd_run_uw_intel_on_droplet, args,
                       (const char *const[]){ssh, dir, "DROPLET_HOST=server.test", NULL});
}

#define SYNC(b, ...) run_sync((b), (const char *const[]){__VA_ARGS__, NULL})

static bool
says(const struct text *t, const char *words)
{
    return strstr(text_str(t), words) != NULL;
}

static bool
has_file(const struct tmpdir *dir, const char *name)
{
    return access(tmpdir_path(dir, name), F_OK) == 0;
}

static void
test_contract_4_7_programs_run_in_order_after_the_regression(void **state)
{
    static const char *const ORDER[] = {"run-regression-checks --root .",
                                        "build-daily-universe --root .",
                                        "run-premarket-intel --root .",
                                        "run-postmarket-intel --root .",
                                        "run-regime-detector --root .",
                                        "run-daily-intel-pnl --root . --date " DATE,
                                        "run-intel-health-checks --root . --nonfatal",
                                        "run-daemon-health-check --root . --nonfatal",
                                        "run-preopen-readiness-check --root .",
                                        "run-premarket-exit-intel --root .",
                                        "run-postmarket-exit-intel --root .",
                                        "run-exit-intel-pnl --root . --date " DATE,
                                        "run-exit-day-summary --root . --date " DATE,
                                        "run-intel-dashboard --root . --date " DATE,
                                        "run-shadow-day-summary --root . --date " DATE,
                                        "v2-tuning-suggestions --root . --date " DATE};
    CLEANUP(bed_done) struct bed b;
    CLEANUP(text_free) struct text wanted = {0};

    (void)state;
    bed_open(&b, "0");
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull");
    CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    run_expect(&r, 0, FOLDER "\n", "");
    for (size_t i = 0; i < COUNT_OF(ORDER); i++)
        text_printf(&wanted, "%s\n", ORDER[i]);
    assert_string_equal(text_str(&calls), text_str(&wanted));
    /* A step that failed is noted and stops nothing; what is not there is noted too. */
    assert_true(says(&log, "\"step\":\"run_preopen_readiness_check\",\"success\":false,\"rc\":2"));
    assert_true(says(&log, "\"event\":\"fetched\",\"path\":\"state/core_universe.json\""));
    assert_true(says(&log, "\"event\":\"fetch_failed\",\"path\":\"state/daily_universe.json\""));
    assert_true(says(&log, "\"event\":\"schema_validated\",\"success\":false"));
    assert_true(
        says(&log, "\"event\":\"sync_complete\",\"date\":\"" DATE "\",\"preopen_ready\":false"));
    assert_true(has_file(&b.here, FOLDER "/core_universe.json"));
    CLEANUP(text_free) struct text tail = tmpdir_read(&b.here, FOLDER "/shadow_trades_tail.jsonl");
    assert_string_equal(text_str(&tail), "{\"a\":1}\n");
    assert_true(has_file(&b.here, FOLDER "/uw_attribution_tail.jsonl")); /* empty: no log there */
}

static void
test_contract_4_7_failed_regression_stops_everything(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "1");
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull");
    CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    run_expect(&r, 1, "", "broken");
    assert_string_equal(text_str(&calls), "run-regression-checks --root .\n");
    assert_true(says(&log, "\"event\":\"abort\",\"reason\":\"regression_failed\""));
    assert_false(says(&log, "fetch"));
}

static void
test_droplet_phases_leave_the_other_part_alone(void **state)
{
    static const struct {
        const char *phase, *has, *has_not;
    } cases[] = {
        {"pre",  "run-premarket-intel",  "run-postmarket-intel"},
        {"pre",  "run-premarket-exit",   "run-postmarket-exit" },
        {"post", "run-postmarket-intel", "run-premarket-intel" },
        {"post", "run-postmarket-exit",  "build-daily-universe"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(bed_done) struct bed b;

        bed_open(&b, "0");
        CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull", "--phase", cases[i].phase);
        CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
        run_expect(&r, 0, "", "");
        assert_true(says(&calls, cases[i].has));
        assert_false(says(&calls, cases[i].has_not));
    }
}

static void
test_droplet_without_a_connection_is_aborted_and_noted(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "0");
    write_program(&b.there, "ssh",
                  "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n");
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull");
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    run_expect(&r, 1, "", "Host key verification failed.");
    assert_true(says(&log, "\"reason\":\"connect_failed\""));
}

static void
test_droplet_refuses_words_a_shell_would_take_apart(void **state)
{
    static const char *const HOSTS[] = {"DROPLET_HOST=-oProxyCommand=sh", "DROPLET_HOST=a b",
                                        "DROPLET_HOST=a;b", "DROPLET_PROJECT_DIR=$(id)",
                                        "DROPLET_HOST="};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(HOSTS); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        const char *const args[] = {
            "run_uw_intel_on_droplet", "--root", dir.path, "--date", DATE, NULL};
        CLEANUP(ran_free)
        struct ran r =
            run_command(cmd_run_uw_intel_on_droplet, args, (const char *const[]){HOSTS[i], NULL});
        CLEANUP(text_free) struct text log = tmpdir_read(&dir, FOLDER "/sync_log.jsonl");
        run_expect(&r, 1, "", i < COUNT_OF(HOSTS) - 1 ? "" : "no host");
        assert_true(says(&log, "\"reason\":\"config\""));
    }
}

static void
test_droplet_bundle_is_unpacked_only_where_it_belongs(void **state)
{
    static const struct {
        const char *make; /* what the tar there gives; cwd is the folder there */
        bool is_taken;
    } cases[] = {
        {"mkdir -p telemetry/" DATE "/state; echo x >telemetry/" DATE "/state/a.json; "
         "/bin/tar --format=ustar -czf - telemetry/" DATE,
         true                                                                 },
        {"mkdir -p telemetry/2026-01-21; echo x >telemetry/2026-01-21/a; "
         "/bin/tar --format=ustar -czf - telemetry/2026-01-21", false},
        {"mkdir -p telemetry/" DATE "; ln -s /etc/passwd telemetry/" DATE "/a; "
         "/bin/tar --format=ustar -czf - telemetry/" DATE,
         false                                                                },
        {"echo x >a; /bin/tar -P --transform 's,a,telemetry/" DATE "/../../../evil,' "
         "--format=ustar -czf - a",                             false},
        {"head -c 3000 /dev/urandom",                                    false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(bed_done) struct bed b;
        CLEANUP(text_free) struct text tar = {0};

        bed_open(&b, "0");
        text_printf(&tar, "#!/bin/sh\n%s\n", cases[i].make);
        write_program(&b.there, "tar", text_str(&tar));
        CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull", "--full-telemetry");
        CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
        run_expect(&r, 0, FOLDER, "");
        if (says(&log, "\"event\":\"synced_full_telemetry\"") != cases[i].is_taken)
            fail_msg("case %zu\n%s", i, text_str(&log));
        assert_int_equal(has_file(&b.here, "telemetry/" DATE "/state/a.json"), cases[i].is_taken);
        assert_false(has_file(&b.here, "telemetry/2026-01-21/a"));
        assert_false(has_file(&b.here, FOLDER "/.telemetry.tar.gz"));
    }
}

static void
test_droplet_without_ssh_is_a_mock_run(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "0");
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-ssh");
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    run_expect(&r, 0, "", "");
    assert_int_equal(r.out.len, 0);
    assert_true(says(&log, "\"mode\":\"mock\",\"no_ssh\":true"));
    assert_true(says(&log, "\"mode\":\"no_ssh_mock\",\"preopen_ready\":null"));
    assert_false(has_file(&b.there, "calls"));
}

/* As for any mock run: not where real state would be replaced. */
static void
test_droplet_without_ssh_keeps_out_of_a_real_root(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "0");
    assert_int_equal(mkdir(tmpdir_path(&b.here, "state"), 0700), 0);
    tmpdir_write(&b.here, "state/daily_universe.json", "{\"_meta\":{\"mode\":\"real\"}}");
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-ssh");
    run_expect(&r, JOB_EXIT_USAGE, "", "--allow-mock-root");
    assert_false(has_file(&b.here, FOLDER));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_7_programs_run_in_order_after_the_regression),
        cmocka_unit_test(test_contract_4_7_failed_regression_stops_everything),
        cmocka_unit_test(test_droplet_phases_leave_the_other_part_alone),
        cmocka_unit_test(test_droplet_without_a_connection_is_aborted_and_noted),
        cmocka_unit_test(test_droplet_refuses_words_a_shell_would_take_apart),
        cmocka_unit_test(test_droplet_bundle_is_unpacked_only_where_it_belongs),
        cmocka_unit_test(test_droplet_without_ssh_is_a_mock_run),
        cmocka_unit_test(test_droplet_without_ssh_keeps_out_of_a_real_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

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
run_command_here(const struct bed *b, int (*command)(int, char **), const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"runner", "--root", b->here.path, "--date", DATE};
    char ssh[600], dir[600];

    for (size_t i = 0; extra[i] != NULL; i++)
        args[5 + i] = extra[i];
    (void)snprintf(ssh, sizeof ssh, "DROPLET_SSH=%s/ssh", b->there.path);
    (void)snprintf(dir, sizeof dir, "DROPLET_PROJECT_DIR=%s", b->there.path);
    return run_command(command, args,
                       (const char *const[]){ssh, dir, "DROPLET_HOST=server.test", NULL});
}

static struct ran
run_sync(const struct bed *b, const char *const *extra)
{
    return run_command_here(b, cmd_run_uw_intel_on_droplet, extra);
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

/* ---- options --------------------------------------------------------------------------------- */

/* Only what can be made up is told to be, and only when asked (spec 40 8.3). */
static void
test_droplet_hands_on_mock_and_healing_where_they_belong(void **state)
{
    static const char *const WANTED[] = {
        "build-daily-universe --root . --mock\n",
        "run-premarket-intel --root . --mock\n",
        "run-postmarket-intel --root . --mock\n",
        "run-regime-detector --root .\n",
        "run-intel-health-checks --root . --nonfatal --mock\n",
        "run-daemon-health-check --root . --nonfatal\n",
        "run-preopen-readiness-check --root . --allow-mock --heal-daemon\n",
        "run-premarket-exit-intel --root . --mock\n",
        "run-postmarket-exit-intel --root . --mock\n",
        " --max-log-bytes 7000 --tail-lines 30\n",
    };
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "0");
    CLEANUP(ran_free)
    struct ran r = SYNC(&b, "--no-pull", "--mock", "--heal-daemon", "--full-telemetry",
                        "--telemetry-max-log-bytes", "7000", "--telemetry-tail-lines", "30");
    CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
    run_expect(&r, 0, "", "");
    for (size_t i = 0; i < COUNT_OF(WANTED); i++)
        if (!says(&calls, WANTED[i])) fail_msg("no %s in\n%s", WANTED[i], text_str(&calls));
}

static void
test_droplet_pull_that_fails_stops_nothing(void **state)
{
    (void)state;
    for (int is_failing = 0; is_failing < 2; is_failing++) {
        CLEANUP(bed_done) struct bed b;
        char program[128], words[64];

        bed_open(&b, "0");
        (void)snprintf(program, sizeof program,
                       "#!/bin/sh\n[ \"$*\" = 'pull --ff-only' ]; exit %d\n", is_failing);
        write_program(&b.there, "git", program);
        CLEANUP(ran_free) struct ran r = run_sync(&b, (const char *const[]){NULL});
        CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
        CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
        run_expect(&r, 0, FOLDER, "");
        (void)snprintf(words, sizeof words, "\"event\":\"git_pull\",\"success\":%s",
                       is_failing ? "false" : "true");
        assert_true(says(&log, words));
        assert_true(says(&calls, "v2-tuning-suggestions"));
    }
}

/* A key or the agent, and a host that is known: never a password, never a question (spec 40 8.2).
 */
static void
test_droplet_connects_in_batch_mode_to_known_hosts_only(void **state)
{
    static const char *const WANTED[] = {"-o BatchMode=yes",     "-o StrictHostKeyChecking=yes",
                                         "-o ConnectTimeout=10", "-p 2222",
                                         "-i /keys/droplet",     "trader@server.test"};
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "0");
    tmpdir_write(&b.there, ".env", "ALPACA_SECRET=of-the-server\n");
    tmpdir_write(&b.here, "droplet_config.json",
                 "{\"host\":\"other.test\",\"port\":2222,\"username\":\"trader\","
                 "\"key_file\":\"/keys/droplet\",\"project_dir\":\"/nowhere\"}");
    CLEANUP(text_free) struct text ssh = {0};
    text_printf(&ssh,
                "#!/bin/sh\necho \"$*\" >>%s/asked\nfor last; do :; done\n"
                "PATH=%s:$PATH exec sh -c \"$last\"\n",
                b.there.path, b.there.path);
    write_program(&b.there, "ssh", text_str(&ssh));
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull");
    CLEANUP(text_free) struct text asked = tmpdir_read(&b.there, "asked");
    run_expect(&r, 0, FOLDER, "");
    for (size_t i = 0; i < COUNT_OF(WANTED); i++)
        if (!says(&asked, WANTED[i])) fail_msg("no %s in\n%s", WANTED[i], text_str(&asked));
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    assert_false(says(&asked, "of-the-server"));
    assert_false(says(&log, "of-the-server"));
}

static void
test_droplet_wrappers_run_their_part(void **state)
{
    static const struct {
        int (*command)(int, char **);
        const char *has, *has_not;
    } cases[] = {
        {cmd_run_premarket_on_droplet,  "run-premarket-intel",  "run-postmarket-intel"},
        {cmd_run_postmarket_on_droplet, "run-postmarket-intel", "run-premarket-intel" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(bed_done) struct bed b;

        bed_open(&b, "0");
        CLEANUP(ran_free)
        struct ran wrong =
            run_command_here(&b, cases[i].command, (const char *const[]){"--no-ssh", NULL});
        run_expect(&wrong, JOB_EXIT_USAGE, "", "--no-ssh");
        CLEANUP(ran_free)
        struct ran r =
            run_command_here(&b, cases[i].command, (const char *const[]){"--no-pull", NULL});
        CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
        run_expect(&r, 0, FOLDER, "");
        assert_true(says(&calls, cases[i].has));
        assert_false(says(&calls, cases[i].has_not));
    }
}

/* ---- what is fetched ------------------------------------------------------------------------- */

#define UNIVERSE                                                                                   \
    "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00+00:00\",\"version\":\"v\"},\"symbols\":[{"           \
    "\"symbol\":\"SPY\"}]}"
#define INTEL                                                                                      \
    "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00Z\",\"uw_intel_version\":\"v\"},\"symbols\":{}}"

static void
test_droplet_judges_what_it_fetched(void **state)
{
    static const char *const UNIVERSES[] = {"state/daily_universe.json",
                                            "state/core_universe.json"};
    static const char *const INTELS[] = {"state/premarket_intel.json",
                                         "state/postmarket_intel.json"};
    CLEANUP(text_free) struct text lines = {0};
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "0");
    for (size_t i = 0; i < 2; i++) {
        tmpdir_write(&b.there, UNIVERSES[i], UNIVERSE);
        tmpdir_write(&b.there, INTELS[i], INTEL);
    }
    tmpdir_write(&b.there, "state/uw_usage_state.json",
                 "{\"date\":\"2026-01-22\",\"calls_today\":14250,\"minute_window\":[],"
                 "\"by_endpoint\":{}}");
    for (int i = 0; i < 600; i++)
        text_printf(&lines, "{\"n\":%d}\n", i);
    tmpdir_write(&b.there, "logs/system_events.jsonl", text_str(&lines));
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull");
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    CLEANUP(text_free) struct text tail = tmpdir_read(&b.here, FOLDER "/system_events_tail.jsonl");
    run_expect(&r, 0, FOLDER, "");
    assert_true(says(&log, "\"event\":\"schema_validated\",\"success\":true}"));
    assert_true(
        says(&log, "\"event\":\"uw_usage_warn\",\"calls_today\":14250,\"daily_limit\":15000}"));
    assert_true(says(&log, "\"event\":\"fetched_tail\",\"path\":\"logs/system_events.jsonl\""));
    assert_true(str_starts(text_str(&tail), "{\"n\":100}\n"));
    assert_true(str_ends(text_str(&tail), "{\"n\":599}\n"));
}

/* The analysis pack: made there after the regression run, fetched byte by byte (spec 40 8.4). */
static void
test_contract_4_19_pack_is_made_there_and_fetched(void **state)
{
    static const char *const FILES[] = {"MASTER_SUMMARY_" DATE ".md", "manifest.json",
                                        "analysis_pack_" DATE ".tar.gz"};
    CLEANUP(bed_done) struct bed b;
    CLEANUP(text_free) struct text program = {0};

    (void)state;
    bed_open(&b, "0");
    text_printf(&program,
                "#!/bin/sh\necho \"$*\" >>%s/calls\n"
                "[ \"$1\" != run-postclose-analysis-pack ] && exit 0\n"
                "mkdir -p analysis_packs/" DATE "; cd analysis_packs/" DATE "\n"
                "for f in %s %s %s; do printf 'a\\000b\\r\\n\\377' >$f; done\nexit 1\n",
                b.there.path, FILES[0], FILES[1], FILES[2]);
    write_program(&b.there, "stockbot", text_str(&program));
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull", "--postclose-pack");
    CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
    CLEANUP(text_free) struct text log = tmpdir_read(&b.here, FOLDER "/sync_log.jsonl");
    run_expect(&r, 0, FOLDER "\n", "");
    assert_string_equal(text_str(&calls),
                        "run-regression-checks --root .\n"
                        "run-postclose-analysis-pack --root . --archive --date " DATE "\n");
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        char path[256];

        (void)snprintf(path, sizeof path, FOLDER "/analysis_packs/" DATE "/%s", FILES[i]);
        CLEANUP(text_free) struct text bytes = tmpdir_read(&b.here, path);
        assert_int_equal(bytes.len, 6);
        assert_memory_equal(bytes.data, "a\0b\r\n\377", 6);
    }
    /* That it failed there is noted, and what there is of it fetched all the same. */
    assert_true(says(&log, "\"step\":\"run_postclose_analysis_pack\",\"success\":false,\"rc\":1"));
    assert_true(says(&log, "\"event\":\"sync_complete\",\"mode\":\"postclose_pack\""));
}

static void
test_contract_4_19_no_pack_after_a_failed_regression(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b, "1");
    CLEANUP(ran_free) struct ran r = SYNC(&b, "--no-pull", "--postclose-pack");
    CLEANUP(text_free) struct text calls = tmpdir_read(&b.there, "calls");
    run_expect(&r, 1, "", "broken");
    assert_string_equal(text_str(&calls), "run-regression-checks --root .\n");
    assert_false(has_file(&b.here, FOLDER "/analysis_packs"));
}

/* ---- without a connection -------------------------------------------------------------------- */

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
        cmocka_unit_test(test_droplet_hands_on_mock_and_healing_where_they_belong),
        cmocka_unit_test(test_droplet_pull_that_fails_stops_nothing),
        cmocka_unit_test(test_droplet_connects_in_batch_mode_to_known_hosts_only),
        cmocka_unit_test(test_droplet_wrappers_run_their_part),
        cmocka_unit_test(test_droplet_judges_what_it_fetched),
        cmocka_unit_test(test_contract_4_19_pack_is_made_there_and_fetched),
        cmocka_unit_test(test_contract_4_19_no_pack_after_a_failed_regression),
        cmocka_unit_test(test_droplet_without_ssh_is_a_mock_run),
        cmocka_unit_test(test_droplet_without_ssh_keeps_out_of_a_real_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Runners that start other runners: each step works in the root of its parent, by its settings and
 * by its clock (spec 40 0.7); what the health check has made anew (contract 4.15, spec 40 6.1).
 */
#include "tests/scripts/front.h"

#include "base/json.h"

/* Notes how it was called, and ends well. */
#define SCRIPT "#!/bin/sh\necho \"$*\" >>\"${0%/*}/calls\"\n"

#define AS_OF "2026-01-22T15:00:00.000000+00:00"

static void
test_steps_get_root_settings_and_clock(void **state)
{
    static const struct {
        const char *args[6];   /* of the parent */
        const char *wanted[3]; /* beginnings of calls: runner and own options */
    } cases[] = {
        {{"run-intel-health-checks", "--heal", "--nonfatal"},
         {"build-daily-universe", "run-premarket-intel", "run-regime-detector"}               },
        {{"run-intel-health-checks", "--heal", "--nonfatal", "--mock"},
         {"build-daily-universe --mock --allow-mock-root",
          "run-premarket-intel --mock --allow-mock-root", "run-regime-detector"}              },
        {{"run-preopen-readiness-check", "--heal-daemon"},
         {"run-daemon-health-check --heal --nonfatal", "run-regression-checks"}               },
        {{"run-postclose-analysis-pack", "--date", "2026-01-22"},
         {"run-intel-health-checks --date 2026-01-22 --nonfatal",
          "run-daemon-health-check --date 2026-01-22 --nonfatal"}                             },
        {{"run-uw-intel-on-droplet", "--no-ssh", "--date", "2026-01-22"},
         {"build-daily-universe --mock --max 20 --core 10 --allow-mock-root",
          "run-daily-intel-pnl --date 2026-01-22", "run-preopen-readiness-check --allow-mock"}},
        {{"day", "--phase", "postclose", "--date", "2026-01-22"},
         {"run-postmarket-intel", "run-postclose-analysis-pack --archive --date 2026-01-22",
          "run-full-telemetry-extract --date 2026-01-22"}                                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(front_done) struct front f;
        char program[PATH_MAX], root[PATH_MAX], config[PATH_MAX], tail[3 * PATH_MAX];
        const char *args[FRONT_ARGS_MAX] = {NULL};
        size_t n = 0;

        (void)str_copy(program, sizeof program, front_install(&dir, SCRIPT));
        assert_int_equal(mkdir(tmpdir_path(&dir, "root"), 0700), 0);
        assert_int_equal(mkdir(tmpdir_path(&dir, "root/state"), 0700), 0);
        (void)str_copy(root, sizeof root, tmpdir_path(&dir, "root"));
        (void)str_copy(config, sizeof config, tmpdir_path(&dir, "own.yaml"));
        tmpdir_write(&dir, "own.yaml", "UW_DAILY_LIMIT: 1000\n");
        tmpdir_write(&dir, "root/state/uw_daemon_health_state.json", "{\"status\":\"critical\"}");
        for (; cases[i].args[n] != NULL; n++)
            args[n] = cases[i].args[n];
        const char *const given[] = {"--root", root, "--config", config, "--as-of", AS_OF};
        for (size_t k = 0; k < COUNT_OF(given); k++)
            args[n++] = given[k];
        front_run_program(&f, program, dir.path, "out", args);
        CLEANUP(text_free) struct text calls = tmpdir_read(&dir, "bin/calls");
        for (size_t k = 0; k < COUNT_OF(cases[i].wanted) && cases[i].wanted[k] != NULL; k++) {
            (void)snprintf(tail, sizeof tail, "%s --root %s --config %s --as-of %s\n",
                           cases[i].wanted[k], root, config, AS_OF);
            if (strstr(text_str(&calls), tail) == NULL)
                fail_msg("no %s in\n%s\n%s", tail, text_str(&calls), text_str(&f.out));
        }
    }
}

/* ---- healing --------------------------------------------------------------------------------- */

#define AFTER_CLOSE "2026-01-22T23:00:00+00:00"

static struct json *
health_of(const struct tmpdir *root)
{
    CLEANUP(text_free) struct text bytes = tmpdir_read(root, "state/intel_health_state.json");
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) !=
        RC_OK)
        fail_msg("%s", err.text);
    return doc;
}

static void
heal(const struct tmpdir *root, const char *as_of)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *const args[] = {"run-intel-health-checks",
                                "--heal",
                                "--mock",
                                "--nonfatal",
                                "--allow-mock-root",
                                "--root",
                                root->path,
                                "--as-of",
                                as_of,
                                NULL};

    front_run(&f, dir.path, "out", args);
    front_expect(&f, f.status == 0);
}

static const char *
status_of(const struct json *health, const char *check)
{
    for (const struct json *c = json_first(json_get_arr(health, "checks")); c != NULL;
         c = json_next(c))
        if (str_eq(json_str(c, "name", ""), check)) return json_str(c, "status", "");
    return "no such check";
}

/* The names of what was healed, in order. */
static void
expect_healed(const struct json *health, const char *const *names, size_t len)
{
    const struct json *h = json_first(json_get_arr(health, "self_heal"));

    assert_int_equal(json_len(json_get_arr(health, "self_heal")), len);
    for (size_t i = 0; i < len; i++, h = json_next(h)) {
        assert_string_equal(json_str(h, "name", ""), names[i]);
        assert_true(json_bool(h, "healed", false));
        assert_int_equal(json_i64(h, "rc", -1), 0);
    }
}

/* What is missing, old or unsound is made by its own runner and looked at again; orders, positions
 * and the engine's files stay as they are. */
static void
test_contract_4_15_what_is_not_well_is_made_anew_and_nothing_else(void **state)
{
    static const char *const ALL[] = {"heal:build_daily_universe", "heal:premarket_intel",
                                      "heal:postmarket_intel", "heal:regime_state"};
    static const char *const TWO[] = {"heal:build_daily_universe", "heal:premarket_intel"};
    static const char *const OTHERS[] = {"state/ledger.db", "state/position_metadata.json",
                                         "state/bot_heartbeat.json", "data/uw_flow_cache.json"};
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();

    (void)state;
    assert_int_equal(mkdir(tmpdir_path(&root, "state"), 0700), 0);
    assert_int_equal(mkdir(tmpdir_path(&root, "data"), 0700), 0);
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++)
        tmpdir_write(&root, OTHERS[i], "not a runner's business");
    heal(&root, AFTER_CLOSE);
    CLEANUP(json_freep) struct json *first = health_of(&root);
    expect_healed(first, ALL, COUNT_OF(ALL));
    assert_string_equal(status_of(first, "freshness:core_universe"), "ok");
    assert_string_equal(status_of(first, "schema:postmarket_intel"), "ok");

    struct timespec old[2] = {{.tv_sec = 1768953600}, {.tv_sec = 1768953600}}; /* two days before */
    tmpdir_write(&root, "state/premarket_intel.json", "{}");
    assert_int_equal(utimensat(AT_FDCWD, tmpdir_path(&root, "state/core_universe.json"), old, 0),
                     0);
    heal(&root, AFTER_CLOSE);
    CLEANUP(json_freep) struct json *second = health_of(&root);
    expect_healed(second, TWO, COUNT_OF(TWO));
    assert_string_equal(status_of(second, "freshness:core_universe"), "ok");
    assert_string_equal(status_of(second, "schema:premarket_intel"), "ok");

    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        CLEANUP(text_free) struct text bytes = tmpdir_read(&root, OTHERS[i]);
        assert_string_equal(text_str(&bytes), "not a runner's business");
    }
}

/* A snapshot of the morning would pass for one of the evening (D-20). */
static void
test_intel_health_heals_postmarket_intel_after_the_close_only(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();

    (void)state;
    heal(&root, "2026-01-22T20:59:59+00:00");
    CLEANUP(json_freep) struct json *before = health_of(&root);
    assert_string_equal(status_of(before, "freshness:postmarket_intel"), "missing");
    heal(&root, "2026-01-22T21:00:00+00:00");
    CLEANUP(json_freep) struct json *after = health_of(&root);
    assert_string_equal(status_of(after, "freshness:postmarket_intel"), "ok");
}

/* ---- readiness ------------------------------------------------------------------------------- */

#define DAEMON_STATE "state/uw_daemon_health_state.json"

/* All that readiness wants, but for what the case says. */
static void
make_ready(const struct tmpdir *root, const char *daemon)
{
    static const char *const DOCUMENTS[] = {
        "state/daily_universe_v2.json", "state/premarket_intel.json", "state/regime_state.json"};

    assert_int_equal(mkdir(tmpdir_path(root, "state"), 0700), 0);
    for (size_t i = 0; i < COUNT_OF(DOCUMENTS); i++)
        tmpdir_write(root, DOCUMENTS[i], "{}");
    tmpdir_write(root, DAEMON_STATE, daemon);
}

/* Spec 40 6.2, rows 4 to 6: the end of the regression run decides, and what the healed daemon says.
 */
static void
test_contract_4_17_readiness_goes_by_the_regression_run_and_the_healed_daemon(void **state)
{
    static const struct {
        const char *name, *script, *daemon, *option;
        int status;
        const char *says;
    } cases[] = {
        {"regression passed",      "exit 0",                                                             "{\"status\":\"healthy\"}",  NULL,            0, "ok    regression "           },
        {"regression failed",      "[ $1 != run-regression-checks ] || { echo R6 broken >&2; exit 1; }",
         "{\"status\":\"healthy\"}",                                                                                                  NULL,            2, "FAIL  regression "           },
        {"regression died",        "[ $1 != run-regression-checks ] || kill -9 $$",
         "{\"status\":\"healthy\"}",                                                                                                  NULL,            2, "FAIL  regression "           },
        {"not told to heal",       "exit 0",                                                             "{\"status\":\"critical\"}", NULL,            2,
         "FAIL  uw_daemon_health_state"                                                                                                                                                 },
        {"healed",
         "[ $1 != run-daemon-health-check ] || echo '{\"status\":\"warning\"}' >$4/" DAEMON_STATE,
         "{\"status\":\"critical\"}",                                                                                                 "--heal-daemon", 0, "ok    daemon_self_heal "     },
        {"not healed",             "exit 0",                                                             "{\"status\":\"critical\"}", "--heal-daemon", 2,
         "FAIL  uw_daemon_health_state"                                                                                                                                                 },
        {"healed what needs none", "[ $1 != run-daemon-health-check ] || exit 7",
         "{\"status\":\"warning\"}",                                                                                                  "--heal-daemon", 0, "ok    uw_daemon_health_state"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();
        CLEANUP(text_free) struct text script = {0};
        CLEANUP(front_done) struct front f;
        char program[PATH_MAX];
        const char *const args[] = {"run-preopen-readiness-check", "--root", root.path,
                                    cases[i].option, NULL};

        text_printf(&script,
                    "#!/bin/sh\n# runner --heal --nonfatal --root R\nset -- \"$1\" \"$2\" \"$3\" "
                    "\"$5\"\n%s\n",
                    cases[i].script);
        (void)str_copy(program, sizeof program, front_install(&dir, text_str(&script)));
        make_ready(&root, cases[i].daemon);
        front_run_program(&f, program, dir.path, "out", args);
        if (f.status != cases[i].status || !front_says(&f, cases[i].says))
            fail_msg("%s: status %d\n%s", cases[i].name, f.status, text_str(&f.out));
        CLEANUP(text_free) struct text events = tmpdir_read(&root, "logs/system_events.jsonl");
        bool is_told =
            strstr(text_str(&events),
                   "\"daemon_self_heal\":{\"ok\":true,\"attempted\":true,\"rc\":0") != NULL;
        assert_int_equal(is_told,
                         cases[i].option != NULL && strstr(cases[i].daemon, "critical") != NULL);
        if (strstr(cases[i].name, "failed") != NULL)
            assert_non_null(strstr(text_str(&events), "\"stderr_tail\":\"R6 broken\""));
    }
}

/* ---- the copy for the operator, made here ---------------------------------------------------- */

static void
sync_here(const struct tmpdir *root, const char *option)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *const args[] = {"run-uw-intel-on-droplet",
                                "--no-ssh",
                                "--date",
                                "2026-01-22",
                                "--root",
                                root->path,
                                option,
                                NULL};

    front_run(&f, dir.path, "out", args);
    front_expect(&f, f.status == 0 && f.out.len == 0);
}

#define COPY "droplet_sync/2026-01-22"

static void
expect_files(const struct tmpdir *root, const char *const *names, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (access(tmpdir_path(root, names[i]), R_OK) != 0) fail_msg("no %s", names[i]);
}

static void
test_droplet_copy_without_a_connection(void **state)
{
    static const char *const FILES[] = {COPY "/daily_universe.json",
                                        COPY "/core_universe.json",
                                        COPY "/daily_universe_v2.json",
                                        COPY "/premarket_intel.json",
                                        COPY "/postmarket_intel.json",
                                        COPY "/regime_state.json",
                                        COPY "/uw_intel_pnl_summary.json",
                                        COPY "/intel_health_state.json",
                                        COPY "/uw_daemon_health_state.json",
                                        COPY "/premarket_exit_intel.json",
                                        COPY "/postmarket_exit_intel.json",
                                        COPY "/exit_intel_pnl_summary.json",
                                        COPY "/INTEL_DASHBOARD_2026-01-22.md",
                                        COPY "/shadow_tail.jsonl",
                                        COPY "/system_events_tail.jsonl",
                                        COPY "/uw_attribution_tail.jsonl",
                                        "telemetry/2026-01-22/telemetry_manifest.json"};
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();

    (void)state;
    sync_here(&root, "--full-telemetry");
    expect_files(&root, FILES, COUNT_OF(FILES));
    CLEANUP(text_free) struct text log = tmpdir_read(&root, COPY "/sync_log.jsonl");
    CLEANUP(text_free)
    struct text manifest = tmpdir_read(&root, "telemetry/2026-01-22/telemetry_manifest.json");
    assert_non_null(strstr(text_str(&log), "\"mode\":\"no_ssh_mock\""));
    assert_non_null(strstr(text_str(&manifest), "\"data_source\": \"local_no_ssh\""));
}

static void
test_contract_4_19_pack_is_copied_without_a_connection(void **state)
{
    static const char *const FILES[] = {
        COPY "/analysis_packs/2026-01-22/MASTER_SUMMARY_2026-01-22.md",
        COPY "/analysis_packs/2026-01-22/manifest.json",
        COPY "/analysis_packs/2026-01-22/analysis_pack_2026-01-22.tar.gz",
        COPY "/analysis_packs/2026-01-22/logs/shadow_trades_tail.jsonl",
        COPY "/analysis_packs/2026-01-22/reports/INTEL_DASHBOARD_2026-01-22.md"};
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();

    (void)state;
    sync_here(&root, "--postclose-pack");
    expect_files(&root, FILES, COUNT_OF(FILES));
    CLEANUP(text_free) struct text log = tmpdir_read(&root, COPY "/sync_log.jsonl");
    assert_non_null(strstr(text_str(&log), "\"mode\":\"no_ssh_postclose_pack\""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_get_root_settings_and_clock),
        cmocka_unit_test(test_contract_4_15_what_is_not_well_is_made_anew_and_nothing_else),
        cmocka_unit_test(
            test_contract_4_17_readiness_goes_by_the_regression_run_and_the_healed_daemon),
        cmocka_unit_test(test_droplet_copy_without_a_connection),
        cmocka_unit_test(test_contract_4_19_pack_is_copied_without_a_connection),
        cmocka_unit_test(test_intel_health_heals_postmarket_intel_after_the_close_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

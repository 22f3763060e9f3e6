/*
 * The regression run and the day with the real programs: the whole chain of v2 in mock mode, what
 * it leaves of the live root, and what it says of a bundle that lacks something
 * (contract 4.4, 4.20.8, spec 40 7).
 */
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/front.h"

#include "scripts/regress/artifact_check.h"

#define FRONT(f, dir, ...)                                                                         \
    front_run((f), (dir)->path, "out", (const char *const[]){__VA_ARGS__, NULL})

static void
test_contract_4_20_regression_passes_and_leaves_the_root_alone(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *none;

    (void)state;
    FRONT(&f, &dir, "run-regression-checks", "--root", root.path);
    front_expect(&f, f.status == 0 && front_says(&f, "REGRESSION_OK"));
    assert_int_equal(tmpdir_count(&root, ""), 0);
    front_done(&f);
    none = tmpdir_path(&root, "none");
    FRONT(&f, &dir, "run-regression-checks", "--root", none);
    front_expect(&f, f.status == 0 && front_says(&f, "REGRESSION_OK"));
    assert_int_equal(tmpdir_count(&root, ""), 0);
}

/* A mock day by the programs themselves, both phases; the root is then a whole one to look at. */
static struct tmpdir
mock_day(const struct tmpdir *dir)
{
    struct tmpdir root = tmpdir_new();
    CLEANUP(front_done) struct front f;

    FRONT(&f, dir, "day", "--mock", "--root", root.path, "--date", "2026-11-20", "--phase",
          "premarket");
    front_expect(&f, f.status == 0 && front_says(&f, "readiness"));
    front_done(&f);
    FRONT(&f, dir, "day", "--mock", "--root", root.path, "--date", "2026-11-20", "--phase",
          "postclose");
    front_expect(&f, f.status == 0);
    return root;
}

static void
test_day_runs_its_programs_and_does_none_twice(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = mock_day(&dir);
    CLEANUP(front_done) struct front f;

    (void)state;
    FRONT(&f, &dir, "day", "--mock", "--root", root.path, "--date", "2026-11-20", "--json",
          "--phase", "postclose");
    front_expect(&f, f.status == 0 && front_says(&f, "\"ran\":0"));
    assert_true(access(tmpdir_path(&root, "analysis_packs/2026-11-20/MASTER_SUMMARY_2026-11-20.md"),
                       R_OK) == 0);
}

static void
test_contract_4_20_regression_names_what_a_bundle_lacks(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = mock_day(&dir);

    (void)state;
    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        CLEANUP(front_done) struct front f;
        char name[128];

        (void)snprintf(name, sizeof name, "telemetry/2026-11-20/computed/%s.json",
                       ARTIFACT_NAMES[i]);
        CLEANUP(text_free) struct text whole = tmpdir_read(&root, name);
        FRONT(&f, &dir, "run-regression-checks", "--root", root.path, "--artifacts-only",
              "2026-11-20");
        front_expect(&f, f.status == 0);
        front_done(&f);
        tmpdir_write(&root, name, "{}");
        FRONT(&f, &dir, "run-regression-checks", "--root", root.path, "--artifacts-only",
              "2026-11-20");
        front_expect(&f, f.status == 1 && front_says(&f, ARTIFACT_NAMES[i]));
        tmpdir_write_bytes(&root, name, text_str(&whole), whole.len);
    }
}

/* ---- every check can fail -------------------------------------------------------------------- */

/*
 * The programs as they are, but what one of them leaves is spoilt behind its back: bin/stockbot is
 * a script that runs the real one, then the words of the case.
 */
static const char *
make_saboteur(const struct tmpdir *dir)
{
    CLEANUP(text_free) struct text script = {0};

    text_printf(&script,
                "#!/bin/sh\n%s/bin/real \"$@\"\nrc=$?\n"
                "[ \"$1\" != \"$SPOILT\" ] || { cd \"$STOCKBOT_ROOT\" && eval \"$SPOIL\"; }\n"
                "exit $rc\n",
                dir->path);
    return front_install(dir, text_str(&script));
}

#define TELEMETRY "telemetry/*/"

static void
test_contract_4_20_regression_notices_whatever_fails(void **state)
{
    static const struct {
        const char *runner, *spoil, *id;
    } cases[] = {
        {"audit-uw-endpoints",          "rc=1",                                               "R0b " },
        {"uw",                          "rm -f state/uw_usage_state.json",                    "R3 "  },
        {"build-daily-universe",        "rm state/core_universe.json",                        "R4 "  },
        {"run-premarket-intel",         "rc=1",                                               "R5 "  },
        {"run-postmarket-intel",        "echo '{}' >state/postmarket_intel.json",             "R5b " },
        {"build-daily-universe",
         "echo '{\"_meta\":{\"mode\":\"mock\"}}' >state/daily_universe_v2.json",              "R5b " },
        {"run-regime-detector",         "rm state/regime_state.json",                         "R8 "  },
        {"run-daily-intel-pnl",         "echo '{}' >state/uw_intel_pnl_summary.json",         "R10 " },
        {"run-intel-health-checks",     "rm state/intel_health_state.json",                   "R11 " },
        {"run-intel-dashboard",         "sed -i 's/Exit Intell/Ex/' reports/INTEL*",          "R12 " },
        {"run-daemon-health-check",     "sed -i s/critical/warning/ state/uw_daemon_h*.json", "R13 " },
        {"run-daemon-health-check",     ": >logs/system_events.jsonl",                        "R13 " },
        {"run-shadow-day-summary",      "rm reports/SHADOW_DAY_SUMMARY_*",                    "R14b "},
        {"run-preopen-readiness-check", ": >logs/system_events.jsonl",                        "R14c "},
        {"v2-tuning-suggestions",       "rc=1",                                               "R14d "},
        {"run-exit-day-summary",        "rm reports/EXIT_DAY_SUMMARY_*",                      "R15b "},
        {"run-uw-intel-on-droplet",     "rm droplet_sync/*/daily_universe.json",              "R5d " },
        {"run-uw-intel-on-droplet",     "rm " TELEMETRY "FULL_TELEMETRY_*.md",                "R5d " },
        {"run-postclose-analysis-pack", "rm analysis_packs/*/manifest.json",                  "R16 " },
        {"run-postclose-analysis-pack", "rm analysis_packs/*/*.tar.gz",                       "R16 " },
        {"run-full-telemetry-extract",  "rm -r " TELEMETRY "logs",                            "R17a "},
        {"run-full-telemetry-extract",
         "for f in " TELEMETRY "computed/feature_eq*; do echo '{}' >$f; done",                "R17b" },
        {"run-full-telemetry-extract",  "rm " TELEMETRY "computed/regime_timeline.json",      "R17c" },
        {"run-full-telemetry-extract",
         "sed -i 's/\"as_of_ts\": \"20/\"as_of_ts\": \"19/' " TELEMETRY "computed/live_vs*",
         "R17d "                                                                                     },
        {"run-full-telemetry-extract",
         "sed -i 's/\"signal_performance\"/\"x\"/' " TELEMETRY "telemetry_manifest.json",     "R17e "},
        {"run-full-telemetry-extract",
         "sed -i \"s/pairing: /pairing $$: /\" " TELEMETRY "computed/shadow_vs*",             "R17f "},
        {"run-full-telemetry-extract",
         "sed -i 's/\"flow_strength\"/\"flow\"/' example/" TELEMETRY "computed/feature_val*",
         "R17g "                                                                                     },
        {"v2-tuning-suggestions",       "mkdir $LIVE/reports",                                "R18 " },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char here[PATH_MAX], program[PATH_MAX];

    (void)state;
    (void)str_copy(program, sizeof program, make_saboteur(&dir));
    assert_non_null(getcwd(here, sizeof here));
    (void)setenv("STOCKBOT_SHARE", here, 1); /* where the shipped files are */
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();
        CLEANUP(front_done) struct front f;
        const char *const args[] = {"run-regression-checks", "--root", root.path, NULL};

        (void)setenv("SPOILT", cases[i].runner, 1);
        (void)setenv("SPOIL", cases[i].spoil, 1);
        (void)setenv("LIVE", root.path, 1);
        front_run_program(&f, program, dir.path, "out", args);
        if (f.status != 1 || !front_says(&f, cases[i].id) ||
            !front_says(&f, "run-regression-checks: R") || front_says(&f, "REGRESSION_OK"))
            fail_msg("%s, %s: %s is wanted; status %d: %s", cases[i].runner, cases[i].spoil,
                     cases[i].id, f.status, text_str(&f.out));
    }
}

static void
test_regression_wrong_date_is_wrong_usage(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;

    (void)state;
    FRONT(&f, &dir, "run-regression-checks", "--root", dir.path, "--artifacts-only", "../etc");
    front_expect(&f, f.status == 64 && front_says(&f, "--artifacts-only"));
}

/* Whoever ends the run finds nothing of its private root. */
static void
test_regression_that_is_stopped_leaves_nothing(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *args[] = {"run-regression-checks", "--root", root.path, NULL};
    const char *was = getenv("TMPDIR"), *private = tmpdir_path(&dir, "private");

    (void)state;
    assert_int_equal(mkdir(private, 0700), 0);
    (void)setenv("TMPDIR", private, 1);
    front_start(&f, dir.path, "out", args);
    if (was != NULL)
        (void)setenv("TMPDIR", was, 1);
    else
        (void)unsetenv("TMPDIR");
    for (int i = 0; tmpdir_count(&dir, "private") == 0 && i < 3000; i++)
        (void)usleep(10000);
    assert_int_equal(tmpdir_count(&dir, "private"), 1);
    assert_int_equal(kill(f.pid, SIGTERM), 0);
    front_wait(&f);
    front_expect(&f, f.status == -SIGTERM);
    assert_int_equal(tmpdir_count(&dir, "private"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_20_regression_passes_and_leaves_the_root_alone),
        cmocka_unit_test(test_day_runs_its_programs_and_does_none_twice),
        cmocka_unit_test(test_contract_4_20_regression_names_what_a_bundle_lacks),
        cmocka_unit_test(test_contract_4_20_regression_notices_whatever_fails),
        cmocka_unit_test(test_regression_wrong_date_is_wrong_usage),
        cmocka_unit_test(test_regression_that_is_stopped_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Runners that start other runners: each step works in the root of its parent, by its settings and
 * by its clock (spec 40 0.7).
 */
#include "tests/scripts/front.h"

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
         {"run-intel-health-checks --nonfatal", "run-daemon-health-check --nonfatal"}         },
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_get_root_settings_and_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

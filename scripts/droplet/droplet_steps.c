#include "base/text.h"
#include "scripts/command.h"
#include "scripts/droplet/droplet.h"

enum { STEP_LIMIT_S = 600, PACK_LIMIT_S = 900, STDERR_MAX = 800 };

/* ---- the table ----------------------------------------------------------------------------- */

enum { WITH_DATE = 1, WITH_MOCK = 2, IS_READINESS = 4, IN_PRE = 8, IN_POST = 16 };

static const struct row {
    const char *step;   /* in the sync log */
    const char *runner; /* command */
    const char *args;   /* always given */
    unsigned how;
} STEPS[] = {
    {"build_daily_universe",        "build-daily-universe",        "",           WITH_MOCK | IN_PRE          },
    {"run_premarket_intel",         "run-premarket-intel",         "",           WITH_MOCK | IN_PRE          },
    {"run_postmarket_intel",        "run-postmarket-intel",        "",           WITH_MOCK | IN_POST         },
    {"run_regime_detector",         "run-regime-detector",         "",           IN_PRE | IN_POST            },
    {"run_daily_intel_pnl",         "run-daily-intel-pnl",         "",           WITH_DATE | IN_PRE | IN_POST},
    {"run_intel_health_checks",     "run-intel-health-checks",     "--nonfatal",
     WITH_MOCK | IN_PRE | IN_POST                                                                            },
    {"run_daemon_health_check",     "run-daemon-health-check",     "--nonfatal", IN_PRE | IN_POST            },
    {"run_preopen_readiness_check", "run-preopen-readiness-check", "",           IS_READINESS | IN_PRE       },
    {"run_premarket_exit_intel",    "run-premarket-exit-intel",    "",           WITH_MOCK | IN_PRE          },
    {"run_postmarket_exit_intel",   "run-postmarket-exit-intel",   "",           WITH_MOCK | IN_POST         },
    {"run_exit_intel_pnl",          "run-exit-intel-pnl",          "",           WITH_DATE | IN_PRE | IN_POST},
    {"run_exit_day_summary",        "run-exit-day-summary",        "",           WITH_DATE | IN_PRE | IN_POST},
    {"run_intel_dashboard",         "run-intel-dashboard",         "",           WITH_DATE | IN_PRE | IN_POST},
    {"run_shadow_day_summary",      "run-shadow-day-summary",      "",           WITH_DATE | IN_PRE | IN_POST},
    {"run_v2_tuning_suggestions",   "v2-tuning-suggestions",       "",           WITH_DATE | IN_PRE | IN_POST},
};

/* A snapshot of the morning would overwrite that of the evening, and the other way round. */
static bool
is_in_phase(const struct droplet *d, const struct row *row)
{
    switch (d->wish->phase) {
    case DROPLET_PRE:
        return (row->how & IN_PRE) != 0;
    case DROPLET_POST:
        return (row->how & IN_POST) != 0;
    case DROPLET_ALL:
        break;
    }
    return true;
}

/* ---- there --------------------------------------------------------------------------------- */

/* RC_OK and ret_end of what ended; RC_IO where there was no connection. */
static enum rc
run_there(const struct droplet *d, const char *step, const char *command, int limit_s,
          struct step_end *ret_end, struct err *err)
{
    enum rc rc =
        remote_run(&d->remote, command, limit_s, STDERR_MAX, &d->job->runner.clock, ret_end, err);

    if (rc == RC_OK && ret_end->status == REMOTE_NOT_CONNECTED)
        rc = err_set(err, RC_IO, "%s: %s", d->remote.host, text_str(&ret_end->err));
    NOTE(d, "run", F_STR("step", step), F_BOOL("success", rc == RC_OK && ret_end->status == 0),
         F_I64("rc", ret_end->status), F_F64("seconds", round_dec(ret_end->seconds, 3)));
    return rc;
}

static void
make_command(const struct droplet *d, const struct row *row, struct text *to)
{
    if (row->how & IS_READINESS) text_puts(to, "PREOPEN_SKIP_REGRESSION=1 "); /* has just run */
    text_printf(to, "stockbot %s --root .", row->runner);
    if (row->args[0] != '\0') text_printf(to, " %s", row->args);
    if (row->how & WITH_DATE) text_printf(to, " --date %s", d->job->date_text);
    if ((row->how & WITH_MOCK) && d->job->is_mock) text_puts(to, " --mock");
    if ((row->how & IS_READINESS) && d->job->is_mock) text_puts(to, " --allow-mock");
    if ((row->how & IS_READINESS) && d->wish->heal_daemon) text_puts(to, " --heal-daemon");
}

enum rc
droplet_gate(struct droplet *d, struct err *err)
{
    CLEANUP(step_end_free) struct step_end end = {0};
    CLEANUP(step_end_free) struct step_end pull = {0};
    enum rc rc = RC_OK;

    if (!d->wish->no_pull) { /* its failure stops nothing */
        struct err ignored = {0};

        rc = remote_run(&d->remote, "git pull --ff-only", 180, STDERR_MAX, &d->job->runner.clock,
                        &pull, &ignored);
        NOTE(d, "git_pull", F_BOOL("success", rc == RC_OK && pull.status == 0));
    }
    rc = run_there(d, "run_regression_checks", "stockbot run-regression-checks --root .",
                   STEP_LIMIT_S, &end, err);
    if (rc != RC_OK) {
        NOTE(d, "abort", F_STR("reason", "connect_failed"), F_STR("stderr", err->text));
        return rc;
    }
    if (end.status == EXIT_DONE) return RC_OK;
    NOTE(d, "abort", F_STR("reason", "regression_failed"), F_STR("stderr", text_str(&end.err)));
    return err_set(err, RC_DENIED, "the regression run failed there, nothing else was run: %s",
                   step_said(&end));
}

void
droplet_steps(struct droplet *d)
{
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        CLEANUP(text_free) struct text command = {0};
        CLEANUP(step_end_free) struct step_end end = {0};
        struct err err = {0};

        if (!is_in_phase(d, &STEPS[i])) continue;
        job_progress(d->job, STEPS[i].step, i, COUNT_OF(STEPS));
        make_command(d, &STEPS[i], &command);
        enum rc rc = run_there(d, STEPS[i].step, text_str(&command), STEP_LIMIT_S, &end, &err);
        if ((STEPS[i].how & IS_READINESS) && rc == RC_OK) {
            d->was_ready_asked = true;
            d->is_ready = end.status == EXIT_DONE;
        }
    }
}

void
droplet_pack(const struct droplet *d)
{
    CLEANUP(text_free) struct text command = {0};
    CLEANUP(step_end_free) struct step_end end = {0};
    struct err err = {0};

    text_printf(&command, "stockbot run-postclose-analysis-pack --root . --archive --date %s%s",
                d->job->date_text, d->job->is_mock ? " --mock" : "");
    /* A pack that failed is noted; what there is of it is fetched all the same. */
    if (run_there(d, "run_postclose_analysis_pack", text_str(&command), PACK_LIMIT_S, &end, &err) !=
        RC_OK)
        (void)runner_fail(&d->job->runner, &err, 0);
}

/* ---- here ---------------------------------------------------------------------------------- */

enum { HERE_ARGS_MAX = 8 };

/* Made up, for the regression run: what becomes of a step does not matter.  Our root was looked at
 * when we began. */
static void
run_here(const struct droplet *d, const char *const wanted[HERE_ARGS_MAX])
{
    static const char *const env[] = {"UW_MOCK=1", "PREOPEN_SKIP_REGRESSION=1",
                                      "TELEMETRY_DATA_SOURCE=local_no_ssh", NULL};
    CLEANUP(step_end_free) struct step_end end = {0};
    const char *args[HERE_ARGS_MAX + 2] = {NULL};
    struct err err = {0};
    bool is_mock = false;
    size_t n = 0;

    for (; n < HERE_ARGS_MAX && wanted[n] != NULL; n++) {
        args[n] = wanted[n];
        is_mock = is_mock || str_eq(wanted[n], "--mock");
    }
    if (is_mock) args[n] = "--allow-mock-root";
    struct step step = job_step(d->job, args, STEP_LIMIT_S);
    step.env = env;
    enum rc rc = step_run(&step, &d->job->runner.clock, &end, &err);

    NOTE(d, "run", F_STR("step", args[0]), F_BOOL("success", rc == RC_OK && end.status == 0),
         F_I64("rc", end.status), F_F64("seconds", round_dec(end.seconds, 3)));
}

void
droplet_steps_here(struct droplet *d)
{
    const char *date = d->job->date_text;
    const char *const rows[][HERE_ARGS_MAX] = {
        {"build-daily-universe", "--mock",              "--max",                        "20", "--core", "10"},
        {"run-premarket-intel",              "--mock"                              },
        {"run-postmarket-intel", "--mock"},
        {"run-regime-detector"                     },
        {"run-daily-intel-pnl",              "--date",                                date                                                            },
        {"run-intel-health-checks",              "--mock","--nonfatal"},
        {"run-daemon-health-check",              "--mock",                        "--nonfatal"                                        },
        {"run-preopen-readiness-check",        "--allow-mock",
         d->wish->heal_daemon ? "--heal-daemon" : NULL},
        {"run-premarket-exit-intel",              "--mock"},
        {"run-postmarket-exit-intel",                      "--mock"                     },
        {"run-exit-intel-pnl",                      "--date",   date                                                     },
        {"run-exit-day-summary",                      "--date",                      date},
        {"run-intel-dashboard",                      "--date",                       date                                                                          },
        {"run-full-telemetry-extract",                      "--date",                date                         },
    };
    size_t len = COUNT_OF(rows) - (d->wish->full_telemetry ? 0 : 1);

    for (size_t i = 0; i < len; i++)
        run_here(d, rows[i]);
}

void
droplet_pack_here(const struct droplet *d)
{
    const char *const args[HERE_ARGS_MAX] = {"run-postclose-analysis-pack", "--mock", "--archive",
                                             "--date", d->job->date_text};

    run_here(d, args);
}

/* run-intel-dashboard: one page about the intelligence of a day.  (contract 4.14, spec 40 5.5) */
#include "scripts/command.h"
#include "scripts/report/report_run.h"

static const char HELP[] =
    "usage: stockbot run-intel-dashboard [options]\n"
    "\n"
    "One page about the state of the intelligence: universe, intel, regime, P&L, health, shadow.\n"
    "From state/ and logs/ alone. Writes reports/INTEL_DASHBOARD_<date>.md.\n"
    "\n";

enum { TAIL_LINES = 25 };

struct taking {
    const char *day;
    struct candidates *candidates;
    struct arena *keys;
};

static void
take_candidate(void *ctx, const struct json *record, struct arena *scratch)
{
    struct taking *t = ctx;

    (void)scratch;
    if (ops_is_day(json_get(record, "ts"), t->day)) candidates_take(t->candidates, record, t->keys);
}

static void
take_recent(void *ctx, const struct json *record, struct arena *scratch)
{
    (void)scratch;
    report_tail_take(ctx, record);
}

static void
gather(struct report_run *r, struct dashboard *d)
{
    struct taking t = {r->job->date_text, &d->candidates, &r->arena};

    d->daily_universe = report_doc(r, "state/daily_universe.json", "build-daily-universe");
    d->daily_universe_v2 = report_doc(r, "state/daily_universe_v2.json", "build-daily-universe");
    d->premarket = report_doc(r, "state/premarket_intel.json", "run-premarket-intel");
    d->postmarket = report_doc(r, "state/postmarket_intel.json", "run-postmarket-intel");
    d->regime = report_doc(r, "state/regime_state.json", "run-regime-detector");
    d->intel_pnl = report_doc(r, "state/uw_intel_pnl_summary.json", "run-daily-intel-pnl");
    d->intel_health = report_doc(r, "state/intel_health_state.json", "run-intel-health-checks");
    d->daemon_health =
        report_doc(r, "state/uw_daemon_health_state.json", "run-daemon-health-check");
    d->exit_pnl = report_doc(r, "state/exit_intel_pnl_summary.json", "run-exit-intel-pnl");
    report_read_last(r,
                     &(struct report_log){"logs/uw_attribution.jsonl", "trading_engine", NULL,
                                          take_recent, &d->recent},
                     TAIL_LINES);
    report_read(r, &(struct report_log){"logs/shadow_trades.jsonl", "trading_engine",
                                        r->job->date_text, take_candidate, &t});
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(report_run_done) struct report_run r;
    CLEANUP(paper_done) struct paper p = {0};
    struct dashboard d = {0};

    (void)own;
    report_run_begin(&r, job);
    gather(&r, &d);
    struct report_about about = report_about(&r);
    report_dashboard(&p, &d, &r.arena, &about);
    return report_save(&r, "INTEL_DASHBOARD", &p, err);
}

const struct job_spec JOB_INTEL_DASHBOARD = {
    .name = "run-intel-dashboard", .help = HELP, .takes = JOB_DATE, .run = run};

int
cmd_run_intel_dashboard(int argc, char **argv)
{
    return job_main(&JOB_INTEL_DASHBOARD, argc, argv, NULL);
}

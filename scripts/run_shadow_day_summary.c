/* run-shadow-day-summary: what the shadow saw and traded on a day.  (spec 40 5.4) */
#include "scripts/command.h"
#include "scripts/report/report_day.h"

static const char HELP[] =
    "usage: stockbot run-shadow-day-summary [options]\n"
    "\n"
    "The shadow's candidates of a day, the best and the worst, what moved their scores, and what\n"
    "its paper trades earned. Writes reports/SHADOW_DAY_SUMMARY_<date>.md.\n"
    "\n";

#define SHADOW_PATH      "logs/shadow_trades.jsonl"
#define ATTRIBUTION_PATH "logs/uw_attribution.jsonl"
#define INTEL_PNL_PATH   "state/uw_intel_pnl_summary.json"

static bool
exists(const struct job *job, const char *path)
{
    const struct fs *fs = &job->runner.fs;
    struct fs_stat st = {0};

    return fs->stat(fs->self, path, &st, NULL) == RC_OK && st.exists;
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(report_run_done) struct report_run r;
    CLEANUP(report_day_done) struct report_day day;
    CLEANUP(paper_done) struct paper p = {0};

    (void)own;
    report_run_begin(&r, job);
    struct shadow_day d = {.regime =
                               report_doc(&r, "state/regime_state.json", "run-regime-detector")};
    report_day_candidates(&r, &d.candidates);
    report_day_read(&r, &day, REPORT_DAY_TRADES);
    struct day_facts facts = day_facts_take(day.view, &r.arena);
    d.trade = facts.trade;
    d.trades_len = facts.trades;
    d.by_symbol = facts.by_symbol;
    d.by_sector = facts.by_sector;
    d.by_regime = facts.by_regime;
    d.has_shadow_log = exists(job, SHADOW_PATH);
    d.has_attribution_log = exists(job, ATTRIBUTION_PATH);
    d.has_intel_pnl = exists(job, INTEL_PNL_PATH);
    json_out_i64(&job->summary, "candidates", d.candidates.n);
    json_out_i64(&job->summary, "closed_trades", (int64_t)d.trades_len);
    struct report_about about = report_about(&r);
    report_shadow_day(&p, &d, &r.arena, &about);
    return report_save(&r, "SHADOW_DAY_SUMMARY", &p, err);
}

const struct job_spec JOB_SHADOW_DAY_SUMMARY = {
    .name = "run-shadow-day-summary", .help = HELP, .takes = JOB_DATE, .run = run};

int
cmd_run_shadow_day_summary(int argc, char **argv)
{
    return job_main(&JOB_SHADOW_DAY_SUMMARY, argc, argv, NULL);
}

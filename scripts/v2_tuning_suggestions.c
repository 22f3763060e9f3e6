/* v2-tuning-suggestions: what the intel P&L suggests for the weights.  (spec 30 6.3, spec 40 5.7)
 */
#include "scripts/command.h"
#include "scripts/report/report_run.h"

static const char HELP[] =
    "usage: stockbot v2-tuning-suggestions [options]\n"
    "\n"
    "What the intel P&L of a day suggests for the weights of v2: advice for a person, nothing is\n"
    "applied. Writes reports/V2_TUNING_SUGGESTIONS_<date>.md.\n"
    "\n";

enum { TAIL_LINES = 200 };

static void
take(void *ctx, const struct json *record, struct arena *scratch)
{
    (void)scratch;
    report_tail_take(ctx, record);
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(report_run_done) struct report_run r;
    CLEANUP(paper_done) struct paper p = {0};
    struct report_tail recent = {0};

    (void)own;
    report_run_begin(&r, job);
    const struct json *summary =
        report_doc(&r, "state/uw_intel_pnl_summary.json", "run-daily-intel-pnl");
    struct tuning t = tuning_decode(summary);
    report_read_last(
        &r,
        &(struct report_log){"logs/uw_attribution.jsonl", "trading_engine", NULL, take, &recent},
        TAIL_LINES);
    struct report_about about = report_about(&r);
    report_tuning(&p, &t, &recent, &about);
    return report_save(&r, "V2_TUNING_SUGGESTIONS", &p, err);
}

const struct job_spec JOB_V2_TUNING_SUGGESTIONS = {
    .name = "v2-tuning-suggestions", .help = HELP, .takes = JOB_DATE, .run = run};

int
cmd_v2_tuning_suggestions(int argc, char **argv)
{
    return job_main(&JOB_V2_TUNING_SUGGESTIONS, argc, argv, NULL);
}

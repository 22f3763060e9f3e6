/* run-exit-day-summary: which exits of a day were good, and what made them exits.  (spec 40 5.3) */
#include "scripts/command.h"
#include "scripts/report/report_run.h"

static const char HELP[] =
    "usage: stockbot run-exit-day-summary [options]\n"
    "\n"
    "The shadow's best and worst exits of a day, the exit scores, and what had got worse. Writes\n"
    "reports/EXIT_DAY_SUMMARY_<date>.md. The score statistics come from run-exit-intel-pnl, if it\n"
    "ran for the same day.\n"
    "\n";

struct taking {
    const char *day;
    struct exit_day exits;
};

static void
take(void *ctx, const struct json *record, struct arena *scratch)
{
    struct taking *t = ctx;

    (void)scratch;
    if (ops_is_day(json_get(record, "timestamp"), t->day)) exit_day_take(&t->exits, record);
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(report_run_done) struct report_run r;
    CLEANUP(paper_done) struct paper p = {0};
    struct taking t = {.day = job->date_text};

    (void)own;
    report_run_begin(&r, job);
    report_read(
        &r, &(struct report_log){"logs/exit_attribution.jsonl", "trading_engine", t.day, take, &t});
    const struct json *summary =
        report_doc(&r, "state/exit_intel_pnl_summary.json", "run-exit-intel-pnl");
    bool is_of_day = str_eq(json_str(json_get_obj(summary, "_meta"), "date", ""), t.day);
    struct report_about about = report_about(&r);
    json_out_i64(&job->summary, "exits", t.exits.n);
    report_exit_day(&p, &t.exits, is_of_day ? json_get_obj(summary, "exit_score_stats") : NULL,
                    &about);
    return report_save(&r, "EXIT_DAY_SUMMARY", &p, err);
}

const struct job_spec JOB_EXIT_DAY_SUMMARY = {
    .name = "run-exit-day-summary", .help = HELP, .takes = JOB_DATE, .run = run};

int
cmd_run_exit_day_summary(int argc, char **argv)
{
    return job_main(&JOB_EXIT_DAY_SUMMARY, argc, argv, NULL);
}

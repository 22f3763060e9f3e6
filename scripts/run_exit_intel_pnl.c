/* run-exit-intel-pnl: what the shadow's exits of a day earned.  (spec 30 7.8, spec 40 5.2) */
#include "exitlogic/exit_json.h"
#include "scripts/command.h"
#include "scripts/report/report_run.h"

static const char HELP[] =
    "usage: stockbot run-exit-intel-pnl [options]\n"
    "\n"
    "Adds up the shadow's exits of a day by reason, regime, sector and time held. Writes\n"
    "state/exit_intel_pnl_summary.json and reports/EXIT_INTEL_PNL_<date>.md.\n"
    "\n";

#define EXITS_PATH   "logs/exit_attribution.jsonl"
#define SUMMARY_PATH "state/exit_intel_pnl_summary.json"
#define VERSION      "2026-01-21_exit_pnl_v1"

struct adding {
    const char *day;
    char today[ISO_TEXT_MAX];
    struct v2_exit_pnl sums;
    struct arena *keys;
};

static void
add(void *ctx, const struct json *record, struct arena *scratch)
{
    struct adding *a = ctx;
    struct v2_exit_row_store store;

    (void)scratch;
    if (!v2_exit_row_is_of(record, a->day, a->today)) return;
    struct v2_exit_row row = v2_exit_row_decode(record, &store);
    v2_exit_pnl_add(&a->sums, &row, a->keys);
}

static int
save_summary(struct report_run *r, const struct v2_exit_pnl *sums, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json, .keeps_surrogates = true}; /* labels as the log has them */
    char iso[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_obj(&o, "_meta");
    json_out_str(&o, "ts", when_iso_brief(r->job->now_ns, iso));
    json_out_str(&o, "date", r->job->date_text);
    json_out_str(&o, "version", VERSION);
    json_out_end(&o);
    v2_exit_pnl_write(&o, sums, V2_EXIT_PNL_EXTENDED);
    json_out_end(&o);
    return report_save_state(r, SUMMARY_PATH, &json, err);
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(report_run_done) struct report_run r;
    CLEANUP(paper_done) struct paper p = {0};
    struct adding a = {.day = job->date_text, .keys = &r.arena};

    (void)own;
    report_run_begin(&r, job);
    (void)date_text(when_to_civil(job->now_ns).date, a.today);
    /* A record without a time counts for the day of the run, so none may be passed over unread. */
    report_read(&r, &(struct report_log){EXITS_PATH, "trading_engine", NULL, add, &a});
    struct report_about about = report_about(&r);
    json_out_i64(&job->summary, "exit_attributions", a.sums.rows);
    int status = save_summary(&r, &a.sums, err);
    report_exit_pnl(&p, &a.sums, &about);
    return status == EXIT_DONE ? report_save(&r, "EXIT_INTEL_PNL", &p, err) : status;
}

const struct job_spec JOB_EXIT_INTEL_PNL = {
    .name = "run-exit-intel-pnl", .help = HELP, .takes = JOB_DATE, .run = run};

int
cmd_run_exit_intel_pnl(int argc, char **argv)
{
    return job_main(&JOB_EXIT_INTEL_PNL, argc, argv, NULL);
}

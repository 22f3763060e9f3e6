/* run-daily-intel-pnl: did the intelligence earn anything on a day?  (spec 30 6.2, spec 40 5.1) */
#include "intel/schema.h"
#include "scripts/command.h"
#include "scripts/report/report_run.h"

static const char HELP[] =
    "usage: stockbot run-daily-intel-pnl [options]\n"
    "\n"
    "Compares what the intelligence added to the scores of a day with what the symbols earned on\n"
    "it. Writes state/uw_intel_pnl_summary.json and reports/UW_INTEL_PNL_<date>.md; missing logs\n"
    "make it sparse, not wrong. 2: the summary came out invalid.\n"
    "\n";

#define ATTRIBUTION_PATH "logs/uw_attribution.jsonl"
#define SUMMARY_PATH     "state/uw_intel_pnl_summary.json"

struct learning {
    const char *day;
    enum pnl_source source;
    struct pnl_table *table;
};

static void
learn(void *ctx, const struct json *record, struct arena *scratch)
{
    const struct learning *l = ctx;
    struct symbol_pnl p;

    if (symbol_pnl_is_of(record, l->day) && symbol_pnl_decode(record, l->source, scratch, &p))
        pnl_learn(l->table, &p);
}

struct counting {
    const char *day;
    const struct pnl_table *table;
    struct intel_pnl sums;
};

static void
count(void *ctx, const struct json *record, struct arena *scratch)
{
    struct counting *c = ctx;

    if (!attribution_is_of(record, c->day)) return;
    struct intel_attribution a = attribution_decode(record, scratch);
    intel_pnl_count(&c->sums, &a, c->table);
}

static struct intel_pnl
compute(struct report_run *r)
{
    static const struct {
        const char *path, *maker;
        enum pnl_source source;
    } logs[] = {
        {"logs/exits.jsonl",            "trading_engine", PNL_EXITS           },
        {"logs/exit_attribution.jsonl", "trading_engine", PNL_EXIT_ATTRIBUTION},
        {"logs/shadow.jsonl",           "trading_engine", PNL_SHADOW          },
    };
    const char *day = r->job->date_text;
    struct pnl_table table = {.arena = &r->arena};

    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        struct learning l = {day, logs[i].source, &table};
        report_read(r, &(struct report_log){logs[i].path, logs[i].maker, day, learn, &l});
    }
    struct counting c = {.day = day, .table = &table};
    report_read(r, &(struct report_log){ATTRIBUTION_PATH, "trading_engine", day, count, &c});
    return c.sums;
}

static int
save_summary(struct report_run *r, const struct intel_pnl *sums, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    struct json_out o = {.to = &json};
    struct intel_pnl_inputs in = {
        .has_attribution = report_has(r, ATTRIBUTION_PATH),
        .has_exits = report_has(r, "logs/exits.jsonl"),
        .has_shadow = report_has(r, "logs/shadow.jsonl"),
    };

    intel_pnl_write(&o, sums, &in, r->job->date_text, r->job->now_ns);
    enum rc rc = json_parse(json.data, json.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, err);
    if (rc == RC_OK) rc = schema_check(SCHEMA_UW_INTEL_PNL_SUMMARY, doc, err);
    if (rc != RC_OK) {
        (void)err_wrap(err, "the summary is invalid");
        return JOB_EXIT_VERDICT;
    }
    return report_save_state(r, SUMMARY_PATH, &json, err);
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(report_run_done) struct report_run r;
    CLEANUP(paper_done) struct paper p = {0};

    (void)own;
    report_run_begin(&r, job);
    struct intel_pnl sums = compute(&r);
    struct report_about about = report_about(&r);
    json_out_i64(&job->summary, "attribution_records", sums.records);
    json_out_i64(&job->summary, "matched_to_pnl", sums.matched);
    int status = save_summary(&r, &sums, err);
    report_intel_pnl(&p, &sums, &about);
    return status == EXIT_DONE ? report_save(&r, "UW_INTEL_PNL", &p, err) : status;
}

const struct job_spec JOB_DAILY_INTEL_PNL = {
    .name = "run-daily-intel-pnl", .help = HELP, .takes = JOB_DATE, .run = run};

int
cmd_run_daily_intel_pnl(int argc, char **argv)
{
    return job_main(&JOB_DAILY_INTEL_PNL, argc, argv, NULL);
}

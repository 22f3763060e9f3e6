/* run-postclose-analysis-pack: a day in one folder.  (contract 4.19, spec 40 5.6) */
#include "scripts/command.h"
#include "scripts/report/pack.h"

static const char HELP[] =
    "usage: stockbot run-postclose-analysis-pack [options]\n"
    "\n"
    "Runs the reports of a day and puts them with copies of state, tails of logs, pictures and a\n"
    "summary (MASTER_SUMMARY_<date>.md and .html) into analysis_packs/<date>/. From state/ and\n"
    "logs/ alone; what is missing is recorded, and the pack is made all the same.\n"
    "\n"
    "  --lines N        lines of each log to keep, from its end (default 500)\n"
    "  --archive        also all of it as analysis_pack_<date>.tar.gz\n"
    "  --strict         exit 2 where a step failed\n";

enum { OPT_LINES = OPT_JOB_OWN, OPT_ARCHIVE, OPT_STRICT };
enum { LINES_DEFAULT = 500, LINES_MAX = 1000000 };

static const struct option OPTIONS[] = {
    {"lines",   required_argument, NULL, OPT_LINES  },
    {"archive", no_argument,       NULL, OPT_ARCHIVE},
    {"strict",  no_argument,       NULL, OPT_STRICT },
};

struct wish {
    int64_t lines;
    bool has_archive, is_strict;
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    if (option == OPT_ARCHIVE) w->has_archive = true;
    if (option == OPT_STRICT) w->is_strict = true;
    if (option != OPT_LINES) return true;
    if (str_to_i64(optarg, &w->lines) && w->lines >= 0 && w->lines <= LINES_MAX) return true;
    (void)fprintf(
        stderr, "run-postclose-analysis-pack: --lines %s: a whole number from 0 to %d is wanted\n",
        optarg, LINES_MAX);
    return false;
}

static void
pack_done(struct pack *p)
{
    for (size_t i = 0; i < p->steps_len; i++) {
        text_free(&p->step[i].cmd);
        text_free(&p->step[i].said);
    }
    text_free(&p->manifest);
    text_free(&p->dir);
    report_run_done(&p->run);
}

/*
 * The archive is an extra: where it cannot be made, the pack stands all the same, and its manifest
 * says so as of any other step.
 */
static enum rc
archive(struct pack *p, struct err *err)
{
    struct err why = {0};

    if (pack_archive(p, &why) == RC_OK) return RC_OK;
    struct pack_step *s = &p->step[p->steps_len++];
    *s = (struct pack_step){.name = "archive"};
    text_puts(&s->cmd, "[]");
    text_puts(&s->said, why.text);
    (void)runner_fail(&p->job->runner, &why, 0);
    return pack_write_manifest(p, err);
}

static void
tell(const struct pack *p, size_t failed)
{
    struct json_out *o = &p->job->summary;

    json_out_i64(o, "steps", (int64_t)p->steps_len);
    json_out_arr(o, "failed");
    for (size_t i = 0; i < p->steps_len; i++)
        if (!p->step[i].is_ok) json_out_str(o, NULL, p->step[i].name);
    json_out_end(o);
    log_event(p->job->runner.log, EV_POSTCLOSE_PACK, F_SEV(failed > 0 ? SEV_WARN : SEV_INFO),
              F_STR("date", p->job->date_text), F_STR("pack_dir", text_str(&p->dir)),
              F_BOOL("ok", failed == 0));
}

static int
run(struct job *job, void *own, struct err *err)
{
    CLEANUP(pack_done) struct pack p = {.job = job};
    const struct wish *w = own;

    p.tail_lines = w->lines;
    report_run_begin(&p.run, job);
    text_printf(&p.dir, "analysis_packs/%s", job->date_text);
    pack_run_steps(&p);
    enum rc rc = pack_capture(&p, err);
    if (rc == RC_OK) rc = pack_write_manifest(&p, err);
    if (rc == RC_OK) rc = pack_summarize(&p, err);
    if (rc == RC_OK && w->has_archive) rc = archive(&p, err);
    if (rc != RC_OK) return EXIT_FAILED;
    size_t failed = pack_failed(&p);
    tell(&p, failed);
    if (!job->is_dry)
        text_printf(&job->path, "%s/MASTER_SUMMARY_%s.md", text_str(&p.dir), job->date_text);
    if (failed == 0 || !w->is_strict) return EXIT_DONE;
    (void)err_set(err, RC_IO, "%zu of %zu steps failed", failed, p.steps_len);
    return JOB_EXIT_VERDICT;
}

static const struct job_spec SPEC = {.name = "run-postclose-analysis-pack",
                                     .help = HELP,
                                     .takes = JOB_DATE | JOB_MOCK,
                                     .options = OPTIONS,
                                     .options_len = COUNT_OF(OPTIONS),
                                     .take = take,
                                     .run = run};

int
cmd_run_postclose_analysis_pack(int argc, char **argv)
{
    struct wish wish = {.lines = LINES_DEFAULT};

    return job_main(&SPEC, argc, argv, &wish);
}

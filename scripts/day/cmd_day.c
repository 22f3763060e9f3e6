/*
 * stockbot day: the programs of a trading day in their order, each in a process of its own, with
 * what became of them on record, so that a run that was broken off goes on where it was.
 *
 * By hand it runs everything that is not done yet.  With --due, from a timer every five minutes, it
 * runs what is due by now in New York time, early closes and holidays included.
 */
#include "io/inspect.h"
#include "scripts/command.h"
#include "scripts/day/day_plan.h"
#include "scripts/job.h"
#include "scripts/step.h"

static const char HELP[] =
    "usage: stockbot day [--due] [--phase premarket|postclose] [options]\n"
    "\n"
    "Runs the programs of a trading day in order: regression, universe, premarket intel, regime,\n"
    "exit intel, health, readiness; after the close postmarket intel, the analysis pack and the\n"
    "telemetry bundle. What is done already is not done again.\n"
    "\n"
    "  --due            only what is due by now (for a timer)\n"
    "  --phase P        only that part\n"
    "  --again          also what is done already\n"
    "  --list           show the day and what became of each step; run nothing\n"
    "\n"
    "A failed regression run ends the premarket part. Exit codes of its own: 1 a step failed.\n";

struct wish {
    bool is_due, is_again, is_list;
    const char *phase;
};

enum { OPT_DUE = OPT_JOB_OWN, OPT_PHASE, OPT_AGAIN, OPT_LIST };

static const struct option OPTIONS[] = {
    {"due",   no_argument,       NULL, OPT_DUE  },
    {"phase", required_argument, NULL, OPT_PHASE},
    {"again", no_argument,       NULL, OPT_AGAIN},
    {"list",  no_argument,       NULL, OPT_LIST },
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    switch (option) {
    case OPT_DUE:
        w->is_due = true;
        return true;
    case OPT_AGAIN:
        w->is_again = true;
        return true;
    case OPT_LIST:
        w->is_list = true;
        return true;
    default:
        w->phase = optarg;
        if (str_eq(optarg, "premarket") || str_eq(optarg, "postclose")) return true;
        (void)fprintf(stderr, "stockbot day: --phase %s: premarket or postclose is wanted\n",
                      optarg);
        return false;
    }
}

static bool
is_list(const void *own)
{
    return ((const struct wish *)own)->is_list;
}

struct day {
    struct job *job;
    const struct wish *wish;
    struct session session;
    struct day_run run;
    size_t failed, ran;
};

static bool
is_wanted(const struct wish *w, const struct day_step *step)
{
    if (w->phase == NULL) return true;
    return (step->phase == DAY_PREMARKET) == str_eq(w->phase, "premarket");
}

static bool
is_to_run(const struct day *d, size_t i)
{
    const struct day_step *step = &DAY_PLAN[i];
    const struct day_record *record = &d->run.step[i];

    if (!is_wanted(d->wish, step)) return false;
    bool is_early = step->phase == DAY_POSTCLOSE && d->wish->phase == NULL &&
                    d->job->now_ns < d->session.close_ns;
    if (is_early) return false; /* asked for by its name, it runs at any time */
    if (!d->wish->is_due) return d->wish->is_again || record->status != DAY_DONE;
    return d->job->now_ns >= day_due_ns(step, &d->session, d->job->runner.ny) &&
           day_may_try(record, d->job->now_ns);
}

/* ---- one step ------------------------------------------------------------------------------ */

static void
save(const struct day *d)
{
    CLEANUP(text_free) struct text doc = {0};
    const struct store_spec spec = day_run_spec();
    struct err err = {0};

    if (d->job->is_dry) return;
    day_run_encode(&d->run, clock_now(&d->job->runner.clock), &doc);
    /* Without the record the day goes on; a later run repeats what is safe to repeat. */
    if (store_save(&d->job->runner.store, &spec, &doc, &err) != RC_OK)
        (void)runner_fail(&d->job->runner, &err, 0);
}

struct step_args {
    const char *item[DAY_STEP_ARGS + 8];
    char date[ISO_TEXT_MAX];
};

static void
make_args(const struct day *d, const struct day_step *step, struct step_args *a)
{
    size_t n = 0;

    a->item[n++] = step->runner;
    for (size_t i = 0; i < DAY_STEP_ARGS && step->args[i] != NULL; i++)
        a->item[n++] = step->args[i];
    if (step->takes_date) {
        a->item[n++] = "--date";
        a->item[n++] = date_text(d->session.date, a->date);
    }
    if (step->mock_option != NULL && d->job->is_mock) a->item[n++] = step->mock_option;
    a->item[n] = NULL;
}

static void
print_end(const struct day *d, size_t i, const struct step_end *end, const struct err *err)
{
    const struct day_record *r = &d->run.step[i];

    if (d->job->is_json) return;
    (void)printf("%2zu/%d  %-18s %-28s %s", i + 1, DAY_STEPS, DAY_PLAN[i].id, DAY_PLAN[i].runner,
                 day_status_name(r->status));
    (void)printf("  %.1f s", r->seconds);
    if (r->status == DAY_FAILED) (void)printf("  exit %lld", (long long)r->rc);
    (void)putchar('\n');
    if (r->status == DAY_FAILED)
        (void)printf("       %s\n", err->text[0] != '\0' ? err->text : step_said(end));
    (void)fflush(stdout);
}

static void
run_step(struct day *d, size_t i)
{
    CLEANUP(step_end_free) struct step_end end = {0};
    struct step_args args;
    struct day_record *r = &d->run.step[i];
    struct err err = {0};

    make_args(d, &DAY_PLAN[i], &args);
    const struct step step = job_step(d->job, args.item, DAY_PLAN[i].limit_s);
    r->status = DAY_RUNNING;
    r->attempts++;
    r->started_ns = d->job->now_ns;
    save(d);
    enum rc rc = step_run(&step, &d->job->runner.clock, &end, &err);
    r->rc = rc == RC_OK ? end.status : JOB_EXIT_INTERNAL;
    r->seconds = end.seconds;
    r->status = rc == RC_OK && end.status == EXIT_DONE ? DAY_DONE : DAY_FAILED;
    d->failed += r->status == DAY_FAILED ? 1 : 0;
    d->ran++;
    save(d);
    print_end(d, i, &end, &err);
}

/* ---- the day ------------------------------------------------------------------------------- */

static void
run_steps(struct day *d)
{
    for (size_t i = 0; i < DAY_STEPS; i++) {
        bool is_stopped =
            !DAY_PLAN[i].ends_phase && day_phase_is_stopped(&d->run, DAY_PLAN[i].phase);

        if (is_to_run(d, i) && !is_stopped) run_step(d, i);
    }
}

/* Whether a day runs at this moment; a record of one that was killed says so, too. */
static bool
is_running(const struct day *d)
{
    CLEANUP(text_free) struct text path = {0};

    text_printf(&path, "%s/" DAY_LOCK_PATH, d->job->runner.cfg.root);
    return inspect_lock(text_str(&path)).held != LOCK_SEEN_FREE;
}

static void
print_became(const struct day_record *r, bool is_running_now)
{
    if (r->status == DAY_RUNNING && !is_running_now)
        (void)printf("broken off, to be tried again\n");
    else if (r->status == DAY_FAILED)
        (void)printf("failed, exit %lld, tried %lld times\n", (long long)r->rc,
                     (long long)r->attempts);
    else
        (void)printf("%s\n", day_status_name(r->status));
}

static void
print_plan(const struct day *d)
{
    const struct zone *ny = d->job->runner.ny;
    bool is_running_now = is_running(d);

    for (size_t i = 0; i < DAY_STEPS; i++) {
        struct civil due = zone_local(ny, day_due_ns(&DAY_PLAN[i], &d->session, ny));

        if (!is_wanted(d->wish, &DAY_PLAN[i])) continue;
        (void)printf("%02d:%02d  %-18s %-28s ", due.hour, due.minute, DAY_PLAN[i].id,
                     DAY_PLAN[i].runner);
        print_became(&d->run.step[i], is_running_now);
    }
}

static void
summarise(struct day *d)
{
    struct json_out *o = &d->job->summary;

    json_out_obj(o, "steps");
    for (size_t i = 0; i < DAY_STEPS; i++)
        json_out_str(o, DAY_PLAN[i].id, day_status_name(d->run.step[i].status));
    json_out_end(o);
    json_out_i64(o, "ran", (int64_t)d->ran);
    json_out_i64(o, "failed", (int64_t)d->failed);
}

static int
day(struct job *job, void *own, struct err *err)
{
    struct day d = {.job = job, .wish = own};
    const struct store_spec spec = day_run_spec();

    d.session = calendar_session(job->runner.ny, job->date);
    if (d.session.kind == SESSION_NONE) {
        if (!job->is_json && !d.wish->is_due) (void)printf("no session: %s\n", d.session.why);
        json_out_str(&job->summary, "no_session", d.session.why);
        return EXIT_DONE;
    }
    CLEANUP(json_freep) struct json *former = store_load(&job->runner.store, &spec, NULL);
    d.run = day_run_decode(former, job->date);
    if (!d.wish->is_list && !job->is_dry)
        run_steps(&d);
    else if (!job->is_json)
        print_plan(&d);
    summarise(&d);
    if (d.failed == 0) return EXIT_DONE;
    (void)err_set(err, RC_DENIED, "%zu of %zu steps failed%s", d.failed, d.ran,
                  day_phase_is_stopped(&d.run, DAY_PREMARKET)
                      ? "; the regression run is one of them: the rest before the open is left out"
                      : "");
    return EXIT_FAILED;
}

int
cmd_day(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "day",
                                         .help = HELP,
                                         .takes = JOB_DATE_NY | JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .is_look = is_list,
                                         .run = day};
    struct wish wish = {0};

    return job_main(&SPEC, argc, argv, &wish);
}

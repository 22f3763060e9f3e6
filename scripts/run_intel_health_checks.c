/*
 * run_intel_health_checks: are the documents v2 lives on there, young and sound?  (contract 4.15,
 * spec 40 6.1)
 *
 * With --heal it starts the runner that writes a missing, old or damaged one anew, each at most
 * once, then looks again.  It never touches orders, positions, the engine's state or the daemon.
 */
#include "model/calendar.h"
#include "scripts/command.h"
#include "scripts/job.h"
#include "scripts/step.h"
#include "telemetry/intel_health.h"

enum { HEAL_LIMIT_S = 300, HEAL_SAID_MAX = 500 };

static const char HELP[] =
    "usage: stockbot run-intel-health-checks [options]\n"
    "\n"
    "Looks at the documents of v2 in state/ and at the master trade log, and writes\n"
    "state/intel_health_state.json and an event.\n"
    "\n"
    "  --max-age-hours X  older ones are stale (default 24)\n"
    "  --heal           have what is missing, stale or damaged written anew by its runner\n"
    "  --nonfatal       exit 0 where something is not well\n"
    "\n"
    "Exit codes of its own: 1 something is not well; 2 the document would not be sound, nothing "
    "was\n"
    "written.\n";

struct wish {
    double age_max_h;
    bool may_heal, is_nonfatal;
};

enum { OPT_AGE = OPT_JOB_OWN, OPT_HEAL, OPT_NONFATAL };

static const struct option OPTIONS[] = {
    {"max-age-hours", required_argument, NULL, OPT_AGE     },
    {"heal",          no_argument,       NULL, OPT_HEAL    },
    {"nonfatal",      no_argument,       NULL, OPT_NONFATAL},
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    if (option == OPT_HEAL) w->may_heal = true;
    if (option == OPT_NONFATAL) w->is_nonfatal = true;
    return option != OPT_AGE || arg_number("max-age-hours", optarg, 0, 100000, &w->age_max_h);
}

/* ---- healing ------------------------------------------------------------------------------- */

static const struct healer {
    const char *name, *runner;
    enum intel_target target;
    bool takes_mock;
} HEALERS[INTEL_HEALS_MAX] = {
    {"heal:build_daily_universe", "build-daily-universe", INTEL_OF_UNIVERSE,   true },
    {"heal:premarket_intel",      "run-premarket-intel",  INTEL_OF_PREMARKET,  true },
    {"heal:postmarket_intel",     "run-postmarket-intel", INTEL_OF_POSTMARKET, true },
    {"heal:regime_state",         "run-regime-detector",  INTEL_OF_REGIME,     false},
};

struct healing {
    struct intel_heal heals[INTEL_HEALS_MAX];
    struct step_end ends[INTEL_HEALS_MAX];
    struct err errs[INTEL_HEALS_MAX];
    size_t len;
};

static void
healing_free(struct healing *h)
{
    for (size_t i = 0; i < h->len; i++)
        step_end_free(&h->ends[i]);
}

/* A snapshot of the morning is no postmarket intel: it is written after the close only. */
static bool
is_time_for(enum intel_target target, const struct job *job)
{
    struct session day = calendar_session_at(job->runner.ny, job->now_ns);

    return target != INTEL_OF_POSTMARKET || day.kind == SESSION_NONE || job->now_ns >= day.close_ns;
}

static const char *
last_bytes(const struct text *t, size_t max)
{
    return text_str(t) + (t->len > max ? t->len - max : 0);
}

static void
heal(const struct job *job, const struct healer *with, struct healing *h)
{
    /* Our root was looked at when we began. */
    const char *const mock[] = {with->runner, "--mock", "--allow-mock-root", NULL};
    const char *const real[] = {with->runner, NULL};
    const struct step step =
        job_step(job, job->is_mock && with->takes_mock ? mock : real, HEAL_LIMIT_S);
    struct step_end *end = &h->ends[h->len];
    struct err *err = &h->errs[h->len];
    struct intel_heal *heal = &h->heals[h->len++];

    *heal = (struct intel_heal){.name = with->name};
    heal->is_started = step_run(&step, &job->runner.clock, end, err) == RC_OK;
    if (heal->is_started && end->status == STEP_TIMED_OUT) {
        heal->is_started = false;
        (void)err_set(err, RC_TIMEOUT, "%s did not end within %d s", with->runner, HEAL_LIMIT_S);
    }
    heal->rc = end->status;
    heal->said = heal->is_started ? last_bytes(&end->err, HEAL_SAID_MAX) : err->text;
    log_event(job->runner.log, EV_INTEL_SELF_HEAL, F_STR("name", heal->name),
              F_BOOL("healed", heal->is_started && heal->rc == 0), F_I64("rc", heal->rc));
}

static void
heal_all(const struct job *job, const struct intel_limits *limits, struct healing *h,
         struct intel_health *health)
{
    for (size_t i = 0; i < COUNT_OF(HEALERS); i++)
        if (intel_needs_heal(health, HEALERS[i].target) && is_time_for(HEALERS[i].target, job))
            heal(job, &HEALERS[i], h);
    if (h->len > 0) *health = intel_health_look(&job->runner.fs, limits, job->now_ns);
}

/* ---- the run ------------------------------------------------------------------------------- */

static void
say(const struct job *job, const struct intel_health *health)
{
    CLEANUP(text_free) struct text names = {0};
    struct json_out o = {.to = &names};

    if (intel_is_well(health)) {
        log_event(job->runner.log, EV_INTEL_HEALTH_OK);
        return;
    }
    json_out_arr(&o, NULL);
    for (size_t i = 0; i < health->len; i++)
        if (health->checks[i].status > INTEL_SKIP) json_out_str(&o, NULL, health->checks[i].name);
    json_out_end(&o);
    log_event(job->runner.log, EV_INTEL_HEALTH_NOT_OK, F_RAW("checks", text_str(&names)));
}

/* One line for a person: "3 of 19 not well: freshness:premarket_intel missing, …". */
static void
name_troubles(const struct intel_health *health, struct err *err)
{
    CLEANUP(text_free) struct text line = {0};
    size_t troubles = 0;

    for (size_t i = 0; i < health->len; i++) {
        const struct intel_check *c = &health->checks[i];

        if (c->status <= INTEL_SKIP) continue;
        if (c->kind == INTEL_SCHEMA && c->status == INTEL_MISSING) {
            troubles++; /* said by its freshness */
            continue;
        }
        text_printf(&line, "%s%s %s", line.len == 0 ? "" : ", ", c->name,
                    intel_status_name(c->status));
        troubles++;
    }
    (void)err_set(err, RC_DENIED, "%zu of %zu checks not well: %s", troubles, health->len,
                  text_str(&line));
}

static int
check(struct job *job, void *own, struct err *err)
{
    const struct wish *w = own;
    const struct uw_config *uw = &job->runner.cfg.uw;
    const struct intel_limits limits = {
        .age_max_s = (int64_t)(w->age_max_h * 3600),
        .calls_warn = (int64_t)((double)uw->daily_limit * uw->safety_buffer),
        .is_operator = str_eq(job->runner.cfg.runner.role, "operator")};
    struct intel_health health = intel_health_look(&job->runner.fs, &limits, job->now_ns);
    CLEANUP(healing_free) struct healing healing = {0};
    CLEANUP(text_free) struct text doc = {0};
    const struct store_spec spec = intel_health_store_spec();

    if (w->may_heal && !job->is_dry) heal_all(job, &limits, &healing, &health);
    if (intel_health_encode(&health, healing.heals, healing.len, job->now_ns, &doc, err) != RC_OK)
        return JOB_EXIT_VERDICT;
    json_out_bool(&job->summary, "ok", intel_is_well(&health));
    say(job, &health);
    if (!job->is_dry) {
        if (store_save(&job->runner.store, &spec, &doc, err) != RC_OK) return EXIT_FAILED;
        text_puts(&job->path, INTEL_HEALTH_PATH);
    }
    if (intel_is_well(&health)) return EXIT_DONE;
    name_troubles(&health, err);
    if (!w->is_nonfatal) return EXIT_FAILED;
    (void)runner_fail(&job->runner, err, 0);
    return EXIT_DONE;
}

int
cmd_run_intel_health_checks(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-intel-health-checks",
                                         .help = HELP,
                                         .takes = JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = check};
    struct wish wish = {.age_max_h = 24};

    return job_main(&SPEC, argc, argv, &wish);
}

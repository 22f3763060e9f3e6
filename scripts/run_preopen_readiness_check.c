/*
 * run_preopen_readiness_check: may v2 begin the day?  (contract 4.7, 4.15, spec 40 6.2)
 *
 * All checks run, whatever the first ones say; each failed one is told in a line: what was found,
 * what was wanted, how to mend it.  The answer concerns v2 alone; the engine does not wait for it.
 */

#include "scripts/command.h"
#include "scripts/job.h"
#include "scripts/step.h"
#include "scripts/view.h"
#include "telemetry/daemon_health.h"

enum {
    HEAL_LIMIT_S = 300,
    REGRESSION_LIMIT_S = 900,
    TAIL_MAX = 200,
    DETAIL_MAX = 64,
    CHECKS_MAX = 8
};

static const char HELP[] =
    "usage: stockbot run-preopen-readiness-check [options]\n"
    "\n"
    "Says whether v2 may begin the day: universe, premarket intel, regime and daemon health young\n"
    "enough, the daemon not critical, the regression run clean, nothing made up.\n"
    "\n"
    "  --max-age-min N  older documents are stale (default 240)\n"
    "  --allow-mock     accept mock mode and made-up documents\n"
    "  --heal-daemon    have the sentinel restart a critical daemon, then look again\n"
    "  PREOPEN_SKIP_REGRESSION=1 in the environment leaves the regression run out\n"
    "\n"
    "Prints PREOPEN_READY or PREOPEN_NOT_READY. Exit codes of its own: 0 ready; 2 not ready.\n";

struct wish {
    double age_max_min;
    bool may_mock, may_heal;
};

enum { OPT_AGE = OPT_JOB_OWN, OPT_ALLOW_MOCK, OPT_HEAL };

static const struct option OPTIONS[] = {
    {"max-age-min", required_argument, NULL, OPT_AGE       },
    {"allow-mock",  no_argument,       NULL, OPT_ALLOW_MOCK},
    {"heal-daemon", no_argument,       NULL, OPT_HEAL      },
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    if (option == OPT_ALLOW_MOCK) w->may_mock = true;
    if (option == OPT_HEAL) w->may_heal = true;
    return option != OPT_AGE || arg_number("max-age-min", optarg, 0, 100000, &w->age_max_min);
}

/* ---- one check ----------------------------------------------------------------------------- */

struct check {
    const char *name;
    char detail[DETAIL_MAX]; /* what was found */
    char wanted[DETAIL_MAX];
    const char *mend;         /* what to do about it */
    struct text members_json; /* further members, each with its comma before it */
    bool is_ok;
};

struct checks {
    struct check row[CHECKS_MAX];
    size_t len;
};

static void
checks_free(struct checks *c)
{
    for (size_t i = 0; i < c->len; i++)
        text_free(&c->row[i].members_json);
}

static struct check *
new_check(struct checks *all, const char *name, const char *mend)
{
    ASSERT(all->len < CHECKS_MAX);
    struct check *c = &all->row[all->len++];

    *c = (struct check){.name = name, .mend = mend};
    return c;
}

static void
add_str(struct check *c, const char *key, const char *value)
{
    struct text json = {0};
    struct json_out o = {.to = &json};

    json_out_str(&o, NULL, value);
    text_printf(&c->members_json, ",\"%s\":%s", key, text_str(&json));
    text_free(&json);
}

static void
add_tails(struct check *c, const struct step_end *end)
{
    add_str(c, "stdout_tail",
            text_str(&end->out) + (end->out.len > TAIL_MAX ? end->out.len - TAIL_MAX : 0));
    add_str(c, "stderr_tail",
            text_str(&end->err) + (end->err.len > TAIL_MAX ? end->err.len - TAIL_MAX : 0));
}

/* Fresh: it is there, and no older than the limit. */
static bool
is_fresh(const struct job *job, const struct wish *w, const char *path, char detail[DETAIL_MAX])
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (job->runner.fs.stat(job->runner.fs.self, path, &st, &ignored) != RC_OK) {
        (void)str_copy(detail, DETAIL_MAX, "stat_failed");
        return false;
    }
    if (!st.exists) {
        (void)str_copy(detail, DETAIL_MAX, "missing");
        return false;
    }
    double age_s = (double)MAX(0, job->now_ns - st.mtime_ns) / (double)NS_PER_S;
    (void)snprintf(detail, DETAIL_MAX, "age_sec=%.1f", age_s);
    return age_s <= w->age_max_min * 60;
}

static void
want_fresh(struct check *c, const struct wish *w)
{
    (void)snprintf(c->wanted, sizeof c->wanted, "at most %.0f s old", w->age_max_min * 60);
}

static void
check_fresh(const struct job *job, const struct wish *w, struct checks *all, const char *name,
            const char *path, const char *mend)
{
    struct check *c = new_check(all, name, mend);

    c->is_ok = is_fresh(job, w, path, c->detail);
    want_fresh(c, w);
}

/* ---- the daemon ---------------------------------------------------------------------------- */

enum { STATUS_MAX = 16 };

static void
read_daemon_status(const struct job *job, char status[STATUS_MAX])
{
    CLEANUP(json_freep) struct json *doc = view_load(&job->runner.fs, DAEMON_HEALTH_PATH);

    (void)str_copy(status, STATUS_MAX, json_str(doc, "status", "missing"));
}

/* A row that judges nothing: what the attempt gave. */
static void
heal_daemon(const struct job *job, struct checks *all)
{
    static const char *const args[] = {"run-daemon-health-check", "--heal", "--nonfatal", NULL};
    const struct step step = job_step(job, args, HEAL_LIMIT_S);
    CLEANUP(step_end_free) struct step_end end = {0};
    struct check *c = new_check(all, "daemon_self_heal", "");
    struct err err = {0};

    c->is_ok = true;
    text_puts(&c->members_json, ",\"attempted\":true");
    if (step_run(&step, &job->runner.clock, &end, &err) != RC_OK) {
        add_str(c, "error", err.text);
        return;
    }
    text_printf(&c->members_json, ",\"rc\":%d", end.status);
    add_tails(c, &end);
}

static void
check_daemon(const struct job *job, const struct wish *w, struct checks *all)
{
    char status[STATUS_MAX], detail[DETAIL_MAX];
    /* Healing writes the file anew, which proves nothing about the daemon: its age is that of
     * before. */
    bool was_fresh = is_fresh(job, w, DAEMON_HEALTH_PATH, detail);

    read_daemon_status(job, status);
    if (str_eq(status, "critical") && w->may_heal && !job->is_dry) {
        heal_daemon(job, all);
        read_daemon_status(job, status);
    }
    struct check *c = new_check(all, "uw_daemon_health_state",
                                "`stockbot run-daemon-health-check --heal`, then its log");
    c->is_ok = was_fresh && !str_eq(status, "critical") && !str_eq(status, "missing");
    (void)str_copy(c->detail, sizeof c->detail, detail);
    (void)snprintf(c->wanted, sizeof c->wanted, "at most %.0f s old, not critical (it is %s)",
                   w->age_max_min * 60, status);
    add_str(c, "status", status);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void
check_regression(const struct job *job, struct checks *all)
{
    static const char *const args[] = {"run-regression-checks", NULL};
    const struct step step = job_step(job, args, REGRESSION_LIMIT_S);
    CLEANUP(step_end_free) struct step_end end = {0};
    struct check *c = new_check(all, "regression", "`stockbot run-regression-checks` says which");
    struct err err = {0};

    if (job->runner.cfg.runner.preopen_skip_regression) {
        c->is_ok = true;
        text_puts(&c->members_json, ",\"skipped\":true");
        return;
    }
    if (step_run(&step, &job->runner.clock, &end, &err) != RC_OK) {
        add_str(c, "error", err.text);
        return;
    }
    c->is_ok = end.status == EXIT_DONE;
    (void)snprintf(c->detail, sizeof c->detail, "exit=%d", end.status);
    (void)str_copy(c->wanted, sizeof c->wanted, "exit=0");
    add_tails(c, &end);
}

static void
check_mock_mode(const struct job *job, const struct wish *w, struct checks *all)
{
    bool is_mock = job->runner.cfg.uw.mock;
    struct check *c = new_check(all, "mock_mode", "take UW_MOCK out of the settings");

    c->is_ok = !is_mock || w->may_mock;
    (void)str_copy(c->detail, sizeof c->detail, is_mock ? "mock" : "real");
    (void)str_copy(c->wanted, sizeof c->wanted, "real");
}

static void
check_artifacts(const struct job *job, const struct wish *w, const char *universe,
                struct checks *all)
{
    static const char PREMARKET[] = "state/premarket_intel.json";
    struct check *c =
        new_check(all, "artifact_mode", "build universe and premarket intel without --mock");
    const struct fs *fs = &job->runner.fs;
    const char *made_up = job_is_made_up(fs, universe)    ? universe
                          : job_is_made_up(fs, PREMARKET) ? PREMARKET
                                                          : NULL;

    c->is_ok = made_up == NULL || w->may_mock;
    (void)snprintf(c->detail, sizeof c->detail, "%s%s",
                   made_up == NULL ? "real" : "mock: ", made_up == NULL ? "" : made_up);
}

static void
check_all(const struct job *job, const struct wish *w, struct checks *all)
{
    static const char V2[] = "state/daily_universe_v2.json", V1[] = "state/daily_universe.json";
    struct fs_stat st = {0};
    struct err ignored = {0};
    bool has_v2 = job->runner.fs.stat(job->runner.fs.self, V2, &st, &ignored) == RC_OK && st.exists;

    check_fresh(job, w, all, has_v2 ? "daily_universe_v2" : "daily_universe_v1", has_v2 ? V2 : V1,
                "`stockbot build-daily-universe`");
    check_fresh(job, w, all, "premarket_intel", "state/premarket_intel.json",
                "`stockbot run-premarket-intel`");
    check_fresh(job, w, all, "regime_state", "state/regime_state.json",
                "`stockbot run-regime-detector`");
    check_daemon(job, w, all);
    check_regression(job, all);
    check_mock_mode(job, w, all);
    check_artifacts(job, w, has_v2 ? V2 : V1, all);
}

/* ---- what is said -------------------------------------------------------------------------- */

static void
write_checks(const struct checks *all, struct text *to)
{
    text_putc(to, '{');
    for (size_t i = 0; i < all->len; i++) {
        const struct check *c = &all->row[i];

        text_printf(to, "%s\"%s\":{\"ok\":%s", i == 0 ? "" : ",", c->name,
                    c->is_ok ? "true" : "false");
        if (c->detail[0] != '\0') text_printf(to, ",\"detail\":\"%s\"", c->detail);
        text_add(to, text_str(&c->members_json), c->members_json.len);
        text_putc(to, '}');
    }
    text_putc(to, '}');
}

static size_t
print_rows(const struct checks *all)
{
    size_t failed = 0;

    for (size_t i = 0; i < all->len; i++) {
        const struct check *c = &all->row[i];

        failed += c->is_ok ? 0 : 1;
        (void)fprintf(stderr, "%-4s  %-24s %s", c->is_ok ? "ok" : "FAIL", c->name, c->detail);
        if (!c->is_ok) (void)fprintf(stderr, "; wanted: %s; to mend: %s", c->wanted, c->mend);
        (void)fputc('\n', stderr);
    }
    return failed;
}

static int
check(struct job *job, void *own, struct err *err)
{
    CLEANUP(checks_free) struct checks all = {0};
    CLEANUP(text_free) struct text json = {0};
    char iso[ISO_TEXT_MAX];

    check_all(job, own, &all);
    write_checks(&all, &json);
    size_t failed = print_rows(&all);
    log_event(job->runner.log, failed == 0 ? EV_PREOPEN_READINESS_OK : EV_PREOPEN_READINESS_FAILED,
              F_STR("ts", when_iso(job->now_ns, iso)), F_RAW("checks", text_str(&json)));
    json_out_bool(&job->summary, "ready", failed == 0);
    json_out_raw(&job->summary, "checks", text_str(&json), json.len);
    if (!job->is_json) (void)puts(failed == 0 ? "PREOPEN_READY" : "PREOPEN_NOT_READY");
    if (failed == 0) return EXIT_DONE;
    (void)err_set(err, RC_DENIED, "%zu of %zu checks failed", failed, all.len);
    return JOB_EXIT_VERDICT;
}

int
cmd_run_preopen_readiness_check(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-preopen-readiness-check",
                                         .help = HELP,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = check};
    struct wish wish = {.age_max_min = 240};

    return job_main(&SPEC, argc, argv, &wish);
}

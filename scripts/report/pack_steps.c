#include "scripts/command.h"
#include "scripts/report/pack.h"
#include "scripts/step.h"

enum { LIMIT_S = 900 };

static const struct planned {
    const char *name, *command;
    const struct job_spec *within; /* runs in this process; NULL: in one of its own */
} STEPS[PACK_STEPS] = {
    {"run_exit_intel_pnl",        "run-exit-intel-pnl",      &JOB_EXIT_INTEL_PNL       },
    {"run_exit_day_summary",      "run-exit-day-summary",    &JOB_EXIT_DAY_SUMMARY     },
    {"run_shadow_day_summary",    "run-shadow-day-summary",  &JOB_SHADOW_DAY_SUMMARY   },
    {"run_daily_intel_pnl",       "run-daily-intel-pnl",     &JOB_DAILY_INTEL_PNL      },
    {"run_intel_health_checks",   "run-intel-health-checks", NULL                      },
    {"run_daemon_health_check",   "run-daemon-health-check", NULL                      },
    {"run_intel_dashboard",       "run-intel-dashboard",     &JOB_INTEL_DASHBOARD      },
    {"run_v2_tuning_suggestions", "v2-tuning-suggestions",   &JOB_V2_TUNING_SUGGESTIONS},
};

/* Keeps the end, from the beginning of a character. */
static void
keep_end(struct text *t)
{
    if (t->len <= PACK_SAID_MAX) return;
    size_t from = t->len - PACK_SAID_MAX;
    while (from < t->len && ((uint8_t)t->data[from] & 0xc0) == 0x80)
        from++;
    t->len -= from;
    memmove(t->data, t->data + from, t->len + 1);
}

static void
write_cmd(struct pack_step *s, const char *const *args)
{
    struct json_out o = {.to = &s->cmd};

    json_out_arr(&o, NULL);
    json_out_str(&o, NULL, "stockbot");
    for (; *args != NULL; args++)
        json_out_str(&o, NULL, *args);
    json_out_end(&o);
}

static void
run_within(struct pack *p, const struct planned *plan, struct pack_step *s)
{
    CLEANUP(text_free) struct text path = {0};
    const char *args[] = {plan->command, "--date", p->job->date_text, NULL};
    struct err err = {0};
    int status = job_within(p->job, plan->within, NULL, &path, &err);

    write_cmd(s, args);
    s->is_ok = status == EXIT_DONE;
    if (path.len > 0) text_printf(&s->said, "%s\n", text_str(&path));
    if (err.text[0] != '\0') text_printf(&s->said, "%s\n", err.text);
}

/* What looks at other processes runs in one of its own, with a limit of time. */
static void
run_beside(struct pack *p, const struct planned *plan, struct pack_step *s)
{
    CLEANUP(step_end_free) struct step_end end = {0};
    const char *args[STEP_ARGS_MAX] = {plan->command, "--date", p->job->date_text, "--nonfatal"};
    struct err err = {0};
    size_t n = 4;

    if (p->job->is_mock) {
        args[n++] = "--mock";
        args[n++] = "--allow-mock-root"; /* ours was looked at when the pack began */
    }
    if (p->job->is_dry) args[n++] = "--dry-run";
    args[n] = NULL;
    write_cmd(s, args);
    const struct step step = job_step(p->job, args, LIMIT_S);
    enum rc rc = step_run(&step, &p->job->runner.clock, &end, &err);
    s->is_ok = rc == RC_OK && end.status == 0;
    if (rc != RC_OK) text_printf(&s->said, "%s\n", err.text);
    if (end.status == STEP_TIMED_OUT) text_printf(&s->said, "ended after %d s\n", LIMIT_S);
    text_add(&s->said, text_str(&end.out), end.out.len);
    if (end.out.len > 0 && end.err.len > 0) text_putc(&s->said, '\n');
    text_add(&s->said, text_str(&end.err), end.err.len);
}

void
pack_run_steps(struct pack *p)
{
    for (size_t i = 0; i < PACK_STEPS; i++) {
        struct pack_step *s = &p->step[p->steps_len++];

        job_progress(p->job, STEPS[i].name, i + 1, PACK_STEPS);
        *s = (struct pack_step){.name = STEPS[i].name};
        if (STEPS[i].within != NULL)
            run_within(p, &STEPS[i], s);
        else
            run_beside(p, &STEPS[i], s);
        keep_end(&s->said);
    }
}

size_t
pack_failed(const struct pack *p)
{
    size_t failed = 0;

    for (size_t i = 0; i < p->steps_len; i++)
        failed += p->step[i].is_ok ? 0 : 1;
    return failed;
}

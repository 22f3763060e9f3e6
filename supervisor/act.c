#include "supervisor/internal.h"

#include <signal.h>

/* Answers to ACT_SPAWN are steps of their own; none of them spawns, so this goes one level deep. */
static void
spawn(struct supervisor *s, struct service *svc)
{
    act_step(s, svc, service_spawn(s, svc) ? HAPPENED_SPAWNED : HAPPENED_SPAWN_FAILED, 0);
}

static void
perform(struct supervisor *s, struct service *svc, enum action act)
{
    switch (act) {
    case ACT_SPAWN:
        spawn(s, svc);
        return;
    case ACT_SIGNAL_TERM:
        service_signal(svc, SIGTERM);
        return;
    case ACT_SIGNAL_DUMP:
        service_signal(svc, SIGUSR1);
        return;
    case ACT_SIGNAL_ABORT:
        service_signal(svc, SIGABRT);
        return;
    case ACT_SIGNAL_KILL:
        service_signal(svc, SIGKILL);
        svc->killed_ns = sup_mono(s);
        return;
    case ACT_EVICT:
        surround_evict(s, svc);
        return;
    case ACT_LOG_START:
    case ACT_LOG_ENGINE_STARTING:
    case ACT_LOG_STARTED:
    case ACT_LOG_ENGINE_STARTED:
    case ACT_LOG_START_FAILED:
    case ACT_LOG_EXITED_IMMEDIATELY:
    case ACT_LOG_EXITED_EARLY:
    case ACT_LOG_ENGINE_EXITED:
    case ACT_LOG_DIED:
    case ACT_LOG_FAILED_REPEATEDLY:
    case ACT_LOG_ENGINE_RESTARTING:
    case ACT_LOG_HELD:
    case ACT_LOG_RELEASED:
    case ACT_LOG_EXTERNAL:
    case ACT_LOG_SKIPPED_NO_SECRETS:
    case ACT_LOG_STALL_DUMP:
    case ACT_LOG_STALL_ABORT:
    case ACT_LOG_STALL_OVER:
    case ACT_LOG_KILLED:
    case ACT_LOG_FINISHED:
        record_action(s, svc, act);
        return;
    case ACT_NONE:
    case ACT_COUNT_FAILURE:
    case ACT_SCHEDULE_RETRY:
    case ACT_SCHEDULE_PROBE:
    case ACT_SCHEDULE_TICK:
    case ACT_SCHEDULE_NOW:
    case ACT_BEGIN_LIFE:
    case ACT_BEGIN_STALL:
    case ACT_ARM_KILL:
    case ACT_ARM_GRACE:
    case ACT_DISARM_KILL:
    case ACT_NOTE_PROGRESS:
    case ACT_NOTE_CYCLE:
    case ACT_NOTE_READY:
    case ACT_NOTE_STABLE:
        break; /* the machine keeps these to itself */
    }
}

/* What health.json says of a service that does not run. */
static void
note_error(struct service *svc, const struct step *step)
{
    char *to = svc->error;

    if (step->what == HAPPENED_EXITED && step->exit_code < 0)
        (void)snprintf(to, sizeof svc->error, "ended by signal %d", -step->exit_code); /* fits */
    if (step->what == HAPPENED_EXITED && step->exit_code >= 0)
        (void)snprintf(to, sizeof svc->error, "ended with exit status %d",
                       step->exit_code); /* fits */
    if (step->obstacle == OBSTACLE_NO_PROGRAM)
        (void)str_copy(to, sizeof svc->error, "program_missing");
    if (step->obstacle == OBSTACLE_NO_SECRETS)
        (void)str_copy(to, sizeof svc->error, "secrets_missing");
    if (step->obstacle == OBSTACLE_FOREIGN_LOCK)
        (void)str_copy(to, sizeof svc->error, "lock_held_elsewhere");
}

void
act_step(struct supervisor *s, struct service *svc, enum happening what, int exit_code)
{
    struct actions todo;
    struct step step = {
        .what = what,
        .now_ns = sup_mono(s),
        .exit_code = exit_code,
    };

    /* Records of progress come by the thousand and schedule nothing. */
    if (what != HAPPENED_READY && what != HAPPENED_PROGRESS && what != HAPPENED_CYCLE)
        step.in_session = surround_in_session(s);
    if (machine_may_start(&svc->m, what, step.now_ns)) step.obstacle = surround_obstacle(s, svc);
    if (what == HAPPENED_EXITED && step.obstacle != OBSTACLE_FOREIGN_LOCK)
        step.obstacle = OBSTACLE_NONE;
    note_error(svc, &step);
    machine_step(&svc->m, svc->rules, &s->limits, &step, &todo);
    for (size_t i = 0; i < todo.len; i++) {
        perform(s, svc, todo.act[i]);
    }
}

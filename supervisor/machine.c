#include "supervisor/machine.h"

/* ---- causes: happenings, refined by what the machine knows --------------------------------- */

enum cause {
    CAUSE_NOTHING,
    CAUSE_START, /* a start is wanted or due, and nothing stands in its way */
    CAUSE_NO_PROGRAM,
    CAUSE_NO_SECRETS,
    CAUSE_FOREIGN,
    CAUSE_SPAWNED,
    CAUSE_SPAWN_FAILED,
    CAUSE_READY,
    CAUSE_PROGRESS,
    CAUSE_CYCLE,
    CAUSE_STABLE,  /* alive for STABLE_NS                                  */
    CAUSE_SOFT,    /* silent for half of max_stall                         */
    CAUSE_HARD,    /* silent for all of it                                 */
    CAUSE_KILL,    /* SIGABRT or SIGTERM was not obeyed                    */
    CAUSE_DONE,    /* exit status 0 of a service that may finish           */
    CAUSE_YIELDED, /* ended because somebody else holds its lock          */
    CAUSE_CONFIG,  /* exit status 78                                       */
    CAUSE_DIED,    /* any other end: also 0, nobody asked the child to end */
    CAUSE_CHANGED,
    CAUSE_STOP,
    CAUSES
};

/* ---- the table ----------------------------------------------------------------------------- */

/* An empty cell (next is SERVICE_IDLE, to which nothing returns) means: this changes nothing here.
 */
struct cell {
    enum service_state next;
    enum action act[ACTIONS_MAX];
};

/* clang-format off */
#define STARTS                                                                                                \
    [CAUSE_START] = {SERVICE_STARTING, {ACT_LOG_START, ACT_LOG_ENGINE_STARTING, ACT_SPAWN}},                  \
    [CAUSE_NO_PROGRAM] = {SERVICE_WAITING, {ACT_COUNT_FAILURE, ACT_LOG_START_FAILED,                          \
                                            ACT_LOG_FAILED_REPEATEDLY, ACT_SCHEDULE_RETRY}},                  \
    [CAUSE_NO_SECRETS] = {SERVICE_NO_SECRETS, {ACT_LOG_SKIPPED_NO_SECRETS, ACT_SCHEDULE_TICK}},               \
    [CAUSE_FOREIGN] = {SERVICE_EXTERNAL, {ACT_LOG_EXTERNAL, ACT_EVICT, ACT_SCHEDULE_PROBE}}

#define ENDS                                                                                                  \
    [CAUSE_DONE] = {SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED, ACT_LOG_FINISHED}},                             \
    [CAUSE_YIELDED] = {SERVICE_EXTERNAL, {ACT_LOG_ENGINE_EXITED, ACT_LOG_EXTERNAL, ACT_SCHEDULE_PROBE}},      \
    [CAUSE_CONFIG] = {SERVICE_HELD, {ACT_LOG_EXITED_IMMEDIATELY, ACT_LOG_EXITED_EARLY, ACT_LOG_ENGINE_EXITED, \
                                     ACT_COUNT_FAILURE, ACT_LOG_DIED, ACT_LOG_HELD}},                         \
    [CAUSE_DIED] = {SERVICE_WAITING, {ACT_LOG_EXITED_IMMEDIATELY, ACT_LOG_EXITED_EARLY, ACT_LOG_ENGINE_EXITED,\
                                      ACT_COUNT_FAILURE, ACT_LOG_DIED, ACT_LOG_FAILED_REPEATEDLY,             \
                                      ACT_LOG_ENGINE_RESTARTING, ACT_SCHEDULE_RETRY}}

#define ENDS_STOPPED                                                                                          \
    [CAUSE_DONE] = {SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},                                               \
    [CAUSE_YIELDED] = {SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},                                            \
    [CAUSE_CONFIG] = {SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},                                             \
    [CAUSE_DIED] = {SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}}

#define STOPS_CHILD [CAUSE_STOP] = {SERVICE_STOPPING, {ACT_SIGNAL_TERM, ACT_ARM_GRACE}}
#define STOPS_NOTHING [CAUSE_STOP] = {SERVICE_FINISHED, {ACT_NONE}}

static const struct cell TABLE[SERVICE_STATES][CAUSES] = {
    [SERVICE_IDLE] = {
        STARTS,
        STOPS_NOTHING,
    },
    [SERVICE_STARTING] = {
        [CAUSE_SPAWNED] = {SERVICE_STARTING, {ACT_BEGIN_LIFE, ACT_LOG_STARTED, ACT_LOG_ENGINE_STARTED}},
        [CAUSE_SPAWN_FAILED] = {SERVICE_WAITING, {ACT_COUNT_FAILURE, ACT_LOG_START_FAILED,
                                                  ACT_LOG_FAILED_REPEATEDLY, ACT_SCHEDULE_RETRY}},
        [CAUSE_READY] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_NOTE_READY}},
        [CAUSE_PROGRESS] = {SERVICE_STARTING, {ACT_NOTE_PROGRESS}},
        [CAUSE_CYCLE] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_NOTE_CYCLE}},
        [CAUSE_STABLE] = {SERVICE_RUNNING, {ACT_NOTE_STABLE}},
        [CAUSE_SOFT] = {SERVICE_STALLED, {ACT_BEGIN_STALL, ACT_LOG_STALL_DUMP, ACT_SIGNAL_DUMP}},
        ENDS,
        STOPS_CHILD,
    },
    [SERVICE_RUNNING] = {
        [CAUSE_READY] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_NOTE_READY}},
        [CAUSE_PROGRESS] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS}},
        [CAUSE_CYCLE] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_NOTE_CYCLE}},
        [CAUSE_STABLE] = {SERVICE_RUNNING, {ACT_NOTE_STABLE}},
        [CAUSE_SOFT] = {SERVICE_STALLED, {ACT_BEGIN_STALL, ACT_LOG_STALL_DUMP, ACT_SIGNAL_DUMP}},
        ENDS,
        STOPS_CHILD,
    },
    [SERVICE_STALLED] = {
        [CAUSE_READY] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_NOTE_READY, ACT_LOG_STALL_OVER}},
        [CAUSE_PROGRESS] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_LOG_STALL_OVER}},
        [CAUSE_CYCLE] = {SERVICE_RUNNING, {ACT_NOTE_PROGRESS, ACT_NOTE_CYCLE, ACT_LOG_STALL_OVER}},
        [CAUSE_HARD] = {SERVICE_ABORTING, {ACT_LOG_STALL_ABORT, ACT_SIGNAL_ABORT, ACT_ARM_KILL}},
        ENDS,
        STOPS_CHILD,
    },
    [SERVICE_ABORTING] = {
        [CAUSE_KILL] = {SERVICE_ABORTING, {ACT_SIGNAL_KILL, ACT_LOG_KILLED, ACT_DISARM_KILL}},
        ENDS,
        STOPS_CHILD,
    },
    [SERVICE_WAITING] = {
        STARTS,
        [CAUSE_CHANGED] = {SERVICE_WAITING, {ACT_SCHEDULE_NOW}},
        STOPS_NOTHING,
    },
    [SERVICE_HELD] = {
        [CAUSE_CHANGED] = {SERVICE_WAITING, {ACT_LOG_RELEASED, ACT_SCHEDULE_NOW}},
        STOPS_NOTHING,
    },
    [SERVICE_EXTERNAL] = {
        STARTS,
        STOPS_NOTHING,
    },
    [SERVICE_NO_SECRETS] = {
        STARTS,
        [CAUSE_CHANGED] = {SERVICE_NO_SECRETS, {ACT_SCHEDULE_NOW}},
        STOPS_NOTHING,
    },
    [SERVICE_STOPPING] = {
        [CAUSE_KILL] = {SERVICE_STOPPING, {ACT_SIGNAL_KILL, ACT_LOG_KILLED, ACT_DISARM_KILL}},
        ENDS_STOPPED,
    },
    [SERVICE_FINISHED] = {{SERVICE_IDLE, {ACT_NONE}}},
};
/* clang-format on */

/* ---- from what happened to its cause ------------------------------------------------------- */

static enum cause
cause_of_start(enum obstacle obstacle)
{
    switch (obstacle) {
    case OBSTACLE_NONE:
        return CAUSE_START;
    case OBSTACLE_NO_PROGRAM:
        return CAUSE_NO_PROGRAM;
    case OBSTACLE_NO_SECRETS:
        return CAUSE_NO_SECRETS;
    case OBSTACLE_FOREIGN_LOCK:
        return CAUSE_FOREIGN;
    }
    return CAUSE_NOTHING;
}

/* An aborted child died of its silence, whatever status it ended with. */
static enum cause
cause_of_exit(const struct machine *m, const struct service_rules *rules, const struct step *step)
{
    if (m->state == SERVICE_ABORTING) return CAUSE_DIED;
    if (step->obstacle == OBSTACLE_FOREIGN_LOCK) return CAUSE_YIELDED;
    if (step->exit_code == 0 && rules->may_finish) return CAUSE_DONE;
    if (step->exit_code == EXIT_STATUS_CONFIG) return CAUSE_CONFIG;
    return CAUSE_DIED;
}

static int64_t
soft_due_ns(const struct machine *m, const struct service_rules *rules,
            const struct machine_limits *limits)
{
    return rules->is_watched ? m->progress_ns + limits->max_stall_ns / 2 : NEVER_NS;
}

/*
 * Counted from the dump request, not from the last sign of life: where we were asleep ourselves,
 * the child still gets its half of the time between the request and the end.
 */
static int64_t
hard_due_ns(const struct machine *m, const struct machine_limits *limits)
{
    return m->stalled_ns + limits->max_stall_ns - limits->max_stall_ns / 2;
}

static int64_t
stable_due_ns(const struct machine *m)
{
    return m->is_proven ? NEVER_NS : m->spawned_ns + STABLE_NS;
}

static enum cause
cause_of_time(const struct machine *m, const struct service_rules *rules,
              const struct machine_limits *limits, const struct step *step)
{
    switch (m->state) {
    case SERVICE_WAITING:
    case SERVICE_EXTERNAL:
    case SERVICE_NO_SECRETS:
        return step->now_ns >= m->retry_ns ? cause_of_start(step->obstacle) : CAUSE_NOTHING;
    case SERVICE_STARTING:
    case SERVICE_RUNNING:
        if (step->now_ns >= soft_due_ns(m, rules, limits)) return CAUSE_SOFT;
        return step->now_ns >= stable_due_ns(m) ? CAUSE_STABLE : CAUSE_NOTHING;
    case SERVICE_STALLED:
        return step->now_ns >= hard_due_ns(m, limits) ? CAUSE_HARD : CAUSE_NOTHING;
    case SERVICE_ABORTING:
    case SERVICE_STOPPING:
        return step->now_ns >= m->kill_ns ? CAUSE_KILL : CAUSE_NOTHING;
    case SERVICE_IDLE:
    case SERVICE_HELD:
    case SERVICE_FINISHED:
    case SERVICE_STATES:
        break;
    }
    return CAUSE_NOTHING;
}

static enum cause
cause_of(const struct machine *m, const struct service_rules *rules,
         const struct machine_limits *limits, const struct step *step)
{
    switch (step->what) {
    case HAPPENED_START:
        return m->state == SERVICE_IDLE ? cause_of_start(step->obstacle) : CAUSE_NOTHING;
    case HAPPENED_SPAWNED:
        return CAUSE_SPAWNED;
    case HAPPENED_SPAWN_FAILED:
        return CAUSE_SPAWN_FAILED;
    case HAPPENED_READY:
        return CAUSE_READY;
    case HAPPENED_PROGRESS:
        return CAUSE_PROGRESS;
    case HAPPENED_CYCLE:
        return CAUSE_CYCLE;
    case HAPPENED_EXITED:
        return cause_of_exit(m, rules, step);
    case HAPPENED_TIME:
        return cause_of_time(m, rules, limits, step);
    case HAPPENED_CHANGED:
        return CAUSE_CHANGED;
    case HAPPENED_STOP:
        return CAUSE_STOP;
    }
    return CAUSE_NOTHING;
}

/* ---- actions ------------------------------------------------------------------------------- */

int64_t
machine_retry_delay_ns(struct rng *rng, int failures, bool in_session)
{
    const int64_t cap = in_session ? RETRY_CAP_SESSION_NS : RETRY_CAP_CLOSED_NS;
    int64_t delay = RETRY_FIRST_NS;

    if (failures <= 1) return 0;
    for (int i = 2; i < failures && delay < cap; i++) {
        delay *= 2;
    }
    delay = MIN(delay, cap);
    return delay + rng_range(rng, -delay / 10, delay / 10);
}

/* Records that belong to some services, or to some moments, only. */
static bool
applies(const struct machine *m, const struct service_rules *rules,
        const struct machine_limits *limits, enum service_state next, enum action act,
        int64_t now_ns)
{
    const int64_t age = now_ns - m->spawned_ns;

    if (act == ACT_LOG_ENGINE_STARTING || act == ACT_LOG_ENGINE_STARTED ||
        act == ACT_LOG_ENGINE_EXITED || act == ACT_LOG_ENGINE_RESTARTING)
        return rules->is_engine;
    if (act == ACT_LOG_EXITED_IMMEDIATELY) return age < IMMEDIATE_NS;
    if (act == ACT_LOG_EXITED_EARLY) return age >= IMMEDIATE_NS && age < EARLY_NS;
    if (act == ACT_LOG_EXTERNAL || act == ACT_LOG_SKIPPED_NO_SECRETS) return m->state != next;
    if (act == ACT_EVICT)
        return rules->evicts && m->foreign_ns != NEVER_NS &&
               now_ns - m->foreign_ns >= limits->grace_ns;
    if (act == ACT_LOG_FAILED_REPEATEDLY)
        return m->failures >= FAILURES_MANY &&
               (m->repeated_ns == NEVER_NS || now_ns - m->repeated_ns >= FAILURE_WINDOW_NS);
    return true;
}

static void
note_cycle(struct machine *m)
{
    m->cycles++;
    if (m->failures == 0 || m->cycles >= CYCLES_TO_TRUST) m->is_proven = true;
    if (m->cycles >= CYCLES_TO_TRUST) m->failures = 0;
}

static void
begin_life(struct machine *m, int64_t now_ns)
{
    m->cannot_start = false;
    m->is_proven = false;
    m->cycles = 0;
    m->spawned_ns = now_ns;
    m->progress_ns = now_ns;
    m->kill_ns = NEVER_NS;
}

/* What an action changes in the machine itself; records change nothing but their own memory. */
static void
keep_books(struct machine *m, const struct service_rules *rules,
           const struct machine_limits *limits, const struct step *step, enum action act)
{
    const int64_t now = step->now_ns;

    if (act == ACT_COUNT_FAILURE && m->failures < INT32_MAX) m->failures++;
    if (act == ACT_SCHEDULE_RETRY)
        m->retry_ns = now + machine_retry_delay_ns(&m->rng, m->failures, step->in_session);
    if (act == ACT_SCHEDULE_PROBE) m->retry_ns = now + rules->probe_ns;
    if (act == ACT_SCHEDULE_TICK) m->retry_ns = now + TICK_NS;
    if (act == ACT_SCHEDULE_NOW) m->retry_ns = now;
    if (act == ACT_BEGIN_LIFE) begin_life(m, now);
    if (act == ACT_LOG_START_FAILED) m->cannot_start = true;
    if (act == ACT_BEGIN_STALL) m->stalled_ns = now;
    if (act == ACT_ARM_KILL) m->kill_ns = now + ABORT_WAIT_NS;
    if (act == ACT_ARM_GRACE) m->kill_ns = now + limits->grace_ns;
    if (act == ACT_DISARM_KILL) m->kill_ns = NEVER_NS;
    if (act == ACT_NOTE_PROGRESS) m->progress_ns = now;
    if (act == ACT_NOTE_READY && m->failures == 0) m->is_proven = true;
    if (act == ACT_NOTE_CYCLE) note_cycle(m);
    if (act == ACT_NOTE_STABLE) m->is_proven = true;
    /* Who reports cycles earns trust by them; of the others a life of STABLE_NS is all we ever see.
     */
    if (act == ACT_NOTE_STABLE && !rules->is_watched) m->failures = 0;
    if (act == ACT_LOG_FAILED_REPEATEDLY) m->repeated_ns = now;
    if (act == ACT_EVICT) m->foreign_ns = now; /* the next attempt waits as long again */
}

void
machine_init(struct machine *m, uint64_t seed)
{
    *m = (struct machine){
        .state = SERVICE_IDLE,
        .retry_ns = NEVER_NS,
        .kill_ns = NEVER_NS,
        .foreign_ns = NEVER_NS,
        .repeated_ns = NEVER_NS,
    };
    rng_init(&m->rng, seed);
}

/* Outside the session a delay may be long; when the session opens meanwhile it is cut to what is
 * allowed now.
 */
static void
cut_delay(struct machine *m, const struct step *step)
{
    if (m->state != SERVICE_WAITING || !step->in_session) return;
    m->retry_ns = MIN(m->retry_ns, step->now_ns + RETRY_CAP_SESSION_NS + RETRY_CAP_SESSION_NS / 10);
}

void
machine_step(struct machine *m, const struct service_rules *rules,
             const struct machine_limits *limits, const struct step *step,
             struct actions *ret_actions)
{
    cut_delay(m, step);

    const enum cause cause = cause_of(m, rules, limits, step);
    const struct cell *cell = &TABLE[m->state][cause];

    *ret_actions = (struct actions){0};
    if (cell->next == SERVICE_IDLE) return;
    if (step->what == HAPPENED_EXITED) m->exit_code = step->exit_code;
    if (cell->next != SERVICE_EXTERNAL)
        m->foreign_ns = NEVER_NS;
    else if (m->state != SERVICE_EXTERNAL)
        m->foreign_ns = step->now_ns;

    for (size_t i = 0; i < ACTIONS_MAX && cell->act[i] != ACT_NONE; i++) {
        const enum action act = cell->act[i];

        if (!applies(m, rules, limits, cell->next, act, step->now_ns)) continue;
        keep_books(m, rules, limits, step, act);
        if (act < ACT_COUNT_FAILURE) ret_actions->act[ret_actions->len++] = act;
    }
    m->state = cell->next;
}

int64_t
machine_due_ns(const struct machine *m, const struct service_rules *rules,
               const struct machine_limits *limits)
{
    switch (m->state) {
    case SERVICE_WAITING:
    case SERVICE_EXTERNAL:
    case SERVICE_NO_SECRETS:
        return m->retry_ns;
    case SERVICE_STARTING:
    case SERVICE_RUNNING: {
        const int64_t soft = soft_due_ns(m, rules, limits), stable = stable_due_ns(m);

        return MIN(soft, stable);
    }
    case SERVICE_STALLED:
        return hard_due_ns(m, limits);
    case SERVICE_ABORTING:
    case SERVICE_STOPPING:
        return m->kill_ns;
    case SERVICE_IDLE:
    case SERVICE_HELD:
    case SERVICE_FINISHED:
    case SERVICE_STATES:
        break;
    }
    return NEVER_NS;
}

bool
machine_may_start(const struct machine *m, enum happening what, int64_t now_ns)
{
    if (what == HAPPENED_EXITED) return true;
    if (what == HAPPENED_START) return m->state == SERVICE_IDLE;
    return what == HAPPENED_TIME && now_ns >= m->retry_ns &&
           (m->state == SERVICE_WAITING || m->state == SERVICE_EXTERNAL ||
            m->state == SERVICE_NO_SECRETS);
}

bool
machine_has_child(const struct machine *m)
{
    return m->state == SERVICE_STARTING || m->state == SERVICE_RUNNING ||
           m->state == SERVICE_STALLED || m->state == SERVICE_ABORTING ||
           m->state == SERVICE_STOPPING;
}

/*
 * R1.7, R1.10, R1.11, R1.20.  A service that should run and cannot is FAILED; one that died counts
 * as DEGRADED until its next life is proven.  A foreign engine is nobody's child and unwatched:
 * DEGRADED, not EXTERNAL.
 */
enum service_status
machine_status(const struct machine *m, const struct service_rules *rules)
{
    const enum service_status doubt =
        m->failures >= FAILURES_MANY ? STATUS_FAILED : STATUS_DEGRADED;

    switch (m->state) {
    case SERVICE_IDLE:
    case SERVICE_FINISHED:
        return STATUS_UNKNOWN;
    case SERVICE_STARTING:
    case SERVICE_RUNNING:
    case SERVICE_STOPPING:
        if (m->is_proven) return STATUS_OK;
        return m->failures > 0 ? doubt : STATUS_UNKNOWN;
    case SERVICE_STALLED:
    case SERVICE_ABORTING:
        return STATUS_DEGRADED;
    case SERVICE_WAITING:
        return m->cannot_start ? STATUS_FAILED : doubt;
    case SERVICE_HELD:
    case SERVICE_NO_SECRETS:
        return STATUS_FAILED;
    case SERVICE_EXTERNAL:
        return rules->evicts ? STATUS_DEGRADED : STATUS_EXTERNAL;
    case SERVICE_STATES:
        break;
    }
    return STATUS_UNKNOWN;
}

const char *
service_state_name(enum service_state s)
{
    static const char *const NAMES[SERVICE_STATES] = {
        "idle", "starting", "running",    "stalled",  "aborting", "waiting",
        "held", "external", "no_secrets", "stopping", "finished",
    };

    return s < SERVICE_STATES ? NAMES[s] : "?";
}

const char *
service_status_name(enum service_status s)
{
    static const char *const NAMES[] = {"UNKNOWN", "OK", "EXTERNAL", "DEGRADED", "FAILED"};

    return (size_t)s < COUNT_OF(NAMES) ? NAMES[s] : "?";
}

/*
 * supervisor: starts the engine, the flow daemon and (for tests) the market simulator, and starts
 * them again whenever they end.
 *
 * The smallest program we have.  What happens to a service is a table of state x event -> actions;
 * the loop around it only performs them.  It reads no JSON from outside, knows nothing of trading
 * and takes no memory after its start, so that it has nothing to die of.
 *
 *   machine.c     the table: pure, no clock, no system call
 *   services.c    which services there are, in the order of their start
 *   supervisor.c  the loop: signals, ends of children, progress pipes, deadlines
 *   act.c         performs the actions of the table
 *   spawn.c       a service's child: start, signal, progress, end
 *   place.c       where a child was when it died or fell silent
 *   surround.c    what the table must know of the world: locks, the session; ends leftovers
 *   settings.c    what follows from the settings, and what changed in their files: limits,
 * environment, secrets record.c      logs/supervisor.jsonl and the system events beside it health.c
 * state/health.json main.c        options and wiring -> deploy_supervisor
 *
 * This header is the machine of one service.  Time is monotonic and always real: a paced day does
 * not shorten the watchdog's patience.
 *
 * source  spec 10 R1.7..R1.13, changed by ARCHITECTURE 11: the delay before the n-th start in a row
 * is 0, 0.1, 0.2, 0.4 ... s, capped at 5 s in session and 60 s outside, +-10 %; it begins anew
 * after three completed cycles; nothing is ever given up
 */
#ifndef SUPERVISOR_MACHINE_H
#define SUPERVISOR_MACHINE_H

#include "base/rand.h"
#include "base/when.h"

enum service_state {
    SERVICE_IDLE,     /* before its first start                                                   */
    SERVICE_STARTING, /* a child is wanted or lives, but has not proved itself                    */
    SERVICE_RUNNING,  /* the child said it is ready, or has lived for STABLE_NS                   */
    SERVICE_STALLED,  /* silent for half of max_stall: asked for a dump                           */
    SERVICE_ABORTING, /* silent for all of it: SIGABRT, soon SIGKILL                              */
    SERVICE_WAITING,  /* dead; the next start is due at retry_ns                                  */
    SERVICE_HELD,     /* exit status 78: waits for a changed file or SIGHUP                       */
    SERVICE_EXTERNAL, /* its lock is held by a process that is not our child                      */
    SERVICE_NO_SECRETS, /* a required secret is missing */
    SERVICE_STOPPING, /* SIGTERM sent, SIGKILL after the grace period                             */
    SERVICE_FINISHED, /* stopped, or done (exit 0 where that is allowed): nothing starts it again */
    SERVICE_STATES
};

/* What happened.  The machine refines EXITED and TIME by what it knows before it asks the table. */
enum happening {
    HAPPENED_START,        /* somebody wants the service                  */
    HAPPENED_SPAWNED,      /* answer to ACT_SPAWN                         */
    HAPPENED_SPAWN_FAILED, /* answer to ACT_SPAWN                         */
    HAPPENED_READY,        /* progress record: start-up is complete       */
    HAPPENED_PROGRESS,     /* progress record: a stage, a wait            */
    HAPPENED_CYCLE,        /* progress record: a cycle was completed      */
    HAPPENED_EXITED,       /* exit_code says how                          */
    HAPPENED_TIME,         /* machine_due_ns() has come, or a tick        */
    HAPPENED_CHANGED,      /* a file that may mend it changed, or SIGHUP  */
    HAPPENED_STOP          /* the supervisor goes down                    */
};

/* What stands in the way of a start; looked up by the caller for START, EXITED, TIME and CHANGED.
 */
enum obstacle { OBSTACLE_NONE, OBSTACLE_NO_PROGRAM, OBSTACLE_NO_SECRETS, OBSTACLE_FOREIGN_LOCK };

/* To be performed in the order given.  LOG_x writes the record x of spec 10 R1.18. */
enum action {
    ACT_NONE,
    ACT_SPAWN, /* to be answered with HAPPENED_SPAWNED or _SPAWN_FAILED */
    ACT_SIGNAL_TERM,
    ACT_SIGNAL_DUMP, /* SIGUSR1 */
    ACT_SIGNAL_ABORT,
    ACT_SIGNAL_KILL,
    ACT_EVICT, /* the foreign holder of the lock has had its grace period: end it if it is our own
                  leftover */
    ACT_LOG_START,
    ACT_LOG_ENGINE_STARTING,
    ACT_LOG_STARTED,
    ACT_LOG_ENGINE_STARTED,
    ACT_LOG_START_FAILED,
    ACT_LOG_EXITED_IMMEDIATELY,
    ACT_LOG_EXITED_EARLY,
    ACT_LOG_ENGINE_EXITED,
    ACT_LOG_DIED,
    ACT_LOG_FAILED_REPEATEDLY,
    ACT_LOG_ENGINE_RESTARTING,
    ACT_LOG_HELD,
    ACT_LOG_RELEASED,
    ACT_LOG_EXTERNAL,
    ACT_LOG_SKIPPED_NO_SECRETS,
    ACT_LOG_STALL_DUMP,
    ACT_LOG_STALL_ABORT,
    ACT_LOG_STALL_OVER,
    ACT_LOG_KILLED,
    ACT_LOG_FINISHED,
    ACT_COUNT_FAILURE, /* from here on: the machine's own, never given to the caller */
    ACT_SCHEDULE_RETRY,
    ACT_SCHEDULE_PROBE,
    ACT_SCHEDULE_TICK,
    ACT_SCHEDULE_NOW,
    ACT_BEGIN_LIFE,
    ACT_BEGIN_STALL,
    ACT_ARM_KILL,
    ACT_ARM_GRACE,
    ACT_DISARM_KILL,
    ACT_NOTE_PROGRESS,
    ACT_NOTE_CYCLE,
    ACT_NOTE_READY,
    ACT_NOTE_STABLE
};

enum service_status { STATUS_UNKNOWN, STATUS_OK, STATUS_EXTERNAL, STATUS_DEGRADED, STATUS_FAILED };

enum {
    EXIT_STATUS_CONFIG = 78, /* EX_CONFIG of sysexits.h: a restart cannot help                */
    FAILURES_MANY = 5,       /* in a row: SERVICE_FAILED_REPEATEDLY, status FAILED (R1.9)     */
    CYCLES_TO_TRUST = 3,     /* completed ones that end a row of failures                     */
    ACTIONS_MAX = 8
};

#define TICK_NS (30 * NS_PER_S) /* the slow round of R1.8 */
#define RETRY_FIRST_NS                                                                             \
    (100 * NS_PER_MS) /* the second start in a row; the first waits for nothing */
#define RETRY_CAP_SESSION_NS (5 * NS_PER_S)
#define RETRY_CAP_CLOSED_NS  (60 * NS_PER_S)
#define STABLE_NS            (30 * NS_PER_S) /* a life that counts as healthy (R1.10)                 */
#define IMMEDIATE_NS         (2 * NS_PER_S) /* SERVICE_EXITED_IMMEDIATELY (R1.7)                     */
#define EARLY_NS             (3 * NS_PER_S) /* SERVICE_EXITED_EARLY                                  */
#define ABORT_WAIT_NS        (1 * NS_PER_S) /* SIGABRT to SIGKILL: time for a dump, no more          */
#define FAILURE_WINDOW_NS                                                                          \
    (600 * NS_PER_S) /* SERVICE_FAILED_REPEATEDLY at most once in it          */
#define NEVER_NS INT64_MAX

/* What is special about a service; constant. */
struct service_rules {
    const char *name;      /* as in the logs */
    const char *program;   /* file name beside our own executable */
    const char *lock_path; /* who holds it is the service; NULL where there is none */
    bool is_engine; /* TRADING_ENGINE_ records too; trust is earned by cycles                     */
    bool is_critical;   /* its status counts in the overall status (R1.20)   */
    bool needs_secrets; /* R1.14 */
    bool is_watched;    /* its silence is a failure    */
    bool may_finish;    /* exit status 0 is an end, not a failure    */
    bool evicts; /* a leftover of ours that holds the lock is ended after the grace period      */
    bool stops_last;  /* stopped only after the others have ended  */
    int64_t probe_ns; /* how often a foreign lock is looked at again */
};

struct machine_limits {
    int64_t max_stall_ns;
    int64_t grace_ns;
};

struct machine {
    enum service_state state;
    bool cannot_start; /* the last attempt did not even make a child */
    bool is_proven;    /* this child has shown that it works          */
    int failures;      /* in a row                                    */
    int64_t cycles;    /* completed by this child                     */
    int exit_code;     /* of the last child: status, or minus the signal */
    int64_t spawned_ns;
    int64_t progress_ns;
    int64_t stalled_ns;  /* when the dump was asked for                              */
    int64_t retry_ns;    /* next start, NEVER_NS for none                            */
    int64_t kill_ns;     /* SIGKILL, NEVER_NS for none                               */
    int64_t foreign_ns;  /* since when the lock is foreign, NEVER_NS while it is not */
    int64_t repeated_ns; /* last SERVICE_FAILED_REPEATEDLY, NEVER_NS before          */
    struct rng rng;      /* jitter */
};

/* Everything a step looks at. */
struct step {
    enum happening what;
    int64_t now_ns; /* monotonic */
    int exit_code;  /* HAPPENED_EXITED */
    enum obstacle obstacle;
    bool in_session; /* how long a delay may get */
};

struct actions {
    enum action act[ACTIONS_MAX];
    size_t len;
};

void machine_init(struct machine *m, uint64_t seed);

/* Takes one step; ret_actions is what the caller must do now, in that order. */
void machine_step(struct machine *m, const struct service_rules *rules,
                  const struct machine_limits *limits, const struct step *step,
                  struct actions *ret_actions);

/* When HAPPENED_TIME is next of use; NEVER_NS for not at all. */
int64_t machine_due_ns(const struct machine *m, const struct service_rules *rules,
                       const struct machine_limits *limits);

/* Whether the next step may ask for a start at this instant, so that the obstacle must be looked
 * up. */
bool machine_may_start(const struct machine *m, enum happening what, int64_t now_ns);

enum service_status machine_status(const struct machine *m, const struct service_rules *rules);

/* The delay before the start that follows that many failures in a row, jitter included; 1 gives 0.
 */
int64_t machine_retry_delay_ns(struct rng *rng, int failures, bool in_session);

/* A child lives, or is about to. */
bool machine_has_child(const struct machine *m);

const char *service_state_name(enum service_state s);   /* "stopped", "starting", ... */
const char *service_status_name(enum service_status s); /* "UNKNOWN", "OK", ...       */

#endif

/*
 * supervisor, inside: what the files of the folder share.
 */
#ifndef SUPERVISOR_INTERNAL_H
#define SUPERVISOR_INTERNAL_H

#include "base/progress.h"
#include "config/env_file.h"
#include "io/child.h"
#include "model/calendar.h"
#include "state/flight.h"
#include "supervisor/services.h"
#include "supervisor/supervisor.h"

#include <limits.h>
#include <sys/types.h>

enum {
    ARGS_MAX = 32,
    CMD_MAX = 1024,
    ERROR_MAX = 200,
    WATCHED_MAX = SERVICES + 2, /* the programs, the settings file, the environment file */
    CHILD_ENV_MAX = ENV_FILE_VARS_MAX + 16,
    SECRETS_MAX = 3,
    LAST_EXIT_MAX = sizeof FLIGHT_EXIT_ENV + FLIGHT_EXIT_TEXT_MAX
};

#define FILES_NS     (1 * NS_PER_S) /* files are looked at that often while a service waits for one */
#define HEALTH_NS    (300 * NS_PER_S)  /* R1.19 */
#define RETENTION_NS (1800 * NS_PER_S) /* R1.17 */
#define HEARTBEAT_NS                                                                               \
    (180 * NS_PER_S) /* an engine without a cycle for that long is DEGRADED (R1.20)   */
#define FIRST_WAIT_NS                                                                              \
    (1 * NS_PER_S)             /* for the simulator to listen before the others start           */
#define REAP_NS (2 * NS_PER_S) /* how long we wait for the end of a killed child (R1.13)        */
#define COMPLAINT_NS                                                                               \
    (60 * NS_PER_S) /* the same internal error is told once in it                    */

/* Where a child was when somebody asked: in its flight recorder, else in its last progress record.
 */
struct place {
    uint64_t cycle;
    enum stage stage;
    char symbol[SYMBOL_MAX]; /* "" for none */
    int64_t silent_ms;
};

struct service {
    const struct service_rules *rules;
    struct machine m;
    bool is_wanted;
    char program[PATH_MAX];
    char args[CMD_MAX]; /* argv points in here */
    const char *argv[ARGS_MAX + 2];
    char cmd[CMD_MAX + PATH_MAX]; /* argv for the records */

    struct child child;
    pid_t pid;       /* of the last child, also when it has ended            */
    int progress_fd; /* -1 without one, or when the child has closed its end */
    struct progress last;
    struct place place;
    char last_exit[LAST_EXIT_MAX]; /* for the next engine's environment; "" before the first end */
    int64_t killed_ns;             /* monotonic, of our SIGKILL; NEVER_NS before */

    pid_t holder;          /* of a foreign lock; 0 unknown */
    char error[ERROR_MAX]; /* "" for none */
    enum service_status status;
    int64_t updated_ns;   /* wall: last change of the status     */
    int64_t heartbeat_ns; /* wall: last heartbeat of the engine, last look at a living child */
    int64_t cycle_ns;     /* monotonic: last completed cycle, or the spawn           */
};

/* A file whose change may mend something. */
struct watched {
    char path[PATH_MAX];
    struct fs_stat stat;
};

struct supervisor {
    struct supervisor_options opt;
    struct supervisor_seams seams;
    const struct config *cfg; /* as last read and found usable */
    struct config reread;     /* ours, once a file changed; .store is NULL before */
    struct machine_limits limits;
    struct service service[SERVICES];
    struct zone *new_york; /* NULL where the system has no zone table */

    struct watched watched[WATCHED_MAX];
    size_t watched_len;
    struct arena env_arena;
    const char *
        env[CHILD_ENV_MAX]; /* what the children's environment has more, less and other than ours */
    size_t env_len;
    const char *missing[SECRETS_MAX]; /* required secrets that are empty */
    size_t missing_len;

    struct loop *loop;
    bool has_started; /* all services were asked to start */
    bool is_stopping;
    int64_t begun_ns;         /* monotonic */
    struct text line, health; /* kept, so that writing needs no room */
    int64_t tick_ns, files_ns, health_ns, retention_ns, notify_ns, notify_every_ns;
    char complaint[ERR_TEXT_MAX];
    int64_t complaint_ns;
};

static inline int64_t
sup_mono(const struct supervisor *s)
{
    return clock_mono(s->seams.clock);
}

/* ---- record.c -------------------------------------------------------------------------------- */

/* {"ts": DT, "event": event, fields} in logs/supervisor.jsonl. */
void record_write(struct supervisor *s, const char *event, const struct field *fields);
#define record(s, ...)         RECORD_((s), __VA_ARGS__, F_END)
#define RECORD_(s, event, ...) record_write((s), (event), (const struct field[]){__VA_ARGS__})

/* The record and, where it is one, the system event of a LOG_ action. */
void record_action(struct supervisor *s, struct service *svc, enum action act);

/* SUPERVISOR_TICK_ERROR; the same words once a minute. */
void record_error(struct supervisor *s, const struct err *err);

/* ---- act.c ----------------------------------------------------------------------------------- */

/* One step of a service's machine and all that follows from it. */
void act_step(struct supervisor *s, struct service *svc, enum happening what, int exit_code);

/* ---- spawn.c --------------------------------------------------------------------------------- */

/* Starts the program with its progress pipe; the service's error says why not. */
bool service_spawn(struct supervisor *s, struct service *svc);
void service_signal(const struct service *svc, int signum);
/* The next record of the progress pipe, false when there is none (any more). */
bool service_next_progress(struct service *svc, struct progress *ret_record);
/* If it has ended: reaps it and closes its descriptors.  Exit status, or minus the signal. */
bool service_reap(struct supervisor *s, struct service *svc, int *ret_exit_code);
/* Closes the descriptors without looking at the child. */
void service_forget(struct service *svc);

/* ---- place.c --------------------------------------------------------------------------------- */

/* Fills svc->place. */
void place_look(const struct supervisor *s, struct service *svc);
/* Keeps how the child ended, before the machine hears of it, for the next one (state/flight.h). */
void place_note_exit(struct service *svc, int exit_code);

/* ---- surround.c ------------------------------------------------------------------------------ */

enum obstacle surround_obstacle(struct supervisor *s, struct service *svc);
bool surround_in_session(const struct supervisor *s);
/* Ends the holder of the service's lock if it is a child that an earlier supervisor left behind. */
void surround_evict(struct supervisor *s, struct service *svc);

/* ---- settings.c ------------------------------------------------------------------------------ */

/* What follows from s->cfg: limits, watched files, the children's environment, the missing secrets.
 */
void settings_apply(struct supervisor *s);
/* Looks at the watched files; reads the settings again if one changed, or if asked to.  True then.
 */
bool settings_refresh(struct supervisor *s, bool is_asked_for);

/* ---- health.c -------------------------------------------------------------------------------- */

/* Notices changed states; writes state/health.json if there is one, or if it is due. */
void health_publish(struct supervisor *s, bool is_due);

#endif

/*
 * The loop of the supervisor: performs what the machines of the services ask for.
 *
 * One thread, one poll() over the signals, a process descriptor and a progress pipe per child;
 * every wait has a deadline.  Nothing is taken from the heap that is not given back in the same
 * step, except when an operator has changed the settings.
 *
 * Children inherit standard output and error (the journal), or append to <log_dir>/<service>.out;
 * no bytes pass through us.  They get STOCKBOT_ROOT, STOCKBOT_CONFIG, the variables of the
 * environment file in place of inherited ones (R1.4), and STOCKBOT_PROGRESS_FD.
 *
 * When the supervisor itself is killed, its children get SIGTERM from the kernel
 * (PR_SET_PDEATHSIG).  Not SIGKILL: an engine that is ended between a POST and its answer leaves an
 * order that must be looked up before its symbol may be traded again; SIGTERM lets it finish that
 * sentence.  One that does not end is a leftover: the next supervisor finds its lock held, waits
 * the grace period and then kills it.
 */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/store.h"
#include "config/config.h"
#include "io/lock.h"
#include "io/post.h"

#define SUPERVISOR_LOCK_PATH "state/supervisor.lock"
#define SUPERVISOR_LOG_PATH  "logs/supervisor.jsonl"
#define HEALTH_PATH          "state/health.json"

struct supervisor;
struct loop;

/* Borrowed for the life of the supervisor. */
struct supervisor_options {
    struct config_options
        config;          /* how the settings are read, now and after a change; paths absolute */
    const char *bin_dir; /* where the programs are            */
    const char *log_dir; /* NULL: children inherit our output */
};

struct supervisor_seams {
    const struct clock *clock;
    const struct fs *fs;
    const struct store *store;
    const struct locks *locks;
    const struct posix_locks *lock_files; /* the same locks, asked who holds one */
    const struct log *log;
    struct poster *poster; /* alerts go out while we wait; NULL for none */
};

/*
 * Borrows cfg, which stays the caller's also when a changed file has replaced it, and the loop,
 * which catches the signals: it is made before anything that can take time.
 */
enum rc supervisor_new(const struct supervisor_options *opt, const struct supervisor_seams *seams,
                       const struct config *cfg, struct loop *loop, struct supervisor **ret_sup,
                       struct err *err) MUST_USE;
void supervisor_free(struct supervisor *s);

/* Starts the services and looks after them until SIGTERM or SIGINT; they are all down when it
 * returns. */
void supervisor_run(struct supervisor *s);

#endif

/*
 * What a command that works in a root needs: settings, files, clock, state, events, locks, the New
 * York zone; opened together, given back together.
 *
 * RUNNER_READS is for commands that must leave the root as it is: every attempt to change a file is
 * refused below the state store, which then heals in memory only, and no event is written.  In the
 * root of a demo or replay its time is that of the recorded day.
 *
 * RUNNER_LOOKS is for runners that must leave it as it is, too: by the real clock, without a lock,
 * and a root that is not there is seen as an empty one.
 */
#ifndef SCRIPTS_RUNNER_H
#define SCRIPTS_RUNNER_H

#include "io/clock.h"
#include "io/fs.h"
#include "io/lock.h"
#include "model/calendar.h"
#include "scripts/args.h"
#include "state/store.h"
#include "telemetry/events.h"

enum runner_mode { RUNNER_WRITES, RUNNER_READS, RUNNER_LOOKS };

struct runner {
    const char *name; /* before every sentence on standard error */
    struct config cfg;
    struct sys_clock sys_clock;
    int64_t ended_ns; /* when the day of a demo's or replay's root was over; WHEN_NONE otherwise */
    struct clock clock;
    struct posix_fs posix_fs;
    struct fs fs;
    struct posix_locks posix_locks;
    struct locks locks;
    struct state_store state_store;
    struct store store;
    struct event_log event_log;
    struct log event_seam;
    const struct log *log; /* NULL where nothing may be written */
    struct zone *ny;
};

/*
 * EXIT_DONE, or the exit code after the sentence was printed; then there is nothing to give back.
 * r must stay where it is.
 */
int runner_open(struct runner *r, const char *name, const struct common_args *args,
                enum runner_mode mode);
void runner_done(struct runner *r);

/* Prints "<name>: <sentence>" and returns the status. */
int runner_fail(const struct runner *r, const struct err *err, int status);

#endif

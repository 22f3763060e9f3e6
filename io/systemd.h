/*
 * systemd: asks the service manager about one of its services.
 *
 * Properties come over the system bus and log lines from the journal, both through libsystemd; a
 * restart is `systemctl restart`, which waits for the job and says in words why it failed.
 * Everything has a deadline.  A machine or container without a service manager is an ordinary
 * answer (RC_NOT_FOUND, RC_IO, RC_TIMEOUT), not a fault.
 *
 * Health checks take the struct service_manager, which their tests fill with scripted answers.
 */
#ifndef IO_SYSTEMD_H
#define IO_SYSTEMD_H

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"

enum {
    UNIT_WORD_MAX = 32,
    SYSTEMD_ASK_MS = 5000,
    SYSTEMD_JOURNAL_MS = 10000,
    SYSTEMD_JOURNAL_LINES = 2000,
    SYSTEMD_RESTART_MS = 30000, /* longer than the unit's own stop time */
    SYSTEMD_OUTPUT_MAX = 800    /* bytes kept of what systemctl said    */
};

/* A unit that the manager does not know is inactive, dead and without a process. */
struct unit_state {
    int64_t main_pid; /* 0 = none */
    int64_t restarts;
    char active[UNIT_WORD_MAX]; /* "active", "activating", "inactive", "failed", ... */
    char sub[UNIT_WORD_MAX];    /* "running", "auto-restart", "dead", ...            */
    char result[UNIT_WORD_MAX]; /* "success", "exit-code", "watchdog", ...           */
};

/* Lines of a unit's journal: how many, and when the first and the last was written. */
struct unit_lines {
    int64_t count, first_ns, last_ns; /* WHEN_NONE without any */
};

struct service_manager {
    void *self;
    enum rc (*unit)(void *self, const char *unit, struct unit_state *ret_unit, struct err *err);
    /* How many of the unit's last SYSTEMD_JOURNAL_LINES lines contain the text. */
    enum rc (*count_lines)(void *self, const char *unit, const char *text, int64_t *ret_count,
                           struct err *err);
    /* The same lines, and their times. */
    enum rc (*find_lines)(void *self, const char *unit, const char *text,
                          struct unit_lines *ret_lines, struct err *err);
    /* The end of what was said is in ret_output (to be freed) whether it worked or not. */
    enum rc (*restart)(void *self, const char *unit, struct text *ret_output, struct err *err);
};

struct systemd {
    const struct clock *clock;
    const char *systemctl; /* NULL = where systems keep it; tests put a script here */
    int64_t restart_ms;    /* 0 = SYSTEMD_RESTART_MS */
};

/* The seam; s must stay where it is while it is used. */
struct service_manager systemd_seam(struct systemd *s);

#endif

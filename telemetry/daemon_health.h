/*
 * Is the flow daemon well?  (contract 4.16)
 *
 *   daemon_health.c         pure: facts in, checks, status and reasons out
 *   daemon_health_record.c  the events of a verdict, and state/uw_daemon_health_state.json
 *
 * Gathering the facts is the sentinel's business (scripts/health_facts.h).  What could not be
 * learned is marked unknown, never taken for good or bad by accident: an unknown poll age counts
 * against the daemon, an unknown lock does not.
 */
#ifndef TELEMETRY_DAEMON_HEALTH_H
#define TELEMETRY_DAEMON_HEALTH_H

#include "base/err.h"
#include "base/log.h"
#include "base/store.h"
#include "base/when.h"

#define DAEMON_UNIT        "uw-flow-daemon.service"
#define DAEMON_LOCK_PATH   "state/uw_flow_daemon.lock"
#define DAEMON_CACHE_PATH  "data/uw_flow_cache.json"
#define DAEMON_HEALTH_PATH "state/uw_daemon_health_state.json"

enum {
    HEALTH_WORD_MAX = 32,
    HEALTH_OUTPUT_MAX = 800,       /* bytes of what a restart said            */
    HEALTH_STORM_LINES = 50,       /* more "already running" lines are a storm */
    HEALTH_FLOW_MAX_S = 900,       /* flow older than that in session is stale */
    HEALTH_FLOW_GRACE_S = 20 * 60, /* from the open until flow is asked for   */
    HEALTH_HEALS_KEPT = 8,
    HEALTH_HEALS_MAX = 3, /* in 6 hours, and one in 10 minutes */
    HEALTH_SCENARIO_MAX = 32
};

#define HEALTH_AGE_UNKNOWN (-1.0)

struct health_limits {
    int64_t poll_age_max_s;      /* 600 */
    int64_t restarts_max;        /* 10  */
    int64_t endpoint_window_s;   /* 900; <= 0: every event counts */
    int64_t endpoint_errors_max; /* 20: from so many on           */
};

extern const struct health_limits HEALTH_LIMITS_DEFAULT;

enum known { KNOWN_NO, KNOWN_YES, KNOWN_NOT }; /* KNOWN_NOT: could not be learned */

struct health_facts {
    /* The service manager.  Not asked: the process named in the lock file stands for the main
     * process, and restarts are not known to be too many. */
    bool is_manager_there;
    char active[HEALTH_WORD_MAX], sub[HEALTH_WORD_MAX], result[HEALTH_WORD_MAX]; /* "" = unknown */
    int64_t main_pid;                                                            /* 0 = none */
    bool is_main_alive;
    int64_t restarts;

    bool has_lock_file;
    int64_t lock_pid; /* 0 = the file names none */
    enum known is_lock_held;

    double poll_age_s;  /* by the daemon's own stamp where it is there */
    double cache_age_s; /* by the file's time: other writers keep it young, so only reported */
    char daemon_status[HEALTH_WORD_MAX]; /* what the daemon says of itself; "" = nothing */
    double flow_age_s;                   /* since the last flow answer */
    bool is_flow_due;                    /* the market has been open for HEALTH_FLOW_GRACE_S */

    int64_t rate_limit_blocks, invalid_endpoints; /* events within the window */
    bool has_storm_count;
    int64_t storm_lines;
};

enum health_status { HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL };

struct health_verdict {
    enum health_status status;
    bool pid_ok, lock_ok, poll_fresh;
    bool crash_loop, high_restarts, endpoint_errors, restart_storm; /* true is bad */
    bool flow_fresh;                                                /* true while it is not due */
};

struct health_verdict health_evaluate(const struct health_facts *f,
                                      const struct health_limits *limits);
const char *health_status_name(enum health_status s); /* "healthy", "warning", "critical" */

/* The names of the violated checks, "pid_issue", "lock_issue", ...; how many. */
enum { HEALTH_CHECKS = 8 };
size_t health_violations(const struct health_verdict *v, const char *ret_names[HEALTH_CHECKS]);

/* The facts of a named scenario; those of a healthy daemon for a name that is none. */
struct health_facts health_scenario(const char *name);

/* ---- self-heal ----------------------------------------------------------------------------- */

/* Restarts that were tried, as instants; oldest first. */
struct heal_history {
    int64_t at_ns[HEALTH_HEALS_KEPT];
    size_t len;
};

/* One more may be tried.  An attempt in the future counts too: the clock was stepped, not the past
 * undone. */
bool heal_is_allowed(const struct heal_history *h, int64_t now_ns);
void heal_note(struct heal_history *h, int64_t now_ns);

struct heal_outcome {
    bool is_attempted, is_success;
    struct text output;  /* what was said, its last HEALTH_OUTPUT_MAX bytes */
    const char *why_not; /* of a critical verdict that was not acted on; NULL otherwise */
};

/* ---- recording ----------------------------------------------------------------------------- */

struct health_report {
    int64_t now_ns;
    bool is_mock;
    const char *scenario; /* of a mock; NULL otherwise */
    const struct health_facts *facts;
    const struct health_limits *limits;
    const struct health_verdict *verdict;
    const struct heal_outcome *heal;
    const struct heal_history *history;
};

/* One event for each violated check, then the summary: exactly one. */
void health_say(const struct log *log, const struct health_report *r);
void health_say_heal_attempt(const struct log *log);
void health_say_healed(const struct log *log, const struct heal_outcome *h);

/* The state document, compact. */
void health_encode(const struct health_report *r, struct text *to);
/* What of the former document is carried on. */
struct heal_history heal_history_decode(const struct json *doc, int64_t now_ns);

struct store_spec health_store_spec(void);

#endif

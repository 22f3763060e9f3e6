/*
 * The flow daemon's loop (spec 20 3.1): one job at a time, most urgent first; flush; say what
 * happened.
 *
 * Intervals, pacing and budget run in the wall time of the clock seam, so a day at 200 times its
 * speed polls as a day does.  Network deadlines are real.  Two things keep a fast day from eating
 * the machine: the flow cache is written no more than a fifth of the time, and a sleep is never
 * shorter than a millisecond.
 */
#ifndef UWCLIENT_DAEMON_H
#define UWCLIENT_DAEMON_H

#include "uwclient/jobs.h"

#define POLLER_PATH      "state/smart_poller.json"
#define CYCLE_LOG_PATH   "logs/uw_daemon.jsonl"
#define API_LOG_PATH     "data/uw_flow_cache.log.jsonl"
#define PAYLOAD_LOG_PATH "logs/uw_raw_payloads.jsonl"

enum { PAYLOADS_KEPT = 5 };

enum daemon_status {
    DAEMON_OK,
    DAEMON_LIMITED_MINUTE,
    DAEMON_LIMITED_DAY,
    DAEMON_AUTH,
    DAEMON_NO_KEY,
    DAEMON_NO_SPEC,
    DAEMON_STOPPED
};

struct daemon_deps {
    struct uw_client *client;
    const struct uw_config *cfg;
    const struct clock *clock;
    const struct fs *fs;
    const struct store *store;
    const struct locks *locks;
    const struct log *log;
    const struct zone *ny;
    int64_t pid;
    bool (*is_stopping)(void *ctx);
    /* Called at least every second of real time; NULL = nobody asks. */
    void (*alive)(void *ctx, const char *status);
    /* A line for people: start, stop, a change of status, every tenth cycle; NULL = nobody reads.
     */
    void (*say)(void *ctx, const char *line);
    /* The settings after a SIGHUP not answered yet, NULL without one; NULL = never. */
    const struct uw_config *(*reloaded)(void *ctx);
    void *ctx;
};

struct daemon {
    struct daemon_deps deps;
    struct flow_cache cache;
    struct schedule schedule;
    struct drift drift;
    struct window pace;      /* own requests */
    int64_t request_mono_ns; /* when the last one began; 0 = none */
    int64_t paused_until_ns; /* per_minute_cap: nobody polls; WHEN_NONE = not paused */
    enum daemon_status status;
    int64_t status_since_ns;
    bool is_day_limited_said; /* UW_API_RATE_LIMITED was written for this pause */
    int64_t started_mono_ns, started_ns;
    /* the cycle: from its start every job that was due has been tried, and a minute has passed */
    int64_t cycle, cycle_start_ns, jobs_ok, jobs_failed;
    bool is_pass_done; /* nothing is due that has not been tried since the start */
    int64_t last_success_s, last_flow_success_s;
    int64_t flushed_ns;          /* wall */
    int64_t flush_not_before_ns; /* monotonic: keeps flushing below a fifth of the time */
    int64_t key_said_ns, spec_said_ns;
    int64_t calendars_at_ns; /* when the calendar intervals were last looked at */
    struct text payloads[PAYLOADS_KEPT];
    size_t payloads_next;
};

/*
 * Loads poll state and cache.  RC_DENIED for a mock daemon in a root where a live one has written:
 * mock data never mix with real ones.
 */
enum rc daemon_init(struct daemon *d, const struct daemon_deps *deps, struct err *err) MUST_USE;
void daemon_done(struct daemon *d);

/* Runs until asked to stop, then flushes and says so.  is_once: leaves when every due job has been
 * tried. */
void daemon_run(struct daemon *d, bool is_once);

/* One turn of the loop: at most one job.  Returns how long nothing needs to be done (wall time). */
int64_t daemon_turn(struct daemon *d);

/* The symbols have changed (SIGHUP): new ones are due at once, those that are gone are dropped. */
void daemon_reconfigure(struct daemon *d, const struct uw_config *cfg);

const char *daemon_status_name(enum daemon_status s); /* "ok", "limited_minute", ... */

#endif

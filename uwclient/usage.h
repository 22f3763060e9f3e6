/*
 * The budget: calls in any 60 s, in a UTC day, of an endpoint; and pauses the server asked for.
 *
 * It lives in state/uw_usage_state.json and is shared by all processes: load, test, count and save
 * are one critical section under the lock state/uw_usage_state.flock.  The count is a reservation
 * made before the request leaves and is never taken back (spec 20 US-4, US-5).
 *
 * Every doubt is resolved against us: a lost, damaged or older file is counted again from the quota
 * log, the server's own count only ever raises ours, and a step of the wall clock hands nothing
 * back.
 */
#ifndef UWCLIENT_USAGE_H
#define UWCLIENT_USAGE_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/store.h"
#include "model/calendar.h"
#include "uwclient/window.h"

#define USAGE_PATH      "state/uw_usage_state.json"
#define USAGE_LOCK_PATH "state/uw_usage_state.flock"

enum {
    USAGE_NAMES_MAX = 64, /* policies counted by name */
    USAGE_NAME_MAX = 48,
    USAGE_STRIKES_MAX = 3, /* refusals by the server in a row that mean "for today" */
    USAGE_SCHEMA = 2
};

enum usage_pause {
    PAUSE_NONE,
    PAUSE_MINUTE, /* 429, the server's minute limit                  */
    PAUSE_DAILY,  /* 429, the server's day is used up                */
    PAUSE_AUTH    /* 401, 403                                        */
};

struct usage_limits {
    int64_t per_min;
    int64_t per_day;
    double buffer; /* part of per_day that may be used: cap = floor(per_day * buffer) */
    bool is_mock;  /* counts mock calls: never in a root where a live process counts its own */
};

struct usage_deps {
    const struct clock *clock;
    const struct fs *fs;
    const struct store *store;
    const struct locks *locks;
    const struct log *log;
    const struct zone *ny; /* the server's day ends at 20:00 New York */
};

/* What the state file says. */
struct usage_state {
    struct date date; /* UTC, of the counters */
    int64_t calls_today;
    struct {
        char name[USAGE_NAME_MAX];
        int64_t calls;
    } by_endpoint[USAGE_NAMES_MAX];
    size_t by_endpoint_len;
    struct window window;
    int64_t header_count, header_limit; /* told by the server; -1 = not yet */
    int64_t header_at_ns;               /* WHEN_NONE = not yet */
    enum usage_pause pause;
    int64_t pause_until_ns;
    int64_t probe_at_ns; /* last call let through a daily pause; WHEN_NONE = none */
    int64_t strike_at_ns[USAGE_STRIKES_MAX];
    size_t strikes;       /* minute refusals in a row */
    int64_t warned_level; /* 0, 75 or 90 percent, of the date */
    double rate_per_min;  /* calls a minute, mean that forgets with a time constant of 15 min */
    int64_t rate_at_ns;
    bool is_live; /* a live process wrote it */
};

struct usage {
    struct usage_deps deps;
    struct usage_limits limits;
    struct usage_state state;
    struct fs_stat stamp;
    bool is_loaded;
    bool is_unsaved; /* memory knows more than the file, and the next reservation will write it */
    bool must_save;  /* the file was healed to less than memory knows */
    int64_t write_failed_at_ns;
};

enum usage_verdict {
    USAGE_ADMITTED,
    USAGE_SERVER_BACKOFF,
    USAGE_DAILY_CAP,
    USAGE_MINUTE_CAP,
    USAGE_ENDPOINT_CAP,
    USAGE_LIVE_ROOT /* a mock call, and the file belongs to live processes */
};

struct usage_ask {
    const char *name;    /* policy, "" = none: counted in the day only */
    int64_t cap_per_day; /* of the policy, 0 = none                    */
    bool is_probe;       /* the call that may test a daily pause every 30 minutes */
    bool is_retry;       /* a further attempt: the pause is not asked again (TR-8) */
};

void usage_init(struct usage *u, const struct usage_deps *deps, const struct usage_limits *limits);
void usage_done(struct usage *u); /* writes what is only in memory */

/*
 * Reserves one attempt, or says what stands against it; the order is pause, day, minute, endpoint.
 *
 * ret_wait_ns  for USAGE_MINUTE_CAP the time until the oldest request of the window is 60 s old,
 * otherwise -1 (not known)
 */
enum usage_verdict usage_reserve(struct usage *u, const struct usage_ask *ask,
                                 int64_t *ret_wait_ns);

/* "server_backoff", "daily_cap", "per_minute_cap", "endpoint_cap", "mock_in_live_root", "" for
 * admitted. */
const char *usage_reason(enum usage_verdict v);

/* The server's own count and limit of its quota day (x-uw-daily-req-count, x-uw-token-req-limit).
 */
void usage_told(struct usage *u, int64_t count, int64_t limit);

/* The server answered 200: refusals in a row are forgotten, a daily pause ends. */
void usage_succeeded(struct usage *u);

/*
 * The server answered 429.
 *
 * is_daily       its body speaks of the day, or its own count stands at its limit; a third refusal
 * in a row within 10 minutes means the same (spec 20 TR-9) retry_after_s  1..120 is obeyed,
 * anything else is 60 returns        the kind of pause that was entered
 *
 * A minute pause lasts retry_after_s, a daily one until the next 20:00 New York and 60 s.
 */
enum usage_pause usage_refused(struct usage *u, bool is_daily, int64_t retry_after_s);

/* The server answered 401 or 403: 900 s. */
void usage_auth_failed(struct usage *u);

const char *usage_pause_name(enum usage_pause p); /* "", "minute", "daily", "auth" */

/* The budget at a glance, for schedules and screens; reads the file if another process has changed
 * it. */
struct usage_view {
    int64_t calls_today, cap;
    enum usage_pause pause;
    int64_t pause_until_ns; /* WHEN_NONE where there is none */
    int64_t probe_next_ns;  /* when a daily pause may be tested; WHEN_NONE otherwise */
    double rate_per_min;
    int64_t exhausted_at_ns; /* at this rate, before the day ends; WHEN_NONE otherwise */
};
struct usage_view usage_view(struct usage *u);

/* floor(per_day * buffer), and no more than floor(server's limit * buffer) once that is known
 * (CL-3). */
int64_t usage_cap(const struct usage *u);

#endif

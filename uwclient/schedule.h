/*
 * When which job is polled (spec 20 3.4 to 3.7).  Pure: job states and the time in, the next job
 * out.
 *
 * A job is due an interval after its last success, when nothing stands against it (a retry time, a
 * rest, the session).  Among due jobs the priority decides, then who waits longest, then the order
 * of the list.
 *
 * No job starves: one that has waited a whole further interval - or ten minutes for its first
 * answer - ranks with the most urgent, ordered by how many of its intervals it is late.  In a
 * market day at its own pace that never happens; when the budget or the machine cannot keep up, all
 * jobs get slower together.
 */
#ifndef UWCLIENT_SCHEDULE_H
#define UWCLIENT_SCHEDULE_H

#include "config/config.h"
#include "model/calendar.h"
#include "model/symbol.h"
#include "uwclient/endpoints.h"

enum {
    JOB_KEY_MAX = 64,
    JOB_REFUSALS_MAX = 3 /* 404 or 422 in a row: the job rests for a day */
};

/* A job that nothing but a restart can help. */
#define JOB_DISABLED_FOR_GOOD INT64_MAX

struct job {
    enum uw_job kind;
    char symbol[SYMBOL_MAX]; /* "" for the whole market */
    int64_t interval_ns;
    int64_t last_ok_ns, last_try_ns;        /* WHEN_NONE = never */
    int64_t retry_at_ns, disabled_until_ns; /* WHEN_NONE = nothing */
    int64_t errors;                         /* in a row */
    int64_t refusals;                       /* 404, 422 in a row */
    int64_t plain_until_ns; /* until then greek_exposure asks without its parameter */
};

struct schedule {
    struct job *job;
    size_t len, cap;
    int64_t started_ns; /* jobs that never ran wait from here, or from the open */
};

/* Builds the jobs of the configured symbols; states of jobs that were there are kept, others are
 * dropped. */
void schedule_configure(struct schedule *s, const struct name_list *tickers,
                        const struct name_list *etfs, int64_t now_ns);
void schedule_done(struct schedule *s);

void job_key(const struct job *j, char ret_key[JOB_KEY_MAX]); /* "option_flow:ACME" */
struct job *schedule_find(const struct schedule *s, const char *key);

struct schedule_now {
    int64_t now_ns;
    enum market_phase phase;
    int64_t open_ns; /* of the day's session, WHEN_NONE without one */
    double used;     /* part of the daily cap that is spent */
    bool probe_only; /* a daily pause: only the market tide may test it */
};

/*
 * The job to run now, NULL if none is due; then ret_due_ns is the next instant at which one may be
 * (INT64_MAX: none before something else changes).
 */
struct job *schedule_next(const struct schedule *s, const struct schedule_now *now,
                          int64_t *ret_due_ns);

/* How a poll ended, as far as its job is concerned. */
enum job_outcome {
    JOB_OK,
    JOB_MINUTE_CAP, /* wait_ns says how long               */
    JOB_DAY_CAP,
    JOB_ENDPOINT_CAP,
    JOB_PAUSED,    /* until_ns: the server's pause        */
    JOB_FAILED,    /* 5xx, transport, schema              */
    JOB_REFUSED,   /* 404, 422                            */
    JOB_AUTH,      /* 401, 403, no key                    */
    JOB_IMPOSSIBLE /* endpoint, parameter, scope          */
};

/* True if the job now rests for a day because it was refused so often. */
bool schedule_result(struct job *j, enum job_outcome outcome, int64_t wait_or_until_ns,
                     int64_t now_ns);

/*
 * The interval of the earnings calendar by the days to the next report: an hour up to 2 days, six
 * hours up to 7, a day up to 30, otherwise a week.
 */
int64_t schedule_calendar_interval_ns(bool has_date, struct date earnings, struct date today);

/* Requests the daemon may have in any 60 s: four fifths of the limit, at least one. */
int64_t schedule_pace(int64_t rate_limit_per_min);

/* state/smart_poller.json */
struct json;
void schedule_encode(const struct schedule *s, struct text *to);
void schedule_decode(struct schedule *s, const struct json *doc, int64_t now_ns);

#endif

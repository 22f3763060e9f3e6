/*
 * The programs of a trading day, when each is due, and what has become of them (spec 40 1.3).
 *
 *   day_plan.c     pure: the table of steps, due times, what to do next
 *   day_record.c   state/day_run.json: which steps of the day have run, and how they ended
 *   cmd_day.c      `stockbot day`
 *
 * Two phases.  Before the open: a failed regression run ends it, for documents that were built by
 * programs known to be broken are worse than none (contract 4.7).  After the close: every step is
 * tried, whatever the others gave.
 */
#ifndef SCRIPTS_DAY_PLAN_H
#define SCRIPTS_DAY_PLAN_H

#include "base/store.h"
#include "model/calendar.h"

#define DAY_RUN_PATH  "state/day_run.json"
#define DAY_LOCK_PATH "state/day.lock" /* of `stockbot day`, as of every runner */

enum { DAY_STEPS = 14, DAY_STEP_ARGS = 4, DAY_ATTEMPTS_MAX = 3, DAY_RETRY_MIN = 10 };

enum day_phase { DAY_PREMARKET, DAY_POSTCLOSE };

enum day_clock {
    DAY_NEW_YORK,    /* minutes after midnight, New York */
    DAY_AFTER_CLOSE, /* minutes after the actual close of the session */
    DAY_UTC_MORROW   /* minutes after the UTC day of the session is over */
};

struct day_step {
    const char *id;     /* of its record; a runner may run twice a day */
    const char *runner; /* command */
    const char *args[DAY_STEP_ARGS];
    bool takes_date;
    const char *mock_option; /* given in mock mode; NULL: it needs none */
    enum day_phase phase;
    enum day_clock clock;
    int minutes;
    int limit_s;     /* real seconds */
    bool ends_phase; /* its failure does */
};

extern const struct day_step DAY_PLAN[DAY_STEPS];

enum day_status { DAY_TO_DO, DAY_RUNNING, DAY_DONE, DAY_FAILED };

struct day_record {
    enum day_status status;
    int64_t attempts;
    int64_t rc;         /* of the last one */
    int64_t started_ns; /* WHEN_NONE before the first one */
    double seconds;     /* of the last one */
};

struct day_run {
    struct date date;
    struct day_record step[DAY_STEPS];
};

/* When the step is due on the day of the session, UTC. */
int64_t day_due_ns(const struct day_step *step, const struct session *session,
                   const struct zone *ny);

/* True once a step that ends its phase has failed for good, or failed and may be tried later. */
bool day_phase_is_stopped(const struct day_run *run, enum day_phase phase);

/*
 * Whether a due step may be started: not done, tried less than DAY_ATTEMPTS_MAX times, and
 * DAY_RETRY_MIN minutes after the last try.  One that was running when its program was killed is
 * tried again at once.
 */
bool day_may_try(const struct day_record *r, int64_t now_ns);

struct store_spec day_run_spec(void);
/* Records of another date are not of this run: everything is to do. */
struct day_run day_run_decode(const struct json *doc, struct date date);
void day_run_encode(const struct day_run *run, int64_t now_ns, struct text *ret_json);
const char *day_status_name(enum day_status s);

#endif

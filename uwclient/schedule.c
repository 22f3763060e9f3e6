#include "uwclient/schedule.h"

#define FUTURE_MAX_NS     NS_PER_MIN /* a later stamp is from a clock that was stepped back */
#define FIRST_PATIENCE_NS (10 * NS_PER_MIN) /* a job without any answer yet */
#define RETRY_BASE_NS     (30 * NS_PER_S)
#define RETRY_MAX_NS      (900 * NS_PER_S)
#define AUTH_REST_NS      (900 * NS_PER_S)

static const double LADDER_SLOW = 0.80; /* of the daily cap: priorities 4 to 6 at half their pace */
static const double LADDER_FEW = 0.92;  /* only priorities 1 and 2 */

void
schedule_done(struct schedule *s)
{
    free(s->job);
    *s = (struct schedule){0};
}

void
job_key(const struct job *j, char ret_key[JOB_KEY_MAX])
{
    const char *name = uw_job_row(j->kind)->name;

    size_t len = strlen(name);

    (void)str_copy(ret_key, JOB_KEY_MAX, name);
    if (j->symbol[0] == '\0') return;
    (void)str_copy(ret_key + len, JOB_KEY_MAX - len, ":");
    (void)str_copy(ret_key + len + 1, JOB_KEY_MAX - len - 1, j->symbol);
}

struct job *
schedule_find(const struct schedule *s, const char *key)
{
    char k[JOB_KEY_MAX];

    for (size_t i = 0; i < s->len; i++) {
        job_key(&s->job[i], k);
        if (str_eq(k, key)) return &s->job[i];
    }
    return NULL;
}

/* ---- building -------------------------------------------------------------------------------- */

static struct job *
find_job(const struct schedule *s, enum uw_job kind, const char *symbol)
{
    for (size_t i = 0; i < s->len; i++) {
        if (s->job[i].kind == kind && str_eq(s->job[i].symbol, symbol)) return &s->job[i];
    }
    return NULL;
}

static void
add_job(struct schedule *s, const struct schedule *old, enum uw_job kind, const char *symbol)
{
    const struct job *known = find_job(old, kind, symbol);

    if (s->len == s->cap) {
        s->cap = s->cap == 0 ? 512 : 2 * s->cap;
        s->job = realloc(s->job, s->cap * sizeof *s->job);
        ASSERT(s->job != NULL);
    }
    struct job *j = &s->job[s->len++];
    if (known != NULL) {
        *j = *known;
        return;
    }
    *j = (struct job){
        .kind = kind,
        .interval_ns = uw_job_row(kind)->interval_s * NS_PER_S,
        .last_ok_ns = WHEN_NONE,
        .last_try_ns = WHEN_NONE,
        .retry_at_ns = WHEN_NONE,
        .disabled_until_ns = WHEN_NONE,
        .plain_until_ns = WHEN_NONE,
    };
    (void)str_copy(j->symbol, sizeof j->symbol, symbol); /* a valid symbol fits */
}

static bool
list_has(const struct name_list *list, const char *symbol)
{
    for (size_t i = 0; i < list->len; i++) {
        if (str_eq_nocase(list->item[i], symbol)) return true;
    }
    return false;
}

static bool
is_for(enum uw_job_per per, bool is_etf)
{
    switch (per) {
    case UW_WHOLE_MARKET:
        return false;
    case UW_EACH_SYMBOL:
        return true;
    case UW_EACH_ETF:
        return is_etf;
    case UW_EACH_STOCK:
        return !is_etf;
    }
    return false;
}

void
schedule_configure(struct schedule *s, const struct name_list *tickers,
                   const struct name_list *etfs, int64_t now_ns)
{
    struct schedule built = {.started_ns = now_ns};

    for (size_t k = 0; k < UW_JOBS_LEN; k++) {
        const struct uw_job_row *row = uw_job_row((enum uw_job)k);
        if (row->when == UW_NEVER) continue;
        if (row->per == UW_WHOLE_MARKET) add_job(&built, s, (enum uw_job)k, "");
        for (size_t i = 0; i < tickers->len; i++) {
            char symbol[SYMBOL_MAX];
            if (!symbol_set(symbol, tickers->item[i])) continue;
            if (is_for(row->per, list_has(etfs, symbol)) &&
                find_job(&built, (enum uw_job)k, symbol) == NULL)
                add_job(&built, s, (enum uw_job)k, symbol);
        }
    }
    schedule_done(s);
    *s = built;
}

/* ---- due ------------------------------------------------------------------------------------- */

static int64_t
interval_of(const struct job *j, const struct uw_job_row *row, double used)
{
    bool is_slow = used >= LADDER_SLOW && row->priority >= 4 && row->priority <= 6;

    return is_slow ? 2 * j->interval_ns : j->interval_ns;
}

static bool
is_allowed(const struct job *j, const struct uw_job_row *row, const struct schedule_now *now)
{
    if (row->when == UW_IN_SESSION && now->phase != PHASE_OPEN) return false;
    if (now->probe_only) return j->kind == UW_JOB_MARKET_TIDE;
    if (now->used >= 1.0) return false;
    return now->used < LADDER_FEW || row->priority <= 2;
}

/* Stamps of the future are those of a clock that has been stepped back since. */
static bool
is_believable(int64_t at_ns, int64_t now_ns)
{
    return at_ns != WHEN_NONE && at_ns <= now_ns + FUTURE_MAX_NS;
}

static int64_t
due_at(const struct schedule *s, const struct job *j, const struct uw_job_row *row,
       const struct schedule_now *now)
{
    bool has_run = is_believable(j->last_ok_ns, now->now_ns);
    bool has_tried = j->last_try_ns == WHEN_NONE || is_believable(j->last_try_ns, now->now_ns);
    int64_t due_ns =
        has_run ? j->last_ok_ns + interval_of(j, row, now->used) : MIN(s->started_ns, now->now_ns);

    if (j->disabled_until_ns == JOB_DISABLED_FOR_GOOD) return INT64_MAX;
    if (now->probe_only) return now->now_ns; /* the pause that is to be tested set the retry time */
    if (has_tried && j->retry_at_ns != WHEN_NONE) due_ns = MAX(due_ns, j->retry_at_ns);
    if (has_tried && j->disabled_until_ns != WHEN_NONE) due_ns = MAX(due_ns, j->disabled_until_ns);
    bool waits_for_open = row->when == UW_IN_SESSION && now->open_ns != WHEN_NONE;
    return waits_for_open ? MAX(due_ns, now->open_ns) : due_ns;
}

/* How many of its own intervals the job is late. */
static double
lateness(const struct job *j, const struct uw_job_row *row, int64_t due_ns,
         const struct schedule_now *now)
{
    int64_t patience_ns = interval_of(j, row, now->used);
    bool is_first = !is_believable(j->last_ok_ns, now->now_ns);

    /* Jobs that may run at any hour have the evening, too: they never hold up the market's. */
    if (is_first && row->when == UW_IN_SESSION) patience_ns = MIN(patience_ns, FIRST_PATIENCE_NS);
    return (double)(now->now_ns - due_ns) / (double)patience_ns;
}

struct rank {
    int priority;
    double late; /* of jobs that waited too long; 0 for the others */
    int64_t overdue_ns;
};

static struct rank
rank_of(const struct job *j, const struct uw_job_row *row, int64_t due_ns,
        const struct schedule_now *now)
{
    struct rank r = {.priority = row->priority, .overdue_ns = now->now_ns - due_ns};
    double late = lateness(j, row, due_ns, now);

    if (late >= 1.0) {
        r.priority = 1;
        r.late = late;
    }
    return r;
}

static bool
is_before(const struct rank *a, const struct rank *b)
{
    if (a->priority != b->priority) return a->priority < b->priority;
    if (a->late > b->late || a->late < b->late) return a->late > b->late;
    return a->overdue_ns > b->overdue_ns;
}

struct job *
schedule_next(const struct schedule *s, const struct schedule_now *now, int64_t *ret_due_ns)
{
    struct job *best = NULL;
    struct rank best_rank = {0};
    int64_t next_ns = INT64_MAX;

    for (size_t i = 0; i < s->len; i++) {
        struct job *j = &s->job[i];
        const struct uw_job_row *row = uw_job_row(j->kind);
        if (!is_allowed(j, row, now)) continue;
        int64_t due_ns = due_at(s, j, row, now);
        if (due_ns > now->now_ns) {
            next_ns = MIN(next_ns, due_ns);
            continue;
        }
        struct rank r = rank_of(j, row, due_ns, now);
        if (best != NULL && !is_before(&r, &best_rank)) continue;
        best = j;
        best_rank = r;
    }
    *ret_due_ns = best != NULL ? now->now_ns : next_ns;
    return best;
}

/* ---- results --------------------------------------------------------------------------------- */

static int64_t
next_utc_midnight(int64_t now_ns)
{
    return (date_to_days(when_to_civil(now_ns).date) + 1) * NS_PER_DAY;
}

/* 30 s, 60 s, 120 s ... and no more than 15 minutes or the job's own interval. */
static int64_t
retry_delay(const struct job *j)
{
    int64_t doublings = MIN(j->errors - 1, (int64_t)10);

    return MIN(MIN(RETRY_BASE_NS << doublings, RETRY_MAX_NS), j->interval_ns);
}

bool
schedule_result(struct job *j, enum job_outcome outcome, int64_t wait_or_until_ns, int64_t now_ns)
{
    if (outcome != JOB_REFUSED) j->refusals = 0;
    switch (outcome) {
    case JOB_OK:
        j->last_ok_ns = now_ns;
        j->errors = 0;
        j->retry_at_ns = j->disabled_until_ns = WHEN_NONE;
        return false;
    case JOB_MINUTE_CAP:
        j->retry_at_ns = now_ns + MAX(NS_PER_S, wait_or_until_ns);
        return false;
    case JOB_DAY_CAP:
        j->retry_at_ns = next_utc_midnight(now_ns);
        return false;
    case JOB_ENDPOINT_CAP:
        j->disabled_until_ns = next_utc_midnight(now_ns);
        return false;
    case JOB_PAUSED:
        j->retry_at_ns = wait_or_until_ns;
        return false;
    case JOB_FAILED:
        j->errors++;
        j->retry_at_ns = now_ns + retry_delay(j);
        return false;
    case JOB_REFUSED:
        j->errors++;
        j->retry_at_ns = now_ns + j->interval_ns;
        if (++j->refusals < JOB_REFUSALS_MAX) return false;
        j->refusals = 0;
        j->disabled_until_ns = now_ns + NS_PER_DAY;
        return true;
    case JOB_AUTH:
        j->retry_at_ns = now_ns + AUTH_REST_NS;
        return false;
    case JOB_IMPOSSIBLE:
        j->disabled_until_ns = JOB_DISABLED_FOR_GOOD;
        return false;
    }
    return false;
}

int64_t
schedule_calendar_interval_ns(bool has_date, struct date earnings, struct date today)
{
    int64_t days = has_date ? date_to_days(earnings) - date_to_days(today) : INT64_MAX;

    if (days < -1 || days > 30) return 604800 * NS_PER_S;
    if (days <= 2) return 3600 * NS_PER_S;
    return (days <= 7 ? 21600 : 86400) * NS_PER_S;
}

int64_t
schedule_pace(int64_t rate_limit_per_min)
{
    return MAX(rate_limit_per_min * 4 / 5, (int64_t)1);
}

#include "uwclient/usage.h"

#include <math.h>

#include "uwclient/quota_log.h"
#include "uwclient/usage_file.h"

#define LOCK_WAIT_MS 2000
#define PAUSE_MAX_NS                                                                               \
    (24 * NS_PER_HOUR + 5 * NS_PER_MIN) /* a longer stored pause is not believed                   \
                                         */
#define PAUSE_AUTH_NS      (900 * NS_PER_S)
#define PAUSE_MARGIN_NS    NS_PER_MIN /* after the server's reset */
#define PROBE_EVERY_NS     (30 * NS_PER_MIN)
#define STRIKES_WITHIN_NS  (10 * NS_PER_MIN)
#define WRITE_EVENT_NS     NS_PER_MIN
#define HEADER_LIMIT_MAX   10000000
#define RESET_HOUR_NY      20
#define RETRY_AFTER_MAX_S  120
#define RETRY_AFTER_DFLT_S 60

void
usage_init(struct usage *u, const struct usage_deps *deps, const struct usage_limits *limits)
{
    *u = (struct usage){.deps = *deps, .limits = *limits, .write_failed_at_ns = WHEN_NONE};
    usage_state_reset(&u->state, (struct date){1970, 1, 1});
}

static struct date
utc_date(int64_t at_ns)
{
    return when_to_civil(at_ns).date;
}

/* ---- the file -------------------------------------------------------------------------------- */

static struct fs_stat
look(const struct usage *u)
{
    struct fs_stat st;

    if (u->deps.fs->stat(u->deps.fs->self, USAGE_PATH, &st, NULL) != RC_OK)
        return (struct fs_stat){0};
    return st;
}

/* Of two counts of the same day the higher one is right: each may have missed calls, none counts
 * too many. */
static void
raise_counts(struct usage_state *s, const struct usage_state *other)
{
    if (date_cmp(s->date, other->date) != 0) return;
    s->calls_today = MAX(s->calls_today, other->calls_today);
    s->warned_level = MAX(s->warned_level, other->warned_level);
    for (size_t i = 0; i < other->by_endpoint_len; i++) {
        int64_t *calls = usage_count_of(s, other->by_endpoint[i].name);
        if (calls != NULL) *calls = MAX(*calls, other->by_endpoint[i].calls);
    }
}

/* The same request seen twice: by its monotonic time, else by its wall time, which files round a
 * little. */
static bool
window_has(const struct window *w, int64_t wall_ns, int64_t mono_ns)
{
    for (size_t i = 0; i < w->len; i++) {
        bool is_known = mono_ns != 0 && w->at[i].mono_ns != 0;
        if (is_known ? w->at[i].mono_ns == mono_ns : llabs(w->at[i].wall_ns - wall_ns) <= NS_PER_US)
            return true;
    }
    return false;
}

static void
join_windows(struct window *to, const struct window *from)
{
    for (size_t i = 0; i < from->len; i++) {
        struct window_now at = {.wall_ns = from->at[i].wall_ns, .mono_ns = from->at[i].mono_ns};
        if (!window_has(to, at.wall_ns, at.mono_ns)) window_add(to, &at);
    }
}

/* What this process knew and could not write yet, laid over what the file says. */
static void
merge_unsaved(struct usage_state *s, const struct usage_state *mine)
{
    raise_counts(s, mine);
    join_windows(&s->window, &mine->window);
    if (mine->header_at_ns > s->header_at_ns) {
        s->header_count = mine->header_count;
        s->header_limit = mine->header_limit;
        s->header_at_ns = mine->header_at_ns;
    }
    if (mine->pause != PAUSE_NONE && mine->pause_until_ns > s->pause_until_ns) {
        s->pause = mine->pause;
        s->pause_until_ns = mine->pause_until_ns;
        s->probe_at_ns = mine->probe_at_ns;
    }
}

/* Counts again, from the log of attempts, what was spent on the state's date and in the last
 * minute. */
static void
reseed(struct usage *u, const char *why)
{
    struct usage_state counted;
    struct window_now now = window_now(u->deps.clock);
    int64_t before = u->state.calls_today;

    usage_state_reset(&counted, u->state.date);
    (void)quota_count(u->deps.fs, &now, &counted); /* how many lines there were does not matter */
    raise_counts(&u->state, &counted);
    join_windows(&u->state.window, &counted.window);
    if (u->state.calls_today <= before) return;
    u->is_unsaved = true;
    log_event(u->deps.log, EV_UW_USAGE_RESEEDED, F_I64("calls_today", u->state.calls_today),
              F_I64("before", before), F_STR("why", why));
}

/*
 * The first reading of a process is checked against the log whatever the file says: it may be the
 * older generation that somebody healed a moment ago and did not live to correct.
 */
static void
load(struct usage *u, const struct fs_stat *seen)
{
    struct store_spec spec = usage_store_spec();
    enum store_origin origin = STORE_FILE;
    struct usage_state mine = u->state;
    CLEANUP(json_freep) struct json *doc = store_load(u->deps.store, &spec, &origin);

    usage_state_decode(doc, &u->state);
    /* The default that a healing reader left behind is no count either. */
    bool is_default = date_cmp(u->state.date, (struct date){1970, 1, 1}) == 0;
    bool is_ours = origin == STORE_FILE && !is_default;
    u->stamp = *seen;
    if (u->is_loaded && !is_ours) {
        struct usage_state healed = u->state;
        u->state = mine; /* what this process knew is newer than any older generation */
        raise_counts(&u->state, &healed);
    } else if (u->is_loaded && u->is_unsaved) {
        merge_unsaved(&u->state, &mine);
    }
    bool is_first = !u->is_loaded;
    u->is_loaded = true;
    if (is_ours && !is_first) return;
    if (is_default && date_cmp(u->state.date, (struct date){1970, 1, 1}) == 0)
        u->state.date = utc_date(clock_now(u->deps.clock));
    reseed(u, origin == STORE_MISSING ? "usage state is missing" : "usage state is behind");
    u->must_save = !is_ours;
    u->stamp = look(u);
}

static void
save(struct usage *u)
{
    CLEANUP(text_free) struct text json = {0};
    struct store_spec spec = usage_store_spec();
    struct err err = {0};
    int64_t now_ns = clock_now(u->deps.clock);

    usage_state_encode(&u->state, usage_cap(u), now_ns, &json);
    if (store_save(u->deps.store, &spec, &json, &err) == RC_OK) {
        u->is_unsaved = u->must_save = false;
    } else {
        u->is_unsaved = true;
        if (u->write_failed_at_ns == WHEN_NONE ||
            llabs(now_ns - u->write_failed_at_ns) >= WRITE_EVENT_NS) {
            u->write_failed_at_ns = now_ns;
            log_event(u->deps.log, EV_UW_USAGE_WRITE_FAILED, F_STR("path", USAGE_PATH),
                      F_STR("error", err.text));
        }
    }
    u->stamp = look(u);
}

/*
 * A new UTC date starts with empty counters; window, pause and header survive.  What the log
 * already holds of that date is counted: the clock may have been there before.
 */
static void
roll(struct usage *u, int64_t now_ns)
{
    struct date today = utc_date(now_ns);

    if (date_cmp(u->state.date, today) == 0) return;
    u->state.date = today;
    u->state.calls_today = 0;
    u->state.by_endpoint_len = 0;
    u->state.warned_level = 0;
    u->is_unsaved = true;
    reseed(u, "new date");
}

/* False once it is over, and if it is longer than its kind can be: then the clock was stepped back.
 */
static bool
pause_is_believable(const struct usage_state *s, int64_t now_ns)
{
    static const int64_t longest_ns[] = {
        [PAUSE_NONE] = 0,
        [PAUSE_MINUTE] = RETRY_AFTER_MAX_S * NS_PER_S,
        [PAUSE_DAILY] = PAUSE_MAX_NS,
        [PAUSE_AUTH] = PAUSE_AUTH_NS,
    };

    if (s->pause == PAUSE_NONE) return false;
    int64_t left_ns = s->pause_until_ns - now_ns;
    return left_ns > 0 && left_ns <= longest_ns[s->pause];
}

/* Brings memory up to date with the file and the clock; under the lock when it is about to be
 * changed. */
static void
refresh(struct usage *u, const struct window_now *now)
{
    struct fs_stat seen = look(u);

    if (!u->is_loaded || !fs_is_same(&seen, &u->stamp)) load(u, &seen);
    roll(u, now->wall_ns);
    window_prune(&u->state.window, now);
    if (!pause_is_believable(&u->state, now->wall_ns)) {
        u->state.pause = PAUSE_NONE;
        u->state.pause_until_ns = u->state.probe_at_ns = WHEN_NONE;
    }
}

static bool
lock(struct usage *u, struct lock *ret_lock)
{
    *ret_lock = LOCK_NONE;
    return u->deps.locks->acquire(u->deps.locks->self, USAGE_LOCK_PATH, LOCK_WAIT_MS, ret_lock,
                                  NULL) == RC_OK;
}

static void
unlock(struct usage *u, struct lock *held)
{
    u->deps.locks->release(u->deps.locks->self, held);
}

/* ---- limits ---------------------------------------------------------------------------------- */

int64_t
usage_cap(const struct usage *u)
{
    int64_t cap = (int64_t)floor((double)u->limits.per_day * u->limits.buffer);
    int64_t told = u->state.header_limit;

    if (told > 0) cap = MIN(cap, (int64_t)floor((double)told * u->limits.buffer));
    return cap;
}

/* The higher level first, or it would never be reached. */
static int64_t
quota_level(double pct)
{
    if (pct >= 90) return 90;
    return pct >= 75 ? 75 : 0;
}

/* Once a level and day, upwards. */
static void
warn_quota(struct usage *u, int64_t count, int64_t limit, const char *source)
{
    if (limit <= 0) return;
    double pct = 100.0 * (double)count / (double)limit;
    int64_t level = quota_level(pct);

    if (level <= u->state.warned_level) return;
    u->state.warned_level = level;
    log_event(u->deps.log, EV_UW_QUOTA_WARNING, F_SEV(level == 90 ? SEV_ERROR : SEV_WARN),
              F_I64("count", count), F_I64("limit", limit), F_F64("pct", round_dec(pct, 1)),
              F_I64("level", level), F_STR("source", source));
}

static bool
may_probe(const struct usage *u, const struct usage_ask *ask, int64_t now_ns)
{
    const struct usage_state *s = &u->state;

    return ask->is_probe && s->pause == PAUSE_DAILY &&
           (s->probe_at_ns == WHEN_NONE || now_ns - s->probe_at_ns >= PROBE_EVERY_NS);
}

static enum usage_verdict
judge(struct usage *u, const struct usage_ask *ask, const struct window_now *now,
      int64_t *ret_wait_ns)
{
    struct usage_state *s = &u->state;
    int64_t per_min = MIN(u->limits.per_min, (int64_t)WINDOW_MAX);
    const int64_t *named =
        ask->cap_per_day > 0 && *ask->name != '\0' ? usage_count_of(s, ask->name) : NULL;

    if (u->limits.is_mock && s->is_live) return USAGE_LIVE_ROOT;
    if (!ask->is_retry && s->pause != PAUSE_NONE && !may_probe(u, ask, now->wall_ns))
        return USAGE_SERVER_BACKOFF;
    if (s->calls_today >= usage_cap(u)) return USAGE_DAILY_CAP;
    if ((int64_t)s->window.len >= per_min) {
        *ret_wait_ns = window_wait_ns(&s->window, now);
        return USAGE_MINUTE_CAP;
    }
    if (named != NULL && *named >= ask->cap_per_day) return USAGE_ENDPOINT_CAP;
    return USAGE_ADMITTED;
}

static void
count_call(struct usage *u, const struct usage_ask *ask, const struct window_now *now)
{
    struct usage_state *s = &u->state;
    int64_t *named = *ask->name != '\0' ? usage_count_of(s, ask->name) : NULL;

    s->is_live = !u->limits.is_mock;
    s->calls_today++;
    if (named != NULL) ++*named;
    if (s->pause == PAUSE_DAILY && !ask->is_retry) s->probe_at_ns = now->wall_ns;
    window_add(&s->window, now);
    usage_count_rate(s, now->wall_ns);
    warn_quota(u, s->calls_today, usage_cap(u), "local");
}

enum usage_verdict
usage_reserve(struct usage *u, const struct usage_ask *ask, int64_t *ret_wait_ns)
{
    struct lock held;

    *ret_wait_ns = -1;
    if (!lock(u, &held)) {
        *ret_wait_ns = NS_PER_S;
        return USAGE_MINUTE_CAP;
    }
    struct window_now now = window_now(u->deps.clock);
    refresh(u, &now);
    enum usage_verdict verdict = judge(u, ask, &now, ret_wait_ns);
    if (verdict == USAGE_ADMITTED) count_call(u, ask, &now);
    if (verdict == USAGE_ADMITTED || u->must_save) save(u);
    unlock(u, &held);
    return verdict;
}

const char *
usage_reason(enum usage_verdict v)
{
    static const char *const names[] = {
        [USAGE_ADMITTED] = "",
        [USAGE_SERVER_BACKOFF] = "server_backoff",
        [USAGE_DAILY_CAP] = "daily_cap",
        [USAGE_MINUTE_CAP] = "per_minute_cap",
        [USAGE_ENDPOINT_CAP] = "endpoint_cap",
        [USAGE_LIVE_ROOT] = "mock_in_live_root",
    };
    return names[v];
}

/* ---- what the server says -------------------------------------------------------------------- */

/* 20:00 New York on the date of the instant, plus so many days. */
static int64_t
reset_instant(const struct usage *u, int64_t at_ns, int days)
{
    struct date d = date_from_days(date_to_days(zone_date(u->deps.ny, at_ns)) + days);
    struct civil local = {.date = d, .hour = RESET_HOUR_NY};

    return zone_utc(u->deps.ny, &local);
}

static int64_t
next_reset(const struct usage *u, int64_t now_ns)
{
    int64_t today_ns = reset_instant(u, now_ns, 0);

    return today_ns > now_ns ? today_ns : reset_instant(u, now_ns, 1);
}

/* The server's day began at the last 20:00 New York; its count is ours only if that was in our UTC
 * date. */
static bool
server_day_is_ours(const struct usage *u, int64_t now_ns)
{
    int64_t today_ns = reset_instant(u, now_ns, 0);
    int64_t began_ns = today_ns <= now_ns ? today_ns : reset_instant(u, now_ns, -1);

    return date_cmp(utc_date(began_ns), utc_date(now_ns)) == 0;
}

/* Changes the state under the lock and writes it at once; without the lock it stays in memory. */
static void
change(struct usage *u, void (*apply)(struct usage *u, int64_t now_ns, void *ctx), void *ctx)
{
    struct lock held;
    bool is_locked = lock(u, &held);
    struct window_now now = window_now(u->deps.clock);

    if (is_locked) refresh(u, &now);
    apply(u, now.wall_ns, ctx);
    u->is_unsaved = true;
    if (is_locked) {
        save(u);
        unlock(u, &held);
    }
}

static void
apply_warning(struct usage *u, int64_t now_ns, void *ctx)
{
    (void)now_ns;
    (void)ctx;
    warn_quota(u, u->state.header_count, u->state.header_limit, "header");
}

void
usage_told(struct usage *u, int64_t count, int64_t limit)
{
    struct usage_state *s = &u->state;
    int64_t now_ns = clock_now(u->deps.clock);

    if (count < 0 || limit < 1 || limit > HEADER_LIMIT_MAX) return;
    bool has_dropped = s->header_count > count;
    s->header_count = count;
    s->header_limit = limit;
    s->header_at_ns = now_ns;
    u->is_unsaved = true; /* with the next reservation */
    if (!has_dropped && server_day_is_ours(u, now_ns) && date_cmp(s->date, utc_date(now_ns)) == 0)
        s->calls_today = MAX(s->calls_today, count);
    /* A level is written at once, so that no other process says it again. */
    if (quota_level(100.0 * (double)count / (double)limit) > s->warned_level)
        change(u, apply_warning, NULL);
}

static void
apply_success(struct usage *u, int64_t now_ns, void *ctx)
{
    (void)now_ns;
    (void)ctx;
    u->state.strikes = 0;
    u->state.pause = PAUSE_NONE;
    u->state.pause_until_ns = u->state.probe_at_ns = WHEN_NONE;
}

void
usage_succeeded(struct usage *u)
{
    if (u->state.strikes == 0 && u->state.pause == PAUSE_NONE) return;
    change(u, apply_success, NULL);
}

static void
enter_pause(struct usage *u, enum usage_pause kind, int64_t until_ns)
{
    struct usage_state *s = &u->state;
    char iso[ISO_TEXT_MAX];

    s->pause = kind;
    s->pause_until_ns = until_ns;
    s->probe_at_ns = kind == PAUSE_DAILY ? clock_now(u->deps.clock) : WHEN_NONE;
    log_event(u->deps.log, EV_UW_SERVER_BACKOFF, F_STR("reason", usage_pause_name(kind)),
              F_STR("until", when_iso(until_ns, iso)), F_I64("strikes", s->strikes),
              s->header_count < 0 ? F_NULL("daily_count") : F_I64("daily_count", s->header_count),
              s->header_limit < 0 ? F_NULL("daily_limit") : F_I64("daily_limit", s->header_limit));
}

struct refusal {
    bool is_daily;
    int64_t retry_after_s;
    enum usage_pause kind;
};

static void
add_strike(struct usage_state *s, int64_t now_ns)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->strikes; i++) {
        if (llabs(now_ns - s->strike_at_ns[i]) <= STRIKES_WITHIN_NS)
            s->strike_at_ns[kept++] = s->strike_at_ns[i];
    }
    s->strikes = kept;
    if (s->strikes < USAGE_STRIKES_MAX) s->strike_at_ns[s->strikes++] = now_ns;
}

static void
apply_refusal(struct usage *u, int64_t now_ns, void *ctx)
{
    struct usage_state *s = &u->state;
    struct refusal *r = ctx;

    if (!r->is_daily) add_strike(s, now_ns);
    /* A refused probe does not shorten the pause that it tested. */
    bool is_daily = r->is_daily || s->strikes >= USAGE_STRIKES_MAX || s->pause == PAUSE_DAILY;
    bool is_asked = r->retry_after_s >= 1 && r->retry_after_s <= RETRY_AFTER_MAX_S;
    int64_t wait_s = is_asked ? r->retry_after_s : RETRY_AFTER_DFLT_S;

    r->kind = is_daily ? PAUSE_DAILY : PAUSE_MINUTE;
    if (is_daily)
        enter_pause(u, PAUSE_DAILY, next_reset(u, now_ns) + PAUSE_MARGIN_NS);
    else
        enter_pause(u, PAUSE_MINUTE, now_ns + wait_s * NS_PER_S);
}

enum usage_pause
usage_refused(struct usage *u, bool is_daily, int64_t retry_after_s)
{
    struct refusal r = {.is_daily = is_daily, .retry_after_s = retry_after_s};

    change(u, apply_refusal, &r);
    return r.kind;
}

static void
apply_auth(struct usage *u, int64_t now_ns, void *ctx)
{
    (void)ctx;
    enter_pause(u, PAUSE_AUTH, now_ns + PAUSE_AUTH_NS);
}

void
usage_auth_failed(struct usage *u)
{
    change(u, apply_auth, NULL);
}

/* ---- for others ------------------------------------------------------------------------------ */

struct usage_view
usage_view(struct usage *u)
{
    struct window_now now = window_now(u->deps.clock);
    const struct usage_state *s = &u->state;

    refresh(u, &now);
    bool has_probe = s->pause == PAUSE_DAILY && s->probe_at_ns != WHEN_NONE;
    return (struct usage_view){
        .calls_today = s->calls_today,
        .cap = usage_cap(u),
        .pause = s->pause,
        .pause_until_ns = s->pause_until_ns,
        .probe_next_ns = has_probe ? s->probe_at_ns + PROBE_EVERY_NS : WHEN_NONE,
        .rate_per_min = usage_rate(s, now.wall_ns),
        .exhausted_at_ns = usage_exhausted_at(s, usage_cap(u), now.wall_ns),
    };
}

void
usage_done(struct usage *u)
{
    struct lock held;

    if (!u->is_loaded || !u->is_unsaved || !lock(u, &held)) return;
    struct window_now now = window_now(u->deps.clock);
    refresh(u, &now);
    save(u);
    unlock(u, &held);
}

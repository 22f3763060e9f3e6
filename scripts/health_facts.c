#include <limits.h>

#include "base/json.h"
#include "io/inspect.h"
#include "scripts/health_check.h"
#include "scripts/view.h"

#define STORM_WORDS  "Another instance is already running"
#define CACHE_BYTES  ((size_t)256 << 20)
#define EVENTS_BYTES 200000 /* of the log's end */
#define FUTURE_MAX_S 300    /* a stamp further ahead is not believed */

/* Seconds since the instant; unknown for one that lies in the future beyond what clocks differ. */
static double
age_s(int64_t now_ns, int64_t at_ns)
{
    if (at_ns == WHEN_NONE) return HEALTH_AGE_UNKNOWN;
    double age = (double)(now_ns - at_ns) / (double)NS_PER_S;
    if (age < -FUTURE_MAX_S) return HEALTH_AGE_UNKNOWN;
    return MAX(age, 0.0);
}

/* ---- service manager and lock -------------------------------------------------------------- */

static void
gather_service(const struct runner *r, const struct service_manager *manager,
               struct health_facts *f)
{
    char path[PATH_MAX];
    struct unit_state unit = {0};

    (void)snprintf(path, sizeof path, "%s/%s", r->cfg.root, DAEMON_LOCK_PATH);
    struct lock_sight lock = inspect_lock(path);
    f->has_lock_file = lock.exists;
    f->lock_pid = lock.named_pid;
    f->is_lock_held = lock.held == LOCK_SEEN_UNKNOWN ? KNOWN_NOT
                      : lock.held == LOCK_SEEN_HELD  ? KNOWN_YES
                                                     : KNOWN_NO;
    f->is_manager_there = manager->unit(manager->self, DAEMON_UNIT, &unit, NULL) == RC_OK;
    f->main_pid = f->is_manager_there ? unit.main_pid : lock.named_pid;
    f->is_main_alive = inspect_is_alive(f->main_pid);
    f->restarts = unit.restarts;
    (void)str_copy(f->active, sizeof f->active, unit.active); /* as long as ours */
    (void)str_copy(f->sub, sizeof f->sub, unit.sub);
    (void)str_copy(f->result, sizeof f->result, unit.result);
    f->has_storm_count = manager->count_lines(manager->self, DAEMON_UNIT, STORM_WORDS,
                                              &f->storm_lines, NULL) == RC_OK;
}

/* ---- the flow cache ------------------------------------------------------------------------ */

/* The member _metadata, without building the tree of a large file.  RC_NOT_FOUND where there is
 * none, another code for a file that is no cache. */
static enum rc
read_metadata(const struct fs *fs, struct json **ret_meta)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct json_scan scan;
    struct json_span span;
    enum rc rc = fs->read_all(fs->self, DAEMON_CACHE_PATH, CACHE_BYTES, &bytes, NULL);

    if (rc != RC_OK) return rc == RC_NOT_FOUND ? RC_IO : rc;
    json_scan_init(&scan, text_str(&bytes), bytes.len);
    while ((rc = json_scan_next(&scan, &span, NULL)) == RC_OK) {
        if (span.key_len != strlen("_metadata") || memcmp(span.key, "_metadata", span.key_len) != 0)
            continue;
        return json_parse(span.value, span.value_len, JSON_STRICT, &JSON_LIMITS_FILE, ret_meta,
                          NULL);
    }
    return rc;
}

static int64_t
epoch_at(const struct json *meta, const char *key)
{
    double epoch_s = json_f64(meta, key, 0);

    return epoch_s > 0 ? when_from_s_f64(epoch_s) : WHEN_NONE;
}

/*
 * The age is that of the daemon's own stamp, because whoever else writes the file keeps its time
 * young.  A file without such a stamp is as old as its time says; one that is no cache has no age.
 */
static void
gather_cache(const struct runner *r, int64_t now_ns, struct health_facts *f)
{
    CLEANUP(json_freep) struct json *meta = NULL;
    struct fs_stat st = {0};

    f->poll_age_s = f->cache_age_s = f->flow_age_s = HEALTH_AGE_UNKNOWN;
    if (r->fs.stat(r->fs.self, DAEMON_CACHE_PATH, &st, NULL) != RC_OK || !st.exists) return;
    f->cache_age_s = age_s(now_ns, st.mtime_ns);
    enum rc rc = read_metadata(&r->fs, &meta);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return;
    bool is_daemons = str_eq(json_str(meta, "updated_by", NULL), "uw_flow_daemon");
    f->poll_age_s = is_daemons ? age_s(now_ns, epoch_at(meta, "last_update")) : f->cache_age_s;
    f->flow_age_s = age_s(now_ns, epoch_at(meta, "last_flow_success_ts"));
    (void)str_copy(f->daemon_status, sizeof f->daemon_status, json_str(meta, "status", ""));
}

static bool
flow_is_due(const struct zone *ny, int64_t now_ns)
{
    struct session day = calendar_session_at(ny, now_ns);

    return day.kind != SESSION_NONE && now_ns < day.close_ns &&
           now_ns >= day.open_ns + HEALTH_FLOW_GRACE_S * NS_PER_S;
}

/* ---- events -------------------------------------------------------------------------------- */

struct counter {
    struct health_facts *facts;
    int64_t since_ns; /* WHEN_NONE: all count */
};

/* A record without a readable time counts: better one too many than a spike unseen. */
static bool
count_event(void *ctx, const struct json *record)
{
    const struct counter *c = ctx;
    const char *type = json_str(record, "event_type", "");
    bool is_block = str_eq(type, "uw_rate_limit_block");
    bool is_invalid = str_eq(type, "uw_invalid_endpoint_attempt");

    if (!is_block && !is_invalid) return true;
    int64_t at_ns = when_parse_or_none(json_str(record, "timestamp", ""));
    if (at_ns != WHEN_NONE && at_ns < c->since_ns) return true;
    if (is_block)
        c->facts->rate_limit_blocks++;
    else
        c->facts->invalid_endpoints++;
    return true;
}

struct health_facts
health_gather(const struct runner *r, const struct service_manager *manager,
              int64_t endpoint_window_s, int64_t now_ns)
{
    struct health_facts f = {0};
    struct counter c = {&f, WHEN_NONE};

    gather_service(r, manager, &f);
    gather_cache(r, now_ns, &f);
    f.is_flow_due = flow_is_due(r->ny, now_ns);
    if (endpoint_window_s > 0) c.since_ns = now_ns - endpoint_window_s * NS_PER_S;
    view_tail(&r->fs, EVENTS_LOG_PATH, EVENTS_BYTES, count_event, &c);
    return f;
}

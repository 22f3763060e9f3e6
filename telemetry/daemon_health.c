#include "telemetry/daemon_health.h"

#define HEAL_EVERY_NS  (10 * NS_PER_MIN)
#define HEAL_WINDOW_NS (6 * NS_PER_HOUR)

const struct health_limits HEALTH_LIMITS_DEFAULT = {
    .poll_age_max_s = 600,
    .restarts_max = 10,
    .endpoint_window_s = 900,
    .endpoint_errors_max = 20,
};

/* ---- the checks (contract 4.16) ------------------------------------------------------------ */

/*
 * The file is there, nobody has found the lock free, and it names the process that the manager
 * runs.
 */
static bool
lock_is_ok(const struct health_facts *f, bool pid_ok)
{
    if (!f->has_lock_file || f->is_lock_held == KNOWN_NO) return false;
    return !pid_ok || f->lock_pid <= 0 || f->lock_pid == f->main_pid;
}

static bool
age_is_at_most(double age_s, double max_s)
{
    return age_s >= 0 && age_s <= max_s;
}

static bool
is_in_crash_loop(const struct health_facts *f)
{
    return f->is_manager_there && (!str_eq(f->active, "active") || str_eq(f->sub, "failed") ||
                                   str_eq(f->sub, "auto-restart") || str_eq(f->sub, "dead"));
}

/* A daemon that says it is limited (budget, server) is known to have no new flow. */
static bool
flow_is_fresh(const struct health_facts *f)
{
    return !f->is_flow_due || str_starts(f->daemon_status, "limited") ||
           age_is_at_most(f->flow_age_s, HEALTH_FLOW_MAX_S);
}

struct health_verdict
health_evaluate(const struct health_facts *f, const struct health_limits *limits)
{
    struct health_verdict v = {0};

    v.pid_ok = f->main_pid > 0 && f->is_main_alive;
    v.lock_ok = lock_is_ok(f, v.pid_ok);
    v.poll_fresh = age_is_at_most(f->poll_age_s, (double)limits->poll_age_max_s);
    v.crash_loop = is_in_crash_loop(f);
    v.high_restarts = f->is_manager_there && !v.crash_loop && f->restarts > limits->restarts_max;
    v.endpoint_errors = f->rate_limit_blocks + f->invalid_endpoints >= limits->endpoint_errors_max;
    v.restart_storm = f->has_storm_count && f->storm_lines > HEALTH_STORM_LINES;
    v.flow_fresh = flow_is_fresh(f);

    bool is_critical = !v.pid_ok || !v.lock_ok || v.crash_loop;
    bool is_warning =
        !v.poll_fresh || v.high_restarts || v.endpoint_errors || v.restart_storm || !v.flow_fresh;
    v.status = is_critical ? HEALTH_CRITICAL : is_warning ? HEALTH_WARNING : HEALTH_OK;
    return v;
}

const char *
health_status_name(enum health_status s)
{
    static const char *const names[] = {
        [HEALTH_OK] = "healthy", [HEALTH_WARNING] = "warning", [HEALTH_CRITICAL] = "critical"};

    return names[s];
}

size_t
health_violations(const struct health_verdict *v, const char *ret_names[HEALTH_CHECKS])
{
    const struct {
        bool is_violated;
        const char *name;
    } checks[HEALTH_CHECKS] = {
        {!v->pid_ok,         "pid_issue"         },
        {!v->lock_ok,        "lock_issue"        },
        {!v->poll_fresh,     "poll_issue"        },
        {v->crash_loop,      "crash_loop"        },
        {v->high_restarts,   "high_restart_count"},
        {v->endpoint_errors, "endpoint_errors"   },
        {v->restart_storm,   "restart_storm"     },
        {!v->flow_fresh,     "flow_issue"        },
    };

    size_t len = 0;

    for (size_t i = 0; i < COUNT_OF(checks); i++)
        if (checks[i].is_violated) ret_names[len++] = checks[i].name;
    return len;
}

/* ---- scenarios for drills ------------------------------------------------------------------ */

static struct health_facts
healthy_facts(void)
{
    return (struct health_facts){
        .is_manager_there = true,
        .active = "active",
        .sub = "running",
        .result = "success",
        .main_pid = 12345,
        .is_main_alive = true,
        .has_lock_file = true,
        .lock_pid = 12345,
        .is_lock_held = KNOWN_YES,
        .poll_age_s = 60,
        .cache_age_s = 60,
        .flow_age_s = HEALTH_AGE_UNKNOWN,
        .has_storm_count = true,
    };
}

struct health_facts
health_scenario(const char *name)
{
    struct health_facts f = healthy_facts();

    if (str_eq(name, "missing_pid")) {
        f.main_pid = 0;
        f.is_main_alive = false;
    } else if (str_eq(name, "stale_lock")) {
        f.lock_pid = 99999;
        f.is_lock_held = KNOWN_NO;
    } else if (str_eq(name, "stale_poll")) {
        f.poll_age_s = f.cache_age_s = 3600;
    } else if (str_eq(name, "crash_loop")) {
        f.restarts = 25;
        (void)str_copy(f.active, sizeof f.active, "activating");
        (void)str_copy(f.sub, sizeof f.sub, "auto-restart");
    } else if (str_eq(name, "endpoint_errors")) {
        f.rate_limit_blocks = 50;
        f.invalid_endpoints = 5;
    } else if (str_eq(name, "restart_storm")) {
        f.storm_lines = 120;
    }
    return f;
}

/* ---- how often a restart may be tried ------------------------------------------------------ */

bool
heal_is_allowed(const struct heal_history *h, int64_t now_ns)
{
    size_t recent = 0;

    for (size_t i = 0; i < h->len; i++) {
        int64_t apart_ns = llabs(now_ns - h->at_ns[i]);
        if (apart_ns < HEAL_EVERY_NS) return false;
        if (apart_ns < HEAL_WINDOW_NS) recent++;
    }
    return recent < HEALTH_HEALS_MAX;
}

void
heal_note(struct heal_history *h, int64_t now_ns)
{
    if (h->len == HEALTH_HEALS_KEPT) {
        memmove(h->at_ns, h->at_ns + 1, (HEALTH_HEALS_KEPT - 1) * sizeof h->at_ns[0]);
        h->len--;
    }
    h->at_ns[h->len++] = now_ns;
}

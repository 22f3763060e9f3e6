#include "base/text.h"
#include "intel/schema.h"
#include "io/share.h"
#include "scripts/command.h"
#include "scripts/regress/regress.h"
#include "scripts/view.h"
#include "telemetry/events.h"
#include "uwclient/endpoints.h"
#include "uwclient/spec.h"

#define EVENTS_PATH    "logs/system_events.jsonl"
#define DOC_BYTES_MAX  ((size_t)256 << 20)
#define RUN(r, e, ...) regress_ok((r), (const char *const[]){__VA_ARGS__, NULL}, NULL, (e))

/* ---- running and looking ------------------------------------------------------------------- */

static enum rc
run_with(const struct regress *r, const char *const *args, const char *const *more, int status,
         struct step_end *ret_end, struct err *err)
{
    const char *env[COUNT_OF(r->env) + 8];
    size_t n = 0;

    for (size_t i = 0; r->env[i] != NULL; i++)
        env[n++] = r->env[i];
    for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
        ASSERT(n < COUNT_OF(env) - 1);
        env[n++] = more[i];
    }
    env[n] = NULL;
    const struct step step = {
        .args = args, .env = env, .root = r->root, .limit_s = REGRESS_LIMIT_S};
    enum rc rc = step_run(&step, &r->job->runner.clock, ret_end, err);
    if (rc != RC_OK || ret_end->status == status) return rc;
    return err_set(err, RC_DENIED, "%s ended with %d, %d is wanted: %s", args[0], ret_end->status,
                   status, step_said(ret_end));
}

enum rc
regress_run(const struct regress *r, const char *const *args, int status, struct step_end *ret_end,
            struct err *err)
{
    return run_with(r, args, NULL, status, ret_end, err);
}

enum rc
regress_ok(const struct regress *r, const char *const *args, const char *const *env,
           struct err *err)
{
    CLEANUP(step_end_free) struct step_end end = {0};

    return run_with(r, args, env, EXIT_DONE, &end, err);
}

enum rc
regress_load(const struct fs *fs, const char *path, struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    enum rc rc = fs->read_all(fs->self, path, DOC_BYTES_MAX, &bytes, err);

    if (rc == RC_OK)
        rc = json_parse(text_str(&bytes), bytes.len, JSON_LOG, &JSON_LIMITS_FILE, ret_doc, err);
    return rc == RC_OK ? RC_OK : err_wrap(err, "%s", path);
}

enum rc
regress_load_shipped(const struct regress *r, const char *name, struct json **ret_doc,
                     struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    struct posix_fs posix = {.root_fd = -1};
    enum rc rc = share_find(r->job->runner.cfg.root, name, &path, err);

    if (rc == RC_OK) rc = fs_open("/", &posix, err);
    if (rc != RC_OK) return rc;
    struct fs fs = fs_seam(&posix);
    rc = regress_load(&fs, text_str(&path) + 1, ret_doc, err);
    fs_close(&posix);
    return rc;
}

enum rc
regress_need_file(const struct regress *r, const char *path, struct err *err)
{
    struct fs_stat st = {0};
    enum rc rc = r->fs.stat(r->fs.self, path, &st, err);

    if (rc == RC_OK && (!st.exists || (!st.is_dir && st.size == 0)))
        return err_set(err, RC_NOT_FOUND, "%s was not written", path);
    return rc;
}

static enum rc
need_schema(const struct regress *r, enum schema schema, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    char path[128];

    (void)snprintf(path, sizeof path, "state/%s.json", schema_name(schema));
    enum rc rc = regress_load(&r->fs, path, &doc, err);
    if (rc != RC_OK) return rc;
    rc = schema_check(schema, doc, err);
    return rc == RC_OK ? RC_OK : err_wrap(err, "%s", path);
}

int64_t
regress_events_len(const struct regress *r)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    return r->fs.stat(r->fs.self, EVENTS_PATH, &st, &ignored) == RC_OK ? st.size : 0;
}

enum rc
regress_need_event(const struct regress *r, const char *event, int64_t from, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    char wanted[96];
    enum rc rc = r->fs.read_at(r->fs.self, EVENTS_PATH, from, 4 << 20, &bytes, err);

    if (rc != RC_OK) return rc;
    (void)snprintf(wanted, sizeof wanted, "\"event_type\":\"%s\"", event);
    if (strstr(text_str(&bytes), wanted) != NULL) return RC_OK;
    return err_set(err, RC_NOT_FOUND, "the event %s was not logged", event);
}

/* ---- the client ---------------------------------------------------------------------------- */

enum rc
regress_spec(const struct regress *r, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    struct posix_fs posix = {.root_fd = -1};
    struct spec spec = {0};
    enum rc rc = share_find(r->job->runner.cfg.root, SPEC_PATH, &path, err);

    if (rc == RC_OK) rc = fs_open("/", &posix, err);
    if (rc != RC_OK) return rc;
    struct fs fs = fs_seam(&posix);
    spec_load(&fs, text_str(&path) + 1, NULL, 0, &spec, err);
    if (spec.state != SPEC_OK || spec.ops_len < SPEC_PATHS_MIN)
        rc = err_set(err, RC_PARSE, "%s: %zu paths, at least %d are wanted", text_str(&path),
                     spec.ops_len, SPEC_PATHS_MIN);
    arena_done(&spec.arena);
    fs_close(&posix);
    return rc;
}

enum rc
regress_audit(const struct regress *r, struct err *err)
{
    return RUN(r, err, "audit-uw-endpoints");
}

enum rc
regress_client(const struct regress *r, struct err *err)
{
    return RUN(r, err, "uw", "get", "--help");
}

enum rc
regress_limits(const struct regress *r, struct err *err)
{
    const struct uw_config *uw = &r->job->runner.cfg.uw;

    if (uw->rate_limit_per_min > 0 && uw->daily_limit > 0) return RC_OK;
    return err_set(err, RC_RANGE, "UW_RATE_LIMIT_PER_MIN %lld, UW_DAILY_LIMIT %lld",
                   (long long)uw->rate_limit_per_min, (long long)uw->daily_limit);
}

#define ENFORCE_LIMITS "UW_MOCK_ENFORCE_LIMITS=1"

static const char *const ONE_A_MINUTE[] = {ENFORCE_LIMITS, "UW_RATE_LIMIT_PER_MIN=1", NULL};

static const char *
mock_call(void)
{
    return uw_endpoint_row(UW_EP_TOP_NET_IMPACT)->path;
}

enum rc
regress_get(const struct regress *r, struct err *err)
{
    const char *const args[] = {"uw", "get", mock_call(), "limit=1", NULL};
    static const char *const env[] = {ENFORCE_LIMITS, NULL};
    enum rc rc = regress_ok(r, args, env, err);

    return rc == RC_OK ? need_schema(r, SCHEMA_UW_USAGE_STATE, err) : rc;
}

enum rc
regress_rate_limit(const struct regress *r, struct err *err)
{
    const char *const first[] = {"uw", "get", mock_call(), "limit=2", NULL};
    const char *const second[] = {"uw", "get", mock_call(), "limit=3", "--json", NULL};
    CLEANUP(step_end_free) struct step_end end = {0};

    /* The one call that a minute may hold; where R3's is of this minute, that one was it. */
    (void)!regress_ok(r, first, ONE_A_MINUTE, NULL);
    enum rc rc = run_with(r, second, ONE_A_MINUTE, EXIT_FAILED, &end, err);
    if (rc != RC_OK) return rc;
    if (strstr(text_str(&end.out), "\"_blocked\":true") == NULL)
        return err_set(err, RC_DENIED, "the second call was answered: %s", text_str(&end.out));
    return need_schema(r, SCHEMA_UW_USAGE_STATE, err);
}

enum rc
regress_invalid(const struct regress *r, struct err *err)
{
    static const char *const args[] = {"uw", "get", "INVALID_ENDPOINT", NULL};
    CLEANUP(step_end_free) struct step_end end = {0};
    int64_t from = regress_events_len(r);
    /* The minute is full: where the limit were looked at first, it would be what is said. */
    enum rc rc = run_with(r, args, ONE_A_MINUTE, EXIT_FAILED, &end, err);

    return rc == RC_OK ? regress_need_event(r, "uw_invalid_endpoint_attempt", from, err) : rc;
}

/* ---- universe, intel, regime --------------------------------------------------------------- */

enum rc
regress_universe(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "build-daily-universe", "--mock", "--max", "20", "--core", "10");

    if (rc == RC_OK) rc = need_schema(r, SCHEMA_DAILY_UNIVERSE, err);
    return rc == RC_OK ? need_schema(r, SCHEMA_CORE_UNIVERSE, err) : rc;
}

enum rc
regress_intel(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-premarket-intel", "--mock");

    return rc == RC_OK ? RUN(r, err, "run-postmarket-intel", "--mock") : rc;
}

enum rc
regress_schemas(const struct regress *r, struct err *err)
{
    static const enum schema WANTED[] = {SCHEMA_DAILY_UNIVERSE, SCHEMA_CORE_UNIVERSE,
                                         SCHEMA_DAILY_UNIVERSE_V2, SCHEMA_PREMARKET_INTEL,
                                         SCHEMA_POSTMARKET_INTEL};

    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        enum rc rc = need_schema(r, WANTED[i], err);

        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

enum rc
regress_regime(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-regime-detector");

    return rc == RC_OK ? need_schema(r, SCHEMA_REGIME_STATE, err) : rc;
}

/* ---- reports and health -------------------------------------------------------------------- */

enum rc
regress_intel_pnl(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-daily-intel-pnl", "--date", REGRESS_DATE);

    return rc == RC_OK ? need_schema(r, SCHEMA_UW_INTEL_PNL_SUMMARY, err) : rc;
}

enum rc
regress_health(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-intel-health-checks", "--mock", "--nonfatal");

    return rc == RC_OK ? need_schema(r, SCHEMA_INTEL_HEALTH_STATE, err) : rc;
}

enum rc
regress_dashboard(const struct regress *r, struct err *err)
{
    static const char *const HEADINGS[] = {"UW Flow Daemon Health", "Shadow Trading Snapshot (v2)",
                                           "Exit Intelligence Snapshot (v2)"};
    CLEANUP(text_free) struct text report = {0};
    enum rc rc = RUN(r, err, "run-intel-dashboard", "--date", REGRESS_DATE);

    if (rc == RC_OK)
        rc = r->fs.read_all(r->fs.self, "reports/INTEL_DASHBOARD_" REGRESS_DATE ".md",
                            DOC_BYTES_MAX, &report, err);
    for (size_t i = 0; i < COUNT_OF(HEADINGS) && rc == RC_OK; i++)
        if (strstr(text_str(&report), HEADINGS[i]) == NULL)
            rc = err_set(err, RC_NOT_FOUND, "the report has no %s", HEADINGS[i]);
    return rc;
}

static enum rc
drill(const struct regress *r, const char *scenario, const char *status, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    const char *const args[] = {"run-daemon-health-check", "--mock", "--nonfatal", NULL};
    char variable[64], event[64];
    const char *const env[] = {variable, NULL};
    int64_t from = regress_events_len(r);

    (void)snprintf(variable, sizeof variable, "DAEMON_HEALTH_SCENARIO=%s", scenario);
    (void)snprintf(event, sizeof event, "uw_daemon_health_%s",
                   str_eq(status, "healthy") ? "ok" : status);
    enum rc rc = regress_ok(r, args, env, err);
    if (rc == RC_OK) rc = need_schema(r, SCHEMA_UW_DAEMON_HEALTH_STATE, err);
    if (rc == RC_OK) rc = regress_load(&r->fs, "state/uw_daemon_health_state.json", &doc, err);
    if (rc == RC_OK && !str_eq(json_str(doc, "status", ""), status))
        rc = err_set(err, RC_DENIED, "%s is wanted, %s was found", status,
                     json_str(doc, "status", "nothing"));
    if (rc == RC_OK) rc = regress_need_event(r, event, from, err);
    return rc == RC_OK ? RC_OK : err_wrap(err, "scenario %s", scenario);
}

enum rc
regress_sentinel(const struct regress *r, struct err *err)
{
    static const char *const SCENARIOS[][2] = {
        {"missing_pid",     "critical"},
        {"stale_lock",      "critical"},
        {"stale_poll",      "warning" },
        {"crash_loop",      "critical"},
        {"endpoint_errors", "warning" },
        {"restart_storm",   "warning" },
        {"healthy",         "healthy" }, /* last: readiness wants it */
    };

    for (size_t i = 0; i < COUNT_OF(SCENARIOS); i++) {
        enum rc rc = drill(r, SCENARIOS[i][0], SCENARIOS[i][1], err);

        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

enum rc
regress_day_summary(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-shadow-day-summary", "--date", REGRESS_DATE);

    return rc == RC_OK ? regress_need_file(r, "reports/SHADOW_DAY_SUMMARY_" REGRESS_DATE ".md", err)
                       : rc;
}

enum rc
regress_readiness(const struct regress *r, struct err *err)
{
    static const char *const args[] = {"run-preopen-readiness-check", "--allow-mock", NULL};
    static const char *const env[] = {"PREOPEN_SKIP_REGRESSION=1", NULL};
    int64_t from = regress_events_len(r);
    enum rc rc = regress_ok(r, args, env, err);

    return rc == RC_OK ? regress_need_event(r, "preopen_readiness_ok", from, err) : rc;
}

enum rc
regress_tuning(const struct regress *r, struct err *err)
{
    return RUN(r, err, "v2-tuning-suggestions", "--date", REGRESS_DATE);
}

enum rc
regress_exit_intel(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-premarket-exit-intel", "--mock");

    if (rc == RC_OK) rc = need_schema(r, SCHEMA_PREMARKET_EXIT_INTEL, err);
    if (rc == RC_OK) rc = RUN(r, err, "run-postmarket-exit-intel", "--mock");
    if (rc == RC_OK) rc = need_schema(r, SCHEMA_POSTMARKET_EXIT_INTEL, err);
    if (rc == RC_OK) rc = RUN(r, err, "run-exit-intel-pnl", "--date", REGRESS_DATE);
    if (rc == RC_OK) rc = need_schema(r, SCHEMA_EXIT_INTEL_PNL_SUMMARY, err);
    if (rc == RC_OK) rc = RUN(r, err, "run-exit-day-summary", "--date", REGRESS_DATE);
    return rc == RC_OK ? regress_need_file(r, "reports/EXIT_DAY_SUMMARY_" REGRESS_DATE ".md", err)
                       : rc;
}

enum rc
regress_droplet(const struct regress *r, struct err *err)
{
    enum rc rc = RUN(r, err, "run-uw-intel-on-droplet", "--no-ssh", "--mock", "--full-telemetry",
                     "--date", REGRESS_DATE);

    if (rc == RC_OK)
        rc = regress_need_file(r, "droplet_sync/" REGRESS_DATE "/daily_universe.json", err);
    if (rc == RC_OK)
        rc = regress_need_file(r, "telemetry/" REGRESS_DATE "/FULL_TELEMETRY_" REGRESS_DATE ".md",
                               err);
    return rc;
}

enum rc
regress_pack(const struct regress *r, struct err *err)
{
    static const char *const WANTED[] = {
        "analysis_packs/" REGRESS_DATE "/MASTER_SUMMARY_" REGRESS_DATE ".md",
        "analysis_packs/" REGRESS_DATE "/manifest.json",
        "analysis_packs/" REGRESS_DATE "/analysis_pack_" REGRESS_DATE ".tar.gz"};
    enum rc rc =
        RUN(r, err, "run-postclose-analysis-pack", "--mock", "--archive", "--date", REGRESS_DATE);

    for (size_t i = 0; i < COUNT_OF(WANTED) && rc == RC_OK; i++)
        rc = regress_need_file(r, WANTED[i], err);
    return rc;
}

/*
 * The sentinel over a root: what it learns from files and from a scripted service manager, what it
 * writes, and when it restarts the daemon (contract 4.16; spec 20 5; T-24).
 */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include <sys/stat.h>
#include <sys/time.h>

#include "io/lock.h"
#include "scripts/command.h"
#include "scripts/health_check.h"

/* 12:00 in New York on a trading day, and in its evening. */
#define NOON    "2026-01-20T17:00:00Z"
#define EVENING "2026-01-20T23:00:00Z"
#define OPENED  "2026-01-20T14:40:00Z" /* ten minutes after the open */

/* ---- a service manager that says what the test wants ---------------------------------------- */

struct scripted {
    enum rc unit_rc, journal_rc, restart_rc;
    struct unit_state unit;
    int64_t storm_lines;
    const char *restart_says;
    int asked, restarts;
};

static enum rc
scripted_unit(void *self, const char *unit, struct unit_state *ret_unit, struct err *err)
{
    struct scripted *s = self;

    s->asked++;
    assert_string_equal(unit, "uw-flow-daemon.service");
    if (s->unit_rc != RC_OK) return err_set(err, s->unit_rc, "scripted");
    *ret_unit = s->unit;
    return RC_OK;
}

static enum rc
scripted_count(void *self, const char *unit, const char *text, int64_t *ret_count, struct err *err)
{
    struct scripted *s = self;

    (void)unit;
    assert_string_equal(text, "Another instance is already running");
    if (s->journal_rc != RC_OK) return err_set(err, s->journal_rc, "scripted");
    *ret_count = s->storm_lines;
    return RC_OK;
}

static enum rc
scripted_restart(void *self, const char *unit, struct text *ret_output, struct err *err)
{
    struct scripted *s = self;

    (void)unit;
    s->restarts++;
    if (s->restart_says != NULL) text_puts(ret_output, s->restart_says);
    return s->restart_rc == RC_OK ? RC_OK : err_set(err, s->restart_rc, "scripted refusal");
}

/* ---- a root --------------------------------------------------------------------------------- */

struct scene {
    struct tmpdir dir;
    struct runner r;
    int64_t now_ns;
    struct scripted script;
    struct service_manager manager;
    struct health_options opt;
    struct posix_locks locks;
    struct lock daemon_lock;
};

static int64_t
scene_now(void *self)
{
    return ((struct scene *)self)->now_ns;
}

/* A healthy daemon: this process holds its lock, the cache is a minute old. */
static void
scene_make(struct scene *s, const char *now_iso)
{
    struct common_args args = {0};
    struct err err = {0};
    char line[64], cache[256];

    memset(s, 0, sizeof *s);
    s->dir = tmpdir_new();
    args.root = s->dir.path;
    assert_int_equal(runner_open(&s->r, "test", &args, RUNNER_WRITES), EXIT_DONE);
    s->now_ns = when_parse_or_none(now_iso);
    s->r.clock.self = s;
    s->r.clock.now_ns = scene_now;
    s->script = (struct scripted){
        .unit = {.main_pid = getpid(), .active = "active", .sub = "running", .result = "success"}
    };
    s->manager = (struct service_manager){.self = &s->script,
                                          .unit = scripted_unit,
                                          .count_lines = scripted_count,
                                          .restart = scripted_restart};
    s->opt.limits = HEALTH_LIMITS_DEFAULT;
    assert_int_equal(locks_open(s->dir.path, &s->locks, &err), RC_OK);
    struct locks seam = locks_seam(&s->locks);
    assert_int_equal(seam.acquire(seam.self, DAEMON_LOCK_PATH, 0, &s->daemon_lock, &err), RC_OK);
    (void)snprintf(line, sizeof line, "pid=%ld ts=x", (long)getpid());
    assert_int_equal(seam.write(seam.self, &s->daemon_lock, line, &err), RC_OK);
    assert_int_equal(mkdir(tmpdir_path(&s->dir, "data"), 0750), 0);
    (void)snprintf(cache, sizeof cache,
                   "{\"_metadata\":{\"last_update\":%lld,\"updated_by\":\"uw_flow_daemon\","
                   "\"status\":\"ok\",\"last_flow_success_ts\":%lld},\"ACME\":{\"x\":[1,{}]}}",
                   (long long)when_to_s(s->now_ns) - 60, (long long)when_to_s(s->now_ns) - 90);
    tmpdir_write(&s->dir, DAEMON_CACHE_PATH, cache);
}

static void
scene_done(struct scene *s)
{
    struct locks seam = locks_seam(&s->locks);

    seam.release(seam.self, &s->daemon_lock);
    locks_close(&s->locks);
    runner_done(&s->r);
    tmpdir_done(&s->dir);
}

static void
set_mtime(struct scene *s, const char *path, int64_t at_ns)
{
    struct timeval times[2] = {{.tv_sec = when_to_s(at_ns)}, {.tv_sec = when_to_s(at_ns)}};

    assert_int_equal(utimes(tmpdir_path(&s->dir, path), times), 0);
}

static struct health_facts
facts_of(struct scene *s)
{
    return health_gather(&s->r, &s->manager, s->opt.limits.endpoint_window_s, s->now_ns);
}

/* One check; the document it wrote, to be freed. */
static struct json *
check_once(struct scene *s)
{
    CLEANUP(health_result_free) struct health_result result = {0};
    struct err err = {0};

    if (health_check(&s->r, &s->manager, &s->opt, &result, &err) != RC_OK) fail_msg("%s", err.text);
    CLEANUP(text_free) struct text written = tmpdir_read(&s->dir, DAEMON_HEALTH_PATH);
    return run_json(&written);
}

static const char *
status_of(struct scene *s)
{
    CLEANUP(json_freep) struct json *doc = check_once(s);
    static char status[32];

    (void)str_copy(status, sizeof status, json_str(doc, "status", ""));
    return status;
}

/* How many lines of the event log name the event. */
static int
events(struct scene *s, const char *name)
{
    CLEANUP(text_free) struct text log = tmpdir_read(&s->dir, EVENTS_LOG_PATH);
    char wanted[128];
    int n = 0;

    (void)snprintf(wanted, sizeof wanted, "\"event_type\":\"%s\"", name);
    for (const char *at = text_str(&log); (at = strstr(at, wanted)) != NULL; at++)
        n++;
    return n;
}

/* ---- what it learns -------------------------------------------------------------------------- */

static void
test_contract_4_16_a_healthy_daemon_is_healthy(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    CLEANUP(json_freep) struct json *doc = check_once(&s);
    assert_string_equal(json_str(doc, "status", ""), "healthy");
    const struct json *d = json_get_obj(doc, "details");
    assert_string_equal(json_str(d, "service_manager", ""), "systemd");
    assert_true(json_bool(d, "lock_held", false));
    assert_int_equal(json_i64(d, "lock_pid", 0), getpid());
    assert_int_equal(json_i64(d, "poll_age_sec", 0), 60);
    assert_string_equal(json_str(d, "daemon_status", ""), "ok");
    assert_true(json_bool(d, "flow_fresh", false));
    assert_int_equal(events(&s, "uw_daemon_health_ok"), 1);
    scene_done(&s);
}

/* Other writers keep the file young; the daemon's own stamp does not lie. */
static void
test_daemon_health_goes_by_the_daemons_own_stamp(void **state)
{
    static const struct {
        const char *name, *cache; /* %lld is now in seconds less an hour */
        bool fresh_file;
        double poll_age_s;
    } cases[] = {
        {"old stamp, young file",
         "{\"_metadata\":{\"updated_by\":\"uw_flow_daemon\",\"last_update\":%lld}}",         true,  3600},
        {"somebody else wrote it",
         "{\"_metadata\":{\"updated_by\":\"healer\",\"last_update\":%lld}}",                 true,  0   },
        {"no metadata, young file",   "{}",                                                  true,  0   },
        {"no metadata, old file",     "{\"ACME\":{}}",                                       false, 7200},
        {"stamp is text",
         "{\"_metadata\":{\"updated_by\":\"uw_flow_daemon\",\"last_update\":\"%lld\"}}",     true,
         3600                                                                                           },
        {"stamp is missing",          "{\"_metadata\":{\"updated_by\":\"uw_flow_daemon\"}}", true,  -1  },
        {"stamp from the far future",
         "{\"_metadata\":{\"updated_by\":\"uw_flow_daemon\",\"last_update\":99999999999}}",  true,
         -1                                                                                             },
        {"cut off",                   "{\"_metadata\":{\"updated_by\":",                     true,  -1  },
        {"empty",                     "",                                                    true,  -1  },
        {"no object",                 "[1,2]",                                               true,  -1  },
    };
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text cache = {0};
        const char *hole = strstr(cases[i].cache, "%lld");

        if (hole != NULL)
            text_printf(&cache, "%.*s%lld%s", (int)(hole - cases[i].cache), cases[i].cache,
                        (long long)when_to_s(s.now_ns) - 3600, hole + 4);
        else
            text_puts(&cache, cases[i].cache);
        tmpdir_write(&s.dir, DAEMON_CACHE_PATH, text_str(&cache));
        set_mtime(&s, DAEMON_CACHE_PATH, s.now_ns - (cases[i].fresh_file ? 0 : 7200 * NS_PER_S));
        double age = facts_of(&s).poll_age_s;
        if (age < cases[i].poll_age_s - 0.5 || age > cases[i].poll_age_s + 0.5)
            fail_msg("%s: %g", cases[i].name, age);
    }
    assert_int_equal(remove(tmpdir_path(&s.dir, DAEMON_CACHE_PATH)), 0);
    assert_true(facts_of(&s).poll_age_s < 0);
    assert_string_equal(status_of(&s), "warning");
    scene_done(&s);
}

static void
test_daemon_health_counts_refused_calls_in_the_window(void **state)
{
    static const struct {
        const char *type;
        int64_t seconds_ago;
        bool counts;
    } lines[] = {
        {"uw_rate_limit_block",         899, true },
        {"uw_rate_limit_block",         901, false},
        {"uw_invalid_endpoint_attempt", 10,  true },
        {"uw_call",                     10,  false},
        {"uw_rate_limit_block",         -30, true }, /* of a clock a little ahead */
    };
    CLEANUP(text_free) struct text log = {0};
    struct scene s;
    char iso[ISO_TEXT_MAX];

    (void)state;
    scene_make(&s, NOON);
    text_puts(&log, "half a line of a rotated log\"}\n");
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        text_printf(&log, "{\"timestamp\":\"%s\",\"event_type\":\"%s\"}\n",
                    when_iso(s.now_ns - lines[i].seconds_ago * NS_PER_S, iso), lines[i].type);
    text_puts(&log, "{\"timestamp\":\"yesterday\",\"event_type\":\"uw_rate_limit_block\"}\n");
    assert_int_equal(mkdir(tmpdir_path(&s.dir, "logs"), 0750), 0);
    tmpdir_write(&s.dir, EVENTS_LOG_PATH, text_str(&log));
    struct health_facts f = facts_of(&s);
    assert_int_equal(f.rate_limit_blocks, 3); /* in the window, ahead, and the one without time */
    assert_int_equal(f.invalid_endpoints, 1);
    s.opt.limits.endpoint_window_s = 0;
    assert_int_equal(facts_of(&s).rate_limit_blocks, 4);
    scene_done(&s);
}

static void
test_daemon_health_reads_only_the_end_of_the_events(void **state)
{
    CLEANUP(text_free) struct text log = {0};
    struct scene s;
    char iso[ISO_TEXT_MAX];

    (void)state;
    scene_make(&s, NOON);
    for (int i = 0; i < 5000; i++)
        text_printf(&log, "{\"timestamp\":\"%s\",\"event_type\":\"uw_rate_limit_block\"}\n",
                    when_iso(s.now_ns, iso));
    assert_int_equal(mkdir(tmpdir_path(&s.dir, "logs"), 0750), 0);
    tmpdir_write(&s.dir, EVENTS_LOG_PATH, text_str(&log));
    size_t line = log.len / 5000;
    assert_int_equal(facts_of(&s).rate_limit_blocks, 200000 / line);
    scene_done(&s);
}

static void
test_daemon_health_asks_for_flow_only_in_session(void **state)
{
    static const struct {
        const char *at;
        bool is_due;
    } cases[] = {
        {OPENED,                 false},
        {"2026-01-20T14:49:59Z", false},
        {"2026-01-20T14:50:00Z", true },
        {NOON,                   true },
        {"2026-01-20T20:59:59Z", true },
        {"2026-01-20T21:00:00Z", false},
        {EVENING,                false},
        {"2026-01-19T17:00:00Z", false}, /* a holiday */
        {"2026-11-27T18:30:00Z", false}, /* closed early at 13:00 */
        {"2026-11-27T17:30:00Z", true },
    };
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        s.now_ns = when_parse_or_none(cases[i].at);
        if (facts_of(&s).is_flow_due != cases[i].is_due) fail_msg("%s", cases[i].at);
    }
    scene_done(&s);
}

/* No service manager can be asked: the process that the lock names stands for the main one. */
static void
test_daemon_health_lives_without_a_service_manager(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    s.script.unit_rc = RC_NOT_FOUND;
    s.script.journal_rc = RC_NOT_FOUND;
    s.script.unit.restarts = 99;
    CLEANUP(json_freep) struct json *doc = check_once(&s);
    const struct json *d = json_get_obj(doc, "details");
    assert_string_equal(json_str(doc, "status", ""), "healthy");
    assert_string_equal(json_str(d, "service_manager", ""), "unavailable");
    assert_int_equal(json_i64(d, "exec_main_pid", 0), getpid());
    assert_int_equal(json_i64(d, "n_restarts", -1), 0);
    assert_false(json_bool(json_get_obj(d, "restart_storm"), "available", true));

    s.script.unit_rc = RC_OK; /* it answers, and does not know the unit: that is critical */
    s.script.unit = (struct unit_state){.active = "inactive", .sub = "dead"};
    assert_string_equal(status_of(&s), "critical");
    scene_done(&s);
}

/* ---- looking changes nothing ----------------------------------------------------------------- */

static void
test_daemon_health_does_not_make_the_lock_file(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    struct locks seam = locks_seam(&s.locks);
    seam.release(seam.self, &s.daemon_lock);
    assert_int_equal(remove(tmpdir_path(&s.dir, DAEMON_LOCK_PATH)), 0);
    for (int i = 0; i < 100; i++)
        assert_string_equal(status_of(&s), "critical");
    assert_int_equal(access(tmpdir_path(&s.dir, DAEMON_LOCK_PATH), F_OK), -1);
    assert_int_equal(events(&s, "uw_daemon_lock_stale"), 100);
    assert_int_equal(events(&s, "uw_daemon_health_critical"), 100);
    scene_done(&s);
}

/* T-24: daemons that start while the sentinel runs a thousand times all get their lock. */
static void
test_daemon_health_a_thousand_runs_do_not_disturb_a_start(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    struct locks seam = locks_seam(&s.locks);
    seam.release(seam.self, &s.daemon_lock);
    pid_t pid = fork();
    if (pid ==
        0) { /* starts and stops again and again; this process, named in the file, lives on */
        struct err err = {0};
        for (int i = 0; i < 300; i++) {
            struct lock lock = LOCK_NONE;
            if (seam.acquire(seam.self, DAEMON_LOCK_PATH, 2000, &lock, &err) != RC_OK) _exit(1);
            seam.release(seam.self, &lock);
            (void)usleep(500); /* between two starts, not a wait of the test for something */
        }
        _exit(0);
    }
    for (int i = 0; i < 1000; i++)
        (void)facts_of(&s);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    scene_done(&s);
}

static void
test_daemon_health_a_dry_run_writes_nothing(void **state)
{
    CLEANUP(health_result_free) struct health_result result = {0};
    struct scene s;
    struct err err = {0};

    (void)state;
    scene_make(&s, NOON);
    s.opt.is_dry = true;
    s.opt.may_heal = true;
    s.script.unit.main_pid = 0;
    size_t before = tmpdir_count(&s.dir, "state");
    assert_int_equal(health_check(&s.r, &s.manager, &s.opt, &result, &err), RC_OK);
    assert_int_equal(result.verdict.status, HEALTH_CRITICAL);
    assert_int_equal(tmpdir_count(&s.dir, "state"), before);
    assert_int_equal(access(tmpdir_path(&s.dir, "logs"), F_OK), -1);
    assert_int_equal(s.script.restarts, 0);
    scene_done(&s);
}

/* ---- self-heal --------------------------------------------------------------------------------
 */

static void
test_contract_4_16_a_restart_only_when_told_and_critical(void **state)
{
    static const struct {
        const char *name;
        bool may_heal, is_critical, is_mock, has_manager, restarts;
    } cases[] = {
        {"told, critical",          true,  true,  false, true,  true },
        {"not told",                false, true,  false, true,  false},
        {"told, healthy",           true,  false, false, true,  false},
        {"told, a drill",           true,  true,  true,  true,  false},
        {"told, nobody to restart", true,  true,  false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;

        scene_make(&s, NOON);
        s.opt.may_heal = cases[i].may_heal;
        s.opt.is_mock = cases[i].is_mock;
        s.opt.scenario = "missing_pid";
        s.script.unit_rc = cases[i].has_manager ? RC_OK : RC_NOT_FOUND;
        if (cases[i].is_critical) {
            struct locks seam = locks_seam(&s.locks);
            seam.release(seam.self, &s.daemon_lock);
        }
        json_free(check_once(&s));
        if ((s.script.restarts == 1) != cases[i].restarts) fail_msg("%s", cases[i].name);
        assert_int_equal(events(&s, "uw_daemon_self_heal_attempt"), cases[i].restarts ? 1 : 0);
        scene_done(&s);
    }
}

static void
test_contract_4_16_a_restart_is_said_with_its_result(void **state)
{
    static const struct {
        enum rc rc;
        const char *says, *event, *output;
    } cases[] = {
        {RC_OK,      "done",          "uw_daemon_self_heal_success", "done"            },
        {RC_IO,      "Access denied", "uw_daemon_self_heal_failed",  "Access denied"   },
        {RC_TIMEOUT, NULL,            "uw_daemon_self_heal_failed",  "scripted refusal"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;

        scene_make(&s, NOON);
        s.opt.may_heal = true;
        s.script.unit.main_pid = 0;
        s.script.restart_rc = cases[i].rc;
        s.script.restart_says = cases[i].says;
        CLEANUP(json_freep) struct json *doc = check_once(&s);
        const struct json *heal = json_get_obj(json_get_obj(doc, "details"), "self_heal");
        assert_string_equal(json_str(doc, "status", ""), "critical"); /* the next run tells */
        assert_true(json_bool(heal, "attempted", false));
        assert_int_equal(json_bool(heal, "success", false), cases[i].rc == RC_OK);
        assert_string_equal(json_str(heal, "output", ""), cases[i].output);
        assert_int_equal(events(&s, cases[i].event), 1);
        scene_done(&s);
    }
}

/* Over many runs, and over restarts of the sentinel: the record carries the history. */
static void
test_daemon_health_restarts_are_rationed_over_runs(void **state)
{
    static const struct {
        int after_min, restarts; /* minutes since the former run, restarts so far */
    } runs[] = {
        {0,   1},
        {5,   1},
        {5,   2},
        {10,  3},
        {10,  3},
        {325, 3},
        {5,   4},
    };
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    s.opt.may_heal = true;
    s.script.unit.main_pid = 0;
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        s.now_ns += runs[i].after_min * NS_PER_MIN;
        json_free(check_once(&s));
        if (s.script.restarts != runs[i].restarts)
            fail_msg("run %zu: %d restarts", i, s.script.restarts);
    }
    scene_done(&s);
}

/* It writes its record and its events, also while it restarts: nothing that is v1's. */
static void
test_contract_4_16_the_sentinel_leaves_all_else_alone(void **state)
{
    static const char *const OTHERS[] = {"state/ledger.db", "state/position_metadata.json",
                                         "state/bot_heartbeat.json", "state/operator_control.json",
                                         "logs/run.jsonl"};
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    assert_int_equal(mkdir(tmpdir_path(&s.dir, "logs"), 0750), 0);
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++)
        tmpdir_write(&s.dir, OTHERS[i], "not the sentinel's");
    CLEANUP(text_free) struct text cache = tmpdir_read(&s.dir, DAEMON_CACHE_PATH);
    size_t states = tmpdir_count(&s.dir, "state"), all = tmpdir_count(&s.dir, "");
    s.opt.may_heal = true;
    s.script.unit.main_pid = 0;
    assert_string_equal(status_of(&s), "critical");
    assert_int_equal(s.script.restarts, 1);
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        CLEANUP(text_free) struct text bytes = tmpdir_read(&s.dir, OTHERS[i]);
        assert_string_equal(text_str(&bytes), "not the sentinel's");
    }
    CLEANUP(text_free) struct text same = tmpdir_read(&s.dir, DAEMON_CACHE_PATH);
    assert_string_equal(text_str(&same), text_str(&cache));
    assert_int_equal(tmpdir_count(&s.dir, ""), all);
    assert_int_equal(tmpdir_count(&s.dir, "data"), 1);
    assert_int_equal(tmpdir_count(&s.dir, "state"), states + 1); /* its record */
    assert_true(access(tmpdir_path(&s.dir, DAEMON_HEALTH_PATH), R_OK) == 0);
    scene_done(&s);
}

/* A damaged record is set aside, and the check goes on. */
static void
test_contract_3_1_a_damaged_record_heals(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s, NOON);
    tmpdir_write(&s.dir, DAEMON_HEALTH_PATH, "{\"status\":");
    assert_string_equal(status_of(&s), "healthy");
    assert_int_equal(events(&s, "state_self_healed"), 1);
    scene_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_16_a_healthy_daemon_is_healthy),
        cmocka_unit_test(test_daemon_health_goes_by_the_daemons_own_stamp),
        cmocka_unit_test(test_daemon_health_counts_refused_calls_in_the_window),
        cmocka_unit_test(test_daemon_health_reads_only_the_end_of_the_events),
        cmocka_unit_test(test_daemon_health_asks_for_flow_only_in_session),
        cmocka_unit_test(test_daemon_health_lives_without_a_service_manager),
        cmocka_unit_test(test_daemon_health_does_not_make_the_lock_file),
        cmocka_unit_test(test_daemon_health_a_thousand_runs_do_not_disturb_a_start),
        cmocka_unit_test(test_daemon_health_a_dry_run_writes_nothing),
        cmocka_unit_test(test_contract_4_16_a_restart_only_when_told_and_critical),
        cmocka_unit_test(test_contract_4_16_a_restart_is_said_with_its_result),
        cmocka_unit_test(test_daemon_health_restarts_are_rationed_over_runs),
        cmocka_unit_test(test_contract_4_16_the_sentinel_leaves_all_else_alone),
        cmocka_unit_test(test_contract_3_1_a_damaged_record_heals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

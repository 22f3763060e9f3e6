/*
 * The verdict on the flow daemon: every check at its threshold, what outweighs what, what is said
 * and what is recorded (contract 4.16; spec 20 5.3 to 5.6).
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "base/json.h"
#include "telemetry/daemon_health.h"

static struct health_verdict
judge(const struct health_facts *f)
{
    return health_evaluate(f, &HEALTH_LIMITS_DEFAULT);
}

/* "pid_issue,lock_issue" */
static const char *
reasons(const struct health_verdict *v, char buf[256])
{
    const char *names[HEALTH_CHECKS];
    size_t len = health_violations(v, names), at = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(buf + at, 256 - at, "%s%s", i == 0 ? "" : ",", names[i]);
    return buf;
}

static void
test_contract_4_16_scenarios_have_the_promised_status(void **state)
{
    static const struct {
        const char *name;
        enum health_status status;
        const char *reasons;
    } cases[] = {
        {"healthy",         HEALTH_OK,       ""               },
        {"",                HEALTH_OK,       ""               },
        {"no such one",     HEALTH_OK,       ""               },
        {"missing_pid",     HEALTH_CRITICAL, "pid_issue"      },
        {"stale_lock",      HEALTH_CRITICAL, "lock_issue"     },
        {"stale_poll",      HEALTH_WARNING,  "poll_issue"     },
        {"crash_loop",      HEALTH_CRITICAL, "crash_loop"     },
        {"endpoint_errors", HEALTH_WARNING,  "endpoint_errors"},
        {"restart_storm",   HEALTH_WARNING,  "restart_storm"  },
    };
    char buf[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct health_facts f = health_scenario(cases[i].name);
        struct health_verdict v = judge(&f);

        if (v.status != cases[i].status || !str_eq(reasons(&v, buf), cases[i].reasons))
            fail_msg("%s: %s %s", cases[i].name, health_status_name(v.status), buf);
    }
}

/* ---- one check at a time ------------------------------------------------------------------- */

typedef void change_fn(struct health_facts *f);

static void
no_process(struct health_facts *f)
{
    f->main_pid = 0;
}
static void
process_is_dead(struct health_facts *f)
{
    f->is_main_alive = false;
}
static void
no_lock_file(struct health_facts *f)
{
    f->has_lock_file = false;
}
static void
lock_is_free(struct health_facts *f)
{
    f->is_lock_held = KNOWN_NO;
}
static void
lock_is_unknown(struct health_facts *f)
{
    f->is_lock_held = KNOWN_NOT;
}
static void
lock_names_another(struct health_facts *f)
{
    f->lock_pid = 4711;
}
static void
lock_names_nobody(struct health_facts *f)
{
    f->lock_pid = 0;
}
static void
poll_at_limit(struct health_facts *f)
{
    f->poll_age_s = 600;
}
static void
poll_past_limit(struct health_facts *f)
{
    f->poll_age_s = 600.001;
}
static void
poll_unknown(struct health_facts *f)
{
    f->poll_age_s = HEALTH_AGE_UNKNOWN;
}
static void
file_is_old(struct health_facts *f)
{
    f->cache_age_s = 1e6;
}
static void
is_inactive(struct health_facts *f)
{
    (void)str_copy(f->active, 32, "inactive");
}
static void
sub_failed(struct health_facts *f)
{
    (void)str_copy(f->sub, 32, "failed");
}
static void
sub_dead(struct health_facts *f)
{
    (void)str_copy(f->sub, 32, "dead");
}
static void
sub_restarts(struct health_facts *f)
{
    (void)str_copy(f->sub, 32, "auto-restart");
}
static void
ten_restarts(struct health_facts *f)
{
    f->restarts = 10;
}
static void
eleven_restarts(struct health_facts *f)
{
    f->restarts = 11;
}
static void
storm_at_limit(struct health_facts *f)
{
    f->storm_lines = 50;
}
static void
storm_past_limit(struct health_facts *f)
{
    f->storm_lines = 51;
}
static void
flow_not_due(struct health_facts *f)
{
    f->flow_age_s = 5000;
}

static void
many_restarts_in_a_loop(struct health_facts *f)
{
    f->restarts = 99;
    sub_restarts(f);
}

static void
errors_below(struct health_facts *f)
{
    f->rate_limit_blocks = 12;
    f->invalid_endpoints = 7;
}

static void
errors_at(struct health_facts *f)
{
    f->rate_limit_blocks = 12;
    f->invalid_endpoints = 8;
}

static void
storm_not_known(struct health_facts *f)
{
    f->storm_lines = 500;
    f->has_storm_count = false;
}

static void
flow_at_limit(struct health_facts *f)
{
    f->is_flow_due = true;
    f->flow_age_s = 900;
}

static void
flow_past_limit(struct health_facts *f)
{
    f->is_flow_due = true;
    f->flow_age_s = 901;
}

static void
flow_never(struct health_facts *f)
{
    f->is_flow_due = true;
    f->flow_age_s = HEALTH_AGE_UNKNOWN;
}

static void
flow_limited(struct health_facts *f)
{
    flow_past_limit(f);
    (void)str_copy(f->daemon_status, sizeof f->daemon_status, "limited_day");
}

/* No manager: what it would have said is not held against the daemon. */
static void
no_manager(struct health_facts *f)
{
    f->is_manager_there = false;
    f->active[0] = f->sub[0] = '\0';
    f->restarts = 0;
}

static void
no_manager_and_another_lock(struct health_facts *f)
{
    no_manager(f);
    lock_names_another(f);
}

static void
everything(struct health_facts *f)
{
    process_is_dead(f);
    lock_is_free(f);
    poll_past_limit(f);
    errors_at(f);
    storm_past_limit(f);
    flow_never(f);
    eleven_restarts(f);
}

static void
test_daemon_health_each_check_has_its_threshold(void **state)
{
    static const struct {
        const char *name;
        change_fn *change;
        const char *reasons;
        enum health_status status;
    } cases[] = {
        {"no main process",          no_process,                  "pid_issue",          HEALTH_CRITICAL},
        {"main process is dead",     process_is_dead,             "pid_issue",          HEALTH_CRITICAL},
        {"no lock file",             no_lock_file,                "lock_issue",         HEALTH_CRITICAL},
        {"lock known to be free",    lock_is_free,                "lock_issue",         HEALTH_CRITICAL},
        {"lock not known",           lock_is_unknown,             "",                   HEALTH_OK      },
        {"lock names another",       lock_names_another,          "lock_issue",         HEALTH_CRITICAL},
        {"lock names nobody",        lock_names_nobody,           "",                   HEALTH_OK      },
        {"poll at the limit",        poll_at_limit,               "",                   HEALTH_OK      },
        {"poll past the limit",      poll_past_limit,             "poll_issue",         HEALTH_WARNING },
        {"poll age unknown",         poll_unknown,                "poll_issue",         HEALTH_WARNING },
        {"only the file is old",     file_is_old,                 "",                   HEALTH_OK      },
        {"unit inactive",            is_inactive,                 "crash_loop",         HEALTH_CRITICAL},
        {"unit failed",              sub_failed,                  "crash_loop",         HEALTH_CRITICAL},
        {"unit dead",                sub_dead,                    "crash_loop",         HEALTH_CRITICAL},
        {"unit waits for restart",   sub_restarts,                "crash_loop",         HEALTH_CRITICAL},
        {"ten restarts",             ten_restarts,                "",                   HEALTH_OK      },
        {"eleven restarts",          eleven_restarts,             "high_restart_count", HEALTH_WARNING },
        {"loop hides the count",     many_restarts_in_a_loop,     "crash_loop",         HEALTH_CRITICAL},
        {"19 refused calls",         errors_below,                "",                   HEALTH_OK      },
        {"20 refused calls",         errors_at,                   "endpoint_errors",    HEALTH_WARNING },
        {"50 storm lines",           storm_at_limit,              "",                   HEALTH_OK      },
        {"51 storm lines",           storm_past_limit,            "restart_storm",      HEALTH_WARNING },
        {"journal not readable",     storm_not_known,             "",                   HEALTH_OK      },
        {"flow not due",             flow_not_due,                "",                   HEALTH_OK      },
        {"flow at the limit",        flow_at_limit,               "",                   HEALTH_OK      },
        {"flow past the limit",      flow_past_limit,             "flow_issue",         HEALTH_WARNING },
        {"flow never",               flow_never,                  "flow_issue",         HEALTH_WARNING },
        {"flow stale and limited",   flow_limited,                "",                   HEALTH_OK      },
        {"no service manager",       no_manager,                  "",                   HEALTH_OK      },
        {"no manager, another lock", no_manager_and_another_lock, "lock_issue",         HEALTH_CRITICAL},
        {"everything at once",       everything,
         "pid_issue,lock_issue,poll_issue,high_restart_count,endpoint_errors,restart_storm,"
         "flow_issue",                                                                  HEALTH_CRITICAL},
    };
    char buf[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct health_facts f = health_scenario("healthy");

        cases[i].change(&f);
        struct health_verdict v = judge(&f);
        if (v.status != cases[i].status || !str_eq(reasons(&v, buf), cases[i].reasons))
            fail_msg("%s: %s %s", cases[i].name, health_status_name(v.status), buf);
    }
}

/* Whatever is added to a bad state, it never looks better for it. */
static void
test_daemon_health_never_improves_by_another_fault(void **state)
{
    static change_fn *const faults[] = {no_process,  lock_is_free,    poll_past_limit,
                                        is_inactive, errors_at,       eleven_restarts,
                                        flow_never,  storm_past_limit};
    struct rng rng = check_rng("never improves");

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct health_facts f = health_scenario("healthy");
        enum health_status worst = HEALTH_OK;

        for (int i = 0; i < 4; i++) {
            faults[rng_below(&rng, COUNT_OF(faults))](&f);
            enum health_status now = judge(&f).status;
            if (now < worst) fail_msg("round %d: %s after worse", round, health_status_name(now));
            worst = now;
        }
    }
}

/* ---- self-heal ----------------------------------------------------------------------------- */

static void
test_daemon_health_limits_restarts(void **state)
{
    static const struct {
        const char *name;
        int64_t minutes_ago[HEALTH_HEALS_KEPT];
        size_t len;
        bool allowed;
    } cases[] = {
        {"never tried",              {0},           0, true },
        {"9 minutes ago",            {9},           1, false},
        {"10 minutes ago",           {10},          1, true },
        {"in the future (stepped)",  {-5},          1, false},
        {"twice in 6 hours",         {350, 20},     2, true },
        {"three times in 6 hours",   {359, 40, 20}, 3, false},
        {"the first is 6 hours old", {360, 40, 20}, 3, true },
    };
    int64_t now_ns = when_parse_or_none("2026-01-20T17:00:00Z");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct heal_history h = {0};

        for (size_t k = 0; k < cases[i].len; k++)
            heal_note(&h, now_ns - cases[i].minutes_ago[k] * NS_PER_MIN);
        if (heal_is_allowed(&h, now_ns) != cases[i].allowed) fail_msg("%s", cases[i].name);
    }
}

/* ---- events and the document --------------------------------------------------------------- */

struct said {
    struct test_log events;
    struct text document;
};

static void
say(struct said *s, const char *scenario, bool is_mock)
{
    struct health_facts f = health_scenario(scenario);
    struct health_verdict v = judge(&f);
    struct heal_outcome heal = {0};
    struct heal_history history = {0};
    struct log log = test_log_seam(&s->events);
    const struct health_report r = {
        .now_ns = when_parse_or_none("2026-01-20T17:00:00Z"),
        .is_mock = is_mock,
        .scenario = scenario,
        .facts = &f,
        .limits = &HEALTH_LIMITS_DEFAULT,
        .verdict = &v,
        .heal = &heal,
        .history = &history,
    };

    heal_note(&history, r.now_ns - NS_PER_HOUR);
    health_say(&log, &r);
    health_encode(&r, &s->document);
}

static void
test_contract_4_16_one_summary_event_and_one_for_each_fault(void **state)
{
    static const struct {
        const char *scenario;
        enum event_id summary, fault;
        const char *details;
    } cases[] = {
        {"healthy",         EV_UW_HEALTH_OK,       EVENTS_LEN,                   NULL             },
        {"missing_pid",     EV_UW_HEALTH_CRITICAL, EV_UW_HEALTH_PID_MISSING,
         "{\"exec_main_pid\":0,\"active_state\":\"active\",\"sub_state\":\"running\"}"            },
        {"stale_lock",      EV_UW_HEALTH_CRITICAL, EV_UW_HEALTH_LOCK_STALE,
         "{\"lock_pid\":99999,\"exec_main_pid\":12345,\"lock_held\":false}"                       },
        {"stale_poll",      EV_UW_HEALTH_WARNING,  EV_UW_HEALTH_POLL_STALE,
         "{\"flow_cache_age_sec\":3600,\"poll_age_sec\":3600,\"max_poll_age_sec\":600}"           },
        {"crash_loop",      EV_UW_HEALTH_CRITICAL, EV_UW_HEALTH_CRASH_LOOP,
         "{\"n_restarts\":25,\"threshold\":10,\"active_state\":\"activating\","
         "\"sub_state\":\"auto-restart\"}"                                                        },
        {"endpoint_errors", EV_UW_HEALTH_WARNING,  EV_UW_HEALTH_ENDPOINT_ERRORS,
         "{\"counts\":{\"uw_rate_limit_block\":50,\"uw_invalid_endpoint_attempt\":5},"
         "\"window_sec\":900}"                                                                    },
        {"restart_storm",   EV_UW_HEALTH_WARNING,  EV_UW_HEALTH_RESTART_STORM,   "{\"count\":120}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct said *s = calloc(1, sizeof *s);

        assert_non_null(s);
        say(s, cases[i].scenario, false);
        assert_int_equal(s->events.len, cases[i].fault == EVENTS_LEN ? 1 : 2);
        assert_int_equal(test_log_count(&s->events, cases[i].summary), 1);
        if (cases[i].fault != EVENTS_LEN)
            assert_string_equal(test_log_last(&s->events, cases[i].fault), cases[i].details);
        text_free(&s->document);
        free(s);
    }
}

static void
test_daemon_health_events_of_a_drill_say_so(void **state)
{
    struct said *s = calloc(1, sizeof *s);

    (void)state;
    assert_non_null(s);
    say(s, "restart_storm", true);
    assert_string_equal(test_log_last(&s->events, EV_UW_HEALTH_RESTART_STORM),
                        "{\"count\":120,\"mode\":\"mock\"}");
    assert_string_equal(
        test_log_last(&s->events, EV_UW_HEALTH_WARNING),
        "{\"service\":\"uw-flow-daemon.service\",\"details\":{\"restart_storm\":true},"
        "\"mode\":\"mock\"}");
    text_free(&s->document);
    free(s);
}

/* The rule by which other tools know the document. */
static void
test_contract_4_16_the_document_keeps_its_schema(void **state)
{
    static const char *const booleans[] = {"pid_ok",          "lock_ok",
                                           "poll_fresh",      "crash_loop",
                                           "endpoint_errors", "restart_storm_detected"};
    struct said *s = calloc(1, sizeof *s);
    struct json *doc = NULL;
    struct err err = {0};

    (void)state;
    assert_non_null(s);
    say(s, "crash_loop", true);
    assert_int_equal(json_parse(text_str(&s->document), s->document.len, JSON_STRICT,
                                &JSON_LIMITS_FILE, &doc, &err),
                     RC_OK);
    for (size_t i = 0; i < COUNT_OF(booleans); i++)
        assert_int_equal(json_kind(json_get(doc, booleans[i])), JSON_BOOL);
    assert_string_equal(json_str(doc, "timestamp", ""), "2026-01-20T17:00:00.000000+00:00");
    assert_string_equal(json_str(doc, "status", ""), "critical");
    const struct json *d = json_get_obj(doc, "details");
    assert_string_equal(json_str(d, "mode", ""), "mock");
    assert_string_equal(json_str(d, "mock_scenario", ""), "crash_loop");
    assert_int_equal(json_i64(d, "n_restarts", -1), 25);
    assert_int_equal(json_i64(json_get_obj(d, "endpoint_error_counts"), "uw_rate_limit_block", -1),
                     0);
    assert_false(json_bool(json_get_obj(d, "self_heal"), "attempted", true));

    /* What is carried on: attempts of the last hours. */
    int64_t now_ns = when_parse_or_none("2026-01-20T17:00:00Z");
    struct heal_history h = heal_history_decode(doc, now_ns);
    assert_int_equal(h.len, 1);
    assert_true(h.at_ns[0] == now_ns - NS_PER_HOUR);
    assert_int_equal(heal_history_decode(doc, now_ns + 6 * NS_PER_HOUR).len, 0);
    json_free(doc);
    text_free(&s->document);
    free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_16_scenarios_have_the_promised_status),
        cmocka_unit_test(test_daemon_health_each_check_has_its_threshold),
        cmocka_unit_test(test_daemon_health_never_improves_by_another_fault),
        cmocka_unit_test(test_daemon_health_limits_restarts),
        cmocka_unit_test(test_contract_4_16_one_summary_event_and_one_for_each_fault),
        cmocka_unit_test(test_daemon_health_events_of_a_drill_say_so),
        cmocka_unit_test(test_contract_4_16_the_document_keeps_its_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the supervisor puts on record: every event and its fields (spec 10 R1.18), state/health.json
 * (R1.19), its folders and old logs (R1.4, R1.17), and no secret in any of them (R1.16). */

#include "tests/supervisor/world.h"

#include "base/json.h"
#include "base/when.h"

static int
set_up(void **state)
{
    static struct world w;

    world_open(&w);
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    world_close(*state);
    return 0;
}

static struct json *
parse(const char *text, size_t len)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s: %.*s", err.text, (int)len, text);
    return doc;
}

/* ---- logs/supervisor.jsonl ------------------------------------------------------------------- */

struct field_kind {
    const char *name;
    enum json_kind kind;
};

struct event_fields {
    const char *event;
    struct field_kind field[4];
};

#define NAME_OF_SERVICE                                                                            \
    {                                                                                              \
        "service", JSON_STRING                                                                     \
    }

static const struct event_fields EVENT_FIELDS[] = {
    {"SERVICE_START",              {NAME_OF_SERVICE}                                                            },
    {"SERVICE_STARTED",            {NAME_OF_SERVICE, {"pid", JSON_NUMBER}, {"cmd", JSON_STRING}}                },
    {"SERVICE_START_FAILED",       {NAME_OF_SERVICE, {"reason", JSON_STRING}}                                   },
    {"SERVICE_EXITED_IMMEDIATELY", {NAME_OF_SERVICE, {"exit_code", JSON_NUMBER}}                                },
    {"SERVICE_DIED",               {NAME_OF_SERVICE, {"exit_code", JSON_NUMBER}, {"failure_count", JSON_NUMBER}}},
    {"SERVICE_FAILED_REPEATEDLY",  {NAME_OF_SERVICE, {"failure_count", JSON_NUMBER}}                            },
    {"SERVICE_KILLED",             {NAME_OF_SERVICE, {"pid", JSON_NUMBER}}                                      },
    {"TRADING_ENGINE_STARTING",
     {NAME_OF_SERVICE, {"entrypoint", JSON_STRING}, {"cmd", JSON_STRING}}                                       },
    {"TRADING_ENGINE_STARTED",
     {{"pid", JSON_NUMBER}, {"cmd", JSON_STRING}, {"api_port", JSON_STRING}}                                    },
    {"TRADING_ENGINE_EXITED",      {NAME_OF_SERVICE, {"exit_code", JSON_NUMBER}, {"pid", JSON_NUMBER}}          },
    {"TRADING_ENGINE_RESTARTING",
     {NAME_OF_SERVICE, {"failure_count", JSON_NUMBER}, {"exit_code", JSON_NUMBER}}                              },
    {"SUPERVISOR_READY",           {{NULL, JSON_NULL}}                                                          },
    {"SUPERVISOR_SHUTDOWN",        {{"signum", JSON_NUMBER}}                                                    },
    {"SUPERVISOR_STOPPED",         {{NULL, JSON_NULL}}                                                          },
    {"SUPERVISOR_TICK_ERROR",      {{"error", JSON_STRING}}                                                     },
};

/* "2026-01-22 14:30:00 UTC" (R0.1). */
static bool
is_dt(const char *text)
{
    static const char SHAPE[] = "0000-00-00 00:00:00 UTC";
    size_t i = 0;

    for (; text[i] != '\0' && SHAPE[i] != '\0'; i++) {
        if (SHAPE[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != SHAPE[i]) return false;
    }
    return text[i] == SHAPE[i];
}

/* The row of the table that the line is of, after a look at its fields; -1 where there is none. */
static int
look_at_line(const char *line, size_t len)
{
    CLEANUP(json_freep) struct json *record = parse(line, len);
    const char *event = json_str(record, "event", "");

    if (!is_dt(json_str(record, "ts", ""))) fail_msg("ts of %.*s", (int)len, line);
    for (size_t i = 0; i < COUNT_OF(EVENT_FIELDS); i++) {
        const struct event_fields *e = &EVENT_FIELDS[i];

        if (!str_eq(e->event, event)) continue;
        for (size_t f = 0; f < COUNT_OF(e->field) && e->field[f].name != NULL; f++) {
            if (!json_has(record, e->field[f].name) ||
                json_kind(json_get(record, e->field[f].name)) != e->field[f].kind)
                fail_msg("%s of %.*s", e->field[f].name, (int)len, line);
        }
        return (int)i;
    }
    return -1;
}

static void
test_contract_6_1_every_record_has_its_fields(void **state)
{
    struct world *w = *state;
    bool is_seen[COUNT_OF(EVENT_FIELDS)] = {false};
    char daemon[PATH_MAX];

    world_path(w, "bin/uw_flow_daemon", daemon);
    assert_int_equal(unlink(daemon), 0);
    world_write(w, "reports", "no folder can be made here");
    world_keys(w);
    world_write(w, "mode", "crash");
    world_start(w);
    world_await(w, "SERVICE_FAILED_REPEATEDLY", 1);
    world_write(w, "mode", "deaf");
    world_await_text(w, "state/health.json", "\"trading-bot\":\"OK\"", 1);
    assert_int_equal(world_stop(w, SIGTERM), 0);
    for (const char *at = world_read(w, "logs/supervisor.jsonl"); *at != '\0';
         at += strcspn(at, "\n") + 1) {
        const int row = look_at_line(at, strcspn(at, "\n"));

        if (row >= 0) is_seen[row] = true;
    }
    for (size_t i = 0; i < COUNT_OF(EVENT_FIELDS); i++) {
        if (!is_seen[i]) fail_msg("no %s", EVENT_FIELDS[i].event);
    }
}

/* R1.7: it is said, counts as FAILED, and is tried again. */
static void
test_supervisor_starts_a_program_that_was_missing(void **state)
{
    struct world *w = *state;
    char engine[PATH_MAX], away[PATH_MAX];

    world_path(w, "bin/trading_engine", engine);
    world_path(w, "bin/away", away);
    assert_int_equal(rename(engine, away), 0);
    world_keys(w);
    world_start(w);
    world_await_text(
        w, "logs/supervisor.jsonl",
        "\"SERVICE_START_FAILED\",\"service\":\"trading-bot\",\"reason\":\"program_missing\"", 2);
    world_await_health(w, "\"trading-bot\":\"FAILED\"");
    world_await_health(w, "\"last_error_message\":\"program_missing\"");
    assert_int_equal(world_events(w, "TRADING_ENGINE_STARTED"), 0);
    assert_int_equal(rename(away, engine), 0);
    world_await(w, "TRADING_ENGINE_STARTED", 1);
    world_await_health(w, "\"overall_status\":\"OK\"");
}

/* ---- state/health.json ----------------------------------------------------------------------- */

static void
expect_time(const struct json *record, const char *name)
{
    const char *text = json_str(record, name, "");

    if (when_parse_or_none(text) == WHEN_NONE || strlen(text) != 32)
        fail_msg("%s is \"%s\"", name, text);
}

static void
test_supervisor_health_has_its_fields(void **state)
{
    static const char *const SERVICE_NAMES[] = {"uw-daemon", "trading-bot"};
    struct world *w = *state;

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"uw-daemon\":\"UNKNOWN\",\"trading-bot\":\"OK\"");
    const pid_t engine = world_engine(w);
    const char *text = world_read(w, "state/health.json");
    CLEANUP(json_freep) struct json *doc = parse(text, strlen(text));

    assert_string_equal(json_str(doc, "overall_status", ""), "OK");
    expect_time(doc, "timestamp");
    assert_int_equal(json_len(json_get_obj(doc, "services")), COUNT_OF(SERVICE_NAMES));
    for (size_t i = 0; i < COUNT_OF(SERVICE_NAMES); i++) {
        const struct json *row = json_get_obj(json_get_obj(doc, "details"), SERVICE_NAMES[i]);

        assert_string_equal(json_str(row, "name", ""), SERVICE_NAMES[i]);
        assert_string_equal(json_str(row, "status", ""),
                            json_str(json_get_obj(doc, "services"), SERVICE_NAMES[i], "?"));
        assert_true(json_i64(row, "pid", 0) > 0);
        expect_time(row, "last_heartbeat_time");
        assert_int_equal(json_kind(json_member(row, "last_error_message")), JSON_NULL);
    }
    const struct json *row = json_get_obj(json_get_obj(doc, "details"), "trading-bot");

    assert_int_equal(json_i64(row, "pid", 0), engine);
    expect_time(row, "last_updated");
}

/* ---- folders, old logs, secrets -------------------------------------------------------------- */

static void
test_supervisor_makes_its_folders_and_puts_old_logs_aside(void **state)
{
    static const char *const FOLDERS[] = {"logs",   "state", "data", "config", "state/heartbeats",
                                          "reports"};
    struct world *w = *state;
    char path[PATH_MAX];

    world_keys(w);
    world_make_dir(w, "logs");
    world_write(w, "logs/gate.jsonl", "{}\n");
    world_write(w, "logs/exit.jsonl", "{}\n");
    world_path(w, "logs/gate.jsonl", path);
    assert_int_equal(truncate(path, (10 << 20) + 1), 0);
    world_path(w, "logs/exit.jsonl", path);
    assert_int_equal(truncate(path, 10 << 20),
                     0); /* at the limit of a start, above that of later */
    world_start(w);
    world_await(w, "SUPERVISOR_READY", 1);
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
        world_path(w, FOLDERS[i], path);
        if (access(path, W_OK) != 0) fail_msg("no %s", FOLDERS[i]);
    }
    world_path(w, "logs/gate.jsonl", path);
    assert_int_equal(access(path, F_OK), -1);
    world_path(w, "logs/exit.jsonl", path);
    assert_int_equal(access(path, F_OK), 0);
    world_await_text(w, "logs/system_events.jsonl", "\"archive\":\"logs/archive/gate.2", 1);
}

/* A key pasted into the wrong line of the settings comes back in the sentence about that line. */
static void
test_supervisor_puts_no_secret_on_record(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_make_dir(w, "config");
    world_write(w, "config/stockbot.yaml", "RUN_INTERVAL_SEC: 30\n");
    world_start(w);
    world_await(w, "SUPERVISOR_READY", 1);
    world_write(w, "config/stockbot.yaml", "RUN_INTERVAL_SEC: secret-of-nobody\n");
    assert_int_equal(kill(w->sup, SIGHUP), 0);
    world_await(w, "SUPERVISOR_CONFIG_REJECTED", 1);
    assert_int_equal(world_stop(w, SIGTERM), 0);
    assert_int_equal(world_count(w, "logs/supervisor.jsonl", "RUN_INTERVAL_SEC"), 1);
    assert_int_equal(world_count(w, "logs/supervisor.jsonl", "secret-of-nobody"), 0);
    assert_int_equal(world_count(w, "logs/system_events.jsonl", "secret-of-nobody"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_contract_6_1_every_record_has_its_fields),
        TEST(test_supervisor_starts_a_program_that_was_missing),
        TEST(test_supervisor_health_has_its_fields),
        TEST(test_supervisor_makes_its_folders_and_puts_old_logs_aside),
        TEST(test_supervisor_puts_no_secret_on_record),
    };
    const int as_program = argc > 0 ? fake_main(argv[0]) : -1;

    return as_program >= 0 ? as_program : cmocka_run_group_tests(tests, NULL, NULL);
}

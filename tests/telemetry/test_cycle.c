/*
 * The cycle record and the heartbeat have the keys of the spec, whatever happened in the cycle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <math.h>

#include "base/json.h"
#include "state/store.h"
#include "telemetry/cycle.h"
#include "tests/lib/seams.h"

#define T0 (INT64_C(1750000000) * NS_PER_S + 123456789)

static const char ERRORS[2][CYCLE_ERROR_MAX] = {"gather: no answer", "score: AAPL: odd"};

static struct cycle_record
full_record(void)
{
    static const struct cycle_gate gates[] = {
        {"score_gate",         7},
        {"toxicity_gate",      0},
        {"symbol_on_cooldown", 2}
    };
    static const char *const alerts[] = {"freeze_active"};

    return (struct cycle_record){
        .ended_ns = T0,
        .duration_ms = 41,
        .iteration = 12,
        .clusters = 9,
        .orders = 1,
        .is_market_open = true,
        .error = ERRORS,
        .errors_len = 2,
        .rung = "exits_only",
        .rung_reason = "frozen",
        .gate = gates,
        .gates_len = COUNT_OF(gates),
        .total_pnl = {123456                    },
        .trades = 4,
        .wins = 1,
        .market_regime = "mixed",
        .cache_symbols = 53,
        .symbols_scored = 52,
        .passed_composite_gate = 9,
        .risk = {.is_known = true,
                      .equity = {550000000},
                      .peak_equity = {560000000},
                      .daily_pnl = {-1230000},
                      .daily_loss_limit = {22000000},
                      .drawdown_pct = 1.5,
                      .drawdown_limit_fraction = 0.2,
                      .mode = "PAPER"},
        .positions = {.skipped = "throttled"},
        .alert = alerts,
        .alerts_len = 1,
    };
}

static struct json *
parsed(const struct text *t)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(t), t->len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    return doc;
}

static void
test_contract_2_2_run_record(void **state)
{
    struct cycle_record r = full_record();
    CLEANUP(text_free) struct text line = {0};

    (void)state;
    cycle_encode(&r, &line);
    assert_string_equal(
        text_str(&line),
        "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"_ts\":1750000000,\"msg\":\"complete\","
        "\"iter\":12,"
        "\"clusters\":9,\"orders\":1,\"market_open\":true,\"engine_status\":\"degraded\","
        "\"errors_this_cycle\":[\"gather: no answer\",\"score: AAPL: odd\"],\"duration_ms\":41,"
        "\"rung\":\"exits_only\",\"rung_reason\":\"frozen\","
        "\"gates_refused\":{\"score_gate\":7,\"symbol_on_cooldown\":2},"
        "\"metrics\":{\"market_open\":true,\"total_pnl\":12.35,\"trades\":4,\"win_rate\":0.25,"
        "\"market_regime\":\"mixed\",\"composite_enabled\":true,\"cache_symbols\":53,\"symbols_"
        "scored\":52,"
        "\"passed_composite_gate\":9,\"risk_metrics\":{\"current_equity\":55000.00,\"peak_equity\":"
        "56000.00,"
        "\"daily_pnl\":-123.00,\"drawdown_pct\":1.5,\"daily_loss_limit\":2200.00,\"drawdown_limit_"
        "pct\":0.2,"
        "\"mode\":\"PAPER\"},\"position_reconcile\":{\"skipped\":true,\"reason\":\"throttled\"},"
        "\"alerts\":[\"freeze_active\"]}}");
}

static void
test_contract_2_2_status_and_errors_are_always_there(void **state)
{
    static const struct {
        const char *what;
        bool is_open, is_degraded;
        size_t errors_len;
        const char *failure, *msg, *status;
    } rows[] = {
        {"open and well",   true,  false, 0, NULL,  "complete",       "ok"      },
        {"closed and well", false, false, 0, NULL,  "cycle_complete", "ok"      },
        {"errors",          true,  false, 1, NULL,  "complete",       "degraded"},
        {"broker degraded", true,  true,  0, NULL,  "complete",       "degraded"},
        {"failed, closed",  false, false, 0, "oom", "complete",       "degraded"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct cycle_record r = {.ended_ns = T0,
                                 .is_market_open = rows[i].is_open,
                                 .is_degraded = rows[i].is_degraded,
                                 .error = ERRORS,
                                 .errors_len = rows[i].errors_len,
                                 .failure = rows[i].failure,
                                 .failures = 3,
                                 .rung = "normal"};
        CLEANUP(text_free) struct text line = {0};

        cycle_encode(&r, &line);
        CLEANUP(json_freep) struct json *doc = parsed(&line);
        if (!str_eq(json_str(doc, "msg", ""), rows[i].msg) ||
            !str_eq(json_str(doc, "engine_status", ""), rows[i].status) ||
            !json_is_array(json_get(doc, "errors_this_cycle")) ||
            json_len(json_get(doc, "errors_this_cycle")) != rows[i].errors_len)
            fail_msg("%s: %s", rows[i].what, text_str(&line));
        assert_int_equal(json_has(doc, "error"), rows[i].failure != NULL);
        assert_int_equal(json_i64(doc, "fail_count", -1), rows[i].failure != NULL ? 3 : -1);
        assert_false(json_has(doc, "freeze_active"));
        assert_false(json_has(doc, "risk_freeze"));
        assert_false(json_has(json_get(doc, "metrics"), "win_rate")); /* null: no trade, no rate */
        /* Equity that the broker did not tell is null, not zero. */
        assert_false(
            json_has(json_get(json_get(doc, "metrics"), "risk_metrics"), "current_equity"));
    }
}

static void
test_cycle_record_bounds_its_texts(void **state)
{
    static char errors[1][CYCLE_ERROR_MAX];
    char failure[1000];
    struct cycle_record r = {.error = (const char(*)[CYCLE_ERROR_MAX])errors,
                             .errors_len = 1,
                             .failure = failure,
                             .is_frozen = true,
                             .risk_freeze = "max_drawdown_exceeded"};
    CLEANUP(text_free) struct text line = {0};

    (void)state;
    memset(errors[0], 'e', sizeof(errors[0])); /* not even terminated */
    memset(failure, 'f', sizeof(failure) - 1);
    failure[sizeof(failure) - 1] = '\0';
    cycle_encode(&r, &line);
    CLEANUP(json_freep) struct json *doc = parsed(&line);
    assert_int_equal(strlen(json_string(json_first(json_get(doc, "errors_this_cycle")))), 299);
    assert_int_equal(strlen(json_str(doc, "error", "")), 200);
    assert_true(json_bool(doc, "freeze_active", false));
    assert_string_equal(json_str(doc, "risk_freeze", ""), "max_drawdown_exceeded");
}

static void
test_cycle_record_of_compared_positions(void **state)
{
    static const char *const missing[] = {"AAPL"};
    struct cycle_record r = {
        .positions = {.at_broker = 3,
                      .in_bot = 2,
                      .missing_in_bot = missing,
                      .missing_len = 1,
                      .was_fixed = true}
    };
    CLEANUP(text_free) struct text line = {0};

    (void)state;
    cycle_encode(&r, &line);
    assert_non_null(strstr(line.data,
                           "\"position_reconcile\":{\"alpaca_count\":3,\"bot_count\":2,"
                           "\"divergence\":true,\"missing_in_bot\":[\"AAPL\"],"
                           "\"orphaned_in_bot\":[],\"auto_fixed\":true,\"consecutive_count\":0}"));
}

static void
test_contract_2_2_heartbeat(void **state)
{
    struct cycle_record r = full_record();
    struct heartbeat h = {.now_ns = T0,
                          .last_attempt_ns = T0 - NS_PER_S,
                          .completed = 11,
                          .is_running = true,
                          .pid = 4711,
                          .epoch = 6,
                          .last = &r};
    CLEANUP(text_free) struct text json = {0};

    (void)state;
    heartbeat_encode(&h, &json);
    assert_true(str_starts(
        json.data,
        "{\"schema_version\":1,\"last_heartbeat_ts\":1750000000,"
        "\"last_heartbeat_dt\":\"2025-06-15 15:06:40 UTC\",\"last_attempt_ts\":1749999999,"
        "\"last_attempt_dt\":\"2025-06-15 15:06:39 "
        "UTC\",\"iter_count\":11,\"fail_count\":0,\"running\":true,"
        "\"engine_status\":\"degraded\",\"errors_this_cycle\":[\"gather: no answer\",\"score: "
        "AAPL: odd\"],"
        "\"market_open\":true,\"pid\":4711,\"epoch\":6,\"rung\":\"exits_only\",\"rung_reason\":"
        "\"frozen\","
        "\"metrics\":{\"market_open\":true,"));
}

static void
test_heartbeat_of_a_start_has_all_keys(void **state)
{
    struct heartbeat h = {.now_ns = T0, .last_attempt_ns = WHEN_NONE, .pid = 1};
    CLEANUP(text_free) struct text json = {0};

    (void)state;
    heartbeat_encode(&h, &json);
    assert_string_equal(
        json.data,
        "{\"schema_version\":1,\"last_heartbeat_ts\":1750000000,"
        "\"last_heartbeat_dt\":\"2025-06-15 15:06:40 UTC\",\"last_attempt_ts\":null,"
        "\"last_attempt_dt\":null,\"iter_count\":0,\"fail_count\":0,\"running\":false,"
        "\"engine_status\":\"ok\",\"errors_this_cycle\":[],\"market_open\":false,\"pid\":1,"
        "\"epoch\":0,\"rung\":null,\"rung_reason\":null,\"metrics\":{}}");
}

static void
test_cycle_writes_one_line_and_replaces_the_heartbeat(void **state)
{
    struct test_root root;
    struct test_clock still = {.now_ns = T0};
    struct clock clock = test_clock_seam(&still);
    struct state_store s;
    struct cycle_record r = full_record();
    struct heartbeat h = {.now_ns = T0, .last_attempt_ns = T0, .last = &r};

    (void)state;
    test_root_make(&root);
    state_store_init(&s, &root.fs, &clock, NULL);
    struct store store = state_store_seam(&s);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cycle_write(&r, &store, NULL), RC_OK);
        assert_int_equal(heartbeat_write(&h, &store, NULL), RC_OK);
    }
    char *log = test_read(&root, RUN_LOG_PATH);
    int lines = 0;
    for (const char *p = log; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 3);
    free(log);
    char *beat = test_read(&root, HEARTBEAT_PATH);
    struct text t = {.data = beat, .len = strlen(beat)};
    json_free(parsed(&t));
    free(beat);
    test_root_remove(&root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_2_2_run_record),
        cmocka_unit_test(test_contract_2_2_status_and_errors_are_always_there),
        cmocka_unit_test(test_cycle_record_bounds_its_texts),
        cmocka_unit_test(test_cycle_record_of_compared_positions),
        cmocka_unit_test(test_contract_2_2_heartbeat),
        cmocka_unit_test(test_heartbeat_of_a_start_has_all_keys),
        cmocka_unit_test(test_cycle_writes_one_line_and_replaces_the_heartbeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What an entry leaves behind besides the position: the order log, the traces, the orders on their
 * way, and the words of what was refused.
 */
#include "model_fixture.h"

#include "telemetry/today.h"
#include "telemetry/trades.h"

#define HELD (MODEL_SYMBOL[F_SIGNAL])

/* Events as "subsystem/name {fields}", one a line. */
static void
hear(void *self, enum event_id id, const struct field *fields)
{
    struct text *said = self;
    struct json_out o = {.to = said};

    text_printf(said, "%s/%s ", event_row(id)->subsystem, event_row(id)->name);
    json_out_obj(&o, NULL);
    fields_write(&o, fields);
    json_out_end(&o);
    text_putc(said, '\n');
}

/* One line must hold the event and all of these keys. */
static void
assert_said(const struct text *said, const char *event, const char *const *keys)
{
    const char *at = strstr(text_str(said), event);

    if (at == NULL) {
        fail_msg("%s was not said in:\n%.2000s", event, text_str(said));
        return;
    }
    size_t len = strcspn(at, "\n");
    for (; *keys != NULL; keys++) {
        char key[64];

        (void)snprintf(key, sizeof(key), "\"%s\":", *keys);
        if (memmem(at, len, key, strlen(key)) == NULL)
            fail_msg("%s has no %s: %.*s", event, key, (int)len, at);
    }
}

static bool
file_has(const struct model *m, const char *path, const char *word)
{
    const struct text *file = mem_fs_peek(m->disk, path);

    return file != NULL && strstr(text_str(file), word) != NULL;
}

static void
test_traces_of_an_entry_in_the_order_log(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    static const char *const actions[] = {"submit_limit_filled", "submit_limit_final_filled",
                                          "submit_market_fallback"};
    int filled = 0;

    (void)enter(m);
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        filled += model_lines(m, ORDERS_LOG_PATH, actions[i], HELD);
    assert_int_equal(filled, 1);
    assert_int_equal(model_lines(m, ORDERS_LOG_PATH, "\"status\":\"filled\"", HELD), 1);
    assert_int_equal(model_lines(m, LIVE_ORDERS_LOG_PATH, "_FILLED\"", HELD), 1);
    assert_kept(m);
}

/* R5.40, R5.41: one instant, that of the fill, joins the records of an entry with each other and
 * with those of its close. */
static void
test_traces_of_a_trade_share_the_instant_of_its_fill(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    char iso[ISO_TEXT_MAX], entry[96], trade[96];

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    const struct position_meta *meta = metadata_find(&m->process->engine.memory.metadata, "F");
    assert_non_null(meta);
    (void)when_iso(meta->record.entered_ns, iso);
    (void)snprintf(entry, sizeof(entry), "\"entry_ts\":\"%s\"", iso);
    (void)snprintf(trade, sizeof(trade), "\"trade_id\":\"live:F:%s\"", iso);
    assert_true(file_has(m, "state/position_metadata.json", entry));
    assert_int_equal(model_lines(m, ATTRIBUTION_PATH, "\"trade_id\":\"open_F_", entry), 1);
    assert_int_equal(model_lines(m, ATTRIBUTION_PATH, "\"entry_status\":\"filled\"", entry), 1);
    assert_int_equal(model_lines(m, MASTER_LOG_PATH, trade, entry), 1);
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 30);
    assert_int_equal(model_lines(m, MASTER_LOG_PATH, trade, entry), 2);
    assert_int_equal(model_lines(m, EXITS_LOG_PATH, trade, entry), 1);
    assert_int_equal(model_lines(m, ATTRIBUTION_PATH, "\"trade_id\":\"close_F_", entry), 1);
    assert_kept(m);
}

/* Every limit order is refused: the last one says that it was the last, and then comes the market
 * order. */
static void
test_traces_tell_the_last_attempt_from_the_others(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    int retries = (int)m->bed->cfg.strategy.entry_max_retries;

    model_faults(m, "429:POST/v2/orders:4");
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    model_ticks(m, 60);
    assert_int_equal(retries, 3);
    assert_int_equal(model_lines(m, ORDERS_LOG_PATH, "\"limit_retry_failed\"", HELD), 3);
    assert_int_equal(model_lines(m, ORDERS_LOG_PATH, "\"limit_final_failed\"", HELD), 1);
    assert_int_equal(model_lines(m, ORDERS_LOG_PATH, "\"submit_market_fallback\"", HELD), 1);
    assert_int_equal(model_lines(m, LIVE_ORDERS_LOG_PATH, "MARKET_FILLED", "\"attempt\":5,"), 1);
    assert_int_equal(
        model_lines(m, "state/execution_failures.jsonl", "\"limit_retry_failed\"", HELD), 3);
    /* R5.39: with what the broker answered. */
    assert_int_equal(model_lines(m, "state/execution_failures.jsonl", "\"http_status\":429",
                                 "\"response_body\":\"{"),
                     4);
    assert_int_equal(m->event[EV_LIMIT_RETRY_FAILED], 3);
    assert_int_equal(m->event[EV_LIMIT_FINAL_FAILED], 1);
    assert_kept(m);
}

/* What nobody remembers of an answer is null, never made up: the process that heard it is gone, and
 * its sentence in the ledger is left. */
static void
test_traces_of_a_failure_make_no_answer_up(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_faults(m, "429:POST/v2/orders:1");
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    assert_int_equal(model_lines(m, "state/execution_failures.jsonl", HELD, ""), 0);
    model_drop(m);
    model_start(m);
    model_ticks(m, 5);
    model_cycle(m, m->process);
    assert_int_equal(model_lines(m, "state/execution_failures.jsonl", "\"http_status\":null",
                                 "\"response_body\":null"),
                     1);
    assert_int_equal(model_lines(m, "state/execution_failures.jsonl", "HTTP 429", HELD), 1);
    assert_kept(m);
}

static void
test_traces_of_a_decision(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    assert_int_equal(model_lines(m, "data/expectancy_trace.jsonl", "\"decision\":true", HELD), 1);
    assert_int_equal(model_lines(m, "data/router_trace.jsonl", "\"strategy\":\"", HELD), 1);
    assert_int_equal(model_lines(m, "data/risk_dashboard.jsonl", "\"RISK_SNAPSHOT\"", ""), 1);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(
        model_lines(m, "data/risk_dashboard.jsonl", "\"position_count\":1", "RISK_SNAPSHOT"), 1);
    assert_kept(m);
}

/* The orders on their way stand in the files while they are, and no longer. */
static void
test_traces_of_what_is_pending(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_faults(m, "latefill=20000:POST");
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    static const char *const keys[] = {"symbol",          "side",           "qty",
                                       "score",           "components",     "market_regime",
                                       "direction",       "correlation_id", "order_ids",
                                       "ignition_status", "created",        "regime_modifier"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (!file_has(m, "state/pending_entries.json", keys[i])) fail_msg("no %s", keys[i]);
    assert_true(file_has(m, "state/pending_entries.json", HELD));
    model_faults(m, "");
    model_ticks(m, 60);
    assert_false(file_has(m, "state/pending_entries.json", HELD));
    assert_kept(m);
}

static void
test_traces_of_a_refusal_name_its_numbers(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    CLEANUP(text_free) struct text said = {0};
    static const char *const one[] = {
        "symbol", "score", "number", "threshold", "normalized_symbol", "existing_side", NULL};
    static const char *const summary[] = {"market_regime", "stage",       "considered", "orders",
                                          "top_score",     "gate_counts", NULL};
    static const char *const applied[] = {"symbols_processed", "symbols_with_signals", "passed",
                                          "rejection_rate", NULL};
    static const char *const adjusted[] = {"composite_score", "multiplier", "score", NULL};

    (void)enter(m);
    m->process->engine.seams.log = (struct log){.self = &said, .event = hear};
    cycle_with(m, DIRECTION_BULLISH, false);
    m->process->engine.seams.log = m->process->log;
    assert_said(&said, "gate/max_one_position_per_symbol", one);
    assert_said(&said, "gate/cycle_summary", summary);
    assert_said(&said, "composite_filter/applied", applied);
    assert_said(&said, "structural_intelligence/composite_adjusted", adjusted);
    assert_int_equal(model_lines(m, GATE_DIAGNOSTIC_LOG_PATH, "\"one_position_per_symbol\"", HELD),
                     1);
    assert_int_equal(model_lines(m, BLOCKED_TRADES_LOG_PATH, "\"threshold\":4,", HELD), 1);
    assert_int_equal(model_lines(m, BLOCKED_TRADES_LOG_PATH, "\"existing_side\":\"long\"", HELD),
                     1);
    assert_kept(m);
}

static void
put(struct model *m, const char *path, const char *bytes)
{
    struct err err = {0};

    assert_int_equal(m->fs.replace(m->fs.self, path, bytes, strlen(bytes), false, &err), RC_OK);
}

/* Three losses raise the minimum score, also where they were made before a restart; another one
 * does not lower it. */
static void
test_traces_of_losses_outlive_a_restart(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    put(m, ATTRIBUTION_PATH,
        "{\"ts\":\"2026-01-30T15:00:00Z\",\"trade_id\":\"close_A_1\",\"pnl_pct\":2}\n"
        "{\"ts\":\"2026-01-30T15:01:00Z\",\"trade_id\":\"close_B_1\",\"pnl_pct\":-1}\n"
        "{\"ts\":\"2026-01-30T15:02:00Z\",\"trade_id\":\"open_C_1\",\"pnl_pct\":0}\n"
        "{\"ts\":\"2026-01-30T15:03:00Z\",\"trade_id\":\"scale_C_1\",\"pnl_pct\":1}\n"
        "{\"ts\":\"2026-01-30T15:04:00Z\",\"trade_id\":\"close_C_1\",\"pnl_pct\":-0.01}\n"
        "{\"ts\":\"2026-01-30T15:05:00Z\",\"trade_id\":\"close_D_1\",\"pnl_pct\":-2}\n");
    for (int restart = 0; restart < 2; restart++) {
        model_drop(m);
        model_start(m);
        cycle_with(m, DIRECTION_NONE, false);
        assert_int_equal(m->process->engine.closed.len, 3);
        assert_true(m->process->engine.memory.floor.adjustment > 0.4);
    }
    assert_int_equal(m->event[EV_THRESHOLD_RAISED], 1);
    assert_int_equal(m->event[EV_THRESHOLD_RESET], 0);
    assert_kept(m);
}

static void
test_traces_follow_the_files_of_the_operator(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    put(m, "config/execution_router.json", "{\"selection_rules\":{\"mixed\":\"peg_mid\"}}");
    (void)enter(m);
    assert_int_equal(model_lines(m, "data/router_trace.jsonl", "\"strategy\":\"peg_mid\"", HELD),
                     1);
    assert_int_equal(m->event[EV_OPERATORS_FILE_UNUSABLE], 0);
    put(m, "config/execution_router.json", "{\"selection_rules\":");
    put(m, "state/governor_freezes.json", "{\"stop\":true}");
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_OPERATORS_FILE_UNUSABLE], 1);
    assert_int_equal(model_lines(m, "logs/run.jsonl", "\"alerts\":[\"freeze_active\"]", ""), 1);
    assert_kept(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_traces_of_an_entry_in_the_order_log),
        PATH_TEST(test_traces_of_a_trade_share_the_instant_of_its_fill),
        PATH_TEST(test_traces_tell_the_last_attempt_from_the_others),
        PATH_TEST(test_traces_of_a_failure_make_no_answer_up),
        PATH_TEST(test_traces_of_a_decision),
        PATH_TEST(test_traces_of_what_is_pending),
        PATH_TEST(test_traces_of_a_refusal_name_its_numbers),
        PATH_TEST(test_traces_of_losses_outlive_a_restart),
        PATH_TEST(test_traces_follow_the_files_of_the_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

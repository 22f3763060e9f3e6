/*
 * What a close leaves behind, over the whole order path (spec 10 R6.1, R6.20, R6.31 to R6.34, R8.2,
 * R8.8).
 */
#include "tests/engine/model_fixture.h"

#include "telemetry/today.h"
#include "telemetry/trades.h"

#define HELD               "\"symbol\":\"F\""
#define RECONCILE_LOG_PATH "logs/reconcile.jsonl"
#define PENDING_EXITS_PATH "state/pending_exits.json"

static bool
file_has(const struct model *m, const char *path, const char *word)
{
    const struct text *file = mem_fs_peek(m->disk, path);

    return file != NULL && strstr(text_str(file), word) != NULL;
}

/* The one line with both words has every key. */
static void
assert_keys(const struct model *m, const char *path, const char *word, const char *const *keys)
{
    assert_int_equal(model_lines(m, path, word, HELD), 1);
    for (; *keys != NULL; keys++) {
        char key[64];

        (void)snprintf(key, sizeof(key), "\"%s\":", *keys);
        const struct text *file = mem_fs_peek(m->disk, path);
        const char *end = text_str(file) + file->len;
        bool found = false;
        for (const char *line = text_str(file), *next; line < end; line = next) {
            const char *newline = memchr(line, '\n', (size_t)(end - line));

            next = newline == NULL ? end : newline + 1;
            size_t len = (size_t)(next - line);
            found = found || (memmem(line, len, word, strlen(word)) != NULL &&
                              memmem(line, len, HELD, strlen(HELD)) != NULL &&
                              memmem(line, len, key, strlen(key)) != NULL);
        }
        if (!found) fail_msg("%s: no %s beside %s", path, *keys, word);
    }
}

static struct position_meta *
held_meta(struct model *m)
{
    struct position_meta *meta =
        metadata_find(&m->process->engine.memory.metadata, MODEL_SYMBOL[F_SIGNAL]);

    assert_non_null(meta);
    return meta;
}

static void
close_held(struct model *m)
{
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 30);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), 0);
}

static void
test_exit_records_of_a_close_have_every_field(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    static const char *const attribution[] = {"type",
                                              "trade_id",
                                              "entry_score",
                                              "market_regime",
                                              "exit_pnl",
                                              "pnl_pct",
                                              "pnl_usd",
                                              "hold_minutes",
                                              "stealth_boost_applied",
                                              "context",
                                              "close_reason",
                                              "entry_price",
                                              "exit_price",
                                              "side",
                                              "position_side",
                                              "order_side_raw",
                                              "qty",
                                              "entry_qty",
                                              "exit_qty",
                                              "entry_order_id",
                                              "exit_order_id",
                                              "components",
                                              "direction",
                                              "time_of_day",
                                              "day_of_week",
                                              "entry_hour",
                                              "flow_magnitude",
                                              "signal_strength",
                                              "entry_ts",
                                              "entry_price_source",
                                              "exit_price_source",
                                              "correlation_id",
                                              NULL};
    static const char *const line[] = {
        "timestamp",    "side",        "qty",          "entry_price",   "exit_price",
        "pnl_usd",      "pnl_pct",     "hold_minutes", "entry_ts",      "exit_ts",
        "close_reason", "entry_score", "trade_id",     "market_regime", NULL};
    static const char *const master[] = {"trade_id",         "side",        "is_live",
                                         "is_shadow",        "source",      "entry_ts",
                                         "entry_price",      "size",        "exit_ts",
                                         "exit_price",       "timestamp",   "signals",
                                         "realized_pnl_usd", "exit_reason", "feature_snapshot",
                                         "regime_snapshot",  NULL};

    (void)enter(m);
    close_held(m);
    assert_keys(m, ATTRIBUTION_PATH, "\"trade_id\":\"close_", attribution);
    assert_keys(m, EXITS_LOG_PATH, "\"close_reason\"", line);
    assert_keys(m, MASTER_LOG_PATH, "\"exit_reason\":\"", master);
    assert_int_equal(model_lines(m, ORDERS_LOG_PATH, "\"action\":\"close_position\"", HELD), 1);
    assert_int_equal(m->event[EV_POSITIONS_TO_CLOSE], 1);
    assert_int_equal(m->event[EV_ATTRIBUTION_LOGGED], 1);
    assert_int_equal(m->event[EV_MISSING_ENTRY_SCORE], 0);
    assert_int_equal(m->event[EV_MISSING_MARKET_REGIME], 0);
    assert_kept(m);
}

/* R6.31: the words come from the components and the direction of the entry, not from nothing. */
static void
test_exit_records_take_flow_and_direction_from_the_entry(void **state)
{
    static const struct {
        const char *components, *want;
    } cases[] = {
        {"{\"flow\":0.25}",        "\"flow_magnitude\":\"LOW\""   },
        {"{\"flow\":0.3}",         "\"flow_magnitude\":\"MEDIUM\""},
        {"{\"flow\":0.7}",         "\"flow_magnitude\":\"HIGH\""  },
        {"{\"dark_pool\":0.7}",    "\"flow_magnitude\":null"      },
        {"{\"flow\":\"nothing\"}", "\"flow_magnitude\":null"      },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct model *m = begin(*state, (struct model_options){0});

        (void)enter(m);
        cycle_with(m, DIRECTION_NONE, false);
        struct position_meta *meta = held_meta(m);
        free(meta->components);
        meta->components = strdup(cases[i].components);
        meta->record.direction = DIRECTION_BEARISH; /* a long against its signal */
        close_held(m);
        if (model_lines(m, ATTRIBUTION_PATH, "\"trade_id\":\"close_", cases[i].want) != 1)
            fail_msg("%s: not %s", cases[i].components, cases[i].want);
        assert_int_equal(
            model_lines(m, ATTRIBUTION_PATH, "\"trade_id\":\"close_", "\"direction\":\"bearish\""),
            1);
        assert_int_equal(model_lines(m, ATTRIBUTION_PATH, "\"trade_id\":\"close_",
                                     i == 0 ? "\"stealth_boost_applied\":true"
                                            : "\"stealth_boost_applied\":false"),
                         1);
        assert_kept(m);
    }
}

/* R6.32: what is not known is said, and said in the record as unknown. */
static void
test_exit_records_say_what_was_not_known(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], 30);
    model_ticks(m, 5);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_ZERO_ENTRY_SCORE], 1);
    assert_int_equal(m->event[EV_MISSING_IN_BOT], 1);
    assert_int_equal(model_lines(m, RECONCILE_LOG_PATH, "\"missing_in_bot\":[\"F\"]", ""), 1);
    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], -30);
    model_ticks(m, 5);
    cycle_with(m, DIRECTION_NONE, false);
    model_quiet(m);
    assert_int_equal(
        model_lines(m, ATTRIBUTION_PATH, "closed_externally", "\"market_regime\":\"unknown\""), 1);
    assert_int_equal(m->event[EV_MISSING_ENTRY_SCORE], 1);
    assert_int_equal(m->event[EV_MISSING_MARKET_REGIME], 1);
    assert_kept(m);
}

/* R8.8: a close on its way stands in its file, with the record of its position, and no longer. */
static void
test_exit_on_its_way_stands_in_its_file(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    static const char *const keys[] = {"\"exit_order_id\":\"", "\"reason\":\"", "\"submitted\":\"",
                                       "\"position\":{", "\"entry_score\":"};

    (void)enter(m);
    model_faults(m, "latefill=20000:POST");
    cycle_with(m, DIRECTION_NONE, true);
    assert_true(file_has(m, PENDING_EXITS_PATH, "\"F\":{"));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (!file_has(m, PENDING_EXITS_PATH, keys[i])) fail_msg("no %s", keys[i]);
    model_faults(m, "");
    model_ticks(m, 60);
    assert_false(file_has(m, PENDING_EXITS_PATH, "\"F\""));
    assert_kept(m);
}

/* R6.18: said once, after ATTRIBUTION_EXIT_FILL_WAIT_SEC, and no second order. */
static void
test_exit_that_waits_for_its_fill_is_said_once(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    size_t posted = m->posted_len;
    model_faults(m, "latefill=60000:POST");
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, m->bed->cfg.engine.exit_fill_wait_s - 2);
    assert_int_equal(m->event[EV_CLOSE_PENDING_FILL], 0);
    model_ticks(m, 4);
    assert_int_equal(m->event[EV_CLOSE_PENDING_FILL], 1);
    model_ticks(m, 10);
    cycle_with(m, DIRECTION_NONE, true);
    assert_int_equal(m->event[EV_CLOSE_PENDING_FILL], 1);
    assert_int_equal(m->posted_len, posted + 1);
    model_faults(m, "");
    model_ticks(m, 60);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), 0);
    assert_kept(m);
}

/* R6.1: without the broker's list nothing is closed, and it is said. */
static void
test_exit_waits_while_the_broker_does_not_list(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    size_t posted = m->posted_len;
    model_faults(m, "503:GET/v2/positions");
    cycle_with(m, DIRECTION_NONE, true);
    assert_int_equal(m->posted_len, posted);
    assert_int_equal(m->event[EV_LIST_POSITIONS_ERROR], 1);
    model_faults(m, "");
    close_held(m);
    assert_int_equal(m->posted_len, posted + 1);
    assert_kept(m);
}

/* R8.2: each process says once how it found things; what was closed while none ran is an orphan. */
static void
test_exit_comparison_at_the_start_is_on_record(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    cycle_with(m, DIRECTION_NONE, false);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_STARTUP_COMPLETE], 1);
    assert_int_equal(model_lines(m, RECONCILE_LOG_PATH, "\"divergence\":false", "\"_dt\":\""), 1);
    int64_t qty = enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    model_drop(m);
    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], -qty);
    model_start(m);
    model_faults(m, "503:GET/v2/positions");
    cycle_with(m, DIRECTION_NONE, false);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_STARTUP_FAILED], 1);
    model_faults(m, "");
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_STARTUP_COMPLETE], 2);
    assert_int_equal(
        model_lines(m, RECONCILE_LOG_PATH, "\"orphaned_in_bot\":[\"F\"]", "\"divergence\":true"),
        1);
    assert_int_equal(model_lines(m, ATTRIBUTION_PATH, "closed_externally", HELD), 1);
    model_quiet(m);
    assert_kept(m);
}

/* R6.6: a position whose flow has turned and that has fallen far from its best is closed, and the
 * turn is said with both scores; an urgency without a turned flow says none. */
static void
test_exit_of_a_turned_flow_is_said_with_both_scores(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_COUNTER_SIGNAL_EXIT], 0);
    struct position_meta *meta = held_meta(m);
    meta->record.high_water =
        usd_add(meta->record.entry_price, usd_bps(meta->record.entry_price, 2000));
    meta->record.has_trail_dist = true; /* not the trailing stop's business */
    meta->record.trail_dist = meta->record.entry_price;
    close_held(m);
    assert_int_equal(m->event[EV_EXIT_URGENT], 1);
    assert_int_equal(m->event[EV_COUNTER_SIGNAL_EXIT], 1);
    assert_int_equal(m->said_score[0] > 4.4 && m->said_score[0] < 4.6, true);
    assert_int_equal(m->said_score[1] > 0.2 && m->said_score[1] < 0.4, true);
    assert_int_equal(model_lines(m, EXITS_LOG_PATH, "exit_urgency(", "flow_reversal"), 1);
    assert_kept(m);
}

static void
test_exit_of_a_decayed_score_is_no_turned_flow(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    close_held(m); /* pressed: the score is gone and the flow has turned, but nothing is urgent */
    assert_int_equal(m->event[EV_EXIT_SIGNAL_DECAY], 1);
    assert_int_equal(m->event[EV_EXIT_URGENT], 0);
    assert_int_equal(m->event[EV_COUNTER_SIGNAL_EXIT], 0);
    assert_kept(m);
}

/* The target is reached at once, and no whole exit is due. */
static void
reach_target(struct model *m, size_t target, double part)
{
    held_meta(m)->record.target[target] = (struct exit_target){.gain = -0.5, .part = part};
}

static int
order_lines(const struct model *m, const char *action)
{
    char key[64];

    (void)snprintf(key, sizeof(key), "\"action\":\"%s\"", action);
    return model_lines(m, ORDERS_LOG_PATH, key, HELD);
}

/* R6.15, R6.27, R5.42: a part is one order, one line with its share of the whole, one partial
 * attribution; the target is taken once, over a restart too, and what is left is closed as a whole.
 */
static void
test_exit_of_a_part_has_its_own_lines(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    char share[64];

    int64_t qty = enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    reach_target(m, 0, 0.3);
    cycle_with(m, DIRECTION_NONE, false);
    model_ticks(m, 30);
    int64_t part = qty * 3 / 10;
    assert_true(part >= 1);
    assert_int_equal(model_broker_qty(m, "F"), qty - part);
    assert_int_equal(m->event[EV_EXIT_SCALE_OUT], 1);
    assert_int_equal(order_lines(m, "scale_out"), 1);
    (void)snprintf(share, sizeof(share), "\"qty\":%lld,\"fraction\":", (long long)part);
    assert_int_equal(model_lines(m, ORDERS_LOG_PATH, "\"action\":\"scale_out\"", share), 1);
    assert_int_equal(
        model_lines(m, ORDERS_LOG_PATH, "\"action\":\"scale_out\"", "\"type\":\"order\""), 1);
    static const char *const partial[] = {
        "pnl_usd",     "pnl_pct",    "hold_minutes",  "context",   "close_reason",
        "entry_price", "side",       "exit_price",    "qty",       "fraction",
        "entry_score", "components", "market_regime", "direction", NULL};
    assert_keys(m, ATTRIBUTION_PATH, "\"trade_id\":\"scale_", partial);
    assert_int_equal(model_lines(m, MASTER_LOG_PATH, "\"exit_reason\":\"", HELD), 0);

    model_drop(m);
    model_start(m);
    for (int i = 0; i < 3; i++) {
        cycle_with(m, DIRECTION_NONE, false);
        model_ticks(m, 10);
    }
    assert_true(held_meta(m)->record.target[0].is_hit);
    assert_int_equal(order_lines(m, "scale_out"), 1);
    close_held(m);
    assert_int_equal(order_lines(m, "close_position"), 1);
    assert_int_equal(model_lines(m, MASTER_LOG_PATH, "\"exit_reason\":\"", HELD), 1);
    assert_kept(m);
}

/* R5.28, R8.9: the cooldown and the record of an entry outlive a process that dies right after it.
 */
static void
test_exit_needs_what_the_entry_left_over_a_kill(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    const struct memory *before = &m->process->engine.memory;
    int64_t until_ns = memory_times_find(before, "F")->cooldown_until_ns;
    held_meta(m);
    model_drop(m);
    model_start(m);
    assert_int_equal(m->event[EV_METADATA_RESTORED], 0);
    assert_true(held_meta(m)->record.entry_score > 4);
    assert_non_null(held_meta(m)->components);
    const struct memory *after = &m->process->engine.memory;
    /* Microseconds in the file. */
    assert_int_equal(memory_times_find(after, "F")->cooldown_until_ns / NS_PER_US,
                     until_ns / NS_PER_US);
    assert_kept(m);
}

/* R5.26: killed at any call while a close is settled, the trade counts once among the last ones. */
static void
test_exit_counts_once_among_the_last_trades_over_a_kill(void **state)
{
    enum { CALLS = 48 };
    int killed = 0;

    for (int n = 1; n <= CALLS; n++) {
        struct model *m = begin(*state, (struct model_options){0});

        (void)enter(m);
        model_faults(m, "latefill=2000:POST");
        cycle_with(m, DIRECTION_NONE, true);
        m->is_pressed[F_SIGNAL] = false;
        m->process->dies_at = m->process->calls + n;
        model_ticks(m, 10);
        killed += m->process->is_dead;
        model_quiet(m);
        assert_int_equal(model_broker_qty(m, "F"), 0);
        if (m->process->engine.closed.len != 1)
            fail_msg("killed at call %d: %zu trades", n, m->process->engine.closed.len);
        assert_kept(m);
    }
    assert_true(killed > 24);
}

/* A part that the broker refuses is a line of its own, takes nothing, and is tried again. */
static void
test_exit_of_a_part_that_is_refused(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    int64_t qty = enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    reach_target(m, 0, 0.3);
    model_faults(m, "429:POST/v2/orders:1");
    cycle_with(m, DIRECTION_NONE, false);
    model_ticks(m, 5);
    assert_int_equal(model_broker_qty(m, "F"), qty);
    assert_int_equal(order_lines(m, "scale_out_failed"), 1);
    assert_int_equal(order_lines(m, "scale_out"), 0);
    assert_false(held_meta(m)->record.target[0].is_hit);
    cycle_with(m, DIRECTION_NONE, false);
    model_ticks(m, 30);
    assert_int_equal(order_lines(m, "scale_out"), 1);
    assert_true(held_meta(m)->record.target[0].is_hit);
    close_held(m);
    assert_kept(m);
}

/* A close that the broker refuses, likewise. */
static void
test_exit_that_is_refused_is_tried_again(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    model_faults(m, "429:POST/v2/orders:1");
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 5);
    assert_int_equal(order_lines(m, "close_position_failed"), 1);
    assert_int_equal(m->event[EV_CLOSE_FAILED], 1);
    assert_true(model_broker_qty(m, "F") > 0);
    close_held(m);
    assert_int_equal(order_lines(m, "close_position"), 1);
    assert_kept(m);
}

/* An absolute distance that leaves no price: said, and the other rules go on. */
static void
test_exit_says_that_a_trailing_stop_is_no_price(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_EXIT_INVALID_TRAIL], 0);
    struct position_meta *meta = held_meta(m);
    meta->record.has_trail_dist = true;
    meta->record.trail_dist = usd_add(meta->record.high_water, meta->record.high_water);
    cycle_with(m, DIRECTION_NONE, false);
    assert_true(m->event[EV_EXIT_INVALID_TRAIL] > 0);
    close_held(m);
    assert_kept(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_exit_records_of_a_close_have_every_field),
        PATH_TEST(test_exit_records_take_flow_and_direction_from_the_entry),
        PATH_TEST(test_exit_records_say_what_was_not_known),
        PATH_TEST(test_exit_on_its_way_stands_in_its_file),
        PATH_TEST(test_exit_that_waits_for_its_fill_is_said_once),
        PATH_TEST(test_exit_waits_while_the_broker_does_not_list),
        PATH_TEST(test_exit_comparison_at_the_start_is_on_record),
        PATH_TEST(test_exit_of_a_turned_flow_is_said_with_both_scores),
        PATH_TEST(test_exit_of_a_decayed_score_is_no_turned_flow),
        PATH_TEST(test_exit_of_a_part_has_its_own_lines),
        PATH_TEST(test_exit_needs_what_the_entry_left_over_a_kill),
        PATH_TEST(test_exit_counts_once_among_the_last_trades_over_a_kill),
        PATH_TEST(test_exit_of_a_part_that_is_refused),
        PATH_TEST(test_exit_that_is_refused_is_tried_again),
        PATH_TEST(test_exit_says_that_a_trailing_stop_is_no_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

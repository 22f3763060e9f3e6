/*
 * A position gives way to a candidate (spec 10 R5.29, R5.38, section 7), and what happens where it
 * cannot, over the whole order path.
 */
#include "tests/engine/model_fixture.h"

#include "telemetry/trades.h"

#define NEWCOMER 1 /* index into MODEL_SYMBOL */

/* A book of one position, weak enough to be displaced and too good to be closed by a rule; and a
 * strong candidate beside it. */
static struct model *
full_book(struct fixture *f)
{
    f->bed.cfg.strategy.max_concurrent_positions = 1;
    struct model *m = begin(f, (struct model_options){0});

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    m->pressed_score = 2.9;
    m->is_pressed[F_SIGNAL] = true;
    m->signal[NEWCOMER] = DIRECTION_BULLISH;
    return m;
}

static void
rest(struct model *m)
{
    m->signal[F_SIGNAL] = m->signal[NEWCOMER] = DIRECTION_NONE;
    m->is_pressed[F_SIGNAL] = false;
    model_quiet(m);
    assert_kept(m);
}

static int64_t
displaced_ns(const struct model *m)
{
    const struct symbol_times *t = memory_times_find(&m->process->engine.memory, "F");

    return t != NULL ? t->displaced_ns : WHEN_NONE;
}

/* R7.8: closed, on cooldown over a kill, and the newcomer entered in a later cycle. */
static void
test_give_way_closes_first_and_enters_later(void **state)
{
    struct model *m = full_book(*state);

    model_cycle(m, m->process);
    assert_int_equal(m->event[EV_CLOSE_FIRST], 1);
    assert_int_equal(m->event[EV_DISPLACEMENT_ELITE], 1);
    int64_t at_ns = displaced_ns(m);
    assert_true(at_ns != WHEN_NONE);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[NEWCOMER]), 0);
    model_drop(m);
    model_start(m);
    assert_int_equal(displaced_ns(m) / NS_PER_US, at_ns / NS_PER_US);
    for (int i = 0; i < 3; i++) {
        model_ticks(m, 10);
        model_cycle(m, m->process);
    }
    model_ticks(m, 30);
    assert_int_equal(model_broker_qty(m, "F"), 0);
    assert_true(model_broker_qty(m, MODEL_SYMBOL[NEWCOMER]) > 0);
    assert_int_equal(model_lines(m, EXITS_LOG_PATH, "displaced_by_", "\"symbol\":\"F\""), 1);
    assert_int_equal(m->event[EV_CLOSE_FIRST], 1);
    assert_int_equal(m->event[EV_REPLACEMENT_FAILED], 0);
    rest(m);
}

/* The close is refused: nothing was displaced, so nothing is on cooldown, and it is said why there
 * is no entry. */
static void
test_give_way_that_is_refused_is_no_displacement(void **state)
{
    struct model *m = full_book(*state);

    model_faults(m, "429:POST/v2/orders:1");
    model_cycle(m, m->process);
    assert_int_equal(m->event[EV_DISPLACEMENT_FAILED], 1);
    assert_int_equal(m->event[EV_CLOSE_FIRST], 0);
    assert_true(displaced_ns(m) == WHEN_NONE);
    assert_int_equal(
        model_lines(m, BLOCKED_TRADES_LOG_PATH, "\"reason\":\"displacement_failed\"", ""), 1);
    assert_true(model_broker_qty(m, "F") > 0);
    rest(m);
}

/* R7.7: the newcomer's orders are all refused after the old position is gone. */
static void
test_give_way_for_nothing_is_said(void **state)
{
    struct model *m = full_book(*state);

    model_cycle(m, m->process);
    model_ticks(m, 5);
    assert_int_equal(model_broker_qty(m, "F"), 0);
    model_faults(m, "429:POST/v2/orders");
    model_cycle(m, m->process);
    m->signal[NEWCOMER] = DIRECTION_NONE;
    model_ticks(m, 40);
    assert_int_equal(m->event[EV_REPLACEMENT_FAILED], 1);
    assert_int_equal(m->event[EV_ENTRY_PENDING_CANCELLED], 1);
    model_faults(m, "");
    m->signal[NEWCOMER] = DIRECTION_BULLISH;
    model_cycle(m, m->process);
    m->signal[NEWCOMER] = DIRECTION_NONE;
    model_ticks(m, 40);
    assert_true(model_broker_qty(m, MODEL_SYMBOL[NEWCOMER]) > 0);
    assert_int_equal(m->event[EV_REPLACEMENT_FAILED], 1);
    rest(m);
}

/* R5.29: the opposite position is closed, then the symbol is entered the other way. */
static void
test_give_way_of_an_opposite_position(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    /* Nothing but the flip: no target to take, and the cooldown of the entry is over. */
    metadata_find(&m->process->engine.memory.metadata, "F")->record.targets_len = 0;
    model_pass(m, 20 * NS_PER_MIN);
    model_faults(m, "429:POST/v2/orders:1");
    cycle_with(m, DIRECTION_BEARISH, false);
    assert_int_equal(m->event[EV_FLIP], 0);
    assert_int_equal(m->event[EV_FLIP_CLOSE_FAILED], 1);
    assert_int_equal(
        model_lines(m, BLOCKED_TRADES_LOG_PATH, "\"reason\":\"flip_close_failed\"", ""), 1);
    assert_true(model_broker_qty(m, "F") > 0);
    model_ticks(m, 5);
    cycle_with(m, DIRECTION_BEARISH, false);
    assert_int_equal(m->event[EV_FLIP], 1);
    assert_int_equal(m->event[EV_CLOSE_RETRY], 1);
    model_ticks(m, 20);
    assert_int_equal(model_broker_qty(m, "F"), 0);
    assert_int_equal(model_lines(m, EXITS_LOG_PATH, "position_flip", ""), 1);
    rest(m);
}

/* R6.18 step 7: three refusals in a row are grave, once in three, until one is taken. */
static void
test_give_way_and_exits_that_are_refused_again_and_again(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    model_faults(m, "429:POST/v2/orders");
    for (int i = 1; i <= 7; i++) {
        cycle_with(m, DIRECTION_NONE, true);
        model_ticks(m, 5);
        assert_int_equal(m->event[EV_CLOSE_FAILED], i);
        assert_int_equal(m->event[EV_CLOSE_RETRY], i - 1);
        assert_int_equal(m->event[EV_CLOSE_ALL_FAILED], i / 3);
    }
    model_faults(m, "");
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 20);
    assert_int_equal(model_broker_qty(m, "F"), 0);
    assert_int_equal(memory_times_find(&m->process->engine.memory, "F")->closes_refused, 0);
    rest(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_give_way_closes_first_and_enters_later),
        PATH_TEST(test_give_way_that_is_refused_is_no_displacement),
        PATH_TEST(test_give_way_for_nothing_is_said),
        PATH_TEST(test_give_way_of_an_opposite_position),
        PATH_TEST(test_give_way_and_exits_that_are_refused_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

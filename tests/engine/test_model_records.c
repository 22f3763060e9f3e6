/*
 * The records of positions follow the broker, and everything that changes them is on record (spec
 * 10 8.3, 8.4).
 */
#include "tests/engine/model_fixture.h"

#define AUDIT_PATH "data/audit_positions_autofix.jsonl"
#define HELD       "\"symbol\":\"F\""

static int
audited(const struct model *m, const char *event, const char *word)
{
    char key[96];

    (void)snprintf(key, sizeof(key), "{\"event\":\"%s\",\"ts\":\"", event);
    return model_lines(m, AUDIT_PATH, key, word);
}

static void
trade_by_hand(struct model *m, int64_t shares)
{
    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], shares);
    model_ticks(m, 5);
    cycle_with(m, DIRECTION_NONE, false);
}

/* R8.5: one line for each record that was made, removed or given another quantity, and one for the
 * whole; a reconciliation that finds nothing says so. */
static void
test_records_that_follow_the_broker_are_audited(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(audited(m, "reconciliation_clean", "\"details\":{\"positions\":0}"), 1);
    assert_int_equal(m->event[EV_RECONCILE_CLEAN], 1);

    trade_by_hand(m, 30);
    assert_int_equal(audited(m, "missing_injected", HELD), 1);
    assert_int_equal(audited(m, "missing_injected", "\"qty\":30,\"side\":\"buy\""), 1);
    assert_int_equal(audited(m, "autonomous_reconciliation_complete",
                             "\"total_diffs\":1,\"plan\":{\"missing_in_bot\":[\"F\"],"
                             "\"orphaned_in_bot\":[],\"quantity_mismatch\":[]}"),
                     1);

    trade_by_hand(m, -10);
    assert_int_equal(audited(m, "quantity_reconciled", "\"bot_qty\":30,\"alpaca_qty\":20"), 1);
    assert_int_equal(
        audited(m, "autonomous_reconciliation_complete", "\"quantity_mismatch\":[\"F\"]"), 1);

    trade_by_hand(m, -20);
    assert_int_equal(audited(m, "orphan_purged", HELD), 1);
    assert_int_equal(
        audited(m, "autonomous_reconciliation_complete", "\"orphaned_in_bot\":[\"F\"]"), 1);
    assert_int_equal(m->event[EV_RECONCILE_FIXED], 3);
    assert_int_equal(m->event[EV_RECONCILE_CLEAN], 1);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_RECONCILE_CLEAN], 2);
    model_quiet(m);
    assert_kept(m);
}

/* What our own orders change is no difference: an entry, a part of it sold at a target, its close.
 */
static void
test_records_of_our_own_orders_are_no_difference(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    int64_t qty = enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    struct position_meta *meta = metadata_find(&m->process->engine.memory.metadata, "F");
    meta->record.target[0] = (struct exit_target){.gain = -0.5, .part = 0.3};
    for (int i = 0; i < 3; i++) {
        cycle_with(m, DIRECTION_NONE, false);
        model_ticks(m, 20);
    }
    assert_true(model_broker_qty(m, "F") < qty);
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 30);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(model_broker_qty(m, "F"), 0);
    assert_int_equal(audited(m, "quantity_reconciled", ""), 0);
    assert_int_equal(m->event[EV_RECONCILE_FIXED], 0);
    assert_true(m->event[EV_RECONCILE_CLEAN] >= 5);
    assert_kept(m);
}

/* R8.4. */
static void
test_records_of_a_broker_that_cannot_be_reached(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    model_faults(m, "503:GET/v2/positions");
    cycle_with(m, DIRECTION_NONE, false);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(audited(m, "broker_unreachable_max_retries", "broker_unreachable"), 1);
    assert_int_equal(audited(m, "degraded_mode_entered", "broker_unreachable"), 1);
    assert_int_equal(audited(m, "degraded_mode_exited", ""), 0);
    assert_non_null(metadata_find(&m->process->engine.memory.metadata, "F")); /* D60 */
    assert_int_equal(model_lines(m, RUN_LOG_PATH,
                                 "\"position_reconcile\":{\"skipped\":true,\"reason\":"
                                 "\"broker_unreachable\"}",
                                 ""),
                     2);
    model_faults(m, "");
    cycle_with(m, DIRECTION_NONE, false);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(audited(m, "degraded_mode_exited", ""), 1);
    model_quiet(m);
    assert_kept(m);
}

/* R8.6: compared at the first cycle and after five minutes, in between it says that it was not. */
static void
test_records_are_checked_every_five_minutes(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    static const char throttled[] =
        "\"position_reconcile\":{\"skipped\":true,\"reason\":\"throttled\"}";
    static const char empty[] = "\"position_reconcile\":{\"alpaca_count\":0,\"bot_count\":0,"
                                "\"divergence\":false,\"missing_in_bot\":[],"
                                "\"orphaned_in_bot\":[],\"auto_fixed\":false,"
                                "\"consecutive_count\":0}";

    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(model_lines(m, RUN_LOG_PATH, empty, ""), 1);
    model_pass(m, 299 * NS_PER_S);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(model_lines(m, RUN_LOG_PATH, throttled, ""), 1);
    model_pass(m, 2 * NS_PER_S);
    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(model_lines(m, RUN_LOG_PATH, empty, ""), 2);
    assert_kept(m);
}

/* A position that is closed by hand while the disk is full: its records cannot be written, so the
 * reconciliation leaves it, and the check beside it mends that as soon as there is room. */
static void
test_records_left_apart_are_mended_by_the_check(void **state)
{
    enum { CALLS_MAX = 80 };
    int mended = 0;

    for (int calls = 1; calls <= CALLS_MAX; calls++) {
        struct model *m = begin(*state, (struct model_options){0});
        struct model_process *p = m->process;

        int64_t qty = enter(m);
        cycle_with(m, DIRECTION_NONE, false);
        model_by_hand(m, "F", -qty);
        model_pass(m, 301 * NS_PER_S);
        p->disk_fails_at = p->calls + 1;
        p->disk_fails_len = calls;
        cycle_with(m, DIRECTION_NONE, false);
        p->disk_fails_at = 0;
        if (m->event[EV_DIVERGENCE_FIXED] > 0) {
            assert_int_equal(m->event[EV_DIVERGENCE_PENDING], 1);
            assert_int_equal(model_lines(m, RUN_LOG_PATH,
                                         "\"divergence\":true,\"missing_in_bot\":[],"
                                         "\"orphaned_in_bot\":[\"F\"],\"auto_fixed\":true,"
                                         "\"consecutive_count\":1",
                                         ""),
                             1);
            mended++;
        }
        cycle_with(m, DIRECTION_NONE, false);
        assert_int_equal(model_lines(m, "logs/exits.jsonl", "closed_externally", HELD), 1);
        assert_null(metadata_find(&p->engine.memory.metadata, "F"));
        model_quiet(m);
        assert_kept(m);
    }
    assert_true(mended > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_records_that_follow_the_broker_are_audited),
        PATH_TEST(test_records_of_our_own_orders_are_no_difference),
        PATH_TEST(test_records_of_a_broker_that_cannot_be_reached),
        PATH_TEST(test_records_are_checked_every_five_minutes),
        PATH_TEST(test_records_left_apart_are_mended_by_the_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

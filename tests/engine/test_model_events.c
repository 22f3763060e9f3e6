/*
 * What the engine says: each rule of an exit, each reason of a halt, and each thing that could not
 * be done has its own event, and says it once.
 */
#include "tests/engine/model_fixture.h"

#include <math.h>

#include "telemetry/trades.h"

#define NEWCOMER 1 /* index into MODEL_SYMBOL */

/* An empty snapshot of now. */
static struct snapshot
nothing_seen(struct model *m)
{
    return (struct snapshot){.now_ns = m->time.now_ns, .is_market_open = true};
}

/* R6.5 to R6.15: the event is that of the rule that decided. */
static void
test_events_name_the_rule_of_an_exit(void **state)
{
    static const struct {
        enum exit_rule rule;
        enum event_id event;
        const char *name;
    } cases[] = {
        {EXIT_REGIME_PROTECTION, EV_EXIT_REGIME,        "regime_safety_trigger"  },
        {EXIT_URGENCY,           EV_EXIT_URGENT,        "adaptive_exit_urgent"   },
        {EXIT_STALE_POSITION,    EV_EXIT_STALE_DAYS,    "time_exit_stale"        },
        {EXIT_STALE_ALPHA,       EV_EXIT_STALE_ALPHA,   "stale_alpha_cutoff_exit"},
        {EXIT_STALE_TRADE,       EV_EXIT_STALE_TRADE,   "stale_trade_exit"       },
        {EXIT_TRAIL_STOP,        EV_EXIT_TRAIL_STOP,    "trail_stop_hit"         },
        {EXIT_STOP_LOSS,         EV_EXIT_STOP_LOSS,     "stop_loss_hit"          },
        {EXIT_SIGNAL_DECAY,      EV_EXIT_SIGNAL_DECAY,  "signal_decay_exit"      },
        {EXIT_PROFIT_TARGET,     EV_EXIT_PROFIT_TARGET, "profit_target_hit"      },
        {EXIT_SCALE_OUT,         EV_EXIT_SCALE_OUT,     "scale_out"              },
        {EXIT_OPERATOR_FLAT,     EV_EXIT_OPERATOR_FLAT, "operator_flat"          },
    };

    assert_int_equal(COUNT_OF(cases), EXIT_RULES_LEN);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct model *m = begin(*state, (struct model_options){0});
        struct snapshot seen = nothing_seen(m);
        struct held held = {.exit_score = 1};
        struct planned_position p = {.symbol = "F", .held = &held};
        /* may_exit is false: said, and not sent */
        struct plan plan = {.position = &p, .positions_len = 1};

        p.verdict.action = cases[i].rule == EXIT_SCALE_OUT ? EXIT_CLOSE_PART : EXIT_CLOSE;
        p.verdict.rule = cases[i].rule;
        p.verdict.m.is_reversal = true;
        engine_act(&m->process->engine, &seen, &plan);
        assert_int_equal(m->event[cases[i].event], 1);
        assert_string_equal(event_row(cases[i].event)->subsystem, "exit");
        assert_string_equal(event_row(cases[i].event)->name, cases[i].name);
        /* Only an urgent exit is one by a turned flow. */
        assert_int_equal(m->event[EV_COUNTER_SIGNAL_EXIT], cases[i].rule == EXIT_URGENCY);
        assert_int_equal(m->event[EV_CLOSE_CALLED] + m->event[EV_CLOSE_FAILED], 0);
        assert_int_equal(m->posted_len, 0);
    }
}

/* R1.29: why there are no entries, under the name that dashboards know. */
static void
test_events_name_the_reason_of_a_halt(void **state)
{
    static const struct {
        enum halt reason;
        const char *subsystem, *name;
    } cases[] = {
        {HALT_FENCED,              "run_once",        "halted"                       },
        {HALT_LEDGER_UNUSABLE,     "run_once",        "halted"                       },
        {HALT_BROKER_UNREACHABLE,  "run_once",        "reduce_only_broker_degraded"  },
        {HALT_OPERATOR_ALL,        "run_once",        "operator_halt"                },
        {HALT_OPERATOR_FLAT,       "run_once",        "operator_halt"                },
        {HALT_OPERATOR_EXITS_ONLY, "run_once",        "operator_halt"                },
        {HALT_FREEZES_UNREADABLE,  "run",             "halted_freeze"                },
        {HALT_FROZEN,              "run",             "halted_freeze"                },
        {HALT_RISK_LIMIT,          "risk_management", "freeze_activated"             },
        {HALT_PERFORMANCE,         "run",             "halted_freeze"                },
        {HALT_ACCOUNT_UNKNOWN,     "run_once",        "reduce_only_broker_degraded"  },
        {HALT_ACCOUNT_BLOCKED,     "run_once",        "reduce_only_broker_degraded"  },
        {HALT_NOT_ARMED,           "run_once",        "not_armed_skip_entries"       },
        {HALT_NOT_RECONCILED,      "run_once",        "not_reconciled_skip_entries"  },
        {HALT_SELF_TEST_FAILED,    "run_once",        "self_test_failed_skip_entries"},
        {HALT_ENTRIES_QUARANTINED, "run_once",        "halted"                       },
        {HALT_CLOCK_MOVED,         "run_once",        "halted"                       },
    };

    assert_int_equal(COUNT_OF(cases), HALTS_LEN);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct model *m = begin(*state, (struct model_options){0});
        struct snapshot seen = nothing_seen(m);
        struct plan plan = {
            .ladder = {.rung = RUNG_EXITS_ONLY, .reason = cases[i].reason}
        };
        int64_t said = 0;

        assert_int_equal(cases[i].reason, i);
        engine_act(&m->process->engine, &seen, &plan);
        for (int e = 0; e < EVENTS_LEN; e++) {
            const struct event_row *row = event_row((enum event_id)e);
            if (str_eq(row->subsystem, cases[i].subsystem) && str_eq(row->name, cases[i].name))
                said += m->event[e];
        }
        if (said != 1) fail_msg("%s: said %d times", cases[i].name, (int)said);
        assert_int_equal(m->event[EV_RISK_CHECKS_PASSED], 0);
    }
}

static void
test_events_of_an_ordinary_trade(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    assert_int_equal(m->event[EV_STARTUP_BEGIN], 1);
    (void)enter(m);
    assert_int_equal(m->event[EV_SIZING], 1);
    assert_int_equal(m->event[EV_SCORE_USED], 1);
    assert_int_equal(m->event[EV_CLOSE_CALLED], 0);
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 20);
    assert_int_equal(m->event[EV_CLOSE_CALLED], 1);
    assert_int_equal(m->event[EV_CLOSE_SUCCESS], 1);
    assert_int_equal(m->event[EV_ENGINE_EXCEPTION], 0);
    assert_kept(m);
}

/* R5.39: the market order after all limit orders is refused, too: the entry ends, each refusal
 * under its own name. */
static void
test_events_of_an_entry_that_is_refused_to_the_end(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_faults(m, "429:POST/v2/orders");
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    model_ticks(m, 60);
    assert_int_equal(m->event[EV_LIMIT_RETRY_FAILED], 3);
    assert_int_equal(m->event[EV_LIMIT_FINAL_FAILED], 1);
    assert_int_equal(m->event[EV_MARKET_FAILED], 1);
    assert_int_equal(m->event[EV_ORDER_REFUSED], 5);
    assert_int_equal(m->event[EV_ENTRY_PENDING_CANCELLED], 1);
    assert_int_equal(
        model_lines(m, ORDERS_LOG_PATH, "\"action\":\"market_fail\"", "\"symbol\":\"F\""), 1);
    assert_int_equal(
        model_lines(m, "state/execution_failures.jsonl", "\"limit_price\":null", "\"market_fail\""),
        1);
    model_quiet(m);
    assert_kept(m);
}

/* R5.43: an intent that cannot be committed leaves no order and no gate behind, but this. */
static void
test_events_of_a_candidate_that_was_missed(void **state)
{
    int missed = 0;

    for (int n = 1; n <= 60; n++) {
        struct model *m = begin(*state, (struct model_options){0});

        m->process->ledger_fails_at = m->process->calls + n;
        m->process->ledger_fails_len = 2;
        cycle_with(m, DIRECTION_BULLISH, false);
        m->process->ledger_fails_at = 0;
        if (m->event[EV_MISSED_CANDIDATE] > 0) {
            assert_int_equal(m->event[EV_MISSED_CANDIDATE], 1);
            missed++;
        }
        model_quiet(m);
        assert_kept(m);
    }
    assert_true(missed > 0);
}

/* A disk that refuses says which file, and what was not written is written when there is room. */
static void
test_events_of_a_full_disk(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    m->process->disk_fails_at = m->process->calls + 1;
    m->process->disk_fails_len = 1 << 20;
    model_ticks(m, 30);
    assert_true(m->event[EV_ATTRIBUTION_WRITE_FAILED] > 0);
    cycle_with(m, DIRECTION_NONE, false);
    assert_true(m->event[EV_STATE_WRITE_FAILED] > 0);
    m->process->disk_fails_at = 0;
    model_ticks(m, 60);
    assert_int_equal(model_lines(m, MASTER_LOG_PATH, "\"trade_id\":\"live:F:", "\"exit_ts\":null"),
                     1);
    model_quiet(m);
    assert_kept(m);
}

/* The broker's clock goes before our rule, and our rule stands in for it. */
static void
test_events_of_the_market_clock(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    cycle_with(m, DIRECTION_NONE, false);
    assert_int_equal(m->event[EV_ALPACA_CLOCK_FAILED] + m->event[EV_CALENDAR_DISAGREES], 0);
    model_faults(m, "503:GET/v2/clock");
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    assert_int_equal(m->event[EV_ALPACA_CLOCK_FAILED], 1);
    assert_int_equal(m->posted_len, 1); /* it is half past ten in New York */
    model_faults(m, "");
    model_quiet(m);
    assert_kept(m);
}

/* R7.3 to R7.6: which tier found a position, or that none did. */
static void
test_events_of_the_tiers_of_displacement(void **state)
{
    static const struct {
        const char *what;
        double current;
        enum event_id event;
        bool gives_way;
    } cases[] = {
        {"below three: elite",                             2.9, EV_DISPLACEMENT_ELITE,       true },
        {"more than one below the candidate: competitive", 3.4, EV_DISPLACEMENT_COMPETITIVE, true },
        {"one below the candidate: nobody",                3.5, EV_DISPLACEMENT_NONE_FOUND,  false},
    };
    struct fixture *f = *state;

    f->bed.cfg.strategy.max_concurrent_positions = 1;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct model *m = begin(f, (struct model_options){0});

        (void)enter(m);
        cycle_with(m, DIRECTION_NONE, false);
        metadata_find(&m->process->engine.memory.metadata, "F")->record.targets_len = 0;
        m->pressed_score = cases[i].current;
        m->is_pressed[F_SIGNAL] = true;
        m->signal[NEWCOMER] = DIRECTION_BULLISH;
        model_cycle(m, m->process);
        if (m->event[cases[i].event] != 1) fail_msg("%s", cases[i].what);
        assert_int_equal(m->event[EV_CLOSE_FIRST], cases[i].gives_way);
        assert_int_equal(m->event[EV_GATE_CAPACITY], !cases[i].gives_way);
        m->signal[NEWCOMER] = DIRECTION_NONE;
        m->is_pressed[F_SIGNAL] = false;
        model_quiet(m);
        assert_kept(m);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_events_name_the_rule_of_an_exit),
        PATH_TEST(test_events_name_the_reason_of_a_halt),
        PATH_TEST(test_events_of_an_ordinary_trade),
        PATH_TEST(test_events_of_an_entry_that_is_refused_to_the_end),
        PATH_TEST(test_events_of_a_candidate_that_was_missed),
        PATH_TEST(test_events_of_a_full_disk),
        PATH_TEST(test_events_of_the_market_clock),
        PATH_TEST(test_events_of_the_tiers_of_displacement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

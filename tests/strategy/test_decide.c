#include "decide_world.h"

static void
test_decide_makes_an_entry_and_says_how_it_came_about(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    add_candidate(&w, "XYZ", DIRECTION_BULLISH, 3.8);
    w.seen.structural_regime = REGIME_RISK_ON;
    const struct plan *p = decided(&w);

    assert_int_equal(p->ladder.rung, RUNG_NORMAL);
    assert_int_equal(p->entries_len, 1);
    const struct planned_entry *e = &p->entry[0];
    assert_string_equal(e->symbol, "XYZ");
    assert_int_equal(e->side, SIDE_BUY);
    assert_near(e->composite_score, 3.8, 0);
    assert_near(e->multiplier, 1.2, 0);
    assert_near(e->score, 3.8 * 1.2, 0);
    assert_int_equal(e->size.qty_base, 20);
    assert_int_equal(e->qty, 12);
    assert_int_equal(e->price.mode, ENTRY_MIDPOINT);
    assert_true(e->price.has_limit);
    assert_int_equal(e->price.limit.e4, USD(39.97).e4);
    assert_false(e->close_first.is_needed);
    assert_int_equal(e->targets_len, 3);
    assert_int_equal(e->expectancy.passed, true);
    arena_done(&w.arena);
}

static void
test_decide_takes_candidates_by_score_and_ties_by_symbol(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    add_candidate(&w, "CCC", DIRECTION_BULLISH, 3.5);
    add_candidate(&w, "BBB", DIRECTION_BULLISH, 4.0);
    add_candidate(&w, "NAN", DIRECTION_BULLISH, NUMBER_NONE);
    add_candidate(&w, "AAA", DIRECTION_BULLISH, 3.5);
    const struct plan *p = decided(&w);

    assert_int_equal(p->entries_len, 3);
    assert_string_equal(p->entry[0].symbol, "BBB");
    assert_string_equal(p->entry[1].symbol, "AAA");
    assert_string_equal(p->entry[2].symbol, "CCC");
    assert_string_equal(refusal_of(p, "NAN")->gate, "score_validity");
    arena_done(&w.arena);
}

static void
test_decide_stops_at_six_entries(void **state)
{
    (void)state;
    struct world w;
    char symbol[8];
    world_set(&w);
    w.cfg.max_portfolio_exposure = 10;
    for (int i = 0; i < 9; i++) {
        (void)snprintf(symbol, sizeof(symbol), "S%d", i);
        add_candidate(&w, symbol, DIRECTION_BULLISH, 3.5);
    }
    const struct plan *p = decided(&w);
    assert_int_equal(p->entries_len, 6);
    assert_int_equal(refusal_of(p, "S6")->entry_gate, GATE_CYCLE_CAP);
    assert_near(refusal_of(p, "S6")->threshold, 6, 0);
    arena_done(&w.arena);
}

static void
test_decide_counts_accepted_entries_for_the_next_candidate(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    /* Two entries of 280 USD each: the second exceeds 95 % of what the first leaves. */
    w.seen.account.buying_power = USD(560);
    add_candidate(&w, "AAA", DIRECTION_BULLISH, 3.2);
    add_candidate(&w, "BBB", DIRECTION_BULLISH, 3.1);
    const struct plan *p = decided(&w);
    assert_non_null(entry_of(p, "AAA"));
    assert_int_equal(refusal_of(p, "BBB")->entry_gate, GATE_ORDER_SIZE);

    /* The same instrument twice. */
    arena_done(&w.arena);
    world_set(&w);
    add_candidate(&w, "GOOG", DIRECTION_BULLISH, 3.2);
    add_candidate(&w, "GOOGL", DIRECTION_BULLISH, 3.1);
    p = decided(&w);
    assert_non_null(entry_of(p, "GOOG"));
    assert_int_equal(refusal_of(p, "GOOGL")->entry_gate, GATE_ONE_POSITION);

    /* The last place in the book. */
    arena_done(&w.arena);
    world_set(&w);
    w.cfg.max_concurrent_positions = 1;
    w.cfg.displacement = false;
    add_candidate(&w, "AAA", DIRECTION_BULLISH, 3.2);
    add_candidate(&w, "BBB", DIRECTION_BULLISH, 3.1);
    p = decided(&w);
    assert_non_null(entry_of(p, "AAA"));
    assert_int_equal(refusal_of(p, "BBB")->entry_gate, GATE_CAPACITY);
    arena_done(&w.arena);
}

static void
test_decide_says_which_halt_refused(void **state)
{
    (void)state;
    static const struct {
        const char *gate;
        enum rung rung;
        enum halt halt;
    } cases[] = {
        {"fenced",              RUNG_OBSERVE_ONLY,   HALT_FENCED             },
        {"ledger_unusable",     RUNG_OBSERVE_ONLY,   HALT_LEDGER_UNUSABLE    },
        {"broker_unreachable",  RUNG_RECONCILE_ONLY, HALT_BROKER_UNREACHABLE },
        {"operator_halt",       RUNG_RECONCILE_ONLY, HALT_OPERATOR_ALL       },
        {"operator_flat",       RUNG_EXITS_ONLY,     HALT_OPERATOR_FLAT      },
        {"operator_exits_only", RUNG_EXITS_ONLY,     HALT_OPERATOR_EXITS_ONLY},
        {"freezes_unreadable",  RUNG_EXITS_ONLY,     HALT_FREEZES_UNREADABLE },
        {"frozen",              RUNG_EXITS_ONLY,     HALT_FROZEN             },
        {"risk_limit",          RUNG_EXITS_ONLY,     HALT_RISK_LIMIT         },
        {"performance_freeze",  RUNG_EXITS_ONLY,     HALT_PERFORMANCE        },
        {"account_unknown",     RUNG_EXITS_ONLY,     HALT_ACCOUNT_UNKNOWN    },
        {"account_blocked",     RUNG_EXITS_ONLY,     HALT_ACCOUNT_BLOCKED    },
        {"not_armed",           RUNG_EXITS_ONLY,     HALT_NOT_ARMED          },
        {"not_reconciled",      RUNG_EXITS_ONLY,     HALT_NOT_RECONCILED     },
        {"self_test_failed",    RUNG_EXITS_ONLY,     HALT_SELF_TEST_FAILED   },
        {"entries_quarantined", RUNG_EXITS_ONLY,     HALT_ENTRIES_QUARANTINED},
        {"clock_moved",         RUNG_EXITS_ONLY,     HALT_CLOCK_MOVED        },
    };
    _Static_assert(COUNT_OF(cases) == HALTS_LEN, "each halt once");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct world w;
        world_set(&w);
        add_candidate(&w, "XYZ", DIRECTION_BULLISH, 3.8);
        w.seen.is_fenced = cases[i].halt == HALT_FENCED;
        w.seen.is_ledger_usable = cases[i].halt != HALT_LEDGER_UNUSABLE;
        w.seen.are_positions_known = cases[i].halt != HALT_BROKER_UNREACHABLE;
        if (cases[i].halt == HALT_OPERATOR_ALL) w.seen.control = CONTROL_ALL;
        if (cases[i].halt == HALT_OPERATOR_FLAT) w.seen.control = CONTROL_FLAT;
        if (cases[i].halt == HALT_OPERATOR_EXITS_ONLY) w.seen.control = CONTROL_EXITS_ONLY;
        w.seen.freezes.is_known = cases[i].halt != HALT_FREEZES_UNREADABLE;
        w.freeze[0] = (struct freeze){.key = "by_hand", .is_active = true};
        w.seen.freezes.len = cases[i].halt == HALT_FROZEN ? 1 : 0;
        if (cases[i].halt == HALT_RISK_LIMIT) w.seen.account.equity = USD(46000);
        w.seen.performance.is_frozen = cases[i].halt == HALT_PERFORMANCE;
        if (cases[i].halt == HALT_ACCOUNT_UNKNOWN) w.seen.is_account_known = false;
        w.seen.account.is_blocked = cases[i].halt == HALT_ACCOUNT_BLOCKED;
        if (cases[i].halt == HALT_NOT_ARMED) w.seen.arm.state = ARM_PAPER_ON_LIVE_URL;
        w.seen.is_reconciled = cases[i].halt != HALT_NOT_RECONCILED;
        w.seen.is_self_test_ok = cases[i].halt != HALT_SELF_TEST_FAILED;
        w.seen.is_entries_quarantined = cases[i].halt == HALT_ENTRIES_QUARANTINED;
        w.seen.is_clock_trusted = cases[i].halt != HALT_CLOCK_MOVED;
        const struct plan *p = decided(&w);
        if (p->ladder.rung != cases[i].rung || p->ladder.reason != cases[i].halt)
            fail_msg("%s: %s %s", cases[i].gate, rung_name(p->ladder.rung),
                     halt_row(p->ladder.reason)->name);
        assert_int_equal(p->entries_len, 0);
        assert_false(p->may_enter);
        assert_int_equal(p->may_exit, cases[i].rung == RUNG_EXITS_ONLY);
        const struct refusal *r = refusal_of(p, "XYZ");
        assert_int_equal(r->stage, REFUSED_HALT);
        assert_string_equal(r->gate, cases[i].gate);
        if (cases[i].halt == HALT_RISK_LIMIT) {
            assert_string_equal(r->detail, "account_equity_floor_breached");
            assert_near(r->number, 46000, 0);
            assert_near(r->threshold, 46750, 0);
        }
        if (cases[i].halt == HALT_FROZEN) assert_string_equal(r->detail, "by_hand");
        arena_done(&w.arena);
    }
}

static void
test_decide_refuses_symbols_that_cannot_be_judged(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    add_candidate(&w, "QUAR", DIRECTION_BULLISH, 4)->is_quarantined = true;
    add_candidate(&w, "FROZ", DIRECTION_BULLISH, 4)->is_frozen = true;
    add_candidate(&w, "HAND", DIRECTION_BULLISH, 4)->is_frozen_by_operator = true;
    add_candidate(&w, "NEUT", DIRECTION_NONE, 4);
    add_candidate(&w, "DARK", DIRECTION_BULLISH, 4)->last.is_known = false;
    add_candidate(&w, "ZERO", DIRECTION_BULLISH, 4)->last.price = USD_ZERO;
    add_candidate(&w, "HUGE", DIRECTION_BULLISH, 4)->last.price.e4 = PRICE_MAX_E4 + 1;
    struct candidate *low = add_candidate(&w, "LOW", DIRECTION_BULLISH, 2);
    low->composite.is_refused = true;
    low->composite.gate = "score_gate";
    low->composite.number = 2;
    low->composite.threshold = 2.7;
    const struct plan *p = decided(&w);

    assert_int_equal(p->entries_len, 0);
    assert_string_equal(refusal_of(p, "QUAR")->gate, "quarantined");
    assert_string_equal(refusal_of(p, "FROZ")->gate, "symbol_frozen");
    assert_string_equal(refusal_of(p, "HAND")->gate, "symbol_frozen_by_operator");
    assert_string_equal(refusal_of(p, "NEUT")->gate, "direction_neutral");
    assert_string_equal(refusal_of(p, "DARK")->gate, "bad_ref_price");
    assert_string_equal(refusal_of(p, "ZERO")->gate, "bad_ref_price");
    assert_string_equal(refusal_of(p, "HUGE")->gate, "bad_ref_price");
    assert_string_equal(refusal_of(p, "LOW")->gate, "score_gate");
    assert_near(refusal_of(p, "LOW")->threshold, 2.7, 0);
    assert_int_equal(refusal_of(p, "LOW")->stage, REFUSED_COMPOSITE);
    arena_done(&w.arena);
}

static void
test_decide_does_nothing_in_a_closed_market(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    w.seen.is_market_open = false;
    add_candidate(&w, "XYZ", DIRECTION_BULLISH, 3.8);
    add_held(&w, "OLD", 10, 100, 50, 3);
    const struct plan *p = decided(&w);
    assert_int_equal(p->ladder.rung, RUNG_NORMAL);
    assert_false(p->may_enter || p->may_exit);
    assert_string_equal(refusal_of(p, "XYZ")->gate, "market_closed");
    assert_int_equal(p->position[0].verdict.why_not, EXIT_MARKET_CLOSED);
    assert_false(p->marks.has_baseline);
    arena_done(&w.arena);
}

static void
test_decide_judges_every_position(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    add_held(&w, "AAA", 10, 100, 98, 4);
    add_held(&w, "BBB", -10, 100, 102, 4);
    add_held(&w, "CCC", 10, 100, 100.1, 4);
    add_held(&w, "DDD", 10, 100, 90, 4)->has_pending_close = true;
    add_held(&w, "EEE", 10, 100, 90, 4)->is_quarantined = true;
    const struct plan *p = decided(&w);

    assert_int_equal(p->positions_len, 5);
    assert_int_equal(p->position[0].verdict.action, EXIT_CLOSE);
    assert_int_equal(p->position[0].side, SIDE_SELL);
    assert_int_equal(p->position[0].verdict.qty, 10);
    assert_int_equal(p->position[1].verdict.action, EXIT_CLOSE);
    assert_int_equal(p->position[1].side, SIDE_BUY);
    assert_int_equal(p->position[2].verdict.action, EXIT_HOLD);
    assert_int_equal(p->position[3].verdict.why_not, EXIT_CLOSE_PENDING);
    assert_int_equal(p->position[4].verdict.why_not, EXIT_QUARANTINED);
    arena_done(&w.arena);
}

static void
test_decide_flips_only_from_a_high_score_on(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    add_held(&w, "XYZ", 10, 40, 40.02, 3);
    add_candidate(&w, "XYZ", DIRECTION_BEARISH, 4.1);
    const struct plan *p = decided(&w);
    assert_int_equal(p->entries_len, 1);
    const struct close_first *f = &p->entry[0].close_first;
    assert_true(f->is_needed && f->is_flip && !f->is_already_planned);
    assert_string_equal(f->symbol, "XYZ");
    assert_string_equal(f->reason, "position_flip");
    assert_int_equal(f->qty, 10);
    assert_int_equal(f->side, SIDE_SELL);

    /* Where a rule closes it anyway, that close is waited for. */
    w.held[0].at_broker = fixture_position("XYZ", 10, 40, 39);
    p = decided(&w);
    assert_int_equal(p->position[0].verdict.action, EXIT_CLOSE);
    assert_true(p->entry[0].close_first.is_already_planned);

    w.candidate[0].composite_score = 3.9;
    p = decided(&w);
    assert_int_equal(refusal_of(p, "XYZ")->entry_gate, GATE_ONE_POSITION);
    w.candidate[0].composite_score = 4.1;
    w.held[0].has_pending_close = true;
    p = decided(&w);
    assert_int_equal(refusal_of(p, "XYZ")->entry_gate, GATE_ONE_POSITION);
    arena_done(&w.arena);
}

/* A full book of 16, each worth 400 USD. */
static void
full_book(struct world *w)
{
    char symbol[8];
    world_set(w);
    for (int i = 0; i < 16; i++) {
        (void)snprintf(symbol, sizeof(symbol), "H%02d", i);
        add_held(w, symbol, 10, 40, 40.02, 3.5);
    }
}

static void
test_decide_displaces_the_weakest_of_a_full_book_once(void **state)
{
    (void)state;
    struct world w;
    full_book(&w);
    w.held[3].mixed_score = 2.0;
    w.held[3].exit_score = 2.5;
    w.held[5].mixed_score = 2.5;
    add_candidate(&w, "NEW1", DIRECTION_BULLISH, 3.9);
    add_candidate(&w, "NEW2", DIRECTION_BULLISH, 3.8);
    add_candidate(&w, "NEW3", DIRECTION_BULLISH, 3.7);
    const struct plan *p = decided(&w);

    assert_int_equal(p->entries_len, 2);
    const struct close_first *f = &entry_of(p, "NEW1")->close_first;
    assert_string_equal(f->symbol, "H03");
    assert_false(f->is_flip);
    assert_int_equal(f->displacement.tier, DISPLACEMENT_ELITE);
    assert_string_equal(f->reason, "signal_decay(0.71)+displaced_by_NEW1");
    assert_string_equal(entry_of(p, "NEW2")->close_first.symbol, "H05");
    assert_int_equal(refusal_of(p, "NEW3")->entry_gate, GATE_CAPACITY);
    arena_done(&w.arena);
}

static void
test_decide_does_not_enter_again_what_it_just_displaced(void **state)
{
    (void)state;
    struct world w;
    full_book(&w);
    w.held[3].mixed_score = 2.0;
    add_candidate(&w, "NEW", DIRECTION_BULLISH, 3.9);
    add_candidate(&w, "H03", DIRECTION_BULLISH, 3.5);
    w.cfg.max_concurrent_positions = 17;
    w.pending[0] =
        (struct pending_entry){.symbol = "PEND", .side = SIDE_BUY, .qty = 1, .price = USD(40)};
    w.seen.pending_len = 1;
    const struct plan *p = decided(&w);
    assert_string_equal(entry_of(p, "NEW")->close_first.symbol, "H03");
    assert_int_equal(refusal_of(p, "H03")->entry_gate, GATE_ONE_POSITION);
    assert_string_equal(refusal_of(p, "H03")->detail, "H03 long leaving");
    arena_done(&w.arena);
}

static void
test_decide_does_not_displace_what_a_rule_closes(void **state)
{
    (void)state;
    struct world w;
    full_book(&w);
    w.held[3].mixed_score = 2.0;
    w.held[3].at_broker = fixture_position("H03", 10, 40, 39); /* stop loss */
    add_candidate(&w, "NEW", DIRECTION_BULLISH, 3.9);
    const struct plan *p = decided(&w);
    assert_int_equal(p->position[3].verdict.action, EXIT_CLOSE);
    assert_int_equal(refusal_of(p, "NEW")->entry_gate, GATE_CAPACITY);
    arena_done(&w.arena);
}

static void
test_decide_counts_pending_entries(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    w.pending[0] =
        (struct pending_entry){.symbol = "XYZ", .side = SIDE_BUY, .qty = 10, .price = USD(40)};
    w.seen.pending_len = 1;
    add_candidate(&w, "XYZ", DIRECTION_BULLISH, 3.8);
    add_candidate(&w, "ABC", DIRECTION_BULLISH, 3.8);
    w.cfg.max_concurrent_positions = 1;
    const struct plan *p = decided(&w);
    assert_int_equal(refusal_of(p, "XYZ")->entry_gate, GATE_ONE_POSITION);
    assert_int_equal(refusal_of(p, "ABC")->entry_gate, GATE_CAPACITY);
    w.seen.is_pending_known = false;
    p = decided(&w);
    assert_string_equal(refusal_of(p, "ABC")->detail, "positions_unknown");
    arena_done(&w.arena);
}

static void
test_decide_uses_up_the_exploration_of_the_day(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    w.seen.stage = STAGE_UNLOCKED;
    w.seen.exploration_used = 7;
    add_candidate(&w, "AAA", DIRECTION_BULLISH, 3.0)->toxicity = 0.4; /* 0.09: below 0.10 */
    add_candidate(&w, "BBB", DIRECTION_BULLISH, 3.0)->toxicity = 0.4;
    const struct plan *p = decided(&w);
    assert_string_equal(entry_of(p, "AAA")->expectancy.reason, "exploration_quota_8/8");
    assert_string_equal(refusal_of(p, "BBB")->reason, "expectancy_blocked:ev_below_floor_unlocked");
    assert_int_equal(p->exploration_used, 8);
    arena_done(&w.arena);
}

static void
test_decide_keeps_the_marks_while_the_clock_is_in_doubt(void **state)
{
    (void)state;
    struct world w;
    world_set(&w);
    w.seen.marks = (struct risk_marks){
        .has_peak = true,
        .peak = USD(50000),
        .has_baseline = true,
        .baseline_date = {2026, 1, 29},
        .baseline = USD(54000)
    };
    w.freeze[0] = (struct freeze){
        .key = "daily", .is_active = true, .is_day_scoped = true, .ny_date = {2026, 1, 29}
    };
    w.seen.freezes.len = 1;
    const struct plan *p = decided(&w);
    assert_int_equal(p->marks.baseline.e4, USD(55000).e4);
    assert_int_equal(p->run_out_len, 1);
    w.seen.is_clock_trusted = false;
    p = decided(&w);
    assert_int_equal(p->marks.baseline.e4, USD(54000).e4);
    assert_int_equal(p->marks.peak.e4, USD(50000).e4);
    assert_int_equal(p->run_out_len, 0);
    arena_done(&w.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide_makes_an_entry_and_says_how_it_came_about),
        cmocka_unit_test(test_decide_takes_candidates_by_score_and_ties_by_symbol),
        cmocka_unit_test(test_decide_stops_at_six_entries),
        cmocka_unit_test(test_decide_counts_accepted_entries_for_the_next_candidate),
        cmocka_unit_test(test_decide_says_which_halt_refused),
        cmocka_unit_test(test_decide_refuses_symbols_that_cannot_be_judged),
        cmocka_unit_test(test_decide_does_nothing_in_a_closed_market),
        cmocka_unit_test(test_decide_judges_every_position),
        cmocka_unit_test(test_decide_flips_only_from_a_high_score_on),
        cmocka_unit_test(test_decide_displaces_the_weakest_of_a_full_book_once),
        cmocka_unit_test(test_decide_does_not_enter_again_what_it_just_displaced),
        cmocka_unit_test(test_decide_does_not_displace_what_a_rule_closes),
        cmocka_unit_test(test_decide_counts_pending_entries),
        cmocka_unit_test(test_decide_uses_up_the_exploration_of_the_day),
        cmocka_unit_test(test_decide_keeps_the_marks_while_the_clock_is_in_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

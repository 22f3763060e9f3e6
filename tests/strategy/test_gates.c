#include "gate_scene.h"

static void
test_gates_pass_an_ordinary_candidate_of_either_side(void **state)
{
    (void)state;
    const enum direction sides[] = {DIRECTION_BULLISH, DIRECTION_BEARISH};
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        struct scene s;
        scene_set(&s, sides[i]);
        struct gate_verdict v = entry_gates(&s.view);
        if (v.is_blocked) fail_msg("%s: %s %s", direction_name(sides[i]), v.reason, v.detail);
        assert_string_equal(v.expectancy.reason, "expectancy_passed");
        assert_int_equal(v.momentum.status, IGNITION_INSUFFICIENT);
        scene_done(&s);
    }
}

static void
test_gates_have_the_names_of_the_gate_log(void **state)
{
    (void)state;
    static const char *const messages[GATES_LEN] = {
        "concentration_blocked_bullish",
        "theme_exposure_blocked",
        "invalid_entry_score_blocked",
        "min_notional_floor_reject",
        "max_one_position_per_symbol",
        "expectancy_blocked",
        "max_new_positions_per_cycle_reached",
        "score_below_min",
        "max_positions_reached",
        "symbol_on_cooldown",
        "symbol_exposure_blocked",
        "sector_exposure_blocked",
        "momentum_ignition_blocked",
        "order_validation_failed",
        "long_only_blocked_short_entry",
        "metadata_missing",
        "asset_not_shortable_blocked",
        "trade_guard_blocked",
        "spread_watchdog_blocked",
        "insufficient_buying_power",
    };
    for (int g = 0; g < GATES_LEN; g++) {
        assert_string_equal(gate_message((enum entry_gate)g), messages[g]);
        for (int other = 0; other < g; other++)
            assert_string_not_equal(gate_name((enum entry_gate)g),
                                    gate_name((enum entry_gate)other));
    }
}

static void
test_gate_concentration_stops_longs_in_a_long_book(void **state)
{
    (void)state;
    static const struct {
        double longs, shorts;
        enum direction d;
        bool blocked;
    } cases[] = {
        {38500,    0,    DIRECTION_BULLISH, false},
        {38500.01, 0,    DIRECTION_BULLISH, true },
        {38500.01, 0,    DIRECTION_BEARISH, false},
        {40000,    1500, DIRECTION_BULLISH, false},
        {90000,    0,    DIRECTION_BULLISH, true },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].d);
        hold(&s, "AAA", 10, cases[i].longs);
        if (cases[i].shorts > 0) hold(&s, "BBB", -10, cases[i].shorts);
        if (blocks(&s, GATE_CONCENTRATION) != cases[i].blocked) fail_msg("row %zu", i);
        scene_done(&s);
    }
}

static void
test_gate_theme_compares_the_exposure_of_the_theme(void **state)
{
    (void)state;
    struct theme_entry map[] = {
        {"AAA", "tech", 0},
        {"BBB", "tech", 1},
        {"XYZ", "tech", 2}
    };
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.themes.entry = map;
    s.themes.len = 3;
    s.themes.limit_usd = 1000;
    hold(&s, "AAA", 10, 600);
    hold(&s, "BBB", -10, 400);
    hold(&s, "CCC", 10, 5000); /* of no theme: "general" */
    assert_false(blocks(&s, GATE_THEME));
    s.book.holding[1].market_value = USD(400.01); /* a short does not offset a long */
    struct gate_verdict v = entry_gate(GATE_THEME, &s.view);
    assert_true(v.is_blocked);
    assert_string_equal(v.detail, "tech");
    assert_near(v.number, 1000.01, 1e-9);
    assert_near(v.threshold, 1000, 0);
    s.view.skip = "AAA"; /* that one will be gone */
    assert_false(blocks(&s, GATE_THEME));
    s.view.skip = NULL;
    s.themes.is_enabled = false;
    assert_false(blocks(&s, GATE_THEME));
    s.book.themes = NULL;
    assert_true(blocks(&s, GATE_THEME));
    s.cfg.theme_risk = false;
    assert_false(blocks(&s, GATE_THEME));
    scene_done(&s);
}

static void
test_gate_score_must_be_a_positive_number(void **state)
{
    (void)state;
    const double bad[] = {0, -1, NUMBER_NONE, HUGE_VAL, -HUGE_VAL};
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        s.view.score = bad[i];
        assert_true(blocks(&s, GATE_SCORE_VALIDITY));
    }
    s.view.score = 0.001;
    assert_false(blocks(&s, GATE_SCORE_VALIDITY));
    s.view.has_score = false;
    assert_true(blocks(&s, GATE_SCORE_VALIDITY));
    scene_done(&s);
}

static void
test_gate_min_notional_at_100_usd(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.qty = 4;
    s.view.ref = USD(25);
    assert_false(blocks(&s, GATE_MIN_NOTIONAL));
    s.view.ref = USD(24.9999);
    assert_true(blocks(&s, GATE_MIN_NOTIONAL));
    scene_done(&s);
}

static void
test_gate_one_position_an_instrument(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    hold(&s, "GOOGL", 10, 500);
    assert_false(blocks(&s, GATE_ONE_POSITION));
    s.view.symbol = "GOOG"; /* the same instrument */
    struct gate_verdict v = entry_gate(GATE_ONE_POSITION, &s.view);
    assert_true(v.is_blocked);
    assert_string_equal(v.detail, "GOOGL long");
    s.view.is_flip = true;
    assert_false(blocks(&s, GATE_ONE_POSITION));
    scene_done(&s);
}

static void
test_gate_flip_needs_an_opposite_free_position_and_a_high_score(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double qty; /* 10 or -10 */
        double score;
        enum direction d;
        bool is_position, can_be_closed, flips;
    } cases[] = {
        {"long to short",    10,  4.0,  DIRECTION_BEARISH, true,  true,  true },
        {"short to long",    -10, 4.0,  DIRECTION_BULLISH, true,  true,  true },
        {"score too low",    10,  3.99, DIRECTION_BEARISH, true,  true,  false},
        {"no score",         10,  -1,   DIRECTION_BEARISH, true,  true,  false},
        {"same side",        10,  5,    DIRECTION_BULLISH, true,  true,  false},
        {"only pending",     10,  5,    DIRECTION_BEARISH, false, false, false},
        {"close on its way", 10,  5,    DIRECTION_BEARISH, true,  false, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].d);
        hold(&s, "XYZ", cases[i].qty > 0 ? 10 : -10, 400);
        s.book.holding[0].is_position = cases[i].is_position;
        s.book.holding[0].can_be_closed = cases[i].can_be_closed;
        if ((flip_of(&s.book, "XYZ", cases[i].d, cases[i].score) != NULL) != cases[i].flips)
            fail_msg("%s", cases[i].what);
        hold(&s, "XYZ", 1, 40); /* and an entry pending beside it */
        assert_null(flip_of(&s.book, "XYZ", cases[i].d, cases[i].score));
        scene_done(&s);
    }
}

static void
test_gate_cycle_cap_is_six(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.entries_accepted = 5;
    assert_false(blocks(&s, GATE_CYCLE_CAP));
    s.view.entries_accepted = 6;
    assert_true(blocks(&s, GATE_CYCLE_CAP));
    scene_done(&s);
}

static void
test_gate_capacity_gives_way_only_to_a_displacement(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (int i = 0; i < 15; i++) {
        char symbol[8];
        (void)snprintf(symbol, sizeof(symbol), "S%d", i);
        hold(&s, symbol, 1, 10);
    }
    assert_false(blocks(&s, GATE_CAPACITY));
    hold(&s, "S15", 1, 10);
    struct gate_verdict v = entry_gate(GATE_CAPACITY, &s.view);
    assert_true(v.is_blocked);
    assert_near(v.number, 16, 0);
    assert_near(v.threshold, 16, 0);
    s.view.displacement = &s.displacement;
    assert_true(blocks(&s, GATE_CAPACITY));
    s.displacement.tier = DISPLACEMENT_ELITE;
    assert_false(blocks(&s, GATE_CAPACITY));
    s.displacement.tier = DISPLACEMENT_NONE;
    s.view.is_flip = true; /* the flipped one makes room for itself */
    assert_false(blocks(&s, GATE_CAPACITY));
    scene_done(&s);
}

static void
test_gate_cooldown_ends_at_its_instant(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.cooldown_until_ns = NOW_NS + 1;
    assert_true(blocks(&s, GATE_COOLDOWN));
    s.view.cooldown_until_ns = NOW_NS;
    assert_false(blocks(&s, GATE_COOLDOWN));
    scene_done(&s);
}

static void
test_gate_symbol_and_sector_exposure(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    hold(&s, "XYZ", 10, 5500);
    assert_false(blocks(&s, GATE_SYMBOL_EXPOSURE));
    s.book.holding[0].market_value = USD(5500.01);
    assert_true(blocks(&s, GATE_SYMBOL_EXPOSURE));
    s.view.skip = "XYZ";
    assert_false(blocks(&s, GATE_SYMBOL_EXPOSURE));
    s.view.skip = NULL;

    hold(&s, "XOM", 10, 10000);
    hold(&s, "CVX", -10, 6500);
    assert_false(blocks(&s, GATE_SECTOR_EXPOSURE));
    s.book.holding[2].market_value =
        USD(6500.01); /* energy, though the candidate is of another sector */
    struct gate_verdict v = entry_gate(GATE_SECTOR_EXPOSURE, &s.view);
    assert_true(v.is_blocked);
    assert_string_equal(v.detail, "Energy");
    assert_near(v.number, 16500.01, 1e-9);
    s.view.skip = "CVX";
    assert_false(blocks(&s, GATE_SECTOR_EXPOSURE));
    scene_done(&s);
}

static void
test_gate_order_size_between_its_bounds(void **state)
{
    (void)state;
    static const struct {
        int64_t qty;
        double price, power;
        enum direction d;
        bool blocked;
    } cases[] = {
        {10, 82.5,    110000, DIRECTION_BULLISH, false},
        {10, 82.5001, 110000, DIRECTION_BULLISH, true },
        {1,  50,      110000, DIRECTION_BULLISH, false},
        {1,  49.9999, 110000, DIRECTION_BULLISH, true },
        {10, 38,      400,    DIRECTION_BULLISH, false},
        {10, 38.0001, 400,    DIRECTION_BULLISH, true },
        {10, 38.0001, 400,    DIRECTION_BEARISH, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].d);
        s.view.qty = cases[i].qty;
        s.view.ref = USD(cases[i].price);
        s.view.buying_power = USD(cases[i].power);
        if (blocks(&s, GATE_ORDER_SIZE) != cases[i].blocked) fail_msg("row %zu", i);
        scene_done(&s);
    }
}

static void
test_gate_shorts_need_leave(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BEARISH);
    s.cfg.long_only = true;
    assert_true(blocks(&s, GATE_LONG_ONLY));
    s.view.shortable = TRI_NO;
    assert_string_equal(entry_gate(GATE_SHORTABLE, &s.view).detail, "asset_not_shortable");
    s.view.shortable = TRI_UNKNOWN;
    assert_string_equal(entry_gate(GATE_SHORTABLE, &s.view).detail, "asset_unknown");
    assert_true(blocks(&s, GATE_SHORTABLE));
    s.view.direction = DIRECTION_BULLISH;
    assert_false(blocks(&s, GATE_LONG_ONLY));
    assert_false(blocks(&s, GATE_SHORTABLE));
    scene_done(&s);
}

static void
test_gate_metadata_needs_score_and_regime(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    const char *bad[] = {"", "unknown", NULL};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        s.view.market_regime = bad[i];
        assert_string_equal(entry_gate(GATE_METADATA, &s.view).detail, "market_regime");
    }
    s.view.market_regime = "mixed";
    assert_false(blocks(&s, GATE_METADATA));
    s.view.has_score = false;
    assert_string_equal(entry_gate(GATE_METADATA, &s.view).detail, "score");
    scene_done(&s);
}

static void
test_gate_spread_watches_real_quotes_only(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.quote = fixture_quote(39.9, 40.1); /* 50 bps */
    assert_false(blocks(&s, GATE_SPREAD));
    s.view.quote = fixture_quote(39.9, 40.1001);
    assert_true(blocks(&s, GATE_SPREAD));
    s.view.quote.is_synthetic = true;
    assert_false(blocks(&s, GATE_SPREAD));
    s.view.quote.is_synthetic = false;
    s.cfg.spread_watchdog = false;
    assert_false(blocks(&s, GATE_SPREAD));
    scene_done(&s);
}

static void
test_gate_buying_power_asks_more_of_shorts(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.buying_power = USD(400);
    assert_false(blocks(&s, GATE_BUYING_POWER));
    s.view.buying_power = USD(399.99);
    assert_true(blocks(&s, GATE_BUYING_POWER));
    s.view.direction = DIRECTION_BEARISH;
    s.view.buying_power = USD(600);
    assert_false(blocks(&s, GATE_BUYING_POWER));
    s.view.buying_power = USD(599.99);
    assert_true(blocks(&s, GATE_BUYING_POWER));
    scene_done(&s);
}

static void
test_gates_block_what_is_not_known(void **state)
{
    (void)state;
    const enum entry_gate need_book[] = {
        GATE_CONCENTRATION,   GATE_THEME,           GATE_ONE_POSITION, GATE_CAPACITY,
        GATE_SYMBOL_EXPOSURE, GATE_SECTOR_EXPOSURE, GATE_TRADE_GUARD};
    const enum entry_gate need_account[] = {GATE_CONCENTRATION, GATE_ORDER_SIZE, GATE_TRADE_GUARD,
                                            GATE_BUYING_POWER};
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.is_book_known = false;
    for (size_t i = 0; i < COUNT_OF(need_book); i++)
        assert_string_equal(entry_gate(need_book[i], &s.view).detail, "positions_unknown");
    s.view.is_book_known = true;
    s.view.is_account_known = false;
    for (size_t i = 0; i < COUNT_OF(need_account); i++)
        assert_string_equal(entry_gate(need_account[i], &s.view).detail, "account_unknown");
    scene_done(&s);
}

/* Spoils one thing so that the gate would block. */
static void
spoil(struct scene *s, enum entry_gate g)
{
    switch (g) {
    case GATE_CONCENTRATION:
        hold(s, "LEAN", 10, 50000);
        break;
    case GATE_THEME:
        s->themes.limit_usd = -1;
        break;
    case GATE_SCORE_VALIDITY:
        s->view.score = -1;
        break;
    case GATE_MIN_NOTIONAL:
        s->cfg.min_notional_usd = 1e6;
        break;
    case GATE_ONE_POSITION:
        hold(s, s->view.symbol, 1, 1);
        break;
    case GATE_EXPECTANCY:
        s->view.broker_degraded = true;
        break;
    case GATE_CYCLE_CAP:
        s->view.entries_accepted = 6;
        break;
    case GATE_MIN_SCORE:
        s->view.score_adjustment = 10;
        break;
    case GATE_CAPACITY:
        s->cfg.max_concurrent_positions = 0;
        break;
    case GATE_COOLDOWN:
        s->view.cooldown_until_ns = NOW_NS + 1;
        break;
    case GATE_SYMBOL_EXPOSURE:
        s->limits.max_symbol = USD(-1);
        break;
    case GATE_SECTOR_EXPOSURE:
        s->limits.max_sector = USD(-1);
        break;
    case GATE_MOMENTUM:
        break; /* cannot block while the score passes gate 6 */
    case GATE_ORDER_SIZE:
        s->limits.max_position = USD(1);
        break;
    case GATE_LONG_ONLY:
        s->cfg.long_only = true;
        break;
    case GATE_METADATA:
        s->view.market_regime = "";
        break;
    case GATE_SHORTABLE:
        s->view.shortable = TRI_NO;
        break;
    case GATE_TRADE_GUARD:
        s->cfg.max_notional_per_order = 1;
        break;
    case GATE_SPREAD:
        s->view.quote = fixture_quote(30, 50);
        break;
    case GATE_BUYING_POWER:
        s->view.buying_power = USD(500);
        break; /* a short of 400 asks for 600 */
    case GATES_LEN:
        break;
    }
}

/* Whatever is wrong, the gate that is reported is the first of those that would block alone. */
static void
test_gates_property_the_first_that_blocks_is_reported(void **state)
{
    (void)state;
    struct rng rng = check_rng("gate order");
    int blocked_by[GATES_LEN + 1] = {0};

    for (int i = 0; i < 20000; i++) {
        struct scene s;
        scene_set(&s, rng_chance(&rng, 0.5) ? DIRECTION_BULLISH : DIRECTION_BEARISH);
        for (int g = 0; g < GATES_LEN; g++) {
            if (rng_chance(&rng, 0.08)) spoil(&s, (enum entry_gate)g);
        }
        enum entry_gate first = GATES_LEN;
        for (int g = GATES_LEN - 1; g >= 0; g--) {
            if (entry_gate((enum entry_gate)g, &s.view).is_blocked) first = (enum entry_gate)g;
        }
        struct gate_verdict v = entry_gates(&s.view);
        assert_int_equal(v.gate, first);
        assert_int_equal(v.is_blocked, first != GATES_LEN);
        blocked_by[first]++;
        scene_done(&s);
    }
    for (int g = 0; g <= GATES_LEN; g++) {
        if (blocked_by[g] == 0 && g != GATE_MOMENTUM)
            fail_msg("%s never came first", gate_name((enum entry_gate)g));
    }
}

static void
test_exposure_saturates_instead_of_wrapping(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    hold(&s, "XYZ", 10, 1);
    hold(&s, "XYZ", 10, 1);
    s.book.holding[0].market_value.e4 = s.book.holding[1].market_value.e4 = INT64_MAX;
    assert_int_equal(exposure_symbol(&s.book, "XYZ", NULL).e4, INT64_MAX);
    assert_true(blocks(&s, GATE_SYMBOL_EXPOSURE));
    scene_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gates_pass_an_ordinary_candidate_of_either_side),
        cmocka_unit_test(test_gates_have_the_names_of_the_gate_log),
        cmocka_unit_test(test_gate_concentration_stops_longs_in_a_long_book),
        cmocka_unit_test(test_gate_theme_compares_the_exposure_of_the_theme),
        cmocka_unit_test(test_gate_score_must_be_a_positive_number),
        cmocka_unit_test(test_gate_min_notional_at_100_usd),
        cmocka_unit_test(test_gate_one_position_an_instrument),
        cmocka_unit_test(test_gate_flip_needs_an_opposite_free_position_and_a_high_score),
        cmocka_unit_test(test_gate_cycle_cap_is_six),
        cmocka_unit_test(test_gate_capacity_gives_way_only_to_a_displacement),
        cmocka_unit_test(test_gate_cooldown_ends_at_its_instant),
        cmocka_unit_test(test_gate_symbol_and_sector_exposure),
        cmocka_unit_test(test_gate_order_size_between_its_bounds),
        cmocka_unit_test(test_gate_shorts_need_leave),
        cmocka_unit_test(test_gate_metadata_needs_score_and_regime),
        cmocka_unit_test(test_gate_spread_watches_real_quotes_only),
        cmocka_unit_test(test_gate_buying_power_asks_more_of_shorts),
        cmocka_unit_test(test_gates_block_what_is_not_known),
        cmocka_unit_test(test_gates_property_the_first_that_blocks_is_reported),
        cmocka_unit_test(test_exposure_saturates_instead_of_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* One step of the shadow, rule by rule, and the state it keeps. */
#include "tests/shadow/day.h"

#include "shadow/size.h"

#define NONE ((double)NAN)

static struct shadow_seen
seen_at(struct arena *a, double price)
{
    return (struct shadow_seen){
        .now_ns = when_parse_or_none("2026-01-21T15:30:00Z"),
        .symbol = "AAPL",
        .direction = "bullish",
        .new_trade_id = "0123456789abcdef0123456789abcdef",
        .v1_score = 3,
        .v2_score = 4,
        .is_v2_pass = true,
        .uw = shadow_uw_decode(NULL, a),
        .universe_version = "",
        .universe_source = "",
        .market_regime = "",
        .posture = "",
        .regime_label = "",
        .volatility_regime = "",
        .current_price = price,
        .last_trade = NONE,
        .bid = NONE,
        .ask = NONE,
        .account_equity = NONE,
        .buying_power = NONE,
        .size_usd = 500,
    };
}

static struct shadow_outcome
step_on(const struct shadow_book *book, const struct shadow_seen *seen)
{
    struct shadow_outcome out;
    shadow_step(book, seen, &(struct shadow_settings){.is_paper = true}, &out);
    return out;
}

/* ---- entries ------------------------------------------------------------------------------- */

static void
test_shadow_entry_is_blocked_with_the_first_reason(void **state)
{
    static const struct {
        const char *promise, *direction;
        double price, size_usd, buying_power;
        enum shadow_act act;
        enum shadow_block block;
        double qty;
    } cases[] = {
        {"no price",                     "bullish", NONE,   500,  10,    SHADOW_BLOCKED, SHADOW_BLOCK_PRICE, 0},
        {"a price of zero is none",      "bullish", 0,      500,  10,    SHADOW_BLOCKED, SHADOW_BLOCK_PRICE, 0},
        {"less than a thousandth",       "bullish", 500001, 500,  10,    SHADOW_BLOCKED, SHADOW_BLOCK_QTY,   0},
        {"95 % of the buying power",     "bullish", 100,    500,  526,   SHADOW_BLOCKED,
         SHADOW_BLOCK_BUYING_POWER,                                                                          0},
        {"just enough of it",            "bullish", 100,    500,  526.4, SHADOW_OPENED,  SHADOW_BLOCK_PRICE, 5},
        {"shorts need none",             "bearish", 100,    500,  1,     SHADOW_OPENED,  SHADOW_BLOCK_PRICE, 5},
        {"unknown is not checked",       "neutral", 100,    500,  NONE,  SHADOW_OPENED,  SHADOW_BLOCK_PRICE, 5},
        {"a part of a dear share",       "bullish", 1000,   500,  NONE,  SHADOW_OPENED,  SHADOW_BLOCK_PRICE,
         0.5                                                                                                  },
        {"one share where no size is",   "bullish", 100,    NONE, NONE,  SHADOW_OPENED,
         SHADOW_BLOCK_PRICE,                                                                                 1},
        {"a size below zero is no size", "bullish", 100,    -5,   NONE,  SHADOW_OPENED,
         SHADOW_BLOCK_PRICE,                                                                                 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_done) struct arena a = {0};
        struct shadow_book empty = {0};
        struct shadow_seen seen = seen_at(&a, cases[i].price);
        seen.direction = cases[i].direction;
        seen.size_usd = cases[i].size_usd;
        seen.buying_power = cases[i].buying_power;
        struct shadow_outcome out = step_on(&empty, &seen);
        if (out.act != cases[i].act) fail_msg("%s: act %d", cases[i].promise, (int)out.act);
        if (out.act == SHADOW_BLOCKED && out.block != cases[i].block)
            fail_msg("%s: %s", cases[i].promise, shadow_block_name(out.block));
        if (out.act == SHADOW_OPENED && fabs(out.position.qty - cases[i].qty) > 0)
            fail_msg("%s: qty %g", cases[i].promise, out.position.qty);
    }
}

static void
test_shadow_full_book_takes_no_entry(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct shadow_position none = {.symbol = "A"};
    struct shadow_book full = {.position = &none, .len = SHADOW_POSITIONS_MAX};
    struct shadow_seen seen = seen_at(&a, 100);
    struct shadow_outcome out;
    (void)state;
    /* The search sees 8192 positions; all are the same one here. */
    struct shadow_position *many = calloc(SHADOW_POSITIONS_MAX, sizeof(*many));
    assert_non_null(many);
    for (size_t i = 0; i < SHADOW_POSITIONS_MAX; i++)
        many[i] = none;
    full.position = many;
    out = step_on(&full, &seen);
    free(many);
    assert_int_equal(out.act, SHADOW_BLOCKED);
    assert_string_equal(shadow_block_name(out.block), "book_full");
}

static void
test_shadow_price_is_the_first_that_is_known(void **state)
{
    static const struct {
        const char *promise;
        double current, last, bid, ask, want;
    } cases[] = {
        {"the cycle's",          10,   11,   12, 14, 10  },
        {"else the last trade",  0,    11,   12, 14, 11  },
        {"else the middle",      NONE, NONE, 12, 14, 13  },
        {"half a quote is none", NONE, 0,    0,  14, NONE},
        {"below zero is none",   -1,   -1,   -1, -1, NONE},
    };
    CLEANUP(arena_done) struct arena a = {0};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct shadow_seen seen = seen_at(&a, cases[i].current);
        seen.last_trade = cases[i].last;
        seen.bid = cases[i].bid;
        seen.ask = cases[i].ask;
        double got = shadow_price(&seen);
        if (isnan(got) != isnan(cases[i].want) || fabs(got - cases[i].want) > 0)
            fail_msg("%s: %g", cases[i].promise, got);
    }
}

static void
test_shadow_size_follows_equity_within_bounds(void **state)
{
    (void)state;
    assert_true(fabs(shadow_size_usd(500, 1e6, true) - 500) <= 0);
    assert_true(fabs(shadow_size_usd(NONE, 10000, true) - 150) <= 1e-9);
    assert_true(fabs(shadow_size_usd(0, 1e6, true) - 825) <= 0);
    assert_true(fabs(shadow_size_usd(0, 1e6, false) - 300) <= 0);
    assert_true(fabs(shadow_size_usd(0, -5, true) - 50) <= 0);
    assert_true(fabs(shadow_size_usd(NONE, NONE, true)) <= 0);
    assert_true(fabs(shadow_qty(1000, 100, 5) - 14) <= 0);
    assert_true(fabs(shadow_qty(1000, 100, -5) - 6) <= 0);
    assert_true(fabs(shadow_qty(100, 100, -0.4) - 1) <= 0);
    assert_true(fabs(shadow_qty(500, 5e-324, 0)) <= 0); /* no position of null shares */
}

/* ---- open positions ------------------------------------------------------------------------ */

static const char TWO_POSITIONS[] =
    "{\"positions\":{\"MSFT\":null,\"AAPL\":{\"trade_id\":\"t1\",\"entry_timestamp\":"
    "\"2026-01-21T14:00:00Z\",\"direction\":\"bearish\",\"entry_price\":\"50\",\"qty\":4,"
    "\"from_the_future\":{\"x\":[1,2]},\"last_price\":50,\"unrealized_pnl_usd\":null},"
    "\"NVDA\":7}}";

static struct shadow_book
book_of(const char *text)
{
    struct shadow_book book = {0};
    struct err err = {0};
    CLEANUP(json_freep) struct json *doc = day_doc(text, strlen(text));
    if (shadow_book_decode(doc, &book, &err) != RC_OK) fail_msg("%s", err.text);
    return book;
}

static void
expect_book(const struct shadow_book *book, const char *want)
{
    CLEANUP(text_free) struct text got = {0};
    struct json_out o = {.to = &got};
    shadow_book_write(&o, NULL, book);
    assert_string_equal(text_str(&got), want);
}

static void
test_shadow_state_keeps_what_it_does_not_know(void **state)
{
    CLEANUP(shadow_book_done) struct shadow_book book = book_of(TWO_POSITIONS);
    CLEANUP(arena_done) struct arena a = {0};
    (void)state;
    expect_book(&book, "{\"positions\":{\"AAPL\":{\"trade_id\":\"t1\",\"entry_timestamp\":"
                       "\"2026-01-21T14:00:00Z\",\"direction\":\"bearish\",\"entry_price\":\"50\","
                       "\"qty\":4,\"from_the_future\":{\"x\":[1,2]},\"last_price\":50,"
                       "\"unrealized_pnl_usd\":null},\"NVDA\":{}}}");

    struct shadow_seen seen = seen_at(&a, 40);
    struct shadow_outcome out = step_on(&book, &seen);
    assert_int_equal(out.act, SHADOW_KEPT);
    shadow_book_apply(&book, &out);
    expect_book(&book, "{\"positions\":{\"AAPL\":{\"trade_id\":\"t1\",\"entry_timestamp\":"
                       "\"2026-01-21T14:00:00Z\",\"direction\":\"bearish\",\"entry_price\":\"50\","
                       "\"qty\":4,\"from_the_future\":{\"x\":[1,2]},\"last_price\":40,"
                       "\"unrealized_pnl_usd\":40,\"unrealized_pnl_pct\":0.2,\"last_update_ts\":"
                       "\"2026-01-21T15:30:00+00:00\"},\"NVDA\":{}}}");
}

static void
test_shadow_positions_that_are_no_object_are_none(void **state)
{
    static const char *const texts[] = {"{}", "[]", "{\"positions\":[1]}", "{\"positions\":null}",
                                        "null"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CLEANUP(shadow_book_done) struct shadow_book book = book_of(texts[i]);
        assert_int_equal(book.len, 0);
        expect_book(&book, "{\"positions\":{}}");
    }
}

static void
test_shadow_too_many_positions_are_refused(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    CLEANUP(shadow_book_done) struct shadow_book book = {0};
    struct err err = {0};
    (void)state;
    text_puts(&t, "{\"positions\":{");
    for (int i = 0; i <= SHADOW_POSITIONS_MAX; i++)
        text_printf(&t, "%s\"S%d\":{}", i > 0 ? "," : "", i);
    text_puts(&t, "}}");
    CLEANUP(json_freep) struct json *doc = day_doc(t.data, t.len);
    assert_int_equal(shadow_book_decode(doc, &book, &err), RC_RANGE);
    assert_int_equal(book.len, 0);
}

static void
test_shadow_without_a_verdict_a_position_is_only_marked(void **state)
{
    CLEANUP(shadow_book_done) struct shadow_book book = book_of(TWO_POSITIONS);
    CLEANUP(arena_done) struct arena a = {0};
    struct shadow_seen seen = seen_at(&a, 1);
    (void)state;
    struct shadow_outcome out = step_on(&book, &seen);
    assert_int_equal(out.act, SHADOW_KEPT);
    assert_true(fabs(out.position.mark.pnl_usd - 4 * 49) <= 0);
    seen.current_price = NONE;
    out = step_on(&book, &seen);
    assert_int_equal(out.act, SHADOW_KEPT);
    assert_true(fabs(out.position.mark.price - 50) <= 0);
}

static void
test_shadow_exit_without_a_price_has_no_pnl(void **state)
{
    CLEANUP(shadow_book_done) struct shadow_book book = book_of(TWO_POSITIONS);
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    struct shadow_verdict v = {.is_exit = true, .reason = "stop", .components_json = "{}"};
    struct shadow_seen seen = seen_at(&a, NONE);
    enum shadow_record record[SHADOW_RECORDS_MAX];
    (void)state;
    seen.verdict = &v;
    struct shadow_outcome out = step_on(&book, &seen);
    assert_int_equal(out.act, SHADOW_CLOSED);
    assert_int_equal(shadow_records_of(&out, record), 4);
    assert_int_equal(record[1], SHADOW_RECORD_ATTRIBUTION);
    assert_int_equal(record[3], SHADOW_RECORD_MASTER_EXIT);
    shadow_record_write(&o, NULL, record[1], &seen, &out);
    CLEANUP(json_freep) struct json *doc = day_doc(line.data, line.len);
    assert_false(json_has(doc, "exit_price") || json_has(doc, "pnl") || json_has(doc, "pnl_pct"));
    assert_true(fabs(json_f64(doc, "entry_price", 0) - 50) <= 0);
    assert_true(fabs(json_f64(doc, "time_in_trade_minutes", 0) - 90) <= 0);
    shadow_book_apply(&book, &out);
    assert_null(shadow_book_find(&book, "AAPL"));
    assert_non_null(shadow_book_find(&book, "NVDA"));
}

static void
test_shadow_candidate_is_the_first_with_a_score(void **state)
{
    CLEANUP(shadow_book_done) struct shadow_book book = book_of(TWO_POSITIONS);
    static const struct shadow_candidate list[] = {
        {"AAPL", 9   },
        {"NVDA", 9   },
        {"AMD",  NONE},
        {"XOM",  1   },
        {"JPM",  2   }
    };
    (void)state;
    assert_string_equal(shadow_candidate_of(&book, "AAPL", list, 5)->symbol, "XOM");
    assert_string_equal(shadow_candidate_of(&book, "AAPL", list, 3)->symbol, "AMD");
    assert_null(shadow_candidate_of(&book, "AAPL", list, 2));
    assert_null(shadow_candidate_of(&book, "AAPL", NULL, 0));
}

static void
test_shadow_signals_are_families_with_an_adjustment(void **state)
{
    static const struct {
        const char *promise, *adjustments, *want;
    } cases[] = {
        {"nothing",                       "{}",                                                  ""         },
        {"the sum is no feature",         "{\"total\":1}",                                       ""         },
        {"up to 1e-9 is none",            "{\"flow\":1e-9,\"earnings\":-1.1e-9}",                "earnings "},
        {"names in any case, blanks off", "{\" Dark_Pool \":\"0.1\",\"BETA_vs_spy\":2}",
         "darkpool volatility "                                                                             },
        {"once each, in order",           "{\"zeta\":1,\"sector_alignment\":1,\"alignment\":1}",
         "alignment other "                                                                                 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep)
        struct json *doc = day_doc(cases[i].adjustments, strlen(cases[i].adjustments));
        CLEANUP(text_free) struct text got = {0};
        bool has[SHADOW_FAMILIES_LEN];
        shadow_families_decode(doc, has);
        for (int f = 0; f < SHADOW_FAMILIES_LEN; f++)
            if (has[f]) text_printf(&got, "%s ", shadow_family_name((enum shadow_family)f));
        if (!str_eq(text_str(&got), cases[i].want))
            fail_msg("%s: %s", cases[i].promise, text_str(&got));
    }
}

static void
test_shadow_times_drop_a_fraction_of_zero_only(void **state)
{
    static const char *const cases[][2] = {
        {"2026-01-21T10:30:00-05:00",   "2026-01-21T15:30:00+00:00"       },
        {"2026-01-21T15:30:00.500000Z", "2026-01-21T15:30:00.500000+00:00"},
        {"2026-01-21T15:30:00.000001Z", "2026-01-21T15:30:00.000001+00:00"},
    };
    char buf[ISO_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(when_iso_brief(when_parse_or_none(cases[i][0]), buf), cases[i][1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_entry_is_blocked_with_the_first_reason),
        cmocka_unit_test(test_shadow_full_book_takes_no_entry),
        cmocka_unit_test(test_shadow_price_is_the_first_that_is_known),
        cmocka_unit_test(test_shadow_size_follows_equity_within_bounds),
        cmocka_unit_test(test_shadow_state_keeps_what_it_does_not_know),
        cmocka_unit_test(test_shadow_positions_that_are_no_object_are_none),
        cmocka_unit_test(test_shadow_too_many_positions_are_refused),
        cmocka_unit_test(test_shadow_without_a_verdict_a_position_is_only_marked),
        cmocka_unit_test(test_shadow_exit_without_a_price_has_no_pnl),
        cmocka_unit_test(test_shadow_candidate_is_the_first_with_a_score),
        cmocka_unit_test(test_shadow_signals_are_families_with_an_adjustment),
        cmocka_unit_test(test_shadow_times_drop_a_fraction_of_zero_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

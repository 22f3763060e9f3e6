/* The A/B ledger: what is held adds up, and closes only by its rules. */
#include <math.h>

#include "shadow/ab_json.h"
#include "tests/lib/check.h"

static const struct ab_position HELD = {"KO", AB_LONG, 10, 100, 0};

static void
test_ab_merge_conserves_shares_and_cost(void **state)
{
    struct rng r = check_rng("merges");
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct ab_position p[8] = {{.symbol = ""}};
        size_t len = 0;
        double cost = 0, qty = 0, held_cost = 0, held_qty = 0;
        for (int i = 0; i < 100; i++) {
            static const char *const symbols[] = {"A", "B", "C"};
            struct ab_position fill = {
                .symbol = symbols[rng_below(&r, COUNT_OF(symbols))],
                .side = rng_chance(&r, 0.5) ? AB_LONG : AB_SHORT,
                .qty = (double)rng_range(&r, -2, 9),
                .entry_price = 0.01 * (double)rng_range(&r, -50, 5000),
                .entered_ns = (int64_t)rng_below(&r, 1000),
            };
            struct ab_merge m = ab_merge(p, len, &fill);
            if (m.act == AB_UNCHANGED) continue;
            cost += fill.qty * fill.entry_price;
            qty += fill.qty;
            if (m.act == AB_APPENDED) {
                p[len++] = fill;
                continue;
            }
            struct ab_position *had = &p[m.index];
            assert_true(str_eq(had->symbol, fill.symbol) && had->side == fill.side);
            assert_int_equal(m.takes_fill_time, fill.entered_ns < had->entered_ns);
            had->qty = m.qty;
            had->entry_price = m.entry_price;
            if (m.takes_fill_time) had->entered_ns = fill.entered_ns;
        }
        assert_true(len <= 6); /* one a symbol and side */
        for (size_t i = 0; i < len; i++) {
            held_cost += p[i].qty * p[i].entry_price;
            held_qty += p[i].qty;
        }
        assert_true(fabs(held_qty - qty) <= 0);
        assert_true(fabs(held_cost - cost) <= 1e-9 * fmax(1, cost));
    }
}

static void
test_ab_look_takes_the_first_reason(void **state)
{
    static const struct {
        const char *what, *direction, *posture;
        double price;
        int64_t age_min;
        enum ab_side side;
        enum ab_act act;
        enum ab_reason reason;
        bool may_exit;
    } cases[] = {
        {"exits are off",      "bearish", "short",   100,   999, AB_LONG,  AB_MARKED,   AB_STALE_ALPHA,      false},
        {"no price",           "bearish", "short",   0,     999, AB_LONG,  AB_NO_PRICE, AB_STALE_ALPHA,      true },
        {"signal first",       "Bearish", "short",   100,   999, AB_LONG,  AB_CLOSED,   AB_COUNTER_SIGNAL,   true },
        {"a short's signal",   "bullish", "long",    100,   999, AB_SHORT, AB_CLOSED,   AB_COUNTER_SIGNAL,
         true                                                                                                     },
        {"then posture",       "bullish", "SHORT",   100,   999, AB_LONG,  AB_CLOSED,   AB_POSTURE_RISK_OFF,
         true                                                                                                     },
        {"a short's posture",  "",        "long",    150,   1,   AB_SHORT, AB_CLOSED,   AB_POSTURE_RISK_ON,  true },
        {"then age",           "",        "long",    103,   240, AB_LONG,  AB_CLOSED,   AB_STALE_ALPHA,      true },
        {"a minute too young", "",        "long",    103,   239, AB_LONG,  AB_MARKED,   AB_STALE_ALPHA,      true },
        {"a little too good",  "",        "neutral", 103.1, 999, AB_LONG,  AB_MARKED,   AB_STALE_ALPHA,      true },
        {"a little too bad",   "",        "neutral", 96.9,  999, AB_LONG,  AB_MARKED,   AB_STALE_ALPHA,      true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ab_position p = HELD;
        struct ab_seen seen = {
            .now_ns = cases[i].age_min * NS_PER_MIN,
            .price = cases[i].price,
            .direction = cases[i].direction,
            .posture = cases[i].posture,
            .may_exit = cases[i].may_exit,
        };
        p.side = cases[i].side;
        struct ab_look look = ab_look_at(&p, &seen);
        if (look.act != cases[i].act) fail_msg("%s: %d", cases[i].what, (int)look.act);
        if (look.act == AB_CLOSED && look.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].what, ab_reason_name(look.reason));
    }
}

/* What is not a position is dropped; what has no known age does not grow stale. */
static void
test_ab_look_missing_is_not_zero(void **state)
{
    struct ab_seen seen = {
        .now_ns = 999 * NS_PER_MIN, .price = 100, .direction = "", .posture = "", .may_exit = true};
    struct ab_position p = HELD;
    (void)state;
    p.entered_ns = WHEN_NONE;
    assert_int_equal(ab_look_at(&p, &seen).act, AB_MARKED);
    assert_true(isnan(ab_look_at(&p, &seen).age_min));
    p = HELD;
    p.entered_ns = 2 * seen.now_ns;
    assert_true(fabs(ab_look_at(&p, &seen).age_min) <= 0);
    p = HELD;
    p.qty = 0;
    assert_int_equal(ab_look_at(&p, &seen).act, AB_DROPPED);
    p = HELD;
    p.entry_price = 0;
    assert_int_equal(ab_look_at(&p, &seen).act, AB_DROPPED);
    p = HELD;
    p.symbol = "";
    assert_int_equal(ab_look_at(&p, &seen).act, AB_DROPPED);
}

static void
test_ab_book_reads_anything(void **state)
{
    static const char text[] =
        "[{\"symbol\":\"ko\",\"qty\":\"3\",\"side\":\"SELL\",\"entry_price\":2},7,null,{},"
        "{\"symbol\":5,\"side\":1,\"entry_ts\":9}]";
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    (void)state;
    assert_int_equal(json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
                     RC_OK);
    struct ab_book b = ab_book_decode(doc, &a);
    assert_int_equal(b.len, 5);
    assert_string_equal(b.position[0].symbol, "KO");
    assert_int_equal(b.position[0].side, AB_SHORT);
    assert_true(fabs(b.position[0].qty - 3) <= 0);
    assert_string_equal(b.position[1].symbol, "");
    assert_string_equal(b.position[4].symbol, "5");
    assert_true(b.position[4].entered_ns == WHEN_NONE);
    assert_int_equal(ab_book_decode(NULL, &a).len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ab_merge_conserves_shares_and_cost),
        cmocka_unit_test(test_ab_look_takes_the_first_reason),
        cmocka_unit_test(test_ab_look_missing_is_not_zero),
        cmocka_unit_test(test_ab_book_reads_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

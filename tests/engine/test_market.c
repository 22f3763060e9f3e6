#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/market.h"

#include "base/text.h"

/* A broker whose newest minute bar is of one instant. */
struct scene {
    int64_t now_ns, newest_ns;
    int said;
    struct clock clock;
    struct log log;
    struct broker broker;
    struct strategy_config cfg;
    struct market market;
    struct arena arena;
};

static enum rc
trade_of(void *self, const char *symbol, struct last_trade *ret_last, struct err *err)
{
    (void)self;
    (void)symbol;
    (void)err;
    *ret_last = (struct last_trade){.price = {400000}, .is_known = true};
    return RC_OK;
}

static enum rc
quote_of(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    (void)self;
    (void)symbol;
    (void)err;
    *ret_quote = (struct nbbo){0};
    return RC_OK;
}

static enum rc
bars_of(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
        int limit, struct arena *a, struct bars *ret_bars, struct err *err)
{
    enum { BARS = 25 };
    const struct scene *s = self;

    (void)symbol;
    (void)size;
    (void)from_ns;
    (void)to_ns;
    (void)limit;
    (void)err;
    ret_bars->bar = ARENA_NEW(a, struct bar, BARS);
    ret_bars->len = BARS;
    for (size_t i = 0; i < BARS; i++)
        ret_bars->bar[i] = (struct bar){
            .start_ns = s->newest_ns - (int64_t)(BARS - 1 - i) * NS_PER_MIN,
            .high = {410000},
            .low = {390000},
            .close = {400000},
        };
    return RC_OK;
}

static void
hear(void *self, enum event_id id, const struct field *fields)
{
    struct scene *s = self;

    (void)fields;
    s->said += id == EV_STALE_BARS;
}

static int64_t
now_of(void *self)
{
    return ((const struct scene *)self)->now_ns;
}

static void
scene_set(struct scene *s)
{
    *s = (struct scene){.now_ns = 1000000 * NS_PER_S};
    s->clock = (struct clock){.self = s, .now_ns = now_of, .mono_ns = now_of};
    s->log = (struct log){.self = s, .event = hear};
    s->broker = (struct broker){
        .self = s, .latest_trade = trade_of, .latest_quote = quote_of, .bars = bars_of};
    s->cfg.bar_stale_max_age_min = 5;
    s->market =
        (struct market){.broker = &s->broker, .clock = &s->clock, .log = &s->log, .cfg = &s->cfg};
}

static struct market_view
ask(struct scene *s, const char *symbol, struct candidate *ret_candidate)
{
    struct market_view view = {0};
    struct err err = {0};

    *ret_candidate = (struct candidate){.direction = DIRECTION_BULLISH};
    (void)str_copy(ret_candidate->symbol, SYMBOL_MAX, symbol);
    assert_int_equal(market_ask(&s->market, ret_candidate, &s->arena, &view, &err), RC_OK);
    return view;
}

/* No indicator from bars whose newest is older than five minutes; of five minutes they count. */
static void
test_market_takes_no_indicator_from_stale_bars(void **state)
{
    (void)state;
    struct scene s;
    struct candidate c;

    scene_set(&s);
    s.newest_ns = s.now_ns - 5 * NS_PER_MIN;
    assert_true(ask(&s, "AAPL", &c).atr20 > 0);
    assert_true(c.momentum.atr14 > 0);
    assert_int_equal(s.said, 0);
    s.newest_ns--;
    struct market_view view = ask(&s, "AAPL", &c);
    assert_false(view.atr20 > 0);
    assert_false(view.ema20 > 0);
    assert_false(c.momentum.atr14 > 0);
    assert_int_equal(c.momentum.data, MOMENTUM_INSUFFICIENT);
    assert_int_equal(s.said, 1);
    arena_done(&s.arena);
}

static void
test_market_says_stale_bars_once_in_five_minutes(void **state)
{
    (void)state;
    struct scene s;
    struct candidate c;

    scene_set(&s);
    s.newest_ns = s.now_ns - 3600 * NS_PER_S;
    (void)ask(&s, "AAPL", &c);
    s.now_ns += 300 * NS_PER_S - 1;
    (void)ask(&s, "AAPL", &c);
    assert_int_equal(s.said, 1);
    (void)ask(&s, "MSFT", &c); /* another symbol is other news */
    assert_int_equal(s.said, 2);
    s.now_ns++;
    (void)ask(&s, "AAPL", &c);
    assert_int_equal(s.said, 3);
    for (int i = 0; i < 2 * STALE_MAX; i++) {
        char symbol[SYMBOL_MAX];
        (void)snprintf(symbol, sizeof(symbol), "S%d", i);
        (void)ask(&s, symbol, &c);
    }
    assert_int_equal(s.said, 3 + 2 * STALE_MAX);
    arena_done(&s.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_takes_no_indicator_from_stale_bars),
        cmocka_unit_test(test_market_says_stale_bars_once_in_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

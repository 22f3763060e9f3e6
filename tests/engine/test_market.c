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
    size_t bars; /* that the broker has */
    enum rc fails;
    char asked[SYMBOL_MAX]; /* the symbol of the last question about bars */
    int questions, limit;
    int said, probe_stale, probe_empty;
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
    struct scene *s = self;

    (void)size;
    (void)from_ns;
    (void)to_ns;
    (void)str_copy(s->asked, SYMBOL_MAX, symbol);
    s->questions++;
    s->limit = limit;
    if (s->fails != RC_OK) return err_set(err, s->fails, "no bars");
    ret_bars->bar = ARENA_NEW(a, struct bar, s->bars);
    ret_bars->len = s->bars;
    for (size_t i = 0; i < s->bars; i++)
        ret_bars->bar[i] = (struct bar){
            .start_ns = s->newest_ns - (int64_t)(s->bars - 1 - i) * NS_PER_MIN,
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
    s->probe_stale += id == EV_BAR_PROBE_STALE;
    s->probe_empty += id == EV_BAR_PROBE_EMPTY;
}

static int64_t
now_of(void *self)
{
    return ((const struct scene *)self)->now_ns;
}

static void
scene_set(struct scene *s)
{
    *s = (struct scene){.now_ns = 1000000 * NS_PER_S, .bars = 25};
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

/* R5.31: five bars of SPY every ten minutes; at the limit of five minutes they are fresh. */
static void
test_market_probes_the_minute_bars_of_spy_every_ten_minutes(void **state)
{
    (void)state;
    struct scene s;
    struct err err = {0};

    scene_set(&s);
    s.newest_ns = s.now_ns - 5 * NS_PER_MIN;
    assert_int_equal(market_probe_bars(&s.market, &s.arena, &err), RC_OK);
    assert_string_equal(s.asked, "SPY");
    assert_int_equal(s.limit, 5);
    assert_int_equal(s.probe_stale, 0);
    s.now_ns += 600 * NS_PER_S - 1;
    assert_int_equal(market_probe_bars(&s.market, &s.arena, &err), RC_OK);
    assert_int_equal(s.questions, 1);
    s.now_ns++;
    s.newest_ns = s.now_ns - 5 * NS_PER_MIN - 1;
    assert_int_equal(market_probe_bars(&s.market, &s.arena, &err), RC_OK);
    assert_int_equal(s.questions, 2);
    assert_int_equal(s.probe_stale, 1);
    s.now_ns += 600 * NS_PER_S;
    s.bars = 0;
    assert_int_equal(market_probe_bars(&s.market, &s.arena, &err), RC_OK);
    assert_int_equal(s.probe_empty, 1);
    assert_int_equal(s.probe_stale, 1);
    arena_done(&s.arena);
}

/* No answer is neither stale nor empty, and is not asked for again at once. */
static void
test_market_probe_without_an_answer_says_nothing_about_bars(void **state)
{
    (void)state;
    struct scene s;
    struct err err = {0};

    scene_set(&s);
    s.fails = RC_UNKNOWN;
    assert_int_equal(market_probe_bars(&s.market, &s.arena, &err), RC_UNKNOWN);
    assert_int_equal(market_probe_bars(&s.market, &s.arena, &err), RC_OK);
    assert_int_equal(s.questions, 1);
    assert_int_equal(s.probe_stale + s.probe_empty, 0);
    arena_done(&s.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_takes_no_indicator_from_stale_bars),
        cmocka_unit_test(test_market_says_stale_bars_once_in_five_minutes),
        cmocka_unit_test(test_market_probes_the_minute_bars_of_spy_every_ten_minutes),
        cmocka_unit_test(test_market_probe_without_an_answer_says_nothing_about_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

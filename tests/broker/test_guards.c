/*
 * Promises of the guards: what they refuse never reaches the broker, and what reduces risk still
 * passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "broker/guard.h"

/* A broker that counts what reached it and answers as told. */
struct counting {
    int submits, cancels, reads;
    enum rc answer;
    struct last_trade last;
};

static enum rc
count_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct counting *c = self;

    c->submits++;
    if (c->answer != RC_OK) return err_set(err, c->answer, "scripted");
    *ret_order = (struct order){
        .side = o->side, .qty = o->qty, .status = ORDER_PENDING, .filled_ns = WHEN_NONE};
    (void)str_copy(ret_order->broker_id, sizeof(ret_order->broker_id), "b-1");
    return RC_OK;
}

static enum rc
count_cancel(void *self, const char *broker_id, struct err *err)
{
    (void)broker_id;
    (void)err;
    ((struct counting *)self)->cancels++;
    return RC_OK;
}

static enum rc
count_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    (void)symbol;
    (void)err;
    ((struct counting *)self)->reads++;
    *ret_trade = ((struct counting *)self)->last;
    return RC_OK;
}

static struct broker
counting_broker(struct counting *c)
{
    return (struct broker){
        .self = c, .submit = count_submit, .cancel = count_cancel, .latest_trade = count_trade};
}

static struct order_intent
an_order(bool reduces)
{
    struct order_intent o = {.side = SIDE_BUY,
                             .type = ORDER_LIMIT,
                             .qty = 10,
                             .limit = USD_CENTS(1000),
                             .reduces = reduces};

    (void)str_copy(o.client_id, sizeof(o.client_id), "v1-1-20260130-1-AAPL-00000001");
    (void)str_copy(o.symbol, sizeof(o.symbol), "AAPL");
    return o;
}

/* ---- fence ----------------------------------------------------------------------------------- */

struct epoch_source {
    int64_t epoch;
    enum rc rc;
};

static enum rc
read_epoch(void *self, int64_t *ret_epoch, struct err *err)
{
    const struct epoch_source *s = self;

    if (s->rc != RC_OK) return err_set(err, s->rc, "unreadable");
    *ret_epoch = s->epoch;
    return RC_OK;
}

static void
test_fence_refuses_a_stale_epoch(void **state)
{
    static const struct {
        const char *what;
        int64_t mine, current;
        enum rc source, want;
    } CASES[] = {
        {"own epoch is the newest", 7, 7, RC_OK, RC_OK    },
        {"a newer engine started",  7, 8, RC_OK, RC_DENIED},
        {"the file went back",      7, 6, RC_OK, RC_DENIED},
        {"the file cannot be read", 7, 7, RC_IO, RC_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct counting c = {0};
        struct epoch_source source = {CASES[i].current, CASES[i].source};
        struct fence g = {.pass = {counting_broker(&c)},
                          .epoch = CASES[i].mine,
                          .source = &source,
                          .current_epoch = read_epoch};
        struct broker b = fence_broker(&g);
        struct order_intent o = an_order(true);
        struct order ret;
        struct err err = {0};

        print_message("%s\n", CASES[i].what);
        assert_int_equal(b.submit(b.self, &o, &ret, &err), CASES[i].want);
        assert_int_equal(b.cancel(b.self, "b-1", &err), CASES[i].want);
        assert_int_equal(c.submits + c.cancels, CASES[i].want == RC_OK ? 2 : 0);
    }
}

/* ---- kill switch, arm ---------------------------------------------------------------------- */

static void
test_kill_switch_stops_new_risk_and_lets_exits_pass(void **state)
{
    static const struct {
        bool entries, all, reduces;
        enum rc want;
    } CASES[] = {
        {false, false, false, RC_OK    },
        {true,  false, false, RC_DENIED},
        {true,  false, true,  RC_OK    },
        {true,  true,  true,  RC_DENIED},
        {false, true,  false, RC_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct counting c = {0};
        struct kill_switch g = {.pass = {counting_broker(&c)},
                                .entries_halted = CASES[i].entries,
                                .all_halted = CASES[i].all,
                                .reason = "frozen"};
        struct broker b = kill_switch_broker(&g);
        struct order_intent o = an_order(CASES[i].reduces);
        struct order ret;
        struct err err = {0};

        assert_int_equal(b.submit(b.self, &o, &ret, &err), CASES[i].want);
        if (CASES[i].want == RC_DENIED) assert_non_null(strstr(err.text, "frozen"));
    }
}

static void
test_arm_guard_refuses_mode_and_url_that_do_not_belong_together(void **state)
{
    static const struct {
        const char *mode, *url, *ack;
        enum rc want;
    } CASES[] = {
        {"PAPER",  "https://paper-api.alpaca.markets", "",                 RC_OK    },
        {"PAPER",  "http://127.0.0.1:9",               "",                 RC_OK    },
        {"PAPER",  "https://api.alpaca.markets",       "",                 RC_DENIED},
        {"LIVE",   "https://api.alpaca.markets",       "",                 RC_DENIED},
        {"LIVE",   "https://api.alpaca.markets",       "YES_I_UNDERSTAND", RC_OK    },
        {"LIVE",   "https://paper-api.alpaca.markets", "YES_I_UNDERSTAND", RC_DENIED},
        {"SHADOW", "https://paper-api.alpaca.markets", "",                 RC_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct counting c = {0};
        struct broker_config cfg = {.base_url = CASES[i].url,
                                    .trading_mode = CASES[i].mode,
                                    .live_ack = CASES[i].ack,
                                    .require_live_ack = true};
        struct arm_guard g = {.pass = {counting_broker(&c)}, .cfg = &cfg};
        struct broker b = arm_guard_broker(&g);
        struct order_intent entry = an_order(false);
        struct order_intent exit = an_order(true);
        struct order ret;
        struct err err = {0};

        print_message("%s at %s\n", CASES[i].mode, CASES[i].url);
        assert_int_equal(b.submit(b.self, &entry, &ret, &err), CASES[i].want);
        assert_int_equal(b.submit(b.self, &exit, &ret, &err), RC_OK);
    }
}

/* ---- risk limits --------------------------------------------------------------------------- */

static int64_t
zero_clock(void *self)
{
    return *(int64_t *)self;
}

static int64_t
same_ns(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

static void
no_sleep(void *self, int64_t wall_ns)
{
    *(int64_t *)self += wall_ns;
}

static struct clock
test_clock(int64_t *now_ns)
{
    return (struct clock){.self = now_ns,
                          .now_ns = zero_clock,
                          .mono_ns = zero_clock,
                          .real_ns = same_ns,
                          .sleep = no_sleep};
}

static void
test_risk_guard_bounds_the_order_and_the_day(void **state)
{
    int64_t now_ns = 100 * NS_PER_DAY;
    struct clock clock = test_clock(&now_ns);
    struct counting c = {
        .last = {.price = USD_CENTS(30000), .is_known = true}
    };
    struct broker prices = counting_broker(&c);
    struct risk_guard g = {.pass = {prices},
                           .prices = &prices,
                           .max_notional_usd = 2000,
                           .orders_per_day_max = 3,
                           .clock = &clock};
    struct broker b = risk_guard_broker(&g);
    struct order_intent o = an_order(false);
    struct order ret;
    struct err err = {0};

    (void)state;
    o.limit = USD_CENTS(20000);
    assert_int_equal(b.submit(b.self, &o, &ret, &err),
                     RC_OK); /* 10 * 200.00 is exactly the limit */
    o.limit = USD_CENTS(20001);
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_DENIED);
    o.type = ORDER_MARKET; /* priced by the last trade: 10 * 300 */
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_DENIED);
    o.qty = 6;
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_OK);
    c.last.is_known = false; /* no price: fail closed */
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_DENIED);
    c.last.is_known = true;
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_OK);
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_DENIED); /* three today */
    o.reduces = true;
    o.qty = 5000;
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_OK); /* a close is never too large */
    o.reduces = false;
    o.qty = 6;
    now_ns += NS_PER_DAY;
    assert_int_equal(b.submit(b.self, &o, &ret, &err), RC_OK);
}

/* ---- rate budget --------------------------------------------------------------------------- */

static void
test_rate_guard_keeps_a_reserve_for_exits_and_cancels(void **state)
{
    int64_t now_ns = NS_PER_DAY;
    struct clock clock = test_clock(&now_ns);
    struct counting c = {0};
    struct rate_guard g = {.pass = {counting_broker(&c)}, .clock = &clock, .per_min = 10};
    struct broker b = rate_guard_broker(&g);
    struct order_intent entry = an_order(false);
    struct order_intent exit = an_order(true);
    struct last_trade last;
    struct order ret;
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(b.latest_trade(b.self, "AAPL", &last, &err), RC_OK);
    assert_int_equal(b.latest_trade(b.self, "AAPL", &last, &err), RC_BUSY); /* counts apart */
    for (int i = 0; i < 7; i++)
        assert_int_equal(b.submit(b.self, &entry, &ret, &err), RC_OK);
    assert_int_equal(b.submit(b.self, &entry, &ret, &err), RC_DENIED);
    assert_int_equal(b.submit(b.self, &exit, &ret, &err), RC_OK);
    assert_int_equal(b.cancel(b.self, "b-1", &err), RC_OK);
    assert_int_equal(b.cancel(b.self, "b-1", &err), RC_OK);
    assert_int_equal(b.cancel(b.self, "b-1", &err),
                     RC_BUSY); /* ten in the minute, the reserve included */
    assert_int_equal(c.reads, 10);
    assert_int_equal(c.submits, 8);
    now_ns += NS_PER_MIN;
    assert_int_equal(b.latest_trade(b.self, "AAPL", &last, &err), RC_OK);
}

/* In any minute of a random run never more than the limit. */
static void
test_rate_guard_never_passes_the_limit_in_any_minute(void **state)
{
    enum { STEPS = 20000, LIMIT = 37 };
    static int64_t sent_ns[STEPS];
    size_t sent = 0;
    uint64_t x = 88172645463325252U;
    int64_t now_ns = NS_PER_DAY;
    struct clock clock = test_clock(&now_ns);
    struct counting c = {0};
    struct rate_guard g = {.pass = {counting_broker(&c)}, .clock = &clock, .per_min = LIMIT};
    struct broker b = rate_guard_broker(&g);
    struct err err = {0};

    (void)state;
    for (int i = 0; i < STEPS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        now_ns += (int64_t)(x % (uint64_t)(3 * NS_PER_S));
        if (b.cancel(b.self, "b", &err) == RC_OK) sent_ns[sent++] = now_ns;
    }
    for (size_t i = LIMIT; i < sent; i++)
        assert_true(sent_ns[i] - sent_ns[i - LIMIT] >= NS_PER_MIN);
    assert_true(sent > LIMIT);
}

/* What v2 asks costs the trading path no answer, and together they stay below the broker's limit.
 */
static void
test_spare_data_takes_only_what_is_left(void **state)
{
    int64_t now_ns = NS_PER_DAY;
    struct clock clock = test_clock(&now_ns);
    struct counting c = {0};
    struct rate_guard g = {.pass = {counting_broker(&c)}, .clock = &clock, .per_min = 100};
    struct spare_data s = {.inner = counting_broker(&c), .main = &g};
    struct broker b = rate_guard_broker(&g);
    struct prices p = spare_data_prices(&s);
    struct last_trade last;
    struct err err = {0};
    int spare = 0;

    (void)state;
    while (p.latest_trade(p.self, "AAPL", &last, &err) == RC_OK)
        spare++;
    assert_int_equal(spare, SPARE_OWN_PERCENT);
    for (int i = 0; i < 100; i++) /* the whole budget is still there */
        assert_int_equal(b.latest_trade(b.self, "AAPL", &last, &err), RC_OK);
    now_ns += NS_PER_MIN;
    for (int i = 0; i < 60; i++)
        assert_int_equal(b.latest_trade(b.self, "AAPL", &last, &err), RC_OK);
    for (spare = 0; p.latest_trade(p.self, "AAPL", &last, &err) == RC_OK; spare++)
        ;
    assert_int_equal(spare, SPARE_TOTAL_PERCENT - 60);
    assert_int_equal(c.submits, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fence_refuses_a_stale_epoch),
        cmocka_unit_test(test_kill_switch_stops_new_risk_and_lets_exits_pass),
        cmocka_unit_test(test_arm_guard_refuses_mode_and_url_that_do_not_belong_together),
        cmocka_unit_test(test_risk_guard_bounds_the_order_and_the_day),
        cmocka_unit_test(test_rate_guard_keeps_a_reserve_for_exits_and_cancels),
        cmocka_unit_test(test_rate_guard_never_passes_the_limit_in_any_minute),
        cmocka_unit_test(test_spare_data_takes_only_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

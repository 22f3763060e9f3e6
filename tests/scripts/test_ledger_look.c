/*
 * `stockbot ledger`, `orders`, `reconcile` as an operator types them.
 */
#include "scripts/command.h"
#include "tests/scripts/run.h"
#include "tests/scripts/served.h"
#include "tests/state/ledger_bed.h"

enum { WORDS_MAX = 12 };

/* words end with NULL; --root is added. */
static void
expect(const struct bed *b, int (*command)(int argc, char **argv), const char *const *words,
       const char *const *env, int status, const char *out_part, const char *err_part)
{
    const char *args[WORDS_MAX + 4] = {"it", "--root", b->root.path};

    for (size_t n = 0; n < WORDS_MAX && words[n] != NULL; n++)
        args[n + 3] = words[n];
    struct ran r = run_command(command, args, env);
    run_expect(&r, status, out_part, err_part);
    ran_free(&r);
}

#define EXPECT(b, command, status, out_part, err_part, ...)                                        \
    expect((b), (command), (const char *const[]){__VA_ARGS__, NULL}, NULL, (status), (out_part),   \
           (err_part))

static void
add_fill(struct bed *b, const char *id, enum order_side side, int64_t qty, int64_t price_e4,
         int64_t at_ns)
{
    struct fill f = fill_at(id, "AAPL", side, qty, price_e4, at_ns);
    bool is_new = false;
    struct err err = {0};

    if (b->a.add_fill(b->a.self, &f, "", "fill", &is_new, &err) != RC_OK) fail_msg("%s", err.text);
}

/* Bought 10 at 100, sold 4 at 101 and, a day later, 6 at 99; an order that has no answer. */
static void
fill_ledger(struct bed *b)
{
    struct intent in = intent_at("v1-4-x", T0);
    struct err err = {0};

    if (b->a.add_intent(b->a.self, &in, &err) != RC_OK) fail_msg("%s", err.text);
    in.state = INTENT_UNKNOWN;
    (void)str_copy(in.note, sizeof(in.note), "no answer, \"504\"");
    if (b->a.update_intent(b->a.self, &in, &err) != RC_OK) fail_msg("%s", err.text);
    add_fill(b, "f1", SIDE_BUY, 10, 1000000, T0);
    add_fill(b, "f2", SIDE_SELL, 4, 1010000, T0 + NS_PER_S);
    add_fill(b, "f3", SIDE_SELL, 6, 990000, T0 + NS_PER_DAY);
}

static void
test_ledger_command_shows_executions_and_what_they_brought(void **state)
{
    struct bed *b = *state;

    fill_ledger(b);
    EXPECT(b, cmd_ledger, 0, "3 executions, bought 1,000.00, sold 998.00, realised -2.00", "",
           "--symbol", "aapl");
    EXPECT(b, cmd_ledger, 0, ",AAPL,sell,4,101.00,404.00,6,4.00,outside,,,f2\n", "", "--csv");
    EXPECT(b, cmd_ledger, 0, "\"position_after\":0,\"realised_pnl\":-6.00,", "", "--json");
    EXPECT(b, cmd_ledger, 0, "1 executions, bought 0.00, sold 594.00", "", "--since", "2025-06-16");
    EXPECT(b, cmd_ledger, 0, "0 executions", "", "--symbol", "MSFT");
}

static void
test_orders_command_shows_what_has_no_answer(void **state)
{
    struct bed *b = *state;

    fill_ledger(b);
    EXPECT(b, cmd_orders, 0, "1 orders without an answer", "", "--unknown");
    EXPECT(b, cmd_orders, 0, "\"state\":\"unknown\",\"filled_qty\":0", "", "--json");
    EXPECT(b, cmd_orders, 0, ",v1-4-x,,\"no answer, \"\"504\"\"\"\n", "", "--csv");
    EXPECT(b, cmd_orders, 0, "0 orders", "", "--symbol", "MSFT");
}

static void
test_ledger_commands_refuse_what_they_cannot_mean(void **state)
{
    struct bed *b = *state;

    EXPECT(b, cmd_ledger, 2, "", "neither a day nor an instant: yesterdayish", "--since",
           "yesterdayish");
    EXPECT(b, cmd_ledger, 2, "", "no symbol: A B", "--symbol", "A B");
    EXPECT(b, cmd_ledger, 2, "", "exclude each other", "--csv", "--json");
    EXPECT(b, cmd_ledger, 2, "", "no such option", "--unknown");
    EXPECT(b, cmd_orders, 2, "", "what is meant by all", "all");
    EXPECT(b, cmd_reconcile, 2, "", "wants --dry-run", "--days", "3");
    EXPECT(b, cmd_reconcile, 2, "", "--days", "--dry-run", "--days", "0x");
    EXPECT(b, cmd_reconcile, 0, "usage: stockbot reconcile", "", "--help");
    ledger_close(b->sql);
    b->sql = NULL;
    assert_int_equal(b->root.fs.remove(b->root.fs.self, LEDGER_PATH, &(struct err){0}), RC_OK);
    EXPECT(b, cmd_ledger, 1, "", "ledger", "--csv");
    EXPECT(b, cmd_reconcile, 1, "", "ledger", "--dry-run");
}

static void
test_reconcile_command_asks_the_broker_and_says_what_differs(void **state)
{
    struct bed *b = *state;
    struct served v = served_open(&(struct serve){0});
    char base[64], data[64];

    (void)snprintf(base, sizeof(base), "ALPACA_BASE_URL=http://127.0.0.1:%d", v.port);
    (void)snprintf(data, sizeof(data), "ALPACA_DATA_URL=http://127.0.0.1:%d", v.port);
    const char *const env[] = {base, data, "ALPACA_KEY=key", "ALPACA_SECRET=secret", NULL};
    const char *const dry[] = {"--dry-run", "--days", "365", NULL};

    expect(b, cmd_reconcile, dry, env, 0, "0 differences", "");
    struct fill f = fill_at("f1", "AAPL", SIDE_BUY, 3, 1000000, T0);
    bool is_new = false;
    assert_int_equal(b->a.add_fill(b->a.self, &f, "", "fill", &is_new, &(struct err){0}), RC_OK);
    expect(b, cmd_reconcile, dry, env, 1, "AAPL    3 in the ledger, none at the broker", "");
    served_close(&v);
    expect(b, cmd_reconcile, dry, env, 1, "", "broker");
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_TEST(test_ledger_command_shows_executions_and_what_they_brought),
        LEDGER_TEST(test_orders_command_shows_what_has_no_answer),
        LEDGER_TEST(test_ledger_commands_refuse_what_they_cannot_mean),
        LEDGER_TEST(test_reconcile_command_asks_the_broker_and_says_what_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

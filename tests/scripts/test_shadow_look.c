/* `stockbot shadow`, and what `stockbot explain` says of v2: shown is what the files say. */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include <math.h>
#include <sys/stat.h>

#include "exitlogic/levels.h"
#include "scripts/command.h"
#include "shadow/pnl.h"

#define DAY "a" /* below the folder of records */

/* A day's records, positions and intel: what a root of the shadow looks like after the close. */
static void
make_root(const struct tmpdir *days, const struct tmpdir *out)
{
    const char *const args[] = {"replay", "--shadow-only", "--days", days->path,
                                "--out",  out->path,       NULL};

    tmpdir_write(days, "a.json",
                 "{\"day\":\"2026-01-22\",\"seed\":5,\"symbols\":[\"COIN\",\"TSLA\",\"PLTR\","
                 "\"XOM\",\"JPM\",\"PFE\",\"NVDA\",\"QQQ\"]}");
    CLEANUP(ran_free) struct ran r = run_command(cmd_replay, args, NULL);
    run_expect(&r, 0, "1 day", "");
}

static void
make_folder(const struct tmpdir *dir, const char *name)
{
    assert_int_equal(mkdir(tmpdir_path(dir, name), 0700), 0);
}

static struct ran
shadow(const struct tmpdir *out, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"shadow", "--root", tmpdir_path(out, DAY)};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[3 + i] = extra[i];
    return run_command(cmd_shadow, args, NULL);
}

static void
expect_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fmax(1, fabs(b)))) fail_msg("%.12g is not %.12g", a, b);
}

/* What is shown of a position follows from the state file. */
static void
expect_position(const struct json *shown, const struct json *kept)
{
    double price = json_f64(shown, "price", (double)NAN);
    const char *side = json_str(kept, "side", "");
    struct shadow_pnl pnl =
        shadow_pnl(json_f64(kept, "entry_price", 0), price, json_f64(kept, "qty", 0), side);
    double target = json_f64(shown, "target_price", (double)NAN);
    double stop = json_f64(shown, "stop_price", (double)NAN);
    double sign = str_eq(side, "short") ? -1 : 1;

    assert_string_equal(json_str(shown, "side", ""), side);
    assert_string_equal(json_str(shown, "trade_id", ""), json_str(kept, "trade_id", "-"));
    expect_near(json_f64(shown, "unrealized_pnl_usd", (double)NAN), pnl.usd);
    expect_near(json_f64(shown, "to_target_pct", (double)NAN), 100 * (target - price) / price);
    expect_near(json_f64(shown, "to_stop_pct", (double)NAN), 100 * (stop - price) / price);
    assert_true(sign * target > sign * stop);
}

static void
test_shadow_command_shows_what_the_files_say(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new(), out = tmpdir_new();
    double sum = 0;

    (void)state;
    make_root(&days, &out);
    CLEANUP(ran_free) struct ran r = shadow(&out, (const char *const[]){"--json", NULL});
    run_expect(&r, 0, "{", "");
    CLEANUP(json_freep) struct json *shown = run_json(&r.out);
    CLEANUP(text_free)
    struct text bytes = tmpdir_read(&out, DAY "/state/shadow_v2_positions.json");
    CLEANUP(json_freep) struct json *file = run_json(&bytes);
    const struct json *kept = json_get(file, "positions");
    const struct json *list = json_get(shown, "positions");

    assert_int_equal(json_len(list), json_len(kept));
    assert_true(json_len(list) > 0);
    for (const struct json *p = json_first(list); p != NULL; p = json_next(p)) {
        expect_position(p, json_get(kept, json_str(p, "symbol", "")));
        sum += json_f64(p, "unrealized_pnl_usd", 0);
    }
    expect_near(json_f64(shown, "open_pnl_usd", (double)NAN), sum);
    const struct json *today = json_get(shown, "today");
    assert_int_equal(json_i64(today, "entered", -1) - json_i64(today, "closed", -1),
                     json_len(kept));
    assert_int_equal(json_i64(shown, "heartbeat_age_s", -1), 60);
}

static void
test_shadow_command_shows_one_symbol_and_why(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new(), out = tmpdir_new();

    (void)state;
    make_root(&days, &out);
    CLEANUP(ran_free) struct ran all = shadow(&out, NULL);
    run_expect(&all, 0, "symbol side", "");
    run_expect(&all, 0, "exit score, says", "");
    CLEANUP(ran_free)
    struct ran one = shadow(&out, (const char *const[]){"--symbol", "nvda", NULL});
    run_expect(&one, 0, " NVDA ", "");
    run_expect(&one, 0, "; v1 ", "");
    assert_null(strstr(text_str(&one.out), "TSLA"));
    /* No line is wider than the narrowest terminal it was made for. */
    for (const char *at = text_str(&all.out); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        assert_true(len <= 120);
        at += len + (at[len] == '\n');
    }
}

static void
test_shadow_command_survives_damaged_and_empty_roots(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new(), out = tmpdir_new();

    (void)state;
    make_root(&days, &out);
    tmpdir_write(&out, DAY "/state/shadow_heartbeat.json", "\xff{");
    tmpdir_write(&out, DAY "/logs/master_trade_log.jsonl", "not json\n{\"is_shadow\":\n\n[]\n");
    CLEANUP(ran_free) struct ran beat = shadow(&out, NULL);
    run_expect(&beat, 0, "heartbeat.json cannot be read", "");
    tmpdir_write(&out, DAY "/state/shadow_v2_positions.json", "{\"positions\": {\"NVDA\": {");
    CLEANUP(ran_free) struct ran broken = shadow(&out, NULL);
    run_expect(&broken, 1, "shadow_v2_positions.json: line 1", "");
    CLEANUP(ran_free) struct ran json = shadow(&out, (const char *const[]){"--json", NULL});
    run_expect(&json, 1, "\"positions\":[]", "");
    tmpdir_write(&out, DAY "/state/shadow_v2_positions.json",
                 "{\"positions\": {\"NVDA\": 7, \"AMD\": {\"qty\": \"many\"}, \"X\": null}}");
    CLEANUP(ran_free) struct ran odd = shadow(&out, NULL);
    run_expect(&odd, 0, "open        2 positions, P&L +0.00", "");

    CLEANUP(tmpdir_done) struct tmpdir empty = tmpdir_new();
    const char *const nothing[] = {"shadow", "--root", empty.path, NULL};
    CLEANUP(ran_free) struct ran none = run_command(cmd_shadow, nothing, NULL);
    run_expect(&none, 1, "", "nothing has run there");
    make_folder(&empty, "state");
    CLEANUP(ran_free) struct ran quiet = run_command(cmd_shadow, nothing, NULL);
    run_expect(&quiet, 1, "", "the shadow has left nothing");
}

static void
test_explain_puts_v1_and_v2_side_by_side(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new(), out = tmpdir_new();

    (void)state;
    make_root(&days, &out);
    make_folder(&out, DAY "/data");
    tmpdir_write(&out, DAY "/data/uw_flow_cache.json",
                 "{\"NVDA\":{\"sentiment\":\"BULLISH\",\"conviction\":0.9,\"trade_count\":20,"
                 "\"_last_update\":1769115600,\"dark_pool\":{\"sentiment\":\"BULLISH\","
                 "\"total_premium\":5000000}}}");
    tmpdir_write(&out, DAY "/state/shadow_v2_positions.json",
                 "{\"positions\":{\"NVDA\":{\"trade_id\":\"x\",\"side\":\"long\",\"qty\":2,"
                 "\"entry_price\":100,\"last_price\":101,"
                 "\"last_update_ts\":\"2026-01-23T00:00:00Z\",\"entry_v2_score\":5,"
                 "\"entry_timestamp\":\"2026-01-22T15:00:00Z\"}}}");
    const char *const args[] = {"explain", "NVDA", "--root", tmpdir_path(&out, DAY), NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_explain, args, NULL);
    static const char *const told[] = {
        "v1 and v2\n",   "v2, on paper",  "long 2.000 at 100.00", "+1.00 % (+2.00 USD)",
        "score        ", "gate         ", "exit score",           "target       ",
        "stop         ", "volatility",
    };
    for (size_t i = 0; i < COUNT_OF(told); i++)
        run_expect(&r, 0, told[i], "");
    const char *const as_json[] = {"explain", "NVDA", "--root", tmpdir_path(&out, DAY),
                                   "--json",  NULL};
    CLEANUP(ran_free) struct ran j = run_command(cmd_explain, as_json, NULL);
    run_expect(&j, 0, "{", "");
    CLEANUP(json_freep) struct json *doc = run_json(&j.out);
    const struct json *v2 = json_get(doc, "v2"), *terms = json_get(v2, "v2_adjustments");
    double uw = json_f64(json_get(v2, "v2_uw_adjustments"), "total", 0);
    double sum = json_f64(v2, "base_score_v1", 0) + json_f64(terms, "total", 0) + uw;
    assert_true(fabs(json_f64(v2, "score", 0) - fmax(0, fmin(8, sum))) < 2e-3);
    assert_int_equal(json_len(json_get(v2, "exit_components")), 10);
    expect_near(json_f64(json_get(v2, "position"), "unrealized_pnl_usd", 0), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_command_shows_what_the_files_say),
        cmocka_unit_test(test_shadow_command_shows_one_symbol_and_why),
        cmocka_unit_test(test_shadow_command_survives_damaged_and_empty_roots),
        cmocka_unit_test(test_explain_puts_v1_and_v2_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

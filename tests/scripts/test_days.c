/* `stockbot replay --shadow-only --days`: what its table, its records and its digest promise. */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>

#include "scripts/command.h"

#define FOUR  "[\"AAPL\", \"NVDA\", \"QQQ\", \"SPY\"]"
#define MIXED "[\"SPY\", \"NVDA\", \"AAPL\", \"QQQ\"]"

static struct ran
run(const char *days, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"replay", "--shadow-only", "--days", days};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[4 + i] = extra[i];
    return run_command(cmd_replay, args, NULL);
}

static void
drawn(const struct tmpdir *dir, const char *name, const char *day, int seed, const char *symbols)
{
    char text[512];

    (void)snprintf(text, sizeof text, "{\"day\": \"%s\", \"seed\": %d, \"symbols\": %s}", day, seed,
                   symbols);
    tmpdir_write(dir, name, text);
}

static struct json *
table_of(const char *days, int status)
{
    CLEANUP(ran_free) struct ran r = run(days, (const char *const[]){"--json", NULL});

    run_expect(&r, status, "{", "");
    return run_json(&r.out);
}

static void
test_days_a_replayed_day_gives_the_same_records(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir both = tmpdir_new(), alone = tmpdir_new();
    const char *day = "2026-01-22";

    (void)state;
    drawn(&both, "2026-01-21.json", "2026-01-21", 3, FOUR);
    drawn(&both, "2026-01-22.json", day, 3, FOUR);
    drawn(&alone, "2026-01-22.json", day, 3, MIXED); /* the order of the symbols says nothing */
    CLEANUP(json_freep) struct json *first = table_of(both.path, 0);
    CLEANUP(json_freep) struct json *again = table_of(both.path, 0);
    CLEANUP(json_freep) struct json *one = table_of(alone.path, 0);
    assert_string_equal(json_str(first, "digest", ""), json_str(again, "digest", "-"));
    assert_string_equal(json_str(json_get(first, "day_digests"), day, ""),
                        json_str(json_get(one, "day_digests"), day, "-"));
    drawn(&alone, "2026-01-22.json", day, 4, MIXED);
    CLEANUP(json_freep) struct json *other = table_of(alone.path, 0);
    assert_string_not_equal(json_str(json_get(one, "day_digests"), day, ""),
                            json_str(json_get(other, "day_digests"), day, ""));
}

/* ---- table and records --------------------------------------------------------------------- */

/* The master log of a day: entries, exits and what the exits earned. */
struct counted {
    size_t entries, exits;
    double pnl_usd;
};

static void
count_log(const struct tmpdir *dir, const char *path, struct counted *c)
{
    CLEANUP(text_free) struct text log = tmpdir_read(dir, path);

    for (char *line = log.data; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        struct text one = {.data = line, .len = (size_t)(end - line)};
        *end = '\0';
        CLEANUP(json_freep) struct json *doc = run_json(&one);
        bool is_exit = json_has(doc, "exit_ts");
        c->entries += !is_exit;
        c->exits += is_exit;
        if (is_exit) c->pnl_usd += json_f64(doc, "realized_pnl_usd", 0);
        line = end + 1;
    }
}

static double
sum_over(const struct json *groups, const char *key)
{
    double sum = 0;

    for (const struct json *g = json_first(groups); g != NULL; g = json_next(g))
        sum += json_f64(json_get(g, "v2"), key, (double)NAN);
    return sum;
}

static void
test_days_table_agrees_with_the_records(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new(), out = tmpdir_new();
    CLEANUP(text_free) struct text list = {0};
    struct counted c = {0};

    (void)state;
    text_puts(&list, "[\"COIN\",\"TSLA\",\"PLTR\",\"XOM\",\"JPM\",\"PFE\",\"NVDA\",\"QQQ\"]");
    drawn(&days, "a.json", "2026-01-21", 11, text_str(&list));
    drawn(&days, "b.json", "2026-01-22", 12, text_str(&list));
    CLEANUP(ran_free)
    struct ran r = run(days.path, (const char *const[]){"--json", "--out", out.path, NULL});
    run_expect(&r, 0, "{", "");
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);
    CLEANUP(json_freep) struct json *without = table_of(days.path, 0);
    const struct json *v2 = json_get(json_get(doc, "all"), "v2");

    count_log(&out, "a/logs/master_trade_log.jsonl", &c);
    count_log(&out, "b/logs/master_trade_log.jsonl", &c);
    assert_int_equal(c.entries, json_i64(v2, "trades", -1));
    assert_int_equal(c.entries - c.exits, json_i64(v2, "open_at_close", -1));
    assert_true(c.entries > 4);
    /* Every trade is of one regime and of one sector. */
    static const char *const sums[] = {"trades", "open_at_close", "wins", "losses", "pnl_usd"};
    for (size_t i = 0; i < COUNT_OF(sums); i++) {
        double all = json_f64(v2, sums[i], (double)NAN);
        assert_true(fabs(sum_over(json_get(doc, "by_regime"), sums[i]) - all) < 1e-6);
        assert_true(fabs(sum_over(json_get(doc, "by_sector"), sums[i]) - all) < 1e-6);
    }
    /* Whether decisions are kept changes nothing. */
    assert_string_equal(json_str(doc, "digest", ""), json_str(without, "digest", "-"));
}

static void
test_days_csv_has_a_row_for_each_path_of_each_group(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new();
    size_t lines = 0;

    (void)state;
    drawn(&days, "a.json", "2026-01-21", 1, FOUR);
    CLEANUP(ran_free) struct ran r = run(days.path, (const char *const[]){"--csv", NULL});
    run_expect(&r, 0, "group,key,path,trades,", "");
    run_expect(&r, 0, "\nall,,v1,", "");
    run_expect(&r, 0, "\nall,,v2,", "");
    for (const char *at = text_str(&r.out); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines % 2, 1);
}

/* ---- what cannot be read ------------------------------------------------------------------- */

/* A flat day of bars, one minute after the other. */
static void
write_bars(const struct tmpdir *dir, const char *name, const char *day, const char *last_row)
{
    CLEANUP(text_free) struct text csv = {0};

    text_puts(&csv, "timestamp,open,high,low,close,volume\n");
    for (int i = 0; i < 390; i++) {
        int minute = 14 * 60 + 30 + i;
        double price = 100 + 0.01 * (i % 50);
        text_printf(&csv, "%sT%02d:%02d:00Z,%.2f,%.2f,%.2f,%.2f,1000\n", day, minute / 60,
                    minute % 60, price, price + 0.05, price - 0.05, price + 0.01);
    }
    text_puts(&csv, last_row);
    tmpdir_write(dir, name, text_str(&csv));
}

static void
make_folder(const struct tmpdir *dir, const char *name)
{
    assert_int_equal(mkdir(tmpdir_path(dir, name), 0700), 0);
}

static void
test_days_broken_days_are_named_and_left_out(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new();

    (void)state;
    make_folder(&days, "2026-01-20");
    make_folder(&days, "2026-01-21");
    make_folder(&days, "2026-01-22");
    make_folder(&days, "empty");
    write_bars(&days, "2026-01-20/AAPL.csv", "2026-01-20", "");
    write_bars(&days, "2026-01-20/SPY.csv", "2026-01-20", "");
    write_bars(&days, "2026-01-21/AAPL.csv", "2026-01-21", "this is no bar\n");
    write_bars(&days, "2026-01-22/AAPL.csv", "2026-01-23", ""); /* another day's */
    drawn(&days, "weekend.json", "2026-01-24", 1, FOUR);
    drawn(&days, "names.json", "2026-01-23", 1, "[\"AAPL\", \"no symbol\"]");
    tmpdir_write(&days, "half.json", "{\"day\": \"2026-01-2");

    CLEANUP(json_freep) struct json *doc = table_of(days.path, 1);
    assert_int_equal(json_i64(doc, "days", -1), 1);
    assert_int_equal(json_i64(doc, "symbol_days", -1), 2);
    assert_int_equal(json_len(json_get(doc, "left_out")), 6);
    CLEANUP(ran_free) struct ran r = run(days.path, NULL);
    static const char *const named[] = {
        "2026-01-21: AAPL line 392: not a bar",
        "2026-01-22: no bars of 2026-01-22",
        "empty: no files of bars",
        "weekend: 2026-01-24 is no trading day",
        "names.json: symbols: no symbol",
        "half.json: line 1",
    };
    for (size_t i = 0; i < COUNT_OF(named); i++)
        run_expect(&r, 1, "Shadow alone: 1 day", named[i]);
}

static void
test_days_of_one_folder_of_bars_go_on_without_a_broken_file(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new();

    (void)state;
    write_bars(&days, "AAPL.csv", "2026-01-20", "");
    write_bars(&days, "SPY.csv", "2026-01-20", "");
    tmpdir_write(&days, "NVDA.csv", "timestamp,open\nnothing\n");
    tmpdir_write(&days, "README.txt", "no day");
    CLEANUP(ran_free) struct ran r = run(days.path, NULL);
    run_expect(&r, 1, "1 day, 2 symbol-days", "left out: NVDA.csv: NVDA line 2: not a bar");
}

static void
test_days_recorded_intel_counts_and_damaged_intel_breaks_the_day(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir days = tmpdir_new(), out = tmpdir_new();

    (void)state;
    make_folder(&days, "2026-01-20");
    make_folder(&days, "2026-01-20/state");
    write_bars(&days, "2026-01-20/AAPL.csv", "2026-01-20", "");
    tmpdir_write(&days, "2026-01-20/state/regime_state.json",
                 "{\"_meta\":{\"version\":\"x\"},\"regime_label\":\"BEAR\"}");
    CLEANUP(ran_free) struct ran r = run(days.path, (const char *const[]){"--out", out.path, NULL});
    run_expect(&r, 0, "1 day, 1 symbol-days", "");
    CLEANUP(text_free) struct text log = tmpdir_read(&out, "2026-01-20/logs/shadow_trades.jsonl");
    assert_non_null(strstr(text_str(&log), "\"regime_label\":\"BEAR\""));
    tmpdir_write(&days, "2026-01-20/state/regime_state.json", "{\"regime_label\":");
    CLEANUP(ran_free) struct ran broken = run(days.path, NULL);
    run_expect(&broken, 1, "0 days", "regime_state.json: line 1");
}

static void
test_days_wrong_usage_says_what_is_missing(void **state)
{
    static const struct {
        const char *args[6];
        const char *words;
    } cases[] = {
        {{"replay", "--shadow-only"},                                "--shadow-only needs --days"},
        {{"replay", "--days", "."},                                  "need --shadow-only"        },
        {{"replay", "--csv"},                                        "need --shadow-only"        },
        {{"replay", "--shadow-only", "--days", ".", "--root=x"},     "do not go with"            },
        {{"replay", "--shadow-only", "--days=.", "--json", "--csv"}, "not both"                  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *args[RUN_ARGS_MAX] = {NULL};
        for (size_t k = 0; k < COUNT_OF(cases[i].args); k++)
            args[k] = cases[i].args[k];
        CLEANUP(ran_free) struct ran r = run_command(cmd_replay, args, NULL);
        run_expect(&r, EXIT_USAGE, "", cases[i].words);
    }
    CLEANUP(tmpdir_done) struct tmpdir empty = tmpdir_new();
    CLEANUP(ran_free) struct ran none = run(empty.path, NULL);
    run_expect(&none, 1, "", "no day in it");
    CLEANUP(ran_free) struct ran missing = run(tmpdir_path(&empty, "x"), NULL);
    run_expect(&missing, 1, "", "no such folder");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_a_replayed_day_gives_the_same_records),
        cmocka_unit_test(test_days_table_agrees_with_the_records),
        cmocka_unit_test(test_days_csv_has_a_row_for_each_path_of_each_group),
        cmocka_unit_test(test_days_broken_days_are_named_and_left_out),
        cmocka_unit_test(test_days_of_one_folder_of_bars_go_on_without_a_broken_file),
        cmocka_unit_test(test_days_recorded_intel_counts_and_damaged_intel_breaks_the_day),
        cmocka_unit_test(test_days_wrong_usage_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

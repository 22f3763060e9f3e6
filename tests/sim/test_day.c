/*
 * Promises of the day: the same seed gives the same market, bars and trades are one tape, the
 * statistics are those that were measured, recorded bars come through unchanged.
 */
#include "tests/sim/market.h"

#include <math.h>

#include "io/gz.h"

static const char *const SYMBOLS[] = {"AAPL", "AMD",  "COIN", "GS",  "LCID",
                                      "META", "NVDA", "QQQ",  "SPY", "XLF"};

static void
test_day_is_the_same_for_the_same_seed(void **state)
{
    struct zone *ny = market_zone();
    static const char *const REVERSED[] = {"XLF",  "SPY", "QQQ",  "NVDA", "META",
                                           "LCID", "GS",  "COIN", "AMD",  "AAPL"};
    struct sim_day a = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 3);
    struct sim_day b = market_day(ny, REVERSED, COUNT_OF(REVERSED), 3);
    struct sim_day c = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 4);

    (void)state;
    assert_int_equal(a.len, b.len);
    for (size_t i = 0; i < a.len; i++) {
        assert_memory_equal(&a.symbol[i].minute, &b.symbol[i].minute, sizeof(a.symbol[i].minute));
        assert_memory_equal(&a.symbol[i].daily, &b.symbol[i].daily, sizeof(a.symbol[i].daily));
        assert_memory_not_equal(&a.symbol[i].minute, &c.symbol[i].minute,
                                sizeof(a.symbol[i].minute));
        for (int64_t at = a.session.open_ns; at < a.session.close_ns; at += 977 * NS_PER_MS * 60) {
            struct sim_quote x = day_quote(&a, &a.symbol[i], at),
                             y = day_quote(&b, &b.symbol[i], at);

            assert_int_equal(x.nbbo.bid.e4, y.nbbo.bid.e4);
            assert_int_equal(x.ask_qty, y.ask_qty);
        }
    }
    day_done(&a);
    day_done(&b);
    day_done(&c);
    zone_free(ny);
}

/* A symbol's day does not depend on which other symbols there are. */
static void
test_day_of_a_symbol_stands_alone(void **state)
{
    struct zone *ny = market_zone();
    struct sim_day all = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 3);
    struct sim_day one = market_day(ny, (const char *const[]){"COIN"}, 1, 3);

    (void)state;
    assert_int_equal(one.len, 2); /* and SPY */
    assert_memory_equal(&day_find(&all, "COIN")->minute, &day_find(&one, "COIN")->minute,
                        sizeof(one.symbol->minute));
    assert_null(day_find(&one, "NVDA"));
    day_done(&all);
    day_done(&one);
    zone_free(ny);
}

static void
test_day_bars_trades_and_quotes_are_one_tape(void **state)
{
    struct zone *ny = market_zone();
    struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 11);

    (void)state;
    for (size_t i = 0; i < day.len; i++) {
        const struct day_symbol *s = &day.symbol[i];

        for (int m = 0; m < day.minutes; m++) {
            const struct bar *b = &s->minute[m];

            assert_true(b->low.e4 > 0 && b->low.e4 <= b->open.e4 && b->low.e4 <= b->close.e4);
            assert_true(b->high.e4 >= b->open.e4 && b->high.e4 >= b->close.e4);
            assert_true(b->open.e4 % 100 == 0 && b->close.e4 % 100 == 0 && b->volume > 0);
            assert_int_equal(b->start_ns, day.session.open_ns + m * NS_PER_MIN);
            if (m > 0) assert_int_equal(b->open.e4, s->minute[m - 1].close.e4);
        }
        for (int64_t at = day.session.open_ns; at < day.session.close_ns; at += 7 * NS_PER_S) {
            const struct bar *b = &s->minute[day_minute(&day, at)];
            struct sim_quote q = day_quote(&day, s, at);
            struct last_trade t = day_trade(&day, s, at);
            usd mid = day_mid(&day, s, at);

            assert_true(mid.e4 >= b->low.e4 && mid.e4 <= b->high.e4);
            assert_true(q.nbbo.bid.e4 > 0 && q.nbbo.bid.e4 < q.nbbo.ask.e4 && q.nbbo.at_ns <= at);
            assert_true(q.bid_qty >= 100 && q.ask_qty >= 100);
            assert_true(t.at_ns <= at && at - t.at_ns < 4 * NS_PER_S);
        }
    }
    day_done(&day);
    zone_free(ny);
}

static void
test_day_shows_nothing_of_the_future(void **state)
{
    struct zone *ny = market_zone();
    struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 11);
    const struct day_symbol *s = day_find(&day, "NVDA");
    int64_t open = day.session.open_ns;
    struct bar b;

    (void)state;
    assert_int_equal(day_bars(&day, s, BAR_1MIN, open + NS_PER_MIN - 1), 0);
    assert_int_equal(day_bars(&day, s, BAR_1MIN, open + NS_PER_MIN), 1);
    assert_int_equal(day_bars(&day, s, BAR_1DAY, open), DAY_HISTORY);
    assert_int_equal(day_bars(&day, s, BAR_1DAY, open + 5 * NS_PER_MIN), DAY_HISTORY + 1);
    assert_false(day_bar(&day, s, BAR_1MIN, 1, open + NS_PER_MIN, &b));
    assert_true(day_bar(&day, s, BAR_1DAY, DAY_HISTORY, open + 5 * NS_PER_MIN, &b));
    assert_int_equal(b.close.e4, s->minute[4].close.e4);
    assert_int_equal(day_trade(&day, s, open - 1).price.e4, day_prev_close(s).e4);
    assert_int_equal(day_trade(&day, s, day.session.close_ns).price.e4, s->minute[389].close.e4);
    day_done(&day);
    zone_free(ny);
}

/* ---- statistics ----------------------------------------------------------------------------- */

struct stats {
    double vol_pct, kurtosis, range_over_body, open_over_noon, volume_open_over_noon, close_volume;
};

static void
add_stats(const struct day_symbol *s, struct stats *to)
{
    double squares = 0, fourth = 0, range = 0, body = 0, open = 0, noon = 0, v_open = 0, v_noon = 0;

    for (int i = 1; i < DAY_MINUTES_MAX; i++) {
        const struct bar *b = &s->minute[i];
        double r = log((double)b->close.e4 / (double)b->open.e4);

        squares += r * r;
        fourth += r * r * r * r;
        range += log((double)b->high.e4 / (double)b->low.e4);
        body += fabs(r);
        if (i < 30) open += fabs(r) / 29;
        if (i >= 180 && i < 300) noon += fabs(r) / 120;
        if (i < 30) v_open += (double)b->volume / 29;
        if (i >= 180 && i < 300) v_noon += (double)b->volume / 120;
    }
    to->vol_pct += 100 * sqrt(squares);
    to->kurtosis += fourth / 389 / (squares / 389 * squares / 389);
    to->range_over_body += range / body;
    to->open_over_noon += open / noon;
    to->volume_open_over_noon += v_open / v_noon;
    to->close_volume += (double)s->minute[389].volume / v_noon;
}

/* Averages over forty days: what was measured over fourteen recorded ones, with room for their
 * spread. */
static void
test_day_has_the_measured_statistics(void **state)
{
    enum { DAYS = 40 };
    static const char *const LIQUID[] = {"AAPL", "AVGO", "COIN", "GS",
                                         "META", "NFLX", "NVDA", "ORCL"};
    struct zone *ny = market_zone();
    struct stats sum = {0};
    double profile = 0, n = 0;

    (void)state;
    for (uint64_t seed = 0; seed < DAYS; seed++) {
        struct sim_day day = market_day(ny, LIQUID, COUNT_OF(LIQUID), seed);

        for (size_t i = 0; i < day.len; i++) {
            if (str_eq(day.symbol[i].symbol, "SPY")) continue;
            add_stats(&day.symbol[i], &sum);
            profile += day.symbol[i].profile.day_vol_pct;
            n++;
        }
        day_done(&day);
    }
    printf("volatility %.2f of %.2f, kurtosis %.1f, range/body %.2f, open/noon %.2f, volume %.2f, "
           "last %.1f\n",
           sum.vol_pct / n, profile / n, sum.kurtosis / n, sum.range_over_body / n,
           sum.open_over_noon / n, sum.volume_open_over_noon / n, sum.close_volume / n);
    assert_true(fabs(sum.vol_pct / profile - 1) < 0.2);
    assert_true(sum.kurtosis / n > 5 && sum.kurtosis / n < 25);          /* recorded 8 .. 43     */
    assert_true(fabs(sum.range_over_body / n - 1.9) < 0.25);             /* recorded 1.7 .. 2.0  */
    assert_true(fabs(sum.open_over_noon / n - 2.6) < 0.8);               /* recorded 2.0 / 0.76  */
    assert_true(fabs(sum.volume_open_over_noon / n - 2.8) < 0.8);        /* recorded 1.85 / 0.66 */
    assert_true(sum.close_volume / n > 10 && sum.close_volume / n < 25); /* recorded 10.1 / 0.66 */
    zone_free(ny);
}

static void
test_day_moves_with_spy_as_beta_says(void **state)
{
    struct zone *ny = market_zone();
    double up = 0, down = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct sim_day day = market_day(ny, (const char *const[]){"NVDA"}, 1, seed);
        const struct day_symbol *s = day_find(&day, "NVDA"), *spy = day_find(&day, "SPY");

        for (int i = 0; i < day.minutes; i++) {
            double x = log((double)spy->minute[i].close.e4 / (double)spy->minute[i].open.e4);

            up += x * log((double)s->minute[i].close.e4 / (double)s->minute[i].open.e4);
            down += x * x;
        }
        day_done(&day);
    }
    assert_true(fabs(up / down - 1.82) < 0.4); /* recorded 1.72 to 1.89 */
    zone_free(ny);
}

/* ---- recorded bars -------------------------------------------------------------------------- */

static void
test_day_refuses_files_that_are_no_bars(void **state)
{
    static const struct {
        const char *csv, *why;
    } CASES[] = {
        {"timestamp,open,high,low,close,volume\n",                                   "no bars"},
        {"timestamp,open,high,low,close,volume\nyesterday,1,1,1,1,1\n",              "line 2" },
        {"timestamp,open,high,low,close,volume\n2026-02-10T15:00:00Z,1,0.5,1,1,1\n", "line 2" },
        {"timestamp,open,high,low,close,volume\n2026-02-10T15:00:00Z,1,1,1\n",       "line 2" },
        {"timestamp,open,high,low,close,volume\n2026-02-10T15:00:00Z,0,0,0,0,1\n",   "line 2" },
        {"timestamp,open,high,low,close,volume\n2026-02-09T15:00:00Z,1,1,1,1,1\n",
         "no bars of 2026-02-10"                                                              },
    };
    struct zone *ny = market_zone();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct day_file file = {.symbol = "ACME"};
        struct day_spec spec = {.ny = ny, .date = MARKET_DATE};
        struct sim_day day = {0};
        struct err err = {0};

        text_puts(&file.csv, CASES[i].csv);
        assert_int_not_equal(day_load(&spec, &file, 1, &day, &err), RC_OK);
        if (strstr(err.text, CASES[i].why) == NULL)
            fail_msg("%s instead of %s", err.text, CASES[i].why);
        text_free(&file.csv);
    }
    zone_free(ny);
}

static void
test_day_cuts_five_minutes_into_five(void **state)
{
    struct zone *ny = market_zone();
    struct day_file file = {.symbol = "ACME"};
    struct day_spec spec = {.ny = ny, .seed = 9};
    struct sim_day day = {0};
    struct err err = {0};

    (void)state;
    text_puts(&file.csv, "timestamp,open,high,low,close,volume\n"
                         "2026-02-10T14:30:00Z,100,103,99,101,1003\n"
                         "2026-02-10T14:35:00Z,101,104,100.5,102,500\n"
                         "2026-02-10T14:50:00Z,102,102,102,102,10\n");
    assert_int_equal(day_load(&spec, &file, 1, &day, &err), RC_OK);

    const struct day_symbol *s = day_find(&day, "ACME");
    int64_t volume = 0, high = 0, low = INT64_MAX;

    assert_int_equal(day.len, 1); /* without SPY, which was not recorded */
    for (int i = 0; i < 5; i++) {
        volume += s->minute[i].volume;
        high = MAX(high, s->minute[i].high.e4);
        low = MIN(low, s->minute[i].low.e4);
    }
    assert_int_equal(volume, 1003);
    assert_int_equal(high, 1030000);
    assert_int_equal(low, 990000);
    assert_int_equal(s->minute[0].open.e4, 1000000);
    assert_int_equal(s->minute[4].close.e4, 1010000);
    assert_int_equal(s->minute[12].volume, 0); /* 14:40 to 14:50 is missing: the close stands */
    assert_int_equal(s->minute[12].close.e4, 1020000);
    assert_int_equal(s->minute[389].close.e4, 1020000);
    text_free(&file.csv);
    day_done(&day);
    zone_free(ny);
}

static bool
unpacked(const char *symbol, struct text *ret_csv)
{
    const char *root = getenv("STOCKBOT_SHARED");
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/data/bars_1m/%s.csv.gz",
                   root != NULL ? root : "../shared", symbol);
    if (gz_read_all(path, (size_t)64 << 20, ret_csv, NULL) == RC_OK) return true;
    printf("skipped: no recording %s\n", path);
    return false;
}

static void
test_day_gives_recorded_minutes_unchanged(void **state)
{
    struct zone *ny = market_zone();
    struct day_file file = {.symbol = "NVDA"};
    struct day_spec spec = {.ny = ny, .seed = 1};
    struct sim_day day = {0};
    struct err err = {0};

    (void)state;
    if (!unpacked("NVDA", &file.csv)) {
        zone_free(ny);
        skip();
    }
    if (day_load(&spec, &file, 1, &day, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(date_cmp(day.session.date, MARKET_DATE), 0); /* the last one recorded */

    const struct day_symbol *s = day_find(&day, "NVDA");
    const char *row =
        strstr(text_str(&file.csv), "2026-02-10T17:58:00Z,190.07,190.23,190.06,190.21,124891");

    assert_non_null(row);
    assert_int_equal(s->minute[208].open.e4, 1900700);
    assert_int_equal(s->minute[208].high.e4, 1902300);
    assert_int_equal(s->minute[208].low.e4, 1900600);
    assert_int_equal(s->minute[208].close.e4, 1902100);
    assert_int_equal(s->minute[208].volume, 124891);
    /* Thirteen recorded days before it, and drawn ones before those, in one piece. */
    for (int i = 1; i < DAY_HISTORY; i++) {
        double jump = log((double)s->daily[i].open.e4 / (double)s->daily[i - 1].close.e4);

        assert_true(s->daily[i].start_ns > s->daily[i - 1].start_ns);
        assert_true(fabs(jump) < 0.2);
    }
    text_free(&file.csv);
    day_done(&day);
    zone_free(ny);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_is_the_same_for_the_same_seed),
        cmocka_unit_test(test_day_of_a_symbol_stands_alone),
        cmocka_unit_test(test_day_bars_trades_and_quotes_are_one_tape),
        cmocka_unit_test(test_day_shows_nothing_of_the_future),
        cmocka_unit_test(test_day_has_the_measured_statistics),
        cmocka_unit_test(test_day_moves_with_spy_as_beta_says),
        cmocka_unit_test(test_day_refuses_files_that_are_no_bars),
        cmocka_unit_test(test_day_cuts_five_minutes_into_five),
        cmocka_unit_test(test_day_gives_recorded_minutes_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * build_symbol_risk_features: recorded daily bars against an independent, slower way, the broker's
 * bars over loopback, the six-hour rule, and bars that are damaged or missing.
 */
#include "tests/scripts/intel_bed.h"

#include <math.h>

#include <zlib.h>

#include "tests/lib/http_server.h"

#define RISK "state/symbol_risk_features.json"

static void
expect_rounded(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 6e-7)) fail_msg("%s: got %.9g, want %.9g", what, got, want);
}

/* ---- an independent, slower way ------------------------------------------------------------ */

enum { TAPE_MAX = 800 };

struct tape {
    double close[TAPE_MAX];
    char date[TAPE_MAX][11];
    size_t len;
};

/* The bars of the file up to a date. */
static bool
read_tape(const char *folder, const char *symbol, const char *last_date, struct tape *t)
{
    char path[500], line[256];

    t->len = 0;
    (void)snprintf(path, sizeof path, "%s/%s.csv.gz", folder, symbol);
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    while (gzgets(f, line, sizeof line) != NULL && t->len < TAPE_MAX) {
        char *save = NULL, *field = strtok_r(line, ",", &save);

        if (!str_copy(t->date[t->len], sizeof t->date[0], field) ||
            !(*field >= '1' && *field <= '9') || strcmp(field, last_date) > 0)
            continue;
        for (int column = 0; column < 4; column++)
            field = strtok_r(NULL, ",", &save);
        assert_true(str_to_f64(field, &t->close[t->len++]));
    }
    (void)gzclose(f);
    return t->len > 0;
}

/* The return of a day, NAN where there is none: looked up by its date every time. */
static long double
return_on(const struct tape *t, const char *date)
{
    for (size_t i = t->len > 45 ? t->len - 44 : 1; i < t->len; i++)
        if (str_eq(t->date[i], date))
            return (long double)t->close[i] / (long double)t->close[i - 1] - 1;
    return (long double)NAN;
}

/* sum over i < j of (x_i - x_j)(y_i - y_j) / n is the sum of products about the means. */
static long double
products(const long double *x, const long double *y, size_t n)
{
    long double sum = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            sum += (x[i] - x[j]) * (y[i] - y[j]);
    return sum / (long double)n;
}

static double
slow_vol(const struct tape *t, size_t window)
{
    long double x[20];

    for (size_t i = 0; i < window; i++)
        x[i] = return_on(t, t->date[t->len - 1 - i]);
    return (double)sqrtl(252 * products(x, x, window) / (long double)(window - 1));
}

static double
slow_beta(const struct tape *own, const struct tape *market)
{
    long double x[20], y[20];

    for (size_t i = 0; i < 20; i++) {
        const char *date = own->date[own->len - 1 - i];

        y[i] = return_on(own, date);
        x[i] = return_on(market, date);
    }
    return (double)(products(x, y, 20) / products(x, x, 20));
}

/* ---- recorded bars ------------------------------------------------------------------------- */

static const char *
recorded_folder(char buf[400])
{
    const char *shared = getenv("STOCKBOT_SHARED");

    (void)snprintf(buf, 400, "%s/data/daily", shared != NULL ? shared : "../shared");
    if (access(buf, R_OK) != 0) {
        print_message("skipped: no recorded daily bars in %s\n", buf);
        skip();
    }
    return buf;
}

static struct ran
run_at(const struct bed *b, const char *as_of, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"runner", "--root", b->dir.path, "--as-of", as_of};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[5 + i] = extra[i];
    return run_command(cmd_build_symbol_risk_features, args, b->env);
}

#define RUN_AT(b, as_of, ...) run_at((b), (as_of), (const char *const[]){__VA_ARGS__, NULL})

static void
test_risk_features_of_recorded_bars_agree_with_a_slow_method(void **state)
{
    /* 08:00 New York: the bar of the day itself would be a look ahead. */
    static const struct {
        const char *as_of, *last_date;
    } days[] = {
        {"2020-12-31T13:00:00Z", "2020-12-30"},
        {"2020-03-16T12:00:00Z", "2020-03-13"},
        {"2019-07-05T23:00:00Z", "2019-07-05"}, /* after the close */
        {"2018-06-18T13:00:00Z", "2018-06-15"},
    };
    static const char *const symbols[] = {"AAPL", "AMZN", "JPM", "MSFT", "NVDA", "QQQ", "XOM"};
    static struct tape own, market;
    char folder[400];

    (void)state;
    (void)recorded_folder(folder);
    for (size_t d = 0; d < COUNT_OF(days); d++) {
        struct bed b = bed_open();

        bed_point(&b, http_closed_port(), "TICKERS=AAPL,AMZN,JPM,MSFT,NVDA,QQQ,XOM");
        CLEANUP(ran_free) struct ran r = RUN_AT(&b, days[d].as_of, "--bars", folder);
        run_expect(&r, 0, RISK "\n", "");
        CLEANUP(json_freep) struct json *doc = bed_doc(&b, RISK);
        assert_int_equal(json_i64(json_get(doc, "_meta"), "count", 0), 8); /* and SPY */
        assert_int_equal(json_i64(json_get(doc, "_meta"), "failed_count", -1), 0);
        assert_true(read_tape(folder, "SPY", days[d].last_date, &market));
        for (size_t i = 0; i < COUNT_OF(symbols); i++) {
            const struct json *got = json_get(json_get(doc, "symbols"), symbols[i]);

            assert_true(read_tape(folder, symbols[i], days[d].last_date, &own));
            expect_rounded(symbols[i], json_f64(got, "realized_vol_5d", -1), slow_vol(&own, 5));
            expect_rounded(symbols[i], json_f64(got, "realized_vol_20d", -1), slow_vol(&own, 20));
            expect_rounded(symbols[i], json_f64(got, "beta_vs_spy", -9), slow_beta(&own, &market));
            assert_true(str_starts(json_str(got, "last_bar_ts", ""), days[d].last_date));
        }
        bed_close(&b);
    }
}

/* ---- bars of the broker -------------------------------------------------------------------- */

static void
test_risk_features_of_the_brokers_bars(void **state)
{
    static const char *const symbols[] = {"NVDA", "AAPL"};
    struct bed b = bed_open();
    struct served v = served_open(&(struct serve){
        .at_ns = market_at(13, 0), .symbols = symbols, .symbols_len = COUNT_OF(symbols)});

    (void)state;
    bed_point(&b, v.port, "TICKERS=NVDA,AAPL,GONE");
    CLEANUP(ran_free) struct ran r = RUN_AT(&b, BED_AS_OF, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    assert_int_equal(json_i64(line, "symbols", 0), 4);
    assert_int_equal(json_i64(line, "with_bars", 0), 3);
    CLEANUP(json_freep) struct json *doc = bed_doc(&b, RISK);
    const struct json *rows = json_get(doc, "symbols");
    assert_true(json_f64(json_get(rows, "NVDA"), "realized_vol_20d", 0) > 0.05);
    expect_rounded("SPY", json_f64(json_get(rows, "SPY"), "beta_vs_spy", 0), 1);
    /* Not known is said: zeros without a date of a bar. */
    expect_rounded("GONE", json_f64(json_get(rows, "GONE"), "realized_vol_20d", -1), 0);
    assert_non_null(json_member(json_get(rows, "GONE"), "last_bar_ts"));
    assert_false(json_has(json_get(rows, "GONE"), "last_bar_ts"));
    CLEANUP(text_free) struct text log = tmpdir_read(&b.dir, "logs/system_events.jsonl");
    assert_non_null(strstr(text_str(&log), "symbol_risk_features_updated"));
    assert_null(strstr(text_str(&log), "secret"));
    served_close(&v);
    bed_close(&b);
}

/* ---- when it is computed ------------------------------------------------------------------- */

/* Sixty sessions from 2026-01-02 on; the closes alternate, by more for a larger swing. */
static void
write_bars(const struct bed *b, const char *symbol, double swing)
{
    CLEANUP(text_free) struct text csv = {0};
    char name[64];
    int64_t day = date_to_days((struct date){2025, 11, 3});

    text_puts(&csv, "date,open,high,low,close,volume\n");
    for (int i = 0; i < 60; day++) {
        char iso[ISO_TEXT_MAX];
        int weekday = date_weekday(date_from_days(day));

        if (weekday == 0 || weekday == 6) continue;
        double close = 100 + (i % 2 == 0 ? swing : -swing) + i % 3;
        text_printf(&csv, "%s,1,1,1,%.4f,5\n", date_text(date_from_days(day), iso), close);
        i++;
    }
    (void)snprintf(name, sizeof name, "bars/%s.csv", symbol);
    tmpdir_write(&b->dir, name, text_str(&csv));
}

/* Bars of AAA, BBB and SPY; gives their folder. */
static const char *
bed_bars(struct bed *b)
{
    static char folder[512];

    bed_mkdir(b, "bars");
    bed_point(b, http_closed_port(), "TICKERS=AAA,BBB");
    write_bars(b, "AAA", 2);
    write_bars(b, "BBB", 1);
    write_bars(b, "SPY", 0.5);
    (void)str_copy(folder, sizeof folder, tmpdir_path(&b->dir, "bars"));
    return folder;
}

static void
test_risk_features_stand_for_six_hours(void **state)
{
    static const struct {
        const char *as_of;
        bool is_fresh;
    } times[] = {
        {"2026-01-27T13:00:00Z", false},
        {"2026-01-27T13:00:00Z", true },
        {"2026-01-27T19:00:00Z", true },
        {"2026-01-27T19:00:01Z", false},
    };
    struct bed b = bed_open();
    const char *folder = bed_bars(&b);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        CLEANUP(ran_free) struct ran r = RUN_AT(&b, times[i].as_of, "--json", "--bars", folder);
        CLEANUP(json_freep) struct json *line = bed_summary(&r);

        if (json_bool(line, "is_fresh", false) != times[i].is_fresh) fail_msg("run %zu", i);
        assert_string_equal(json_str(line, "path", ""), RISK);
    }
    bed_close(&b);
}

static void
test_risk_features_refresh_takes_the_symbols_of_the_logs(void **state)
{
    struct bed b = bed_open();
    const char *folder = bed_bars(&b);

    (void)state;
    CLEANUP(ran_free) struct ran first = RUN_AT(&b, BED_AS_OF, "--bars", folder);
    run_expect(&first, 0, RISK, "");
    tmpdir_write(&b.dir, "logs/attribution.jsonl",
                 "{\"symbol\":\" bbb \"}\nnot json\n{\"symbol\":7}\n{\"symbol\":\"BBB\"}\n");
    tmpdir_write(&b.dir, "logs/shadow.jsonl", "{\"symbol\":\"CCC\"}\n{\"symbol\":\"no symbol\"}\n");
    CLEANUP(ran_free) struct ran r = RUN_AT(&b, BED_AS_OF, "--refresh", "--bars", folder);
    run_expect(&r, 0, RISK, "1 of 3 symbols have no bars");
    run_expect(&r, 0, "", "no file of CCC");
    CLEANUP(json_freep) struct json *doc = bed_doc(&b, RISK);
    assert_int_equal(json_len(json_get(doc, "symbols")), 3);
    assert_true(json_f64(json_get(json_get(doc, "symbols"), "BBB"), "realized_vol_20d", 0) > 0);
    assert_int_equal(json_len(json_get(json_get(doc, "_meta"), "failed_symbols")), 1);
    bed_close(&b);
}

/* ---- bars that are damaged ----------------------------------------------------------------- */

static void
test_risk_features_name_file_and_line_of_damaged_bars(void **state)
{
    static const struct {
        const char *csv, *words;
    } cases[] = {
        {"date,open,high,low,close,volume\n2026-01-02,1,1,1,x,5\n", "AAA.csv: line 2: not a daily"},
        {"h\n2026-01-02,1,1,1,1,5\n2026-02-30,1,1,1,1,5\n",         "AAA.csv: line 3: not a daily"},
        {"h\n2026-01-05,1,1,1,1,5\n2026-01-05,1,1,1,1,5\n",         "line 3: the dates do not"    },
        {"h\n2026-01-05,1,1,1,0,5\n",                               "line 2: not a daily bar"     },
        {"h\n2026-01-05\n",                                         "line 2: not a daily bar"     },
        {"\x1f\x8b\x08 cut off",                                    "AAA.csv"                     },
    };
    struct bed b = bed_open();
    const char *folder = bed_bars(&b);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tmpdir_write(&b.dir, "bars/AAA.csv", cases[i].csv);
        (void)unlink(tmpdir_path(&b.dir, RISK));
        CLEANUP(ran_free) struct ran r = RUN_AT(&b, BED_AS_OF, "--bars", folder);
        run_expect(&r, 0, RISK, cases[i].words);
        CLEANUP(json_freep) struct json *doc = bed_doc(&b, RISK);
        assert_true(json_f64(json_get(json_get(doc, "symbols"), "BBB"), "beta_vs_spy", 0) > 0);
    }
    bed_close(&b);
}

static void
test_risk_features_without_any_bar_keep_the_old_file(void **state)
{
    struct bed b = bed_open();
    const char *folder = bed_bars(&b);
    struct served v = served_open(&(struct serve){.faults = "503:/v2/stocks"});

    (void)state;
    CLEANUP(ran_free) struct ran first = RUN_AT(&b, "2026-01-27T13:00:00Z", "--bars", folder);
    run_expect(&first, 0, RISK, "");
    CLEANUP(text_free) struct text old = tmpdir_read(&b.dir, RISK);
    /* Nothing of the last 120 days; a broker that answers nobody. */
    CLEANUP(ran_free) struct ran late = RUN_AT(&b, "2027-01-27T13:00:00Z", "--bars", folder);
    run_expect(&late, 1, "", "no bars of any symbol in the last 120 days; " RISK " is left");
    bed_point(&b, v.port, "TICKERS=AAA,BBB");
    CLEANUP(ran_free) struct ran dead = RUN_AT(&b, "2026-01-28T13:00:00Z", "--json");
    run_expect(&dead, 1, "\"with_bars\":0", "no bars of any symbol");
    CLEANUP(text_free) struct text now = tmpdir_read(&b.dir, RISK);
    assert_string_equal(text_str(&now), text_str(&old));
    CLEANUP(ran_free) struct ran nowhere = RUN_AT(&b, "2026-01-28T13:00:00Z", "--bars", "/no/such");
    run_expect(&nowhere, 1, "", "--bars: there is no folder /no/such");
    bed_set(&b, "ALPACA_KEY=");
    CLEANUP(ran_free) struct ran keyless = run_at(&b, "2026-01-28T13:00:00Z", NULL);
    run_expect(&keyless, 78, "", "no broker keys");
    served_close(&v);
    bed_close(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_risk_features_of_recorded_bars_agree_with_a_slow_method),
        cmocka_unit_test(test_risk_features_of_the_brokers_bars),
        cmocka_unit_test(test_risk_features_stand_for_six_hours),
        cmocka_unit_test(test_risk_features_refresh_takes_the_symbols_of_the_logs),
        cmocka_unit_test(test_risk_features_name_file_and_line_of_damaged_bars),
        cmocka_unit_test(test_risk_features_without_any_bar_keep_the_old_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Volatility and beta, against the textbook and on recorded bars. */
#include <math.h>

#include <zlib.h>

#include "intel/symbol_risk.h"
#include "tests/lib/check.h"

enum { BARS_MAX = 800 };

struct tape {
    double close[BARS_MAX];
    int64_t day[BARS_MAX];
    size_t len;
};

static struct closes
newest(const struct tape *b, size_t end, bool has_days)
{
    return (struct closes){.usd = b->close, .day = has_days ? b->day : NULL, .len = end};
}

/* ---- an independent, slower way ------------------------------------------------------------ */

/* Sum of squares about the mean as the mean of all pairwise differences: sum over i < j / n. */
static long double
squares_about_mean(const long double *x, const long double *y, size_t n)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++)
            sum += (x[i] - x[j]) * (y[i] - y[j]);
    }
    return n > 0 ? sum / (long double)n : 0;
}

struct slow {
    long double ret[BARS_MAX];
    int64_t day[BARS_MAX];
    size_t len;
};

static struct slow
slow_returns(const struct tape *b, size_t end)
{
    struct slow s = {.len = 0};
    for (size_t i = end > 45 ? end - 44 : 1; i < end; i++) {
        if (b->close[i - 1] > 0 && b->close[i] > 0) {
            s.ret[s.len] = (long double)b->close[i] / (long double)b->close[i - 1] - 1;
            s.day[s.len++] = b->day[i];
        }
    }
    return s;
}

static double
slow_vol(const struct slow *s, size_t window)
{
    if (s->len < window) return 0;
    const long double *x = s->ret + s->len - window;
    return (double)sqrtl(252 * squares_about_mean(x, x, window) / (long double)(window - 1));
}

/* Pairs by looking for every day of the one among the last twenty of the other. */
static double
slow_beta(const struct slow *a, const struct slow *b)
{
    long double x[20], y[20];
    size_t n = 0, from_a = a->len > 20 ? a->len - 20 : 0, from_b = b->len > 20 ? b->len - 20 : 0;
    if (a->len < 18 || b->len < 18) return 0;
    for (size_t i = from_a; i < a->len; i++) {
        for (size_t j = from_b; j < b->len; j++) {
            if (a->day[i] != b->day[j]) continue;
            y[n] = a->ret[i];
            x[n++] = b->ret[j];
        }
    }
    long double spread = squares_about_mean(x, x, n);
    return n < 5 || spread <= 0 ? 0 : (double)(squares_about_mean(x, y, n) / spread);
}

static void
expect_within(const char *what, double got, double want, double off_max)
{
    if (!(fabs(got - want) <= off_max)) fail_msg("%s: got %.9g, want %.9g", what, got, want);
}

/* As near as six decimals are. */
static void
expect_near(const char *what, double got, double want)
{
    expect_within(what, got, want, 6e-7);
}

static void
expect_slow(const char *what, const struct tape *a, size_t end_a, const struct tape *b,
            size_t end_b)
{
    struct closes symbol = newest(a, end_a, true), benchmark = newest(b, end_b, true);
    struct symbol_risk r = symbol_risk_of(&symbol, &benchmark);
    struct slow own = slow_returns(a, end_a), market = slow_returns(b, end_b);
    expect_near(what, r.realised_vol_5d, slow_vol(&own, 5));
    expect_near(what, r.realised_vol_20d, slow_vol(&own, 20));
    expect_near(what, r.beta_vs_spy, slow_beta(&own, &market));
}

/* ---- recorded bars ------------------------------------------------------------------------- */

static bool
load(const char *symbol, struct tape *ret)
{
    const char *shared = getenv("STOCKBOT_SHARED");
    char path[512], line[256];
    (void)snprintf(path, sizeof path, "%.300s/data/daily/%s.csv.gz",
                   shared != NULL ? shared : "../shared", symbol);
    gzFile f = gzopen(path, "rb");
    ret->len = 0;
    if (f == NULL) return false;
    while (gzgets(f, line, sizeof line) != NULL && ret->len < BARS_MAX) {
        struct date d;
        line[10] = '\0';
        if (date_parse(line, &d, NULL) != RC_OK) continue;
        char *close = line + 11;
        for (int column = 0; column < 3; column++)
            close = strchr(close, ',') + 1;
        *strchr(close, ',') = '\0';
        assert_true(str_to_f64(close, &ret->close[ret->len]));
        ret->day[ret->len++] = date_to_days(d);
    }
    (void)gzclose(f);
    return ret->len > 0;
}

static void
test_symbol_risk_agrees_with_a_slow_method_on_recorded_bars(void **state)
{
    static const char *const symbols[] = {"AAPL", "AMCR", "CARR", "KDP",
                                          "MRNA", "QQQ",  "SPY",  "XOM"};
    static struct tape spy, own;
    (void)state;
    if (!load("SPY", &spy)) {
        print_message("skipped: no recorded daily bars\n");
        skip();
    }
    for (size_t s = 0; s < COUNT_OF(symbols); s++) {
        assert_true(load(symbols[s], &own));
        for (size_t end = 1; end <= own.len; end += 7) {
            size_t end_spy = 1;
            while (end_spy < spy.len && spy.day[end_spy - 1] < own.day[end - 1])
                end_spy++;
            expect_slow(symbols[s], &own, end, &spy, end_spy);
        }
    }
}

/* ---- made bars ----------------------------------------------------------------------------- */

static void
walk(struct rng *r, struct tape *ret, size_t len, double daily)
{
    double close = 100;
    ret->len = len;
    for (size_t i = 0; i < len; i++) {
        ret->close[i] = close;
        ret->day[i] = 18000 + (int64_t)i;
        close *= 1 + daily * rng_normal(r);
    }
}

/* Takes a day out, as a symbol that was halted. */
static void
drop(struct tape *b, size_t at)
{
    b->len--;
    memmove(b->close + at, b->close + at + 1, (b->len - at) * sizeof(b->close[0]));
    memmove(b->day + at, b->day + at + 1, (b->len - at) * sizeof(b->day[0]));
}

static void
test_symbol_risk_pairs_by_day_whatever_is_missing(void **state)
{
    struct rng r = check_rng("holes in bars");
    (void)state;
    for (int round = 0; round < 500; round++) {
        struct tape a, b;
        walk(&r, &a, 30 + rng_below(&r, 40), 0.02);
        walk(&r, &b, a.len, 0.01);
        for (int holes = (int)rng_below(&r, 8); holes > 0; holes--)
            drop(rng_chance(&r, 0.5) ? &a : &b, rng_below(&r, 20));
        if (rng_chance(&r, 0.3))
            a.close[rng_below(&r, a.len)] = rng_chance(&r, 0.5) ? 0 : (double)NAN;
        expect_slow("made bars", &a, a.len, &b, b.len);
    }
}

static void
test_symbol_risk_of_a_leveraged_benchmark_is_its_leverage(void **state)
{
    struct rng r = check_rng("leverage");
    (void)state;
    for (int round = 0; round < 100; round++) {
        struct tape b, a;
        double leverage = (double)rng_range(&r, -3, 3);
        walk(&r, &b, 60, 0.01);
        a = b;
        for (size_t i = 1; i < a.len; i++)
            a.close[i] = a.close[i - 1] * (1 + leverage * (b.close[i] / b.close[i - 1] - 1));
        struct closes own = newest(&a, a.len, round % 2 == 0), market = newest(&b, b.len, true);
        struct symbol_risk x = symbol_risk_of(&own, &market), y = symbol_risk_of(&market, &market);
        expect_near("beta", x.beta_vs_spy, leverage);
        expect_within("volatility", x.realised_vol_20d, fabs(leverage) * y.realised_vol_20d, 3e-6);
        expect_near("beta of the benchmark", y.beta_vs_spy, 1);
        for (size_t i = 0; i < a.len; i++)
            a.close[i] *= 8; /* exact: the scale of a price does not matter */
        expect_near("scaled", symbol_risk_of(&own, &market).realised_vol_5d, x.realised_vol_5d);
    }
}

static void
test_symbol_risk_without_enough_bars_is_not_known(void **state)
{
    static const struct {
        size_t closes, benchmark;
        bool has_5d, has_20d, has_beta;
    } cases[] = {
        {0,  60, false, false, false},
        {1,  60, false, false, false},
        {5,  60, false, false, false},
        {6,  60, true,  false, false},
        {18, 60, true,  false, false},
        {19, 60, true,  false, true },
        {20, 60, true,  false, true },
        {21, 60, true,  true,  true },
        {60, 18, true,  true,  false},
        {60, 19, true,  true,  true },
        {60, 0,  true,  true,  false},
    };
    struct rng r = check_rng("few bars");
    struct tape a, b;
    (void)state;
    walk(&r, &a, 60, 0.02);
    walk(&r, &b, 60, 0.02);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct closes own = {.usd = a.close + 60 - cases[i].closes, .len = cases[i].closes};
        struct closes market = {.usd = b.close + 60 - cases[i].benchmark,
                                .len = cases[i].benchmark};
        struct symbol_risk x = symbol_risk_of(&own, &market);
        if ((x.realised_vol_5d > 0) != cases[i].has_5d ||
            (x.realised_vol_20d > 0) != cases[i].has_20d ||
            (fabs(x.beta_vs_spy) > 0) != cases[i].has_beta)
            fail_msg("case %zu: %g %g %g", i, x.realised_vol_5d, x.realised_vol_20d, x.beta_vs_spy);
    }
}

static void
test_symbol_risk_file_is_fresh_for_six_hours_if_it_says_something(void **state)
{
    static const struct {
        const char *what, *doc;
        bool is_fresh;
    } cases[] = {
        {"no file",        "null",                                                                false},
        {"six hours old",  "{\"_meta\":{\"ts\":\"2026-01-21T12:00:00+00:00\"},\"symbols\":{}}",
         true                                                                                          },
        {"a little older", "{\"_meta\":{\"ts\":\"2026-01-21T11:59:59.999999Z\"},\"symbols\":{}}",
         false                                                                                         },
        {"only zeros",
         "{\"_meta\":{\"ts\":\"2026-01-21T17:00:00Z\"},\"symbols\":{\"A\":"
         "{\"realized_vol_20d\":0.001,\"beta_vs_spy\":0}}}",                                      false},
        {"a beta",
         "{\"_meta\":{\"ts\":\"2026-01-21T17:00:00Z\"},\"symbols\":{\"A\":{},\"B\":"
         "{\"beta_vs_spy\":-0.1}}}",                                                              true },
        {"no time",        "{\"symbols\":{\"A\":{\"beta_vs_spy\":1}}}",                           false},
    };
    int64_t now_ns = when_parse_or_none("2026-01-21T18:00:00Z");
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = NULL;
        assert_int_equal(json_parse(cases[i].doc, strlen(cases[i].doc), JSON_STRICT,
                                    &JSON_LIMITS_BODY, &doc, NULL),
                         RC_OK);
        if (symbol_risk_is_fresh(doc, now_ns) != cases[i].is_fresh) fail_msg("%s", cases[i].what);
    }
}

static void
test_symbol_risk_document_names_fifty_failures(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    const char *failed[60];
    struct symbol_risk_row row = {.symbol = "A", .last_bar_ns = WHEN_NONE};
    struct symbol_risk_table table = {
        .row = &row, .len = 1, .benchmark_last_bar_ns = 0, .failed = failed, .failed_len = 60};
    struct json_out o = {.to = &t};
    CLEANUP(json_freep) struct json *doc = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(failed); i++)
        failed[i] = "B";
    symbol_risk_table_write(&o, &table, NS_PER_S);
    assert_int_equal(json_parse(t.data, t.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
    const struct json *meta = json_get(doc, "_meta"), *a = json_get(json_get(doc, "symbols"), "A");
    assert_int_equal(json_i64(meta, "count", 0), 1);
    assert_int_equal(json_i64(meta, "failed_count", 0), 60);
    assert_int_equal(json_len(json_get(meta, "failed_symbols")), 50);
    assert_string_equal(json_str(meta, "benchmark", ""), "SPY");
    assert_non_null(json_member(a, "last_bar_ts"));
    assert_false(json_has(a, "last_bar_ts"));
    assert_true(json_has(a, "beta_vs_spy"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbol_risk_agrees_with_a_slow_method_on_recorded_bars),
        cmocka_unit_test(test_symbol_risk_pairs_by_day_whatever_is_missing),
        cmocka_unit_test(test_symbol_risk_of_a_leveraged_benchmark_is_its_leverage),
        cmocka_unit_test(test_symbol_risk_without_enough_bars_is_not_known),
        cmocka_unit_test(test_symbol_risk_file_is_fresh_for_six_hours_if_it_says_something),
        cmocka_unit_test(test_symbol_risk_document_names_fifty_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

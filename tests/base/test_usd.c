#include "tests/lib/check.h"

#include <math.h>

#include "base/decimal.h"
#include "base/usd.h"

static void
test_usd_parses_decimals_exactly(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        int64_t e4;
    } cases[] = {
        {"0",                              RC_OK,    0         },
        {"-0",                             RC_OK,    0         },
        {"12.34",                          RC_OK,    123400    },
        {"+12.34",                         RC_OK,    123400    },
        {"-12.3456",                       RC_OK,    -123456   },
        {"0.0001",                         RC_OK,    1         },
        {"0.00005",                        RC_OK,    1         }, /* half away from zero */
        {"-0.00005",                       RC_OK,    -1        },
        {"0.0000499999999999999999999999", RC_OK,    0         },
        {"0.00015",                        RC_OK,    2         },
        {"1.00005",                        RC_OK,    10001     }, /* a double would say 1.0000 */
        {"00012.5",                        RC_OK,    125000    },
        {"1e2",                            RC_OK,    1000000   },
        {"1.5E+3",                         RC_OK,    15000000  },
        {"12345e-3",                       RC_OK,    123450    },
        {"5e-5",                           RC_OK,    1         },
        {"49e-6",                          RC_OK,    0         },
        {"9e-999999999999999999999999",    RC_OK,    0         },
        {"0e999999999999999999999999",     RC_OK,    0         },
        {"922337203685477.5807",           RC_OK,    INT64_MAX },
        {"-922337203685477.5807",          RC_OK,    -INT64_MAX},
        {"922337203685477.58074",          RC_OK,    INT64_MAX },
        {"922337203685477.58075",          RC_RANGE, 0         },
        {"922337203685477.5808",           RC_RANGE, 0         },
        {"-922337203685477.5808",          RC_RANGE, 0         },
        {"1e15",                           RC_RANGE, 0         },
        {"1e999999999999999999999999",     RC_RANGE, 0         },
        {"",                               RC_PARSE, 0         },
        {"-",                              RC_PARSE, 0         },
        {".5",                             RC_PARSE, 0         },
        {"5.",                             RC_PARSE, 0         },
        {" 5",                             RC_PARSE, 0         },
        {"5 ",                             RC_PARSE, 0         },
        {"1,5",                            RC_PARSE, 0         },
        {"1e",                             RC_PARSE, 0         },
        {"1e+",                            RC_PARSE, 0         },
        {"1e5x",                           RC_PARSE, 0         },
        {"0x10",                           RC_PARSE, 0         },
        {"NaN",                            RC_PARSE, 0         },
        {"inf",                            RC_PARSE, 0         },
        {"--1",                            RC_PARSE, 0         },
        {"1.2.3",                          RC_PARSE, 0         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        usd got = {77};
        struct err err = {0};
        enum rc rc = usd_parse(cases[i].text, strlen(cases[i].text), &got, &err);
        if (rc != cases[i].rc) fail_msg("\"%s\": %s %s", cases[i].text, rc_name(rc), err.text);
        int64_t want = rc == RC_OK ? cases[i].e4 : 77; /* untouched after a failure */
        if (got.e4 != want) fail_msg("\"%s\": %lld", cases[i].text, (long long)got.e4);
    }
}

static void
test_usd_parse_obeys_the_length(void **state)
{
    usd got = USD_ZERO;

    (void)state;
    assert_int_equal(usd_parse("12.3499", 5, &got, NULL), RC_OK);
    assert_int_equal(got.e4, 123400);
    assert_int_equal(usd_parse("1\0002", 3, &got, NULL), RC_PARSE);
}

static void
test_usd_text_shows_two_to_four_decimals(void **state)
{
    static const struct {
        int64_t e4;
        const char *text;
    } cases[] = {
        {0,         "0.00"                 },
        {1,         "0.0001"               },
        {-50,       "-0.005"               },
        {123400,    "12.34"                },
        {123450,    "12.345"               },
        {120000,    "12.00"                },
        {-123456,   "-12.3456"             },
        {100,       "0.01"                 },
        {INT64_MAX, "922337203685477.5807" },
        {INT64_MIN, "-922337203685477.5808"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char buf[USD_TEXT_MAX];
        assert_string_equal(usd_text((usd){cases[i].e4}, buf), cases[i].text);
    }
}

static void
test_usd_rounds_half_away_from_zero(void **state)
{
    (void)state;
    /* amount, bps */
    assert_int_equal(usd_bps((usd){10000}, 150).e4, 150);
    assert_int_equal(usd_bps((usd){5000}, 1).e4, 1);
    assert_int_equal(usd_bps((usd){4999}, 1).e4, 0);
    assert_int_equal(usd_bps((usd){-5000}, 1).e4, -1);
    assert_int_equal(usd_bps((usd){5000}, -1).e4, -1);
    assert_int_equal(usd_bps((usd){INT64_MAX}, 10000).e4, INT64_MAX);
    /* total, quantity */
    assert_int_equal(usd_div_qty((usd){10}, 4).e4, 3);
    assert_int_equal(usd_div_qty((usd){-10}, 4).e4, -3);
    assert_int_equal(usd_div_qty((usd){10}, 3).e4, 3);
    assert_int_equal(usd_div_qty((usd){5}, 3).e4, 2);
    assert_int_equal(usd_div_qty((usd){1}, 3).e4, 0);
    assert_int_equal(usd_div_qty((usd){INT64_MAX}, 1).e4, INT64_MAX);
    /* cents */
    assert_int_equal(usd_round_cents((usd){149}).e4, 100);
    assert_int_equal(usd_round_cents((usd){150}).e4, 200);
    assert_int_equal(usd_round_cents((usd){-150}).e4, -200);
    assert_int_equal(usd_round_cents((usd){-149}).e4, -100);
    assert_int_equal(usd_round_cents(USD_CENTS(7)).e4, 700);
    assert_int_equal(usd_round_cents((usd){INT64_MAX}).e4, INT64_MAX - 7);
    assert_int_equal(usd_round_cents((usd){INT64_MIN}).e4, INT64_MIN + 8);
}

static void
notional_price(void)
{
    (void)usd_notional((usd){PRICE_MAX_E4 + 1}, 1);
}

static void
notional_qty(void)
{
    (void)usd_notional((usd){1}, -QTY_MAX - 1);
}

static void
bps_overflow(void)
{
    (void)usd_bps((usd){INT64_MAX}, 10001);
}

static void
div_by_zero(void)
{
    (void)usd_div_qty((usd){1}, 0);
}

static void
test_usd_asserts_its_bounds(void **state)
{
    (void)state;
    assert_int_equal(usd_notional((usd){PRICE_MAX_E4}, QTY_MAX).e4, PRICE_MAX_E4 * QTY_MAX);
    assert_int_equal(usd_notional((usd){-PRICE_MAX_E4}, QTY_MAX).e4, -PRICE_MAX_E4 * QTY_MAX);
    assert_true(check_aborts(notional_price));
    assert_true(check_aborts(notional_qty));
    assert_true(check_aborts(bps_overflow));
    assert_true(check_aborts(div_by_zero));
}

static void
test_usd_from_double_rounds_the_exact_value(void **state)
{
    static const struct {
        double x;
        int64_t e4;
    } cases[] = {
        {0.0,                0                            },
        {-0.0,               0                            },
        {12.34,              123400                       },
        {-12.34,             -123400                      },
        {0.00005,            1                            }, /* the double lies just above the tie */
        {0.00375,            37                           }, /* just below, although times 10000 it is rounded to the tie */
        {0x1p-5,             313                          }, /* 0.03125: exactly between 312 and 313 */
        {-0x1p-5,            -313                         },
        {0.1 + 0.2,          3000                         },
        {450359962737.0497,  4503599627370497             },
        {9e14,               INT64_C(9000000000000000000) },
        {-9e14,              INT64_C(-9000000000000000000)},
        {123456789012345.67, INT64_C(1234567890123456719) }, /* the double is ...345.671875 */
        {5e-324,             0                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        usd got = {77};
        assert_int_equal(usd_from_double(cases[i].x, &got, NULL), RC_OK);
        if (got.e4 != cases[i].e4) fail_msg("%.17g: %lld", cases[i].x, (long long)got.e4);
    }
    static const double refused[] = {(double)NAN, (double)INFINITY, -(double)INFINITY,
                                     9.000000000000002e14, -1e300};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        usd got = {77};
        assert_int_equal(usd_from_double(refused[i], &got, NULL), RC_RANGE);
        assert_int_equal(got.e4, 77);
    }
}

/* Printing a double with all its decimals and parsing that text must round to the same step. */
static void
test_usd_from_double_agrees_with_its_decimal_text(void **state)
{
    struct rng r = check_rng("usd from double");

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double x = ldexp(rng_f64(&r) - 0.5, (int)rng_range(&r, -20, 49));
        char text[128];
        usd from_double = USD_ZERO, from_text = USD_ZERO;
        int len = snprintf(text, sizeof(text), "%.80f", x);
        assert_int_equal(usd_from_double(x, &from_double, NULL), RC_OK);
        assert_int_equal(usd_parse(text, (size_t)len, &from_text, NULL), RC_OK);
        if (from_double.e4 != from_text.e4) fail_msg("%s: %lld", text, (long long)from_double.e4);
    }
}

static void
test_usd_text_reads_back(void **state)
{
    struct rng r = check_rng("usd text");

    (void)state;
    for (int i = 0; i < 20000; i++) {
        usd a = {rng_range(&r, -INT64_MAX, INT64_MAX) >> rng_below(&r, 63)}, b = USD_ZERO;
        char buf[USD_TEXT_MAX];
        const char *text = usd_text(a, buf);
        assert_int_equal(usd_parse(text, strlen(text), &b, NULL), RC_OK);
        assert_int_equal(a.e4, b.e4);
    }
}

static void
test_usd_sums_and_order(void **state)
{
    usd a = {123}, b = {-456};

    (void)state;
    assert_int_equal(usd_add(a, b).e4, -333);
    assert_int_equal(usd_sub(a, b).e4, 579);
    assert_int_equal(usd_neg(b).e4, 456);
    assert_int_equal(usd_abs(b).e4, 456);
    assert_int_equal(usd_cmp(a, b), 1);
    assert_int_equal(usd_cmp(b, a), -1);
    assert_int_equal(usd_cmp(a, a), 0);
    assert_true(fabs(usd_to_double((usd){123400}) - 12.34) <= 0);
}

static void
test_decimal_tells_exact_from_rounded(void **state)
{
    static const struct {
        const char *text;
        int scale;
        enum decimal_result result;
        int64_t value;
    } cases[] = {
        {"12",                     0,  DECIMAL_EXACT,   12                       },
        {"12.0",                   0,  DECIMAL_EXACT,   12                       },
        {"12.5",                   0,  DECIMAL_ROUNDED, 13                       },
        {"1.00000000000000000001", 0,  DECIMAL_ROUNDED, 1                        },
        {"120e-1",                 0,  DECIMAL_EXACT,   12                       },
        {"0.001",                  0,  DECIMAL_ROUNDED, 0                        },
        {"1e-30",                  18, DECIMAL_ROUNDED, 0                        },
        {"9007199254740993",       0,  DECIMAL_EXACT,   INT64_C(9007199254740993)},
        {"9223372036854775808",    0,  DECIMAL_RANGE,   0                        },
        {"x",                      0,  DECIMAL_INVALID, 0                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t value = 0;
        enum decimal_result got =
            decimal_scaled(cases[i].text, strlen(cases[i].text), cases[i].scale, &value);
        if (got != cases[i].result || value != cases[i].value) {
            fail_msg("%s: result %d, %lld", cases[i].text, (int)got, (long long)value);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usd_parses_decimals_exactly),
        cmocka_unit_test(test_usd_parse_obeys_the_length),
        cmocka_unit_test(test_usd_text_shows_two_to_four_decimals),
        cmocka_unit_test(test_usd_rounds_half_away_from_zero),
        cmocka_unit_test(test_usd_asserts_its_bounds),
        cmocka_unit_test(test_usd_from_double_rounds_the_exact_value),
        cmocka_unit_test(test_usd_from_double_agrees_with_its_decimal_text),
        cmocka_unit_test(test_usd_text_reads_back),
        cmocka_unit_test(test_usd_sums_and_order),
        cmocka_unit_test(test_decimal_tells_exact_from_rounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

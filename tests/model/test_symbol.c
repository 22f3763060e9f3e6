#include "tests/lib/check.h"

#include "model/symbol.h"

static void
test_symbol_valid_keeps_to_the_pattern(void **state)
{
    static const char *const good[] = {"A",    "NVDA",       "BRK.B", "BF-A",
                                       "0700", "ABCDEFGHIJ", "A.",    "A-"};
    static const char *const bad[] = {"",    "nvda", ".A",  "-A",       "ABCDEFGHIJK", "A B",
                                      "A/B", " A",   "A\n", "\xc3\x84", "A_B",         "../../etc"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!symbol_valid(good[i])) fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (symbol_valid(bad[i])) fail_msg("%s", bad[i]);
    }
}

static void
test_symbol_set_trims_and_raises(void **state)
{
    static const struct {
        const char *from, *to; /* "" = refused */
    } cases[] = {
        {"nvda",                       "NVDA"      },
        {" brk.b\t\n",                 "BRK.B"     },
        {"ABCDEFGHIJ",                 "ABCDEFGHIJ"},
        {"ABCDEFGHIJK",                ""          },
        {"",                           ""          },
        {"   ",                        ""          },
        {"A B",                        ""          },
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", ""          },
        {"abcdefghijklmnopq",          ""          },
        {"$A",                         ""          },
        {"               a",           "A"         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char symbol[SYMBOL_MAX] = "before";
        bool ok = symbol_set(symbol, cases[i].from);
        if (ok != (cases[i].to[0] != '\0') || !str_eq(symbol, cases[i].to))
            fail_msg("\"%s\": \"%s\"", cases[i].from, symbol);
    }
    char same[SYMBOL_MAX] = " aapl ";
    assert_true(symbol_set(same, same));
    assert_string_equal(same, "AAPL");
}

static void
test_symbol_google_is_one_instrument(void **state)
{
    (void)state;
    assert_string_equal(symbol_normal_form("GOOG"), "GOOGL");
    assert_string_equal(symbol_normal_form("GOOGL"), "GOOGL");
    assert_string_equal(symbol_normal_form("NVDA"), "NVDA");
}

static void
test_symbol_sectors(void **state)
{
    static const char *const cases[][2] = {
        {"AAPL", "Technology"},
        {"GOOG", "Technology"},
        {"PLTR", "Technology"},
        {"C",    "Financial" },
        {"HOOD", "Financial" },
        {"SLB",  "Energy"    },
        {"UNH",  "Healthcare"},
        {"LCID", "Consumer"  },
        {"F",    "Consumer"  },
        {"CAT",  "Industrial"},
        {"XLP",  "ETF"       },
        {"SPY",  "ETF"       },
        {"AMZN", "Unknown"   },
        {"aapl", "Unknown"   },
        {"",     "Unknown"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(symbol_sector(cases[i][0]), cases[i][1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbol_valid_keeps_to_the_pattern),
        cmocka_unit_test(test_symbol_set_trims_and_raises),
        cmocka_unit_test(test_symbol_google_is_one_instrument),
        cmocka_unit_test(test_symbol_sectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config/theme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/json.h"
#include "tests/lib/tmpdir.h"

static struct theme_source
source(const char *risk, const char *map)
{
    return (struct theme_source){
        .risk = risk,
        .risk_len = risk == NULL ? 0 : strlen(risk),
        .map = map,
        .map_len = map == NULL ? 0 : strlen(map),
        .is_enabled = true,
        .limit_usd = 50000,
    };
}

static const char risk_file[] =
    "{\"settings\": {\"ENABLE_THEME_RISK\": false, \"MAX_THEME_NOTIONAL_USD\": 150000},"
    " \"theme_limits\": {\"Tech\": {\"symbols\": [\"AAPL\", \" msft \"]},"
    " \"Banks\": {\"symbols\": [\"JPM\", \"AAPL\"]}}}";

static void
test_theme_of_a_symbol(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *risk, *map, *symbol, *theme;
    } cases[] = {
        {"listed",                        risk_file, NULL,                     "MSFT", "Tech"   },
        {"listed twice: the first theme", risk_file, NULL,                     "AAPL", "Tech"   },
        {"listed in the second",          risk_file, NULL,                     "JPM",  "Banks"  },
        {"not listed",                    risk_file, NULL,                     "XOM",  "general"},
        {"no files",                      NULL,      NULL,                     "AAPL", "general"},
        {"the map replaces the lists",    risk_file, "{\"AAPL\": \"Phones\"}", "AAPL", "Phones" },
        {"what the map does not name",    risk_file, "{\"AAPL\": \"Phones\"}", "JPM",  "general"},
        {"the map alone",                 NULL,      "{\"jpm\": \"Money\"}",   "JPM",  "Money"  },
        {"an empty map",                  risk_file, "{}",                     "AAPL", "general"},
        {"no lists",                      "{}",      NULL,                     "AAPL", "general"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct theme_source src = source(cases[i].risk, cases[i].map);
        CLEANUP(themes_done) struct themes t = {0};
        struct err err = {0};
        if (themes_parse(&src, &t, &err) != RC_OK) fail_msg("%s: %s", cases[i].promise, err.text);
        if (!str_eq(theme_of(&t, cases[i].symbol), cases[i].theme))
            fail_msg("%s: %s", cases[i].promise, theme_of(&t, cases[i].symbol));
    }
}

static void
test_theme_settings_of_the_file_win(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *risk;
        bool is_enabled;
        double limit_usd;
    } cases[] = {
        {"no file",             NULL,                                                          true,  50000 },
        {"the file",            risk_file,                                                     false, 150000},
        {"only one of them",    "{\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 7}}",             true,  7     },
        {"texts",
         "{\"settings\": {\"ENABLE_THEME_RISK\": \"no\", \"MAX_THEME_NOTIONAL_USD\": \"8\"}}", false, 8     },
        {"nulls are not given", "{\"settings\": {\"ENABLE_THEME_RISK\": null}}",               true,  50000 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct theme_source src = source(cases[i].risk, NULL);
        CLEANUP(themes_done) struct themes t = {0};
        struct err err = {0};
        if (themes_parse(&src, &t, &err) != RC_OK) fail_msg("%s: %s", cases[i].promise, err.text);
        if (t.is_enabled != cases[i].is_enabled || t.limit_usd > cases[i].limit_usd + 0.1 ||
            t.limit_usd < cases[i].limit_usd - 0.1)
            fail_msg("%s: %d %f", cases[i].promise, t.is_enabled, t.limit_usd);
    }
}

static void
test_theme_refuses_and_names_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *risk, *map, *words;
    } cases[] = {
        {"not JSON",             "{",                                                    NULL,         "theme_risk.json: line 1"       },
        {"no object",            "[]",                                                   NULL,         "theme_risk.json: is no object" },
        {"a theme without list", "{\"theme_limits\": {\"T\": {}}}",                      NULL,
         "theme_risk.json: theme \"T\" has no"                                                                                         },
        {"a number as symbol",   "{\"theme_limits\": {\"T\": {\"symbols\": [1]}}}",      NULL,
         "theme_risk.json: a symbol"                                                                                                   },
        {"a bad switch",         "{\"settings\": {\"ENABLE_THEME_RISK\": 2}}",           NULL,
         "theme_risk.json: ENABLE"                                                                                                     },
        {"a bad word",           "{\"settings\": {\"ENABLE_THEME_RISK\": \"perhaps\"}}", NULL,
         "theme_risk.json: ENABLE"                                                                                                     },
        {"a bad limit",          "{\"settings\": {\"MAX_THEME_NOTIONAL_USD\": -1}}",     NULL,
         "theme_risk.json: MAX"                                                                                                        },
        {"a bad map",            "{}",                                                   "{\"A\": 1}", "theme_map.json: theme of \"A\""},
        {"an empty map file",    "{}",                                                   "",           "theme_map.json: "              },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct theme_source src = source(cases[i].risk, cases[i].map);
        struct themes t = {0};
        struct err err = {0};
        enum rc rc = themes_parse(&src, &t, &err);
        if (rc == RC_OK || !str_starts(err.text, cases[i].words))
            fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
    }
}

static void
test_theme_shipped_files_say_what_is_promised(void **state)
{
    (void)state;
    static const char *const tech[] = {"AAPL", "MSFT", "GOOGL", "NVDA", "TSLA", "AMD",
                                       "META", "NFLX", "INTC",  "SPY",  "QQQ",  "XLK"};
    struct tmpdir dir = {"config"};
    CLEANUP(text_free) struct text risk = tmpdir_read(&dir, "theme_risk.json");
    struct theme_source src = source(text_str(&risk), NULL);
    src.is_enabled = false;
    CLEANUP(themes_done) struct themes t = {0};
    struct err err = {0};
    assert_int_equal(themes_parse(&src, &t, &err), RC_OK);
    assert_int_equal(t.len, COUNT_OF(tech));
    for (size_t i = 0; i < COUNT_OF(tech); i++)
        assert_string_equal(theme_of(&t, tech[i]), "Tech_Growth");
    assert_true(t.is_enabled);
    assert_true(t.limit_usd > 149999 && t.limit_usd < 150001);

    static const char *const others[] = {"sector_profiles.json", "execution_router.json"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        CLEANUP(text_free) struct text bytes = tmpdir_read(&dir, others[i]);
        CLEANUP(json_freep) struct json *doc = NULL;
        assert_int_equal(
            json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err),
            RC_OK);
        if (i == 0)
            assert_string_equal(json_str(json_get(doc, "_meta"), "version", ""),
                                "2026-01-20_sector_profiles_v1");
        if (i == 1)
            assert_string_equal(json_str(json_get(doc, "selection_rules"), "quiet", ""), "peg_mid");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_theme_of_a_symbol),
        cmocka_unit_test(test_theme_settings_of_the_file_win),
        cmocka_unit_test(test_theme_refuses_and_names_the_file),
        cmocka_unit_test(test_theme_shipped_files_say_what_is_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

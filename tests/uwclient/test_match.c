/*
 * The allow-list against candidates (contract 4.8, spec 20 1.3), over the file that is shipped.
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/match.h"

#define BASE "https://uw.example"

static struct spec shipped;

static int
load(void **state)
{
    struct test_root root;
    struct err err = {0};
    char path[4096];

    (void)state;
    test_root_make(&root);
    if (realpath(UW_SHIPPED_SPEC, path) == NULL) return -1;
    spec_load(&root.fs, path, NULL, 0, &shipped, &err);
    test_root_remove(&root);
    return shipped.state == SPEC_OK ? 0 : -1;
}

static int
unload(void **state)
{
    (void)state;
    spec_done(&shipped);
    return 0;
}

static void
test_contract_4_8_matches_only_what_the_list_allows(void **state)
{
    static const struct {
        const char *candidate;
        const char *want; /* the resolved template, NULL = refused */
    } cases[] = {
        {"/api/option-trades/flow-alerts",                        "/api/option-trades/flow-alerts"   },
        {"  /api/option-trades/flow-alerts ",                     "/api/option-trades/flow-alerts"   },
        {"/api/darkpool/ACME",                                    "/api/darkpool/{ticker}"           },
        {"/api/darkpool/recent",                                  "/api/darkpool/recent"             },
        {"/api/insider/transactions",                             "/api/insider/transactions"        },
        {"/api/insider/ACME",                                     "/api/insider/{ticker}"            },
        {"/api/insider/ACME/ticker-flow",                         "/api/insider/{ticker}/ticker-flow"},
        {"/api/market/Technology/sector-tide",                    "/api/market/{sector}/sector-tide" },
        {"/api/market/Basic%20Materials/sector-tide",             "/api/market/{sector}/sector-tide" },
        {"/api/earnings/afterhours",                              "/api/earnings/afterhours"         },
        {"/api/earnings/ACME",                                    "/api/earnings/{ticker}"           },
        {"/api/darkpool/BRK.B",                                   "/api/darkpool/{ticker}"           },
        {"https://uw.example/api/market/market-tide",             "/api/market/market-tide"          },
        {"HTTPS://UW.example/api/market/market-tide",             "/api/market/market-tide"          },
 /* not in the list */
        {"/api/calendar/ACME",                                    NULL                               },
        {"/api/stock/ACME/gamma-levels",                          NULL                               },
        {"/api/stock/ACME/historic-option-volume",                NULL                               },
        {"/api/market/sector-tide",                               NULL                               },
        {"/api/etfs/SPY/in_outflow",                              NULL                               },
        {"/api/flow",                                             NULL                               },
        {"/api/health",                                           NULL                               },
        {"/api/openapi",                                          NULL                               },
        {"/API/darkpool/ACME",                                    NULL                               },
 /* the form of a path */
        {"/api/option-trades/flow-alerts?limit=1",                NULL                               },
        {"/api/option-trades/flow-alerts#x",                      NULL                               },
        {"/api/option-trades/flow-alerts/",                       NULL                               },
        {"/api//option-trades/flow-alerts",                       NULL                               },
        {"//api/option-trades/flow-alerts",                       NULL                               },
        {"/api/./darkpool/ACME",                                  NULL                               },
        {"/api/darkpool/..",                                      NULL                               },
        {"/api/darkpool/../openapi",                              NULL                               },
        {"/{a}/{b}",                                              NULL                               },
        {"/api/{x}/{y}",                                          NULL                               },
        {"/api/darkpool/{ticker}",                                NULL                               },
        {"/api/darkpool\\ACME",                                   NULL                               },
        {"/api/darkpool/AC\nME",                                  NULL                               },
        {"/api/darkpool/AC ME",                                   NULL                               },
        {"/api/darkpool/\xc3\x84",                                NULL                               },
        {"INVALID_ENDPOINT",                                      NULL                               },
        {"",                                                      NULL                               },
        {"   ",                                                   NULL                               },
        {"/",                                                     NULL                               },
        {NULL,                                                    NULL                               },
 /* hosts */
        {"https://example.org/api/market/market-tide",            NULL                               },
        {"http://uw.example/api/market/market-tide",              NULL                               },
        {"https://uw.example:8443/api/market/market-tide",        NULL                               },
        {"https://uw.example@example.org/api/market/market-tide", NULL                               },
        {"https://uw.example",                                    NULL                               },
        {"https:///api/market/market-tide",                       NULL                               },
 /* values of placeholders */
        {"/api/darkpool/acme",                                    NULL                               },
        {"/api/darkpool/TOOLONGSYMBOL",                           NULL                               },
        {"/api/darkpool/%41CME",                                  "/api/darkpool/{ticker}"           },
        {"/api/darkpool/%61cme",                                  NULL                               },
        {"/api/darkpool/%2541",                                   NULL                               },
        {"/api/darkpool/A%2FB",                                   NULL                               },
        {"/api/darkpool/A%00",                                    NULL                               },
        {"/api/darkpool/A%",                                      NULL                               },
        {"/api/darkpool/A%4",                                     NULL                               },
        {"/api/darkpool/A%zz",                                    NULL                               },
        {"/api/market/technology/sector-tide",                    NULL                               },
        {"/api/market/Basic+Materials/sector-tide",               NULL                               },
        {"/api/institution/..%2f..%2fx/ownership",                NULL                               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct match m;
        struct err err = {0};
        enum rc rc = match_path(&shipped, BASE, cases[i].candidate, &m, &err);
        const char *got = rc == RC_OK ? m.op->path : NULL;
        if (!str_eq(got, cases[i].want))
            fail_msg("%s: %s (%s)", cases[i].candidate, got != NULL ? got : "refused", err.text);
        if (rc != RC_OK) assert_int_equal(rc, RC_DENIED);
    }
}

static void
test_match_gives_decoded_values(void **state)
{
    struct match m;
    struct err err = {0};

    (void)state;
    assert_int_equal(match_path(&shipped, BASE, "/api/market/Real%20Estate/sector-tide", &m, &err),
                     RC_OK);
    assert_int_equal(m.values_len, 1);
    assert_string_equal(m.values[0].name, "sector");
    assert_string_equal(m.values[0].value, "Real Estate");
    assert_string_equal(m.path, "/api/market/Real%20Estate/sector-tide");
}

static void
test_match_refuses_everything_without_a_usable_list(void **state)
{
    static const char SMALL[] = "paths:\n  /api/market/market-tide: {get: {operationId: x}}\n";
    CLEANUP(spec_done) struct spec small;
    struct match m;
    struct err err = {0};

    (void)state;
    spec_parse(SMALL, sizeof SMALL - 1, NULL, 0, &small, &err);
    assert_int_equal(small.state, SPEC_TOO_SMALL);
    assert_int_equal(match_path(&small, BASE, "/api/market/market-tide", &m, &err), RC_DENIED);
    assert_non_null(strstr(err.text, "too_small"));
}

static void
test_match_most_literal_template_wins(void **state)
{
    static const char YAML[] = "paths:\n"
                               "  /api/{a}/{b}/c: {get: {operationId: one}}\n"
                               "  /api/{a}/b/{c}: {get: {operationId: late}}\n"
                               "  /api/a/{b}/{c}: {get: {operationId: early}}\n"
                               "  /api/a/b/{c}: {get: {operationId: most}}\n";
    static const struct {
        const char *path, *want;
    } cases[] = {
        {"/api/a/b/x", "most" },
        {"/api/a/x/y", "early"},
        {"/api/x/b/y", "late" },
        {"/api/x/y/c", "one"  },
        {"/api/x/b/c", "late" }, /* as many literals: the leftmost decides
  */
        {"/api/a/x/c", "early"},
    };
    CLEANUP(spec_done) struct spec s;
    struct err err = {0};

    (void)state;
    spec_parse(YAML, sizeof YAML - 1, NULL, 0, &s, &err);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct spec_op *op = NULL;
        assert_int_equal(match_literal(&s, cases[i].path, &op, &err), RC_OK);
        assert_string_equal(op->operation_id, cases[i].want);
    }
}

static void
test_match_shows_a_path_for_the_event(void **state)
{
    static const struct {
        const char *candidate, *want;
    } cases[] = {
        {"INVALID_ENDPOINT",          "/INVALID_ENDPOINT"},
        {"/api/x",                    "/api/x"           },
        {"https://example.org/api/x", "/api/x"           },
        {"https://example.org",       "/"                },
        {"",                          "/"                },
        {NULL,                        "/"                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text shown = {0};
        match_shown(cases[i].candidate, &shown);
        assert_string_equal(text_str(&shown), cases[i].want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_8_matches_only_what_the_list_allows),
        cmocka_unit_test(test_match_gives_decoded_values),
        cmocka_unit_test(test_match_refuses_everything_without_a_usable_list),
        cmocka_unit_test(test_match_most_literal_template_wins),
        cmocka_unit_test(test_match_shows_a_path_for_the_event),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

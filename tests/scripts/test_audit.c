/*
 * The endpoint audit: clean on our own tree, and not on any tree or description that is not
 * (contract 4.8; spec 20 1.4).
 */
#include "tests/lib/tmpdir.h"
#include "tests/lib/uw_variant.h"
#include "tests/scripts/run.h"

#include <sys/stat.h>

#include "scripts/uw/audit_scan.h"
#include "scripts/command.h"
#include "uwclient/endpoints.h"

#define SHIPPED "unusual_whales_api/api_spec.yaml"

static struct ran
audit(const char *spec, const char *source)
{
    const char *args[8] = {"audit_uw_endpoints"};
    size_t n = 1;

    if (spec != NULL) {
        args[n++] = "--spec";
        args[n++] = spec;
    }
    if (source != NULL) {
        args[n++] = "--source";
        args[n++] = source;
    }
    return run_command(cmd_audit_uw_endpoints, args, NULL);
}

static void
test_contract_4_8_our_own_tree_is_clean(void **state)
{
    CLEANUP(ran_free) struct ran r = audit(SHIPPED, ".");
    CLEANUP(text_free) struct text wanted = {0};

    (void)state;
    text_printf(&wanted,
                "UW_SPEC_PATH=" SHIPPED "\nUW_SPEC_PATHS=175\nUW_ENDPOINT_CANDIDATES_FOUND=%d\n"
                "UW_ENDPOINT_AUDIT_OK\n",
                UW_ENDPOINTS_LEN);
    run_expect(&r, 0, "", "");
    assert_string_equal(text_str(&r.out), text_str(&wanted));
    CLEANUP(ran_free) struct ran found = audit(NULL, NULL); /* what it finds by itself */
    run_expect(&found, 0, "UW_ENDPOINT_AUDIT_OK", "");
}

/* The shipped description with one thing changed. */
static void
changed_spec(const struct tmpdir *dir, const char *from, const char *to)
{
    CLEANUP(text_free) struct text shipped = {0};
    CLEANUP(text_free) struct text out = {0};

    check_read_file(SHIPPED, &shipped);
    assert_true(shipped.len > 0);
    const char *at = strstr(text_str(&shipped), from);
    assert_non_null(at);
    text_add(&out, text_str(&shipped), (size_t)(at - text_str(&shipped)));
    text_puts(&out, to);
    text_puts(&out, at + strlen(from));
    tmpdir_write_bytes(dir, "api.yaml", text_str(&out), out.len);
}

static void
test_audit_finds_a_path_that_the_description_lacks(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    changed_spec(&dir, "\n  /api/market/market-tide:\n", "\n  /api/market/other:\n");
    CLEANUP(ran_free) struct ran r = audit(tmpdir_path(&dir, "api.yaml"), NULL);
    run_expect(&r, 1, "UW_SPEC_PATHS=175\n", "not in the allow-list");
    run_expect(&r, 1, "INVALID_ENDPOINTS:\n- uwclient/endpoints.def:", "");
    run_expect(&r, 1, " -> /api/market/market-tide\n", "");
    assert_null(strstr(text_str(&r.out), "AUDIT_OK"));
}

/* The vendor's own file in the place of ours: the same paths, nothing else to find. */
static void
test_contract_4_8_the_audit_reads_the_vendors_file(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text shipped = {0};
    CLEANUP(text_free) struct text yaml = {0};
    CLEANUP(text_free) struct text wanted = {0};
    CLEANUP(spec_done) struct spec facts = {0};
    struct rng rng = check_rng("a variant of the description");
    struct err err = {0};

    (void)state;
    check_read_file(SHIPPED, &shipped);
    spec_parse(text_str(&shipped), shipped.len, NULL, 0, &facts, &err);
    uw_variant_write(&facts, &rng, &yaml);
    tmpdir_write_bytes(&dir, "api.yaml", text_str(&yaml), yaml.len);
    CLEANUP(ran_free) struct ran r = audit(tmpdir_path(&dir, "api.yaml"), ".");
    text_printf(&wanted,
                "UW_SPEC_PATHS=175\nUW_ENDPOINT_CANDIDATES_FOUND=%d\nUW_ENDPOINT_AUDIT_OK\n",
                UW_ENDPOINTS_LEN);
    run_expect(&r, 0, text_str(&wanted), "");
}

/* A description of our own paths that demands or lacks what the table sends. */
static void
test_audit_checks_every_parameter_of_a_row(void **state)
{
    static const struct {
        const char *name, *params;
        int status;
        const char *finding;
    } cases[] = {
        {"as it is",
         "{in: query, name: limit}, {in: query, name: ticker_symbol}, {in: query, name: "
         "newer_than}",                                                                     0, ""                                      },
        {"one is unknown",       "{in: query, name: limit}, {in: query, name: newer_than}", 1,
         "/api/option-trades/flow-alerts?ticker_symbol\n"                                                                              },
        {"one more is required",
         "{in: query, name: limit}, {in: query, name: ticker_symbol}, {in: query, name: "
         "newer_than}, {in: query, name: issue, required: true}",                           1, "/api/option-trades/flow-alerts?issue\n"},
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text yaml = {0};

        text_puts(&yaml, "openapi: 3.0.0\npaths:\n");
        for (size_t e = 0; e < UW_ENDPOINTS_LEN; e++) {
            const struct uw_endpoint_row *row = uw_endpoint_row((enum uw_endpoint)e);
            text_printf(&yaml, "  %s: {get: {parameters: [", row->path);
            if (e == UW_EP_FLOW_ALERTS) text_puts(&yaml, cases[i].params);
            for (const char *at = row->params; e != UW_EP_FLOW_ALERTS && *at != '\0';
                 at += strspn(at, ",")) {
                int n = (int)strcspn(at, ",");
                text_printf(&yaml, "%s{in: query, name: %.*s}", at == row->params ? "" : ", ", n,
                            at);
                at += n;
            }
            text_puts(&yaml, "]}}\n");
        }
        for (int k = 0; k < 40; k++)
            text_printf(&yaml, "  /filler/%d: {get: {parameters: []}}\n", k);
        tmpdir_write(&dir, "api.yaml", text_str(&yaml));
        CLEANUP(ran_free) struct ran r = audit(tmpdir_path(&dir, "api.yaml"), NULL);
        if (r.status != cases[i].status || strstr(text_str(&r.out), cases[i].finding) == NULL)
            fail_msg("%s: %d %s", cases[i].name, r.status, text_str(&r.out));
    }
}

static void
test_audit_refuses_a_description_that_is_none(void **state)
{
    static const struct {
        const char *name, *yaml;
        const char *paths;
    } cases[] = {
        {"missing",   NULL,                                          "UW_SPEC_PATHS=0\n"},
        {"empty",     "",                                            "UW_SPEC_PATHS=0\n"},
        {"no paths",  "openapi: 3.0.0\n",                            "UW_SPEC_PATHS=0\n"},
        {"too small", "paths:\n  /api/a: {get: {parameters: []}}\n", "UW_SPEC_PATHS=1\n"},
        {"no YAML",   "paths: [\n",                                  "UW_SPEC_PATHS=0\n"},
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (cases[i].yaml != NULL) tmpdir_write(&dir, "api.yaml", cases[i].yaml);
        CLEANUP(ran_free) struct ran r = audit(tmpdir_path(&dir, "api.yaml"), NULL);
        if (r.status != 1 || strstr(text_str(&r.out), cases[i].paths) == NULL ||
            strstr(text_str(&r.out), "AUDIT_OK") != NULL || r.err.len == 0)
            fail_msg("%s: %d %s", cases[i].name, r.status, text_str(&r.out));
    }
}

/* ---- sources -----------------------------------------------------------------------------------
 */

struct tree {
    struct tmpdir dir;
};

static void
tree_file(const struct tree *t, const char *path, const char *text)
{
    char folder[256];
    const char *slash = strchr(path, '/');

    for (; slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        (void)mkdir(tmpdir_path(&t->dir, folder), 0750); /* may be there */
    }
    tmpdir_write(&t->dir, path, text);
}

static void
test_audit_finds_an_endpoint_outside_the_table(void **state)
{
    static const struct {
        const char *name, *path, *source, *finding; /* NULL: none */
    } cases[] = {
        {"a literal",          "engine/a.c",             "x;\nf(\"/api/darkpool/recent\");\n",
         "- engine/a.c:2 -> /api/darkpool/recent\n"                                                                                              },
        {"a URL",              "engine/a.c",             "f(\"https://h/api/market/x?y=1\");",
         "- engine/a.c:1 -> /api/market/x\n"                                                                                                     },
        {"in pieces",          "io/b.h",                 "f(\"/api\" /* and */\n  \"/x/{ticker}\");",
         "- io/b.h:1 -> /api/x/{ticker}\n"                                                                                                       },
        {"the host",           "broker/c.c",             "h = \"https://api.\"\n\"unusual\" \"whales.com\";",
         "- broker/c.c:1 -> unusualwhales.com\n"                                                                                                 },
        {"deep down",          "base/events/x.def",      "R(\"/api/x\")",                                     "- base/events/x.def:1 -> /api/x\n"},
        {"another table",      "uwclient/endpoints.def", "\n\nE(\"/api/calendar/{ticker}\")",
         "- uwclient/endpoints.def:3 -> /api/calendar/{ticker}\n"                                                                                },
        {"our own table",      "uwclient/endpoints.def", "E(\"/api/darkpool/{ticker}\")",                     NULL                               },
        {"in a comment",       "engine/a.c",             "/* \"/api/x\" */ // \"/api/y\"\n",                  NULL                               },
        {"after a quote sign", "engine/a.c",             "c = '\"'; /* \"/api/x\" */",                        NULL                               },
        {"another api",        "engine/a.c",             "f(\"graphapi/x\", \"/v2/api\");",                   NULL                               },
        {"who serves it",      "sim/a.c",                "f(\"/api/x\");",                                    NULL                               },
        {"the dashboard",      "dashboard/a.c",          "f(\"/api/status\");",                               NULL                               },
        {"a test",             "tests/a/b.c",            "f(\"/api/x\");",                                    NULL                               },
        {"the setting",        "config/config.def",      "C(\"https://api.unusualwhales.com\")",              NULL                               },
        {"no source",          "docs/a.md",              "\"/api/x\"",                                        NULL                               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tree t = {tmpdir_new()};

        tree_file(&t, "base/some.c", "int x;\n");
        tree_file(&t, cases[i].path, cases[i].source);
        CLEANUP(ran_free) struct ran r = audit(SHIPPED, t.dir.path);
        const char *wanted = cases[i].finding != NULL ? cases[i].finding : "UW_ENDPOINT_AUDIT_OK";
        if (r.status != (cases[i].finding != NULL) || strstr(text_str(&r.out), wanted) == NULL)
            fail_msg("%s: %d %s%s", cases[i].name, r.status, text_str(&r.out), text_str(&r.err));
        tmpdir_done(&t.dir);
    }
}

static void
test_audit_shows_two_hundred_findings_and_counts_the_rest(void **state)
{
    CLEANUP(text_free) struct text source = {0};
    struct tree t = {tmpdir_new()};
    int shown = 0;

    (void)state;
    for (int i = 0; i < 250; i++)
        text_printf(&source, "f(\"/api/x/%d\");\n", i);
    tree_file(&t, "engine/a.c", text_str(&source));
    CLEANUP(ran_free) struct ran r = audit(SHIPPED, t.dir.path);
    for (const char *at = text_str(&r.out); (at = strstr(at, "\n- ")) != NULL; at++)
        shown++;
    assert_int_equal(shown, 200);
    run_expect(&r, 1, "\n... and 50 more\n", "");
    tmpdir_done(&t.dir);
}

static void
test_audit_without_anything_to_scan_is_no_success(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran empty = audit(SHIPPED, dir.path);
    CLEANUP(ran_free) struct ran absent = audit(SHIPPED, tmpdir_path(&dir, "absent"));

    (void)state;
    run_expect(&empty, 1, "", "no files to scan");
    run_expect(&absent, 1, "", "no files to scan");
    assert_int_equal(tmpdir_count(&dir, ""), 0); /* looking makes nothing */
}

static void
test_audit_refuses_wrong_usage(void **state)
{
    static const char *const wrong[] = {"audit_uw_endpoints", "--no-such-option", NULL};
    static const char *const surplus[] = {"audit_uw_endpoints", "surplus", NULL};
    static const char *const help[] = {"audit_uw_endpoints", "--help", NULL};
    CLEANUP(ran_free) struct ran a = run_command(cmd_audit_uw_endpoints, wrong, NULL);
    CLEANUP(ran_free) struct ran b = run_command(cmd_audit_uw_endpoints, surplus, NULL);
    CLEANUP(ran_free) struct ran c = run_command(cmd_audit_uw_endpoints, help, NULL);

    (void)state;
    run_expect(&a, 64, "", "");
    run_expect(&b, 64, "", "usage:");
    run_expect(&c, 0, "usage:", "");
}

/* ---- the reader of sources ---------------------------------------------------------------------
 */

struct seen {
    struct text all;
};

static void
note(void *ctx, int line, const char *text)
{
    struct seen *s = ctx;

    text_printf(&s->all, "%d:%s|", line, text);
}

static void
test_audit_reads_literals_as_the_compiler_does(void **state)
{
    static const struct {
        const char *source, *seen;
    } cases[] = {
        {"\"a\" \"b\"",             "1:ab|"      },
        {"\"a\"\n\n \"b\" x \"c\"", "1:ab|3:c|"  },
        {"\"a\" // \"b\"\n\"c\"",   "1:ac|"      },
        {"\"a\\\"b\"",              "1:a\\\"b|"  },
        {"'\"' \"x\"",              "1:x|"       },
        {"'\\'' \"x\"",             "1:x|"       },
        {"/* \" */ \"x\"",          "1:x|"       },
        {"a / b \"x\"",             "1:x|"       },
        {"\"open",                  "1:open|"    },
        {"\"open\n\"next\"",        "1:opennext|"},
        {"\"\"",                    "1:|"        },
        {"\"a\\",                   "1:a\\|"     },
        {"/* open",                 ""           },
        {"",                        ""           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct seen s = {0};

        audit_literals(cases[i].source, strlen(cases[i].source), note, &s);
        if (!str_eq(text_str(&s.all), cases[i].seen))
            fail_msg("%s: %s", cases[i].source, text_str(&s.all));
        text_free(&s.all);
    }
}

/* Whatever the bytes, the reader ends and stays inside them. */
static void
test_audit_reads_any_bytes(void **state)
{
    static const char ALPHABET[] = "\"'/*\\\n a";
    struct rng rng = check_rng("any bytes");

    (void)state;
    for (int round = 0; round < 5000; round++) {
        size_t len = (size_t)rng_below(&rng, 40);
        char *bytes =
            malloc(MAX(len, 1U)); /* exactly sized: a step beyond is seen by the sanitizer */
        struct seen s = {0};

        assert_non_null(bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = ALPHABET[rng_below(&rng, sizeof ALPHABET - 1)];
        audit_literals(bytes, len, note, &s);
        free(bytes);
        text_free(&s.all);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_8_our_own_tree_is_clean),
        cmocka_unit_test(test_audit_finds_a_path_that_the_description_lacks),
        cmocka_unit_test(test_contract_4_8_the_audit_reads_the_vendors_file),
        cmocka_unit_test(test_audit_checks_every_parameter_of_a_row),
        cmocka_unit_test(test_audit_refuses_a_description_that_is_none),
        cmocka_unit_test(test_audit_finds_an_endpoint_outside_the_table),
        cmocka_unit_test(test_audit_shows_two_hundred_findings_and_counts_the_rest),
        cmocka_unit_test(test_audit_without_anything_to_scan_is_no_success),
        cmocka_unit_test(test_audit_refuses_wrong_usage),
        cmocka_unit_test(test_audit_reads_literals_as_the_compiler_does),
        cmocka_unit_test(test_audit_reads_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

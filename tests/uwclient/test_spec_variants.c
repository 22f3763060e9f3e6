/*
 * The vendor's own description in the place of ours: the same facts in every form that YAML allows
 * are the same allow-list; and what is no description, or a trap, is refused quickly (spec 20 1.1,
 * 1.2).
 */
#include "tests/lib/check.h"
#include "tests/lib/tmpdir.h"
#include "tests/lib/uw_variant.h"
#include "tests/lib/uw_world.h"
#include "uwclient/endpoints.h"
#include "uwclient/spec.h"

#include <sys/resource.h>

static const char *const OURS[] = {
    "/api/option-trades/flow-alerts",
    "/api/darkpool/{ticker}",
};

static void
load(const struct tmpdir *dir, const char *name, struct spec *ret_spec, struct err *err)
{
    const char *required[UW_ENDPOINTS_LEN];
    struct posix_fs disk;

    *err = (struct err){0};
    assert_int_equal(fs_open(dir->path, &disk, err), RC_OK);
    struct fs fs = fs_seam(&disk);
    spec_load(&fs, name, required, uw_required_paths(required), ret_spec, err);
    fs_close(&disk);
}

static void
load_ours(struct spec *ret_spec)
{
    CLEANUP(text_free) struct text bytes = {0};
    const char *required[UW_ENDPOINTS_LEN];
    struct err err = {0};

    check_read_file(UW_SHIPPED_SPEC, &bytes);
    spec_parse(text_str(&bytes), bytes.len, required, uw_required_paths(required), ret_spec, &err);
    assert_int_equal(ret_spec->state, SPEC_OK);
}

/* ---- the same facts ---------------------------------------------------------------------------
 */

static const struct spec_param *
find_param(const struct spec_op *op, const struct spec_param *like)
{
    for (size_t i = 0; i < op->params_len; i++) {
        const struct spec_param *p = &op->params[i];
        if (p->in_path == like->in_path && str_eq(p->name, like->name)) return p;
    }
    return NULL;
}

static void
check_same(const struct spec *ours, const struct spec *theirs)
{
    assert_int_equal(theirs->ops_len, ours->ops_len);
    for (size_t i = 0; i < ours->ops_len; i++) {
        const struct spec_op *a = &ours->ops[i];
        const struct spec_op *b = spec_find(theirs, a->path);
        if (b == NULL) {
            fail_msg("%s is not there", a->path);
            return;
        }
        assert_string_equal(b->operation_id, a->operation_id);
        if (a->params_len != b->params_len)
            fail_msg("%s: %zu parameters, not %zu", a->path, b->params_len, a->params_len);
        for (size_t k = 0; k < a->params_len; k++) {
            const struct spec_param *want = &a->params[k], *got = find_param(b, want);
            if (got == NULL || got->required != want->required || !str_eq(got->type, want->type))
                fail_msg("%s: %s: %s, %d", a->path, want->name, got != NULL ? got->type : "absent",
                         got != NULL && got->required);
        }
    }
}

static void
test_contract_4_8_the_vendors_file_can_replace_ours(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(spec_done) struct spec ours = {0};
    struct rng rng = check_rng("variants of the description");

    (void)state;
    load_ours(&ours);
    for (int round = 0; round < 12; round++) {
        CLEANUP(text_free) struct text yaml = {0};
        CLEANUP(spec_done) struct spec theirs = {0};
        struct err err;

        uw_variant_write(&ours, &rng, &yaml);
        assert_in_range(yaml.len, 550 * 1024, 1100 * 1024);
        tmpdir_write_bytes(&dir, "api.yaml", text_str(&yaml), yaml.len);
        load(&dir, "api.yaml", &theirs, &err);
        if (theirs.state != SPEC_OK) fail_msg("round %d: %s", round, err.text);
        check_same(&ours, &theirs);
    }
}

static void
test_spec_parameters_of_the_operation_go_before_those_of_the_path(void **state)
{
    static const char YAML[] =
        "paths:\n"
        "  /api/x/{ticker}:\n"
        "    parameters:\n"
        "    - {in: query, name: day, required: true, schema: {type: string}}\n"
        "    - {in: query, name: ticker}\n"
        "    - {in: header, name: secret}\n"
        "    get:\n"
        "      parameters:\n"
        "      - {in: path, name: ticker, required: true}\n"
        "      - {in: query, name: day, schema: {type: integer}}\n"
        "  /api/x/{ticker}: {get: {parameters: [{in: query, name: second}]}}\n"
        "  /api/elsewhere: {$ref: '#/paths/~1api~1x~1{ticker}'}\n"
        "  /api/one: {get: {parameters: [{$ref: "
        "'#/paths/~1api~1x~1{ticker}/get/parameters/1'}]}}\n";
    CLEANUP(spec_done) struct spec s;
    struct err err = {0};

    (void)state;
    spec_parse(YAML, sizeof YAML - 1, OURS, 0, &s, &err);
    assert_int_equal(s.ops_len, 3);
    const struct spec_op *op = spec_find(&s, "/api/x/{ticker}");
    assert_int_equal(op->params_len, 3); /* a path and a query parameter may share a name */
    assert_string_equal(spec_query_param(op, "day")->type, "integer");
    assert_false(spec_query_param(op, "day")->required);
    assert_non_null(spec_query_param(op, "ticker"));
    assert_null(spec_query_param(op, "secret"));
    assert_null(spec_query_param(op, "second"));
    assert_non_null(spec_query_param(spec_find(&s, "/api/elsewhere"), "day"));
    assert_string_equal(spec_query_param(spec_find(&s, "/api/one"), "day")->type, "integer");
}

/* ---- the states -------------------------------------------------------------------------------
 */

static void
test_contract_4_8_states_of_the_file(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len; /* 0: as a text */
        enum spec_state want;
    } cases[] = {
        {"empty",                "",                                                   0,  SPEC_CORRUPT  },
        {"a byte-order mark",    "\xef\xbb\xbf",                                       0,  SPEC_CORRUPT  },
        {"comments alone",       "# paths:\n#   /api/x: {get: {}}\n",                  0,  SPEC_CORRUPT  },
        {"binary",
         "\x7f"
         "ELF\x02\x01\x01\0\0\0\0",                                                    12, SPEC_CORRUPT  },
        {"binary without a NUL", "\x89PNG\r\n\x1a\n\xff\xfe\xfd",                      0,  SPEC_CORRUPT  },
        {"UTF-16",               "\xff\xfep\0a\0t\0h\0s\0:\0",                         14, SPEC_CORRUPT  },
        {"no UTF-8",             "paths: {/api/\xc3\x28: {get: {}}}\n",                0,  SPEC_CORRUPT  },
        {"HTML",                 "<!DOCTYPE html><html><body>404: not found\n",        0,  SPEC_CORRUPT  },
        {"JSON that says no",    "{\"error\": \"not found\"}",                         0,  SPEC_CORRUPT  },
        {"open bracket",         "paths: [\n",                                         0,  SPEC_CORRUPT  },
        {"tab as indentation",   "paths:\n\t/api/x:\n",                                0,  SPEC_CORRUPT  },
        {"a list at the top",    "- paths:\n",                                         0,  SPEC_CORRUPT  },
        {"a text at the top",    "paths\n",                                            0,  SPEC_CORRUPT  },
        {"paths: nothing",       "openapi: 3.0.0\n",                                   0,  SPEC_CORRUPT  },
        {"paths: null",          "paths:\n",                                           0,  SPEC_CORRUPT  },
        {"paths: a text",        "paths: /api/x\n",                                    0,  SPEC_CORRUPT  },
        {"paths: a list",        "paths:\n- /api/x: {get: {}}\n",                      0,  SPEC_CORRUPT  },
        {"paths: empty",         "paths: {}\n",                                        0,  SPEC_CORRUPT  },
        {"paths further down",   "info:\n  paths: {/api/x: {get: {}}}\n",              0,  SPEC_CORRUPT  },
        {"a path without a get", "paths: {/api/x: {post: {}}, /api/y: }\n",            0,  SPEC_CORRUPT  },
        {"get is a text",        "paths: {/api/x: {get: yes}}\n",                      0,  SPEC_CORRUPT  },
        {"no anchor",            "paths: {/api/x: *none}\n",                           0,  SPEC_CORRUPT  },
        {"two documents",        "paths: {/api/x: {get: {}}}\n---\npaths: {}\n",       0,  SPEC_CORRUPT  },
        {"one path",             "paths: {/api/x: {get: {}}}\n",                       0,  SPEC_TOO_SMALL},
        {"one path, as JSON",    "{\"paths\":{\"/api/x\":{\"get\":{}}}}",              0,  SPEC_TOO_SMALL},
        {"the same path twice",  "paths:\n  /api/x: {get: {}}\n  /api/x: {get: {}}\n", 0,
         SPEC_TOO_SMALL                                                                                  },
        {"its get elsewhere",    "paths: {/api/x: &x {get: {}}, <<: {/api/y: *x}}\n",  0,
         SPEC_TOO_SMALL                                                                                  },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(spec_done) struct spec absent;
    struct err err;

    (void)state;
    load(&dir, "absent.yaml", &absent, &err);
    assert_int_equal(absent.state, SPEC_MISSING);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(spec_done) struct spec s;
        size_t len = cases[i].len > 0 ? cases[i].len : strlen(cases[i].bytes);

        tmpdir_write_bytes(&dir, "api.yaml", cases[i].bytes, len);
        load(&dir, "api.yaml", &s, &err);
        if (s.state != cases[i].want)
            fail_msg("%s: %s, %zu paths", cases[i].what, spec_state_name(s.state), s.ops_len);
        if (err.text[0] == '\0') fail_msg("%s: no word why", cases[i].what);
        assert_false(spec_is_usable(&s));
    }
}

/* Cut anywhere it is refused or, where the cut is late, it knows fewer paths; never other ones. */
static void
test_spec_a_cut_variant_never_allows_more(void **state)
{
    CLEANUP(spec_done) struct spec ours = {0};
    CLEANUP(text_free) struct text yaml = {0};
    struct rng rng = check_rng("a cut variant");
    const char *required[UW_ENDPOINTS_LEN];
    size_t required_len = uw_required_paths(required);

    (void)state;
    load_ours(&ours);
    uw_variant_write(&ours, &rng, &yaml);
    for (int round = 0; round < 60; round++) {
        CLEANUP(spec_done) struct spec s;
        struct err err = {0};

        spec_parse(yaml.data, rng_below(&rng, yaml.len), required, required_len, &s, &err);
        for (size_t i = 0; i < s.ops_len; i++)
            assert_non_null(spec_find(&ours, s.ops[i].path));
    }
}

/* ---- traps ------------------------------------------------------------------------------------
 */

static void
add_nesting(struct text *to, const char *open, const char *close, int depth)
{
    text_puts(to, "deep: ");
    for (int i = 0; i < depth; i++)
        text_puts(to, open);
    for (int i = 0; i < depth; i++)
        text_puts(to, close);
    text_puts(to, "\n");
}

/* Each line ten times the line before, in lists and in merges. */
static void
add_laughs(struct text *to, const char *open, const char *close)
{
    text_puts(to, "l0: &l0 {get: {parameters: []}}\n");
    for (int i = 1; i < 12; i++) {
        text_printf(to, "l%d: &l%d %s", i, i, open);
        for (int k = 0; k < 1000; k++)
            text_printf(to, "%s*l%d", k > 0 ? "," : "", i - 1);
        text_printf(to, "%s\n", close);
    }
}

/* As many paths as one likes, each with the same long list of parameters. */
static void
add_shared_list(struct text *to, int paths, int params)
{
    text_puts(to, "all: &all [");
    for (int i = 0; i < params; i++)
        text_printf(to, "{in: query, name: p%d},", i);
    text_puts(to, "]\npaths:\n");
    for (int i = 0; i < paths; i++)
        text_printf(to, "  /api/p/%d: {get: {parameters: *all}}\n", i);
}

static void
add_anchors(struct text *to, int anchors, int aliases)
{
    text_puts(to, "list:\n");
    for (int i = 0; i < anchors; i++)
        text_printf(to, "- &a%d 1\n", i);
    for (int i = 0; i < aliases; i++)
        text_puts(to, "- *a0\n");
}

/* Any file of its size costs less than this: a minute would be a trap that works. */
static void
check_quick(const char *what, struct text *yaml, enum spec_state want)
{
    CLEANUP(spec_done) struct spec s;
    struct rusage before, after;
    struct err err = {0};

    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    spec_parse(text_str(yaml), yaml->len, OURS, COUNT_OF(OURS), &s, &err);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    if (s.state != want) fail_msg("%s: %s %s", what, spec_state_name(s.state), err.text);
    if (after.ru_utime.tv_sec - before.ru_utime.tv_sec > 20) fail_msg("%s takes too long", what);
    if (after.ru_maxrss > 1024 * 1024) fail_msg("%s takes %ld KiB", what, after.ru_maxrss);
    text_clear(yaml);
}

static void
test_contract_4_8_traps_in_the_file_are_refused(void **state)
{
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    add_nesting(&t, "[", "]", 100);
    check_quick("a hundred lists", &t, SPEC_CORRUPT);
    add_nesting(&t, "{a: ", "}", 100);
    check_quick("a hundred mappings", &t, SPEC_CORRUPT);
    add_nesting(&t, "[", "", 1 << 20);
    check_quick("a million open brackets", &t, SPEC_CORRUPT);
    for (int i = 0; i < 100; i++)
        text_printf(&t, "%*sa:\n", i, "");
    check_quick("a hundred steps of indentation", &t, SPEC_CORRUPT);
    add_laughs(&t, "[", "]");
    text_puts(&t, "paths: {/api/x: *l0, /api/y: *l11}\n");
    check_quick("lists of lists", &t, SPEC_TOO_SMALL);
    add_laughs(&t, "{<<: [", "]}");
    text_puts(&t, "paths: {/api/x: *l0, /api/y: {post: {}, <<: *l11}}\n");
    check_quick("merges of merges", &t, SPEC_TOO_SMALL);
    add_laughs(&t, "{<<: [", "]}");
    text_puts(&t, "paths: *l11\n");
    check_quick("merges of merges as the paths", &t, SPEC_CORRUPT);
    add_shared_list(&t, 4000, 10000);
    check_quick("one long list for all", &t, SPEC_CORRUPT);
    add_shared_list(&t, 6000, 1);
    check_quick("six thousand paths", &t, SPEC_CORRUPT);
    add_anchors(&t, 200000, 600000);
    check_quick("a crowd of anchors", &t, SPEC_CORRUPT);
    add_anchors(&t, 1000, 1000000);
    check_quick("a crowd of aliases", &t, SPEC_CORRUPT);
    text_puts(&t, "paths: {/api/x: &x {$ref: '#/paths/~1api~1x'}, /api/y: {get: &g {<<: *g}}}\n");
    check_quick("what leads to itself", &t, SPEC_TOO_SMALL);
}

static void
test_spec_a_line_of_eight_megabytes_is_survived(void **state)
{
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    text_puts(&t, "paths: {/api/");
    while (t.len < SPEC_BYTES_MAX - 100)
        text_puts(&t, "xxxxxxxxxxxxxxxx");
    text_puts(&t, ": {get: {}}}\n");
    check_quick("one endless key", &t, SPEC_CORRUPT);
    text_puts(&t, "paths: {/api/x: {get: {}}}\nx:");
    while (t.len < SPEC_BYTES_MAX - 100)
        text_puts(&t, " x");
    check_quick("one endless text", &t, SPEC_TOO_SMALL);
    while (t.len < SPEC_BYTES_MAX - 100)
        text_printf(&t, "k%zu:\n", t.len);
    check_quick("nothing but keys", &t, SPEC_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_8_the_vendors_file_can_replace_ours),
        cmocka_unit_test(test_spec_parameters_of_the_operation_go_before_those_of_the_path),
        cmocka_unit_test(test_contract_4_8_states_of_the_file),
        cmocka_unit_test(test_spec_a_cut_variant_never_allows_more),
        cmocka_unit_test(test_contract_4_8_traps_in_the_file_are_refused),
        cmocka_unit_test(test_spec_a_line_of_eight_megabytes_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

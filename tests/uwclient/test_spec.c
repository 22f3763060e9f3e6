/*
 * The allow-list: the shipped file, its states, and the same file as another hand would have
 * written it (contract 4.8, spec 20 1.1, 1.2).
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/endpoints.h"
#include "uwclient/spec.h"

static struct text
read_file(const char *path)
{
    struct text t = {0};
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rbe");

    if (f == NULL) return t;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        text_add(&t, chunk, n);
    (void)fclose(f);
    return t;
}

static void
parse(const char *bytes, size_t len, struct spec *ret_spec)
{
    const char *required[UW_ENDPOINTS_LEN];
    struct err err = {0};

    spec_parse(bytes, len, required, uw_required_paths(required), ret_spec, &err);
    if (ret_spec->state == SPEC_OK) assert_string_equal(err.text, "");
}

static void
test_contract_4_8_the_shipped_file_is_complete(void **state)
{
    CLEANUP(text_free) struct text bytes = read_file(UW_SHIPPED_SPEC);
    CLEANUP(spec_done) struct spec s;

    (void)state;
    parse(text_str(&bytes), bytes.len, &s);
    assert_int_equal(s.state, SPEC_OK);
    assert_int_equal(s.ops_len, 175);
}

/* A parameter as paths.tsv writes it: name:type:required, path parameters by name alone. */
static void
describe(const struct spec_op *op, struct text *path_params, struct text *query_params)
{
    for (size_t i = 0; i < op->params_len; i++) {
        const struct spec_param *p = &op->params[i];
        struct text *to = p->in_path ? path_params : query_params;
        if (to->len > 0) text_putc(to, ',');
        text_puts(to, p->name);
        if (!p->in_path) text_printf(to, ":%s:%s", p->type, p->required ? "true" : "false");
    }
}

static void
check_row(const struct spec *s, char *line)
{
    CLEANUP(text_free) struct text path_params = {0};
    CLEANUP(text_free) struct text query_params = {0};
    const char *column[5] = {"", "", "", "", ""};

    for (size_t i = 0; i < 5 && line != NULL; i++)
        column[i] = strsep(&line, "\t");
    const struct spec_op *op = spec_find(s, column[0]);
    if (op == NULL) {
        fail_msg("%s is not in the shipped file", column[0]);
        return;
    }
    assert_string_equal(column[1], "GET");
    assert_string_equal(op->operation_id, column[2]);
    describe(op, &path_params, &query_params);
    assert_string_equal(text_str(&path_params), column[3]);
    assert_string_equal(text_str(&query_params), column[4]);
}

static void
test_spec_states_the_facts_of_the_path_list(void **state)
{
    char path[1024];
    CLEANUP(text_free) struct text bytes = read_file(UW_SHIPPED_SPEC);
    CLEANUP(spec_done) struct spec s;
    int rows = 0;

    (void)state;
    if (uw_shared("uw/paths.tsv", path) == NULL) skip();
    CLEANUP(text_free) struct text tsv = read_file(path);
    parse(text_str(&bytes), bytes.len, &s);
    for (char *at = tsv.data, *line; (line = strsep(&at, "\n")) != NULL;) {
        if (rows++ > 0 && *line != '\0') check_row(&s, line);
    }
    assert_int_equal(rows, 175 + 2); /* the heading and what follows the last newline */
}

static void
test_spec_allows_what_our_own_table_asks(void **state)
{
    CLEANUP(text_free) struct text bytes = read_file(UW_SHIPPED_SPEC);
    CLEANUP(spec_done) struct spec s;

    (void)state;
    parse(text_str(&bytes), bytes.len, &s);
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++) {
        const struct uw_endpoint_row *row = uw_endpoint_row((enum uw_endpoint)i);
        const struct spec_op *op = spec_find(&s, row->path);
        if (op == NULL) {
            fail_msg("%s is not in the shipped file", row->path);
            return;
        }
        char names[128];
        assert_true(str_copy(names, sizeof names, row->params));
        for (char *at = names, *name; (name = strsep(&at, ",")) != NULL;) {
            if (*name != '\0' && spec_query_param(op, name) == NULL)
                fail_msg("%s: %s", row->path, name);
        }
    }
}

/* ---- the states ------------------------------------------------------------------------------ */

static void
write_paths(struct text *to, int n, bool with_ours)
{
    const char *ours[UW_ENDPOINTS_LEN];
    size_t ours_len = with_ours ? uw_required_paths(ours) : 0;

    text_puts(to, "openapi: 3.0.0\npaths:\n");
    for (size_t i = 0; i < ours_len; i++, n--)
        text_printf(to, "  %s:\n    get:\n      operationId: x\n", ours[i]);
    for (; n > 0; n--)
        text_printf(to, "  /api/other/%d:\n    get:\n      operationId: x\n", n);
}

static void
test_contract_4_8_a_bad_file_is_named(void **state)
{
    CLEANUP(text_free) struct text few = {0};
    CLEANUP(text_free) struct text fifty = {0};
    CLEANUP(text_free) struct text foreign = {0};
    struct {
        const char *what;
        const char *bytes;
        size_t len;
        enum spec_state want;
        bool is_usable;
    } cases[] = {
        {"empty",                         "",                                  0,  SPEC_CORRUPT,    false},
        {"no paths key",                  "openapi: 3.0.0\n",                  15, SPEC_CORRUPT,    false},
        {"paths without an entry",        "paths: {}\n",                       10, SPEC_CORRUPT,    false},
        {"only POST operations",          "paths:\n  /api/a:\n    post: {}\n", 30, SPEC_CORRUPT,    false},
        {"a NUL byte",                    "paths:\n\0",                        8,  SPEC_CORRUPT,    false},
        {"no YAML",                       "paths: [\n",                        9,  SPEC_CORRUPT,    false},
        {"a list",                        "- 1\n",                             4,  SPEC_CORRUPT,    false},
        {"49 paths",                      NULL,                                0,  SPEC_TOO_SMALL,  false},
        {"50 paths",                      NULL,                                0,  SPEC_OK,         true },
        {"60 paths, ours not among them", NULL,                                0,  SPEC_INCOMPLETE, true },
    };

    (void)state;
    write_paths(&few, 49, true);
    write_paths(&fifty, 50, true);
    write_paths(&foreign, 60, false);
    cases[7].bytes = text_str(&few), cases[7].len = few.len;
    cases[8].bytes = text_str(&fifty), cases[8].len = fifty.len;
    cases[9].bytes = text_str(&foreign), cases[9].len = foreign.len;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(spec_done) struct spec s;
        parse(cases[i].bytes, cases[i].len, &s);
        if (s.state != cases[i].want) fail_msg("%s: %s", cases[i].what, spec_state_name(s.state));
        assert_int_equal(spec_is_usable(&s), cases[i].is_usable);
    }
}

static void
test_spec_missing_and_oversized_files(void **state)
{
    struct test_root root;
    struct err err = {0};
    CLEANUP(spec_done) struct spec s;
    CLEANUP(text_free) struct text huge = {0};

    (void)state;
    test_root_make(&root);
    spec_load(&root.fs, "no/such.yaml", NULL, 0, &s, &err);
    assert_int_equal(s.state, SPEC_MISSING);
    assert_non_null(strstr(err.text, "no/such.yaml"));
    text_reserve(&huge, SPEC_BYTES_MAX + 2);
    write_paths(&huge, 60, true);
    while (huge.len <= SPEC_BYTES_MAX)
        text_puts(&huge,
                  "# a comment that only takes room, line after line after line after line\n");
    test_write(&root, "api.yaml", text_str(&huge), huge.len);
    spec_load(&root.fs, "api.yaml", NULL, 0, &s, &err);
    assert_int_equal(s.state, SPEC_CORRUPT);
    test_root_remove(&root);
}

static void
test_spec_every_cut_of_the_file_is_survived(void **state)
{
    CLEANUP(text_free) struct text bytes = read_file(UW_SHIPPED_SPEC);

    (void)state;
    for (size_t len = 0; len < bytes.len; len += 997) {
        CLEANUP(spec_done) struct spec s;
        parse(bytes.data, len, &s);
        if (len < bytes.len / 4) assert_false(spec_is_usable(&s));
        assert_true(s.ops_len <= 175);
    }
}

/* ---- the same facts, written differently ----------------------------------------------------- */

static const char VENDOR_LIKE[] = "\xef\xbb\xbf# with a byte-order mark\r\n"
                                  "components:\r\n"
                                  "  parameters:\r\n"
                                  "    limit: &limit\r\n"
                                  "      schema: {default: 1, type: integer}\r\n"
                                  "      description: |\r\n"
                                  "        How many.\r\n"
                                  "\r\n"
                                  "          paths:\r\n"
                                  "            /api/not/a/path: {}\r\n"
                                  "      name: limit\r\n"
                                  "      in: query\r\n"
                                  "    base: &base {in: query, required: true}\r\n"
                                  "info: {title: 'x', version: \"1\"}\r\n"
                                  "paths:\r\n"
                                  "\r\n"
                                  "  '/api/quoted/{ticker}':\r\n"
                                  "    get:\r\n"
                                  "      parameters:\r\n"
                                  "      - *limit\r\n"
                                  "      - schema:\r\n"
                                  "          type: array\r\n"
                                  "          items: {type: string}\r\n"
                                  "        name: 'tags[]'\r\n"
                                  "        <<: *base\r\n"
                                  "      - {$ref: '#/components/parameters/limit2'}\r\n"
                                  "      - name: ticker\r\n"
                                  "        in: path\r\n"
                                  "        required: true\r\n"
                                  "      description: >-\r\n"
                                  "        folded\r\n"
                                  "        text: with a colon\r\n"
                                  "      operationId: Folded.quoted\r\n"
                                  "  /api/shared:\r\n"
                                  "    parameters:\r\n"
                                  "    - $ref: '#/components/parameters/limit'\r\n"
                                  "    get:\r\n"
                                  "      operationId: Shared.get\r\n"
                                  "    post: {operationId: Shared.post}\r\n"
                                  "  /api/only/post:\r\n"
                                  "    post: {operationId: x}\r\n"
                                  "  x-vendor: {get: {operationId: not.a.path}}\r\n";

static void
test_spec_reads_another_hands_yaml(void **state)
{
    CLEANUP(spec_done) struct spec s;

    (void)state;
    parse(VENDOR_LIKE, sizeof VENDOR_LIKE - 1, &s);
    assert_int_equal(s.ops_len, 2);
    const struct spec_op *quoted = spec_find(&s, "/api/quoted/{ticker}");
    assert_non_null(quoted);
    assert_string_equal(quoted->operation_id, "Folded.quoted");
    assert_int_equal(quoted->params_len, 3); /* the dangling reference is no parameter */
    assert_string_equal(spec_query_param(quoted, "limit")->type, "integer");
    assert_string_equal(spec_query_param(quoted, "tags[]")->type, "array<string>");
    assert_true(spec_query_param(quoted, "tags[]")->required);
    assert_null(spec_query_param(quoted, "ticker"));
    assert_non_null(spec_query_param(spec_find(&s, "/api/shared"), "limit"));
}

static void
test_spec_survives_aliases_that_lead_to_themselves(void **state)
{
    static const char LOOP[] =
        "a: &a {<<: *a, b: *a}\n"
        "paths: &p\n  <<: *p\n  /api/x: &x\n    <<: *x\n    get: {$ref: '#/paths'}\n";
    CLEANUP(spec_done) struct spec s;

    (void)state;
    parse(LOOP, sizeof LOOP - 1, &s);
    assert_true(s.ops_len <= 1);
}

/* CRLF everywhere, and every text behind an anchor: the file stays what it is. */
static void
test_spec_line_ends_do_not_matter(void **state)
{
    CLEANUP(text_free) struct text bytes = read_file(UW_SHIPPED_SPEC);
    CLEANUP(text_free) struct text crlf = {0};
    CLEANUP(spec_done) struct spec s;

    (void)state;
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] == '\n') text_putc(&crlf, '\r');
        text_putc(&crlf, bytes.data[i]);
    }
    parse(text_str(&crlf), crlf.len, &s);
    assert_int_equal(s.state, SPEC_OK);
    assert_int_equal(s.ops_len, 175);
    assert_non_null(spec_query_param(spec_find(&s, "/api/market/top-net-impact"), "issue_types[]"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_8_the_shipped_file_is_complete),
        cmocka_unit_test(test_spec_states_the_facts_of_the_path_list),
        cmocka_unit_test(test_spec_allows_what_our_own_table_asks),
        cmocka_unit_test(test_contract_4_8_a_bad_file_is_named),
        cmocka_unit_test(test_spec_missing_and_oversized_files),
        cmocka_unit_test(test_spec_every_cut_of_the_file_is_survived),
        cmocka_unit_test(test_spec_reads_another_hands_yaml),
        cmocka_unit_test(test_spec_survives_aliases_that_lead_to_themselves),
        cmocka_unit_test(test_spec_line_ends_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

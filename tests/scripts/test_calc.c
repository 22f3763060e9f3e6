/* `stockbot calc` as an operator uses it, and every vector we have. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "scripts/calc/calc.h"

struct run {
    int status;
    char *out, *err; /* owned */
};

static struct run
run_calc(const char *a, const char *b, const char *input)
{
    char name[] = "calc", one[64], two[64];
    char *argv[] = {name, one, two, NULL};
    int argc = 1 + (a != NULL) + (b != NULL);
    struct run r = {0};
    size_t out_len = 0, err_len = 0;
    FILE *in = tmpfile(), *out = open_memstream(&r.out, &out_len),
         *errf = open_memstream(&r.err, &err_len);

    assert_true(in != NULL && out != NULL && errf != NULL);
    (void)str_copy(one, sizeof one, a != NULL ? a : "");
    (void)str_copy(two, sizeof two, b != NULL ? b : "");
    argv[argc] = NULL;
    assert_true(fputs(input, in) >= 0);
    rewind(in);
    r.status = calc_main(argc, argv, in, out, errf);
    assert_int_equal(fclose(in) | fclose(out) | fclose(errf), 0);
    return r;
}

static void
run_done(struct run *r)
{
    free(r->out);
    free(r->err);
}

static struct json *
doc_of(const char *text, size_t len)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s in %.*s", err.text, (int)len, text);
    return doc;
}

/* ---- vectors ------------------------------------------------------------------------------- */

/* Everything that want says is so in got: numbers to 1e-9, all else exactly; got may say more. */
static void
expect(const char *where, const struct json *want, const struct json *got)
{
    if (json_kind(want) != json_kind(got)) fail_msg("%s: another kind of value", where);
    switch (json_kind(want)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        if (json_is_true(want) != json_is_true(got)) fail_msg("%s: not the same truth", where);
        break;
    case JSON_NUMBER:
        if (!(fabs(json_f64_of(want, 0) - json_f64_of(got, 0)) <= 1e-9))
            fail_msg("%s: got %.12g, want %.12g", where, json_f64_of(got, 0), json_f64_of(want, 0));
        break;
    case JSON_STRING:
        if (!str_eq(json_string(want), json_string(got)))
            fail_msg("%s: got \"%s\", want \"%s\"", where, json_string(got), json_string(want));
        break;
    case JSON_ARRAY:
        if (json_len(want) != json_len(got)) fail_msg("%s: %zu elements", where, json_len(got));
        for (const struct json *w = json_first(want), *g = json_first(got); w != NULL;
             w = json_next(w), g = json_next(g))
            expect(where, w, g);
        break;
    case JSON_OBJECT:
        for (const struct json *w = json_first(want); w != NULL; w = json_next(w)) {
            char path[256];
            (void)snprintf(path, sizeof path, "%s.%s", where, json_key(w));
            expect(path, w, json_get(got, json_key(w)));
        }
        break;
    }
}

static void
expect_notes(const char *where, const struct json *row, const struct json *got)
{
    const char *notes = json_str(got, "notes", "");
    for (const struct json *n = json_first(json_get_arr(row, "notes_contain")); n != NULL;
         n = json_next(n)) {
        if (strstr(notes, json_string(n)) == NULL)
            fail_msg("%s: no %s in %s", where, json_string(n), notes);
    }
}

/* One row through the command, as a line of its own. */
static void
check_row(const char *name, const char *where, const struct json *row)
{
    CLEANUP(text_free) struct text in = {0};
    CLEANUP(run_done) struct run r = {0};
    struct json_out o = {.to = &in};

    json_out_value(&o, NULL, json_get(row, "in"));
    text_putc(&in, '\n');
    r = run_calc(name, NULL, text_str(&in));
    if (r.status != 0) fail_msg("%s: %s", where, r.out);
    CLEANUP(json_freep) struct json *got = doc_of(r.out, strlen(r.out));
    expect(where, json_get(row, "out"), got);
    expect_notes(where, row, got);
}

/* Rows {"in": ..., "out": ...}; returns how many. */
static int
check_vectors(const char *name, const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    int rows = 0;

    if (f == NULL) return 0;
    while ((len = getline(&line, &room, f)) > 0) {
        char where[256];
        CLEANUP(json_freep) struct json *row = doc_of(line, (size_t)len);
        (void)snprintf(where, sizeof where, "%s line %d (%s)", path, ++rows,
                       json_str(row, "what", ""));
        check_row(name, where, row);
    }
    free(line);
    (void)fclose(f);
    return rows;
}

static void
check_own(const char *name, int rows)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/vectors/%s.jsonl", name);
    assert_int_equal(check_vectors(name, path), rows);
}

static void
test_calc_composite_v1_agrees_with_our_vectors(void **state)
{
    (void)state;
    check_own("composite-v1", 6);
}

static void
test_calc_enrich_v1_agrees_with_our_vectors(void **state)
{
    (void)state;
    check_own("enrich-v1", 3);
}

static void
test_calc_flow_clusters_agrees_with_our_vectors(void **state)
{
    (void)state;
    check_own("flow-clusters", 3);
}

static void
test_calc_composite_v1_agrees_with_shared_vectors(void **state)
{
    const char *shared = getenv("STOCKBOT_SHARED");
    char path[1024];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/spec/vectors/composite-v1.jsonl",
                   shared != NULL ? shared : "../shared");
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    assert_true(check_vectors("composite-v1", path) > 0);
}

/* ---- the command --------------------------------------------------------------------------- */

static void
test_calc_lists_and_describes(void **state)
{
    static const char *const names[] = {"composite-v1", "enrich-v1", "flow-clusters"};
    CLEANUP(run_done) struct run l = run_calc("--list", NULL, "");
    (void)state;
    assert_int_equal(l.status, 0);
    CLEANUP(run_done) struct run h = run_calc("--help", NULL, "");
    assert_int_equal(h.status, 0);
    assert_non_null(strstr(h.out, "--describe"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CLEANUP(run_done) struct run d = run_calc("--describe", names[i], "");
        assert_non_null(strstr(l.out, names[i]));
        assert_int_equal(d.status, 0);
        assert_non_null(strstr(d.out, "\nin\n"));
        assert_non_null(strstr(d.out, "\nout\n"));
    }
}

static void
test_calc_refuses_what_it_does_not_know(void **state)
{
    static const struct {
        const char *a, *b;
    } cases[] = {
        {"composite-v9", NULL},
        {"--describe",   "x" },
        {"--describe",   NULL},
        {"--unknown",    NULL},
        {NULL,           NULL},
        {"composite-v1", "x" },
        {"",             NULL}
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(run_done) struct run r = run_calc(cases[i].a, cases[i].b, "{}\n");
        if (r.status != 2 || r.out[0] != '\0' || r.err[0] == '\0')
            fail_msg("case %zu: %d", i, r.status);
    }
}

static void
test_calc_answers_every_line(void **state)
{
    CLEANUP(run_done)
    struct run r = run_calc("composite-v1", NULL,
                            "{\"symbol\": \"A\"}\nnonsense\n\n[1]\n"
                            "{\"now\": \"soon\"}\n{\"symbol\": \"B\"}");
    int lines = 0;
    (void)state;
    assert_int_equal(r.status, 1);
    for (char *at = r.out; *at != '\0'; at = strchr(at, '\n') + 1, lines++) {
        CLEANUP(json_freep) struct json *doc = doc_of(at, (size_t)(strchr(at, '\n') - at));
        bool is_good = lines == 0 || lines == 4;
        assert_int_equal(json_has(doc, "error"), !is_good);
        if (is_good) assert_string_equal(json_str(doc, "symbol", ""), lines == 0 ? "A" : "B");
    }
    assert_int_equal(lines, 5);
    CLEANUP(run_done) struct run none = run_calc("composite-v1", NULL, "\n");
    assert_int_equal(none.status, 0);
    assert_string_equal(none.out, "");
}

static void
test_calc_needs_to_know_the_time(void **state)
{
    static const struct {
        const char *name, *in, *word;
    } cases[] = {
        {"enrich-v1",     "{\"symbol\": \"A\", \"entry\": {}}",         "now"   },
        {"enrich-v1",     "{\"now\": 1, \"symbol\": \"not a symbol\"}", "symbol"},
        {"enrich-v1",     "{\"now\": true}",                            "now"   },
        {"flow-clusters", "{\"alerts\": []}",                           "now"   },
        {"composite-v1",  "{\"now\": 1e300}",                           "now"   },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(run_done) struct run r = run_calc(cases[i].name, NULL, cases[i].in);
        assert_int_equal(r.status, 1);
        if (strstr(r.out, cases[i].word) == NULL) fail_msg("case %zu: %s", i, r.out);
    }
}

static void
test_calc_says_when_its_output_is_lost(void **state)
{
    char name[] = "calc", list[] = "--list";
    char *argv[] = {name, list, NULL};
    FILE *full = fopen("/dev/full", "we"), *in = tmpfile();
    char *said = NULL;
    size_t len = 0;
    FILE *errf = open_memstream(&said, &len);
    (void)state;
    assert_true(full != NULL && in != NULL && errf != NULL);
    assert_int_equal(calc_main(2, argv, in, full, errf), 1);
    (void)fclose(full);
    (void)fclose(in);
    (void)fclose(errf);
    assert_non_null(strstr(said, "could not be written"));
    free(said);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calc_composite_v1_agrees_with_our_vectors),
        cmocka_unit_test(test_calc_enrich_v1_agrees_with_our_vectors),
        cmocka_unit_test(test_calc_flow_clusters_agrees_with_our_vectors),
        cmocka_unit_test(test_calc_composite_v1_agrees_with_shared_vectors),
        cmocka_unit_test(test_calc_lists_and_describes),
        cmocka_unit_test(test_calc_refuses_what_it_does_not_know),
        cmocka_unit_test(test_calc_answers_every_line),
        cmocka_unit_test(test_calc_needs_to_know_the_time),
        cmocka_unit_test(test_calc_says_when_its_output_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

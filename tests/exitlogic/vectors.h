/*
 * Rows {"in": ..., "out": ...} against a computation of `stockbot calc`: numbers to 1e-9 (relative
 * above 1), all else exactly, and no key too many.
 */
#ifndef TESTS_EXITLOGIC_VECTORS_H
#define TESTS_EXITLOGIC_VECTORS_H

#include <math.h>

#include "scripts/calc/calc.h"
#include "tests/lib/check.h"

enum { WHERE_MAX = 1152 };

static void vectors_expect(const char *where, const struct json *want, const struct json *got);

UNUSED static void
vectors_expect_members(const char *where, const struct json *want, const struct json *got)
{
    if (json_len(want) != json_len(got))
        fail_msg("%s: %zu members, want %zu", where, json_len(got), json_len(want));
    for (const struct json *w = json_first(want); w != NULL; w = json_next(w)) {
        char path[WHERE_MAX];
        const struct json *g = json_first(got);
        (void)snprintf(path, sizeof path, "%s.%s", where, json_key(w));
        while (g != NULL && !str_eq(json_key(g), json_key(w)))
            g = json_next(g);
        if (g == NULL) fail_msg("%s is missing", path);
        vectors_expect(path, w, g);
    }
}

UNUSED static void
vectors_expect_elements(const char *where, const struct json *want, const struct json *got)
{
    size_t i = 0;
    if (json_len(want) != json_len(got))
        fail_msg("%s: %zu elements, want %zu", where, json_len(got), json_len(want));
    for (const struct json *w = json_first(want), *g = json_first(got); w != NULL;
         w = json_next(w), g = json_next(g)) {
        char path[WHERE_MAX];
        (void)snprintf(path, sizeof path, "%s[%zu]", where, i++);
        vectors_expect(path, w, g);
    }
}

static void
vectors_expect(const char *where, const struct json *want, const struct json *got)
{
    double w = json_f64_of(want, 0), g = json_f64_of(got, 0);

    if (json_kind(want) != json_kind(got)) fail_msg("%s: another kind of value", where);
    switch (json_kind(want)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        if (json_is_true(want) != json_is_true(got)) fail_msg("%s: not the same truth", where);
        break;
    case JSON_NUMBER:
        if (!(fabs(w - g) <= 1e-9 * fmax(1, fabs(w))))
            fail_msg("%s: got %.17g, want %.17g", where, g, w);
        break;
    case JSON_STRING:
        if (!str_eq(json_string(want), json_string(got)))
            fail_msg("%s: got \"%s\", want \"%s\"", where, json_string(got), json_string(want));
        break;
    case JSON_ARRAY:
        vectors_expect_elements(where, want, got);
        break;
    case JSON_OBJECT:
        vectors_expect_members(where, want, got);
        break;
    }
}

UNUSED static struct json *
vectors_doc(const char *where, const char *text, size_t len)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s: %s", where, err.text);
    return doc;
}

UNUSED static void
vectors_check_row(const char *name, const char *where, const struct json *row)
{
    CLEANUP(text_free) struct text out = {0};
    struct json_out o = {.to = &out};
    struct err err = {0};
    const struct calc *c = calc_find(name);

    if (c == NULL || c->run(json_get(row, "in"), &o, &err) != RC_OK)
        fail_msg("%s: %s: %s", where, c == NULL ? "no such computation" : name, err.text);
    CLEANUP(json_freep) struct json *got = vectors_doc(where, out.data, out.len);
    vectors_expect(where, json_get(row, "out"), got);
}

/* How many rows the file has; each is checked. */
UNUSED static int
vectors_check_file(const char *name, const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    int rows = 0;

    while (f != NULL && (len = getline(&line, &room, f)) > 0) {
        char where[WHERE_MAX];
        (void)snprintf(where, sizeof where, "%s line %d", path, ++rows);
        CLEANUP(json_freep) struct json *row = vectors_doc(where, line, (size_t)len);
        vectors_check_row(name, where, row);
    }
    free(line);
    if (f != NULL) (void)fclose(f);
    return rows;
}

/* tests/vectors/NAME.jsonl, with exactly so many rows. */
UNUSED static void
vectors_check_own(const char *name, int rows)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tests/vectors/%s.jsonl", name);
    assert_int_equal(vectors_check_file(name, path), rows);
}

/* The vectors outside the repository; skips the test where they are not. */
UNUSED static void
vectors_check_shared(const char *const *names, size_t len)
{
    const char *shared = getenv("STOCKBOT_SHARED");

    for (size_t i = 0; i < len; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/spec/vectors/%s.jsonl",
                       shared != NULL ? shared : "../shared", names[i]);
        if (access(path, R_OK) != 0) {
            print_message("skipped: %s is not there\n", path);
            skip();
        }
        assert_true(vectors_check_file(names[i], path) > 0);
    }
}

#endif

/*
 * Canonical documents (spec 40 0.5), byte by byte.
 */
#include "tests/analytics/logs.h"

#include "analytics/stats.h"

static void
test_analytics_doc_has_one_form(void **state)
{
    static const char name[] =
        "e\"\\\b\f\n\r\t\x01\x1F/\x7F\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xED\xA0\xBD\0";
    struct doc d = {0};

    (void)state;
    doc_obj(&d, NULL);
    doc_arr(&d, "a");
    doc_num(&d, NULL, 1.0);
    doc_num(&d, NULL, -0.0);
    doc_num(&d, NULL, HUGE_VAL);
    doc_int(&d, NULL, INT64_MIN);
    doc_obj(&d, NULL);
    doc_end(&d);
    doc_arr(&d, NULL);
    doc_end(&d);
    doc_end(&d);
    doc_bool(&d, "b", true);
    doc_null(&d, "c");
    doc_obj(&d, "d");
    doc_int(&d, "x", 0);
    doc_end(&d);
    doc_span(&d, "e", (struct span){name, sizeof(name) - 1});
    doc_instant(&d, "f", 1769126400000000);
    doc_instant(&d, "g", 1769126400000001);
    doc_end(&d);
    assert_int_equal(doc_close(&d, true, NULL), RC_OK);
    assert_string_equal(
        text_str(&d.text),
        "{\n  \"a\": [\n    1.0,\n    -0.0,\n    null,\n    -9223372036854775808,\n"
        "    {},\n    []\n  ],\n  \"b\": true,\n  \"c\": null,\n  \"d\": {\n"
        "    \"x\": 0\n  },\n  \"e\": \"e\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\\u007f"
        "\\u00e9\\u20ac\\ud83d\\ude00\\ud83d\\u0000\",\n"
        "  \"f\": \"2026-01-23T00:00:00+00:00\",\n"
        "  \"g\": \"2026-01-23T00:00:00.000001+00:00\"\n}\n");
    doc_free(&d);
}

/* Any ASCII byte at any place of a string of any length: they are copied sixteen at a time. */
static void
test_analytics_doc_escapes_wherever_it_stands(void **state)
{
    static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";

    (void)state;
    for (size_t len = 1; len <= 40; len++)
        for (size_t at = 0; at < len; at++)
            for (int byte = 1; byte < 0x80; byte++) {
                struct doc d = {0};
                char text[41], escape[8], wanted[64];
                const char *name = strchr(named, byte);

                memset(text, 'x', sizeof(text));
                text[at] = (char)byte;
                if (name != NULL)
                    (void)snprintf(escape, sizeof(escape), "\\%c", names[name - named]);
                else if (byte < 0x20 || byte == 0x7F)
                    (void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)byte);
                else
                    (void)snprintf(escape, sizeof(escape), "%c", byte);
                (void)snprintf(wanted, sizeof(wanted), "\"%.*s%s%.*s\"", (int)at, text, escape,
                               (int)(len - at - 1), text + at + 1);
                doc_span(&d, NULL, (struct span){text, len});
                if (!str_eq(text_str(&d.text), wanted))
                    fail_msg("0x%02x at %zu of %zu", (unsigned)byte, at, len);
                doc_free(&d);
            }
}

/* A value that was read, again: sorted, the last of repeated keys, whole numbers digit by digit. */
static void
test_analytics_doc_writes_a_value_again(void **state)
{
    static const char line[] =
        "{\"b\":1,\"a\":[1.50,-0,1e400,NaN,123456789012345678901234567890,true,"
        "null,\"\\ud83d\"],\"b\":{\"z\":{},\"\":[]},\"A\":1e2}";
    CLEANUP(json_line_done) struct json_line l = {0};
    struct doc d = {0};

    (void)state;
    doc_obj(&d, NULL);
    doc_node(&d, "k", json_line_read(&l, line, sizeof(line) - 1));
    doc_node(&d, "n", NULL);
    doc_end(&d);
    assert_int_equal(doc_close(&d, false, NULL), RC_OK);
    assert_string_equal(
        text_str(&d.text),
        "{\n  \"k\": {\n    \"A\": 100.0,\n    \"a\": [\n      1.5,\n      0,\n"
        "      null,\n      null,\n      123456789012345678901234567890,\n      true,\n"
        "      null,\n      \"\\ud83d\"\n    ],\n    \"b\": {\n      \"\": [],\n"
        "      \"z\": {}\n    }\n  },\n  \"n\": null\n}");
    doc_free(&d);
}

/* As deep as the reader allows: far deeper than our own documents. */
static void
test_analytics_doc_writes_what_nests_deeply(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0}, again = {0};
    CLEANUP(text_free) struct text t = {0};
    struct doc d = {0};

    (void)state;
    for (int i = 0; i < JSON_LINE_DEPTH_MAX - 1; i++)
        text_putc(&t, '[');
    text_puts(&t, "{}");
    for (int i = 0; i < JSON_LINE_DEPTH_MAX - 1; i++)
        text_putc(&t, ']');
    doc_node(&d, NULL, json_line_read(&l, t.data, t.len));
    assert_int_equal(doc_close(&d, false, NULL), RC_OK);
    assert_non_null(json_line_read(&again, d.text.data, d.text.len));
    assert_int_equal(again.nodes, l.nodes);
    doc_free(&d);
}

/* A whole document as a value of another is what writing it there gives, however it is cut. */
static void
test_analytics_doc_pastes_what_another_wrote(void **state)
{
    static const char line[] = "{\"a\":[1,{\"b\":[]},\"x\\ny\"],\"c\":{\"d\":{\"e\":0.5}}}";
    CLEANUP(json_line_done) struct json_line l = {0};
    CLEANUP(doc_free) struct doc own = {0}, wanted = {0};
    const struct node *v = json_line_read(&l, line, sizeof(line) - 1);

    (void)state;
    doc_node(&own, NULL, v);
    doc_obj(&wanted, NULL);
    doc_arr(&wanted, "k");
    doc_node(&wanted, NULL, v);
    doc_node(&wanted, NULL, v);
    for (size_t cut = 0; cut <= own.text.len; cut++) {
        CLEANUP(doc_free) struct doc d = {0};

        doc_obj(&d, NULL);
        doc_arr(&d, "k");
        doc_key(&d, NULL);
        doc_paste(&d, own.text.data, own.text.len);
        doc_key(&d, NULL);
        doc_paste(&d, own.text.data, cut);
        doc_paste(&d, own.text.data + cut, own.text.len - cut);
        assert_string_equal(text_str(&d.text), text_str(&wanted.text));
    }
}

static void
write_keys(const char *first, const char *second)
{
    struct doc d = {0};

    doc_obj(&d, NULL);
    doc_int(&d, first, 1);
    doc_int(&d, second, 2);
    doc_end(&d);
    doc_free(&d);
}

static void
write_descending(void)
{
    write_keys("b", "a");
}

static void
write_twice(void)
{
    write_keys("a", "a");
}

static void
test_analytics_doc_refuses_keys_out_of_order(void **state)
{
    (void)state;
    write_keys("a", "b");
    assert_true(check_aborts(write_descending));
    assert_true(check_aborts(write_twice));
}

/* ---- the sink ------------------------------------------------------------------------------ */

struct faulty_sink {
    int calls, fails_at; /* 0: never */
    struct text got;
};

static enum rc
take(void *self, const char *bytes, size_t len, struct err *err)
{
    struct faulty_sink *s = self;

    if (++s->calls == s->fails_at) return err_set(err, RC_IO, "the disk is full");
    text_add(&s->got, bytes, len);
    return RC_OK;
}

static enum rc
write_many(struct faulty_sink *s, struct err *err)
{
    struct doc d = {.sink = take, .self = s};

    doc_arr(&d, NULL);
    for (int i = 0; i < 30000; i++)
        doc_int(&d, NULL, i);
    doc_end(&d);
    enum rc rc = doc_close(&d, true, err);
    assert_true(d.text.cap < 4 * DOC_PIECE_BYTES);
    doc_free(&d);
    return rc;
}

static void
test_analytics_doc_stops_at_the_first_failure(void **state)
{
    struct faulty_sink whole = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(write_many(&whole, &err), RC_OK);
    assert_true(whole.calls > 3);
    for (int n = 1; n <= whole.calls; n++) {
        struct faulty_sink s = {.fails_at = n};
        err = (struct err){0};
        assert_int_equal(write_many(&s, &err), RC_IO);
        assert_string_equal(err.text, "the disk is full");
        assert_int_equal(s.calls, n);
        assert_memory_equal(s.got.data, whole.got.data, s.got.len);
        text_free(&s.got);
    }
    text_free(&whole.got);
}

/* ---- stats --------------------------------------------------------------------------------- */

static void
check_stats(const double *x, size_t n, const char *wanted)
{
    struct series s = {0};
    struct doc d = {0};

    for (size_t i = 0; i < n; i++)
        series_add_known(&s, x[i]);
    doc_obj(&d, NULL);
    stats_write(&d, "s", &s);
    doc_end(&d);
    assert_string_equal(text_str(&d.text), wanted);
    doc_free(&d);
    series_done(&s);
}

/* Nearest rank, ties to even: of four values the quartiles stand at 0.75, 1.5 and 2.25. */
static void
test_analytics_stats_by_hand(void **state)
{
    static const double four[] = {4.0, 1.0, NONE, 3.0, 2.0}, zeros[] = {0.0, -0.0, 1.0};

    (void)state;
    check_stats(four, 0, "{\n  \"s\": {}\n}");
    check_stats(four, COUNT_OF(four),
                "{\n  \"s\": {\n    \"max\": 4.0,\n    \"mean\": 2.5,\n    \"median\": 2.5,\n"
                "    \"min\": 1.0,\n    \"n\": 4,\n    \"p25\": 2.0,\n    \"p50\": 3.0,\n"
                "    \"p75\": 3.0\n  }\n}");
    /* equal zeros stay as they came */
    check_stats(zeros, COUNT_OF(zeros),
                "{\n  \"s\": {\n    \"max\": 1.0,\n    \"mean\": 0.3333333333333333,\n"
                "    \"median\": -0.0,\n    \"min\": 0.0,\n    \"n\": 3,\n    \"p25\": 0.0,\n"
                "    \"p50\": -0.0,\n    \"p75\": 1.0\n  }\n}");
}

struct placed {
    double value;
    size_t place;
};

static int
by_value(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->value < y->value) return -1;
    if (x->value > y->value) return 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Of any size and sign; zeros of both signs stay as they came. */
static void
test_analytics_series_are_sorted_stably(void **state)
{
    struct rng r = check_rng("sorted series");

    (void)state;
    for (size_t n = 0; n < 400; n = n * 2 + 1) {
        struct series s = {0};
        struct placed wanted[400] = {0};

        for (size_t i = 0; i < n; i++) {
            double x = ldexp(rng_f64(&r) - 0.5, (int)rng_range(&r, -1070, 1023));
            if (rng_chance(&r, 0.3)) x = rng_chance(&r, 0.5) ? 0.0 : -0.0;
            series_add(&s, x);
            wanted[i] = (struct placed){x, i};
        }
        qsort(wanted, n, sizeof(wanted[0]), by_value);
        series_sort(&s);
        assert_int_equal(s.len, n);
        for (size_t i = 0; i < n; i++)
            assert_true(check_same_bits(s.at[i], wanted[i].value));
        series_done(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_doc_has_one_form),
        cmocka_unit_test(test_analytics_doc_escapes_wherever_it_stands),
        cmocka_unit_test(test_analytics_doc_writes_a_value_again),
        cmocka_unit_test(test_analytics_doc_writes_what_nests_deeply),
        cmocka_unit_test(test_analytics_doc_pastes_what_another_wrote),
        cmocka_unit_test(test_analytics_doc_refuses_keys_out_of_order),
        cmocka_unit_test(test_analytics_doc_stops_at_the_first_failure),
        cmocka_unit_test(test_analytics_stats_by_hand),
        cmocka_unit_test(test_analytics_series_are_sorted_stably),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

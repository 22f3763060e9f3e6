/*
 * A stream of bytes into records (spec 40 0.2): where lines end, what is malformed, what is mended.
 */
#include "tests/analytics/logs.h"

/* The "k" of every record, one after the other, and where it was found. */
struct seen {
    struct text keys;
    struct line_ref line[16];
    size_t lines;
};

static void
see_record(void *self, const struct node *record, struct line_ref line)
{
    struct seen *s = self;
    struct span k = node_text(node_member(record, "k"));

    text_add(&s->keys, k.at, k.len);
    text_putc(&s->keys, ';');
    if (s->lines < COUNT_OF(s->line)) s->line[s->lines++] = line;
}

static struct log_stats
cut_all(const char *bytes, size_t len, size_t piece, struct seen *seen)
{
    CLEANUP(piece_reader_done) struct piece_reader reader = {0};
    struct cut c = {.record = see_record, .self = seen, .reader = &reader};

    for (size_t at = 0; at < len; at += piece)
        cut_feed(&c, bytes + at, MIN(piece, len - at));
    cut_end(&c);
    cut_done(&c);
    return c.stats;
}

/* One case in pieces of every size up to its own. */
static void
check_case(const char *bytes, size_t len, const char *keys, uint64_t malformed)
{
    for (size_t piece = 1; piece <= len + 1; piece++) {
        struct seen seen = {0};
        struct log_stats s = cut_all(bytes, len, piece, &seen);
        if (!str_eq(text_str(&seen.keys), keys))
            fail_msg("\"%s\" in pieces of %zu gives %s", bytes, piece, text_str(&seen.keys));
        assert_int_equal(s.malformed, malformed);
        assert_int_equal(s.lines, s.records + s.malformed);
        assert_int_equal(s.bytes, len);
        text_free(&seen.keys);
    }
}

static void
test_analytics_cut_at_every_line_end(void **state)
{
    static const struct {
        const char *bytes, *keys;
        uint64_t malformed;
    } cases[] = {
        {"",                                                    "",                                      0},
        {"\n\r\n \t\n",                                         "",                                      0},
        {"{\"k\":\"a\"}",                                       "a;",                                    0},
        {"{\"k\":\"a\"}\n{\"k\":\"b\"}\n",                      "a;b;",                                  0},
        {"{\"k\":\"a\"}\r\n{\"k\":\"b\"}\r\n",                  "a;b;",                                  0},
        {"{\"k\":\"a\"}\r{\"k\":\"b\"}\r\r",                    "a;b;",                                  0},
        {"{\"k\":\"a\"}\v{\"k\":\"b\"}\f{\"k\":\"c\"}",         "a;b;c;",                                0},
        {"{\"k\":\"a\"}\x1C{\"k\":\"b\"}\x1D{\"k\":\"c\"}\x1E", "a;b;c;",                                0},
        {"{\"k\":\"a\"}\xC2\x85{\"k\":\"b\"}",                  "a;b;",                                  0},
        {"{\"k\":\"a\"}\xE2\x80\xA8{\"k\":\"b\"}\xE2\x80\xA9",  "a;b;",                                  0},
        {"{\"k\":\"a\"}\x1F\n",                                 "a;",                                    0},
        {"\x1F\xC2\xA0{\"k\":\"a\"}\xE3\x80\x80\n",             "a;",                                    0},
 /* a line end inside makes two that are malformed */
        {"{\"k\":\"a\xE2\x80\xA8\"}\n{\"k\":\"b\"}",            "b;",                                    2},
        {"{\"k\":\r\"a\"}\n{\"k\":\"b\"}",                      "b;",                                    2},
        {"{\"k\":\"a\x0B\"}\n",                                 "",                                      2},
        {"{\"k\":\"a\x1F\"}\n",                                 "",                                      1},
 /* a record on several lines is none */
        {"{\"k\":\n\"a\"}\n",                                   "",                                      2},
 /* not an object, not JSON, more than one */
        {"[1]\n\"x\"\nnull\n5\n{\"k\":\"a\"}\n",                "a;",                                    4},
        {"{\"k\":\"a\"\n{\"k\":\"b\"}}\n{\"k\":\"c\"} {}\n",    "",                                      3},
        {"\xEF\xBB\xBF{\"k\":\"a\"}\n{\"k\":\"b\"}",            "b;",                                    1},
        {"{\"k\":\"a\"}\n{\"k\":\"cut of",                      "a;",                                    1},
 /* bytes that are not UTF-8 become U+FFFD, one for each piece of a character */
        {"{\"k\":\"\xFF\"}",                                    "\xEF\xBF\xBD;",                         0},
        {"{\"k\":\"\xE2\x82\"}",                                "\xEF\xBF\xBD;",                         0},
        {"{\"k\":\"\xF0\x9F\x98\"}",                            "\xEF\xBF\xBD;",                         0},
        {"{\"k\":\"\xF0\x9F"
         "A\"}",                                       "\xEF\xBF\xBD"
         "A;",                                                                  0},
        {"{\"k\":\"\xC0\x80\"}",                                "\xEF\xBF\xBD\xEF\xBF\xBD;",             0},
        {"{\"k\":\"\xED\xA0\x80\"}",                            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD;", 0},
        {"{\"k\":\"\xE2\"}\n{\"k\":\"\xC3\xA9\"}",              "\xEF\xBF\xBD;\xC3\xA9;",                0},
        {"\xFF{\"k\":\"a\"}",                                   "",                                      1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_case(cases[i].bytes, strlen(cases[i].bytes), cases[i].keys, cases[i].malformed);
    static const char with_nul[] = "{\"k\":\"a\"}\n{\"k\":\"\0\"}\n\0\n{\"k\":\"b\"}";
    check_case(with_nul, sizeof(with_nul) - 1, "a;b;", 2);
}

/* What a line_ref points to reads as the record again. */
static void
test_analytics_cut_says_where_a_record_stands(void **state)
{
    static const char bytes[] =
        "{\"k\":\"a\"}\n\n junk\n  {\"k\":\"b\"}\r\n{\"k\":\"c\"}\v{\"k\":\"d\xFF\"}\r"
        "{\"k\":\"e\"}";
    CLEANUP(piece_reader_done) struct piece_reader reader = {0};

    (void)state;
    for (size_t piece = 1; piece < sizeof(bytes); piece++) {
        struct seen first = {0}, again = {0};
        cut_all(bytes, sizeof(bytes) - 1, piece, &first);
        assert_int_equal(first.lines, 5);
        for (size_t i = 0; i < first.lines; i++) {
            struct line_ref ref = first.line[i];
            assert_true(ref.at + ref.len <= sizeof(bytes) - 1);
            const struct node *record = piece_read(&reader, bytes + ref.at, ref.len);
            assert_non_null(record);
            see_record(&again, record, ref);
        }
        assert_string_equal(text_str(&first.keys), text_str(&again.keys));
        text_free(&first.keys);
        text_free(&again.keys);
    }
}

/* Longer lines than the limit are malformed, however they come; what follows is read. */
static void
test_analytics_cut_passes_over_a_line_that_is_too_long(void **state)
{
    static const char *const ends[] = {"\n", "\r", "\r\n"};

    (void)state;
    for (size_t e = 0; e < COUNT_OF(ends); e++) {
        CLEANUP(text_free) struct text t = {0};
        text_puts(&t, "{\"k\":\"a\"}");
        text_puts(&t, ends[e]);
        text_puts(&t, "{\"k\":\"");
        text_reserve(&t, LOG_LINE_BYTES_MAX + 100);
        memset(t.data + t.len, 'x', LOG_LINE_BYTES_MAX);
        t.len += LOG_LINE_BYTES_MAX;
        text_puts(&t, "\"}");
        text_puts(&t, ends[e]);
        text_puts(&t, "{\"k\":\"b\"}");
        static const size_t pieces[] = {65536, 1000003, SIZE_MAX / 4};
        for (size_t p = 0; p < COUNT_OF(pieces); p++) {
            struct seen seen = {0};
            struct log_stats s = cut_all(t.data, t.len, pieces[p], &seen);
            assert_string_equal(text_str(&seen.keys), "a;b;");
            assert_int_equal(s.malformed, 1);
            assert_true(seen.line[1].at == t.len - 9);
            text_free(&seen.keys);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_cut_at_every_line_end),
        cmocka_unit_test(test_analytics_cut_says_where_a_record_stands),
        cmocka_unit_test(test_analytics_cut_passes_over_a_line_that_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

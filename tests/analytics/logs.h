/*
 * What the tests of the telemetry computations share: a day from texts, and a document as text.
 */
#ifndef TESTS_ANALYTICS_LOGS_H
#define TESTS_ANALYTICS_LOGS_H

#include "tests/lib/check.h"

#include "analytics/artifacts.h"

typedef void artifact(const struct day_view *day, struct doc *out, const char *key);

UNUSED static struct span
span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

UNUSED static struct day *
day_of(const char *date, const char *as_of)
{
    struct day_options options = {.as_of_us = ts_of(span_of(as_of))};

    assert_true(str_copy(options.date, sizeof(options.date), date));
    assert_true(options.as_of_us != TS_NONE);
    return day_new(&options);
}

UNUSED static void
feed(struct day *d, enum day_log log, const char *lines)
{
    day_feed(d, log, lines, strlen(lines));
    day_feed_end(d, log);
}

/* In pieces of a size of our own. */
UNUSED static void
feed_file(struct day *d, enum day_log log, const char *path, size_t piece)
{
    CLEANUP(text_free) struct text bytes = {0};

    check_read_file(path, &bytes);
    for (size_t at = 0; at < bytes.len; at += piece)
        day_feed(d, log, bytes.data + at, MIN(piece, bytes.len - at));
    day_feed_end(d, log);
}

UNUSED static void
document_of(const struct day *d, artifact *write, struct text *to)
{
    struct doc out = {0};

    write(day_look(d), &out, NULL);
    assert_int_equal(doc_close(&out, true, NULL), RC_OK);
    text_add(to, out.text.data, out.text.len);
    doc_free(&out);
}

/* STOCKBOT_SHARED, or the folder beside the source tree. */
UNUSED static const char *
shared_folder(void)
{
    const char *set = getenv("STOCKBOT_SHARED");

    return set != NULL && *set != '\0' ? set : "../shared";
}

#endif

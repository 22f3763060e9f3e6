/*
 * A log of any bytes: cut in pieces or as a whole it gives the same records at the same places,
 * each of which reads again; the counts agree; and a day fed with it writes documents that are
 * JSON.
 */
#include "tests/fuzz/fuzz.h"

#include "analytics/artifacts.h"

struct seen {
    uint64_t records, places, nodes;
    struct piece_reader *again;
    const char *bytes;
};

static void
see(void *self, const struct node *record, struct line_ref line)
{
    struct seen *s = self;

    s->records++;
    s->places = s->places * 31 + line.at + line.len;
    s->nodes += record->size;
    if (s->again == NULL) return;
    const struct node *again = piece_read(s->again, s->bytes + line.at, line.len);
    ASSERT(again != NULL && again->size == record->size);
}

static struct seen
cut_all(const char *bytes, size_t len, size_t piece, struct piece_reader *again)
{
    CLEANUP(piece_reader_done) struct piece_reader reader = {0};
    struct seen s = {.again = again, .bytes = bytes};
    struct cut c = {.record = see, .self = &s, .reader = &reader};

    for (size_t at = 0; at < len; at += piece)
        cut_feed(&c, bytes + at, MIN(piece, len - at));
    cut_end(&c);
    cut_done(&c);
    ASSERT(c.stats.bytes == len && c.stats.records == s.records);
    ASSERT(c.stats.lines == c.stats.records + c.stats.malformed);
    return s;
}

static void
write_documents(const char *bytes, size_t len)
{
    void (*const artifacts[])(const struct day_view *, struct doc *,
                              const char *) = {artifact_feature_equalizer,
                                               artifact_exit_completeness,
                                               artifact_value_curves,
                                               artifact_regime_matrix,
                                               artifact_parity,
                                               artifact_live_vs_shadow};
    struct day_options options = {.date = "2026-01-22", .as_of_us = INT64_C(1769126400000000)};
    struct day *d = day_new(&options);

    for (int i = 0; i < DAY_LOGS; i++)
        day_feed(d, (enum day_log)i, bytes, len);
    day_state(d, DAY_UNIVERSE_V2, bytes, len);
    day_finish(d);
    for (size_t i = 0; i < COUNT_OF(artifacts); i++) {
        CLEANUP(json_line_done) struct json_line line = {0};
        struct doc out = {0};
        artifacts[i](day_look(d), &out, NULL);
        enum rc rc = doc_close(&out, true, NULL);
        ASSERT(rc == RC_OK && json_line_read(&line, out.text.data, out.text.len) != NULL);
        doc_free(&out);
    }
    day_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(piece_reader_done) struct piece_reader again = {0};
    const char *bytes = (const char *)data;
    struct seen whole = cut_all(bytes, size, MAX(size, (size_t)1), &again);
    struct seen pieces = cut_all(bytes, size, size > 0 ? data[0] % 7 + 1 : 1, NULL);

    ASSERT(whole.records == pieces.records && whole.places == pieces.places);
    ASSERT(whole.nodes == pieces.nodes);
    write_documents(bytes, size);
    return 0;
}

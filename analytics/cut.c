#include "analytics/cut.h"

#include <string.h>

#include "analytics/value.h"

void
piece_reader_done(struct piece_reader *r)
{
    json_line_done(&r->line);
    text_free(&r->mended);
}

void
cut_done(struct cut *c)
{
    text_free(&c->pending);
}

/* ---- bytes that are not UTF-8 --------------------------------------------------------------- */

static struct span
mended(struct text *to, struct span s)
{
    text_clear(to);
    for (size_t at = 0; at < s.len;) {
        size_t len = utf8_sequence(s.at + at, s.len - at);
        if (len > 0) {
            text_add(to, s.at + at, len);
        } else {
            len = utf8_damaged(s.at + at, s.len - at);
            text_add(to, "\xEF\xBF\xBD", 3);
        }
        at += len;
    }
    return (struct span){text_str(to), to->len};
}

/* ---- pieces -------------------------------------------------------------------------------- */

static const struct node *
object(const struct node *v)
{
    return node_kind(v) == JSON_OBJECT ? v : NULL;
}

const struct node *
piece_read(struct piece_reader *r, const char *bytes, size_t len)
{
    struct span s = span_trim((struct span){bytes, len});

    if (s.len > LOG_LINE_BYTES_MAX) return NULL;
    const struct node *v = json_line_read(&r->line, s.at, s.len);
    if (v == NULL && !utf8_valid(s.at, s.len)) {
        s = span_trim(mended(&r->mended, s));
        v = json_line_read(&r->line, s.at, s.len);
    }
    return object(v);
}

static void
take_piece(struct cut *c, struct span s, uint64_t at)
{
    if (span_trim(s).len == 0) return;
    const struct node *record = piece_read(c->reader, s.at, s.len);

    c->stats.lines++;
    c->stats.records += record != NULL;
    c->stats.malformed += record == NULL;
    c->piece = s;
    if (record != NULL) c->record(c->self, record, (struct line_ref){at, (uint32_t)s.len});
}

/* Cuts wherever a line ends. */
static void
take_pieces(struct cut *c, struct span s, uint64_t at)
{
    size_t from = 0;

    for (size_t i = 0; i < s.len;) {
        size_t end = line_end(s.at + i, s.len - i);
        if (end > 0) take_piece(c, (struct span){s.at + from, i - from}, at + from);
        i += MAX(end, (size_t)1);
        if (end > 0) from = i;
    }
    take_piece(c, (struct span){s.at + from, s.len - from}, at + from);
}

/* What stood between two LF. */
static void
take_line(struct cut *c, struct span s, uint64_t at)
{
    const struct node *record = NULL;

    if (s.len == 0) return;
    if (s.len <= LOG_LINE_BYTES_MAX) record = object(json_line_read(&c->reader->line, s.at, s.len));
    if (record == NULL || c->reader->line.has_break) {
        take_pieces(c, s, at);
        return;
    }
    c->stats.lines++;
    c->stats.records++;
    c->piece = s;
    c->record(c->self, record, (struct line_ref){at, (uint32_t)s.len});
}

/* ---- the stream ---------------------------------------------------------------------------- */

/* Takes what can be taken of a pending line that is too long; the rest of its last piece is passed
 * over. */
static void
shorten_pending(struct cut *c)
{
    struct span s = {c->pending.data, c->pending.len};
    size_t kept = s.len;

    while (kept > 0 && line_end(s.at + kept - 1, 1) == 0)
        kept--;
    bool is_too_long = s.len - kept > LOG_LINE_BYTES_MAX;
    take_pieces(c, (struct span){s.at, kept}, c->at);
    if (is_too_long) {
        c->stats.lines++;
        c->stats.malformed++;
        c->is_passing = true;
        kept = s.len;
    }
    c->at += kept;
    memmove(c->pending.data, c->pending.data + kept, s.len - kept);
    c->pending.len -= kept;
}

/* Over the rest of a line that is too long; gives how many bytes. */
static size_t
pass_line(struct cut *c, struct span s)
{
    size_t i = 0;

    while (i < s.len && line_end(s.at + i, 1) == 0)
        i++;
    c->is_passing = i == s.len;
    return i;
}

void
cut_feed(struct cut *c, const char *bytes, size_t len)
{
    struct span s = {bytes, len};

    c->stats.bytes += len;
    while (s.len > 0) {
        if (c->is_passing) {
            size_t passed = pass_line(c, s);
            s = (struct span){s.at + passed, s.len - passed};
            c->at += passed;
            continue;
        }
        const char *end = memchr(s.at, '\n', s.len);
        size_t line = end != NULL ? (size_t)(end - s.at) : s.len;
        if (end == NULL || c->pending.len > 0) text_add(&c->pending, s.at, line);
        if (end == NULL) break;
        if (c->pending.len > 0)
            take_line(c, (struct span){c->pending.data, c->pending.len}, c->at);
        else
            take_line(c, (struct span){s.at, line}, c->at);
        c->at += MAX(c->pending.len, line) + 1;
        text_clear(&c->pending);
        s = (struct span){s.at + line + 1, s.len - line - 1};
    }
    if (c->pending.len > LOG_LINE_BYTES_MAX) shorten_pending(c);
}

void
cut_end(struct cut *c)
{
    if (c->pending.len > 0) take_line(c, (struct span){c->pending.data, c->pending.len}, c->at);
    c->at += c->pending.len;
    text_clear(&c->pending);
    c->is_passing = false;
}

#include "telemetry/bundle_internal.h"

enum {
    BLOCK = 64 << 10,
    SEPARATOR_MAX = 3, /* bytes of U+2028 */
    WHOLE_MAX = 4      /* bytes of the longest character */
};

/* Whether a separator may begin with this byte. */
static bool
may_separate(char c)
{
    uint8_t b = (uint8_t)c;

    return b < 0x20 || b == 0xc2 || b == 0xe2;
}

/* ---- where the last lines begin ------------------------------------------------------------ */

struct backwards {
    int64_t size, wanted, found;
    int64_t start;
};

/* Looks at the separators that begin in [from, to) of the file, the last first; true when enough
 * were found.  bytes[0] is the one at from - before. */
static bool
scan_block(struct backwards *s, const struct text *block, int64_t from, int64_t to, size_t before)
{
    for (int64_t at = to - 1; at >= from; at--) {
        size_t i = (size_t)(at - from) + before;

        if (!may_separate(block->data[i])) continue;
        size_t len = line_end(block->data + i, block->len - i);
        if (len == 0) continue;
        if (block->data[i] == '\n' && i > 0 && block->data[i - 1] == '\r')
            continue;                               /* belongs to the CR before it */
        if (at + (int64_t)len == s->size) continue; /* ends the last line: begins none */
        if (++s->found < s->wanted) continue;
        s->start = at + (int64_t)len;
        return true;
    }
    return false;
}

enum rc
tail_start(const struct source *src, int64_t lines, int64_t *ret_offset, struct err *err)
{
    CLEANUP(text_free) struct text block = {0};
    struct backwards s = {.size = src->facts(src->self).bytes, .wanted = lines};
    enum rc rc = RC_OK;

    if (lines <= 0) s.start = s.size;
    for (int64_t to = s.size; lines > 0 && to > 0; to -= MIN(to, BLOCK)) {
        int64_t from = MAX(to - BLOCK, 0);
        size_t before = from > 0 ? 1 : 0;

        rc = src->read_at(src->self, from - (int64_t)before,
                          (size_t)(to - from) + before + SEPARATOR_MAX - 1, &block, err);
        if (rc != RC_OK) return rc;
        if (block.len < (size_t)(to - from) + before) break; /* it was cut meanwhile */
        if (scan_block(&s, &block, from, to, before)) break;
    }
    *ret_offset = s.start;
    return RC_OK;
}

/* ---- the lines ----------------------------------------------------------------------------- */

/* Length of the ordinary characters at the start: one byte each, and none ends a line. */
static size_t
plain_len(const char *bytes, size_t len)
{
    const uint8_t *b = (const uint8_t *)bytes;
    size_t n = 0;

    while (n < len && ((b[n] >= 0x20 && b[n] < 0x80) || b[n] == '\t'))
        n++;
    return n;
}

struct mend {
    struct text to;
    bool is_open; /* the last line has no end yet */
};

/* Takes the bytes in; gives how many, which are all but a few at the end where more may follow. */
static size_t
mend_add(struct mend *m, const struct text *block, bool is_last)
{
    size_t at = 0;

    while (at < block->len && (is_last || block->len - at >= WHOLE_MAX)) {
        size_t plain = plain_len(block->data + at, block->len - at);

        if (plain > 0) {
            text_add(&m->to, block->data + at, plain);
            m->is_open = true;
            at += plain;
            continue;
        }
        const char *here = block->data + at;
        size_t rest = block->len - at, end = line_end(here, rest), whole;

        if (end > 0) {
            text_putc(&m->to, '\n');
            m->is_open = false;
            at += end;
            continue;
        }
        whole = utf8_sequence(here, rest);
        if (whole > 0)
            text_add(&m->to, here, whole);
        else
            text_puts(&m->to, "\xef\xbf\xbd");
        m->is_open = true;
        at += whole > 0 ? whole : utf8_damaged(here, rest);
    }
    if (is_last && m->is_open) text_putc(&m->to, '\n');
    return at;
}

enum rc
tail_read(const struct source *src, int64_t offset,
          enum rc (*put)(void *ctx, const char *bytes, size_t len, struct err *err), void *ctx,
          struct err *err)
{
    CLEANUP(text_free) struct text block = {0};
    struct mend m = {0};
    enum rc rc = RC_OK;

    for (bool is_last = false; rc == RC_OK && !is_last;) {
        rc = src->read_at(src->self, offset, BLOCK, &block, err);
        if (rc != RC_OK) break;
        is_last = offset + (int64_t)block.len >= src->facts(src->self).bytes || block.len < BLOCK;
        text_clear(&m.to);
        offset += (int64_t)mend_add(&m, &block, is_last);
        rc = put(ctx, text_str(&m.to), m.to.len, err);
    }
    text_free(&m.to);
    return rc;
}

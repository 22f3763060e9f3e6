#include "analytics/doc.h"

#include <math.h>
#include <string.h>

#include "analytics/members.h"
#include "analytics/number.h"
#include "base/bytes.h"
#include "base/when.h"

void
doc_free(struct doc *d)
{
    text_free(&d->text);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void
give(struct doc *d)
{
    if (d->rc == RC_OK && d->text.len > 0)
        d->rc = d->sink(d->self, d->text.data, d->text.len, &d->err);
    text_clear(&d->text);
}

/* A new line at a depth, behind the comma of what stands before it. */
static void
new_line(struct doc *d, bool has_comma, int depth)
{
    enum { LEVELS = 8 }; /* at a time: copies of a fixed size need no call */
    static const char blanks[2 * LEVELS + 1] = "                ";

    text_reserve(&d->text, 2 + 2 * (size_t)depth + 2 * LEVELS);
    char *to = d->text.data + d->text.len;
    *to = ',';
    to += has_comma;
    *to++ = '\n';
    for (int i = 0; i < depth; i += LEVELS)
        memcpy(to + 2 * (size_t)i, blanks, 2 * LEVELS);
    to += 2 * (size_t)depth;
    *to = '\0';
    d->text.len = (size_t)(to - d->text.data);
}

/* ---- strings ------------------------------------------------------------------------------- */

static void
unit_write(struct text *to, unsigned unit)
{
    static const char digit[] = "0123456789abcdef";
    char escape[6] = {'\\',
                      'u',
                      digit[unit >> 12 & 15],
                      digit[unit >> 8 & 15],
                      digit[unit >> 4 & 15],
                      digit[unit & 15]};

    text_add(to, escape, sizeof(escape));
}

/* Code point of a character beyond ASCII, a surrogate's three bytes included; gives how many bytes
 * it took. */
static size_t
wide_point(const uint8_t *b, unsigned *ret_point)
{
    if (b[0] < 0xE0) {
        *ret_point = (unsigned)(b[0] & 0x1F) << 6 | (b[1] & 0x3F);
        return 2;
    }
    if (b[0] < 0xF0) {
        *ret_point = (unsigned)(b[0] & 0x0F) << 12 | (unsigned)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
        return 3;
    }
    *ret_point = (unsigned)(b[0] & 0x07) << 18 | (unsigned)(b[1] & 0x3F) << 12 |
                 (unsigned)(b[2] & 0x3F) << 6 | (b[3] & 0x3F);
    return 4;
}

static size_t
wide_write(struct text *to, const char *s, size_t len)
{
    unsigned point = 0;
    char whole[4] = {0};

    memcpy(whole, s, MIN(len, sizeof(whole)));
    size_t took = wide_point((const uint8_t *)whole, &point);
    if (point < 0x10000) {
        unit_write(to, point);
    } else {
        unit_write(to, 0xD800 + ((point - 0x10000) >> 10));
        unit_write(to, 0xDC00 + ((point - 0x10000) & 0x3FF));
    }
    return MIN(took, len);
}

static void
escape_write(struct text *to, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
    const char *named = c != '\0' ? strchr(from, c) : NULL;

    if (named == NULL) {
        unit_write(to, (uint8_t)c);
        return;
    }
    char escape[2] = {'\\', into[named - from]};
    text_add(to, escape, sizeof(escape));
}

static bool
is_plain(char c)
{
    return (uint8_t)c >= 0x20 && (uint8_t)c < 0x7F && c != '"' && c != '\\';
}

/* The first lane with a character that is not plain; 16 where there is none. */
static size_t
plain_lanes(bytes16 b)
{
    return bytes16_first((b < 0x20) | (b == 0x7F) | (b == '"') | (b == '\\'));
}

/* Copies up to the first character that is not plain, sixteen at a time: they are written whole and
 * count as far as they are plain.  to has room for them all. */
static size_t
plain_copy(char *to, struct span s)
{
    size_t at = 0;

    for (; s.len - at >= 16; at += 16) {
        bytes16 b = bytes16_load(s.at + at);
        size_t plain = plain_lanes(b);

        memcpy(to + at, &b, sizeof(b));
        if (plain < 16) return at + plain;
    }
    if (s.len - at >= 8) {
        bytes16 b = bytes16_ends(s.at + at, s.len - at);
        size_t plain = plain_lanes(b);

        memcpy(to + at, &b, 8);
        memcpy(to + s.len - 8, (const char *)&b + 8, 8);
        return plain < 8 ? at + plain : s.len - 16 + plain;
    }
    for (; at < s.len && is_plain(s.at[at]); at++)
        to[at] = s.at[at];
    return at;
}

/* What is left of a string from its first character that is not plain. */
static void
rest_write(struct text *to, struct span s)
{
    for (size_t at = 0; at < s.len;) {
        size_t plain = at;
        while (plain < s.len && is_plain(s.at[plain]))
            plain++;
        text_add(to, s.at + at, plain - at);
        at = plain;
        if (at == s.len) break;
        if ((uint8_t)s.at[at] < 0x80)
            escape_write(to, s.at[at++]);
        else
            at += wide_write(to, s.at + at, s.len - at);
    }
}

/* In quotes; end is what follows the text, the closing quote first. */
static inline void
quoted_write(struct text *to, struct span s, const char *end, size_t end_len)
{
    text_reserve(to, s.len + 1 + end_len);
    to->data[to->len] = '"';
    size_t plain = plain_copy(to->data + to->len + 1, s);
    to->len += plain + 1;
    if (plain < s.len) rest_write(to, (struct span){s.at + plain, s.len - plain});
    text_add(to, end, end_len);
}

static void
string_write(struct text *to, struct span s)
{
    quoted_write(to, s, "\"", 1);
}

static void
key_write(struct text *to, struct span key)
{
    quoted_write(to, key, "\": ", 3);
}

/* ---- structure ----------------------------------------------------------------------------- */

/* What comes before any value: comma, new line and key. */
static void
begin(struct doc *d, const struct span *key)
{
    bool in_object = d->depth > 0 && d->closer[d->depth] == '}';

    ASSERT((key != NULL) == in_object);
    ASSERT(d->depth > 0 || !d->has_member[0]); /* one outermost value */
    if (d->sink != NULL && d->text.len >= DOC_PIECE_BYTES) give(d);
    if (d->depth > 0) new_line(d, d->has_member[d->depth], d->depth);
    if (key != NULL) {
        ASSERT(!d->has_member[d->depth] || span_cmp(d->last_key[d->depth], *key) < 0);
        d->last_key[d->depth] = *key;
        key_write(&d->text, *key);
    }
    d->has_member[d->depth] = true;
}

static struct span
named(const char *key)
{
    return (struct span){key, key != NULL ? strlen(key) : 0};
}

static void
begin_named(struct doc *d, const char *key)
{
    struct span span = named(key);

    begin(d, key != NULL ? &span : NULL);
}

static void
open_level(struct doc *d, char opener, char closer)
{
    ASSERT(d->depth + 1 < DOC_DEPTH_MAX);
    text_putc(&d->text, opener);
    d->depth++;
    d->has_member[d->depth] = false;
    d->closer[d->depth] = closer;
}

void
doc_obj(struct doc *d, const char *key)
{
    begin_named(d, key);
    open_level(d, '{', '}');
}

void
doc_obj_at(struct doc *d, struct span key)
{
    begin(d, &key);
    open_level(d, '{', '}');
}

void
doc_arr(struct doc *d, const char *key)
{
    begin_named(d, key);
    open_level(d, '[', ']');
}

void
doc_arr_at(struct doc *d, struct span key)
{
    begin(d, &key);
    open_level(d, '[', ']');
}

void
doc_end(struct doc *d)
{
    ASSERT(d->depth > 0);
    if (d->has_member[d->depth]) new_line(d, false, d->depth - 1);
    text_putc(&d->text, d->closer[d->depth]);
    d->depth--;
}

enum rc
doc_close(struct doc *d, bool has_newline, struct err *err)
{
    ASSERT(d->depth == 0);
    if (has_newline) text_putc(&d->text, '\n');
    if (d->sink != NULL) give(d);
    if (d->rc == RC_OK) return RC_OK;
    return err_set(err, d->rc, "%s", d->err.text);
}

/* ---- values -------------------------------------------------------------------------------- */

void
doc_span(struct doc *d, const char *key, struct span value)
{
    begin_named(d, key);
    string_write(&d->text, value);
}

void
doc_str(struct doc *d, const char *key, const char *value)
{
    doc_span(d, key, named(value));
}

static void
int_write(struct text *to, int64_t value)
{
    char backwards[24];
    size_t at = sizeof(backwards);
    /* Unsigned: the smallest number has no positive partner. */
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    for (; rest > 0 || at == sizeof(backwards); rest /= 10)
        backwards[--at] = (char)('0' + rest % 10);
    if (value < 0) backwards[--at] = '-';
    text_add(to, backwards + at, sizeof(backwards) - at);
}

void
doc_int(struct doc *d, const char *key, int64_t value)
{
    begin_named(d, key);
    int_write(&d->text, value);
}

void
doc_int_at(struct doc *d, struct span key, int64_t value)
{
    begin(d, &key);
    int_write(&d->text, value);
}

static void
num_write(struct text *to, double value)
{
    char buf[F64_TEXT_MAX];

    text_puts(to, isfinite(value) ? number_text(value, buf) : "null");
}

void
doc_num(struct doc *d, const char *key, double value)
{
    begin_named(d, key);
    num_write(&d->text, value);
}

void
doc_num_at(struct doc *d, struct span key, double value)
{
    begin(d, &key);
    num_write(&d->text, value);
}

void
doc_bool(struct doc *d, const char *key, bool value)
{
    begin_named(d, key);
    text_puts(&d->text, value ? "true" : "false");
}

void
doc_null(struct doc *d, const char *key)
{
    begin_named(d, key);
    text_puts(&d->text, "null");
}

void
doc_instant(struct doc *d, const char *key, int64_t ts_us)
{
    char buf[ISO_TEXT_MAX];

    doc_str(d, key, when_iso_brief(ts_us * NS_PER_US, buf));
}

/* ---- a document that was written, again ---------------------------------------------------- */

void
doc_key(struct doc *d, const char *key)
{
    begin_named(d, key);
}

void
doc_paste(struct doc *d, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end) {
        const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = line_end != NULL ? line_end : end;

        text_add(&d->text, bytes, (size_t)(stop - bytes));
        if (line_end != NULL) new_line(d, false, d->depth);
        bytes = line_end != NULL ? stop + 1 : end;
        if (d->sink != NULL && d->text.len >= DOC_PIECE_BYTES) give(d);
    }
}

/* ---- a value that was read, again ----------------------------------------------------------- */

static void
number_write(struct text *to, struct span written)
{
    bool is_whole = true;

    for (size_t i = 0; i < written.len && is_whole; i++)
        is_whole = (written.at[i] >= '0' && written.at[i] <= '9') || written.at[i] == '-';
    bool is_kept = is_whole ? !span_is(written, "-0") : number_is_shortest(written);
    if (is_kept)
        text_add(to, written.at, written.len); /* whole ones of any length, digit by digit */
    else if (is_whole)
        text_putc(to, '0');
    else
        num_write(to, number_read(written));
}

static void node_write(struct doc *d, const struct node *v, int depth);

static void
array_write(struct doc *d, const struct node *v, int depth)
{
    text_putc(&d->text, '[');
    for (const struct node *e = node_first(v); e != NULL; e = node_after(v, e)) {
        new_line(d, e != node_first(v), depth + 1);
        node_write(d, e, depth + 1);
    }
    if (v->size > 1) new_line(d, false, depth);
    text_putc(&d->text, ']');
}

static void
object_write(struct doc *d, const struct node *v, int depth)
{
    CLEANUP(members_done) struct members m = members_sorted(v);

    text_putc(&d->text, '{');
    for (size_t i = 0; i < m.len; i++) {
        new_line(d, i > 0, depth + 1);
        key_write(&d->text, m.at[i].key);
        node_write(d, m.at[i].value, depth + 1);
    }
    if (m.len > 0) new_line(d, false, depth);
    text_putc(&d->text, '}');
}

/* As deep as the reader allowed. */
static void
node_write(struct doc *d, const struct node *v, int depth)
{
    switch (node_kind(v)) {
    case JSON_OBJECT:
        object_write(d, v, depth);
        break;
    case JSON_ARRAY:
        array_write(d, v, depth);
        break;
    case JSON_STRING:
        string_write(&d->text, node_text(v));
        break;
    case JSON_NUMBER:
        number_write(&d->text, node_text(v));
        break;
    case JSON_BOOL:
        text_add(&d->text, v->at, v->len);
        break;
    case JSON_NULL:
        text_puts(&d->text, "null");
        break;
    }
}

void
doc_node(struct doc *d, const char *key, const struct node *v)
{
    begin_named(d, key);
    node_write(d, v, d->depth);
}

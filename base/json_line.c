#include "base/json_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_internal.h"

struct reader {
    const char *bytes, *at, *end;
    struct json_line *line;
    size_t depth;
    uint32_t open[JSON_LINE_DEPTH_MAX]; /* nodes of the arrays and objects that are open */
};

void
json_line_done(struct json_line *l)
{
    free(l->node);
    text_free(&l->plain);
    *l = (struct json_line){0};
}

static char
peek(const struct reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static void
skip_spaces(struct reader *r)
{
    while (r->at < r->end && (uint8_t)*r->at <= ' ') {
        if (*r->at == '\n' || *r->at == '\r')
            r->line->has_break = true;
        else if (*r->at != ' ' && *r->at != '\t')
            return;
        r->at++;
    }
}

/* None or one blank nearly everywhere. */
static inline void
skip_space(struct reader *r)
{
    if (r->at < r->end && *r->at == ' ') r->at++;
    if (r->at < r->end && (uint8_t)*r->at <= ' ') skip_spaces(r);
}

static void
node_grow(struct json_line *l)
{
    l->cap = MAX(l->cap * 2, (size_t)256);
    struct node *node = realloc(l->node, l->cap * sizeof(*node));
    ASSERT(node != NULL);
    l->node = node;
}

static inline void
node_add(struct json_line *l, enum json_kind kind, const char *at, size_t len)
{
    if (l->nodes == l->cap) node_grow(l);
    l->node[l->nodes++] =
        (struct node){.at = at, .len = (uint32_t)len, .kind = (unsigned)kind & 7U, .size = 1};
}

/* ---- strings ------------------------------------------------------------------------------- */

/* Over the escape at r->at; false where there is none such. */
static bool
pass_escape(struct reader *r)
{
    size_t left = (size_t)(r->end - r->at);

    if (left < 2 || r->at[1] == '\0') return false;
    if (r->at[1] == 'u') {
        if (json_unit_at(r->at, left) < 0) return false;
        r->at += 6;
        return true;
    }
    if (strchr("\"\\/bfnrt", r->at[1]) == NULL) return false;
    r->at += 2;
    return true;
}

/* Over a character beyond ASCII. */
static bool
pass_wide(struct reader *r)
{
    size_t len = utf8_sequence(r->at, (size_t)(r->end - r->at));

    if (len == 2 && memcmp(r->at, "\xC2\x85", 2) == 0) r->line->has_break = true;
    if (len == 3 && memcmp(r->at, "\xE2\x80", 2) == 0 && (uint8_t)(r->at[2] & 0xFE) == 0xA8)
        r->line->has_break = true;
    r->at += len;
    return len > 0;
}

/* The text of a string with escapes, at a place that stays: no text is longer than it is written.
 */
static struct span
resolved(struct reader *r, const char *from, size_t len)
{
    struct text *plain = &r->line->plain;

    if (plain->len == 0) text_reserve(plain, (size_t)(r->end - r->bytes));
    struct span text = {plain->data + plain->len, 0};
    text.len = json_unescape(from, len, plain->data + plain->len);
    plain->len += text.len;
    return text;
}

/* From quote to quote. */
static bool
read_string(struct reader *r)
{
    const char *from = ++r->at;
    bool has_escape = false;

    for (;;) {
        r->at += json_plain_len(r->at, (size_t)(r->end - r->at));
        char b = peek(r);
        if (b == '"') break;
        if (b == '\\')
            has_escape = true;
        else if ((uint8_t)b < 0x80)
            return false; /* a control character, or the end */
        if (b == '\\' ? !pass_escape(r) : !pass_wide(r)) return false;
    }
    struct span text = {from, (size_t)(r->at - from)};
    if (has_escape) text = resolved(r, from, text.len);
    node_add(r->line, JSON_STRING, text.at, text.len);
    r->at++;
    return true;
}

/* ---- numbers and words --------------------------------------------------------------------- */

static size_t
pass_digits(struct reader *r)
{
    const char *from = r->at;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return (size_t)(r->at - from);
}

/* Inline: the length of the word is known where it is asked for. */
static inline bool
take_word(struct reader *r, const char *word, enum json_kind kind)
{
    size_t len = strlen(word);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) return false;
    node_add(r->line, kind, r->at, len);
    r->at += len;
    return true;
}

static bool
read_number(struct reader *r)
{
    const char *from = r->at;

    if (peek(r) == '-') r->at++;
    bool is_zero = peek(r) == '0';
    size_t digits = pass_digits(r);
    if (digits == 0 || (is_zero && digits > 1)) return false;
    if (peek(r) == '.') {
        r->at++;
        if (pass_digits(r) == 0) return false;
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-') r->at++;
        if (pass_digits(r) == 0) return false;
    }
    node_add(r->line, JSON_NUMBER, from, (size_t)(r->at - from));
    return true;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static bool
open_level(struct reader *r, enum json_kind kind)
{
    if (r->depth == JSON_LINE_DEPTH_MAX) return false;
    r->open[r->depth++] = (uint32_t)r->line->nodes;
    node_add(r->line, kind, "", 0);
    r->at++;
    return true;
}

static void
close_level(struct reader *r)
{
    uint32_t first = r->open[--r->depth];

    r->line->node[first].size = (unsigned)(r->line->nodes - first) & ((1U << 29) - 1);
    r->at++;
}

/* A whole scalar, or the opening bracket. */
static bool
read_value(struct reader *r)
{
    switch (peek(r)) {
    case '"':
        return read_string(r);
    case '{':
        return open_level(r, JSON_OBJECT);
    case '[':
        return open_level(r, JSON_ARRAY);
    case 't':
        return take_word(r, "true", JSON_BOOL);
    case 'f':
        return take_word(r, "false", JSON_BOOL);
    case 'n':
        return take_word(r, "null", JSON_NULL);
    case 'N':
        return take_word(r, "NaN", JSON_NUMBER);
    case 'I':
        return take_word(r, "Infinity", JSON_NUMBER);
    case '-':
        return take_word(r, "-Infinity", JSON_NUMBER) || read_number(r);
    default:
        return read_number(r);
    }
}

/* The next member or element of the innermost level, or its end. */
static bool
read_step(struct reader *r)
{
    uint32_t open = r->open[r->depth - 1];
    bool is_object = r->line->node[open].kind == JSON_OBJECT;

    skip_space(r);
    if (peek(r) == (is_object ? '}' : ']')) {
        close_level(r);
        return true;
    }
    if (r->line->nodes > open + 1) {
        if (peek(r) != ',') return false;
        r->at++;
        skip_space(r);
    }
    if (is_object) {
        if (peek(r) != '"' || !read_string(r)) return false;
        skip_space(r);
        if (peek(r) != ':') return false;
        r->at++;
        skip_space(r);
    }
    return read_value(r);
}

const struct node *
json_line_read(struct json_line *l, const char *bytes, size_t len)
{
    struct reader r;

    l->nodes = 0;
    l->has_break = false;
    text_clear(&l->plain);
    if (len > JSON_LINE_BYTES_MAX) return NULL;
    r.bytes = r.at = bytes;
    r.end = bytes + len;
    r.line = l;
    r.depth = 0;

    skip_space(&r);
    bool ok = read_value(&r);
    while (ok && r.depth > 0)
        ok = read_step(&r);
    if (!ok) return NULL;
    bool has_break = l->has_break;
    skip_space(&r); /* a break behind the value is none inside it */
    l->has_break = has_break;
    return r.at == r.end ? &l->node[0] : NULL;
}

/* ---- the nodes ----------------------------------------------------------------------------- */

const struct node *
node_first(const struct node *v)
{
    return v != NULL && v->size > 1 ? v + 1 : NULL;
}

const struct node *
node_after(const struct node *v, const struct node *k)
{
    const struct node *last = v->kind == JSON_OBJECT ? k + 1 : k;
    const struct node *next = last + last->size;

    return next < v + v->size ? next : NULL;
}

const struct node *
node_find(const struct node *v, struct span key)
{
    const struct node *found = NULL;

    if (node_kind(v) != JSON_OBJECT) return NULL;
    /* As node_after, but this is where the readers of logs spend their time. */
    for (const struct node *k = v + 1, *end = v + v->size; k < end; k += 1 + k[1].size) {
        if (k->len == key.len && span_eq(node_text(k), key)) found = k + 1;
    }
    return found;
}

/* Where the search for a key begins. */
static size_t
map_slot(struct span key)
{
    if (key.len == 0) return 0;
    size_t mixed = key.len + 5U * (uint8_t)key.at[0] + 11U * (uint8_t)key.at[key.len / 2] +
                   23U * (uint8_t)key.at[key.len - 1];
    return mixed % NODE_MAP_SLOTS;
}

/* The slot of the key, or the free one where it would stand: there always is one. */
static size_t
map_find(const struct node_map *m, struct span key)
{
    size_t at = map_slot(key);

    while (m->key[at] != 0 && !span_eq(node_text(m->object + m->key[at]), key))
        at = (at + 1) % NODE_MAP_SLOTS;
    return at;
}

const struct node_map *
node_map_fill(struct node_map *m, const struct node *object)
{
    size_t members = 0;

    *m = (struct node_map){.object = object, .is_filled = true};
    if (node_kind(object) != JSON_OBJECT) return m;
    for (const struct node *k = node_first(object); k != NULL; k = node_after(object, k)) {
        m->is_filled = ++members <= NODE_MAP_MEMBERS && k - object <= UINT16_MAX;
        if (!m->is_filled) break;
        m->key[map_find(m, node_text(k))] = (uint16_t)(k - object); /* the last of repeated ones */
    }
    return m;
}

const struct node *
node_map_find(const struct node_map *m, struct span key)
{
    if (!m->is_filled) return node_find(m->object, key);
    uint16_t at = m->key[map_find(m, key)];
    return at != 0 ? m->object + at + 1 : NULL;
}

bool
span_is(struct span s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

int
span_cmp(struct span a, struct span b)
{
    int order = memcmp(a.at, b.at, MIN(a.len, b.len));

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

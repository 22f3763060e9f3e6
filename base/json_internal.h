/*
 * What the JSON sources share.  cJSON builds the tree, but it takes more than RFC 8259 allows, cuts
 * numbers to doubles and stops at words like NaN; so json_check reads the bytes first.
 *
 *   json_check.c  grammar, limits, repeated keys; which numbers a double does not hold
 *   json_fix.c    what has to change in the tree afterwards
 *   json_tree.c   the same tree without the library, in an arena, from checked bytes
 *   json_escape.c escapes to UTF-8
 *
 * cJSON reads numbers with strtod, which obeys the locale: banned.h keeps the program in the "C"
 * locale.
 */
#ifndef BASE_JSON_INTERNAL_H
#define BASE_JSON_INTERNAL_H

#include <cjson/cJSON.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"

/* So many significant digits survive a double in any case. */
enum { JSON_DIGITS_EXACT = 15 };

/* A number whose text says more than its double; ordinal counts the numbers of the document from 0.
 */
struct json_note {
    size_t ordinal;
    size_t at, len;    /* in the bytes as given */
    bool is_rewritten; /* cJSON saw a 0 instead */
};

struct json_check {
    struct text
        rewritten; /* what cJSON shall read instead of the bytes; untouched: the bytes themselves */
    struct json_note *note;
    size_t notes_len, notes_cap;
    bool has_repeats; /* JSON_LOG: an object may have a repeated key */
};

void json_check_done(struct json_check *c);

/* ret_check must be zeroed, and done also after a failure. */
enum rc json_check(const char *bytes, size_t len, enum json_mode mode,
                   const struct json_limits *limits, struct json_check *ret_check,
                   struct err *err) MUST_USE;

/* Gives the noted numbers their text (valuestring, which cJSON leaves free in a number) and their
 * value. */
enum rc json_fix_numbers(cJSON *root, const struct json_check *c, const char *bytes,
                         enum json_mode mode, struct err *err) MUST_USE;
/* Of repeated keys the last value counts, at the place of the first. */
void json_fix_repeats(cJSON *root);

/* ---- json_escape.c ------------------------------------------------------------------------- */

/* The UTF-16 unit of "\\uXXXX" at the start of s; -1 where there is none. */
int json_unit_at(const char *s, size_t len);
bool json_is_high_surrogate(int unit);
bool json_is_low_surrogate(int unit);
/* UTF-8 of a code point; a surrogate is written the same way (three bytes). */
size_t json_utf8_write(int point, char buf[4]);
/* The text of a string whose escapes were checked; gives its length, never more than len.  to may
 * be s. */
size_t json_unescape(const char *s, size_t len, char *to);

/* ---- helpers ------------------------------------------------------------------------------- */

/* "line 3, column 17: " and the words; columns count bytes from 1. */
enum rc json_fail(struct err *err, enum rc code, const char *bytes, size_t at, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

static inline const cJSON *
json_node(const struct json *v)
{
    return (const cJSON *)(const void *)v;
}

/* The first lane that ends or interrupts plain text of a string; 16 where none does. */
static inline size_t
json_plain_lanes(bytes16 b)
{
    return bytes16_first((b < 0x20) | (b == '"') | (b == '\\'));
}

/* Offset of the first byte of s that ends or interrupts plain text of a string, at most len. */
static inline size_t
json_plain_len(const char *s, size_t len)
{
    size_t at = 0;

    for (; len - at >= 16; at += 16) {
        size_t plain = json_plain_lanes(bytes16_load(s + at));

        if (plain < 16) return at + plain;
    }
    if (len - at >= 8) {
        size_t plain = json_plain_lanes(bytes16_ends(s + at, len - at));

        return plain < 8 ? at + plain : len - 16 + plain;
    }
    for (; at < len; at++) {
        uint8_t b = (uint8_t)s[at];
        if (b < 0x20 || b >= 0x80 || b == '"' || b == '\\') break;
    }
    return at;
}

#endif

/*
 * Text that grows, and the few string helpers the C library lacks.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <string.h>

#include "base/compiler.h"

struct text {
    char *data; /* NUL-terminated once anything was added; NULL while empty and untouched */
    size_t len;
    size_t cap;
};

void text_free(struct text *t);              /* as after = {0}; fits CLEANUP(text_free) */
void text_clear(struct text *t);             /* empty, the room is kept */
void text_drop(struct text *t, size_t len);  /* the first so many bytes; at most all of them */
void text_grow(struct text *t, size_t more); /* the rare half of text_reserve() */

/* Room for so many bytes more and the NUL behind them. */
static inline void
text_reserve(struct text *t, size_t more)
{
    if (t->data == NULL || more >= t->cap - t->len) text_grow(t, more);
}

static inline void
text_add(struct text *t, const char *bytes, size_t len)
{
    text_reserve(t, len);
    if (len > 0) memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
}

static inline void
text_putc(struct text *t, char c)
{
    text_reserve(t, 1);
    t->data[t->len++] = c;
    t->data[t->len] = '\0';
}

void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The text as a C string, "" while empty. */
const char *text_str(const struct text *t);

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_eq_nocase(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Copies with cutting; dst is always terminated.  Returns false if something was cut off. */
bool str_copy(char *dst, size_t size, const char *src);
void str_upper(char *s); /* ASCII */
void str_trim(char *s);  /* white space at both ends, in place */

/* A whole decimal integer, optional sign, nothing around it; false outside int64_t. */
bool str_to_i64(const char *s, int64_t *ret_value);

/*
 * A whole decimal or exponent number after trimming white space, independent of the locale (spec 10
 * R0.2, spec 40 0.1): [+-] (digits [. [digits]] | . digits) [e [+-] digits].  False for anything
 * else and for a result that is not finite.
 */
bool str_to_f64(const char *s, double *ret_value);

/* 1/0, true/false, yes/no, y/n, on/off in any case. */
bool str_to_bool(const char *s, bool *ret_value);

/* Bytes of the well-formed UTF-8 sequence at the start, 1..4; 0 where there is none. */
size_t utf8_sequence(const char *bytes, size_t len);

/* Bytes that one U+FFFD replaces where no sequence begins: the longest piece that could have become
 * one, as decoders commonly do; at least 1. */
size_t utf8_damaged(const char *bytes, size_t len);

/* Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
bool utf8_valid(const char *bytes, size_t len);

/*
 * Bytes of the line end that begins here, 0 where none does: LF, CR, CRLF, VT, FF, U+001C, U+001D,
 * U+001E, U+0085, U+2028, U+2029 (spec 40 0.2.1).  Their first bytes begin a character wherever
 * they stand, so text that is damaged elsewhere does not hide one.
 */
size_t line_end(const char *bytes, size_t len);

#endif

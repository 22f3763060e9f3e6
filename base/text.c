#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The text itself */

void
text_free(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

void
text_clear(struct text *t)
{
    t->len = 0;
    if (t->data != NULL) t->data[0] = '\0';
}

void
text_drop(struct text *t, size_t len)
{
    ASSERT(len <= t->len);
    if (len == 0) return;
    memmove(t->data, t->data + len, t->len - len + 1); /* the NUL too */
    t->len -= len;
}

void
text_grow(struct text *t, size_t more)
{
    ASSERT(more < PTRDIFF_MAX / 4 && t->len < PTRDIFF_MAX / 4);
    size_t cap = MAX(MAX(t->len + more + 1, t->cap * 2), (size_t)64);
    char *data = realloc(t->data, cap);
    ASSERT(data != NULL);
    data[t->len] = '\0';
    t->data = data;
    t->cap = cap;
}

void
text_puts(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    ASSERT(len >= 0);

    text_reserve(t, (size_t)len);
    va_start(args, fmt);
    len = vsnprintf(t->data + t->len, (size_t)len + 1, fmt, args);
    va_end(args);
    ASSERT(len >= 0);
    t->len += (size_t)len;
}

const char *
text_str(const struct text *t)
{
    return t->data != NULL ? t->data : "";
}

/* Strings */

bool
str_eq(const char *a, const char *b)
{
    if (a == NULL || b == NULL) return a == b;
    return a[0] == b[0] && strcmp(a, b) == 0; /* names mostly differ in the first letter */
}

bool
str_eq_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL) return a == b;
    return strcasecmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
    size_t len = strlen(s), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(s + len - suffix_len, suffix) == 0;
}

bool
str_copy(char *dst, size_t size, const char *src)
{
    ASSERT(size > 0);
    size_t len = strnlen(src, size);
    bool fits = len < size;

    if (!fits) len = size - 1;
    memmove(dst, src, len);
    dst[len] = '\0';
    return fits;
}

void
str_upper(char *s)
{
    for (; *s != '\0'; s++) {
        if (*s >= 'a' && *s <= 'z') *s = (char)(*s - 'a' + 'A');
    }
}

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void
str_trim(char *s)
{
    size_t from = 0, len = strlen(s);

    while (len > 0 && is_blank(s[len - 1]))
        len--;
    while (from < len && is_blank(s[from]))
        from++;
    memmove(s, s + from, len - from);
    s[len - from] = '\0';
}

/* Values */

bool
str_to_i64(const char *s, int64_t *ret_value)
{
    int64_t value = 0;
    bool negative = *s == '-';

    if (*s == '-' || *s == '+') s++;
    if (!is_digit(*s)) return false;
    for (; is_digit(*s); s++) {
        int digit =
            negative ? '0' - *s : *s - '0'; /* downwards, because INT64_MIN has no positive twin */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    if (*s != '\0') return false;
    *ret_value = value;
    return true;
}

/* The end of the number that starts at s, or NULL. */
static const char *
number_end(const char *s)
{
    size_t digits = 0;

    if (*s == '-' || *s == '+') s++;
    for (; is_digit(*s); s++)
        digits++;
    if (*s == '.') s++;
    for (; is_digit(*s); s++)
        digits++;
    if (digits == 0) return NULL;
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '-' || *s == '+') s++;
        if (!is_digit(*s)) return NULL;
        while (is_digit(*s))
            s++;
    }
    return s;
}

bool
str_to_f64(const char *s, double *ret_value)
{
    while (is_blank(*s))
        s++;
    const char *end = number_end(s);
    if (end == NULL) return false;
    for (const char *rest = end; *rest != '\0'; rest++) {
        if (!is_blank(*rest)) return false;
    }

    /* banned.h keeps the program in the "C" locale, where strtod reads the point that was checked
     * above. */
    char *stop = NULL;
    double value = strtod(s, &stop);
    if (stop != end || !isfinite(value)) return false;
    *ret_value = value;
    return true;
}

bool
str_to_bool(const char *s, bool *ret_value)
{
    static const char *const words[][2] = {
        {"1",    "0"    },
        {"true", "false"},
        {"yes",  "no"   },
        {"y",    "n"    },
        {"on",   "off"  }
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcasecmp(s, words[i][0]) == 0)
            *ret_value = true;
        else if (strcasecmp(s, words[i][1]) == 0)
            *ret_value = false;
        else
            continue;
        return true;
    }
    return false;
}

/* UTF-8 */

size_t
utf8_sequence(const char *bytes, size_t len)
{
    const uint8_t *b = (const uint8_t *)bytes;
    uint8_t low = 0x80,
            high = 0xBF; /* bounds of the second byte: no overlong form, surrogate, > U+10FFFF */
    size_t need = 0;

    if (len == 0) return 0;
    if (b[0] < 0x80) return 1;
    if (b[0] >= 0xC2 && b[0] <= 0xDF)
        need = 2;
    else if (b[0] >= 0xE0 && b[0] <= 0xEF)
        need = 3;
    else if (b[0] >= 0xF0 && b[0] <= 0xF4)
        need = 4;
    if (need == 0 || need > len) return 0;

    if (b[0] == 0xE0) low = 0xA0;
    if (b[0] == 0xED) high = 0x9F;
    if (b[0] == 0xF0) low = 0x90;
    if (b[0] == 0xF4) high = 0x8F;
    if (b[1] < low || b[1] > high) return 0;
    for (size_t i = 2; i < need; i++) {
        if (b[i] < 0x80 || b[i] > 0xBF) return 0;
    }
    return need;
}

/* Eight bytes of one each: most text is ASCII. */
static size_t
ascii_len(const char *bytes, size_t len)
{
    size_t at = 0;
    uint64_t w = 0;

    for (; len - at >= sizeof(w); at += sizeof(w)) {
        memcpy(&w, bytes + at, sizeof(w));
        if ((w & UINT64_C(0x8080808080808080)) != 0) break;
    }
    return at;
}

bool
utf8_valid(const char *bytes, size_t len)
{
    for (size_t at = 0, n = 0; at < len; at += n) {
        at += ascii_len(bytes + at, len - at);
        if (at == len) break;
        n = utf8_sequence(bytes + at, len - at);
        if (n == 0) return false;
    }
    return true;
}

size_t
utf8_damaged(const char *bytes, size_t len)
{
    const uint8_t *b = (const uint8_t *)bytes;
    uint8_t low = 0x80, high = 0xbf;
    size_t want = 0, n = 1;

    if (b[0] >= 0xc2 && b[0] <= 0xdf) want = 2;
    if (b[0] >= 0xe0 && b[0] <= 0xef) want = 3;
    if (b[0] >= 0xf0 && b[0] <= 0xf4) want = 4;
    if (b[0] == 0xe0) low = 0xa0;  /* no overlong forms */
    if (b[0] == 0xed) high = 0x9f; /* no surrogates */
    if (b[0] == 0xf0) low = 0x90;
    if (b[0] == 0xf4) high = 0x8f; /* nothing above U+10FFFF */
    for (; n < want && n < len && b[n] >= low && b[n] <= high; n++) {
        low = 0x80;
        high = 0xbf;
    }
    return n;
}

size_t
line_end(const char *bytes, size_t len)
{
    const uint8_t *b = (const uint8_t *)bytes;

    if (len == 0) return 0;
    if (b[0] == '\r') return len > 1 && b[1] == '\n' ? 2 : 1;
    if ((b[0] >= '\n' && b[0] <= '\f') || (b[0] >= 0x1c && b[0] <= 0x1e)) return 1;
    if (b[0] == 0xc2 && len > 1 && b[1] == 0x85) return 2;
    if (b[0] == 0xe2 && len > 2 && b[1] == 0x80 && (b[2] == 0xa8 || b[2] == 0xa9)) return 3;
    return 0;
}

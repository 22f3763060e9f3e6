#include "base/json_internal.h"

#include <string.h>

int
json_unit_at(const char *s, size_t len)
{
    int unit = 0;

    if (len < 6 || s[0] != '\\' || s[1] != 'u') return -1;
    for (size_t i = 2; i < 6; i++) {
        char d = s[i];
        int digit = 0;
        if (d >= '0' && d <= '9')
            digit = d - '0';
        else if (d >= 'a' && d <= 'f')
            digit = d - 'a' + 10;
        else if (d >= 'A' && d <= 'F')
            digit = d - 'A' + 10;
        else
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

bool
json_is_high_surrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

bool
json_is_low_surrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

size_t
json_utf8_write(int point, char buf[4])
{
    if (point < 0x80) {
        buf[0] = (char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const int lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        buf[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    buf[0] = (char)(lead[len] | point);
    return len;
}

/* The code point of the \u escape at s, both halves of a pair; gives how many bytes it took. */
static size_t
point_at(const char *s, size_t len, int *ret_point)
{
    int high = json_unit_at(s, len);
    int low = json_is_high_surrogate(high) ? json_unit_at(s + 6, len - 6) : -1;

    *ret_point = high;
    if (!json_is_low_surrogate(low)) return 6;
    *ret_point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

size_t
json_unescape(const char *s, size_t len, char *to)
{
    static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
    size_t at = 0, n = 0;

    while (at < len) {
        char kind = s[at] == '\\' ? s[at + 1] : '\0';
        if (kind == 'u') {
            char utf8[4];
            int point = 0;
            at += point_at(s + at, len - at, &point);
            size_t bytes = json_utf8_write(point, utf8);
            memcpy(to + n, utf8, bytes);
            n += bytes;
            continue;
        }
        const char *named = kind != '\0' ? strchr(from, kind) : NULL;
        char b = named != NULL ? into[named - from] : kind != '\0' ? kind : s[at];
        at += kind != '\0' ? 2 : 1;
        to[n++] = b;
    }
    return n;
}

#include "base/json_internal.h"

#include <string.h>

enum { SCAN_DEPTH_MAX = 512 };

static char
peek(const struct json_scan *s)
{
    return s->at < s->len ? s->bytes[s->at] : '\0';
}

static bool
is_space(char b)
{
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
}

static void
skip_space(struct json_scan *s)
{
    while (s->at < s->len && is_space(s->bytes[s->at]))
        s->at++;
}

static enum rc
fail(const struct json_scan *s, const char *what, struct err *err)
{
    return json_fail(err, RC_PARSE, s->bytes, s->at, "%s", what);
}

/* From the byte behind the opening quote to the byte behind the closing one; false at the end of
 * the bytes.
 */
static bool
skip_string(struct json_scan *s)
{
    const char *p = s->bytes + s->at, *end = s->bytes + s->len;

    for (;;) {
        while (end - p >= 16) {
            bytes16 b = bytes16_load(p);
            size_t plain = bytes16_first((b == '"') | (b == '\\'));

            p += plain;
            if (plain < 16) break;
        }
        while (p < end && *p != '"' && *p != '\\')
            p++;
        if (p < end && *p == '"') {
            s->at = (size_t)(p - s->bytes) + 1;
            return true;
        }
        if (end - p < 2) break;
        p += 2; /* a backslash and what it escapes */
    }
    s->at = s->len;
    return false;
}

/* From the opening bracket to the byte behind the one that closes it. */
static enum rc
skip_nested(struct json_scan *s, struct err *err)
{
    char closer[SCAN_DEPTH_MAX] = {0};
    size_t depth = 0;

    for (; s->at < s->len; s->at++) {
        char b = s->bytes[s->at];
        if (b == '"') {
            s->at++;
            if (!skip_string(s)) return fail(s, "string without an end", err);
            s->at--;
        } else if (b == '{' || b == '[') {
            if (depth == SCAN_DEPTH_MAX)
                return json_fail(err, RC_RANGE, s->bytes, s->at, "nested too deeply");
            closer[depth++] = b == '{' ? '}' : ']';
        } else if (b == '}' || b == ']') {
            if (depth == 0 || closer[--depth] != b) return fail(s, "brackets do not match", err);
            if (depth > 0) continue;
            s->at++;
            return RC_OK;
        }
    }
    return fail(s, "bracket without an end", err);
}

static enum rc
skip_value(struct json_scan *s, struct err *err)
{
    size_t from = s->at;
    char b = peek(s);

    if (b == '{' || b == '[') return skip_nested(s, err);
    if (b == '"') {
        s->at++;
        return skip_string(s) ? RC_OK : fail(s, "string without an end", err);
    }
    while (s->at < s->len && !is_space(s->bytes[s->at]) &&
           strchr(",:\"{}[]", s->bytes[s->at]) == NULL)
        s->at++;
    return s->at > from ? RC_OK : fail(s, "a value should be here", err);
}

static enum rc
scan_key(struct json_scan *s, struct json_span *span, struct err *err)
{
    if (peek(s) != '"') return fail(s, "a key should be here", err);
    s->at++;
    span->key = s->bytes + s->at;
    if (!skip_string(s)) return fail(s, "string without an end", err);
    span->key_len = (size_t)(s->bytes + s->at - span->key) - 1;
    skip_space(s);
    if (peek(s) != ':') return fail(s, "a colon should be here", err);
    s->at++;
    skip_space(s);
    span->value = s->bytes + s->at;
    return RC_OK;
}

static enum rc
scan_end(struct json_scan *s, struct err *err)
{
    s->at++;
    skip_space(s);
    if (s->at < s->len) return fail(s, "text behind the object", err);
    return err_set(err, RC_NOT_FOUND, "no more members");
}

void
json_scan_init(struct json_scan *s, const char *bytes, size_t len)
{
    *s = (struct json_scan){.bytes = bytes, .len = len};
}

enum rc
json_scan_key(struct json_scan *s, struct json_span *ret_span, struct err *err)
{
    struct json_span span = {0};

    skip_space(s);
    if (s->started) {
        if (peek(s) == '}') return scan_end(s, err);
        if (peek(s) != ',') return fail(s, "a comma or } should be here", err);
        s->at++;
        skip_space(s);
    } else {
        if (peek(s) != '{') return fail(s, "an object should be here", err);
        s->at++;
        skip_space(s);
        if (peek(s) == '}') return scan_end(s, err);
    }
    s->started = true;
    enum rc rc = scan_key(s, &span, err);
    if (rc == RC_OK) *ret_span = span;
    return rc;
}

enum rc
json_scan_value(struct json_scan *s, struct json_span *span, struct err *err)
{
    enum rc rc = skip_value(s, err);

    span->value_len = (size_t)(s->bytes + s->at - span->value);
    return rc;
}

void
json_scan_pass(struct json_scan *s, struct json_span *span, size_t len)
{
    ASSERT(len <= s->len - s->at);
    s->at += len;
    span->value_len = len;
}

enum rc
json_scan_next(struct json_scan *s, struct json_span *ret_span, struct err *err)
{
    struct json_span span = {0};
    enum rc rc = json_scan_key(s, &span, err);

    if (rc == RC_OK) rc = json_scan_value(s, &span, err);
    if (rc == RC_OK) *ret_span = span;
    return rc;
}

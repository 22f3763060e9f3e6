#include "base/json_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum {
    DEPTH_LIMIT = 1000,    /* cJSON's own */
    CJSON_NUMBER_MAX = 62, /* longer ones do not fit its buffer */
    FEW_KEYS = 8           /* up to here comparing all with all is the fastest */
};

/* One key of an object that is still open. */
struct key_mark {
    uint64_t hash; /* of the text with its escapes resolved */
    size_t at, len;
    bool has_escape;
};

struct level {
    char closer;
    size_t members;
    size_t first_key; /* keys of an open object stand at the end of checker.key: inner ones went at
                         their end */
};

struct slot {
    uint32_t round; /* the object this slot was last used for */
    uint32_t key;
};

struct checker {
    const char *bytes;
    size_t at, len;
    enum json_mode mode;
    struct json_check *out;
    size_t copied; /* bytes before here are in out->rewritten, if that was begun */
    size_t numbers;

    struct level *level;
    size_t depth, depth_max, levels_cap;
    struct key_mark *key;
    size_t keys_len, keys_cap;
    struct slot *slot; /* hash table over the keys of the object that closes */
    size_t slots_len;
    uint32_t round;

    enum rc rc;
    struct err *err;
};

/* ---- helpers ------------------------------------------------------------------------------- */

enum rc
json_fail(struct err *err, enum rc code, const char *bytes, size_t at, const char *fmt, ...)
{
    size_t line = 1, line_start = 0;
    char words[ERR_TEXT_MAX];
    va_list args;

    if (err == NULL) return code; /* nobody asks for the line */
    for (size_t i = 0; i < at; i++) {
        if (bytes[i] != '\n') continue;
        line++;
        line_start = i + 1;
    }
    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    return err_set(err, code, "line %zu, column %zu: %s", line, at - line_start + 1, words);
}

/* Remembers what is wrong at an offset and ends the walk. */
#define FAIL(c, code, where, ...)                                                                  \
    ((c)->rc = json_fail((c)->err, (code), (c)->bytes, (where), __VA_ARGS__))

/* Room for one more at the end of an array that grows. */
static void *
grown(void *array, size_t len, size_t *cap, size_t size)
{
    if (len < *cap) return array;
    *cap = MAX(*cap * 2, (size_t)16);
    void *bigger = realloc(array, *cap * size);
    ASSERT(bigger != NULL);
    return bigger;
}

/* A NUL stands for the end: in the bytes themselves it is wrong wherever this is asked. */
static char
peek(const struct checker *c)
{
    return c->at < c->len ? c->bytes[c->at] : '\0';
}

static void
skip_space(struct checker *c)
{
    while (c->at < c->len) {
        char b = c->bytes[c->at];
        if (b != ' ' && b != '\n' && b != '\r' && b != '\t') break;
        c->at++;
    }
}

/* cJSON shall read other bytes in place of [from, c->at). */
static void
rewrite(struct checker *c, size_t from, const char *other, size_t other_len)
{
    text_add(&c->out->rewritten, c->bytes + c->copied, from - c->copied);
    text_add(&c->out->rewritten, other, other_len);
    c->copied = c->at;
}

/* ---- strings ------------------------------------------------------------------------------- */

static void
check_unicode_escape(struct checker *c)
{
    size_t from = c->at;
    int unit = json_unit_at(c->bytes + from, c->len - from);
    bool is_lone = json_is_low_surrogate(unit);
    char utf8[4];

    if (unit < 0) {
        FAIL(c, RC_PARSE, from, "\\u wants four hexadecimal digits");
        return;
    }
    c->at += 6;
    if (json_is_high_surrogate(unit)) {
        if (json_is_low_surrogate(json_unit_at(c->bytes + c->at, c->len - c->at)))
            c->at += 6;
        else
            is_lone = true;
    }
    if (!is_lone && unit != 0) return;
    if (c->mode == JSON_STRICT) {
        FAIL(c, RC_PARSE, from, is_lone ? "half a surrogate pair" : "NUL in a string");
        return;
    }
    /* Kept as the three bytes that its code would have.  A C string cannot hold a NUL. */
    rewrite(c, from, utf8, json_utf8_write(is_lone ? unit : 0xFFFD, utf8));
}

static void
check_escape(struct checker *c)
{
    char kind = c->at + 1 < c->len ? c->bytes[c->at + 1] : '\0';

    if (kind == 'u')
        check_unicode_escape(c);
    else if (kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL)
        c->at += 2;
    else
        FAIL(c, RC_PARSE, c->at, "unknown escape in a string");
}

static void
check_beyond_ascii(struct checker *c)
{
    size_t sequence = utf8_sequence(c->bytes + c->at, c->len - c->at);

    if (sequence > 0) {
        c->at += sequence;
    } else if (c->mode == JSON_STRICT) {
        FAIL(c, RC_PARSE, c->at, "invalid UTF-8");
    } else {
        c->at++;
        rewrite(c, c->at - 1, "\xEF\xBF\xBD", 3);
    }
}

/* From quote to quote; ret_key tells where and what it is. */
static void
check_string(struct checker *c, struct key_mark *ret_key)
{
    size_t opening = c->at++;
    bool has_escape = false;

    while (c->rc == RC_OK) {
        c->at += json_plain_len(c->bytes + c->at, c->len - c->at);
        char b = peek(c);
        if (b == '"') break;
        has_escape = has_escape || b == '\\';
        if (c->at >= c->len)
            FAIL(c, RC_PARSE, opening, "string without an end");
        else if (b == '\\')
            check_escape(c);
        else if ((uint8_t)b < 0x20)
            FAIL(c, RC_PARSE, c->at, "control character in a string");
        else
            check_beyond_ascii(c);
    }
    *ret_key =
        (struct key_mark){.at = opening + 1, .len = c->at - opening - 1, .has_escape = has_escape};
    c->at++;
}

/* ---- repeated keys ------------------------------------------------------------------------- */

/* The text of a key whose escapes were checked already. */
static void
key_resolve(const struct checker *c, const struct key_mark *k, struct text *to)
{
    text_reserve(to, k->len + 1);
    to->len = json_unescape(c->bytes + k->at, k->len, to->data);
    to->data[to->len] = '\0';
}

static void
key_hash(const struct checker *c, struct key_mark *k)
{
    if (!k->has_escape) {
        k->hash = hash_bytes(c->bytes + k->at, k->len, 0);
        return;
    }
    CLEANUP(text_free) struct text resolved = {0};
    key_resolve(c, k, &resolved);
    k->hash = hash_bytes(text_str(&resolved), resolved.len, 0);
}

static bool
key_equal(const struct checker *c, const struct key_mark *a, const struct key_mark *b)
{
    if (a->hash != b->hash) return false;
    if (!a->has_escape && !b->has_escape) {
        return a->len == b->len && memcmp(c->bytes + a->at, c->bytes + b->at, a->len) == 0;
    }
    CLEANUP(text_free) struct text left = {0};
    CLEANUP(text_free) struct text right = {0};
    key_resolve(c, a, &left);
    key_resolve(c, b, &right);
    return str_eq(text_str(&left), text_str(&right));
}

static bool
note_if_equal(struct checker *c, const struct key_mark *earlier, const struct key_mark *later)
{
    if (!key_equal(c, earlier, later)) return false;
    c->out->has_repeats = true;
    if (c->mode == JSON_STRICT) {
        FAIL(c, RC_PARSE, later->at - 1, "duplicate key \"%.*s\"", (int)MIN(later->len, 60U),
             c->bytes + later->at);
    }
    return true;
}

/* Many keys: a table with open addressing, whose slots are stamped so that it need not be cleared.
 */
static void
check_many_keys(struct checker *c, const struct key_mark *key, size_t n)
{
    if (c->slots_len < 2 * n) {
        while (c->slots_len < 2 * n)
            c->slots_len = MAX(c->slots_len * 2, (size_t)64);
        free(c->slot);
        c->slot = calloc(c->slots_len, sizeof(*c->slot));
        ASSERT(c->slot != NULL);
        c->round = 0;
    }
    c->round++;
    for (size_t i = 0; i < n && c->rc == RC_OK; i++) {
        size_t at = (size_t)key[i].hash & (c->slots_len - 1);
        bool is_repeat = false;
        while (c->slot[at].round == c->round && !is_repeat) {
            is_repeat = note_if_equal(c, &key[c->slot[at].key], &key[i]);
            at = (at + 1) & (c->slots_len - 1);
        }
        if (!is_repeat) c->slot[at] = (struct slot){c->round, (uint32_t)i};
    }
}

static void
check_keys(struct checker *c, const struct key_mark *key, size_t n)
{
    if (n > FEW_KEYS) {
        check_many_keys(c, key, n);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < i && c->rc == RC_OK; j++)
            note_if_equal(c, &key[j], &key[i]);
    }
}

/* ---- numbers and words --------------------------------------------------------------------- */

static void
note_number(struct checker *c, size_t from, bool is_rewritten)
{
    struct json_check *out = c->out;

    out->note = grown(out->note, out->notes_len, &out->notes_cap, sizeof(*out->note));
    out->note[out->notes_len++] = (struct json_note){c->numbers, from, c->at - from, is_rewritten};
    if (is_rewritten) rewrite(c, from, "0", 1);
}

static size_t
skip_digits(struct checker *c)
{
    size_t from = c->at;

    while (c->at < c->len && c->bytes[c->at] >= '0' && c->bytes[c->at] <= '9')
        c->at++;
    return c->at - from;
}

static bool
are_zeros(const char *digits, size_t len)
{
    size_t i = 0;

    while (i < len && digits[i] == '0')
        i++;
    return i == len;
}

static void
check_number(struct checker *c)
{
    size_t from = c->at;
    bool has_exponent = false, is_pointed_whole = false; /* 3.0: not what 3 is */

    if (peek(c) == '-') c->at++;
    bool is_zero = peek(c) == '0';
    size_t digits = skip_digits(c);
    bool ok = digits == 1 || (digits > 1 && !is_zero);
    if (ok && peek(c) == '.') {
        c->at++;
        size_t decimals = skip_digits(c);
        digits += decimals; /* leading zeros count too: a note too many does no harm */
        ok = decimals > 0;
        is_pointed_whole = are_zeros(c->bytes + c->at - decimals, decimals);
    }
    if (ok && (peek(c) == 'e' || peek(c) == 'E')) {
        has_exponent = true;
        c->at++;
        if (peek(c) == '+' || peek(c) == '-') c->at++;
        ok = skip_digits(c) > 0;
    }
    if (!ok) {
        FAIL(c, RC_PARSE, from, "malformed number");
        return;
    }
    if (has_exponent || is_pointed_whole || digits > JSON_DIGITS_EXACT)
        note_number(c, from, c->at - from > CJSON_NUMBER_MAX);
    c->numbers++;
}

static bool
take_word(struct checker *c, const char *word)
{
    size_t len = strlen(word);

    if (c->len - c->at < len || memcmp(c->bytes + c->at, word, len) != 0) return false;
    c->at += len;
    return true;
}

static bool
take_not_finite(struct checker *c)
{
    size_t from = c->at;

    if (c->mode != JSON_LOG) return false;
    if (!take_word(c, "NaN") && !take_word(c, "Infinity") && !take_word(c, "-Infinity"))
        return false;
    note_number(c, from, true);
    c->numbers++;
    return true;
}

/* ---- the document -------------------------------------------------------------------------- */

static void
open_level(struct checker *c, char closer)
{
    if (c->depth >= c->depth_max) {
        FAIL(c, RC_RANGE, c->at, "nested deeper than %zu levels", c->depth_max);
        return;
    }
    c->level = grown(c->level, c->depth, &c->levels_cap, sizeof(*c->level));
    c->level[c->depth++] = (struct level){.closer = closer, .first_key = c->keys_len};
    c->at++;
}

static void
close_level(struct checker *c)
{
    const struct level *l = &c->level[--c->depth];

    c->at++;
    if (c->keys_len > l->first_key)
        check_keys(c, c->key + l->first_key, c->keys_len - l->first_key);
    c->keys_len = l->first_key;
}

/* A whole scalar, or the opening bracket of an array or object. */
static void
check_value(struct checker *c)
{
    struct key_mark unused;
    char b = peek(c);

    if (b == '"')
        check_string(c, &unused);
    else if (b == '{')
        open_level(c, '}');
    else if (b == '[')
        open_level(c, ']');
    else if (take_not_finite(c) || take_word(c, "true") || take_word(c, "false") ||
             take_word(c, "null"))
        return;
    else if (b == '-' || (b >= '0' && b <= '9'))
        check_number(c);
    else if (c->at >= c->len)
        FAIL(c, RC_PARSE, c->at, "the text ends where a value should be");
    else
        FAIL(c, RC_PARSE, c->at, "not a value");
}

static void
check_key(struct checker *c)
{
    if (peek(c) != '"') {
        FAIL(c, RC_PARSE, c->at, "a key should be here");
        return;
    }
    c->key = grown(c->key, c->keys_len, &c->keys_cap, sizeof(*c->key));
    size_t copied = c->copied;
    check_string(c, &c->key[c->keys_len]);
    if (c->rc != RC_OK) return;
    if (c->copied != copied)
        c->out->has_repeats = true; /* two keys may have been rewritten to the same */
    key_hash(c, &c->key[c->keys_len++]);
    skip_space(c);
    if (peek(c) != ':') {
        FAIL(c, RC_PARSE, c->at, "a colon should be here");
        return;
    }
    c->at++;
    skip_space(c);
}

/* The next member or element of the innermost level, or its end. */
static void
check_step(struct checker *c)
{
    struct level *l = &c->level[c->depth - 1];

    skip_space(c);
    if (peek(c) == l->closer) {
        close_level(c);
        return;
    }
    if (l->members++ > 0) {
        if (peek(c) != ',') {
            FAIL(c, RC_PARSE, c->at, "a comma or %c should be here", l->closer);
            return;
        }
        c->at++;
        skip_space(c);
    }
    if (l->closer == '}') check_key(c);
    if (c->rc == RC_OK) check_value(c);
}

void
json_check_done(struct json_check *c)
{
    text_free(&c->rewritten);
    free(c->note);
    *c = (struct json_check){0};
}

enum rc
json_check(const char *bytes, size_t len, enum json_mode mode, const struct json_limits *limits,
           struct json_check *ret_check, struct err *err)
{
    if (len > limits->bytes_max) {
        return err_set(err, RC_RANGE, "%zu bytes of JSON, more than %zu", len, limits->bytes_max);
    }
    struct checker c = {
        .bytes = bytes,
        .len = len,
        .mode = mode,
        .out = ret_check,
        .depth_max = (size_t)MIN(limits->depth_max, DEPTH_LIMIT),
        .err = err,
    };

    skip_space(&c);
    check_value(&c);
    while (c.rc == RC_OK && c.depth > 0)
        check_step(&c);
    skip_space(&c);
    if (c.rc == RC_OK && c.at < len) FAIL(&c, RC_PARSE, c.at, "text behind the value");
    if (c.copied > 0) text_add(&ret_check->rewritten, bytes + c.copied, len - c.copied);

    free(c.level);
    free(c.key);
    free(c.slot);
    return c.rc;
}

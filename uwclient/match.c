#include "uwclient/match.h"

#include <strings.h>

#include "model/symbol.h"

struct segments {
    const char *at[SPEC_SEGMENTS_MAX];
    size_t len[SPEC_SEGMENTS_MAX];
    size_t n;
};

/* Splits "/a/b" into a, b; false where a segment is empty or there are too many. */
static bool
split(const char *path, struct segments *ret_segments)
{
    struct segments s = {0};

    if (*path != '/') return false;
    while (*path == '/') {
        path++;
        size_t len = strcspn(path, "/");
        if (len == 0 || s.n == SPEC_SEGMENTS_MAX) return false;
        s.at[s.n] = path;
        s.len[s.n++] = len;
        path += len;
    }
    *ret_segments = s;
    return true;
}

static bool
is_placeholder(const char *segment, size_t len)
{
    return len >= 2 && segment[0] == '{' && segment[len - 1] == '}';
}

static bool
same(const struct segments *a, const struct segments *b, size_t i)
{
    return a->len[i] == b->len[i] && memcmp(a->at[i], b->at[i], a->len[i]) == 0;
}

static bool
fits(const struct segments *template, const struct segments *path)
{
    if (template->n != path->n) return false;
    for (size_t i = 0; i < template->n; i++) {
        if (!is_placeholder(template->at[i], template->len[i]) && !same(template, path, i))
            return false;
    }
    return true;
}

/*
 * False where fits() would be: compares as far as the two are alike, without splitting the
 * template. Nearly every row of the description ends here.
 */
static bool
may_fit(const char *template, const struct segments *path)
{
    for (size_t i = 0; i < path->n; i++) {
        if (*template ++ != '/') return false;
        if (*template == '{') {
            template += strcspn(template, "/");
            continue;
        }
        if (strncmp(template, path->at[i], path->len[i]) != 0) return false;
        template += path->len[i];
    }
    return *template == '\0';
}

/* A bit for each segment, the leftmost highest: set where the template has a literal. */
static uint32_t
literals(const struct segments *template)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < template->n; i++) {
        if (!is_placeholder(template->at[i], template->len[i])) bits |= UINT32_C(1) << (31 - i);
    }
    return bits;
}

static bool
is_more_literal(uint32_t a, uint32_t b)
{
    int more = __builtin_popcount(a) - __builtin_popcount(b);
    return more != 0 ? more > 0 : a > b;
}

static const struct spec_op *
resolve(const struct spec *s, const struct segments *path)
{
    const struct spec_op *best = NULL;
    uint32_t best_bits = 0;

    for (size_t i = 0; i < s->ops_len; i++) {
        struct segments template;
        if (!may_fit(s->ops[i].path, path)) continue;
        if (!split(s->ops[i].path, &template) || !fits(&template, path)) continue;
        uint32_t bits = literals(&template);
        if (best != NULL && !is_more_literal(bits, best_bits)) continue;
        best = &s->ops[i];
        best_bits = bits;
    }
    return best;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Once, never twice: "%2541" is "%41".  False for a broken escape and for a value that does not
 * fit. */
static bool
percent_decode(const char *from, size_t len, char ret_value[MATCH_VALUE_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = from[i];
        if (c == '%') {
            if (len - i < 3) return false;
            int high = hex_digit(from[i + 1]), low = hex_digit(from[i + 2]);
            if (high < 0 || low < 0) return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (n + 1 >= MATCH_VALUE_MAX || (unsigned char)c < 0x20 || c == 0x7f) return false;
        ret_value[n++] = c;
    }
    ret_value[n] = '\0';
    return true;
}

bool
match_is_sector(const char *name)
{
    static const char *const sectors[] = {
        "Basic Materials",
        "Communication Services",
        "Consumer Cyclical",
        "Consumer Defensive",
        "Energy",
        "Financial Services",
        "Healthcare",
        "Industrials",
        "Real Estate",
        "Technology",
        "Utilities",
    };
    for (size_t i = 0; i < COUNT_OF(sectors); i++) {
        if (str_eq(sectors[i], name)) return true;
    }
    return false;
}

static bool
value_is_allowed(const char *name, const char *value)
{
    if (str_eq(name, "ticker") || str_eq(name, "symbol")) return symbol_valid(value);
    if (str_eq(name, "sector")) return match_is_sector(value);
    /* An encoded slash or dot segment would change the path once the server has decoded it. */
    return strchr(value, '/') == NULL && strchr(value, '\\') == NULL && !str_eq(value, ".") &&
           !str_eq(value, "..");
}

static enum rc
take_values(const struct segments *path, struct match *m, struct err *err)
{
    struct segments template;

    if (!split(m->op->path, &template))
        return err_set(err, RC_DENIED, "template \"%s\"", m->op->path);
    for (size_t i = 0; i < template.n; i++) {
        if (!is_placeholder(template.at[i], template.len[i])) continue;
        size_t name_len = template.len[i] - 2;
        if (m->values_len == MATCH_VALUES_MAX || name_len >= MATCH_NAME_MAX)
            return err_set(err, RC_DENIED, "template \"%s\" has too many or too long placeholders",
                           m->op->path);
        char *name = m->values[m->values_len].name;
        char *value = m->values[m->values_len].value;
        memcpy(name, template.at[i] + 1, name_len);
        name[name_len] = '\0';
        if (!percent_decode(path->at[i], path->len[i], value) || !value_is_allowed(name, value))
            return err_set(err, RC_DENIED, "not a %s", name);
        m->values_len++;
    }
    return RC_OK;
}

/* The bytes of RFC 3986 path segments, less what SL-15 forbids; everything else must come encoded.
 */
static bool
path_bytes_allowed(const char *path)
{
    for (const char *c = path; *c != '\0'; c++) {
        bool is_word =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!is_word && strchr("/-._~%!$&'()*+,;=:@", *c) == NULL) return false;
    }
    return true;
}

static bool
has_dot_segment(const struct segments *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i][0] == '.' && (s->len[i] == 1 || (s->len[i] == 2 && s->at[i][1] == '.')))
            return true;
    }
    return false;
}

/* Length of "scheme://authority" at the start of a URL, 0 if there is none. */
static size_t
origin_len(const char *url)
{
    const char *colon = strstr(url, "://");

    if (colon == NULL || strcspn(url, "/?#") < (size_t)(colon - url)) return 0;
    return (size_t)(colon - url) + 3 + strcspn(colon + 3, "/?#");
}

static enum rc
strip_origin(const char *base_url, const char **candidate, struct err *err)
{
    size_t len = origin_len(*candidate);

    if (len == 0) return RC_OK;
    if (len != origin_len(base_url) || strncasecmp(*candidate, base_url, len) != 0)
        return err_set(err, RC_DENIED, "another host");
    *candidate += len;
    return RC_OK;
}

static enum rc
clean_path(const char *base_url, const char *candidate, char ret_path[MATCH_PATH_MAX],
           struct err *err)
{
    char trimmed[2 * MATCH_PATH_MAX];

    if (candidate == NULL || !str_copy(trimmed, sizeof trimmed, candidate))
        return err_set(err, RC_DENIED, "no path, or too long");
    str_trim(trimmed);
    const char *path = trimmed;
    enum rc rc = strip_origin(base_url, &path, err);
    if (rc != RC_OK) return rc;
    if (*path != '/') return err_set(err, RC_DENIED, "no leading slash");
    if (!path_bytes_allowed(path))
        return err_set(err, RC_DENIED, "a character that a path may not hold");
    if (!str_copy(ret_path, MATCH_PATH_MAX, path)) return err_set(err, RC_DENIED, "too long");
    return RC_OK;
}

enum rc
match_path(const struct spec *s, const char *base_url, const char *candidate,
           struct match *ret_match, struct err *err)
{
    struct match m = {0};
    struct segments path;
    enum rc rc = clean_path(base_url, candidate, m.path, err);

    if (rc != RC_OK) return rc;
    if (!spec_is_usable(s))
        return err_set(err, RC_DENIED, "the allow-list is %s", spec_state_name(s->state));
    if (!split(m.path, &path) || has_dot_segment(&path))
        return err_set(err, RC_DENIED, "an empty or dotted segment");
    m.op = resolve(s, &path);
    if (m.op == NULL) return err_set(err, RC_DENIED, "not in the allow-list");
    rc = take_values(&path, &m, err);
    if (rc == RC_OK) *ret_match = m;
    return rc;
}

enum rc
match_literal(const struct spec *s, const char *candidate, const struct spec_op **ret_op,
              struct err *err)
{
    struct segments path;
    const struct spec_op *op = split(candidate, &path) ? resolve(s, &path) : NULL;

    if (op == NULL) return err_set(err, RC_DENIED, "%s is not in the allow-list", candidate);
    *ret_op = op;
    return RC_OK;
}

void
match_shown(const char *candidate, struct text *to)
{
    char shown[MATCH_PATH_MAX];

    (void)str_copy(shown, sizeof shown,
                   candidate != NULL ? candidate : ""); /* a cut one is still telling */
    str_trim(shown);
    const char *path = shown + origin_len(shown);
    if (*path != '/') text_putc(to, '/');
    text_puts(to, path);
}

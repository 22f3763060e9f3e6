#include "base/json_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The tree of bytes that json_check has passed, in an arena: no allocation a node and no copy a
 * string.
 *
 * The bytes are copied once, and a string ends in that copy where its closing quote stood.  What
 * json_check has seen is not looked at again: behind a key there is a colon, and every bracket has
 * its partner.
 */

struct tree {
    struct arena *arena;
    char *at, *end;  /* in the copy; a NUL stands at its end */
    char *too_large; /* the first number that is not finite; NULL for none */
    cJSON *spare;    /* nodes taken from the arena together */
    size_t spares;
};

static cJSON *
node_new(struct tree *t, int type)
{
    enum { TOGETHER = 32 };

    if (t->spares == 0) {
        t->spare = ARENA_NEW(t->arena, cJSON, TOGETHER);
        t->spares = TOGETHER;
    }
    t->spares--;
    t->spare->type = type;
    return t->spare++;
}

static void
skip_space(struct tree *t)
{
    while (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t')
        t->at++;
}

/* From the opening quote to behind the closing one.  Gives the text, in place. */
static char *
take_string(struct tree *t)
{
    char *text = ++t->at;
    bool has_escape = false;

    for (;;) {
        t->at += json_plain_len(t->at, (size_t)(t->end - t->at));
        if (*t->at == '"') break;
        has_escape = has_escape || *t->at == '\\';
        t->at += *t->at == '\\' ? 2 : 1; /* an escape, or a byte beyond ASCII */
    }
    char *end = has_escape ? text + json_unescape(text, (size_t)(t->at - text), text) : t->at;
    *end = '\0';
    t->at++;
    return text;
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* Powers of ten that a double holds exactly. */
static const double POWER[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static size_t
take_digits(struct tree *t, uint64_t *number)
{
    char *from = t->at;

    for (; *t->at >= '0' && *t->at <= '9'; t->at++)
        *number = *number * 10 + (uint64_t)(*t->at - '0');
    return (size_t)(t->at - from);
}

/* What more than its double has to say keeps its text, as json_fix_numbers does. */
static void
keep_text(struct tree *t, char *from, cJSON *node)
{
    node->valuedouble = strtod(from, &t->at);
    node->valuestring = arena_strndup(t->arena, from, (size_t)(t->at - from));
    if (!isfinite(node->valuedouble) && t->too_large == NULL) t->too_large = from;
}

/*
 * Fifteen digits and a power of ten up to 10^15 are exact as doubles, and one division rounds once:
 * what strtod would give.
 */
static cJSON *
take_number(struct tree *t)
{
    cJSON *node = node_new(t, cJSON_Number);
    char *from = t->at;
    bool is_negative = *t->at == '-';
    uint64_t number = 0;
    size_t places = 0;

    t->at += is_negative;
    size_t digits = take_digits(t, &number);
    if (*t->at == '.') {
        t->at++;
        places = take_digits(t, &number);
    }
    if (digits + places > JSON_DIGITS_EXACT || *t->at == 'e' || *t->at == 'E') {
        keep_text(t, from, node);
        return node;
    }
    double magnitude = (double)number / POWER[places];
    node->valuedouble = is_negative ? -magnitude : magnitude;
    if (places > 0 && t->at[-1] == '0' && number % (uint64_t)POWER[places] == 0)
        node->valuestring = arena_strndup(t->arena, from, (size_t)(t->at - from)); /* 3.0 */
    return node;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static cJSON *take_value(struct tree *t);

/* From bracket to bracket; as deep as json_check allowed. */
static cJSON *
take_members(struct tree *t, int type, char closer)
{
    cJSON *node = node_new(t, type);
    cJSON **link = &node->child;

    t->at++;
    skip_space(t);
    while (*t->at != closer) {
        char *key = NULL;
        if (type == cJSON_Object) {
            key = take_string(t);
            skip_space(t);
            t->at++; /* the colon */
            skip_space(t);
        }
        *link = take_value(t);
        (*link)->string = key;
        link = &(*link)->next;
        skip_space(t);
        if (*t->at == ',') t->at++;
        skip_space(t);
    }
    t->at++;
    return node;
}

static cJSON *
take_word(struct tree *t)
{
    int type = *t->at == 't' ? cJSON_True : *t->at == 'f' ? cJSON_False : cJSON_NULL;

    t->at += type == cJSON_False ? 5 : 4;
    return node_new(t, type);
}

static cJSON *
take_value(struct tree *t)
{
    switch (*t->at) {
    case '{':
        return take_members(t, cJSON_Object, '}');
    case '[':
        return take_members(t, cJSON_Array, ']');
    case '"': {
        cJSON *node = node_new(t, cJSON_String);
        node->valuestring = take_string(t);
        return node;
    }
    case 't':
    case 'f':
    case 'n':
        return take_word(t);
    default:
        return take_number(t);
    }
}

enum rc
json_parse_in(const char *bytes, size_t len, const struct json_limits *limits, struct arena *a,
              const struct json **ret_doc, struct err *err)
{
    CLEANUP(json_check_done) struct json_check check = {0};
    enum rc rc = json_check(bytes, len, JSON_STRICT, limits, &check, err);
    if (rc != RC_OK) return rc;

    char *copy = arena_strndup(a, bytes, len);
    struct tree t = {.arena = a, .at = copy, .end = copy + len};
    skip_space(&t);
    cJSON *root = take_value(&t);
    if (t.too_large != NULL)
        return json_fail(err, RC_RANGE, bytes, (size_t)(t.too_large - copy), "number too large");
    *ret_doc = (const struct json *)(const void *)root;
    return RC_OK;
}

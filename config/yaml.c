#include "config/yaml.h"

#include <stdarg.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/text.h"

const struct yaml_limits YAML_LIMITS_CONFIG = {
    .bytes_max = 1 << 20, .nodes_max = 20000, .depth_max = 16};
const struct yaml_limits YAML_LIMITS_SPEC = {
    .bytes_max = 16 << 20, .nodes_max = 1000000, .depth_max = 64};

/* An open mapping or sequence. */
struct level {
    bool is_map;
    bool wants_key; /* of a mapping: the next scalar is a key */
    struct text key;
    uint64_t *seen; /* hashes of the mapping's keys: 64 bits do not collide by chance, and who
                       builds a collision on purpose only gets his own file refused */
    size_t seen_cap;
    size_t keys_len; /* keys so far; as many hashes, unless keys may stand twice */
};

struct reader {
    const struct yaml_limits *limits;
    enum rc (*each)(void *ctx, const struct yaml_event *ev, struct err *err);
    void *ctx;
    struct err *err;
    struct level level[YAML_DEPTH_MAX];
    struct yaml_step steps[YAML_DEPTH_MAX];
    size_t depth; /* open levels; steps[depth - 1] is the place inside the innermost */
    size_t nodes;
    size_t documents;
};

static const char *
scalar_text(const yaml_event_t *ev)
{
    return (const char *)ev->data.scalar.value;
}

static enum rc PRINTF_LIKE(4, 5)
    refuse(const struct reader *r, const yaml_event_t *ev, enum rc code, const char *fmt, ...)
{
    char why[200];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    return err_set(r->err, code, "line %zu, column %zu: %s", ev->start_mark.line + 1,
                   ev->start_mark.column + 1, why);
}

static const char *
anchor_of(const yaml_event_t *ev)
{
    if (ev->type == YAML_SCALAR_EVENT) return (const char *)ev->data.scalar.anchor;
    if (ev->type == YAML_MAPPING_START_EVENT) return (const char *)ev->data.mapping_start.anchor;
    if (ev->type == YAML_SEQUENCE_START_EVENT) return (const char *)ev->data.sequence_start.anchor;
    return NULL;
}

static enum rc
emit(struct reader *r, const yaml_event_t *ev, enum yaml_kind kind)
{
    bool is_scalar = kind == YAML_SCALAR;
    const char *alias = kind == YAML_ALIAS ? (const char *)ev->data.alias.anchor : "";
    struct yaml_event out = {
        .kind = kind,
        .steps = r->steps,
        .steps_len = r->depth,
        .value = is_scalar ? scalar_text(ev) : alias,
        .value_len = is_scalar ? ev->data.scalar.length : strlen(alias),
        .anchor = anchor_of(ev),
        .is_plain = is_scalar && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
        .line = (int)ev->start_mark.line + 1,
        .column = (int)ev->start_mark.column + 1,
    };
    return r->each(r->ctx, &out, r->err);
}

/* Remembers a key of the innermost mapping, which the caller counts; false if it was there. */
static bool
key_is_new(struct level *lv, const char *key, size_t len)
{
    uint64_t hash = hash_bytes(key, len, 0);
    for (size_t i = 0; i < lv->keys_len; i++)
        if (lv->seen[i] == hash) return false;
    if (lv->keys_len == lv->seen_cap) {
        size_t cap = lv->seen_cap == 0 ? 32 : lv->seen_cap * 2;
        uint64_t *grown = realloc(lv->seen, cap * sizeof *grown);
        ASSERT(grown != NULL);
        lv->seen = grown;
        lv->seen_cap = cap;
    }
    lv->seen[lv->keys_len] = hash;
    return true;
}

static enum rc
take_key(struct reader *r, const yaml_event_t *ev)
{
    struct level *lv = &r->level[r->depth - 1];
    const char *key = scalar_text(ev);
    size_t len = ev->data.scalar.length;

    if (strlen(key) != len) return refuse(r, ev, RC_PARSE, "a key holds a NUL");
    if (lv->keys_len >= YAML_KEYS_MAX)
        return refuse(r, ev, RC_RANGE, "more than %d keys in one mapping", YAML_KEYS_MAX);
    if (!r->limits->has_repeats && !key_is_new(lv, key, len))
        return refuse(r, ev, RC_PARSE, "duplicate key \"%.100s\"", key);
    text_clear(&lv->key);
    text_add(&lv->key, key, len);
    r->steps[r->depth - 1].key = text_str(&lv->key);
    r->steps[r->depth - 1].index = lv->keys_len++;
    lv->wants_key = false;
    return RC_OK;
}

/* A value is complete: the innermost level looks at its next member. */
static void
advance(struct reader *r)
{
    if (r->depth == 0) return;
    struct level *lv = &r->level[r->depth - 1];
    if (lv->is_map)
        lv->wants_key = true;
    else
        r->steps[r->depth - 1].index++;
}

/* What every node must obey, key or value. */
static enum rc
check_node(struct reader *r, const yaml_event_t *ev, const yaml_char_t *tag, bool is_scalar)
{
    if (tag != NULL)
        return refuse(r, ev, RC_PARSE, "tags are not accepted (%.60s)", (const char *)tag);
    if (!is_scalar && r->depth > 0 && r->level[r->depth - 1].wants_key)
        return refuse(r, ev, RC_PARSE, "a key must be plain text");
    return RC_OK;
}

static enum rc
count_node(struct reader *r, const yaml_event_t *ev)
{
    if (++r->nodes > r->limits->nodes_max)
        return refuse(r, ev, RC_RANGE, "more than %zu nodes", r->limits->nodes_max);
    return RC_OK;
}

static enum rc
open_level(struct reader *r, const yaml_event_t *ev, const yaml_char_t *tag, bool is_map)
{
    enum rc rc = check_node(r, ev, tag, false);
    if (rc == RC_OK) rc = count_node(r, ev);
    if (rc != RC_OK) return rc;
    if (r->depth >= (size_t)r->limits->depth_max)
        return refuse(r, ev, RC_RANGE, "deeper than %d levels", r->limits->depth_max);
    rc = emit(r, ev, is_map ? YAML_MAP : YAML_SEQ);

    struct level *lv = &r->level[r->depth];
    lv->is_map = lv->wants_key = is_map;
    lv->keys_len = 0;
    r->steps[r->depth] = (struct yaml_step){0};
    r->depth++;
    return rc;
}

static enum rc
close_level(struct reader *r, const yaml_event_t *ev, enum yaml_kind kind)
{
    ASSERT(r->depth > 0); /* libyaml pairs starts and ends */
    r->depth--;
    enum rc rc = emit(r, ev, kind);
    advance(r);
    return rc;
}

static enum rc
take_scalar(struct reader *r, const yaml_event_t *ev)
{
    enum rc rc = check_node(r, ev, ev->data.scalar.tag, true);
    if (rc != RC_OK) return rc;
    if (r->depth > 0 && r->level[r->depth - 1].wants_key) return take_key(r, ev);
    rc = count_node(r, ev);
    if (rc == RC_OK) rc = emit(r, ev, YAML_SCALAR);
    advance(r);
    return rc;
}

static enum rc
take_alias(struct reader *r, const yaml_event_t *ev)
{
    if (!r->limits->has_aliases)
        return refuse(r, ev, RC_PARSE, "aliases are not accepted (*%.60s)",
                      (const char *)ev->data.alias.anchor);
    if (r->depth > 0 && r->level[r->depth - 1].wants_key)
        return refuse(r, ev, RC_PARSE, "a key must be plain text");
    enum rc rc = count_node(r, ev);
    if (rc == RC_OK) rc = emit(r, ev, YAML_ALIAS);
    advance(r);
    return rc;
}

static enum rc
take(struct reader *r, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    case YAML_DOCUMENT_START_EVENT:
        return ++r->documents == 1 ? RC_OK : refuse(r, ev, RC_PARSE, "a second document");
    case YAML_ALIAS_EVENT:
        return take_alias(r, ev);
    case YAML_SCALAR_EVENT:
        return take_scalar(r, ev);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(r, ev, ev->data.sequence_start.tag, false);
    case YAML_SEQUENCE_END_EVENT:
        return close_level(r, ev, YAML_SEQ_END);
    case YAML_MAPPING_START_EVENT:
        return open_level(r, ev, ev->data.mapping_start.tag, true);
    case YAML_MAPPING_END_EVENT:
        return close_level(r, ev, YAML_MAP_END);
    }
    return RC_OK;
}

/* libyaml's own words; the place of bytes that are not UTF-8 is an offset, not a line. */
static enum rc
parser_error(const yaml_parser_t *p, struct err *err)
{
    const char *what = p->problem == NULL ? "unreadable" : p->problem;
    if (p->error == YAML_MEMORY_ERROR) return err_set(err, RC_NOMEM, "out of memory");
    if (p->error == YAML_READER_ERROR)
        return err_set(err, RC_PARSE, "byte %zu: %s", p->problem_offset, what);
    return err_set(err, RC_PARSE, "line %zu, column %zu: %s", p->problem_mark.line + 1,
                   p->problem_mark.column + 1, what);
}

static enum rc
pump(struct reader *r, yaml_parser_t *p)
{
    for (bool is_more = true; is_more;) {
        yaml_event_t ev;
        if (yaml_parser_parse(p, &ev) == 0) return parser_error(p, r->err);
        is_more = ev.type != YAML_STREAM_END_EVENT;
        enum rc rc = take(r, &ev);
        yaml_event_delete(&ev);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

enum rc
yaml_read(const char *bytes, size_t len, const struct yaml_limits *limits,
          enum rc (*each)(void *ctx, const struct yaml_event *ev, struct err *err), void *ctx,
          struct err *err)
{
    ASSERT(limits->depth_max <= YAML_DEPTH_MAX);
    if (len > limits->bytes_max)
        return err_set(err, RC_RANGE, "more than %zu bytes", limits->bytes_max);
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) return err_set(err, RC_NOMEM, "out of memory");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(len == 0 ? "" : bytes), len);

    struct reader r = {.limits = limits, .each = each, .ctx = ctx, .err = err};
    enum rc rc = pump(&r, &parser);
    for (size_t i = 0; i < COUNT_OF(r.level); i++) {
        text_free(&r.level[i].key);
        free(r.level[i].seen);
    }
    yaml_parser_delete(&parser);
    return rc;
}

bool
yaml_is_null(const struct yaml_event *ev)
{
    return ev->kind == YAML_SCALAR && ev->is_plain &&
           (ev->value_len == 0 || str_eq(ev->value, "~") || str_eq_nocase(ev->value, "null"));
}

const char *
yaml_key(const struct yaml_event *ev, size_t i)
{
    return i < ev->steps_len && ev->steps[i].key != NULL ? ev->steps[i].key : "";
}

/* One step against the n bytes of the pattern that speak of it. */
static bool
step_fits(const struct yaml_step *step, const char *want, size_t n)
{
    if (n == 2 && memcmp(want, "[]", 2) == 0) return step->key == NULL;
    if (step->key == NULL) return false;
    if (n == 1 && *want == '*') return true;
    return strlen(step->key) == n && memcmp(step->key, want, n) == 0;
}

bool
yaml_at(const struct yaml_event *ev, const char *pattern)
{
    size_t i = 0;
    for (const char *at = pattern; *at != '\0'; i++) {
        size_t n = strcspn(at, " ");
        if (i >= ev->steps_len || !step_fits(&ev->steps[i], at, n)) return false;
        at += n;
        if (*at == ' ') at++;
    }
    return i == ev->steps_len;
}

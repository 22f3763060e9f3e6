#include "tests/lib/uw_variant.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 700 * 1024, PLACES_MAX = 1024 };

/* Where a path or a parameter is written out. */
enum place { IN_PLACE, BY_REF, BY_ALIAS, BY_MERGE, PLACES };

struct variant {
    const struct spec *facts;
    struct rng *rng;
    struct text *to;
    enum place path_place[PLACES_MAX];
    bool components_first; /* an anchor must stand before its aliases, a reference need not */
    size_t filler;         /* bytes of description for each path */
};

static void PRINTF_LIKE(3, 4) line(struct variant *v, int indent, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (rng_chance(v->rng, 0.03)) text_puts(v->to, "\n");
    if (rng_chance(v->rng, 0.03))
        text_printf(v->to, "%*s# /api/comment/%d: {get: {}}\n", (int)rng_below(v->rng, 12), "",
                    indent);
    text_printf(v->to, "%*s%s\n", indent, "", text);
}

/* ---- texts that look like something else ------------------------------------------------------
 */

static void
write_description(struct variant *v, int indent, size_t bytes)
{
    static const char *const HEADS[] = {"description: |", "description: >-", "description: |+2",
                                        "x-note: >"};
    size_t start = v->to->len;
    int body = indent + 2;

    text_printf(v->to, "%*s%s\n", indent, "", HEADS[rng_below(v->rng, 4)]);
    while (v->to->len - start < bytes) {
        text_printf(v->to, "%*spaths:\n%*s/api/lure/{ticker}:\n%*sget:\n", body, "", body + 2, "",
                    body + 4, "");
        text_printf(v->to, "%*sparameters:\n%*s- {in: query, name: lure}\n\n", body + 6, "",
                    body + 8, "");
        text_printf(
            v->to,
            "%*s# no comment, --- no marker, a\ttab, &no_anchor *no_alias \u2014 \U0001F4C8\n",
            body, "");
    }
}

static void
write_tail(struct variant *v, int indent)
{
    if (rng_chance(v->rng, 0.5))
        line(v, indent, "summary: \"/api/lure/quoted:\\tget: \\u2026 \t tab\"");
    if (rng_chance(v->rng, 0.5))
        line(v, indent,
             "x-flow: {paths: {/api/lure/flow: {get: {}}}, list: [get, '/api/lure', [a, {b: c}]]}");
    if (rng_chance(v->rng, 0.5)) {
        line(v, indent, "responses:");
        line(v, indent + 2, "'200':");
        line(v, indent + 4,
             "content: {application/json: {example: {name: lure, in: query, name: twice}}}");
    }
    if (rng_chance(v->rng, 0.3))
        line(v, indent, "tags: [ 'a',\n%*s'b', # c\n%*s]", indent + 4, "", indent + 4, "");
}

/* ---- parameters -------------------------------------------------------------------------------
 */

static const char *
schema_of(const struct spec_param *p, char buf[96])
{
    if (str_eq(p->type, "any")) return "{}";
    if (str_eq(p->type, "date")) return "{format: date, type: string}";
    if (str_eq(p->type, "array<any>")) return "{items: {}, type: array}";
    if (str_starts(p->type, "array<"))
        (void)snprintf(buf, 96, "{type: 'array', items: {type: %.*s}}", (int)(strlen(p->type) - 7),
                       p->type + 6);
    else
        (void)snprintf(buf, 96, "{default: null, type: %s}", p->type);
    return buf;
}

static const char *
truth(struct variant *v, bool is_true)
{
    static const char *const WORDS[2][3] = {
        {"false", "False", "'false'"},
        {"true",  "True",  "TRUE"   }
    };

    return WORDS[is_true][rng_below(v->rng, 3)];
}

/* The members of a parameter at an indent, in some order. */
static void
write_param_members(struct variant *v, int indent, const struct spec_param *p)
{
    char schema[96];
    uint64_t turn = rng_below(v->rng, 4);

    for (uint64_t i = 0; i < 4; i++) {
        switch ((i + turn) % 4) {
        case 0:
            line(v, indent, "name: '%s'", p->name);
            break;
        case 1:
            line(v, indent, "in: %s", p->in_path ? "\"path\"" : "query");
            break;
        case 2:
            if (p->required || rng_chance(v->rng, 0.5))
                line(v, indent, "required: %s", truth(v, p->required));
            break;
        default:
            line(v, indent, "schema:   %s", schema_of(p, schema));
            break;
        }
    }
    if (rng_chance(v->rng, 0.2)) write_description(v, indent, 100);
}

/* An element of a list of parameters; number is that of the shared one. */
static void
write_param(struct variant *v, int indent, const struct spec_param *p, size_t number)
{
    char schema[96];
    uint64_t form = rng_below(v->rng, v->components_first ? 6 : 4);

    if (form == 0) {
        line(v, indent, "- {schema: %s, \"name\": \"%s\", in: %s, required: %s}",
             schema_of(p, schema), p->name, p->in_path ? "path" : "query", truth(v, p->required));
    } else if (form <= 2) {
        text_printf(v->to, "%*s-\n", indent, "");
        write_param_members(v, indent + 2, p);
    } else if (form == 3) {
        line(v, indent, "- $ref: '#/components/parameters/p%zu'", number);
    } else if (form == 4) {
        line(v, indent, "- *p%zu", number);
    } else {
        line(v, indent, "- {description: merged, <<: [*lure, *p%zu]}", number);
    }
}

/* Parameters from..to of the operation, under the key "parameters". */
static void
write_params(struct variant *v, int indent, const struct spec_op *op, size_t from, size_t to,
             size_t number)
{
    line(v, indent, from == to ? "parameters: []" : "parameters:");
    for (size_t i = from; i < to; i++)
        write_param(v, indent, &op->params[i], number + i);
}

/* ---- paths ------------------------------------------------------------------------------------
 */

static void
write_get(struct variant *v, int indent, const struct spec_op *op, size_t at_path, size_t number)
{
    line(v, indent, rng_chance(v->rng, 0.5) ? "get:" : "'get':");
    if (rng_chance(v->rng, 0.5)) write_description(v, indent + 2, v->filler);
    if (rng_chance(v->rng, 0.5)) write_tail(v, indent + 2);
    write_params(v, indent + 2, op, at_path, op->params_len, number);
    write_description(v, indent + 2, v->filler / 2);
    line(v, indent + 2, "operationId: \"%s\"", op->operation_id);
}

static void
write_others(struct variant *v, int indent)
{
    static const char *const METHODS[] = {"post", "put", "delete", "patch", "options"};

    for (size_t i = 0; i < COUNT_OF(METHODS); i++) {
        if (!rng_chance(v->rng, 0.2)) continue;
        line(v, indent, "%s: {operationId: lure, parameters: [{in: query, name: lure}]}",
             METHODS[i]);
    }
}

/* What stands under a path: some of its parameters for all operations, then the operations. */
static void
write_path_body(struct variant *v, int indent, const struct spec_op *op, size_t number)
{
    size_t at_path = rng_below(v->rng, op->params_len + 1);
    bool is_after = rng_chance(v->rng, 0.5);

    if (at_path > 0 && !is_after) write_params(v, indent, op, 0, at_path, number);
    write_others(v, indent);
    write_get(v, indent, op, at_path, number);
    if (at_path > 0 && is_after) write_params(v, indent, op, 0, at_path, number);
}

/* The body in one line, as JSON would have it. */
static void
write_flow_body(struct variant *v, const struct spec_op *op)
{
    char schema[96];

    text_printf(v->to, " {\"get\": {\"parameters\": [");
    for (size_t i = 0; i < op->params_len; i++) {
        const struct spec_param *p = &op->params[i];
        text_printf(v->to,
                    "%s{\"schema\": %s, \"in\": \"%s\",\n        \"name\": \"%s\", required: %s}",
                    i > 0 ? ", " : "", schema_of(p, schema), p->in_path ? "path" : "query", p->name,
                    truth(v, p->required));
    }
    text_printf(v->to, "], operationId: '%s'}, \"put\": {}}\n", op->operation_id);
}

static void
write_path(struct variant *v, int indent, size_t at, size_t number)
{
    const struct spec_op *op = &v->facts->ops[at];
    const char *quote = (const char *const[]){"", "'", "\""}[rng_below(v->rng, 3)];

    if (v->path_place[at] == BY_REF) {
        line(v, indent, "%s%s%s: {$ref: '#/x-shared/path%zu'}", quote, op->path, quote, at);
    } else if (v->path_place[at] == BY_ALIAS) {
        line(v, indent, "%s%s%s: *path%zu", quote, op->path, quote, at);
    } else if (rng_chance(v->rng, 0.15)) {
        text_printf(v->to, "%*s%s%s%s:", indent, "", quote, op->path, quote);
        write_flow_body(v, op);
    } else if (rng_chance(v->rng, 0.1)) {
        line(v, indent, "? %s%s%s", quote, op->path, quote);
        line(v, indent, ":");
        write_path_body(v, indent + 2, op, number);
    } else {
        line(v, indent, "%s%s%s:", quote, op->path, quote);
        write_path_body(v, indent + 2, op, number);
    }
}

/* Numbers of the first shared parameter of each path follow from the paths before it. */
static size_t
first_number(const struct variant *v, size_t at)
{
    size_t n = 0;

    for (size_t i = 0; i < at; i++)
        n += v->facts->ops[i].params_len;
    return n;
}

/* The paths that are written at one place, in some order. */
static void
write_paths(struct variant *v, int indent, enum place place)
{
    size_t len = v->facts->ops_len, start = rng_below(v->rng, len);
    size_t step = 97; /* a prime: every path comes once, unless it divides their number */

    while (len % step == 0)
        step++;
    for (size_t i = 0; i < len; i++) {
        size_t at = (start + i * step) % len;
        bool is_here =
            place == BY_MERGE ? v->path_place[at] == BY_MERGE : v->path_place[at] != BY_MERGE;
        if (is_here) write_path(v, indent, at, first_number(v, at));
        if (is_here && rng_chance(v->rng, 0.05))
            line(v, indent, "/api/lure/%zu: {post: {parameters: [{in: query, name: lure}]}}", i);
    }
}

/* ---- the parts of the file --------------------------------------------------------------------
 */

static void
write_info(struct variant *v)
{
    line(v, 0, "info: {title: \"paths:\", version: '1'}");
    line(v, 0, "servers: [{url: 'https://host.example'}]");
    line(v, 0, "x-paths:\n  /api/lure: {get: {parameters: []}}");
}

static void
write_components(struct variant *v)
{
    size_t number = 0;

    line(v, 0, "components:");
    write_description(v, 2, 300);
    line(v, 2, "x-lure: &lure {description: lure}");
    line(v, 2, "parameters:");
    for (size_t i = 0; i < v->facts->ops_len; i++) {
        const struct spec_op *op = &v->facts->ops[i];
        for (size_t k = 0; k < op->params_len; k++, number++) {
            line(v, 4, "p%zu: &p%zu", number, number);
            write_param_members(v, 6, &op->params[k]);
        }
    }
    line(v, 0, "x-shared:");
    for (size_t i = 0; i < v->facts->ops_len; i++) {
        if (v->path_place[i] != BY_REF && v->path_place[i] != BY_ALIAS) continue;
        line(v, 2, "path%zu: &path%zu", i, i);
        write_path_body(v, 4, &v->facts->ops[i], first_number(v, i));
    }
    line(v, 0, "x-more-paths: &more");
    line(v, 2, "/api/lure/more: {put: {}}");
    write_paths(v, 2, BY_MERGE);
}

static void
choose_places(struct variant *v)
{
    for (size_t i = 0; i < v->facts->ops_len; i++) {
        v->path_place[i] = IN_PLACE;
        if (rng_chance(v->rng, 0.1)) v->path_place[i] = BY_REF;
        if (!v->components_first) continue;
        if (rng_chance(v->rng, 0.1)) v->path_place[i] = BY_ALIAS;
        if (rng_chance(v->rng, 0.1)) v->path_place[i] = BY_MERGE;
    }
}

static void
add_crlf(const struct text *from, struct text *to)
{
    for (size_t i = 0; i < from->len; i++) {
        if (from->data[i] == '\n') text_putc(to, '\r');
        text_putc(to, from->data[i]);
    }
}

void
uw_variant_write(const struct spec *facts, struct rng *rng, struct text *to)
{
    CLEANUP(text_free) struct text lf = {0};
    struct variant v = {.facts = facts, .rng = rng, .to = &lf};

    ASSERT(facts->ops_len <= PLACES_MAX);
    v.components_first = rng_chance(rng, 0.7);
    v.filler = BYTES * 3 / 4 / facts->ops_len; /* and half as much after it; not to all */
    choose_places(&v);
    text_puts(&lf, "\xef\xbb\xbf# paths:\n%YAML 1.1\n---  # one document\n");
    write_info(&v);
    if (v.components_first) write_components(&v);
    line(&v, 0, rng_chance(rng, 0.5) ? "paths:" : "\"paths\":");
    write_paths(&v, 2, IN_PLACE);
    if (v.components_first) line(&v, 2, "<<: *more");
    line(&v, 2, "x-vendor: {get: {parameters: []}}");
    if (!v.components_first) write_components(&v);
    text_puts(&lf, "openapi: 3.0.0\n...\n# the end\n");
    add_crlf(&lf, to);
}

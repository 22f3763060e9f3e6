#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* A scalar as the writer of json_out.c writes it. */
static void
write_scalar(struct text *to, const struct json *v)
{
    struct json_out o = {.to = to};

    json_out_value(&o, NULL, v);
}

static void
write_key(struct text *to, const char *key)
{
    struct json_out o = {.to = to};

    json_out_str(&o, NULL, key);
    text_puts(to, ": ");
}

static int
by_key(const void *a, const void *b)
{
    const struct json *const *left = a, *const *right = b;

    return strcmp(json_key(*left), json_key(*right));
}

/* The members or elements in the order in which they are written. */
static const struct json **
children(const struct json *v, enum json_order order, struct arena *a)
{
    const struct json **child = ARENA_NEW(a, const struct json *, json_len(v));
    size_t len = 0;

    for (const struct json *at = json_first(v); at != NULL; at = json_next(at))
        child[len++] = at;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the elements are pointers */
    if (order == JSON_SORTED && json_is_object(v)) qsort(child, len, sizeof(*child), by_key);
    return child;
}

/* As deep as the document, which the parser has bounded. */
static void
write_value(struct text *to, const struct json *v, // NOLINT(misc-no-recursion)
            enum json_order order, int depth, struct arena *a)
{
    size_t len = json_len(v);

    if (len == 0) {
        write_scalar(to, v);
        return;
    }
    const struct json **child = children(v, order, a);
    text_puts(to, json_is_array(v) ? "[" : "{");
    for (size_t i = 0; i < len; i++) {
        text_printf(to, "%s\n%*s", i > 0 ? "," : "", 2 * (depth + 1), "");
        if (json_is_object(v)) write_key(to, json_key(child[i]));
        write_value(to, child[i], order, depth + 1, a);
    }
    text_printf(to, "\n%*s%s", 2 * depth, "", json_is_array(v) ? "]" : "}");
}

void
json_pretty(struct text *to, const struct json *v, enum json_order order)
{
    struct arena a = {0};

    write_value(to, v, order, 0, &a);
    arena_done(&a);
}

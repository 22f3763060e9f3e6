#include "uwclient/params.h"

#include <inttypes.h>

#include "base/http.h"

void
uw_params_add(struct uw_params *p, struct uw_param item)
{
    ASSERT(p->len < UW_PARAMS_MAX);
    p->item[p->len++] = item;
}

void
uw_params_sort(struct uw_params *p)
{
    for (size_t i = 1; i < p->len; i++) {
        struct uw_param moved = p->item[i];
        size_t j = i;
        for (; j > 0 && strcmp(p->item[j - 1].name, moved.name) > 0; j--)
            p->item[j] = p->item[j - 1];
        p->item[j] = moved;
    }
}

/* Decodes one character of well-formed UTF-8; a stray byte stands for itself. */
static uint32_t
next_char(const unsigned char *s, size_t len, size_t *ret_used)
{
    size_t more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc0 ? 1 : 0;
    uint32_t c = more == 3   ? s[0] & 0x07u
                 : more == 2 ? s[0] & 0x0fu
                 : more == 1 ? s[0] & 0x1fu
                             : s[0];

    *ret_used = 1;
    if (more >= len) return s[0];
    for (size_t i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) return s[0];
        c = c << 6 | (s[i] & 0x3fu);
    }
    *ret_used = more + 1;
    return c;
}

static void
put_char(struct text *to, uint32_t c)
{
    static const char *const named[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};

    if (c < COUNT_OF(named) && named[c] != NULL) {
        text_puts(to, named[c]);
    } else if (c >= 0x20 && c <= 0x7e) {
        text_putc(to, (char)c);
    } else if (c == 0x7f) {
        text_putc(to, '\x7f');
    } else if (c < 0x10000) {
        text_printf(to, "\\u%04" PRIx32, c);
    } else {
        c -= 0x10000;
        text_printf(to, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
    }
}

void
uw_json_ascii(struct text *to, const char *s, size_t len)
{
    text_putc(to, '"');
    for (size_t i = 0, used = 0; i < len; i += used)
        put_char(to, next_char((const unsigned char *)s + i, len - i, &used));
    text_putc(to, '"');
}

/* Calls each for the items between the commas. */
static void
for_items(const char *list,
          void (*each)(struct text *to, size_t i, const char *item, size_t len, const char *name),
          struct text *to, const char *name)
{
    for (size_t i = 0;; i++) {
        size_t len = strcspn(list, ",");
        each(to, i, list, len, name);
        if (list[len] == '\0') return;
        list += len + 1;
    }
}

static void
item_json(struct text *to, size_t i, const char *item, size_t len, const char *name)
{
    (void)name;
    if (i > 0) text_putc(to, ',');
    uw_json_ascii(to, item, len);
}

static void
value_json(struct text *to, const struct uw_param *p)
{
    switch (p->kind) {
    case UW_PARAM_STR:
        uw_json_ascii(to, p->as.str, strlen(p->as.str));
        break;
    case UW_PARAM_I64:
        text_printf(to, "%" PRId64, p->as.i64);
        break;
    case UW_PARAM_BOOL:
        text_puts(to, p->as.boolean ? "true" : "false");
        break;
    case UW_PARAM_LIST:
        text_putc(to, '[');
        for_items(p->as.str, item_json, to, p->name);
        text_putc(to, ']');
        break;
    }
}

void
uw_params_canonical(const struct uw_params *sorted, struct text *to)
{
    text_putc(to, '{');
    for (size_t i = 0; i < sorted->len; i++) {
        if (i > 0) text_putc(to, ',');
        uw_json_ascii(to, sorted->item[i].name, strlen(sorted->item[i].name));
        text_putc(to, ':');
        value_json(to, &sorted->item[i]);
    }
    text_putc(to, '}');
}

static void
item_query(struct text *to, size_t i, const char *item, size_t len, const char *name)
{
    CLEANUP(text_free) struct text one = {0};

    (void)i;
    if (to->len > 0) text_putc(to, '&');
    http_escape(to, name);
    text_putc(to, '=');
    text_add(&one, item, len);
    http_escape(to, text_str(&one));
}

void
uw_params_query(const struct uw_params *sorted, struct text *to)
{
    CLEANUP(text_free) struct text query = {0};

    for (size_t i = 0; i < sorted->len; i++) {
        const struct uw_param *p = &sorted->item[i];
        char number[24];
        const char *value = p->as.str;
        if (p->kind == UW_PARAM_I64) (void)snprintf(number, sizeof number, "%" PRId64, p->as.i64);
        if (p->kind == UW_PARAM_I64) value = number;
        if (p->kind == UW_PARAM_BOOL) value = p->as.boolean ? "true" : "false";
        if (p->kind == UW_PARAM_LIST)
            for_items(value, item_query, &query, p->name);
        else
            item_query(&query, 0, value, strlen(value), p->name);
    }
    text_puts(to, text_str(&query));
}

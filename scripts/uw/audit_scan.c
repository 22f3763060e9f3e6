#include "scripts/uw/audit_scan.h"

/* Where the reader stands in the file. */
struct reader {
    const char *at, *end;
    int line;
};

static char
peek(const struct reader *r, size_t ahead)
{
    return (size_t)(r->end - r->at) > ahead ? r->at[ahead] : '\0';
}

static void
step(struct reader *r)
{
    if (r->at == r->end) return;
    if (*r->at == '\n') r->line++;
    r->at++;
}

/* Past what the closing text ends, or to the end of the file. */
static void
skip_past(struct reader *r, const char *closing)
{
    size_t len = strlen(closing);

    while (r->at < r->end && ((size_t)(r->end - r->at) < len || memcmp(r->at, closing, len) != 0))
        step(r);
    for (size_t i = 0; i < len; i++)
        step(r);
}

/* Past white space and comments; between two literals nothing else may stand if they are one. */
static void
skip_space(struct reader *r)
{
    for (;;) {
        if (peek(r, 0) == '/' && peek(r, 1) == '*')
            skip_past(r, "*/");
        else if (peek(r, 0) == '/' && peek(r, 1) == '/')
            skip_past(r, "\n");
        else if (peek(r, 0) != '\0' && strchr(" \t\r\n", peek(r, 0)) != NULL)
            step(r);
        else
            return;
    }
}

/* Stands on a quote; takes what it encloses, up to its end or the line's. */
static void
take_quoted(struct reader *r, struct text *to)
{
    char quote = peek(r, 0);

    step(r);
    while (r->at < r->end && peek(r, 0) != quote && peek(r, 0) != '\n') {
        if (peek(r, 0) == '\\') {
            if (to != NULL) text_putc(to, peek(r, 0));
            step(r);
        }
        if (to != NULL && r->at < r->end) text_putc(to, peek(r, 0));
        step(r);
    }
    step(r);
}

void
audit_literals(const char *bytes, size_t len, void (*each)(void *ctx, int line, const char *text),
               void *ctx)
{
    struct reader r = {bytes, bytes + len, 1};

    while (r.at < r.end) {
        skip_space(&r);
        if (peek(&r, 0) == '\'') {
            take_quoted(&r, NULL);
        } else if (peek(&r, 0) == '"') {
            CLEANUP(text_free) struct text literal = {0};
            int line = r.line;

            while (peek(&r, 0) == '"') {
                take_quoted(&r, &literal);
                skip_space(&r);
            }
            each(ctx, line, text_str(&literal));
        } else {
            step(&r);
        }
    }
}

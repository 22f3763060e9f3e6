#include "config/env_file.h"

#include "base/text.h"

/* Where a line is read. */
struct cursor {
    const char *at, *end;
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void
skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
}

static bool
is_name_char(char c, bool is_first)
{
    bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    return is_letter || (!is_first && c >= '0' && c <= '9');
}

static const char *
take_name(struct cursor *c, struct arena *a)
{
    const char *start = c->at;
    while (c->at < c->end && is_name_char(*c->at, c->at == start))
        c->at++;
    return arena_strndup(a, start, (size_t)(c->at - start));
}

static char
unescape(char c)
{
    if (c == 'n') return '\n';
    if (c == 'r') return '\r';
    if (c == 't') return '\t';
    return c;
}

/* From behind the opening quote; returns what is wrong, NULL if nothing. */
static const char *
take_quoted(struct cursor *c, char quote, struct text *to)
{
    for (; c->at < c->end && *c->at != quote; c->at++) {
        bool is_escape = quote == '"' && *c->at == '\\' && c->at + 1 < c->end;
        if (is_escape) c->at++;
        text_putc(to, is_escape ? unescape(*c->at) : *c->at);
    }
    if (c->at == c->end) return "the quote is not closed on its line";
    c->at++;
    skip_blanks(c);
    if (c->at < c->end && *c->at != '#') return "text follows the closing quote";
    return NULL;
}

static void
take_bare(struct cursor *c, struct text *to)
{
    const char *start = c->at, *last = c->at;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '#' && (c->at == start || is_blank(c->at[-1]))) break;
        if (!is_blank(*c->at)) last = c->at + 1;
    }
    text_add(to, start, (size_t)(last - start));
}

/* Returns what is wrong with the line, NULL if nothing; ret_var->name stays NULL for a line without
 * one. */
static const char *
parse_line(struct cursor c, struct arena *a, struct text *scratch, struct env_var *ret_var)
{
    skip_blanks(&c);
    if (c.at == c.end || *c.at == '#') return NULL;
    if (c.end - c.at > 7 && memcmp(c.at, "export", 6) == 0 && is_blank(c.at[6])) {
        c.at += 7;
        skip_blanks(&c);
    }
    const char *name = take_name(&c, a);
    skip_blanks(&c);
    if (*name == '\0') return "no variable name";
    if (c.at == c.end || *c.at != '=') return "no \"=\" after the name";
    c.at++;
    skip_blanks(&c);

    text_clear(scratch);
    if (c.at < c.end && (*c.at == '"' || *c.at == '\'')) {
        char quote = *c.at++;
        const char *why = take_quoted(&c, quote, scratch);
        if (why != NULL) return why;
    } else {
        take_bare(&c, scratch);
    }
    if (memchr(text_str(scratch), '\0', scratch->len) != NULL) return "a NUL";
    ret_var->value = arena_strndup(a, text_str(scratch), scratch->len);
    ret_var->name = name;
    return NULL;
}

/* Of a repeated name the later line counts. */
static const char *
keep(struct env_file *f, struct env_var var)
{
    for (size_t i = 0; i < f->len; i++) {
        if (!str_eq(f->var[i].name, var.name)) continue;
        f->var[i] = var;
        return NULL;
    }
    if (f->len == ENV_FILE_VARS_MAX) return "too many variables";
    f->var[f->len++] = var;
    return NULL;
}

static size_t
count_lines(const char *bytes, size_t len)
{
    size_t n = 1;
    for (size_t i = 0; i < len; i++)
        n += bytes[i] == '\n';
    return n;
}

struct env_file
env_file_parse(const char *bytes, size_t len, struct arena *a)
{
    CLEANUP(text_free) struct text scratch = {0};
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    size_t lines = count_lines(bytes, len);
    struct env_file f = {
        .var = ARENA_NEW(a, struct env_var, MIN(lines, (size_t)ENV_FILE_VARS_MAX)),
        .bad = ARENA_NEW(a, struct env_bad_line, lines),
    };
    const char *end = bytes + len;
    for (int line = 1; bytes < end; line++) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        struct cursor c = {bytes, newline == NULL ? end : newline};
        bytes = newline == NULL ? end : newline + 1;
        if (c.end > c.at && c.end[-1] == '\r') c.end--;

        struct env_var var = {.line = line};
        const char *why = parse_line(c, a, &scratch, &var);
        if (why == NULL && var.name != NULL) why = keep(&f, var);
        if (why != NULL) f.bad[f.bad_len++] = (struct env_bad_line){line, why};
    }
    return f;
}

const struct env_var *
env_file_find(const struct env_file *f, const char *name)
{
    for (size_t i = 0; i < f->len; i++)
        if (str_eq(f->var[i].name, name)) return &f->var[i];
    return NULL;
}

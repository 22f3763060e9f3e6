#include "telemetry/paper.h"

#include <math.h>
#include <stdarg.h>

#include "analytics/number.h"
#include "telemetry/paper_style.h"

/* ---- words --------------------------------------------------------------------------------- */

static const char *
entity_of(char c)
{
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
}

static void
put_html(struct text *html, const char *bytes, size_t len)
{
    const char *entity = entity_of(bytes[0]);

    if (entity != NULL)
        text_puts(html, entity);
    else
        text_add(html, bytes, len);
}

/* What could begin a tag is no tag; a bar inside a table is no border. */
static void
put_md(struct text *md, const char *bytes, size_t len, char next, bool is_in_table)
{
    bool is_letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
    bool is_tag = bytes[0] == '<' && (is_letter || next == '/' || next == '!' || next == '?');

    if (is_tag)
        text_puts(md, "&lt;");
    else if (bytes[0] == '|' && is_in_table)
        text_puts(md, "\\|");
    else
        text_add(md, bytes, len);
}

/* What was said, into both; what is not UTF-8 becomes U+FFFD. */
static void
put_said(struct paper *p, bool is_in_table)
{
    const char *s = text_str(&p->said);

    for (size_t at = 0; at < p->said.len;) {
        size_t len = utf8_sequence(s + at, p->said.len - at);
        bool is_control = (uint8_t)s[at] < 0x20 || s[at] == 0x7f;
        const char *shown = is_control ? " " : len > 0 ? s + at : "\xEF\xBF\xBD";
        size_t shown_len = is_control ? 1 : len > 0 ? len : 3;

        put_md(&p->md, shown, shown_len, s[at + 1], is_in_table);
        put_html(&p->html, shown, shown_len);
        at += MAX(len, (size_t)1);
    }
    text_clear(&p->said);
}

static void PRINTF_LIKE(2, 0) say(struct paper *p, const char *fmt, va_list args)
{
    char *words = NULL;

    text_clear(&p->said);
    if (vasprintf(&words, fmt, args) < 0) return; /* out of memory: the words are missing */
    text_puts(&p->said, words);
    free(words);
}

#define SAY(p, fmt)                                                                                \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        say((p), (fmt), args);                                                                     \
        va_end(args);                                                                              \
    } while (0)

/* ---- blocks -------------------------------------------------------------------------------- */

static void
leave_list(struct paper *p)
{
    if (!p->is_in_list) return;
    text_puts(&p->html, "</ul>\n");
    text_putc(&p->md, '\n');
    p->is_in_list = false;
}

static void
enter_list(struct paper *p)
{
    if (!p->is_in_list) text_puts(&p->html, "<ul>\n");
    p->is_in_list = true;
}

void
paper_title(struct paper *p, const char *name, const char *day)
{
    leave_list(p);
    text_printf(&p->md, "# %s — %s\n\n", name, day);
    text_printf(&p->html, "<h1>%s <span>%s</span></h1>\n", name, day);
}

void
paper_heading(struct paper *p, int level, const char *fmt, ...)
{
    leave_list(p);
    SAY(p, fmt);
    text_puts(&p->md, level == 2 ? "## " : "### ");
    text_printf(&p->html, "<h%d>", level);
    put_said(p, false);
    text_puts(&p->md, "\n\n");
    text_printf(&p->html, "</h%d>\n", level);
}

void
paper_say(struct paper *p, const char *fmt, ...)
{
    leave_list(p);
    SAY(p, fmt);
    text_puts(&p->html, "<p>");
    put_said(p, false);
    text_puts(&p->md, "\n\n");
    text_puts(&p->html, "</p>\n");
}

void
paper_item(struct paper *p, const char *fmt, ...)
{
    enter_list(p);
    SAY(p, fmt);
    text_puts(&p->md, "- ");
    text_puts(&p->html, "<li>");
    put_said(p, false);
    text_putc(&p->md, '\n');
    text_puts(&p->html, "</li>\n");
}

void
paper_point(struct paper *p, enum tone tone, const char *subject, const char *fmt, ...)
{
    static const char *const class[] = {
        [TONE_PLAIN] = "plain", [TONE_GOOD] = "good", [TONE_WARN] = "warn", [TONE_BAD] = "bad"};

    enter_list(p);
    SAY(p, fmt);
    text_printf(&p->md, "- **%s:** ", subject);
    text_printf(&p->html, "<li class=\"%s\"><b>%s</b> ", class[tone], subject);
    put_said(p, false);
    text_putc(&p->md, '\n');
    text_puts(&p->html, "</li>\n");
}

void
paper_to_do(struct paper *p, const char *fmt, ...)
{
    enter_list(p);
    SAY(p, fmt);
    text_puts(&p->md, "- [ ] ");
    text_puts(&p->html, "<li class=\"todo\">");
    put_said(p, false);
    text_putc(&p->md, '\n');
    text_puts(&p->html, "</li>\n");
}

void
paper_code(struct paper *p, const char *bytes, size_t len)
{
    leave_list(p);
    text_puts(&p->md, "```\n");
    text_add(&p->md, bytes, len);
    text_puts(&p->md, "\n```\n\n");
    text_puts(&p->html, "<pre>");
    for (size_t i = 0; i < len; i++)
        put_html(&p->html, bytes + i, 1);
    text_puts(&p->html, "</pre>\n");
}

void
paper_chart(struct paper *p, const char *file, const char *alt, const struct text *svg,
            bool is_small)
{
    leave_list(p);
    text_printf(&p->md, "![%s](%s)\n\n", alt, file);
    text_puts(&p->html, is_small ? "<figure class=\"small\">" : "<figure>");
    text_add(&p->html, text_str(svg), svg->len);
    text_puts(&p->html, "</figure>\n");
}

void
paper_box(struct paper *p)
{
    leave_list(p);
    text_puts(&p->html, "<div class=\"box\">\n");
}

void
paper_box_end(struct paper *p)
{
    leave_list(p);
    text_puts(&p->html, "</div>\n");
}

/* ---- tables -------------------------------------------------------------------------------- */

void
paper_table(struct paper *p, const struct paper_column *column, size_t len)
{
    ASSERT(len >= 1 && len <= PAPER_COLUMNS_MAX);
    leave_list(p);
    text_putc(&p->md, '|');
    text_puts(&p->html, "<div class=\"wide\"><table>\n<tr>");
    for (size_t i = 0; i < len; i++) {
        p->is_number[i] = column[i].is_number;
        text_printf(&p->md, " %s |", column[i].name);
        text_printf(&p->html, "<th%s>%s</th>", column[i].is_number ? " class=\"n\"" : "",
                    column[i].name);
    }
    text_puts(&p->md, "\n|");
    for (size_t i = 0; i < len; i++)
        text_puts(&p->md, column[i].is_number ? " ---: |" : " --- |");
    text_putc(&p->md, '\n');
    text_puts(&p->html, "</tr>\n");
    p->columns = len;
    p->cells = 0;
}

void
paper_cell(struct paper *p, const char *fmt, ...)
{
    size_t at = p->cells % p->columns;

    SAY(p, fmt);
    text_puts(&p->md, at == 0 ? "| " : " ");
    if (at == 0) text_puts(&p->html, "<tr>");
    text_puts(&p->html, p->is_number[at] ? "<td class=\"n\">" : "<td>");
    put_said(p, true);
    text_puts(&p->md, " |");
    text_puts(&p->html, "</td>");
    p->cells++;
    if (p->cells % p->columns != 0) return;
    text_putc(&p->md, '\n');
    text_puts(&p->html, "</tr>\n");
}

void
paper_table_end(struct paper *p)
{
    ASSERT(p->columns > 0 && p->cells % p->columns == 0);
    p->columns = 0;
    text_putc(&p->md, '\n');
    text_puts(&p->html, "</table></div>\n");
}

/* ---- the whole ----------------------------------------------------------------------------- */

void
paper_page(struct paper *p, const char *title, struct text *ret_page)
{
    leave_list(p);
    text_puts(ret_page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width\">\n"
                        "<meta name=\"color-scheme\" content=\"light dark\">\n");
    text_printf(ret_page, "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
                title, PAPER_STYLE);
    text_add(ret_page, text_str(&p->html), p->html.len);
    text_puts(ret_page, "</main>\n</body>\n</html>\n");
}

void
paper_done(struct paper *p)
{
    text_free(&p->md);
    text_free(&p->html);
    text_free(&p->said);
    *p = (struct paper){0};
}

/* ---- numbers ------------------------------------------------------------------------------- */

static const char *
not_known(char buf[PAPER_NUMBER_MAX])
{
    (void)str_copy(buf, PAPER_NUMBER_MAX, "n/a");
    return buf;
}

const char *
paper_usd(double amount, char buf[PAPER_NUMBER_MAX])
{
    enum { APART_FROM = 5, GROUP = 3 };
    char digits[PAPER_NUMBER_MAX];

    if (!isfinite(amount) || fabs(amount) >= 1e15) return not_known(buf);
    (void)snprintf(digits, sizeof(digits), "%.2f", fabs(amount));
    size_t whole = strlen(digits) - 3, at = 0;
    bool is_zero = strspn(digits, "0.") == strlen(digits);
    if (amount < 0 && !is_zero) buf[at++] = '-';
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (whole >= APART_FROM && i > 0 && i < whole && (whole - i) % GROUP == 0) buf[at++] = ',';
        buf[at++] = digits[i];
    }
    buf[at] = '\0';
    return buf;
}

const char *
paper_number(double x, char buf[PAPER_NUMBER_MAX])
{
    char digits[F64_TEXT_MAX];

    if (!isfinite(x)) return not_known(buf);
    (void)str_copy(buf, PAPER_NUMBER_MAX, number_text(x, digits));
    return buf;
}

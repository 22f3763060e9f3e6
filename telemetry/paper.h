/*
 * A report that is told once and comes out twice: as Markdown, for files and comparisons, and as
 * HTML, for a page that needs nothing else.
 *
 * What is said may hold anything a log held: it is made harmless here, in both forms.  The same
 * calls give the same bytes.
 */
#ifndef TELEMETRY_PAPER_H
#define TELEMETRY_PAPER_H

#include "base/text.h"

enum { PAPER_COLUMNS_MAX = 12 };

enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD };

/* Starts from {0}; paper_done gives it back. */
struct paper {
    struct text md, html;
    struct text said;                  /* the words of one call */
    bool is_in_list;                   /* HTML: an <ul> is open */
    size_t columns, cells;             /* of the open table */
    bool is_number[PAPER_COLUMNS_MAX]; /* of its columns */
};

void paper_done(struct paper *p); /* as after = {0}; fits CLEANUP(paper_done) */

/* "# <name> — <day>" */
void paper_title(struct paper *p, const char *name, const char *day);
/* level 2 or 3 */
void paper_heading(struct paper *p, int level, const char *fmt, ...) PRINTF_LIKE(3, 4);

void paper_say(struct paper *p, const char *fmt, ...) PRINTF_LIKE(2, 3);  /* a paragraph    */
void paper_item(struct paper *p, const char *fmt, ...) PRINTF_LIKE(2, 3); /* a line of a list */
/* A line of a list that begins with its subject; the page colours it. */
void paper_point(struct paper *p, enum tone tone, const char *subject, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void paper_to_do(struct paper *p, const char *fmt, ...) PRINTF_LIKE(2, 3); /* "- [ ] …" */

/* A table is its columns, then a cell at a time from left to right, then its end. */
struct paper_column {
    const char *name; /* with its unit */
    bool is_number;   /* right-aligned */
};
void paper_table(struct paper *p, const struct paper_column *column, size_t len);
void paper_cell(struct paper *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void paper_table_end(struct paper *p);

/* A picture: Markdown names its file, the page holds it.  alt says in words what it shows; two
 * small ones stand side by side. */
void paper_chart(struct paper *p, const char *file, const char *alt, const struct text *svg,
                 bool is_small);

void paper_code(struct paper *p, const char *bytes, size_t len);

/* Begins and ends the box of what matters most, at the top of the page; no trace in Markdown. */
void paper_box(struct paper *p);
void paper_box_end(struct paper *p);

/* The whole page around the HTML. */
void paper_page(struct paper *p, const char *title, struct text *ret_page);

/* ---- numbers as reports show them ------------------------------------------------------------ */

enum { PAPER_NUMBER_MAX = 40 };

/* "-3.20", thousands apart from 10,000 on; "n/a" for what is not finite. */
const char *paper_usd(double amount, char buf[PAPER_NUMBER_MAX]);
/* The shortest text that reads back, "3.0" for a whole one (spec 40 0.4.4); "n/a". */
const char *paper_number(double x, char buf[PAPER_NUMBER_MAX]);

#endif

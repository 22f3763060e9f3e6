/*
 * Small charts as SVG: lines over time or numbers, and bars of counts.  Readable in light and dark,
 * without a script, a font or a picture from anywhere.
 */
#ifndef TELEMETRY_CHART_H
#define TELEMETRY_CHART_H

#include "base/text.h"

struct chart_point {
    double x, y;
};

struct chart_series {
    const char *name;
    const struct chart_point *point; /* x ascending; not finite ones are left out */
    size_t len;
};

enum { CHART_SERIES_MAX = 2 };

enum chart_kind {
    CHART_LINES,
    CHART_STEPS, /* a value holds until the next one */
    CHART_BARS   /* a bar from each x to x + bar_width; series stand side by side */
};

struct chart {
    const char *title;  /* with the unit of y */
    const char *x_name; /* with its unit */
    enum chart_kind kind;
    bool is_time;     /* x is minutes of a day, written as 09:30 */
    bool starts_at_0; /* y shows its zero */
    bool is_small;    /* half as wide: two stand side by side */
    double bar_width;
    const struct chart_series *series;
    size_t series_len; /* 1..CHART_SERIES_MAX */
};

/* Whether there is anything to draw: a line needs two points, bars one that is not zero. */
bool chart_has_data(const struct chart *c);

/* Draws it; with_style for a file of its own, without for a page that has the style. */
void chart_draw(const struct chart *c, bool with_style, struct text *to);

#endif

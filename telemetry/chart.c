#include "telemetry/chart.h"

#include <math.h>

#include "telemetry/paper_style.h"

enum { LEFT = 64, MARGIN = 20, TOP = 40, BELOW = 45 }; /* around the field of the values */
enum { MINUTES_PER_DAY = 1440, TICKS_Y = 5 };

/* The picture in its own units. */
struct size {
    int width, height, right, bottom, ticks_x;
};

static struct size
size_of(const struct chart *c)
{
    struct size s = {.width = c->is_small ? 360 : 720, .height = c->is_small ? 200 : 250};

    s.right = s.width - MARGIN;
    s.bottom = s.height - BELOW;
    s.ticks_x = c->is_small ? 4 : 8;
    return s;
}

struct range {
    double lo, hi, step;
};

struct field {
    struct range x, y;
    struct size size;
};

/* ---- scales -------------------------------------------------------------------------------- */

static void
widen(struct range *r, double v)
{
    if (!isfinite(v)) return;
    r->lo = fmin(r->lo, v);
    r->hi = fmax(r->hi, v);
}

/* The largest magnitude that a chart shows: far beyond money, and its ticks can be written. */
#define CHART_MAX 1e15

static bool
is_drawn(const struct chart_point *p)
{
    return isfinite(p->x) && isfinite(p->y) && fabs(p->x) < CHART_MAX && fabs(p->y) < CHART_MAX;
}

/* 1, 2 or 5 times a power of ten, so that about so many of them fill the range. */
static double
step_of(double span, int ticks)
{
    double raw = span / ticks, power = pow(10, floor(log10(raw)));
    double digit = raw / power;

    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static double
time_step_of(double span_min, int ticks)
{
    static const double steps[] = {5, 10, 15, 30, 60, 120, 180};

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (span_min / steps[i] <= ticks) return steps[i];
    }
    return 240;
}

/* Something between the bounds, even where all values are the same. */
static void
open_up(struct range *r)
{
    double least = fmax(fabs(r->hi) * 1e-4, 1e-6);

    if (r->hi - r->lo >= least) return;
    r->lo -= least / 2;
    r->hi += least / 2;
}

static struct field
field_of(const struct chart *c)
{
    struct field f = {.size = size_of(c)};
    int ticks = f.size.ticks_x;

    f.x = (struct range){HUGE_VAL, -HUGE_VAL, 0};
    f.y = (struct range){HUGE_VAL, -HUGE_VAL, 0};

    for (size_t s = 0; s < c->series_len; s++) {
        for (size_t i = 0; i < c->series[s].len; i++) {
            const struct chart_point *p = &c->series[s].point[i];
            if (!is_drawn(p)) continue;
            widen(&f.x, p->x);
            widen(&f.x, p->x + (c->kind == CHART_BARS ? c->bar_width : 0));
            widen(&f.y, p->y);
        }
    }
    if (c->starts_at_0 || c->kind == CHART_BARS) widen(&f.y, 0);
    open_up(&f.x);
    open_up(&f.y);
    f.x.step = c->is_time ? time_step_of(f.x.hi - f.x.lo, ticks) : step_of(f.x.hi - f.x.lo, ticks);
    f.y.step = step_of(f.y.hi - f.y.lo, TICKS_Y);
    f.y.lo = floor(f.y.lo / f.y.step) * f.y.step;
    f.y.hi = ceil(f.y.hi / f.y.step) * f.y.step;
    return f;
}

static double
at_x(const struct field *f, double x)
{
    return LEFT + (x - f->x.lo) / (f->x.hi - f->x.lo) * (f->size.right - LEFT);
}

static double
at_y(const struct field *f, double y)
{
    return f->size.bottom - (y - f->y.lo) / (f->y.hi - f->y.lo) * (f->size.bottom - TOP);
}

/* ---- axes ---------------------------------------------------------------------------------- */

static void
put_number(struct text *to, double v, double step)
{
    int decimals = step >= 1 ? 0 : (int)fmin(6, ceil(-log10(step) - 1e-9));

    text_printf(to, "%.*f", decimals, fabs(v) < step / 2 ? 0 : v);
}

static void
put_time(struct text *to, double minutes)
{
    int m = (int)fmod(minutes, MINUTES_PER_DAY);

    m = (m + MINUTES_PER_DAY) % MINUTES_PER_DAY;
    text_printf(to, "%02d:%02d", m / 60, m % 60);
}

/* Words of a chart, safe inside an element and an attribute. */
static void
put_words(struct text *to, const char *words)
{
    for (; *words != '\0'; words++) {
        const char *entity = *words == '&'   ? "&amp;"
                             : *words == '<' ? "&lt;"
                             : *words == '"' ? "&quot;"
                                             : NULL;
        if (entity != NULL)
            text_puts(to, entity);
        else
            text_putc(to, *words);
    }
}

static void
draw_y(const struct field *f, struct text *to)
{
    int n = (int)round((f->y.hi - f->y.lo) / f->y.step);

    for (int i = 0; i <= n; i++) {
        double v = f->y.lo + i * f->y.step, y = at_y(f, v);
        bool is_zero = fabs(v) < f->y.step / 2;

        text_printf(to, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    is_zero ? "z" : "g", LEFT, f->size.right, y, y);
        text_printf(to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8, y + 4);
        put_number(to, v, f->y.step);
        text_puts(to, "</text>\n");
    }
}

static void
draw_x(const struct chart *c, const struct field *f, struct text *to)
{
    double first = ceil(f->x.lo / f->x.step - 1e-9) * f->x.step;

    for (int i = 0; first + i * f->x.step <= f->x.hi + f->x.step * 1e-9; i++) {
        double v = first + i * f->x.step;

        text_printf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", at_x(f, v),
                    f->size.bottom + 17);
        if (c->is_time)
            put_time(to, v);
        else
            put_number(to, v, f->x.step);
        text_puts(to, "</text>");
    }
    text_printf(to, "\n<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", f->size.right,
                f->size.height - 8, c->x_name);
}

static void
draw_legend(const struct chart *c, const struct field *f, struct text *to)
{
    enum { NEXT_X = 150, SWATCH = 10 };
    int y = f->size.height - 8;

    for (size_t s = 0; s < c->series_len; s++) {
        int x = LEFT + NEXT_X * (int)s;
        text_printf(to,
                    "<rect class=\"f%zu\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>"
                    "<text x=\"%d\" y=\"%d\">%s</text>\n",
                    s, x, y - SWATCH + 1, SWATCH, SWATCH, x + SWATCH + 6, y, c->series[s].name);
    }
}

/* ---- what is shown ------------------------------------------------------------------------- */

static void
draw_line(const struct chart *c, const struct field *f, size_t s, struct text *to)
{
    const struct chart_series *series = &c->series[s];
    bool is_first = true;

    text_printf(to, "<path class=\"l s%zu\" d=\"", s);
    for (size_t i = 0; i < series->len; i++) {
        const struct chart_point *p = &series->point[i];
        if (!is_drawn(p)) continue;
        double x = at_x(f, p->x), y = at_y(f, p->y);

        if (is_first)
            text_printf(to, "M%.1f %.1f", x, y);
        else if (c->kind == CHART_STEPS)
            text_printf(to, "H%.1fV%.1f", x, y);
        else
            text_printf(to, "L%.1f %.1f", x, y);
        is_first = false;
    }
    text_puts(to, "\"/>\n");
}

static void
draw_bars(const struct chart *c, const struct field *f, size_t s, struct text *to)
{
    const struct chart_series *series = &c->series[s];
    double whole = at_x(f, f->x.lo + c->bar_width) - LEFT, gap = whole * 0.1;
    double width = (whole - 2 * gap) / (double)c->series_len;

    for (size_t i = 0; i < series->len; i++) {
        const struct chart_point *p = &series->point[i];
        if (!is_drawn(p) || !(fabs(p->y) > 0)) continue;
        double zero = at_y(f, 0), y = at_y(f, p->y);

        text_printf(
            to, "<rect class=\"f%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", s,
            at_x(f, p->x) + gap + width * (double)s, fmin(y, zero), width, fabs(y - zero));
    }
}

bool
chart_has_data(const struct chart *c)
{
    size_t drawn = 0;

    for (size_t s = 0; s < c->series_len; s++) {
        for (size_t i = 0; i < c->series[s].len; i++) {
            const struct chart_point *p = &c->series[s].point[i];
            drawn += is_drawn(p) && (c->kind != CHART_BARS || fabs(p->y) > 0);
        }
    }
    return drawn >= (c->kind == CHART_BARS ? 1 : 2);
}

void
chart_draw(const struct chart *c, bool with_style, struct text *to)
{
    ASSERT(c->series_len >= 1 && c->series_len <= CHART_SERIES_MAX);
    struct field f = field_of(c);

    text_printf(to,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"c\" viewBox=\"0 0 %d %d\" "
                "role=\"img\" aria-label=\"",
                f.size.width, f.size.height);
    put_words(to, c->title);
    text_puts(to, "\">\n");
    if (with_style) text_printf(to, "<style>%s</style>\n", CHART_STYLE);
    text_printf(to, "<rect class=\"p\" width=\"%d\" height=\"%d\"/>\n", f.size.width,
                f.size.height);
    text_printf(to, "<text class=\"t\" x=\"%d\" y=\"20\">", LEFT);
    put_words(to, c->title);
    text_puts(to, "</text>\n");
    draw_y(&f, to);
    draw_x(c, &f, to);
    for (size_t s = 0; s < c->series_len; s++) {
        if (c->kind == CHART_BARS)
            draw_bars(c, &f, s, to);
        else
            draw_line(c, &f, s, to);
    }
    draw_legend(c, &f, to);
    text_puts(to, "</svg>\n");
}

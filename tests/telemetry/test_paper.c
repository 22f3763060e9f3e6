/* Reports as Markdown and as a page: the same words, harmless whatever a log held. */
#include <math.h>

#include "tests/lib/check.h"

#include "telemetry/chart.h"
#include "telemetry/paper.h"

static void
test_paper_tells_the_same_twice(void **state)
{
    static const struct paper_column columns[] = {
        {"symbol",    false},
        {"P&L (USD)", true }
    };
    CLEANUP(paper_done) struct paper p = {0};

    (void)state;
    paper_title(&p, "Day", "2026-01-22");
    paper_heading(&p, 2, "%s", "One");
    paper_item(&p, "n: %d", 3);
    paper_table(&p, columns, COUNT_OF(columns));
    paper_cell(&p, "%s", "KO");
    paper_cell(&p, "%s", "1.5");
    paper_table_end(&p);
    assert_string_equal(text_str(&p.md), "# Day — 2026-01-22\n\n## One\n\n- n: 3\n\n"
                                         "| symbol | P&L (USD) |\n| --- | ---: |\n"
                                         "| KO | 1.5 |\n\n");
    assert_non_null(strstr(p.html.data, "<h2>One</h2>"));
    assert_non_null(strstr(p.html.data, "<ul>\n<li>n: 3</li>\n</ul>"));
    assert_non_null(strstr(p.html.data, "<td>KO</td><td class=\"n\">1.5</td></tr>"));
}

static void
test_paper_makes_what_a_log_held_harmless(void **state)
{
    static const struct paper_column column[] = {
        {"x", false}
    };
    CLEANUP(paper_done) struct paper p = {0};

    (void)state;
    paper_table(&p, column, 1);
    paper_cell(&p, "%s", "a|b\nc\t\x01<script>alert(1)</script>&amp; \xff <30m");
    paper_table_end(&p);
    assert_non_null(strstr(p.md.data, "| a\\|b c  &lt;script>alert(1)&lt;/script>"));
    assert_non_null(strstr(p.md.data, "\xEF\xBF\xBD <30m |\n"));
    assert_null(strstr(p.html.data, "<script"));
    assert_non_null(strstr(p.html.data, "&lt;script&gt;"));
    assert_non_null(strstr(p.html.data, "&amp;amp;"));
    assert_true(utf8_valid(p.md.data, p.md.len) && utf8_valid(p.html.data, p.html.len));
}

static void
test_paper_page_needs_nothing_else(void **state)
{
    CLEANUP(paper_done) struct paper p = {0};
    CLEANUP(text_free) struct text page = {0};

    (void)state;
    paper_box(&p);
    paper_point(&p, TONE_BAD, "Wrong", "%s.", "all");
    paper_box_end(&p);
    paper_to_do(&p, "%s", "think");
    paper_code(&p, "{\"a\": \"<b>\"}", 12);
    paper_page(&p, "T", &page);
    assert_non_null(strstr(p.md.data, "- **Wrong:** all.\n"));
    assert_non_null(strstr(p.md.data, "- [ ] think\n"));
    assert_non_null(strstr(page.data, "{\"a\": \"&lt;b&gt;\"}"));
    assert_non_null(strstr(page.data, "prefers-color-scheme:dark"));
    static const char *const foreign[] = {"http://", "https://", "<script",
                                          "<link",   "@import",  "src="};
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        assert_null(strstr(page.data, foreign[i]));
}

static void
test_paper_numbers_are_readable_and_exact(void **state)
{
    static const struct {
        double x;
        const char *as_usd, *as_number;
    } cases[] = {
        {0,          "0.00",          "0.0"               },
        {-0.001,     "0.00",          "-0.001"            },
        {3,          "3.00",          "3.0"               },
        {-9999.994,  "-9999.99",      "-9999.994"         },
        {12345.678,  "12,345.68",     "12345.678"         },
        {-1234567.5, "-1,234,567.50", "-1234567.5"        },
        {1e15,       "n/a",           "1000000000000000.0"},
        {1e-05,      "0.00",          "1e-05"             },
    };
    char buf[PAPER_NUMBER_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_string_equal(paper_usd(cases[i].x, buf), cases[i].as_usd);
        assert_string_equal(paper_number(cases[i].x, buf), cases[i].as_number);
    }
    assert_string_equal(paper_usd((double)NAN, buf), "n/a");
    assert_string_equal(paper_usd(1e300, buf), "n/a");
    assert_string_equal(paper_number(HUGE_VAL, buf), "n/a");
}

/* ---- charts -------------------------------------------------------------------------------- */

/* Every element that begins ends, and no number is none. */
static void
assert_sound_svg(const struct text *svg)
{
    int depth = 0;

    assert_null(strstr(svg->data, "nan"));
    assert_null(strstr(svg->data, "inf"));
    for (const char *at = svg->data; (at = strchr(at, '<')) != NULL; at++) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '/')
            depth--;
        else if (end[-1] != '/')
            depth++;
        assert_true(depth >= 0);
    }
    assert_int_equal(depth, 0);
}

static void
test_chart_draws_any_numbers(void **state)
{
    struct rng r = check_rng("chart");

    (void)state;
    for (int round = 0; round < 300; round++) {
        CLEANUP(text_free) struct text svg = {0};
        struct chart_point point[2][40];
        double scale = pow(10, (double)rng_below(&r, 16) - 6);
        size_t len = rng_below(&r, 40) + 1;

        for (size_t i = 0; i < len; i++) {
            point[0][i] = (struct chart_point){(double)i, (rng_f64(&r) - 0.5) * scale};
            point[1][i] = point[0][i];
            if (rng_below(&r, 9) == 0) point[1][i].y = (double)NAN;
            if (rng_below(&r, 9) == 0) point[1][i].y = HUGE_VAL;
        }
        struct chart_series series[] = {
            {"one", point[0], len},
            {"two", point[1], len}
        };
        struct chart c = {.title = "t",
                          .x_name = "x",
                          .kind = (enum chart_kind)rng_below(&r, 3),
                          .is_time = rng_below(&r, 2) == 0,
                          .starts_at_0 = rng_below(&r, 2) == 0,
                          .is_small = rng_below(&r, 2) == 0,
                          .bar_width = 1,
                          .series = series,
                          .series_len = 1 + rng_below(&r, 2)};
        if (!chart_has_data(&c)) continue;
        chart_draw(&c, round % 2 == 0, &svg);
        assert_sound_svg(&svg);
        assert_true(svg.len < 64 * 1024);
    }
}

static void
test_chart_shows_time_and_zero(void **state)
{
    static const struct chart_point point[] = {
        {-30, 5},
        {0,   5},
        {90,  5}
    };
    CLEANUP(text_free) struct text svg = {0};
    struct chart_series series[] = {
        {"flat", point, COUNT_OF(point)}
    };
    struct chart c = {.title = "a & \"b\" <c>",
                      .x_name = "x",
                      .is_time = true,
                      .starts_at_0 = true,
                      .series = series,
                      .series_len = 1};

    (void)state;
    chart_draw(&c, true, &svg);
    assert_non_null(strstr(svg.data, ">23:30<")); /* before midnight is the day before */
    assert_non_null(strstr(svg.data, ">01:00<"));
    assert_non_null(strstr(svg.data, "aria-label=\"a &amp; &quot;b&quot; &lt;c>\""));
    assert_non_null(strstr(svg.data, "class=\"z\""));
    assert_non_null(strstr(svg.data, "<style>"));
}

static void
test_chart_has_no_data_where_nothing_can_be_seen(void **state)
{
    static const struct chart_point one[] =
        {
            {1, 1}
    },
                                    zeros[] = {{1, 0}, {2, 0}};
    struct chart_series series[] = {
        {"s", one, 1}
    };
    struct chart c = {.title = "t", .x_name = "x", .bar_width = 1, .series_len = 1};

    (void)state;
    c.series = series;
    assert_false(chart_has_data(&c));
    c.kind = CHART_BARS;
    assert_true(chart_has_data(&c));
    series[0] = (struct chart_series){"s", zeros, 2};
    assert_false(chart_has_data(&c));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paper_tells_the_same_twice),
        cmocka_unit_test(test_paper_makes_what_a_log_held_harmless),
        cmocka_unit_test(test_paper_page_needs_nothing_else),
        cmocka_unit_test(test_paper_numbers_are_readable_and_exact),
        cmocka_unit_test(test_chart_draws_any_numbers),
        cmocka_unit_test(test_chart_shows_time_and_zero),
        cmocka_unit_test(test_chart_has_no_data_where_nothing_can_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

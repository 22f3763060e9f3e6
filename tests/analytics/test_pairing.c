/*
 * Entry parity (spec 40 3.6): who is paired with whom, and what a pair is called.
 */
#include "tests/analytics/logs.h"

#include "base/when.h"

#define DATE "2026-02-03"

static void
v1_line(struct text *to, const char *symbol, const char *ts, const char *more)
{
    text_printf(to,
                "{\"ts\":\"" DATE "T12:00:00Z\",\"type\":\"attribution\",\"trade_id\":\"open_%s\","
                "\"symbol\":\"%s\",\"context\":{\"entry_ts\":\"%s\"%s}}\n",
                symbol, symbol, ts, more);
}

static void
v2_line(struct text *to, const char *symbol, const char *ts, const char *more)
{
    text_printf(to,
                "{\"ts\":\"" DATE "T12:00:00Z\",\"event_type\":\"shadow_entry_opened\","
                "\"symbol\":\"%s\",\"entry_ts\":\"%s\"%s}\n",
                symbol, ts, more);
}

static struct day *
paired(const struct text *v1, const struct text *v2)
{
    struct day *d = day_of(DATE, DATE "T23:00:00Z");

    feed(d, DAY_ATTRIBUTION, text_str(v1));
    feed(d, DAY_SHADOW_TRADES, text_str(v2));
    day_finish(d);
    return d;
}

/* ---- against the obvious double loop --------------------------------------------------------- */

enum { ENTRIES_MAX = 40 };

struct side {
    int64_t us[ENTRIES_MAX];
    int n;
};

static double
seconds(int64_t us)
{
    return (double)us / 1e6;
}

/* Ascending; equals keep their order, which cannot be seen from the times alone. */
static void
sort_times(struct side *s)
{
    for (int i = 1; i < s->n; i++) {
        for (int j = i; j > 0 && s->us[j - 1] > s->us[j]; j--) {
            int64_t t = s->us[j];
            s->us[j] = s->us[j - 1];
            s->us[j - 1] = t;
        }
    }
}

/* The place of the v1 entry that each v2 entry takes, in order of time; -1 for none. */
static void
pair_slowly(const struct side *v1, const struct side *v2, int place[ENTRIES_MAX])
{
    bool taken[ENTRIES_MAX] = {0};

    for (int i = 0; i < v2->n; i++) {
        int best = -1;
        double nearest = 0;
        for (int k = 0; k < v1->n; k++) {
            double distance = fabs(seconds(v2->us[i]) - seconds(v1->us[k]));
            if (taken[k] || (best >= 0 && !(distance < nearest))) continue;
            best = k;
            nearest = distance;
        }
        place[i] = best;
        if (best >= 0) taken[best] = true;
    }
}

/* Times of a small range meet each other; far ones lie so far apart that distances round. */
static int64_t
random_us(struct rng *r, bool is_far)
{
    if (is_far) return rng_range(r, -62135596800, 253402300799) * 1000000 + rng_range(r, 0, 999999);
    return (int64_t)(rng_below(r, 30)) * 500000;
}

static void
write_time(struct text *to, const char *symbol, int64_t us, bool is_v1)
{
    char ts[64];
    int64_t s = us / 1000000 - (us % 1000000 < 0);
    struct date d = date_from_days(s / 86400 - (s % 86400 < 0));
    int64_t in_day = s - date_to_days(d) * 86400;

    (void)snprintf(ts, sizeof(ts), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", d.year, d.month, d.day,
                   (int)(in_day / 3600), (int)(in_day / 60 % 60), (int)(in_day % 60),
                   (int)(us - s * 1000000));
    (is_v1 ? v1_line : v2_line)(to, symbol, ts, "");
}

static void
check_rows(const struct day_view *v, const struct side *v1, const struct side *v2)
{
    int place[ENTRIES_MAX];
    size_t row = 0;
    bool taken[ENTRIES_MAX] = {0};

    pair_slowly(v1, v2, place);
    for (int i = 0; i < v2->n; i++) {
        if (place[i] < 0) continue;
        taken[place[i]] = true;
        assert_true(row < v->rows && v->row[row].v1_ts != 0 && v->row[row].v2_ts != 0);
        double delta = seconds(v2->us[i]) - seconds(v1->us[place[i]]);
        assert_memory_equal(&v->row[row].ts_delta, &delta, sizeof(delta));
        assert_int_equal(ts_of(words_text(v->words, v->row[row].v1_ts)), v1->us[place[i]]);
        row++;
    }
    for (int k = 0; k < v1->n; k++) {
        if (taken[k]) continue;
        assert_int_equal(v->row[row].class, PARITY_MISSING_IN_V2);
        assert_int_equal(ts_of(words_text(v->words, v->row[row++].v1_ts)), v1->us[k]);
    }
    for (int i = 0; i < v2->n; i++) {
        if (place[i] >= 0) continue;
        assert_int_equal(v->row[row].class, PARITY_MISSING_IN_V1);
        assert_int_equal(ts_of(words_text(v->words, v->row[row++].v2_ts)), v2->us[i]);
    }
    assert_int_equal(row, v->rows);
}

static void
test_analytics_pairing_is_that_of_the_double_loop(void **state)
{
    struct rng r = check_rng("pairing");

    (void)state;
    for (int round = 0; round < 400; round++) {
        CLEANUP(text_free) struct text v1_log = {0};
        CLEANUP(text_free) struct text v2_log = {0};
        struct side v1 = {.n = (int)rng_below(&r, ENTRIES_MAX)};
        struct side v2 = {.n = (int)rng_below(&r, ENTRIES_MAX)};
        for (int i = 0; i < v1.n; i++) {
            v1.us[i] = random_us(&r, round % 4 == 0 && rng_chance(&r, 0.5));
            write_time(&v1_log, "AAA", v1.us[i], true);
        }
        for (int i = 0; i < v2.n; i++) {
            v2.us[i] = random_us(&r, round % 4 == 0 && rng_chance(&r, 0.5));
            write_time(&v2_log, "AAA", v2.us[i], false);
        }
        sort_times(&v1);
        sort_times(&v2);
        struct day *d = paired(&v1_log, &v2_log);
        check_rows(day_look(d), &v1, &v2);
        day_free(d);
    }
}

/* Twenty thousand entries at one instant: nothing here may look at all for each. */
static void
test_analytics_pairing_of_many_at_one_instant(void **state)
{
    CLEANUP(text_free) struct text v1 = {0};
    CLEANUP(text_free) struct text v2 = {0};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char score[32];
        (void)snprintf(score, sizeof(score), ",\"entry_score\":%d", i);
        v1_line(&v1, "AAA", DATE "T10:00:00Z", score);
        v2_line(&v2, "AAA", DATE "T10:00:00Z", "");
    }
    struct day *d = paired(&v1, &v2);
    const struct day_view *v = day_look(d);
    assert_int_equal(v->rows, 20000);
    for (size_t i = 0; i < v->rows; i++) /* among equals the earliest */
        assert_true(v->row[i].v1_score >= (double)i && v->row[i].v1_score <= (double)i);
    day_free(d);
}

/* ---- classes ------------------------------------------------------------------------------- */

static void
test_analytics_pairing_classes(void **state)
{
    static const struct {
        const char *v1_ts, *v1, *v2_ts, *v2;
        enum parity_class class;
        unsigned missing;
    } cases[] = {
        {"T10:00:00Z",   ",\"score\":3,\"entry_price\":100",                       "T10:00:05Z",
         ",\"v2_score\":3,\"entry_price\":100",                                                             PARITY_PERFECT,   0            },
        {"T10:00:00Z",   ",\"score\":3,\"entry_price\":100",                       "T10:00:05.000001Z",
         ",\"v2_score\":3,\"entry_price\":100",                                                             PARITY_NEAR,      0            },
 /* 3.35 - 3.3 is above 0.05 as a double, 0.05 - 0 is not */
        {"T10:00:00Z",   ",\"score\":3.3,\"entry_price\":100",                     "T10:00:00Z",
         ",\"v2_score\":3.35,\"entry_price\":100",                                                          PARITY_NEAR,      0            },
        {"T10:00:00Z",   ",\"score\":0,\"entry_price\":100",                       "T10:00:00Z",
         ",\"v2_score\":-0.05,\"entry_price\":100",                                                         PARITY_PERFECT,   0            },
        {"T10:00:00Z",   ",\"score\":3,\"entry_price\":100",                       "T10:00:00Z",
         ",\"v2_score\":3,\"entry_price\":100.5",                                                           PARITY_NEAR,      0            },
        {"T10:00:00Z",   ",\"score\":3,\"entry_price\":100",                       "T10:00:00Z",
         ",\"v2_score\":3,\"entry_price\":100.51",                                                          PARITY_DIVERGENT, 0            },
        {"T10:01:00Z",   ",\"score\":3,\"entry_price\":100",                       "T10:00:00Z",
         ",\"v2_score\":3.25,\"entry_price\":100",                                                          PARITY_NEAR,      0            },
        {"T10:01:00.1Z", ",\"score\":3,\"entry_price\":100",                       "T10:00:00Z",
         ",\"v2_score\":3,\"entry_price\":100",                                                             PARITY_DIVERGENT, 0            },
        {"T10:00:00Z",   "",                                                       "T10:00:00Z",        "", PARITY_DIVERGENT,
         MISS_V1_SCORE | MISS_V2_SCORE | MISS_V1_PRICE | MISS_V2_PRICE                                                                     },
 /* entry_score wins while it is truthy, also over a number */
        {"T10:00:00Z",   ",\"entry_score\":\"x\",\"score\":3,\"entry_price\":100", "T10:00:00Z",
         ",\"v2_score\":3,\"entry_price\":100",                                                             PARITY_DIVERGENT, MISS_V1_SCORE},
        {"T10:00:00Z",   ",\"entry_score\":0,\"score\":3,\"entry_price\":100",     "T10:00:00Z",
         ",\"v2_score\":3,\"entry_price\":100",                                                             PARITY_PERFECT,   0            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text v1 = {0};
        CLEANUP(text_free) struct text v2 = {0};
        char ts[64];
        (void)snprintf(ts, sizeof(ts), DATE "%s", cases[i].v1_ts);
        v1_line(&v1, "AAA", ts, cases[i].v1);
        (void)snprintf(ts, sizeof(ts), DATE "%s", cases[i].v2_ts);
        v2_line(&v2, "aaa", ts, cases[i].v2);
        struct day *d = paired(&v1, &v2);
        const struct day_view *v = day_look(d);
        assert_int_equal(v->rows, 1);
        if (v->row[0].class != cases[i].class)
            fail_msg("case %zu is a %s", i, parity_class_name[v->row[0].class]);
        assert_int_equal(v->row[0].missing, cases[i].missing);
        day_free(d);
    }
}

/* Every entry of either side stands in exactly one row. */
static void
test_contract_4_20_7_every_entry_is_in_one_row(void **state)
{
    static const char *const symbols[] = {"AAA", "BBB", "", "a\xC3\xA9"};
    struct rng r = check_rng("one row each");
    CLEANUP(text_free) struct text v1 = {0};
    CLEANUP(text_free) struct text v2 = {0};
    size_t pairs = 0, only_v1 = 0, only_v2 = 0;

    (void)state;
    for (int i = 0; i < 500; i++) {
        write_time(&v1, symbols[rng_below(&r, 4)], random_us(&r, false), true);
        if (i % 2 == 0) write_time(&v2, symbols[rng_below(&r, 4)], random_us(&r, false), false);
    }
    struct day *d = paired(&v1, &v2);
    const struct day_view *v = day_look(d);
    for (size_t i = 0; i < v->rows; i++) {
        const struct parity_row *row = &v->row[i];
        only_v1 += row->class == PARITY_MISSING_IN_V2;
        only_v2 += row->class == PARITY_MISSING_IN_V1;
        pairs += row->v1_ts != 0 && row->v2_ts != 0;
        if (i > 0) {
            struct span before = words_text(v->words, v->row[i - 1].symbol);
            assert_true(span_cmp(before, words_text(v->words, row->symbol)) <= 0);
        }
    }
    assert_int_equal(pairs + only_v1, v->v1_entry_events);
    assert_int_equal(pairs + only_v2, v->v2_entry_events);
    assert_int_equal(pairs + only_v1 + only_v2, v->rows);
    assert_int_equal(v->v1_entry_events, 500); /* the empty symbol among them */
    assert_true(v->v2_entry_events < 250);     /* but not here */
    day_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_pairing_is_that_of_the_double_loop),
        cmocka_unit_test(test_analytics_pairing_of_many_at_one_instant),
        cmocka_unit_test(test_analytics_pairing_classes),
        cmocka_unit_test(test_contract_4_20_7_every_entry_is_in_one_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

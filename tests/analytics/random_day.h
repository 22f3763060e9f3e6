/*
 * A random day: trades and live exits whose fields are mostly there, sometimes missing, sometimes
 * of a type that nobody expects.
 */
#ifndef TESTS_ANALYTICS_RANDOM_DAY_H
#define TESTS_ANALYTICS_RANDOM_DAY_H

#include "tests/analytics/logs.h"
#include "tests/analytics/small_day.h"

enum { LINES_MAX = 1200 };

struct lines {
    char *at[LINES_MAX];
    size_t n;
};

UNUSED static void
line_add(struct lines *l, const struct text *t)
{
    assert_true(l->n < LINES_MAX);
    l->at[l->n] = strdup(text_str(t));
    assert_non_null(l->at[l->n++]);
}

UNUSED static void
lines_free(struct lines *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i]);
}

UNUSED static void
feed_lines(struct day *d, enum day_log log, const struct lines *l)
{
    for (size_t i = 0; i < l->n; i++) {
        day_feed(d, log, l->at[i], strlen(l->at[i]));
        day_feed(d, log, "\n", 1);
    }
    day_feed_end(d, log);
}

/* ---- a random day -------------------------------------------------------------------------- */

struct random_day {
    struct lines log[DAY_LOGS];
};

UNUSED static const char *
one_of(struct rng *r, const char *const *words, size_t n)
{
    return words[rng_below(r, n)];
}
#define ONE_OF(r, words) one_of((r), (words), COUNT_OF(words))

/* ,"key":value, or mostly nothing of it, or of a type that nobody expects. */
UNUSED static void
maybe(struct rng *r, struct text *t, const char *key, double value)
{
    static const char *const odd[] = {"null", "\"x\"", "\"1.5\"", "true",  "[]",
                                      "{}",   "NaN",   "-0.0",    "1e999", "0"};
    double p = rng_f64(r);

    if (p < 0.08) return;
    if (p < 0.14)
        text_printf(t, ",\"%s\":%s", key, ONE_OF(r, odd));
    else
        text_printf(t, ",\"%s\":%.17g", key, value);
}

UNUSED static void
uw(struct rng *r, struct text *t, const char *name)
{
    static const char *const moods[] = {"BULLISH", "bearish", "NEUTRAL", "odd"};

    text_printf(t, ",\"%s\":{\"v2_uw_inputs\":{\"sentiment\":\"%s\"", name, ONE_OF(r, moods));
    for (int k = 0; k < FEATURES; k++) {
        if (k != F_SENTIMENT) maybe(r, t, feature_name[k], (double)rng_below(r, 8) / 4);
    }
    text_puts(t, "},\"v2_uw_adjustments\":{\"total\":1");
    for (int k = 0; k < FEATURES; k++)
        maybe(r, t, feature_name[k], rng_chance(r, 0.3) ? 0.0 : rng_normal(r));
    text_puts(t, "}}");
}

UNUSED static void
random_trade(struct rng *r, struct random_day *day, int i)
{
    static const char *const symbols[] = {"AAA", "BBB", "CCC", "DDD"}, *const sides[] = {
                                                                           "long", "short", "Long",
                                                                           "x"};
    static const char *const regimes[] = {"\"BULL\"", "\"BEAR\"", "null", "\"\""},
                             *const reasons[] = {"profit", "stop", ""};
    static const char *const sectors[] = {"\"TECH\"", "\"ENERGY\"", "7", "null"};
    const char *symbol = ONE_OF(r, symbols);
    char at[40];
    CLEANUP(text_free) struct text entry = {0};
    CLEANUP(text_free) struct text exit = {0};
    CLEANUP(text_free) struct text attribution = {0};

    (void)snprintf(at, sizeof(at), SMALL_DATE "T14:%02d:%02d.%06dZ", i / 60 % 60, i % 60, i);
    text_printf(&entry,
                "{\"event_type\":\"shadow_entry_opened\",\"ts\":\"%s\",\"entry_ts\":\"%s\",\"trade_"
                "id\":\"t%d\","
                "\"symbol\":\"%s\",\"side\":\"%s\",\"intel_snapshot\":{\"v2_uw_regime_profile\":{"
                "\"regime_label\":%s},"
                "\"v2_uw_sector_profile\":{\"sector\":%s},\"v2_uw_adjustments\":{\"flow\":1}}",
                at, at, i, symbol, ONE_OF(r, sides), ONE_OF(r, regimes), ONE_OF(r, sectors));
    maybe(r, &entry, "qty", 1 + (double)rng_below(r, 5));
    maybe(r, &entry, "entry_price", 10 + rng_f64(r));
    maybe(r, &entry, "v2_score", 4 * rng_f64(r));
    text_puts(&entry, "}");
    line_add(&day->log[DAY_SHADOW_TRADES], &entry);
    if (rng_chance(r, 0.1)) return;

    text_printf(
        &exit,
        "{\"event_type\":\"shadow_exit\",\"ts\":\"%s\",\"exit_ts\":\"%s\",\"trade_id\":\"t%d\","
        "\"symbol\":\"%s\",\"v2_exit_reason\":\"%s\"",
        at, at, i, symbol, ONE_OF(r, reasons));
    maybe(r, &exit, "pnl", rng_chance(r, 0.1) ? 0.0 : 10 * rng_normal(r));
    maybe(r, &exit, "exit_price", 10 + rng_f64(r));
    maybe(r, &exit, "v2_score", 4 * rng_f64(r));
    maybe(r, &exit, "replacement_candidate", 1);
    text_puts(&exit, "}");
    line_add(&day->log[DAY_SHADOW_TRADES], &exit);

    text_printf(
        &attribution,
        "{\"timestamp\":\"%s\",\"entry_timestamp\":\"%s\",\"symbol\":\"%s\",\"exit_reason\":\"%s\"",
        at, at, symbol, ONE_OF(r, reasons));
    maybe(r, &attribution, "pnl", 10 * rng_normal(r));
    maybe(r, &attribution, "v2_exit_score", rng_f64(r));
    uw(r, &attribution, "entry_uw");
    uw(r, &attribution, "exit_uw");
    text_puts(&attribution, ",\"v2_exit_components\":{\"regime_shift\":0");
    maybe(r, &attribution, "vol_expansion", rng_f64(r));
    text_puts(&attribution, "}}");
    line_add(&day->log[DAY_EXIT_ATTRIBUTION], &attribution);
}

UNUSED static void
random_live(struct rng *r, struct random_day *day, int i)
{
    static const char *const symbols[] = {"AAA", "BBB", "EEE", ""};
    const char *symbol = ONE_OF(r, symbols);
    CLEANUP(text_free) struct text t = {0};
    bool is_open = rng_chance(r, 0.5);

    text_printf(&t,
                "{\"ts\":\"" SMALL_DATE
                "T15:%02d:%02d.%06dZ\",\"type\":\"attribution\",\"trade_id\":\"%s%d\","
                "\"symbol\":\"%s\"",
                i / 60 % 60, i % 60, i, is_open ? "open_" : "x", i, symbol);
    maybe(r, &t, "pnl_usd", rng_normal(r));
    text_printf(&t, ",\"context\":{\"entry_ts\":\"" SMALL_DATE "T14:%02d:%02d.%06dZ\"", i / 60 % 60,
                i % 60, i);
    maybe(r, &t, "score", 4 * rng_f64(r));
    maybe(r, &t, "entry_price", 10 + rng_f64(r));
    text_puts(&t, "}}");
    line_add(&day->log[DAY_ATTRIBUTION], &t);
}

UNUSED static struct random_day
random_day(struct rng *r)
{
    struct random_day day = {0};
    int n = (int)rng_below(r, 300);

    for (int i = 0; i < n; i++) {
        random_trade(r, &day, i);
        random_live(r, &day, i);
    }
    return day;
}

UNUSED static void
random_day_free(struct random_day *day)
{
    for (int i = 0; i < DAY_LOGS; i++)
        lines_free(&day->log[i]);
}

UNUSED static struct day *
read_day(const struct random_day *from)
{
    struct day *d = day_of(SMALL_DATE, SMALL_AS_OF);

    for (int i = 0; i < DAY_LOGS; i++)
        feed_lines(d, (enum day_log)i, &from->log[i]);
    day_finish(d);
    return d;
}

#endif

/* What holds for every input: bounds, the order of keys, null, freshness; and a second, slower
 * arithmetic. */
#include "tests/strategy/score_case.h"

#include "base/rand.h"
#include "strategy/score_math.h"

enum { ROUNDS = 3000 };

static uint64_t
seed_of(void)
{
    const char *given = getenv("TEST_SEED");
    int64_t seed = 20260130;
    if (given != NULL && !str_to_i64(given, &seed)) seed = 1;
    return (uint64_t)seed;
}

/* ---- random enriched objects --------------------------------------------------------------- */

static const char *
random_sentiment(struct rng *r)
{
    static const char *const words[] = {"BULLISH", "BEARISH", "NEUTRAL", "MIXED"};
    return words[rng_below(r, COUNT_OF(words))];
}

/* A member now and then: a number (sometimes as text), null, or nothing. */
static void
put_number(struct json_out *o, struct rng *r, const char *key, double lo, double hi)
{
    char buf[F64_TEXT_MAX];
    double x = lo + (hi - lo) * rng_f64(r);
    switch (rng_below(r, 8)) {
    case 0:
        return;
    case 1:
        json_out_str(o, key, f64_text(x, buf));
        return;
    case 2:
        json_out_f64(o, key, floor(x));
        return;
    case 3:
        json_out_f64(o, key, 0);
        return;
    default:
        json_out_f64(o, key, x);
    }
}

static void
put_flag(struct json_out *o, struct rng *r, const char *key)
{
    if (rng_chance(r, 0.7)) json_out_bool(o, key, rng_chance(r, 0.5));
}

struct number_key {
    const char *object, *key;
    double lo, hi;
};

static const struct number_key NUMBERS[] = {
    {"dark_pool",     "total_notional_1h",   -1e6,  9e7 },
    {"dark_pool",     "notional_1h",         0,     9e7 },
    {"dark_pool",     "total_notional",      0,     9e7 },
    {"dark_pool",     "total_premium",       0,     9e7 },
    {"insider",       "conviction_modifier", -0.05, 0.05},
    {"insider",       "net_buys",            0,     20  },
    {"insider",       "net_sells",           0,     20  },
    {"insider",       "total_usd",           0,     5e7 },
    {"market_tide",   "net_call_premium",    -1e6,  3e6 },
    {"market_tide",   "call_premium",        0,     3e6 },
    {"market_tide",   "put_premium",         -3e6,  3e6 },
    {"calendar",      "days_to_earnings",    -3,    30  },
    {"calendar",      "economic_events",     0,     5   },
    {"congress",      "recent_count",        0,     15  },
    {"congress",      "buys",                0,     5   },
    {"congress",      "sells",               0,     5   },
    {"congress",      "conviction_boost",    0,     0.2 },
    {"institutional", "recent_count",        0,     40  },
    {"institutional", "holders_count",       0,     40  },
    {"institutional", "top_holder_pct",      0,     15  },
    {"institutional", "top5_holder_pct",     0,     40  },
    {"greeks",        "gamma_exposure",      -1e6,  1e6 },
    {"greeks",        "call_gamma",          0,     6e5 },
    {"greeks",        "put_gamma",           0,     6e5 },
    {"shorts",        "interest_pct",        0,     45  },
    {"shorts",        "days_to_cover",       0,     18  },
    {"shorts",        "ftd_count",           0,     4e5 },
    {"ftd",           "ftd_count",           0,     4e5 },
    {"iv_rank",       "iv_rank",             0,     100 },
    {"iv_rank",       "iv_rank_1y",          0,     100 },
    {"oi_change",     "net_oi_change",       -9e4,  9e4 },
    {"oi_change",     "curr_oi",             0,     100 },
    {"oi_change",     "volume",              0,     4e5 },
    {"squeeze_score", "signals",             0,     3   },
};

/* Objects stand together in the table, so one pass writes each of them once. */
static void
put_objects(struct json_out *o, struct rng *r)
{
    for (size_t i = 0; i < COUNT_OF(NUMBERS);) {
        const char *object = NUMBERS[i].object;
        bool is_written = rng_chance(r, 0.7);
        if (is_written) json_out_obj(o, object);
        if (is_written) json_out_str(o, "sentiment", random_sentiment(r));
        for (; i < COUNT_OF(NUMBERS) && str_eq(NUMBERS[i].object, object); i++) {
            if (is_written) put_number(o, r, NUMBERS[i].key, NUMBERS[i].lo, NUMBERS[i].hi);
        }
        if (is_written) put_flag(o, r, "squeeze_risk");
        if (is_written) put_flag(o, r, "has_earnings");
        if (is_written) json_out_end(o);
    }
}

static void
random_enriched(struct rng *r, struct text *to)
{
    struct json_out o = {.to = to};

    text_clear(to);
    json_out_obj(&o, NULL);
    json_out_str(&o, "sentiment", random_sentiment(r));
    put_number(&o, r, "conviction", 0, 1.2);
    put_number(&o, r, "trade_count", 0, 40);
    put_number(&o, r, "iv_term_skew", -0.15, 0.15);
    put_number(&o, r, "smile_slope", -0.08, 0.08);
    put_number(&o, r, "toxicity", 0, 1);
    put_number(&o, r, "event_alignment", 0, 1);
    put_number(&o, r, "freshness", 0, 1);
    put_objects(&o, r);
    json_out_end(&o);
}

/* Everything the output says, for comparison byte by byte. */
static void
output_of(const struct json *doc, struct text *to)
{
    CLEANUP(enriched_done) struct enriched e = {0};
    struct composite c = {0};
    struct json_out o = {.to = to};

    enriched_decode(doc, &e);
    composite_v1(&e, SCORE_REGIME_MIXED, NULL, WHEN_NONE, &c);
    text_clear(to);
    composite_write(&o, NULL,
                    &(struct composite_view){
                        .symbol = "X", .regime = "mixed", .composite = &c, .enriched = &e});
}

/* ---- properties ---------------------------------------------------------------------------- */

static void
test_composite_stays_between_0_and_8(void **state)
{
    CLEANUP(text_free) struct text text = {0};
    struct rng r;
    uint64_t seed = seed_of();
    (void)state;
    rng_init(&r, seed);
    for (int i = 0; i < ROUNDS; i++) {
        random_enriched(&r, &text);
        struct composite c = score_text(text_str(&text), "RISK_ON", WHEN_NONE);
        if (!(c.score >= 0 && c.score <= 8))
            fail_msg("seed %llu: %s", (unsigned long long)seed, text_str(&text));
        assert_near("three decimals", c.score, round_dec(c.score, 3));
    }
}

/* The same object with the members of every object in reverse order. */
static void
write_reversed(struct json_out *o, const char *key, const struct json *v)
{
    const struct json *member[64];
    size_t n = 0;

    if (!json_is_object(v)) {
        json_out_value(o, key, v);
        return;
    }
    for (const struct json *m = json_first(v); m != NULL; m = json_next(m)) {
        assert_true(n < COUNT_OF(member));
        member[n++] = m;
    }
    json_out_obj(o, key);
    while (n-- > 0)
        write_reversed(o, json_key(member[n]), member[n]);
    json_out_end(o);
}

static void
test_composite_does_not_see_the_order_of_keys(void **state)
{
    CLEANUP(text_free) struct text text = {0}, turned = {0}, a = {0}, b = {0};
    struct rng r;
    uint64_t seed = seed_of();
    (void)state;
    rng_init(&r, seed);
    for (int i = 0; i < ROUNDS / 4; i++) {
        random_enriched(&r, &text);
        CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
        text_clear(&turned);
        struct json_out o = {.to = &turned};
        write_reversed(&o, NULL, doc);
        CLEANUP(json_freep) struct json *other = doc_of(text_str(&turned));
        output_of(doc, &a);
        output_of(other, &b);
        if (!str_eq(text_str(&a), text_str(&b)))
            fail_msg("seed %llu: %s", (unsigned long long)seed, text_str(&text));
    }
}

/* Writes an object with its nth leaf left out, or as null, or as a text that is no number. */
enum change { LEFT_OUT, AS_NULL, AS_NAN };

static void
write_changed(struct json_out *o, const char *key, const struct json *v, int *countdown,
              enum change change)
{
    if (!json_is_object(v)) {
        if ((*countdown)-- != 0) {
            json_out_value(o, key, v);
        } else if (change == AS_NULL) {
            json_out_null(o, key);
        } else if (change == AS_NAN) {
            json_out_str(o, key, "NaN");
        }
        return;
    }
    json_out_obj(o, key);
    for (const struct json *m = json_first(v); m != NULL; m = json_next(m))
        write_changed(o, json_key(m), m, countdown, change);
    json_out_end(o);
}

static struct json *
changed(const struct json *doc, int leaf, enum change change)
{
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    write_changed(&o, NULL, doc, &leaf, change);
    return doc_of(text_str(&text));
}

static void
test_composite_takes_null_for_absent(void **state)
{
    CLEANUP(text_free) struct text text = {0}, a = {0}, b = {0};
    struct rng r;
    uint64_t seed = seed_of();
    (void)state;
    rng_init(&r, seed);
    for (int i = 0; i < ROUNDS / 4; i++) {
        random_enriched(&r, &text);
        CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
        int leaf = (int)rng_below(&r, 40);
        CLEANUP(json_freep) struct json *absent = changed(doc, leaf, LEFT_OUT);
        CLEANUP(json_freep) struct json *null = changed(doc, leaf, AS_NULL);
        output_of(absent, &a);
        output_of(null, &b);
        if (!str_eq(text_str(&a), text_str(&b)))
            fail_msg("seed %llu, leaf %d: %s", (unsigned long long)seed, leaf, text_str(&text));
    }
}

/* A number that became garbage never makes a score that is no number, and the result stays in
 * bounds. */
static void
test_composite_survives_text_that_is_no_number(void **state)
{
    CLEANUP(text_free) struct text text = {0};
    struct rng r;
    uint64_t seed = seed_of();
    (void)state;
    rng_init(&r, seed);
    for (int i = 0; i < ROUNDS / 4; i++) {
        random_enriched(&r, &text);
        CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
        CLEANUP(json_freep) struct json *bad = changed(doc, (int)rng_below(&r, 40), AS_NAN);
        CLEANUP(enriched_done) struct enriched e = {0};
        struct composite c = {0};
        enriched_decode(bad, &e);
        composite_v1(&e, SCORE_REGIME_MIXED, NULL, WHEN_NONE, &c);
        if (!(c.score >= 0 && c.score <= 8) || !isfinite(c.raw))
            fail_msg("seed %llu: %s", (unsigned long long)seed, text_str(&text));
    }
}

/* As flow ages its score falls towards nothing, never below, and the boost of a block stays. */
static void
test_composite_falls_with_age(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = doc_of("{\"sentiment\": \"BULLISH\", \"conviction\": 0.9, \"_last_update\": "
                              "1769806000, \"dark_pool\": {\"total_notional\": 2e7}}");
    CLEANUP(symbol_flow_done) struct symbol_flow flow = {0};
    double last = COMPOSITE_MAX;
    (void)state;
    assert_true(symbol_flow_decode("AAPL", doc, &flow));
    for (int64_t age_s = -60; age_s < 100000; age_s += 61) {
        struct enriched e;
        struct composite c;
        int64_t now_ns = (INT64_C(1769806000) + age_s) * NS_PER_S;
        enrich(&flow, NULL, now_ns, &e);
        composite_v1(&e, SCORE_REGIME_MIXED, NULL, now_ns, &c);
        assert_true(c.score <= last);
        assert_true(e.freshness >= 0 && e.freshness <= 1);
        last = c.score;
    }
    assert_near("only the boost is left", last, 0.5);
}

static void
test_composite_rounding_is_round_dec(void **state)
{
    struct rng r;
    uint64_t seed = seed_of();
    (void)state;
    rng_init(&r, seed);
    for (int i = 0; i < 200000; i++) {
        int k = (int)rng_below(&r, 7);
        double x = rng_normal(&r) * pow(10, (double)rng_range(&r, -7, 7));
        if (i % 3 == 0) x = (double)rng_range(&r, -100000, 100000) / pow(10, k) + 0.5 / pow(10, k);
        double a = round_places(x, k), b = round_dec(x, k);
        bool is_same = !(a < b) && !(a > b) && signbit(a) == signbit(b);
        if (!is_same)
            fail_msg("seed %llu: %.17g to %d: %.17g, not %.17g", (unsigned long long)seed, x, k, a,
                     b);
    }
}

/* ---- a second way to the same score -------------------------------------------------------- */

/* num() of the specification, straight from the object. */
static long double
num(const struct json *doc, const char *object, const char *key, double dflt)
{
    const struct json *v = object == NULL ? doc : json_get_obj(doc, object);
    return (long double)json_f64(v, key, dflt);
}

/* The part of the sum that needs no expanded facts, in another arithmetic and from the JSON itself.
 */
static long double
slow_score(const struct json *doc)
{
    const char *s = json_str(doc, "sentiment", ""),
               *ins = json_str(json_get(doc, "insider"), "sentiment", "");
    long double sign = str_eq(s, "BULLISH") ? 1 : str_eq(s, "BEARISH") ? -1 : 0;
    long double c = num(doc, NULL, "conviction", 0.5),
                i = num(doc, "insider", "conviction_modifier", 0);
    long double k = num(doc, NULL, "iv_term_skew", 0), t = num(doc, NULL, "toxicity", 0);
    long double hour = num(doc, "dark_pool", "total_notional_1h", 0);
    if (is_zero((double)hour)) hour = num(doc, "dark_pool", "notional_1h", 0);
    long double day = num(doc, "dark_pool", "total_notional", 0);
    if (is_zero((double)day)) day = num(doc, "dark_pool", "total_premium", 0);
    long double traded = hour > 0 ? hour : day > 0 ? day : 0;

    if (c < 0.3L && truncl(num(doc, NULL, "trade_count", 0)) > 0) c += 0.2L;
    long double sum = 2.4L * fminl(1, c);
    sum += 0.26L + 1.04L * fminl(1, traded / 5e7L);
    sum += str_eq(ins, "BULLISH")   ? 0.25L + i / 2
           : str_eq(ins, "BEARISH") ? 0.25L - fabsl(i) / 2
                                    : 0.125L;
    sum +=
        fabsl(k) * (k * sign > 0 ? 0.78L : 0.42L) + 0.35L * fabsl(num(doc, NULL, "smile_slope", 0));
    sum += 0.4L * num(doc, NULL, "event_alignment", 0) + 0.012L;
    sum -= t > 0.5L ? 1.35L * (t - 0.5L) : t > 0.3L ? 0.45L * (t - 0.3L) : 0;
    sum += 0.08L + 0.06L + 0.03L + 0.07L + 0.06L + 0.04L; /* all that is unknown */
    return fminl(8, fmaxl(0, sum * num(doc, NULL, "freshness", 1)));
}

static void
test_composite_agrees_with_another_arithmetic(void **state)
{
    static const char *const kept[] = {"sentiment",       "conviction",  "trade_count",
                                       "iv_term_skew",    "smile_slope", "toxicity",
                                       "event_alignment", "freshness",   "dark_pool"};
    CLEANUP(text_free) struct text text = {0}, small = {0};
    struct rng r;
    uint64_t seed = seed_of();
    (void)state;
    rng_init(&r, seed);
    for (int i = 0; i < ROUNDS; i++) {
        random_enriched(&r, &text);
        CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
        text_clear(&small);
        struct json_out o = {.to = &small};
        json_out_obj(&o, NULL);
        for (size_t k = 0; k < COUNT_OF(kept); k++) {
            if (json_has(doc, kept[k])) json_out_value(&o, kept[k], json_get(doc, kept[k]));
        }
        json_out_obj(&o, "insider");
        json_out_str(&o, "sentiment", random_sentiment(&r));
        put_number(&o, &r, "conviction_modifier", -0.05, 0.05);
        json_out_end(&o);
        json_out_end(&o);

        CLEANUP(json_freep) struct json *part = doc_of(text_str(&small));
        double fast = score_text(text_str(&small), "mixed", WHEN_NONE).score,
               slow = (double)slow_score(part);
        if (fabs(fast - slow) >
            0.0005000001) /* one is rounded to three decimals, the other is not */
            fail_msg("seed %llu: %.9g and %.9g for %s", (unsigned long long)seed, fast, slow,
                     text_str(&small));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite_stays_between_0_and_8),
        cmocka_unit_test(test_composite_does_not_see_the_order_of_keys),
        cmocka_unit_test(test_composite_takes_null_for_absent),
        cmocka_unit_test(test_composite_survives_text_that_is_no_number),
        cmocka_unit_test(test_composite_falls_with_age),
        cmocka_unit_test(test_composite_rounding_is_round_dec),
        cmocka_unit_test(test_composite_agrees_with_another_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

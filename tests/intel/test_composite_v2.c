/* The v2 score: bounds, neutrality, what is missing, and the book-keeping of its parts. */
#include <math.h>

#include "intel/composite_v2_json.h"
#include "tests/lib/check.h"

static struct json *
parsed(const char *text)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

/* A world as made by the documents; the documents must outlive it. */
static struct v2_world
world_of(const struct v2_documents *d, struct arena *a)
{
    struct v2_world w;
    v2_world_decode(d, &COMPOSITE_PARAMS_CONFIGURED, &SECTOR_PROFILES_SHIPPED, a, &w);
    return w;
}

static void
expect_near(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-12)) fail_msg("%s: got %.17g, want %.17g", what, got, want);
}

/* ---- anything at all ----------------------------------------------------------------------- */

static const char *
word(struct rng *r, const char *const *words, size_t len)
{
    return words[rng_below(r, len)];
}

static double
wild(struct rng *r)
{
    static const double odd[] = {0, -1, 1, 1e300, -1e300, 0.2, 0.55};
    return rng_chance(r, 0.3) ? odd[rng_below(r, COUNT_OF(odd))] : 4 * rng_f64(r) - 1;
}

static struct intel_record
any_record(struct rng *r, const char *symbol)
{
    static const char *const sentiments[] = {"BULLISH", "BEARISH", "NEUTRAL", "ODD"};
    return (struct intel_record){
        .symbol = symbol,
        .is_usable = rng_chance(r, 0.9),
        .flow_strength = wild(r),
        .dark_pool_bias = wild(r),
        .sector_alignment = wild(r),
        .sentiment = word(r, sentiments, COUNT_OF(sentiments)),
        .has_earnings = rng_chance(r, 0.5),
        .earnings_days = rng_range(r, -5, 10),
    };
}

static struct v2_world
any_world(struct rng *r, struct intel_record *record)
{
    static const char *const vols[] = {"high", "mid", "low", "odd"};
    static const char *const postures[] = {"long", "short", "neutral", "odd"};
    static const char *const labels[] = {"RISK_ON", "RISK_OFF", "BEAR", "MIXED", "NEUTRAL", "odd"};
    *record = any_record(r, "KO");
    return (struct v2_world){
        .params = &COMPOSITE_PARAMS_CONFIGURED,
        .is_shaping = rng_chance(r, 0.5),
        .volatility = word(r, vols, COUNT_OF(vols)),
        .trend = "up",
        .posture = word(r, postures, COUNT_OF(postures)),
        .spy_overnight_ret = 0.02 * rng_f64(r) - 0.01,
        .qqq_overnight_ret = 0.02 * rng_f64(r) - 0.01,
        .posture_confidence = rng_f64(r),
        .premarket = {.row = record,  .len = rng_below(r, 2), .version = ""},
        .postmarket = {.version = "late"},
        .universe = {.version = "",              .source = ""                  },
        .regime_label = word(r, labels, COUNT_OF(labels)),
        .regime_version = "",
        .sectors = SECTOR_PROFILES_SHIPPED,
    };
}

static struct composite_v2_case
any_case(struct rng *r)
{
    return (struct composite_v2_case){
        .symbol = rng_chance(r, 0.5) ? "KO" : "AAPL",
        .base_score = 8 * rng_f64(r),
        .realised_vol_20d = wild(r),
        .beta_vs_spy = wild(r),
        .conviction = wild(r),
        .trade_count = (double)rng_below(r, 40),
        .direction = (enum intel_direction)rng_below(r, 3),
    };
}

static void
test_composite_v2_stays_within_its_bounds(void **state)
{
    struct rng r = check_rng("bounds of composite v2");
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct intel_record record;
        struct v2_world w = any_world(&r, &record);
        struct composite_v2_case c = any_case(&r);
        struct composite_v2 v;
        composite_v2(&w, &c, &v);
        const struct composite_v2_terms *t = &v.terms;
        const struct composite_v2_uw *u = &v.uw;
        assert_true(v.score >= 0 && v.score <= COMPOSITE_V2_MAX);
        assert_true(t->vol_bonus >= 0 && t->vol_bonus <= 0.70 * 1.15 + 1e-12);
        assert_true(t->beta_bonus >= 0 && t->beta_bonus <= 0.45 * 1.15 + 1e-12);
        assert_true(t->uw_bonus >= 0 && t->uw_bonus <= 0.25);
        assert_true(t->low_vol_penalty <= 0 && t->low_vol_penalty >= -0.15);
        assert_true(fabs(t->premarket_bonus) <= 0.15);
        assert_false(t->regime_align_bonus > 0 && t->regime_misalign_penalty < 0);
        assert_true(u->flow_strength >= 0 && u->flow_strength <= 0.20 * 1.2 + 1e-12);
        assert_true(u->dark_pool_bias >= 0 && u->sector_alignment >= 0 && u->regime_alignment >= 0);
        assert_true(u->earnings_proximity <= 0);
        expect_near("sum of the terms", t->total,
                    t->vol_bonus + t->low_vol_penalty + t->beta_bonus + t->uw_bonus +
                        t->premarket_bonus + t->regime_align_bonus + t->regime_misalign_penalty +
                        t->shaping);
        if (!v.has_record) expect_near("layer without a record", u->total, 0);
        if (!w.is_shaping) expect_near("shaping", t->shaping, 0);
    }
}

/* Bullish in a long posture and bearish in a short one are mirror images where the market is. */
static void
test_composite_v2_treats_both_directions_alike(void **state)
{
    struct rng r = check_rng("mirror of composite v2");
    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct intel_record record, other;
        struct v2_world w = any_world(&r, &record), m = w;
        struct composite_v2_case c = any_case(&r), d = c;
        struct composite_v2 v, mirrored;
        other = record;
        m.premarket.row = &other;
        m.spy_overnight_ret = -w.spy_overnight_ret;
        m.qqq_overnight_ret = -w.qqq_overnight_ret;
        m.posture = str_eq(w.posture, "long")    ? "short"
                    : str_eq(w.posture, "short") ? "long"
                                                 : w.posture;
        if (str_eq(w.regime_label, "RISK_ON")) m.regime_label = "BEAR";
        if (str_eq(w.regime_label, "BEAR") || str_eq(w.regime_label, "RISK_OFF"))
            m.regime_label = "RISK_ON";
        if (str_eq(record.sentiment, "BULLISH")) other.sentiment = "BEARISH";
        if (str_eq(record.sentiment, "BEARISH")) other.sentiment = "BULLISH";
        if (c.direction == INTEL_BULLISH) d.direction = INTEL_BEARISH;
        if (c.direction == INTEL_BEARISH) d.direction = INTEL_BULLISH;
        composite_v2(&w, &c, &v);
        composite_v2(&m, &d, &mirrored);
        expect_near("mirrored score", mirrored.score, v.score);
    }
}

/* ---- what is missing ----------------------------------------------------------------------- */

static void
test_composite_v2_knows_nothing_and_adds_nothing(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct v2_world w = world_of(&(struct v2_documents){0}, &a);
    struct composite_v2_case c = {.symbol = "KO", .base_score = 3.25};
    struct composite_v2 v;
    (void)state;
    composite_v2(&w, &c, &v);
    expect_near("score", v.score, 3.25);
    assert_true(v.has_layer && !v.has_record);
    assert_int_equal(v.in_universe, MEMBERSHIP_UNKNOWN);
    assert_false(composite_v2_is_attributed(&c, &v));
    assert_string_equal(w.regime_label, "NEUTRAL");
    assert_string_equal(w.volatility, "mid");
    assert_string_equal(w.posture, "neutral");
    c.trade_count = 1;
    assert_true(composite_v2_is_attributed(&c, &v));
}

/* A missing volatility is not a quiet symbol in a quiet market; in a storm it pays. */
static void
test_composite_v2_missing_volatility_pays_only_in_a_storm(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(json_freep) struct json *storm = parsed("{\"volatility_regime\":\"High\"}");
    struct v2_world calm = world_of(&(struct v2_documents){0}, &a);
    struct v2_world wild_one = world_of(&(struct v2_documents){.market_context = storm}, &a);
    struct composite_v2_case c = {.symbol = "KO", .base_score = 3};
    struct composite_v2 v;
    (void)state;
    composite_v2(&calm, &c, &v);
    expect_near("calm", v.terms.low_vol_penalty, 0);
    composite_v2(&wild_one, &c, &v);
    expect_near("storm", v.terms.low_vol_penalty, -0.15 * 0.60);
}

static void
test_composite_v2_unknown_sector_and_regime_are_neutral(void **state)
{
    struct rng r = check_rng("unknown sector");
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct intel_record record;
        struct v2_world w = any_world(&r, &record), plain;
        struct composite_v2_case c = any_case(&r);
        struct composite_v2 v, same;
        c.symbol = "KO";
        record.is_usable = true;
        w.premarket.len = 1;
        plain = w;
        plain.sectors.sector[SECTOR_UNKNOWN] = (struct sector_weights){1, 1, 1, 1};
        composite_v2(&w, &c, &v);
        composite_v2(&plain, &c, &same);
        expect_near("unknown sector", v.score, same.score);
        w.regime_label = "a label of its own";
        composite_v2(&w, &c, &v);
        expect_near("unknown regime never costs", v.uw.regime_alignment, 0);
    }
}

/* ---- records ------------------------------------------------------------------------------- */

static void
test_world_takes_a_record_as_a_whole(void **state)
{
    static const struct {
        const char *what, *pre, *post;
        double strength; /* NaN: no record */
    } cases[] = {
        {"premarket first",       "{\"KO\":{\"flow_strength\":0.1}}", "{\"KO\":{\"flow_strength\":0.2}}",
         0.1                                                                                                         },
        {"not field by field",    "{\"KO\":{\"sentiment\":\"X\"}}",   "{\"KO\":{\"flow_strength\":0.2}}",
         0                                                                                                           },
        {"an empty one is none",  "{\"KO\":{}}",                      "{\"KO\":{\"flow_strength\":0.2}}", 0.2        },
        {"null is none",          "{\"KO\":null}",                    "{\"KO\":{\"flow_strength\":0.2}}", 0.2        },
        {"text hides the other",  "{\"KO\":\"late\"}",                "{\"KO\":{\"flow_strength\":0.2}}",
         (double)NAN                                                                                                 },
        {"another symbol's",      "{\"PEP\":{\"flow_strength\":1}}",  "{\"KOX\":{\"flow_strength\":1}}",
         (double)NAN                                                                                                 },
        {"symbols are no object", "[1]",                              "\"x\"",                            (double)NAN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_done) struct arena a = {0};
        CLEANUP(text_free) struct text pre = {0};
        CLEANUP(text_free) struct text post = {0};
        text_printf(&pre, "{\"symbols\":%s}", cases[i].pre);
        text_printf(&post, "{\"symbols\":%s}", cases[i].post);
        CLEANUP(json_freep) struct json *p = parsed(pre.data);
        CLEANUP(json_freep) struct json *q = parsed(post.data);
        struct v2_world w =
            world_of(&(struct v2_documents){.premarket_intel = p, .postmarket_intel = q}, &a);
        const struct intel_record *got = v2_world_record(&w, "KO");
        if ((got == NULL) != isnan(cases[i].strength)) fail_msg("%s", cases[i].what);
        if (got != NULL) expect_near(cases[i].what, got->flow_strength, cases[i].strength);
    }
}

/* However the documents are ordered, every symbol finds its own. */
static void
test_world_finds_every_symbol_in_any_order(void **state)
{
    enum { SYMBOLS = 300 };
    struct rng r = check_rng("order of the intel files");
    int order[SYMBOLS];
    (void)state;
    for (int i = 0; i < SYMBOLS; i++)
        order[i] = i;
    for (int round = 0; round < 5; round++) {
        CLEANUP(arena_done) struct arena a = {0};
        CLEANUP(text_free) struct text intel = {0};
        CLEANUP(text_free) struct text universe = {0};
        for (int i = SYMBOLS - 1; i > 0; i--) {
            int j = (int)rng_below(&r, (uint64_t)i + 1), kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        text_puts(&intel, "{\"symbols\":{");
        text_puts(&universe, "{\"_meta\":{\"version\":\"u\"},\"symbols\":[");
        for (int i = 0; i < SYMBOLS; i++) {
            const char *comma = i > 0 ? "," : "";
            text_printf(&intel, "%s\"S%d\":{\"flow_strength\":%d}", comma, order[i], order[i]);
            if (order[i] % 2 == 0)
                text_printf(&universe, "%s{\"symbol\":\"s%d\"}",
                            universe.data[universe.len - 1] == '[' ? "" : ",", order[i]);
        }
        text_puts(&intel, "}}");
        text_puts(&universe, "]}");
        CLEANUP(json_freep) struct json *p = parsed(intel.data);
        CLEANUP(json_freep) struct json *u = parsed(universe.data);
        struct v2_world w =
            world_of(&(struct v2_documents){.premarket_intel = p, .daily_universe_v2 = u}, &a);
        for (int i = 0; i < SYMBOLS; i++) {
            char symbol[16];
            (void)snprintf(symbol, sizeof symbol, "S%d", i);
            const struct intel_record *found = v2_world_record(&w, symbol);
            assert_non_null(found);
            expect_near(symbol, found->flow_strength, i);
            assert_int_equal(v2_world_membership(&w, symbol),
                             i % 2 == 0 ? MEMBERSHIP_YES : MEMBERSHIP_NO);
        }
    }
}

/* ---- on record ----------------------------------------------------------------------------- */

static void
test_composite_v2_notes_end_in_the_sum(void **state)
{
    static const struct {
        const char *base;
        double total;
        const char *want;
    } cases[] = {
        {"",          0,        "v2_adj=0.0"          },
        {"clean",     1.3389,   "clean; v2_adj=1.339" },
        {" ; a; b ;", -0.15,    "a; b ;; v2_adj=-0.15"},
        {";;",        2,        "v2_adj=2.0"          },
        {"a",         0.0004,   "a; v2_adj=0.0"       },
        {"a",         -0.00049, "a; v2_adj=-0.0"      },
        {"a",         10.25,    "a; v2_adj=10.25"     },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        composite_v2_notes(&t, cases[i].base, cases[i].total);
        assert_string_equal(t.data, cases[i].want);
    }
}

static void
test_composite_v2_leaves_what_it_does_not_own(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text t = {0};
    CLEANUP(json_freep)
    struct json *base =
        parsed("{\"score\":3,\"version\":\"V3.1\",\"components\":{\"flow\":1.5},"
               "\"in_universe\":\"older\",\"v2_uw_inputs\":7,\"big\":12345678901234567890}");
    struct v2_world w = world_of(&(struct v2_documents){0}, &a);
    struct composite_v2_case c = composite_v2_case_decode("ko", NULL, 3, &a);
    struct composite_v2 v;
    struct json_out o = {.to = &t};
    (void)state;
    composite_v2(&w, &c, &v);
    composite_v2_write(&o, NULL, base, &(struct composite_v2_view){&w, &c, &v});
    CLEANUP(json_freep) struct json *doc = parsed(t.data);
    assert_string_equal(c.symbol, "KO");
    assert_string_equal(json_str(doc, "version", ""), "V3.1+V2");
    assert_string_equal(json_str(doc, "in_universe", ""),
                        "older"); /* nothing known: not replaced */
    assert_int_equal(json_i64(doc, "v2_uw_inputs", 0), 7);
    assert_non_null(strstr(t.data, "12345678901234567890"));
    assert_true(fabs(json_f64(json_get(doc, "components"), "flow", 0) - 1.5) <= 0);
    assert_false(json_has(doc, "v2_uw_adjustments"));
}

static void
test_composite_params_take_two_columns(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(json_freep)
    struct json *bare =
        parsed("{\"vol_scale\":0,\"beta_center\":0,\"uw\":{\"earnings_penalty_days\":\"x\"}}");
    CLEANUP(json_freep) struct json *no_uw = parsed("{\"version\":\"p\",\"uw\":{}}");
    struct composite_params p = composite_params_decode(bare, &a);
    (void)state;
    expect_near("zero is missing for a divisor", p.vol_scale, 0.25);
    expect_near("and a value elsewhere", p.beta_center, 0);
    expect_near("the missing column differs", p.vol_bonus_max, 0.6);
    expect_near("from the configured", COMPOSITE_PARAMS_CONFIGURED.vol_bonus_max, 0.7);
    assert_int_equal(p.uw.earnings_penalty_days, 3);
    assert_true(p.has_uw);
    assert_false(composite_params_decode(no_uw, &a).has_uw);
    assert_string_equal(composite_params_decode(NULL, &a).version, "2026-01-20_wt1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite_v2_stays_within_its_bounds),
        cmocka_unit_test(test_composite_v2_treats_both_directions_alike),
        cmocka_unit_test(test_composite_v2_knows_nothing_and_adds_nothing),
        cmocka_unit_test(test_composite_v2_missing_volatility_pays_only_in_a_storm),
        cmocka_unit_test(test_composite_v2_unknown_sector_and_regime_are_neutral),
        cmocka_unit_test(test_world_takes_a_record_as_a_whole),
        cmocka_unit_test(test_world_finds_every_symbol_in_any_order),
        cmocka_unit_test(test_composite_v2_notes_end_in_the_sum),
        cmocka_unit_test(test_composite_v2_leaves_what_it_does_not_own),
        cmocka_unit_test(test_composite_params_take_two_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

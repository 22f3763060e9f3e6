/*
 * The step against a model of it: written from the rules alone (spec 30 7, 8.5 to 8.9), slowly, in
 * one piece, sharing no line with exitlogic and shadow.  Then what no order may change.
 */
#include "tests/exitlogic/vectors.h"
#include "tests/shadow/day.h"

#include "shadow/pnl.h"

enum { ROUNDS = 40000 };

/* ---- what a case is made of ---------------------------------------------------------------- */

struct moment {
    double score, flow, dark;
    const char *sentiment, *regime, *sector;
};

struct scene {
    bool has_position, is_pass, is_paper;
    const char *direction; /* of the signal */
    double price, last, bid, ask, equity, power, asked, overlay;
    /* the position */
    const char *side;
    double entry_price, qty;
    struct moment entry, now;
    double vol;
    bool earnings, thesis, collapse;
    const char *candidate;
    double candidate_score;
};

/* What has to come of it; NaN and NULL: nothing. */
struct want {
    const char *act; /* "nothing", "blocked", "opened", "kept", "closed" */
    const char *reason;
    double qty, price, pnl, fraction, exit_score, target, stop;
    const char *replacement;
};

/* ---- the model ----------------------------------------------------------------------------- */

static double
within(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static bool
same(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static bool
is_adverse(const char *regime)
{
    return same(regime, "RISK_OFF") || same(regime, "BEAR");
}

static double
model_price(const struct scene *s)
{
    if (s->price > 0) return s->price;
    if (s->last > 0) return s->last;
    return s->bid > 0 && s->ask > 0 ? (s->bid + s->ask) / 2 : (double)NAN;
}

static double
model_qty(const struct scene *s, double price)
{
    double size = isnan(s->asked) ? 0 : s->asked;
    if (!(size > 0) && !isnan(s->equity)) {
        size = 0.015 * s->equity;
        if (size > (s->is_paper ? 825 : 300)) size = s->is_paper ? 825 : 300;
        if (size < 50) size = 50;
    }
    if (!(size > 0)) return 1;
    if (price > size) return size / price >= 0.001 ? size / price : 0;
    double base = trunc(size / price);
    if (base < 1) base = 1;
    double q = trunc(base * (1 + s->overlay));
    if (q > trunc(1.4 * base)) q = trunc(1.4 * base);
    if (q < trunc(0.6 * base)) q = trunc(0.6 * base);
    return q < 1 ? 1 : q;
}

static void
model_entry(const struct scene *s, double price, struct want *w)
{
    bool is_long = !same(s->direction, "bearish");

    w->act = "blocked";
    w->qty = (double)NAN;
    if (!(price > 0)) {
        w->reason = "price_unavailable";
        return;
    }
    double qty = model_qty(s, price);
    if (!(qty > 0)) {
        w->reason = "qty_zero";
    } else if (s->power > 0 && is_long && qty * price > 0.95 * s->power) {
        w->reason = "insufficient_buying_power";
    } else {
        w->act = "opened";
        w->qty = qty;
    }
}

/* The exit score, and what it recommends. */
static double
model_score(const struct scene *s, const char **ret_reason)
{
    const struct moment *a = &s->entry, *b = &s->now;
    double vol = isnan(s->vol) ? 0 : s->vol, lost = within(a->score - b->score, 0, 8) / 8;
    double swing = vol > 0 ? within((vol - 0.35) / 0.25, 0, 1) : 0;
    double sum = 0.20 * within(a->flow - b->flow, 0, 1) +
                 0.10 * within(fabs(a->dark) - fabs(b->dark), 0, 1) +
                 0.10 * !same(a->sentiment, b->sentiment) + 0.25 * lost +
                 0.10 * !same(a->regime, b->regime) + 0.05 * !same(a->sector, b->sector) +
                 0.10 * swing + 0.10 * s->thesis;
    double score = within(sum, 0, 1);

    *ret_reason = s->thesis || lost >= 0.35      ? "intel_deterioration"
                  : swing >= 0.8 && score >= 0.6 ? "stop"
                  : s->earnings && score >= 0.5  ? "stop"
                  : score >= 0.75                ? "replacement"
                  : score >= 0.55                ? "profit"
                                                 : "hold";
    return score;
}

static double
model_target(const struct scene *s, double sign)
{
    double vol = isnan(s->vol) ? 0 : s->vol;
    double base = 0.02 + within((vol - 0.20) * 0.10, 0, 0.04);
    double regime = same(s->now.regime, "RISK_ON") ? 1.15 : is_adverse(s->now.regime) ? 0.85 : 1;
    double sector = same(s->now.sector, "TECH") || same(s->now.sector, "BIOTECH") ? 1.05 : 1;
    double pct = base * (1 + within(s->now.flow * 0.5, 0, 0.5)) * regime * sector;

    return s->entry_price > 0 ? s->entry_price * (1 + sign * within(pct, 0.01, 0.10)) : (double)NAN;
}

static double
model_stop(const struct scene *s, double sign)
{
    double vol = isnan(s->vol) ? 0 : s->vol;
    double pct = 0.015 + within((vol - 0.20) * 0.06, 0, 0.025), tight = 1;

    if (s->entry.flow - s->now.flow >= 0.35) tight *= 0.75;
    if (s->collapse) tight *= 0.80;
    if (is_adverse(s->now.regime)) tight *= 0.80;
    return s->entry_price > 0 ? s->entry_price * (1 - sign * within(pct * tight, 0.005, 0.08))
                              : (double)NAN;
}

static void
model_exit(const struct scene *s, double price, struct want *w)
{
    const char *advice;
    double sign = same(s->side, "short") ? -1 : 1;
    bool has_prices = price > 0 && s->entry_price > 0;

    w->exit_score = model_score(s, &advice);
    w->target = model_target(s, sign);
    w->stop = model_stop(s, sign);
    if (w->exit_score >= 0.75 && s->candidate != NULL && !isnan(s->candidate_score) &&
        s->candidate_score >= s->now.score + 0.25)
        w->replacement = s->candidate;
    if (has_prices && sign * price >= sign * w->target)
        w->reason = "profit";
    else if (has_prices && sign * price <= sign * w->stop)
        w->reason = "stop";
    else if (w->replacement != NULL)
        w->reason = "replacement";
    else if (w->exit_score >= 0.70 && !same(advice, "hold"))
        w->reason = advice;
    w->act = w->reason != NULL ? "closed" : "kept";
    w->qty = s->qty;
    if (w->reason == NULL || !has_prices || !(s->qty > 0)) return;
    w->pnl = sign * s->qty * (price - s->entry_price);
    w->fraction = w->pnl / (s->qty * s->entry_price);
}

static struct want
model(const struct scene *s)
{
    double price = model_price(s);
    struct want w = {.act = "nothing",
                     .qty = (double)NAN,
                     .price = price,
                     .pnl = (double)NAN,
                     .fraction = (double)NAN};

    if (s->has_position)
        model_exit(s, price, &w);
    else if (s->is_pass)
        model_entry(s, price, &w);
    return w;
}

/* ---- the real one -------------------------------------------------------------------------- */

static struct shadow_uw
uw_of(const struct moment *m)
{
    return (struct shadow_uw){.json = "{}",
                              .adjustments_json = "{}",
                              .sector_profile_json = "{}",
                              .flow_strength = m->flow,
                              .dark_pool_bias = m->dark,
                              .sentiment = m->sentiment,
                              .regime_label = m->regime,
                              .sector = m->sector};
}

static struct shadow_position
position_of(const struct scene *s)
{
    return (struct shadow_position){.symbol = "AAPL",
                                    .trade_id = "x",
                                    .entered_ns = 0,
                                    .direction = "",
                                    .side = s->side,
                                    .entry_v2_score = s->entry.score,
                                    .entry_price = s->entry_price,
                                    .qty = s->qty,
                                    .entry_uw = uw_of(&s->entry),
                                    .entry_regime = s->entry.regime,
                                    .entry_sector = s->entry.sector,
                                    .mark = {.at_ns = WHEN_NONE}};
}

static struct shadow_seen
seen_of(const struct scene *s)
{
    return (struct shadow_seen){.now_ns = 1,
                                .symbol = "AAPL",
                                .direction = s->direction,
                                .new_trade_id = "y",
                                .v2_score = s->now.score,
                                .is_v2_pass = s->is_pass,
                                .uw = uw_of(&s->now),
                                .sizing_overlay = s->overlay,
                                .current_price = s->price,
                                .last_trade = s->last,
                                .bid = s->bid,
                                .ask = s->ask,
                                .account_equity = s->equity,
                                .buying_power = s->power,
                                .size_usd = s->asked};
}

static bool
is_near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

#define expect(fact)                                                                               \
    do {                                                                                           \
        if (!(fact))                                                                               \
            fail_msg("round %d: %s; the model says %s %s", round, #fact, w.act,                    \
                     w.reason != NULL ? w.reason : "");                                            \
    } while (0)

static const char *
act_name(enum shadow_act act)
{
    static const char *const names[] = {[SHADOW_NOTHING] = "nothing",
                                        [SHADOW_BLOCKED] = "blocked",
                                        [SHADOW_OPENED] = "opened",
                                        [SHADOW_KEPT] = "kept",
                                        [SHADOW_CLOSED] = "closed"};
    return names[act];
}

static void
expect_model(const struct scene *s, int round, struct arena *a)
{
    CLEANUP(shadow_book_done) struct shadow_book book = {0};
    struct shadow_settings settings = {.is_paper = s->is_paper};
    struct shadow_seen seen = seen_of(s);
    struct shadow_position p = position_of(s);
    struct shadow_candidate candidate = {s->candidate, s->candidate_score};
    struct shadow_facts facts = {
        .realised_vol_20d = s->vol,
        .flags = {.earnings_risk = s->earnings,
                  .thesis_invalidated = s->thesis,
                  .sector_collapse = s->collapse},
        .candidate = s->candidate != NULL ? &candidate : NULL
    };
    struct shadow_verdict v = {0};
    struct shadow_outcome out;
    struct want w = model(s);

    if (s->has_position) {
        shadow_book_put(&book, &p);
        v = shadow_verdict_of(shadow_book_find(&book, "AAPL"), &seen, &facts, a);
        seen.verdict = &v;
    }
    shadow_step(&book, &seen, &settings, &out);
    expect(str_eq(act_name(out.act), w.act));
    expect(is_near(out.price, w.price));
    if (out.act == SHADOW_BLOCKED) expect(str_eq(shadow_block_name(out.block), w.reason));
    if (out.act != SHADOW_BLOCKED && out.act != SHADOW_NOTHING)
        expect(is_near(out.position.qty, w.qty));
    if (!s->has_position) return;
    expect(is_near(v.exit_score, w.exit_score));
    expect(is_near(v.target_price, w.target) && is_near(v.stop_price, w.stop));
    expect(str_eq(v.replacement, w.replacement));
    if (out.act != SHADOW_CLOSED) return;
    expect(str_eq(v.reason, w.reason));
    expect(is_near(out.pnl.usd, w.pnl) && is_near(out.pnl.fraction, w.fraction));
}

/* ---- cases --------------------------------------------------------------------------------- */

#define PICK(r, list) (list)[rng_below((r), COUNT_OF(list))]

static double
maybe(struct rng *r, double x, double chance)
{
    return rng_chance(r, chance) ? x : rng_chance(r, 0.5) ? (double)NAN : 0;
}

static double
between(struct rng *r, double lo, double hi)
{
    return lo + (hi - lo) * rng_f64(r);
}

/* Now and then exactly on a threshold: scores in eighths, flows in steps of 0.05. */
static double
stepped(struct rng *r, double lo, double hi, double step)
{
    double x = between(r, lo, hi);
    return rng_chance(r, 0.4) ? round(x / step) * step : x;
}

static struct moment
draw_moment(struct rng *r)
{
    static const char *const sentiments[] = {"BULLISH", "BEARISH", "NEUTRAL", "neutral"};
    static const char *const regimes[] = {"RISK_ON", "RISK_OFF", "BEAR", "NEUTRAL", "bear", ""};
    static const char *const sectors[] = {"TECH", "BIOTECH", "ENERGY", "UNKNOWN", "tech"};

    return (struct moment){.score = stepped(r, 0, 8, 0.1),
                           .flow = stepped(r, -0.1, 1.1, 0.05),
                           .dark = stepped(r, -1, 1, 0.25),
                           .sentiment = PICK(r, sentiments),
                           .regime = PICK(r, regimes),
                           .sector = PICK(r, sectors)};
}

static struct scene
draw(struct rng *r)
{
    static const char *const directions[] = {"bullish", "bearish", "neutral", "BEARISH"};
    double around = exp(between(r, -3, 8));
    struct scene s = {.has_position = rng_chance(r, 0.7),
                      .is_pass = rng_chance(r, 0.7),
                      .is_paper = rng_chance(r, 0.5),
                      .direction = PICK(r, directions),
                      .price = maybe(r, around * between(r, 0.9, 1.1), 0.85),
                      .last = maybe(r, around, 0.5),
                      .bid = maybe(r, around * 0.999, 0.7),
                      .ask = maybe(r, around * 1.001, 0.7),
                      .equity = maybe(r, exp(between(r, 0, 14)), 0.7),
                      .power = maybe(r, exp(between(r, 0, 12)), 0.7),
                      .asked = maybe(r, exp(between(r, -2, 9)), 0.7),
                      .overlay = stepped(r, -1, 1, 0.2),
                      .side = rng_chance(r, 0.5) ? "long" : "short",
                      .entry_price = maybe(r, around, 0.95),
                      .qty = maybe(r, between(r, 0.001, 500), 0.95),
                      .entry = draw_moment(r),
                      .vol = maybe(r, stepped(r, 0, 1.2, 0.05), 0.9),
                      .earnings = rng_chance(r, 0.2),
                      .thesis = rng_chance(r, 0.1),
                      .collapse = rng_chance(r, 0.2),
                      .candidate = rng_chance(r, 0.6) ? "NVDA" : NULL,
                      .candidate_score = maybe(r, stepped(r, 0, 8, 0.1), 0.9)};

    s.now = rng_chance(r, 0.3) ? s.entry : draw_moment(r);
    return s;
}

static void
test_shadow_step_agrees_with_a_model_of_the_rules(void **state)
{
    struct rng r = check_rng("step and model");
    CLEANUP(arena_done) struct arena a = {0};
    size_t closed = 0, opened = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct scene s = draw(&r);
        struct want w = model(&s);
        arena_reset(&a);
        expect_model(&s, round, &a);
        closed += str_eq(w.act, "closed");
        opened += str_eq(w.act, "opened");
    }
    assert_true(closed > 2000 && opened > 2000);
}

/* A long and a short over mirrored prices earn the same and end for the same reason. */
static void
test_shadow_long_and_short_mirror_through_the_step(void **state)
{
    struct rng r = check_rng("mirrored steps");
    CLEANUP(arena_done) struct arena a = {0};
    size_t compared = 0;
    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct scene up = draw(&r), down;
        arena_reset(&a);
        up.has_position = true;
        up.side = "long";
        up.entry_price = between(&r, 1, 1000);
        up.qty = between(&r, 0.01, 100);
        up.price = up.entry_price * between(&r, 0.85, 1.15);
        down = up;
        down.side = "short";
        down.price = 2 * up.entry_price - up.price;
        struct want one = model(&up), other = model(&down);
        expect_model(&up, i, &a);
        expect_model(&down, i, &a);
        assert_string_equal(one.act, other.act);
        if (one.reason == NULL || fabs(one.pnl) < 1e-9) continue;
        assert_string_equal(one.reason, other.reason);
        assert_true(fabs(one.pnl - other.pnl) <= 1e-6 * fmax(1, fabs(one.pnl)));
        compared++;
    }
    assert_true(compared > 1000);
}

/* ---- order --------------------------------------------------------------------------------- */

static void
write_book(const struct shadow_book *book, struct text *to)
{
    struct json_out o = {.to = to};
    shadow_book_write(&o, NULL, book);
}

/* In whatever order positions come and go, the file is the same. */
static void
test_shadow_book_does_not_know_the_order_of_its_making(void **state)
{
    enum { LEN = 64 };
    struct rng r = check_rng("order of the book");
    (void)state;
    for (int round = 0; round < 50; round++) {
        CLEANUP(shadow_book_done) struct shadow_book first = {0}, second = {0};
        CLEANUP(text_free) struct text a = {0}, b = {0};
        char symbol[LEN][8];
        size_t order[LEN];
        for (size_t i = 0; i < LEN; i++) {
            order[i] = i;
            (void)snprintf(symbol[i], sizeof symbol[i], "S%zu", i);
        }
        for (size_t i = LEN; i > 1; i--) { /* shuffled */
            size_t k = rng_below(&r, i), kept = order[k];
            order[k] = order[i - 1];
            order[i - 1] = kept;
        }
        for (size_t i = 0; i < LEN; i++) {
            struct scene s = draw(&r);
            struct shadow_position p = position_of(&s), q;
            p.symbol = symbol[i];
            shadow_book_put(&first, &p);
            q = *shadow_book_find(&first, symbol[i]);
            assert_string_equal(q.symbol, symbol[i]);
        }
        for (size_t i = 0; i < LEN; i++) {
            const struct shadow_position *p = shadow_book_find(&first, symbol[order[i]]);
            shadow_book_put(&second, p);
            if (rng_chance(&r, 0.3)) { /* gone and back */
                shadow_book_remove(&second, symbol[order[i]]);
                shadow_book_put(&second, p);
            }
        }
        write_book(&first, &a);
        write_book(&second, &b);
        assert_string_equal(text_str(&a), text_str(&b));
    }
}

/* The members of an object in another order, all the way down. */
static void
write_shuffled(struct json_out *o, const char *key, const struct json *v, struct rng *r)
{
    const struct json *member[64];
    size_t len = 0;

    if (json_is_array(v)) {
        json_out_arr(o, key);
        for (const struct json *e = json_first(v); e != NULL; e = json_next(e))
            write_shuffled(o, NULL, e, r);
        json_out_end(o);
        return;
    }
    if (!json_is_object(v)) {
        json_out_value(o, key, v);
        return;
    }
    for (const struct json *m = json_first(v); m != NULL && len < COUNT_OF(member);
         m = json_next(m))
        member[len++] = m;
    json_out_obj(o, key);
    while (len > 0) {
        size_t k = rng_below(r, len);
        write_shuffled(o, json_key(member[k]), member[k], r);
        member[k] = member[--len];
    }
    json_out_end(o);
}

static void
expect_same_decision(const char *line, size_t len, struct rng *r)
{
    CLEANUP(json_freep) struct json *doc = day_doc(line, len);
    CLEANUP(text_free) struct text shuffled = {0}, one = {0}, other = {0};
    struct json_out s = {.to = &shuffled}, a = {.to = &one}, b = {.to = &other};
    struct err err = {0};

    write_shuffled(&s, NULL, json_get(doc, "in"), r);
    CLEANUP(json_freep) struct json *in = day_doc(text_str(&shuffled), shuffled.len);
    if (calc_shadow_decision(json_get(doc, "in"), &a, &err) != RC_OK ||
        calc_shadow_decision(in, &b, &err) != RC_OK)
        fail_msg("%s", err.text);
    CLEANUP(json_freep) struct json *x = day_doc(text_str(&one), one.len);
    CLEANUP(json_freep) struct json *y = day_doc(text_str(&other), other.len);
    vectors_expect("shuffled", x, y);
}

static void
test_shadow_decisions_do_not_depend_on_the_order_of_members(void **state)
{
    struct rng r = check_rng("order of members");
    CLEANUP(text_free) struct text file = {0};
    (void)state;
    check_read_file("tests/vectors/shadow-decision.jsonl", &file);
    assert_true(file.len > 0);
    for (const char *at = text_str(&file); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (len > 0) expect_same_decision(at, len, &r);
        at += len + (at[len] == '\n');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_step_agrees_with_a_model_of_the_rules),
        cmocka_unit_test(test_shadow_long_and_short_mirror_through_the_step),
        cmocka_unit_test(test_shadow_book_does_not_know_the_order_of_its_making),
        cmocka_unit_test(test_shadow_decisions_do_not_depend_on_the_order_of_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

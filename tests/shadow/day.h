/*
 * A made-up day for the shadow: prices walk, intel changes its mind, exitlogic judges; everything
 * from one seed.
 */
#ifndef TESTS_SHADOW_DAY_H
#define TESTS_SHADOW_DAY_H

#include <math.h>

#include "base/when.h"
#include "engine/shadow_verdict.h"
#include "shadow/book_json.h"
#include "shadow/record_json.h"
#include "shadow/uw_json.h"
#include "tests/lib/check.h"

enum { DAY_SYMBOLS = 8, DAY_STEPS = 600 };

static const char *const DAY_SYMBOL[DAY_SYMBOLS] = {"AAPL", "AMD",  "COIN", "JPM",
                                                    "MRNA", "NVDA", "PLTR", "XOM"};

struct day {
    struct rng rng;
    struct arena arena; /* of one step */
    struct shadow_book book;
    double price[DAY_SYMBOLS], v2_score[DAY_SYMBOLS];
    int64_t now_ns;
    int step;
    struct text log[SHADOW_LOGS_LEN]; /* all lines so far */
    size_t opened, closed;
};

UNUSED static struct json *
day_doc(const char *text, size_t len)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s in %.*s", err.text, (int)len, text);
    return doc;
}

UNUSED static void
day_start(struct day *d, uint64_t seed)
{
    *d = (struct day){.now_ns = when_parse_or_none("2026-01-22T14:30:00Z")};
    rng_init(&d->rng, seed);
    for (size_t i = 0; i < DAY_SYMBOLS; i++) {
        d->price[i] = 20 + 700 * rng_f64(&d->rng);
        d->v2_score[i] = 8 * rng_f64(&d->rng);
    }
}

UNUSED static void
day_done(struct day *d)
{
    arena_done(&d->arena);
    shadow_book_done(&d->book);
    for (int i = 0; i < SHADOW_LOGS_LEN; i++)
        text_free(&d->log[i]);
}

/* A composite as intel would give it, now and then without any UW record. */
static struct shadow_uw
day_uw(struct day *d)
{
    static const char *const sentiments[] = {"BULLISH", "BEARISH", "NEUTRAL"};
    static const char *const labels[] = {"RISK_ON", "BEAR", "NEUTRAL"};
    static const char *const sectors[] = {"TECH", "ENERGY", "UNKNOWN"};
    CLEANUP(text_free) struct text t = {0};
    CLEANUP(json_freep) struct json *doc = NULL;

    if (rng_chance(&d->rng, 0.1)) return shadow_uw_decode(NULL, &d->arena);
    text_printf(&t,
                "{\"uw_intel_version\":\"v\",\"v2_uw_inputs\":{\"flow_strength\":%.6f,"
                "\"darkpool_bias\":%.6f,\"sentiment\":\"%s\"},\"v2_uw_adjustments\":"
                "{\"flow_strength\":%.4f,\"sentiment\":%.1f,\"total\":1},"
                "\"v2_uw_sector_profile\":{\"sector\":\"%s\"},"
                "\"v2_uw_regime_profile\":{\"regime_label\":\"%s\"}}",
                rng_f64(&d->rng), 2 * rng_f64(&d->rng) - 1,
                sentiments[rng_below(&d->rng, COUNT_OF(sentiments))], rng_f64(&d->rng),
                (double)rng_below(&d->rng, 2), sectors[rng_below(&d->rng, COUNT_OF(sectors))],
                labels[rng_below(&d->rng, COUNT_OF(labels))]);
    doc = day_doc(t.data, t.len);
    return shadow_uw_decode(doc, &d->arena);
}

static struct shadow_seen
day_look(struct day *d, size_t i)
{
    static const char *const directions[] = {"bullish", "bearish", "neutral"};
    struct rng *r = &d->rng;
    bool has_price = !rng_chance(r, 0.05);

    d->price[i] *= 1 + 0.01 * rng_normal(r);
    d->v2_score[i] = fmin(8, fmax(0, d->v2_score[i] + rng_normal(r)));
    return (struct shadow_seen){
        .now_ns = d->now_ns,
        .symbol = DAY_SYMBOL[i],
        .direction = directions[rng_below(r, COUNT_OF(directions))],
        .new_trade_id = arena_printf(&d->arena, "%032x", (unsigned)d->step),
        .v1_score = d->v2_score[i] - 1,
        .v2_score = d->v2_score[i],
        .is_v1_pass = d->v2_score[i] > 3.5,
        .is_v2_pass = d->v2_score[i] >= 2.7,
        .uw = day_uw(d),
        .sizing_overlay = 0.3 * rng_normal(r),
        .universe_version = "u",
        .universe_source = "daily_universe_v2",
        .in_universe = (enum shadow_truth)rng_below(r, 3),
        .market_regime = "mixed",
        .posture = "neutral",
        .regime_label = "chop",
        .volatility_regime = "mid",
        .current_price = has_price ? d->price[i] : (double)NAN,
        .last_trade = (double)NAN,
        .bid = (double)NAN,
        .ask = (double)NAN,
        .account_equity = 50000,
        .buying_power = rng_chance(r, 0.1) ? 100 : 50000,
        .size_usd = rng_chance(r, 0.1) ? (double)NAN : 500,
    };
}

static struct shadow_verdict
day_verdict(struct day *d, const struct shadow_position *p, const struct shadow_seen *seen)
{
    struct shadow_candidate list[DAY_SYMBOLS];
    for (size_t i = 0; i < DAY_SYMBOLS; i++)
        list[i] = (struct shadow_candidate){DAY_SYMBOL[i], d->v2_score[i]};
    struct shadow_facts facts = {
        .realised_vol_20d = rng_f64(&d->rng),
        .flags = {.thesis_invalidated = rng_chance(&d->rng, 0.1)},
        .candidate = shadow_candidate_of(&d->book, seen->symbol, list, DAY_SYMBOLS),
    };
    return shadow_verdict_of(p, seen, &facts, &d->arena);
}

/* One symbol: what happens is put on record, then applied. */
UNUSED static enum shadow_act
day_step(struct day *d)
{
    struct shadow_settings settings = {.is_paper = true};
    enum shadow_record record[SHADOW_RECORDS_MAX];
    struct shadow_outcome out;
    struct shadow_verdict verdict;

    arena_reset(&d->arena);
    struct shadow_seen seen = day_look(d, (size_t)d->step % DAY_SYMBOLS);
    const struct shadow_position *p = shadow_book_find(&d->book, seen.symbol);
    if (p != NULL) {
        verdict = day_verdict(d, p, &seen);
        seen.verdict = &verdict;
    }
    shadow_step(&d->book, &seen, &settings, &out);
    size_t len = shadow_records_of(&out, record);
    for (size_t i = 0; i < len; i++) {
        struct text *log = &d->log[shadow_record_log(record[i])];
        struct json_out o = {.to = log};
        shadow_record_write(&o, NULL, record[i], &seen, &out);
        text_putc(log, '\n');
    }
    shadow_book_apply(&d->book, &out);
    d->opened += out.act == SHADOW_OPENED;
    d->closed += out.act == SHADOW_CLOSED;
    d->step++;
    d->now_ns += 7 * NS_PER_S + NS_PER_US * (int64_t)rng_below(&d->rng, 1000000);
    return out.act;
}

/* What a restart does to the book: it goes through its file. */
UNUSED static void
day_restart(struct day *d)
{
    CLEANUP(text_free) struct text file = {0};
    struct json_out o = {.to = &file};
    struct err err = {0};

    shadow_book_write(&o, NULL, &d->book);
    CLEANUP(json_freep) struct json *doc = day_doc(file.data, file.len);
    shadow_book_done(&d->book);
    if (shadow_book_decode(doc, &d->book, &err) != RC_OK) fail_msg("%s", err.text);
}

#endif

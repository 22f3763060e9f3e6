#include "analytics/artifacts.h"

#define VERSION "2026-01-22_v1"

enum { HOURS = 24 };

static const char *const TALLY_NAMES[HOUR_TALLIES] = {
    [HOUR_V1_GAMMA_REGIME] = "v1_gamma_regime",
    [HOUR_V1_MARKET_REGIME] = "v1_market_regime",
    [HOUR_V2_MARKET_REGIME] = "v2_market_regime",
    [HOUR_V2_POSTURE] = "v2_posture",
    [HOUR_V2_REGIME_LABEL] = "v2_regime_label",
    [HOUR_V2_VOLATILITY_REGIME] = "v2_volatility_regime"};

struct hour {
    word market_regime, posture, regime_label, volatility;
};

/* The text seen most often, of equals the first; dflt where none was. */
static word
dominant(const struct tally *t, word dflt)
{
    uint32_t best = 0;

    if (t->len == 0) return dflt;
    for (uint32_t i = 1; i < t->len; i++)
        if (t->count[i] > t->count[best]) best = i;
    return (word)t->key[best];
}

static int64_t
total(const struct tally *t)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < t->len; i++)
        sum += t->count[i];
    return sum;
}

/* An hour in which nothing was recorded shows what the state documents say. */
static struct hour
judge_hour(const struct day_view *day, const struct tally t[HOUR_TALLIES])
{
    word v1 = dominant(&t[HOUR_V1_MARKET_REGIME], day->regime_label);

    return (struct hour){
        .market_regime = dominant(&t[HOUR_V2_MARKET_REGIME], v1),
        .posture = dominant(&t[HOUR_V2_POSTURE], day->posture),
        .regime_label = dominant(&t[HOUR_V2_REGIME_LABEL], day->regime_label),
        .volatility = dominant(&t[HOUR_V2_VOLATILITY_REGIME], day->volatility_regime),
    };
}

static void
write_word(const struct day_view *day, struct doc *out, const char *key, word id)
{
    doc_span(out, key, words_text(day->words, id));
}

static void
write_hour(const struct day_view *day, struct doc *out, int i, const struct hour *h)
{
    doc_obj(out, NULL);
    doc_obj(out, "counts");
    for (int k = 0; k < HOUR_TALLIES; k++)
        doc_int(out, TALLY_NAMES[k], total(&day->hour[i][k]));
    doc_end(out);
    write_word(day, out, "dominant_market_regime", h->market_regime);
    write_word(day, out, "dominant_posture", h->posture);
    write_word(day, out, "dominant_regime_label", h->regime_label);
    write_word(day, out, "equalizer_posture", day->equalizer_posture);
    write_word(day, out, "feature_posture", day->feature_posture);
    doc_int(out, "hour_utc", i);
    doc_str(out, "trend_bucket", "unknown");
    write_word(day, out, "volatility_bucket", h->volatility);
    doc_end(out);
}

/* What most hours say; hours that say nothing have no voice. */
static void
count_hours(const struct hour hour[HOURS], struct tally ret[4])
{
    for (int i = 0; i < HOURS; i++) {
        const word said[4] = {hour[i].market_regime, hour[i].posture, hour[i].regime_label,
                              hour[i].volatility};

        for (int k = 0; k < 4; k++)
            if (said[k] != 0) tally_add(&ret[k], said[k], 1);
    }
}

static void
write_summary(const struct day_view *day, struct doc *out, const struct hour hour[HOURS])
{
    struct tally said[4] = {0};

    count_hours(hour, said);
    doc_obj(out, "day_summary");
    write_word(day, out, "dominant_market_regime", dominant(&said[0], 0));
    write_word(day, out, "dominant_posture", dominant(&said[1], 0));
    write_word(day, out, "dominant_regime_label", dominant(&said[2], 0));
    doc_str(out, "trend_bucket", "unknown");
    write_word(day, out, "volatility_bucket", dominant(&said[3], 0));
    doc_end(out);
    for (int k = 0; k < 4; k++)
        tally_done(&said[k]);
}

void
artifact_regime_timeline(const struct day_view *day, struct doc *out, const char *key)
{
    struct hour hour[HOURS];

    for (int i = 0; i < HOURS; i++)
        hour[i] = judge_hour(day, day->hour[i]);
    doc_obj(out, key);
    artifact_meta(day, out, "regime_timeline", VERSION);
    write_summary(day, out, hour);
    doc_arr(out, "hourly");
    for (int i = 0; i < HOURS; i++)
        write_hour(day, out, i, &hour[i]);
    doc_end(out);
    doc_obj(out, "notes");
    doc_obj(out, "fallbacks_used");
    doc_bool(out, "market_context_present", day->has_market_context);
    doc_bool(out, "posture_state_present", day->has_posture_state);
    doc_bool(out, "regime_state_present", day->has_regime_state);
    doc_end(out);
    doc_end(out);
    doc_end(out);
}

#include "engine/score_log.h"

#include "base/log.h"

/* The score is made of data, of a constant in their place, or of nothing. */
static void
add_one(struct score_telemetry *t, const struct scored *sc, int64_t now_ns)
{
    const struct composite *c = &sc->composite;
    const struct symbol_flow *f = &sc->entry->flow;
    const struct score_sample sample = {.symbol = f->symbol,
                                        .score = sc->score,
                                        .freshness = c->freshness,
                                        .has_defaulted_conviction = !f->has_conviction,
                                        .at_ns = now_ns};

    score_telemetry_add(t, &sample);
    for (int i = 0; i < COMPONENTS_LEN; i++) {
        score_telemetry_add_component(t, COMPONENTS[i].name, c->component[i]);
        if (c->source[i] == SOURCE_MISSING)
            score_telemetry_add_name(t, LIST_MISSING_INTEL, COMPONENTS[i].name);
        if (c->source[i] == SOURCE_DEFAULT)
            score_telemetry_add_name(t, LIST_NEUTRAL_DEFAULTS, COMPONENTS[i].name);
    }
    if (f->sentiment != SENTIMENT_BULLISH && f->sentiment != SENTIMENT_BEARISH)
        score_telemetry_add_name(t, LIST_CORE_MISSING, "sentiment");
    if (!f->has_conviction) score_telemetry_add_name(t, LIST_CORE_MISSING, "conviction");
    if (f->flow_trades_len == 0) score_telemetry_add_name(t, LIST_CORE_MISSING, "flow_trades");
}

void
score_log_save(struct score_log *l, const struct store *store, const struct log *log)
{
    struct err err = {0};

    if (!l->has_unsaved) return;
    l->has_unsaved = false; /* one try: the next cycle has more to save */
    if (score_telemetry_save(&l->telemetry, store, &err) != RC_OK)
        log_event(log, EV_STATE_WRITE_FAILED, F_STR("path", SCORE_TELEMETRY_PATH),
                  F_STR("error", err.text));
}

void
score_log_add(struct score_log *l, const struct scores *scores, const struct store *store,
              const struct log *log, int64_t now_ns)
{
    if (scores->len == 0) return;
    if (!l->is_loaded) score_telemetry_load(&l->telemetry, store);
    l->is_loaded = true;
    for (size_t i = 0; i < scores->len; i++)
        add_one(&l->telemetry, &scores->scored[i], now_ns);
    l->has_unsaved = true;
    if (l->saved_ns != 0 && now_ns - l->saved_ns < SCORE_LOG_EVERY_NS) return;
    l->saved_ns = now_ns;
    score_log_save(l, store, log);
}

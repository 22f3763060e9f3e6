/*
 * The last score of each symbol, and when its direction turned (spec 10 R4.28).
 */
#ifndef STRATEGY_LAST_SCORES_H
#define STRATEGY_LAST_SCORES_H

#include "strategy/flow_facts.h"

struct last_score {
    double score;
    enum sentiment direction;
    int64_t at_ns; /* WHEN_NONE: no score yet */
};

struct counter_signal {
    bool is_counter; /* the old and the new direction are opposite; the rest is set in any case */
    double old_score, new_score, delta; /* delta = new - old */
    enum sentiment old_direction, new_direction;
};

struct counter_signal last_score_turn(const struct last_score *old,
                                      const struct last_score *new_score);

/* One entry of state/last_scores.json: {"score", "direction": "bullish", "ts": ISO}; and back. */
struct last_score last_score_decode(const struct json *entry);
void last_score_write(struct json_out *o, const char *symbol, const struct last_score *s);

#endif

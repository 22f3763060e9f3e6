#include "strategy/last_scores.h"

#include "base/when.h"

struct counter_signal
last_score_turn(const struct last_score *old, const struct last_score *new_score)
{
    int turn = sentiment_sign(old->direction) * sentiment_sign(new_score->direction);
    return (struct counter_signal){
        .is_counter = old->at_ns != WHEN_NONE && turn < 0,
        .old_score = old->score,
        .new_score = new_score->score,
        .delta = new_score->score - old->score,
        .old_direction = old->direction,
        .new_direction = new_score->direction,
    };
}

struct last_score
last_score_decode(const struct json *entry)
{
    const char *word = json_str(entry, "direction", "");
    const char *at = json_str(entry, "ts", NULL);
    return (struct last_score){
        .score = json_f64(entry, "score", 0),
        .direction = str_eq(word, "bullish")   ? SENTIMENT_BULLISH
                     : str_eq(word, "bearish") ? SENTIMENT_BEARISH
                                               : SENTIMENT_NEUTRAL,
        .at_ns = at == NULL ? WHEN_NONE : when_parse_or_none(at),
    };
}

void
last_score_write(struct json_out *o, const char *symbol, const struct last_score *s)
{
    json_out_obj(o, symbol);
    json_out_f64(o, "score", s->score);
    json_out_str(o, "direction", sentiment_direction(s->direction));
    json_out_time(o, "ts", s->at_ns);
    json_out_end(o);
}

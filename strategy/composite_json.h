/*
 * The output object of the score (spec 10 R4.29), built only when a record or a person wants it.
 */
#ifndef STRATEGY_COMPOSITE_JSON_H
#define STRATEGY_COMPOSITE_JSON_H

#include "strategy/boosts.h"
#include "strategy/composite.h"

struct composite_view {
    const char *symbol;
    const char *regime; /* as given to the score, in words */
    const struct composite *composite;
    const struct enriched *enriched;
    const struct boosts
        *boosts;          /* NULL where none were asked for: the score is then the bare one */
    const char *gate_msg; /* NULL, or the name of the gate that marked it (R4.35, gate 7)   */
};

/* The whole object as a member (key) or element (NULL). */
void composite_write(struct json_out *o, const char *key, const struct composite_view *v);

/* Its parts, for records that carry only these. */
void composite_write_components(struct json_out *o, const char *key, const struct composite *c);
void composite_write_features(struct json_out *o, const char *key, const struct composite_view *v);
void composite_write_intel(struct json_out *o, const char *key, const struct composite_view *v);

/* The notes of R4.32, appended to a text; never empty, as the weights are always mentioned. */
void composite_notes(struct text *to, const struct composite_view *v);

#endif

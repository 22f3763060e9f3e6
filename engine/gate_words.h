/*
 * What the events of the gates are called, and what they say beside number and threshold.
 *
 * Source: spec 10 R5.23 (the twenty), R4.35 (the composite gate), R1.29 (halts).
 */
#ifndef ENGINE_GATE_WORDS_H
#define ENGINE_GATE_WORDS_H

#include "base/log.h"
#include "strategy/snapshot.h"

enum { GATE_FIELDS_MAX = 4 };

enum event_id refusal_event(const struct refusal *r);

/* The fields of its gate, the rest filled with F_END; none for what no gate of the twenty refused.
 * They borrow from r. */
void refusal_fields(const struct snapshot *seen, const struct refusal *r,
                    struct field ret_field[GATE_FIELDS_MAX]);

#endif

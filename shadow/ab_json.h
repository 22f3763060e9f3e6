/*
 * The A/B ledger's state and stream: state/shadow_positions.json and logs/shadow.jsonl.
 *
 * A position is written back as it was read, keys we do not know included; a merge changes its
 * quantity, price and perhaps its time.
 */
#ifndef SHADOW_AB_JSON_H
#define SHADOW_AB_JSON_H

#include "base/ops.h"
#include "shadow/ab_ledger.h"

/* The positions with the records they were read from; both live as long as document and arena. */
struct ab_book {
    struct ab_position *position;
    const struct json **record;
    size_t len;
};

/* The array of positions; anything else is an empty book. */
struct ab_book ab_book_decode(const struct json *positions, struct arena *a);

/* A hypothetical order, with its entry time as text. */
struct ab_fill {
    struct ab_position position;
    const char *entry_ts;
};

/* The array of positions after a merge. */
void ab_merge_write(struct json_out *o, const char *key, const struct ab_book *b,
                    const struct ab_fill *fill, const struct ab_merge *m);

/* ---- a tick -------------------------------------------------------------------------------- */

/* What is put on record of one position, in this order. */
enum ab_event { AB_EVENT_PRICE_MISSING, AB_EVENT_UPDATE, AB_EVENT_EXIT, AB_EVENT_REMOVED };
enum { AB_EVENTS_MAX = 3 };

size_t ab_events_of(const struct ab_look *look, enum ab_event ret_event[AB_EVENTS_MAX]);

/* All that an event is made of. */
struct ab_report {
    const struct ab_position *position;
    const struct json *record;
    const struct ab_seen *seen;
    const struct ab_look *look;
};

/* The event of the tick itself; positions: before the tick, dropped ones included. */
void ab_tick_write(struct json_out *o, const char *key, size_t positions, int64_t now_ns);
void ab_event_write(struct json_out *o, const char *key, enum ab_event e,
                    const struct ab_report *r);

#endif

/*
 * What the engine wants to remember about an order until it is settled: a JSON object in the
 * intent's context, so that it survives the process.
 */
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H

#include "base/arena.h"
#include "base/json.h"
#include "engine/scoring.h"
#include "strategy/snapshot.h"

struct entry_context {
    double score; /* final */
    enum direction direction;
    char market_regime[REGIME_NAME_MAX];
    double regime_modifier;
    char ignition[32];
    char correlation_id[24]; /* uw_<16 hex digits> */
    usd ref;                 /* latest trade when it was decided */
    usd equity;              /* at entry */
    const char *components;  /* JSON object text; "{}" where unknown */
};

struct exit_context {
    char label[32];     /* stop_loss, trail_stop … */
    double entry_score; /* of the position, so that the records survive its metadata */
    int64_t entered_ns; /* WHEN_NONE: not known */
    int64_t held_qty;   /* shares held when the close was decided, > 0 */
    usd held_cost;      /* what they had cost, by the broker */
    int target;         /* index of the scale-out target; -1 for a whole close */
    double decay;       /* NaN where undefined */
};

/* Into the fixed room of an intent; components are left out where they do not fit. */
void entry_context_write(const struct entry_context *c, char *buf, size_t size);
void exit_context_write(const struct exit_context *c, char *buf, size_t size);

/* Tolerant: what is missing is empty.  components is copied into the arena. */
struct entry_context entry_context_read(const char *json, struct arena *a);
struct exit_context exit_context_read(const char *json);

/* The components of a scored symbol as a JSON object, rounded to 3 decimals. */
const char *components_text(const struct scored *s, struct arena *a);

#endif

/*
 * Market context and posture of one minute of a replayed day.
 */
#ifndef SCRIPTS_DAYS_CONTEXT_H
#define SCRIPTS_DAYS_CONTEXT_H

#include "intel/market_context.h"
#include "intel/posture.h"
#include "scripts/replay/days.h"

struct days_context {
    struct market_context market;
    struct posture_state posture;
    const struct json *market_doc, *posture_doc; /* the state files, in the arena */
};

/* In the session at the instant; WHEN_NONE: before the open, when no minute has been yet. */
struct days_context days_context_of(struct days_market *m, int64_t at_ns);

/* The same into another arena than the day's. */
struct days_context days_context_in(const struct days_market *m, int64_t at_ns, struct arena *a);

#endif

/*
 * The log seam of a program that also posts its grave events (spec 10 R1.42): each goes to the log
 * under it, and some are handed on as {"event": name, "timestamp": ISO, fields} too.
 *
 * The same event about the same thing is handed on again after a quarter of an hour at the soonest:
 * a condition that lasts is no news.
 */
#ifndef TELEMETRY_ALERTS_H
#define TELEMETRY_ALERTS_H

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define ALERT_AGAIN_NS (15 * NS_PER_MIN)

struct alerts {
    struct log under;
    const struct clock *clock;
    void (*redact)(void *ctx, struct text *line); /* NULL for none */
    void *redact_ctx;
    void (*put)(void *ctx, const char *json, size_t len); /* never waits */
    void *put_ctx;
    struct {
        uint64_t what; /* hash of the name and the symbol */
        int64_t mono_ns;
    } told[EVENTS_LEN];
};

/* Borrows everything that it was made of. */
struct log alerts_seam(struct alerts *a);

/* The name under which an event is posted; NULL for one that is not. */
const char *alert_name(enum event_id id);

#endif

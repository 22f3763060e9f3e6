/*
 * A budget in a root of its own, for the tests of usage.c.
 */
#ifndef TESTS_UWCLIENT_USAGE_BED_H
#define TESTS_UWCLIENT_USAGE_BED_H

#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/quota_log.h"

#define NOON "2026-01-20T17:00:00Z" /* 12:00 New York */

UNUSED static struct usage_limits
limits(int64_t per_min, int64_t per_day)
{
    return (struct usage_limits){.per_min = per_min, .per_day = per_day, .buffer = 0.95};
}

UNUSED static void
open_usage(struct uw_world *w, struct usage *u, struct usage_limits lim)
{
    const struct usage_deps deps = {&w->clock, &w->root.fs, &w->store, &w->locks, &w->log, w->ny};

    usage_init(u, &deps, &lim);
}

UNUSED static enum usage_verdict
reserve(struct usage *u, const char *name, int64_t cap)
{
    struct usage_ask ask = {.name = name, .cap_per_day = cap};
    int64_t wait_ns;

    return usage_reserve(u, &ask, &wait_ns);
}

UNUSED static void
write_state(struct uw_world *w, const char *json)
{
    test_write(&w->root, USAGE_PATH, json, strlen(json));
}

#endif

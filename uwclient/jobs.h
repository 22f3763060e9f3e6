/*
 * One poll: ask, decode, put into the flow cache (spec 20 3.5, 3.8, 3.9.3).
 */
#ifndef UWCLIENT_JOBS_H
#define UWCLIENT_JOBS_H

#include "uwclient/client.h"
#include "uwclient/drift.h"
#include "uwclient/flow_cache.h"
#include "uwclient/schedule.h"

enum {
    DAEMON_TIMEOUT_MS = 10000, /* of one attempt */
    FLOW_LIMIT = 100,          /* alerts asked for */
    NET_IMPACT_LIMIT = 100,
    OWNERS_LIMIT = 50,
    FLOW_ROW_BYTES_MAX = 16 * 1024, /* a larger alert is not kept */
    SLOW_VALUE_KEPT_S = 86400       /* an empty answer does not replace a younger value */
};

struct job_env {
    struct uw_client *client;
    struct flow_cache *cache;
    struct drift *drift; /* NULL = not counted */
    const struct uw_config *cfg;
    const struct clock *clock;
    const struct zone *ny;
    const struct log *log;
    void (*before)(void *ctx); /* waits for its turn; called ahead of each request */
    void (*after)(void *ctx, const struct uw_call *call, const struct uw_answer *a);
    void *ctx;
};

struct job_report {
    enum job_outcome outcome;
    int64_t wait_or_until_ns; /* as schedule_result wants it */
    int status;               /* of the last answer, 0 = none */
};

struct job_report job_run(const struct job_env *env, struct job *job);

/* Marks the configured symbols in the model, and how often their calendars are asked for. */
void jobs_configure(const struct job_env *env, struct schedule *s);

#endif

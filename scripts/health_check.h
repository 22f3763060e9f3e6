/*
 * The sentinel of the flow daemon (contract 4.16): looks, judges, records; restarts the daemon only
 * when told to and only when nothing else helps.  Never touches trading state and needs no network.
 *
 *   run_daemon_health_check.c   options, exit codes
 *   health_check.c              one check: facts, verdict, restart, record
 *   health_facts.c              what can be learned of the daemon from outside
 */
#ifndef SCRIPTS_HEALTH_CHECK_H
#define SCRIPTS_HEALTH_CHECK_H

#include "io/systemd.h"
#include "scripts/runner.h"
#include "telemetry/daemon_health.h"

struct health_options {
    struct health_limits limits;
    bool is_mock;
    const char *scenario; /* of a mock */
    bool may_heal;
    bool is_dry;             /* nothing is written, nothing restarted */
    bool may_overwrite_real; /* a drill may replace the record of a real check */
    int64_t as_of_ns;        /* the time that counts instead of now; 0 for now */
};

struct health_result {
    struct health_verdict verdict;
    struct text document; /* what was recorded, or with is_dry would have been */
};

void health_result_free(struct health_result *r); /* fits CLEANUP */

/*
 * One check.
 *
 * RC_OK      looked, and recorded unless dry
 * RC_DENIED  a drill in a root with the record of a real check
 * else       the record could not be written; ret_result stands all the same
 */
enum rc health_check(struct runner *r, const struct service_manager *manager,
                     const struct health_options *opt, struct health_result *ret_result,
                     struct err *err) MUST_USE;

/* What can be learned of the daemon at the instant; what cannot is marked unknown. */
struct health_facts health_gather(const struct runner *r, const struct service_manager *manager,
                                  int64_t endpoint_window_s, int64_t now_ns);

#endif

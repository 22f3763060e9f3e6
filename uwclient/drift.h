/*
 * Drift: fields of the answers that are unknown, missing or of another type, counted by endpoint.
 *
 * A decoder takes what it finds and reads the rest as nothing, so a renamed field would be a quiet
 * zero. Here the shape of every answer is compared with what the endpoint is known to send; the
 * first time a field differs in a new way an event says so, and the counters stay in
 * state/uw_drift.json.
 */
#ifndef UWCLIENT_DRIFT_H
#define UWCLIENT_DRIFT_H

#include "base/clock.h"
#include "base/log.h"
#include "base/store.h"
#include "uwclient/endpoints.h"

#define DRIFT_PATH "state/uw_drift.json"

enum {
    DRIFT_FINDINGS_MAX = 512, /* different findings remembered; further ones are counted together */
    DRIFT_FIELD_MAX = 48
};

enum drift_kind {
    DRIFT_UNKNOWN, /* a field we have never seen                  */
    DRIFT_MISSING, /* a field that every row has so far           */
    DRIFT_MISTYPED /* text where a number was, and the like       */
};

struct drift_finding {
    enum uw_endpoint endpoint;
    enum drift_kind kind;
    char field[DRIFT_FIELD_MAX];
    int64_t rows; /* in which it was found */
    int64_t first_ns, last_ns;
};

struct drift {
    const struct clock *clock;
    const struct store *store;
    const struct log *log;
    struct drift_finding finding[DRIFT_FINDINGS_MAX];
    size_t len;
    int64_t rows[UW_ENDPOINTS_LEN], answers[UW_ENDPOINTS_LEN]; /* looked at */
    int64_t overflow;                                          /* findings without room */
    bool is_dirty;
};

void drift_init(struct drift *d, const struct clock *clock, const struct store *store,
                const struct log *log);
void drift_load(struct drift *d);
/* Writes the counters if there are new ones; failing is the store's business. */
void drift_save(struct drift *d);

void drift_note(struct drift *d, enum uw_endpoint endpoint, const struct json *body);

/* What `stockbot uw drift` prints: one line an endpoint, one a finding. */
void drift_report(const struct drift *d, struct text *to);

const char *drift_kind_name(enum drift_kind k); /* "unknown", "missing", "mistyped" */

#endif

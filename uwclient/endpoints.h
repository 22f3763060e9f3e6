/*
 * Endpoints, policies and poll jobs by name: the rows of endpoints.def.
 */
#ifndef UWCLIENT_ENDPOINTS_H
#define UWCLIENT_ENDPOINTS_H

#include "base/text.h"

enum uw_endpoint {
#define UW_ENDPOINT(id, path, params) UW_EP_##id,
#define UW_POLICY(id, endpoint, name, ttl_s, cap, cap_kind)
#define UW_JOB(id, name, policy, per, interval_s, priority, when, requests)
#include "uwclient/endpoints.def"
#undef UW_ENDPOINT
#undef UW_POLICY
#undef UW_JOB
    UW_ENDPOINTS_LEN
};

enum uw_policy {
#define UW_ENDPOINT(id, path, params)
#define UW_POLICY(id, endpoint, name, ttl_s, cap, cap_kind) UW_POLICY_##id,
#define UW_JOB(id, name, policy, per, interval_s, priority, when, requests)
#include "uwclient/endpoints.def"
#undef UW_ENDPOINT
#undef UW_POLICY
#undef UW_JOB
    UW_POLICIES_LEN
};

enum uw_job {
#define UW_ENDPOINT(id, path, params)
#define UW_POLICY(id, endpoint, name, ttl_s, cap, cap_kind)
#define UW_JOB(id, name, policy, per, interval_s, priority, when, requests) UW_JOB_##id,
#include "uwclient/endpoints.def"
#undef UW_ENDPOINT
#undef UW_POLICY
#undef UW_JOB
    UW_JOBS_LEN
};

struct uw_endpoint_row {
    const char *path;   /* template: placeholders in braces */
    const char *params; /* query parameters it may be sent, separated by commas */
    int line;           /* of endpoints.def, for the audit */
};

struct uw_policy_row {
    const char *name;
    enum uw_endpoint endpoint;
    int64_t ttl_s;       /* 0 = answers are not kept */
    int64_t cap_per_day; /* 0 = no cap               */
    bool per_symbol;     /* the cap is for 53 symbols and grows with the list */
};

enum uw_job_per {
    UW_WHOLE_MARKET,
    UW_EACH_SYMBOL,
    UW_EACH_ETF,
    UW_EACH_STOCK /* every symbol that is not in UW_ETF_TICKERS */
};

enum uw_job_when {
    UW_IN_SESSION, /* only while the market is open */
    UW_ALWAYS,
    UW_NEVER /* kept out of the schedule */
};

struct uw_job_row {
    const char *name; /* also its member of _updates and its prefix in state/smart_poller.json */
    enum uw_policy policy;
    enum uw_job_per per;
    int64_t interval_s;
    int priority; /* 1 is the most urgent */
    enum uw_job_when when;
    int requests; /* a poll takes */
};

const struct uw_endpoint_row *uw_endpoint_row(enum uw_endpoint e);
const struct uw_policy_row *uw_policy_row(enum uw_policy p);
const struct uw_job_row *uw_job_row(enum uw_job j);

const struct uw_policy_row *uw_policy_find(const char *name); /* NULL for an unknown name */
/* The daily cap with so many configured symbols: cap * n / 53 rounded up where it is per symbol and
 * n > 53.
 */
int64_t uw_policy_cap(const struct uw_policy_row *row, size_t symbols_len);

/* The endpoint's path with its placeholder, if it has one, replaced by the percent-encoded value.
 */
void uw_endpoint_path(enum uw_endpoint e, const char *value, struct text *to);

/* Paths without which the allow-list counts as incomplete: those of all jobs, and the after-hours
 * earnings.
 */
size_t uw_required_paths(const char *ret_paths[UW_ENDPOINTS_LEN]);

#endif

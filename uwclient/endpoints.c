#include "uwclient/endpoints.h"

#include "base/http.h"

enum {
    CAP_SYMBOLS = 53, /* the caps per symbol were set for so many */
    FIXED = 0,
    PER_SYMBOL = 1
};

static const struct uw_endpoint_row endpoints[] = {
#define UW_ENDPOINT(id, path, params) [UW_EP_##id] = {(path), (params), __LINE__},
#define UW_POLICY(id, endpoint, name, ttl_s, cap, cap_kind)
#define UW_JOB(id, name, policy, per, interval_s, priority, when, requests)
#include "uwclient/endpoints.def"
#undef UW_ENDPOINT
#undef UW_POLICY
#undef UW_JOB
};

static const struct uw_policy_row policies[] = {
#define UW_ENDPOINT(id, path, params)
#define UW_POLICY(id, endpoint, name, ttl_s, cap, cap_kind)                                        \
    [UW_POLICY_##id] = {(name), UW_EP_##endpoint, (ttl_s), (cap), (cap_kind) == PER_SYMBOL},
#define UW_JOB(id, name, policy, per, interval_s, priority, when, requests)
#include "uwclient/endpoints.def"
#undef UW_ENDPOINT
#undef UW_POLICY
#undef UW_JOB
};

static const struct uw_job_row jobs[] = {
#define UW_ENDPOINT(id, path, params)
#define UW_POLICY(id, endpoint, name, ttl_s, cap, cap_kind)
#define UW_JOB(id, name, policy, per, interval_s, priority, when, requests)                        \
    [UW_JOB_##id] = {(name),     UW_POLICY_##policy, UW_##per,  (interval_s),                      \
                     (priority), UW_##when,          (requests)},
#include "uwclient/endpoints.def"
#undef UW_ENDPOINT
#undef UW_POLICY
#undef UW_JOB
};

const struct uw_endpoint_row *
uw_endpoint_row(enum uw_endpoint e)
{
    ASSERT((size_t)e < COUNT_OF(endpoints));
    return &endpoints[e];
}

const struct uw_policy_row *
uw_policy_row(enum uw_policy p)
{
    ASSERT((size_t)p < COUNT_OF(policies));
    return &policies[p];
}

const struct uw_job_row *
uw_job_row(enum uw_job j)
{
    ASSERT((size_t)j < COUNT_OF(jobs));
    return &jobs[j];
}

const struct uw_policy_row *
uw_policy_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        if (str_eq(policies[i].name, name)) return &policies[i];
    }
    return NULL;
}

int64_t
uw_policy_cap(const struct uw_policy_row *row, size_t symbols_len)
{
    if (!row->per_symbol || symbols_len <= CAP_SYMBOLS) return row->cap_per_day;
    return (row->cap_per_day * (int64_t)symbols_len + CAP_SYMBOLS - 1) / CAP_SYMBOLS;
}

void
uw_endpoint_path(enum uw_endpoint e, const char *value, struct text *to)
{
    const char *path = uw_endpoint_row(e)->path;
    const char *open = strchr(path, '{');
    const char *close = open != NULL ? strchr(open, '}') : NULL;

    if (close == NULL) {
        text_puts(to, path);
        return;
    }
    text_add(to, path, (size_t)(open - path));
    http_escape(to, value);
    text_puts(to, close + 1);
}

size_t
uw_required_paths(const char *ret_paths[UW_ENDPOINTS_LEN])
{
    bool wanted[UW_ENDPOINTS_LEN] = {[UW_EP_EARNINGS_AFTERHOURS] = true};
    size_t len = 0;

    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        wanted[policies[jobs[i].policy].endpoint] = true;
    for (size_t i = 0; i < COUNT_OF(endpoints); i++) {
        if (wanted[i]) ret_paths[len++] = endpoints[i].path;
    }
    return len;
}

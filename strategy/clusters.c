#include "strategy/clusters.h"

/* One alert that passed the filter, with what it is sorted by. */
struct candidate {
    size_t index;
    int64_t at_ns;
    const struct flow_alert *alert;
};

static int
by_ticker_side_time(const void *left, const void *right)
{
    const struct candidate *a = (const struct candidate *)left,
                           *b = (const struct candidate *)right;
    int c = strcmp(a->alert->ticker, b->alert->ticker);
    if (c != 0) return c;
    c = (int)b->alert->is_bullish - (int)a->alert->is_bullish; /* bullish first */
    if (c != 0) return c;
    c = (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
    return c != 0 ? c
                  : (a->index > b->index) - (a->index < b->index); /* ties keep the input's order */
}

static uint8_t
most_frequent_type(const struct candidate *c, size_t len)
{
    size_t seen[FLOW_TYPES_LEN] = {0};
    size_t most = 0;
    for (size_t i = 0; i < len; i++) {
        size_t n = ++seen[c[i].alert->type];
        most = MAX(most, n);
    }
    for (size_t i = 0; i < len; i++) {
        if (seen[c[i].alert->type] == most) return c[i].alert->type;
    }
    return FLOW_SINGLELEG;
}

static struct cluster
make_cluster(const struct candidate *c, size_t len, struct arena *a)
{
    struct cluster cl = {
        .is_bullish = c[0].alert->is_bullish,
        .type = most_frequent_type(c, len),
        .count = len,
        .start_ns = c[0].at_ns,
        .end_ns = c[len - 1].at_ns,
    };
    size_t *member = ARENA_NEW(a, size_t, len);
    double sum = 0;

    (void)str_copy(cl.ticker, sizeof cl.ticker, c[0].alert->ticker);
    for (size_t i = 0; i < len; i++) {
        member[i] = c[i].index;
        sum += c[i].alert->premium_usd;
    }
    cl.member = member;
    cl.premium_usd_mean = sum / (double)len;
    return cl;
}

static bool
is_within(int64_t from_ns, int64_t to_ns, int64_t window_s)
{
    int64_t apart_ns = 0; /* instants six hundred years apart differ by more than an int64_t */
    return !__builtin_sub_overflow(to_ns, from_ns, &apart_ns) && apart_ns <= window_s * NS_PER_S;
}

/* How many candidates, from the first, lie in the window that the first one opens. */
static size_t
window_len(const struct candidate *c, size_t len, int64_t window_s)
{
    size_t n = 1;
    while (n < len && strcmp(c[n].alert->ticker, c[0].alert->ticker) == 0 &&
           c[n].alert->is_bullish == c[0].alert->is_bullish &&
           is_within(c[0].at_ns, c[n].at_ns, window_s))
        n++;
    return n;
}

static size_t
filter(const struct flow_alert *const *alert, size_t alerts_len, const struct flow_limits *limits,
       int64_t now_ns, struct candidate *ret_list, size_t *ret_dropped)
{
    size_t n = 0;
    for (size_t i = 0; i < alerts_len; i++) {
        if (!alert[i]->is_usable) ++*ret_dropped;
        if (!flow_alert_passes(alert[i], limits, now_ns)) continue;
        int64_t at_ns = alert[i]->at_ns == WHEN_NONE ? now_ns : alert[i]->at_ns;
        ret_list[n++] = (struct candidate){.index = i, .at_ns = at_ns, .alert = alert[i]};
    }
    return n;
}

struct clusters
clusters_find(const struct flow_alert *const *alert, size_t alerts_len,
              const struct flow_limits *limits, int64_t now_ns, struct arena *a)
{
    struct clusters found = {0};
    struct candidate *list = ARENA_NEW(a, struct candidate, alerts_len);
    size_t len = filter(alert, alerts_len, limits, now_ns, list, &found.dropped);
    size_t least = (size_t)MAX(limits->cluster_min, 1);

    qsort(list, len, sizeof *list, by_ticker_side_time);
    found.cluster = ARENA_NEW(a, struct cluster, len / least);
    for (size_t at = 0, n = 0; at < len; at += n) {
        n = window_len(list + at, len - at, limits->cluster_window_s);
        if (n >= least) found.cluster[found.len++] = make_cluster(list + at, n, a);
    }
    return found;
}

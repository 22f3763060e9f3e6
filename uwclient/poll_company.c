#include "uwclient/decode_company.h"
#include "uwclient/poll.h"

/* Money flows into the broad market when SPY, QQQ and IWM together took some in over five days. */
static bool
is_risk_on(const struct flow_model *m)
{
    static const char *const broad[] = {"SPY", "QQQ", "IWM"};
    usd sum = USD_ZERO;

    for (size_t i = 0; i < COUNT_OF(broad); i++) {
        const struct flow_ticker *t = flow_model_find(m, broad[i]);
        if (t != NULL && t->has_etf_flow) sum = uw_usd_sum(sum, t->etf_net_flow);
    }
    return sum.e4 > 0;
}

void
poll_etf_flow(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct etf_flow f;

    if (body == NULL) return;
    etf_flow_decode(body, &f);
    struct flow_ticker *t = poll_entry(p, p->job->symbol);
    if (t != NULL && f.rows > 0) {
        t->has_etf_flow = true;
        t->etf_net_flow = f.net_flow;
    }
    etf_flow_write(&f, is_risk_on(&p->env->cache->model), p->now_ns, &m);
    poll_store_or_keep(p, "etf_flow", f.rows > 0, &m);
}

void
poll_fails(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct fails f;

    if (body == NULL) return;
    fails_decode(body, &f);
    fails_write(&f, p->now_ns, &m);
    poll_store_or_keep(p, "ftd_pressure", f.has_row, &m);
}

void
poll_insider(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct insider i;

    if (body == NULL) return;
    insider_decode(body, p->today, &i);
    insider_write(&i, p->now_ns, &m);
    poll_store(p, "insider", &m);
}

void
poll_owners(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct owners w;

    uw_params_add(&params, UW_STR("order", "perc_outstanding"));
    uw_params_add(&params, UW_STR("order_direction", "desc"));
    uw_params_add(&params, UW_I64("limit", OWNERS_LIMIT));
    CLEANUP(json_freep) struct json *body = poll_ask(p, &params);
    if (body == NULL) return;
    owners_decode(body, p->today, &w);
    owners_write(&w, p->now_ns, &m);
    poll_store(p, "institutional", &m);
}

/* ---- the earnings calendar ------------------------------------------------------------------- */

/* The report date that most of the stored alerts name, of those that are still to come. */
static void
earnings_from_alerts(const struct flow_ticker *t, struct date today, struct earnings *ret_earnings)
{
    CLEANUP(json_freep) struct json *trades = poll_stored(t, "flow_trades");
    size_t best = 0;

    for (const struct json *a = json_first(trades); a != NULL; a = json_next(a)) {
        struct date d, other;
        size_t votes = 0;
        if (!uw_date_at(a, "next_earnings_date", &d) || date_cmp(d, today) < 0) continue;
        for (const struct json *b = json_first(trades); b != NULL; b = json_next(b))
            votes += uw_date_at(b, "next_earnings_date", &other) && date_cmp(d, other) == 0;
        if (votes <= best) continue;
        best = votes;
        *ret_earnings = (struct earnings){.is_known = true, .date = d};
        (void)str_copy(ret_earnings->report_time, sizeof ret_earnings->report_time,
                       json_str(a, "er_time", ""));
    }
}

/* A stored date that is still to come stays when nobody names another one. */
static void
earnings_from_cache(const struct flow_ticker *t, struct date today, struct earnings *ret_earnings)
{
    CLEANUP(json_freep) struct json *old = poll_stored(t, "calendar");

    if (t == NULL || !t->has_earnings || date_cmp(t->earnings, today) < 0) return;
    *ret_earnings = (struct earnings){.is_known = true, .date = t->earnings};
    (void)str_copy(ret_earnings->report_time, sizeof ret_earnings->report_time,
                   json_str(old, "report_time", ""));
}

void
poll_calendar(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct earnings e;

    if (body == NULL) return;
    struct flow_ticker *t = poll_entry(p, p->job->symbol);
    earnings_decode(body, p->today, &e);
    if (!e.is_known) earnings_from_alerts(t, p->today, &e);
    if (!e.is_known) earnings_from_cache(t, p->today, &e);
    if (t != NULL) {
        t->has_earnings = e.is_known;
        t->earnings = e.date;
    }
    p->job->interval_ns = schedule_calendar_interval_ns(e.is_known, e.date, p->today);
    earnings_write(&e, p->today, p->now_ns, &m);
    poll_store(p, "calendar", &m);
}

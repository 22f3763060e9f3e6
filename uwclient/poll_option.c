#include "uwclient/decode_options.h"
#include "uwclient/poll.h"

/* ---- one symbol ------------------------------------------------------------------------------ */

/* A week is enough for the newest day; where the server does not accept that, a day without the
 * parameter. */
void
poll_greek_exposure(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct greek_exposure g;
    bool is_plain =
        p->job->plain_until_ns != WHEN_NONE && clock_now(p->env->clock) < p->job->plain_until_ns;

    if (!is_plain) uw_params_add(&params, UW_STR("timeframe", "1W"));
    CLEANUP(json_freep) struct json *body = poll_ask(p, &params);
    if (body == NULL && !is_plain && p->report.status == 422) {
        p->job->plain_until_ns = p->now_ns + NS_PER_DAY;
        body = poll_ask(p, NULL);
    }
    if (body == NULL) return;
    greek_exposure_decode(body, &g);
    greek_exposure_write(&g, p->now_ns, &m);
    if (g.has_row)
        poll_store_greeks(p, &m);
    else
        poll_store_nothing(p);
}

void
poll_max_pain(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    CLEANUP(member_free) struct member greeks = MEMBER_EMPTY;
    struct max_pain pain;

    if (body == NULL) return;
    max_pain_decode(body, p->today, &pain);
    if (!pain.has_row) {
        poll_store_nothing(p);
        return;
    }
    max_pain_write(&pain, p->now_ns, &m);
    poll_store(p, "max_pain", &m);
    if (pain.max_pain <= 0) return;
    member_open(&greeks);
    member_num(&greeks, "max_pain", pain.max_pain);
    member_close(&greeks);
    poll_store_greeks(p, &greeks);
}

/* Not scheduled today (endpoints.def).  Its members would hide the exposures of the same name: own
 * object. */
void
poll_greeks(struct poll *p)
{
    struct flow_ticker *t = flow_model_find(&p->env->cache->model, p->job->symbol);
    CLEANUP(json_freep) struct json *pain = poll_stored(t, "max_pain");
    CLEANUP(member_free) struct member atm = MEMBER_EMPTY;
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct uw_params params = {0};
    struct greeks_atm g;

    p->report.outcome = JOB_OK;
    if (json_str(pain, "expiry", NULL) == NULL) return; /* asked again after the next max pain */
    uw_params_add(&params, UW_STR("expiry", json_str(pain, "expiry", "")));
    CLEANUP(json_freep) struct json *body = poll_ask(p, &params);
    if (body == NULL) return;
    greeks_atm_decode(body, json_f64(pain, "close", 0), &g);
    if (!g.has_row) {
        poll_store_nothing(p);
        return;
    }
    greeks_atm_write(&g, p->now_ns, &atm);
    member_open(&m);
    json_out_raw(&m.out, "atm", text_str(&atm.text), atm.text.len);
    member_close(&m);
    poll_store_greeks(p, &m);
}

void
poll_iv_rank(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct iv_rank r;

    if (body == NULL) return;
    iv_rank_decode(body, &r);
    iv_rank_write(&r, p->now_ns, &m);
    poll_store_or_keep(p, "iv_rank", r.has_row, &m);
}

/* Both ends of the sorted list, or the poll counts as failed: one end alone shows only rises or
 * only falls.
 */
void
poll_oi_change(struct poll *p)
{
    static const char *const orders[] = {"desc", "asc"};
    struct json *bodies[COUNT_OF(orders)] = {NULL};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct oi_change c;
    size_t len = 0;

    for (; len < COUNT_OF(orders); len++) {
        struct uw_params params = {0};
        uw_params_add(&params, UW_STR("order", orders[len]));
        bodies[len] = poll_ask(p, &params);
        if (bodies[len] == NULL) break;
    }
    if (len == COUNT_OF(orders)) {
        oi_change_decode((const struct json *const *)bodies, len, &c);
        oi_change_write(&c, p->now_ns, &m);
        poll_store_or_keep(p, "oi_change", c.contracts > 0, &m);
    }
    for (size_t i = 0; i < COUNT_OF(orders); i++)
        json_free(bodies[i]);
}

#include "uwclient/decode_company.h"
#include "uwclient/decode_market.h"
#include "uwclient/poll.h"

/* ---- the market ------------------------------------------------------------------------------ */

/* The same member for every configured symbol. */
static void
store_everywhere(const struct poll *p, const char *key, const struct member *m)
{
    for (size_t i = 0; i < p->env->cfg->tickers.len; i++) {
        char symbol[SYMBOL_MAX];
        if (!symbol_set(symbol, p->env->cfg->tickers.item[i])) continue;
        struct flow_ticker *t = poll_entry(p, symbol);
        if (t == NULL) continue;
        flow_model_set(&p->env->cache->model, t, key, &m->text, p->now_ns);
        poll_touch(p, t);
    }
}

void
poll_tide(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member tide = MEMBER_EMPTY;
    CLEANUP(member_free) struct member top = MEMBER_EMPTY;
    struct market_tide t;

    if (body == NULL) return;
    market_tide_decode(body, &t);
    if (!t.has_row) return;
    market_tide_write(&t, p->now_ns, &tide);
    member_open(&top);
    json_out_raw(&top.out, "data", text_str(&tide.text), tide.text.len);
    json_out_i64(&top.out, "last_update", when_to_s(p->now_ns));
    member_close(&top);
    flow_model_set_top(&p->env->cache->model, "_market_tide", &top.text, p->now_ns);
    store_everywhere(p, "market_tide", &tide);
}

void
poll_net_impact(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct net_impact impact;

    uw_params_add(&params, UW_I64("limit", NET_IMPACT_LIMIT));
    CLEANUP(json_freep) struct json *body = poll_ask(p, &params);
    if (body == NULL) return;
    net_impact_decode(body, &impact);
    net_impact_write(&impact, p->now_ns, &m);
    flow_model_set_top(&p->env->cache->model, "_top_net_impact", &m.text, p->now_ns);
}

void
poll_congress(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member top = MEMBER_EMPTY;

    uw_params_add(&params, UW_I64("limit", p->env->cfg->congress_limit));
    CLEANUP(json_freep) struct json *body = poll_ask(p, &params);
    if (body == NULL) return;
    member_open(&top);
    json_out_i64(&top.out, "last_update", when_to_s(p->now_ns));
    json_out_i64(&top.out, "count", (int64_t)uw_rows_count(body));
    member_close(&top);
    flow_model_set_top(&p->env->cache->model, "_congress_recent_trades", &top.text, p->now_ns);
    for (size_t i = 0; i < p->env->cfg->tickers.len; i++) {
        CLEANUP(member_free) struct member m = MEMBER_EMPTY;
        struct congress c;
        char symbol[SYMBOL_MAX];
        if (!symbol_set(symbol, p->env->cfg->tickers.item[i])) continue;
        struct flow_ticker *t = poll_entry(p, symbol);
        if (t == NULL) continue;
        congress_decode(body, symbol, &c);
        congress_write(&c, p->now_ns, &m);
        flow_model_set(&p->env->cache->model, t, "congress", &m.text, p->now_ns);
        poll_touch(p, t);
    }
}

#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_flow.h"
#include "uwclient/poll.h"

/* ---- option flow ----------------------------------------------------------------------------- */

/* The kept alerts as they came; those too large to keep leave the list. */
static void
write_trades(struct flow_trades *trades, struct text *to)
{
    size_t kept = 0;

    text_putc(to, '[');
    for (size_t i = 0; i < trades->len; i++) {
        CLEANUP(text_free) struct text row = {0};
        struct json_out o = {.to = &row};
        json_out_value(&o, NULL, trades->trade[i].row);
        if (row.len > FLOW_ROW_BYTES_MAX) continue;
        if (kept > 0) text_putc(to, ',');
        text_add(to, text_str(&row), row.len);
        trades->trade[kept++] = trades->trade[i];
    }
    trades->len = kept;
    text_putc(to, ']');
}

static void
write_flow(const struct flow_summary *s, int64_t now_ns, struct member *m)
{
    member_open(m);
    flow_summary_write(s, &m->out);
    json_out_i64(&m->out, "last_update", when_to_s(now_ns));
    member_close(m);
}

static void
set_number(struct flow_model *m, struct flow_ticker *t, const char *key, usd x, int64_t now_ns)
{
    CLEANUP(text_free) struct text value = {0};
    struct json_out o = {.to = &value};

    json_out_usd(&o, NULL, x);
    flow_model_set(m, t, key, &value, now_ns);
}

static void
store_flow(const struct poll *p, struct flow_trades *trades)
{
    CLEANUP(text_free) struct text list = {0};
    CLEANUP(text_free) struct text value = {0};
    CLEANUP(member_free) struct member flow = MEMBER_EMPTY;
    struct flow_model *m = &p->env->cache->model;
    struct flow_ticker *t = poll_entry(p, p->job->symbol);

    if (t == NULL) return;
    write_trades(trades, &list);
    struct flow_summary s = flow_summarise(trades);
    if (trades->len == 0) {
        flow_model_clear_flow(m, t, p->now_ns);
        poll_touch(p, t);
        return;
    }
    flow_model_set(m, t, "flow_trades", &list, p->now_ns);
    text_printf(&value, "\"%s\"", s.sentiment);
    flow_model_set(m, t, "sentiment", &value, p->now_ns);
    char digits[F64_TEXT_MAX];
    text_clear(&value);
    text_puts(&value, f64_text(s.conviction, digits));
    flow_model_set(m, t, "conviction", &value, p->now_ns);
    set_number(m, t, "total_premium", s.total, p->now_ns);
    set_number(m, t, "call_premium", s.call, p->now_ns);
    set_number(m, t, "put_premium", s.put, p->now_ns);
    set_number(m, t, "net_premium", s.net, p->now_ns);
    text_clear(&value);
    text_printf(&value, "%zu", trades->len);
    flow_model_set(m, t, "trade_count", &value, p->now_ns);
    write_flow(&s, p->now_ns, &flow);
    flow_model_set(m, t, "flow", &flow.text, p->now_ns);
    t->has_flow = true;
    poll_touch(p, t);
}

void
poll_flow(struct poll *p)
{
    struct uw_params params = {0};
    int64_t lookback_s = p->env->cfg->flow_lookback_s;
    struct flow_trades trades;

    uw_params_add(&params, UW_STR("ticker_symbol", p->job->symbol));
    uw_params_add(&params, UW_I64("limit", FLOW_LIMIT));
    uw_params_add(&params, UW_I64("newer_than", when_to_s(clock_now(p->env->clock)) - lookback_s));
    CLEANUP(json_freep) struct json *body = poll_ask(p, &params);
    if (body != NULL) {
        flow_select(body, p->job->symbol, p->now_ns, lookback_s, &trades);
        store_flow(p, &trades);
    }
}

void
poll_dark_pool(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = poll_ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct dark_pool pool;

    if (body == NULL) return;
    dark_pool_decode(body, p->now_ns, &pool);
    dark_pool_write(&pool, p->now_ns, &m);
    poll_store(p, "dark_pool", &m);
}

/*
 * What is watched at every request: ids used once, no stale epoch, no order while the fate of
 * another in the symbol is open, never two open orders of ours in one symbol.
 */
#include "tests/engine/model.h"

static bool
is_ours(const struct order *o)
{
    return str_starts(o->client_id, "v1-");
}

static void
watch_others(struct model *m, const struct intent *sent)
{
    struct arena a = {0};
    struct intents list = model_intents(m, &a);

    for (size_t i = 0; i < list.len; i++) {
        const struct intent *in = &list.intent[i];

        if (!str_eq(in->order.symbol, sent->order.symbol) || intent_state_is_final(in->state) ||
            str_eq(in->order.client_id, sent->order.client_id))
            continue;
        model_wrong(m, "%s sent while %s is %s", sent->order.client_id, in->order.client_id,
                    intent_state_name(in->state));
    }
    arena_done(&a);
}

void
model_watch_post(struct model *m, const struct http_request *req)
{
    struct json *doc = NULL;
    struct intent in;
    struct err err = {0};
    char mine[32];

    if (json_parse(req->body, req->body_len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK) {
        model_wrong(m, "a POST that is no JSON: %s", err.text);
        return;
    }
    text_add(&m->sent, req->body, req->body_len);
    text_putc(&m->sent, '\n');
    const char *id = json_str(doc, "client_order_id", "");
    (void)snprintf(mine, sizeof(mine), "v1-%lld-", (long long)m->epoch);
    if (!str_starts(id, mine))
        model_wrong(m, "%s sent, but the epoch is %lld", id, (long long)m->epoch);
    for (size_t i = 0; i < m->posted_len; i++)
        if (str_eq(m->posted[i].client_id, id)) model_wrong(m, "%s was sent twice", id);
    if (m->posted_len < MODEL_POSTS_MAX)
        (void)str_copy(m->posted[m->posted_len++].client_id, CLIENT_ID_MAX, id);
    if (m->ledger.find_intent(m->ledger.self, id, &in, &err) != RC_OK) {
        model_wrong(m, "%s sent, and it is not in the ledger", id);
    } else {
        if (json_i64(doc, "qty", 0) != in.order.qty ||
            !str_eq(json_str(doc, "symbol", ""), in.order.symbol) ||
            !str_eq(json_str(doc, "side", ""), order_side_name(in.order.side)))
            model_wrong(m, "%s sent, and it is not what was meant", id);
        watch_others(m, &in);
        /* Trades made by hand may come in between; without them an entry opens a flat symbol. */
        if (in.purpose == PURPOSE_ENTRY && m->by_hand == 0 &&
            model_broker_qty(m, in.order.symbol) != 0)
            model_wrong(m, "%s enters while %lld are held", id,
                        (long long)model_broker_qty(m, in.order.symbol));
    }
    json_free(doc);
}

void
model_watch_book(struct model *m)
{
    const struct sim_book *b = &m->sim.book;

    for (size_t i = 0; i < b->open_len; i++) {
        const struct order *o = &b->order[b->open[i]].o;

        for (size_t k = i + 1; k < b->open_len && is_ours(o); k++) {
            const struct order *other = &b->order[b->open[k]].o;

            if (is_ours(other) && str_eq(other->symbol, o->symbol))
                model_wrong(m, "two open orders: %s and %s", o->client_id, other->client_id);
        }
    }
}

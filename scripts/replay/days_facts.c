/*
 * The slow tables of the vendor (spec 20 3.8.3 on): asked of the simulated vendor once at the open,
 * decoded as the flow daemon decodes them.
 */
#include "scripts/replay/days.h"
#include "uwclient/decode_company.h"
#include "uwclient/decode_market.h"
#include "uwclient/decode_options.h"
#include "uwclient/endpoints.h"

#define VENDOR_KEY "replay"

/* ---- asking -------------------------------------------------------------------------------- */

struct asking {
    struct days_market *m;
    struct arena *a; /* of the answers */
    const char *symbol;
    int64_t at_ns;
    struct date today;
};

/* The body of one answer, in the arena; NULL where there is none. */
static const struct json *
ask(const struct asking *q, enum uw_endpoint endpoint, const char *name, const char *value)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(sim_reply_free) struct sim_reply r = {.status = 200};
    struct sim_request req = {.method = "GET", .authorization = "Bearer " VENDOR_KEY};
    const struct json *body = NULL;
    struct err err = {0};

    uw_endpoint_path(endpoint, q->symbol, &path);
    req.path = text_str(&path);
    if (name != NULL) req.query[req.query_len++] = (struct sim_param){name, value};
    q->m->sim.keys.uw = VENDOR_KEY;
    q->m->sim.now_ns = q->at_ns;
    (void)uw_handle(&q->m->sim, &req, &r);
    if (r.status != 200 ||
        json_parse_in(text_str(&r.body), r.body.len, &JSON_LIMITS_BODY, q->a, &body, &err) != RC_OK)
        return NULL;
    return body;
}

/* ---- one symbol's entry -------------------------------------------------------------------- */

static void
put(struct json_out *o, const char *key, struct member *m)
{
    json_out_raw(o, key, text_str(&m->text), m->text.len);
    member_free(m);
}

/* Exposures and max pain stand in one member, as the daemon merges them. */
static void
write_greeks(const struct asking *q, struct json_out *o)
{
    CLEANUP(text_free) struct text greeks = {0};
    struct member exposure = MEMBER_EMPTY, pain_member = MEMBER_EMPTY;
    struct greek_exposure g;
    struct max_pain pain;

    greek_exposure_decode(ask(q, UW_EP_GREEK_EXPOSURE, "timeframe", "1W"), &g);
    greek_exposure_write(&g, q->at_ns, &exposure);
    max_pain_decode(ask(q, UW_EP_MAX_PAIN, NULL, NULL), q->today, &pain);
    max_pain_write(&pain, q->at_ns, &pain_member);
    if (g.has_row) {
        text_add(&greeks, text_str(&exposure.text), exposure.text.len - 1);
        if (pain.has_row && pain.max_pain > 0) {
            char number[F64_TEXT_MAX];
            text_printf(&greeks, ",\"max_pain\":%s", f64_text(pain.max_pain, number));
        }
        text_putc(&greeks, '}');
        json_out_raw(o, "greeks", text_str(&greeks), greeks.len);
    }
    if (pain.has_row)
        json_out_raw(o, "max_pain", text_str(&pain_member.text), pain_member.text.len);
    member_free(&exposure);
    member_free(&pain_member);
}

static void
write_options(const struct asking *q, struct json_out *o)
{
    struct member m = MEMBER_EMPTY;
    struct iv_rank rank;
    struct oi_change change;
    const struct json *ends[] = {
        ask(q, UW_EP_OI_CHANGE, "order", "desc"),
        ask(q, UW_EP_OI_CHANGE, "order", "asc"),
    };

    iv_rank_decode(ask(q, UW_EP_IV_RANK, NULL, NULL), &rank);
    iv_rank_write(&rank, q->at_ns, &m);
    put(o, "iv_rank", &m);
    oi_change_decode(ends, COUNT_OF(ends), &change);
    oi_change_write(&change, q->at_ns, &m);
    put(o, "oi_change", &m);
}

static void
write_company(const struct asking *q, struct json_out *o)
{
    struct member m = MEMBER_EMPTY;
    struct fails fails;
    struct insider insider;
    struct owners owners;
    struct congress congress;

    fails_decode(ask(q, UW_EP_SHORTS_FTDS, NULL, NULL), &fails);
    fails_write(&fails, q->at_ns, &m);
    put(o, "ftd_pressure", &m);
    insider_decode(ask(q, UW_EP_INSIDER_TICKER_FLOW, NULL, NULL), q->today, &insider);
    insider_write(&insider, q->at_ns, &m);
    put(o, "insider", &m);
    owners_decode(ask(q, UW_EP_OWNERSHIP, "limit", "50"), q->today, &owners);
    owners_write(&owners, q->at_ns, &m);
    put(o, "institutional", &m);
    const struct asking all = {.m = q->m, .a = q->a, .symbol = "", .at_ns = q->at_ns};
    congress_decode(ask(&all, UW_EP_CONGRESS_RECENT, "limit", "100"), q->symbol, &congress);
    congress_write(&congress, q->at_ns, &m);
    put(o, "congress", &m);
}

static bool
is_etf(const struct days_market *m, const char *symbol)
{
    const struct name_list *etfs = &m->cfg->uw.etf_tickers;

    for (size_t i = 0; i < etfs->len; i++)
        if (str_eq(etfs->item[i], symbol)) return true;
    return false;
}

static struct etf_flow
etf_flow_of(const struct asking *q, const char *symbol)
{
    const struct asking one = {.m = q->m, .a = q->a, .symbol = symbol, .at_ns = q->at_ns};
    struct etf_flow f;

    etf_flow_decode(ask(&one, UW_EP_ETF_IN_OUTFLOW, NULL, NULL), &f);
    return f;
}

/* Funds have flows, companies report earnings. */
static void
write_fund_or_earnings(const struct asking *q, struct json_out *o)
{
    static const char *const broad[] = {"SPY", "QQQ", "IWM"};
    struct member m = MEMBER_EMPTY;
    struct earnings e;
    usd sum = USD_ZERO;

    if (!is_etf(q->m, q->symbol)) {
        earnings_decode(ask(q, UW_EP_EARNINGS_TICKER, NULL, NULL), q->today, &e);
        earnings_write(&e, q->today, q->at_ns, &m);
        put(o, "calendar", &m);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(broad); i++) {
        struct etf_flow f = etf_flow_of(q, broad[i]);
        if (f.rows > 0) sum = uw_usd_sum(sum, f.net_flow);
    }
    struct etf_flow own = etf_flow_of(q, q->symbol);
    etf_flow_write(&own, sum.e4 > 0, q->at_ns, &m);
    put(o, "etf_flow", &m);
}

void
days_facts(struct days_market *m, struct days_symbol *s)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text entry = {0};
    struct json_out o = {.to = &entry};
    struct asking q = {.m = m,
                       .a = &a,
                       .symbol = s->bars->symbol,
                       .at_ns = m->sim.day.session.open_ns,
                       .today = m->sim.day.session.date};
    const struct json *doc = NULL;
    struct err err = {0};

    json_out_obj(&o, NULL);
    write_greeks(&q, &o);
    write_options(&q, &o);
    write_company(&q, &o);
    write_fund_or_earnings(&q, &o);
    json_out_end(&o);
    /* What we have just written is JSON. */
    if (json_parse_in(text_str(&entry), entry.len, &JSON_LIMITS_BODY, &a, &doc, &err) == RC_OK)
        flow_facts_decode(doc, FACTS_CACHE, &s->flow.facts);
}

struct tide_facts
days_tide(struct days_market *m, int64_t at_ns)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(member_free) struct member tide = MEMBER_EMPTY;
    CLEANUP(text_free) struct text entry = {0};
    const struct asking q = {.m = m, .a = &a, .symbol = "", .at_ns = at_ns};
    struct market_tide t;
    const struct json *doc = NULL;
    struct flow_facts facts = {0};
    struct err err = {0};

    market_tide_decode(ask(&q, UW_EP_MARKET_TIDE, NULL, NULL), &t);
    if (!t.has_row) return facts.market_tide;
    market_tide_write(&t, at_ns, &tide);
    text_printf(&entry, "{\"market_tide\":%s}", text_str(&tide.text));
    if (json_parse_in(text_str(&entry), entry.len, &JSON_LIMITS_BODY, &a, &doc, &err) == RC_OK)
        flow_facts_decode(doc, FACTS_CACHE, &facts);
    return facts.market_tide;
}

/*
 * Every decoder on any body: bounded results, and members that a strict reader takes.
 */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "uwclient/decode_company.h"
#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_extra.h"
#include "uwclient/decode_flow.h"
#include "uwclient/decode_market.h"
#include "uwclient/decode_options.h"
#include "uwclient/drift.h"

#define NOW_NS (INT64_C(1768928400) * NS_PER_S)

static const struct date TODAY = {2026, 1, 20};

/* What was written must be read again as an object, and nothing in it may be anything but finite.
 */
static void
check_member(struct member *m)
{
    struct json *doc = NULL;

    ASSERT(json_parse(text_str(&m->text), m->text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc,
                      NULL) == RC_OK);
    ASSERT(json_is_object(doc));
    json_free(doc);
    member_free(m);
    *m = MEMBER_EMPTY;
}

static void
decode_flow(const struct json *body)
{
    static struct flow_trades t;

    flow_select(body, "ACME", NOW_NS, 3600, &t);
    ASSERT(t.len <= FLOW_TRADES_MAX);
    for (size_t i = 1; i < t.len; i++)
        ASSERT(t.trade[i - 1].created_ns >= t.trade[i].created_ns);
    struct flow_summary s = flow_summarise(&t);
    ASSERT(s.conviction >= 0 && s.conviction <= 1);
    ASSERT(s.total.e4 == s.call.e4 + s.put.e4);
}

static void
decode_market(const struct json *body, struct member *m)
{
    struct dark_pool pool;
    struct market_tide tide;
    struct net_impact impact;

    dark_pool_decode(body, NOW_NS, &pool);
    dark_pool_write(&pool, NOW_NS, m);
    check_member(m);
    market_tide_decode(body, &tide);
    market_tide_write(&tide, NOW_NS, m);
    check_member(m);
    net_impact_decode(body, &impact);
    net_impact_write(&impact, NOW_NS, m);
    check_member(m);
}

static void
decode_options(const struct json *body, struct member *m)
{
    const struct json *const bodies[] = {body, body};
    struct greek_exposure exposure;
    struct greeks_atm atm;
    struct max_pain pain;
    struct iv_rank rank;
    struct oi_change oi;

    greek_exposure_decode(body, &exposure);
    greek_exposure_write(&exposure, NOW_NS, m);
    check_member(m);
    greeks_atm_decode(body, 50, &atm);
    greeks_atm_write(&atm, NOW_NS, m);
    check_member(m);
    max_pain_decode(body, TODAY, &pain);
    max_pain_write(&pain, NOW_NS, m);
    check_member(m);
    iv_rank_decode(body, &rank);
    iv_rank_write(&rank, NOW_NS, m);
    check_member(m);
    oi_change_decode(bodies, 2, &oi);
    oi_change_write(&oi, NOW_NS, m);
    check_member(m);
}

static void
decode_company(const struct json *body, struct member *m)
{
    struct etf_flow etf;
    struct fails fails;
    struct insider insider;
    struct earnings earnings;
    struct congress congress;
    struct owners owners;

    etf_flow_decode(body, &etf);
    ASSERT(etf.rows <= RECENT_DATES);
    etf_flow_write(&etf, true, NOW_NS, m);
    check_member(m);
    fails_decode(body, &fails);
    fails_write(&fails, NOW_NS, m);
    check_member(m);
    insider_decode(body, TODAY, &insider);
    insider_write(&insider, NOW_NS, m);
    check_member(m);
    earnings_decode(body, TODAY, &earnings);
    ASSERT(!earnings.is_known || date_cmp(earnings.date, TODAY) >= 0);
    earnings_write(&earnings, TODAY, NOW_NS, m);
    check_member(m);
    congress_decode(body, "ACME", &congress);
    congress_write(&congress, NOW_NS, m);
    check_member(m);
    owners_decode(body, TODAY, &owners);
    owners_write(&owners, NOW_NS, m);
    check_member(m);
}

static void
decode_extra(const struct json *body)
{
    CLEANUP(arena_done) struct arena arena = {0};
    struct earnings_list list;
    struct net_premium premium;
    struct insider_trades trades;
    struct filings filings;
    struct short_interest interest;
    struct seasons seasons;
    struct fda_events events;

    earnings_list_decode(body, &arena, &list);
    net_premium_decode(body, &premium);
    insider_trades_decode(body, &arena, &trades);
    filings_decode(body, &arena, &filings);
    short_interest_decode(body, &interest);
    seasons_decode(body, &arena, &seasons);
    fda_events_decode(body, &arena, &events);
    size_t rows = uw_rows_count(body);
    ASSERT(list.len <= rows && trades.len <= rows && filings.len <= rows &&
           premium.minutes == rows);
}

static int64_t
now_ns(void *self)
{
    (void)self;
    return NOW_NS;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct drift drift;
    struct clock clock = {.now_ns = now_ns};
    struct json *body = NULL;
    struct member m = MEMBER_EMPTY;

    if (json_parse((const char *)data, size, JSON_STRICT, &JSON_LIMITS_BODY, &body, NULL) != RC_OK)
        return 0;
    decode_flow(body);
    decode_market(body, &m);
    decode_options(body, &m);
    decode_company(body, &m);
    decode_extra(body);
    drift_init(&drift, &clock, NULL, NULL);
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++)
        drift_note(&drift, (enum uw_endpoint)i, body);
    ASSERT(drift.len <= DRIFT_FINDINGS_MAX);
    json_free(body);
    return 0;
}

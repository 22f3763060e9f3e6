#include "uwclient/jobs.h"

#include "uwclient/decode_company.h"
#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_flow.h"
#include "uwclient/decode_market.h"
#include "uwclient/decode_options.h"

#define CALLER "uw_flow_daemon"

/* A job at work. */
struct poll {
    const struct job_env *env;
    struct job *job;
    const char *name;  /* of the job */
    int64_t now_ns;    /* when the answer was there */
    struct date today; /* New York */
    struct job_report report;
};

/* ---- asking
 * ------------------------------------------------------------------------------------------- */

static int64_t
pause_until(const struct poll *p)
{
    struct usage_view view = usage_view(&p->env->client->usage);

    return view.pause != PAUSE_NONE ? view.pause_until_ns : clock_now(p->env->clock) + NS_PER_MIN;
}

static enum job_outcome
outcome_of_block(const struct uw_answer *a)
{
    if (str_eq(a->reason, "per_minute_cap")) return JOB_MINUTE_CAP;
    if (str_eq(a->reason, "daily_cap")) return JOB_DAY_CAP;
    if (str_eq(a->reason, "endpoint_cap")) return JOB_ENDPOINT_CAP;
    return str_eq(a->reason, "server_backoff") ? JOB_PAUSED : JOB_IMPOSSIBLE;
}

static enum job_outcome
outcome_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return JOB_AUTH;
    case 404:
    case 422:
        return JOB_REFUSED;
    case 429:
        return JOB_PAUSED;
    default:
        return JOB_FAILED;
    }
}

static enum job_outcome
outcome_of(const struct uw_answer *a)
{
    switch (a->result) {
    case UW_OK:
        return JOB_OK;
    case UW_EINVAL_ENDPOINT:
    case UW_EINVAL_PARAM:
    case UW_ESCOPE:
        return JOB_IMPOSSIBLE;
    case UW_ENOKEY:
        return JOB_AUTH;
    case UW_BLOCKED:
        return outcome_of_block(a);
    case UW_EHTTP:
        return outcome_of_status(a->status);
    case UW_ETRANSPORT:
    case UW_ESCHEMA:
        return JOB_FAILED;
    }
    return JOB_FAILED;
}

/* Gives the answer's body, NULL where the poll ends here; the report says why. */
static struct json *
ask(struct poll *p, const struct uw_params *params)
{
    const struct uw_policy_row *policy = uw_policy_row(uw_job_row(p->job->kind)->policy);
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(uw_answer_free) struct uw_answer a;
    struct json *body = NULL;

    uw_endpoint_path(policy->endpoint, p->job->symbol, &path);
    struct uw_call call = {
        .endpoint = text_str(&path),
        .policy = policy->name,
        .mode = UW_CACHE_REFRESH,
        .scope = UW_SCOPE_FLOW_DAEMON,
        .caller = CALLER,
        .timeout_ms = DAEMON_TIMEOUT_MS,
    };
    if (params != NULL) call.params = *params;
    p->env->before(p->env->ctx);
    enum uw_result result = uw_http_get(p->env->client, &call, &a);
    p->now_ns = clock_now(p->env->clock);
    p->today = zone_date(p->env->ny, p->now_ns);
    p->report.outcome = outcome_of(&a);
    p->report.status = a.status;
    if (p->report.outcome == JOB_MINUTE_CAP) p->report.wait_or_until_ns = a.wait_ns;
    if (p->report.outcome == JOB_PAUSED) p->report.wait_or_until_ns = pause_until(p);
    p->env->after(p->env->ctx, &call, &a);
    if (result == UW_OK) {
        if (p->env->drift != NULL && !a.is_mock)
            drift_note(p->env->drift, policy->endpoint, a.body);
        body = a.body;
        a.body = NULL;
    }
    return body;
}

/* ---- storing
 * ------------------------------------------------------------------------------------------ */

static void
say_dropped(const struct poll *p, const char *symbol, const struct member *m)
{
    if (m->dropped != NULL)
        log_event(p->env->log, EV_UW_CACHE_VALUE_DROPPED, F_STR("ticker", symbol),
                  F_STR("key", m->dropped));
}

/* The entry of a configured symbol, with what every entry has from its start.  NULL without room.
 */
static struct flow_ticker *
entry_of(const struct poll *p, const char *symbol)
{
    struct flow_model *m = &p->env->cache->model;
    struct flow_ticker *t = flow_model_need(m, symbol);

    if (t == NULL) return NULL;
    t->is_configured = true;
    if (flow_model_get(t, "insider") == NULL) {
        CLEANUP(member_free) struct member neutral = MEMBER_EMPTY;
        insider_write_neutral(&neutral);
        flow_model_set(m, t, "insider", &neutral.text, p->now_ns);
    }
    if (p->env->cfg->mock) {
        CLEANUP(text_free) struct text yes = {0};
        text_puts(&yes, "true");
        flow_model_set(m, t, "simulated", &yes, p->now_ns);
    } else if (flow_model_get(t, "simulated") != NULL) {
        flow_model_unset(m, t, "simulated", p->now_ns);
    }
    return t;
}

static void
touch(const struct poll *p, struct flow_ticker *t)
{
    flow_model_touch(&p->env->cache->model, t, p->name, p->job->kind == UW_JOB_OPTION_FLOW,
                     p->now_ns);
}

/* One member of the job's own symbol. */
static void
store(const struct poll *p, const char *key, const struct member *m)
{
    struct flow_ticker *t = entry_of(p, p->job->symbol);

    if (t == NULL) return;
    flow_model_set(&p->env->cache->model, t, key, &m->text, p->now_ns);
    touch(p, t);
    say_dropped(p, t->symbol, m);
}

static void
store_greeks(const struct poll *p, const struct member *m)
{
    struct flow_ticker *t = entry_of(p, p->job->symbol);

    if (t == NULL) return;
    flow_model_merge_greeks(&p->env->cache->model, t, &m->text, p->now_ns);
    touch(p, t);
    say_dropped(p, t->symbol, m);
}

/* Success without anything to store. */
static void
store_nothing(const struct poll *p)
{
    struct flow_ticker *t = entry_of(p, p->job->symbol);

    if (t != NULL) touch(p, t);
}

static struct json *
stored(const struct flow_ticker *t, const char *key)
{
    const char *text = t != NULL ? flow_model_get(t, key) : NULL;
    struct json *doc = NULL;

    if (text == NULL) return NULL;
    enum rc rc = json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL);
    return rc == RC_OK ? doc : NULL;
}

/* An answer without rows replaces a value only once that is a day old: the value is gone, not
 * merely late. */
static void
store_or_keep(const struct poll *p, const char *key, bool has_rows, const struct member *m)
{
    struct flow_ticker *t = flow_model_find(&p->env->cache->model, p->job->symbol);
    CLEANUP(json_freep) struct json *old = stored(t, key);
    int64_t age_s = when_to_s(p->now_ns) - json_i64(old, "last_update", 0);

    if (!has_rows && old != NULL && age_s < SLOW_VALUE_KEPT_S)
        store_nothing(p);
    else
        store(p, key, m);
}

/* ---- option flow
 * -------------------------------------------------------------------------------------- */

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
    struct flow_ticker *t = entry_of(p, p->job->symbol);

    if (t == NULL) return;
    write_trades(trades, &list);
    struct flow_summary s = flow_summarise(trades);
    if (trades->len == 0) {
        flow_model_clear_flow(m, t, p->now_ns);
        touch(p, t);
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
    touch(p, t);
}

static void
poll_flow(struct poll *p)
{
    struct uw_params params = {0};
    int64_t lookback_s = p->env->cfg->flow_lookback_s;
    struct flow_trades trades;

    uw_params_add(&params, UW_STR("ticker_symbol", p->job->symbol));
    uw_params_add(&params, UW_I64("limit", FLOW_LIMIT));
    uw_params_add(&params, UW_I64("newer_than", when_to_s(clock_now(p->env->clock)) - lookback_s));
    CLEANUP(json_freep) struct json *body = ask(p, &params);
    if (body != NULL) {
        flow_select(body, p->job->symbol, p->now_ns, lookback_s, &trades);
        store_flow(p, &trades);
    }
}

/* ---- the market
 * --------------------------------------------------------------------------------------- */

/* The same member for every configured symbol. */
static void
store_everywhere(const struct poll *p, const char *key, const struct member *m)
{
    for (size_t i = 0; i < p->env->cfg->tickers.len; i++) {
        char symbol[SYMBOL_MAX];
        if (!symbol_set(symbol, p->env->cfg->tickers.item[i])) continue;
        struct flow_ticker *t = entry_of(p, symbol);
        if (t == NULL) continue;
        flow_model_set(&p->env->cache->model, t, key, &m->text, p->now_ns);
        touch(p, t);
    }
}

static void
poll_tide(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
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

static void
poll_net_impact(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct net_impact impact;

    uw_params_add(&params, UW_I64("limit", NET_IMPACT_LIMIT));
    CLEANUP(json_freep) struct json *body = ask(p, &params);
    if (body == NULL) return;
    net_impact_decode(body, &impact);
    net_impact_write(&impact, p->now_ns, &m);
    flow_model_set_top(&p->env->cache->model, "_top_net_impact", &m.text, p->now_ns);
}

static void
poll_congress(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member top = MEMBER_EMPTY;

    uw_params_add(&params, UW_I64("limit", p->env->cfg->congress_limit));
    CLEANUP(json_freep) struct json *body = ask(p, &params);
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
        struct flow_ticker *t = entry_of(p, symbol);
        if (t == NULL) continue;
        congress_decode(body, symbol, &c);
        congress_write(&c, p->now_ns, &m);
        flow_model_set(&p->env->cache->model, t, "congress", &m.text, p->now_ns);
        touch(p, t);
    }
}

/* ---- one symbol
 * --------------------------------------------------------------------------------------- */

static void
poll_dark_pool(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct dark_pool pool;

    if (body == NULL) return;
    dark_pool_decode(body, p->now_ns, &pool);
    dark_pool_write(&pool, p->now_ns, &m);
    store(p, "dark_pool", &m);
}

/* A week is enough for the newest day; where the server does not accept that, a day without the
 * parameter. */
static void
poll_greek_exposure(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct greek_exposure g;
    bool is_plain =
        p->job->plain_until_ns != WHEN_NONE && clock_now(p->env->clock) < p->job->plain_until_ns;

    if (!is_plain) uw_params_add(&params, UW_STR("timeframe", "1W"));
    CLEANUP(json_freep) struct json *body = ask(p, &params);
    if (body == NULL && !is_plain && p->report.status == 422) {
        p->job->plain_until_ns = p->now_ns + NS_PER_DAY;
        body = ask(p, NULL);
    }
    if (body == NULL) return;
    greek_exposure_decode(body, &g);
    greek_exposure_write(&g, p->now_ns, &m);
    if (g.has_row)
        store_greeks(p, &m);
    else
        store_nothing(p);
}

static void
poll_max_pain(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    CLEANUP(member_free) struct member greeks = MEMBER_EMPTY;
    struct max_pain pain;

    if (body == NULL) return;
    max_pain_decode(body, p->today, &pain);
    if (!pain.has_row) {
        store_nothing(p);
        return;
    }
    max_pain_write(&pain, p->now_ns, &m);
    store(p, "max_pain", &m);
    if (pain.max_pain <= 0) return;
    member_open(&greeks);
    member_num(&greeks, "max_pain", pain.max_pain);
    member_close(&greeks);
    store_greeks(p, &greeks);
}

/* Not scheduled today (endpoints.def).  Its members would hide the exposures of the same name: own
 * object. */
static void
poll_greeks(struct poll *p)
{
    struct flow_ticker *t = flow_model_find(&p->env->cache->model, p->job->symbol);
    CLEANUP(json_freep) struct json *pain = stored(t, "max_pain");
    CLEANUP(member_free) struct member atm = MEMBER_EMPTY;
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct uw_params params = {0};
    struct greeks_atm g;

    p->report.outcome = JOB_OK;
    if (json_str(pain, "expiry", NULL) == NULL) return; /* asked again after the next max pain */
    uw_params_add(&params, UW_STR("expiry", json_str(pain, "expiry", "")));
    CLEANUP(json_freep) struct json *body = ask(p, &params);
    if (body == NULL) return;
    greeks_atm_decode(body, json_f64(pain, "close", 0), &g);
    if (!g.has_row) {
        store_nothing(p);
        return;
    }
    greeks_atm_write(&g, p->now_ns, &atm);
    member_open(&m);
    json_out_raw(&m.out, "atm", text_str(&atm.text), atm.text.len);
    member_close(&m);
    store_greeks(p, &m);
}

static void
poll_iv_rank(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct iv_rank r;

    if (body == NULL) return;
    iv_rank_decode(body, &r);
    iv_rank_write(&r, p->now_ns, &m);
    store_or_keep(p, "iv_rank", r.has_row, &m);
}

/* Both ends of the sorted list, or the poll counts as failed: one end alone shows only rises or
 * only falls.
 */
static void
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
        bodies[len] = ask(p, &params);
        if (bodies[len] == NULL) break;
    }
    if (len == COUNT_OF(orders)) {
        oi_change_decode((const struct json *const *)bodies, len, &c);
        oi_change_write(&c, p->now_ns, &m);
        store_or_keep(p, "oi_change", c.contracts > 0, &m);
    }
    for (size_t i = 0; i < COUNT_OF(orders); i++)
        json_free(bodies[i]);
}

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

static void
poll_etf_flow(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct etf_flow f;

    if (body == NULL) return;
    etf_flow_decode(body, &f);
    struct flow_ticker *t = entry_of(p, p->job->symbol);
    if (t != NULL && f.rows > 0) {
        t->has_etf_flow = true;
        t->etf_net_flow = f.net_flow;
    }
    etf_flow_write(&f, is_risk_on(&p->env->cache->model), p->now_ns, &m);
    store_or_keep(p, "etf_flow", f.rows > 0, &m);
}

static void
poll_fails(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct fails f;

    if (body == NULL) return;
    fails_decode(body, &f);
    fails_write(&f, p->now_ns, &m);
    store_or_keep(p, "ftd_pressure", f.has_row, &m);
}

static void
poll_insider(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct insider i;

    if (body == NULL) return;
    insider_decode(body, p->today, &i);
    insider_write(&i, p->now_ns, &m);
    store(p, "insider", &m);
}

static void
poll_owners(struct poll *p)
{
    struct uw_params params = {0};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct owners w;

    uw_params_add(&params, UW_STR("order", "perc_outstanding"));
    uw_params_add(&params, UW_STR("order_direction", "desc"));
    uw_params_add(&params, UW_I64("limit", OWNERS_LIMIT));
    CLEANUP(json_freep) struct json *body = ask(p, &params);
    if (body == NULL) return;
    owners_decode(body, p->today, &w);
    owners_write(&w, p->now_ns, &m);
    store(p, "institutional", &m);
}

/* ---- the earnings calendar
 * ---------------------------------------------------------------------------- */

/* The report date that most of the stored alerts name, of those that are still to come. */
static void
earnings_from_alerts(const struct flow_ticker *t, struct date today, struct earnings *ret_earnings)
{
    CLEANUP(json_freep) struct json *trades = stored(t, "flow_trades");
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
    CLEANUP(json_freep) struct json *old = stored(t, "calendar");

    if (t == NULL || !t->has_earnings || date_cmp(t->earnings, today) < 0) return;
    *ret_earnings = (struct earnings){.is_known = true, .date = t->earnings};
    (void)str_copy(ret_earnings->report_time, sizeof ret_earnings->report_time,
                   json_str(old, "report_time", ""));
}

static void
poll_calendar(struct poll *p)
{
    CLEANUP(json_freep) struct json *body = ask(p, NULL);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct earnings e;

    if (body == NULL) return;
    struct flow_ticker *t = entry_of(p, p->job->symbol);
    earnings_decode(body, p->today, &e);
    if (!e.is_known) earnings_from_alerts(t, p->today, &e);
    if (!e.is_known) earnings_from_cache(t, p->today, &e);
    if (t != NULL) {
        t->has_earnings = e.is_known;
        t->earnings = e.date;
    }
    p->job->interval_ns = schedule_calendar_interval_ns(e.is_known, e.date, p->today);
    earnings_write(&e, p->today, p->now_ns, &m);
    store(p, "calendar", &m);
}

/* ---- the table
 * ---------------------------------------------------------------------------------------- */

struct job_report
job_run(const struct job_env *env, struct job *job)
{
    static void (*const polls[])(struct poll *) = {
        [UW_JOB_OPTION_FLOW] = poll_flow,
        [UW_JOB_MARKET_TIDE] = poll_tide,
        [UW_JOB_TOP_NET_IMPACT] = poll_net_impact,
        [UW_JOB_DARK_POOL] = poll_dark_pool,
        [UW_JOB_GREEK_EXPOSURE] = poll_greek_exposure,
        [UW_JOB_MAX_PAIN] = poll_max_pain,
        [UW_JOB_IV_RANK] = poll_iv_rank,
        [UW_JOB_OI_CHANGE] = poll_oi_change,
        [UW_JOB_ETF_FLOW] = poll_etf_flow,
        [UW_JOB_SHORTS_FTDS] = poll_fails,
        [UW_JOB_GREEKS] = poll_greeks,
        [UW_JOB_CONGRESS] = poll_congress,
        [UW_JOB_INSIDER] = poll_insider,
        [UW_JOB_OWNERSHIP] = poll_owners,
        [UW_JOB_CALENDAR] = poll_calendar,
    };
    _Static_assert(COUNT_OF(polls) == UW_JOBS_LEN, "every job has its poll");
    struct poll p = {
        .env = env,
        .job = job,
        .name = uw_job_row(job->kind)->name,
        .now_ns = clock_now(env->clock),
        .report = {.outcome = JOB_FAILED},
    };

    job->last_try_ns = p.now_ns;
    polls[job->kind](&p);
    return p.report;
}

void
jobs_configure(const struct job_env *env, struct schedule *s)
{
    struct flow_model *m = &env->cache->model;
    struct date today = zone_date(env->ny, clock_now(env->clock));

    for (size_t i = 0; i < m->len; i++)
        m->ticker[i].is_configured = false;
    for (size_t i = 0; i < s->len; i++) {
        struct job *j = &s->job[i];
        if (j->symbol[0] != '\0') flow_model_configure(m, j->symbol, true);
        if (j->kind != UW_JOB_CALENDAR) continue;
        const struct flow_ticker *t = flow_model_find(m, j->symbol);
        bool has_date = t != NULL && t->has_earnings;
        j->interval_ns =
            schedule_calendar_interval_ns(has_date, has_date ? t->earnings : today, today);
    }
}

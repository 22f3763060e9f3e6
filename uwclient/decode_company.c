#include "uwclient/decode_company.h"

#include <math.h>
#include <strings.h>

/* ---- the last five dates --------------------------------------------------------------------- */

struct dated {
    char date[16];
    const struct json *row;
};

/* The rows of the five greatest dates, newest first; of a date that stands twice the last row
 * counts. */
static size_t
last_dates(const struct json *body, struct dated ret_rows[RECENT_DATES])
{
    size_t len = 0;

    UW_EACH_ROW(r, body)
    {
        struct dated d = {.row = r.at};
        struct date valid;
        size_t i = 0;
        if (!uw_date_at(r.at, "date", &valid)) continue;
        (void)str_copy(d.date, 11, json_str(r.at, "date", "")); /* the date alone */
        while (i < len && strcmp(ret_rows[i].date, d.date) > 0)
            i++;
        if (i < len && str_eq(ret_rows[i].date, d.date)) {
            ret_rows[i] = d;
            continue;
        }
        if (i == RECENT_DATES) continue;
        len = MIN(len + 1, (size_t)RECENT_DATES);
        for (size_t j = len - 1; j > i; j--)
            ret_rows[j] = ret_rows[j - 1];
        ret_rows[i] = d;
    }
    return len;
}

void
etf_flow_decode(const struct json *body, struct etf_flow *ret_flow)
{
    struct dated last[RECENT_DATES];
    struct etf_flow f = {.rows = last_dates(body, last)};

    for (size_t i = 0; i < f.rows; i++) {
        f.net_flow = uw_usd_sum(f.net_flow, uw_usd_at(last[i].row, "change_prem"));
        f.net_shares += uw_count_at(last[i].row, "change");
    }
    if (f.rows > 0) memcpy(f.latest_date, last[0].date, sizeof f.latest_date);
    *ret_flow = f;
}

void
etf_flow_write(const struct etf_flow *f, bool is_risk_on, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    if (f->rows > 0) {
        json_out_usd(o, "net_flow", f->net_flow);
        json_out_i64(o, "net_shares", f->net_shares);
        json_out_str(o, "latest_date", f->latest_date);
        json_out_str(o, "overall_sentiment", uw_sentiment(usd_to_double(f->net_flow)));
        json_out_bool(o, "market_risk_on", is_risk_on);
        json_out_i64(o, "last_update", when_to_s(now_ns));
    }
    member_close(m);
}

void
fails_decode(const struct json *body, struct fails *ret_fails)
{
    struct dated last[RECENT_DATES];
    size_t len = last_dates(body, last);
    struct fails f = {.has_row = len > 0};

    for (size_t i = 0; i < len; i++)
        f.sum_5 += uw_count_at(last[i].row, "quantity");
    if (len > 0) {
        f.count = uw_count_at(last[0].row, "quantity");
        memcpy(f.date, last[0].date, sizeof f.date);
    }
    *ret_fails = f;
}

/* The engine's "shorts" object: what this endpoint does not tell is said as no pressure. */
void
fails_write(const struct fails *f, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    if (f->has_row) {
        json_out_i64(o, "ftd_count", f->count);
        json_out_i64(o, "ftd_sum_5", f->sum_5);
        json_out_str(o, "ftd_date", f->date);
        json_out_bool(o, "squeeze_pressure", false);
        json_out_bool(o, "squeeze_risk", false);
        json_out_f64(o, "interest_pct", 0);
        json_out_f64(o, "days_to_cover", 0);
        json_out_i64(o, "last_update", when_to_s(now_ns));
    }
    member_close(m);
}

/* ---- insiders -------------------------------------------------------------------------------- */

static bool
is_within_days(const struct json *row, const char *key, struct date today, int days)
{
    struct date d;

    return uw_date_at(row, key, &d) && date_to_days(d) >= date_to_days(today) - days;
}

void
insider_decode(const struct json *body, struct date today, struct insider *ret_insider)
{
    struct insider in = {0};

    UW_EACH_ROW(r, body)
    {
        const char *side = json_str(r.at, "buy_sell", "");
        usd premium = usd_abs(uw_usd_at(r.at, "premium"));
        int64_t n = uw_count_at(r.at, "transactions");
        if (!is_within_days(r.at, "date", today, INSIDER_DAYS)) continue;
        if (str_eq_nocase(side, "buy")) {
            in.buys += n;
            in.buy_usd = uw_usd_sum(in.buy_usd, premium);
        } else if (str_eq_nocase(side, "sell")) {
            in.sells += n;
            in.sell_usd = uw_usd_sum(in.sell_usd, premium);
        }
    }
    *ret_insider = in;
}

void
insider_write(const struct insider *i, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;
    double buy = usd_to_double(i->buy_usd), sell = usd_to_double(i->sell_usd);
    double lean = buy + sell > 0 ? fmax(-1, fmin(1, (buy - sell) / (buy + sell))) : 0;

    member_open(m);
    json_out_str(o, "sentiment", uw_sentiment(buy - sell));
    json_out_i64(o, "net_buys", i->buys);
    json_out_i64(o, "net_sells", i->sells);
    json_out_usd(o, "buy_usd", i->buy_usd);
    json_out_usd(o, "sell_usd", i->sell_usd);
    json_out_usd(o, "total_usd", uw_usd_sum(i->buy_usd, i->sell_usd));
    member_num(m, "conviction_modifier", 0.05 * lean);
    json_out_i64(o, "last_update", when_to_s(now_ns));
    member_close(m);
}

void
insider_write_neutral(struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    json_out_str(o, "sentiment", "NEUTRAL");
    json_out_i64(o, "net_buys", 0);
    json_out_i64(o, "net_sells", 0);
    json_out_f64(o, "total_usd", 0);
    json_out_f64(o, "conviction_modifier", 0);
    member_close(m);
}

/* ---- earnings -------------------------------------------------------------------------------- */

void
earnings_decode(const struct json *body, struct date today, struct earnings *ret_earnings)
{
    struct earnings e = {.is_known = false};
    struct date d;

    UW_EACH_ROW(r, body)
    {
        if (!uw_date_at(r.at, "report_date", &d) || date_cmp(d, today) < 0) continue;
        if (e.is_known && date_cmp(d, e.date) >= 0) continue;
        e.is_known = true;
        e.date = d;
        (void)str_copy(e.report_time, sizeof e.report_time, json_str(r.at, "report_time", ""));
    }
    *ret_earnings = e;
}

/* FDA and economic events stay empty: a constant there would be a constant in every score. */
void
earnings_write(const struct earnings *e, struct date today, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;
    char buf[ISO_TEXT_MAX];
    int64_t days = e->is_known ? date_to_days(e->date) - date_to_days(today) : NO_EARNINGS_DAYS;

    member_open(m);
    json_out_bool(o, "has_earnings", e->is_known);
    json_out_str(o, "earnings_date", e->is_known ? date_text(e->date, buf) : NULL);
    json_out_str(o, "report_time", e->is_known ? e->report_time : NULL);
    json_out_i64(o, "days_to_earnings", days);
    json_out_bool(o, "has_fda", false);
    json_out_str(o, "fda_catalyst", "");
    json_out_arr(o, "economic_events");
    json_out_end(o);
    json_out_i64(o, "last_update", when_to_s(now_ns));
    member_close(m);
}

/* ---- congress and owners --------------------------------------------------------------------- */

static bool
begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

void
congress_decode(const struct json *body, const char *symbol, struct congress *ret_congress)
{
    struct congress c = {0};

    UW_EACH_ROW(r, body)
    {
        const char *type = json_str(r.at, "txn_type", "");
        if (!str_eq_nocase(json_str(r.at, "ticker", ""), symbol)) continue;
        c.recent++;
        c.buys += begins_with(type, "buy") || begins_with(type, "purchase");
        c.sells += begins_with(type, "sell") || begins_with(type, "sale");
        if (c.sample_len < SAMPLE_ROWS && uw_is_shallow(r.at)) c.sample[c.sample_len++] = r.at;
    }
    *ret_congress = c;
}

static void
write_sample(struct json_out *o, const struct json *const *rows, size_t len)
{
    json_out_arr(o, "sample");
    for (size_t i = 0; i < len; i++)
        json_out_value(o, NULL, rows[i]);
    json_out_end(o);
}

void
congress_write(const struct congress *c, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    json_out_i64(o, "recent_count", c->recent);
    json_out_i64(o, "buys", c->buys);
    json_out_i64(o, "sells", c->sells);
    json_out_str(o, "net_sentiment", uw_sentiment((double)(c->buys - c->sells)));
    json_out_f64(o, "conviction_boost", 0);
    write_sample(o, c->sample, c->sample_len);
    json_out_i64(o, "_last_update", when_to_s(now_ns));
    member_close(m);
}

/* Keeps the five greatest, greatest first. */
static void
rank(double top[RECENT_DATES], double x)
{
    for (size_t i = 0; i < RECENT_DATES; i++) {
        if (x <= top[i]) continue;
        double moved = top[i];
        top[i] = x;
        x = moved;
    }
}

void
owners_decode(const struct json *body, struct date today, struct owners *ret_owners)
{
    struct owners w = {0};
    double top[RECENT_DATES] = {0};

    UW_EACH_ROW(r, body)
    {
        double outstanding = uw_num_at(r.at, "shares_outstanding");
        double pct = outstanding > 0 ? uw_num_at(r.at, "units") / outstanding * 100 : 0;
        w.holders++;
        w.recent += is_within_days(r.at, "filing_date", today, OWNER_FILING_DAYS);
        if (isfinite(pct)) rank(top, pct);
        if (w.sample_len < SAMPLE_ROWS && uw_is_shallow(r.at)) w.sample[w.sample_len++] = r.at;
    }
    w.top_pct = round_dec(top[0], 4);
    w.top5_pct = round_dec(top[0] + top[1] + top[2] + top[3] + top[4], 4);
    *ret_owners = w;
}

void
owners_write(const struct owners *w, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    json_out_i64(o, "holders_count", w->holders);
    json_out_i64(o, "recent_count", w->recent);
    member_num(m, "top_holder_pct", w->top_pct);
    member_num(m, "top5_holder_pct", w->top5_pct);
    write_sample(o, w->sample, w->sample_len);
    json_out_i64(o, "_last_update", when_to_s(now_ns));
    member_close(m);
}

#include "sim/uw_rows.h"

#include <math.h>
#include <stdio.h>

#include "sim/noise.h"
#include "sim/stamp.h"

static double
draw(const struct uw_ask *ask, uint64_t n)
{
    return noise_f64(0, NOISE_REFERENCE, ask->symbol->key, 9000 + n);
}

static double
draw_normal(const struct uw_ask *ask, uint64_t n)
{
    return noise_normal(0, NOISE_REFERENCE, ask->symbol->key, 9000 + n);
}

static double
close_of(const struct day_symbol *s, int before)
{
    return usd_to_double(s->daily[DAY_HISTORY - before].close);
}

static const char *
date_before(const struct uw_ask *ask, int64_t days, char buf[ISO_TEXT_MAX])
{
    return date_text(date_from_days(date_to_days(ask->sim->day.session.date) - days), buf);
}

static void
open_list(struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_arr(o, "data");
}

void
uw_etf_flow(const struct uw_ask *ask, struct json_out *o)
{
    bool is_fund = ask->symbol != NULL && ask->symbol->profile.kind == PROFILE_ETF;
    char date[ISO_TEXT_MAX];

    open_list(o);
    for (int before = 10; is_fund && before >= 1; before--) {
        double change = round(2e6 * noise_normal(ask->sim->day.seed, NOISE_REFERENCE,
                                                 ask->symbol->key, 60 + (uint64_t)before));

        json_out_obj(o, NULL);
        json_out_str(o, "date", date_text(day_session_before(&ask->sim->day, before).date, date));
        json_out_i64(o, "change", (int64_t)change);
        out_decimal(o, "change_prem", change * close_of(ask->symbol, before), 1);
        out_usd_text(o, "close", ask->symbol->daily[DAY_HISTORY - before].close);
        json_out_i64(o, "volume", ask->symbol->daily[DAY_HISTORY - before].volume);
        json_out_bool(o, "is_fomc", false);
        json_out_end(o);
    }
    json_out_end(o);
    if (!is_fund) {
        json_out_arr(o, "years");
        json_out_end(o);
    }
    json_out_end(o);
}

/* Published with two weeks' delay; most days a few thousand shares. */
void
uw_ftds(const struct uw_ask *ask, struct json_out *o)
{
    char date[ISO_TEXT_MAX];

    open_list(o);
    for (int before = 22; ask->symbol != NULL && before >= 12; before--) {
        double quantity = 4000 * exp(1.3 * draw_normal(ask, 100 + (uint64_t)before));

        json_out_obj(o, NULL);
        json_out_str(o, "date", date_text(day_session_before(&ask->sim->day, before).date, date));
        out_usd_text(o, "price", ask->symbol->daily[DAY_HISTORY - before].close);
        json_out_i64(o, "quantity", (int64_t)quantity);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

/* Four companies in ten have rows; insiders sell more often than they buy; a fund has none. */
void
uw_insider(const struct uw_ask *ask, struct json_out *o)
{
    bool has_insiders = ask->symbol != NULL && ask->symbol->profile.kind != PROFILE_ETF;
    uint64_t rows = has_insiders && draw(ask, 201) < 0.4 ? (uint64_t)(6 * draw(ask, 200)) : 0;
    char date[ISO_TEXT_MAX];

    open_list(o);
    for (uint64_t i = 0; i < rows; i++) {
        double volume = round(2000 * exp(draw_normal(ask, 210 + i)));
        double price = close_of(ask->symbol, 1) * (1 + 0.03 * draw_normal(ask, 220 + i));

        json_out_obj(o, NULL);
        json_out_str(o, "date", date_before(ask, 5 + (int64_t)(120 * draw(ask, 230 + i)), date));
        json_out_str(o, "buy_sell", draw(ask, 240 + i) < 0.25 ? "buy" : "sell");
        out_decimal(o, "avg_price", price, 2);
        out_decimal(o, "premium", round(price * volume), 0);
        json_out_i64(o, "transactions", 1 + (int64_t)(4 * draw(ask, 250 + i)));
        json_out_i64(o, "uniq_insiders", 1);
        json_out_i64(o, "volume", (int64_t)volume);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_bool(o, "has_more", false);
    json_out_end(o);
}

static void
owner_row(const struct uw_ask *ask, int64_t i, double shares, struct json_out *o)
{
    double units = round(shares * 0.03 / (double)(i + 1));
    double price = close_of(ask->symbol, 1);
    char date[ISO_TEXT_MAX], name[40];

    (void)snprintf(name, sizeof(name), "FUND %02d", (int)i + 1);
    json_out_obj(o, NULL);
    json_out_str(o, "name", name);
    json_out_str(o, "short_name", name);
    json_out_str(o, "report_date", date_before(ask, 60, date));
    json_out_str(o, "filing_date", date_before(ask, 40 + 3 * i, date));
    json_out_str(o, "first_buy", date_before(ask, 2000 + 11 * i, date));
    json_out_i64(o, "units", (int64_t)units);
    json_out_i64(o, "units_change", (int64_t)(0.03 * units * draw_normal(ask, 300 + (uint64_t)i)));
    out_decimal(o, "value", units * price, 1);
    out_decimal(o, "avg_price", price * 0.8, 2);
    out_decimal(o, "inst_value", units * price * 40, 1);
    out_decimal(o, "inst_share_value", units * price * 35, 1);
    out_decimal(o, "shares_outstanding", shares, 1);
    json_out_arr(o, "historical_units");
    json_out_i64(o, NULL, (int64_t)units);
    json_out_i64(o, NULL, (int64_t)(units * 0.98));
    json_out_end(o);
    json_out_arr(o, "people");
    json_out_end(o);
    json_out_arr(o, "tags");
    json_out_end(o);
    json_out_end(o);
}

void
uw_ownership(const struct uw_ask *ask, struct json_out *o)
{
    bool has_owners = ask->symbol != NULL && ask->symbol->profile.kind != PROFILE_ETF;
    int64_t rows = has_owners ? sim_query_i64(ask->req, "limit", 50, 1, 500) : 0;
    double shares = has_owners ? ask->symbol->profile.cap_bn * 1e9 / ask->symbol->profile.price : 0;

    open_list(o);
    for (int64_t i = 0; i < MIN(rows, 50); i++)
        owner_row(ask, i, shares, o);
    json_out_end(o);
    json_out_end(o);
}

/* ---- earnings ------------------------------------------------------------------------------- */

/* Calendar days from the day to the next report: 5 to 89, as the alerts say too. */
static int64_t
days_to_report(const struct day_symbol *s)
{
    return 5 + (int64_t)(noise_u64(0, NOISE_REFERENCE, s->key, 50) % 85);
}

static void
earnings_row(const struct uw_ask *ask, int64_t to_report, struct json_out *o)
{
    double price = close_of(ask->symbol, 1);
    char date[ISO_TEXT_MAX];

    json_out_obj(o, NULL);
    json_out_str(o, "report_date", date_before(ask, -to_report, date));
    json_out_str(o, "report_time",
                 days_to_report(ask->symbol) % 2 == 0 ? "postmarket" : "premarket");
    json_out_str(o, "ending_fiscal_quarter", date_before(ask, -to_report + 30, date));
    json_out_str(o, "source", "company");
    if (to_report > 0) {
        json_out_null(o, "actual_eps");
    } else {
        out_decimal(o, "actual_eps", price * 0.01, 2);
    }
    out_decimal(o, "street_mean_est", price * 0.0098, 2);
    out_decimal(o, "expected_move", price * ask->symbol->profile.day_vol_pct / 50, 2);
    out_decimal(o, "expected_move_perc", ask->symbol->profile.day_vol_pct / 50, 4);
    json_out_end(o);
}

void
uw_earnings(const struct uw_ask *ask, struct json_out *o)
{
    bool has_earnings = ask->symbol != NULL && ask->symbol->profile.kind != PROFILE_ETF;

    open_list(o);
    for (int64_t quarter = 0; has_earnings && quarter < 5; quarter++)
        earnings_row(ask, days_to_report(ask->symbol) - 91 * quarter, o);
    json_out_end(o);
    json_out_end(o);
}

/* Companies of the day that report today: about one in twenty. */
void
uw_earnings_list(const struct uw_ask *ask, bool is_premarket, struct json_out *o)
{
    const struct sim_day *day = &ask->sim->day;
    char date[ISO_TEXT_MAX];

    open_list(o);
    for (size_t i = 0; i < day->len; i++) {
        const struct day_symbol *s = &day->symbol[i];
        uint64_t n = noise_u64(day->seed, NOISE_REFERENCE, s->key, 70);

        if (s->profile.kind == PROFILE_ETF || n % 20 != 0 || (n / 20 % 2 == 0) != is_premarket)
            continue;
        json_out_obj(o, NULL);
        json_out_str(o, "symbol", s->symbol);
        json_out_str(o, "full_name", s->symbol);
        json_out_str(o, "report_date", date_text(day->session.date, date));
        json_out_str(o, "report_time", is_premarket ? "premarket" : "postmarket");
        json_out_str(o, "sector", s->profile.sector);
        out_decimal(o, "marketcap", s->profile.cap_bn * 1e9, 0);
        json_out_bool(o, "has_options", true);
        json_out_bool(o, "is_s_p_500", true);
        json_out_null(o, "actual_eps");
        out_decimal(o, "street_mean_est", s->profile.price * 0.0098, 2);
        out_decimal(o, "expected_move", s->profile.price * s->profile.day_vol_pct / 50, 2);
        out_decimal(o, "expected_move_perc", s->profile.day_vol_pct / 50, 4);
        json_out_str(o, "source", "company");
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

/* ---- congress ------------------------------------------------------------------------------- */

static void
congress_row(const struct uw_ask *ask, const struct day_symbol *s, uint64_t i, struct json_out *o)
{
    static const char *const BOUGHT[] = {"Buy", "Purchase"};
    static const char *const SOLD[] = {"Sell", "Sale (Partial)", "Sale (Full)"};
    uint64_t n = noise_u64(0, NOISE_REFERENCE, s->key, 9500 + i);
    char date[ISO_TEXT_MAX], id[UUID_TEXT_MAX], name[24];

    (void)snprintf(name, sizeof(name), "Member %02d", (int)(n % 40));
    json_out_obj(o, NULL);
    json_out_str(o, "ticker", s->symbol);
    json_out_str(o, "txn_type",
                 i % 2 == 0 ? BOUGHT[n / 40 % COUNT_OF(BOUGHT)] : SOLD[n / 40 % COUNT_OF(SOLD)]);
    json_out_str(o, "transaction_date", date_before(ask, 30 + (int64_t)(n / 240 % 20), date));
    json_out_str(o, "filed_at_date", date_before(ask, 1 + (int64_t)(n / 240 % 25), date));
    json_out_str(o, "amounts", "$15,001 - $50,000");
    json_out_str(o, "issuer", "not-disclosed");
    json_out_str(o, "member_type", n % 3 == 0 ? "senate" : "house");
    json_out_bool(o, "is_active", true);
    json_out_str(o, "name", name);
    json_out_str(o, "reporter", name);
    json_out_str(o, "politician_id", noise_uuid(n % 40, 1, id));
    json_out_str(o, "notes", "");
    json_out_end(o);
}

/* One bought and one sold in each of about one symbol in six: members disagree. */
void
uw_congress(const struct uw_ask *ask, struct json_out *o)
{
    static const char *const KNOWN[] = {"limit", "date", "ticker", NULL};
    const struct sim_day *day = &ask->sim->day;
    int64_t left = sim_query_i64(ask->req, "limit", 100, 1, 200);
    const char *ticker = sim_query(ask->req, "ticker");

    sim_known(ask->sim, ask->req, KNOWN);
    open_list(o);
    for (size_t i = 0; i < day->len; i++) {
        const struct day_symbol *s = &day->symbol[i];

        if (ticker != NULL && !str_eq(ticker, s->symbol)) continue;
        for (uint64_t n = 0; n < s->key % 12 / 10 * 2 && left > 0; n++, left--)
            congress_row(ask, s, n, o);
    }
    json_out_end(o);
    json_out_end(o);
}

#include "uwclient/decode_extra.h"

void
earnings_list_decode(const struct json *body, struct arena *arena, struct earnings_list *ret_list)
{
    struct earnings_row *rows = ARENA_NEW(arena, struct earnings_row, uw_rows_count(body));
    size_t len = 0;

    UW_EACH_ROW(r, body)
    {
        struct earnings_row *row = &rows[len];
        if (!symbol_set(row->symbol, json_str(r.at, "symbol", ""))) continue;
        row->has_date = uw_date_at(r.at, "report_date", &row->report_date);
        row->report_time = json_str(r.at, "report_time", "");
        row->sector = json_str(r.at, "sector", "");
        row->expected_move_fraction = uw_num_at(r.at, "expected_move_perc");
        row->has_options = json_bool(r.at, "has_options", false);
        row->is_s_p_500 = json_bool(r.at, "is_s_p_500", false);
        len++;
    }
    *ret_list = (struct earnings_list){rows, len};
}

void
net_premium_decode(const struct json *body, struct net_premium *ret_premium)
{
    const struct json *last = uw_latest(body, "tape_time");
    struct net_premium n = {.last_minute = json_str(last, "tape_time", "")};

    UW_EACH_ROW(r, body)
    {
        n.minutes++;
        n.call = uw_usd_sum(n.call, uw_usd_at(r.at, "net_call_premium"));
        n.put = uw_usd_sum(n.put, uw_usd_at(r.at, "net_put_premium"));
        n.delta += uw_num_at(r.at, "net_delta");
    }
    *ret_premium = n;
}

void
insider_trades_decode(const struct json *body, struct arena *arena,
                      struct insider_trades *ret_trades)
{
    struct insider_trade *rows = ARENA_NEW(arena, struct insider_trade, uw_rows_count(body));
    size_t len = 0;

    UW_EACH_ROW(r, body)
    {
        struct insider_trade *row = &rows[len];
        if (!symbol_set(row->symbol, json_str(r.at, "ticker", ""))) continue;
        row->code = json_str(r.at, "transaction_code", "");
        row->transaction_date = json_str(r.at, "transaction_date", "");
        row->filing_date = json_str(r.at, "filing_date", "");
        row->shares = uw_count_at(r.at, "amount");
        row->price = uw_usd_at(r.at, "price");
        row->is_officer = json_bool(r.at, "is_officer", false);
        row->is_director = json_bool(r.at, "is_director", false);
        row->is_ten_percent_owner = json_bool(r.at, "is_ten_percent_owner", false);
        len++;
    }
    *ret_trades = (struct insider_trades){rows, len};
}

void
filings_decode(const struct json *body, struct arena *arena, struct filings *ret_filings)
{
    struct filing *rows = ARENA_NEW(arena, struct filing, uw_rows_count(body));
    size_t len = 0;

    UW_EACH_ROW(r, body)
    {
        if (json_str(r.at, "name", NULL) == NULL) continue;
        rows[len++] = (struct filing){
            .name = json_str(r.at, "name", ""),
            .cik = json_str(r.at, "cik", ""),
            .filing_date = json_str(r.at, "filing_date", ""),
            .is_hedge_fund = json_bool(r.at, "is_hedge_fund", false),
        };
    }
    *ret_filings = (struct filings){rows, len};
}

void
short_interest_decode(const struct json *body, struct short_interest *ret_interest)
{
    const struct json *row = uw_latest(body, "market_date");

    *ret_interest = (struct short_interest){
        .has_row = row != NULL,
        .float_pct = uw_num_at(row, "percent_returned"),
        .days_to_cover = uw_num_at(row, "days_to_cover_returned"),
        .shares = uw_count_at(row, "si_float_returned"),
        .float_shares = uw_count_at(row, "total_float_returned"),
        .market_date = json_str(row, "market_date", ""),
    };
}

void
seasons_decode(const struct json *body, struct arena *arena, struct seasons *ret_seasons)
{
    struct season *rows = ARENA_NEW(arena, struct season, uw_rows_count(body));
    size_t len = 0;

    UW_EACH_ROW(r, body)
    {
        struct season *row = &rows[len];
        if (!symbol_set(row->symbol, json_str(r.at, "ticker", ""))) continue;
        row->month = uw_count_at(r.at, "month");
        row->years = uw_count_at(r.at, "years");
        row->avg_change = uw_num_at(r.at, "avg_change");
        row->median_change = uw_num_at(r.at, "median_change");
        row->positive_months_perc = uw_num_at(r.at, "positive_months_perc");
        len++;
    }
    *ret_seasons = (struct seasons){rows, len};
}

void
fda_events_decode(const struct json *body, struct arena *arena, struct fda_events *ret_events)
{
    struct fda_event *rows = ARENA_NEW(arena, struct fda_event, uw_rows_count(body));
    size_t len = 0;

    UW_EACH_ROW(r, body)
    {
        struct fda_event *row = &rows[len];
        if (!symbol_set(row->symbol, json_str(r.at, "ticker", ""))) continue;
        row->catalyst = json_str(r.at, "catalyst", "");
        row->status = json_str(r.at, "status", "");
        row->drug = json_str(r.at, "drug", "");
        row->has_start = uw_date_at(r.at, "start_date", &row->start);
        len++;
    }
    *ret_events = (struct fda_events){rows, len};
}

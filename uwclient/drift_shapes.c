#include "uwclient/drift_shapes.h"

static const struct shape_field fields_flow_alerts[] = {
    {"id",                  FIELD_S | FIELD_MUST},
    {"rule_id",             FIELD_S | FIELD_MUST},
    {"alert_rule",          FIELD_S | FIELD_MUST},
    {"ticker",              FIELD_S | FIELD_MUST},
    {"option_chain",        FIELD_S | FIELD_MUST},
    {"type",                FIELD_S | FIELD_MUST},
    {"strike",              FIELD_S | FIELD_MUST},
    {"price",               FIELD_S | FIELD_MUST},
    {"bid",                 FIELD_S | FIELD_MUST},
    {"ask",                 FIELD_S | FIELD_MUST},
    {"underlying_price",    FIELD_S | FIELD_MUST},
    {"expiry",              FIELD_S | FIELD_MUST},
    {"expiry_count",        FIELD_N | FIELD_MUST},
    {"created_at",          FIELD_S | FIELD_MUST},
    {"start_time",          FIELD_N | FIELD_MUST},
    {"end_time",            FIELD_N | FIELD_MUST},
    {"total_premium",       FIELD_S | FIELD_MUST},
    {"total_ask_side_prem", FIELD_S | FIELD_MUST},
    {"total_bid_side_prem", FIELD_S | FIELD_MUST},
    {"total_size",          FIELD_N | FIELD_MUST},
    {"trade_count",         FIELD_N | FIELD_MUST},
    {"volume",              FIELD_N | FIELD_MUST},
    {"open_interest",       FIELD_N | FIELD_MUST},
    {"volume_oi_ratio",     FIELD_S | FIELD_MUST},
    {"iv_start",            FIELD_S | FIELD_MUST},
    {"iv_end",              FIELD_S | FIELD_MUST},
    {"has_sweep",           FIELD_B | FIELD_MUST},
    {"has_floor",           FIELD_B | FIELD_MUST},
    {"has_singleleg",       FIELD_B | FIELD_MUST},
    {"has_multileg",        FIELD_B | FIELD_MUST},
    {"all_opening_trades",  FIELD_B | FIELD_MUST},
    {"issue_type",          FIELD_S | FIELD_MUST},
    {"sector",              FIELD_S | FIELD_MUST},
    {"marketcap",           FIELD_S | FIELD_MUST},
    {"next_earnings_date",  FIELD_S | FIELD_MUST},
    {"er_time",             FIELD_S | FIELD_MUST},
};

static const struct shape_field fields_darkpool_ticker[] = {
    {"ticker",              FIELD_S | FIELD_MUST},
    {"tracking_id",         FIELD_N | FIELD_MUST},
    {"executed_at",         FIELD_S | FIELD_MUST},
    {"price",               FIELD_S | FIELD_MUST},
    {"premium",             FIELD_S | FIELD_MUST},
    {"size",                FIELD_N | FIELD_MUST},
    {"volume",              FIELD_N | FIELD_MUST},
    {"nbbo_bid",            FIELD_S | FIELD_MUST},
    {"nbbo_ask",            FIELD_S | FIELD_MUST},
    {"nbbo_bid_quantity",   FIELD_N | FIELD_MUST},
    {"nbbo_ask_quantity",   FIELD_N | FIELD_MUST},
    {"canceled",            FIELD_B | FIELD_MUST},
    {"market_center",       FIELD_S | FIELD_MUST},
    {"ext_hour_sold_codes", FIELD_S | FIELD_MUST},
    {"sale_cond_codes",     FIELD_S | FIELD_MUST},
    {"trade_code",          FIELD_S | FIELD_MUST},
    {"trade_settlement",    FIELD_S | FIELD_MUST},
};

static const struct shape_field fields_market_tide[] = {
    {"timestamp",        FIELD_S | FIELD_MUST},
    {"date",             FIELD_S | FIELD_MUST},
    {"net_call_premium", FIELD_S | FIELD_MUST},
    {"net_put_premium",  FIELD_S | FIELD_MUST},
    {"net_volume",       FIELD_N | FIELD_MUST},
};

static const struct shape_field fields_top_net_impact[] = {
    {"ticker",      FIELD_S | FIELD_MUST          },
    {"net_premium", FIELD_S | FIELD_N | FIELD_MUST},
};

static const struct shape_field fields_greek_exposure[] = {
    {"date",       FIELD_S | FIELD_MUST},
    {"call_delta", FIELD_S | FIELD_MUST},
    {"put_delta",  FIELD_S | FIELD_MUST},
    {"call_gamma", FIELD_S | FIELD_MUST},
    {"put_gamma",  FIELD_S | FIELD_MUST},
    {"call_vanna", FIELD_S | FIELD_MUST},
    {"put_vanna",  FIELD_S | FIELD_MUST},
    {"call_charm", FIELD_S | FIELD_MUST},
    {"put_charm",  FIELD_S | FIELD_MUST},
};

static const struct shape_field fields_greeks[] = {
    {"date",               FIELD_S | FIELD_MUST},
    {"expiry",             FIELD_S | FIELD_MUST},
    {"strike",             FIELD_S | FIELD_MUST},
    {"call_delta",         FIELD_S | FIELD_MUST},
    {"call_gamma",         FIELD_S | FIELD_MUST},
    {"call_theta",         FIELD_S | FIELD_MUST},
    {"call_vega",          FIELD_S | FIELD_MUST},
    {"call_rho",           FIELD_S | FIELD_MUST},
    {"call_vanna",         FIELD_S | FIELD_MUST},
    {"call_charm",         FIELD_S | FIELD_MUST},
    {"call_volatility",    FIELD_S | FIELD_MUST},
    {"put_delta",          FIELD_S | FIELD_MUST},
    {"put_gamma",          FIELD_S | FIELD_MUST},
    {"put_theta",          FIELD_S | FIELD_MUST},
    {"put_vega",           FIELD_S | FIELD_MUST},
    {"put_rho",            FIELD_S | FIELD_MUST},
    {"put_vanna",          FIELD_S | FIELD_MUST},
    {"put_charm",          FIELD_S | FIELD_MUST},
    {"put_volatility",     FIELD_S | FIELD_MUST},
    {"call_option_symbol", FIELD_S | FIELD_MUST},
    {"put_option_symbol",  FIELD_S | FIELD_MUST},
};

static const struct shape_field fields_oi_change[] = {
    {"option_symbol",               FIELD_S | FIELD_MUST},
    {"underlying_symbol",           FIELD_S | FIELD_MUST},
    {"curr_date",                   FIELD_S | FIELD_MUST},
    {"last_date",                   FIELD_S | FIELD_MUST},
    {"curr_oi",                     FIELD_N | FIELD_MUST},
    {"last_oi",                     FIELD_N | FIELD_MUST},
    {"oi_diff_plain",               FIELD_N | FIELD_MUST},
    {"volume",                      FIELD_N | FIELD_MUST},
    {"trades",                      FIELD_N | FIELD_MUST},
    {"prev_ask_volume",             FIELD_N | FIELD_MUST},
    {"prev_bid_volume",             FIELD_N | FIELD_MUST},
    {"prev_mid_volume",             FIELD_N | FIELD_MUST},
    {"prev_neutral_volume",         FIELD_N | FIELD_MUST},
    {"prev_multi_leg_volume",       FIELD_N | FIELD_MUST},
    {"prev_stock_multi_leg_volume", FIELD_N | FIELD_MUST},
    {"days_of_oi_increases",        FIELD_N | FIELD_MUST},
    {"days_of_vol_greater_than_oi", FIELD_N | FIELD_MUST},
    {"rnk",                         FIELD_N | FIELD_MUST},
    {"oi_change",                   FIELD_S | FIELD_MUST},
    {"percentage_of_total",         FIELD_S | FIELD_MUST},
    {"avg_price",                   FIELD_S | FIELD_MUST},
    {"last_fill",                   FIELD_S | FIELD_MUST},
    {"last_bid",                    FIELD_S | FIELD_MUST},
    {"last_ask",                    FIELD_S | FIELD_MUST},
    {"prev_total_premium",          FIELD_S | FIELD_MUST},
};

static const struct shape_field fields_max_pain[] = {
    {"expiry",            FIELD_S | FIELD_MUST},
    {"max_pain",          FIELD_S | FIELD_MUST},
    {"close",             FIELD_S             },
    {"open",              FIELD_S             },
    {"next_lower_strike", FIELD_S             },
    {"next_upper_strike", FIELD_S             },
};

static const struct shape_field fields_iv_rank[] = {
    {"date",       FIELD_S | FIELD_MUST},
    {"close",      FIELD_S | FIELD_MUST},
    {"volatility", FIELD_S | FIELD_MUST},
    {"iv_rank_1y", FIELD_S | FIELD_MUST},
    {"updated_at", FIELD_S | FIELD_MUST},
};

static const struct shape_field fields_etf_in_outflow[] = {
    {"date",        FIELD_S | FIELD_MUST},
    {"change",      FIELD_N | FIELD_MUST},
    {"change_prem", FIELD_S | FIELD_MUST},
    {"close",       FIELD_S | FIELD_MUST},
    {"volume",      FIELD_N | FIELD_MUST},
    {"is_fomc",     FIELD_B             },
};

static const struct shape_field fields_shorts_ftds[] = {
    {"date",     FIELD_S | FIELD_MUST          },
    {"price",    FIELD_S | FIELD_MUST          },
    {"quantity", FIELD_S | FIELD_N | FIELD_MUST},
};

static const struct shape_field fields_insider_ticker_flow[] = {
    {"date",          FIELD_S | FIELD_MUST},
    {"buy_sell",      FIELD_S | FIELD_MUST},
    {"avg_price",     FIELD_S | FIELD_N   },
    {"premium",       FIELD_S | FIELD_MUST},
    {"transactions",  FIELD_N | FIELD_MUST},
    {"uniq_insiders", FIELD_N             },
    {"volume",        FIELD_N             },
};

static const struct shape_field fields_congress_recent[] = {
    {"ticker",           FIELD_S | FIELD_MUST},
    {"txn_type",         FIELD_S | FIELD_MUST},
    {"transaction_date", FIELD_S             },
    {"filed_at_date",    FIELD_S             },
    {"amounts",          FIELD_S             },
    {"issuer",           FIELD_S             },
    {"member_type",      FIELD_S             },
    {"is_active",        FIELD_B             },
    {"name",             FIELD_S             },
    {"reporter",         FIELD_S             },
    {"politician_id",    FIELD_S             },
    {"notes",            FIELD_S             },
};

static const struct shape_field fields_ownership[] = {
    {"name",               FIELD_S | FIELD_MUST},
    {"short_name",         FIELD_S             },
    {"report_date",        FIELD_S             },
    {"filing_date",        FIELD_S | FIELD_MUST},
    {"first_buy",          FIELD_S             },
    {"units",              FIELD_N | FIELD_MUST},
    {"units_change",       FIELD_N             },
    {"value",              FIELD_S | FIELD_N   },
    {"avg_price",          FIELD_S             },
    {"inst_value",         FIELD_S             },
    {"inst_share_value",   FIELD_S             },
    {"shares_outstanding", FIELD_S | FIELD_MUST},
    {"historical_units",   FIELD_A             },
    {"people",             FIELD_A             },
    {"tags",               FIELD_A             },
};

static const struct shape_field fields_earnings_ticker[] = {
    {"report_date",           FIELD_S | FIELD_MUST},
    {"report_time",           FIELD_S             },
    {"ending_fiscal_quarter", FIELD_S             },
    {"source",                FIELD_S             },
    {"actual_eps",            FIELD_S             },
    {"street_mean_est",       FIELD_S             },
    {"expected_move",         FIELD_S             },
    {"expected_move_perc",    FIELD_S             },
    {"pre_earnings_move_1d",  FIELD_S             },
    {"pre_earnings_move_3d",  FIELD_S             },
    {"pre_earnings_move_1w",  FIELD_S             },
    {"pre_earnings_move_2w",  FIELD_S             },
    {"post_earnings_move_1d", FIELD_S             },
    {"post_earnings_move_3d", FIELD_S             },
    {"post_earnings_move_1w", FIELD_S             },
    {"post_earnings_move_2w", FIELD_S             },
    {"long_straddle_1d",      FIELD_S             },
    {"long_straddle_1w",      FIELD_S             },
    {"short_straddle_1d",     FIELD_S             },
    {"short_straddle_1w",     FIELD_S             },
};

static const struct shape_field fields_earnings_afterhours[] = {
    {"actual_eps",            FIELD_S},
    {"continent",             FIELD_S},
    {"country_code",          FIELD_S},
    {"country_name",          FIELD_S},
    {"ending_fiscal_quarter", FIELD_S},
    {"expected_move",         FIELD_S},
    {"expected_move_perc",    FIELD_S},
    {"full_name",             FIELD_S},
    {"has_options",           FIELD_B},
    {"is_s_p_500",            FIELD_B},
    {"marketcap",             FIELD_S},
    {"post_earnings_close",   FIELD_S},
    {"post_earnings_date",    FIELD_S},
    {"pre_earnings_close",    FIELD_S},
    {"pre_earnings_date",     FIELD_S},
    {"reaction",              FIELD_S},
    {"report_date",           FIELD_S},
    {"report_time",           FIELD_S},
    {"sector",                FIELD_S},
    {"source",                FIELD_S},
    {"street_mean_est",       FIELD_S},
    {"symbol",                FIELD_S},
};

static const struct shape_field fields_earnings_premarket[] = {
    {"actual_eps",            FIELD_S},
    {"continent",             FIELD_S},
    {"country_code",          FIELD_S},
    {"country_name",          FIELD_S},
    {"ending_fiscal_quarter", FIELD_S},
    {"expected_move",         FIELD_S},
    {"expected_move_perc",    FIELD_S},
    {"full_name",             FIELD_S},
    {"has_options",           FIELD_B},
    {"is_s_p_500",            FIELD_B},
    {"marketcap",             FIELD_S},
    {"post_earnings_close",   FIELD_S},
    {"post_earnings_date",    FIELD_S},
    {"pre_earnings_close",    FIELD_S},
    {"pre_earnings_date",     FIELD_S},
    {"reaction",              FIELD_S},
    {"report_date",           FIELD_S},
    {"report_time",           FIELD_S},
    {"sector",                FIELD_S},
    {"source",                FIELD_S},
    {"street_mean_est",       FIELD_S},
    {"symbol",                FIELD_S},
};

static const struct shape_field fields_insider_transactions[] = {
    {"amount",               FIELD_N                    },
    {"date_excercisable",    FIELD_S | FIELD_N | FIELD_B},
    {"director_indirect",    FIELD_S | FIELD_N | FIELD_B},
    {"expiration_date",      FIELD_S | FIELD_N | FIELD_B},
    {"filing_date",          FIELD_S                    },
    {"formtype",             FIELD_S                    },
    {"id",                   FIELD_S                    },
    {"ids",                  FIELD_A                    },
    {"is_10b5_1",            FIELD_B                    },
    {"is_director",          FIELD_B                    },
    {"is_officer",           FIELD_B                    },
    {"is_s_p_500",           FIELD_B                    },
    {"is_ten_percent_owner", FIELD_B                    },
    {"marketcap",            FIELD_S                    },
    {"natureofownership",    FIELD_S | FIELD_N | FIELD_B},
    {"next_earnings_date",   FIELD_S                    },
    {"officer_title",        FIELD_S                    },
    {"owner_name",           FIELD_S                    },
    {"price",                FIELD_S                    },
    {"price_excercisable",   FIELD_S | FIELD_N | FIELD_B},
    {"sector",               FIELD_S                    },
    {"security_ad_code",     FIELD_S | FIELD_N | FIELD_B},
    {"security_title",       FIELD_S | FIELD_N | FIELD_B},
    {"shares_owned_after",   FIELD_S | FIELD_N | FIELD_B},
    {"shares_owned_before",  FIELD_S | FIELD_N | FIELD_B},
    {"stock_price",          FIELD_S | FIELD_N | FIELD_B},
    {"ticker",               FIELD_S                    },
    {"transaction_code",     FIELD_S                    },
    {"transaction_date",     FIELD_S                    },
    {"transactions",         FIELD_N                    },
};

static const struct shape_field fields_latest_filings[] = {
    {"cik",           FIELD_S},
    {"filing_date",   FIELD_S},
    {"is_hedge_fund", FIELD_B},
    {"name",          FIELD_S},
    {"people",        FIELD_A},
    {"short_name",    FIELD_S},
    {"tags",          FIELD_A},
};

static const struct shape_field fields_interest_float[] = {
    {"created_at",             FIELD_S},
    {"days_to_cover_returned", FIELD_S},
    {"market_date",            FIELD_S},
    {"percent_returned",       FIELD_S},
    {"si_float_returned",      FIELD_N},
    {"symbol",                 FIELD_S},
    {"total_float_returned",   FIELD_N},
};

static const struct shape_field fields_seasonality_market[] = {
    {"avg_change",           FIELD_S},
    {"max_change",           FIELD_S},
    {"median_change",        FIELD_S},
    {"min_change",           FIELD_S},
    {"month",                FIELD_N},
    {"positive_closes",      FIELD_N},
    {"positive_months_perc", FIELD_S},
    {"ticker",               FIELD_S},
    {"years",                FIELD_N},
};

static const struct shape_field fields_fda_calendar[] = {
    {"catalyst",      FIELD_S                    },
    {"description",   FIELD_S                    },
    {"drug",          FIELD_S                    },
    {"end_date",      FIELD_S                    },
    {"has_options",   FIELD_B                    },
    {"indication",    FIELD_S                    },
    {"marketcap",     FIELD_S                    },
    {"notes",         FIELD_S                    },
    {"outcome",       FIELD_S | FIELD_N | FIELD_B},
    {"outcome_brief", FIELD_S | FIELD_N | FIELD_B},
    {"source_link",   FIELD_S                    },
    {"start_date",    FIELD_S                    },
    {"status",        FIELD_S                    },
    {"ticker",        FIELD_S                    },
};

static const struct shape_field fields_sector_tide[] = {
    {"timestamp",        FIELD_S | FIELD_MUST},
    {"date",             FIELD_S | FIELD_MUST},
    {"net_call_premium", FIELD_S | FIELD_MUST},
    {"net_put_premium",  FIELD_S | FIELD_MUST},
    {"net_volume",       FIELD_N | FIELD_MUST},
};

static const struct shape_field fields_net_prem_ticks[] = {
    {"call_volume",          FIELD_N},
    {"call_volume_ask_side", FIELD_N},
    {"call_volume_bid_side", FIELD_N},
    {"date",                 FIELD_S},
    {"net_call_premium",     FIELD_S},
    {"net_call_volume",      FIELD_N},
    {"net_delta",            FIELD_S},
    {"net_put_premium",      FIELD_S},
    {"net_put_volume",       FIELD_N},
    {"put_volume",           FIELD_N},
    {"put_volume_ask_side",  FIELD_N},
    {"put_volume_bid_side",  FIELD_N},
    {"tape_time",            FIELD_S},
};

struct shape
shape_of(enum uw_endpoint e)
{
#define SHAPE(fields)                                                                              \
    {                                                                                              \
        (fields), COUNT_OF(fields)                                                                 \
    }
    static const struct shape shapes[] = {
        [UW_EP_FLOW_ALERTS] = SHAPE(fields_flow_alerts),
        [UW_EP_DARKPOOL_TICKER] = SHAPE(fields_darkpool_ticker),
        [UW_EP_MARKET_TIDE] = SHAPE(fields_market_tide),
        [UW_EP_TOP_NET_IMPACT] = SHAPE(fields_top_net_impact),
        [UW_EP_GREEK_EXPOSURE] = SHAPE(fields_greek_exposure),
        [UW_EP_GREEKS] = SHAPE(fields_greeks),
        [UW_EP_OI_CHANGE] = SHAPE(fields_oi_change),
        [UW_EP_MAX_PAIN] = SHAPE(fields_max_pain),
        [UW_EP_IV_RANK] = SHAPE(fields_iv_rank),
        [UW_EP_ETF_IN_OUTFLOW] = SHAPE(fields_etf_in_outflow),
        [UW_EP_SHORTS_FTDS] = SHAPE(fields_shorts_ftds),
        [UW_EP_INSIDER_TICKER_FLOW] = SHAPE(fields_insider_ticker_flow),
        [UW_EP_CONGRESS_RECENT] = SHAPE(fields_congress_recent),
        [UW_EP_OWNERSHIP] = SHAPE(fields_ownership),
        [UW_EP_EARNINGS_TICKER] = SHAPE(fields_earnings_ticker),
        [UW_EP_EARNINGS_AFTERHOURS] = SHAPE(fields_earnings_afterhours),
        [UW_EP_EARNINGS_PREMARKET] = SHAPE(fields_earnings_premarket),
        [UW_EP_INSIDER_TRANSACTIONS] = SHAPE(fields_insider_transactions),
        [UW_EP_LATEST_FILINGS] = SHAPE(fields_latest_filings),
        [UW_EP_INTEREST_FLOAT] = SHAPE(fields_interest_float),
        [UW_EP_SEASONALITY_MARKET] = SHAPE(fields_seasonality_market),
        [UW_EP_FDA_CALENDAR] = SHAPE(fields_fda_calendar),
        [UW_EP_SECTOR_TIDE] = SHAPE(fields_sector_tide),
        [UW_EP_NET_PREM_TICKS] = SHAPE(fields_net_prem_ticks),
    };
#undef SHAPE

    return (size_t)e < COUNT_OF(shapes) ? shapes[e] : (struct shape){0};
}

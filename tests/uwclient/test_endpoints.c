/*
 * The tables of policies and jobs, number by number as spec 20 lists them (2.6 A and B, 3.3, 3.5).
 */
#include "tests/lib/check.h"
#include "config/config.h"
#include "tests/lib/seams.h"
#include "uwclient/endpoints.h"

struct policy_line {
    const char *name, *path;
    int64_t ttl_s, cap;
    bool grows; /* with the list of symbols */
};

static const struct policy_line POLICIES[] = {
    {"congress_trades",                "/api/congress/recent-trades",         21600, 200,  false},
    {"insider_trades",                 "/api/insider/transactions",           21600, 200,  false},
    {"institutional_holdings",         "/api/institutions/latest_filings",    86400, 100,  false},
    {"short_interest",                 "/api/shorts/{ticker}/interest-float", 86400, 200,  false},
    {"seasonality",                    "/api/seasonality/market",             86400, 100,  false},
    {"fda_calendar",                   "/api/market/fda-calendar",            86400, 100,  false},
    {"earnings_premarket",             "/api/earnings/premarket",             7200,  400,  false},
    {"sector_flow",                    "/api/market/{sector}/sector-tide",    900,   1000, false},
    {"market_sentiment",               "/api/market/market-tide",             600,   1500, false},
    {"top_net_impact",                 "/api/market/top-net-impact",          300,   2000, false},
    {"options_flow_alerts",            "/api/option-trades/flow-alerts",      30,    7000, false},
    {"darkpool_symbol",                "/api/darkpool/{ticker}",              60,    3000, false},
    {"net_premium_ticks",              "/api/stock/{ticker}/net-prem-ticks",  30,    3000, false},
    {"earnings_afterhours",            "/api/earnings/afterhours",            300,   400,  false},
    {"daemon_option_flow",             "/api/option-trades/flow-alerts",      0,     8700, true },
    {"daemon_dark_pool_levels",        "/api/darkpool/{ticker}",              60,    1500, true },
    {"daemon_greek_exposure",          "/api/stock/{ticker}/greek-exposure",  600,   450,  true },
    {"daemon_greeks",                  "/api/stock/{ticker}/greeks",          600,   450,  true },
    {"daemon_oi_change",               "/api/stock/{ticker}/oi-change",       600,   900,  true },
    {"daemon_etf_flow",                "/api/etfs/{ticker}/in-outflow",       600,   120,  true },
    {"daemon_iv_rank",                 "/api/stock/{ticker}/iv-rank",         600,   450,  true },
    {"daemon_shorts_ftds",             "/api/shorts/{ticker}/ftds",           3600,  300,  true },
    {"daemon_max_pain",                "/api/stock/{ticker}/max-pain",        600,   750,  true },
    {"daemon_insider",                 "/api/insider/{ticker}/ticker-flow",   21600, 200,  true },
    {"daemon_calendar",                "/api/earnings/{ticker}",              3600,  400,  true },
    {"daemon_congress_recent_trades",  "/api/congress/recent-trades",         21600, 24,   false},
    {"daemon_institutional_ownership", "/api/institution/{ticker}/ownership", 21600, 200,  true },
    {"daemon_top_net_impact",          "/api/market/top-net-impact",          300,   120,  false},
    {"daemon_market_tide",             "/api/market/market-tide",             300,   120,  false},
};

static void
test_endpoints_policies_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(COUNT_OF(POLICIES), UW_POLICIES_LEN);
    for (size_t i = 0; i < COUNT_OF(POLICIES); i++) {
        const struct policy_line *want = &POLICIES[i];
        const struct uw_policy_row *row = uw_policy_find(want->name);

        if (row == NULL) {
            fail_msg("no policy %s", want->name);
            return;
        }
        if (row->ttl_s != want->ttl_s || uw_policy_cap(row, 53) != want->cap ||
            !str_eq(uw_endpoint_row(row->endpoint)->path, want->path))
            fail_msg("%s: %lld s, %lld calls, %s", want->name, (long long)row->ttl_s,
                     (long long)uw_policy_cap(row, 53), uw_endpoint_row(row->endpoint)->path);
        /* Fewer symbols take nothing away; more scale it, rounded up. */
        assert_int_equal(uw_policy_cap(row, 1), want->cap);
        int64_t scaled = want->grows ? (want->cap * 100 + 52) / 53 : want->cap;
        assert_int_equal(uw_policy_cap(row, 100), scaled);
    }
    assert_null(uw_policy_find("no_such_policy"));
    assert_null(uw_policy_find(""));
}

static const struct {
    const char *name, *policy;
    int64_t interval_s;
    enum uw_job_per per;
    int priority; /* 0: never polled */
    enum uw_job_when when;
    int requests;
} JOBS[] = {
    {"option_flow",             "daemon_option_flow",             150,    UW_EACH_SYMBOL,  1, UW_IN_SESSION, 1},
    {"market_tide",             "daemon_market_tide",             600,    UW_WHOLE_MARKET, 2, UW_IN_SESSION, 1},
    {"top_net_impact",          "daemon_top_net_impact",          600,    UW_WHOLE_MARKET, 2, UW_IN_SESSION, 1},
    {"dark_pool_levels",        "daemon_dark_pool_levels",        900,    UW_EACH_SYMBOL,  3, UW_IN_SESSION, 1},
    {"greek_exposure",          "daemon_greek_exposure",          3600,   UW_EACH_SYMBOL,  4, UW_IN_SESSION, 1},
    {"max_pain",                "daemon_max_pain",                1800,   UW_EACH_SYMBOL,  5, UW_IN_SESSION, 1},
    {"iv_rank",                 "daemon_iv_rank",                 3600,   UW_EACH_SYMBOL,  5, UW_IN_SESSION, 1},
    {"oi_change",               "daemon_oi_change",               3600,   UW_EACH_SYMBOL,  5, UW_IN_SESSION, 2},
    {"etf_flow",                "daemon_etf_flow",                3600,   UW_EACH_ETF,     6, UW_IN_SESSION, 1},
    {"shorts_ftds",             "daemon_shorts_ftds",             7200,   UW_EACH_SYMBOL,  6, UW_IN_SESSION, 1},
    {"greeks",                  "daemon_greeks",                  3600,   UW_EACH_SYMBOL,  0, UW_NEVER,      1},
    {"congress_recent_trades",  "daemon_congress_recent_trades",  86400,  UW_WHOLE_MARKET, 7,
     UW_ALWAYS,                                                                                              1},
    {"insider",                 "daemon_insider",                 86400,  UW_EACH_SYMBOL,  8, UW_ALWAYS,     1},
    {"institutional_ownership", "daemon_institutional_ownership", 86400,  UW_EACH_SYMBOL,  8,
     UW_ALWAYS,                                                                                              1},
    {"calendar",                "daemon_calendar",                604800, UW_EACH_STOCK,   8, UW_ALWAYS,     1},
};

static void
test_endpoints_jobs_are_those_of_the_specification(void **state)
{
    bool seen[UW_JOBS_LEN] = {false};

    (void)state;
    assert_int_equal(COUNT_OF(JOBS), UW_JOBS_LEN);
    for (size_t i = 0; i < COUNT_OF(JOBS); i++) {
        size_t k = 0;

        while (k < UW_JOBS_LEN && !str_eq(uw_job_row((enum uw_job)k)->name, JOBS[i].name))
            k++;
        if (k == UW_JOBS_LEN) {
            fail_msg("no job %s", JOBS[i].name);
            return;
        }
        const struct uw_job_row *row = uw_job_row((enum uw_job)k);
        seen[k] = true;
        if (!str_eq(uw_policy_row(row->policy)->name, JOBS[i].policy) || row->per != JOBS[i].per ||
            row->interval_s != JOBS[i].interval_s || row->when != JOBS[i].when ||
            row->requests != JOBS[i].requests ||
            (JOBS[i].priority != 0 && row->priority != JOBS[i].priority))
            fail_msg("%s", row->name);
    }
    for (size_t k = 0; k < UW_JOBS_LEN; k++)
        assert_true(seen[k]);
}

/* Every path with a poll key, and the one that the runners cannot do without (1.2). */
static void
test_endpoints_needed_paths_are_those_of_the_jobs(void **state)
{
    const char *paths[UW_ENDPOINTS_LEN];
    size_t len = uw_required_paths(paths);

    (void)state;
    assert_int_equal(len, 16); /* fifteen jobs, each with a path of its own, and one more */
    for (size_t j = 0; j < UW_JOBS_LEN; j++) {
        enum uw_policy policy = uw_job_row((enum uw_job)j)->policy;
        const char *want = uw_endpoint_row(uw_policy_row(policy)->endpoint)->path;
        bool is_there = false;

        for (size_t i = 0; i < len; i++)
            is_there = is_there || str_eq(paths[i], want);
        if (!is_there) fail_msg("%s", want);
    }
}

static void
test_endpoints_default_symbols_are_those_of_the_specification(void **state)
{
    static const char *const WANT[] = {
        "AAPL", "MSFT", "GOOGL", "AMZN", "META", "NVDA", "TSLA", "AMD",  "NFLX", "INTC", "SPY",
        "QQQ",  "IWM",  "DIA",   "XLF",  "XLE",  "XLK",  "XLV",  "XLI",  "XLP",  "JPM",  "BAC",
        "GS",   "MS",   "C",     "WFC",  "BLK",  "V",    "MA",   "COIN", "PLTR", "SOFI", "HOOD",
        "RIVN", "LCID", "F",     "GM",   "NIO",  "BA",   "CAT",  "XOM",  "CVX",  "COP",  "SLB",
        "JNJ",  "PFE",  "MRNA",  "UNH",  "WMT",  "TGT",  "COST", "HD",   "LOW"};
    struct test_root root;
    struct config cfg = {0};
    struct err err = {0};

    (void)state;
    test_root_make(&root);
    (void)unsetenv("TICKERS");
    (void)unsetenv("UW_ETF_TICKERS");
    (void)unsetenv("STOCKBOT_CONFIG");
    const struct config_options options = {.root = root.path};
    assert_int_equal(config_load(&options, &cfg, &err), RC_OK);
    assert_int_equal(cfg.uw.tickers.len, COUNT_OF(WANT));
    for (size_t i = 0; i < COUNT_OF(WANT); i++)
        assert_string_equal(cfg.uw.tickers.item[i], WANT[i]);
    assert_int_equal(cfg.uw.etf_tickers.len, 10);
    for (size_t i = 0; i < 10; i++) /* the funds are the eleventh to the twentieth symbol */
        assert_string_equal(cfg.uw.etf_tickers.item[i], WANT[10 + i]);
    config_done(&cfg);
    test_root_remove(&root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints_policies_are_those_of_the_specification),
        cmocka_unit_test(test_endpoints_jobs_are_those_of_the_specification),
        cmocka_unit_test(test_endpoints_needed_paths_are_those_of_the_jobs),
        cmocka_unit_test(test_endpoints_default_symbols_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

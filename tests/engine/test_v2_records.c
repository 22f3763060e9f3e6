/*
 * Every line that v2 writes on a day has exactly the keys of its kind (spec 30 6.1, 7.5, 8.8, 8.9
 * and 8.10).
 */
#include <limits.h>
#include <stdlib.h>

#include "base/json.h"
#include "scripts/replay/replay.h"
#include "tests/lib/check.h"

#define TICKERS "AAPL,AMD,COIN,F,MRNA,NIO,NVDA,PLTR,QQQ,SOFI,SPY,XOM"

#define SCORES "v1_score v2_score v1_pass v2_pass "
#define TRADE  "timestamp ts _ts event_type entry_price exit_price pnl symbol direction "
#define STREAM "ts _ts event_type "

static const char DECISION[] =
    TRADE SCORES "composite_version universe_scoring_version universe_source in_universe "
                 "market_regime posture regime_label volatility_regime uw_attribution_snapshot "
                 "current_price account_equity buying_power position_size_usd";
static const char ATTRIBUTION[] =
    "symbol timestamp entry_timestamp exit_reason pnl pnl_pct entry_price exit_price qty "
    "time_in_trade_minutes entry_uw exit_uw entry_regime exit_regime entry_sector_profile "
    "exit_sector_profile score_deterioration relative_strength_deterioration v2_exit_score "
    "v2_exit_components replacement_candidate replacement_reasoning composite_version";

/* The keys of the lines of a log whose event_type is the given one; NULL: of every line. */
static const struct {
    const char *log, *event, *keys;
    int least; /* lines of such a kind that the day must have */
} KINDS[] = {
    {"shadow_trades",    "shadow_trade_candidate", DECISION,                                                         100},
    {"shadow_trades",    "shadow_score_compare",   DECISION,                                                         100},
    {"shadow_trades",    "shadow_entry_opened",
     TRADE "trade_id side entry_ts qty position_size_usd v2_score v1_score intel_snapshot",                          4  },
    {"shadow_trades",    "shadow_exit",
     TRADE "trade_id side v1_score v2_score v2_exit_score v2_exit_components v2_exit_reason "
           "exit_ts entry_ts qty pnl_pct intel_snapshot profit_target_price "
           "profit_target_reasoning stop_price stop_reasoning replacement_candidate "
           "replacement_reasoning",                                                                                  1  },
    {"exit_attribution", NULL,                     ATTRIBUTION,                                                      1  },
    {"master_trade_log", NULL,
     "trade_id symbol side is_live is_shadow source entry_ts exit_ts entry_price exit_price size "
     "realized_pnl_usd signals feature_snapshot regime_snapshot exit_reason timestamp",                              10 },
    {"uw_attribution",   NULL,
     "symbol timestamp direction uw_features uw_contribution composite_version "
     "uw_intel_version",                                                                                             100},
    {"shadow",           "score_compare",
     STREAM SCORES "symbol market_regime posture regime_label volatility_regime v2_adjustments "
                   "v2_inputs",                                                                                      100},
    {"shadow",           "divergence",             STREAM SCORES "symbol details",                                   1  },
    {"shadow",           "shadow_executed",        STREAM "symbol side qty entry_price v2_score market_regime note",
     1                                                                                                                  },
    {"shadow",           "shadow_ledger_update",   NULL,                                                             1  },
    {"shadow",           "shadow_pnl_tick",        STREAM "positions",                                               10 },
    {"shadow",           "shadow_pnl_update",
     STREAM "symbol qty side entry_price entry_ts current_price unrealized_pnl_usd "
            "unrealized_pnl_pct age_min",                                                                            10 },
    {"shadow",           "shadow_exit",
     STREAM "symbol reason qty side entry_price entry_ts exit_price exit_ts realized_pnl_usd "
            "realized_pnl_pct",                                                                                      1  },
};

static bool
names(const char *keys, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = keys; (at = strstr(at, key)) != NULL; at += len)
        if ((at == keys || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) return true;
    return false;
}

static size_t
words(const char *keys)
{
    size_t n = 0;

    for (const char *at = keys; *at != '\0'; at += strspn(at, " ")) {
        at += strcspn(at, " ");
        n++;
    }
    return n;
}

static void
check_keys(const struct json *line, size_t kind)
{
    if (KINDS[kind].keys == NULL) return;
    for (const struct json *v = json_first(line); v != NULL; v = json_next(v))
        if (!names(KINDS[kind].keys, json_key(v)))
            fail_msg("%s %s: \"%s\" is none of its keys", KINDS[kind].log, KINDS[kind].event,
                     json_key(v));
    if (json_len(line) != words(KINDS[kind].keys))
        fail_msg("%s %s: %zu keys of %zu", KINDS[kind].log, KINDS[kind].event, json_len(line),
                 words(KINDS[kind].keys));
}

static void
check_kind(const struct replay *r, size_t kind)
{
    char path[64];
    int found = 0;

    (void)snprintf(path, sizeof path, "logs/%s.jsonl", KINDS[kind].log);
    const struct text *log = mem_fs_peek(r->disk, path);
    for (const char *at = log != NULL ? text_str(log) : ""; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        CLEANUP(json_freep) struct json *line = NULL;
        struct err err = {0};

        if (json_parse(at, len, JSON_STRICT, &JSON_LIMITS_BODY, &line, &err) != RC_OK)
            fail_msg("%s: %s", path, err.text);
        if (KINDS[kind].event == NULL ||
            str_eq(json_str(line, "event_type", ""), KINDS[kind].event)) {
            check_keys(line, kind);
            found++;
        }
        at += len + (at[len] == '\n');
    }
    if (found < KINDS[kind].least) fail_msg("%s %s: %d lines", path, KINDS[kind].event, found);
}

static void
test_v2_records_have_exactly_the_keys_of_their_kind(void **state)
{
    static struct replay day;
    const struct replay_options opt = {
        .day = {.seed = 7, .day = {2026, 1, 30}},
          .tickers = TICKERS
    };
    char root[PATH_MAX];
    struct err err = {0};

    (void)state;
    assert_non_null(realpath(".", root));
    (void)setenv("STOCKBOT_SHARE", root, 0); /* the sources: tests run there */
    (void)setenv("TICKERS", TICKERS, 1);
    if (replay_open(&day, &opt, &err) != RC_OK) fail_msg("%s", err.text);
    day.cfg.engine.shadow_exit = true; /* the A/B ledger closes, too */
    replay_run(&day);
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        check_kind(&day, i);
    replay_close(&day);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v2_records_have_exactly_the_keys_of_their_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

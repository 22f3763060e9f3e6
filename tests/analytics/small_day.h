/*
 * A day of our own, small enough to be counted by hand: 2026-03-04, as of the midnight after it.
 *
 * Five trades are closed: AAA +10 (long), BBB -4 (short), CCC +2 (bearish, from its prices), EEE
 * -0.0 (long) and DDD, whose exit tells neither P&L nor price.  What else stands there must not
 * count.
 */
#ifndef TESTS_ANALYTICS_SMALL_DAY_H
#define TESTS_ANALYTICS_SMALL_DAY_H

#define SMALL_DATE  "2026-03-04"
#define SMALL_AS_OF "2026-03-05T00:00:00+00:00"

#define ENTRY(id, symbol, at, more)                                                                \
    "{\"ts\":\"" SMALL_DATE "T" at "Z\",\"event_type\":\"shadow_entry_opened\",\"trade_id\":\"" id \
    "\",\"symbol\":\"" symbol "\",\"entry_ts\":\"" SMALL_DATE "T" at "Z\"" more "}\n"
#define EXIT(id, symbol, at, more)                                                                 \
    "{\"ts\":\"" SMALL_DATE "T" at "Z\",\"event_type\":\"shadow_exit\",\"trade_id\":\"" id         \
    "\",\"symbol\":\"" symbol "\",\"exit_ts\":\"" SMALL_DATE "T" at "Z\"" more "}\n"
#define SNAPSHOT(regime, sector)                                                                   \
    ",\"intel_snapshot\":{\"v2_uw_regime_profile\":{\"regime_label\":" regime                      \
    "},\"v2_uw_sector_profile\":{\"sector\":" sector                                               \
    "},\"v2_uw_adjustments\":{\"flow_strength\":1}}"

static const char small_shadow[] =
    "{\"ts\":\"2026-03-03T15:00:00Z\",\"event_type\":\"shadow_entry_opened\",\"trade_id\":\"t0\","
    "\"symbol\":\"OLD\",\"entry_ts\":\"2026-03-03T15:00:00Z\"}\n"
    "{\"ts\":\"2026-03-04T14:00:00Z\",\"event_type\":\"shadow_trade_candidate\",\"symbol\":\"AAA\","
    "\"regime_label\":\"RISK_ON\",\"uw_attribution_snapshot\":{\"v2_uw_adjustments\":"
    "{\"flow_strength\":0.1,\"total\":0.1}}}\n" ENTRY(
        "t1", "AAA", "14:30:00",
        ",\"side\":\"long\",\"qty\":1,\"entry_price\":100,\"v2_score\":3.0" SNAPSHOT("\"RISK_ON\"",
                                                                                     "\"TECH\""))
        ENTRY("t2", "bbb", "14:31:00",
              ",\"side\":\"short\",\"qty\":1,\"entry_price\":50,\"v2_score\":2.0" SNAPSHOT(
                  "\"RISK_ON\"", "\"TECH\""))
            ENTRY("t3", "CCC", "14:32:00",
                  ",\"direction\":\"Bearish\",\"qty\":2,\"entry_price\":10" SNAPSHOT(
                      "\"RISK_OFF\"", "null")) ENTRY("t4", "DDD", "14:33:00", ",\"side\":\"long\"")
                ENTRY("t5", "EEE", "14:34:00",
                      ",\"side\":\"LONG\",\"qty\":1,\"v2_score\":1.0" SNAPSHOT("\"RISK_ON\"",
                                                                               "\"TECH\""))
                    ENTRY("t6", "FFF", "14:35:00", ",\"side\":\"long\"") /* stays open */
    EXIT("t1", "AAA", "15:30:00",
         ",\"pnl\":10,\"v2_score\":2.5,\"v2_exit_score\":0.7,\"v2_exit_reason\":\"profit\"")
        EXIT("t2", "BBB", "15:31:00",
             ",\"pnl\":\"-4\",\"v2_score\":2.25,\"v2_exit_reason\":\"stop\"")
            EXIT("t3", "CCC", "15:32:30",
                 ",\"exit_price\":9,\"v2_exit_reason\":\"stop\",\"replacement_candidate\":\"GGG\"")
                EXIT("t4", "DDD", "15:33:00", ",\"v2_exit_reason\":\"stop\"")
                    EXIT("t5", "EEE", "15:34:00", ",\"pnl\":-0.0,\"v2_exit_reason\":\"time\"") EXIT(
                        "t0", "OLD", "15:35:00",
                        ",\"pnl\":99,\"v2_exit_reason\":\"profit\""); /* opened the day before */

#define FULL_COMPONENTS                                                                            \
    "\"regime_shift\":0,\"sector_shift\":0,\"flow_deterioration\":0,\"darkpool_deterioration\":0," \
    "\"sentiment_deterioration\":0,\"score_deterioration\":0"

static const char small_exits[] =
    "{\"symbol\":\"AAA\",\"timestamp\":\"2026-03-04T15:30:00Z\",\"entry_timestamp\":\"2026-03-"
    "04T14:30:00Z\","
    "\"exit_reason\":\"profit\",\"pnl\":10,\"pnl_pct\":0.1,\"entry_price\":100,\"exit_price\":110,"
    "\"qty\":1,"
    "\"time_in_trade_minutes\":60,\"entry_regime\":\"RISK_ON\",\"exit_regime\":\"RISK_ON\","
    "\"entry_sector_profile\":{},\"exit_sector_profile\":null,\"v2_exit_score\":0.5,"
    "\"score_deterioration\":0.5,\"v2_exit_components\":{\"vol_expansion\":0.25," FULL_COMPONENTS
    "},"
    "\"entry_uw\":{\"v2_uw_inputs\":{\"flow_strength\":0.1,\"sentiment\":\"Bullish\",\"regime_"
    "alignment\":1},"
    "\"v2_uw_adjustments\":{\"flow_strength\":0.5,\"sentiment\":0.2,\"total\":0.7}},"
    "\"exit_uw\":{\"v2_uw_inputs\":{\"regime_alignment\":-1},\"v2_uw_adjustments\":{\"flow_"
    "strength\":0.25}}}\n"
    "{\"symbol\":\"BBB\",\"timestamp\":\"2026-03-04T15:31:00Z\",\"entry_timestamp\":\"2026-03-"
    "04T14:31:00Z\","
    "\"exit_reason\":\"stop\",\"pnl\":-4,\"pnl_pct\":0.1,\"entry_price\":50,\"exit_price\":54,"
    "\"time_in_trade_minutes\":60,\"entry_regime\":\"RISK_ON\",\"exit_regime\":\"RISK_ON\","
    "\"entry_sector_profile\":{},\"exit_sector_profile\":{},\"v2_exit_score\":\"high\","
    "\"v2_exit_components\":{" FULL_COMPONENTS "},"
    "\"entry_uw\":{\"v2_uw_inputs\":{\"flow_strength\":0.2},\"v2_uw_adjustments\":{\"flow_"
    "strength\":0.3}}}\n"
    "{\"symbol\":\"EEE\",\"timestamp\":\"2026-03-04T15:34:00Z\",\"entry_timestamp\":\"2026-03-"
    "04T14:34:00Z\","
    "\"exit_reason\":\"time\",\"pnl\":null,\"pnl_usd\":1,\"pnl_pct\":0,\"entry_price\":1,\"exit_"
    "price\":1,\"qty\":1,"
    "\"time_in_trade_minutes\":60,\"entry_regime\":\"\",\"exit_regime\":\"\",\"entry_sector_"
    "profile\":{},"
    "\"exit_sector_profile\":{},\"v2_exit_score\":null,\"v2_exit_components\":{\"vol_expansion\":"
    "null," FULL_COMPONENTS "},\"entry_uw\":{\"v2_uw_inputs\":{\"flow_strength\":0.2},\"v2_uw_"
    "adjustments\":{\"flow_strength\":-0.3}}}\n"
    "{\"symbol\":\"ZZZ\",\"timestamp\":\"2026-03-01T15:31:00Z\",\"entry_timestamp\":\"x\",\"pnl\":-"
    "3}\n";

static const char small_v1[] =
    "{\"ts\":\"2026-03-04T14:29:58Z\",\"type\":\"attribution\",\"trade_id\":\"open_AAA\","
    "\"symbol\":\"AAA\","
    "\"pnl_usd\":0,\"context\":{\"entry_ts\":\"2026-03-04T14:29:58Z\",\"score\":3.0,\"entry_"
    "price\":100.01,"
    "\"position_side\":\"long\",\"components\":{\"regime\":0.5,\"flow\":-0.5},\"market_regime\":"
    "\"bull\"}}\n"
    "{\"ts\":\"2026-03-04T15:30:10Z\",\"type\":\"attribution\",\"trade_id\":\"x1\",\"symbol\":"
    "\"aaa\","
    "\"pnl_usd\":5,\"context\":{}}\n"
    "{\"ts\":\"2026-03-04T15:31:10Z\",\"type\":\"attribution\",\"trade_id\":\"x2\",\"symbol\":"
    "\"BBB\","
    "\"pnl_usd\":-1,\"context\":{}}\n"
    "{\"ts\":\"2026-03-04T15:32:10Z\",\"type\":\"attribution\",\"trade_id\":\"x3\",\"symbol\":"
    "\"BBB\","
    "\"pnl_usd\":0,\"context\":{\"close_reason\":\"flat\"}}\n"
    "{\"ts\":\"2026-03-04T15:33:10Z\",\"type\":\"attribution\",\"trade_id\":\"x4\",\"symbol\":"
    "\"BBB\","
    "\"pnl_usd\":0,\"context\":{}}\n" /* neither P&L nor reason: dropped */
    "{\"ts\":\"2026-03-02T15:32:10Z\",\"type\":\"attribution\",\"trade_id\":\"x5\",\"symbol\":"
    "\"HHH\","
    "\"pnl_usd\":7,\"context\":{}}\n"
    "{\"ts\":\"2026-02-20T15:32:10Z\",\"type\":\"attribution\",\"trade_id\":\"x6\",\"symbol\":"
    "\"HHH\","
    "\"pnl_usd\":700,\"context\":{}}\n";

static const char small_universe[] =
    "{\"symbols\":[{\"symbol\":\"bbb\",\"score\":0.5},7,{\"symbol\":\"AAA\"},"
    "{\"symbol\":\"BBB\",\"score\":9}]}";

#endif

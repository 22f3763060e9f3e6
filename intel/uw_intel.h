/*
 * What is learnt of a symbol from Unusual Whales before the open and after the close: one record a
 * symbol, which the v2 score reads from a file all day long.
 */
#ifndef INTEL_UW_INTEL_H
#define INTEL_UW_INTEL_H

#include "intel/intel.h"

#define UW_INTEL_VERSION "2026-01-20_uw_v1"

enum {
    FLOW_ROWS_MAX = 25, /* alerts of the answer that count */
    UW_INTEL_DECIMALS = 6
};

/* A symbol's record; what the vendor cannot tell stays at neutral values. */
struct uw_intel {
    double flow_strength;  /* about 0..1, not clamped here                        */
    double dark_pool_bias; /* -1..1: share of volume away from lit venues         */
    const char *sentiment; /* "NEUTRAL" but for mock records                      */
    bool has_earnings;
    int64_t earnings_days; /* to the next earnings                                */
    double sector_alignment;
};

/* What the two answers about one symbol say. */
struct premarket_rows {
    bool has_flow;                    /* the flow answer has rows at all */
    double conviction[FLOW_ROWS_MAX]; /* of those rows that tell one     */
    size_t convictions;
    double off_lit_volume, lit_volume; /* of the newest dark-pool row; 0 where missing */
    bool is_volume_nonsense;           /* a volume that is there and is no number      */
};

/*
 * flow strength  mean conviction; 0.3 where there are alerts and none tells one; 0 without alerts
 * dark-pool bias (off - lit) / max(1, off + lit), within -1..1
 *
 * Nonsense in the volumes makes both 0.  Source: spec 30 2.1; the documented payloads carry none of
 * these fields, so a symbol with alerts gets 0.3 and a bias of 0.
 */
struct uw_intel premarket_intel_of(const struct premarket_rows *rows);
struct uw_intel premarket_intel_mock(void);

/* After the close nothing is asked about single symbols. */
struct uw_intel postmarket_intel_of(void);
struct uw_intel postmarket_intel_mock(void);

/* Rows of the answers: arrays, or NULL where a call failed or was blocked. */
struct premarket_rows premarket_rows_decode(const struct json *flow, const struct json *dark_pool);

/* ---- records and documents ----------------------------------------------------------------- */

/* What a postmarket record tells beside: whether the after-hours list had anything. */
enum afterhours { AFTERHOURS_NOT_ASKED, AFTERHOURS_ABSENT, AFTERHOURS_PRESENT };

/* The after-hours answer; mock runs do not ask. */
enum afterhours afterhours_of(const struct json *data, bool is_mock);

void premarket_record_write(struct json_out *o, const char *key, const struct uw_intel *r);
void postmarket_record_write(struct json_out *o, const char *key, const struct uw_intel *r,
                             enum afterhours a);

/* {} where it was not asked. */
void postmarket_market_write(struct json_out *o, const char *key, enum afterhours a);

/*
 * state/premarket_intel.json and postmarket_intel.json: what runs before and behind the records,
 * which the runner writes one by one inside, keyed by symbol.
 */
void uw_intel_begin(struct json_out *o, bool is_mock, int64_t now_ns);
void premarket_end(struct json_out *o);
void postmarket_end(struct json_out *o, enum afterhours a);

#endif

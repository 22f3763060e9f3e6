/*
 * The v2 composite as it goes on record, part by part and whole.
 */
#ifndef INTEL_COMPOSITE_V2_JSON_H
#define INTEL_COMPOSITE_V2_JSON_H

#include "intel/composite_v2.h"

/* All that the writers look at. */
struct composite_v2_view {
    const struct v2_world *world;
    const struct composite_v2_case *c;
    const struct composite_v2 *v;
};

/* "enriched" (spec 10 4.1) and the base score as a case; the symbol is upper-cased. */
struct composite_v2_case composite_v2_case_decode(const char *symbol, const struct json *enriched,
                                                  double base_score, struct arena *a);

/* v2_adjustments and v2_inputs; key may be another name. */
void composite_v2_adjustments_write(struct json_out *o, const char *key,
                                    const struct composite_v2_terms *t);
void composite_v2_inputs_write(struct json_out *o, const char *key,
                               const struct composite_v2_view *view);

/*
 * The UW snapshot as members of an open object: uw_intel_version, v2_uw_inputs, v2_uw_adjustments,
 * v2_uw_sector_profile, v2_uw_regime_profile.  Only for a composite with a record.
 */
void composite_v2_uw_write_members(struct json_out *o, const struct composite_v2_view *view);

/* The notes of the v1 composite and the sum of the terms: "clean; v2_adj=1.339". */
void composite_v2_notes(struct text *to, const char *base_notes, double total);

/* A shallow copy of the v1 composite with what v2 adds and replaces (spec 30 5.6). */
void composite_v2_write(struct json_out *o, const char *key, const struct json *base,
                        const struct composite_v2_view *view);

/*
 * The line of logs/uw_attribution.jsonl (spec 30 6.1); without a timestamp where now_ns is
 * WHEN_NONE.
 */
void composite_v2_attribution_write(struct json_out *o, const char *key,
                                    const struct composite_v2_view *view, int64_t now_ns);

#endif

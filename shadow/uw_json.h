/*
 * The UW snapshot of a position or a decision, from JSON.
 */
#ifndef SHADOW_UW_JSON_H
#define SHADOW_UW_JSON_H

#include "base/ops.h"
#include "shadow/shadow.h"

/* Of a composite v2: what it says of the UW data becomes the snapshot (spec 30 8.4). */
struct shadow_uw shadow_uw_decode(const struct json *composite, struct arena *a);

/* A snapshot that was put on record, as it is. */
struct shadow_uw shadow_uw_of_snapshot(const struct json *snapshot, struct arena *a);

/* "alignment", "darkpool", "earnings", "flow", "other", "sentiment", "volatility". */
const char *shadow_family_name(enum shadow_family f);

/*
 * The families that have an adjustment of more than 1e-9 either way; "total" is none of them.  A
 * feature is known by its name, trimmed, in any case; one that is not known is "other" (spec
 * 30 8.9).
 */
void shadow_families_decode(const struct json *adjustments,
                            bool ret_has_family[SHADOW_FAMILIES_LEN]);

/* A value as the text it is, living in the arena; NULL as dflt. */
const char *shadow_evidence(const struct json *v, const char *dflt, struct arena *a);

#endif

/*
 * What makes a document valid: the shape its readers rely on, checked by who writes it and by the
 * health check (spec 30 Annex A).
 */
#ifndef INTEL_SCHEMA_H
#define INTEL_SCHEMA_H

#include "base/json.h"

enum schema {
    SCHEMA_DAILY_UNIVERSE,
    SCHEMA_CORE_UNIVERSE,
    SCHEMA_DAILY_UNIVERSE_V2,
    SCHEMA_PREMARKET_INTEL,
    SCHEMA_POSTMARKET_INTEL,
    SCHEMA_UW_USAGE_STATE,
    SCHEMA_REGIME_STATE,
    SCHEMA_UW_INTEL_PNL_SUMMARY,
    SCHEMA_INTEL_HEALTH_STATE,
    SCHEMA_UW_DAEMON_HEALTH_STATE,
    SCHEMA_SHADOW_TRADE,
    SCHEMA_EXIT_ATTRIBUTION,
    SCHEMA_EXIT_INTEL_PNL_SUMMARY,
    SCHEMA_PREMARKET_EXIT_INTEL,
    SCHEMA_POSTMARKET_EXIT_INTEL
};
enum { SCHEMAS_LEN = SCHEMA_POSTMARKET_EXIT_INTEL + 1 };

/* "daily_universe", … as the files are called. */
const char *schema_name(enum schema s);
bool schema_from_name(const char *name, enum schema *ret_schema);

/* RC_PARSE names the first member that is not as it must be; doc may be NULL. */
enum rc schema_check(enum schema s, const struct json *doc, struct err *err) MUST_USE;

#endif

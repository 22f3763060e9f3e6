/*
 * Whether a computed document of the telemetry bundle has what its readers rely on (spec 40 10):
 * the required keys, of the right kind, and not empty where the day had entries.  Further keys are
 * allowed.
 */
#ifndef SCRIPTS_ARTIFACT_CHECK_H
#define SCRIPTS_ARTIFACT_CHECK_H

#include "base/json.h"

enum { ARTIFACTS_LEN = 14 };

/* File names without suffix, in the order of spec 40 3. */
extern const char *const ARTIFACT_NAMES[ARTIFACTS_LEN];

/*
 * RC_PARSE names the first thing that is wrong.
 *
 * may_be_empty  a day without entries: lists that must not be empty may be
 */
enum rc artifact_check(size_t artifact, const struct json *doc, bool may_be_empty,
                       struct err *err) MUST_USE;

#endif

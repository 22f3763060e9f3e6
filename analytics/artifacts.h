/*
 * The computed documents of spec 40 3, one function each, appended to a document at any depth: key
 * NULL for a file of its own, a name inside the manifest.
 *
 * Same day, same bytes.  They fail only as their sink does, which doc_close() tells.
 */
#ifndef ANALYTICS_ARTIFACTS_H
#define ANALYTICS_ARTIFACTS_H

#include "analytics/analytics.h"
#include "analytics/doc.h"

void artifact_feature_equalizer(const struct day_view *day, struct doc *out, const char *key);
void artifact_long_short(const struct day_view *day, struct doc *out, const char *key);
void artifact_exit_completeness(const struct day_view *day, struct doc *out, const char *key);
void artifact_value_curves(const struct day_view *day, struct doc *out, const char *key);
void artifact_regime_matrix(const struct day_view *day, struct doc *out, const char *key);
void artifact_parity(const struct day_view *day, struct doc *out, const char *key);
void artifact_parity_details(const struct day_view *day, struct doc *out, const char *key);
void artifact_score_distribution(const struct day_view *day, struct doc *out, const char *key);
void artifact_regime_timeline(const struct day_view *day, struct doc *out, const char *key);
void artifact_feature_families(const struct day_view *day, struct doc *out, const char *key);
void artifact_replacement(const struct day_view *day, struct doc *out, const char *key);
void artifact_live_vs_shadow(const struct day_view *day, struct doc *out, const char *key);
void artifact_signal_performance(const struct day_view *day, struct doc *out, const char *key);
void artifact_signal_weights(const struct day_view *day, struct doc *out, const char *key);

/* _meta {date, kind, version}. */
void artifact_meta(const struct day_view *day, struct doc *out, const char *kind,
                   const char *version);

#endif

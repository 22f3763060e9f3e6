/*
 * intel: what v2 knows beside the flow of a symbol, and the score it makes of it.
 *
 * Pure: values in, values out, nothing can fail.  Whoever calls has read the state files, asked the
 * vendor or the broker and looked at the clock.  v2 is a shadow: nothing here reaches an order, and
 * v1 reads nothing of it.  The formulas, with their weights and their meaning, are in the headers;
 * numbers and rounding follow spec 30 section 0.
 *
 *   intel.h             directions, texts of documents
 *   sector.c/h          the sector of a symbol and how its inputs are weighted (4.6)
 *   symbol_risk.c/h     realised volatility and beta from daily bars (3)
 *   market_context.c/h  trend and fear of the market (4.1)
 *   posture.c/h         what the service leans to, from structural regime and market context (4.3)
 *   regime.c/h          the regime label, and how it fits a direction (4.4, 4.5)
 *   universe.c/h        which symbols are worth an intel call (1)
 *   uw_intel.c/h        what is learnt of a symbol before the open and after the close (2)
 *   composite_v2.c/h    the v2 score of a symbol (5), composite_params.c its weights
 *   world.c/h           the state files as the score needs them, read once a cycle (5.5)
 *   intel_pnl.c/h       did the intelligence earn anything? (6.2)
 *   tuning.c/h          what that suggests for the weights (6.3)
 *   schema.c/h          what makes a document of a runner valid (Annex A)
 *   *_json.c/h          each of these from and to JSON
 */
#ifndef INTEL_INTEL_H
#define INTEL_INTEL_H

#include "base/ops.h"
#include "base/when.h"

enum intel_direction { INTEL_NEUTRAL, INTEL_BULLISH, INTEL_BEARISH };

/* "neutral", "bullish", "bearish" */
const char *intel_direction_name(enum intel_direction d);

/* "bullish" and "bearish" in any case; anything else is neutral. */
enum intel_direction intel_direction_from(const char *word);

/* ---- texts of documents; they live as long as the document and the arena ------------------- */

/* str(v, dflt) of base/ops.h with room in the arena. */
const char *intel_str(struct arena *a, const struct json *v, const char *dflt);

/* The same in upper and in lower case (ASCII). */
const char *intel_upper(struct arena *a, const struct json *v, const char *dflt);
const char *intel_lower(struct arena *a, const struct json *v, const char *dflt);

/* _meta.ts of a document (spec 30 0.3.1: without a zero fraction); nothing where at_ns is
 * WHEN_NONE, as in `stockbot calc`. */
void intel_ts_write(struct json_out *o, int64_t at_ns);

#endif

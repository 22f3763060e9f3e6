/*
 * The "enriched" object (spec 10 4.1, 4.3) from and to bytes: `stockbot calc`, replays and checks
 * by hand.
 */
#ifndef STRATEGY_ENRICHED_JSON_H
#define STRATEGY_ENRICHED_JSON_H

#include "strategy/enrich.h"

/*
 * Reads every key, and every alternative key, that the score knows.  Never fails.
 *
 * The alerts are allocated: enriched_done gives them back.
 */
void enriched_decode(const struct json *obj, struct enriched *ret_enriched);
void enriched_done(struct enriched *e); /* only for what enriched_decode gave */

/* A copy of the cache object with the changes of spec 10 4.1; e is what enrich() made of it. */
void enriched_write(struct json_out *o, const char *key, const struct json *cache_obj,
                    const struct enriched *e);

/* The symbol's row of state/symbol_risk_features.json; zeros for NULL. */
struct risk_features risk_features_decode(const struct json *row);

#endif

/*
 * What we know of each open position and the broker does not: when and why it was entered, its
 * water marks (spec 10 R8.9; state/position_metadata.json).
 *
 * The broker is the truth for existence, quantity, side and average price.  Keys of the file that
 * we do not know are kept as they are (R8.10).
 */
#ifndef ENGINE_METADATA_H
#define ENGINE_METADATA_H

#include "base/json.h"
#include "strategy/exits.h"
#include "strategy/snapshot.h"

struct position_meta {
    char symbol[SYMBOL_MAX];
    struct position_record record;
    int64_t qty; /* absolute */
    enum order_side side;
    int64_t initial_qty;
    double regime_modifier;
    char ignition[32];
    char correlation_id[24];
    char client_order_id[CLIENT_ID_MAX];
    char entry_order_id[BROKER_ID_MAX];
    char recovered_from[32];
    char *components; /* JSON object text, owned; NULL = {} */
    char *others;     /* unknown members as JSON object text, owned; NULL for none */
    int64_t updated_ns;
};

struct metadata {
    struct position_meta position[POSITIONS_MAX]; /* ascending by symbol */
    size_t len;
};

void metadata_done(struct metadata *md);
struct position_meta *metadata_find(struct metadata *md, const char *symbol);
/* The record of the symbol, a fresh one with defaults when there is none; NULL when full. */
struct position_meta *metadata_put(struct metadata *md, const char *symbol);
void metadata_remove(struct metadata *md, const char *symbol);

void metadata_decode(struct metadata *md, const struct json *doc);
void metadata_encode(const struct metadata *md, struct text *to);
void metadata_encode_one(struct json_out *o, const char *key, const struct position_meta *p);

#endif

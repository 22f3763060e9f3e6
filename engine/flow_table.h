/*
 * The flow cache in memory: one entry a symbol, decoded once and again only when its bytes changed.
 *
 * data/uw_flow_cache.json may be tens of megabytes.  It is read through a window (flow_file.h); a
 * hash tells whether the bytes of a symbol are those of last time, and only changed ones are looked
 * through and parsed.  A file whose inode, size and time are those of the last read is not read at
 * all.
 */
#ifndef ENGINE_FLOW_TABLE_H
#define ENGINE_FLOW_TABLE_H

#include "base/arena.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/store.h"
#include "engine/flow_file.h"
#include "strategy/boosts.h"
#include "strategy/last_scores.h"
#include "strategy/symbol_flow.h"

#define FLOW_CACHE_PATH      "data/uw_flow_cache.json"
#define FLOW_CACHE_BYTES_MAX ((size_t)256 << 20)

struct flow_entry {
    struct symbol_flow flow;
    uint64_t hash;       /* of its bytes in the file */
    size_t bytes;        /* … and how many they are */
    uint64_t generation; /* of the last read that had it */
    /* What the engine remembers of the symbol beside the cache (memory only, spec 10 R2.2). */
    struct persistence persistence;
    struct last_score last_score;
    char last_gate[48];
};

enum flow_cache_state {
    FLOW_CACHE_OK,
    FLOW_CACHE_UNCHANGED,
    FLOW_CACHE_MISSING,
    FLOW_CACHE_CORRUPT,   /* healed to {} by the store */
    FLOW_CACHE_UNREADABLE /* it was replaced each time while it was read; next cycle again */
};

struct flow_table {
    struct flow_entry **entry; /* ascending by symbol; those of the last read have its generation */
    size_t len, cap;
    struct arena entries; /* the entries themselves, until the table is done */
    uint64_t generation;
    struct fs_stat stat;            /* of the last read */
    struct flow_file file;          /* its window is kept */
    struct arena scratch;           /* of the symbol that is decoded */
    size_t total_keys;              /* metadata included */
    size_t symbols;                 /* in the last read */
    size_t decoded;                 /* by the last read: new or changed */
    size_t not_objects;             /* symbols whose value was skipped */
    const struct flow_entry *known; /* the bytes at hand are those it was decoded from */
    double net_premium; /* sum of dark_pool.total_premium over the symbols (spec 10 R5.5) */
    enum flow_cache_state state;
};

void flow_table_done(struct flow_table *t);

/* Brings the table up to the file.  Logs what spec 10 R2.6 asks for about missing and bad files. */
enum flow_cache_state flow_table_refresh(struct flow_table *t, const struct fs *fs,
                                         const struct store *store, const struct log *log);

/* False after a read that failed: that a symbol is not in the table then means nothing. */
bool flow_table_is_readable(const struct flow_table *t);

/*
 * Seeds the persistence of a symbol from before the start: `count` sightings, the last one at the
 * instant and the others a minute apart before it. They count only while they are inside the
 * window.
 */
void flow_table_remember(struct flow_table *t, const char *symbol, int64_t at_ns, int64_t count);

/* The entry of the last read, NULL where the cache does not have the symbol. */
struct flow_entry *flow_table_find(const struct flow_table *t, const char *symbol);
bool flow_entry_is_current(const struct flow_table *t, const struct flow_entry *e);

#endif

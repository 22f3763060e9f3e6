/*
 * What the engine remembers from cycle to cycle in small state files (spec 10 8.7).
 *
 * memory_sync brings in what others changed or damaged since the last look: a file that is not the
 * one we last read or wrote is loaded again, which heals it; files of the operator (freezes, stage,
 * thresholds) are read anew, for the others a sound foreign file wins and after a damaged one our
 * own memory is written back.  memory_flush writes what changed.
 *
 * Two files may be edited by people while the engine runs, under a lock (spec 10 8.7):
 *   flock state/governor_freezes.json.lock $EDITOR state/governor_freezes.json
 * While somebody else holds the lock, such a file is neither written nor, once it has changed,
 * read: position records stay what they are in memory, and freezes that cannot be read stop
 * entries.  What changed since we looked is never written over.
 *
 *   memory.c        the table of files, sync and flush
 *   memory_codec.c  one decoder and one encoder a file
 *   metadata.c      position_metadata.json
 */
#ifndef ENGINE_MEMORY_H
#define ENGINE_MEMORY_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/store.h"
#include "engine/metadata.h"
#include "strategy/boosts.h"
#include "strategy/control.h"
#include "strategy/gates.h"
#include "strategy/regime.h"
#include "strategy/risk.h"

enum memory_file {
    MEMORY_TRADING_STATE,
    MEMORY_PEAK_EQUITY,
    MEMORY_DAILY_EQUITY,
    MEMORY_FREEZES,
    MEMORY_STAGE,
    MEMORY_SCORE_FLOOR,
    MEMORY_DISPLACEMENTS,
    MEMORY_THRESHOLDS,
    MEMORY_SECTOR_TIDE,
    MEMORY_REGIME,
    MEMORY_FAIL_COUNTER,
    MEMORY_METADATA,
    MEMORY_CONTROL,
    MEMORY_FILES_LEN
};

enum { SYMBOL_TIMES_MAX = 1024 };

/* Instants that gates ask for, by symbol; WHEN_NONE for none. */
struct symbol_times {
    char symbol[SYMBOL_MAX];
    int64_t cooldown_until_ns;
    int64_t last_fill_ns;
    int64_t displaced_ns;
    int64_t closes_refused; /* in a row, in this process */
};

struct memory {
    struct symbol_times times[SYMBOL_TIMES_MAX];
    size_t times_len;
    usd realised_pnl; /* since the file was begun */
    struct risk_marks marks;
    struct arena freezes_arena;
    struct freezes freezes;
    enum trading_stage stage;
    int exploration_used;
    struct date exploration_date; /* New York */
    struct score_floor floor;
    struct json *thresholds; /* operator's document, NULL before the first sync */
    struct sector_tide tide;
    struct structural_state regime;
    int64_t fail_count;
    struct metadata metadata;
    struct control control;

    const struct zone *ny;
    const struct locks *locks;             /* NULL: nobody else edits anything */
    bool is_held_said[MEMORY_FILES_LEN];   /* that somebody else holds its lock */
    struct fs_stat seen[MEMORY_FILES_LEN]; /* after our last load or save */
    uint64_t saved_hash[MEMORY_FILES_LEN];
    bool was_loaded[MEMORY_FILES_LEN];
};

void memory_init(struct memory *m, const struct zone *ny);
void memory_done(struct memory *m);

/* Reads what changed under us.  now_ns dates the windows of the sector tide and the quarantine of a
 * lost freeze. */
void memory_sync(struct memory *m, const struct fs *fs, const struct store *store,
                 const struct log *log, int64_t now_ns);

/* Writes every file whose content changed since it was last written.  Failures are logged and tried
 * again. */
void memory_flush(struct memory *m, const struct fs *fs, const struct store *store,
                  const struct log *log, int64_t now_ns);

/* The same for one of them: what must not be lost before the end of the cycle. */
void memory_flush_one(struct memory *m, enum memory_file f, const struct fs *fs,
                      const struct store *store, const struct log *log, int64_t now_ns);

/* The times of a symbol, made when there are none; the one used longest ago gives way when full. */
struct symbol_times *memory_times(struct memory *m, const char *symbol);
/* NULL where nothing is remembered. */
const struct symbol_times *memory_times_find(const struct memory *m, const char *symbol);

/* ---- codecs, one pair a file; decode replaces that part of the memory ---------------------- */

struct memory_codec {
    const char *path;
    const char *default_json;
    const char *lock_path; /* NULL: ours alone */
    bool is_operators;     /* read anew whenever it changed, never written but by a rule of ours */
    bool has_prev;
    void (*decode)(struct memory *m, const struct json *doc, int64_t now_ns);
    void (*encode)(const struct memory *m, int64_t now_ns, struct text *to); /* NULL: never */
};

extern const struct memory_codec MEMORY_CODECS[MEMORY_FILES_LEN];

/* Makes the next flush write the file again, although nothing of ours changed: freezes that ran out
 * go. */
void memory_rewrite(struct memory *m, enum memory_file f);

/* A freeze that the engine sets (spec 10 R5.7). */
struct freeze_order {
    const char *key, *reason;
    bool is_day_scoped;
    double number, threshold; /* what was breached; NAN where nothing was measured */
};

/* Adds it, and says so, unless it stands already; the file is written by the next flush.  Freezes
 * that could not be read are left alone: they stop entries anyway. */
void memory_freeze(struct memory *m, const struct freeze_order *order, const struct log *log,
                   int64_t now_ns);

#endif

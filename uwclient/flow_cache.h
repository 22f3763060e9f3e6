/*
 * data/uw_flow_cache.json, the one flow cache (contract 4.1, 4.2): the model and its file.
 *
 * The daemon is the only regular writer.  Whoever writes holds state/uw_flow_cache.flock around
 * reading, merging and writing, so a reader that heals a corrupt file and the daemon do not undo
 * each other.
 */
#ifndef UWCLIENT_FLOW_CACHE_H
#define UWCLIENT_FLOW_CACHE_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/store.h"
#include "uwclient/flow_model.h"

#define FLOW_CACHE_PATH      "data/uw_flow_cache.json"
#define FLOW_CACHE_LOCK_PATH "state/uw_flow_cache.flock"

enum { FLOW_CACHE_SCHEMA = 2 };

/* What stands in _metadata beside what the cache itself knows. */
struct flow_status {
    int64_t cycle;
    const char *session; /* "open", ... */
    const char *status;  /* "ok", "limited_day", ... */
    bool is_mock;
    int64_t last_success_s, last_flow_success_s; /* 0 = never */
    int64_t pid;
};

struct flow_cache {
    const struct clock *clock;
    const struct fs *fs;
    const struct store *store;
    const struct locks *locks;
    const struct log *log;
    struct flow_model model;
    struct fs_stat written; /* the file as we last wrote or read it */
    int64_t write_failed_at_ns;
    int64_t last_success_s, last_flow_success_s; /* of the file, for a new process */
    bool is_live_file;                           /* a live daemon wrote what was loaded */
    struct text bytes;                           /* of the last rendering, kept for its room */
};

/* Reads the file, healing it; is_live leaves out what a mock daemon wrote. */
void flow_cache_load(struct flow_cache *c, bool is_live);
void flow_cache_done(struct flow_cache *c);

/*
 * Writes the model, with what others have put into the file.  RC_BUSY if the lock was not free
 * within wait_ms, anything else but RC_OK if the file could not be written: the model stays dirty.
 */
enum rc flow_cache_flush(struct flow_cache *c, const struct flow_status *status, int64_t wait_ms,
                         struct err *err) MUST_USE;

#endif

/*
 * Which symbols a caller may ask about (contract 4.5, spec 20 2.4).
 *
 *   intel        the daily and the core universe
 *   flow_daemon  these and the configured symbols
 *
 * A universe file written by a mock run does not widen the scope of a live process.
 */
#ifndef UWCLIENT_SCOPE_H
#define UWCLIENT_SCOPE_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/store.h"
#include "config/config.h"
#include "model/symbol.h"

enum uw_scope { UW_SCOPE_INTEL, UW_SCOPE_FLOW_DAEMON };

struct universe_file {
    const char *path;
    const char *state; /* "ok", "missing", "healed", "mock" */
    int64_t mtime_ns;
    uint64_t inode;
    char (*symbols)[SYMBOL_MAX];
    size_t len;
};

struct scope {
    const struct clock *clock;
    const struct fs *fs;
    const struct store *store;
    const struct log *log;
    const struct name_list *tickers;
    bool is_mock;
    struct universe_file file[2]; /* daily, core */
    int64_t looked_mono_ns;       /* 0 = never */
    int64_t warned_at_ns;         /* WHEN_NONE = never */
};

void scope_init(struct scope *s, const struct clock *clock, const struct fs *fs,
                const struct store *store, const struct log *log, const struct name_list *tickers,
                bool is_mock);
void scope_done(struct scope *s);

/* Reads the files again when they have changed, at most once in 60 s. */
bool scope_allows(struct scope *s, enum uw_scope scope, const char *symbol);

bool scope_in_universe(struct scope *s, const char *symbol);

const char *uw_scope_name(enum uw_scope s); /* "intel", "flow_daemon" */

#endif

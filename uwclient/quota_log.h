/*
 * data/uw_api_quota.jsonl: one line for each attempt (spec 20 2.8).
 *
 * It is the budget's memory of last resort: the usage state is counted again from it after a loss.
 */
#ifndef UWCLIENT_QUOTA_LOG_H
#define UWCLIENT_QUOTA_LOG_H

#include "uwclient/usage.h"

#define QUOTA_PATH "data/uw_api_quota.jsonl"

enum {
    QUOTA_ROTATE_BYTES = 64 << 20,
    QUOTA_GENERATIONS = 3,
    QUOTA_ROTATE_CHECK = 256 /* appends between two looks at the size */
};

struct quota_line {
    int64_t at_ns;
    int64_t mono_ns; /* tells requests of the last minute apart when the wall clock was stepped */
    const char *url; /* without query and credentials */
    const char *params_json; /* object */
    const char *endpoint_name;
    const char *caller;
    int attempt; /* from 1 */
};

/* Appends; a failure is not the caller's business (QL-1). */
void quota_append(const struct store *store, const struct quota_line *line);

/* Renames a log past 64 MiB to .1, .1 to .2, .2 to .3. */
void quota_rotate(const struct fs *fs);

/*
 * Counts the attempts of the state's UTC date into a fresh state, and those of the last minute into
 * its window.  Returns how many lines of the date there were.
 */
int64_t quota_count(const struct fs *fs, const struct window_now *now, struct usage_state *into);

#endif

/*
 * Answers kept on disk: state/uw_cache/<key>.json (spec 20 2.5).
 *
 * The key is the SHA-256 of path, parameters and the policy's prefix, so one question has one file
 * whoever asks.  A record is believed only if it is young enough for the policy of today, not from
 * the future, and repeats the question it was stored under.  Losing a record costs one call, so
 * nothing here fails.
 */
#ifndef UWCLIENT_CACHE_H
#define UWCLIENT_CACHE_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "uwclient/params.h"

#define CACHE_DIR "state/uw_cache"

enum { CACHE_FILES_MAX = 5000, CACHE_QUARANTINE_DAYS = 7 };
#define CACHE_BYTES_MAX (INT64_C(512) << 20)

struct cache {
    const struct fs *fs;
    const struct clock *clock;
    const struct log *log;
    int64_t swept_at_ns; /* WHEN_NONE = not yet */
};

struct cache_question {
    const char *path;
    const struct uw_params *params; /* sorted */
    const char *prefix;             /* of the policy; "" usually */
    const char *name;               /* of the policy */
    int64_t ttl_s;                  /* > 0 */
};

void cache_key(const char *path, const struct uw_params *sorted, const char *prefix,
               char ret_key[SHA256_HEX_MAX]);

/* Gives the stored answer (json_free), NULL for a miss.  A bad record is set aside with two events.
 */
struct json *cache_get(struct cache *c, const struct cache_question *q);

void cache_put(struct cache *c, const struct cache_question *q, const struct json *answer);

/*
 * At most once an hour: deletes records a day past their end and quarantined files older than a
 * week; then the oldest ones until no more than 5000 files and 512 MiB remain.
 */
void cache_evict(struct cache *c);

#endif

/*
 * Looking at a root without touching it: state files and logs, for commands that only read.
 *
 * What is missing or damaged is absent here; healing is the business of the programs that own the
 * files.
 */
#ifndef SCRIPTS_VIEW_H
#define SCRIPTS_VIEW_H

#include "base/fs.h"
#include "base/json.h"
#include "base/when.h"
#include "model/calendar.h"

/* The document, to be freed with json_free; NULL where there is no sound one. */
struct json *view_load(const struct fs *fs, const char *path);

/*
 * Calls each(ctx, record) for the records of a JSONL file from the newest to the oldest, within the
 * last max_bytes of it, until it returns false.
 */
void view_tail(const struct fs *fs, const char *path, size_t max_bytes,
               bool (*each)(void *ctx, const struct json *record), void *ctx);

/*
 * A log that is followed: each look brings what was appended since the last one, whole records
 * only. Start with {.path = …}.  A log that was rotated is begun anew.
 */
struct view_follow {
    const char *path;
    const char *skip; /* lines that contain this text are passed over unread; NULL for none */
    int64_t offset;
    uint64_t inode;
};

void view_follow(struct view_follow *f, const struct fs *fs,
                 void (*each)(void *ctx, const struct json *record), void *ctx);

/* "12 s", "3 min", "5 h", "2 d"; "-" for a negative or unknown age. */
const char *view_age(double seconds, char buf[32]);

/* "12,345.67", "-0.50": cents, thousands apart; show_plus puts a + before what is not negative. */
enum { VIEW_USD_MAX = 40 };
const char *view_usd(usd amount, bool show_plus, char buf[VIEW_USD_MAX]);

/* New York time of day, "09:46:12"; "--:--:--" for WHEN_NONE. */
const char *view_ny_time(const struct zone *ny, int64_t at_ns, char buf[ISO_TEXT_MAX]);

/* Whether a process with that number lives; one that has ended and waits to be collected does not.
 */
bool view_is_alive(int64_t pid);

/* The number after "pid=" in a lock file under the root if that process lives, otherwise 0. */
int64_t view_lock_pid(const struct fs *fs, const char *path);

#endif

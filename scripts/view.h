/*
 * Looking at a root without touching it: state files and the ends of logs, for commands that only read.
 *
 * What is missing or damaged is absent here; healing is the business of the programs that own the files.
 */
#ifndef SCRIPTS_VIEW_H
#define SCRIPTS_VIEW_H

#include "base/fs.h"
#include "base/json.h"
#include "base/when.h"

/* The document, to be freed with json_free; NULL where there is no sound one. */
struct json *view_load(const struct fs *fs, const char *path);

/*
 * Calls each(ctx, record) for the records of a JSONL file from the newest to the oldest, within the last
 * max_bytes of it, until it returns false.
 */
void view_tail(const struct fs *fs, const char *path, size_t max_bytes, bool (*each)(void *ctx, const struct json *record),
               void *ctx);

/* "12 s", "3 min", "5 h", "2 d"; "-" for a negative or unknown age. */
const char *view_age(double seconds, char buf[32]);

/* Whether a process with that number exists. */
bool view_is_alive(int64_t pid);

#endif

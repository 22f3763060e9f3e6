/*
 * log_files: of which files a log consists, and where its last lines are.
 *
 * Our own retention leaves generations as logs/archive/<name>.<stamp>.jsonl (state/retention.h);
 * tools of the system leave logs/<name>.jsonl.<n> and logs/<name>.jsonl-<date>.  Each may have been
 * compressed since, with .gz behind its name.
 *
 *   log_files.c    the generations
 *   bundle_tail.c  the last lines
 */
#ifndef TELEMETRY_LOG_FILES_H
#define TELEMETRY_LOG_FILES_H

#include "base/arena.h"
#include "base/fs.h"
#include "base/source.h"

/* Calls each(ctx, path) for the generations of logs/<stem>.jsonl that may hold what was written
 * since the instant, oldest first, not for the log itself.  The arena keeps the paths. */
void log_generations(const struct fs *fs, const char *stem, int64_t since_ns, struct arena *a,
                     void (*each)(void *ctx, const char *path), void *ctx);

/* Where the last lines begin; lines end as 40 0.2.1 says. */
enum rc tail_start(const struct source *src, int64_t lines, int64_t *ret_offset,
                   struct err *err) MUST_USE;
/* Gives what stands from the offset on: every line ended by LF, bytes that are no UTF-8 replaced.
 */
enum rc tail_read(const struct source *src, int64_t offset,
                  enum rc (*put)(void *ctx, const char *bytes, size_t len, struct err *err),
                  void *ctx, struct err *err) MUST_USE;

#endif

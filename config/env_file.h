/*
 * env_file: reads KEY=VALUE files, as shells, systemd and container tools write them.
 *
 *   # a comment                     export KEY=value         KEY="a \"quoted\" text\n"
 *   KEY=value # a comment           KEY='taken as it is'     KEY=
 *
 * A value without quotes ends at " #" or the line's end and is trimmed.  Nothing is expanded.  A
 * quote must be closed on its line.  CRLF and a byte-order mark are accepted.  Of a repeated key
 * the last line counts.
 */
#ifndef CONFIG_ENV_FILE_H
#define CONFIG_ENV_FILE_H

#include "base/arena.h"

enum { ENV_FILE_VARS_MAX = 1000 };

struct env_var {
    const char *name, *value;
    int line;
};

struct env_bad_line {
    int line;
    const char *why; /* never quotes the line: a secret may stand in it */
};

struct env_file {
    struct env_var *var; /* in the order of the file, each name once */
    size_t len;
    struct env_bad_line *bad;
    size_t bad_len;
};

/* Everything lives in the arena.  Bad lines and those beyond the limit are left out and listed. */
struct env_file env_file_parse(const char *bytes, size_t len, struct arena *a);

/* The value, NULL where the file does not name it. */
const struct env_var *env_file_find(const struct env_file *f, const char *name);

#endif

/*
 * tmpdir: a folder of a test's own, gone with everything in it when the test is over.
 *
 *   CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
 */
#ifndef TESTS_LIB_TMPDIR_H
#define TESTS_LIB_TMPDIR_H

#include "base/text.h"

struct tmpdir {
    char path[256];
};

struct tmpdir tmpdir_new(void);
void tmpdir_done(struct tmpdir *dir);

/* <dir>/<name>; good until 16 more were asked for. */
const char *tmpdir_path(const struct tmpdir *dir, const char *name);

void tmpdir_write(const struct tmpdir *dir, const char *name, const char *text);
void tmpdir_write_bytes(const struct tmpdir *dir, const char *name, const char *bytes, size_t len);

/* The file's bytes, to be freed with text_free; fails the test where there is none. */
struct text tmpdir_read(const struct tmpdir *dir, const char *name);

/* How many names the folder under the directory holds ("" for itself). */
size_t tmpdir_count(const struct tmpdir *dir, const char *folder);

#endif

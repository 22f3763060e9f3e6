/*
 * mem_fs: a disk in memory, for tests and for the simulation of whole days.
 *
 * It answers as io/fs.c does, word for word where the words are the system's; a test holds the two
 * against each other.  There are no links, pipes or permissions, and ".." is not understood.
 */
#ifndef SIM_MEM_FS_H
#define SIM_MEM_FS_H

#include "base/clock.h"
#include "base/fs.h"

struct mem_fs;

/* Gives an empty disk for mem_fs_free.  The clock dates the files; NULL counts changes instead. */
struct mem_fs *mem_fs_new(const struct clock *clock);
void mem_fs_free(struct mem_fs *m);

/* The seam. */
struct fs mem_fs_seam(struct mem_fs *m);

/* A file's bytes as they stand, NULL where there is none; good until the next change. */
const struct text *mem_fs_peek(const struct mem_fs *m, const char *path);

/* Adds the contents of every file, path after path, to a text: two disks are equal if these are. */
void mem_fs_dump(const struct mem_fs *m, struct text *to);

#endif

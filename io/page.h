/*
 * page: a file of fixed size as memory that outlives the process, and files read as one moment.
 *
 * What is stored in a mapped page is in the file when the process is killed, without a system call;
 * it is not safe against a power cut.  The blocks of the file are reserved when it is mapped, so
 * that a full disk is an error here and not a SIGBUS later.  Readers never map: a file that
 * somebody else cuts short would kill them.
 */
#ifndef IO_PAGE_H
#define IO_PAGE_H

#include "base/fs.h"

struct page {
    void *data;
    size_t size;
};

/* Opens or makes the file with exactly that size (bytes beyond are cut off) and maps it shared. */
enum rc page_map(const char *path, size_t size, struct page *ret_page, struct err *err) MUST_USE;
void page_unmap(struct page *p); /* as after = {0} */

/* A copy of the first size bytes; RC_NOT_FOUND without a file, RC_PARSE for one that is shorter. */
enum rc page_read(const char *path, void *buf, size_t size, struct err *err) MUST_USE;

/*
 * The whole file, at most max bytes, with the stat of exactly what was read.
 *
 * buf       cleared and filled; its room is kept, so that a loop which reads a large file again and
 *           again allocates once; its contents are undefined after a failure
 * ret_stat  of the open file: compare it with the last one to see whether to read at all
 *
 * Files that are replaced by rename are always whole; one that changed meanwhile is RC_BUSY.
 */
enum rc file_load(const char *path, size_t max, struct text *buf, struct fs_stat *ret_stat,
                  struct err *err) MUST_USE;

#endif

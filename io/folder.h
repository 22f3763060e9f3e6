/*
 * folder: whole folders on the POSIX disk of io/fs.h, behind the seam of base/folder.h.
 */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include "base/folder.h"
#include "io/fs.h"

/* fs must stay where it is while the seam is used. */
struct folders folders_seam(struct posix_fs *fs);

#endif

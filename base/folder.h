/*
 * The seam of whole folders: what base/fs.h does for one file, a folder that is made aside and then
 * takes its place at once.  Implementation: io/folder.c.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include "base/err.h"

struct folders {
    void *self;
    /*
     * Puts everything below the new folder onto the disk, then lets it and the one in its place
     * change names in one step; where nothing is in the place, takes the name.
     *
     * RC_DENIED where the file system cannot do it in one step: nothing has changed then.
     */
    enum rc (*exchange)(void *self, const char *fresh, const char *place, struct err *err);
    /* An empty folder; RC_NOT_FOUND where there is none. */
    enum rc (*remove)(void *self, const char *path, struct err *err);
};

#endif

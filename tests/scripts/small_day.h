/*
 * small_day: a root with the small day of tests/scripts/small_day/, whose reports were checked by
 * hand and stand beside it.
 */
#ifndef TESTS_SCRIPTS_SMALL_DAY_H
#define TESTS_SCRIPTS_SMALL_DAY_H

#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <sys/stat.h>

#define SMALL_DAY       "2026-03-04"
#define SMALL_DAY_AS_OF "2026-03-04T21:00:00Z"
#define SMALL_DAY_FILES "tests/scripts/small_day"

/* Writes a file and makes the folders on its way. */
UNUSED static void
place(const struct tmpdir *dir, const char *name, const char *bytes, size_t len)
{
    char folder[512];

    (void)str_copy(folder, sizeof(folder), name);
    for (char *at = strchr(folder, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(tmpdir_path(dir, folder), 0700); /* mostly there */
        *at = '/';
    }
    tmpdir_write_bytes(dir, name, bytes, len);
}

UNUSED static void
place_text(const struct tmpdir *dir, const char *name, const char *text)
{
    place(dir, name, text, strlen(text));
}

/* Copies the files of one folder into <dir>/<name>. */
UNUSED static void
copy_folder(const struct tmpdir *dir, const char *from, const char *name)
{
    char path[512];
    DIR *d = opendir(from);

    if (d == NULL) {
        fail_msg("%s: no such folder", from);
        return;
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        CLEANUP(text_free) struct text bytes = {0};

        if (e->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof(path), "%s/%s", from, e->d_name);
        check_read_file(path, &bytes);
        (void)snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
        place(dir, path, text_str(&bytes), bytes.len);
    }
    (void)closedir(d);
}

UNUSED static void
copy_day(const struct tmpdir *dir, const char *from)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/logs", from);
    copy_folder(dir, path, "logs");
    (void)snprintf(path, sizeof(path), "%s/state", from);
    copy_folder(dir, path, "state");
}

/* The file under the root, empty where there is none. */
UNUSED static struct text
peek(const struct tmpdir *dir, const char *name)
{
    struct text bytes = {0};

    check_read_file(tmpdir_path(dir, name), &bytes);
    return bytes;
}

#endif

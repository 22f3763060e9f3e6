#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct tmpdir
tmpdir_new(void)
{
    struct tmpdir dir;
    const char *base = getenv("TMPDIR");
    (void)snprintf(dir.path, sizeof dir.path, "%s/stockbot-test.XXXXXX",
                   base != NULL ? base : "/tmp");
    ASSERT(mkdtemp(dir.path) != NULL);
    return dir;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    (void)remove(path); /* what stays is found by the person who looks into the temporary folder */
    return 0;
}

void
tmpdir_done(struct tmpdir *dir)
{
    (void)nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
tmpdir_path(const struct tmpdir *dir, const char *name)
{
    static char ring[16][512];
    static size_t next;
    char *path = ring[next++ % COUNT_OF(ring)];
    (void)snprintf(path, sizeof ring[0], "%s/%s", dir->path, name);
    return path;
}

void
tmpdir_write_bytes(const struct tmpdir *dir, const char *name, const char *bytes, size_t len)
{
    FILE *f = fopen(tmpdir_path(dir, name), "we");
    ASSERT(f != NULL);
    ASSERT(fwrite(bytes, 1, len, f) == len);
    ASSERT(fclose(f) == 0);
}

void
tmpdir_write(const struct tmpdir *dir, const char *name, const char *text)
{
    tmpdir_write_bytes(dir, name, text, strlen(text));
}

struct text
tmpdir_read(const struct tmpdir *dir, const char *name)
{
    struct text t = {0};
    char buf[4096];
    FILE *f = fopen(tmpdir_path(dir, name), "re");
    ASSERT(f != NULL);
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;)
        text_add(&t, buf, n);
    ASSERT(fclose(f) == 0);
    return t;
}

size_t
tmpdir_count(const struct tmpdir *dir, const char *folder)
{
    DIR *d = opendir(tmpdir_path(dir, folder));
    ASSERT(d != NULL);
    size_t n = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..")) n++;
    (void)closedir(d);
    return n;
}

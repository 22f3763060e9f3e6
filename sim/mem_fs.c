#include "sim/mem_fs.h"

#include <errno.h>

enum { PATH_LEN_MAX = 1024 };

/* A file or a folder. */
struct node {
    struct text bytes;
    uint64_t inode;
    int64_t mtime_ns;
    bool is_dir;
    char path[]; /* normal form: no slash at the ends, none doubled, no "." */
};

struct mem_fs {
    const struct clock *clock;
    struct node *root;  /* its path is "" */
    struct node **node; /* all others, ascending by path */
    size_t len, cap;
    uint64_t inodes; /* given out so far */
    int64_t changes; /* the date where there is no clock */
};

/* ---- names ---- */

static enum rc
fail(struct err *err, const char *path, int sys_errno)
{
    return err_sys(err, sys_errno == ENOENT ? RC_NOT_FOUND : RC_IO, sys_errno, "%s", path);
}

/* Writes the normal form; 0, or the errno of a name that cannot be one. */
static int
normalise(const char *path, char to[PATH_LEN_MAX])
{
    size_t len = 0;
    if (*path == '\0') return ENOENT;
    while (*path != '\0') {
        size_t n = strcspn(path, "/");
        bool is_dot = n == 1 && path[0] == '.';
        if (n == 2 && memcmp(path, "..", 2) == 0) return EINVAL;
        if (n > 255 || len + n + 2 > PATH_LEN_MAX) return ENAMETOOLONG;
        if (n > 0 && !is_dot) {
            if (len > 0) to[len++] = '/';
            memcpy(to + len, path, n);
            len += n;
        }
        path += n + strspn(path + n, "/");
    }
    to[len] = '\0';
    return 0;
}

/* Where the path is or would be. */
static size_t
place_of(const struct mem_fs *m, const char *path)
{
    size_t low = 0, high = m->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(m->node[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct node *
find(const struct mem_fs *m, const char *path)
{
    size_t i = place_of(m, path);
    if (path[0] == '\0') return m->root;
    return i < m->len && str_eq(m->node[i]->path, path) ? m->node[i] : NULL;
}

/* 0 if everything above the path is a folder, else ENOENT or ENOTDIR. */
static int
check_parents(const struct mem_fs *m, const char *path)
{
    char part[PATH_LEN_MAX];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        const struct node *n = find(m, part);
        if (n == NULL) return ENOENT;
        if (!n->is_dir) return ENOTDIR;
    }
    return 0;
}

static int64_t
date(struct mem_fs *m)
{
    m->changes++;
    return m->clock != NULL ? clock_now(m->clock) : m->changes;
}

/* ---- nodes ---- */

static struct node *
insert(struct mem_fs *m, const char *path, bool is_dir)
{
    if (m->len == m->cap) {
        m->cap = m->cap == 0 ? 64 : m->cap * 2;
        m->node = realloc(m->node, m->cap * sizeof(struct node *));
        ASSERT(m->node != NULL);
    }
    size_t path_size = strlen(path) + 1;
    struct node *n = calloc(1, sizeof *n + path_size);
    ASSERT(n != NULL);
    memcpy(n->path, path, path_size);
    n->is_dir = is_dir;
    n->inode = ++m->inodes;
    n->mtime_ns = date(m);

    size_t at = place_of(m, path);
    for (size_t i = m->len++; i > at; i--)
        m->node[i] = m->node[i - 1];
    m->node[at] = n;
    return n;
}

static void
node_free(struct node *n)
{
    text_free(&n->bytes);
    free(n);
}

static void
erase(struct mem_fs *m, const char *path)
{
    size_t at = place_of(m, path);
    ASSERT(at < m->len && str_eq(m->node[at]->path, path));
    node_free(m->node[at]);
    m->len--;
    for (size_t i = at; i < m->len; i++)
        m->node[i] = m->node[i + 1];
}

/* Makes the folders above the path, and the path itself too if asked. */
static int
make_folders(struct mem_fs *m, const char *path, bool itself)
{
    char part[PATH_LEN_MAX];
    for (const char *at = path; *at != '\0';) {
        at += strcspn(at, "/");
        if (*at == '\0' && !itself) break;
        (void)snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        const struct node *n = find(m, part);
        if (n != NULL && !n->is_dir) return ENOTDIR;
        if (n == NULL) (void)insert(m, part, true);
        if (*at == '/') at++;
    }
    return 0;
}

/* Bytes into a file that is made where it is missing. */
static void
put(struct mem_fs *m, const char *path, const char *bytes, size_t len)
{
    struct node *n = find(m, path);
    if (n == NULL) n = insert(m, path, false);
    text_clear(&n->bytes);
    text_add(&n->bytes, bytes, len);
    n->inode = ++m->inodes; /* replaced by rename: another file */
    n->mtime_ns = date(m);
}

/* ---- the seam ---- */

/* The file with that path for reading; NULL and its errno otherwise. */
static const struct node *
look_up(const struct mem_fs *m, const char *path, int *ret_errno)
{
    char name[PATH_LEN_MAX];
    *ret_errno = normalise(path, name);
    if (*ret_errno == 0) *ret_errno = check_parents(m, name);
    const struct node *n = *ret_errno == 0 ? find(m, name) : NULL;
    if (*ret_errno == 0 && n == NULL) *ret_errno = ENOENT;
    return n;
}

static enum rc
seam_read_at(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
             struct err *err)
{
    int failed = 0;
    if (offset < 0) return err_set(err, RC_RANGE, "%s: offset %lld", path, (long long)offset);
    const struct node *n = look_up(self, path, &failed);
    if (n == NULL) return fail(err, path, failed);
    if (n->is_dir) return fail(err, path, EISDIR);
    size_t from = MIN((size_t)offset, n->bytes.len);
    text_clear(ret_bytes);
    text_add(ret_bytes, text_str(&n->bytes) + from, MIN(max, n->bytes.len - from));
    return RC_OK;
}

static enum rc
seam_read_all(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    int failed = 0;
    const struct node *n = look_up(self, path, &failed);
    if (n != NULL && !n->is_dir && n->bytes.len > max)
        return err_set(err, RC_RANGE, "%s: more than %zu bytes", path, max);
    return seam_read_at(self, path, 0, max, ret_bytes, err);
}

static enum rc
seam_replace(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
             struct err *err)
{
    struct mem_fs *m = self;
    char name[PATH_LEN_MAX], prev[PATH_LEN_MAX];
    int failed = normalise(path, name);
    if (failed == 0) failed = make_folders(m, name, false);
    if (failed != 0) return err_sys(err, RC_IO, failed, "%s", path);
    const struct node *old = find(m, name);
    if (old != NULL && old->is_dir) return err_sys(err, RC_IO, EISDIR, "%s", path);
    if (old != NULL && keep_prev) {
        if (snprintf(prev, sizeof prev, "%s.prev", name) >= (int)sizeof prev)
            return err_sys(err, RC_IO, ENAMETOOLONG, "%s", path);
        const struct node *was = find(m, prev);
        if (was != NULL && was->is_dir) return err_sys(err, RC_IO, EISDIR, "%s", prev);
        put(m, prev, text_str(&old->bytes), old->bytes.len);
    }
    put(m, name, bytes, len);
    return RC_OK;
}

static enum rc
seam_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct mem_fs *m = self;
    char name[PATH_LEN_MAX];
    int failed = normalise(path, name);
    if (failed == 0) failed = make_folders(m, name, false);
    if (failed != 0) return err_sys(err, RC_IO, failed, "%s", path);
    struct node *n = find(m, name);
    if (n == NULL) n = insert(m, name, false);
    if (n->is_dir) return err_sys(err, RC_IO, EISDIR, "%s", path);
    text_add(&n->bytes, bytes, len);
    n->mtime_ns = date(m);
    return RC_OK;
}

static bool
is_inside(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static bool
is_empty(const struct mem_fs *m, const char *folder)
{
    for (size_t i = 0; i < m->len; i++)
        if (is_inside(m->node[i]->path, folder)) return false;
    return true;
}

/* Takes the node and everything inside it along. */
static void
move(struct mem_fs *m, const char *from, const char *to)
{
    size_t from_len = strlen(from);
    for (;;) {
        size_t i = 0;
        while (i < m->len && !str_eq(m->node[i]->path, from) && !is_inside(m->node[i]->path, from))
            i++;
        if (i == m->len) return;
        char path[2 * PATH_LEN_MAX];
        struct node *n = m->node[i];
        (void)snprintf(path, sizeof path, "%s%s", to, n->path + from_len);
        struct node *moved = insert(m, path, n->is_dir);
        moved->bytes = n->bytes;
        moved->inode = n->inode;
        moved->mtime_ns = n->mtime_ns;
        n->bytes = (struct text){0};
        char old[PATH_LEN_MAX];
        (void)snprintf(old, sizeof old, "%s", n->path);
        erase(m, old);
    }
}

/* Why the one may not be renamed over the other; 0 if it may. */
static int
check_rename(const struct mem_fs *m, const struct node *from, const char *to)
{
    const struct node *target = find(m, to);
    if (target == NULL) return 0;
    if (is_inside(from->path, to)) return ENOTEMPTY;
    if (target->is_dir && !from->is_dir) return EISDIR;
    if (!target->is_dir && from->is_dir) return ENOTDIR;
    return target->is_dir && !is_empty(m, to) ? ENOTEMPTY : 0;
}

/* What keeps the one name from becoming the other, in the order in which the system looks; 0 =
 * nothing. */
static int
prepare_rename(struct mem_fs *m, const char *old, const char *new)
{
    int failed = check_parents(m, old);
    if (failed == 0 && check_parents(m, new) == ENOTDIR) failed = ENOTDIR;
    if (failed != 0) return failed;
    const struct node *n = find(m, old);
    if (n == NULL) return ENOENT;
    if (str_eq(old, new)) return 0;
    if (n->is_dir && is_inside(new, old)) return EINVAL;
    failed = make_folders(m, new, false);
    return failed != 0 ? failed : check_rename(m, n, new);
}

static enum rc
seam_rename(void *self, const char *from, const char *to, struct err *err)
{
    struct mem_fs *m = self;
    char old[PATH_LEN_MAX], new[PATH_LEN_MAX];
    int failed = normalise(from, old);
    if (failed == 0) failed = normalise(to, new);
    if (failed == 0) failed = prepare_rename(m, old, new);
    if (failed != 0)
        return err_sys(err, failed == ENOENT ? RC_NOT_FOUND : RC_IO, failed, "%s to %s", from, to);
    if (str_eq(old, new)) return RC_OK;
    if (find(m, new) != NULL) erase(m, new);
    move(m, old, new);
    return RC_OK;
}

static enum rc
seam_remove(void *self, const char *path, struct err *err)
{
    struct mem_fs *m = self;
    char name[PATH_LEN_MAX];
    int failed = 0;
    const struct node *n = look_up(m, path, &failed);
    if (n == NULL) return fail(err, path, failed);
    if (n->is_dir) return fail(err, path, EISDIR);
    (void)normalise(path, name); /* it was normal enough to be found */
    erase(m, name);
    return RC_OK;
}

static enum rc
seam_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    int failed = 0;
    const struct node *n = look_up(self, path, &failed);
    if (n == NULL && failed != ENOENT && failed != ENOTDIR) return fail(err, path, failed);
    *ret_stat = (struct fs_stat){0};
    if (n == NULL) return RC_OK;
    *ret_stat = (struct fs_stat){
        .exists = true,
        .is_dir = n->is_dir,
        .size = (int64_t)n->bytes.len,
        .mtime_ns = n->mtime_ns,
        .inode = n->inode,
    };
    return RC_OK;
}

static enum rc
seam_make_dir(void *self, const char *path, struct err *err)
{
    char name[PATH_LEN_MAX];
    int failed = normalise(path, name);
    if (failed == 0) failed = make_folders(self, name, true);
    return failed == 0 ? RC_OK : fail(err, path, failed);
}

/* The names are copied first: whoever is told of them may change the disk. */
static enum rc
seam_list(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
          struct err *err)
{
    const struct mem_fs *m = self;
    CLEANUP(text_free) struct text names = {0};
    int failed = 0;
    const struct node *folder = look_up(m, path, &failed);
    if (folder == NULL) return fail(err, path, failed);
    if (!folder->is_dir) return fail(err, path, ENOTDIR);
    size_t skip = folder->path[0] == '\0' ? 0 : strlen(folder->path) + 1;
    for (size_t i = 0; i < m->len; i++) {
        const char *p = m->node[i]->path;
        if ((skip > 0 && !is_inside(p, folder->path)) || strchr(p + skip, '/') != NULL) continue;
        text_add(&names, p + skip, strlen(p + skip) + 1);
    }
    for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1)
        if (!each(ctx, names.data + at)) break;
    return RC_OK;
}

/* ---- public ---- */

struct mem_fs *
mem_fs_new(const struct clock *clock)
{
    struct mem_fs *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    m->clock = clock;
    m->root = calloc(1, sizeof *m->root + 1);
    ASSERT(m->root != NULL);
    m->root->is_dir = true;
    m->root->inode = ++m->inodes;
    return m;
}

void
mem_fs_free(struct mem_fs *m)
{
    if (m == NULL) return;
    for (size_t i = 0; i < m->len; i++)
        node_free(m->node[i]);
    node_free(m->root);
    free(m->node);
    free(m);
}

struct fs
mem_fs_seam(struct mem_fs *m)
{
    return (struct fs){
        .self = m,
        .read_all = seam_read_all,
        .replace = seam_replace,
        .append = seam_append,
        .rename = seam_rename,
        .remove = seam_remove,
        .stat = seam_stat,
        .make_dir = seam_make_dir,
        .list = seam_list,
        .read_at = seam_read_at,
    };
}

const struct text *
mem_fs_peek(const struct mem_fs *m, const char *path)
{
    int failed = 0;
    const struct node *n = look_up(m, path, &failed);
    return n != NULL && !n->is_dir ? &n->bytes : NULL;
}

void
mem_fs_dump(const struct mem_fs *m, struct text *to)
{
    for (size_t i = 0; i < m->len; i++) {
        const struct node *n = m->node[i];
        if (n->is_dir) continue;
        text_printf(to, "== %s (%zu bytes)\n", n->path, n->bytes.len);
        text_add(to, text_str(&n->bytes), n->bytes.len);
        text_putc(to, '\n');
    }
}

#include "tests/lib/seams.h"

#include <ftw.h>
#include <unistd.h>

#include "base/json.h"

/* ---- a root folder ------------------------------------------------------------------------- */

void
test_root_make(struct test_root *r)
{
    struct err err = {0};

    (void)snprintf(r->path, sizeof(r->path), "/tmp/stockbot-test-XXXXXX");
    if (mkdtemp(r->path) == NULL || fs_open(r->path, &r->disk, &err) != RC_OK) {
        (void)fprintf(stderr, "no temporary folder: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    r->fs = fs_seam(&r->disk);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
test_root_remove(struct test_root *r)
{
    fs_close(&r->disk);
    (void)nftw(r->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
test_write(const struct test_root *r, const char *path, const char *bytes, size_t len)
{
    struct err err = {0};

    if (r->fs.replace(r->fs.self, path, bytes, len, false, &err) == RC_OK) return;
    (void)fprintf(stderr, "write %s: %s\n", path, err.text);
    exit(EXIT_FAILURE);
}

char *
test_read(const struct test_root *r, const char *path)
{
    struct text bytes = {0};

    if (r->fs.read_all(r->fs.self, path, (size_t)1 << 30, &bytes, NULL) != RC_OK) return NULL;
    if (bytes.data == NULL) text_puts(&bytes, "");
    return bytes.data == NULL ? strdup("") : bytes.data;
}

bool
test_exists(const struct test_root *r, const char *path)
{
    struct fs_stat st = {0};

    return r->fs.stat(r->fs.self, path, &st, NULL) == RC_OK && st.exists;
}

struct counting {
    const char *part;
    int n;
};

static bool
count_one(void *ctx, const char *name)
{
    struct counting *c = ctx;

    c->n += strstr(name, c->part) != NULL;
    return true;
}

int
test_count(const struct test_root *r, const char *folder, const char *part)
{
    struct counting c = {.part = part};

    (void)r->fs.list(r->fs.self, folder, count_one, &c, NULL); /* no folder: nothing in it */
    return c.n;
}

/* ---- a clock ------------------------------------------------------------------------------- */

static int64_t
now_ns(void *self)
{
    return ((struct test_clock *)self)->now_ns;
}

static int64_t
mono_ns(void *self)
{
    return ((struct test_clock *)self)->mono_ns;
}

static int64_t
real_ns(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

static void
sleep_ns(void *self, int64_t wall_ns)
{
    struct test_clock *c = self;

    c->now_ns += wall_ns;
    c->mono_ns += wall_ns;
}

struct clock
test_clock_seam(struct test_clock *c)
{
    return (struct clock){
        .self = c, .now_ns = now_ns, .mono_ns = mono_ns, .real_ns = real_ns, .sleep = sleep_ns};
}

/* ---- a log --------------------------------------------------------------------------------- */

static void
remember(void *self, enum event_id id, const struct field *fields)
{
    struct test_log *l = self;
    struct text t = {0};
    struct json_out o = {.to = &t};

    if (l->len == TEST_EVENTS_MAX) return;
    json_out_obj(&o, NULL);
    fields_write(&o, fields);
    json_out_end(&o);
    l->event[l->len].id = id;
    (void)snprintf(l->event[l->len].fields, sizeof(l->event[l->len].fields), "%s", text_str(&t));
    l->len++;
    text_free(&t);
}

struct log
test_log_seam(struct test_log *l)
{
    return (struct log){.self = l, .event = remember};
}

int
test_log_count(const struct test_log *l, enum event_id id)
{
    int n = 0;

    for (size_t i = 0; i < l->len; i++)
        n += l->event[i].id == id;
    return n;
}

const char *
test_log_last(const struct test_log *l, enum event_id id)
{
    for (size_t i = l->len; i > 0; i--)
        if (l->event[i - 1].id == id) return l->event[i - 1].fields;
    return "";
}

/* ---- a disk that refuses ------------------------------------------------------------------- */

static bool
refused(struct test_faults *f, const char *path, struct err *err)
{
    int len = f->fail_len == 0 ? 1 : f->fail_len;

    f->calls++;
    if (f->fail_at == 0 || f->calls < f->fail_at || f->calls >= f->fail_at + len) return false;
    err_set(err, RC_IO, "%s: refused by the test", path);
    return true;
}

#define UNDER(f, call, ...) (f)->under->call((f)->under->self, __VA_ARGS__)

static enum rc
f_read_all(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, read_all, path, max, ret_bytes, err);
}

static enum rc
f_replace(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
          struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, replace, path, bytes, len, keep_prev, err);
}

/* A refused append leaves half of its line: the disk was full. */
static enum rc
f_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct test_faults *f = self;

    if (!refused(f, path, err)) return UNDER(f, append, path, bytes, len, err);
    (void)UNDER(f, append, path, bytes, len / 2, NULL);
    return RC_IO;
}

static enum rc
f_rename(void *self, const char *from, const char *to, struct err *err)
{
    struct test_faults *f = self;

    return refused(f, from, err) ? RC_IO : UNDER(f, rename, from, to, err);
}

static enum rc
f_remove(void *self, const char *path, struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, remove, path, err);
}

static enum rc
f_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, stat, path, ret_stat, err);
}

static enum rc
f_make_dir(void *self, const char *path, struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, make_dir, path, err);
}

static enum rc
f_list(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
       struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, list, path, each, ctx, err);
}

static enum rc
f_read_at(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
          struct err *err)
{
    struct test_faults *f = self;

    return refused(f, path, err) ? RC_IO : UNDER(f, read_at, path, offset, max, ret_bytes, err);
}

struct fs
test_faults_seam(struct test_faults *f)
{
    return (struct fs){.self = f,
                       .read_all = f_read_all,
                       .replace = f_replace,
                       .append = f_append,
                       .rename = f_rename,
                       .remove = f_remove,
                       .stat = f_stat,
                       .make_dir = f_make_dir,
                       .list = f_list,
                       .read_at = f_read_at};
}

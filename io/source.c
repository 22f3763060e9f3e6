#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    PIECE = 256 << 10,
    WINDOW_GZIP = 15 + 16 /* the largest window, and a gzip header is expected */
};

enum inflate_state { PLAIN, INSIDE, BETWEEN, DAMAGED };

struct open_file {
    char *path;
    int fd;
    int64_t left; /* bytes of the file that were not read yet */
    struct sha256_sum sum;
    struct source_facts facts;
    enum inflate_state state;
    const char *damage;
    z_stream z; /* where it is compressed */
    size_t raw_max;
    uint8_t *raw;     /* so many bytes: small files take a small one */
    uint8_t *content; /* PIECE bytes; NULL where it is plain */
};

/* ---- bytes of the disk --------------------------------------------------------------------- */

/* Fills raw; fewer bytes at the end only. */
static enum rc
read_raw(struct open_file *f, size_t *ret_len, struct err *err)
{
    size_t want = (size_t)MIN((int64_t)f->raw_max, f->left), len = 0;

    while (len < want) {
        ssize_t n = read(f->fd, f->raw + len, want - len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_sys(err, RC_IO, errno, "%s", f->path);
        if (n == 0) break; /* it was cut while it was read: that is its end */
        len += (size_t)n;
    }
    f->left -= (int64_t)len;
    if (len < want) {
        f->facts.bytes -= f->left;
        f->left = 0;
    }
    sha256_add(&f->sum, f->raw, len);
    if (f->left == 0) (void)sha256_text(&f->sum, f->facts.sha256);
    *ret_len = len;
    return RC_OK;
}

static enum rc
read_rest(struct open_file *f, struct err *err)
{
    enum rc rc = RC_OK;
    size_t len = 0;

    while (rc == RC_OK && f->left > 0)
        rc = read_raw(f, &len, err);
    return rc;
}

/* ---- content ------------------------------------------------------------------------------- */

static enum rc
damaged(struct open_file *f, struct err *err)
{
    enum rc rc = read_rest(f, err);

    if (rc != RC_OK) return rc;
    return err_set(err, RC_PARSE, "%s: compressed, and %s", f->path, f->damage);
}

/* What zlib says to one step. */
static void
take_answer(struct open_file *f, int answer)
{
    switch (answer) {
    case Z_OK:
    case Z_BUF_ERROR: /* it wants more input or more room */
        break;
    case Z_STREAM_END:
        f->state = BETWEEN;
        break;
    case Z_MEM_ERROR:
        f->state = DAMAGED;
        f->damage = "there is no memory to read it";
        break;
    default:
        f->state = DAMAGED;
        f->damage = f->z.msg != NULL ? f->z.msg : "damaged";
        break;
    }
}

/* Gives true while there is input for another step: the next member, or more of this one. */
static enum rc
more_input(struct open_file *f, bool *ret_more, struct err *err)
{
    size_t len = 0;

    if (f->z.avail_in == 0) {
        enum rc rc = read_raw(f, &len, err);
        if (rc != RC_OK) return rc;
        f->z.next_in = f->raw;
        f->z.avail_in = (uInt)len;
    }
    *ret_more = f->z.avail_in > 0;
    if (!*ret_more && f->state == INSIDE) {
        f->state = DAMAGED;
        f->damage = "cut off";
    }
    if (*ret_more && f->state == BETWEEN) {
        ASSERT(inflateReset(&f->z) == Z_OK);
        f->state = INSIDE;
    }
    return RC_OK;
}

static enum rc
next_inflated(struct open_file *f, const char **ret_bytes, size_t *ret_len, struct err *err)
{
    f->z.next_out = f->content;
    f->z.avail_out = PIECE;
    while (f->state != DAMAGED && f->z.avail_out > 0) {
        bool is_more = false;
        enum rc rc = more_input(f, &is_more, err);
        if (rc != RC_OK) return rc;
        if (!is_more) break;
        take_answer(f, inflate(&f->z, Z_NO_FLUSH));
    }
    *ret_bytes = (const char *)f->content;
    *ret_len = PIECE - f->z.avail_out;
    f->facts.content_bytes += (int64_t)*ret_len;
    return *ret_len == 0 && f->state == DAMAGED ? damaged(f, err) : RC_OK;
}

static enum rc
seam_next(void *self, const char **ret_bytes, size_t *ret_len, struct err *err)
{
    struct open_file *f = self;

    if (f->state != PLAIN) return next_inflated(f, ret_bytes, ret_len, err);
    *ret_bytes = (const char *)f->raw;
    *ret_len = 0;
    enum rc rc = f->left > 0 ? read_raw(f, ret_len, err) : RC_OK;
    if (rc == RC_OK) f->facts.content_bytes += (int64_t)*ret_len;
    return rc;
}

static enum rc
seam_read_at(void *self, int64_t offset, size_t max, struct text *ret_bytes, struct err *err)
{
    const struct open_file *f = self;
    size_t want = offset < f->facts.bytes ? (size_t)MIN((int64_t)max, f->facts.bytes - offset) : 0;

    text_clear(ret_bytes);
    text_reserve(ret_bytes, want + 1);
    while (ret_bytes->len < want) {
        ssize_t n = pread(f->fd, ret_bytes->data + ret_bytes->len, want - ret_bytes->len,
                          offset + (int64_t)ret_bytes->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_sys(err, RC_IO, errno, "%s", f->path);
        if (n == 0) break;
        ret_bytes->len += (size_t)n;
    }
    ret_bytes->data[ret_bytes->len] = '\0';
    return RC_OK;
}

static struct source_facts
seam_facts(void *self)
{
    return ((const struct open_file *)self)->facts;
}

/* ---- opening ------------------------------------------------------------------------------- */

static void
seam_close(void *self)
{
    struct open_file *f = self;

    if (f->state != PLAIN) (void)inflateEnd(&f->z); /* frees; there is nothing to be said */
    if (f->fd >= 0) (void)close(f->fd);             /* nothing was written */
    free(f->raw);
    free(f->content);
    free(f->path);
    free(f);
}

static enum rc
begin_inflate(struct open_file *f, struct err *err)
{
    uint8_t magic[2];

    if (pread(f->fd, magic, sizeof(magic), 0) != sizeof(magic)) return RC_OK;
    if (f->left < 2 || magic[0] != 0x1f || magic[1] != 0x8b) return RC_OK;
    f->content = malloc(PIECE);
    if (f->content == NULL || inflateInit2(&f->z, WINDOW_GZIP) != Z_OK)
        return err_set(err, RC_NOMEM, "%s: out of memory", f->path);
    f->state = INSIDE;
    f->facts.is_compressed = true;
    return RC_OK;
}

static enum rc
open_regular(struct open_file *f, int root_fd, int64_t bytes_max, struct err *err)
{
    struct stat st;

    f->fd = openat(root_fd, f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        return err_sys(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO, errno, "%s", f->path);
    if (!S_ISREG(st.st_mode)) return err_set(err, RC_IO, "%s: is no regular file", f->path);
    f->left = bytes_max >= 0 ? MIN(bytes_max, (int64_t)st.st_size) : (int64_t)st.st_size;
    f->facts.bytes = f->left;
    if (f->left == 0) (void)sha256_text(&f->sum, f->facts.sha256);
    f->raw_max = (size_t)MIN((int64_t)PIECE, MAX(f->left, 1));
    f->raw = malloc(f->raw_max);
    if (f->raw == NULL) return err_set(err, RC_NOMEM, "%s: out of memory", f->path);
    return begin_inflate(f, err);
}

static enum rc
seam_open(void *self, const char *path, int64_t bytes_max, struct source *ret_source,
          struct err *err)
{
    const struct posix_fs *fs = self;
    struct open_file *f = calloc(1, sizeof(*f));

    if (f == NULL || (f->path = strdup(path)) == NULL) {
        free(f);
        return err_set(err, RC_NOMEM, "%s: out of memory", path);
    }
    f->fd = -1;
    sha256_begin(&f->sum);
    enum rc rc = open_regular(f, fs->root_fd, bytes_max, err);
    if (rc != RC_OK) {
        seam_close(f);
        return rc;
    }
    *ret_source = (struct source){.self = f,
                                  .next = seam_next,
                                  .read_at = seam_read_at,
                                  .facts = seam_facts,
                                  .close = seam_close};
    return RC_OK;
}

struct sources
sources_seam(struct posix_fs *fs)
{
    return (struct sources){.self = fs, .open = seam_open};
}

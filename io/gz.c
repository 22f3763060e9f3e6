#include "io/gz.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 128 << 10 };

static enum rc
read_content(gzFile gz, size_t max, struct text *to, struct err *err)
{
    for (;;) {
        text_reserve(to, CHUNK);
        int n = gzread(gz, to->data + to->len, CHUNK);
        if (n < 0) {
            int code = Z_OK;
            const char *words = gzerror(gz, &code);
            if (code == Z_ERRNO) return err_sys(err, RC_IO, errno, "read");
            return err_set(err, RC_PARSE, "damaged: %s", words);
        }
        to->len += (size_t)n;
        to->data[to->len] = '\0';
        if (to->len > max) return err_set(err, RC_RANGE, "more than %zu bytes", max);
        if (n == 0) break;
    }
    int code = Z_OK;
    (void)gzerror(
        gz, &code); /* a member that ends too early reads as an end of file, and is remembered */
    return code == Z_BUF_ERROR ? err_set(err, RC_PARSE, "cut off") : RC_OK;
}

static enum rc
read_fd(int fd, size_t max, struct text *to, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd); /* nothing was written */
        return err_set(err, RC_IO, "is no regular file");
    }
    gzFile gz = gzdopen(fd, "rb");
    if (gz == NULL) {
        (void)close(fd); /* nothing was written */
        return err_set(err, RC_NOMEM, "out of memory");
    }
    enum rc rc = read_content(gz, max, to, err);
    (void)gzclose_r(gz); /* what it could say was asked above */
    return rc;
}

enum rc
gz_read_all(const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return err_sys(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO, errno, "%s", path);
    struct text t = {0};
    enum rc rc = read_fd(fd, max, &t, err);
    if (rc != RC_OK) {
        text_free(&t);
        return err_wrap(err, "%s", path);
    }
    text_free(ret_bytes);
    *ret_bytes = t;
    return RC_OK;
}

enum rc
gz_compress(const char *bytes, size_t len, struct text *ret_bytes, struct err *err)
{
    enum { GZIP_WINDOW = MAX_WBITS + 16, MEMORY = 8 };
    z_stream z = {0};

    text_clear(ret_bytes);
    if (len > UINT_MAX) return err_set(err, RC_RANGE, "%zu bytes are too many to compress", len);
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return err_set(err, RC_NOMEM, "out of memory");
    size_t room = deflateBound(&z, len);
    text_reserve(ret_bytes, room + 1);
    z.next_in = (z_const Bytef *)(uintptr_t)bytes; /* zlib does not write to it */
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)ret_bytes->data;
    z.avail_out = (uInt)room;
    int code = deflate(&z, Z_FINISH);
    ret_bytes->len = z.total_out;
    ret_bytes->data[ret_bytes->len] = '\0';
    (void)deflateEnd(&z); /* after the end of the stream it has nothing left to say */
    return code == Z_STREAM_END ? RC_OK : err_set(err, RC_IO, "the compression did not end");
}

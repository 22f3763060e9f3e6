#include "io/tar.h"

#include <string.h>

enum { BLOCK = 512, MODE = 0644 };

#define SIZE_LIMIT (INT64_C(1) << 33) /* eleven octal digits */

/* Octal digits that fill the field, and its NUL. */
static void
put_octal(char *field, size_t size, uint64_t value)
{
    field[--size] = '\0';
    while (size > 0) {
        field[--size] = (char)('0' + (value & 7));
        value >>= 3;
    }
}

/* A text without its end. */
static void
put_text(char *field, const char *text)
{
    while (*text != '\0')
        *field++ = *text++;
}

/* Where a header has its fields (POSIX.1-2001, ustar). */
enum {
    AT_NAME = 0,
    AT_MODE = 100,
    AT_UID = 108,
    AT_GID = 116,
    AT_SIZE = 124,
    AT_MTIME = 136,
    AT_SUM = 148,
    AT_TYPE = 156,
    AT_MAGIC = 257,
    AT_VERSION = 263,
    ID_LEN = 8,
    NUMBER_LEN = 12,
    SUM_LEN = 7
};

static void
make_header(char h[BLOCK], const char *name, size_t len, int64_t mtime_s)
{
    uint64_t sum = 0;

    memset(h, 0, BLOCK);
    put_text(h + AT_NAME, name);
    put_octal(h + AT_MODE, ID_LEN, MODE);
    put_octal(h + AT_UID, ID_LEN, 0);
    put_octal(h + AT_GID, ID_LEN, 0);
    put_octal(h + AT_SIZE, NUMBER_LEN, len);
    put_octal(h + AT_MTIME, NUMBER_LEN, (uint64_t)MAX(mtime_s, 0));
    h[AT_TYPE] = '0';
    put_text(h + AT_MAGIC, "ustar");
    put_text(h + AT_VERSION, "00");
    memset(h + AT_SUM, ' ', 8); /* counts as blanks in its own sum */
    for (size_t i = 0; i < BLOCK; i++)
        sum += (uint8_t)h[i];
    put_octal(h + AT_SUM, SUM_LEN, sum);
}

static void
fill_block(struct text *to, size_t len)
{
    static const char zeros[BLOCK];

    if (len % BLOCK != 0) text_add(to, zeros, BLOCK - len % BLOCK);
}

enum rc
tar_add(struct text *to, const char *name, const char *bytes, size_t len, int64_t mtime_s,
        struct err *err)
{
    char header[BLOCK];

    if (name[0] == '\0' || name[0] == '/' || strlen(name) > TAR_NAME_MAX)
        return err_set(err, RC_RANGE, "%s: no name for an archive", name);
    if (len >= SIZE_LIMIT) return err_set(err, RC_RANGE, "%s: too large for an archive", name);
    make_header(header, name, len, mtime_s);
    text_add(to, header, BLOCK);
    text_add(to, bytes, len);
    fill_block(to, len);
    return RC_OK;
}

void
tar_end(struct text *to)
{
    static const char zeros[2 * BLOCK];

    text_add(to, zeros, sizeof(zeros));
}

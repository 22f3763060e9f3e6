#include "io/untar.h"

#include <string.h>

#include "base/text.h"

/* The header block of POSIX.1-1988: offsets and lengths of what is read of it. */
enum {
    BLOCK = 512,
    NAME_AT = 0,
    NAME_LEN = 100,
    SIZE_AT = 124,
    SIZE_LEN = 12,
    SUM_AT = 148,
    SUM_LEN = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_LEN = 155
};

/* An octal number, ended by a blank, a NUL or the field; false where it is none. */
static bool
octal(const char *field, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0;

    while (i < len && field[i] == ' ')
        i++;
    size_t from = i;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        value = value * 8 + (uint64_t)(field[i] - '0');
    *ret_value = value;
    return i > from && (i == len || field[i] == ' ' || field[i] == '\0');
}

/* The sum of all bytes of the header, its own field taken as blanks. */
static bool
has_right_sum(const char *header)
{
    uint64_t wanted = 0, sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : (unsigned char)header[i];
    return octal(header + SUM_AT, SUM_LEN, &wanted) && wanted == sum;
}

static bool
is_end(const char *header)
{
    for (size_t i = 0; i < BLOCK; i++)
        if (header[i] != '\0') return false;
    return true;
}

static void
read_name(const char *header, char name[UNTAR_NAME_MAX])
{
    size_t prefix = strnlen(header + PREFIX_AT, PREFIX_LEN);
    size_t own = strnlen(header + NAME_AT, NAME_LEN);
    size_t len = 0;

    if (prefix > 0) {
        memcpy(name, header + PREFIX_AT, prefix);
        name[prefix] = '/';
        len = prefix + 1;
    }
    memcpy(name + len, header + NAME_AT, own);
    len += own;
    while (len > 0 && name[len - 1] == '/')
        len--;
    name[len] = '\0';
}

/* Relative, and no part of it leads upwards. */
static bool
is_inside(const char *name)
{
    if (name[0] == '\0' || name[0] == '/') return false;
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/' ? 1 : 0;
        size_t len = strcspn(part, "/");

        if (len == 2 && part[0] == '.' && part[1] == '.') return false;
    }
    return true;
}

struct entry {
    char name[UNTAR_NAME_MAX];
    struct untar_file file;
    size_t next; /* offset of the header after it */
};

/* RC_NOT_FOUND at the end of the archive. */
static enum rc
read_entry(const char *bytes, size_t len, size_t at, struct entry *ret_entry, struct err *err)
{
    uint64_t size = 0;
    const char *header = bytes + at;

    if (len - at < BLOCK) return err_set(err, RC_PARSE, "archive: cut off at byte %zu", at);
    if (is_end(header)) return RC_NOT_FOUND;
    if (memcmp(header + MAGIC_AT, "ustar", 5) != 0 || !has_right_sum(header) ||
        !octal(header + SIZE_AT, SIZE_LEN, &size))
        return err_set(err, RC_PARSE, "archive: no header at byte %zu", at);
    read_name(header, ret_entry->name);
    char type = header[TYPE_AT];
    bool is_folder = type == '5';
    if (!is_folder && type != '0' && type != '\0')
        return err_set(err, RC_DENIED, "archive: %s is no regular file", ret_entry->name);
    if (!is_inside(ret_entry->name))
        return err_set(err, RC_DENIED, "archive: %s leads elsewhere", ret_entry->name);
    if (size > len - at - BLOCK)
        return err_set(err, RC_PARSE, "archive: %s is cut off", ret_entry->name);
    size_t used = is_folder ? 0 : (size_t)size;
    ret_entry->file = (struct untar_file){
        .name = ret_entry->name, .is_folder = is_folder, .bytes = header + BLOCK, .len = used};
    ret_entry->next = at + BLOCK + (used + BLOCK - 1) / BLOCK * BLOCK;
    if (ret_entry->next > len)
        return err_set(err, RC_PARSE, "archive: %s is cut off", ret_entry->name);
    return RC_OK;
}

static enum rc
walk(const char *bytes, size_t len,
     enum rc (*each)(void *ctx, const struct untar_file *file, struct err *err), void *ctx,
     struct err *err)
{
    struct entry e = {.next = 0};

    for (;;) {
        enum rc rc = read_entry(bytes, len, e.next, &e, err);

        if (rc == RC_NOT_FOUND) return RC_OK;
        if (rc == RC_OK && each != NULL) rc = each(ctx, &e.file, err);
        if (rc != RC_OK) return rc;
    }
}

enum rc
untar(const char *bytes, size_t len,
      enum rc (*each)(void *ctx, const struct untar_file *file, struct err *err), void *ctx,
      struct err *err)
{
    enum rc rc = walk(bytes, len, NULL, NULL, err);

    return rc == RC_OK ? walk(bytes, len, each, ctx, err) : rc;
}

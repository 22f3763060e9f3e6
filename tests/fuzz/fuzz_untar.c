/*
 * untar on any bytes: every file that is given out lies inside the archive and under a relative
 * name without "..", and an archive that is refused has given out nothing.
 */
#include "tests/fuzz/fuzz.h"

#include "base/text.h"
#include "io/untar.h"

struct seen {
    const char *bytes;
    size_t len, files;
};

static enum rc
look(void *ctx, const struct untar_file *file, struct err *err)
{
    struct seen *s = ctx;

    (void)err;
    s->files++;
    ASSERT(file->name[0] != '\0' && file->name[0] != '/');
    ASSERT(!str_starts(file->name, "../") && strstr(file->name, "/../") == NULL &&
           !str_ends(file->name, "/..") && !str_eq(file->name, ".."));
    ASSERT(file->bytes >= s->bytes && file->len <= s->len &&
           file->bytes + file->len <= s->bytes + s->len);
    return RC_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen s = {.bytes = (const char *)data, .len = size};

    if (untar(s.bytes, size, look, &s, NULL) != RC_OK) ASSERT(s.files == 0);
    return 0;
}

#include "state/jsonl.h"

#include "state/aside.h"

void
torn_tail_free(struct torn_tail *t)
{
    text_free(&t->kept);
    *t = (struct torn_tail){0};
}

/* The bytes after the last newline; the whole of the text where it has none. */
static const char *
last_line(const struct text *tail, size_t *ret_len)
{
    const char *newline = memrchr(text_str(tail), '\n', tail->len);
    const char *from = newline == NULL ? text_str(tail) : newline + 1;

    *ret_len = (size_t)(text_str(tail) + tail->len - from);
    return from;
}

/* Size of the log and its last byte; '\n' for an empty or absent one. */
static enum rc
last_byte(const struct fs *fs, const char *path, int64_t *ret_size, char *ret_byte, struct err *err)
{
    CLEANUP(text_free) struct text byte = {0};
    struct fs_stat st = {0};
    enum rc rc = fs->stat(fs->self, path, &st, err);

    *ret_byte = '\n';
    *ret_size = st.exists ? st.size : 0;
    if (rc != RC_OK || *ret_size == 0) return rc;
    if (st.is_dir) return err_set(err, RC_IO, "%s: is a directory", path);
    rc = fs->read_at(fs->self, path, st.size - 1, 1, &byte, err);
    if (rc == RC_OK && byte.len == 1) *ret_byte = byte.data[0];
    return rc;
}

enum rc
jsonl_mend_tail(const struct fs *fs, const char *path, int64_t now_s, struct torn_tail *ret_torn,
                struct err *err)
{
    CLEANUP(text_free) struct text tail = {0};
    CLEANUP(text_free) struct text name = {0};
    int64_t size = 0;
    char byte = '\n';
    enum rc rc = last_byte(fs, path, &size, &byte, err);

    *ret_torn = (struct torn_tail){0};
    if (rc != RC_OK || byte == '\n') return rc;

    int64_t from = MAX(0, size - TORN_KEPT_MAX);
    rc = fs->read_at(fs->self, path, from, TORN_KEPT_MAX, &tail, err);
    if (rc != RC_OK) return rc;
    size_t len = 0;
    const char *half = last_line(&tail, &len);
    /* Another process was in the middle of its write() when we looked, and has finished since. */
    if (len == 0) return RC_OK;

    if (aside_name(fs, path, "torn", "", now_s, &name, NULL) == RC_OK &&
        fs->replace(fs->self, text_str(&name), half, len, false, NULL) == RC_OK)
        text_puts(&ret_torn->kept, text_str(&name));
    rc = fs->append(fs->self, path, "\n", 1, err);
    if (rc != RC_OK) {
        torn_tail_free(ret_torn);
        return rc;
    }
    ret_torn->is_torn = true;
    ret_torn->bytes = len;
    return RC_OK;
}

#include "state/store.h"

#include <inttypes.h>

#include "base/hash.h"
#include "state/aside.h"
#include "state/jsonl.h"

enum {
    READ_TRIES_MAX = 3 /* a file that changes under our hands is read again so often */
};
static const size_t BYTES_MAX = (size_t)64 << 20;

/* A sound document and the bytes it was made from. */
struct document {
    struct json *json;
    struct text bytes;
    struct fs_stat stat;
};

static void
document_free(struct document *d)
{
    json_free(d->json);
    text_free(&d->bytes);
    *d = (struct document){0};
}

/* ---- what we know of a path ---------------------------------------------------------------- */

static struct path_note *
note_of(struct state_store *s, const char *path)
{
    uint64_t hash = hash_bytes(path, strlen(path), 0) | 1;

    for (size_t i = 0; i < STATE_PATHS_MAX; i++)
        if (s->note[i].path_hash == hash) return &s->note[i];

    struct path_note *n = &s->note[s->note_next];
    s->note_next = (s->note_next + 1) % STATE_PATHS_MAX;
    *n = (struct path_note){.path_hash = hash};
    return n;
}

static void
remember(struct state_store *s, const char *path)
{
    struct path_note *n = note_of(s, path);
    struct fs_stat st = {0};

    n->is_known = s->fs->stat(s->fs->self, path, &st, NULL) == RC_OK && st.exists && !st.is_dir;
    n->known = st;
}

static int64_t
now_s(const struct state_store *s)
{
    return when_to_s(clock_now(s->clock));
}

/* ---- reading ------------------------------------------------------------------------------- */

static const char *
kind_word(const struct json *v)
{
    return json_is_array(v) ? "array" : "object";
}

/* The default is written by the owner in the source: a bad one is our own mistake. */
static struct json *
default_of(const struct store_spec *spec)
{
    struct json *doc = NULL;
    enum rc rc = json_parse(spec->default_json, strlen(spec->default_json), JSON_STRICT,
                            &JSON_LIMITS_BODY, &doc, NULL);

    ASSERT(rc == RC_OK && (json_is_object(doc) || json_is_array(doc)));
    return doc;
}

static enum rc
parse_document(const struct store_spec *spec, const struct text *bytes, struct json **ret_json,
               struct err *err)
{
    const struct json_limits limits = {spec->bytes_max == 0 ? BYTES_MAX : spec->bytes_max,
                                       STATE_DEPTH_MAX};
    CLEANUP(json_freep) struct json *wanted = default_of(spec);
    CLEANUP(json_freep) struct json *doc = NULL;

    if (bytes->len == 0) return err_set(err, RC_PARSE, "empty file");
    enum rc rc = json_parse(text_str(bytes), bytes->len, JSON_STRICT, &limits, &doc, err);
    if (rc != RC_OK) return rc;
    if (json_kind(doc) != json_kind(wanted))
        return err_set(err, RC_PARSE, "the top level is not an %s", kind_word(wanted));
    rc = spec->check == NULL ? RC_OK : spec->check(doc, err);
    if (rc != RC_OK) return rc;
    *ret_json = doc;
    doc = NULL;
    return RC_OK;
}

/* RC_NOT_FOUND where there is nothing; anything else but RC_OK means that what is there is bad. */
static enum rc
read_document(const struct state_store *s, const struct store_spec *spec, const char *path,
              struct document *ret_doc, struct err *err)
{
    const struct fs *fs = s->fs;
    size_t max = spec->bytes_max == 0 ? BYTES_MAX : spec->bytes_max;

    document_free(ret_doc);
    enum rc rc = fs->stat(fs->self, path, &ret_doc->stat, err);
    if (rc != RC_OK) return rc;
    if (!ret_doc->stat.exists) return err_set(err, RC_NOT_FOUND, "%s: no such file", path);
    if (ret_doc->stat.is_dir) return err_set(err, RC_IO, "%s: is a directory", path);

    rc = fs->read_all(fs->self, path, max, &ret_doc->bytes, err);
    /* A system that refuses once (no descriptors left, a flaky disk) is asked once more before a
     * file that may be sound is moved away. */
    if (rc == RC_IO) {
        text_clear(&ret_doc->bytes);
        rc = fs->read_all(fs->self, path, max, &ret_doc->bytes, err);
    }
    if (rc != RC_OK) return rc;
    return parse_document(spec, &ret_doc->bytes, &ret_doc->json, err);
}

/* Moves bad bytes away, unless they are no longer those that were read: RC_BUSY, look again. */
static enum rc
set_aside(const struct state_store *s, const char *path, const struct fs_stat *read,
          struct text *ret_backup, struct err *err)
{
    struct fs_stat st = {0};
    enum rc rc = s->fs->stat(s->fs->self, path, &st, err);

    if (rc != RC_OK) return rc;
    if (!fs_is_same(&st, read)) return err_set(err, RC_BUSY, "%s: changed while it was read", path);
    return aside_move(s->fs, path, "corrupted", ".json", now_s(s), ret_backup, err);
}

/* ---- healing ------------------------------------------------------------------------------- */

/* What stands in the place of a bad file. */
struct cure {
    struct document doc;
    enum store_origin origin;
    struct text prev_error; /* why the previous generation could not be used; "" = it was, or there
                               is none */
};

static void
cure_free(struct cure *c)
{
    document_free(&c->doc);
    text_free(&c->prev_error);
}

static const char *
origin_word(enum store_origin o)
{
    return o == STORE_PREV ? "prev" : o == STORE_REBUILT ? "rebuilt" : "default";
}

static bool
cure_from_prev(const struct state_store *s, const struct store_spec *spec, struct cure *c)
{
    CLEANUP(text_free) struct text prev = {0};
    CLEANUP(text_free) struct text backup = {0};
    struct err err = {0};

    if (!spec->has_prev) return false;
    text_printf(&prev, "%s.prev", spec->path);
    enum rc rc = read_document(s, spec, text_str(&prev), &c->doc, &err);
    if (rc == RC_OK) return true;
    if (rc == RC_NOT_FOUND) return false;
    text_puts(&c->prev_error, err.text);
    /* The next save would write over it: evidence is moved away first.  A failure costs the
     * evidence only. */
    (void)set_aside(s, text_str(&prev), &c->doc.stat, &backup, NULL);
    return false;
}

static bool
cure_by_rebuild(const struct store_spec *spec, struct cure *c)
{
    if (spec->rebuild == NULL) return false;
    document_free(&c->doc);
    return spec->rebuild(spec->rebuild_ctx, &c->doc.bytes, NULL) == RC_OK &&
           parse_document(spec, &c->doc.bytes, &c->doc.json, NULL) == RC_OK;
}

static void
find_cure(const struct state_store *s, const struct store_spec *spec, struct cure *c)
{
    if (cure_from_prev(s, spec, c)) {
        c->origin = STORE_PREV;
    } else if (cure_by_rebuild(spec, c)) {
        c->origin = STORE_REBUILT;
    } else {
        document_free(&c->doc);
        text_puts(&c->doc.bytes, spec->default_json);
        c->doc.json = default_of(spec);
        c->origin = STORE_DEFAULT;
    }
}

static void
log_read_failed(const struct state_store *s, const char *path, const struct err *err)
{
    log_event(s->log, EV_STATE_READ_FAILED, F_STR("path", path), F_STR("error", err->text),
              F_STR("error_type", rc_name(err->code)));
}

static void
log_heal_failed(const struct state_store *s, const char *path, const struct text *backup,
                const struct err *err)
{
    log_event(s->log, EV_STATE_HEAL_FAILED, F_STR("path", path),
              F_STR("backup", backup->len == 0 ? NULL : text_str(backup)),
              F_STR("error", err->text));
}

static void
log_healed(const struct state_store *s, const struct store_spec *spec, const struct text *backup,
           const char *used, const struct text *prev_error)
{
    CLEANUP(json_freep) struct json *wanted = default_of(spec);

    log_event(s->log, EV_STATE_SELF_HEALED, F_STR("path", spec->path),
              F_STR("backup", backup->len == 0 ? NULL : text_str(backup)),
              F_STR("default_type", kind_word(wanted)), F_STR("used", used),
              F_STR("prev_error",
                    prev_error == NULL || prev_error->len == 0 ? NULL : text_str(prev_error)));
}

/* Puts a cure into the place of a file that is gone by now, and says so. */
static struct json *
apply_cure(struct state_store *s, const struct store_spec *spec, struct cure *c,
           const struct text *backup, enum store_origin *ret_origin)
{
    struct err err = {0};
    struct json *doc = c->doc.json;

    c->doc.json = NULL;
    *ret_origin = c->origin;
    /* Without keep_prev: the previous generation that healed us must survive. */
    if (s->fs->replace(s->fs->self, spec->path, text_str(&c->doc.bytes), c->doc.bytes.len, false,
                       &err) == RC_OK) {
        remember(s, spec->path);
        log_healed(s, spec, backup, origin_word(c->origin), &c->prev_error);
    } else {
        *ret_origin = STORE_MEMORY;
        log_heal_failed(s, spec->path, backup, &err);
    }
    return doc;
}

/* NULL: the file has changed since it was read, and the caller may look again. */
static struct json *
heal(struct state_store *s, const struct store_spec *spec, const struct fs_stat *bad,
     const struct err *read_err, bool may_look_again, enum store_origin *ret_origin)
{
    CLEANUP(text_free) struct text backup = {0};
    CLEANUP(cure_free) struct cure cure = {0};
    struct err err = {0};
    enum rc rc = set_aside(s, spec->path, bad, &backup, &err);

    if (rc == RC_BUSY && may_look_again) return NULL;
    log_read_failed(s, spec->path, read_err);
    find_cure(s, spec, &cure);
    if (rc == RC_OK) return apply_cure(s, spec, &cure, &backup, ret_origin);

    log_heal_failed(s, spec->path, &backup, &err);
    struct json *doc = cure.doc.json;
    cure.doc.json = NULL;
    *ret_origin = STORE_MEMORY;
    return doc;
}

/* No file: the default; but a previous generation says that there was one, and it is healed from
 * there. */
static struct json *
load_missing(struct state_store *s, const struct store_spec *spec, enum store_origin *ret_origin)
{
    CLEANUP(cure_free) struct cure cure = {0};
    const struct text no_backup = {0};

    if (cure_from_prev(s, spec, &cure)) {
        cure.origin = STORE_PREV;
        return apply_cure(s, spec, &cure, &no_backup, ret_origin);
    }
    *ret_origin = STORE_MISSING;
    return default_of(spec);
}

static struct json *
load(void *self, const struct store_spec *spec, enum store_origin *ret_origin)
{
    struct state_store *s = self;
    enum store_origin origin = STORE_FILE;
    struct json *doc = NULL;

    for (int i = 1; doc == NULL; i++) {
        CLEANUP(document_free) struct document found = {0};
        struct err err = {0};
        enum rc rc = read_document(s, spec, spec->path, &found, &err);

        if (rc == RC_OK) {
            struct path_note *n = note_of(s, spec->path);

            n->is_known = true;
            n->known = found.stat;
            doc = found.json;
            found.json = NULL;
        } else if (rc == RC_NOT_FOUND) {
            doc = load_missing(s, spec, &origin);
        } else {
            doc = heal(s, spec, &found.stat, &err, i < READ_TRIES_MAX, &origin);
        }
    }
    if (ret_origin != NULL) *ret_origin = origin;
    return doc;
}

/* ---- saving -------------------------------------------------------------------------------- */

/* Sets aside what stands at the path if we do not know it and it is bad; says whether it did. */
static bool
clear_the_place(struct state_store *s, const struct store_spec *spec, struct text *ret_backup)
{
    CLEANUP(document_free) struct document found = {0};
    const struct path_note *n = note_of(s, spec->path);
    struct err read_err = {0};
    struct err err = {0};
    struct fs_stat st = {0};

    if (s->fs->stat(s->fs->self, spec->path, &st, NULL) != RC_OK || !st.exists) return false;
    if (n->is_known && fs_is_same(&n->known, &st)) return false;
    enum rc rc = read_document(s, spec, spec->path, &found, &read_err);
    if (rc == RC_OK || rc == RC_NOT_FOUND) return false;

    rc = set_aside(s, spec->path, &found.stat, ret_backup, &err);
    if (rc == RC_BUSY) return false; /* another writer has just put something else there */
    log_read_failed(s, spec->path, &read_err);
    if (rc != RC_OK) log_heal_failed(s, spec->path, ret_backup, &err);
    return rc == RC_OK;
}

static enum rc
save(void *self, const struct store_spec *spec, const char *json, size_t len, struct err *err)
{
    struct state_store *s = self;
    CLEANUP(text_free) struct text backup = {0};
    struct err own = {0};
    bool was_bad = clear_the_place(s, spec, &backup);
    enum rc rc = s->fs->replace(s->fs->self, spec->path, json, len, spec->has_prev, &own);

    if (rc == RC_OK) {
        remember(s, spec->path);
        if (was_bad) log_healed(s, spec, &backup, "saved", NULL);
        return RC_OK;
    }
    if (was_bad) log_heal_failed(s, spec->path, &backup, &own);
    return err_set(err, rc, "save %s: %s", spec->path, own.text);
}

/* ---- appending ----------------------------------------------------------------------------- */

static void
mend_tail(struct state_store *s, struct path_note *n, const char *path)
{
    CLEANUP(torn_tail_free) struct torn_tail torn = {0};

    if (n->is_tail_whole) return;
    /* Set before the event, which may come back here to be appended to the same log.  A tail that
     * cannot be read or closed is left as it is: our line is still worth its try. */
    n->is_tail_whole = true;
    if (jsonl_mend_tail(s->fs, path, now_s(s), &torn, NULL) != RC_OK || !torn.is_torn) return;
    log_event(s->log, EV_LOG_TORN_TAIL, F_STR("path", path), F_I64("bytes", torn.bytes),
              F_STR("kept", torn.kept.len == 0 ? NULL : text_str(&torn.kept)));
}

/* A directory in the place of a log: moved away like any other bad state. */
static bool
set_directory_aside(const struct state_store *s, const char *path)
{
    CLEANUP(text_free) struct text backup = {0};
    struct fs_stat st = {0};
    struct err err = {0};

    if (s->fs->stat(s->fs->self, path, &st, NULL) != RC_OK || !st.is_dir) return false;
    if (aside_move(s->fs, path, "corrupted", ".json", now_s(s), &backup, &err) != RC_OK)
        return false;
    err_set(&err, RC_IO, "%s: is a directory", path);
    log_read_failed(s, path, &err);
    log_event(s->log, EV_STATE_SELF_HEALED, F_STR("path", path), F_STR("backup", text_str(&backup)),
              F_STR("default_type", "log"), F_STR("used", "default"));
    return true;
}

static void
complain(struct state_store *s, struct path_note *n, const char *path, const struct err *err)
{
    int64_t mono_ns = clock_mono(s->clock);

    if (n->has_complained && mono_ns - n->complained_mono_ns < STATE_COMPLAINT_EVERY_S * NS_PER_S)
        return;
    n->has_complained = true;
    n->complained_mono_ns = mono_ns;
    if (s->complaints != NULL) (void)fprintf(s->complaints, "append to %s: %s\n", path, err->text);
}

static enum rc
write_lines(struct state_store *s, const char *path, const char *lines, size_t len, struct err *err)
{
    struct err own = {0};

    mend_tail(s, note_of(s, path), path);
    enum rc rc = s->fs->append(s->fs->self, path, lines, len, &own);
    if (rc != RC_OK && set_directory_aside(s, path))
        rc = s->fs->append(s->fs->self, path, lines, len, &own);
    if (rc == RC_OK) return RC_OK;

    struct path_note *n = note_of(s, path);
    n->is_tail_whole = false; /* a part may have been written */
    complain(s, n, path, &own);
    return err_set(err, rc, "append to %s: %s", path, own.text);
}

static enum rc
append(void *self, const char *path, const char *json_line, size_t len, struct err *err)
{
    CLEANUP(text_free) struct text line = {0};

    text_add(&line, json_line, len);
    /* Between JSON tokens a newline is a blank, and inside a string it cannot stand. */
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] == '\n' || line.data[i] == '\r') line.data[i] = ' ';
    text_putc(&line, '\n');
    return write_lines(self, path, line.data, line.len, err);
}

static enum rc
append_lines(void *self, const char *path, const char *lines, size_t len, struct err *err)
{
    if (len == 0) return RC_OK;
    ASSERT(lines[len - 1] == '\n');
    return write_lines(self, path, lines, len, err);
}

/* ---- the seam ------------------------------------------------------------------------------ */

void
state_store_init(struct state_store *s, const struct fs *fs, const struct clock *clock,
                 const struct log *log)
{
    *s = (struct state_store){.fs = fs, .clock = clock, .log = log, .complaints = stderr};
}

struct store
state_store_seam(struct state_store *s)
{
    return (struct store){
        .self = s, .load = load, .save = save, .append = append, .append_lines = append_lines};
}

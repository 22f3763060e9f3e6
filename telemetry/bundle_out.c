#include "telemetry/bundle_internal.h"

enum { PENDING_MAX = 1 << 20, DEPTH_MAX = 8 };

#define REPORT_PREFIX "FULL_TELEMETRY_"

/* ---- a file -------------------------------------------------------------------------------- */

void
out_begin(struct out *o, struct bundle *b, const char *name)
{
    *o = (struct out){.b = b, .is_hashed = true};
    (void)snprintf(o->path, sizeof(o->path), "%s/%s", b->fresh, name);
    sha256_begin(&o->sum);
}

static enum rc
flush(struct out *o, struct err *err)
{
    const struct fs *fs = o->b->spec->seams.fs;
    enum rc rc = bundle_go_on(o->b, err);

    if (rc != RC_OK) return rc;
    if (o->is_hashed) sha256_add(&o->sum, text_str(&o->pending), o->pending.len);
    o->bytes += (int64_t)o->pending.len;
    if (o->b->is_written)
        rc = fs->append(fs->self, o->path, text_str(&o->pending), o->pending.len, err);
    text_clear(&o->pending);
    return rc;
}

enum rc
out_add(struct out *o, const char *bytes, size_t len, struct err *err)
{
    text_add(&o->pending, bytes, len);
    return o->pending.len < PENDING_MAX ? RC_OK : flush(o, err);
}

enum rc
out_end(struct out *o, struct output *row, struct err *err)
{
    enum rc rc = o->pending.len > 0 || o->bytes == 0 ? flush(o, err) : RC_OK;

    row->bytes = o->bytes;
    if (o->is_hashed) (void)sha256_text(&o->sum, row->sha256);
    return rc;
}

void
out_done(struct out *o)
{
    text_free(&o->pending);
}

struct output *
bundle_output(struct bundle *b, const char *kind, const char *source, const char *name)
{
    struct output_list *l = &b->outputs;

    l->item = bundle_grow(&b->arena, l->item, l->len, &l->cap, sizeof(*l->item));
    l->item[l->len] = (struct output){.kind = kind,
                                      .source = arena_strdup(&b->arena, source),
                                      .name = arena_strdup(&b->arena, name)};
    return &l->item[l->len++];
}

enum rc
bundle_put(struct bundle *b, const char *name, const struct text *content, struct err *err)
{
    struct output *row = bundle_output(b, "generated", "", name);
    CLEANUP(out_done) struct out o;

    out_begin(&o, b, name);
    enum rc rc = out_add(&o, text_str(content), content->len, err);
    return rc == RC_OK ? out_end(&o, row, err) : rc;
}

/* ---- folders ------------------------------------------------------------------------------- */

/* A removed name may be a link: what it points to is not ours. */
static void remove_tree(const struct bundle *b, const char *path, int depth);

struct removal {
    const struct bundle *b;
    const char *folder;
    int depth;
};

static bool
remove_entry(void *ctx, const char *name)
{
    const struct removal *r = ctx;
    char path[BUNDLE_PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", r->folder, name) < (int)sizeof(path))
        remove_tree(r->b, path, r->depth + 1);
    return true;
}

static void
remove_tree(const struct bundle *b, const char *path, int depth)
{
    const struct fs *fs = b->spec->seams.fs;
    const struct folders *folders = b->spec->seams.folders;
    struct removal r = {b, path, depth};

    if (depth > DEPTH_MAX || fs->remove(fs->self, path, NULL) == RC_OK) return;
    /* What cannot be removed now is in nobody's way and tried again by the next run. */
    (void)fs->list(fs->self, path, remove_entry, &r, NULL);
    (void)folders->remove(folders->self, path, NULL);
}

static const char *
aside_path(const struct bundle *b, char path[BUNDLE_PATH_MAX])
{
    (void)snprintf(path, BUNDLE_PATH_MAX, "%s/.%s.old", b->spec->options.output_root, b->date);
    return path;
}

static bool
exists(const struct bundle *b, const char *path)
{
    const struct fs *fs = b->spec->seams.fs;
    struct fs_stat st = {0};

    return fs->stat(fs->self, path, &st, NULL) == RC_OK && st.exists;
}

/* ---- what somebody else put into the folder ------------------------------------------------ */

static bool
is_ours(const char *name)
{
    for (int i = 0; i < BUNDLE_KINDS; i++)
        if (str_eq(name, BUNDLE_KIND_NAMES[i])) return true;
    return str_eq(name, "computed") || str_eq(name, BUNDLE_MANIFEST) ||
           str_starts(name, REPORT_PREFIX) || str_starts(name, ".");
}

static bool
carry_entry(void *ctx, const char *name)
{
    const struct removal *r = ctx;
    const struct fs *fs = r->b->spec->seams.fs;
    char from[BUNDLE_PATH_MAX], to[BUNDLE_PATH_MAX];

    if (is_ours(name)) return true;
    if (snprintf(from, sizeof(from), "%s/%s", r->folder, name) >= (int)sizeof(from)) return true;
    if (snprintf(to, sizeof(to), "%s/%s", r->b->place, name) >= (int)sizeof(to)) return true;
    /* Where it cannot be moved the run has not failed for that; the folder is then kept. */
    if (!exists(r->b, to)) (void)fs->rename(fs->self, from, to, NULL);
    return true;
}

/* An old bundle goes; notes and the like that lay in it move to the new one. */
static void
clear_away(const struct bundle *b, const char *old)
{
    const struct fs *fs = b->spec->seams.fs;
    struct removal r = {.b = b, .folder = old};

    if (!exists(b, old)) return;
    if (exists(b, b->place)) (void)fs->list(fs->self, old, carry_entry, &r, NULL);
    remove_tree(b, old, 0);
}

/* ---- the folder takes its place ------------------------------------------------------------ */

enum rc
bundle_prepare(struct bundle *b, struct err *err)
{
    const struct fs *fs = b->spec->seams.fs;
    char path[BUNDLE_PATH_MAX];
    enum rc rc = RC_OK;

    if (!b->is_written) return RC_OK;
    (void)aside_path(b, path);
    if (exists(b, path) && !exists(b, b->place)) { /* killed between the two steps below */
        rc = fs->rename(fs->self, path, b->place, err);
        if (rc != RC_OK) return rc;
    }
    clear_away(b, path);
    clear_away(b, b->fresh);
    for (int i = 0; i <= BUNDLE_KINDS && rc == RC_OK; i++) {
        const char *name = i < BUNDLE_KINDS ? BUNDLE_KIND_NAMES[i] : "computed";

        (void)snprintf(path, sizeof(path), "%s/%s", b->fresh, name);
        rc = fs->make_dir(fs->self, path, err);
    }
    return rc;
}

/* Where two folders cannot change names in one step: for a moment there is only the one set aside,
 * which the next run would put back. */
static enum rc
publish_in_two_steps(struct bundle *b, struct err *err)
{
    const struct fs *fs = b->spec->seams.fs;
    char aside[BUNDLE_PATH_MAX];

    enum rc rc = fs->rename(fs->self, b->place, aside_path(b, aside), err);
    if (rc != RC_OK) return rc;
    rc = fs->rename(fs->self, b->fresh, b->place, err);
    if (rc != RC_OK)
        (void)fs->rename(fs->self, aside, b->place, NULL); /* the first failure is what counts */
    else
        clear_away(b, aside);
    return rc;
}

enum rc
bundle_publish(struct bundle *b, struct err *err)
{
    const struct folders *folders = b->spec->seams.folders;

    if (!b->is_written) return RC_OK;
    enum rc rc = folders->exchange(folders->self, b->fresh, b->place, err);
    if (rc == RC_DENIED) return publish_in_two_steps(b, err);
    if (rc == RC_OK) clear_away(b, b->fresh);
    return rc;
}

void
bundle_discard(struct bundle *b)
{
    if (b->is_written) clear_away(b, b->fresh);
}

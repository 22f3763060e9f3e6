#include "io/gz.h"
#include "io/tar.h"
#include "scripts/report/pack.h"

#define COPY_BYTES_MAX ((size_t)64 << 20)
#define TAIL_BYTES_MAX ((size_t)32 << 20)
#define MANIFEST       "manifest.json"
#define VERSION        "2026-01-21_postclose_pack_v1"

static const char *const STATES[] = {
    "daily_universe",         "daily_universe_v2",      "premarket_intel",
    "postmarket_intel",       "regime_state",           "uw_intel_pnl_summary",
    "exit_intel_pnl_summary", "uw_daemon_health_state", "intel_health_state",
    "premarket_exit_intel",   "postmarket_exit_intel",  "shadow_v2_positions",
    "shadow_heartbeat"};
static const char *const REPORTS[] = {"SHADOW_DAY_SUMMARY",    "EXIT_DAY_SUMMARY",
                                      "EXIT_INTEL_PNL",        "UW_INTEL_PNL",
                                      "V2_TUNING_SUGGESTIONS", "INTEL_DASHBOARD"};
static const char *const LOGS[] = {"shadow_trades", "uw_attribution", "exit_attribution",
                                   "system_events"};

static const char *
in_pack(struct pack *p, const char *file)
{
    return arena_printf(&p->run.arena, "%s/%s", text_str(&p->dir), file);
}

enum rc
pack_put(struct pack *p, const char *file, const struct text *bytes, struct err *err)
{
    return report_put(&p->run, in_pack(p, file), text_str(bytes), bytes->len, err);
}

/* A copy from an earlier run whose source is gone. */
static void
drop(struct pack *p, const char *file)
{
    const struct fs *fs = &p->job->runner.fs;
    struct err ignored = {0};

    if (p->job->is_dry) return;
    if (fs->remove(fs->self, in_pack(p, file), &ignored) != RC_OK) return; /* there was none */
}

/* ---- copies and tails ---------------------------------------------------------------------- */

static enum rc
capture_copy(struct pack *p, struct pack_captured *c, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    const struct fs *fs = &p->job->runner.fs;
    struct err why = {0};

    enum rc rc = fs->read_all(fs->self, c->source, COPY_BYTES_MAX, &bytes, &why);
    c->is_there = rc == RC_OK;
    if (c->is_there) return pack_put(p, c->file, &bytes, err);
    drop(p, c->file);
    return RC_OK;
}

static enum rc
capture_tail(struct pack *p, struct pack_captured *c, struct err *err)
{
    CLEANUP(text_free) struct text lines = {0};

    report_last_lines(&p->run, c->source, p->tail_lines, TAIL_BYTES_MAX, &lines);
    for (size_t i = 0; i < lines.len; i++) {
        c->lines += lines.data[i] == '\n';
        c->is_there = c->is_there || strchr(" \t\r\n", lines.data[i]) == NULL;
    }
    return pack_put(p, c->file, &lines, err);
}

static struct pack_captured *
add(struct pack *p, enum pack_kind kind, const char *source, const char *file)
{
    ASSERT(p->captured_len < PACK_CAPTURED_MAX);
    struct pack_captured *c = &p->captured[p->captured_len++];

    *c = (struct pack_captured){.kind = kind, .source = source, .file = file};
    return c;
}

enum rc
pack_capture(struct pack *p, struct err *err)
{
    struct arena *a = &p->run.arena;
    const char *day = p->job->date_text;
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(STATES); i++) {
        const char *path = arena_printf(a, "state/%s.json", STATES[i]);
        rc = capture_copy(p, add(p, PACK_STATE, path, path), err);
    }
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(REPORTS); i++) {
        const char *path = arena_printf(a, "reports/%s_%s.md", REPORTS[i], day);
        rc = capture_copy(p, add(p, PACK_REPORT, path, path), err);
    }
    for (size_t i = 0; rc == RC_OK && i < COUNT_OF(LOGS); i++) {
        struct pack_captured *c = add(p, PACK_LOG, arena_printf(a, "logs/%s.jsonl", LOGS[i]),
                                      arena_printf(a, "logs/%s_tail.jsonl", LOGS[i]));
        rc = capture_tail(p, c, err);
    }
    return rc;
}

/* ---- the manifest -------------------------------------------------------------------------- */

static void
write_copies(struct json_out *o, const struct pack *p, const char *key, enum pack_kind kind)
{
    json_out_obj(o, key);
    for (size_t i = 0; i < p->captured_len; i++) {
        const struct pack_captured *c = &p->captured[i];
        if (c->kind == kind) json_out_bool(o, c->source, c->is_there);
    }
    json_out_end(o);
}

static void
write_tails(struct json_out *o, const struct pack *p)
{
    json_out_obj(o, "log_tails");
    for (size_t i = 0; i < p->captured_len; i++) {
        const struct pack_captured *c = &p->captured[i];
        if (c->kind != PACK_LOG) continue;
        json_out_obj(o, c->source);
        json_out_str(o, "file", c->file);
        json_out_i64(o, "lines", c->lines);
        json_out_bool(o, "present", c->is_there);
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_steps(struct json_out *o, const struct pack *p)
{
    json_out_arr(o, "steps");
    for (size_t i = 0; i < p->steps_len; i++) {
        const struct pack_step *s = &p->step[i];
        json_out_obj(o, NULL);
        json_out_str(o, "step", s->name);
        json_out_bool(o, "ok", s->is_ok);
        json_out_raw(o, "cmd", text_str(&s->cmd), s->cmd.len);
        json_out_str(o, "output_tail", text_str(&s->said));
        json_out_end(o);
    }
    json_out_end(o);
}

enum rc
pack_write_manifest(struct pack *p, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};
    char iso[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_obj(&o, "_meta");
    json_out_str(&o, "ts", when_iso_brief(p->job->now_ns, iso));
    json_out_str(&o, "version", VERSION);
    json_out_end(&o);
    json_out_str(&o, "date", p->job->date_text);
    json_out_str(&o, "pack_dir", text_str(&p->dir));
    write_steps(&o, p);
    json_out_obj(&o, "captured");
    write_copies(&o, p, "state", PACK_STATE);
    write_copies(&o, p, "reports", PACK_REPORT);
    write_tails(&o, p);
    json_out_end(&o);
    json_out_end(&o);
    report_canonical(&json, &p->manifest);
    return pack_put(p, MANIFEST, &p->manifest, err);
}

/* ---- the archive --------------------------------------------------------------------------- */

enum { ARCHIVED_MAX = 128 };

struct listing {
    struct pack *pack;
    const char *folder; /* below the pack, with its slash; "" for the pack itself */
    const char *own;    /* the archive, which does not hold itself */
    const char *file[ARCHIVED_MAX];
    size_t len;
};

/* Folders of the pack hold files only. */
static bool
take_name(void *ctx, const char *name)
{
    struct listing *l = ctx;
    const struct fs *fs = &l->pack->job->runner.fs;
    const char *file = arena_printf(&l->pack->run.arena, "%s%s", l->folder, name);
    struct fs_stat st = {0};

    if (name[0] == '.' || str_eq(file, l->own)) return true; /* a temporary of somebody */
    if (fs->stat(fs->self, in_pack(l->pack, file), &st, NULL) != RC_OK || !st.exists || st.is_dir)
        return true;
    if (l->len < ARCHIVED_MAX) l->file[l->len++] = file;
    return true;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
list_files(struct listing *l)
{
    static const char *const folders[] = {"", "charts/", "logs/", "reports/", "state/"};
    const struct fs *fs = &l->pack->job->runner.fs;
    struct err ignored = {0};

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        l->folder = folders[i];
        enum rc rc = fs->list(fs->self, in_pack(l->pack, folders[i]), take_name, l, &ignored);
        if (rc != RC_OK) continue; /* no such folder: nothing to keep */
    }
    qsort(l->file, l->len, sizeof(l->file[0]), by_name);
}

enum rc
pack_archive(struct pack *p, struct err *err)
{
    CLEANUP(text_free) struct text tar = {0}, gz = {0}, bytes = {0};
    const struct fs *fs = &p->job->runner.fs;
    struct listing l = {.pack = p};
    enum rc rc = RC_OK;

    l.own = arena_printf(&p->run.arena, "analysis_pack_%s.tar.gz", p->job->date_text);
    if (!p->job->is_dry) list_files(&l);
    for (size_t i = 0; rc == RC_OK && i < l.len; i++) {
        text_clear(&bytes);
        rc = fs->read_all(fs->self, in_pack(p, l.file[i]), COPY_BYTES_MAX, &bytes, err);
        if (rc == RC_OK)
            rc = tar_add(&tar, l.file[i], text_str(&bytes), bytes.len, when_to_s(p->job->now_ns),
                         err);
    }
    tar_end(&tar);
    if (rc == RC_OK) rc = gz_compress(tar.data, tar.len, &gz, err);
    return rc == RC_OK ? pack_put(p, l.own, &gz, err) : rc;
}

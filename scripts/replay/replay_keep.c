#include "io/fs.h"
#include "scripts/replay/replay.h"
#include "state/ledger.h"

#define KEPT_BYTES_MAX ((size_t)1 << 30)

struct copying {
    const struct fs *from, *to;
    const char *folder; /* "" for the top */
    enum rc rc;
    struct err *err;
};

static bool copy_name(void *ctx, const char *name);

static enum rc
copy_folder(const struct copying *c, const char *folder)
{
    struct copying inner = {
        .from = c->from, .to = c->to, .folder = folder, .rc = RC_OK, .err = c->err};
    enum rc rc =
        c->from->list(c->from->self, folder[0] == '\0' ? "." : folder, copy_name, &inner, c->err);

    return inner.rc != RC_OK ? inner.rc : rc;
}

/* What came with the program was only lent to the simulated disk. */
static bool
is_shipped(const char *folder, const char *name)
{
    return folder[0] == '\0' && (str_eq(name, "unusual_whales_api") || str_eq(name, "config"));
}

static bool
copy_name(void *ctx, const char *name)
{
    struct copying *c = ctx;
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    struct fs_stat st = {0};

    if (is_shipped(c->folder, name)) return true;
    text_printf(&path, "%s%s%s", c->folder, c->folder[0] != '\0' ? "/" : "", name);
    c->rc = c->from->stat(c->from->self, text_str(&path), &st, c->err);
    if (c->rc == RC_OK && st.is_dir) c->rc = copy_folder(c, text_str(&path));
    if (c->rc != RC_OK || st.is_dir || !st.exists) return c->rc == RC_OK;
    c->rc = c->from->read_all(c->from->self, text_str(&path), KEPT_BYTES_MAX, &bytes, c->err);
    /* Appended, not replaced: the folder is fresh, and nothing here is worth an fsync a file. */
    if (c->rc == RC_OK)
        c->rc = c->to->append(c->to->self, text_str(&path), text_str(&bytes), bytes.len, c->err);
    return c->rc == RC_OK;
}

/* The ledger in memory does not keep which intent a fill belongs to; the order's number tells. */
static const char *
client_id_of(const struct ledger_mem *m, const struct fill *f)
{
    for (size_t i = 0; i < m->intents_len; i++)
        if (str_eq(m->intent[i].broker_id, f->broker_id)) return m->intent[i].order.client_id;
    return "";
}

static enum rc
copy_ledger(const struct replay *r, const struct ledger *to, struct err *err)
{
    const struct ledger_mem *m = &r->ledger_mem;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < m->intents_len && rc == RC_OK; i++) {
        rc = to->add_intent(to->self, &m->intent[i], err);
        if (rc == RC_OK) rc = to->update_intent(to->self, &m->intent[i], err);
    }
    for (size_t i = 0; i < m->fills_len && rc == RC_OK; i++) {
        const struct mem_fill *f = &m->fill[i];
        bool is_new = false;

        rc = to->add_fill(to->self, &f->fill, client_id_of(m, &f->fill),
                          f->is_adjustment ? "adjustment" : "fill", &is_new, err);
    }
    return rc;
}

static enum rc
keep_ledger(const struct replay *r, const char *root, const struct fs *to, struct err *err)
{
    struct ledger_options opt = {.root = root, .fs = to, .clock = &r->clock};
    struct sql_ledger *sql = NULL;
    enum rc rc = ledger_open(&opt, &sql, err);

    if (rc != RC_OK) return rc;
    struct ledger ledger = ledger_seam(sql);
    rc = copy_ledger(r, &ledger, err);
    ledger_close(sql);
    return rc;
}

/* The day of these files is simulated: other commands read their times by its end. */
static enum rc
keep_mark(const struct replay *r, const struct fs *to, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};
    char date[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    json_out_str(&o, "day", date_text(r->sim.day.session.date, date));
    json_out_i64(&o, "seed", r->opt->day.seed);
    json_out_time(&o, "ended_at", clock_now(&r->clock));
    json_out_end(&o);
    return to->replace(to->self, DEMO_MARK_PATH, text_str(&json), json.len, false, err);
}

static enum rc
keep_book(struct replay *r, const struct fs *to, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};

    sim_write(&r->sim, &json);
    enum rc rc = to->make_dir(to->self, "sim", err);
    if (rc != RC_OK) return rc;
    return to->replace(to->self, DEMO_BOOK_PATH, text_str(&json), json.len, false, err);
}

enum rc
replay_keep(struct replay *r, const char *root, struct err *err)
{
    struct posix_fs posix = {0};
    enum rc rc = fs_open(root, &posix, err);

    if (rc != RC_OK) return rc;
    struct fs to = fs_seam(&posix);
    struct copying all = {.from = &r->fs, .to = &to, .err = err};
    rc = copy_folder(&all, "");
    if (rc == RC_OK) rc = keep_ledger(r, root, &to, err);
    if (rc == RC_OK) rc = keep_book(r, &to, err);
    if (rc == RC_OK) rc = keep_mark(r, &to, err);
    fs_close(&posix);
    return rc == RC_OK ? rc : err_wrap(err, "keep the files");
}

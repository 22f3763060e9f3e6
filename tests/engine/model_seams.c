#include "tests/engine/model.h"

/* ---- counted calls ------------------------------------------------------------------------- */

bool
model_alive(struct model_process *p)
{
    if (p->is_dead) return false;
    p->calls++;
    if (p->dies_at != 0 && p->calls >= p->dies_at) p->is_dead = true;
    if (p->is_dead && p->m->is_traced) (void)printf("      † at call %lld\n", (long long)p->calls);
    return !p->is_dead;
}

enum rc
model_dead(struct err *err)
{
    return err_set(err, RC_IO, "the process is dead");
}

static bool
fails(const struct model_process *p, int64_t at, int64_t len)
{
    return at != 0 && p->calls >= at && p->calls <= at + len;
}

/* ---- ledger -------------------------------------------------------------------------------- */

static bool
ledger_alive(struct model_process *p, enum rc *ret_rc, struct err *err)
{
    if (!model_alive(p)) {
        *ret_rc = model_dead(err);
        return false;
    }
    if (!fails(p, p->ledger_fails_at, p->ledger_fails_len)) return true;
    *ret_rc = err_set(err, RC_IO, "ledger: disk I/O error");
    return false;
}

static enum rc
add_intent_of(void *self, const struct intent *in, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.add_intent(p->m->ledger.self, in, err);
}

static enum rc
update_intent_of(void *self, const struct intent *in, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.update_intent(p->m->ledger.self, in, err);
}

static enum rc
find_intent_of(void *self, const char *client_id, struct intent *ret_intent, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.find_intent(p->m->ledger.self, client_id, ret_intent, err);
}

static enum rc
live_intents_of(void *self, struct arena *a, struct intents *ret_list, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.live_intents(p->m->ledger.self, a, ret_list, err);
}

static enum rc
intents_since_of(void *self, int64_t from_ns, struct arena *a, struct intents *ret_list,
                 struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.intents_since(p->m->ledger.self, from_ns, a, ret_list, err);
}

static enum rc
add_fill_of(void *self, const struct fill *f, const char *client_id, const char *kind,
            bool *ret_is_new, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.add_fill(p->m->ledger.self, f, client_id, kind, ret_is_new, err);
}

static enum rc
fills_since_of(void *self, int64_t from_ns, struct arena *a, struct fills *ret_list,
               struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.fills_since(p->m->ledger.self, from_ns, a, ret_list, err);
}

static enum rc
last_fill_ns_of(void *self, int64_t *ret_ns, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.last_fill_ns(p->m->ledger.self, ret_ns, err);
}

static enum rc
positions_of(void *self, struct arena *a, struct ledger_positions *ret_list, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!ledger_alive(p, &rc, err)) return rc;
    return p->m->ledger.positions(p->m->ledger.self, a, ret_list, err);
}

struct ledger
model_ledger_of(struct model_process *p)
{
    return (struct ledger){.self = p,
                           .add_intent = add_intent_of,
                           .update_intent = update_intent_of,
                           .find_intent = find_intent_of,
                           .live_intents = live_intents_of,
                           .intents_since = intents_since_of,
                           .add_fill = add_fill_of,
                           .fills_since = fills_since_of,
                           .last_fill_ns = last_fill_ns_of,
                           .positions = positions_of};
}

/* ---- disk ---------------------------------------------------------------------------------- */

static bool
disk_alive(struct model_process *p, enum rc *ret_rc, struct err *err)
{
    if (!model_alive(p)) {
        *ret_rc = model_dead(err);
        return false;
    }
    if (!fails(p, p->disk_fails_at, p->disk_fails_len)) return true;
    *ret_rc = err_set(err, RC_IO, "No space left on device");
    return false;
}

static enum rc
read_all_of(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    struct model_process *p = self;

    if (p->is_dead) return model_dead(err);
    return p->m->fs.read_all(p->m->fs.self, path, max, ret_bytes, err);
}

static enum rc
read_at_of(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
           struct err *err)
{
    struct model_process *p = self;

    if (p->is_dead) return model_dead(err);
    return p->m->fs.read_at(p->m->fs.self, path, offset, max, ret_bytes, err);
}

static enum rc
replace_of(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
           struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!disk_alive(p, &rc, err)) return rc;
    return p->m->fs.replace(p->m->fs.self, path, bytes, len, keep_prev, err);
}

static enum rc
append_of(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!disk_alive(p, &rc, err)) return rc;
    return p->m->fs.append(p->m->fs.self, path, bytes, len, err);
}

static enum rc
rename_of(void *self, const char *from, const char *to, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!disk_alive(p, &rc, err)) return rc;
    return p->m->fs.rename(p->m->fs.self, from, to, err);
}

static enum rc
remove_of(void *self, const char *path, struct err *err)
{
    struct model_process *p = self;
    enum rc rc;

    if (!disk_alive(p, &rc, err)) return rc;
    return p->m->fs.remove(p->m->fs.self, path, err);
}

static enum rc
stat_of(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    struct model_process *p = self;

    if (p->is_dead) return model_dead(err);
    return p->m->fs.stat(p->m->fs.self, path, ret_stat, err);
}

static enum rc
make_dir_of(void *self, const char *path, struct err *err)
{
    struct model_process *p = self;

    if (p->is_dead) return model_dead(err);
    return p->m->fs.make_dir(p->m->fs.self, path, err);
}

static enum rc
list_of(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
        struct err *err)
{
    struct model_process *p = self;

    if (p->is_dead) return model_dead(err);
    return p->m->fs.list(p->m->fs.self, path, each, ctx, err);
}

struct fs
model_fs_of(struct model_process *p)
{
    return (struct fs){.self = p,
                       .read_all = read_all_of,
                       .replace = replace_of,
                       .append = append_of,
                       .rename = rename_of,
                       .remove = remove_of,
                       .stat = stat_of,
                       .make_dir = make_dir_of,
                       .list = list_of,
                       .read_at = read_at_of};
}

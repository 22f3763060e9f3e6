#include "state/epoch.h"

static enum rc
check(const struct json *doc, struct err *err)
{
    int64_t n = json_i64(doc, "epoch", -1);

    return n >= 0 && n <= EPOCH_MAX ? RC_OK
                                    : err_set(err, RC_RANGE, "no epoch from 0 to a billion");
}

static const struct store_spec SPEC = {.path = EPOCH_PATH,
                                       .default_json = "{\"epoch\":0}",
                                       .has_prev = true,
                                       .bytes_max = 4096,
                                       .check = check};

static int64_t
load(const struct epoch_file *e, enum store_origin *ret_origin)
{
    CLEANUP(json_freep) struct json *doc = store_load(e->store, &SPEC, ret_origin);

    return json_i64(doc, "epoch", 0);
}

static enum rc
save_mine(struct epoch_file *e, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "epoch", e->mine);
    json_out_end(&o);
    enum rc rc = store_save(e->store, &SPEC, &json, err);
    return rc == RC_OK ? e->fs->stat(e->fs->self, EPOCH_PATH, &e->seen, err) : rc;
}

enum rc
epoch_raise(struct epoch_file *ret_epoch, const struct fs *fs, const struct store *store,
            int64_t floor, struct err *err)
{
    struct epoch_file *e = ret_epoch;
    enum store_origin origin = STORE_FILE;

    *e = (struct epoch_file){.fs = fs, .store = store};
    int64_t last = load(e, &origin);
    /* In memory only: it may come from the previous generation too. */
    int64_t step = origin == STORE_PREV || origin == STORE_MEMORY ? 2 : 1;
    e->mine = MAX(last, floor) + step;
    e->newest = e->mine;
    return save_mine(e, err);
}

enum rc
epoch_current(struct epoch_file *e, int64_t *ret_epoch, struct err *err)
{
    struct fs_stat st = {0};
    enum rc rc = e->fs->stat(e->fs->self, EPOCH_PATH, &st, err);

    if (rc != RC_OK) return rc;
    if (!st.exists || !fs_is_same(&e->seen, &st)) {
        e->newest = MAX(e->newest, load(e, NULL));
        /* Nobody newer: what is there is older than we are, and ours goes back to its place. */
        if (e->newest == e->mine)
            rc = save_mine(e, err);
        else
            rc = e->fs->stat(e->fs->self, EPOCH_PATH, &e->seen, err);
    }
    if (rc == RC_OK) *ret_epoch = e->newest;
    return rc;
}

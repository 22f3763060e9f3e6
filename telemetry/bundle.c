#include "telemetry/bundle_internal.h"

void *
bundle_grow(struct arena *a, void *item, size_t len, size_t *cap, size_t size)
{
    if (len < *cap) return item;
    size_t grown = *cap == 0 ? 16 : *cap * 2;
    void *room = arena_alloc(a, size, grown);
    if (len > 0) memcpy(room, item, len * size);
    *cap = grown;
    return room;
}

enum rc
bundle_go_on(struct bundle *b, struct err *err)
{
    const struct bundle_seams *s = &b->spec->seams;

    if (s->is_stopped == NULL || !s->is_stopped(s->ctx)) return RC_OK;
    return err_set(err, RC_STOPPED, "stopped; the bundle is as it was before");
}

void
bundle_lock_path(const char *output_root, struct date date, struct text *ret_path)
{
    char day[ISO_TEXT_MAX];

    text_printf(ret_path, "%s/.%s.lock", output_root, date_text(date, day));
}

static void
count_losses(const struct bundle *b, struct bundle_result *r)
{
    for (int kind = 0; kind < BUNDLE_KINDS; kind++)
        r->missing += b->missing[kind].len;
    for (size_t i = 0; i < b->inputs.len; i++) {
        enum input_state state = b->inputs.item[i].state;

        if (state == INPUT_DAMAGED || state == INPUT_UNREADABLE) r->damaged++;
    }
}

static void
tell_result(const struct bundle_day *d, struct bundle_result *ret)
{
    struct bundle_result r = {.files = d->b->outputs.len + 1,
                              .realized_trades = (int64_t)d->view->trades};

    (void)str_copy(r.dir, sizeof(r.dir), d->b->place);
    count_losses(d->b, &r);
    for (int i = 0; i < DAY_LOGS; i++)
        r.malformed_lines += (int64_t)d->view->log[i].malformed;
    *ret = r;
}

enum rc
bundle_compute(struct bundle *b, struct bundle_result *ret_result, struct output *ret_manifest,
               struct err *err)
{
    struct bundle_day d = {0};

    if (b->chain == NULL)
        chain_find(b, &d.chain);
    else
        d.chain = *b->chain;
    enum rc rc = bundle_day_gather(&d, b, err);
    if (rc == RC_OK) rc = bundle_generate(&d, ret_manifest, err);
    if (rc == RC_OK) tell_result(&d, ret_result);
    bundle_day_done(&d);
    return rc;
}

void
bundle_begin(struct bundle *b, const struct bundle_spec *spec)
{
    const char *root = spec->options.output_root;

    *b = (struct bundle){.spec = spec, .is_written = !spec->is_dry};
    (void)date_text(spec->date, b->date);
    b->place = arena_printf(&b->arena, "%s/%s", root, b->date);
    b->fresh = arena_printf(&b->arena, "%s/.%s.new", root, b->date);
}

void
bundle_end(struct bundle *b)
{
    for (size_t i = 0; i < b->inputs.len; i++) {
        const struct input *in = &b->inputs.item[i];

        if (in->is_open) in->src.close(in->src.self);
    }
    arena_done(&b->arena);
}

enum rc
bundle_build(const struct bundle_spec *spec, struct bundle_result *ret_result, struct err *err)
{
    struct output manifest = {0};
    struct bundle b;

    bundle_begin(&b, spec);
    enum rc rc = bundle_prepare(&b, err);
    if (rc == RC_OK) rc = bundle_compute(&b, ret_result, &manifest, err);
    if (rc == RC_OK) rc = bundle_publish(&b, err);
    if (rc != RC_OK) bundle_discard(&b);
    bundle_end(&b);
    return rc;
}

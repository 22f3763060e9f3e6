#include <math.h>

#include "engine/v2.h"
#include "scripts/demo/demo.h"
#include "shadow/book_json.h"

#define LOG_BYTES ((size_t)64 << 20)

static bool
take_trade(void *ctx, const struct json *record)
{
    struct demo_shadow *s = ctx;
    double pnl_usd = json_f64(record, "realized_pnl_usd", 0);

    if (!json_bool(record, "is_shadow", false)) return true;
    s->is_there = true;
    if (!json_has(record, "exit_ts")) {
        s->entered++;
        return true;
    }
    s->closed++;
    s->won += pnl_usd > 0;
    s->realised_usd += pnl_usd;
    return true;
}

static void
take_book(struct demo_shadow *s, const struct json *doc)
{
    CLEANUP(shadow_book_done) struct shadow_book book = {0};
    struct err ignored = {0};

    if (doc == NULL || shadow_book_decode(doc, &book, &ignored) != RC_OK) return;
    s->is_there = true;
    s->open = book.len;
    for (size_t i = 0; i < book.len; i++)
        if (isfinite(book.position[i].mark.pnl_usd))
            s->unrealised_usd += book.position[i].mark.pnl_usd;
}

struct demo_shadow
demo_shadow_read(const struct fs *fs)
{
    CLEANUP(json_freep) struct json *doc = view_load(fs, V2_POSITIONS_PATH);
    struct demo_shadow s = {.is_there = false};

    take_book(&s, doc);
    view_tail(fs, shadow_log_path(SHADOW_LOG_MASTER), LOG_BYTES, take_trade, &s);
    return s;
}

void
demo_shadow_print(const struct demo_shadow *s)
{
    if (!s->is_there) return;
    (void)printf("  %-16s v2 on paper: %zu entries, %zu closed", "shadow", s->entered, s->closed);
    if (s->closed > 0)
        (void)printf(", %zu won (%.0f %%)", s->won, 100.0 * (double)s->won / (double)s->closed);
    (void)printf("; %+.2f USD realised, %+.2f USD on %zu open\n", s->realised_usd,
                 s->unrealised_usd, s->open);
}

void
demo_shadow_write(const struct demo_shadow *s, struct json_out *o)
{
    json_out_obj(o, "shadow");
    json_out_i64(o, "entries", (int64_t)s->entered);
    json_out_i64(o, "closed", (int64_t)s->closed);
    json_out_i64(o, "won", (int64_t)s->won);
    json_out_f64(o, "realised_pnl_usd", round_dec(s->realised_usd, 2));
    json_out_i64(o, "open_positions", (int64_t)s->open);
    json_out_f64(o, "unrealised_pnl_usd", round_dec(s->unrealised_usd, 2));
    json_out_end(o);
}

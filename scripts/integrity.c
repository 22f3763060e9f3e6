#include "scripts/integrity.h"

#include <math.h>
#include <stdlib.h>

#include "analytics/cut.h"
#include "analytics/value.h"

enum { CHUNK = 1 << 20 };

struct reading {
    const struct integrity_options *opt;
    struct integrity *result;
    int64_t *at_ns; /* of the window's records, in file order */
    size_t len, cap;
    struct integrity_pnl exits, priced;
};

static bool
is_word(const struct node *v, const char *word)
{
    char buf[VAL_TEXT_MAX];
    struct span s = val_str(v, buf);

    return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static const struct node *
get(const struct node *record, const char *name)
{
    return val_at(record, &name, 1);
}

/* The first that is there of three names. */
static int64_t
time_of(const struct node *record)
{
    char buf[VAL_TEXT_MAX];
    const struct node *v =
        val_first(val_first(get(record, "timestamp"), get(record, "ts")), get(record, "time"));
    int64_t us = ts_of(val_str(v, buf));

    return us == TS_NONE ? WHEN_NONE : us * NS_PER_US;
}

static void
add_pnl(struct integrity_pnl *p, double pnl_usd)
{
    p->n++;
    p->total_usd += pnl_usd;
    p->wins += pnl_usd > 0;
    p->losses += pnl_usd < 0;
}

/* +1, -1, or 0 where the record has no side. */
static int
side_of(const struct node *record)
{
    static const char *const longs[] = {"long", "buy", "bullish"};
    static const char *const shorts[] = {"short", "sell", "bearish"};
    const struct node *v = val_first(get(record, "side"), get(record, "direction"));

    for (size_t i = 0; i < COUNT_OF(longs); i++) {
        if (is_word(v, longs[i])) return 1;
        if (is_word(v, shorts[i])) return -1;
    }
    return 0;
}

/* From prices, for logs of an older kind. */
static void
take_priced(struct reading *r, const struct node *record)
{
    double entry = val_num(get(record, "entry_price")), exit = val_num(get(record, "exit_price"));
    double qty = val_num(val_first(get(record, "qty"), get(record, "size")));
    int side = side_of(record);

    if (!is_known(entry) || !is_known(exit) || side == 0) return;
    if (!is_known(qty) || fabs(qty) <= 0) qty = 1;
    add_pnl(&r->priced, side * qty * (exit - entry));
}

static void
take_trusted(struct reading *r, const struct node *record)
{
    double pnl = val_num(get(record, "pnl"));

    r->result->trusted++;
    if (!is_word(get(record, "event_type"), "shadow_exit")) {
        take_priced(r, record);
        return;
    }
    r->exits.is_of_exits = true;
    if (is_known(pnl)) add_pnl(&r->exits, pnl);
}

static void
keep_time(struct reading *r, int64_t at_ns)
{
    if (r->len == r->cap) {
        r->cap = r->cap == 0 ? 4096 : 2 * r->cap;
        r->at_ns = realloc(r->at_ns, r->cap * sizeof *r->at_ns);
        ASSERT(r->at_ns != NULL);
    }
    r->at_ns[r->len++] = at_ns;
}

static void
take_record(void *self, const struct node *record, struct line_ref line)
{
    struct reading *r = self;
    const struct integrity_options *o = r->opt;

    (void)line;
    if (o->event_type != NULL && !is_word(get(record, "event_type"), o->event_type)) return;
    r->result->records++;
    int64_t at_ns = time_of(record);
    if (at_ns == WHEN_NONE || at_ns < o->since_ns) return;
    keep_time(r, at_ns);
    if (o->trusted_ns == WHEN_NONE || at_ns >= o->trusted_ns) take_trusted(r, record);
}

/* ---- the window ---------------------------------------------------------------------------- */

static int
by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void
find_gaps(struct reading *r)
{
    struct integrity *s = r->result;

    s->in_window = (int64_t)r->len;
    s->first_ns = s->last_ns = WHEN_NONE;
    if (r->len == 0) return;
    qsort(r->at_ns, r->len, sizeof *r->at_ns, by_time);
    s->first_ns = r->at_ns[0];
    s->last_ns = r->at_ns[r->len - 1];
    for (size_t i = 1; i < r->len; i++) {
        if (r->at_ns[i] - r->at_ns[i - 1] <= r->opt->gap_ns) continue;
        if (s->gaps < INTEGRITY_GAPS_SHOWN)
            s->gap[s->gaps] = (struct integrity_gap){r->at_ns[i - 1], r->at_ns[i]};
        s->gaps++;
    }
}

/* ---- the log ------------------------------------------------------------------------------- */

static enum rc
feed(const struct fs *fs, const char *path, struct cut *c, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct fs_stat st = {0};
    enum rc rc = fs->stat(fs->self, path, &st, err);

    for (int64_t at = 0; rc == RC_OK && st.exists; at += (int64_t)bytes.len) {
        rc = fs->read_at(fs->self, path, at, CHUNK, &bytes, err);
        if (rc != RC_OK || bytes.len == 0) break;
        cut_feed(c, text_str(&bytes), bytes.len);
    }
    cut_end(c);
    return rc;
}

enum rc
integrity_read(const struct fs *fs, const struct integrity_options *opt,
               struct integrity *ret_result, struct err *err)
{
    struct piece_reader pieces = {0};
    struct integrity result = {0};
    struct reading r = {.opt = opt, .result = &result};
    struct cut c = {.record = take_record, .self = &r, .reader = &pieces};
    enum rc rc = feed(fs, opt->log_path, &c, err);

    result.malformed = (int64_t)c.stats.malformed;
    find_gaps(&r);
    result.pnl = r.exits.is_of_exits ? r.exits : r.priced;
    cut_done(&c);
    piece_reader_done(&pieces);
    free(r.at_ns);
    if (rc == RC_OK) *ret_result = result;
    return rc;
}

/* What must be true of the shadow's records and of the A/B ledger after a day. */
#include <stdlib.h>

#include "tests/lib/check.h"
#include "tests/lib/day_check.h"

enum { TRADES_MAX = 4096, KEY_MAX = 96 };

/* A trade on paper: one symbol, one time of entry. */
struct paper {
    char key[KEY_MAX];
    int opened, closed, attributed, master_opened, master_closed, held;
};

struct papers {
    struct day *day;
    struct paper *paper;
    size_t len;
};

static struct paper *
paper_of(struct papers *all, const struct json *line, const char *symbol, const char *entry_key)
{
    char key[KEY_MAX];

    (void)snprintf(key, sizeof key, "%s %s", symbol, json_str(line, entry_key, ""));
    for (size_t i = all->len; i > 0; i--)
        if (str_eq(all->paper[i - 1].key, key)) return &all->paper[i - 1];
    if (all->len == TRADES_MAX) day_fail(all->day, "more than %d trades on paper", TRADES_MAX);
    struct paper *p = &all->paper[all->len++];
    *p = (struct paper){0};
    (void)str_copy(p->key, sizeof p->key, key);
    return p;
}

static void
add_trade(void *ctx, const struct json *line)
{
    const char *event = json_str(line, "event_type", ""), *symbol = json_str(line, "symbol", "");

    if (str_eq(event, "shadow_entry_opened")) paper_of(ctx, line, symbol, "entry_ts")->opened++;
    if (str_eq(event, "shadow_exit")) paper_of(ctx, line, symbol, "entry_ts")->closed++;
}

static void
add_attribution(void *ctx, const struct json *line)
{
    paper_of(ctx, line, json_str(line, "symbol", ""), "entry_timestamp")->attributed++;
}

static void
add_master(void *ctx, const struct json *line)
{
    if (!json_is_true(json_get(line, "is_shadow"))) return;
    struct paper *p = paper_of(ctx, line, json_str(line, "symbol", ""), "entry_ts");

    if (json_has(line, "exit_ts"))
        p->master_closed++;
    else
        p->master_opened++;
}

/* Every trade was opened once, closed at most once, and is open where it was not closed. */
static void
check_papers(struct day *d)
{
    CLEANUP(json_freep) struct json *state = day_json(d, "state/shadow_v2_positions.json");
    struct papers all = {.day = d, .paper = calloc(TRADES_MAX, sizeof(struct paper))};
    size_t open = 0;

    assert_non_null(all.paper);
    day_each(d, "logs/shadow_trades.jsonl", add_trade, &all);
    day_each(d, "logs/exit_attribution.jsonl", add_attribution, &all);
    day_each(d, "logs/master_trade_log.jsonl", add_master, &all);
    for (const struct json *p = json_first(json_get_obj(state, "positions")); p != NULL;
         p = json_next(p))
        paper_of(&all, p, json_key(p), "entry_timestamp")->held++;
    for (size_t i = 0; i < all.len; i++) {
        const struct paper *p = &all.paper[i];

        if (p->opened != 1 || p->closed > 1 || p->attributed != p->closed ||
            p->master_opened != 1 || p->master_closed != p->closed || p->held != 1 - p->closed)
            day_fail(d, "%s: opened %d, closed %d, attributed %d, master %d and %d, held %d",
                     p->key, p->opened, p->closed, p->attributed, p->master_opened,
                     p->master_closed, p->held);
        open += (size_t)p->held;
    }
    if (state != NULL && json_has(state, "outbox")) day_fail(d, "the paper book has an outbox");
    (void)printf("%zu trades on paper, %zu open\n", all.len, open);
    free(all.paper);
}

/* ---- the A/B ledger ------------------------------------------------------------------------ */

struct bought {
    const char *symbol;
    bool is_short;
    double qty;
    int executed, added;
};

static void
add_bought(void *ctx, const struct json *line)
{
    struct bought *b = ctx;
    const char *event = json_str(line, "event_type", ""), *side = json_str(line, "side", "");
    bool is_short = str_eq(side, "sell") || str_eq(side, "short");

    if (!str_eq(json_str(line, "symbol", ""), b->symbol) || is_short != b->is_short) return;
    if (str_eq(event, "shadow_ledger_update")) b->added++;
    if (!str_eq(event, "shadow_executed")) return;
    b->executed++;
    b->qty += json_f64(line, "qty", 0);
}

/* What the stream says was bought is what the ledger holds; it closes nothing by default. */
static void
check_ledger(struct day *d)
{
    CLEANUP(json_freep) struct json *state = day_json(d, "state/shadow_positions.json");
    int executed = 0;

    for (const struct json *p = json_first(json_get_arr(state, "positions")); p != NULL;
         p = json_next(p)) {
        struct bought b = {.symbol = json_str(p, "symbol", ""),
                           .is_short = str_eq(json_str(p, "side", ""), "short")};
        double qty = json_f64(p, "qty", 0);

        day_each(d, "logs/shadow.jsonl", add_bought, &b);
        if (b.executed != b.added || qty < b.qty || qty > b.qty)
            day_fail(d, "%s: %d executed, %d added, %g shares, %g in the ledger", b.symbol,
                     b.executed, b.added, b.qty, qty);
        executed += b.executed;
    }
    int told = day_lines(d, "logs/shadow.jsonl", "\"shadow_executed\"");
    if (told != executed)
        day_fail(d, "%d executions are told, the ledger has %d of them", told, executed);
    if (state != NULL && json_has(state, "outbox")) day_fail(d, "the A/B ledger has an outbox");
    (void)printf("%d entries in the A/B ledger\n", executed);
}

/* The operator's own check of the records. */
static void
check_integrity(struct day *d)
{
    const char *const argv[] = {"stockbot", "shadow-integrity-check", "--root", d->root, NULL};

    if (day_lines(d, "logs/shadow_trades.jsonl", "\"event_type\"") == 0) return;
    DAY_CHECK(d, day_wait_pid(d, day_spawn(d, argv, "integrity.out"), 30) == 0);
}

void
day_check_shadow(struct day *d)
{
    check_papers(d);
    check_ledger(d);
    check_integrity(d);
}

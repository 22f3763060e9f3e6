#include <math.h>

#include "io/share.h"
#include "scripts/demo/demo.h"

static int
smaller_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void
print_trade(const char *title, const struct demo_trade *t)
{
    char pnl[VIEW_USD_MAX];

    if (t->symbol[0] == '\0') return;
    (void)printf("  %-16s %s %s (%+.2f %%), %s\n", title, t->symbol, view_usd(t->pnl, true, pnl),
                 t->pnl_pct, t->reason);
}

static void
print_trades(const struct demo_watch *w, const struct demo_end *end)
{
    char realised[VIEW_USD_MAX], equity[VIEW_USD_MAX], change[VIEW_USD_MAX];
    const struct demo_check *c = &end->check;

    (void)printf("  %-16s %lld entries, %lld closed", "trades", (long long)w->entries,
                 (long long)w->exits_seen);
    if (w->exits_seen > 0)
        (void)printf(", %lld won (%.0f %%)", (long long)w->wins,
                     100.0 * (double)w->wins / (double)w->exits_seen);
    (void)printf("\n");
    print_trade("best", &w->best);
    print_trade("worst", &w->worst);
    if (!c->is_checked) return;
    (void)printf("  %-16s %s USD realised; equity %s (%s)\n", "profit and loss",
                 view_usd(c->realised_pnl, true, realised), view_usd(c->equity, false, equity),
                 view_usd(usd_sub(c->equity, c->starting_cash), true, change));
    (void)printf("  %-16s %zu positions; %zu orders sent, %zu executions\n", "open at the end",
                 c->open_positions, c->intents, c->fills);
}

static void
print_refusals(const struct demo_watch *w)
{
    struct demo_gates g = w->gates;

    if (g.refused == 0) return;
    demo_gates_sort(&g);
    (void)printf("  %-16s %lld candidates in %lld cycles, by gate:\n", "refused",
                 (long long)g.refused, (long long)w->cycles);
    for (size_t i = 0; i < g.len && i < 8; i++)
        (void)printf("  %-16s %8lld  %s\n", "", (long long)g.gate[i].refused, g.gate[i].gate);
    if (g.len > 8) (void)printf("  %-16s %8s  and %zu more\n", "", "", g.len - 8);
}

static void
print_restarts(const struct demo_watch *w, const struct demo_end *end)
{
    int64_t sorted[DEMO_RECOVERIES_MAX];
    size_t n = w->recoveries;

    (void)printf("  %-16s", "restarts");
    for (int i = 0; i < DEMO_PROCESSES; i++)
        (void)printf("%s %s %lld", i == 0 ? "" : ",", DEMO_PROCESS[i].name,
                     (long long)(w->process[i].starts > 0 ? w->process[i].starts - 1 : 0));
    if (end->kills > 0) (void)printf("; %lld kills by the demo", (long long)end->kills);
    (void)printf("\n");
    if (n == 0) return;
    memcpy(sorted, w->recovery_ns, n * sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), smaller_first);
    (void)printf(
        "  %-16s engine's death to its next cycle: %lld ms median, %lld ms at most (%zu)\n",
        "recovery", (long long)(sorted[n / 2] / NS_PER_MS), (long long)(sorted[n - 1] / NS_PER_MS),
        n);
}

static void
print_requests(const struct demo_watch *w, const struct demo_check *c)
{
    if (c->is_checked)
        (void)printf("  %-16s %lld to the broker, %lld to Unusual Whales", "requests",
                     (long long)(c->requests_total - c->requests_uw), (long long)c->requests_uw);
    else
        (void)printf("  %-16s", "requests");
    if (w->uw_calls >= 0 && w->uw_cap > 0)
        (void)printf("; %.0f %% of the UW budget of %lld",
                     100.0 * (double)w->uw_calls / (double)w->uw_cap, (long long)w->uw_cap);
    (void)printf("\n");
}

static void
print_verdict(const struct demo_stage *s, const struct demo_end *end)
{
    const struct demo_check *c = &end->check;

    (void)printf("  %-16s %s", "ledger and book",
                 !c->is_checked ? "not compared: "
                 : c->is_equal  ? "equal to the cent"
                                : "DIFFER: ");
    (void)printf("%s\n", c->is_checked && c->is_equal ? ", no order id used twice" : c->words);
    if (c->live > 0 && (int64_t)c->live <= c->open_orders)
        (void)printf("  %-16s %zu sent too late for this session: open until the next one\n",
                     "orders", c->live);
    else if (c->live > 0)
        (void)printf("  %-16s %zu whose end is not known\n", "orders", c->live);
    if (s->has_failed) (void)printf("  %-16s %s\n", "failed", s->why.text);
    if (!end->in_order)
        (void)printf("  %-16s a process did not end by itself and was killed\n", "not in order");
    if (!end->has_all_cycles && !end->was_interrupted)
        (void)printf("  %-16s the engine's last cycle is not behind the close\n", "not in order");
}

/* As the user can type it: with its folder unless the shell finds it there anyway. */
static void
name_program(struct text *to)
{
    CLEANUP(text_free) struct text folder = {0};
    const char *path = getenv("PATH");
    struct err ignored = {0};

    if (share_program_folder(&folder, &ignored) == RC_OK) {
        const char *at = path != NULL ? strstr(path, text_str(&folder)) : NULL;
        bool is_found = at != NULL && (at == path || at[-1] == ':') &&
                        (at[folder.len] == ':' || at[folder.len] == '\0');
        if (!is_found) text_printf(to, "%s/", text_str(&folder));
    }
    text_puts(to, "stockbot");
}

void
demo_summary_print(const struct demo_watch *w, const struct demo_end *end)
{
    const struct demo_stage *s = w->stage;
    char date[ISO_TEXT_MAX], last[ISO_TEXT_MAX];

    (void)printf("\n%s of %s%s: cycles to %s New York, in %.1f s\n",
                 s->opt->bars_dir != NULL ? "Recorded day" : "Day",
                 date_text(s->plan.session.date, date), end->was_interrupted ? ", ended early" : "",
                 view_ny_time(s->ny, w->cycle_ns, last), end->real_s);
    print_trades(w, end);
    struct demo_shadow shadow = demo_shadow_read(&s->fs);
    demo_shadow_print(&shadow);
    print_refusals(w);
    if (!end->is_replay) print_restarts(w, end);
    print_requests(w, &end->check);
    print_verdict(s, end);
    if (s->plan.root[0] == '\0') return;
    CLEANUP(text_free) struct text program = {0};
    name_program(&program);
    (void)printf("\nThe files are in %s\n", s->plan.root);
    (void)printf("  %s status --root %s\n", text_str(&program), s->plan.root);
    (void)printf("  %s explain %s --root %s\n", text_str(&program),
                 w->best.symbol[0] != '\0' ? w->best.symbol : "SPY", s->plan.root);
}

/* ---- the same for programs ---- */

static void
write_trade(struct json_out *o, const char *key, const struct demo_trade *t)
{
    if (t->symbol[0] == '\0') {
        json_out_null(o, key);
        return;
    }
    json_out_obj(o, key);
    json_out_str(o, "symbol", t->symbol);
    json_out_usd(o, "pnl_usd", t->pnl);
    json_out_f64(o, "pnl_pct", t->pnl_pct);
    json_out_str(o, "reason", t->reason);
    json_out_end(o);
}

static void
write_refused(struct json_out *o, const struct demo_gates *gates)
{
    struct demo_gates g = *gates;

    demo_gates_sort(&g);
    json_out_i64(o, "refused", g.refused);
    json_out_obj(o, "refused_by_gate");
    for (size_t i = 0; i < g.len; i++)
        json_out_i64(o, g.gate[i].gate, g.gate[i].refused);
    json_out_end(o);
}

void
demo_summary_write(const struct demo_watch *w, const struct demo_end *end, struct json_out *o)
{
    const struct demo_check *c = &end->check;
    char date[ISO_TEXT_MAX];

    json_out_str(o, "day", date_text(w->stage->plan.session.date, date));
    json_out_i64(o, "cycles", w->cycles);
    json_out_i64(o, "entries", w->entries);
    json_out_i64(o, "closed", w->exits_seen);
    json_out_i64(o, "won", w->wins);
    write_trade(o, "best", &w->best);
    write_trade(o, "worst", &w->worst);
    json_out_usd(o, "realised_pnl", c->realised_pnl);
    json_out_usd(o, "equity", c->equity);
    json_out_i64(o, "open_positions", (int64_t)c->open_positions);
    json_out_i64(o, "orders", (int64_t)c->intents);
    json_out_i64(o, "executions", (int64_t)c->fills);
    struct demo_shadow shadow = demo_shadow_read(&w->stage->fs);
    demo_shadow_write(&shadow, o);
    write_refused(o, &w->gates);
    json_out_i64(o, "requests", c->requests_total);
    json_out_i64(o, "requests_uw", c->requests_uw);
    json_out_bool(o, "ledger_equals_book", c->is_checked && c->is_equal);
    if (!c->is_checked || !c->is_equal) json_out_str(o, "difference", c->words);
}

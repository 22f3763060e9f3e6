#include <math.h>
#include <stdarg.h>

#include "scripts/demo/demo.h"

/* In the order of enum demo_process. */
const struct demo_process_row DEMO_PROCESS[DEMO_PROCESSES] = {
    {"supervisor", "deploy_supervisor", "state/supervisor.lock"    },
    {"engine",     "trading_engine",    "state/engine.lock"        },
    {"daemon",     "uw_flow_daemon",    "state/uw_flow_daemon.lock"},
};

#define REFUSALS_EVERY_NS (30 * NS_PER_MIN)

void
demo_watch_init(struct demo_watch *w, struct demo_stage *stage)
{
    *w = (struct demo_watch){.stage = stage,
                             .cycle_ns = WHEN_NONE,
                             .lately_from_ns = stage->plan.session.open_ns,
                             .win_rate = (double)NAN,
                             .uw_calls = -1};
    w->run.path = "logs/run.jsonl";
    w->orders.path = "logs/orders.jsonl";
    w->exits.path = "logs/exits.jsonl";
    w->events.path = "logs/system_events.jsonl";
    w->events.skip = "\"severity\":\"INFO\""; /* most are; they are for the log */
}

void
demo_watch_say(struct demo_watch *w, enum demo_said_kind kind, int64_t at_ns, bool is_bad,
               const char *fmt, ...)
{
    struct demo_said said = {.at_ns = at_ns, .kind = kind, .is_bad = is_bad};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(said.text, sizeof(said.text), fmt, args);
    va_end(args);
    if (w->pending_len == DEMO_SAID_MAX) demo_watch_flush(w);
    size_t at = w->pending_len++;
    for (; at > 0 && w->pending[at - 1].at_ns > at_ns; at--)
        w->pending[at] = w->pending[at - 1];
    w->pending[at] = said;
}

void
demo_watch_flush(struct demo_watch *w)
{
    for (size_t i = 0; i < w->pending_len; i++) {
        w->said[w->said_len++ % DEMO_SAID_MAX] = w->pending[i];
        if (w->say != NULL) w->say(w->say_ctx, &w->pending[i]);
    }
    w->pending_len = 0;
}

/* ---- refusals ---- */

static void
gates_add(struct demo_gates *g, const char *gate, int64_t refused)
{
    size_t i = 0;

    g->refused += refused;
    while (i < g->len && !str_eq(g->gate[i].gate, gate))
        i++;
    if (i == DEMO_GATES_MAX) return;
    if (i == g->len) {
        g->len++;
        g->gate[i] = (struct demo_gate){0};
        (void)str_copy(g->gate[i].gate, sizeof(g->gate[i].gate), gate);
    }
    g->gate[i].refused += refused;
}

static int
more_refused_first(const void *a, const void *b)
{
    const struct demo_gate *x = a, *y = b;

    if (x->refused != y->refused) return x->refused < y->refused ? 1 : -1;
    return strcmp(x->gate, y->gate);
}

void
demo_gates_sort(struct demo_gates *g)
{
    qsort(g->gate, g->len, sizeof(g->gate[0]), more_refused_first);
}

void
demo_gates_text(const struct demo_gates *g, size_t most, char *buf, size_t size)
{
    size_t at = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < g->len && i < most && at < size; i++)
        at += (size_t)snprintf(buf + at, size - at, "%s%s %lld", i == 0 ? "" : ", ",
                               g->gate[i].gate, (long long)g->gate[i].refused);
    if (g->len > most && at < size)
        (void)snprintf(buf + at, size - at, ", %zu more", g->len - most);
}

static void
say_refusals(struct demo_watch *w)
{
    char words[160];

    if (w->cycle_ns == WHEN_NONE || w->cycle_ns - w->lately_from_ns < REFUSALS_EVERY_NS) return;
    demo_gates_sort(&w->gates_lately);
    demo_gates_text(&w->gates_lately, 4, words, sizeof(words));
    if (w->gates_lately.refused > 0)
        demo_watch_say(w, SAID_REFUSED, w->cycle_ns, false, "refused %lld: %s",
                       (long long)w->gates_lately.refused, words);
    w->gates_lately = (struct demo_gates){0};
    w->lately_from_ns = w->cycle_ns;
}

/* ---- cycles ---- */

static void
take_rung(struct demo_watch *w, const char *rung, const char *reason)
{
    bool was_known = w->rung[0] != '\0';
    bool is_new = !str_eq(w->rung, rung) || !str_eq(w->rung_reason, reason);

    (void)str_copy(w->rung, sizeof(w->rung), rung);
    (void)str_copy(w->rung_reason, sizeof(w->rung_reason), reason);
    if (!is_new || (!was_known && str_eq(rung, "normal"))) return;
    demo_watch_say(w, SAID_RUNG, w->cycle_ns, !str_eq(rung, "normal"), "rung %s%s%s", rung,
                   reason[0] != '\0' ? ": " : "", reason);
}

static void
take_account(struct demo_watch *w, const struct json *metrics)
{
    const struct json *risk = json_get_obj(metrics, "risk_metrics");
    struct err ignored = {0};
    struct json_in in = {.obj = risk, .err = &ignored};
    struct json_in total = {.obj = metrics, .err = &ignored};

    w->trades = json_i64(metrics, "trades", w->trades);
    w->win_rate = json_f64(metrics, "win_rate", (double)NAN);
    w->realised_pnl = json_opt_usd(&total, "total_pnl", w->realised_pnl);
    (void)str_copy(w->market_regime, sizeof(w->market_regime),
                   json_str(metrics, "market_regime", ""));
    if (!json_has(risk, "current_equity")) return;
    w->is_account_known = true;
    w->equity = json_opt_usd(&in, "current_equity", w->equity);
    w->daily_pnl = json_opt_usd(&in, "daily_pnl", w->daily_pnl);
}

/* The engine works again once it has recorded a cycle. */
static void
take_recovery(struct demo_watch *w)
{
    struct demo_process_state *p = &w->process[DEMO_ENGINE];
    int64_t took_ns = clock_mono(&w->stage->clock) - p->dead_ns;

    if (p->dead_ns == 0) return;
    p->dead_ns = 0;
    p->was_killed = false;
    if (w->recoveries < DEMO_RECOVERIES_MAX) w->recovery_ns[w->recoveries++] = took_ns;
    demo_watch_say(w, SAID_PROCESS, w->cycle_ns, false,
                   "engine back: first cycle recorded %lld ms after its death",
                   (long long)(took_ns / NS_PER_MS));
}

static void
take_cycle(void *ctx, const struct json *rec)
{
    struct demo_watch *w = ctx;
    const struct json *refused = json_get_obj(rec, "gates_refused");
    int64_t at_ns = when_parse_or_none(json_str(rec, "ts", ""));

    if (at_ns == WHEN_NONE) return;
    w->cycle_ns = at_ns;
    w->cycles++;
    w->is_market_open = json_bool(rec, "market_open", false);
    take_recovery(w);
    take_rung(w, json_str(rec, "rung", ""), json_str(rec, "rung_reason", ""));
    take_account(w, json_get_obj(rec, "metrics"));
    for (const struct json *g = json_first(refused); g != NULL; g = json_next(g)) {
        gates_add(&w->gates, json_key(g), json_i64_of(g, 0));
        gates_add(&w->gates_lately, json_key(g), json_i64_of(g, 0));
    }
    say_refusals(w);
}

void
demo_watch_cycles(struct demo_watch *w)
{
    view_follow(&w->run, &w->stage->fs, take_cycle, w);
}

/* ---- trades ---- */

static void
take_order(void *ctx, const struct json *rec)
{
    struct demo_watch *w = ctx;
    bool is_sell = str_eq(json_str(rec, "side", ""), "sell");

    if (!str_eq(json_str(rec, "type", ""), "order") ||
        !str_eq(json_str(rec, "status", ""), "filled"))
        return;
    w->entries++;
    demo_watch_say(w, SAID_ENTRY, when_parse_or_none(json_str(rec, "ts", "")), false,
                   "%s %lld %s @ %.2f, score %.2f, %s", is_sell ? "sold short" : "bought",
                   (long long)json_i64(rec, "qty", 0), json_str(rec, "symbol", "?"),
                   json_f64(rec, "price", 0), json_f64(rec, "score", 0),
                   json_str(rec, "order_type", ""));
}

static void
keep_extremes(struct demo_watch *w, const struct demo_trade *t)
{
    if (w->best.symbol[0] == '\0' || usd_cmp(t->pnl, w->best.pnl) > 0) w->best = *t;
    if (w->worst.symbol[0] == '\0' || usd_cmp(t->pnl, w->worst.pnl) < 0) w->worst = *t;
}

static void
take_exit(void *ctx, const struct json *rec)
{
    struct demo_watch *w = ctx;
    struct err ignored = {0};
    struct json_in in = {.obj = rec, .err = &ignored};
    struct demo_trade t = {.pnl = json_opt_usd(&in, "pnl_usd", USD_ZERO),
                           .pnl_pct = json_f64(rec, "pnl_pct", 0)};
    char pnl[VIEW_USD_MAX];

    (void)str_copy(t.symbol, sizeof(t.symbol), json_str(rec, "symbol", "?"));
    (void)str_copy(t.reason, sizeof(t.reason), json_str(rec, "close_reason", ""));
    w->exits_seen++;
    w->wins += t.pnl.e4 > 0 ? 1 : 0;
    keep_extremes(w, &t);
    demo_watch_say(w, SAID_EXIT, when_parse_or_none(json_str(rec, "ts", "")), t.pnl.e4 < 0,
                   "closed %s %lld %s @ %.2f, %s (%+.2f %%) after %.0f min, %s",
                   json_str(rec, "side", ""), (long long)json_i64(rec, "qty", 0), t.symbol,
                   json_f64(rec, "exit_price", 0), view_usd(t.pnl, true, pnl), t.pnl_pct,
                   json_f64(rec, "hold_minutes", 0), t.reason);
}

/* ---- warnings ---- */

static size_t
add_detail(const struct json *d, char *buf, size_t at, size_t size)
{
    char number[F64_TEXT_MAX];
    const char *value = json_kind(d) == JSON_STRING   ? json_string(d)
                        : json_kind(d) == JSON_NUMBER ? f64_text(json_f64_of(d, 0), number)
                        : json_kind(d) == JSON_BOOL   ? (json_is_true(d) ? "true" : "false")
                                                      : NULL;

    if (value == NULL || value[0] == '\0' || at >= size) return at;
    return at + (size_t)snprintf(buf + at, size - at, "%s%s %s", at == 0 ? "" : ", ", json_key(d),
                                 value);
}

/* What went wrong first: lines are cut at the end. */
static void
details_text(const struct json *details, char *buf, size_t size)
{
    const struct json *error = json_get(details, "error");
    size_t at = 0;

    buf[0] = '\0';
    if (error != NULL) at = add_detail(error, buf, at, size);
    for (const struct json *d = json_first(details); d != NULL; d = json_next(d))
        if (d != error) at = add_detail(d, buf, at, size);
}

static void
take_event(void *ctx, const struct json *rec)
{
    struct demo_watch *w = ctx;
    const char *symbol = json_str(rec, "symbol", "");
    char words[120];

    details_text(json_get_obj(rec, "details"), words, sizeof(words));
    demo_watch_say(w, SAID_WARNING, when_parse_or_none(json_str(rec, "timestamp", "")), true,
                   "%s/%s%s%s%s%s", json_str(rec, "subsystem", ""), json_str(rec, "event_type", ""),
                   symbol[0] != '\0' ? " " : "", symbol, words[0] != '\0' ? ": " : "", words);
}

/* ---- processes ---- */

static void
process_seen(struct demo_watch *w, enum demo_process which, int64_t pid)
{
    struct demo_process_state *p = &w->process[which];

    p->pid = pid;
    p->since_ns = clock_mono(&w->stage->clock);
    if (++p->starts > 1)
        demo_watch_say(w, SAID_PROCESS, clock_now(&w->stage->clock), false,
                       "%s started again: pid %lld", DEMO_PROCESS[which].name, (long long)pid);
    if (which != DEMO_ENGINE) {
        p->dead_ns = 0;
        p->was_killed = false;
    }
}

static void
process_gone(struct demo_watch *w, enum demo_process which)
{
    struct demo_process_state *p = &w->process[which];

    if (which == DEMO_ENGINE) demo_watch_cycles(w); /* its last one was not yet a recovery */
    p->dead_ns = clock_mono(&w->stage->clock);
    if (!w->stage->is_ending)
        demo_watch_say(w, SAID_PROCESS, clock_now(&w->stage->clock), true, "%s %lld %s",
                       DEMO_PROCESS[which].name, (long long)p->pid,
                       p->was_killed ? "killed (kill -9 by the demo)" : "ended");
    p->pid = 0;
}

void
demo_watch_processes(struct demo_watch *w)
{
    for (int i = 0; i < DEMO_PROCESSES; i++) {
        struct demo_process_state *p = &w->process[i];

        if (p->pid != 0 && !view_is_alive(p->pid)) process_gone(w, (enum demo_process)i);
        if (p->pid != 0) continue;
        int64_t pid = view_lock_pid(&w->stage->fs, DEMO_PROCESS[i].lock_path);
        if (pid > 0) process_seen(w, (enum demo_process)i, pid);
    }
    if (w->process[DEMO_ENGINE].dead_ns != 0) demo_watch_cycles(w);
}

static void
read_budget(struct demo_watch *w)
{
    CLEANUP(json_freep) struct json *usage = view_load(&w->stage->fs, "state/uw_usage_state.json");

    if (usage == NULL) return;
    w->uw_calls = json_i64(usage, "calls_today", -1);
    w->uw_cap = json_i64(json_get_obj(usage, "forecast"), "cap", 0);
}

void
demo_watch_files(struct demo_watch *w)
{
    const struct fs *fs = &w->stage->fs;

    view_follow(&w->orders, fs, take_order, w);
    view_follow(&w->exits, fs, take_exit, w);
    view_follow(&w->events, fs, take_event, w);
    demo_watch_cycles(w);
    read_budget(w);
    demo_watch_flush(w);
}

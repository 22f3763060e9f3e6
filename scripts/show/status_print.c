#include <math.h>

#include "scripts/show/status.h"

static double
age_s(const struct look *l, int64_t at_ns)
{
    return at_ns == WHEN_NONE ? -1.0 : (double)(l->now_ns - at_ns) / (double)NS_PER_S;
}

/* A profit of the open quantity at the last known price; false where none is known. */
static bool
unrealised(const struct status_position *p, usd *ret_pnl)
{
    const struct ledger_position *at = &p->at_ledger;
    usd value = usd_abs(usd_notional(p->price, at->qty));

    if (p->price.e4 <= 0) return false;
    *ret_pnl = at->qty > 0 ? usd_sub(value, at->cost) : usd_sub(at->cost, value);
    return true;
}

/* ---- for people ---- */

static void
print_process(const struct look *l, const struct status_process *p, const char *more)
{
    if (p->pid > 0)
        (void)printf("  %-11s running, pid %lld%s", p->name, (long long)p->pid, more);
    else
        (void)printf("  %-11s %s%s", p->name, l->day == LOOK_OVER ? "ended" : "does not run", more);
    if (p->restarts_failed > 0)
        (void)printf(", %lld failures in a row", (long long)p->restarts_failed);
    (void)printf("\n");
}

static void
print_engine(const struct look *l, const struct status *s)
{
    char more[160] = "", age[32];

    if (s->has_beat)
        (void)snprintf(more, sizeof(more), ", cycle %lld, heartbeat %s old, market %s",
                       (long long)s->cycle, view_age(age_s(l, s->beat_ns), age),
                       s->is_market_open ? "open" : "closed");
    print_process(l, &s->engine, more);
    if (!s->has_beat) return;
    (void)printf("  %-11s %s%s%s\n", "rung", s->rung, s->rung_reason[0] != '\0' ? ": " : "",
                 s->rung_reason);
    if (s->trade_stream[0] != '\0' && !isnan(s->trade_stream_age_s))
        (void)printf("  %-11s %s, heard %.0f s before the heartbeat\n", "stream", s->trade_stream,
                     s->trade_stream_age_s);
    else if (s->trade_stream[0] != '\0')
        (void)printf("  %-11s %s, never heard\n", "stream", s->trade_stream);
    if (s->errors_this_cycle > 0)
        (void)printf("  %-11s %zu in the last cycle: %s\n", "errors", s->errors_this_cycle,
                     s->first_error);
}

static void
print_control(const struct look *l, const struct control *c)
{
    char age[32];

    if (c->level != CONTROL_NONE)
        (void)printf("  %-11s halt (%s) by %s, %s ago: %s\n", "operator",
                     control_level_name(c->level), c->word.who,
                     view_age(age_s(l, c->word.at_ns), age), c->word.reason);
    for (size_t i = 0; i < c->frozen_len; i++)
        (void)printf("  %-11s %s takes no entry, by %s, %s ago: %s\n", "operator",
                     c->frozen[i].symbol, c->frozen[i].word.who,
                     view_age(age_s(l, c->frozen[i].word.at_ns), age), c->frozen[i].word.reason);
}

static void
print_vendor(const struct look *l, const struct status *s)
{
    char age[32], at[ISO_TEXT_MAX];

    if (s->is_cache_readable)
        (void)printf("  %-11s %lld symbols, %s old, vendor status %s\n", "flow cache",
                     (long long)s->cache_symbols, view_age(age_s(l, s->cache_ns), age),
                     s->cache_status);
    else
        (void)printf("  %-11s not there, or cannot be read\n", "flow cache");
    if (s->uw_calls < 0) return;
    (void)printf("  %-11s %lld of %lld Unusual Whales calls today%s%s%s", "budget",
                 (long long)s->uw_calls, (long long)s->uw_cap,
                 s->uw_pause[0] != '\0' ? ", paused: " : "", s->uw_pause, "");
    if (s->uw_exhausted_ns != WHEN_NONE)
        (void)printf(", used up at %s New York at this rate\n",
                     view_ny_time(l->ny, s->uw_exhausted_ns, at));
    else
        (void)printf(", enough for the day\n");
}

static void
print_account(const struct status *s)
{
    char equity[VIEW_USD_MAX], day[VIEW_USD_MAX], realised[VIEW_USD_MAX];

    if (!s->is_account_known) return;
    (void)printf("  %-11s equity %s, day %s, realised %s in %lld trades", "account",
                 view_usd(s->equity, false, equity), view_usd(s->daily_pnl, true, day),
                 view_usd(s->realised_pnl, true, realised), (long long)s->trades);
    if (s->trades > 0 && !isnan(s->win_rate)) (void)printf(" (%.0f %% won)", 100 * s->win_rate);
    (void)printf("\n");
}

static void
print_position(const struct look *l, const struct status_position *p)
{
    const struct ledger_position *at = &p->at_ledger;
    char entry[VIEW_USD_MAX], price[VIEW_USD_MAX] = "-", pnl_text[VIEW_USD_MAX] = "-", age[32];
    char pct[16] = "-", score[16] = "-";
    usd pnl = USD_ZERO;

    if (unrealised(p, &pnl)) {
        (void)view_usd(p->price, false, price);
        (void)view_usd(pnl, true, pnl_text);
        if (at->cost.e4 > 0)
            (void)snprintf(pct, sizeof(pct), "%+.2f %%",
                           100 * usd_to_double(pnl) / usd_to_double(at->cost));
    }
    if (!isnan(p->score)) (void)snprintf(score, sizeof(score), "%.2f", p->score);
    (void)printf("    %-7s %-5s %5lld %10s %10s %9s %9s %8s %6s\n", at->symbol,
                 at->qty > 0 ? "long" : "short", (long long)llabs(at->qty),
                 view_usd(usd_div_qty(at->cost, llabs(at->qty)), false, entry), price, pnl_text,
                 pct, view_age(age_s(l, p->entered_ns), age), score);
}

static void
print_ledger(const struct look *l, const struct status *s)
{
    if (!s->is_ledger_readable) {
        (void)printf("  %-11s cannot be read: %s\n", "ledger", l->ledger_err.text);
        return;
    }
    (void)printf("  %-11s %zu positions, %zu open orders, %zu of them without an answer\n",
                 "ledger", s->positions_len, s->live.len, s->unknown);
    if (s->positions_len > 0)
        (void)printf("\n    %-7s %-5s %5s %10s %10s %9s %9s %8s %6s\n", "symbol", "side", "qty",
                     "entry", "price", "P&L", "P&L %", "held", "score");
    for (size_t i = 0; i < s->positions_len; i++)
        print_position(l, &s->position[i]);
    if (s->live.len > 0) (void)printf("\n");
    for (size_t i = 0; i < s->live.len; i++) {
        const struct intent *in = &s->live.intent[i];
        char at[ISO_TEXT_MAX];

        (void)printf("    %s %s %lld %s, %s, %s: %s\n", view_ny_time(l->ny, in->created_ns, at),
                     order_side_name(in->order.side), (long long)in->order.qty, in->order.symbol,
                     order_type_name(in->order.type), intent_purpose_name(in->purpose),
                     intent_state_name(in->state));
    }
}

void
status_print(const struct look *l, const struct status *s, const char *why)
{
    static const char *const DAYS[] = {"", "a paced day: ", "a day that is over: "};
    struct date date = zone_date(l->ny, l->now_ns);
    char text[ISO_TEXT_MAX], time[ISO_TEXT_MAX];

    (void)printf("stockbot at %s\n", l->cfg.root);
    (void)printf("%s%s %s New York\n", DAYS[l->day], date_text(date, text),
                 view_ny_time(l->ny, l->now_ns, time));
    (void)printf("%s%s\n\n", why[0] == '\0' ? "healthy" : "NOT HEALTHY: ", why);
    print_process(l, &s->supervisor, "");
    print_engine(l, s);
    print_control(l, &s->control);
    print_process(l, &s->daemon, "");
    print_vendor(l, s);
    print_account(s);
    print_ledger(l, s);
    if (s->errors_len > 0) (void)printf("\nlast warnings and errors\n");
    for (size_t i = 0; i < s->errors_len; i++)
        (void)printf("  %s  %s\n", view_ny_time(l->ny, s->error[i].at_ns, time), s->error[i].words);
}

/* ---- for programs ---- */

static void
write_process(struct json_out *o, const struct status_process *p)
{
    json_out_obj(o, p->name);
    json_out_bool(o, "is_running", p->pid > 0);
    if (p->pid > 0)
        json_out_i64(o, "pid", p->pid);
    else
        json_out_null(o, "pid");
    json_out_i64(o, "failure_count", p->restarts_failed);
    json_out_end(o);
}

static void
write_engine(const struct look *l, const struct status *s, struct json_out *o)
{
    json_out_i64(o, "cycle", s->cycle);
    json_out_time(o, "heartbeat_at", s->beat_ns);
    json_out_f64(o, "heartbeat_age_s",
                 s->beat_ns == WHEN_NONE ? (double)NAN : round_dec(age_s(l, s->beat_ns), 3));
    json_out_time(o, "last_cycle_at", s->run_ns);
    json_out_str(o, "rung", s->rung[0] != '\0' ? s->rung : NULL);
    if (s->trade_stream[0] != '\0') json_out_str(o, "trade_stream", s->trade_stream);
    json_out_str(o, "rung_reason", s->rung_reason[0] != '\0' ? s->rung_reason : NULL);
    json_out_bool(o, "market_open", s->is_market_open);
    json_out_i64(o, "errors_this_cycle", (int64_t)s->errors_this_cycle);
}

static void
write_control(const struct control *c, struct json_out *o)
{
    CLEANUP(text_free) struct text json = {0};

    control_encode(c, &json);
    json_out_raw(o, "operator_control", text_str(&json), json.len);
}

static void
write_account(const struct status *s, struct json_out *o)
{
    json_out_obj(o, "account");
    if (s->is_account_known) {
        json_out_usd(o, "equity", s->equity);
        json_out_usd(o, "daily_pnl", s->daily_pnl);
    } else {
        json_out_null(o, "equity");
        json_out_null(o, "daily_pnl");
    }
    json_out_usd(o, "realised_pnl", s->realised_pnl);
    json_out_i64(o, "trades", s->trades);
    json_out_f64(o, "win_rate", s->win_rate);
    json_out_end(o);
}

static void
write_vendor(const struct status *s, struct json_out *o)
{
    json_out_obj(o, "flow_cache");
    json_out_bool(o, "is_readable", s->is_cache_readable);
    json_out_i64(o, "symbols", s->cache_symbols);
    json_out_time(o, "updated_at", s->cache_ns);
    json_out_str(o, "status", s->cache_status[0] != '\0' ? s->cache_status : NULL);
    json_out_end(o);
    json_out_obj(o, "budget");
    json_out_i64(o, "calls_today", s->uw_calls);
    json_out_i64(o, "cap", s->uw_cap);
    json_out_str(o, "pause", s->uw_pause[0] != '\0' ? s->uw_pause : NULL);
    json_out_time(o, "exhausted_at", s->uw_exhausted_ns);
    json_out_end(o);
}

static void
write_position(const struct status_position *p, struct json_out *o)
{
    const struct ledger_position *at = &p->at_ledger;
    usd pnl = USD_ZERO;

    json_out_obj(o, NULL);
    json_out_str(o, "symbol", at->symbol);
    json_out_i64(o, "qty", at->qty);
    json_out_usd(o, "cost", at->cost);
    json_out_time(o, "entered_at", p->entered_ns);
    json_out_f64(o, "entry_score", p->score);
    if (unrealised(p, &pnl)) {
        json_out_usd(o, "last_price", p->price);
        json_out_usd(o, "unrealised_pnl", pnl);
    }
    json_out_end(o);
}

static void
write_ledger(const struct status *s, struct json_out *o)
{
    json_out_bool(o, "is_ledger_readable", s->is_ledger_readable);
    json_out_arr(o, "positions");
    for (size_t i = 0; i < s->positions_len; i++)
        write_position(&s->position[i], o);
    json_out_end(o);
    json_out_arr(o, "open_orders");
    for (size_t i = 0; i < s->live.len; i++) {
        const struct intent *in = &s->live.intent[i];

        json_out_obj(o, NULL);
        json_out_str(o, "client_order_id", in->order.client_id);
        json_out_str(o, "symbol", in->order.symbol);
        json_out_str(o, "side", order_side_name(in->order.side));
        json_out_i64(o, "qty", in->order.qty);
        json_out_str(o, "type", order_type_name(in->order.type));
        json_out_str(o, "purpose", intent_purpose_name(in->purpose));
        json_out_str(o, "state", intent_state_name(in->state));
        json_out_time(o, "created_at", in->created_ns);
        json_out_end(o);
    }
    json_out_end(o);
}

void
status_write(const struct look *l, const struct status *s, const char *why, struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_str(o, "root", l->cfg.root);
    json_out_time(o, "now", l->now_ns);
    json_out_bool(o, "is_healthy", why[0] == '\0');
    json_out_str(o, "why_not", why[0] != '\0' ? why : NULL);
    write_process(o, &s->supervisor);
    write_process(o, &s->engine);
    write_process(o, &s->daemon);
    write_engine(l, s, o);
    write_control(&s->control, o);
    write_account(s, o);
    write_vendor(s, o);
    write_ledger(s, o);
    json_out_arr(o, "last_errors");
    for (size_t i = 0; i < s->errors_len; i++) {
        json_out_obj(o, NULL);
        json_out_time(o, "at", s->error[i].at_ns);
        json_out_str(o, "error", s->error[i].words);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

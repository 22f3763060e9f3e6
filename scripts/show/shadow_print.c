#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scripts/show/shadow_look.h"

/* ---- parts --------------------------------------------------------------------------------- */

static const char *
number(double x, int decimals, const char *unit, char buf[32])
{
    if (isfinite(x))
        (void)snprintf(buf, 32, "%.*f%s", decimals, x, unit);
    else
        (void)str_copy(buf, 32, "-");
    return buf;
}

static const char *
signed_number(double x, const char *unit, char buf[32])
{
    if (isfinite(x))
        (void)snprintf(buf, 32, "%+.2f%s", x, unit);
    else
        (void)str_copy(buf, 32, "-");
    return buf;
}

static double
known(double x)
{
    return isfinite(x) ? x : 0;
}

static bool
is_shown(const struct shadow_look *s, const char *symbol)
{
    return s->only == NULL || str_eq(s->only, symbol);
}

/* What would close the position now, or that nothing would. */
static const char *
says(const struct v2_exit_verdict *v)
{
    return v->is_exit ? v2_exit_reason_name(v->reason) : "hold";
}

/* ---- for people ---------------------------------------------------------------------------- */

static void
print_head(const struct shadow_look *s)
{
    struct date date = zone_date(s->look->ny, s->look->now_ns);
    char day[ISO_TEXT_MAX], time[ISO_TEXT_MAX], age[32];

    (void)printf("Shadow (v2, paper) at %s, %s %s New York\n", s->look->cfg.root,
                 date_text(date, day), view_ny_time(s->look->ny, s->look->now_ns, time));
    if (s->heartbeat_file == SHADOW_FILE_DAMAGED)
        (void)printf("heartbeat   state/shadow_heartbeat.json cannot be read\n");
    else if (s->beat_ns == WHEN_NONE)
        (void)printf("heartbeat   none\n");
    else
        (void)printf("heartbeat   %s old (%s, %s)\n",
                     view_age((double)(s->look->now_ns - s->beat_ns) / (double)NS_PER_S, age),
                     s->beat_symbol, s->beat_event);
    if (s->positions_file == SHADOW_FILE_DAMAGED)
        (void)printf("positions   %s: they cannot be shown\n", s->positions_err.text);
}

static void
print_sums(const struct shadow_look *s)
{
    double open_usd = 0;
    size_t open = 0;

    for (size_t i = 0; i < s->book.len; i++) {
        struct shadow_state st;
        if (!is_shown(s, s->book.position[i].symbol)) continue;
        shadow_look_state(s, &s->book.position[i], &st);
        open_usd += known(st.pnl.usd);
        open++;
    }
    (void)printf("open        %zu position%s, P&L %+.2f USD\n", open, open == 1 ? "" : "s",
                 open_usd);
    (void)printf("today       %zu entered, %zu closed (%zu won), P&L %+.2f USD\n", s->entered,
                 s->closed.trades, s->closed.wins, s->closed.pnl_usd);
}

/* A terminal below this many columns is shown what matters most. */
enum { WIDE_COLUMNS = 100 };

static bool
is_wide(void)
{
    struct winsize size = {0};

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
           size.ws_col >= WIDE_COLUMNS;
}

static void
print_position(const struct shadow_look *s, const struct shadow_position *p, bool wide)
{
    struct shadow_state st;
    char qty[32], entry[32], now[32], pnl[32], pct[32], held[32], target[32], stop[32];

    shadow_look_state(s, p, &st);
    (void)printf("  %-6s %-5s ", p->symbol, p->side);
    if (wide) (void)printf("%8s ", number(p->qty, 3, "", qty));
    (void)printf("%8s %8s %8s %7s ", number(p->entry_price, 2, "", entry),
                 number(st.price, 2, "", now), signed_number(st.pnl.usd, "", pnl),
                 signed_number(100 * st.pnl.fraction, "%", pct));
    if (wide)
        (void)printf("%6s %4.2f>%4.2f ", view_age(60 * st.held_min, held), p->entry_v2_score,
                     st.v2_score);
    (void)printf("%7s %7s %4.2f %s\n", signed_number(st.to_target_pct, "%", target),
                 signed_number(st.to_stop_pct, "%", stop), st.verdict.score.score,
                 says(&st.verdict));
}

static void
print_positions(const struct shadow_look *s)
{
    bool has_head = false, wide = is_wide();

    for (size_t i = 0; i < s->book.len; i++) {
        if (!is_shown(s, s->book.position[i].symbol)) continue;
        if (!has_head) {
            (void)printf("\n  %-6s %-5s ", "symbol", "side");
            if (wide) (void)printf("%8s ", "qty");
            (void)printf("%8s %8s %8s %7s ", "entry", "now", "P&L USD", "P&L");
            if (wide) (void)printf("%6s %9s ", "held", "v2 score");
            (void)printf("%7s %7s %4s\n", "target", "stop", "exit score, says");
        }
        has_head = true;
        print_position(s, &s->book.position[i], wide);
    }
}

/* The entry gate of v2: the score, or another of its rules. */
static void
print_look(const struct shadow_look *s, const struct shadow_event *e)
{
    double threshold = composite_threshold(s->thresholds, e->symbol);
    const char *verdict = e->is_v2_pass ? "passes" : "refused";

    if (e->is_v2_pass)
        (void)printf("%-8s v2 %.3f of %.2f", verdict, known(e->v2_score), threshold);
    else if (known(e->v2_score) < threshold)
        (void)printf("%-8s v2 %.3f below %.2f", verdict, known(e->v2_score), threshold);
    else
        (void)printf("%-8s v2 %.3f, but toxicity, freshness or price say no", verdict,
                     known(e->v2_score));
    (void)printf("; v1 %.3f\n", known(e->v1_score));
}

static void
print_event(const struct shadow_look *s, const struct shadow_event *e)
{
    char time[ISO_TEXT_MAX], score[32], qty[32], price[32], pnl[32];

    (void)printf("  %s  %-7s ", view_ny_time(s->look->ny, e->at_ns, time), e->symbol);
    (void)number(e->v2_score, 3, "", score);
    switch (e->did) {
    case SHADOW_DID_LOOK:
        print_look(s, e);
        break;
    case SHADOW_DID_ENTER:
        (void)printf("%-8s %s %s at %s, v2 %s\n", "entered", e->side, number(e->qty, 3, "", qty),
                     number(e->price, 2, "", price), score);
        break;
    case SHADOW_DID_BLOCK:
        (void)printf("%-8s %s, v2 %s\n", "blocked", e->reason, score);
        break;
    case SHADOW_DID_EXIT:
        (void)printf("%-8s %s at %s: %s USD, v2 %s\n", "closed", e->reason,
                     number(e->price, 2, "", price), signed_number(e->pnl_usd, "", pnl), score);
        break;
    }
}

void
shadow_look_print(const struct shadow_look *s)
{
    print_head(s);
    print_sums(s);
    print_positions(s);
    (void)printf("\nlast decisions%s\n", s->events_len == 0 ? ": none in the log" : "");
    for (size_t i = 0; i < s->events_len; i++)
        print_event(s, &s->event[i]);
}

/* ---- for programs -------------------------------------------------------------------------- */

void
shadow_state_write(const struct shadow_state *st, struct json_out *o, const char *key)
{
    const struct shadow_position *p = st->position;

    json_out_obj(o, key);
    json_out_str(o, "symbol", p->symbol);
    json_out_str(o, "trade_id", p->trade_id);
    json_out_str(o, "side", p->side);
    json_out_f64(o, "qty", p->qty);
    json_out_f64(o, "entry_price", p->entry_price);
    json_out_time(o, "entered_at", p->entered_ns);
    json_out_f64(o, "held_min", st->held_min);
    json_out_f64(o, "price", st->price);
    json_out_f64(o, "unrealized_pnl_usd", st->pnl.usd);
    json_out_f64(o, "unrealized_pnl_pct", st->pnl.fraction);
    json_out_f64(o, "entry_v2_score", p->entry_v2_score);
    json_out_f64(o, "v2_score", st->v2_score);
    json_out_f64(o, "exit_score", st->verdict.score.score);
    json_out_f64(o, "target_price", st->verdict.target.price);
    json_out_f64(o, "to_target_pct", st->to_target_pct);
    json_out_f64(o, "stop_price", st->verdict.stop.price);
    json_out_f64(o, "to_stop_pct", st->to_stop_pct);
    json_out_str(o, "says", says(&st->verdict));
    json_out_end(o);
}

static void
write_event(const struct shadow_event *e, struct json_out *o)
{
    static const char *const did[] = {[SHADOW_DID_LOOK] = "look",
                                      [SHADOW_DID_ENTER] = "entered",
                                      [SHADOW_DID_BLOCK] = "blocked",
                                      [SHADOW_DID_EXIT] = "closed"};

    json_out_obj(o, NULL);
    json_out_time(o, "at", e->at_ns);
    json_out_str(o, "symbol", e->symbol);
    json_out_str(o, "did", did[e->did]);
    json_out_str(o, "reason", e->reason[0] != '\0' ? e->reason : NULL);
    json_out_bool(o, "v2_pass", e->is_v2_pass || e->did == SHADOW_DID_ENTER);
    json_out_f64(o, "v1_score", e->v1_score);
    json_out_f64(o, "v2_score", e->v2_score);
    json_out_f64(o, "qty", e->qty);
    json_out_f64(o, "price", e->price);
    json_out_f64(o, "pnl_usd", e->pnl_usd);
    json_out_end(o);
}

void
shadow_look_write(const struct shadow_look *s, struct json_out *o)
{
    double open_usd = 0;

    json_out_obj(o, NULL);
    json_out_str(o, "root", s->look->cfg.root);
    json_out_time(o, "at", s->look->now_ns);
    json_out_str(o, "error",
                 s->positions_file == SHADOW_FILE_DAMAGED ? s->positions_err.text : NULL);
    json_out_time(o, "heartbeat_at", s->beat_ns);
    json_out_f64(o, "heartbeat_age_s",
                 s->beat_ns != WHEN_NONE ? (double)(s->look->now_ns - s->beat_ns) / (double)NS_PER_S
                                         : (double)NAN);
    json_out_arr(o, "positions");
    for (size_t i = 0; i < s->book.len; i++) {
        struct shadow_state st;
        if (!is_shown(s, s->book.position[i].symbol)) continue;
        shadow_look_state(s, &s->book.position[i], &st);
        open_usd += known(st.pnl.usd);
        shadow_state_write(&st, o, NULL);
    }
    json_out_end(o);
    json_out_f64(o, "open_pnl_usd", open_usd);
    json_out_obj(o, "today");
    json_out_i64(o, "entered", (int64_t)s->entered);
    json_out_i64(o, "closed", (int64_t)s->closed.trades);
    json_out_i64(o, "won", (int64_t)s->closed.wins);
    json_out_f64(o, "pnl_usd", s->closed.pnl_usd);
    json_out_end(o);
    json_out_arr(o, "decisions");
    for (size_t i = 0; i < s->events_len; i++)
        write_event(&s->event[i], o);
    json_out_end(o);
    json_out_end(o);
}

#include <math.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scripts/demo/demo.h"
#include "state/ledger.h"

/*
 * Plain ANSI on the alternate screen.  A picture is put together in memory, line by line and never
 * longer than the terminal is wide, and written at once: nothing flickers.
 */

enum { WIDTH_MIN = 80, HEIGHT_MIN = 24, WIDTH_MAX = 240, ROWS_MAX = 200, HEAD_ROWS = 10 };

#define ORDERS_BACK_NS (60 * NS_PER_MIN)

enum color { PLAIN, DIM, BOLD, GREEN, RED, YELLOW, INVERSE, COLORS };

static const char *const CODE[COLORS] = {"\x1b[0m",  "\x1b[2m",  "\x1b[1m", "\x1b[32m",
                                         "\x1b[31m", "\x1b[33m", "\x1b[7m"};

struct row {
    char symbol[SYMBOL_MAX];
    int64_t qty;
    usd entry, price, pnl;
    double pnl_pct;
    int64_t entered_ns; /* WHEN_NONE: not known */
    double score;       /* at entry; NaN: not known */
};

struct demo_screen {
    struct demo_watch *w;
    struct text out;
    int width, height, column;
    bool has_color, is_utf8;
    struct row row[ROWS_MAX];
    size_t rows;
};

/* ---- putting a picture together ---- */

static void PRINTF_LIKE(3, 4) put(struct demo_screen *sc, enum color color, const char *fmt, ...)
{
    char words[WIDTH_MAX * 2];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    int room = sc->width - sc->column;
    int shown = MIN(MIN(len, (int)sizeof(words) - 1), room);
    if (shown <= 0) return;
    if (sc->has_color && color != PLAIN) text_puts(&sc->out, CODE[color]);
    text_add(&sc->out, words, (size_t)shown);
    if (sc->has_color && color != PLAIN) text_puts(&sc->out, CODE[PLAIN]);
    sc->column += shown;
}

static void
end_line(struct demo_screen *sc)
{
    text_puts(&sc->out, "\x1b[K\r\n");
    sc->column = 0;
}

/* The same sign so many times. */
static void
put_line(struct demo_screen *sc, const char *utf8, char ascii, int n)
{
    n = MIN(n, sc->width - sc->column);
    for (int i = 0; i < n; i++) {
        if (sc->is_utf8)
            text_puts(&sc->out, utf8);
        else
            text_putc(&sc->out, ascii);
    }
    sc->column += MAX(n, 0);
}

static void
put_rule(struct demo_screen *sc, const char *title)
{
    if (sc->has_color) text_puts(&sc->out, CODE[DIM]);
    put_line(sc, "─", '-', 2);
    put(sc, PLAIN, " %s ", title);
    put_line(sc, "─", '-', sc->width - sc->column);
    if (sc->has_color) text_puts(&sc->out, CODE[PLAIN]);
    end_line(sc);
}

static enum color
color_of(usd amount)
{
    return amount.e4 > 0 ? GREEN : amount.e4 < 0 ? RED : PLAIN;
}

/* ---- what is shown ---- */

static int
by_symbol(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->symbol, ((const struct row *)b)->symbol);
}

static void
read_row(struct row *r, const struct json *p, const struct json *meta)
{
    struct err ignored = {0};
    struct json_in in = {.obj = p, .err = &ignored};
    const struct json *m = json_get_obj(meta, json_str(p, "symbol", ""));

    *r = (struct row){.qty = json_i64(p, "qty", 0),
                      .entry = json_opt_usd(&in, "avg_entry_price", USD_ZERO),
                      .price = json_opt_usd(&in, "current_price", USD_ZERO),
                      .pnl = json_opt_usd(&in, "unrealized_pl", USD_ZERO),
                      .pnl_pct = 100 * json_f64(p, "unrealized_plpc", (double)NAN),
                      .entered_ns = when_parse_or_none(json_str(m, "entry_ts", "")),
                      .score = json_f64(m, "entry_score", (double)NAN)};
    (void)str_copy(r->symbol, sizeof(r->symbol), json_str(p, "symbol", "?"));
}

static void
read_rows(struct demo_screen *sc)
{
    struct demo_stage *s = sc->w->stage;
    CLEANUP(json_freep) struct json *doc = NULL;
    CLEANUP(json_freep) struct json *meta = view_load(&s->fs, "state/position_metadata.json");
    struct err ignored = {0};

    if (demo_stage_ask(s, "GET /sim/positions", &doc, &ignored) != RC_OK) return; /* as before */
    sc->rows = 0;
    for (const struct json *p = json_first(json_get_arr(doc, "positions"));
         p != NULL && sc->rows < ROWS_MAX; p = json_next(p))
        read_row(&sc->row[sc->rows++], p, meta);
    qsort(sc->row, sc->rows, sizeof(sc->row[0]), by_symbol);
}

static void
draw_title(struct demo_screen *sc)
{
    static const char *const DAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const struct demo_stage *s = sc->w->stage;
    char date[ISO_TEXT_MAX], time[ISO_TEXT_MAX];
    int64_t now_ns = clock_now(&s->clock);

    put(sc, INVERSE, " stockbot demo  %s %s  %s New York  %gx  seed %lld%*s",
        DAYS[date_weekday(s->plan.session.date)], date_text(s->plan.session.date, date),
        view_ny_time(s->ny, now_ns, time), s->opt->speed, (long long)s->opt->seed, WIDTH_MAX, "");
    end_line(sc);
}

static void
draw_bar(struct demo_screen *sc)
{
    const struct demo_stage *s = sc->w->stage;
    int64_t now_ns = clock_now(&s->clock), open_ns = s->plan.session.open_ns;
    double done = (double)(now_ns - open_ns) / (double)(s->plan.session.close_ns - open_ns);
    int cells = sc->width - 24;
    char from[ISO_TEXT_MAX], to[ISO_TEXT_MAX];

    done = done < 0 ? 0 : done > 1 ? 1 : done;
    int full = (int)(done * cells);
    put(sc, DIM, " %.5s ", view_ny_time(s->ny, open_ns, from));
    put_line(sc, "█", '#', full);
    if (sc->has_color) text_puts(&sc->out, CODE[DIM]);
    put_line(sc, "░", '.', cells - full);
    if (sc->has_color) text_puts(&sc->out, CODE[PLAIN]);
    put(sc, DIM, " %.5s", view_ny_time(s->ny, s->plan.session.close_ns, to));
    put(sc, PLAIN, "  %3.0f %%", 100 * done);
    end_line(sc);
}

static void
draw_account(struct demo_screen *sc)
{
    const struct demo_watch *w = sc->w;
    char buf[VIEW_USD_MAX];

    put(sc, DIM, " equity ");
    put(sc, BOLD, "%s", w->is_account_known ? view_usd(w->equity, false, buf) : "not known yet");
    put(sc, DIM, "   day ");
    put(sc, color_of(w->daily_pnl), "%s", view_usd(w->daily_pnl, true, buf));
    put(sc, DIM, "   realised ");
    put(sc, color_of(w->realised_pnl), "%s", view_usd(w->realised_pnl, true, buf));
    put(sc, DIM, "   trades ");
    put(sc, PLAIN, "%lld", (long long)w->trades);
    if (w->trades > 0 && !isnan(w->win_rate)) put(sc, PLAIN, " (%.0f %% won)", 100 * w->win_rate);
    end_line(sc);
}

static void
draw_engine(struct demo_screen *sc)
{
    const struct demo_watch *w = sc->w;
    bool is_normal = str_eq(w->rung, "normal");

    put(sc, DIM, " cycle ");
    put(sc, PLAIN, "%lld", (long long)w->cycles);
    put(sc, DIM, "   rung ");
    put(sc, is_normal ? GREEN : YELLOW, "%s%s%s", w->rung[0] != '\0' ? w->rung : "-",
        w->rung_reason[0] != '\0' ? ": " : "", w->rung_reason);
    put(sc, DIM, "   market ");
    put(sc, PLAIN, "%s%s%s", w->is_market_open ? "open" : "closed",
        w->market_regime[0] != '\0' ? ", " : "", w->market_regime);
    put(sc, DIM, "   refused ");
    put(sc, PLAIN, "%lld", (long long)w->gates.refused);
    put(sc, DIM, "   UW ");
    if (w->uw_calls >= 0)
        put(sc, PLAIN, "%lld/%lld", (long long)w->uw_calls, (long long)w->uw_cap);
    else
        put(sc, PLAIN, "-");
    end_line(sc);
}

static void
draw_processes(struct demo_screen *sc)
{
    const struct demo_watch *w = sc->w;
    int64_t now_ns = clock_mono(&w->stage->clock);

    for (int i = 0; i < DEMO_PROCESSES; i++) {
        const struct demo_process_state *p = &w->process[i];
        char age[32];

        put(sc, DIM, "%s%s ", i == 0 ? " " : "   ", DEMO_PROCESS[i].name);
        if (p->pid == 0)
            put(sc, RED, "down");
        else
            put(sc, PLAIN, "%lld up %s", (long long)p->pid,
                view_age((double)(now_ns - p->since_ns) / (double)NS_PER_S, age));
        if (p->starts > 1)
            put(sc, YELLOW, ", %lld restart%s", (long long)(p->starts - 1),
                p->starts == 2 ? "" : "s");
    }
    end_line(sc);
}

static void
draw_row(struct demo_screen *sc, const struct row *r, int64_t now_ns)
{
    char entry[VIEW_USD_MAX], price[VIEW_USD_MAX], pnl[VIEW_USD_MAX], age[32] = "-";
    char score[16] = "-";

    if (r->entered_ns != WHEN_NONE)
        (void)view_age((double)(now_ns - r->entered_ns) / (double)NS_PER_S, age);
    if (!isnan(r->score)) (void)snprintf(score, sizeof(score), "%.2f", r->score);
    put(sc, BOLD, " %-7s", r->symbol);
    put(sc, PLAIN, "%-6s%5lld%11s%11s", r->qty > 0 ? "long" : "short", (long long)llabs(r->qty),
        view_usd(r->entry, false, entry), view_usd(r->price, false, price));
    put(sc, color_of(r->pnl), "%10s%8.2f %%", view_usd(r->pnl, true, pnl), r->pnl_pct);
    put(sc, PLAIN, "%9s%7s", age, score);
    end_line(sc);
}

static void
draw_positions(struct demo_screen *sc, int rows)
{
    char title[48];
    int64_t now_ns = clock_now(&sc->w->stage->clock);
    int shown = MIN((int)sc->rows, rows);

    (void)snprintf(title, sizeof(title), "%zu positions", sc->rows);
    put_rule(sc, title);
    put(sc, DIM, " %-7s%-6s%5s%11s%11s%10s%10s%9s%7s", "symbol", "side", "qty", "entry", "price",
        "P&L", "P&L %", "held", "score");
    end_line(sc);
    if ((int)sc->rows > rows) shown--;
    for (int i = 0; i < shown; i++)
        draw_row(sc, &sc->row[i], now_ns);
    if ((int)sc->rows > rows) {
        put(sc, DIM, " and %d more", (int)sc->rows - shown);
        end_line(sc);
        shown++;
    }
    for (int i = shown; i < rows; i++)
        end_line(sc);
}

static void
draw_order(struct demo_screen *sc, const struct intent *in)
{
    char time[ISO_TEXT_MAX], price[VIEW_USD_MAX] = "market";
    bool is_bad = in->state == INTENT_UNKNOWN || in->state == INTENT_REJECTED;

    if (in->order.type == ORDER_LIMIT) (void)view_usd(in->order.limit, false, price);
    if (in->filled_qty > 0)
        (void)view_usd(usd_div_qty(in->filled_cost, in->filled_qty), false, price);
    put(sc, DIM, " %s ", view_ny_time(sc->w->stage->ny, in->created_ns, time));
    put(sc, PLAIN, " %-5s %4lld %-6s", order_side_name(in->order.side), (long long)in->order.qty,
        in->order.symbol);
    put(sc, PLAIN, " %-6s %10s  ", order_type_name(in->order.type), price);
    put(sc, is_bad ? YELLOW : PLAIN, "%-9s", intent_state_name(in->state));
    put(sc, DIM, " %s%s%s", intent_purpose_name(in->purpose), in->reason[0] != '\0' ? ": " : "",
        in->reason);
    end_line(sc);
}

static void
draw_orders(struct demo_screen *sc, int rows)
{
    const struct demo_stage *s = sc->w->stage;
    struct ledger_options opt = {
        .root = s->plan.root, .fs = &s->fs, .clock = &s->clock, .is_read_only = true};
    struct sql_ledger *sql = NULL;
    struct arena a = {0};
    struct intents list = {0};
    struct err ignored = {0};
    int shown = 0;

    put_rule(sc, "last orders");
    if (ledger_open(&opt, &sql, &ignored) == RC_OK) {
        struct ledger ledger = ledger_seam(sql);
        int64_t from_ns = clock_now(&s->clock) - ORDERS_BACK_NS;
        if (ledger.intents_since(ledger.self, from_ns, &a, &list, &ignored) == RC_OK)
            for (; shown < rows && shown < (int)list.len; shown++)
                draw_order(sc, &list.intent[list.len - 1 - (size_t)shown]);
    }
    ledger_close(sql);
    arena_done(&a);
    for (; shown < rows; shown++)
        end_line(sc);
}

static void
draw_said(struct demo_screen *sc, int rows)
{
    const struct demo_watch *w = sc->w;
    int kept = (int)MIN(w->said_len, (size_t)DEMO_SAID_MAX), shown = 0;

    put_rule(sc, "what happened");
    for (; shown < rows && shown < kept; shown++) {
        const struct demo_said *said = &w->said[(w->said_len - 1 - (size_t)shown) % DEMO_SAID_MAX];
        char time[ISO_TEXT_MAX];
        enum color color = said->kind == SAID_REFUSED                              ? DIM
                           : said->kind == SAID_WARNING || said->kind == SAID_RUNG ? YELLOW
                           : said->is_bad                                          ? RED
                           : said->kind == SAID_EXIT                               ? GREEN
                                                                                   : PLAIN;

        put(sc, DIM, " %s ", view_ny_time(w->stage->ny, said->at_ns, time));
        put(sc, color, " %s", said->text);
        end_line(sc);
    }
    for (; shown < rows; shown++)
        end_line(sc);
}

static void
measure(struct demo_screen *sc)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = (struct winsize){0};
    sc->width = size.ws_col == 0 ? WIDTH_MIN : MIN((int)size.ws_col, WIDTH_MAX);
    sc->height = size.ws_row == 0 ? HEIGHT_MIN : (int)size.ws_row;
}

static void
write_out(const struct text *t)
{
    size_t at = 0;

    while (at < t->len) {
        ssize_t n = write(STDOUT_FILENO, t->data + at, t->len - at);
        if (n <= 0) return; /* the terminal is gone: the day goes on */
        at += (size_t)n;
    }
}

void
demo_screen_draw(struct demo_screen *sc)
{
    measure(sc);
    read_rows(sc);
    text_clear(&sc->out);
    text_puts(&sc->out, "\x1b[H");
    sc->column = 0;
    int room = MAX(sc->height - HEAD_ROWS, 3);
    int positions = MIN(MAX((int)sc->rows, 1), MAX(room / 2, 1));
    int orders = MIN(MAX(room / 4, 1), room - positions);
    draw_title(sc);
    draw_bar(sc);
    draw_account(sc);
    draw_engine(sc);
    draw_processes(sc);
    draw_positions(sc, positions);
    draw_orders(sc, orders);
    draw_said(sc, MAX(room - positions - orders, 0));
    put(sc, DIM, " Ctrl-C ends the day early%s   files: %s",
        sc->w->stage->opt->kill_every_s > 0 ? ", kills are on" : "", sc->w->stage->plan.root);
    text_puts(&sc->out, "\x1b[K\x1b[J");
    write_out(&sc->out);
}

static bool
says_utf8(void)
{
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        const char *value = getenv(NAMES[i]);

        if (value == NULL || value[0] == '\0') continue;
        return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL;
    }
    return false;
}

struct demo_screen *
demo_screen_new(struct demo_watch *w)
{
    struct demo_screen *sc = calloc(1, sizeof(*sc));
    const char *no_color = getenv("NO_COLOR");

    if (sc == NULL) return NULL;
    sc->w = w;
    sc->has_color = no_color == NULL || no_color[0] == '\0';
    sc->is_utf8 = says_utf8();
    text_puts(&sc->out, "\x1b[?1049h\x1b[?25l\x1b[2J");
    write_out(&sc->out);
    return sc;
}

void
demo_screen_free(struct demo_screen *sc)
{
    if (sc == NULL) return;
    text_clear(&sc->out);
    text_puts(&sc->out, "\x1b[?25h\x1b[?1049l");
    write_out(&sc->out);
    text_free(&sc->out);
    free(sc);
}

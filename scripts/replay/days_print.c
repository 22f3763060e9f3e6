#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scripts/replay/days.h"

/* ---- for people ---------------------------------------------------------------------------- */

static const char *
number(double x, const char *unit, char buf[32])
{
    if (isfinite(x))
        (void)snprintf(buf, 32, "%.2f%s", x, unit);
    else
        (void)str_copy(buf, 32, "-");
    return buf;
}

static void
print_row(const char *key, enum days_path path, const struct days_row *r)
{
    char win[32], expectancy[32], pct[32], factor[32];

    (void)printf("  %-12s %-3s %7zu %6zu %8s %11s %9s %11.2f %8s %10.2f\n", key,
                 days_path_name(path), r->trades, r->open,
                 isfinite(r->win_rate) ? number(100 * r->win_rate, "", win) : "-",
                 number(r->expectancy_usd, "", expectancy), number(r->return_pct, "", pct),
                 r->pnl_usd, number(r->profit_factor, "", factor), r->max_drawdown_usd);
}

static void
print_table(const struct days_table *t)
{
    enum days_grouping last = GROUPINGS_LEN;

    (void)printf("\n  %-12s %-3s %7s %6s %8s %11s %9s %11s %8s %10s\n", "", "", "trades", "open",
                 "won %", "USD/trade", "% of cost", "P&L USD", "factor", "drawdown");
    for (size_t i = 0; i < t->len; i++) {
        const struct days_group *g = &t->group[i];

        if (g->grouping != last && g->grouping != BY_ALL)
            (void)printf("by %s\n", days_grouping_name(g->grouping));
        last = g->grouping;
        for (int p = 0; p < PATHS_LEN; p++)
            print_row(g->grouping == BY_ALL ? "all"
                      : p == 0              ? g->key
                                            : "",
                      (enum days_path)p, &g->row[p]);
    }
}

void
days_print(const struct days_summary *s)
{
    (void)printf("Shadow alone: %zu day%s, %zu symbol-days, %zu scores", s->days,
                 s->days == 1 ? "" : "s", s->symbol_days, s->steps);
    if (isfinite(s->real_s) && s->real_s > 0)
        (void)printf(" in %.1f s: %.0f symbol-days a minute", s->real_s,
                     60 * (double)s->symbol_days / s->real_s);
    (void)printf("\n");
    if (s->broken > 0) (void)printf("%zu left out, named above\n", s->broken);
    print_table(&s->table);
    (void)printf("\n  v1 on paper: its composite gate and its exits at the same prices, without "
                 "order gates.\n  open: held at the close of a day, counted at the last price.\n");
    if (s->drawn_flow > 0)
        (void)printf("  flow: drawn around the prices on %zu of %zu days, which it foretells: such "
                     "a P&L compares v1\n  with v2 and says nothing about the market.\n",
                     s->drawn_flow, s->days);
    (void)printf("\ndigest %s\n", s->digest);
}

/* ---- for programs -------------------------------------------------------------------------- */

static void
write_row(struct json_out *o, const char *key, const struct days_row *r)
{
    json_out_obj(o, key);
    json_out_i64(o, "trades", (int64_t)r->trades);
    json_out_i64(o, "open_at_close", (int64_t)r->open);
    json_out_i64(o, "wins", (int64_t)r->wins);
    json_out_i64(o, "losses", (int64_t)r->losses);
    json_out_f64(o, "win_rate", r->win_rate);
    json_out_f64(o, "expectancy_usd", r->expectancy_usd);
    json_out_f64(o, "return_pct", r->return_pct);
    json_out_f64(o, "pnl_usd", r->pnl_usd);
    json_out_f64(o, "profit_factor", r->profit_factor);
    json_out_f64(o, "max_drawdown_usd", r->max_drawdown_usd);
    json_out_end(o);
}

static void
write_groups(struct json_out *o, const struct days_table *t, enum days_grouping grouping)
{
    for (size_t i = 0; i < t->len; i++) {
        const struct days_group *g = &t->group[i];

        if (g->grouping != grouping) continue;
        json_out_obj(o, grouping == BY_ALL ? days_grouping_name(BY_ALL) : g->key);
        for (int p = 0; p < PATHS_LEN; p++)
            write_row(o, days_path_name((enum days_path)p), &g->row[p]);
        json_out_end(o);
    }
}

void
days_write_json(const struct days_summary *s, struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_i64(o, "days", (int64_t)s->days);
    json_out_i64(o, "days_with_drawn_flow", (int64_t)s->drawn_flow);
    json_out_i64(o, "symbol_days", (int64_t)s->symbol_days);
    json_out_i64(o, "scores", (int64_t)s->steps);
    json_out_arr(o, "left_out");
    for (size_t i = 0; i < s->what_broke->len; i++)
        json_out_str(o, NULL, text_str(&s->what_broke->words[i]));
    json_out_end(o);
    write_groups(o, &s->table, BY_ALL);
    json_out_obj(o, "by_regime");
    write_groups(o, &s->table, BY_REGIME);
    json_out_end(o);
    json_out_obj(o, "by_sector");
    write_groups(o, &s->table, BY_SECTOR);
    json_out_end(o);
    json_out_obj(o, "day_digests");
    for (size_t i = 0; i < s->units; i++)
        json_out_str(o, s->unit[i].name, s->day_digest[i][0] != '\0' ? s->day_digest[i] : NULL);
    json_out_end(o);
    json_out_str(o, "digest", s->digest);
    json_out_end(o);
}

static void
put_number(struct text *to, double x)
{
    char buf[F64_TEXT_MAX];

    text_putc(to, ',');
    if (isfinite(x)) text_puts(to, f64_text(x, buf));
}

void
days_write_csv(const struct days_summary *s, struct text *to)
{
    text_puts(to, "group,key,path,trades,open_at_close,wins,losses,win_rate,expectancy_usd,"
                  "return_pct,pnl_usd,profit_factor,max_drawdown_usd\n");
    for (size_t i = 0; i < s->table.len; i++) {
        const struct days_group *g = &s->table.group[i];

        for (int p = 0; p < PATHS_LEN; p++) {
            const struct days_row *r = &g->row[p];

            text_printf(to, "%s,%s,%s,%zu,%zu,%zu,%zu", days_grouping_name(g->grouping), g->key,
                        days_path_name((enum days_path)p), r->trades, r->open, r->wins, r->losses);
            put_number(to, r->win_rate);
            put_number(to, r->expectancy_usd);
            put_number(to, r->return_pct);
            put_number(to, r->pnl_usd);
            put_number(to, r->profit_factor);
            put_number(to, r->max_drawdown_usd);
            text_putc(to, '\n');
        }
    }
}

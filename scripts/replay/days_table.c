#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scripts/replay/days.h"

const char *
days_path_name(enum days_path p)
{
    return p == PATH_V1 ? "v1" : "v2";
}

const char *
days_grouping_name(enum days_grouping g)
{
    static const char *const names[GROUPINGS_LEN] = {
        [BY_ALL] = "all", [BY_REGIME] = "regime", [BY_SECTOR] = "sector"};
    return names[g];
}

void
days_trades_add(struct days_trades *t, const struct days_trade *trade)
{
    if (t->len == t->cap) {
        t->cap = t->cap == 0 ? 256 : 2 * t->cap;
        t->trade = realloc(t->trade, t->cap * sizeof *t->trade);
        ASSERT(t->trade != NULL);
    }
    t->trade[t->len++] = *trade;
}

/* ---- one row ------------------------------------------------------------------------------- */

static const char *
key_of(const struct days_trade *t, enum days_grouping g)
{
    switch (g) {
    case BY_REGIME:
        return t->regime_label[0] != '\0' ? t->regime_label : "UNKNOWN";
    case BY_SECTOR:
        return t->sector;
    case BY_ALL:
    case GROUPINGS_LEN:
        break;
    }
    return "";
}

static struct days_row
row_of(const struct days_trades *list, enum days_grouping g, const char *key, enum days_path path)
{
    struct days_row r = {0};
    double peak = 0;

    for (size_t i = 0; i < list->len; i++) {
        const struct days_trade *t = &list->trade[i];

        if (t->path != path || !str_eq(key_of(t, g), key)) continue;
        r.trades++;
        r.open += t->is_open;
        r.wins += t->pnl_usd > 0;
        r.losses += t->pnl_usd < 0;
        r.gross_profit += fmax(t->pnl_usd, 0);
        r.gross_loss += fmax(-t->pnl_usd, 0);
        r.cost_usd += t->cost_usd;
        r.pnl_usd += t->pnl_usd;
        peak = fmax(peak, r.pnl_usd);
        r.max_drawdown_usd = fmax(r.max_drawdown_usd, peak - r.pnl_usd);
    }
    double n = (double)r.trades;
    r.win_rate = r.trades > 0 ? (double)r.wins / n : (double)NAN;
    r.expectancy_usd = r.trades > 0 ? r.pnl_usd / n : (double)NAN;
    r.return_pct = r.cost_usd > 0 ? 100 * r.pnl_usd / r.cost_usd : (double)NAN;
    r.profit_factor = r.gross_loss > 0 ? r.gross_profit / r.gross_loss : (double)NAN;
    return r;
}

/* ---- all rows ------------------------------------------------------------------------------ */

static int
by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys that occur, ascending. */
static size_t
keys_of(const struct days_trades *t, enum days_grouping g, struct arena *a, const char ***ret_key)
{
    const char **key = ARENA_NEW(a, const char *, t->len + 1);
    size_t len = 0, kept = 0;

    if (g == BY_ALL) key[len++] = ""; /* also without a trade */
    for (size_t i = 0; i < t->len; i++) {
        const char *k = key_of(&t->trade[i], g);
        bool is_known = false;
        for (size_t n = 0; n < len && !is_known; n++)
            is_known = str_eq(key[n], k);
        if (!is_known) key[len++] = k;
    }
    if (len > 0) qsort(key, len, sizeof *key, by_key);
    kept = len;
    *ret_key = key;
    return kept;
}

struct days_table
days_table_of(const struct days_trades *t, struct arena *a)
{
    const char **keys[GROUPINGS_LEN] = {NULL};
    size_t len[GROUPINGS_LEN] = {0}, all = 0;
    struct days_table table = {0};

    for (int g = 0; g < GROUPINGS_LEN; g++)
        all += len[g] = keys_of(t, (enum days_grouping)g, a, &keys[g]);
    table.group = ARENA_NEW(a, struct days_group, all);
    for (int g = 0; g < GROUPINGS_LEN; g++) {
        for (size_t i = 0; i < len[g]; i++) {
            struct days_group *to = &table.group[table.len++];
            *to = (struct days_group){.grouping = (enum days_grouping)g, .key = keys[g][i]};
            for (int p = 0; p < PATHS_LEN; p++)
                to->row[p] = row_of(t, to->grouping, to->key, (enum days_path)p);
        }
    }
    return table;
}

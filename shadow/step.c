#include "shadow/shadow.h"

#include <math.h>

#include "base/json.h"
#include "base/when.h"
#include "shadow/book.h"
#include "shadow/size.h"

/* Of the buying power; a market order may fill above the price that was seen. */
#define BUYING_POWER_USED 0.95

enum { USD_DECIMALS = 4 };

const char *
shadow_block_name(enum shadow_block b)
{
    static const char *const names[] = {
        [SHADOW_BLOCK_PRICE] = "price_unavailable",
        [SHADOW_BLOCK_QTY] = "qty_zero",
        [SHADOW_BLOCK_BUYING_POWER] = "insufficient_buying_power",
        [SHADOW_BLOCK_BOOK_FULL] = "book_full",
    };
    return names[b];
}

double
shadow_price(const struct shadow_seen *seen)
{
    if (seen->current_price > 0) return seen->current_price;
    if (seen->last_trade > 0) return seen->last_trade;
    if (seen->bid > 0 && seen->ask > 0) return (seen->bid + seen->ask) / 2;
    return (double)NAN;
}

/* ---- entry --------------------------------------------------------------------------------- */

static void
block(struct shadow_outcome *out, enum shadow_block why)
{
    out->act = SHADOW_BLOCKED;
    out->block = why;
}

static struct shadow_position
new_position(const struct shadow_seen *seen, double price, double size_usd, double qty)
{
    return (struct shadow_position){
        .symbol = seen->symbol,
        .trade_id = seen->new_trade_id,
        .entered_ns = seen->now_ns,
        .direction = seen->direction,
        .side = shadow_side_of(seen->direction),
        .entry_v2_score = seen->v2_score,
        .entry_v1_score = seen->v1_score,
        .entry_price = price,
        .qty = qty,
        .size_usd = size_usd,
        .entry_uw = seen->uw,
        .entry_regime = seen->uw.regime_label,
        .entry_sector = seen->uw.sector,
        .mark = {.price = price, .at_ns = WHEN_NONE},
    };
}

static void
enter(const struct shadow_book *book, const struct shadow_seen *seen,
      const struct shadow_settings *settings, struct shadow_outcome *out)
{
    if (!(out->price > 0)) {
        block(out, SHADOW_BLOCK_PRICE);
        return;
    }
    double size_usd = shadow_size_usd(seen->size_usd, seen->account_equity, settings->is_paper);
    double qty = shadow_qty(size_usd, out->price, seen->sizing_overlay);
    double cost_usd = qty * out->price;
    bool is_long = str_eq(shadow_side_of(seen->direction), "long");

    if (!(qty > 0)) {
        block(out, SHADOW_BLOCK_QTY);
    } else if (seen->buying_power > 0 && is_long &&
               cost_usd > BUYING_POWER_USED * seen->buying_power) {
        block(out, SHADOW_BLOCK_BUYING_POWER);
        out->required_usd = round_dec(cost_usd, USD_DECIMALS);
    } else if (book->len >= SHADOW_POSITIONS_MAX) {
        block(out, SHADOW_BLOCK_BOOK_FULL);
    } else {
        out->act = SHADOW_OPENED;
        out->position = new_position(seen, out->price, size_usd, qty);
    }
}

/* ---- an open position ---------------------------------------------------------------------- */

struct shadow_position
shadow_marked(const struct shadow_position *p, double price, int64_t now_ns)
{
    struct shadow_position marked = *p;
    struct shadow_pnl pnl = shadow_pnl(p->entry_price, price, p->qty, p->side);

    marked.mark_json = NULL;
    marked.mark = (struct shadow_mark){
        .price = price,
        .pnl_usd = isfinite(pnl.usd) ? pnl.usd : 0,
        .pnl_fraction = isfinite(pnl.fraction) ? pnl.fraction : 0,
        .at_ns = now_ns,
    };
    return marked;
}

static void
evaluate(const struct shadow_position *p, const struct shadow_seen *seen,
         struct shadow_outcome *out)
{
    out->act = SHADOW_KEPT;
    out->position = out->price > 0 ? shadow_marked(p, out->price, seen->now_ns) : *p;
    if (seen->verdict != NULL && seen->verdict->is_exit) {
        out->act = SHADOW_CLOSED;
        out->pnl = shadow_pnl(p->entry_price, out->price, p->qty, p->side);
    }
}

void
shadow_step(const struct shadow_book *book, const struct shadow_seen *seen,
            const struct shadow_settings *settings, struct shadow_outcome *ret_outcome)
{
    struct shadow_outcome out = {.act = SHADOW_NOTHING, .price = shadow_price(seen)};
    const struct shadow_position *p = shadow_book_find(book, seen->symbol);

    if (p != NULL)
        evaluate(p, seen, &out);
    else if (seen->is_v2_pass)
        enter(book, seen, settings, &out);
    *ret_outcome = out;
}

const struct shadow_candidate *
shadow_candidate_of(const struct shadow_book *book, const char *symbol,
                    const struct shadow_candidate *list, size_t len)
{
    const struct shadow_candidate *first = NULL;

    for (size_t i = 0; i < len; i++) {
        if (str_eq(list[i].symbol, symbol) || shadow_book_find(book, list[i].symbol) != NULL)
            continue;
        if (isfinite(list[i].v2_score)) return &list[i];
        if (first == NULL) first = &list[i];
    }
    return first;
}

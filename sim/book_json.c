#include "sim/book.h"

static void
write_positions(const struct sim_book *b, struct json_out *o)
{
    json_out_arr(o, "positions");
    for (size_t i = 0; i < b->positions_len; i++) {
        const struct ledger_position *p = &b->position[i];

        json_out_obj(o, NULL);
        json_out_str(o, "symbol", p->symbol);
        json_out_i64(o, "qty", p->qty);
        json_out_usd(o, "cost", p->cost);
        json_out_usd(o, "realised_pnl", p->realised_pnl);
        json_out_usd(o, "price", book_price(b, p->symbol));
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_orders(const struct sim_book *b, struct json_out *o)
{
    json_out_arr(o, "orders");
    for (size_t i = 0; i < b->orders_len; i++) {
        const struct book_order *order = &b->order[i];

        json_out_obj(o, NULL);
        json_out_str(o, "id", order->o.broker_id);
        json_out_str(o, "client_order_id", order->o.client_id);
        json_out_str(o, "symbol", order->o.symbol);
        json_out_str(o, "side", order_side_name(order->o.side));
        json_out_str(o, "type", order_type_name(order->o.type));
        json_out_str(o, "status", order->o.status_text);
        json_out_i64(o, "qty", order->o.qty);
        json_out_i64(o, "filled_qty", order->o.filled_qty);
        json_out_usd(o, "filled_cost", order->o.filled_cost);
        json_out_usd(o, "limit_price", order->o.limit);
        json_out_time(o, "submitted_at", order->o.submitted_ns);
        json_out_time(o, "filled_at", order->o.filled_ns);
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_fills(const struct sim_book *b, struct json_out *o)
{
    json_out_arr(o, "fills");
    for (size_t i = 0; i < b->fills_len; i++) {
        const struct book_fill *fill = &b->fill[i];

        json_out_obj(o, NULL);
        json_out_str(o, "id", fill->f.fill_id);
        json_out_str(o, "order_id", fill->f.broker_id);
        json_out_str(o, "client_order_id", b->order[fill->order].o.client_id);
        json_out_str(o, "symbol", fill->f.symbol);
        json_out_str(o, "side", order_side_name(fill->f.side));
        json_out_i64(o, "qty", fill->f.qty);
        json_out_usd(o, "price", fill->f.price);
        json_out_time(o, "at", fill->f.at_ns);
        json_out_end(o);
    }
    json_out_end(o);
}

void
book_write(const struct sim_book *b, struct json_out *o)
{
    json_out_time(o, "at", b->now_ns);
    json_out_usd(o, "starting_cash", b->cfg.cash);
    json_out_usd(o, "cash", b->cash);
    json_out_usd(o, "equity", book_equity(b));
    json_out_usd(o, "realised_pnl", book_realised(b));
    json_out_usd(o, "buying_power", book_buying_power(b));
    json_out_i64(o, "open_orders", (int64_t)b->open_len);
    json_out_i64(o, "duplicate_client_ids", b->duplicates_refused);
    write_positions(b, o);
    write_orders(b, o);
    write_fills(b, o);
}

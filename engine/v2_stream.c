#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "engine/v2.h"
#include "intel/composite_v2_json.h"
#include "shadow/ab_json.h"

/* ---- records ------------------------------------------------------------------------------- */

static struct json_out
begin(struct v2_cycle *c, const char *event, const char *symbol)
{
    struct json_out o = {.to = &c->stream};
    char iso[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_str(&o, "ts", when_iso_brief(c->seen->now_ns, iso));
    json_out_i64(&o, "_ts", when_to_s(c->seen->now_ns));
    json_out_str(&o, "event_type", event);
    if (symbol != NULL) json_out_str(&o, "symbol", symbol);
    return o;
}

static void
end(struct v2_cycle *c, struct json_out *o)
{
    json_out_end(o);
    text_putc(&c->stream, '\n');
}

static void
write_scores(struct json_out *o, const struct v2_looked *l)
{
    json_out_f64(o, "v1_score", l->v1_score);
    json_out_f64(o, "v2_score", l->v2.score);
    json_out_bool(o, "v1_pass", l->is_v1_pass);
    json_out_bool(o, "v2_pass", l->is_v2_pass);
}

/* ---- what both thought --------------------------------------------------------------------- */

static void
compare(struct v2_cycle *c, const struct v2_looked *l)
{
    const struct composite_v2_view view = {&c->world, &l->v2_case, &l->v2};
    struct json_out o = begin(c, "score_compare", l->symbol);

    write_scores(&o, l);
    json_out_str(&o, "market_regime", c->seen->market_regime);
    json_out_str(&o, "posture", posture_name(c->context->posture.posture));
    json_out_str(&o, "regime_label", c->context->posture.regime_label);
    json_out_str(&o, "volatility_regime", volatility_regime_name(c->context->market.volatility));
    composite_v2_adjustments_write(&o, "v2_adjustments", &l->v2.terms);
    composite_v2_inputs_write(&o, "v2_inputs", &view);
    end(c, &o);
}

static void
diverge(struct v2_cycle *c, const struct v2_looked *l, const char *note)
{
    CLEANUP(text_free) struct text details = {0};
    struct json_out d = {.to = &details};
    struct json_out o = begin(c, "divergence", l->symbol);

    json_out_obj(&d, NULL);
    json_out_str(&d, "note", note);
    json_out_end(&d);
    write_scores(&o, l);
    json_out_raw(&o, "details", text_str(&details), details.len);
    end(c, &o);
    log_event(c->seams->log, EV_SHADOW_DIVERGENCE, F_SYMBOL(l->symbol),
              F_F64("v1_score", l->v1_score), F_F64("v2_score", l->v2.score),
              F_BOOL("v1_pass", l->is_v1_pass), F_BOOL("v2_pass", l->is_v2_pass),
              F_STR("note", note));
}

/* v1 blocked what v2 would have taken, or took what v2 would not. */
static void
compare_refusal(struct v2_cycle *c, const struct refusal *r)
{
    bool is_expectancy = r->stage == REFUSED_GATE && r->entry_gate == GATE_EXPECTANCY;
    bool is_floor = r->stage == REFUSED_GATE && r->entry_gate == GATE_MIN_SCORE;
    const struct v2_looked *l = is_expectancy || is_floor ? v2_looked_find(c, r->symbol) : NULL;

    if (l == NULL) return;
    struct json_out o = begin(c, "shadow_blocked", l->symbol);
    json_out_str(&o, "reason",
                 is_expectancy ? "expectancy_gate_v1_blocked" : "score_gate_v1_blocked");
    write_scores(&o, l);
    json_out_str(&o, "v1_reason", r->reason[0] != '\0' ? r->reason : r->gate);
    if (!isnan(r->threshold)) json_out_f64(&o, "min_required", r->threshold);
    bool would_take = is_floor && !isnan(r->threshold) && l->v2.score >= r->threshold;
    if (is_floor) json_out_bool(&o, "v2_pass_floor", would_take);
    end(c, &o);
    if (!would_take) return;
    o = begin(c, "shadow_candidate", l->symbol);
    json_out_str(&o, "note", "v2_would_pass_score_floor_where_v1_blocked");
    json_out_f64(&o, "min_required", r->threshold);
    json_out_f64(&o, "v2_score", l->v2.score);
    end(c, &o);
    diverge(c, l, "v2_would_pass_score_floor_where_v1_blocked");
}

void
v2_stream_compare(struct v2_cycle *c)
{
    for (size_t i = 0; i < c->len; i++) {
        const struct v2_looked *l = &c->looked[i];

        compare(c, l);
        if (l->is_v1_pass != l->is_v2_pass)
            diverge(c, l, l->is_v2_pass ? "v2_passes_alone" : "v1_passes_alone");
    }
    for (size_t i = 0; i < c->plan->refusals_len; i++)
        compare_refusal(c, &c->plan->refusal[i]);
}

/* ---- the A/B ledger ------------------------------------------------------------------------ */

/* The positions as a document that lives in the arena, so that the next change can read it. */
static const struct json *
reread(struct v2_cycle *c, const struct text *positions)
{
    const struct json *doc = NULL;
    struct err ignored = {0};

    return json_parse_in(text_str(positions), positions->len, &JSON_LIMITS_FILE, c->arena, &doc,
                         &ignored) == RC_OK
               ? doc
               : NULL;
}

static void
say_merged(struct v2_cycle *c, const struct ab_fill *fill, const struct ab_merge *m, size_t len)
{
    struct json_out o = begin(c, "shadow_ledger_update", fill->position.symbol);

    json_out_str(&o, "action", "add");
    json_out_f64(&o, "qty", m->qty);
    json_out_f64(&o, "entry_price", m->entry_price);
    json_out_str(&o, "side", ab_side_name(fill->position.side));
    json_out_str(&o, "entry_ts", fill->entry_ts);
    json_out_i64(&o, "ledger_positions", (int64_t)len);
    end(c, &o);
    log_event(c->seams->log, EV_SHADOW_POSITION_OPENED, F_SYMBOL(fill->position.symbol),
              F_F64("qty", m->qty), F_F64("entry_price", m->entry_price),
              F_STR("side", ab_side_name(fill->position.side)));
}

/* An entry of v1 that v2 would have made too, or would not. */
static const struct json *
execute(struct v2_cycle *c, const struct json *positions, const struct planned_entry *e)
{
    const struct v2_looked *l = v2_looked_find(c, e->symbol);
    double floor = c->seams->cfg->strategy.min_exec_score + c->seen->score_adjustment;
    char iso[ISO_TEXT_MAX];

    if (l == NULL || e->close_first.is_needed) return positions; /* nothing is bought yet */
    if (!(l->v2.score >= floor)) {
        struct json_out o = begin(c, "shadow_blocked", l->symbol);
        json_out_str(&o, "reason", "v2_failed_score_or_expectancy");
        write_scores(&o, l);
        json_out_f64(&o, "min_required", floor);
        end(c, &o);
        return positions;
    }
    struct ab_fill fill = {
        .position = {.symbol = e->symbol,
                     .side = e->side == SIDE_BUY ? AB_LONG : AB_SHORT,
                     .qty = (double)e->qty,
                     .entry_price = usd_to_double(e->ref),
                     .entered_ns = c->seen->now_ns},
        .entry_ts = when_iso_brief(c->seen->now_ns, iso)
    };
    struct json_out o = begin(c, "shadow_executed", l->symbol);
    json_out_str(&o, "side", e->side == SIDE_BUY ? "buy" : "sell");
    json_out_i64(&o, "qty", e->qty);
    json_out_f64(&o, "entry_price", fill.position.entry_price);
    json_out_f64(&o, "v2_score", l->v2.score);
    json_out_str(&o, "market_regime", c->seen->market_regime);
    json_out_str(&o, "note", "hypothetical_order_would_be_submitted_by_v2");
    end(c, &o);
    if (!c->seams->cfg->engine.shadow_pnl) return positions;
    CLEANUP(text_free) struct text merged = {0};
    struct json_out to = {.to = &merged};
    struct ab_book book = ab_book_decode(positions, c->arena);
    struct ab_merge m = ab_merge(book.position, book.len, &fill.position);
    ab_merge_write(&to, NULL, &book, &fill, &m);
    if (m.act != AB_UNCHANGED) say_merged(c, &fill, &m, book.len + (m.act == AB_APPENDED ? 1 : 0));
    return reread(c, &merged);
}

/* The price that this cycle knows, else one that is asked for. */
static double
price_of(struct v2_cycle *c, struct v2_asking *q, const char *symbol)
{
    const struct v2_looked *l = v2_looked_find(c, symbol);

    if (l != NULL && l->candidate->last.is_known) return usd_to_double(l->candidate->last.price);
    return v2_ask_price(q, symbol);
}

static const char *
direction_of(const struct v2_cycle *c, const char *symbol)
{
    const struct v2_looked *l = v2_looked_find(c, symbol);

    return l != NULL ? l->direction : "";
}

static void
put_event(struct v2_cycle *c, enum ab_event event, const struct ab_report *r)
{
    struct json_out o = {.to = &c->stream};

    ab_event_write(&o, NULL, event, r);
    text_putc(&c->stream, '\n');
}

static void
say_look(const struct v2_cycle *c, const struct ab_position *p, const struct ab_look *look)
{
    if (look->act != AB_MARKED && look->act != AB_CLOSED) return;
    log_event(c->seams->log, EV_SHADOW_UNREALIZED, F_SYMBOL(p->symbol), F_F64("qty", p->qty),
              F_F64("unrealized_pnl_usd", round_dec(look->pnl.usd, 4)),
              F_F64("unrealized_pnl_pct", round_dec(look->pnl.fraction, 6)));
    if (look->act == AB_CLOSED)
        log_event(c->seams->log, EV_SHADOW_PNL_EXIT, F_SYMBOL(p->symbol),
                  F_STR("reason", ab_reason_name(look->reason)),
                  F_F64("realized_pnl_usd", round_dec(look->pnl.usd, 4)),
                  F_F64("realized_pnl_pct", round_dec(look->pnl.fraction, 6)));
}

/* Marks every position; those that stay are written. */
static void
tick(struct v2_cycle *c, struct v2_asking *q, const struct json *positions, struct json_out *to)
{
    struct ab_book book = ab_book_decode(positions, c->arena);
    struct json_out o = {.to = &c->stream};

    json_out_arr(to, NULL);
    if (book.len > 0) {
        ab_tick_write(&o, NULL, book.len, c->seen->now_ns);
        text_putc(&c->stream, '\n');
        log_event(c->seams->log, EV_SHADOW_PNL_TICK, F_I64("positions", book.len));
    }
    for (size_t i = 0; i < book.len; i++) {
        const struct ab_seen seen = {.now_ns = c->seen->now_ns,
                                     .price = price_of(c, q, book.position[i].symbol),
                                     .direction = direction_of(c, book.position[i].symbol),
                                     .posture = posture_name(c->context->posture.posture),
                                     .may_exit = c->seams->cfg->engine.shadow_exit};
        struct ab_look look = ab_look_at(&book.position[i], &seen);
        const struct ab_report r = {&book.position[i], book.record[i], &seen, &look};
        enum ab_event event[AB_EVENTS_MAX];
        size_t events = ab_events_of(&look, event);

        for (size_t k = 0; k < events; k++)
            put_event(c, event[k], &r);
        say_look(c, r.position, &look);
        if (look.act == AB_NO_PRICE || look.act == AB_MARKED)
            json_out_value(to, NULL, book.record[i]);
    }
    json_out_end(to);
}

void
v2_stream_ledger(struct v2_cycle *c, struct v2_ledger *l, struct v2_asking *q)
{
    const struct json *positions = reread(c, &l->positions);
    CLEANUP(text_free) struct text after = {0};
    struct json_out to = {.to = &after};

    if (positions == NULL) return; /* what cannot be read is not overwritten */
    for (size_t i = 0; i < c->plan->entries_len; i++)
        positions = execute(c, positions, &c->plan->entry[i]);
    if (!c->seams->cfg->engine.shadow_pnl) return;
    tick(c, q, positions, &to);
    v2_ledger_set(l, &after);
}

static int
by_symbol(const void *key, const void *item)
{
    return strcmp(key, ((const struct v2_looked *)item)->symbol);
}

const struct v2_looked *
v2_looked_find(const struct v2_cycle *c, const char *symbol)
{
    if (c->len == 0) return NULL;
    return bsearch(symbol, c->looked, c->len, sizeof *c->looked, by_symbol);
}

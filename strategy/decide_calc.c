/*
 * entry-gates-v1 and size-v1 of `stockbot calc`.
 */
#include "strategy/calc_input.h"
#include "strategy/decide.h"
#include "strategy/number.h"

enum { CALC_HOLDINGS_MAX = 1024 };

const char SIZE_CALC_HELP[] =
    "in:  equity, ref (USD), score; optional sentiment (BULLISH|BEARISH), conviction (0..1),\n"
    "     market_regime (\"mixed\"), stage (\"bootstrap\"), mode (\"PAPER\"), settings "
    "{STARTING_EQUITY}\n"
    "out: qty and each step: base_usd, conviction_multiplier, notional_usd, qty_base, "
    "flow_modifier, "
    "qty_flow,\n"
    "     score_multiplier, slippage_multiplier, regime_multiplier, dynamic_multiplier\n";

const char ENTRY_GATES_CALC_HELP[] =
    "in:  symbol, direction (bullish|bearish), score, ref (last trade, USD), equity, buying_power "
    "(USD), "
    "now;\n"
    "     optional qty (else as size-v1 says, from conviction too), limit (USD; else ref), bid, "
    "ask, "
    "toxicity,\n"
    "     market_regime (\"mixed\"), stage (\"bootstrap\"), mode (\"PAPER\"), shortable (bool), "
    "atr14, "
    "first_close,\n"
    "     last_close (bars of three minutes), cooldown_until, last_fill, entries_accepted, "
    "exploration_used,\n"
    "     score_adjustment, freeze_active, broker_degraded (bool), settings {NAME: value},\n"
    "     positions and pending: arrays of {symbol, qty (signed), market_value, cost (USD)}\n"
    "     theme_limits are off: every symbol is \"general\"\n"
    "out: passed; gate, gate_number (1..20), message, reason, detail, number, threshold of the "
    "first that "
    "blocks;\n"
    "     qty, expectancy, momentum, is_flip, and gates: all twenty, each asked alone\n";

/* ---- size-v1 ------------------------------------------------------------------------------- */

static void
size_write(struct json_out *o, const char *key, const struct size_result *r)
{
    json_out_obj(o, key);
    json_out_i64(o, "qty", r->qty);
    json_out_f64(o, "base_usd", r->base_usd);
    json_out_f64(o, "conviction_multiplier", r->conviction_multiplier);
    json_out_f64(o, "notional_usd", r->notional_usd);
    json_out_i64(o, "qty_base", r->qty_base);
    json_out_f64(o, "flow_modifier", r->flow_modifier);
    json_out_i64(o, "qty_flow", r->qty_flow);
    json_out_f64(o, "score_multiplier", r->score_multiplier);
    json_out_f64(o, "slippage_multiplier", r->slippage_multiplier);
    json_out_f64(o, "regime_multiplier", r->regime_multiplier);
    json_out_f64(o, "dynamic_multiplier", r->dynamic_multiplier);
    json_out_end(o);
}

/* The sizing of the input; sentiment under the given key. */
static enum rc
size_read(const struct json *in, const char *sentiment_key, const struct risk_limits *limits,
          struct size_result *ret_size, struct err *err)
{
    struct json_in need = {.obj = in, .err = err};
    struct size_inputs s = {.equity = json_need_usd(&need, "equity"),
                            .ref = json_need_usd(&need, "ref"),
                            .score = json_need_f64(&need, "score"),
                            .sentiment = calc_direction(in, sentiment_key),
                            .conviction = calc_number(in, "conviction"),
                            .market_regime = json_str(in, "market_regime", "mixed"),
                            .stage = trading_stage_from(json_str(in, "stage", "")),
                            .limits = limits};

    if (need.rc != RC_OK) return need.rc;
    if (s.ref.e4 <= 0 || s.ref.e4 > PRICE_MAX_E4)
        return err_set(err, RC_RANGE, "\"ref\" is no price");
    *ret_size = size_entry(&s);
    return RC_OK;
}

enum rc
size_calc(const struct json *in, struct json_out *out, struct err *err)
{
    struct strategy_config cfg = {0};
    struct size_result size = {0};

    enum rc rc = calc_settings(in, &cfg, err);
    if (rc != RC_OK) return rc;
    struct risk_limits limits =
        risk_limits_of(trade_mode_from(json_str(in, "mode", "PAPER")), cfg.starting_equity);
    rc = size_read(in, "sentiment", &limits, &size, err);
    if (rc == RC_OK) size_write(out, NULL, &size);
    return rc;
}

/* ---- entry-gates-v1 ------------------------------------------------------------------------ */

static enum rc
book_read(const struct json *list, bool is_position, struct holdings *book, struct err *err)
{
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct holding one = {.is_position = is_position, .can_be_closed = is_position};
        struct json_in need = {.obj = v, .err = err};
        enum rc rc = calc_symbol(v, one.symbol, err);
        if (rc != RC_OK) return err_wrap(err, "positions");
        if (book->len == book->cap)
            return err_set(err, RC_RANGE, "more than %d positions", CALC_HOLDINGS_MAX);
        one.qty = json_need_i64(&need, "qty");
        one.market_value = usd_abs(json_need_usd(&need, "market_value"));
        one.cost = usd_abs(json_opt_usd(&need, "cost", one.market_value));
        if (need.rc != RC_OK) return err_wrap(err, "positions");
        holdings_add(book, &one);
    }
    return RC_OK;
}

static struct momentum_view
momentum_read(const struct json *in, struct json_in *need)
{
    struct momentum_view m = {.data = MOMENTUM_INSUFFICIENT, .atr14 = json_f64(in, "atr14", 0)};

    m.first_close = json_opt_usd(need, "first_close", USD_ZERO);
    m.last_close = json_opt_usd(need, "last_close", USD_ZERO);
    if (m.first_close.e4 > 0 && m.last_close.e4 > 0) m.data = MOMENTUM_KNOWN;
    return m;
}

static struct entry_quote
quote_read(struct json_in *need, usd ref)
{
    struct nbbo quote = {.is_known = true,
                         .bid = json_opt_usd(need, "bid", USD_ZERO),
                         .ask = json_opt_usd(need, "ask", USD_ZERO)};
    struct last_trade last = {.price = ref, .is_known = true};
    return entry_quote_of(&quote, &last);
}

/* Everything but the size and the book. */
static enum rc
view_read(const struct json *in, struct entry_view *v, struct err *err)
{
    struct json_in need = {.obj = in, .err = err};

    v->direction = calc_direction(in, "direction");
    v->score = calc_number(in, "score");
    v->has_score = number_is_known(v->score);
    v->toxicity = calc_number(in, "toxicity");
    v->ref = json_need_usd(&need, "ref");
    v->limit = json_opt_usd(&need, "limit", v->ref);
    v->market_regime = json_str(in, "market_regime", "mixed");
    v->momentum = momentum_read(in, &need);
    v->quote = quote_read(&need, v->ref);
    v->shortable = !json_has(in, "shortable")          ? TRI_UNKNOWN
                   : json_bool(in, "shortable", false) ? TRI_YES
                                                       : TRI_NO;
    v->is_account_known = true;
    v->equity = json_need_usd(&need, "equity");
    v->buying_power = json_need_usd(&need, "buying_power");
    v->is_book_known = true;
    v->entries_accepted = (int)number_clamp(json_f64(in, "entries_accepted", 0), 0, 1000);
    v->freeze_active = json_bool(in, "freeze_active", false);
    v->broker_degraded = json_bool(in, "broker_degraded", false);
    v->stage = trading_stage_from(json_str(in, "stage", ""));
    v->exploration_used = (int)number_clamp(json_f64(in, "exploration_used", 0), 0, 1000);
    v->score_adjustment = json_f64(in, "score_adjustment", 0);
    enum rc rc = need.rc;
    if (rc == RC_OK) rc = calc_time(in, "now", WHEN_NONE, &v->now_ns, err);
    if (rc == RC_OK && v->now_ns == WHEN_NONE) rc = err_set(err, RC_PARSE, "\"now\" is missing");
    if (rc == RC_OK) rc = calc_time(in, "cooldown_until", WHEN_NONE, &v->cooldown_until_ns, err);
    if (rc == RC_OK) rc = calc_time(in, "last_fill", WHEN_NONE, &v->last_fill_ns, err);
    return rc;
}

static void
gate_write(struct json_out *o, enum entry_gate g, const struct entry_view *v)
{
    struct gate_verdict one = entry_gate(g, v);

    json_out_obj(o, NULL);
    json_out_str(o, "gate", gate_name(g));
    json_out_bool(o, "blocks", one.is_blocked);
    json_out_f64(o, "number", one.number);
    json_out_f64(o, "threshold", one.threshold);
    json_out_str(o, "detail", one.detail);
    json_out_end(o);
}

static void
verdict_write(struct json_out *o, const struct entry_view *view)
{
    struct gate_verdict v = entry_gates(view);
    struct expectancy e = expectancy_of(view);
    struct momentum_result m = momentum_of(view);

    json_out_obj(o, NULL);
    json_out_bool(o, "passed", !v.is_blocked);
    json_out_str(o, "gate", v.is_blocked ? gate_name(v.gate) : NULL);
    json_out_i64(o, "gate_number", v.is_blocked ? (int64_t)v.gate + 1 : 0);
    json_out_str(o, "message", v.is_blocked ? gate_message(v.gate) : NULL);
    json_out_str(o, "reason", v.reason);
    json_out_str(o, "detail", v.detail);
    json_out_f64(o, "number", v.number);
    json_out_f64(o, "threshold", v.threshold);
    json_out_i64(o, "qty", view->qty);
    json_out_bool(o, "is_flip", view->is_flip);
    json_out_obj(o, "expectancy");
    json_out_f64(o, "ev", e.ev);
    json_out_str(o, "reason", e.reason);
    json_out_f64(o, "regime_term", e.regime_term);
    json_out_f64(o, "toxicity_term", e.toxicity_term);
    json_out_end(o);
    json_out_obj(o, "momentum");
    json_out_str(o, "status", ignition_name(m.status));
    json_out_f64(o, "change", m.change);
    json_out_f64(o, "threshold", m.threshold);
    json_out_end(o);
    json_out_arr(o, "gates");
    for (int g = 0; g < GATES_LEN; g++)
        gate_write(o, (enum entry_gate)g, view);
    json_out_end(o);
    json_out_end(o);
}

/* Without a "qty" in the input it is the one of size-v1. */
static enum rc
qty_read(const struct json *in, const struct risk_limits *limits, int64_t *ret_qty, struct err *err)
{
    struct size_result size = {0};

    if (json_has(in, "qty")) {
        struct json_in need = {.obj = in, .err = err};
        *ret_qty = json_need_i64(&need, "qty");
        return need.rc;
    }
    enum rc rc = size_read(in, "direction", limits, &size, err);
    if (rc == RC_OK) *ret_qty = size.qty;
    return rc;
}

enum rc
entry_gates_calc(const struct json *in, struct json_out *out, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = {0};
    struct themes no_themes = {0};
    struct strategy_config cfg = {0};
    struct entry_view view = {0};
    char symbol[SYMBOL_MAX];

    enum rc rc = calc_settings(in, &cfg, err);
    struct risk_limits limits =
        risk_limits_of(trade_mode_from(json_str(in, "mode", "PAPER")), cfg.starting_equity);
    struct holdings book = holdings_new(&arena, CALC_HOLDINGS_MAX, &no_themes);
    if (rc == RC_OK) rc = calc_symbol(in, symbol, err);
    if (rc == RC_OK) rc = view_read(in, &view, err);
    if (rc == RC_OK) rc = qty_read(in, &limits, &view.qty, err);
    if (rc == RC_OK) rc = book_read(json_get_arr(in, "positions"), true, &book, err);
    if (rc == RC_OK) rc = book_read(json_get_arr(in, "pending"), false, &book, err);
    if (rc != RC_OK) return rc;
    const struct holding *flip = flip_of(&book, symbol, view.direction, view.score);

    view.symbol = symbol;
    view.book = &book;
    view.limits = &limits;
    view.cfg = &cfg;
    view.is_flip = flip != NULL;
    view.skip = flip != NULL ? flip->symbol : NULL;
    verdict_write(out, &view);
    return RC_OK;
}

/*
 * entry-gates-v1 and size-v1 of `stockbot calc`.
 */
#include "strategy/calc_input.h"
#include "strategy/decide.h"
#include "strategy/number.h"

enum { CALC_HOLDINGS_MAX = 1024 };

const char SIZE_CALC_HELP[] =
    "in\n"
    "  equity, ref (last trade)   USD, number or text; ref above 0\n"
    "  score                      the final score\n"
    "  sentiment      text  none  BULLISH or BEARISH of the flow; any other changes nothing\n"
    "  conviction     0..1  none  of the flow; counts above 0.7\n"
    "  market_regime  text  \"mixed\"      high, mixed, quiet; any other counts as mixed\n"
    "  stage          text  \"bootstrap\"  bootstrap, unlocked, high_confidence\n"
    "  mode           text  \"PAPER\"      PAPER or LIVE: the limits of the account\n"
    "  settings       object  {}  {NAME: value}; none of them changes a size\n"
    "\n"
    "out\n"
    "  qty (shares) and each step: base_usd, conviction_multiplier, notional_usd, qty_base,\n"
    "  flow_modifier, qty_flow, score_multiplier (0.8 times the step of the score),\n"
    "  slippage_multiplier, regime_multiplier, dynamic_multiplier\n";

const char ENTRY_GATES_CALC_HELP[] =
    "in\n"
    "  symbol, direction (bullish|bearish)\n"
    "  ref, equity, buying_power  USD, number or text; ref is the last trade\n"
    "  now                        ISO text or seconds since 1970, as every instant here\n"
    "  score            number    none    the final score; where qty is given it may be missing\n"
    "  qty              shares            as size-v1 says, with direction for sentiment\n"
    "  conviction       0..1      none    for that size\n"
    "  limit            USD       ref     the price that the order will name\n"
    "  bid, ask         USD       none    without both the spread is not looked at\n"
    "  toxicity         0..1      none\n"
    "  market_regime    text      \"mixed\"\n"
    "  stage            text      \"bootstrap\"  bootstrap, unlocked, high_confidence\n"
    "  mode             text      \"PAPER\" PAPER or LIVE\n"
    "  shortable        bool      none    of the asset; a short needs true\n"
    "  atr14            USD       0       0 is not known\n"
    "  first_close, last_close    USD     none    of the bars of the last three minutes\n"
    "  cooldown_until, last_fill  instant none\n"
    "  entries_accepted, exploration_used  0..1000  0  in this cycle, on this day\n"
    "  score_adjustment number    0       added to the minimum score\n"
    "  freeze_active, broker_degraded      bool     false\n"
    "  positions, pending         arrays  [] of {symbol, qty (signed), market_value (USD),\n"
    "                                     cost (USD; market_value)}\n"
    "  displaces        text      none    symbol of a position that gives way (displacement-v1)\n"
    "  themes           object    {}      {SYMBOL: theme}; any other symbol is \"general\"\n"
    "  settings         object    {}      {NAME: value}: MIN_NOTIONAL_USD, MIN_EXEC_SCORE, "
    "LONG_ONLY,\n"
    "                                     MAX_CONCURRENT_POSITIONS, MAX_THEME_NOTIONAL_USD, ...\n"
    "out\n"
    "  passed; gate, gate_number (1..20), message, reason, detail, number, threshold of the first\n"
    "  that blocks; qty, is_flip, expectancy {ev, reason, regime_term, toxicity_term},\n"
    "  momentum {status, change, threshold}, gates: all twenty, each asked alone\n";

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
                            .conviction = calc_opt_f64(&need, "conviction", NUMBER_NONE),
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

    struct json_in need = {.obj = in, .err = err};
    enum rc rc = calc_settings(in, &cfg, err);
    if (rc != RC_OK) return rc;
    struct risk_limits limits = risk_limits_of(calc_mode(&need), cfg.starting_equity);
    rc = need.rc;
    if (rc == RC_OK) rc = size_read(in, "sentiment", &limits, &size, err);
    if (rc == RC_OK) size_write(out, NULL, &size);
    return rc;
}

/* ---- entry-gates-v1 ------------------------------------------------------------------------ */

/* A number of shares that no product of a gate can overflow; gate 18 speaks of 0 and below. */
static int64_t
shares_read(struct json_in *need)
{
    int64_t qty = json_need_i64(need, "qty");

    if (need->rc == RC_OK && (qty > QTY_MAX || qty < -QTY_MAX))
        need->rc =
            err_set(need->err, RC_RANGE, "\"qty\" is beyond %lld shares", (long long)QTY_MAX);
    return qty;
}

static enum rc
book_read(const struct json *in, const char *key, bool is_position, struct holdings *book,
          struct err *err)
{
    struct json_in opt = {.obj = in, .err = err};
    const struct json *list = calc_opt_arr(&opt, key);

    if (opt.rc != RC_OK) return opt.rc;
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct holding one = {.is_position = is_position, .can_be_closed = is_position};
        struct json_in need = {.obj = v, .err = err};
        enum rc rc = calc_symbol(v, one.symbol, err);
        if (rc != RC_OK) return err_wrap(err, "%s", key);
        if (book->len == book->cap)
            return err_set(err, RC_RANGE, "%s: more than %d in all", key, CALC_HOLDINGS_MAX);
        one.qty = shares_read(&need);
        one.market_value = usd_abs(json_need_usd(&need, "market_value"));
        one.cost = usd_abs(json_opt_usd(&need, "cost", one.market_value));
        if (need.rc != RC_OK) return err_wrap(err, "%s", key);
        holdings_add(book, &one);
    }
    return RC_OK;
}

static struct momentum_view
momentum_read(struct json_in *need)
{
    struct momentum_view m = {.data = MOMENTUM_INSUFFICIENT,
                              .atr14 = calc_opt_f64(need, "atr14", 0)};

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

    v->direction = calc_need_direction(&need, "direction");
    v->score = calc_opt_f64(&need, "score", NUMBER_NONE);
    v->has_score = number_is_known(v->score);
    v->toxicity = calc_opt_f64(&need, "toxicity", NUMBER_NONE);
    v->ref = json_need_usd(&need, "ref");
    v->limit = json_opt_usd(&need, "limit", v->ref);
    v->market_regime = json_str(in, "market_regime", "mixed");
    v->momentum = momentum_read(&need);
    v->quote = quote_read(&need, v->ref);
    v->shortable = !json_has(in, "shortable")          ? TRI_UNKNOWN
                   : calc_opt_bool(&need, "shortable") ? TRI_YES
                                                       : TRI_NO;
    v->is_account_known = true;
    v->equity = json_need_usd(&need, "equity");
    v->buying_power = json_need_usd(&need, "buying_power");
    v->is_book_known = true;
    v->entries_accepted = calc_opt_count(&need, "entries_accepted");
    v->freeze_active = calc_opt_bool(&need, "freeze_active");
    v->broker_degraded = calc_opt_bool(&need, "broker_degraded");
    v->stage = trading_stage_from(json_str(in, "stage", ""));
    v->exploration_used = calc_opt_count(&need, "exploration_used");
    v->score_adjustment = calc_opt_f64(&need, "score_adjustment", 0);
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
    json_out_str(o, "reason", v.is_blocked ? v.reason : NULL);
    json_out_str(o, "detail", v.is_blocked ? v.detail : NULL);
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
        *ret_qty = shares_read(&need);
        return need.rc;
    }
    enum rc rc = size_read(in, "direction", limits, &size, err);
    if (rc == RC_OK) *ret_qty = size.qty;
    return rc;
}

/* The limit of the settings, and the themes of "themes", an object symbol -> theme. */
static enum rc
themes_read(const struct json *in, const struct strategy_config *cfg, struct themes *ret_themes,
            struct err *err)
{
    CLEANUP(text_free) struct text map = {0};
    struct json_out out = {.to = &map};

    if (json_has(in, "themes")) {
        if (json_get_obj(in, "themes") == NULL)
            return err_set(err, RC_PARSE, "\"themes\" is no object");
        json_out_value(&out, NULL, json_get(in, "themes"));
    }
    struct theme_source src = {.map = map.len > 0 ? text_str(&map) : NULL,
                               .map_len = map.len,
                               .is_enabled = cfg->theme_risk,
                               .limit_usd = cfg->max_theme_notional_usd};
    enum rc rc = themes_parse(&src, ret_themes, err);
    return rc == RC_OK ? rc : err_wrap(err, "\"themes\"");
}

/* The position that gives way, where "displaces" names one. */
static enum rc
displaces_read(const struct json *in, const struct holdings *book, struct entry_view *v,
               struct displacement_verdict *ret_displacement, struct err *err)
{
    char symbol[SYMBOL_MAX] = "";

    if (!json_has(in, "displaces")) return RC_OK;
    const char *text = json_str(in, "displaces", "");
    const struct holding *held = symbol_set(symbol, text) ? holdings_find(book, symbol) : NULL;
    if (held == NULL || !held->is_position)
        return err_set(err, RC_RANGE, "\"displaces\" is no symbol of \"positions\"");
    ret_displacement->tier = DISPLACEMENT_NORMAL;
    v->displacement = ret_displacement;
    v->skip = held->symbol;
    return RC_OK;
}

enum rc
entry_gates_calc(const struct json *in, struct json_out *out, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = {0};
    CLEANUP(themes_done) struct themes themes = {0};
    struct json_in need = {.obj = in, .err = err};
    struct displacement_verdict displacement = {0};
    struct strategy_config cfg = {0};
    struct entry_view view = {0};
    char symbol[SYMBOL_MAX];

    enum rc rc = calc_settings(in, &cfg, err);
    if (rc == RC_OK) rc = themes_read(in, &cfg, &themes, err);
    if (rc != RC_OK) return rc;
    struct risk_limits limits = risk_limits_of(calc_mode(&need), cfg.starting_equity);
    struct holdings book = holdings_new(&arena, CALC_HOLDINGS_MAX, &themes);
    rc = need.rc;
    if (rc == RC_OK) rc = calc_symbol(in, symbol, err);
    if (rc == RC_OK) rc = view_read(in, &view, err);
    if (rc == RC_OK) rc = qty_read(in, &limits, &view.qty, err);
    if (rc == RC_OK) rc = book_read(in, "positions", true, &book, err);
    if (rc == RC_OK) rc = book_read(in, "pending", false, &book, err);
    if (rc != RC_OK) return rc;
    const struct holding *flip = flip_of(&book, symbol, view.direction, view.score);
    rc = displaces_read(in, &book, &view, &displacement, err);
    if (rc != RC_OK) return rc;

    view.symbol = symbol;
    view.book = &book;
    view.limits = &limits;
    view.cfg = &cfg;
    view.is_flip = flip != NULL;
    if (flip != NULL) view.skip = flip->symbol;
    verdict_write(out, &view);
    return RC_OK;
}

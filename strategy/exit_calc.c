/*
 * exit-v1 and displacement-v1 of `stockbot calc`.
 */
#include "strategy/calc_input.h"
#include "strategy/decide.h"
#include "strategy/number.h"

const char EXIT_CALC_HELP[] =
    "in    (null counts as absent; amounts are USD, as numbers or text)\n"
    "  symbol               text\n"
    "  qty                  whole         signed, not 0: below 0 a short\n"
    "  now                  instant       ISO text or seconds since 1970\n"
    "  price                amount   0    the broker's; not above 0: last_trade counts\n"
    "  last_trade           amount   0    not above 0 either: not_evaluated\n"
    "  entry_price          amount   0    the broker's average; not above 0: the next counts\n"
    "  recorded_entry_price amount   0    not above 0 either: the price counts\n"
    "  unrealised_fraction  number        the broker's P&L for the side; absent: from the prices\n"
    "  entered              instant       absent: not known, the rules of age are silent\n"
    "  entry_score          number   0    0: not known\n"
    "  current_score        number        0: not in the cache; absent: not known\n"
    "  direction            text          bullish|bearish at the entry; else by side\n"
    "  current_sentiment    text          BULLISH|BEARISH now\n"
    "  market_regime        text          at the entry; absent, \"\" or unknown: exit_regime\n"
    "  exit_regime          text   mixed  RISK_ON, RISK_OFF, PANIC ...; NEUTRAL is mixed\n"
    "  high_water, low_water amount  0    before this price; 0: none yet\n"
    "  trail_dist           amount        absolute distance in place of the fraction\n"
    "  profit_acceleration  bool   false  the tight trail was in use before\n"
    "  targets              array    []   of {gain, part (fractions), hit (false)}, at most 8\n"
    "  settings             object   {}   {NAME: value}: TRAILING_STOP_PCT, TIME_EXIT_DAYS_STALE,\n"
    "                                     TIME_EXIT_STALE_PNL_THRESH_PCT, "
    "STALE_TRADE_EXIT_MINUTES,\n"
    "                                     STALE_TRADE_MOMENTUM_THRESH_PCT,\n"
    "                                     ENABLE_REGIME_AWARE_STALE\n"
    "\n"
    "out\n"
    "  action (hold|close|close_part|not_evaluated), why_not (\"\" where evaluated), rule (null),\n"
    "  label, reason, qty (to close), target (index; only of close_part),\n"
    "  triggers [{rule, number, threshold}] (what holds of the rules that were asked),\n"
    "  measures {price, entry, pnl_pct, age_min, high_water_pct, drawdown_pct, decay, "
    "is_reversal,\n"
    "  urgency, trail_stop, trail_fraction} (null where not known), high_water, low_water,\n"
    "  profit_acceleration (to keep)\n";

const char DISPLACEMENT_CALC_HELP[] =
    "in\n"
    "  symbol     text           of the new candidate; its own instrument never gives way\n"
    "  score      number         its final score\n"
    "  now        instant        ISO text or seconds since 1970\n"
    "  positions  array    []    of {symbol, current (score now; 0), entry_score (0),\n"
    "                            pnl_pct (per cent, right for the side; not known),\n"
    "                            age_h (hours; not known), displaced (instant; never)}\n"
    "  settings   object   {}    {NAME: value}: ENABLE_OPPORTUNITY_DISPLACEMENT,\n"
    "                            DISPLACEMENT_MIN_AGE_HOURS, DISPLACEMENT_MAX_PNL_PCT (fraction),\n"
    "                            DISPLACEMENT_SCORE_ADVANTAGE, DISPLACEMENT_COOLDOWN_HOURS\n"
    "\n"
    "out\n"
    "  tier (none|elite|competitive|normal), symbol (that gives way, or null), reason,\n"
    "  displacement_reason, score_advantage (null in the elite tier), and where there is none the\n"
    "  counts too_young, pnl_too_high, score_advantage_insufficient, in_cooldown\n";

/* ---- exit-v1 ------------------------------------------------------------------------------- */

static size_t
targets_read(const struct json *list, struct exit_target ret_target[EXIT_TARGETS_MAX])
{
    size_t len = 0;

    for (const struct json *v = json_first(list); v != NULL && len < EXIT_TARGETS_MAX;
         v = json_next(v)) {
        ret_target[len++] = (struct exit_target){.gain = calc_number(v, "gain"),
                                                 .part = calc_number(v, "part"),
                                                 .is_hit = json_bool(v, "hit", false)};
    }
    return len;
}

/* Zero where there is none: what is not above zero is no price (R6.4). */
static usd
price_read(struct json_in *in, const char *key)
{
    usd price = json_opt_usd(in, key, USD_ZERO);

    if (in->rc == RC_OK && price.e4 > PRICE_MAX_E4)
        in->rc = err_set(in->err, RC_RANGE, "\"%s\" is no price", key);
    return usd_cmp(price, USD_ZERO) > 0 ? price : USD_ZERO;
}

static enum rc
record_read(const struct json *in, struct position_record *ret_record, struct err *err)
{
    struct json_in need = {.obj = in, .err = err};
    struct position_record r = {
        .is_known = true,
        .entry_price = price_read(&need, "recorded_entry_price"),
        .entry_score = json_f64(in, "entry_score", 0),
        .direction = calc_direction(in, "direction"),
        .high_water = price_read(&need, "high_water"),
        .low_water = price_read(&need, "low_water"),
        .has_trail_dist = json_has(in, "trail_dist"),
        .trail_dist = json_opt_usd(&need, "trail_dist", USD_ZERO),
        .profit_acceleration = json_bool(in, "profit_acceleration", false),
    };

    if (need.rc != RC_OK) return need.rc;
    if (!str_copy(r.market_regime, sizeof(r.market_regime), json_str(in, "market_regime", "")))
        return err_set(err, RC_RANGE, "\"market_regime\" is too long");
    r.targets_len = targets_read(json_get_arr(in, "targets"), r.target);
    enum rc rc = calc_time(in, "entered", WHEN_NONE, &r.entered_ns, err);
    if (rc == RC_OK) *ret_record = r;
    return rc;
}

static enum rc
position_read(const struct json *in, struct position *ret_position, struct err *err)
{
    struct json_in need = {.obj = in, .err = err};
    struct position p = {.qty = json_need_i64(&need, "qty"), .price = price_read(&need, "price")};
    usd entry = price_read(&need, "entry_price");

    p.unrealised_fraction = calc_number(in, "unrealised_fraction");
    if (need.rc != RC_OK) return need.rc;
    if (p.qty == 0 || p.qty > QTY_MAX || p.qty < -QTY_MAX)
        return err_set(err, RC_RANGE, "\"qty\" is no holding");
    p.cost = usd_abs(usd_notional(entry, p.qty));
    enum rc rc = calc_symbol(in, p.symbol, err);
    if (rc == RC_OK) *ret_position = p;
    return rc;
}

static enum rc
last_read(const struct json *in, struct last_trade *ret_last, struct err *err)
{
    struct json_in opt = {.obj = in, .err = err};
    struct last_trade last = {.price = price_read(&opt, "last_trade")};

    last.is_known = last.price.e4 > 0;
    if (opt.rc == RC_OK) *ret_last = last;
    return opt.rc;
}

static void
measures_write(struct json_out *o, const struct exit_measures *m)
{
    json_out_obj(o, "measures");
    json_out_usd(o, "price", m->price);
    json_out_usd(o, "entry", m->entry);
    json_out_f64(o, "pnl_pct", m->pnl_pct);
    json_out_f64(o, "age_min", m->age_min);
    json_out_f64(o, "high_water_pct", m->high_water_pct);
    json_out_f64(o, "drawdown_pct", m->drawdown_pct);
    json_out_f64(o, "decay", m->decay);
    json_out_bool(o, "is_reversal", m->is_reversal);
    json_out_f64(o, "urgency", m->urgency);
    json_out_usd(o, "trail_stop", m->trail_stop);
    json_out_f64(o, "trail_fraction", m->trail_fraction);
    json_out_end(o);
}

static void
exit_write(struct json_out *o, const struct exit_verdict *v)
{
    static const char *const actions[] = {
        [EXIT_HOLD] = "hold",
        [EXIT_CLOSE] = "close",
        [EXIT_CLOSE_PART] = "close_part",
        [EXIT_NOT_EVALUATED] = "not_evaluated",
    };
    json_out_obj(o, NULL);
    json_out_str(o, "action", actions[v->action]);
    json_out_str(o, "why_not", exit_not_name(v->why_not));
    json_out_str(o, "rule", v->rule < EXIT_RULES_LEN ? exit_rule_name(v->rule) : NULL);
    json_out_str(o, "label", v->label);
    json_out_str(o, "reason", v->reason);
    json_out_i64(o, "qty", v->qty);
    if (v->action == EXIT_CLOSE_PART) json_out_i64(o, "target", (int64_t)v->target);
    json_out_arr(o, "triggers");
    for (size_t i = 0; i < v->triggers_len; i++) {
        json_out_obj(o, NULL);
        json_out_str(o, "rule", exit_rule_name(v->trigger[i].rule));
        json_out_f64(o, "number", v->trigger[i].number);
        json_out_f64(o, "threshold", v->trigger[i].threshold);
        json_out_end(o);
    }
    json_out_end(o);
    measures_write(o, &v->m);
    json_out_usd(o, "high_water", v->high_water);
    json_out_usd(o, "low_water", v->low_water);
    json_out_bool(o, "profit_acceleration", v->profit_acceleration);
    json_out_end(o);
}

enum rc
exit_calc(const struct json *in, struct json_out *out, struct err *err)
{
    struct strategy_config cfg = {0};
    struct position held = {0};
    struct position_record record = {0};
    struct exit_view view = {.held = &held,
                             .record = &record,
                             .current_score = calc_number(in, "current_score"),
                             .current_direction = calc_direction(in, "current_sentiment"),
                             .exit_regime = json_str(in, "exit_regime", "mixed"),
                             .is_clock_trusted = true,
                             .cfg = &cfg};

    enum rc rc = calc_settings(in, &cfg, err);
    if (rc == RC_OK) rc = position_read(in, &held, err);
    if (rc == RC_OK) rc = record_read(in, &record, err);
    if (rc == RC_OK) rc = calc_time(in, "now", WHEN_NONE, &view.now_ns, err);
    if (rc == RC_OK && view.now_ns == WHEN_NONE) rc = err_set(err, RC_PARSE, "\"now\" is missing");
    if (rc == RC_OK) rc = last_read(in, &view.last, err);
    if (rc != RC_OK) return rc;
    if (str_eq_nocase(view.exit_regime, structural_regime_name(REGIME_NEUTRAL)))
        view.exit_regime = exit_regime_name(REGIME_NEUTRAL);
    struct exit_verdict v = exit_decide(&view);
    exit_write(out, &v);
    return RC_OK;
}

/* ---- displacement-v1 ----------------------------------------------------------------------- */

static enum rc
displaceable_read(const struct json *in, struct displaceable *ret_one, struct err *err)
{
    struct json_in opt = {.obj = in, .err = err};
    struct displaceable d = {.current = calc_opt_f64(&opt, "current", 0),
                             .entry_score = calc_opt_f64(&opt, "entry_score", 0),
                             .pnl_pct = calc_opt_f64(&opt, "pnl_pct", NUMBER_NONE),
                             .age_h = calc_opt_f64(&opt, "age_h", NUMBER_NONE)};

    enum rc rc = opt.rc;
    if (rc == RC_OK) rc = calc_symbol(in, d.symbol, err);
    if (rc == RC_OK) rc = calc_time(in, "displaced", WHEN_NONE, &d.displaced_ns, err);
    if (rc == RC_OK) *ret_one = d;
    return rc;
}

/* Insertion keeps the list ascending by symbol: ties are broken by that order. */
static void
insert_by_symbol(struct displaceable *list, size_t len, const struct displaceable *one)
{
    size_t at = len;

    for (; at > 0 && strcmp(list[at - 1].symbol, one->symbol) > 0; at--)
        list[at] = list[at - 1];
    list[at] = *one;
}

static void
displacement_write(struct json_out *o, const struct displacement_view *view)
{
    struct displacement_verdict v = displacement_find(view);
    bool is_found = v.tier != DISPLACEMENT_NONE;

    json_out_obj(o, NULL);
    json_out_str(o, "tier", displacement_tier_name(v.tier));
    json_out_str(o, "symbol", is_found ? view->list[v.index].symbol : NULL);
    json_out_str(o, "reason", v.reason);
    json_out_str(o, "displacement_reason", v.why);
    json_out_f64(o, "score_advantage", v.score_advantage);
    json_out_i64(o, "too_young", v.too_young);
    json_out_i64(o, "pnl_too_high", v.pnl_too_high);
    json_out_i64(o, "score_advantage_insufficient", v.score_advantage_insufficient);
    json_out_i64(o, "in_cooldown", v.in_cooldown);
    json_out_end(o);
}

enum rc
displacement_calc(const struct json *in, struct json_out *out, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = {0};
    struct strategy_config cfg = {0};
    char symbol[SYMBOL_MAX];
    struct displacement_view view = {.symbol = symbol, .score = NUMBER_NONE, .cfg = &cfg};
    struct json_in need = {.obj = in, .err = err};
    const struct json *positions = calc_opt_arr(&need, "positions");

    view.score = json_need_f64(&need, "score");
    if (need.rc != RC_OK) return need.rc;
    if (json_len(positions) > POSITIONS_MAX)
        return err_set(err, RC_RANGE, "more than %d positions", POSITIONS_MAX);
    struct displaceable *list = ARENA_NEW(&arena, struct displaceable, json_len(positions));
    enum rc rc = calc_settings(in, &cfg, err);
    if (rc == RC_OK) rc = calc_symbol(in, symbol, err);
    if (rc == RC_OK) rc = calc_time(in, "now", WHEN_NONE, &view.now_ns, err);
    if (rc == RC_OK && view.now_ns == WHEN_NONE) rc = err_set(err, RC_PARSE, "\"now\" is missing");
    for (const struct json *v = json_first(positions); rc == RC_OK && v != NULL; v = json_next(v)) {
        struct displaceable one = {0};
        rc = displaceable_read(v, &one, err);
        if (rc != RC_OK) rc = err_wrap(err, "positions");
        if (rc == RC_OK) insert_by_symbol(list, view.len++, &one);
    }
    if (rc != RC_OK) return rc;
    view.list = list;
    displacement_write(out, &view);
    return RC_OK;
}

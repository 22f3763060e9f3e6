#include "engine/gate_words.h"

#include "strategy/composite_gate.h"
#include "strategy/size.h"

static enum event_id
gate_event(enum entry_gate g)
{
    static const enum event_id EVENT_OF[GATES_LEN] = {
        [GATE_CONCENTRATION] = EV_GATE_CONCENTRATION,
        [GATE_THEME] = EV_GATE_THEME,
        [GATE_SCORE_VALIDITY] = EV_GATE_SCORE_VALIDITY,
        [GATE_MIN_NOTIONAL] = EV_GATE_MIN_NOTIONAL,
        [GATE_ONE_POSITION] = EV_GATE_ONE_POSITION,
        [GATE_EXPECTANCY] = EV_GATE_EXPECTANCY,
        [GATE_CYCLE_CAP] = EV_GATE_CYCLE_CAP,
        [GATE_MIN_SCORE] = EV_GATE_MIN_SCORE,
        [GATE_CAPACITY] = EV_GATE_CAPACITY,
        [GATE_COOLDOWN] = EV_GATE_COOLDOWN,
        [GATE_SYMBOL_EXPOSURE] = EV_GATE_SYMBOL_EXPOSURE,
        [GATE_SECTOR_EXPOSURE] = EV_GATE_SECTOR_EXPOSURE,
        [GATE_MOMENTUM] = EV_GATE_MOMENTUM,
        [GATE_ORDER_SIZE] = EV_GATE_ORDER_SIZE,
        [GATE_LONG_ONLY] = EV_GATE_LONG_ONLY,
        [GATE_METADATA] = EV_GATE_METADATA,
        [GATE_SHORTABLE] = EV_GATE_SHORTABLE,
        [GATE_TRADE_GUARD] = EV_GATE_TRADE_GUARD,
        [GATE_SPREAD] = EV_GATE_SPREAD,
        [GATE_BUYING_POWER] = EV_GATE_BUYING_POWER,
    };

    return EVENT_OF[g];
}

static enum event_id
composite_event(const char *gate)
{
    static const enum event_id EVENT_OF[COMPOSITE_GATES_LEN] = {
        [COMPOSITE_GATE_PASS] = EV_GATE_BLOCKED,
        [COMPOSITE_GATE_NONE] = EV_GATE_COMPOSITE_NONE,
        [COMPOSITE_GATE_SCORE] = EV_GATE_COMPOSITE_SCORE,
        [COMPOSITE_GATE_TOXICITY] = EV_GATE_COMPOSITE_TOXICITY,
        [COMPOSITE_GATE_FRESHNESS] = EV_GATE_COMPOSITE_FRESHNESS,
        [COMPOSITE_GATE_DIRECTION] = EV_GATE_COMPOSITE_DIRECTION,
        [COMPOSITE_GATE_EXHAUSTION] = EV_GATE_COMPOSITE_EXHAUSTION,
        [COMPOSITE_GATE_WALL] = EV_GATE_COMPOSITE_WALL,
    };

    for (int g = COMPOSITE_GATE_NONE; g < COMPOSITE_GATES_LEN; g++)
        if (str_eq(gate, composite_gate_name((enum composite_gate)g))) return EVENT_OF[g];
    return EV_GATE_BLOCKED;
}

enum event_id
refusal_event(const struct refusal *r)
{
    if (r->stage == REFUSED_GATE) return gate_event(r->entry_gate);
    return r->stage == REFUSED_COMPOSITE ? composite_event(r->gate) : EV_GATE_BLOCKED;
}

void
refusal_fields(const struct snapshot *seen, const struct refusal *r,
               struct field f[GATE_FIELDS_MAX])
{
    const char *stage = stage_limits(seen->stage)->name;
    size_t n = 0;

    switch (r->entry_gate) {
    case GATE_CONCENTRATION:
        f[n++] = F_F64("net_delta_pct", r->number);
        break;
    case GATE_THEME:
        f[n++] = F_STR("theme", r->detail);
        f[n++] = F_F64("notional", r->number);
        break;
    case GATE_MIN_NOTIONAL:
        f[n++] = F_I64("qty", r->qty);
        f[n++] = F_F64("notional", r->number);
        f[n++] = F_F64("min_required", r->threshold);
        break;
    case GATE_ONE_POSITION:
        f[n++] = F_STR("normalized_symbol", symbol_normal_form(r->symbol));
        f[n++] = F_STR("existing_side", strstr(r->detail, " short") != NULL ? "short" : "long");
        break;
    case GATE_EXPECTANCY:
        f[n++] = F_F64("expectancy", r->expectancy.ev);
        f[n++] = F_STR("reason", r->expectancy.reason);
        f[n++] = F_STR("stage", stage);
        break;
    case GATE_CYCLE_CAP:
        f[n++] = F_F64("cycle_count", r->number);
        f[n++] = F_I64("max_allowed", ENTRIES_PER_CYCLE_MAX);
        break;
    case GATE_MIN_SCORE:
        f[n++] = F_F64("min_required", r->threshold);
        f[n++] = F_STR("stage", stage);
        break;
    case GATE_CAPACITY:
        f[n++] = F_F64("alpaca_positions", r->number);
        f[n++] = F_F64("max", r->threshold);
        f[n++] = F_BOOL("displacement_attempted", r->is_displacement_asked);
        f[n++] = F_BOOL("no_candidates", r->displacement.tier == DISPLACEMENT_NONE);
        break;
    case GATE_MOMENTUM:
        f[n++] = F_F64("price_change_pct", 100 * r->momentum.change);
        f[n++] = F_STR("reason", ignition_name(r->momentum.status));
        break;
    case GATE_ORDER_SIZE:
        f[n++] = F_STR("error", r->detail);
        break;
    case GATE_TRADE_GUARD:
        f[n++] = F_STR("reason", r->detail);
        break;
    case GATE_SPREAD:
        f[n++] = F_F64("spread_bps", r->number);
        f[n++] = F_USD("bid", r->quote.bid);
        f[n++] = F_USD("ask", r->quote.ask);
        break;
    case GATE_SCORE_VALIDITY:
    case GATE_COOLDOWN:
    case GATE_SYMBOL_EXPOSURE:
    case GATE_SECTOR_EXPOSURE:
    case GATE_LONG_ONLY:
    case GATE_METADATA:
    case GATE_SHORTABLE:
    case GATE_BUYING_POWER:
    case GATES_LEN:
        break;
    }
    for (; n < GATE_FIELDS_MAX; n++)
        f[n] = F_END;
}

#include "model/ledger.h"

#include "base/text.h"

__extension__ typedef __int128 i128;

static const char *const STATE_NAMES[] = {
    [INTENT_COMMITTED] = "committed", [INTENT_UNKNOWN] = "unknown",
    [INTENT_OPEN] = "open",           [INTENT_FILLED] = "filled",
    [INTENT_CANCELED] = "canceled",   [INTENT_REJECTED] = "rejected",
    [INTENT_EXPIRED] = "expired",     [INTENT_NOT_SENT] = "not_sent",
};

const char *
intent_state_name(enum intent_state s)
{
    ASSERT((unsigned)s < COUNT_OF(STATE_NAMES));
    return STATE_NAMES[s];
}

bool
intent_state_from(const char *word, enum intent_state *ret_state)
{
    for (size_t i = 0; i < COUNT_OF(STATE_NAMES); i++) {
        if (!str_eq(word, STATE_NAMES[i])) continue;
        *ret_state = (enum intent_state)i;
        return true;
    }
    return false;
}

bool
intent_state_is_final(enum intent_state s)
{
    switch (s) {
    case INTENT_FILLED:
    case INTENT_CANCELED:
    case INTENT_REJECTED:
    case INTENT_EXPIRED:
    case INTENT_NOT_SENT:
        return true;
    case INTENT_COMMITTED:
    case INTENT_UNKNOWN:
    case INTENT_OPEN:
        break;
    }
    return false;
}

const char *
intent_purpose_name(enum intent_purpose p)
{
    return p == PURPOSE_ENTRY ? "entry" : "exit";
}

/* Sums of money in a ledger stay far inside int64_t; one that does not is a fault of ours. */
static usd
sum(usd a, usd b)
{
    usd total = USD_ZERO;
    bool overflow = __builtin_add_overflow(a.e4, b.e4, &total.e4);

    ASSERT(!overflow);
    return total;
}

/* cost * part / whole, rounded half away from zero; cost >= 0, 0 < part <= whole. */
static usd
cost_of_part(usd cost, int64_t part, int64_t whole)
{
    return (usd){(int64_t)(((i128)cost.e4 * part * 2 + whole) / ((i128)whole * 2))};
}

/* Takes part of the open quantity away and realises what it brought against what it had cost. */
static void
reduce(struct ledger_position *p, int64_t part, usd price)
{
    bool is_long = p->qty > 0;
    usd part_cost = cost_of_part(p->cost, part, is_long ? p->qty : -p->qty);
    usd brought = usd_notional(price, part);
    usd pnl = is_long ? usd_sub(brought, part_cost) : usd_sub(part_cost, brought);

    p->qty += is_long ? -part : part;
    p->cost = usd_sub(p->cost, part_cost);
    p->realised_pnl = sum(p->realised_pnl, pnl);
}

void
ledger_position_apply(struct ledger_position *p, enum order_side side, int64_t qty, usd price)
{
    int64_t open = p->qty < 0 ? -p->qty : p->qty;
    bool is_reducing = side == SIDE_BUY ? p->qty < 0 : p->qty > 0;

    ASSERT(qty > 0 && qty <= QTY_MAX && price.e4 >= 0 && price.e4 <= PRICE_MAX_E4);
    ASSERT(p->cost.e4 >= 0 && (p->qty != 0 || p->cost.e4 == 0));
    if (is_reducing) {
        int64_t part = MIN(qty, open);
        reduce(p, part, price);
        qty -= part;
    }
    if (qty > 0) {
        p->cost = sum(p->cost, usd_notional(price, qty));
        p->qty += side == SIDE_BUY ? qty : -qty;
    }
}

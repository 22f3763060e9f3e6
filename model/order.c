#include "model/order.h"

#include "base/text.h"

const char *
order_side_name(enum order_side s)
{
    return s == SIDE_BUY ? "buy" : "sell";
}

const char *
position_side_name(enum position_side s)
{
    return s == POSITION_LONG ? "long" : "short";
}

const char *
order_type_name(enum order_type t)
{
    return t == ORDER_MARKET ? "market" : "limit";
}

const char *
order_status_name(enum order_status s)
{
    switch (s) {
    case ORDER_PENDING:
        return "new";
    case ORDER_PARTIALLY_FILLED:
        return "partially_filled";
    case ORDER_PENDING_CANCEL:
        return "pending_cancel";
    case ORDER_FILLED:
        return "filled";
    case ORDER_CANCELED:
        return "canceled";
    case ORDER_EXPIRED:
        return "expired";
    case ORDER_REJECTED:
        return "rejected";
    case ORDER_DONE_FOR_DAY:
        return "done_for_day";
    case ORDER_REPLACED:
        return "replaced";
    case ORDER_STATUS_UNKNOWN:
        break;
    }
    return "unknown";
}

enum order_status
order_status_from(const char *word)
{
    /* "calculated" is left out on purpose: it does not say whether the order was filled. */
    static const struct {
        const char *word;
        enum order_status status;
    } table[] = {
        {"new",                  ORDER_PENDING         },
        {"accepted",             ORDER_PENDING         },
        {"pending_new",          ORDER_PENDING         },
        {"accepted_for_bidding", ORDER_PENDING         },
        {"held",                 ORDER_PENDING         },
        {"stopped",              ORDER_PENDING         },
        {"suspended",            ORDER_PENDING         },
        {"pending_replace",      ORDER_PENDING         },
        {"partially_filled",     ORDER_PARTIALLY_FILLED},
        {"pending_cancel",       ORDER_PENDING_CANCEL  },
        {"filled",               ORDER_FILLED          },
        {"canceled",             ORDER_CANCELED        },
        {"expired",              ORDER_EXPIRED         },
        {"rejected",             ORDER_REJECTED        },
        {"done_for_day",         ORDER_DONE_FOR_DAY    },
        {"replaced",             ORDER_REPLACED        },
    };

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (str_eq(word, table[i].word)) return table[i].status;
    }
    return ORDER_STATUS_UNKNOWN;
}

bool
order_status_is_final(enum order_status s)
{
    switch (s) {
    case ORDER_FILLED:
    case ORDER_CANCELED:
    case ORDER_EXPIRED:
    case ORDER_REJECTED:
    case ORDER_DONE_FOR_DAY:
    case ORDER_REPLACED:
        return true;
    case ORDER_PENDING:
    case ORDER_PARTIALLY_FILLED:
    case ORDER_PENDING_CANCEL:
    case ORDER_STATUS_UNKNOWN:
        break;
    }
    return false;
}

enum order_side
order_side_opposite(enum order_side s)
{
    return s == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

bool
position_side_from(const char *word, enum position_side *ret_side)
{
    if (str_eq_nocase(word, "buy") || str_eq_nocase(word, "long"))
        *ret_side = POSITION_LONG;
    else if (str_eq_nocase(word, "sell") || str_eq_nocase(word, "short"))
        *ret_side = POSITION_SHORT;
    else
        return false;
    return true;
}

const struct position *
positions_find(const struct positions *list, const char *symbol)
{
    for (size_t i = 0; i < list->len; i++) {
        if (str_eq(list->position[i].symbol, symbol)) return &list->position[i];
    }
    return NULL;
}

/*
 * close_reason: the text that says why a position was closed, the same in every record.
 *
 * Tokens joined by '+', for example "stop_loss(-1.20%)+signal_decay(0.55)".  Never empty.
 * Source: spec 10 R6.17.
 */
#ifndef STRATEGY_CLOSE_REASON_H
#define STRATEGY_CLOSE_REASON_H

#include "model/order.h"

enum close_trigger {
    TRIGGER_OTHER, /* its token is in the list of facts below */
    TRIGGER_STOP_LOSS,
    TRIGGER_PROFIT_TARGET,
    TRIGGER_EXIT_URGENCY
};

/* What is known about a close; false, zero, NULL and a NaN decay say that it does not apply. */
struct close_facts {
    enum close_trigger trigger;
    double pnl_pct;
    double urgency; /* of TRIGGER_EXIT_URGENCY */
    double age_min; /* of the stale and time tokens */
    bool time_exit;
    bool trail_stop;
    double decay; /* current score / entry score; a token below 1 */
    bool flow_reversal;
    double scale_out_fraction; /* gain of the target that was reached; 0 for none */
    bool drawdown;
    double drawdown_pct; /* fall from the best P&L, in points of per cent */
    bool momentum_reversal;
    const char *regime;       /* "neg_gamma" writes "regime_neg_gamma" */
    const char *displaced_by; /* the new symbol */
    bool stale_position, stale_trade, stale_alpha;
    bool position_flip;
    const char *primary; /* said where no token applies */
};

/* The text; tokens that no longer fit are left out whole. */
void close_reason(const struct close_facts *f, char ret_text[REASON_MAX]);

#endif

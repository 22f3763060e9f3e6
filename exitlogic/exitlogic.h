/*
 * exitlogic: decides when v2 would close a position, and why.
 *
 * Pure: values in, values out, nothing can fail.  v2 trades on paper only, in the shadow; nothing
 * here knows an order, a broker, a file or the time, and v1's exits are somebody else's (strategy).
 *
 *   exitlogic.h  the nouns, and v2_exit_judge(): is this position closed now?
 *   judge.c      the order in which the rules are asked (spec 30 8.6, 8.7)
 *   score.c/h    how much of the reason for the entry is gone, 0..1 (spec 30 7.1)
 *   levels.c/h   profit target and stop (spec 30 7.2, 7.3)
 *   replace.c/h  is there something better to hold? (spec 30 7.4)
 *   flags.c/h    what is known before the open and after the close (spec 30 7.6, 7.7)
 *   exit_pnl.c/h what the exits of a day earned, by reason, regime and sector (spec 30 7.8)
 *   exit_intel.c/h the files that hold those flags
 *   exit_json.c/h  all of these from and to JSON
 *
 * A number that is not known is NaN.  Labels are compared without regard to case.
 */
#ifndef EXITLOGIC_EXITLOGIC_H
#define EXITLOGIC_EXITLOGIC_H

#include "exitlogic/flags.h"
#include "exitlogic/levels.h"
#include "exitlogic/replace.h"
#include "exitlogic/score.h"

/* A score at or above closes, whatever the prices say; not a setting (spec 30 D-11). */
#define V2_SCORE_EXIT 0.70

/* One open position and what is known of it now. */
struct v2_exit_case {
    const char *symbol;
    enum v2_side side;         /* of the position: a signal that turned does not turn a holding */
    double entry_price, price; /* USD; price NaN where there is none: prices close nothing then */
    struct v2_moment entry, now;
    double realised_vol_20d;
    struct v2_exit_flags flags;
    const char *candidate; /* what could be held instead; NULL: nothing */
    double candidate_v2_score;
};

struct v2_exit_verdict {
    bool is_exit;
    enum v2_exit_reason reason; /* V2_EXIT_HOLD unless is_exit */
    struct v2_exit_score score;
    struct v2_target target;
    struct v2_stop stop;
    struct v2_replacement replacement;
};

/*
 * The verdict on one position.
 *
 * Target and stop follow the regime, the flow and the sector of now; flow counts as reversed when
 * 0.35 of its strength at entry is gone.  The position is closed by the first of: the target is
 * reached, the stop is reached, a replacement is chosen, the exit score is at least V2_SCORE_EXIT
 * and recommends something other than to hold.
 */
void v2_exit_judge(const struct v2_exit_case *c, struct v2_exit_verdict *ret_verdict);

#endif

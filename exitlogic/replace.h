/*
 * Is there something better to hold than what is held?
 */
#ifndef EXITLOGIC_REPLACE_H
#define EXITLOGIC_REPLACE_H

#include "base/compiler.h"

/* A position may be replaced when its exit score is at least this ...  */
#define V2_REPLACE_EXIT_SCORE 0.75
/* ... and the candidate's composite score is better by this. */
#define V2_REPLACE_MARGIN 0.25

enum v2_replace_reason {
    V2_REPLACE_SCORE_BELOW, /* the exit score is below the threshold          */
    V2_REPLACE_NO_CANDIDATE,
    V2_REPLACE_NO_SCORE, /* the candidate has none                         */
    V2_REPLACE_NOT_BETTER,
    V2_REPLACE_CHOSEN
};

/* "exit_score_below_threshold", "no_candidate", "missing_candidate_score",
 * "candidate_not_superior", "replacement_candidate_selected". */
const char *v2_replace_reason_name(enum v2_replace_reason r);

struct v2_replacement {
    enum v2_replace_reason reason; /* the candidate is chosen iff V2_REPLACE_CHOSEN */
    /* what was compared */
    double exit_score, threshold, margin;
    const char *symbol, *candidate;
    double v2_score, candidate_v2_score;
};

/*
 * Fills in the reason: the first test that fails, in the order of the enum; candidate NULL or "":
 * none, candidate_v2_score NaN: none.  The candidate is good enough at v2_score + margin, exactly
 * there too.  Source: spec 30 7.4.
 */
void v2_replace(struct v2_replacement *r);

#endif

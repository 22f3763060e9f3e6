#include "exitlogic/replace.h"

#include <math.h>

#include "base/text.h"

const char *
v2_replace_reason_name(enum v2_replace_reason r)
{
    static const char *const names[] = {
        [V2_REPLACE_SCORE_BELOW] = "exit_score_below_threshold",
        [V2_REPLACE_NO_CANDIDATE] = "no_candidate",
        [V2_REPLACE_NO_SCORE] = "missing_candidate_score",
        [V2_REPLACE_NOT_BETTER] = "candidate_not_superior",
        [V2_REPLACE_CHOSEN] = "replacement_candidate_selected",
    };
    return names[r];
}

void
v2_replace(struct v2_replacement *r)
{
    if (r->exit_score < r->threshold)
        r->reason = V2_REPLACE_SCORE_BELOW;
    else if (r->candidate == NULL || str_eq(r->candidate, ""))
        r->reason = V2_REPLACE_NO_CANDIDATE;
    else if (!isfinite(r->candidate_v2_score))
        r->reason = V2_REPLACE_NO_SCORE;
    else if (r->candidate_v2_score < r->v2_score + r->margin)
        r->reason = V2_REPLACE_NOT_BETTER;
    else
        r->reason = V2_REPLACE_CHOSEN;
}

/*
 * Where exitlogic and shadow meet: the verdict of the one on an open position of the other.
 *
 * The two are neighbours and do not include each other; whoever runs the step wires them.
 */
#ifndef SCRIPTS_CALC_SHADOW_VERDICT_H
#define SCRIPTS_CALC_SHADOW_VERDICT_H

#include "exitlogic/exit_json.h"
#include "shadow/shadow.h"

/* What a verdict needs beside the position and what the step sees. */
struct shadow_facts {
    double realised_vol_20d; /* NaN: not known */
    struct v2_exit_flags flags;
    const struct shadow_candidate *candidate; /* NULL: there is none */
};

/* Asks exitlogic; the reasoning is written to the arena as evidence. */
struct shadow_verdict shadow_verdict_of(const struct shadow_position *p,
                                        const struct shadow_seen *seen,
                                        const struct shadow_facts *facts, struct arena *a);

#endif

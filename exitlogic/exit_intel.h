/*
 * The exit intel files: one set of flags for every open paper position, made before the open and
 * after the close.
 */
#ifndef EXITLOGIC_EXIT_INTEL_H
#define EXITLOGIC_EXIT_INTEL_H

#include "exitlogic/exit_json.h"

#define V2_EXIT_PREMARKET_VERSION  "2026-01-21_exit_premarket_v1"
#define V2_EXIT_POSTMARKET_VERSION "2026-01-21_exit_postmarket_v1"

enum v2_exit_phase { V2_EXIT_PREMARKET, V2_EXIT_POSTMARKET };

/* What the flags are made from; each document may be NULL or empty. */
struct v2_exit_intel {
    enum v2_exit_phase phase;
    const struct json *positions;    /* state/shadow_v2_positions.json                            */
    const struct json *intel;        /* state/premarket_intel.json or postmarket_intel.json       */
    const struct json *regime_state; /* state/regime_state.json; without a label it is NEUTRAL    */
    bool is_mock;                    /* says so in the document, and changes nothing else         */
};

/*
 * state/premarket_exit_intel.json or postmarket_exit_intel.json; gives how many positions it is
 * about.  Source: spec 30 7.6, 7.7.
 */
size_t v2_exit_intel_write(struct json_out *o, const struct v2_exit_intel *in, int64_t now_ns);

#endif

#include "base/stage.h"

#include "base/text.h"

static const char *const NAMES[STAGES_LEN] = {
    [STAGE_START] = "start",
    [STAGE_RECONCILE] = "reconcile",
    [STAGE_GATHER_ACCOUNT] = "gather_account",
    [STAGE_READ_CACHE] = "read_cache",
    [STAGE_FLOW] = "flow",
    [STAGE_SCORE] = "score",
    [STAGE_GATHER_MARKET] = "gather_market",
    [STAGE_DECIDE] = "decide",
    [STAGE_ENTRY] = "entry",
    [STAGE_EXIT] = "exit",
    [STAGE_RECORD] = "record",
    [STAGE_IDLE] = "idle",
    [STAGE_STOP] = "stop",
    [STAGE_SHADOW] = "shadow",
};

const char *
stage_name(enum stage s)
{
    return (unsigned)s < STAGES_LEN ? NAMES[s] : "unknown";
}

bool
stage_from(const char *word, enum stage *ret_stage)
{
    for (size_t i = 0; i < STAGES_LEN; i++) {
        if (!str_eq(word, NAMES[i])) continue;
        *ret_stage = (enum stage)i;
        return true;
    }
    return false;
}

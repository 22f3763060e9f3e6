/*
 * What a supervised child tells its supervisor: records on the pipe whose descriptor number stands
 * in STOCKBOT_PROGRESS_FD.  One write() a record, never blocking: a full pipe drops it.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include "base/compiler.h"

#define PROGRESS_ENV   "STOCKBOT_PROGRESS_FD"
#define PROGRESS_MAGIC UINT32_C(0x50424f54)

enum progress_kind {
    PROGRESS_READY = 1, /* start-up is complete                    */
    PROGRESS_STAGE = 2, /* a stage of a cycle, or a wait, goes on  */
    PROGRESS_CYCLE = 3, /* a cycle was completed and recorded      */
    PROGRESS_STOPPING = 4
};

/* 32 bytes, host order: both ends are one machine. */
struct progress {
    uint32_t magic;
    uint32_t kind;  /* enum progress_kind                 */
    uint64_t cycle; /* completed cycles of this process   */
    uint32_t stage; /* enum stage of the engine           */
    uint32_t pid;
    int64_t mono_ns;
};
_Static_assert(sizeof(struct progress) == 32, "one atomic pipe write");

#endif

/*
 * The stages of an engine's cycle, as the engine, its flight recorder, the progress pipe and the
 * supervisor speak of them.
 *
 * The numbers stand in files and on the pipe between two builds: new ones go to the end.
 */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

#include "base/compiler.h"

enum stage {
    STAGE_START,          /* before the first cycle                                   */
    STAGE_RECONCILE,      /* ledger against broker, orders looked up                  */
    STAGE_GATHER_ACCOUNT, /* account, positions, market clock                         */
    STAGE_READ_CACHE,     /* the flow cache                                           */
    STAGE_FLOW,           /* normalising and clustering of a symbol's alerts          */
    STAGE_SCORE,          /* score of a symbol                                        */
    STAGE_GATHER_MARKET,  /* quotes and bars of a symbol                              */
    STAGE_DECIDE,         /* the plan                                                 */
    STAGE_ENTRY,          /* an entry of a symbol is sent                             */
    STAGE_EXIT,           /* a close of a symbol is sent                              */
    STAGE_RECORD,         /* records and heartbeat                                    */
    STAGE_IDLE,           /* waiting for the next cycle                               */
    STAGE_STOP,           /* on the way out                                           */
    STAGE_SHADOW,         /* v2 on paper, of a symbol                                 */
    STAGES_LEN
};

const char *
stage_name(enum stage s); /* "start", "gather_account", …; "unknown" for any other number */
bool stage_from(const char *word, enum stage *ret_stage);

#endif

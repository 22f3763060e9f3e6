/*
 * ladder: how much the engine may do in this cycle, and why not more (ARCHITECTURE 4).
 *
 * One row a reason; the worst rung of all reasons that hold is the rung.  It climbs back by itself
 * in the cycle in which the reason is gone: by evidence, not by time.
 */
#ifndef STRATEGY_LADDER_H
#define STRATEGY_LADDER_H

#include "base/compiler.h"

enum rung {
    RUNG_NORMAL,
    RUNG_EXITS_ONLY,     /* no new entries; positions are watched and closed               */
    RUNG_RECONCILE_ONLY, /* positions not known: nothing is opened or closed, only asked   */
    RUNG_OBSERVE_ONLY    /* no order of any kind may leave: read and record                */
};

/* Rows from the worst to the mildest: the first that holds is *the* reason. */
enum halt {
    HALT_FENCED,              /* a newer engine epoch exists: this process must not send        */
    HALT_LEDGER_UNUSABLE,     /* an intent could not be made durable                            */
    HALT_BROKER_UNREACHABLE,  /* positions not told                                             */
    HALT_OPERATOR_ALL,        /* `stockbot halt`: nothing is opened or closed                   */
    HALT_OPERATOR_FLAT,       /* `stockbot halt --flat`: every position is closed               */
    HALT_OPERATOR_EXITS_ONLY, /* `stockbot halt --exits-only`                                   */
    HALT_FREEZES_UNREADABLE,  /* the kill switch could not be read: it counts as set            */
    HALT_FROZEN,              /* an entry of governor_freezes.json is in force                  */
    HALT_RISK_LIMIT,          /* an account limit is breached                                   */
    HALT_PERFORMANCE,         /* LIVE only: the recent trades are too bad                       */
    HALT_ACCOUNT_UNKNOWN,     /* account not told, or equity not positive: reduce only          */
    HALT_ACCOUNT_BLOCKED,     /* the broker blocked the account                                 */
    HALT_NOT_ARMED,           /* mode and URL do not belong together                            */
    HALT_NOT_RECONCILED,      /* no reconciliation yet, or this cycle's failed                  */
    HALT_SELF_TEST_FAILED,    /* the scoring self-test failed at the start                      */
    HALT_ENTRIES_QUARANTINED, /* the entry stage ended the process twice in a row               */
    HALT_CLOCK_MOVED,         /* the wall clock was stepped: ages and sessions are in doubt     */
    HALTS_LEN
};

struct halt_row {
    const char *name; /* "fenced", "broker_unreachable", … */
    enum rung rung;
    const char *event; /* message of R1.29 where there is one, "" otherwise */
};

struct ladder {
    enum rung rung;
    enum halt reason;      /* HALTS_LEN where the rung is normal */
    bool holds[HALTS_LEN]; /* every reason that holds */
};

const struct halt_row *halt_row(enum halt h);
const char *rung_name(enum rung r); /* "normal", "exits_only", "reconcile_only", "observe_only" */

/* The rung from the reasons that hold. */
struct ladder ladder_of(const bool holds[HALTS_LEN]);

#endif

#include "strategy/ladder.h"

static const struct halt_row rows[HALTS_LEN] = {
    [HALT_FENCED] = {"fenced",              RUNG_OBSERVE_ONLY,   ""                           },
    [HALT_LEDGER_UNUSABLE] = {"ledger_unusable",     RUNG_OBSERVE_ONLY,   ""                           },
    [HALT_BROKER_UNREACHABLE] = {"broker_unreachable",  RUNG_RECONCILE_ONLY,
                     "reduce_only_broker_degraded"                                            },
    [HALT_OPERATOR_ALL] = {"operator_halt",       RUNG_RECONCILE_ONLY, "operator_halt"              },
    [HALT_OPERATOR_FLAT] = {"operator_flat",       RUNG_EXITS_ONLY,     "operator_halt"              },
    [HALT_OPERATOR_EXITS_ONLY] = {"operator_exits_only", RUNG_EXITS_ONLY,     "operator_halt"              },
    [HALT_FREEZES_UNREADABLE] = {"freezes_unreadable",  RUNG_EXITS_ONLY,     "halted_freeze"              },
    [HALT_FROZEN] = {"frozen",              RUNG_EXITS_ONLY,     "halted_freeze"              },
    [HALT_RISK_LIMIT] = {"risk_limit",          RUNG_EXITS_ONLY,     "freeze_activated"           },
    [HALT_PERFORMANCE] = {"performance_freeze",  RUNG_EXITS_ONLY,     "halted_freeze"              },
    [HALT_ACCOUNT_UNKNOWN] = {"account_unknown",     RUNG_EXITS_ONLY,     "reduce_only_broker_degraded"},
    [HALT_ACCOUNT_BLOCKED] = {"account_blocked",     RUNG_EXITS_ONLY,     "reduce_only_broker_degraded"},
    [HALT_NOT_ARMED] = {"not_armed",           RUNG_EXITS_ONLY,     "not_armed_skip_entries"     },
    [HALT_NOT_RECONCILED] = {"not_reconciled",      RUNG_EXITS_ONLY,     "not_reconciled_skip_entries"},
    [HALT_SELF_TEST_FAILED] = {"self_test_failed",    RUNG_EXITS_ONLY,
                     "self_test_failed_skip_entries"                                          },
    [HALT_ENTRIES_QUARANTINED] = {"entries_quarantined", RUNG_EXITS_ONLY,     ""                           },
    [HALT_CLOCK_MOVED] = {"clock_moved",         RUNG_EXITS_ONLY,     ""                           },
};

const struct halt_row *
halt_row(enum halt h)
{
    static const struct halt_row none = {"", RUNG_NORMAL, ""};
    return h < HALTS_LEN ? &rows[h] : &none;
}

const char *
rung_name(enum rung r)
{
    static const char *const names[] = {
        [RUNG_NORMAL] = "normal",
        [RUNG_EXITS_ONLY] = "exits_only",
        [RUNG_RECONCILE_ONLY] = "reconcile_only",
        [RUNG_OBSERVE_ONLY] = "observe_only",
    };
    return names[r];
}

struct ladder
ladder_of(const bool holds[HALTS_LEN])
{
    struct ladder l = {.rung = RUNG_NORMAL, .reason = HALTS_LEN};

    for (int h = 0; h < HALTS_LEN; h++) {
        l.holds[h] = holds[h];
        if (!holds[h] || rows[h].rung <= l.rung) continue;
        l.rung = rows[h].rung;
        l.reason = (enum halt)h;
    }
    return l;
}

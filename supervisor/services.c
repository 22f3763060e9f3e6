#include "supervisor/services.h"

/* clang-format off */
/*
 * The engine's lock is looked at often: a leftover of a killed supervisor ends within moments, and every
 * one of them is a moment without exits.  A probe is one flock() and costs nothing (spec 20 LK-7 asks for
 * 60 s between attempts to *start* a second daemon, which we never do while the lock is held).
 */
const struct service_rules SERVICE_RULES[SERVICES] = {
    [SERVICE_SIM] = {
        .name = "market-sim",
        .program = "market_sim",
        .may_finish = true,
        .stops_last = true,
    },
    [SERVICE_DAEMON] = {
        .name = "uw-daemon",
        .program = "uw_flow_daemon",
        .lock_path = "state/uw_flow_daemon.lock",
        .is_critical = true,
        .needs_secrets = true,
        .probe_ns = 1 * NS_PER_S,
    },
    [SERVICE_ENGINE] = {
        .name = "trading-bot",
        .program = "trading_engine",
        .lock_path = "state/engine.lock",
        .is_engine = true,
        .is_critical = true,
        .needs_secrets = true,
        .is_watched = true,
        .evicts = true,
        .probe_ns = 100 * NS_PER_MS,
    },
};
/* clang-format on */

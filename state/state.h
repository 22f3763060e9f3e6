/*
 * state: what outlives a process — JSON files that heal, logs that are only appended to, the order
 * ledger, the epoch and the flight recorder (ARCHITECTURE 5 and 6, contract 3).
 *
 * The one module that writes files; it knows nothing of trading or of a cycle.  Never fails its
 * caller where the contract says so, and never writes over bytes it cannot read: they are set
 * aside.
 *
 *   store.c        the state seam (base/store.h): load heals, save replaces, append is one write
 *   aside.c        names for what is set aside
 *   jsonl.c        the torn end of a log
 *   retention.c    logs that grew past their limit go to logs/archive
 *   ledger*.c      the ledger seam (model/ledger.h) in SQLite: state/ledger.h
 *   epoch.c        the number that tells a stale engine from the one that runs
 *   flight.c       where the engine was when it died
 *   quarantine.c   stages that must be left out for a symbol
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "state/epoch.h"
#include "state/flight.h"
#include "state/ledger.h"
#include "state/retention.h"
#include "state/store.h"

#endif

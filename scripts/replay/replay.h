/*
 * `stockbot replay`: a whole day inside one process, as fast as it can be computed.
 *
 * Engine, flow daemon, guards, broker adapter and vendor client are the real ones; clock, disk,
 * network and ledger are simulated (ARCHITECTURE 8).  Nothing waits, nothing depends on the machine
 * or its load, so the same day, seed and settings give the same decisions every time.
 *
 *   cmd_replay.c     options, and what is printed
 *   replay_world.c   the wiring
 *   replay_run.c     one loop instead of two processes; the digest of the decisions
 *   replay_keep.c    the simulated disk and ledger into a folder
 *
 * Time passes only between events: an answer of the simulated market takes none.  What the paced
 * demo has and this has not: processes that start, die and share a machine.
 */
#ifndef SCRIPTS_REPLAY_H
#define SCRIPTS_REPLAY_H

#include "base/digest.h"
#include "broker/alpaca.h"
#include "engine/engine.h"
#include "scripts/demo/demo.h"
#include "sim/ledger_mem.h"
#include "sim/mem_fs.h"
#include "sim/sim.h"
#include "sim/sim_clock.h"
#include "state/epoch.h"
#include "state/store.h"
#include "telemetry/events.h"
#include "uwclient/daemon.h"

struct replay_options {
    struct demo_options day; /* seed, day, bars, flow, faults, root */
    const char *config;      /* --config */
    const char *tickers;     /* NULL: the settings', or with bars what the folder has */
};

struct replay {
    const struct replay_options *opt;
    struct config cfg;
    bool is_unconfigured; /* replay_open() failed because the configuration cannot be used */
    struct zone *ny;
    struct sim sim;
    struct sim_clock sim_clock;
    struct clock clock;
    struct mem_fs *disk;
    struct fs fs;
    struct state_store state_store;
    struct store store;
    struct event_log event_log;
    struct log log;
    struct locks locks;
    struct http http;
    struct ledger_mem ledger_mem;
    struct ledger ledger;
    struct epoch_file epoch;
    struct themes themes;
    bool has_themes;
    struct text tickers_env;

    /* the guards, top first, as in the engine's main() */
    struct fence fence;
    struct arm_guard arm;
    struct kill_switch kill;
    struct risk_guard risk;
    struct ledger_guard ledger_guard;
    struct rate_guard rate;
    struct alpaca alpaca;
    struct broker market_data;
    struct spare_data spare;

    struct flight flight; /* records nothing: there is no process to outlive */
    struct engine engine;
    struct uw_client client;
    struct daemon daemon;
    bool is_engine_open, is_client_open, is_daemon_open;
};

/* Makes the market and everything that trades on it; replay_close takes it apart, also after a
 * failure. */
enum rc replay_open(struct replay *r, const struct replay_options *opt, struct err *err) MUST_USE;
void replay_close(struct replay *r);

/* From five minutes before the open to two minutes after the close. */
void replay_run(struct replay *r);

/* SHA-256 over what was decided: per order sent its New York minute, purpose, side, quantity and
 * symbol, one a line. */
void replay_digest(const struct replay *r, char ret_hex[SHA256_HEX_MAX], size_t *ret_decisions);

/* The monotonic clock of the machine: how long it all took. */
int64_t replay_real_ns(void);

/* Writes the files and the ledger into a folder. */
enum rc replay_keep(struct replay *r, const char *root, struct err *err) MUST_USE;

#endif

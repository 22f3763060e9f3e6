/*
 * One engine with everything real but the network and the wall clock: disk, store, event log,
 * SQLite ledger and guards; the broker is the venue.
 */
#ifndef TESTS_BENCH_WORLD_H
#define TESTS_BENCH_WORLD_H

#include "engine/engine.h"
#include "io/fs.h"
#include "io/page.h"
#include "sim/sim_clock.h"
#include "state/ledger.h"
#include "state/store.h"
#include "telemetry/events.h"
#include "tests/bench/venue.h"

/* Friday 2026-01-30, 10:00 in New York: the session is half an hour old. */
#define WORLD_NOW_NS (INT64_C(1769785200) * NS_PER_S)

/* What went over the file seam. */
struct disk_use {
    int64_t cache_bytes; /* read of the flow cache */
    int64_t cache_ns;    /* … and how long that took */
    int64_t synced_ns;   /* waiting in replace(): two fsync a call */
    int64_t replaces, appends, append_ns;
};

struct world {
    struct config cfg;
    struct posix_fs posix_fs;
    struct fs disk, fs; /* fs counts what goes over disk */
    struct sim_clock time;
    struct clock clock;
    struct state_store state_store;
    struct event_log event_log;
    struct store store;
    struct log log;
    struct sql_ledger *sql_ledger;
    struct ledger ledger;
    struct zone *ny;
    struct page page;
    struct flight flight;
    struct venue venue;
    struct broker venue_seam;
    struct kill_switch kill;
    struct ledger_guard ledger_guard;
    struct disk_use use;
    struct engine engine;
};

/*
 * In the root, which may be new; ends the program where it cannot.
 *
 * entries  WORLD_NO_ENTRIES: mode and URL do not agree, so that nothing is bought; for what shall
 * not depend on how many orders a cycle happens to send
 */
enum world_entries { WORLD_ENTRIES, WORLD_NO_ENTRIES };
void world_open(struct world *w, const char *root, enum world_entries entries);
void world_close(struct world *w);

struct cycle_cost {
    double cpu_ns, wall_ns; /* wall_ns with the waiting for the disk */
};

/* Lets the time pass, runs a cycle, and says what it cost.  w->use is of that cycle. */
struct cycle_cost world_cycle(struct world *w, int64_t passed_ns);

/*
 * A temporary root, removed with all in it by world_root_remove.  In memory (/dev/shm, where there
 * is one) a sync costs nothing, and what is measured is the program.
 */
enum root_place { ROOT_IN_MEMORY, ROOT_ON_DISK };
void world_root_make(enum root_place where, char path[64]);
void world_root_remove(const char *path);

/* Makes <root>/data/uw_flow_cache.json another file: a symbolic link to
 * the one at the path. */
void world_put_cache(const char *root, const char *from);

#endif

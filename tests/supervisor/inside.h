/*
 * The supervisor inside the test's own process, over fake programs: for what only its clock, its
 * heap or its writes can tell.
 */
#ifndef TESTS_SUPERVISOR_INSIDE_H
#define TESTS_SUPERVISOR_INSIDE_H

#include "tests/supervisor/world.h"

#include "io/clock.h"
#include "io/fs.h"
#include "io/loop.h"
#include "state/store.h"
#include "supervisor/supervisor.h"
#include "telemetry/events.h"

typedef struct store inside_store_fn(void *ctx, const struct store *inner);

/*
 * What main.c builds, in this process, until a signal ends it.
 *
 * clock  NULL: the system's
 * wrap   gives the store that the supervisor writes through
 */
static inline void
inside_run(const struct world *w, const struct clock *clock, inside_store_fn *wrap, void *ctx)
{
    static struct loop loop;
    struct err err = {0};
    struct config cfg = {0};
    struct sys_clock sys_clock;
    struct posix_fs posix_fs;
    struct posix_locks posix_locks;
    struct state_store state_store;
    struct event_log event_log;
    const struct supervisor_options opt = {
        .config = {.root = w->root, .env_file_wins = true},
          .bin_dir = w->bin
    };
    struct supervisor *sup = NULL;

    assert_int_equal(loop_init(&loop, &err), RC_OK);
    assert_int_equal(config_load(&opt.config, &cfg, &err), RC_OK);
    assert_int_equal(clock_open_config(&cfg, NULL, &sys_clock, &err), RC_OK);
    assert_int_equal(fs_open(w->root, &posix_fs, &err), RC_OK);
    assert_int_equal(locks_open(w->root, &posix_locks, &err), RC_OK);
    const struct clock real = clock_seam(&sys_clock);
    const struct fs fs = fs_seam(&posix_fs);
    const struct locks locks = locks_seam(&posix_locks);

    if (clock == NULL) clock = &real;
    state_store_init(&state_store, &fs, clock, NULL);
    const struct store inner = state_store_seam(&state_store);
    const struct store store = wrap(ctx, &inner);

    event_log_init(&event_log, &inner, clock);
    const struct log log = event_log_seam(&event_log);

    state_store.log = &log;
    const struct supervisor_seams seams = {.clock = clock,
                                           .fs = &fs,
                                           .store = &store,
                                           .locks = &locks,
                                           .lock_files = &posix_locks,
                                           .log = &log};

    assert_int_equal(supervisor_new(&opt, &seams, &cfg, &loop, &sup, &err), RC_OK);
    supervisor_run(sup);
    supervisor_free(sup);
    locks_close(&posix_locks);
    fs_close(&posix_fs);
    config_done(&cfg);
    loop_done(&loop);
}

#endif

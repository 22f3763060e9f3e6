/*
 * A store over a disk in memory, for the tests of the store.
 */
#ifndef TESTS_STATE_STORE_BED_H
#define TESTS_STATE_STORE_BED_H

#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "sim/faulty_fs.h"
#include "sim/mem_fs.h"
#include "state/store.h"
#include "tests/lib/seams.h"

#define PATH  "state/usage.json"
#define PREV  "state/usage.json.prev"
#define NOW_S 1750000000

struct bed {
    struct test_root root;
    struct test_clock clock;
    struct test_log log;
    struct clock clock_seam;
    struct log log_seam;
    struct test_faults faults;
    struct fs fs;
    struct state_store store;
    struct store seam;
};

UNUSED static void
bed_make(struct bed *b)
{
    *b = (struct bed){
        .clock = {.now_ns = NOW_S * NS_PER_S, .mono_ns = 1}
    };
    test_root_make(&b->root);
    b->clock_seam = test_clock_seam(&b->clock);
    b->log_seam = test_log_seam(&b->log);
    b->faults.under = &b->root.fs;
    b->fs = test_faults_seam(&b->faults);
    state_store_init(&b->store, &b->fs, &b->clock_seam, &b->log_seam);
    b->seam = state_store_seam(&b->store);
}

#endif

/*
 * A model for one named test: opened anew by begin(), put away by teardown.
 */
#ifndef TESTS_ENGINE_MODEL_FIXTURE_H
#define TESTS_ENGINE_MODEL_FIXTURE_H

#include "tests/engine/model.h"

#define F_SIGNAL 0 /* index into MODEL_SYMBOL */

struct fixture {
    struct model_bed bed;
    struct model m;
    bool is_open;
};

UNUSED static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL) return -1;
    model_bed_init(&f->bed);
    *state = f;
    return 0;
}

UNUSED static int
teardown(void **state)
{
    struct fixture *f = *state;

    if (f->is_open) model_done(&f->m);
    model_bed_done(&f->bed);
    free(f);
    return 0;
}

UNUSED static struct model *
begin(struct fixture *f, struct model_options opt)
{
    if (f->is_open) model_done(&f->m);
    opt.seed = 7;
    if (opt.start_min == 0) opt.start_min = 90;
    model_open(&f->m, &f->bed, &opt);
    f->is_open = true;
    return &f->m;
}

UNUSED static void
cycle_with(struct model *m, enum direction signal, bool is_pressed)
{
    m->signal[F_SIGNAL] = signal;
    m->is_pressed[F_SIGNAL] = is_pressed;
    model_cycle(m, m->process);
}

UNUSED static void
assert_kept(struct model *m)
{
    if (m->wrong[0] == '\0') model_check(m);
    if (m->wrong[0] != '\0') fail_msg("%s", m->wrong);
}

/* Enters F and waits until the position is there. */
UNUSED static int64_t
enter(struct model *m)
{
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    model_ticks(m, 60);
    int64_t qty = model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]);
    assert_true(qty > 0);
    return qty;
}

#define PATH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

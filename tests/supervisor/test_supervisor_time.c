/* What the supervisor does by the clock: an hour goes by in a few seconds. */

#include "tests/supervisor/inside.h"

enum { RATE = 1000, RUN_S = 2000, SAVES_MAX = 64, HEARTBEAT_OLD_S = 180, RETENTION_S = 1800 };

/* A clock that runs RATE times as fast, and asks for the end when the time is over. */
struct fast {
    struct clock real;
    int64_t begun_mono_ns, begun_wall_ns;
    bool is_over;
};

static int64_t
fast_age_ns(struct fast *f)
{
    return (clock_mono(&f->real) - f->begun_mono_ns) * RATE;
}

static int64_t
fast_mono(void *self)
{
    struct fast *f = self;
    const int64_t age_ns = fast_age_ns(f);

    if (age_ns > RUN_S * NS_PER_S && !f->is_over) {
        f->is_over = true;
        (void)raise(SIGTERM);
    }
    return f->begun_mono_ns + age_ns;
}

static int64_t
fast_now(void *self)
{
    struct fast *f = self;

    return f->begun_wall_ns + fast_age_ns(f);
}

static int64_t
fast_real(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns / RATE;
}

/* ---- what was written, and when -------------------------------------------------------------- */

struct witness {
    struct fast fast;
    const struct world *w;
    const struct store *inner;
    struct {
        int64_t at_s;
        bool is_degraded, has_log;
    } save[SAVES_MAX];
    size_t len;
};

static enum rc
witness_save(void *self, const struct store_spec *spec, const char *json, size_t len,
             struct err *err)
{
    struct witness *x = self;
    char path[PATH_MAX];

    world_path(x->w, "logs/gate.jsonl", path);
    if (str_eq(spec->path, HEALTH_PATH) && x->len < SAVES_MAX && !x->fast.is_over) {
        x->save[x->len].at_s = fast_age_ns(&x->fast) / NS_PER_S;
        x->save[x->len].is_degraded = strstr(json, "\"overall_status\":\"DEGRADED\"") != NULL &&
                                      strstr(json, "\"trading-bot\":\"DEGRADED\"") != NULL;
        x->save[x->len++].has_log = access(path, F_OK) == 0;
    }
    return x->inner->save(x->inner->self, spec, json, len, err);
}

static enum rc
witness_append(void *self, const char *path, const char *json_line, size_t len, struct err *err)
{
    const struct witness *x = self;

    return x->inner->append(x->inner->self, path, json_line, len, err);
}

static struct json *
witness_load(void *self, const struct store_spec *spec, enum store_origin *ret_origin)
{
    const struct witness *x = self;

    return x->inner->load(x->inner->self, spec, ret_origin);
}

static struct store
with_witness(void *ctx, const struct store *inner)
{
    struct witness *x = ctx;

    x->inner = inner;
    return (struct store){
        .self = x, .load = witness_load, .save = witness_save, .append = witness_append};
}

/* An engine that lives, speaks and completes no cycle, over RUN_S seconds. */
static void
watch_an_idle_engine(struct world *w, struct witness *x)
{
    static struct sys_clock sys_clock;
    const struct clock_options options = {0};
    const struct clock fast = {
        .self = &x->fast, .now_ns = fast_now, .mono_ns = fast_mono, .real_ns = fast_real};
    struct err err = {0};
    char path[PATH_MAX];

    world_open(w);
    world_keys(w);
    world_env(w, "MAX_STALL_SEC=86400"); /* a slow machine is no stalled engine */
    world_put_env(w);
    world_write(w, "mode", "idle");
    world_make_dir(w, "logs");
    world_write(w, "logs/gate.jsonl", "{}\n");
    world_path(w, "logs/gate.jsonl", path);
    assert_int_equal(truncate(path, (5 << 20) + 1), 0); /* small enough for a start */
    assert_int_equal(clock_open(&options, &sys_clock, &err), RC_OK);
    *x = (struct witness){.w = w, .fast = {.real = clock_seam(&sys_clock)}};
    x->fast.begun_mono_ns = clock_mono(&x->fast.real);
    x->fast.begun_wall_ns = clock_now(&x->fast.real);
    inside_run(w, &fast, with_witness, x);
}

/* R1.17, R1.19, R1.20. */
static void
test_supervisor_does_by_the_clock_what_it_should(void **state)
{
    static struct world w;
    static struct witness x;
    bool is_degraded = false;

    (void)state;
    watch_an_idle_engine(&w, &x);
    for (size_t i = 0; i < x.len; i++) {
        if (x.save[i].is_degraded && x.save[i].at_s <= HEARTBEAT_OLD_S)
            fail_msg("degraded after %d s", (int)x.save[i].at_s);
        if (!x.save[i].has_log && x.save[i].at_s < RETENTION_S)
            fail_msg("the log went after %d s", (int)x.save[i].at_s);
        is_degraded = is_degraded || x.save[i].is_degraded;
    }
    assert_true(is_degraded);
    assert_true(x.len >= 5); /* every 300 s, fewer only where the machine had no time for us */
    world_await_text(&w, "logs/system_events.jsonl", "\"archive\":\"logs/archive/gate.2", 1);
    assert_int_equal(world_events(&w, "ENGINE_STALL_DUMP_REQUESTED"), 0);
    world_close(&w);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supervisor_does_by_the_clock_what_it_should),
    };
    const int as_program = argc > 0 ? fake_main(argv[0]) : -1;

    return as_program >= 0 ? as_program : cmocka_run_group_tests(tests, NULL, NULL);
}

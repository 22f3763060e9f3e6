/* Hundreds of restarts in one process: the heap is the same at the last as at the twentieth. */

#include "tests/supervisor/inside.h"

#include <dirent.h>
#include <malloc.h>

enum {
    RESTARTS = 300,
    SETTLED = 20 /* by then every buffer has seen its longest line */
};

/* A store that looks at the heap whenever an engine was started. */
struct meter {
    const struct store *inner;
    size_t heap[RESTARTS];
    size_t descriptors[RESTARTS];
    size_t len;
};

static size_t
count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static enum rc
meter_append(void *self, const char *path, const char *json_line, size_t len, struct err *err)
{
    struct meter *m = self;

    if (m->len < RESTARTS && strstr(json_line, "\"event\":\"TRADING_ENGINE_STARTED\"") != NULL) {
        m->heap[m->len] = mallinfo2().uordblks;
        m->descriptors[m->len++] = count_descriptors();
        if (m->len == RESTARTS) (void)raise(SIGTERM);
    }
    return m->inner->append(m->inner->self, path, json_line, len, err);
}

static struct json *
meter_load(void *self, const struct store_spec *spec, enum store_origin *ret_origin)
{
    const struct meter *m = self;

    return m->inner->load(m->inner->self, spec, ret_origin);
}

static enum rc
meter_save(void *self, const struct store_spec *spec, const char *json, size_t len, struct err *err)
{
    const struct meter *m = self;

    return m->inner->save(m->inner->self, spec, json, len, err);
}

/* mallinfo2() tells nothing where the sanitizer has replaced the heap. */
static bool
has_own_heap(void)
{
    CLEANUP(text_free) struct text probe = {0};
    const size_t before = mallinfo2().uordblks;

    text_reserve(&probe, 4096);
    return mallinfo2().uordblks == before;
}

static struct store
with_meter(void *ctx, const struct store *inner)
{
    struct meter *meter = ctx;

    meter->inner = inner;
    return (struct store){
        .self = meter, .load = meter_load, .save = meter_save, .append = meter_append};
}

static void
test_supervisor_does_not_grow_over_hundreds_of_restarts(void **state)
{
    static struct world w;
    static struct meter meter;

    (void)state;
    if (has_own_heap()) {
        (void)printf("skipped: the address sanitizer has a heap of its own\n");
        skip();
    }
    world_open(&w);
    world_keys(&w);
    world_put_env(&w);
    world_write(&w, "mode",
                "short"); /* three cycles a life: every restart is a first one, without a delay */
    inside_run(&w, NULL, with_meter, &meter);
    assert_int_equal(meter.len, RESTARTS);
    assert_int_equal(meter.heap[RESTARTS - 1], meter.heap[SETTLED]);
    assert_int_equal(meter.descriptors[RESTARTS - 1], meter.descriptors[SETTLED]);
    assert_true(world_events(&w, "TRADING_ENGINE_EXITED") >= RESTARTS - 1);
    world_close(&w);
}

/* Freed pieces in the cache of the thread count as used: without that cache the figures are exact.
 */
static void
restart_without_cache(char **argv)
{
    if (getenv("GLIBC_TUNABLES") != NULL ||
        setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) != 0)
        return;
    (void)execv("/proc/self/exe", argv); /* if not, then with the cache */
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supervisor_does_not_grow_over_hundreds_of_restarts),
    };
    const int as_program = argc > 0 ? fake_main(argv[0]) : -1;

    if (as_program >= 0) return as_program;
    restart_without_cache(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The budget between processes: one count for all of them, and never more requests in a minute than
 * the limit (spec 20 2.7).
 */
#include "tests/uwclient/usage_bed.h"

static void
test_usage_processes_share_one_count(void **state)
{
    enum { PROCESSES = 3, CALLS = 100 };
    struct uw_world w;
    struct usage u;

    (void)state;
    uw_world_make(&w, NOON);
    for (int p = 0; p < PROCESSES; p++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child > 0) continue;
        struct posix_locks own; /* a lock belongs to its open file: each process opens its own */
        if (locks_open(w.root.path, &own, NULL) != RC_OK) _exit(1);
        w.locks = locks_seam(&own);
        open_usage(&w, &u, limits(1000, 15000));
        int admitted = 0;
        for (int i = 0; i < CALLS; i++)
            admitted += reserve(&u, "shared", 250) == USAGE_ADMITTED;
        _exit(admitted);
    }
    int total = 0;
    for (int p = 0; p < PROCESSES; p++) {
        int status = 0;
        assert_true(wait(&status) > 0 && WIFEXITED(status));
        total += WEXITSTATUS(status);
    }
    open_usage(&w, &u, limits(1000, 15000));
    assert_int_equal(total, 250); /* the cap of the endpoint, to the call */
    assert_int_equal(usage_view(&u).calls_today, 250);
    uw_world_remove(&w);
}

/* ---- never too many -------------------------------------------------------------------------- */

/* In any 60 s of real time, over several processes at once, restarts, lost files and clock steps,
 * no more than the limit. */
static void
test_usage_no_minute_ever_has_more_than_the_limit(void **state)
{
    enum { LIMIT = 12, STEPS = 3000, PROCESSES = 3 };
    struct rng rng = check_rng("no_minute_ever_has_more_than_the_limit");
    static int64_t sent_ns[STEPS];
    size_t sent = 0;
    struct uw_world w;
    struct usage u[PROCESSES];

    (void)state;
    uw_world_make(&w, NOON);
    for (int p = 0; p < PROCESSES; p++)
        open_usage(&w, &u[p], limits(LIMIT, 1000000));
    for (int i = 0; i < STEPS; i++) {
        struct usage *one = &u[rng_below(&rng, PROCESSES)];

        clock_sleep(&w.clock, rng_range(&rng, 0, 6 * NS_PER_S));
        if (rng_chance(&rng, 0.02)) w.time.now_ns += rng_range(&rng, -7200, 7200) * NS_PER_S;
        if (rng_chance(&rng, 0.05)) open_usage(&w, one, limits(LIMIT, 1000000)); /* killed */
        if (rng_chance(&rng, 0.01)) write_state(&w, "{\"torn");
        if (reserve(one, "", 0) != USAGE_ADMITTED) continue;
        quota_append(&w.store, &(struct quota_line){.at_ns = w.time.now_ns,
                                                    .mono_ns = w.time.mono_ns,
                                                    .url = "u",
                                                    .params_json = "{}",
                                                    .endpoint_name = "",
                                                    .caller = "t",
                                                    .attempt = 1});
        sent_ns[sent++] = w.time.mono_ns;
        if (sent > LIMIT && sent_ns[sent - 1] - sent_ns[sent - 1 - LIMIT] < NS_PER_MIN)
            fail_msg("%d requests in %lld ms", LIMIT + 1,
                     (long long)((sent_ns[sent - 1] - sent_ns[sent - 1 - LIMIT]) / NS_PER_MS));
    }
    assert_true(sent > STEPS / 4); /* and it does not block for ever either */
    uw_world_remove(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage_processes_share_one_count),
        cmocka_unit_test(test_usage_no_minute_ever_has_more_than_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

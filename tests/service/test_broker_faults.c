/*
 * A whole day with a broker that loses answers, resets, refuses, talks garbage, executes late,
 * lists executions late or twice, does not cancel and tells nonsense on its stream, all at once and
 * often: at its end the books agree.
 */
#include "tests/lib/check.h"
#include "tests/lib/day_check.h"

#define BROKEN                                                                                     \
    "lost:POST/v2/orders:0.15,reset:POST/v2/orders:0.05,503:POST/v2/orders:0.05,"                  \
    "garbage:POST/v2/orders:0.05,429:/v2/:0.03,500:/v2/:0.03,garbage:GET/v2/:0.02,"                \
    "truncate:GET/v2/:0.02,html:GET/v2/:0.01,reset:GET/:0.02,delay=120:/v2/:0.02,"                 \
    "latefill=4000:POST/v2/orders:0.2,missingfill=20000:POST/v2/orders:0.2,"                       \
    "dupfill:POST/v2/orders:0.2,stuckcancel:DELETE:0.1,rejectcancel:DELETE:0.1,"                   \
    "drop:STREAM:0.3,dupfill:STREAM:0.2,truncate:STREAM:0.05,garbage:STREAM:0.02,"                 \
    "reset:STREAM:0.05,reset:/@11:30-11:40"

static struct day day;

static int
teardown(void **state)
{
    (void)state;
    day_end(&day, false); /* nothing left to do where the test went well */
    return 0;
}

static void
test_service_keeps_its_books_with_a_lying_broker(void **state)
{
    struct rng rng = check_rng("market");
    int64_t end_ns = when_parse_or_none("2026-01-30T20:55:00Z");
    int64_t after_close_ns = when_parse_or_none("2026-01-30T21:06:00Z");

    (void)state;
    day_begin(&day, &(struct day_options){
                        .seed = 1 + rng_below(&rng, 1000), .speed = 360, .faults = BROKEN});
    DAY_WAIT(&day, 20, day_heartbeat(&day).iter > 3);
    pid_t engine = day_pid(&day, DAY_ENGINE);
    DAY_WAIT(&day, 80, day_now_ns(&day) > end_ns);
    int unknown = day_events(&day, "order_unknown", NULL);
    int found = day_events(&day, "order_state", "\"from\":\"unknown\"");
    DAY_CHECK(&day, day_pid(&day, DAY_ENGINE) == engine); /* none of it ended the engine */
    day_stop(&day);
    /* What would not be cancelled ends with the session; the next engine finds out. */
    DAY_WAIT(&day, 20, day_now_ns(&day) > after_close_ns);
    day_faults(&day, "");
    day_start_supervisor(&day);
    day_settle(&day);
    day_stop(&day);
    (void)printf("%d orders without an answer, %d found again\n", unknown, found);
    DAY_CHECK(&day, unknown > 0 && found > 0);
    day_check_all(&day);
    day_end(&day, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_keeps_its_books_with_a_lying_broker, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

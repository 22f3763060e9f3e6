/*
 * The broker's stream in a running service: heard where there is one, missed by nobody where it
 * tells nothing.
 */
#include "tests/lib/check.h"
#include "tests/lib/day_check.h"

static struct day day;

static int
teardown(void **state)
{
    (void)state;
    day_end(&day, false); /* nothing left to do where the test went well */
    return 0;
}

static bool
stream_is(const char *state)
{
    CLEANUP(json_freep) struct json *beat = day_json(&day, "state/bot_heartbeat.json");

    return beat != NULL &&
           str_eq(json_str(json_get_obj(beat, "trade_stream"), "state", "none"), state);
}

static void
trade_a_little(const char *faults)
{
    day_begin(&day, &(struct day_options){.seed = 3, .faults = faults});
    DAY_WAIT(&day, 20, day_heartbeat(&day).iter > 3 && stream_is("live"));
    DAY_WAIT(&day, 30, day_events(&day, "fill", NULL) > 2);
    day_settle(&day);
    day_stop(&day);
    day_check_all(&day);
}

static void
test_service_hears_the_stream_and_keeps_its_books(void **state)
{
    (void)state;
    trade_a_little(NULL);
    DAY_CHECK(&day, day_events(&day, "trade_stream_live", NULL) == 1);
    DAY_CHECK(&day, day_events(&day, "trade_stream_lost", NULL) == 0);
    day_end(&day, true);
}

/* Every fill is known to the order list alone. */
static void
test_service_keeps_its_books_where_the_stream_tells_nothing(void **state)
{
    (void)state;
    trade_a_little("drop:STREAM");
    day_end(&day, true);
}

/* There is none: said once, tried on, and nothing else is different. */
static void
test_service_keeps_its_books_without_a_stream(void **state)
{
    (void)state;
    day_begin(&day, &(struct day_options){.seed = 3, .faults = "503:GET/stream"});
    DAY_WAIT(&day, 30, day_events(&day, "fill", NULL) > 2);
    DAY_CHECK(&day, stream_is("away") || stream_is("opening"));
    DAY_CHECK(&day, day_events(&day, "trade_stream_lost", NULL) == 1);
    day_settle(&day);
    day_stop(&day);
    day_check_all(&day);
    day_end(&day, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_hears_the_stream_and_keeps_its_books, teardown),
        cmocka_unit_test_teardown(test_service_keeps_its_books_where_the_stream_tells_nothing,
                                  teardown),
        cmocka_unit_test_teardown(test_service_keeps_its_books_without_a_stream, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Grave events reach the operator's server, whose silence or absence holds nobody up.
 */
#include <stdio.h>

#include "tests/lib/check.h"
#include "tests/lib/day_check.h"
#include "tests/lib/http_server.h"

static struct day day;
static struct http_server *hook;

static int
teardown(void **state)
{
    (void)state;
    day_end(&day, false); /* nothing left to do where the test went well */
    http_server_stop(hook);
    hook = NULL;
    return 0;
}

static bool
was_posted(const char *words)
{
    for (size_t i = 0; i < http_server_seen(hook); i++)
        if (strstr(http_server_request(hook, i).body, words) != NULL) return true;
    return false;
}

static void
begin(int port)
{
    char url[96];

    (void)snprintf(url, sizeof url, "WEBHOOK_URL=http://127.0.0.1:%d/hook/s3cret-path", port);
    day_begin(&day, &(struct day_options){
                        .env = (const char *const[]){url, NULL}
    });
    DAY_WAIT(&day, 20, day_heartbeat(&day).iter > 2);
}

static void
check_nothing_told_the_path(void)
{
    static const char *const LOGS[] = {"logs/system_events.jsonl", "logs/supervisor.jsonl",
                                       "logs/alert_error.jsonl"};

    for (size_t i = 0; i < COUNT_OF(LOGS); i++)
        DAY_CHECK(&day, day_lines(&day, LOGS[i], "s3cret-path") == 0);
}

/* The first post, about an engine's death, is never answered; the next engine trades meanwhile. */
static void
test_service_posts_what_is_grave_and_waits_for_nobody(void **state)
{
    (void)state;
    hook = http_server_start((struct reply[]){{.how = REPLY_SILENT}, {.status = 204}}, 2);
    begin(http_server_port(hook));
    int64_t epoch = day_heartbeat(&day).epoch;
    day_kill(&day, DAY_ENGINE);
    DAY_WAIT(&day, 20, day_heartbeat(&day).epoch > epoch && day_heartbeat(&day).iter > 5);
    DAY_WAIT(&day, 20, was_posted("\"event\":\"trading_engine_exited\""));
    day_stop(&day);
    DAY_CHECK(&day, was_posted("\"event\":\"shutdown_signal\""));
    check_nothing_told_the_path();
    day_end(&day, true);
}

static void
test_service_says_that_nobody_takes_its_posts(void **state)
{
    (void)state;
    begin(http_closed_port());
    int64_t epoch = day_heartbeat(&day).epoch;
    day_kill(&day, DAY_ENGINE);
    DAY_WAIT(&day, 20, day_heartbeat(&day).epoch > epoch && day_heartbeat(&day).iter > 2);
    DAY_WAIT(&day, 20, day_events(&day, "webhook_failed", NULL) > 0);
    day_stop(&day);
    check_nothing_told_the_path();
    day_end(&day, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_posts_what_is_grave_and_waits_for_nobody, teardown),
        cmocka_unit_test_teardown(test_service_says_that_nobody_takes_its_posts, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

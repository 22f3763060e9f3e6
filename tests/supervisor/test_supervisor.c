/* The supervisor as a process: restarts, watchdog, shutdown, locks, secrets, held configuration. */

#include "tests/supervisor/world.h"

#include <sys/socket.h>
#include <sys/un.h>

static int
set_up(void **state)
{
    static struct world w;

    world_open(&w);
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    world_close(*state);
    return 0;
}

/* ---- restarts -------------------------------------------------------------------------------- */

/* The first record of each name after the place, in the order of the names. */
static void
expect_order(const char *at, const char *const *events)
{
    for (; at != NULL && *events != NULL; events++) {
        char what[80];

        (void)snprintf(what, sizeof what, "\"event\":\"%s\"", *events);
        const char *next = strstr(at, "\"event\":");

        while (next != NULL && strstr(next, "uw-daemon") != NULL &&
               strstr(next, "uw-daemon") < next + strcspn(next, "\n")) {
            next =
                strstr(next + 1, "\"event\":"); /* the other service's records may stand between */
        }
        if (next == NULL || strncmp(next, what, strlen(what)) != 0)
            fail_msg("wanted %s, found %.60s", *events, next == NULL ? "nothing" : next);
        at = next == NULL ? NULL : next + 1;
    }
    assert_non_null(at);
}

static void
test_contract_6_1_engine_is_restarted_and_told_of_in_order(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    const pid_t first = world_engine(w);

    assert_int_equal(kill(first, SIGKILL), 0);
    world_await(w, "TRADING_ENGINE_STARTED", 2);
    expect_order(world_read(w, "logs/supervisor.jsonl"),
                 (const char *const[]){"SERVICE_START", "TRADING_ENGINE_STARTING",
                                       "SERVICE_STARTED", "TRADING_ENGINE_STARTED",
                                       "SUPERVISOR_READY", NULL});
    expect_order(
        strstr(world_read(w, "logs/supervisor.jsonl"), "\"event\":\"TRADING_ENGINE_EXITED\""),
        (const char *const[]){"TRADING_ENGINE_EXITED", "SERVICE_DIED", "TRADING_ENGINE_RESTARTING",
                              "SERVICE_START", "TRADING_ENGINE_STARTING", "SERVICE_STARTED",
                              "TRADING_ENGINE_STARTED", NULL});
    assert_non_null(strstr(world_read(w, "logs/supervisor.jsonl"), "\"exit_code\":-9"));
    world_await_health(w, "\"overall_status\":\"OK\"");
    assert_int_equal(world_count(w, "logs/system_events.jsonl", "service_died"), 1);
}

static void
test_supervisor_says_where_the_engine_died(void **state)
{
    struct world *w = *state;
    char words[128];

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    const pid_t first = world_engine(w);

    assert_int_equal(kill(first, SIGKILL), 0);
    world_await(w, "TRADING_ENGINE_STARTED", 2);
    (void)snprintf(words, sizeof words,
                   "\"pid\":%d,\"cycle\":41,\"stage\":\"score\",\"symbol\":\"AAPL\"", (int)first);
    world_await_text(w, "logs/supervisor.jsonl", words, 1);
    world_await_text(w, "logs/system_events.jsonl", "\"symbol\":\"AAPL\"", 1);
    (void)snprintf(words, sizeof words, "unknown\npid=%d code=-9 watchdog=0\n", (int)first);
    world_await_text(w, "ends", words, 1);
}

static void
test_supervisor_restarts_the_daemon_too(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_start(w);
    world_await_text(w, "state/uw_flow_daemon.lock", "pid=", 1);
    int64_t pid = 0;
    char text[32];

    (void)str_copy(text, sizeof text, world_read(w, "state/uw_flow_daemon.lock") + 4);
    text[strcspn(text, " ")] = '\0';
    assert_true(str_to_i64(text, &pid));
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    world_await_text(w, "logs/supervisor.jsonl",
                     "\"event\":\"SERVICE_STARTED\",\"service\":\"uw-daemon\"", 2);
    assert_non_null(
        strstr(world_read(w, "logs/supervisor.jsonl"),
               "\"event\":\"SERVICE_DIED\",\"service\":\"uw-daemon\",\"exit_code\":-9"));
}

static void
test_supervisor_never_gives_a_crashing_engine_up(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, "mode", "crash");
    world_start(w);
    world_await(w, "SERVICE_FAILED_REPEATEDLY", 1); /* 0 + 0.1 + 0.2 + 0.4 s */
    world_await_health(w, "\"overall_status\":\"FAILED\"");
    world_write(w, "mode", "run");
    world_await(w, "TRADING_ENGINE_STARTED", 6);
    world_await_health(w, "\"overall_status\":\"OK\"");
    assert_int_equal(world_events(w, "SERVICE_FAILED_REPEATEDLY"), 1);
    assert_true(world_events(w, "SERVICE_EXITED_IMMEDIATELY") >= 5);
}

/* ---- watchdog -------------------------------------------------------------------------------- */

static void
test_watchdog_dump_request_may_be_enough(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, "mode", "mute");
    world_start(w);
    world_await(w, "ENGINE_STALL_DUMP_REQUESTED", 1);
    world_await(w, "ENGINE_STALL_OVER", 1);
    assert_int_equal(world_count(w, "dumps", "dump"), 1);
    assert_int_equal(world_events(w, "TRADING_ENGINE_EXITED"), 0);
}

static void
test_watchdog_aborts_a_stalled_engine(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, "mode", "stall");
    world_start(w);
    world_await(w, "ENGINE_STALL_DUMP_REQUESTED", 1);
    world_write(w, "mode", "run");
    world_await(w, "TRADING_ENGINE_STARTED", 2);
    assert_int_equal(world_count(w, "dumps", "dump"), 1);
    assert_int_equal(world_events(w, "ENGINE_STALL_ABORTED"), 1);
    assert_non_null(strstr(world_read(w, "logs/supervisor.jsonl"), "\"exit_code\":-6"));
    world_await_text(w, "ends", "code=-6 watchdog=1", 1);
    assert_int_equal(world_events(w, "SERVICE_KILLED"), 0);
    assert_int_equal(world_count(w, "logs/system_events.jsonl", "engine_stall_aborted"), 1);
}

static void
test_watchdog_kills_what_does_not_even_abort(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, "mode", "stone");
    world_start(w);
    world_await(w, "ENGINE_STALL_DUMP_REQUESTED", 1);
    world_write(w, "mode", "run");
    world_await(w, "TRADING_ENGINE_STARTED", 2);
    assert_int_equal(world_events(w, "SERVICE_KILLED"), 1);
    assert_non_null(strstr(world_read(w, "logs/supervisor.jsonl"), "\"exit_code\":-9"));
}

static void
test_watchdog_replaces_a_stopped_engine(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    assert_int_equal(kill(world_engine(w), SIGSTOP), 0);
    world_await(w, "ENGINE_STALL_ABORTED", 1);
    world_await(w, "TRADING_ENGINE_STARTED", 2);
    world_await_health(w, "\"trading-bot\":\"OK\"");
}

/* ---- shutdown -------------------------------------------------------------------------------- */

static void
test_contract_6_2_shutdown_ends_all_and_kills_the_deaf(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, "mode", "deaf");
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    const pid_t engine = world_engine(w);

    assert_int_equal(world_stop(w, SIGTERM), 0);
    assert_int_equal(kill(engine, 0), -1);
    assert_int_equal(world_events(w, "SERVICE_KILLED"), 1);
    assert_non_null(strstr(world_read(w, "logs/supervisor.jsonl"),
                           "\"event\":\"SUPERVISOR_SHUTDOWN\",\"signum\":15"));
    assert_true(
        str_ends(world_read(w, "logs/supervisor.jsonl"), "\"event\":\"SUPERVISOR_STOPPED\"}\n"));
    assert_int_equal(world_count(w, "state/health.json", "\"state\":\"finished\""), 2);
    assert_int_equal(world_events(w, "TRADING_ENGINE_RESTARTING"), 0);
}

static void
test_contract_6_2_shutdown_is_quick_when_all_obey(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    assert_int_equal(world_stop(w, SIGINT), 0);
    assert_int_equal(world_events(w, "SERVICE_KILLED"), 0);
    assert_non_null(strstr(world_read(w, "logs/supervisor.jsonl"), "\"signum\":2"));
}

static void
test_supervisor_starts_the_simulator_first_and_stops_it_last(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_env(w, "SUP_RUN_SIM=true");
    world_env(w, "SUP_SIM_ARGS=--seed 7");
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    const char *first = strstr(world_read(w, "logs/supervisor.jsonl"), "\"event\"");

    assert_non_null(first);
    assert_true(str_starts(first, "\"event\":\"SERVICE_START\",\"service\":\"market-sim\""));
    assert_int_equal(world_count(w, "logs/supervisor.jsonl", "market_sim --seed 7\""), 1);
    assert_int_equal(world_stop(w, SIGTERM), 0);
    assert_string_equal(world_read(w, "stops"), "engine\nsim\n");
}

/* ---- one supervisor, one engine -------------------------------------------------------------- */

static void
test_contract_1_2_second_supervisor_is_refused(void **state)
{
    struct world *w = *state;
    char words[64];

    world_keys(w);
    world_start(w);
    world_await(w, "SUPERVISOR_READY", 1);
    assert_int_equal(world_wait_end(world_spawn(w, NULL, NULL)), 1);
    (void)snprintf(words, sizeof words, "already running: pid %d", (int)w->sup);
    assert_non_null(strstr(world_read(w, "stderr"), words));
    assert_int_equal(world_events(w, "SUPERVISOR_READY"), 1);
}

static void
test_supervisor_killed_takes_its_children_along(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    const pid_t engine = world_engine(w);

    assert_int_equal(world_stop(w, SIGKILL), -9);
    assert_int_equal(world_wait_end(engine), 0); /* by SIGTERM from the kernel: an end in order */
    world_start(w);
    world_await(w, "TRADING_ENGINE_STARTED", 2);
}

/* A stopped engine hears no SIGTERM; the next supervisor waits for its lock, then ends it. */
static void
test_supervisor_ends_a_leftover_engine_after_the_grace_period(void **state)
{
    struct world *w = *state;
    char words[64];

    world_keys(w);
    world_start(w);
    world_await_health(w, "\"trading-bot\":\"OK\"");
    const pid_t engine = world_engine(w);

    assert_int_equal(kill(engine, SIGSTOP), 0);
    assert_int_equal(world_stop(w, SIGKILL), -9);
    world_start(w);
    (void)snprintf(words, sizeof words,
                   "\"SERVICE_EXTERNAL\",\"service\":\"trading-bot\",\"pid\":%d", (int)engine);
    world_await_text(w, "logs/supervisor.jsonl", words, 1);
    assert_int_equal(world_events(w, "TRADING_ENGINE_STARTED"), 1);
    world_await(w, "SERVICE_LEFTOVER_KILLED", 1);
    assert_int_equal(world_wait_end(engine), -9);
    world_await(w, "TRADING_ENGINE_STARTED", 2);
}

static void
test_supervisor_leaves_a_foreign_daemon_alone(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX];

    world_keys(w);
    world_path(w, "state/uw_flow_daemon.lock", path);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_true(dprintf(fd, "pid=%d ts=now\n", (int)getpid()) > 0);
    world_start(w);
    world_await_health(w, "\"uw-daemon\":\"EXTERNAL\"");
    world_await_health(w, "\"overall_status\":\"OK\"");
    assert_int_equal(
        world_count(w, "logs/supervisor.jsonl", "\"SERVICE_START\",\"service\":\"uw-daemon\""), 0);
    (void)close(fd);
    world_await_text(w, "logs/supervisor.jsonl", "\"SERVICE_STARTED\",\"service\":\"uw-daemon\"",
                     1);
}

/* ---- secrets and configuration --------------------------------------------------------------- */

static void
test_supervisor_waits_for_secrets_and_finds_them(void **state)
{
    struct world *w = *state;

    world_env(w, "UW_API_KEY= ");
    world_env(w, "ALPACA_KEY=");
    world_env(w, "ALPACA_SECRET=s3cr3t");
    world_start(w);
    world_await_text(w, "logs/supervisor.jsonl",
                     "\"event\":\"SECRETS_MISSING\",\"missing\":[\"UW_API_KEY\",\"ALPACA_KEY\"]",
                     1);
    world_await(w, "SERVICE_SKIPPED_NO_SECRETS", 2);
    world_await(w, "SUPERVISOR_READY", 1);
    world_await_health(w, "\"overall_status\":\"FAILED\"");
    assert_int_equal(world_events(w, "SERVICE_START"), 0);
    world_write(w, ".env", "UW_API_KEY=key-from-file\nALPACA_KEY=id-from-file\n");
    world_await(w, "TRADING_ENGINE_STARTED", 1);
    world_await_text(w, "keys", "key-from-file", 1);
    assert_int_equal(world_count(w, "logs/supervisor.jsonl", "s3cr3t"), 0);
    assert_int_equal(world_events(w, "SECRETS_MISSING"), 1);
}

static void
test_supervisor_lets_the_file_win_over_the_environment(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, ".env", "UW_API_KEY=key-from-file\n");
    world_start(w);
    world_await_text(w, "keys", "key-from-file", 1);
    assert_int_equal(world_count(w, "keys", "key-from-environment"), 0);
}

static void
test_supervisor_holds_exit_78_until_sighup_or_a_changed_file(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_write(w, "mode", "config");
    world_start(w);
    world_await(w, "SERVICE_HELD_CONFIG", 1);
    world_await_health(w, "\"trading-bot\":\"FAILED\"");
    fake_pause_ms(300); /* as an ordinary failure it would have been started again at once */
    assert_int_equal(world_events(w, "TRADING_ENGINE_STARTED"), 1);
    assert_int_equal(kill(w->sup, SIGHUP), 0);
    world_await(w, "SERVICE_HELD_CONFIG", 2);
    world_write(w, "mode", "run");
    world_write(w, ".env", "RUN_INTERVAL_SEC=30\n");
    world_await(w, "SERVICE_RELEASED", 2);
    world_await(w, "TRADING_ENGINE_STARTED", 3);
    world_await_health(w, "\"trading-bot\":\"OK\"");
}

static void
test_supervisor_keeps_its_settings_when_the_new_ones_are_bad(void **state)
{
    struct world *w = *state;

    world_keys(w);
    world_make_dir(w, "config");
    world_write(w, "config/stockbot.yaml", "RUN_INTERVAL_SEC: 30\n");
    world_start(w);
    world_await(w, "SUPERVISOR_READY", 1);
    world_write(w, "config/stockbot.yaml", "NO_SUCH_SETTING: 1\n");
    assert_int_equal(kill(w->sup, SIGHUP), 0);
    world_await(w, "SUPERVISOR_CONFIG_REJECTED", 1);
    assert_int_equal(kill(world_engine(w), SIGKILL), 0);
    world_await(w, "TRADING_ENGINE_STARTED", 2);
}

/* ---- options --------------------------------------------------------------------------------- */

static void
test_supervisor_exit_codes(void **state)
{
    struct world *w = *state;

    world_keys(w);
    assert_int_equal(world_wait_end(world_spawn(w, "--bogus", NULL)), 2);
    assert_int_equal(world_wait_end(world_spawn(w, "surplus", NULL)), 2);
    assert_int_equal(world_wait_end(world_spawn(w, "--help", NULL)), 0);
    assert_int_equal(world_wait_end(world_spawn(w, "--version", NULL)), 0);
    assert_int_equal(world_wait_end(world_spawn(w, "--config", "/no/such/file.yaml")), 78);
    world_make_dir(w, "config");
    world_write(w, "config/stockbot.yaml", "NO_SUCH_SETTING: 1\n");
    assert_int_equal(world_wait_end(world_spawn(w, NULL, NULL)), 78);
    assert_non_null(strstr(world_read(w, "stderr"), "NO_SUCH_SETTING"));
}

static void
test_supervisor_sends_output_of_children_to_files(void **state)
{
    struct world *w = *state;
    char dir[PATH_MAX];

    world_keys(w);
    world_path(w, "out", dir);
    w->sup = world_spawn(w, "--log-dir", dir);
    world_await(w, "SUPERVISOR_READY", 1);
    world_path(w, "out/trading-bot.out", dir);
    assert_int_equal(access(dir, F_OK), 0);
}

/* ---- the service manager --------------------------------------------------------------------- */

static void
await_datagram(int fd, const char *what)
{
    for (int i = 0; i < 200; i++) {
        char text[512] = "";
        const ssize_t n = recv(fd, text, sizeof text - 1, 0);

        assert_true(n > 0); /* the socket's own time-out */
        if (strstr(text, what) != NULL) return;
    }
    fail_msg("no %s", what);
}

static void
test_supervisor_tells_the_service_manager(void **state)
{
    struct world *w = *state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    static char entry[128];

    world_keys(w);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.60s/notify", w->root);
    (void)snprintf(entry, sizeof entry, "NOTIFY_SOCKET=%s", at.sun_path);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){30, 0}, sizeof(struct timeval)),
        0);
    world_env(w, entry);
    world_env(w, "WATCHDOG_USEC=200000");
    world_start(w);
    await_datagram(fd, "READY=1");
    await_datagram(fd, "trading-bot OK");
    await_datagram(fd, "WATCHDOG=1");
    await_datagram(fd, "WATCHDOG=1");
    assert_int_equal(world_stop(w, SIGTERM), 0);
    await_datagram(fd, "STOPPING=1");
    assert_int_equal(world_count(w, "manager", "inherited"), 0);
    assert_int_equal(world_count(w, "manager", "none"), 1);
    (void)close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_contract_6_1_engine_is_restarted_and_told_of_in_order),
        TEST(test_supervisor_says_where_the_engine_died),
        TEST(test_supervisor_restarts_the_daemon_too),
        TEST(test_supervisor_never_gives_a_crashing_engine_up),
        TEST(test_watchdog_dump_request_may_be_enough),
        TEST(test_watchdog_aborts_a_stalled_engine),
        TEST(test_watchdog_kills_what_does_not_even_abort),
        TEST(test_watchdog_replaces_a_stopped_engine),
        TEST(test_contract_6_2_shutdown_ends_all_and_kills_the_deaf),
        TEST(test_contract_6_2_shutdown_is_quick_when_all_obey),
        TEST(test_supervisor_starts_the_simulator_first_and_stops_it_last),
        TEST(test_contract_1_2_second_supervisor_is_refused),
        TEST(test_supervisor_killed_takes_its_children_along),
        TEST(test_supervisor_ends_a_leftover_engine_after_the_grace_period),
        TEST(test_supervisor_leaves_a_foreign_daemon_alone),
        TEST(test_supervisor_waits_for_secrets_and_finds_them),
        TEST(test_supervisor_lets_the_file_win_over_the_environment),
        TEST(test_supervisor_holds_exit_78_until_sighup_or_a_changed_file),
        TEST(test_supervisor_keeps_its_settings_when_the_new_ones_are_bad),
        TEST(test_supervisor_exit_codes),
        TEST(test_supervisor_sends_output_of_children_to_files),
        TEST(test_supervisor_tells_the_service_manager),
    };
    const int as_program = argc > 0 ? fake_main(argv[0]) : -1;

    return as_program >= 0 ? as_program : cmocka_run_group_tests(tests, NULL, NULL);
}

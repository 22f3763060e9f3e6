/*
 * Clauses of the contract that hold for whole programs and for the source tree.
 */
#include "tests/lib/check.h"

#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/lib/tmpdir.h"

/* ---- programs ---- */

static const char *
program(const char *name, char path[256])
{
    const char *build = getenv("STOCKBOT_BUILD");

    (void)snprintf(path, 256, "%s/%s", build != NULL ? build : "build", name);
    return path;
}

/* Starts a program with its output in <dir>/<name>.out; it dies with us. */
static pid_t
start(const struct tmpdir *dir, const char *name, const char *const extra[], const char *out)
{
    const char *argv[12] = {NULL};
    char path[256];
    size_t n = 0;

    argv[n++] = program(name, path);
    argv[n++] = "--root";
    argv[n++] = dir->path;
    for (size_t i = 0; extra != NULL && extra[i] != NULL && n < 11; i++)
        argv[n++] = extra[i];
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (freopen(tmpdir_path(dir, out), "w", stderr) == NULL || dup2(2, 1) < 0) _exit(99);
    char *args[12];
    memcpy(args, argv, sizeof(args));
    (void)execv(path, args);
    _exit(98);
}

static int
finish(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
pause_ms(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&t, NULL);
}

/* A broker and a vendor that nobody listens for, and a day at two thousand times its speed. */
static int
set_up(void **state)
{
    static const char *const HOSTS[] = {"ALPACA_BASE_URL", "ALPACA_DATA_URL", "UW_BASE_URL"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(HOSTS); i++)
        (void)setenv(HOSTS[i], "http://127.0.0.1:9", 1);
    (void)setenv("ALPACA_KEY", "demo-key", 1);
    (void)setenv("ALPACA_SECRET", "demo-secret", 1);
    (void)setenv("UW_API_KEY", "demo-uw-key", 1);
    (void)setenv("STOCKBOT_CLOCK", "2026-01-30T15:00:00Z@2000", 1);
    (void)setenv("RUN_INTERVAL_SEC", "60", 1);
    (void)setenv("SIMULATE_MARKET_OPEN", "true", 1);
    (void)unsetenv("STOCKBOT_PROGRESS_FD");
    return 0;
}

static bool
file_has(const struct tmpdir *dir, const char *name, const char *needle)
{
    CLEANUP(text_free) struct text bytes = {0};

    check_read_file(tmpdir_path(dir, name), &bytes);
    return strstr(text_str(&bytes), needle) != NULL;
}

static bool
wait_for(const struct tmpdir *dir, const char *name, const char *needle)
{
    for (int i = 0; i < 500; i++) {
        if (file_has(dir, name, needle)) return true;
        pause_ms(20);
    }
    return false;
}

static size_t
count_lines(const struct tmpdir *dir, const char *name)
{
    CLEANUP(text_free) struct text bytes = {0};
    size_t n = 0;

    check_read_file(tmpdir_path(dir, name), &bytes);
    for (size_t i = 0; i < bytes.len; i++)
        n += bytes.data[i] == '\n';
    return n;
}

static void
test_contract_1_1_unsupervised_engine_refuses(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    assert_int_equal(finish(start(&dir, "trading_engine", NULL, "out")), 2);
    assert_true(file_has(&dir, "out", "--standalone"));
    assert_int_equal(count_lines(&dir, "logs/run.jsonl"), 0);
}

static void
test_contract_1_2_second_engine_is_refused(void **state)
{
    static const char *const ALONE[] = {"--standalone", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char pid_text[32];

    (void)state;
    pid_t first = start(&dir, "trading_engine", ALONE, "first");
    assert_true(wait_for(&dir, "state/engine.lock", "pid="));
    assert_int_equal(finish(start(&dir, "trading_engine", ALONE, "second")), 1);
    (void)snprintf(pid_text, sizeof(pid_text), "pid %d", (int)first);
    assert_true(file_has(&dir, "second", pid_text));
    assert_int_equal(kill(first, SIGTERM), 0);
    assert_int_equal(finish(first), 0);
}

/* Takes connections and says nothing: a request waits until it is given up. */
static int
silent_server(char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    assert_true(listen(fd, 64) == 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    (void)snprintf(url, 64, "http://127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

/* R1.27: asked to end while a request hangs, it says so and is gone after 8 s, before the
 * supervisor's 10 s are over. */
static void
test_engine_ends_in_time_though_the_broker_is_silent(void **state)
{
    static const char *const ALONE[] = {"--standalone", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct timespec before, after;
    char url[64];

    int fd = silent_server(url);
    (void)setenv("ALPACA_BASE_URL", url, 1);
    (void)setenv("ALPACA_DATA_URL", url, 1);
    pid_t engine = start(&dir, "trading_engine", ALONE, "out");
    (void)set_up(state);
    struct pollfd first = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&first, 1, 20000), 1); /* it asks, and waits for the answer */
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(kill(engine, SIGTERM), 0);
    assert_true(wait_for(&dir, "logs/system_events.jsonl", "\"shutdown_signal\""));
    assert_int_equal(finish(engine), 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < 10);
    assert_int_equal(close(fd), 0);
}

static void
test_contract_2_1_cycle_goes_on_without_a_broker(void **state)
{
    static const char *const THREE[] = {"--standalone", "--cycles", "3", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    assert_int_equal(finish(start(&dir, "trading_engine", THREE, "out")), 0);
    assert_int_equal(count_lines(&dir, "logs/run.jsonl"), 3);
    assert_true(file_has(&dir, "logs/run.jsonl", "\"engine_status\":\"degraded\""));
    assert_true(file_has(&dir, "logs/run.jsonl", "\"rung\":\"reconcile_only\""));
    assert_true(file_has(&dir, "state/bot_heartbeat.json", "\"iter_count\":3"));
    assert_true(file_has(&dir, "logs/system_events.jsonl", "\"exception\""));
}

static void
test_contract_4_4_no_candidates_are_explained(void **state)
{
    static const char *const ONE[] = {"--standalone", "--cycles", "1", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    assert_int_equal(mkdir(tmpdir_path(&dir, "data"), 0700), 0);
    tmpdir_write(&dir, "data/uw_flow_cache.json",
                 "{\"AAPL\":{\"sentiment\":\"NEUTRAL\",\"conviction\":0.0}}");
    assert_int_equal(finish(start(&dir, "trading_engine", ONE, "out")), 0);
    assert_true(file_has(&dir, "logs/run.jsonl", "\"clusters\":0"));
    assert_true(file_has(&dir, "logs/uw_cache.jsonl", "uw_cache_no_candidates"));
    assert_true(file_has(&dir, "logs/gate_diagnostic.jsonl", "\"symbol\":\"AAPL\""));
}

static void
test_contract_4_9_second_daemon_says_so_and_ends(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    pid_t first = start(&dir, "uw_flow_daemon", NULL, "first");
    assert_true(wait_for(&dir, "state/uw_flow_daemon.lock", "pid="));
    assert_int_equal(finish(start(&dir, "uw_flow_daemon", NULL, "second")), 0);
    assert_true(file_has(&dir, "second", "Another instance is already running"));
    assert_true(file_has(&dir, "logs/system_events.jsonl", "\"uw_flow_daemon_already_running\""));
    assert_int_equal(kill(first, SIGTERM), 0);
    assert_int_equal(finish(first), 0);
}

/* ---- the source tree ---- */

struct scan {
    const char *needle;
    const char *allowed; /* names of files that may have it, each between blanks */
    int found;
};
static struct scan scan; /* nftw has no argument for it */

static int
scan_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    CLEANUP(text_free) struct text bytes = {0};
    char name[300];

    (void)st;
    (void)ftw;
    if (type != FTW_F || !(str_ends(path, ".c") || str_ends(path, ".h"))) return 0;
    check_read_file(path, &bytes);
    if (strstr(text_str(&bytes), scan.needle) == NULL) return 0;
    (void)snprintf(name, sizeof(name), " %s ", path);
    if (strstr(scan.allowed, name) != NULL) return 0;
    printf("%s has %s\n", path, scan.needle);
    scan.found++;
    return 0;
}

static int
product_has(const char *needle, const char *allowed)
{
    static const char *const FOLDERS[] = {"base",       "model",    "config", "strategy",  "io",
                                          "state",      "uwclient", "broker", "telemetry", "engine",
                                          "supervisor", "sim",      "scripts"};

    scan = (struct scan){.needle = needle, .allowed = allowed};
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++)
        assert_int_equal(nftw(FOLDERS[i], scan_file, 8, FTW_PHYS), 0);
    return scan.found;
}

static void
test_contract_1_2_nobody_else_starts_programs(void **state)
{
    (void)state;
    assert_int_equal(product_has("child_spawn(",
                                 " io/child.c io/child.h io/systemd.c supervisor/spawn.c "
                                 "scripts/demo/demo_stage.c scripts/demo/demo_chaos.c "
                                 "scripts/step.c " /* runners of stockbot, and ssh: no engine */
                                 "scripts/install_uw_flow_daemon_systemd.c "), /* systemctl */
                     0);
    assert_int_equal(product_has("popen(", " "), 0);
    assert_int_equal(product_has("execv", " io/child.c "), 0);
    assert_int_equal(product_has("pthread_create", " "), 0);
}

static void
test_contract_1_3_no_code_runs_before_main(void **state)
{
    (void)state;
    assert_int_equal(product_has("constructor)", " "), 0);
    assert_int_equal(product_has(".init_array", " "), 0);
}

static void
test_contract_4_1_one_path_for_the_flow_cache(void **state)
{
    (void)state;
    /* Whoever means the cache says its one path; other names of it stand nowhere. */
    assert_int_equal(product_has("\"uw_flow_cache.json\"", " "), 0);
    assert_int_equal(product_has("state/uw_flow_cache.json", " "), 0);
    assert_int_equal(product_has("logs/uw_flow_cache.json", " "), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_1_1_unsupervised_engine_refuses),
        cmocka_unit_test(test_contract_1_2_second_engine_is_refused),
        cmocka_unit_test(test_engine_ends_in_time_though_the_broker_is_silent),
        cmocka_unit_test(test_contract_2_1_cycle_goes_on_without_a_broker),
        cmocka_unit_test(test_contract_4_4_no_candidates_are_explained),
        cmocka_unit_test(test_contract_4_9_second_daemon_says_so_and_ends),
        cmocka_unit_test(test_contract_1_2_nobody_else_starts_programs),
        cmocka_unit_test(test_contract_1_3_no_code_runs_before_main),
        cmocka_unit_test(test_contract_4_1_one_path_for_the_flow_cache),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}

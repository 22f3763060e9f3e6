/*
 * uw_flow_daemon as a process: one instance a root, signals, exit codes (contract 4.9; spec
 * 20 3.1, 3.2).
 */
#include "tests/lib/check.h"
#include "base/json.h"
#include "tests/lib/http_server.h"
#include "tests/lib/seams.h"

#include <dirent.h>
#include <limits.h>

#define LOCK_PATH  "state/uw_flow_daemon.lock"
#define CACHE_PATH "data/uw_flow_cache.json"

enum {
    WAIT_MS = 20000, /* for something that takes milliseconds on a machine at rest */
    STOP_MS_MAX = 2000
};

struct bed {
    struct test_root root;
    char program[PATH_MAX];
    const char
        *base_url; /* of a server to ask; NULL: mock mode, which needs no network and no key */
};

/* The program of the build this test is part of: <build>/tests/uwclient/test_program. */
static void
bed_make(struct bed *b)
{
    char self[PATH_MAX - 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    assert_true(n > 0);
    self[n] = '\0';
    for (int up = 0; up < 3; up++)
        *strrchr(self, '/') = '\0';
    (void)snprintf(b->program, sizeof b->program, "%s/uw_flow_daemon", self);
    b->base_url = NULL;
    test_root_make(&b->root);
    if (access(b->program, X_OK) == 0) return;
    test_root_remove(&b->root);
    printf("skipped: %s is not built\n", b->program);
    skip();
}

static pid_t
spawn(const struct bed *b, const char *option, const char *errors)
{
    (void)fflush(NULL); /* the child must not say it again */
    pid_t child = fork();

    assert_true(child >= 0);
    if (child > 0) return child;
    (void)setenv("UW_MOCK", b->base_url != NULL ? "false" : "true", 1);
    if (b->base_url != NULL) {
        (void)setenv("UW_BASE_URL", b->base_url, 1);
        (void)setenv("UW_API_KEY", "k3y-of-a-test", 1);
    }
    (void)setenv("TICKERS", "ACME,ZETA", 1);
    (void)unsetenv("STOCKBOT_CLOCK");
    (void)unsetenv("STOCKBOT_CONFIG");
    (void)unsetenv("NOTIFY_SOCKET");
    if (freopen(errors, "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL)
        _exit(99);
    (void)execl(b->program, "uw_flow_daemon", "--root", b->root.path, option, (char *)NULL);
    _exit(98);
}

static int64_t
now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
holds_lock(const struct bed *b, pid_t pid)
{
    char want[32];
    char *line = test_read(&b->root, LOCK_PATH);

    (void)snprintf(want, sizeof want, "pid=%d ", (int)pid);
    bool is_held = line != NULL && strncmp(line, want, strlen(want)) == 0;
    free(line);
    return is_held && test_exists(&b->root, CACHE_PATH);
}

static void
wait_until_running(const struct bed *b, pid_t pid)
{
    for (int64_t end = now_ms() + WAIT_MS; now_ms() < end; (void)usleep(5000)) {
        if (holds_lock(b, pid)) return;
    }
    fail_msg("process %d did not start to poll", (int)pid);
}

static int
exit_status(pid_t pid)
{
    int status = 0;

    for (int64_t end = now_ms() + WAIT_MS; now_ms() < end; (void)usleep(2000)) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return -1;
}

static void
test_contract_4_9_a_second_instance_leaves_at_once(void **state)
{
    struct bed b;
    char errors[128];

    (void)state;
    bed_make(&b);
    (void)snprintf(errors, sizeof errors, "%s/errors", b.root.path);
    pid_t first = spawn(&b, NULL, "/dev/null");
    wait_until_running(&b, first);
    char *before = test_read(&b.root, LOCK_PATH);
    pid_t second = spawn(&b, NULL, errors);
    assert_int_equal(exit_status(second), 0);
    char *after = test_read(&b.root, LOCK_PATH);
    assert_string_equal(before, after); /* the lock file is the first one's */
    char *said = test_read(&b.root, "errors");
    assert_non_null(strstr(said, "Another instance is already running"));
    char *events = test_read(&b.root, "logs/system_events.jsonl");
    char want[128];
    (void)snprintf(want, sizeof want, "\"details\":{\"pid\":%d,\"holder_pid\":%d}", (int)second,
                   (int)first);
    assert_non_null(strstr(events, "\"event_type\":\"uw_flow_daemon_already_running\""));
    assert_non_null(strstr(events, want));
    assert_int_equal(kill(first, SIGTERM), 0);
    assert_int_equal(exit_status(first), 0);
    free(before);
    free(after);
    free(said);
    free(events);
    test_root_remove(&b.root);
}

static void
test_contract_4_9_a_killed_one_leaves_no_lock_behind(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    for (int i = 0; i < 3; i++) {
        pid_t pid = spawn(&b, NULL, "/dev/null");
        wait_until_running(&b, pid);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(exit_status(pid), 1000 + SIGKILL);
    }
    test_root_remove(&b.root);
}

/* From the first instant to the middle of polling: exit 0 within two seconds, and nothing half
 * written. */
static void
test_program_stops_in_order_at_any_moment(void **state)
{
    struct rng rng = check_rng("stops_in_order_at_any_moment");
    struct bed b;

    (void)state;
    bed_make(&b);
    for (int i = 0; i < 12; i++) {
        pid_t pid = spawn(&b, NULL, "/dev/null");
        if (i % 3 == 0) wait_until_running(&b, pid);
        (void)usleep((useconds_t)(20000 + rng_below(&rng, 80000))); /* the handlers stand by then */
        int64_t asked_ms = now_ms();
        assert_int_equal(kill(pid, i % 2 == 0 ? SIGTERM : SIGINT), 0);
        int status = exit_status(pid);
        if (status != 0 && status != 1000 + SIGTERM && status != 1000 + SIGINT)
            fail_msg("status %d", status);
        if (i % 3 == 0) assert_int_equal(status, 0);
        assert_true(now_ms() - asked_ms < STOP_MS_MAX);
        char *cache = test_read(&b.root, CACHE_PATH);
        if (cache != NULL) {
            struct json *doc = NULL;
            assert_int_equal(
                json_parse(cache, strlen(cache), JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL),
                RC_OK);
            if (i % 3 == 0)
                assert_string_equal(json_str(json_get(doc, "_metadata"), "status", ""), "stopped");
            json_free(doc);
        }
        free(cache);
    }
    test_root_remove(&b.root);
}

/* No line of the log is an error, none is torn. */
static void
check_events(const struct bed *b, const char *what)
{
    char *events = test_read(&b->root, "logs/system_events.jsonl");

    assert_non_null(events);
    if (strstr(events, "\"ERROR\"") != NULL || strstr(events, "\"CRITICAL\"") != NULL)
        fail_msg("%s: %s", what, events);
    if (strstr(events, "\"uw_flow_daemon_stopped\"") == NULL) fail_msg("%s: %s", what, events);
    assert_int_equal(events[strlen(events) - 1], '\n');
    for (char *at = events, *line; (line = strsep(&at, "\n")) != NULL && *line != '\0';) {
        struct json *doc = NULL;
        if (json_parse(line, strlen(line), JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL) != RC_OK)
            fail_msg("%s: %s", what, line);
        json_free(doc);
    }
    free(events);
}

/* Every document of the folder is whole, and nothing lies beside them that was being written. */
static void
check_folder(const struct bed *b, const char *what, const char *folder)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", b->root.path, folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t len = strlen(e->d_name);
        if (strstr(e->d_name, ".tmp") != NULL || strstr(e->d_name, ".corrupted.") != NULL)
            fail_msg("%s: %s", what, e->d_name);
        if (len < 6 || strcmp(e->d_name + len - 5, ".json") != 0) continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        char *text = test_read(&b->root, path);
        struct json *doc = NULL;
        assert_non_null(text);
        if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL) != RC_OK)
            fail_msg("%s: %s: %s", what, path, text);
        json_free(doc);
        free(text);
    }
    (void)closedir(dir);
}

/* What was given up is asked again at the next start, and stands in no log as a failure. */
static void
check_nobody_is_blamed(const struct bed *b, const char *what)
{
    char *events = test_read(&b->root, "logs/system_events.jsonl");
    char *poller = test_read(&b->root, "state/smart_poller.json");

    if (strstr(events, "\"fallback_returned\"") != NULL) fail_msg("%s: %s", what, events);
    if (test_exists(&b->root, "data/uw_flow_cache.log.jsonl")) fail_msg("%s: API log", what);
    assert_non_null(poller);
    if (strstr(poller, "\"errors\":1") != NULL) fail_msg("%s: %s", what, poller);
    free(events);
    free(poller);
}

static void
stop_in_the_middle(const char *what, const struct reply *reply, int seen_min)
{
    struct http_server *server = http_server_start(reply, 1);
    struct bed b;

    bed_make(&b);
    b.base_url = http_server_url(server, "");
    pid_t pid = spawn(&b, NULL, "/dev/null");
    int64_t end = now_ms() + WAIT_MS;
    while ((int)http_server_seen(server) < seen_min && now_ms() < end)
        (void)usleep(2000);
    if ((int)http_server_seen(server) < seen_min) fail_msg("%s: no request", what);
    (void)usleep(50000); /* the answer's first bytes are under way */
    int64_t asked_ms = now_ms();
    assert_int_equal(kill(pid, SIGTERM), 0);
    int status = exit_status(pid);
    if (status != 0) fail_msg("%s: status %d", what, status);
    if (now_ms() - asked_ms >= STOP_MS_MAX)
        fail_msg("%s: %lld ms", what, (long long)(now_ms() - asked_ms));
    check_events(&b, what);
    check_folder(&b, what, "state");
    check_folder(&b, what, "data");
    char *cache = test_read(&b.root, CACHE_PATH);
    assert_non_null(strstr(cache, "\"status\":\"stopped\""));
    free(cache);
    if (reply->status == 0 && reply->how != REPLY_RESET) check_nobody_is_blamed(&b, what);
    test_root_remove(&b.root);
    http_server_stop(server);
}

/* A request that is given up because the daemon is asked to end is no failure of anybody. */
static void
test_contract_4_9_a_stop_in_the_middle_of_a_request_is_no_error(void **state)
{
    static const struct {
        const char *what;
        struct reply reply;
        int seen; /* requests before the signal */
    } cases[] = {
        {"no answer yet",        {.how = REPLY_SILENT},                                                 1},
        {"a slow body",          {.how = REPLY_DRIP, .body = "{\"data\": [          ", .drip_ms = 100}, 1},
        {"a late answer",        {.how = REPLY_WHOLE, .body = "{\"data\":[]}", .delay_ms = 5000},       1},
        {"between two attempts", {.how = REPLY_WHOLE, .status = 503, .body = "{}"},                     1},
        {"after the second",     {.how = REPLY_RESET},                                                  2},
        {"asked to come later",
         {.how = REPLY_WHOLE, .status = 503, .headers = "Retry-After: 9\r\n", .body = "{}"},
         1                                                                                               },
        {"too many",             {.how = REPLY_WHOLE, .status = 429, .body = "{}"},                     1},
        {"one after the other",  {.how = REPLY_WHOLE, .body = "{\"data\":[]}"},                         3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        stop_in_the_middle(cases[i].what, &cases[i].reply, cases[i].seen);
}

static void
test_program_exit_codes(void **state)
{
    static const struct {
        const char *option;
        int want;
    } cases[] = {
        {"--help",           0},
        {"--version",        0},
        {"--once",           0},
        {"--no-such-option", 2},
        {"operand",          2}
    };
    struct bed b;

    (void)state;
    bed_make(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int status = exit_status(spawn(&b, cases[i].option, "/dev/null"));
        if (status != cases[i].want) fail_msg("%s: %d", cases[i].option, status);
    }
    test_write(&b.root, "config/stockbot.yaml", "NO_SUCH_SETTING: 1\n", 19);
    assert_int_equal(exit_status(spawn(&b, "--once", "/dev/null")), 78);
    test_root_remove(&b.root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_9_a_second_instance_leaves_at_once),
        cmocka_unit_test(test_contract_4_9_a_killed_one_leaves_no_lock_behind),
        cmocka_unit_test(test_program_stops_in_order_at_any_moment),
        cmocka_unit_test(test_contract_4_9_a_stop_in_the_middle_of_a_request_is_no_error),
        cmocka_unit_test(test_program_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

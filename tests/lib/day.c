#include "tests/lib/day.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/http.h"
#include "io/clock.h"
#include "io/http.h"
#include "tests/lib/check.h"
#include "tests/lib/http_server.h"

#define DEFAULT_START "2026-01-30T14:25:00Z"
#define STOP_S        20.0 /* an orderly end, on a busy machine */

enum { TAIL_LINES = 20, LINE_SHOWN = 300 };

/* ---- time ---------------------------------------------------------------------------------- */

int64_t
day_mono_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t
day_now_ns(const struct day *d)
{
    return d->start_ns + (day_mono_ns() - d->anchor_ns) * d->speed;
}

void
day_pause_ms(int64_t ms)
{
    (void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * NS_PER_MS}, NULL);
}

/* ---- the environment ----------------------------------------------------------------------- */

static void
env_put(struct day *d, const char *entry)
{
    size_t name_len = strcspn(entry, "=") + 1;

    for (size_t i = 0; i < d->env_len; i++) {
        if (strncmp(d->env[i], entry, name_len) != 0) continue;
        free(d->env[i]);
        d->env[i] = strdup(entry);
        return;
    }
    assert_true(d->env_len < DAY_ENV_MAX);
    d->env[d->env_len++] = strdup(entry);
    d->env[d->env_len] = NULL;
}

static void PRINTF_LIKE(2, 3) env_printf(struct day *d, const char *fmt, ...)
{
    char entry[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(entry, sizeof(entry), fmt, args);
    va_end(args);
    env_put(d, entry);
}

/* Only what a child cannot do without comes from outside: no setting of the person who runs the
 * test. */
static void
env_begin(struct day *d, const struct day_options *opt)
{
    static const char *const KEPT[] = {"PATH",         "HOME",          "TMPDIR",
                                       "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};

    for (size_t i = 0; i < COUNT_OF(KEPT); i++)
        if (getenv(KEPT[i]) != NULL) env_printf(d, "%s=%s", KEPT[i], getenv(KEPT[i]));
    env_printf(d, "STOCKBOT_CLOCK=%s@%d#%lld", opt->start != NULL ? opt->start : DEFAULT_START,
               d->speed, (long long)d->anchor_ns);
    env_printf(d, "STOCKBOT_ROOT=%s", d->root);
    env_put(d, "ALPACA_KEY=demo-key");
    env_put(d, "ALPACA_SECRET=demo-secret");
    env_put(d, "UW_API_KEY=demo-uw-key");
    for (size_t i = 0; opt->env != NULL && opt->env[i] != NULL; i++)
        env_put(d, opt->env[i]);
}

static void
env_urls(struct day *d)
{
    env_printf(d, "ALPACA_BASE_URL=http://127.0.0.1:%d", d->port);
    env_printf(d, "ALPACA_DATA_URL=http://127.0.0.1:%d", d->port);
    env_printf(d, "UW_BASE_URL=http://127.0.0.1:%d", d->port);
}

/* ---- processes ----------------------------------------------------------------------------- */

static NORETURN void
be_program(const struct day *d, const char *const *argv, const char *output, pid_t parent)
{
    char program[DAY_PATH_MAX];
    int fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0644);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* To root, too, a file without permissions shall be one. */
    (void)prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
    (void)prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
    if (getppid() != parent || fd < 0) _exit(126);
    (void)signal(SIGPIPE, SIG_DFL); /* the HTTP client of the test ignores it */
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    (void)snprintf(program, sizeof(program), "%s/%s", d->build, argv[0]);
    char *args[24] = {program};
    for (size_t i = 1; argv[i] != NULL && i + 1 < COUNT_OF(args); i++)
        args[i] = strdup(argv[i]);
    (void)execve(program, args, d->env);
    _exit(127);
}

pid_t
day_spawn(struct day *d, const char *const *argv, const char *output)
{
    char path[2 * DAY_PATH_MAX];
    pid_t parent = getpid();

    (void)snprintf(path, sizeof(path), "%s/%s", d->dir, output);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) be_program(d, argv, path, parent);
    if (pid < 0) day_fail(d, "fork: %s", strerror(errno));
    return pid;
}

void
day_reap(struct day *d)
{
    int status = 0;
    pid_t pid = 0;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == d->sup) {
            d->sup = 0;
            d->sup_status = status;
        }
        if (pid == d->sim) d->sim = 0;
    }
}

int
day_wait_pid(struct day *d, pid_t pid, double seconds)
{
    int64_t until_ns = day_mono_ns() + (int64_t)(seconds * (double)NS_PER_S);
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (day_mono_ns() > until_ns)
            day_fail(d, "process %ld still runs after %g s", (long)pid, seconds);
        day_pause_ms(5);
    }
    return status;
}

void
day_start_sim(struct day *d)
{
    char port_file[2 * DAY_PATH_MAX], seed[32], port[16];
    const char *argv[] = {"market_sim", "--port-file", port_file,  "--seed",  seed,
                          "--port",     port,          "--faults", d->faults, NULL};

    (void)snprintf(port_file, sizeof(port_file), "%s/port", d->dir);
    (void)snprintf(seed, sizeof(seed), "%llu", (unsigned long long)d->seed);
    (void)snprintf(port, sizeof(port), "%d", d->port);
    (void)unlink(port_file);
    d->sim = day_spawn(d, argv, "sim.out");
    DAY_WAIT(d, 30, access(port_file, R_OK) == 0 || d->sim == 0);
    if (d->sim == 0) day_fail(d, "market_sim did not start");
    CLEANUP(text_free) struct text text = {0};
    check_read_file(port_file, &text);
    d->port = (int)strtol(text_str(&text), NULL, 10);
    DAY_CHECK(d, d->port > 0);
}

void
day_start_supervisor(struct day *d)
{
    d->sup = day_spawn(d, (const char *const[]){"deploy_supervisor", NULL}, "sup.out");
}

void
day_begin(struct day *d, const struct day_options *opt)
{
    const char *base = getenv("TMPDIR");
    const char *build = getenv("STOCKBOT_BUILD");

    *d = (struct day){.build = build != NULL ? build : "build",
                      .speed = opt->speed > 0 ? opt->speed : 200,
                      .seed = opt->seed > 0 ? opt->seed : 1};
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)snprintf(d->dir, sizeof(d->dir), "%s/stockbot-day.XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(d->dir));
    (void)chmod(d->dir, 0755);
    (void)snprintf(d->root, sizeof(d->root), "%.*s/root", DAY_PATH_MAX - 8, d->dir);
    if (opt->faults != NULL) (void)str_copy(d->faults, sizeof(d->faults), opt->faults);
    d->start_ns = when_parse_or_none(opt->start != NULL ? opt->start : DEFAULT_START);
    d->anchor_ns = day_mono_ns();
    env_begin(d, opt);
    if (opt->without_sim)
        d->port = http_closed_port();
    else
        day_start_sim(d);
    env_urls(d);
    if (!opt->without_supervisor) day_start_supervisor(d);
}

struct last_start {
    const char *service;
    pid_t pid;
};

static void
note_start(void *ctx, const struct json *line)
{
    struct last_start *last = ctx;

    if (str_eq(json_str(line, "event", ""), "SERVICE_STARTED") &&
        str_eq(json_str(line, "service", ""), last->service))
        last->pid = (pid_t)json_i64(line, "pid", 0);
}

pid_t
day_pid(struct day *d, enum day_who who)
{
    struct last_start last = {.service = who == DAY_ENGINE ? "trading-bot" : "uw-daemon"};

    day_reap(d);
    if (who == DAY_SIM) return d->sim;
    if (who == DAY_SUPERVISOR) return d->sup;
    day_each(d, "logs/supervisor.jsonl", note_start, &last);
    return last.pid > 0 && kill(last.pid, 0) == 0 ? last.pid : 0;
}

void
day_kill(struct day *d, enum day_who who)
{
    pid_t pid = day_pid(d, who);

    if (pid <= 0) return;
    (void)kill(pid, SIGKILL);
    DAY_WAIT(d, 5, kill(pid, 0) != 0);
}

void
day_write(struct day *d, const char *name, const char *bytes, size_t len)
{
    char part[2 * DAY_PATH_MAX];

    (void)snprintf(part, sizeof(part), "%s.new", day_path(d, name));
    FILE *f = fopen(part, "we");
    if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0 ||
        rename(part, day_path(d, name)) != 0)
        day_fail(d, "%s: %s", name, strerror(errno));
}

void
day_freeze(struct day *d)
{
    static const char FREEZE[] = "{\"end_of_test\": true}\n";

    day_write(d, "state/governor_freezes.json", FREEZE, sizeof(FREEZE) - 1);
    DAY_WAIT(d, 30, str_eq(day_heartbeat(d).rung, "exits_only"));
}

static void
expect_end(struct day *d, pid_t *pid, const char *name)
{
    if (*pid == 0) day_fail(d, "%s is not running", name);
    (void)kill(*pid, SIGTERM);
    int status = day_wait_pid(d, *pid, STOP_S);
    *pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        day_fail(d, "%s ended with status %#x", name, (unsigned)status);
}

void
day_stop(struct day *d)
{
    expect_end(d, &d->sup, "deploy_supervisor");
}

/* ---- the end ------------------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    (void)remove(path); /* what stays is seen in the temporary folder */
    return 0;
}

/* Our children, and orphans that were handed to us. */
static void
kill_children(void)
{
    char path[64];
    CLEANUP(text_free) struct text list = {0};

    (void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)getpid(),
                   (long)getpid());
    check_read_file(path, &list);
    text_putc(&list, '\0'); /* a list of nobody is a text too */
    for (char *save = NULL, *word = strtok_r(list.data, " \n", &save); word != NULL;
         word = strtok_r(NULL, " \n", &save))
        (void)kill((pid_t)strtol(word, NULL, 10), SIGKILL);
}

/* Said by the hundred, and seldom what a test fails of. */
static bool
is_chatter(const char *line, size_t len)
{
    static const char *const WORDS[] = {
        "\"uw_call\"",      "\"subsystem\":\"gate\"", "\"subsystem\":\"sizing\"", "counter_signal",
        "cluster_creation", "\"cache_mode\"",         "market_regime\",",         "checks_passed"};

    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (memmem(line, len, WORDS[i], strlen(WORDS[i])) != NULL) return true;
    return false;
}

/* The last lines, each cut after LINE_SHOWN characters. */
static void
show_tail(const char *title, const char *path)
{
    const char *shown[TAIL_LINES] = {0};
    size_t n = 0;
    CLEANUP(text_free) struct text all = {0};

    check_read_file(path, &all);
    (void)printf("---- %s (%zu bytes)\n", title, all.len);
    for (const char *line = text_str(&all); *line != '\0';
         line += strcspn(line, "\n"), line += *line == '\n')
        if (!is_chatter(line, strcspn(line, "\n"))) shown[n++ % TAIL_LINES] = line;
    for (size_t i = n > TAIL_LINES ? n - TAIL_LINES : 0; i < n; i++) {
        const char *line = shown[i % TAIL_LINES];
        size_t len = strcspn(line, "\n");

        (void)printf("%.*s%s\n", (int)MIN(len, (size_t)LINE_SHOWN), line,
                     len > LINE_SHOWN ? " …" : "");
    }
}

static void
show_logs(const struct day *d)
{
    static const char *const LOGS[] = {"sim.out",
                                       "sup.out",
                                       "root/logs/supervisor.jsonl",
                                       "root/logs/system_events.jsonl",
                                       "root/logs/run.jsonl",
                                       "root/state/bot_heartbeat.json",
                                       "root/state/health.json"};

    (void)printf("---- the day in %s, market seed %llu\n", d->root, (unsigned long long)d->seed);
    for (size_t i = 0; i < COUNT_OF(LOGS); i++) {
        char path[2 * DAY_PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/%s", d->dir, LOGS[i]);
        show_tail(LOGS[i], path);
    }
    (void)printf("\n");
    (void)fflush(stdout);
}

void
day_end(struct day *d, bool passed)
{
    if (d->is_over) return;
    d->is_over = true;
    if (!passed) show_logs(d);
    for (int i = 0; i < 400; i++) { /* a killed supervisor leaves us its children a moment later */
        kill_children();
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD) break;
        day_pause_ms(5);
    }
    for (size_t i = 0; i < d->env_len; i++)
        free(d->env[i]);
    if (!passed && getenv("TEST_KEEP") != NULL) return;
    (void)nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
day_doing(struct day *d, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(d->doing, sizeof(d->doing), fmt, args);
    va_end(args);
}

void
day_fail_at(struct day *d, const char *file, int line, const char *fmt, ...)
{
    char words[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    day_end(d, false);
    (void)printf("%s:%d: %s%s%s\n", file, line, d->doing, d->doing[0] != '\0' ? ": " : "", words);
    (void)fflush(stdout);
    _fail(file, line);
    abort(); /* not reached: cmocka leaves the test */
}

/* ---- looking ------------------------------------------------------------------------------- */

const char *
day_path(const struct day *d, const char *name)
{
    static char ring[16][2 * DAY_PATH_MAX];
    static size_t next;
    char *path = ring[next++ % COUNT_OF(ring)];

    (void)snprintf(path, sizeof(ring[0]), "%s/%s", d->root, name);
    return path;
}

bool
day_read(const struct day *d, const char *name, struct text *ret_bytes)
{
    const char *path = day_path(d, name);

    text_clear(ret_bytes);
    if (access(path, F_OK) != 0) return false;
    check_read_file(path, ret_bytes);
    return true;
}

struct json *
day_json(const struct day *d, const char *name)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct json *doc = NULL;
    struct err err = {0};

    if (!day_read(d, name, &bytes)) return NULL;
    if (json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) !=
        RC_OK)
        return NULL;
    return doc;
}

struct day_heartbeat
day_heartbeat(const struct day *d)
{
    CLEANUP(json_freep) struct json *doc = day_json(d, "state/bot_heartbeat.json");
    struct day_heartbeat h = {.is_there = doc != NULL};

    h.pid = (pid_t)json_i64(doc, "pid", 0);
    h.epoch = json_i64(doc, "epoch", 0);
    h.iter = json_i64(doc, "iter_count", 0);
    h.at_s = json_i64(doc, "last_heartbeat_ts", 0);
    (void)str_copy(h.rung, sizeof(h.rung), json_str(doc, "rung", ""));
    (void)str_copy(h.reason, sizeof(h.reason), json_str(doc, "rung_reason", ""));
    (void)str_copy(h.status, sizeof(h.status), json_str(doc, "engine_status", ""));
    return h;
}

static bool
has_all(const char *line, size_t len, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (memmem(line, len, words[i], strlen(words[i])) == NULL) return false;
    return true;
}

int
day_lines_of(const struct day *d, const char *name, const char *const *words)
{
    CLEANUP(text_free) struct text log = {0};
    int n = 0;

    if (!day_read(d, name, &log)) return 0;
    for (const char *line = text_str(&log), *end; (end = strchr(line, '\n')) != NULL;
         line = end + 1)
        n += has_all(line, (size_t)(end - line), words);
    return n;
}

int
day_events(const struct day *d, const char *event_type, const char *word)
{
    char type[128];

    (void)snprintf(type, sizeof(type), "\"event_type\":\"%s\"", event_type);
    return day_lines(d, "logs/system_events.jsonl", type, word != NULL ? word : type);
}

void
day_each_new(const struct day *d, const char *name, int64_t *offset,
             void (*each)(void *ctx, const char *line), void *ctx)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(day_path(d, name), "re");

    if (f == NULL) return;
    ssize_t len = fseeko(f, *offset, SEEK_SET) == 0 ? getline(&line, &room, f) : -1;
    while (len > 0 && line[len - 1] == '\n') {
        *offset += len;
        each(ctx, line);
        len = getline(&line, &room, f);
    }
    free(line);
    (void)fclose(f);
}

void
day_each(const struct day *d, const char *name, void (*each)(void *ctx, const struct json *line),
         void *ctx)
{
    CLEANUP(text_free) struct text log = {0};

    if (!day_read(d, name, &log)) return;
    for (const char *line = text_str(&log), *end; (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        struct json *doc = NULL;
        struct err err = {0};

        if (json_parse(line, (size_t)(end - line), JSON_LOG, &JSON_LIMITS_BODY, &doc, &err) !=
            RC_OK)
            continue;
        if (json_is_object(doc)) each(ctx, doc);
        json_free(doc);
    }
}

static enum rc
ask(const struct day *d, const char *method, const char *path, const char *body,
    struct text *ret_body)
{
    struct sys_clock sys = {0};
    struct clock clock;
    struct curl_http *curl = NULL;
    struct http_response resp = {0};
    struct err err = {0};
    char url[256];

    if (clock_open(&(struct clock_options){0}, &sys, &err) != RC_OK) return err.code;
    clock = clock_seam(&sys);
    if (curl_http_new(&(struct http_options){.clock = &clock}, &curl, &err) != RC_OK)
        return err.code;
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", d->port, path);
    struct http_request req = {.method = method,
                               .url = url,
                               .body = body,
                               .timeout_ms = 10000,
                               .body_max = (size_t)64 << 20};
    if (body != NULL) req.body_len = strlen(body);
    struct http seam = curl_http_seam(curl);
    enum rc rc = seam.perform(seam.self, &req, &resp, &err);
    if (rc == RC_OK && resp.status != 200) rc = RC_IO;
    if (rc == RC_OK && ret_body != NULL) text_add(ret_body, text_str(&resp.body), resp.body.len);
    http_response_free(&resp);
    curl_http_free(curl);
    return rc;
}

void
day_get(const struct day *d, const char *path, struct text *ret_body)
{
    text_clear(ret_body);
    (void)!ask(d, "GET", path, NULL, ret_body); /* no answer is an empty body */
}

void
day_faults(struct day *d, const char *spec)
{
    (void)str_copy(d->faults, sizeof(d->faults), spec);
    if (ask(d, "POST", "/sim/faults", spec, NULL) != RC_OK)
        day_fail(d, "POST /sim/faults %s", spec);
}

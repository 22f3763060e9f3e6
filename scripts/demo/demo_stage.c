#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/share.h"
#include "scripts/demo/demo.h"

#define SIM_START_NS     (20 * NS_PER_S) /* for the day to be made and served */
#define SIM_MAKES_DAY_NS (NS_PER_S / 2)
#define SIM_END_NS       (5 * NS_PER_S)
#define SERVICE_END_NS   (30 * NS_PER_S) /* more than the supervisor's own grace period */
#define ORPHANS_END_NS   (10 * NS_PER_S)
#define QUICK_DEATH_NS   NS_PER_S       /* a supervisor that ends sooner has failed */
#define RESTART_DELAY_NS (NS_PER_S / 2) /* after the third of them */
#define ASK_TIMEOUT_MS   3000

enum {
    FREE_RESTARTS = 3, /* quick deaths in a row without a delay */
    FAILURES_MAX = 12, /* then the demo gives up                */
    EXIT_SUPERVISOR_CONFIG = 78
};

/* ---- what the children get to know ---- */

static void
env_put(struct demo_stage *s, const char *entry)
{
    ASSERT(s->env_len < DEMO_ENV_MAX);
    s->env[s->env_len++] = entry;
    s->env[s->env_len] = NULL;
}

static void PRINTF_LIKE(2, 3) env_printf(struct demo_stage *s, const char *fmt, ...)
{
    va_list args;
    char *to = s->env_text[s->env_len];

    va_start(args, fmt);
    (void)vsnprintf(to, DEMO_ENV_TEXT, fmt, args);
    va_end(args);
    env_put(s, to);
}

/*
 * Everything that names a host or a key is the demo's own, whatever stands in the caller's
 * environment: this day must not reach anything but the simulator.
 */
static void
build_env(struct demo_stage *s)
{
    s->env_len = 0;
    env_printf(s, "ALPACA_BASE_URL=%s", s->url);
    env_printf(s, "ALPACA_DATA_URL=%s", s->url);
    env_printf(s, "UW_BASE_URL=%s", s->url);
    env_put(s, "UW_API_KEY=demo-uw-key");
    env_put(s, "ALPACA_KEY=demo-key");
    env_put(s, "ALPACA_SECRET=demo-secret");
    env_put(s, "ALPACA_API_KEY");
    env_put(s, "ALPACA_API_SECRET");
    env_put(s, "SIM_UW_KEY");
    env_put(s, "SIM_ALPACA_KEY");
    env_put(s, "SIM_ALPACA_SECRET");
    env_put(s, "TRADING_MODE=PAPER");
    env_put(s, "WEBHOOK_URL");
    env_put(s, "STOCKBOT_CONFIG");
    env_put(s, "NOTIFY_SOCKET");
    if (s->plan.tickers.len > 0) {
        text_clear(&s->tickers_env);
        text_printf(&s->tickers_env, "TICKERS=%s", text_str(&s->plan.tickers));
        env_put(s, text_str(&s->tickers_env));
    }
}

/* ---- starting ---- */

static enum rc
spawn(struct demo_stage *s, const char *const *argv, const char *log_name, struct child *ret_child,
      struct err *err)
{
    char path[PATH_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/logs/%s", s->plan.root, log_name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) return err_sys(err, RC_IO, errno, "%s", path);
    struct child_spec spec = {.argv = argv,
                              .env = s->env,
                              .stdout_fd = fd,
                              .stderr_fd = fd,
                              .progress_fd = -1,
                              .death_signal = SIGTERM,
                              .is_group_leader = true};
    enum rc rc = child_spawn(&spec, ret_child, err);
    (void)close(fd);
    return rc;
}

static enum rc
start_sim(struct demo_stage *s, struct err *err)
{
    const struct demo_options *opt = s->opt;
    char program[PATH_MAX + 32], port[PATH_MAX + 32], book[PATH_MAX + 32], seed[32];
    char date[ISO_TEXT_MAX];
    const char *argv[20] = {program,  "--port-file", port,    "--state", book,
                            "--seed", seed,          "--day", date};
    size_t n = 9;

    (void)snprintf(program, sizeof(program), "%s/market_sim", s->bin_dir);
    (void)snprintf(port, sizeof(port), "%s/" DEMO_PORT_PATH, s->plan.root);
    (void)snprintf(book, sizeof(book), "%s/" DEMO_BOOK_PATH, s->plan.root);
    (void)snprintf(seed, sizeof(seed), "%lld", (long long)opt->seed);
    (void)date_text(s->plan.session.date, date);
    const struct {
        const char *name, *value;
    } more[] = {
        {"--bars",   opt->bars_dir },
        {"--flow",   opt->flow_path},
        {"--faults", opt->faults   },
    };
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        if (more[i].value == NULL) continue;
        argv[n++] = more[i].name;
        argv[n++] = more[i].value;
    }
    argv[n] = NULL;
    return spawn(s, argv, "market_sim.out", &s->sim, err);
}

/* Its own words, if it said any. */
static enum rc
sim_failed(struct demo_stage *s, struct err *err)
{
    CLEANUP(text_free) struct text said = {0};
    struct err ignored = {0};

    if (s->fs.read_all(s->fs.self, "logs/market_sim.out", 4096, &said, &ignored) == RC_OK &&
        said.len > 0) {
        str_trim(said.data);
        return err_set(err, RC_IO, "%s", said.data);
    }
    return err_set(err, RC_IO, "market_sim ended at once; logs/market_sim.out says why");
}

static enum rc
await_sim(struct demo_stage *s, struct err *err)
{
    int64_t until_ns = clock_mono(&s->clock) + SIM_START_NS;

    while (clock_mono(&s->clock) < until_ns && s->loop.stop == 0) {
        CLEANUP(text_free) struct text text = {0};
        struct err ignored = {0};
        int64_t port = 0;
        bool has_ended = false;
        int status = 0;

        if (s->fs.read_all(s->fs.self, DEMO_PORT_PATH, 64, &text, &ignored) == RC_OK) {
            str_trim(text.data);
            if (str_to_i64(text_str(&text), &port)) {
                (void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%lld", (long long)port);
                return RC_OK;
            }
        }
        enum rc rc = child_reap(&s->sim, false, &has_ended, &status, err);
        if (rc != RC_OK) return rc;
        if (has_ended) return sim_failed(s, err);
        (void)loop_wait(&s->loop, NULL, 0, &s->clock, clock_mono(&s->clock) + 5 * NS_PER_MS);
    }
    return err_set(err, s->loop.stop != 0 ? RC_STOPPED : RC_TIMEOUT,
                   "market_sim did not begin to serve");
}

/*
 * The clock is anchored here, for every process of the day.  A moment ahead: what the simulator
 * needs to make its day is not taken from it.
 */
static enum rc
open_clock(struct demo_stage *s, struct err *err)
{
    struct clock_options real = {0};
    struct sys_clock sys = {0};
    char start[ISO_TEXT_MAX], text[CLOCK_TEXT_MAX];
    enum rc rc = clock_open(&real, &sys, err);

    if (rc != RC_OK) return rc;
    struct clock now = clock_seam(&sys);
    int64_t anchor_ns = clock_mono(&now) + SIM_MAKES_DAY_NS;
    (void)snprintf(text, sizeof(text), "%s@%g#%lld", when_rfc3339(s->plan.begin_ns, start),
                   s->opt->speed, (long long)anchor_ns);
    struct clock_options paced = {.paced = text};
    rc = clock_open(&paced, &s->sys_clock, err);
    if (rc != RC_OK) return rc;
    s->clock = clock_seam(&s->sys_clock);
    if (setenv("STOCKBOT_CLOCK", clock_text(&s->sys_clock, text), 1) == 0) return RC_OK;
    return err_sys(err, RC_NOMEM, errno, "STOCKBOT_CLOCK");
}

static enum rc
open_folders(struct demo_stage *s, struct err *err)
{
    enum rc rc = fs_open(s->plan.root, &s->posix_fs, err);

    if (rc != RC_OK) return rc;
    s->fs = fs_seam(&s->posix_fs);
    static const char *const FOLDERS[] = {"logs", "sim"};
    for (size_t i = 0; i < COUNT_OF(FOLDERS) && rc == RC_OK; i++)
        rc = s->fs.make_dir(s->fs.self, FOLDERS[i], err);
    return rc;
}

enum rc
demo_stage_open(struct demo_stage *s, struct err *err)
{
    CLEANUP(text_free) struct text bin = {0};
    enum rc rc = share_program_folder(&bin, err);

    s->sim = s->supervisor = CHILD_NONE;
    if (rc == RC_OK && !str_copy(s->bin_dir, sizeof(s->bin_dir), text_str(&bin)))
        rc = err_set(err, RC_RANGE, "%s: path too long", text_str(&bin));
    if (rc == RC_OK && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        rc = err_sys(err, RC_IO, errno, "subreaper");
    if (rc == RC_OK) rc = open_folders(s, err);
    if (rc == RC_OK) rc = open_clock(s, err);
    build_env(s);
    if (rc == RC_OK) rc = start_sim(s, err);
    if (rc == RC_OK) rc = await_sim(s, err);
    if (rc != RC_OK) return rc;
    build_env(s);
    struct http_options http = {.clock = &s->clock};
    rc = curl_http_new(&http, &s->curl, err);
    if (rc == RC_OK) s->http = curl_http_seam(s->curl);
    return rc;
}

/* ---- the supervisor ---- */

static void
start_supervisor(struct demo_stage *s)
{
    char program[PATH_MAX + 32], logs[PATH_MAX + 32];
    const char *argv[] = {program, "--root", s->plan.root, "--log-dir", logs, NULL};

    (void)snprintf(program, sizeof(program), "%s/deploy_supervisor", s->bin_dir);
    (void)snprintf(logs, sizeof(logs), "%s/logs", s->plan.root);
    s->supervisor_starts++;
    s->supervisor_start_ns = clock_mono(&s->clock);
    if (spawn(s, argv, "deploy_supervisor.out", &s->supervisor, &s->why) != RC_OK)
        s->has_failed = true;
}

static void
supervisor_ended(struct demo_stage *s, int status)
{
    int64_t now_ns = clock_mono(&s->clock);
    bool was_quick = now_ns - s->supervisor_start_ns < QUICK_DEATH_NS && status >= 0;

    if (s->is_ending) return;
    s->failures = was_quick ? s->failures + 1 : 0;
    s->supervisor_start_ns = now_ns + (s->failures > FREE_RESTARTS ? RESTART_DELAY_NS : 0);
    if (status == EXIT_SUPERVISOR_CONFIG || s->failures > FAILURES_MAX) {
        s->has_failed = true;
        (void)err_set(&s->why, RC_IO, /* kept for the end */
                      "deploy_supervisor ended with status %d; see %s/logs/deploy_supervisor.out",
                      status, s->plan.root);
    }
}

/* Children of a supervisor that was killed are ours now. */
static void
collect_orphans(const struct demo_stage *s)
{
    siginfo_t info = {0};

    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        if (info.si_pid == s->sim.pid || info.si_pid == s->supervisor.pid) return;
        if (waitpid(info.si_pid, NULL, WNOHANG) <= 0) return;
        info.si_pid = 0;
    }
}

static void
reap(struct demo_stage *s)
{
    bool has_ended = false;
    int status = 0;
    struct err err = {0};

    if (s->supervisor.pid != 0 &&
        child_reap(&s->supervisor, false, &has_ended, &status, &err) == RC_OK && has_ended)
        supervisor_ended(s, status);
    has_ended = false;
    if (s->sim.pid != 0 && child_reap(&s->sim, false, &has_ended, &status, &err) == RC_OK &&
        has_ended && !s->is_ending) {
        s->has_failed = true;
        (void)err_set(&s->why, RC_IO, /* kept for the end */
                      "market_sim ended with status %d; see %s/logs/market_sim.out", status,
                      s->plan.root);
    }
    collect_orphans(s);
}

void
demo_stage_step(struct demo_stage *s)
{
    s->loop.child = 0;
    reap(s);
    if (s->supervisor.pid != 0 || s->is_ending || s->has_failed) return;
    if (clock_mono(&s->clock) >= s->supervisor_start_ns) start_supervisor(s);
}

/* ---- the end ---- */

/* Waits for its end until the limit, then kills; false if it had to. */
static bool
end_child(struct demo_stage *s, struct child *c, int64_t limit_ns)
{
    struct err ignored = {0};

    if (c->pid == 0) return true;
    int64_t until_ns = clock_mono(&s->clock) + limit_ns;
    if (child_signal(c, SIGTERM, &ignored) == RC_OK) {
        while (c->pid != 0 && clock_mono(&s->clock) < until_ns) {
            (void)usleep(2000);
            reap(s);
        }
    }
    reap(s);
    if (c->pid == 0) return true;
    if (child_signal(c, SIGKILL, &ignored) != RC_OK) return false;
    bool has_ended = false;
    int status = 0;
    if (child_reap(c, true, &has_ended, &status, &ignored) != RC_OK) return false;
    return false;
}

static const char *const SERVICE_LOCKS[] = {"state/engine.lock", "state/uw_flow_daemon.lock"};

/* What a supervisor that was killed left behind has been told to end; it may need a moment. */
static bool
end_orphans(struct demo_stage *s)
{
    int64_t until_ns = clock_mono(&s->clock) + ORPHANS_END_NS;
    bool in_order = true;

    for (size_t i = 0; i < COUNT_OF(SERVICE_LOCKS); i++) {
        int64_t pid = view_lock_pid(&s->fs, SERVICE_LOCKS[i]);

        while (pid > 0 && clock_mono(&s->clock) < until_ns && view_is_alive(pid)) {
            (void)usleep(2000);
            collect_orphans(s);
        }
        if (pid > 0 && view_is_alive(pid)) {
            in_order = false;
            (void)kill((pid_t)pid, SIGKILL);
        }
    }
    return in_order;
}

bool
demo_stage_end_service(struct demo_stage *s)
{
    s->is_ending = true;
    bool in_order = end_child(s, &s->supervisor, SERVICE_END_NS);
    return end_orphans(s) && in_order;
}

bool
demo_stage_end_sim(struct demo_stage *s)
{
    struct json *answer = NULL;
    struct err ignored = {0};

    s->is_ending = true;
    if (s->sim.pid == 0) return false;
    /* It also saves when it ends; asked first, so that a simulator that hangs has saved. */
    if (s->curl != NULL && demo_stage_ask(s, "POST /sim/save", &answer, &ignored) == RC_OK)
        json_free(answer);
    return end_child(s, &s->sim, SIM_END_NS);
}

void
demo_stage_close(struct demo_stage *s)
{
    s->is_ending = true;
    (void)end_child(s, &s->supervisor, SERVICE_END_NS); /* the exit status was decided before */
    (void)end_child(s, &s->sim, SIM_END_NS);
    curl_http_free(s->curl);
    if (s->fs.self != NULL) fs_close(&s->posix_fs);
    text_free(&s->tickers_env);
    text_free(&s->plan.tickers);
}

/* "GET /path" or "POST /path". */
enum rc
demo_stage_ask(struct demo_stage *s, const char *what, struct json **ret_doc, struct err *err)
{
    const char *path = strchr(what, ' ');
    char method[8], url[128];
    CLEANUP(http_response_free) struct http_response resp = {0};

    ASSERT(path != NULL);
    (void)snprintf(method, sizeof(method), "%.*s", (int)(path - what), what);
    (void)snprintf(url, sizeof(url), "%s%s", s->url, path + 1);
    struct http_request req = {
        .method = method, .url = url, .timeout_ms = ASK_TIMEOUT_MS, .body_max = (size_t)256 << 20};
    enum rc rc = s->http.perform(s->http.self, &req, &resp, err);
    if (rc != RC_OK) return rc;
    if (resp.status != 200)
        return err_set(err, RC_IO, "%s: the simulator answers %d", what, resp.status);
    return json_parse(text_str(&resp.body), resp.body.len, JSON_STRICT, &JSON_LIMITS_FILE, ret_doc,
                      err);
}

/*
 * From the death of the engine to what comes after it: real processes, SIGKILL, a clock of our own.
 *
 *   the next cycle    market_sim, deploy_supervisor and trading_engine live through a session at
 * 100 times its speed; a cycle is complete when its line stands in logs/run.jsonl, which inotify
 * tells at once the next engine   the supervisor alone starts this program under the name of the
 * engine, which writes down when its main() began: what lies between includes the exec and the
 * dynamic linker
 *
 * Each death is the first one: three cycles pass before the next, which is what resets the delay.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/rand.h"
#include "base/text.h"
#include "tests/bench/report.h"
#include "tests/bench/world.h"

enum { KILLS = 40, KILLS_LONG = 200, CYCLES_BETWEEN = 3, WAIT_MS = 20000 };

#define STAMP_FILE "stamp" /* under the root: "<pid> <monotonic ns>" of the last fake engine */

static void
pause_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};
    (void)nanosleep(&t, NULL); /* nobody signals us */
}

/* ---- the engine that only says when it began ------------------------------------------------ */

static int
fake_engine(int64_t began_ns)
{
    const char *root = getenv("STOCKBOT_ROOT");
    const char *fd_text = getenv(PROGRESS_ENV);
    struct progress p = {
        .magic = PROGRESS_MAGIC, .kind = PROGRESS_READY, .pid = (uint32_t)getpid()};
    char path[PATH_MAX], beside[PATH_MAX + 8];
    int64_t fd = -1;

    if (root == NULL || fd_text == NULL || !str_to_i64(fd_text, &fd)) return 2;
    for (uint64_t i = 0; i <= CYCLES_BETWEEN; i++) {
        p.cycle = i;
        p.mono_ns = bench_ns();
        if (write((int)fd, &p, sizeof(p)) != (ssize_t)sizeof(p)) return 1;
        p.kind = PROGRESS_CYCLE;
    }
    (void)snprintf(path, sizeof(path), "%s/" STAMP_FILE, root);
    (void)snprintf(beside, sizeof(beside), "%s.new", path);
    FILE *f = fopen(beside, "w");
    if (f == NULL) return 1;
    (void)fprintf(f, "%ld %lld\n", (long)getpid(), (long long)began_ns);
    if (fclose(f) != 0 || rename(beside, path) != 0) return 1;
    for (;;)
        (void)pause(); /* until a signal ends us */
}

/* ---- processes ------------------------------------------------------------------------------ */

static pid_t
start(char *const argv[], const char *output)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) _exit(127);
        (void)execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0) bench_die("start", argv[0]);
    return pid;
}

static void
stop(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGTERM); /* it may have ended by itself */
    (void)waitpid(pid, &status, 0);
}

/* The first two whole numbers in a small file, 0 for what is not there. */
static void
read_numbers(const char *path, long long number[2])
{
    FILE *f = fopen(path, "r");
    char line[128] = "";

    number[0] = number[1] = 0;
    if (f == NULL) return;
    const char *at = fgets(line, sizeof(line), f) != NULL ? line : "";
    (void)fclose(f);
    for (int i = 0; i < 2; i++) {
        char *end = NULL;
        at += strcspn(at, "0123456789");
        number[i] = strtoll(at, &end, 10);
        at = end;
    }
}

/* ---- supervisor alone ----------------------------------------------------------------------- */

static void
link_program(const char *from, const char *folder, const char *name)
{
    char to[PATH_MAX];

    (void)snprintf(to, sizeof(to), "%s/%s", folder, name);
    if (symlink(from, to) != 0) bench_die("link", to);
}

/* Waits for a fake engine other than the last one. */
static int64_t
next_stamp(const char *root, long long *pid)
{
    char path[128];
    long long stamp[2];

    (void)snprintf(path, sizeof(path), "%s/" STAMP_FILE, root);
    for (int i = 0; i < WAIT_MS; i++) {
        read_numbers(path, stamp);
        if (stamp[0] > 0 && stamp[0] != *pid) {
            *pid = stamp[0];
            return stamp[1];
        }
        pause_ms(1);
    }
    bench_die("supervisor", "no engine was started");
}

static void
rows_of_exec(const char *build, const char *self, size_t kills)
{
    double took_ms[KILLS_LONG];
    char root[64], bin[96], supervisor[PATH_MAX], output[128];
    long long pid = 0;

    world_root_make(ROOT_ON_DISK, root);
    (void)snprintf(bin, sizeof(bin), "%s/bin", root);
    (void)snprintf(output, sizeof(output), "%s/supervisor.out", root);
    (void)snprintf(supervisor, sizeof(supervisor), "%s/deploy_supervisor", build);
    if (mkdir(bin, 0700) != 0) bench_die("folder", bin);
    link_program(self, bin, "trading_engine");
    char *argv[] = {supervisor, (char[]){"--root"}, root, (char[]){"--bin-dir"}, bin, NULL};
    (void)setenv("SUP_RUN_DAEMON", "false", 1);
    pid_t sup = start(argv, output);

    (void)next_stamp(root, &pid);
    for (size_t i = 0; i < kills; i++) {
        pause_ms(60); /* the cycles are on the pipe: let them be read */
        int64_t killed_ns = bench_ns();
        if (kill((pid_t)pid, SIGKILL) != 0) bench_die("kill", "the engine is gone");
        took_ms[i] = (double)(next_stamp(root, &pid) - killed_ns) / 1e6;
    }
    stop(sup);
    (void)unsetenv("SUP_RUN_DAEMON");
    double p50 = bench_median(took_ms, kills);
    report_row(&(struct report_row){"supervisor: SIGKILL to main() of the next, p99",
                                    bench_quantile(took_ms, kills, 0.99), 20, "ms", 1},
               "p50 %.1f ms, worst %.1f ms of %zu; exec and dynamic linking included", p50,
               bench_quantile(took_ms, kills, 1), kills);
    world_root_remove(root);
}

/* ---- a whole day ---------------------------------------------------------------------------- */

struct day {
    char root[64];
    char run_log[128];
    char lock[128];
    int watch; /* inotify on the folder of logs */
    pid_t sim, sup;
    off_t size; /* of run.jsonl, as last seen */
};

static off_t
size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* When the next line of run.jsonl was there; ends the program where none comes. */
static int64_t
next_cycle(struct day *d)
{
    char events[4096];
    int64_t until_ns = bench_ns() + (int64_t)WAIT_MS * NS_PER_MS;

    while (bench_ns() < until_ns) {
        struct pollfd p = {.fd = d->watch, .events = POLLIN};
        if (poll(&p, 1, 1000) > 0) {
            ssize_t n = read(d->watch, events, sizeof(events));
            if (n < 0) bench_die("inotify", "cannot be read");
        }
        int64_t now_ns = bench_ns();
        off_t size = size_of(d->run_log);
        if (size > d->size) {
            d->size = size;
            return now_ns;
        }
    }
    bench_die("engine", "no cycle was completed");
}

static void
set_hosts(int port)
{
    static const char *const HOSTS[] = {"ALPACA_BASE_URL", "ALPACA_DATA_URL", "UW_BASE_URL"};
    char url[64];

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
    for (size_t i = 0; i < COUNT_OF(HOSTS); i++)
        (void)setenv(HOSTS[i], url, 1);
    /* The names of the simulator's own demonstration account. */
    (void)setenv("ALPACA_KEY", "demo-key", 1);
    (void)setenv("ALPACA_SECRET", "demo-secret", 1);
    (void)setenv("UW_API_KEY", "demo-uw-key", 1);
}

static void
day_start(struct day *d, const char *build)
{
    char sim[PATH_MAX], sup[PATH_MAX], port_file[128], book[128], out[128], clock[96], logs[128];
    long long port[2] = {0};

    world_root_make(ROOT_ON_DISK, d->root);
    (void)snprintf(sim, sizeof(sim), "%s/market_sim", build);
    (void)snprintf(sup, sizeof(sup), "%s/deploy_supervisor", build);
    (void)snprintf(port_file, sizeof(port_file), "%s/port", d->root);
    (void)snprintf(book, sizeof(book), "%s/book.json", d->root);
    (void)snprintf(out, sizeof(out), "%s/processes.out", d->root);
    (void)snprintf(logs, sizeof(logs), "%s/logs", d->root);
    (void)snprintf(d->run_log, sizeof(d->run_log), "%s/logs/run.jsonl", d->root);
    (void)snprintf(d->lock, sizeof(d->lock), "%s/state/engine.lock", d->root);
    (void)snprintf(clock, sizeof(clock), "2026-01-30T14:31:00Z@100#%lld", (long long)bench_ns());
    (void)setenv("STOCKBOT_CLOCK", clock, 1);
    (void)setenv("RUN_INTERVAL_SEC", "20", 1);
    if (mkdir(logs, 0700) != 0) bench_die("folder", logs);
    d->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (d->watch < 0 || inotify_add_watch(d->watch, logs, IN_MODIFY | IN_CREATE) < 0)
        bench_die("inotify", logs);

    char *sim_argv[] = {sim,           (char[]){"--port-file"}, port_file, (char[]){"--seed"},
                        (char[]){"1"}, (char[]){"--state"},     book,      NULL};
    d->sim = start(sim_argv, out);
    for (int i = 0; i < WAIT_MS / 10 && port[0] == 0; i++) {
        pause_ms(10);
        read_numbers(port_file, port);
    }
    if (port[0] == 0) bench_die("market_sim", "no port");
    set_hosts((int)port[0]);
    char *sup_argv[] = {sup, (char[]){"--root"}, d->root, NULL};
    d->sup = start(sup_argv, out);
}

static void
day_stop(struct day *d)
{
    stop(d->sup);
    stop(d->sim);
    (void)close(d->watch);
    (void)unsetenv("STOCKBOT_CLOCK");
    (void)unsetenv("RUN_INTERVAL_SEC");
    world_root_remove(d->root);
}

static void
rows_of_cycle(const char *build, size_t kills)
{
    struct day d = {.size = 0};
    double took_ms[KILLS_LONG];
    struct rng r;

    rng_init(&r, 1);
    day_start(&d, build);
    (void)next_cycle(&d);
    for (size_t i = 0; i < kills; i++) {
        long long pid[2];

        for (int k = 0; k < CYCLES_BETWEEN; k++)
            (void)next_cycle(&d);
        pause_ms(rng_range(&r, 0, 180)); /* at rest, in a cycle, at an order */
        d.size = size_of(d.run_log);
        read_numbers(d.lock, pid);
        int64_t killed_ns = bench_ns();
        if (pid[0] <= 1 || kill((pid_t)pid[0], SIGKILL) != 0)
            bench_die("kill", "the engine is gone");
        took_ms[i] = (double)(next_cycle(&d) - killed_ns) / 1e6;
    }
    day_stop(&d);
    double p50 = bench_median(took_ms, kills);
    report_row(&(struct report_row){"engine SIGKILL to its next completed cycle, p99",
                                    bench_quantile(took_ms, kills, 0.99), 250, "ms", 0},
               "p50 %.0f ms, worst %.0f ms of %zu kills; market_sim as broker", p50,
               bench_quantile(took_ms, kills, 1), kills);
}

int
main(int argc, char **argv)
{
    const int64_t began_ns = bench_ns();
    char self[PATH_MAX], folder[PATH_MAX];

    if (argc > 0 && str_ends(argv[0], "/trading_engine")) return fake_engine(began_ns);
    const size_t kills = getenv("BENCH_LONG") != NULL ? KILLS_LONG : KILLS;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0) bench_die("own name", "cannot be read");
    self[n] = '\0';
    (void)str_copy(folder, sizeof(folder), self);
    /* <build>/tests/bench/bench_restart */
    const char *build = dirname(dirname(dirname(folder)));
    set_hosts(1); /* nobody is asked in the first part */
    rows_of_exec(build, self, kills);
    rows_of_cycle(build, kills);
    return 0;
}

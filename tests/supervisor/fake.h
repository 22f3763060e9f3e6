/*
 * Programs for the supervisor to start: the test binary itself, under other names.
 *
 * What the engine does stands in <root>/mode, so that a test can change it for the next start:
 *
 *   run      lock, ready, a cycle every 20 ms; SIGTERM ends it
 *   crash    exit status 1 at once         config  exit status 78 at once
 *   short    ready, three cycles, exit status 1
 *   mute     ready, then silence; SIGUSR1 makes it go on          deaf    as run, ignores SIGTERM
 *   stall    ready, then silence for ever; SIGUSR1 is noted       stone   as stall, ignores SIGABRT
 * too
 *   idle     ready, then a stage every 20 ms and never a cycle
 */
#ifndef TESTS_SUPERVISOR_FAKE_H
#define TESTS_SUPERVISOR_FAKE_H

#include "base/progress.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/page.h"
#include "state/flight.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { FAKE_CYCLE_MS = 20 };

static volatile sig_atomic_t fake_got_term, fake_got_usr1;

static inline void
fake_on_signal(int signum)
{
    if (signum == SIGTERM) fake_got_term = 1;
    if (signum == SIGUSR1) fake_got_usr1 = 1;
}

static inline void
fake_pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static inline void
fake_append(const char *name, const char *line)
{
    const char *root = getenv("STOCKBOT_ROOT");
    char path[PATH_MAX];
    FILE *f = NULL;

    (void)snprintf(path, sizeof path, "%s/%s", root == NULL ? "." : root, name);
    f = fopen(path, "a");
    if (f == NULL) return;
    (void)fprintf(f, "%s\n", line);
    (void)fclose(f);
}

static inline bool
fake_lock(const char *name)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", getenv("STOCKBOT_ROOT"), name);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || ftruncate(fd, 0) != 0) return false;
    return dprintf(fd, "pid=%d ts=now\n", (int)getpid()) >
           0; /* the descriptor stays until the end */
}

static inline void
fake_tell(uint32_t kind, uint64_t cycle)
{
    const char *text = getenv(PROGRESS_ENV);
    const struct progress rec = {.magic = PROGRESS_MAGIC, .kind = kind, .cycle = cycle, .stage = 3};
    int64_t fd = -1;

    if (text != NULL && str_to_i64(text, &fd)) (void)!write((int)fd, &rec, sizeof rec);
}

/* The flight recorder of a real engine, at a place that a test can recognise. */
static inline void
fake_record_flight(void)
{
    static struct flight flight;
    static struct sys_clock sys_clock;
    static struct clock clock;
    const struct clock_options real = {0};
    char path[PATH_MAX];
    struct page page;

    (void)snprintf(path, sizeof path, "%s/%s", getenv("STOCKBOT_ROOT"), FLIGHT_PATH);
    if (clock_open(&real, &sys_clock, NULL) != RC_OK ||
        page_map(path, FLIGHT_PAGE_SIZE, &page, NULL) != RC_OK)
        abort();
    clock = clock_seam(&sys_clock);
    flight_begin(&flight, page.data, &clock, 1);
    flight_cycle(&flight, 41);
    flight_at(&flight, STAGE_SCORE, "AAPL");
}

static inline int
fake_engine(void)
{
    char path[PATH_MAX], mode[32] = "run";
    FILE *f = NULL;

    (void)snprintf(path, sizeof path, "%s/mode", getenv("STOCKBOT_ROOT"));
    if ((f = fopen(path, "r")) != NULL) {
        if (fscanf(f, "%31s", mode) != 1) (void)str_copy(mode, sizeof mode, "run");
        (void)fclose(f);
    }
    if (str_eq(mode, "crash")) return 1;
    if (str_eq(mode, "config")) return 78;
    if (!fake_lock("state/engine.lock")) return 75;
    (void)signal(SIGTERM, str_eq(mode, "deaf") ? SIG_IGN : fake_on_signal);
    (void)signal(SIGUSR1, fake_on_signal);
    if (str_eq(mode, "stone")) (void)signal(SIGABRT, SIG_IGN);
    fake_append("keys", getenv("UW_API_KEY") == NULL ? "-" : getenv("UW_API_KEY"));
    fake_append("manager", getenv("NOTIFY_SOCKET") == NULL ? "none" : "inherited");
    fake_append("ends", getenv(FLIGHT_EXIT_ENV) == NULL ? "unknown" : getenv(FLIGHT_EXIT_ENV));
    fake_record_flight();
    fake_tell(PROGRESS_READY, 0);

    const bool is_quiet = str_eq(mode, "mute") || str_eq(mode, "stall") || str_eq(mode, "stone");

    for (uint64_t cycle = 1; !fake_got_term; cycle++) {
        if (fake_got_usr1 == 1) {
            fake_append("dumps", "dump");
            fake_got_usr1 = 2;
        }
        if (str_eq(mode, "idle"))
            fake_tell(PROGRESS_STAGE, 0);
        else if (!is_quiet || (str_eq(mode, "mute") && fake_got_usr1))
            fake_tell(PROGRESS_CYCLE, cycle);
        if (str_eq(mode, "short") && cycle == 3) return 1;
        if (!str_eq(mode, "short")) fake_pause_ms(FAKE_CYCLE_MS);
    }
    fake_pause_ms(5L * FAKE_CYCLE_MS); /* the last orders: the simulator must still be there */
    fake_append("stops", "engine");
    return 0;
}

static inline int
fake_daemon(void)
{
    if (!fake_lock("state/uw_flow_daemon.lock")) return 0;
    (void)signal(SIGTERM, fake_on_signal);
    while (!fake_got_term) {
        fake_pause_ms(FAKE_CYCLE_MS);
    }
    return 0;
}

static inline int
fake_sim(void)
{
    (void)signal(SIGTERM, fake_on_signal);
    fake_tell(PROGRESS_READY, 0);
    while (!fake_got_term) {
        fake_pause_ms(FAKE_CYCLE_MS);
    }
    fake_append("stops", "sim");
    return 0;
}

/* -1 where the binary was started as the test itself. */
static inline int
fake_main(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');
    const char *name = slash == NULL ? argv0 : slash + 1;

    if (str_eq(name, "trading_engine")) return fake_engine();
    if (str_eq(name, "uw_flow_daemon")) return fake_daemon();
    if (str_eq(name, "market_sim")) return fake_sim();
    return -1;
}

/* A folder of programs that are all this binary. */
static inline void
fake_install(const char *bin_dir)
{
    static const char *const NAMES[] = {"trading_engine", "uw_flow_daemon", "market_sim"};
    char self[PATH_MAX], path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0) abort();
    self[n] = '\0';
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", bin_dir, NAMES[i]);
        if (symlink(self, path) != 0) abort();
    }
}

#endif

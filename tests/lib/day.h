/*
 * day: the whole service living through one paced day, as real processes in a root of its own.
 *
 * day_begin starts market_sim and deploy_supervisor of $STOCKBOT_BUILD (default "build"), which
 * starts the daemon and the engine; all share one anchored clock.  The test is their service
 * manager: it may kill, stop and restart any of them.  Nothing outlives the test program: what it
 * started itself gets SIGKILL from the kernel when it dies, the supervisor's children SIGTERM when
 * the supervisor does, and what became an orphan meanwhile is handed to the test, which ends it in
 * day_end.
 *
 *   struct day day;
 *   day_begin(&day, &(struct day_options){.seed = 7});
 *   DAY_WAIT(&day, 10, day_heartbeat(&day).iter > 3);
 *   ...
 *   day_stop(&day);
 *   day_end(&day, true);
 *
 * day_fail prints the ends of all logs first.  A test that ends by a plain assertion has the same
 * from day_end(…, false) in its teardown.
 */
#ifndef TESTS_LIB_DAY_H
#define TESTS_LIB_DAY_H

#include <sys/types.h>

#include "base/json.h"
#include "base/when.h"

enum { DAY_ENV_MAX = 48, DAY_PATH_MAX = 320 };

enum day_who { DAY_ENGINE, DAY_DAEMON, DAY_SUPERVISOR, DAY_SIM };

struct day_options {
    const char *start;      /* ISO; NULL = 2026-01-30T14:25:00Z, five minutes before the open */
    int speed;              /* 0 = 200 */
    uint64_t seed;          /* of the market; 0 = 1 */
    const char *faults;     /* of market_sim; NULL = none */
    const char *const *env; /* "NAME=value", last wins; ends with NULL; may be NULL */
    bool without_sim;       /* day_start_sim later */
    bool without_supervisor;
};

struct day {
    char dir[DAY_PATH_MAX], root[DAY_PATH_MAX];
    const char *build;
    int64_t start_ns, anchor_ns;
    int speed;
    uint64_t seed;
    int port;       /* of the simulator, the same after a restart */
    pid_t sim, sup; /* 0 = not running */
    int sup_status; /* as of waitpid, of the last supervisor that ended */
    char *env[DAY_ENV_MAX + 1];
    size_t env_len;
    char faults[512];
    char doing[160]; /* day_doing */
    bool is_over;    /* day_end was called */
};

/* Ends the test where something of the harness itself cannot be done. */
void day_begin(struct day *d, const struct day_options *opt);

/* A service manager's part; day_start_supervisor gives the root of the day. */
void day_start_sim(struct day *d);
void day_start_supervisor(struct day *d);

/* Any program of the build with the day's environment; ends with the test. argv ends with NULL. */
pid_t day_spawn(struct day *d, const char *const *argv, const char *output);
/* Its status as of waitpid, after at most so long; fails the test where it still runs then. */
int day_wait_pid(struct day *d, pid_t pid, double seconds);

/* An operator's freeze: exits go on, no entry is sent any more, so that a day can come to rest. */
void day_freeze(struct day *d);

/* Replaces a file under the root as an operator does: written beside it, then renamed. */
void day_write(struct day *d, const char *name, const char *bytes, size_t len);

/* Ends the supervisor and all below it with SIGTERM and demands exit status 0; the simulator stays.
 */
void day_stop(struct day *d);

/* Ends whatever still runs and removes the folder; passed = false shows the ends of the logs first.
 */
void day_end(struct day *d, bool passed);

/* The child that the supervisor started last, by its log; 0 where it does not live. */
pid_t day_pid(struct day *d, enum day_who who);
/* SIGKILL and wait until it is gone. */
void day_kill(struct day *d, enum day_who who);

/* ---- looking ------------------------------------------------------------------------------- */

struct day_heartbeat {
    bool is_there;
    pid_t pid;
    int64_t epoch, iter, at_s;
    char rung[24], reason[48], status[16];
};

struct day_heartbeat day_heartbeat(const struct day *d);

int64_t day_now_ns(const struct day *d); /* wall time of the day */
int64_t day_mono_ns(void);
void day_pause_ms(int64_t ms);
void day_reap(struct day *d); /* orphans that ended */

/* <root>/<name>; good until 16 more were asked for. */
const char *day_path(const struct day *d, const char *name);
/* The bytes of a file under the root; false where there is none. */
bool day_read(const struct day *d, const char *name, struct text *ret_bytes);
/* A JSON file under the root, NULL where it cannot be read. */
struct json *day_json(const struct day *d, const char *name);

/* Lines of a log that contain all of the words (NULL ends them): day_lines(d, "logs/run.jsonl",
 * "ok"). */
#define day_lines(d, name, ...) day_lines_of((d), (name), (const char *const[]){__VA_ARGS__, NULL})
int day_lines_of(const struct day *d, const char *name, const char *const *words);
/* System events of that type whose line also contains the word (NULL = any). */
int day_events(const struct day *d, const char *event_type, const char *word);

/* Calls each(ctx, line) for what was appended since *offset, and advances it past the last whole
 * line. */
void day_each_new(const struct day *d, const char *name, int64_t *offset,
                  void (*each)(void *ctx, const char *line), void *ctx);

/* Calls each(ctx, object) for every line of a log that is a JSON object. */
void day_each(const struct day *d, const char *name,
              void (*each)(void *ctx, const struct json *line), void *ctx);

/* GET of the simulator; the body, "" where it does not answer. */
void day_get(const struct day *d, const char *path, struct text *ret_body);
/* Replaces the simulator's faults. */
void day_faults(struct day *d, const char *spec);

/* What the test is at, for the words of a failure. */
void day_doing(struct day *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- failing ------------------------------------------------------------------------------- */

NORETURN void day_fail_at(struct day *d, const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
#define day_fail(d, ...) day_fail_at((d), __FILE__, __LINE__, __VA_ARGS__)

#define DAY_CHECK(d, condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) day_fail((d), "not so: %s", #condition);                                 \
    } while (0)

/* The limit is for what never comes: a machine with much else to do has three times as long. */
#define DAY_WAIT(d, seconds, condition)                                                            \
    do {                                                                                           \
        int64_t until_ns_ = day_mono_ns() + (int64_t)(3 * (seconds) * (double)NS_PER_S);           \
                                                                                                   \
        while (!(condition)) {                                                                     \
            if (day_mono_ns() > until_ns_)                                                         \
                day_fail((d), "waited %g s in vain for: %s", (double)(seconds), #condition);       \
            day_pause_ms(5);                                                                       \
            day_reap(d);                                                                           \
        }                                                                                          \
    } while (0)

#endif

/*
 * The telemetry bundle of a day against one pass of the JSON library over the same logs, and the
 * memory it takes.
 *
 * Files and parse-only pass come first, in a process of their own; then the bundle, also in one:
 * its memory is that of nobody else.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/report.h"
#include "tests/bench/world.h"
#include "tests/lib/telemetry_day.h"

#include "scripts/command.h"

enum { PART = 1000 };
#define SEED UINT64_C(20260122)

static const char *root;

static FILE *
open_file(const char *name, const char *mode)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    FILE *f = fopen(path, mode);
    if (f == NULL) bench_die("open", path);
    return f;
}

static void
write_text(FILE *f, const char *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, f) != len) bench_die("write", "a log");
}

static void
make_folder(const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    if (mkdir(path, 0700) != 0) bench_die("mkdir", path);
}

static void
write_day(int trades)
{
    FILE *log[TELEMETRY_LOGS];
    const char *path = NULL, *json = NULL;

    make_folder("logs");
    make_folder("state");
    for (size_t i = 0; telemetry_day_state(i, &path, &json); i++) {
        FILE *f = open_file(path, "wb");

        write_text(f, json, strlen(json));
        (void)fclose(f);
    }
    for (int i = 0; i < TELEMETRY_LOGS; i++)
        log[i] = open_file(TELEMETRY_LOG_PATH[i], "wb");
    for (int at = 0; at < trades; at += PART) {
        struct telemetry_day d = {0};

        telemetry_day_add(&d, SEED, at, MIN(PART, trades - at));
        for (int i = 0; i < TELEMETRY_LOGS; i++)
            write_text(log[i], text_str(&d.log[i]), d.log[i].len);
        telemetry_day_free(&d);
    }
    for (int i = 0; i < TELEMETRY_LOGS; i++)
        if (fclose(log[i]) != 0) bench_die("write", TELEMETRY_LOG_PATH[i]);
}

/* ---- the pass to compare with --------------------------------------------------------------- */

static void
parse_log(const char *name)
{
    FILE *f = open_file(name, "rb");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, f)) > 0) {
        cJSON *record = cJSON_ParseWithLength(line, (size_t)len);
        if (record == NULL) bench_die("cJSON", name);
        cJSON_Delete(record);
    }
    free(line);
    (void)fclose(f);
}

static double
log_bytes(void)
{
    double sum = 0;

    for (int i = 0; i < TELEMETRY_LOGS; i++) {
        FILE *f = open_file(TELEMETRY_LOG_PATH[i], "rb");

        (void)fseek(f, 0, SEEK_END);
        sum += (double)ftell(f);
        (void)fclose(f);
    }
    return sum;
}

/* ---- the bundle ----------------------------------------------------------------------------- */

static void
run_bundle(const char *embed)
{
    char *argv[] = {strdup("run-full-telemetry-extract"),
                    strdup("--root"),
                    strdup(root),
                    strdup("--date=" TELEMETRY_DAY),
                    strdup("--as-of=2026-01-23T00:00:00Z"),
                    strdup("--manifest-embed"),
                    strdup(embed),
                    NULL};

    if (freopen("/dev/null", "w", stdout) == NULL) _exit(2);
    _exit(cmd_run_full_telemetry_extract((int)COUNT_OF(argv) - 1, argv));
}

/* Processor time and the largest resident memory of a child. */
static struct rusage
in_child(void (*work)(const char *how), const char *how, const char *what)
{
    struct rusage use = {0};
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        work(how);
        _exit(0);
    }
    if (pid < 0 || wait4(pid, &status, 0, &use) != pid || status != 0)
        bench_die(what, "the process ended early");
    return use;
}

static void
write_and_sync(const char *trades)
{
    write_day((int)strtol(trades, NULL, 10));
    sync();
}

static void
parse_logs(const char *how)
{
    (void)how;
    for (int i = 0; i < TELEMETRY_LOGS; i++)
        parse_log(TELEMETRY_LOG_PATH[i]);
}

static double
cpu_s(const struct rusage *use)
{
    return (double)use->ru_utime.tv_sec + (double)use->ru_utime.tv_usec / 1e6 +
           (double)use->ru_stime.tv_sec + (double)use->ru_stime.tv_usec / 1e6;
}

int
main(void)
{
    const char *trades = getenv("BENCH_TRADES");
    char path[64];

    if (trades == NULL) trades = "100000";
    world_root_make(ROOT_ON_DISK, path);
    root = path;
    (void)in_child(write_and_sync, trades, "write the day");
    double bytes = log_bytes();
    struct rusage parsed = in_child(parse_logs, NULL, "parse");
    for (int i = 0; i < 2; i++) {
        const char *embed = i == 0 ? "full" : "digest";
        int64_t from_ns = bench_ns();
        struct rusage made = in_child(run_bundle, embed, "bundle");
        double wall_s = (double)(bench_ns() - from_ns) / 1e9;

        report_row(&(struct report_row){i == 0 ? "telemetry bundle" : "  manifest that only names",
                                        cpu_s(&made) / cpu_s(&parsed), 1, "x", 2},
                   "%s trades, %.0f MB of logs: %.1f s of processor, %.1f s in all; parse-only "
                   "pass %.1f s",
                   trades, bytes / 1e6, cpu_s(&made), wall_s, cpu_s(&parsed));
        report_row(&(struct report_row){"  its memory, at most", (double)made.ru_maxrss / 1024, 256,
                                        "MiB", 1},
                   "manifest %s", embed);
    }
    world_root_remove(path);
    return 0;
}

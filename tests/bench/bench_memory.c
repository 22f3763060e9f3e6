/*
 * The engine's resident memory over many cycles with a large cache of which a tenth changes every
 * time.
 *
 * The files are written by a process of its own; what is measured is the one that runs the engine.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/cache.h"
#include "tests/bench/report.h"
#include "tests/bench/world.h"

enum { SYMBOLS = 500, ALERTS = 100, FILES = 4, WARM_CYCLES = 50 };

static void
file_name(const char *root, int i, char path[96])
{
    (void)snprintf(path, 96, "%s/cache-%d.json", root, i);
}

static void
write_files(const char *root)
{
    for (int i = 0; i < FILES; i++) {
        CLEANUP(text_free) struct text json = {0};
        struct cache_spec spec = {
            .symbols = SYMBOLS, .alerts = ALERTS, .now_ns = WORLD_NOW_NS, .changed = i};
        char path[96];

        cache_write(&spec, &json);
        file_name(root, i, path);
        FILE *f = fopen(path, "wb");
        if (f == NULL || fwrite(json.data, 1, json.len, f) != json.len || fclose(f) != 0)
            bench_die("write", path);
    }
}

static void
write_files_elsewhere(const char *root)
{
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        write_files(root);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        bench_die("files", "the process ended early");
}

/* A line of /proc/self/status in MiB. */
static double
memory_mib(const char *key)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[128];
    long kib = 0;

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (str_starts(line, key)) kib = strtol(line + strlen(key), NULL, 10);
    if (f != NULL) (void)fclose(f);
    return (double)kib / 1024;
}

int
main(void)
{
    static struct world w;
    const int cycles = getenv("BENCH_LONG") != NULL ? 10000 : 300;
    char files[64], root[64], path[96];
    double warm = 0;

    world_root_make(ROOT_ON_DISK, files);
    world_root_make(ROOT_ON_DISK, root);
    write_files_elsewhere(files);
    world_open(&w, root, WORLD_ENTRIES);
    for (int i = 0; i < cycles; i++) {
        file_name(files, i % FILES, path);
        world_put_cache(root, path);
        (void)world_cycle(&w, NS_PER_S);
        if (i == WARM_CYCLES) warm = memory_mib("VmRSS:");
    }
    double end = memory_mib("VmRSS:");
    report_row(&(struct report_row){"engine memory, resident", end, 64, "MiB", 1},
               "after %d cycles over %d symbols x %d alerts as sent (%.1f MB), peak %.1f MiB",
               cycles, SYMBOLS, ALERTS, (double)w.use.cache_bytes / 1e6, memory_mib("VmHWM:"));
    report_row(&(struct report_row){"  growth since cycle 50", end - warm, 1, "MiB", 2},
               "%zu entries sent, %zu symbols in the table", w.venue.orders, w.engine.flow.len);
    world_close(&w);
    world_root_remove(root);
    world_root_remove(files);
    return 0;
}

/*
 * A whole trading day in one process: `stockbot replay`, by its processor time.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/bench/report.h"

enum { RUNS = 5 };

struct run {
    double cpu_s, wall_s;
};

static struct run
replay(char *program)
{
    char *argv[] = {program, (char[]){"replay"}, (char[]){"--seed"}, (char[]){"1"}, NULL};
    struct rusage use;
    int status = 0;
    int64_t began_ns = bench_ns();

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || dup2(fd, 1) < 0) _exit(127);
        (void)execv(program, argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &use) != pid || status != 0)
        bench_die("replay", "it did not end in order");
    return (struct run){.cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
                        .wall_s = (double)(bench_ns() - began_ns) / 1e9};
}

int
main(void)
{
    struct run best = {.cpu_s = (double)INFINITY, .wall_s = (double)INFINITY};
    char self[PATH_MAX], program[PATH_MAX + 16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n <= 0) bench_die("own name", "cannot be read");
    self[n] = '\0';
    /* <build>/tests/bench/bench_day */
    (void)snprintf(program, sizeof(program), "%s/stockbot", dirname(dirname(dirname(self))));
    if (access(program, X_OK) != 0) {
        report_missing("whole-service simulation of a day", "no stockbot beside it");
        return 0;
    }
    for (int i = 0; i < RUNS; i++) {
        struct run r = replay(program);
        best.cpu_s = fmin(best.cpu_s, r.cpu_s);
        best.wall_s = fmin(best.wall_s, r.wall_s);
    }
    report_row(&(struct report_row){"whole-service simulation of a day", best.cpu_s, 1, "s", 2},
               "53 symbols drawn from seed 1; the best of %d, %.2f s by the clock", RUNS,
               best.wall_s);
    return 0;
}

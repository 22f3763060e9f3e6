#include "tests/bench/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t
bench_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail: the clock exists */
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t
bench_cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail: the clock exists */
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
bench_quantile(double *value, size_t len, double q)
{
    if (len == 0) return (double)NAN;
    qsort(value, len, sizeof(*value), ascending);
    return value[(size_t)lround(q * (double)(len - 1))];
}

double
bench_median(double *value, size_t len)
{
    return bench_quantile(value, len, 0.5);
}

void
report_row(const struct report_row *row, const char *fmt, ...)
{
    bool has_budget = !isnan(row->budget);
    char measured[32], budget[32] = "";
    va_list args;

    (void)snprintf(measured, sizeof(measured), "%.*f %s", row->decimals, row->measured, row->unit);
    if (has_budget)
        (void)snprintf(budget, sizeof(budget), "%.*f %s", row->decimals, row->budget, row->unit);
    const char *verdict = !has_budget ? "" : row->measured <= row->budget ? "ok" : "OVER";
    (void)printf("%-46s %14s %14s  %-4s  ", row->what, measured, budget, verdict);
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)printf("\n");
    (void)fflush(stdout);
}

void
report_missing(const char *what, const char *why)
{
    (void)printf("%-46s %14s %14s  %-4s  %s\n", what, "not measured", "", "", why);
    (void)fflush(stdout);
}

void
bench_die(const char *doing, const char *why)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "bench: %s: %s\n", doing, why);
    exit(1);
}

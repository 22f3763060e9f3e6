/*
 * What the benches share: the table they print, distributions, and the time of this process.
 *
 *   report.c      rows of the table; medians and percentiles
 *   cache.c       a flow cache of any size, the same bytes each time
 *   venue.c       a broker in this process that answers at once
 *   world.c       an engine with its real store, disk and ledger over that broker
 *   bench_*.c     one program each, run one after the other by tests/bench/run
 */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include "base/when.h"

enum { REPORT_TEXT_MAX = 96 };

/* Monotonic, for durations. */
int64_t bench_ns(void);
/* Processor time of this process, its system calls included: what a busy machine does not distort,
 * and waiting for the disk is not in it. */
int64_t bench_cpu_ns(void);

/* Sorts in place.  q 0.5 is the median; of few values the nearest one. */
double bench_quantile(double *value, size_t len, double q);
double bench_median(double *value, size_t len);

/* A row: what, the budget, what was measured, and how.  A budget of NAN is a row without one. */
struct report_row {
    const char *what;
    double measured, budget;
    const char *unit; /* behind both numbers */
    int decimals;
};

/* Prints the row; the words behind it say how it was measured. */
void report_row(const struct report_row *row, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A row that could not be measured, and why. */
void report_missing(const char *what, const char *why);

/* Ends the program with what went wrong. */
_Noreturn void bench_die(const char *doing, const char *why);

#endif

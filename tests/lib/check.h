/*
 * What the tests share: cmocka with what it needs, the seed of a property, and the death of an
 * ASSERT.
 */
#ifndef TESTS_LIB_CHECK_H
#define TESTS_LIB_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rand.h"
#include "base/text.h"

/* The generator of a property; TEST_SEED=n repeats or varies a run. */
UNUSED static struct rng
check_rng(const char *property)
{
    struct rng r;
    const char *text = getenv("TEST_SEED");
    int64_t seed = 20260130;

    if (text != NULL && !str_to_i64(text, &seed)) fail_msg("TEST_SEED is not a number");
    printf("seed of %s: %lld\n", property, (long long)seed);
    rng_init(&r, (uint64_t)seed);
    return r;
}

/* The same double, the sign of a zero included. */
UNUSED static bool
check_same_bits(double a, double b)
{
    uint64_t x = 0, y = 0;

    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

/* True if the function ends the process by SIGABRT, as a false ASSERT does. */
UNUSED static bool
check_aborts(void (*fn)(void))
{
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(2);
        (void)signal(SIGABRT, SIG_DFL); /* cmocka has its own */
        fn();
        _exit(0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* The whole file, empty where it cannot be read. */
UNUSED static void
check_read_file(const char *path, struct text *to)
{
    FILE *f = fopen(path, "rb");
    char buf[4096];
    size_t n = 0;

    if (f == NULL) return;
    while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
        text_add(to, buf, n);
    (void)fclose(f);
}

#endif

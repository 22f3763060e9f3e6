/*
 * clock: the system's clock behind the seam of base/clock.h; the only caller of clock_gettime().
 *
 * Paced: STOCKBOT_CLOCK=<start ISO>@<speed>[#<anchor>] lets wall time run from <start>, <speed>
 * times as fast as the monotonic clock:
 *
 *   now = start + (mono - anchor) * speed
 *
 * The anchor is the CLOCK_MONOTONIC reading, in nanoseconds, at which wall time was <start>.
 * Processes of one day agree because they share it: the first one, which finds none, anchors itself
 * at once and writes the anchored text into its environment, which its children inherit.  Monotonic
 * time is never paced.
 *
 * A paced clock makes records of a day that is not today; it is refused unless every configured API
 * host is on this machine.
 */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <signal.h>

#include "base/clock.h"
#include "base/err.h"

enum {
    CLOCK_TEXT_MAX = 128,
    CLOCK_SPEED_MAX = 2000,
    CLOCK_SKEW_READ_MS = 100, /* the skew file is read at most this often (real time) */
    CLOCK_STOP_CHECK_MS = 100 /* longest time until a sleep sees the stop flag (real time) */
};

struct clock_options {
    const char *paced;        /* STOCKBOT_CLOCK; NULL or "" = the real clock */
    const char *skew_file;    /* seconds added to a paced clock; NULL or "" = none; borrowed */
    const char *const *hosts; /* the base URLs; NULL or "" entries are not configured */
    size_t hosts_len;
    const volatile sig_atomic_t *stop; /* ends sleeps when not 0; NULL = never; borrowed */
};

struct sys_clock {
    const volatile sig_atomic_t *stop;
    bool is_paced;
    double speed;
    int64_t start_ns, anchor_ns;
    const char *skew_file;
    int64_t skew_ns, skew_read_ns; /* last value, and the monotonic instant it was read */
};

/*
 * Opens the clock.  An unanchored paced text is anchored now and written back to STOCKBOT_CLOCK.
 *
 * RC_PARSE or RC_RANGE for a text that is none, RC_DENIED for a paced clock and a host elsewhere.
 */
enum rc clock_open(const struct clock_options *opt, struct sys_clock *ret_clock,
                   struct err *err) MUST_USE;

struct config;
/* As clock_open, with the texts and hosts of a loaded config, which must outlive the clock. */
enum rc clock_open_config(const struct config *cfg, const volatile sig_atomic_t *stop,
                          struct sys_clock *ret_clock, struct err *err) MUST_USE;

/* The seam; c must stay where it is while it is used. */
struct clock clock_seam(struct sys_clock *c);

/* "<start ISO>@<speed>#<anchor>" of a paced clock, for a child's environment; "" otherwise. */
const char *clock_text(const struct sys_clock *c, char buf[CLOCK_TEXT_MAX]);

#endif

/*
 * Faults on request: what goes wrong, for which requests, how often and when.
 *
 * SPEC is a list of items separated by commas or blanks:
 *
 *   KIND[=VALUE][:WHICH][:HOW OFTEN][@HH:MM-HH:MM]
 *
 *   KIND       delay=MS        the answer comes that much later (real time)
 *              drop            no answer, the connection hangs; the request is not executed
 *              reset           connection reset before the request is executed
 *              lost            the request is executed, then the connection is reset
 *              401 429 429bare 500 502 503 504
 *                              that status; 429bare has neither headers nor a JSON body
 *              html            an HTML error page of a proxy with status 200
 *              garbage         bytes that are no JSON, as application/json
 *              truncate        half of the answer, then the end of the connection
 *              latefill=MS     executions of the order come that much later (simulated time),
 *                              even after a cancellation was asked for
 *              missingfill=MS  the order says filled, the activity is listed that much later
 *              dupfill         the activity is listed twice under one id
 *              stuckcancel     pending_cancel until the close
 *              rejectcancel    the cancellation is refused with 422
 *              clockskew=MS    /v2/clock is that much ahead (negative: behind)
 *              calendar        /v2/calendar claims that the day has no session
 *   WHICH      METHOD, /path-prefix or METHOD/path-prefix; all requests if left out
 *   HOW OFTEN  a decimal 0.05: by chance (from the seed); a whole number 20: the first 20;
 *              always if left out
 *   @...       only at that New York time of day
 *
 * Example: reset:POST/v2/orders:0.05,delay=2000:GET:0.01,lost:POST:0.1,429:/api/:20@10:15-10:20
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim/book.h"

enum { FAULTS_MAX = 32 };

enum fault_kind {
    FAULT_DELAY,
    FAULT_DROP,
    FAULT_RESET,
    FAULT_LOST,
    FAULT_STATUS,
    FAULT_STATUS_BARE,
    FAULT_HTML,
    FAULT_GARBAGE,
    FAULT_TRUNCATE,
    FAULT_LATE_FILL,
    FAULT_MISSING_FILL,
    FAULT_DUP_FILL,
    FAULT_STUCK_CANCEL,
    FAULT_REJECT_CANCEL,
    FAULT_CLOCK_SKEW,
    FAULT_CALENDAR
};

struct fault_rule {
    enum fault_kind kind;
    int64_t value;  /* milliseconds, or the status */
    char method[8]; /* "" = every method */
    char prefix[96];
    double chance;        /* 1 = always */
    int64_t left;         /* how many more; -1 = without end */
    int from_min, to_min; /* minutes of the New York day; to_min exclusive */
    int64_t hits;
};

struct faults {
    uint64_t seed;
    struct fault_rule rule[FAULTS_MAX];
    size_t len;
};

/* What one request meets: every rule that applies, put together. */
struct fault_choice {
    bool is_any;
    int64_t delay_ms;
    bool is_dropped, is_reset, is_lost, is_html, is_garbage, is_truncated;
    int status; /* 0 = none */
    bool is_bare;
    bool is_cancel_rejected;
    bool is_calendar_wrong;
    int64_t clock_skew_ms;
    struct book_faults book;
};

/* Replaces the rules; RC_PARSE names the item.  "" is no fault. */
enum rc faults_parse(struct faults *f, const char *spec, struct err *err) MUST_USE;

/* number: the request's, counted from the start: with the seed it decides what is left to chance.
 */
struct fault_choice faults_choose(struct faults *f, const char *method, const char *path,
                                  int ny_minute, uint64_t number);

#endif

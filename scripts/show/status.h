/*
 * `stockbot status`: what runs, how it is, what it holds; judged by contract 8.
 *
 *   cmd_status.c     options, the judgement
 *   status_read.c    the facts, from files alone
 *   status_print.c   for people, and for programs
 */
#ifndef SCRIPTS_STATUS_H
#define SCRIPTS_STATUS_H

#include "scripts/look.h"
#include "strategy/control.h"

enum { STATUS_ERRORS = 5, STATUS_WORDS = 240, STATUS_POSITIONS_MAX = 1024 };

struct status_process {
    const char *name;
    int64_t pid;             /* 0: does not run */
    int64_t restarts_failed; /* failures in a row, by the supervisor */
};

struct status_error {
    int64_t at_ns;
    char words[STATUS_WORDS];
};

struct status_position {
    struct ledger_position at_ledger;
    int64_t entered_ns; /* WHEN_NONE: not known */
    double score;       /* at entry; NaN: not known */
    usd price;          /* zero: not known */
};

struct status {
    struct status_process supervisor, engine, daemon;

    bool has_beat;
    int64_t beat_ns, cycle;
    char rung[32], rung_reason[96], engine_status[32], market_regime[32];
    bool is_market_open;
    char trade_stream[16]; /* "" where none is wanted */
    double trade_stream_age_s;
    size_t errors_this_cycle;
    char first_error[STATUS_WORDS];
    int64_t run_ns; /* last line of run.jsonl, WHEN_NONE without one */

    struct control control; /* ordered by the operator, obeyed by the engine in its next cycle */

    bool is_account_known;
    usd equity, daily_pnl, realised_pnl;
    int64_t trades;
    double win_rate; /* NaN before the first trade */

    bool is_cache_readable;
    int64_t cache_ns; /* last update; WHEN_NONE never */
    int64_t cache_symbols;
    char cache_status[32];

    int64_t uw_calls, uw_cap; /* -1: not known */
    char uw_pause[32];
    int64_t uw_exhausted_ns; /* forecast, WHEN_NONE: enough for the day */

    bool is_ledger_readable;
    struct status_position *position; /* from the look's arena */
    size_t positions_len;
    struct intents live;
    size_t unknown;

    struct status_error error[STATUS_ERRORS]; /* newest first */
    size_t errors_len;
};

void status_read(struct look *l, struct status *ret_status);

/* Appends what is missing to healthy, as clauses with "; " between; nothing appended: healthy. */
void status_judge(const struct look *l, const struct status *s, struct text *ret_why);

void status_print(const struct look *l, const struct status *s, const char *why);
void status_write(const struct look *l, const struct status *s, const char *why,
                  struct json_out *o);

#endif

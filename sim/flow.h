/*
 * What the options vendor tells about the day: flow alerts, dark pool prints, market tide.
 *
 * All of it is made once, as the text that will be sent, with the instant from which on it may be
 * seen.
 *
 *   flow.c        the rows, queries
 *   flow_alert.c  drawn alerts
 *   flow_print.c  drawn dark pool prints, tide
 *   flow_file.c   recorded alerts, moved to the day
 */
#ifndef SIM_FLOW_H
#define SIM_FLOW_H

#include "base/json.h"
#include "sim/day.h"

enum { SIM_ALERTS_MAX = 200000, TIDE_MINUTES = DAY_MINUTES_MAX + 1 };

struct flow_row {
    int64_t at_ns;
    uint32_t offset, len; /* of its JSON */
    float net;            /* premium in USD, positive for calls, negative for puts; 0 for prints */
    char symbol[SYMBOL_MAX];
};

struct flow_rows {
    struct flow_row *row; /* ascending by time once flow_sort was called */
    size_t len, cap;
    struct text json;
};

/* The rows of one symbol of the day. */
struct flow_symbol {
    char symbol[SYMBOL_MAX];
    uint32_t *alert; /* its part of the index: places in the alerts, ascending */
    size_t alerts_len;
    struct flow_rows prints;
};

struct sim_flow {
    struct flow_rows alerts;
    struct flow_symbol *symbol; /* as the day's */
    size_t len;
    uint32_t *index;                                        /* owns the parts of all symbols */
    double tide_call[TIDE_MINUTES], tide_put[TIDE_MINUTES]; /* cumulative net premium, USD */
    int64_t tide_volume[TIDE_MINUTES];
};

/* Draws everything for the day.  Empty after a failure. */
enum rc flow_synth(const struct sim_day *day, struct sim_flow *ret_flow, struct err *err) MUST_USE;

/*
 * As flow_synth, but the alerts are the recorded ones of the files: {"data":[…]}, JSON lines (an
 * alert, or a [channel, alert] pair, a line).  Their order is kept; their times are spread over the
 * session by the seed; created_at, start_time and end_time move, all else stays as recorded.
 */
enum rc flow_load(const struct sim_day *day, const struct text *files, size_t files_len,
                  struct sim_flow *ret_flow, struct err *err) MUST_USE;
void flow_done(struct sim_flow *f);

struct flow_query {
    const char *tickers;        /* comma list; NULL = the whole market */
    int64_t newer_ns, older_ns; /* newer_ns < created <= older_ns; WHEN_NONE = no bound below */
    int64_t limit;
};

/* Appends the rows, newest first, separated by commas.  Gives their number. */
size_t flow_alerts(const struct sim_flow *f, const struct flow_query *q, struct text *to);
size_t flow_prints(const struct sim_flow *f, const char *symbol, const struct flow_query *q,
                   struct text *to);

/* Net premium (calls less puts) of a symbol's alerts up to the instant. */
double flow_net_premium(const struct sim_flow *f, size_t symbol, int64_t until_ns);

/* ---- for the makers ------------------------------------------------------------------------- */

/* Starts a row at the end of the text; the caller appends its JSON and calls flow_row_end. */
struct flow_row *flow_row_begin(struct flow_rows *rows, const char *symbol, int64_t at_ns);
void flow_row_end(struct flow_rows *rows);
void flow_sort(struct flow_rows *rows);
/* Reads the recorded alerts of the files and moves them to the day. */
enum rc flow_read_files(const struct sim_day *day, const struct text *files, size_t files_len,
                        struct flow_rows *to, struct err *err) MUST_USE;
void flow_draw_alerts(const struct sim_day *day, struct flow_rows *to);
void flow_draw_prints(const struct sim_day *day, const struct day_symbol *s, struct flow_rows *to);
void flow_draw_tide(const struct sim_day *day, struct sim_flow *f);

#endif

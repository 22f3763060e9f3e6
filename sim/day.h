/*
 * One trading day of the simulated market: minute bars of every symbol, the days before it, and the
 * price at every instant in between.
 *
 * A day is made once and never changes; what is asked of it depends on the seed and the instant
 * alone. Two sources: drawn from a seed (day_synth) or recorded bars (day_load).
 *
 *   day.c        the day, its symbols, daily bars, pressure
 *   day_synth.c  the drawn day
 *   day_csv.c    recorded bars: SYMBOL.csv, 1- or 5-minute
 *   path.c       price, quote and last trade at an instant
 *   profile.c    what the symbols are like (measured)
 *   noise.c      random numbers as functions
 */
#ifndef SIM_DAY_H
#define SIM_DAY_H

#include "base/text.h"
#include "model/calendar.h"
#include "model/market.h"
#include "model/order.h"
#include "sim/profile.h"

enum {
    DAY_MINUTES_MAX = 390,
    DAY_HISTORY = 90, /* daily bars before the day: 60 calendar days need 42, risk features 60 */
    DAY_SYMBOLS_MAX = 1024
};

struct day_symbol {
    char symbol[SYMBOL_MAX];
    uint64_t key; /* noise_key(symbol) */
    struct profile profile;
    struct bar minute[DAY_MINUTES_MAX];
    struct bar daily[DAY_HISTORY]; /* ascending; the last is the session before the day */
    /*
     * -100..100: how hard somebody leans on the symbol in that minute, + for buying.  Zero most of
     * the time; flows of 20 to 90 minutes else.  It moves the drawn price a little and the drawn
     * flow a lot.
     */
    int16_t pressure[DAY_MINUTES_MAX];
};

struct sim_day {
    const struct zone *ny; /* borrowed */
    uint64_t seed;
    struct session session;
    int minutes;               /* 390, or 210 on an early close */
    struct day_symbol *symbol; /* ascending by name */
    size_t len;
};

struct day_spec {
    const struct zone *ny;
    struct date date; /* a session; RC_RANGE otherwise */
    uint64_t seed;
    const char *const *symbols; /* valid, in any order; SPY is added: it is the market's factor */
    size_t symbols_len;
};

/* Gives a day; day_done frees it. */
enum rc day_synth(const struct day_spec *spec, struct sim_day *ret_day, struct err *err) MUST_USE;
void day_done(struct sim_day *day);

/* One recorded file: the name carries the symbol, the bytes are the CSV already unpacked. */
struct day_file {
    char symbol[SYMBOL_MAX];
    struct text csv;
};

/*
 * The day with its bars taken from the files; symbols of the spec without a file are left out, and
 * without symbols in the spec all files count.  spec->date.year 0 = the last date present.
 * Five-minute bars are cut into five along the path within the bar; a missing minute repeats the
 * close with volume 0. Days before it come from the files as far as they reach, before that they
 * are drawn.
 */
enum rc day_load(const struct day_spec *spec, const struct day_file *files, size_t files_len,
                 struct sim_day *ret_day, struct err *err) MUST_USE;

/*
 * The New York dates of the bars in a file, ascending, each once; to be freed.  Refuses what
 * day_load would refuse, in the same words.
 */
enum rc day_dates(const struct zone *ny, const struct day_file *file, struct date **ret_date,
                  size_t *ret_len, struct err *err) MUST_USE;

const struct day_symbol *day_find(const struct sim_day *day,
                                  const char *symbol); /* NULL for none */

/* The minute of the session at the instant: 0..minutes-1; -1 before the open, minutes from the
 * close on. */
int day_minute(const struct sim_day *day, int64_t at_ns);

/* Today's bar of completed minutes up to the instant; false before the first is complete. */
bool day_today(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns,
               struct bar *ret_bar);

/* The bars that exist by the instant: how many, and the i-th, ascending.  Daily ones include
 * today's so far.
 */
int day_bars(const struct sim_day *day, const struct day_symbol *s, enum bar_size size,
             int64_t at_ns);
bool day_bar(const struct sim_day *day, const struct day_symbol *s, enum bar_size size, int i,
             int64_t at_ns, struct bar *ret_bar);

/* What the broker's clock says: any instant, also of other days. */
struct market_clock day_clock(const struct zone *ny, int64_t at_ns);

/* Previous close. */
usd day_prev_close(const struct day_symbol *s);

/* ---- path.c --------------------------------------------------------------------------------- */

struct sim_quote {
    struct nbbo nbbo;
    int64_t bid_qty, ask_qty; /* displayed shares */
};

/*
 * The middle price.  Inside a minute it walks open, first extreme, second extreme, close in
 * straight lines; which extreme comes first and when is drawn (a rising bar mostly makes its low
 * first).
 */
usd day_mid(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns);
/* Best bid and offer around the middle: at least a cent wide, wider in the first minutes and off
 * hours. */
struct sim_quote day_quote(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns);
/* The last trade: at the bid or the offer of a moment within the last seconds; off hours the last
 * close. */
struct last_trade day_trade(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns);

/* The path inside one bar at fraction 0..1 of its time; exported for cutting longer bars and for
 * tests. */
double path_in_bar(const struct bar *b, uint64_t draw, double fraction);
void path_turns(uint64_t draw,
                double ret_at[2]); /* the fractions at which it stands at the two extremes */

/* ---- helpers shared by the two sources ------------------------------------------------------ */

enum rc day_open(const struct day_spec *spec, struct sim_day *ret_day, struct err *err) MUST_USE;
void day_draw_history(struct sim_day *day, struct day_symbol *s, double last_close, int upto);
void day_draw_pressure(struct sim_day *day, struct day_symbol *s);
/* The n-th session before the day's (1 = the one before). */
struct session day_session_before(const struct sim_day *day, int n);
/* Log return of SPY of the n-th session before the day: the common factor of the daily history. */
double day_market_return(const struct sim_day *day, int n);

#endif

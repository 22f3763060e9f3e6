#include "sim/day.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noise.h"

enum { COLUMNS = 6, FILE_BARS_MAX = 2000000 };

/* A recorded symbol is said to be under pressure where the next half hour moves more than this, in
 * deviations. */
#define PRESSURE_FROM  0.9
#define PRESSURE_BLOCK 20 /* minutes */
#define PRESSURE_AHEAD 30
#define PRESSURE_NOISE 0.6

struct tape {
    struct bar *bar; /* ascending */
    size_t len, cap;
};

/* ---- reading -------------------------------------------------------------------------------- */

static bool
parse_row(char *line, struct bar *ret_bar)
{
    char *field[COLUMNS];
    struct bar b;
    usd *price[] = {&b.open, &b.high, &b.low, &b.close};
    double volume;

    for (int i = 0; i < COLUMNS; i++) {
        if (line == NULL) return false;
        field[i] = line;
        line = strchr(line, ',');
        if (line != NULL) *line++ = '\0';
    }
    b.start_ns = when_parse_or_none(field[0]);
    for (int i = 0; i < 4; i++) {
        if (usd_parse(field[i + 1], strlen(field[i + 1]), price[i], NULL) != RC_OK) return false;
        if (price[i]->e4 <= 0 || price[i]->e4 > PRICE_MAX_E4) return false;
    }
    if (b.start_ns == WHEN_NONE || !str_to_f64(field[5], &volume) || volume < 0 || volume > 1e13)
        return false;
    if (usd_cmp(b.low, b.open) > 0 || usd_cmp(b.low, b.close) > 0) return false;
    if (usd_cmp(b.high, b.open) < 0 || usd_cmp(b.high, b.close) < 0) return false;
    b.volume = (int64_t)volume;
    *ret_bar = b;
    return true;
}

static int
by_start(const void *a, const void *b)
{
    int64_t x = ((const struct bar *)a)->start_ns, y = ((const struct bar *)b)->start_ns;

    return (x > y) - (x < y);
}

/* timestamp,open,high,low,close,volume; the first line is the heading. */
static enum rc
read_tape(const struct day_file *file, struct tape *t, struct err *err)
{
    const char *at = text_str(&file->csv);

    for (size_t line = 1; *at != '\0'; line++) {
        size_t len = strcspn(at, "\r\n");
        char row[256];
        struct bar b;

        if (len >= sizeof(row))
            return err_set(err, RC_PARSE, "%s line %zu: too long", file->symbol, line);
        memcpy(row, at, len);
        row[len] = '\0';
        at += len;
        at += *at == '\r' ? 1 : 0;
        at += *at == '\n' ? 1 : 0;
        if (line == 1 || len == 0) continue;
        if (!parse_row(row, &b))
            return err_set(err, RC_PARSE, "%s line %zu: not a bar", file->symbol, line);
        if (t->len == FILE_BARS_MAX)
            return err_set(err, RC_RANGE, "%s: too many bars", file->symbol);
        if (t->len == t->cap) {
            t->cap = t->cap == 0 ? 4096 : t->cap * 2;
            t->bar = realloc(t->bar, t->cap * sizeof(*t->bar));
            ASSERT(t->bar != NULL);
        }
        t->bar[t->len++] = b;
    }
    if (t->len == 0) return err_set(err, RC_PARSE, "%s: no bars", file->symbol);
    qsort(t->bar, t->len, sizeof(*t->bar), by_start);
    return RC_OK;
}

/* ---- from bars to minutes ------------------------------------------------------------------- */

/* The shortest distance between two bars of the session in minutes: 1 or 5. */
static int
step_of(const struct tape *t, const struct session *s)
{
    int64_t least = 5 * NS_PER_MIN;

    for (size_t i = 1; i < t->len; i++) {
        int64_t gap = t->bar[i].start_ns - t->bar[i - 1].start_ns;

        if (t->bar[i].start_ns >= s->open_ns && t->bar[i].start_ns < s->close_ns && gap > 0 &&
            gap < least)
            least = gap;
    }
    return (int)MAX(1, least / NS_PER_MIN);
}

static usd
path_price(const struct bar *b, uint64_t draw, double fraction)
{
    return (usd){(int64_t)path_in_bar(b, draw, fraction)};
}

/* The n-th of `parts` pieces of a bar: ends and extremes of the path in between. */
static struct bar
piece(const struct bar *b, uint64_t draw, int n, int parts)
{
    double from = (double)n / parts, to = (double)(n + 1) / parts, turn[2];
    struct bar p = {.start_ns = b->start_ns + n * NS_PER_MIN};

    path_turns(draw, turn);
    p.open = path_price(b, draw, from);
    p.close = path_price(b, draw, to);
    p.high = usd_cmp(p.open, p.close) > 0 ? p.open : p.close;
    p.low = usd_cmp(p.open, p.close) < 0 ? p.open : p.close;
    for (int i = 0; i < 2; i++) {
        usd at = path_price(b, draw, turn[i]);

        if (turn[i] < from || turn[i] >= to) continue;
        p.high = usd_cmp(at, p.high) > 0 ? at : p.high;
        p.low = usd_cmp(at, p.low) < 0 ? at : p.low;
    }
    p.volume = b->volume / parts + (n < b->volume % parts ? 1 : 0);
    return p;
}

static struct bar
flat_bar(int64_t start_ns, usd price)
{
    return (struct bar){
        .start_ns = start_ns, .open = price, .high = price, .low = price, .close = price};
}

/* False if the tape has nothing of the session. */
static bool
fill_minutes(const struct sim_day *day, struct day_symbol *s, const struct tape *t)
{
    int step = step_of(t, &day->session), filled = 0;
    usd last = USD_ZERO;

    for (size_t i = 0; i < t->len; i++) {
        const struct bar *b = &t->bar[i];

        if (b->start_ns < day->session.open_ns || b->start_ns >= day->session.close_ns) continue;

        int at = day_minute(day, b->start_ns);

        for (; filled < at; filled++)
            s->minute[filled] =
                flat_bar(day->session.open_ns + filled * NS_PER_MIN, last.e4 > 0 ? last : b->open);
        for (int n = 0; n < step && filled < day->minutes; n++, filled++)
            s->minute[filled] =
                piece(b, noise_u64(day->seed, NOISE_PATH, s->key, 5000 + (uint64_t)at), n, step);
        last = b->close;
    }
    if (last.e4 == 0) return false;
    for (; filled < day->minutes; filled++)
        s->minute[filled] = flat_bar(day->session.open_ns + filled * NS_PER_MIN, last);
    return true;
}

/* ---- the days before ------------------------------------------------------------------------ */

static bool
daily_of(const struct tape *t, const struct session *s, struct bar *ret_bar)
{
    struct bar day = {0};

    for (size_t i = 0; i < t->len; i++) {
        const struct bar *b = &t->bar[i];

        if (b->start_ns < s->open_ns || b->start_ns >= s->close_ns) continue;
        if (day.open.e4 == 0) day = *b;
        day.high = usd_cmp(b->high, day.high) > 0 ? b->high : day.high;
        day.low = usd_cmp(b->low, day.low) < 0 ? b->low : day.low;
        day.close = b->close;
        day.volume += day.start_ns == b->start_ns ? 0 : b->volume;
    }
    *ret_bar = day;
    return day.open.e4 > 0;
}

/* Recorded days as far back as they follow each other, drawn ones before. */
static void
fill_history(struct sim_day *day, struct day_symbol *s, const struct tape *t)
{
    int first = DAY_HISTORY;
    struct bar b;

    while (first > 0) {
        struct session before = day_session_before(day, DAY_HISTORY - first + 1);
        struct civil midnight = {.date = before.date};

        if (!daily_of(t, &before, &b)) break;
        b.start_ns = zone_utc(day->ny, &midnight);
        s->daily[--first] = b;
    }
    day_draw_history(day, s,
                     usd_to_double(first < DAY_HISTORY ? s->daily[first].open : s->minute[0].open),
                     first);
}

/*
 * Who leaned on a recorded symbol is not recorded; it is read off what the price did next, with
 * noise, so that what is drawn around the bars (dark pool, tide) foretells them about as well as it
 * may.
 */
static void
fill_pressure(struct sim_day *day, struct day_symbol *s)
{
    double squares = 0;

    for (int i = 1; i < day->minutes; i++) {
        double r = log((double)s->minute[i].close.e4 / (double)s->minute[i - 1].close.e4);
        squares += r * r;
    }

    double deviation = sqrt(squares / day->minutes * PRESSURE_AHEAD);

    for (int block = 0; deviation > 0 && block < day->minutes; block += PRESSURE_BLOCK) {
        int ahead = MIN(block + PRESSURE_AHEAD, day->minutes - 1);
        double move =
            log((double)s->minute[ahead].close.e4 / (double)s->minute[block].open.e4) / deviation;
        double x = move + PRESSURE_NOISE *
                              noise_normal(day->seed, NOISE_PRESSURE, s->key, (uint64_t)block);

        if (fabs(x) < PRESSURE_FROM) continue;
        for (int i = block; i < MIN(block + PRESSURE_BLOCK, day->minutes); i++)
            s->pressure[i] = (int16_t)fmax(-100, fmin(100, 60 * x));
    }
}

/* ---- the whole day -------------------------------------------------------------------------- */

static struct date
last_date(const struct zone *ny, const struct tape *tapes, size_t len)
{
    int64_t latest = 0;

    for (size_t i = 0; i < len; i++) {
        ASSERT(tapes[i].len > 0 && tapes[i].bar != NULL); /* read_tape refuses an empty file */
        latest = MAX(latest, tapes[i].bar[tapes[i].len - 1].start_ns);
    }
    return zone_date(ny, latest);
}

static const char *
name_of(const struct day_file *files, const struct day_spec *spec, size_t i)
{
    for (size_t k = 0; k < spec->symbols_len; k++)
        if (str_eq(spec->symbols[k], files[i].symbol)) return files[i].symbol;
    return spec->symbols_len == 0 ? files[i].symbol : NULL;
}

/* A symbol without a bar on the day (also SPY, which day_open adds) is taken out again. */
static void
drop_symbol(struct sim_day *day, size_t at)
{
    memmove(&day->symbol[at], &day->symbol[at + 1], (day->len - at - 1) * sizeof(*day->symbol));
    day->len--;
}

static bool
fill_symbol(struct sim_day *day, struct day_symbol *s, const struct day_file *files,
            const struct tape *tapes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!str_eq(files[i].symbol, s->symbol)) continue;
        if (!fill_minutes(day, s, &tapes[i])) return false;
        s->profile.price = usd_to_double(s->minute[0].open);
        fill_history(day, s, &tapes[i]);
        fill_pressure(day, s);
        return true;
    }
    return false;
}

static enum rc
build(const struct day_spec *spec, const struct day_file *files, const struct tape *tapes,
      size_t len, struct sim_day *ret_day, struct err *err)
{
    const char *names[DAY_SYMBOLS_MAX];
    struct day_spec chosen = *spec;

    chosen.symbols = names;
    chosen.symbols_len = 0;
    for (size_t i = 0; i < len && chosen.symbols_len + 1 < DAY_SYMBOLS_MAX; i++) {
        const char *name = name_of(files, spec, i);
        if (name != NULL) names[chosen.symbols_len++] = name;
    }
    if (chosen.date.year == 0) chosen.date = last_date(spec->ny, tapes, len);

    struct sim_day day = {0};
    enum rc rc = day_open(&chosen, &day, err);

    if (rc != RC_OK) return rc;
    for (size_t i = day.len; i-- > 0;)
        if (!fill_symbol(&day, &day.symbol[i], files, tapes, len)) drop_symbol(&day, i);
    if (day.len == 0) {
        char text[ISO_TEXT_MAX];

        day_done(&day);
        return err_set(err, RC_NOT_FOUND, "no bars of %s", date_text(chosen.date, text));
    }
    *ret_day = day;
    return RC_OK;
}

enum rc
day_load(const struct day_spec *spec, const struct day_file *files, size_t files_len,
         struct sim_day *ret_day, struct err *err)
{
    struct tape *tapes = calloc(files_len + 1, sizeof(*tapes));
    enum rc rc = files_len > 0 ? RC_OK : err_set(err, RC_NOT_FOUND, "no bars");

    ASSERT(tapes != NULL);
    for (size_t i = 0; i < files_len && rc == RC_OK; i++)
        rc = read_tape(&files[i], &tapes[i], err);
    if (rc == RC_OK) rc = build(spec, files, tapes, files_len, ret_day, err);
    for (size_t i = 0; i < files_len; i++)
        free(tapes[i].bar);
    free(tapes);
    return rc;
}

enum rc
day_dates(const struct zone *ny, const struct day_file *file, struct date **ret_date,
          size_t *ret_len, struct err *err)
{
    struct tape tape = {0};
    struct date *date = NULL;
    size_t len = 0, cap = 0;
    enum rc rc = read_tape(file, &tape, err);

    for (size_t i = 0; rc == RC_OK && i < tape.len; i++) {
        struct date d = zone_date(ny, tape.bar[i].start_ns);

        if (len > 0 && date_cmp(date[len - 1], d) == 0) continue;
        if (len == cap) {
            cap = cap == 0 ? 64 : 2 * cap;
            struct date *more = realloc(date, cap * sizeof(*date));
            ASSERT(more != NULL);
            date = more;
        }
        date[len++] = d;
    }
    free(tape.bar);
    if (rc != RC_OK) return rc;
    *ret_date = date;
    *ret_len = len;
    return RC_OK;
}

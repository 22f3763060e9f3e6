#include "intel/symbol_risk.h"

#include <math.h>

#include "intel/universe.h"
#include "model/symbol.h"

static const double TRADING_DAYS = 252;
/* A file in which nothing exceeds this says nothing. */
static const double VOL_TO_SPEAK_OF = 0.001;

/* ---- returns ------------------------------------------------------------------------------- */

struct returns {
    double value[RISK_CLOSES_MAX];
    int64_t day[RISK_CLOSES_MAX]; /* of the later close */
    size_t len;
};

static double
price_at(const struct closes *c, size_t i)
{
    return isfinite(c->usd[i]) ? c->usd[i] : 0;
}

static void
returns_take(const struct closes *c, struct returns *ret)
{
    size_t first = c->len > RISK_CLOSES_MAX ? c->len - RISK_CLOSES_MAX : 0;

    ret->len = 0;
    for (size_t i = first + 1; i < c->len; i++) {
        double before = price_at(c, i - 1), after = price_at(c, i);
        if (!(before > 0) || !(after > 0)) continue;
        ret->value[ret->len] = (after - before) / before;
        ret->day[ret->len++] = c->day != NULL ? c->day[i] : 0;
    }
}

/* Days that count back from the last return. */
static void
days_from_the_end(struct returns *r)
{
    for (size_t i = 0; i < r->len; i++)
        r->day[i] = (int64_t)i - (int64_t)r->len;
}

/* ---- statistics ---------------------------------------------------------------------------- */

static double
mean(const double *x, size_t len)
{
    double sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return len > 0 ? sum / (double)len : 0;
}

/* Of a sample; 0 for none and for a single value. */
static double
deviation(const double *x, size_t len)
{
    double m = mean(x, len), squares = 0;

    for (size_t i = 0; i < len; i++)
        squares += (x[i] - m) * (x[i] - m);
    return sqrt(fmax(0, squares / (double)(len > 1 ? len - 1 : 1)));
}

static double
realised_vol(const struct returns *r, size_t window)
{
    if (r->len < window) return 0;
    return deviation(r->value + r->len - window, window) * sqrt(TRADING_DAYS);
}

/* Returns of the same day among the last RISK_VOL_LONG of both. */
struct pairs {
    double symbol[RISK_VOL_LONG], benchmark[RISK_VOL_LONG];
    size_t len;
};

static void
pairs_take(const struct returns *symbol, const struct returns *benchmark, struct pairs *ret)
{
    size_t i = symbol->len > RISK_VOL_LONG ? symbol->len - RISK_VOL_LONG : 0;
    size_t j = benchmark->len > RISK_VOL_LONG ? benchmark->len - RISK_VOL_LONG : 0;

    ret->len = 0;
    while (i < symbol->len && j < benchmark->len) {
        if (symbol->day[i] == benchmark->day[j]) {
            ret->symbol[ret->len] = symbol->value[i++];
            ret->benchmark[ret->len++] = benchmark->value[j++];
        } else if (symbol->day[i] < benchmark->day[j]) {
            i++;
        } else {
            j++;
        }
    }
}

static double
beta(const struct returns *symbol, const struct returns *benchmark)
{
    struct pairs p;
    double covariance = 0;

    if (symbol->len < RISK_BETA_RETURNS_MIN || benchmark->len < RISK_BETA_RETURNS_MIN) return 0;
    pairs_take(symbol, benchmark, &p);
    if (p.len < RISK_BETA_PAIRS_MIN) return 0;
    double my = mean(p.symbol, p.len), mx = mean(p.benchmark, p.len);
    for (size_t i = 0; i < p.len; i++)
        covariance += (p.benchmark[i] - mx) * (p.symbol[i] - my);
    covariance /= (double)(p.len - 1);
    double wide = deviation(p.benchmark, p.len), variance = wide * wide;
    return variance > 0 ? covariance / variance : 0;
}

static double
reported(double x)
{
    return isfinite(x) ? round_dec(x, RISK_DECIMALS) : 0;
}

struct symbol_risk
symbol_risk_of(const struct closes *symbol, const struct closes *benchmark)
{
    struct returns own, market;

    returns_take(symbol, &own);
    returns_take(benchmark, &market);
    if (symbol->day == NULL || benchmark->day == NULL) {
        days_from_the_end(&own);
        days_from_the_end(&market);
    }
    return (struct symbol_risk){
        .realised_vol_5d = reported(realised_vol(&own, RISK_VOL_SHORT)),
        .realised_vol_20d = reported(realised_vol(&own, RISK_VOL_LONG)),
        .beta_vs_spy = reported(beta(&own, &market)),
    };
}

/* ---- the table ----------------------------------------------------------------------------- */

size_t
symbol_risk_symbols(const char *const *name, size_t len, struct arena *a,
                    const char *const **ret_symbol)
{
    const char **symbol = ARENA_NEW(a, const char *, len + 1);
    size_t kept = 0;

    symbol[kept++] = RISK_BENCHMARK;
    for (size_t i = 0; i < len; i++) {
        char *s = arena_strdup(a, name[i]);

        str_trim(s);
        str_upper(s);
        if (symbol_valid(s)) symbol[kept++] = s;
    }
    *ret_symbol = symbol;
    return universe_sort_symbols(symbol, kept);
}

/* A daily bar starts at midnight or at the open in New York: its date in UTC is the same. */
static struct closes
closes_of(const struct bars *b, struct arena *a)
{
    size_t first = b->len > RISK_CLOSES_MAX ? b->len - RISK_CLOSES_MAX : 0, len = b->len - first;
    double *price = ARENA_NEW(a, double, len);
    int64_t *day = ARENA_NEW(a, int64_t, len);

    for (size_t i = 0; i < len; i++) {
        const struct bar *bar = &b->bar[first + i];

        price[i] = usd_to_double(bar->close);
        day[i] = date_to_days(when_to_civil(bar->start_ns).date);
    }
    return (struct closes){.usd = price, .day = day, .len = len};
}

static int64_t
last_start(const struct bars *b)
{
    return b->len > 0 ? b->bar[b->len - 1].start_ns : WHEN_NONE;
}

static const struct bars *
benchmark_bars(const struct symbol_risk_bars *symbol, size_t len)
{
    static const struct bars NONE = {0};

    for (size_t i = 0; i < len; i++)
        if (str_eq(symbol[i].symbol, RISK_BENCHMARK)) return &symbol[i].bars;
    return &NONE;
}

void
symbol_risk_table_of(const struct symbol_risk_bars *symbol, size_t len, struct arena *a,
                     struct symbol_risk_table *ret_table)
{
    const struct bars *market = benchmark_bars(symbol, len);
    const struct closes benchmark = closes_of(market, a);
    struct symbol_risk_row *row = ARENA_NEW(a, struct symbol_risk_row, len);
    const char **failed = ARENA_NEW(a, const char *, len);
    struct symbol_risk_table t = {
        .row = row, .len = len, .benchmark_last_bar_ns = last_start(market), .failed = failed};

    for (size_t i = 0; i < len; i++) {
        struct closes own = closes_of(&symbol[i].bars, a);

        row[i] = (struct symbol_risk_row){.symbol = symbol[i].symbol,
                                          .risk = symbol_risk_of(&own, &benchmark),
                                          .last_bar_ns = last_start(&symbol[i].bars)};
        if (symbol[i].has_failed) failed[t.failed_len++] = symbol[i].symbol;
    }
    *ret_table = t;
}

/* ---- the file ------------------------------------------------------------------------------ */

bool
symbol_risk_is_fresh(const struct json *doc, int64_t now_ns)
{
    const char *ts = json_str(json_get_obj(doc, "_meta"), "ts", "");
    int64_t at_ns = when_parse_or_none(ts);
    const struct json *symbols = json_get_obj(doc, "symbols");

    if (at_ns == WHEN_NONE || now_ns - at_ns > RISK_CACHE_HOURS * NS_PER_HOUR) return false;
    if (json_len(symbols) == 0) return true;
    for (const struct json *v = json_first(symbols); v != NULL; v = json_next(v)) {
        double b = json_f64(v, "beta_vs_spy", 0);
        if (json_f64(v, "realized_vol_20d", 0) > VOL_TO_SPEAK_OF || b < 0 || b > 0) return true;
    }
    return false;
}

void
symbol_risk_write(struct json_out *o, const struct symbol_risk *r)
{
    json_out_f64(o, "realized_vol_5d", r->realised_vol_5d);
    json_out_f64(o, "realized_vol_20d", r->realised_vol_20d);
    json_out_f64(o, "beta_vs_spy", r->beta_vs_spy);
}

static void
write_failed(struct json_out *o, const struct symbol_risk_table *t)
{
    if (t->failed_len == 0) return;
    json_out_arr(o, "failed_symbols");
    for (size_t i = 0; i < MIN(t->failed_len, (size_t)RISK_FAILED_NAMED_MAX); i++)
        json_out_str(o, NULL, t->failed[i]);
    json_out_end(o);
}

void
symbol_risk_table_write(struct json_out *o, const struct symbol_risk_table *t, int64_t now_ns)
{
    json_out_obj(o, NULL);
    json_out_obj(o, "_meta");
    intel_ts_write(o, now_ns);
    json_out_str(o, "benchmark", RISK_BENCHMARK);
    json_out_time(o, "benchmark_last_bar_ts", t->benchmark_last_bar_ns);
    json_out_i64(o, "count", (int64_t)t->len);
    json_out_i64(o, "failed_count", (int64_t)t->failed_len);
    write_failed(o, t);
    json_out_end(o);
    json_out_obj(o, "symbols");
    for (size_t i = 0; i < t->len; i++) {
        json_out_obj(o, t->row[i].symbol);
        symbol_risk_write(o, &t->row[i].risk);
        json_out_time(o, "last_bar_ts", t->row[i].last_bar_ns);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

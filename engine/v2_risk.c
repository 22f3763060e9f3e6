#include <stdlib.h>

#include "base/json.h"
#include "engine/v2.h"

#define RISK_PATH      "state/symbol_risk_features.json"
#define RISK_WINDOW_NS (RISK_LOOKBACK_DAYS * NS_PER_DAY)
#define RISK_REST_NS   (10 * NS_PER_MIN) /* after a table that says nothing, or was not written */

/* ---- which symbols ------------------------------------------------------------------------- */

static int
by_name(const void *x, const void *y)
{
    return strcmp(x, y);
}

static void
add(struct v2_risk *r, const char *symbol)
{
    if (r->len == V2_RISK_SYMBOLS_MAX) return;
    char *to = r->symbol[r->len];
    if (!str_copy(to, SYMBOL_MAX, symbol)) return;
    str_trim(to);
    str_upper(to);
    if (to[0] != '\0') r->len++;
}

static void
begin(struct v2_risk *r, const struct name_list *tickers, int64_t now_ns)
{
    *r = (struct v2_risk){
        .is_running = true, .benchmark_last_bar_ns = WHEN_NONE, .begun_ns = now_ns};
    add(r, RISK_BENCHMARK);
    for (size_t i = 0; i < tickers->len; i++)
        add(r, tickers->item[i]);
    qsort(r->symbol, r->len, SYMBOL_MAX, by_name);
    size_t kept = 0;
    for (size_t i = 0; i < r->len; i++)
        if (i == 0 || !str_eq(r->symbol[i], r->symbol[kept - 1])) {
            if (kept != i) memcpy(r->symbol[kept], r->symbol[i], SYMBOL_MAX);
            kept++;
        }
    r->len = kept;
}

/* ---- one symbol ---------------------------------------------------------------------------- */

struct closes_room {
    double usd[RISK_CLOSES_MAX];
    int64_t day[RISK_CLOSES_MAX];
    size_t len;
};

/* The newest RISK_CLOSES_MAX daily closes, oldest first, each with its New York date. */
static struct closes_room
closes_of(const struct bars *bars, const struct zone *ny)
{
    struct closes_room room = {.len = MIN(bars->len, (size_t)RISK_CLOSES_MAX)};

    for (size_t i = 0; i < room.len; i++) {
        const struct bar *b = &bars->bar[bars->len - room.len + i];

        room.usd[i] = usd_to_double(b->close);
        room.day[i] = date_to_days(zone_date(ny, b->start_ns));
    }
    return room;
}

static enum rc
ask(struct v2_asking *q, const char *symbol, int64_t now_ns, struct arena *a, struct bars *ret_bars,
    struct err *err)
{
    return v2_ask_bars(q, symbol, BAR_1DAY, now_ns - RISK_WINDOW_NS, now_ns, RISK_LOOKBACK_DAYS, a,
                       ret_bars, err);
}

/* False where the requests of this cycle are used up. */
static bool
take_benchmark(struct v2_risk *r, struct v2_asking *q, int64_t now_ns, struct arena *a)
{
    struct bars bars = {0};
    struct err err = {0};

    if (r->has_benchmark) return true;
    if (ask(q, RISK_BENCHMARK, now_ns, a, &bars, &err) == RC_BUSY) return false;
    r->has_benchmark = true; /* bars that cannot be read are an empty series: no beta then */
    if (bars.len == 0) return true;
    struct closes_room room = closes_of(&bars, q->seams->ny);
    memcpy(r->benchmark, room.usd, sizeof r->benchmark);
    memcpy(r->benchmark_day, room.day, sizeof r->benchmark_day);
    r->benchmark_len = room.len;
    r->benchmark_last_bar_ns = bars.bar[bars.len - 1].start_ns;
    return true;
}

static bool
take_next(struct v2_risk *r, struct v2_asking *q, int64_t now_ns, struct arena *a)
{
    const struct closes benchmark = {
        .usd = r->benchmark, .day = r->benchmark_day, .len = r->benchmark_len};
    struct bars bars = {0};
    struct err err = {0};
    size_t i = r->next;
    enum rc rc = ask(q, r->symbol[i], now_ns, a, &bars, &err);

    if (rc == RC_BUSY) return false;
    struct closes_room room = closes_of(&bars, q->seams->ny);
    const struct closes own = {.usd = room.usd, .day = room.day, .len = room.len};
    r->risk[i] = symbol_risk_of(&own, &benchmark);
    r->last_bar_ns[i] = bars.len > 0 ? bars.bar[bars.len - 1].start_ns : WHEN_NONE;
    r->has_failed[i] = rc != RC_OK;
    r->next++;
    return true;
}

/* ---- the table ----------------------------------------------------------------------------- */

static void
write_table(const struct v2_risk *r, const struct v2_seams *s, int64_t now_ns, struct arena *a)
{
    const struct store_spec spec = {.path = RISK_PATH, .default_json = "{}"};
    struct symbol_risk_row *row = ARENA_NEW(a, struct symbol_risk_row, r->len);
    const char **failed = ARENA_NEW(a, const char *, r->len);
    struct symbol_risk_table t = {.row = row,
                                  .len = r->len,
                                  .benchmark_last_bar_ns = r->benchmark_last_bar_ns,
                                  .failed = failed};
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    struct err err = {0};

    for (size_t i = 0; i < r->len; i++) {
        row[i] = (struct symbol_risk_row){r->symbol[i], r->risk[i], r->last_bar_ns[i]};
        if (r->has_failed[i]) failed[t.failed_len++] = r->symbol[i];
    }
    symbol_risk_table_write(&o, &t, now_ns);
    if (store_save(s->store, &spec, &doc, &err) != RC_OK) {
        log_event(s->log, EV_SYMBOL_RISK_PERSIST_FAILED, F_STR("error", err.text));
        return;
    }
    log_event(s->log, EV_SYMBOL_RISK_UPDATED, F_I64("count", t.len),
              F_I64("failed_count", t.failed_len), F_STR("benchmark", RISK_BENCHMARK));
}

void
v2_risk_go_on(struct v2_risk *r, const struct json *doc, struct v2_asking *q, int64_t now_ns,
              struct arena *a)
{
    if (!r->is_running) {
        bool is_resting = r->begun_ns != 0 && now_ns - r->begun_ns < RISK_REST_NS;

        if (is_resting || symbol_risk_is_fresh(doc, now_ns)) return;
        begin(r, &q->seams->cfg->strategy.tickers, now_ns);
    }
    if (!take_benchmark(r, q, now_ns, a)) return;
    for (int i = 0; i < V2_RISK_PER_CYCLE && r->next < r->len; i++)
        if (!take_next(r, q, now_ns, a)) return;
    if (r->next < r->len) return;
    write_table(r, q->seams, now_ns, a);
    r->is_running = false;
}

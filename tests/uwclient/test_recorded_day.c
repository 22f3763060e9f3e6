/*
 * A recorded day through the whole chain: the vendor's answers into the daemon, its flow cache onto
 * the disk, that file into the engine's table, and a score of each symbol.
 *
 * Counts and sums are computed from the recording beside it, the slow way; the scores stand in a
 * table that is kept: whoever changes one changes what the engine would have thought that evening.
 */
#include <math.h>

#include "tests/uwclient/daemon_bed.h"

#include "engine/flow_table.h"
#include "engine/scoring.h"

#define RECORDED "data/uw/recorded_2026-01-30/flow_alerts_union.json"
#define EVENING  "2026-01-30T20:58:10Z" /* two seconds after the last alert */

static const struct {
    const char *symbol;
    double score; /* v1, without boosts, regime mixed; three decimals */
} GOLDEN[] = {
    {"AAPL", 2.130},
    {"COST", 1.751},
    {"JPM",  0.837},
    {"MSFT", 1.877},
    {"NVDA", 1.821},
    {"PLTR", 3.217},
    {"QQQ",  1.786},
    {"SOFI", 1.711},
    {"SPY",  1.691},
    {"TSLA", 3.228},
    {"UNH",  1.725},
};

/* What the recording says of a symbol. */
struct sums {
    int64_t trades;
    double total, call, put;
};

static struct sums
sums_of(const struct json *doc, const char *symbol)
{
    struct sums s = {0};

    for (const struct json *row = json_first(json_get(doc, "data")); row != NULL;
         row = json_next(row)) {
        double premium = json_f64(row, "total_premium", (double)NAN);

        if (!str_eq(json_str(row, "ticker", ""), symbol)) continue;
        s.trades++;
        s.total += premium;
        if (str_eq(json_str(row, "type", ""), "call"))
            s.call += premium;
        else
            s.put += premium;
    }
    return s;
}

struct answers {
    struct text flow;
};

static void
answer(void *ctx, const struct http_request *req, struct text *body, struct fake_reply *ret_reply)
{
    const struct answers *a = ctx;

    (void)ret_reply;
    if (kind_of(req->url) == UW_JOB_OPTION_FLOW)
        text_add(body, text_str(&a->flow), a->flow.len);
    else
        text_puts(body, "{\"data\":[]}");
}

static char *symbols[COUNT_OF(GOLDEN)];

static void
poll_once(struct bed *b, struct answers *a)
{
    bed_make(b, EVENING);
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++)
        symbols[i] = (char *)(uintptr_t)GOLDEN[i].symbol;
    b->w.cfg.tickers = (struct name_list){symbols, COUNT_OF(GOLDEN)};
    b->w.net.answer = answer;
    b->w.net.ctx = a;
    bed_start(b);
    daemon_run(&b->d, true);
}

/* The member of the cache says what the recording says. */
static void
check_cached(const struct json *cache, const struct json *doc, const char *symbol)
{
    const struct json *entry = json_get(cache, symbol);
    struct sums want = sums_of(doc, symbol);

    if (want.trades == 0) {
        assert_int_equal(json_i64(entry, "trade_count", 0), 0);
        return;
    }
    assert_int_equal(json_i64(entry, "trade_count", -1), want.trades);
    assert_int_equal(json_len(json_get(entry, "flow_trades")), want.trades);
    if (fabs(json_f64(entry, "total_premium", (double)NAN) - want.total) > 1e-6 ||
        fabs(json_f64(entry, "call_premium", (double)NAN) - want.call) > 1e-6 ||
        fabs(json_f64(entry, "put_premium", (double)NAN) - want.put) > 1e-6)
        fail_msg("%s: the sums differ", symbol);
    assert_string_equal(json_str(entry, "sentiment", ""),
                        want.call > want.put ? "BULLISH" : "BEARISH");
}

static void
test_recorded_day_is_cached_read_and_scored(void **state)
{
    static struct bed b;
    struct answers a = {0};
    struct flow_table table = {0};
    char path[1024];
    int wrong = 0;

    (void)state;
    if (uw_shared(RECORDED, path) == NULL) skip();
    check_read_file(path, &a.flow);
    CLEANUP(json_freep) struct json *doc = uw_shared_json(RECORDED);
    poll_once(&b, &a);
    CLEANUP(json_freep) struct json *cache = cache_file(&b);
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++)
        check_cached(cache, doc, GOLDEN[i].symbol);
    assert_int_equal(flow_table_refresh(&table, &b.w.fs, &b.w.store, &b.w.log), FLOW_CACHE_OK);
    for (size_t i = 0; i < COUNT_OF(GOLDEN); i++) {
        double score = score_of(&table, GOLDEN[i].symbol, SCORE_REGIME_MIXED, b.w.time.now_ns);

        if (fabs(score - GOLDEN[i].score) < 1e-9) continue;
        print_message("%s: %.3f, %.3f is kept\n", GOLDEN[i].symbol, score, GOLDEN[i].score);
        wrong++;
    }
    flow_table_done(&table);
    bed_remove(&b);
    text_free(&a.flow);
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_day_is_cached_read_and_scored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

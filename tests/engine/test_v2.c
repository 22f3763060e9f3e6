/*
 * v2 beside v1, over whole days of the replay: what v1 decides, writes and asks of the broker is
 * the same with v2 on, off, fed with nonsense, without prices, held in quarantine and dying.
 */
#include <limits.h>
#include <stdlib.h>

#include "scripts/replay/replay.h"
#include "tests/lib/check.h"

#define TICKERS "AAPL,AMD,COIN,F,MRNA,NIO,NVDA,PLTR,QQQ,SOFI,SPY,XOM"

enum { COUNT_ROOM = 48, COUNTS = 64 };

/* ---- requests, counted --------------------------------------------------------------------- */

struct request_count {
    char what[COUNT_ROOM]; /* method and the first part of the path */
    int64_t n;
};

struct counted {
    struct http inner;
    struct request_count count[COUNTS];
    size_t len;
};

/* "GET /v2/orders": no ids, no query. */
static void
name_request(const struct http_request *req, char ret[COUNT_ROOM])
{
    const char *host = strstr(req->url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    size_t len = 0, parts = 0;

    for (; path != NULL && path[len] != '\0' && path[len] != '?'; len++)
        if (path[len] == '/' && ++parts == 3) break;
    (void)snprintf(ret, COUNT_ROOM, "%s %.*s", req->method, (int)len, path != NULL ? path : "");
}

static enum rc
count_of(void *self, const struct http_request *req, struct http_response *ret, struct err *err)
{
    struct counted *c = self;
    char what[COUNT_ROOM];
    size_t i = 0;

    name_request(req, what);
    while (i < c->len && !str_eq(c->count[i].what, what))
        i++;
    if (i == c->len) {
        assert_true(c->len < COUNTS);
        (void)str_copy(c->count[c->len++].what, COUNT_ROOM, what);
    }
    c->count[i].n++;
    return c->inner.perform(c->inner.self, req, ret, err);
}

static int64_t
requests(const struct counted *c, const char *what)
{
    int64_t n = 0;

    for (size_t i = 0; i < c->len; i++)
        if (str_starts(c->count[i].what, what)) n += c->count[i].n;
    return n;
}

/* ---- a day --------------------------------------------------------------------------------- */

struct v2_day {
    struct replay replay;
    struct replay_options opt;
    struct counted counted;
};

static void
v2_day_open(struct v2_day *d)
{
    struct err err = {0};

    *d = (struct v2_day){
        .opt = {.day = {.seed = 7, .day = {2026, 1, 30}}, .tickers = TICKERS}
    };
    char root[PATH_MAX];

    assert_non_null(realpath(".", root));
    (void)setenv("STOCKBOT_SHARE", root, 0); /* the sources: tests run there */
    (void)setenv("TICKERS", TICKERS, 1);
    if (replay_open(&d->replay, &d->opt, &err) != RC_OK) fail_msg("%s", err.text);
    d->counted.inner = d->replay.http;
    d->replay.http = (struct http){.self = &d->counted, .perform = count_of};
    d->replay.alpaca.link.http = d->replay.http;
}

static void
v2_day_close(struct v2_day *d)
{
    replay_close(&d->replay);
}

static const char *
file_of(const struct v2_day *d, const char *path)
{
    const struct text *t = mem_fs_peek(d->replay.disk, path);

    return t != NULL ? text_str(t) : "";
}

static size_t
lines_with(const char *log, const char *needle)
{
    size_t n = 0;

    for (const char *at = strstr(log, needle); at != NULL; at = strstr(at, needle)) {
        n++;
        at += strcspn(at, "\n");
    }
    return n;
}

/* ---- what v1 left -------------------------------------------------------------------------- */

/* All that v1 writes: files whose every byte must be the same. */
static const char *const V1_FILES[] = {
    "logs/run.jsonl",
    "logs/orders.jsonl",
    "logs/exits.jsonl",
    "logs/attribution.jsonl",
    "logs/gate_diagnostic.jsonl",
    "logs/gate.jsonl",
    "logs/signals.jsonl",
    "logs/exit.jsonl",
    "logs/sizing.jsonl",
    "logs/risk_management.jsonl",
    "state/bot_heartbeat.json",
    "state/position_metadata.json",
    "state/blocked_trades.jsonl",
    "state/last_scores.json",
    "state/signal_history.jsonl",
    "state/trading_state.json",
    "state/peak_equity.json",
    "state/sector_tide_state.json",
    "state/self_healing_threshold.json",
    "data/live_orders.jsonl",
    "data/portfolio_events.jsonl",
};

/* Lines of a log that are v1's. */
static void
live_lines(const char *log, const char *needle, struct text *to)
{
    for (const char *at = log; *at != '\0';) {
        size_t len = strcspn(at, "\n");

        if (memmem(at, len, needle, strlen(needle)) != NULL) text_add(to, at, len + 1);
        at += len + (at[len] == '\n');
    }
}

static void
expect_same_v1(const struct v2_day *a, const struct v2_day *b)
{
    static const char *const ROADS[] = {
        "POST ",          "DELETE ",           "PATCH ",          "PUT ",
        "GET /v2/orders", "GET /v2/positions", "GET /v2/account", "GET /v2/clock",
        "GET /v2/assets", "GET /api/"};
    CLEANUP(text_free) struct text live_a = {0};
    CLEANUP(text_free) struct text live_b = {0};
    char digest_a[SHA256_HEX_MAX], digest_b[SHA256_HEX_MAX];
    size_t decisions_a = 0, decisions_b = 0;

    replay_digest(&a->replay, digest_a, &decisions_a);
    replay_digest(&b->replay, digest_b, &decisions_b);
    assert_true(decisions_a > 10);
    assert_true(requests(&a->counted, "POST /v2/orders") > 10);
    assert_string_equal(digest_a, digest_b);
    for (size_t i = 0; i < COUNT_OF(V1_FILES); i++) {
        const char *x = file_of(a, V1_FILES[i]), *y = file_of(b, V1_FILES[i]);

        if (strcmp(x, y) != 0) fail_msg("%s differs", V1_FILES[i]);
    }
    live_lines(file_of(a, "logs/master_trade_log.jsonl"), "\"is_live\":true", &live_a);
    live_lines(file_of(b, "logs/master_trade_log.jsonl"), "\"is_live\":true", &live_b);
    assert_true(live_a.len > 0);
    assert_string_equal(text_str(&live_a), text_str(&live_b));
    for (size_t i = 0; i < COUNT_OF(ROADS); i++) {
        int64_t x = requests(&a->counted, ROADS[i]), y = requests(&b->counted, ROADS[i]);

        if (x != y) fail_msg("%s: %lld and %lld", ROADS[i], (long long)x, (long long)y);
    }
}

/* ---- the days ------------------------------------------------------------------------------ */

/* One day without v2, that all others are held against. */
static struct v2_day bare;

static int
run_bare(void **state)
{
    (void)state;
    v2_day_open(&bare);
    bare.replay.cfg.engine.shadow_trading = false;
    replay_run(&bare.replay);
    assert_int_equal(strlen(file_of(&bare, "logs/shadow_trades.jsonl")), 0);
    return 0;
}

static int
end_bare(void **state)
{
    (void)state;
    v2_day_close(&bare);
    return 0;
}

static void
test_contract_4_17_v2_beside_v1_changes_nothing_of_it(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    replay_run(&d.replay);
    expect_same_v1(&bare, &d);
    /* And it ran: opinions of every cycle, trades on paper, features, both ledgers. */
    const char *trades = file_of(&d, "logs/shadow_trades.jsonl");
    assert_true(lines_with(trades, "\"shadow_entry_opened\"") > 3);
    assert_true(lines_with(file_of(&d, "logs/shadow.jsonl"), "\"score_compare\"") > 4000);
    assert_true(lines_with(file_of(&d, "logs/uw_attribution.jsonl"), "\"uw_features\"") > 1000);
    assert_non_null(strstr(file_of(&d, "state/symbol_risk_features.json"), "\"PLTR\""));
    assert_non_null(strstr(file_of(&d, "state/market_context_v2.json"), "\"market_trend\""));
    assert_non_null(strstr(file_of(&d, "state/regime_posture_state.json"), "\"posture\""));
    assert_non_null(strstr(file_of(&d, "state/shadow_heartbeat.json"), "\"alive\""));
    assert_true(requests(&d.counted, "GET /v2/stocks") > requests(&bare.counted, "GET /v2/stocks"));
    v2_day_close(&d);
}

/* The attribution's log cannot be written all day. */
static enum rc
refuse_attribution(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct fs disk = mem_fs_seam(self);

    if (str_eq(path, "logs/uw_attribution.jsonl"))
        return err_set(err, RC_IO, "%s: No space left on device", path);
    return disk.append(self, path, bytes, len, err);
}

/* Scores, trades on paper and all of v1 go on as if nothing had happened. */
static void
test_contract_4_10_attribution_that_cannot_be_written_stops_nothing(void **state)
{
    static const char *const V2_FILES[] = {"logs/shadow_trades.jsonl",
                                           "logs/exit_attribution.jsonl",
                                           "state/shadow_v2_positions.json"};
    static struct v2_day whole, d;

    (void)state;
    v2_day_open(&whole);
    replay_run(&whole.replay);
    v2_day_open(&d);
    d.replay.fs.append = refuse_attribution; /* the store writes through it */
    replay_run(&d.replay);
    assert_string_equal(file_of(&d, "logs/uw_attribution.jsonl"), "");
    expect_same_v1(&bare, &d);
    for (size_t i = 0; i < COUNT_OF(V2_FILES); i++) {
        assert_true(strlen(file_of(&whole, V2_FILES[i])) > 0);
        if (strcmp(file_of(&whole, V2_FILES[i]), file_of(&d, V2_FILES[i])) != 0)
            fail_msg("%s differs", V2_FILES[i]);
    }
    v2_day_close(&d);
    v2_day_close(&whole);
}

/* Positions agree with the records: what was opened and not closed is open, and nothing else. */
static void
test_v2_shadow_records_and_positions_agree(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    replay_run(&d.replay);
    const char *trades = file_of(&d, "logs/shadow_trades.jsonl");
    const char *master = file_of(&d, "logs/master_trade_log.jsonl");
    size_t opened = lines_with(trades, "\"shadow_entry_opened\"");
    size_t closed = lines_with(trades, "\"shadow_exit\"");
    assert_true(opened > closed && closed > 0);
    assert_int_equal(d.replay.engine.v2.book.book.len, opened - closed);
    assert_int_equal(lines_with(file_of(&d, "logs/exit_attribution.jsonl"), "\"exit_reason\""),
                     closed);
    assert_int_equal(lines_with(master, "\"is_shadow\":true"), opened + closed);
    /* What was committed is written: the file carries nothing any more that is not in its log. */
    assert_null(strstr(file_of(&d, "state/shadow_v2_positions.json"), "\"outbox\""));
    v2_day_close(&d);
}

static void
put_file(struct v2_day *d, const char *path, const char *bytes)
{
    struct fs fs = mem_fs_seam(d->replay.disk);
    struct err err = {0};

    ASSERT(fs.replace != NULL);
    if (fs.replace(fs.self, path, bytes, strlen(bytes), false, &err) != RC_OK)
        fail_msg("%s: %s", path, err.text);
}

static void
test_v2_fed_with_nonsense_changes_nothing_of_v1(void **state)
{
    static const char *const FILES[] = {
        "state/premarket_intel.json",       "state/postmarket_intel.json",
        "state/regime_state.json",          "state/daily_universe_v2.json",
        "state/daily_universe.json",        "state/premarket_exit_intel.json",
        "state/postmarket_exit_intel.json", "state/symbol_risk_features.json",
        "state/shadow_v2_positions.json",   "state/shadow_positions.json"};
    static const char *const NONSENSE[] = {
        "{\"positions\": [1, {\"symbol\": 7}], \"journal\": [{\"log\": 1}, null, \"x\"]}",
        "{\"symbols\": {\"AAPL\": [], \"SPY\": null, \"NVDA\": {\"flow_strength\": \"1e999\","
        " \"realized_vol_20d\": \"abc\", \"earnings_proximity\": {}}}, \"_meta\": 3}",
        "\x80\x80 not JSON at all",
        "[]",
        "{\"positions\": {\"AAPL\": 1, \"SPY\": {\"qty\": -1, \"entry_price\": 0, \"side\": []}},"
        " \"symbols\": 5, \"regime_label\": {}}",
    };
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    for (size_t i = 0; i < COUNT_OF(FILES); i++)
        put_file(&d, FILES[i], NONSENSE[i % COUNT_OF(NONSENSE)]);
    replay_run(&d.replay);
    expect_same_v1(&bare, &d);
    assert_true(lines_with(file_of(&d, "logs/shadow.jsonl"), "\"score_compare\"") > 4000);
    v2_day_close(&d);
}

static enum rc
no_trade(void *self, const char *symbol, struct last_trade *ret, struct err *err)
{
    (void)self, (void)ret;
    return err_set(err, RC_UNKNOWN, "%s: timed out", symbol);
}

static enum rc
absurd_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
            int limit, struct arena *a, struct bars *ret, struct err *err)
{
    (void)self, (void)symbol, (void)size, (void)err;
    *ret = (struct bars){.bar = ARENA_NEW(a, struct bar, limit), .len = (size_t)limit};
    for (int i = 0; i < limit; i++)
        ret->bar[i] = (struct bar){.start_ns = i % 2 == 0 ? to_ns : from_ns,
                                   .close = {i % 3 == 0 ? INT64_MAX / 2 : -i}};
    return RC_OK;
}

static void
test_v2_with_absurd_prices_changes_nothing_of_v1(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    d.replay.engine.seams.spare = (struct prices){.latest_trade = no_trade, .bars = absurd_bars};
    replay_run(&d.replay);
    expect_same_v1(&bare, &d);
    v2_day_close(&d);
}

static void
test_v2_in_quarantine_is_left_out_and_v1_goes_on(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    d.replay.engine.quarantine.entry[0] =
        (struct quarantined){.stage = STAGE_SHADOW, .is_held = true};
    d.replay.engine.quarantine.len = 1;
    replay_run(&d.replay);
    expect_same_v1(&bare, &d);
    assert_int_equal(strlen(file_of(&d, "logs/shadow.jsonl")), 0);
    v2_day_close(&d);
}

static void
test_v2_of_one_symbol_in_quarantine_is_left_out_alone(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    d.replay.engine.quarantine.entry[0] =
        (struct quarantined){.stage = STAGE_SHADOW, .symbol = "PLTR", .is_held = true};
    d.replay.engine.quarantine.len = 1;
    replay_run(&d.replay);
    expect_same_v1(&bare, &d);
    const char *stream = file_of(&d, "logs/shadow.jsonl");
    assert_int_equal(lines_with(stream, "\"score_compare\",\"symbol\":\"PLTR\""), 0);
    assert_true(lines_with(stream, "\"score_compare\",\"symbol\":\"NVDA\"") > 300);
    v2_day_close(&d);
}

/* Two crashes in a row at the same place of v2 hold it, with a symbol and as a whole. */
static void
test_v2_that_crashes_twice_is_quarantined(void **state)
{
    static const char *const SYMBOLS[] = {"PLTR", ""};
    struct flight_exit end = {.is_known = true, .pid = 7, .code = -11};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SYMBOLS); i++) {
        struct flight_report at = {.pid = 7, .stage = STAGE_SHADOW};
        struct quarantine q = {.len = 0};

        (void)str_copy(at.symbol, sizeof(at.symbol), SYMBOLS[i]);
        assert_int_equal(quarantine_fold(&q, &at, &end, 1), QUARANTINE_SUSPECTED);
        assert_false(quarantine_holds(&q, STAGE_SHADOW, SYMBOLS[i]));
        assert_int_equal(quarantine_fold(&q, &at, &end, 2), QUARANTINE_HELD);
        assert_true(quarantine_holds(&q, STAGE_SHADOW, SYMBOLS[i]));
        assert_false(quarantine_holds(&q, STAGE_SCORE, SYMBOLS[i]));
    }
}

/* ---- dying --------------------------------------------------------------------------------- */

static struct {
    jmp_buf out;
    struct prices inner;
    int64_t calls, at;
} death;

static enum rc
dying_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
           int limit, struct arena *a, struct bars *ret, struct err *err)
{
    (void)self;
    assert_non_null(death.inner.bars);
    if (++death.calls == death.at) longjmp(death.out, 1);
    return death.inner.bars(death.inner.self, symbol, size, from_ns, to_ns, limit, a, ret, err);
}

/* The process ends inside v2: the cycle of v1 is done and on record by then. */
static void
test_v2_dies_when_the_cycle_of_v1_is_on_record(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    death.inner = d.replay.engine.seams.spare;
    death.at = 200;
    death.calls = 0;
    d.replay.engine.seams.spare.bars = dying_bars;
    if (setjmp(death.out) == 0) {
        replay_run(&d.replay);
        fail_msg("nobody died");
    }
    assert_int_equal(d.replay.engine.stage, STAGE_SHADOW);
    int64_t cycles = (int64_t)d.replay.engine.iterations;
    assert_true(cycles > 10);
    const char *run = file_of(&d, "logs/run.jsonl");
    assert_int_equal(lines_with(run, "\"ts\""), cycles);
    /* To the byte what a process without v2 had written until then. */
    assert_memory_equal(run, file_of(&bare, "logs/run.jsonl"), strlen(run));
    const char *gates = file_of(&d, "logs/gate_diagnostic.jsonl");
    assert_memory_equal(gates, file_of(&bare, "logs/gate_diagnostic.jsonl"), strlen(gates));
    char needle[64];
    (void)snprintf(needle, sizeof(needle), "\"iter_count\":%lld", (long long)cycles);
    assert_non_null(strstr(file_of(&d, "state/bot_heartbeat.json"), needle));
    v2_day_close(&d);
}

/* ---- slow ---------------------------------------------------------------------------------- */

static enum rc
slow_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
          int limit, struct arena *a, struct bars *ret, struct err *err)
{
    struct v2_day *d = self;

    sim_clock_advance(&d->replay.sim_clock, 13 * NS_PER_S);
    death.calls++;
    assert_non_null(death.inner.bars);
    return death.inner.bars(death.inner.self, symbol, size, from_ns, to_ns, limit, a, ret, err);
}

/* Each answer takes longer than v2 has: one question a cycle, and the cycles go on in time. */
static void
test_v2_that_is_slow_asks_no_more(void **state)
{
    static struct v2_day d;
    (void)state;
    v2_day_open(&d);
    death.inner = d.replay.engine.seams.spare;
    death.calls = 0;
    d.replay.engine.seams.spare =
        (struct prices){.self = &d, .latest_trade = no_trade, .bars = slow_bars};
    replay_run(&d.replay);
    assert_true(death.calls <= (int64_t)d.replay.engine.iterations);
    assert_true(death.calls > 100);
    assert_true(d.replay.engine.iterations >= 395); /* as many as without v2 */
    v2_day_close(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_17_v2_beside_v1_changes_nothing_of_it),
        cmocka_unit_test(test_contract_4_10_attribution_that_cannot_be_written_stops_nothing),
        cmocka_unit_test(test_v2_shadow_records_and_positions_agree),
        cmocka_unit_test(test_v2_fed_with_nonsense_changes_nothing_of_v1),
        cmocka_unit_test(test_v2_with_absurd_prices_changes_nothing_of_v1),
        cmocka_unit_test(test_v2_in_quarantine_is_left_out_and_v1_goes_on),
        cmocka_unit_test(test_v2_of_one_symbol_in_quarantine_is_left_out_alone),
        cmocka_unit_test(test_v2_that_crashes_twice_is_quarantined),
        cmocka_unit_test(test_v2_dies_when_the_cycle_of_v1_is_on_record),
        cmocka_unit_test(test_v2_that_is_slow_asks_no_more),
    };
    return cmocka_run_group_tests(tests, run_bare, end_bare);
}

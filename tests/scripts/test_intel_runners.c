/*
 * The runners of the v2 intelligence in their order, against the simulated market and against
 * recorded answers, with a vendor that fails or has no room.
 */
#include "tests/scripts/intel_bed.h"

#include "tests/lib/http_server.h"
#include "tests/lib/uw_world.h"

static const struct json *
row_of(const struct json *doc, const char *symbol)
{
    const struct json *rows = json_get_arr(doc, "symbols");

    for (const struct json *r = json_first(rows); r != NULL; r = json_next(r))
        if (str_eq(json_str(r, "symbol", ""), symbol)) return r;
    return NULL;
}

/* ---- the day ------------------------------------------------------------------------------- */

static void
test_contract_4_6_the_intel_of_a_day_in_its_order(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    run_all(&b);
    expect_all_sound(&b);

    /* 0.30 * (vol - 0.2) / 0.4; XOM's volatility came as text, ODD's record is no record. */
    CLEANUP(json_freep) struct json *daily = bed_doc(&b, DAILY);
    expect_near(json_f64(row_of(daily, "XOM"), "score", -1), 0.3);
    expect_near(json_f64(row_of(daily, "NVDA"), "score", -1), 0.225);
    expect_near(json_f64(row_of(daily, "ODD"), "score", -1), 0);
    assert_string_equal(json_str(json_first(json_get_arr(daily, "symbols")), "symbol", ""), "XOM");
    assert_non_null(row_of(daily, "SPY"));
    /* short and high: RISK_OFF, which favours energy: 0.25 + 0.05 + 0.05. */
    CLEANUP(json_freep) struct json *v2 = bed_doc(&b, DAILY_V2);
    expect_near(json_f64(row_of(v2, "XOM"), "score", -1), 0.35);
    assert_string_equal(json_str(json_get(row_of(v2, "ODD"), "context"), "sector", ""), "UNKNOWN");
    assert_string_equal(json_str(json_get(v2, "_meta"), "regime_label", ""), "RISK_OFF");

    CLEANUP(json_freep) struct json *before = bed_doc(&b, BEFORE);
    CLEANUP(json_freep) struct json *after = bed_doc(&b, AFTER);
    const struct json *flags = json_get(json_get(after, "symbols"), "NVDA");
    assert_true(json_bool(flags, "thesis_invalidated", false));
    assert_true(json_bool(flags, "regime_risk", false));
    /* Nobody asked about GONE, so nothing is said about its thesis. */
    flags = json_get(json_get(after, "symbols"), "GONE");
    assert_false(json_bool(flags, "thesis_invalidated", true));
    assert_int_equal(json_len(json_get(before, "symbols")), 3);
    assert_string_equal(json_str(json_get(before, "regime"), "label", ""), "RISK_OFF");

    expect_event(&b, "daily_universe_built", "\"wrote_daily_universe_v2\":true");
    expect_event(&b, "premarket_intel_ready", "\"mode\":\"real\"");
    expect_event(&b, "postmarket_intel_ready", "\"uw_intel_version\":\"2026-01-20_uw_v1\"");
    served_close(&v);
    bed_close(&b);
}

static void
test_intel_calls_are_two_a_symbol_of_the_universes(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    CLEANUP(ran_free)
    struct ran first = BED_RUN(&b, cmd_build_daily_universe, "--max", "3", "--core", "4", "--json");
    CLEANUP(json_freep) struct json *built = bed_summary(&first);
    assert_int_equal(json_i64(built, "daily", 0), 3);
    assert_int_equal(json_i64(built, "core", 0), 4);
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    const struct json *vendor = json_get(line, "vendor");
    assert_int_equal(json_i64(line, "symbols", 0), 4);
    assert_int_equal(json_i64(vendor, "asked", 0), 8);
    assert_int_equal(json_i64(vendor, "answered", 0), 8);

    CLEANUP(json_freep) struct json *doc = bed_doc(&b, PREMARKET);
    const struct json *nvda = json_get(json_get(doc, "symbols"), "NVDA");
    expect_near(json_f64(nvda, "flow_strength", -1), 0.3);   /* alerts that tell no conviction */
    assert_null(json_get(json_get(doc, "symbols"), "TSLA")); /* the fifth of the market */
    served_close(&v);
    bed_close(&b);
}

/* ---- the same bytes ------------------------------------------------------------------------ */

static const char *const OUTPUTS[] = {DAILY,     CORE,       DAILY_V2, REGIME,
                                      PREMARKET, POSTMARKET, BEFORE,   AFTER};

static void
read_outputs(const struct bed *b, struct text *to)
{
    for (size_t i = 0; i < COUNT_OF(OUTPUTS); i++) {
        CLEANUP(text_free) struct text one = tmpdir_read(&b->dir, OUTPUTS[i]);

        text_printf(to, "%s: ", OUTPUTS[i]);
        text_add(to, text_str(&one), one.len);
        text_putc(to, '\n');
    }
}

static void
test_intel_repeated_at_one_instant_gives_the_same_bytes(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    run_all(&b);
    read_outputs(&b, &first);
    run_all(&b);
    read_outputs(&b, &second);
    assert_string_equal(text_str(&first), text_str(&second));
    served_close(&v);
    bed_close(&b);
}

static void
shuffle(struct rng *r, int *order, int len)
{
    for (int i = 0; i < len; i++)
        order[i] = i;
    for (int i = len - 1; i > 0; i--) {
        int j = (int)rng_below(r, (uint64_t)i + 1), keep = order[i];

        order[i] = order[j];
        order[j] = keep;
    }
}

/* The members of the risk features and of the positions in that order. */
static void
write_permuted(const struct bed *b, const int *order, int len)
{
    CLEANUP(text_free) struct text risk = {0};
    CLEANUP(text_free) struct text held = {0};

    text_puts(&risk, "{\"symbols\":{");
    text_puts(&held, "{\"positions\":{");
    for (int i = 0; i < len; i++) {
        int n = order[i];

        text_printf(&risk, "%s\"S%d\":{\"realized_vol_20d\":%s}", i > 0 ? "," : "", n,
                    n % 3 == 0   ? "0.4"
                    : n % 4 == 0 ? "null"
                                 : "0.25");
        text_printf(&held, "%s\"S%d\":{}", i > 0 ? "," : "", n);
    }
    text_puts(&risk, "}}");
    text_puts(&held, "}}");
    tmpdir_write(&b->dir, "state/symbol_risk_features.json", text_str(&risk));
    tmpdir_write(&b->dir, "state/shadow_v2_positions.json", text_str(&held));
}

static void
test_intel_does_not_depend_on_the_order_of_symbols(void **state)
{
    struct rng r = check_rng("order of symbols");
    CLEANUP(text_free) struct text want = {0};
    int order[40];

    (void)state;
    for (int round = 0; round < 4; round++) {
        struct bed b = bed_open();
        CLEANUP(text_free) struct text got = {0};

        bed_point(&b, http_closed_port(), "UW_MOCK=1");
        shuffle(&r, order, COUNT_OF(order));
        write_permuted(&b, order, COUNT_OF(order));
        run_all(&b);
        read_outputs(&b, round == 0 ? &want : &got);
        if (round > 0) assert_string_equal(text_str(&got), text_str(&want));
        bed_close(&b);
    }
}

/* ---- a vendor that fails ------------------------------------------------------------------- */

static void
test_intel_of_a_failing_vendor_is_made_all_the_same(void **state)
{
    static const char *const faults[] = {"429:/api/",     "500:/api/",  "503:/api/",
                                         "401:/api/",     "html:/api/", "truncate:/api/",
                                         "garbage:/api/", "reset:/api/"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct bed b = bed_open();
        struct served v = served_open(&(struct serve){
            .faults = faults[i], .symbols = SYMBOLS, .symbols_len = COUNT_OF(SYMBOLS)});

        bed_point(&b, v.port, NULL);
        write_inputs(&b);
        run_all(&b);
        expect_all_sound(&b);
        CLEANUP(json_freep) struct json *doc = bed_doc(&b, PREMARKET);
        const struct json *nvda = json_get(json_get(doc, "symbols"), "NVDA");
        expect_near(json_f64(nvda, "flow_strength", -1), 0);
        CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
        CLEANUP(json_freep) struct json *line = bed_summary(&r);
        assert_int_equal(json_i64(json_get(line, "vendor"), "answered", -1), 0);
        assert_true(json_bool(json_get(line, "vendor"), "is_given_up", false));
        assert_non_null(strstr(text_str(&r.err), "calls got no answer"));
        served_close(&v);
        bed_close(&b);
    }
}

/* What fails once is empty; the rest of the symbols is not given up for it. */
static void
test_intel_of_a_vendor_that_recovers_goes_on(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&(struct serve){
        .faults = "html:/api/darkpool:1", .symbols = SYMBOLS, .symbols_len = COUNT_OF(SYMBOLS)});

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    CLEANUP(ran_free) struct ran first = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&first, 0, DAILY, "");
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    const struct json *vendor = json_get(line, "vendor");
    assert_int_equal(json_i64(vendor, "asked", 0) - json_i64(vendor, "answered", 0), 1);
    assert_false(json_bool(vendor, "is_given_up", true));
    served_close(&v);
    bed_close(&b);
}

static void
test_intel_waits_for_room_in_the_minute(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);

    (void)state;
    bed_point(&b, v.port, "UW_RATE_LIMIT_PER_MIN=4");
    bed_set(&b, "STOCKBOT_CLOCK=2026-02-10T15:00:00Z@20"); /* four calls take less than a minute */
    write_inputs(&b);
    CLEANUP(ran_free)
    struct ran first = BED_RUN(&b, cmd_build_daily_universe, "--max", "3", "--core", "3");
    run_expect(&first, 0, DAILY, "");
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    const struct json *vendor = json_get(line, "vendor");
    assert_int_equal(json_i64(vendor, "asked", 0), 6);
    assert_int_equal(json_i64(vendor, "answered", -1), 6);
    assert_true(json_f64(vendor, "waited_s", 0) > 0);
    served_close(&v);
    bed_close(&b);
}

/* A day whose calls are used up: nothing is waited for, everything counts as empty. */
static void
test_intel_does_not_wait_for_tomorrow(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);

    (void)state;
    bed_point(&b, v.port, "UW_DAILY_LIMIT=5");
    write_inputs(&b);
    CLEANUP(ran_free) struct ran first = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&first, 0, DAILY, "");
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    const struct json *vendor = json_get(line, "vendor");
    assert_int_equal(json_i64(vendor, "answered", -1), 3); /* 4 of 5 may be used, 1 was */
    assert_true(json_bool(vendor, "is_given_up", false));
    expect_near(json_f64(vendor, "waited_s", -1), 0);
    served_close(&v);
    bed_close(&b);
}

/* ---- recorded answers ---------------------------------------------------------------------- */

static void
read_recorded(const char *name, struct text *to)
{
    char path[1024];

    if (uw_shared(name, path) == NULL) skip();
    check_read_file(path, to);
}

static void
test_intel_of_recorded_answers(void **state)
{
    CLEANUP(text_free) struct text impact = {0};
    CLEANUP(text_free) struct text alerts = {0};
    CLEANUP(text_free) struct text prints = {0};
    struct bed b = bed_open();

    (void)state;
    read_recorded("data/uw/recorded_2025-12-26/top_net_impact.json", &impact);
    read_recorded("data/uw/recorded_2025-12-26/flow_alerts.json", &alerts);
    read_recorded("data/uw/recorded_2025-12-26/darkpool_AAPL.json", &prints);
    const struct reply universe[] = {{.body = text_str(&impact)}};
    struct http_server *s = http_server_start(universe, COUNT_OF(universe));
    bed_point(&b, http_server_port(s), NULL);
    CLEANUP(ran_free) struct ran first = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&first, 0, DAILY, "");
    assert_non_null(strstr(http_server_request(s, 0).target, "limit=80"));
    http_server_stop(s);

    /* Every ticker of the recorded rows is there, and the index funds. */
    CLEANUP(json_freep) struct json *daily = bed_doc(&b, DAILY);
    CLEANUP(json_freep) struct json *rows = run_json(&impact);
    size_t found = 0;
    for (const struct json *r = json_first(json_get_arr(rows, "data")); r != NULL; r = json_next(r))
        found += row_of(daily, json_str(r, "ticker", "")) != NULL;
    assert_int_equal(found, 20);
    assert_non_null(row_of(daily, "XLV"));

    /* Two calls a symbol, flow first. */
    static struct reply replies[200];
    for (size_t i = 0; i < COUNT_OF(replies); i++)
        replies[i].body = i % 2 == 0 ? text_str(&alerts) : text_str(&prints);
    s = http_server_start(replies, COUNT_OF(replies));
    bed_point(&b, http_server_port(s), NULL);
    CLEANUP(ran_free) struct ran r = bed_run_args(&b, cmd_run_premarket_intel, NULL);
    run_expect(&r, 0, PREMARKET, "");
    assert_non_null(strstr(http_server_request(s, 0).target, "ticker_symbol="));
    assert_non_null(strstr(http_server_request(s, 0).target, "limit=50"));
    http_server_stop(s);
    bed_expect_sound(&b, PREMARKET, SCHEMA_PREMARKET_INTEL);
    CLEANUP(json_freep) struct json *doc = bed_doc(&b, PREMARKET);
    const struct json *symbols = json_get(doc, "symbols");
    assert_int_equal(json_len(symbols), json_len(json_get_arr(daily, "symbols")));
    for (const struct json *x = json_first(symbols); x != NULL; x = json_next(x)) {
        /* The documented payloads tell neither conviction nor volumes (spec 30 Q-3). */
        expect_near(json_f64(x, "flow_strength", -1), 0.3);
        expect_near(json_f64(x, "darkpool_bias", -1), 0);
        assert_string_equal(json_str(x, "sentiment", ""), "NEUTRAL");
        assert_true(json_member(x, "earnings_proximity") != NULL);
        assert_false(json_has(x, "earnings_proximity"));
    }
    bed_close(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_6_the_intel_of_a_day_in_its_order),
        cmocka_unit_test(test_intel_calls_are_two_a_symbol_of_the_universes),
        cmocka_unit_test(test_intel_repeated_at_one_instant_gives_the_same_bytes),
        cmocka_unit_test(test_intel_does_not_depend_on_the_order_of_symbols),
        cmocka_unit_test(test_intel_of_a_failing_vendor_is_made_all_the_same),
        cmocka_unit_test(test_intel_of_a_vendor_that_recovers_goes_on),
        cmocka_unit_test(test_intel_waits_for_room_in_the_minute),
        cmocka_unit_test(test_intel_does_not_wait_for_tomorrow),
        cmocka_unit_test(test_intel_of_recorded_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

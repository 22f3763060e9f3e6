/*
 * The runners of the v2 intelligence in their order, against the simulated market and against
 * recorded answers, with a vendor that fails, inputs that are damaged, a full disk and a kill.
 */
#include "tests/scripts/intel_bed.h"

#include <fcntl.h>
#include <math.h>
#include <sys/resource.h>

#include "io/lock.h"
#include "tests/lib/http_server.h"
#include "tests/lib/uw_world.h"
#include "uwclient/quota_log.h"

#define DAILY      "state/daily_universe.json"
#define CORE       "state/core_universe.json"
#define DAILY_V2   "state/daily_universe_v2.json"
#define REGIME     "state/regime_state.json"
#define PREMARKET  "state/premarket_intel.json"
#define POSTMARKET "state/postmarket_intel.json"
#define BEFORE     "state/premarket_exit_intel.json"
#define AFTER      "state/postmarket_exit_intel.json"

static const char *const SYMBOLS[] = {"AAPL", "NVDA", "TSLA", "XOM", "JPM"};
static const struct serve MARKET = {.symbols = SYMBOLS, .symbols_len = COUNT_OF(SYMBOLS)};

/* What the engine and the simulator of v2 leave behind. */
static void
write_inputs(const struct bed *b)
{
    tmpdir_write(&b->dir, "state/symbol_risk_features.json",
                 "{\"_meta\":{\"ts\":\"2026-02-10T12:00:00Z\"},\"symbols\":{"
                 "\"NVDA\":{\"realized_vol_20d\":0.5},\"aapl\":{\"realized_vol_20d\":0.3},"
                 "\"XOM\":{\"realized_vol_20d\":\"0.6\"},\"ODD\":7}}");
    tmpdir_write(&b->dir, "state/market_context_v2.json",
                 "{\"market_trend\":\"down\",\"volatility_regime\":\"high\"}");
    tmpdir_write(&b->dir, "state/regime_posture_state.json",
                 "{\"posture\":\"short\",\"regime_confidence\":0.7}");
    tmpdir_write(&b->dir, "state/shadow_v2_positions.json",
                 "{\"positions\":{\"NVDA\":{\"entry_uw\":{\"v2_uw_inputs\":{\"sentiment\":"
                 "\"bullish\"}}},\"GONE\":{\"entry_uw\":{\"v2_uw_inputs\":{\"sentiment\":"
                 "\"BEARISH\"}}},\"XOM\":3}}");
}

static const struct json *
row_of(const struct json *doc, const char *symbol)
{
    const struct json *rows = json_get_arr(doc, "symbols");

    for (const struct json *r = json_first(rows); r != NULL; r = json_next(r))
        if (str_eq(json_str(r, "symbol", ""), symbol)) return r;
    return NULL;
}

static void
expect_event(const struct bed *b, const char *name, const char *detail)
{
    CLEANUP(text_free) struct text log = tmpdir_read(&b->dir, "logs/system_events.jsonl");
    const char *at = strstr(text_str(&log), name);

    if (at == NULL || strstr(at, detail) == NULL)
        fail_msg("no %s with %s in %s", name, detail, text_str(&log));
}

/* ---- the day ------------------------------------------------------------------------------- */

static void
expect_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9)) fail_msg("got %.12g, want %.12g", got, want);
}

static void
run_all(const struct bed *b)
{
    static const struct {
        int (*command)(int, char **);
        const char *path;
    } steps[] = {
        {cmd_build_daily_universe,      DAILY     },
        {cmd_run_premarket_intel,       PREMARKET },
        {cmd_run_regime_detector,       REGIME    },
        {cmd_run_premarket_exit_intel,  BEFORE    },
        {cmd_run_postmarket_intel,      POSTMARKET},
        {cmd_run_postmarket_exit_intel, AFTER     },
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        CLEANUP(ran_free) struct ran r = bed_run_args(b, steps[i].command, NULL);
        char line[BED_TEXT];

        (void)snprintf(line, sizeof line, "%s\n", steps[i].path);
        run_expect(&r, 0, "", "");
        assert_string_equal(text_str(&r.out), line);
    }
}

static void
expect_all_sound(const struct bed *b)
{
    bed_expect_sound(b, DAILY, SCHEMA_DAILY_UNIVERSE);
    bed_expect_sound(b, CORE, SCHEMA_CORE_UNIVERSE);
    bed_expect_sound(b, DAILY_V2, SCHEMA_DAILY_UNIVERSE_V2);
    bed_expect_sound(b, REGIME, SCHEMA_REGIME_STATE);
    bed_expect_sound(b, PREMARKET, SCHEMA_PREMARKET_INTEL);
    bed_expect_sound(b, POSTMARKET, SCHEMA_POSTMARKET_INTEL);
    bed_expect_sound(b, BEFORE, SCHEMA_PREMARKET_EXIT_INTEL);
    bed_expect_sound(b, AFTER, SCHEMA_POSTMARKET_EXIT_INTEL);
}

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
    bed_set(&b, "STOCKBOT_CLOCK=2026-02-10T15:00:00Z@100"); /* four calls take less than a minute */
    write_inputs(&b);
    CLEANUP(ran_free)
    struct ran first = BED_RUN(&b, cmd_build_daily_universe, "--max", "3", "--core", "3");
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

/* ---- inputs -------------------------------------------------------------------------------- */

static void
test_intel_inputs_that_are_damaged_heal_and_are_named(void **state)
{
    static const char *const damaged[] = {
        "", "{", "[1,2]", "\xff\xfe", "{\"symbols\":{}} trailing", "null", "7"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        struct bed b = bed_open();

        bed_point(&b, http_closed_port(), "UW_MOCK=1");
        tmpdir_write(&b.dir, "state/symbol_risk_features.json", damaged[i]);
        tmpdir_write(&b.dir, "state/market_context_v2.json", damaged[i]);
        tmpdir_write(&b.dir, "state/regime_posture_state.json", damaged[i]);
        tmpdir_write(&b.dir, "state/shadow_v2_positions.json", damaged[i]);
        CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_build_daily_universe, "--json");
        CLEANUP(json_freep) struct json *line = bed_summary(&r);
        assert_string_equal(
            json_str(json_get(line, "inputs"), "state/symbol_risk_features.json", ""), "damaged");
        assert_non_null(strstr(text_str(&r.err), "state/market_context_v2.json is damaged"));
        assert_string_equal(json_str(line, "regime_label", ""), "NEUTRAL");
        run_all(&b);
        expect_all_sound(&b);
        expect_event(&b, "state_read_failed", "symbol_risk_features");
        bed_close(&b);
    }
}

static void
test_intel_inputs_of_the_wrong_shape_count_as_nothing(void **state)
{
    static const char *const odd[] = {
        "{\"symbols\":[1,\"x\",null,{\"symbol\":7},{\"symbol\":\"ok\"}]}",
        "{\"symbols\":{\"A\":[],\"B\":\"x\",\"C\":null}}",
        "{\"symbols\":7,\"_meta\":[],\"positions\":[]}",
        "{\"positions\":{\"A\":null,\"B\":[1]},\"posture\":[1],\"regime_confidence\":\"x\"}",
    };
    static const char *const inputs[] = {"state/symbol_risk_features.json",
                                         "state/market_context_v2.json",
                                         "state/regime_posture_state.json",
                                         "state/shadow_v2_positions.json",
                                         DAILY,
                                         CORE,
                                         PREMARKET,
                                         POSTMARKET};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct bed b = bed_open();

        bed_point(&b, http_closed_port(), NULL);
        for (size_t n = 0; n < COUNT_OF(inputs); n++)
            tmpdir_write(&b.dir, inputs[n], odd[i]);
        CLEANUP(ran_free) struct ran before = bed_run_args(&b, cmd_run_premarket_exit_intel, NULL);
        CLEANUP(ran_free) struct ran after = bed_run_args(&b, cmd_run_postmarket_exit_intel, NULL);
        CLEANUP(ran_free) struct ran intel = bed_run_args(&b, cmd_run_premarket_intel, NULL);
        CLEANUP(ran_free) struct ran post = bed_run_args(&b, cmd_run_postmarket_intel, NULL);
        run_expect(&before, 0, BEFORE, "");
        run_expect(&after, 0, AFTER, "");
        run_expect(&intel, 0, PREMARKET, "");
        run_expect(&post, 0, POSTMARKET, "");
        run_all(&b);
        expect_all_sound(&b);
        bed_close(&b);
    }
}

static void
test_contract_4_11_the_regime_needs_neither_network_nor_inputs(void **state)
{
    static const struct {
        const char *posture, *volatility, *label;
        double confidence;
    } cases[] = {
        {"{\"posture\":\"long\",\"regime_confidence\":0.61}",    "low",      "RISK_ON",  0.61},
        {"{\"posture\":\"long\",\"regime_confidence\":\"0.5\"}", "HIGH",     "MIXED",    0.5 },
        {"{\"posture\":\"SHORT\"}",                              "elevated", "RISK_OFF", 0   },
        {"{\"posture\":\"bear\",\"regime_confidence\":7}",       "",         "BEAR",     7   },
        {"{\"posture\":\"sideways\"}",                           "high",     "NEUTRAL",  0.25},
        {"{\"posture\":null}",                                   "high",     "NEUTRAL",  0.25},
    };
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), NULL);
    CLEANUP(ran_free) struct ran none = BED_RUN(&b, cmd_run_regime_detector, "--json");
    CLEANUP(json_freep) struct json *said = bed_summary(&none);
    assert_string_equal(json_str(said, "regime_label", ""), "NEUTRAL");
    assert_string_equal(json_str(json_get(said, "inputs"), "state/market_context_v2.json", ""),
                        "missing");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char context[BED_TEXT];

        (void)snprintf(context, sizeof context, "{\"volatility_regime\":\"%s\"}",
                       cases[i].volatility);
        tmpdir_write(&b.dir, "state/market_context_v2.json", context);
        tmpdir_write(&b.dir, "state/regime_posture_state.json", cases[i].posture);
        CLEANUP(ran_free) struct ran r = bed_run_args(&b, cmd_run_regime_detector, NULL);
        run_expect(&r, 0, REGIME "\n", "");
        CLEANUP(json_freep) struct json *doc = bed_doc(&b, REGIME);
        assert_string_equal(json_str(doc, "regime_label", ""), cases[i].label);
        expect_near(json_f64(doc, "regime_confidence", -1), cases[i].confidence);
    }
    bed_close(&b);
}

/* ---- mock and dry runs --------------------------------------------------------------------- */

static void
test_intel_mock_runs_ask_nobody_and_stay_out_of_real_roots(void **state)
{
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), NULL);
    CLEANUP(ran_free) struct ran built = BED_RUN(&b, cmd_build_daily_universe, "--mock", "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&built);
    assert_int_equal(json_i64(line, "candidates", 0), 14);
    assert_false(json_has(line, "vendor"));
    CLEANUP(ran_free) struct ran intel = BED_RUN(&b, cmd_run_premarket_intel, "--mock");
    run_expect(&intel, 0, PREMARKET, "");
    CLEANUP(json_freep) struct json *doc = bed_doc(&b, PREMARKET);
    assert_string_equal(json_str(json_get(doc, "_meta"), "mode", ""), "mock");
    expect_near(json_f64(json_get(json_get(doc, "symbols"), "COIN"), "flow_strength", 0), 0.6);
    assert_false(bed_has(&b, "state/uw_usage_state.json"));

    CLEANUP(ran_free) struct ran real = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&real, 0, DAILY, "");
    CLEANUP(ran_free) struct ran refused = BED_RUN(&b, cmd_run_premarket_intel, "--mock");
    run_expect(&refused, 64, "", "was not made up");
    CLEANUP(ran_free)
    struct ran forced = BED_RUN(&b, cmd_run_premarket_intel, "--mock", "--allow-mock-root");
    run_expect(&forced, 0, PREMARKET, "");
    bed_close(&b);
}

static void
test_intel_dry_runs_show_the_document_and_touch_nothing(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_build_daily_universe, "--dry-run");
    run_expect(&r, 0, "\"symbol\": \"XOM\"", "a dry run asks nothing");
    CLEANUP(ran_free) struct ran intel = BED_RUN(&b, cmd_run_premarket_intel, "--dry-run");
    run_expect(&intel, 0, "\"uw_intel_version\"", DAILY " is missing; build-daily-universe");
    assert_int_equal(tmpdir_count(&b.dir, "state"), 4);
    assert_false(bed_has(&b, "logs/system_events.jsonl"));
    served_close(&v);
    bed_close(&b);
}

/* ---- disk and death ------------------------------------------------------------------------ */

/* No file may grow beyond so many bytes: room for sentences and small documents only. */
static int
build_with_room(rlim_t bytes, int argc, char **argv)
{
    const struct rlimit limit = {bytes, bytes};

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 99;
    return cmd_build_daily_universe(argc, argv);
}

static int
build_on_a_full_disk(int argc, char **argv)
{
    return build_with_room(1200, argc, argv);
}

/* Three symbols of v1 take 522 bytes, of v2 991. */
static int
build_with_room_for_v1(int argc, char **argv)
{
    return build_with_room(700, argc, argv);
}

static void
test_intel_on_a_full_disk_fails_and_keeps_the_old_files(void **state)
{
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), "UW_MOCK=1");
    CLEANUP(ran_free) struct ran first = bed_run_args(&b, cmd_build_daily_universe, NULL);
    CLEANUP(text_free) struct text old = tmpdir_read(&b.dir, DAILY);
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, build_on_a_full_disk, "--core", "3");
    run_expect(&r, 1, "", DAILY);
    CLEANUP(text_free) struct text now = tmpdir_read(&b.dir, DAILY);
    assert_string_equal(text_str(&now), text_str(&old));
    CLEANUP(ran_free) struct ran again = BED_RUN(&b, cmd_build_daily_universe, "--core", "3");
    run_expect(&again, 0, DAILY, "");
    bed_close(&b);
}

static void
test_contract_4_12_a_failing_v2_universe_leaves_v1_alone(void **state)
{
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), "UW_MOCK=1");
    CLEANUP(ran_free)
    struct ran r = BED_RUN(&b, build_with_room_for_v1, "--max", "3", "--core", "3");
    run_expect(&r, 0, DAILY, DAILY_V2);
    bed_expect_sound(&b, DAILY, SCHEMA_DAILY_UNIVERSE);
    bed_expect_sound(&b, CORE, SCHEMA_CORE_UNIVERSE);
    bed_expect_sound(&b, REGIME, SCHEMA_REGIME_STATE);
    assert_false(bed_has(&b, DAILY_V2));
    bed_close(&b);
}

static size_t
lines_of(const struct bed *b, const char *path)
{
    CLEANUP(text_free) struct text log = {0};
    size_t n = 0;

    check_read_file(tmpdir_path(&b->dir, path), &log);
    for (const char *at = text_str(&log); (at = strchr(at, '\n')) != NULL; at++)
        n++;
    return n;
}

/* The premarket runner in this very process, silent. */
static int
run_here(const struct bed *b)
{
    char name[] = "runner", root[] = "--root", as_of[] = "--as-of", at[] = BED_AS_OF;
    char dir[sizeof b->dir.path], here[512];
    char *argv[] = {name, root, dir, as_of, at, NULL};

    (void)str_copy(dir, sizeof dir, b->dir.path);
    for (size_t i = 0; b->env[i] != NULL; i++) {
        static char vars[RUN_ENV_MAX][BED_TEXT];

        (void)str_copy(vars[i], sizeof vars[i], b->env[i]);
        if (putenv(vars[i]) != 0) return 99;
    }
    if (getcwd(here, sizeof here) == NULL || setenv("STOCKBOT_SHARE", here, 1) != 0) return 99;
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
        return 99;
    return cmd_run_premarket_intel(COUNT_OF(argv) - 1, argv);
}

/* Starts it and kills it once the vendor was asked so often. */
static void
kill_after_calls(const struct bed *b, size_t calls)
{
    size_t had = lines_of(b, QUOTA_PATH);
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) _exit(run_here(b));
    assert_true(pid > 0);
    while (lines_of(b, QUOTA_PATH) < had + calls)
        (void)poll(NULL, 0, 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void
test_intel_killed_in_the_middle_leaves_the_old_file_and_runs_again(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&(struct serve){
        .faults = "delay=60:/api/", .symbols = SYMBOLS, .symbols_len = COUNT_OF(SYMBOLS)});

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    CLEANUP(ran_free) struct ran built = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&built, 0, DAILY, "");
    for (size_t calls = 1; calls < 8; calls += 3) {
        kill_after_calls(&b, calls);
        assert_false(bed_has(&b, PREMARKET));
    }
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    assert_int_equal(json_i64(json_get(line, "vendor"), "answered", -1),
                     json_i64(json_get(line, "vendor"), "asked", 0));
    bed_expect_sound(&b, PREMARKET, SCHEMA_PREMARKET_INTEL);
    served_close(&v);
    bed_close(&b);
}

/* ---- usage --------------------------------------------------------------------------------- */

static void
test_intel_refuses_wrong_usage(void **state)
{
    static const struct {
        int (*command)(int, char **);
        const char *option, *words;
    } cases[] = {
        {cmd_build_daily_universe,      "--maximum",    "--maximum"       },
        {cmd_build_daily_universe,      "--max=-1",     "from 0 to"       },
        {cmd_build_daily_universe,      "--core=many",  "--core many"     },
        {cmd_run_premarket_intel,       "--symbols=A",  "--symbols"       },
        {cmd_run_postmarket_intel,      "--as-of=soon", "--as-of"         },
        {cmd_run_regime_detector,       "--mock",       "--mock"          },
        {cmd_run_premarket_exit_intel,  "more",         "no such argument"},
        {cmd_run_postmarket_exit_intel, "--date=x",     "--date"          },
    };
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free) struct ran r = BED_RUN(&b, cases[i].command, cases[i].option);
        run_expect(&r, 64, "", cases[i].words);
    }
    CLEANUP(ran_free) struct ran help = BED_RUN(&b, cmd_build_daily_universe, "--help");
    run_expect(&help, 0, "--core N", "");
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
        cmocka_unit_test(test_intel_inputs_that_are_damaged_heal_and_are_named),
        cmocka_unit_test(test_intel_inputs_of_the_wrong_shape_count_as_nothing),
        cmocka_unit_test(test_contract_4_11_the_regime_needs_neither_network_nor_inputs),
        cmocka_unit_test(test_intel_mock_runs_ask_nobody_and_stay_out_of_real_roots),
        cmocka_unit_test(test_intel_dry_runs_show_the_document_and_touch_nothing),
        cmocka_unit_test(test_intel_on_a_full_disk_fails_and_keeps_the_old_files),
        cmocka_unit_test(test_contract_4_12_a_failing_v2_universe_leaves_v1_alone),
        cmocka_unit_test(test_intel_killed_in_the_middle_leaves_the_old_file_and_runs_again),
        cmocka_unit_test(test_intel_refuses_wrong_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

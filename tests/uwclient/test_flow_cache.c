/*
 * The flow cache: merging with what others wrote, healing, retention, and never half a file
 * (contract 3.1, 4.1, 4.2; spec 20 3.9).
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/flow_cache.h"

#define NOON   "2026-01-20T17:00:00Z"
#define NOON_S 1768928400

struct bed {
    struct uw_world w;
    struct flow_cache c;
};

static void
bed_open(struct bed *b)
{
    memset(&b->c, 0, sizeof b->c);
    b->c = (struct flow_cache){.clock = &b->w.clock,
                               .fs = &b->w.fs,
                               .store = &b->w.store,
                               .locks = &b->w.locks,
                               .log = &b->w.log};
    flow_cache_load(&b->c, true);
    flow_model_configure(&b->c.model, "ACME", true);
}

static void
bed_make(struct bed *b, const char *file)
{
    uw_world_make(&b->w, NOON);
    if (file != NULL) test_write(&b->w.root, FLOW_CACHE_PATH, file, strlen(file));
    bed_open(b);
}

static void
bed_remove(struct bed *b)
{
    flow_cache_done(&b->c);
    uw_world_remove(&b->w);
}

static void
flush(struct bed *b)
{
    struct flow_status s = {
        .cycle = 3, .session = "open", .status = "ok", .pid = 42, .last_success_s = NOON_S};
    struct err err = {0};

    if (flow_cache_flush(&b->c, &s, 100, &err) != RC_OK) fail_msg("%s", err.text);
}

static struct json *
read_back(const struct bed *b)
{
    char *bytes = test_read(&b->w.root, FLOW_CACHE_PATH);
    struct json *doc = NULL;
    struct err err = {0};

    assert_non_null(bytes);
    if (json_parse(bytes, strlen(bytes), JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    free(bytes);
    return doc;
}

static void
set(struct bed *b, const char *symbol, const char *key, const char *json)
{
    CLEANUP(text_free) struct text t = {0};
    struct flow_ticker *ticker = flow_model_need(&b->c.model, symbol);

    text_puts(&t, json);
    ticker->is_configured = true;
    flow_model_set(&b->c.model, ticker, key, &t, b->w.time.now_ns);
    flow_model_touch(&b->c.model, ticker, "max_pain", false, b->w.time.now_ns);
}

static void
assert_json(const struct json *v, const char *want)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_value(&o, NULL, v);
    assert_string_equal(text_str(&t), want);
}

static void
test_flow_cache_says_who_wrote_it_and_when(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, NULL);
    set(&b, "ACME", "max_pain", "{\"max_pain\":49.5}");
    flush(&b);
    CLEANUP(json_freep) struct json *doc = read_back(&b);
    assert_json(json_get(doc, "_metadata"),
                "{\"last_update\":1768928400,\"updated_by\":\"uw_flow_daemon\",\"ticker_count\":1,"
                "\"schema_version\":2,"
                "\"pid\":42,\"cycle\":3,\"session\":\"open\",\"status\":\"ok\",\"mode\":\"real\","
                "\"last_success_ts\":1768928400,\"last_flow_success_ts\":null}");
    assert_json(json_get(doc, "ACME"),
                "{\"max_pain\":{\"max_pain\":49.5},\"_updates\":{\"max_pain\":1768928400},"
                "\"_last_update\":1768928400}");
    bed_remove(&b);
}

/* What the daemon owns comes from memory, everything else from the file (CA-3). */
static void
test_contract_4_2_others_keep_what_is_theirs(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, "{\"_note\":1,\"_old\":2,\"ACME\":{\"iv_term_skew\":0.1,\"gone\":1,\"sentiment\":"
                 "\"BULLISH\"},"
                 "\"OTHER\":{\"x\":1,\"_updates\":{\"insider\":1768928000}},\"LEFT\":{\"y\":1}}");
    set(&b, "ACME", "sentiment", "\"BEARISH\"");
    flush(&b);
    const char *edited =
        "{\"_note\":7,\"_new\":[1],\"_market_tide\":\"theirs\",\"ACME\":{\"iv_term_skew\":0.2,"
        "\"fresh\":true,"
        "\"sentiment\":\"NEUTRAL\",\"_last_update\":1},\"OTHER\":{\"x\":2},\"SCALAR\":5}";
    clock_sleep(&b.w.clock, NS_PER_S);
    test_write(&b.w.root, FLOW_CACHE_PATH, edited, strlen(edited));
    set(&b, "ACME", "conviction", "0.5");
    flush(&b);
    CLEANUP(json_freep) struct json *doc = read_back(&b);
    assert_int_equal(json_i64(doc, "_note", 0), 7);
    assert_false(json_has(doc, "_old"));
    assert_true(json_has(doc, "_new"));
    assert_false(json_has(doc, "_market_tide")); /* ours: memory has none */
    assert_json(json_get(doc, "OTHER"), "{\"x\":2}");
    assert_false(json_has(doc, "LEFT"));
    assert_int_equal(json_i64(doc, "SCALAR", 0), 5);
    const struct json *acme = json_get(doc, "ACME");
    assert_string_equal(json_str(acme, "sentiment", ""), "BEARISH");
    assert_int_equal(json_i64(acme, "_last_update", 0), NOON_S + 1);
    assert_true(json_bool(acme, "fresh", false));
    assert_false(json_has(acme, "gone"));
    assert_json(json_get(acme, "iv_term_skew"), "0.2");
    bed_remove(&b);
}

static void
test_contract_3_1_a_corrupt_file_is_kept_and_the_model_stands(void **state)
{
    static const char *const bad[] = {"", "{\"ACME\":{", "[]", "\xff\xfe", "{\"A\":1,\"A\":2}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct bed b;
        bed_make(&b, "{\"OTHER\":{\"x\":1,\"_updates\":{\"insider\":1768928000}}}");
        set(&b, "ACME", "conviction", "0.5");
        flush(&b);
        clock_sleep(&b.w.clock, NS_PER_S);
        test_write(&b.w.root, FLOW_CACHE_PATH, bad[i], strlen(bad[i]));
        set(&b, "ACME", "conviction", "0.6");
        flush(&b);
        CLEANUP(json_freep) struct json *doc = read_back(&b);
        assert_json(json_get(json_get(doc, "ACME"), "conviction"), "0.6");
        assert_true(json_has(doc, "OTHER")); /* memory knew it */
        assert_int_equal(test_count(&b.w.root, "data", "uw_flow_cache.json.corrupted."), 1);
        assert_true(test_log_count(&b.w.events, EV_STATE_READ_FAILED) > 0);
        bed_remove(&b);
    }
}

static void
test_contract_3_1_a_corrupt_file_at_the_start_is_healed(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, "{\"ACME\": oops");
    assert_int_equal(b.c.model.len, 0);
    assert_int_equal(test_count(&b.w.root, "data", ".corrupted."), 1);
    flush(&b);
    CLEANUP(json_freep) struct json *doc = read_back(&b);
    assert_true(json_has(doc, "_metadata"));
    bed_remove(&b);
}

static void
test_flow_cache_a_refused_write_is_tried_again(void **state)
{
    struct bed b;
    struct flow_status s = {.session = "open", .status = "ok"};
    struct err err = {0};

    (void)state;
    bed_make(&b, "{}");
    set(&b, "ACME", "conviction", "0.5");
    struct test_faults faults = {.under = &b.w.root.fs, .fail_at = 1, .fail_len = 1000};
    b.w.fs = test_faults_seam(&faults);
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(flow_cache_flush(&b.c, &s, 100, &err), RC_OK);
    assert_true(b.c.model.is_dirty);
    assert_int_equal(test_log_count(&b.w.events, EV_UW_CACHE_WRITE_FAILED), 1); /* once a minute */
    b.w.fs = b.w.root.fs;
    flush(&b);
    assert_false(b.c.model.is_dirty);
    CLEANUP(json_freep) struct json *doc = read_back(&b);
    assert_true(json_has(doc, "ACME"));
    bed_remove(&b);
}

static void
test_flow_cache_waits_for_a_healing_reader(void **state)
{
    struct bed b;
    struct flow_status s = {.session = "open", .status = "ok"};
    struct posix_locks others;
    struct lock held;
    struct err err = {0};

    (void)state;
    bed_make(&b, "{}");
    assert_int_equal(locks_open(b.w.root.path, &others, &err), RC_OK);
    struct locks seam = locks_seam(&others);
    assert_int_equal(seam.acquire(seam.self, FLOW_CACHE_LOCK_PATH, 0, &held, &err), RC_OK);
    assert_int_equal(flow_cache_flush(&b.c, &s, 0, &err), RC_BUSY);
    assert_int_equal(test_log_count(&b.w.events, EV_UW_CACHE_WRITE_FAILED),
                     0); /* nothing is wrong */
    seam.release(seam.self, &held);
    flush(&b);
    locks_close(&others);
    bed_remove(&b);
}

/* ---- age ------------------------------------------------------------------------------------- */

static void
test_flow_cache_age_is_the_age_of_the_flow(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, NULL);
    struct flow_ticker *t = flow_model_need(&b.c.model, "ACME");
    flow_model_touch(&b.c.model, t, "insider", false, NOON_S * NS_PER_S);
    assert_int_equal(t->last_update_s, NOON_S); /* before the first flow: any job */
    flow_model_touch(&b.c.model, t, "option_flow", true, (NOON_S + 10) * NS_PER_S);
    flow_model_touch(&b.c.model, t, "insider", false, (NOON_S + 500) * NS_PER_S);
    assert_int_equal(t->last_update_s, NOON_S + 10);
    assert_int_equal(flow_model_updated_s(t, "insider"), NOON_S + 500);
    assert_int_equal(flow_model_updated_s(t, "max_pain"), 0);
    bed_remove(&b);
}

static void
test_flow_cache_clears_flow_after_two_hours(void **state)
{
    struct bed b;

    (void)state;
    bed_make(
        &b, "{\"ACME\":{\"flow_trades\":[{\"id\":\"1\"}],\"sentiment\":\"BULLISH\",\"conviction\":"
            "0.9,\"trade_count\":1,"
            "\"total_premium\":5,\"flow\":{\"last_update\":1768921200},\"_last_update\":1768928399,"
            "\"_updates\":{\"option_flow\":1768921200,\"insider\":1768928399}},"
            "\"OTHER\":{\"flow_trades\":[{\"id\":\"1\"}],\"flow\":{\"last_update\":1}}}");
    assert_int_equal(flow_model_expire(&b.c.model, b.w.time.now_ns),
                     0); /* 7200 s old is not older */
    assert_int_equal(flow_model_expire(&b.c.model, b.w.time.now_ns + NS_PER_S), 1);
    flush(&b);
    CLEANUP(json_freep) struct json *doc = read_back(&b);
    const struct json *acme = json_get(doc, "ACME");
    assert_json(json_get(acme, "flow_trades"), "[]");
    assert_string_equal(json_str(acme, "sentiment", ""), "NEUTRAL");
    assert_int_equal(json_i64(acme, "trade_count", -1), 0);
    assert_false(json_has(acme, "flow"));
    assert_true(json_has(json_get(doc, "OTHER"), "flow")); /* not ours to clear */
    assert_int_equal(flow_model_expire(&b.c.model, b.w.time.now_ns + NS_PER_HOUR), 0);
    bed_remove(&b);
}

static bool
knows_universe(void *ctx, const char *symbol)
{
    (void)ctx;
    return str_eq(symbol, "UNIV");
}

static void
test_flow_cache_forgets_tickers_of_last_week(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b,
             "{\"ACME\":{},\"UNIV\":{},\"RECENT\":{\"_updates\":{\"a\":1,\"b\":1768327200}},"
             "\"OLD\":{\"_updates\":{\"b\":1768323599}},\"NEVER\":{\"_last_update\":1768928400}}");
    flow_model_forget(&b.c.model, knows_universe, NULL, NOON_S);
    assert_non_null(flow_model_find(&b.c.model, "ACME"));
    assert_non_null(flow_model_find(&b.c.model, "UNIV"));
    assert_non_null(flow_model_find(&b.c.model, "RECENT"));
    assert_null(flow_model_find(&b.c.model, "OLD"));
    assert_null(flow_model_find(&b.c.model, "NEVER"));
    bed_remove(&b);
}

static void
test_flow_cache_a_live_daemon_takes_no_mock_entries(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, "{\"_metadata\":{\"mode\":\"mock\",\"last_success_ts\":5},\"ACME\":{\"simulated\":"
                 "true,\"conviction\":1}}");
    assert_int_equal(b.c.model.len, 0);
    assert_false(b.c.is_live_file);
    bed_remove(&b);
}

/* ---- many at once ---------------------------------------------------------------------------- */

/* A writer that flushes, an editor that breaks the file, a reader: the reader never sees half a
 * file. */
static void
test_contract_4_2_readers_never_see_half_a_file(void **state)
{
    enum { ROUNDS = 300 };
    struct bed b;

    (void)state;
    bed_make(&b, "{}");
    pid_t breaker = fork();
    assert_true(breaker >= 0);
    if (breaker == 0) {
        for (int i = 0; i < ROUNDS; i++) {
            if (b.w.root.fs.replace(b.w.root.fs.self, FLOW_CACHE_PATH, "{\"X\":", 5, false, NULL) !=
                RC_OK)
                _exit(1);
            (void)usleep(2000);
        }
        _exit(0);
    }
    int whole = 0, broken = 0;
    for (int i = 0; i < ROUNDS; i++) {
        char value[16];
        (void)snprintf(value, sizeof value, "%d", i);
        set(&b, "ACME", "conviction", value);
        flush(&b);
        char *bytes = test_read(&b.w.root, FLOW_CACHE_PATH);
        assert_non_null(bytes);
        struct json *doc = NULL;
        if (str_eq(bytes, "{\"X\":")) {
            broken++; /* what the breaker wrote, whole */
        } else {
            struct err err = {0};
            if (json_parse(bytes, strlen(bytes), JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) !=
                RC_OK)
                fail_msg("%s: %.200s", err.text, bytes);
            assert_true(json_has(json_get(doc, "ACME"), "conviction"));
            whole++;
        }
        json_free(doc);
        free(bytes);
    }
    int status = 0;
    assert_true(waitpid(breaker, &status, 0) == breaker && WIFEXITED(status) &&
                WEXITSTATUS(status) == 0);
    assert_true(whole > 0 && whole + broken == ROUNDS);
    flush(&b);
    CLEANUP(json_freep) struct json *doc = read_back(&b);
    assert_json(json_get(json_get(doc, "ACME"), "conviction"), "299");
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_cache_says_who_wrote_it_and_when),
        cmocka_unit_test(test_contract_4_2_others_keep_what_is_theirs),
        cmocka_unit_test(test_contract_3_1_a_corrupt_file_is_kept_and_the_model_stands),
        cmocka_unit_test(test_contract_3_1_a_corrupt_file_at_the_start_is_healed),
        cmocka_unit_test(test_flow_cache_a_refused_write_is_tried_again),
        cmocka_unit_test(test_flow_cache_waits_for_a_healing_reader),
        cmocka_unit_test(test_flow_cache_age_is_the_age_of_the_flow),
        cmocka_unit_test(test_flow_cache_clears_flow_after_two_hours),
        cmocka_unit_test(test_flow_cache_forgets_tickers_of_last_week),
        cmocka_unit_test(test_flow_cache_a_live_daemon_takes_no_mock_entries),
        cmocka_unit_test(test_contract_4_2_readers_never_see_half_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Promises of the flow table: only what changed is decoded, a bad file heals, nothing is silent.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "engine/flow_table.h"
#include "state/store.h"

struct fixture {
    struct test_root root;
    struct test_clock time;
    struct clock clock;
    struct test_log events;
    struct log log;
    struct state_store state;
    struct store store;
    struct flow_table table;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    test_root_make(&f->root);
    f->time.now_ns = when_parse_or_none("2026-01-30T15:00:00Z");
    f->clock = test_clock_seam(&f->time);
    f->log = test_log_seam(&f->events);
    state_store_init(&f->state, &f->root.fs, &f->clock, &f->log);
    f->store = state_store_seam(&f->state);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    flow_table_done(&f->table);
    test_root_remove(&f->root);
    free(f);
    return 0;
}

static void
cache_write(struct fixture *f, const char *json)
{
    test_write(&f->root, FLOW_CACHE_PATH, json, strlen(json));
}

static enum flow_cache_state
refresh(struct fixture *f)
{
    f->events.len = 0;
    return flow_table_refresh(&f->table, &f->root.fs, &f->store, &f->log);
}

static size_t
count_events(const struct fixture *f, enum event_id id)
{
    size_t n = 0;

    for (size_t i = 0; i < f->events.len; i++)
        if (f->events.event[i].id == id) n++;
    return n;
}

#define ENTRY(sentiment, conviction)                                                               \
    "{\"sentiment\":\"" sentiment "\",\"conviction\":" conviction                                  \
    ",\"dark_pool\":{\"total_premium\":5},\"_last_update\":1769785200}"

static void
test_flow_table_decodes_only_what_changed(void **state)
{
    struct fixture *f = *state;

    cache_write(f, "{\"_metadata\":{\"x\":1},\"AAPL\":" ENTRY("BULLISH", "0.5") ",\"MSFT\":" ENTRY(
                       "BEARISH", "0.7") "}");
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    assert_int_equal(f->table.symbols, 2);
    assert_int_equal(f->table.total_keys, 3);
    assert_int_equal(f->table.decoded, 2);
    assert_true(f->table.net_premium > 9.999 && f->table.net_premium < 10.001);
    assert_int_equal(refresh(f), FLOW_CACHE_UNCHANGED);
    cache_write(f, "{\"_metadata\":{\"x\":2},\"AAPL\":" ENTRY("BULLISH", "0.9") ",\"MSFT\":" ENTRY(
                       "BEARISH", "0.7") "}");
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    assert_int_equal(f->table.decoded, 1);
    const struct flow_entry *e = flow_table_find(&f->table, "AAPL");
    assert_non_null(e);
    assert_true(e->flow.conviction > 0.89);
    assert_int_equal(f->events.len, 0);
}

static void
test_flow_table_forgets_a_symbol_that_left_and_keeps_its_persistence(void **state)
{
    struct fixture *f = *state;

    cache_write(f, "{\"AAPL\":" ENTRY("BULLISH", "0.5") ",\"MSFT\":" ENTRY("BEARISH", "0.7") "}");
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    for (int i = 0; i < 6; i++)
        persistence_record(&flow_table_find(&f->table, "MSFT")->persistence, f->time.now_ns, NULL);
    cache_write(f, "{\"AAPL\":" ENTRY("BULLISH", "0.5") "}");
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    assert_null(flow_table_find(&f->table, "MSFT"));
    cache_write(f, "{\"AAPL\":" ENTRY("BULLISH", "0.5") ",\"MSFT\":" ENTRY("BEARISH", "0.7") "}");
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    struct boosts b = {0};
    persistence_record(&flow_table_find(&f->table, "MSFT")->persistence, f->time.now_ns, &b);
    assert_int_equal(b.persistence_count, 7);
}

static void
test_contract_4_3_every_unusable_cache_is_said_and_the_engine_goes_on(void **state)
{
    static const struct {
        const char *what, *bytes;
        enum flow_cache_state want;
        bool missing, empty, no_signals, structure, heals;
    } CASES[] = {
        {"no file",            NULL,                        FLOW_CACHE_MISSING, true,  false, true, false, false},
        {"zero bytes",         "",                          FLOW_CACHE_CORRUPT, false, true,  true, false, true },
        {"half a file",        "{\"AAPL\":{\"senti",        FLOW_CACHE_CORRUPT, false, true,  true, false, true },
        {"trailing bytes",     "{} x",                      FLOW_CACHE_CORRUPT, false, true,  true, false, true },
        {"an array",           "[]",                        FLOW_CACHE_CORRUPT, false, true,  true, true,  true },
        {"a bad value inside", "{\"AAPL\":{\"a\":tru}}",    FLOW_CACHE_CORRUPT, false, true,  true,
         false,                                                                                            true },
        {"a symbol twice",     "{\"AAPL\":{},\"AAPL\":{}}", FLOW_CACHE_CORRUPT, false, true,  true,
         false,                                                                                            true },
        {"empty object",       "{}",                        FLOW_CACHE_OK,      false, true,  true, false, false},
        {"only metadata",      "{\"_metadata\":{}}",        FLOW_CACHE_OK,      false, false, true, false, false},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct fixture *f;

        assert_int_equal(setup(state), 0);
        f = *state;
        print_message("%s\n", CASES[i].what);
        if (CASES[i].bytes != NULL) cache_write(f, CASES[i].bytes);
        assert_int_equal(refresh(f), CASES[i].want);
        assert_int_equal(f->table.symbols, 0);
        assert_int_equal(count_events(f, EV_UW_CACHE_MISSING), CASES[i].missing);
        assert_int_equal(count_events(f, EV_UW_CACHE_EMPTY), CASES[i].empty);
        assert_int_equal(count_events(f, EV_UW_CACHE_EMPTY_NO_SIGNALS), CASES[i].no_signals);
        assert_int_equal(count_events(f, EV_UW_CACHE_CORRUPTED_STRUCTURE), CASES[i].structure);
        assert_int_equal(count_events(f, EV_STATE_SELF_HEALED), CASES[i].heals);
        assert_int_equal(test_count(&f->root, "data", ".corrupted."), CASES[i].heals);
        (void)teardown(state);
    }
    *state = NULL;
}

static void
test_flow_table_skips_a_symbol_that_is_no_object(void **state)
{
    struct fixture *f = *state;

    cache_write(f, "{\"AAPL\":7,\"MSFT\":" ENTRY("BEARISH", "0.7") ",\"not a symbol\":{}}");
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    assert_int_equal(f->table.symbols, 1);
    assert_int_equal(f->table.not_objects, 1);
    assert_null(flow_table_find(&f->table, "AAPL"));
}

/* Any order of keys and any number of symbols: find gives each its own entry. */
static void
test_flow_table_finds_every_symbol_in_any_order(void **state)
{
    enum { SYMBOLS = 300 };
    struct fixture *f = *state;
    CLEANUP(text_free) struct text json = {0};
    struct rng r = check_rng("flow table order");
    int order[SYMBOLS];

    for (int i = 0; i < SYMBOLS; i++)
        order[i] = i;
    for (int i = SYMBOLS - 1; i > 0; i--) {
        int k = (int)rng_below(&r, (uint64_t)i + 1);
        int swap = order[i];

        order[i] = order[k];
        order[k] = swap;
    }
    text_putc(&json, '{');
    for (int i = 0; i < SYMBOLS; i++)
        text_printf(&json, "%s\"S%d\":{\"sentiment\":\"BULLISH\",\"conviction\":%d.5}",
                    i > 0 ? "," : "", order[i], order[i]);
    text_putc(&json, '}');
    cache_write(f, text_str(&json));
    assert_int_equal(refresh(f), FLOW_CACHE_OK);
    assert_int_equal(f->table.symbols, SYMBOLS);
    for (int i = 0; i < SYMBOLS; i++) {
        char symbol[SYMBOL_MAX];

        (void)snprintf(symbol, sizeof(symbol), "S%d", i);
        const struct flow_entry *e = flow_table_find(&f->table, symbol);
        assert_non_null(e);
        assert_int_equal((int)e->flow.conviction, i);
    }
    for (size_t i = 1; i < f->table.len; i++)
        assert_true(strcmp(f->table.entry[i - 1]->flow.symbol, f->table.entry[i]->flow.symbol) < 0);
}

static int
teardown_maybe(void **state)
{
    return *state != NULL ? teardown(state) : 0;
}

int
main(void)
{
#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_maybe)
    const struct CMUnitTest tests[] = {
        TABLE_TEST(test_flow_table_decodes_only_what_changed),
        TABLE_TEST(test_flow_table_forgets_a_symbol_that_left_and_keeps_its_persistence),
        cmocka_unit_test(test_contract_4_3_every_unusable_cache_is_said_and_the_engine_goes_on),
        TABLE_TEST(test_flow_table_skips_a_symbol_that_is_no_object),
        TABLE_TEST(test_flow_table_finds_every_symbol_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

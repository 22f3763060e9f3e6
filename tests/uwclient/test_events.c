/*
 * The events of the client, word for word: each in the situation that spec 20 2.9 names, with all
 * its details and no other.
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/quota_log.h"

#define NOON   "2026-01-20T17:00:00Z"
#define TIDE   "/api/market/market-tide"
#define FLOW   "/api/option-trades/flow-alerts"
#define RECORD CACHE_DIR "/c6cfb10c81a87dba7d15015cffcba39ea518138b7c7bcfce8e1f7e601550dc8d.json"

struct scene {
    struct uw_world *w;
    struct uw_call call;
};

static void
ask(struct scene *s)
{
    struct uw_answer a;

    enum uw_result result = uw_http_get(&s->w->client, &s->call, &a);

    (void)result; /* what is said of it counts here */
    uw_answer_free(&a);
}

static void
reply(struct scene *s, struct fake_reply r)
{
    fake_http_reset(&s->w->net);
    fake_http_push(&s->w->net, r);
}

/* ---- the situations ---------------------------------------------------------------------------
 */

static void
a_call(struct scene *s)
{
    reply(s, (struct fake_reply){.status = 200});
    ask(s);
}

static void
a_hit(struct scene *s)
{
    a_call(s);
    ask(s);
}

static void
a_refusal(struct scene *s)
{
    reply(s, (struct fake_reply){.status = 404, .body = "{}"});
    ask(s);
}

static void
a_page(struct scene *s)
{
    reply(s, (struct fake_reply){.status = 200, .body = "<html>"});
    ask(s);
}

static void
no_connection(struct scene *s)
{
    reply(s, (struct fake_reply){.rc = RC_IO, .error = "Connection reset by peer"});
    ask(s);
}

static void
minute_full(struct scene *s)
{
    s->w->cfg.rate_limit_per_min = 1;
    uw_client_reconfigure(&s->w->client, &s->w->cfg);
    s->call.mode = UW_CACHE_BYPASS;
    a_call(s);
    s->w->time.now_ns += 500 * NS_PER_MS;
    s->w->time.mono_ns += 500 * NS_PER_MS;
    uw_params_add(&s->call.params, UW_I64("limit", 1));
    s->call.endpoint = "/api/market/top-net-impact";
    ask(s);
}

static void
day_full(struct scene *s)
{
    s->w->cfg.daily_limit = 1;
    s->w->cfg.safety_buffer = 1.0;
    uw_client_reconfigure(&s->w->client, &s->w->cfg);
    s->call.mode = UW_CACHE_BYPASS;
    a_call(s);
    ask(s);
}

static void
endpoint_full(struct scene *s)
{
    s->call.mode = UW_CACHE_BYPASS;
    s->call.policy = "daemon_congress_recent_trades";
    s->call.endpoint = "/api/congress/recent-trades";
    for (int i = 0; i < 24; i++)
        a_call(s);
    ask(s);
}

static void
in_a_pause(struct scene *s)
{
    reply(s, (struct fake_reply){.status = 429, .body = "{}"});
    ask(s);
    ask(s);
}

static void
ours_are_used_up(struct scene *s)
{
    s->w->cfg.daily_limit = 4;
    s->w->cfg.safety_buffer = 1.0;
    uw_client_reconfigure(&s->w->client, &s->w->cfg);
    s->call.mode = UW_CACHE_BYPASS;
    for (int i = 0; i < 3; i++)
        a_call(s);
}

static void
no_endpoint(struct scene *s)
{
    s->call.endpoint = "INVALID_ENDPOINT";
    ask(s);
}

static void
no_parameter(struct scene *s)
{
    s->call.endpoint = FLOW;
    uw_params_add(&s->call.params, UW_STR("symbol", "ACME"));
    ask(s);
}

static void
no_required_parameter(struct scene *s)
{
    s->call.endpoint = "/api/stock/ACME/greeks";
    s->call.scope = UW_SCOPE_FLOW_DAEMON;
    ask(s);
}

static void
no_scope(struct scene *s)
{
    s->call.endpoint = "/api/darkpool/OTHER";
    s->call.scope = UW_SCOPE_FLOW_DAEMON;
    ask(s);
}

/* Not as a list either, nor among symbols that are ours. */
static void
no_scope_in_a_list(struct scene *s)
{
    s->call.endpoint = FLOW;
    s->call.scope = UW_SCOPE_FLOW_DAEMON;
    uw_params_add(&s->call.params, UW_LIST("ticker_symbol", "ACME,OTHER"));
    ask(s);
}

static void
no_exclusion(struct scene *s)
{
    s->call.endpoint = FLOW;
    s->call.scope = UW_SCOPE_FLOW_DAEMON;
    uw_params_add(&s->call.params, UW_STR("ticker_symbol", "-ACME"));
    ask(s);
}

static void
no_universe(struct scene *s)
{
    static const char MADE_UP[] =
        "{\"_meta\":{\"mode\":\"mock\"},\"symbols\":[{\"symbol\":\"ACME\"}]}";

    test_write(&s->w->root, "state/core_universe.json", MADE_UP, sizeof MADE_UP - 1);
    s->call.endpoint = "/api/darkpool/ACME";
    ask(s);
}

static void
no_key(struct scene *s)
{
    s->w->cfg.api_key = "";
    ask(s);
    ask(s);
}

static void
bad_key(struct scene *s)
{
    reply(s, (struct fake_reply){.status = 401, .body = "{}"});
    ask(s);
}

static void
too_many(struct scene *s)
{
    reply(s, (struct fake_reply){.status = 429, .retry_after = "30", .body = "{}"});
    ask(s);
}

static void
too_many_today(struct scene *s)
{
    reply(s, (struct fake_reply){
                 .status = 429, .daily_count = "15000", .daily_limit = "15000", .body = "{}"});
    ask(s);
}

static void
three_quarters(struct scene *s)
{
    reply(s, (struct fake_reply){.daily_count = "11300", .daily_limit = "15000"});
    ask(s);
}

static void
nine_tenths(struct scene *s)
{
    three_quarters(s);
    s->call.mode = UW_CACHE_BYPASS;
    reply(s, (struct fake_reply){.daily_count = "13500", .daily_limit = "15000"});
    ask(s);
}

static void
no_list(struct scene *s)
{
    (void)str_copy(s->w->spec_path, sizeof s->w->spec_path, "no/such.yaml");
    (void)uw_world_client(s->w);
    ask(s);
}

static void
bad_record(struct scene *s)
{
    test_write(&s->w->root, RECORD, "{\"ts\":", 6);
    a_call(s);
}

/* ---- the table --------------------------------------------------------------------------------
 */

static const struct {
    const char *what;
    void (*happen)(struct scene *s);
    enum event_id id;
    const char *want; /* the details; a severity where the event has no fixed one */
} EVENTS[] = {
    {"a call",                          a_call,                EV_UW_CALL,
     "{\"severity\":\"INFO\",\"endpoint\":\"/api/market/"
     "market-tide\",\"endpoint_name\":\"market_sentiment\",\"status\":200,\"cache_hit\":false,"
     "\"latency_ms\":7,\"attempts\":1,\"caller\":\"tester\"}"                                                       },
    {"a hit",                           a_hit,                 EV_UW_CALL,
     "{\"endpoint\":\"/api/market/"
     "market-tide\",\"cache_hit\":true,\"ttl_seconds\":600,\"endpoint_name\":\"market_"
     "sentiment\"}"                                                                                                 },
    {"a refusal of the server",         a_refusal,             EV_UW_CALL,
     "{\"severity\":\"WARN\",\"endpoint\":\"/api/market/"
     "market-tide\",\"endpoint_name\":\"market_sentiment\",\"status\":404,\"cache_hit\":false,"
     "\"latency_ms\":7,\"attempts\":1,\"caller\":\"tester\"}"                                                       },
    {"a page in place of data",         a_page,                EV_UW_CALL,
     "{\"severity\":\"WARN\",\"endpoint\":\"/api/market/"
     "market-tide\",\"endpoint_name\":\"market_sentiment\",\"status\":200,\"cache_hit\":false,"
     "\"latency_ms\":7,\"attempts\":1,\"caller\":\"tester\",\"schema_error\":true}"                                 },
    {"no connection",                   no_connection,         EV_UW_CALL,
     "{\"severity\":\"ERROR\",\"endpoint\":\"/api/market/market-tide\",\"error\":\"Connection "
     "reset by peer\",\"error_type\":\"io\",\"attempts\":3}"                                                        },
    {"the minute is full",              minute_full,           EV_UW_RATE_LIMIT_BLOCK,
     "{\"reason\":\"per_minute_cap\",\"endpoint\":\"/api/market/"
     "top-net-impact\",\"params\":{\"limit\":1},\"wait_s\":59.5}"                                                   },
    {"the day is full",                 day_full,              EV_UW_RATE_LIMIT_BLOCK,
     "{\"reason\":\"daily_cap\",\"endpoint\":\"/api/market/"
     "market-tide\",\"params\":{},\"wait_s\":null}"                                                                 },
    {"the endpoint is full",            endpoint_full,         EV_UW_RATE_LIMIT_BLOCK,
     "{\"reason\":\"endpoint_cap\",\"endpoint\":\"/api/congress/"
     "recent-trades\",\"params\":{},\"wait_s\":null}"                                                               },
    {"a pause",                         in_a_pause,            EV_UW_RATE_LIMIT_BLOCK,
     "{\"reason\":\"server_backoff\",\"endpoint\":\"/api/market/"
     "market-tide\",\"params\":{},\"wait_s\":null}"                                                                 },
    {"no such endpoint",                no_endpoint,           EV_UW_INVALID_ENDPOINT,
     "{\"endpoint\":\"/INVALID_ENDPOINT\",\"caller\":\"tester\",\"timestamp\":1768928400}"                          },
    {"no such parameter",               no_parameter,          EV_UW_INVALID_PARAM,
     "{\"endpoint\":\"/api/option-trades/"
     "flow-alerts\",\"param\":\"symbol\",\"problem\":\"unknown\",\"caller\":\"tester\"}"                            },
    {"a parameter that must be there",  no_required_parameter, EV_UW_INVALID_PARAM,
     "{\"endpoint\":\"/api/stock/ACME/"
     "greeks\",\"param\":\"expiry\",\"problem\":\"missing\",\"caller\":\"tester\"}"                                 },
    {"a symbol of others",              no_scope,              EV_UW_SCOPE_BLOCK,
     "{\"endpoint\":\"/api/darkpool/"
     "OTHER\",\"symbol\":\"OTHER\",\"scope\":\"flow_daemon\",\"caller\":\"tester\"}"                                },
    {"a symbol of others in a list",    no_scope_in_a_list,    EV_UW_SCOPE_BLOCK,
     "{\"endpoint\":\"/api/option-trades/"
     "flow-alerts\",\"symbol\":\"OTHER\",\"scope\":\"flow_daemon\",\"caller\":\"tester\"}"                          },
    {"everything but a symbol",         no_exclusion,          EV_UW_SCOPE_BLOCK,
     "{\"endpoint\":\"/api/option-trades/"
     "flow-alerts\",\"symbol\":\"-ACME\",\"scope\":\"flow_daemon\",\"caller\":\"tester\"}"                          },
    {"no universe",                     no_universe,           EV_UW_UNIVERSE_UNAVAILABLE,
     "{\"daily_state\":\"missing\",\"core_state\":\"mock\"}"                                                        },
    {"no key",                          no_key,                EV_UW_KEY_MISSING,          "{\"caller\":\"tester\"}"},
    {"a bad key",                       bad_key,               EV_UW_AUTH_FAILED,
     "{\"status\":401,\"endpoint\":\"/api/market/market-tide\"}"                                                    },
    {"a bad key pauses",                bad_key,               EV_UW_SERVER_BACKOFF,
     "{\"reason\":\"auth\",\"until\":\"2026-01-20T17:15:00.000000+00:00\",\"strikes\":0,\"daily_"
     "count\":null,\"daily_limit\":null}"                                                                           },
    {"too many",                        too_many,              EV_UW_SERVER_BACKOFF,
     "{\"reason\":\"minute\",\"until\":\"2026-01-20T17:00:30.000000+00:00\",\"strikes\":1,\"daily_"
     "count\":null,\"daily_limit\":null}"                                                                           },
    {"too many today",                  too_many_today,        EV_UW_SERVER_BACKOFF,
     "{\"reason\":\"daily\",\"until\":\"2026-01-21T01:01:00.000000+00:00\",\"strikes\":0,\"daily_"
     "count\":15000,\"daily_limit\":15000}"                                                                         },
    {"three quarters of the day",       three_quarters,        EV_UW_QUOTA_WARNING,
     "{\"severity\":\"WARN\",\"count\":11300,\"limit\":15000,\"pct\":75.3,\"level\":75,\"source\":"
     "\"header\"}"                                                                                                  },
    {"nine tenths of the day",          nine_tenths,           EV_UW_QUOTA_WARNING,
     "{\"severity\":\"ERROR\",\"count\":13500,\"limit\":15000,\"pct\":90,\"level\":90,\"source\":"
     "\"header\"}"                                                                                                  },
    {"three quarters by our own count", ours_are_used_up,      EV_UW_QUOTA_WARNING,
     "{\"severity\":\"WARN\",\"count\":3,\"limit\":4,\"pct\":75,\"level\":75,\"source\":"
     "\"local\"}"                                                                                                   },
    {"no allow-list",                   no_list,               EV_UW_SPEC_UNAVAILABLE,
     "{\"path\":\"no/"
     "such.yaml\",\"state\":\"missing\",\"paths_count\":0,\"min_required\":50,\"error\":\"no/"
     "such.yaml: No such file or directory\"}"                                                                      },
    {"a bad record",                    bad_record,            EV_UW_RECORD_READ_FAILED,
     "{\"path\":\"" RECORD "\",\"error\":\"line 1, column 7: the text ends where a value should "
     "be\",\"error_type\":\"parse\"}"                                                                               },
    {"a bad record is healed",          bad_record,            EV_UW_RECORD_HEALED,
     "{\"path\":\"" RECORD "\",\"backup\":\"" RECORD
     ".corrupted.1768928400.json\",\"default_type\":\"none\"}"                                                      },
};

static void
test_client_says_what_the_table_of_events_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        struct uw_world w;
        struct scene s = {.w = &w, .call = uw_test_call(TIDE, "market_sentiment")};

        s.call.caller = "tester";
        s.call.scope = UW_SCOPE_INTEL;
        uw_world_make(&w, NOON);
        (void)uw_world_client(&w);
        EVENTS[i].happen(&s);
        if (!str_eq(test_log_last(&w.events, EVENTS[i].id), EVENTS[i].want))
            fail_msg("%s: %s", EVENTS[i].what, test_log_last(&w.events, EVENTS[i].id));
        if (EVENTS[i].id != EV_UW_CALL && test_log_count(&w.events, EVENTS[i].id) != 1 &&
            EVENTS[i].happen != nine_tenths)
            fail_msg("%s: said %d times", EVENTS[i].what, test_log_count(&w.events, EVENTS[i].id));
        uw_world_remove(&w);
    }
}

/* A level is said once a day, whichever process crosses it (spec 20 2.9). */
static void
test_client_says_a_level_once_for_all_processes(void **state)
{
    struct uw_world w;
    struct uw_client other;
    struct scene s = {.w = &w, .call = uw_test_call(TIDE, "market_sentiment")};
    struct fake_reply told = {.daily_count = "11300", .daily_limit = "15000"};
    struct err err = {0};

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    s.call.mode = UW_CACHE_BYPASS;
    reply(&s, (struct fake_reply){.status = 200});
    ask(&s);
    struct uw_deps deps = w.client.deps;
    assert_int_equal(uw_client_init(&other, &deps, &w.cfg, w.spec_path, &err), RC_OK);
    reply(&s, told);
    ask(&s);
    for (int i = 0; i < 6; i++) {
        struct uw_answer a;

        assert_int_equal(uw_http_get(i % 2 == 0 ? &other : &w.client, &s.call, &a), UW_OK);
        uw_answer_free(&a);
    }
    assert_int_equal(test_log_count(&w.events, EV_UW_QUOTA_WARNING), 1);
    told.daily_count = "14000";
    reply(&s, told);
    for (int i = 0; i < 4; i++) {
        struct uw_answer a;

        assert_int_equal(uw_http_get(i % 2 == 0 ? &other : &w.client, &s.call, &a), UW_OK);
        uw_answer_free(&a);
    }
    assert_int_equal(test_log_count(&w.events, EV_UW_QUOTA_WARNING), 2);
    uw_client_done(&other);
    uw_world_remove(&w);
}

static void
test_client_names_the_settings_that_are_passed_over(void **state)
{
    struct test_root root;
    struct test_log said = {0};
    struct log log = test_log_seam(&said);
    struct config cfg = {0};
    struct err err = {0};

    (void)state;
    test_root_make(&root);
    assert_int_equal(setenv("UW_RATE_LIMIT_PER_MIN", "twelve", 1), 0);
    assert_int_equal(setenv("TICKERS", "aapl, AAPL ,,not/one,MSFT", 1), 0);
    assert_int_equal(setenv("MAX_CONCURRENT_POSITIONS", "many", 1), 0);
    const struct config_options options = {.root = root.path};
    assert_int_equal(config_load(&options, &cfg, &err), RC_OK);
    uw_config_say(&cfg, &log);
    assert_int_equal(cfg.uw.rate_limit_per_min, 120);
    assert_int_equal(said.len, 2); /* the third is not ours */
    assert_int_equal(said.event[0].id, EV_UW_CONFIG_INVALID);
    assert_string_equal(
        said.event[0].fields,
        "{\"name\":\"UW_RATE_LIMIT_PER_MIN\",\"value_length\":6,\"default\":\"120\"}");
    assert_string_equal(said.event[1].fields,
                        "{\"name\":\"TICKERS\",\"value_length\":25,\"default\":\"AAPL,MSFT\"}");
    (void)unsetenv("UW_RATE_LIMIT_PER_MIN");
    (void)unsetenv("TICKERS");
    (void)unsetenv("MAX_CONCURRENT_POSITIONS");
    config_done(&cfg);
    test_root_remove(&root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_says_what_the_table_of_events_lists),
        cmocka_unit_test(test_client_says_a_level_once_for_all_processes),
        cmocka_unit_test(test_client_names_the_settings_that_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

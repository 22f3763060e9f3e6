/*
 * The small state files of the engine (spec 10 8.6, 8.7): what stands in them, what becomes of a
 * value that is none, and that nothing of a document is lost that we do not know.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "engine/memory.h"

#define NOW_NS (1769790600 * NS_PER_S) /* 2026-01-30 16:30 UTC */

static struct zone *ny;

static int
group_setup(void **state)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct err err = {0};

    (void)state;
    check_read_file("/usr/share/zoneinfo/America/New_York", &bytes);
    return zone_new(text_str(&bytes), bytes.len, &ny, &err) == RC_OK ? 0 : -1;
}

static int
group_teardown(void **state)
{
    (void)state;
    zone_free(ny);
    return 0;
}

static void
decode(struct memory *m, enum memory_file f, const char *json)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(json, strlen(json), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s: %s", json, err.text);
    MEMORY_CODECS[f].decode(m, doc, NOW_NS);
}

static void
expect(enum memory_file f, const char *read, const char *written)
{
    struct memory *m = calloc(1, sizeof(*m));
    CLEANUP(text_free) struct text to = {0};

    assert_non_null(m);
    memory_init(m, ny);
    decode(m, f, read);
    MEMORY_CODECS[f].encode(m, NOW_NS, &to);
    if (!str_eq(text_str(&to), written))
        fail_msg("%s\nread    %s\nwritten %s\nwanted  %s", MEMORY_CODECS[f].path, read,
                 text_str(&to), written);
    memory_done(m);
    free(m);
}

/* What the engine wrote it reads back and writes again, to the byte. */
static void
test_memory_writes_what_it_read(void **state)
{
    static const struct {
        enum memory_file file;
        const char *json;
    } cases[] = {
        {MEMORY_TRADING_STATE,
         "{\"state_version\":1,\"last_trade_per_symbol\":{\"AAPL\":\"2026-01-30T16:00:00.250000+00:"
         "00\"},\"cooldowns\":{\"AAPL\":\"2026-01-30T16:15:00.250000+00:00\"},\"realized_pnl\":"
         "-12.34}"                                                                       },
        {MEMORY_PEAK_EQUITY,   "{\"peak_equity\":55321.99,\"peak_timestamp\":1769790000}"},
        {MEMORY_DAILY_EQUITY,
         "{\"date\":\"2026-01-30\",\"equity\":55000.01,\"timestamp\":1769783400}"        },
        {MEMORY_STAGE,
         "{\"current_stage\":\"unlocked\",\"exploration_used_today\":3,\"exploration_date\":"
         "\"2026-01-30\"}"                                                               },
        {MEMORY_SCORE_FLOOR,
         "{\"adjustment\":0.5,\"activated_at\":\"2026-01-30T15:00:00.000000+00:00\","
         "\"last_reset_at\":null,\"consecutive_losses\":3}"                              },
        {MEMORY_DISPLACEMENTS, "{\"F\":\"2026-01-30T14:31:00.000000+00:00\"}"            },
        {MEMORY_REGIME,        "{\"current_regime\":\"RISK_OFF\",\"confidence\":0.6,\"last_update\":"
                        "\"2026-01-30T14:31:00.000000+00:00\"}"   },
        {MEMORY_FAIL_COUNTER,  "{\"fail_count\":7}"                                      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(cases[i].file, cases[i].json, cases[i].json);
}

/* R0.2, R0.3: what is no value is its careful default; a number that is out of bounds is none. */
static void
test_memory_takes_no_nonsense(void **state)
{
    static const struct {
        enum memory_file file;
        const char *read, *written;
    } cases[] = {
        {MEMORY_TRADING_STATE,
         "{\"cooldowns\":{\"AAPL\":7,\"not a symbol\":\"2026-01-30T16:15:00Z\",\"F\":\"soon\"},"
         "\"realized_pnl\":\"none\",\"last_trade_per_symbol\":[]}",                                  "{\"state_version\":1,\"last_trade_per_symbol\":{},\"cooldowns\":{},\"realized_pnl\":"
         "0.00}"                                                                             },
 /* No peak is known: it begins at the equity of now, and nothing looks like a drawdown. */
        {MEMORY_PEAK_EQUITY,   "{\"peak_equity\":-5}",                                               "{}"                                                       },
        {MEMORY_PEAK_EQUITY,   "{\"peak_equity\":null}",                                             "{}"                                                       },
        {MEMORY_PEAK_EQUITY,   "{\"peak_equity\":1e300}",                                            "{}"                                                       },
        {MEMORY_PEAK_EQUITY,   "{\"peak_equity\":\"55000\",\"peak_timestamp\":9223372036854775807}",
         "{\"peak_equity\":55000.00,\"peak_timestamp\":0}"                                                                                                      },
        {MEMORY_DAILY_EQUITY,  "{\"date\":\"2026-02-30\",\"equity\":55000}",                         "{}"                                                       },
        {MEMORY_DAILY_EQUITY,  "{\"date\":\"2026-01-30\",\"equity\":0}",                             "{}"                                                       },
        {MEMORY_DAILY_EQUITY,
         "{\"date\":\"2026-01-30\",\"equity\":1,\"timestamp\":-9223372036854775807}",                "{\"date\":\"2026-01-30\",\"equity\":1.00,\"timestamp\":0}"},
 /* An unknown stage is the first one; a count below zero would be quota for nothing. */
        {MEMORY_STAGE,         "{\"current_stage\":\"final\",\"exploration_used_today\":-100}",
         "{\"current_stage\":\"bootstrap\",\"exploration_used_today\":0}"                                                                                       },
        {MEMORY_STAGE,         "{\"exploration_used_today\":4294967296}",
         "{\"current_stage\":\"bootstrap\",\"exploration_used_today\":2147483647}"                                                                              },
 /* The score floor is never lowered. */
        {MEMORY_SCORE_FLOOR,   "{\"adjustment\":-100,\"consecutive_losses\":-1}",
         "{\"adjustment\":0,\"activated_at\":null,\"last_reset_at\":null,"
         "\"consecutive_losses\":0}"                                                                                                                            },
        {MEMORY_SCORE_FLOOR,   "{\"adjustment\":100}",
         "{\"adjustment\":0.5,\"activated_at\":null,\"last_reset_at\":null,"
         "\"consecutive_losses\":0}"                                                                                                                            },
        {MEMORY_REGIME,        "{\"current_regime\":\"WILD\",\"confidence\":\"much\"}",
         "{\"current_regime\":\"unknown\",\"confidence\":0,\"last_update\":null}"                                                                               },
        {MEMORY_FAIL_COUNTER,  "{\"fail_count\":-3}",                                                "{\"fail_count\":0}"                                       },
        {MEMORY_FREEZES,       "{\"a\":\"yes\",\"b\":7,\"c\":null,\"d\":true}",                      "{\"d\":true}"                                             },
        {MEMORY_METADATA,      "{\"F\":7,\"not a symbol\":{},\"\":{}}",                              "{}"                                                       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(cases[i].file, cases[i].read, cases[i].written);
}

/* A file that somebody else wrote replaces what was remembered, what is missing in it included. */
static void
test_memory_forgets_what_a_new_file_does_not_have(void **state)
{
    struct memory *m = calloc(1, sizeof(*m));

    (void)state;
    assert_non_null(m);
    memory_init(m, ny);
    decode(m, MEMORY_TRADING_STATE,
           "{\"cooldowns\":{\"F\":\"2026-01-30T16:15:00Z\"},\"last_trade_per_symbol\":{\"F\":"
           "\"2026-01-30T16:00:00Z\"}}");
    decode(m, MEMORY_DISPLACEMENTS, "{\"F\":\"2026-01-30T14:00:00Z\"}");
    decode(m, MEMORY_TRADING_STATE, "{\"cooldowns\":{}}");
    const struct symbol_times *t = memory_times_find(m, "F");
    assert_true(t->cooldown_until_ns == WHEN_NONE && t->last_fill_ns == WHEN_NONE);
    assert_true(t->displaced_ns != WHEN_NONE); /* of the other file */
    decode(m, MEMORY_DISPLACEMENTS, "{}");
    assert_true(t->displaced_ns == WHEN_NONE);
    memory_done(m);
    free(m);
}

#define RECORD                                                                                     \
    "{\"F\":{\"entry_ts\":\"2026-01-30T16:00:00.250000+00:00\",\"entry_price\":13.69,\"qty\":36,"  \
    "\"side\":\"buy\",\"entry_score\":4.5,\"components\":{\"flow\":0.4},\"market_regime\":"        \
    "\"mixed\",\"direction\":\"bullish\",\"regime_modifier\":-0.08,\"ignition_status\":"           \
    "\"passed\",\"correlation_id\":\"uw_0123456789abcdef\",\"client_order_id\":\"v1-1\","          \
    "\"entry_order_id\":\"b-1\",\"targets\":[{\"pct\":0.02,\"fraction\":0.3,\"hit\":true},"        \
    "{\"pct\":0.05,\"fraction\":0.3,\"hit\":false}],\"high_water\":13.80,\"low_water\":13.5001,"   \
    "\"trail_dist\":0.25,\"profit_acceleration_applied\":true,\"initial_qty\":40,"                 \
    "\"updated_at\":\"2026-01-30T16:05:00.000000+00:00\",\"recovered_from\":\"ledger\""
#define STRANGE                                                                                    \
    ",\"alpha_signature\":{\"status\":\"ok\",\"rvol\":1.5,\"rsi\":null},\"reconciled\":true,"      \
    "\"note\":\"\\\"by hand\\\" \\u00e9\""

/* R8.9, R8.10: every key, and those that we do not know, over a change of ours too. */
static void
test_memory_keeps_what_it_does_not_know_of_a_position(void **state)
{
    struct memory *m = calloc(1, sizeof(*m));
    CLEANUP(text_free) struct text to = {0};

    (void)state;
    expect(MEMORY_METADATA, RECORD "}}", RECORD "}}");
    assert_non_null(m);
    memory_init(m, ny);
    decode(m, MEMORY_METADATA, RECORD STRANGE "}}");
    metadata_find(&m->metadata, "F")->qty = 35;
    MEMORY_CODECS[MEMORY_METADATA].encode(m, NOW_NS, &to);
    assert_non_null(strstr(text_str(&to), "\"qty\":35,"));
    assert_non_null(strstr(text_str(&to), "\"alpha_signature\":{\"status\":\"ok\",\"rvol\":1.5,"
                                          "\"rsi\":null},\"reconciled\":true,\"note\":"
                                          "\"\\\"by hand\\\" \xc3\xa9\"}}"));
    memory_done(m);
    free(m);
}

/* R0.10: the words of both sides, and a record that has only its side. */
static void
test_memory_reads_both_words_for_a_side(void **state)
{
    static const struct {
        const char *word;
        enum order_side side;
    } cases[] = {
        {"buy",   SIDE_BUY },
        {"long",  SIDE_BUY },
        {"sell",  SIDE_SELL},
        {"short", SIDE_SELL}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct memory *m = calloc(1, sizeof(*m));
        char json[64];

        assert_non_null(m);
        memory_init(m, ny);
        (void)snprintf(json, sizeof(json), "{\"F\":{\"side\":\"%s\"}}", cases[i].word);
        decode(m, MEMORY_METADATA, json);
        const struct position_meta *meta = metadata_find(&m->metadata, "F");
        assert_int_equal(meta->side, cases[i].side);
        assert_true(meta->record.entered_ns == WHEN_NONE);
        assert_int_equal(meta->record.targets_len, 0);
        memory_done(m);
        free(m);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_writes_what_it_read),
        cmocka_unit_test(test_memory_takes_no_nonsense),
        cmocka_unit_test(test_memory_forgets_what_a_new_file_does_not_have),
        cmocka_unit_test(test_memory_keeps_what_it_does_not_know_of_a_position),
        cmocka_unit_test(test_memory_reads_both_words_for_a_side),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

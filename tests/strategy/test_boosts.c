/* The trackers of company and persistence, relative volume, and when a direction turned. */
#include "tests/strategy/score_case.h"

#include "strategy/last_scores.h"

#define T0 (INT64_C(1769806000) * NS_PER_S)
#define S  NS_PER_S

static void
test_sector_tide_needs_three_symbols_in_a_quarter_of_an_hour(void **state)
{
    static const struct {
        const char *promise, *symbol;
        int64_t at_s;
        size_t count;
        double boost;
    } cases[] = {
        {"one",                  "AAPL", 0,   1, 0  },
        {"the same one",         "AAPL", 10,  1, 0  },
        {"two",                  "MSFT", 10,  2, 0  },
        {"another sector",       "JPM",  11,  1, 0  },
        {"three",                "NVDA", 910, 3, 0.3}, /* 900 s after AAPL and MSFT: still inside */
        {"a second later alone", "AMD",  911, 2, 0  }, /* NVDA and AMD */
        {"no sector",            "AMZN", 911, 0, 0  },
        {"back again",           "AAPL", 912, 3, 0.3},
    };
    struct sector_tide tide = {0};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct boosts b = {0};
        sector_tide_record(&tide, cases[i].symbol, T0 + cases[i].at_s * S, &b);
        if (b.sector_count != cases[i].count)
            fail_msg("%s: %zu symbols", cases[i].promise, b.sector_count);
        assert_near(cases[i].promise, b.sector_tide, cases[i].boost);
        assert_near(cases[i].promise, boosts_apply(2.5, &b), 2.5 + cases[i].boost);
    }
}

static void
test_sector_tide_survives_a_restart(void **state)
{
    CLEANUP(text_free) struct text text = {0};
    struct sector_tide tide = {0}, back;
    struct boosts b;
    (void)state;
    sector_tide_record(&tide, "AAPL", T0, &b);
    sector_tide_record(&tide, "MSFT", T0 + 100 * S, &b);
    sector_tide_record(&tide, "JPM", T0 + 200 * S, &b);
    sector_tide_write(&tide, &text);
    CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
    assert_int_equal(json_len(json_get_arr(json_get(doc, "sector_windows"), "Technology")), 2);

    sector_tide_decode(doc, T0 + 900 * S, &back);
    assert_int_equal(back.len, 3);
    sector_tide_decode(doc, T0 + 901 * S, &back);
    assert_int_equal(back.len, 2);
    sector_tide_record(&back, "NVDA", T0 + 901 * S, &b);
    assert_int_equal(b.sector_count, 2);
    sector_tide_decode(doc, T0 + 50 * S,
                       &back); /* the clock went back: what is ahead is forgotten */
    assert_int_equal(back.len, 1);
}

static void
test_sector_tide_takes_any_file(void **state)
{
#define TECHNOLOGY(rows) "{\"sector_windows\": {\"Technology\": " rows "}}"
    static const char *const docs[] = {
        "{}",
        "[]",
        "{\"sector_windows\": []}",
        TECHNOLOGY("{\"a\": 1}"),
        TECHNOLOGY("[1, {}]"),
        TECHNOLOGY("[{\"symbol\": \"AAPL\"}]"),
        TECHNOLOGY("[{\"timestamp\": 1769806000}]"),
        TECHNOLOGY("[{\"timestamp\": 1e300, \"symbol\": \"AAPL\"}]"),
        TECHNOLOGY("[{\"timestamp\": -1e300, \"symbol\": \"AAPL\"}]"),
        TECHNOLOGY("[{\"timestamp\": 1769806000, \"symbol\": \"AMZN\"}]"),
        TECHNOLOGY("[{\"timestamp\": 1769806000, \"symbol\": \"!\"}]"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(docs); i++) {
        CLEANUP(json_freep) struct json *doc = doc_of(docs[i]);
        struct sector_tide tide;
        sector_tide_decode(doc, T0, &tide);
        assert_int_equal(tide.len, 0);
    }
}

static void
test_sector_tide_keeps_the_latest_when_full(void **state)
{
    struct sector_tide tide = {0};
    (void)state;
    for (int i = 0; i < SECTOR_TIDE_MAX + 1; i++) {
        char name[SYMBOL_MAX];
        (void)snprintf(name, sizeof name, "S%d", i);
        sector_tide_note(&tide, name, "Technology", T0 + i * S);
    }
    assert_int_equal(tide.len, SECTOR_TIDE_MAX);
    assert_string_equal(tide.seen[0].symbol, "S128"); /* in the place of S0, the oldest */
}

static void
test_persistence_needs_five_sightings(void **state)
{
    struct persistence p = {0};
    struct boosts b = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        persistence_record(&p, T0 + i * 60 * S, &b);
        assert_int_equal(b.persistence_count, i + 1);
        assert_near("not yet", b.persistence, 0);
    }
    persistence_record(&p, T0 + 900 * S, &b); /* the first is 900 s old: inside */
    assert_int_equal(b.persistence_count, 5);
    assert_near("five", b.persistence, 0.5);
    persistence_record(&p, T0 + 961 * S, &b); /* the first two are gone */
    assert_int_equal(b.persistence_count, 4);
    assert_near("four", b.persistence, 0);
    for (int i = 0; i < 1000; i++)
        persistence_record(&p, T0 + 1000 * S + i, NULL);
    persistence_record(&p, T0 + 1001 * S, &b);
    assert_int_equal(b.persistence_count, PERSISTENCE_RING);
}

static void
test_boosts_add_up_unrounded(void **state)
{
    (void)state;
    assert_near(
        "all",
        boosts_apply(7.9, &(struct boosts){.sector_tide = 0.3, .persistence = 0.5, .rvol = 0.4}),
        9.1);
}

static void
test_rvol_compares_twenty_minutes_with_twenty_days(void **state)
{
    struct bar minute[30], day[25];
    (void)state;
    for (int i = 0; i < 30; i++)
        minute[i] = (struct bar){.start_ns = T0 - (30 - i) * 60 * S, .volume = 1000};
    for (int i = 0; i < 25; i++)
        day[i] = (struct bar){.start_ns = T0 - (25 - i) * NS_PER_DAY, .volume = i < 5 ? 1 : 130000};
    struct bars minutes = {minute, 30}, days = {day, 25}, none = {NULL, 0};

    /* The bar of 20 minutes ago began outside the window: 19 bars and no newer one. */
    assert_near("relative volume", rvol_of(&minutes, &days, T0),
                round_dec(19000.0 / 20 * 390 / 130000, 2));
    assert_near("no days", rvol_of(&minutes, &none, T0), 0);
    assert_near("no minutes", rvol_of(&none, &days, T0), 0);
    assert_near("at three", rvol_boost(3.0), 0);
    assert_near("above three", rvol_boost(3.01), 0.4);
}

static void
test_last_scores_see_a_turn(void **state)
{
    static const struct {
        enum sentiment from, to;
        bool want;
    } cases[] = {
        {SENTIMENT_BULLISH, SENTIMENT_BEARISH, true },
        {SENTIMENT_BEARISH, SENTIMENT_BULLISH, true },
        {SENTIMENT_BULLISH, SENTIMENT_BULLISH, false},
        {SENTIMENT_BULLISH, SENTIMENT_NEUTRAL, false},
        {SENTIMENT_NEUTRAL, SENTIMENT_BEARISH, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct last_score old = {3.0, cases[i].from, T0}, new_score = {2.25, cases[i].to, T0 + S};
        struct counter_signal turn = last_score_turn(&old, &new_score);
        assert_int_equal(turn.is_counter, cases[i].want);
        assert_near("delta", turn.delta, -0.75);
    }
    struct last_score never = {0, SENTIMENT_BULLISH, WHEN_NONE}, now = {1, SENTIMENT_BEARISH, T0};
    assert_false(last_score_turn(&never, &now).is_counter);
}

static void
test_last_scores_come_back_from_their_file(void **state)
{
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    struct last_score s = {3.125, SENTIMENT_BEARISH, T0};
    (void)state;
    json_out_obj(&o, NULL);
    last_score_write(&o, "AAPL", &s);
    json_out_end(&o);
    CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
    struct last_score back = last_score_decode(json_get(doc, "AAPL"));
    assert_true(near(back.score, 3.125) && back.direction == SENTIMENT_BEARISH && back.at_ns == T0);
    back = last_score_decode(json_get(doc, "MSFT"));
    assert_true(back.at_ns == WHEN_NONE && back.direction == SENTIMENT_NEUTRAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sector_tide_needs_three_symbols_in_a_quarter_of_an_hour),
        cmocka_unit_test(test_sector_tide_survives_a_restart),
        cmocka_unit_test(test_sector_tide_takes_any_file),
        cmocka_unit_test(test_sector_tide_keeps_the_latest_when_full),
        cmocka_unit_test(test_persistence_needs_five_sightings),
        cmocka_unit_test(test_boosts_add_up_unrounded),
        cmocka_unit_test(test_rvol_compares_twenty_minutes_with_twenty_days),
        cmocka_unit_test(test_last_scores_see_a_turn),
        cmocka_unit_test(test_last_scores_come_back_from_their_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

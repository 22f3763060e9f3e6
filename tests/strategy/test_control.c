/*
 * What the operator ordered: the file, its damage, and what the decision makes of it.
 */
#include "decide_world.h"

#include "strategy/control.h"

static struct control
decoded(const char *text)
{
    struct control c;
    struct err err = {0};
    CLEANUP(json_freep) struct json *doc = NULL;

    if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    control_decode(doc, &c);
    return c;
}

static void
test_control_reads_what_it_wrote(void **state)
{
    struct control c = {.level = CONTROL_FLAT};
    struct control_word word;
    CLEANUP(text_free) struct text json = {0}, again = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(control_word_set("why \"so\"", "Jane", NOW_NS, &word, &err), RC_OK);
    c.word = word;
    assert_int_equal(control_freeze(&c, "nvda", &word, &err), RC_OK);
    assert_int_equal(control_freeze(&c, "AAPL", &word, &err), RC_OK);
    control_encode(&c, &json);
    struct control d = decoded(text_str(&json));
    control_encode(&d, &again);
    assert_string_equal(text_str(&json), text_str(&again));
    assert_int_equal(d.level, CONTROL_FLAT);
    assert_string_equal(d.word.reason, "why \"so\"");
    assert_int_equal(d.word.at_ns, NOW_NS);
    assert_string_equal(d.frozen[0].symbol, "AAPL");
    assert_string_equal(d.frozen[1].symbol, "NVDA");
}

static void
test_control_takes_what_it_does_not_understand_for_a_halt(void **state)
{
    static const struct {
        const char *doc;
        enum control_level level;
    } cases[] = {
        {"{}",                                                 CONTROL_NONE      },
        {"{\"halt\":null,\"frozen\":{}}",                      CONTROL_NONE      },
        {"{\"halt\":{\"level\":\"none\"}}",                    CONTROL_NONE      },
        {"{\"halt\":{\"level\":\"flat\"}}",                    CONTROL_FLAT      },
        {"{\"halt\":{\"level\":\"all\"}}",                     CONTROL_ALL       },
        {"{\"halt\":{\"level\":\"exits_only\"}}",              CONTROL_EXITS_ONLY},
        {"{\"halt\":{\"level\":\"Flat\"}}",                    CONTROL_EXITS_ONLY},
        {"{\"halt\":{}}",                                      CONTROL_EXITS_ONLY},
        {"{\"halt\":true}",                                    CONTROL_EXITS_ONLY},
        {"{\"halt\":\"please\"}",                              CONTROL_EXITS_ONLY},
        {"{\"frozen\":{\"NOT A SYMBOL\":{\"reason\":\"x\"}}}", CONTROL_EXITS_ONLY},
        {"{\"frozen\":{\"NVDA\":null}}",                       CONTROL_NONE      },
        {CONTROL_DAMAGED_JSON,                                 CONTROL_EXITS_ONLY},
    };
    struct control c;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (decoded(cases[i].doc).level != cases[i].level)
            fail_msg("%s: %s", cases[i].doc, control_level_name(decoded(cases[i].doc).level));
    assert_non_null(
        control_frozen_find(&(struct control){.frozen = {{.symbol = "A"}}, .frozen_len = 1}, "A"));
    c = decoded("{\"frozen\":{\"NVDA\":null}}");
    assert_non_null(control_frozen_find(&c, "NVDA"));
    control_decode(NULL, &c);
    assert_int_equal(c.level, CONTROL_NONE);
}

static void
test_control_word_wants_a_reason_and_a_name(void **state)
{
    char long_text[REASON_MAX + 1];
    struct control_word w = {.reason = "before"};
    struct err err = {0};

    (void)state;
    memset(long_text, 'x', REASON_MAX);
    long_text[REASON_MAX] = '\0';
    assert_int_equal(control_word_set("", "Jane", 0, &w, &err), RC_RANGE);
    assert_int_equal(control_word_set("why", "", 0, &w, &err), RC_RANGE);
    assert_int_equal(control_word_set("two\nlines", "Jane", 0, &w, &err), RC_RANGE);
    assert_int_equal(control_word_set(long_text, "Jane", 0, &w, &err), RC_RANGE);
    assert_string_equal(w.reason, "before");
    long_text[REASON_MAX - 1] = '\0';
    assert_int_equal(control_word_set(long_text, "Jane", 0, &w, &err), RC_OK);
}

static void
test_control_freezes_symbols_up_to_its_bound(void **state)
{
    struct control c = {0};
    struct control_word w = {.who = "Jane"};
    struct err err = {0};
    char symbol[SYMBOL_MAX];

    (void)state;
    assert_int_equal(control_freeze(&c, "A B", &w, &err), RC_RANGE);
    for (int i = 0; i < CONTROL_FROZEN_MAX; i++) {
        (void)snprintf(symbol, sizeof(symbol), "S%d", (i * 7) % CONTROL_FROZEN_MAX);
        assert_int_equal(control_freeze(&c, symbol, &w, &err), RC_OK);
    }
    assert_int_equal(control_freeze(&c, "MORE", &w, &err), RC_RANGE);
    assert_int_equal(control_freeze(&c, "s3", &w, &err), RC_OK); /* there already */
    assert_int_equal(c.frozen_len, CONTROL_FROZEN_MAX);
    for (size_t i = 1; i < c.frozen_len; i++)
        assert_true(strcmp(c.frozen[i - 1].symbol, c.frozen[i].symbol) < 0);
    for (int i = 0; i < CONTROL_FROZEN_MAX; i++) {
        (void)snprintf(symbol, sizeof(symbol), "s%d", i);
        assert_true(control_unfreeze(&c, symbol));
        assert_false(control_unfreeze(&c, symbol));
    }
    assert_int_equal(c.frozen_len, 0);
}

/* ---- what the decision makes of it --------------------------------------------------------- */

static void
test_control_flat_closes_every_position(void **state)
{
    struct world w;

    (void)state;
    world_set(&w);
    add_held(&w, "CALM", 10, 100, 100.2, 4); /* no rule closes these */
    add_held(&w, "DARK", 10, 100, 100.2, 4)->at_broker.price = USD_ZERO;
    add_held(&w, "PART", 10, 100, 100.2, 4)->at_broker.has_fraction = true;
    add_held(&w, "PEND", 10, 100, 100.2, 4)->has_pending_close = true;
    add_held(&w, "QUAR", 10, 100, 100.2, 4)->is_quarantined = true;
    add_held(&w, "SHRT", -7, 100, 99.8, 4);
    const struct plan *p = decided(&w);
    for (size_t i = 0; i < p->positions_len; i++)
        if (p->position[i].verdict.action == EXIT_CLOSE) fail_msg("%s", p->position[i].symbol);

    w.seen.control = CONTROL_FLAT;
    p = decided(&w);
    assert_true(p->may_exit);
    for (size_t i = 0; i < p->positions_len; i++) {
        const struct planned_position *at = &p->position[i];
        bool stays = str_eq(at->symbol, "PART") || str_eq(at->symbol, "PEND");

        if ((at->verdict.action == EXIT_CLOSE) == stays) fail_msg("%s", at->symbol);
        if (stays) continue;
        assert_string_equal(at->verdict.reason, "operator_flat");
        assert_int_equal(at->verdict.qty, str_eq(at->symbol, "SHRT") ? 7 : 10);
        assert_int_equal(at->side, str_eq(at->symbol, "SHRT") ? SIDE_BUY : SIDE_SELL);
    }
    w.seen.is_market_open = false;
    p = decided(&w);
    assert_false(p->may_exit);
    assert_int_equal(p->position[0].verdict.why_not, EXIT_MARKET_CLOSED);
    arena_done(&w.arena);
}

static void
test_control_freeze_stops_entries_and_lets_exits_pass(void **state)
{
    struct world w;

    (void)state;
    world_set(&w);
    add_held(&w, "NVDA", 10, 100, 95, 4); /* below its stop */
    add_candidate(&w, "NVDA", DIRECTION_BEARISH, 9)->is_frozen_by_operator = true;
    add_candidate(&w, "XYZ", DIRECTION_BULLISH, 3.8);
    const struct plan *p = decided(&w);

    assert_int_equal(p->position[0].verdict.action, EXIT_CLOSE);
    assert_string_equal(refusal_of(p, "NVDA")->gate, "symbol_frozen_by_operator");
    assert_non_null(find_entry(p, "XYZ"));
    arena_done(&w.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_reads_what_it_wrote),
        cmocka_unit_test(test_control_takes_what_it_does_not_understand_for_a_halt),
        cmocka_unit_test(test_control_word_wants_a_reason_and_a_name),
        cmocka_unit_test(test_control_freezes_symbols_up_to_its_bound),
        cmocka_unit_test(test_control_flat_closes_every_position),
        cmocka_unit_test(test_control_freeze_stops_entries_and_lets_exits_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What reports count while a log is read once: candidates, exits, rankings, cycles, warnings. */
#include <math.h>

#include "tests/lib/check.h"

#include "analytics/candidates.h"
#include "analytics/exit_day.h"
#include "analytics/pulse.h"

static struct json *
parsed(const char *text)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text, strlen(text), JSON_LOG, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s: %s", err.text, text);
    return doc;
}

/* ---- rankings ------------------------------------------------------------------------------ */

static void
assert_names(const struct ranking *r, const char *wanted)
{
    CLEANUP(text_free) struct text names = {0};

    for (size_t i = 0; i < r->len; i++)
        text_puts(&names, r->row[i].name);
    assert_string_equal(text_str(&names), wanted);
}

static void
test_ranking_keeps_the_order_of_equal_ones(void **state)
{
    struct ranking top = {0}, low = {0}, last = {0}, more = {.max = 7};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct ranked r = {.value = i == 3 ? 9 : 1};
        r.name[0] = (char)('a' + i);
        ranking_take(&top, RANK_LARGEST, &r);
        ranking_take(&low, RANK_SMALLEST, &r);
        ranking_take(&last, RANK_SMALLEST_LAST, &r);
        ranking_take(&more, RANK_LARGEST, &r);
    }
    assert_names(&top, "dabce");
    assert_names(&low, "abcef");
    assert_names(&last, "hgfec"); /* d a b c e f g h, the last five backwards */
    assert_names(&more, "dabcefg");
}

/* The same as sorting the whole list, stably, and taking its ends. */
static void
test_ranking_is_the_end_of_the_sorted_list(void **state)
{
    struct rng r = check_rng("ranking");

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct ranking top = {0}, last = {0};
        double value[60];
        size_t len = rng_below(&r, 60) + 1, order[60] = {0};

        for (size_t i = 0; i < len; i++) {
            struct ranked x = {.value = (double)rng_below(&r, 12), .other = (double)i};
            size_t at = i;
            value[i] = x.value;
            for (; at > 0 && value[order[at - 1]] < x.value; at--)
                order[at] = order[at - 1];
            order[at] = i;
            ranking_take(&top, RANK_LARGEST, &x);
            ranking_take(&last, RANK_SMALLEST_LAST, &x);
        }
        assert_int_equal(top.len, MIN(len, (size_t)RANKING_USUAL));
        for (size_t i = 0; i < top.len; i++) {
            assert_int_equal((size_t)top.row[i].other, order[i]);
            assert_int_equal((size_t)last.row[i].other, order[len - 1 - i]);
        }
    }
}

/* ---- candidates and exits ------------------------------------------------------------------ */

static void
test_candidates_count_what_they_are(void **state)
{
    static const char *const lines[] = {
        /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one record */
        "{\"event_type\":\"shadow_trade_candidate\",\"symbol\":\"ko\",\"v2_score\":\"3.5\","
        "\"v1_score\":\"high\",\"direction\":\"bullish\",\"uw_attribution_snapshot\":{"
        "\"v2_uw_sector_profile\":{\"sector\":\"TECH\"},\"v2_uw_adjustments\":{"
        "\"flow_strength\":0.1,\"sentiment\":0,\"darkpool_bias\":\"-0.2\",\"total\":1}}}",
        "{\"event_type\":\"shadow_trade_candidate\",\"symbol\":\"PG\",\"v2_score\":99}",
        "{\"event_type\":\"shadow_score_compare\",\"symbol\":\"NO\",\"v2_score\":9}",
        "{\"event_type\":\"shadow_entry_opened\",\"symbol\":\"IBM\"}",
        "{\"event_type\":\"shadow_exit\",\"symbol\":\"T\"}",
        "{}",
    };
    CLEANUP(arena_done) struct arena a = {0};
    struct candidates c = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        CLEANUP(json_freep) struct json *record = parsed(lines[i]);
        candidates_take(&c, record, &a);
    }
    assert_int_equal(c.n, 2);
    assert_int_equal(c.entries, 1);
    assert_int_equal(c.exits, 1);
    assert_int_equal(c.by_symbol.len, 2);
    assert_int_equal(c.traded.len, 3); /* IBM, KO, PG */
    assert_string_equal(c.by_sector.row[0].key, "TECH");
    assert_string_equal(c.by_sector.row[1].key, "UNKNOWN");
    assert_int_equal(c.by_feature.len, 2); /* neither the zero nor the total */
    assert_names(&c.top, "PGKO");
    assert_true(c.v2.min >= 3.5 && c.v2.max <= 99 && c.v1.max <= 0);
    assert_int_equal(c.v2.bin[7], 1);              /* 3.5 */
    assert_int_equal(c.v2.bin[SCORE_BINS - 1], 1); /* what is above the last bin */
    assert_int_equal(c.v1.bin[0], 2);              /* a score that is no number is 0 */
}

static void
test_exit_day_averages_only_what_is_there(void **state)
{
    static const char *const lines[] = {
        ("{\"symbol\":\"KO\",\"pnl\":2,\"exit_reason\":\"profit\",\"v2_exit_components\":{"
         "\"regime_shift\":1,\"vol_expansion\":\"x\"}}"),
        "{\"symbol\":\"PG\",\"pnl\":null,\"v2_exit_components\":{\"regime_shift\":0}}",
        "{\"pnl\":-1,\"v2_exit_components\":7}",
    };
    struct exit_day d = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        CLEANUP(json_freep) struct json *record = parsed(lines[i]);
        exit_day_take(&d, record);
    }
    assert_int_equal(d.n, 3);
    assert_names(&d.best, "KOUNKNOWN");
    assert_names(&d.worst, "UNKNOWNKO");
    assert_string_equal(d.best.row[1].note, "unknown");
    for (int i = 0; i < EXIT_PARTS; i++) {
        bool is_regime = str_eq(exit_part_name(i), "regime_shift");
        assert_int_equal(d.part_n[i], is_regime ? 2 : 0);
        assert_true(fabs(d.part_sum[i] - (is_regime ? 1 : 0)) <= 0);
    }
}

/* ---- the service --------------------------------------------------------------------------- */

static void
test_pulse_counts_the_cycles_of_the_day(void **state)
{
    static const char *const lines[] = {
        "{\"ts\":\"2026-01-21T23:59:59Z\",\"engine_status\":\"degraded\",\"orders\":5}",
        "{\"ts\":\"2026-01-22T14:30:05Z\",\"engine_status\":\"ok\",\"errors_this_cycle\":[],"
        "\"orders\":1,\"metrics\":{\"risk_metrics\":{\"current_equity\":100}}}",
        "{\"ts\":\"2026-01-22T14:30:55Z\",\"engine_status\":\"ok\",\"errors_this_cycle\":[],"
        "\"orders\":-3,\"metrics\":{\"risk_metrics\":{\"current_equity\":101}}}",
        "{\"ts\":\"2026-01-22T14:31:00Z\",\"engine_status\":\"ok\",\"errors_this_cycle\":[\"x\"],"
        "\"metrics\":{\"risk_metrics\":{\"current_equity\":null}}}",
        "{\"ts\":\"2026-01-22 at noon\",\"engine_status\":\"degraded\"}",
    };
    struct pulse p;

    (void)state;
    pulse_init(&p, "2026-01-22");
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        CLEANUP(json_freep) struct json *record = parsed(lines[i]);
        pulse_take_cycle(&p, record);
    }
    assert_int_equal(p.cycles, 4);
    assert_int_equal(p.bad_cycles, 2);
    assert_int_equal(p.orders, 1);
    assert_true(p.equity_first_usd <= 100 && p.equity_last_usd >= 101);
    assert_true(p.equity_usd[14 * 60 + 30] >= 101);
    assert_true(isnan(p.equity_usd[14 * 60 + 31]));
}

static void
test_pulse_counts_warnings_and_errors_by_name(void **state)
{
    static const char *const lines[] = {
        "{\"timestamp\":\"2026-01-22T10:00:00Z\",\"severity\":\"INFO\",\"subsystem\":\"a\"}",
        "{\"timestamp\":\"2026-01-22T10:00:00Z\",\"severity\":\"warn\",\"subsystem\":\"a\","
        "\"event_type\":\"x\"}",
        "{\"timestamp\":\"2026-01-22T10:00:00Z\",\"severity\":\"CRITICAL\",\"subsystem\":\"a\","
        "\"event_type\":\"x\"}",
        "{\"timestamp\":\"2026-01-23T10:00:00Z\",\"severity\":\"ERROR\"}",
        "{\"timestamp\":7,\"severity\":\"ERROR\"}",
    };
    CLEANUP(arena_done) struct arena a = {0};
    struct pulse p;

    (void)state;
    pulse_init(&p, "2026-01-22");
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        CLEANUP(json_freep) struct json *record = parsed(lines[i]);
        pulse_take_event(&p, record, &a);
    }
    assert_int_equal(p.warnings, 1);
    assert_int_equal(p.errors, 1);
    assert_int_equal(p.alarms.len, 1);
    assert_string_equal(p.alarms.row[0].key, "a/x");
    assert_int_equal(p.alarms.row[0].n, 2);
    assert_int_equal(p.alarms.row[0].wins, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranking_keeps_the_order_of_equal_ones),
        cmocka_unit_test(test_ranking_is_the_end_of_the_sorted_list),
        cmocka_unit_test(test_candidates_count_what_they_are),
        cmocka_unit_test(test_exit_day_averages_only_what_is_there),
        cmocka_unit_test(test_pulse_counts_the_cycles_of_the_day),
        cmocka_unit_test(test_pulse_counts_warnings_and_errors_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

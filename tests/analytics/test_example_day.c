/*
 * The example day of the specification: every byte of every artifact.
 */
#include "tests/analytics/logs.h"

static const struct {
    const char *file;
    artifact *write;
} artifacts[] = {
    {"feature_equalizer_builder",    artifact_feature_equalizer},
    {"long_short_analysis",          artifact_long_short       },
    {"exit_intel_completeness",      artifact_exit_completeness},
    {"feature_value_curves",         artifact_value_curves     },
    {"regime_sector_feature_matrix", artifact_regime_matrix    },
    {"shadow_vs_live_parity",        artifact_parity           },
    {"entry_parity_details",         artifact_parity_details   },
    {"live_vs_shadow_pnl",           artifact_live_vs_shadow   },
};

static void
path_in(char path[512], const char *folder, const char *name, const char *suffix)
{
    (void)snprintf(path, 512, "%s/spec/example-day/%s/%s%s", shared_folder(), folder, name, suffix);
}

static void
feed_state(struct day *d, enum day_state which, const char *name)
{
    CLEANUP(text_free) struct text bytes = {0};
    char path[512];

    path_in(path, "state", name, ".json");
    check_read_file(path, &bytes);
    day_state(d, which, text_str(&bytes), bytes.len);
}

static struct day *
example_day(size_t piece)
{
    static const char *const logs[DAY_LOGS] = {
        [DAY_SHADOW_TRADES] = "shadow_trades",
        [DAY_EXIT_ATTRIBUTION] = "exit_attribution",
        [DAY_ATTRIBUTION] = "attribution",
    };
    struct day *d = day_of("2026-01-22", "2026-01-23T00:00:00+00:00");
    char path[512];

    for (int i = 0; i < DAY_LOGS; i++) {
        path_in(path, "logs", logs[i], ".jsonl");
        feed_file(d, (enum day_log)i, path, piece);
    }
    feed_state(d, DAY_UNIVERSE_V2, "daily_universe_v2");
    feed_state(d, DAY_REGIME_STATE, "regime_state");
    feed_state(d, DAY_POSTURE_STATE, "regime_posture_state");
    feed_state(d, DAY_MARKET_CONTEXT, "market_context_v2");
    day_finish(d);
    return d;
}

static void
need_example(void)
{
    char path[512];

    path_in(path, "expected/computed", artifacts[0].file, ".json");
    if (access(path, R_OK) == 0) return;
    printf("skipped: no %s\n", path);
    skip();
}

static void
test_analytics_example_day_byte_for_byte(void **state)
{
    (void)state;
    need_example();
    struct day *d = example_day(4096);

    for (size_t i = 0; i < COUNT_OF(artifacts); i++) {
        CLEANUP(text_free) struct text wanted = {0};
        CLEANUP(text_free) struct text got = {0};
        char path[512];
        path_in(path, "expected/computed", artifacts[i].file, ".json");
        check_read_file(path, &wanted);
        document_of(d, artifacts[i].write, &got);
        assert_true(wanted.len > 0);
        if (!str_eq(text_str(&got), text_str(&wanted))) fail_msg("%s differs", artifacts[i].file);
    }
    day_free(d);
}

/* The counts that the README of the example names. */
static void
test_analytics_example_day_counts(void **state)
{
    (void)state;
    need_example();
    struct day *d = example_day(1);
    const struct day_view *v = day_look(d);
    int known = 0, without = 0;

    for (size_t i = 0; i < v->trades; i++) {
        known += is_known(v->trade[i].pnl_usd);
        without += !v->trade[i].has_attribution;
    }
    assert_int_equal(v->shadow_records, 191);
    assert_int_equal(v->candidates, 60);
    assert_int_equal(v->entries, 60);
    assert_int_equal(v->exits, 55);
    assert_int_equal(v->exits_without_entry, 3);
    assert_int_equal(v->trades, 52);
    assert_int_equal(known, 50);
    assert_int_equal(without, 4);
    assert_int_equal(v->completeness->records, 51);
    assert_int_equal(v->completeness->complete, 46);
    assert_int_equal(v->v1_entry_events, 51);
    assert_int_equal(v->v2_entry_events, 60);
    assert_int_equal(v->log[DAY_SHADOW_TRADES].malformed, 4);
    day_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_example_day_byte_for_byte),
        cmocka_unit_test(test_analytics_example_day_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

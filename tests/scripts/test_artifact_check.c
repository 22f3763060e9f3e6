/*
 * What makes a computed document of the telemetry bundle valid (spec 40 10): the recorded example
 * day passes, and every single thing taken out of it or emptied is noticed.
 */
#include "tests/lib/check.h"

#include "base/json.h"
#include "scripts/regress/artifact_check.h"

static const char *
shared(void)
{
    const char *dir = getenv("STOCKBOT_SHARED");

    return dir != NULL && dir[0] != '\0' ? dir : "../shared";
}

/* Skips the test where the example day is not at hand. */
static struct text
read_expected(size_t artifact)
{
    struct text bytes = {0};
    char path[512];

    (void)snprintf(path, sizeof path, "%s/spec/example-day/expected/computed/%s.json", shared(),
                   ARTIFACT_NAMES[artifact]);
    if (access(path, R_OK) != 0) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    check_read_file(path, &bytes);
    return bytes;
}

static struct json *
parse(const struct text *t)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(t), t->len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    return doc;
}

static void
test_artifact_check_takes_the_example_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        CLEANUP(text_free) struct text bytes = read_expected(i);
        CLEANUP(json_freep) struct json *doc = parse(&bytes);
        struct err err = {0};

        if (artifact_check(i, doc, false, &err) != RC_OK) fail_msg("%s", err.text);
    }
}

/* The document without one member of its outermost object, or with that member made a text. */
static struct text
spoilt(const struct json *doc, size_t at, bool is_taken)
{
    struct text out = {0};
    struct json_out o = {.to = &out};
    size_t i = 0;

    json_out_obj(&o, NULL);
    for (const struct json *m = json_first(doc); m != NULL; m = json_next(m), i++) {
        if (i != at)
            json_out_value(&o, json_key(m), m);
        else if (!is_taken)
            json_out_str(&o, json_key(m), "");
    }
    json_out_end(&o);
    return out;
}

static bool
is_required(size_t artifact, const char *key)
{
    static const char *const FREE[] = {"_meta",
                                       "notes",
                                       "day_summary",
                                       "inputs",
                                       "overlap",
                                       "feature_cluster_counts",
                                       "replacement_telemetry",
                                       "replacement_anomaly_detected",
                                       "by_exit_reason_missing_counts",
                                       "exit_component_completeness",
                                       "missing_component_counts",
                                       "missing_top_level_counts",
                                       "top_level_completeness",
                                       "counts"};
    enum { COMPLETENESS = 2, PARITY = 5, REPLACEMENT = 10 };

    if (artifact == PARITY && (str_eq(key, "notes") || str_eq(key, "overlap"))) return true;
    if (str_eq(key, "counts")) return artifact == COMPLETENESS || artifact == REPLACEMENT;
    if (str_eq(key, "_meta")) return artifact == PARITY;
    for (size_t i = 0; i < COUNT_OF(FREE); i++)
        if (str_eq(key, FREE[i])) return false;
    return true;
}

static void
test_artifact_check_notices_what_is_missing_or_of_another_kind(void **state)
{
    enum { EQUALIZER = 0 };

    (void)state;
    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        CLEANUP(text_free) struct text bytes = read_expected(i);
        CLEANUP(json_freep) struct json *doc = parse(&bytes);
        size_t at = 0;

        for (const struct json *m = json_first(doc); m != NULL; m = json_next(m), at++) {
            for (int taken = 0; taken < 2; taken++) {
                CLEANUP(text_free) struct text text = spoilt(doc, at, taken == 1);
                CLEANUP(json_freep) struct json *bad = parse(&text);
                struct err err = {0};
                bool is_wanted = is_required(i, json_key(m)) && (taken == 1 || i != EQUALIZER);
                enum rc rc = artifact_check(i, bad, false, &err);

                if (is_wanted && (rc == RC_OK || strstr(err.text, ARTIFACT_NAMES[i]) == NULL))
                    fail_msg("%s without a sound %s is taken: %s", ARTIFACT_NAMES[i], json_key(m),
                             err.text);
                if (!is_required(i, json_key(m)) && rc != RC_OK) fail_msg("%s", err.text);
            }
        }
    }
}

/* The bytes with a key named otherwise wherever it stands. */
static struct text
renamed(const struct text *bytes, const char *key)
{
    struct text out = {0};
    char quoted[64];
    const char *at = text_str(bytes), *hit;

    (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
    for (; (hit = strstr(at, quoted)) != NULL; at = hit + strlen(quoted)) {
        text_add(&out, at, (size_t)(hit - at));
        text_printf(&out, "\"other_%s\":", key);
    }
    text_puts(&out, at);
    return out;
}

/* Every required key by its name: another number in its place is no substitute. */
static void
test_artifact_check_wants_each_key_by_its_name(void **state)
{
    static const struct {
        size_t artifact;
        const char *keys[12];
    } cases[] = {
        {1,
         {"count", "win_count", "loss_count", "win_rate", "avg_pnl_usd", "avg_win_usd",
          "avg_loss_usd", "expectancy_usd", "total_pnl_usd"}                                      },
        {3,  {"overall", "long", "short", "x_lo", "x_hi", "count", "avg_pnl_usd", "total_pnl_usd"}},
        {4,  {"_cell", "features", "count", "total_pnl_usd", "avg_pnl_usd", "avg_input"}          },
        {5,
         {"symbol", "v1_entry_ts", "v2_entry_ts", "missing_fields", "feature_family", "match_rate",
          "matched_pairs", "parity_available"}                                                    },
        {6,
         {"classification", "entry_ts_delta_seconds", "v1_score_at_entry", "score_delta",
          "price_delta_usd", "feature_family"}                                                    },
        {7,  {"overall", "long", "short", "v1_score_hist", "score_delta_hist", "edges", "counts"} },
        {8,  {"hour_utc", "counts"}                                                               },
        {9,
         {"counts", "mean_value", "variance", "long_short_skew", "ev_contribution",
          "stability_score"}                                                                      },
        {11,
         {"live", "shadow", "delta", "pnl_usd", "expectancy_usd", "trade_count", "win_rate",
          "insufficient_data", "symbol", "window", "live_trade_count"}                            },
        {12,
         {"name", "win_rate", "avg_pnl_usd", "expectancy_usd", "trade_count",
          "contribution_to_total_pnl", "long", "short", "regime_breakdown"}                       },
        {13, {"signal", "suggested_delta_weight", "confidence", "rationale"}                      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text bytes = read_expected(cases[i].artifact);

        for (size_t k = 0; k < COUNT_OF(cases[i].keys) && cases[i].keys[k] != NULL; k++) {
            CLEANUP(text_free) struct text text = renamed(&bytes, cases[i].keys[k]);
            CLEANUP(json_freep) struct json *bad = parse(&text);
            struct err err = {0};

            assert_true(text.len > bytes.len);
            if (artifact_check(cases[i].artifact, bad, false, &err) == RC_OK)
                fail_msg("%s: %s may have another name", ARTIFACT_NAMES[cases[i].artifact],
                         cases[i].keys[k]);
        }
    }
}

static void
test_artifact_check_quiet_day_may_be_empty(void **state)
{
    static const char EMPTY[] = "{\"features\":{}}";
    enum { CURVES = 3 };
    struct text bytes = {0};
    struct err err = {0};

    (void)state;
    text_puts(&bytes, EMPTY);
    CLEANUP(json_freep) struct json *doc = parse(&bytes);
    text_free(&bytes);
    assert_int_equal(artifact_check(CURVES, doc, true, &err), RC_OK);
    assert_int_equal(artifact_check(CURVES, doc, false, &err), RC_PARSE);
    assert_int_equal(artifact_check(CURVES, NULL, true, &err), RC_PARSE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_artifact_check_takes_the_example_day),
        cmocka_unit_test(test_artifact_check_notices_what_is_missing_or_of_another_kind),
        cmocka_unit_test(test_artifact_check_wants_each_key_by_its_name),
        cmocka_unit_test(test_artifact_check_quiet_day_may_be_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

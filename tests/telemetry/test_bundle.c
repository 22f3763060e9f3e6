/*
 * The telemetry bundle: what it holds, that it is the same again, that its figures agree.
 */
#include "tests/telemetry/bundle_bed.h"

/* ---- what it holds -----------------------------------------------------------------------------
 */

static void
test_contract_4_20_2_bundle_holds_every_required_file(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    struct bundle_result r = bed_build(&b);
    assert_string_equal(r.dir, BED_DIR);
    assert_int_equal(r.realized_trades, BED_TRADES);
    assert_int_equal(r.damaged, 0);
    for (size_t i = 0; i < COUNT_OF(BED_ARTIFACTS); i++) {
        char path[256];

        (void)snprintf(path, sizeof(path), BED_DIR "/computed/%s.json", BED_ARTIFACTS[i]);
        json_free(bed_json(&b, path));
    }
    assert_true(test_exists(&b.root, BED_DIR "/FULL_TELEMETRY_" TELEMETRY_DAY ".md"));
    assert_true(test_exists(&b.root, BED_MANIFEST));
    assert_int_equal(test_count(&b.root, "telemetry", ".new"), 0);
    bed_remove(&b);
}

static const char *
example_folder(char path[512])
{
    const char *set = getenv("STOCKBOT_SHARED");

    (void)snprintf(path, 512, "%s/spec/example-day",
                   set != NULL && *set != '\0' ? set : "../shared");
    return path;
}

static void
copy_in(struct bed *b, const char *from, const char *folder, const char *const *names, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        CLEANUP(text_free) struct text bytes = {0};
        char path[700];

        (void)snprintf(path, sizeof(path), "%s/%s/%s", from, folder, names[i]);
        check_read_file(path, &bytes);
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        bed_write(b, path, text_str(&bytes), bytes.len);
    }
}

static void
test_bundle_example_day_byte_for_byte(void **state)
{
    static const char *const logs[] = {"attribution.jsonl", "exit_attribution.jsonl",
                                       "shadow_trades.jsonl", "uw_attribution.jsonl"};
    static const char *const states[] = {"daily_universe.json",        "daily_universe_v2.json",
                                         "regime_state.json",          "regime_posture_state.json",
                                         "market_context_v2.json",     "intel_health_state.json",
                                         "uw_daemon_health_state.json"};
    char from[512], path[700];
    struct bed b;

    (void)state;
    if (access(example_folder(from), R_OK) != 0) {
        printf("skipped: there is no %s\n", from);
        skip();
    }
    bed_empty(&b);
    copy_in(&b, from, "logs", logs, COUNT_OF(logs));
    copy_in(&b, from, "state", states, COUNT_OF(states));
    struct bundle_result r = bed_build(&b);
    assert_int_equal(r.realized_trades, 52);
    for (size_t i = 0; i < COUNT_OF(BED_ARTIFACTS); i++) {
        CLEANUP(text_free) struct text expected = {0};

        (void)snprintf(path, sizeof(path), "%s/expected/computed/%s.json", from, BED_ARTIFACTS[i]);
        check_read_file(path, &expected);
        (void)snprintf(path, sizeof(path), BED_DIR "/computed/%s.json", BED_ARTIFACTS[i]);
        char *made = test_read(&b.root, path);
        assert_non_null(made);
        assert_true(expected.len > 0);
        if (!str_eq(made, text_str(&expected))) fail_msg("%s differs", path);
        free(made);
    }
    bed_remove(&b);
}

static void
test_bundle_report_has_its_headings_in_order(void **state)
{
    static const char *const headings[] = {
        "# FULL TELEMETRY — ",
        "\n## 1. Overview\n",
        "\n### Status snapshot\n",
        "\n## 1b. Computed Artifacts Index\n",
        "\n## 2. v2 Shadow Trading Summary\n",
        "\n### Best trades (by realized PnL, USD)\n",
        "\n### Worst trades (by realized PnL, USD)\n",
        "\n### Replacement logic events\n",
        "\n### Long vs short asymmetry (realized shadow exits)\n",
        "\n## 3. Entry Intelligence\n",
        "\n## 4. Exit Intelligence\n",
        "\n## 4b. Feature Value Curve Highlights\n",
        "\n## 5. PnL Analysis\n",
        "\n### PnL by symbol (USD)\n",
        "\n### PnL by sector (USD)\n",
        "\n### PnL by regime (USD)\n",
        "\n### PnL by exit reason (USD)\n",
        "\n## 6. Attribution\n",
        "\n## 6b. Feature Equalizer Snapshot (shadow-only, realized)\n",
        "\n## 7. Health & Reliability\n",
        "\n## 8. Promotion Readiness Notes\n",
        "\n## Universe & Intel snapshots (best-effort)\n",
        "\n## Regime/Sector Matrix Highlights\n",
        "\n## Entry-Time Parity Summary\n",
        "\n## Score Distribution Summary\n",
        "\n## Replacement Telemetry Summary\n",
        "\n## Bundle contents (high-level)\n",
        "\n## Missing artifacts (best-effort)\n",
    };

    (void)state;
    for (int is_empty = 0; is_empty < 2; is_empty++) {
        struct bed b;

        bed_empty(&b);
        if (!is_empty) bed_fill(&b, 1, BED_TRADES);
        (void)bed_build(&b);
        char *report = test_read(&b.root, BED_DIR "/FULL_TELEMETRY_" TELEMETRY_DAY ".md");
        assert_non_null(report);
        const char *at = report;
        for (size_t i = 0; i < COUNT_OF(headings); i++) {
            const char *found = strstr(at, headings[i]);

            if (found == NULL) {
                fail_msg("%s is not there, or too early", headings[i]);
                abort();
            }
            at = found + 1;
        }
        free(report);
        bed_remove(&b);
    }
}

/* spec 40 4.5, row by row */
static void
test_bundle_readiness_names_what_speaks_against_it(void **state)
{
    static const struct {
        const char *what, *path, *json, *said, *not_said;
    } cases[] = {
        {"all is well",          NULL,                                NULL,                         "all intel checks hold",        "flow daemon is not known"},
        {"a sick daemon",        "state/uw_daemon_health_state.json", "{\"status\": \"critical\"}",
         "flow daemon is not known to be healthy",                                                                                  "all intel checks hold"   },
        {"its word in any case", "state/uw_daemon_health_state.json", "{\"status\": \"HEALTHY\"}",
         "all intel checks hold",                                                                                                   "flow daemon is not known"},
        {"one check of two",     "state/intel_health_state.json",
         "{\"checks\": [{\"status\": \"ok\"}, {\"status\": \"stale\"}]}",                           "an intel check does not hold", "all intel checks hold"   },
        {"excused checks",       "state/intel_health_state.json",
         "{\"checks\": [{\"status\": \"warn\"}, {\"status\": \"skip\"}]}",                          "all intel checks hold",
         "an intel check does not hold"                                                                                                                       },
        {"no checks",            "state/intel_health_state.json",     "{\"checks\": []}",
         "an intel check does not hold",                                                                                            "all intel checks hold"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bed b;

        bed_make(&b);
        if (cases[i].path != NULL)
            bed_write(&b, cases[i].path, cases[i].json, strlen(cases[i].json));
        (void)bed_build(&b);
        char *report = test_read(&b.root, BED_DIR "/FULL_TELEMETRY_" TELEMETRY_DAY ".md");
        if (strstr(report, cases[i].said) == NULL || strstr(report, cases[i].not_said) != NULL)
            fail_msg("%s", cases[i].what);
        free(report);
        bed_remove(&b);
    }
}

/* ---- again --------------------------------------------------------------------------------------
 */

static void
test_contract_4_20_1_same_inputs_give_the_same_bytes(void **state)
{
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    struct bed b;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    bed_dump(&b, "telemetry", &first);
    (void)bed_build(&b);
    bed_dump(&b, "telemetry", &second);
    assert_true(first.len > 100000);
    assert_string_equal(text_str(&first), text_str(&second));
    bed_remove(&b);
}

static void
test_contract_4_20_1_nothing_but_the_bundle_is_written(void **state)
{
    static const char *const folders[] = {"state", "logs", "reports"};
    CLEANUP(text_free) struct text before = {0};
    CLEANUP(text_free) struct text after = {0};
    struct bed b;

    (void)state;
    bed_make(&b);
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        bed_dump(&b, folders[i], &before);
    (void)bed_build(&b);
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        bed_dump(&b, folders[i], &after);
    assert_string_equal(text_str(&before), text_str(&after));
    assert_int_equal(test_count(&b.root, ".", ""), 4);
    bed_remove(&b);
}

static void
test_bundle_old_copies_go_and_foreign_files_stay(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    bed_write(&b, BED_DIR "/computed/stale.json", "{}", 2);
    bed_write(&b, BED_DIR "/notes.txt", "mine", 4);
    assert_true(test_exists(&b.root, BED_DIR "/reports/UW_INTEL_PNL_" TELEMETRY_DAY ".md"));
    assert_int_equal(
        b.root.fs.remove(b.root.fs.self, "reports/UW_INTEL_PNL_" TELEMETRY_DAY ".md", NULL), RC_OK);
    (void)bed_build(&b);
    assert_false(test_exists(&b.root, BED_DIR "/computed/stale.json"));
    assert_false(test_exists(&b.root, BED_DIR "/reports/UW_INTEL_PNL_" TELEMETRY_DAY ".md"));
    char *notes = test_read(&b.root, BED_DIR "/notes.txt");
    assert_string_equal(notes, "mine");
    free(notes);
    bed_remove(&b);
}

/* A link in the old bundle is removed, not what it points to. */
static void
test_bundle_removes_links_and_not_what_they_point_to(void **state)
{
    struct bed b;
    char path[160];

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    (void)snprintf(path, sizeof(path), "%s/" BED_DIR "/computed/link", b.root.path);
    assert_int_equal(symlink("../../../state", path), 0);
    (void)bed_build(&b);
    assert_true(test_exists(&b.root, "state/regime_state.json"));
    assert_false(test_exists(&b.root, BED_DIR "/computed/link"));
    bed_remove(&b);
}

/* ---- figures agree with each other ----------------------------------------------------------- */

static double
sum_of(const struct json *obj)
{
    double sum = 0;

    for (const struct json *m = json_first(obj); m != NULL; m = json_next(m))
        sum += json_f64_of(m, 0);
    return sum;
}

static void
check_near(double a, double b, const char *what)
{
    if (!(a - b < 1e-6 && b - a < 1e-6)) fail_msg("%s: %f and %f", what, a, b);
}

static void
check_figures(const struct json *computed)
{
    const struct json *shadow = json_get(computed, "shadow");
    double total = json_f64(shadow, "pnl_total_usd", 0);
    double shares = 0, sides = 0;
    static const char *const sums[] = {"pnl_by_symbol", "pnl_by_sector", "pnl_by_regime",
                                       "pnl_by_exit_reason"};

    for (size_t i = 0; i < COUNT_OF(sums); i++)
        check_near(sum_of(json_get(shadow, sums[i])), total, sums[i]);
    const struct json *groups = json_get(computed, "long_short_analysis");
    sides = json_f64(json_get(groups, "long"), "total_pnl_usd", 0) +
            json_f64(json_get(groups, "short"), "total_pnl_usd", 0);
    check_near(sides, total, "long and short");
    for (const struct json *s =
             json_first(json_get(json_get(computed, "signal_performance"), "signals"));
         s != NULL; s = json_next(s))
        shares += json_f64(s, "contribution_to_total_pnl", 0);
    check_near(shares, 1, "shares of the signals");
    check_near(sum_of(json_get(shadow, "exit_reasons_distribution")),
               json_f64(json_get(shadow, "counts"), "realized_closed_trades", -1), "exit reasons");
    assert_int_equal(json_len(json_get(shadow, "realized_trades")),
                     json_i64(json_get(shadow, "counts"), "realized_closed_trades", -1));
}

/* Rows of parity are counted once in one family; a histogram has as many values as its bins. */
static void
check_families(const struct json *computed)
{
    const struct json *curves =
        json_get(json_get(computed, "score_distribution_curves"), "families");
    const struct json *families =
        json_get(json_get(computed, "feature_family_summary"), "families");
    int64_t rows = 0;

    for (const struct json *f = json_first(families); f != NULL; f = json_next(f)) {
        const struct json *hist =
            json_get(json_get(json_get(curves, json_key(f)), "overall"), "score_delta_hist");
        int64_t n = json_i64(json_get(f, "counts"), "parity_rows", -1);

        assert_int_equal(json_i64(hist, "n", -1), n);
        check_near(sum_of(json_get(hist, "counts")), (double)n, json_key(f));
        rows += n;
    }
    const struct json *parity = json_get(computed, "shadow_vs_live_parity");
    assert_int_equal(rows, json_len(json_get(json_get(parity, "entry_parity"), "rows")));
}

static void
test_bundle_figures_agree_with_each_other(void **state)
{
    struct rng rng = check_rng("bundle_figures");

    (void)state;
    for (int round = 0; round < 8; round++) {
        struct bed b;

        bed_empty(&b);
        bed_fill(&b, rng_u64(&rng), 1 + (int)rng_below(&rng, 90));
        (void)bed_build(&b);
        CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
        check_figures(json_get(m, "computed"));
        check_families(json_get(m, "computed"));
        bed_remove(&b);
    }
}

/* One computation, two places: the files and the full manifest tell the same. */
static void
test_bundle_full_manifest_repeats_the_artifact_files(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
    const struct json *computed = json_get(m, "computed");
    const struct json *files = json_get(computed, "computed_files");
    size_t seen = 0;
    for (const struct json *f = json_first(files); f != NULL; f = json_next(f), seen++) {
        CLEANUP(json_freep) struct json *artifact = bed_json(&b, json_string(f));
        CLEANUP(text_free) struct text own = {0}, repeated = {0};
        struct json_out to_own = {.to = &own}, to_repeated = {.to = &repeated};

        json_out_value(&to_own, NULL, artifact);
        json_out_value(&to_repeated, NULL, json_get(computed, json_key(f)));
        assert_string_equal(text_str(&own), text_str(&repeated));
    }
    assert_int_equal(seen, 14);
    bed_remove(&b);
}

static void
test_bundle_digest_names_what_full_repeats(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.spec.options.is_digest = true;
    (void)bed_build(&b);
    CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
    const struct json *computed = json_get(m, "computed");
    const struct json *curves = json_get(computed, "feature_value_curves");
    assert_string_equal(json_str(curves, "file", ""),
                        BED_DIR "/computed/feature_value_curves.json");
    assert_int_equal(strlen(json_str(curves, "sha256", "")), 64);
    assert_false(json_has(json_get(computed, "shadow"), "realized_trades"));
    (void)bed_verify(&b);
    assert_int_equal(b.told_len, 0);
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_20_2_bundle_holds_every_required_file),
        cmocka_unit_test(test_bundle_example_day_byte_for_byte),
        cmocka_unit_test(test_bundle_report_has_its_headings_in_order),
        cmocka_unit_test(test_bundle_readiness_names_what_speaks_against_it),
        cmocka_unit_test(test_contract_4_20_1_same_inputs_give_the_same_bytes),
        cmocka_unit_test(test_contract_4_20_1_nothing_but_the_bundle_is_written),
        cmocka_unit_test(test_bundle_old_copies_go_and_foreign_files_stay),
        cmocka_unit_test(test_bundle_removes_links_and_not_what_they_point_to),
        cmocka_unit_test(test_bundle_figures_agree_with_each_other),
        cmocka_unit_test(test_bundle_full_manifest_repeats_the_artifact_files),
        cmocka_unit_test(test_bundle_digest_names_what_full_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

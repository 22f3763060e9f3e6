/*
 * The verification of a bundle: it holds as long as nothing was changed, whatever became of the
 * logs since, and names the file where something was.
 */
#include "tests/telemetry/bundle_bed.h"

#define COPY(path)      BED_DIR "/" path
#define SHADOW          "logs/shadow_trades.jsonl"
#define SHADOW_ARCHIVED "logs/archive/shadow_trades.20260123T120000Z.jsonl"

static void
append(struct bed *b, const char *path, const char *bytes)
{
    assert_int_equal(b->root.fs.append(b->root.fs.self, path, bytes, strlen(bytes), NULL), RC_OK);
}

static void
expect_sound(struct bed *b, const char *what)
{
    struct bundle_check c = bed_verify(b);

    if (b->told_len > 0) fail_msg("%s: %s", what, b->told[0]);
    assert_true(c.is_recomputed && c.files > 14 && c.inputs > 5);
    assert_int_equal(c.differing + c.inputs_changed + c.recomputed_differing + c.chain_broken, 0);
}

/* ---- what may happen ------------------------------------------------------------------------- */

static void
test_verify_holds_while_nothing_was_changed(void **state)
{
    CLEANUP(text_free) struct text before = {0};
    CLEANUP(text_free) struct text after = {0};
    struct bed b;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    bed_dump(&b, ".", &before);
    expect_sound(&b, "just made");
    bed_dump(&b, ".", &after);
    assert_string_equal(text_str(&before), text_str(&after)); /* it writes nothing */
    bed_remove(&b);
}

static void
test_verify_knows_inputs_that_went_on(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.spec.options.has_overnight = true;
    b.spec.options.tail_lines = 3;
    b.spec.options.log_bytes_max = 3000;
    (void)bed_build(&b);
    append(&b, SHADOW, "{\"ts\": \"" TELEMETRY_DAY "T20:00:00Z\"}\nno JSON\n");
    append(&b, "logs/system_events.jsonl", "{}\n");
    expect_sound(&b, "logs have grown");
    assert_int_equal(b.root.fs.rename(b.root.fs.self, SHADOW, SHADOW_ARCHIVED, NULL), RC_OK);
    expect_sound(&b, "a log was rotated away");
    append(&b, SHADOW, "another log\n");
    expect_sound(&b, "and a new one begun");
    bed_write(&b, "state/regime_state.json", "{\"regime_label\": \"BULL\"}", 24);
    expect_sound(&b, "a state document was written anew");
    /* Options of the verification itself do not matter: those of the bundle count. */
    b.spec.options = (struct bundle_options){.output_root = BUNDLE_ROOT, .log_bytes_max = 1};
    expect_sound(&b, "other options");
    bed_remove(&b);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void
test_verify_names_the_file_that_differs(void **state)
{
    static const struct {
        const char *what, *path, *bytes;
        size_t differing;
    } cases[] = {
        {"an artifact was changed", COPY("computed/signal_performance.json"),    "{}\n",            1},
        {"a copy was changed",      COPY("state/regime_state.json"),             "{}",              1},
        {"the report was changed",  COPY("FULL_TELEMETRY_" TELEMETRY_DAY ".md"), "# All is well\n",
         1                                                                                           },
        {"an artifact is gone",     COPY("computed/long_short_analysis.json"),   NULL,              1},
        {"a file came in",          COPY("computed/extra.json"),                 "{}",              1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bed b;

        bed_make(&b);
        (void)bed_build(&b);
        if (cases[i].bytes != NULL)
            bed_write(&b, cases[i].path, cases[i].bytes, strlen(cases[i].bytes));
        else
            assert_int_equal(b.root.fs.remove(b.root.fs.self, cases[i].path, NULL), RC_OK);
        struct bundle_check c = bed_verify(&b);
        if (c.differing != cases[i].differing || !bed_was_told(&b, cases[i].path))
            fail_msg("%s: %zu differ, %s", cases[i].what, c.differing, b.told[0]);
        assert_int_equal(b.told_len, 1);
        bed_remove(&b);
    }
}

/* A manifest that was made to fit the changed file does not follow from the inputs. */
static void
test_verify_computes_again_what_was_forged(void **state)
{
    static const char path[] = COPY("computed/long_short_analysis.json");
    char old[SHA256_HEX_MAX], new[SHA256_HEX_MAX];
    struct bed b;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    char *artifact = test_read(&b.root, path);
    (void)sha256_hex(artifact, strlen(artifact), old);
    char *digit = strstr(artifact, "\"total_pnl_usd\": ");
    assert_non_null(digit);
    digit += strlen("\"total_pnl_usd\": ");
    if (*digit == '-') digit++;
    *digit = *digit == '9' ? '8' : '9';
    (void)sha256_hex(artifact, strlen(artifact), new);
    bed_write(&b, path, artifact, strlen(artifact));
    char *manifest = test_read(&b.root, BED_MANIFEST);
    char *hash = strstr(manifest, old);
    assert_non_null(hash);
    memcpy(hash, new, SHA256_HEX_MAX - 1);
    bed_write(&b, BED_MANIFEST, manifest, strlen(manifest));
    struct bundle_check c = bed_verify(&b);
    assert_int_equal(c.differing, 0);
    assert_int_equal(c.recomputed_differing, 2); /* the artifact, and the manifest */
    assert_true(bed_was_told(&b, path));
    free(artifact);
    free(manifest);
    bed_remove(&b);
}

static void
test_verify_says_which_input_is_lost(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.spec.options.log_bytes_max = 100; /* so that there is no whole copy */
    b.spec.options.tail_lines = 3;
    (void)bed_build(&b);
    bed_write(&b, "logs/run.jsonl", "gone\n", 5);
    struct bundle_check c = bed_verify(&b);
    assert_int_equal(c.inputs_changed, 1);
    assert_true(bed_was_told(&b, "logs/run.jsonl"));
    assert_true(c.is_recomputed); /* no artifact is made from it */
    assert_int_equal(c.recomputed_differing, 0);

    bed_write(&b, SHADOW, "gone\n", 5);
    c = bed_verify(&b);
    assert_int_equal(c.inputs_changed, 2);
    assert_true(bed_was_told(&b, SHADOW));
    assert_false(c.is_recomputed);
    bed_remove(&b);
}

static void
test_verify_without_a_sound_manifest_is_an_error(void **state)
{
    static const struct {
        const char *manifest, *says;
        enum rc rc;
    } cases[] = {
        {NULL,                                                                   "there is no bundle", RC_NOT_FOUND},
        {"{\"_meta\": {",                                                        BUNDLE_MANIFEST,      RC_PARSE    },
        {"{\"_meta\": {}}",                                                      "there is no chain",  RC_PARSE    },
        {"{\"_meta\": {}, \"chain\": {}, \"copied_files\": [], \"inputs\": []}",
         "names no instants",                                                                          RC_PARSE    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bundle_check check = {0};
        struct err err = {0};
        struct bed b;

        bed_empty(&b);
        if (cases[i].manifest != NULL)
            bed_write(&b, BED_MANIFEST, cases[i].manifest, strlen(cases[i].manifest));
        assert_int_equal(bundle_verify(&b.spec, bed_hear, &b, &check, &err), cases[i].rc);
        if (strstr(err.text, cases[i].says) == NULL) fail_msg("%zu: %s", i, err.text);
        bed_remove(&b);
    }
}

/* ---- the chain ------------------------------------------------------------------------------- */

static void
build_day(struct bed *b, int day)
{
    b->spec.date.day = day;
    (void)bed_build(b);
}

static void
test_bundles_of_successive_days_are_chained_by_hash(void **state)
{
    char hash[SHA256_HEX_MAX];
    struct bed b;

    (void)state;
    bed_make(&b);
    build_day(&b, 16); /* a Friday; then come the 20th and the 22nd */
    build_day(&b, 20);
    build_day(&b, 22);
    char *before = test_read(&b.root, "telemetry/2026-01-20/" BUNDLE_MANIFEST);
    CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
    const struct json *chain = json_get(m, "chain");
    assert_string_equal(json_str(chain, "previous_date", ""), "2026-01-20");
    assert_string_equal(json_str(chain, "previous_manifest", ""),
                        "telemetry/2026-01-20/" BUNDLE_MANIFEST);
    assert_string_equal(json_str(chain, "previous_manifest_sha256", ""),
                        sha256_hex(before, strlen(before), hash));
    expect_sound(&b, "three days");

    append(&b, "telemetry/2026-01-20/" BUNDLE_MANIFEST, " ");
    struct bundle_check c = bed_verify(&b);
    assert_int_equal(c.chain_broken, 1);
    assert_true(bed_was_told(&b, "chain: the manifest of 2026-01-20"));
    assert_int_equal(b.told_len, 1);
    free(before);
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_holds_while_nothing_was_changed),
        cmocka_unit_test(test_verify_knows_inputs_that_went_on),
        cmocka_unit_test(test_verify_names_the_file_that_differs),
        cmocka_unit_test(test_verify_computes_again_what_was_forged),
        cmocka_unit_test(test_verify_says_which_input_is_lost),
        cmocka_unit_test(test_verify_without_a_sound_manifest_is_an_error),
        cmocka_unit_test(test_bundles_of_successive_days_are_chained_by_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What the telemetry bundle makes of inputs that are long, rotated, compressed, missing or damaged.
 */
#include "tests/telemetry/bundle_bed.h"

/* ---- rotated and compressed logs ------------------------------------------------------------- */

static void
write_gz(struct bed *b, const char *path, const char *bytes, size_t len)
{
    CLEANUP(text_free) struct text packed = {0};
    struct err err = {0};

    assert_int_equal(gz_compress(bytes, len, &packed, &err), RC_OK);
    bed_write(b, path, text_str(&packed), packed.len);
}

/* The length of the first lines. */
static size_t
lines_len(const char *bytes, int lines)
{
    const char *at = bytes;

    for (int i = 0; i < lines; i++)
        at = strchr(at, '\n') + 1;
    return (size_t)(at - bytes);
}

/* The last third stays live; the rest is in two older generations, one of them compressed. */
static void
rotate(struct bed *b, const char *name, bool is_system_style)
{
    char live[64], first[96], second[96];

    (void)snprintf(live, sizeof(live), "logs/%s.jsonl", name);
    (void)snprintf(first, sizeof(first),
                   is_system_style ? "logs/%s.jsonl.11.gz"
                                   : "logs/archive/%s.20260122T150000Z.jsonl.gz",
                   name);
    (void)snprintf(second, sizeof(second),
                   is_system_style ? "logs/%s.jsonl.2" : "logs/archive/%s.20260122T160000Z.jsonl",
                   name);
    char *bytes = test_read(&b->root, live);
    size_t a = lines_len(bytes, 5), c = lines_len(bytes, 11);
    write_gz(b, first, bytes, a);
    bed_write(b, second, bytes + a, c - a);
    if (!is_system_style) { /* a compressor that was killed: the plain one counts */
        char half[104];

        (void)snprintf(half, sizeof(half), "%s.gz", second);
        write_gz(b, half, bytes + a, (c - a) / 2);
    }
    bed_write(b, live, bytes + c, strlen(bytes + c));
    free(bytes);
}

static void
test_bundle_rotated_and_compressed_logs_say_the_same(void **state)
{
    (void)state;
    for (int is_system_style = 0; is_system_style < 2; is_system_style++) {
        CLEANUP(text_free) struct text whole = {0};
        CLEANUP(text_free) struct text rotated = {0};
        struct bed b;

        bed_make(&b);
        (void)bed_build(&b);
        bed_dump(&b, BED_DIR "/computed", &whole);
        CLEANUP(json_freep) struct json *before = bed_json(&b, BED_MANIFEST);
        rotate(&b, "shadow_trades", is_system_style);
        rotate(&b, "exit_attribution", is_system_style);
        rotate(&b, "attribution", is_system_style);
        bed_write(&b, "logs/archive/shadow_trades_other.20260122T150000Z.jsonl", "x\n", 2);
        (void)bed_build(&b);
        bed_dump(&b, BED_DIR "/computed", &rotated);
        assert_string_equal(text_str(&whole), text_str(&rotated));
        /* Whole records, read again for the manifest, are the same as well. */
        CLEANUP(json_freep) struct json *after = bed_json(&b, BED_MANIFEST);
        CLEANUP(text_free) struct text one = {0};
        CLEANUP(text_free) struct text other = {0};
        json_out_value(&(struct json_out){.to = &one}, NULL, json_get(before, "computed"));
        json_out_value(&(struct json_out){.to = &other}, NULL, json_get(after, "computed"));
        assert_string_equal(text_str(&one), text_str(&other));
        bed_remove(&b);
    }
}

static void
test_bundle_archives_from_long_before_are_not_read(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    bed_write(&b, "logs/archive/shadow_trades.20251201T000000Z.jsonl", "no JSON\n", 8);
    assert_int_equal(bed_build(&b).malformed_lines, 0);
    bed_write(&b, "logs/archive/shadow_trades.20260121T000000Z.jsonl", "no JSON\n", 8);
    assert_int_equal(bed_build(&b).malformed_lines, 1);
    bed_remove(&b);
}

/* ---- long logs ------------------------------------------------------------------------------- */

/* What the last lines of a log become; long logs are cut in the same way. */
static void
test_bundle_long_logs_keep_their_last_lines(void **state)
{
    static const struct {
        const char *what;
        int64_t lines;
        const char *log, *copy;
    } cases[] = {
        {"the last two",                   2, "one\ntwo\nthree\n",       "two\nthree\n"                             },
        {"no newline at the end",          2, "one\ntwo\nthree",         "two\nthree\n"                             },
        {"more than there are",            9, "one\ntwo\n",              "one\ntwo\n"                               },
        {"none",                           0, "one\ntwo\n",              ""                                         },
        {"CRLF ends one line",             2, "one\r\ntwo\r\nthree\r\n", "two\nthree\n"                             },
        {"CR and LF apart",                2, "one\rtwo\rthree",         "two\nthree\n"                             },
        {"empty lines are lines",          3, "one\n\n\nfour\n",         "\n\nfour\n"                               },
        {"U+2028, U+0085, FF",             2,
         "a\xe2\x80\xa8"
         "b\xc2\x85"
         "c\f",                                                          "b\nc\n"                                   },
        {"broken UTF-8",                   1, "a\nb\xff\xc3(\xe2\x82|",  "b\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd|\n"},
        {"a surrogate is three bad bytes", 1, "\xed\xa0\x80",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bed b;

        bed_empty(&b);
        b.spec.options.log_bytes_max = 2;
        b.spec.options.tail_lines = cases[i].lines;
        bed_write(&b, "logs/run.jsonl", cases[i].log, strlen(cases[i].log));
        (void)bed_build(&b);
        char *copy = test_read(&b.root, BED_DIR "/logs/run.jsonl");
        if (!str_eq(copy, cases[i].copy)) fail_msg("%s: %s", cases[i].what, copy);
        free(copy);
        bed_remove(&b);
    }
}

/* Blocks are read from behind and from the front: lines of all lengths against their edges. */
static void
test_bundle_tails_are_whole_lines_wherever_blocks_end(void **state)
{
    struct rng rng = check_rng("bundle_tails");

    (void)state;
    for (int round = 0; round < 20; round++) {
        CLEANUP(text_free) struct text log = {0};
        struct bed b;
        int lines = 30 + (int)rng_below(&rng, 40), wanted = 1 + (int)rng_below(&rng, 25);
        size_t from = 0;

        for (int i = 0; i < lines; i++) {
            if (i == lines - wanted) from = log.len;
            for (int64_t k = rng_range(&rng, 0, 12000); k >= 0; k--)
                text_puts(&log, rng_below(&rng, 9) == 0 ? "\xe2\x80\xa6" : "x");
            text_putc(&log, '\n');
        }
        bed_empty(&b);
        b.spec.options.log_bytes_max = 1;
        b.spec.options.tail_lines = wanted;
        bed_write(&b, "logs/gate.jsonl", text_str(&log), log.len);
        (void)bed_build(&b);
        char *copy = test_read(&b.root, BED_DIR "/logs/gate.jsonl");
        assert_string_equal(copy, text_str(&log) + from);
        free(copy);
        bed_remove(&b);
    }
}

static void
test_bundle_manifest_says_what_was_cut(void **state)
{
    struct bed b;
    bool is_seen = false;

    (void)state;
    bed_make(&b);
    b.spec.options.log_bytes_max = 1000;
    b.spec.options.tail_lines = 3;
    (void)bed_build(&b);
    CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
    for (const struct json *row = json_first(json_get(m, "copied_files")); row != NULL;
         row = json_next(row)) {
        if (!str_eq(json_str(row, "source", ""), "logs/shadow_trades.jsonl")) continue;
        assert_true(json_bool(row, "truncated", false));
        assert_true(str_starts(json_str(row, "note", ""), "tailed_last_lines=3 original_bytes="));
        is_seen = true;
    }
    assert_true(is_seen);
    bed_remove(&b);
}

/* ---- inputs that are not as they should be --------------------------------------------------- */

static const char *const INPUTS[] = {
    "logs/shadow_trades.jsonl",      "logs/exit_attribution.jsonl",
    "logs/attribution.jsonl",        "logs/uw_attribution.jsonl",
    "state/regime_state.json",       "state/regime_posture_state.json",
    "state/market_context_v2.json",  "state/daily_universe_v2.json",
    "state/intel_health_state.json", "state/uw_daemon_health_state.json"};

enum damage { REMOVED, CUT, GARBAGE, EMPTIED, FOLDER, DAMAGES };

/* About half, and in the middle of a record. */
static size_t
cut_at(const char *bytes)
{
    size_t half = strlen(bytes) / 2;
    const char *before = memrchr(bytes, '\n', half);

    return before != NULL ? (size_t)(before - bytes) + 40 : half;
}

static void
spoil(struct bed *b, const char *path, enum damage how)
{
    char *bytes = test_read(&b->root, path);
    char full[200];

    if (how == CUT) bed_write(b, path, bytes, cut_at(bytes));
    if (how == GARBAGE) bed_write(b, path, "\xff\x00{]garbage\n[1]\n", 15);
    if (how == EMPTIED) bed_write(b, path, "", 0);
    if (how == REMOVED || how == FOLDER)
        assert_int_equal(b->root.fs.remove(b->root.fs.self, path, NULL), RC_OK);
    (void)snprintf(full, sizeof(full), "%s", path);
    if (how == FOLDER) assert_int_equal(b->root.fs.make_dir(b->root.fs.self, full, NULL), RC_OK);
    free(bytes);
}

static bool
names_loss(const struct json *manifest, const char *path)
{
    const struct json *stats = json_get(json_get(manifest, "input_stats"), path);

    if (json_i64(stats, "malformed", 0) > 0) return true;
    for (const struct json *in = json_first(json_get(manifest, "inputs")); in != NULL;
         in = json_next(in))
        if (str_eq(json_str(in, "path", ""), path))
            return !str_eq(json_str(in, "status", "read"), "read");
    return false;
}

/* Every artifact has its members, the manifest names the loss, a second run says the same. */
static void
test_contract_4_20_1_damaged_inputs_still_give_a_bundle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(INPUTS); i++)
        for (int how = 0; how < DAMAGES; how++) {
            struct bed b;

            bed_make(&b);
            spoil(&b, INPUTS[i], (enum damage)how);
            (void)bed_build(&b);
            CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
            bool is_log = str_starts(INPUTS[i], "logs/");
            /* An empty log is a log; the last lines of others are not looked into. */
            bool is_quiet =
                is_log && (how == EMPTIED || str_eq(INPUTS[i], "logs/uw_attribution.jsonl"));
            if (!names_loss(m, INPUTS[i]) && !(is_quiet && how != REMOVED && how != FOLDER))
                fail_msg("%s, damage %d: not named", INPUTS[i], how);
            for (size_t k = 0; k < COUNT_OF(BED_ARTIFACTS); k++) {
                char path[256];

                (void)snprintf(path, sizeof(path), BED_DIR "/computed/%s.json", BED_ARTIFACTS[k]);
                CLEANUP(json_freep) struct json *doc = bed_json(&b, path);
                if (json_has(doc, "error")) fail_msg("%s", path);
            }
            struct bundle_check check = bed_verify(&b);
            if (b.told_len > 0) fail_msg("%s, damage %d: %s", INPUTS[i], how, b.told[0]);
            assert_true(check.is_recomputed);
            bed_remove(&b);
        }
}

static void
test_bundle_damaged_archive_is_named_and_read_as_far_as_it_goes(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    rotate(&b, "shadow_trades", false);
    char path[] = "logs/archive/shadow_trades.20260122T150000Z.jsonl.gz";
    CLEANUP(text_free) struct text bytes = {0};
    assert_int_equal(b.root.fs.read_all(b.root.fs.self, path, 1 << 20, &bytes, NULL), RC_OK);
    bed_write(&b, path, text_str(&bytes), bytes.len - 40);
    struct bundle_result r = bed_build(&b);
    assert_int_equal(r.damaged, 1);
    assert_true(r.realized_trades > 0);
    CLEANUP(json_freep) struct json *m = bed_json(&b, BED_MANIFEST);
    assert_true(names_loss(m, path));
    (void)bed_verify(&b);
    if (b.told_len > 0) fail_msg("%s", b.told[0]);
    bed_remove(&b);
}

static void
test_contract_4_20_7_without_v1_parity_is_unavailable(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    spoil(&b, "logs/attribution.jsonl", REMOVED);
    (void)bed_build(&b);
    CLEANUP(json_freep)
    struct json *doc = bed_json(&b, BED_DIR "/computed/shadow_vs_live_parity.json");
    const struct json *available = json_get(json_get(doc, "notes"), "parity_available");
    assert_true(available != NULL && !json_is_true(available));
    char *report = test_read(&b.root, BED_DIR "/FULL_TELEMETRY_" TELEMETRY_DAY ".md");
    assert_non_null(strstr(report, "parity_available: false"));
    free(report);
    bed_remove(&b);
}

/* Labels come from logs: line ends, NUL, half surrogates, fences and headings in them stay text. */
static void
test_bundle_labels_of_any_kind_stay_labels(void **state)
{
    static const char *const labels[] = {
        "a\\n## 2. Forged", "\\u0000",          "\\ud800", "```", "\\u2028",
        "\\\"quoted\\\"",   "\xf0\x9f\x98\x80", "_meta",   ""};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        CLEANUP(text_free) struct text log = {0};
        struct bed b;

        text_printf(&log,
                    "{\"ts\": \"" TELEMETRY_DAY "T15:00:00Z\", \"event_type\": "
                    "\"shadow_entry_opened\", \"trade_id\": \"1\", \"symbol\": \"%s\", "
                    "\"entry_price\": 1, \"direction\": [\"%s\"], \"intel_snapshot\": "
                    "{\"v2_uw_sector_profile\": {\"sector\": \"%s\"}, \"v2_uw_regime_profile\": "
                    "{\"regime_label\": \"%s\"}, \"v2_uw_adjustments\": {\"%s\": 1}}}\n",
                    labels[i], labels[i], labels[i], labels[i], labels[i]);
        text_printf(&log,
                    "{\"ts\": \"" TELEMETRY_DAY "T16:00:00Z\", \"event_type\": "
                    "\"shadow_exit\", \"trade_id\": \"1\", \"pnl\": 2, \"v2_exit_reason\": "
                    "\"%s\", \"replacement_candidate\": {\"%s\": \"%s\"}}\n",
                    labels[i], labels[i], labels[i]);
        bed_empty(&b);
        bed_write(&b, "logs/shadow_trades.jsonl", text_str(&log), log.len);
        struct bundle_result r = bed_build(&b);
        assert_int_equal(r.realized_trades, 1);
        assert_int_equal(r.malformed_lines, 0);
        json_free(bed_json(&b, BED_MANIFEST));
        char *report = test_read(&b.root, BED_DIR "/FULL_TELEMETRY_" TELEMETRY_DAY ".md");
        assert_true(utf8_valid(report, strlen(report)));
        assert_null(strstr(report, "\n## 2. Forged"));
        free(report);
        (void)bed_verify(&b);
        if (b.told_len > 0) fail_msg("label %zu: %s", i, b.told[0]);
        bed_remove(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundle_rotated_and_compressed_logs_say_the_same),
        cmocka_unit_test(test_bundle_archives_from_long_before_are_not_read),
        cmocka_unit_test(test_bundle_long_logs_keep_their_last_lines),
        cmocka_unit_test(test_bundle_tails_are_whole_lines_wherever_blocks_end),
        cmocka_unit_test(test_bundle_manifest_says_what_was_cut),
        cmocka_unit_test(test_contract_4_20_1_damaged_inputs_still_give_a_bundle),
        cmocka_unit_test(test_bundle_damaged_archive_is_named_and_read_as_far_as_it_goes),
        cmocka_unit_test(test_bundle_labels_of_any_kind_stay_labels),
        cmocka_unit_test(test_contract_4_20_7_without_v1_parity_is_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

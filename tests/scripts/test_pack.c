/*
 * The analysis pack of a day (contract 4.19, spec 40 5.6), made by the real program.
 */
#include <signal.h>

#include "base/json.h"
#include "tests/scripts/front.h"
#include "tests/scripts/small_day.h"

#define PACK   "analysis_packs/" SMALL_DAY
#define MASTER PACK "/MASTER_SUMMARY_" SMALL_DAY

static void
make_pack(struct front *f, const struct tmpdir *dir, const char *more, const char *value)
{
    const char *args[] = {"run-postclose-analysis-pack",
                          "--root",
                          dir->path,
                          "--date",
                          SMALL_DAY,
                          "--as-of",
                          SMALL_DAY_AS_OF,
                          more,
                          value,
                          NULL};

    front_run(f, dir->path, "said", args);
}

static void
expect(const struct front *f, int status, const char *said)
{
    if (f->status != status || strstr(text_str(&f->out), said) == NULL)
        fail_msg("status %d, wanted %d and \"%s\":\n%s", f->status, status, said,
                 text_str(&f->out));
}

static struct json *
document(const struct tmpdir *dir, const char *name)
{
    CLEANUP(text_free) struct text bytes = peek(dir, name);
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) !=
        RC_OK)
        fail_msg("%s: %s", name, err.text);
    return doc;
}

static bool
is_there(const struct tmpdir *dir, const char *name)
{
    return access(tmpdir_path(dir, name), R_OK) == 0;
}

static void
assert_says(const struct text *page, const char *const *words, size_t len)
{
    const char *at = text_str(page);

    for (size_t i = 0; i < len; i++) {
        const char *next = strstr(at, words[i]);
        if (next == NULL)
            fail_msg("lacks, or lacks there: %s\n%s", words[i], text_str(page));
        else
            at = next;
    }
}

/* ---- what is in it ------------------------------------------------------------------------- */

static void
test_contract_4_19_pack_holds_summary_copies_and_tails(void **state)
{
    static const char *const files[] = {"MASTER_SUMMARY_2026-03-04.md",
                                        "MASTER_SUMMARY_2026-03-04.html",
                                        "manifest.json",
                                        "state/regime_state.json",
                                        "state/exit_intel_pnl_summary.json",
                                        "reports/INTEL_DASHBOARD_2026-03-04.md",
                                        "logs/shadow_trades_tail.jsonl",
                                        "logs/system_events_tail.jsonl",
                                        "charts/equity.svg",
                                        "charts/live_vs_shadow.svg",
                                        "charts/scores.svg",
                                        "charts/flow_strength.svg"};
    static const char *const headings[] = {
        "# MASTER SUMMARY — 2026-03-04\n",
        "\n## 2.1. Overview\n",
        "\n## 2.2. Universe & Regime Context\n",
        "| BBB | 0.7778 | ENERGY |\n| AAA | 0.41 | TECH |\n| CCC | 0.1 | UNKNOWN |\n",
        "\n## 2.3. v1 vs v2 Behavior Snapshot (best-effort)\n",
        "symbols only in v2: 3 (BBB, CCC, DDD)",
        "symbols only in v1: 1 (EEE)",
        "\n## 2.4. v2 Entry Intelligence Summary (best-effort)\n",
        "| darkpool_bias | 0.8 | 4 |",
        "\n## 2.5. v2 Exit Intelligence Summary (best-effort)\n",
        "| stop | 2 | 0.0 | -7.5 |",
        "\n## 2.6. v2 Paper P&L Snapshot (best-effort)\n",
        "- total_pnl (USD): 0.0\n",
        "\n## 2.7. Health & Reliability\n",
        "| uw/uw_rate_limit_block | 2 | 0 |",
        "\n## 2.8. Promotion Readiness Notes (human-facing)\n",
        "- [ ] ",
        "\n## Appendix: Pack Manifest (what was captured)\n",
        "\"pack_dir\": \"analysis_packs/2026-03-04\"",
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    make_pack(&f, &dir, NULL, NULL);
    expect(&f, 0, MASTER ".md\n");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[256];
        (void)snprintf(path, sizeof(path), PACK "/%s", files[i]);
        if (!is_there(&dir, path)) fail_msg("%s is missing", path);
    }
    CLEANUP(text_free) struct text master = peek(&dir, MASTER ".md");
    assert_says(&master, headings, COUNT_OF(headings));
    CLEANUP(json_freep) struct json *manifest = document(&dir, PACK "/manifest.json");
    const struct json *captured = json_get(manifest, "captured");
    assert_string_equal(json_str(json_get(manifest, "_meta"), "version", ""),
                        "2026-01-21_postclose_pack_v1");
    assert_true(json_bool(json_get(captured, "state"), "state/regime_state.json", false));
    assert_false(json_bool(json_get(captured, "state"), "state/postmarket_intel.json", true));
    const struct json *tail =
        json_get(json_get(captured, "log_tails"), "logs/uw_attribution.jsonl");
    assert_int_equal(json_i64(tail, "lines", 0), 6);
    assert_true(json_bool(tail, "present", false));
    const struct json *steps = json_get_arr(manifest, "steps");
    assert_int_equal(json_len(steps), 8);
    for (const struct json *s = json_first(steps); s != NULL; s = json_next(s))
        if (!json_bool(s, "ok", false)) fail_msg("step %s failed", json_str(s, "step", "?"));
    CLEANUP(text_free) struct text events = peek(&dir, "logs/system_events.jsonl");
    assert_non_null(strstr(events.data, "\"postclose_analysis_pack_completed\""));
}

static void
test_pack_first_ten_lines_say_what_happened_what_is_wrong_what_to_decide(void **state)
{
    static const char *const words[] = {
        "- **Live (v1):** closed 2, won 1, realized +12.75 USD; equity 25,000.00 to 25,013.75 USD "
        "(+13.75).\n",
        "- **Shadow (v2, paper):** candidates 5, entries 3, exits 4; closed 4, won 1, earned 0.00 "
        "USD; live less shadow: +12.75 USD.\n",
        "- **Engine:** cycles 8, of them degraded or with errors 1; orders accepted 2; warnings 2, "
        "errors 1.\n",
        "- **Wrong, services:** ",
        "- **Wrong, engine:** degraded cycles: 1; errors: 1, most often engine/exception (1).\n",
        "- **Wrong, data:** log lines that could not be read: 2 (see the appendix).\n",
        "- **Decide, repair:** ",
        "- **Decide, v2:** ",
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    make_pack(&f, &dir, NULL, NULL);
    CLEANUP(text_free) struct text master = peek(&dir, MASTER ".md");
    size_t lines = 0;
    for (size_t i = 0; i < master.len; i++)
        if (master.data[i] == '\n' && ++lines == 10) master.data[i + 1] = '\0';
    assert_says(&master, words, COUNT_OF(words));
}

/* What was not recorded is not shown as nothing. */
static void
test_pack_first_ten_lines_name_the_log_that_is_missing(void **state)
{
    static const struct {
        const char *path, *words;
    } cases[] = {
        {"logs/shadow_trades.jsonl",
         "- **Shadow (v2, paper):** candidates unknown, there is no logs/shadow_trades.jsonl; "},
        {"logs/attribution.jsonl",
         "- **Live (v1):** trades unknown, there is no logs/attribution.jsonl"                 },
        {"logs/run.jsonl",           "- **Wrong, engine:** there is no logs/run.jsonl"         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(front_done) struct front f = {0};
        char wanted[128];

        copy_day(&dir, SMALL_DAY_FILES);
        assert_int_equal(unlink(tmpdir_path(&dir, cases[i].path)), 0);
        make_pack(&f, &dir, NULL, NULL);
        CLEANUP(text_free) struct text master = peek(&dir, MASTER ".md");
        (void)snprintf(wanted, sizeof wanted, "inputs missing: %s", cases[i].path);
        const char *const words[] = {cases[i].words, wanted};
        assert_says(&master, words, COUNT_OF(words));
    }
}

static void
test_pack_page_needs_nothing_but_itself(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    make_pack(&f, &dir, NULL, NULL);
    CLEANUP(text_free) struct text page = peek(&dir, MASTER ".html");
    size_t pictures = 0;
    for (const char *at = page.data; (at = strstr(at, "<svg ")) != NULL; at++)
        pictures++;
    assert_int_equal(pictures, 6); /* three features had but one value */
    assert_null(strstr(page.data, "<script"));
    assert_null(strstr(page.data, "<img"));
    assert_null(strstr(page.data, "href="));
    assert_null(strstr(page.data, "url("));
    assert_non_null(strstr(page.data, "prefers-color-scheme:dark"));
    assert_non_null(strstr(page.data, "</html>\n"));
}

/* ---- bounds and options -------------------------------------------------------------------- */

static size_t
lines_of(const struct text *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->len; i++)
        n += t->data[i] == '\n';
    return n;
}

static void
test_pack_keeps_as_many_lines_of_a_log_as_it_was_told(void **state)
{
    static const struct {
        const char *lines;
        size_t kept;
    } cases[] = {
        {"0", 0},
        {"1", 1},
        {"5", 5},
        {"6", 6},
        {"9", 6},
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    CLEANUP(text_free) struct text log = peek(&dir, "logs/uw_attribution.jsonl");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(front_done) struct front f = {0};
        make_pack(&f, &dir, "--lines", cases[i].lines);
        expect(&f, 0, MASTER);
        CLEANUP(text_free) struct text tail = peek(&dir, PACK "/logs/uw_attribution_tail.jsonl");
        assert_int_equal(lines_of(&tail), cases[i].kept);
        assert_string_equal(text_str(&tail), log.data + log.len - tail.len);
    }
    static const char *const wrong[] = {"-1", "x", "1e3", "1000001"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CLEANUP(front_done) struct front f = {0};
        make_pack(&f, &dir, "--lines", wrong[i]);
        expect(&f, 64, "--lines");
    }
}

static void
test_pack_archive_holds_every_file_of_the_pack(void **state)
{
    static const char *const files[] = {"MASTER_SUMMARY_" SMALL_DAY ".html\n",
                                        "MASTER_SUMMARY_" SMALL_DAY ".md\n",
                                        "charts/darkpool_bias.svg\n",
                                        "logs/exit_attribution_tail.jsonl\n",
                                        "manifest.json\n",
                                        "reports/EXIT_DAY_SUMMARY_" SMALL_DAY ".md\n",
                                        "state/uw_intel_pnl_summary.json\n"};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text cmd = {0};
    CLEANUP(front_done) struct front f = {0};

    (void)state;
    if (system("tar --version >/dev/null 2>&1") != 0) { /* NOLINT(cert-env33-c): a test */
        printf("skipped: there is no tar\n");
        skip();
    }
    copy_day(&dir, SMALL_DAY_FILES);
    make_pack(&f, &dir, "--archive", NULL);
    expect(&f, 0, MASTER);
    text_printf(&cmd, "cd '%s/" PACK "' && tar tzf analysis_pack_" SMALL_DAY ".tar.gz >'%s/list'",
                dir.path, dir.path);
    assert_int_equal(system(text_str(&cmd)), 0); /* NOLINT(cert-env33-c): a test */
    CLEANUP(text_free) struct text list = peek(&dir, "list");
    assert_says(&list, files, COUNT_OF(files));
    assert_null(strstr(list.data, "tar.gz"));
    assert_null(strchr(list.data, '~'));
    CLEANUP(front_done) struct front again = {0};
    make_pack(&again, &dir, "--archive", NULL);
    expect(&again, 0, MASTER);
}

/* ---- missing, damaged, repeated ------------------------------------------------------------ */

static void
test_contract_4_19_an_empty_root_gives_a_pack_that_says_what_is_missing(void **state)
{
    static const char *const words[] = {
        "- **Live (v1):** trades unknown, there is no logs/attribution.jsonl.\n",
        "- **Engine:** cycles 0",
        "there is no logs/run.jsonl",
        "v2 universe: 0 symbols (no document; build-daily-universe makes it)",
        "input missing: logs/run.jsonl (written by trading_engine)",
        "\"state/regime_state.json\": false",
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};

    (void)state;
    make_pack(&f, &dir, NULL, NULL);
    expect(&f, 0, MASTER ".md\n");
    CLEANUP(text_free) struct text master = peek(&dir, MASTER ".md");
    assert_says(&master, words, COUNT_OF(words));
    CLEANUP(text_free) struct text tail = peek(&dir, PACK "/logs/shadow_trades_tail.jsonl");
    assert_int_equal(tail.len, 0);
    assert_true(is_there(&dir, PACK "/logs/shadow_trades_tail.jsonl"));
}

/* Without what it says of the folder itself, which grows by the events of every run. */
static struct text
master_of(const struct tmpdir *dir)
{
    struct text master = peek(dir, MASTER ".md");

    master.len = (size_t)(strstr(master.data, "## Appendix") - master.data);
    master.data[master.len] = '\0';
    return master;
}

static void
test_pack_made_again_is_the_same_and_drops_what_is_gone(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front first = {0}, second = {0}, third = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    make_pack(&first, &dir, NULL, NULL);
    CLEANUP(text_free) struct text one = master_of(&dir);
    make_pack(&second, &dir, NULL, NULL);
    CLEANUP(text_free) struct text two = master_of(&dir);
    assert_string_equal(one.data, two.data);
    assert_int_equal(unlink(tmpdir_path(&dir, "state/regime_state.json")), 0);
    make_pack(&third, &dir, NULL, NULL);
    expect(&third, 0, MASTER);
    assert_false(is_there(&dir, PACK "/state/regime_state.json"));
}

static void
test_pack_strict_tells_a_failed_step_and_makes_the_pack_all_the_same(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front lax = {0}, strict = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    place_text(&dir, "reports", "a file in the place of the folder");
    make_pack(&lax, &dir, NULL, NULL);
    expect(&lax, 0, MASTER ".md\n");
    make_pack(&strict, &dir, "--strict", NULL);
    expect(&strict, 2, "6 of 8 steps failed");
    CLEANUP(text_free) struct text master = peek(&dir, MASTER ".md");
    assert_non_null(strstr(master.data, "run_exit_intel_pnl failed"));
    CLEANUP(text_free) struct text events = peek(&dir, "logs/system_events.jsonl");
    const char *at = strstr(events.data, "\"postclose_analysis_pack_completed\"");
    assert_non_null(at);
    assert_non_null(strstr(at, "\"WARN\""));
}

/* The archive has a folder in its place. */
static void
test_pack_manifest_tells_that_the_archive_failed(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};
    bool is_told = false;

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    place_text(&dir, PACK "/analysis_pack_" SMALL_DAY ".tar.gz/x", "in the way");
    make_pack(&f, &dir, "--archive", NULL);
    expect(&f, 0, MASTER ".md\n");
    CLEANUP(json_freep) struct json *manifest = document(&dir, PACK "/manifest.json");
    for (const struct json *s = json_first(json_get_arr(manifest, "steps")); s != NULL;
         s = json_next(s))
        is_told = is_told ||
                  (str_eq(json_str(s, "step", ""), "archive") && !json_bool(s, "ok", true) &&
                   json_str(s, "output_tail", "")[0] != '\0' && json_is_array(json_get(s, "cmd")));
    assert_true(is_told);
}

/* Programs look for them: no other one, and in this order (spec 40 5.6). */
static void
test_pack_summary_has_the_headings_of_the_spec(void **state)
{
    static const char HEADINGS[] = "# MASTER SUMMARY — " SMALL_DAY "\n"
                                   "## 2.1. Overview\n"
                                   "## 2.2. Universe & Regime Context\n"
                                   "## 2.3. v1 vs v2 Behavior Snapshot (best-effort)\n"
                                   "## 2.4. v2 Entry Intelligence Summary (best-effort)\n"
                                   "## 2.5. v2 Exit Intelligence Summary (best-effort)\n"
                                   "## 2.6. v2 Paper P&L Snapshot (best-effort)\n"
                                   "## 2.7. Health & Reliability\n"
                                   "## 2.8. Promotion Readiness Notes (human-facing)\n"
                                   "## Appendix: Pack Manifest (what was captured)\n";
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};
    CLEANUP(text_free) struct text found = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    make_pack(&f, &dir, NULL, NULL);
    CLEANUP(text_free) struct text master = peek(&dir, MASTER ".md");
    for (const char *at = master.data; *at != '\0'; at += strcspn(at, "\n") + 1)
        if (at[0] == '#') text_printf(&found, "%.*s\n", (int)strcspn(at, "\n"), at);
    assert_string_equal(text_str(&found), HEADINGS);
}

static void
test_pack_that_cannot_be_written_is_an_error(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f = {0};

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    place_text(&dir, "analysis_packs", "a file in the place of the folder");
    make_pack(&f, &dir, NULL, NULL);
    expect(&f, 1, "analysis_packs/" SMALL_DAY "/state/daily_universe.json");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_19_pack_holds_summary_copies_and_tails),
        cmocka_unit_test(test_pack_first_ten_lines_say_what_happened_what_is_wrong_what_to_decide),
        cmocka_unit_test(test_pack_first_ten_lines_name_the_log_that_is_missing),
        cmocka_unit_test(test_pack_page_needs_nothing_but_itself),
        cmocka_unit_test(test_pack_keeps_as_many_lines_of_a_log_as_it_was_told),
        cmocka_unit_test(test_pack_archive_holds_every_file_of_the_pack),
        cmocka_unit_test(test_contract_4_19_an_empty_root_gives_a_pack_that_says_what_is_missing),
        cmocka_unit_test(test_pack_made_again_is_the_same_and_drops_what_is_gone),
        cmocka_unit_test(test_pack_strict_tells_a_failed_step_and_makes_the_pack_all_the_same),
        cmocka_unit_test(test_pack_manifest_tells_that_the_archive_failed),
        cmocka_unit_test(test_pack_summary_has_the_headings_of_the_spec),
        cmocka_unit_test(test_pack_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

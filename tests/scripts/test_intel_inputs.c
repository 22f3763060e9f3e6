/*
 * The runners of the v2 intelligence with inputs that are damaged or of the wrong shape, in mock
 * and dry runs, on a full disk, killed in the middle, and called wrongly.
 */
#include "tests/scripts/intel_bed.h"

#include <sys/resource.h>

#include "tests/lib/http_server.h"
#include "uwclient/quota_log.h"

/* ---- inputs -------------------------------------------------------------------------------- */

static void
test_intel_inputs_that_are_damaged_heal_and_are_named(void **state)
{
    static const char *const damaged[] = {
        "", "{", "[1,2]", "\xff\xfe", "{\"symbols\":{}} trailing", "null", "7"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        struct bed b = bed_open();

        bed_point(&b, http_closed_port(), "UW_MOCK=1");
        tmpdir_write(&b.dir, "state/symbol_risk_features.json", damaged[i]);
        tmpdir_write(&b.dir, "state/market_context_v2.json", damaged[i]);
        tmpdir_write(&b.dir, "state/regime_posture_state.json", damaged[i]);
        tmpdir_write(&b.dir, "state/shadow_v2_positions.json", damaged[i]);
        CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_build_daily_universe, "--json");
        CLEANUP(json_freep) struct json *line = bed_summary(&r);
        assert_string_equal(
            json_str(json_get(line, "inputs"), "state/symbol_risk_features.json", ""), "damaged");
        assert_non_null(strstr(text_str(&r.err), "state/market_context_v2.json is damaged"));
        assert_string_equal(json_str(line, "regime_label", ""), "NEUTRAL");
        run_all(&b);
        expect_all_sound(&b);
        expect_event(&b, "state_read_failed", "symbol_risk_features");
        bed_close(&b);
    }
}

static void
test_intel_inputs_of_the_wrong_shape_count_as_nothing(void **state)
{
    static const char *const odd[] = {
        "{\"symbols\":[1,\"x\",null,{\"symbol\":7},{\"symbol\":\"ok\"}]}",
        "{\"symbols\":{\"A\":[],\"B\":\"x\",\"C\":null}}",
        "{\"symbols\":7,\"_meta\":[],\"positions\":[]}",
        "{\"positions\":{\"A\":null,\"B\":[1]},\"posture\":[1],\"regime_confidence\":\"x\"}",
    };
    static const char *const inputs[] = {"state/symbol_risk_features.json",
                                         "state/market_context_v2.json",
                                         "state/regime_posture_state.json",
                                         "state/shadow_v2_positions.json",
                                         DAILY,
                                         CORE,
                                         PREMARKET,
                                         POSTMARKET};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct bed b = bed_open();

        bed_point(&b, http_closed_port(), NULL);
        for (size_t n = 0; n < COUNT_OF(inputs); n++)
            tmpdir_write(&b.dir, inputs[n], odd[i]);
        CLEANUP(ran_free) struct ran before = bed_run_args(&b, cmd_run_premarket_exit_intel, NULL);
        CLEANUP(ran_free) struct ran after = bed_run_args(&b, cmd_run_postmarket_exit_intel, NULL);
        CLEANUP(ran_free) struct ran intel = bed_run_args(&b, cmd_run_premarket_intel, NULL);
        CLEANUP(ran_free) struct ran post = bed_run_args(&b, cmd_run_postmarket_intel, NULL);
        run_expect(&before, 0, BEFORE, "");
        run_expect(&after, 0, AFTER, "");
        run_expect(&intel, 0, PREMARKET, "");
        run_expect(&post, 0, POSTMARKET, "");
        run_all(&b);
        expect_all_sound(&b);
        bed_close(&b);
    }
}

static void
test_contract_4_11_the_regime_needs_neither_network_nor_inputs(void **state)
{
    static const struct {
        const char *posture, *volatility, *label;
        double confidence;
    } cases[] = {
        {"{\"posture\":\"long\",\"regime_confidence\":0.61}",    "low",      "RISK_ON",  0.61},
        {"{\"posture\":\"long\",\"regime_confidence\":\"0.5\"}", "HIGH",     "MIXED",    0.5 },
        {"{\"posture\":\"SHORT\"}",                              "elevated", "RISK_OFF", 0   },
        {"{\"posture\":\"bear\",\"regime_confidence\":7}",       "",         "BEAR",     7   },
        {"{\"posture\":\"sideways\"}",                           "high",     "NEUTRAL",  0.25},
        {"{\"posture\":null}",                                   "high",     "NEUTRAL",  0.25},
    };
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), NULL);
    CLEANUP(ran_free) struct ran none = BED_RUN(&b, cmd_run_regime_detector, "--json");
    CLEANUP(json_freep) struct json *said = bed_summary(&none);
    assert_string_equal(json_str(said, "regime_label", ""), "NEUTRAL");
    assert_string_equal(json_str(json_get(said, "inputs"), "state/market_context_v2.json", ""),
                        "missing");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char context[BED_TEXT];

        (void)snprintf(context, sizeof context, "{\"volatility_regime\":\"%s\"}",
                       cases[i].volatility);
        tmpdir_write(&b.dir, "state/market_context_v2.json", context);
        tmpdir_write(&b.dir, "state/regime_posture_state.json", cases[i].posture);
        CLEANUP(ran_free) struct ran r = bed_run_args(&b, cmd_run_regime_detector, NULL);
        run_expect(&r, 0, REGIME "\n", "");
        CLEANUP(json_freep) struct json *doc = bed_doc(&b, REGIME);
        assert_string_equal(json_str(doc, "regime_label", ""), cases[i].label);
        expect_near(json_f64(doc, "regime_confidence", -1), cases[i].confidence);
    }
    bed_close(&b);
}

/* ---- mock and dry runs --------------------------------------------------------------------- */

static void
test_intel_mock_runs_ask_nobody_and_stay_out_of_real_roots(void **state)
{
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), NULL);
    CLEANUP(ran_free) struct ran built = BED_RUN(&b, cmd_build_daily_universe, "--mock", "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&built);
    assert_int_equal(json_i64(line, "candidates", 0), 14);
    assert_false(json_has(line, "vendor"));
    CLEANUP(ran_free) struct ran intel = BED_RUN(&b, cmd_run_premarket_intel, "--mock");
    run_expect(&intel, 0, PREMARKET, "");
    CLEANUP(json_freep) struct json *doc = bed_doc(&b, PREMARKET);
    assert_string_equal(json_str(json_get(doc, "_meta"), "mode", ""), "mock");
    expect_near(json_f64(json_get(json_get(doc, "symbols"), "COIN"), "flow_strength", 0), 0.6);
    assert_false(bed_has(&b, "state/uw_usage_state.json"));

    CLEANUP(ran_free) struct ran real = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&real, 0, DAILY, "");
    CLEANUP(ran_free) struct ran refused = BED_RUN(&b, cmd_run_premarket_intel, "--mock");
    run_expect(&refused, 64, "", "was not made up");
    CLEANUP(ran_free)
    struct ran forced = BED_RUN(&b, cmd_run_premarket_intel, "--mock", "--allow-mock-root");
    run_expect(&forced, 0, PREMARKET, "");
    bed_close(&b);
}

static void
test_intel_dry_runs_show_the_document_and_touch_nothing(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&MARKET);

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_build_daily_universe, "--dry-run");
    run_expect(&r, 0, "\"symbol\": \"XOM\"", "a dry run asks nothing");
    CLEANUP(ran_free) struct ran intel = BED_RUN(&b, cmd_run_premarket_intel, "--dry-run");
    run_expect(&intel, 0, "\"uw_intel_version\"", DAILY " is missing; build-daily-universe");
    assert_int_equal(tmpdir_count(&b.dir, "state"), 4);
    assert_false(bed_has(&b, "logs/system_events.jsonl"));
    served_close(&v);
    bed_close(&b);
}

/* ---- disk and death ------------------------------------------------------------------------ */

/* No file may grow beyond so many bytes: room for sentences and small documents only. */
static int
build_with_room(rlim_t bytes, int argc, char **argv)
{
    const struct rlimit limit = {bytes, bytes};

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 99;
    return cmd_build_daily_universe(argc, argv);
}

static int
build_on_a_full_disk(int argc, char **argv)
{
    return build_with_room(1200, argc, argv);
}

/* Three symbols of v1 take 522 bytes, of v2 991. */
static int
build_with_room_for_v1(int argc, char **argv)
{
    return build_with_room(700, argc, argv);
}

static void
test_intel_on_a_full_disk_fails_and_keeps_the_old_files(void **state)
{
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), "UW_MOCK=1");
    CLEANUP(ran_free) struct ran first = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&first, 0, DAILY, "");
    CLEANUP(text_free) struct text old = tmpdir_read(&b.dir, DAILY);
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, build_on_a_full_disk, "--core", "3");
    run_expect(&r, 1, "", DAILY);
    CLEANUP(text_free) struct text now = tmpdir_read(&b.dir, DAILY);
    assert_string_equal(text_str(&now), text_str(&old));
    CLEANUP(ran_free) struct ran again = BED_RUN(&b, cmd_build_daily_universe, "--core", "3");
    run_expect(&again, 0, DAILY, "");
    bed_close(&b);
}

static void
test_contract_4_12_a_failing_v2_universe_leaves_v1_alone(void **state)
{
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), "UW_MOCK=1");
    CLEANUP(ran_free)
    struct ran r = BED_RUN(&b, build_with_room_for_v1, "--max", "3", "--core", "3");
    run_expect(&r, 0, DAILY, DAILY_V2);
    bed_expect_sound(&b, DAILY, SCHEMA_DAILY_UNIVERSE);
    bed_expect_sound(&b, CORE, SCHEMA_CORE_UNIVERSE);
    bed_expect_sound(&b, REGIME, SCHEMA_REGIME_STATE);
    assert_false(bed_has(&b, DAILY_V2));
    bed_close(&b);
}

static size_t
lines_of(const struct bed *b, const char *path)
{
    CLEANUP(text_free) struct text log = {0};
    size_t n = 0;

    check_read_file(tmpdir_path(&b->dir, path), &log);
    for (const char *at = text_str(&log); (at = strchr(at, '\n')) != NULL; at++)
        n++;
    return n;
}

/* The premarket runner in this very process, silent. */
static int
run_here(const struct bed *b)
{
    char name[] = "runner", root[] = "--root", as_of[] = "--as-of", at[] = BED_AS_OF;
    char dir[sizeof b->dir.path], here[512];
    char *argv[] = {name, root, dir, as_of, at, NULL};

    (void)str_copy(dir, sizeof dir, b->dir.path);
    for (size_t i = 0; b->env[i] != NULL; i++) {
        static char vars[RUN_ENV_MAX][BED_TEXT];

        (void)str_copy(vars[i], sizeof vars[i], b->env[i]);
        if (putenv(vars[i]) != 0) return 99;
    }
    if (getcwd(here, sizeof here) == NULL || setenv("STOCKBOT_SHARE", here, 1) != 0) return 99;
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
        return 99;
    return cmd_run_premarket_intel(COUNT_OF(argv) - 1, argv);
}

/* Starts it and kills it once the vendor was asked so often. */
static void
kill_after_calls(const struct bed *b, size_t calls)
{
    size_t had = lines_of(b, QUOTA_PATH);
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) _exit(run_here(b));
    assert_true(pid > 0);
    while (lines_of(b, QUOTA_PATH) < had + calls)
        (void)poll(NULL, 0, 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void
test_intel_killed_in_the_middle_leaves_the_old_file_and_runs_again(void **state)
{
    struct bed b = bed_open();
    struct served v = served_open(&(struct serve){
        .faults = "delay=60:/api/", .symbols = SYMBOLS, .symbols_len = COUNT_OF(SYMBOLS)});

    (void)state;
    bed_point(&b, v.port, NULL);
    write_inputs(&b);
    CLEANUP(ran_free) struct ran built = bed_run_args(&b, cmd_build_daily_universe, NULL);
    run_expect(&built, 0, DAILY, "");
    for (size_t calls = 1; calls < 8; calls += 3) {
        kill_after_calls(&b, calls);
        assert_false(bed_has(&b, PREMARKET));
    }
    CLEANUP(ran_free) struct ran r = BED_RUN(&b, cmd_run_premarket_intel, "--json");
    CLEANUP(json_freep) struct json *line = bed_summary(&r);
    assert_int_equal(json_i64(json_get(line, "vendor"), "answered", -1),
                     json_i64(json_get(line, "vendor"), "asked", 0));
    bed_expect_sound(&b, PREMARKET, SCHEMA_PREMARKET_INTEL);
    served_close(&v);
    bed_close(&b);
}

/* ---- usage --------------------------------------------------------------------------------- */

static void
test_intel_refuses_wrong_usage(void **state)
{
    static const struct {
        int (*command)(int, char **);
        const char *option, *words;
    } cases[] = {
        {cmd_build_daily_universe,      "--maximum",    "--maximum"       },
        {cmd_build_daily_universe,      "--max=-1",     "from 0 to"       },
        {cmd_build_daily_universe,      "--core=many",  "--core many"     },
        {cmd_run_premarket_intel,       "--symbols=A",  "--symbols"       },
        {cmd_run_postmarket_intel,      "--as-of=soon", "--as-of"         },
        {cmd_run_regime_detector,       "--mock",       "--mock"          },
        {cmd_run_premarket_exit_intel,  "more",         "no such argument"},
        {cmd_run_postmarket_exit_intel, "--date=x",     "--date"          },
    };
    struct bed b = bed_open();

    (void)state;
    bed_point(&b, http_closed_port(), NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free) struct ran r = BED_RUN(&b, cases[i].command, cases[i].option);
        run_expect(&r, 64, "", cases[i].words);
    }
    CLEANUP(ran_free)
    struct ran dated = BED_RUN(&b, cmd_run_regime_detector, "--json", "--date", "2026-02-09");
    run_expect(&dated, 0, "\"date\":\"2026-02-09\"", "the document is of 2026-02-10; --as-of");
    CLEANUP(ran_free) struct ran help = BED_RUN(&b, cmd_build_daily_universe, "--help");
    run_expect(&help, 0, "--core N", "");
    bed_close(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intel_inputs_that_are_damaged_heal_and_are_named),
        cmocka_unit_test(test_intel_inputs_of_the_wrong_shape_count_as_nothing),
        cmocka_unit_test(test_contract_4_11_the_regime_needs_neither_network_nor_inputs),
        cmocka_unit_test(test_intel_mock_runs_ask_nobody_and_stay_out_of_real_roots),
        cmocka_unit_test(test_intel_dry_runs_show_the_document_and_touch_nothing),
        cmocka_unit_test(test_intel_on_a_full_disk_fails_and_keeps_the_old_files),
        cmocka_unit_test(test_contract_4_12_a_failing_v2_universe_leaves_v1_alone),
        cmocka_unit_test(test_intel_killed_in_the_middle_leaves_the_old_file_and_runs_again),
        cmocka_unit_test(test_intel_refuses_wrong_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

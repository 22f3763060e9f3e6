/*
 * The report runners: right numbers, whatever is missing or damaged is named, the same inputs give
 * the same bytes, and what cannot be written is said (contract 4.10, 4.14; spec 40 5).
 */
#include <sys/resource.h>

#include "tests/scripts/run.h"
#include "tests/scripts/small_day.h"

#include "intel/schema.h"
#include "io/gz.h"
#include "scripts/command.h"

/* In the order in which they build on one another. */
static const struct runner_case {
    int (*command)(int argc, char **argv);
    const char *name, *report, *heading;
} RUNNERS[] = {
    {cmd_run_exit_intel_pnl,     "run-exit-intel-pnl",     "EXIT_INTEL_PNL",
     "## Win rate / Avg P&L by exit reason"       },
    {cmd_run_exit_day_summary,   "run-exit-day-summary",   "EXIT_DAY_SUMMARY",
     "## UW deterioration patterns"               },
    {cmd_run_daily_intel_pnl,    "run-daily-intel-pnl",    "UW_INTEL_PNL",
     "## Per-feature aggregates (best-effort)"    },
    {cmd_run_shadow_day_summary, "run-shadow-day-summary", "SHADOW_DAY_SUMMARY",
     "## 5. Paper P&L (realized, best-effort)"    },
    {cmd_run_intel_dashboard,    "run-intel-dashboard",    "INTEL_DASHBOARD",
     "## 9. Exit Intelligence Snapshot (v2)"      },
    {cmd_v2_tuning_suggestions,  "v2-tuning-suggestions",  "V2_TUNING_SUGGESTIONS",
     "## Suggested UW weight nudges (multipliers)"},
};

static struct ran
run_for(const struct tmpdir *dir, const struct runner_case *c, const char *day, const char *as_of)
{
    const char *args[] = {c->name, "--root", dir->path, "--date", day, "--as-of", as_of, NULL};

    return run_command(c->command, args, NULL);
}

static void
run_all(const struct tmpdir *dir, const char *day, const char *as_of)
{
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
        CLEANUP(ran_free) struct ran r = run_for(dir, &RUNNERS[i], day, as_of);
        char path[128];

        (void)snprintf(path, sizeof(path), "reports/%s_%s.md\n", RUNNERS[i].report, day);
        run_expect(&r, 0, path, "");
    }
}

static void
assert_same_file(const struct tmpdir *dir, const char *name, const char *wanted_path)
{
    CLEANUP(text_free) struct text got = peek(dir, name), wanted = {0};

    check_read_file(wanted_path, &wanted);
    assert_true(wanted.len > 0);
    if (got.len != wanted.len || memcmp(got.data, wanted.data, got.len) != 0)
        fail_msg("%s is not %s:\n%s", name, wanted_path, text_str(&got));
}

/* ---- right --------------------------------------------------------------------------------- */

static void
assert_small_day(const struct tmpdir *dir)
{
    static const char *const files[] = {"reports/UW_INTEL_PNL_" SMALL_DAY ".md",
                                        "reports/EXIT_INTEL_PNL_" SMALL_DAY ".md",
                                        "reports/EXIT_DAY_SUMMARY_" SMALL_DAY ".md",
                                        "reports/SHADOW_DAY_SUMMARY_" SMALL_DAY ".md",
                                        "reports/INTEL_DASHBOARD_" SMALL_DAY ".md",
                                        "reports/V2_TUNING_SUGGESTIONS_" SMALL_DAY ".md",
                                        "state/uw_intel_pnl_summary.json",
                                        "state/exit_intel_pnl_summary.json"};

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char wanted[256];
        (void)snprintf(wanted, sizeof(wanted), SMALL_DAY_FILES "/expected%s",
                       strchr(files[i], '/'));
        assert_same_file(dir, files[i], wanted);
    }
}

static void
test_contract_4_10_small_day_has_the_reports_checked_by_hand(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    run_all(&dir, SMALL_DAY, SMALL_DAY_AS_OF);
    assert_small_day(&dir);
    run_all(&dir, SMALL_DAY, SMALL_DAY_AS_OF); /* and again */
    assert_small_day(&dir);
}

/* Whatever the document has beside the wanted members is additive. */
static void
assert_holds(const struct json *got, const struct json *wanted, const char *path)
{
    char here[256];

    if (!json_is_object(wanted)) {
        CLEANUP(text_free) struct text a = {0}, b = {0};
        struct json_out to_a = {.to = &a}, to_b = {.to = &b};
        json_out_value(&to_a, NULL, got);
        json_out_value(&to_b, NULL, wanted);
        if (!str_eq(text_str(&a), text_str(&b)) || json_is_whole(got) != json_is_whole(wanted))
            fail_msg("%s: %s, wanted %s", path, text_str(&a), text_str(&b));
        return;
    }
    for (const struct json *v = json_first(wanted); v != NULL; v = json_next(v)) {
        (void)snprintf(here, sizeof(here), "%s.%s", path, json_key(v));
        assert_holds(json_member(got, json_key(v)), v, here);
    }
}

static void
test_contract_4_10_example_day_has_the_known_summaries(void **state)
{
    static const char *const names[] = {"uw_intel_pnl_summary", "exit_intel_pnl_summary"};
    const char *shared = getenv("STOCKBOT_SHARED");
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char day[512], path[1024];

    (void)state;
    (void)snprintf(day, sizeof(day), "%s/spec/example-day", shared != NULL ? shared : "../shared");
    if (access(day, R_OK) != 0) {
        printf("skipped: there is no %s\n", day);
        skip();
    }
    copy_day(&dir, day);
    run_all(&dir, "2026-01-22", "2026-01-23T00:00:00+00:00");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CLEANUP(text_free) struct text wanted_text = {0};
        (void)snprintf(path, sizeof(path), "%s/expected/state/%s.json", day, names[i]);
        check_read_file(path, &wanted_text);
        (void)snprintf(path, sizeof(path), "state/%s.json", names[i]);
        CLEANUP(text_free) struct text got_text = peek(&dir, path);
        CLEANUP(json_freep) struct json *wanted = run_json(&wanted_text);
        CLEANUP(json_freep) struct json *got = run_json(&got_text);
        assert_holds(got, wanted, names[i]);
    }
}

static void
test_reports_read_what_was_rotated_away_during_the_day(void **state)
{
    static const char *const logs[] = {"shadow_trades", "exit_attribution", "uw_attribution"};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        char name[128], archived[128], older[128];
        (void)snprintf(name, sizeof(name), "logs/%s.jsonl", logs[i]);
        (void)snprintf(archived, sizeof(archived), "logs/archive/%s.20260304T180000Z.jsonl",
                       logs[i]);
        (void)snprintf(older, sizeof(older), "logs/archive/%s.20260303T235959Z.jsonl", logs[i]);
        CLEANUP(text_free) struct text bytes = peek(&dir, name);
        size_t half = bytes.len / 2;
        while (bytes.data[half - 1] != '\n')
            half++;
        if (i == 0) { /* and compressed since */
            CLEANUP(text_free) struct text gz = {0};
            struct err err = {0};
            assert_int_equal(gz_compress(bytes.data, half, &gz, &err), RC_OK);
            (void)snprintf(archived, sizeof(archived), "logs/archive/%s.20260304T180000Z.jsonl.gz",
                           logs[i]);
            place(&dir, archived, gz.data, gz.len);
        } else {
            place(&dir, archived, bytes.data, half);
        }
        place(&dir, older, bytes.data, half); /* of days before: not read */
        place(&dir, name, bytes.data + half, bytes.len - half);
    }
    run_all(&dir, SMALL_DAY, SMALL_DAY_AS_OF);
    assert_same_file(&dir, "state/exit_intel_pnl_summary.json",
                     SMALL_DAY_FILES "/expected/exit_intel_pnl_summary.json");
    assert_same_file(&dir, "reports/SHADOW_DAY_SUMMARY_" SMALL_DAY ".md",
                     SMALL_DAY_FILES "/expected/SHADOW_DAY_SUMMARY_" SMALL_DAY ".md");
    assert_same_file(&dir, "state/uw_intel_pnl_summary.json",
                     SMALL_DAY_FILES "/expected/uw_intel_pnl_summary.json");
}

static void
test_reports_show_statistics_of_the_same_day_only(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    run_all(&dir, "2026-03-03", SMALL_DAY_AS_OF);
    CLEANUP(ran_free)
    struct ran r = run_for(&dir, &RUNNERS[1], SMALL_DAY, SMALL_DAY_AS_OF);
    CLEANUP(text_free)
    struct text report = peek(&dir, "reports/EXIT_DAY_SUMMARY_" SMALL_DAY ".md");
    run_expect(&r, 0, "EXIT_DAY_SUMMARY", "");
    assert_non_null(strstr(report.data, "not available: no exit P&L summary of this day"));
}

/* ---- missing and damaged ------------------------------------------------------------------- */

static void
assert_reports(const struct tmpdir *dir, const char *day)
{
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "reports/%s_%s.md", RUNNERS[i].report, day);
        CLEANUP(text_free) struct text report = peek(dir, path);
        if (strstr(text_str(&report), RUNNERS[i].heading) == NULL)
            fail_msg("%s lacks \"%s\":\n%s", path, RUNNERS[i].heading, text_str(&report));
        assert_true(utf8_valid(report.data, report.len));
    }
}

static void
assert_summary(const struct tmpdir *dir, const char *path, enum schema kind)
{
    CLEANUP(text_free) struct text bytes = peek(dir, path);
    CLEANUP(json_freep) struct json *doc = run_json(&bytes);
    struct err err = {0};

    if (schema_check(kind, doc, &err) != RC_OK) fail_msg("%s: %s", path, err.text);
}

static void
assert_summaries(const struct tmpdir *dir)
{
    assert_summary(dir, "state/uw_intel_pnl_summary.json", SCHEMA_UW_INTEL_PNL_SUMMARY);
    assert_summary(dir, "state/exit_intel_pnl_summary.json", SCHEMA_EXIT_INTEL_PNL_SUMMARY);
}

/* Each section of the dashboard says what it lacks and who makes it. */
static void
test_contract_4_14_every_section_names_who_makes_its_source(void **state)
{
    static const struct {
        const char *section, *lacks;
    } cases[] = {
        {"## 1. ", "daily_universe: not available; build-daily-universe"       },
        {"## 1. ", "daily_universe_v2: not available; build-daily-universe"    },
        {"## 2. ", "premarket_intel: not available; run-premarket-intel"       },
        {"## 2. ", "postmarket_intel: not available; run-postmarket-intel"     },
        {"## 3. ", "regime_state: not available; run-regime-detector"          },
        {"## 4. ", "No attribution record; trading_engine"                     },
        {"## 5. ", "uw_intel_pnl_summary: not available; run-daily-intel-pnl"  },
        {"## 6. ", "intel_health_state: not available; run-intel-health-checks"},
        {"## 7. ", "uw_daemon_health_state: not available; run-daemon-health"  },
        {"## 8. ", "logs/shadow_trades.jsonl: not available; trading_engine"   },
        {"## 9. ", "exit_intel_pnl_summary: not available; run-exit-intel-pnl" },
    };
    static const struct runner_case dashboard = {cmd_run_intel_dashboard, "run-intel-dashboard",
                                                 "INTEL_DASHBOARD", ""};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = run_for(&dir, &dashboard, SMALL_DAY, SMALL_DAY_AS_OF);
    CLEANUP(text_free) struct text page = peek(&dir, "reports/INTEL_DASHBOARD_" SMALL_DAY ".md");

    (void)state;
    run_expect(&r, 0, "INTEL_DASHBOARD", "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *section = strstr(text_str(&page), cases[i].section);
        const char *next = section == NULL ? NULL : strstr(section + 3, "\n## ");
        const char *found = section == NULL ? NULL : strstr(section, cases[i].lacks);

        if (found == NULL || (next != NULL && found > next))
            fail_msg("no %s in %s\n%s", cases[i].lacks, cases[i].section, text_str(&page));
    }
}

static void
test_contract_4_14_an_empty_root_gives_whole_reports_that_say_so(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    run_all(&dir, SMALL_DAY, SMALL_DAY_AS_OF);
    assert_reports(&dir, SMALL_DAY);
    assert_summaries(&dir);
    CLEANUP(text_free)
    struct text dashboard = peek(&dir, "reports/INTEL_DASHBOARD_" SMALL_DAY ".md");
    assert_non_null(strstr(dashboard.data, "input missing: logs/shadow_trades.jsonl"));
    assert_non_null(strstr(dashboard.data, "regime_state: not available; run-regime-detector"));
    CLEANUP(text_free) struct text exits = peek(&dir, "reports/EXIT_INTEL_PNL_" SMALL_DAY ".md");
    assert_non_null(strstr(exits.data, "exit attributions: 0"));
}

/* Cuts, flips and stuffs the files of the day. */
static void
damage(const struct tmpdir *dir, const char *name, struct rng *r)
{
    static const char *const junk[] = {"\n{\"ts\":",
                                       "\xff\xfe",
                                       "\n[1,2]\n",
                                       "\xe2\x80\xa8",
                                       "\n{\"ts\":\"2026-03-04\",\"pnl\":1e999}\n",
                                       "\r"};
    struct text bytes = tmpdir_read(dir, name);

    switch (rng_below(r, 4)) {
    case 0: /* cut */
        bytes.len = rng_below(r, bytes.len + 1);
        break;
    case 1: /* gone wrong in places */
        for (int i = 0; i < 20 && bytes.len > 0; i++)
            bytes.data[rng_below(r, bytes.len)] = (char)rng_below(r, 256);
        break;
    case 2: /* more than there was */
        text_puts(&bytes, junk[rng_below(r, COUNT_OF(junk))]);
        break;
    default: /* empty */
        bytes.len = 0;
    }
    place(dir, name, text_str(&bytes), bytes.len);
    text_free(&bytes);
}

static void
test_reports_survive_damaged_inputs_and_name_them(void **state)
{
    static const char *const files[] = {
        "logs/shadow_trades.jsonl",      "logs/exit_attribution.jsonl",
        "logs/uw_attribution.jsonl",     "logs/exits.jsonl",
        "state/daily_universe_v2.json",  "state/regime_state.json",
        "state/intel_health_state.json", "state/uw_daemon_health_state.json"};
    struct rng r = check_rng("damaged inputs");

    (void)state;
    for (int round = 0; round < 12; round++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        copy_day(&dir, SMALL_DAY_FILES);
        for (size_t i = 0; i < COUNT_OF(files); i++)
            if (rng_below(&r, 2) == 0) damage(&dir, files[i], &r);
        run_all(&dir, SMALL_DAY, SMALL_DAY_AS_OF);
        assert_reports(&dir, SMALL_DAY);
        assert_summaries(&dir);
    }
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    copy_day(&dir, SMALL_DAY_FILES);
    place_text(&dir, "state/regime_state.json", "{\"regime_label\":");
    place_text(&dir, "state/daily_universe.json", "[]");
    run_all(&dir, SMALL_DAY, SMALL_DAY_AS_OF);
    CLEANUP(text_free)
    struct text dashboard = peek(&dir, "reports/INTEL_DASHBOARD_" SMALL_DAY ".md");
    assert_non_null(strstr(dashboard.data, "input damaged: state/regime_state.json: line 1"));
    assert_non_null(strstr(dashboard.data,
                           "input damaged: state/daily_universe.json: holds JSON, but no object"));
    /* the documents, two summaries and the runners' locks: nothing was set aside */
    assert_int_equal(tmpdir_count(&dir, "state"), 6 + 2 + COUNT_OF(RUNNERS));
}

/* Also the one who looks at no report hears of a log that was not, or not wholly, read. */
static void
test_reports_tell_damage_to_the_one_who_waits(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    place_text(&dir, "logs/uw_attribution.jsonl", "{}\nhalf\n{}\n");
    CLEANUP(ran_free) struct ran r = run_for(&dir, &RUNNERS[2], SMALL_DAY, SMALL_DAY_AS_OF);
    run_expect(&r, 0, "reports/UW_INTEL_PNL_" SMALL_DAY ".md",
               "run-daily-intel-pnl: logs/uw_attribution.jsonl: 1 of 3 lines");
}

/* ---- what cannot be written ---------------------------------------------------------------- */

static void
test_reports_say_when_the_disk_is_full_and_keep_the_old_one(void **state)
{
    enum { LIMIT = 300 }; /* bytes: no report fits, a sentence does */
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct rlimit was, full;

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "reports/%s_" SMALL_DAY ".md", RUNNERS[i].report);
        place_text(&dir, path, "the old one");
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
        full = (struct rlimit){.rlim_cur = LIMIT, .rlim_max = was.rlim_max};
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
        CLEANUP(ran_free) struct ran r = run_for(&dir, &RUNNERS[i], SMALL_DAY, SMALL_DAY_AS_OF);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
        run_expect(&r, 1, "", "File too large");
        CLEANUP(text_free) struct text report = peek(&dir, path);
        assert_string_equal(text_str(&report), "the old one");
    }
    assert_int_equal(tmpdir_count(&dir, "reports"), COUNT_OF(RUNNERS)); /* nothing half-written */
}

static void
test_reports_say_where_they_could_not_be_put(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    place_text(&dir, "reports", "a file in the place of the folder");
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
        CLEANUP(ran_free) struct ran r = run_for(&dir, &RUNNERS[i], SMALL_DAY, SMALL_DAY_AS_OF);
        run_expect(&r, 1, "", RUNNERS[i].report);
    }
    CLEANUP(text_free) struct text events = peek(&dir, "logs/system_events.jsonl");
    assert_non_null(strstr(events.data, "\"event_type\":\"runner_failed\""));
    assert_non_null(strstr(events.data, "\"runner\":\"run-exit-intel-pnl\""));
}

/* ---- usage --------------------------------------------------------------------------------- */

static void
test_reports_refuse_wrong_usage(void **state)
{
    static const struct {
        const char *option, *value, *said;
    } wrong[] = {
        {"--date=2026-02-30", NULL,   "--date" },
        {"--date=../x",       NULL,   "--date" },
        {"--as-of",           "soon", "--as-of"},
        {"--lines",           "5",    "--lines"},
        {"surplus",           NULL,   "surplus"},
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
        for (size_t k = 0; k < COUNT_OF(wrong); k++) {
            const char *args[] = {RUNNERS[i].name, "--root",       dir.path,
                                  wrong[k].option, wrong[k].value, NULL};
            CLEANUP(ran_free) struct ran r = run_command(RUNNERS[i].command, args, NULL);
            run_expect(&r, 64, "", wrong[k].said);
        }
        const char *help[] = {RUNNERS[i].name, "--help", NULL};
        CLEANUP(ran_free) struct ran r = run_command(RUNNERS[i].command, help, NULL);
        run_expect(&r, 0, "usage: stockbot", "");
        assert_non_null(strstr(r.out.data, RUNNERS[i].report));
    }
    assert_int_not_equal(access(tmpdir_path(&dir, "reports"), F_OK), 0);
}

static void
test_reports_leave_no_trace_of_a_dry_run(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    size_t states = tmpdir_count(&dir, "state"), logs = tmpdir_count(&dir, "logs");
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
        const char *args[] = {RUNNERS[i].name, "--root",    dir.path, "--date",
                              SMALL_DAY,       "--dry-run", "--json", NULL};
        CLEANUP(ran_free) struct ran r = run_command(RUNNERS[i].command, args, NULL);
        run_expect(&r, 0, "\"path\":null", "");
        CLEANUP(json_freep) struct json *summary = run_json(&r.out);
        assert_string_equal(json_str(summary, "runner", ""), RUNNERS[i].name);
        assert_string_equal(json_str(summary, "date", ""), SMALL_DAY);
    }
    assert_int_equal(tmpdir_count(&dir, "state"), states);
    assert_int_equal(tmpdir_count(&dir, "logs"), logs);
    assert_int_not_equal(access(tmpdir_path(&dir, "reports"), F_OK), 0);
}

/* ---- bounds -------------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

static void
test_reports_read_large_logs_in_little_memory(void **state)
{
#ifdef HAS_ASAN
    (void)state;
    printf("skipped: the sanitizer's memory would be measured\n");
    skip();
#else
    enum { LINES = 40000, PAD = 1000, RSS_KIB_MAX = 40 * 1024 };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text pad = {0};
    struct rusage use;

    (void)state;
    copy_day(&dir, SMALL_DAY_FILES);
    for (int i = 0; i < PAD; i++)
        text_putc(&pad, 'x');
    FILE *f = fopen(tmpdir_path(&dir, "logs/exit_attribution.jsonl"), "ae");
    assert_non_null(f);
    for (int i = 0; i < LINES; i++)
        (void)fprintf(f,
                      "{\"timestamp\":\"" SMALL_DAY "T20:00:00Z\",\"symbol\":\"S%d\",\"pnl\":%d,"
                      "\"pad\":\"%s\"}\n",
                      i % 50, i % 7 - 3, text_str(&pad));
    for (int i = 0; i < 20 * 1024; i++) /* and a line of 20 MB without an end */
        (void)fputs(text_str(&pad), f);
    assert_int_equal(fclose(f), 0);
    CLEANUP(ran_free) struct ran r = run_for(&dir, &RUNNERS[0], SMALL_DAY, SMALL_DAY_AS_OF);
    run_expect(&r, 0, "EXIT_INTEL_PNL", "");
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &use), 0);
    printf("60 MB of log: %ld KiB\n", use.ru_maxrss);
    assert_true(use.ru_maxrss < RSS_KIB_MAX);
    CLEANUP(text_free) struct text report = peek(&dir, "reports/EXIT_INTEL_PNL_" SMALL_DAY ".md");
    assert_non_null(strstr(report.data, "exit attributions: 40004"));
    assert_non_null(strstr(report.data, "2 of 40006 lines are no JSON object"));
#endif
}

/* A sum of doubles has digits that nobody paid. */
static void
test_reports_show_money_in_cents(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *args[] = {"run-exit-day-summary", "--root", dir.path, "--date", SMALL_DAY, NULL};

    (void)state;
    assert_int_equal(mkdir(tmpdir_path(&dir, "logs"), 0700), 0);
    tmpdir_write(&dir, "logs/exit_attribution.jsonl",
                 "{\"timestamp\":\"" SMALL_DAY "T20:00:00Z\",\"symbol\":\"LOW\","
                 "\"pnl\":-5.279999999999973,\"exit_reason\":\"stop\"}\n");
    CLEANUP(ran_free) struct ran r = run_command(cmd_run_exit_day_summary, args, NULL);
    CLEANUP(text_free) struct text report = peek(&dir, "reports/EXIT_DAY_SUMMARY_" SMALL_DAY ".md");
    run_expect(&r, 0, "EXIT_DAY_SUMMARY", "");
    if (strstr(text_str(&report), "| LOW | -5.28 | stop |") == NULL)
        fail_msg("%s", text_str(&report));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: it looks at the largest child so far */
        cmocka_unit_test(test_reports_read_large_logs_in_little_memory),
        cmocka_unit_test(test_contract_4_10_small_day_has_the_reports_checked_by_hand),
        cmocka_unit_test(test_contract_4_10_example_day_has_the_known_summaries),
        cmocka_unit_test(test_reports_read_what_was_rotated_away_during_the_day),
        cmocka_unit_test(test_reports_show_statistics_of_the_same_day_only),
        cmocka_unit_test(test_contract_4_14_every_section_names_who_makes_its_source),
        cmocka_unit_test(test_contract_4_14_an_empty_root_gives_whole_reports_that_say_so),
        cmocka_unit_test(test_reports_survive_damaged_inputs_and_name_them),
        cmocka_unit_test(test_reports_tell_damage_to_the_one_who_waits),
        cmocka_unit_test(test_reports_say_when_the_disk_is_full_and_keep_the_old_one),
        cmocka_unit_test(test_reports_say_where_they_could_not_be_put),
        cmocka_unit_test(test_reports_refuse_wrong_usage),
        cmocka_unit_test(test_reports_leave_no_trace_of_a_dry_run),
        cmocka_unit_test(test_reports_show_money_in_cents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

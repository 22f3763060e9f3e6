/*
 * The documents of v2: missing, stale, of bad schema, the usage, the master trade log, the
 * operator's copy, and the record that is written of it (spec 40 6.1).
 */
#include <math.h>
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/lib/check.h"

#include "base/json.h"
#include "io/fs.h"
#include "telemetry/intel_health.h"

struct bed {
    struct tmpdir dir;
    struct posix_fs posix;
    struct fs fs;
    int64_t now_ns; /* a minute after the files were written */
};

static const struct intel_limits LIMITS = {.age_max_s = 86400, .calls_warn = 14250};

static void
bed_open(struct bed *b)
{
    struct err err = {0};
    struct timespec now;

    *b = (struct bed){.dir = tmpdir_new(), .posix.root_fd = -1};
    assert_int_equal(fs_open(b->dir.path, &b->posix, &err), RC_OK);
    b->fs = fs_seam(&b->posix);
    assert_int_equal(mkdir(tmpdir_path(&b->dir, "state"), 0700), 0);
    assert_int_equal(mkdir(tmpdir_path(&b->dir, "logs"), 0700), 0);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    b->now_ns = (int64_t)now.tv_sec * NS_PER_S + NS_PER_MIN;
}

static void
bed_done(struct bed *b)
{
    fs_close(&b->posix);
    tmpdir_done(&b->dir);
}

#define UNIVERSE                                                                                   \
    "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00+00:00\",\"version\":\"v\"},\"symbols\":[{"           \
    "\"symbol\":\"SPY\"}]}"
#define INTEL                                                                                      \
    "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00Z\",\"uw_intel_version\":\"v\"},\"symbols\":{"        \
    "\"SPY\":"                                                                                     \
    "{\"flow_strength\":0,\"darkpool_bias\":0,\"sentiment\":\"NEUTRAL\"}}}"
#define USAGE "{\"date\":\"2026-01-22\",\"calls_today\":7,\"minute_window\":[],\"by_endpoint\":{}}"
#define REGIME                                                                                     \
    "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00Z\"},\"regime_label\":\"NEUTRAL\","                   \
    "\"regime_confidence\":0.5}"
#define TRADE                                                                                      \
    "{\"trade_id\":\"t\",\"symbol\":\"SPY\",\"side\":\"long\",\"entry_ts\":\"2026-01-22T15:00:"    \
    "00Z\","                                                                                       \
    "\"source\":\"live\"}\n"

static void
write_all(const struct bed *b)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"state/daily_universe.json",       UNIVERSE                      },
        {"state/core_universe.json",        UNIVERSE                      },
        {"state/daily_universe_v2.json",    UNIVERSE                      },
        {"state/premarket_intel.json",      INTEL                         },
        {"state/postmarket_intel.json",     INTEL                         },
        {"state/uw_usage_state.json",       USAGE                         },
        {"state/regime_state.json",         REGIME                        },
        {"state/uw_intel_pnl_summary.json",
         "{\"_meta\":{\"ts\":\"2026-01-22T12:00:00Z\"},\"by_feature\":{}}"},
        {"logs/master_trade_log.jsonl",     TRADE "\n" TRADE              },
    };

    for (size_t i = 0; i < COUNT_OF(files); i++)
        tmpdir_write(&b->dir, files[i].name, files[i].text);
}

static const struct intel_check *
find(const struct intel_health *h, const char *name)
{
    for (size_t i = 0; i < h->len; i++)
        if (str_eq(h->checks[i].name, name)) return &h->checks[i];
    fail_msg("no check %s", name);
    abort();
}

static void
test_intel_health_whole_root_is_well(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b);
    write_all(&b);
    struct intel_health h = intel_health_look(&b.fs, &LIMITS, b.now_ns);
    for (size_t i = 0; i < h.len; i++)
        if (h.checks[i].status > INTEL_SKIP)
            fail_msg("%s: %s %s", h.checks[i].name, intel_status_name(h.checks[i].status),
                     h.checks[i].detail);
    assert_true(intel_is_well(&h));
    assert_int_equal(h.len, 19);
    assert_int_equal(find(&h, "master_trade_log")->parsed_lines, 2);
    assert_int_equal(find(&h, "uw_usage")->calls_today, 7);
}

static void
test_intel_health_names_what_is_wrong(void **state)
{
    static const struct {
        const char *file, *text; /* NULL: taken away */
        const char *check;
        enum intel_status status;
        enum intel_target heals;
    } cases[] = {
        {"state/daily_universe.json",       NULL,                       "freshness:daily_universe",    INTEL_MISSING,
         INTEL_OF_UNIVERSE                                                                                                                  },
        {"state/core_universe.json",        "{\"symbols\":[]}",         "schema:core_universe",        INTEL_BAD_SCHEMA,
         INTEL_OF_UNIVERSE                                                                                                                  },
        {"state/premarket_intel.json",      "[1]",                      "schema:premarket_intel",      INTEL_BAD_SCHEMA,
         INTEL_OF_PREMARKET                                                                                                                 },
        {"state/postmarket_intel.json",     "half of it: {",            "schema:postmarket_intel",
         INTEL_BAD_SCHEMA,                                                                                               INTEL_OF_POSTMARKET},
        {"state/regime_state.json",         NULL,                       "schema:regime_state",         INTEL_MISSING,    INTEL_OF_REGIME    },
        {"state/uw_usage_state.json",       NULL,                       "uw_usage",                    INTEL_MISSING,    INTEL_OF_NOTHING   },
        {"state/uw_intel_pnl_summary.json", "{}",                       "schema:uw_intel_pnl_summary", INTEL_BAD_SCHEMA,
         INTEL_OF_NOTHING                                                                                                                   },
        {"logs/master_trade_log.jsonl",     NULL,                       "master_trade_log",            INTEL_MISSING,    INTEL_OF_NOTHING   },
        {"logs/master_trade_log.jsonl",     TRADE "{\"trade_id\":1}\n", "master_trade_log",
         INTEL_BAD_SCHEMA,                                                                                               INTEL_OF_NOTHING   },
        {"logs/master_trade_log.jsonl",     TRADE "\"text\"\n",         "master_trade_log",            INTEL_BAD_SCHEMA,
         INTEL_OF_NOTHING                                                                                                                   },
        {"logs/master_trade_log.jsonl",     TRADE "{\"cut",             "master_trade_log",            INTEL_BAD_SCHEMA,
         INTEL_OF_NOTHING                                                                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(bed_done) struct bed b;

        bed_open(&b);
        write_all(&b);
        if (cases[i].text != NULL)
            tmpdir_write(&b.dir, cases[i].file, cases[i].text);
        else
            assert_int_equal(unlink(tmpdir_path(&b.dir, cases[i].file)), 0);
        struct intel_health h = intel_health_look(&b.fs, &LIMITS, b.now_ns);
        if (find(&h, cases[i].check)->status != cases[i].status)
            fail_msg("%s of %s is %s", cases[i].check, cases[i].file,
                     intel_status_name(find(&h, cases[i].check)->status));
        assert_false(intel_is_well(&h));
        if (cases[i].heals != INTEL_OF_NOTHING) assert_true(intel_needs_heal(&h, cases[i].heals));
    }
}

static void
test_intel_health_age_is_judged_at_the_limit(void **state)
{
    CLEANUP(bed_done) struct bed b;
    struct fs_stat st = {0};
    struct err err = {0};

    (void)state;
    bed_open(&b);
    write_all(&b);
    assert_int_equal(b.fs.stat(b.fs.self, "state/regime_state.json", &st, &err), RC_OK);
    struct intel_health at = intel_health_look(&b.fs, &LIMITS, st.mtime_ns + 86400 * NS_PER_S);
    struct intel_health over =
        intel_health_look(&b.fs, &LIMITS, st.mtime_ns + 86400 * NS_PER_S + 1);
    assert_int_equal(find(&at, "freshness:regime_state")->status, INTEL_OK);
    assert_int_equal(find(&over, "freshness:regime_state")->status, INTEL_STALE);
}

static void
test_intel_health_used_up_budget_is_a_warning(void **state)
{
    CLEANUP(bed_done) struct bed b;

    (void)state;
    bed_open(&b);
    write_all(&b);
    for (int calls = 14249; calls <= 14250; calls++) {
        char usage[128];

        (void)snprintf(usage, sizeof usage,
                       "{\"date\":\"2026-01-22\",\"calls_today\":%d,\"minute_window\":[],"
                       "\"by_endpoint\":{}}",
                       calls);
        tmpdir_write(&b.dir, "state/uw_usage_state.json", usage);
        struct intel_health h = intel_health_look(&b.fs, &LIMITS, b.now_ns);
        assert_int_equal(find(&h, "uw_usage")->status, calls < 14250 ? INTEL_OK : INTEL_WARN);
        assert_true(intel_is_well(&h)); /* a warning is no failure */
    }
}

static void
test_intel_health_looks_at_the_last_500_lines(void **state)
{
    CLEANUP(bed_done) struct bed b;
    CLEANUP(text_free) struct text log = {0};

    (void)state;
    bed_open(&b);
    write_all(&b);
    text_puts(&log, "no json at all\n");
    for (int i = 0; i < INTEL_LOG_LINES; i++)
        text_puts(&log, TRADE);
    tmpdir_write(&b.dir, "logs/master_trade_log.jsonl", text_str(&log));
    struct intel_health h = intel_health_look(&b.fs, &LIMITS, b.now_ns);
    assert_int_equal(find(&h, "master_trade_log")->status, INTEL_OK);
    assert_int_equal(find(&h, "master_trade_log")->parsed_lines, INTEL_LOG_LINES);
}

static void
test_intel_health_copy_is_the_operators_business(void **state)
{
    CLEANUP(bed_done) struct bed b;
    struct intel_limits operators = LIMITS;

    (void)state;
    operators.is_operator = true;
    bed_open(&b);
    write_all(&b);
    struct intel_health none = intel_health_look(&b.fs, &operators, b.now_ns);
    assert_int_equal(find(&none, "droplet_sync")->status, INTEL_SKIP);
    assert_int_equal(mkdir(tmpdir_path(&b.dir, "droplet_sync"), 0700), 0);
    assert_int_equal(mkdir(tmpdir_path(&b.dir, "droplet_sync/2026-01-22"), 0700), 0);
    assert_int_equal(mkdir(tmpdir_path(&b.dir, "droplet_sync/2999-01-01"), 0700), 0);
    assert_int_equal(mkdir(tmpdir_path(&b.dir, "droplet_sync/latest"), 0700), 0);
    tmpdir_write(&b.dir, "droplet_sync/2026-01-22/core_universe.json", "{}");
    struct intel_health h = intel_health_look(&b.fs, &operators, b.now_ns);
    assert_int_equal(find(&h, "droplet_sync")->status, INTEL_INCOMPLETE);
    assert_string_equal(find(&h, "droplet_sync")->path, "droplet_sync/2026-01-22");
    assert_int_equal(find(&h, "droplet_sync")->missing_len, 4);
    /* That of today is the last one. */
    char today[ISO_TEXT_MAX], path[64];
    (void)snprintf(path, sizeof path, "droplet_sync/%s",
                   date_text(when_to_civil(b.now_ns).date, today));
    assert_int_equal(mkdir(tmpdir_path(&b.dir, path), 0700), 0);
    struct intel_health now = intel_health_look(&b.fs, &operators, b.now_ns);
    assert_string_equal(find(&now, "droplet_sync")->path, path);
    assert_int_equal(find(&now, "droplet_sync")->missing_len, 5);
}

static void
test_intel_health_record_tells_every_check(void **state)
{
    CLEANUP(bed_done) struct bed b;
    CLEANUP(text_free) struct text text = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    const struct intel_heal heals[] = {
        {.name = "heal:premarket_intel", .is_started = true, .rc = 1, .said = "no network"},
        {.name = "heal:regime_state",          .said = "cannot be started"                           },
    };
    struct err err = {0};

    (void)state;
    bed_open(&b);
    struct intel_health h = intel_health_look(&b.fs, &LIMITS, b.now_ns);
    assert_int_equal(intel_health_encode(&h, heals, 2, b.now_ns, &text, &err), RC_OK);
    assert_int_equal(
        json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err), RC_OK);
    assert_true(str_starts(text_str(&text), "{\n  \"_meta\": {\n    \"ts\": \"")); /* canonical */
    assert_true(str_ends(text_str(&text), "\n}"));
    assert_false(json_bool(doc, "ok", true));
    assert_int_equal(json_len(json_get(doc, "checks")), 18); /* the P&L summary is not there */
    const struct json *first = json_first(json_get(doc, "self_heal"));
    assert_false(json_bool(first, "healed", true));
    assert_int_equal(json_i64(first, "rc", 0), 1);
    assert_string_equal(json_str(first, "stderr", ""), "no network");
    assert_string_equal(json_str(json_next(first), "error", ""), "cannot be started");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intel_health_whole_root_is_well),
        cmocka_unit_test(test_intel_health_names_what_is_wrong),
        cmocka_unit_test(test_intel_health_age_is_judged_at_the_limit),
        cmocka_unit_test(test_intel_health_used_up_budget_is_a_warning),
        cmocka_unit_test(test_intel_health_looks_at_the_last_500_lines),
        cmocka_unit_test(test_intel_health_copy_is_the_operators_business),
        cmocka_unit_test(test_intel_health_record_tells_every_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

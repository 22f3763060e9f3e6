#include "tests/scripts/front.h"

#include <sys/stat.h>

#include "base/json.h"
#include "tests/lib/tmpdir.h"

enum { RECORDED_SYMBOLS_MIN = 20 };

/* The last line of the output is the summary as one object. */
static struct json *
summary_of(const struct front *f)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(&f->out), f->out.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) !=
        RC_OK)
        fail_msg("%s: %s", err.text, text_str(&f->out));
    return doc;
}

/* Runs `replay --json` with these options more; the digest into ret_digest. */
static struct json *
replay(const char *dir, const char *const *more, char ret_digest[80])
{
    const char *args[FRONT_ARGS_MAX] = {"replay", "--json"};
    CLEANUP(front_done) struct front f;

    for (size_t i = 0; more[i] != NULL; i++)
        args[i + 2] = more[i];
    front_run(&f, dir, "out", args);
    front_expect(&f, f.status == 0);
    struct json *doc = summary_of(&f);
    (void)str_copy(ret_digest, 80, json_str(doc, "digest", ""));
    return doc;
}

static void
test_replay_the_same_seed_decides_alike(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *const seven[] = {"--seed", "7", "--day", "2026-01-30", NULL};
    const char *const eight[] = {"--seed", "8", "--day", "2026-01-30", NULL};
    char first[80], second[80], other[80];
    CLEANUP(json_freep) struct json *a = replay(dir.path, seven, first);
    CLEANUP(json_freep) struct json *b = replay(dir.path, seven, second);
    CLEANUP(json_freep) struct json *c = replay(dir.path, eight, other);

    assert_true(json_i64(a, "decisions", 0) > 0);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    assert_true(json_bool(a, "ledger_equals_book", false));
    assert_int_equal(json_i64(a, "executions", -1), json_i64(b, "executions", -2));
    assert_true(json_f64(a, "equity", 0) > 0);
    assert_true(json_bool(c, "ledger_equals_book", false));
}

/* v2 is a second pass over what v1 has decided: with it and without it the day is the same. */
static void
test_contract_4_5_v2_changes_nothing_of_v1(void **state)
{
    (void)state;
    static const char *const SAME[] = {"orders", "executions", "entries", "closed", "refused"};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *const seven[] = {"--seed", "7", "--day", "2026-01-30", NULL};
    char with[80], without[80];
    CLEANUP(json_freep) struct json *a = replay(dir.path, seven, with);

    assert_int_equal(setenv("SHADOW_TRADING_ENABLED", "false", 1), 0);
    CLEANUP(json_freep) struct json *b = replay(dir.path, seven, without);
    assert_int_equal(unsetenv("SHADOW_TRADING_ENABLED"), 0);
    assert_string_equal(with, without);
    for (size_t i = 0; i < COUNT_OF(SAME); i++) /* orders: every POST that reached the broker */
        assert_int_equal(json_i64(a, SAME[i], -1), json_i64(b, SAME[i], -2));
    assert_true(json_i64(a, "requests", 0) >
                json_i64(b, "requests", 0)); /* v2 did ask for prices */
}

/* ---- a recorded day ---- */

static bool
shared_path(const char *name, char ret_path[PATH_MAX])
{
    const char *shared = getenv("STOCKBOT_SHARED");
    struct stat st;

    (void)snprintf(ret_path, PATH_MAX, "%s/%s", shared != NULL ? shared : "../shared", name);
    return stat(ret_path, &st) == 0;
}

static void
test_replay_a_recorded_day_runs_to_its_end_with_trades(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char bars[PATH_MAX], flow[PATH_MAX], first[80], second[80];

    if (!shared_path("data/bars_1m", bars) ||
        !shared_path("data/uw/recorded_2026-01-30/flow_alerts_union.json", flow)) {
        printf("skipped: no recorded day at %s\n", bars);
        skip();
    }
    const char *const more[] = {"--bars", bars, "--flow", flow, NULL};
    CLEANUP(json_freep) struct json *a = replay(dir.path, more, first);
    CLEANUP(json_freep) struct json *b = replay(dir.path, more, second);

    assert_true(json_i64(a, "entries", 0) > 0);
    assert_true(json_i64(a, "closed", 0) > 0);
    assert_true(json_i64(a, "cycles", 0) >= 390);
    /* every symbol with bars is judged in every cycle of the session, or traded */
    assert_true(json_i64(a, "refused", 0) >= 390 * (RECORDED_SYMBOLS_MIN - 1));
    assert_true(json_bool(a, "ledger_equals_book", false));
    assert_string_equal(first, second);
    assert_int_equal(json_i64(a, "decisions", -1), json_i64(b, "decisions", -2));
}

/* ---- what is kept ---- */

static void
expect_explained(const char *dir, const char *root, const char *symbol)
{
    CLEANUP(front_done) struct front f;
    const char *args[] = {"explain", symbol, "--root", root, NULL};

    front_run(&f, dir, "out", args);
    front_expect(&f, f.status == 0);
    front_expect(&f, front_says(&f, "\nrefused by\n"));
    front_expect(&f, front_says(&f, "conviction of the options flow"));
    front_expect(&f, front_says(&f, "\norders of the day ("));
    front_expect(&f, front_says(&f, "\nlast closed trades ("));
}

static void
expect_explained_to_programs(const char *dir, const char *root, const char *symbol)
{
    CLEANUP(front_done) struct front f;
    const char *args[] = {"explain", symbol, "--json", "--root", root, NULL};

    front_run(&f, dir, "out", args);
    front_expect(&f, f.status == 0);
    CLEANUP(json_freep) struct json *doc = summary_of(&f);
    assert_string_equal(json_str(doc, "symbol", ""), symbol);
    assert_true(json_len(json_get_obj(json_get_obj(doc, "score"), "components")) > 20);
    assert_true(json_len(json_get_arr(doc, "trades")) > 0);
    assert_true(json_len(json_get_arr(doc, "orders")) > 1);
}

static void
expect_unknown(const char *dir, const char *root)
{
    CLEANUP(front_done) struct front f;
    const char *args[] = {"explain", "ZZZZ", "--root", root, NULL};

    front_run(&f, dir, "out", args);
    front_expect(&f, f.status == 1);
    front_expect(&f, front_says(&f, "nothing is known of ZZZZ"));
}

static void
expect_over(const char *dir, const char *root, const struct json *summary)
{
    CLEANUP(front_done) struct front f;
    const char *args[] = {"status", "--json", "--root", root, NULL};

    front_run(&f, dir, "out", args);
    front_expect(&f, f.status == 1);
    CLEANUP(json_freep) struct json *doc = summary_of(&f);
    assert_string_equal(json_str(doc, "why_not", ""), "the day is over, nothing runs");
    assert_int_equal(json_len(json_get_arr(doc, "positions")),
                     json_i64(summary, "open_positions", -1));
    assert_true(json_bool(doc, "is_ledger_readable", false));
    assert_true(json_i64(doc, "cycle", 0) >= 390);
}

static void
test_replay_keeps_files_that_status_and_explain_read(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *root = tmpdir_path(&dir, "root");
    const char *const more[] = {"--root", root, "--day", "2026-01-30", NULL};
    char digest[80];
    CLEANUP(json_freep) struct json *summary = replay(dir.path, more, digest);
    const char *symbol = json_str(json_get_obj(summary, "best"), "symbol", "");

    assert_string_not_equal(symbol, "");
    expect_explained(dir.path, root, symbol);
    expect_explained_to_programs(dir.path, root, symbol);
    expect_unknown(dir.path, root);
    expect_over(dir.path, root, summary);
}

/* ---- what is refused ---- */

static void
test_replay_status_explain_refuse_with_a_sentence(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *bad = tmpdir_path(&dir, "bad.yaml");
    const struct {
        const char *promise;
        const char *args[6];
        int status;
        const char *says;
    } cases[] = {
        {"help of replay",     {"replay", "--help", NULL},                   0,  "digest"               },
        {"help of status",     {"status", "--help", NULL},                   0,  "Healthy means"        },
        {"help of explain",    {"explain", "--help", NULL},                  0,  "Exit codes"           },
        {"unknown option",     {"replay", "--slow", NULL},                   2,  "--slow: there is no"  },
        {"flow without bars",  {"replay", "--flow", "x", NULL},              2,  "--flow needs --bars"  },
        {"faults of nothing",  {"replay", "--faults", "x", NULL},            2,  "--faults: not a fault"},
        {"day of the demo",    {"demo", "--day", "x", NULL},                 2,  "--day: "              },
        {"settings unusable",  {"replay", "--config", bad, NULL},            78, "no_such"              },
        {"bars absent",        {"replay", "--bars", "/nonexistent/b", NULL}, 1,  "/nonexistent/b"       },
        {"status of nothing",
         {"status", "--root", "/nonexistent/r", NULL},
         1,                                                                      "nothing has run there"},
        {"status option",      {"status", "--jason", NULL},                  2,  "--jason: there is no" },
        {"status argument",    {"status", "now", NULL},                      2,  "usage"                },
        {"explain of nothing",
         {"explain", "AAPL", "--root", "/nonexistent/r", NULL},
         1,                                                                      "nothing has run there"},
        {"explain what?",      {"explain", NULL},                            2,  "usage"                },
        {"explain no symbol",  {"explain", "no symbol", NULL},               2,  "is no symbol"         },
        {"two symbols",        {"explain", "AAPL", "MSFT", NULL},            2,  "usage"                },
        {"no such command",    {"replya", NULL},                             2,  "there is no command"  },
    };

    tmpdir_write(&dir, "bad.yaml", "no_such: 1\n");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(front_done) struct front f;

        front_run(&f, dir.path, "out", cases[i].args);
        if (f.status != cases[i].status || !front_says(&f, cases[i].says))
            fail_msg("%s: status %d, %s", cases[i].promise, f.status, text_str(&f.out));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay_status_explain_refuse_with_a_sentence),
        cmocka_unit_test(test_replay_the_same_seed_decides_alike),
        cmocka_unit_test(test_contract_4_5_v2_changes_nothing_of_v1),
        cmocka_unit_test(test_replay_a_recorded_day_runs_to_its_end_with_trades),
        cmocka_unit_test(test_replay_keeps_files_that_status_and_explain_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

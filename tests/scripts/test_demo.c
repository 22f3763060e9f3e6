#include "tests/scripts/front.h"

#include <sys/stat.h>

#include "io/lock.h"
#include "scripts/view.h"
#include "tests/lib/tmpdir.h"

static const char *const LOCKS[] = {"state/supervisor.lock", "state/engine.lock",
                                    "state/uw_flow_daemon.lock"};

/* True if no process holds it. */
static bool
is_free(const char *root, const char *path)
{
    struct posix_locks posix;
    struct lock lock;
    struct err err = {0};

    assert_int_equal(locks_open(root, &posix, &err), RC_OK);
    struct locks locks = locks_seam(&posix);
    bool is = locks.acquire(locks.self, path, 0, &lock, &err) == RC_OK;
    if (is) locks.release(locks.self, &lock);
    locks_close(&posix);
    return is;
}

static bool
are_all_free(const char *root)
{
    for (size_t i = 0; i < COUNT_OF(LOCKS); i++)
        if (!is_free(root, LOCKS[i])) return false;
    return true;
}

/* Waits in real time, as a user would look again. */
static bool
await(bool (*is_so)(const char *root), const char *root, int seconds)
{
    for (int i = 0; i < seconds * 50; i++) {
        if (is_so(root)) return true;
        (void)usleep(20000);
    }
    return false;
}

static bool
has_heartbeat(const char *root)
{
    char path[PATH_MAX];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/logs/run.jsonl", root);
    return stat(path, &st) == 0 && st.st_size > 0;
}

/* ---- a day ---- */

static void
test_demo_a_day_ends_in_order(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *root = tmpdir_path(&dir, "root");
    const char *args[] = {"demo", "--speed", "2000", "--premarket", "--root", root, NULL};

    front_run(&f, dir.path, "out", args);
    front_expect(&f, f.status == 0);
    front_expect(&f, front_says(&f, "run-premarket-exit-intel: state/premarket_exit_intel.json"));
    front_expect(&f, front_says(&f, "2000x, seed 1"));
    front_expect(&f, front_says(&f, "ledger and book  equal to the cent"));
    front_expect(&f, front_says(&f, "restarts         supervisor 0, engine 0, daemon 0"));
    front_expect(&f, front_says(&f, root));
    front_expect(&f, are_all_free(root));
}

/* "…; 109 kills by the demo" */
static int64_t
kills_of(const struct front *f)
{
    const char *end = strstr(text_str(&f->out), " kills by the demo"), *at = end;
    char digits[24];
    int64_t n = 0;

    if (end == NULL) return 0;
    while (at > text_str(&f->out) && at[-1] >= '0' && at[-1] <= '9')
        at--;
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)(end - at), at);
    return str_to_i64(digits, &n) ? n : 0;
}

/* Engine, daemon and supervisor in turn, at moments drawn from the seed. */
static void
test_demo_survives_a_hundred_kills(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *root = tmpdir_path(&dir, "root");
    const char *args[] = {"demo", "--speed", "400", "--quiet", "--kill-every",
                          "0.3",  "--root",  root,  NULL};

    front_run(&f, dir.path, "out", args);
    front_expect(&f, f.status == 0);
    front_expect(&f, kills_of(&f) >= 100);
    front_expect(&f, front_says(&f, "equal to the cent, no order id used twice"));
    front_expect(&f, front_says(&f, "engine's death to its next cycle"));
    front_expect(&f, are_all_free(root));
}

static void
test_demo_an_interrupted_day_ends_in_order(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *root = tmpdir_path(&dir, "root");
    const char *args[] = {"demo", "--plain", "--root", root, NULL};

    front_start(&f, dir.path, "out", args);
    assert_true(await(has_heartbeat, root, 30));
    assert_int_equal(kill(f.pid, SIGINT), 0);
    front_wait(&f);
    front_expect(&f, f.status == 130);
    front_expect(&f, front_says(&f, "ended early"));
    front_expect(&f, front_says(&f, "equal to the cent"));
    front_expect(&f, are_all_free(root));
}

static void
test_demo_leaves_nothing_running_when_it_is_killed(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *root = tmpdir_path(&dir, "root");
    const char *args[] = {"demo", "--plain", "--root", root, NULL};

    front_start(&f, dir.path, "out", args);
    assert_true(await(has_heartbeat, root, 30));
    assert_int_equal(kill(f.pid, SIGKILL), 0);
    front_wait(&f);
    front_expect(&f, f.status == -SIGKILL);
    front_expect(&f, await(are_all_free, root, 20));
}

/* ---- a day that runs, seen from another terminal ---- */

static void
test_demo_status_of_a_running_day_is_healthy(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    CLEANUP(front_done) struct front s = {0};
    const char *root = tmpdir_path(&dir, "root");
    const char *args[] = {"demo", "--plain", "--root", root, NULL};
    const char *ask[] = {"status", "--root", root, NULL};

    front_start(&f, dir.path, "out", args);
    assert_true(await(has_heartbeat, root, 30));
    for (int i = 0; i < 100 && (i == 0 || s.status != 0); i++) { /* the first flow must have come */
        front_done(&s);
        front_run(&s, dir.path, "status", ask);
        (void)usleep(100000);
    }
    assert_int_equal(kill(f.pid, SIGTERM), 0);
    front_wait(&f);
    front_expect(&s, s.status == 0);
    front_expect(&s, front_says(&s, "a paced day: "));
    front_expect(&s, front_says(&s, "\nhealthy\n"));
    front_expect(&s, front_says(&s, "engine      running"));
    front_expect(&f, f.status == 130);
}

/* ---- what is refused ---- */

static void
test_demo_wrong_options_are_refused_with_a_sentence(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const struct {
        const char *promise;
        const char *args[6];
        int status;
        const char *says;
    } cases[] = {
        {"help",                 {"demo", "--help", NULL},               0, "Exit codes"         },
        {"unknown option",       {"demo", "--sped", "3", NULL},          2, "--sped: there is no"},
        {"value missing",        {"demo", "--speed", NULL},              2, "a value is missing" },
        {"speed too low",        {"demo", "--speed", "0", NULL},         2, "from 1 to 2000"     },
        {"speed too high",       {"demo", "--speed", "2001", NULL},      2, "from 1 to 2000"     },
        {"speed no number",      {"demo", "--speed", "fast", NULL},      2, "from 1 to 2000"     },
        {"no date",              {"demo", "--day", "2026-02-30", NULL},  2, "is not a date"      },
        {"flow without bars",    {"demo", "--flow", "x", NULL},          2, "--flow needs --bars"},
        {"fault unknown",        {"demo", "--faults", "sunspots", NULL}, 2, "sunspots"           },
        {"an argument",          {"demo", "today", NULL},                2, "today"              },
        {"a Saturday",           {"demo", "--day", "2026-01-31", NULL},  1, "is no trading day"  },
        {"bars that are absent",
         {"demo", "--bars", "/nonexistent/bars", NULL},
         1,                                                                 "/nonexistent/bars"  },
        {"root not to be made",  {"demo", "--root", "/proc/x/y", NULL},  1, "/proc/x/y"          },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(front_done) struct front f;

        front_run(&f, dir.path, "out", cases[i].args);
        if (f.status != cases[i].status || !front_says(&f, cases[i].says))
            fail_msg("%s: status %d, %s", cases[i].promise, f.status, text_str(&f.out));
    }
}

static void
test_demo_a_root_in_use_is_refused(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;
    const char *args[] = {"demo", "--root", dir.path, NULL};

    assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0700), 0);
    front_run(&f, dir.path, "out", args);
    front_expect(&f, f.status == 1);
    front_expect(&f, front_says(&f, "holds the files of an earlier run"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo_wrong_options_are_refused_with_a_sentence),
        cmocka_unit_test(test_demo_a_root_in_use_is_refused),
        cmocka_unit_test(test_demo_a_day_ends_in_order),
        cmocka_unit_test(test_demo_survives_a_hundred_kills),
        cmocka_unit_test(test_demo_an_interrupted_day_ends_in_order),
        cmocka_unit_test(test_demo_leaves_nothing_running_when_it_is_killed),
        cmocka_unit_test(test_demo_status_of_a_running_day_is_healthy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the ledger has acknowledged is still there after kill -9. */
#include "tests/state/ledger_file_bed.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- kill -9 --------------------------------------------------------------------------------- */

/* Adds rows and says on the pipe which were acknowledged, until it is killed. */
NORETURN static void
child(struct bed *b, int fd, int first)
{
    struct sql_ledger *l = NULL;

    if (ledger_open(&b->opt, &l, NULL) != RC_OK) _exit(2);
    struct ledger seam = ledger_seam(l);
    for (int i = first;; i++) {
        struct intent in = intent_of(i);
        struct fill f = fill_of(i);

        if (seam.add_intent(seam.self, &in, NULL) != RC_OK) _exit(3);
        in.state = INTENT_FILLED;
        if (seam.update_intent(seam.self, &in, NULL) != RC_OK) _exit(4);
        if (seam.add_fill(seam.self, &f, in.order.client_id, "fill", NULL, NULL) != RC_OK) _exit(5);
        if (write(fd, &i, sizeof(i)) != sizeof(i)) _exit(6);
    }
}

/* The last number the child acknowledged; -1 for none. */
static int
kill_after(struct bed *b, int first, int acknowledged, int delay_us)
{
    int ends[2], last = -1, got = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        child(b, ends[1], first);
    }
    (void)close(ends[1]);
    while (got < acknowledged && read(ends[0], &last, sizeof(last)) == (ssize_t)sizeof(last))
        got++;
    if (got < acknowledged) fail_msg("the child ended by itself");
    (void)usleep((useconds_t)delay_us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    while (read(ends[0], &last, sizeof(last)) == (ssize_t)sizeof(last)) {
    }
    (void)close(ends[0]);
    return last;
}

static void
test_ledger_keeps_every_acknowledged_row_over_kill_9(void **state)
{
    struct bed *b = *state;
    struct rng r;
    int next = 0;

    rng_init(&r, 9);
    print_message("seed 9\n");
    for (int run = 0; run < 60; run++) {
        int last = kill_after(b, next, (int)rng_below(&r, 12), (int)rng_below(&r, 3000));
        struct fills fills;
        struct intents intents;

        open_it(b);
        assert_false(ledger_was_rebuilt(b->sql));
        assert_int_equal(b->seam.fills_since(b->seam.self, WHEN_NONE, &b->arena, &fills, NULL),
                         RC_OK);
        assert_int_equal(b->seam.intents_since(b->seam.self, WHEN_NONE, &b->arena, &intents, NULL),
                         RC_OK);
        if ((int)fills.len < last + 1 || (int)intents.len < last + 1)
            fail_msg("run %d: acknowledged up to %d, there are %zu fills and %zu intents", run,
                     last, fills.len, intents.len);
        /* Nothing half done either: rows are complete and in order, at most one intent is ahead. */
        for (size_t i = 0; i < fills.len; i++) {
            struct fill want = fill_of((int)i);

            assert_string_equal(fills.fill[i].fill_id, want.fill_id);
            assert_int_equal(ledger_check_same_fill(&fills.fill[i], &want, NULL), RC_OK);
            assert_int_equal(intents.intent[i].state, INTENT_FILLED);
        }
        assert_true(intents.len - fills.len <= 1);
        assert_int_equal(shares(b), (int64_t)fills.len);
        assert_int_equal(ledger_audit(b->sql, NULL), RC_OK);
        next = (int)intents.len;
        if (intents.len > fills.len) { /* goes on where the child was killed */
            struct fill f = fill_of(next - 1);
            struct intent in = intent_of(next - 1);

            in.state = INTENT_FILLED;
            assert_int_equal(b->seam.update_intent(b->seam.self, &in, NULL), RC_OK);
            assert_int_equal(b->seam.add_fill(b->seam.self, &f, "", "fill", NULL, NULL), RC_OK);
        }
        close_it(b);
        arena_reset(&b->arena);
    }
    assert_int_equal(b->log.len, 0);
}

/* Killed at any moment of its very first start, or of a rebuild: the next start works, a loss is
 * never forgotten. */
static void
test_ledger_start_is_killed_at_random(void **state)
{
    struct rng r;

    (void)state;
    rng_init(&r, 11);
    print_message("seed 11\n");
    for (int run = 0; run < 60; run++) {
        struct bed *b = NULL;
        bool is_bad = rng_chance(&r, 0.5);

        assert_int_equal(set_up((void **)&b), 0);
        if (is_bad) test_write(&b->root, LEDGER_PATH, "bad bytes", 9);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct sql_ledger *l = NULL;

            _exit(ledger_open(&b->opt, &l, NULL) == RC_OK ? 0 : 1);
        }
        (void)usleep((useconds_t)rng_below(&r, 20000));
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        open_it(b);
        if (is_bad && !ledger_was_rebuilt(b->sql)) fail_msg("run %d: the loss was forgotten", run);
        if (is_bad && test_count(&b->root, "state", "ledger.db.corrupted.") == 0)
            fail_msg("run %d: nothing was kept", run);
        add_rows(b, 0, 2);
        assert_int_equal(shares(b), 2);
        tear_down((void **)&b);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ledger_keeps_every_acknowledged_row_over_kill_9),
        cmocka_unit_test(test_ledger_start_is_killed_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

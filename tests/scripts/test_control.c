/*
 * `stockbot halt`, `resume`, `freeze`, `unfreeze` as an operator types them.
 */
#include <sys/stat.h>

#include "scripts/command.h"
#include "strategy/control.h"
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

/* words end with NULL; --root is added. */
static struct ran
say(const struct tmpdir *dir, int (*command)(int argc, char **argv), const char *const *words)
{
    const char *args[16] = {"it", "--root", dir->path};
    size_t n = 3;

    for (; words[n - 3] != NULL; n++)
        args[n] = words[n - 3];
    return run_command(command, args, NULL);
}

#define SAY(dir, command, ...) say((dir), (command), (const char *const[]){__VA_ARGS__, NULL})

static void
expect(struct ran r, int status, const char *out_part, const char *err_part)
{
    run_expect(&r, status, out_part, err_part);
    ran_free(&r);
}

static void
file_says(const struct tmpdir *dir, const char *path, const char *words)
{
    CLEANUP(text_free) struct text bytes = tmpdir_read(dir, path);

    if (strstr(text_str(&bytes), words) == NULL) fail_msg("%s: %s", words, text_str(&bytes));
}

static void
test_control_orders_stand_in_the_file_and_among_the_events(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    expect(SAY(&dir, cmd_halt, "--reason", "the Fed speaks", "--who", "Jane"), 0, "halted (all)",
           "");
    file_says(&dir, CONTROL_PATH,
              "\"halt\":{\"level\":\"all\",\"reason\":\"the Fed speaks\","
              "\"who\":\"Jane\",\"at\":\"2");
    file_says(&dir, "logs/system_events.jsonl",
              "\"event_type\":\"halt\",\"severity\":\"CRITICAL\",\"details\":{\"level\":\"all\","
              "\"reason\":\"the Fed speaks\",\"who\":\"Jane\"}");
    expect(SAY(&dir, cmd_halt, "--flat", "--reason", "enough"), 0, "every position is closed", "");
    expect(SAY(&dir, cmd_freeze, "nvda", "--reason", "earnings"), 0, "no entry in NVDA", "");
    expect(SAY(&dir, cmd_status, "--json"), 1,
           "\"operator_control\":{\"schema_version\":1,"
           "\"halt\":{\"level\":\"flat\"",
           "");
    expect(SAY(&dir, cmd_resume, "--who", "Jane"), 0, "frozen is NVDA", "");
    expect(SAY(&dir, cmd_resume, "--who", "Jane"), 0, "there was no halt", "");
    expect(SAY(&dir, cmd_unfreeze, "NVDA", "--json"), 0, "\"halt\":null,\"frozen\":{}}", "");
    expect(SAY(&dir, cmd_unfreeze, "NVDA"), 0, "was not frozen", "");
    file_says(&dir, "logs/system_events.jsonl", "\"unfreeze_symbol\"");
}

static void
test_control_resume_names_the_freezes_that_stay(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    expect(SAY(&dir, cmd_halt, "--exits-only", "--reason", "x"), 0, "halted (exits_only)", "");
    tmpdir_write(&dir, "state/governor_freezes.json",
                 "{\"by_hand\":true,\"over\":{\"active\":false}}");
    expect(SAY(&dir, cmd_resume, "--who", "Jane"), 0, "entries stay off: by_hand", "");
}

static void
test_control_keeps_a_halt_that_was_damaged(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    (void)mkdir(tmpdir_path(&dir, "state"), 0750);
    tmpdir_write(&dir, CONTROL_PATH, "{\"halt\":{\"lev");
    expect(SAY(&dir, cmd_status, "--json"), 1, "\"halt\":{\"level\":\"exits_only\"", "");
    expect(SAY(&dir, cmd_freeze, "NVDA", "--reason", "x"), 0, "a halt stands: exits_only", "");
    file_says(&dir, CONTROL_PATH, "was damaged");
    assert_int_equal(tmpdir_count(&dir, "state"), 3); /* file, evidence, lock */
    expect(SAY(&dir, cmd_resume, "--who", "Jane"), 0, "resumed", "");
}

static void
test_control_refuses_what_it_cannot_mean(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    expect(SAY(&dir, cmd_halt, "--flat"), 2, "", "wants --reason TEXT");
    expect(SAY(&dir, cmd_halt, "--flat", "--exits-only", "--reason", "x"), 2, "", "exclude");
    expect(SAY(&dir, cmd_halt, "now", "--reason", "x"), 2, "", "takes no argument");
    expect(SAY(&dir, cmd_halt, "--reason", ""), 2, "", "the reason is empty");
    expect(SAY(&dir, cmd_resume, "--flat"), 2, "", "no such option");
    expect(SAY(&dir, cmd_freeze, "--reason", "x"), 2, "", "wants one SYMBOL");
    expect(SAY(&dir, cmd_freeze, "NOT.A.SYMBOL.AT.ALL", "--reason", "x"), 2, "", "is no symbol");
    expect(SAY(&dir, cmd_halt, "--reasons"), 2, "", "--reasons");
    expect(SAY(&dir, cmd_halt, "--help"), 0, "usage: stockbot halt", "");
    assert_int_equal(tmpdir_count(&dir, "state"), 1); /* the lock */
    const char *const nowhere[] = {"halt",     "--root", tmpdir_path(&dir, "nowhere"),
                                   "--reason", "x",      NULL};
    expect(run_command(cmd_halt, nowhere, NULL), 1, "", "there is no root");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_orders_stand_in_the_file_and_among_the_events),
        cmocka_unit_test(test_control_resume_names_the_freezes_that_stay),
        cmocka_unit_test(test_control_keeps_a_halt_that_was_damaged),
        cmocka_unit_test(test_control_refuses_what_it_cannot_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

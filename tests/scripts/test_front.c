/* What the front door owes to every command: wrong words are named, lost output is no success. */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/front.h"

/* The names that the help of stockbot lists. */
static size_t
commands(const struct tmpdir *dir, char (*ret_names)[64], size_t max)
{
    const char *args[] = {"--help", NULL};
    CLEANUP(front_done) struct front f;
    size_t n = 0;

    front_run(&f, dir->path, "help", args);
    front_expect(&f, f.status == 0);
    for (const char *at = text_str(&f.out); (at = strstr(at, "\n  ")) != NULL;) {
        at += strlen("\n  ");
        size_t len = strcspn(at, " \n");
        if (at[0] < 'a' || at[0] > 'z' || len >= sizeof ret_names[0]) continue;
        assert_true(n < max);
        memcpy(ret_names[n], at, len);
        ret_names[n++][len] = '\0';
    }
    assert_true(n > 40);
    return n;
}

static void
test_front_names_the_word_it_does_not_know(void **state)
{
    (void)state;
    static const struct {
        const char *word, *why;
    } cases[] = {
        {"--no-such", "--no-such: there is no such option"},
        {"-xy",       "-x: there is no such option"       },
        {"--help=1",  "--help=1: no value is taken"       },
        {"--root",    "--root: a value is missing"        },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char names[64][64];
    size_t len = commands(&dir, names, COUNT_OF(names));

    for (size_t i = 0; i < len; i++) {
        if (str_eq(names[i], "uw") || str_eq(names[i], "calc")) continue; /* read words first */
        for (size_t k = 0; k < COUNT_OF(cases); k++) {
            const char *args[] = {names[i], cases[k].word, NULL};
            CLEANUP(text_free) struct text program = {0};
            CLEANUP(front_done) struct front f;

            text_printf(&program, "stockbot %s: ", names[i]);
            front_run(&f, dir.path, "out", args);
            front_expect(&f, f.status == 2 || f.status == 64);
            front_expect(&f, front_says(&f, cases[k].why));
            front_expect(&f, front_says(&f, text_str(&program)));
        }
    }
}

/* Standard output is a disk without room. */
static int
status_on_full_disk(const char *const *args, const char *err_path)
{
    const char *argv[8] = {front_program()};
    int status = 0;

    for (size_t i = 0; args[i] != NULL; i++)
        argv[i + 1] = args[i];
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int full = open("/dev/full", O_WRONLY);
        int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        if (full < 0 || err < 0 || dup2(full, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
            _exit(126);
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
test_front_ends_with_1_when_its_output_is_lost(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *root = tmpdir_path(&dir, "root"), *err_path = tmpdir_path(&dir, "err");
    static const char *const cases[][3] = {
        {"--help",              NULL,        NULL},
        {"--links",             NULL,        NULL},
        {"config",              "show",      NULL},
        {"uw",                  "endpoints", NULL},
        {"ledger",              "--help",    NULL},
        {"run-regime-detector", "--json",    NULL},
        {"uw",                  "budget",    NULL},
        {"run-intel-dashboard", NULL,        NULL},
    };

    (void)setenv("STOCKBOT_ROOT", root, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text err = {0};
        int status = status_on_full_disk(cases[i], err_path);

        check_read_file(err_path, &err);
        if (status != 1 || strstr(text_str(&err), "standard output: ") == NULL)
            fail_msg("%s: status %d, %s", cases[i][0], status, text_str(&err));
    }
    (void)unsetenv("STOCKBOT_ROOT");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front_names_the_word_it_does_not_know),
        cmocka_unit_test(test_front_ends_with_1_when_its_output_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

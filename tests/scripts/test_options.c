#include "tests/scripts/manual.h"
#include "tests/scripts/run.h"

#include <dirent.h>
#include <getopt.h>
#include <limits.h>

#include "scripts/command.h"

/* ---- who they are -------------------------------------------------------------------------- */

struct subject {
    const char *name; /* as the help of stockbot has it */
    const char *part; /* of uw */
    int (*run)(int argc, char **argv);
    const char *page, *word; /* and what its synopsis calls it there */
};

static const struct subject COMMANDS[] = {
    {"demo",      NULL,        cmd_demo,      "stockbot.1",     "demo"     },
    {"status",    NULL,        cmd_status,    "stockbot.1",     "status"   },
    {"explain",   NULL,        cmd_explain,   "stockbot.1",     "explain"  },
    {"shadow",    NULL,        cmd_shadow,    "stockbot.1",     "shadow"   },
    {"replay",    NULL,        cmd_replay,    "stockbot.1",     "replay"   },
    {"day",       NULL,        cmd_day,       "stockbot-day.1", "day"      },
    {"halt",      NULL,        cmd_halt,      "stockbot.1",     "halt"     },
    {"resume",    NULL,        cmd_resume,    "stockbot.1",     "resume"   },
    {"freeze",    NULL,        cmd_freeze,    "stockbot.1",     "freeze"   },
    {"unfreeze",  NULL,        cmd_unfreeze,  "stockbot.1",     "unfreeze" },
    {"ledger",    NULL,        cmd_ledger,    "stockbot.1",     "ledger"   },
    {"orders",    NULL,        cmd_orders,    "stockbot.1",     "orders"   },
    {"reconcile", NULL,        cmd_reconcile, "stockbot.1",     "reconcile"},
    {"uw",        "get",       cmd_uw,        "stockbot-uw.1",  "get"      },
    {"uw",        "budget",    cmd_uw,        "stockbot-uw.1",  "budget"   },
    {"uw",        "drift",     cmd_uw,        "stockbot-uw.1",  "drift"    },
    {"uw",        "endpoints", cmd_uw,        "stockbot-uw.1",  "endpoints"},
    {"config",    NULL,        cmd_config,    "stockbot.1",     "config"   },
};

static const struct subject RUNNERS[] = {
#define RUNNER(name, link, summary) {name, NULL, cmd_##link, #link ".1", #link},
#include "scripts/runners.def"
#undef RUNNER
};

enum { SUBJECTS = COUNT_OF(COMMANDS) + COUNT_OF(RUNNERS) };

static const struct subject *
subject_at(size_t i)
{
    return i < COUNT_OF(COMMANDS) ? &COMMANDS[i] : &RUNNERS[i - COUNT_OF(COMMANDS)];
}

static const char *const PROGRAMS[] = {"trading_engine.8", "deploy_supervisor.8",
                                       "uw_flow_daemon.8", "market_sim.1"};

static int failures; /* of the test that runs; said all at once */

static void
begin(void)
{
    failures = 0;
}

static void
finish(void)
{
    if (failures > 0) fail_msg("%d of them", failures);
}

/* Names the options that one list has and the other has not. */
static void
expect_in(const struct names *all, const struct names *in, const char *who, const char *what)
{
    for (size_t i = 0; i < all->len; i++) {
        if (names_have(in, all->name[i])) continue;
        print_error("%s: --%s %s\n", who, all->name[i], what);
        failures++;
    }
}

/* ---- what they take ------------------------------------------------------------------------ */

static int table_fd = -1; /* where a command's table of options is wanted */

/* Stands before the C library's own: a command that reads its arguments tells what it would take,
 * and ends. */
int
getopt_long(int argc, char *const *argv, const char *optstring, const struct option *longopts,
            int *longindex)
{
    (void)argc, (void)argv, (void)optstring, (void)longindex;
    for (const struct option *o = longopts; o->name != NULL; o++)
        (void)dprintf(table_fd, "--%s\n", o->name);
    _exit(0);
}

static struct names
accepted(const struct subject *s)
{
    char words[2][64] = {"", ""}, buf[4096];
    char *argv[] = {words[0], NULL, NULL};
    struct names n = {0};
    size_t len = 0;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    (void)str_copy(words[0], sizeof words[0], s->name);
    if (s->part != NULL) {
        (void)str_copy(words[1], sizeof words[1], s->part);
        argv[1] = words[1];
    }
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        table_fd = fds[1];
        (void)s->run(s->part != NULL ? 2 : 1, argv);
        _exit(3);
    }
    (void)close(fds[1]);
    for (ssize_t got = 0; (got = read(fds[0], buf + len, sizeof buf - 1 - len)) > 0;)
        len += (size_t)got;
    buf[len] = '\0';
    (void)close(fds[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s does not read its options", s->name);
    names_after(&n, buf, "--");
    return n;
}

/* ---- programs as they are run -------------------------------------------------------------- */

static struct ran
run_program(const char *program, const char *const *args)
{
    const char *build = getenv("STOCKBOT_BUILD");
    char path[PATH_MAX];
    const char *argv[RUN_ARGS_MAX] = {path};
    FILE *out = tmpfile(), *err = tmpfile();
    struct ran r = {0};
    int status = 0;

    assert_true(out != NULL && err != NULL);
    (void)snprintf(path, sizeof path, "%s/%s", build != NULL && build[0] != '\0' ? build : "build",
                   program);
    for (size_t i = 0; args[i] != NULL; i++)
        argv[i + 1] = args[i];
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (dup2(fileno(out), STDOUT_FILENO) < 0 || dup2(fileno(err), STDERR_FILENO) < 0) _exit(98);
        (void)execv(path, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    run_read(out, &r.out);
    run_read(err, &r.err);
    if (r.status == 127) fail_msg("%s cannot be run", path);
    return r;
}

static struct names
help_of(const struct subject *s)
{
    const char *args[] = {s->name, "--help", NULL, NULL};
    char whole[96];

    if (s->part != NULL) args[1] = s->part, args[2] = "--help";
    (void)snprintf(whole, sizeof whole, "stockbot %s%s%s", s->name, s->part != NULL ? " " : "",
                   s->part != NULL ? s->part : "");
    CLEANUP(ran_free) struct ran r = run_program("stockbot", args);
    run_expect(&r, EXIT_DONE, whole, "");
    return help_names(text_str(&r.out), whole);
}

/* Every name that any of the programs has in its table. */
static struct names
names_of_sources(void)
{
    static const char *const tables[] = {"engine/main.c", "supervisor/main.c", "uwclient/main.c",
                                         "sim/options.c"};
    CLEANUP(text_free) struct text all = {0};
    struct names n = {0};

    for (size_t i = 0; i < COUNT_OF(tables); i++)
        check_read_file(tables[i], &all);
    for (const char *at = text_str(&all); (at = strstr(at, "_argument")) != NULL; at++) {
        const char *row = at;
        char name[NAME_MAX_LEN];

        while (row > text_str(&all) && *row != '{')
            row--;
        if (row[1] != '"') continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(row + 2, "\""), row + 2);
        names_add(&n, name);
    }
    return n;
}

/* A program is asked for each name; an unknown option behind keeps it from beginning its work. */
static struct names
accepted_by(const char *program, const struct names *candidates)
{
    struct names n = {0};

    for (size_t i = 0; i < candidates->len; i++) {
        char option[64], sentence[96];
        const char *args[] = {option, "--zz", "--zz", NULL};

        (void)snprintf(option, sizeof option, "--%s", candidates->name[i]);
        (void)snprintf(sentence, sizeof sentence, "%s", option);
        CLEANUP(ran_free) struct ran r = run_program(program, args);
        char *first = strstr(text_str(&r.err), option);
        const char *line_end_at = strchr(text_str(&r.err), '\n');
        bool is_refused = first != NULL && line_end_at != NULL && first < line_end_at &&
                          strstr(first, "--zz") != first &&
                          strstr(text_str(&r.err), "--zz") == NULL;
        if (!is_refused) names_add(&n, candidates->name[i]);
    }
    return n;
}

/* ---- the promises -------------------------------------------------------------------------- */

static void
compare(const char *who, const struct names *help, const struct names *taken,
        const struct names *manual)
{
    struct names plain = *manual;

    names_add(&plain, "help"); /* every command has it, says stockbot(1) */
    expect_in(help, taken, who, "is in --help, and not accepted");
    expect_in(taken, help, who, "is accepted, and not in --help");
    expect_in(manual, taken, who, "is in the manual, and not accepted");
    expect_in(taken, &plain, who, "is accepted, and not in the synopsis of the manual");
}

static void
test_options_of_commands_are_those_of_help_and_manual(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < SUBJECTS; i++) {
        const struct subject *s = subject_at(i);
        CLEANUP(page_done) struct page page;
        struct names help = help_of(s), taken = accepted(s), manual;
        char who[96];

        (void)snprintf(who, sizeof who, "%s %s", s->name, s->part != NULL ? s->part : "");
        if (!page_load(&page, s->page)) {
            print_error("%s has no page docs/man/%s\n", who, s->page);
            failures++;
            continue;
        }
        manual = page_synopsis(&page, s->word);
        compare(who, &help, &taken, &manual);
    }
    finish();
}

static void
test_options_of_programs_are_those_of_help_and_manual(void **state)
{
    (void)state;
    const char *args[] = {"--help", NULL};
    struct names candidates = names_of_sources();

    begin();
    assert_true(candidates.len > 15);
    for (size_t i = 0; i < COUNT_OF(PROGRAMS); i++) {
        CLEANUP(page_done) struct page page;
        char program[64];

        (void)snprintf(program, sizeof program, "%.*s", (int)strcspn(PROGRAMS[i], "."),
                       PROGRAMS[i]);
        CLEANUP(ran_free) struct ran r = run_program(program, args);
        run_expect(&r, EXIT_DONE, program, "");
        struct names help = help_names(text_str(&r.out), program);
        assert_true(page_load(&page, PROGRAMS[i]));
        struct names manual = page_synopsis(&page, program);
        struct names taken = accepted_by(program, &candidates);
        compare(program, &help, &taken, &manual);
    }
    finish();
}

/* Every option of a synopsis is described, there or in the page it refers to for the rest; and
 * nothing is described that no synopsis has. */
static void
test_options_of_the_manual_are_described(void **state)
{
    (void)state;
    CLEANUP(page_done) struct page front;
    struct dirent *entry = NULL;
    DIR *dir = opendir("docs/man");

    begin();
    assert_non_null(dir);
    assert_true(page_load(&front, "stockbot.1"));
    struct names common = page_described(&front);
    while ((entry = readdir(dir)) != NULL) {
        CLEANUP(page_done) struct page page;

        if (!str_ends(entry->d_name, ".1") && !str_ends(entry->d_name, ".8")) continue;
        if (!page_load(&page, entry->d_name)) fail_msg("%s leads nowhere", entry->d_name);
        struct names shown = page_synopsis(&page, NULL), told = page_described(&page);
        expect_in(&told, &shown, entry->d_name, "is described, and in no synopsis");
        if (strstr(text_str(&page.text), ".Xr stockbot 1") != NULL)
            for (size_t i = 0; i < common.len; i++)
                names_add(&told, common.name[i]);
        expect_in(&shown, &told, entry->d_name, "is in the synopsis, and not described");
    }
    (void)closedir(dir);
    finish();
}

/* The front page of stockbot: its own options, and no command without a subject here. */
static void
test_options_of_the_front_door(void **state)
{
    (void)state;
    const char *args[] = {"--help", NULL};
    CLEANUP(ran_free) struct ran r = run_program("stockbot", args);
    CLEANUP(page_done) struct page page;
    const char *at = text_str(&r.out);
    char line[256];

    begin();
    assert_true(page_load(&page, "stockbot.1"));
    struct names manual = page_synopsis(&page, NULL), own = {0};
    names_after(&own, at, "--");
    expect_in(&own, &manual, "stockbot", "is in --help, and not in the manual");
    assert_true(names_have(&own, "version") && names_have(&own, "links"));
    while (next_line(&at, line, sizeof line)) {
        char name[64];
        bool is_known = false;

        if (line[0] != ' ' || line[1] != ' ' || line[2] == ' ' || line[2] == '-') continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(line + 2, " "), line + 2);
        for (size_t i = 0; i < SUBJECTS; i++)
            is_known = is_known || str_eq(subject_at(i)->name, name);
        if (is_known || str_eq(name, "calc")) continue; /* reads its arguments itself */
        print_error("stockbot %s is not looked at by this test\n", name);
        failures++;
    }
    finish();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_of_commands_are_those_of_help_and_manual),
        cmocka_unit_test(test_options_of_programs_are_those_of_help_and_manual),
        cmocka_unit_test(test_options_of_the_manual_are_described),
        cmocka_unit_test(test_options_of_the_front_door),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

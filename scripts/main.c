#include <errno.h>

#include "base/text.h"
#include "base/version.h"
#include "scripts/calc/calc.h"
#include "scripts/command.h"

static const struct command COMMANDS[] = {
    {"demo",      NULL, "a trading day on the embedded simulator, live on the screen",   cmd_demo     },
    {"status",    NULL, "what runs, how it is, what it holds",                           cmd_status   },
    {"explain",   NULL, "why a symbol was traded, or was not",                           cmd_explain  },
    {"shadow",    NULL, "what v2 holds on paper, what it decided last and why",          cmd_shadow   },
    {"replay",    NULL, "a whole day inside one process, as fast as it can be computed", cmd_replay   },
    {"day",       NULL, "the programs of a trading day in their order",                  cmd_day      },
    {"halt",      NULL, "stop entries, exits too, or close everything",                  cmd_halt     },
    {"resume",    NULL, "take the halt back",                                            cmd_resume   },
    {"freeze",    NULL, "no entry in a symbol",                                          cmd_freeze   },
    {"unfreeze",  NULL, "take that back",                                                cmd_unfreeze },
    {"ledger",    NULL, "the executions, and what they brought",                         cmd_ledger   },
    {"orders",    NULL, "what was to be sent, and what became of it",                    cmd_orders   },
    {"reconcile", NULL, "the ledger against the broker, without a change",               cmd_reconcile},
    {"uw",        NULL, "Unusual Whales: ask, budget, drift, endpoints",                 cmd_uw       },
    {"config",    NULL, "show and check the settings",                                   cmd_config   },
    {"calc",      NULL, "one pure computation by name, JSON lines in and out",           cmd_calc     },
};

/* The contract's runners: name, and the link under which the contract knows it. */
static const struct command RUNNERS[] = {
#define RUNNER(name, link, summary) {name, #link, summary, cmd_##link},
#include "scripts/runners.def"
#undef RUNNER
};

int
cmd_calc(int argc, char **argv)
{
    return calc_main(argc, argv, stdin, stdout, stderr);
}

static void
usage(FILE *to)
{
    (void)fprintf(to, "usage: stockbot COMMAND [options]\n"
                      "       stockbot --help | --version\n"
                      "       stockbot --links   the names that `make install` links to it\n\n");
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++)
        (void)fprintf(to, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    (void)fprintf(to, "\nrunners:\n");
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++)
        (void)fprintf(to, "  %-30s %s\n", RUNNERS[i].name, RUNNERS[i].summary);
    (void)fprintf(
        to, "\n`stockbot COMMAND --help` tells more; `stockbot run NAME` runs a runner, too.\n"
            "Exit codes: 0 done; 1 not done, or the answer is no; 2 wrong usage; 78 the "
            "configuration\ncannot be used. Runners have 64 for wrong usage, 75 while another "
            "run goes on.\n");
}

static const struct command *
command_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++)
        if (str_eq(COMMANDS[i].name, name)) return &COMMANDS[i];
    for (size_t i = 0; i < COUNT_OF(RUNNERS); i++)
        if (str_eq(RUNNERS[i].name, name) || str_eq(RUNNERS[i].link, name)) return &RUNNERS[i];
    return NULL;
}

/* The status, unless what was printed did not get out: a list that is cut off must not look whole.
 */
static int
printed(int status)
{
    bool is_flushed = fflush(stdout) == 0;

    if (is_flushed && ferror(stdout) == 0) return status;
    (void)fprintf(stderr, "stockbot: standard output: %s\n",
                  is_flushed ? "could not be written" : strerror(errno));
    return status == EXIT_DONE ? EXIT_FAILED : status;
}

static int
front_door(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *called = argc == 0 ? "stockbot" : slash != NULL ? slash + 1 : argv[0];
    const struct command *c = command_find(called);

    if (c != NULL) return c->run(argc, argv); /* called through a link of the command's name */
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (str_eq(argv[1], "--help") || str_eq(argv[1], "help")) {
        usage(stdout);
        return EXIT_DONE;
    }
    if (str_eq(argv[1], "--version")) {
        (void)printf("stockbot %s\n", STOCKBOT_VERSION);
        return EXIT_DONE;
    }
    if (str_eq(argv[1], "--links")) { /* deploy/install makes them */
        for (size_t i = 0; i < COUNT_OF(RUNNERS); i++)
            (void)printf("%s\n", RUNNERS[i].link);
        return EXIT_DONE;
    }
    if (str_eq(argv[1], "run") && argc == 2) {
        (void)fprintf(stderr, "stockbot run: NAME is wanted; stockbot --help lists the runners\n");
        return EXIT_USAGE;
    }
    if (str_eq(argv[1], "run")) { /* "run NAME" is NAME */
        argc--;
        argv++;
    }
    c = command_find(argv[1]);
    if (c != NULL) return c->run(argc - 1, argv + 1);
    (void)fprintf(stderr, "stockbot: there is no command %s; see stockbot --help\n", argv[1]);
    return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
    return printed(front_door(argc, argv));
}

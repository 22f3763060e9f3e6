#include "scripts/command.h"
#include "scripts/show/explain.h"

static const char HELP[] =
    "usage: stockbot explain SYMBOL [--root DIR] [--config FILE] [--json] [--help]\n"
    "\n"
    "Why a symbol was traded, or was not: the gates that refused it with the number and the\n"
    "threshold, its score with every component, freezes and quarantines, the position with its\n"
    "distances to stop and target, the day's orders, the last closed trades with their reasons.\n"
    "\n"
    "From files alone. The score is computed anew from the flow cache; prices are the last ones\n"
    "that any file tells.\n"
    "\n"
    "Exit codes: 0 explained; 1 nothing is known of the symbol, or the root cannot be read; 2 "
    "wrong\n"
    "usage; 78 the configuration cannot be used.\n";

static int
explain(struct look *l, const char *symbol, bool json)
{
    static struct explain x; /* large; one a process */
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};

    bool is_known = explain_read(l, symbol, &x);
    if (!is_known) {
        (void)fprintf(stderr, "stockbot explain: nothing is known of %s at %s%s\n", symbol,
                      l->cfg.root,
                      x.is_configured ? " yet" : ", and it is none of the configured symbols");
    } else if (json) {
        explain_write(&x, &o);
        (void)printf("%s\n", text_str(&text));
    } else {
        explain_print(l, &x);
    }
    explain_done(&x);
    return is_known ? EXIT_DONE : EXIT_FAILED;
}

int
cmd_explain(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS, {NULL, 0, NULL, 0}
    };
    struct common_args args = {0};
    struct look look;
    char symbol[SYMBOL_MAX];
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1)
        if (!common_args_take(&args, option)) return args_refused("explain", argv, option);
    if (args.help || optind + 1 != argc) {
        (void)fputs(HELP, args.help ? stdout : stderr);
        return args.help ? EXIT_DONE : EXIT_USAGE;
    }
    if (!symbol_set(symbol, argv[optind])) {
        (void)fprintf(stderr, "stockbot explain: %s is no symbol\n", argv[optind]);
        return EXIT_USAGE;
    }
    int status = look_open("explain", &args, &look);
    if (status == EXIT_DONE) status = explain(&look, symbol, args.json);
    look_close(&look);
    return status;
}

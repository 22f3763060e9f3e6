#include "scripts/command.h"
#include "scripts/show/shadow_look.h"

static const char HELP[] =
    "usage: stockbot shadow [--symbol SYMBOL] [--root DIR] [--config FILE] [--json] [--help]\n"
    "\n"
    "The shadow: what v2 holds on paper, what it earned, what it decided last and why. Of every\n"
    "position: P&L, score at the entry and now, the way to profit target and stop, and what the\n"
    "exit rules say of it. From files alone, nothing is written.\n"
    "\n"
    "  --symbol SYMBOL  that symbol alone, with every look at it\n"
    "\n"
    "Exit codes: 0 shown; 1 the shadow has left nothing there, or its positions cannot be read; 2\n"
    "wrong usage; 78 the configuration cannot be used.\n";

enum { OPT_SYMBOL = 2000 };

static int
show(struct look *l, const char *symbol, bool is_json)
{
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    struct shadow_look s;
    bool has_any = shadow_look_open(l, symbol, &s);
    bool is_damaged = s.positions_file == SHADOW_FILE_DAMAGED;

    if (!has_any) {
        (void)fprintf(stderr, "stockbot shadow: the shadow has left nothing at %s yet\n",
                      l->cfg.root);
    } else if (is_json) {
        shadow_look_write(&s, &o);
        (void)printf("%s\n", text_str(&text));
    } else {
        shadow_look_print(&s);
    }
    shadow_look_done(&s);
    return has_any && !is_damaged ? EXIT_DONE : EXIT_FAILED;
}

int
cmd_shadow(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"symbol", required_argument, NULL, OPT_SYMBOL},
        COMMON_OPTIONS, {NULL,     0,                 NULL, 0         }
    };
    struct common_args args = {0};
    struct look look;
    char symbol[SYMBOL_MAX] = "";
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == OPT_SYMBOL && !symbol_set(symbol, optarg)) {
            (void)fprintf(stderr, "stockbot shadow: %s is no symbol\n", optarg);
            return EXIT_USAGE;
        }
        if (option != OPT_SYMBOL && !common_args_take(&args, option))
            return args_refused("shadow", argv, option);
    }
    if (args.help || optind < argc) {
        (void)fputs(HELP, args.help ? stdout : stderr);
        return args.help ? EXIT_DONE : EXIT_USAGE;
    }
    int status = look_open("shadow", &args, &look);
    if (status == EXIT_DONE) status = show(&look, symbol[0] != '\0' ? symbol : NULL, args.json);
    look_close(&look);
    return status;
}

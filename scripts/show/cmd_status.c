#include <stdarg.h>

#include "scripts/command.h"
#include "scripts/show/status.h"

static const char HELP[] =
    "usage: stockbot status [--root DIR] [--config FILE] [--json] [--help]\n"
    "\n"
    "What runs on a root, how it is and what it holds, from its files alone: nothing is asked of\n"
    "broker or vendor, nothing is written.\n"
    "\n"
    "Healthy means: supervisor, engine and flow daemon run, the heartbeat and the cycle log are\n"
    "fresh, the flow cache and the ledger can be read, and the last cycle had no errors. A lower\n"
    "rung is shown, and is no illness: the engine says why it stepped down.\n"
    "\n"
    "Exit codes: 0 healthy; 1 not, and the first lines say what is missing; 2 wrong usage; 78 the\n"
    "configuration cannot be used.\n";

#define FRESH_NS        (180 * NS_PER_S) /* spec 10 R1.36 */
#define FRESH_INTERVALS 3

static void PRINTF_LIKE(2, 3) missing(struct text *why, const char *fmt, ...)
{
    char words[STATUS_WORDS];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    text_printf(why, "%s%s", why->len > 0 ? "; " : "", words);
}

static void
judge_age(struct text *why, const char *what, int64_t at_ns, int64_t now_ns, int64_t limit_ns)
{
    char age[32];

    if (at_ns == WHEN_NONE)
        missing(why, "%s: there is none", what);
    else if (now_ns - at_ns > limit_ns)
        missing(why, "%s: %s old", what,
                view_age((double)(now_ns - at_ns) / (double)NS_PER_S, age));
}

/* Contract 8, condition by condition. */
void
status_judge(const struct look *l, const struct status *s, struct text *ret_why)
{
    int64_t limit_ns = MAX(FRESH_NS, FRESH_INTERVALS * l->cfg.engine.run_interval_s * NS_PER_S);

    if (l->day == LOOK_OVER && s->supervisor.pid == 0 && s->engine.pid == 0) {
        missing(ret_why, "the day is over, nothing runs");
        return;
    }
    if (s->supervisor.pid == 0) missing(ret_why, "the supervisor does not run");
    if (s->engine.pid == 0) missing(ret_why, "the engine does not run");
    if (s->daemon.pid == 0) missing(ret_why, "the flow daemon does not run");
    judge_age(ret_why, "heartbeat", s->beat_ns, l->now_ns, limit_ns);
    judge_age(ret_why, "cycle log", s->run_ns, l->now_ns, limit_ns);
    if (!s->is_cache_readable) missing(ret_why, "the flow cache is not there or cannot be read");
    if (!s->is_ledger_readable) missing(ret_why, "the ledger cannot be read");
    if (s->errors_this_cycle > 0)
        missing(ret_why, "the last cycle had %zu errors", s->errors_this_cycle);
}

int
cmd_status(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS, {NULL, 0, NULL, 0}
    };
    struct common_args args = {0};
    struct look look;
    struct status s;
    CLEANUP(text_free) struct text why = {0};
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1)
        if (!common_args_take(&args, option)) return args_refused("status", argv, option);
    if (args.help || optind < argc) {
        (void)fputs(HELP, args.help ? stdout : stderr);
        return args.help ? EXIT_DONE : EXIT_USAGE;
    }
    int status = look_open("status", &args, &look);
    if (status == EXIT_DONE) {
        status_read(&look, &s);
        status_judge(&look, &s, &why);
        if (args.json) {
            CLEANUP(text_free) struct text json = {0};
            struct json_out o = {.to = &json};
            status_write(&look, &s, text_str(&why), &o);
            (void)printf("%s\n", text_str(&json));
        } else {
            status_print(&look, &s, text_str(&why));
        }
        status = why.len == 0 ? EXIT_DONE : EXIT_FAILED;
    }
    look_close(&look);
    return status;
}

/*
 * `stockbot reconcile --dry-run`: the ledger against the broker, printed;
 * nothing is changed.
 */
#include "scripts/book_compare.h"
#include "scripts/broker_view.h"
#include "scripts/command.h"
#include "scripts/look.h"

enum { OPT_DRY_RUN = 1, OPT_DAYS };

#define DAYS_DEFAULT  7.0
#define DAYS_MAX      365.0
#define SNAPSHOT_PATH "state/alpaca_positions.json"

static const char HELP[] =
    "usage: stockbot reconcile --dry-run [--days N]\n"
    "\n"
    "Compares the engine's ledger with the broker: orders, executions, "
    "positions, and the cash of\n"
    "the engine's last snapshot moved on by the executions since. Prints what "
    "differs and changes\n"
    "nothing: to repair is the engine's business, in each of its cycles. While "
    "an engine runs, an\n"
    "order in flight may differ for a moment; look twice.\n"
    "\n"
    "  --dry-run       must be given: there is no other way to run it\n"
    "  --days N        orders and executions of so many days; default 7; "
    "positions are whole\n"
    "  --json          one object\n"
    "  --root DIR, --config FILE, --help\n"
    "\n"
    "Exit codes: 0 nothing differs; 1 something does, or one side did not "
    "answer; 2 wrong usage;\n"
    "78 the configuration cannot be used.\n";

struct reconcile_in {
    struct common_args common;
    bool is_dry;
    double days;
};

static int
parse(int argc, char **argv, struct reconcile_in *in)
{
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS,
        {"dry-run", no_argument,       NULL, OPT_DRY_RUN},
        {"days",    required_argument, NULL, OPT_DAYS   },
        {NULL,      0,                 NULL, 0          }
    };
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == OPT_DRY_RUN) {
            in->is_dry = true;
        } else if (option == OPT_DAYS) {
            if (!arg_number("--days", optarg, 0, DAYS_MAX, &in->days)) return EXIT_USAGE;
        } else if (!common_args_take(&in->common, option)) {
            return args_refused("reconcile", argv, option);
        }
    }
    if (in->common.help) return EXIT_DONE;
    if (optind == argc && in->is_dry) return EXIT_DONE;
    (void)fprintf(stderr, "stockbot reconcile: %s; --help tells more\n",
                  in->is_dry ? "takes no argument" : "wants --dry-run, the engine does the rest");
    return EXIT_USAGE;
}

/* Cash as the engine saw it last, after which the ledger must explain every
 * cent. */
static struct book_cash
cash_before(const struct look *l, int64_t from_ns)
{
    CLEANUP(json_freep) struct json *doc = view_load(&l->fs, SNAPSHOT_PATH);
    struct err ignored = {0};
    struct json_in in = {.obj = doc, .err = &ignored};
    struct book_cash c = {.at_ns = when_parse_or_none(json_str(doc, "timestamp", ""))};

    if (doc == NULL || c.at_ns == WHEN_NONE || c.at_ns < from_ns || !json_has(doc, "cash"))
        return c;
    c.cash = json_opt_usd(&in, "cash", USD_ZERO);
    c.is_known = in.rc == RC_OK;
    return c;
}

static void
print_diffs(const struct look *l, const struct book_diffs *d, bool is_cash_known)
{
    for (size_t i = 0; i < d->len; i++) {
        const struct book_diff *x = &d->diff[i];

        (void)printf("%-9s  %-7s %s%s%s\n", x->kind, x->symbol, x->words,
                     x->id[0] != '\0' ? "  " : "", x->id);
    }
    if (d->beyond > 0) (void)printf("and %zu more\n", d->beyond);
    (void)printf("%zu differences in %zu orders, %zu executions, %zu positions%s\n",
                 d->len + d->beyond, d->orders, d->executions, d->positions,
                 is_cash_known ? " and the cash"
                               : "; the cash was not compared: no snapshot of the engine");
    if (d->len > 0 && view_lock_pid(&l->fs, "state/engine.lock") > 0)
        (void)printf("an engine runs: what is in flight may differ for a moment\n");
}

static void
write_diffs(const struct book_diffs *d, bool is_cash_known)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "differences", (int64_t)(d->len + d->beyond));
    json_out_i64(&o, "orders", (int64_t)d->orders);
    json_out_i64(&o, "executions", (int64_t)d->executions);
    json_out_i64(&o, "positions", (int64_t)d->positions);
    json_out_bool(&o, "is_cash_compared", is_cash_known);
    json_out_arr(&o, "list");
    for (size_t i = 0; i < d->len; i++) {
        const struct book_diff *x = &d->diff[i];

        json_out_obj(&o, NULL);
        json_out_str(&o, "kind", x->kind);
        json_out_str(&o, "symbol", x->symbol[0] != '\0' ? x->symbol : NULL);
        json_out_str(&o, "id", x->id[0] != '\0' ? x->id : NULL);
        json_out_str(&o, "what", x->words);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
    (void)printf("%s\n", text_str(&line));
}

static int
compare(struct look *l, const struct reconcile_in *in)
{
    struct broker_view view;
    struct book_diffs diffs;
    struct err err = {0};
    int64_t from_ns = l->now_ns - (int64_t)(in->days * (double)NS_PER_DAY);

    if (l->sql == NULL) {
        (void)fprintf(stderr, "stockbot reconcile: %s: %s\n", l->cfg.root, l->ledger_err.text);
        return EXIT_FAILED;
    }
    enum rc rc = broker_view_open(&view, &l->cfg.broker, &l->clock, &err);
    if (rc == RC_OK) {
        struct book_cash before = cash_before(l, from_ns);

        rc = book_compare(&l->ledger, &view.broker, from_ns, &before, &l->arena, &diffs, &err);
        if (rc == RC_OK && in->common.json)
            write_diffs(&diffs, before.is_known);
        else if (rc == RC_OK)
            print_diffs(l, &diffs, before.is_known);
    }
    broker_view_done(&view);
    if (rc == RC_OK) return diffs.len == 0 ? EXIT_DONE : EXIT_FAILED;
    (void)fprintf(stderr, "stockbot reconcile: %s\n", err.text);
    return EXIT_FAILED;
}

int
cmd_reconcile(int argc, char **argv)
{
    struct reconcile_in in = {.days = DAYS_DEFAULT};
    struct look look;
    int status = parse(argc, argv, &in);

    if (status != EXIT_DONE) return status;
    if (in.common.help) {
        (void)fputs(HELP, stdout);
        return EXIT_DONE;
    }
    status = look_open("reconcile", &in.common, &look);
    if (status == EXIT_DONE) status = compare(&look, &in);
    look_close(&look);
    return status;
}

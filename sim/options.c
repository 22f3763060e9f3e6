#include "sim/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char OPTIONS_HELP_TEXT[] =
    "Usage: market_sim [OPTION]...\n"
    "Serves one trading day of a simulated market on 127.0.0.1: the APIs of Unusual Whales and of "
    "Alpaca.\n"
    "\n"
    "  --port N           port, 0 = any free one (default 0)\n"
    "  --port-file PATH   the port is written there once the market can be asked\n"
    "  --day YYYY-MM-DD   New York trading day; default: the clock's, or the next session; with "
    "--bars the\n"
    "                     last day recorded\n"
    "  --seed N           what is drawn (default 1)\n"
    "  --symbols LIST     comma list; default: TICKERS, or with --bars every file there\n"
    "  --bars DIR         recorded bars SYMBOL.csv or SYMBOL.csv.gz: "
    "timestamp,open,high,low,close,volume,\n"
    "                     one or five minutes long\n"
    "  --flow PATH        recorded flow alerts, a file or a folder: {\"data\":[...]} or JSON "
    "lines\n"
    "  --cash USD         starting cash (default 55000)\n"
    "  --faults SPEC      what goes wrong, see below\n"
    "  --latency-ms N     added to every answer (real time)\n"
    "  --state PATH       the whole book is written there at the end, and on POST /sim/save\n"
    "  --uw-key-file PATH the vendor key to expect; default: SIM_UW_KEY, else demo-uw-key\n"
    "  --help, --version\n"
    "\n"
    "Environment: STOCKBOT_CLOCK (shared by all processes of the day), TICKERS, SIM_UW_KEY, "
    "SIM_ALPACA_KEY "
    "and\n"
    "SIM_ALPACA_SECRET (default demo-key, demo-secret).\n"
    "Control: GET /sim/status, /sim/book, /sim/positions, POST /sim/faults (SPEC as the body), "
    "POST "
    "/sim/save,\n"
    "POST /sim/shutdown.\n"
    "\n"
    "SPEC: items KIND[=VALUE][:WHICH][:HOW OFTEN][@HH:MM-HH:MM], separated by commas.\n"
    "  KIND       delay=MS, drop, reset, lost (executed, answer lost), 401, 429, 429bare, 500, "
    "502, 503, "
    "504,\n"
    "             html, garbage, truncate; for orders latefill=MS, missingfill=MS, dupfill, "
    "stuckcancel,\n"
    "             rejectcancel; clockskew=MS, calendar\n"
    "  WHICH      METHOD, /path-prefix or METHOD/path-prefix\n"
    "  HOW OFTEN  0.05 by chance; 20 the first twenty; always if left out\n"
    "  @          only at that New York time of day\n"
    "  e.g. reset:POST/v2/orders:0.05,delay=2000:GET:0.01,lost:POST:0.1,429:/api/:20@10:15-10:20\n"
    "\n"
    "Exit status: 0 ended on request, 1 the day could not be made or served, 2 wrong option.\n";

/* The shipped symbol list is a default of the settings table, and stands nowhere else. */
static const char *
default_tickers(void)
{
    static const struct {
        const char *name, *dflt;
    } ROWS[] = {
#define CONFIG(name, field, kind, dflt, min, max, unit, meaning) {#name, dflt},
#include "config/config.def"
#undef CONFIG
    };

    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        if (str_eq(ROWS[i].name, "TICKERS")) return ROWS[i].dflt;
    return "SPY";
}

static enum rc
set_symbols(struct sim_options *opt, const char *list, struct err *err)
{
    free(opt->symbols);
    opt->symbols = calloc(strlen(list) + 1, sizeof(*opt->symbols));
    if (opt->symbols == NULL) return err_set(err, RC_NOMEM, "symbols");
    opt->symbols_len = 0;
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, ", ");
        char name[64];

        if (len > 0) {
            (void)snprintf(name, sizeof(name), "%.*s", (int)MIN(len, sizeof(name) - 1), at);
            if (opt->symbols_len == OPTIONS_SYMBOLS_MAX ||
                !symbol_set(opt->symbols[opt->symbols_len], name))
                return err_set(err, RC_RANGE, "not a symbol, or too many: %s", name);
            opt->symbols_len++;
        }
        at += len;
        at += *at != '\0' ? 1 : 0;
    }
    return opt->symbols_len > 0 ? RC_OK : err_set(err, RC_RANGE, "no symbols");
}

static enum rc
number(const char *text, int64_t lo, int64_t hi, int64_t *ret_value, struct err *err)
{
    if (str_to_i64(text, ret_value) && *ret_value >= lo && *ret_value <= hi) return RC_OK;
    return err_set(err, RC_RANGE, "%s is not a number from %lld to %lld", text, (long long)lo,
                   (long long)hi);
}

static enum rc
set_option(struct sim_options *opt, const char *name, const char *value, struct err *err)
{
    int64_t n = 0;
    enum rc rc = RC_OK;

    if (str_eq(name, "port")) {
        rc = number(value, 0, 65535, &n, err);
        opt->port = (int)n;
    } else if (str_eq(name, "seed")) {
        rc = number(value, 0, INT64_MAX, &n, err);
        opt->seed = (uint64_t)n;
    } else if (str_eq(name, "latency-ms")) {
        rc = number(value, 0, 600000, &opt->latency_ms, err);
    } else if (str_eq(name, "cash")) {
        rc = usd_parse(value, strlen(value), &opt->cash, err);
        if (rc == RC_OK && (opt->cash.e4 <= 0 || opt->cash.e4 > PRICE_MAX_E4))
            rc = err_set(err, RC_RANGE, "%s is not an amount up to 100 million", value);
    } else if (str_eq(name, "day")) {
        rc = date_parse(value, &opt->date, err);
    } else if (str_eq(name, "symbols")) {
        rc = set_symbols(opt, value, err);
        opt->are_symbols_given = true;
    } else if (str_eq(name, "faults")) {
        struct faults checked = {0};
        rc = faults_parse(&checked, value, err);
        opt->faults = value;
    } else {
        const char **text = str_eq(name, "port-file") ? &opt->port_file
                            : str_eq(name, "bars")    ? &opt->bars_dir
                            : str_eq(name, "flow")    ? &opt->flow_path
                            : str_eq(name, "state")   ? &opt->state_path
                                                      : &opt->uw_key_file;
        *text = value;
    }
    return rc == RC_OK ? rc : err_wrap(err, "--%s", name);
}

enum options_verdict
options_parse(int argc, char *const argv[], struct sim_options *ret_options, struct err *err)
{
    static const struct option KNOWN[] = {
        {"port",        required_argument, NULL, 'o'},
        {"port-file",   required_argument, NULL, 'o'},
        {"day",         required_argument, NULL, 'o'},
        {"seed",        required_argument, NULL, 'o'},
        {"symbols",     required_argument, NULL, 'o'},
        {"bars",        required_argument, NULL, 'o'},
        {"flow",        required_argument, NULL, 'o'},
        {"cash",        required_argument, NULL, 'o'},
        {"faults",      required_argument, NULL, 'o'},
        {"latency-ms",  required_argument, NULL, 'o'},
        {"state",       required_argument, NULL, 'o'},
        {"uw-key-file", required_argument, NULL, 'o'},
        {"help",        no_argument,       NULL, 'h'},
        {"version",     no_argument,       NULL, 'v'},
        {NULL,          0,                 NULL, 0  },
    };
    struct sim_options opt = {.seed = 1, .cash = USD_CENTS(5500000), .faults = ""};
    const char *tickers = getenv("TICKERS");
    int index = 0, c;

    if (set_symbols(&opt, tickers != NULL && tickers[0] != '\0' ? tickers : default_tickers(),
                    err) != RC_OK) {
        options_done(&opt);
        return OPTIONS_WRONG;
    }
    optind = 0; /* a fresh start: tests parse more than once */
    while ((c = getopt_long(argc, argv, ":", KNOWN, &index)) != -1) {
        bool is_wrong = c == '?' || c == ':';

        if (is_wrong) {
            (void)err_set(err, RC_RANGE, "%s: %s", argv[optind - 1],
                          c == ':' ? "a value is missing"
                                   : "no such option"); /* the verdict says it */
        } else if (c == 'o') {
            is_wrong = set_option(&opt, KNOWN[index].name, optarg, err) != RC_OK;
        }
        if (is_wrong || c == 'h' || c == 'v') {
            options_done(&opt);
            return is_wrong ? OPTIONS_WRONG : c == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
        }
    }
    if (optind < argc) {
        (void)err_set(err, RC_RANGE, "%s: no arguments are taken",
                      argv[optind]); /* the verdict says it */
        options_done(&opt);
        return OPTIONS_WRONG;
    }
    *ret_options = opt;
    return OPTIONS_RUN;
}

void
options_done(struct sim_options *opt)
{
    free(opt->symbols);
    *opt = (struct sim_options){0};
}

/*
 * market_sim's command line.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "base/err.h"
#include "base/usd.h"
#include "sim/faults.h"

enum { OPTIONS_SYMBOLS_MAX = DAY_SYMBOLS_MAX - 1 };

struct sim_options {
    int port;
    const char *port_file;
    struct date date; /* year 0 = not given */
    uint64_t seed;
    char (*symbols)[SYMBOL_MAX]; /* of --symbols, else of TICKERS, else the shipped list */
    size_t symbols_len;
    bool are_symbols_given; /* by --symbols */
    const char *bars_dir, *flow_path, *state_path, *uw_key_file;
    usd cash;
    const char *faults;
    int64_t latency_ms;
};

enum options_verdict {
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_WRONG /* err says what */
};

/* argv[0] is skipped; texts are borrowed from argv.  options_done frees the symbols. */
enum options_verdict options_parse(int argc, char *const argv[], struct sim_options *ret_options,
                                   struct err *err);
void options_done(struct sim_options *opt);

extern const char OPTIONS_HELP_TEXT[];

#endif

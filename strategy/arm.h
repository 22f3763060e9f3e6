/*
 * arm: may this installation open positions at all?  Mode and broker URL must belong together.
 *
 * Source: contract 1 and 3 (paper by default, live only on purpose); spec 10 R5.1.
 */
#ifndef STRATEGY_ARM_H
#define STRATEGY_ARM_H

#include "config/config.h"

enum trade_mode {
    MODE_PAPER,
    MODE_LIVE,
    MODE_OTHER /* neither word: never armed; limits are those of LIVE, the tighter ones */
};

enum arm_state {
    ARMED,
    ARM_UNKNOWN_MODE,      /* TRADING_MODE is neither PAPER nor LIVE            */
    ARM_LIVE_ON_PAPER_URL, /* LIVE, but the URL is a paper or loopback one      */
    ARM_PAPER_ON_LIVE_URL, /* PAPER, but the URL is the live one                */
    ARM_UNKNOWN_URL,       /* the host is neither the broker's nor this machine: whose money?  */
    ARM_NO_LIVE_ACK        /* LIVE without the acknowledgement                  */
};

enum broker_url_kind {
    URL_PAPER,    /* the broker's paper host                                      */
    URL_LOOPBACK, /* a simulator on this machine: counts as paper                 */
    URL_LIVE,
    URL_OTHER
};

struct arm_verdict {
    enum trade_mode mode;
    enum broker_url_kind url;
    enum arm_state state;
};

#define ARM_LIVE_ACK "YES_I_UNDERSTAND"

enum trade_mode
trade_mode_from(const char *word);              /* case and surrounding white space do not matter */
const char *trade_mode_name(enum trade_mode m); /* "PAPER", "LIVE", "OTHER" */
const char *arm_state_name(enum arm_state s);   /* "armed", "unknown_mode", … */

/* By the host of the URL, not by text found anywhere in it. */
enum broker_url_kind broker_url_kind(const char *base_url);

struct arm_verdict arm_check(const struct broker_config *cfg);

#endif

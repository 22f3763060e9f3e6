/*
 * `stockbot replay --shadow-only --days DIR`: recorded days through the scores and the shadow
 * alone.
 *
 * No broker, no orders, no ledger, no vendor client: of every day there are the bars and what the
 * vendor said; every minute each symbol is scored by v1 and v2, the shadow takes its step, and v1
 * trades on paper beside it.  The pure functions are those of the engine, so a step decides here
 * what it would decide there.  A day starts with empty books and depends on nothing but its own
 * files, the seed and the settings: replayed, it gives the same records.
 *
 *   days_replay.c  the days one after the other; cmd_replay.c reads the options
 *   days_find.c    which days a folder holds
 *   days_market.c  one day opened: bars, flow, daily features, intel
 *   days_facts.c   what the vendor says about a symbol's company and options
 *   days_flow.c    flow alerts and dark pool prints, decoded once, as of any instant
 *   days_run.c     the minutes of a day
 *   days_paper.c   v1 on paper
 *   days_table.c   what the trades came to
 *   days_print.c   the table for people, as JSON, as CSV
 */
#ifndef SCRIPTS_DAYS_H
#define SCRIPTS_DAYS_H

#include "base/digest.h"
#include "config/config.h"
#include "intel/composite_v2.h"
#include "shadow/book.h"
#include "shadow/record_json.h"
#include "sim/load.h"
#include "sim/sim_clock.h"
#include "strategy/boosts.h"
#include "strategy/composite_gate.h"
#include "strategy/exits.h"
#include "strategy/regime.h"
#include "strategy/symbol_flow.h"

/* ---- which days ---------------------------------------------------------------------------- */

enum { DAYS_MAX = 20000, DAYS_NAME_MAX = 96 };

/* One day to be replayed; a broken one is named, said and skipped. */
struct day_unit {
    char name[DAYS_NAME_MAX]; /* "2026-01-22", "week3/2026-01-22" */
    struct date date;
    size_t folder; /* of its bars, in days_found */
    bool is_drawn; /* no bars: drawn from seed and symbols */
    uint64_t seed; /* of a drawn day */
    char (*symbols)[SYMBOL_MAX];
    size_t symbols_len;
};

/* Bars and flow of one or more days, read once. */
struct day_folder {
    struct text path;
    struct day_file *file;
    size_t files;
    struct text flow_path;  /* empty: the flow is drawn around the bars */
    struct text state_path; /* of intel that was recorded with the day; empty for none */
};

/* What could not be used, in words for the operator. */
struct day_broken {
    struct text *words;
    size_t len, cap;
};

struct days_found {
    struct day_folder *folder;
    size_t folders, folders_cap;
    struct day_unit *unit; /* ascending by date, then by name */
    size_t units, units_cap;
    struct day_broken broken;
};

/*
 * A folder of days:
 *
 *   SYMBOL.csv, SYMBOL.csv.gz      minute bars of many days: every date in them is a day
 *   FOLDER/                        a folder of the same files (or with them in FOLDER/bars); where
 *                                  its name is a date, that day alone; FOLDER/flow (or *.json,
 *                                  *.jsonl in it) are recorded alerts, FOLDER/state recorded intel
 *   NAME.json                      {"day": date, "seed": n, "symbols": [...]}: a drawn day
 *
 * RC_NOT_FOUND where it holds none.
 */
enum rc days_find(const char *path, const struct fs *fs, const struct zone *ny,
                  struct days_found *ret_found, struct err *err) MUST_USE;
void days_found_done(struct days_found *f);
void day_broken_add(struct day_broken *b, const char *name, const char *why);

/* ---- one symbol's flow --------------------------------------------------------------------- */

struct tape_alert {
    int64_t created_ns;
    usd premium;
    bool is_call;
};

/* Sums up to and with a print. */
struct tape_print {
    int64_t at_ns;
    usd notional;
    int64_t net_volume, count;
};

struct flow_tape {
    struct flow_alert *alert; /* newest first: what is visible at an instant is one piece */
    struct tape_alert *row;   /* beside alert */
    size_t alerts, first;     /* first: the newest that is visible */
    struct tape_print *print; /* oldest first */
    size_t prints;
};

/* The alerts and prints of the day's symbol; all memory is the arena's. */
void flow_tape_make(const struct sim_flow *flow, const char *symbol, struct arena *a,
                    struct flow_tape *ret_tape);

/*
 * What the flow daemon would have put into the cache at the instant; instants ascend.  The alerts
 * of ret_flow are the tape's.
 */
void flow_tape_alerts_at(struct flow_tape *t, int64_t at_ns, int64_t lookback_s,
                         struct symbol_flow *ret_flow);
void flow_tape_prints_at(const struct flow_tape *t, int64_t at_ns,
                         struct dark_pool_facts *ret_facts);

/* ---- one day ------------------------------------------------------------------------------- */

/* A position of v1 on paper. */
struct paper {
    bool is_open;
    struct position_record record;
    struct position held;
    usd proceeds; /* P&L of parts that were closed */
    int64_t qty_entered, last_fill_ns;
    usd cost_entered;
    const char *regime_label;
};

struct days_symbol {
    const struct day_symbol *bars;
    struct flow_tape tape;
    struct symbol_flow flow; /* as of the last poll; alerts belong to the tape */
    bool is_polled;
    int64_t flow_polled, prints_polled; /* polls so far */
    struct persistence persistence;
    struct risk_features risk;
    double v2_score; /* the newest; NaN before the first */
    enum sector sector;
    struct paper paper;
};

struct days_market {
    const struct config *cfg;
    const struct zone *ny;
    struct sim_clock sim_clock; /* stands at the open */
    struct clock clock;
    struct sim sim;             /* the market and the vendor, asked as functions */
    bool is_flow_drawn;         /* not recorded */
    struct arena arena;         /* the day */
    struct days_symbol *symbol; /* as the day's */
    size_t len;
    struct v2_documents docs; /* but market context and posture, which are of the minute */
    const struct day_symbol *spy, *qqq, *vxx, *vxz; /* NULL where the day has none */
    struct shadow_candidate *universe;              /* the v2 universe in its order */
    size_t universe_len;
    struct sector_profiles profiles;
    struct structural_state structural;
    const char *regime_label;
    const struct json *risk;                             /* as state/symbol_risk_features.json */
    const struct json *premarket_exit, *postmarket_exit; /* recorded flags, NULL for none */
};

/* What all days share. */
struct days_settings {
    const struct config *cfg;
    const struct zone *ny;
    const struct fs *fs;
    uint64_t seed;
    const char *flow_path; /* --flow: alerts for every day; NULL */
    struct sector_profiles profiles;
};

enum rc days_market_open(const struct days_settings *s, const struct days_found *found,
                         const struct day_unit *u, struct days_market *ret_market,
                         struct err *err) MUST_USE;
void days_market_done(struct days_market *m);

/* Fills in what a symbol's cache entry says beside flow, prints and tide. */
void days_facts(struct days_market *m, struct days_symbol *s);
/* The market tide of the instant. */
struct tide_facts days_tide(struct days_market *m, int64_t at_ns);

/* ---- trades -------------------------------------------------------------------------------- */

enum days_path { PATH_V1, PATH_V2, PATHS_LEN };
const char *days_path_name(enum days_path p); /* "v1", "v2" */

struct days_trade {
    enum days_path path;
    bool is_open; /* at the close: counted at its last price */
    int64_t exited_ns;
    size_t unit;
    char symbol[SYMBOL_MAX];
    const char *regime_label, *sector; /* at the entry; of static or of the run's arena */
    double pnl_usd, cost_usd;
};

struct days_trades {
    struct days_trade *trade; /* in the order in which they ended */
    size_t len, cap;
};

void days_trades_add(struct days_trades *t, const struct days_trade *trade);

/* What one day left. */
struct days_result {
    struct text
        log[SHADOW_LOGS_LEN]; /* records of the shadow; decisions only where they are kept */
    struct text lines; /* what the digest is made of: records without decisions, and v1's trades */
    size_t symbols, steps;
    char digest[SHA256_HEX_MAX];
    struct text positions, heartbeat; /* state files as the last step leaves them */
    int64_t ended_ns;
};

void days_result_done(struct days_result *r);

/* Runs the day; trades are appended, texts of trades go into the arena keep. */
void days_run(struct days_market *m, size_t unit, bool keeps_decisions, struct arena *keep,
              struct days_trades *trades, struct days_result *ret_result);

/* What v1 sees of a symbol in a minute. */
struct paper_seen {
    int64_t now_ns;
    const struct symbol_flow *flow;
    bool is_pass;      /* the composite gate */
    double score;      /* with boosts */
    double exit_score; /* of the exits; asked for where a position is open */
    usd price;
    const char *regime_label, *exit_regime;
};

struct paper_note {
    bool is_entry, is_exit;
    usd pnl;
    char reason[REASON_MAX];
};

/* One minute of v1 on paper: exits by its rules, else an entry where the gate passes. */
struct paper_note paper_step(struct paper *p, const struct paper_seen *seen,
                             const struct strategy_config *cfg);
/* What it would earn at a price, closed parts included. */
usd paper_pnl(const struct paper *p, usd price);

/* ---- the table ----------------------------------------------------------------------------- */

struct days_row {
    size_t trades, open, wins, losses;
    double pnl_usd, gross_profit, gross_loss, cost_usd;
    double win_rate, expectancy_usd, return_pct; /* NaN without trades        */
    double profit_factor;                        /* NaN without a loss        */
    double max_drawdown_usd;                     /* of the sum, trade by trade */
};

enum days_grouping { BY_ALL, BY_REGIME, BY_SECTOR, GROUPINGS_LEN };
const char *days_grouping_name(enum days_grouping g); /* "all", "regime", "sector" */

struct days_group {
    enum days_grouping grouping;
    const char *key;
    struct days_row row[PATHS_LEN];
};

struct days_table {
    struct days_group *group; /* all, then regimes, then sectors, keys ascending */
    size_t len;
};

struct days_table days_table_of(const struct days_trades *t, struct arena *a);

struct days_summary {
    size_t days, drawn_flow, broken, symbol_days,
        steps;     /* drawn_flow: days without recorded alerts */
    double real_s; /* NaN: not told */
    struct days_table table;
    char digest[SHA256_HEX_MAX];
    const struct day_unit *unit;
    const char (*day_digest)[SHA256_HEX_MAX]; /* beside unit, "" for a broken day */
    size_t units;
    const struct day_broken *what_broke;
};

void days_print(const struct days_summary *s);
void days_write_json(const struct days_summary *s, struct json_out *o);
void days_write_csv(const struct days_summary *s, struct text *to);

#endif

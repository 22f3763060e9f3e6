/*
 * `stockbot demo`: one trading day of the real programs on the embedded simulator.
 *
 * The demo is the service manager of that day.  It starts market_sim and deploy_supervisor, which
 * starts the flow daemon and the engine; starts the supervisor again when it dies; reads what they
 * write down, like anybody else; and ends them in order after the close.
 *
 *   cmd_demo.c      options, and the loop of the day
 *   demo_day.c      which day, which symbols, which root
 *   demo_stage.c    the processes: start, restart, end
 *   demo_watch.c    what the files and the processes say, as sentences and sums
 *   demo_premarket.c the programs of v2 before the open, on request
 *   demo_chaos.c    kills on request
 *   demo_check.c    the ledger against the simulator's book
 *   demo_screen.c   the live screen
 *   demo_shadow.c   what v2 did on paper meanwhile
 *   demo_summary.c  the end
 *
 * Nothing outlives it: the kernel tells the simulator and the supervisor when the demo dies, and
 * orphans of a killed supervisor become its own children.
 */
#ifndef SCRIPTS_DEMO_H
#define SCRIPTS_DEMO_H

#include <limits.h>

#include "base/http.h"
#include "base/rand.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/fs.h"
#include "io/http.h"
#include "io/loop.h"
#include "model/ledger.h"
#include "scripts/view.h"

#define DEMO_MARK_PATH "demo.json" /* in the root: a paced day, its clock, how it ended */
#define DEMO_BOOK_PATH "sim/book.json"
#define DEMO_PORT_PATH "sim/port"

#define DEMO_LEAD_NS           (5 * NS_PER_MIN) /* the day begins that long before the open  */
#define DEMO_PREMARKET_REAL_NS (2 * NS_PER_S)   /* real time for what runs before the open */
#define DEMO_TAIL_NS           (2 * NS_PER_MIN) /* and ends that long after the close         */

struct demo_options {
    double speed; /* 1..2000 */
    int64_t seed;
    double kill_every_s;  /* 0 = never; real seconds, on average */
    const char *root;     /* NULL: a fresh one under var/ */
    struct date day;      /* year 0: the last full session, or the last one recorded */
    const char *bars_dir; /* NULL: a synthetic day */
    const char *flow_path, *faults;
    bool has_premarket;
    bool plain, quiet;
};

/* ---- demo_day.c ---- */

/* What is decided before anything runs. */
struct demo_plan {
    struct session session;
    int64_t begin_ns, end_ns; /* of the paced day */
    struct text tickers;      /* comma list; empty: the shipped one */
    char root[PATH_MAX];      /* absolute */
};

/* Chooses the day and makes the root.  RC_RANGE: no such session, a root that is in use. */
enum rc demo_plan_make(const struct demo_options *opt, const struct zone *ny, struct demo_plan *ret,
                       struct err *err) MUST_USE;

/* The full session before today. */
struct session demo_last_session(const struct zone *ny, int64_t now_ns);

/* wanted NULL: a fresh one under var/.  The absolute path; RC_RANGE where it holds an earlier run.
 */
enum rc demo_root_make(const char *wanted, char ret_root[PATH_MAX], struct err *err) MUST_USE;

/* ---- demo_stage.c ---- */

enum { DEMO_ENV_MAX = 16, DEMO_ENV_TEXT = 256 };

struct demo_stage {
    const struct demo_options *opt;
    struct demo_plan plan;
    struct zone *ny;
    struct loop loop;
    struct sys_clock sys_clock;
    struct clock clock;
    struct posix_fs posix_fs;
    struct fs fs;
    struct curl_http *curl;
    struct http http;
    char bin_dir[PATH_MAX];
    char url[64]; /* of the simulator */
    char env_text[DEMO_ENV_MAX][DEMO_ENV_TEXT];
    struct text tickers_env;
    const char *env[DEMO_ENV_MAX + 2];
    size_t env_len;

    struct child sim, supervisor;
    int supervisor_starts;
    int64_t supervisor_start_ns; /* monotonic, not before; for the next start */
    int failures;                /* supervisors in a row that ended within a second */
    bool is_ending;
    bool has_failed; /* cannot go on: why says it */
    struct err why;
};

/* Opens clock, files and client, and starts the simulator; the day begins at its first answer. */
enum rc demo_stage_open(struct demo_stage *s, struct err *err) MUST_USE;

/* Collects what has ended and starts the supervisor when it is due. */
void demo_stage_step(struct demo_stage *s);

/* Ends the supervisor and what it started; false if something had to be killed. */
bool demo_stage_end_service(struct demo_stage *s);
/* Saves the book and ends the simulator; false as above. */
bool demo_stage_end_sim(struct demo_stage *s);
void demo_stage_close(struct demo_stage *s); /* kills what still runs */

/* Asks the simulator's control; gives the document. */
enum rc demo_stage_ask(struct demo_stage *s, const char *path, struct json **ret_doc,
                       struct err *err) MUST_USE;

/* ---- demo_watch.c ---- */

enum demo_process { DEMO_SUPERVISOR, DEMO_ENGINE, DEMO_DAEMON, DEMO_PROCESSES };

struct demo_process_row {
    const char *name, *program, *lock_path;
};
extern const struct demo_process_row DEMO_PROCESS[DEMO_PROCESSES];

struct demo_process_state {
    int64_t pid;      /* 0 = not running */
    int64_t since_ns; /* monotonic: when it was first seen */
    int64_t starts;   /* seen so far */
    int64_t dead_ns;  /* monotonic: when its death was seen, 0 = it lives or works again */
    bool was_killed;  /* by us */
};

enum { DEMO_SAID_MAX = 64, DEMO_SAID_TEXT = 200, DEMO_GATES_MAX = 64, DEMO_RECOVERIES_MAX = 4096 };

enum demo_said_kind { SAID_ENTRY, SAID_EXIT, SAID_PROCESS, SAID_RUNG, SAID_REFUSED, SAID_WARNING };

struct demo_said {
    int64_t at_ns; /* paced */
    enum demo_said_kind kind;
    bool is_bad; /* a loss, a death, a step down */
    char text[DEMO_SAID_TEXT];
};

struct demo_gate {
    char gate[48];
    int64_t refused;
};

struct demo_gates {
    struct demo_gate gate[DEMO_GATES_MAX];
    size_t len;
    int64_t refused;
};

struct demo_trade {
    char symbol[SYMBOL_MAX];
    usd pnl;
    double pnl_pct;
    char reason[64];
};

struct demo_watch {
    struct demo_stage *stage;
    struct view_follow run, orders, exits, events;
    void (*say)(void *ctx, const struct demo_said *said); /* NULL: only kept */
    void *say_ctx;

    /* the last cycle */
    int64_t cycle_ns, cycles;
    char rung[24], rung_reason[64];
    bool is_market_open, is_account_known;
    char market_regime[24];
    usd equity, daily_pnl, realised_pnl;
    int64_t trades; /* closed, by the engine's count */
    double win_rate;

    /* the day */
    struct demo_gates gates, gates_lately;
    int64_t lately_from_ns;
    int64_t entries, exits_seen, wins;
    struct demo_trade best, worst;
    struct demo_said said[DEMO_SAID_MAX];    /* a ring */
    size_t said_len;                         /* ever */
    struct demo_said pending[DEMO_SAID_MAX]; /* of this look, by time: logs are read one by one */
    size_t pending_len;
    struct demo_process_state process[DEMO_PROCESSES];
    int64_t recovery_ns[DEMO_RECOVERIES_MAX];
    size_t recoveries;
    int64_t uw_calls, uw_cap;
};

void demo_watch_init(struct demo_watch *w, struct demo_stage *stage);

/* Processes: cheap, to be called every few milliseconds.  Files: a few times a second. */
void demo_watch_processes(struct demo_watch *w);
void demo_watch_files(struct demo_watch *w);

/* Reads what is left, so that nothing written before is counted as written after. */
void demo_watch_cycles(struct demo_watch *w);
void demo_watch_say(struct demo_watch *w, enum demo_said_kind kind, int64_t at_ns, bool is_bad,
                    const char *fmt, ...) PRINTF_LIKE(5, 6);

void demo_watch_flush(struct demo_watch *w); /* hands on what was said since the last time */

/* The gates with the most refusals first. */
void demo_gates_sort(struct demo_gates *g);
void demo_gates_text(const struct demo_gates *g, size_t most, char *buf, size_t size);

/* ---- demo_premarket.c ---- */

/* Runs the programs of v2 that stand before the open, one after the other; one that fails is said
 * and stops nothing. */
void demo_premarket(struct demo_watch *w);

/* ---- demo_chaos.c ---- */

struct demo_chaos {
    struct rng rng;
    double every_s;
    int64_t next_ns; /* monotonic */
    int next;        /* whose turn: the engine, the daemon, the supervisor */
    int64_t kills;
};

void demo_chaos_init(struct demo_chaos *c, const struct demo_options *opt, int64_t mono_ns);
void demo_chaos_step(struct demo_chaos *c, struct demo_watch *w);

/* ---- demo_check.c ---- */

struct demo_check {
    bool is_checked; /* both could be read */
    bool is_equal;
    char words[256]; /* the first difference, or why it could not be checked */
    size_t fills, intents, live, open_positions;
    int64_t open_orders; /* at the broker */
    int64_t duplicate_ids;
    usd realised_pnl, equity, starting_cash;
    int64_t requests_total, requests_uw;
};

/* book: the document of /sim/book, NULL where it did not answer. */
struct demo_check demo_check_ledger(const struct ledger *ledger, const struct json *book);
/* The same with the ledger of a root. */
struct demo_check demo_check_make(const struct fs *fs, const char *root, const struct clock *clock,
                                  const struct json *book);

/* Orders that are not over, as the ledger knows; -1 where it cannot be read. */
int64_t demo_live_orders(const struct fs *fs, const char *root, const struct clock *clock);

/* ---- demo_screen.c ---- */

struct demo_screen;

struct demo_screen *demo_screen_new(struct demo_watch *w); /* takes the terminal */
void demo_screen_draw(struct demo_screen *sc);
void demo_screen_free(struct demo_screen *sc); /* gives it back; NULL does nothing */

/* ---- demo_shadow.c ---- */

/* What v2 did on paper meanwhile. */
struct demo_shadow {
    bool is_there;
    size_t entered, closed, won, open;
    double realised_usd, unrealised_usd;
};

struct demo_shadow demo_shadow_read(const struct fs *fs);
void demo_shadow_print(const struct demo_shadow *s);
/* As a member "shadow" of an open object. */
void demo_shadow_write(const struct demo_shadow *s, struct json_out *o);

/* ---- demo_summary.c ---- */

struct demo_end {
    bool is_replay; /* no processes, nothing to restart */
    bool was_interrupted;
    bool in_order;       /* everything ended by itself */
    bool has_all_cycles; /* the engine's record reaches the close */
    struct demo_check check;
    int64_t kills;
    double real_s;
};

void demo_summary_print(const struct demo_watch *w, const struct demo_end *end);
/* As members of an open object. */
void demo_summary_write(const struct demo_watch *w, const struct demo_end *end, struct json_out *o);

#endif

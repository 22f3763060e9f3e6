/*
 * engine: one trading engine.  Each cycle gathers, decides, acts and records (ARCHITECTURE 4).
 *
 * The only program that holds a broker.  Nothing here scores or judges: that is strategy's, which
 * is pure. Nothing ends a cycle early: a stage that failed is an error in the cycle's list, its
 * input is missing in the snapshot, and record() runs whatever happened.
 *
 *   engine.c      engine_init, engine_cycle: the table of contents of a cycle
 *   gather.c      the world into a snapshot
 *   reconcile.c   ledger against broker
 *   position_records.c   the records of positions follow the broker, and heal from the ledger
 *   audit.c       what was changed without being asked
 *   act.c         the plan into orders
 *   give_way.c    what is closed for a candidate: displacement and flip
 *   mirror.c      the broker's positions and account, for those who look from outside
 *   pending.c     the orders that are on their way, likewise
 *   performance.c the closed trades of thirty days, for the performance freeze
 *   record.c      one run.jsonl line, one heartbeat
 *   explain.c     why each symbol was refused
 *   gate_words.c  the events of the gates and their fields
 *   trace.c       what the decisions were made of
 *   observe.c     signals, clusters, last scores, the last fifty signals
 *   trades.c, trades_closed.c   the records of settled orders
 *   desk.c        orders at most once, never lost
 *   entries.c     limit orders one after the other
 *   flow_table.c  the flow cache in memory
 *   flow_file.c   its file, read through a window
 *   scoring.c     scores of every symbol
 *   market.c      prices of those worth asking about
 *   memory.c, memory_codec.c, metadata.c   small state files
 *   score_log.c   state/score_telemetry.json
 *   v2*.c         v2 beside it, on paper (engine/v2.h)
 *   listener.c    the broker's stream of trade updates: when to ask about an order
 *   black_box.c   the page of the flight recorder, and what the last engine left in it
 *   loop.c        timers, signals, the pipe to the supervisor
 *   main.c        the wiring
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/stage.h"
#include "broker/guard.h"
#include "broker/refusals.h"
#include "config/config.h"
#include "config/theme.h"
#include "engine/desk.h"
#include "engine/entries.h"
#include "engine/market.h"
#include "engine/memory.h"
#include "engine/performance.h"
#include "engine/score_log.h"
#include "engine/scoring.h"
#include "engine/v2.h"
#include "state/flight.h"
#include "telemetry/cycle.h"

enum { CYCLE_ERRORS_MAX = 32, MISMATCHES_MAX = 64 };

/* The outside world, wired by main or by the simulation; all borrowed. */
struct engine_seams {
    const struct config *cfg;
    const struct zone *ny;
    struct clock clock;
    struct fs fs;
    struct store store;
    struct locks locks; /* {0}: nobody edits our files */
    struct log log;
    struct broker broker; /* the top of the stack of guards */
    struct prices spare;  /* prices for v2, of a budget of its own; {0}: v2 asks nobody */
    struct ledger ledger;
    struct kill_switch *kill;    /* in that stack; NULL for none */
    const struct themes *themes; /* NULL: could not be read */
    struct flight *flight;
    int64_t epoch;
    /* "still alive, in this stage": to the supervisor; may be NULL */
    void (*progress)(void *ctx, enum stage stage, uint64_t cycles);
    void *progress_ctx;
    bool (*is_fenced)(void *ctx); /* a newer epoch exists; NULL = never */
    void *fence_ctx;
    /* The broker's stream: its state and the seconds since it was heard; NULL = there is none. */
    const char *(*trade_stream)(void *ctx, double *ret_age_s);
    void *trade_stream_ctx;
    /* What the broker answered to the last orders that it refused; NULL: nobody kept it. */
    const struct refusals *refused;
    bool (*is_ledger_rebuilt)(void *ctx);
    void (*ledger_reconciled)(void *ctx);
    void *ledger_ctx;
};

/* A symbol whose ledger and broker positions differ. */
struct mismatch {
    char symbol[SYMBOL_MAX];
    int64_t ledger_qty, broker_qty;
    int cycles; /* seen in a row; an event at the second */
    uint64_t iteration;
};

#define SIGNAL_HISTORY_PATH "state/signal_history.jsonl"

/* What refused how many in a cycle. */
struct refusal_tally {
    struct cycle_gate gate[GATES_LEN + COMPOSITE_GATES_LEN + HALTS_LEN + 16];
    size_t len;
    int64_t composite; /* by the composite gate */
};

/* The last closed trades, for the self-healing score floor (spec 10 R5.26). */
struct recent_closed {
    double pnl_pct[3]; /* newest last */
    size_t len;
    int64_t last_ns; /* WHEN_NONE without one */
};

/* A file of orders on their way, as it was last written. */
struct pending {
    uint64_t hash;
    struct fs_stat file;
};

/* A position that was displaced, and for whom. */
struct replacement {
    char symbol[SYMBOL_MAX], displaced[SYMBOL_MAX]; /* "" for none */
    int64_t until_ns; /* what happens to an entry of the symbol later has another cause */
};

#define REPLACEMENT_NS (10 * NS_PER_MIN)
enum { REPLACEMENTS_MAX = 8 };

struct engine {
    struct engine_seams seams;
    struct arena arena; /* one cycle */
    struct desk desk;
    struct entries entries;
    struct flow_table flow;
    struct market market;
    struct memory memory;
    struct performance performance;
    struct v2 v2;
    struct score_log score_log;
    struct quarantine quarantine;
    bool is_self_test_ok;

    /* what lasts longer than a cycle */
    uint64_t iterations, completed; /* since process start; completed without an iteration error */
    bool was_reconciled;
    bool is_startup_compared;     /* the first comparison with the broker is on record */
    bool is_startup_failure_said; /* it could not be made in the first cycle */
    struct mismatch mismatch[MISMATCHES_MAX];
    size_t mismatches_len;
    int64_t last_now_ns,
        last_mono_ns; /* of the last cycle: a stepped clock shows in their difference */
    struct replacement replacement[REPLACEMENTS_MAX]; /* a ring */
    size_t replacements;
    int64_t positions_checked_ns; /* 0: not yet */
    int64_t positions_apart;      /* checks in a row that found a difference */
    int64_t slow_closes_ns;       /* when closes that wait for their fill were last looked for */
    struct today_trades today;
    struct recent_closed closed;

    struct pending pending_entries, pending_exits;

    /* of the cycle at hand */
    char error[CYCLE_ERRORS_MAX][CYCLE_ERROR_MAX];
    size_t errors_len;
    struct scores scores;
    enum stage stage;
};

enum rc engine_init(struct engine *eng, const struct engine_seams *seams, struct err *err) MUST_USE;
void engine_done(struct engine *eng);

/* Start-up reconciliation (spec 10 8.2) and the first heartbeat; failure is recorded and not fatal.
 */
void engine_start(struct engine *eng);

/* One cycle.  It cannot fail: what went wrong is in the record. */
void engine_cycle(struct engine *eng);

/* Between cycles, while orders are at work: finds out, settles, makes the next attempts. */
void engine_tick(struct engine *eng);
bool engine_wants_ticks(const struct engine *eng);

/* ---- for the parts of a cycle -------------------------------------------------------------- */

/* Marks where we are: flight recorder and supervisor. symbol may be NULL. */
void engine_at(struct engine *eng, enum stage stage, const char *symbol);

/* Adds "<function>: <text>" to the cycle's errors and writes the exception event (spec 10 R1.26).
 */
void engine_error(struct engine *eng, const char *subsystem, const char *function,
                  const struct err *err);

void engine_gather(struct engine *eng, struct snapshot *ret_seen);
/* Writes what the broker told in this cycle, and whether it could be reached. */
void engine_mirror(struct engine *eng, const struct snapshot *seen);
/* Writes the orders that are on their way, where they changed. */
void engine_pending(struct engine *eng);
void engine_reconcile(struct engine *eng, const struct positions *at_broker);
/* Makes the records of positions those of the broker's list, and says what differed (R8.5). */
void engine_follow_broker(struct engine *eng, const struct positions *at_broker);
/* Every five minutes: whether records and broker are equal after that; mends once more what is not
 * (R8.6). */
struct cycle_positions engine_check_positions(struct engine *eng, const struct snapshot *seen);
/* One line {"event", "ts", "details"}; fields end with F_END. */
void engine_audit(struct engine *eng, const char *event, const struct field *fields);
bool engine_is_frozen(const struct engine *eng, const char *symbol);
void engine_act(struct engine *eng, const struct snapshot *seen, const struct plan *plan);
/* The order of a close, unless one of ours is on its way in the symbol: RC_BUSY; else as desk_send,
 * and said. */
enum rc engine_send_exit(struct engine *eng, const struct intent *wanted);
/* Closes what must go before p can be entered. */
void engine_make_way(struct engine *eng, const struct snapshot *seen,
                     const struct planned_entry *p);
/* The entry for which something was displaced has ended. */
void engine_replacement_over(struct engine *eng, const struct intent *entry, bool is_refused);
/* The scored symbol of this cycle, NULL where it was not scored. */
const struct scored *engine_scored_find(const struct engine *eng, const char *symbol);

/* Rows and events for every refused symbol; what refused how many, in ret_tally. */
void engine_explain(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
                    struct refusal_tally *ret_tally);
/* A line of blocked_trades.jsonl; false where it could not be written. */
bool engine_write_blocked(struct engine *eng, const struct snapshot *seen, const struct refusal *r);
/* What the decisions of the cycle were made of: events, and the traces in data/. */
void engine_trace(struct engine *eng, const struct snapshot *seen, const struct plan *plan);
void engine_observe(struct engine *eng, const struct snapshot *seen, const struct plan *plan);
void engine_seed_persistence(struct engine *eng);
void engine_seed_closed(struct engine *eng);

/* The heartbeat before the first cycle. */
void engine_heartbeat(struct engine *eng);
void engine_record(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
                   int64_t began_mono_ns);
bool engine_settled(void *self, const struct settled *s);

/* A position closed by trades that are not ours. */
struct outside_close {
    int64_t qty;
    usd proceeds;
    int64_t at_ns;
    char broker_id[BROKER_ID_MAX];
};
/* Writes its exit records, reason "closed_externally"; false if they could not be written. */
bool engine_record_outside_close(struct engine *eng, const struct position_meta *meta,
                                 const struct outside_close *c);

#endif

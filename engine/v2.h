/*
 * v2 beside v1: after every cycle the same snapshot once more, as v2 would have decided on it
 * (contract 4.5, 4.10, 4.17; spec 30 section 8).
 *
 * It writes records and state files of its own and nothing else.  It runs when v1 has acted and its
 * record is written, reads the cycle's values as const, and of the broker it has only struct
 * prices, with a budget of requests that is not v1's: what it does, fails to do or takes too long
 * for can change no decision of v1.  No file here includes the engine's header, a broker or the
 * order desk; tests/shadow/test_isolation.c reads the symbol tables.  Its stage of the flight
 * recorder is STAGE_SHADOW: a symbol at which it ends the process twice is left out, or all of v2
 * where it is about none.
 *
 *   v2.c          the cycle: scores, steps, records
 *   v2_prices.c   the few prices that v1 has not asked for
 *   v2_docs.c     state files that others write, read again when they have changed
 *   v2_context.c  market context and posture
 *   v2_risk.c     risk features from daily bars, a few symbols a cycle
 *   v2_outbox.c   records that stand in their logs exactly once
 *   v2_book.c     the paper book on the disk
 *   v2_ledger.c   the A/B ledger on the disk
 *   v2_stream.c   what logs/shadow.jsonl says, and what becomes of the A/B ledger
 *   shadow_verdict.c   where exitlogic and shadow meet
 */
#ifndef ENGINE_V2_H
#define ENGINE_V2_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/store.h"
#include "config/config.h"
#include "intel/composite_v2.h"
#include "intel/market_context.h"
#include "intel/posture.h"
#include "intel/symbol_risk.h"
#include "engine/scoring.h"
#include "model/calendar.h"
#include "model/prices.h"
#include "shadow/book.h"
#include "shadow/record_json.h"
#include "state/flight.h"
#include "strategy/regime.h"
#include "strategy/snapshot.h"

/* What v2 may use of the world; borrowed. */
struct v2_seams {
    const struct config *cfg;
    const struct zone *ny;
    const struct clock *clock;
    const struct fs *fs;
    const struct store *store;
    const struct log *log;
    struct prices prices; /* all of the broker it has: nothing in it can trade */
    struct flight *flight;
    const struct quarantine *quarantine;
    int64_t epoch;
};

/* ---- state files of others ----------------------------------------------------------------- */

enum v2_file {
    V2_PREMARKET,
    V2_POSTMARKET,
    V2_REGIME,
    V2_UNIVERSE_V2,
    V2_UNIVERSE,
    V2_RISK,
    V2_PREMARKET_EXIT,
    V2_POSTMARKET_EXIT,
    V2_SECTORS,
    V2_FILES_LEN
};

/* A symbol's features, to be found fast. */
struct v2_known_risk {
    char symbol[SYMBOL_MAX];
    double realised_vol_20d, beta_vs_spy; /* NaN where the file has no number */
};

struct v2_docs {
    struct json *doc[V2_FILES_LEN]; /* NULL: no file */
    struct fs_stat seen[V2_FILES_LEN];
    struct arena sectors_arena;
    struct sector_profiles sectors;
    struct v2_known_risk *risk; /* of V2_RISK, ascending by symbol */
    size_t risk_len;
};

void v2_docs_sync(struct v2_docs *d, const struct v2_seams *s);
void v2_docs_done(struct v2_docs *d);
/* NULL where the file has no record of the symbol. */
const struct v2_known_risk *v2_docs_risk(const struct v2_docs *d, const char *symbol);
/* The member of the symbols of a document; NULL where there is none. */
const struct json *v2_docs_symbol(const struct v2_docs *d, enum v2_file file, const char *symbol);

/* ---- prices -------------------------------------------------------------------------------- */

enum { V2_PRICES_MAX = 64 };
#define V2_ASKING_MAX_NS (3 * NS_PER_S) /* real time that one cycle of v2 may spend on requests */

/* Requests of one cycle: ends with their number, their time, or the first that fails. */
struct v2_asking {
    const struct v2_seams *seams;
    int left;
    int64_t until_mono_ns;
    size_t len; /* of price: what was asked in this cycle */
    struct {
        char symbol[SYMBOL_MAX];
        double usd;
    } price[V2_PRICES_MAX];
};

struct v2_asking v2_asking_begin(const struct v2_seams *s);
/* USD; 0 where it is not known.  A price is asked for once a cycle. */
double v2_ask_price(struct v2_asking *q, const char *symbol);
enum rc v2_ask_bars(struct v2_asking *q, const char *symbol, enum bar_size size, int64_t from_ns,
                    int64_t to_ns, int limit, struct arena *a, struct bars *ret_bars,
                    struct err *err) MUST_USE;

/* ---- market context and posture ------------------------------------------------------------ */

struct v2_context {
    struct date day; /* New York, of the daily closes */
    bool has_daily;
    int64_t daily_tried_ns, notes_ns, made_ns;                   /* WHEN_NONE before the first */
    double spy_prev_close, qqq_prev_close, vxx_close, vxz_close; /* NaN: not known */
    struct market_context market;
    struct posture_state posture;
    const struct json *market_doc, *posture_doc; /* of the cycle's arena */
};

void v2_context_refresh(struct v2_context *c, struct v2_asking *q, bool is_open,
                        const struct structural_state *structural, int64_t now_ns, struct arena *a);

/* ---- risk features ------------------------------------------------------------------------- */

enum { V2_RISK_SYMBOLS_MAX = 256, V2_RISK_PER_CYCLE = 6 };

struct v2_risk {
    bool is_running;  /* a new table is being made */
    int64_t begun_ns; /* of the last table; 0 = none yet */
    size_t next;
    size_t len;
    char symbol[V2_RISK_SYMBOLS_MAX][SYMBOL_MAX]; /* ascending; the benchmark among them */
    struct symbol_risk risk[V2_RISK_SYMBOLS_MAX];
    int64_t last_bar_ns[V2_RISK_SYMBOLS_MAX];
    bool has_failed[V2_RISK_SYMBOLS_MAX];
    double benchmark[RISK_CLOSES_MAX];
    int64_t benchmark_day[RISK_CLOSES_MAX];
    size_t benchmark_len;
    bool has_benchmark;
    int64_t benchmark_last_bar_ns;
};

/* Goes on with a table, or begins one when the file is no longer fresh; writes it when it is whole.
 */
void v2_risk_go_on(struct v2_risk *r, const struct json *doc, struct v2_asking *q, int64_t now_ns,
                   struct arena *a);

/* ---- records that stand in their logs exactly once ------------------------------------------ */

/* The logs of the shadow step, and the stream. */
enum { V2_LOG_STREAM = SHADOW_LOGS_LEN, V2_LOGS_LEN };

const char *v2_log_path(int log);

/*
 * Records that tell of a change of a state file.  They are first committed with the change, in the
 * "outbox" of that file with the length their log had; then appended; then taken out.  After a kill
 * the next engine looks behind that length and appends what is missing: state and logs tell the
 * same, and each record stands in its log exactly once.  Lines that tell of no change are appended
 * without a commit.
 */
struct v2_outbox {
    struct text line[V2_LOGS_LEN]; /* whole lines that are to be appended */
    int64_t offset[V2_LOGS_LEN];   /* length of the log when the first was committed */
    bool has_offset[V2_LOGS_LEN];
    bool is_committed; /* all of them stand in the state file */
};

/* The state file they belong to. */
struct v2_state {
    void *self;
    bool *is_dirty; /* changed since it was saved */
    enum rc (*save)(void *self, const struct v2_seams *s, bool with_outbox, struct err *err);
};

void v2_outbox_write(const struct v2_outbox *b, struct json_out *o); /* the member "outbox" */
/* What the engine before us had committed and perhaps not appended. */
void v2_outbox_take(struct v2_outbox *b, const struct json *doc);
void v2_outbox_put(struct v2_outbox *b, int log, const struct text *lines);
size_t v2_outbox_waiting(const struct v2_outbox *b); /* bytes */
/* Writes what is to be written; what the disk refuses is kept for the next time. */
void v2_outbox_flush(struct v2_outbox *b, const struct v2_seams *s, const struct v2_state *state);
void v2_outbox_done(struct v2_outbox *b);

void v2_say_failed(const struct v2_seams *s, const char *doing, const struct err *err);

/* ---- the paper book ------------------------------------------------------------------------ */

#define V2_POSITIONS_PATH "state/shadow_v2_positions.json"
#define V2_HEARTBEAT_PATH "state/shadow_heartbeat.json"

/* The book and the records of its trades. */
struct v2_book {
    struct shadow_book book;
    struct fs_stat seen; /* of the state file after our last load or save */
    bool is_loaded, is_dirty;
    struct v2_outbox outbox;
};

/* Loads the state file, and again when somebody changed it; finishes what a killed engine left. */
void v2_book_sync(struct v2_book *b, const struct v2_seams *s);
/* A record of a trade; it is written by the next flush that succeeds. */
void v2_book_put_line(struct v2_book *b, enum shadow_log log, const struct text *line);
void v2_book_flush(struct v2_book *b, const struct v2_seams *s);
void v2_book_done(struct v2_book *b);

/* ---- the A/B ledger on the disk ------------------------------------------------------------ */

#define V2_LEDGER_PATH "state/shadow_positions.json"

/* The positions of the A/B ledger and the lines of the stream that tell how they changed. */
struct v2_ledger {
    struct text positions; /* the array, as JSON */
    struct fs_stat seen;   /* of the state file after our last load or save */
    bool is_loaded, is_dirty;
    struct v2_outbox outbox;
};

/* Loads the state file, and again when somebody changed it; finishes what a killed engine left. */
void v2_ledger_sync(struct v2_ledger *l, const struct v2_seams *s);
/* The positions are these from now on; nothing where they were. */
void v2_ledger_set(struct v2_ledger *l, const struct text *positions);
/* Lines of logs/shadow.jsonl, together with the change they tell of. */
void v2_ledger_flush(struct v2_ledger *l, const struct v2_seams *s, const struct text *stream);
void v2_ledger_done(struct v2_ledger *l);

/* ---- the stream and the A/B ledger --------------------------------------------------------- */

/* One symbol, scored by both. */
struct v2_looked {
    const struct candidate *candidate;
    const char *symbol, *direction;
    double v1_score;
    bool is_v1_pass, is_v2_pass;
    double realised_vol_20d; /* NaN: not known */
    double sizing_overlay;   /* of the v1 composite */
    uint64_t data_hash;      /* of the symbol's bytes in the flow cache */
    struct composite_v2_case v2_case;
    struct composite_v2 v2;
};

struct v2_cycle {
    const struct v2_seams *seams;
    const struct snapshot *seen;
    const struct plan *plan;
    struct arena *arena;
    const struct v2_context *context;
    struct v2_world world;
    struct v2_looked *looked; /* ascending by symbol */
    size_t len;
    struct text stream;         /* lines of logs/shadow.jsonl */
    struct shadow_uw no_record; /* the snapshot of a symbol without an intel record */
};

/* What v1 and v2 thought of every symbol, and where they disagree. */
void v2_stream_compare(struct v2_cycle *c);
/* Entries of v1 that v2 would have made too go into the ledger; then it is marked to market. */
void v2_stream_ledger(struct v2_cycle *c, struct v2_ledger *l, struct v2_asking *q);
const struct v2_looked *v2_looked_find(const struct v2_cycle *c, const char *symbol);

/* ---- v2 ------------------------------------------------------------------------------------ */

struct v2_known_score {
    char symbol[SYMBOL_MAX];
    double score;
};

struct v2 {
    struct v2_docs docs;
    struct v2_context context;
    struct v2_risk risk;
    struct v2_book book;
    struct v2_ledger ledger;
    struct v2_known_score *score, *score_before; /* of the last two cycles, ascending */
    size_t scores_len, scores_cap, before_len, before_cap;
    struct text attribution, decisions, stream; /* lines of a cycle; their room is kept */
    size_t turn; /* the open position whose price is asked for first; the others follow in turn */
};

void v2_init(struct v2 *v);
void v2_done(struct v2 *v);

/* A cycle that v1 has done with. */
struct v2_seen {
    const struct snapshot *seen;
    const struct plan *plan;
    const struct scores *scores; /* one a candidate of the snapshot, in the same order */
    const struct structural_state *structural;
    struct arena *arena; /* of the cycle */
};

/* v2's look at it.  It cannot fail; what went wrong is an event. */
void v2_cycle(struct v2 *v, const struct v2_seams *seams, const struct v2_seen *in);

/* The score of one symbol in a world, and whether it passes v2's gate. */
void v2_look(const struct v2 *v, const struct v2_world *world, const struct scored *sc,
             const struct candidate *candidate, struct v2_looked *ret_looked);

#endif

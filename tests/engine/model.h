/*
 * The model of the order path: the real engine, guards and broker adapter over a simulated broker,
 * disk, ledger and clock, with everything that goes wrong in the field at will.
 *
 *   model_world.c    the world and its seams: each call of the engine is counted, and may be its
 * last model_post.c     what is watched while an order is sent model_run.c      a cycle with
 * scripted signals; the operations of a sequence model_check.c    what must hold after each
 * sequence test_model.c     random sequences; a failing one is shrunk and printed
 *   test_model_failures.c   one test for each known failure of the field
 *
 * A process is killed by declaring it dead: from then on none of its calls has an effect.  What it
 * had in memory is dropped, and the next one starts over the same files and ledger.
 *
 * Beside the simulator's own faults (sim/faults.h) there are: a POST that a proxy delivers twice,
 * one that arrives long after its sender gave up, trades made by hand, calls of ledger and disk
 * that fail, and a clock that is stepped apart from the broker's.
 */
#ifndef TESTS_ENGINE_MODEL_H
#define TESTS_ENGINE_MODEL_H

#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "broker/alpaca.h"
#include "engine/engine.h"
#include "sim/ledger_mem.h"
#include "sim/mem_fs.h"
#include "sim/sim.h"
#include "sim/sim_clock.h"
#include "state/epoch.h"
#include "state/ledger.h"
#include "state/store.h"

enum { MODEL_SYMBOLS = 3, MODEL_OPS_MAX = 64, MODEL_POSTS_MAX = 512, MODEL_LATE_MAX = 8 };

extern const char *const MODEL_SYMBOL[MODEL_SYMBOLS];

/* ---- what all sequences share -------------------------------------------------------------- */

struct model_bed {
    struct config cfg;
    struct zone *ny;
    struct sim_day day;  /* a whole session */
    struct sim_day half; /* one that ends at 13:00 */
    struct themes themes;
    struct test_root root; /* for the ledgers in SQLite */
    bool has_root;
};

void model_bed_init(struct model_bed *bed);
void model_bed_done(struct model_bed *bed);

/* ---- a process ----------------------------------------------------------------------------- */

struct model;

struct model_process {
    struct model *m;
    int64_t calls;   /* to broker, ledger and disk */
    int64_t dies_at; /* this call has no effect any more, and none after it; 0 = never */
    bool is_dead;
    int64_t ledger_fails_at, disk_fails_at; /* 0 = never */
    int64_t ledger_fails_len, disk_fails_len;

    struct clock clock;
    struct fs fs;
    struct state_store state_store;
    struct store store;
    struct log log;
    struct ledger ledger;
    struct http http;
    struct epoch_file epoch;
    struct fence fence;
    struct arm_guard arm;
    struct kill_switch kill;
    struct risk_guard risk;
    struct ledger_guard ledger_guard;
    struct rate_guard rate;
    struct alpaca alpaca;
    struct broker market_data;
    struct flight flight;
    struct engine engine;
};

/* model_seams.c.  False: the process is dead, and the call must have no effect. */
bool model_alive(struct model_process *p);
enum rc model_dead(struct err *err); /* what a dead process is told */
struct ledger model_ledger_of(struct model_process *p);
struct fs model_fs_of(struct model_process *p);

/* ---- the world ----------------------------------------------------------------------------- */

/* A POST on its way. */
struct late_post {
    int64_t at_ns; /* 0 = none */
    struct text url, body;
};

struct posted {
    char client_id[CLIENT_ID_MAX];
};

struct model {
    struct model_bed *bed;
    uint64_t seed;
    bool is_traced; /* prints what happens */
    struct sim_clock time;
    struct clock clock; /* the broker's */
    int64_t skew_ns;    /* how far ahead the engine's clock is */
    struct sim sim;
    struct http broker_http;
    struct mem_fs *disk;
    struct fs fs;
    struct ledger_mem ledger_mem;
    struct sql_ledger *sql; /* NULL: the one in memory */
    char sql_path[64];
    struct ledger ledger;
    struct model_process *process;
    int64_t epoch; /* of the newest */
    usd cash;

    /* faults beside the simulator's */
    bool post_twice;
    int64_t post_late_ns;
    struct late_post late[MODEL_LATE_MAX];

    /* signals of the cycle at hand */
    enum direction signal[MODEL_SYMBOLS];
    double pressed_score;           /* of what is pressed; 0 = far below any entry's */
    bool is_pressed[MODEL_SYMBOLS]; /* its position should be closed */

    /* what was seen */
    struct posted posted[MODEL_POSTS_MAX];
    size_t posted_len;
    struct text sent; /* every order as it was posted, a line each */
    int64_t posts_doubled;
    int64_t event[EVENTS_LEN];
    double said_score[2]; /* before and after, of the last exit by a turned flow */
    int64_t restarts, by_hand;
    char wrong[512]; /* the first promise that was broken, "" while none was */
};

struct model_options {
    uint64_t seed;
    bool is_sql, is_half_day, is_traced;
    int64_t start_min; /* minutes after the open */
};

void model_open(struct model *m, struct model_bed *bed, const struct model_options *opt);
void model_done(struct model *m);

void model_start(struct model *m); /* a new engine, after the one before was dropped */
void model_drop(struct model *m);  /* the process is gone, without a word */
/* A process beside the one there is: the newest is m->process. */
struct model_process *model_process_new(struct model *m);
void model_process_free(struct model_process *p);

void model_wrong(struct model *m, const char *fmt, ...) PRINTF_LIKE(2, 3);
void model_pass(struct model *m, int64_t ns); /* time passes; late POSTs arrive */
void model_faults(struct model *m, const char *spec);
/* The operator's word, as `stockbot halt` and `freeze` write it; frozen has one bit a symbol. */
void model_control(struct model *m, enum control_level level, int64_t frozen);
/* A trade of somebody else at the broker; shares > 0 buys. */
void model_by_hand(struct model *m, const char *symbol, int64_t shares);

/* model_post.c */
void model_watch_post(struct model *m, const struct http_request *req);
void model_watch_book(struct model *m);

/* ---- running ------------------------------------------------------------------------------- */

/* One cycle as engine_cycle, but the candidates and the scores of the held are the script's. */
void model_cycle(struct model *m, struct model_process *p);
/* Seconds with the ticks that the loop would make. */
void model_ticks(struct model *m, int64_t seconds);
/* Faults off, then cycles until nothing is at work; past the close where it must be. */
void model_quiet(struct model *m);

enum model_op_kind {
    OP_CYCLE,        /* a = signals, two bits a symbol; b = pressed, one bit a symbol */
    OP_TICKS,        /* a seconds */
    OP_WAIT,         /* a seconds in which the engine does nothing */
    OP_FAULTS,       /* a = row of MODEL_FAULTS */
    OP_POST_TWICE,   /* the next POST */
    OP_POST_LATE,    /* the next POST, by a ms */
    OP_BY_HAND,      /* a = symbol, b = shares */
    OP_KILL,         /* at the a-th call from now; started again b seconds after */
    OP_CLOCK_STEP,   /* by a ms */
    OP_TO_CLOSE,     /* to a seconds before the close */
    OP_LEDGER_FAILS, /* the a-th call from now, and the b after it */
    OP_DISK_FAILS,
    OP_CONTROL, /* the operator orders level a and freezes the symbols in b, one bit each */
    OPS_LEN
};

struct model_op {
    enum model_op_kind kind;
    int64_t a, b;
};

struct model_sequence {
    uint64_t seed;
    struct model_options opt;
    struct model_op op[MODEL_OPS_MAX];
    size_t len;
};

void model_sequence_draw(uint64_t seed, struct model_sequence *ret_sequence);
void model_sequence_print(const struct model_sequence *s);
/* Runs it to its quiet end and checks; the first promise broken in ret_wrong, "" for none. */
void model_sequence_run(struct model_bed *bed, const struct model_sequence *s,
                        struct model *ret_seen, char *ret_wrong, size_t size);

/* ---- checking ------------------------------------------------------------------------------ */

void model_check(struct model *m);
/* Lines of a log that contain both words (the second may be ""). */
int model_lines(const struct model *m, const char *path, const char *word, const char *word2);
/* All intents, in the arena. */
struct intents model_intents(struct model *m, struct arena *a);
int64_t model_ledger_qty(struct model *m, const char *symbol);
int64_t model_broker_qty(struct model *m, const char *symbol);

#endif

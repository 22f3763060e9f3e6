/*
 * The flight recorder: where the engine was when it died (ARCHITECTURE 4), and what follows from
 * it.
 *
 * The engine stores its whereabouts into one page that io/page maps from state/flight.page: plain
 * stores, no system call, and the file has them when the process is killed.  The supervisor and the
 * next engine read the page; whatever bytes it holds, reading it is safe.
 *
 * A stage that ends the process twice in a row at the same symbol is quarantined for that symbol.
 * What counts is a crash (SIGSEGV, SIGABRT and their like), the watchdog's end of a stall and an
 * exit status of failure; not a SIGTERM, a SIGKILL from elsewhere or a power cut, which say nothing
 * about the code.  An orderly end takes back the suspicion of a first crash.
 *
 * A quarantine ends by evidence, never by time: once when the data that the stage choked on have
 * changed (quarantine_data_changed), for one more chance; after the third crash only an operator
 * ends it, by removing the entry from state/quarantine.json: a list of {"stage", "symbol", "since",
 * "count", "is_held", "data", "reason"}.
 *
 *   flight.c       the page
 *   quarantine.c   the list
 */
#ifndef STATE_FLIGHT_H
#define STATE_FLIGHT_H

#include "base/clock.h"
#include "base/stage.h"
#include "base/store.h"
#include "model/symbol.h"

#define FLIGHT_PATH     "state/flight.page"
#define QUARANTINE_PATH "state/quarantine.json"
/* How the last engine ended, from the supervisor to the next one: flight_exit_text. */
#define FLIGHT_EXIT_ENV "STOCKBOT_LAST_EXIT"

enum {
    FLIGHT_PAGE_SIZE = 4096,
    FLIGHT_STEPS_MAX = 32,
    FLIGHT_EXIT_TEXT_MAX = 64,
    QUARANTINE_MAX = 64,
    QUARANTINE_REASON_MAX = 96
};

/* ---- writing ------------------------------------------------------------------------------- */

struct flight_page; /* flight.c */

struct flight {
    struct flight_page *page; /* NULL: nothing is recorded */
    const struct clock *clock;
};

/* Starts a new record over the old one, which must have been read before; page NULL: nothing is
 * recorded. Borrows page and clock.
 */
void flight_begin(struct flight *f, void *page, const struct clock *clock, int64_t epoch);
void flight_cycle(struct flight *f, uint64_t cycle);
/* We are here now; symbol NULL or "" for a stage that is about none. */
void flight_at(struct flight *f, enum stage stage, const char *symbol);
/* A hash of the data the stage is about to work on, for quarantine_data_changed; 0 for none. */
void flight_data(struct flight *f, uint64_t hash);
/* A short event with a code of the caller's into the ring. */
void flight_note(struct flight *f, int code, const char *symbol);
/* The end was orderly. */
void flight_end(struct flight *f);

/* ---- reading ------------------------------------------------------------------------------- */

struct flight_step {
    int64_t mono_ns;
    enum stage stage;
    int code; /* 0: a step of flight_at */
    char symbol[SYMBOL_MAX];
};

struct flight_report {
    int pid;
    int64_t epoch;
    uint64_t cycle;
    enum stage stage;
    char symbol[SYMBOL_MAX]; /* "" for none, and for bytes that are no symbol */
    uint64_t data_hash;
    int64_t began_ns;                          /* wall clock of flight_begin */
    bool is_orderly;                           /* flight_end was reached */
    struct flight_step step[FLIGHT_STEPS_MAX]; /* oldest first */
    size_t steps_len;
};

/* RC_PARSE for bytes that are no flight page of this version. */
enum rc flight_read(const void *bytes, size_t len, struct flight_report *ret_report,
                    struct err *err) MUST_USE;

/* "pid 12 epoch 7 died in cycle 40, stage score, symbol AAPL" and the last steps, one a line. */
void flight_describe(const struct flight_report *r, struct text *to);

/* ---- how it ended -------------------------------------------------------------------------- */

struct flight_exit {
    bool is_known;
    int pid;
    int code;         /* exit status, or the negative number of the signal */
    bool by_watchdog; /* the supervisor ended a stall                      */
};

const char *flight_exit_text(const struct flight_exit *e, char buf[FLIGHT_EXIT_TEXT_MAX]);
/* is_known is false for anything that flight_exit_text did not write, NULL included. */
struct flight_exit flight_exit_from(const char *text);

/* True if the end says something about the code that was running. */
bool flight_is_fault(const struct flight_report *r, const struct flight_exit *e);

/* ---- quarantine ---------------------------------------------------------------------------- */

struct quarantined {
    enum stage stage;
    char symbol[SYMBOL_MAX]; /* "" = the stage as a whole, which only entries, flow and shadow can
                                be */
    int64_t since_ns;
    int count;    /* crashes at this place */
    bool is_held; /* false: one crash so far, or on probation with changed data */
    uint64_t data_hash;
    char reason[QUARANTINE_REASON_MAX];
};

struct quarantine {
    struct quarantined entry[QUARANTINE_MAX];
    size_t len;
};

enum quarantine_change {
    QUARANTINE_SAME,
    QUARANTINE_CLEARED,   /* an orderly end, or a crash elsewhere: old suspicions are gone */
    QUARANTINE_SUSPECTED, /* the first crash at this place  */
    QUARANTINE_HELD       /* the last entry is held from now on */
};

/* Folds the end of the last engine into the list. */
enum quarantine_change quarantine_fold(struct quarantine *q, const struct flight_report *r,
                                       const struct flight_exit *e, int64_t now_ns);

bool quarantine_holds(const struct quarantine *q, enum stage stage, const char *symbol);

/* The symbol's data hash to `hash` now: true if an entry was let go for one more chance. */
bool quarantine_data_changed(struct quarantine *q, const char *symbol, uint64_t hash);

/* An operator's word; true if there was such an entry. */
bool quarantine_remove(struct quarantine *q, enum stage stage, const char *symbol);

void quarantine_load(struct quarantine *q, const struct store *store);
enum rc quarantine_save(const struct quarantine *q, const struct store *store,
                        struct err *err) MUST_USE;

#endif

/*
 * control: what the operator has ordered: a halt of one of three kinds, and symbols that take no
 * entry.
 *
 * Pure.  The file is state/operator_control.json; `stockbot halt` and its kin write it, the engine
 * reads it in each cycle.  It stands until it is taken back by hand, over restarts and nights.
 *
 *   exits_only  no entries; positions are watched and closed by their rules
 *   flat        as exits_only, and every position is closed
 *   all         nothing is opened and nothing is closed, stops included; the broker is still asked
 *
 * In each of the three, working entries are withdrawn.  A file that cannot be read counts as
 * exits_only: a halt is never lost silently.
 */
#ifndef STRATEGY_CONTROL_H
#define STRATEGY_CONTROL_H

#include "base/json.h"
#include "base/when.h"
#include "model/order.h"
#include "strategy/ladder.h"

#define CONTROL_PATH "state/operator_control.json"

enum { CONTROL_WHO_MAX = 64, CONTROL_FROZEN_MAX = 256 };

enum control_level { CONTROL_NONE, CONTROL_EXITS_ONLY, CONTROL_FLAT, CONTROL_ALL };

/* Who ordered it, why, and when. */
struct control_word {
    char reason[REASON_MAX];
    char who[CONTROL_WHO_MAX];
    int64_t at_ns; /* WHEN_NONE: not known */
};

struct control_frozen {
    char symbol[SYMBOL_MAX];
    struct control_word word;
};

struct control {
    enum control_level level;
    struct control_word word;                         /* of the level */
    struct control_frozen frozen[CONTROL_FROZEN_MAX]; /* ascending by symbol */
    size_t frozen_len;
};

/* The document of a file that was lost to damage: exits_only until an operator resumes. */
#define CONTROL_DAMAGED_JSON                                                                       \
    "{\"halt\":{\"level\":\"exits_only\",\"reason\":\"" CONTROL_PATH                               \
    " was damaged\",\"who\":\"engine\"}}"

/*
 * Reads the file.  NULL is no file: nothing was ordered.  What is not understood (a halt without a
 * level that we know, more symbols than fit) is exits_only.
 */
void control_decode(const struct json *doc, struct control *ret_control);
void control_encode(const struct control *c, struct text *to);

/* RC_RANGE: a reason or name that is empty, too long or has control characters. */
enum rc control_word_set(const char *reason, const char *who, int64_t at_ns,
                         struct control_word *ret_word, struct err *err) MUST_USE;

/* RC_RANGE where there are too many.  A symbol frozen already gets the new word. */
enum rc control_freeze(struct control *c, const char *symbol, const struct control_word *word,
                       struct err *err) MUST_USE;
/* False where the symbol was not frozen. */
bool control_unfreeze(struct control *c, const char *symbol);
/* NULL where it is not frozen. */
const struct control_frozen *control_frozen_find(const struct control *c, const char *symbol);

const char *control_level_name(enum control_level level); /* "none", "exits_only", "flat", "all" */
/* The reason for the ladder; HALTS_LEN for CONTROL_NONE. */
enum halt control_halt(enum control_level level);

#endif

#include "strategy/control.h"

#include <ctype.h>

#include "model/symbol.h"

static const char *const LEVELS[] = {
    [CONTROL_NONE] = "none",
    [CONTROL_EXITS_ONLY] = "exits_only",
    [CONTROL_FLAT] = "flat",
    [CONTROL_ALL] = "all",
};

const char *
control_level_name(enum control_level level)
{
    return LEVELS[level];
}

enum halt
control_halt(enum control_level level)
{
    static const enum halt HALT_OF[] = {
        [CONTROL_NONE] = HALTS_LEN,
        [CONTROL_EXITS_ONLY] = HALT_OPERATOR_EXITS_ONLY,
        [CONTROL_FLAT] = HALT_OPERATOR_FLAT,
        [CONTROL_ALL] = HALT_OPERATOR_ALL,
    };

    return HALT_OF[level];
}

/* ---- the file ------------------------------------------------------------------------------ */

/* A level that we do not know was meant as a halt of some kind: the mildest that stops entries. */
static enum control_level
level_of(const struct json *halt)
{
    const char *name = json_str(halt, "level", "");

    for (size_t i = 0; i < COUNT_OF(LEVELS); i++)
        if (str_eq(name, LEVELS[i])) return (enum control_level)i;
    return CONTROL_EXITS_ONLY;
}

static struct control_word
word_decode(const struct json *v)
{
    struct control_word w = {.at_ns = when_parse_or_none(json_str(v, "at", ""))};

    (void)str_copy(w.reason, sizeof(w.reason), json_str(v, "reason", ""));
    (void)str_copy(w.who, sizeof(w.who), json_str(v, "who", ""));
    return w;
}

/* Entries in a symbol that was meant and could not be noted must not go on. */
static void
not_understood(struct control *c, const char *what)
{
    if (c->level != CONTROL_NONE) return;
    c->level = CONTROL_EXITS_ONLY;
    c->word = (struct control_word){.who = "engine", .at_ns = WHEN_NONE};
    (void)str_copy(c->word.reason, sizeof(c->word.reason), what);
}

void
control_decode(const struct json *doc, struct control *ret_control)
{
    struct control c = {.word = {.at_ns = WHEN_NONE}};
    const struct json *halt = json_get(doc, "halt"), *frozen = json_get_obj(doc, "frozen");
    struct err ignored = {0};

    if (halt != NULL && json_kind(halt) != JSON_NULL) {
        c.level = level_of(halt);
        c.word = word_decode(halt);
    }
    for (const struct json *v = json_first(frozen); v != NULL; v = json_next(v)) {
        struct control_word w = word_decode(v);

        if (control_freeze(&c, json_key(v), &w, &ignored) != RC_OK)
            not_understood(&c, "a frozen symbol of " CONTROL_PATH " is not understood");
    }
    *ret_control = c;
}

static void
word_encode(struct json_out *o, const struct control_word *w)
{
    json_out_str(o, "reason", w->reason);
    json_out_str(o, "who", w->who);
    json_out_time(o, "at", w->at_ns);
}

void
control_encode(const struct control *c, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    if (c->level == CONTROL_NONE) {
        json_out_null(&o, "halt");
    } else {
        json_out_obj(&o, "halt");
        json_out_str(&o, "level", control_level_name(c->level));
        word_encode(&o, &c->word);
        json_out_end(&o);
    }
    json_out_obj(&o, "frozen");
    for (size_t i = 0; i < c->frozen_len; i++) {
        json_out_obj(&o, c->frozen[i].symbol);
        word_encode(&o, &c->frozen[i].word);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
}

/* ---- orders of the operator ---------------------------------------------------------------- */

static enum rc
check_text(const char *what, const char *text, size_t size, struct err *err)
{
    if (text[0] == '\0') return err_set(err, RC_RANGE, "%s is empty", what);
    if (strlen(text) >= size)
        return err_set(err, RC_RANGE, "%s has more than %zu bytes", what, size - 1);
    for (const char *p = text; *p != '\0'; p++)
        if (iscntrl((unsigned char)*p))
            return err_set(err, RC_RANGE, "%s has a control character", what);
    return RC_OK;
}

enum rc
control_word_set(const char *reason, const char *who, int64_t at_ns, struct control_word *ret_word,
                 struct err *err)
{
    struct control_word w = {.at_ns = at_ns};
    enum rc rc = check_text("the reason", reason, sizeof(w.reason), err);

    if (rc == RC_OK) rc = check_text("the name", who, sizeof(w.who), err);
    if (rc != RC_OK) return rc;
    (void)str_copy(w.reason, sizeof(w.reason), reason);
    (void)str_copy(w.who, sizeof(w.who), who);
    *ret_word = w;
    return RC_OK;
}

/* Where the symbol stands, or would stand. */
static size_t
place_of(const struct control *c, const char *symbol)
{
    size_t i = 0;

    while (i < c->frozen_len && strcmp(c->frozen[i].symbol, symbol) < 0)
        i++;
    return i;
}

const struct control_frozen *
control_frozen_find(const struct control *c, const char *symbol)
{
    size_t i = place_of(c, symbol);

    return i < c->frozen_len && str_eq(c->frozen[i].symbol, symbol) ? &c->frozen[i] : NULL;
}

enum rc
control_freeze(struct control *c, const char *symbol, const struct control_word *word,
               struct err *err)
{
    char upper[SYMBOL_MAX];

    if (!symbol_set(upper, symbol)) return err_set(err, RC_RANGE, "%s is no symbol", symbol);
    size_t at = place_of(c, upper);
    if (control_frozen_find(c, upper) == NULL) {
        if (c->frozen_len == CONTROL_FROZEN_MAX)
            return err_set(err, RC_RANGE, "%d symbols are frozen already", CONTROL_FROZEN_MAX);
        memmove(&c->frozen[at + 1], &c->frozen[at], (c->frozen_len - at) * sizeof(c->frozen[0]));
        c->frozen_len++;
    }
    (void)str_copy(c->frozen[at].symbol, SYMBOL_MAX, upper);
    c->frozen[at].word = *word;
    return RC_OK;
}

bool
control_unfreeze(struct control *c, const char *symbol)
{
    char upper[SYMBOL_MAX];

    if (!symbol_set(upper, symbol) || control_frozen_find(c, upper) == NULL) return false;
    size_t at = place_of(c, upper);
    c->frozen_len--;
    memmove(&c->frozen[at], &c->frozen[at + 1], (c->frozen_len - at) * sizeof(c->frozen[0]));
    return true;
}

/*
 * JSON at the edge: bytes to values, values to bytes.  The only includer of cJSON is base/json*.c.
 *
 * Two ways of reading, each with a name:
 *
 *   JSON_STRICT  state, configuration and API bodies: RFC 8259, one value, nothing around it but
 * white space; duplicate keys, NaN, invalid UTF-8, lone surrogates, NUL, a byte-order mark and
 *                trailing bytes are refused
 *   JSON_LOG     one line of a log (spec 40 0.2): NaN and Infinity read as numbers that are not
 * finite, lone surrogates are kept, of repeated keys the last value counts at the first's place
 *
 * Numbers keep what was written: json_i64 and json_usd read the text, not a double made from it.
 *
 * A \u0000 that a log contains reads as U+FFFD, like a byte that is not UTF-8: C strings end at a
 * NUL.
 *
 *   json.c        parsing and the tree
 *   json_check.c  the grammar, byte by byte, before cJSON sees the text
 *   json_fix.c    exact numbers and repeated keys, after it built the tree
 *   json_tree.c   json_parse_in: the same tree in an arena
 *   json_escape.c escapes to UTF-8
 *   json_get.c    tolerant readers (spec 10 R0.2, R0.3) and struct json_in for what must be there
 *   json_out.c    the writer
 *   json_pretty.c a document for people to read
 *   json_scan.c   finds the members of a large object without building it
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/usd.h"

struct json; /* a value inside a parsed document, borrowed from it */

enum json_mode { JSON_STRICT, JSON_LOG };

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_limits {
    size_t bytes_max;
    int depth_max;
};

/* 16 MiB and 64 levels: API bodies.  State files pass their own. */
extern const struct json_limits JSON_LIMITS_BODY;
/* 512 MiB and 512 levels: caches and logs. */
extern const struct json_limits JSON_LIMITS_FILE;

/*
 * Parses one value.  Gives a document to be freed with json_free.
 *
 * RC_PARSE names line and column ("line 3, column 17: duplicate key \"a\""); RC_RANGE a passed
 * limit.
 */
enum rc json_parse(const char *bytes, size_t len, enum json_mode mode,
                   const struct json_limits *limits, struct json **ret_doc,
                   struct err *err) MUST_USE;
void json_free(struct json *doc);
void json_freep(struct json **doc); /* fits CLEANUP(json_freep) */

/*
 * json_parse in strict mode into an arena: refuses the same bytes with the same words and gives the
 * same document, some times as fast.  It lives as long as the arena's pieces do; there is nothing
 * to free.
 */
enum rc json_parse_in(const char *bytes, size_t len, const struct json_limits *limits,
                      struct arena *a, const struct json **ret_doc, struct err *err) MUST_USE;

/* ---- the tree; all accept NULL and answer as for an absent value --------------------------- */

enum json_kind json_kind(const struct json *v); /* JSON_NULL for NULL */
bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
size_t json_len(const struct json *v); /* members or elements; 0 for anything else */

/* The member; NULL if v is no object, there is none, or it is null (null is the same as absent). */
const struct json *json_get(const struct json *v, const char *key);
bool json_has(const struct json *v, const char *key); /* present and not null */
/* json_get that also gives a null: for the few rules that tell null from absent. */
const struct json *json_member(const struct json *v, const char *key);
/* json_get limited to objects, arrays: another kind is the same as absent. */
const struct json *json_get_obj(const struct json *v, const char *key);
const struct json *json_get_arr(const struct json *v, const char *key);

/* In document order: for (c = json_first(v); c != NULL; c = json_next(c)). */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v); /* "" for an element of an array */

/* ---- the value itself ---------------------------------------------------------------------- */

const char *json_string(const struct json *v); /* NULL unless a string */
bool json_is_true(const struct json *v);       /* exactly true */
bool json_truthy(const struct json *v);        /* false for absent, null, false, 0, "", [], {} */
/* The digits of a whole number that has more of them than a double keeps; NULL for any other. */
const char *json_long_digits(const struct json *v);
bool json_is_whole(const struct json *v); /* a number written without point and exponent */

/*
 * num(v, d) of spec 10 R0.2: a finite number; 1 or 0 for a boolean; the number a string spells
 * after trimming; otherwise dflt.
 */
double json_f64_of(const struct json *v, double dflt);

/* A number or numeric text that is a whole int64_t, exact; otherwise dflt. */
int64_t json_i64_of(const struct json *v, int64_t dflt);

/* ---- tolerant readers by key: absent, null and the wrong type give dflt -------------------- */

double json_f64(const struct json *obj, const char *key, double dflt);
int64_t json_i64(const struct json *obj, const char *key, int64_t dflt);
bool json_bool(const struct json *obj, const char *key, bool dflt); /* a JSON boolean only */
const char *json_str(const struct json *obj, const char *key, const char *dflt);

/* ---- what gives a record its meaning ------------------------------------------------------- */

/* Remembers the first thing that is wrong; start with {.obj = obj, .err = err}. */
struct json_in {
    const struct json *obj;
    struct err *err;
    enum rc rc;
};

const char *json_need_str(struct json_in *in, const char *key); /* borrowed; "" when missing */
int64_t json_need_i64(struct json_in *in, const char *key);     /* number or text */
double json_need_f64(struct json_in *in, const char *key);
usd json_need_usd(struct json_in *in, const char *key);      /* exact decimal, number or text */
int64_t json_need_time(struct json_in *in, const char *key); /* instant from ISO text */
bool json_need_bool(struct json_in *in, const char *key);

/* May be absent or null (dflt); wrong where present is an error. */
usd json_opt_usd(struct json_in *in, const char *key, usd dflt);
int64_t json_opt_time(struct json_in *in, const char *key, int64_t dflt);

/* ---- writing ------------------------------------------------------------------------------- */

enum { JSON_OUT_DEPTH_MAX = 64 };

/*
 * Writes into a text, compact, UTF-8.  Commas and colons are its business; calls out of order
 * assert.
 *
 * key is NULL inside an array and for the outermost value.  Numbers take the shortest form that
 * reads back to the same double; one that is not finite becomes null (spec 10 R0.6).  A string that
 * is not UTF-8 gets U+FFFD for each bad byte, so the output is always valid.
 */
struct json_out {
    struct text *to;
    bool keeps_surrogates; /* a lone surrogate that a log held becomes its escape again, which
                              strict readers refuse, instead of U+FFFD */
    int depth;
    bool has_member[JSON_OUT_DEPTH_MAX];
    char closer[JSON_OUT_DEPTH_MAX];
};

void json_out_obj(struct json_out *o, const char *key);
void json_out_arr(struct json_out *o, const char *key);
void json_out_end(struct json_out *o); /* closes the innermost object or array */
void json_out_str(struct json_out *o, const char *key, const char *value); /* NULL writes null */
void json_out_strn(struct json_out *o, const char *key, const char *value, size_t len);
void json_out_i64(struct json_out *o, const char *key, int64_t value);
void json_out_count(struct json_out *o, const char *key, int64_t n); /* null for one below 0 */
void json_out_f64(struct json_out *o, const char *key, double value);
/* As json_out_f64, but a whole number keeps its point (3.0): for readers that tell the two apart.
 */
void json_out_num(struct json_out *o, const char *key, double value);
void json_out_bool(struct json_out *o, const char *key, bool value);
void json_out_null(struct json_out *o, const char *key);
void json_out_usd(struct json_out *o, const char *key, usd value);      /* number, exact decimals */
void json_out_time(struct json_out *o, const char *key, int64_t at_ns); /* ISO; WHEN_NONE is null */
void json_out_raw(struct json_out *o, const char *key, const char *json,
                  size_t len); /* trusted JSON */
void json_out_value(struct json_out *o, const char *key,
                    const struct json *v); /* a parsed value again */

/*
 * A parsed value for people and for comparing: two blanks a level, a member a line, no newline at
 * the end; members as they stand, or in the order of their keys' bytes (spec 30 0.4, spec 40 0.5).
 */
enum json_order { JSON_AS_WRITTEN, JSON_SORTED };
void json_pretty(struct text *to, const struct json *v, enum json_order order);

/* Shortest decimal text that reads back to x ("null" where not finite); integral values without
 * ".0". */
enum { F64_TEXT_MAX = 32 };
const char *f64_text(double x, char buf[F64_TEXT_MAX]);

/* What printf writes for "%.*f"; places not below 0. */
enum { F64_FIXED_MAX = 352 };
const char *f64_fixed(double x, int places, char buf[F64_FIXED_MAX]);

/* round_k of spec 10 R0.4: the exact binary value to k decimals (0..15), ties to even. */
double round_dec(double x, int k);

/* ---- large objects without a tree ---------------------------------------------------------- */

struct json_span {
    const char *key; /* bytes between the quotes, escapes not resolved */
    size_t key_len;
    const char *value; /* first byte of the value */
    size_t value_len;
};

/*
 * Walks the members of the object that the bytes hold.  Checks quotes and brackets, not the values
 * inside: whoever needs a value parses its span.  Start with json_scan_init; json_scan_next gives
 * RC_OK and a span, RC_NOT_FOUND after the last (only white space may follow), RC_PARSE with line
 * and column.
 */
struct json_scan {
    const char *bytes;
    size_t len;
    size_t at;
    bool started;
};
void json_scan_init(struct json_scan *s, const char *bytes, size_t len);
enum rc json_scan_next(struct json_scan *s, struct json_span *ret_span, struct err *err) MUST_USE;

/*
 * The same in two steps, for a caller who may know the value from an earlier look: the key and
 * where its value begins (value_len 0), as json_scan_next returns; then the value, either looked
 * for or passed over.
 */
enum rc json_scan_key(struct json_scan *s, struct json_span *ret_span, struct err *err) MUST_USE;
enum rc json_scan_value(struct json_scan *s, struct json_span *span, struct err *err) MUST_USE;
/* len: of a whole array or object that stands here; at most what is left of the bytes. */
void json_scan_pass(struct json_scan *s, struct json_span *span, size_t len);

#endif

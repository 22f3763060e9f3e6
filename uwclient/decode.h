/*
 * What all decoders share: rows, tolerant numbers and instants, and the text of a cache member.
 *
 * Most numbers of the API are strings, some are numbers, any may be null; the order of rows differs
 * between endpoints and between recordings.  Hence: never row 0, always the newest by its own date.
 */
#ifndef UWCLIENT_DECODE_H
#define UWCLIENT_DECODE_H

#include "base/json.h"
#include "base/when.h"

/* The rows of an answer: the objects of the list `data`, or the one object that stands in its
 * place. */
struct uw_rows {
    const struct json *at; /* NULL after the last */
    bool is_single;
};
struct uw_rows uw_rows_of(const struct json *body);
void uw_rows_next(struct uw_rows *r);
#define UW_EACH_ROW(r, body)                                                                       \
    for (struct uw_rows r = uw_rows_of(body); (r).at != NULL; uw_rows_next(&(r)))

size_t uw_rows_count(const struct json *body);

/* The row with the greatest text under the key, as ISO dates and times compare; NULL without any.
 */
const struct json *uw_latest(const struct json *body, const char *key);

/* Nested no deeper than what the API is known to send, so that the row can be kept inside our own
 * files. */
bool uw_is_shallow(const struct json *row);

/* A finite number, or text that spells one (blanks and thousands commas allowed); otherwise 0. */
double uw_num(const struct json *v);
double uw_num_at(const struct json *row, const char *key);

/* As uw_num, as exact money.  More than 1 trillion USD is no premium and counts as 0. */
usd uw_usd(const struct json *v);
usd uw_usd_at(const struct json *row, const char *key);
usd uw_usd_sum(usd a, usd b); /* stops at the bounds instead of overflowing */

/* A whole number, towards zero; 0 where it is none or too large. */
int64_t uw_count(const struct json *v);
int64_t uw_count_at(const struct json *row, const char *key);

/* Epoch seconds, or milliseconds from 2 000 000 000 on; ISO text; WHEN_NONE otherwise. */
int64_t uw_time(const struct json *v);
int64_t uw_time_at(const struct json *row, const char *key);

/* A calendar date in the first ten characters of a text member; false where there is none. */
bool uw_date_at(const struct json *row, const char *key, struct date *ret_date);

/* "BULLISH", "BEARISH" or "NEUTRAL" by the sign. */
const char *uw_sentiment(double x);

/* ---- a member of the flow cache, as text ----------------------------------------------------- */

struct member {
    struct text text;
    struct json_out out;
    const char *dropped; /* the first key whose value was not finite and became 0; NULL = none */
};

#define MEMBER_EMPTY ((struct member){.dropped = NULL})
void member_open(struct member *m);  /* starts the object */
void member_close(struct member *m); /* ends it */
void member_free(struct member *m);  /* fits CLEANUP */
void member_num(struct member *m, const char *key, double x);

#endif

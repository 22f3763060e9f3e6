/*
 * A candidate path against the allow-list (spec 20 1.3).
 *
 * Accepted: a path as written in the list, or one that a template of the list fits.  The template
 * with the most literal segments wins, the leftmost literal first.  Refused: anything with a query,
 * a fragment, braces, a backslash, control characters, empty or dotted segments, bytes that a URL
 * cannot hold, and an absolute URL whose scheme and authority are not those of the configured base.
 */
#ifndef UWCLIENT_MATCH_H
#define UWCLIENT_MATCH_H

#include "uwclient/spec.h"

enum {
    MATCH_PATH_MAX = 512, /* longest candidate path, NUL included    */
    MATCH_VALUES_MAX = 4, /* placeholders of one template            */
    MATCH_VALUE_MAX = 128,
    MATCH_NAME_MAX = 32
};

struct match {
    const struct spec_op *op;  /* the resolved template */
    char path[MATCH_PATH_MAX]; /* what goes into the URL, as given */
    struct {
        char name[MATCH_NAME_MAX];
        char value[MATCH_VALUE_MAX]; /* percent-decoded */
    } values[MATCH_VALUES_MAX];
    size_t values_len;
};

/* RC_DENIED with the reason for a candidate that is not allowed. */
enum rc match_path(const struct spec *s, const char *base_url, const char *candidate,
                   struct match *ret_match, struct err *err) MUST_USE;

/* As match_path for a path literal in our sources, which may hold placeholders in braces (SL-20).
 */
enum rc match_literal(const struct spec *s, const char *candidate, const struct spec_op **ret_op,
                      struct err *err) MUST_USE;

/* How a refused candidate is shown in an event: its path, with a leading slash. */
void match_shown(const char *candidate, struct text *to);

/* The 11 sector names that the API knows. */
bool match_is_sector(const char *name);

#endif

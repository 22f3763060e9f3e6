/*
 * Query parameters of a call: names with text, whole numbers, booleans or lists.
 *
 * One list, three forms: canonical JSON (the key of the response cache), compact JSON (logs) and
 * the query of the URL (spec 20 TR-5, RC-1).  Names are sorted bytewise in all of them.
 */
#ifndef UWCLIENT_PARAMS_H
#define UWCLIENT_PARAMS_H

#include "base/json.h"

enum { UW_PARAMS_MAX = 12 };

enum uw_param_kind {
    UW_PARAM_STR,
    UW_PARAM_I64,
    UW_PARAM_BOOL,
    UW_PARAM_LIST /* as.str holds the items separated by commas; sent as name[]=a&name[]=b */
};

struct uw_param {
    const char *name; /* of a list with its brackets, as in the OpenAPI file */
    enum uw_param_kind kind;
    union {
        const char *str;
        int64_t i64;
        bool boolean;
    } as;
};

#define UW_STR(n, v)  ((struct uw_param){(n), UW_PARAM_STR, {.str = (v)}})
#define UW_I64(n, v)  ((struct uw_param){(n), UW_PARAM_I64, {.i64 = (v)}})
#define UW_BOOL(n, v) ((struct uw_param){(n), UW_PARAM_BOOL, {.boolean = (v)}})
#define UW_LIST(n, v) ((struct uw_param){(n), UW_PARAM_LIST, {.str = (v)}})

struct uw_params {
    struct uw_param item[UW_PARAMS_MAX];
    size_t len;
};

void uw_params_add(struct uw_params *p, struct uw_param item); /* asserts room */
void uw_params_sort(struct uw_params *p);

/* {"limit":50,"ticker_symbol":"ACME"}: sorted, no blanks, non-ASCII characters as \uXXXX. */
void uw_params_canonical(const struct uw_params *sorted, struct text *to);

/* limit=50&ticker_symbol=ACME; "" for none. */
void uw_params_query(const struct uw_params *sorted, struct text *to);

/* A JSON string, quotes included, in which everything beyond ASCII is \uXXXX. */
void uw_json_ascii(struct text *to, const char *s, size_t len);

#endif

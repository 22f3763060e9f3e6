/*
 * The fields that the endpoints are known to send in a row of `data`; inside uwclient only.
 */
#ifndef UWCLIENT_DRIFT_SHAPES_H
#define UWCLIENT_DRIFT_SHAPES_H

#include "uwclient/endpoints.h"

enum {
    FIELD_S = 1,    /* text */
    FIELD_N = 2,    /* number */
    FIELD_B = 4,    /* true or false */
    FIELD_A = 8,    /* list */
    FIELD_O = 16,   /* object */
    FIELD_MUST = 32 /* in every row so far; may still be null */
};

struct shape_field {
    const char *name;
    unsigned kinds;
};

struct shape {
    const struct shape_field *field;
    size_t len; /* 0 = this endpoint is not watched */
};

struct shape shape_of(enum uw_endpoint e);

#endif

/*
 * Decimal text to whole numbers, exactly: no double in between.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/compiler.h"

enum decimal_result {
    DECIMAL_EXACT,
    DECIMAL_ROUNDED, /* digits were lost: half away from zero */
    DECIMAL_RANGE,   /* beyond +-INT64_MAX                    */
    DECIMAL_INVALID  /* not [+-]digits[.digits][e[+-]digits]  */
};

/* The text times 10^scale (scale 0..18), as a whole number; written unless RANGE or INVALID. */
enum decimal_result decimal_scaled(const char *text, size_t len, int scale, int64_t *ret_value);

#endif

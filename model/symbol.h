/*
 * Ticker symbols: upper-case text of at most ten characters (spec 20 SL-19).
 */
#ifndef MODEL_SYMBOL_H
#define MODEL_SYMBOL_H

#include "base/compiler.h"

enum {
    SYMBOL_MAX = 16, /* room, NUL included; valid symbols have at most 10 characters */
    SYMBOLS_MAX = 8192
};

/* ^[A-Z0-9][A-Z0-9.-]{0,9}$ */
bool symbol_valid(const char *s);

/* Copies, trims and upper-cases; false (and "") if the result is not valid. */
bool symbol_set(char dst[SYMBOL_MAX], const char *src);

/* The instrument of the one-position rule: GOOG and GOOGL are one, written GOOGL (spec 10 R0.9). */
const char *symbol_normal_form(const char *s);

/* The sector table of v1 (spec 10 R5.16); "Unknown" for any other symbol. */
const char *symbol_sector(const char *s);

#endif

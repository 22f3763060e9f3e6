/*
 * The open paper positions, one a symbol.  {0} is an empty book; shadow_book_done frees it.
 */
#ifndef SHADOW_BOOK_H
#define SHADOW_BOOK_H

#include "shadow/shadow.h"

void shadow_book_done(struct shadow_book *b); /* as after = {0}; fits CLEANUP */

/* The position, NULL where there is none; good until the book changes. */
const struct shadow_position *shadow_book_find(const struct shadow_book *b, const char *symbol);

/* Copies the position in, texts and all, in place of one of the same symbol.  The book has room. */
void shadow_book_put(struct shadow_book *b, const struct shadow_position *p);

void shadow_book_remove(struct shadow_book *b, const char *symbol); /* nothing if it is not there */

/* Does what a step decided on this book. */
void shadow_book_apply(struct shadow_book *b, const struct shadow_outcome *outcome);

#endif

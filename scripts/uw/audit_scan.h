/*
 * The texts in quotes of a C source file, as the compiler sees them: comments are none, pieces that
 * stand beside each other are one.
 */
#ifndef SCRIPTS_AUDIT_SCAN_H
#define SCRIPTS_AUDIT_SCAN_H

#include "base/text.h"

/* Calls each(ctx, line, text) for every one; line is where its first piece begins.  Escapes stay as
 * they are written. */
void audit_literals(const char *bytes, size_t len,
                    void (*each)(void *ctx, int line, const char *text), void *ctx);

#endif

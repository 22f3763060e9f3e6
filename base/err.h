/*
 * Errors: a code for the program, a sentence for the person.
 *
 * A function that can fail returns enum rc and writes the sentence into the caller's struct err.
 * Each level adds what it was doing, so the log reads "engine: read positions.json: Permission
 * denied".
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/compiler.h"

enum rc {
    RC_OK = 0,
    RC_NOMEM,
    RC_NOT_FOUND,
    RC_IO,      /* the system refused                                        */
    RC_PARSE,   /* the bytes are not what the format promises                */
    RC_RANGE,   /* well formed, but outside the bounds we accept             */
    RC_DENIED,  /* our own guard refused: paper guard, risk, allow-list      */
    RC_UNKNOWN, /* sent, and no answer: reconcile before doing anything else */
    RC_TIMEOUT, /* the deadline passed before anything was sent or read      */
    RC_BUSY,    /* somebody else holds it: a lock, a single-instance guard   */
    RC_STOPPED, /* we were asked to stop while waiting                       */
};

enum { ERR_TEXT_MAX = 512 };

struct err {
    enum rc code;
    char text[ERR_TEXT_MAX]; /* "" until something failed; cut, never overrun */
};

/* The code's name in lower case, "ok", "not_found", ...; never NULL. */
const char *rc_name(enum rc code);

/* Replaces the sentence; returns code.  e may be NULL: the code is still returned. */
enum rc err_set(struct err *e, enum rc code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set, and ends the sentence with ": " and the words for errno value sys_errno. */
enum rc err_sys(struct err *e, enum rc code, int sys_errno, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Puts "<text>: " before the sentence; returns e->code.  e must not be NULL: the code would be
 * lost. */
enum rc err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

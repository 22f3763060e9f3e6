/*
 * The seam of a stream of messages over one connection (WebSocket): nothing in it waits.
 *
 * Messages may be lost and doubled; who needs to be sure asks elsewhere.  Implementations:
 * io/ws.c (libwebsockets) and the scripted one of the tests.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/err.h"
#include "base/text.h"

enum stream_state { STREAM_CLOSED, STREAM_CONNECTING, STREAM_OPEN };

struct stream {
    void *self;
    /* Begins to connect; what becomes of it is seen by step.  Of an open stream: begins anew. */
    enum rc (*open)(void *self, struct err *err);
    /* Does what can be done now. */
    enum stream_state (*step)(void *self);
    /* Takes a copy of one text message to be sent; RC_IO while it is not open. */
    enum rc (*send)(void *self, const char *bytes, size_t len, struct err *err);
    void (*ping)(void *self);
    /* The next message that came, false where there is none. */
    bool (*take)(void *self, struct text *ret_message);
    /* How many frames have come since it was made, answers to pings included. */
    uint64_t (*heard)(const void *self);
    /* Why it is closed, in words without secrets; "" where nobody knows. */
    const char *(*why)(const void *self);
    void (*close)(void *self);
};

#endif

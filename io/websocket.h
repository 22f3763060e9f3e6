/*
 * websocket: a client of one WebSocket connection (RFC 6455) that never waits.
 *
 * libcurl connects (names, certificates, proxies as for io/http.h); the handshake and the frames
 * are spoken over its socket with base/ws.h.  Whoever has the loop steps it; every step does what
 * is possible at once.  Pings are answered.  After the end it is freed, and another one made.
 */
#ifndef IO_WEBSOCKET_H
#define IO_WEBSOCKET_H

#include "base/clock.h"
#include "base/err.h"

enum {
    WEBSOCKET_OPEN_MS = 10000,          /* connection and handshake, real time */
    WEBSOCKET_MESSAGE_MAX = 256 * 1024, /* bytes of a message, in however many frames */
    WEBSOCKET_STEP_MS = 20              /* step again after so long while there is no descriptor */
};

struct websocket_options {
    const char *url;           /* https://…, or http://… on this machine; borrowed */
    const char *ca_file;       /* NULL = the system's certificates; borrowed */
    const struct clock *clock; /* borrowed */
    /* A whole message, text or binary, good during the call. */
    void (*message)(void *ctx, const char *bytes, size_t len);
    void *ctx;
};

enum websocket_state { WEBSOCKET_OPENING, WEBSOCKET_OPEN, WEBSOCKET_OVER };

struct websocket;

/* Begins to connect.  Errors name the host, never the path. */
enum rc websocket_new(const struct websocket_options *opt, struct websocket **ret_ws,
                      struct err *err) MUST_USE;
void websocket_free(struct websocket *ws); /* says goodbye if it can do so at once */

enum websocket_state websocket_step(struct websocket *ws);
const char *websocket_why(const struct websocket *ws); /* it is over */

/* Taken for sending with the next steps; nothing before it is open or after it is over. */
void websocket_send(struct websocket *ws, const char *text, size_t len);
void websocket_ping(struct websocket *ws);

int64_t websocket_heard_ns(const struct websocket *ws); /* monotonic: the last byte of the server */

/* For poll(): -1 while it connects; then also wait to write while something is to be sent. */
int websocket_fd(const struct websocket *ws);
bool websocket_wants_write(const struct websocket *ws);

#endif

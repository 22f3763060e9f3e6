/*
 * WebSocket frames and the keys of its handshake (RFC 6455); whoever calls has the connection.
 *
 * No extensions, so the reserved bits are an error.
 */
#ifndef BASE_WS_H
#define BASE_WS_H

#include "base/err.h"
#include "base/text.h"

enum ws_op {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

enum { WS_CONTROL_MAX = 125, WS_KEY_MAX = 25, WS_ACCEPT_MAX = 29, WS_MASK_LEN = 4 };

struct ws_frame {
    enum ws_op op;
    bool is_last;        /* of its message */
    const char *payload; /* in the bytes that were read, unmasked there */
    size_t len;
    size_t consumed; /* bytes of the whole frame; 0: it has not all come yet */
};

/*
 * The frame at the start of the bytes; a masked one is unmasked in place, once it is whole.
 *
 * wants_mask  a server's side: clients must mask, servers must not (5.1)
 * Gives RC_PARSE for what is no frame, RC_RANGE for a payload longer than max.
 */
enum rc ws_frame_read(char *bytes, size_t len, bool wants_mask, size_t max,
                      struct ws_frame *ret_frame, struct err *err) MUST_USE;

/* Appends one whole message or control frame; mask is NULL on a server's side. */
void ws_frame_write(struct text *to, enum ws_op op, const char *payload, size_t len,
                    const uint8_t mask[WS_MASK_LEN]);

/* The client's nonce as it is sent, and the server's answer to it (4.2.2). */
const char *ws_key(const uint8_t nonce[16], char ret_key[WS_KEY_MAX]);
const char *ws_accept(const char *key, char ret_accept[WS_ACCEPT_MAX]);

#endif

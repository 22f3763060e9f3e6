/*
 * ws: a WebSocket client behind the seam of base/stream.h.  libwebsockets is included here only.
 *
 * wss with the certificate verified, or ws to this machine; no proxy, no user name in the URL, no
 * extensions.  Names are looked up beside us (getaddrinfo_a), so that nothing waits for a resolver.
 * Text and binary messages arrive alike, whole; one that is larger than message_max ends the
 * connection.  What the caller has not taken beyond WS_INBOX_MAX messages is dropped.
 *
 * Reasons name what happened, never a path, a header or a message.
 */
#ifndef IO_WS_H
#define IO_WS_H

#include "base/stream.h"

enum { WS_INBOX_MAX = 64, WS_OUTBOX_MAX = 4, WS_CONNECT_S = 10 };

struct ws_options {
    const char *url;     /* copied */
    const char *ca_file; /* NULL = the system's certificates; borrowed during ws_new */
    size_t message_max;  /* bytes */
};

struct ws;

/* Gives a client for ws_free; it does not connect yet.  RC_DENIED for a URL that is not allowed. */
enum rc ws_new(const struct ws_options *opt, struct ws **ret_ws, struct err *err) MUST_USE;
void ws_free(struct ws *w);

struct stream ws_seam(struct ws *w);

#endif

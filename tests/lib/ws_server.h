/*
 * ws_server: a scripted WebSocket server on a loopback port of its own, in a thread of the test.
 *
 * Connection number i gets script i, the last script again past the end.  A script is a list of
 * steps; after them the connection stays open, silent, until the client or the test ends it.
 */
#ifndef TESTS_LIB_WS_SERVER_H
#define TESTS_LIB_WS_SERVER_H

#include "base/compiler.h"

enum ws_step {
    WS_END,    /* the end of a script */
    WS_TEXT,   /* sends bytes as one text message */
    WS_BINARY, /* as one binary message */
    WS_PARTS,  /* as a text message in two fragments */
    WS_RAW,    /* sends the bytes as they are */
    WS_LARGE,  /* a text message of this many bytes */
    WS_EXPECT, /* reads one frame, keeps what it says */
    WS_PING,   /* pings and reads the answer */
    WS_CLOSE,  /* says 1011 and ends */
    WS_RESET,  /* ends without a word */
    WS_REFUSE  /* as the first step: answers the handshake with 403 */
};

struct ws_line {
    enum ws_step step;
    const char *bytes;
    size_t len; /* for WS_LARGE and WS_RAW */
};

enum { WS_LINES_MAX = 12, WS_SEEN_MAX = 32 };

struct ws_script {
    struct ws_line line[WS_LINES_MAX];
};

struct ws_server;

struct ws_server *ws_server_start(const struct ws_script *scripts, size_t n);
void ws_server_stop(struct ws_server *s);
int ws_server_port(const struct ws_server *s);
int ws_server_accepted(struct ws_server *s);
/* The i-th frame that was read, "" where there is none: its opcode in hex, then its bytes. */
const char *ws_server_seen(struct ws_server *s, size_t i);

#endif

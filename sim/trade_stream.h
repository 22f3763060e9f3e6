/*
 * The broker's stream of trade updates as one connection sees it (server.c has the socket).
 *
 * Frames in, frames out: who authenticates and listens is told of every change of an order, in
 * binary frames as the paper stream sends them.  Faults (faults.h) whose METHOD is STREAM meet each
 * update: drop loses it, dupfill says it twice, garbage and truncate spoil its frame, reset breaks
 * the connection.
 */
#ifndef SIM_TRADE_STREAM_H
#define SIM_TRADE_STREAM_H

#include "sim/sim.h"

enum { TRADE_STREAM_FRAME_MAX = 64 * 1024 };

struct trade_stream {
    bool is_authorised, is_listening;
    bool is_over, is_reset; /* what is in out is still sent, unless it is reset */
    struct text in, out;    /* bytes from and for the socket */
    size_t fills_seen;      /* of the book */
    struct text statuses;   /* a byte for each order of the book: the status that was told */
    uint64_t updates;       /* for chance */
};

/* The answer to the request for an upgrade: 101 with the key's answer, or why not. */
void trade_stream_answer(const struct sim_request *req, struct sim_reply *r);

/* What came; what is to be said goes to out. */
void trade_stream_take(struct trade_stream *t, struct sim *sim, const char *bytes, size_t len);
/* What has become of the book by now. */
void trade_stream_look(struct trade_stream *t, struct sim *sim);
void trade_stream_done(struct trade_stream *t);

#endif

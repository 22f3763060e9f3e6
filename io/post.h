/*
 * post: texts for somebody else's server, sent beside other work: putting never waits, stepping
 * never waits, and what does not arrive is dropped and told.
 */
#ifndef IO_POST_H
#define IO_POST_H

#include "io/http.h"

enum {
    POST_QUEUE_MAX = 64,     /* texts that wait for their turn (spec 10 R1.42) */
    POST_TIMEOUT_MS = 10000, /* of one text, real time                         */
    POST_STEP_MS = 20        /* how soon poster_step wants to be called again  */
};

#define POST_DRAIN_NS (2 * NS_PER_S)

struct poster_options {
    const char *url;           /* a secret, never told; borrowed */
    const struct clock *clock; /* borrowed */
    /* A text was dropped: out of room, no answer, or an answer that is no 2xx. */
    void (*failed)(void *ctx, const char *why);
    void *failed_ctx;
};

struct poster;

/* Gives a poster for poster_free, which gives up what has not arrived. */
enum rc poster_new(const struct poster_options *opt, struct poster **ret_poster,
                   struct err *err) MUST_USE;
void poster_free(struct poster *p);

/* Takes a copy of a JSON text. */
void poster_put(struct poster *p, const char *json, size_t len);

/* Sends on as far as it goes without waiting; true while there is something left to send.  A poster
 * of NULL has nothing to send. */
bool poster_step(struct poster *p);

/* Before an end: steps until nothing is left or POST_DRAIN_NS of real time have passed. */
void poster_drain(struct poster *p);

#endif

/*
 * The loop of the engine program: cycles, order ticks, signals, the pipe to the supervisor.
 *
 * The interval runs in wall time, which may be paced; the deadline it becomes is monotonic, so a
 * stepped wall clock neither hurries nor stops the engine.
 */
#ifndef ENGINE_LOOP_H
#define ENGINE_LOOP_H

#include "engine/engine.h"
#include "engine/listener.h"
#include "io/loop.h"
#include "io/post.h"

#define TICK_NS          NS_PER_S        /* between looks at working orders, wall time           */
#define TICK_REAL_MIN_NS (2 * NS_PER_MS) /* however fast the clock is paced */
#define STOP_ORDERS_NS   (5 * NS_PER_S)  /* at a stop: to bring working entries to an end, real   */

struct engine_loop {
    struct engine *engine;
    struct loop *loop;
    struct clock clock;
    int64_t interval_ns;       /* wall */
    int progress_fd;           /* -1 = standalone */
    uint64_t cycles_max;       /* 0 = until told to stop */
    struct listener *listener; /* the broker's stream; NULL for none */
    bool is_hinted;            /* it said that an order has changed: looked after at once */
    struct poster *poster;     /* alerts go out while we wait; NULL for none */
    bool has_said_stop;
};

/* Runs until SIGTERM, SIGINT, the supervisor's end or cycles_max.  Working entries are cancelled at
 * the end.
 */
void engine_loop_run(struct engine_loop *l);

/* For listener_options.changed; ctx is the struct engine_loop. */
void engine_loop_hint(void *ctx, const char *client_id);

/* Once asked to stop: says so, once; also where a request without an answer keeps us from the end.
 */
void engine_loop_say_stop(struct engine_loop *l);

/* For engine_seams.progress; ctx is the struct engine_loop. */
void engine_loop_progress(void *ctx, enum stage stage, uint64_t cycles);

#endif

#include "engine/loop.h"

#include <unistd.h>

#include "base/progress.h"

static void
tell(const struct engine_loop *l, enum progress_kind kind, enum stage stage, uint64_t cycles)
{
    struct progress p = {.magic = PROGRESS_MAGIC,
                         .kind = (uint32_t)kind,
                         .cycle = cycles,
                         .stage = (uint32_t)stage,
                         .pid = (uint32_t)getpid(),
                         .mono_ns = clock_mono(&l->clock)};

    if (l->progress_fd < 0) return;
    /* A full pipe drops the record: the supervisor has enough to read then. */
    ssize_t sent = write(l->progress_fd, &p, sizeof(p));
    (void)sent;
}

void
engine_loop_progress(void *ctx, enum stage stage, uint64_t cycles)
{
    tell(ctx, PROGRESS_STAGE, stage, cycles);
}

void
engine_loop_hint(void *ctx, const char *client_id)
{
    struct engine_loop *l = ctx;

    if (desk_hint(&l->engine->desk, client_id)) l->is_hinted = true;
}

/* The supervisor is gone when nobody reads the pipe any more. */
static bool
is_orphan(const struct pollfd *pipe)
{
    return (pipe->revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

static void
answer_dump_request(struct engine_loop *l)
{
    if (!l->loop->usr1) return;
    l->loop->usr1 = 0;
    log_event(&l->engine->seams.log, EV_ENGINE_DUMP, F_STR("stage", stage_name(l->engine->stage)),
              F_I64("iterations", l->engine->iterations),
              F_I64("live_orders", l->engine->desk.live.len),
              F_I64("working_entries", l->engine->entries.len),
              F_I64("cache_symbols", l->engine->flow.symbols),
              F_I64("arena_bytes", l->engine->arena.used));
}

static int64_t
next_tick_ns(const struct engine_loop *l)
{
    return clock_mono(&l->clock) + MAX(clock_real(&l->clock, TICK_NS), TICK_REAL_MIN_NS);
}

/* When to look up at the latest, waiting for the deadline. */
static int64_t
due_ns(struct engine_loop *l, int64_t tick_ns, int64_t deadline_ns)
{
    int64_t due_ns = MIN(deadline_ns, listener_due_ns(l->listener));

    if (engine_wants_ticks(l->engine)) due_ns = MIN(due_ns, tick_ns);
    if (poster_step(l->poster))
        due_ns = MIN(due_ns, clock_mono(&l->clock) + POST_STEP_MS * NS_PER_MS);
    return due_ns;
}

/* Waits until the deadline, ticking orders meanwhile; false when the engine is to stop. */
static bool
wait_until(struct engine_loop *l, int64_t deadline_ns)
{
    struct pollfd fds[2] = {{.fd = l->progress_fd}, {.fd = -1}};
    int64_t tick_ns = next_tick_ns(l);

    for (;;) {
        if (l->loop->stop || is_orphan(&fds[0])) return false;
        if (clock_mono(&l->clock) >= deadline_ns) return true;
        fds[1].fd = listener_fd(l->listener, &fds[1].events);
        (void)loop_wait(l->loop, fds, COUNT_OF(fds), &l->clock, due_ns(l, tick_ns, deadline_ns));
        answer_dump_request(l);
        listener_step(l->listener);
        if (l->loop->stop || !engine_wants_ticks(l->engine)) continue;
        if (!l->is_hinted && clock_mono(&l->clock) < tick_ns) continue;
        l->is_hinted = false;
        engine_tick(l->engine);
        tick_ns = next_tick_ns(l);
    }
}

/* At a stop no entry stays at work: cancelled and confirmed, for a few seconds (spec 10 R1.27). */
static void
bring_orders_to_rest(struct engine_loop *l)
{
    struct engine *eng = l->engine;
    int64_t deadline_ns = clock_mono(&l->clock) + STOP_ORDERS_NS;
    struct timespec pause = {.tv_nsec = 20 * NS_PER_MS};

    entries_stop(&eng->entries);
    for (size_t i = 0; i < eng->desk.live.len; i++) {
        char symbol[SYMBOL_MAX];

        (void)str_copy(symbol, sizeof(symbol), eng->desk.live.intent[i].order.symbol);
        desk_cancel(&eng->desk, symbol, PURPOSE_ENTRY);
    }
    while (desk_live_count(&eng->desk, PURPOSE_ENTRY) > 0 && clock_mono(&l->clock) < deadline_ns) {
        engine_tick(eng);
        (void)nanosleep(&pause, NULL);
    }
}

void
engine_loop_say_stop(struct engine_loop *l)
{
    if (l->has_said_stop) return;
    l->has_said_stop = true;
    log_event(&l->engine->seams.log, EV_SHUTDOWN_SIGNAL, F_I64("signum", l->loop->stop),
              F_BOOL("orphaned", l->loop->stop == 0 && l->cycles_max == 0));
}

void
engine_loop_run(struct engine_loop *l)
{
    tell(l, PROGRESS_READY, STAGE_IDLE, 0);
    for (;;) {
        int64_t began_ns = clock_mono(&l->clock);

        engine_cycle(l->engine);
        tell(l, PROGRESS_CYCLE, STAGE_IDLE, l->engine->completed);
        if (l->cycles_max > 0 && l->engine->iterations >= l->cycles_max) break;
        if (!wait_until(l, began_ns + clock_real(&l->clock, l->interval_ns))) break;
    }
    tell(l, PROGRESS_STOPPING, STAGE_STOP, l->engine->completed);
    engine_loop_say_stop(l);
    bring_orders_to_rest(l);
}

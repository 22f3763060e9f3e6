#include "engine/engine.h"

#include "strategy/decide.h"

static void
on_progress(void *self)
{
    struct engine *eng = self;

    if (eng->seams.progress != NULL)
        eng->seams.progress(eng->seams.progress_ctx, eng->stage, eng->completed);
}

void
engine_at(struct engine *eng, enum stage stage, const char *symbol)
{
    eng->stage = stage;
    flight_at(eng->seams.flight, stage, symbol);
    on_progress(eng);
}

void
engine_error(struct engine *eng, const char *subsystem, const char *function, const struct err *err)
{
    if (eng->errors_len < CYCLE_ERRORS_MAX)
        (void)snprintf(eng->error[eng->errors_len++], sizeof(eng->error[0]), "%.60s: %.220s",
                       function, err->text);
    log_event(&eng->seams.log, EV_ENGINE_EXCEPTION, F_STR("in", subsystem),
              F_STR("function", function), F_STR("stage", stage_name(eng->stage)),
              F_I64("attempt", 1), F_I64("max_attempts", 1), F_STR("error", err->text),
              F_STR("code", rc_name(err->code)));
}

const struct scored *
engine_scored_find(const struct engine *eng, const char *symbol)
{
    for (size_t i = 0; i < eng->scores.len; i++)
        if (str_eq(eng->scores.scored[i].entry->flow.symbol, symbol)) return &eng->scores.scored[i];
    return NULL;
}

enum rc
engine_init(struct engine *eng, const struct engine_seams *seams, struct err *err)
{
    struct err test_err = {0};

    (void)err;
    *eng = (struct engine){.seams = *seams, .stage = STAGE_START};
    struct desk_owner owner = {.self = eng, .settled = engine_settled, .progress = on_progress};
    desk_init(&eng->desk, &eng->seams.broker, &eng->seams.ledger, &eng->seams.clock,
              &eng->seams.log, owner, seams->epoch);
    eng->entries = (struct entries){.desk = &eng->desk, .cfg = &seams->cfg->strategy};
    eng->market = (struct market){.broker = &eng->seams.broker,
                                  .clock = &eng->seams.clock,
                                  .log = &eng->seams.log,
                                  .cfg = &seams->cfg->strategy};
    memory_init(&eng->memory, seams->ny);
    if (seams->locks.acquire != NULL) eng->memory.locks = &eng->seams.locks;
    v2_init(&eng->v2);
    eng->closed.last_ns = WHEN_NONE;
    eng->is_self_test_ok = composite_self_test(&test_err) == RC_OK;
    if (!eng->is_self_test_ok)
        log_event(&eng->seams.log, EV_CONTRACT_CHECK_FAILED, F_STR("error", test_err.text));
    return RC_OK;
}

void
engine_done(struct engine *eng)
{
    score_log_save(&eng->score_log, &eng->seams.store, &eng->seams.log);
    v2_done(&eng->v2);
    memory_done(&eng->memory);
    desk_done(&eng->desk);
    flow_table_done(&eng->flow);
    arena_done(&eng->arena);
}

void
engine_start(struct engine *eng)
{
    int64_t now_ns = clock_now(&eng->seams.clock);
    engine_at(eng, STAGE_RECONCILE, NULL);
    log_event(&eng->seams.log, EV_STARTUP_BEGIN, F_I64("epoch", eng->seams.epoch));
    memory_sync(&eng->memory, &eng->seams.fs, &eng->seams.store, &eng->seams.log, now_ns);
    engine_seed_persistence(eng);
    engine_seed_closed(eng);
    engine_heartbeat(eng);
}

static void
look_with_v2(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    const struct v2_seams seams = {.cfg = eng->seams.cfg,
                                   .ny = eng->seams.ny,
                                   .clock = &eng->seams.clock,
                                   .fs = &eng->seams.fs,
                                   .store = &eng->seams.store,
                                   .log = &eng->seams.log,
                                   .prices = eng->seams.spare,
                                   .flight = eng->seams.flight,
                                   .quarantine = &eng->quarantine,
                                   .epoch = eng->seams.epoch};
    const struct v2_seen in = {.seen = seen,
                               .plan = plan,
                               .scores = &eng->scores,
                               .structural = &eng->memory.regime,
                               .arena = &eng->arena};

    engine_at(eng, STAGE_SHADOW, NULL);
    v2_cycle(&eng->v2, &seams, &in);
}

void
engine_cycle(struct engine *eng)
{
    struct snapshot seen = {0}; /* everything the decision may look at, the time included */
    struct plan plan = {0};     /* everything the decision wants to happen                */
    int64_t began_ns = clock_mono(&eng->seams.clock);

    arena_reset(&eng->arena);
    eng->errors_len = 0;
    eng->iterations++;
    flight_cycle(eng->seams.flight, eng->iterations);
    eng->desk.cycle = (int64_t)eng->iterations;
    eng->desk.accepted_this_cycle = 0;
    engine_gather(eng, &seen);
    engine_at(eng, STAGE_DECIDE, NULL);
    decide(&eng->seams.cfg->strategy, &seen, &eng->arena,
           &plan); /* no I/O, no clock, cannot fail */
    engine_act(eng, &seen, &plan);
    eng->completed++;
    engine_record(eng, &seen, &plan, began_ns); /* always: a cycle that failed is a fact too */
    score_log_add(&eng->score_log, &eng->scores, &eng->seams.store, &eng->seams.log, seen.now_ns);
    look_with_v2(eng, &seen, &plan); /* when v1 is done: nothing of it can reach v1 */
    engine_at(eng, STAGE_IDLE, NULL);
}

bool
engine_wants_ticks(const struct engine *eng)
{
    return eng->desk.live.len > 0 || eng->entries.len > 0;
}

/* R6.18: a close that is not filled after the wait is said, once; the order goes on and no second
 * one is sent. */
static void
say_slow_closes(struct engine *eng)
{
    int64_t now_ns = clock_now(&eng->seams.clock), before_ns = eng->slow_closes_ns;
    int64_t wait_ns = eng->seams.cfg->engine.exit_fill_wait_s * NS_PER_S;

    eng->slow_closes_ns = now_ns;
    for (size_t i = 0; i < eng->desk.live.len; i++) {
        const struct intent *in = &eng->desk.live.intent[i];
        int64_t due_ns = in->created_ns + wait_ns;

        if (in->purpose != PURPOSE_EXIT || due_ns > now_ns || due_ns <= before_ns) continue;
        log_event(&eng->seams.log, EV_CLOSE_PENDING_FILL, F_SYMBOL(in->order.symbol),
                  F_STR("exit_order_id", in->broker_id),
                  F_STR("client_order_id", in->order.client_id),
                  F_I64("filled_qty", in->filled_qty), F_I64("qty", in->order.qty));
    }
}

void
engine_tick(struct engine *eng)
{
    struct err err = {0};
    bool is_open = eng->seams.cfg->engine.simulate_market_open ||
                   calendar_phase(eng->seams.ny, clock_now(&eng->seams.clock)) == PHASE_OPEN;

    engine_at(eng, STAGE_RECONCILE, NULL);
    if (desk_tick(&eng->desk, &err) != RC_OK) {
        log_event(&eng->seams.log, EV_ENGINE_EXCEPTION, F_STR("in", "orders_desk"),
                  F_STR("function", "desk_tick"), F_STR("error", err.text));
        return;
    }
    entries_tick(&eng->entries, is_open);
    say_slow_closes(eng);
    engine_pending(eng);
    engine_at(eng, STAGE_IDLE, NULL);
}

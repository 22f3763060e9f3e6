#include <math.h>

#include "strategy/decide.h"
#include "tests/engine/model.h"

#define SIGNAL_SCORE  4.5 /* passes every score gate */
#define PRESSED_SCORE 0.3 /* far below any entry's: the position has lost its reason */
#define CYCLE_NS      (10 * NS_PER_S)
#define SKEW_NS       (8 * NS_PER_MIN)

enum { QUIET_CYCLES = 8, QUIET_CYCLES_MAX = 40 };

/* Row 0 is no fault. */
static const char *const MODEL_FAULTS[] = {
    "",
    "lost:POST/v2/orders:1",
    "lost:POST/v2/orders:0.5",
    "reset:POST/v2/orders:2",
    "504:POST/v2/orders:1",
    "500:POST/v2/orders:0.5",
    "429:POST/v2/orders:2",
    "html:POST/v2/orders:1",
    "garbage:POST/v2/orders:1",
    "truncate:POST/v2/orders:1",
    "lost:POST/v2/orders:1,503:GET/v2/orders:0.7",
    "lost:POST/v2/orders:1,429bare:GET:0.4",
    "lost:POST/v2/orders:1,504:GET/v2/account/activities:6",
    "reset:GET:0.2",
    "html:GET/v2/positions:0.5",
    "garbage:GET/v2/orders:0.5",
    "504:/v2/:0.3",
    "reset:/v2/:0.3",
    "401:/v2/:12",
    "latefill=4000:POST:0.7",
    "latefill=20000:POST:0.7",
    "missingfill=3000:POST:0.7",
    "missingfill=60000:POST:0.7",
    "missingfill=240000:POST:0.7",
    "dupfill",
    "dupfill,missingfill=15000:POST:0.5",
    "rejectcancel:DELETE:0.7",
    "stuckcancel:DELETE:0.7",
    "lost:DELETE:0.5",
    "reset:DELETE:0.5,latefill=2500:POST",
    "truncate:GET:0.2,dupfill",
};

/* ---- a cycle ------------------------------------------------------------------------------- */

static struct candidate
candidate_of(struct model *m, struct model_process *p, int i)
{
    const struct engine *eng = &p->engine;
    const struct symbol_times *times = memory_times_find(&eng->memory, MODEL_SYMBOL[i]);
    struct err ignored = {0};
    struct candidate c = {.direction = m->signal[i],
                          .composite_score = SIGNAL_SCORE,
                          .toxicity = 0.1,
                          .conviction = 0.5,
                          .momentum = {.data = MOMENTUM_INSUFFICIENT},
                          .shortable = TRI_YES,
                          .is_frozen = engine_is_frozen(eng, MODEL_SYMBOL[i]),
                          .is_frozen_by_operator =
                              control_frozen_find(&eng->memory.control, MODEL_SYMBOL[i]) != NULL,
                          .cooldown_until_ns = times != NULL ? times->cooldown_until_ns : WHEN_NONE,
                          .last_fill_ns = times != NULL ? times->last_fill_ns : WHEN_NONE};

    (void)str_copy(c.symbol, SYMBOL_MAX, MODEL_SYMBOL[i]);
    if (p->market_data.latest_quote(p->market_data.self, c.symbol, &c.quote, &ignored) != RC_OK)
        c.quote = (struct nbbo){0};
    if (p->market_data.latest_trade(p->market_data.self, c.symbol, &c.last, &ignored) != RC_OK)
        c.last = (struct last_trade){0};
    return c;
}

static int
index_of(const char *symbol)
{
    for (int i = 0; i < MODEL_SYMBOLS; i++)
        if (str_eq(MODEL_SYMBOL[i], symbol)) return i;
    return -1;
}

/* What the flow cache would have said. */
static void
script(struct model *m, struct model_process *p, struct snapshot *seen)
{
    for (size_t i = 0; i < seen->held_len; i++) {
        struct held *h = &seen->held[i];
        int k = index_of(h->at_broker.symbol);
        bool is_pressed = k >= 0 && m->is_pressed[k], is_long = h->at_broker.qty > 0;

        h->in_cache = true;
        double pressed = m->pressed_score > 0 ? m->pressed_score : PRESSED_SCORE;
        h->exit_score = h->mixed_score = is_pressed ? pressed : SIGNAL_SCORE;
        h->sentiment = is_long != is_pressed ? DIRECTION_BULLISH : DIRECTION_BEARISH;
    }
    if (!seen->is_market_open) return;
    seen->candidate = ARENA_NEW(&p->engine.arena, struct candidate, MODEL_SYMBOLS);
    seen->candidates_len = 0;
    for (int i = 0; i < MODEL_SYMBOLS; i++)
        if (m->signal[i] != DIRECTION_NONE)
            seen->candidate[seen->candidates_len++] = candidate_of(m, p, i);
}

void
model_cycle(struct model *m, struct model_process *p)
{
    struct engine *eng = &p->engine;
    struct snapshot seen = {0};
    struct plan plan = {0};
    int64_t began_ns = clock_mono(&eng->seams.clock);

    arena_reset(&eng->arena);
    eng->errors_len = 0;
    eng->iterations++;
    eng->desk.cycle = (int64_t)eng->iterations;
    eng->desk.accepted_this_cycle = 0;
    engine_gather(eng, &seen);
    script(m, p, &seen);
    decide(&eng->seams.cfg->strategy, &seen, &eng->arena, &plan);
    engine_act(eng, &seen, &plan);
    eng->completed++;
    engine_record(eng, &seen, &plan, began_ns);
}

void
model_ticks(struct model *m, int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++) {
        model_pass(m, NS_PER_S);
        if (!m->process->is_dead && engine_wants_ticks(&m->process->engine))
            engine_tick(&m->process->engine);
    }
}

void
model_control(struct model *m, enum control_level level, int64_t frozen)
{
    struct control c = {.level = level, .word = {.at_ns = m->time.now_ns}};
    CLEANUP(text_free) struct text json = {0};
    struct err err = {0};

    if (control_word_set("the model's", "operator", m->time.now_ns, &c.word, &err) != RC_OK)
        model_wrong(m, "no word: %s", err.text);
    for (int i = 0; i < MODEL_SYMBOLS; i++)
        if ((frozen >> i & 1) != 0 && control_freeze(&c, MODEL_SYMBOL[i], &c.word, &err) != RC_OK)
            model_wrong(m, "no freeze: %s", err.text);
    control_encode(&c, &json);
    if (m->fs.replace(m->fs.self, CONTROL_PATH, text_str(&json), json.len, false, &err) != RC_OK)
        model_wrong(m, "no order: %s", err.text);
}

/* ---- the quiet end ------------------------------------------------------------------------- */

static size_t
live_len(struct model *m)
{
    struct arena a = {0};
    struct intents live = {0};
    struct err err = {0};

    if (m->ledger.live_intents(m->ledger.self, &a, &live, &err) != RC_OK)
        model_wrong(m, "the ledger cannot be read: %s", err.text);
    arena_done(&a);
    return live.len;
}

static void
cycles(struct model *m, int n)
{
    for (int i = 0; i < n; i++) {
        model_cycle(m, m->process);
        model_ticks(m, CYCLE_NS / NS_PER_S);
    }
}

/* Until two cycles find nothing to do, the second to see what the first left; false where something
 * works on and on. */
static bool
come_to_rest(struct model *m)
{
    int idle = 0;

    for (int i = 0; i < QUIET_CYCLES_MAX && idle < 2; i++) {
        size_t posted = m->posted_len;

        cycles(m, 1);
        idle = live_len(m) == 0 && m->posted_len == posted ? idle + 1 : 0;
    }
    return idle == 2;
}

void
model_quiet(struct model *m)
{
    int64_t end_ns = m->sim.day.session.close_ns + 10 * NS_PER_MIN;

    model_faults(m, "");
    m->post_twice = false;
    m->post_late_ns = 0;
    for (int i = 0; i < MODEL_SYMBOLS; i++) {
        m->signal[i] = DIRECTION_NONE;
        m->is_pressed[i] = false;
    }
    if (m->process->is_dead) {
        model_drop(m);
        model_start(m);
    }
    m->process->dies_at = m->process->ledger_fails_at = m->process->disk_fails_at = 0;
    cycles(m, QUIET_CYCLES);
    if (come_to_rest(m)) return;
    /* A cancellation that hangs ends with the day. */
    if (m->time.now_ns < end_ns) model_pass(m, end_ns - m->time.now_ns);
    cycles(m, QUIET_CYCLES);
}

/* ---- sequences ----------------------------------------------------------------------------- */

static const int WEIGHT[OPS_LEN] = {
    [OP_CYCLE] = 40,     [OP_TICKS] = 14,    [OP_WAIT] = 8,         [OP_FAULTS] = 14,
    [OP_POST_TWICE] = 3, [OP_POST_LATE] = 4, [OP_BY_HAND] = 4,      [OP_KILL] = 6,
    [OP_CLOCK_STEP] = 2, [OP_TO_CLOSE] = 1,  [OP_LEDGER_FAILS] = 2, [OP_DISK_FAILS] = 2,
    [OP_CONTROL] = 4};

static enum model_op_kind
draw_kind(struct rng *r)
{
    int sum = 0;

    for (int i = 0; i < OPS_LEN; i++)
        sum += WEIGHT[i];
    int at = (int)rng_below(r, (uint64_t)sum);
    for (int i = 0; i < OPS_LEN; i++) {
        at -= WEIGHT[i];
        if (at < 0) return (enum model_op_kind)i;
    }
    return OP_CYCLE;
}

static int64_t
draw_signals(struct rng *r)
{
    int64_t signals = 0;

    for (int i = 0; i < MODEL_SYMBOLS; i++)
        if (rng_chance(r, 0.5)) signals |= rng_range(r, 1, 2) << (2 * i);
    return signals;
}

static struct model_op
draw_op(struct rng *r)
{
    struct model_op op = {.kind = draw_kind(r)};

    switch (op.kind) {
    case OP_CYCLE:
        op.a = draw_signals(r);
        op.b = rng_chance(r, 0.5) ? rng_range(r, 0, (1 << MODEL_SYMBOLS) - 1) : 0;
        break;
    case OP_TICKS:
        op.a = rng_range(r, 1, 15);
        break;
    case OP_WAIT:
        op.a = rng_chance(r, 0.2) ? rng_range(r, 60, 1500) : rng_range(r, 1, 60);
        break;
    case OP_FAULTS:
        op.a = rng_chance(r, 0.25) ? 0 : rng_range(r, 1, (int64_t)COUNT_OF(MODEL_FAULTS) - 1);
        break;
    case OP_POST_LATE:
        op.a = rng_range(r, 100, 28000);
        break;
    case OP_BY_HAND:
        op.a = rng_range(r, 0, MODEL_SYMBOLS - 1);
        op.b = rng_range(r, 1, 60) * (rng_chance(r, 0.5) ? 1 : -1);
        if (rng_chance(r, 0.5)) op.b = 0; /* closes what there is */
        break;
    case OP_KILL:
        op.a = rng_range(r, 1, rng_chance(r, 0.3) ? 400 : 60);
        op.b = rng_chance(r, 0.5) ? 0 : rng_range(r, 1, 90);
        break;
    case OP_CLOCK_STEP:
        op.a = rng_range(r, -90000, 90000) * (rng_chance(r, 0.2) ? 5 : 1);
        break;
    case OP_TO_CLOSE:
        op.a = rng_range(r, 1, 40);
        break;
    case OP_LEDGER_FAILS:
    case OP_DISK_FAILS:
        op.a = rng_range(r, 1, 80);
        op.b = rng_range(r, 0, 12);
        break;
    case OP_CONTROL:
        op.a = rng_chance(r, 0.5) ? CONTROL_NONE : rng_range(r, CONTROL_EXITS_ONLY, CONTROL_ALL);
        op.b = rng_chance(r, 0.3) ? rng_range(r, 0, (1 << MODEL_SYMBOLS) - 1) : 0;
        break;
    case OP_POST_TWICE:
    case OPS_LEN:
        break;
    }
    return op;
}

void
model_sequence_draw(uint64_t seed, struct model_sequence *ret_sequence)
{
    struct rng r;

    rng_init(&r, seed);
    *ret_sequence = (struct model_sequence){
        .seed = seed, .opt = {.seed = seed, .start_min = rng_range(&r, 1, 330)}
    };
    ret_sequence->opt.is_sql = rng_chance(&r, 0.01);
    ret_sequence->len = (size_t)rng_range(&r, 6, 30);
    /* Most of what goes wrong needs an order to go wrong with. */
    ret_sequence->op[0] = (struct model_op){.kind = OP_CYCLE, .a = draw_signals(&r)};
    for (size_t i = 1; i < ret_sequence->len; i++)
        ret_sequence->op[i] = draw_op(&r);
}

static void
op_text(const struct model_op *op, char *buf, size_t size)
{
    static const char *const NAME[OPS_LEN] = {
        [OP_CYCLE] = "cycle",
        [OP_TICKS] = "ticks for s",
        [OP_WAIT] = "no engine turn for s",
        [OP_FAULTS] = "faults",
        [OP_POST_TWICE] = "next POST arrives twice",
        [OP_POST_LATE] = "next POST arrives late by ms",
        [OP_BY_HAND] = "by hand",
        [OP_KILL] = "kill at call, restart after s",
        [OP_CLOCK_STEP] = "engine's clock steps by ms",
        [OP_TO_CLOSE] = "to s before the close",
        [OP_LEDGER_FAILS] = "ledger refuses from call, so many more",
        [OP_CONTROL] = "operator: level, frozen symbols",
        [OP_DISK_FAILS] = "disk refuses from call, so many more",
    };
    static const char *const DIRECTION[] = {"-", "up", "down", "?"};

    if (op->kind == OP_FAULTS)
        (void)snprintf(buf, size, "faults \"%s\"", MODEL_FAULTS[op->a]);
    else if (op->kind == OP_CYCLE)
        (void)snprintf(buf, size, "cycle, signals F %s PLTR %s SOFI %s, pressed%s%s%s",
                       DIRECTION[op->a & 3], DIRECTION[op->a >> 2 & 3], DIRECTION[op->a >> 4 & 3],
                       (op->b & 1) != 0 ? " F" : "", (op->b & 2) != 0 ? " PLTR" : "",
                       (op->b & 4) != 0 ? " SOFI" : "");
    else if (op->kind == OP_BY_HAND)
        (void)snprintf(buf, size, "by hand %s %lld", MODEL_SYMBOL[op->a], (long long)op->b);
    else
        (void)snprintf(buf, size, "%s %lld %lld", NAME[op->kind], (long long)op->a,
                       (long long)op->b);
}

void
model_sequence_print(const struct model_sequence *s)
{
    char line[256];

    (void)printf("  seed %llu, %lld min after the open%s\n", (unsigned long long)s->seed,
                 (long long)s->opt.start_min, s->opt.is_sql ? ", ledger in SQLite" : "");
    for (size_t i = 0; i < s->len; i++) {
        op_text(&s->op[i], line, sizeof(line));
        (void)printf("  %2zu %s\n", i + 1, line);
    }
}

static void
op_cycle(struct model *m, const struct model_op *op)
{
    for (int i = 0; i < MODEL_SYMBOLS; i++) {
        int64_t d = op->a >> (2 * i) & 3;

        m->signal[i] = d == 1 ? DIRECTION_BULLISH : d == 2 ? DIRECTION_BEARISH : DIRECTION_NONE;
        m->is_pressed[i] = (op->b >> i & 1) != 0;
    }
    model_cycle(m, m->process);
    model_ticks(m, 3);
}

static void
op_do(struct model *m, const struct model_op *op, int64_t *restart_s)
{
    struct model_process *p = m->process;
    int64_t left_ns = m->sim.day.session.close_ns - m->time.now_ns - op->a * NS_PER_S;

    switch (op->kind) {
    case OP_CYCLE:
        op_cycle(m, op);
        break;
    case OP_TICKS:
        model_ticks(m, op->a);
        break;
    case OP_WAIT:
        model_pass(m, op->a * NS_PER_S);
        break;
    case OP_FAULTS:
        model_faults(m, MODEL_FAULTS[op->a]);
        break;
    case OP_POST_TWICE:
        m->post_twice = true;
        break;
    case OP_POST_LATE:
        m->post_late_ns = op->a * NS_PER_MS;
        break;
    case OP_BY_HAND: {
        int64_t qty = op->b != 0 ? op->b : -model_broker_qty(m, MODEL_SYMBOL[op->a]);
        if (qty != 0) model_by_hand(m, MODEL_SYMBOL[op->a], qty);
        break;
    }
    case OP_KILL:
        p->dies_at = p->calls + op->a;
        *restart_s = op->b;
        break;
    case OP_CLOCK_STEP:
        m->skew_ns = MAX(-SKEW_NS, MIN(SKEW_NS, m->skew_ns + op->a * NS_PER_MS));
        break;
    case OP_TO_CLOSE:
        if (left_ns > 0) model_pass(m, left_ns);
        break;
    case OP_LEDGER_FAILS:
        p->ledger_fails_at = p->calls + op->a;
        p->ledger_fails_len = op->b;
        break;
    case OP_DISK_FAILS:
        p->disk_fails_at = p->calls + op->a;
        p->disk_fails_len = op->b;
        break;
    case OP_CONTROL:
        model_control(m, (enum control_level)op->a, op->b);
        break;
    case OPS_LEN:
        break;
    }
}

void
model_sequence_run(struct model_bed *bed, const struct model_sequence *s, struct model *ret_seen,
                   char *ret_wrong, size_t size)
{
    struct model *m = ret_seen;
    int64_t restart_s = 0;
    char line[256];

    model_open(m, bed, &s->opt);
    for (size_t i = 0; i < s->len && m->wrong[0] == '\0'; i++) {
        op_text(&s->op[i], line, sizeof(line));
        if (m->is_traced)
            (void)printf("  %2zu +%llds %s\n", i + 1,
                         (long long)((m->time.now_ns - m->sim.day.session.open_ns) / NS_PER_S),
                         line);
        op_do(m, &s->op[i], &restart_s);
        if (!m->process->is_dead) continue;
        m->restarts++;
        model_drop(m);
        model_pass(m, restart_s * NS_PER_S);
        model_start(m);
    }
    if (m->is_traced) (void)printf("  quiet\n");
    if (m->wrong[0] == '\0') model_quiet(m);
    if (m->wrong[0] == '\0') model_check(m);
    (void)str_copy(ret_wrong, size, m->wrong);
    model_done(m);
}

/*
 * v1 sends the same orders, to the byte, whether the broker's stream is heard, says nothing, or
 * lies: symbol, side, quantity, limit price and client id, in the same sequence.
 *
 * The same scripted day is traded once without a stream and then again with one.  A stream moves
 * questions in time; orders that are young are asked about every second anyway, so with a second
 * between two turns of the loop there is nothing left that it could change.
 */
#include "tests/engine/model_fixture.h"

#include "base/rand.h"

enum { DAYS = 40, CYCLES = 30, CYCLE_S = 12, LIES = 4 };

enum stream { STREAM_OFF, STREAM_ON, STREAM_LYING, STREAMS_LEN };

struct teller {
    enum stream kind;
    struct rng rng;
    uint64_t told; /* hash of the broker's orders when the stream last spoke */
    int64_t hints, taken;
};

static void
hint(struct model *m, struct teller *t, const char *client_id)
{
    t->hints++;
    t->taken += desk_hint(&m->process->engine.desk, client_id);
}

/* As a true stream: every order that has changed, once. */
static void
tell(struct model *m, struct teller *t)
{
    const struct sim_book *b = &m->sim.book;
    uint64_t now = 0;

    for (size_t i = 0; i < b->orders_len; i++)
        now = now * 31 + (uint64_t)b->order[i].o.status * 7 + (uint64_t)b->order[i].o.filled_qty;
    if (now == t->told) return;
    t->told = now;
    for (size_t i = 0; i < b->orders_len; i++)
        hint(m, t, b->order[i].o.client_id);
}

/* Orders that have not changed, that are long over, and that nobody ever sent. */
static void
lie(struct model *m, struct teller *t)
{
    const struct sim_book *b = &m->sim.book;
    const struct intents *live = &m->process->engine.desk.live;

    for (int i = 0; i < LIES; i++) {
        switch (rng_below(&t->rng, 3)) {
        case 0:
            if (live->len > 0)
                hint(m, t, live->intent[rng_below(&t->rng, live->len)].order.client_id);
            break;
        case 1:
            if (b->orders_len > 0)
                hint(m, t, b->order[rng_below(&t->rng, b->orders_len)].o.client_id);
            break;
        default:
            hint(m, t, "v1-1-20260130-1-F-00000000");
        }
    }
}

static void
speak(struct model *m, struct teller *t)
{
    if (t->kind == STREAM_ON) tell(m, t);
    if (t->kind == STREAM_LYING) lie(m, t);
}

/* The script of a day: what signals there are and what should be closed, drawn from the seed. */
static void
trade(struct model *m, struct teller *t, uint64_t seed, const char *faults)
{
    static const enum direction WAY[] = {DIRECTION_NONE, DIRECTION_NONE, DIRECTION_BULLISH,
                                         DIRECTION_BEARISH};
    struct rng script;

    rng_init(&script, seed);
    model_faults(m, faults);
    for (int i = 0; i < CYCLES; i++) {
        for (int k = 0; k < MODEL_SYMBOLS; k++) {
            m->signal[k] = WAY[rng_below(&script, COUNT_OF(WAY))];
            m->is_pressed[k] = rng_chance(&script, 0.3);
        }
        speak(m, t);
        model_cycle(m, m->process);
        for (int s = 0; s < CYCLE_S; s++) {
            speak(m, t);
            model_ticks(m, 1);
        }
    }
}

static void
run(struct fixture *f, enum stream kind, uint64_t seed, const char *faults, struct text *ret_sent,
    struct teller *ret_teller)
{
    struct model *m = begin(f, (struct model_options){.start_min = 60});
    struct teller t = {.kind = kind};

    rng_init(&t.rng, seed + 1000 * (uint64_t)kind);
    trade(m, &t, seed, faults);
    model_quiet(m);
    text_add(ret_sent, text_str(&m->sent), m->sent.len);
    assert_kept(m);
    ret_teller->hints += t.hints;
    ret_teller->taken += t.taken;
}

static void
test_stream_changes_no_order_of_v1(void **state)
{
    /* Faults that meet the same requests however many others there are. */
    static const char *const FAULTS[] = {"",
                                         "lost:POST/v2/orders:2",
                                         "429:POST/v2/orders:3",
                                         "reset:POST/v2/orders:2",
                                         "latefill=4000:POST",
                                         "latefill=15000:POST",
                                         "dupfill",
                                         "missingfill=9000:POST",
                                         "rejectcancel:DELETE:1"};
    struct teller heard[STREAMS_LEN] = {0};
    size_t orders = 0;

    for (uint64_t day = 0; day < DAYS; day++) {
        const char *faults = FAULTS[day % COUNT_OF(FAULTS)];
        CLEANUP(text_free) struct text without = {0};

        run(*state, STREAM_OFF, day, faults, &without, &heard[STREAM_OFF]);
        for (const char *c = text_str(&without); *c != '\0'; c++)
            orders += *c == '\n';
        for (enum stream kind = STREAM_ON; kind < STREAMS_LEN; kind++) {
            CLEANUP(text_free) struct text with = {0};

            run(*state, kind, day, faults, &with, &heard[kind]);
            if (!str_eq(text_str(&with), text_str(&without)))
                fail_msg("day %d, \"%s\", stream %d\nwithout:\n%s\nwith:\n%s", (int)day, faults,
                         (int)kind, text_str(&without), text_str(&with));
        }
    }
    print_message("%zu orders; hints %lld true, %lld false\n", orders,
                  (long long)heard[STREAM_ON].taken, (long long)heard[STREAM_LYING].taken);
    assert_true(orders > 10 * DAYS);
    assert_true(heard[STREAM_ON].taken > DAYS && heard[STREAM_LYING].taken > 10 * DAYS);
    assert_true(heard[STREAM_LYING].hints > heard[STREAM_LYING].taken);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_stream_changes_no_order_of_v1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Promises of the hints: an update is a reason to ask and nothing else; silence, refusals and
 * nonsense cost no more than a reconnection; nothing of the keys is told.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "engine/hints.h"

#define AUTHORIZED "{\"stream\":\"authorization\",\"data\":{\"status\":\"authorized\"}}"
#define REFUSED    "{\"stream\":\"authorization\",\"data\":{\"status\":\"unauthorized\"}}"
#define LISTENING  "{\"stream\":\"listening\",\"data\":{\"streams\":[\"trade_updates\"]}}"
#define FILL(id)                                                                                   \
    "{\"stream\":\"trade_updates\",\"data\":{\"event\":\"fill\",\"order\":{\"id\":\"" id "\"}}}"

enum { QUEUE_MAX = 256 };

/* A stream without a network: the test is the server. */
struct line {
    enum stream_state state, next; /* next: what the next open leads to */
    const char *queue[QUEUE_MAX];
    size_t queued, taken;
    uint64_t heard;
    int opened, closed, pings;
    char said[8][256];
    size_t said_len;
};

struct bed {
    struct test_clock time;
    struct clock clock;
    struct test_log events;
    struct log log;
    struct broker_config cfg;
    struct line line;
    struct hints hints;
    int asked;
    bool is_ours; /* what the desk says of an order */
};

static enum rc
line_open(void *self, struct err *err)
{
    struct line *l = self;

    l->opened++;
    l->queued = l->taken = 0;
    if (l->next == STREAM_CLOSED) return err_set(err, RC_IO, "no way");
    l->state = l->next;
    return RC_OK;
}

static enum stream_state
line_step(void *self)
{
    return ((struct line *)self)->state;
}

static enum rc
line_send(void *self, const char *bytes, size_t len, struct err *err)
{
    struct line *l = self;

    (void)err;
    assert_true(l->said_len < COUNT_OF(l->said));
    (void)snprintf(l->said[l->said_len++], sizeof(l->said[0]), "%.*s", (int)len, bytes);
    return RC_OK;
}

static void
line_ping(void *self)
{
    ((struct line *)self)->pings++;
}

static bool
line_take(void *self, struct text *ret_message)
{
    struct line *l = self;

    if (l->taken == l->queued) return false;
    text_clear(ret_message);
    text_puts(ret_message, l->queue[l->taken++]);
    return true;
}

static uint64_t
line_heard(const void *self)
{
    return ((const struct line *)self)->heard;
}

static const char *
line_why(const void *self)
{
    (void)self;
    return "it ended";
}

static void
line_close(void *self)
{
    struct line *l = self;

    l->closed++;
    l->state = STREAM_CLOSED;
}

static bool
changed(void *ctx, const char *client_id, const char *broker_id)
{
    struct bed *b = ctx;

    (void)client_id;
    assert_true(broker_id[0] != '\0');
    if (b->is_ours) b->asked++;
    return b->is_ours;
}

static int
setup(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    b->time = (struct test_clock){.now_ns = when_parse_or_none("2026-01-30T15:00:00Z"),
                                  .mono_ns = NS_PER_HOUR};
    b->clock = test_clock_seam(&b->time);
    b->log = test_log_seam(&b->events);
    b->cfg = (struct broker_config){.key = "hush-key", .secret = "hush-secret"};
    b->line.next = STREAM_OPEN;
    b->is_ours = true;
    const struct hints_seams seams = {
        .stream = {.self = &b->line,
                   .open = line_open,
                   .step = line_step,
                   .send = line_send,
                   .ping = line_ping,
                   .take = line_take,
                   .heard = line_heard,
                   .why = line_why,
                   .close = line_close},
        .clock = b->clock,
        .log = &b->log,
        .cfg = &b->cfg,
        .silence_ns = 60 * NS_PER_S,
        .seed = 7,
        .changed = changed,
        .ctx = b
    };
    hints_init(&b->hints, &seams);
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct bed *b = *state;

    for (size_t i = 0; i < b->events.len; i++)
        assert_null(strstr(b->events.event[i].fields, "hush"));
    hints_done(&b->hints);
    free(b);
    return 0;
}

static void
say(struct bed *b, const char *words)
{
    b->line.queue[b->line.queued++] = words;
    b->line.heard++;
}

/* Steps every 100 ms for that long; true if an order was to be asked for. */
static bool
pass(struct bed *b, int64_t ns)
{
    bool is_any = false;

    for (int64_t i = 0; i < ns; i += HINTS_STEP_NS) {
        b->time.mono_ns += HINTS_STEP_NS;
        is_any |= hints_step(&b->hints);
    }
    return is_any;
}

static void
listen(struct bed *b)
{
    assert_false(pass(b, 2 * HINTS_STEP_NS));
    assert_string_equal(hints_state_name(&b->hints), "login");
    say(b, AUTHORIZED);
    assert_false(pass(b, HINTS_STEP_NS));
    say(b, LISTENING);
    assert_false(pass(b, HINTS_STEP_NS));
    assert_string_equal(hints_state_name(&b->hints), "listening");
}

static void
test_hints_log_in_and_listen(void **state)
{
    struct bed *b = *state;

    listen(b);
    assert_int_equal(b->line.said_len, 2);
    assert_non_null(strstr(b->line.said[0], "\"secret_key\":\"hush-secret\""));
    assert_string_equal(b->line.said[1],
                        "{\"action\":\"listen\",\"data\":{\"streams\":[\"trade_updates\"]}}");
    assert_int_equal(test_log_count(&b->events, EV_TRADE_STREAM_UP), 1);
}

static void
test_hints_make_an_order_be_asked_for(void **state)
{
    struct bed *b = *state;

    listen(b);
    say(b, FILL("b-1"));
    assert_true(pass(b, HINTS_STEP_NS));
    assert_int_equal(b->asked, 1);
    b->is_ours = false; /* somebody else's order, or one that was asked for just now */
    say(b, FILL("b-2"));
    assert_false(pass(b, HINTS_STEP_NS));
}

static void
test_hints_of_a_flood_are_followed_thirty_times_a_minute(void **state)
{
    struct bed *b = *state;

    listen(b);
    for (int i = 0; i < 200; i++)
        say(b, FILL("b-1"));
    assert_true(pass(b, 10 * NS_PER_S));
    assert_int_equal(b->asked, HINTS_PER_MIN);
    b->line.queued = b->line.taken = 0;
    (void)pass(b, NS_PER_MIN / 2);
    b->line.heard++;
    (void)pass(b, NS_PER_MIN / 2);
    say(b, FILL("b-1"));
    assert_true(pass(b, HINTS_STEP_NS));
}

static void
test_hints_are_not_followed_before_the_login(void **state)
{
    struct bed *b = *state;

    (void)pass(b, 2 * HINTS_STEP_NS);
    say(b, FILL("b-1"));
    assert_false(pass(b, HINTS_STEP_NS));
    assert_int_equal(b->asked, 0);
}

static void
test_hints_pass_over_garbage_and_tell_it_once(void **state)
{
    struct bed *b = *state;

    listen(b);
    say(b, "\x80garbage");
    say(b, "[]");
    say(b, FILL("b-1"));
    assert_true(pass(b, HINTS_STEP_NS));
    assert_int_equal(test_log_count(&b->events, EV_TRADE_STREAM_GARBAGE), 1);
    assert_string_equal(hints_state_name(&b->hints), "listening");
}

static void
test_hints_notice_silence_by_age(void **state)
{
    struct bed *b = *state;

    listen(b);
    (void)pass(b, 59 * NS_PER_S);
    assert_string_equal(hints_state_name(&b->hints), "listening");
    assert_true(b->line.pings >= 2);
    assert_int_equal(hints_age_s(&b->hints), 59);
    (void)pass(b, 2 * NS_PER_S);
    assert_int_equal(test_log_count(&b->events, EV_TRADE_STREAM_SILENT), 1);
    (void)pass(b, 2 * NS_PER_S);
    assert_int_equal(b->line.opened, 2);
}

static void
test_hints_take_an_answer_to_a_ping_for_life(void **state)
{
    struct bed *b = *state;

    listen(b);
    for (int i = 0; i < 10; i++) {
        (void)pass(b, 50 * NS_PER_S);
        b->line.heard++;
    }
    assert_int_equal(test_log_count(&b->events, EV_TRADE_STREAM_SILENT), 0);
    assert_int_equal(b->line.opened, 1);
}

static void
test_hints_do_not_take_their_own_absence_for_silence(void **state)
{
    struct bed *b = *state;

    listen(b);
    b->time.mono_ns += 10 * NS_PER_MIN; /* a long cycle */
    (void)pass(b, HINTS_STEP_NS);
    assert_string_equal(hints_state_name(&b->hints), "listening");
}

static void
test_hints_come_back_ever_more_rarely_and_tell_it_ever_more_rarely(void **state)
{
    struct bed *b = *state;

    b->line.next = STREAM_CLOSED;
    (void)pass(b, NS_PER_HOUR);
    assert_in_range(b->line.opened, 50, 85); /* 60 s apart, give or take a fifth */
    assert_in_range(test_log_count(&b->events, EV_TRADE_STREAM_LOST), 5, 8);
    b->line.next = STREAM_OPEN;
    for (int i = 0; i < 800 && !str_eq(hints_state_name(&b->hints), "login"); i++)
        (void)pass(b, HINTS_STEP_NS);
    say(b, AUTHORIZED);
    (void)pass(b, HINTS_STEP_NS);
    say(b, LISTENING);
    (void)pass(b, HINTS_STEP_NS);
    assert_string_equal(hints_state_name(&b->hints), "listening");
    b->line.state = STREAM_CLOSED; /* and after a success soon again */
    int before = b->line.opened;
    (void)pass(b, 2 * NS_PER_S);
    assert_int_equal(b->line.opened, before + 1);
}

static void
test_hints_give_up_what_hangs_or_refuses(void **state)
{
    struct bed *b = *state;

    b->line.next = STREAM_CONNECTING;
    (void)pass(b, HINTS_BEGIN_NS + NS_PER_S);
    assert_int_equal(test_log_count(&b->events, EV_TRADE_STREAM_LOST), 1);
    b->line.next = STREAM_OPEN;
    (void)pass(b, 2 * NS_PER_S);
    say(b, REFUSED);
    (void)pass(b, HINTS_STEP_NS);
    assert_string_equal(hints_state_name(&b->hints), "down");
    assert_int_equal(test_log_count(&b->events, EV_TRADE_STREAM_REFUSED), 1);
}

static void
test_hints_that_are_off_do_nothing(void **state)
{
    const struct hints_seams none = {.seed = 1};
    struct hints off;

    (void)state;
    hints_init(&off, &none);
    assert_false(hints_are_on(&off));
    assert_false(hints_are_on(NULL));
    assert_false(hints_step(&off));
    assert_false(hints_step(NULL));
    hints_done(&off);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_hints_log_in_and_listen),
        TEST(test_hints_make_an_order_be_asked_for),
        TEST(test_hints_of_a_flood_are_followed_thirty_times_a_minute),
        TEST(test_hints_are_not_followed_before_the_login),
        TEST(test_hints_pass_over_garbage_and_tell_it_once),
        TEST(test_hints_notice_silence_by_age),
        TEST(test_hints_take_an_answer_to_a_ping_for_life),
        TEST(test_hints_do_not_take_their_own_absence_for_silence),
        TEST(test_hints_come_back_ever_more_rarely_and_tell_it_ever_more_rarely),
        TEST(test_hints_give_up_what_hangs_or_refuses),
        cmocka_unit_test(test_hints_that_are_off_do_nothing),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

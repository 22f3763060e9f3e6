/*
 * SIGKILL of engine, daemon and supervisor at random moments of a day: nothing is sent twice,
 * nothing is lost, nothing is counted twice, and the heartbeat comes back each time.
 *
 * TEST_SEED=n repeats the choice of victims and moments; what each kill hits still depends on the
 * machine.
 */
#include <signal.h>
#include <time.h>

#include "state/flight.h"
#include "tests/lib/check.h"
#include "tests/lib/day_check.h"

enum { KILLS = 110 };

/* The broker has the order and its answer takes a while: many die between the two. */
#define SLOW_ORDERS "delay=60:POST/v2/orders"
/* More orders than on a usual day. */
static const char *const EAGER[] = {"COOLDOWN_MINUTES_PER_TICKER=1", "MIN_COOLDOWN_MINUTES=0",
                                    "MAX_CONCURRENT_POSITIONS=40", NULL};

#define SLICE_NS 300000

#define BACK_S 45.0 /* a heartbeat after a death, on a busy machine */

static struct day day;

static int
teardown(void **state)
{
    (void)state;
    day_end(&day, false); /* nothing left to do where the test went well */
    return 0;
}

/* By the engine's flight recorder. */
static bool
is_ordering(void)
{
    CLEANUP(text_free) struct text page = {0};
    struct flight_report r;
    struct err err = {0};

    return day_read(&day, FLIGHT_PATH, &page) &&
           flight_read(text_str(&page), page.len, &r, &err) == RC_OK &&
           (r.stage == STAGE_ENTRY || r.stage == STAGE_EXIT);
}

/* Records of v2 are committed and not yet, or just now, written to their logs. */
static bool
is_telling(void)
{
    static const char *const names[] = {"state/shadow_v2_positions.json",
                                        "state/shadow_positions.json"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CLEANUP(text_free) struct text doc = {0};

        if (day_read(&day, names[i], &doc) && strstr(text_str(&doc), "\"outbox\"") != NULL)
            return true;
    }
    return false;
}

/* Lets the engine run in slices until it is in the middle of that, and leaves it stopped there:
 * what lasts a millisecond is met on a busy machine too. */
static bool
stop_amid(bool (*is_amid)(void), int64_t at_most_ms)
{
    int64_t begun_ns = day_mono_ns();
    pid_t pid = day_pid(&day, DAY_ENGINE);

    while (pid > 0 && day_mono_ns() - begun_ns < at_most_ms * NS_PER_MS) {
        if (kill(pid, SIGSTOP) != 0) return false;
        if (is_amid()) return true;
        (void)kill(pid, SIGCONT);
        (void)nanosleep(&(struct timespec){.tv_nsec = SLICE_NS}, NULL);
    }
    return false;
}

/* At any time, in the middle of a start, while an order is on its way, or while v2 writes; true
 * where it is the engine's moment and no other's. */
static bool
wait_for_a_moment(struct rng *rng)
{
    int64_t begun_ns = day_mono_ns();
    uint64_t kind = rng_below(rng, 5);

    if (kind == 0) day_pause_ms(rng_range(rng, 0, 40));
    if (kind == 1) day_pause_ms(rng_range(rng, 40, 500));
    if (kind < 2) return false;
    if (kind == 4) return stop_amid(is_telling, 1200);
    while (!is_ordering() && day_mono_ns() - begun_ns < 600 * NS_PER_MS)
        day_pause_ms(1);
    day_pause_ms(rng_range(rng, 0, 70));
    return false;
}

static enum day_who
pick(struct rng *rng)
{
    uint64_t n = rng_below(rng, 10);

    return n < 6 ? DAY_ENGINE : n < 8 ? DAY_DAEMON : DAY_SUPERVISOR;
}

/* One kill of a process that lives; false where there was none to kill just now. */
static bool
kill_one(struct rng *rng, bool is_engine)
{
    enum day_who who = is_engine ? DAY_ENGINE : pick(rng);
    pid_t pid = day_pid(&day, who);

    if (pid <= 0) return false;
    day_kill(&day, who);
    if (who == DAY_SUPERVISOR) day_start_supervisor(&day);
    return true;
}

static void
expect_heartbeat_back(const struct day_heartbeat *before, int kills)
{
    struct day_heartbeat now = {0};
    int64_t until_ns = day_mono_ns() + (int64_t)(BACK_S * (double)NS_PER_S);
    pid_t engine = 0;

    do {
        if (day_mono_ns() > until_ns)
            day_fail(&day, "no heartbeat %g s after kill %d: iter %lld of pid %ld", BACK_S, kills,
                     (long long)now.iter, (long)now.pid);
        day_pause_ms(5);
        now = day_heartbeat(&day);
        engine = day_pid(&day, DAY_ENGINE);
    } while (engine == 0 || now.pid != engine || now.iter < 1 ||
             (now.pid == before->pid && now.iter <= before->iter));
    DAY_CHECK(&day, now.epoch >= before->epoch);
    DAY_CHECK(&day, (now.pid == before->pid) == (now.epoch == before->epoch));
}

static void
test_service_survives_a_hundred_kills(void **state)
{
    struct rng rng = check_rng("kills");
    bool is_engine = false;
    int kills = 0;

    (void)state;
    day_begin(&day, &(struct day_options){.seed = 1 + rng_below(&rng, 1000),
                                          .speed = 240,
                                          .faults = SLOW_ORDERS,
                                          .env = EAGER});
    DAY_WAIT(&day, 20, day_heartbeat(&day).iter > 1);
    for (;;) {
        struct day_heartbeat before = day_heartbeat(&day);

        kills += kill_one(&rng, is_engine);
        /* Some die in the middle of the start that follows a death. */
        if (rng_chance(&rng, 0.3)) {
            day_pause_ms(rng_range(&rng, 1, 60));
            kills += kill_one(&rng, false);
        }
        expect_heartbeat_back(&before, kills);
        if (kills >= KILLS) break;
        is_engine = wait_for_a_moment(&rng);
    }
    int in_flight = day_events(&day, "order_state", "\"from\":\"unknown\"");
    int half_told = day_events(&day, "shadow_records_replayed", NULL);
    (void)printf("%d kills, %d of them with an order in flight, %d with records of v2 under way\n",
                 kills, in_flight, half_told);
    DAY_CHECK(&day, in_flight > 0 && half_told > 0);
    day_settle(&day);
    day_stop(&day);
    day_check_all(&day);
    day_end(&day, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_survives_a_hundred_kills, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

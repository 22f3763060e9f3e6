/*
 * The poll schedule: sessions, order, the ladder of a shrinking budget, failures, and that nothing
 * starves (spec 20 3.4 to 3.7).
 */
#include "tests/lib/check.h"
#include "base/json.h"
#include "io/zonefile.h"
#include "uwclient/schedule.h"

static char A[] = "ACME", B[] = "ZETA", C[] = "SPY";
static char *SYMBOLS[] = {A, B, C};
static char *FUNDS[] = {C};
static const struct name_list TICKERS = {SYMBOLS, 3}, ETFS = {FUNDS, 1};

/* Tuesday 2026-01-20, 10:00 New York; the session opened at 09:30. */
#define OPEN_NS (INT64_C(1768919400) * NS_PER_S)
#define TEN_NS  (OPEN_NS + 30 * NS_PER_MIN)

static struct schedule_now
at(int64_t now_ns)
{
    return (struct schedule_now){.now_ns = now_ns, .phase = PHASE_OPEN, .open_ns = OPEN_NS};
}

static struct schedule
fresh(void)
{
    struct schedule s = {0};

    schedule_configure(&s, &TICKERS, &ETFS, OPEN_NS - NS_PER_HOUR);
    return s;
}

static void
all_done(struct schedule *s, int64_t at_ns)
{
    for (size_t i = 0; i < s->len; i++)
        (void)schedule_result(&s->job[i], JOB_OK, 0, at_ns);
}

static struct job *
job(struct schedule *s, const char *key)
{
    struct job *j = schedule_find(s, key);

    if (j == NULL) fail_msg("no job %s", key);
    return j;
}

static void
assert_next(const struct schedule *s, const struct schedule_now *now, const char *want)
{
    char key[JOB_KEY_MAX] = "nothing";
    int64_t due_ns;
    const struct job *j = schedule_next(s, now, &due_ns);

    if (j != NULL) job_key(j, key);
    if (!str_eq(key, want)) fail_msg("%s, not %s", key, want);
}

static void
test_schedule_has_the_jobs_of_its_symbols(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();

    (void)state;
    /* 3 for the market; 9 for every symbol; one more for the fund, one more for each of the two
     * stocks. */
    assert_int_equal(s.len, 3 + 9 * 3 + 1 + 2);
    assert_non_null(schedule_find(&s, "etf_flow:SPY"));
    assert_null(schedule_find(&s, "etf_flow:ACME"));
    assert_null(schedule_find(&s, "calendar:SPY"));
    assert_null(schedule_find(&s, "greeks:ACME"));
    assert_non_null(schedule_find(&s, "market_tide"));
}

static void
test_schedule_takes_priority_then_age_then_list_order(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct schedule_now now = at(OPEN_NS);

    (void)state;
    assert_next(&s, &now, "option_flow:ACME");
    job(&s, "option_flow:ACME")->last_ok_ns = OPEN_NS;
    assert_next(&s, &now, "option_flow:ZETA");
    job(&s, "option_flow:ZETA")->last_ok_ns = job(&s, "option_flow:SPY")->last_ok_ns = OPEN_NS;
    assert_next(&s, &now, "market_tide");
    all_done(&s, OPEN_NS);
    now.now_ns = OPEN_NS + 150 * NS_PER_S - 1;
    assert_next(&s, &now, "nothing");
    job(&s, "option_flow:SPY")->last_ok_ns -= NS_PER_S;
    now.now_ns += 1;
    assert_next(&s, &now, "option_flow:SPY"); /* the longest overdue */
}

static void
test_schedule_tells_when_the_next_job_is_due(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct schedule_now now = at(TEN_NS);
    int64_t due_ns;

    (void)state;
    all_done(&s, TEN_NS);
    assert_null(schedule_next(&s, &now, &due_ns));
    assert_int_equal(due_ns, TEN_NS + 150 * NS_PER_S);
    now.phase = PHASE_AFTER;
    assert_null(schedule_next(&s, &now, &due_ns));
    assert_int_equal(due_ns,
                     TEN_NS + NS_PER_DAY); /* insiders and owners; no market-sensitive job */
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void
test_schedule_polls_the_market_only_while_it_is_open(void **state)
{
    static const struct {
        const char *what, *now;
        bool is_open;
    } cases[] = {
        {"before the open",                        "2026-01-20T14:29:59Z", false},
        {"at the open",                            "2026-01-20T14:30:00Z", true },
        {"before the close",                       "2026-01-20T20:59:59Z", true },
        {"at the close",                           "2026-01-20T21:00:00Z", false},
        {"Saturday",                               "2026-01-17T16:00:00Z", false},
        {"Martin Luther King Day",                 "2026-01-19T16:00:00Z", false},
        {"early close: before",                    "2025-11-28T17:59:59Z", true },
        {"early close: at",                        "2025-11-28T18:00:00Z", false},
        {"clocks go forward: 09:30 is 13:30 UTC",  "2026-03-09T13:30:00Z", true },
        {"clocks go forward: 09:29",               "2026-03-09T13:29:00Z", false},
        {"clocks go back: 09:30 is 14:30 UTC",     "2025-11-03T14:30:00Z", true },
        {"clocks go back: 13:30 UTC is too early", "2025-11-03T13:30:00Z", false},
    };
    struct zone *ny = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(zonefile_load(ZONE_NEW_YORK, &ny, &err), RC_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(schedule_done) struct schedule s = fresh();
        int64_t now_ns = when_parse_or_none(cases[i].now), due_ns;
        struct schedule_now now = {
            .now_ns = now_ns,
            .phase = calendar_phase(ny, now_ns),
            .open_ns = calendar_session_at(ny, now_ns).open_ns,
        };
        s.started_ns = now_ns - NS_PER_HOUR;
        const struct job *j = schedule_next(&s, &now, &due_ns);
        assert_non_null(j);
        bool is_market = uw_job_row(j->kind)->when == UW_IN_SESSION;
        if (is_market != cases[i].is_open)
            fail_msg("%s: %s", cases[i].what, uw_job_row(j->kind)->name);
    }
    zone_free(ny);
}

/* ---- the budget shrinks ---------------------------------------------------------------------- */

static int
due_kinds(const struct schedule *s, struct schedule_now now, bool ret_priority[9])
{
    int n = 0;

    memset(ret_priority, 0, 9 * sizeof *ret_priority);
    CLEANUP(schedule_done)
    struct schedule left = {.len = s->len, .cap = s->len, .started_ns = s->started_ns};
    left.job = malloc(s->len * sizeof *left.job);
    assert_non_null(left.job);
    memcpy(left.job, s->job, s->len * sizeof *left.job);
    for (;; n++) {
        int64_t due_ns;
        struct job *j = schedule_next(&left, &now, &due_ns);
        if (j == NULL) return n;
        ret_priority[uw_job_row(j->kind)->priority] = true;
        (void)schedule_result(j, JOB_OK, 0, now.now_ns);
    }
}

static void
test_schedule_climbs_down_the_ladder(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct schedule_now now = at(OPEN_NS + 4 * NS_PER_HOUR);
    bool p[9];

    (void)state;
    all_done(&s, now.now_ns - 3601 * NS_PER_S); /* an hour ago: due unless intervals are doubled */
    now.used = 0.79;
    (void)due_kinds(&s, now, p);
    assert_true(p[1] && p[2] && p[3] && p[4] && p[5] && p[6]);
    now.used = 0.80;
    (void)due_kinds(&s, now, p);
    assert_true(p[1] && p[2] && p[3] && !p[4] && p[5] &&
                !p[6]); /* max pain, 1800 s doubled, is still due */
    now.used = 0.92;
    (void)due_kinds(&s, now, p);
    assert_true(p[1] && p[2] && !p[3] && !p[4] && !p[5] && !p[6]);
    now.used = 1.0;
    assert_int_equal(due_kinds(&s, now, p), 0);
    now.probe_only =
        true; /* a daily pause is tested with one job, whatever retry time it was given */
    job(&s, "market_tide")->retry_at_ns = now.now_ns + NS_PER_HOUR;
    assert_next(&s, &now, "market_tide");
}

/* One poll a minute, where two would be needed: every job still gets its part, the slow ones after
 * the close. */
static void
test_schedule_starves_nobody(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct schedule_now now = at(OPEN_NS);

    (void)state;
    s.started_ns = OPEN_NS;
    int polls[UW_JOBS_LEN] = {0};
    for (; now.now_ns < OPEN_NS + 7 * NS_PER_HOUR; now.now_ns += 60 * NS_PER_S) {
        int64_t due_ns;
        if (now.now_ns >= OPEN_NS + 390 * NS_PER_MIN) now.phase = PHASE_AFTER;
        struct job *j = schedule_next(&s, &now, &due_ns);
        if (j == NULL) continue;
        polls[j->kind]++;
        (void)schedule_result(j, JOB_OK, 0, now.now_ns);
    }
    for (size_t k = 0; k < UW_JOBS_LEN; k++) {
        const struct uw_job_row *row = uw_job_row((enum uw_job)k);
        if (row->when == UW_NEVER) continue;
        if (polls[k] == 0) fail_msg("%s was never polled", row->name);
    }
    assert_true(polls[UW_JOB_OPTION_FLOW] > 150); /* and the most urgent still comes most often */
}

/* ---- results --------------------------------------------------------------------------------- */

static void
test_schedule_a_failed_poll_keeps_its_turn(void **state)
{
    static const struct {
        const char *what;
        enum job_outcome outcome;
        int64_t wait_or_until_ns, want_due_ns; /* after TEN_NS */
    } cases[] = {
        {"refused by the minute",          JOB_MINUTE_CAP,   20 * NS_PER_S,          20 * NS_PER_S  },
        {"refused by the minute, no wait", JOB_MINUTE_CAP,   0,                      NS_PER_S       },
        {"refused by the day",             JOB_DAY_CAP,      0,                      9 * NS_PER_HOUR}, /* 15:00 UTC to midnight */
        {"refused by the endpoint's cap",  JOB_ENDPOINT_CAP, 0,                      9 * NS_PER_HOUR},
        {"paused by the server",           JOB_PAUSED,       TEN_NS + 77 * NS_PER_S, 77 * NS_PER_S  },
        {"failed",                         JOB_FAILED,       0,                      30 * NS_PER_S  },
        {"not found",                      JOB_REFUSED,      0,                      150 * NS_PER_S },
        {"no key",                         JOB_AUTH,         0,                      900 * NS_PER_S },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(schedule_done) struct schedule s = fresh();
        struct schedule_now now = at(TEN_NS);
        int64_t due_ns;
        all_done(&s, TEN_NS);
        struct job *j = job(&s, "option_flow:ACME");
        j->last_ok_ns = TEN_NS - 1000 * NS_PER_S;
        j->last_try_ns = TEN_NS;
        assert_false(schedule_result(j, cases[i].outcome, cases[i].wait_or_until_ns, TEN_NS));
        for (size_t k = 0; k < s.len; k++) { /* the others are far away */
            if (&s.job[k] != j) s.job[k].disabled_until_ns = JOB_DISABLED_FOR_GOOD;
        }
        assert_null(schedule_next(&s, &now, &due_ns));
        if (due_ns != TEN_NS + cases[i].want_due_ns)
            fail_msg("%s: %lld s", cases[i].what, (long long)((due_ns - TEN_NS) / NS_PER_S));
        assert_int_equal(j->last_ok_ns, TEN_NS - 1000 * NS_PER_S); /* only a success is one */
    }
}

static void
test_schedule_failures_in_a_row_wait_longer(void **state)
{
    static const int64_t want_s[] = {30, 60, 120, 240, 480, 900, 900};
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct job *slow = job(&s, "dark_pool_levels:ACME"), *fast = job(&s, "option_flow:ACME");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(want_s); i++) {
        (void)schedule_result(slow, JOB_FAILED, 0, TEN_NS);
        (void)schedule_result(fast, JOB_FAILED, 0, TEN_NS);
        assert_int_equal(slow->retry_at_ns, TEN_NS + want_s[i] * NS_PER_S);
        assert_int_equal(fast->retry_at_ns,
                         TEN_NS + MIN(want_s[i], 150) * NS_PER_S); /* no more than its interval */
    }
    (void)schedule_result(slow, JOB_OK, 0, TEN_NS);
    assert_int_equal(slow->errors, 0);
    assert_int_equal(slow->retry_at_ns, WHEN_NONE);
}

static void
test_schedule_rests_a_job_that_is_refused_three_times(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct job *j = job(&s, "max_pain:ACME");

    (void)state;
    assert_false(schedule_result(j, JOB_REFUSED, 0, TEN_NS));
    assert_false(schedule_result(j, JOB_FAILED, 0, TEN_NS)); /* not in a row any more */
    assert_false(schedule_result(j, JOB_REFUSED, 0, TEN_NS));
    assert_false(schedule_result(j, JOB_REFUSED, 0, TEN_NS));
    assert_true(schedule_result(j, JOB_REFUSED, 0, TEN_NS));
    assert_int_equal(j->disabled_until_ns, TEN_NS + NS_PER_DAY);
    j = job(&s, "max_pain:ZETA");
    (void)schedule_result(j, JOB_IMPOSSIBLE, 0, TEN_NS);
    assert_int_equal(j->disabled_until_ns, JOB_DISABLED_FOR_GOOD);
}

static void
test_schedule_a_clock_stepped_back_freezes_nothing(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    struct schedule_now now = at(TEN_NS);

    (void)state;
    all_done(&s, TEN_NS + 2 * NS_PER_HOUR);
    for (size_t i = 0; i < s.len; i++) {
        s.job[i].last_try_ns = TEN_NS + 2 * NS_PER_HOUR;
        s.job[i].retry_at_ns = TEN_NS + 3 * NS_PER_HOUR;
    }
    assert_next(&s, &now, "option_flow:ACME");
}

static void
test_schedule_asks_for_earnings_more_often_as_they_come_near(void **state)
{
    static const struct {
        int days;
        int64_t want_s;
    } cases[] = {
        {-2, 604800},
        {-1, 3600  },
        {0,  3600  },
        {2,  3600  },
        {3,  21600 },
        {7,  21600 },
        {8,  86400 },
        {30, 86400 },
        {31, 604800}
    };
    const struct date today = {2026, 2, 27};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct date d = date_from_days(date_to_days(today) + cases[i].days);
        assert_int_equal(schedule_calendar_interval_ns(true, d, today), cases[i].want_s * NS_PER_S);
    }
    assert_int_equal(schedule_calendar_interval_ns(false, today, today), 604800 * NS_PER_S);
}

static void
test_schedule_paces_four_fifths_of_the_limit(void **state)
{
    (void)state;
    assert_int_equal(schedule_pace(120), 96);
    assert_int_equal(schedule_pace(1), 1);
    assert_int_equal(schedule_pace(9), 7);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void
test_schedule_comes_back_from_its_file(void **state)
{
    CLEANUP(schedule_done) struct schedule s = fresh();
    CLEANUP(schedule_done) struct schedule back = fresh();
    CLEANUP(text_free) struct text t = {0};
    struct job *j = job(&s, "insider:ACME");

    (void)state;
    j->last_ok_ns = TEN_NS;
    j->last_try_ns = TEN_NS + NS_PER_S;
    j->errors = 3;
    j->retry_at_ns = TEN_NS + NS_PER_MIN;
    j->disabled_until_ns = TEN_NS + NS_PER_DAY;
    schedule_encode(&s, &t);
    struct json *doc = NULL;
    assert_int_equal(json_parse(text_str(&t), t.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL),
                     RC_OK);
    schedule_decode(&back, doc, TEN_NS + NS_PER_MIN);
    json_free(doc);
    struct job *b = job(&back, "insider:ACME");
    assert_int_equal(b->last_ok_ns, j->last_ok_ns);
    assert_int_equal(b->last_try_ns, j->last_try_ns);
    assert_int_equal(b->errors, 3);
    assert_int_equal(b->retry_at_ns, j->retry_at_ns);
    assert_int_equal(b->disabled_until_ns, j->disabled_until_ns);
    assert_int_equal(job(&back, "insider:ZETA")->last_ok_ns, WHEN_NONE);
}

static void
test_schedule_reads_older_and_strange_files(void **state)
{
    static const struct {
        const char *json;
        int64_t want_s; /* of option_flow:ACME, 0 = never */
    } cases[] = {
        {"{\"option_flow:ACME\":1768921200.5}",                        1768921200},
        {"{\"option_flow:ACME\":9768921200}",                          0         }, /* from the future */
        {"{\"option_flow:ACME\":\"soon\"}",                            0         },
        {"{\"jobs\":{\"option_flow:ACME\":{\"last_ok\":1768921200}}}", 1768921200},
        {"{\"jobs\":{\"option_flow:ACME\":{\"last_ok\":-1}}}",         0         },
        {"{\"jobs\":{\"option_flow:ACME\":[]}}",                       0         },
        {"{\"jobs\":[]}",                                              0         },
        {"{}",                                                         0         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(schedule_done) struct schedule s = fresh();
        struct json *doc = NULL;
        const char *json = cases[i].json;
        assert_int_equal(json_parse(json, strlen(json), JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL),
                         RC_OK);
        schedule_decode(&s, doc, TEN_NS);
        json_free(doc);
        int64_t got_ns = job(&s, "option_flow:ACME")->last_ok_ns;
        if ((got_ns == WHEN_NONE ? 0 : when_to_s(got_ns)) != cases[i].want_s) fail_msg("%s", json);
    }
}

static void
test_schedule_new_symbols_come_and_old_ones_go(void **state)
{
    static char d[] = "NVDA";
    static char *changed[] = {B, d};
    const struct name_list list = {changed, 2};
    CLEANUP(schedule_done) struct schedule s = fresh();

    (void)state;
    all_done(&s, TEN_NS);
    schedule_configure(&s, &list, &ETFS, TEN_NS);
    assert_null(schedule_find(&s, "option_flow:ACME"));
    assert_int_equal(job(&s, "option_flow:ZETA")->last_ok_ns, TEN_NS);
    struct schedule_now now = at(TEN_NS);
    assert_next(&s, &now, "option_flow:NVDA"); /* due at once */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_has_the_jobs_of_its_symbols),
        cmocka_unit_test(test_schedule_takes_priority_then_age_then_list_order),
        cmocka_unit_test(test_schedule_tells_when_the_next_job_is_due),
        cmocka_unit_test(test_schedule_polls_the_market_only_while_it_is_open),
        cmocka_unit_test(test_schedule_climbs_down_the_ladder),
        cmocka_unit_test(test_schedule_starves_nobody),
        cmocka_unit_test(test_schedule_a_failed_poll_keeps_its_turn),
        cmocka_unit_test(test_schedule_failures_in_a_row_wait_longer),
        cmocka_unit_test(test_schedule_rests_a_job_that_is_refused_three_times),
        cmocka_unit_test(test_schedule_a_clock_stepped_back_freezes_nothing),
        cmocka_unit_test(test_schedule_asks_for_earnings_more_often_as_they_come_near),
        cmocka_unit_test(test_schedule_paces_four_fifths_of_the_limit),
        cmocka_unit_test(test_schedule_comes_back_from_its_file),
        cmocka_unit_test(test_schedule_reads_older_and_strange_files),
        cmocka_unit_test(test_schedule_new_symbols_come_and_old_ones_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Exit urgency (spec 10 R6.6): each factor alone just below, at and just above its threshold, its
 * cap, their sum, and the sum that closes.
 */
#include "exit_scene.h"

#include <math.h>

/* A position that moved nowhere in 20 minutes, with no other rule in question. */
static void
calm_set(struct scene *s, int side)
{
    scene_set(s, side, 100);
    s->record.high_water = s->record.low_water = s->held.price;
    s->record.has_trail_dist = true;
    s->record.trail_dist = USD(99);
    scene_age(s, 20);
}

/* The best price so far lies so many per cent on the good side of the entry. */
static void
best_set(struct scene *s, int side, double pct)
{
    usd best = USD(100 + side * pct);

    if (side > 0)
        s->record.high_water = best;
    else
        s->record.low_water = best;
}

static void
price_set(struct scene *s, int side, double pnl_pct)
{
    s->held = fixture_position("XYZ", side * 10, 100, 100 + side * pnl_pct);
    s->held.unrealised_fraction = NUMBER_NONE;
    s->record.high_water = s->record.low_water = s->held.price;
}

static void
expect(const struct scene *s, const char *what, int side, double urgency, const char *reason)
{
    struct exit_verdict v = exit_decide(&s->view);

    if (fabs(v.m.urgency - urgency) > 1e-9 || strcmp(v.m.urgency_reason, reason) != 0)
        fail_msg("%s, side %d: %.4f %s, not %.4f %s", what, side, v.m.urgency, v.m.urgency_reason,
                 urgency, reason);
}

static void
test_urgency_of_a_faded_score(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double ent, cur, urgency;
    } cases[] = {
        {"as it was",                      4, 4.0,         0   },
        {"just above seven tenths",        4, 2.81,        0   },
        {"seven tenths",                   4, 2.80,        0   },
        {"just below seven tenths",        4, 2.79,        0.30},
        {"half",                           4, 2.0,         0.50},
        {"left the cache",                 4, 0,           1.00},
        {"the cache cannot be read",       4, (double)NAN, 0   },
        {"the entry's score is not known", 0, 1.0,         0   },
        {"stronger than at entry",         4, 8.0,         0   },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int side = 1; side >= -1; side -= 2) {
            struct scene s;

            calm_set(&s, side);
            s.record.entry_score = cases[i].ent;
            s.view.current_score = cases[i].cur;
            expect(&s, cases[i].what, side, cases[i].urgency,
                   cases[i].urgency > 0 ? "signal_decay" : "");
        }
    }
}

static void
test_urgency_of_a_turned_flow(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int side;
        enum direction entered, now;
        double urgency;
    } cases[] = {
        {"a long, still bullish",              1,  DIRECTION_BULLISH, DIRECTION_BULLISH, 0  },
        {"a long, neutral",                    1,  DIRECTION_BULLISH, DIRECTION_NONE,    0  },
        {"a long, bearish",                    1,  DIRECTION_BULLISH, DIRECTION_BEARISH, 2.4},
        {"a short, bullish",                   -1, DIRECTION_BEARISH, DIRECTION_BULLISH, 2.4},
        {"a short, still bearish",             -1, DIRECTION_BEARISH, DIRECTION_BEARISH, 0  },
        {"a long of unknown reason, bearish",  1,  DIRECTION_NONE,    DIRECTION_BEARISH, 2.4},
        {"a short of unknown reason, bullish", -1, DIRECTION_NONE,    DIRECTION_BULLISH, 2.4},
        {"a long against its signal, bullish", 1,  DIRECTION_BEARISH, DIRECTION_BULLISH, 2.4},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;

        calm_set(&s, cases[i].side);
        s.record.direction = cases[i].entered;
        s.view.current_direction = cases[i].now;
        expect(&s, cases[i].what, cases[i].side, cases[i].urgency,
               cases[i].urgency > 0 ? "flow_reversal" : "");
    }
}

/* w = best P&L - P&L; min(3, w / days * 0.5) * 1.5 where w is above 3. */
static void
test_urgency_of_a_fall_from_the_best(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double best_pct, age_h, urgency;
    } cases[] = {
        {"just below three per cent",          2.99, 1,  0   },
        {"three per cent",                     3.00, 1,  0   },
        {"just above three per cent",          3.01, 1,  2.26},
        {"four per cent",                      4.00, 1,  3.00},
        {"just below its cap",                 5.99, 1,  4.49},
        {"at its cap",                         6.00, 1,  4.50},
        {"beyond its cap",                     6.01, 1,  4.50},
        {"far beyond its cap",                 40.0, 1,  4.50},
        {"a day old, as one of an hour",       4.00, 24, 3.00},
        {"just over a day old",                4.00, 25, 2.88},
        {"two days old",                       4.00, 48, 1.50},
        {"two days old, below three per cent", 3.00, 48, 0   },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int side = 1; side >= -1; side -= 2) {
            struct scene s;

            calm_set(&s, side);
            best_set(&s, side, cases[i].best_pct);
            scene_age(&s, 60 * cases[i].age_h);
            expect(&s, cases[i].what, side, cases[i].urgency,
                   cases[i].urgency > 0 ? "drawdown" : "");
        }
    }
}

/* min(2, (hours - 72) / 48) * 0.8 */
static void
test_urgency_of_great_age(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double age_h, urgency;
    } cases[] = {
        {"just below three days", 71.99, 0   },
        {"three days",            72,    0   },
        {"just above three days", 73,    0.02},
        {"five days",             120,   0.80},
        {"just below its cap",    167,   1.58},
        {"at its cap",            168,   1.60},
        {"beyond its cap",        169,   1.60},
        {"a month",               720,   1.60},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int side = 1; side >= -1; side -= 2) {
            struct scene s;

            calm_set(&s, side);
            scene_age(&s, 60 * cases[i].age_h);
            expect(&s, cases[i].what, side, cases[i].urgency,
                   cases[i].urgency > 0 ? "time_decay" : "");
        }
    }
}

static void
test_urgency_of_a_deep_loss(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double pnl_pct, urgency;
    } cases[] = {
        {"just above five per cent", -4.99, 0},
        {"five per cent",            -5.00, 0},
        {"just below five per cent", -5.01, 2},
        {"far below",                -60.0, 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int side = 1; side >= -1; side -= 2) {
            struct scene s;

            calm_set(&s, side);
            price_set(&s, side, cases[i].pnl_pct);
            expect(&s, cases[i].what, side, cases[i].urgency,
                   cases[i].urgency > 0 ? "deep_loss" : "");
        }
    }
}

/* The sum of all five, and ten at most; the first of them gives the reason. */
static void
test_urgency_is_ten_at_most(void **state)
{
    (void)state;
    for (int side = 1; side >= -1; side -= 2) {
        struct scene s;

        calm_set(&s, side);
        price_set(&s, side, -6);
        best_set(&s, side, 30);
        scene_age(&s, 60.0 * 200);
        s.view.current_direction = side > 0 ? DIRECTION_BEARISH : DIRECTION_BULLISH;
        s.view.current_score = 4.0;
        expect(&s, "four of them: 2.4 + 3.24 + 1.6 + 2", side, 9.24, "flow_reversal");
        s.view.current_score = 0;
        expect(&s, "all five: 10.24", side, 10, "signal_decay");
    }
}

/* Six closes; what is just below it does not, and two decimals are what counts. */
static void
test_urgency_closes_from_six_on(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double best_pct, urgency;
    } cases[] = {
        {"5.9925", 4.79,  5.99},
        {"5.9947", 4.793, 5.99},
        {"5.9955", 4.794, 6.00},
        {"6",      4.80,  6.00},
        {"6.0075", 4.81,  6.01},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int side = 1; side >= -1; side -= 2) {
            struct scene s;

            calm_set(&s, side);
            best_set(&s, side, cases[i].best_pct);
            s.view.current_direction = side > 0 ? DIRECTION_BEARISH : DIRECTION_BULLISH;
            struct exit_verdict v = exit_decide(&s.view);
            expect(&s, cases[i].what, side, cases[i].urgency, "flow_reversal");
            bool is_due = cases[i].urgency >= 6;
            if ((v.action == EXIT_CLOSE) != is_due)
                fail_msg("%s, side %d: %s", cases[i].what, side, action_name(v.action));
            if (!is_due) continue;
            assert_int_equal(v.rule, EXIT_URGENCY);
            assert_string_equal(v.label, "flow_reversal");
            char token[64];
            (void)snprintf(token, sizeof token, "exit_urgency(%.2f)", cases[i].urgency);
            assert_non_null(strstr(v.reason, token));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urgency_of_a_faded_score),
        cmocka_unit_test(test_urgency_of_a_turned_flow),
        cmocka_unit_test(test_urgency_of_a_fall_from_the_best),
        cmocka_unit_test(test_urgency_of_great_age),
        cmocka_unit_test(test_urgency_of_a_deep_loss),
        cmocka_unit_test(test_urgency_is_ten_at_most),
        cmocka_unit_test(test_urgency_closes_from_six_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

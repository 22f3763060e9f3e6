/*
 * One position as the exit rules see it.
 */
#ifndef TESTS_STRATEGY_EXIT_SCENE_H
#define TESTS_STRATEGY_EXIT_SCENE_H

#include "decide_fixture.h"

#include "strategy/close_reason.h"
#include "strategy/exits.h"

/* A position in view: 10 shares at 100 USD, held an hour, in a mixed regime, the score as it was.
 */
struct scene {
    struct strategy_config cfg;
    struct position held;
    struct position_record record;
    struct exit_view view;
};

static inline void
scene_set(struct scene *s, int side, double price)
{
    s->cfg = fixture_config();
    s->held = fixture_position("XYZ", side * 10, 100, price);
    s->record = fixture_record(4.0, 60, side > 0 ? DIRECTION_BULLISH : DIRECTION_BEARISH);
    s->record.targets_len = exit_targets_of(&s->cfg, s->record.target);
    s->view = (struct exit_view){.held = &s->held,
                                 .record = &s->record,
                                 .current_score = 4.0,
                                 .current_direction = s->record.direction,
                                 .exit_regime = "mixed",
                                 .now_ns = NOW_NS,
                                 .is_clock_trusted = true,
                                 .cfg = &s->cfg};
}

static inline void
scene_age(struct scene *s, double minutes)
{
    s->record.entered_ns = NOW_NS - (int64_t)(minutes * (double)NS_PER_MIN);
}

static inline const char *
action_name(enum exit_action a)
{
    static const char *const names[] = {"hold", "close", "part", "not evaluated"};
    return names[a];
}

#endif

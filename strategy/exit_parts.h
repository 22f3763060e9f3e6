/*
 * What exits.c and exit_measure.c share; nobody else includes it.
 */
#ifndef STRATEGY_EXIT_PARTS_H
#define STRATEGY_EXIT_PARTS_H

#include "strategy/exits.h"

#define EXIT_DRAWDOWN_PCT                                                                          \
    3.0 /* a larger fall from the best P&L counts towards the urgency and is said */

struct water_marks {
    usd high, low;
};

/* The record's marks after this price was seen. */
struct water_marks exit_water_marks(const struct position_record *record, usd price);

/* 100 * gained / entry: per cent. */
double exit_gain_pct(usd gained, usd entry);

/* Fills urgency and urgency_reason. */
void exit_urgency(const struct exit_view *v, struct exit_measures *m);

/* Fills the trailing stop; zero and trail_is_invalid where there is none. */
void exit_trail(const struct exit_view *v, const struct water_marks *w, struct exit_measures *m);

/* A winner held long enough for the tight trail. */
bool exit_is_accelerated(const struct exit_measures *m);

#endif

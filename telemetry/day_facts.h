/*
 * day_facts: what the logs tell of a day's trades, as reports show it; from what analytics/ read.
 */
#ifndef TELEMETRY_DAY_FACTS_H
#define TELEMETRY_DAY_FACTS_H

#include "analytics/analytics.h"
#include "base/counts.h"
#include "telemetry/report_trade.h"

/* What one side closed on the day. */
struct day_side {
    int64_t closed, wins;
    double pnl_usd;
    struct counts by_symbol;
    const struct pnl_event *event; /* all that were read, in file order */
    size_t events;
};

struct day_facts {
    const struct report_trade *trade; /* realized paper trades, in order of their entries */
    size_t trades;
    struct counts by_symbol, by_sector, by_regime; /* of these; unknown P&L counts as 0 */
    struct day_side live, shadow;
    int64_t day_begin_us, day_end_us; /* of the UTC day */
    const struct day_view *view;
};

/* Counts what was read; texts and rows live in the arena and in the day. */
struct day_facts day_facts_take(const struct day_view *view, struct arena *a);

/* Whether the event lies in the UTC day of the facts. */
bool day_facts_has(const struct day_facts *f, const struct pnl_event *e);

/* The texts of the keys of a tally of single words, ascending. */
const char **day_facts_symbols(const struct day_facts *f, const struct tally *t, struct arena *a);

#endif

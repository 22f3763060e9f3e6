/*
 * A flow cache (spec 20 3.9) of any size from a seed: the same bytes each time.
 *
 * The shapes are those that the flow daemon stores: raw alerts as the vendor sent them on
 * 2026-01-30 (36 members, numbers as text with up to 15 digits), the summaries of each job, the
 * metadata.
 */
#ifndef TESTS_BENCH_CACHE_H
#define TESTS_BENCH_CACHE_H

#include "base/text.h"

enum cache_alerts {
    ALERTS_WHOLE, /* all 36 members, about 880 bytes: what the daemon stores             */
    ALERTS_SHORT  /* the 12 members a decision reads, about 340 bytes: as older files had */
};

struct cache_spec {
    size_t symbols, alerts; /* alerts of each symbol */
    enum cache_alerts shape;
    int64_t now_ns;
    /* Symbols i with i % 20 == changed - 1 differ from those of a file with 0: five percent. */
    int changed;
};

/* SPY, QQQ, then made-up tickers of four letters; good until the next call. */
const char *cache_symbol(size_t i);

void cache_write(const struct cache_spec *spec, struct text *to);

#endif

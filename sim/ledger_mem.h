/*
 * The ledger seam in memory: for tests and the whole-service simulation, where a disk would only be
 * slow.
 *
 * It keeps rows in plain arrays and folds every position anew from all fills each time it is asked:
 * slow, obvious, and therefore what the SQLite ledger is compared with (tests/state/test_ledger.c).
 */
#ifndef SIM_LEDGER_MEM_H
#define SIM_LEDGER_MEM_H

#include "model/ledger.h"

struct mem_fill {
    struct fill fill;
    bool is_adjustment;
};

struct ledger_mem {
    struct intent *intent; /* in the order they were added */
    size_t intents_len, intents_cap;
    struct mem_fill *fill; /* by ledger_fill_order */
    size_t fills_len, fills_cap;
};

void ledger_mem_init(struct ledger_mem *m);
void ledger_mem_done(struct ledger_mem *m);

/* The seam; m must stay where it is while it is used. */
struct ledger ledger_mem_seam(struct ledger_mem *m);

#endif

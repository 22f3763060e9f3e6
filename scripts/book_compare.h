/*
 * The ledger against the broker's book: orders, executions, positions, cash.
 * Nothing is changed.
 *
 * An order in flight may differ for a moment: both sides are asked one after
 * the other.
 */
#ifndef SCRIPTS_BOOK_COMPARE_H
#define SCRIPTS_BOOK_COMPARE_H

#include "model/broker.h"
#include "model/ledger.h"

enum { BOOK_DIFFS_MAX = 1000, BOOK_WORDS_MAX = 200 };

struct book_diff {
    const char *kind; /* "order", "execution", "position", "cash" */
    char symbol[SYMBOL_MAX];
    char id[BROKER_ID_MAX * 2 + 1]; /* of the order or the execution, "" for none */
    char words[BOOK_WORDS_MAX];
};

struct book_diffs {
    struct book_diff *diff; /* from an arena */
    size_t len;             /* at most BOOK_DIFFS_MAX; what is beyond is counted */
    size_t beyond;
    size_t orders, executions, positions; /* compared */
};

/* Cash that the broker showed once; what the executions since then make of it
 * is what it should be now.  Fees, dividends and transfers are not among them.
 */
struct book_cash {
    bool is_known;
    usd cash;
    int64_t at_ns;
};

/*
 * Orders and executions from from_ns on, and everything that is open.
 * RC_BUSY, RC_IO … where one side did not answer: then nothing is known.
 */
enum rc book_compare(const struct ledger *ledger, const struct broker *broker, int64_t from_ns,
                     const struct book_cash *before, struct arena *a, struct book_diffs *ret_diffs,
                     struct err *err) MUST_USE;

#endif

/*
 * Positions folded from fills, kept while the ledger is open.
 */
#ifndef STATE_LEDGER_BOOK_H
#define STATE_LEDGER_BOOK_H

#include "state/ledger.h"

/* One symbol: its position and the last fill folded into it. */
struct ledger_book_entry {
    struct ledger_position position;
    int64_t last_ns;
    char last_fill_id[BROKER_ID_MAX * 2];
};

struct ledger_book {
    struct ledger_book_entry *entry; /* ascending by symbol */
    size_t len, cap;
};

void ledger_book_done(struct ledger_book *b);

/* An entry before its first fill. */
struct ledger_book_entry ledger_book_entry_of(const char *symbol);

/* The entry of the symbol, or an empty one. */
struct ledger_book_entry ledger_book_find(const struct ledger_book *b, const char *symbol);

/* True if the fill belongs behind all that were folded into the entry. */
bool ledger_book_is_next(const struct ledger_book_entry *e, const struct fill *f);

/* Folds a fill into an entry, in order: ledger_book_is_next must hold. */
void ledger_book_fold(struct ledger_book_entry *e, const struct fill *f);

/* Writes the entry into the book. */
void ledger_book_put(struct ledger_book *b, const struct ledger_book_entry *e);

/* RC_RANGE names the first symbol whose position differs between two books. */
enum rc ledger_book_compare(const struct ledger_book *a, const struct ledger_book *b,
                            struct err *err);

#endif

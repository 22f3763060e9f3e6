/*
 * The engine's epoch: a number that each start of an engine raises, so that a stale process can be
 * told from its orders and refuses to send once it sees a newer number (ARCHITECTURE 5.1).
 *
 * state/engine.epoch holds {"epoch": n}; the last generation is kept.  It is raised under the
 * engine lock and is on the disk before the first order.
 *
 * A number is never given twice.  The floor is the largest the ledger knows of (it notes each
 * start), so a lost file does no harm; and a file that came back from its previous generation is
 * one behind, so that two are added.
 */
#ifndef STATE_EPOCH_H
#define STATE_EPOCH_H

#include "base/fs.h"
#include "base/store.h"

#define EPOCH_PATH "state/engine.epoch"
#define EPOCH_MAX  INT64_C(1000000000) /* a larger number in the file is corruption */

struct epoch_file {
    const struct fs *fs;
    const struct store *store;
    int64_t mine;
    int64_t newest; /* the largest seen since */
    struct fs_stat seen;
};

/*
 * Takes the next number: max(file, floor) + 1.  Borrows fs and store.
 *
 * An error means that the number is not on the disk: ret_epoch->mine is set, and must not be traded
 * under.
 */
enum rc epoch_raise(struct epoch_file *ret_epoch, const struct fs *fs, const struct store *store,
                    int64_t floor, struct err *err) MUST_USE;

/*
 * The newest number there is; ours as long as no other engine was started.  One stat() where
 * nothing changed.
 *
 * A file that was lost or damaged meanwhile heals, and ours is written into it again.
 */
enum rc epoch_current(struct epoch_file *e, int64_t *ret_epoch, struct err *err) MUST_USE;

#endif

/*
 * What v2 keeps on a disk, over a disk in memory that outlives the engine and may fail.
 */
#ifndef TESTS_ENGINE_V2_BED_H
#define TESTS_ENGINE_V2_BED_H

#include "engine/v2.h"
#include "sim/faulty_fs.h"
#include "sim/mem_fs.h"
#include "sim/sim_clock.h"
#include "state/store.h"
#include "tests/lib/seams.h"

/* One engine's view of a disk that outlives it. */
struct bed {
    struct sim_clock time;
    struct clock clock;
    struct fs fs;
    struct state_store state_store;
    struct store store;
    struct config cfg;
    struct v2_seams seams;
    struct v2_book book;
    struct v2_ledger ledger;
};

static inline void
bed_open(struct bed *b, const struct fs *fs)
{
    *b = (struct bed){.fs = *fs};
    b->clock = sim_clock_seam(&b->time);
    sim_clock_advance(&b->time, when_parse_or_none("2026-01-22T15:00:00Z"));
    state_store_init(&b->state_store, &b->fs, &b->clock, NULL);
    b->store = state_store_seam(&b->state_store);
    b->seams =
        (struct v2_seams){.cfg = &b->cfg, .clock = &b->clock, .fs = &b->fs, .store = &b->store};
}

static inline void
bed_done(struct bed *b)
{
    v2_book_done(&b->book);
    v2_ledger_done(&b->ledger);
}

/* How the write that a kill meets can end: not begun, whole, or after some bytes. */
struct bed_death {
    enum disk_fault kind;
    size_t torn_bytes;
};

enum { BED_DEATHS = 2 + 90 }; /* the lines of a test are shorter than 90 bytes */

static inline struct bed_death
bed_death(size_t i)
{
    if (i < 2) return (struct bed_death){i == 0 ? FAULT_REFUSED : FAULT_AFTER, 0};
    return (struct bed_death){FAULT_TORN, i - 1};
}

/* Every write may fail from the nth on: a dead process writes nothing more. */
static inline struct fs
bed_dying_disk(struct faulty_fs *faulty, const struct fs *whole, int64_t at,
               const struct bed_death *death)
{
    faulty_fs_init(faulty, whole);
    faulty->fail_at = at;
    faulty->kind = death->kind;
    faulty->torn_bytes = death->torn_bytes;
    faulty->is_lasting = true;
    faulty->ops = 1U << FS_REPLACE | 1U << FS_APPEND;
    return faulty_fs_seam(faulty);
}

/* How often the line stands in the log; at its end it may lack its newline. */
static inline int
bed_count(const struct mem_fs *disk, const char *log, const char *line)
{
    const struct text *bytes = mem_fs_peek(disk, log);
    const char *data = bytes != NULL ? text_str(bytes) : "";
    size_t len = strlen(line);
    int found = 0;

    for (const char *at = data; (at = strstr(at, line)) != NULL; at++)
        if ((at == data || at[-1] == '\n') && (at[len] == '\n' || at[len] == '\0')) found++;
    return found;
}

#endif

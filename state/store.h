/*
 * The state seam over files: JSON documents that heal, and logs that are only ever appended to
 * (spec 10 R0.7, R0.8, R1.43; contract 3; spec 20 2.13).
 *
 * load   the file, or else: the bad bytes are moved to "<file name>.corrupted.<unix seconds>.json"
 * in the same folder, and the first of these that is sound stands in their place: <path>.prev
 * (where the spec keeps one) -> spec->rebuild -> the default Bad is: no read permission, a
 * directory, too large, empty, not strict JSON, bytes behind the document, the wrong kind at the
 * top, refused by spec->check.  Events of one such load: state_read_failed, then state_self_healed
 * or state_heal_failed.  It never fails. An absent file is the default without an event; but where
 * a sound <path>.prev stands beside it, the file has been lost, and it is healed from there with a
 * state_self_healed. save   replaces the file.  Bytes that this process neither wrote nor read are
 * looked at first: if they are bad they are set aside with the same events (used: "saved"), so that
 * a file which is only ever written keeps its evidence too, and a bad file never becomes the .prev
 * of a good one. append one line, or several whole ones, in one write().  The end of a log is
 * mended when a process first appends to it and after every failed append (state/jsonl.h).  A
 * directory in the place of the log is set aside.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/store.h"

enum {
    STATE_PATHS_MAX = 128, /* paths remembered; beyond, the oldest is looked at afresh */
    STATE_DEPTH_MAX = 64,  /* levels of a state document                               */
    STATE_COMPLAINT_EVERY_S = 60
};

/* What a process knows of one path. */
struct path_note {
    uint64_t path_hash; /* 0 = unused */
    bool is_tail_whole; /* a log: its end was looked at   */
    bool is_known;      /* a document: these bytes were read or written by us, and are sound */
    struct fs_stat known;
    bool has_complained;
    int64_t complained_mono_ns;
};

struct state_store {
    const struct fs *fs;
    const struct clock *clock;
    const struct log *log; /* NULL: no events; may be set once the logger exists */
    FILE *complaints;      /* standard error; lost log lines are reported here */
    struct path_note note[STATE_PATHS_MAX];
    size_t note_next;
};

/* Borrows fs, clock and log for the life of the store. */
void state_store_init(struct state_store *s, const struct fs *fs, const struct clock *clock,
                      const struct log *log);

struct store state_store_seam(struct state_store *s);

#endif

/*
 * The page of the flight recorder: mapped at the start, and what the engine before us left in it.
 */
#ifndef ENGINE_BLACK_BOX_H
#define ENGINE_BLACK_BOX_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/store.h"
#include "io/page.h"
#include "state/flight.h"

struct black_box_seams {
    const char *root;
    const struct fs *fs;
    const struct store *store;
    const struct clock *clock;
    const struct log *log;
};

/*
 * Bytes that no engine wrote are set aside first.  An engine without a flight recorder is still an
 * engine: what cannot be done is an event, and the page stays without data.
 */
void black_box_open(const struct black_box_seams *s, struct page *ret_page);

/* What the engine before us did last, and whether a stage is to be left alone from now on. */
void black_box_read(const struct black_box_seams *s, const struct page *page,
                    struct quarantine *ret_quarantine);

#endif

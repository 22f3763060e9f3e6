/*
 * daily_bars: where a runner takes daily bars from: the broker's data API, or a folder of files.
 *
 * A source only reads: no order can be sent through it.
 */
#ifndef SCRIPTS_DAILY_BARS_H
#define SCRIPTS_DAILY_BARS_H

#include "model/market.h"
#include "scripts/job.h"

enum { DAILY_BARS_FILE_MAX = 16 << 20, DAILY_BARS_TROUBLES_MAX = 5 };

struct daily_bars {
    void *self;
    /* The newest `most` daily bars that were complete at to_ns and start at or after from_ns,
     * ascending.  RC_NOT_FOUND where the source does not have the symbol. */
    enum rc (*read)(void *self, const char *symbol, int64_t from_ns, int64_t to_ns, int most,
                    struct arena *a, struct bars *ret_bars, struct err *err);
    void (*close)(void *self);
};

/* Of the broker whose keys are in the settings; a bar of today may be among them, as far as it is.
 * Gives a source for close. */
enum rc daily_bars_of_broker(struct runner *r, struct daily_bars *ret_source,
                             struct err *err) MUST_USE;

/*
 * Of a folder of SYMBOL.csv or SYMBOL.csv.gz: a heading, then date,open,high,low,close,volume with
 * ascending New York dates.  A damaged line is an error that names file and line.  A bar counts
 * from the close of its session on.  Gives a source for close; the texts are borrowed.
 */
enum rc daily_bars_of_folder(const char *folder, const struct zone *ny,
                             struct daily_bars *ret_source, struct err *err) MUST_USE;

#endif

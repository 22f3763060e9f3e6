/*
 * Makes the day and its flow from what the options name: drawn, or recorded files.
 */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include "base/fs.h"
#include "sim/options.h"
#include "sim/sim.h"

/* Fills sim->day and sim->flow; sim->ny and sim->clock stand.  fs lists folders. */
enum rc load_market(const struct sim_options *opt, const struct fs *fs, struct sim *sim,
                    struct err *err) MUST_USE;

/* Files of bars, unpacked. */
struct load_bars {
    struct day_file *file;
    size_t len;
};

/* ".../AAPL.csv.gz" is AAPL; false for what is no file of bars. */
bool load_symbol_of(const char *path, char ret_symbol[SYMBOL_MAX]);

/* Those of the folder, or the one file, that wanted lists; all of them where wanted is NULL. */
enum rc load_bars_read(const char *path, const struct fs *fs, const struct sim_options *wanted,
                       struct load_bars *ret_bars, struct err *err) MUST_USE;
void load_bars_free(struct load_bars *b); /* as after = {0}; fits CLEANUP */

/* Recorded alerts, a file or a folder, moved to the day. */
enum rc load_flow_read(const char *path, const struct fs *fs, const struct sim_day *day,
                       struct sim_flow *ret_flow, struct err *err) MUST_USE;

#endif

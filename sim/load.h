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

#endif

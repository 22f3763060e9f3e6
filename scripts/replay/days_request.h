/*
 * What `stockbot replay --shadow-only` is asked; days.h says how it is done.
 */
#ifndef SCRIPTS_DAYS_REQUEST_H
#define SCRIPTS_DAYS_REQUEST_H

#include "config/config.h"

struct days_request {
    const char *days_dir;  /* --days */
    const char *flow_path; /* --flow: alerts for every day; NULL */
    const char *out_dir;   /* --out: where the records are kept; NULL */
    uint64_t seed;
    bool is_json, is_csv;
};

/* Replays the days and prints the table; the exit code. */
int days_replay(const struct days_request *req, const struct config *cfg);

#endif

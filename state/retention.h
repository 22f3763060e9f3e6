/*
 * Logs that have grown past their limit are renamed into logs/archive (spec 10 R1.17).
 *
 * Contract logs (RETENTION_CONTRACT, in logs/ only) are never shortened and never deleted; of every
 * other log the newest archives are kept.  Writers open a file for each record, so a rename loses
 * nothing.
 *
 *   logs/run.jsonl          -> logs/archive/run.20260130T205807Z.jsonl
 *   data/uw_api_quota.jsonl -> logs/archive/data-uw_api_quota.20260130T205807Z.jsonl
 *
 * The folder stands before names from data/ and state/, so that the archives of two logs of one
 * name are not counted as one.
 */
#ifndef STATE_RETENTION_H
#define STATE_RETENTION_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

struct retention_limits {
    int64_t contract_bytes; /* 64 MiB                             */
    int64_t other_bytes;    /* 10 MiB at a start, 5 MiB later on  */
    int archives_kept;      /* of a log that is no contract log: 3 */
};

extern const struct retention_limits RETENTION_AT_START;
extern const struct retention_limits RETENTION_IN_OPERATION;

/* One pass over logs/, data/ and state/.  Returns how many logs were archived; what cannot be
 * renamed or listed is left for the next pass. */
int retention_run(const struct fs *fs, const struct clock *clock, const struct log *log,
                  const struct retention_limits *limits);

/* True for "logs/<contract log>.jsonl". */
bool retention_is_contract_log(const char *path);

#endif

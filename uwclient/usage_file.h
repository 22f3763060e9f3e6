/*
 * The budget's state file (spec 20 2.7), inside uwclient only.
 */
#ifndef UWCLIENT_USAGE_FILE_H
#define UWCLIENT_USAGE_FILE_H

#include "uwclient/usage.h"

void usage_state_reset(struct usage_state *s,
                       struct date today); /* counters of a new day, nothing else known */

/* Reads a document; what is wrong or missing keeps its default. */
void usage_state_decode(const struct json *doc, struct usage_state *ret_state);

/* cap and now_ns are for the forecast that is written for readers. */
void usage_state_encode(const struct usage_state *s, int64_t cap, int64_t now_ns, struct text *to);

/* Calls a minute now: a mean over calls that falls to a third in 15 minutes without one. */
double usage_rate(const struct usage_state *s, int64_t now_ns);
void usage_count_rate(struct usage_state *s, int64_t now_ns); /* one more call */

/* At this rate, when the cap is reached; WHEN_NONE if not before the UTC day ends. */
int64_t usage_exhausted_at(const struct usage_state *s, int64_t cap, int64_t now_ns);

/* The store's rule for the file: default, previous generation, the four mandatory members. */
struct store_spec usage_store_spec(void);

int64_t *usage_count_of(struct usage_state *s,
                        const char *name); /* made if there is room; NULL without */

#endif

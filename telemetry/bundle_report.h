/*
 * What the two halves of the report share; never included from elsewhere.
 */
#ifndef TELEMETRY_BUNDLE_REPORT_H
#define TELEMETRY_BUNDLE_REPORT_H

#include "analytics/number.h"
#include "analytics/stats.h"
#include "telemetry/bundle_internal.h"

struct report {
    struct text to;
    struct bundle_day *d;
    const struct day_view *day;
    struct day_sums sums;
    struct json *health; /* as in the manifest */
};

/* ---- lines --------------------------------------------------------------------------------- */

void put_heading(struct report *r, const char *heading);
void put_number(struct report *r, const char *name, double value); /* "none" for NONE */
void put_count(struct report *r, const char *name, int64_t value);
void put_word(struct report *r, const char *name, word id);
void put_json(struct report *r, const char *name, const struct json *v); /* compact */
/* name -> how many, ascending by name. */
void put_counts(struct report *r, const char *name, const struct tally *t);
/* n, min, max, mean, median, p25, p50, p75 of 3.0.3; sorts xs. */
void put_stats(struct report *r, const char *name, struct series *xs);
/* A text from a log on one line: what would end it or is no UTF-8 is replaced; "UNKNOWN" for the
 * empty one. */
void put_label(struct text *to, struct span s);
/* 12.3 rounded to so many decimals, as documents write it. */
const char *rounded(double x, int decimals, char buf[F64_TEXT_MAX]);

/* What was just written, for reading; closes the document; to be freed. */
struct json *read_back(struct doc *doc);

/* The second half, from "5. PnL Analysis" on. */
void report_second_half(struct report *r);
void report_readiness(struct report *r);

#endif

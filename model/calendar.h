/*
 * Trading sessions of US equities by rule: NYSE holidays and early closes 1990..2035, and New York
 * time from the system's zone database.
 *
 * Pure: the bytes of the zone file come in as a value (io reads
 * /usr/share/zoneinfo/America/New_York).
 *
 *   zone.c       TZif reader: offsets, local time, back to UTC
 *   calendar.c   holidays, early closes, sessions, phases
 */
#ifndef MODEL_CALENDAR_H
#define MODEL_CALENDAR_H

#include "base/when.h"

struct zone; /* transitions of one zone, on the heap */

/* Parses TZif version 1 to 4, the footer rule included (RFC 8536).  RC_PARSE says what is wrong. */
enum rc zone_new(const void *bytes, size_t len, struct zone **ret_zone, struct err *err) MUST_USE;
void zone_free(struct zone *z);

int64_t zone_offset_s(const struct zone *z,
                      int64_t at_ns); /* east of UTC: New York is -18000 or -14400 */
struct civil zone_local(const struct zone *z, int64_t at_ns);
struct date zone_date(const struct zone *z, int64_t at_ns);
/* The first instant with that local time; in the gap of spring the instant the gap ends. */
int64_t zone_utc(const struct zone *z, const struct civil *local);

enum { CALENDAR_YEAR_MIN = 1990, CALENDAR_YEAR_MAX = 2035 };

enum session_kind {
    SESSION_NONE, /* weekend, holiday or one-off closure: no trading that day */
    SESSION_FULL, /* 09:30..16:00 */
    SESSION_EARLY /* 09:30..13:00, until 1992 ..14:00 */
};

struct session {
    struct date date; /* New York */
    enum session_kind kind;
    int64_t open_ns, close_ns; /* WHEN_NONE for SESSION_NONE */
    const char *why; /* name of the holiday or early close; "weekend"; "" for a full day */
};

/* Outside the years above weekdays (1700..2200) are full sessions and why is "no rule for the
 * year". */
struct session calendar_session(const struct zone *ny, struct date d);
/* The session of the New York date at the instant. */
struct session calendar_session_at(const struct zone *ny, int64_t at_ns);
/* The first session that opens after the instant (strictly); SESSION_NONE only beyond the year
 * 2200. */
struct session calendar_next_session(const struct zone *ny, int64_t at_ns);

enum market_phase {
    PHASE_CLOSED,
    PHASE_PRE,  /* 04:00 up to the open  */
    PHASE_OPEN, /* open <= t < close     */
    PHASE_AFTER /* close up to 20:00     */
};

enum market_phase calendar_phase(const struct zone *ny, int64_t at_ns);
const char *market_phase_name(enum market_phase p); /* "closed", "pre", "open", "after" */

#endif

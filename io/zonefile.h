/*
 * zonefile: reads a zone of the system's zone database for model/calendar.h.
 */
#ifndef IO_ZONEFILE_H
#define IO_ZONEFILE_H

#include "base/err.h"
#include "model/calendar.h"

#define ZONE_NEW_YORK "America/New_York"

/*
 * Gives the zone for zone_free.  The file lies under $TZDIR, else /usr/share/zoneinfo.
 *
 * RC_RANGE for a name that leaves that folder; RC_NOT_FOUND, RC_IO, RC_PARSE name the file.
 */
enum rc zonefile_load(const char *name, struct zone **ret_zone, struct err *err) MUST_USE;

#endif

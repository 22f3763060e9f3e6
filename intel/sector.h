/*
 * The sector of a symbol, and how much its kind of news weighs there.
 *
 * A short list of names, not an industry classification: whatever is not in it is UNKNOWN, and
 * UNKNOWN weighs everything with 1.
 */
#ifndef INTEL_SECTOR_H
#define INTEL_SECTOR_H

#include "intel/intel.h"

enum sector { SECTOR_UNKNOWN, SECTOR_TECH, SECTOR_BIOTECH, SECTOR_FINANCIALS, SECTOR_ENERGY };
enum { SECTORS_LEN = SECTOR_ENERGY + 1 };

/* "UNKNOWN", "TECH", "BIOTECH", "FINANCIALS", "ENERGY" */
const char *sector_name(enum sector s);

/*
 * Trimmed and without regard to case.  TECH: its list, XLK, and every symbol that ends in Q;
 * the lists are asked in the order TECH, BIOTECH, FINANCIALS, ENERGY (spec 30 4.6).
 */
enum sector sector_of(const char *symbol);

/* What the adjustments of the score are multiplied with; 1 changes nothing. */
struct sector_weights {
    double flow, dark_pool, earnings;
    double short_interest; /* carried, read by no formula yet */
};

struct sector_profiles {
    const char *version; /* "" where the file has none, borrowed */
    struct sector_weights sector[SECTORS_LEN];
};

/* What config/sector_profiles.json says as it is shipped. */
extern const struct sector_profiles SECTOR_PROFILES_SHIPPED;

/*
 * The content of a profile file.  A sector without an object takes that of UNKNOWN; a weight that
 * is no number is 1.  NULL, a missing file: all weights 1, version "".
 */
struct sector_profiles sector_profiles_decode(const struct json *doc, struct arena *a);

/* {"flow_weight": …, "darkpool_weight": …, "earnings_weight": …, "short_interest_weight": …} */
void sector_weights_write(struct json_out *o, const char *key, const struct sector_weights *w);

#endif

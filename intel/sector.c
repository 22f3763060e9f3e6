#include "intel/sector.h"

#include <strings.h>

static const char *const names[SECTORS_LEN] = {
    [SECTOR_UNKNOWN] = "UNKNOWN",       [SECTOR_TECH] = "TECH",     [SECTOR_BIOTECH] = "BIOTECH",
    [SECTOR_FINANCIALS] = "FINANCIALS", [SECTOR_ENERGY] = "ENERGY",
};

static const struct member {
    const char *symbol;
    enum sector sector;
} members[] = {
    {"AAPL",  SECTOR_TECH      },
    {"AMD",   SECTOR_TECH      },
    {"AMZN",  SECTOR_TECH      },
    {"COIN",  SECTOR_TECH      },
    {"GOOG",  SECTOR_TECH      },
    {"GOOGL", SECTOR_TECH      },
    {"META",  SECTOR_TECH      },
    {"MSFT",  SECTOR_TECH      },
    {"NVDA",  SECTOR_TECH      },
    {"PLTR",  SECTOR_TECH      },
    {"TSLA",  SECTOR_TECH      },
    {"XLK",   SECTOR_TECH      },
    {"BIIB",  SECTOR_BIOTECH   },
    {"BNTX",  SECTOR_BIOTECH   },
    {"GILD",  SECTOR_BIOTECH   },
    {"MRNA",  SECTOR_BIOTECH   },
    {"REGN",  SECTOR_BIOTECH   },
    {"XBI",   SECTOR_BIOTECH   },
    {"BAC",   SECTOR_FINANCIALS},
    {"C",     SECTOR_FINANCIALS},
    {"GS",    SECTOR_FINANCIALS},
    {"JPM",   SECTOR_FINANCIALS},
    {"MS",    SECTOR_FINANCIALS},
    {"XLF",   SECTOR_FINANCIALS},
    {"CVX",   SECTOR_ENERGY    },
    {"OXY",   SECTOR_ENERGY    },
    {"XLE",   SECTOR_ENERGY    },
    {"XOM",   SECTOR_ENERGY    },
};

const struct sector_profiles SECTOR_PROFILES_SHIPPED = {
    .version = "2026-01-20_sector_profiles_v1",
    .sector = {
               /* flow, dark pool, earnings, short interest */
        [SECTOR_UNKNOWN] = {1.0, 1.0, 1.0, 1.0},
               [SECTOR_TECH] = {1.2, 1.1, 1.0, 0.8},
               [SECTOR_BIOTECH] = {0.9, 1.0, 1.3, 1.4},
               [SECTOR_FINANCIALS] = {1.0, 1.0, 0.9, 0.9},
               [SECTOR_ENERGY] = {1.0, 1.0, 0.9, 1.0},
               }
};

const char *
sector_name(enum sector s)
{
    return names[s];
}

enum sector
sector_of(const char *symbol)
{
    static const char blanks[] = " \t\n\v\f\r";
    const char *from = symbol + strspn(symbol, blanks);
    size_t len = strlen(from);

    while (len > 0 && strchr(blanks, from[len - 1]) != NULL)
        len--;
    if (len > 0 && (from[len - 1] == 'Q' || from[len - 1] == 'q')) return SECTOR_TECH;
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (strlen(members[i].symbol) == len && strncasecmp(members[i].symbol, from, len) == 0)
            return members[i].sector;
    }
    return SECTOR_UNKNOWN;
}

static struct sector_weights
weights_decode(const struct json *profile)
{
    return (struct sector_weights){
        .flow = json_f64(profile, "flow_weight", 1),
        .dark_pool = json_f64(profile, "darkpool_weight", 1),
        .earnings = json_f64(profile, "earnings_weight", 1),
        .short_interest = json_f64(profile, "short_interest_weight", 1),
    };
}

struct sector_profiles
sector_profiles_decode(const struct json *doc, struct arena *a)
{
    const struct json *fallback = json_get_obj(doc, names[SECTOR_UNKNOWN]);
    struct sector_profiles p = {
        .version = intel_str(a, json_get(json_get_obj(doc, "_meta"), "version"), "")};

    for (int s = 0; s < SECTORS_LEN; s++) {
        const struct json *profile = json_get_obj(doc, names[s]);
        p.sector[s] = weights_decode(profile != NULL ? profile : fallback);
    }
    return p;
}

void
sector_weights_write(struct json_out *o, const char *key, const struct sector_weights *w)
{
    json_out_obj(o, key);
    json_out_f64(o, "flow_weight", w->flow);
    json_out_f64(o, "darkpool_weight", w->dark_pool);
    json_out_f64(o, "earnings_weight", w->earnings);
    json_out_f64(o, "short_interest_weight", w->short_interest);
    json_out_end(o);
}

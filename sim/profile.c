#include "sim/profile.h"

#include <math.h>

#include "base/text.h"
#include "sim/noise.h"

#define TECH   "Technology"
#define FIN    "Financial Services"
#define HEALTH "Healthcare"
#define CYC    "Consumer Cyclical"
#define DEF    "Consumer Defensive"
#define COMM   "Communication Services"
#define INDU   "Industrials"
#define ENER   "Energy"

static const struct profile PROFILES[] = {
    {"AAPL",  PROFILE_STOCK, 273.80, 1.41, 0.97, 27.2,  4020, TECH  },
    {"AFRM",  PROFILE_STOCK, 59.60,  4.00, 1.98, 5.1,   19,   TECH  },
    {"AMD",   PROFILE_STOCK, 213.60, 2.94, 2.77, 27.1,  346,  TECH  },
    {"AMZN",  PROFILE_STOCK, 207.00, 1.75, 1.64, 29.4,  2210, CYC   },
    {"AVGO",  PROFILE_STOCK, 340.40, 2.66, 2.14, 17.9,  1600, TECH  },
    {"BA",    PROFILE_STOCK, 242.60, 1.88, 1.06, 4.7,   184,  INDU  },
    {"BAC",   PROFILE_STOCK, 55.40,  1.23, 0.69, 26.9,  405,  FIN   },
    {"BLK",   PROFILE_STOCK, 1080.0, 1.55, 1.10, 0.6,   167,  FIN   },
    {"C",     PROFILE_STOCK, 122.10, 1.72, 1.11, 8.2,   218,  FIN   },
    {"CAT",   PROFILE_STOCK, 742.20, 1.98, 1.43, 1.5,   347,  INDU  },
    {"COIN",  PROFILE_STOCK, 162.60, 3.01, 2.57, 7.7,   44,   FIN   },
    {"COP",   PROFILE_STOCK, 107.50, 1.65, 0.35, 6.8,   133,  ENER  },
    {"COST",  PROFILE_STOCK, 971.50, 1.24, 0.28, 1.3,   431,  DEF   },
    {"CRSP",  PROFILE_STOCK, 48.90,  3.76, 1.56, 1.1,   5,    HEALTH},
    {"CVX",   PROFILE_STOCK, 182.20, 1.33, 0.20, 6.9,   363,  ENER  },
    {"DIA",   PROFILE_ETF,   501.80, 0.61, 0.85, 4.2,   0,    NULL  },
    {"DKNG",  PROFILE_STOCK, 27.10,  2.97, 1.22, 12.3,  13,   CYC   },
    {"F",     PROFILE_STOCK, 13.60,  1.70, 0.85, 48.0,  54,   CYC   },
    {"FAS",   PROFILE_ETF,   154.10, 2.68, 1.45, 0.5,   0,    NULL  },
    {"GM",    PROFILE_STOCK, 82.40,  1.85, 0.95, 7.6,   78,   CYC   },
    {"GOOG",  PROFILE_STOCK, 318.60, 1.73, 1.54, 11.7,  3860, COMM  },
    {"GOOGL", PROFILE_STOCK, 318.20, 1.73, 1.54, 21.4,  3860, COMM  },
    {"GS",    PROFILE_STOCK, 948.70, 1.80, 1.34, 1.4,   287,  FIN   },
    {"HD",    PROFILE_STOCK, 386.00, 1.45, 0.80, 2.9,   384,  CYC   },
    {"HOOD",  PROFILE_STOCK, 85.80,  3.18, 2.77, 19.8,  77,   FIN   },
    {"INTC",  PROFILE_STOCK, 47.10,  3.54, 2.29, 103.4, 235,  TECH  },
    {"IONQ",  PROFILE_STOCK, 35.20,  4.89, 3.46, 15.0,  12,   TECH  },
    {"IWM",   PROFILE_ETF,   266.30, 0.98, 1.25, 29.8,  0,    NULL  },
    {"JNJ",   PROFILE_STOCK, 239.60, 1.05, 0.10, 6.2,   577,  HEALTH},
    {"JPM",   PROFILE_STOCK, 318.20, 1.30, 0.77, 6.4,   866,  FIN   },
    {"LCID",  PROFILE_STOCK, 10.90,  3.74, 1.89, 6.4,   4,    CYC   },
    {"LOW",   PROFILE_STOCK, 276.10, 1.50, 0.80, 1.9,   155,  CYC   },
    {"MA",    PROFILE_STOCK, 548.20, 1.40, 0.70, 2.6,   492,  FIN   },
    {"MELI",  PROFILE_STOCK, 2026.0, 2.61, 1.23, 0.4,   103,  CYC   },
    {"META",  PROFILE_STOCK, 671.10, 1.60, 1.27, 10.2,  1690, COMM  },
    {"MRNA",  PROFILE_STOCK, 42.00,  4.57, 1.47, 9.2,   16,   HEALTH},
    {"MS",    PROFILE_STOCK, 177.90, 1.67, 1.08, 3.7,   283,  FIN   },
    {"MSFT",  PROFILE_STOCK, 413.30, 1.40, 1.07, 22.1,  3070, TECH  },
    {"NAIL",  PROFILE_ETF,   75.60,  5.12, 2.13, 1.2,   0,    NULL  },
    {"NFLX",  PROFILE_STOCK, 82.20,  1.79, 0.95, 37.5,  348,  COMM  },
    {"NIO",   PROFILE_ADR,   4.96,   3.02, 1.20, 42.7,  12,   CYC   },
    {"NKE",   PROFILE_STOCK, 63.00,  1.72, 0.80, 8.9,   93,   CYC   },
    {"NVDA",  PROFILE_STOCK, 188.60, 1.82, 1.89, 111.4, 4580, TECH  },
    {"ORCL",  PROFILE_STOCK, 159.90, 3.05, 1.82, 24.3,  459,  TECH  },
    {"PANW",  PROFILE_STOCK, 165.50, 2.31, 1.56, 5.0,   115,  TECH  },
    {"PFE",   PROFILE_STOCK, 27.30,  1.25, 0.25, 38.5,  155,  HEALTH},
    {"PLTR",  PROFILE_STOCK, 139.50, 2.97, 2.52, 31.8,  332,  TECH  },
    {"QQQ",   PROFILE_ETF,   611.50, 0.85, 1.33, 43.6,  0,    NULL  },
    {"RIVN",  PROFILE_STOCK, 15.00,  3.19, 1.58, 21.3,  18,   CYC   },
    {"RTX",   PROFILE_STOCK, 195.20, 1.69, 0.69, 3.6,   262,  INDU  },
    {"SLB",   PROFILE_STOCK, 50.30,  2.09, 0.61, 15.5,  75,   ENER  },
    {"SMH",   PROFILE_ETF,   404.60, 1.54, 1.99, 5.8,   0,    NULL  },
    {"SNOW",  PROFILE_STOCK, 182.60, 3.38, 2.02, 4.3,   62,   TECH  },
    {"SOFI",  PROFILE_STOCK, 21.20,  3.10, 2.21, 48.2,  25,   FIN   },
    {"SOXL",  PROFILE_ETF,   63.30,  5.60, 6.56, 56.2,  0,    NULL  },
    {"SPXL",  PROFILE_ETF,   227.10, 1.97, 2.86, 2.1,   0,    NULL  },
    {"SPY",   PROFILE_ETF,   692.10, 0.60, 1.00, 61.3,  0,    NULL  },
    {"TECL",  PROFILE_ETF,   110.60, 3.82, 4.56, 1.2,   0,    NULL  },
    {"TGT",   PROFILE_STOCK, 113.20, 1.91, 0.49, 3.6,   51,   DEF   },
    {"TSLA",  PROFILE_STOCK, 425.10, 1.91, 1.65, 47.2,  1410, CYC   },
    {"UNH",   PROFILE_STOCK, 276.00, 1.95, 0.30, 8.4,   250,  HEALTH},
    {"V",     PROFILE_STOCK, 329.10, 1.30, 0.65, 5.6,   633,  FIN   },
    {"WEBL",  PROFILE_ETF,   20.90,  3.51, 2.30, 0.2,   0,    NULL  },
    {"WFC",   PROFILE_STOCK, 93.70,  1.40, 0.85, 11.8,  295,  FIN   },
    {"WMT",   PROFILE_STOCK, 126.80, 1.37, 0.31, 15.6,  1010, DEF   },
    {"XLE",   PROFILE_ETF,   53.60,  1.26, 0.33, 47.0,  0,    NULL  },
    {"XLF",   PROFILE_ETF,   53.50,  0.80, 0.63, 41.2,  0,    NULL  },
    {"XLI",   PROFILE_ETF,   174.00, 0.80, 0.85, 7.8,   0,    NULL  },
    {"XLK",   PROFILE_ETF,   142.60, 1.14, 1.66, 18.4,  0,    NULL  },
    {"XLP",   PROFILE_ETF,   87.10,  0.77, 0.07, 18.4,  0,    NULL  },
    {"XLV",   PROFILE_ETF,   155.30, 0.86, 0.35, 9.5,   0,    NULL  },
    {"XOM",   PROFILE_STOCK, 151.60, 1.43, 0.17, 11.3,  640,  ENER  },
};

/* First minute of the band, |return| and volume relative to the day's mean; averages of 27 liquid
 * symbols. */
static const struct {
    int from;
    double vol, volume;
} SHAPE[] = {
    {0,   5.28, 8.72},
    {1,   4.19, 2.82},
    {2,   3.52, 2.53},
    {5,   2.65, 2.20},
    {10,  2.26, 1.92},
    {15,  1.85, 1.61},
    {30,  1.45, 1.35},
    {60,  1.18, 1.04},
    {90,  0.98, 0.88},
    {120, 0.85, 0.78},
    {150, 0.79, 0.71},
    {180, 0.77, 0.67},
    {210, 0.75, 0.64},
    {270, 0.74, 0.67},
    {300, 0.78, 0.71},
    {330, 0.71, 0.80},
    {360, 0.71, 1.06},
    {375, 0.91, 1.80},
    {385, 0.97, 3.36},
    {388, 0.76, 5.07},
    {389, 1.03, 10.1},
};

static size_t
band(int minute)
{
    size_t i = COUNT_OF(SHAPE) - 1;

    while (i > 0 && SHAPE[i].from > minute)
        i--;
    return i;
}

double
profile_vol_shape(int minute)
{
    return SHAPE[band(minute)].vol;
}

double
profile_volume_shape(int minute)
{
    return SHAPE[band(minute)].volume;
}

static struct profile
drawn_from_name(const char *symbol)
{
    uint64_t key = noise_key(symbol);
    struct profile p = {.kind = PROFILE_STOCK, .sector = TECH};

    (void)str_copy(p.symbol, sizeof(p.symbol), symbol);
    p.price = 20.0 * exp(2.5 * noise_f64(0, NOISE_REFERENCE, key, 1)); /* 20 .. 240 USD */
    p.day_vol_pct = 1.2 + 2.4 * noise_f64(0, NOISE_REFERENCE, key, 2);
    p.beta = 0.4 + 1.8 * noise_f64(0, NOISE_REFERENCE, key, 3);
    p.volume_m = 1.0 * exp(3.0 * noise_f64(0, NOISE_REFERENCE, key, 4));
    p.cap_bn = 5.0 * exp(4.0 * noise_f64(0, NOISE_REFERENCE, key, 5));
    return p;
}

struct profile
profile_of(const char *symbol)
{
    for (size_t i = 0; i < COUNT_OF(PROFILES); i++)
        if (str_eq(PROFILES[i].symbol, symbol)) return PROFILES[i];
    return drawn_from_name(symbol);
}

/*
 * What a symbol is like: price, volatility, volume, spread, and the shape of a trading day.
 *
 * The numbers were measured over minute bars of 31 and five-minute bars of 84 US symbols from
 * 2026-01-05 to 2026-02-10; symbols outside those sets carry values of like companies.  An unknown
 * symbol gets a profile drawn from its name.
 */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H

#include "model/symbol.h"

enum profile_kind { PROFILE_STOCK, PROFILE_ETF, PROFILE_ADR };

struct profile {
    char symbol[SYMBOL_MAX];
    enum profile_kind kind;
    double price;       /* USD, about the close of the day before           */
    double day_vol_pct; /* deviation of one-minute log returns * sqrt(390)  */
    double beta;        /* of minute returns to SPY's                       */
    double volume_m;    /* million shares a day                             */
    double cap_bn;      /* market capitalisation, billion USD; 0 for a fund */
    const char *sector; /* the vendor's word, NULL for a fund               */
};

struct profile profile_of(const char *symbol);

enum { PROFILE_MINUTES = 390 };

/* Mean |return| of a minute of the session over the day's: 5.3 at the open, 0.7 at midday. */
double profile_vol_shape(int minute);
/* Mean volume of a minute over the day's: 8.7 at the open, 0.65 at midday, 10 in the last. */
double profile_volume_shape(int minute);

#endif

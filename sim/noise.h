/*
 * Noise as a function: the same arguments give the same number, in any order and in any process.
 *
 * The market of a simulated day must not depend on who asked for what and when, so nothing here
 * keeps a state.  seed names the day, what the kind of number (one of enum noise and the symbol's
 * key), at its place on the time axis.
 */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include "base/compiler.h"

/* One stream each, so that two uses never share a number. */
enum noise {
    NOISE_HISTORY = 1,
    NOISE_GAP,
    NOISE_MARKET,
    NOISE_BAR,
    NOISE_VOLUME,
    NOISE_PRESSURE,
    NOISE_PATH,
    NOISE_QUOTE,
    NOISE_TRADE,
    NOISE_ALERT,
    NOISE_PRINT,
    NOISE_TIDE,
    NOISE_REFERENCE,
    NOISE_ORDER,
    NOISE_FAULT,
    NOISE_RETIME
};

uint64_t noise_key(const char *symbol); /* a symbol's share of `what` */
uint64_t noise_u64(uint64_t seed, enum noise kind, uint64_t key, uint64_t at);
/* Evenly in [0, 1). */
double noise_f64(uint64_t seed, enum noise kind, uint64_t key, uint64_t at);
/* Mean 0, deviation 1. */
double noise_normal(uint64_t seed, enum noise kind, uint64_t key, uint64_t at);

enum { UUID_TEXT_MAX = 37 };

/* A UUID (version 4 form) made of two numbers: ids of orders, fills, alerts. */
const char *noise_uuid(uint64_t a, uint64_t b, char buf[UUID_TEXT_MAX]);

#endif

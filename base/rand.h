/*
 * Pseudo-random numbers from a seed: the same seed gives the same numbers everywhere (splitmix64
 * start, xoshiro256** run).  Not for secrets.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "base/compiler.h"

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);            /* 0..n-1, unbiased; n > 0 */
int64_t rng_range(struct rng *r, int64_t lo, int64_t hi); /* lo..hi, both included    */
double rng_f64(struct rng *r);                            /* [0, 1)                   */
double rng_normal(struct rng *r);                         /* mean 0, deviation 1      */
bool rng_chance(struct rng *r, double p);

#endif

#include "base/rand.h"

static uint64_t
rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* splitmix64: spreads one seed over the state, which must not be all zero. */
void
rng_init(struct rng *r, uint64_t seed)
{
    for (size_t i = 0; i < COUNT_OF(r->s); i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        r->s[i] = z ^ (z >> 31);
    }
}

/* xoshiro256** */
uint64_t
rng_u64(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
    ASSERT(n > 0);
    uint64_t unfair =
        -n % n; /* 2^64 modulo n: so many of the smallest numbers would come too often */
    uint64_t x = rng_u64(r);

    while (x < unfair)
        x = rng_u64(r);
    return x % n;
}

int64_t
rng_range(struct rng *r, int64_t lo, int64_t hi)
{
    ASSERT(lo <= hi);
    uint64_t span = (uint64_t)hi - (uint64_t)lo + 1; /* 0 stands for all of 2^64 */

    return (int64_t)((uint64_t)lo + (span == 0 ? rng_u64(r) : rng_below(r, span)));
}

double
rng_f64(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double
rng_normal(struct rng *r)
{
    /*
     * The sum of twelve uniform numbers has variance 1 and is close to normal up to three
     * deviations. Additions give the same bits on every machine; the logarithm of the exact methods
     * does not.
     */
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += rng_f64(r);
    return sum;
}

bool
rng_chance(struct rng *r, double p)
{
    return rng_f64(r) < p;
}

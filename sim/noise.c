#include "sim/noise.h"

#include <math.h>
#include <stdio.h>

#include "base/hash.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* The finaliser of splitmix64: every bit of the argument reaches every bit of the result. */
static uint64_t
mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t
noise_key(const char *symbol)
{
    size_t len = 0;

    while (symbol[len] != '\0')
        len++;
    return hash_bytes(symbol, len, UINT64_C(0x73696d));
}

uint64_t
noise_u64(uint64_t seed, enum noise kind, uint64_t key, uint64_t at)
{
    uint64_t x = mix(seed + GOLDEN);

    x = mix(x ^ mix((uint64_t)kind * GOLDEN + key));
    return mix(x + at * GOLDEN);
}

double
noise_f64(uint64_t seed, enum noise kind, uint64_t key, uint64_t at)
{
    return (double)(noise_u64(seed, kind, key, at) >> 11) * 0x1p-53;
}

double
noise_normal(uint64_t seed, enum noise kind, uint64_t key, uint64_t at)
{
    /* Box and Muller; the two halves of one number serve as the two uniforms. */
    uint64_t x = noise_u64(seed, kind, key, at);
    double u = ((double)(uint32_t)x + 0.5) * 0x1p-32;
    double v = (double)(uint32_t)(x >> 32) * 0x1p-32;

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

const char *
noise_uuid(uint64_t a, uint64_t b, char buf[UUID_TEXT_MAX])
{
    uint64_t hi = mix(a + GOLDEN * 3), lo = mix(b ^ hi);

    (void)snprintf(buf, UUID_TEXT_MAX, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(hi >> 32),
                   (unsigned)(hi >> 16 & 0xffff), (unsigned)(hi & 0xfff),
                   (unsigned)(0x8000 | (lo >> 48 & 0x3fff)),
                   (unsigned long long)(lo & 0xffffffffffff));
    return buf;
}

#include "base/hash.h"

#include <endian.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* Odd constants without structure (digits of the square roots of 2, 3 and 5). */
#define K_LEN   UINT64_C(0x6a09e667f3bcc909)
#define K_WORD  UINT64_C(0xbb67ae8584caa73b)
#define K_STATE UINT64_C(0x3c6ef372fe94f82b)

enum { LONG = 128 }; /* bytes from which four lanes are worth their end */

/* Both halves of the product folded together: every input bit reaches every output bit. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
    u128 product = (u128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to eight bytes, the first one lowest: the same number on every platform. */
static uint64_t
load(const uint8_t *p, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

static uint64_t
load8(const uint8_t *p)
{
    uint64_t word = 0;

    memcpy(&word, p, sizeof(word));
    return le64toh(word);
}

/* The whole 64 bytes at the front of a long input, in four chains that do not wait for each other.
 */
static uint64_t
mix_lanes(const uint8_t *p, size_t len, uint64_t state)
{
    uint64_t a = state, b = state ^ K_LEN, c = state ^ K_WORD, d = state ^ K_STATE;

    for (; len >= 64; p += 64, len -= 64) {
        a = mix(load8(p) ^ K_WORD, load8(p + 8) ^ a);
        b = mix(load8(p + 16) ^ K_WORD, load8(p + 24) ^ b);
        c = mix(load8(p + 32) ^ K_WORD, load8(p + 40) ^ c);
        d = mix(load8(p + 48) ^ K_WORD, load8(p + 56) ^ d);
    }
    return mix(mix(a ^ K_LEN, b ^ K_WORD) ^ K_STATE, mix(c ^ K_LEN, d ^ K_WORD));
}

uint64_t
hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
    const uint8_t *p = bytes;
    uint64_t state = mix(seed ^ K_STATE, (uint64_t)len ^ K_LEN);

    if (len >= LONG) {
        state = mix_lanes(p, len, state);
        p += len & ~(size_t)63;
        len &= 63;
    }
    for (; len >= 8; p += 8, len -= 8)
        state = mix(load8(p) ^ K_WORD, state ^ K_STATE);
    if (len > 0) state = mix(load(p, len) ^ K_WORD, state ^ K_STATE);
    return mix(state ^ K_LEN, K_WORD);
}

const char *
hex_text(const uint8_t *bytes, size_t len, char *buf)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        buf[2 * i] = digits[bytes[i] >> 4];
        buf[2 * i + 1] = digits[bytes[i] & 15];
    }
    buf[2 * len] = '\0';
    return buf;
}

/*
 * SHA-256 (FIPS 180-4), computed by OpenSSL, whose headers only base/digest.c includes; SHA-1 for
 * the one protocol that asks for it (base/ws.h), where it protects nothing.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/compiler.h"

enum { SHA256_LEN = 32, SHA256_HEX_MAX = 65, SHA1_LEN = 20 };

void sha256(const void *bytes, size_t len, uint8_t ret_digest[SHA256_LEN]);
const char *sha256_hex(const void *bytes, size_t len, char buf[SHA256_HEX_MAX]); /* lower case */

void sha1(const void *bytes, size_t len, uint8_t ret_digest[SHA1_LEN]);

/* SHA-256 over bytes that come in pieces. */
struct sha256_sum {
    uint64_t opaque[14]; /* the library's own */
};

void sha256_begin(struct sha256_sum *s);
void sha256_add(struct sha256_sum *s, const void *bytes, size_t len);
/* Of the bytes so far, lower case; more may be added afterwards. */
const char *sha256_text(const struct sha256_sum *s, char buf[SHA256_HEX_MAX]);

#endif

/*
 * SHA-256 (FIPS 180-4), computed by OpenSSL, whose headers only base/digest.c includes.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/compiler.h"

enum { SHA256_LEN = 32, SHA256_HEX_MAX = 65 };

void sha256(const void *bytes, size_t len, uint8_t ret_digest[SHA256_LEN]);
const char *sha256_hex(const void *bytes, size_t len, char buf[SHA256_HEX_MAX]); /* lower case */

#endif

/*
 * Hashes: a fast one to notice change, and hexadecimal text.
 *
 * Not cryptographic; SHA-256 is in base/digest.h.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/compiler.h"

/* 64 bits over the bytes, eight at a time; stable over platforms and releases. */
uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed);

/* Lower-case hexadecimal, 2 * len digits and the NUL, so buf holds 2 * len + 1. */
const char *hex_text(const uint8_t *bytes, size_t len, char *buf);

#endif

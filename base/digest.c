#include "base/digest.h"

/* The library calls its functions for pieces deprecated, but those which replace them come with a
 * header (evp.h) whose parameters carry a banned name. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/hash.h"

void
sha256(const void *bytes, size_t len, uint8_t ret_digest[SHA256_LEN])
{
    const uint8_t *digest = SHA256(bytes, len, ret_digest);

    ASSERT(digest != NULL);
}

const char *
sha256_hex(const void *bytes, size_t len, char buf[SHA256_HEX_MAX])
{
    uint8_t digest[SHA256_LEN];

    sha256(bytes, len, digest);
    return hex_text(digest, sizeof(digest), buf);
}

void
sha1(const void *bytes, size_t len, uint8_t ret_digest[SHA1_LEN])
{
    const uint8_t *digest = SHA1(bytes, len, ret_digest);

    ASSERT(digest != NULL);
}

/* ---- in pieces ----------------------------------------------------------------------------- */

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256_sum), "the library's state has room");

void
sha256_begin(struct sha256_sum *s)
{
    SHA256_CTX ctx;

    *s = (struct sha256_sum){0};
    ASSERT(SHA256_Init(&ctx) == 1);
    memcpy(s, &ctx, sizeof(ctx));
}

void
sha256_add(struct sha256_sum *s, const void *bytes, size_t len)
{
    SHA256_CTX ctx;

    if (len == 0) return;
    memcpy(&ctx, s, sizeof(ctx));
    ASSERT(SHA256_Update(&ctx, bytes, len) == 1);
    memcpy(s, &ctx, sizeof(ctx));
}

const char *
sha256_text(const struct sha256_sum *s, char buf[SHA256_HEX_MAX])
{
    uint8_t digest[SHA256_LEN];
    SHA256_CTX ctx;

    memcpy(&ctx, s, sizeof(ctx));
    ASSERT(SHA256_Final(digest, &ctx) == 1);
    return hex_text(digest, sizeof(digest), buf);
}

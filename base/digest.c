#include "base/digest.h"

#include <openssl/sha.h> /* not evp.h, whose parameters carry a banned name */

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

#include "base/ws.h"

#include "base/digest.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* ---- the handshake ------------------------------------------------------------------------- */

static void
base64(const uint8_t *bytes, size_t len, char *ret)
{
    static const char DIGIT[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        uint32_t n = (uint32_t)bytes[i] << 16;

        if (i + 1 < len) n |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < len) n |= bytes[i + 2];
        *ret++ = DIGIT[n >> 18];
        *ret++ = DIGIT[n >> 12 & 63];
        *ret++ = i + 1 < len ? DIGIT[n >> 6 & 63] : '=';
        *ret++ = i + 2 < len ? DIGIT[n & 63] : '=';
    }
    *ret = '\0';
}

const char *
ws_key(const uint8_t nonce[16], char ret_key[WS_KEY_MAX])
{
    base64(nonce, 16, ret_key);
    return ret_key;
}

const char *
ws_accept(const char *key, char ret_accept[WS_ACCEPT_MAX])
{
    char both[WS_KEY_MAX + sizeof GUID];
    uint8_t digest[SHA1_LEN];
    int len = snprintf(both, sizeof both, "%.*s" GUID, WS_KEY_MAX - 1, key);

    sha1(both, (size_t)len, digest);
    base64(digest, sizeof digest, ret_accept);
    return ret_accept;
}

/* ---- frames -------------------------------------------------------------------------------- */

enum { FIN = 0x80, RESERVED = 0x70, OP = 0x0f, MASKED = 0x80, LEN16 = 126, LEN64 = 127 };

static bool
op_is_known(unsigned op)
{
    return op <= WS_BINARY || (op >= WS_CLOSE && op <= WS_PONG);
}

/* The length behind the two first bytes; false until it has come. */
static bool
read_len(const uint8_t *at, size_t len, uint64_t *ret_len, size_t *ret_head)
{
    unsigned small = at[1] & ~(unsigned)MASKED & 0xff;
    size_t more = small == LEN64 ? 8 : small == LEN16 ? 2 : 0;

    *ret_len = small;
    *ret_head = 2 + more;
    if (len < *ret_head) return false;
    if (more == 0) return true;
    *ret_len = 0;
    for (size_t i = 0; i < more; i++)
        *ret_len = *ret_len << 8 | at[2 + i];
    return true;
}

static void
apply_mask(char *payload, size_t len, const uint8_t mask[WS_MASK_LEN])
{
    for (size_t i = 0; i < len; i++)
        payload[i] = (char)((uint8_t)payload[i] ^ mask[i % WS_MASK_LEN]);
}

static enum rc
check_head(const uint8_t *at, bool wants_mask, struct err *err)
{
    unsigned op = at[0] & OP;

    if ((at[0] & RESERVED) != 0) return err_set(err, RC_PARSE, "frame: reserved bits are set");
    if (!op_is_known(op)) return err_set(err, RC_PARSE, "frame: operation %u", op);
    if (((at[1] & MASKED) != 0) != wants_mask)
        return err_set(err, RC_PARSE, wants_mask ? "frame: not masked" : "frame: masked");
    if (op >= WS_CLOSE && ((at[0] & FIN) == 0 || (at[1] & ~(unsigned)MASKED & 0xff) >= LEN16))
        return err_set(err, RC_PARSE, "frame: a control frame in pieces or too long");
    return RC_OK;
}

enum rc
ws_frame_read(char *bytes, size_t len, bool wants_mask, size_t max, struct ws_frame *ret_frame,
              struct err *err)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint64_t payload_len = 0;
    size_t head = 0;

    *ret_frame = (struct ws_frame){0};
    if (len < 2) return RC_OK;
    enum rc rc = check_head(at, wants_mask, err);
    if (rc != RC_OK) return rc;
    if (!read_len(at, len, &payload_len, &head)) return RC_OK;
    if (payload_len > max)
        return err_set(err, RC_RANGE, "frame: %llu bytes, more than %zu",
                       (unsigned long long)payload_len, max);
    size_t mask_at = head;
    if (wants_mask) head += WS_MASK_LEN;
    if (len < head || len - head < payload_len) return RC_OK;
    if (wants_mask) apply_mask(bytes + head, (size_t)payload_len, at + mask_at);
    *ret_frame = (struct ws_frame){.op = (enum ws_op)(at[0] & OP),
                                   .is_last = (at[0] & FIN) != 0,
                                   .payload = bytes + head,
                                   .len = (size_t)payload_len,
                                   .consumed = head + (size_t)payload_len};
    return RC_OK;
}

void
ws_frame_write(struct text *to, enum ws_op op, const char *payload, size_t len,
               const uint8_t mask[WS_MASK_LEN])
{
    unsigned masked = mask != NULL ? MASKED : 0;
    size_t more = len > UINT16_MAX ? 8 : len > WS_CONTROL_MAX ? 2 : 0;

    text_putc(to, (char)(FIN | op));
    text_putc(to, (char)(masked | (more == 8 ? LEN64 : more == 2 ? LEN16 : len)));
    for (size_t i = more; i > 0; i--)
        text_putc(to, (char)((uint64_t)len >> 8 * (i - 1) & 0xff));
    if (mask != NULL) text_add(to, (const char *)mask, WS_MASK_LEN);
    text_add(to, payload, len);
    if (mask != NULL) apply_mask(to->data + to->len - len, len, mask);
}

/*
 * Any bytes from the broker's stream: frames are taken apart without ever reading past what came,
 * what was taken apart is put together again, and a message is a known kind with texts that end.
 */
#include "tests/fuzz/fuzz.h"

#include "base/ws.h"
#include "broker/trade_stream.h"

enum { MESSAGE_MAX = 1 << 16 };

static void
read_message(const char *bytes, size_t len)
{
    struct trade_message m;

    if (trade_message_decode(bytes, len, &m, NULL) != RC_OK) return;
    ASSERT(m.kind <= TRADE_OTHER);
    ASSERT(strlen(m.event) < sizeof m.event && strlen(m.client_id) < sizeof m.client_id);
    ASSERT(m.symbol[0] == '\0' || strlen(m.symbol) < sizeof m.symbol);
}

static void
write_again(const struct ws_frame *f)
{
    CLEANUP(text_free) struct text wire = {0};
    struct ws_frame again;

    ws_frame_write(&wire, f->op, f->payload, f->len, NULL);
    ASSERT(ws_frame_read(wire.data, wire.len, false, MESSAGE_MAX, &again, NULL) == RC_OK);
    ASSERT(again.consumed == wire.len && again.len == f->len && again.op == f->op);
    ASSERT(f->len == 0 || memcmp(again.payload, f->payload, f->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(text_free) struct text wire = {0};
    bool is_masked = size % 2 == 1;

    read_message((const char *)data, size);
    text_add(&wire, (const char *)data, size);
    for (size_t at = 0; at < wire.len;) {
        struct ws_frame f;

        if (ws_frame_read(wire.data + at, wire.len - at, is_masked, MESSAGE_MAX, &f, NULL) != RC_OK)
            break;
        if (f.consumed == 0) break;
        ASSERT(f.consumed <= wire.len - at && f.len < f.consumed);
        ASSERT(f.payload + f.len == wire.data + at + f.consumed);
        write_again(&f);
        read_message(f.payload, f.len);
        at += f.consumed;
    }
    return 0;
}

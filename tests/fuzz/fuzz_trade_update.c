/*
 * Messages of the trade stream with any content: an update names its order, and nothing else does.
 */
#include "tests/fuzz/fuzz.h"

#include "broker/alpaca_stream.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trade_update u = {.kind = TRADE_OTHER};
    struct err err = {0};
    enum rc rc = alpaca_stream_decode((const char *)data, size, &u, &err);

    ASSERT(rc == RC_OK || (rc == RC_PARSE && err.text[0] != '\0'));
    ASSERT((u.kind == TRADE_UPDATE) == (u.broker_id[0] != '\0'));
    return 0;
}

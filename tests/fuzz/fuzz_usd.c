/*
 * usd_parse on any bytes: an amount that was read is written and read back exactly, and lies within
 * one step of the double that the same text spells.
 */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "base/text.h"
#include "base/usd.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(text_free) struct text text = {0};
    usd amount = USD_ZERO, again = USD_ZERO;
    char buf[USD_TEXT_MAX];
    double x = 0;
    int64_t whole = 0;

    text_add(&text, (const char *)data, size);
    bool is_number = str_to_f64(text_str(&text), &x);
    if (str_to_i64(text_str(&text), &whole)) ASSERT(is_number);
    if (usd_parse((const char *)data, size, &amount, NULL) != RC_OK) return 0;

    const char *written = usd_text(amount, buf);
    enum rc rc = usd_parse(written, strlen(written), &again, NULL);
    ASSERT(rc == RC_OK && usd_cmp(amount, again) == 0);
    ASSERT(is_number);
    /* A double of this size is off by at most 2^-53 of itself. */
    ASSERT(fabs(x - usd_to_double(amount)) <= 0.00006 + fabs(x) * 0x1p-51);
    return 0;
}

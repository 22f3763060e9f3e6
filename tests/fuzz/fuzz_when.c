/*
 * when_parse on any text: what was read is written and read back to the microsecond; and on any
 * eight bytes as an instant: civil time and back is the same instant.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"

static void
check_instant(int64_t at_ns)
{
    struct civil c = when_to_civil(at_ns);
    char buf[ISO_TEXT_MAX];

    ASSERT(date_valid(c.date) && c.hour <= 23 && c.minute <= 59 && c.second <= 59);
    ASSERT(date_to_days(date_from_days(date_to_days(c.date))) == date_to_days(c.date));
    /* The outermost years are not whole: their first and last moments cannot be computed in
     * seconds. */
    if (c.date.year < 1678 || c.date.year > 2261) return;
    ASSERT(when_from_civil(&c) == at_ns);
    int64_t back_ns = when_parse_or_none(when_iso(at_ns, buf));
    ASSERT(back_ns <= at_ns && at_ns - back_ns < NS_PER_US);
    ASSERT(when_to_s(when_parse_or_none(when_rfc3339(at_ns, buf))) == when_to_s(at_ns));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(text_free) struct text text = {0};
    int64_t at_ns = 0;
    struct date d = {0};

    if (size >= sizeof(at_ns)) {
        memcpy(&at_ns, data, sizeof(at_ns));
        check_instant(at_ns);
    }
    text_add(&text, (const char *)data, size);
    if (when_parse(text_str(&text), &at_ns, NULL) == RC_OK) check_instant(at_ns);
    if (date_parse(text_str(&text), &d, NULL) == RC_OK) {
        char buf[ISO_TEXT_MAX];
        ASSERT(str_eq(date_text(d, buf), text_str(&text)));
    }
    return 0;
}

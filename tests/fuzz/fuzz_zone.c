/*
 * zone_new on any bytes.  A zone that was accepted answers for every instant, and local time leads
 * back to an instant with that local time, not later than the one it came from.
 */
#include "tests/fuzz/fuzz.h"

#include "base/rand.h"
#include "model/calendar.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *z = NULL;
    struct rng r;

    if (zone_new(data, size, &z, NULL) != RC_OK) {
        ASSERT(z == NULL);
        return 0;
    }
    rng_init(&r, size);
    int64_t first_ns = when_parse_or_none("1700-01-01"), last_ns = when_parse_or_none("2200-01-01");
    for (int i = 0; i < 20; i++) {
        int64_t at_ns = rng_range(&r, first_ns, last_ns);
        int64_t offset_s = zone_offset_s(z, at_ns);
        ASSERT(offset_s > -26 * 3600 && offset_s < 27 * 3600);
        struct civil local = zone_local(z, at_ns);
        int64_t back_ns = zone_utc(z, &local);
        struct civil again = zone_local(z, back_ns);
        ASSERT(back_ns <= at_ns && when_from_civil(&again) == when_from_civil(&local));
        struct session s = calendar_next_session(z, at_ns);
        ASSERT(s.kind != SESSION_NONE && s.open_ns > at_ns);
        (void)calendar_phase(z, at_ns);
    }
    (void)zone_local(z, INT64_MAX);
    (void)zone_local(z, WHEN_NONE);
    zone_free(z);
    return 0;
}

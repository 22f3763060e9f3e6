#include "telemetry/bundle_internal.h"

/* A record may be written some time after its own instant, and clocks differ. */
#define SLACK_NS (2 * NS_PER_DAY)
/* The longest window of artifact 12. */
#define WINDOW_NS (5 * NS_PER_DAY)

static int64_t
day_begin_ns(struct date d)
{
    return date_to_days(d) * NS_PER_DAY;
}

void
bundle_generations(struct bundle *b, const char *log, void (*each)(void *ctx, const char *path),
                   void *ctx)
{
    const struct fs *fs = b->spec->seams.fs;
    int64_t window_ns = b->spec->origin.as_of_ns - WINDOW_NS;

    if (b->pins != NULL) {
        b->pins->generations(b->pins->self, log, each, ctx);
        return;
    }
    log_generations(fs, log, MIN(window_ns, day_begin_ns(b->spec->date)) - SLACK_NS, &b->arena,
                    each, ctx);
}

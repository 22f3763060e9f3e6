#include "sim/sim_clock.h"

void
sim_clock_init(struct sim_clock *c, int64_t now_ns)
{
    *c = (struct sim_clock){.now_ns = now_ns, .mono_ns = NS_PER_S};
}

void
sim_clock_advance(struct sim_clock *c, int64_t by_ns)
{
    ASSERT(by_ns >= 0);
    c->now_ns += by_ns;
    c->mono_ns += by_ns;
    if (c->advanced != NULL) c->advanced(c->ctx, c->now_ns);
}

void
sim_clock_step(struct sim_clock *c, int64_t by_ns)
{
    c->now_ns += by_ns;
}

static int64_t
seam_now(void *self)
{
    return ((const struct sim_clock *)self)->now_ns;
}

static int64_t
seam_mono(void *self)
{
    return ((const struct sim_clock *)self)->mono_ns;
}

static int64_t
seam_real(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

static void
seam_sleep(void *self, int64_t wall_ns)
{
    struct sim_clock *c = self;
    if (wall_ns <= 0) return;
    c->sleeps++;
    c->slept_ns += wall_ns;
    sim_clock_advance(c, wall_ns);
}

struct clock
sim_clock_seam(struct sim_clock *c)
{
    return (struct clock){.self = c,
                          .now_ns = seam_now,
                          .mono_ns = seam_mono,
                          .real_ns = seam_real,
                          .sleep = seam_sleep};
}

#include <signal.h>

#include "scripts/demo/demo.h"

/* Uniform between half and one and a half times the mean. */
static int64_t
draw_pause(struct demo_chaos *c)
{
    return (int64_t)(c->every_s * (0.5 + rng_f64(&c->rng)) * (double)NS_PER_S);
}

void
demo_chaos_init(struct demo_chaos *c, const struct demo_options *opt, int64_t mono_ns)
{
    *c = (struct demo_chaos){.every_s = opt->kill_every_s};
    rng_init(&c->rng, (uint64_t)opt->seed ^ UINT64_C(0x6b696c6c));
    if (c->every_s > 0) c->next_ns = mono_ns + draw_pause(c);
}

void
demo_chaos_step(struct demo_chaos *c, struct demo_watch *w)
{
    static const enum demo_process TURNS[] = {DEMO_ENGINE, DEMO_DAEMON, DEMO_SUPERVISOR};
    int64_t now_ns = clock_mono(&w->stage->clock);

    if (!(c->every_s > 0) || now_ns < c->next_ns) return;
    /* The last minutes are left alone, so that the day's end is what the engine made of it. */
    if (clock_now(&w->stage->clock) >= w->stage->plan.session.close_ns) return;
    enum demo_process which = TURNS[c->next];
    struct demo_process_state *p = &w->process[which];
    if (p->pid == 0) return; /* as soon as it runs again */
    c->next = (c->next + 1) % (int)COUNT_OF(TURNS);
    c->next_ns = now_ns + draw_pause(c);
    p->was_killed = true;
    if (kill((pid_t)p->pid, SIGKILL) == 0) c->kills++;
}

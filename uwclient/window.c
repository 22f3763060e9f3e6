#include "uwclient/window.h"

#define FUTURE_MAX_NS (5 * NS_PER_S)

struct window_now
window_now(const struct clock *clock)
{
    return (struct window_now){
        .wall_ns = clock_now(clock),
        .mono_ns = clock_mono(clock),
        .minute_real_ns = MAX(clock_real(clock, NS_PER_MIN), 1),
    };
}

/* Exactly 60 s old still counts (spec 20 US-3). */
static bool
young_by_wall(int64_t wall_ns, const struct window_now *now)
{
    int64_t age_ns = now->wall_ns - wall_ns;

    return age_ns >= -FUTURE_MAX_NS && age_ns <= NS_PER_MIN;
}

static bool
young_by_mono(int64_t mono_ns, const struct window_now *now)
{
    int64_t age_ns = now->mono_ns - mono_ns;

    return mono_ns != 0 && age_ns >= 0 && age_ns <= now->minute_real_ns; /* < 0: before a reboot */
}

bool
window_is_young(int64_t wall_ns, int64_t mono_ns, const struct window_now *now)
{
    return young_by_wall(wall_ns, now) || young_by_mono(mono_ns, now);
}

void
window_prune(struct window *w, const struct window_now *now)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->len; i++) {
        if (window_is_young(w->at[i].wall_ns, w->at[i].mono_ns, now)) w->at[kept++] = w->at[i];
    }
    w->len = kept;
}

void
window_add(struct window *w, const struct window_now *now)
{
    if (w->len == WINDOW_MAX) {
        memmove(&w->at[0], &w->at[1], (WINDOW_MAX - 1) * sizeof w->at[0]);
        w->len--;
    }
    w->at[w->len].wall_ns = now->wall_ns;
    w->at[w->len].mono_ns = now->mono_ns;
    w->len++;
}

/* Wall time until the request is 60 s old by both clocks. */
static int64_t
left_ns(int64_t wall_ns, int64_t mono_ns, const struct window_now *now)
{
    int64_t left = 0;

    if (young_by_wall(wall_ns, now)) left = NS_PER_MIN - (now->wall_ns - wall_ns);
    if (young_by_mono(mono_ns, now)) {
        double part = (double)(now->mono_ns - mono_ns) / (double)now->minute_real_ns;
        left = MAX(left, (int64_t)((1.0 - part) * (double)NS_PER_MIN));
    }
    return left;
}

int64_t
window_wait_ns(const struct window *w, const struct window_now *now)
{
    int64_t wait_ns = w->len == 0 ? 0 : NS_PER_MIN;

    for (size_t i = 0; i < w->len; i++)
        wait_ns = MIN(wait_ns, left_ns(w->at[i].wall_ns, w->at[i].mono_ns, now));
    return wait_ns;
}

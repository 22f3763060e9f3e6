#include "scripts/demo/demo.h"
#include "scripts/step.h"

enum { STEP_LIMIT_S = 60 };

/* As `stockbot day` has them before the open (spec 40 1.3), after the bars they start from. */
static const char *const CHAIN[] = {"build-symbol-risk-features", "build-daily-universe",
                                    "run-premarket-intel", "run-regime-detector",
                                    "run-premarket-exit-intel"};

static void
run_one(struct demo_watch *w, const char *runner)
{
    const struct demo_stage *s = w->stage;
    const char *const args[] = {runner, NULL};
    const struct step step = {
        .args = args, .env = s->env, .root = s->plan.root, .limit_s = STEP_LIMIT_S};
    CLEANUP(step_end_free) struct step_end end = {0};
    struct err err = {0};
    enum rc rc = step_run(&step, &s->clock, &end, &err);
    int64_t now_ns = clock_now(&s->clock);

    if (rc == RC_OK && end.status == 0)
        demo_watch_say(w, SAID_PROCESS, now_ns, false, "%s: %s", runner, text_str(&end.out));
    else
        demo_watch_say(w, SAID_WARNING, now_ns, true, "%s failed: %s", runner,
                       rc == RC_OK ? text_str(&end.err) : err.text);
}

void
demo_premarket(struct demo_watch *w)
{
    for (size_t i = 0; i < COUNT_OF(CHAIN); i++)
        run_one(w, CHAIN[i]);
    demo_watch_flush(w);
}

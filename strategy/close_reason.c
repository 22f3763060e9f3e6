#include "strategy/close_reason.h"

#include <math.h>
#include <stdarg.h>

#include "strategy/number.h"

/* Joins tokens with '+'; a token that does not fit is left out whole. */
struct tokens {
    char *text;
    size_t len;
};

PRINTF_LIKE(2, 3)
static void
token(struct tokens *t, const char *fmt, ...)
{
    char one[REASON_MAX];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(one, sizeof(one), fmt, args);
    va_end(args);
    size_t joint = t->len > 0 ? 1 : 0;
    if (len <= 0 || (size_t)len >= sizeof(one) || t->len + joint + (size_t)len >= REASON_MAX)
        return;
    if (joint > 0) t->text[t->len] = '+';
    memcpy(t->text + t->len + joint, one, (size_t)len + 1);
    t->len += joint + (size_t)len;
}

/* Only the triggers that have no token among the facts. */
static void
trigger_token(struct tokens *t, const struct close_facts *f)
{
    switch (f->trigger) {
    case TRIGGER_STOP_LOSS:
        token(t, "stop_loss(%.2f%%)", f->pnl_pct);
        break;
    case TRIGGER_PROFIT_TARGET:
        token(t, "profit_target(0.75%%)");
        break;
    case TRIGGER_EXIT_URGENCY:
        token(t, "exit_urgency(%.2f)", f->urgency);
        break;
    case TRIGGER_OTHER:
        break;
    }
}

void
close_reason(const struct close_facts *f, char ret_text[REASON_MAX])
{
    struct tokens t = {.text = ret_text};

    ret_text[0] = '\0';
    trigger_token(&t, f);
    if (f->time_exit) token(&t, "time_exit(%.0fh)", f->age_min / 60);
    if (f->trail_stop && f->pnl_pct < 0)
        token(&t, "trail_stop(%.1f%%)", f->pnl_pct);
    else if (f->trail_stop)
        token(&t, "trail_stop");
    if (number_is_known(f->decay) && f->decay < 1) token(&t, "signal_decay(%.2f)", f->decay);
    if (f->flow_reversal) token(&t, "flow_reversal");
    /* A hair more than the product, so that 0.29 says 29 and not 28. */
    if (f->scale_out_fraction > 0)
        token(&t, "profit_target(%.0f%%)", floor(f->scale_out_fraction * 100 + 1e-9));
    if (f->drawdown) token(&t, "drawdown(%.1f%%)", f->drawdown_pct);
    if (f->momentum_reversal) token(&t, "momentum_reversal");
    if (f->regime != NULL) token(&t, "regime_%s", f->regime);
    if (f->displaced_by != NULL) token(&t, "displaced_by_%s", f->displaced_by);
    if (f->stale_position) token(&t, "stale_position");
    if (f->stale_trade) token(&t, "stale_trade(%.0fmin,%.2f%%)", f->age_min, f->pnl_pct);
    if (f->stale_alpha) token(&t, "stale_alpha_cutoff(%.0fmin,%.2f%%)", f->age_min, f->pnl_pct);
    if (f->position_flip) token(&t, "position_flip");
    if (t.len == 0)
        token(&t, "%s", f->primary != NULL && f->primary[0] != '\0' ? f->primary : "unknown_exit");
}

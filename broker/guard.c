#include "broker/guard.h"

#include "base/text.h"
#include "strategy/arm.h"

/* ---- fence --------------------------------------------------------------------------------- */

static enum rc
fence_check(struct fence *g, struct err *err)
{
    int64_t current = 0;
    enum rc rc = g->current_epoch(g->source, &current, err);

    if (rc != RC_OK) return err_set(err, RC_DENIED, "fence: the epoch cannot be read");
    if (current != g->epoch)
        return err_set(err, RC_DENIED, "fence: epoch %lld is stale, %lld runs", (long long)g->epoch,
                       (long long)current);
    return RC_OK;
}

static enum rc
fence_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct fence *g = self;
    enum rc rc = fence_check(g, err);

    return rc == RC_OK ? g->pass.inner.submit(g->pass.inner.self, o, ret_order, err) : rc;
}

static enum rc
fence_cancel(void *self, const char *broker_id, struct err *err)
{
    struct fence *g = self;
    enum rc rc = fence_check(g, err);

    return rc == RC_OK ? g->pass.inner.cancel(g->pass.inner.self, broker_id, err) : rc;
}

struct broker
fence_broker(struct fence *g)
{
    struct broker b = pass_broker(&g->pass);

    b.submit = fence_submit;
    b.cancel = fence_cancel;
    return b;
}

/* ---- arm ----------------------------------------------------------------------------------- */

static enum rc
arm_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct arm_guard *g = self;
    enum arm_state state = arm_check(g->cfg).state;

    if (!o->reduces && state != ARMED)
        return err_set(err, RC_DENIED, "not armed: %s", arm_state_name(state));
    return g->pass.inner.submit(g->pass.inner.self, o, ret_order, err);
}

struct broker
arm_guard_broker(struct arm_guard *g)
{
    struct broker b = pass_broker(&g->pass);

    b.submit = arm_submit;
    return b;
}

/* ---- kill switch --------------------------------------------------------------------------- */

static enum rc
kill_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct kill_switch *g = self;

    if (g->all_halted || (g->entries_halted && !o->reduces))
        return err_set(err, RC_DENIED, "kill switch: %s",
                       g->reason[0] != '\0' ? g->reason : "halted");
    return g->pass.inner.submit(g->pass.inner.self, o, ret_order, err);
}

struct broker
kill_switch_broker(struct kill_switch *g)
{
    struct broker b = pass_broker(&g->pass);

    b.submit = kill_submit;
    return b;
}

/* ---- risk limits ----------------------------------------------------------------------------- */

static enum rc
risk_check(struct risk_guard *g, const struct order_intent *o, struct err *err)
{
    usd price = o->limit;
    int64_t day = when_to_s(clock_now(g->clock)) / 86400;

    if (o->qty <= 0 || o->qty > QTY_MAX)
        return err_set(err, RC_DENIED, "risk limits: %lld shares", (long long)o->qty);
    if (day != g->day) {
        g->day = day;
        g->orders_today = 0;
    }
    if (o->reduces) return RC_OK;
    if (g->orders_today >= g->orders_per_day_max)
        return err_set(err, RC_DENIED, "risk limits: %lld orders sent today",
                       (long long)g->orders_today);
    if (o->type == ORDER_MARKET) {
        struct last_trade last = {0};
        enum rc rc = g->prices->latest_trade(g->prices->self, o->symbol, &last, err);

        if (rc != RC_OK || !last.is_known)
            return err_set(err, RC_DENIED, "risk limits: %s has no price", o->symbol);
        price = last.price;
    }
    if (price.e4 <= 0 || price.e4 > PRICE_MAX_E4)
        return err_set(err, RC_DENIED, "risk limits: no such price");
    double notional = usd_to_double(usd_notional(price, o->qty));
    if (notional > g->max_notional_usd)
        return err_set(err, RC_DENIED, "risk limits: order of %.2f USD, at most %.2f", notional,
                       g->max_notional_usd);
    return RC_OK;
}

static enum rc
risk_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct risk_guard *g = self;
    enum rc rc = risk_check(g, o, err);

    if (rc != RC_OK) return rc;
    g->orders_today++;
    return g->pass.inner.submit(g->pass.inner.self, o, ret_order, err);
}

struct broker
risk_guard_broker(struct risk_guard *g)
{
    struct broker b = pass_broker(&g->pass);

    b.submit = risk_submit;
    return b;
}

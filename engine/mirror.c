#include <math.h>

#include "base/json.h"
#include "engine/engine.h"

/*
 * What the broker told in this cycle, for people and programs that look from outside (spec 10 8.3):
 * its positions and account, the positions as we keep them, and whether it could be reached.
 * Nothing reads them back but the last one, to say when the broker came back.
 */
#define AT_BROKER_PATH "state/alpaca_positions.json"
#define INTERNAL_PATH  "state/internal_positions.json"
#define DEGRADED_PATH  "state/degraded_mode.json"

static void
save(struct engine *eng, const char *path, const struct text *doc)
{
    const struct store_spec spec = {.path = path, .default_json = "{}"};
    struct err err = {0};

    if (store_save(&eng->seams.store, &spec, doc, &err) != RC_OK)
        log_event(&eng->seams.log, EV_STATE_WRITE_FAILED, F_STR("path", path),
                  F_STR("error", err.text));
}

/* USD a share; 0 for a position without shares. */
static double
average_entry(const struct position *p)
{
    return p->qty != 0 ? fabs(usd_to_double(p->cost) / (double)p->qty) : 0;
}

static void
write_position(struct json_out *o, const char *key, const struct position *p)
{
    bool is_short = p->qty < 0;
    double gain = usd_to_double(p->market_value) * (is_short ? -1 : 1);

    json_out_obj(o, key);
    if (key == NULL) json_out_str(o, "symbol", p->symbol);
    json_out_i64(o, "qty", is_short ? -p->qty : p->qty);
    json_out_str(o, "side", position_side_name(is_short ? POSITION_SHORT : POSITION_LONG));
    json_out_f64(o, "avg_entry_price", average_entry(p));
    json_out_usd(o, "current_price", p->price);
    json_out_usd(o, "market_value", p->market_value);
    json_out_f64(o, "unrealized_pl",
                 round_dec((gain - usd_to_double(p->cost)) * (is_short ? -1 : 1), 4));
    json_out_f64(o, "unrealized_plpc", p->unrealised_fraction);
}

static void
write_at_broker(struct engine *eng, const struct snapshot *seen)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};

    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", seen->now_ns);
    json_out_arr(&o, "positions");
    for (size_t i = 0; i < seen->held_len; i++) {
        write_position(&o, NULL, &seen->held[i].at_broker);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_usd(&o, "cash", seen->account.cash);
    json_out_usd(&o, "portfolio_value", seen->account.portfolio_value);
    json_out_usd(&o, "equity", seen->account.equity);
    json_out_usd(&o, "buying_power", seen->account.buying_power);
    json_out_end(&o);
    save(eng, AT_BROKER_PATH, &doc);
}

static void
write_internal(struct engine *eng, const struct snapshot *seen)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};

    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", seen->now_ns);
    json_out_obj(&o, "positions");
    for (size_t i = 0; i < seen->held_len; i++) {
        const struct position *p = &seen->held[i].at_broker;

        write_position(&o, p->symbol, p);
        json_out_str(&o, "source", "alpaca_authoritative");
        json_out_time(&o, "reconciled_at", seen->now_ns);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
    save(eng, INTERNAL_PATH, &doc);
}

static void
write_mode(struct engine *eng, const struct snapshot *seen, bool is_degraded)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};

    json_out_obj(&o, NULL);
    json_out_str(&o, "mode", is_degraded ? "DEGRADED" : "NORMAL");
    json_out_time(&o, "since", seen->now_ns);
    if (is_degraded) json_out_str(&o, "reason", "broker_unreachable");
    json_out_end(&o);
    save(eng, DEGRADED_PATH, &doc);
}

/* R8.4.  A request that failed was made three times before. */
static void
say_mode(struct engine *eng, bool is_degraded, bool was_degraded)
{
    const struct field why[] = {F_STR("reason", "broker_unreachable"), F_END};

    if (is_degraded) {
        log_fields(&eng->seams.log, EV_DEGRADED_MODE_ENTERED, why);
        engine_audit(eng, "broker_unreachable_max_retries", why);
        engine_audit(eng, "degraded_mode_entered", why);
    } else if (was_degraded) {
        log_event(&eng->seams.log, EV_DEGRADED_MODE_EXITED);
        engine_audit(eng, "degraded_mode_exited", why);
    }
}

/* The file is the memory: a process that begins learns from it, and one that was damaged heals. */
static void
note_mode(struct engine *eng, const struct snapshot *seen, bool is_degraded)
{
    const struct store_spec spec = {.path = DEGRADED_PATH, .default_json = "{}"};
    CLEANUP(json_freep) struct json *doc = store_load(&eng->seams.store, &spec, NULL);
    const char *former = json_str(doc, "mode", "");
    bool was_degraded = str_eq(former, "DEGRADED");

    if (is_degraded ? was_degraded : str_eq(former, "NORMAL")) return;
    say_mode(eng, is_degraded, was_degraded);
    write_mode(eng, seen, is_degraded);
}

void
engine_mirror(struct engine *eng, const struct snapshot *seen)
{
    bool is_degraded = !seen->are_positions_known || !seen->is_account_known;

    note_mode(eng, seen, is_degraded);
    if (is_degraded) return; /* what stood there stays: it is dated */
    write_at_broker(eng, seen);
    write_internal(eng, seen);
}

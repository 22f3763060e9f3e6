#include "tests/bench/cache.h"

#include <stdio.h>

#include "base/json.h"
#include "base/rand.h"
#include "base/when.h"

const char *
cache_symbol(size_t i)
{
    static char name[8];

    if (i < 2) return i == 0 ? "SPY" : "QQQ";
    (void)snprintf(name, sizeof(name), "%c%c%c%c", 'A' + (int)(i / 676 % 26),
                   'A' + (int)(i / 26 % 26), 'A' + (int)(i % 26), 'X');
    return name;
}

/* A decimal as text, the way the vendor sends most of its numbers. */
static void
out_decimal(struct json_out *o, const char *key, double value, int places)
{
    char buf[48];

    (void)snprintf(buf, sizeof(buf), "%.*f", places, value);
    json_out_str(o, key, buf);
}

static void
out_id(struct json_out *o, const char *key, struct rng *r)
{
    uint64_t a = rng_u64(r), b = rng_u64(r);
    char buf[40];

    (void)snprintf(buf, sizeof(buf), "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32),
                   (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 52),
                   (unsigned long long)(b & 0xffffffffffff));
    json_out_str(o, key, buf);
}

struct alert {
    const char *symbol, *type;
    int64_t at_ns;
    char expiry[ISO_TEXT_MAX];
    double spot, strike, premium, ask_side, price;
    int64_t volume, open_interest;
    bool has_sweep;
};

static struct alert
alert_draw(const char *symbol, int64_t now_ns, size_t i, struct rng *r)
{
    struct alert a = {.symbol = symbol};

    a.type = rng_chance(r, 0.55) ? "call" : "put";
    a.at_ns = now_ns - (int64_t)i * 31 * NS_PER_S - rng_range(r, 0, NS_PER_S);
    (void)when_iso(now_ns + rng_range(r, 1, 60) * NS_PER_DAY, a.expiry);
    a.expiry[10] = '\0';
    a.spot = 20 + 400 * rng_f64(r);
    a.strike = (double)rng_range(r, 4, 90) * 5;
    a.premium = (double)rng_range(r, 10000, rng_chance(r, 0.2) ? 900000 : 90000);
    a.ask_side = rng_chance(r, 0.5) ? a.premium : 0;
    a.price = 0.05 * (double)rng_range(r, 1, 900);
    a.volume = rng_range(r, 50, 40000);
    a.open_interest = rng_range(r, 50, 40000);
    a.has_sweep = rng_chance(r, 0.12);
    return a;
}

static void
write_trade(struct json_out *o, const struct alert *a)
{
    char at[ISO_TEXT_MAX];

    json_out_str(o, "created_at", when_iso(a->at_ns, at));
    json_out_str(o, "expiry", a->expiry);
    json_out_bool(o, "has_floor", false);
    json_out_bool(o, "has_multileg", false);
    json_out_bool(o, "has_sweep", a->has_sweep);
    json_out_i64(o, "open_interest", a->open_interest);
    out_decimal(o, "strike", a->strike, 0);
    json_out_str(o, "ticker", a->symbol);
    out_decimal(o, "total_ask_side_prem", a->ask_side, 0);
    out_decimal(o, "total_bid_side_prem", a->premium - a->ask_side, 0);
    out_decimal(o, "total_premium", a->premium, 0);
    json_out_str(o, "type", a->type);
    out_decimal(o, "underlying_price", a->spot, 2);
    json_out_i64(o, "volume", a->volume);
}

/* What the vendor sends beside it and nobody in the cycle reads. */
static void
write_rest(struct json_out *o, const struct alert *a, struct rng *r)
{
    char chain[64];
    double iv = 0.1 + rng_f64(r);

    (void)snprintf(chain, sizeof(chain), "%s%.2s%.2s%.2s%c%08d", a->symbol, a->expiry + 2,
                   a->expiry + 5, a->expiry + 8, a->type[0] == 'c' ? 'C' : 'P',
                   (int)(a->strike * 1000));
    json_out_str(o, "alert_rule", "RepeatedHits");
    json_out_bool(o, "all_opening_trades", false);
    out_decimal(o, "ask", a->price + 0.05, 2);
    out_decimal(o, "bid", a->price, 2);
    json_out_i64(o, "end_time", a->at_ns / NS_PER_MS);
    json_out_str(o, "er_time", "postmarket");
    json_out_i64(o, "expiry_count", 1);
    json_out_bool(o, "has_singleleg", true);
    out_id(o, "id", r);
    json_out_str(o, "issue_type", "Common Stock");
    out_decimal(o, "iv_end", iv, 15);
    out_decimal(o, "iv_start", iv, 15);
    out_decimal(o, "marketcap", 1e10 * (1 + rng_f64(r)), 0);
    json_out_str(o, "next_earnings_date", "2026-02-05");
    json_out_str(o, "option_chain", chain);
    out_decimal(o, "price", a->price, 2);
    json_out_str(o, "rule_id", "e6b9f0b6-fcd9-44fe-9d1c-f53521c152c3");
    json_out_str(o, "sector", "Technology");
    json_out_i64(o, "start_time", a->at_ns / NS_PER_MS - 1);
    json_out_i64(o, "total_size", rng_range(r, 5, 4000));
    json_out_i64(o, "trade_count", rng_range(r, 5, 30));
    out_decimal(o, "volume_oi_ratio", (double)a->volume / (double)a->open_interest, 15);
}

static void
write_alerts(struct json_out *o, const struct cache_spec *spec, const char *symbol, struct rng *r)
{
    json_out_arr(o, "flow_trades");
    for (size_t i = 0; i < spec->alerts; i++) {
        struct alert a = alert_draw(symbol, spec->now_ns, i, r);

        json_out_obj(o, NULL);
        if (spec->shape == ALERTS_WHOLE) write_rest(o, &a, r);
        write_trade(o, &a);
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_facts(struct json_out *o, struct rng *r)
{
    static const char *const SIDE[] = {"BULLISH", "BEARISH", "NEUTRAL"};
    const char *side = SIDE[rng_below(r, 3)];

    json_out_obj(o, "dark_pool");
    json_out_str(o, "sentiment", SIDE[rng_below(r, 3)]);
    json_out_f64(o, "total_premium", 1e7 * rng_f64(r));
    json_out_f64(o, "total_notional", 1e7 * rng_f64(r));
    json_out_f64(o, "total_notional_1h", 1e6 * rng_f64(r));
    json_out_i64(o, "print_count", rng_range(r, 0, 500));
    json_out_end(o);
    json_out_obj(o, "insider");
    json_out_str(o, "sentiment", side);
    json_out_i64(o, "net_buys", rng_range(r, 0, 5));
    json_out_i64(o, "net_sells", rng_range(r, 0, 5));
    json_out_f64(o, "conviction_modifier", 0.1 * rng_f64(r) - 0.05);
    json_out_end(o);
    json_out_obj(o, "market_tide");
    json_out_f64(o, "call_premium", 22380780.0);
    json_out_f64(o, "put_premium", 48537914.0);
    json_out_end(o);
    json_out_obj(o, "iv_rank");
    json_out_f64(o, "iv_rank", 100 * rng_f64(r));
    json_out_end(o);
    json_out_obj(o, "oi_change");
    json_out_i64(o, "net_oi_change", rng_range(r, -50000, 50000));
    json_out_str(o, "oi_sentiment", side);
    json_out_end(o);
    json_out_obj(o, "greeks");
    json_out_f64(o, "call_gamma", 3e6 * rng_f64(r));
    json_out_f64(o, "put_gamma", -3e6 * rng_f64(r));
    json_out_f64(o, "gamma_exposure", 3e6 * rng_f64(r));
    json_out_i64(o, "max_pain", rng_range(r, 10, 400));
    json_out_end(o);
}

static void
write_symbol(struct json_out *o, const struct cache_spec *spec, size_t i)
{
    static const char *const SIDE[] = {"BULLISH", "BEARISH", "NEUTRAL"};
    bool is_changed = spec->changed > 0 && (int)(i % 20) == spec->changed - 1;
    char symbol[8];
    struct rng r;

    (void)str_copy(symbol, sizeof(symbol), cache_symbol(i));
    rng_init(&r, i * 100 + (is_changed ? (uint64_t)spec->changed : 0));
    json_out_obj(o, symbol);
    json_out_str(o, "sentiment", SIDE[rng_below(&r, 3)]);
    json_out_f64(o, "conviction", rng_f64(&r));
    json_out_f64(o, "total_premium", 1e7 * rng_f64(&r));
    json_out_i64(o, "trade_count", (int64_t)spec->alerts);
    write_alerts(o, spec, symbol, &r);
    write_facts(o, &r);
    json_out_i64(o, "_last_update", when_to_s(spec->now_ns) - rng_range(&r, 0, 900));
    json_out_end(o);
}

void
cache_write(const struct cache_spec *spec, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_obj(&o, "_metadata");
    json_out_i64(&o, "last_update", when_to_s(spec->now_ns));
    json_out_str(&o, "updated_by", "uw_flow_daemon");
    json_out_i64(&o, "ticker_count", (int64_t)spec->symbols);
    json_out_i64(&o, "schema_version", 2);
    json_out_end(&o);
    for (size_t i = 0; i < spec->symbols; i++)
        write_symbol(&o, spec, i);
    json_out_end(&o);
}

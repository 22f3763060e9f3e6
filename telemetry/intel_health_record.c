#include <math.h>

#include "base/json.h"
#include "intel/schema.h"
#include "telemetry/intel_health.h"

#define INTEL_HEALTH_VERSION "2026-01-20_intel_health_v1"

static void
write_age(struct json_out *o, const struct intel_check *c)
{
    if (!isnan(c->age_s)) json_out_f64(o, "age_sec", round_dec(c->age_s, 1));
}

static void
write_sync(struct json_out *o, const struct intel_check *c)
{
    if (c->status == INTEL_SKIP) {
        json_out_str(o, "detail", c->detail);
        return;
    }
    json_out_str(o, "dir", c->path);
    json_out_arr(o, "missing");
    for (size_t i = 0; i < c->missing_len; i++)
        json_out_str(o, NULL, c->missing[i]);
    json_out_end(o);
}

static void
write_trade_log(struct json_out *o, const struct intel_check *c)
{
    json_out_str(o, "path", c->path);
    if (c->status == INTEL_MISSING) return;
    write_age(o, c);
    json_out_i64(o, "parsed_lines", c->parsed_lines);
    json_out_i64(o, "bad_lines", c->bad_lines);
    json_out_time(o, "newest_ts", c->newest_ns);
}

static void
write_check(struct json_out *o, const struct intel_check *c)
{
    json_out_obj(o, NULL);
    json_out_str(o, "name", c->name);
    json_out_str(o, "status", intel_status_name(c->status));
    switch (c->kind) {
    case INTEL_FRESHNESS:
        json_out_str(o, "path", c->path);
        write_age(o, c);
        break;
    case INTEL_SCHEMA:
        json_out_str(o, "path", c->path);
        if (c->status != INTEL_MISSING) json_out_str(o, "detail", c->detail);
        break;
    case INTEL_USAGE:
        if (c->status != INTEL_MISSING) json_out_i64(o, "calls_today", c->calls_today);
        break;
    case INTEL_TRADE_LOG:
        write_trade_log(o, c);
        break;
    case INTEL_SYNC:
        write_sync(o, c);
        break;
    }
    json_out_end(o);
}

static void
write_heal(struct json_out *o, const struct intel_heal *heal)
{
    json_out_obj(o, NULL);
    json_out_str(o, "name", heal->name);
    json_out_bool(o, "healed", heal->is_started && heal->rc == 0);
    if (heal->is_started) json_out_i64(o, "rc", heal->rc);
    json_out_str(o, heal->is_started ? "stderr" : "error", heal->said);
    json_out_end(o);
}

enum rc
intel_health_encode(const struct intel_health *h, const struct intel_heal *heals, size_t heals_len,
                    int64_t now_ns, struct text *ret_json, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    CLEANUP(text_free) struct text compact = {0};
    struct json_out o = {.to = &compact};

    json_out_obj(&o, NULL);
    json_out_obj(&o, "_meta");
    json_out_time(&o, "ts", now_ns);
    json_out_str(&o, "version", INTEL_HEALTH_VERSION);
    json_out_end(&o);
    json_out_bool(&o, "ok", intel_is_well(h));
    json_out_arr(&o, "checks");
    for (size_t i = 0; i < h->len; i++)
        write_check(&o, &h->checks[i]);
    json_out_end(&o);
    json_out_arr(&o, "self_heal");
    for (size_t i = 0; i < heals_len; i++)
        write_heal(&o, &heals[i]);
    json_out_end(&o);
    json_out_end(&o);
    enum rc rc =
        json_parse(text_str(&compact), compact.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, err);
    if (rc == RC_OK) rc = schema_check(SCHEMA_INTEL_HEALTH_STATE, doc, err);
    if (rc == RC_OK) json_pretty(ret_json, doc, JSON_SORTED);
    return rc;
}

struct store_spec
intel_health_store_spec(void)
{
    return (struct store_spec){.path = INTEL_HEALTH_PATH, .default_json = "{}"};
}

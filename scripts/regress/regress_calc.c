#include <math.h>

#include "base/text.h"
#include "intel/schema.h"
#include "scripts/calc/calc.h"
#include "scripts/regress/regress.h"
#include "scripts/view.h"
#include "shadow/record_json.h"

#define GOLDEN_FILE    "config/regression_v1_composite_golden.json"
#define POSITIONS_PATH "state/shadow_v2_positions.json"
#define UW_LOG_PATH    "logs/uw_attribution.jsonl"

/* ---- computations -------------------------------------------------------------------------- */

static enum rc
calc(calc_fn *fn, const char *input, size_t len, struct json **ret_out, struct err *err)
{
    CLEANUP(json_freep) struct json *in = NULL;
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    enum rc rc = json_parse(input, len, JSON_STRICT, &JSON_LIMITS_FILE, &in, err);

    if (rc == RC_OK) rc = fn(in, &o, err);
    if (rc != RC_OK) return rc;
    return json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, ret_out, err);
}

enum rc
regress_golden(const struct regress *r, struct err *err)
{
    CLEANUP(json_freep) struct json *golden = NULL;
    CLEANUP(json_freep) struct json *out = NULL;
    CLEANUP(text_free) struct text input = {0};
    struct json_out o = {.to = &input};
    enum rc rc = regress_load_shipped(r, GOLDEN_FILE, &golden, err);

    if (rc != RC_OK) return rc;
    json_out_value(&o, NULL, json_get(golden, "in"));
    rc = calc(calc_composite_v1, text_str(&input), input.len, &out, err);
    if (rc != RC_OK) return rc;
    double wanted = json_f64(golden, "score", (double)NAN),
           score = json_f64(out, "score", (double)NAN);
    if (fabs(score - wanted) < 1e-12) return RC_OK;
    return err_set(err, RC_RANGE, "%.17g, %.17g is wanted", score, wanted);
}

static const char COMPOSITE[] =
    "{\"symbol\":\"AAPL\",\"base\":{\"score\":3.5},\"enriched\":{\"sentiment\":\"BULLISH\","
    "\"conviction\":0.62,\"trade_count\":10,\"realized_vol_20d\":0.35,\"beta_vs_spy\":1.4},"
    "\"posture_state\":{\"posture\":\"long\",\"regime_confidence\":0.8}}";

enum rc
regress_composite(const struct regress *r, struct err *err)
{
    CLEANUP(json_freep) struct json *out = NULL;
    enum rc rc = calc(calc_composite_v2, COMPOSITE, strlen(COMPOSITE), &out, err);

    (void)r;
    if (rc != RC_OK) return rc;
    const char *version = json_str(json_get(out, "composite"), "composite_version", "");
    return str_eq(version, "v2")
               ? RC_OK
               : err_set(err, RC_DENIED, "composite_version is \"%s\", v2 is wanted", version);
}

/* ---- records ------------------------------------------------------------------------------- */

static enum rc
append(const struct regress *r, const char *path, const struct json *record, struct err *err)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};

    json_out_value(&o, NULL, record);
    text_putc(&line, '\n');
    return r->fs.append(r->fs.self, path, text_str(&line), line.len, err);
}

static bool
keep_last(void *ctx, const struct json *record)
{
    struct text *line = ctx;
    struct json_out o = {.to = line};

    json_out_value(&o, NULL, record);
    return false; /* the newest one */
}

/* The last record of a log, to be freed; RC_NOT_FOUND where there is none. */
static enum rc
last_record(const struct regress *r, const char *path, struct json **ret_record, struct err *err)
{
    CLEANUP(text_free) struct text line = {0};

    view_tail(&r->fs, path, 1 << 20, keep_last, &line);
    if (line.len == 0) return err_set(err, RC_NOT_FOUND, "%s: no record", path);
    return json_parse(text_str(&line), line.len, JSON_STRICT, &JSON_LIMITS_FILE, ret_record, err);
}

enum rc
regress_attribution(const struct regress *r, struct err *err)
{
    static const char *const KEYS[] = {"symbol", "uw_features", "uw_contribution"};
    CLEANUP(json_freep) struct json *out = NULL;
    CLEANUP(json_freep) struct json *record = NULL;
    enum rc rc = calc(calc_composite_v2, COMPOSITE, strlen(COMPOSITE), &out, err);

    if (rc == RC_OK) rc = append(r, UW_LOG_PATH, json_get(out, "attribution"), err);
    if (rc == RC_OK) rc = last_record(r, UW_LOG_PATH, &record, err);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < COUNT_OF(KEYS); i++)
        if (!json_has(record, KEYS[i]))
            return err_set(err, RC_NOT_FOUND, "the record has no %s", KEYS[i]);
    return RC_OK;
}

/* The records of a step go where the engine puts them, its positions into the state file. */
static enum rc
keep(const struct regress *r, const struct json *step, struct err *err)
{
    static const struct {
        const char *key;
        enum shadow_log log;
    } LOGS[] = {
        {"shadow_trades",    SHADOW_LOG_TRADES     },
        {"exit_attribution", SHADOW_LOG_ATTRIBUTION},
        {"master_trade_log", SHADOW_LOG_MASTER     },
    };
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT_OF(LOGS); i++)
        for (const struct json *line = json_first(json_get(step, LOGS[i].key));
             line != NULL && rc == RC_OK; line = json_next(line))
            rc = append(r, shadow_log_path(LOGS[i].log), line, err);
    if (rc != RC_OK) return rc;
    json_out_obj(&o, NULL);
    json_out_value(&o, "positions", json_get(step, "positions"));
    json_out_end(&o);
    return r->fs.replace(r->fs.self, POSITIONS_PATH, text_str(&doc), doc.len, false, err);
}

static enum rc
step(const struct regress *r, double v2_score, bool is_pass, double price,
     const struct json *positions, struct json **ret_out, struct err *err)
{
    CLEANUP(text_free) struct text input = {0};
    struct json_out o = {.to = &input};

    json_out_obj(&o, NULL);
    json_out_str(&o, "now", r->as_of);
    json_out_obj(&o, "decision");
    json_out_str(&o, "symbol", "AAPL");
    json_out_str(&o, "direction", "bullish");
    json_out_f64(&o, "v1_score", 3.2);
    json_out_f64(&o, "v2_score", v2_score);
    json_out_bool(&o, "v1_pass", true);
    json_out_bool(&o, "v2_pass", is_pass);
    json_out_f64(&o, "current_price", price);
    json_out_f64(&o, "account_equity", 55000);
    json_out_f64(&o, "buying_power", 100000);
    json_out_f64(&o, "position_size_usd", 500);
    json_out_end(&o);
    json_out_obj(&o, "state");
    if (positions != NULL) {
        json_out_obj(&o, "positions");
        json_out_value(&o, "positions", positions);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
    return calc(calc_shadow_decision, text_str(&input), input.len, ret_out, err);
}

static const struct json *
last_of(const struct json *list)
{
    const struct json *last = NULL;

    for (const struct json *v = json_first(list); v != NULL; v = json_next(v))
        last = v;
    return last;
}

static enum rc
check_exit(const struct json *closed, struct err *err)
{
    const struct json *exit = last_of(json_get(closed, "shadow_trades"));
    double pnl = json_f64(exit, "pnl", (double)NAN);

    if (!str_eq(json_str(exit, "v2_exit_reason", ""), "profit"))
        return err_set(err, RC_DENIED, "closed for \"%s\", profit is wanted",
                       json_str(exit, "v2_exit_reason", ""));
    if (!(fabs(pnl - 4500.0) < 1e-9))
        return err_set(err, RC_RANGE, "pnl %.17g, 4500 is wanted", pnl);
    if (json_len(json_get(closed, "positions")) != 0)
        return err_set(err, RC_DENIED, "a position is left");
    return schema_check(SCHEMA_SHADOW_TRADE, exit, err);
}

enum rc
regress_shadow(const struct regress *r, struct err *err)
{
    CLEANUP(json_freep) struct json *opened = NULL;
    CLEANUP(json_freep) struct json *closed = NULL;
    enum rc rc = step(r, 4.0, true, 100, NULL, &opened, err);

    if (rc != RC_OK) return rc;
    const struct json *positions = json_get(opened, "positions");
    double qty = json_f64(json_get(positions, "AAPL"), "qty", (double)NAN);
    if (!(fabs(qty - 5.0) < 1e-12)) return err_set(err, RC_RANGE, "qty %.17g, 5 is wanted", qty);
    rc = keep(r, opened, err);
    if (rc == RC_OK) rc = step(r, 3.9, false, 1000, positions, &closed, err);
    if (rc == RC_OK) rc = check_exit(closed, err);
    return rc == RC_OK ? keep(r, closed, err) : rc;
}

enum rc
regress_exit_record(const struct regress *r, struct err *err)
{
    CLEANUP(json_freep) struct json *record = NULL;
    enum rc rc = last_record(r, shadow_log_path(SHADOW_LOG_ATTRIBUTION), &record, err);

    if (rc == RC_OK) rc = schema_check(SCHEMA_EXIT_ATTRIBUTION, record, err);
    if (rc != RC_OK) return rc;
    if (json_has(record, "entry_price") && json_has(record, "exit_price")) return RC_OK;
    return err_set(err, RC_NOT_FOUND, "the record has no entry_price or no exit_price");
}

#include "strategy/calc_input.h"

#include <math.h>

#include "base/json.h"
#include "base/when.h"
#include "strategy/number.h"

enum kind {
    KIND_STR,
    KIND_SECRET,
    KIND_URL,
    KIND_SECRET_URL,
    KIND_LIST,
    KIND_BOOL,
    KIND_I64,
    KIND_F64
};

static const struct setting {
    const char *name;
    size_t offset; /* in struct config */
    enum kind kind;
    const char *dflt;
    double min, max;
} settings[] = {
#define CONFIG(name, field, kind, dflt, min, max, unit, meaning)                                   \
    {#name, offsetof(struct config, field), KIND_##kind, dflt, (double)(min), (double)(max)},
#include "config/config.def"
#undef CONFIG
};

/* False for texts and lists, which no computation takes from here, and for what is out of bounds.
 */
static bool
setting_put(const struct setting *s, double value, struct config *cfg)
{
    char *at = (char *)cfg + s->offset;

    if (s->kind == KIND_BOOL) {
        bool on = value > 0;
        memcpy(at, &on, sizeof(on));
        return true;
    }
    if ((s->kind != KIND_I64 && s->kind != KIND_F64) || !(value >= s->min && value <= s->max))
        return false;
    if (s->kind == KIND_F64) {
        memcpy(at, &value, sizeof(value));
        return true;
    }
    int64_t whole = (int64_t)value;
    memcpy(at, &whole, sizeof(whole));
    return true;
}

static void
settings_default(struct config *cfg)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        double value = 0;
        bool on = false;
        if (settings[i].kind == KIND_BOOL && str_to_bool(settings[i].dflt, &on))
            value = on ? 1 : 0;
        else if (!str_to_f64(settings[i].dflt, &value))
            continue;
        (void)setting_put(&settings[i], value,
                          cfg); /* a default is in bounds; texts are passed over */
    }
}

enum rc
calc_settings(const struct json *in, struct strategy_config *ret_cfg, struct err *err)
{
    struct config cfg = {0};

    settings_default(&cfg);
    if (json_has(in, "settings") && !json_is_object(json_get(in, "settings")))
        return err_set(err, RC_PARSE, "\"settings\" is no object");
    for (const struct json *v = json_first(json_get_obj(in, "settings")); v != NULL;
         v = json_next(v)) {
        size_t i = 0;
        while (i < COUNT_OF(settings) && !str_eq(settings[i].name, json_key(v)))
            i++;
        if (i == COUNT_OF(settings))
            return err_set(err, RC_RANGE, "settings: no setting is called %s", json_key(v));
        if (!setting_put(&settings[i], json_f64_of(v, NUMBER_NONE), &cfg))
            return err_set(err, RC_RANGE, "settings: %s is no number within its bounds",
                           json_key(v));
    }
    *ret_cfg = cfg.strategy;
    return RC_OK;
}

enum rc
calc_time(const struct json *in, const char *key, int64_t dflt, int64_t *ret_ns, struct err *err)
{
    const struct json *v = json_get(in, key);
    int64_t at_ns = dflt;

    if (v != NULL) {
        at_ns = json_string(v) != NULL        ? when_parse_or_none(json_string(v))
                : json_kind(v) == JSON_NUMBER ? when_from_s_f64(json_f64_of(v, 0))
                                              : WHEN_NONE;
        if (at_ns == WHEN_NONE)
            return err_set(err, RC_PARSE, "\"%s\" is neither an ISO instant nor seconds", key);
    }
    *ret_ns = at_ns;
    return RC_OK;
}

double
calc_number(const struct json *in, const char *key)
{
    return json_f64(in, key, NUMBER_NONE);
}

enum direction
calc_direction(const struct json *in, const char *key)
{
    return direction_from(json_str(in, key, ""));
}

static void
wrong(struct json_in *in, const char *key, const char *what)
{
    in->rc = err_set(in->err, RC_PARSE, "\"%s\" is %s", key, what);
}

static const struct json *
present(const struct json_in *in, const char *key)
{
    return in->rc == RC_OK ? json_get(in->obj, key) : NULL;
}

double
calc_opt_f64(struct json_in *in, const char *key, double dflt)
{
    const struct json *v = present(in, key);
    if (v == NULL) return dflt;
    double x = json_kind(v) == JSON_BOOL ? NUMBER_NONE : json_f64_of(v, NUMBER_NONE);
    if (number_is_known(x)) return x;
    wrong(in, key, "no finite number");
    return dflt;
}

int
calc_opt_count(struct json_in *in, const char *key)
{
    const double most = 1000;
    double x = calc_opt_f64(in, key, 0);

    if (x >= 0 && x <= most && !(floor(x) < x)) return (int)x;
    if (in->rc == RC_OK) wrong(in, key, "no whole number from 0 to 1000");
    return 0;
}

bool
calc_opt_bool(struct json_in *in, const char *key)
{
    const struct json *v = present(in, key);
    if (v != NULL && json_kind(v) != JSON_BOOL) wrong(in, key, "neither true nor false");
    return json_is_true(v);
}

const struct json *
calc_opt_arr(struct json_in *in, const char *key)
{
    const struct json *v = present(in, key);
    if (v == NULL || json_is_array(v)) return v;
    wrong(in, key, "no array");
    return NULL;
}

enum direction
calc_need_direction(struct json_in *in, const char *key)
{
    enum direction d = calc_direction(in->obj, key);
    if (d == DIRECTION_NONE && in->rc == RC_OK) wrong(in, key, "neither bullish nor bearish");
    return d;
}

enum trade_mode
calc_mode(struct json_in *in)
{
    const struct json *v = present(in, "mode");
    enum trade_mode mode = v == NULL ? MODE_PAPER : trade_mode_from(json_string(v));
    if (mode == MODE_OTHER) wrong(in, "mode", "neither PAPER nor LIVE");
    return mode;
}

enum rc
calc_symbol(const struct json *in, char ret_symbol[SYMBOL_MAX], struct err *err)
{
    const char *text = json_str(in, "symbol", NULL);

    if (text == NULL) return err_set(err, RC_PARSE, "\"symbol\" is missing");
    if (!symbol_set(ret_symbol, text))
        return err_set(err, RC_PARSE, "\"symbol\" is no ticker symbol");
    return RC_OK;
}

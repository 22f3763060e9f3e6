#include "strategy/calc_input.h"

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

enum rc
calc_symbol(const struct json *in, char ret_symbol[SYMBOL_MAX], struct err *err)
{
    const char *text = json_str(in, "symbol", NULL);

    if (text == NULL) return err_set(err, RC_PARSE, "\"symbol\" is missing");
    if (!symbol_set(ret_symbol, text))
        return err_set(err, RC_PARSE, "\"symbol\" is no ticker symbol");
    return RC_OK;
}

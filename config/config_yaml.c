#include "config/internal.h"

#include "config/yaml.h"

/*
 * Keys of the earlier program that its settings files and environments still hold (spec 10 9.3).
 * They are known, so that an old file is not refused, and have no effect here.
 */
static const char *const ignored_keys[] = {
    "API_PORT",
    "PORT",
    "SESSION_SECRET",
    "GMAIL_APP_PASSWORD",
    /* the start value of the entry mode (spec 10 R5.35) */
    "ENTRY_MODE",
    "DEFAULT_QTY",
    "FLOW_COUNT_W",
    "FLOW_PREMIUM_MILLION_W",
    "CONFIRM_GAMMA_NEG_W",
    "CONFIRM_DARKPOOL_W",
    "CONFIRM_NET_PREMIUM_W",
    "CONFIRM_VOL_W",
    "DARKPOOL_OFFLIT_MIN",
    "NET_PREMIUM_MIN_ABS",
    "RV20_MAX",
    "MIN_TRADES_FOR_ADJUST",
    "WEIGHT_STEP",
    "WEIGHT_MIN",
    "WEIGHT_MAX",
    "WIN_RATE_UP",
    "WIN_RATE_DOWN",
    "EMERGENCY_MIN_TRADES",
    "EMERGENCY_WIN_RATE_THRESH",
    "EMERGENCY_PNL_THRESH",
    "EMERGENCY_ADJUST_FACTOR",
    "ENABLE_PER_TICKER_LEARNING",
    "FEATURE_STORE_DIR",
    "PROFILE_PATH",
    "MIN_SAMPLES_DAILY_UPDATE",
    "MIN_SAMPLES_WEEKLY_UPDATE",
    "CONFIDENCE_PRIOR",
    "ATR_LOOKBACK",
    "ATR_MIN_PCT",
    "SIZE_VOL_CAP",
    "ENABLE_REGIME_GATING",
    "REGIME_MIN_CONF",
    "ENABLE_SHADOW_LAB",
    "EXP_MIN_TRADES",
    "EXP_MIN_CONF",
    "PROMOTE_MIN_DELTA_SHARPE",
    "PROMOTE_MAX_DD_INCREASE",
    "ENABLE_CONFIDENCE_CALIBRATION",
    "PROMOTE_MIN_TRADES",
    "PROMOTE_MIN_WINRATE_WILSON",
    "PROMOTE_MIN_SHARPE_DELTA",
    "PROMOTE_MIN_SHARPE_DELTA_CI",
    "PROMOTE_ALPHA",
    "PROMOTE_BOOTSTRAP_SAMPLES",
    "PROMOTE_EFFECT_SIZE_MIN",
    "ENABLE_STABILITY_DECAY",
    "STABILITY_ALPHA",
    "ENABLE_CAPITAL_RAMP",
    "RAMP_MIN_WEEKS",
    "RAMP_MAX_INCREASE",
    "RAMP_DRAWDOWN_LIMIT",
    "ENABLE_INCIDENT_RECOVERY",
    "KILL_SWITCH_COOLDOWN_MIN",
    "MAX_INCIDENTS_PER_DAY",
    "ENABLE_LEVERAGE_GATES",
    "LEVERAGE_MAX",
    "LEVERAGE_PROMOTION_WINRATE",
    "LEVERAGE_PROMOTION_SHARPE",
    "ENABLE_ADVANCED_REGIME",
    "VOL_REGIME_THRESHOLD",
    "LIQUIDITY_REGIME_MIN_VOL",
    "ATTRIBUTION_PNL_EPS_USD",
    "ENABLE_UNIVERSE_FEASIBILITY",
    "FRED_API_KEY",
    "CHAOS_MODE",
};

enum {
    NAME_MAX_LEN = 64 /* longer words are not compared with the table */
};

struct settings_reader {
    struct config_store *st;
    const char *path;
    const struct config_row *row; /* whose value is read; NULL for an ignored key */
    struct text list;             /* elements so far of a list written as a sequence */
    int list_line;                /* where it began                                  */
};

static bool
is_ignored(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(ignored_keys); i++)
        if (str_eq(key, ignored_keys[i])) return true;
    return false;
}

/* Letters to add, drop or change to make one word of the other (Levenshtein). */
static size_t
edit_distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

/* The setting that was probably meant, NULL if none is near. */
static const char *
nearest_name(const char *key)
{
    char upper[NAME_MAX_LEN + 1];
    if (!str_copy(upper, sizeof upper, key)) return NULL;
    str_upper(upper);
    size_t best = strlen(upper) / 4 + 1;
    const char *name = NULL;
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        size_t distance = edit_distance(upper, config_rows[i].name);
        if (distance > best || (distance == best && name != NULL)) continue;
        best = distance;
        name = config_rows[i].name;
    }
    return name;
}

static enum rc
unknown_key(const char *key, int line, struct err *err)
{
    const char *near = nearest_name(key);
    if (near == NULL) return err_set(err, RC_PARSE, "line %d: unknown key \"%.80s\"", line, key);
    return err_set(err, RC_PARSE, "line %d: unknown key \"%.80s\" (did you mean %s?)", line, key,
                   near);
}

/* Keeps the text, checked now: a bad line is refused even where a stronger source speaks. */
static enum rc
keep_value(struct settings_reader *sr, const char *text, int line, struct err *err)
{
    const struct config_row *row = sr->row;
    struct config_given *g = &sr->st->given[row - config_rows][CONFIG_YAML];
    struct config scratch;
    const char *accepted = NULL;

    if (g->text != NULL)
        return err_set(err, RC_PARSE, "line %d: duplicate key: %s stands in line %d already", line,
                       row->name, g->line);
    *g = (struct config_given){arena_strdup(&sr->st->arena, text), sr->path, line};
    if (!config_text_counts(row, text)) {
        if (row->kind == CONFIG_SECRET)
            return RC_OK; /* a secret left empty: missing, as elsewhere */
        return err_set(err, RC_RANGE, "line %d: %s has no value", line, row->name);
    }
    enum rc rc = config_value_set(row, text, &sr->st->arena, NULL, &scratch, &accepted, err);
    if (rc == RC_OK) return RC_OK;
    if (config_row_is_secret(row) || row->kind == CONFIG_LIST)
        return err_wrap(err, "line %d: %s", line, row->name);
    return err_wrap(err, "line %d: %s: \"%.60s\"", line, row->name, text);
}

static enum rc
take_scalar(struct settings_reader *sr, const struct yaml_event *ev, struct err *err)
{
    if (strlen(ev->value) != ev->value_len)
        return err_set(err, RC_PARSE, "line %d: %s: a NUL in it", ev->line, sr->row->name);
    if (yaml_is_null(ev))
        return err_set(err, RC_PARSE, "line %d: %s has no value", ev->line, sr->row->name);
    return keep_value(sr, ev->value, ev->line, err);
}

/* A list may be written as a sequence of symbols or as one text with commas. */
static enum rc
take_list(struct settings_reader *sr, const struct yaml_event *ev, struct err *err)
{
    if (ev->steps_len == 1 && ev->kind == YAML_SEQ) {
        text_clear(&sr->list);
        sr->list_line = ev->line;
        return RC_OK;
    }
    if (ev->steps_len == 1 && ev->kind == YAML_SEQ_END)
        return keep_value(sr, text_str(&sr->list), sr->list_line, err);
    if (ev->kind != YAML_SCALAR || strlen(ev->value) != ev->value_len)
        return err_set(err, RC_PARSE, "line %d: %s: an element is no symbol", ev->line,
                       sr->row->name);
    text_printf(&sr->list, "%s,", ev->value);
    return RC_OK;
}

static enum rc
take_event(void *ctx, const struct yaml_event *ev, struct err *err)
{
    struct settings_reader *sr = ctx;
    if (ev->steps_len == 0) {
        if (ev->kind == YAML_MAP || ev->kind == YAML_MAP_END || yaml_is_null(ev)) return RC_OK;
        return err_set(err, RC_PARSE, "line %d: settings are lines of NAME: value", ev->line);
    }
    if (ev->steps_len == 1 && ev->kind != YAML_MAP_END && ev->kind != YAML_SEQ_END) {
        const char *key = yaml_key(ev, 0);
        sr->row = config_row_find(key);
        if (sr->row == NULL && !is_ignored(key)) return unknown_key(key, ev->line, err);
    }
    if (sr->row == NULL) return RC_OK; /* whatever an ignored key holds */
    if (ev->kind == YAML_SCALAR && ev->steps_len == 1) return take_scalar(sr, ev, err);
    if (sr->row->kind == CONFIG_LIST && ev->kind != YAML_MAP) return take_list(sr, ev, err);
    return err_set(err, RC_PARSE, "line %d: %s: wants one value, not a %s", ev->line, sr->row->name,
                   ev->kind == YAML_MAP ? "mapping" : "list");
}

enum rc
config_yaml_load(struct config_store *st, const char *path, const char *bytes, size_t len,
                 struct err *err)
{
    struct settings_reader sr = {.st = st, .path = path};
    enum rc rc = yaml_read(bytes, len, &YAML_LIMITS_CONFIG, take_event, &sr, err);
    text_free(&sr.list);
    return rc == RC_OK ? RC_OK : err_wrap(err, "%s", path);
}

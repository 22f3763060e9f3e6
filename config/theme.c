#include "config/theme.h"

#include "base/json.h"
#include "base/text.h"

static enum rc
add_entry(struct themes *t, const char *symbol, const char *theme, struct err *err)
{
    if (t->len == THEME_SYMBOLS_MAX)
        return err_set(err, RC_RANGE, "more than %d symbols", THEME_SYMBOLS_MAX);
    char *name = arena_strdup(&t->arena, symbol);
    str_trim(name);
    str_upper(name);
    t->entry[t->len] = (struct theme_entry){name, arena_strdup(&t->arena, theme), t->len};
    t->len++;
    return RC_OK;
}

static enum rc
read_map(struct themes *t, const struct json *map, struct err *err)
{
    for (const struct json *v = json_first(map); v != NULL; v = json_next(v)) {
        const char *theme = json_string(v);
        if (theme == NULL)
            return err_set(err, RC_PARSE, "theme of \"%.20s\" is no text", json_key(v));
        enum rc rc = add_entry(t, json_key(v), theme, err);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

static enum rc
read_theme(struct themes *t, const struct json *theme, struct err *err)
{
    const struct json *symbols = json_get_arr(theme, "symbols");
    if (symbols == NULL)
        return err_set(err, RC_PARSE, "theme \"%.60s\" has no symbols", json_key(theme));
    for (const struct json *v = json_first(symbols); v != NULL; v = json_next(v)) {
        const char *symbol = json_string(v);
        if (symbol == NULL)
            return err_set(err, RC_PARSE, "a symbol of theme \"%.60s\" is no text",
                           json_key(theme));
        enum rc rc = add_entry(t, symbol, json_key(theme), err);
        if (rc != RC_OK) return rc;
    }
    return RC_OK;
}

/* The switch as a JSON boolean or as text; the limit as a number or as text. */
static enum rc
read_settings(struct themes *t, const struct json *settings, struct err *err)
{
    const struct json *enable = json_get(settings, "ENABLE_THEME_RISK");
    if (json_kind(enable) == JSON_BOOL)
        t->is_enabled = json_is_true(enable);
    else if (json_string(enable) == NULL ? enable != NULL
                                         : !str_to_bool(json_string(enable), &t->is_enabled))
        return err_set(err, RC_PARSE, "ENABLE_THEME_RISK is neither true nor false");
    if (json_has(settings, "MAX_THEME_NOTIONAL_USD")) {
        double limit = json_f64(settings, "MAX_THEME_NOTIONAL_USD", -1);
        if (limit < 0) return err_set(err, RC_RANGE, "MAX_THEME_NOTIONAL_USD is no amount");
        t->limit_usd = limit;
    }
    return RC_OK;
}

static enum rc
read_risk(struct themes *t, const struct json *risk, bool wants_symbols, struct err *err)
{
    enum rc rc = read_settings(t, json_get_obj(risk, "settings"), err);
    const struct json *themes = json_get_obj(risk, "theme_limits");
    for (const struct json *v = json_first(themes); v != NULL && rc == RC_OK && wants_symbols;
         v = json_next(v))
        rc = read_theme(t, v, err);
    return rc;
}

static enum rc
parse_object(const char *bytes, size_t len, struct json **ret_doc, struct err *err)
{
    enum rc rc = json_parse(bytes, len, JSON_STRICT, &JSON_LIMITS_BODY, ret_doc, err);
    if (rc == RC_OK && !json_is_object(*ret_doc)) return err_set(err, RC_PARSE, "is no object");
    return rc;
}

static int
by_symbol(const void *a, const void *b)
{
    const struct theme_entry *x = a, *y = b;
    int order = strcmp(x->symbol, y->symbol);
    return order != 0 ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

static enum rc
parse_sources(const struct theme_source *src, struct themes *t, struct err *err)
{
    if (src->risk != NULL) {
        CLEANUP(json_freep) struct json *doc = NULL;
        enum rc rc = parse_object(src->risk, src->risk_len, &doc, err);
        if (rc == RC_OK) rc = read_risk(t, doc, src->map == NULL, err);
        if (rc != RC_OK) return err_wrap(err, "theme_risk.json");
    }
    if (src->map != NULL) {
        CLEANUP(json_freep) struct json *doc = NULL;
        enum rc rc = parse_object(src->map, src->map_len, &doc, err);
        if (rc == RC_OK) rc = read_map(t, doc, err);
        if (rc != RC_OK) return err_wrap(err, "theme_map.json");
    }
    return RC_OK;
}

enum rc
themes_parse(const struct theme_source *src, struct themes *ret_themes, struct err *err)
{
    struct themes t = {.is_enabled = src->is_enabled, .limit_usd = src->limit_usd};
    t.entry = ARENA_NEW(&t.arena, struct theme_entry, THEME_SYMBOLS_MAX);
    enum rc rc = parse_sources(src, &t, err);
    if (rc != RC_OK) {
        themes_done(&t);
        return rc;
    }
    qsort(t.entry, t.len, sizeof t.entry[0], by_symbol);
    *ret_themes = t;
    return RC_OK;
}

void
themes_done(struct themes *t)
{
    arena_done(&t->arena);
    *t = (struct themes){0};
}

const char *
theme_of(const struct themes *t, const char *symbol)
{
    size_t low = 0, high = t->len; /* the first entry that is not before the symbol */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(t->entry[middle].symbol, symbol) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->len && str_eq(t->entry[low].symbol, symbol) ? t->entry[low].theme : "general";
}

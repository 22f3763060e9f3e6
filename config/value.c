#include "config/internal.h"

#include "base/http.h"

/* The field of a row is found by its offset; these say at compile time that its type is that of the
 * kind. */
#define FIELD_TYPE_STR        const char *
#define FIELD_TYPE_SECRET     const char *
#define FIELD_TYPE_URL        const char *
#define FIELD_TYPE_SECRET_URL const char *
#define FIELD_TYPE_LIST       struct name_list
#define FIELD_TYPE_BOOL       bool
#define FIELD_TYPE_I64        int64_t
#define FIELD_TYPE_F64        double

#define CONFIG(name, field, kind, dflt, min, max, unit, meaning)                                   \
    _Static_assert(_Generic(((struct config *)NULL)->field, FIELD_TYPE_##kind : 1, default : 0),   \
                   #name ": the field has another type than its kind");
#include "config/config.def"
#undef CONFIG

const struct config_row config_rows[CONFIG_ROWS] = {
#define CONFIG(name, field, kind, dflt, min, max, unit, meaning)                                   \
    {#name, offsetof(struct config, field), CONFIG_##kind, dflt, min, max, unit, meaning},
#include "config/config.def"
#undef CONFIG
};

/* Second names (spec 10 R1.14). */
static const struct {
    enum config_row_id row;
    const char *alias;
} aliases[] = {
    {CONFIG_ROW_ALPACA_KEY,    "ALPACA_API_KEY"   },
    {CONFIG_ROW_ALPACA_SECRET, "ALPACA_API_SECRET"},
};

bool
config_row_is_secret(const struct config_row *row)
{
    return row->kind == CONFIG_SECRET || row->kind == CONFIG_SECRET_URL;
}

const char *
config_row_alias(const struct config_row *row)
{
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (row == &config_rows[aliases[i].row]) return aliases[i].alias;
    return NULL;
}

const struct config_row *
config_row_find(const char *name)
{
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        const char *alias = config_row_alias(&config_rows[i]);
        if (str_eq(name, config_rows[i].name) || (alias != NULL && str_eq(name, alias)))
            return &config_rows[i];
    }
    return NULL;
}

bool
config_text_counts(const struct config_row *row, const char *text)
{
    if (text == NULL) return false;
    bool is_empty = text[strspn(text, " \t\r\n")] == '\0';
    return !is_empty || (row->kind != CONFIG_SECRET && row->dflt[0] == '\0');
}

static bool
has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
    return false;
}

/* One of A|B|C in any case; gives it as the table spells it, NULL if it is none of them. */
static const char *
choose(const char *text, const char *choices, struct arena *a)
{
    while (*choices != '\0') {
        size_t n = strcspn(choices, "|");
        const char *choice = arena_strndup(a, choices, n);
        if (str_eq_nocase(text, choice)) return choice;
        choices += n;
        if (*choices == '|') choices++;
    }
    return NULL;
}

static enum rc
check_str(const struct config_row *row, char *text, struct arena *a, const char **ret_text,
          struct err *err)
{
    if (has_control(text)) return err_set(err, RC_RANGE, "a control character");
    *ret_text = text;
    if (strchr(row->unit, '|') == NULL) return RC_OK;
    *ret_text = choose(text, row->unit, a);
    return *ret_text != NULL ? RC_OK : err_set(err, RC_RANGE, "is none of %s", row->unit);
}

/*
 * A host to speak to: https, or http on this machine; no user and password, no blanks.  A path may
 * follow, a query only where the whole URL is given to be posted to.  Slashes at the end are cut
 * off so that callers can append "/v2/...".
 */
static enum rc
check_url(const struct config_row *row, char *text, struct err *err)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '/')
        text[--len] = '\0';
    if (len == 0 && row->dflt[0] == '\0') return RC_OK;

    bool is_https = str_starts(text, "https://"), is_http = str_starts(text, "http://");
    const char *host = text + (is_https ? 8 : 7);
    if ((!is_https && !is_http) || strcspn(host, "/:?#") == 0)
        return err_set(err, RC_RANGE, "is no http or https URL");
    if (has_control(text) || strpbrk(text, row->kind == CONFIG_URL ? " #?" : " #") != NULL)
        return err_set(err, RC_RANGE, "holds a character that a URL cannot");
    if (memchr(host, '@', strcspn(host, "/?")) != NULL)
        return err_set(err, RC_DENIED, "holds a user name");
    if (is_http && !http_url_is_loopback(text))
        return err_set(err, RC_DENIED, "http is for this machine only, use https");
    return RC_OK;
}

/* The rule of model/symbol.h, which config, a neighbour, may not include; a test holds the two
 * together. */
static bool
ticker_valid(const char *s)
{
    size_t len = strlen(s);
    if (len == 0 || len > 10 || s[0] == '.' || s[0] == '-') return false;
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == len;
}

enum { FRACTIONS_MAX = 8 }; /* as many as a position record holds */

static bool
list_has(const struct name_list *list, const char *name)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->item[i], name)) return true;
    return false;
}

/* Commas, semicolons and white space separate; upper case; each name once. */
static enum rc
parse_list(const char *text, struct arena *a, struct text *dropped, struct name_list *ret_list,
           struct err *err)
{
    struct name_list list = {.item = ARENA_NEW(a, char *, CONFIG_LIST_MAX)};
    while (*(text += strspn(text, ",; \t\r\n")) != '\0') {
        size_t n = strcspn(text, ",; \t\r\n");
        char *name = arena_strndup(a, text, n);
        text += n;
        str_upper(name);
        if (!ticker_valid(name)) {
            if (dropped == NULL) return err_set(err, RC_RANGE, "\"%.20s\" is no symbol", name);
            text_printf(dropped, "%s\"%.20s\"", dropped->len == 0 ? "" : " ", name);
            continue;
        }
        if (list_has(&list, name)) continue;
        if (list.len == CONFIG_LIST_MAX)
            return err_set(err, RC_RANGE, "more than %d symbols", CONFIG_LIST_MAX);
        list.item[list.len++] = name;
    }
    if (list.len == 0) return err_set(err, RC_RANGE, "no symbol in it");
    *ret_list = list;
    return RC_OK;
}

static bool
is_fractions(const struct config_row *row)
{
    return str_eq(row->unit, "fractions");
}

/* Numbers by their place: none may be left out, and two may be equal. */
static enum rc
parse_fractions(const struct config_row *row, const char *text, struct arena *a,
                struct name_list *ret_list, struct err *err)
{
    struct name_list list = {.item = ARENA_NEW(a, char *, CONFIG_LIST_MAX)};

    while (*(text += strspn(text, ",; \t\r\n")) != '\0') {
        size_t n = strcspn(text, ",; \t\r\n");
        char *number = arena_strndup(a, text, n);
        double x = 0;
        text += n;
        if (!str_to_f64(number, &x))
            return err_set(err, RC_PARSE, "\"%.20s\" is no number", number);
        if (!(x >= row->min && x <= row->max))
            return err_set(err, RC_RANGE, "%.20s is outside %g to %g", number, row->min, row->max);
        if (list.len == FRACTIONS_MAX)
            return err_set(err, RC_RANGE, "more than %d numbers", FRACTIONS_MAX);
        list.item[list.len++] = number;
    }
    if (list.len == 0) return err_set(err, RC_RANGE, "no number in it");
    *ret_list = list;
    return RC_OK;
}

static const char *
join_list(const struct name_list *list, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    for (size_t i = 0; i < list->len; i++)
        text_printf(&t, "%s%s", i == 0 ? "" : ",", list->item[i]);
    return arena_strndup(a, text_str(&t), t.len);
}

static enum rc
parse_bool(const char *text, bool *ret_value, struct err *err)
{
    if (str_to_bool(text, ret_value)) return RC_OK;
    return err_set(err, RC_PARSE, "is neither true nor false");
}

static enum rc
check_bounds(const struct config_row *row, double value, struct err *err)
{
    if (value >= row->min && value <= row->max) return RC_OK;
    return err_set(err, RC_RANGE, "is outside %.15g to %.15g", row->min, row->max);
}

static enum rc
parse_i64(const struct config_row *row, const char *text, int64_t *ret_value, struct err *err)
{
    if (!str_to_i64(text, ret_value)) return err_set(err, RC_PARSE, "is no whole number");
    return check_bounds(row, (double)*ret_value, err);
}

static enum rc
parse_f64(const struct config_row *row, const char *text, double *ret_value, struct err *err)
{
    if (!str_to_f64(text, ret_value)) return err_set(err, RC_PARSE, "is no number");
    return check_bounds(row, *ret_value, err);
}

enum rc
config_value_set(const struct config_row *row, const char *text, struct arena *a,
                 struct text *dropped, struct config *cfg, const char **ret_text, struct err *err)
{
    union {
        const char *str;
        struct name_list list;
        bool boolean;
        int64_t i64;
        double f64;
    } v = {0};
    size_t size = 0;
    enum rc rc = RC_OK;
    char *own = arena_strdup(a, text);
    str_trim(own);
    const char *accepted = own;

    switch (row->kind) {
    case CONFIG_STR:
    case CONFIG_SECRET:
        rc = check_str(row, own, a, &accepted, err);
        v.str = accepted;
        size = sizeof v.str;
        break;
    case CONFIG_URL:
    case CONFIG_SECRET_URL:
        rc = check_url(row, own, err);
        v.str = own;
        size = sizeof v.str;
        break;
    case CONFIG_LIST:
        rc = is_fractions(row) ? parse_fractions(row, own, a, &v.list, err)
                               : parse_list(own, a, dropped, &v.list, err);
        if (rc == RC_OK) accepted = join_list(&v.list, a);
        size = sizeof v.list;
        break;
    case CONFIG_BOOL:
        rc = parse_bool(own, &v.boolean, err);
        accepted = v.boolean ? "true" : "false";
        size = sizeof v.boolean;
        break;
    case CONFIG_I64:
        rc = parse_i64(row, own, &v.i64, err);
        size = sizeof v.i64;
        break;
    case CONFIG_F64:
        rc = parse_f64(row, own, &v.f64, err);
        size = sizeof v.f64;
        break;
    }
    if (rc != RC_OK) return rc;
    memcpy((char *)cfg + row->offset, &v, size);
    *ret_text = accepted;
    return RC_OK;
}

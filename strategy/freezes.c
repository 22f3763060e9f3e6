#include "strategy/risk.h"

#include <ctype.h>

static const char *
value_text(const struct json *v, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_value(&o, NULL, v);
    return arena_strndup(a, text_str(&t), t.len);
}

static struct freeze
freeze_decode(const struct json *v, const struct zone *ny, struct arena *a)
{
    struct freeze f = {.text = value_text(v, a)};

    (void)str_copy(f.key, sizeof(f.key),
                   json_key(v)); /* a long key is cut, and freezes all the same */
    if (json_kind(v) == JSON_BOOL) {
        f.is_active = json_is_true(v);
        return f;
    }
    f.is_active = json_bool(v, "active", false);
    f.is_day_scoped = str_eq(json_str(v, "scope", ""), "day");
    (void)str_copy(f.reason, sizeof(f.reason), json_str(v, "reason", ""));
    int64_t at_ns = when_parse_or_none(json_str(v, "timestamp", ""));
    if (at_ns != WHEN_NONE) f.ny_date = zone_date(ny, at_ns);
    return f;
}

enum rc
freezes_decode(const struct json *doc, const struct zone *ny, struct arena *a,
               struct freezes *ret_freezes, struct err *err)
{
    if (!json_is_object(doc)) return err_set(err, RC_PARSE, "freezes: not an object");
    if (json_len(doc) > FREEZES_MAX)
        return err_set(err, RC_RANGE, "freezes: more than %d keys", FREEZES_MAX);

    struct freezes list = {.is_known = true, .freeze = ARENA_NEW(a, struct freeze, json_len(doc))};
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
        if (json_kind(v) != JSON_BOOL && !json_is_object(v)) continue;
        list.freeze[list.len++] = freeze_decode(v, ny, a);
    }
    *ret_freezes = list;
    return RC_OK;
}

bool
freeze_has_run_out(const struct freeze *f, struct date ny_date)
{
    return f->is_active && f->is_day_scoped && f->ny_date.year != 0 &&
           date_cmp(f->ny_date, ny_date) < 0;
}

bool
freeze_in_force(const struct freeze *f, struct date ny_date)
{
    return f->is_active && !freeze_has_run_out(f, ny_date);
}

const struct freeze *
freezes_first_in_force(const struct freezes *list, struct date ny_date)
{
    for (size_t i = 0; i < list->len; i++) {
        if (freeze_in_force(&list->freeze[i], ny_date)) return &list->freeze[i];
    }
    return NULL;
}

void
freeze_key_of(const char *reason, char ret_key[FREEZE_KEY_MAX])
{
    (void)str_copy(ret_key, FREEZE_KEY_MAX, reason);
    for (char *c = ret_key; *c != '\0'; c++) {
        *c = isspace((unsigned char)*c) ? '_' : (char)tolower((unsigned char)*c);
    }
}

#include "config/internal.h"

#include "base/json.h"

enum {
    VALUE_WIDTH_MAX = 40 /* longer ones are cut in the table; the JSON form has all of it */
};

/* One printed line. */
struct shown {
    const char *cell[4]; /* name, value, unit, source */
    const char *meaning;
};

static const char *
source_text(const struct setting *s, struct arena *a)
{
    switch (s->source) {
    case CONFIG_DEFAULT:
        return "default";
    case CONFIG_YAML:
    case CONFIG_ENV_FILE:
        return arena_printf(a, "%s:%d", s->file, s->line);
    case CONFIG_ENV:
        return "environment";
    }
    return "";
}

static const char *
source_kind(enum config_source source)
{
    switch (source) {
    case CONFIG_DEFAULT:
        return "default";
    case CONFIG_YAML:
        return "yaml";
    case CONFIG_ENV_FILE:
        return "env_file";
    case CONFIG_ENV:
        return "environment";
    }
    return "";
}

static const char *
cut(const char *value, struct arena *a)
{
    if (strlen(value) <= VALUE_WIDTH_MAX) return value;
    return arena_printf(a, "%.*s...", VALUE_WIDTH_MAX - 3, value);
}

static void
put_line(struct text *to, const struct shown *line, const size_t width[4])
{
    for (size_t i = 0; i < 4; i++)
        text_printf(to, "%-*s  ", (int)width[i], line->cell[i]);
    text_printf(to, "%s\n", line->meaning);
}

static void
show_table(const struct config *c, struct text *to)
{
    struct arena a = {0};
    struct shown lines[CONFIG_ROWS + 1] = {
        {{"NAME", "VALUE", "UNIT", "SOURCE"}, "MEANING"}
    };
    size_t width[4] = {0};
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        const struct config_row *row = &config_rows[i];
        lines[i + 1] = (struct shown){
            {row->name, cut(config_text(c, row->name), &a), row->unit,
             source_text(&c->store->settings[i], &a)},
            row->meaning,
        };
    }
    for (size_t i = 0; i <= CONFIG_ROWS; i++)
        for (size_t k = 0; k < 4; k++)
            width[k] = MAX(width[k], strlen(lines[i].cell[k]));
    for (size_t i = 0; i <= CONFIG_ROWS; i++)
        put_line(to, &lines[i], width);
    arena_done(&a);
}

static void
show_json(const struct config *c, struct text *to)
{
    struct json_out o = {.to = to};
    json_out_obj(&o, NULL);
    json_out_str(&o, "root", c->root);
    json_out_arr(&o, "settings");
    for (size_t i = 0; i < CONFIG_ROWS; i++) {
        const struct config_row *row = &config_rows[i];
        const struct setting *s = &c->store->settings[i];
        json_out_obj(&o, NULL);
        json_out_str(&o, "name", row->name);
        json_out_str(&o, "value", config_text(c, row->name));
        json_out_str(&o, "unit", row->unit);
        json_out_str(&o, "source", source_kind(s->source));
        if (s->line > 0) {
            json_out_str(&o, "file", s->file);
            json_out_i64(&o, "line", s->line);
        }
        json_out_str(&o, "default", row->dflt);
        json_out_str(&o, "meaning", row->meaning);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
    text_putc(to, '\n');
}

void
config_show(const struct config *c, struct text *to, bool as_json)
{
    if (as_json)
        show_json(c, to);
    else
        show_table(c, to);
}

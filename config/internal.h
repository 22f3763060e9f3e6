/*
 * config, inside: what the sources say, and what became of it.
 */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include "base/arena.h"
#include "config/config.h"
#include "config/env_file.h"

enum config_kind {
    CONFIG_STR,
    CONFIG_SECRET,
    CONFIG_URL,
    CONFIG_SECRET_URL,
    CONFIG_LIST,
    CONFIG_BOOL,
    CONFIG_I64,
    CONFIG_F64
};

/* One row of config.def. */
struct config_row {
    const char *name;
    size_t offset; /* of the field in struct config */
    enum config_kind kind;
    const char *dflt;
    double min, max;
    const char *unit, *meaning;
};

enum {
    CONFIG_FILE_MAX = 1 << 20, /* bytes of a settings or environment file */
    CONFIG_LIST_MAX = 1000,    /* symbols of a list                       */
    CONFIG_ISSUES_MAX = 64
};

/* CONFIG_ROW_<name> for every row. */
enum config_row_id {
#define CONFIG(name, field, kind, dflt, min, max, unit, meaning) CONFIG_ROW_##name,
#include "config/config.def"
#undef CONFIG
    CONFIG_ROWS
};

extern const struct config_row config_rows[CONFIG_ROWS];

/* A text that a source gives for a setting; text is NULL where it says nothing. */
struct config_given {
    const char *text;
    const char *file; /* "" for the environment */
    int line;         /* 0 for the environment  */
};

/* What stands in the end. */
struct setting {
    const char *text; /* as accepted: trimmed, lists joined by commas */
    enum config_source source;
    const char *file;
    int line;
};

struct config_store {
    struct arena arena;
    struct config_given given[CONFIG_ROWS][CONFIG_ENV + 1]; /* by row and enum config_source */
    struct setting settings[CONFIG_ROWS];
    struct config_issue issues[CONFIG_ISSUES_MAX];
    size_t issues_len;
    struct env_file env_file;
};

/* ---- value.c ------------------------------------------------------------------------------- */

bool config_row_is_secret(const struct config_row *row);

/* The row with that name or alias, NULL where there is none. */
const struct config_row *config_row_find(const char *name);

/* A second name of the row, NULL for most. */
const char *config_row_alias(const struct config_row *row);

/* Does the text count as given?  An empty one only where the default is empty and no secret. */
bool config_text_counts(const struct config_row *row, const char *text);

/*
 * Converts the text and writes the field.
 *
 * ret_text   the text as accepted, in the arena
 * dropped    what a list names and is no symbol is added here and left out; NULL: it is an error
 */
enum rc config_value_set(const struct config_row *row, const char *text, struct arena *a,
                         struct text *dropped, struct config *cfg, const char **ret_text,
                         struct err *err) MUST_USE;

/* ---- config_yaml.c ------------------------------------------------------------------------- */

/* Fills given[..][CONFIG_YAML] from the bytes of the file; words begin with "<path>: line N". */
enum rc config_yaml_load(struct config_store *st, const char *path, const char *bytes, size_t len,
                         struct err *err) MUST_USE;

#endif

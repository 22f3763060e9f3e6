#include "intel/schema.h"

#include <math.h>

enum { ROWS_CHECKED = 20, RECORDS_CHECKED = 10 };

/* What is asked of one member; a path is a key, or _meta.key, or "" for the document itself. */
enum demand {
    OBJECT,
    ARRAY,
    TEXT,
    BOOLEAN,
    INTEGER,          /* written without a point; true and false pass */
    INSTANT,          /* text with a T, and a + or a Z at its end     */
    PRESENT,          /* there, be it null                            */
    SAYS_SOMETHING,   /* truthy                                       */
    NUMERIC_IF_THERE, /* absent passes, null does not                 */
    STATUS,           /* healthy, warning or critical                 */
    SYMBOL_ROWS,      /* the first rows are objects with a symbol     */
    RECORDS,          /* the first members are objects with `keys`    */
};

struct rule {
    const char *path;
    enum demand demand;
    const char *const *keys; /* of RECORDS, ends with NULL */
};

static const char *const premarket_keys[] = {"flow_strength", "darkpool_bias", "sentiment", NULL};
static const char *const postmarket_keys[] = {"sentiment", NULL};

static const struct rule universe_rules[] = {
    {"symbols", ARRAY,       NULL},
    {"symbols", SYMBOL_ROWS, NULL},
    {NULL,      PRESENT,     NULL}
};
static const struct rule universe_v2_rules[] = {
    {"symbols",       ARRAY,       NULL},
    {"symbols",       SYMBOL_ROWS, NULL},
    {"_meta.version", PRESENT,     NULL},
    {NULL,            PRESENT,     NULL}
};
static const struct rule premarket_rules[] = {
    {"_meta.uw_intel_version", PRESENT, NULL          },
    {"symbols",                OBJECT,  NULL          },
    {"symbols",                RECORDS, premarket_keys},
    {NULL,                     PRESENT, NULL          }
};
static const struct rule postmarket_rules[] = {
    {"_meta.uw_intel_version", PRESENT, NULL           },
    {"symbols",                OBJECT,  NULL           },
    {"symbols",                RECORDS, postmarket_keys},
    {NULL,                     PRESENT, NULL           }
};
static const struct rule usage_rules[] = {
    {"date",          PRESENT, NULL},
    {"calls_today",   INTEGER, NULL},
    {"minute_window", ARRAY,   NULL},
    {"by_endpoint",   OBJECT,  NULL},
    {NULL,            PRESENT, NULL}
};
static const struct rule regime_rules[] = {
    {"regime_label",      TEXT,             NULL},
    {"regime_confidence", NUMERIC_IF_THERE, NULL},
    {NULL,                PRESENT,          NULL}
};
static const struct rule by_feature_rules[] = {
    {"by_feature", OBJECT,  NULL},
    {NULL,         PRESENT, NULL}
};
static const struct rule health_rules[] = {
    {"checks", ARRAY,   NULL},
    {NULL,     PRESENT, NULL}
};
static const struct rule daemon_rules[] = {
    {"timestamp",       INSTANT, NULL},
    {"pid_ok",          BOOLEAN, NULL},
    {"lock_ok",         BOOLEAN, NULL},
    {"poll_fresh",      BOOLEAN, NULL},
    {"crash_loop",      BOOLEAN, NULL},
    {"endpoint_errors", BOOLEAN, NULL},
    {"status",          STATUS,  NULL},
    {"details",         OBJECT,  NULL},
    {NULL,              PRESENT, NULL}
};
static const struct rule shadow_trade_rules[] = {
    {"ts",         INSTANT, NULL},
    {"event_type", PRESENT, NULL},
    {"symbol",     PRESENT, NULL},
    {"v2_score",   PRESENT, NULL},
    {NULL,         PRESENT, NULL}
};
static const struct rule exit_attribution_rules[] = {
    {"symbol",             SAYS_SOMETHING, NULL},
    {"timestamp",          INSTANT,        NULL},
    {"entry_timestamp",    SAYS_SOMETHING, NULL},
    {"exit_reason",        TEXT,           NULL},
    {"v2_exit_score",      PRESENT,        NULL},
    {"v2_exit_components", OBJECT,         NULL},
    {NULL,                 PRESENT,        NULL}
};
static const struct rule by_exit_reason_rules[] = {
    {"by_exit_reason", OBJECT,  NULL},
    {NULL,             PRESENT, NULL}
};
static const struct rule symbols_rules[] = {
    {"symbols", OBJECT,  NULL},
    {NULL,      PRESENT, NULL}
};

/* Every document is an object; a state file of a runner also tells when it was made. */
static const struct rule document_rule = {"", OBJECT, NULL};
static const struct rule meta_rules[] = {
    {"_meta",    OBJECT,  NULL},
    {"_meta.ts", INSTANT, NULL},
    {NULL,       PRESENT, NULL}
};
static const struct rule no_meta_rules[] = {
    {NULL, PRESENT, NULL}
};

static const struct schema_row {
    const char *name;
    const struct rule *meta, *rules; /* in this order, both end without a path */
} schemas[SCHEMAS_LEN] = {
    [SCHEMA_DAILY_UNIVERSE] = {"daily_universe",         meta_rules,    universe_rules        },
    [SCHEMA_CORE_UNIVERSE] = {"core_universe",          meta_rules,    universe_rules        },
    [SCHEMA_DAILY_UNIVERSE_V2] = {"daily_universe_v2",      meta_rules,    universe_v2_rules     },
    [SCHEMA_PREMARKET_INTEL] = {"premarket_intel",        meta_rules,    premarket_rules       },
    [SCHEMA_POSTMARKET_INTEL] = {"postmarket_intel",       meta_rules,    postmarket_rules      },
    [SCHEMA_UW_USAGE_STATE] = {"uw_usage_state",         no_meta_rules, usage_rules           },
    [SCHEMA_REGIME_STATE] = {"regime_state",           meta_rules,    regime_rules          },
    [SCHEMA_UW_INTEL_PNL_SUMMARY] = {"uw_intel_pnl_summary",   meta_rules,    by_feature_rules      },
    [SCHEMA_INTEL_HEALTH_STATE] = {"intel_health_state",     meta_rules,    health_rules          },
    [SCHEMA_UW_DAEMON_HEALTH_STATE] = {"uw_daemon_health_state", no_meta_rules, daemon_rules          },
    [SCHEMA_SHADOW_TRADE] = {"shadow_trade",           no_meta_rules, shadow_trade_rules    },
    [SCHEMA_EXIT_ATTRIBUTION] = {"exit_attribution",       no_meta_rules, exit_attribution_rules},
    [SCHEMA_EXIT_INTEL_PNL_SUMMARY] = {"exit_intel_pnl_summary", meta_rules,    by_exit_reason_rules  },
    [SCHEMA_PREMARKET_EXIT_INTEL] = {"premarket_exit_intel",   meta_rules,    symbols_rules         },
    [SCHEMA_POSTMARKET_EXIT_INTEL] = {"postmarket_exit_intel",  meta_rules,    symbols_rules         },
};

const char *
schema_name(enum schema s)
{
    return schemas[s].name;
}

bool
schema_from_name(const char *name, enum schema *ret_schema)
{
    for (int s = 0; s < SCHEMAS_LEN; s++) {
        if (!str_eq(name, schemas[s].name)) continue;
        *ret_schema = (enum schema)s;
        return true;
    }
    return false;
}

/* ---- what a value must be ------------------------------------------------------------------ */

/* The value at the path, be it null; NULL where there is none. */
static const struct json *
value_at(const struct json *doc, const char *path)
{
    static const char meta[] = "_meta.";

    if (path[0] == '\0') return doc;
    if (!str_starts(path, meta)) return json_member(doc, path);
    return json_member(json_member(doc, "_meta"), path + strlen(meta));
}

static bool
is_instant(const char *s)
{
    return s != NULL && strchr(s, 'T') != NULL && (strchr(s, '+') != NULL || str_ends(s, "Z"));
}

static bool
is_status(const char *s)
{
    return str_eq(s, "healthy") || str_eq(s, "warning") || str_eq(s, "critical");
}

static bool
are_symbol_rows(const struct json *rows)
{
    int n = 0;

    for (const struct json *v = json_first(rows); v != NULL && n < ROWS_CHECKED;
         v = json_next(v), n++) {
        if (!json_truthy(json_get(v, "symbol"))) return false;
    }
    return true;
}

static bool
are_records(const struct json *members, const char *const *keys)
{
    int n = 0;

    for (const struct json *v = json_first(members); v != NULL && n < RECORDS_CHECKED;
         v = json_next(v), n++) {
        for (size_t i = 0; keys[i] != NULL; i++) {
            if (json_member(v, keys[i]) == NULL) return false;
        }
    }
    return true;
}

static bool
meets(const struct json *v, const struct rule *r)
{
    switch (r->demand) {
    case OBJECT:
        return json_is_object(v);
    case ARRAY:
        return json_is_array(v);
    case TEXT:
        return json_string(v) != NULL;
    case BOOLEAN:
        return json_kind(v) == JSON_BOOL;
    case INTEGER:
        return json_is_whole(v) || json_kind(v) == JSON_BOOL;
    case INSTANT:
        return is_instant(json_string(v));
    case PRESENT:
        return v != NULL;
    case SAYS_SOMETHING:
        return json_truthy(v);
    case NUMERIC_IF_THERE:
        return v == NULL || !isnan(json_f64_of(v, (double)NAN));
    case STATUS:
        return is_status(json_string(v));
    case SYMBOL_ROWS:
        return are_symbol_rows(v);
    case RECORDS:
        return are_records(v, r->keys);
    }
    return false;
}

static const char *
demand_words(enum demand d)
{
    static const char *const words[] = {
        [OBJECT] = "is no object",
        [ARRAY] = "is no array",
        [TEXT] = "is no text",
        [BOOLEAN] = "is not true or false",
        [INTEGER] = "is no integer",
        [INSTANT] = "is no instant",
        [PRESENT] = "is missing",
        [SAYS_SOMETHING] = "is missing or says nothing",
        [NUMERIC_IF_THERE] = "is no number",
        [STATUS] = "is not healthy, warning or critical",
        [SYMBOL_ROWS] = "has a row without a symbol",
        [RECORDS] = "has a record that lacks a member",
    };
    return words[d];
}

/* The first rule that is not met; NULL where all are. */
static const struct rule *
broken(const struct rule *r, const struct json *doc)
{
    while (r->path != NULL && meets(value_at(doc, r->path), r))
        r++;
    return r->path != NULL ? r : NULL;
}

enum rc
schema_check(enum schema s, const struct json *doc, struct err *err)
{
    const struct schema_row *row = &schemas[s];
    const struct rule *r = meets(doc, &document_rule) ? broken(row->meta, doc) : &document_rule;

    if (r == NULL) r = broken(row->rules, doc);
    if (r == NULL) return RC_OK;
    return err_set(err, RC_PARSE, "%s: %s %s", row->name,
                   r->path[0] != '\0' ? r->path : "the document", demand_words(r->demand));
}

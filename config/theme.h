/*
 * theme: which symbols move together, and how much of them may be held at once (spec 10 R5.17).
 *
 * The theme of a symbol is what theme_map.json (an object symbol -> theme) says where that file
 * exists; else the theme of theme_risk.json whose list names it; else "general".  The settings of
 * theme_risk.json win over MAX_THEME_NOTIONAL_USD and ENABLE_THEME_RISK of the configuration (spec
 * 10 R9.2):
 *
 *   {"settings": {"ENABLE_THEME_RISK": true, "MAX_THEME_NOTIONAL_USD": 150000},
 *    "theme_limits": {"Tech_Growth": {"symbols": ["AAPL", "MSFT"]}}}
 */
#ifndef CONFIG_THEME_H
#define CONFIG_THEME_H

#include "base/arena.h"
#include "base/err.h"

enum { THEME_SYMBOLS_MAX = 10000 };

struct theme_entry {
    const char *symbol, *theme;
    size_t rank; /* place in the file: a symbol of two themes belongs to the first */
};

struct themes {
    bool is_enabled;
    double limit_usd;          /* of one theme: the sum of |market value| of its open positions */
    struct theme_entry *entry; /* ascending by symbol */
    size_t len;
    struct arena arena;
};

struct theme_source {
    const char *risk; /* bytes of theme_risk.json, NULL where there is no such file */
    size_t risk_len;
    const char *map; /* bytes of theme_map.json, NULL likewise */
    size_t map_len;
    bool is_enabled;  /* ENABLE_THEME_RISK      */
    double limit_usd; /* MAX_THEME_NOTIONAL_USD */
};

/* Gives a table for themes_done.  RC_PARSE or RC_RANGE name the file and what is wrong with it. */
enum rc themes_parse(const struct theme_source *src, struct themes *ret_themes,
                     struct err *err) MUST_USE;
void themes_done(struct themes *t);

/* Never NULL; "general" where nothing names the symbol. */
const char *theme_of(const struct themes *t, const char *symbol);

#endif

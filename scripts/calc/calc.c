#include "scripts/calc/calc.h"

#include "strategy/decide.h"

#include "base/when.h"

static const struct calc CALCS[] = {
    {"composite-v1",      "the composite score of one symbol",                  CALC_COMPOSITE_V1_KEYS,
     calc_composite_v1                                                                                                            },
    {"enrich-v1",         "a symbol of the flow cache, enriched for the score", CALC_ENRICH_V1_KEYS,
     calc_enrich_v1                                                                                                               },
    {"flow-clusters",     "clusters of raw flow alerts",                        CALC_FLOW_CLUSTERS_KEYS,     calc_flow_clusters   },
    {"entry-gates-v1",    "the gates an entry must pass",                       ENTRY_GATES_CALC_HELP,       entry_gates_calc     },
    {"size-v1",           "how many shares an entry asks for",                  SIZE_CALC_HELP,              size_calc            },
    {"exit-v1",           "whether a position is closed, and why",              EXIT_CALC_HELP,              exit_calc            },
    {"displacement-v1",   "which position gives way to a candidate",            DISPLACEMENT_CALC_HELP,
     displacement_calc                                                                                                            },
    {"exit-score-v2",     "how much of what spoke for a v2 entry is gone",      CALC_EXIT_SCORE_V2_KEYS,
     calc_exit_score_v2                                                                                                           },
    {"profit-target-v2",  "where a v2 position takes its profit",               CALC_PROFIT_TARGET_V2_KEYS,
     calc_profit_target_v2                                                                                                        },
    {"stop-price-v2",     "where a v2 position takes its loss",                 CALC_STOP_PRICE_V2_KEYS,
     calc_stop_price_v2                                                                                                           },
    {"replacement-v2",    "whether a candidate replaces a v2 position",         CALC_REPLACEMENT_V2_KEYS,
     calc_replacement_v2                                                                                                          },
    {"exit-intel-flags",  "what is known of a held symbol outside the session",
     CALC_EXIT_INTEL_FLAGS_KEYS,                                                                             calc_exit_intel_flags},
    {"exit-intel-pnl",    "what the v2 exits of a day earned",                  CALC_EXIT_INTEL_PNL_KEYS,
     calc_exit_intel_pnl                                                                                                          },
    {"entry-gate-v2",     "the gate a v2 score must pass",                      CALC_ENTRY_GATE_V2_KEYS,     calc_entry_gate_v2   },
    {"shadow-pnl",        "what a paper trade earned",                          CALC_SHADOW_PNL_KEYS,        calc_shadow_pnl      },
    {"position-size",     "the size of a paper entry by the equity",            CALC_POSITION_SIZE_KEYS,
     calc_position_size                                                                                                           },
    {"shadow-decision",   "one step of the shadow: records and positions",      CALC_SHADOW_DECISION_KEYS,
     calc_shadow_decision                                                                                                         },
    {"sector",            "the sector of a symbol and its weights",             CALC_SECTOR_KEYS,            calc_sector          },
    {"regime",            "the regime label of posture and market",             CALC_REGIME_KEYS,            calc_regime          },
    {"regime-alignment",  "how a direction fits a regime",                      CALC_REGIME_ALIGNMENT_KEYS,
     calc_regime_alignment                                                                                                        },
    {"market-context",    "trend and fear of the market",                       CALC_MARKET_CONTEXT_KEYS,
     calc_market_context                                                                                                          },
    {"structural-regime", "the regime of a series of returns",                  CALC_STRUCTURAL_REGIME_KEYS,
     calc_structural_regime                                                                                                       },
    {"posture",           "what regime and market lean to",                     CALC_POSTURE_KEYS,           calc_posture         },
    {"risk-features",     "volatility and beta of daily closes",                CALC_RISK_FEATURES_KEYS,
     calc_risk_features                                                                                                           },
    {"universe-score",    "the rank of a symbol in the universe",               CALC_UNIVERSE_SCORE_KEYS,
     calc_universe_score                                                                                                          },
    {"universe-score-v2", "the same with sector and regime",                    CALC_UNIVERSE_SCORE_V2_KEYS,
     calc_universe_score_v2                                                                                                       },
    {"universe-build",    "the three universes of a day",                       CALC_UNIVERSE_BUILD_KEYS,
     calc_universe_build                                                                                                          },
    {"premarket-intel",   "a symbol's UW record before the open",               CALC_PREMARKET_INTEL_KEYS,
     calc_premarket_intel                                                                                                         },
    {"postmarket-intel",  "a symbol's UW record after the close",               CALC_POSTMARKET_INTEL_KEYS,
     calc_postmarket_intel                                                                                                        },
    {"composite-v2",      "the v2 score of one symbol, and its attribution",    CALC_COMPOSITE_V2_KEYS,
     calc_composite_v2                                                                                                            },
    {"sizing-overlay",    "a quantity changed by the overlay",                  CALC_SIZING_OVERLAY_KEYS,
     calc_sizing_overlay                                                                                                          },
    {"v2-families",       "the families that adjusted a score",                 CALC_V2_FAMILIES_KEYS,       calc_v2_families     },
    {"intel-pnl",         "what the UW features of a day earned",               CALC_INTEL_PNL_KEYS,         calc_intel_pnl       },
    {"tuning-nudge",      "advice for a feature's weight",                      CALC_TUNING_NUDGE_KEYS,      calc_tuning_nudge    },
    {"schema-check",      "whether a document is valid",                        CALC_SCHEMA_CHECK_KEYS,      calc_schema_check    },
    {"ab-ledger-merge",   "a hypothetical order into the A/B ledger",           CALC_AB_LEDGER_MERGE_KEYS,
     calc_ab_ledger_merge                                                                                                         },
    {"ab-ledger-tick",    "one tick of the A/B ledger",                         CALC_AB_LEDGER_TICK_KEYS,    calc_ab_ledger_tick  },
};

enum { CALC_OK = 0, CALC_BAD_LINE = 1, CALC_USAGE = 2 };

const struct calc *
calc_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(CALCS); i++) {
        if (str_eq(CALCS[i].name, name)) return &CALCS[i];
    }
    return NULL;
}

enum rc
calc_need_time(const struct json *in, const char *key, int64_t *ret_ns, struct err *err)
{
    const struct json *v = json_get(in, key);
    int64_t at_ns = WHEN_NONE;

    if (v == NULL) return err_set(err, RC_PARSE, "\"%s\" is missing", key);
    if (json_string(v) != NULL) at_ns = when_parse_or_none(json_string(v));
    if (json_kind(v) == JSON_NUMBER) at_ns = when_from_s_f64(json_f64_of(v, 0));
    if (at_ns == WHEN_NONE)
        return err_set(err, RC_PARSE, "\"%s\" is neither an ISO instant nor seconds since 1970",
                       key);
    *ret_ns = at_ns;
    return RC_OK;
}

/* ---- one line ------------------------------------------------------------------------------ */

static enum rc
compute(const struct calc *c, const char *line, size_t len, struct text *to, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct json_out o = {.to = to};

    enum rc rc = json_parse(line, len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, err);
    if (rc != RC_OK) return rc;
    if (!json_is_object(doc)) return err_set(err, RC_PARSE, "not an object");
    return c->run(doc, &o, err);
}

static void
write_error(struct text *to, const struct err *err)
{
    struct json_out o = {.to = to};

    text_clear(to);
    json_out_obj(&o, NULL);
    json_out_str(&o, "error", err->text);
    json_out_end(&o);
}

static bool
is_blank(const char *line, size_t len)
{
    return strspn(line, " \t\r\n") >= len;
}

static int
run_lines(const struct calc *c, FILE *in, FILE *out)
{
    CLEANUP(text_free) struct text result = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    int status = CALC_OK;

    while ((len = getline(&line, &room, in)) >= 0) {
        struct err err = {0};
        if (is_blank(line, (size_t)len)) continue;
        text_clear(&result);
        if (compute(c, line, (size_t)len, &result, &err) != RC_OK) {
            write_error(&result, &err);
            status = CALC_BAD_LINE;
        }
        (void)fprintf(out, "%s\n", text_str(&result)); /* ferror() below tells */
    }
    free(line);
    return status;
}

/* ---- the command --------------------------------------------------------------------------- */

static int
usage(FILE *to, int status)
{
    (void)fputs("usage: stockbot calc NAME < in.jsonl > out.jsonl\n"
                "       stockbot calc --list\n"
                "       stockbot calc --describe NAME\n"
                "\n"
                "One pure computation by name: a line of JSON in, a line of JSON out, in the same "
                "order.\n"
                "A line that cannot be computed gives {\"error\": ...} in its place.\n"
                "\n"
                "  --list           the names, and what each computes\n"
                "  --describe NAME  the members it reads and writes\n"
                "  --help\n",
                to);
    return status;
}

static int
unknown(const char *name, FILE *errf)
{
    (void)fprintf(errf, "stockbot calc: no computation is called %s; see stockbot calc --list\n",
                  name);
    return CALC_USAGE;
}

static int
finish(int status, FILE *in, FILE *out, FILE *errf)
{
    if (fflush(out) != 0 || ferror(out) != 0) {
        (void)fputs("stockbot calc: the output could not be written\n", errf);
        return CALC_BAD_LINE;
    }
    if (ferror(in) != 0) {
        (void)fputs("stockbot calc: the input could not be read to its end\n", errf);
        return CALC_BAD_LINE;
    }
    return status;
}

static void
list(FILE *out)
{
    for (size_t i = 0; i < COUNT_OF(CALCS); i++)
        (void)fprintf(out, "%-18s %s\n", CALCS[i].name, CALCS[i].what);
}

int
calc_main(int argc, char **argv, FILE *in, FILE *out, FILE *errf)
{
    const char *first = argc > 1 ? argv[1] : "";
    bool is_describe = argc == 3 && str_eq(first, "--describe");

    if (argc == 2 && str_eq(first, "--list")) {
        list(out);
        return finish(CALC_OK, in, out, errf);
    }
    if (argc == 2 && str_eq(first, "--help")) return finish(usage(out, CALC_OK), in, out, errf);
    if (str_starts(first, "-") && !is_describe) {
        (void)fprintf(errf, "stockbot calc: %s: no such option, or not with these arguments\n",
                      first);
        return usage(errf, CALC_USAGE);
    }
    if (!is_describe && argc != 2) return usage(errf, CALC_USAGE);

    const char *name = is_describe ? argv[2] : first;
    const struct calc *c = calc_find(name);
    if (c == NULL) return unknown(name, errf);
    if (!is_describe) return finish(run_lines(c, in, out), in, out, errf);
    (void)fprintf(out, "%s: %s\n\n%s", c->name, c->what, c->describe);
    return finish(CALC_OK, in, out, errf);
}

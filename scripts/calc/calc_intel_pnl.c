/* What v2 earned, what is valid, and the small rules beside, by name: spec 30 9.14, 9.22, 9.24,
 * 9.26, 9.27, 9.29, 9.30. */
#include "scripts/calc/calc.h"

#include "intel/schema.h"
#include "intel/tuning.h"
#include "shadow/ab_json.h"
#include "shadow/size.h"
#include "shadow/uw_json.h"

/* ---- sizing-overlay, v2-families ----------------------------------------------------------- */

const char CALC_SIZING_OVERLAY_KEYS[] = "in\n"
                                        "  base_qty        integer  0\n"
                                        "  sizing_overlay  number   0\n"
                                        "\n"
                                        "out\n"
                                        "  qty, within 60 % and 140 % of base_qty\n";

enum rc
calc_sizing_overlay(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    int64_t base_qty = 0;

    (void)ops_int(json_get(in, "base_qty"), &base_qty); /* none is 0 */
    json_out_obj(o, NULL);
    json_out_f64(o, "qty",
                 shadow_overlaid_qty((double)base_qty, json_f64(in, "sizing_overlay", 0)));
    json_out_end(o);
    return RC_OK;
}

const char CALC_V2_FAMILIES_KEYS[] = "in\n"
                                     "  adjustments  object  {}\n"
                                     "\n"
                                     "out\n"
                                     "  families of the adjustments above 1e-9, sorted\n";

enum rc
calc_v2_families(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    bool has[SHADOW_FAMILIES_LEN] = {false};

    shadow_families_decode(json_get_obj(in, "adjustments"), has);
    json_out_obj(o, NULL);
    json_out_arr(o, "families");
    for (int f = 0; f < SHADOW_FAMILIES_LEN; f++) {
        if (has[f]) json_out_str(o, NULL, shadow_family_name((enum shadow_family)f));
    }
    json_out_end(o);
    json_out_end(o);
    return RC_OK;
}

/* ---- intel-pnl, tuning-nudge --------------------------------------------------------------- */

const char CALC_INTEL_PNL_KEYS[] =
    "in\n"
    "  date         YYYY-MM-DD; needed\n"
    "  attribution, exits, exit_attribution, shadow\n"
    "               arrays: records of the four logs; missing: no such file\n"
    "\n"
    "out\n"
    "  counts, by_feature\n";

static void
learn_all(const struct json *in, const char *day, struct pnl_table *t)
{
    static const struct log {
        const char *key;
        enum pnl_source source;
    } logs[] = {
        {"exits",            PNL_EXITS           },
        {"exit_attribution", PNL_EXIT_ATTRIBUTION},
        {"shadow",           PNL_SHADOW          },
    };

    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        const struct json *v = json_first(json_get_arr(in, logs[i].key));
        for (; v != NULL; v = json_next(v)) {
            struct symbol_pnl p;
            if (symbol_pnl_is_of(v, day) && symbol_pnl_decode(v, logs[i].source, t->arena, &p))
                pnl_learn(t, &p);
        }
    }
}

enum rc
calc_intel_pnl(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct pnl_table t = {.arena = &a};
    struct intel_pnl sums = {0};
    const char *day = json_str(in, "date", NULL);

    if (day == NULL) return err_set(err, RC_PARSE, "\"date\" is missing");
    learn_all(in, day, &t);
    for (const struct json *v = json_first(json_get_arr(in, "attribution")); v != NULL;
         v = json_next(v)) {
        if (!attribution_is_of(v, day)) continue;
        struct intel_attribution record = attribution_decode(v, &a);
        intel_pnl_count(&sums, &record, &t);
    }
    json_out_obj(o, NULL);
    intel_pnl_write_members(o, &sums, INTEL_PNL_PLAIN);
    json_out_end(o);
    return RC_OK;
}

const char CALC_TUNING_NUDGE_KEYS[] = "in\n"
                                      "  win_rate     number  0\n"
                                      "  avg_pnl_pct  number  0\n"
                                      "\n"
                                      "out\n"
                                      "  delta: advice for the weight of a feature\n";

enum rc
calc_tuning_nudge(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    json_out_obj(o, NULL);
    json_out_f64(o, "delta",
                 tuning_nudge(json_f64(in, "win_rate", 0), json_f64(in, "avg_pnl_pct", 0)));
    json_out_end(o);
    return RC_OK;
}

/* ---- schema-check -------------------------------------------------------------------------- */

const char CALC_SCHEMA_CHECK_KEYS[] =
    "in\n"
    "  kind  text  needed: daily_universe, core_universe, daily_universe_v2, premarket_intel,\n"
    "              postmarket_intel, uw_usage_state, regime_state, uw_intel_pnl_summary,\n"
    "              intel_health_state, uw_daemon_health_state, shadow_trade, exit_attribution,\n"
    "              exit_intel_pnl_summary, premarket_exit_intel, postmarket_exit_intel\n"
    "  doc   any   null\n"
    "\n"
    "out\n"
    "  ok\n";

enum rc
calc_schema_check(const struct json *in, struct json_out *o, struct err *err)
{
    enum schema kind = SCHEMA_DAILY_UNIVERSE;

    if (!schema_from_name(json_str(in, "kind", ""), &kind))
        return err_set(err, RC_PARSE, "\"kind\" is no kind of document");
    json_out_obj(o, NULL);
    json_out_bool(o, "ok", schema_check(kind, json_get(in, "doc"), NULL) == RC_OK);
    json_out_end(o);
    return RC_OK;
}

/* ---- ab-ledger-merge, ab-ledger-tick ------------------------------------------------------- */

const char CALC_AB_LEDGER_MERGE_KEYS[] = "in\n"
                                         "  positions    array    []\n"
                                         "  symbol       text     needed\n"
                                         "  qty          integer  0\n"
                                         "  entry_price  number   0\n"
                                         "  entry_ts     text     \"\"\n"
                                         "  side         text     \"\"  short and sell are short\n"
                                         "\n"
                                         "out\n"
                                         "  positions after the hypothetical order\n";

enum rc
calc_ab_ledger_merge(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct ab_book book = ab_book_decode(json_get(in, "positions"), &a);
    char number[F64_TEXT_MAX];
    const char *entry_ts = arena_strdup(&a, ops_str(json_get(in, "entry_ts"), "", number));
    char *symbol = arena_strdup(&a, ops_str(json_get(in, "symbol"), "", number));
    int64_t qty = 0;

    str_upper(symbol);
    if (symbol[0] == '\0') return err_set(err, RC_PARSE, "\"symbol\" is missing");
    (void)ops_int(json_get(in, "qty"), &qty); /* none is 0 */
    struct ab_fill fill = {
        .position =
            {
                       .symbol = symbol,
                       .side = ab_side_from(json_str(in, "side", "")),
                       .qty = (double)qty,
                       .entry_price = json_f64(in, "entry_price", 0),
                       .entered_ns = when_parse_or_none(entry_ts),
                       },
        .entry_ts = entry_ts,
    };
    struct ab_merge m = ab_merge(book.position, book.len, &fill.position);

    json_out_obj(o, NULL);
    ab_merge_write(o, "positions", &book, &fill, &m);
    json_out_end(o);
    return RC_OK;
}

const char CALC_AB_LEDGER_TICK_KEYS[] =
    "in\n"
    "  now           ISO text or seconds since 1970; needed\n"
    "  positions     array    []\n"
    "  prices        object   {}  symbol to price\n"
    "  directions    object   {}  symbol to bullish or bearish\n"
    "  posture       text     \"\"\n"
    "  enable_exits  boolean  false\n"
    "\n"
    "out\n"
    "  positions after the tick, events: the records of logs/shadow.jsonl\n";

static void
tick_position(struct json_out *o, const struct json *in, const struct ab_report *with,
              struct ab_look *ret_look)
{
    enum ab_event event[AB_EVENTS_MAX];
    const char *symbol = with->position->symbol;
    struct ab_seen seen = *with->seen;
    struct ab_report r = *with;

    seen.price = json_f64(json_get_obj(in, "prices"), symbol, 0);
    seen.direction = json_str(json_get_obj(in, "directions"), symbol, "");
    *ret_look = ab_look_at(r.position, &seen);
    r.seen = &seen;
    r.look = ret_look;
    size_t len = ab_events_of(ret_look, event);
    for (size_t i = 0; i < len; i++)
        ab_event_write(o, NULL, event[i], &r);
}

enum rc
calc_ab_ledger_tick(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct ab_book book = ab_book_decode(json_get(in, "positions"), &a);
    struct ab_look *look = ARENA_NEW(&a, struct ab_look, book.len);
    struct ab_seen seen = {
        .posture = json_str(in, "posture", ""),
        .may_exit = json_truthy(json_get(in, "enable_exits")),
    };

    enum rc rc = calc_need_time(in, "now", &seen.now_ns, err);
    if (rc != RC_OK) return rc;
    json_out_obj(o, NULL);
    json_out_arr(o, "events");
    if (book.len > 0) ab_tick_write(o, NULL, book.len, seen.now_ns);
    for (size_t i = 0; i < book.len; i++) {
        struct ab_report r = {&book.position[i], book.record[i], &seen, NULL};
        tick_position(o, in, &r, &look[i]);
    }
    json_out_end(o);
    json_out_arr(o, "positions");
    for (size_t i = 0; i < book.len; i++) {
        if (look[i].act == AB_NO_PRICE || look[i].act == AB_MARKED)
            json_out_value(o, NULL, book.record[i]);
    }
    json_out_end(o);
    json_out_end(o);
    return RC_OK;
}

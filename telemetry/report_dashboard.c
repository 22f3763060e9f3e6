#include "telemetry/report.h"

enum { CHECKS_SHOWN_MAX = 12, TOP_MAX = 5, FEATURES_MAX = 6 };

/* Where a document is not there: who makes it. */
static bool
is_there(struct paper *p, const struct json *doc, const char *what, const char *maker)
{
    if (doc == NULL) paper_item(p, "%s: not available; %s makes it", what, maker);
    return doc != NULL;
}

static const struct json *
meta_of(const struct json *doc, const char *key)
{
    return json_get(json_get_obj(doc, "_meta"), key);
}

/* ---- 1 to 3 -------------------------------------------------------------------------------- */

static void
universe(struct paper *p, const struct json *doc, const char *what)
{
    char buf[REPORT_TEXT_MAX];

    if (!is_there(p, doc, what, "build-daily-universe")) return;
    paper_item(p, "%s: symbols %zu, version %s", what, json_len(json_get(doc, "symbols")),
               report_text(meta_of(doc, "version"), buf));
}

static void
intel(struct paper *p, const struct json *doc, const char *what, const char *maker)
{
    char buf[REPORT_TEXT_MAX];

    if (!is_there(p, doc, what, maker)) return;
    paper_item(p, "%s: symbols %zu, version %s", what, json_len(json_get(doc, "symbols")),
               report_text(meta_of(doc, "uw_intel_version"), buf));
}

static void
world(struct paper *p, const struct dashboard *d)
{
    paper_heading(p, 2, "1. Universe Overview");
    universe(p, d->daily_universe, "daily_universe");
    universe(p, d->daily_universe_v2, "daily_universe_v2");
    paper_heading(p, 2, "2. Premarket/Postmarket Intel");
    intel(p, d->premarket, "premarket_intel", "run-premarket-intel");
    intel(p, d->postmarket, "postmarket_intel", "run-postmarket-intel");
    paper_heading(p, 2, "3. Regime & Sector Profiles");
    if (!is_there(p, d->regime, "regime_state", "run-regime-detector")) return;
    report_item(p, "regime_label", json_get(d->regime, "regime_label"));
    report_item(p, "regime_confidence", json_get(d->regime, "regime_confidence"));
    report_item(p, "version", meta_of(d->regime, "version"));
}

/* ---- 4, 5 ---------------------------------------------------------------------------------- */

static void
intel_pnl(struct paper *p, const struct json *doc)
{
    static const struct paper_column columns[] = {
        {"feature",         false},
        {"win_rate (0-1)",  true },
        {"avg_pnl_pct (%)", true },
        {"avg_score_delta", true }
    };
    const struct json *counts = json_get_obj(doc, "counts");
    const struct json *feature = json_first(json_get_obj(doc, "by_feature"));

    paper_heading(p, 2, "5. UW Intel P&L Summary");
    if (!is_there(p, doc, "uw_intel_pnl_summary", "run-daily-intel-pnl")) return;
    report_item(p, "date", meta_of(doc, "date"));
    report_item(p, "attribution_records", json_get(counts, "attribution_records"));
    report_item(p, "matched_to_pnl", json_get(counts, "matched_to_pnl"));
    if (feature == NULL) return;
    paper_table(p, columns, COUNT_OF(columns));
    for (; feature != NULL; feature = json_next(feature)) {
        paper_cell(p, "%s", json_key(feature));
        report_cell(p, json_get(feature, "win_rate"));
        report_cell(p, json_get(feature, "avg_pnl_pct"));
        report_cell(p, json_get(feature, "avg_score_delta"));
    }
    paper_table_end(p);
}

/* ---- 6, 7 ---------------------------------------------------------------------------------- */

static void
intel_health(struct paper *p, const struct json *doc)
{
    static const struct paper_column columns[] = {
        {"check",  false},
        {"status", false}
    };
    const struct json *checks = json_get_arr(doc, "checks");
    size_t shown = 0;

    paper_heading(p, 2, "6. Health & Self-Healing Status");
    if (!is_there(p, doc, "intel_health_state", "run-intel-health-checks")) return;
    paper_item(p, "intel health: %s", json_bool(doc, "ok", false) ? "OK" : "NOT_OK");
    paper_item(p, "checks: %zu", json_len(checks));
    if (json_len(checks) == 0) return;
    paper_table(p, columns, COUNT_OF(columns));
    for (const struct json *c = json_first(checks); c != NULL && shown < CHECKS_SHOWN_MAX;
         c = json_next(c), shown++) {
        report_cell(p, json_get(c, "name"));
        report_cell(p, json_get(c, "status"));
    }
    paper_table_end(p);
}

static void
endpoint_errors(struct paper *p, const struct json *doc, const struct json *details)
{
    const struct json *v = json_first(json_get_obj(details, "endpoint_error_counts"));

    report_item(p, "endpoint_errors", json_get(doc, "endpoint_errors"));
    for (; v != NULL; v = json_next(v))
        report_item(p, json_key(v), v);
}

static void
daemon_health(struct paper *p, const struct json *doc)
{
    const struct json *details = json_get_obj(doc, "details");
    const struct json *heal = json_get_obj(details, "self_heal");

    paper_heading(p, 2, "7. UW Flow Daemon Health");
    if (!is_there(p, doc, "uw_daemon_health_state", "run-daemon-health-check")) return;
    report_item(p, "status", json_get(doc, "status"));
    report_item(p, "pid_ok", json_get(doc, "pid_ok"));
    report_item(p, "exec_main_pid", json_get(details, "exec_main_pid"));
    report_item(p, "lock_ok", json_get(doc, "lock_ok"));
    report_item(p, "lock_pid", json_get(details, "lock_pid"));
    report_item(p, "lock_held", json_get(details, "lock_held"));
    report_item(p, "poll_fresh", json_get(doc, "poll_fresh"));
    report_item(p, "flow_cache_age_sec (s)", json_get(details, "flow_cache_age_sec"));
    report_item(p, "crash_loop", json_get(doc, "crash_loop"));
    report_item(p, "n_restarts", json_get(details, "n_restarts"));
    endpoint_errors(p, doc, details);
    report_item(p, "self-heal attempted", json_get(heal, "attempted"));
    report_item(p, "self-heal success", json_get(heal, "success"));
}

/* ---- 8 ------------------------------------------------------------------------------------- */

static void
scores(struct paper *p, const char *what, const struct score_range *r)
{
    if (r->n == 0)
        paper_item(p, "%s range: none", what);
    else
        paper_item(p, "%s range: %.2f to %.2f (n=%lld)", what, r->min, r->max, (long long)r->n);
}

static void
most(struct paper *p, const char *what, const struct counts *t, size_t max, struct arena *a)
{
    CLEANUP(text_free) struct text line = {0};
    const struct count_row **row = counts_sorted(t, COUNTS_MOST, a);

    for (size_t i = 0; i < MIN(t->len, max); i++)
        text_printf(&line, "%s%s %lld", i > 0 ? ", " : "", row[i]->key, (long long)row[i]->n);
    paper_item(p, "%s: %s", what, line.len > 0 ? text_str(&line) : "none");
}

static void
ranked(struct paper *p, const char *what, const struct ranking *r)
{
    CLEANUP(text_free) struct text line = {0};
    char buf[PAPER_NUMBER_MAX];

    for (size_t i = 0; i < r->len; i++)
        text_printf(&line, "%s%s %s", i > 0 ? ", " : "", r->row[i].name,
                    paper_number(r->row[i].value, buf));
    paper_item(p, "%s: %s", what, line.len > 0 ? text_str(&line) : "none");
}

static void
shadow(struct paper *p, const struct dashboard *d, struct arena *a,
       const struct report_about *about)
{
    const struct candidates *c = &d->candidates;

    paper_heading(p, 2, "8. Shadow Trading Snapshot (v2)");
    if (report_lacks(about, "logs/shadow_trades.jsonl"))
        (void)is_there(p, NULL, "logs/shadow_trades.jsonl", "trading_engine");
    paper_item(p, "candidates of the day: %lld", (long long)c->n);
    most(p, "symbols with the most candidates", &c->by_symbol, TOP_MAX, a);
    ranked(p, "top by v2_score", &c->top);
    ranked(p, "bottom by v2_score", &c->bottom);
    scores(p, "v2_score", &c->v2);
    scores(p, "v1_score", &c->v1);
    report_item(p, "regime", json_get(d->regime, "regime_label"));
    most(p, "features by use", &c->by_feature, FEATURES_MAX, a);
}

/* ---- 9, 10 --------------------------------------------------------------------------------- */

static void
exits(struct paper *p, const struct json *doc)
{
    static const struct paper_column columns[] = {
        {"exit reason",    false},
        {"n",              true },
        {"win_rate (0-1)", true },
        {"avg_pnl (USD)",  true }
    };
    const struct json *reason = json_first(json_get_obj(doc, "by_exit_reason"));
    const struct json *stats = json_first(json_get_obj(doc, "exit_score_stats"));
    const struct json *bin = json_first(json_get_obj(doc, "time_in_trade_bins"));
    char name[REPORT_TEXT_MAX];

    paper_heading(p, 2, "9. Exit Intelligence Snapshot (v2)");
    if (!is_there(p, doc, "exit_intel_pnl_summary", "run-exit-intel-pnl")) return;
    report_item(p, "date", meta_of(doc, "date"));
    report_item(p, "exit_attributions", json_get(json_get_obj(doc, "counts"), "exit_attributions"));
    for (; stats != NULL; stats = json_next(stats)) {
        (void)snprintf(name, sizeof(name), "exit score %s", json_key(stats));
        report_item(p, name, stats);
    }
    for (; bin != NULL; bin = json_next(bin)) {
        (void)snprintf(name, sizeof(name), "held %s", json_key(bin));
        report_item(p, name, bin);
    }
    if (reason == NULL) return;
    paper_table(p, columns, COUNT_OF(columns));
    for (; reason != NULL; reason = json_next(reason)) {
        paper_cell(p, "%s", json_key(reason)[0] != '\0' ? json_key(reason) : "UNKNOWN");
        report_cell(p, json_get(reason, "n"));
        report_cell(p, json_get(reason, "win_rate"));
        report_cell(p, json_get(reason, "avg_pnl"));
    }
    paper_table_end(p);
}

static void
pack(struct paper *p, const struct dashboard *d, const char *day)
{
    bool is_critical = str_eq(json_str(d->daemon_health, "status", ""), "critical");
    bool is_not_ok = d->intel_health != NULL && !json_bool(d->intel_health, "ok", false);

    paper_heading(p, 2, "10. Post-Close Analysis Pack");
    paper_item(p, "folder: analysis_packs/%s/", day);
    paper_item(p, "summary: analysis_packs/%s/MASTER_SUMMARY_%s.md", day, day);
    paper_item(p, "critical flags: %s%s%s%s", is_critical ? "daemon_health=critical" : "",
               is_critical && is_not_ok ? ", " : "", is_not_ok ? "intel_health=not_ok" : "",
               is_critical || is_not_ok ? "" : "none");
}

void
report_dashboard(struct paper *p, const struct dashboard *d, struct arena *a,
                 const struct report_about *about)
{
    paper_title(p, "Intel Dashboard", about->day);
    report_inputs(p, about);
    world(p, d);
    paper_heading(p, 2, "4. UW Attribution Highlights (tail)");
    report_tail_show(p, &d->recent);
    intel_pnl(p, d->intel_pnl);
    intel_health(p, d->intel_health);
    daemon_health(p, d->daemon_health);
    shadow(p, d, a, about);
    exits(p, d->exit_pnl);
    pack(p, d, about->day);
}

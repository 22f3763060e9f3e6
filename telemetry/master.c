#include "telemetry/master.h"

#include <math.h>

enum { SECTORS_MAX = 8, SYMBOLS_MAX = 10, ONLY_MAX = 30, FEATURES_SHOWN = 6, ALARMS_MAX = 8 };

static void
show_charts(struct paper *p, const struct master_charts *c, enum master_place place)
{
    for (size_t i = 0; i < c->len; i++) {
        const struct master_chart *m = &c->chart[i];
        if (m->place == place) paper_chart(p, m->file, m->title, &m->for_page, m->is_small);
    }
}

/* ---- 2.1, 2.2 ------------------------------------------------------------------------------ */

static void
overview(struct paper *p, const struct master *m, const struct master_charts *charts)
{
    paper_heading(p, 2, "2.1. Overview");
    paper_item(p, "date: %s (UTC day; the session of that date in New York)%s", m->day,
               m->is_mock ? "; made-up input (mock)" : "");
    paper_item(p, "v1: live; v2: shadow only, it sends no order");
    paper_item(p, "daemon status: %s", json_str(m->daemon_health, "status", "missing"));
    paper_item(p, "intel health: %s",
               m->intel_health == NULL                   ? "missing"
               : json_bool(m->intel_health, "ok", false) ? "OK"
                                                         : "not OK");
    show_charts(p, charts, MASTER_OF_OVERVIEW);
}

/* context.sector, else sector, else sector_label (spec 40 5.6, C-19). */
static const char *
sector_of(const struct json *row, char buf[F64_TEXT_MAX])
{
    static const char *const keys[] = {"sector", "sector_label"};
    const struct json *v = json_get(json_get_obj(row, "context"), "sector");

    if (!json_truthy(v)) v = ops_first(row, keys, COUNT_OF(keys));
    return ops_str(v, "UNKNOWN", buf);
}

static void
sectors(struct paper *p, const struct counts *by_sector, struct arena *a)
{
    CLEANUP(text_free) struct text line = {0};
    const struct count_row **row = counts_sorted(by_sector, COUNTS_MOST, a);

    for (size_t i = 0; i < MIN(by_sector->len, (size_t)SECTORS_MAX); i++)
        text_printf(&line, "%s%s %lld", i > 0 ? ", " : "", row[i]->key, (long long)row[i]->n);
    paper_item(p, "sectors by symbols: %s", line.len > 0 ? text_str(&line) : "none");
}

static void
best_symbols(struct paper *p, const struct ranking *best)
{
    static const struct paper_column columns[] = {
        {"symbol",         false},
        {"universe score", true },
        {"sector",         false}
    };
    char buf[PAPER_NUMBER_MAX];

    if (best->len == 0) return;
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < best->len; i++) {
        paper_cell(p, "%s", best->row[i].name);
        paper_cell(p, "%s", paper_number(round_dec(best->row[i].value, 4), buf));
        paper_cell(p, "%s", best->row[i].note);
    }
    paper_table_end(p);
}

static void
universe(struct paper *p, const struct master *m, struct arena *a)
{
    const struct json *symbols = json_get_arr(m->universe_v2, "symbols");
    struct counts by_sector = {0};
    struct ranking best = {.max = SYMBOLS_MAX};
    char buf[F64_TEXT_MAX];

    paper_heading(p, 2, "2.2. Universe & Regime Context");
    for (const struct json *s = json_first(symbols); s != NULL; s = json_next(s)) {
        struct ranked r = {.value = json_f64(s, "score", 0)};
        (void)str_copy(r.note, sizeof(r.note), sector_of(s, buf));
        counts_at(&by_sector, r.note, a)->n++;
        (void)str_copy(r.name, sizeof(r.name), ops_str(json_get(s, "symbol"), "UNKNOWN", buf));
        ranking_take(&best, RANK_LARGEST, &r);
    }
    paper_item(p, "v2 universe: %zu symbols%s", json_len(symbols),
               m->universe_v2 == NULL ? " (no document; build-daily-universe makes it)" : "");
    sectors(p, &by_sector, a);
    report_item(p, "regime", json_get(m->regime, "regime_label"));
    report_item(p, "regime confidence (0-1)", json_get(m->regime, "regime_confidence"));
    report_item(p, "regime version", json_get(json_get_obj(m->regime, "_meta"), "version"));
    best_symbols(p, &best);
}

/* ---- 2.3 ----------------------------------------------------------------------------------- */

static bool
is_in(const char *const *list, size_t len, const char *name)
{
    size_t lo = 0, hi = len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(list[mid], name);
        if (order == 0) return true;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

struct names {
    const char **name; /* ascending */
    size_t len;
};

static void
only_in(struct paper *p, const char *what, const struct names *these, const struct names *those)
{
    CLEANUP(text_free) struct text line = {0};
    size_t only = 0;

    for (size_t i = 0; i < these->len; i++) {
        if (is_in(those->name, those->len, these->name[i])) continue;
        if (only++ < ONLY_MAX) text_printf(&line, "%s%s", line.len > 0 ? ", " : "", these->name[i]);
    }
    paper_item(p, "%s: %zu%s%s%s", what, only, only > 0 ? " (" : "", text_str(&line),
               only > ONLY_MAX ? ", …)"
               : only > 0      ? ")"
                               : "");
}

static void
behaviour(struct paper *p, const struct master *m, const struct report_about *about,
          const struct master_charts *charts, struct arena *a)
{
    const struct day_view *v = m->facts->view;
    struct names v1 = {day_facts_symbols(m->facts, v->v1_symbols, a), v->v1_symbols->len};
    struct names v2 = {NULL, m->candidates->traded.len};

    v2.name = ARENA_NEW(a, const char *, v2.len + 1);
    for (size_t i = 0; i < v2.len; i++)
        v2.name[i] = m->candidates->traded.row[i].key;
    paper_heading(p, 2, "2.3. v1 vs v2 Behavior Snapshot (best-effort)");
    paper_item(p, "v1 records: %lld, of %zu symbols", (long long)v->v1_records, v1.len);
    if (report_lacks(about, "logs/shadow_trades.jsonl"))
        paper_item(p, "v2 candidates: unknown, their log is missing");
    else
        paper_item(p, "v2 candidates: %lld, entries: %lld, exits: %lld, of %zu symbols",
                   (long long)m->candidates->n, (long long)m->candidates->entries,
                   (long long)m->candidates->exits, v2.len);
    only_in(p, "symbols only in v2", &v2, &v1);
    only_in(p, "symbols only in v1", &v1, &v2);
    show_charts(p, charts, MASTER_OF_SCORES);
}

/* ---- 2.4 to 2.6 ---------------------------------------------------------------------------- */

/* False after it was said. */
static bool
is_usable(struct paper *p, const struct master *m, const struct json *doc, const char *maker)
{
    if (doc == NULL)
        paper_say(p, "not available: %s makes it", maker);
    else if (!master_is_of_day(m, doc))
        paper_say(p, "not available: the summary is of %s; %s --date %s makes it anew",
                  json_str(json_get_obj(doc, "_meta"), "date", "another day"), maker, m->day);
    return doc != NULL && master_is_of_day(m, doc);
}

static void
feature_ranking(struct paper *p, const char *title, const struct json *by_feature,
                enum ranking_end end)
{
    static const struct paper_column columns[] = {
        {"feature",         false},
        {"avg_pnl_pct (%)", true },
        {"n",               true }
    };
    const struct json *best[FEATURES_SHOWN];
    size_t len = 0;
    char buf[PAPER_NUMBER_MAX];

    for (const struct json *f = json_first(by_feature); f != NULL; f = json_next(f)) {
        double pct = json_f64(f, "avg_pnl_pct", 0);
        size_t at = len;
        while (at > 0 && (end == RANK_LARGEST ? pct > json_f64(best[at - 1], "avg_pnl_pct", 0)
                                              : pct < json_f64(best[at - 1], "avg_pnl_pct", 0)))
            at--;
        if (at == FEATURES_SHOWN) continue;
        len = MIN(len + 1, (size_t)FEATURES_SHOWN);
        for (size_t i = len - 1; i > at; i--)
            best[i] = best[i - 1];
        best[at] = f;
    }
    paper_say(p, "%s:", title); /* no heading: those are fixed */
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < len; i++) {
        double pct = round_dec(json_f64(best[i], "avg_pnl_pct", 0), 6);
        paper_cell(p, "%s", json_key(best[i]));
        paper_cell(p, "%s", paper_number(pct, buf));
        report_cell(p, json_get(best[i], "n"));
    }
    paper_table_end(p);
}

static void
entries(struct paper *p, const struct master *m, const struct master_charts *charts)
{
    const struct json *by_feature = json_get_obj(m->intel_pnl, "by_feature");

    paper_heading(p, 2, "2.4. v2 Entry Intelligence Summary (best-effort)");
    if (is_usable(p, m, m->intel_pnl, "run-daily-intel-pnl")) {
        if (json_len(by_feature) == 0) {
            paper_say(p, "no attribution record matched a P&L of the day");
        } else {
            feature_ranking(p, "Best features", by_feature, RANK_LARGEST);
            feature_ranking(p, "Worst features", by_feature, RANK_SMALLEST);
        }
    }
    show_charts(p, charts, MASTER_OF_FEATURES);
}

static void
exits(struct paper *p, const struct master *m)
{
    static const struct paper_column columns[] = {
        {"exit reason",    false},
        {"n",              true },
        {"win_rate (0-1)", true },
        {"avg_pnl (USD)",  true }
    };
    const struct json *reason = json_first(json_get_obj(m->exit_pnl, "by_exit_reason"));

    paper_heading(p, 2, "2.5. v2 Exit Intelligence Summary (best-effort)");
    if (!is_usable(p, m, m->exit_pnl, "run-exit-intel-pnl")) return;
    if (reason == NULL) {
        paper_say(p, "no exit of the day");
        return;
    }
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
paper_pnl(struct paper *p, const struct master *m)
{
    const struct json *overall = json_get_obj(m->exit_pnl, "overall");

    paper_heading(p, 2, "2.6. v2 Paper P&L Snapshot (best-effort)");
    if (!is_usable(p, m, m->exit_pnl, "run-exit-intel-pnl")) return;
    report_item(p, "exits", json_get(overall, "n"));
    report_item(p, "with a known P&L", json_get(overall, "n_with_pnl"));
    report_item(p, "total_pnl (USD)", json_get(overall, "total_pnl"));
    report_item(p, "avg_pnl (USD)", json_get(overall, "avg_pnl"));
    report_item(p, "win_rate (0-1)", json_get(overall, "win_rate"));
}

/* ---- 2.7, 2.8, appendix -------------------------------------------------------------------- */

static void
alarms(struct paper *p, const struct pulse *pulse, struct arena *a)
{
    static const struct paper_column columns[] = {
        {"warning or error", false},
        {"n",                true },
        {"of them errors",   true }
    };
    const struct count_row **row = counts_sorted(&pulse->alarms, COUNTS_MOST, a);

    if (pulse->alarms.len == 0) return;
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < MIN(pulse->alarms.len, (size_t)ALARMS_MAX); i++) {
        paper_cell(p, "%s", row[i]->key);
        paper_cell(p, "%lld", (long long)row[i]->n);
        paper_cell(p, "%lld", (long long)row[i]->wins);
    }
    paper_table_end(p);
}

static void
health(struct paper *p, const struct master *m, struct arena *a)
{
    const struct json *doc = m->daemon_health, *details = json_get_obj(doc, "details");
    const struct json *storm = json_get_obj(details, "restart_storm");
    const struct json *errors = json_first(json_get_obj(details, "endpoint_error_counts"));

    paper_heading(p, 2, "2.7. Health & Reliability");
    paper_item(p, "daemon status: %s", json_str(doc, "status", "missing"));
    report_item(p, "pid_ok", json_get(doc, "pid_ok"));
    report_item(p, "lock_ok", json_get(doc, "lock_ok"));
    report_item(p, "poll_fresh", json_get(doc, "poll_fresh"));
    report_item(p, "restart storm", json_get(storm, "detected"));
    report_item(p, "restarts counted", json_get(storm, "count"));
    for (; errors != NULL; errors = json_next(errors))
        report_item(p, json_key(errors), errors);
    report_item(p, "intel health ok", json_get(m->intel_health, "ok"));
    paper_item(p, "intel health checks: %zu", json_len(json_get_arr(m->intel_health, "checks")));
    for (size_t i = 0; i < m->steps_len; i++) {
        if (!m->step[i].is_ok)
            paper_item(p, "step %s failed: %s", m->step[i].name, m->step[i].said);
    }
    alarms(p, m->pulse, a);
}

static void
checklists(struct paper *p)
{
    static const char *const lists[] = {"Ready because", "Not ready because", "Open questions"};
    enum { LINES = 2 };

    paper_heading(p, 2, "2.8. Promotion Readiness Notes (human-facing)");
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        paper_say(p, "%s:", lists[i]);
        for (int line = 0; line < LINES; line++)
            paper_to_do(p, "%s", "");
    }
}

void
master_write(struct paper *p, const struct master *m, const struct master_charts *charts,
             struct arena *a, const struct report_about *about)
{
    paper_title(p, "MASTER SUMMARY", m->day);
    master_head(p, m, about);
    overview(p, m, charts);
    universe(p, m, a);
    behaviour(p, m, about, charts, a);
    entries(p, m, charts);
    exits(p, m);
    paper_pnl(p, m);
    health(p, m, a);
    checklists(p);
    paper_heading(p, 2, "Appendix: Pack Manifest (what was captured)");
    report_inputs(p, about);
    paper_code(p, m->manifest, m->manifest_len);
}

#include "analytics/artifacts.h"
#include "scripts/report/pack.h"

/* ---- logs ---------------------------------------------------------------------------------- */

struct listening {
    struct pulse *pulse;
    struct arena *keys;
};

static void
take_cycle(void *ctx, const struct json *record, struct arena *scratch)
{
    struct listening *l = ctx;

    (void)scratch;
    pulse_take_cycle(l->pulse, record);
}

static void
take_event(void *ctx, const struct json *record, struct arena *scratch)
{
    struct listening *l = ctx;

    (void)scratch;
    pulse_take_event(l->pulse, record, l->keys);
}

static void
listen(struct report_run *r, struct pulse *pulse)
{
    const char *day = r->job->date_text;
    struct listening l = {pulse, &r->arena};

    pulse_init(pulse, day);
    report_read(r, &(struct report_log){"logs/run.jsonl", "trading_engine", day, take_cycle, &l});
    report_read(
        r, &(struct report_log){"logs/system_events.jsonl", "every program", day, take_event, &l});
}

/* The value curves of the day as a document; NULL where there are none. */
static struct json *
value_curves(const struct day_view *view)
{
    CLEANUP(doc_free) struct doc doc = {0};
    struct json *curves = NULL;
    struct err ignored = {0};

    artifact_value_curves(view, &doc, NULL);
    if (doc_close(&doc, false, &ignored) != RC_OK ||
        json_parse(text_str(&doc.text), doc.text.len, JSON_STRICT, &JSON_LIMITS_FILE, &curves,
                   &ignored) != RC_OK)
        return NULL;
    return curves;
}

/* ---- documents ----------------------------------------------------------------------------- */

static void
load(struct report_run *r, struct master *m)
{
    m->universe_v2 = report_doc(r, "state/daily_universe_v2.json", "build-daily-universe");
    m->regime = report_doc(r, "state/regime_state.json", "run-regime-detector");
    m->intel_pnl = report_doc(r, "state/uw_intel_pnl_summary.json", "run-daily-intel-pnl");
    m->exit_pnl = report_doc(r, "state/exit_intel_pnl_summary.json", "run-exit-intel-pnl");
    m->daemon_health =
        report_doc(r, "state/uw_daemon_health_state.json", "run-daemon-health-check");
    m->intel_health = report_doc(r, "state/intel_health_state.json", "run-intel-health-checks");
}

static int
ny_offset_min(const struct job *job)
{
    int64_t noon_ns = date_to_days(job->date) * NS_PER_DAY + NS_PER_DAY / 2;
    struct civil ny = zone_local(job->runner.ny, noon_ns);

    return (ny.hour - 12) * 60 + ny.minute;
}

static void
name_steps(const struct pack *p, struct master_step step[PACK_STEPS])
{
    for (size_t i = 0; i < p->steps_len; i++) {
        step[i] = (struct master_step){.name = p->step[i].name, .is_ok = p->step[i].is_ok};
        (void)str_copy(step[i].said, sizeof(step[i].said), text_str(&p->step[i].said));
    }
}

/* ---- pictures and pages -------------------------------------------------------------------- */

static enum rc
put_charts(struct pack *p, const struct master_charts *charts, struct err *err)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; rc == RC_OK && i < charts->len; i++)
        rc = pack_put(p, charts->chart[i].file, &charts->chart[i].for_file, err);
    return rc;
}

static enum rc
put_pages(struct pack *p, struct paper *paper, struct err *err)
{
    CLEANUP(text_free) struct text page = {0}, title = {0};
    const char *day = p->job->date_text;
    struct arena *a = &p->run.arena;

    text_printf(&title, "Stockbot %s", day);
    paper_page(paper, text_str(&title), &page);
    enum rc rc = pack_put(p, arena_printf(a, "MASTER_SUMMARY_%s.html", day), &page, err);
    return rc == RC_OK ? pack_put(p, arena_printf(a, "MASTER_SUMMARY_%s.md", day), &paper->md, err)
                       : rc;
}

enum rc
pack_summarize(struct pack *p, struct err *err)
{
    CLEANUP(report_day_done) struct report_day day;
    CLEANUP(paper_done) struct paper paper = {0};
    CLEANUP(master_charts_done) struct master_charts charts = {0};
    struct master_step step[PACK_STEPS];
    struct candidates candidates = {0};
    struct report_run *r = &p->run;
    struct pulse *pulse = ARENA_NEW(&r->arena, struct pulse, 1);
    struct master m = {.day = p->job->date_text,
                       .pulse = pulse,
                       .candidates = &candidates,
                       .step = step,
                       .steps_len = p->steps_len,
                       .manifest = text_str(&p->manifest),
                       .manifest_len = p->manifest.len,
                       .ny_offset_min = ny_offset_min(p->job),
                       .is_mock = p->job->is_mock};

    load(r, &m);
    listen(r, pulse);
    report_day_candidates(r, &candidates);
    report_day_read(r, &day, REPORT_DAY_ALL);
    CLEANUP(json_freep) struct json *curves = value_curves(day.view);
    struct day_facts facts = day_facts_take(day.view, &r->arena);
    name_steps(p, step);
    m.facts = &facts;
    m.value_curves = curves;
    struct report_about about = report_about(r);
    master_draw(&m, &charts);
    master_write(&paper, &m, &charts, &r->arena, &about);
    enum rc rc = put_charts(p, &charts, err);
    return rc == RC_OK ? put_pages(p, &paper, err) : rc;
}

#include <math.h>

#include "telemetry/master.h"

bool
master_is_of_day(const struct master *m, const struct json *summary)
{
    return str_eq(json_str(json_get_obj(summary, "_meta"), "date", ""), m->day);
}

static const char *
signed_usd(double amount, char buf[PAPER_NUMBER_MAX])
{
    (void)paper_usd(amount, buf);
    if (!(amount > 0)) return buf;
    memmove(buf + 1, buf, strlen(buf) + 1); /* such a number is never as long as its room */
    buf[0] = '+';
    return buf;
}

/* Adds to a line of several things. */
#define ADD(line, ...)                                                                             \
    do {                                                                                           \
        if ((line)->len > 0) text_puts((line), "; ");                                              \
        text_printf((line), __VA_ARGS__);                                                          \
    } while (0)

/* ---- what happened ------------------------------------------------------------------------- */

static enum tone
tone_of(const struct day_side *s)
{
    return s->closed == 0 ? TONE_PLAIN : s->pnl_usd < 0 ? TONE_WARN : TONE_GOOD;
}

/* A log that is not there counts nothing, and that is not the same as none. */
static const char V1_LOG[] = "logs/attribution.jsonl", V2_LOG[] = "logs/shadow_trades.jsonl",
                  CYCLE_LOG[] = "logs/run.jsonl";

static void
live_line(struct paper *p, const struct master *m, const struct report_about *about)
{
    CLEANUP(text_free) struct text line = {0};
    const struct day_side *live = &m->facts->live;
    double first = m->pulse->equity_first_usd, last = m->pulse->equity_last_usd;
    char a[PAPER_NUMBER_MAX], b[PAPER_NUMBER_MAX], c[PAPER_NUMBER_MAX];

    if (live->closed == 0 && report_lacks(about, V1_LOG))
        ADD(&line, "trades unknown, there is no %s", V1_LOG);
    else if (live->closed == 0)
        ADD(&line, "no trade was closed");
    else
        ADD(&line, "closed %lld, won %lld, realized %s USD", (long long)live->closed,
            (long long)live->wins, signed_usd(live->pnl_usd, a));
    if (isfinite(first) && isfinite(last))
        ADD(&line, "equity %s to %s USD (%s)", paper_usd(first, a), paper_usd(last, b),
            signed_usd(last - first, c));
    paper_point(p, tone_of(live), "Live (v1)", "%s.", text_str(&line));
}

static void
shadow_line(struct paper *p, const struct master *m, const struct report_about *about)
{
    CLEANUP(text_free) struct text seen = {0};
    const struct day_side *shadow = &m->facts->shadow;
    const struct day_view *v = m->facts->view;
    char a[PAPER_NUMBER_MAX], b[PAPER_NUMBER_MAX];

    if (report_lacks(about, V2_LOG))
        text_printf(&seen, "candidates unknown, there is no %s", V2_LOG);
    else
        text_printf(&seen, "candidates %lld, entries %lld, exits %lld", (long long)v->candidates,
                    (long long)v->entries, (long long)v->exits);
    paper_point(p, tone_of(shadow), "Shadow (v2, paper)",
                "%s; closed %lld, won %lld, earned %s USD; live less shadow: %s USD.",
                text_str(&seen), (long long)shadow->closed, (long long)shadow->wins,
                signed_usd(shadow->pnl_usd, a),
                signed_usd(m->facts->live.pnl_usd - shadow->pnl_usd, b));
}

static void
engine_line(struct paper *p, const struct master *m)
{
    const struct pulse *e = m->pulse;
    enum tone tone = e->cycles == 0 ? TONE_BAD : e->bad_cycles > 0 ? TONE_WARN : TONE_GOOD;

    paper_point(p, tone, "Engine",
                "cycles %lld, of them degraded or with errors %lld; orders accepted %lld; warnings "
                "%lld, errors %lld.",
                (long long)e->cycles, (long long)e->bad_cycles, (long long)e->orders,
                (long long)e->warnings, (long long)e->errors);
}

/* ---- what is wrong ------------------------------------------------------------------------- */

static void
add_bad_checks(struct text *line, const struct json *health)
{
    enum { NAMED_MAX = 3 };
    const struct json *c = json_first(json_get_arr(health, "checks"));
    CLEANUP(text_free) struct text names = {0};
    size_t bad = 0;

    for (; c != NULL; c = json_next(c)) {
        const char *status = json_str(c, "status", "?");
        if (str_eq(status, "ok") || str_eq(status, "warn") || str_eq(status, "skip")) continue;
        if (++bad > NAMED_MAX) continue;
        text_printf(&names, "%s%.48s %.16s", bad > 1 ? ", " : "", json_str(c, "name", "?"), status);
    }
    ADD(line, "intel health is not ok: %s", text_str(&names));
    if (bad > NAMED_MAX) text_printf(line, " and %zu more", bad - NAMED_MAX);
}

static bool
is_intel_ok(const struct master *m)
{
    return json_bool(m->intel_health, "ok", false);
}

/* The vendor's daemon and the documents of v2. */
static void
wrong_services(struct text *line, const struct master *m)
{
    const char *status = json_str(m->daemon_health, "status", "unknown");

    if (m->daemon_health == NULL)
        ADD(line, "nobody looked at the flow daemon");
    else if (!str_eq_nocase(status, "healthy"))
        ADD(line, "flow daemon %.16s", status);
    if (m->intel_health == NULL)
        ADD(line, "nobody looked at the documents of v2");
    else if (!is_intel_ok(m))
        add_bad_checks(line, m->intel_health);
}

static void
wrong_engine(struct text *line, const struct master *m, const struct report_about *about)
{
    const struct count_row *worst = NULL;

    if (report_lacks(about, CYCLE_LOG))
        ADD(line, "there is no %s", CYCLE_LOG);
    else if (m->pulse->cycles == 0)
        ADD(line, "no cycle of the engine was recorded");
    if (m->pulse->bad_cycles > 0)
        ADD(line, "degraded cycles: %lld", (long long)m->pulse->bad_cycles);
    for (size_t i = 0; i < m->pulse->alarms.len; i++) {
        const struct count_row *r = &m->pulse->alarms.row[i];
        if (r->wins > 0 && (worst == NULL || r->wins > worst->wins)) worst = r;
    }
    if (worst != NULL)
        ADD(line, "errors: %lld, most often %.64s (%lld)", (long long)m->pulse->errors, worst->key,
            (long long)worst->wins);
}

/* "2 inputs are missing: a, b"; the appendix has the rest. */
static void
add_inputs(struct text *line, const struct report_about *about, bool missing)
{
    enum { NAMED_MAX = 2 };
    CLEANUP(text_free) struct text names = {0};
    size_t n = 0;

    for (size_t i = 0; i < about->inputs_len; i++) {
        const struct report_input *in = &about->input[i];

        if (missing ? !in->is_missing : in->is_missing || in->wrong[0] == '\0') continue;
        if (++n <= NAMED_MAX) text_printf(&names, "%s%.64s", n > 1 ? ", " : "", in->path);
    }
    if (n == 0) return;
    ADD(line, "inputs %s: %s", missing ? "missing" : "damaged", text_str(&names));
    if (n > NAMED_MAX) text_printf(line, " and %zu more", n - NAMED_MAX);
}

static void
wrong_data(struct text *line, const struct master *m, const struct report_about *about)
{
    int64_t malformed = 0;

    for (size_t i = 0; i < m->steps_len; i++)
        if (!m->step[i].is_ok) ADD(line, "%s failed", m->step[i].name);
    size_t steps_len = line->len;
    add_inputs(line, about, true);
    add_inputs(line, about, false);
    for (size_t i = 0; i < about->inputs_len; i++)
        malformed += about->input[i].malformed;
    if (malformed > 0) ADD(line, "log lines that could not be read: %lld", (long long)malformed);
    if (line->len > steps_len) text_puts(line, " (see the appendix)");
}

static void
wrong_lines(struct paper *p, const struct master *m, const struct report_about *about)
{
    CLEANUP(text_free) struct text services = {0}, engine = {0}, data = {0};

    wrong_services(&services, m);
    wrong_engine(&engine, m, about);
    wrong_data(&data, m, about);
    if (services.len > 0) paper_point(p, TONE_BAD, "Wrong, services", "%s.", text_str(&services));
    if (engine.len > 0) paper_point(p, TONE_WARN, "Wrong, engine", "%s.", text_str(&engine));
    if (data.len > 0) paper_point(p, TONE_WARN, "Wrong, data", "%s.", text_str(&data));
    if (services.len + engine.len + data.len == 0)
        paper_point(p, TONE_GOOD, "Wrong", "nothing was found.");
}

/* ---- what to decide ------------------------------------------------------------------------ */

static void
repair_line(struct paper *p, const struct master *m)
{
    CLEANUP(text_free) struct text line = {0};

    if (!str_eq_nocase(json_str(m->daemon_health, "status", ""), "healthy"))
        ADD(&line, "look at the flow daemon before the next open (run-daemon-health-check --heal)");
    if (!is_intel_ok(m))
        ADD(&line, "have the documents of v2 made anew (run-intel-health-checks --heal)");
    if (m->pulse->cycles == 0) ADD(&line, "find out why the engine did not run");
    if (line.len > 0)
        paper_point(p, TONE_BAD, "Decide, repair", "%s.", text_str(&line));
    else
        paper_point(p, TONE_PLAIN, "Decide, repair", "nothing to mend.");
}

static size_t
nudges_of(const struct master *m)
{
    struct tuning t = tuning_decode(master_is_of_day(m, m->intel_pnl) ? m->intel_pnl : NULL);
    size_t n = 0;

    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++)
        n += fabs(t.feature[f].nudge) > 0;
    return n;
}

/* Ready and not ready by the rules of spec 40 4.5. */
static void
promotion_line(struct paper *p, const struct master *m)
{
    CLEANUP(text_free) struct text against = {0};
    const struct day_side *shadow = &m->facts->shadow;
    size_t nudges = nudges_of(m);

    if (shadow->closed == 0) ADD(&against, "no closed paper trade");
    if (shadow->pnl_usd < 0) ADD(&against, "the shadow lost");
    if (!str_eq_nocase(json_str(m->daemon_health, "status", ""), "healthy"))
        ADD(&against, "the flow daemon is not healthy");
    if (!is_intel_ok(m)) ADD(&against, "intel health is not ok");
    if (against.len > 0)
        paper_point(p, TONE_PLAIN, "Decide, v2",
                    "against a promotion: %s. Weight suggestions: %zu.", text_str(&against),
                    nudges);
    else
        paper_point(p, TONE_PLAIN, "Decide, v2",
                    "nothing of today speaks against a promotion, and one day is no proof. Weight "
                    "suggestions: %zu.",
                    nudges);
}

void
master_head(struct paper *p, const struct master *m, const struct report_about *about)
{
    paper_box(p);
    live_line(p, m, about);
    shadow_line(p, m, about);
    engine_line(p, m);
    wrong_lines(p, m, about);
    repair_line(p, m);
    promotion_line(p, m);
    paper_box_end(p);
}

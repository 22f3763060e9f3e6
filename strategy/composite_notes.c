#include "strategy/composite_json.h"

#include <stdarg.h>

#include "strategy/score_math.h"

/* The notes of a score: what spoke, in the order of spec 10 R4.32, joined with "; ". */

static void note(struct text *to, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
note(struct text *to, const char *fmt, ...)
{
    char one[160]; /* the longest note carries a text of FACT_TEXT_MAX */
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(one, sizeof one, fmt, args);
    va_end(args);
    if (to->len > 0) text_puts(to, "; ");
    text_puts(to, one);
}

static const char *
relation_word(enum relation r, const char *confirm, const char *oppose, const char *neutral)
{
    return r == RELATION_CONFIRM ? confirm : r == RELATION_OPPOSE ? oppose : neutral;
}

/* 1234567.9 is "1,234,567". */
static const char *
thousands(double x, char buf[F64_TEXT_MAX])
{
    char digits[F64_TEXT_MAX];
    size_t len = (size_t)MAX(0, snprintf(digits, sizeof digits, "%.0f", fmin(trunc(x), 1e15)));
    char *at = buf;

    for (size_t i = 0; i < len && at < buf + F64_TEXT_MAX - 2; i++) {
        if (i > 0 && (len - i) % 3 == 0) *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return buf;
}

static void
note_flow(struct text *to, const struct composite_view *v)
{
    const struct composite *c = v->composite;
    const struct enriched *e = v->enriched;
    char n[F64_TEXT_MAX];

    if (c->sweep_multiplier > 1) note(to, "sweep_urgency(1.2x,%zu sweeps>$100k)", c->sweeps);
    if (c->has_stealth_boost) note(to, "stealth_flow_boost(+0.2)");
    if (e->staircase.is_detected) note(to, "staircase(%s steps)", f64_text(e->staircase.steps, n));
    if (e->burst.is_detected) note(to, "burst(%s updates)", f64_text(e->burst.count, n));
    if (e->toxicity > 0.5) {
        note(to, "toxicity_penalty(%.2f)", e->toxicity);
    } else if (e->toxicity > 0.3) {
        note(to, "mild_toxicity(%.2f)", e->toxicity);
    }
}

static void
note_congress(struct text *to, const struct composite *c)
{
    char buys[F64_TEXT_MAX], sells[F64_TEXT_MAX];
    if (c->congress == RELATION_NONE) return;
    note(to, "congress_%s(%sB/%sS)", relation_word(c->congress, "confirm", "oppose", "neutral"),
         f64_text(c->congress_facts.buys, buys), f64_text(c->congress_facts.sells, sells));
}

static void
note_shorts(struct text *to, const struct composite *c)
{
    const struct shorts_facts *f = &c->shorts_facts;
    bool is_bullish = c->sentiment == SENTIMENT_BULLISH;
    char n[F64_TEXT_MAX];

    if (!f->is_present || is_zero(f->interest_pct)) return;
    if (f->interest_pct > 15 && is_bullish) note(to, "high_SI(%.1f%%)", f->interest_pct);
    if (f->days_to_cover > 5 && is_bullish) note(to, "DTC(%.1f)", f->days_to_cover);
    if (f->ftd_count > 100000) note(to, "FTDs(%s)", thousands(f->ftd_count, n));
    if (f->has_squeeze_risk) note(to, "SQUEEZE_ALERT");
    if (f->interest_pct > 20 && c->sentiment == SENTIMENT_BEARISH) note(to, "crowded_short");
}

static void
note_institutional(struct text *to, const struct composite_view *v)
{
    const struct composite *c = v->composite;
    const struct institutional_facts *f = &c->institutional_facts;
    const struct insider_facts *i = &v->enriched->facts.insider;
    char a[F64_TEXT_MAX], b[F64_TEXT_MAX];

    switch (c->institutional_path) {
    case INSTITUTIONAL_OWNERSHIP:
        note(to, "institutional_ownership(n=%s,top1=%.2f%%,top5=%.2f%%)", f64_text(f->holders, a),
             f->top_holder_pct, f->top5_holder_pct);
        break;
    case INSTITUTIONAL_INSIDER:
        note(to, "inst_%s(%sB/%sS,$%.1fM)",
             relation_word(c->insiders, "confirm", "oppose", "neutral"), f64_text(i->net_buys, a),
             f64_text(i->net_sells, b), i->total_usd / 1e6);
        break;
    case INSTITUTIONAL_NONE:
        break;
    }
}

static void
note_tide(struct text *to, const struct composite *c)
{
    bool is_strong = fabs(c->tide_call_share - 0.5) * 2 > 0.3;
    if (c->tide == RELATION_NONE || (c->tide == RELATION_NEUTRAL && !is_strong)) return;
    note(to, "tide_%s(%.0f%%C)", relation_word(c->tide, "confirm", "oppose", "active"),
         c->tide_call_share * 100);
}

static void
note_calendar(struct text *to, const struct composite *c)
{
    const struct calendar_facts *f = &c->calendar_facts;
    char n[F64_TEXT_MAX];

    if (!f->is_present) return;
    if (f->has_earnings && f->days_to_earnings <= 7)
        note(to, "earnings_in_%sd", f64_text(f->days_to_earnings, n));
    if (f->has_fda) note(to, "FDA:%s", f->fda[0] != '\0' ? f->fda : "event");
    if (f->economic_events > 0) note(to, "econ_events:%s", f64_text(f->economic_events, n));
}

/* A component that took its default says so; otherwise, where condition held, it says the other
 * word. */
static void
note_step(struct text *to, const struct composite *c, enum component i, const char *default_word,
          bool condition, const char *word)
{
    if (c->source[i] == SOURCE_DEFAULT) {
        note(to, "%s", default_word);
    } else if (condition) {
        note(to, "%s", word);
    }
}

static void
note_steps(struct text *to, const struct composite_view *v)
{
    const struct composite *c = v->composite;
    const struct flow_facts *f = &v->enriched->facts;

    note_step(to, c, COMPONENT_GREEKS, "greeks_neutral_default", f->greeks.has_squeeze_setup,
              "gamma_squeeze_setup");
    note_step(to, c, COMPONENT_FTD, "ftd_neutral_default", c->has_high_ftd_pressure,
              "high_ftd_pressure");
    if (c->has_low_iv) note(to, "low_iv_opportunity");
    if (c->has_high_iv) note(to, "high_iv_caution");
    note_step(to, c, COMPONENT_OI, "oi_change_neutral_default", c->has_strong_calls,
              "strong_call_positioning");
    note_step(to, c, COMPONENT_ETF, "etf_flow_neutral_default", c->has_risk_on,
              "risk_on_environment");
    note_step(to, c, COMPONENT_SQUEEZE, "squeeze_score_neutral_default",
              f->squeeze.is_high_potential, "high_squeeze_potential");
}

void
composite_notes(struct text *to, const struct composite_view *v)
{
    CLEANUP(text_free) struct text own = {0};

    note(&own, "adaptive_weights_active");
    note_flow(&own, v);
    note_congress(&own, v->composite);
    note_shorts(&own, v->composite);
    note_institutional(&own, v);
    note_tide(&own, v->composite);
    note_calendar(&own, v->composite);
    note_steps(&own, v);
    if (v->composite->whale_conviction_boost > 0) note(&own, "whale_conviction_boost(+0.5)");
    if (v->gate_msg != NULL) note(&own, "gate:%s", v->gate_msg);
    text_add(to, text_str(&own), own.len);
}

#include "exitlogic/exit_json.h"

#include <math.h>
#include <string.h>

enum { COMPONENT_DECIMALS = 4, PNL_DECIMALS = 6 };

static void
write_rounded(struct json_out *o, const char *key, double x)
{
    json_out_f64(o, key, round_dec(x, COMPONENT_DECIMALS));
}

void
v2_upper_write(struct json_out *o, const char *key, const char *s, const char *dflt)
{
    CLEANUP(text_free) struct text t = {0};

    text_puts(&t, s != NULL && s[0] != '\0' ? s : dflt);
    if (t.data != NULL) str_upper(t.data);
    json_out_str(o, key, text_str(&t));
}

void
v2_components_write(struct json_out *o, const char *key, const struct v2_exit_score *s)
{
    json_out_obj(o, key);
    for (int i = 0; i < V2_EXIT_COMPONENTS_LEN; i++)
        write_rounded(o, V2_EXIT_COMPONENTS[i].name, s->component[i]);
    json_out_end(o);
}

/* ---- reasoning ----------------------------------------------------------------------------- */

void
v2_target_reasoning_write(struct json_out *o, const char *key, const struct v2_target *r,
                          const char *regime_label, const char *sector)
{
    json_out_obj(o, key);
    if (r->lack != V2_LACK_NONE) {
        json_out_str(o, "reason", v2_lack_name(r->lack));
    } else {
        write_rounded(o, "base_pct", r->base_pct);
        write_rounded(o, "pct", r->pct);
        write_rounded(o, "flow_mult", r->flow_mult);
        write_rounded(o, "regime_mult", r->regime_mult);
        write_rounded(o, "sector_mult", r->sector_mult);
        v2_upper_write(o, "regime_label", regime_label, "NEUTRAL");
        v2_upper_write(o, "sector", sector, "UNKNOWN");
    }
    json_out_end(o);
}

void
v2_stop_reasoning_write(struct json_out *o, const char *key, const struct v2_stop *r,
                        const char *regime_label)
{
    json_out_obj(o, key);
    if (r->lack != V2_LACK_NONE) {
        json_out_str(o, "reason", v2_lack_name(r->lack));
    } else {
        write_rounded(o, "base_pct", r->base_pct);
        write_rounded(o, "pct", r->pct);
        write_rounded(o, "tighten_mult", r->tighten_mult);
        json_out_bool(o, "flow_reversal", r->is_flow_reversed);
        json_out_bool(o, "sector_collapse", r->is_sector_collapsed);
        v2_upper_write(o, "regime_label", regime_label, "NEUTRAL");
    }
    json_out_end(o);
}

void
v2_replace_reasoning_write(struct json_out *o, const char *key, const struct v2_replacement *r)
{
    bool is_chosen = r->reason == V2_REPLACE_CHOSEN;

    json_out_obj(o, key);
    json_out_str(o, "reason", v2_replace_reason_name(r->reason));
    if (is_chosen || r->reason == V2_REPLACE_SCORE_BELOW) {
        json_out_f64(o, "exit_score", r->exit_score);
        json_out_f64(o, "threshold", r->threshold);
    }
    if (is_chosen) {
        v2_upper_write(o, "current_symbol", r->symbol, "");
        v2_upper_write(o, "candidate_symbol", r->candidate, "");
    }
    if (is_chosen || r->reason == V2_REPLACE_NOT_BETTER) {
        json_out_f64(o, "current_v2_score", r->v2_score);
        json_out_f64(o, "candidate_v2_score", r->candidate_v2_score);
        json_out_f64(o, "margin", r->margin);
    }
    json_out_end(o);
}

/* ---- flags --------------------------------------------------------------------------------- */

static const struct flag_row {
    const char *name;
    size_t offset; /* in struct v2_exit_flags */
} FLAGS[] = {
    {"earnings_risk",       offsetof(struct v2_exit_flags, earnings_risk)      },
    {"overnight_flow_risk", offsetof(struct v2_exit_flags, overnight_flow_risk)},
    {"regime_risk",         offsetof(struct v2_exit_flags, regime_risk)        },
    {"sector_collapse",     offsetof(struct v2_exit_flags, sector_collapse)    },
    {"thesis_invalidated",  offsetof(struct v2_exit_flags, thesis_invalidated) },
};

struct v2_exit_flags
v2_flags_decode(const struct json *flags)
{
    struct v2_exit_flags f = {0};

    for (size_t i = 0; i < COUNT_OF(FLAGS); i++) {
        bool is_raised = json_truthy(json_get(flags, FLAGS[i].name));
        memcpy((char *)&f + FLAGS[i].offset, &is_raised, sizeof(is_raised));
    }
    return f;
}

void
v2_flags_write(struct json_out *o, const char *key, const struct v2_exit_flags *f)
{
    json_out_obj(o, key);
    for (size_t i = 0; i < COUNT_OF(FLAGS); i++) {
        bool is_raised = false;
        memcpy(&is_raised, (const char *)f + FLAGS[i].offset, sizeof(is_raised));
        json_out_bool(o, FLAGS[i].name, is_raised);
    }
    json_out_end(o);
}

struct v2_exit_flags
v2_flags_premarket_decode(const struct json *record, const char *regime_label)
{
    int64_t days = 0;
    bool is_known = ops_int(json_get(record, "earnings_proximity"), &days);

    return v2_flags_premarket(is_known ? &days : NULL, regime_label);
}

struct v2_exit_flags
v2_flags_postmarket_decode(const struct json *record, const char *entry_sentiment,
                           const char *regime_label)
{
    char buf[F64_TEXT_MAX];
    const char *sentiment =
        record != NULL ? ops_str(json_get(record, "sentiment"), "NEUTRAL", buf) : NULL;

    return v2_flags_postmarket(entry_sentiment, sentiment, regime_label);
}

/* ---- P&L of the exits ---------------------------------------------------------------------- */

static double
score_of(const struct json *v)
{
    /* No score, and whatever counts as nothing, is a score of 0. */
    return json_truthy(v) ? json_f64_of(v, (double)NAN) : 0;
}

struct v2_exit_row
v2_exit_row_decode(const struct json *record, struct v2_exit_row_store *store)
{
    const struct json *profile = json_get_obj(record, "exit_sector_profile");

    return (struct v2_exit_row){
        .reason = ops_str(json_get(record, "exit_reason"), "unknown", store->reason),
        .regime = ops_str(json_get(record, "exit_regime"), "", store->regime),
        .sector = ops_str(json_get(profile, "sector"), "UNKNOWN", store->sector),
        .pnl_usd = json_f64(record, "pnl", (double)NAN),
        .held_min = json_f64(record, "time_in_trade_minutes", (double)NAN),
        .exit_score = score_of(json_get(record, "v2_exit_score")),
    };
}

bool
v2_exit_row_is_of(const struct json *record, const char *day, const char *today)
{
    enum { DAY_LEN = 10 };
    char buf[F64_TEXT_MAX];
    const char *at = ops_str(json_get(record, "timestamp"), today, buf);

    return strlen(day) == DAY_LEN && strncmp(at, day, DAY_LEN) == 0;
}

static double
mean(double sum, int64_t n)
{
    return round_dec(sum / (double)MAX(n, 1), PNL_DECIMALS);
}

static void
write_groups(struct json_out *o, const char *key, const struct counts *t, bool has_wins,
             bool has_known)
{
    json_out_obj(o, key);
    for (size_t i = 0; i < t->len; i++) {
        const struct count_row *row = &t->row[i];
        json_out_obj(o, row->key);
        json_out_i64(o, "n", row->n);
        json_out_num(o, "avg_pnl", mean(row->sum, row->n));
        if (has_wins) json_out_num(o, "win_rate", mean((double)row->wins, row->n));
        if (has_known) {
            json_out_i64(o, "n_with_pnl", row->known);
            json_out_num(o, "avg_pnl_known",
                         row->known > 0 ? mean(row->sum, row->known) : (double)NAN);
        }
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_score_stats(struct json_out *o, const struct v2_exit_pnl *s)
{
    bool has = s->scores > 0;

    json_out_obj(o, "exit_score_stats");
    json_out_i64(o, "n", s->scores);
    json_out_num(o, "min", has ? s->score_min : (double)NAN);
    json_out_num(o, "max", has ? s->score_max : (double)NAN);
    json_out_num(o, "mean", has ? mean(s->score_sum, s->scores) : (double)NAN);
    json_out_end(o);
}

/* Over the rows with P&L; null where there are none. */
static void
write_overall(struct json_out *o, const struct v2_exit_pnl *s)
{
    bool has = s->known > 0;

    json_out_obj(o, "overall");
    json_out_i64(o, "n", s->rows);
    json_out_i64(o, "n_with_pnl", s->known);
    json_out_num(o, "total_pnl", has ? round_dec(s->pnl_usd_sum, PNL_DECIMALS) : (double)NAN);
    json_out_num(o, "avg_pnl", has ? mean(s->pnl_usd_sum, s->known) : (double)NAN);
    json_out_num(o, "win_rate", has ? mean((double)s->wins, s->known) : (double)NAN);
    json_out_end(o);
}

void
v2_exit_pnl_write(struct json_out *o, const struct v2_exit_pnl *s, enum v2_exit_pnl_form form)
{
    json_out_obj(o, "counts");
    json_out_i64(o, "exit_attributions", s->rows);
    json_out_end(o);
    write_groups(o, "by_exit_reason", &s->by_reason, true, form == V2_EXIT_PNL_EXTENDED);
    write_groups(o, "by_regime", &s->by_regime, false, false);
    write_groups(o, "by_sector", &s->by_sector, false, false);
    if (form == V2_EXIT_PNL_EXTENDED) write_overall(o, s);
    json_out_obj(o, "time_in_trade_bins");
    for (int i = 0; i < V2_HELD_BINS; i++) {
        if (s->held[i] > 0) json_out_i64(o, v2_held_bin_name(i), s->held[i]);
    }
    json_out_end(o);
    write_score_stats(o, s);
}

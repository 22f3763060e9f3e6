#include "telemetry/bundle_internal.h"

enum { STATE_BYTES_MAX = 64 << 20, UW_LINES = 12, EXIT_LINES = 12, EVENT_LINES = 25 };

/* A row of ARTIFACT; kept: see struct artifact_row. */
#define ROW(key, file, write, is_kept, about)                                                      \
    {                                                                                              \
        key, "computed/" file ".json", about, write, is_kept                                       \
    }

const struct artifact_row ARTIFACT[ARTIFACTS] = {
    [ART_EQUALIZER] =
        ROW("feature_equalizer", "feature_equalizer_builder", artifact_feature_equalizer, true,
            "what each feature earned, and how it went on until the exit"),
    [ART_LONG_SHORT] = ROW("long_short_analysis", "long_short_analysis", artifact_long_short, true,
                           "win rate, averages, expectancy by side"),
    [ART_COMPLETENESS] =
        ROW("exit_intel_completeness", "exit_intel_completeness", artifact_exit_completeness, true,
            "which fields the exit records have"),
    [ART_VALUE_CURVES] = ROW("feature_value_curves", "feature_value_curves", artifact_value_curves,
                             true, "P&L by the value of each feature"),
    [ART_MATRIX] = ROW("regime_sector_feature_matrix", "regime_sector_feature_matrix",
                       artifact_regime_matrix, true, "P&L by regime and sector"),
    [ART_PARITY] = ROW("shadow_vs_live_parity", "shadow_vs_live_parity", artifact_parity, false,
                       "entries of v1 against those of v2"),
    [ART_PARITY_DETAILS] = ROW("entry_parity_details", "entry_parity_details",
                               artifact_parity_details, false, "the same, entry by entry"),
    [ART_SCORE_CURVES] = ROW("score_distribution_curves", "score_distribution_curves",
                             artifact_score_distribution, true, "scores by family and side"),
    [ART_TIMELINE] = ROW("regime_timeline", "regime_timeline", artifact_regime_timeline, false,
                         "regime, posture, volatility by hour"),
    [ART_FAMILIES] = ROW("feature_family_summary", "feature_family_summary",
                         artifact_feature_families, false, "score differences and P&L by family"),
    [ART_REPLACEMENT] = ROW("replacement_telemetry_expanded", "replacement_telemetry_expanded",
                            artifact_replacement, true, "which positions made room for others"),
    [ART_LIVE_SHADOW] = ROW("live_vs_shadow_pnl", "live_vs_shadow_pnl", artifact_live_vs_shadow,
                            false, "P&L of v1 and v2 over 24 h, 48 h, 5 d"),
    [ART_SIGNALS] = ROW("signal_performance", "signal_performance", artifact_signal_performance,
                        false, "what each signal earned"),
    [ART_WEIGHTS] = ROW("signal_weight_recommendations", "signal_weight_recommendations",
                        artifact_signal_weights, false, "advice that nothing applies"),
};

/* ---- state documents ----------------------------------------------------------------------- */

enum { DAY_STATE_NONE = -1 };

static const struct {
    const char *path;
    enum shown_state shown;
    int day_state; /* enum day_state */
} STATE[] = {
    {"state/shadow_v2_positions.json",    SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/daily_universe.json",         SHOWN_UNIVERSE,      DAY_STATE_NONE    },
    {"state/daily_universe_v2.json",      SHOWN_UNIVERSE_V2,   DAY_UNIVERSE_V2   },
    {"state/premarket_intel.json",        SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/postmarket_intel.json",       SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/premarket_exit_intel.json",   SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/postmarket_exit_intel.json",  SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/regime_state.json",           SHOWN_REGIME,        DAY_REGIME_STATE  },
    {"state/intel_health_state.json",     SHOWN_INTEL_HEALTH,  DAY_STATE_NONE    },
    {"state/uw_daemon_health_state.json", SHOWN_DAEMON_HEALTH, DAY_STATE_NONE    },
    {"state/uw_usage_state.json",         SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/uw_intel_pnl_summary.json",   SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/exit_intel_pnl_summary.json", SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/market_context_v2.json",      SHOWN_NONE,          DAY_MARKET_CONTEXT},
    {"state/regime_posture_state.json",   SHOWN_NONE,          DAY_POSTURE_STATE },
    {"state/symbol_risk_features.json",   SHOWN_NONE,          DAY_STATE_NONE    },
    {"state/score_telemetry.json",        SHOWN_NONE,          DAY_STATE_NONE    },
};

struct state_bytes {
    struct text text;
    bool is_too_long;
};

static void
feed_state(void *ctx, const char *bytes, size_t len)
{
    struct state_bytes *s = ctx;

    if (s->text.len + len > STATE_BYTES_MAX) s->is_too_long = true;
    if (!s->is_too_long) text_add(&s->text, bytes, len);
}

/* A copy is a copy; but whoever looks at the bundle shall know that the original was damaged. */
static struct json *
parse_state(struct bundle *b, const struct state_bytes *s)
{
    struct input *in = &b->inputs.item[b->inputs.len - 1];
    struct json *doc = NULL;
    struct err why = {0};
    enum rc rc;

    if (in->state == INPUT_MISSING || in->state == INPUT_UNREADABLE) return NULL;
    if (s->is_too_long)
        rc = err_set(&why, RC_RANGE, "more than %d bytes", STATE_BYTES_MAX);
    else
        rc = json_parse(text_str(&s->text), s->text.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &why);
    if (rc == RC_OK && json_is_object(doc)) return doc;
    if (rc == RC_OK) (void)err_set(&why, RC_PARSE, "is no object");
    json_free(doc);
    in->state = INPUT_DAMAGED;
    in->error = arena_strdup(&b->arena, why.text);
    return NULL;
}

static enum rc
gather_state(struct bundle_day *d, size_t i, struct err *err)
{
    struct state_bytes bytes = {0};
    struct taking what = {.kind = KIND_STATE,
                          .path = STATE[i].path,
                          .is_copied = true,
                          .feed = feed_state,
                          .ctx = &bytes};
    enum rc rc = bundle_take(d->b, &what, err);

    if (rc == RC_OK) {
        struct json *doc = parse_state(d->b, &bytes);

        if (doc != NULL && STATE[i].day_state != DAY_STATE_NONE)
            day_state(d->day, (enum day_state)STATE[i].day_state, text_str(&bytes.text),
                      bytes.text.len);
        if (STATE[i].shown != SHOWN_NONE)
            d->state[STATE[i].shown] = doc;
        else
            json_free(doc);
    }
    text_free(&bytes.text);
    return rc;
}

/* ---- logs ---------------------------------------------------------------------------------- */

enum { LOG_NOT_READ = -1 };

struct log_row {
    const char *name;
    int log;     /* enum day_log */
    size_t tail; /* offset of its last lines in struct bundle_day; 0 for none */
    int64_t tail_lines;
};

#define READ(name, log)                                                                            \
    {                                                                                              \
        name, log, 0, 0                                                                            \
    }
#define COPIED(name)                                                                               \
    {                                                                                              \
        name, LOG_NOT_READ, 0, 0                                                                   \
    }
#define SHOWN(name, log, member, lines)                                                            \
    {                                                                                              \
        name, log, offsetof(struct bundle_day, member), lines                                      \
    }

static const struct log_row LOGS[] = {
    COPIED("live_trades"),
    READ("attribution", DAY_ATTRIBUTION),
    READ("shadow_trades", DAY_SHADOW_TRADES),
    SHOWN("exit_attribution", DAY_EXIT_ATTRIBUTION, exit_lines, EXIT_LINES),
    COPIED("shadow"),
    SHOWN("uw_attribution", LOG_NOT_READ, uw_lines, UW_LINES),
    SHOWN("system_events", LOG_NOT_READ, event_lines, EVENT_LINES),
    COPIED("run"),
    COPIED("run_once"),
    COPIED("worker"),
    COPIED("worker_error"),
    COPIED("scoring_flow"),
    COPIED("scoring_pipeline"),
    COPIED("scoring"),
    COPIED("gate"),
    COPIED("orders"),
    COPIED("exit"),
};

struct log_feed {
    struct bundle_day *d;
    size_t i;         /* of LOGS */
    const char *path; /* of the live log */
    struct err *err;
    enum rc rc;
};

static void
feed_log(void *ctx, const char *bytes, size_t len)
{
    const struct log_feed *f = ctx;

    day_feed(f->d->day, (enum day_log)LOGS[f->i].log, bytes, len);
}

static void
gather_generation(void *ctx, const char *path)
{
    struct log_feed *f = ctx;
    struct taking what = {.kind = KIND_LOGS,
                          .path = path,
                          .log = f->path,
                          .feed = feed_log,
                          .ctx = f,
                          .is_kept = true};

    if (f->rc != RC_OK || str_eq(path, f->path)) return;
    f->rc = bundle_take(f->d->b, &what, f->err);
    day_feed_end(f->d->day, (enum day_log)LOGS[f->i].log);
}

static enum rc
gather_log(struct bundle_day *d, size_t i, struct err *err)
{
    char path[64];
    struct log_feed feed = {.d = d, .i = i, .path = path, .err = err};
    struct taking what = {.kind = KIND_LOGS,
                          .path = path,
                          .log = path,
                          .is_copied = true,
                          .tail_lines = LOGS[i].tail_lines};

    (void)snprintf(path, sizeof(path), "logs/%s.jsonl", LOGS[i].name);
    if (LOGS[i].tail != 0) what.tail = (struct text *)(void *)((char *)d + LOGS[i].tail);
    if (LOGS[i].log != LOG_NOT_READ) {
        what.feed = feed_log;
        what.ctx = &feed;
        what.is_kept = true;
        bundle_generations(d->b, LOGS[i].name, gather_generation, &feed);
        if (feed.rc != RC_OK) return feed.rc;
    }
    enum rc rc = bundle_take(d->b, &what, err);
    if (LOGS[i].log != LOG_NOT_READ) day_feed_end(d->day, (enum day_log)LOGS[i].log);
    return rc;
}

/* ---- reports ------------------------------------------------------------------------------- */

static const char *const REPORTS[] = {"SHADOW_DAY_SUMMARY",    "EXIT_DAY_SUMMARY",
                                      "EXIT_INTEL_PNL",        "UW_INTEL_PNL",
                                      "V2_TUNING_SUGGESTIONS", "INTEL_DASHBOARD"};

static enum rc
gather_report(struct bundle_day *d, size_t i, struct err *err)
{
    char path[96];
    struct taking what = {.kind = KIND_REPORTS, .path = path, .is_copied = true};

    (void)snprintf(path, sizeof(path), "reports/%s_%s.md", REPORTS[i], d->b->date);
    return bundle_take(d->b, &what, err);
}

/* ---- all inputs ---------------------------------------------------------------------------- */

/* For the progress: what is not there, or grows meanwhile, does not matter. */
static int64_t
bytes_to_read(const struct bundle *b)
{
    const struct fs *fs = b->spec->seams.fs;
    int64_t sum = 0;

    for (size_t i = 0; i < COUNT_OF(LOGS); i++) {
        struct fs_stat st = {0};
        char path[64];

        (void)snprintf(path, sizeof(path), "logs/%s.jsonl", LOGS[i].name);
        if (fs->stat(fs->self, path, &st, NULL) == RC_OK) sum += st.size;
    }
    return sum;
}

static struct day *
begin_day(const struct bundle *b)
{
    struct day_options options = {.as_of_us = b->spec->origin.as_of_ns / NS_PER_US,
                                  .includes_overnight = b->spec->options.has_overnight};

    (void)str_copy(options.date, sizeof(options.date), b->date);
    return day_new(&options);
}

enum rc
bundle_day_gather(struct bundle_day *d, struct bundle *b, struct err *err)
{
    enum rc rc = RC_OK;

    d->b = b;
    d->day = begin_day(b);
    b->bytes_all = bytes_to_read(b);
    for (size_t i = 0; i < COUNT_OF(STATE) && rc == RC_OK; i++)
        rc = gather_state(d, i, err);
    for (size_t i = 0; i < COUNT_OF(LOGS) && rc == RC_OK; i++)
        rc = gather_log(d, i, err);
    for (size_t i = 0; i < COUNT_OF(REPORTS) && rc == RC_OK; i++)
        rc = gather_report(d, i, err);
    if (rc != RC_OK) return rc;
    day_finish(d->day);
    d->view = day_look(d->day);
    return RC_OK;
}

/* ---- artifacts ----------------------------------------------------------------------------- */

/* An artifact on its way into its file, into the manifest and into memory, where it is wanted. */
struct artifact_out {
    struct out out;
    struct doc *manifest; /* NULL: it only names the artifact */
    struct text kept;
    bool is_kept;
};

static enum rc
take_artifact(void *self, const char *bytes, size_t len, struct err *err)
{
    struct artifact_out *a = self;

    if (a->is_kept) text_add(&a->kept, bytes, len);
    if (a->manifest != NULL) doc_paste(a->manifest, bytes, len);
    return out_add(&a->out, bytes, len, err);
}

/* One that logs full of made-up labels have blown up beyond all limits is not shown. */
static struct json *
parse_kept(const struct text *kept)
{
    struct json *doc = NULL;
    enum rc rc = json_parse(text_str(kept), kept->len, JSON_LOG, &JSON_LIMITS_FILE, &doc, NULL);

    return rc == RC_OK ? doc : NULL;
}

void
bundle_artifacts_begin(struct bundle_day *d)
{
    d->artifacts_at = d->b->outputs.len;
    for (int i = 0; i < ARTIFACTS; i++)
        (void)bundle_output(d->b, "generated", "", ARTIFACT[i].file);
}

enum rc
bundle_artifact(struct bundle_day *d, enum artifact_id id, struct doc *manifest, struct err *err)
{
    const struct artifact_row *row = &ARTIFACT[id];
    struct output *output = &d->b->outputs.item[d->artifacts_at + id];
    struct artifact_out a = {.manifest = manifest, .is_kept = row->is_kept};
    CLEANUP(doc_free) struct doc doc = {.sink = take_artifact, .self = &a};

    out_begin(&a.out, d->b, row->file);
    row->write(d->view, &doc, NULL);
    enum rc rc = doc_close(&doc, false, err);
    if (rc == RC_OK) rc = out_add(&a.out, "\n", 1, err);
    if (rc == RC_OK) rc = out_end(&a.out, output, err);
    if (rc == RC_OK && a.is_kept) d->artifact[id] = parse_kept(&a.kept);
    text_free(&a.kept);
    out_done(&a.out);
    return rc;
}

void
bundle_day_done(struct bundle_day *d)
{
    day_free(d->day);
    for (int i = 0; i < SHOWN_STATES; i++)
        json_free(d->state[i]);
    for (int i = 0; i < ARTIFACTS; i++)
        json_free(d->artifact[i]);
    text_free(&d->uw_lines);
    text_free(&d->exit_lines);
    text_free(&d->event_lines);
    *d = (struct bundle_day){0};
}

/* ---- sums ---------------------------------------------------------------------------------- */

void
day_sums_of(const struct day_view *day, struct day_sums *ret)
{
    struct day_sums s = {0};

    for (size_t i = 0; i < day->trades; i++) {
        const struct trade *t = &day->trade[i];
        double pnl = zn(known_or_0(t->pnl_usd));

        s.pnl_total += pnl;
        word_sums_add(&s.by_symbol, t->symbol, pnl);
        word_sums_add(&s.by_sector, t->entry_sector, pnl);
        word_sums_add(&s.by_regime, t->entry_regime, pnl);
        word_sums_add(&s.by_exit_reason, t->exit_reason, pnl);
        if (t->is_replaced) s.replacements++;
    }
    *ret = s;
}

void
day_sums_done(struct day_sums *s)
{
    word_sums_done(&s->by_symbol);
    word_sums_done(&s->by_sector);
    word_sums_done(&s->by_regime);
    word_sums_done(&s->by_exit_reason);
}

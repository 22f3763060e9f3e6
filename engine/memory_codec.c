#include "engine/memory.h"

static usd
usd_member(const struct json *doc, const char *key)
{
    usd value = USD_ZERO;
    struct err ignored = {0};

    if (usd_from_double(json_f64(doc, key, 0.0), &value, &ignored) != RC_OK) return USD_ZERO;
    return value;
}

static int64_t
time_member(const struct json *doc, const char *key)
{
    return when_parse_or_none(json_str(doc, key, ""));
}

/* Seconds since 1970 as a time; 0 for what is no time. */
static int64_t
seconds_member(const struct json *doc, const char *key)
{
    int64_t s = json_i64(doc, key, 0);

    return s > 0 && s < INT64_MAX / NS_PER_S ? s * NS_PER_S : 0;
}

/* A count, never below zero. */
static int
count_member(const struct json *doc, const char *key)
{
    return (int)MAX((int64_t)0, MIN(json_i64(doc, key, 0), (int64_t)INT32_MAX));
}

/* ---- trading_state.json ---------------------------------------------------------------------- */

/* What is not in the list is not remembered any more. */
static void
times_decode(struct memory *m, const struct json *list, size_t offset)
{
    const int64_t none_ns = WHEN_NONE;

    for (size_t i = 0; i < m->times_len; i++)
        memcpy((char *)&m->times[i] + offset, &none_ns, sizeof(none_ns));
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        char symbol[SYMBOL_MAX];
        int64_t at_ns = when_parse_or_none(json_string(v) != NULL ? json_string(v) : "");

        if (!symbol_set(symbol, json_key(v)) || at_ns == WHEN_NONE) continue;
        memcpy((char *)memory_times(m, symbol) + offset, &at_ns, sizeof(at_ns));
    }
}

static void
times_encode(const struct memory *m, struct json_out *o, const char *key, size_t offset)
{
    if (key != NULL) json_out_obj(o, key);
    for (size_t i = 0; i < m->times_len; i++) {
        int64_t at_ns;

        memcpy(&at_ns, (const char *)&m->times[i] + offset, sizeof(at_ns));
        if (at_ns != WHEN_NONE) json_out_time(o, m->times[i].symbol, at_ns);
    }
    if (key != NULL) json_out_end(o);
}

static void
trading_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    times_decode(m, json_get_obj(doc, "last_trade_per_symbol"),
                 offsetof(struct symbol_times, last_fill_ns));
    times_decode(m, json_get_obj(doc, "cooldowns"),
                 offsetof(struct symbol_times, cooldown_until_ns));
    m->realised_pnl = usd_member(doc, "realized_pnl");
}

static void
trading_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};

    (void)now_ns; /* no time of writing inside: an unchanged memory is not written again */
    json_out_obj(&o, NULL);
    json_out_i64(&o, "state_version", 1);
    times_encode(m, &o, "last_trade_per_symbol", offsetof(struct symbol_times, last_fill_ns));
    times_encode(m, &o, "cooldowns", offsetof(struct symbol_times, cooldown_until_ns));
    json_out_usd(&o, "realized_pnl", m->realised_pnl);
    json_out_end(&o);
}

static void
displacements_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    times_decode(m, doc, offsetof(struct symbol_times, displaced_ns));
}

static void
displacements_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};

    (void)now_ns;
    json_out_obj(&o, NULL);
    times_encode(m, &o, NULL, offsetof(struct symbol_times, displaced_ns));
    json_out_end(&o);
}

/* ---- peak_equity.json, daily_start_equity.json ----------------------------------------------- */

static void
peak_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    m->marks.peak = usd_member(doc, "peak_equity");
    m->marks.has_peak = m->marks.peak.e4 > 0;
    m->marks.peak_ns = seconds_member(doc, "peak_timestamp");
}

static void
peak_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};

    (void)now_ns;
    json_out_obj(&o, NULL);
    if (m->marks.has_peak) {
        json_out_usd(&o, "peak_equity", m->marks.peak);
        json_out_i64(&o, "peak_timestamp", when_to_s(m->marks.peak_ns));
    }
    json_out_end(&o);
}

static void
daily_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    struct err ignored = {0};

    (void)now_ns;
    m->marks.baseline = usd_member(doc, "equity");
    m->marks.has_baseline =
        m->marks.baseline.e4 > 0 &&
        date_parse(json_str(doc, "date", ""), &m->marks.baseline_date, &ignored) == RC_OK;
    m->marks.baseline_ns = seconds_member(doc, "timestamp");
}

static void
daily_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};
    char date[ISO_TEXT_MAX];

    (void)now_ns;
    json_out_obj(&o, NULL);
    if (m->marks.has_baseline) {
        json_out_str(&o, "date", date_text(m->marks.baseline_date, date));
        json_out_usd(&o, "equity", m->marks.baseline);
        json_out_i64(&o, "timestamp", when_to_s(m->marks.baseline_ns));
    }
    json_out_end(&o);
}

/* ---- governor_freezes.json ------------------------------------------------------------------- */

static void
freezes_file_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    struct err ignored = {0};
    struct freezes list = {0};

    (void)now_ns;
    arena_reset(&m->freezes_arena);
    /* More keys than we can hold count as frozen: is_known stays false. */
    if (freezes_decode(doc, m->ny, &m->freezes_arena, &list, &ignored) != RC_OK)
        list = (struct freezes){0};
    m->freezes = list;
}

/* As it was written: an operator's words and details stay. */
static void
freezes_file_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};
    struct date today = zone_date(m->ny, now_ns);

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < m->freezes.len; i++) {
        const struct freeze *f = &m->freezes.freeze[i];

        if (!freeze_has_run_out(f, today)) json_out_raw(&o, f->key, f->text, strlen(f->text));
    }
    json_out_end(&o);
}

/* ---- system_stage.json, uw_thresholds_hierarchical.json ------------------------------------ */

static void
stage_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    struct err ignored = {0};

    (void)now_ns;
    m->stage = trading_stage_from(json_str(doc, "current_stage", ""));
    m->exploration_used = count_member(doc, "exploration_used_today");
    if (date_parse(json_str(doc, "exploration_date", ""), &m->exploration_date, &ignored) != RC_OK)
        m->exploration_date = (struct date){0};
}

static void
stage_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};
    char date[ISO_TEXT_MAX];

    (void)now_ns;
    json_out_obj(&o, NULL);
    json_out_str(&o, "current_stage", stage_limits(m->stage)->name);
    json_out_i64(&o, "exploration_used_today", m->exploration_used);
    if (m->exploration_date.year != 0)
        json_out_str(&o, "exploration_date", date_text(m->exploration_date, date));
    json_out_end(&o);
}

static void
thresholds_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    CLEANUP(text_free) struct text copy = {0};
    struct json_out o = {.to = &copy};
    struct json *own = NULL;
    struct err ignored = {0};

    (void)now_ns;
    json_out_value(&o, NULL, doc);
    if (json_parse(text_str(&copy), copy.len, JSON_STRICT, &JSON_LIMITS_BODY, &own, &ignored) !=
        RC_OK)
        own = NULL;
    json_free(m->thresholds);
    m->thresholds = own;
}

/* ---- self_healing_threshold.json, regime_detector_state.json, fail_counter.json ------------ */

static void
floor_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    double adjustment = json_f64(doc, "adjustment", 0.0);
    /* The floor may be raised, never lowered. */
    m->floor.adjustment = adjustment > 0 ? MIN(adjustment, SCORE_FLOOR_RAISED) : 0;
    m->floor.activated_ns = time_member(doc, "activated_at");
    m->floor.reset_ns = time_member(doc, "last_reset_at");
    m->floor.consecutive_losses = count_member(doc, "consecutive_losses");
}

static void
floor_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};

    (void)now_ns;
    json_out_obj(&o, NULL);
    json_out_f64(&o, "adjustment", m->floor.adjustment);
    json_out_time(&o, "activated_at", m->floor.activated_ns);
    json_out_time(&o, "last_reset_at", m->floor.reset_ns);
    json_out_i64(&o, "consecutive_losses", m->floor.consecutive_losses);
    json_out_end(&o);
}

static void
regime_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    m->regime.regime = structural_regime_from(json_str(doc, "current_regime", "NEUTRAL"));
    m->regime.confidence = json_f64(doc, "confidence", 0.0);
    m->regime.updated_ns = time_member(doc, "last_update");
}

static void
regime_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};

    (void)now_ns;
    json_out_obj(&o, NULL);
    json_out_str(&o, "current_regime", structural_regime_name(m->regime.regime));
    json_out_f64(&o, "confidence", m->regime.confidence);
    json_out_time(&o, "last_update", m->regime.updated_ns);
    json_out_end(&o);
}

static void
fail_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    m->fail_count = MAX(0, json_i64(doc, "fail_count", 0));
}

static void
fail_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    struct json_out o = {.to = to};

    (void)now_ns;
    json_out_obj(&o, NULL);
    json_out_i64(&o, "fail_count", m->fail_count);
    json_out_end(&o);
}

/* ---- sector_tide_state.json, position_metadata.json ---------------------------------------- */

static void
tide_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    sector_tide_decode(doc, now_ns, &m->tide);
}

static void
tide_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    (void)now_ns;
    sector_tide_write(&m->tide, to);
}

static void
metadata_file_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    metadata_decode(&m->metadata, doc);
}

static void
metadata_file_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    (void)now_ns;
    metadata_encode(&m->metadata, to);
}

/* ---- operator_control.json ----------------------------------------------------------------- */

static void
control_file_decode(struct memory *m, const struct json *doc, int64_t now_ns)
{
    (void)now_ns;
    control_decode(doc, &m->control);
}

static void
control_file_encode(const struct memory *m, int64_t now_ns, struct text *to)
{
    (void)now_ns;
    control_encode(&m->control, to);
}

/* state/<file>.json; what else there is to say of it stands behind by name. */
#define STATE_FILE(file, decoder, encoder, ...)                                                    \
    {                                                                                              \
        .path = "state/" file ".json", .default_json = "{}", .decode = (decoder),                  \
        .encode = (encoder), __VA_ARGS__                                                           \
    }
#define NO_PREV      .has_prev = false
#define HAS_PREV     .has_prev = true
#define OPERATORS    .is_operators = true
#define LOCKED(file) .lock_path = "state/" file ".json.lock"

const struct memory_codec MEMORY_CODECS[MEMORY_FILES_LEN] = {
    [MEMORY_TRADING_STATE] = STATE_FILE("trading_state", trading_decode, trading_encode, HAS_PREV),
    [MEMORY_PEAK_EQUITY] = STATE_FILE("peak_equity", peak_decode, peak_encode, HAS_PREV),
    [MEMORY_DAILY_EQUITY] = STATE_FILE("daily_start_equity", daily_decode, daily_encode, HAS_PREV),
    [MEMORY_FREEZES] = STATE_FILE("governor_freezes", freezes_file_decode, freezes_file_encode,
                                  OPERATORS, LOCKED("governor_freezes")),
    [MEMORY_STAGE] = STATE_FILE("system_stage", stage_decode, stage_encode, OPERATORS),
    [MEMORY_SCORE_FLOOR] =
        STATE_FILE("self_healing_threshold", floor_decode, floor_encode, NO_PREV),
    [MEMORY_DISPLACEMENTS] =
        STATE_FILE("displacement_cooldowns", displacements_decode, displacements_encode, NO_PREV),
    [MEMORY_THRESHOLDS] =
        STATE_FILE("uw_thresholds_hierarchical", thresholds_decode, NULL, OPERATORS),
    [MEMORY_SECTOR_TIDE] = STATE_FILE("sector_tide_state", tide_decode, tide_encode, NO_PREV),
    [MEMORY_REGIME] = STATE_FILE("regime_detector_state", regime_decode, regime_encode, NO_PREV),
    [MEMORY_FAIL_COUNTER] = {.path = "state/fail_counter.json",
                             .default_json = "{\"fail_count\":0}",
                             .decode = fail_decode,
                             .encode = fail_encode        },
    [MEMORY_METADATA] = STATE_FILE("position_metadata", metadata_file_decode, metadata_file_encode,
                                   HAS_PREV, LOCKED("position_metadata")),
 /* No previous generation: it could be the one from before the halt. */
    [MEMORY_CONTROL] = {.path = CONTROL_PATH,
                             .default_json = CONTROL_DAMAGED_JSON,
                             .decode = control_file_decode,
                             .encode = control_file_encode},
};

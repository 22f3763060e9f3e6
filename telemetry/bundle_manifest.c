#include "base/ops.h"
#include "telemetry/bundle_internal.h"

enum { PNL_DECIMALS = 6 };

#define DEST_FMT "%s/%s"

/* ---- the day before ------------------------------------------------------------------------ */

struct newest {
    const struct bundle *b;
    char date[ISO_TEXT_MAX];
};

/* Names of folders are dates: the order of texts is that of days. */
static bool
look_at(void *ctx, const char *name)
{
    struct newest *n = ctx;
    const struct fs *fs = n->b->spec->seams.fs;
    struct fs_stat st = {0};
    struct date date;
    char path[BUNDLE_PATH_MAX];

    if (date_parse(name, &date, NULL) != RC_OK) return true;
    if (strcmp(name, n->b->date) >= 0 || strcmp(name, n->date) <= 0) return true;
    (void)snprintf(path, sizeof(path), "%s/%s/" BUNDLE_MANIFEST, n->b->spec->options.output_root,
                   name);
    if (fs->stat(fs->self, path, &st, NULL) == RC_OK && st.exists)
        (void)str_copy(n->date, sizeof(n->date), name);
    return true;
}

bool
chain_hash(const struct bundle *b, const char *date, char ret_sha256[SHA256_HEX_MAX])
{
    const struct sources *sources = b->spec->seams.sources;
    char path[BUNDLE_PATH_MAX];
    const char *bytes = NULL;
    struct source src;
    size_t len = 1;

    (void)snprintf(path, sizeof(path), "%s/%s/" BUNDLE_MANIFEST, b->spec->options.output_root,
                   date);
    if (sources->open(sources->self, path, -1, &src, NULL) != RC_OK) return false;
    while (len > 0 && src.next(src.self, &bytes, &len, NULL) == RC_OK) {
    }
    (void)str_copy(ret_sha256, SHA256_HEX_MAX, src.facts(src.self).sha256);
    src.close(src.self);
    return ret_sha256[0] != '\0';
}

void
chain_find(struct bundle *b, struct bundle_chain *ret)
{
    const struct fs *fs = b->spec->seams.fs;
    struct newest n = {.b = b};

    *ret = (struct bundle_chain){0};
    /* A folder that cannot be listed has no bundle to be chained to. */
    (void)fs->list(fs->self, b->spec->options.output_root, look_at, &n, NULL);
    if (n.date[0] == '\0' || !chain_hash(b, n.date, ret->sha256)) return;
    (void)str_copy(ret->date, sizeof(ret->date), n.date);
}

static void
write_chain(struct doc *out, const struct bundle *b, const struct bundle_chain *c)
{
    char path[BUNDLE_PATH_MAX] = "";

    if (c->date[0] != '\0')
        (void)snprintf(path, sizeof(path), "%s/%s/" BUNDLE_MANIFEST, b->spec->options.output_root,
                       c->date);
    doc_obj(out, "chain");
    doc_str(out, "previous_date", c->date);
    doc_str(out, "previous_manifest", path);
    doc_str(out, "previous_manifest_sha256", c->sha256);
    doc_end(out);
}

/* ---- realized trades ----------------------------------------------------------------------- */

/* The records that a trade was made from, read again: what is shown whole is not kept. */
struct trade_lines {
    struct log_lines entries, exits, attributions;
};

static void
write_word(struct doc *out, const struct day_view *day, const char *key, word id)
{
    doc_span(out, key, words_text(day->words, id));
}

/* From "direction" to "entry_v2_score". */
static void
write_entry(struct doc *out, const struct day_view *day, const struct trade *t,
            const struct node *record)
{
    const struct node *snapshot = node_member(record, "intel_snapshot");

    doc_node(out, "direction", node_member(record, "direction"));
    if (node_kind(snapshot) == JSON_OBJECT) {
        doc_node(out, "entry_intel_snapshot", snapshot);
    } else {
        doc_obj(out, "entry_intel_snapshot");
        doc_end(out);
    }
    doc_num(out, "entry_price", t->entry_price);
    write_word(out, day, "entry_regime", t->entry_regime);
    write_word(out, day, "entry_sector", t->entry_sector);
    write_word(out, day, "entry_ts", t->entry_ts);
    if (t->universe_rank > 0)
        doc_int(out, "entry_universe_rank_v2", t->universe_rank);
    else
        doc_null(out, "entry_universe_rank_v2");
    doc_num(out, "entry_universe_score_v2", t->universe_score);
    doc_num(out, "entry_v1_score", t->entry_v1_score);
    doc_num(out, "entry_v2_score", t->entry_v2_score);
}

/* From "exit_attribution" to "v2_exit_score". */
static void
write_exit(struct doc *out, const struct day_view *day, const struct trade *t,
           const struct node *attribution, const struct node *record)
{
    doc_node(out, "exit_attribution", attribution);
    doc_num(out, "exit_price", t->exit_price);
    write_word(out, day, "exit_reason", t->exit_reason);
    write_word(out, day, "exit_regime", t->exit_regime);
    write_word(out, day, "exit_sector", t->exit_sector);
    write_word(out, day, "exit_ts", t->exit_ts);
    doc_num(out, "exit_v2_score", t->exit_v2_score);
    doc_num(out, "pnl_pct", t->pnl_pct);
    doc_num(out, "pnl_usd", t->pnl_usd);
    doc_num(out, "qty", t->qty);
    doc_node(out, "replacement_candidate", node_member(record, "replacement_candidate"));
    write_word(out, day, "side", t->side);
    write_word(out, day, "symbol", t->symbol);
    doc_num(out, "time_in_trade_minutes", t->time_in_trade_minutes);
    write_word(out, day, "trade_id", t->trade_id);
    doc_num(out, "v2_exit_score", t->v2_exit_score);
}

static void
write_trades(struct doc *out, struct bundle_day *d)
{
    const struct day_view *day = d->view;
    struct trade_lines lines;

    lines_begin(&lines.entries, d->b, "logs/shadow_trades.jsonl");
    lines_begin(&lines.exits, d->b, "logs/shadow_trades.jsonl");
    lines_begin(&lines.attributions, d->b, "logs/exit_attribution.jsonl");
    doc_arr(out, "realized_trades");
    for (size_t i = 0; i < day->trades && out->rc == RC_OK; i++) {
        const struct trade *t = &day->trade[i];
        const struct node *attribution =
            t->has_attribution ? lines_read(&lines.attributions, t->a->line) : NULL;
        const struct node *exit = t->has_candidate ? lines_read(&lines.exits, t->exit_line) : NULL;

        doc_obj(out, NULL);
        write_entry(out, day, t, lines_read(&lines.entries, t->entry_line));
        write_exit(out, day, t, attribution, exit);
        doc_end(out);
    }
    doc_end(out);
    lines_done(&lines.entries);
    lines_done(&lines.exits);
    lines_done(&lines.attributions);
}

/* ---- computed ------------------------------------------------------------------------------ */

static void
write_sums(struct doc *out, const struct day_view *day, const char *key, const struct word_sums *s)
{
    uint32_t *sorted = tally_sorted(&s->seen, day->words);

    doc_obj(out, key);
    for (uint32_t i = 0; i < s->seen.len; i++)
        doc_num_at(out, words_text(day->words, (word)s->seen.key[sorted[i]]), s->sum[sorted[i]]);
    doc_end(out);
    free(sorted);
}

static void
write_counts(struct doc *out, const struct day_view *day, const char *key, const struct tally *t)
{
    uint32_t *sorted = tally_sorted(t, day->words);

    doc_obj(out, key);
    for (uint32_t i = 0; i < t->len; i++)
        doc_int_at(out, words_text(day->words, (word)t->key[sorted[i]]), t->count[sorted[i]]);
    doc_end(out);
    free(sorted);
}

static void
write_shadow(struct doc *out, struct bundle_day *d)
{
    const struct day_view *day = d->view;
    CLEANUP(day_sums_done) struct day_sums sums = {0};

    day_sums_of(day, &sums);
    doc_obj(out, "shadow");
    doc_obj(out, "counts");
    doc_int(out, "exit_attribution_records_today", day->completeness->records);
    doc_int(out, "exits_without_entry_today", day->exits_without_entry);
    doc_int(out, "realized_closed_trades", (int64_t)day->trades);
    doc_int(out, "replacement_events", sums.replacements);
    doc_int(out, "shadow_entries_opened_today", day->entries);
    doc_int(out, "shadow_exits_today", day->exits);
    doc_int(out, "shadow_log_records_today", day->shadow_records);
    doc_int(out, "shadow_trade_candidates_today", day->candidates);
    doc_end(out);
    write_counts(out, day, "exit_reasons_distribution", &sums.by_exit_reason.seen);
    write_sums(out, day, "pnl_by_exit_reason", &sums.by_exit_reason);
    write_sums(out, day, "pnl_by_regime", &sums.by_regime);
    write_sums(out, day, "pnl_by_sector", &sums.by_sector);
    write_sums(out, day, "pnl_by_symbol", &sums.by_symbol);
    doc_num(out, "pnl_total_usd", round_dec(sums.pnl_total, PNL_DECIMALS));
    if (!d->b->spec->options.is_digest) write_trades(out, d);
    write_word(out, day, "regime_session", day->regime_label);
    write_counts(out, day, "uw_feature_usage_counts", day->feature_usage);
    doc_end(out);
}

/* A member of a parsed document again, whatever it is. */
static void
write_value(struct doc *out, const char *key, const struct json *v)
{
    CLEANUP(text_free) struct text json = {0};
    CLEANUP(json_line_done) struct json_line line = {0};
    struct json_out o = {.to = &json};
    const struct node *node = NULL;

    if (v != NULL) {
        json_out_value(&o, NULL, v);
        node = json_line_read(&line, text_str(&json), json.len);
    }
    doc_node(out, key, node);
}

static void
write_intel_health(struct doc *out, const struct json *intel)
{
    const struct json *checks = json_get_arr(intel, "checks");
    const struct json *meta = json_get_obj(intel, "_meta");
    struct words words = {0};
    struct tally statuses = {0};
    char buf[F64_TEXT_MAX];

    for (const struct json *c = json_first(checks); c != NULL; c = json_next(c)) {
        const char *status = ops_str(json_get(c, "status"), "", buf);

        tally_add(&statuses, words_add(&words, (struct span){status, strlen(status)}), 1);
    }
    uint32_t *sorted = tally_sorted(&statuses, &words);
    doc_int(out, "check_count", (int64_t)json_len(checks));
    doc_obj(out, "status_counts");
    for (uint32_t i = 0; i < statuses.len; i++)
        doc_int_at(out, words_text(&words, (word)statuses.key[sorted[i]]),
                   statuses.count[sorted[i]]);
    doc_end(out);
    write_value(out, "ts", meta != NULL ? json_get(meta, "ts") : json_get(intel, "ts"));
    free(sorted);
    tally_done(&statuses);
    words_done(&words);
}

void
health_write(struct doc *out, const struct json *intel, const struct json *daemon)
{
    static const char *const shown[] = {"crash_loop", "endpoint_errors", "lock_ok",  "pid_ok",
                                        "poll_fresh", "status",          "timestamp"};

    doc_obj(out, "daemon_health");
    for (size_t i = 0; daemon != NULL && i < COUNT_OF(shown); i++)
        write_value(out, shown[i], json_get(daemon, shown[i]));
    doc_end(out);
    doc_obj(out, "intel_health");
    if (intel != NULL) write_intel_health(out, intel);
    doc_end(out);
}

/* Computed once: into its file and, where the manifest repeats it, into the manifest. */
static enum rc
write_artifact(struct doc *out, struct bundle_day *d, enum artifact_id id, struct err *err)
{
    char path[BUNDLE_PATH_MAX];

    if (!d->b->spec->options.is_digest) {
        doc_key(out, ARTIFACT[id].key);
        return bundle_artifact(d, id, out, err);
    }
    enum rc rc = bundle_artifact(d, id, NULL, err);
    const struct output *row = &d->b->outputs.item[d->artifacts_at + id];
    (void)snprintf(path, sizeof(path), DEST_FMT, d->b->place, row->name);
    doc_obj(out, ARTIFACT[id].key);
    doc_int(out, "bytes", row->bytes);
    doc_str(out, "file", path);
    doc_str(out, "sha256", row->sha256);
    doc_end(out);
    return rc;
}

/* The artifacts by their key in the manifest, ascending. */
static const enum artifact_id BY_KEY[ARTIFACTS] = {
    ART_PARITY_DETAILS, ART_COMPLETENESS, ART_EQUALIZER, ART_FAMILIES, ART_VALUE_CURVES,
    ART_LIVE_SHADOW,    ART_LONG_SHORT,   ART_MATRIX,    ART_TIMELINE, ART_REPLACEMENT,
    ART_SCORE_CURVES,   ART_PARITY,       ART_SIGNALS,   ART_WEIGHTS};

/* Their files and the two computations that are no artifact stand between them. */
static enum rc
write_computed(struct doc *out, struct bundle_day *d, struct err *err)
{
    char path[BUNDLE_PATH_MAX];
    enum rc rc = RC_OK;

    doc_obj(out, "computed");
    doc_obj(out, "computed_files");
    for (int i = 0; i < ARTIFACTS; i++) {
        (void)snprintf(path, sizeof(path), DEST_FMT, d->b->place, ARTIFACT[BY_KEY[i]].file);
        doc_str(out, ARTIFACT[BY_KEY[i]].key, path);
    }
    doc_end(out);
    for (int i = 0; i < ARTIFACTS && rc == RC_OK; i++) {
        if (BY_KEY[i] == ART_LIVE_SHADOW) {
            doc_obj(out, "health");
            health_write(out, d->state[SHOWN_INTEL_HEALTH], d->state[SHOWN_DAEMON_HEALTH]);
            doc_end(out);
        }
        if (BY_KEY[i] == ART_PARITY) write_shadow(out, d);
        rc = write_artifact(out, d, BY_KEY[i], err);
    }
    doc_end(out);
    return rc;
}

/* ---- what went in and what came out -------------------------------------------------------- */

static void
write_copied(struct doc *out, const struct bundle *b)
{
    char path[BUNDLE_PATH_MAX];

    doc_arr(out, "copied_files");
    for (size_t i = 0; i < b->outputs.len; i++) {
        const struct output *row = &b->outputs.item[i];

        (void)snprintf(path, sizeof(path), DEST_FMT, b->place, row->name);
        doc_obj(out, NULL);
        doc_int(out, "bytes", row->bytes);
        doc_str(out, "dest", path);
        doc_str(out, "kind", row->kind);
        doc_str(out, "note", row->note);
        doc_str(out, "sha256", row->sha256);
        doc_str(out, "source", row->source);
        doc_bool(out, "truncated", row->is_truncated);
        doc_end(out);
    }
    doc_end(out);
}

static void
write_input_stats(struct doc *out, const struct day_view *day)
{
    static const struct {
        const char *path;
        enum day_log log;
    } logs[] = {
        {"logs/attribution.jsonl",      DAY_ATTRIBUTION     },
        {"logs/exit_attribution.jsonl", DAY_EXIT_ATTRIBUTION},
        {"logs/shadow_trades.jsonl",    DAY_SHADOW_TRADES   }
    };

    doc_obj(out, "input_stats");
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        const struct log_stats *s = &day->log[logs[i].log];

        doc_obj(out, logs[i].path);
        doc_int(out, "bytes", (int64_t)s->bytes);
        doc_int(out, "lines", (int64_t)s->lines);
        doc_int(out, "malformed", (int64_t)s->malformed);
        doc_int(out, "records", (int64_t)s->records);
        doc_end(out);
    }
    doc_end(out);
}

const char *
input_state_name(enum input_state state)
{
    static const char *const names[] = {[INPUT_READ] = "read",
                                        [INPUT_MISSING] = "missing",
                                        [INPUT_DAMAGED] = "damaged",
                                        [INPUT_UNREADABLE] = "unreadable"};

    return names[state];
}

static void
write_inputs(struct doc *out, const struct bundle *b)
{
    doc_arr(out, "inputs");
    for (size_t i = 0; i < b->inputs.len; i++) {
        const struct input *in = &b->inputs.item[i];

        doc_obj(out, NULL);
        doc_int(out, "bytes", in->bytes);
        doc_str(out, "error", in->error != NULL ? in->error : "");
        doc_str(out, "kind", in->kind);
        doc_str(out, "log", in->log != NULL ? in->log : "");
        doc_str(out, "path", in->path);
        doc_str(out, "sha256", in->sha256);
        doc_str(out, "status", input_state_name(in->state));
        doc_end(out);
    }
    doc_end(out);
}

static void
write_missing(struct doc *out, const struct bundle *b)
{
    static const enum bundle_kind by_name[] = {KIND_LOGS, KIND_REPORTS, KIND_STATE};

    doc_obj(out, "missing");
    for (size_t i = 0; i < COUNT_OF(by_name); i++) {
        const struct missing_list *l = &b->missing[by_name[i]];

        doc_arr(out, BUNDLE_KIND_NAMES[by_name[i]]);
        for (size_t k = 0; k < l->len; k++)
            doc_str(out, NULL, l->path[k]);
        doc_end(out);
    }
    doc_end(out);
}

/* ---- the document -------------------------------------------------------------------------- */

static void
write_meta(struct doc *out, const struct bundle *b)
{
    const struct bundle_origin *origin = &b->spec->origin;
    const struct bundle_options *options = &b->spec->options;

    doc_obj(out, "_meta");
    doc_instant(out, "as_of_ts", origin->as_of_ns / NS_PER_US);
    doc_str(out, "data_source", origin->data_source);
    doc_str(out, "date", b->date);
    doc_instant(out, "generated_at_utc", origin->generated_ns / NS_PER_US);
    doc_str(out, "git_head", origin->git_head);
    doc_str(out, "host", origin->host);
    doc_obj(out, "options");
    doc_str(out, "manifest_embed", options->is_digest ? "digest" : "full");
    doc_int(out, "max_log_bytes", options->log_bytes_max);
    doc_str(out, "overnight", options->has_overnight ? "include" : "exclude");
    doc_int(out, "tail_lines", options->tail_lines);
    doc_end(out);
    doc_str(out, "platform", origin->platform);
    doc_end(out);
}

/* Up to what was computed, which is computed on the way. */
static enum rc
write_first_part(struct doc *out, struct bundle_day *d, struct err *err)
{
    doc_obj(out, NULL);
    write_meta(out, d->b);
    doc_str(out, "bundle_dir", d->b->place);
    write_chain(out, d->b, &d->chain);
    return write_computed(out, d, err);
}

static void
write_last_part(struct doc *out, const struct bundle_day *d)
{
    write_copied(out, d->b);
    write_input_stats(out, d->view);
    write_inputs(out, d->b);
    write_missing(out, d->b);
    doc_end(out);
}

static enum rc
take_bytes(void *self, const char *bytes, size_t len, struct err *err)
{
    return out_add(self, bytes, len, err);
}

enum rc
bundle_generate(struct bundle_day *d, struct output *ret_manifest, struct err *err)
{
    CLEANUP(out_done) struct out o;
    CLEANUP(doc_free) struct doc doc = {.sink = take_bytes, .self = &o};

    bundle_artifacts_begin(d);
    out_begin(&o, d->b, BUNDLE_MANIFEST);
    o.is_hashed = !d->b->is_written;
    enum rc rc = write_first_part(&doc, d, err);
    if (rc == RC_OK) rc = bundle_report(d, err);
    if (rc != RC_OK) return rc;
    write_last_part(&doc, d);
    rc = doc_close(&doc, true, err);
    return rc == RC_OK ? out_end(&o, ret_manifest, err) : rc;
}

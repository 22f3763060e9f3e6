#include <stdarg.h>

#include "telemetry/bundle_internal.h"

/* A full manifest repeats the artifacts: about 8 KB a trade. */
#define MANIFEST_BYTES_MAX ((size_t)2 << 30)

/* An input of the earlier run. */
struct pinned {
    const char *kind, *path, *log, *sha256, *status, *error;
    int64_t bytes;
    const char *found; /* where its bytes are today; NULL: nowhere */
};

struct verify {
    const struct bundle_spec *spec;
    struct bundle b; /* the recomputation */
    struct text bytes;
    char manifest_sha256[SHA256_HEX_MAX];
    struct json *meta, *chain, *outputs, *inputs;
    struct pinned *pinned;
    size_t pinned_len;
    struct bundle_check check;
    void (*tell)(void *ctx, const char *sentence);
    void *ctx;
};

static void tell(struct verify *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
tell(struct verify *v, const char *fmt, ...)
{
    char sentence[2 * BUNDLE_PATH_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(sentence, sizeof(sentence), fmt, args);
    va_end(args);
    v->tell(v->ctx, sentence);
}

/* ---- the manifest -------------------------------------------------------------------------- */

static enum rc
parse_span(const struct json_span *span, struct json **ret, struct err *err)
{
    return json_parse(span->value, span->value_len, JSON_LOG, &JSON_LIMITS_FILE, ret, err);
}

/* Only the members that say what went in and out: the artifacts it repeats are in their files. */
static enum rc
parse_members(struct verify *v, struct err *err)
{
    struct {
        const char *key;
        struct json **to;
    } wanted[] = {
        {"_meta",        &v->meta   },
        {"chain",        &v->chain  },
        {"copied_files", &v->outputs},
        {"inputs",       &v->inputs }
    };
    struct json_scan scan;
    struct json_span span;
    enum rc rc;

    json_scan_init(&scan, text_str(&v->bytes), v->bytes.len);
    while ((rc = json_scan_next(&scan, &span, err)) == RC_OK) {
        for (size_t i = 0; i < COUNT_OF(wanted) && rc == RC_OK; i++)
            if (span.key_len == strlen(wanted[i].key) && *wanted[i].to == NULL &&
                memcmp(span.key, wanted[i].key, span.key_len) == 0)
                rc = parse_span(&span, wanted[i].to, err);
        if (rc != RC_OK) return rc;
    }
    if (rc != RC_NOT_FOUND) return rc;
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (*wanted[i].to == NULL) return err_set(err, RC_PARSE, "there is no %s", wanted[i].key);
    return RC_OK;
}

static void
pin_inputs(struct verify *v)
{
    size_t i = 0;

    v->pinned_len = json_len(v->inputs);
    v->pinned = ARENA_NEW(&v->b.arena, struct pinned, v->pinned_len);
    for (const struct json *in = json_first(v->inputs); in != NULL; in = json_next(in))
        v->pinned[i++] = (struct pinned){.kind = json_str(in, "kind", ""),
                                         .path = json_str(in, "path", ""),
                                         .log = json_str(in, "log", ""),
                                         .sha256 = json_str(in, "sha256", ""),
                                         .status = json_str(in, "status", ""),
                                         .error = json_str(in, "error", ""),
                                         .bytes = json_i64(in, "bytes", 0)};
}

static enum rc
load_manifest(struct verify *v, struct err *err)
{
    const struct fs *fs = v->spec->seams.fs;
    char path[BUNDLE_PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/" BUNDLE_MANIFEST, v->b.place);
    enum rc rc = fs->read_all(fs->self, path, MANIFEST_BYTES_MAX, &v->bytes, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "%s: there is no bundle of the day", v->b.place);
    if (rc != RC_OK) return rc;
    (void)sha256_hex(text_str(&v->bytes), v->bytes.len, v->manifest_sha256);
    rc = parse_members(v, err);
    if (rc != RC_OK) return err_wrap(err, "%s", path);
    pin_inputs(v);
    return RC_OK;
}

/* ---- files against hashes ------------------------------------------------------------------ */

/* Hash of the first bytes of a file, all of it where bytes_max is negative; false where it cannot
 * be read. */
static bool
hash_file(const struct verify *v, const char *path, int64_t bytes_max, struct source_facts *ret)
{
    const struct sources *sources = v->spec->seams.sources;
    const char *bytes = NULL;
    struct source src;
    size_t len = 1;

    if (sources->open(sources->self, path, bytes_max, &src, NULL) != RC_OK) return false;
    while (len > 0 && src.next(src.self, &bytes, &len, NULL) == RC_OK) {
    }
    *ret = src.facts(src.self);
    src.close(src.self);
    return ret->sha256[0] != '\0';
}

static bool
holds(const struct verify *v, const char *path, int64_t bytes, const char *sha256)
{
    struct source_facts facts;

    return hash_file(v, path, bytes, &facts) && facts.bytes == bytes &&
           str_eq(facts.sha256, sha256);
}

static void
check_file(struct verify *v, const struct json *row)
{
    const char *path = json_str(row, "dest", ""), *sha256 = json_str(row, "sha256", "");
    struct source_facts facts;

    v->check.files++;
    if (!hash_file(v, path, -1, &facts))
        tell(v, "%s: the manifest has it, but it cannot be read", path);
    else if (facts.bytes != json_i64(row, "bytes", -1))
        tell(v, "%s: has %lld bytes, the manifest says %lld", path, (long long)facts.bytes,
             (long long)json_i64(row, "bytes", -1));
    else if (!str_eq(facts.sha256, sha256))
        tell(v, "%s: has SHA-256 %s, the manifest says %s", path, facts.sha256, sha256);
    else
        return;
    v->check.differing++;
}

struct stray {
    struct verify *v;
    const char *folder;
};

static bool
check_stray(void *ctx, const char *name)
{
    struct stray *s = ctx;
    char path[BUNDLE_PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", s->folder, name) >= (int)sizeof(path)) return true;
    for (const struct json *row = json_first(s->v->outputs); row != NULL; row = json_next(row))
        if (str_eq(json_str(row, "dest", ""), path)) return true;
    tell(s->v, "%s: the manifest does not have it", path);
    s->v->check.differing++;
    return true;
}

static void
check_files(struct verify *v)
{
    const struct fs *fs = v->spec->seams.fs;
    char folder[BUNDLE_PATH_MAX];

    for (const struct json *row = json_first(v->outputs); row != NULL; row = json_next(row))
        check_file(v, row);
    for (int i = 0; i <= BUNDLE_KINDS; i++) {
        struct stray s = {v, folder};

        (void)snprintf(folder, sizeof(folder), "%s/%s", v->b.place,
                       i < BUNDLE_KINDS ? BUNDLE_KIND_NAMES[i] : "computed");
        /* A folder that is gone was told of file by file. */
        (void)fs->list(fs->self, folder, check_stray, &s, NULL);
    }
}

static void
check_chain(struct verify *v)
{
    const char *date = json_str(v->chain, "previous_date", "");
    const char *sha256 = json_str(v->chain, "previous_manifest_sha256", "");
    char now[SHA256_HEX_MAX] = "";

    if (date[0] == '\0') return;
    if (chain_hash(&v->b, date, now) && str_eq(now, sha256)) return;
    v->check.chain_broken++;
    if (now[0] == '\0')
        tell(v, "chain: the manifest of %s cannot be read", date);
    else
        tell(v, "chain: the manifest of %s has SHA-256 %s, this bundle was made after %s", date,
             now, sha256);
}

/* ---- inputs -------------------------------------------------------------------------------- */

struct search {
    struct verify *v;
    struct pinned *in;
};

static void
try_path(void *ctx, const char *path)
{
    struct search *s = ctx;

    if (s->in->found == NULL && holds(s->v, path, s->in->bytes, s->in->sha256))
        s->in->found = arena_strdup(&s->v->b.arena, path);
}

/*
 * A log has grown since, or was rotated away: then its first bytes are what they were, perhaps
 * under another name.  Of documents that are written anew the bundle has a copy.
 */
static void
find_input(struct verify *v, struct pinned *in)
{
    struct search s = {v, in};
    char path[BUNDLE_PATH_MAX];

    try_path(&s, in->path);
    if (in->found == NULL && str_starts(in->log, "logs/") && str_ends(in->log, ".jsonl")) {
        CLEANUP(text_free) struct text stem = {0};

        text_add(&stem, in->log + 5, strlen(in->log) - 11);
        v->b.pins = NULL; /* of today, not of then */
        bundle_generations(&v->b, text_str(&stem), try_path, &s);
    }
    (void)snprintf(path, sizeof(path), "%s/%s", v->b.place, in->path);
    try_path(&s, path);
}

static bool
was_read(const struct pinned *in)
{
    return in->sha256[0] != '\0';
}

static void
check_inputs(struct verify *v)
{
    for (size_t i = 0; i < v->pinned_len; i++) {
        struct pinned *in = &v->pinned[i];

        if (!was_read(in)) continue;
        v->check.inputs++;
        find_input(v, in);
        if (in->found != NULL) continue;
        v->check.inputs_changed++;
        tell(v, "%s: is not what the bundle was made from, and there is no other copy", in->path);
    }
}

/* Without these nothing can be computed again. */
static bool
is_essential(const struct pinned *in)
{
    static const char *const logs[] = {"logs/attribution.jsonl", "logs/exit_attribution.jsonl",
                                       "logs/shadow_trades.jsonl"};

    for (size_t i = 0; i < COUNT_OF(logs); i++)
        if (str_eq(in->log, logs[i])) return true;
    return str_eq(in->kind, "state");
}

static bool
can_recompute(const struct verify *v)
{
    for (size_t i = 0; i < v->pinned_len; i++)
        if (was_read(&v->pinned[i]) && v->pinned[i].found == NULL && is_essential(&v->pinned[i]))
            return false;
    return true;
}

static struct pin
pin_find(void *self, const char *path)
{
    const struct verify *v = self;
    struct pin pin = {.state = INPUT_MISSING};

    for (size_t i = 0; i < v->pinned_len; i++) {
        const struct pinned *in = &v->pinned[i];

        if (!str_eq(in->path, path)) continue;
        if (str_eq(in->status, input_state_name(INPUT_UNREADABLE))) pin.state = INPUT_UNREADABLE;
        pin.error = in->error;
        pin.path = in->found;
        pin.bytes = in->bytes;
        break;
    }
    return pin;
}

static void
pin_generations(void *self, const char *log, void (*each)(void *ctx, const char *path), void *ctx)
{
    const struct verify *v = self;
    char path[BUNDLE_PATH_MAX];

    (void)snprintf(path, sizeof(path), "logs/%s.jsonl", log);
    for (size_t i = 0; i < v->pinned_len; i++)
        if (str_eq(v->pinned[i].log, path) && !str_eq(v->pinned[i].path, path))
            each(ctx, v->pinned[i].path);
}

/* ---- once more ----------------------------------------------------------------------------- */

/* Options and origin are those of the earlier run, so that the documents can be the same. */
static void
take_meta(const struct verify *v, struct bundle_spec *spec)
{
    const struct json *options = json_get(v->meta, "options");

    spec->is_dry = true;
    spec->options.log_bytes_max = json_i64(options, "max_log_bytes", BUNDLE_LOG_BYTES_DEFAULT);
    spec->options.tail_lines = json_i64(options, "tail_lines", BUNDLE_TAIL_LINES_DEFAULT);
    spec->options.is_digest = str_eq(json_str(options, "manifest_embed", ""), "digest");
    spec->options.has_overnight = str_eq(json_str(options, "overnight", ""), "include");
    spec->origin.generated_ns = when_parse_or_none(json_str(v->meta, "generated_at_utc", ""));
    spec->origin.as_of_ns = when_parse_or_none(json_str(v->meta, "as_of_ts", ""));
    spec->origin.data_source = json_str(v->meta, "data_source", "");
    spec->origin.host = json_str(v->meta, "host", "");
    spec->origin.platform = json_str(v->meta, "platform", "");
    spec->origin.git_head = json_str(v->meta, "git_head", "");
}

static void
compare_file(struct verify *v, const struct json *row)
{
    const char *path = json_str(row, "dest", "");
    const char *name = path + strlen(v->b.place) + 1;

    if (!str_starts(path, v->b.place)) return;
    for (size_t i = 0; i < v->b.outputs.len; i++) {
        const struct output *again = &v->b.outputs.item[i];

        if (!str_eq(again->name, name)) continue;
        if (str_eq(again->sha256, json_str(row, "sha256", ""))) return;
        tell(v,
             "%s: computed again it has %lld bytes and SHA-256 %s, the manifest says %lld and %s",
             path, (long long)again->bytes, again->sha256, (long long)json_i64(row, "bytes", -1),
             json_str(row, "sha256", ""));
        v->check.recomputed_differing++;
        return;
    }
    tell(v, "%s: does not come out of the same inputs again", path);
    v->check.recomputed_differing++;
}

static bool
is_artifact(const struct json *row)
{
    return strstr(json_str(row, "dest", ""), "/computed/") != NULL;
}

static enum rc
recompute(struct verify *v, struct err *err)
{
    const struct bundle_pins pins = {v, pin_find, pin_generations};
    struct bundle_spec spec = *v->spec;
    struct bundle_chain chain = {0};
    struct bundle_result result = {0};
    struct output manifest = {0};

    take_meta(v, &spec);
    if (spec.origin.as_of_ns == WHEN_NONE || spec.origin.generated_ns == WHEN_NONE)
        return err_set(err, RC_PARSE, "%s/" BUNDLE_MANIFEST ": _meta names no instants",
                       v->b.place);
    (void)str_copy(chain.date, sizeof(chain.date), json_str(v->chain, "previous_date", ""));
    (void)str_copy(chain.sha256, sizeof(chain.sha256),
                   json_str(v->chain, "previous_manifest_sha256", ""));
    v->b.spec = &spec;
    v->b.is_written = false;
    v->b.pins = &pins;
    v->b.chain = &chain;
    enum rc rc = bundle_compute(&v->b, &result, &manifest, err);
    v->b.spec = v->spec;
    if (rc != RC_OK) return rc;
    v->check.is_recomputed = true;
    /* Where an input is lost, only what does not show it can be the same. */
    for (const struct json *row = json_first(v->outputs); row != NULL; row = json_next(row))
        if (v->check.inputs_changed == 0 || is_artifact(row)) compare_file(v, row);
    if (v->check.inputs_changed > 0 || str_eq(manifest.sha256, v->manifest_sha256)) return RC_OK;
    tell(v, "%s/" BUNDLE_MANIFEST ": computed again it has SHA-256 %s instead of %s", v->b.place,
         manifest.sha256, v->manifest_sha256);
    v->check.recomputed_differing++;
    return RC_OK;
}

static enum rc
verify(struct verify *v, struct err *err)
{
    enum rc rc = load_manifest(v, err);

    if (rc != RC_OK) return rc;
    check_files(v);
    check_chain(v);
    check_inputs(v);
    if (can_recompute(v)) return recompute(v, err);
    tell(v, "%s: cannot be computed again", v->b.place);
    return RC_OK;
}

enum rc
bundle_verify(const struct bundle_spec *spec, void (*tell_one)(void *ctx, const char *sentence),
              void *ctx, struct bundle_check *ret_check, struct err *err)
{
    struct verify v = {.spec = spec, .tell = tell_one, .ctx = ctx};

    bundle_begin(&v.b, spec);
    enum rc rc = verify(&v, err);
    bundle_end(&v.b);
    text_free(&v.bytes);
    json_free(v.meta);
    json_free(v.chain);
    json_free(v.outputs);
    json_free(v.inputs);
    if (rc == RC_OK) *ret_check = v.check;
    return rc;
}

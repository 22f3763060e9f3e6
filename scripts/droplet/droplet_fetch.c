#include "base/text.h"
#include "intel/schema.h"
#include "io/gz.h"
#include "io/untar.h"
#include "scripts/command.h"
#include "scripts/droplet/droplet.h"
#include "scripts/view.h"

enum {
    FETCH_LIMIT_S = 60,
    PACK_FETCH_LIMIT_S = 120,
    BUNDLE_LIMIT_S = 600,
    TAIL_LINES = 500,
    STDERR_MAX = 300,
    BUNDLE_ERROR_MAX = 500,
    COMMAND_MAX = 1024,
    PATH_LEN_MAX = 256
};
#define BUNDLE_BYTES_MAX ((size_t)2 << 30)

/* ---- what is fetched ----------------------------------------------------------------------- */

/* Documents of state/; the required ones must be sound, the others if they are there. */
static const struct document {
    const char *name;
    enum schema schema;
    bool is_required;
} DOCUMENTS[] = {
    {"daily_universe",         SCHEMA_DAILY_UNIVERSE,         true },
    {"core_universe",          SCHEMA_CORE_UNIVERSE,          true },
    {"daily_universe_v2",      SCHEMA_DAILY_UNIVERSE_V2,      false},
    {"premarket_intel",        SCHEMA_PREMARKET_INTEL,        true },
    {"postmarket_intel",       SCHEMA_POSTMARKET_INTEL,       true },
    {"uw_usage_state",         SCHEMA_UW_USAGE_STATE,         true },
    {"regime_state",           SCHEMA_REGIME_STATE,           false},
    {"uw_intel_pnl_summary",   SCHEMA_UW_INTEL_PNL_SUMMARY,   false},
    {"intel_health_state",     SCHEMA_INTEL_HEALTH_STATE,     false},
    {"uw_daemon_health_state", SCHEMA_UW_DAEMON_HEALTH_STATE, false},
    {"premarket_exit_intel",   SCHEMA_PREMARKET_EXIT_INTEL,   false},
    {"postmarket_exit_intel",  SCHEMA_POSTMARKET_EXIT_INTEL,  false},
    {"exit_intel_pnl_summary", SCHEMA_EXIT_INTEL_PNL_SUMMARY, false},
};

static const char *const REPORTS[] = {"INTEL_DASHBOARD", "SHADOW_DAY_SUMMARY",
                                      "V2_TUNING_SUGGESTIONS", "EXIT_INTEL_PNL",
                                      "EXIT_DAY_SUMMARY"};

static const char *const TAILS[] = {"shadow", "system_events", "uw_attribution", "shadow_trades",
                                    "exit_attribution"};

static const char *const PACK_FILES[] = {"MASTER_SUMMARY_%s.md", "manifest.json",
                                         "analysis_pack_%s.tar.gz"};

/* ---- files there --------------------------------------------------------------------------- */

static enum rc
keep(const struct droplet *d, const char *local, const struct text *bytes, struct err *err)
{
    const struct fs *fs = &d->job->runner.fs;

    return fs->replace(fs->self, local, text_str(bytes), bytes->len, false, err);
}

/* The output of a command there becomes a file here. */
static bool
fetch(const struct droplet *d, const char *command, int limit_s, const char *path,
      const char *local)
{
    CLEANUP(step_end_free) struct step_end end = {0};
    struct err err = {0};
    enum rc rc = remote_run(&d->remote, command, limit_s, 0, &d->job->runner.clock, &end, &err);

    if (rc == RC_OK && end.status != 0)
        rc = err_set(&err, RC_IO, "%.*s", STDERR_MAX,
                     end.err.len > 0 ? text_str(&end.err) : "ended without a word");
    if (rc == RC_OK) rc = keep(d, local, &end.out, &err);
    if (rc != RC_OK) NOTE(d, "fetch_failed", F_STR("path", path), F_STR("stderr", err.text));
    return rc == RC_OK;
}

static void
fetch_file(const struct droplet *d, const char *path, int limit_s, const char *folder)
{
    char command[COMMAND_MAX], local[2 * PATH_LEN_MAX];
    const char *name = strrchr(path, '/');

    (void)snprintf(command, sizeof command, "cat %s", path);
    (void)snprintf(local, sizeof local, "%s/%s", folder, name + 1);
    if (fetch(d, command, limit_s, path, local)) NOTE(d, "fetched", F_STR("path", path));
}

static void
fetch_tail(const struct droplet *d, const char *name)
{
    char command[COMMAND_MAX], path[PATH_LEN_MAX], local[PATH_LEN_MAX];

    (void)snprintf(path, sizeof path, "logs/%s.jsonl", name);
    (void)snprintf(local, sizeof local, "%s/%s_tail.jsonl", d->folder, name);
    (void)snprintf(command, sizeof command, "{ [ ! -e %s ] || tail -n %d %s; }", path, TAIL_LINES,
                   path);
    if (fetch(d, command, FETCH_LIMIT_S, path, local)) NOTE(d, "fetched_tail", F_STR("path", path));
}

/* ---- are they sound? ----------------------------------------------------------------------- */

static enum rc
check_document(const struct droplet *d, const struct document *doc, struct err *err)
{
    CLEANUP(json_freep) struct json *json = NULL;
    CLEANUP(text_free) struct text bytes = {0};
    char path[PATH_LEN_MAX];
    const struct fs *fs = &d->job->runner.fs;

    (void)snprintf(path, sizeof path, "%s/%s.json", d->folder, doc->name);
    enum rc rc = fs->read_all(fs->self, path, (size_t)64 << 20, &bytes, err);
    if (rc == RC_NOT_FOUND && !doc->is_required) return RC_OK;
    if (rc == RC_OK)
        rc = json_parse(text_str(&bytes), bytes.len, JSON_LOG, &JSON_LIMITS_FILE, &json, err);
    if (rc == RC_OK) rc = schema_check(doc->schema, json, err);
    return rc == RC_OK ? RC_OK : err_wrap(err, "%s.json", doc->name);
}

static void
validate(const struct droplet *d)
{
    struct err err = {0};

    for (size_t i = 0; i < COUNT_OF(DOCUMENTS); i++)
        if (check_document(d, &DOCUMENTS[i], &err) != RC_OK) {
            NOTE(d, "schema_validated", F_BOOL("success", false), F_STR("error", err.text));
            return;
        }
    NOTE(d, "schema_validated", F_BOOL("success", true));
}

static void
warn_of_usage(const struct droplet *d)
{
    enum { WARN_PERCENT = 95 };
    char path[PATH_LEN_MAX];
    int64_t limit = d->job->runner.cfg.uw.daily_limit;

    (void)snprintf(path, sizeof path, "%s/uw_usage_state.json", d->folder);
    CLEANUP(json_freep) struct json *doc = view_load(&d->job->runner.fs, path);
    int64_t calls = json_i64(doc, "calls_today", 0);
    if (limit > 0 && calls * 100 >= limit * WARN_PERCENT)
        NOTE(d, "uw_usage_warn", F_I64("calls_today", calls), F_I64("daily_limit", limit));
}

void
droplet_fetch(const struct droplet *d)
{
    char path[PATH_LEN_MAX];

    for (size_t i = 0; i < COUNT_OF(DOCUMENTS); i++) {
        (void)snprintf(path, sizeof path, "state/%s.json", DOCUMENTS[i].name);
        fetch_file(d, path, FETCH_LIMIT_S, d->folder);
    }
    for (size_t i = 0; i < COUNT_OF(REPORTS); i++) {
        (void)snprintf(path, sizeof path, "reports/%s_%s.md", REPORTS[i], d->job->date_text);
        fetch_file(d, path, FETCH_LIMIT_S, d->folder);
    }
    for (size_t i = 0; i < COUNT_OF(TAILS); i++)
        fetch_tail(d, TAILS[i]);
    if (d->wish->full_telemetry) droplet_fetch_bundle(d);
    validate(d);
    warn_of_usage(d);
}

/* ---- the telemetry bundle ------------------------------------------------------------------ */

struct unpacking {
    const struct droplet *d;
    char wanted[64]; /* every name is telemetry/DATE or lies below it */
};

static bool
is_of_bundle(const struct unpacking *u, const char *name)
{
    size_t len = strlen(u->wanted);

    return strncmp(name, u->wanted, len) == 0 && (name[len] == '/' || name[len] == '\0');
}

static enum rc
unpack_one(void *ctx, const struct untar_file *file, struct err *err)
{
    const struct unpacking *u = ctx;
    const struct fs *fs = &u->d->job->runner.fs;

    if (!is_of_bundle(u, file->name))
        return err_set(err, RC_DENIED, "%s does not belong to %s", file->name, u->wanted);
    if (file->is_folder) return fs->make_dir(fs->self, file->name, err);
    return fs->replace(fs->self, file->name, file->bytes, file->len, false, err);
}

static enum rc
unpack(const struct droplet *d, const char *archive, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    CLEANUP(text_free) struct text path = {0};
    struct unpacking u = {.d = d};

    (void)snprintf(u.wanted, sizeof u.wanted, "telemetry/%s", d->job->date_text);
    text_printf(&path, "%s/%s", d->job->runner.cfg.root, archive);
    enum rc rc = gz_read_all(text_str(&path), BUNDLE_BYTES_MAX, &bytes, err);
    return rc == RC_OK ? untar(text_str(&bytes), bytes.len, unpack_one, &u, err) : rc;
}

void
droplet_fetch_bundle(const struct droplet *d)
{
    CLEANUP(text_free) struct text command = {0};
    CLEANUP(step_end_free) struct step_end end = {0};
    char archive[PATH_LEN_MAX], pack[COMMAND_MAX], path[64];
    const struct fs *fs = &d->job->runner.fs;
    struct err err = {0};

    text_printf(&command,
                "TELEMETRY_DATA_SOURCE=droplet stockbot run-full-telemetry-extract --root . --date "
                "%s --max-log-bytes %lld --tail-lines %lld",
                d->job->date_text, (long long)d->wish->telemetry_max_log_bytes,
                (long long)d->wish->telemetry_tail_lines);
    (void)snprintf(path, sizeof path, "telemetry/%s", d->job->date_text);
    (void)snprintf(pack, sizeof pack, "tar --format=ustar -czf - %s", path);
    (void)snprintf(archive, sizeof archive, "%s/.telemetry.tar.gz", d->folder);
    enum rc rc = remote_run(&d->remote, text_str(&command), BUNDLE_LIMIT_S, BUNDLE_ERROR_MAX,
                            &d->job->runner.clock, &end, &err);
    if (rc == RC_OK && end.status != 0) rc = err_set(&err, RC_IO, "%s", step_said(&end));
    if (rc == RC_OK && !fetch(d, pack, BUNDLE_LIMIT_S, path, archive))
        rc = err_set(&err, RC_IO, "%s could not be fetched", path);
    if (rc == RC_OK) rc = unpack(d, archive, &err);
    struct err ignored = {0};
    if (fs->remove(fs->self, archive, &ignored) != RC_OK) ignored.code = RC_OK;
    if (rc == RC_OK)
        NOTE(d, "synced_full_telemetry", F_STR("dest", path));
    else
        NOTE(d, "synced_full_telemetry_failed", F_STR("error", err.text));
}

static void
pack_folder(const struct droplet *d, char to[PATH_LEN_MAX])
{
    (void)snprintf(to, PATH_LEN_MAX, "%s/analysis_packs/%s", d->folder, d->job->date_text);
}

/* The name with the date in it. */
static void
pack_name(const struct droplet *d, size_t i, char to[PATH_LEN_MAX])
{
    const char *place = strstr(PACK_FILES[i], "%s");

    if (place == NULL)
        (void)str_copy(to, PATH_LEN_MAX, PACK_FILES[i]);
    else
        (void)snprintf(to, PATH_LEN_MAX, "%.*s%s%s", (int)(place - PACK_FILES[i]), PACK_FILES[i],
                       d->job->date_text, place + 2);
}

void
droplet_fetch_pack(const struct droplet *d)
{
    char folder[PATH_LEN_MAX];

    pack_folder(d, folder);
    for (size_t i = 0; i < COUNT_OF(PACK_FILES); i++) {
        char name[PATH_LEN_MAX], path[2 * PATH_LEN_MAX];

        pack_name(d, i, name);
        (void)snprintf(path, sizeof path, "analysis_packs/%s/%s", d->job->date_text, name);
        fetch_file(d, path, PACK_FETCH_LIMIT_S, folder);
    }
}

/* ---- files here ---------------------------------------------------------------------------- */

static void
copy(const struct droplet *d, const char *from, const char *to)
{
    CLEANUP(text_free) struct text bytes = {0};
    const struct fs *fs = &d->job->runner.fs;
    struct err err = {0};
    enum rc rc = fs->read_all(fs->self, from, (size_t)256 << 20, &bytes, &err);

    if (rc == RC_OK) rc = keep(d, to, &bytes, &err);
    if (rc == RC_OK)
        NOTE(d, "fetched", F_STR("path", from));
    else
        NOTE(d, "fetch_failed", F_STR("path", from), F_STR("stderr", err.text));
}

void
droplet_copy_here(const struct droplet *d)
{
    static const struct text EMPTY = {0};
    char from[PATH_LEN_MAX], to[PATH_LEN_MAX];
    struct err err = {0};

    for (size_t i = 0; i < COUNT_OF(DOCUMENTS); i++) {
        (void)snprintf(from, sizeof from, "state/%s.json", DOCUMENTS[i].name);
        (void)snprintf(to, sizeof to, "%s/%s.json", d->folder, DOCUMENTS[i].name);
        copy(d, from, to);
    }
    (void)snprintf(from, sizeof from, "reports/INTEL_DASHBOARD_%s.md", d->job->date_text);
    (void)snprintf(to, sizeof to, "%s/INTEL_DASHBOARD_%s.md", d->folder, d->job->date_text);
    copy(d, from, to);
    for (size_t i = 0; i < 3; i++) { /* there is no service here that would have written them */
        (void)snprintf(to, sizeof to, "%s/%s_tail.jsonl", d->folder, TAILS[i]);
        if (keep(d, to, &EMPTY, &err) != RC_OK) (void)runner_fail(&d->job->runner, &err, 0);
    }
}

struct tree {
    const struct droplet *d;
    const char *from, *to;
};

static bool
copy_entry(void *ctx, const char *name)
{
    const struct tree *t = ctx;
    const struct fs *fs = &t->d->job->runner.fs;
    char from[4 * PATH_LEN_MAX], to[4 * PATH_LEN_MAX];
    struct fs_stat st = {0};
    struct err ignored = {0};

    (void)snprintf(from, sizeof from, "%.500s/%.255s", t->from, name);
    (void)snprintf(to, sizeof to, "%.500s/%.255s", t->to, name);
    if (fs->stat(fs->self, from, &st, &ignored) != RC_OK) return true;
    if (!st.is_dir) {
        copy(t->d, from, to);
        return true;
    }
    struct tree below = {.d = t->d, .from = from, .to = to};
    return fs->list(fs->self, from, copy_entry, &below, &ignored) == RC_OK;
}

void
droplet_copy_pack_here(const struct droplet *d)
{
    char from[PATH_LEN_MAX], to[PATH_LEN_MAX];
    const struct fs *fs = &d->job->runner.fs;
    struct err err = {0};

    (void)snprintf(from, sizeof from, "analysis_packs/%s", d->job->date_text);
    pack_folder(d, to);
    struct tree t = {.d = d, .from = from, .to = to};
    if (fs->list(fs->self, from, copy_entry, &t, &err) != RC_OK)
        NOTE(d, "fetch_failed", F_STR("path", from), F_STR("stderr", err.text));
}

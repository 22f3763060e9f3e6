#include "base/digest.h"
#include "base/text.h"
#include "scripts/regress/artifact_check.h"
#include "scripts/regress/regress.h"

#define EXAMPLE_FILE "config/regression_day.json"
#define EXAMPLE_ROOT "example" /* below the private root */

enum { PATH_LEN_MAX = 256, AS_OF_AGE_MAX_DAYS = 2 };

#define RUN(r, e, ...) regress_ok((r), (const char *const[]){__VA_ARGS__, NULL}, NULL, (e))

/* ---- what is there (R17a, R17e) ------------------------------------------------------------ */

static enum rc
need(const struct fs *fs, const char *path, bool is_folder, struct err *err)
{
    struct fs_stat st = {0};
    enum rc rc = fs->stat(fs->self, path, &st, err);

    if (rc != RC_OK || (st.exists && st.is_dir == is_folder)) return rc;
    return err_set(err, RC_NOT_FOUND, "R17a %s is missing", path);
}

static enum rc
check_layout(const struct fs *fs, const char *date, struct err *err)
{
    static const char *const FOLDERS[] = {"state", "logs", "reports", "computed"};
    char path[PATH_LEN_MAX];
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT_OF(FOLDERS) && rc == RC_OK; i++) {
        (void)snprintf(path, sizeof path, "telemetry/%s/%s", date, FOLDERS[i]);
        rc = need(fs, path, true, err);
    }
    if (rc != RC_OK) return rc;
    (void)snprintf(path, sizeof path, "telemetry/%s/FULL_TELEMETRY_%s.md", date, date);
    return need(fs, path, false, err);
}

static enum rc
load_manifest(const struct fs *fs, const char *date, struct json **ret_doc, struct err *err)
{
    char path[PATH_LEN_MAX];

    (void)snprintf(path, sizeof path, "telemetry/%s/telemetry_manifest.json", date);
    enum rc rc = regress_load(fs, path, ret_doc, err);
    return rc == RC_OK ? RC_OK : err_wrap(err, "R17e");
}

/* In the manifest the first document has a name of its own. */
static const char *
manifest_key(size_t artifact)
{
    return artifact == 0 ? "feature_equalizer" : ARTIFACT_NAMES[artifact];
}

/* computed_files names every document, and every one of them stands under its key. */
static enum rc
check_manifest(const struct json *manifest, struct err *err)
{
    const struct json *computed = json_get_obj(manifest, "computed");
    const struct json *files = json_get_obj(computed, "computed_files");

    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        if (!json_has(files, manifest_key(i)))
            return err_set(err, RC_PARSE, "R17e computed.computed_files.%s is missing",
                           manifest_key(i));
        if (json_get_obj(computed, manifest_key(i)) == NULL)
            return err_set(err, RC_PARSE, "R17e computed.%s is missing", manifest_key(i));
    }
    return RC_OK;
}

/* ---- the documents (R17b, R17c) ------------------------------------------------------------ */

static enum rc
load_artifact(const struct fs *fs, const char *date, size_t i, struct json **ret_doc,
              struct err *err)
{
    char path[PATH_LEN_MAX];

    (void)snprintf(path, sizeof path, "telemetry/%s/computed/%s.json", date, ARTIFACT_NAMES[i]);
    return regress_load(fs, path, ret_doc, err);
}

/* A quiet day may have empty documents; one with entries may not. */
static bool
is_quiet(const struct fs *fs, const char *date)
{
    CLEANUP(json_freep) struct json *parity = NULL;
    struct err ignored = {0};
    enum { PARITY = 5 };

    if (load_artifact(fs, date, PARITY, &parity, &ignored) != RC_OK) return false;
    const struct json *counts = json_get(parity, "counts");
    return json_f64(counts, "v1_entry_events_today", 0) +
               json_f64(counts, "v2_shadow_entry_events_today", 0) <=
           0;
}

static enum rc
check_documents(const struct fs *fs, const char *date, bool may_be_empty, struct err *err)
{
    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        CLEANUP(json_freep) struct json *doc = NULL;
        enum rc rc = load_artifact(fs, date, i, &doc, err);

        if (rc == RC_OK) rc = artifact_check(i, doc, may_be_empty, err);
        if (rc != RC_OK) return err_wrap(err, i == 0 ? "R17b" : "R17c");
    }
    return RC_OK;
}

static enum rc
check_bundle(const struct fs *fs, const char *date, bool may_be_empty, struct err *err)
{
    CLEANUP(json_freep) struct json *manifest = NULL;
    enum rc rc = check_layout(fs, date, err);

    if (rc == RC_OK) rc = load_manifest(fs, date, &manifest, err);
    if (rc == RC_OK) rc = check_manifest(manifest, err);
    return rc == RC_OK ? check_documents(fs, date, may_be_empty, err) : rc;
}

enum rc
regress_bundle(const struct fs *fs, const char *date, struct err *err)
{
    return check_bundle(fs, date, is_quiet(fs, date), err);
}

/* ---- the sandbox's own bundle -------------------------------------------------------------- */

static enum rc
extract(const struct regress *r, struct err *err)
{
    return RUN(r, err, "run-full-telemetry-extract", "--date", r->bundle_date, "--as-of", r->as_of);
}

/* R17d: a bundle that speaks of a time long ago was not made now. */
static enum rc
check_age(const struct regress *r, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    enum { LIVE_VS_SHADOW = 11 };
    enum rc rc = load_artifact(&r->fs, r->bundle_date, LIVE_VS_SHADOW, &doc, err);

    if (rc != RC_OK) return rc;
    const char *text = json_str(doc, "as_of_ts", "");
    int64_t at_ns = when_parse_or_none(text);
    if (at_ns != WHEN_NONE && r->job->now_ns - at_ns <= AS_OF_AGE_MAX_DAYS * NS_PER_DAY)
        return RC_OK;
    return err_set(err, RC_RANGE, "R17d live_vs_shadow_pnl.as_of_ts is \"%s\"", text);
}

enum rc
regress_extract(const struct regress *r, struct err *err)
{
    enum rc rc = extract(r, err);

    /* The sandbox has an entry and an exit of its own, so that the strict rule holds (7.1.4). */
    if (rc == RC_OK) rc = check_bundle(&r->fs, r->bundle_date, false, err);
    return rc == RC_OK ? check_age(r, err) : rc;
}

static enum rc
read_computed(const struct regress *r, struct text files[ARTIFACTS_LEN], struct err *err)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < ARTIFACTS_LEN && rc == RC_OK; i++) {
        char path[PATH_LEN_MAX];

        (void)snprintf(path, sizeof path, "telemetry/%s/computed/%s.json", r->bundle_date,
                       ARTIFACT_NAMES[i]);
        rc = r->fs.read_all(r->fs.self, path, (size_t)64 << 20, &files[i], err);
    }
    return rc;
}

static enum rc
compare(const struct text before[ARTIFACTS_LEN], const struct text after[ARTIFACTS_LEN],
        struct err *err)
{
    for (size_t i = 0; i < ARTIFACTS_LEN; i++)
        if (before[i].len != after[i].len ||
            memcmp(text_str(&before[i]), text_str(&after[i]), after[i].len) != 0)
            return err_set(err, RC_DENIED, "%s differs", ARTIFACT_NAMES[i]);
    return RC_OK;
}

enum rc
regress_extract_again(const struct regress *r, struct err *err)
{
    struct text before[ARTIFACTS_LEN] = {{0}}, after[ARTIFACTS_LEN] = {{0}};
    enum rc rc = read_computed(r, before, err);

    if (rc == RC_OK) rc = extract(r, err);
    if (rc == RC_OK) rc = read_computed(r, after, err);
    if (rc == RC_OK) rc = compare(before, after, err);
    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        text_free(&before[i]);
        text_free(&after[i]);
    }
    return rc;
}

/* ---- the shipped day (R17g) ---------------------------------------------------------------- */

static enum rc
put_example(const struct regress *r, const char *name, const struct text *bytes, struct err *err)
{
    char path[PATH_LEN_MAX];

    (void)snprintf(path, sizeof path, EXAMPLE_ROOT "/%s", name);
    return r->fs.replace(r->fs.self, path, text_str(bytes), bytes->len, false, err);
}

/* Its logs, a record a line, and its documents. */
static enum rc
write_example(const struct regress *r, const struct json *day, struct err *err)
{
    enum rc rc = RC_OK;

    for (const struct json *log = json_first(json_get_obj(day, "logs")); log != NULL && rc == RC_OK;
         log = json_next(log)) {
        CLEANUP(text_free) struct text lines = {0};

        for (const struct json *record = json_first(log); record != NULL;
             record = json_next(record)) {
            struct json_out o = {.to = &lines};

            json_out_value(&o, NULL, record);
            text_putc(&lines, '\n');
        }
        rc = put_example(r, json_key(log), &lines, err);
    }
    for (const struct json *doc = json_first(json_get_obj(day, "documents"));
         doc != NULL && rc == RC_OK; doc = json_next(doc)) {
        CLEANUP(text_free) struct text bytes = {0};
        struct json_out o = {.to = &bytes};

        json_out_value(&o, NULL, doc);
        rc = put_example(r, json_key(doc), &bytes, err);
    }
    return rc;
}

static enum rc
extract_example(const struct regress *r, const struct json *day, struct err *err)
{
    CLEANUP(step_end_free) struct step_end end = {0};
    char root[sizeof r->root + sizeof EXAMPLE_ROOT + 1];
    const char *const args[] = {"run-full-telemetry-extract", "--date", json_str(day, "date", ""),
                                NULL};

    (void)snprintf(root, sizeof root, "%s/" EXAMPLE_ROOT, r->root);
    const struct step step = {.args = args,
                              .env = r->env,
                              .root = root,
                              .as_of = json_str(day, "as_of", ""),
                              .limit_s = REGRESS_LIMIT_S};
    enum rc rc = step_run(&step, &r->job->runner.clock, &end, err);
    if (rc != RC_OK || end.status == 0) return rc;
    return err_set(err, RC_DENIED, "%s ended with %d: %s", args[0], end.status, step_said(&end));
}

static enum rc
compare_example(const struct regress *r, const struct json *day, const char *artifact,
                struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    char path[PATH_LEN_MAX], sha256[SHA256_HEX_MAX];
    const char *wanted = json_str(json_get_obj(day, "expected_sha256"), artifact, "nothing");

    (void)snprintf(path, sizeof path, EXAMPLE_ROOT "/telemetry/%s/computed/%s.json",
                   json_str(day, "date", ""), artifact);
    enum rc rc = r->fs.read_all(r->fs.self, path, (size_t)64 << 20, &bytes, err);
    if (rc != RC_OK || str_eq(sha256_hex(text_str(&bytes), bytes.len, sha256), wanted)) return rc;
    return err_set(err, RC_DENIED, "%s has the SHA-256 %s, %s is wanted", artifact, sha256, wanted);
}

enum rc
regress_example(const struct regress *r, struct err *err)
{
    CLEANUP(json_freep) struct json *day = NULL;
    enum rc rc = regress_load_shipped(r, EXAMPLE_FILE, &day, err);

    if (rc == RC_OK) rc = write_example(r, day, err);
    if (rc == RC_OK) rc = extract_example(r, day, err);
    for (size_t i = 0; i < ARTIFACTS_LEN && rc == RC_OK; i++)
        rc = compare_example(r, day, ARTIFACT_NAMES[i], err);
    return rc;
}

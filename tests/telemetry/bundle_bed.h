/*
 * A root with a made-up day in it, and the bundle of that day: for the tests of the telemetry
 * bundle.
 */
#ifndef TESTS_TELEMETRY_BUNDLE_BED_H
#define TESTS_TELEMETRY_BUNDLE_BED_H

#include "tests/lib/check.h"
#include "tests/lib/seams.h"
#include "tests/lib/telemetry_day.h"

#include "io/folder.h"
#include "io/gz.h"
#include "io/source.h"
#include "telemetry/bundle.h"

#define BED_DIR      "telemetry/" TELEMETRY_DAY
#define BED_MANIFEST BED_DIR "/" BUNDLE_MANIFEST

enum { BED_TRADES = 12, BED_TOLD_MAX = 32 };

struct bed {
    struct test_root root;
    struct folders folders;
    struct sources sources;
    struct bundle_spec spec;
    char told[BED_TOLD_MAX][512]; /* what a verification said */
    size_t told_len;
};

static const char *const BED_ARTIFACTS[] = {"feature_equalizer_builder",
                                            "long_short_analysis",
                                            "exit_intel_completeness",
                                            "feature_value_curves",
                                            "regime_sector_feature_matrix",
                                            "shadow_vs_live_parity",
                                            "entry_parity_details",
                                            "score_distribution_curves",
                                            "regime_timeline",
                                            "feature_family_summary",
                                            "replacement_telemetry_expanded",
                                            "live_vs_shadow_pnl",
                                            "signal_performance",
                                            "signal_weight_recommendations"};

/* io/folder.c without waiting for the disk: no power fails here. */
UNUSED static enum rc
bed_exchange(void *self, const char *fresh, const char *place, struct err *err)
{
    const struct posix_fs *disk = self;
    int fd = disk->root_fd;

    if (renameat2(fd, fresh, fd, place, RENAME_EXCHANGE) == 0) return RC_OK;
    if (renameat(fd, fresh, fd, place) == 0) return RC_OK;
    return err_set(err, RC_IO, "%s", fresh);
}

/* b must stay where it is. */
UNUSED static void
bed_empty(struct bed *b)
{
    *b = (struct bed){0};
    test_root_make(&b->root);
    b->folders = folders_seam(&b->root.disk);
    b->folders.exchange = bed_exchange;
    b->sources = sources_seam(&b->root.disk);
    b->spec = (struct bundle_spec){
        .date = {2026,                                                       1, 22},
        .options = {.output_root = BUNDLE_ROOT,
                 .log_bytes_max = BUNDLE_LOG_BYTES_DEFAULT,
                 .tail_lines = BUNDLE_TAIL_LINES_DEFAULT                          },
        .origin = {.generated_ns = when_parse_or_none("2026-01-23T00:10:00Z"),
                 .as_of_ns = when_parse_or_none("2026-01-23T00:00:00Z"),
                 .data_source = "test",
                 .host = "host",
                 .platform = "platform",
                 .git_head = "0123456789ab"},
        .seams = {.fs = &b->root.fs,                                     .folders = &b->folders,                                    .sources = &b->sources                                     }
    };
}

/* A file with these bytes, without waiting for the disk either. */
UNUSED static void
bed_write(struct bed *b, const char *path, const char *bytes, size_t len)
{
    const struct fs *fs = &b->root.fs;

    (void)fs->remove(fs->self, path, NULL); /* there may be none */
    assert_int_equal(fs->append(fs->self, path, bytes, len, NULL), RC_OK);
}

UNUSED static void
bed_fill(struct bed *b, uint64_t seed, int trades)
{
    struct telemetry_day d = {0};
    const char *path = NULL, *json = NULL;

    telemetry_day_add(&d, seed, 0, trades);
    for (int i = 0; i < TELEMETRY_LOGS; i++)
        bed_write(b, TELEMETRY_LOG_PATH[i], text_str(&d.log[i]), d.log[i].len);
    for (size_t i = 0; telemetry_day_state(i, &path, &json); i++)
        bed_write(b, path, json, strlen(json));
    bed_write(b, "reports/UW_INTEL_PNL_" TELEMETRY_DAY ".md", "# UW\n", 5);
    telemetry_day_free(&d);
}

UNUSED static void
bed_make(struct bed *b)
{
    bed_empty(b);
    bed_fill(b, 1, BED_TRADES);
}

UNUSED static void
bed_remove(struct bed *b)
{
    test_root_remove(&b->root);
}

UNUSED static enum rc
bed_try(struct bed *b, struct bundle_result *ret)
{
    struct bundle_result result = {0};
    struct err err = {0};
    enum rc rc = bundle_build(&b->spec, &result, &err);

    if (ret != NULL) *ret = result;
    if (rc != RC_OK) assert_true(err.code == rc && err.text[0] != '\0');
    return rc;
}

UNUSED static struct bundle_result
bed_build(struct bed *b)
{
    struct bundle_result result = {0};

    assert_int_equal(bed_try(b, &result), RC_OK);
    return result;
}

/* A JSON file of the root, to be freed; fails the test where there is no sound one. */
UNUSED static struct json *
bed_json(const struct bed *b, const char *path)
{
    char *bytes = test_read(&b->root, path);
    struct json *doc = NULL;
    struct err err = {0};

    if (bytes == NULL) {
        fail_msg("%s: there is none", path);
        abort();
    }
    if (json_parse(bytes, strlen(bytes), JSON_LOG, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s: %s", path, err.text);
    free(bytes);
    return doc;
}

/* ---- the whole of a folder as one text --------------------------------------------------------
 */

struct dump {
    const struct bed *b;
    const char *folder;
    struct text *to;
};

UNUSED static void bed_dump(const struct bed *b, const char *folder, struct text *to);

UNUSED static bool
dump_entry(void *ctx, const char *name)
{
    const struct dump *d = ctx;
    struct text bytes = {0};
    struct fs_stat st = {0};
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", d->folder, name);
    assert_int_equal(d->b->root.fs.stat(d->b->root.fs.self, path, &st, NULL), RC_OK);
    if (st.is_dir) {
        bed_dump(d->b, path, d->to);
        return true;
    }
    assert_int_equal(
        d->b->root.fs.read_all(d->b->root.fs.self, path, (size_t)1 << 30, &bytes, NULL), RC_OK);
    text_printf(d->to, "== %s\n", path);
    text_add(d->to, text_str(&bytes), bytes.len);
    text_free(&bytes);
    return true;
}

/* Names and bytes of all files below; "" for a folder that is not there. */
UNUSED static void
bed_dump(const struct bed *b, const char *folder, struct text *to)
{
    struct dump d = {b, folder, to};

    (void)b->root.fs.list(b->root.fs.self, folder, dump_entry, &d, NULL);
}

/* ---- verification ------------------------------------------------------------------------------
 */

UNUSED static void
bed_hear(void *ctx, const char *sentence)
{
    struct bed *b = ctx;

    if (b->told_len < BED_TOLD_MAX)
        (void)str_copy(b->told[b->told_len++], sizeof(b->told[0]), sentence);
}

UNUSED static struct bundle_check
bed_verify(struct bed *b)
{
    struct bundle_check check = {0};
    struct err err = {0};

    b->told_len = 0;
    if (bundle_verify(&b->spec, bed_hear, b, &check, &err) != RC_OK) fail_msg("%s", err.text);
    return check;
}

/* True if one of the sentences names it. */
UNUSED static bool
bed_was_told(const struct bed *b, const char *part)
{
    for (size_t i = 0; i < b->told_len; i++)
        if (strstr(b->told[i], part) != NULL) return true;
    return false;
}

#endif

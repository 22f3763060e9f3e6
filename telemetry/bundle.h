/*
 * The telemetry bundle of one day (spec 40 section 4, contract 4.20): what state/ and logs/ say
 * about the day, copied, computed, described, and signed with the hashes of all of it.
 *
 * Reads the root, writes nothing but the bundle's folder.  A missing or damaged input never stops
 * it: the manifest names the loss.  The bundle is made in a folder beside its place and takes the
 * place in one step, so whoever looks sees the old bundle or the new one.  Logs are read once, in
 * constant memory, with the generations that were rotated away, compressed or not.
 *
 *   bundle.c            the steps
 *   bundle_logs.c       which files a log consists of
 *   bundle_copy.c       inputs: read once, hashed, copied or cut to their last lines
 *   bundle_out.c        outputs: written in pieces, hashed; how the folder takes its place
 *   bundle_day.c        what the manifest and the report tell beside the artifacts
 *   bundle_manifest.c   telemetry_manifest.json, and around it the artifacts, each computed once
 *   bundle_report*.c    FULL_TELEMETRY_D.md
 *   bundle_verify.c     the same computation again, compared with what a manifest says
 */
#ifndef TELEMETRY_BUNDLE_H
#define TELEMETRY_BUNDLE_H

#include "base/folder.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/source.h"
#include "base/when.h"

#define BUNDLE_ROOT     "telemetry"
#define BUNDLE_MANIFEST "telemetry_manifest.json"

enum { BUNDLE_LOG_BYTES_DEFAULT = 2000000, BUNDLE_TAIL_LINES_DEFAULT = 5000 };

struct bundle_options {
    const char *output_root; /* below the root, or absolute */
    int64_t log_bytes_max;   /* a larger log is replaced by its last lines */
    int64_t tail_lines;
    bool is_digest;     /* the manifest names the artifacts instead of repeating them */
    bool has_overnight; /* exits whose entries were opened on earlier days are joined too */
};

/* What the documents say about who made them, and when. */
struct bundle_origin {
    int64_t generated_ns;
    int64_t as_of_ns; /* end of the windows of artifact 12 */
    const char *data_source, *host, *platform, *git_head;
};

struct bundle_seams {
    const struct fs *fs;
    const struct folders *folders;
    const struct sources *sources;
    void *ctx;
    /* Asked between two pieces; true ends the run with RC_STOPPED.  NULL: never. */
    bool (*is_stopped)(void *ctx);
    /* Bytes of logs read so far, and in all; NULL: nobody watches. */
    void (*progress)(void *ctx, int64_t done, int64_t total);
};

struct bundle_spec {
    struct date date;
    struct bundle_options options;
    struct bundle_origin origin;
    struct bundle_seams seams;
    bool is_dry; /* all is computed, nothing written */
};

/* What a run did, for its summary. */
struct bundle_result {
    char dir[256];
    size_t files, missing, damaged;
    int64_t realized_trades, malformed_lines;
};

/* "telemetry/.<D>.lock": one run a day's bundle at a time. */
void bundle_lock_path(const char *output_root, struct date date, struct text *ret_path);

/*
 * Makes the bundle.  RC_STOPPED after is_stopped said so, otherwise what the disk said that would
 * not take the files; the bundle that stood there before stands there still.
 */
enum rc bundle_build(const struct bundle_spec *spec, struct bundle_result *ret_result,
                     struct err *err) MUST_USE;

/* ---- verification -------------------------------------------------------------------------- */

struct bundle_check {
    size_t files, inputs;        /* looked at */
    size_t differing;            /* files of the bundle that are not what the manifest says */
    size_t inputs_changed;       /* inputs that are no longer what they were */
    size_t recomputed_differing; /* files that come out different from the same inputs */
    size_t chain_broken;         /* of one link */
    bool is_recomputed;
};

/*
 * Compares the bundle with its manifest, its inputs with the ones it was made from, and computes
 * it again from them.  tell(ctx, sentence) is called once for everything that is not as it should
 * be.  RC_NOT_FOUND where there is no bundle, RC_PARSE for an unreadable manifest.
 */
enum rc bundle_verify(const struct bundle_spec *spec, void (*tell)(void *ctx, const char *sentence),
                      void *ctx, struct bundle_check *ret_check, struct err *err) MUST_USE;

#endif

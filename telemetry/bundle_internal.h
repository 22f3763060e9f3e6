/*
 * What the files of the bundle share; never included from elsewhere.
 */
#ifndef TELEMETRY_BUNDLE_INTERNAL_H
#define TELEMETRY_BUNDLE_INTERNAL_H

#include "analytics/artifacts.h"
#include "analytics/cut.h"
#include "analytics/sums.h"
#include "telemetry/bundle.h"
#include "telemetry/log_files.h"

enum { BUNDLE_PATH_MAX = 512, BUNDLE_NOTE_MAX = 96 };

/* ---- inputs -------------------------------------------------------------------------------- */

enum input_state { INPUT_READ, INPUT_MISSING, INPUT_DAMAGED, INPUT_UNREADABLE };

/* A file that was asked for, and what became of that. */
struct input {
    const char *kind; /* "state", "logs", "reports" */
    const char *path;
    const char *log; /* whose generation it is; NULL where it is no log */
    enum input_state state;
    const char *error; /* NULL where it was read to its end */
    int64_t bytes;
    char sha256[SHA256_HEX_MAX];
    int64_t content_bytes; /* unpacked, as far as it could be read */
    bool is_compressed;
    bool is_open; /* src is */
    struct source src;
};

struct input_list {
    struct input *item;
    size_t len, cap;
};

/* ---- outputs ------------------------------------------------------------------------------- */

/* A row of copied_files. */
struct output {
    const char *kind;   /* that of an input, or "generated" */
    const char *source; /* "" for generated */
    const char *name;   /* below the bundle's folder */
    int64_t bytes;
    char sha256[SHA256_HEX_MAX];
    bool is_truncated;
    char note[BUNDLE_NOTE_MAX];
};

struct output_list {
    struct output *item;
    size_t len, cap;
};

struct missing_list {
    const char **path;
    size_t len, cap;
};

enum bundle_kind { KIND_STATE, KIND_LOGS, KIND_REPORTS };
enum { BUNDLE_KINDS = KIND_REPORTS + 1 };

/* "state", "logs", "reports": also the names of the folders. */
extern const char *const BUNDLE_KIND_NAMES[BUNDLE_KINDS];

/* The manifest of the day before, which this one's names. */
struct bundle_chain {
    char date[ISO_TEXT_MAX]; /* "" for the first */
    char sha256[SHA256_HEX_MAX];
};

/* An input of an earlier run: what became of it then, where its bytes are today. */
struct pin {
    enum input_state state;
    const char *error; /* of one that could not be opened then */
    const char *path;  /* NULL: its bytes are nowhere any more */
    int64_t bytes;
};

struct bundle_pins {
    void *self;
    struct pin (*find)(void *self, const char *path);
    /* The generations of a log, in the order of the earlier run. */
    void (*generations)(void *self, const char *log, void (*each)(void *ctx, const char *path),
                        void *ctx);
};

struct bundle {
    const struct bundle_spec *spec;
    const struct bundle_pins *pins;   /* NULL: the root as it is */
    const struct bundle_chain *chain; /* NULL: to be looked for */
    bool is_written;                  /* false: only hashed */
    struct arena arena;               /* lists and names, until the end of the run */
    char date[ISO_TEXT_MAX];
    const char *place; /* telemetry/<D> */
    const char *fresh; /* telemetry/.<D>.new */
    struct input_list inputs;
    struct output_list outputs;
    struct missing_list missing[BUNDLE_KINDS];
    int64_t bytes_done, bytes_all; /* of inputs, for the progress */
};

/* Room for one more row in a list whose rows lie in the arena. */
void *bundle_grow(struct arena *a, void *item, size_t len, size_t *cap, size_t size);

/* RC_STOPPED if somebody asked for it. */
enum rc bundle_go_on(struct bundle *b, struct err *err) MUST_USE;

/* ---- bundle_out.c -------------------------------------------------------------------------- */

/* A file of the bundle while it is written. */
struct out {
    struct bundle *b;
    char path[BUNDLE_PATH_MAX];
    struct text pending;
    struct sha256_sum sum;
    bool is_hashed; /* true from out_begin() */
    int64_t bytes;
};

void out_begin(struct out *o, struct bundle *b, const char *name);
enum rc out_add(struct out *o, const char *bytes, size_t len, struct err *err) MUST_USE;
/* Writes what is pending, fills bytes and sha256 of the row. */
enum rc out_end(struct out *o, struct output *row, struct err *err) MUST_USE;
void out_done(struct out *o); /* gives the memory back, also after a failure */

struct output *bundle_output(struct bundle *b, const char *kind, const char *source,
                             const char *name);
/* A generated file whose text is there. */
enum rc bundle_put(struct bundle *b, const char *name, const struct text *content,
                   struct err *err) MUST_USE;

/* An empty folder beside the place; what a killed run left is cleared away. */
enum rc bundle_prepare(struct bundle *b, struct err *err) MUST_USE;
enum rc bundle_publish(struct bundle *b, struct err *err) MUST_USE;
void bundle_discard(struct bundle *b);

/* ---- bundle_logs.c ------------------------------------------------------------------------- */

/* Calls each(ctx, path) for the files that make up logs/<name>.jsonl, oldest first, the live one
 * last. */
void bundle_generations(struct bundle *b, const char *log,
                        void (*each)(void *ctx, const char *path), void *ctx);

/* ---- bundle_copy.c ------------------------------------------------------------------------- */

/* What is to be done with a file of the root. */
struct taking {
    enum bundle_kind kind;
    const char *path;
    const char *log; /* whose generation it is; NULL where it is no log */
    /* Gets the content, piece after piece; NULL: nobody does. */
    void (*feed)(void *ctx, const char *bytes, size_t len);
    void *ctx;
    bool is_copied;     /* into the folder of its kind, or its last lines */
    bool is_kept;       /* the source stays open until the end of the run */
    struct text *tail;  /* gets its last lines; NULL: not wanted */
    int64_t tail_lines; /* so many */
};

/* Reads a file once from its beginning to its end and enters it among the inputs.  Fails only as
 * the disk does that takes the copy. */
enum rc bundle_take(struct bundle *b, const struct taking *what, struct err *err) MUST_USE;

/* The file of an input, or where its bytes are found today; why NULL: nobody asks. */
enum input_state bundle_open(struct bundle *b, const char *path, struct source *ret_source,
                             struct err *why) MUST_USE;

/* ---- bundle_lines.c ------------------------------------------------------------------------ */

/*
 * Lines of a log once more, for the few places that show a whole record: by their place among the
 * bytes that were fed.  A compressed generation is unpacked again, a window of it at a time.
 */
struct log_lines {
    struct bundle *b;
    struct line_file {
        const struct input *in;
        int64_t at;        /* of its content */
        struct source src; /* a compressed one's own */
        bool is_open;
        int64_t window_at; /* of the compressed one: which part of the content the window holds */
        int64_t stream_at; /* how far src was unpacked */
    } * file;
    size_t len, cap;
    struct line_file *window_of; /* whose content the window holds; NULL for none */
    struct text window, bytes;
    struct piece_reader reader;
};

/* The generations of the log are those that bundle entered among its inputs. */
void lines_begin(struct log_lines *l, struct bundle *b, const char *log);
/* NULL where it cannot be read any more; good until the next call. */
const struct node *lines_read(struct log_lines *l, struct line_ref ref);
void lines_done(struct log_lines *l);

/* ---- bundle_day.c -------------------------------------------------------------------------- */

/* The artifacts, in the order of spec 40 3. */
enum artifact_id {
    ART_EQUALIZER,
    ART_LONG_SHORT,
    ART_COMPLETENESS,
    ART_VALUE_CURVES,
    ART_MATRIX,
    ART_PARITY,
    ART_PARITY_DETAILS,
    ART_SCORE_CURVES,
    ART_TIMELINE,
    ART_FAMILIES,
    ART_REPLACEMENT,
    ART_LIVE_SHADOW,
    ART_SIGNALS,
    ART_WEIGHTS
};
enum { ARTIFACTS = ART_WEIGHTS + 1 };

struct artifact_row {
    const char *key;  /* in the manifest */
    const char *file; /* below the bundle's folder */
    const char *about;
    void (*write)(const struct day_view *day, struct doc *out, const char *key);
    bool is_kept; /* small, and the report reads it */
};
extern const struct artifact_row ARTIFACT[ARTIFACTS];

/* State documents that manifest and report show. */
enum shown_state {
    SHOWN_REGIME,
    SHOWN_INTEL_HEALTH,
    SHOWN_DAEMON_HEALTH,
    SHOWN_UNIVERSE,
    SHOWN_UNIVERSE_V2,
    SHOWN_NONE
};
enum { SHOWN_STATES = SHOWN_NONE };

/* The day, as the documents tell it. */
struct bundle_day {
    struct bundle *b;
    struct day *day;
    const struct day_view *view;
    struct json *state[SHOWN_STATES];              /* NULL: absent, or no object */
    struct json *artifact[ARTIFACTS];              /* those that are kept */
    size_t artifacts_at;                           /* their rows among the outputs */
    struct text uw_lines, exit_lines, event_lines; /* last lines of three logs */
    struct bundle_chain chain;
};

/* Reads the inputs.  d is zeroed before, and done also after a failure. */
enum rc bundle_day_gather(struct bundle_day *d, struct bundle *b, struct err *err) MUST_USE;
void bundle_day_done(struct bundle_day *d);

/* The rows of all artifacts among the outputs, in the order of ARTIFACT; once, before the first. */
void bundle_artifacts_begin(struct bundle_day *d);
/* Computes one into its file, and into the manifest behind its key unless that is NULL. */
enum rc bundle_artifact(struct bundle_day *d, enum artifact_id id, struct doc *manifest,
                        struct err *err) MUST_USE;

/* P&L of the realized trades, unknown as 0. */
struct day_sums {
    double pnl_total;
    struct word_sums by_symbol, by_sector, by_regime, by_exit_reason;
    int64_t replacements;
};

void day_sums_of(const struct day_view *day, struct day_sums *ret);
void day_sums_done(struct day_sums *s); /* fits CLEANUP(day_sums_done) */

/* ---- bundle_manifest.c, bundle_report*.c --------------------------------------------------- */

/* Finds the newest manifest of an earlier day. */
void chain_find(struct bundle *b, struct bundle_chain *ret);
/* The hash of the manifest of a day; false where there is none. */
bool chain_hash(const struct bundle *b, const char *date, char ret_sha256[SHA256_HEX_MAX]);
const char *input_state_name(enum input_state state);
/* Artifacts, report and the manifest around them; the manifest's bytes and, where the bundle is
 * only computed, its hash, which nothing that is written names. */
enum rc bundle_generate(struct bundle_day *d, struct output *ret_manifest,
                        struct err *err) MUST_USE;
enum rc bundle_report(struct bundle_day *d, struct err *err) MUST_USE;

/* Members of "computed.health", also shown by the report; no object is opened for an absent one. */
void health_write(struct doc *out, const struct json *intel, const struct json *daemon);

void bundle_begin(struct bundle *b, const struct bundle_spec *spec);
void bundle_end(struct bundle *b);
/* bundle_build and the recomputation of bundle_verify: all but the change of places. */
enum rc bundle_compute(struct bundle *b, struct bundle_result *ret_result,
                       struct output *ret_manifest, struct err *err) MUST_USE;

#endif

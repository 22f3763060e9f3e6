/*
 * audit_uw_endpoints: no endpoint outside the API description, and none outside the one table
 * (contract 4.8, spec 20 1.4).
 *
 * Looked at are the compiled rows of uwclient/endpoints.def (path, each parameter, required
 * parameters) and, where the source tree is at hand, every text in quotes of its C files.
 */
#include <sys/stat.h>

#include "base/http.h"
#include "base/json.h"
#include "io/fs.h"
#include "io/share.h"
#include "scripts/args.h"
#include "scripts/uw/audit_scan.h"
#include "scripts/command.h"
#include "uwclient/endpoints.h"
#include "uwclient/match.h"

#define TABLE_FILE "uwclient/endpoints.def"

enum {
    EXIT_RUNNER_USAGE = 64,
    FINDINGS_SHOWN = 200,
    SOURCE_BYTES_MAX = 4 << 20,
    SOURCE_DEPTH_MAX = 4
};

/* In two pieces, so that this file does not hold what it looks for. */
static const char API_FOLDER[] = "api/", HOST_NAME[] = "unusualwhales", HOST_TOP[] = ".com";

/* Files that may hold such texts: who serves the API in tests, and the default of the setting. */
static const char *const PATH_HOMES[] = {"sim/", "dashboard/", "tests/"};
static const char *const HOST_HOMES[] = {"sim/", "tests/", "config/config.def"};

/* Folders of a source tree without sources of the programs. */
static const char *const NO_SOURCES[] = {"build", "docs", "deploy", "tests", "var"};

static const char HELP[] =
    "usage: stockbot audit-uw-endpoints [--spec FILE] [--source DIR] [options]\n"
    "\n"
    "Compares every endpoint that the programs may ask with the API description, and looks for\n"
    "endpoints that stand anywhere in the sources but in their one table.\n"
    "\n"
    "  --spec FILE    the OpenAPI file (default: the one the programs use)\n"
    "  --source DIR   the source tree (default: the working folder or the program's own tree; an\n"
    "                 installed program without one audits its table)\n"
    "  --json         one object: spec, paths, candidates, findings (how many), exit\n"
    "  --root DIR, --config FILE, --help\n"
    "\n"
    "Why something is a finding stands on standard error.\n"
    "Exit codes: 0 clean; 1 a finding, or no usable description; 64 wrong usage; 78 the\n"
    "configuration cannot be used.\n";

struct audit {
    const struct spec *spec;
    struct text host;
    int64_t candidates, findings, files;
    struct text report; /* the lines of the findings */
    struct fs fs;       /* of the source tree */
    const char *file;   /* at hand, relative to the tree */
    int depth;
};

/* ---- findings ------------------------------------------------------------------------------ */

static void
found(struct audit *a, const char *file, int line, const char *endpoint, const char *why)
{
    if (a->findings++ < FINDINGS_SHOWN)
        text_printf(&a->report, "- %s:%d -> %s\n", file, line, endpoint);
    (void)fprintf(stderr, "audit-uw-endpoints: %s:%d: %s: %s\n", file, line, endpoint, why);
}

/* ---- the table ----------------------------------------------------------------------------- */

static bool
row_sends(const struct uw_endpoint_row *row, const char *param)
{
    size_t len = strlen(param);

    for (const char *at = row->params; *at != '\0'; at += strspn(at, ",")) {
        size_t n = strcspn(at, ",");
        if (n == len && memcmp(at, param, n) == 0) return true;
        at += n;
    }
    return false;
}

static void
audit_params(struct audit *a, const struct uw_endpoint_row *row, const struct spec_op *op)
{
    char shown[MATCH_PATH_MAX + 64], name[64];

    for (const char *at = row->params; *at != '\0'; at += strspn(at, ",")) {
        int n = (int)strcspn(at, ",");
        (void)snprintf(name, sizeof name, "%.*s", n, at);
        (void)snprintf(shown, sizeof shown, "%s?%s", row->path, name);
        if (spec_query_param(op, name) == NULL)
            found(a, TABLE_FILE, row->line, shown, "the description has no such parameter");
        at += n;
    }
    for (size_t i = 0; i < op->params_len; i++) {
        const struct spec_param *p = &op->params[i];
        if (p->in_path || !p->required || row_sends(row, p->name)) continue;
        (void)snprintf(shown, sizeof shown, "%s?%s", row->path, p->name);
        found(a, TABLE_FILE, row->line, shown, "the parameter is required and not supplied");
    }
}

static void
audit_table(struct audit *a)
{
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++) {
        const struct uw_endpoint_row *row = uw_endpoint_row((enum uw_endpoint)i);
        const struct spec_op *op = NULL;
        struct err err = {0};

        a->candidates++;
        if (match_literal(a->spec, row->path, &op, &err) == RC_OK)
            audit_params(a, row, op);
        else
            found(a, TABLE_FILE, row->line, row->path, err.text);
    }
}

/* ---- the sources --------------------------------------------------------------------------- */

static bool
is_at_home(const char *file, const char *const *homes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (str_starts(file, homes[i])) return true;
    return false;
}

static bool
is_in_table(const char *path)
{
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++)
        if (str_eq(uw_endpoint_row((enum uw_endpoint)i)->path, path)) return true;
    return false;
}

/* The endpoint in the text, from its slash to what ends a path; false where there is none. */
static bool
endpoint_in(const char *text, char ret_endpoint[MATCH_PATH_MAX])
{
    for (const char *at = strstr(text, API_FOLDER); at != NULL; at = strstr(at + 1, API_FOLDER)) {
        if (at == text || at[-1] != '/') continue;
        (void)snprintf(ret_endpoint, MATCH_PATH_MAX, "%.*s",
                       (int)MIN(strcspn(at - 1, " ?#,;\\"), (size_t)MATCH_PATH_MAX - 1), at - 1);
        return true;
    }
    return false;
}

static void
audit_literal(void *ctx, int line, const char *text)
{
    struct audit *a = ctx;
    char endpoint[MATCH_PATH_MAX];
    bool is_table = str_eq(a->file, TABLE_FILE);

    if (strstr(text, text_str(&a->host)) != NULL &&
        !is_at_home(a->file, HOST_HOMES, COUNT_OF(HOST_HOMES))) {
        a->candidates++;
        found(a, a->file, line, text_str(&a->host), "the host stands outside its setting");
        return;
    }
    if (!endpoint_in(text, endpoint)) return;
    if (is_at_home(a->file, PATH_HOMES, COUNT_OF(PATH_HOMES))) return;
    if (is_table && is_in_table(endpoint)) return; /* audited with its parameters */
    a->candidates++;
    found(a, a->file, line, endpoint,
          is_table ? "the program was built with another table"
                   : "an endpoint stands outside the table");
}

static bool audit_name(void *ctx, const char *name);

static void
audit_file(struct audit *a, const char *path)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct err err = {0};

    a->files++;
    a->file = path;
    if (a->fs.read_all(a->fs.self, path, SOURCE_BYTES_MAX, &bytes, &err) == RC_OK)
        audit_literals(text_str(&bytes), bytes.len, audit_literal, a);
    else
        found(a, path, 0, path, err.text);
}

/* One name of the folder that a->file says. */
static bool
audit_name(void *ctx, const char *name)
{
    struct audit *a = ctx;
    const char *folder = a->file;
    char path[512];
    struct fs_stat st = {0};
    struct err err = {0};

    if (name[0] == '.') return true;
    bool is_top = str_eq(folder, ".");
    for (size_t i = 0; is_top && i < COUNT_OF(NO_SOURCES); i++)
        if (str_eq(name, NO_SOURCES[i])) return true;
    (void)snprintf(path, sizeof path, "%s%s%s", is_top ? "" : folder, is_top ? "" : "/", name);
    if (a->fs.stat(a->fs.self, path, &st, &err) != RC_OK || !st.exists) return true;
    if (st.is_dir && a->depth < SOURCE_DEPTH_MAX) {
        a->depth++;
        a->file = path;
        if (a->fs.list(a->fs.self, path, audit_name, a, &err) != RC_OK)
            found(a, path, 0, path, err.text);
        a->depth--;
    } else if (str_ends(name, ".c") || str_ends(name, ".h") || str_ends(name, ".def")) {
        audit_file(a, path);
    }
    a->file = folder;
    return true;
}

static enum rc
audit_sources(struct audit *a, const char *source, struct err *err)
{
    struct posix_fs disk;
    enum rc rc = fs_open(source, &disk, err); /* the caller has seen that it exists */

    if (rc != RC_OK) return rc;
    a->fs = fs_seam(&disk);
    a->file = ".";
    rc = a->fs.list(a->fs.self, ".", audit_name, a, err);
    fs_close(&disk);
    if (rc == RC_OK && a->files == 0) rc = err_set(err, RC_NOT_FOUND, "no files to scan");
    return rc;
}

/* ---- where things are ---------------------------------------------------------------------- */

static bool
is_source_tree(const char *folder)
{
    char path[1024];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/" TABLE_FILE, folder);
    return stat(path, &st) == 0;
}

/* Appends nothing where no tree is at hand. */
static void
find_source(struct text *ret_source)
{
    static const char *const ups[] = {"/..", "/../.."};
    CLEANUP(text_free) struct text program = {0};

    if (is_source_tree(".")) {
        text_puts(ret_source, ".");
        return;
    }
    if (share_program_folder(&program, NULL) != RC_OK) return;
    for (size_t i = 0; i < COUNT_OF(ups) && ret_source->len == 0; i++) {
        text_printf(ret_source, "%s%s", text_str(&program), ups[i]);
        if (!is_source_tree(text_str(ret_source))) text_clear(ret_source);
    }
}

static int
find_spec(const struct common_args *common, struct text *ret_path)
{
    struct config cfg;
    struct err err = {0};
    int status = common_args_config(common, &cfg);

    if (status != EXIT_DONE) return status;
    if (cfg.uw.spec_path[0] != '\0')
        text_puts(ret_path, cfg.uw.spec_path);
    else if (share_find(cfg.root, SPEC_PATH, ret_path, &err) != RC_OK)
        text_puts(ret_path, SPEC_PATH); /* missing: the audit says so */
    config_done(&cfg);
    return EXIT_DONE;
}

/* ---- the run ------------------------------------------------------------------------------- */

static void
report_json(const struct audit *a, const char *spec_path, const struct err *err, int status)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};

    json_out_obj(&o, NULL);
    json_out_str(&o, "runner", "audit-uw-endpoints");
    json_out_str(&o, "spec", spec_path);
    json_out_i64(&o, "paths", (int64_t)a->spec->ops_len);
    json_out_i64(&o, "candidates", a->candidates);
    json_out_i64(&o, "findings", a->findings);
    json_out_i64(&o, "exit", status);
    json_out_str(&o, "error", err->code == RC_OK ? NULL : err->text);
    json_out_end(&o);
    (void)printf("%s\n", text_str(&line));
}

static void
report(const struct audit *a, const char *spec_path, int status)
{
    (void)printf("UW_SPEC_PATH=%s\nUW_SPEC_PATHS=%zu\nUW_ENDPOINT_CANDIDATES_FOUND=%lld\n",
                 spec_path, a->spec->ops_len, (long long)a->candidates);
    if (a->findings > 0) {
        (void)printf("INVALID_ENDPOINTS:\n%s", text_str(&a->report));
        if (a->findings > FINDINGS_SHOWN)
            (void)printf("... and %lld more\n", (long long)(a->findings - FINDINGS_SHOWN));
    }
    if (status == EXIT_DONE) (void)printf("UW_ENDPOINT_AUDIT_OK\n");
}

static int
audit(const char *spec_path, const char *source, bool is_json)
{
    const char *required[UW_ENDPOINTS_LEN];
    size_t required_len = uw_required_paths(required);
    struct posix_fs disk;
    struct spec spec;
    struct audit a = {.spec = &spec};
    struct err err = {0};

    if (fs_open(".", &disk, &err) != RC_OK) {
        (void)fprintf(stderr, "audit-uw-endpoints: %s\n", err.text);
        return EXIT_FAILED;
    }
    struct fs here = fs_seam(&disk);
    spec_load(&here, spec_path, required, required_len, &spec, &err);
    text_printf(&a.host, "%s%s", HOST_NAME, HOST_TOP);
    if (spec_is_usable(&spec)) {
        err = (struct err){0}; /* an incomplete one shows as findings */
        audit_table(&a);
        if (source[0] != '\0') (void)!audit_sources(&a, source, &err); /* err is reported */
    }
    int status = a.findings > 0 || err.code != RC_OK ? EXIT_FAILED : EXIT_DONE;
    if (err.code != RC_OK) (void)fprintf(stderr, "audit-uw-endpoints: %s\n", err.text);
    if (is_json)
        report_json(&a, spec_path, &err, status);
    else
        report(&a, spec_path, status);
    spec_done(&spec);
    fs_close(&disk);
    text_free(&a.host);
    text_free(&a.report);
    return status;
}

int
cmd_audit_uw_endpoints(int argc, char **argv)
{
    enum { OPT_SPEC = 2000, OPT_SOURCE };
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS,
        {"spec",   required_argument, NULL, OPT_SPEC  },
        {"source", required_argument, NULL, OPT_SOURCE},
        {NULL,     0,                 NULL, 0         },
    };
    CLEANUP(text_free) struct text spec_path = {0};
    CLEANUP(text_free) struct text source = {0};
    struct common_args common = {0};
    int option, status = EXIT_DONE;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == OPT_SPEC)
            text_puts(&spec_path, optarg);
        else if (option == OPT_SOURCE)
            text_puts(&source, optarg);
        else if (!common_args_take(&common, option)) {
            (void)args_refused("audit-uw-endpoints", argv, option);
            return EXIT_RUNNER_USAGE;
        }
    }
    if (common.help || optind < argc) {
        (void)fputs(HELP, common.help ? stdout : stderr);
        return common.help ? EXIT_DONE : EXIT_RUNNER_USAGE;
    }
    struct stat st;
    if (source.len > 0 && stat(text_str(&source), &st) != 0) {
        (void)fprintf(stderr, "audit-uw-endpoints: %s: no files to scan\n", text_str(&source));
        return EXIT_FAILED;
    }
    if (source.len == 0) find_source(&source);
    if (spec_path.len == 0) status = find_spec(&common, &spec_path);
    return status == EXIT_DONE ? audit(text_str(&spec_path), text_str(&source), common.json)
                               : status;
}

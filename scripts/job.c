#include "scripts/job.h"

#include <unistd.h>

#include "base/text.h"
#include "scripts/command.h"
#include "scripts/demo/demo.h"
#include "scripts/view.h"
#include "state/ledger.h"

enum { OPTIONS_MAX = 32, LOCK_WAIT_MS = 0 };
enum { OPT_AS_OF = 2000, OPT_DATE, OPT_MOCK, OPT_ALLOW, OPT_DRY };

static const struct option ALWAYS[] = {
    COMMON_OPTIONS,
    {"as-of",   required_argument, NULL, OPT_AS_OF},
    {"date",    optional_argument, NULL, OPT_DATE },
    {"dry-run", no_argument,       NULL, OPT_DRY  },
};
static const struct option WITH_MOCK[] = {
    {"mock",            no_argument, NULL, OPT_MOCK },
    {"allow-mock-root", no_argument, NULL, OPT_ALLOW},
};

static const char HELP_ALWAYS[] =
    "  --as-of INSTANT  the time of the output instead of now (also STOCKBOT_NOW)\n"
    "  --dry-run        do the work, write nothing\n"
    "  --json           one line of JSON about the run instead of the path of its output\n"
    "  --root DIR, --config FILE, --help\n";
static const char HELP_DATE[] =
    "  --date D         the day, YYYY-MM-DD (default: the UTC day of that time)\n";
static const char HELP_DATE_NY[] =
    "  --date D         the day of the session, YYYY-MM-DD (default: the date in New York)\n";
static const char HELP_ANY_DATE[] =
    "  --date D         taken as by every runner; only the line of --json shows it\n";
static const char HELP_MOCK[] =
    "  --mock           made-up input instead of the vendor's; only in a root without real state\n"
    "  --allow-mock-root  even there\n";

struct invocation {
    struct common_args common;
    const char *as_of, *date;
    bool is_mock, may_mock, is_dry;
};

/* ---- options ------------------------------------------------------------------------------- */

static size_t
add_rows(struct option *to, size_t len, const struct option *rows, size_t rows_len)
{
    for (size_t i = 0; i < rows_len && len < OPTIONS_MAX; i++)
        to[len++] = rows[i];
    return len;
}

static void
make_options(const struct job_spec *spec, struct option table[OPTIONS_MAX + 1])
{
    size_t len = add_rows(table, 0, ALWAYS, COUNT_OF(ALWAYS));

    if (spec->takes & JOB_MOCK) len = add_rows(table, len, WITH_MOCK, COUNT_OF(WITH_MOCK));
    len = add_rows(table, len, spec->options, spec->options_len);
    table[len] = (struct option){0};
}

static void
print_help(const struct job_spec *spec)
{
    (void)fputs(spec->help, stdout);
    (void)fputs(spec->takes & JOB_DATE_NY ? HELP_DATE_NY
                : spec->takes & JOB_DATE  ? HELP_DATE
                                          : HELP_ANY_DATE,
                stdout);
    if (spec->takes & JOB_MOCK) (void)fputs(HELP_MOCK, stdout);
    (void)fputs(HELP_ALWAYS, stdout);
    (void)fputs("\nExit codes beside those above: 0 done; 1 not done; 64 wrong usage; 70 internal\n"
                "error; 75 another run of it goes on; 78 the configuration cannot be used.\n",
                stdout);
}

/* "--date", "--date=D" and "--date D" alike. */
static const char *
date_value(int argc, char **argv)
{
    if (optarg != NULL) return optarg;
    if (optind < argc && argv[optind][0] != '-') return argv[optind++];
    return NULL;
}

static int
refuse(const struct job_spec *spec, const char *what, const char *why)
{
    (void)fprintf(stderr, "stockbot %s: %s: %s; see stockbot %s --help\n", spec->name, what, why,
                  spec->name);
    return JOB_EXIT_USAGE;
}

/* -1: go on; otherwise the exit code. */
static int
parse(const struct job_spec *spec, int argc, char **argv, void *own, struct invocation *in)
{
    struct option table[OPTIONS_MAX + 1];
    int option;

    make_options(spec, table);
    while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (option == '?' || option == ':') {
            (void)args_refused(spec->name, argv, option);
            return JOB_EXIT_USAGE;
        }
        if (option == OPT_AS_OF)
            in->as_of = optarg;
        else if (option == OPT_DATE)
            in->date = date_value(argc, argv);
        else if (option == OPT_MOCK)
            in->is_mock = true;
        else if (option == OPT_ALLOW)
            in->may_mock = true;
        else if (option == OPT_DRY)
            in->is_dry = true;
        else if (option >= OPT_JOB_OWN) {
            if (!spec->take(own, option)) return JOB_EXIT_USAGE;
        } else
            (void)common_args_take(&in->common, option);
    }
    if (in->common.help) {
        print_help(spec);
        return EXIT_DONE;
    }
    return optind == argc ? -1 : refuse(spec, argv[optind], "there is no such argument");
}

/* ---- clock and date ------------------------------------------------------------------------ */

static int
set_clock(struct job *job, const char *as_of, struct err *err)
{
    const char *from = as_of != NULL ? "--as-of" : "STOCKBOT_NOW";

    if (as_of == NULL) as_of = getenv("STOCKBOT_NOW");
    if (as_of == NULL || as_of[0] == '\0') {
        job->now_ns = clock_now(&job->runner.clock);
        return EXIT_DONE;
    }
    job->is_as_of = true;
    if (when_parse(as_of, &job->now_ns, err) == RC_OK) return EXIT_DONE;
    (void)err_wrap(err, "%s", from);
    return JOB_EXIT_USAGE;
}

static int
set_date(struct job *job, const char *date, struct err *err)
{
    job->is_date_given = date != NULL;
    job->date = job->spec->takes & JOB_DATE_NY ? zone_date(job->runner.ny, job->now_ns)
                                               : when_to_civil(job->now_ns).date;
    if (date != NULL && date_parse(date, &job->date, err) != RC_OK) {
        (void)err_wrap(err, "--date");
        return JOB_EXIT_USAGE;
    }
    (void)date_text(job->date, job->date_text);
    (void)when_iso(job->now_ns, job->now_text);
    return EXIT_DONE;
}

/* ---- mock runs ----------------------------------------------------------------------------- */

/* What a run for real leaves, and what says of itself that it was made up. */
static const char *const MARKED[] = {
    "state/daily_universe.json",       "state/core_universe.json",
    "state/daily_universe_v2.json",    "state/premarket_intel.json",
    "state/postmarket_intel.json",     "state/premarket_exit_intel.json",
    "state/postmarket_exit_intel.json"};

static bool
is_marked_mock(const struct json *doc)
{
    const struct json *meta = json_get(doc, "_meta");

    return str_eq(json_str(meta, "mode", ""), "mock") || json_bool(meta, "mock", false);
}

bool
job_is_made_up(const struct fs *fs, const char *path)
{
    CLEANUP(json_freep) struct json *doc = view_load(fs, path);

    return is_marked_mock(doc);
}

/* The first file that tells of real use; NULL for a root that is empty, made up, or a demo's. */
static const char *
real_state(const struct fs *fs)
{
    CLEANUP(json_freep) struct json *demo = view_load(fs, DEMO_MARK_PATH);
    struct fs_stat st;

    if (demo != NULL) return NULL;
    if (fs->stat(fs->self, LEDGER_PATH, &st, NULL) == RC_OK && st.exists) return LEDGER_PATH;
    for (size_t i = 0; i < COUNT_OF(MARKED); i++) {
        CLEANUP(json_freep) struct json *doc = view_load(fs, MARKED[i]);

        if (doc != NULL && !is_marked_mock(doc)) return MARKED[i];
    }
    return NULL;
}

static int
set_mock(struct job *job, const struct invocation *in, struct err *err)
{
    const struct job_spec *spec = job->spec;

    if (!(spec->takes & JOB_MOCK)) return EXIT_DONE;
    job->is_mock = in->is_mock || job->runner.cfg.uw.mock ||
                   (spec->is_mock != NULL && spec->is_mock(job->own));
    if (!job->is_mock || in->may_mock || job->is_dry) return EXIT_DONE;
    const char *real = real_state(&job->runner.fs);
    if (real == NULL) return EXIT_DONE;
    (void)err_set(err, RC_DENIED,
                  "%s in %s was not made up: a mock run takes a root of its own, or "
                  "--allow-mock-root",
                  real, job->runner.cfg.root);
    return JOB_EXIT_USAGE;
}

/* ---- the run ------------------------------------------------------------------------------- */

static void
report_failure(const struct job *job, int status, const struct err *err)
{
    log_event(job->runner.log, EV_RUNNER_FAILED, F_STR("runner", job->spec->name),
              F_I64("rc", status), F_STR("error", err->text));
}

static int
run_locked(struct job *job, void *own, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    struct runner *r = &job->runner;
    struct lock held = LOCK_NONE;

    if (job->is_dry || (job->spec->takes & JOB_LOOKS)) return job->spec->run(job, own, err);
    if (job->spec->lock_path != NULL)
        job->spec->lock_path(job, &path);
    else
        text_printf(&path, "state/%s.lock", job->spec->name);
    enum rc rc = r->locks.acquire(r->locks.self, text_str(&path), LOCK_WAIT_MS, &held, err);
    if (rc == RC_BUSY) return JOB_EXIT_BUSY;
    /* A disk that refuses a lock file may still take the output, or will say so itself. */
    if (rc != RC_OK) {
        (void)runner_fail(r, err, 0);
        *err = (struct err){0};
    }
    int status = job->spec->run(job, own, err);
    r->locks.release(r->locks.self, &held);
    return status;
}

static int
run_reported(struct job *job, void *own, struct err *err)
{
    int status = run_locked(job, own, err);

    if (status != EXIT_DONE) report_failure(job, status, err);
    return status;
}

static void
begin_summary(struct job *job, struct text *line)
{
    job->summary = (struct json_out){.to = line};
    json_out_obj(&job->summary, NULL);
    json_out_str(&job->summary, "runner", job->spec->name);
    json_out_str(&job->summary, "date", job->date_text);
    json_out_str(&job->summary, "as_of", job->now_text);
    json_out_str(&job->summary, "mode", job->is_mock ? "mock" : "real");
    json_out_str(&job->summary, "root", job->runner.cfg.root);
}

static void
end_summary(struct job *job, int status, const struct err *err)
{
    json_out_str(&job->summary, "path", job->path.len > 0 ? text_str(&job->path) : NULL);
    json_out_bool(&job->summary, "dry_run", job->is_dry);
    json_out_i64(&job->summary, "exit", status);
    json_out_str(&job->summary, "error", status == EXIT_DONE ? NULL : err->text);
    json_out_end(&job->summary);
}

static int
run_shown(struct job *job, void *own)
{
    CLEANUP(text_free) struct text line = {0};
    struct err err = {0};

    begin_summary(job, &line);
    int status = run_reported(job, own, &err);
    end_summary(job, status, &err);
    if (status != EXIT_DONE && err.text[0] != '\0') (void)runner_fail(&job->runner, &err, status);
    if (job->is_json)
        (void)printf("%s\n", text_str(&line));
    else if (job->path.len > 0)
        (void)printf("%s\n", text_str(&job->path));
    return status;
}

/* What --as-of, --date and --mock come to; each may end the run, which is told like any other end.
 */
static int
settle(struct job *job, const struct invocation *in)
{
    struct err err = {0};
    int status = set_clock(job, in->as_of, &err);

    if (status == EXIT_DONE) status = set_date(job, in->date, &err);
    if (status == EXIT_DONE) status = set_mock(job, in, &err);
    if (status == EXIT_DONE) return EXIT_DONE;
    report_failure(job, status, &err);
    return runner_fail(&job->runner, &err, status);
}

int
job_main(const struct job_spec *spec, int argc, char **argv, void *own)
{
    struct invocation in = {0};
    struct job job = {.spec = spec, .own = own};
    int status = parse(spec, argc, argv, own, &in);

    if (status >= 0) return status;
    job.is_dry = in.is_dry || (spec->is_look != NULL && spec->is_look(own));
    job.is_json = in.common.json;
    job.config = in.common.config;
    enum runner_mode mode = job.is_dry ? RUNNER_READS : RUNNER_WRITES;
    status = runner_open(&job.runner, spec->name, &in.common,
                         spec->takes & JOB_LOOKS ? RUNNER_LOOKS : mode);
    if (status != EXIT_DONE) return status;
    if (spec->takes & JOB_NO_EVENTS) job.runner.log = job.runner.state_store.log = NULL;
    status = settle(&job, &in);
    if (status == EXIT_DONE) status = run_shown(&job, own);
    text_free(&job.path);
    runner_done(&job.runner);
    return status;
}

int
job_within(const struct job *parent, const struct job_spec *spec, void *own, struct text *ret_path,
           struct err *err)
{
    CLEANUP(text_free) struct text line = {0};
    struct job job =
        *parent; /* a view: the parent's root stays open and is the parent's to close */

    job.spec = spec;
    job.own = own;
    job.path = (struct text){0};
    if (spec->takes & JOB_NO_EVENTS) job.runner.log = NULL;
    begin_summary(&job, &line);
    int status = run_reported(&job, own, err);
    end_summary(&job, status, err);
    text_clear(ret_path);
    text_add(ret_path, text_str(&job.path), job.path.len);
    text_free(&job.path);
    return status;
}

struct step
job_step(const struct job *job, const char *const *args, int limit_s)
{
    return (struct step){.args = args,
                         .root = job->runner.cfg.root,
                         .config = job->config,
                         .as_of = job->is_as_of ? job->now_text : NULL,
                         .limit_s = limit_s};
}

void
job_progress(const struct job *job, const char *what, size_t done, size_t total)
{
    if (job->is_json || !isatty(STDERR_FILENO)) return;
    (void)fprintf(stderr, "\r%s: %zu of %zu\033[K%s", what, done, total, done == total ? "\n" : "");
}

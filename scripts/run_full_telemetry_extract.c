#include "scripts/command.h"
#include "scripts/telemetry.h"

#define NAME "run-full-telemetry-extract"

static const char HELP[] =
    "usage: stockbot " NAME " [options]\n"
    "\n"
    "Makes the telemetry bundle of a day, telemetry/D/: copies of state, logs and reports, "
    "fourteen\n"
    "computed artifacts, FULL_TELEMETRY_D.md, telemetry_manifest.json. Reads the rest of the root\n"
    "and changes nothing in it. A missing or damaged input is named in the manifest.\n"
    "\n"
    "  --output-root DIR    where the day's folder is made (default telemetry)\n"
    "  --max-log-bytes N    a larger log is replaced by its last lines (default 2000000)\n"
    "  --tail-lines N       so many of them (default 5000)\n"
    "  --manifest-embed full|digest\n"
    "                       repeat the artifacts in the manifest, or only name them (default "
    "full)\n"
    "  --overnight exclude|include\n"
    "                       join exits whose entries were opened on earlier days (default "
    "exclude)\n";

enum { EXIT_STOPPED = 130 };
enum { OPT_OUTPUT = OPT_JOB_OWN, OPT_BYTES, OPT_LINES, OPT_EMBED, OPT_OVERNIGHT };

static const struct option OPTIONS[] = {
    {"output-root",    required_argument, NULL, OPT_OUTPUT   },
    {"max-log-bytes",  required_argument, NULL, OPT_BYTES    },
    {"tail-lines",     required_argument, NULL, OPT_LINES    },
    {"manifest-embed", required_argument, NULL, OPT_EMBED    },
    {"overnight",      required_argument, NULL, OPT_OVERNIGHT},
};

/* One of two words; false after the sentence was printed. */
static bool
take_word(const char *option, const char *no, const char *yes, bool *ret_value)
{
    *ret_value = str_eq(optarg, yes);
    if (*ret_value || str_eq(optarg, no)) return true;
    (void)fprintf(stderr, "stockbot " NAME ": --%s %s: %s or %s is wanted\n", option, optarg, no,
                  yes);
    return false;
}

static bool
take_count(const char *option, int64_t *ret_value)
{
    double value = 0;

    if (!arg_number(option, optarg, 0, 1e15, &value)) return false;
    *ret_value = (int64_t)value;
    return true;
}

static bool
take(void *own, int option)
{
    struct bundle_options *o = own;

    switch (option) {
    case OPT_OUTPUT:
        o->output_root = optarg;
        return telemetry_output_root(NAME, optarg);
    case OPT_BYTES:
        return take_count("max-log-bytes", &o->log_bytes_max);
    case OPT_LINES:
        return take_count("tail-lines", &o->tail_lines);
    case OPT_EMBED:
        return take_word("manifest-embed", "full", "digest", &o->is_digest);
    default:
        return take_word("overnight", "exclude", "include", &o->has_overnight);
    }
}

static void
lock_path(const struct job *job, struct text *ret_path)
{
    const struct bundle_options *o = job->own;

    bundle_lock_path(o->output_root, job->date, ret_path);
    /* Where it cannot be made the run itself will say so. */
    (void)job->runner.fs.make_dir(job->runner.fs.self, o->output_root, NULL);
}

static int
extract(struct job *job, void *own, struct err *err)
{
    const struct bundle_options *options = own;
    struct bundle_result result = {0};
    struct telemetry_run t;

    telemetry_begin(&t, job, options);
    t.spec.is_dry = job->is_dry;
    enum rc rc = bundle_build(&t.spec, &result, err);
    telemetry_end(&t);
    if (rc == RC_STOPPED) return EXIT_STOPPED; /* where the signal itself was ignored */
    if (rc != RC_OK) return JOB_EXIT_INTERNAL;
    json_out_i64(&job->summary, "files", (int64_t)result.files);
    json_out_i64(&job->summary, "missing_inputs", (int64_t)result.missing);
    json_out_i64(&job->summary, "damaged_inputs", (int64_t)result.damaged);
    json_out_i64(&job->summary, "malformed_lines", result.malformed_lines);
    json_out_i64(&job->summary, "realized_trades", result.realized_trades);
    if (!job->is_dry) text_puts(&job->path, result.dir);
    return EXIT_DONE;
}

int
cmd_run_full_telemetry_extract(int argc, char **argv)
{
    static const struct job_spec spec = {.name = NAME,
                                         .help = HELP,
                                         .takes = JOB_DATE | JOB_NO_EVENTS,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .lock_path = lock_path,
                                         .run = extract};
    struct bundle_options options = BUNDLE_OPTIONS_DEFAULT;

    return job_main(&spec, argc, argv, &options);
}

#include "scripts/command.h"
#include "scripts/telemetry.h"

#define NAME "verify-telemetry"

static const char HELP[] = "usage: stockbot " NAME " [options]\n"
                           "\n"
                           "Is the telemetry bundle of a day still what it was, and does it still "
                           "follow from its inputs?\n"
                           "Compares every file with its hash in the manifest, the manifest of the "
                           "day before with the one\n"
                           "it was chained to, finds the inputs again (a log may have grown or "
                           "been rotated since), computes\n"
                           "all of it once more, and says which file differs. Writes nothing.\n"
                           "\n"
                           "  --output-root DIR  where the bundles are (default telemetry)\n"
                           "\n"
                           "Ends with 1 where anything differs.\n";

enum { OPT_OUTPUT = OPT_JOB_OWN };

static const struct option OPTIONS[] = {
    {"output-root", required_argument, NULL, OPT_OUTPUT},
};

static bool
take(void *own, int option)
{
    struct bundle_options *o = own;

    (void)option;
    o->output_root = optarg;
    return telemetry_output_root(NAME, optarg);
}

static void
lock_path(const struct job *job, struct text *ret_path)
{
    const struct bundle_options *o = job->own;

    bundle_lock_path(o->output_root, job->date, ret_path);
}

static void
tell(void *ctx, const char *sentence)
{
    const struct job *job = ctx;

    (void)fprintf(stderr, "%s: %s\n", job->spec->name, sentence);
}

static void
summarise(struct job *job, const struct bundle_check *c)
{
    json_out_i64(&job->summary, "files", (int64_t)c->files);
    json_out_i64(&job->summary, "differing", (int64_t)c->differing);
    json_out_i64(&job->summary, "inputs", (int64_t)c->inputs);
    json_out_i64(&job->summary, "inputs_changed", (int64_t)c->inputs_changed);
    json_out_bool(&job->summary, "recomputed", c->is_recomputed);
    json_out_i64(&job->summary, "recomputed_differing", (int64_t)c->recomputed_differing);
    json_out_bool(&job->summary, "chain_holds", c->chain_broken == 0);
}

static int
verify(struct job *job, void *own, struct err *err)
{
    struct bundle_check check = {0};
    struct telemetry_run t;

    telemetry_begin(&t, job, own);
    enum rc rc = bundle_verify(&t.spec, tell, job, &check, err);
    telemetry_end(&t);
    if (rc != RC_OK) return EXIT_FAILED;
    summarise(job, &check);
    size_t wrong = check.differing + check.recomputed_differing + check.chain_broken;
    if (wrong > 0 || check.inputs_changed > 0) {
        (void)err_set(err, RC_RANGE,
                      "%zu of %zu files differ, %zu come out different, %zu inputs have changed%s",
                      check.differing, check.files, check.recomputed_differing,
                      check.inputs_changed, check.chain_broken > 0 ? ", the chain is broken" : "");
        return EXIT_FAILED;
    }
    text_printf(&job->path, "%s/%s", t.spec.options.output_root, job->date_text);
    return EXIT_DONE;
}

int
cmd_verify_telemetry(int argc, char **argv)
{
    static const struct job_spec spec = {.name = NAME,
                                         .help = HELP,
                                         .takes = JOB_DATE | JOB_NO_EVENTS,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .lock_path = lock_path,
                                         .run = verify};
    struct bundle_options options = BUNDLE_OPTIONS_DEFAULT;

    return job_main(&spec, argc, argv, &options);
}

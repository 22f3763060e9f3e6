/*
 * run_regime_detector: the regime label that universe, v2 score and v2 exits share, from what the
 * engine wrote last about the market (contract 4.11, spec 30 4.4).
 */
#include "scripts/command.h"
#include "scripts/regime_file.h"

static const char HELP[] =
    "usage: stockbot run-regime-detector [options]\n"
    "\n"
    "Reads " MARKET_CONTEXT_PATH " and " POSTURE_PATH "\n"
    "and writes " REGIME_PATH ". Without them the regime is NEUTRAL. Asks nobody.\n"
    "\n";

int
regime_file_write(struct documents *d, const struct json *market_context,
                  const struct json *posture_state, struct regime_state *ret_state, struct err *err)
{
    struct regime_inputs in = regime_inputs_decode(market_context, posture_state, &d->arena);
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};

    *ret_state = regime_detect(&in);
    regime_write(&o, &in, ret_state, d->job->now_ns);
    return documents_write(d, REGIME_PATH, SCHEMA_REGIME_STATE, &doc, err);
}

static int
detect(struct job *job, void *own UNUSED, struct err *err)
{
    CLEANUP(documents_done) struct documents d = {.job = job};
    const struct json *context = documents_read(&d, MARKET_CONTEXT_PATH, "the engine");
    const struct json *posture = documents_read(&d, POSTURE_PATH, "the engine");
    struct regime_state state;

    documents_say(&d);
    int status = regime_file_write(&d, context, posture, &state, err);
    json_out_str(&job->summary, "regime_label", state.label);
    json_out_f64(&job->summary, "regime_confidence", state.confidence);
    if (status == EXIT_DONE && !job->is_dry) text_puts(&job->path, REGIME_PATH);
    return status;
}

int
cmd_run_regime_detector(int argc, char **argv)
{
    static const struct job_spec SPEC = {
        .name = "run-regime-detector", .help = HELP, .takes = JOB_DATE, .run = detect};

    return job_main(&SPEC, argc, argv, NULL);
}

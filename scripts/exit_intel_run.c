#include "scripts/exit_intel_run.h"

#include "scripts/command.h"
#include "scripts/regime_file.h"

int
exit_intel_run(struct job *job, const struct exit_intel_run *run, struct err *err)
{
    CLEANUP(documents_done) struct documents d = {.job = job};
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    const struct v2_exit_intel in = {
        .phase = run->phase,
        .positions = documents_read(&d, "state/shadow_v2_positions.json", NULL),
        .intel = documents_read(&d, run->intel_path, run->intel_made_by),
        .regime_state = documents_read(&d, REGIME_PATH, "run-regime-detector"),
        .is_mock = job->is_mock,
    };

    documents_say(&d);
    size_t positions = v2_exit_intel_write(&o, &in, job->now_ns);
    json_out_i64(&job->summary, "positions", (int64_t)positions);
    int status = documents_write(&d, run->path, (int)run->schema, &doc, err);
    if (status == EXIT_DONE && !job->is_dry) text_puts(&job->path, run->path);
    return status;
}

#include "scripts/uw_intel_run.h"

#include "intel/universe_json.h"
#include "scripts/command.h"

size_t
uw_intel_symbols(struct documents *d, const char *const **ret_symbol)
{
    const struct json *universes[] = {
        documents_read(d, "state/daily_universe.json", "build-daily-universe"),
        documents_read(d, "state/core_universe.json", "build-daily-universe"),
    };

    return universe_symbols_of(universes, COUNT_OF(universes), &d->arena, ret_symbol);
}

int
uw_intel_finish(const struct documents *d, const char *path, enum schema schema,
                enum event_id ready, size_t symbols, const struct text *doc, struct err *err)
{
    struct job *job = d->job;

    json_out_i64(&job->summary, "symbols", (int64_t)symbols);
    int status = documents_write(d, path, (int)schema, doc, err);
    if (status != EXIT_DONE) return status;
    log_event(job->runner.log, ready, F_I64("symbols", symbols),
              F_STR("mode", job->is_mock ? "mock" : "real"),
              F_STR("uw_intel_version", UW_INTEL_VERSION));
    if (!job->is_dry) text_puts(&job->path, path);
    return EXIT_DONE;
}

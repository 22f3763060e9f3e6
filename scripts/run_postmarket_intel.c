/*
 * run_postmarket_intel: whether anything reports after the close; one record for every symbol of
 * the universes (contract 4.6, spec 30 2.2).
 *
 * One call about the whole market; no symbol is asked about.
 */
#include "scripts/command.h"
#include "scripts/uw_intel_run.h"
#include "scripts/vendor.h"

static const char HELP[] = "usage: stockbot run-postmarket-intel [options]\n"
                           "\n"
                           "Asks for the earnings after the close and writes " POSTMARKET_PATH ".\n"
                           "\n";

static enum afterhours
ask(struct vendor *v)
{
    CLEANUP(uw_answer_free) struct uw_answer answer = {0};

    if (v == NULL) return afterhours_of(NULL, true);
    return afterhours_of(vendor_ask(v, UW_POLICY_EARNINGS_AFTERHOURS, NULL, NULL, &answer), false);
}

static int
gather(struct job *job, void *own UNUSED, struct err *err)
{
    CLEANUP(documents_done) struct documents d = {.job = job};
    CLEANUP(vendor_close) struct vendor *vendor = NULL;
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    const char *const *symbol = NULL;
    struct uw_intel record = job->is_mock ? postmarket_intel_mock() : postmarket_intel_of();

    if (!job->is_mock && vendor_open(job, &vendor, err) != RC_OK) return EXIT_CONFIG_UNUSABLE;
    size_t len = uw_intel_symbols(&d, &symbol);
    documents_say(&d);
    enum afterhours afterhours = ask(vendor);
    if (vendor != NULL) vendor_say(vendor);
    uw_intel_begin(&o, job->is_mock, job->now_ns);
    for (size_t i = 0; i < len; i++)
        postmarket_record_write(&o, symbol[i], &record, afterhours);
    postmarket_end(&o, afterhours);
    return uw_intel_finish(&d, POSTMARKET_PATH, SCHEMA_POSTMARKET_INTEL, EV_UW_POSTMARKET_READY,
                           len, &doc, err);
}

int
cmd_run_postmarket_intel(int argc, char **argv)
{
    static const struct job_spec SPEC = {
        .name = "run-postmarket-intel", .help = HELP, .takes = JOB_DATE | JOB_MOCK, .run = gather};

    return job_main(&SPEC, argc, argv, NULL);
}

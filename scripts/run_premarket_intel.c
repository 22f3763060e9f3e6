/*
 * run_premarket_intel: what Unusual Whales knows before the open of every symbol of the universes
 * (contract 4.6, spec 30 2.1).
 *
 * Two calls a symbol through the one client, which refuses every symbol outside the universes.
 */
#include "scripts/command.h"
#include "scripts/uw_intel_run.h"
#include "scripts/vendor.h"

enum { ALERTS_ASKED = 50 };

static const char HELP[] =
    "usage: stockbot run-premarket-intel [options]\n"
    "\n"
    "Asks for option flow and dark-pool prints of every symbol of both universes and "
    "writes\n" PREMARKET_PATH ". A call that gets no answer counts as no rows. A universe of\n"
    "200 symbols takes about three minutes with the default budget of 120 calls a minute.\n"
    "\n";

static struct uw_intel
ask(struct vendor *v, const char *symbol)
{
    CLEANUP(uw_answer_free) struct uw_answer flow = {0};
    CLEANUP(uw_answer_free) struct uw_answer dark_pool = {0};
    struct uw_params params = {
        .item = {UW_STR("ticker_symbol", symbol), UW_I64("limit", ALERTS_ASKED)},
          .len = 2
    };
    const struct json *alerts =
        vendor_ask(v, UW_POLICY_OPTIONS_FLOW_ALERTS, symbol, &params, &flow);
    const struct json *prints = vendor_ask(v, UW_POLICY_DARKPOOL_SYMBOL, symbol, NULL, &dark_pool);
    struct premarket_rows rows = premarket_rows_decode(alerts, prints);

    return premarket_intel_of(&rows);
}

static void
write_records(struct job *job, struct vendor *v, const char *const *symbol, size_t len,
              struct json_out *o)
{
    for (size_t i = 0; i < len; i++) {
        struct uw_intel r = job->is_mock ? premarket_intel_mock() : ask(v, symbol[i]);

        premarket_record_write(o, symbol[i], &r);
        job_progress(job, "symbols", i + 1, len);
    }
}

static int
gather(struct job *job, void *own UNUSED, struct err *err)
{
    CLEANUP(documents_done) struct documents d = {.job = job};
    CLEANUP(vendor_close) struct vendor *vendor = NULL;
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    const char *const *symbol = NULL;

    if (!job->is_mock && vendor_open(job, &vendor, err) != RC_OK) return EXIT_CONFIG_UNUSABLE;
    size_t len = uw_intel_symbols(&d, &symbol);
    documents_say(&d);
    uw_intel_begin(&o, job->is_mock, job->now_ns);
    write_records(job, vendor, symbol, len, &o);
    premarket_end(&o);
    if (vendor != NULL) vendor_say(vendor);
    return uw_intel_finish(&d, PREMARKET_PATH, SCHEMA_PREMARKET_INTEL, EV_UW_PREMARKET_READY, len,
                           &doc, err);
}

int
cmd_run_premarket_intel(int argc, char **argv)
{
    static const struct job_spec SPEC = {
        .name = "run-premarket-intel", .help = HELP, .takes = JOB_DATE | JOB_MOCK, .run = gather};

    return job_main(&SPEC, argc, argv, NULL);
}

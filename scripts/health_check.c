#include "scripts/health_check.h"

void
health_result_free(struct health_result *r)
{
    text_free(&r->document);
    *r = (struct health_result){0};
}

/* Why a critical daemon is left alone; NULL: it may be restarted. */
static const char *
why_not_heal(const struct health_options *opt, const struct health_facts *f,
             const struct heal_history *history, int64_t now_ns)
{
    if (!opt->may_heal) return "not asked to (--heal)";
    if (opt->is_mock) return "a drill restarts nothing";
    if (opt->is_dry) return "a dry run restarts nothing";
    if (!f->is_manager_there) return "there is no service manager to ask";
    if (!heal_is_allowed(history, now_ns))
        return "tried too often: once in 10 minutes, 3 times in 6 hours";
    return NULL;
}

static enum rc
save(const struct runner *r, const struct health_report *report, struct text *document,
     struct err *err)
{
    struct store_spec spec = health_store_spec();

    text_clear(document);
    health_encode(report, document);
    return store_save(&r->store, &spec, document, err);
}

/*
 * The attempt is on record before it is made: a sentinel that is killed while it waits must not
 * forget it.  Without a record nothing is restarted, for then nobody would count.
 */
static void
heal(const struct runner *r, const struct service_manager *manager,
     const struct health_report *report, struct heal_history *history, struct heal_outcome *outcome)
{
    CLEANUP(text_free) struct text document = {0};
    struct err err = {0};

    heal_note(history, report->now_ns);
    outcome->is_attempted = true;
    if (save(r, report, &document, &err) != RC_OK) {
        outcome->is_attempted = false;
        outcome->why_not = "the attempt could not be put on record";
        return;
    }
    health_say_heal_attempt(r->log);
    outcome->is_success =
        manager->restart(manager->self, DAEMON_UNIT, &outcome->output, &err) == RC_OK;
    if (!outcome->is_success && outcome->output.len == 0) text_puts(&outcome->output, err.text);
    health_say_healed(r->log, outcome);
}

static bool
is_of_real_check(const struct json *doc)
{
    return str_eq(json_str(json_get_obj(doc, "details"), "mode", NULL), "real");
}

enum rc
health_check(struct runner *r, const struct service_manager *manager,
             const struct health_options *opt, struct health_result *ret_result, struct err *err)
{
    int64_t now_ns = opt->as_of_ns != 0 ? opt->as_of_ns : clock_now(&r->clock);
    struct store_spec spec = health_store_spec();
    CLEANUP(json_freep) struct json *former = store_load(&r->store, &spec, NULL);
    struct heal_history history = heal_history_decode(former, now_ns);
    struct heal_outcome outcome = {0};

    if (opt->is_mock && is_of_real_check(former) && !opt->may_overwrite_real && !opt->is_dry)
        return err_set(err, RC_DENIED, "%s is of a real check: a drill would hide it",
                       DAEMON_HEALTH_PATH);
    struct health_facts facts =
        opt->is_mock ? health_scenario(opt->scenario)
                     : health_gather(r, manager, opt->limits.endpoint_window_s, now_ns);
    ret_result->verdict = health_evaluate(&facts, &opt->limits);
    const struct health_report report = {
        .now_ns = now_ns,
        .is_mock = opt->is_mock,
        .scenario = opt->scenario,
        .facts = &facts,
        .limits = &opt->limits,
        .verdict = &ret_result->verdict,
        .heal = &outcome,
        .history = &history,
    };
    enum rc rc = RC_OK;

    if (!opt->is_dry) health_say(r->log, &report);
    if (ret_result->verdict.status == HEALTH_CRITICAL) {
        outcome.why_not = why_not_heal(opt, &facts, &history, now_ns);
        if (outcome.why_not == NULL) heal(r, manager, &report, &history, &outcome);
    }
    if (opt->is_dry)
        health_encode(&report, &ret_result->document);
    else
        rc = save(r, &report, &ret_result->document, err);
    text_free(&outcome.output);
    return rc;
}

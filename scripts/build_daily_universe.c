/*
 * build_daily_universe: which symbols are worth an intel call today (contract 4.6, 4.12, spec 30
 * 1).
 *
 * The files of v1 come first, then the regime, then the universe of v2; nothing that fails behind
 * the first two touches them or the exit code.
 */
#include "intel/universe_json.h"
#include "scripts/command.h"
#include "scripts/regime_file.h"
#include "scripts/vendor.h"

#define DAILY_PATH    "state/daily_universe.json"
#define CORE_PATH     "state/core_universe.json"
#define DAILY_V2_PATH "state/daily_universe_v2.json"
#define RISK_PATH     "state/symbol_risk_features.json"

enum { NET_IMPACT_ROWS = 80, UNIVERSE_MAX = 5000 };

static const char HELP[] =
    "usage: stockbot build-daily-universe [options]\n"
    "\n"
    "Ranks the vendor's symbols of the day, the index funds and the symbols of\n" RISK_PATH
    " by volatility and, for v2, by sector and regime.\n"
    "Writes " DAILY_PATH ", " CORE_PATH ",\n" REGIME_PATH " and " DAILY_V2_PATH ".\n"
    "\n"
    "  --max N          symbols of the daily universe (default 200)\n"
    "  --core N         symbols of the core universe (default 60)\n";

struct wish {
    double daily_max, core_max;
};

enum { OPT_MAX = OPT_JOB_OWN, OPT_CORE };

static const struct option OPTIONS[] = {
    {"max",  required_argument, NULL, OPT_MAX },
    {"core", required_argument, NULL, OPT_CORE},
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    return option == OPT_MAX ? arg_number("max", optarg, 0, UNIVERSE_MAX, &w->daily_max)
                             : arg_number("core", optarg, 0, UNIVERSE_MAX, &w->core_max);
}

/* ---- what is looked at --------------------------------------------------------------------- */

/* The rows of the vendor's list, borrowed from answer; NULL where it did not give one. */
static const struct json *
ask_net_impact(struct vendor *v, struct uw_answer *answer)
{
    struct uw_params params = {.item = {UW_I64("limit", NET_IMPACT_ROWS)}, .len = 1};

    if (v == NULL) return NULL;
    const struct json *rows = vendor_ask(v, UW_POLICY_TOP_NET_IMPACT, NULL, &params, answer);
    vendor_say(v);
    return rows;
}

/* ---- what is written ----------------------------------------------------------------------- */

static int
write_v1(const struct documents *d, const struct universe_build *b, struct err *err)
{
    const struct {
        const char *path;
        enum schema schema;
        const struct universe_ranking *ranking;
    } files[] = {
        {DAILY_PATH, SCHEMA_DAILY_UNIVERSE, &b->daily},
        {CORE_PATH,  SCHEMA_CORE_UNIVERSE,  &b->core },
    };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        CLEANUP(text_free) struct text doc = {0};
        struct json_out o = {.to = &doc};

        universe_write(&o, NULL, b, files[i].ranking, d->job->now_ns);
        int status = documents_write(d, files[i].path, (int)files[i].schema, &doc, err);
        if (status != EXIT_DONE) return status;
    }
    return EXIT_DONE;
}

/* Whether both the regime and the universe of v2 were written. */
static bool
write_v2(struct documents *d, const struct universe_sources *s, const struct universe_build *b)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    struct regime_state regime;
    struct err err = {0};

    universe_v2_write(&o, NULL, b, d->job->now_ns);
    int status = regime_file_write(d, s->market_context, s->posture_state, &regime, &err);
    if (status != EXIT_DONE) (void)runner_fail(&d->job->runner, &err, status);
    status = documents_write(d, DAILY_V2_PATH, SCHEMA_DAILY_UNIVERSE_V2, &doc, &err);
    if (status != EXIT_DONE) (void)runner_fail(&d->job->runner, &err, status);
    return status == EXIT_DONE;
}

static void
say_built(const struct job *job, const struct universe_build *b, bool has_v2)
{
    log_event(job->runner.log, EV_UW_DAILY_UNIVERSE_BUILT, F_I64("daily", b->daily.len),
              F_I64("core", b->core.len), F_STR("mode", job->is_mock ? "mock" : "real"),
              F_STR("version", UNIVERSE_VERSION),
              F_STR("universe_scoring_v2_version", UNIVERSE_V2_VERSION),
              F_BOOL("wrote_daily_universe_v2", has_v2 && !job->is_dry));
}

static int
write_all(struct documents *d, const struct universe_sources *s, struct err *err)
{
    struct job *job = d->job;
    struct universe_build b;

    universe_build(s, &d->arena, &b);
    int status = write_v1(d, &b, err);
    if (status != EXIT_DONE) return status;
    bool has_v2 = write_v2(d, s, &b);
    say_built(job, &b, has_v2);
    json_out_i64(&job->summary, "candidates", (int64_t)b.all.len);
    json_out_i64(&job->summary, "daily", (int64_t)b.daily.len);
    json_out_i64(&job->summary, "core", (int64_t)b.core.len);
    json_out_str(&job->summary, "regime_label", b.regime_label);
    json_out_bool(&job->summary, "wrote_daily_universe_v2", has_v2 && !job->is_dry);
    if (!job->is_dry) text_puts(&job->path, DAILY_PATH);
    return EXIT_DONE;
}

static int
build(struct job *job, void *own, struct err *err)
{
    const struct wish *w = own;
    CLEANUP(documents_done) struct documents d = {.job = job};
    CLEANUP(vendor_close) struct vendor *vendor = NULL;
    CLEANUP(uw_answer_free) struct uw_answer answer = {0};
    struct universe_sources s = {
        .is_mock = job->is_mock,
        .daily_max = (int64_t)w->daily_max,
        .core_max = (int64_t)w->core_max,
    };

    if (!job->is_mock && vendor_open(job, &vendor, err) != RC_OK) return EXIT_CONFIG_UNUSABLE;
    s.risk_features = documents_read(&d, RISK_PATH, "build-symbol-risk-features");
    s.market_context = documents_read(&d, MARKET_CONTEXT_PATH, "the engine");
    s.posture_state = documents_read(&d, POSTURE_PATH, "the engine");
    documents_say(&d);
    s.net_impact = ask_net_impact(vendor, &answer);
    return write_all(&d, &s, err);
}

int
cmd_build_daily_universe(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "build-daily-universe",
                                         .help = HELP,
                                         .takes = JOB_DATE | JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = build};
    struct wish wish = {.daily_max = UNIVERSE_DAILY_DEFAULT, .core_max = UNIVERSE_CORE_DEFAULT};

    return job_main(&SPEC, argc, argv, &wish);
}

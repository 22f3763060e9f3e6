#include "scripts/args.h"
#include "scripts/command.h"
#include "scripts/health_check.h"

#define RUNNER_NAME "run-daemon-health-check"
#define RUNNER_LOCK "state/" RUNNER_NAME ".lock"

/*
 * The codes of a contract-named runner; wrong usage has its own, because 2 is a verdict here.  The
 * five-minute timer and the readiness check meet at full hours, so the second one waits for the
 * first.
 */
enum { EXIT_RUNNER_USAGE = 64, EXIT_RUNNER_BUSY = 75, LOCK_WAIT_MS = 15000 };

static const char HELP[] =
    "usage: stockbot run-daemon-health-check [options]\n"
    "\n"
    "Looks at the flow daemon from outside, judges it, and writes\n"
    "state/uw_daemon_health_state.json and events. Needs no network, touches no trading state.\n"
    "\n"
    "  --max-poll-age-sec N           the flow cache may be so old (default 600)\n"
    "  --crash-loop-restarts N        more restarts are a warning (default 10)\n"
    "  --endpoint-error-window-sec N  refused calls are counted so far back, 0 = all (default "
    "900)\n"
    "  --endpoint-error-threshold N   so many of them are a warning (default 20)\n"
    "  --heal        restart a daemon that is critical, through the service manager, at most once\n"
    "                in 10 minutes and 3 times in 6 hours\n"
    "  --mock        a drill: no look, the scenario of DAEMON_HEALTH_SCENARIO instead (healthy,\n"
    "                missing_pid, stale_lock, stale_poll, crash_loop, endpoint_errors,\n"
    "                restart_storm); DAEMON_HEALTH_MOCK=1 is the same\n"
    "  --allow-mock-root  a drill may replace the record of a real check\n"
    "  --strict      exit by status: 0 healthy, 1 warning, 2 critical\n"
    "  --nonfatal    exit 0 whatever was found or failed\n"
    "  --dry-run     write and restart nothing; print the document\n"
    "  --json        print one line of JSON about the run instead of the path of the record\n"
    "  --as-of INSTANT  the time that counts instead of now (also STOCKBOT_NOW); --date is taken\n"
    "                as by every runner and changes nothing\n"
    "  --root DIR, --config FILE, --help\n"
    "\n"
    "Exit codes: 0 checked; 1 the record could not be written; 64 wrong usage; 75 another check\n"
    "does not end; 78 the configuration cannot be used.\n";

struct invocation {
    struct common_args common;
    struct health_options check;
    bool is_strict, is_nonfatal;
};

enum {
    OPT_MOCK = 2000,
    OPT_HEAL,
    OPT_POLL_AGE,
    OPT_RESTARTS,
    OPT_WINDOW,
    OPT_THRESHOLD,
    OPT_NONFATAL,
    OPT_STRICT,
    OPT_DRY,
    OPT_ALLOW,
    OPT_AS_OF,
    OPT_DATE
};

static const struct option OPTIONS[] = {
    COMMON_OPTIONS,
    {"mock",                      no_argument,       NULL, OPT_MOCK     },
    {"heal",                      no_argument,       NULL, OPT_HEAL     },
    {"max-poll-age-sec",          required_argument, NULL, OPT_POLL_AGE },
    {"crash-loop-restarts",       required_argument, NULL, OPT_RESTARTS },
    {"endpoint-error-window-sec", required_argument, NULL, OPT_WINDOW   },
    {"endpoint-error-threshold",  required_argument, NULL, OPT_THRESHOLD},
    {"nonfatal",                  no_argument,       NULL, OPT_NONFATAL },
    {"strict",                    no_argument,       NULL, OPT_STRICT   },
    {"dry-run",                   no_argument,       NULL, OPT_DRY      },
    {"allow-mock-root",           no_argument,       NULL, OPT_ALLOW    },
    {"as-of",                     required_argument, NULL, OPT_AS_OF    },
    {"date",                      required_argument, NULL, OPT_DATE     },
    {NULL,                        0,                 NULL, 0            },
};

static bool
take_number(const char *name, int64_t min, int64_t *ret_value)
{
    int64_t value = 0;

    if (str_to_i64(optarg, &value) && value >= min && value <= INT32_MAX) {
        *ret_value = value;
        return true;
    }
    (void)fprintf(stderr, RUNNER_NAME ": --%s %s: a whole number from %lld to %d is wanted\n", name,
                  optarg, (long long)min, INT32_MAX);
    return false;
}

/* From the option or the environment; NULL and "" leave it at now. */
static bool
take_as_of(struct invocation *in, const char *name, const char *text)
{
    struct err err = {0};

    if (text == NULL || text[0] == '\0') return true;
    if (when_parse(text, &in->check.as_of_ns, &err) == RC_OK) return true;
    (void)fprintf(stderr, RUNNER_NAME ": %s: %s\n", name, err.text);
    return false;
}

static bool
is_date(const char *text)
{
    struct date date;
    struct err err = {0};

    if (date_parse(text, &date, &err) == RC_OK) return true;
    (void)fprintf(stderr, RUNNER_NAME ": --date: %s\n", err.text);
    return false;
}

static bool
take_option(struct invocation *in, int option)
{
    struct health_limits *limits = &in->check.limits;

    switch (option) {
    case OPT_MOCK:
        in->check.is_mock = true;
        return true;
    case OPT_HEAL:
        in->check.may_heal = true;
        return true;
    case OPT_POLL_AGE:
        return take_number("max-poll-age-sec", 0, &limits->poll_age_max_s);
    case OPT_RESTARTS:
        return take_number("crash-loop-restarts", 0, &limits->restarts_max);
    case OPT_WINDOW:
        return take_number("endpoint-error-window-sec", INT32_MIN, &limits->endpoint_window_s);
    case OPT_THRESHOLD:
        return take_number("endpoint-error-threshold", 0, &limits->endpoint_errors_max);
    case OPT_NONFATAL:
        in->is_nonfatal = true;
        return true;
    case OPT_STRICT:
        in->is_strict = true;
        return true;
    case OPT_DRY:
        in->check.is_dry = true;
        return true;
    case OPT_AS_OF:
        return take_as_of(in, "--as-of", optarg);
    case OPT_DATE:
        return is_date(optarg);
    case OPT_ALLOW:
        in->check.may_overwrite_real = true;
        return true;
    default:
        return common_args_take(&in->common, option);
    }
}

/* -1: go on; otherwise the exit code. */
static int
parse(int argc, char **argv, struct invocation *in)
{
    const char *mock = getenv("DAEMON_HEALTH_MOCK");
    const char *scenario = getenv("DAEMON_HEALTH_SCENARIO");
    bool is_set = false;
    int option;

    in->check.limits = HEALTH_LIMITS_DEFAULT;
    if (!take_as_of(in, "STOCKBOT_NOW", getenv("STOCKBOT_NOW"))) return EXIT_RUNNER_USAGE;
    in->check.is_mock = mock != NULL && str_to_bool(mock, &is_set) && is_set;
    in->check.scenario = scenario != NULL && scenario[0] != '\0' ? scenario : "healthy";
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == '?' || option == ':')
            (void)args_refused(RUNNER_NAME, argv, option);
        else if (take_option(in, option))
            continue;
        return EXIT_RUNNER_USAGE;
    }
    if (in->common.help) {
        (void)fputs(HELP, stdout);
        return EXIT_DONE;
    }
    if (optind == argc) return -1;
    (void)fprintf(stderr, RUNNER_NAME ": %s: no such argument\n%s", argv[optind], HELP);
    return EXIT_RUNNER_USAGE;
}

/* ---- words --------------------------------------------------------------------------------- */

static void
put_sentence(struct text *to, const struct health_verdict *v)
{
    const char *names[HEALTH_CHECKS];
    size_t len = health_violations(v, names);

    text_printf(to, "%s: %s", DAEMON_UNIT, health_status_name(v->status));
    for (size_t i = 0; i < len; i++)
        text_printf(to, "%s%s", i == 0 ? ": " : ", ", names[i]);
}

/* As the frame of the other runners has it (spec 40 0.7): an end that is not 0 is an event. */
static int
ended(const struct runner *r, int status, const char *why)
{
    if (status != EXIT_DONE)
        log_event(r->log, EV_RUNNER_FAILED, F_STR("runner", RUNNER_NAME), F_I64("rc", status),
                  F_STR("error", why));
    return status;
}

static void
print_summary(const struct runner *r, const struct invocation *in, const struct health_verdict *v,
              bool is_written, int status)
{
    CLEANUP(text_free) struct text line = {0};
    const char *names[HEALTH_CHECKS];
    size_t len = health_violations(v, names);
    struct json_out o = {.to = &line};

    json_out_obj(&o, NULL);
    json_out_str(&o, "runner", RUNNER_NAME);
    json_out_str(&o, "status", health_status_name(v->status));
    json_out_arr(&o, "violated");
    for (size_t i = 0; i < len; i++)
        json_out_str(&o, NULL, names[i]);
    json_out_end(&o);
    json_out_str(&o, "mode", in->check.is_mock ? "mock" : "real");
    json_out_str(&o, "root", r->cfg.root);
    json_out_str(&o, "path", DAEMON_HEALTH_PATH);
    json_out_bool(&o, "written", is_written);
    json_out_i64(&o, "exit", status);
    json_out_end(&o);
    (void)printf("%s\n", text_str(&line));
}

/* ---- the run ------------------------------------------------------------------------------- */

static int
verdict_status(const struct invocation *in, const struct health_verdict *v)
{
    return in->is_strict && !in->is_nonfatal ? (int)v->status : EXIT_DONE;
}

static int
check(struct runner *r, const struct invocation *in)
{
    CLEANUP(health_result_free) struct health_result result = {0};
    CLEANUP(text_free) struct text sentence = {0};
    struct systemd systemd = {.clock = &r->clock};
    struct service_manager manager = systemd_seam(&systemd);
    struct err err = {0};
    enum rc rc = health_check(r, &manager, &in->check, &result, &err);

    if (rc == RC_DENIED && in->check.is_mock) {
        (void)runner_fail(r, &err, 0);
        (void)fprintf(stderr, "%s: use a root of its own, or --allow-mock-root\n", r->name);
        return ended(r, EXIT_RUNNER_USAGE, err.text);
    }
    bool is_written = rc == RC_OK && !in->check.is_dry;
    int status = rc == RC_OK ? verdict_status(in, &result.verdict) : EXIT_FAILED;
    put_sentence(&sentence, &result.verdict);
    (void)fprintf(stderr, "%s\n", text_str(&sentence));
    if (rc != RC_OK) (void)runner_fail(r, &err, status);
    if (in->is_nonfatal) status = EXIT_DONE;
    if (in->common.json)
        print_summary(r, in, &result.verdict, is_written, status);
    else if (in->check.is_dry)
        (void)printf("%s\n", text_str(&result.document));
    else if (is_written)
        (void)printf("%s/%s\n", r->cfg.root, DAEMON_HEALTH_PATH);
    return ended(r, status, rc == RC_OK ? text_str(&sentence) : err.text);
}

static int
check_alone(struct runner *r, const struct invocation *in)
{
    struct lock held = LOCK_NONE;
    struct err err = {0};

    if (in->check.is_dry) return check(r, in);
    enum rc rc = r->locks.acquire(r->locks.self, RUNNER_LOCK, LOCK_WAIT_MS, &held, &err);
    if (rc == RC_BUSY) {
        (void)runner_fail(r, &err, 0);
        return ended(r, in->is_nonfatal ? EXIT_DONE : EXIT_RUNNER_BUSY, err.text);
    }
    /* A disk that refuses a lock file may still take the record, which matters more. */
    if (rc != RC_OK) (void)runner_fail(r, &err, 0);
    int status = check(r, in);
    r->locks.release(r->locks.self, &held);
    return status;
}

int
cmd_run_daemon_health_check(int argc, char **argv)
{
    struct invocation in = {0};
    struct runner r;
    int status = parse(argc, argv, &in);

    if (status >= 0) return status;
    status =
        runner_open(&r, RUNNER_NAME, &in.common, in.check.is_dry ? RUNNER_READS : RUNNER_WRITES);
    if (status != EXIT_DONE) return in.is_nonfatal ? EXIT_DONE : status;
    status = check_alone(&r, &in);
    runner_done(&r);
    return status;
}

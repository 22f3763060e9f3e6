#include "scripts/uw/cmd_uw.h"

#include <inttypes.h>

#include "scripts/command.h"
#include "uwclient/endpoints.h"

static const char HELP[] =
    "usage: stockbot uw get PATH [NAME=VALUE ...]   ask the API, through the budget\n"
    "       stockbot uw budget                      calls spent and left, and how long they last\n"
    "       stockbot uw drift                       fields the API sends that we do not know, or\n"
    "                                               no longer sends, as the daemon has seen them\n"
    "       stockbot uw endpoints                   the table of endpoints, policies and jobs\n"
    "\n"
    "All of them: --json, --root DIR, --config FILE, --help.\n"
    "Exit codes: 0 done; 1 refused, failed, or drift was found; 2 wrong usage; 78 the\n"
    "configuration cannot be used.\n";

static const char HELP_ENDPOINTS[] =
    "usage: stockbot uw endpoints [--json] [--root DIR] [--config FILE] [--help]\n"
    "\n"
    "Every path the programs may ask: its parameters, its policies (how long an answer is kept,\n"
    "calls a day with the configured symbols), the poll jobs of the daemon. Asks nobody.\n"
    "\n"
    "Exit codes: 0 shown; 2 wrong usage; 78 the configuration cannot be used.\n";

/* ---- endpoints ----------------------------------------------------------------------------- */

static const char *
when_word(enum uw_job_when when)
{
    static const char *const words[] = {
        [UW_IN_SESSION] = "in session", [UW_ALWAYS] = "always", [UW_NEVER] = "not polled"};

    return words[when];
}

static const char *
per_word(enum uw_job_per per)
{
    static const char *const words[] = {[UW_WHOLE_MARKET] = "market",
                                        [UW_EACH_SYMBOL] = "symbol",
                                        [UW_EACH_ETF] = "ETF",
                                        [UW_EACH_STOCK] = "stock"};

    return words[per];
}

/* The job that polls with the policy; NULL where the daemon has none. */
static const struct uw_job_row *
job_of(enum uw_policy policy)
{
    for (size_t i = 0; i < UW_JOBS_LEN; i++)
        if (uw_job_row((enum uw_job)i)->policy == policy) return uw_job_row((enum uw_job)i);
    return NULL;
}

static void
print_policy(const struct uw_policy_row *p, const struct uw_job_row *job, size_t symbols_len)
{
    char ttl[24] = "-", interval[24] = "-";

    if (p->ttl_s > 0) (void)snprintf(ttl, sizeof ttl, "%" PRId64 " s", p->ttl_s);
    if (job != NULL) (void)snprintf(interval, sizeof interval, "%" PRId64 " s", job->interval_s);
    (void)printf("  %-30s kept %-8s  %6" PRId64 " a day", p->name, ttl,
                 uw_policy_cap(p, symbols_len));
    if (job != NULL)
        (void)printf("  every %-8s per %-6s  priority %d, %s", interval, per_word(job->per),
                     job->priority, when_word(job->when));
    (void)putchar('\n');
}

static void
print_endpoints(size_t symbols_len)
{
    for (size_t e = 0; e < UW_ENDPOINTS_LEN; e++) {
        const struct uw_endpoint_row *row = uw_endpoint_row((enum uw_endpoint)e);

        (void)printf("%s%s%s\n", row->path, row->params[0] != '\0' ? "  " : "", row->params);
        for (size_t i = 0; i < UW_POLICIES_LEN; i++)
            if (uw_policy_row((enum uw_policy)i)->endpoint == e)
                print_policy(uw_policy_row((enum uw_policy)i), job_of((enum uw_policy)i),
                             symbols_len);
    }
}

static void
write_policy(struct json_out *o, const struct uw_policy_row *p, const struct uw_job_row *job,
             size_t symbols_len)
{
    json_out_obj(o, NULL);
    json_out_str(o, "policy", p->name);
    json_out_i64(o, "ttl_seconds", p->ttl_s);
    json_out_i64(o, "max_calls_per_day", uw_policy_cap(p, symbols_len));
    if (job != NULL) {
        json_out_obj(o, "job");
        json_out_str(o, "name", job->name);
        json_out_str(o, "per", per_word(job->per));
        json_out_i64(o, "interval_seconds", job->interval_s);
        json_out_i64(o, "priority", job->priority);
        json_out_str(o, "when", when_word(job->when));
        json_out_i64(o, "requests", job->requests);
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_endpoints(struct json_out *o, size_t symbols_len)
{
    json_out_arr(o, NULL);
    for (size_t e = 0; e < UW_ENDPOINTS_LEN; e++) {
        json_out_obj(o, NULL);
        json_out_str(o, "path", uw_endpoint_row((enum uw_endpoint)e)->path);
        json_out_str(o, "params", uw_endpoint_row((enum uw_endpoint)e)->params);
        json_out_arr(o, "policies");
        for (size_t i = 0; i < UW_POLICIES_LEN; i++)
            if (uw_policy_row((enum uw_policy)i)->endpoint == e)
                write_policy(o, uw_policy_row((enum uw_policy)i), job_of((enum uw_policy)i),
                             symbols_len);
        json_out_end(o);
        json_out_end(o);
    }
    json_out_end(o);
}

int
uw_endpoints_main(int argc, char **argv)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct common_args args = {0};
    struct config cfg;
    int status = uw_parse_plain(argc, argv, HELP_ENDPOINTS, &args);

    if (status >= 0) return status;
    status = common_args_config(&args, &cfg);
    if (status != EXIT_DONE) return status;
    if (args.json) {
        write_endpoints(&o, cfg.uw.tickers.len);
        (void)printf("%s\n", text_str(&t));
    } else {
        print_endpoints(cfg.uw.tickers.len);
    }
    config_done(&cfg);
    return EXIT_DONE;
}

/* ---- which of them ------------------------------------------------------------------------- */

int
cmd_uw(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } parts[] = {
        {"get",       uw_get_main      },
        {"budget",    uw_budget_main   },
        {"drift",     uw_drift_main    },
        {"endpoints", uw_endpoints_main},
    };

    if (argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "help"))) {
        (void)fputs(HELP, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc > 1 && i < COUNT_OF(parts); i++)
        if (str_eq(argv[1], parts[i].name)) return parts[i].run(argc - 1, argv + 1);
    if (argc > 1)
        (void)fprintf(stderr,
                      "stockbot uw: there is no %s; get, budget, drift or endpoints is wanted\n",
                      argv[1]);
    else
        (void)fputs(HELP, stderr);
    return EXIT_USAGE;
}

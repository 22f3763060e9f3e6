#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <unistd.h>

#include "base/text.h"
#include "scripts/command.h"
#include "scripts/regress/regress.h"

static const char HELP[] =
    "usage: stockbot run-regression-checks [options]\n"
    "\n"
    "Runs the chain of v2 in mock mode in a private root, without network: client, universe, "
    "intel,\n"
    "scores, shadow, reports, analysis pack, telemetry bundle. The first check that fails ends "
    "it.\n"
    "\n"
    "  --keep           leave the private root where it is and print its path\n"
    "  --artifacts-only DATE  check the telemetry bundle of that day in the root, nothing else\n"
    "\n"
    "Prints REGRESSION_OK. Exit codes of its own: 0 all passed; 1 a check failed, named on "
    "standard\n"
    "error.\n";

struct wish {
    bool is_kept;
    const char *artifacts_date;
};

enum { OPT_KEEP = OPT_JOB_OWN, OPT_ARTIFACTS };

static const struct option OPTIONS[] = {
    {"keep",           no_argument,       NULL, OPT_KEEP     },
    {"artifacts-only", required_argument, NULL, OPT_ARTIFACTS},
};

static const struct regress_check CHECKS[] = {
    {"R0",   "the API description is whole",               regress_spec         },
    {"R0b",  "every endpoint stands in it",                regress_audit        },
    {"R1",   "the client can be called",                   regress_client       },
    {"R2",   "its limits are set",                         regress_limits       },
    {"R3",   "a mock call is counted",                     regress_get          },
    {"R4",   "universe",                                   regress_universe     },
    {"R5",   "premarket and postmarket intel",             regress_intel        },
    {"R5b",  "their documents are sound",                  regress_schemas      },
    {"R5c",  "the budget refuses the second call",         regress_rate_limit   },
    {"R5e",  "an endpoint that does not exist is refused", regress_invalid      },
    {"R6",   "composite v1 gives the golden score",        regress_golden       },
    {"R7",   "composite v2",                               regress_composite    },
    {"R8",   "regime",                                     regress_regime       },
    {"R9",   "attribution",                                regress_attribution  },
    {"R10",  "intel P&L",                                  regress_intel_pnl    },
    {"R11",  "intel health",                               regress_health       },
    {"R12",  "dashboard",                                  regress_dashboard    },
    {"R13",  "sentinel",                                   regress_sentinel     },
    {"R14a", "the shadow opens and closes",                regress_shadow       },
    {"R14b", "its records and its day summary",            regress_day_summary  },
    {"R14c", "readiness",                                  regress_readiness    },
    {"R14d", "tuning",                                     regress_tuning       },
    {"R15",  "exit records, exit intel, exit P&L",         regress_exit_record  },
    {"R15b", "exit runners",                               regress_exit_intel   },
    {"R5d",  "the copy for the operator",                  regress_droplet      },
    {"R16",  "analysis pack",                              regress_pack         },
    {"R17",  "telemetry bundle",                           regress_extract      },
    {"R17f", "the same inputs give the same bytes",        regress_extract_again},
    {"R17g", "the shipped day gives the known bytes",      regress_example      },
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    if (option == OPT_KEEP) w->is_kept = true;
    if (option == OPT_ARTIFACTS) w->artifacts_date = optarg;
    return true;
}

/* ---- the private root ---------------------------------------------------------------------- */

static void
make_env(struct regress *r)
{
    /* Nothing of the service's own surroundings: no secret, no other root, no paced clock. */
    static const char *const FIXED[] = {"UW_MOCK=1",
                                        "UW_BASE_URL=http://127.0.0.1:9",
                                        "ALPACA_BASE_URL=http://127.0.0.1:9",
                                        "ALPACA_DATA_URL=http://127.0.0.1:9",
                                        "UW_API_KEY",
                                        "ALPACA_KEY",
                                        "ALPACA_SECRET",
                                        "ALPACA_API_KEY",
                                        "ALPACA_API_SECRET",
                                        "WEBHOOK_URL",
                                        "STOCKBOT_CONFIG",
                                        "STOCKBOT_CLOCK",
                                        "ENV_FILE",
                                        "TICKERS"};
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(FIXED); i++)
        r->env[n++] = FIXED[i];
    (void)snprintf(r->env_root, sizeof r->env_root, "STOCKBOT_ROOT=%s", r->root);
    (void)snprintf(r->env_now, sizeof r->env_now, "STOCKBOT_NOW=%s", r->as_of);
    r->env[n++] = r->env_root;
    r->env[n++] = r->env_now;
    ASSERT(n < COUNT_OF(r->env));
}

static enum rc
open_sandbox(struct regress *r, struct err *err)
{
    const char *tmp = getenv("TMPDIR");

    r->posix.root_fd = -1;
    (void)snprintf(r->root, sizeof r->root, "%s/stockbot-regression.XXXXXX",
                   tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(r->root) == NULL) return err_sys(err, RC_IO, errno, "make %s", r->root);
    make_env(r);
    enum rc rc = fs_open(r->root, &r->posix, err);
    if (rc == RC_OK) r->fs = fs_seam(&r->posix);
    return rc;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void
close_sandbox(struct regress *r, bool is_kept)
{
    fs_close(&r->posix);
    if (is_kept)
        (void)fprintf(stderr, "kept: %s\n", r->root);
    else
        (void)nftw(r->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the live root stays as it is ---------------------------------------------------------- */

/* What the programs of the chain write and the engine does not. */
static const char *const MARKERS[] = {"state/daily_universe.json",
                                      "state/core_universe.json",
                                      "state/daily_universe_v2.json",
                                      "state/premarket_intel.json",
                                      "state/postmarket_intel.json",
                                      "state/premarket_exit_intel.json",
                                      "state/postmarket_exit_intel.json",
                                      "state/exit_intel_pnl_summary.json",
                                      "state/uw_intel_pnl_summary.json",
                                      "reports",
                                      "analysis_packs",
                                      "droplet_sync"};

struct markers {
    struct fs_stat stat[COUNT_OF(MARKERS)];
};

static struct markers
look_markers(const struct fs *live)
{
    struct markers m = {0};
    struct err ignored = {0};

    for (size_t i = 0; i < COUNT_OF(MARKERS); i++)
        if (live->stat(live->self, MARKERS[i], &m.stat[i], &ignored) != RC_OK)
            m.stat[i] = (struct fs_stat){0};
    return m;
}

static enum rc
compare_markers(const struct markers *before, const struct markers *after, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(MARKERS); i++) {
        const struct fs_stat *a = &before->stat[i], *b = &after->stat[i];

        if (a->exists != b->exists || a->mtime_ns != b->mtime_ns || a->size != b->size ||
            a->inode != b->inode)
            return err_set(err, RC_DENIED, "R18 the live root stays as it is: %s was changed",
                           MARKERS[i]);
    }
    return RC_OK;
}

/* ---- the run ------------------------------------------------------------------------------- */

/* Who ends the run lets the check at hand finish, so that the private root goes with it. */
static sigset_t
hold_ends(void)
{
    sigset_t ends, before;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ends, &before);
    return before;
}

static bool
is_end_waiting(void)
{
    sigset_t waiting;

    return sigpending(&waiting) == 0 &&
           (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
            sigismember(&waiting, SIGHUP) == 1);
}

static enum rc
run_checks(const struct regress *r, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(CHECKS); i++) {
        job_progress(r->job, CHECKS[i].id, i, COUNT_OF(CHECKS));
        if (is_end_waiting()) return err_set(err, RC_DENIED, "stopped before %s", CHECKS[i].id);
        if (CHECKS[i].run(r, err) == RC_OK) continue;
        return err_wrap(err, "%s %s", CHECKS[i].id, CHECKS[i].what);
    }
    job_progress(r->job, "all", COUNT_OF(CHECKS), COUNT_OF(CHECKS));
    return RC_OK;
}

static enum rc
check_all(struct job *job, const struct wish *w, struct err *err)
{
    struct regress r = {.job = job};
    const char *date = getenv("REGRESSION_TELEMETRY_DATE");
    struct date ignored;

    (void)when_iso(job->now_ns, r.as_of);
    (void)date_text(when_to_civil(job->now_ns).date, r.bundle_date);
    if (date != NULL && date[0] != '\0') {
        enum rc rc = date_parse(date, &ignored, err);

        if (rc != RC_OK) return err_wrap(err, "REGRESSION_TELEMETRY_DATE");
        (void)str_copy(r.bundle_date, sizeof r.bundle_date, date);
    }
    struct markers before = look_markers(&job->runner.fs);
    sigset_t mask = hold_ends();
    enum rc rc = open_sandbox(&r, err);
    if (rc == RC_OK) rc = run_checks(&r, err);
    struct markers after = look_markers(&job->runner.fs);
    if (rc == RC_OK) rc = compare_markers(&before, &after, err);
    close_sandbox(&r, w->is_kept);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL); /* a signal that waited ends us here */
    return rc;
}

static int
check(struct job *job, void *own, struct err *err)
{
    const struct wish *w = own;
    struct date date;
    enum rc rc = RC_OK;

    if (w->artifacts_date == NULL)
        rc = check_all(job, w, err);
    else if (date_parse(w->artifacts_date, &date, err) != RC_OK) {
        (void)err_wrap(err, "--artifacts-only");
        return JOB_EXIT_USAGE;
    } else
        rc = regress_bundle(&job->runner.fs, w->artifacts_date, err);
    if (rc != RC_OK) return EXIT_FAILED;
    if (!job->is_json) (void)puts("REGRESSION_OK");
    return EXIT_DONE;
}

int
cmd_run_regression_checks(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-regression-checks",
                                         .help = HELP,
                                         .takes = JOB_LOOKS,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = check};
    struct wish wish = {0};

    return job_main(&SPEC, argc, argv, &wish);
}

#include "scripts/args.h"
#include "scripts/command.h"
#include "scripts/replay/days_request.h"
#include "scripts/replay/replay.h"
#include "sim/faults.h"

static const char HELP[] =
    "usage: stockbot replay [--bars DIR [--flow PATH]] [options]\n"
    "       stockbot replay --shadow-only --days DIR [--flow PATH] [--seed N] [--out DIR]\n"
    "                       [--json | --csv]\n"
    "\n"
    "A trading day through engine, flow daemon, guards, broker adapter and vendor client inside "
    "one\n"
    "process with a simulated clock: it takes seconds, and the same day, seed and settings give "
    "the\n"
    "same decisions every time. The real processes at a paced clock: stockbot demo --bars.\n"
    "\n"
    "  --bars DIR       recorded minute bars, SYMBOL.csv or SYMBOL.csv.gz (default: a day drawn "
    "from\n"
    "                   the seed)\n"
    "  --flow PATH      recorded flow alerts, a file or a folder, spread over the session\n"
    "  --day DATE       YYYY-MM-DD (default: the last day recorded, or the last full session)\n"
    "  --seed N         what is left to chance: executions, times of the alerts, a drawn day\n"
    "                   (default 1)\n"
    "  --faults SPEC    what goes wrong at vendor and broker, as market_sim --help describes it\n"
    "  --root DIR       keep files and ledger there, for status and explain (default: nothing "
    "kept)\n"
    "  --config FILE    settings in YAML; settings of the environment count as well, but hosts, "
    "keys\n"
    "                   and mode are the simulator's\n"
    "  --json           the summary as one JSON object\n"
    "  --help\n"
    "\n"
    "The digest at the end is the SHA-256 of all decisions: per order its New York minute, "
    "purpose,\n"
    "side, quantity and symbol. Two runs decided alike if their digests are equal.\n"
    "\n"
    "  --shadow-only    the days of --days through v1's and v2's scores and the shadow alone, v1 "
    "on\n"
    "                   paper beside it: one table, v1 against v2, by regime and by sector\n"
    "  --days DIR       SYMBOL.csv[.gz] with all dates in them; folders of such files, named "
    "YYYY-MM-DD\n"
    "                   for one day, with recorded alerts in flow/ and recorded intel in state/; "
    "drawn\n"
    "                   days NAME.json: {\"day\": date, \"seed\": n, \"symbols\": [...]}\n"
    "  --out DIR        records, positions and intel of each day below DIR/<day>: a root for "
    "stockbot\n"
    "                   shadow and the reports\n"
    "  --csv            the table as CSV\n"
    "\n"
    "Exit codes: 0 the day was replayed to its end and the ledger equals the book; 1 it was not;\n"
    "with --shadow-only 1 if a day could not be read: it is named and left out; 2 wrong usage; 78 "
    "the\n"
    "configuration cannot be used.\n";

enum {
    OPT_SEED = 2000,
    OPT_DAY,
    OPT_BARS,
    OPT_FLOW,
    OPT_FAULTS,
    OPT_SHADOW_ONLY,
    OPT_DAYS,
    OPT_OUT,
    OPT_CSV
};

struct request {
    struct replay_options replay;
    struct days_request days;
    bool is_shadow_only;
    struct common_args common;
};

static int
wrong(const char *words)
{
    (void)fprintf(stderr, "stockbot replay: %s\n", words);
    return EXIT_USAGE;
}

static int
refused(const char *option, struct err *err)
{
    (void)err_wrap(err, "%s", option);
    return wrong(err->text);
}

/* -1: go on; otherwise the exit code, the sentence was printed. */
static int
take_option(struct request *r, int option, char **argv)
{
    struct demo_options *day = &r->replay.day;
    struct err err = {0};
    struct faults checked = {0};
    double number = 0;

    switch (option) {
    case OPT_SEED:
        if (!arg_number("seed", optarg, 0, 9e15, &number)) return EXIT_USAGE;
        day->seed = (int64_t)number;
        return -1;
    case OPT_DAY:
        return date_parse(optarg, &day->day, &err) == RC_OK ? -1 : refused("--day", &err);
    case OPT_FAULTS:
        day->faults = optarg;
        return faults_parse(&checked, optarg, &err) == RC_OK ? -1 : refused("--faults", &err);
    case OPT_BARS:
        day->bars_dir = optarg;
        return -1;
    case OPT_FLOW:
        day->flow_path = optarg;
        return -1;
    case OPT_SHADOW_ONLY:
        r->is_shadow_only = true;
        return -1;
    case OPT_DAYS:
        r->days.days_dir = optarg;
        return -1;
    case OPT_OUT:
        r->days.out_dir = optarg;
        return -1;
    case OPT_CSV:
        r->days.is_csv = true;
        return -1;
    default:
        return common_args_take(&r->common, option) ? -1 : args_refused("replay", argv, option);
    }
}

/* -1 where the options go together; otherwise the exit code, the sentence was printed. */
static int
check_together(struct request *r)
{
    const struct demo_options *day = &r->replay.day;

    if (!r->is_shadow_only) {
        if (r->days.days_dir != NULL || r->days.out_dir != NULL || r->days.is_csv)
            return wrong("--days, --out and --csv need --shadow-only");
        if (day->flow_path != NULL && day->bars_dir == NULL)
            return wrong("--flow needs --bars: the alerts belong to a recorded day");
        return -1;
    }
    if (r->days.days_dir == NULL) return wrong("--shadow-only needs --days DIR");
    if (day->bars_dir != NULL || day->day.year != 0 || day->faults != NULL ||
        r->common.root != NULL)
        return wrong("--bars, --day, --faults and --root do not go with --shadow-only");
    if (r->common.json && r->days.is_csv) return wrong("--json or --csv, not both");
    r->days.flow_path = day->flow_path;
    r->days.seed = (uint64_t)day->seed;
    r->days.is_json = r->common.json;
    return -1;
}

static int
options_parse(int argc, char **argv, struct request *r)
{
    static const struct option OPTIONS[] = {
        {"seed",        required_argument, NULL, OPT_SEED       },
        {"day",         required_argument, NULL, OPT_DAY        },
        {"bars",        required_argument, NULL, OPT_BARS       },
        {"flow",        required_argument, NULL, OPT_FLOW       },
        {"faults",      required_argument, NULL, OPT_FAULTS     },
        {"shadow-only", no_argument,       NULL, OPT_SHADOW_ONLY},
        {"days",        required_argument, NULL, OPT_DAYS       },
        {"out",         required_argument, NULL, OPT_OUT        },
        {"csv",         no_argument,       NULL, OPT_CSV        },
        {"root",        required_argument, NULL, OPT_ROOT       },
        {"config",      required_argument, NULL, OPT_CONFIG     },
        {"json",        no_argument,       NULL, OPT_JSON       },
        {"help",        no_argument,       NULL, OPT_HELP       },
        {NULL,          0,                 NULL, 0              },
    };
    int option, status = -1;

    while (status < 0 && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1)
        status = take_option(r, option, argv);
    if (status >= 0) return status;
    if (r->common.help) {
        (void)fputs(HELP, stdout);
        return EXIT_DONE;
    }
    if (optind < argc) return wrong("no arguments are taken; see stockbot replay --help");
    status = check_together(r);
    if (status >= 0) return status;
    r->replay.day.root = r->common.root;
    r->replay.config = r->common.config;
    return -1;
}

/* ---- the end ---- */

static struct json *
book_of(struct replay *r)
{
    CLEANUP(text_free) struct text text = {0};
    struct json *book = NULL;
    struct err err = {0};

    book_advance(&r->sim.book, clock_now(&r->clock));
    sim_write(&r->sim, &text);
    enum rc rc = json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &book, &err);
    return rc == RC_OK ? book : NULL;
}

static void
print_json(const struct demo_watch *w, const struct demo_end *end, const char *digest,
           size_t decisions)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};

    json_out_obj(&o, NULL);
    demo_summary_write(w, end, &o);
    json_out_i64(&o, "decisions", (int64_t)decisions);
    json_out_str(&o, "digest", digest);
    json_out_end(&o);
    (void)printf("%s\n", text_str(&json));
}

/* What the files on the simulated disk say, through the eyes of the demo. */
static int
report(struct replay *r, const struct request *req, const char *root, double real_s)
{
    static struct demo_stage stage; /* large */
    static struct demo_watch watch;
    struct demo_end end = {.is_replay = true, .in_order = true, .real_s = real_s};
    CLEANUP(json_freep) struct json *book = book_of(r);
    char digest[SHA256_HEX_MAX];
    size_t decisions = 0;

    stage =
        (struct demo_stage){.opt = &req->replay.day, .ny = r->ny, .clock = r->clock, .fs = r->fs};
    stage.plan.session = r->sim.day.session;
    (void)str_copy(stage.plan.root, sizeof(stage.plan.root), root);
    demo_watch_init(&watch, &stage);
    demo_watch_files(&watch);
    end.check = demo_check_ledger(&r->ledger, book);
    end.has_all_cycles =
        watch.cycle_ns != WHEN_NONE && watch.cycle_ns >= stage.plan.session.close_ns;
    replay_digest(r, digest, &decisions);
    if (req->common.json) {
        print_json(&watch, &end, digest, decisions);
    } else {
        demo_summary_print(&watch, &end);
        (void)printf("\n%zu decisions, digest %s\n", decisions, digest);
    }
    return end.has_all_cycles && end.check.is_equal ? EXIT_DONE : EXIT_FAILED;
}

int64_t
replay_real_ns(void)
{
    struct clock_options opt = {0};
    struct sys_clock sys = {0};
    struct err err = {0};

    if (clock_open(&opt, &sys, &err) != RC_OK) return 0;
    struct clock clock = clock_seam(&sys);
    return clock_mono(&clock);
}

static int
shadow_only(const struct request *req)
{
    struct config cfg = {0};
    int status = common_args_config(&req->common, &cfg);

    if (status == EXIT_DONE) status = days_replay(&req->days, &cfg);
    config_done(&cfg);
    return status;
}

int
cmd_replay(int argc, char **argv)
{
    static struct replay r; /* large; one a process */
    static char root[PATH_MAX];
    struct request req = {.replay.day.seed = 1};
    struct err err = {0};
    int status = options_parse(argc, argv, &req);

    if (status >= 0) return status;
    if (req.is_shadow_only) return shadow_only(&req);
    int64_t begun_ns = replay_real_ns();
    enum rc rc = req.common.root != NULL ? demo_root_make(req.common.root, root, &err) : RC_OK;
    if (rc == RC_OK) rc = replay_open(&r, &req.replay, &err);
    if (rc == RC_OK) {
        replay_run(&r);
        status = report(&r, &req, root, (double)(replay_real_ns() - begun_ns) / (double)NS_PER_S);
        if (root[0] != '\0') rc = replay_keep(&r, root, &err);
    }
    replay_close(&r);
    if (rc == RC_OK) return status;
    (void)fprintf(stderr, "stockbot replay: %s\n", err.text);
    return r.is_unconfigured ? EXIT_CONFIG_UNUSABLE : EXIT_FAILED;
}

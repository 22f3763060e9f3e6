#include <unistd.h>

#include "io/zonefile.h"
#include "scripts/args.h"
#include "scripts/command.h"
#include "scripts/demo/demo.h"
#include "sim/faults.h"

static const char HELP[] =
    "usage: stockbot demo [options]\n"
    "\n"
    "One trading day of supervisor, flow daemon and engine on the embedded market simulator: "
    "paper\n"
    "trades by the v1 rules, with simulated money. Nothing leaves this machine.\n"
    "\n"
    "  --speed N        so many times faster than the clock, 1 to 2000 (default 200)\n"
    "  --seed N         what is drawn: market, flow, kills (default 1)\n"
    "  --day DATE       a trading day, YYYY-MM-DD (default: the last full session, or with --bars\n"
    "                   the last day recorded)\n"
    "  --kill-every S   kill -9 engine, daemon and supervisor in turn, every S real seconds on\n"
    "                   average\n"
    "  --bars DIR       recorded minute bars, SYMBOL.csv or SYMBOL.csv.gz, instead of drawn ones\n"
    "  --flow PATH      recorded flow alerts, a file or a folder\n"
    "  --faults SPEC    what goes wrong at vendor and broker, as market_sim --help describes it\n"
    "  --premarket      first run the programs of v2 before the open: universe, intel, regime\n"
    "  --root DIR       keep the files there (default: a fresh folder under var/)\n"
    "  --plain          lines instead of the live screen, also on a terminal\n"
    "  --quiet          only the summary\n"
    "  --help\n"
    "\n"
    "Ctrl-C ends the day early, in order.\n"
    "\n"
    "Exit codes: 0 the day ended in order: every process ended by itself, the engine's cycles "
    "reach\n"
    "the close, its ledger equals the simulator's book; 1 it did not, or could not be begun; 2 "
    "wrong\n"
    "usage; 130 ended early.\n";

enum { EXIT_INTERRUPTED = 130, SPEED_DEFAULT = 200, SPEED_MAX = 2000 };

#define STEP_NS   (10 * NS_PER_MS)  /* processes are looked at                         */
#define FILES_NS  (100 * NS_PER_MS) /* files are read                                  */
#define DRAW_NS   (200 * NS_PER_MS) /* the screen is drawn                             */
#define SETTLE_NS (20 * NS_PER_S)   /* real time for the engine to settle at the end   */

/* ---- options ---- */

enum {
    OPT_SPEED = 2000,
    OPT_SEED,
    OPT_DAY,
    OPT_KILL,
    OPT_BARS,
    OPT_FLOW,
    OPT_FAULTS,
    OPT_PREMARKET,
    OPT_PLAIN,
    OPT_QUIET
};

static const struct option OPTIONS[] = {
    {"speed",      required_argument, NULL, OPT_SPEED    },
    {"seed",       required_argument, NULL, OPT_SEED     },
    {"day",        required_argument, NULL, OPT_DAY      },
    {"kill-every", required_argument, NULL, OPT_KILL     },
    {"bars",       required_argument, NULL, OPT_BARS     },
    {"flow",       required_argument, NULL, OPT_FLOW     },
    {"faults",     required_argument, NULL, OPT_FAULTS   },
    {"premarket",  no_argument,       NULL, OPT_PREMARKET},
    {"root",       required_argument, NULL, OPT_ROOT     },
    {"plain",      no_argument,       NULL, OPT_PLAIN    },
    {"quiet",      no_argument,       NULL, OPT_QUIET    },
    {"help",       no_argument,       NULL, OPT_HELP     },
    {NULL,         0,                 NULL, 0            },
};

static int
wrong(const struct err *err)
{
    (void)fprintf(stderr, "stockbot demo: %s\n", err->text);
    return EXIT_USAGE;
}

static int
refused(const char *option, struct err *err)
{
    (void)err_wrap(err, "%s", option);
    return wrong(err);
}

/* -1: go on; otherwise the exit code, the sentence was printed. */
static int
take_option(struct demo_options *opt, int option, char **argv)
{
    struct err err = {0};
    struct faults checked = {0};
    double number = 0;

    switch (option) {
    case OPT_SPEED:
        return arg_number("speed", optarg, 1, SPEED_MAX, &opt->speed) ? -1 : EXIT_USAGE;
    case OPT_SEED:
        if (!arg_number("seed", optarg, 0, 9e15, &number)) return EXIT_USAGE;
        opt->seed = (int64_t)number;
        return -1;
    case OPT_DAY:
        return date_parse(optarg, &opt->day, &err) == RC_OK ? -1 : refused("--day", &err);
    case OPT_KILL:
        return arg_number("kill-every", optarg, 0.05, 1e6, &opt->kill_every_s) ? -1 : EXIT_USAGE;
    case OPT_FAULTS:
        opt->faults = optarg;
        return faults_parse(&checked, optarg, &err) == RC_OK ? -1 : refused("--faults", &err);
    case OPT_BARS:
        opt->bars_dir = optarg;
        return -1;
    case OPT_FLOW:
        opt->flow_path = optarg;
        return -1;
    case OPT_PREMARKET:
        opt->has_premarket = true;
        return -1;
    case OPT_ROOT:
        opt->root = optarg;
        return -1;
    case OPT_PLAIN:
        opt->plain = true;
        return -1;
    case OPT_QUIET:
        opt->quiet = true;
        return -1;
    case OPT_HELP:
        (void)fputs(HELP, stdout);
        return EXIT_DONE;
    default:
        return args_refused("demo", argv, option);
    }
}

static int
options_parse(int argc, char **argv, struct demo_options *opt)
{
    int option, status = -1;
    struct err err = {0};

    while (status < 0 && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1)
        status = take_option(opt, option, argv);
    if (status >= 0) return status;
    if (optind < argc) {
        (void)err_set(&err, RC_RANGE, "%s: no arguments are taken", argv[optind]); /* printed */
        return wrong(&err);
    }
    if (opt->flow_path != NULL && opt->bars_dir == NULL) {
        (void)err_set(&err, RC_RANGE, "--flow needs --bars: the alerts belong to a recorded day");
        return wrong(&err);
    }
    return -1;
}

/* ---- the day ---- */

struct demo {
    struct demo_options opt;
    struct demo_stage stage;
    struct demo_watch watch;
    struct demo_chaos chaos;
    struct demo_screen *screen;
    int64_t begun_ns; /* monotonic */
    int64_t files_ns, draw_ns, settle_ns;
    struct text book;
};

static void
print_said(void *ctx, const struct demo_said *said)
{
    const struct demo *d = ctx;
    char time[ISO_TEXT_MAX];

    (void)printf("%s  %s\n", view_ny_time(d->stage.ny, said->at_ns, time), said->text);
    (void)fflush(stdout);
}

/* The root says that its day is paced, so that other commands read its times by the right clock. */
static void
write_mark(struct demo *d, bool is_over)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};
    struct demo_stage *s = &d->stage;
    char text[CLOCK_TEXT_MAX];
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    json_out_str(&o, "day", date_text(s->plan.session.date, text));
    json_out_i64(&o, "seed", d->opt.seed);
    json_out_f64(&o, "speed", d->opt.speed);
    json_out_str(&o, "clock", clock_text(&s->sys_clock, text));
    json_out_str(&o, "url", s->url);
    json_out_i64(&o, "pid", getpid());
    if (is_over) json_out_time(&o, "ended_at", clock_now(&s->clock));
    json_out_end(&o);
    if (s->fs.replace(s->fs.self, DEMO_MARK_PATH, text_str(&json), json.len, false, &ignored) !=
        RC_OK)
        return; /* other commands then take the real time: only ages look strange */
}

/* Told to stop, the terminal is gone, or nobody reads what we say. */
static bool
is_interrupted(const struct demo_stage *s)
{
    return s->loop.stop != 0 || s->loop.hup != 0 || ferror(stdout) != 0;
}

/* The ledger knows of no order that the broker has ended; one sent in the last second waits there
 * for the next session. */
static bool
is_settled(struct demo *d)
{
    struct demo_stage *s = &d->stage;
    CLEANUP(json_freep) struct json *status = NULL;
    struct err ignored = {0};
    int64_t live = demo_live_orders(&s->fs, s->plan.root, &s->clock);

    if (live <= 0) return live == 0;
    if (demo_stage_ask(s, "GET /sim/status", &status, &ignored) != RC_OK) return false;
    return live <= json_i64(status, "open_orders", 0);
}

/* Over when the engine has seen the close and knows the end of its orders, or takes too long. */
static bool
is_over(struct demo *d)
{
    struct demo_stage *s = &d->stage;
    int64_t mono_ns = clock_mono(&s->clock);

    if (is_interrupted(s) || s->has_failed) return true;
    if (clock_now(&s->clock) < s->plan.end_ns) return false;
    if (d->settle_ns == 0) d->settle_ns = mono_ns + SETTLE_NS;
    if (mono_ns >= d->settle_ns) return true;
    return d->watch.cycle_ns != WHEN_NONE && d->watch.cycle_ns >= s->plan.session.close_ns &&
           is_settled(d);
}

static void
run_day(struct demo *d)
{
    struct demo_stage *s = &d->stage;

    while (!is_over(d)) {
        int64_t now_ns = clock_mono(&s->clock);
        struct pollfd fds[] = {
            {.fd = s->sim.pidfd,        .events = POLLIN},
            {.fd = s->supervisor.pidfd, .events = POLLIN}
        };

        demo_stage_step(s);
        demo_watch_processes(&d->watch);
        demo_chaos_step(&d->chaos, &d->watch);
        if (now_ns >= d->files_ns) {
            demo_watch_files(&d->watch);
            d->files_ns = now_ns + FILES_NS;
        }
        if (d->screen != NULL && now_ns >= d->draw_ns) {
            demo_screen_draw(d->screen);
            d->draw_ns = now_ns + DRAW_NS;
        }
        fds[0].fd = s->sim.pidfd;
        fds[1].fd = s->supervisor.pidfd;
        (void)loop_wait(&s->loop, fds, 2, &s->clock, now_ns + STEP_NS); /* each step looks itself */
    }
}

static int
end_day(struct demo *d)
{
    struct demo_stage *s = &d->stage;
    struct demo_end end = {.was_interrupted = is_interrupted(s), .kills = d->chaos.kills};
    CLEANUP(json_freep) struct json *book = NULL;
    struct err err = {0};

    end.in_order = demo_stage_end_service(s);
    demo_watch_files(&d->watch);
    if (s->sim.pid != 0 && demo_stage_ask(s, "GET /sim/book", &book, &err) != RC_OK)
        (void)fprintf(stderr, "stockbot demo: %s\n", err.text);
    end.in_order = demo_stage_end_sim(s) && end.in_order && !s->has_failed;
    end.check = demo_check_make(&s->fs, s->plan.root, &s->clock, book);
    end.has_all_cycles =
        d->watch.cycle_ns != WHEN_NONE && d->watch.cycle_ns >= s->plan.session.close_ns;
    end.real_s = (double)(clock_mono(&s->clock) - d->begun_ns) / (double)NS_PER_S;
    demo_screen_free(d->screen);
    d->screen = NULL;
    write_mark(d, true);
    demo_summary_print(&d->watch, &end);
    if (end.was_interrupted) return EXIT_INTERRUPTED;
    return end.in_order && end.has_all_cycles && end.check.is_equal ? EXIT_DONE : EXIT_FAILED;
}

static void
announce(const struct demo *d)
{
    const struct demo_stage *s = &d->stage;
    char date[ISO_TEXT_MAX];

    (void)printf("stockbot demo: %s, %s market, %gx, seed %lld, files in %s\n",
                 date_text(s->plan.session.date, date),
                 d->opt.bars_dir != NULL ? "recorded" : "synthetic", d->opt.speed,
                 (long long)d->opt.seed, s->plan.root);
    (void)fflush(stdout);
}

static bool
wants_screen(const struct demo_options *opt)
{
    const char *term = getenv("TERM");

    return !opt->plain && !opt->quiet && isatty(STDOUT_FILENO) == 1 && term != NULL &&
           term[0] != '\0' && !str_eq(term, "dumb");
}

static enum rc
begin_day(struct demo *d, struct err *err)
{
    struct demo_stage *s = &d->stage;

    s->opt = &d->opt;
    enum rc rc = zonefile_load(ZONE_NEW_YORK, &s->ny, err);
    if (rc == RC_OK) rc = demo_plan_make(&d->opt, s->ny, &s->plan, err);
    if (rc == RC_OK) rc = loop_init(&s->loop, err);
    if (rc == RC_OK) rc = demo_stage_open(s, err);
    if (rc != RC_OK) return rc;
    d->begun_ns = clock_mono(&s->clock);
    demo_watch_init(&d->watch, s);
    demo_chaos_init(&d->chaos, &d->opt, d->begun_ns);
    write_mark(d, false);
    if (wants_screen(&d->opt)) {
        d->screen = demo_screen_new(&d->watch);
    } else if (!d->opt.quiet) {
        announce(d);
        d->watch.say = print_said;
        d->watch.say_ctx = d;
    }
    if (d->opt.has_premarket) demo_premarket(&d->watch);
    return RC_OK;
}

int
cmd_demo(int argc, char **argv)
{
    static struct demo d; /* large; one a process */
    struct err err = {0};

    d.opt = (struct demo_options){.speed = SPEED_DEFAULT, .seed = 1};
    int status = options_parse(argc, argv, &d.opt);
    if (status >= 0) return status;
    enum rc rc = begin_day(&d, &err);
    if (rc == RC_OK) {
        run_day(&d);
        status = end_day(&d);
    } else {
        (void)fprintf(stderr, "stockbot demo: %s\n", err.text);
        status = rc == RC_STOPPED ? EXIT_INTERRUPTED : EXIT_FAILED;
    }
    demo_stage_close(&d.stage);
    zone_free(d.stage.ny);
    return status;
}

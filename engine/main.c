/*
 * trading_engine: the wiring.  The stack of guards can be read here from top to bottom.
 *
 * Exit codes: 0 stopped in order; 1 could not go on, start me again; 2 wrong usage; 78 the
 * configuration cannot be used.
 */
#include <getopt.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/version.h"
#include "broker/alpaca.h"
#include "engine/black_box.h"
#include "engine/loop.h"
#include "io/clock.h"
#include "io/fs.h"
#include "io/http.h"
#include "io/lock.h"
#include "io/process.h"
#include "io/share.h"
#include "io/zonefile.h"
#include "state/epoch.h"
#include "state/ledger.h"
#include "state/store.h"
#include "telemetry/alerts.h"
#include "telemetry/events.h"

#define ENGINE_LOCK        "state/engine.lock"
#define LOCK_WAIT_MS       2000 /* a predecessor may be on its way out                              */
#define STOP_LIMIT_S       8    /* a longer stop ends at once; reconciliation repairs the rest */
#define ORDERS_PER_DAY_MAX 2000
#define THEME_BYTES_MAX    ((size_t)1 << 20)

enum { EX_USAGE_WRONG = 2, EX_CONFIG_UNUSABLE = 78 };

static const char HELP[] =
    "usage: trading_engine [--root DIR] [--config FILE] [--standalone] [--cycles N]\n"
    "\n"
    "The trading engine. deploy_supervisor starts it; by hand it wants --standalone.\n"
    "\n"
    "  --root DIR      where state/, data/ and logs/ are (STOCKBOT_ROOT)\n"
    "  --config FILE   settings in YAML (STOCKBOT_CONFIG)\n"
    "  --standalone    run without a supervisor: nobody restarts it or notices a stall\n"
    "  --cycles N      stop after N cycles\n"
    "  --help, --version\n"
    "\n"
    "Exit codes: 0 stopped in order, 1 could not go on, 2 wrong usage, 78 configuration "
    "unusable.\n";

struct options {
    const char *root, *config;
    bool standalone;
    int64_t cycles;
};

/* Everything that lives as long as the process. */
struct app {
    struct config cfg;
    struct loop loop;
    struct sys_clock sys_clock;
    struct posix_fs posix_fs;
    struct posix_locks posix_locks;
    struct state_store state_store;
    struct event_log event_log;
    struct alerts alerts;
    struct poster *poster; /* NULL without WEBHOOK_URL */
    struct curl_http *curl;
    struct sql_ledger *sql_ledger;
    struct epoch_file epoch_file;
    struct page flight_page;
    struct flight flight;
    struct zone *ny;
    struct themes themes;
    struct lock lock;
    struct locks locks;
    struct clock clock;
    struct fs fs;
    struct store store;
    struct log log;
    struct ledger ledger;
    struct http http;

    /* the stack of guards, top first */
    struct fence fence;
    struct arm_guard arm;
    struct kill_switch kill;
    struct risk_guard risk;
    struct ledger_guard ledger_guard;
    struct rate_guard rate;
    struct alpaca alpaca;
    struct broker market_data; /* Alpaca behind the rate budget only */
    struct spare_data spare;   /* prices for v2, from what that budget has left */

    struct engine engine;
    struct listener listener;
    struct engine_loop engine_loop;
};

static int
die(const struct err *err, int status)
{
    (void)fprintf(stderr, "trading_engine: %s\n", err->text);
    return status;
}

/* 0, or the exit code; -1: go on. */
static int
options_parse(int argc, char **argv, struct options *opt)
{
    static const struct option OPTIONS[] = {
        {"root",       required_argument, NULL, 'r'},
        {"config",     required_argument, NULL, 'c'},
        {"standalone", no_argument,       NULL, 's'},
        {"cycles",     required_argument, NULL, 'n'},
        {"help",       no_argument,       NULL, 'h'},
        {"version",    no_argument,       NULL, 'v'},
        {NULL,         0,                 NULL, 0  },
    };
    int o;

    while ((o = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (o) {
        case 'r':
            opt->root = optarg;
            break;
        case 'c':
            opt->config = optarg;
            break;
        case 's':
            opt->standalone = true;
            break;
        case 'n':
            if (str_to_i64(optarg, &opt->cycles) && opt->cycles > 0) break;
            (void)fprintf(stderr, "trading_engine: --cycles %s: a number above 0 is wanted\n",
                          optarg);
            return EX_USAGE_WRONG;
        case 'h':
            (void)fputs(HELP, stdout);
            return 0;
        case 'v':
            (void)printf("trading_engine %s\n", STOCKBOT_VERSION);
            return 0;
        default:
            (void)fputs(HELP, stderr);
            return EX_USAGE_WRONG;
        }
    }
    if (optind == argc) return -1;
    (void)fprintf(stderr, "trading_engine: %s: no such argument\n%s", argv[optind], HELP);
    return EX_USAGE_WRONG;
}

static int
progress_fd(void)
{
    const char *text = getenv(PROGRESS_ENV);
    int64_t fd = -1;

    return text != NULL && str_to_i64(text, &fd) && fd > 2 ? (int)fd : -1;
}

static void
redact(void *ctx, struct text *line)
{
    config_redact(ctx, line);
}

/* Called while a request waits. */
static void
while_waiting(void *ctx)
{
    struct app *app = ctx;

    engine_loop_progress(&app->engine_loop, app->engine.stage, app->engine.completed);
    if (app->loop.stop != 0) engine_loop_say_stop(&app->engine_loop);
}

static void
not_posted(void *ctx, const char *why)
{
    struct app *app = ctx;

    log_event(&app->alerts.under, EV_ALERT_FAILED, F_STR("error", why));
}

static void
hand_on(void *ctx, const char *json, size_t len)
{
    poster_put(ctx, json, len);
}

/* From here on the grave ones of our events are posted to WEBHOOK_URL, if there is one. */
static enum rc
open_alerts(struct app *app, struct err *err)
{
    const struct poster_options opt = {.url = app->cfg.engine.webhook_url,
                                       .clock = &app->clock,
                                       .failed = not_posted,
                                       .failed_ctx = app};

    if (opt.url[0] == '\0') return RC_OK;
    if (poster_new(&opt, &app->poster, err) != RC_OK) return err->code;
    app->alerts = (struct alerts){.under = app->log,
                                  .clock = &app->clock,
                                  .redact = redact,
                                  .redact_ctx = &app->cfg,
                                  .put = hand_on,
                                  .put_ctx = app->poster};
    app->log = alerts_seam(&app->alerts);
    return RC_OK;
}

static enum rc
open_files(struct app *app, struct err *err)
{
    enum rc rc = fs_open(app->cfg.root, &app->posix_fs, err);

    if (rc != RC_OK) return rc;
    app->fs = fs_seam(&app->posix_fs);
    static const char *const FOLDERS[] = {"state", "data", "logs", "config", "reports"};
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
        rc = app->fs.make_dir(app->fs.self, FOLDERS[i], err);
        if (rc != RC_OK) return rc;
    }
    rc = locks_open(app->cfg.root, &app->posix_locks, err);
    if (rc != RC_OK) return rc;
    app->locks = locks_seam(&app->posix_locks);
    rc = clock_open_config(&app->cfg, &app->loop.stop, &app->sys_clock, err);
    if (rc != RC_OK) return rc;
    app->clock = clock_seam(&app->sys_clock);
    state_store_init(&app->state_store, &app->fs, &app->clock, NULL);
    app->store = state_store_seam(&app->state_store);
    event_log_init(&app->event_log, &app->store, &app->clock);
    app->event_log.redact = redact;
    app->event_log.redact_ctx = &app->cfg;
    app->log = event_log_seam(&app->event_log);
    app->state_store.log = &app->log;
    app->posix_locks.log = &app->log;
    rc = open_alerts(app, err);
    return rc == RC_OK ? zonefile_load(ZONE_NEW_YORK, &app->ny, err) : rc;
}

/* One engine a root: the lock is held until the process ends, however it ends. */
static enum rc
be_the_only_one(struct app *app, struct err *err)
{
    char line[96];
    char iso[ISO_TEXT_MAX];

    enum rc rc = app->locks.acquire(app->locks.self, ENGINE_LOCK, LOCK_WAIT_MS, &app->lock, err);
    if (rc == RC_BUSY)
        return err_set(err, RC_BUSY, "another engine runs on %s (pid %ld)", app->cfg.root,
                       (long)lock_holder_pid(&app->posix_locks, ENGINE_LOCK));
    if (rc != RC_OK) return rc;
    (void)snprintf(line, sizeof(line), "pid=%ld ts=%s", (long)getpid(),
                   when_iso(clock_now(&app->clock), iso));
    return app->locks.write(app->locks.self, &app->lock, line, err);
}

static enum rc
open_ledger(struct app *app, struct err *err)
{
    struct ledger_options opt = {
        .root = app->cfg.root, .fs = &app->fs, .clock = &app->clock, .log = &app->log};
    int64_t floor = 0;
    enum rc rc = ledger_open(&opt, &app->sql_ledger, err);

    if (rc == RC_OK) rc = ledger_epoch_floor(app->sql_ledger, &floor, err);
    if (rc != RC_OK) return rc;
    app->ledger = ledger_seam(app->sql_ledger);
    rc = epoch_raise(&app->epoch_file, &app->fs, &app->store, floor, err);
    return rc == RC_OK ? ledger_note_epoch(app->sql_ledger, app->epoch_file.mine, err) : rc;
}

static enum rc
read_epoch(void *source, int64_t *ret_epoch, struct err *err)
{
    return epoch_current(source, ret_epoch, err);
}

/* An epoch that cannot be read counts as a newer one: the fence would refuse as well. */
static bool
is_fenced(void *source)
{
    const struct epoch_file *e = source;
    int64_t newest = 0;
    struct err ignored = {0};

    return epoch_current(source, &newest, &ignored) != RC_OK || newest != e->mine;
}

/* Fence, arm, kill switch, risk limits, ledger, rate budget, Alpaca: an order passes them in this
 * order. */
static struct broker
stack_guards(struct app *app)
{
    alpaca_init(&app->alpaca, &app->http, &app->clock, &app->cfg.broker);
    app->rate = (struct rate_guard){.pass = {alpaca_broker(&app->alpaca)},
                                    .clock = &app->clock,
                                    .per_min = app->cfg.broker.requests_per_min};
    app->market_data = rate_guard_broker(&app->rate);
    app->spare = (struct spare_data){.inner = alpaca_broker(&app->alpaca), .main = &app->rate};
    app->ledger_guard = (struct ledger_guard){.pass = {app->market_data},
                                              .ledger = &app->ledger,
                                              .clock = &app->clock,
                                              .epoch = app->epoch_file.mine};
    app->risk = (struct risk_guard){.pass = {ledger_guard_broker(&app->ledger_guard)},
                                    .prices = &app->market_data,
                                    .max_notional_usd = app->cfg.broker.max_notional_per_order,
                                    .orders_per_day_max = ORDERS_PER_DAY_MAX,
                                    .clock = &app->clock};
    app->kill = (struct kill_switch){
        .pass = {risk_guard_broker(&app->risk)}, .entries_halted = true, .reason = "starting"};
    app->arm =
        (struct arm_guard){.pass = {kill_switch_broker(&app->kill)}, .cfg = &app->cfg.broker};
    app->fence = (struct fence){.pass = {arm_guard_broker(&app->arm)},
                                .epoch = app->epoch_file.mine,
                                .source = &app->epoch_file,
                                .current_epoch = read_epoch};
    return fence_broker(&app->fence);
}

/* The theme tables that come with the program, or the operator's own; without them the theme gate
 * blocks. */
static bool
load_themes(struct app *app, struct err *err)
{
    CLEANUP(text_free) struct text risk_path = {0};
    CLEANUP(text_free) struct text map_path = {0};
    CLEANUP(text_free) struct text risk = {0};
    CLEANUP(text_free) struct text map = {0};
    struct theme_source src = {.is_enabled = app->cfg.strategy.theme_risk,
                               .limit_usd = app->cfg.strategy.max_theme_notional_usd};
    struct err no_map = {0};

    if (share_find(app->cfg.root, "config/theme_risk.json", &risk_path, err) != RC_OK) return false;
    if (app->fs.read_all(app->fs.self, text_str(&risk_path), THEME_BYTES_MAX, &risk, err) != RC_OK)
        return false;
    src.risk = text_str(&risk);
    src.risk_len = risk.len;
    if (share_find(app->cfg.root, app->cfg.strategy.theme_map_path, &map_path, &no_map) == RC_OK) {
        if (app->fs.read_all(app->fs.self, text_str(&map_path), THEME_BYTES_MAX, &map, err) !=
            RC_OK)
            return false;
        src.map = text_str(&map);
        src.map_len = map.len;
    }
    return themes_parse(&src, &app->themes, err) == RC_OK;
}

static bool
is_ledger_rebuilt(void *ctx)
{
    return ledger_was_rebuilt(ctx);
}

static void
ledger_reconciled(void *ctx)
{
    struct err ignored = {0};

    /* Not written: the next cycle that agrees writes it. */
    if (ledger_mark_reconciled(ctx, &ignored) != RC_OK) return;
}

static const char *
stream_state(void *ctx, double *ret_age_s)
{
    *ret_age_s = listener_age_s(ctx);
    return listener_state(ctx);
}

/* Only with keys: who cannot say who he is hears nothing. */
static void
open_listener(struct app *app)
{
    const struct broker_config *cfg = &app->cfg.broker;

    if (!cfg->has_trade_stream || cfg->key[0] == '\0' || cfg->secret[0] == '\0') return;
    listener_init(&app->listener,
                  &(struct listener_options){.cfg = cfg,
                                             .clock = &app->clock,
                                             .log = &app->log,
                                             .silent_ns = cfg->trade_stream_silent_s * NS_PER_S,
                                             .seed = (uint64_t)app->epoch_file.mine,
                                             .changed = engine_loop_hint,
                                             .ctx = &app->engine_loop});
    app->engine_loop.listener = &app->listener;
}

static enum rc
open_engine(struct app *app, struct err *err)
{
    struct http_options http = {
        .clock = &app->clock, .progress = while_waiting, .progress_ctx = app};
    enum rc rc = curl_http_new(&http, &app->curl, err);

    if (rc != RC_OK) return rc;
    app->http = curl_http_seam(app->curl);
    struct black_box_seams box = {.root = app->cfg.root,
                                  .fs = &app->fs,
                                  .store = &app->store,
                                  .clock = &app->clock,
                                  .log = &app->log};
    struct quarantine quarantine = {0};
    black_box_open(&box, &app->flight_page);
    black_box_read(&box, &app->flight_page, &quarantine);
    struct err theme_err = {0};
    bool has_themes = load_themes(app, &theme_err);
    if (!has_themes) log_event(&app->log, EV_THEMES_MISSING, F_STR("error", theme_err.text));
    flight_begin(&app->flight, app->flight_page.data, &app->clock, app->epoch_file.mine);
    open_listener(app);
    bool has_stream = app->engine_loop.listener != NULL;
    struct engine_seams seams = {.cfg = &app->cfg,
                                 .ny = app->ny,
                                 .clock = app->clock,
                                 .fs = app->fs,
                                 .store = app->store,
                                 .locks = app->locks,
                                 .log = app->log,
                                 .broker = stack_guards(app),
                                 .spare = spare_data_prices(&app->spare),
                                 .ledger = app->ledger,
                                 .kill = &app->kill,
                                 .themes = has_themes ? &app->themes : NULL,
                                 .flight = &app->flight,
                                 .epoch = app->epoch_file.mine,
                                 .progress = engine_loop_progress,
                                 .progress_ctx = &app->engine_loop,
                                 .is_fenced = is_fenced,
                                 .fence_ctx = &app->epoch_file,
                                 .refused = &app->alpaca.refused,
                                 .trade_stream = has_stream ? stream_state : NULL,
                                 .trade_stream_ctx = &app->listener,
                                 .is_ledger_rebuilt = is_ledger_rebuilt,
                                 .ledger_reconciled = ledger_reconciled,
                                 .ledger_ctx = app->sql_ledger};
    rc = engine_init(&app->engine, &seams, err);
    app->engine.quarantine = quarantine;
    return rc;
}

static void
report_config_issues(struct app *app)
{
    for (size_t i = 0; i < config_issues(&app->cfg); i++) {
        struct config_issue issue = config_issue(&app->cfg, i);

        log_event(&app->log, EV_CONFIG_VALUE_INVALID, F_STR("name", issue.name),
                  F_STR("default", issue.used));
    }
}

static void
app_done(struct app *app)
{
    engine_done(&app->engine);
    page_unmap(&app->flight_page);
    listener_done(&app->listener);
    poster_free(app->poster);
    curl_http_free(app->curl);
    ledger_close(app->sql_ledger);
    zone_free(app->ny);
    themes_done(&app->themes);
    app->locks.release(app->locks.self, &app->lock);
    locks_close(&app->posix_locks);
    fs_close(&app->posix_fs);
    config_done(&app->cfg);
    loop_done(&app->loop);
}

static int
run(struct app *app, const struct options *opt)
{
    struct err err = {0};
    int fd = progress_fd();

    if (fd < 0 && !opt->standalone) {
        (void)err_set(&err, RC_DENIED,
                      "deploy_supervisor starts the engine; by hand use --standalone");
        return die(&err, EX_USAGE_WRONG);
    }
    app->engine_loop =
        (struct engine_loop){.engine = &app->engine,
                             .loop = &app->loop,
                             .interval_ns = app->cfg.engine.run_interval_s * NS_PER_S,
                             .progress_fd = fd,
                             .cycles_max = (uint64_t)opt->cycles};
    if (open_files(app, &err) != RC_OK || be_the_only_one(app, &err) != RC_OK)
        return die(&err, EXIT_FAILURE);
    app->engine_loop.clock = app->clock;
    app->engine_loop.poster = app->poster;
    report_config_issues(app);
    if (open_ledger(app, &err) != RC_OK || open_engine(app, &err) != RC_OK) {
        log_event(&app->log, EV_ENGINE_START_FAILED, F_STR("error", err.text));
        poster_drain(app->poster);
        return die(&err, EXIT_FAILURE);
    }
    engine_start(&app->engine);
    engine_loop_run(&app->engine_loop);
    poster_drain(app->poster);
    flight_end(&app->flight);
    app_done(app);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    static struct app app; /* too large for the stack; one a process */
    struct options opt = {0};
    struct err err = {0};
    int status = options_parse(argc, argv, &opt);

    if (status >= 0) return status;
    struct config_options config = {.root = opt.root, .yaml_path = opt.config};
    if (process_guard_secrets(&err) != RC_OK) return die(&err, EXIT_FAILURE);
    if (config_load(&config, &app.cfg, &err) != RC_OK) return die(&err, EX_CONFIG_UNUSABLE);
    if (loop_init(&app.loop, &err) != RC_OK) return die(&err, EXIT_FAILURE);
    loop_limit_stop(&app.loop, STOP_LIMIT_S);
    app.lock = LOCK_NONE;
    return run(&app, &opt);
}

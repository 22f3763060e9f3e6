/*
 * uw_flow_daemon: the wiring, and the single-instance lock (contract 4.9, spec 20 3.2).
 *
 * Exit codes: 0 stopped in order, or another instance holds the lock (the service unit restarts on
 * failure only, so this is no restart storm); 1 could not go on; 2 wrong usage; 78 the
 * configuration cannot be used.
 */
#include <getopt.h>
#include <unistd.h>

#include "base/version.h"
#include "io/clock.h"
#include "io/fs.h"
#include "io/http.h"
#include "io/lock.h"
#include "io/loop.h"
#include "io/notify.h"
#include "io/process.h"
#include "io/share.h"
#include "io/zonefile.h"
#include "state/store.h"
#include "telemetry/events.h"
#include "uwclient/daemon.h"

#define DAEMON_LOCK  "state/uw_flow_daemon.lock"
#define LOCK_WAIT_MS 2000 /* a predecessor may be on its way out, a health check may be looking */

enum {
    EX_USAGE_WRONG = 2,
    EX_CONFIG_UNUSABLE = 78,
    CONFIGS = 2 /* the one in use, and room for the one after a SIGHUP */
};

static const char HELP[] =
    "usage: uw_flow_daemon [--root DIR] [--config FILE] [--once]\n"
    "\n"
    "Polls the Unusual Whales API and keeps data/uw_flow_cache.json fresh. One instance a root.\n"
    "\n"
    "  --root DIR      where state/, data/ and logs/ are (STOCKBOT_ROOT)\n"
    "  --config FILE   settings in YAML (STOCKBOT_CONFIG)\n"
    "  --once          poll everything that is due once, write the cache, leave\n"
    "  --help, --version\n"
    "\n"
    "Exit codes: 0 stopped in order, or another instance is already running; 1 could not go on;\n"
    "2 wrong usage; 78 configuration unusable.\n"
    "\n"
    "SIGTERM and SIGINT stop it, SIGHUP reads the configuration again.\n";

struct options {
    const char *root, *config;
    bool is_once;
};

/* Everything that lives as long as the process. */
struct app {
    struct config cfg[CONFIGS];
    size_t cfg_at; /* the one in use */
    struct config_options cfg_options;
    struct loop loop;
    struct sys_clock sys_clock;
    struct posix_fs posix_fs;
    struct posix_locks posix_locks;
    struct state_store state_store;
    struct event_log event_log;
    struct curl_http *curl;
    struct zone *ny;
    struct lock lock;
    struct locks locks;
    struct clock clock;
    struct fs fs;
    struct store store;
    struct log log;
    struct http http;
    struct text spec_path;
    struct uw_client client;
    struct daemon daemon;
    int64_t alive_at_ns; /* monotonic, when the manager was last told */
    const char *alive_status;
};

static int
die(const struct err *err, int status)
{
    (void)fprintf(stderr, "uw_flow_daemon: %s\n", err->text);
    return status;
}

/* 0, or the exit code; -1: go on. */
static int
options_parse(int argc, char **argv, struct options *opt)
{
    static const struct option OPTIONS[] = {
        {"root",    required_argument, NULL, 'r'},
        {"config",  required_argument, NULL, 'c'},
        {"once",    no_argument,       NULL, 'o'},
        {"help",    no_argument,       NULL, 'h'},
        {"version", no_argument,       NULL, 'v'},
        {NULL,      0,                 NULL, 0  },
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
        case 'o':
            opt->is_once = true;
            break;
        case 'h':
            (void)fputs(HELP, stdout);
            return 0;
        case 'v':
            (void)printf("uw_flow_daemon %s\n", STOCKBOT_VERSION);
            return 0;
        default:
            (void)fputs(HELP, stderr);
            return EX_USAGE_WRONG;
        }
    }
    if (optind == argc) return -1;
    (void)fprintf(stderr, "uw_flow_daemon: %s: no such argument\n%s", argv[optind], HELP);
    return EX_USAGE_WRONG;
}

static struct config *
config_in_use(struct app *app)
{
    return &app->cfg[app->cfg_at];
}

static void
redact(void *ctx, struct text *line)
{
    config_redact(config_in_use(ctx), line);
}

/* ---- what the loop asks ---------------------------------------------------------------------- */

static bool
is_stopping(void *ctx)
{
    return ((struct app *)ctx)->loop.stop != 0;
}

static void
alive(void *ctx, const char *status)
{
    struct app *app = ctx;
    int64_t now_ns = clock_mono(&app->clock);

    if (!str_eq(status, app->alive_status)) {
        app->alive_status = status;
        notify_status("%s", status);
    }
    if (now_ns - app->alive_at_ns < NS_PER_S) return;
    app->alive_at_ns = now_ns;
    notify_watchdog();
}

static void
say(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "uw_flow_daemon: %s\n", line);
}

/* While a request waits. */
static void
still_waiting(void *ctx)
{
    struct app *app = ctx;

    alive(app, app->alive_status);
}

/* An unusable new configuration leaves the old one in force and says so. */
static const struct uw_config *
reloaded(void *ctx)
{
    struct app *app = ctx;
    struct err err = {0};
    size_t next = (app->cfg_at + 1) % CONFIGS;

    if (app->loop.hup == 0) return NULL;
    app->loop.hup = 0;
    config_done(&app->cfg[next]);
    app->cfg[next] = (struct config){0};
    if (config_load(&app->cfg_options, &app->cfg[next], &err) != RC_OK) {
        (void)die(&err, 0);
        return NULL;
    }
    app->cfg_at = next;
    uw_client_reconfigure(&app->client, &app->cfg[next].uw);
    uw_config_say(config_in_use(app), &app->log);
    return &app->cfg[next].uw;
}

/* ---- start ----------------------------------------------------------------------------------- */

static enum rc
open_files(struct app *app, struct err *err)
{
    static const char *const folders[] = {"state", "data", "logs", CACHE_DIR};
    const struct config *cfg = config_in_use(app);
    enum rc rc = fs_open(cfg->root, &app->posix_fs, err);

    if (rc != RC_OK) return rc;
    app->fs = fs_seam(&app->posix_fs);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        int removed = 0;
        rc = app->fs.make_dir(app->fs.self, folders[i], err);
        if (rc != RC_OK) return rc;
        if (fs_sweep(&app->posix_fs, folders[i], &removed, err) != RC_OK)
            continue; /* only untidy */
    }
    rc = locks_open(cfg->root, &app->posix_locks, err);
    if (rc != RC_OK) return rc;
    app->locks = locks_seam(&app->posix_locks);
    rc = clock_open_config(cfg, &app->loop.stop, &app->sys_clock, err);
    if (rc != RC_OK) return rc;
    app->clock = clock_seam(&app->sys_clock);
    state_store_init(&app->state_store, &app->fs, &app->clock, NULL);
    app->store = state_store_seam(&app->state_store);
    event_log_init(&app->event_log, &app->store, &app->clock);
    app->event_log.redact = redact;
    app->event_log.redact_ctx = app;
    app->log = event_log_seam(&app->event_log);
    app->state_store.log = &app->log;
    app->posix_locks.log = &app->log;
    return zonefile_load(ZONE_NEW_YORK, &app->ny, err);
}

/* RC_BUSY: another instance; its lock file is left as it is. */
static enum rc
be_the_only_one(struct app *app, struct err *err)
{
    enum rc rc = app->locks.acquire(app->locks.self, DAEMON_LOCK, LOCK_WAIT_MS, &app->lock, err);
    char line[96], iso[ISO_TEXT_MAX];

    if (rc == RC_BUSY) {
        long holder = (long)lock_holder_pid(&app->posix_locks, DAEMON_LOCK);
        log_event(&app->log, EV_UW_DAEMON_ALREADY_RUNNING, F_I64("pid", getpid()),
                  holder > 0 ? F_I64("holder_pid", holder) : F_NULL("holder_pid"));
        (void)fputs("Another instance is already running\n", stderr);
        return rc;
    }
    if (rc == RC_OK) {
        (void)snprintf(line, sizeof line, "pid=%ld ts=%s", (long)getpid(),
                       when_iso(clock_now(&app->clock), iso));
        rc = app->locks.write(app->locks.self, &app->lock, line, err);
    }
    if (rc != RC_OK)
        log_event(&app->log, EV_UW_DAEMON_LOCK_ERROR, F_STR("path", DAEMON_LOCK),
                  F_STR("error", err->text));
    return rc;
}

/* The operator's own file under the root, or the one that comes with the program. */
static void
find_spec(struct app *app)
{
    const struct config *cfg = config_in_use(app);
    struct err err = {0};

    if (cfg->uw.spec_path != NULL && cfg->uw.spec_path[0] != '\0')
        text_puts(&app->spec_path, cfg->uw.spec_path);
    else if (share_find(cfg->root, SPEC_PATH, &app->spec_path, &err) != RC_OK)
        text_puts(&app->spec_path,
                  SPEC_PATH); /* missing: every call is refused, and an event says why */
}

static enum rc
open_client(struct app *app, struct err *err)
{
    struct http_options http = {.clock = &app->clock,
                                .stop = &app->loop.stop,
                                .progress = still_waiting,
                                .progress_ctx = app};
    enum rc rc = curl_http_new(&http, &app->curl, err);

    if (rc != RC_OK) return rc;
    app->http = curl_http_seam(app->curl);
    find_spec(app);
    struct uw_deps deps = {
        .clock = &app->clock,
        .fs = &app->fs,
        .http = &app->http,
        .store = &app->store,
        .locks = &app->locks,
        .log = &app->log,
        .ny = app->ny,
        .is_stopping = is_stopping,
        .stop_ctx = app,
        .seed = (uint64_t)clock_mono(&app->clock),
    };
    return uw_client_init(&app->client, &deps, &config_in_use(app)->uw, text_str(&app->spec_path),
                          err);
}

static enum rc
open_daemon(struct app *app, struct err *err)
{
    struct daemon_deps deps = {
        .client = &app->client,
        .cfg = &config_in_use(app)->uw,
        .clock = &app->clock,
        .fs = &app->fs,
        .store = &app->store,
        .locks = &app->locks,
        .log = &app->log,
        .ny = app->ny,
        .pid = getpid(),
        .is_stopping = is_stopping,
        .alive = alive,
        .say = say,
        .reloaded = reloaded,
        .ctx = app,
    };
    return daemon_init(&app->daemon, &deps, err);
}

static void
app_done(struct app *app)
{
    uw_client_done(&app->client);
    curl_http_free(app->curl);
    text_free(&app->spec_path);
    zone_free(app->ny);
    app->locks.release(app->locks.self, &app->lock);
    locks_close(&app->posix_locks);
    fs_close(&app->posix_fs);
    for (size_t i = 0; i < CONFIGS; i++)
        config_done(&app->cfg[i]);
    loop_done(&app->loop);
}

static int
run(struct app *app, const struct options *opt)
{
    struct err err = {0};

    if (open_files(app, &err) != RC_OK) return die(&err, EXIT_FAILURE);
    enum rc rc = be_the_only_one(app, &err);
    if (rc == RC_BUSY) return EXIT_SUCCESS;
    if (rc != RC_OK) return die(&err, EXIT_FAILURE);
    uw_config_say(config_in_use(app), &app->log);
    rc = open_client(app, &err);
    if (rc == RC_OK) rc = open_daemon(app, &err);
    if (rc != RC_OK) return die(&err, rc == RC_DENIED ? EX_CONFIG_UNUSABLE : EXIT_FAILURE);
    notify_ready("polling");
    daemon_run(&app->daemon, opt->is_once);
    notify_stopping();
    daemon_done(&app->daemon);
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
    app.cfg_options = (struct config_options){.root = opt.root, .yaml_path = opt.config};
    app.alive_status = "starting";
    app.lock = LOCK_NONE;
    if (process_guard_secrets(&err) != RC_OK) return die(&err, EXIT_FAILURE);
    if (config_load(&app.cfg_options, &app.cfg[0], &err) != RC_OK)
        return die(&err, EX_CONFIG_UNUSABLE);
    if (loop_init(&app.loop, &err) != RC_OK) return die(&err, EXIT_FAILURE);
    return run(&app, &opt);
}

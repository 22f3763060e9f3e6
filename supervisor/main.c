/* deploy_supervisor: options and wiring; the exit codes are in HELP. */

#include "supervisor/supervisor.h"

#include "base/version.h"
#include "io/clock.h"
#include "io/fs.h"
#include "io/loop.h"
#include "io/process.h"
#include "io/share.h"
#include "state/store.h"
#include "telemetry/alerts.h"
#include "telemetry/events.h"

#include <getopt.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2,
    EXIT_CONFIG = 78 /* EX_CONFIG */
};

static const char HELP[] =
    "usage: deploy_supervisor [options]\n"
    "\n"
    "Starts the trading engine and the flow daemon, and starts them again whenever they end.\n"
    "\n"
    "  --root DIR      runtime files (default: STOCKBOT_ROOT, else var/run)\n"
    "  --config FILE   settings file (default: STOCKBOT_CONFIG, else config/stockbot.yaml under "
    "the root)\n"
    "  --bin-dir DIR   where trading_engine and the others are (default: beside this program)\n"
    "  --log-dir DIR   children append their output to DIR/<service>.out (default: they inherit "
    "ours)\n"
    "  --version       print the version\n"
    "  --help          print this\n"
    "\n"
    "SIGTERM, SIGINT  stop everything in order\n"
    "SIGHUP           read the settings again and try held services again\n"
    "\n"
    "exit status: 0 stopped by a signal; 1 another supervisor runs on the root, or the system "
    "refused what\n"
    "is needed; 2 wrong options; 78 unusable configuration\n";

struct options {
    const char *root, *config, *bin_dir, *log_dir;
};

/* -1: go on; otherwise the exit status. */
static int
parse_options(int argc, char **argv, struct options *opt)
{
    static const struct option LONG[] = {
        {"root",    required_argument, NULL, 'r'},
        {"config",  required_argument, NULL, 'c'},
        {"bin-dir", required_argument, NULL, 'b'},
        {"log-dir", required_argument, NULL, 'l'},
        {"version", no_argument,       NULL, 'v'},
        {"help",    no_argument,       NULL, 'h'},
        {NULL,      0,                 NULL, 0  },
    };

    for (int c = 0; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (c == 'r') opt->root = optarg;
        if (c == 'c') opt->config = optarg;
        if (c == 'b') opt->bin_dir = optarg;
        if (c == 'l') opt->log_dir = optarg;
        if (c == 'v' || c == 'h') {
            (void)fputs(c == 'v' ? "deploy_supervisor " STOCKBOT_VERSION "\n" : HELP, stdout);
            return EXIT_SUCCESS;
        }
        if (c == '?') return EXIT_USAGE;
    }
    if (optind == argc) return -1;
    (void)fprintf(stderr, "deploy_supervisor: unexpected argument: %s\n", argv[optind]);
    return EXIT_USAGE;
}

static int
die(const struct err *err, int status)
{
    (void)fprintf(stderr, "deploy_supervisor: %s\n", err->text);
    return status;
}

/* Beside our own executable, where the other programs are installed too. */
static enum rc
own_folder(char ret_dir[PATH_MAX], struct err *err)
{
    CLEANUP(text_free) struct text folder = {0};
    enum rc rc = share_program_folder(&folder, err);

    if (rc == RC_OK && !str_copy(ret_dir, PATH_MAX, text_str(&folder)))
        rc = err_set(err, RC_RANGE, "%s: path too long", text_str(&folder));
    return rc;
}

/* Children may run elsewhere, and we look at the file again later: no path depends on a working
 * directory. */
static enum rc
absolute(const char *path, char ret_path[PATH_MAX], struct err *err)
{
    if (path == NULL || realpath(path, ret_path) != NULL) return RC_OK;
    return err_set(err, RC_NOT_FOUND, "%s: no such file or folder", path);
}

struct paths {
    char config[PATH_MAX], bin_dir[PATH_MAX], log_dir[PATH_MAX];
};

static enum rc
find_paths(const struct options *opt, struct paths *to, struct err *err)
{
    enum rc rc = opt->bin_dir == NULL ? own_folder(to->bin_dir, err)
                                      : absolute(opt->bin_dir, to->bin_dir, err);

    if (rc == RC_OK && opt->log_dir != NULL) {
        (void)mkdir(opt->log_dir, 0750); /* there already, or absolute() says that it is missing */
        rc = absolute(opt->log_dir, to->log_dir, err);
    }
    return rc == RC_OK ? absolute(opt->config, to->config, err) : rc;
}

static void
redact(void *ctx, struct text *line)
{
    config_redact(ctx, line);
}

/* Everything the supervisor stands on. */
struct base {
    struct loop loop;
    struct config cfg;
    struct sys_clock sys_clock;
    struct posix_fs posix_fs;
    struct posix_locks posix_locks;
    struct state_store state_store;
    struct event_log event_log;
    struct alerts alerts;
    struct poster *poster; /* NULL without WEBHOOK_URL */
    struct clock clock;
    struct fs fs;
    struct locks locks;
    struct store store;
    struct log log;
    struct lock lock; /* only one supervisor on a root */
};

static void
not_posted(void *ctx, const char *why)
{
    struct base *b = ctx;

    log_event(&b->alerts.under, EV_ALERT_FAILED, F_STR("error", why));
}

static void
hand_on(void *ctx, const char *json, size_t len)
{
    poster_put(ctx, json, len);
}

/* From here on the grave ones of our events are posted to WEBHOOK_URL, if there is one. */
static enum rc
open_alerts(struct base *b, struct err *err)
{
    const struct poster_options opt = {.url = b->cfg.engine.webhook_url,
                                       .clock = &b->clock,
                                       .failed = not_posted,
                                       .failed_ctx = b};

    if (opt.url[0] == '\0') return RC_OK;
    if (poster_new(&opt, &b->poster, err) != RC_OK) return err->code;
    b->alerts = (struct alerts){.under = b->log,
                                .clock = &b->clock,
                                .redact = redact,
                                .redact_ctx = &b->cfg,
                                .put = hand_on,
                                .put_ctx = b->poster};
    b->log = alerts_seam(&b->alerts);
    return RC_OK;
}

static enum rc
open_base(struct base *b, struct err *err)
{
    enum rc rc = clock_open_config(&b->cfg, NULL, &b->sys_clock, err);

    if (rc != RC_OK) return rc;
    rc = fs_open(b->cfg.root, &b->posix_fs, err);
    if (rc == RC_OK) rc = locks_open(b->cfg.root, &b->posix_locks, err);
    if (rc != RC_OK) return rc;
    b->clock = clock_seam(&b->sys_clock);
    b->fs = fs_seam(&b->posix_fs);
    b->locks = locks_seam(&b->posix_locks);
    state_store_init(&b->state_store, &b->fs, &b->clock, NULL);
    b->store = state_store_seam(&b->state_store);
    event_log_init(&b->event_log, &b->store, &b->clock);
    b->event_log.redact = redact;
    b->event_log.redact_ctx = &b->cfg;
    b->log = event_log_seam(&b->event_log);
    b->state_store.log = &b->log;
    b->posix_locks.log = &b->log;
    return open_alerts(b, err);
}

static enum rc
be_the_only_one(struct base *b, struct err *err)
{
    char line[ISO_TEXT_MAX + 32], when[ISO_TEXT_MAX];
    enum rc rc = b->locks.acquire(b->locks.self, SUPERVISOR_LOCK_PATH, 0, &b->lock, err);

    if (rc == RC_BUSY)
        return err_set(err, rc, "already running: pid %d",
                       (int)lock_holder_pid(&b->posix_locks, SUPERVISOR_LOCK_PATH));
    if (rc != RC_OK) return rc;
    (void)snprintf(line, sizeof line, "pid=%d ts=%s", (int)getpid(),
                   when_iso(clock_now(&b->clock), when));
    return b->locks.write(b->locks.self, &b->lock, line, err);
}

/* A killed process may have left temporaries; that they stay is a matter of tidiness only. */
static void
sweep(struct base *b)
{
    static const char *const FOLDERS[] = {"state", "data"};

    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
        int removed = 0;

        (void)!fs_sweep(&b->posix_fs, FOLDERS[i], &removed, NULL);
    }
}

static enum rc
supervise(struct base *b, const struct supervisor_options *opt, struct err *err)
{
    const struct supervisor_seams seams = {
        .clock = &b->clock,
        .fs = &b->fs,
        .store = &b->store,
        .locks = &b->locks,
        .lock_files = &b->posix_locks,
        .log = &b->log,
        .poster = b->poster,
    };
    struct supervisor *sup = NULL;
    enum rc rc = be_the_only_one(b, err);

    if (rc != RC_OK) return rc;
    sweep(b);
    rc = supervisor_new(opt, &seams, &b->cfg, &b->loop, &sup, err);
    if (rc != RC_OK) return rc;
    supervisor_run(sup);
    poster_drain(b->poster);
    poster_free(b->poster);
    supervisor_free(sup);
    return RC_OK;
}

int
main(int argc, char **argv)
{
    static struct base base; /* large, and referred to by pointers until the end */
    static struct paths paths;
    struct options opt = {.config = getenv("STOCKBOT_CONFIG")};
    struct err err = {0};
    const int status = parse_options(argc, argv, &opt);

    if (status >= 0) return status;
    if (find_paths(&opt, &paths, &err) != RC_OK) return die(&err, EXIT_CONFIG);
    const struct supervisor_options sup = {
        .config = {.root = opt.root,
                   .yaml_path = opt.config == NULL ? NULL : paths.config,
                   .env_file_wins = true},
        .bin_dir = paths.bin_dir,
        .log_dir = opt.log_dir == NULL ? NULL : paths.log_dir,
    };

    if (process_guard_secrets(&err) != RC_OK || loop_init(&base.loop, &err) != RC_OK)
        return die(&err, EXIT_FAILURE);
    if (config_load(&sup.config, &base.cfg, &err) != RC_OK) return die(&err, EXIT_CONFIG);
    const enum rc opened = open_base(&base, &err);

    if (opened != RC_OK) return die(&err, opened == RC_IO ? EXIT_FAILURE : EXIT_CONFIG);
    return supervise(&base, &sup, &err) == RC_OK ? EXIT_SUCCESS : die(&err, EXIT_FAILURE);
}

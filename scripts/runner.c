#include "scripts/runner.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/zonefile.h"
#include "scripts/command.h"
#include "scripts/demo/demo.h"

/* ---- a disk that is only looked at --------------------------------------------------------- */

static enum rc
refuse(const char *path, struct err *err)
{
    return err_set(err, RC_DENIED, "%s: opened for reading only", path);
}

static enum rc
no_replace(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
           struct err *err)
{
    (void)self;
    (void)bytes;
    (void)len;
    (void)keep_prev;
    return refuse(path, err);
}

static enum rc
no_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    (void)self;
    (void)bytes;
    (void)len;
    return refuse(path, err);
}

static enum rc
no_rename(void *self, const char *from, const char *to, struct err *err)
{
    (void)self;
    (void)to;
    return refuse(from, err);
}

static enum rc
no_change(void *self, const char *path, struct err *err)
{
    (void)self;
    return refuse(path, err);
}

static struct fs
for_reading(struct fs fs)
{
    fs.replace = no_replace;
    fs.append = no_append;
    fs.rename = no_rename;
    fs.remove = no_change;
    fs.make_dir = no_change;
    return fs;
}

/* ---- opening ------------------------------------------------------------------------------- */

static void
redact(void *ctx, struct text *line)
{
    const struct runner *r = ctx;

    config_redact(&r->cfg, line);
}

/* In place of a root that is not there: a folder that nobody else can find any more. */
static enum rc
open_nothing(struct runner *r, struct err *err)
{
    char path[] = "/tmp/stockbot-nothing.XXXXXX";

    if (mkdtemp(path) == NULL) return err_sys(err, RC_IO, errno, "%s", path);
    enum rc rc = fs_open(path, &r->posix_fs, err);
    if (rmdir(path) != 0 && rc == RC_OK) rc = err_sys(err, RC_IO, errno, "%s", path);
    return rc;
}

static enum rc
open_root(struct runner *r, enum runner_mode mode, struct err *err)
{
    struct stat st;
    bool is_there =
        mode == RUNNER_WRITES || stat(r->cfg.root, &st) == 0; /* opening would make it */
    enum rc rc;

    if (!is_there && mode == RUNNER_READS)
        return err_set(err, RC_NOT_FOUND, "there is no root %s", r->cfg.root);
    rc = is_there ? fs_open(r->cfg.root, &r->posix_fs, err) : open_nothing(r, err);
    if (rc != RC_OK) return rc;
    r->fs = fs_seam(&r->posix_fs);
    if (mode != RUNNER_WRITES) r->fs = for_reading(r->fs);
    if (mode == RUNNER_LOOKS) return RC_OK;
    rc = locks_open(r->cfg.root, &r->posix_locks, err);
    if (rc != RC_OK) return rc;
    r->locks = locks_seam(&r->posix_locks);
    return RC_OK;
}

static int64_t
standing_now(void *self)
{
    return ((const struct runner *)self)->ended_ns;
}

static int64_t
standing_mono(void *self)
{
    (void)self;
    return 0; /* nothing is waited for */
}

static int64_t
standing_real(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

/*
 * Who only looks at the root of a demo or replay sees it by the clock of its day: the paced one
 * while it runs, the end of it afterwards.
 */
static enum rc
open_clock(struct runner *r, enum runner_mode mode, struct err *err)
{
    CLEANUP(json_freep)
    struct json *mark = mode == RUNNER_READS ? view_load(&r->fs, DEMO_MARK_PATH) : NULL;
    struct clock_options day = {.paced = json_str(mark, "clock", "")};
    enum rc rc;

    r->ended_ns = when_parse_or_none(json_str(mark, "ended_at", ""));
    if (r->ended_ns != WHEN_NONE) {
        r->clock = (struct clock){.self = r, .now_ns = standing_now, .mono_ns = standing_mono};
        r->clock.real_ns = standing_real;
        return RC_OK;
    }
    rc = day.paced[0] != '\0' ? clock_open(&day, &r->sys_clock, err)
                              : clock_open_config(&r->cfg, NULL, &r->sys_clock, err);
    if (rc == RC_OK) r->clock = clock_seam(&r->sys_clock);
    return rc;
}

static enum rc
open_all(struct runner *r, enum runner_mode mode, struct err *err)
{
    enum rc rc = open_root(r, mode, err);

    if (rc == RC_OK) rc = open_clock(r, mode, err);
    if (rc != RC_OK) return rc;
    state_store_init(&r->state_store, &r->fs, &r->clock, NULL);
    r->store = state_store_seam(&r->state_store);
    event_log_init(&r->event_log, &r->store, &r->clock);
    r->event_log.redact = redact;
    r->event_log.redact_ctx = r;
    r->event_seam = event_log_seam(&r->event_log);
    r->log = mode == RUNNER_WRITES ? &r->event_seam : NULL;
    r->state_store.log = r->log;
    return zonefile_load(ZONE_NEW_YORK, &r->ny, err);
}

int
runner_fail(const struct runner *r, const struct err *err, int status)
{
    (void)fprintf(stderr, "%s: %s\n", r->name, err->text);
    return status;
}

/* What is unusable in the environment does not stop a command, and must not go unseen. */
static void
print_issues(const struct runner *r)
{
    for (size_t i = 0; i < config_issues(&r->cfg); i++) {
        struct config_issue issue = config_issue(&r->cfg, i);

        (void)fprintf(stderr, "%s: %s is passed over: %s\n", r->name, issue.name, issue.why);
    }
}

int
runner_open(struct runner *r, const char *name, const struct common_args *args,
            enum runner_mode mode)
{
    struct err err = {0};

    *r = (struct runner){.name = name, .posix_fs.root_fd = -1, .posix_locks.root_fd = -1};
    int status = common_args_config(args, &r->cfg);
    if (status != EXIT_DONE) return status;
    print_issues(r);
    enum rc rc = open_all(r, mode, &err);
    if (rc == RC_OK) return EXIT_DONE;
    runner_done(r);
    return runner_fail(r, &err, rc == RC_DENIED ? EXIT_CONFIG_UNUSABLE : EXIT_FAILED);
}

void
runner_done(struct runner *r)
{
    zone_free(r->ny);
    locks_close(&r->posix_locks);
    fs_close(&r->posix_fs);
    config_done(&r->cfg);
}

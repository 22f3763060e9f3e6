#include "scripts/telemetry.h"

#include <sys/utsname.h>

#include "base/version.h"

bool
telemetry_output_root(const char *command, const char *path)
{
    size_t len = strlen(path);
    bool climbs = str_eq(path, "..") || str_starts(path, "../") || strstr(path, "/../") != NULL ||
                  str_ends(path, "/..");

    if (len > 0 && len < 128 && !climbs) return true;
    (void)fprintf(stderr,
                  "stockbot %s: --output-root %s: a folder below the root or an absolute one is "
                  "wanted\n",
                  command, path);
    return false;
}

/* The day's end for a day that is over, so that a later run says the same; otherwise the clock. */
int64_t
telemetry_as_of(const struct job *job)
{
    struct date today = when_to_civil(job->now_ns).date;

    if (job->is_as_of || date_cmp(job->date, today) == 0) return job->now_ns;
    return (date_to_days(job->date) + 1) * NS_PER_DAY;
}

/* ---- signals ------------------------------------------------------------------------------- */

/* Who ignores a signal, as a run in the background of a script does, is not stopped by it. */
static void
add_unless_ignored(sigset_t *set, int number)
{
    struct sigaction now;

    if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
        (void)sigaddset(set, number);
}

static bool
is_stopped(void *ctx)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct telemetry_run *t = ctx;
    sigset_t waiting;

    if (sigpending(&waiting) != 0) return false;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (sigismember(&t->ending, numbers[i]) == 1 && sigismember(&waiting, numbers[i]) == 1)
            return true;
    return false;
}

static void
progress(void *ctx, int64_t done, int64_t total)
{
    struct telemetry_run *t = ctx;
    const int64_t mb = 1000000;

    if (done / mb == t->shown_mb) return;
    t->shown_mb = done / mb;
    job_progress(t->job, "MB of logs read", (size_t)(done / mb), (size_t)(total / mb));
}

void
telemetry_begin(struct telemetry_run *t, struct job *job, const struct bundle_options *options)
{
    const char *source = getenv("TELEMETRY_DATA_SOURCE");
    struct utsname os = {0};

    *t = (struct telemetry_run){.job = job};
    if (uname(&os) == 0) {
        (void)str_copy(t->host, sizeof(t->host), os.nodename);
        (void)snprintf(t->platform, sizeof(t->platform), "%.60s %.60s %.60s", os.sysname,
                       os.release, os.machine);
    }
    struct posix_fs *disk = &job->runner.posix_fs;
    t->folders = folders_seam(disk);
    t->sources = sources_seam(disk);
    t->spec = (struct bundle_spec){
        .date = job->date,
        .options = *options,
        .origin = {.generated_ns = job->now_ns,
                   .as_of_ns = telemetry_as_of(job),
                   .data_source = source != NULL && source[0] != '\0' ? source : "local",
                   .host = t->host,
                   .platform = t->platform,
                   .git_head = version_commit()},
        .seams = {.fs = &job->runner.fs,
                   .folders = &t->folders,
                   .sources = &t->sources,
                   .ctx = t,
                   .is_stopped = is_stopped,
                   .progress = progress        },
    };
    (void)sigemptyset(&t->ending);
    add_unless_ignored(&t->ending, SIGINT);
    add_unless_ignored(&t->ending, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &t->ending, &t->kept);
}

void
telemetry_end(struct telemetry_run *t)
{
    (void)sigprocmask(SIG_SETMASK, &t->kept, NULL);
}

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

static void
ending_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
}

static bool
is_stopped(void *ctx)
{
    sigset_t waiting;

    (void)ctx;
    if (sigpending(&waiting) != 0) return false;
    return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
}

static void
progress(void *ctx, int64_t done, int64_t total)
{
    const struct telemetry_run *t = ctx;
    const size_t mb = 1000000;

    job_progress(t->job, t->job->spec->name, (size_t)done / mb, (size_t)total / mb);
}

void
telemetry_begin(struct telemetry_run *t, struct job *job, const struct bundle_options *options)
{
    const char *source = getenv("TELEMETRY_DATA_SOURCE");
    struct utsname os = {0};
    sigset_t ending;

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
    ending_signals(&ending);
    (void)sigprocmask(SIG_BLOCK, &ending, &t->kept);
}

void
telemetry_end(struct telemetry_run *t)
{
    (void)sigprocmask(SIG_SETMASK, &t->kept, NULL);
}

/*
 * run_uw_intel_on_droplet and its two wrappers: the day of the server, run from here (contract 4.7,
 * spec 40 8).
 */
#include "base/text.h"
#include "scripts/command.h"
#include "scripts/droplet/droplet.h"
#include "scripts/view.h"

#define OWN_OPTIONS "  --no-pull        leave out the update of the server's sources\n"

static const char HELP[] =
    "usage: stockbot run-uw-intel-on-droplet [options]\n"
    "\n"
    "Runs the day's programs on the server in order, after a regression run there that stops\n"
    "everything if it fails, and fetches what they wrote into droplet_sync/DATE.\n"
    "\n" OWN_OPTIONS "  --no-ssh         here, made up (as with --mock), without a connection\n"
    "  --heal-daemon    the readiness check may have a critical daemon restarted\n"
    "  --phase pre|post|all  the part of the day (default all)\n"
    "  --postclose-pack only the analysis pack\n"
    "  --full-telemetry also build and fetch the telemetry bundle\n"
    "  --telemetry-max-log-bytes N (default 500000), --telemetry-tail-lines N (default 2000)\n"
    "\n"
    "The server stands in droplet_config.json of the root or in DROPLET_HOST, DROPLET_PORT,\n"
    "DROPLET_USER, DROPLET_KEY_FILE, DROPLET_PROJECT_DIR. Exit codes of its own: 1 aborted.\n";

static const char WRAPPER_HELP[] = "usage: stockbot run-premarket-on-droplet [options]\n"
                                   "       stockbot run-postmarket-on-droplet [options]\n"
                                   "\n"
                                   "One part of run-uw-intel-on-droplet.\n"
                                   "\n" OWN_OPTIONS;

enum {
    OPT_NO_PULL = OPT_JOB_OWN,
    OPT_NO_SSH,
    OPT_HEAL,
    OPT_PACK,
    OPT_FULL,
    OPT_LOG_BYTES,
    OPT_LINES,
    OPT_PHASE
};

static const struct option OPTIONS[] = {
    {"no-pull",                 no_argument,       NULL, OPT_NO_PULL  }, /* the wrappers have this one */
    {"no-ssh",                  no_argument,       NULL, OPT_NO_SSH   },
    {"heal-daemon",             no_argument,       NULL, OPT_HEAL     },
    {"postclose-pack",          no_argument,       NULL, OPT_PACK     },
    {"full-telemetry",          no_argument,       NULL, OPT_FULL     },
    {"telemetry-max-log-bytes", required_argument, NULL, OPT_LOG_BYTES},
    {"telemetry-tail-lines",    required_argument, NULL, OPT_LINES    },
    {"phase",                   required_argument, NULL, OPT_PHASE    },
};

static bool
take_count(const char *name, int64_t *ret_value)
{
    double value = 0;

    if (!arg_number(name, optarg, 1, 1e12, &value)) return false;
    *ret_value = (int64_t)value;
    return true;
}

static bool
take_phase(struct droplet_wish *w)
{
    static const char *const NAMES[] = {"all", "pre", "post"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq(optarg, NAMES[i])) {
            w->phase = (enum droplet_phase)i;
            return true;
        }
    (void)fprintf(stderr, "stockbot: --phase %s: pre, post or all is wanted\n", optarg);
    return false;
}

static bool
take(void *own, int option)
{
    struct droplet_wish *w = own;

    switch (option) {
    case OPT_NO_PULL:
        w->no_pull = true;
        return true;
    case OPT_NO_SSH:
        w->no_ssh = true;
        return true;
    case OPT_HEAL:
        w->heal_daemon = true;
        return true;
    case OPT_PACK:
        w->postclose_pack = true;
        return true;
    case OPT_FULL:
        w->full_telemetry = true;
        return true;
    case OPT_LOG_BYTES:
        return take_count("telemetry-max-log-bytes", &w->telemetry_max_log_bytes);
    case OPT_LINES:
        return take_count("telemetry-tail-lines", &w->telemetry_tail_lines);
    default:
        return take_phase(w);
    }
}

static bool
is_mock(const void *own)
{
    const struct droplet_wish *w = own;

    return w->no_ssh;
}

/* ---- the log of the sync ------------------------------------------------------------------- */

void
droplet_note(const struct droplet *d, const char *event, const struct field *fields)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    const struct fs *fs = &d->job->runner.fs;
    char path[96];
    struct err err = {0};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", clock_now(&d->job->runner.clock));
    json_out_str(&o, "event", event);
    fields_write(&o, fields);
    json_out_end(&o);
    text_putc(&line, '\n');
    (void)snprintf(path, sizeof path, "%s/sync_log.jsonl", d->folder);
    if (fs->append(fs->self, path, text_str(&line), line.len, &err) != RC_OK)
        (void)runner_fail(&d->job->runner, &err, 0);
}

static void
note_end(const struct droplet *d, const char *mode)
{
    const struct field ready =
        d->was_ready_asked ? F_BOOL("preopen_ready", d->is_ready) : F_NULL("preopen_ready");

    if (mode != NULL)
        NOTE(d, "sync_complete", F_STR("mode", mode), ready);
    else
        NOTE(d, "sync_complete", F_STR("date", d->job->date_text), ready);
}

/* ---- the modes ----------------------------------------------------------------------------- */

static int
run_here(struct droplet *d)
{
    if (d->wish->postclose_pack) {
        droplet_pack_here(d);
        droplet_copy_pack_here(d);
        note_end(d, "no_ssh_postclose_pack");
        return EXIT_DONE;
    }
    droplet_steps_here(d);
    droplet_copy_here(d);
    note_end(d, "no_ssh_mock");
    return EXIT_DONE;
}

static int
run_there(struct job *job, struct droplet *d, struct err *err)
{
    CLEANUP(json_freep) struct json *file = view_load(&job->runner.fs, REMOTE_CONFIG_PATH);

    if (remote_configure(file, &job->runner.cfg.runner, &d->remote, err) != RC_OK) {
        NOTE(d, "abort", F_STR("reason", "config"), F_STR("stderr", err->text));
        return EXIT_FAILED;
    }
    if (droplet_gate(d, err) != RC_OK) return EXIT_FAILED;
    if (d->wish->postclose_pack) {
        droplet_pack(d);
        droplet_fetch_pack(d);
        note_end(d, "postclose_pack");
    } else {
        droplet_steps(d);
        droplet_fetch(d);
        note_end(d, NULL);
    }
    text_puts(&job->path, d->folder);
    return EXIT_DONE;
}

static int
sync_day(struct job *job, void *own, struct err *err)
{
    const struct droplet_wish *w = own;
    struct droplet d = {.job = job, .wish = w};

    (void)snprintf(d.folder, sizeof d.folder, "droplet_sync/%.10s", job->date_text);
    if (job->is_dry) return EXIT_DONE;
    NOTE(&d, "sync_start", F_STR("date", job->date_text),
         F_STR("mode", job->is_mock ? "mock" : "real"), F_BOOL("no_ssh", w->no_ssh));
    return w->no_ssh ? run_here(&d) : run_there(job, &d, err);
}

static struct droplet_wish
wish_of(enum droplet_phase phase)
{
    return (struct droplet_wish){
        .telemetry_max_log_bytes = 500000, .telemetry_tail_lines = 2000, .phase = phase};
}

int
cmd_run_uw_intel_on_droplet(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-uw-intel-on-droplet",
                                         .help = HELP,
                                         .takes = JOB_DATE | JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .is_mock = is_mock,
                                         .run = sync_day};
    struct droplet_wish wish = wish_of(DROPLET_ALL);

    return job_main(&SPEC, argc, argv, &wish);
}

int
cmd_run_premarket_on_droplet(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-premarket-on-droplet",
                                         .help = WRAPPER_HELP,
                                         .takes = JOB_DATE | JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = 1,
                                         .take = take,
                                         .run = sync_day};
    struct droplet_wish wish = wish_of(DROPLET_PRE);

    return job_main(&SPEC, argc, argv, &wish);
}

int
cmd_run_postmarket_on_droplet(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-postmarket-on-droplet",
                                         .help = WRAPPER_HELP,
                                         .takes = JOB_DATE | JOB_MOCK,
                                         .options = OPTIONS,
                                         .options_len = 1,
                                         .take = take,
                                         .run = sync_day};
    struct droplet_wish wish = wish_of(DROPLET_POST);

    return job_main(&SPEC, argc, argv, &wish);
}

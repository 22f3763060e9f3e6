#include "supervisor/internal.h"

#include "io/loop.h"
#include "io/notify.h"
#include "io/zonefile.h"
#include "state/retention.h"

#include <unistd.h>

enum {
    LINE_ROOM = 8192,
    PROGRESS_BURST =
        4096, /* records read at a time: more than a pipe holds, so one child cannot keep us */
    POLL_FDS = 2 * SERVICES
};

/* ---- beginning and end ----------------------------------------------------------------------- */

/* argv[0] is the program, the others come from a setting, separated by blanks. */
static void
init_args(struct service *svc, const char *args)
{
    size_t n = 0;

    (void)str_copy(svc->args, sizeof svc->args, args);
    svc->argv[n++] = svc->program;
    for (char *save = NULL, *arg = strtok_r(svc->args, " \t", &save); arg != NULL && n <= ARGS_MAX;
         arg = strtok_r(NULL, " \t", &save)) {
        svc->argv[n++] = arg;
    }
    svc->argv[n] = NULL;
    (void)snprintf(svc->cmd, sizeof svc->cmd, "%s%s%s", svc->program, *args == '\0' ? "" : " ",
                   args);
}

static enum rc
init_service(struct supervisor *s, enum service_id id, struct err *err)
{
    struct service *svc = &s->service[id];
    const bool is_wanted[SERVICES] = {
        [SERVICE_SIM] = s->cfg->supervisor.run_sim,
        [SERVICE_DAEMON] = s->cfg->supervisor.run_daemon,
        [SERVICE_ENGINE] = true,
    };
    const uint64_t seed = (uint64_t)sup_mono(s) ^ ((uint64_t)getpid() << 32) ^ (uint64_t)id;
    const int len = snprintf(svc->program, sizeof svc->program, "%s/%s", s->opt.bin_dir,
                             SERVICE_RULES[id].program);

    if (len >= (int)sizeof svc->program)
        return err_set(err, RC_RANGE, "%s: path too long", s->opt.bin_dir);
    svc->rules = &SERVICE_RULES[id];
    svc->is_wanted = is_wanted[id];
    svc->child = CHILD_NONE;
    svc->progress_fd = -1;
    svc->killed_ns = NEVER_NS;
    svc->updated_ns = svc->heartbeat_ns = WHEN_NONE;
    init_args(svc, id == SERVICE_SIM ? s->cfg->supervisor.sim_args : "");
    machine_init(&svc->m, seed); /* two supervisors of one host need not knock at the same moment */
    return RC_OK;
}

static void
load_zone(struct supervisor *s)
{
    struct err err = {0};

    if (zonefile_load(ZONE_NEW_YORK, &s->new_york, &err) != RC_OK) record_error(s, &err);
}

/* R1.4: a folder that cannot be made is told of, and somebody else will miss it. */
static void
make_folders(struct supervisor *s)
{
    static const char *const FOLDERS[] = {"logs",   "state", "data", "config", "state/heartbeats",
                                          "reports"};
    const struct fs *fs = s->seams.fs;

    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
        struct err err = {0};

        if (fs->make_dir(fs->self, FOLDERS[i], &err) != RC_OK) record_error(s, &err);
    }
}

enum rc
supervisor_new(const struct supervisor_options *opt, const struct supervisor_seams *seams,
               const struct config *cfg, struct loop *loop, struct supervisor **ret_sup,
               struct err *err)
{
    struct supervisor *s = calloc(1, sizeof *s);

    if (s == NULL) return err_set(err, RC_NOMEM, "out of memory");
    s->opt = *opt;
    s->seams = *seams;
    s->cfg = cfg;
    s->loop = loop;
    s->notify_every_ns = notify_watchdog_interval_ns();
    s->notify_ns = s->notify_every_ns > 0 ? 0 : NEVER_NS;
    text_reserve(&s->line, LINE_ROOM);
    text_reserve(&s->health, LINE_ROOM);
    enum rc rc = RC_OK;

    for (enum service_id id = SERVICE_SIM; id < SERVICES && rc == RC_OK; id++) {
        rc = init_service(s, id, err);
    }
    if (rc != RC_OK) {
        supervisor_free(s);
        return rc;
    }
    make_folders(s);
    load_zone(s);
    *ret_sup = s;
    return RC_OK;
}

void
supervisor_free(struct supervisor *s)
{
    if (s == NULL) return;
    for (size_t i = 0; i < SERVICES; i++) {
        if (s->service[i].rules != NULL) service_forget(&s->service[i]);
    }
    zone_free(s->new_york);
    arena_done(&s->env_arena);
    config_done(&s->reread);
    text_free(&s->line);
    text_free(&s->health);
    free(s);
}

/* ---- all services ---------------------------------------------------------------------------- */

static void
step_all(struct supervisor *s, enum happening what)
{
    for (size_t i = 0; i < SERVICES; i++) {
        if (s->service[i].is_wanted) act_step(s, &s->service[i], what, 0);
    }
}

/* Those that stop last are asked when the others are gone. */
static void
stop_some(struct supervisor *s)
{
    bool is_last_turn = true;

    for (size_t i = 0; i < SERVICES; i++) {
        struct service *svc = &s->service[i];

        if (!svc->is_wanted || svc->rules->stops_last) continue;
        act_step(s, svc, HAPPENED_STOP, 0);
        is_last_turn = is_last_turn && !machine_has_child(&svc->m);
    }
    for (size_t i = 0; i < SERVICES && is_last_turn; i++) {
        if (s->service[i].is_wanted) act_step(s, &s->service[i], HAPPENED_STOP, 0);
    }
}

static void
begin_stop(struct supervisor *s, int signum)
{
    if (s->is_stopping) return;
    s->is_stopping = true;
    record(s, "SUPERVISOR_SHUTDOWN", F_I64("signum", signum));
    notify_stopping();
    stop_some(s);
}

/* A child that even SIGKILL does not end (it hangs in the kernel) is not waited for longer than
 * this. */
static bool
is_given_up(const struct supervisor *s, const struct service *svc)
{
    return svc->m.state == SERVICE_STOPPING && svc->killed_ns != NEVER_NS &&
           sup_mono(s) - svc->killed_ns >= REAP_NS;
}

static bool
is_over(const struct supervisor *s)
{
    if (!s->is_stopping) return false;
    for (size_t i = 0; i < SERVICES; i++) {
        const struct service *svc = &s->service[i];

        if (svc->is_wanted && svc->m.state != SERVICE_FINISHED && !is_given_up(s, svc))
            return false;
    }
    return true;
}

/* The simulator is the others' whole world: they wait until it listens, but not for ever. */
static void
start_some(struct supervisor *s)
{
    const struct service *sim = &s->service[SERVICE_SIM];
    const bool is_world_there = !sim->is_wanted || sim->m.state == SERVICE_RUNNING ||
                                sup_mono(s) - s->begun_ns >= FIRST_WAIT_NS;

    if (s->has_started || s->is_stopping || !is_world_there) return;
    s->has_started = true;
    step_all(s, HAPPENED_START);
    record(s, "SUPERVISOR_READY");
    notify_ready("services started");
}

/* ---- what the loop waits for ----------------------------------------------------------------- */

/* Somebody waits for a file to be mended: then files are looked at more often. */
static bool
is_file_awaited(const struct supervisor *s)
{
    for (size_t i = 0; i < SERVICES; i++) {
        const enum service_state state = s->service[i].m.state;

        if (state == SERVICE_HELD || state == SERVICE_NO_SECRETS || state == SERVICE_WAITING)
            return true;
    }
    return false;
}

static int64_t
next_due_ns(const struct supervisor *s)
{
    int64_t due = MIN(MIN(s->tick_ns, s->health_ns), MIN(s->retention_ns, s->notify_ns));

    if (is_file_awaited(s)) due = MIN(due, s->files_ns);
    if (!s->has_started) due = MIN(due, s->begun_ns + FIRST_WAIT_NS);
    for (size_t i = 0; i < SERVICES; i++) {
        const struct service *svc = &s->service[i];

        if (!svc->is_wanted) continue;
        due = MIN(due, machine_due_ns(&svc->m, svc->rules, &s->limits));
        if (svc->killed_ns != NEVER_NS) due = MIN(due, svc->killed_ns + REAP_NS);
    }
    return due;
}

static void
wait_for_something(struct supervisor *s)
{
    struct pollfd fds[POLL_FDS];
    size_t n = 0;

    for (size_t i = 0; i < SERVICES; i++) { /* a negative descriptor is passed over by poll() */
        fds[n++] = (struct pollfd){.fd = s->service[i].child.pidfd, .events = POLLIN};
        fds[n++] = (struct pollfd){.fd = s->service[i].progress_fd, .events = POLLIN};
    }
    int64_t due_ns = next_due_ns(s);
    if (poster_step(s->seams.poster)) due_ns = MIN(due_ns, sup_mono(s) + POST_STEP_MS * NS_PER_MS);
    /* Which one is ready does not matter: everybody is asked. */
    (void)loop_wait(s->loop, fds, n, s->seams.clock, due_ns);
}

static void
heed_signals(struct supervisor *s)
{
    if (s->loop->stop != 0) begin_stop(s, (int)s->loop->stop);
    if (s->loop->hup == 0) return;
    s->loop->hup = 0;
    if (s->is_stopping) return;
    (void)settings_refresh(s, true); /* asked for: that is a change, whatever the files say */
    step_all(s, HAPPENED_CHANGED);
}

static void
read_progress(struct supervisor *s, struct service *svc)
{
    struct progress rec;

    for (int i = 0; i < PROGRESS_BURST && service_next_progress(svc, &rec); i++) {
        if (rec.kind == PROGRESS_READY || rec.kind == PROGRESS_CYCLE)
            svc->heartbeat_ns = clock_now(s->seams.clock);
        if (rec.kind == PROGRESS_CYCLE) {
            svc->cycle_ns = sup_mono(s);
            act_step(s, svc, HAPPENED_CYCLE, 0);
        } else if (rec.kind == PROGRESS_READY) {
            act_step(s, svc, HAPPENED_READY, 0);
        } else {
            act_step(s, svc, HAPPENED_PROGRESS, 0);
        }
    }
}

/* What a child said before it ended counts, so its pipe is read first. */
static void
look_after_child(struct supervisor *s, struct service *svc)
{
    int exit_code = 0;

    read_progress(s, svc);
    if (service_reap(s, svc, &exit_code)) {
        place_note_exit(svc, exit_code);
        act_step(s, svc, HAPPENED_EXITED, exit_code);
    }
    if (sup_mono(s) >= machine_due_ns(&svc->m, svc->rules, &s->limits))
        act_step(s, svc, HAPPENED_TIME, 0);
}

static bool
is_due(int64_t *due_ns, int64_t now_ns, int64_t every_ns)
{
    if (now_ns < *due_ns) return false;
    *due_ns = now_ns + every_ns;
    return true;
}

static void
keep_logs_short(struct supervisor *s, const struct retention_limits *limits)
{
    (void)retention_run(s->seams.fs, s->seams.clock, s->seams.log,
                        limits); /* it says itself what it moved */
}

static void
go_round(struct supervisor *s)
{
    const int64_t now_ns = sup_mono(s);
    const bool is_tick = is_due(&s->tick_ns, now_ns, TICK_NS);
    const bool looks_at_files = is_due(&s->files_ns, now_ns, FILES_NS) && is_file_awaited(s);

    if (is_tick || looks_at_files) {
        if (settings_refresh(s, false)) step_all(s, HAPPENED_CHANGED);
    }
    if (is_tick) step_all(s, HAPPENED_TIME);
    if (is_due(&s->retention_ns, now_ns, RETENTION_NS)) keep_logs_short(s, &RETENTION_IN_OPERATION);
}

void
supervisor_run(struct supervisor *s)
{
    s->begun_ns = s->tick_ns = s->files_ns = s->health_ns = sup_mono(s);
    s->retention_ns = s->begun_ns + RETENTION_NS;
    keep_logs_short(s, &RETENTION_AT_START);
    settings_apply(s);
    if (s->service[SERVICE_SIM].is_wanted) act_step(s, &s->service[SERVICE_SIM], HAPPENED_START, 0);
    while (!is_over(s)) {
        start_some(s);
        health_publish(s, is_due(&s->health_ns, sup_mono(s), HEALTH_NS));
        if (s->notify_every_ns > 0 && is_due(&s->notify_ns, sup_mono(s), s->notify_every_ns))
            notify_watchdog();
        wait_for_something(s);
        heed_signals(s);
        for (size_t i = 0; i < SERVICES; i++) {
            if (s->service[i].is_wanted) look_after_child(s, &s->service[i]);
        }
        if (s->is_stopping)
            stop_some(s);
        else
            go_round(s);
    }
    health_publish(s, true);
    record(s, "SUPERVISOR_STOPPED");
}

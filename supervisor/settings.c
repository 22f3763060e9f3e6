#include "supervisor/internal.h"

/* ---- what the children inherit --------------------------------------------------------------- */

/*
 * Ours to set, or meant for us alone.  The clock of a paced day was anchored before we started
 * anything: a file may not set it anew for some of us.
 */
static bool
may_come_from_file(const char *name)
{
    static const char *const OWN[] = {"STOCKBOT_ROOT", "STOCKBOT_CONFIG", "STOCKBOT_CLOCK",
                                      PROGRESS_ENV,    FLIGHT_EXIT_ENV,   "NOTIFY_SOCKET",
                                      "WATCHDOG_USEC", "WATCHDOG_PID"};

    for (size_t i = 0; i < COUNT_OF(OWN); i++) {
        if (str_eq(OWN[i], name)) return false;
    }
    return true;
}

static void
env_add(struct supervisor *s, const char *entry)
{
    ASSERT(s->env_len + 2 < CHILD_ENV_MAX); /* room for how the last engine ended, too */
    s->env[s->env_len++] = entry;
    s->env[s->env_len] = NULL;
}

/* Values in the file override inherited ones (R1.4); the service manager talks to us, not to our
 * children. */
static void
build_env(struct supervisor *s)
{
    const struct env_file *file = config_env_file(s->cfg);
    struct arena *a = &s->env_arena;

    arena_reset(a);
    s->env_len = 0;
    for (size_t i = 0; i < file->len; i++) {
        if (may_come_from_file(file->var[i].name))
            env_add(s, arena_printf(a, "%s=%s", file->var[i].name, file->var[i].value));
    }
    env_add(s, arena_printf(a, "STOCKBOT_ROOT=%s", s->cfg->root));
    if (s->opt.config.yaml_path != NULL)
        env_add(s, arena_printf(a, "STOCKBOT_CONFIG=%s", s->opt.config.yaml_path));
    env_add(s, "NOTIFY_SOCKET");
    env_add(s, "WATCHDOG_USEC");
    env_add(s, "WATCHDOG_PID");
    env_add(s, FLIGHT_EXIT_ENV); /* what we inherited is about another engine */
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void
log_missing(struct supervisor *s)
{
    char names[128] = "[";

    for (size_t i = 0; i < s->missing_len; i++) {
        const size_t at = strlen(names);

        (void)snprintf(names + at, sizeof names - at, "%s\"%s\"", i == 0 ? "" : ",",
                       s->missing[i]); /* fits */
    }
    (void)snprintf(names + strlen(names), sizeof names - strlen(names), "]");
    record(s, "SECRETS_MISSING", F_RAW("missing", names));
    log_event(s->seams.log, EV_SECRETS_MISSING, F_RAW("missing", names));
}

/* Names only, and only when they are others than before (R1.15). */
static void
check_secrets(struct supervisor *s)
{
    const char *names[SECRETS_MAX] = {NULL};
    const size_t len = config_missing_secrets(s->cfg, names);
    bool is_same = len == s->missing_len;

    for (size_t i = 0; i < len && is_same; i++) {
        is_same = str_eq(names[i], s->missing[i]);
    }
    memcpy(s->missing, names, sizeof names);
    s->missing_len = len;
    if (!is_same && len > 0) log_missing(s);
}

/* ---- files ----------------------------------------------------------------------------------- */

static struct fs_stat
look_at(const struct supervisor *s, const char *path)
{
    struct fs_stat st = {0};
    const struct fs *fs = s->seams.fs;

    if (fs->stat(fs->self, path, &st, NULL) != RC_OK) return (struct fs_stat){0};
    return st;
}

static void
watch(struct supervisor *s, const char *path)
{
    ASSERT(s->watched_len < WATCHED_MAX);
    struct watched *w = &s->watched[s->watched_len++];

    if (path[0] == '/')
        (void)str_copy(w->path, sizeof w->path, path);
    else
        (void)snprintf(w->path, sizeof w->path, "%s/%s", s->cfg->root,
                       path); /* cut: then nothing is there */
    w->stat = look_at(s, w->path);
}

static void
watch_files(struct supervisor *s)
{
    const char *yaml = s->opt.config.yaml_path;

    s->watched_len = 0;
    watch(s, yaml != NULL ? yaml : "config/stockbot.yaml");
    watch(s, s->cfg->supervisor.env_file);
    for (size_t i = 0; i < SERVICES; i++) {
        if (s->service[i].is_wanted) watch(s, s->service[i].program);
    }
}

static bool
has_changed(struct supervisor *s)
{
    bool yes = false;

    for (size_t i = 0; i < s->watched_len; i++) {
        struct watched *w = &s->watched[i];
        const struct fs_stat now = look_at(s, w->path);

        yes = yes || now.exists != w->stat.exists || now.size != w->stat.size ||
              now.mtime_ns != w->stat.mtime_ns || now.inode != w->stat.inode;
        w->stat = now;
    }
    return yes;
}

/* ---- public ---------------------------------------------------------------------------------- */

static void
log_issues(struct supervisor *s)
{
    for (size_t i = 0; i < config_issues(s->cfg); i++) {
        const struct config_issue issue = config_issue(s->cfg, i);

        log_event(s->seams.log, EV_CONFIG_VALUE_INVALID, F_STR("name", issue.name),
                  F_STR("default", issue.used), F_STR("why", issue.why));
    }
}

void
settings_apply(struct supervisor *s)
{
    s->limits.max_stall_ns = s->cfg->supervisor.max_stall_s * NS_PER_S;
    s->limits.grace_ns = s->cfg->supervisor.grace_s * NS_PER_S;
    watch_files(s);
    build_env(s);
    log_issues(s);
    check_secrets(s);
}

/* What was good enough before goes on: a typing error in a file must not end the day. */
static void
reread(struct supervisor *s)
{
    struct config fresh = {0};
    struct err err = {0};

    if (config_load(&s->opt.config, &fresh, &err) != RC_OK) {
        record(s, "SUPERVISOR_CONFIG_REJECTED", F_STR("error", err.text));
        log_event(s->seams.log, EV_SUPERVISOR_CONFIG_REJECTED, F_STR("error", err.text));
        return;
    }
    struct config former = s->reread;

    s->reread = fresh;
    s->cfg = &s->reread;
    settings_apply(s);
    config_done(&former);
}

bool
settings_refresh(struct supervisor *s, bool is_asked_for)
{
    if (!has_changed(s) && !is_asked_for) return false;
    reread(s);
    return true;
}

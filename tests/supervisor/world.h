/*
 * A root of its own with a real supervisor over fake programs, and questions about what it wrote.
 */
#ifndef TESTS_SUPERVISOR_WORLD_H
#define TESTS_SUPERVISOR_WORLD_H

#include "tests/supervisor/fake.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    PATIENCE_MS = 30000, /* longest wait for anything: slow machines and sanitizers */
    LOG_MAX = 1 << 20,
    ENV_MAX = 16
};

struct world {
    char root[PATH_MAX / 2];
    char bin[PATH_MAX];
    pid_t sup; /* 0 = none */
    const char *env[ENV_MAX];
    size_t env_len;
};

static inline void
world_path(const struct world *w, const char *name, char to[PATH_MAX])
{
    (void)snprintf(to, PATH_MAX, "%s/%s", w->root, name);
}

static inline void
world_write(const struct world *w, const char *name, const char *text)
{
    char path[PATH_MAX], fresh[PATH_MAX + 8];

    world_path(w, name, path);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *f = fopen(fresh, "w");

    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
    assert_int_equal(rename(fresh, path), 0);
}

static inline void
world_make_dir(const struct world *w, const char *name)
{
    char path[PATH_MAX];

    world_path(w, name, path);
    assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
}

static inline void
world_env(struct world *w, const char *entry)
{
    assert_true(w->env_len < ENV_MAX);
    w->env[w->env_len++] = entry;
}

static inline void
world_open(struct world *w)
{
    *w = (struct world){.root = "/tmp/stockbot-sup-XXXXXX"};
    assert_non_null(mkdtemp(w->root));
    world_make_dir(w, "bin");
    world_make_dir(w, "state");
    world_path(w, "bin", w->bin);
    fake_install(w->bin);
    /* Orphans of a killed supervisor become ours, so that their end can be seen. */
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    world_env(w, "SUP_GRACE_SEC=1");
    world_env(w, "MAX_STALL_SEC=2");
}

static inline void
world_keys(struct world *w)
{
    world_env(w, "UW_API_KEY=key-from-environment");
    world_env(w, "ALPACA_KEY=id-of-nobody");
    world_env(w, "ALPACA_SECRET=secret-of-nobody");
}

/* Puts the world's variables into this process's environment. */
static inline void
world_put_env(const struct world *w)
{
    for (size_t i = 0; i < w->env_len; i++) {
        char name[64];

        (void)str_copy(name, sizeof name, w->env[i]);
        name[strcspn(name, "=")] = '\0';
        (void)setenv(name, w->env[i] + strlen(name) + 1, 1);
    }
}

/* Starts the real program; extra is a further option pair or NULL; its words go to <root>/stderr.
 */
static inline pid_t
world_spawn(const struct world *w, const char *option, const char *value)
{
    const char *build = getenv("STOCKBOT_BUILD");
    char program[PATH_MAX], words[PATH_MAX];

    (void)snprintf(program, sizeof program, "%s/deploy_supervisor",
                   build == NULL ? "build" : build);
    world_path(w, "stderr", words);
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0) return pid;
    world_put_env(w);
    if (freopen(words, "a", stderr) == NULL || freopen("/dev/null", "a", stdout) == NULL) _exit(99);
    (void)execl(program, program, "--root", w->root, "--bin-dir", w->bin, option, value,
                (char *)NULL);
    _exit(98);
}

static inline void
world_start(struct world *w)
{
    w->sup = world_spawn(w, NULL, NULL);
}

/* Exit status, or minus the signal. */
static inline int
world_wait_end(pid_t pid)
{
    int status = 0;

    for (int ms = 0; ms < PATIENCE_MS; ms += 5) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        fake_pause_ms(5);
    }
    fail_msg("process %d does not end", (int)pid);
    return 0;
}

static inline int
world_stop(struct world *w, int signum)
{
    const pid_t pid = w->sup;

    w->sup = 0;
    assert_int_equal(kill(pid, signum), 0);
    return world_wait_end(pid);
}

static inline int
world_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void
world_close(struct world *w)
{
    if (w->sup > 0) (void)world_stop(w, SIGTERM);
    (void)nftw(w->root, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what was written ------------------------------------------------------------------------ */

static inline const char *
world_read(const struct world *w, const char *name)
{
    static char text[LOG_MAX];
    char path[PATH_MAX];

    world_path(w, name, path);
    FILE *f = fopen(path, "r");

    text[0] = '\0';
    if (f == NULL) return text;
    const size_t n = fread(text, 1, sizeof text - 1, f);

    text[n] = '\0';
    (void)fclose(f);
    return text;
}

static inline int
world_count(const struct world *w, const char *name, const char *what)
{
    int n = 0;

    for (const char *at = world_read(w, name); (at = strstr(at, what)) != NULL;
         at += strlen(what)) {
        n++;
    }
    return n;
}

/* How often the event stands in supervisor.jsonl. */
static inline int
world_events(const struct world *w, const char *event)
{
    char what[80];

    (void)snprintf(what, sizeof what, "\"event\":\"%s\"", event);
    return world_count(w, "logs/supervisor.jsonl", what);
}

/* Waits until the text stands n times in the file. */
static inline void
world_await_text(const struct world *w, const char *name, const char *what, int n)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 5) {
        if (world_count(w, name, what) >= n) return;
        fake_pause_ms(5);
    }
    fail_msg("%s has \"%s\" only %d times, wanted %d; it says:\n%s", name, what,
             world_count(w, name, what), n, world_read(w, name));
}

static inline void
world_await(const struct world *w, const char *event, int n)
{
    char what[80];

    (void)snprintf(what, sizeof what, "\"event\":\"%s\"", event);
    world_await_text(w, "logs/supervisor.jsonl", what, n);
}

/* The engine's pid by its lock file. */
static inline pid_t
world_engine(const struct world *w)
{
    int64_t pid = 0;
    char text[32];

    world_await_text(w, "state/engine.lock", "pid=", 1);
    (void)str_copy(text, sizeof text, world_read(w, "state/engine.lock") + 4);
    text[strcspn(text, " \n")] = '\0';
    assert_true(str_to_i64(text, &pid) && pid > 1);
    return (pid_t)pid;
}

static inline void
world_await_health(const struct world *w, const char *what)
{
    world_await_text(w, "state/health.json", what, 1);
}

#endif

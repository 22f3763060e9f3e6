/*
 * A command of `stockbot` run as an operator runs it, in a process of its own: arguments and
 * environment in, exit code, standard output and standard error out.
 */
#ifndef TESTS_SCRIPTS_RUN_H
#define TESTS_SCRIPTS_RUN_H

#include "tests/lib/check.h"

#include "base/json.h"

enum { RUN_ARGS_MAX = 24, RUN_ENV_MAX = 12 };

struct ran {
    int status; /* negative: the signal that ended it */
    struct text out, err;
};

UNUSED static void
ran_free(struct ran *r)
{
    text_free(&r->out);
    text_free(&r->err);
}

UNUSED static void
run_read(FILE *f, struct text *to)
{
    char buf[4096];
    size_t n = 0;

    rewind(f);
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        text_add(to, buf, n);
    (void)fclose(f);
}

/* args and env ("NAME=value") end with NULL; args[0] is the command's name.  Settings of the
 * surroundings do not get in. */
UNUSED static struct ran
run_command(int (*command)(int argc, char **argv), const char *const *args, const char *const *env)
{
    static const char *const foreign[] = {
        "UW_API_KEY",     "UW_BASE_URL",           "UW_SPEC_PATH",
        "STOCKBOT_ROOT",  "STOCKBOT_CONFIG",       "STOCKBOT_CLOCK",
        "UW_MOCK",        "DAEMON_HEALTH_MOCK",    "TICKERS",
        "UW_DAILY_LIMIT", "DAEMON_HEALTH_SCENARIO"};
    FILE *out = tmpfile(), *err = tmpfile();
    struct ran r = {0};
    int status = 0;

    assert_true(out != NULL && err != NULL);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        static char words[RUN_ARGS_MAX][1024];
        char *argv[RUN_ARGS_MAX + 1] = {NULL};
        char here[512];
        int argc = 0;

        /* The shipped files lie in the source root, where tests run. */
        if (getcwd(here, sizeof here) == NULL || setenv("STOCKBOT_SHARE", here, 1) != 0) _exit(97);
        for (size_t i = 0; i < COUNT_OF(foreign); i++)
            (void)unsetenv(foreign[i]);
        for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
            static char vars[RUN_ENV_MAX][1024];
            (void)str_copy(vars[i], sizeof vars[i], env[i]);
            if (putenv(vars[i]) != 0) _exit(99);
        }
        for (; args[argc] != NULL && argc < RUN_ARGS_MAX; argc++) {
            (void)str_copy(words[argc], sizeof words[argc], args[argc]);
            argv[argc] = words[argc];
        }
        if (dup2(fileno(out), STDOUT_FILENO) < 0 || dup2(fileno(err), STDERR_FILENO) < 0) _exit(98);
        status = command(argc, argv);
        (void)fflush(NULL);
        _exit(status);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    run_read(out, &r.out);
    run_read(err, &r.err);
    return r;
}

UNUSED static void
run_expect(const struct ran *r, int status, const char *out_part, const char *err_part)
{
    if (r->status != status || strstr(text_str(&r->out), out_part) == NULL ||
        strstr(text_str(&r->err), err_part) == NULL)
        fail_msg("status %d, wanted %d\nout: %s\nerr: %s", r->status, status, text_str(&r->out),
                 text_str(&r->err));
}

UNUSED static struct json *
run_json(const struct text *t)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text_str(t), t->len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s in %s", err.text, text_str(t));
    return doc;
}

#endif

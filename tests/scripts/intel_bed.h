/*
 * The intel runners as an operator calls them: in a root of their own, against a vendor on a
 * loopback port, at an instant that the test names.
 */
#ifndef TESTS_SCRIPTS_INTEL_BED_H
#define TESTS_SCRIPTS_INTEL_BED_H

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"
#include "tests/scripts/served.h"

#include <sys/stat.h>

#include "intel/schema.h"
#include "scripts/command.h"

#define BED_AS_OF "2026-02-10T13:00:00Z"

enum { BED_TEXT = 96 };

struct bed {
    struct tmpdir dir;
    char base_url[BED_TEXT], data_url[BED_TEXT], trading_url[BED_TEXT];
    const char *env[RUN_ENV_MAX + 1];
};

UNUSED static void
bed_mkdir(const struct bed *b, const char *path)
{
    assert_int_equal(mkdir(tmpdir_path(&b->dir, path), 0750), 0);
}

UNUSED static struct bed
bed_open(void)
{
    struct bed b = {.dir = tmpdir_new()};

    bed_mkdir(&b, "state");
    bed_mkdir(&b, "logs");
    return b;
}

UNUSED static void
bed_close(struct bed *b)
{
    tmpdir_done(&b->dir);
}

/* Settings for a vendor and a broker on that port; more: one variable beside, or NULL. */
UNUSED static void
bed_point(struct bed *b, int port, const char *more)
{
    size_t n = 0;

    (void)snprintf(b->base_url, sizeof b->base_url, "UW_BASE_URL=http://127.0.0.1:%d", port);
    (void)snprintf(b->data_url, sizeof b->data_url, "ALPACA_DATA_URL=http://127.0.0.1:%d", port);
    (void)snprintf(b->trading_url, sizeof b->trading_url, "ALPACA_BASE_URL=http://127.0.0.1:%d",
                   port);
    b->env[n++] = b->base_url;
    b->env[n++] = b->data_url;
    b->env[n++] = b->trading_url;
    b->env[n++] = "UW_API_KEY=uw";
    b->env[n++] = "ALPACA_KEY=key";
    b->env[n++] = "ALPACA_SECRET=secret";
    /* Pauses between attempts and full minutes take next to no real time. */
    b->env[n++] = "STOCKBOT_CLOCK=2026-02-10T15:00:00Z@1000";
    if (more != NULL) b->env[n++] = more;
    b->env[n] = NULL;
}

/* One more setting, or another value for one. */
UNUSED static void
bed_set(struct bed *b, const char *setting)
{
    size_t n = 0;

    while (b->env[n] != NULL)
        n++;
    assert_true(n < RUN_ENV_MAX);
    b->env[n] = setting;
    b->env[n + 1] = NULL;
}

UNUSED static struct ran
bed_run_args(const struct bed *b, int (*command)(int, char **), const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"runner", "--root", b->dir.path, "--as-of", BED_AS_OF};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[5 + i] = extra[i];
    return run_command(command, args, b->env);
}

#define BED_RUN(b, command, ...)                                                                   \
    bed_run_args((b), (command), (const char *const[]){__VA_ARGS__, NULL})

UNUSED static struct json *
bed_doc(const struct bed *b, const char *path)
{
    CLEANUP(text_free) struct text bytes = tmpdir_read(&b->dir, path);

    return run_json(&bytes);
}

UNUSED static bool
bed_has(const struct bed *b, const char *path)
{
    return access(tmpdir_path(&b->dir, path), F_OK) == 0;
}

UNUSED static void
bed_expect_sound(const struct bed *b, const char *path, enum schema schema)
{
    CLEANUP(json_freep) struct json *doc = bed_doc(b, path);
    struct err err = {0};

    if (schema_check(schema, doc, &err) != RC_OK) fail_msg("%s: %s", path, err.text);
}

/* The summary line of a run with --json. */
UNUSED static struct json *
bed_summary(const struct ran *r)
{
    if (r->status != 0) fail_msg("status %d: %s", r->status, text_str(&r->err));
    return run_json(&r->out);
}

#endif

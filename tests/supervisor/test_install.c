/* deploy/install into an empty folder: what a package would hold, and that it runs from there. */

#include "base/text.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static const char *
build_dir(void)
{
    const char *build = getenv("STOCKBOT_BUILD");

    return build == NULL ? "build" : build;
}

static int
install(const char *destdir, const char *prefix, const char *build)
{
    int status = 0;
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        (void)execl("deploy/install", "deploy/install", destdir, prefix, build, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static mode_t
mode_of(const char *destdir, const char *path)
{
    char full[PATH_MAX];
    struct stat st;

    (void)snprintf(full, sizeof full, "%s%s", destdir, path);
    if (stat(full, &st) != 0) fail_msg("%s is not there", path);
    return st.st_mode & 07777;
}

static void
read_file(const char *destdir, const char *path, char *buf, size_t size)
{
    char full[PATH_MAX];

    (void)snprintf(full, sizeof full, "%s%s", destdir, path);
    FILE *f = fopen(full, "r");

    buf[0] = '\0';
    assert_non_null(f);
    if (f == NULL) return;
    buf[fread(buf, 1, size - 1, f)] = '\0';
    (void)fclose(f);
}

static bool
is_built(void)
{
    static const char *const PROGRAMS[] = {"deploy_supervisor", "trading_engine", "uw_flow_daemon",
                                           "market_sim", "stockbot"};

    for (size_t i = 0; i < COUNT_OF(PROGRAMS); i++) {
        char path[PATH_MAX];

        (void)snprintf(path, sizeof path, "%s/%s", build_dir(), PROGRAMS[i]);
        if (access(path, X_OK) != 0) return false;
    }
    return true;
}

static void
test_install_puts_everything_in_its_place(void **state)
{
    static const struct {
        const char *path;
        mode_t mode;
    } files[] = {
        {"/opt/bot/bin/deploy_supervisor",                           0755},
        {"/opt/bot/bin/trading_engine",                              0755},
        {"/opt/bot/bin/uw_flow_daemon",                              0755},
        {"/opt/bot/bin/market_sim",                                  0755},
        {"/opt/bot/bin/stockbot",                                    0755},
        {"/opt/bot/share/stockbot/unusual_whales_api/api_spec.yaml", 0644},
        {"/opt/bot/share/stockbot/config/theme_risk.json",           0644},
        {"/opt/bot/share/stockbot/config/sector_profiles.json",      0644},
        {"/opt/bot/share/man/man8/deploy_supervisor.8",              0644},
        {"/opt/bot/lib/systemd/system/stockbot-supervisor.service",  0644},
        {"/opt/bot/lib/systemd/system/uw-flow-daemon.service",       0644},
        {"/opt/bot/lib/sysusers.d/stockbot.conf",                    0644},
        {"/opt/bot/lib/tmpfiles.d/stockbot.conf",                    0644},
        {"/etc/stockbot/stockbot.yaml",                              0644},
        {"/etc/stockbot/stockbot.env",                               0600},
    };
    char dest[] = "/tmp/stockbot-install-XXXXXX", text[8192], program[PATH_MAX];

    (void)state;
    if (!is_built()) {
        (void)printf("skipped: not all programs are built\n");
        skip();
    }
    assert_non_null(mkdtemp(dest));
    assert_int_equal(install(dest, "/opt/bot", build_dir()), 0);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        assert_int_equal(mode_of(dest, files[i].path), files[i].mode);
    }
    read_file(dest, "/opt/bot/lib/systemd/system/stockbot-supervisor.service", text, sizeof text);
    assert_non_null(strstr(text, "ExecStart=/opt/bot/bin/deploy_supervisor\n"));
    assert_null(strstr(text, "@PREFIX@"));
    (void)snprintf(program, sizeof program, "%s/opt/bot/bin/deploy_supervisor --version >/dev/null",
                   dest);
    /* NOLINTNEXTLINE(cert-env33-c,bugprone-command-processor): our own path */
    int status = system(program);
    assert_int_equal(status, 0);
    (void)nftw(dest, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
test_install_never_writes_over_settings_and_secrets(void **state)
{
    char dest[] = "/tmp/stockbot-install-XXXXXX", path[PATH_MAX], text[64];

    (void)state;
    if (!is_built()) {
        (void)printf("skipped: not all programs are built\n");
        skip();
    }
    assert_non_null(mkdtemp(dest));
    assert_int_equal(install(dest, "/usr", build_dir()), 0);
    (void)snprintf(path, sizeof path, "%s/etc/stockbot/stockbot.env", dest);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    if (f == NULL) return;
    (void)fputs("UW_API_KEY=mine\n", f);
    (void)fclose(f);
    assert_int_equal(install(dest, "/usr", build_dir()), 0);
    read_file(dest, "/etc/stockbot/stockbot.env", text, sizeof text);
    assert_string_equal(text, "UW_API_KEY=mine\n");
    (void)nftw(dest, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
test_install_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    assert_int_equal(install("/tmp", "", build_dir()), 2);
    assert_int_equal(install("/tmp", "usr", build_dir()), 2);
    assert_int_equal(install("/tmp", "/usr", "/tmp/no-such-build"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_install_puts_everything_in_its_place),
        cmocka_unit_test(test_install_never_writes_over_settings_and_secrets),
        cmocka_unit_test(test_install_refuses_what_it_cannot_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

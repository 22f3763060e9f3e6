/*
 * The flow daemon's unit, put where systemd looks (spec 20 3.13): from the one file of the source
 * tree, into an image, and with a systemctl that only notes what it is asked.
 */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include <sys/stat.h>

#include "scripts/command.h"

#define UNIT "etc/systemd/system/uw-flow-daemon.service"

static struct ran
install(const char *root, const char *const *more)
{
    const char *args[RUN_ARGS_MAX] = {"install_uw_flow_daemon_systemd", "--prefix", "/opt/bot"};
    size_t n = 3;

    if (root != NULL) {
        args[n++] = "--root";
        args[n++] = root;
    }
    for (; more != NULL && *more != NULL; more++)
        args[n++] = *more;
    return run_command(cmd_install_uw_flow_daemon_systemd, args, NULL);
}

/* An image with the daemon in it. */
static void
make_image(const struct tmpdir *dir)
{
    static const char *const FOLDERS[] = {"opt", "opt/bot", "opt/bot/bin"};

    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++)
        assert_int_equal(mkdir(tmpdir_path(dir, FOLDERS[i]), 0755), 0);
    tmpdir_write(dir, "opt/bot/bin/uw_flow_daemon", "#!/bin/sh\n");
    assert_int_equal(chmod(tmpdir_path(dir, "opt/bot/bin/uw_flow_daemon"), 0755), 0);
}

static void
test_install_daemon_writes_the_unit_into_an_image(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text shipped = {0};
    struct stat st;

    (void)state;
    make_image(&dir);
    CLEANUP(ran_free) struct ran r = install(dir.path, NULL);
    run_expect(&r, 0, UNIT " written\n", "");
    assert_null(strstr(text_str(&r.out), "daemon-reload"));
    CLEANUP(text_free) struct text unit = tmpdir_read(&dir, UNIT);
    assert_non_null(strstr(text_str(&unit), "\nExecStart=/opt/bot/bin/uw_flow_daemon\n"));
    assert_null(strstr(text_str(&unit), "@PREFIX@"));
    check_read_file("deploy/systemd/uw-flow-daemon.service", &shipped);
    const char *differs = strstr(text_str(&shipped), "@PREFIX@");
    assert_non_null(differs);
    assert_memory_equal(text_str(&shipped), text_str(&unit), (size_t)(differs - shipped.data));
    assert_int_equal(stat(tmpdir_path(&dir, UNIT), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    CLEANUP(ran_free) struct ran again = install(dir.path, NULL);
    run_expect(&again, 0, UNIT " is up to date\n", "");
    assert_int_equal(tmpdir_count(&dir, "etc/systemd/system"), 1); /* nothing beside it */
}

static void
test_install_daemon_unit_says_what_the_specification_wants(void **state)
{
    static const char *const LINES[] = {
        "\nAfter=network-online.target",
        "\nWants=network-online.target\n",
        "\nWorkingDirectory=",
        "\nRestart=on-failure\n",
        "\nRestartSec=5s\n",
        "\nUMask=0027\n",
        "\nNoNewPrivileges=yes\n",
        "\nWantedBy=multi-user.target\n",
        "\nTimeoutStopSec=",
        "\nEnvironment=ENV_FILE=",
    };
    static const char *const dry[] = {"--dry-run", NULL};
    CLEANUP(ran_free) struct ran r = install(NULL, dry);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(LINES); i++)
        run_expect(&r, 0, LINES[i], "");
    assert_null(strstr(text_str(&r.out), "KillSignal=")); /* SIGTERM is what it is without */
}

static void
test_install_daemon_dry_run_shows_and_changes_nothing(void **state)
{
    static const char *const dry[] = {"--dry-run", "--systemctl", "/no/such/systemctl", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran image = install(dir.path, dry);
    CLEANUP(ran_free) struct ran here = install(NULL, dry);

    (void)state;
    run_expect(&image, 0, "\nExecStart=/opt/bot/bin/uw_flow_daemon\n", "");
    assert_int_equal(tmpdir_count(&dir, ""), 0);
    run_expect(&here, 0, "# /" UNIT "\n", "");
    run_expect(&here, 0,
               "/no/such/systemctl daemon-reload\n"
               "/no/such/systemctl enable uw-flow-daemon.service\n"
               "/no/such/systemctl restart uw-flow-daemon.service\n"
               "/no/such/systemctl is-active uw-flow-daemon.service\n",
               "");
}

static void
test_install_daemon_wants_the_programs_first(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = install(dir.path, NULL);

    (void)state;
    run_expect(&r, 1, "", "/opt/bot/bin/uw_flow_daemon is not there: make install first");
    assert_int_equal(tmpdir_count(&dir, ""), 0);
}

static void
test_install_daemon_without_a_unit_file_says_so(void **state)
{
    static const char *const nowhere[] = {"STOCKBOT_SHARE=/nonexistent", NULL};
    const char *args[] = {"install_uw_flow_daemon_systemd", "--dry-run", "--prefix", "/no/such",
                          NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_install_uw_flow_daemon_systemd, args, nowhere);

    (void)state;
    run_expect(&r, 1, "", "no unit file: neither");
    run_expect(&r, 1, "", "/no/such/lib/systemd/system/uw-flow-daemon.service");
}

static int
as_nobody(int argc, char **argv)
{
    if (geteuid() == 0 && seteuid(65534) != 0) return 99;
    return cmd_install_uw_flow_daemon_systemd(argc, argv);
}

static void
test_install_daemon_is_for_root(void **state)
{
    const char *args[] = {"install_uw_flow_daemon_systemd", NULL};
    CLEANUP(ran_free) struct ran r = run_command(as_nobody, args, NULL);

    (void)state;
    run_expect(&r, 1, "", "only root may");
}

/* The order of the commands, and that the first failure ends it with its status. */
static void
test_install_daemon_talks_to_systemd_until_something_fails(void **state)
{
    static const struct {
        const char *fails;
        int status, commands;
    } cases[] = {
        {"none",          0, 4},
        {"daemon-reload", 7, 1},
        {"enable",        7, 2},
        {"restart",       7, 3},
        {"is-active",     7, 4},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(text_free) struct text script = {0};
        const char *const more[] = {"--systemctl", tmpdir_path(&dir, "systemctl"), NULL};
        static const char WANTED[] = "daemon-reload\nenable uw-flow-daemon.service\n"
                                     "restart uw-flow-daemon.service\n"
                                     "is-active uw-flow-daemon.service\n";

        make_image(&dir);
        text_printf(&script, "#!/bin/sh\necho \"$*\" >>'%s'\n[ \"$1\" != %s ] || exit 7\n",
                    tmpdir_path(&dir, "said"), cases[i].fails);
        tmpdir_write(&dir, "systemctl", text_str(&script));
        assert_int_equal(chmod(tmpdir_path(&dir, "systemctl"), 0755), 0);
        CLEANUP(ran_free) struct ran r = install(dir.path, more);
        run_expect(&r, cases[i].status, UNIT " written\n", cases[i].status != 0 ? "status 7" : "");
        CLEANUP(text_free) struct text said = tmpdir_read(&dir, "said");
        int lines = 0;
        for (const char *at = text_str(&said); *at != '\0'; at++)
            lines += *at == '\n';
        assert_int_equal(lines, cases[i].commands);
        assert_memory_equal(text_str(&said), WANTED, said.len);
    }
}

static void
test_install_daemon_refuses_wrong_usage(void **state)
{
    static const struct {
        const char *args[5];
        int status;
        const char *err;
    } cases[] = {
        {{"x", "--no-such"},                64, ""                            },
        {{"x", "surplus"},                  64, "usage:"                      },
        {{"x", "--prefix", "usr"},          64, "--prefix must be absolute"   },
        {{"x", "--root", "image"},          64, "--root must be absolute"     },
        {{"x", "--systemctl", "systemctl"}, 64, "--systemctl must be absolute"},
        {{"x", "--root"},                   64, ""                            },
        {{"x", "--help"},                   0,  ""                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free)
        struct ran r = run_command(cmd_install_uw_flow_daemon_systemd, cases[i].args, NULL);
        run_expect(&r, cases[i].status, "", cases[i].err);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_install_daemon_writes_the_unit_into_an_image),
        cmocka_unit_test(test_install_daemon_unit_says_what_the_specification_wants),
        cmocka_unit_test(test_install_daemon_dry_run_shows_and_changes_nothing),
        cmocka_unit_test(test_install_daemon_wants_the_programs_first),
        cmocka_unit_test(test_install_daemon_without_a_unit_file_says_so),
        cmocka_unit_test(test_install_daemon_is_for_root),
        cmocka_unit_test(test_install_daemon_talks_to_systemd_until_something_fails),
        cmocka_unit_test(test_install_daemon_refuses_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

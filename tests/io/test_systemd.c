/*
 * The service manager, asked: a scripted one on a bus of the test's own, none at all, one that
 * accepts and says nothing, and `systemctl` in its moods.
 */
#include "tests/lib/check.h"
#include "tests/lib/tmpdir.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include "io/clock.h"
#include "io/systemd.h"

#define UNIT "uw-flow-daemon.service"
#define PATH "/org/freedesktop/systemd1/unit/uw_2dflow_2ddaemon_2eservice"

/* ---- a bus of our own: whoever connects talks to the manager directly ----------------------- */

static int
get_word(sd_bus *bus, const char *path, const char *iface, const char *property,
         sd_bus_message *reply, void *data, sd_bus_error *error)
{
    (void)bus;
    (void)path;
    (void)iface;
    (void)data;
    (void)error;
    const char *word = str_eq(property, "ActiveState") ? "activating"
                       : str_eq(property, "SubState")  ? "auto-restart"
                                                       : "exit-code";
    return sd_bus_message_append(reply, "s", word);
}

static int
get_number(sd_bus *bus, const char *path, const char *iface, const char *property,
           sd_bus_message *reply, void *data, sd_bus_error *error)
{
    (void)bus;
    (void)path;
    (void)iface;
    (void)data;
    (void)error;
    return sd_bus_message_append(reply, "u", str_eq(property, "NRestarts") ? 25U : 4711U);
}

static int
hello(sd_bus_message *m, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    return sd_bus_reply_method_return(m, "s", ":1.1");
}

static const sd_bus_vtable BUS_TABLE[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Hello", NULL, "s", hello, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable UNIT_TABLE[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("ActiveState", "s", get_word, 0, 0),
    SD_BUS_PROPERTY("SubState", "s", get_word, 0, 0),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable SERVICE_TABLE[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Result", "s", get_word, 0, 0),
    SD_BUS_PROPERTY("ExecMainPID", "u", get_number, 0, 0),
    SD_BUS_PROPERTY("NRestarts", "u", get_number, 0, 0),
    SD_BUS_VTABLE_END,
};

/* Serves one connection. knows_unit: false stands for a manager that refuses to tell. */
static void
serve(int listener, bool knows_unit)
{
    sd_bus *bus = NULL;
    sd_id128_t id = {{1}};
    int fd = accept(listener, NULL, NULL);

    if (fd < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0) _exit(3);
    if (sd_bus_set_server(bus, 1, id) < 0 || sd_bus_set_anonymous(bus, 1) < 0) _exit(4);
    if (sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                 BUS_TABLE, NULL) < 0)
        _exit(5);
    if (knows_unit && (sd_bus_add_object_vtable(bus, NULL, PATH, "org.freedesktop.systemd1.Unit",
                                                UNIT_TABLE, NULL) < 0 ||
                       sd_bus_add_object_vtable(bus, NULL, PATH, "org.freedesktop.systemd1.Service",
                                                SERVICE_TABLE, NULL) < 0))
        _exit(6);
    if (sd_bus_start(bus) < 0) _exit(7);
    for (;;) {
        int r = sd_bus_process(bus, NULL);
        if (r == 0) r = sd_bus_wait(bus, 1000000);
        if (r < 0) _exit(0); /* the client has left */
    }
}

struct fake_bus {
    struct tmpdir dir;
    int listener;
    pid_t pid;
};

enum mood { KNOWS_UNIT, REFUSES, SILENT };

static void
bus_start(struct fake_bus *b, enum mood mood)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char address[256];

    b->dir = tmpdir_new();
    b->pid = 0;
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", tmpdir_path(&b->dir, "bus"));
    b->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(b->listener >= 0);
    assert_int_equal(bind(b->listener, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(b->listener, 4), 0);
    (void)snprintf(address, sizeof address, "unix:path=%s", at.sun_path);
    assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
    if (mood == SILENT) return; /* the backlog accepts, nobody answers */
    b->pid = fork();
    if (b->pid == 0) serve(b->listener, mood == KNOWS_UNIT);
    assert_true(b->pid > 0);
}

static void
bus_end(struct fake_bus *b)
{
    if (b->pid > 0) {
        (void)kill(b->pid, SIGKILL);
        assert_int_equal(waitpid(b->pid, NULL, 0), b->pid);
    }
    (void)close(b->listener);
    (void)unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    tmpdir_done(&b->dir);
}

/* ---- the tests ----------------------------------------------------------------------------- */

static struct sys_clock sys_clock;
static struct clock clock_;

static enum rc
ask(struct unit_state *ret_unit, struct err *err)
{
    struct systemd s = {.clock = &clock_};
    struct service_manager m = systemd_seam(&s);

    return m.unit(m.self, UNIT, ret_unit, err);
}

static void
test_systemd_reads_the_properties_of_a_unit(void **state)
{
    struct fake_bus bus;
    struct unit_state u = {0};
    struct err err = {0};

    (void)state;
    bus_start(&bus, KNOWS_UNIT);
    if (ask(&u, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(u.main_pid, 4711);
    assert_int_equal(u.restarts, 25);
    assert_string_equal(u.active, "activating");
    assert_string_equal(u.sub, "auto-restart");
    assert_string_equal(u.result, "exit-code");
    bus_end(&bus);
}

static void
test_systemd_says_which_property_was_refused(void **state)
{
    struct fake_bus bus;
    struct unit_state u = {.main_pid = 7};
    struct err err = {0};

    (void)state;
    bus_start(&bus, REFUSES);
    assert_int_equal(ask(&u, &err), RC_IO);
    assert_non_null(strstr(err.text, UNIT));
    assert_non_null(strstr(err.text, "ActiveState"));
    assert_int_equal(u.main_pid, 7); /* written only on success */
    bus_end(&bus);
}

static void
test_systemd_no_bus_is_an_answer(void **state)
{
    struct unit_state u = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1), 0);
    assert_int_equal(ask(&u, &err), RC_NOT_FOUND);
    assert_non_null(strstr(err.text, "system bus"));
    (void)unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

/* A clock whose every look is a second later: the deadline comes without waiting for it. */
static int64_t hurried_ns;

static int64_t
hurried_mono(void *self)
{
    (void)self;
    hurried_ns += NS_PER_S;
    return hurried_ns;
}

static void
test_systemd_a_bus_that_says_nothing_ends_at_the_deadline(void **state)
{
    struct clock hurried = {.mono_ns = hurried_mono};
    struct systemd s = {.clock = &hurried};
    struct service_manager m = systemd_seam(&s);
    struct unit_state u = {0};
    struct err err = {0};
    struct fake_bus bus;

    (void)state;
    bus_start(&bus, SILENT);
    hurried_ns = 4 * NS_PER_S; /* so that little real time is left to wait for */
    assert_int_equal(m.unit(m.self, UNIT, &u, &err), RC_TIMEOUT);
    bus_end(&bus);
}

/* ---- restart ------------------------------------------------------------------------------- */

static enum rc
restart(const struct tmpdir *dir, const char *script, int64_t limit_ms, struct text *ret_output,
        struct err *err)
{
    CLEANUP(text_free) struct text body = {0};
    struct systemd s = {
        .clock = &clock_, .systemctl = tmpdir_path(dir, "systemctl"), .restart_ms = limit_ms};
    struct service_manager m = systemd_seam(&s);

    text_printf(&body, "#!/bin/sh\n%s\n", script);
    tmpdir_write(dir, "systemctl", text_str(&body));
    assert_int_equal(chmod(s.systemctl, 0700), 0);
    return m.restart(m.self, UNIT, ret_output, err);
}

static void
test_systemd_restart_says_what_systemctl_said(void **state)
{
    static const struct {
        const char *name, *script;
        int64_t limit_ms;
        enum rc rc;
        const char *output, *error;
    } cases[] = {
        {"done",       "echo \"$@\"",                    5000, RC_OK,      "--no-ask-password restart " UNIT "\n", ""            },
        {"refused",    "echo Access denied >&2; exit 4", 5000, RC_IO,      "Access denied\n",                      "status 4"    },
        {"killed",     "kill -9 $$",                     5000, RC_IO,      "",                                     "status -9"   },
        {"never ends", "echo begun; exec sleep 600",     300,  RC_TIMEOUT, "begun\n",                              "no end after"},
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text output = {0};
        struct err err = {0};
        enum rc rc = restart(&dir, cases[i].script, cases[i].limit_ms, &output, &err);

        if (rc != cases[i].rc || !str_eq(text_str(&output), cases[i].output) ||
            strstr(err.text, cases[i].error) == NULL)
            fail_msg("%s: %s, said %s, %s", cases[i].name, rc_name(rc), text_str(&output),
                     err.text);
    }
}

static void
test_systemd_restart_keeps_the_end_of_a_long_output(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text output = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(restart(&dir, "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done",
                             5000, &output, &err),
                     RC_OK);
    assert_int_equal(output.len, SYSTEMD_OUTPUT_MAX);
    assert_true(str_ends(text_str(&output), "line 498\nline 499\n"));
}

static void
test_systemd_restart_without_systemctl_is_an_error(void **state)
{
    CLEANUP(text_free) struct text output = {0};
    struct systemd s = {.clock = &clock_, .systemctl = "/nonexistent/systemctl"};
    struct service_manager m = systemd_seam(&s);
    struct err err = {0};

    (void)state;
    assert_int_equal(m.restart(m.self, UNIT, &output, &err), RC_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/systemctl"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_systemd_reads_the_properties_of_a_unit),
        cmocka_unit_test(test_systemd_says_which_property_was_refused),
        cmocka_unit_test(test_systemd_no_bus_is_an_answer),
        cmocka_unit_test(test_systemd_a_bus_that_says_nothing_ends_at_the_deadline),
        cmocka_unit_test(test_systemd_restart_says_what_systemctl_said),
        cmocka_unit_test(test_systemd_restart_keeps_the_end_of_a_long_output),
        cmocka_unit_test(test_systemd_restart_without_systemctl_is_an_error),
    };
    struct clock_options opt = {0};
    struct err err = {0};

    if (clock_open(&opt, &sys_clock, &err) != RC_OK) return 1;
    clock_ = clock_seam(&sys_clock);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

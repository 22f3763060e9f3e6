#include "io/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "io/child.h"

#define MANAGER      "org.freedesktop.systemd1"
#define UNIT_FOLDER  "/org/freedesktop/systemd1/unit"
#define UNIT_IFACE   MANAGER ".Unit"
#define SERVICE_PART MANAGER ".Service"

/* ---- properties over the bus --------------------------------------------------------------- */

static void
bus_done(sd_bus **bus)
{
    (void)sd_bus_close_unrefp(bus);
}

/* Connecting has a deadline of its own: the library would wait a minute and a half for a socket
 * that accepts and says nothing. */
static enum rc
bus_open(const struct clock *clock, int64_t deadline_ns, sd_bus **ret_bus, struct err *err)
{
    int r = sd_bus_open_system(ret_bus);

    if (r < 0) return err_sys(err, RC_NOT_FOUND, -r, "system bus");
    while ((r = sd_bus_is_ready(*ret_bus)) == 0) {
        int64_t left_ns = deadline_ns - clock_mono(clock);
        if (left_ns <= 0) return err_set(err, RC_TIMEOUT, "system bus: no answer in time");
        r = sd_bus_process(*ret_bus, NULL);
        if (r == 0) r = sd_bus_wait(*ret_bus, (uint64_t)(left_ns / NS_PER_US));
        if (r < 0 && r != -EINTR) break;
    }
    if (r < 0 && r != -EINTR) return err_sys(err, RC_IO, -r, "system bus");
    int64_t left_us = MAX(deadline_ns - clock_mono(clock), NS_PER_MS) / NS_PER_US;
    (void)sd_bus_set_method_call_timeout(*ret_bus, (uint64_t)left_us); /* cannot fail on a bus */
    return RC_OK;
}

/* One unit as the bus names it; says which property could not be had. */
struct question {
    sd_bus *bus;
    const char *path;
    struct err *err;
    enum rc rc;
};

static bool
failed(struct question *q, int r, const sd_bus_error *e, const char *property)
{
    if (r >= 0) return false;
    const char *why = e->message != NULL ? e->message : e->name;
    enum rc rc = r == -ETIMEDOUT ? RC_TIMEOUT : RC_IO;

    q->rc = why != NULL ? err_set(q->err, rc, "%s: %s", property, why)
                        : err_sys(q->err, rc, -r, "%s", property);
    return true;
}

static void
ask_word(struct question *q, const char *iface, const char *property, char ret[UNIT_WORD_MAX])
{
    CLEANUP(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
    char *word = NULL;

    if (q->rc != RC_OK) return;
    int r = sd_bus_get_property_string(q->bus, MANAGER, q->path, iface, property, &e, &word);
    if (!failed(q, r, &e, property)) (void)str_copy(ret, UNIT_WORD_MAX, word); /* words are short */
    free(word);
}

static int64_t
ask_number(struct question *q, const char *property)
{
    CLEANUP(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
    uint32_t number = 0;

    if (q->rc != RC_OK) return 0;
    int r = sd_bus_get_property_trivial(q->bus, MANAGER, q->path, SERVICE_PART, property, &e, 'u',
                                        &number);
    return failed(q, r, &e, property) ? 0 : (int64_t)number;
}

static enum rc
seam_unit(void *self, const char *unit, struct unit_state *ret_unit, struct err *err)
{
    const struct systemd *s = self;
    CLEANUP(bus_done) sd_bus *bus = NULL;
    int64_t deadline_ns = clock_mono(s->clock) + SYSTEMD_ASK_MS * NS_PER_MS;
    char *path = NULL;
    struct unit_state u = {0};
    enum rc rc = bus_open(s->clock, deadline_ns, &bus, err);

    if (rc != RC_OK) return rc;
    if (sd_bus_path_encode(UNIT_FOLDER, unit, &path) < 0)
        return err_set(err, RC_NOMEM, "out of memory");
    struct question q = {.bus = bus, .path = path, .err = err};
    ask_word(&q, UNIT_IFACE, "ActiveState", u.active);
    ask_word(&q, UNIT_IFACE, "SubState", u.sub);
    ask_word(&q, SERVICE_PART, "Result", u.result);
    u.main_pid = ask_number(&q, "ExecMainPID");
    u.restarts = ask_number(&q, "NRestarts");
    free(path);
    if (q.rc != RC_OK) return err_wrap(err, "%s", unit);
    *ret_unit = u;
    return RC_OK;
}

/* ---- the journal --------------------------------------------------------------------------- */

static void
journal_done(sd_journal **j)
{
    if (*j != NULL) sd_journal_close(*j);
}

static enum rc
journal_open_unit(const char *unit, sd_journal **ret_journal, struct err *err)
{
    char match[256];
    int r = sd_journal_open(ret_journal, SD_JOURNAL_LOCAL_ONLY);

    if (r < 0) return err_sys(err, RC_IO, -r, "journal");
    /* One that may not be read looks like one without files. */
    if (sd_journal_has_runtime_files(*ret_journal) <= 0 &&
        sd_journal_has_persistent_files(*ret_journal) <= 0)
        return err_set(err, RC_NOT_FOUND, "journal: there is none, or it may not be read");
    (void)snprintf(match, sizeof match, "_SYSTEMD_UNIT=%s", unit);
    r = sd_journal_add_match(*ret_journal, match, 0);
    if (r >= 0) r = sd_journal_seek_tail(*ret_journal);
    return r < 0 ? err_sys(err, RC_IO, -r, "journal") : RC_OK;
}

static enum rc
seam_find_lines(void *self, const char *unit, const char *text, struct unit_lines *ret_lines,
                struct err *err)
{
    const struct systemd *s = self;
    CLEANUP(journal_done) sd_journal *journal = NULL;
    int64_t deadline_ns = clock_mono(s->clock) + SYSTEMD_JOURNAL_MS * NS_PER_MS;
    struct unit_lines lines = {.first_ns = WHEN_NONE, .last_ns = WHEN_NONE};
    enum rc rc = journal_open_unit(unit, &journal, err);

    if (rc != RC_OK) return rc;
    for (int i = 0; i < SYSTEMD_JOURNAL_LINES; i++) {
        const void *data = NULL;
        size_t len = 0;
        int r = sd_journal_previous(journal);

        if (r < 0) return err_sys(err, RC_IO, -r, "journal");
        if (r == 0) break;
        if (clock_mono(s->clock) > deadline_ns)
            return err_set(err, RC_TIMEOUT, "journal: not read in time");
        if (sd_journal_get_data(journal, "MESSAGE", &data, &len) < 0) continue; /* has no text */
        if (memmem(data, len, text, strlen(text)) == NULL) continue;
        uint64_t at_us = 0;
        if (sd_journal_get_realtime_usec(journal, &at_us) < 0) continue;
        lines.first_ns = (int64_t)at_us * NS_PER_US; /* newest first */
        if (lines.count++ == 0) lines.last_ns = lines.first_ns;
    }
    *ret_lines = lines;
    return RC_OK;
}

static enum rc
seam_count_lines(void *self, const char *unit, const char *text, int64_t *ret_count,
                 struct err *err)
{
    struct unit_lines lines = {0};
    enum rc rc = seam_find_lines(self, unit, text, &lines, err);

    if (rc == RC_OK) *ret_count = lines.count;
    return rc;
}

/* ---- restart ------------------------------------------------------------------------------- */

static const char *
find_systemctl(const struct systemd *s)
{
    static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl"};

    if (s->systemctl != NULL) return s->systemctl;
    return access(places[0], X_OK) == 0 ? places[0] : places[1];
}

/* Keeps the last SYSTEMD_OUTPUT_MAX bytes. */
static void
keep_tail(struct text *t, const char *bytes, size_t len)
{
    text_add(t, bytes, len);
    if (t->len <= SYSTEMD_OUTPUT_MAX) return;
    size_t cut = t->len - SYSTEMD_OUTPUT_MAX;
    memmove(t->data, t->data + cut, SYSTEMD_OUTPUT_MAX + 1);
    t->len = SYSTEMD_OUTPUT_MAX;
}

/* Reads until the child closes its end; false at the deadline. */
static bool
read_output(const struct clock *clock, int fd, int64_t deadline_ns, struct text *to)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left_ms = (deadline_ns - clock_mono(clock)) / NS_PER_MS;
        char bytes[512];

        if (left_ms <= 0) return false;
        if (poll(&p, 1, (int)left_ms) <= 0) continue; /* woken early, or the deadline: looked at */
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0) return true;
        if (n > 0) keep_tail(to, bytes, (size_t)n);
        if (n < 0 && errno != EINTR) return true;
    }
}

static enum rc
run_to_end(const struct systemd *s, const char *const argv[], struct text *ret_output,
           int *ret_status, struct err *err)
{
    struct child child = CHILD_NONE;
    int fds[2], status = 0;
    bool has_ended = false;
    int64_t limit_ms = s->restart_ms > 0 ? s->restart_ms : SYSTEMD_RESTART_MS;
    int64_t deadline_ns = clock_mono(s->clock) + limit_ms * NS_PER_MS;

    if (pipe2(fds, O_CLOEXEC) != 0) return err_sys(err, RC_IO, errno, "pipe");
    struct child_spec spec = {.argv = argv,
                              .stdout_fd = fds[1],
                              .stderr_fd = fds[1],
                              .progress_fd = -1,
                              .death_signal = SIGTERM};
    enum rc rc = child_spawn(&spec, &child, err);
    (void)close(fds[1]); /* the child's end is then the last one */
    if (rc == RC_OK) {
        bool is_in_time = read_output(s->clock, fds[0], deadline_ns, ret_output);
        /* A job that was asked for goes on in the manager; only the waiting ends. */
        if (!is_in_time) (void)!child_signal(&child, SIGKILL, NULL); /* may have just ended */
        rc = child_reap(&child, true, &has_ended, &status, err);
        if (rc == RC_OK && !is_in_time)
            rc = err_set(err, RC_TIMEOUT, "%s: no end after %lld s", argv[0],
                         (long long)(limit_ms / 1000));
    }
    (void)close(fds[0]); /* nothing was written through it */
    if (rc == RC_OK) *ret_status = status;
    return rc;
}

static enum rc
seam_restart(void *self, const char *unit, struct text *ret_output, struct err *err)
{
    const struct systemd *s = self;
    const char *const argv[] = {find_systemctl(s), "--no-ask-password", "restart", unit, NULL};
    int status = 0;
    enum rc rc = run_to_end(s, argv, ret_output, &status, err);

    if (rc == RC_OK && status != 0)
        rc = err_set(err, RC_IO, "%s restart %s: status %d", argv[0], unit, status);
    return rc;
}

struct service_manager
systemd_seam(struct systemd *s)
{
    return (struct service_manager){.self = s,
                                    .unit = seam_unit,
                                    .count_lines = seam_count_lines,
                                    .find_lines = seam_find_lines,
                                    .restart = seam_restart};
}

#include "io/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/http.h"
#include "base/text.h"
#include "config/config.h"

static int64_t
read_clock(clockid_t id)
{
    struct timespec ts;
    int failed = clock_gettime(id, &ts);
    ASSERT(failed == 0); /* both clocks exist on every Linux */
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* ---- the paced text ------------------------------------------------------------------------ */

/* "<start>@<speed>[#<anchor>]" taken apart in place; anchor_ns is -1 where there is none. */
static enum rc
parse_paced(char *text, struct sys_clock *c, struct err *err)
{
    char *at = strchr(text, '@');
    if (at == NULL) return err_set(err, RC_PARSE, "no \"@<speed>\"");
    *at = '\0';
    char *hash = strchr(at + 1, '#');
    if (hash != NULL) *hash = '\0';

    enum rc rc = when_parse(text, &c->start_ns, err);
    if (rc != RC_OK) return rc;
    if (!str_to_f64(at + 1, &c->speed)) return err_set(err, RC_PARSE, "the speed is no number");
    if (c->speed < 1 || c->speed > CLOCK_SPEED_MAX)
        return err_set(err, RC_RANGE, "the speed is outside 1 to %d", CLOCK_SPEED_MAX);
    c->anchor_ns = -1;
    if (hash != NULL && (!str_to_i64(hash + 1, &c->anchor_ns) || c->anchor_ns < 0))
        return err_set(err, RC_PARSE, "the anchor is no monotonic time");
    return RC_OK;
}

static enum rc
check_hosts(const struct clock_options *opt, struct err *err)
{
    for (size_t i = 0; i < opt->hosts_len; i++) {
        const char *url = opt->hosts[i];
        if (url == NULL || url[0] == '\0' || http_url_is_loopback(url)) continue;
        /* Only the host is named: a URL may carry a secret path. */
        const char *host = strstr(url, "://");
        host = host == NULL ? url : host + 3;
        return err_set(err, RC_DENIED, "a paced clock is refused: %.*s is not on this machine",
                       (int)MIN(strcspn(host, "/?@"), (size_t)80), host);
    }
    return RC_OK;
}

const char *
clock_text(const struct sys_clock *c, char buf[CLOCK_TEXT_MAX])
{
    char iso[ISO_TEXT_MAX];
    buf[0] = '\0';
    if (c->is_paced)
        (void)snprintf(buf, CLOCK_TEXT_MAX, "%s@%.15g#%lld", when_iso(c->start_ns, iso), c->speed,
                       (long long)c->anchor_ns);
    return buf;
}

enum rc
clock_open(const struct clock_options *opt, struct sys_clock *ret_clock, struct err *err)
{
    struct sys_clock c = {.stop = opt->stop, .speed = 1, .skew_read_ns = INT64_MIN / 2};
    if (opt->paced == NULL || opt->paced[0] == '\0') {
        *ret_clock = c;
        return RC_OK;
    }
    char text[CLOCK_TEXT_MAX];
    if (!str_copy(text, sizeof text, opt->paced))
        return err_set(err, RC_RANGE, "STOCKBOT_CLOCK: too long");
    enum rc rc = parse_paced(text, &c, err);
    if (rc == RC_OK) rc = check_hosts(opt, err);
    if (rc != RC_OK) return err_wrap(err, "STOCKBOT_CLOCK");

    c.is_paced = true;
    if (opt->skew_file != NULL && opt->skew_file[0] != '\0') c.skew_file = opt->skew_file;
    if (c.anchor_ns < 0) {
        c.anchor_ns = read_clock(CLOCK_MONOTONIC);
        if (setenv("STOCKBOT_CLOCK", clock_text(&c, text), 1) != 0)
            return err_sys(err, RC_NOMEM, errno, "STOCKBOT_CLOCK");
    }
    *ret_clock = c;
    return RC_OK;
}

enum rc
clock_open_config(const struct config *cfg, const volatile sig_atomic_t *stop,
                  struct sys_clock *ret_clock, struct err *err)
{
    const char *hosts[] = {cfg->broker.base_url, cfg->broker.data_url, cfg->uw.base_url,
                           cfg->engine.webhook_url};
    struct clock_options opt = {
        .paced = cfg->clock,
        .skew_file = cfg->clock_skew_file,
        .hosts = hosts,
        .hosts_len = COUNT_OF(hosts),
        .stop = stop,
    };
    return clock_open(&opt, ret_clock, err);
}

/* ---- the seam ------------------------------------------------------------------------------ */

/* The number of seconds the file holds now; the last one where it cannot be read, so that a file
   caught between two writes does not make time jump. */
static void
read_skew(struct sys_clock *c, int64_t mono_ns)
{
    if (mono_ns - c->skew_read_ns < CLOCK_SKEW_READ_MS * NS_PER_MS) return;
    c->skew_read_ns = mono_ns;
    int fd = open(c->skew_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return;
    char text[64] = "";
    ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd); /* nothing was written */
    double seconds = 0;
    if (n > 0 && str_to_f64(text, &seconds) && seconds > -1e9 && seconds < 1e9)
        c->skew_ns = (int64_t)(seconds * (double)NS_PER_S);
}

static int64_t
seam_mono(void *self)
{
    (void)self;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t
seam_now(void *self)
{
    struct sys_clock *c = self;
    if (!c->is_paced) return read_clock(CLOCK_REALTIME);
    int64_t mono_ns = read_clock(CLOCK_MONOTONIC);
    if (c->skew_file != NULL) read_skew(c, mono_ns);
    return c->start_ns + (int64_t)((double)(mono_ns - c->anchor_ns) * c->speed) + c->skew_ns;
}

static int64_t
seam_real(void *self, int64_t wall_ns)
{
    const struct sys_clock *c = self;
    return c->is_paced ? (int64_t)((double)wall_ns / c->speed) : wall_ns;
}

static bool
is_stopped(const struct sys_clock *c)
{
    return c->stop != NULL && *c->stop != 0;
}

/* In slices: a signal between the look at the flag and the wait cannot be lost for long. */
static void
seam_sleep(void *self, int64_t wall_ns)
{
    const struct sys_clock *c = self;
    int64_t end_ns = seam_mono(self) + seam_real(self, wall_ns);
    for (int64_t now_ns = seam_mono(self); now_ns < end_ns && !is_stopped(c);
         now_ns = seam_mono(self)) {
        int64_t slice_ns = MIN(end_ns - now_ns, CLOCK_STOP_CHECK_MS * NS_PER_MS);
        struct timespec ts = {.tv_sec = slice_ns / NS_PER_S, .tv_nsec = slice_ns % NS_PER_S};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts,
                              NULL); /* woken early: the loop looks again */
    }
}

struct clock
clock_seam(struct sys_clock *c)
{
    return (struct clock){.self = c,
                          .now_ns = seam_now,
                          .mono_ns = seam_mono,
                          .real_ns = seam_real,
                          .sleep = seam_sleep};
}

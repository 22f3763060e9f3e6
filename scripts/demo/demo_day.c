#include <errno.h>
#include <sys/stat.h>

#include "scripts/demo/demo.h"
#include "sim/load.h"

/* ---- the day ---- */

struct session
demo_last_session(const struct zone *ny, int64_t now_ns)
{
    int64_t day = date_to_days(zone_date(ny, now_ns)) - 1;
    struct session s = calendar_session(ny, date_from_days(day));

    while (s.kind != SESSION_FULL)
        s = calendar_session(ny, date_from_days(--day));
    return s;
}

/* The recorded day as the simulator will see it: its date, and the symbols that have bars. */
static enum rc
read_recording(const struct demo_options *opt, const struct zone *ny, const struct clock *clock,
               struct demo_plan *plan, struct date *ret_day, struct err *err)
{
    struct posix_fs posix = {0};
    enum rc rc = fs_open(".", &posix, err);

    if (rc != RC_OK) return rc;
    struct fs fs = fs_seam(&posix);
    struct sim sim = {.ny = ny, .clock = clock};
    struct sim_options sim_opt = {
        .date = opt->day, .seed = (uint64_t)opt->seed, .bars_dir = opt->bars_dir};

    rc = load_market(&sim_opt, &fs, &sim, err);
    if (rc == RC_OK) {
        *ret_day = sim.day.session.date;
        for (size_t i = 0; i < sim.day.len; i++)
            text_printf(&plan->tickers, "%s%s", i == 0 ? "" : ",", sim.day.symbol[i].symbol);
    }
    sim_done(&sim);
    fs_close(&posix);
    return rc;
}

static enum rc
choose_day(const struct demo_options *opt, const struct zone *ny, struct demo_plan *plan,
           struct err *err)
{
    struct clock_options real = {0};
    struct sys_clock sys = {0};
    struct date day = opt->day;
    char text[ISO_TEXT_MAX];
    enum rc rc = clock_open(&real, &sys, err);

    if (rc != RC_OK) return rc;
    struct clock clock = clock_seam(&sys);
    if (opt->bars_dir != NULL) rc = read_recording(opt, ny, &clock, plan, &day, err);
    if (rc != RC_OK) return rc;
    plan->session =
        day.year != 0 ? calendar_session(ny, day) : demo_last_session(ny, clock_now(&clock));
    if (plan->session.kind == SESSION_NONE)
        return err_set(err, RC_RANGE, "%s is no trading day: %s", date_text(day, text),
                       plan->session.why);
    plan->begin_ns = plan->session.open_ns - DEMO_LEAD_NS;
    if (opt->has_premarket)
        plan->begin_ns -= (int64_t)(opt->speed * (double)DEMO_PREMARKET_REAL_NS);
    plan->end_ns = plan->session.close_ns + DEMO_TAIL_NS;
    return RC_OK;
}

/* ---- the root ---- */

static enum rc
make_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0750) == 0 || errno == EEXIST) return RC_OK;
    return err_sys(err, RC_IO, errno, "%s", path);
}

enum rc
demo_root_make(const char *wanted, char ret_root[PATH_MAX], struct err *err)
{
    char path[PATH_MAX] = "var/demo-XXXXXX";
    struct stat st;

    if (wanted == NULL) {
        enum rc rc = make_folder("var", err);
        if (rc == RC_OK && mkdtemp(path) == NULL) rc = err_sys(err, RC_IO, errno, "%s", path);
        if (rc != RC_OK)
            return err_wrap(err, "no fresh root can be made here, name one with --root");
    } else {
        if (!str_copy(path, sizeof(path), wanted))
            return err_set(err, RC_RANGE, "--root: the path is too long");
        enum rc rc = make_folder(path, err);
        if (rc != RC_OK) return rc;
    }
    if (realpath(path, ret_root) == NULL) return err_sys(err, RC_IO, errno, "%s", path);
    /* Orders of a simulated day must never get into the ledger of another one. */
    (void)snprintf(path, sizeof(path), "%.*s/state", PATH_MAX - 8, ret_root);
    if (stat(path, &st) == 0)
        return err_set(err, RC_RANGE, "%s holds the files of an earlier run; name an empty folder",
                       ret_root);
    return RC_OK;
}

enum rc
demo_plan_make(const struct demo_options *opt, const struct zone *ny, struct demo_plan *ret,
               struct err *err)
{
    struct demo_plan plan = {0};
    enum rc rc = choose_day(opt, ny, &plan, err);

    if (rc == RC_OK) rc = demo_root_make(opt->root, plan.root, err);
    if (rc != RC_OK) {
        text_free(&plan.tickers);
        return rc;
    }
    *ret = plan;
    return RC_OK;
}

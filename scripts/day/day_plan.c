#include "scripts/day/day_plan.h"

enum { H = 60 }; /* minutes */

/* clang-format off */
const struct day_step DAY_PLAN[DAY_STEPS] = {
    {"regression",          "run-regression-checks",       {NULL},                   false, NULL,            DAY_PREMARKET, DAY_NEW_YORK,    7 * H + 30, 900, true },
    {"universe",            "build-daily-universe",        {NULL},                   false, "--mock",        DAY_PREMARKET, DAY_NEW_YORK,    8 * H,      600, false},
    {"premarket-intel",     "run-premarket-intel",         {NULL},                   false, "--mock",        DAY_PREMARKET, DAY_NEW_YORK,    8 * H,      600, false},
    {"regime-morning",      "run-regime-detector",         {NULL},                   false, NULL,            DAY_PREMARKET, DAY_NEW_YORK,    8 * H,      600, false},
    {"premarket-exits",     "run-premarket-exit-intel",    {NULL},                   false, "--mock",        DAY_PREMARKET, DAY_NEW_YORK,    8 * H,      600, false},
    {"daemon-health",       "run-daemon-health-check",     {NULL},                   false, "--mock",        DAY_PREMARKET, DAY_NEW_YORK,    9 * H,      300, false},
    {"intel-health",        "run-intel-health-checks",     {"--heal", "--nonfatal"}, false, "--mock",        DAY_PREMARKET, DAY_NEW_YORK,    9 * H,     1500, false},
    {"readiness",           "run-preopen-readiness-check", {NULL},                   false, "--allow-mock",  DAY_PREMARKET, DAY_NEW_YORK,    9 * H + 15, 1500, false},
    {"postmarket-intel",    "run-postmarket-intel",        {NULL},                   false, "--mock",        DAY_POSTCLOSE, DAY_AFTER_CLOSE, 20,         600, false},
    {"regime-evening",      "run-regime-detector",         {NULL},                   false, NULL,            DAY_POSTCLOSE, DAY_AFTER_CLOSE, 20,         600, false},
    {"postmarket-exits",    "run-postmarket-exit-intel",   {NULL},                   false, "--mock",        DAY_POSTCLOSE, DAY_AFTER_CLOSE, 20,         600, false},
    {"analysis-pack",       "run-postclose-analysis-pack", {"--archive"},            true,  "--mock",        DAY_POSTCLOSE, DAY_AFTER_CLOSE, 30,         900, false},
    {"telemetry",           "run-full-telemetry-extract",  {NULL},                   true,  NULL,            DAY_POSTCLOSE, DAY_AFTER_CLOSE, 45,         900, false},
    {"telemetry-final",     "run-full-telemetry-extract",  {NULL},                   true,  NULL,            DAY_POSTCLOSE, DAY_UTC_MORROW,  10,         900, false},
};
/* clang-format on */

int64_t
day_due_ns(const struct day_step *step, const struct session *session, const struct zone *ny)
{
    struct civil at = {
        .date = session->date, .hour = step->minutes / 60, .minute = step->minutes % 60};

    switch (step->clock) {
    case DAY_NEW_YORK:
        return zone_utc(ny, &at);
    case DAY_AFTER_CLOSE:
        return session->close_ns + step->minutes * NS_PER_MIN;
    case DAY_UTC_MORROW:
        break;
    }
    return (date_to_days(session->date) + 1) * NS_PER_DAY + step->minutes * NS_PER_MIN;
}

bool
day_phase_is_stopped(const struct day_run *run, enum day_phase phase)
{
    for (size_t i = 0; i < DAY_STEPS; i++)
        if (DAY_PLAN[i].phase == phase && DAY_PLAN[i].ends_phase &&
            run->step[i].status == DAY_FAILED)
            return true;
    return false;
}

bool
day_may_try(const struct day_record *r, int64_t now_ns)
{
    switch (r->status) {
    case DAY_TO_DO:
        return true;
    case DAY_DONE:
        return false;
    case DAY_RUNNING: /* we hold the lock of the day: whoever ran it is gone */
        return r->attempts < DAY_ATTEMPTS_MAX;
    case DAY_FAILED:
        break;
    }
    return r->attempts < DAY_ATTEMPTS_MAX && now_ns - r->started_ns >= DAY_RETRY_MIN * NS_PER_MIN;
}

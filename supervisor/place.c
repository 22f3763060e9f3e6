#include "supervisor/internal.h"

#include "io/page.h"

/* The page of the engine's flight recorder, where it belongs to this child. */
static bool
read_page(const struct supervisor *s, const struct service *svc, struct flight_report *ret_report)
{
    char path[PATH_MAX];
    uint8_t bytes[FLIGHT_PAGE_SIZE];

    if (!svc->rules->is_engine) return false;
    if (snprintf(path, sizeof path, "%s/%s", s->cfg->root, FLIGHT_PATH) >= (int)sizeof path)
        return false;
    if (page_read(path, bytes, sizeof bytes, NULL) != RC_OK) return false;
    return flight_read(bytes, sizeof bytes, ret_report, NULL) == RC_OK &&
           ret_report->pid == svc->pid;
}

void
place_look(const struct supervisor *s, struct service *svc)
{
    struct flight_report report;

    svc->place = (struct place){
        .cycle = svc->last.cycle,
        .stage = (enum stage)svc->last.stage,
        .silent_ms = (sup_mono(s) - svc->m.progress_ns) / NS_PER_MS,
    };
    if (!read_page(s, svc, &report)) return;
    svc->place.cycle = report.cycle;
    svc->place.stage = report.stage;
    (void)str_copy(svc->place.symbol, sizeof svc->place.symbol, report.symbol); /* the same size */
}

void
place_note_exit(struct service *svc, int exit_code)
{
    char text[FLIGHT_EXIT_TEXT_MAX];
    const struct flight_exit how = {
        .is_known = true,
        .pid = svc->pid,
        .code = exit_code,
        .by_watchdog = svc->m.state == SERVICE_ABORTING,
    };

    (void)snprintf(svc->last_exit, sizeof svc->last_exit, "%s=%s", FLIGHT_EXIT_ENV,
                   flight_exit_text(&how, text));
}

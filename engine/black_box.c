#include "engine/black_box.h"

#include "base/text.h"
#include "state/aside.h"

void
black_box_read(const struct black_box_seams *s, const struct page *page,
               struct quarantine *ret_quarantine)
{
    struct flight_exit last = flight_exit_from(getenv(FLIGHT_EXIT_ENV));
    struct flight_report report;
    struct err err = {0};

    quarantine_load(ret_quarantine, s->store);
    if (page->data == NULL) return;
    if (flight_read(page->data, page->size, &report, &err) != RC_OK) return;
    if (report.pid == 0 || report.is_orderly) return;
    log_event(s->log, EV_ENGINE_DIED_HERE, F_I64("pid", report.pid), F_I64("epoch", report.epoch),
              F_I64("cycle", report.cycle), F_STR("stage", stage_name(report.stage)),
              F_STR("at_symbol", report.symbol), F_BOOL("fault", flight_is_fault(&report, &last)));
    enum quarantine_change change =
        quarantine_fold(ret_quarantine, &report, &last, clock_now(s->clock));
    if (change == QUARANTINE_SAME) return;
    if (change == QUARANTINE_HELD)
        log_event(s->log, EV_QUARANTINED, F_STR("stage", stage_name(report.stage)),
                  F_STR("at_symbol", report.symbol));
    if (quarantine_save(ret_quarantine, s->store, &err) != RC_OK)
        log_event(s->log, EV_STATE_WRITE_FAILED, F_STR("path", QUARANTINE_PATH),
                  F_STR("error", err.text));
}

/* Bytes that no engine wrote: of another size, or not a page. A file of zeros is a new page. */
static bool
is_page_bad(const struct black_box_seams *s, struct err *err)
{
    static const uint8_t FRESH[FLIGHT_PAGE_SIZE];
    CLEANUP(text_free) struct text bytes = {0};
    struct flight_report report;
    enum rc rc = s->fs->read_all(s->fs->self, FLIGHT_PATH, FLIGHT_PAGE_SIZE, &bytes, err);

    if (rc == RC_NOT_FOUND) return false;
    if (rc == RC_OK && bytes.len != sizeof(FRESH))
        rc = err_set(err, RC_PARSE, "%zu bytes instead of %zu", bytes.len, sizeof(FRESH));
    if (rc != RC_OK) return true;
    if (memcmp(text_str(&bytes), FRESH, sizeof(FRESH)) == 0) return false;
    return flight_read(text_str(&bytes), bytes.len, &report, err) != RC_OK;
}

void
black_box_open(const struct black_box_seams *s, struct page *ret_page)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text backup = {0};
    struct err err = {0};
    bool is_bad = is_page_bad(s, &err);
    enum rc rc = RC_OK;

    if (is_bad)
        rc = aside_move(s->fs, FLIGHT_PATH, "corrupted", ".page", when_to_s(clock_now(s->clock)),
                        &backup, &err);
    text_printf(&path, "%s/" FLIGHT_PATH, s->root);
    if (rc == RC_OK) rc = page_map(text_str(&path), FLIGHT_PAGE_SIZE, ret_page, &err);
    if (rc != RC_OK)
        log_event(s->log, EV_STATE_HEAL_FAILED, F_STR("path", FLIGHT_PATH),
                  F_STR("error", err.text));
    else if (is_bad)
        log_event(s->log, EV_STATE_SELF_HEALED, F_STR("path", FLIGHT_PATH),
                  F_STR("backup", text_str(&backup)), F_STR("default_type", "page"),
                  F_STR("used", "default"), F_STR("error", err.text));
}

#include "analytics/pulse.h"

#include <math.h>

#include "base/when.h"

static const char *const TIME_KEYS[] = {"ts", "timestamp"};

void
pulse_init(struct pulse *p, const char *day)
{
    *p = (struct pulse){.equity_first_usd = (double)NAN, .equity_last_usd = (double)NAN};
    (void)str_copy(p->day, sizeof(p->day), day);
    for (size_t i = 0; i < PULSE_MINUTES; i++)
        p->equity_usd[i] = (double)NAN;
}

/* Whether the record is of the day, and in which minute of it; -1 where its time does not say. */
static bool
is_of(const struct pulse *p, const struct json *record, int *ret_minute)
{
    const struct json *at = ops_first(record, TIME_KEYS, COUNT_OF(TIME_KEYS));

    *ret_minute = -1;
    if (!ops_is_day(at, p->day)) return false;
    int64_t at_ns = when_parse_or_none(json_string(at) == NULL ? "" : json_string(at));
    if (at_ns == WHEN_NONE) return true;
    struct civil c = when_to_civil(at_ns);
    *ret_minute = c.hour * 60 + c.minute;
    return true;
}

/* ---- cycles -------------------------------------------------------------------------------- */

void
pulse_take_cycle(struct pulse *p, const struct json *record)
{
    const struct json *risk = json_get(json_get_obj(record, "metrics"), "risk_metrics");
    double equity = json_f64(risk, "current_equity", (double)NAN);
    int minute = -1;

    if (!is_of(p, record, &minute)) return;
    bool is_ok = str_eq(json_str(record, "engine_status", "ok"), "ok") &&
                 json_len(json_get_arr(record, "errors_this_cycle")) == 0;
    p->cycles++;
    p->bad_cycles += !is_ok;
    p->orders += MAX(json_i64(record, "orders", 0), 0);
    if (!isfinite(equity)) return;
    if (!isfinite(p->equity_first_usd)) p->equity_first_usd = equity;
    p->equity_last_usd = equity;
    if (minute >= 0) p->equity_usd[minute] = equity;
}

/* ---- events -------------------------------------------------------------------------------- */

void
pulse_take_event(struct pulse *p, const struct json *record, struct arena *a)
{
    const char *severity = json_str(record, "severity", "");
    bool is_warning = str_eq_nocase(severity, "WARN") || str_eq_nocase(severity, "WARNING");
    bool is_error = str_eq_nocase(severity, "ERROR") || str_eq_nocase(severity, "CRITICAL");
    char key[96];
    int minute = -1;

    if (!(is_warning || is_error) || !is_of(p, record, &minute)) return;
    (void)snprintf(key, sizeof(key), "%s/%s", json_str(record, "subsystem", "?"),
                   json_str(record, "event_type", "?"));
    struct count_row *row = counts_at(&p->alarms, key, a);
    row->n++;
    row->wins += is_error;
    p->warnings += is_warning;
    p->errors += is_error;
}

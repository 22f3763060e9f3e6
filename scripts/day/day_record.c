#include "base/json.h"
#include "base/text.h"
#include "scripts/day/day_plan.h"

#define DAY_RUN_VERSION 1

static const char *const STATUS[] = {"to_do", "running", "done", "failed"};

const char *
day_status_name(enum day_status s)
{
    return STATUS[s];
}

struct store_spec
day_run_spec(void)
{
    return (struct store_spec){.path = DAY_RUN_PATH, .default_json = "{}"};
}

static enum day_status
status_from(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(STATUS); i++)
        if (str_eq(name, STATUS[i])) return (enum day_status)i;
    return DAY_TO_DO;
}

struct day_run
day_run_decode(const struct json *doc, struct date date)
{
    struct day_run run = {.date = date};
    const struct json *steps = json_get_obj(doc, "steps");
    char text[ISO_TEXT_MAX];

    if (!str_eq(json_str(doc, "date", ""), date_text(date, text))) steps = NULL;
    for (size_t i = 0; i < DAY_STEPS; i++) {
        const struct json *step = json_get_obj(steps, DAY_PLAN[i].id);

        run.step[i] = (struct day_record){
            .status = status_from(json_str(step, "status", "")),
            .attempts = json_i64(step, "attempts", 0),
            .rc = json_i64(step, "rc", 0),
            .started_ns = when_parse_or_none(json_str(step, "started_at", "")),
            .seconds = json_f64(step, "seconds", 0),
        };
    }
    return run;
}

void
day_run_encode(const struct day_run *run, int64_t now_ns, struct text *ret_json)
{
    struct json_out o = {.to = ret_json};
    char text[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", DAY_RUN_VERSION);
    json_out_time(&o, "updated_at", now_ns);
    json_out_str(&o, "date", date_text(run->date, text));
    json_out_obj(&o, "steps");
    for (size_t i = 0; i < DAY_STEPS; i++) {
        const struct day_record *r = &run->step[i];

        if (r->status == DAY_TO_DO) continue;
        json_out_obj(&o, DAY_PLAN[i].id);
        json_out_str(&o, "runner", DAY_PLAN[i].runner);
        json_out_str(&o, "status", day_status_name(r->status));
        json_out_i64(&o, "attempts", r->attempts);
        json_out_i64(&o, "rc", r->rc);
        json_out_time(&o, "started_at", r->started_ns);
        json_out_f64(&o, "seconds", round_dec(r->seconds, 3));
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
}

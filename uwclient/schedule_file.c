/*
 * state/smart_poller.json (spec 20 3.6):
 *
 *   {"_schema": 2, "jobs": {"option_flow:ACME": {"last_ok": epoch, "last_try", "errors",
 * "retry_at", "disabled_until"}}}
 *
 * An older form, {"<key>": epoch}, is accepted: its numbers are the last successes.
 */
#include "base/json.h"
#include "uwclient/schedule.h"

enum { POLLER_SCHEMA = 2 };

static void
put_epoch(struct json_out *o, const char *key, int64_t at_ns)
{
    if (at_ns == WHEN_NONE || at_ns == JOB_DISABLED_FOR_GOOD)
        json_out_i64(o, key, 0);
    else
        json_out_f64(o, key, when_to_s_f64(at_ns));
}

void
schedule_encode(const struct schedule *s, struct text *to)
{
    struct json_out o = {.to = to};
    char key[JOB_KEY_MAX];

    json_out_obj(&o, NULL);
    json_out_i64(&o, "_schema", POLLER_SCHEMA);
    json_out_obj(&o, "jobs");
    for (size_t i = 0; i < s->len; i++) {
        const struct job *j = &s->job[i];
        job_key(j, key);
        json_out_obj(&o, key);
        put_epoch(&o, "last_ok", j->last_ok_ns);
        put_epoch(&o, "last_try", j->last_try_ns);
        json_out_i64(&o, "errors", j->errors);
        put_epoch(&o, "retry_at", j->retry_at_ns);
        put_epoch(&o, "disabled_until", j->disabled_until_ns);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
}

/* Absent, zero, or more than a minute in the future: never (PS-2). */
static int64_t
past_of(const struct json *v, int64_t now_ns)
{
    double s = json_f64_of(v, 0);
    int64_t at_ns = s > 0 ? when_from_s_f64(s) : WHEN_NONE;

    return at_ns != WHEN_NONE && at_ns <= now_ns + NS_PER_MIN ? at_ns : WHEN_NONE;
}

/* A rest that was written down may last a day; a longer one is from another clock. */
static int64_t
future_of(const struct json *v, int64_t now_ns)
{
    double s = json_f64_of(v, 0);
    int64_t at_ns = s > 0 ? when_from_s_f64(s) : WHEN_NONE;

    return at_ns != WHEN_NONE && at_ns <= now_ns + 2 * NS_PER_DAY ? at_ns : WHEN_NONE;
}

static void
decode_job(struct job *j, const struct json *v, int64_t now_ns)
{
    if (json_kind(v) == JSON_NUMBER) {
        j->last_ok_ns = past_of(v, now_ns);
        return;
    }
    j->last_ok_ns = past_of(json_get(v, "last_ok"), now_ns);
    j->last_try_ns = past_of(json_get(v, "last_try"), now_ns);
    j->errors = MAX(json_i64(v, "errors", 0), 0);
    j->retry_at_ns = future_of(json_get(v, "retry_at"), now_ns);
    j->disabled_until_ns = future_of(json_get(v, "disabled_until"), now_ns);
}

void
schedule_decode(struct schedule *s, const struct json *doc, int64_t now_ns)
{
    const struct json *jobs = json_get_obj(doc, "jobs");
    char key[JOB_KEY_MAX];

    if (jobs == NULL) jobs = doc;
    for (size_t i = 0; i < s->len; i++) {
        job_key(&s->job[i], key);
        const struct json *v = json_get(jobs, key);
        if (v != NULL) decode_job(&s->job[i], v, now_ns);
    }
}

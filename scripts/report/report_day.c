#include "scripts/report/report_day.h"

#define SHADOW_PATH "logs/shadow_trades.jsonl"

/* ---- candidates ---------------------------------------------------------------------------- */

struct taking {
    const char *day;
    struct candidates *candidates;
    struct arena *keys;
};

static void
take(void *ctx, const struct json *record, struct arena *scratch)
{
    struct taking *t = ctx;

    (void)scratch;
    if (ops_is_day(json_get(record, "ts"), t->day)) candidates_take(t->candidates, record, t->keys);
}

void
report_day_candidates(struct report_run *r, struct candidates *c)
{
    struct taking t = {r->job->date_text, c, &r->arena};

    report_read(r, &(struct report_log){SHADOW_PATH, "trading_engine", t.day, take, &t});
}

/* ---- trades -------------------------------------------------------------------------------- */

struct feeding {
    struct day *day;
    enum day_log log;
};

static void
feed(void *ctx, const char *bytes, size_t len)
{
    struct feeding *f = ctx;

    if (len > 0)
        day_feed(f->day, f->log, bytes, len);
    else
        day_feed_end(f->day, f->log);
}

/* The end of the windows of 3.12: the run's own clock for today, the end of a day that is over. */
static int64_t
as_of_ns(const struct job *job)
{
    int64_t end_ns = (date_to_days(job->date) + 1) * NS_PER_DAY;

    return job->is_as_of ? job->now_ns : MIN(job->now_ns, end_ns);
}

void
report_day_read(struct report_run *r, struct report_day *ret_day, enum report_day_logs which)
{
    static const struct {
        const char *path;
        enum day_log log;
        bool is_noted; /* the input was noted before, with its records */
    } logs[] = {
        {SHADOW_PATH,                   DAY_SHADOW_TRADES,    true },
        {"logs/exit_attribution.jsonl", DAY_EXIT_ATTRIBUTION, false},
        {"logs/attribution.jsonl",      DAY_ATTRIBUTION,      false},
    };
    struct day_options opt = {.as_of_us = as_of_ns(r->job) / NS_PER_US};

    (void)str_copy(opt.date, sizeof(opt.date), r->job->date_text);
    ret_day->day = day_new(&opt);
    for (size_t i = 0; i < (which == REPORT_DAY_ALL ? COUNT_OF(logs) : 1); i++) {
        struct feeding f = {ret_day->day, logs[i].log};
        report_feed(r, logs[i].path, logs[i].is_noted ? NULL : "trading_engine", feed, &f);
    }
    day_finish(ret_day->day);
    ret_day->view = day_look(ret_day->day);
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        const struct log_stats *stats = &ret_day->view->log[logs[i].log];
        if (!logs[i].is_noted) report_note_lines(r, logs[i].path, stats->lines, stats->malformed);
    }
}

void
report_day_done(struct report_day *d)
{
    day_free(d->day);
}

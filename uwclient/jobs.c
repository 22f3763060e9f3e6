#include "uwclient/jobs.h"

#include "uwclient/poll.h"

/* ---- the table ------------------------------------------------------------------------------- */

struct job_report
job_run(const struct job_env *env, struct job *job)
{
    static void (*const polls[])(struct poll *) = {
        [UW_JOB_OPTION_FLOW] = poll_flow,
        [UW_JOB_MARKET_TIDE] = poll_tide,
        [UW_JOB_TOP_NET_IMPACT] = poll_net_impact,
        [UW_JOB_DARK_POOL] = poll_dark_pool,
        [UW_JOB_GREEK_EXPOSURE] = poll_greek_exposure,
        [UW_JOB_MAX_PAIN] = poll_max_pain,
        [UW_JOB_IV_RANK] = poll_iv_rank,
        [UW_JOB_OI_CHANGE] = poll_oi_change,
        [UW_JOB_ETF_FLOW] = poll_etf_flow,
        [UW_JOB_SHORTS_FTDS] = poll_fails,
        [UW_JOB_GREEKS] = poll_greeks,
        [UW_JOB_CONGRESS] = poll_congress,
        [UW_JOB_INSIDER] = poll_insider,
        [UW_JOB_OWNERSHIP] = poll_owners,
        [UW_JOB_CALENDAR] = poll_calendar,
    };
    _Static_assert(COUNT_OF(polls) == UW_JOBS_LEN, "every job has its poll");
    struct poll p = {
        .env = env,
        .job = job,
        .name = uw_job_row(job->kind)->name,
        .now_ns = clock_now(env->clock),
        .report = {.outcome = JOB_FAILED},
    };

    job->last_try_ns = p.now_ns;
    polls[job->kind](&p);
    return p.report;
}

void
jobs_configure(const struct job_env *env, struct schedule *s)
{
    struct flow_model *m = &env->cache->model;
    struct date today = zone_date(env->ny, clock_now(env->clock));

    for (size_t i = 0; i < m->len; i++)
        m->ticker[i].is_configured = false;
    for (size_t i = 0; i < s->len; i++) {
        struct job *j = &s->job[i];
        if (j->symbol[0] != '\0') flow_model_configure(m, j->symbol, true);
        if (j->kind != UW_JOB_CALENDAR) continue;
        const struct flow_ticker *t = flow_model_find(m, j->symbol);
        bool has_date = t != NULL && t->has_earnings;
        j->interval_ns =
            schedule_calendar_interval_ns(has_date, has_date ? t->earnings : today, today);
    }
}

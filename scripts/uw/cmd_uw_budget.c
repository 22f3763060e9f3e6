#include "scripts/uw/cmd_uw.h"

#include <inttypes.h>

#include "scripts/command.h"
#include "uwclient/drift.h"

static const char HELP_BUDGET[] =
    "usage: stockbot uw budget [--json] [--root DIR] [--config FILE] [--help]\n"
    "\n"
    "Calls of the UTC day against their limits, by policy; a pause the server asked for; and when\n"
    "the day's budget ends if calls go on as in the last quarter of an hour. Changes nothing.\n"
    "\n"
    "Exit codes: 0 shown; 2 wrong usage; 78 the configuration cannot be used.\n";

static const char HELP_DRIFT[] =
    "usage: stockbot uw drift [--json] [--root DIR] [--config FILE] [--help]\n"
    "\n"
    "What the daemon found in the answers that differs from what an endpoint is known to send:\n"
    "  unknown   a field we do not read\n"
    "  missing   a field that used to be in every row\n"
    "  mistyped  text where a number was, and the like\n"
    "\n"
    "Exit codes: 0 nothing found; 1 something was found; 2 wrong usage; 78 configuration "
    "unusable.\n";

/* ---- words that more than one command uses ------------------------------------------------- */

struct usage_limits
uw_limits_of(const struct uw_config *cfg)
{
    return (struct usage_limits){cfg->rate_limit_per_min, cfg->daily_limit, cfg->safety_buffer,
                                 cfg->mock};
}

void
uw_say_time(const struct zone *ny, int64_t at_ns, int64_t now_ns, struct text *to)
{
    struct civil at = zone_local(ny, at_ns);
    char date[ISO_TEXT_MAX];

    if (date_cmp(at.date, zone_date(ny, now_ns)) != 0)
        text_printf(to, "%s ", date_text(at.date, date));
    text_printf(to, "%02d:%02d ET", at.hour, at.minute);
}

void
uw_say_spent(const struct usage_view *v, struct text *to)
{
    text_printf(to, "%" PRId64 " of %" PRId64 " calls today", v->calls_today, v->cap);
}

static int64_t
next_utc_day(int64_t now_ns)
{
    return (date_to_days(when_to_civil(now_ns).date) + 1) * NS_PER_DAY;
}

void
uw_say_forecast(const struct zone *ny, const struct usage_view *v, int64_t now_ns, struct text *to)
{
    if (v->calls_today >= v->cap) {
        text_puts(to, "used up until ");
        uw_say_time(ny, next_utc_day(now_ns), now_ns, to);
    } else if (v->exhausted_at_ns != WHEN_NONE) {
        text_puts(to, "at this rate exhausted at ");
        uw_say_time(ny, v->exhausted_at_ns, now_ns, to);
    } else {
        text_puts(to, "lasts for the day");
    }
}

/* ---- budget -------------------------------------------------------------------------------- */

static int64_t
cap_of(const char *name, size_t symbols_len)
{
    const struct uw_policy_row *row = uw_policy_find(name);

    return row != NULL ? uw_policy_cap(row, symbols_len) : 0;
}

static void
print_pause(const struct runner *r, const struct usage_view *v, int64_t now_ns, struct text *to)
{
    if (v->pause == PAUSE_NONE) return;
    text_printf(to, "pause        asked for by the server (%s), until ",
                usage_pause_name(v->pause));
    uw_say_time(r->ny, v->pause_until_ns, now_ns, to);
    if (v->probe_next_ns != WHEN_NONE) {
        text_puts(to, "; tested at ");
        uw_say_time(r->ny, MAX(v->probe_next_ns, now_ns), now_ns, to);
    }
    text_putc(to, '\n');
}

static void
print_server(const struct runner *r, const struct usage_state *s, int64_t now_ns, struct text *to)
{
    if (s->header_count < 0 || s->header_at_ns == WHEN_NONE) return;
    text_printf(to, "server says  %" PRId64 " of %" PRId64 ", ", s->header_count, s->header_limit);
    uw_say_time(r->ny, s->header_at_ns, now_ns, to);
    text_putc(to, '\n');
}

static void
print_budget(const struct runner *r, const struct usage *u, const struct usage_view *v,
             struct text *to)
{
    const struct uw_config *cfg = &r->cfg.uw;
    const struct usage_state *s = &u->state;
    int64_t now_ns = clock_now(&r->clock);
    char date[ISO_TEXT_MAX];

    text_printf(to, "day          %s UTC\nspent        ", date_text(s->date, date));
    uw_say_spent(v, to);
    text_printf(to, " (limit %" PRId64 ", of which %g may be used)\n", cfg->daily_limit,
                cfg->safety_buffer);
    print_server(r, s, now_ns, to);
    text_printf(to, "minute       %zu of %" PRId64 " calls in the last 60 s\n", s->window.len,
                cfg->rate_limit_per_min);
    text_printf(to, "rate         %.1f calls a minute\nforecast     ", v->rate_per_min);
    uw_say_forecast(r->ny, v, now_ns, to);
    text_putc(to, '\n');
    print_pause(r, v, now_ns, to);
    for (size_t i = 0; i < s->by_endpoint_len; i++) {
        int64_t cap = cap_of(s->by_endpoint[i].name, cfg->tickers.len);

        text_printf(to, "  %-32s %6" PRId64, s->by_endpoint[i].name, s->by_endpoint[i].calls);
        if (cap > 0) text_printf(to, " of %6" PRId64, cap);
        text_putc(to, '\n');
    }
}

static void
write_budget(const struct runner *r, const struct usage *u, const struct usage_view *v,
             struct json_out *o)
{
    CLEANUP(text_free) struct text words = {0};
    const struct uw_config *cfg = &r->cfg.uw;
    const struct usage_state *s = &u->state;
    char date[ISO_TEXT_MAX];

    uw_say_forecast(r->ny, v, clock_now(&r->clock), &words);
    json_out_obj(o, NULL);
    json_out_str(o, "date", date_text(s->date, date));
    json_out_i64(o, "calls_today", v->calls_today);
    json_out_i64(o, "cap", v->cap);
    json_out_i64(o, "daily_limit", cfg->daily_limit);
    json_out_f64(o, "safety_buffer", cfg->safety_buffer);
    json_out_i64(o, "calls_last_minute", (int64_t)s->window.len);
    json_out_i64(o, "limit_per_minute", cfg->rate_limit_per_min);
    json_out_f64(o, "rate_per_min", round_dec(v->rate_per_min, 3));
    json_out_time(o, "exhausted_at", v->exhausted_at_ns);
    json_out_str(o, "forecast", text_str(&words));
    json_out_count(o, "server_count", s->header_count);
    json_out_count(o, "server_limit", s->header_limit);
    json_out_time(o, "server_at", s->header_at_ns);
    json_out_str(o, "pause", v->pause == PAUSE_NONE ? NULL : usage_pause_name(v->pause));
    json_out_time(o, "pause_until", v->pause_until_ns);
    json_out_obj(o, "policies");
    for (size_t i = 0; i < s->by_endpoint_len; i++) {
        json_out_obj(o, s->by_endpoint[i].name);
        json_out_i64(o, "calls", s->by_endpoint[i].calls);
        json_out_i64(o, "cap", cap_of(s->by_endpoint[i].name, cfg->tickers.len));
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

int
uw_parse_plain(int argc, char **argv, const char *help, struct common_args *args)
{
    static const struct option OPTIONS[] = {
        COMMON_OPTIONS, {NULL, 0, NULL, 0}
    };
    char command[32];
    int option;

    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (common_args_take(args, option)) continue;
        (void)snprintf(command, sizeof command, "uw %s", argv[0]);
        return args_refused(command, argv, option);
    }
    if (!args->help && optind == argc) return -1;
    (void)fputs(help, args->help ? stdout : stderr);
    return args->help ? EXIT_DONE : EXIT_USAGE;
}

int
uw_budget_main(int argc, char **argv)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct common_args args = {0};
    struct runner r;
    struct usage usage;
    int status = uw_parse_plain(argc, argv, HELP_BUDGET, &args);

    if (status >= 0) return status;
    status = runner_open(&r, "stockbot uw budget", &args, RUNNER_READS);
    if (status != EXIT_DONE) return status;
    const struct usage_deps deps = {&r.clock, &r.fs, &r.store, &r.locks, NULL, r.ny};
    const struct usage_limits limits = uw_limits_of(&r.cfg.uw);
    usage_init(&usage, &deps, &limits);
    struct usage_view view =
        usage_view(&usage); /* nothing is reserved, so nothing is to be saved */
    if (args.json) {
        write_budget(&r, &usage, &view, &o);
        text_putc(&t, '\n');
    } else {
        print_budget(&r, &usage, &view, &t);
    }
    (void)fputs(text_str(&t), stdout);
    runner_done(&r);
    return EXIT_DONE;
}

/* ---- drift --------------------------------------------------------------------------------- */

static void
write_drift(const struct drift *d, struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_obj(o, "endpoints");
    for (size_t e = 0; e < UW_ENDPOINTS_LEN; e++) {
        if (d->answers[e] == 0) continue;
        json_out_obj(o, uw_endpoint_row((enum uw_endpoint)e)->path);
        json_out_i64(o, "answers", d->answers[e]);
        json_out_i64(o, "rows", d->rows[e]);
        for (enum drift_kind k = DRIFT_UNKNOWN; k <= DRIFT_MISTYPED; k++) {
            json_out_obj(o, drift_kind_name(k));
            for (size_t i = 0; i < d->len; i++)
                if (d->finding[i].endpoint == e && d->finding[i].kind == k)
                    json_out_i64(o, d->finding[i].field, d->finding[i].rows);
            json_out_end(o);
        }
        json_out_end(o);
    }
    json_out_end(o);
    json_out_i64(o, "findings", (int64_t)d->len);
    json_out_i64(o, "overflow", d->overflow);
    json_out_end(o);
}

int
uw_drift_main(int argc, char **argv)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct common_args args = {0};
    struct runner r;
    int status = uw_parse_plain(argc, argv, HELP_DRIFT, &args);

    if (status >= 0) return status;
    status = runner_open(&r, "stockbot uw drift", &args, RUNNER_READS);
    if (status != EXIT_DONE) return status;
    struct drift *drift = calloc(1, sizeof *drift); /* too large for the stack */
    ASSERT(drift != NULL);
    drift_init(drift, &r.clock, &r.store, NULL);
    drift_load(drift);
    if (args.json) {
        write_drift(drift, &o);
        text_putc(&t, '\n');
    } else {
        drift_report(drift, &t);
        if (t.len == 0)
            text_puts(&t, "no answer has been looked at yet\n");
        else if (drift->len == 0)
            text_puts(&t, "every field is as it is known\n");
    }
    (void)fputs(text_str(&t), stdout);
    status = drift->len > 0 || drift->overflow > 0 ? EXIT_FAILED : EXIT_DONE;
    free(drift);
    runner_done(&r);
    return status;
}

#include <unistd.h>

#include "io/systemd.h"
#include "scripts/command.h"
#include "scripts/integrity.h"
#include "scripts/job.h"
#include "scripts/droplet/remote.h"
#include "scripts/view.h"
#include "telemetry/daemon_health.h"

#define STORM_WORDS "Another instance is already running. Exiting."
#define SETTLED_NS  (5 * NS_PER_MIN) /* after the last line of a storm */

enum { HOURS_MAX = 100000, GAP_MAX_MIN = 1000000, THERE_LIMIT_S = 120 };

static const char HELP[] =
    "usage: stockbot shadow-integrity-check [options]\n"
    "\n"
    "May the shadow's records be believed? The flow daemon and its journal, the records, their\n"
    "gaps, and what the trusted ones earned. Reads only.\n"
    "\n"
    "  --health-path PATH         (default state/uw_daemon_health_state.json)\n"
    "  --shadow-trades-path PATH  (default logs/shadow_trades.jsonl)\n"
    "  --hours N                  the window (default 48)\n"
    "  --event-type TYPE          records of that type alone\n"
    "  --unit UNIT                of the flow daemon (default uw-flow-daemon.service)\n"
    "  --known-fix-time-iso T     records from then on are trusted (default: five minutes after\n"
    "                             the last line of the journal about a second daemon; all of the\n"
    "                             window where there is none)\n"
    "  --gap-threshold-min N      (default 60)\n"
    "  --droplet                  on the server: see run_uw_intel_on_droplet\n"
    "\n"
    "  exit code 2: there is no record\n";

enum {
    OPT_HEALTH = OPT_JOB_OWN,
    OPT_TRADES,
    OPT_HOURS,
    OPT_TYPE,
    OPT_UNIT,
    OPT_FIX,
    OPT_GAP,
    OPT_DROPLET
};

static const struct option OPTIONS[] = {
    {"health-path",        required_argument, NULL, OPT_HEALTH },
    {"shadow-trades-path", required_argument, NULL, OPT_TRADES },
    {"hours",              required_argument, NULL, OPT_HOURS  },
    {"event-type",         required_argument, NULL, OPT_TYPE   },
    {"unit",               required_argument, NULL, OPT_UNIT   },
    {"known-fix-time-iso", required_argument, NULL, OPT_FIX    },
    {"gap-threshold-min",  required_argument, NULL, OPT_GAP    },
    {"droplet",            no_argument,       NULL, OPT_DROPLET},
};

struct wish {
    const char *health_path, *unit;
    double hours, gap_min;
    const char *fix_text; /* --known-fix-time-iso as given; NULL */
    bool is_there;        /* --droplet */
    struct integrity_options log;
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    switch (option) {
    case OPT_HEALTH:
        w->health_path = optarg;
        return true;
    case OPT_TRADES:
        w->log.log_path = optarg;
        return true;
    case OPT_TYPE:
        w->log.event_type = optarg;
        return true;
    case OPT_UNIT:
        w->unit = optarg;
        return true;
    case OPT_HOURS:
        return arg_number("hours", optarg, 0, HOURS_MAX, &w->hours);
    case OPT_GAP:
        return arg_number("gap-threshold-min", optarg, 0, GAP_MAX_MIN, &w->gap_min);
    case OPT_DROPLET:
        w->is_there = true;
        return true;
    default:
        w->fix_text = optarg;
        w->log.trusted_ns = when_parse_or_none(optarg);
        if (w->log.trusted_ns != WHEN_NONE) return true;
        (void)fprintf(stderr,
                      "stockbot shadow-integrity-check: --known-fix-time-iso %s: no "
                      "instant\n",
                      optarg);
        return false;
    }
}

/* ---- the daemon ---------------------------------------------------------------------------- */

static void
print_unit(const struct job *job, const struct wish *w, const struct service_manager *manager)
{
    struct unit_state unit = {0};
    struct err err = {0};
    int64_t holder = view_lock_pid(&job->runner.fs, DAEMON_LOCK_PATH);

    (void)printf("1. daemon\n");
    if (manager->unit(manager->self, w->unit, &unit, &err) != RC_OK)
        (void)printf("   %s: no service manager to ask (%s)\n", w->unit, err.text);
    else
        (void)printf("   %s: %s (%s), last result %s, process %lld, %lld restarts\n", w->unit,
                     unit.active, unit.sub, unit.result, (long long)unit.main_pid,
                     (long long)unit.restarts);
    if (holder > 0)
        (void)printf("   process %lld holds the daemon's lock\n", (long long)holder);
    else
        (void)printf("   no process holds the daemon's lock\n");
}

static const char *
flag(const struct json *doc, const char *key)
{
    const struct json *v = json_get(doc, key);

    return json_kind(v) != JSON_BOOL ? "unknown" : json_is_true(v) ? "true" : "false";
}

static void
print_health(const struct job *job, const struct wish *w)
{
    CLEANUP(json_freep) struct json *doc = view_load(&job->runner.fs, w->health_path);
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    const struct json *details = json_get_obj(doc, "details");

    (void)printf("2. health\n");
    if (!json_is_object(doc)) {
        (void)printf("   %s is not there or cannot be read\n", w->health_path);
        return;
    }
    (void)printf("   status %s, pid_ok %s, lock_ok %s, poll_fresh %s\n",
                 json_str(doc, "status", "unknown"), flag(doc, "pid_ok"), flag(doc, "lock_ok"),
                 flag(doc, "poll_fresh"));
    json_out_value(&o, NULL, json_get(details, "endpoint_error_counts"));
    if (json_has(details, "endpoint_error_counts"))
        (void)printf("   endpoint errors %s\n", text_str(&text));
    text_clear(&text);
    o = (struct json_out){.to = &text};
    json_out_value(&o, NULL, doc);
    (void)printf("   %s\n", text_str(&text));
}

/* What the journal says of a second daemon. */
struct storm {
    bool is_known;
    struct unit_lines lines;
    struct err why_not;
};

static struct storm
find_storm(const struct wish *w, const struct service_manager *manager)
{
    struct storm s = {
        .lines = {.first_ns = WHEN_NONE, .last_ns = WHEN_NONE}
    };

    s.is_known =
        manager->find_lines(manager->self, w->unit, STORM_WORDS, &s.lines, &s.why_not) == RC_OK;
    return s;
}

static void
print_storm(const struct storm *s)
{
    char first[ISO_TEXT_MAX], last[ISO_TEXT_MAX];

    (void)printf("3. journal\n");
    if (!s->is_known)
        (void)printf("   cannot be read (%s)\n", s->why_not.text);
    else if (s->lines.count == 0)
        (void)printf("   no second daemon in the last %d lines\n", SYSTEMD_JOURNAL_LINES);
    else
        (void)printf("   a second daemon %lld times, from %s to %s\n", (long long)s->lines.count,
                     when_iso_brief(s->lines.first_ns, first),
                     when_iso_brief(s->lines.last_ns, last));
}

/* ---- the records --------------------------------------------------------------------------- */

static void
print_window(const struct wish *w, const struct integrity *s)
{
    char first[ISO_TEXT_MAX], last[ISO_TEXT_MAX], from[ISO_TEXT_MAX];

    (void)printf("5. window of %.12g hours: %lld records", w->hours, (long long)s->in_window);
    if (w->log.trusted_ns != WHEN_NONE)
        (void)printf(", trusted from %s on: %lld", when_iso_brief(w->log.trusted_ns, from),
                     (long long)s->trusted);
    else
        (void)printf(", all of them trusted");
    (void)printf("\n6. gaps of more than %.12g minutes: %lld", w->gap_min, (long long)s->gaps);
    if (s->in_window > 0)
        (void)printf(", between %s and %s", when_iso_brief(s->first_ns, first),
                     when_iso_brief(s->last_ns, last));
    (void)printf("\n");
    for (int64_t i = 0; i < MIN(s->gaps, (int64_t)INTEGRITY_GAPS_SHOWN); i++)
        (void)printf("   %s to %s: %.1f min\n", when_iso_brief(s->gap[i].from_ns, first),
                     when_iso_brief(s->gap[i].to_ns, last),
                     (double)(s->gap[i].to_ns - s->gap[i].from_ns) / (double)NS_PER_MIN);
    if (s->gaps > INTEGRITY_GAPS_SHOWN)
        (void)printf("   and %lld more\n", (long long)s->gaps - INTEGRITY_GAPS_SHOWN);
}

static void
print_pnl(const struct integrity_pnl *p)
{
    (void)printf("7. P&L of the trusted records, %s\n",
                 p->is_of_exits ? "by their exits" : "from entry and exit prices");
    (void)printf("   n %lld, total %.2f USD, wins %lld, losses %lld", (long long)p->n, p->total_usd,
                 (long long)p->wins, (long long)p->losses);
    if (p->n > 0) (void)printf(", win rate %.1f %%", 100 * (double)p->wins / (double)p->n);
    (void)printf("\n");
}

static void
write_summary(struct job *job, const struct integrity *s)
{
    struct json_out *o = &job->summary;

    json_out_i64(o, "records", s->records);
    json_out_i64(o, "malformed", s->malformed);
    json_out_i64(o, "in_window", s->in_window);
    json_out_i64(o, "trusted", s->trusted);
    json_out_time(o, "first", s->first_ns);
    json_out_time(o, "last", s->last_ns);
    json_out_i64(o, "gaps", s->gaps);
    json_out_obj(o, "pnl");
    json_out_bool(o, "of_exits", s->pnl.is_of_exits);
    json_out_i64(o, "n", s->pnl.n);
    json_out_f64(o, "total_usd", s->pnl.total_usd);
    json_out_i64(o, "wins", s->pnl.wins);
    json_out_i64(o, "losses", s->pnl.losses);
    json_out_end(o);
}

static void
print_records(const struct wish *w, const struct integrity *s)
{
    (void)printf("4. records in %s%s%s: %lld", w->log.log_path,
                 w->log.event_type != NULL ? " of type " : "",
                 w->log.event_type != NULL ? w->log.event_type : "", (long long)s->records);
    if (s->malformed > 0) (void)printf(" (%lld lines are no record)", (long long)s->malformed);
    (void)printf("\n");
}

/* ---- on the server ------------------------------------------------------------------------- */

/* An option and its value, which the shell there must take as it is. */
static void
put_option(struct text *to, const char *name, const char *value)
{
    if (value == NULL) return;
    text_printf(to, " --%s '", name);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\'')
            text_puts(to, "'\\''");
        else
            text_putc(to, *at);
    }
    text_putc(to, '\'');
}

static void
make_command(const struct job *job, const struct wish *w, struct text *to)
{
    char hours[F64_TEXT_MAX], gap[F64_TEXT_MAX], now[ISO_TEXT_MAX];

    text_puts(to, "stockbot shadow-integrity-check --root .");
    put_option(to, "health-path", w->health_path);
    put_option(to, "shadow-trades-path", w->log.log_path);
    put_option(to, "hours", f64_text(w->hours, hours));
    put_option(to, "event-type", w->log.event_type);
    put_option(to, "unit", w->unit);
    put_option(to, "known-fix-time-iso", w->fix_text);
    put_option(to, "gap-threshold-min", f64_text(w->gap_min, gap));
    if (job->is_as_of) put_option(to, "as-of", when_iso(job->now_ns, now));
    if (job->is_json) text_puts(to, " --json");
}

static void
show_answer(struct job *job, const struct step_end *end)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err ignored = {0};

    if (!job->is_json)
        (void)fputs(text_str(&end->out), stdout);
    else if (json_parse(text_str(&end->out), end->out.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc,
                        &ignored) == RC_OK)
        json_out_value(&job->summary, "there", doc);
}

static int
check_there(struct job *job, const struct wish *w, struct err *err)
{
    CLEANUP(json_freep) struct json *file = view_load(&job->runner.fs, REMOTE_CONFIG_PATH);
    CLEANUP(text_free) struct text command = {0};
    CLEANUP(step_end_free) struct step_end end = {0};
    struct remote remote;

    if (remote_configure(file, &job->runner.cfg.runner, &remote, err) != RC_OK) return EXIT_FAILED;
    make_command(job, w, &command);
    if (remote_run(&remote, text_str(&command), THERE_LIMIT_S, 0, &job->runner.clock, &end, err) !=
        RC_OK)
        return EXIT_FAILED;
    show_answer(job, &end);
    if (end.status == EXIT_DONE) return EXIT_DONE;
    if (end.err.len > 0) str_trim(end.err.data);
    (void)err_set(err, RC_IO, "%s: %s", remote.host, step_said(&end));
    return end.status == JOB_EXIT_VERDICT ? JOB_EXIT_VERDICT : EXIT_FAILED;
}

static int
check(struct job *job, void *own, struct err *err)
{
    struct wish *w = own;
    struct systemd systemd = {.clock = &job->runner.clock};
    struct service_manager manager = systemd_seam(&systemd);
    struct integrity s;
    bool is_shown = !job->is_json;

    if (w->is_there) return check_there(job, w, err);
    struct storm storm = find_storm(w, &manager);
    if (w->log.trusted_ns == WHEN_NONE && storm.is_known && storm.lines.count > 0)
        w->log.trusted_ns = storm.lines.last_ns + SETTLED_NS;
    if (is_shown) {
        print_unit(job, w, &manager);
        print_health(job, w);
        print_storm(&storm);
    }
    w->log.since_ns = job->now_ns - (int64_t)(w->hours * (double)NS_PER_HOUR);
    w->log.gap_ns = (int64_t)(w->gap_min * (double)NS_PER_MIN);
    if (integrity_read(&job->runner.fs, &w->log, &s, err) != RC_OK) return EXIT_FAILED;
    write_summary(job, &s);
    if (is_shown) print_records(w, &s);
    if (s.records == 0) {
        (void)err_set(err, RC_NOT_FOUND, "no shadow records in %s", w->log.log_path);
        return JOB_EXIT_VERDICT;
    }
    if (!is_shown) return EXIT_DONE;
    print_window(w, &s);
    print_pnl(&s.pnl);
    return EXIT_DONE;
}

int
cmd_shadow_integrity_check(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "shadow-integrity-check",
                                         .help = HELP,
                                         .takes = JOB_LOOKS,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = check};
    struct wish w = {
        .health_path = "state/uw_daemon_health_state.json",
        .unit = "uw-flow-daemon.service",
        .hours = 48,
        .gap_min = 60,
        .log = {.log_path = "logs/shadow_trades.jsonl", .trusted_ns = WHEN_NONE}
    };

    return job_main(&SPEC, argc, argv, &w);
}

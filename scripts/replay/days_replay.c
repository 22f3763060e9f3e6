#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/fs.h"
#include "io/zonefile.h"
#include "scripts/command.h"
#include "scripts/replay/days.h"
#include "scripts/replay/days_request.h"
#include "scripts/profiles.h"
#include "scripts/replay/replay.h"

/* Everything of a run. */
struct days_job {
    const struct days_request *req;
    struct days_settings settings;
    struct posix_fs posix;
    struct fs fs;
    struct zone *ny;
    struct arena keep; /* of the run: texts of trades, profiles */
    struct days_found found;
    struct days_trades trades;
    char (*digest)[SHA256_HEX_MAX];
    size_t days, drawn_flow, symbol_days, steps;
};

/* ---- what all days share ------------------------------------------------------------------- */

static enum rc
open_job(struct days_job *j, const struct config *cfg, struct err *err)
{
    enum rc rc = fs_open(".", &j->posix, err);

    if (rc != RC_OK) return rc;
    j->fs = fs_seam(&j->posix);
    rc = zonefile_load(ZONE_NEW_YORK, &j->ny, err);
    j->settings = (struct days_settings){.cfg = cfg,
                                         .ny = j->ny,
                                         .fs = &j->fs,
                                         .seed = j->req->seed,
                                         .flow_path = j->req->flow_path};
    if (rc == RC_OK) rc = profiles_load(&j->fs, cfg->root, &j->keep, &j->settings.profiles, err);
    if (rc == RC_OK) rc = days_find(j->req->days_dir, &j->fs, j->ny, &j->found, err);
    if (rc != RC_OK) return rc;
    j->digest = calloc(j->found.units + 1, sizeof *j->digest);
    return j->digest != NULL ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

static void
close_job(struct days_job *j)
{
    free(j->digest);
    free(j->trades.trade);
    days_found_done(&j->found);
    arena_done(&j->keep);
    zone_free(j->ny);
    fs_close(&j->posix);
}

/* ---- the days ------------------------------------------------------------------------------ */

/* A file below the folder of the day. */
static enum rc
keep_file(struct days_job *j, const struct day_unit *u, const char *name, const struct text *bytes,
          struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text folder = {0};

    text_printf(&path, "%s/%s/%s", j->req->out_dir, u->name, name);
    text_puts(&folder, text_str(&path));
    char *slash = strrchr(folder.data, '/');
    *slash = '\0';
    enum rc rc = j->fs.make_dir(j->fs.self, folder.data, err);
    if (rc != RC_OK) return rc;
    return j->fs.replace(j->fs.self, text_str(&path), text_str(bytes), bytes->len, false, err);
}

/* The day of these files is over: other commands read their times by its end. */
static void
write_mark(const struct day_unit *u, const struct days_result *r, struct text *to)
{
    struct json_out o = {.to = to};
    char day[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    json_out_str(&o, "day", date_text(u->date, day));
    json_out_time(&o, "ended_at", r->ended_ns);
    json_out_end(&o);
}

/* The state files that v2 went by. */
static enum rc
keep_intel(struct days_job *j, const struct day_unit *u, const struct days_market *m,
           struct err *err)
{
    const struct {
        const char *path;
        const struct json *doc;
    } files[] = {
        {"state/symbol_risk_features.json",  m->risk                  },
        {"state/premarket_intel.json",       m->docs.premarket_intel  },
        {"state/postmarket_intel.json",      m->docs.postmarket_intel },
        {"state/regime_state.json",          m->docs.regime_state     },
        {"state/daily_universe_v2.json",     m->docs.daily_universe_v2},
        {"state/premarket_exit_intel.json",  m->premarket_exit        },
        {"state/postmarket_exit_intel.json", m->postmarket_exit       },
    };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT_OF(files) && rc == RC_OK; i++) {
        CLEANUP(text_free) struct text bytes = {0};
        struct json_out o = {.to = &bytes};

        if (files[i].doc == NULL) continue;
        json_out_value(&o, NULL, files[i].doc);
        rc = keep_file(j, u, files[i].path, &bytes, err);
    }
    return rc;
}

/* What the shadow's step would have left at a root. */
static enum rc
keep_records(struct days_job *j, const struct day_unit *u, const struct days_result *r,
             struct err *err)
{
    CLEANUP(text_free) struct text mark = {0};
    enum rc rc = RC_OK;

    for (int i = 0; i < SHADOW_LOGS_LEN && rc == RC_OK; i++)
        rc = keep_file(j, u, shadow_log_path((enum shadow_log)i), &r->log[i], err);
    if (rc == RC_OK) rc = keep_file(j, u, "state/shadow_v2_positions.json", &r->positions, err);
    if (rc == RC_OK) rc = keep_file(j, u, "state/shadow_heartbeat.json", &r->heartbeat, err);
    write_mark(u, r, &mark);
    if (rc == RC_OK) rc = keep_file(j, u, DEMO_MARK_PATH, &mark, err);
    return rc;
}

static enum rc
run_day(struct days_job *j, size_t i, struct err *err)
{
    static struct days_market market; /* large; one a process */
    const struct day_unit *u = &j->found.unit[i];
    CLEANUP(days_result_done) struct days_result result = {0};
    enum rc rc = days_market_open(&j->settings, &j->found, u, &market, err);

    if (rc != RC_OK) {
        day_broken_add(&j->found.broken, u->name, err->text);
        return RC_OK; /* the others go on */
    }
    days_run(&market, i, j->req->out_dir != NULL, &j->keep, &j->trades, &result);
    j->drawn_flow += market.is_flow_drawn;
    if (j->req->out_dir != NULL) rc = keep_intel(j, u, &market, err);
    days_market_done(&market);
    if (rc != RC_OK) return rc;
    (void)str_copy(j->digest[i], SHA256_HEX_MAX, result.digest);
    j->days++;
    j->symbol_days += result.symbols;
    j->steps += result.steps;
    return j->req->out_dir != NULL ? keep_records(j, u, &result, err) : RC_OK;
}

static void
say_broken(const struct days_job *j)
{
    for (size_t i = 0; i < j->found.broken.len; i++)
        (void)fprintf(stderr, "stockbot replay: left out: %s\n",
                      text_str(&j->found.broken.words[i]));
}

static void
report(struct days_job *j, double real_s)
{
    CLEANUP(text_free) struct text text = {0}, digests = {0};
    struct json_out o = {.to = &text};
    struct days_summary s = {
        .days = j->days,
        .drawn_flow = j->drawn_flow,
        .broken = j->found.broken.len,
        .symbol_days = j->symbol_days,
        .steps = j->steps,
        .real_s = real_s,
        .table = days_table_of(&j->trades, &j->keep),
        .unit = j->found.unit,
        .day_digest = (const char(*)[SHA256_HEX_MAX])j->digest,
        .units = j->found.units,
        .what_broke = &j->found.broken,
    };

    for (size_t i = 0; i < j->found.units; i++)
        text_printf(&digests, "%s %s\n", j->found.unit[i].name, j->digest[i]);
    (void)sha256_hex(text_str(&digests), digests.len, s.digest);
    if (j->req->is_json) {
        days_write_json(&s, &o);
        text_putc(&text, '\n');
    } else if (j->req->is_csv) {
        days_write_csv(&s, &text);
    } else {
        days_print(&s);
    }
    (void)fputs(text_str(&text), stdout);
}

int
days_replay(const struct days_request *req, const struct config *cfg)
{
    struct days_job j = {.req = req};
    struct err err = {0};
    int64_t began_ns = replay_real_ns();
    enum rc rc = open_job(&j, cfg, &err);
    bool shows = isatty(STDERR_FILENO) == 1;

    for (size_t i = 0; i < j.found.units && rc == RC_OK; i++) {
        if (shows)
            (void)fprintf(stderr, "\r%zu of %zu: %s ", i + 1, j.found.units, j.found.unit[i].name);
        rc = run_day(&j, i, &err);
    }
    if (shows) (void)fprintf(stderr, "\r\033[K");
    bool is_whole = rc == RC_OK && j.found.broken.len == 0;
    say_broken(&j);
    if (rc == RC_OK)
        report(&j, (double)(replay_real_ns() - began_ns) / (double)NS_PER_S);
    else
        (void)fprintf(stderr, "stockbot replay: %s\n", err.text);
    close_job(&j);
    return is_whole ? EXIT_DONE : EXIT_FAILED;
}

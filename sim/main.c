/*
 * market_sim: wiring.  Options in, one trading day made, served on one poll loop until asked to
 * stop.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/version.h"
#include "io/clock.h"
#include "io/fs.h"
#include "io/gz.h"
#include "io/loop.h"
#include "io/zonefile.h"
#include "sim/load.h"
#include "sim/server.h"

#define EXIT_USAGE     2
#define KEY_FILE_MAX   4096
#define PARTIAL_CHANCE 0.1 /* one execution in ten comes in parts */

/* Everything of the process; there is one. */
struct program {
    struct sim_options opt;
    struct loop loop;
    struct sys_clock sys_clock;
    struct clock clock;
    struct posix_fs posix;
    struct fs fs;
    struct zone *ny;
    char uw_key[KEY_FILE_MAX];
    struct sim sim;
    struct server *server;
};

static int
fail(const struct err *err, int status)
{
    (void)fprintf(stderr, "market_sim: %s\n", err->text);
    return status;
}

static const char *
env_or(const char *name, const char *dflt)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : dflt;
}

static enum rc
read_keys(struct program *p, struct err *err)
{
    CLEANUP(text_free) struct text file = {0};

    p->sim.keys.alpaca = env_or("SIM_ALPACA_KEY", "demo-key");
    p->sim.keys.alpaca_secret = env_or("SIM_ALPACA_SECRET", "demo-secret");
    p->sim.keys.uw = env_or("SIM_UW_KEY", "demo-uw-key");
    if (p->opt.uw_key_file == NULL) return RC_OK;

    enum rc rc = gz_read_all(p->opt.uw_key_file, KEY_FILE_MAX - 1, &file, err);

    if (rc != RC_OK) return rc;
    (void)str_copy(p->uw_key, sizeof(p->uw_key), text_str(&file));
    str_trim(p->uw_key);
    p->sim.keys.uw = p->uw_key;
    return RC_OK;
}

static enum rc
open_clock(struct program *p, struct err *err)
{
    /* No API hosts of its own: the market it serves is on this machine by construction. */
    struct clock_options opt = {.paced = getenv("STOCKBOT_CLOCK"), .stop = &p->loop.stop};
    enum rc rc = clock_open(&opt, &p->sys_clock, err);

    if (rc != RC_OK) return rc;
    p->clock = clock_seam(&p->sys_clock);
    return RC_OK;
}

static enum rc
open_market(struct program *p, struct err *err)
{
    struct sim *sim = &p->sim;

    sim->ny = p->ny;
    sim->clock = &p->clock;
    sim->latency_ms = p->opt.latency_ms;
    sim->faults.seed = p->opt.seed;

    enum rc rc = read_keys(p, err);

    if (rc == RC_OK) rc = faults_parse(&sim->faults, p->opt.faults, err);
    if (rc == RC_OK) rc = load_market(&p->opt, &p->fs, sim, err);
    if (rc != RC_OK) return rc;

    struct book_prices prices = book_prices_of_day(&sim->day);
    struct book_config cfg = {.seed = sim->day.seed,
                              .cash = p->opt.cash,
                              .open_ns = sim->day.session.open_ns,
                              .close_ns = sim->day.session.close_ns,
                              .partial_chance = PARTIAL_CHANCE};

    book_init(&sim->book, &cfg, &prices);
    return RC_OK;
}

static enum rc
save(struct program *p, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};

    if (p->opt.state_path == NULL) return RC_OK;
    book_advance(&p->sim.book, clock_now(&p->clock));
    sim_write(&p->sim, &json);
    text_putc(&json, '\n');
    return p->fs.replace(p->fs.self, p->opt.state_path, text_str(&json), json.len, false, err);
}

static enum rc
announce(struct program *p, struct err *err)
{
    char text[32], date[ISO_TEXT_MAX];
    int len = snprintf(text, sizeof(text), "%d\n", server_port(p->server));

    (void)fprintf(stderr, "market_sim: %s, %zu symbols, %zu alerts, http://127.0.0.1:%d\n",
                  date_text(p->sim.day.session.date, date), p->sim.day.len, p->sim.flow.alerts.len,
                  server_port(p->server));
    if (p->opt.port_file == NULL) return RC_OK;
    return p->fs.replace(p->fs.self, p->opt.port_file, text, (size_t)len, false, err);
}

static enum rc
run(struct program *p, struct err *err)
{
    enum rc rc = announce(p, err);

    while (rc == RC_OK && p->loop.stop == 0 && !p->sim.is_stop_wanted) {
        struct pollfd fd = {.fd = server_fd(p->server), .events = POLLIN};

        (void)loop_wait(&p->loop, &fd, 1, &p->clock,
                        server_deadline_ns(p->server)); /* run looks itself */
        server_run(p->server);
        if (p->sim.is_save_wanted) {
            p->sim.is_save_wanted = false;
            rc = save(p, err);
        }
    }
    return rc == RC_OK ? save(p, err) : rc;
}

static enum rc
serve(struct program *p, struct err *err)
{
    enum rc rc = open_clock(p, err);

    if (rc == RC_OK) rc = zonefile_load(ZONE_NEW_YORK, &p->ny, err);
    if (rc == RC_OK) rc = open_market(p, err);
    if (rc == RC_OK) rc = server_open(&p->sim, p->opt.port, &p->server, err);
    if (rc == RC_OK) rc = run(p, err);
    server_close(p->server);
    sim_done(&p->sim);
    zone_free(p->ny);
    return rc;
}

int
main(int argc, char **argv)
{
    struct program p = {0};
    struct err err = {0};

    switch (options_parse(argc, argv, &p.opt, &err)) {
    case OPTIONS_HELP:
        (void)fputs(OPTIONS_HELP_TEXT, stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        (void)puts("market_sim " STOCKBOT_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        return fail(&err, EXIT_USAGE);
    case OPTIONS_RUN:
        break;
    }
    if (loop_init(&p.loop, &err) != RC_OK) return fail(&err, EXIT_FAILURE);
    if (fs_open(".", &p.posix, &err) != RC_OK) return fail(&err, EXIT_FAILURE);
    p.fs = fs_seam(&p.posix);

    enum rc rc = serve(&p, &err);

    fs_close(&p.posix);
    loop_done(&p.loop);
    options_done(&p.opt);
    return rc == RC_OK ? EXIT_SUCCESS : fail(&err, EXIT_FAILURE);
}

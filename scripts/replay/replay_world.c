#include "scripts/replay/replay.h"

#include <unistd.h>

#include "io/fs.h"
#include "io/share.h"
#include "io/zonefile.h"
#include "sim/http_in_process.h"
#include "sim/load.h"
#include "uwclient/spec.h"

#define SPEC_BYTES_MAX     ((size_t)16 << 20)
#define THEME_BYTES_MAX    ((size_t)1 << 20)
#define ORDERS_PER_DAY_MAX 2000 /* as the engine's main() */
#define PARTIAL_CHANCE     0.1  /* as market_sim's */
#define REPLAY_URL         "http://127.0.0.1:1"
#define DRAWN_CASH         USD_CENTS(5500000)

/* ---- settings ---- */

enum { ENV_OWN = 8, ENV_MAX = 4096 };

static bool
is_own(const char *entry)
{
    static const char *const NAMES[] = {
        "ALPACA_KEY=",      "ALPACA_SECRET=",   "ALPACA_API_KEY=", "ALPACA_API_SECRET=",
        "ALPACA_BASE_URL=", "ALPACA_DATA_URL=", "UW_BASE_URL=",    "UW_API_KEY=",
        "TRADING_MODE=",    "STOCKBOT_CLOCK=",  "WEBHOOK_URL=",    "ENV_FILE=",
        "STOCKBOT_ROOT=",
    };

    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (str_starts(entry, NAMES[i])) return true;
    return false;
}

/* The caller's settings with the simulator's hosts and keys in place of real ones. */
static enum rc
load_config(struct replay *r, struct err *err)
{
    static const char *const OWN[] = {
        "ALPACA_KEY=demo-key",         "ALPACA_SECRET=demo-secret", "ALPACA_BASE_URL=" REPLAY_URL,
        "ALPACA_DATA_URL=" REPLAY_URL, "UW_BASE_URL=" REPLAY_URL,   "UW_API_KEY=demo-uw-key",
    };
    const char *env[ENV_MAX];
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(OWN); i++)
        env[n++] = OWN[i];
    if (r->tickers_env.len > 0) env[n++] = text_str(&r->tickers_env);
    for (char **e = environ; e != NULL && *e != NULL && n + 1 < ENV_MAX; e++) {
        bool is_tickers = r->tickers_env.len > 0 && str_starts(*e, "TICKERS=");
        if (!is_own(*e) && !is_tickers) env[n++] = *e;
    }
    env[n] = NULL;
    struct config_options opt = {.root =
                                     r->opt->day.root != NULL ? r->opt->day.root : "/nonexistent",
                                 .yaml_path = r->opt->config,
                                 .environ_ = env};
    enum rc rc = config_load(&opt, &r->cfg, err);
    r->is_unconfigured = rc != RC_OK;
    return rc;
}

/* ---- the market ---- */

/* The only time the real clock is asked: which day it is. */
static enum rc
last_session(const struct replay *r, struct date *ret_date, struct err *err)
{
    struct clock_options opt = {0};
    struct sys_clock sys = {0};
    enum rc rc = clock_open(&opt, &sys, err);

    if (rc != RC_OK) return rc;
    struct clock clock = clock_seam(&sys);
    *ret_date = demo_last_session(r->ny, clock_now(&clock)).date;
    return RC_OK;
}

static enum rc
make_market(struct replay *r, const struct fs *real, struct err *err)
{
    const struct demo_options *d = &r->opt->day;
    const struct name_list *tickers = &r->cfg.strategy.tickers;
    struct sim_options opt = {.date = d->day,
                              .seed = (uint64_t)d->seed,
                              .bars_dir = d->bars_dir,
                              .flow_path = d->flow_path};

    opt.symbols = calloc(tickers->len + 1, sizeof(*opt.symbols));
    if (opt.symbols == NULL) return err_set(err, RC_NOMEM, "out of memory");
    for (size_t i = 0; i < tickers->len && opt.symbols_len < OPTIONS_SYMBOLS_MAX; i++)
        if (symbol_set(opt.symbols[opt.symbols_len], tickers->item[i])) opt.symbols_len++;
    r->sim.ny = r->ny;
    r->sim.clock = &r->clock;
    r->sim.keys = (struct sim_keys){
        .uw = "demo-uw-key", .alpaca = "demo-key", .alpaca_secret = "demo-secret"};
    r->sim.faults.seed = opt.seed;
    enum rc rc = d->faults != NULL ? faults_parse(&r->sim.faults, d->faults, err) : RC_OK;
    if (rc == RC_OK && opt.date.year == 0 && opt.bars_dir == NULL)
        rc = last_session(r, &opt.date, err);
    if (rc == RC_OK) rc = load_market(&opt, real, &r->sim, err);
    options_done(&opt);
    return rc;
}

static void
open_book(struct replay *r)
{
    const struct session *s = &r->sim.day.session;
    struct book_prices prices = book_prices_of_day(&r->sim.day);
    struct book_config cfg = {.seed = r->sim.day.seed,
                              .cash = DRAWN_CASH,
                              .open_ns = s->open_ns,
                              .close_ns = s->close_ns,
                              .partial_chance = PARTIAL_CHANCE};

    sim_clock_init(&r->sim_clock, s->open_ns - DEMO_LEAD_NS);
    book_init(&r->sim.book, &cfg, &prices);
}

/* What has bars is what is polled and traded. */
static void
name_recorded_symbols(struct replay *r)
{
    text_puts(&r->tickers_env, "TICKERS=");
    for (size_t i = 0; i < r->sim.day.len; i++)
        text_printf(&r->tickers_env, "%s%s", i == 0 ? "" : ",", r->sim.day.symbol[i].symbol);
}

/* ---- the rest of the outside world ---- */

static enum rc
acquire(void *self, const char *path, int64_t wait_ms, struct lock *ret_lock, struct err *err)
{
    (void)self, (void)path, (void)wait_ms, (void)err;
    *ret_lock = (struct lock){0}; /* alone in this world */
    return RC_OK;
}

static enum rc
write_lock(void *self, const struct lock *lock, const char *line, struct err *err)
{
    (void)self, (void)lock, (void)line, (void)err;
    return RC_OK;
}

static void
release(void *self, struct lock *lock)
{
    (void)self;
    *lock = LOCK_NONE;
}

/* A file that comes with the program, onto the simulated disk. */
static enum rc
ship(struct replay *r, const struct fs *real, const char *name, size_t max, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    enum rc rc = share_find(r->cfg.root, name, &path, err);

    if (rc == RC_OK) rc = real->read_all(real->self, text_str(&path), max, &bytes, err);
    if (rc == RC_OK) rc = r->fs.replace(r->fs.self, name, text_str(&bytes), bytes.len, false, err);
    return rc;
}

static enum rc
load_themes(struct replay *r, const struct fs *real, struct err *err)
{
    CLEANUP(text_free) struct text risk = {0};
    enum rc rc = ship(r, real, "config/theme_risk.json", THEME_BYTES_MAX, err);

    if (rc == RC_OK)
        rc = r->fs.read_all(r->fs.self, "config/theme_risk.json", THEME_BYTES_MAX, &risk, err);
    if (rc != RC_OK) return rc;
    struct theme_source src = {.is_enabled = r->cfg.strategy.theme_risk,
                               .limit_usd = r->cfg.strategy.max_theme_notional_usd,
                               .risk = text_str(&risk),
                               .risk_len = risk.len};
    rc = themes_parse(&src, &r->themes, err);
    r->has_themes = rc == RC_OK;
    return rc;
}

static enum rc
open_disk(struct replay *r, const struct fs *real, struct err *err)
{
    r->disk = mem_fs_new(&r->clock);
    if (r->disk == NULL) return err_set(err, RC_NOMEM, "out of memory");
    r->fs = mem_fs_seam(r->disk);
    state_store_init(&r->state_store, &r->fs, &r->clock, NULL);
    r->store = state_store_seam(&r->state_store);
    event_log_init(&r->event_log, &r->store, &r->clock);
    r->log = event_log_seam(&r->event_log);
    r->state_store.log = &r->log;
    r->locks = (struct locks){.acquire = acquire, .write = write_lock, .release = release};
    ledger_mem_init(&r->ledger_mem);
    r->ledger = ledger_mem_seam(&r->ledger_mem);
    enum rc rc = epoch_raise(&r->epoch, &r->fs, &r->store, 0, err);
    if (rc == RC_OK) rc = ship(r, real, SPEC_PATH, SPEC_BYTES_MAX, err);
    if (rc == RC_OK) rc = load_themes(r, real, err);
    return rc;
}

/* ---- what trades ---- */

static enum rc
read_epoch(void *source, int64_t *ret_epoch, struct err *err)
{
    return epoch_current(source, ret_epoch, err);
}

static struct broker
stack_guards(struct replay *r)
{
    alpaca_init(&r->alpaca, &r->http, &r->clock, &r->cfg.broker);
    r->rate = (struct rate_guard){.pass = {alpaca_broker(&r->alpaca)},
                                  .clock = &r->clock,
                                  .per_min = r->cfg.broker.requests_per_min};
    r->market_data = rate_guard_broker(&r->rate);
    r->spare = (struct spare_data){.inner = alpaca_broker(&r->alpaca), .main = &r->rate};
    r->ledger_guard = (struct ledger_guard){
        .pass = {r->market_data}, .ledger = &r->ledger, .clock = &r->clock, .epoch = r->epoch.mine};
    r->risk = (struct risk_guard){.pass = {ledger_guard_broker(&r->ledger_guard)},
                                  .prices = &r->market_data,
                                  .max_notional_usd = r->cfg.broker.max_notional_per_order,
                                  .orders_per_day_max = ORDERS_PER_DAY_MAX,
                                  .clock = &r->clock};
    r->kill = (struct kill_switch){
        .pass = {risk_guard_broker(&r->risk)}, .entries_halted = true, .reason = "starting"};
    r->arm = (struct arm_guard){.pass = {kill_switch_broker(&r->kill)}, .cfg = &r->cfg.broker};
    r->fence = (struct fence){.pass = {arm_guard_broker(&r->arm)},
                              .epoch = r->epoch.mine,
                              .source = &r->epoch,
                              .current_epoch = read_epoch};
    return fence_broker(&r->fence);
}

static bool
is_ledger_rebuilt(void *ctx)
{
    (void)ctx;
    return false;
}

static void
ledger_reconciled(void *ctx)
{
    (void)ctx;
}

static enum rc
open_engine(struct replay *r, struct err *err)
{
    struct engine_seams seams = {.cfg = &r->cfg,
                                 .ny = r->ny,
                                 .clock = r->clock,
                                 .fs = r->fs,
                                 .store = r->store,
                                 .log = r->log,
                                 .broker = stack_guards(r),
                                 .spare = spare_data_prices(&r->spare),
                                 .ledger = r->ledger,
                                 .kill = &r->kill,
                                 .themes = r->has_themes ? &r->themes : NULL,
                                 .flight = &r->flight,
                                 .epoch = r->epoch.mine,
                                 .refused = &r->alpaca.refused,
                                 .is_ledger_rebuilt = is_ledger_rebuilt,
                                 .ledger_reconciled = ledger_reconciled,
                                 .ledger_ctx = r};
    enum rc rc = engine_init(&r->engine, &seams, err);
    r->is_engine_open = rc == RC_OK;
    return rc;
}

static bool
never(void *ctx)
{
    (void)ctx;
    return false;
}

static enum rc
open_daemon(struct replay *r, struct err *err)
{
    struct uw_deps deps = {.clock = &r->clock,
                           .fs = &r->fs,
                           .http = &r->http,
                           .store = &r->store,
                           .locks = &r->locks,
                           .log = &r->log,
                           .ny = r->ny,
                           .is_stopping = never,
                           .seed = (uint64_t)r->opt->day.seed};
    enum rc rc = uw_client_init(&r->client, &deps, &r->cfg.uw, SPEC_PATH, err);

    r->is_client_open = rc == RC_OK;
    if (rc != RC_OK) return rc;
    struct daemon_deps daemon = {.client = &r->client,
                                 .cfg = &r->cfg.uw,
                                 .clock = &r->clock,
                                 .fs = &r->fs,
                                 .store = &r->store,
                                 .locks = &r->locks,
                                 .log = &r->log,
                                 .ny = r->ny,
                                 .pid = getpid(),
                                 .is_stopping = never,
                                 .ctx = r};
    rc = daemon_init(&r->daemon, &daemon, err);
    r->is_daemon_open = rc == RC_OK;
    return rc;
}

/* ---- public ---- */

static enum rc
open_world(struct replay *r, const struct fs *real, struct err *err)
{
    enum rc rc = load_config(r, err);

    if (rc == RC_OK) rc = make_market(r, real, err);
    if (rc == RC_OK && r->opt->day.bars_dir != NULL) {
        name_recorded_symbols(r);
        config_done(&r->cfg);
        rc = load_config(r, err);
    }
    if (rc != RC_OK) return rc;
    open_book(r);
    r->http = http_in_process(&r->sim);
    rc = open_disk(r, real, err);
    if (rc == RC_OK) rc = open_engine(r, err);
    if (rc == RC_OK) rc = open_daemon(r, err);
    return rc;
}

enum rc
replay_open(struct replay *r, const struct replay_options *opt, struct err *err)
{
    struct posix_fs posix = {0};
    enum rc rc = fs_open(".", &posix, err);

    if (rc != RC_OK) return rc;
    struct fs real = fs_seam(&posix);
    r->opt = opt;
    r->clock = sim_clock_seam(&r->sim_clock);
    rc = zonefile_load(ZONE_NEW_YORK, &r->ny, err);
    if (rc == RC_OK) rc = open_world(r, &real, err);
    fs_close(&posix);
    return rc;
}

void
replay_close(struct replay *r)
{
    if (r->is_daemon_open) daemon_done(&r->daemon);
    if (r->is_client_open) uw_client_done(&r->client);
    if (r->is_engine_open) engine_done(&r->engine);
    ledger_mem_done(&r->ledger_mem);
    themes_done(&r->themes);
    mem_fs_free(r->disk);
    sim_done(&r->sim);
    config_done(&r->cfg);
    zone_free(r->ny);
    text_free(&r->tickers_env);
}

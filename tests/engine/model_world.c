#include "tests/engine/model.h"

#include "io/zonefile.h"
#include "sim/http_in_process.h"

#define MODEL_URL  "http://127.0.0.1:1"
#define MODEL_CASH USD_CENTS(10000000)

const char *const MODEL_SYMBOL[MODEL_SYMBOLS] = {"F", "PLTR", "SOFI"};

/* ---- the bed ------------------------------------------------------------------------------- */

static void
must(enum rc rc, const char *doing, const struct err *err)
{
    if (rc == RC_OK) return;
    (void)fprintf(stderr, "model: %s: %s\n", doing, err->text);
    abort();
}

void
model_bed_init(struct model_bed *bed)
{
    /* Large orders in cheap shares are filled in parts; without cool-downs there is much to do. */
    static const char *const ENV[] = {
        "ALPACA_BASE_URL=" MODEL_URL,   "ALPACA_DATA_URL=" MODEL_URL,
        "UW_BASE_URL=" MODEL_URL,       "ALPACA_KEY=key",
        "ALPACA_SECRET=secret",         "UW_API_KEY=key",
        "ENABLE_THEME_RISK=false",      "COOLDOWN_MINUTES_PER_TICKER=0",
        "MIN_COOLDOWN_MINUTES=0",       "MAX_NOTIONAL_PER_ORDER=20000",
        "MAX_POSITION_SIZE_USD=20000",  "PROFIT_TARGETS=0.0005,0.002,0.004",
        "ALPACA_REQUESTS_PER_MIN=2000", NULL};
    struct config_options opt = {.root = "/nonexistent", .environ_ = ENV};
    struct day_spec spec = {
        .date = {2026, 1, 30},
          .seed = 11, .symbols = MODEL_SYMBOL, .symbols_len = MODEL_SYMBOLS
    };
    struct err err = {0};

    *bed = (struct model_bed){.has_root = false};
    must(config_load(&opt, &bed->cfg, &err), "config", &err);
    must(zonefile_load(ZONE_NEW_YORK, &bed->ny, &err), "zone", &err);
    spec.ny = bed->ny;
    must(day_synth(&spec, &bed->day, &err), "day", &err);
    spec.date = (struct date){2026, 11, 27}; /* the day after Thanksgiving */
    must(day_synth(&spec, &bed->half, &err), "half day", &err);
    test_root_make(&bed->root);
    bed->has_root = true;
}

void
model_bed_done(struct model_bed *bed)
{
    if (bed->has_root) test_root_remove(&bed->root);
    day_done(&bed->day);
    day_done(&bed->half);
    zone_free(bed->ny);
    config_done(&bed->cfg);
}

/* ---- clock --------------------------------------------------------------------------------- */

static int64_t
now_of(void *self)
{
    const struct model_process *p = self;

    return p->m->time.now_ns + p->m->skew_ns;
}

static int64_t
mono_of(void *self)
{
    const struct model_process *p = self;

    return p->m->time.mono_ns;
}

static int64_t
real_of(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

static void
sleep_of(void *self, int64_t wall_ns)
{
    struct model_process *p = self;

    if (!p->is_dead && wall_ns > 0) model_pass(p->m, wall_ns);
}

/* ---- HTTP ---------------------------------------------------------------------------------- */

static enum rc
post_later(struct model *m, const struct http_request *req, struct err *err)
{
    for (size_t i = 0; i < MODEL_LATE_MAX; i++) {
        struct late_post *late = &m->late[i];

        if (late->at_ns != 0) continue;
        late->at_ns = m->time.now_ns + m->post_late_ns;
        text_puts(&late->url, req->url);
        text_add(&late->body, req->body, req->body_len);
        break;
    }
    m->post_late_ns = 0;
    return err_set(err, RC_UNKNOWN, "%s: timed out", req->method);
}

static enum rc
perform_of(void *self, const struct http_request *req, struct http_response *ret_resp,
           struct err *err)
{
    struct model_process *p = self;
    struct model *m = p->m;
    bool is_order = str_eq(req->method, "POST");

    if (!model_alive(p)) return model_dead(err);
    if (is_order) model_watch_post(m, req);
    if (is_order && m->post_late_ns > 0) return post_later(m, req, err);
    if (is_order && m->post_twice) {
        struct http_response first = {0};
        struct err ignored = {0};

        m->post_twice = false;
        m->posts_doubled++;
        (void)m->broker_http.perform(m->broker_http.self, req, &first, &ignored);
        http_response_free(&first);
    }
    enum rc rc = m->broker_http.perform(m->broker_http.self, req, ret_resp, err);
    if (m->is_traced && !str_eq(req->method, "GET"))
        (void)printf("      %s %.*s -> %s %d\n", req->method, (int)MIN(req->body_len, (size_t)180),
                     req->body == NULL ? req->url : req->body, rc_name(rc),
                     rc == RC_OK ? ret_resp->status : 0);
    model_watch_book(m);
    return rc;
}

/* ---- log ----------------------------------------------------------------------------------- */

static double
score_said(const struct field *fields, const char *key)
{
    for (const struct field *f = fields; f->kind != FIELD_END; f++)
        if (f->kind == FIELD_F64 && str_eq(f->key, key)) return f->as.f64;
    return 0;
}

static void
event_of(void *self, enum event_id id, const struct field *fields)
{
    struct model_process *p = self;
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};

    if (p->is_dead) return;
    p->m->event[id]++;
    if (id == EV_COUNTER_SIGNAL_EXIT)
        for (int i = 0; i < 2; i++)
            p->m->said_score[i] = score_said(fields, i == 0 ? "score_before" : "score_after");
    if (!p->m->is_traced || event_row(id)->severity == SEV_INFO) {
        if (!p->m->is_traced || (id != EV_ORDER_STATE && id != EV_FILL && id != EV_CLOSE_SUCCESS &&
                                 id != EV_METADATA_PURGED && id != EV_METADATA_RESTORED))
            return;
    }
    json_out_obj(&o, NULL);
    fields_write(&o, fields);
    json_out_end(&o);
    (void)printf("      %s %.300s\n", event_row(id)->name, text_str(&line));
}

/* ---- the process --------------------------------------------------------------------------- */

static enum rc
read_epoch(void *source, int64_t *ret_epoch, struct err *err)
{
    return epoch_current(source, ret_epoch, err);
}

/* As the engine's main(): fence, arm, kill switch, risk limits, ledger, rate budget, Alpaca. */
static struct broker
stack_guards(struct model_process *p)
{
    const struct broker_config *cfg = &p->m->bed->cfg.broker;

    alpaca_init(&p->alpaca, &p->http, &p->clock, cfg);
    p->rate = (struct rate_guard){
        .pass = {alpaca_broker(&p->alpaca)}, .clock = &p->clock, .per_min = cfg->requests_per_min};
    p->market_data = rate_guard_broker(&p->rate);
    p->ledger_guard = (struct ledger_guard){
        .pass = {p->market_data}, .ledger = &p->ledger, .clock = &p->clock, .epoch = p->epoch.mine};
    p->risk = (struct risk_guard){.pass = {ledger_guard_broker(&p->ledger_guard)},
                                  .prices = &p->market_data,
                                  .max_notional_usd = cfg->max_notional_per_order,
                                  .orders_per_day_max = 2000,
                                  .clock = &p->clock};
    p->kill = (struct kill_switch){
        .pass = {risk_guard_broker(&p->risk)}, .entries_halted = true, .reason = "starting"};
    p->arm = (struct arm_guard){.pass = {kill_switch_broker(&p->kill)}, .cfg = cfg};
    p->fence = (struct fence){.pass = {arm_guard_broker(&p->arm)},
                              .epoch = p->epoch.mine,
                              .source = &p->epoch,
                              .current_epoch = read_epoch};
    return fence_broker(&p->fence);
}

struct model_process *
model_process_new(struct model *m)
{
    struct model_process *p = calloc(1, sizeof(*p));
    struct err err = {0};

    if (p == NULL) abort();
    p->m = m;
    p->clock = (struct clock){
        .self = p, .now_ns = now_of, .mono_ns = mono_of, .real_ns = real_of, .sleep = sleep_of};
    p->fs = model_fs_of(p);
    p->ledger = model_ledger_of(p);
    p->http = (struct http){.self = p, .perform = perform_of};
    p->log = (struct log){.self = p, .event = event_of};
    state_store_init(&p->state_store, &p->fs, &p->clock, &p->log);
    p->state_store.complaints = NULL;
    p->store = state_store_seam(&p->state_store);
    must(epoch_raise(&p->epoch, &p->fs, &p->store, m->epoch, &err), "epoch", &err);
    m->epoch = p->epoch.mine;
    struct engine_seams seams = {.cfg = &m->bed->cfg,
                                 .ny = m->bed->ny,
                                 .clock = p->clock,
                                 .fs = p->fs,
                                 .store = p->store,
                                 .log = p->log,
                                 .broker = stack_guards(p),
                                 .ledger = p->ledger,
                                 .kill = &p->kill,
                                 .themes = &m->bed->themes,
                                 .flight = &p->flight,
                                 .epoch = p->epoch.mine,
                                 .refused = &p->alpaca.refused};
    must(engine_init(&p->engine, &seams, &err), "engine", &err);
    return p;
}

void
model_process_free(struct model_process *p)
{
    if (p == NULL) return;
    p->is_dead = true;
    engine_done(&p->engine);
    free(p);
}

static void
open_ledger(struct model *m)
{
    struct ledger_options opt = {
        .root = m->bed->root.path, .path = m->sql_path, .fs = &m->bed->root.fs, .clock = &m->clock};
    struct err err = {0};

    must(ledger_open(&opt, &m->sql, &err), "ledger", &err);
    m->ledger = ledger_seam(m->sql);
}

void
model_drop(struct model *m)
{
    model_process_free(m->process);
    m->process = NULL;
    if (m->sql != NULL) {
        ledger_close(m->sql);
        m->sql = NULL;
    }
}

void
model_start(struct model *m)
{
    if (m->sql_path[0] != '\0' && m->sql == NULL) open_ledger(m);
    m->process = model_process_new(m);
    engine_start(&m->process->engine);
}

/* ---- the world ----------------------------------------------------------------------------- */

void
model_open(struct model *m, struct model_bed *bed, const struct model_options *opt)
{
    struct book_config book = {.seed = opt->seed, .cash = MODEL_CASH, .partial_chance = 0.4};

    *m = (struct model){
        .bed = bed, .seed = opt->seed, .is_traced = opt->is_traced, .cash = MODEL_CASH};
    m->sim.day = opt->is_half_day ? bed->half : bed->day; /* borrowed: not sim_done */
    m->sim.ny = bed->ny;
    m->sim.keys = (struct sim_keys){.uw = "key", .alpaca = "key", .alpaca_secret = "secret"};
    m->sim.faults.seed = opt->seed;
    book.open_ns = m->sim.day.session.open_ns;
    book.close_ns = m->sim.day.session.close_ns;
    sim_clock_init(&m->time, book.open_ns + opt->start_min * NS_PER_MIN);
    m->clock = sim_clock_seam(&m->time);
    m->sim.clock = &m->clock;
    struct book_prices prices = book_prices_of_day(&m->sim.day);
    book_init(&m->sim.book, &book, &prices);
    m->broker_http = http_in_process(&m->sim);
    m->disk = mem_fs_new(&m->clock);
    if (m->disk == NULL) abort();
    m->fs = mem_fs_seam(m->disk);
    ledger_mem_init(&m->ledger_mem);
    m->ledger = ledger_mem_seam(&m->ledger_mem);
    if (opt->is_sql)
        (void)snprintf(m->sql_path, sizeof(m->sql_path), "ledger-%llu.db",
                       (unsigned long long)opt->seed);
    model_start(m);
}

void
model_done(struct model *m)
{
    model_drop(m);
    for (size_t i = 0; i < MODEL_LATE_MAX; i++) {
        text_free(&m->late[i].url);
        text_free(&m->late[i].body);
    }
    text_free(&m->sent);
    book_done(&m->sim.book);
    ledger_mem_done(&m->ledger_mem);
    mem_fs_free(m->disk);
}

void
model_wrong(struct model *m, const char *fmt, ...)
{
    va_list args;

    if (m->wrong[0] != '\0') return;
    va_start(args, fmt);
    (void)vsnprintf(m->wrong, sizeof(m->wrong), fmt, args);
    va_end(args);
    if (m->is_traced) (void)printf("      ! %s\n", m->wrong);
}

static void
arrive(struct model *m, struct late_post *late)
{
    struct http_request req = {
        .method = "POST",
        .url = text_str(&late->url),
        .headers = {{"APCA-API-KEY-ID", "key"}, {"APCA-API-SECRET-KEY", "secret"}},
        .headers_len = 2,
        .body = text_str(&late->body),
        .body_len = late->body.len
    };
    struct http_response resp = {0};
    struct err ignored = {0};

    if (m->is_traced) (void)printf("      late POST arrives: %s\n", req.body);
    (void)m->broker_http.perform(m->broker_http.self, &req, &resp, &ignored);
    http_response_free(&resp);
    late->at_ns = 0;
    text_clear(&late->url);
    text_clear(&late->body);
    model_watch_book(m);
}

void
model_pass(struct model *m, int64_t ns)
{
    int64_t end_ns = m->time.now_ns + ns;

    for (;;) {
        struct late_post *next = NULL;

        for (size_t i = 0; i < MODEL_LATE_MAX; i++)
            if (m->late[i].at_ns != 0 && m->late[i].at_ns <= end_ns &&
                (next == NULL || m->late[i].at_ns < next->at_ns))
                next = &m->late[i];
        if (next == NULL) break;
        sim_clock_advance(&m->time, MAX(next->at_ns - m->time.now_ns, (int64_t)0));
        arrive(m, next);
    }
    sim_clock_advance(&m->time, MAX(end_ns - m->time.now_ns, (int64_t)0));
}

void
model_faults(struct model *m, const char *spec)
{
    struct err err = {0};

    must(faults_parse(&m->sim.faults, spec, &err), spec, &err);
}

void
model_by_hand(struct model *m, const char *symbol, int64_t shares)
{
    struct book_request req = {.side = shares > 0 ? SIDE_BUY : SIDE_SELL, .qty = llabs(shares)};
    const struct book_order *order = NULL;
    struct book_refusal refusal = {0};

    (void)snprintf(req.client_id, sizeof(req.client_id), "by-hand-%lld", (long long)++m->by_hand);
    (void)str_copy(req.symbol, sizeof(req.symbol), symbol);
    enum rc rc = book_submit(&m->sim.book, &req, m->time.now_ns, &order, &refusal);
    if (m->is_traced)
        (void)printf("      by hand %s %lld: %s %s\n", symbol, (long long)shares, rc_name(rc),
                     rc == RC_OK ? "" : refusal.message);
}

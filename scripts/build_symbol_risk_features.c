/*
 * build_symbol_risk_features: volatility and beta of the symbols from daily bars (contract 4.12,
 * spec 30 3), for a root without an engine, and for symbols that the engine does not know of.
 */
#include "intel/symbol_risk.h"
#include "scripts/command.h"
#include "scripts/daily_bars.h"
#include "scripts/documents.h"
#include "scripts/view.h"

#define RISK_PATH "state/symbol_risk_features.json"

enum { NAMES_MAX = 4096 };

static const char HELP[] =
    "usage: stockbot build-symbol-risk-features [options]\n"
    "\n"
    "Computes volatility and beta of TICKERS and SPY from the newest 45 daily bars and "
    "writes\n" RISK_PATH ". A file that is not older than six hours is left alone.\n"
    "\n"
    "  --bars DIR       take the bars from DIR/SYMBOL.csv[.gz] and not from the broker's data API\n"
    "  --refresh        for the symbols of logs/attribution.jsonl and logs/shadow.jsonl and SPY,\n"
    "                   however old the file is\n"
    "\n";

struct wish {
    const char *bars_dir;
    bool is_refresh;
};

enum { OPT_BARS = OPT_JOB_OWN, OPT_REFRESH };

static const struct option OPTIONS[] = {
    {"bars",    required_argument, NULL, OPT_BARS   },
    {"refresh", no_argument,       NULL, OPT_REFRESH},
};

static bool
take(void *own, int option)
{
    struct wish *w = own;

    if (option == OPT_BARS) w->bars_dir = optarg;
    if (option == OPT_REFRESH) w->is_refresh = true;
    return true;
}

/* ---- which symbols ------------------------------------------------------------------------- */

struct names {
    struct arena *arena;
    const char *name[NAMES_MAX]; /* each once */
    size_t len;
};

static void
add_name(void *ctx, const struct json *record)
{
    struct names *n = ctx;
    const char *symbol = json_str(record, "symbol", "");

    for (size_t i = 0; i < n->len; i++)
        if (str_eq(n->name[i], symbol)) return;
    if (symbol[0] != '\0' && n->len < NAMES_MAX) n->name[n->len++] = arena_strdup(n->arena, symbol);
}

static size_t
symbols_of_logs(const struct job *job, struct arena *a, const char *const **ret_symbol)
{
    struct view_follow logs[] = {{.path = "logs/attribution.jsonl"}, {.path = "logs/shadow.jsonl"}};
    struct names *names = ARENA_NEW(a, struct names, 1);

    names->arena = a;
    for (size_t i = 0; i < COUNT_OF(logs); i++)
        view_follow(&logs[i], &job->runner.fs, add_name, names);
    return symbol_risk_symbols(names->name, names->len, a, ret_symbol);
}

static size_t
symbols_wanted(const struct job *job, const struct wish *w, struct arena *a,
               const char *const **ret_symbol)
{
    const struct name_list *tickers = &job->runner.cfg.uw.tickers;
    const char **name = ARENA_NEW(a, const char *, tickers->len);

    if (w->is_refresh) return symbols_of_logs(job, a, ret_symbol);
    for (size_t i = 0; i < tickers->len; i++)
        name[i] = tickers->item[i];
    return symbol_risk_symbols(name, tickers->len, a, ret_symbol);
}

/* ---- their bars ---------------------------------------------------------------------------- */

struct gathered {
    struct symbol_risk_bars *row;
    size_t len, failed;
    struct err first; /* failure */
};

static void
gather(const struct job *job, const struct daily_bars *source, const char *const *symbol,
       struct gathered *g, struct arena *a)
{
    int64_t from_ns = job->now_ns - RISK_LOOKBACK_DAYS * NS_PER_DAY;
    int troubles = 0; /* in a row: a source that is dead is not asked for every symbol */

    for (size_t i = 0; i < g->len; i++) {
        struct symbol_risk_bars *r = &g->row[i];
        struct err err = {0};

        r->symbol = symbol[i];
        enum rc rc = troubles < DAILY_BARS_TROUBLES_MAX
                         ? source->read(source->self, symbol[i], from_ns, job->now_ns,
                                        RISK_CLOSES_MAX, a, &r->bars, &err)
                         : RC_IO;
        troubles = rc == RC_IO || rc == RC_UNKNOWN || rc == RC_TIMEOUT ? troubles + 1 : 0;
        r->has_failed = rc != RC_OK;
        if (rc != RC_OK && g->failed++ == 0) g->first = err;
        job_progress(job, "symbols", i + 1, g->len);
    }
}

static size_t
with_bars(const struct gathered *g)
{
    size_t n = 0;

    for (size_t i = 0; i < g->len; i++)
        n += g->row[i].bars.len > 0;
    return n;
}

/* ---- the run ------------------------------------------------------------------------------- */

static int
write_table(const struct documents *d, const struct symbol_risk_table *t, struct err *err)
{
    const struct log *log = d->job->runner.log;
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};

    symbol_risk_table_write(&o, t, d->job->now_ns);
    int status = documents_write(d, RISK_PATH, DOCUMENT_OF_NO_SCHEMA, &doc, err);
    if (status == EXIT_DONE)
        log_event(log, EV_SYMBOL_RISK_UPDATED, F_I64("count", t->len),
                  F_I64("failed_count", t->failed_len), F_STR("benchmark", RISK_BENCHMARK));
    else
        log_event(log, EV_SYMBOL_RISK_PERSIST_FAILED, F_STR("error", err->text));
    return status;
}

static int
compute(struct documents *d, const struct daily_bars *source, const char *const *symbol, size_t len,
        struct err *err)
{
    struct job *job = d->job;
    struct gathered g = {.row = ARENA_NEW(&d->arena, struct symbol_risk_bars, len), .len = len};
    struct symbol_risk_table table;

    gather(job, source, symbol, &g, &d->arena);
    json_out_i64(&job->summary, "symbols", (int64_t)len);
    json_out_i64(&job->summary, "with_bars", (int64_t)with_bars(&g));
    json_out_i64(&job->summary, "failed", (int64_t)g.failed);
    if (with_bars(&g) == 0) {
        (void)err_set(err, RC_NOT_FOUND, "no bars of any symbol in the last %d days%s%.300s; %s",
                      RISK_LOOKBACK_DAYS, g.failed > 0 ? ": " : "", g.first.text,
                      RISK_PATH " is left as it was");
        return EXIT_FAILED;
    }
    if (g.failed > 0)
        (void)fprintf(stderr, "%s: %zu of %zu symbols have no bars (%s); they count as unknown\n",
                      job->spec->name, g.failed, g.len, g.first.text);
    symbol_risk_table_of(g.row, g.len, &d->arena, &table);
    return write_table(d, &table, err);
}

static int
refresh(struct documents *d, const struct wish *w, struct err *err)
{
    struct job *job = d->job;
    const char *const *symbol = NULL;
    struct daily_bars source = {0};
    size_t len = symbols_wanted(job, w, &d->arena, &symbol);
    enum rc rc = w->bars_dir != NULL
                     ? daily_bars_of_folder(w->bars_dir, job->runner.ny, &source, err)
                     : daily_bars_of_broker(&job->runner, &source, err);

    if (rc != RC_OK) return rc == RC_DENIED ? EXIT_CONFIG_UNUSABLE : EXIT_FAILED;
    int status = compute(d, &source, symbol, len, err);
    source.close(source.self);
    return status;
}

static int
build(struct job *job, void *own, struct err *err)
{
    const struct wish *w = own;
    CLEANUP(documents_done) struct documents d = {.job = job};
    const struct json *old = documents_read(&d, RISK_PATH, NULL);
    bool is_fresh = !w->is_refresh && symbol_risk_is_fresh(old, job->now_ns);

    documents_say(&d);
    json_out_bool(&job->summary, "is_fresh", is_fresh);
    int status = is_fresh ? EXIT_DONE : refresh(&d, w, err);
    if (status == EXIT_DONE && !job->is_dry) text_puts(&job->path, RISK_PATH);
    return status;
}

int
cmd_build_symbol_risk_features(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "build-symbol-risk-features",
                                         .help = HELP,
                                         .takes = JOB_DATE,
                                         .options = OPTIONS,
                                         .options_len = COUNT_OF(OPTIONS),
                                         .take = take,
                                         .run = build};
    struct wish wish = {0};

    return job_main(&SPEC, argc, argv, &wish);
}

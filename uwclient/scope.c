#include "uwclient/scope.h"

#define LOOK_EVERY_NS NS_PER_MIN
#define WARN_EVERY_NS (15 * NS_PER_MIN)

void
scope_init(struct scope *s, const struct clock *clock, const struct fs *fs,
           const struct store *store, const struct log *log, const struct name_list *tickers,
           bool is_mock)
{
    *s = (struct scope){
        .clock = clock,
        .fs = fs,
        .store = store,
        .log = log,
        .tickers = tickers,
        .is_mock = is_mock,
        .file = {{.path = "state/daily_universe.json", .state = "missing"},
                 {.path = "state/core_universe.json", .state = "missing"}},
        .warned_at_ns = WHEN_NONE,
    };
}

void
scope_done(struct scope *s)
{
    for (size_t i = 0; i < COUNT_OF(s->file); i++) {
        free(s->file[i].symbols);
        s->file[i].symbols = NULL;
        s->file[i].len = 0;
    }
}

static bool
is_from_mock(const struct json *doc)
{
    const struct json *meta = json_get_obj(doc, "_meta");

    return str_eq(json_str(meta, "mode", NULL), "mock") || json_bool(meta, "mock", false);
}

static void
take_symbols(struct universe_file *f, const struct json *doc)
{
    const struct json *list = json_get_arr(doc, "symbols");
    size_t room = MIN(json_len(list), (size_t)SYMBOLS_MAX);

    f->symbols = room > 0 ? calloc(room, sizeof *f->symbols) : NULL;
    if (f->symbols == NULL) return;
    for (const struct json *v = json_first(list); v != NULL && f->len < room; v = json_next(v)) {
        if (symbol_set(f->symbols[f->len], json_str(v, "symbol", ""))) f->len++;
    }
}

static void
read_universe(struct scope *s, struct universe_file *f)
{
    struct fs_stat st = {0};

    if (s->fs->stat(s->fs->self, f->path, &st, NULL) != RC_OK) st.exists = false;
    if (st.exists && st.mtime_ns == f->mtime_ns && st.inode == f->inode) return;
    free(f->symbols);
    f->symbols = NULL;
    f->len = 0;
    f->mtime_ns = st.exists ? st.mtime_ns : 0;
    f->inode = st.exists ? st.inode : 0;
    f->state = "missing";
    if (!st.exists) return;

    struct store_spec spec = {.path = f->path, .default_json = "{\"_meta\":{},\"symbols\":[]}"};
    enum store_origin origin = STORE_FILE;
    CLEANUP(json_freep) struct json *doc = store_load(s->store, &spec, &origin);
    f->state = origin == STORE_FILE ? "ok" : "healed";
    if (is_from_mock(doc) && !s->is_mock)
        f->state = "mock";
    else
        take_symbols(f, doc);
}

static void
look(struct scope *s)
{
    int64_t mono_ns = clock_mono(s->clock), every_ns = clock_real(s->clock, LOOK_EVERY_NS);

    if (s->looked_mono_ns != 0 && mono_ns - s->looked_mono_ns < every_ns) return;
    s->looked_mono_ns = mono_ns;
    for (size_t i = 0; i < COUNT_OF(s->file); i++)
        read_universe(s, &s->file[i]);
}

bool
scope_in_universe(struct scope *s, const char *symbol)
{
    look(s);
    for (size_t f = 0; f < COUNT_OF(s->file); f++) {
        for (size_t i = 0; i < s->file[f].len; i++) {
            if (str_eq(s->file[f].symbols[i], symbol)) return true;
        }
    }
    return false;
}

static bool
is_configured(const struct scope *s, const char *symbol)
{
    for (size_t i = 0; i < s->tickers->len; i++) {
        if (str_eq_nocase(s->tickers->item[i], symbol)) return true;
    }
    return false;
}

/* Said when a refusal follows from it, so that the refusal can be understood. */
static void
warn_no_universe(struct scope *s)
{
    int64_t now_ns = clock_now(s->clock);

    if (s->file[0].len + s->file[1].len > 0) return;
    if (s->warned_at_ns != WHEN_NONE && llabs(now_ns - s->warned_at_ns) < WARN_EVERY_NS) return;
    s->warned_at_ns = now_ns;
    log_event(s->log, EV_UW_UNIVERSE_UNAVAILABLE, F_STR("daily_state", s->file[0].state),
              F_STR("core_state", s->file[1].state));
}

bool
scope_allows(struct scope *s, enum uw_scope scope, const char *symbol)
{
    if (scope == UW_SCOPE_FLOW_DAEMON && is_configured(s, symbol)) return true;
    if (scope_in_universe(s, symbol)) return true;
    if (scope == UW_SCOPE_INTEL) warn_no_universe(s);
    return false;
}

const char *
uw_scope_name(enum uw_scope s)
{
    return s == UW_SCOPE_INTEL ? "intel" : "flow_daemon";
}

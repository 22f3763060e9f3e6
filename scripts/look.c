#include "scripts/look.h"

#include <sys/stat.h>

#include "io/zonefile.h"
#include "scripts/command.h"
#include "scripts/demo/demo.h"
#include "state/ledger.h"

#define CACHE_BYTES_MAX ((size_t)256 << 20)
#define BLOCKED_BYTES   ((size_t)2 << 20) /* of the log, from its end */

static int
refuse(const char *command, const char *what, const char *more)
{
    (void)fprintf(stderr, "stockbot %s: %s%s\n", command, what, more);
    return EXIT_FAILED;
}

/* By whose clock the files were written. */
static enum rc
find_time(struct look *l, struct err *err)
{
    CLEANUP(json_freep) struct json *mark = view_load(&l->fs, DEMO_MARK_PATH);
    int64_t ended_ns = when_parse_or_none(json_str(mark, "ended_at", ""));
    const char *paced = l->cfg.clock != NULL && l->cfg.clock[0] != '\0'
                            ? l->cfg.clock
                            : json_str(mark, "clock", "");
    struct clock_options opt = {.paced = ended_ns == WHEN_NONE ? paced : ""};
    enum rc rc = clock_open(&opt, &l->sys, err);

    if (rc != RC_OK) return rc;
    l->clock = clock_seam(&l->sys);
    l->now_ns = ended_ns != WHEN_NONE ? ended_ns : clock_now(&l->clock);
    l->day = ended_ns != WHEN_NONE ? LOOK_OVER : paced[0] != '\0' ? LOOK_PACED : LOOK_REAL;
    return RC_OK;
}

static void
open_ledger(struct look *l)
{
    struct ledger_options opt = {
        .root = l->cfg.root, .fs = &l->fs, .clock = &l->clock, .is_read_only = true};

    if (ledger_open(&opt, &l->sql, &l->ledger_err) == RC_OK) l->ledger = ledger_seam(l->sql);
}

int
look_open(const char *command, const struct common_args *args, struct look *ret_look)
{
    struct look *l = ret_look;
    struct stat st;
    struct err err = {0};
    char state[PATH_MAX];

    *l = (struct look){.posix.root_fd = -1};
    int status = common_args_config(args, &l->cfg);
    if (status != EXIT_DONE) return status;
    (void)snprintf(state, sizeof(state), "%s/state", l->cfg.root);
    if (stat(state, &st) != 0 || !S_ISDIR(st.st_mode))
        return refuse(command, l->cfg.root,
                      ": nothing has run there, or it cannot be read; --root names another");
    enum rc rc = fs_open(l->cfg.root, &l->posix, &err);
    if (rc == RC_OK) {
        l->fs = fs_seam(&l->posix);
        rc = zonefile_load(ZONE_NEW_YORK, &l->ny, &err);
    }
    if (rc == RC_OK) rc = find_time(l, &err);
    if (rc != RC_OK) return refuse(command, err.text, "");
    open_ledger(l);
    return EXIT_DONE;
}

void
look_close(struct look *l)
{
    ledger_close(l->sql);
    arena_done(&l->arena);
    zone_free(l->ny);
    if (l->posix.root_fd >= 0) fs_close(&l->posix);
    config_done(&l->cfg);
}

/* The file may hold tens of megabytes: only the wanted member is parsed. */
struct json *
look_cache_member(const struct look *l, const char *key)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct err ignored = {0};
    struct json_scan scan;
    struct json_span span;
    struct json *doc = NULL;

    if (l->fs.read_all(l->fs.self, "data/uw_flow_cache.json", CACHE_BYTES_MAX, &bytes, &ignored) !=
        RC_OK)
        return NULL;
    json_scan_init(&scan, text_str(&bytes), bytes.len);
    while (json_scan_next(&scan, &span, &ignored) == RC_OK) {
        if (span.key_len != strlen(key) || memcmp(span.key, key, span.key_len) != 0) continue;
        if (json_parse(span.value, span.value_len, JSON_STRICT, &JSON_LIMITS_FILE, &doc,
                       &ignored) != RC_OK)
            return NULL;
        return doc;
    }
    return NULL;
}

/* ---- prices ---- */

struct price_search {
    const char *symbol;
    usd price;
    int64_t at_ns;
};

static bool
take_blocked(void *ctx, const struct json *rec)
{
    struct price_search *s = ctx;
    struct err ignored = {0};
    struct json_in in = {.obj = rec, .err = &ignored};

    if (!str_eq(json_str(rec, "symbol", ""), s->symbol)) return true;
    s->price = json_opt_usd(&in, "decision_price", USD_ZERO);
    if (s->price.e4 <= 0) return true;
    s->at_ns = when_parse_or_none(json_str(rec, "timestamp", ""));
    return false;
}

static bool
price_of_book(const struct look *l, const char *symbol, usd *ret_price, int64_t *ret_at_ns)
{
    CLEANUP(json_freep) struct json *book = view_load(&l->fs, DEMO_BOOK_PATH);
    struct err ignored = {0};

    for (const struct json *p = json_first(json_get_arr(book, "positions")); p != NULL;
         p = json_next(p)) {
        struct json_in in = {.obj = p, .err = &ignored};

        if (!str_eq(json_str(p, "symbol", ""), symbol)) continue;
        *ret_price = json_opt_usd(&in, "price", USD_ZERO);
        *ret_at_ns = when_parse_or_none(json_str(book, "at", ""));
        return ret_price->e4 > 0;
    }
    return false;
}

bool
look_price(const struct look *l, const char *symbol, usd *ret_price, int64_t *ret_at_ns)
{
    struct price_search s = {.symbol = symbol, .at_ns = WHEN_NONE};

    if (price_of_book(l, symbol, ret_price, ret_at_ns)) return true;
    view_tail(&l->fs, "state/blocked_trades.jsonl", BLOCKED_BYTES, take_blocked, &s);
    if (s.price.e4 <= 0) return false;
    *ret_price = s.price;
    *ret_at_ns = s.at_ns;
    return true;
}

#include "scripts/daily_bars.h"

#include <sys/stat.h>

#include "io/gz.h"
#include "scripts/broker_view.h"

/* ---- the broker ---------------------------------------------------------------------------- */

static enum rc
broker_read(void *self, const char *symbol, int64_t from_ns, int64_t to_ns, int most,
            struct arena *a, struct bars *ret_bars, struct err *err)
{
    const struct broker_view *v = self;

    return v->broker.bars(v->broker.self, symbol, BAR_1DAY, from_ns, to_ns, most, a, ret_bars, err);
}

static void
broker_close(void *self)
{
    broker_view_done(self);
    free(self);
}

enum rc
daily_bars_of_broker(struct runner *r, struct daily_bars *ret_source, struct err *err)
{
    const struct broker_config *cfg = &r->cfg.broker;

    if (cfg->key[0] == '\0' || cfg->secret[0] == '\0')
        return err_set(
            err, RC_DENIED,
            "no broker keys (ALPACA_KEY, ALPACA_SECRET); --bars DIR reads files instead");
    struct broker_view *v = calloc(1, sizeof *v);
    ASSERT(v != NULL);
    enum rc rc = broker_view_open(v, cfg, &r->clock, err);
    if (rc != RC_OK) {
        broker_close(v);
        return rc;
    }
    *ret_source = (struct daily_bars){.self = v, .read = broker_read, .close = broker_close};
    return RC_OK;
}

/* ---- a folder ------------------------------------------------------------------------------ */

struct from_folder {
    const char *folder;
    const struct zone *ny;
};

enum { DATE_LEN = 10, CLOSE_COLUMN = 4, LINE_MAX_LEN = 256 };

/* The close of a line, and its day; false for a line that is no bar. */
static bool
parse_line(char *line, struct date *ret_date, usd *ret_close)
{
    char *field = strchr(line, ',');

    if (field == NULL) return false;
    *field++ = '\0';
    if (date_parse(line, ret_date, NULL) != RC_OK) return false;
    for (int column = 1; column < CLOSE_COLUMN; column++) {
        field = strchr(field, ',');
        if (field == NULL) return false;
        field++;
    }
    return usd_parse(field, strcspn(field, ","), ret_close, NULL) == RC_OK && ret_close->e4 > 0 &&
           ret_close->e4 <= PRICE_MAX_E4;
}

/* When the bar of that date is complete; on a day without a session, when the day is over. */
static int64_t
complete_ns(const struct zone *ny, struct date date, int64_t start_ns)
{
    struct session s = calendar_session(ny, date);

    return s.kind == SESSION_NONE ? start_ns + NS_PER_DAY : s.close_ns;
}

struct wanted {
    const struct zone *ny;
    int64_t from_ns, to_ns;
    int64_t day; /* of the last line, days since 1970; INT64_MIN before the first */
};

/* One line; a bar that is wanted goes to the end of the list. */
static enum rc
take_line(struct wanted *w, char *line, struct bars *to, struct err *err)
{
    struct date date;
    struct bar b = {0};

    if (!parse_line(line, &date, &b.close)) return err_set(err, RC_PARSE, "not a daily bar");
    if (date_to_days(date) <= w->day) return err_set(err, RC_PARSE, "the dates do not ascend");
    w->day = date_to_days(date);
    b.start_ns = zone_utc(w->ny, &(struct civil){.date = date});
    if (b.start_ns < w->from_ns || complete_ns(w->ny, date, b.start_ns) > w->to_ns) return RC_OK;
    to->bar[to->len++] = b;
    return RC_OK;
}

static size_t
count_lines(const struct text *csv)
{
    size_t n = 1;

    for (const char *at = text_str(csv); (at = strchr(at, '\n')) != NULL; at++)
        n++;
    return n;
}

static enum rc
parse_csv(struct wanted *w, const struct text *csv, struct arena *a, struct bars *ret_bars,
          struct err *err)
{
    struct bars bars = {.bar = ARENA_NEW(a, struct bar, count_lines(csv))};
    const char *at = text_str(csv);

    for (size_t number = 1; *at != '\0'; number++) {
        size_t len = strcspn(at, "\r\n");
        char line[LINE_MAX_LEN];
        enum rc rc = len < sizeof line ? RC_OK : err_set(err, RC_PARSE, "too long");

        if (rc == RC_OK && number > 1 && len > 0) {
            memcpy(line, at, len);
            line[len] = '\0';
            rc = take_line(w, line, &bars, err);
        }
        if (rc != RC_OK) return err_wrap(err, "line %zu", number);
        at += len;
        at += *at == '\r' ? 1 : 0;
        at += *at == '\n' ? 1 : 0;
    }
    *ret_bars = bars;
    return RC_OK;
}

static enum rc
read_file(const char *folder, const char *symbol, struct text *ret_path, struct text *ret_csv,
          struct err *err)
{
    static const char *const ENDS[] = {".csv", ".csv.gz"};

    for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
        text_clear(ret_path);
        text_printf(ret_path, "%s/%s%s", folder, symbol, ENDS[i]);
        enum rc rc = gz_read_all(text_str(ret_path), DAILY_BARS_FILE_MAX, ret_csv, err);
        if (rc != RC_NOT_FOUND) return rc;
    }
    return err_set(err, RC_NOT_FOUND, "%s: no file of %s", folder, symbol);
}

static enum rc
folder_read(void *self, const char *symbol, int64_t from_ns, int64_t to_ns, int most,
            struct arena *a, struct bars *ret_bars, struct err *err)
{
    const struct from_folder *f = self;
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text csv = {0};
    struct wanted w = {.ny = f->ny, .from_ns = from_ns, .to_ns = to_ns, .day = INT64_MIN};
    struct bars bars = {0};
    enum rc rc = read_file(f->folder, symbol, &path, &csv, err);

    if (rc != RC_OK) return rc;
    rc = parse_csv(&w, &csv, a, &bars, err);
    if (rc != RC_OK) return err_wrap(err, "%s", text_str(&path));
    if (bars.len > (size_t)most) {
        bars.bar += bars.len - (size_t)most;
        bars.len = (size_t)most;
    }
    *ret_bars = bars;
    return RC_OK;
}

enum rc
daily_bars_of_folder(const char *folder, const struct zone *ny, struct daily_bars *ret_source,
                     struct err *err)
{
    struct stat st;

    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(err, RC_NOT_FOUND, "--bars: there is no folder %s", folder);
    struct from_folder *f = calloc(1, sizeof *f);
    ASSERT(f != NULL);
    *f = (struct from_folder){.folder = folder, .ny = ny};
    *ret_source = (struct daily_bars){.self = f, .read = folder_read, .close = free};
    return RC_OK;
}

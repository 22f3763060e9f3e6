#include "sim/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noise.h"
#include "sim/stamp.h"

/* An alert as recorded, before it is moved. */
struct recorded {
    const struct json *alert; /* inside its document */
    int64_t created_ns;
    size_t place; /* as read: keeps the order of equal times */
};

struct reader {
    struct json **doc; /* parsed documents, kept until the end */
    size_t docs_len, docs_cap;
    struct recorded *alert;
    size_t len, cap;
};

static void
reader_free(struct reader *r)
{
    for (size_t i = 0; i < r->docs_len; i++)
        json_free(r->doc[i]);
    free(r->doc);
    free(r->alert);
}

static void *
room(void *array, size_t len, size_t *cap, size_t size)
{
    if (len < *cap) return array;
    *cap = *cap == 0 ? 64 : *cap * 2;

    void *more = realloc(array, *cap * size);

    ASSERT(more != NULL);
    return more;
}

/* Seconds or milliseconds since 1970, or ISO text. */
static int64_t
instant_of(const struct json *v)
{
    const char *text = json_string(v);

    if (text != NULL) return when_parse_or_none(text);

    int64_t n = json_i64_of(v, -1);

    if (n < 0) return WHEN_NONE;
    return n > INT64_C(100000000000) ? n * NS_PER_MS : n * NS_PER_S;
}

/* What has no option symbol is no alert; other recordings of the same folder are passed over. */
static void
take_alert(struct reader *r, const struct json *v)
{
    int64_t created = instant_of(json_get(v, "created_at"));

    if (created == WHEN_NONE) created = instant_of(json_get(v, "end_time"));
    if (json_str(v, "ticker", NULL) == NULL || json_str(v, "option_chain", NULL) == NULL) return;
    if (r->len >= SIM_ALERTS_MAX) return;
    r->alert = room(r->alert, r->len, &r->cap, sizeof(*r->alert));
    r->alert[r->len] = (struct recorded){.alert = v, .created_ns = created, .place = r->len};
    r->len++;
}

/* A document, an alert, or the pair [channel, alert] of a websocket log. */
static void
take(struct reader *r, const struct json *v)
{
    const struct json *list = json_get_arr(v, "data");

    if (list != NULL) {
        for (const struct json *c = json_first(list); c != NULL; c = json_next(c))
            take_alert(r, c);
    } else if (json_is_array(v)) {
        for (const struct json *c = json_first(v); c != NULL; c = json_next(c))
            take_alert(r, c);
    } else {
        take_alert(r, v);
    }
}

static enum rc
parse_one(struct reader *r, const char *bytes, size_t len, struct err *err)
{
    struct json *doc = NULL;
    enum rc rc = json_parse(bytes, len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, err);

    if (rc != RC_OK) return rc;
    r->doc = room(r->doc, r->docs_len, &r->docs_cap, sizeof(struct json *));
    r->doc[r->docs_len++] = doc;
    take(r, doc);
    return RC_OK;
}

static enum rc
parse_lines(struct reader *r, const struct text *file, struct err *err)
{
    size_t line = 0;

    for (size_t at = 0; at < file->len;) {
        size_t end = at;

        while (end < file->len && file->data[end] != '\n')
            end++;
        line++;
        if (end > at) {
            enum rc rc = parse_one(r, file->data + at, end - at, err);
            if (rc != RC_OK) return err_wrap(err, "line %zu", line);
        }
        at = end + 1;
    }
    return RC_OK;
}

/* One document over many lines, or one a line: whichever can be read. */
static enum rc
parse_file(struct reader *r, const struct text *file, struct err *err)
{
    struct err first = {0};
    enum rc rc = parse_one(r, text_str(file), file->len, &first);

    return rc == RC_OK ? rc : parse_lines(r, file, err);
}

static int
by_recorded_time(const void *a, const void *b)
{
    const struct recorded *x = a, *y = b;

    if (x->created_ns != y->created_ns) return x->created_ns < y->created_ns ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int
by_instant(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/*
 * Websocket and stream recordings leave out what the option symbol says: root, yymmdd, C or P,
 * strike times 1000 in eight digits.  The HTTP endpoint spells it out, so it is added where it is
 * missing.
 */
static void
write_contract(const struct json *alert, struct json_out *o)
{
    const char *chain = json_str(alert, "option_chain", "");
    size_t len = strlen(chain);
    char expiry[16];
    int64_t strike_e3;

    if (len < 16 || !str_to_i64(chain + len - 8, &strike_e3)) return;

    const char *tail = chain + len - 15;

    if (!json_has(alert, "type")) json_out_str(o, "type", tail[6] == 'C' ? "call" : "put");
    if (!json_has(alert, "strike")) out_usd_text(o, "strike", (usd){strike_e3 * 10});
    (void)snprintf(expiry, sizeof(expiry), "20%.2s-%.2s-%.2s", tail, tail + 2, tail + 4);
    if (!json_has(alert, "expiry")) json_out_str(o, "expiry", expiry);
}

/* Members that date the alert, shifted by the same step; everything else as recorded. */
static void
write_moved(const struct recorded *from, int64_t at_ns, struct text *to)
{
    struct json_out o = {.to = to};
    int64_t shift = from->created_ns == WHEN_NONE ? 0 : at_ns - from->created_ns;
    char when[STAMP_MAX];

    json_out_obj(&o, NULL);
    for (const struct json *m = json_first(from->alert); m != NULL; m = json_next(m)) {
        const char *key = json_key(m);
        int64_t ms = json_i64_of(m, 0);

        if (str_eq(key, "created_at")) {
            json_out_str(&o, key, stamp_utc(at_ns, 6, when));
        } else if ((str_eq(key, "start_time") || str_eq(key, "end_time")) && ms > 0) {
            json_out_i64(&o, key, ms + shift / NS_PER_MS);
        } else {
            json_out_value(&o, key, m);
        }
    }
    if (!json_has(from->alert, "created_at"))
        json_out_str(&o, "created_at", stamp_utc(at_ns, 6, when));
    write_contract(from->alert, &o);
    json_out_end(&o);
}

static double
premium_of(const struct json *alert)
{
    const char *chain = json_str(alert, "option_chain", "");
    bool is_call = strlen(chain) > 15 && chain[strlen(chain) - 9] == 'C';
    double premium = json_f64(alert, "total_premium", 0);

    if (premium <= 0) premium = json_f64(alert, "premium", 0);
    return is_call ? premium : -premium;
}

static void
move_all(const struct sim_day *day, struct reader *r, struct flow_rows *to)
{
    int64_t *at = calloc(r->len + 1, sizeof(*at));
    int64_t session = day->session.close_ns - day->session.open_ns;

    ASSERT(at != NULL);
    if (r->len > 0) qsort(r->alert, r->len, sizeof(*r->alert), by_recorded_time);
    for (size_t i = 0; i < r->len; i++) {
        double u = noise_f64(day->seed, NOISE_RETIME, 0, i);

        at[i] = day->session.open_ns + (int64_t)(u * (double)session) / NS_PER_US * NS_PER_US;
    }
    qsort(at, r->len, sizeof(*at), by_instant);
    for (size_t i = 0; i < r->len; i++) {
        const struct json *alert = r->alert[i].alert;
        struct flow_row *row = flow_row_begin(to, json_str(alert, "ticker", ""), at[i]);

        row->net = (float)premium_of(alert);
        write_moved(&r->alert[i], at[i], &to->json);
        flow_row_end(to);
    }
    free(at);
}

enum rc
flow_read_files(const struct sim_day *day, const struct text *files, size_t files_len,
                struct flow_rows *to, struct err *err)
{
    struct reader r = {0};
    enum rc rc = RC_OK;

    for (size_t i = 0; i < files_len && rc == RC_OK; i++) {
        rc = parse_file(&r, &files[i], err);
        if (rc != RC_OK) (void)err_wrap(err, "flow file %zu", i + 1); /* rc is returned below */
    }
    if (rc == RC_OK && r.len == 0) rc = err_set(err, RC_PARSE, "no flow alert in the files");
    if (rc == RC_OK) move_all(day, &r, to);
    reader_free(&r);
    return rc;
}

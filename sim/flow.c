#include "sim/flow.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ----------------------------------------------------------------------------------- */

struct flow_row *
flow_row_begin(struct flow_rows *rows, const char *symbol, int64_t at_ns)
{
    if (rows->len == rows->cap) {
        rows->cap = rows->cap == 0 ? 256 : rows->cap * 2;
        rows->row = realloc(rows->row, rows->cap * sizeof(*rows->row));
        ASSERT(rows->row != NULL);
    }
    ASSERT(rows->json.len < UINT32_MAX);

    struct flow_row *row = &rows->row[rows->len++];

    *row = (struct flow_row){.at_ns = at_ns, .offset = (uint32_t)rows->json.len};
    (void)str_copy(row->symbol, sizeof(row->symbol), symbol);
    return row;
}

void
flow_row_end(struct flow_rows *rows)
{
    struct flow_row *row = &rows->row[rows->len - 1];

    row->len = (uint32_t)(rows->json.len - row->offset);
}

static int
by_time(const void *a, const void *b)
{
    const struct flow_row *x = a, *y = b;

    if (x->at_ns != y->at_ns) return x->at_ns < y->at_ns ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

void
flow_sort(struct flow_rows *rows)
{
    if (rows->len > 0) qsort(rows->row, rows->len, sizeof(*rows->row), by_time);
}

static void
rows_free(struct flow_rows *rows)
{
    free(rows->row);
    text_free(&rows->json);
    *rows = (struct flow_rows){0};
}

void
flow_done(struct sim_flow *f)
{
    for (size_t i = 0; i < f->len; i++)
        rows_free(&f->symbol[i].prints);
    free(f->index);
    free(f->symbol);
    rows_free(&f->alerts);
    *f = (struct sim_flow){0};
}

/* ---- making --------------------------------------------------------------------------------- */

static struct flow_symbol *
symbol_of(const struct sim_flow *f, const char *symbol)
{
    for (size_t lo = 0, hi = f->len; lo < hi;) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(symbol, f->symbol[mid].symbol);

        if (order == 0) return &f->symbol[mid];
        if (order < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}

/* Gives every symbol of the day the list of its alerts: counted first, then filled. */
static enum rc
index_alerts(struct sim_flow *f, struct err *err)
{
    size_t given = 0;

    f->index = calloc(f->alerts.len + 1, sizeof(*f->index));
    if (f->index == NULL) return err_set(err, RC_NOMEM, "flow of the day");
    for (size_t i = 0; i < f->alerts.len; i++) {
        struct flow_symbol *s = symbol_of(f, f->alerts.row[i].symbol);

        if (s != NULL) s->alerts_len++;
    }
    for (size_t i = 0; i < f->len; i++) {
        f->symbol[i].alert = f->index + given;
        given += f->symbol[i].alerts_len;
        f->symbol[i].alerts_len = 0;
    }
    for (size_t i = 0; i < f->alerts.len; i++) {
        struct flow_symbol *s = symbol_of(f, f->alerts.row[i].symbol);

        if (s != NULL) s->alert[s->alerts_len++] = (uint32_t)i;
    }
    return RC_OK;
}

static enum rc
finish(const struct sim_day *day, struct sim_flow *f, struct err *err)
{
    f->symbol = calloc(day->len, sizeof(*f->symbol));
    if (f->symbol == NULL) return err_set(err, RC_NOMEM, "flow of the day");
    f->len = day->len;
    flow_sort(&f->alerts);
    for (size_t i = 0; i < day->len; i++) {
        (void)str_copy(f->symbol[i].symbol, SYMBOL_MAX, day->symbol[i].symbol);
        flow_draw_prints(day, &day->symbol[i], &f->symbol[i].prints);
        flow_sort(&f->symbol[i].prints);
    }
    flow_draw_tide(day, f);
    return index_alerts(f, err);
}

enum rc
flow_synth(const struct sim_day *day, struct sim_flow *ret_flow, struct err *err)
{
    *ret_flow = (struct sim_flow){0};
    flow_draw_alerts(day, &ret_flow->alerts);

    enum rc rc = finish(day, ret_flow, err);

    if (rc != RC_OK) flow_done(ret_flow);
    return rc;
}

enum rc
flow_load(const struct sim_day *day, const struct text *files, size_t files_len,
          struct sim_flow *ret_flow, struct err *err)
{
    *ret_flow = (struct sim_flow){0};

    enum rc rc = flow_read_files(day, files, files_len, &ret_flow->alerts, err);

    if (rc == RC_OK) rc = finish(day, ret_flow, err);
    if (rc != RC_OK) flow_done(ret_flow);
    return rc;
}

/* ---- queries -------------------------------------------------------------------------------- */

static void
add_row(const struct flow_rows *rows, const struct flow_row *row, size_t given, struct text *to)
{
    if (given > 0) text_putc(to, ',');
    text_add(to, rows->json.data + row->offset, row->len);
}

/* True if the comma list names the symbol. */
static bool
is_listed(const char *list, const char *symbol)
{
    size_t len = strlen(symbol);

    for (const char *at = list; at != NULL;) {
        at += strspn(at, " ");
        if (strncmp(at, symbol, len) == 0 && (at[len] == ',' || at[len] == '\0' || at[len] == ' '))
            return true;
        at = strchr(at, ',');
        if (at != NULL) at++;
    }
    return false;
}

/* The whole market, or symbols of a list; those without bars are seen only in the whole market's
 * list. */
static bool
is_asked(const struct sim_flow *f, const struct flow_query *q, const char *symbol)
{
    return q->tickers == NULL || (is_listed(q->tickers, symbol) && symbol_of(f, symbol) != NULL);
}

size_t
flow_alerts(const struct sim_flow *f, const struct flow_query *q, struct text *to)
{
    bool is_one = q->tickers != NULL && strchr(q->tickers, ',') == NULL;
    const struct flow_symbol *one = is_one ? symbol_of(f, q->tickers) : NULL;
    size_t given = 0;

    for (size_t i = one != NULL ? one->alerts_len : f->alerts.len;
         i-- > 0 && (int64_t)given < q->limit;) {
        const struct flow_row *row = &f->alerts.row[one != NULL ? one->alert[i] : i];

        if (row->at_ns > q->older_ns) continue;
        if (q->newer_ns != WHEN_NONE && row->at_ns <= q->newer_ns) break;
        if (one == NULL && !is_asked(f, q, row->symbol)) continue;
        add_row(&f->alerts, row, given++, to);
    }
    return given;
}

size_t
flow_prints(const struct sim_flow *f, const char *symbol, const struct flow_query *q,
            struct text *to)
{
    const struct flow_symbol *s = symbol_of(f, symbol);
    size_t given = 0;

    for (size_t i = s != NULL ? s->prints.len : 0; i-- > 0 && (int64_t)given < q->limit;) {
        const struct flow_row *row = &s->prints.row[i];

        if (row->at_ns > q->older_ns) continue;
        if (q->newer_ns != WHEN_NONE && row->at_ns <= q->newer_ns) break;
        add_row(&s->prints, row, given++, to);
    }
    return given;
}

double
flow_net_premium(const struct sim_flow *f, size_t symbol, int64_t until_ns)
{
    const struct flow_symbol *s = &f->symbol[symbol];
    double sum = 0;

    for (size_t i = 0; i < s->alerts_len; i++) {
        const struct flow_row *row = &f->alerts.row[s->alert[i]];

        if (row->at_ns > until_ns) break;
        sum += (double)row->net;
    }
    return sum;
}

/*
 * The daemon keeps the newest hundred alerts of an hour and the newest five hundred prints (spec
 * 20 3.8).  Here all of the day are decoded once, so a poll is a piece of a list and two sums.
 */
#include "scripts/replay/days.h"
#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_flow.h"

#define TEXT_OF_ROWS_END "]}"

/* ---- alerts -------------------------------------------------------------------------------- */

/* Of the tape, newest first; rows that are not kept leave no gap. */
static void
take_alerts(struct flow_tape *t, const struct json *body, const char *symbol)
{
    struct flow_trades kept;

    flow_select(body, symbol, 0, 0, &kept);
    for (size_t i = 0; i < kept.len; i++) {
        t->alert[t->alerts] = flow_alert_decode(kept.trade[i].row);
        t->row[t->alerts++] = (struct tape_alert){
            .created_ns = kept.trade[i].created_ns,
            .premium = kept.trade[i].premium,
            .is_call = kept.trade[i].is_call,
        };
    }
}

/* As the vendor would send them: a hundred an answer, newest first. */
static void
read_alerts(const struct sim_flow *flow, const struct flow_symbol *s, struct flow_tape *t)
{
    CLEANUP(arena_done) struct arena scratch = {0};
    CLEANUP(text_free) struct text body = {0};

    for (size_t end = s->alerts_len; end > 0;) {
        size_t n = MIN(end, (size_t)FLOW_TRADES_MAX);
        const struct json *doc = NULL;
        struct err err = {0};

        text_clear(&body);
        arena_reset(&scratch);
        text_puts(&body, "{\"data\":[");
        for (size_t i = 0; i < n; i++) {
            const struct flow_row *row = &flow->alerts.row[s->alert[end - 1 - i]];
            if (i > 0) text_putc(&body, ',');
            text_add(&body, flow->alerts.json.data + row->offset, row->len);
        }
        text_puts(&body, TEXT_OF_ROWS_END);
        end -= n;
        /* What the market makes is JSON; recorded rows were parsed when they were read. */
        if (json_parse_in(text_str(&body), body.len, &JSON_LIMITS_FILE, &scratch, &doc, &err) ==
            RC_OK)
            take_alerts(t, doc, s->symbol);
    }
}

static struct flow_summary
summary_of(const struct flow_tape *t, size_t first, size_t len)
{
    struct flow_trades trades;

    trades.len = len;
    for (size_t i = 0; i < len; i++) {
        trades.trade[i].premium = t->row[first + i].premium;
        trades.trade[i].is_call = t->row[first + i].is_call;
    }
    return flow_summarise(&trades);
}

void
flow_tape_alerts_at(struct flow_tape *t, int64_t at_ns, int64_t lookback_s,
                    struct symbol_flow *ret_flow)
{
    struct symbol_flow *f = ret_flow;
    size_t len = 0;

    while (t->first > 0 && t->row[t->first - 1].created_ns <= at_ns)
        t->first--;
    while (len < FLOW_TRADES_MAX && t->first + len < t->alerts &&
           t->row[t->first + len].created_ns >= at_ns - lookback_s * NS_PER_S)
        len++;
    struct flow_summary s = summary_of(t, t->first, len);
    f->has_conviction = f->has_trade_count = true;
    f->sentiment = sentiment_from(s.sentiment);
    f->conviction = s.conviction;
    f->trade_count = (double)s.trade_count;
    f->updated_s = when_to_s(at_ns);
    f->alert = len > 0 ? &t->alert[t->first] : NULL;
    f->alerts_len = f->flow_trades_len = len;
}

/* ---- prints -------------------------------------------------------------------------------- */

static void
read_prints(const struct flow_symbol *s, struct flow_tape *t)
{
    CLEANUP(arena_done) struct arena scratch = {0};
    CLEANUP(text_free) struct text body = {0};
    struct tape_print sum = {0};

    for (size_t i = 0; i < s->prints.len; i++) {
        const struct flow_row *row = &s->prints.row[i];
        const struct json *doc = NULL;
        struct dark_pool p;
        struct err err = {0};

        text_clear(&body);
        arena_reset(&scratch);
        text_puts(&body, "{\"data\":[");
        text_add(&body, s->prints.json.data + row->offset, row->len);
        text_puts(&body, TEXT_OF_ROWS_END);
        if (json_parse_in(text_str(&body), body.len, &JSON_LIMITS_FILE, &scratch, &doc, &err) !=
            RC_OK)
            continue;
        dark_pool_decode(doc, row->at_ns, &p);
        sum.at_ns = row->at_ns;
        sum.notional = uw_usd_sum(sum.notional, p.total_notional);
        sum.net_volume += p.buy_volume - p.sell_volume;
        sum.count += p.print_count;
        t->print[t->prints++] = sum;
    }
}

/* The first print after the instant. */
static size_t
print_after(const struct flow_tape *t, int64_t at_ns)
{
    size_t lo = 0, hi = t->prints;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->print[mid].at_ns <= at_ns)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct tape_print
sum_before(const struct flow_tape *t, size_t i)
{
    return i > 0 ? t->print[i - 1] : (struct tape_print){0};
}

void
flow_tape_prints_at(const struct flow_tape *t, int64_t at_ns, struct dark_pool_facts *ret_facts)
{
    size_t end = print_after(t, at_ns);
    size_t from = end > DARKPOOL_ROWS_MAX ? end - DARKPOOL_ROWS_MAX : 0;
    size_t hour = print_after(t, at_ns - NS_PER_HOUR - 1);
    struct tape_print all = sum_before(t, end), before = sum_before(t, from);
    struct tape_print before_hour = sum_before(t, MAX(hour, from));
    usd notional = usd_sub(all.notional, before.notional);
    int64_t net = all.net_volume - before.net_volume;

    *ret_facts = (struct dark_pool_facts){
        .is_present = true,
        .sentiment = sentiment_from(dark_pool_sentiment(notional, net)),
        .total_notional = usd_to_double(notional),
        .total_notional_1h = usd_to_double(usd_sub(all.notional, before_hour.notional)),
        .total_premium = usd_to_double(notional),
    };
}

/* ---- a day's symbol ------------------------------------------------------------------------ */

void
flow_tape_make(const struct sim_flow *flow, const char *symbol, struct arena *a,
               struct flow_tape *ret_tape)
{
    const struct flow_symbol *s = NULL;
    struct flow_tape t = {0};

    for (size_t i = 0; i < flow->len && s == NULL; i++)
        if (str_eq(flow->symbol[i].symbol, symbol)) s = &flow->symbol[i];
    if (s != NULL) {
        t.alert = ARENA_NEW(a, struct flow_alert, s->alerts_len);
        t.row = ARENA_NEW(a, struct tape_alert, s->alerts_len);
        t.print = ARENA_NEW(a, struct tape_print, s->prints.len);
        read_alerts(flow, s, &t);
        read_prints(s, &t);
        t.first = t.alerts;
    }
    *ret_tape = t;
}

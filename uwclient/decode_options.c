#include "uwclient/decode_options.h"

#include <math.h>

static const char *const greek_names[] = {
    [GREEK_CALL_DELTA] = "call_delta", [GREEK_PUT_DELTA] = "put_delta",
    [GREEK_CALL_GAMMA] = "call_gamma", [GREEK_PUT_GAMMA] = "put_gamma",
    [GREEK_CALL_VANNA] = "call_vanna", [GREEK_PUT_VANNA] = "put_vanna",
    [GREEK_CALL_CHARM] = "call_charm", [GREEK_PUT_CHARM] = "put_charm",
};

void
greek_exposure_decode(const struct json *body, struct greek_exposure *ret_exposure)
{
    const struct json *row = uw_latest(body, "date");

    *ret_exposure =
        (struct greek_exposure){.has_row = row != NULL, .date = json_str(row, "date", "")};
    for (size_t i = 0; i < GREEK_SIDES_LEN; i++)
        ret_exposure->value[i] = uw_num_at(row, greek_names[i]);
}

void
greek_exposure_write(const struct greek_exposure *g, int64_t now_ns, struct member *m)
{
    member_open(m);
    json_out_str(&m->out, "date", g->date);
    for (size_t i = 0; i < GREEK_SIDES_LEN; i++)
        member_num(m, greek_names[i], g->value[i]);
    member_num(m, "gamma_exposure", g->value[GREEK_CALL_GAMMA] + g->value[GREEK_PUT_GAMMA]);
    member_num(m, "delta_exposure", g->value[GREEK_CALL_DELTA] + g->value[GREEK_PUT_DELTA]);
    json_out_i64(&m->out, "exposure_update", when_to_s(now_ns));
    member_close(m);
}

void
greeks_atm_decode(const struct json *body, double price, struct greeks_atm *ret_greeks)
{
    struct greeks_atm g = {.has_row = false};

    UW_EACH_ROW(r, body)
    {
        double strike = uw_num_at(r.at, "strike");
        if (strike <= 0) continue;
        if (g.has_row && fabs(strike - price) >= fabs(g.strike - price)) continue;
        g = (struct greeks_atm){.has_row = true, .row = r.at, .strike = strike};
    }
    *ret_greeks = g;
}

void
greeks_atm_write(const struct greeks_atm *g, int64_t now_ns, struct member *m)
{
    static const char *const sides[] = {"call", "put"};
    static const char *const greeks[] = {"delta", "gamma", "theta", "vega",
                                         "rho",   "vanna", "charm", "volatility"};
    char key[32];

    member_open(m);
    json_out_str(&m->out, "date", json_str(g->row, "date", ""));
    json_out_str(&m->out, "expiry", json_str(g->row, "expiry", ""));
    member_num(m, "strike", g->strike);
    for (size_t s = 0; s < COUNT_OF(sides); s++) {
        for (size_t i = 0; i < COUNT_OF(greeks); i++) {
            (void)snprintf(key, sizeof key, "%s_%s", sides[s], greeks[i]);
            member_num(m, key, uw_num_at(g->row, key));
        }
    }
    json_out_i64(&m->out, "last_update", when_to_s(now_ns));
    member_close(m);
}

void
max_pain_decode(const struct json *body, struct date today, struct max_pain *ret_pain)
{
    const struct json *coming = NULL, *latest = NULL;
    struct date coming_date = today, latest_date = today, d;

    UW_EACH_ROW(r, body)
    {
        if (!uw_date_at(r.at, "expiry", &d)) continue;
        if (latest == NULL || date_cmp(d, latest_date) > 0) {
            latest = r.at;
            latest_date = d;
        }
        if (date_cmp(d, today) >= 0 && (coming == NULL || date_cmp(d, coming_date) < 0)) {
            coming = r.at;
            coming_date = d;
        }
    }
    const struct json *row = coming != NULL ? coming : latest;
    *ret_pain = (struct max_pain){
        .has_row = row != NULL, .row = row, .max_pain = uw_num_at(row, "max_pain")};
}

void
max_pain_write(const struct max_pain *p, int64_t now_ns, struct member *m)
{
    static const char *const names[] = {"max_pain", "close", "open", "next_lower_strike",
                                        "next_upper_strike"};

    member_open(m);
    json_out_str(&m->out, "expiry", json_str(p->row, "expiry", ""));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (json_has(p->row, names[i])) member_num(m, names[i], uw_num_at(p->row, names[i]));
    }
    json_out_i64(&m->out, "last_update", when_to_s(now_ns));
    member_close(m);
}

void
iv_rank_decode(const struct json *body, struct iv_rank *ret_rank)
{
    const struct json *row = uw_latest(body, "date");

    *ret_rank = (struct iv_rank){
        .has_row = row != NULL,
        .rank = uw_num_at(row, "iv_rank_1y"),
        .current_iv = uw_num_at(row, "volatility"),
        .close = uw_num_at(row, "close"),
        .date = json_str(row, "date", ""),
        .updated_at = json_str(row, "updated_at", ""),
    };
}

void
iv_rank_write(const struct iv_rank *r, int64_t now_ns, struct member *m)
{
    member_open(m);
    if (r->has_row) {
        member_num(m, "iv_rank", r->rank);
        member_num(m, "iv_rank_1y", r->rank);
        member_num(m, "current_iv", r->current_iv);
        member_num(m, "close", r->close);
        json_out_str(&m->out, "date", r->date);
        json_out_str(&m->out, "updated_at", r->updated_at);
        json_out_i64(&m->out, "last_update", when_to_s(now_ns));
    }
    member_close(m);
}

char
option_symbol_side(const char *symbol)
{
    size_t len = strlen(symbol);

    /* Root, six digits of the date, the letter, eight digits of the strike. */
    if (len < 16 || strspn(symbol + len - 8, "0123456789") != 8) return 0;
    if (strspn(symbol + len - 15, "0123456789") < 6) return 0;
    char side = symbol[len - 9];
    return side == 'C' || side == 'P' ? side : 0;
}

static bool
seen_before(const struct json *const *bodies, size_t body, const struct json *row,
            const char *symbol)
{
    for (size_t b = 0; b <= body; b++) {
        UW_EACH_ROW(r, bodies[b])
        {
            if (r.at == row) return false;
            if (str_eq(json_str(r.at, "option_symbol", ""), symbol)) return true;
        }
    }
    return false;
}

void
oi_change_decode(const struct json *const *bodies, size_t bodies_len, struct oi_change *ret_change)
{
    struct oi_change c = {0};

    for (size_t b = 0; b < bodies_len; b++) {
        UW_EACH_ROW(r, bodies[b])
        {
            const char *symbol = json_str(r.at, "option_symbol", "");
            const char *date = json_str(r.at, "curr_date", "");
            char side = option_symbol_side(symbol);
            if (side == 0 || c.contracts == OI_ROWS_MAX || seen_before(bodies, b, r.at, symbol))
                continue;
            c.contracts++;
            *(side == 'C' ? &c.call_change : &c.put_change) += uw_count_at(r.at, "oi_diff_plain");
            if (strcmp(date, c.curr_date) > 0)
                (void)str_copy(c.curr_date, sizeof c.curr_date, date);
        }
    }
    *ret_change = c;
}

/* net is what the engine reads as direction; the plain sum stands beside it. */
void
oi_change_write(const struct oi_change *c, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;
    int64_t net = c->call_change - c->put_change;

    member_open(m);
    if (c->contracts > 0) {
        json_out_i64(o, "call_oi_change", c->call_change);
        json_out_i64(o, "put_oi_change", c->put_change);
        json_out_i64(o, "net_oi_change", net);
        json_out_i64(o, "total_oi_change", c->call_change + c->put_change);
        json_out_str(o, "oi_sentiment", uw_sentiment((double)net));
        json_out_i64(o, "contracts", c->contracts);
        json_out_str(o, "curr_date", c->curr_date);
        json_out_i64(o, "last_update", when_to_s(now_ns));
    }
    member_close(m);
}

#include "intel/universe_json.h"

#include "intel/regime.h"

static const char *const mock_symbols[] = {"SPY",  "QQQ",  "AAPL", "MSFT", "NVDA", "TSLA", "AMD",
                                           "META", "AMZN", "COIN", "PLTR", "XLF",  "XLE",  "XLK"};
static const char *const index_funds[] = {"SPY", "QQQ", "IWM", "DIA", "XLK", "XLF", "XLE", "XLV"};

/* ---- candidates ---------------------------------------------------------------------------- */

struct symbols {
    const char **symbol;
    size_t len;
};

static void
add_all(struct symbols *s, const char *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++)
        s->symbol[s->len++] = list[i];
}

static void
add_rows(struct symbols *s, const struct json *rows, struct arena *a)
{
    static const char *const keys[] = {"symbol", "ticker"};

    for (const struct json *row = json_first(rows); json_is_object(row); row = json_next(row)) {
        const char *symbol = intel_upper(a, ops_first(row, keys, COUNT_OF(keys)), "");
        if (symbol[0] != '\0') s->symbol[s->len++] = symbol;
    }
}

static void
add_risk_names(struct symbols *s, const struct json *risk, struct arena *a)
{
    size_t n = 0;

    for (const struct json *v = json_first(risk); v != NULL && n < UNIVERSE_RISK_SYMBOLS_MAX;
         v = json_next(v), n++) {
        char *symbol = arena_strdup(a, json_key(v));
        str_upper(symbol);
        if (symbol[0] != '\0') s->symbol[s->len++] = symbol;
    }
}

static int
by_key(const void *a, const void *b)
{
    const struct json *const *left = a, *const *right = b;

    return strcmp(json_key(*left), json_key(*right));
}

/* The members of an object in the order of their keys. */
static size_t
sorted_members(const struct json *obj, struct arena *a, const struct json ***ret_member)
{
    const struct json **member = ARENA_NEW(a, const struct json *, json_len(obj));
    size_t len = 0;

    for (const struct json *v = json_first(obj); v != NULL; v = json_next(v))
        member[len++] = v;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the elements are pointers */
    if (len > 1) qsort(member, len, sizeof(*member), by_key);
    *ret_member = member;
    return len;
}

/* Both in ascending order: the records of those that have one. */
static void
find_records(struct universe_candidates *c, const struct json *risk, struct arena *a)
{
    const struct json **member = NULL;
    size_t len = sorted_members(risk, a, &member);

    for (size_t i = 0, at = 0; i < c->len; i++) {
        while (at < len && strcmp(json_key(member[at]), c->candidate[i].symbol) < 0)
            at++;
        if (at >= len || strcmp(json_key(member[at]), c->candidate[i].symbol) != 0) continue;
        c->risk[i] = member[at];
        c->candidate[i].realised_vol_20d = json_f64(member[at], "realized_vol_20d", 0);
    }
}

struct universe_candidates
universe_candidates_of(const struct universe_sources *src, struct arena *a)
{
    const struct json *risk = json_get_obj(src->risk_features, "symbols");
    const struct json *rows = json_is_array(src->net_impact) ? src->net_impact : NULL;
    struct symbols s = {.symbol = ARENA_NEW(a, const char *,
                                            json_len(rows) + COUNT_OF(mock_symbols) +
                                                COUNT_OF(index_funds) + UNIVERSE_RISK_SYMBOLS_MAX)};

    if (src->is_mock) {
        add_all(&s, mock_symbols, COUNT_OF(mock_symbols));
    } else {
        add_rows(&s, rows, a);
        add_all(&s, index_funds, COUNT_OF(index_funds));
    }
    add_risk_names(&s, risk, a);
    s.len = universe_sort_symbols(s.symbol, s.len);

    struct universe_candidates c = {
        .candidate = ARENA_NEW(a, struct universe_candidate, s.len),
        .risk = ARENA_NEW(a, const struct json *, s.len),
        .len = s.len,
    };
    for (size_t i = 0; i < s.len; i++)
        c.candidate[i].symbol = s.symbol[i];
    find_records(&c, risk, a);
    return c;
}

void
universe_build(const struct universe_sources *s, struct arena *a, struct universe_build *ret)
{
    struct regime_inputs regime = regime_inputs_decode(s->market_context, s->posture_state, a);
    struct universe_build b = {
        .is_mock = s->is_mock,
        .all = universe_candidates_of(s, a),
        .regime_label = regime_detect(&regime).label,
    };

    b.daily = universe_rank(b.all.candidate, b.all.len, NULL, s->daily_max, a);
    b.core = universe_rank(b.all.candidate, b.all.len, NULL, s->core_max, a);
    b.daily_v2 = universe_rank(b.all.candidate, b.all.len, b.regime_label, s->daily_max, a);
    *ret = b;
}

/* ---- documents ----------------------------------------------------------------------------- */

static void
write_meta(struct json_out *o, const char *version, bool is_mock, int64_t now_ns)
{
    intel_ts_write(o, now_ns);
    json_out_str(o, "version", version);
    json_out_str(o, "mode", is_mock ? "mock" : "real");
}

void
universe_score_v1_write(struct json_out *o, const struct universe_score *u)
{
    json_out_f64(o, "score", u->score);
    json_out_obj(o, "breakdown");
    json_out_f64(o, "volatility", u->volatility);
    json_out_end(o);
}

void
universe_score_v2_write(struct json_out *o, const struct universe_score *u,
                        const char *regime_label)
{
    CLEANUP(text_free) struct text label = {0};

    text_puts(&label, regime_label);
    if (label.data != NULL) str_upper(label.data);
    json_out_f64(o, "score", u->score);
    json_out_obj(o, "breakdown");
    json_out_f64(o, "volatility", u->volatility);
    json_out_f64(o, "sector_alignment", u->sector_alignment);
    json_out_f64(o, "regime_alignment", u->regime_alignment);
    json_out_end(o);
    json_out_obj(o, "context");
    json_out_str(o, "sector", sector_name(u->sector));
    json_out_str(o, "regime_label", text_str(&label));
    json_out_end(o);
}

/* The record as it was found. */
static void
write_risk(struct json_out *o, const struct json *risk)
{
    if (risk != NULL) {
        json_out_value(o, "risk", risk);
        return;
    }
    json_out_obj(o, "risk");
    json_out_end(o);
}

void
universe_write(struct json_out *o, const char *key, const struct universe_build *b,
               const struct universe_ranking *r, int64_t now_ns)
{
    json_out_obj(o, key);
    json_out_obj(o, "_meta");
    write_meta(o, UNIVERSE_VERSION, b->is_mock, now_ns);
    json_out_end(o);
    json_out_arr(o, "symbols");
    for (size_t i = 0; i < r->len; i++) {
        const struct universe_row *row = &r->row[i];
        json_out_obj(o, NULL);
        json_out_str(o, "symbol", b->all.candidate[row->candidate].symbol);
        universe_score_v1_write(o, &row->score);
        write_risk(o, b->all.risk[row->candidate]);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

void
universe_v2_write(struct json_out *o, const char *key, const struct universe_build *b,
                  int64_t now_ns)
{
    json_out_obj(o, key);
    json_out_obj(o, "_meta");
    write_meta(o, UNIVERSE_V2_VERSION, b->is_mock, now_ns);
    json_out_str(o, "regime_label", b->regime_label);
    json_out_end(o);
    json_out_arr(o, "symbols");
    for (size_t i = 0; i < b->daily_v2.len; i++) {
        const struct universe_row *row = &b->daily_v2.row[i];
        json_out_obj(o, NULL);
        json_out_str(o, "symbol", b->all.candidate[row->candidate].symbol);
        universe_score_v2_write(o, &row->score, b->regime_label);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

/* ---- reading them -------------------------------------------------------------------------- */

size_t
universe_symbols_of(const struct json *const *doc, size_t docs, struct arena *a,
                    const char *const **ret_symbol)
{
    size_t room = 0, len = 0;

    for (size_t i = 0; i < docs; i++)
        room += json_len(json_get_arr(doc[i], "symbols"));
    const char **symbol = ARENA_NEW(a, const char *, room);
    for (size_t i = 0; i < docs; i++) {
        const struct json *rows = json_get_arr(doc[i], "symbols");
        for (const struct json *row = json_first(rows); row != NULL; row = json_next(row)) {
            const char *s = intel_upper(a, json_get(row, "symbol"), "");
            if (s[0] != '\0') symbol[len++] = s;
        }
    }
    *ret_symbol = symbol;
    return universe_sort_symbols(symbol, len);
}

/*
 * `stockbot ledger`: executions, as the ledger has them.  `stockbot orders`:
 * what we meant to send, and what became of it.
 */
#include "base/text.h"
#include "scripts/command.h"
#include "scripts/look.h"

enum { OPT_SINCE = 1, OPT_SYMBOL, OPT_CSV, OPT_UNKNOWN };

static const char HELP_LEDGER[] =
    "usage: stockbot ledger [--since WHEN] [--symbol SYMBOL] [--csv | --json]\n"
    "\n"
    "Every execution that the ledger has, with the order it belongs to, the "
    "position after it and\n"
    "the profit it realised (average cost, before fees). Nothing is asked of "
    "the broker.\n"
    "\n"
    "  --since WHEN    from that New York day (2026-01-30, today) or instant "
    "on; default: all\n"
    "  --symbol S      of one symbol\n"
    "  --csv, --json   for programs; --json is one object a line\n"
    "  --root DIR, --config FILE, --help\n"
    "\n"
    "Exit codes: 0 shown; 1 the ledger cannot be read; 2 wrong usage; 78 the "
    "configuration cannot\n"
    "be used.\n";

static const char HELP_ORDERS[] =
    "usage: stockbot orders [--unknown] [--since WHEN] [--symbol SYMBOL] "
    "[--csv | --json]\n"
    "\n"
    "What was meant to be sent, and what is known of it since: orders at work, "
    "and those of today.\n"
    "\n"
    "  --unknown       only those that got no answer; they are looked up, "
    "never sent again\n"
    "  --since WHEN    from that New York day (2026-01-30, today) or instant "
    "on\n"
    "  --symbol S      of one symbol\n"
    "  --csv, --json   for programs; --json is one object a line\n"
    "  --root DIR, --config FILE, --help\n"
    "\n"
    "Exit codes: 0 shown; 1 the ledger cannot be read; 2 wrong usage; 78 the "
    "configuration cannot\n"
    "be used.\n";

enum shape { SHAPE_TABLE, SHAPE_CSV, SHAPE_JSON };

struct wanted {
    const char *name; /* of the command */
    struct common_args common;
    const char *since, *symbol_text;
    char symbol[SYMBOL_MAX]; /* "" for all */
    bool only_unknown;
    enum shape shape;
};

static int
wrong(const struct wanted *w, const char *what, const char *more)
{
    (void)fprintf(stderr, "stockbot %s: %s%s\n", w->name, what, more);
    return EXIT_USAGE;
}

static int
parse(int argc, char **argv, struct wanted *w)
{
    static const struct option OPTIONS[] = {
        {"unknown", no_argument,       NULL, OPT_UNKNOWN},
        COMMON_OPTIONS, /* from here on those of both */
        {"since",   required_argument, NULL, OPT_SINCE  },
        {"symbol",  required_argument, NULL, OPT_SYMBOL },
        {"csv",     no_argument,       NULL, OPT_CSV    },
        {NULL,      0,                 NULL, 0          }
    };
    const struct option *options = str_eq(w->name, "orders") ? OPTIONS : OPTIONS + 1;
    int option;

    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == OPT_SINCE)
            w->since = optarg;
        else if (option == OPT_SYMBOL)
            w->symbol_text = optarg;
        else if (option == OPT_CSV)
            w->shape = SHAPE_CSV;
        else if (option == OPT_UNKNOWN)
            w->only_unknown = true;
        else if (!common_args_take(&w->common, option))
            return args_refused(w->name, argv, option);
    }
    if (w->common.help) return EXIT_DONE;
    if (optind < argc) return wrong(w, "what is meant by ", argv[optind]);
    if (w->symbol_text != NULL && !symbol_set(w->symbol, w->symbol_text))
        return wrong(w, "no symbol: ", w->symbol_text);
    if (w->common.json && w->shape == SHAPE_CSV)
        return wrong(w, "--csv and --json exclude each other", "");
    if (w->common.json) w->shape = SHAPE_JSON;
    return EXIT_DONE;
}

/* A New York day, "today", or an instant; false where it is neither. */
static bool
since_of(const struct look *l, const char *text, int64_t *ret_ns)
{
    struct civil midnight = {.date = zone_date(l->ny, l->now_ns)};
    struct err ignored = {0};

    if (!str_eq(text, "today") && date_parse(text, &midnight.date, &ignored) != RC_OK)
        return when_parse(text, ret_ns, &ignored) == RC_OK;
    *ret_ns = zone_utc(l->ny, &midnight);
    return true;
}

static bool
is_wanted(const struct wanted *w, const char *symbol)
{
    return w->symbol[0] == '\0' || str_eq(w->symbol, symbol);
}

/* A field of a CSV line: quoted where it has to be. */
static void
csv(struct text *to, const char *field)
{
    if (to->len > 0) text_putc(to, ',');
    if (strpbrk(field, ",\"\r\n") == NULL) {
        text_puts(to, field);
        return;
    }
    text_putc(to, '"');
    for (const char *c = field; *c != '\0'; c++) {
        if (*c == '"') text_putc(to, '"');
        text_putc(to, *c);
    }
    text_putc(to, '"');
}

static void
csv_i64(struct text *to, int64_t value)
{
    char buf[24];

    (void)snprintf(buf, sizeof(buf), "%lld", (long long)value);
    csv(to, buf);
}

static void
csv_usd(struct text *to, usd value)
{
    char buf[USD_TEXT_MAX];

    csv(to, usd_text(value, buf));
}

static void
csv_time(struct text *to, int64_t at_ns)
{
    char buf[ISO_TEXT_MAX];

    csv(to, at_ns != WHEN_NONE ? when_iso(at_ns, buf) : "");
}

/* "2026-01-30 09:46:12", New York. */
static const char *
ny_text(const struct look *l, int64_t at_ns, char buf[2 * ISO_TEXT_MAX])
{
    char day[ISO_TEXT_MAX], time[ISO_TEXT_MAX];

    (void)snprintf(buf, 2 * ISO_TEXT_MAX, "%s %s", date_text(zone_date(l->ny, at_ns), day),
                   view_ny_time(l->ny, at_ns, time));
    return buf;
}

/* ---- the order of an execution --------------------------------------------------------------- */

static int
by_broker_id(const void *x, const void *y)
{
    const struct intent *const *a = x, *const *b = y;

    return strcmp((*a)->broker_id, (*b)->broker_id);
}

struct owners {
    const struct intent **intent; /* ascending by broker id */
    size_t len;
};

static struct owners
owners_of(const struct intents *list, struct arena *a)
{
    struct owners o = {.intent = ARENA_NEW(a, const struct intent *, list->len)};

    for (size_t i = 0; i < list->len; i++)
        if (list->intent[i].broker_id[0] != '\0') o.intent[o.len++] = &list->intent[i];
    if (o.len > 1) qsort(o.intent, o.len, sizeof(const struct intent *), by_broker_id);
    return o;
}

/* NULL for a trade that is not ours. */
static const struct intent *
owner_find(const struct owners *o, const char *broker_id)
{
    size_t low = 0, high = o->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int cmp = strcmp(o->intent[middle]->broker_id, broker_id);

        if (cmp == 0) return o->intent[middle];
        if (cmp < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- executions ------------------------------------------------------------------------------ */

struct row {
    const struct fill *fill;
    const struct intent *owner; /* NULL: not ours */
    int64_t qty_after;
    usd realised; /* by this one */
};

struct totals {
    size_t executions;
    usd bought, sold, realised;
};

static void
row_csv(const struct row *r)
{
    CLEANUP(text_free) struct text line = {0};
    const struct fill *f = r->fill;

    csv_time(&line, f->at_ns);
    csv(&line, f->symbol);
    csv(&line, order_side_name(f->side));
    csv_i64(&line, f->qty);
    csv_usd(&line, f->price);
    csv_usd(&line, usd_notional(f->price, f->qty));
    csv_i64(&line, r->qty_after);
    csv_usd(&line, r->realised);
    csv(&line, r->owner != NULL ? intent_purpose_name(r->owner->purpose) : "outside");
    csv(&line, r->owner != NULL ? r->owner->reason : "");
    csv(&line, r->owner != NULL ? r->owner->order.client_id : "");
    csv(&line, f->fill_id);
    (void)printf("%s\n", text_str(&line));
}

static void
row_json(const struct row *r)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    const struct fill *f = r->fill;

    json_out_obj(&o, NULL);
    json_out_time(&o, "at", f->at_ns);
    json_out_str(&o, "symbol", f->symbol);
    json_out_str(&o, "side", order_side_name(f->side));
    json_out_i64(&o, "qty", f->qty);
    json_out_usd(&o, "price", f->price);
    json_out_usd(&o, "notional", usd_notional(f->price, f->qty));
    json_out_i64(&o, "position_after", r->qty_after);
    json_out_usd(&o, "realised_pnl", r->realised);
    json_out_str(&o, "purpose",
                 r->owner != NULL ? intent_purpose_name(r->owner->purpose) : "outside");
    json_out_str(&o, "reason", r->owner != NULL ? r->owner->reason : NULL);
    json_out_str(&o, "client_order_id", r->owner != NULL ? r->owner->order.client_id : NULL);
    json_out_str(&o, "execution_id", f->fill_id);
    json_out_end(&o);
    (void)printf("%s\n", text_str(&line));
}

static void
row_print(const struct look *l, const struct row *r)
{
    char at[2 * ISO_TEXT_MAX], price[VIEW_USD_MAX], pnl[VIEW_USD_MAX] = "";
    const struct fill *f = r->fill;

    if (r->realised.e4 != 0) (void)view_usd(r->realised, true, pnl);
    (void)printf("%s  %-7s %-4s %6lld %12s %7lld %11s  %-7s %s\n", ny_text(l, f->at_ns, at),
                 f->symbol, order_side_name(f->side), (long long)f->qty,
                 view_usd(f->price, false, price), (long long)r->qty_after, pnl,
                 r->owner != NULL ? intent_purpose_name(r->owner->purpose) : "outside",
                 r->owner != NULL && r->owner->purpose == PURPOSE_EXIT ? r->owner->reason : "");
}

/* The position of a symbol as the walk through the executions has it so far. */
static struct ledger_position *
fold_of(struct ledger_position *fold, size_t *len, const char *symbol)
{
    size_t i = 0;

    while (i < *len && !str_eq(fold[i].symbol, symbol))
        i++;
    if (i == *len) {
        fold[i] = (struct ledger_position){0};
        (void)str_copy(fold[i].symbol, SYMBOL_MAX, symbol);
        (*len)++;
    }
    return &fold[i];
}

static void
row_show(const struct look *l, const struct wanted *w, const struct row *r, struct totals *t)
{
    usd notional = usd_notional(r->fill->price, r->fill->qty);

    t->executions++;
    t->realised = usd_add(t->realised, r->realised);
    if (r->fill->side == SIDE_BUY)
        t->bought = usd_add(t->bought, notional);
    else
        t->sold = usd_add(t->sold, notional);
    if (w->shape == SHAPE_CSV)
        row_csv(r);
    else if (w->shape == SHAPE_JSON)
        row_json(r);
    else
        row_print(l, r);
}

static void
print_heading(const struct wanted *w, const char *table, const char *csv_names)
{
    if (w->shape == SHAPE_CSV) (void)printf("%s\n", csv_names);
    if (w->shape == SHAPE_TABLE) (void)printf("%s\n", table);
}

static void
print_totals(const struct wanted *w, const struct totals *t)
{
    char bought[VIEW_USD_MAX], sold[VIEW_USD_MAX], realised[VIEW_USD_MAX];

    if (w->shape != SHAPE_TABLE) return;
    (void)printf("%zu executions, bought %s, sold %s, realised %s before fees\n", t->executions,
                 view_usd(t->bought, false, bought), view_usd(t->sold, false, sold),
                 view_usd(t->realised, true, realised));
}

static enum rc
show_ledger(struct look *l, const struct wanted *w, int64_t since_ns, struct err *err)
{
    struct fills fills = {0};
    struct intents intents = {0};
    struct totals t = {0};
    size_t folded = 0;
    enum rc rc = l->ledger.fills_since(l->ledger.self, 0, &l->arena, &fills, err);

    if (rc == RC_OK) rc = l->ledger.intents_since(l->ledger.self, 0, &l->arena, &intents, err);
    if (rc != RC_OK) return rc;
    struct owners owners = owners_of(&intents, &l->arena);
    struct ledger_position *fold = ARENA_NEW(&l->arena, struct ledger_position, fills.len);
    print_heading(w,
                  "New York             symbol  side    qty        price   after "
                  "        P&L"
                  "  for",
                  "at,symbol,side,qty,price,notional,position_after,realised_pnl,"
                  "purpose,reason,"
                  "client_order_id,execution_id");
    for (size_t i = 0; i < fills.len; i++) {
        const struct fill *f = &fills.fill[i];
        struct ledger_position *p = fold_of(fold, &folded, f->symbol);
        usd before = p->realised_pnl;

        ledger_position_apply(p, f->side, f->qty, f->price);
        if (f->at_ns < since_ns || !is_wanted(w, f->symbol)) continue;
        struct row r = {.fill = f,
                        .owner = owner_find(&owners, f->broker_id),
                        .qty_after = p->qty,
                        .realised = usd_sub(p->realised_pnl, before)};
        row_show(l, w, &r, &t);
    }
    print_totals(w, &t);
    return RC_OK;
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void
order_csv(const struct intent *in)
{
    CLEANUP(text_free) struct text line = {0};

    csv_time(&line, in->created_ns);
    csv(&line, in->order.symbol);
    csv(&line, order_side_name(in->order.side));
    csv_i64(&line, in->order.qty);
    csv(&line, order_type_name(in->order.type));
    csv_usd(&line, in->order.limit);
    csv(&line, intent_purpose_name(in->purpose));
    csv(&line, in->reason);
    csv(&line, intent_state_name(in->state));
    csv_i64(&line, in->filled_qty);
    csv_usd(&line, in->filled_cost);
    csv(&line, in->order.client_id);
    csv(&line, in->broker_id);
    csv(&line, in->note);
    (void)printf("%s\n", text_str(&line));
}

static void
order_json(const struct intent *in)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};

    json_out_obj(&o, NULL);
    json_out_time(&o, "created_at", in->created_ns);
    json_out_str(&o, "symbol", in->order.symbol);
    json_out_str(&o, "side", order_side_name(in->order.side));
    json_out_i64(&o, "qty", in->order.qty);
    json_out_str(&o, "type", order_type_name(in->order.type));
    if (in->order.type == ORDER_LIMIT)
        json_out_usd(&o, "limit", in->order.limit);
    else
        json_out_null(&o, "limit");
    json_out_str(&o, "purpose", intent_purpose_name(in->purpose));
    json_out_str(&o, "reason", in->reason);
    json_out_str(&o, "state", intent_state_name(in->state));
    json_out_i64(&o, "filled_qty", in->filled_qty);
    json_out_usd(&o, "filled_cost", in->filled_cost);
    json_out_i64(&o, "epoch", in->epoch);
    json_out_i64(&o, "lookups", in->lookups);
    json_out_str(&o, "client_order_id", in->order.client_id);
    json_out_str(&o, "broker_order_id", in->broker_id[0] != '\0' ? in->broker_id : NULL);
    json_out_str(&o, "note", in->note);
    json_out_end(&o);
    (void)printf("%s\n", text_str(&line));
}

static void
order_print(const struct look *l, const struct intent *in)
{
    char at[2 * ISO_TEXT_MAX], limit[VIEW_USD_MAX] = "market";

    if (in->order.type == ORDER_LIMIT) (void)view_usd(in->order.limit, false, limit);
    (void)printf("%s  %-7s %-4s %6lld %10s  %-5s %-9s %6lld  %s%s%s\n",
                 ny_text(l, in->created_ns, at), in->order.symbol, order_side_name(in->order.side),
                 (long long)in->order.qty, limit, intent_purpose_name(in->purpose),
                 intent_state_name(in->state), (long long)in->filled_qty, in->order.client_id,
                 in->note[0] != '\0' ? "  " : "", in->note);
}

static bool
is_unanswered(const struct intent *in)
{
    return in->state == INTENT_UNKNOWN || in->state == INTENT_COMMITTED;
}

static size_t
show_list(const struct look *l, const struct wanted *w, const struct intents *list, int64_t from_ns,
          int64_t before_ns)
{
    size_t n = 0;

    for (size_t i = 0; i < list->len; i++) {
        const struct intent *in = &list->intent[i];

        if (in->created_ns < from_ns || in->created_ns >= before_ns ||
            !is_wanted(w, in->order.symbol) || (w->only_unknown && !is_unanswered(in)))
            continue;
        n++;
        if (w->shape == SHAPE_CSV)
            order_csv(in);
        else if (w->shape == SHAPE_JSON)
            order_json(in);
        else
            order_print(l, in);
    }
    return n;
}

/* What works since before that instant, and everything since then. */
static enum rc
show_orders(struct look *l, const struct wanted *w, int64_t since_ns, struct err *err)
{
    struct intents live = {0}, since = {0};
    enum rc rc = l->ledger.live_intents(l->ledger.self, &l->arena, &live, err);

    if (rc == RC_OK) rc = l->ledger.intents_since(l->ledger.self, since_ns, &l->arena, &since, err);
    if (rc != RC_OK) return rc;
    print_heading(w,
                  "New York             symbol  side    qty      limit  for   state     "
                  "filled"
                  "  client order id",
                  "created_at,symbol,side,qty,type,limit,purpose,reason,state,filled_qty,"
                  "filled_cost,client_order_id,broker_order_id,note");
    size_t n = show_list(l, w, &live, INT64_MIN, since_ns);
    n += show_list(l, w, &since, since_ns, INT64_MAX);
    if (w->shape == SHAPE_TABLE)
        (void)printf("%zu %s\n", n, w->only_unknown ? "orders without an answer" : "orders");
    return RC_OK;
}

/* ---- the commands ---------------------------------------------------------------------------- */

static int
run(struct wanted *w, int argc, char **argv, const char *help, const char *since_default,
    enum rc (*show)(struct look *l, const struct wanted *w, int64_t since_ns, struct err *err))
{
    struct look l;
    struct err err = {0};
    int64_t since_ns = 0;
    int status = parse(argc, argv, w);

    if (status != EXIT_DONE) return status;
    if (w->common.help) {
        (void)fputs(help, stdout);
        return EXIT_DONE;
    }
    const char *since = w->since != NULL ? w->since : since_default;
    status = look_open(w->name, &w->common, &l);
    if (status == EXIT_DONE && since != NULL && !since_of(&l, since, &since_ns)) {
        status = wrong(w, "neither a day nor an instant: ", since);
    } else if (status == EXIT_DONE && l.sql == NULL) {
        (void)fprintf(stderr, "stockbot %s: %s: %s\n", w->name, l.cfg.root, l.ledger_err.text);
        status = EXIT_FAILED;
    } else if (status == EXIT_DONE && show(&l, w, since_ns, &err) != RC_OK) {
        (void)fprintf(stderr, "stockbot %s: %s\n", w->name, err.text);
        status = EXIT_FAILED;
    }
    look_close(&l);
    return status;
}

int
cmd_ledger(int argc, char **argv)
{
    struct wanted w = {.name = "ledger"};

    return run(&w, argc, argv, HELP_LEDGER, NULL, show_ledger);
}

int
cmd_orders(int argc, char **argv)
{
    struct wanted w = {.name = "orders"};

    return run(&w, argc, argv, HELP_ORDERS, "today", show_orders);
}

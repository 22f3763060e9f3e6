#include "state/flight.h"

#include <inttypes.h>

enum {
    HELD_FROM = 2,         /* crashes in a row                                */
    OPERATOR_ONLY_FROM = 3 /* crashes after which changed data are no evidence */
};

/* ---- the list ------------------------------------------------------------------------------ */

static struct quarantined *
find(struct quarantine *q, enum stage stage, const char *symbol)
{
    for (size_t i = 0; i < q->len; i++)
        if (q->entry[i].stage == stage && str_eq(q->entry[i].symbol, symbol)) return &q->entry[i];
    return NULL;
}

static void
remove_at(struct quarantine *q, size_t i)
{
    q->len--;
    memmove(q->entry + i, q->entry + i + 1, (q->len - i) * sizeof(q->entry[0]));
}

/* First crashes that were not followed by a second one at the same place. */
static bool
drop_suspicions(struct quarantine *q, size_t among_first)
{
    bool dropped = false;

    for (size_t i = among_first; i > 0; i--) {
        if (q->entry[i - 1].count >= HELD_FROM) continue;
        remove_at(q, i - 1);
        dropped = true;
    }
    return dropped;
}

/* Moves the entry behind the others. */
static void
move_last(struct quarantine *q, struct quarantined *e)
{
    struct quarantined moved = *e;

    remove_at(q, (size_t)(e - q->entry));
    q->entry[q->len++] = moved;
}

/* What the engine can go without.  Reconciliation, account, decision and records are not among it.
 */
static bool
can_be_left_out(enum stage stage, const char *symbol)
{
    bool has_symbol = symbol[0] != '\0';

    switch (stage) {
    case STAGE_FLOW:
    case STAGE_ENTRY:
    case STAGE_SHADOW:
        return true;
    case STAGE_SCORE:
    case STAGE_GATHER_MARKET:
    case STAGE_EXIT:
        return has_symbol;
    case STAGE_START:
    case STAGE_RECONCILE:
    case STAGE_GATHER_ACCOUNT:
    case STAGE_READ_CACHE:
    case STAGE_DECIDE:
    case STAGE_RECORD:
    case STAGE_IDLE:
    case STAGE_STOP:
    case STAGES_LEN:
        break;
    }
    return false;
}

static struct quarantined *
suspect(struct quarantine *q, const struct flight_report *r, int64_t now_ns)
{
    if (q->len == QUARANTINE_MAX) remove_at(q, 0); /* the oldest makes room */
    struct quarantined *e = &q->entry[q->len++];

    *e = (struct quarantined){.stage = r->stage, .since_ns = now_ns};
    (void)str_copy(e->symbol, sizeof(e->symbol), r->symbol);
    return e;
}

static void
note_crash(struct quarantined *e, const struct flight_report *r, const struct flight_exit *x,
           int64_t now_ns)
{
    e->count++;
    e->data_hash = r->data_hash;
    e->is_held = e->count >= HELD_FROM;
    e->since_ns = now_ns;
    (void)snprintf(e->reason, sizeof(e->reason), "%s %d in cycle %" PRIu64 " of epoch %" PRId64,
                   x->by_watchdog ? "stalled, ended with"
                   : x->code < 0  ? "crashed with signal"
                                  : "exit status",
                   x->code < 0 ? -x->code : x->code, r->cycle, r->epoch);
}

enum quarantine_change
quarantine_fold(struct quarantine *q, const struct flight_report *r, const struct flight_exit *e,
                int64_t now_ns)
{
    if (r->is_orderly) return drop_suspicions(q, q->len) ? QUARANTINE_CLEARED : QUARANTINE_SAME;
    if (!flight_is_fault(r, e)) return QUARANTINE_SAME;

    struct quarantined *known = find(q, r->stage, r->symbol);
    bool is_known = known != NULL;
    if (is_known) move_last(q, known);
    /* In a row: a crash here ends the suspicion of every other place. */
    bool dropped = drop_suspicions(q, q->len - (is_known ? 1 : 0));
    if (!can_be_left_out(r->stage, r->symbol))
        return dropped ? QUARANTINE_CLEARED : QUARANTINE_SAME;

    struct quarantined *at = is_known ? &q->entry[q->len - 1] : suspect(q, r, now_ns);
    note_crash(at, r, e, now_ns);
    return at->is_held ? QUARANTINE_HELD : QUARANTINE_SUSPECTED;
}

bool
quarantine_holds(const struct quarantine *q, enum stage stage, const char *symbol)
{
    for (size_t i = 0; i < q->len; i++) {
        const struct quarantined *e = &q->entry[i];

        if (e->is_held && e->stage == stage && str_eq(e->symbol, symbol == NULL ? "" : symbol))
            return true;
    }
    return false;
}

bool
quarantine_data_changed(struct quarantine *q, const char *symbol, uint64_t hash)
{
    bool let_go = false;

    for (size_t i = 0; i < q->len; i++) {
        struct quarantined *e = &q->entry[i];

        if (!e->is_held || !str_eq(e->symbol, symbol)) continue;
        if (e->count >= OPERATOR_ONLY_FROM || e->data_hash == 0 || e->data_hash == hash) continue;
        e->is_held = false;
        let_go = true;
    }
    return let_go;
}

bool
quarantine_remove(struct quarantine *q, enum stage stage, const char *symbol)
{
    struct quarantined *e = find(q, stage, symbol);

    if (e == NULL) return false;
    remove_at(q, (size_t)(e - q->entry));
    return true;
}

/* ---- the file ------------------------------------------------------------------------------ */

static const struct store_spec SPEC = {
    .path = QUARANTINE_PATH, .default_json = "[]", .bytes_max = 1 << 20};

/* An entry that cannot be read is passed over: the list is edited by hand. */
static bool
decode(const struct json *v, struct quarantined *ret_entry)
{
    struct quarantined e = {0};
    const char *symbol = json_str(v, "symbol", "");
    const char *hash = json_str(v, "data", "");

    if (!stage_from(json_str(v, "stage", ""), &e.stage)) return false;
    if (symbol[0] != '\0' && !symbol_set(e.symbol, symbol)) return false;
    e.since_ns = when_parse_or_none(json_str(v, "since", ""));
    e.count = (int)MIN(MAX(json_i64(v, "count", 0), 0), 1000000);
    e.is_held = json_bool(v, "is_held", e.count >= HELD_FROM);
    e.data_hash = strtoull(hash, NULL, 16); /* 0 for anything else: no data known */
    (void)str_copy(e.reason, sizeof(e.reason), json_str(v, "reason", ""));
    *ret_entry = e;
    return true;
}

void
quarantine_load(struct quarantine *q, const struct store *store)
{
    CLEANUP(json_freep) struct json *doc = store_load(store, &SPEC, NULL);

    q->len = 0;
    for (const struct json *v = json_first(doc); v != NULL && q->len < QUARANTINE_MAX;
         v = json_next(v))
        if (decode(v, &q->entry[q->len])) q->len++;
}

enum rc
quarantine_save(const struct quarantine *q, const struct store *store, struct err *err)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};

    json_out_arr(&o, NULL);
    for (size_t i = 0; i < q->len; i++) {
        const struct quarantined *e = &q->entry[i];
        char hash[32];

        (void)snprintf(hash, sizeof(hash), "%016" PRIx64, e->data_hash);
        json_out_obj(&o, NULL);
        json_out_str(&o, "stage", stage_name(e->stage));
        json_out_str(&o, "symbol", e->symbol);
        json_out_time(&o, "since", e->since_ns);
        json_out_i64(&o, "count", e->count);
        json_out_bool(&o, "is_held", e->is_held);
        json_out_str(&o, "data", e->data_hash == 0 ? NULL : hash);
        json_out_str(&o, "reason", e->reason);
        json_out_end(&o);
    }
    json_out_end(&o);
    return store_save(store, &SPEC, &json, err);
}

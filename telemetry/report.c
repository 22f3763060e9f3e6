#include "telemetry/report.h"

const char *
report_damage(const struct report_input *in, char buf[REPORT_DAMAGE_MAX])
{
    if (in->is_missing) return NULL;
    if (in->wrong[0] != '\0') return in->wrong;
    if (in->malformed == 0) return NULL;
    (void)snprintf(buf, REPORT_DAMAGE_MAX, "%lld of %lld lines are no JSON object, passed over",
                   (long long)in->malformed, (long long)in->lines);
    return buf;
}

void
report_inputs(struct paper *p, const struct report_about *about)
{
    size_t told = 0;

    for (size_t i = 0; i < about->inputs_len; i++) {
        const struct report_input *in = &about->input[i];
        char buf[REPORT_DAMAGE_MAX];
        const char *damage = report_damage(in, buf);

        if (in->is_missing)
            paper_item(p, "input missing: %s (written by %s)", in->path, in->maker);
        else if (damage != NULL)
            paper_item(p, "input damaged: %s: %s", in->path, damage);
        else
            continue;
        told++;
    }
    if (told == 0) paper_item(p, "inputs: all %zu were there and sound", about->inputs_len);
}

bool
report_lacks(const struct report_about *about, const char *path)
{
    for (size_t i = 0; i < about->inputs_len; i++)
        if (str_eq(about->input[i].path, path)) return about->input[i].is_missing;
    return false;
}

const char *
report_text(const struct json *v, char buf[REPORT_TEXT_MAX])
{
    char digits[PAPER_NUMBER_MAX];
    int64_t whole = 0;

    switch (json_kind(v)) {
    case JSON_STRING:
        (void)str_copy(buf, REPORT_TEXT_MAX,
                       json_string(v)[0] != '\0' ? json_string(v) : "UNKNOWN");
        return buf;
    case JSON_BOOL:
        return json_is_true(v) ? "yes" : "no";
    case JSON_NUMBER:
        if (json_is_whole(v) && ops_int(v, &whole))
            (void)snprintf(buf, REPORT_TEXT_MAX, "%lld", (long long)whole);
        else
            (void)str_copy(buf, REPORT_TEXT_MAX, paper_number(json_f64_of(v, 0), digits));
        return buf;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return "n/a";
}

void
report_item(struct paper *p, const char *name, const struct json *v)
{
    char buf[REPORT_TEXT_MAX];

    paper_item(p, "%s: %s", name, report_text(v, buf));
}

void
report_cell(struct paper *p, const struct json *v)
{
    char buf[REPORT_TEXT_MAX];

    paper_cell(p, "%s", report_text(v, buf));
}

/* ---- the tail of the attribution log ------------------------------------------------------- */

void
report_tail_take(struct report_tail *t, const struct json *record)
{
    struct report_recent *to = &t->row[t->taken++ % REPORT_RECENT_MAX];
    char buf[F64_TEXT_MAX];

    (void)str_copy(to->symbol, sizeof(to->symbol), ops_str(json_get(record, "symbol"), "?", buf));
    str_upper(to->symbol);
    (void)str_copy(to->direction, sizeof(to->direction),
                   ops_str(json_get(record, "direction"), "?", buf));
    to->score_delta = json_f64(json_get_obj(record, "uw_contribution"), "score_delta", 0);
}

void
report_tail_show(struct paper *p, const struct report_tail *t)
{
    static const struct paper_column columns[] = {
        {"symbol",      false},
        {"direction",   false},
        {"score delta", true }
    };
    size_t first = t->taken - MIN(t->taken, (size_t)REPORT_RECENT_MAX);
    char buf[PAPER_NUMBER_MAX];

    if (t->taken == 0) {
        paper_say(p, "No attribution record; trading_engine writes logs/uw_attribution.jsonl.");
        return;
    }
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = first; i < t->taken; i++) {
        const struct report_recent *r = &t->row[i % REPORT_RECENT_MAX];
        paper_cell(p, "%s", r->symbol);
        paper_cell(p, "%s", r->direction);
        paper_cell(p, "%s", paper_number(r->score_delta, buf));
    }
    paper_table_end(p);
}

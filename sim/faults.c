#include "sim/faults.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/noise.h"

#define DAY_MIN (24 * 60)

static const struct {
    const char *word;
    int64_t status;
    enum fault_kind kind;
    bool needs_value;
} KINDS[] = {
    {"delay",        0,   FAULT_DELAY,         true },
    {"drop",         0,   FAULT_DROP,          false},
    {"reset",        0,   FAULT_RESET,         false},
    {"lost",         0,   FAULT_LOST,          false},
    {"401",          401, FAULT_STATUS,        false},
    {"429",          429, FAULT_STATUS,        false},
    {"429bare",      429, FAULT_STATUS_BARE,   false},
    {"500",          500, FAULT_STATUS,        false},
    {"502",          502, FAULT_STATUS,        false},
    {"503",          503, FAULT_STATUS,        false},
    {"504",          504, FAULT_STATUS,        false},
    {"html",         0,   FAULT_HTML,          false},
    {"garbage",      0,   FAULT_GARBAGE,       false},
    {"truncate",     0,   FAULT_TRUNCATE,      false},
    {"latefill",     0,   FAULT_LATE_FILL,     true },
    {"missingfill",  0,   FAULT_MISSING_FILL,  true },
    {"dupfill",      0,   FAULT_DUP_FILL,      false},
    {"stuckcancel",  0,   FAULT_STUCK_CANCEL,  false},
    {"rejectcancel", 0,   FAULT_REJECT_CANCEL, false},
    {"clockskew",    0,   FAULT_CLOCK_SKEW,    true },
    {"calendar",     0,   FAULT_CALENDAR,      false},
};

/* "HH:MM" as a minute of the day; false for anything else. */
static bool
minute_of(const char *text, int *ret_minute)
{
    if (strlen(text) != 5 || text[2] != ':') return false;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && !isdigit((unsigned char)text[i])) return false;
    *ret_minute =
        ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
    return *ret_minute <= DAY_MIN;
}

static bool
window_of(char *text, struct fault_rule *r)
{
    char *dash = strchr(text, '-');

    if (dash == NULL) return false;
    *dash = '\0';
    return minute_of(text, &r->from_min) && minute_of(dash + 1, &r->to_min);
}

static bool
kind_of(char *text, struct fault_rule *r)
{
    char *value = strchr(text, '=');

    if (value != NULL) *value++ = '\0';
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (!str_eq(KINDS[i].word, text)) continue;
        r->kind = KINDS[i].kind;
        r->value = KINDS[i].status;
        if (KINDS[i].needs_value != (value != NULL)) return false;
        return value == NULL || str_to_i64(value, &r->value);
    }
    return false;
}

static bool
field_of(const char *text, struct fault_rule *r)
{
    if (isdigit((unsigned char)text[0])) {
        if (strchr(text, '.') == NULL) return str_to_i64(text, &r->left) && r->left >= 0;
        return str_to_f64(text, &r->chance) && r->chance >= 0 && r->chance <= 1;
    }

    size_t method = strcspn(text, "/");

    if (method >= sizeof(r->method)) return false;
    (void)snprintf(r->method, sizeof(r->method), "%.*s", (int)method, text);
    return str_copy(r->prefix, sizeof(r->prefix), text + method);
}

static bool
rule_of(char *item, struct fault_rule *ret_rule)
{
    struct fault_rule r = {.chance = 1, .left = -1, .from_min = 0, .to_min = DAY_MIN};
    char *window = strchr(item, '@');

    if (window != NULL) {
        *window++ = '\0';
        if (!window_of(window, &r)) return false;
    }

    char *field = strchr(item, ':');

    if (field != NULL) *field++ = '\0';
    if (!kind_of(item, &r)) return false;
    while (field != NULL) {
        char *next = strchr(field, ':');

        if (next != NULL) *next++ = '\0';
        if (!field_of(field, &r)) return false;
        field = next;
    }
    *ret_rule = r;
    return true;
}

enum rc
faults_parse(struct faults *f, const char *spec, struct err *err)
{
    struct faults made = {.seed = f->seed};

    for (const char *at = spec; *at != '\0';) {
        size_t len = strcspn(at, ", \t\r\n");
        char item[160], kept[160];

        if (len == 0) {
            at++;
            continue;
        }
        if (len >= sizeof(item)) return err_set(err, RC_PARSE, "fault longer than 159 characters");
        (void)snprintf(item, sizeof(item), "%.*s", (int)len, at);
        (void)str_copy(kept, sizeof(kept), item);
        if (made.len == FAULTS_MAX)
            return err_set(err, RC_PARSE, "more than %d faults", FAULTS_MAX);
        if (!rule_of(item, &made.rule[made.len]))
            return err_set(err, RC_PARSE, "not a fault: %s", kept);
        made.len++;
        at += len;
    }
    *f = made;
    return RC_OK;
}

static bool
applies(const struct fault_rule *r, const char *method, const char *path, int ny_minute)
{
    if (r->left == 0 || ny_minute < r->from_min || ny_minute >= r->to_min) return false;
    if (r->method[0] != '\0' && !str_eq(r->method, method)) return false;
    return str_starts(path, r->prefix);
}

static void
add_fault(const struct fault_rule *r, struct fault_choice *c)
{
    switch (r->kind) {
    case FAULT_DELAY:
        c->delay_ms += r->value;
        break;
    case FAULT_DROP:
        c->is_dropped = true;
        break;
    case FAULT_RESET:
        c->is_reset = true;
        break;
    case FAULT_LOST:
        c->is_lost = true;
        break;
    case FAULT_STATUS_BARE:
        c->is_bare = true; /* fall through */
    case FAULT_STATUS:
        c->status = c->status == 0 ? (int)r->value : c->status;
        break;
    case FAULT_HTML:
        c->is_html = true;
        break;
    case FAULT_GARBAGE:
        c->is_garbage = true;
        break;
    case FAULT_TRUNCATE:
        c->is_truncated = true;
        break;
    case FAULT_LATE_FILL:
        c->book.fill_delay_ns += r->value * NS_PER_MS;
        break;
    case FAULT_MISSING_FILL:
        c->book.activity_delay_ns += r->value * NS_PER_MS;
        break;
    case FAULT_DUP_FILL:
        c->book.is_fill_repeated = true;
        break;
    case FAULT_STUCK_CANCEL:
        c->book.is_cancel_stuck = true;
        break;
    case FAULT_REJECT_CANCEL:
        c->is_cancel_rejected = true;
        break;
    case FAULT_CLOCK_SKEW:
        c->clock_skew_ms += r->value;
        break;
    case FAULT_CALENDAR:
        c->is_calendar_wrong = true;
        break;
    }
}

struct fault_choice
faults_choose(struct faults *f, const char *method, const char *path, int ny_minute,
              uint64_t number)
{
    struct fault_choice c = {0};

    for (size_t i = 0; i < f->len; i++) {
        struct fault_rule *r = &f->rule[i];

        if (!applies(r, method, path, ny_minute)) continue;
        if (r->chance < 1 && noise_f64(f->seed, NOISE_FAULT, i, number) >= r->chance) continue;
        if (r->left > 0) r->left--;
        r->hits++;
        c.is_any = true;
        add_fault(r, &c);
    }
    return c;
}

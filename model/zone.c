/*
 * Reads compiled zone files: a block of 32-bit times, from version 2 on a second block of 64-bit
 * times and a footer with the rule for the time after the last transition (RFC 8536).
 */
#include "model/calendar.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_LEN = 44,
    OFFSET_MIN_S = -25 * 3600 + 1, /* bounds of RFC 8536 */
    OFFSET_MAX_S = 26 * 3600 - 1
};

enum rule_kind {
    RULE_JULIAN,   /* Jn: 1..365, 29 February is not counted */
    RULE_DAY,      /* n: 0..365                              */
    RULE_MONTH_DAY /* Mm.w.d: the w-th weekday d, 5 = last   */
};

struct rule {
    enum rule_kind kind;
    int month, week, day;
    int64_t time_s; /* local, may lie outside the day */
};

struct zone {
    int64_t *at_s;     /* ascending */
    int32_t *offset_s; /* from at_s on */
    size_t len;
    int32_t first_offset_s; /* before the first transition */
    bool has_rule, has_dst; /* after the last transition */
    int32_t std_s, dst_s;
    struct rule start, end; /* of daylight saving time */
};

static int64_t
floor_div(int64_t n, int64_t d)
{
    return n / d - (n % d < 0);
}

/* ---- the footer: a POSIX TZ text, "EST5EDT,M3.2.0,M11.1.0" --------------------------------- */

struct cursor {
    const char *at, *end;
};

static char
peek(const struct cursor *c)
{
    return c->at < c->end ? *c->at : '\0';
}

static bool
take(struct cursor *c, char b)
{
    if (peek(c) != b) return false;
    c->at++;
    return true;
}

static bool
take_number(struct cursor *c, int min, int max, int *ret_value)
{
    int value = 0;
    const char *from = c->at;

    while (peek(c) >= '0' && peek(c) <= '9' && value <= max)
        value = value * 10 + (*c->at++ - '0');
    if (c->at == from || value < min || value > max) return false;
    *ret_value = value;
    return true;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool
take_time(struct cursor *c, int hours_max, int64_t *ret_s)
{
    int h = 0, m = 0, s = 0;
    bool is_negative = take(c, '-');

    if (!is_negative) (void)take(c, '+');
    if (!take_number(c, 0, hours_max, &h)) return false;
    if (take(c, ':') && !take_number(c, 0, 59, &m)) return false;
    if (take(c, ':') && !take_number(c, 0, 59, &s)) return false;
    *ret_s = (int64_t)h * 3600 + (int64_t)m * 60 + s;
    if (is_negative) *ret_s = -*ret_s;
    return true;
}

/* Letters, or anything between < and >. */
static bool
take_name(struct cursor *c)
{
    const char *from = c->at;

    if (take(c, '<')) {
        while (peek(c) != '\0' && peek(c) != '>')
            c->at++;
        return take(c, '>') && c->at - from >= 5;
    }
    while ((peek(c) >= 'A' && peek(c) <= 'Z') || (peek(c) >= 'a' && peek(c) <= 'z'))
        c->at++;
    return c->at - from >= 3;
}

static bool
take_rule(struct cursor *c, struct rule *r)
{
    bool ok = false;

    if (take(c, 'M')) {
        r->kind = RULE_MONTH_DAY;
        ok = take_number(c, 1, 12, &r->month) && take(c, '.') && take_number(c, 1, 5, &r->week) &&
             take(c, '.') && take_number(c, 0, 6, &r->day);
    } else if (take(c, 'J')) {
        r->kind = RULE_JULIAN;
        ok = take_number(c, 1, 365, &r->day);
    } else {
        r->kind = RULE_DAY;
        ok = take_number(c, 0, 365, &r->day);
    }
    r->time_s = 2 * 3600;
    return ok && (!take(c, '/') || take_time(c, 167, &r->time_s));
}

/* In this text an offset counts west of UTC. */
static bool
take_footer(struct cursor *c, struct zone *z)
{
    int64_t west_s = 0;

    if (!take_name(c) || !take_time(c, 24, &west_s)) return false;
    z->std_s = (int32_t)-west_s;
    z->dst_s = z->std_s + 3600;
    z->has_rule = true;
    if (c->at == c->end) return true;

    z->has_dst = true;
    if (!take_name(c)) return false;
    if (peek(c) != ',') {
        if (!take_time(c, 24, &west_s)) return false;
        z->dst_s = (int32_t)-west_s;
    }
    return take(c, ',') && take_rule(c, &z->start) && take(c, ',') && take_rule(c, &z->end) &&
           c->at == c->end;
}

/* ---- the file ------------------------------------------------------------------------------ */

/* One data block: a header's counts and where its parts begin. */
struct block {
    uint32_t times, types, chars, leaps, std_flags, ut_flags;
    size_t time_len; /* 4 or 8 bytes */
    const uint8_t *data;
    size_t len;
};

static uint32_t
be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static int64_t
be_time(const uint8_t *p, size_t time_len)
{
    if (time_len == 4) return (int32_t)be32(p);
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* The block whose header starts at p; false where header or data do not fit in len. */
static bool
block_open(const uint8_t *p, size_t len, size_t time_len, struct block *b)
{
    if (len < HEADER_LEN || memcmp(p, "TZif", 4) != 0) return false;
    *b = (struct block){
        .ut_flags = be32(p + 20),
        .std_flags = be32(p + 24),
        .leaps = be32(p + 28),
        .times = be32(p + 32),
        .types = be32(p + 36),
        .chars = be32(p + 40),
        .time_len = time_len,
        .data = p + HEADER_LEN,
    };
    /* Six 32-bit counts times at most 12: the sum cannot overflow 64 bits. */
    uint64_t size = (uint64_t)b->times * (time_len + 1) + (uint64_t)b->types * 6 + b->chars +
                    (uint64_t)b->leaps * (time_len + 4) + b->std_flags + b->ut_flags;
    if (size > len - HEADER_LEN) return false;
    b->len = (size_t)size;
    return true;
}

static enum rc
zone_fill(struct zone *z, const struct block *b, struct err *err)
{
    const uint8_t *index = b->data + (size_t)b->times * b->time_len;
    const uint8_t *types = index + b->times;

    if (b->types == 0) return err_set(err, RC_PARSE, "zone file without a type of local time");
    if (b->leaps != 0) return err_set(err, RC_PARSE, "zone file that counts leap seconds");
    for (uint32_t i = 0; i < b->types; i++) {
        int32_t offset = (int32_t)be32(types + (size_t)i * 6);
        if (offset < OFFSET_MIN_S || offset > OFFSET_MAX_S) {
            return err_set(err, RC_PARSE, "zone file with an offset of %d s", (int)offset);
        }
    }
    z->first_offset_s = (int32_t)be32(types);
    z->at_s = calloc((size_t)b->times + 1, sizeof(*z->at_s));
    z->offset_s = calloc((size_t)b->times + 1, sizeof(*z->offset_s));
    if (z->at_s == NULL || z->offset_s == NULL) return err_set(err, RC_NOMEM, "zone file");
    for (uint32_t i = 0; i < b->times; i++) {
        z->at_s[i] = be_time(b->data + (size_t)i * b->time_len, b->time_len);
        if (i > 0 && z->at_s[i] <= z->at_s[i - 1]) {
            return err_set(err, RC_PARSE, "zone file with transitions out of order");
        }
        if (index[i] >= b->types)
            return err_set(err, RC_PARSE, "zone file with a type that does not exist");
        z->offset_s[i] = (int32_t)be32(types + (size_t)index[i] * 6);
    }
    z->len = b->times;
    return RC_OK;
}

/* "\n", the rule or nothing, "\n" */
static bool
footer_read(struct zone *z, const uint8_t *p, size_t len)
{
    const char *text = (const char *)p;

    if (len < 2 || text[0] != '\n') return false;
    const char *end = memchr(text + 1, '\n', len - 1);
    if (end == NULL) return false;
    struct cursor c = {text + 1, end};
    return c.at == c.end || take_footer(&c, z);
}

static enum rc
zone_read(struct zone *z, const uint8_t *p, size_t len, struct err *err)
{
    struct block b;

    if (!block_open(p, len, 4, &b)) return err_set(err, RC_PARSE, "not a zone file, or a cut one");
    uint8_t version = p[4];
    if (version == 0) return zone_fill(z, &b, err);
    if (version < '2' || version > '4')
        return err_set(err, RC_PARSE, "zone file of unknown version");

    size_t skip = HEADER_LEN + b.len;
    if (!block_open(p + skip, len - skip, 8, &b)) return err_set(err, RC_PARSE, "zone file is cut");
    enum rc rc = zone_fill(z, &b, err);
    skip += HEADER_LEN + b.len;
    if (rc == RC_OK && !footer_read(z, p + skip, len - skip)) {
        rc = err_set(err, RC_PARSE, "zone file with a malformed footer");
    }
    return rc;
}

enum rc
zone_new(const void *bytes, size_t len, struct zone **ret_zone, struct err *err)
{
    struct zone *z = calloc(1, sizeof(*z));
    if (z == NULL) return err_set(err, RC_NOMEM, "zone file");

    enum rc rc = zone_read(z, bytes, len, err);
    if (rc == RC_OK)
        *ret_zone = z;
    else
        zone_free(z);
    return rc;
}

void
zone_free(struct zone *z)
{
    if (z == NULL) return;
    free(z->at_s);
    free(z->offset_s);
    free(z);
}

/* ---- the rule ------------------------------------------------------------------------------ */

/* Days since 1970 of the rule's day in a year. */
static int64_t
rule_day(const struct rule *r, int year)
{
    int64_t new_year = date_to_days((struct date){year, 1, 1});
    bool is_leap = date_valid((struct date){year, 2, 29});

    if (r->kind == RULE_DAY) return new_year + r->day;
    if (r->kind == RULE_JULIAN) return new_year + r->day - 1 + (is_leap && r->day >= 60);

    struct date first = {year, r->month, 1};
    int64_t day =
        date_to_days(first) + (r->day - date_weekday(first) + 7) % 7 + INT64_C(7) * (r->week - 1);
    return date_from_days(day).month == r->month ? day : day - 7; /* there is no fifth one */
}

/* The change of a year: its rule speaks in the time that ends there. */
static int64_t
rule_change_s(const struct zone *z, int year, bool is_start)
{
    const struct rule *r = is_start ? &z->start : &z->end;

    return rule_day(r, year) * 86400 + r->time_s - (is_start ? z->std_s : z->dst_s);
}

static int
year_of(int64_t at_s)
{
    return date_from_days(floor_div(at_s, 86400)).year;
}

/* The last change at or before the instant decides; times outside the day may cross the new year.
 */
static int32_t
rule_offset_s(const struct zone *z, int64_t at_s)
{
    int64_t last_s = INT64_MIN;
    bool is_dst = false;

    if (!z->has_dst) return z->std_s;
    for (int year = year_of(at_s) - 1; year <= year_of(at_s) + 1; year++) {
        int64_t start_s = rule_change_s(z, year, true), end_s = rule_change_s(z, year, false);
        if (end_s <= at_s && end_s > last_s) {
            last_s = end_s;
            is_dst = false;
        }
        if (start_s <= at_s &&
            start_s >= last_s) { /* one that begins where the last ended never ended */
            last_s = start_s;
            is_dst = true;
        }
    }
    return is_dst ? z->dst_s : z->std_s;
}

/* ---- questions ----------------------------------------------------------------------------- */

/* Number of transitions at or before the instant. */
static size_t
transitions_until(const struct zone *z, int64_t at_s)
{
    size_t low = 0, high = z->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at_s[middle] <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t
offset_at_s(const struct zone *z, int64_t at_s)
{
    size_t n = transitions_until(z, at_s);

    if (n == z->len && z->has_rule) return rule_offset_s(z, at_s);
    return n == 0 ? z->first_offset_s : z->offset_s[n - 1];
}

/* The first instant after at_s at which the offset may change, INT64_MAX where there is none. */
static int64_t
next_change_s(const struct zone *z, int64_t at_s)
{
    size_t n = transitions_until(z, at_s);
    int64_t next_s = INT64_MAX;

    if (n < z->len) return z->at_s[n];
    if (!z->has_rule || !z->has_dst) return next_s;
    for (int year = year_of(at_s) - 1; year <= year_of(at_s) + 1; year++) {
        for (int is_start = 0; is_start <= 1; is_start++) {
            int64_t change_s = rule_change_s(z, year, is_start);
            if (change_s > at_s) next_s = MIN(next_s, change_s);
        }
    }
    return next_s;
}

int64_t
zone_offset_s(const struct zone *z, int64_t at_ns)
{
    return offset_at_s(z, when_to_s(at_ns));
}

struct civil
zone_local(const struct zone *z, int64_t at_ns)
{
    int64_t local_ns = 0;
    bool overflow = __builtin_add_overflow(at_ns, zone_offset_s(z, at_ns) * NS_PER_S, &local_ns);

    return when_to_civil(overflow ? at_ns : local_ns); /* the ends of time, WHEN_NONE among them */
}

struct date
zone_date(const struct zone *z, int64_t at_ns)
{
    return zone_local(z, at_ns).date;
}

int64_t
zone_utc(const struct zone *z, const struct civil *local)
{
    int64_t local_ns = when_from_civil(local);
    int64_t local_s = when_to_s(local_ns), fraction_ns = local_ns - local_s * NS_PER_S;

    /* Stretches of one offset, from the first to the last that can contain the local time. */
    int64_t from_s = local_s - OFFSET_MAX_S, skipped_s = INT64_MAX;
    while (from_s <= local_s - OFFSET_MIN_S) {
        int64_t until_s = next_change_s(z, from_s);
        int64_t at_s = local_s - offset_at_s(z, from_s);
        if (at_s >= from_s && at_s < until_s) return at_s * NS_PER_S + fraction_ns;
        if (at_s < from_s) skipped_s = MIN(skipped_s, from_s); /* the clocks went past it here */
        from_s = until_s;
    }
    return skipped_s * NS_PER_S;
}

#include "sim/stamp.h"

#include <stdio.h>

static void
put_civil(const struct civil *c, int decimals, const char *zone, char buf[STAMP_MAX])
{
    int n = snprintf(buf, STAMP_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", c->date.year, c->date.month,
                     c->date.day, c->hour, c->minute, c->second);
    int fraction = c->nanosecond;

    if (n < 0 || n >= STAMP_MAX) return;
    for (int i = decimals; i < 9; i++)
        fraction /= 10;
    if (decimals > 0) {
        (void)snprintf(buf + n, (size_t)(STAMP_MAX - n), ".%0*d%s", decimals, fraction, zone);
    } else {
        (void)snprintf(buf + n, (size_t)(STAMP_MAX - n), "%s", zone);
    }
}

const char *
stamp_utc(int64_t at_ns, int decimals, char buf[STAMP_MAX])
{
    struct civil c = when_to_civil(at_ns);

    put_civil(&c, decimals, "Z", buf);
    return buf;
}

const char *
stamp_ny(const struct zone *ny, int64_t at_ns, int decimals, char buf[STAMP_MAX])
{
    struct civil c = zone_local(ny, at_ns);
    int minutes = (int)(zone_offset_s(ny, at_ns) / 60);
    int size = minutes < 0 ? -minutes : minutes;
    char zone[16];

    (void)snprintf(zone, sizeof(zone), "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60 % 100,
                   size % 60);
    put_civil(&c, decimals, zone, buf);
    return buf;
}

void
out_decimal(struct json_out *o, const char *key, double x, int decimals)
{
    char text[F64_FIXED_MAX];

    json_out_str(o, key, f64_fixed(x, decimals, text));
}

void
out_usd_text(struct json_out *o, const char *key, usd x)
{
    char text[USD_TEXT_MAX];

    json_out_str(o, key, usd_text(x, text));
}

void
out_i64_text(struct json_out *o, const char *key, int64_t x)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld", (long long)x);
    json_out_str(o, key, text);
}

void
out_utc(struct json_out *o, const char *key, int64_t at_ns)
{
    char text[STAMP_MAX];

    json_out_str(o, key, at_ns == WHEN_NONE ? NULL : stamp_utc(at_ns, 9, text));
}

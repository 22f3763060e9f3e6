#include "intel/intel.h"

static const char *const directions[] = {
    [INTEL_NEUTRAL] = "neutral", [INTEL_BULLISH] = "bullish", [INTEL_BEARISH] = "bearish"};

const char *
intel_direction_name(enum intel_direction d)
{
    return directions[d];
}

enum intel_direction
intel_direction_from(const char *word)
{
    return str_eq_nocase(word, directions[INTEL_BULLISH])   ? INTEL_BULLISH
           : str_eq_nocase(word, directions[INTEL_BEARISH]) ? INTEL_BEARISH
                                                            : INTEL_NEUTRAL;
}

const char *
intel_str(struct arena *a, const struct json *v, const char *dflt)
{
    char buf[F64_TEXT_MAX];
    const char *s = ops_str(v, dflt, buf);

    return s == buf ? arena_strdup(a, buf) : s;
}

const char *
intel_upper(struct arena *a, const struct json *v, const char *dflt)
{
    char *s = arena_strdup(a, intel_str(a, v, dflt));

    str_upper(s);
    return s;
}

const char *
intel_lower(struct arena *a, const struct json *v, const char *dflt)
{
    char *s = arena_strdup(a, intel_str(a, v, dflt));

    for (char *c = s; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + ('a' - 'A'));
    }
    return s;
}

void
intel_ts_write(struct json_out *o, int64_t at_ns)
{
    char iso[ISO_TEXT_MAX];

    if (at_ns != WHEN_NONE) json_out_str(o, "ts", when_iso_brief(at_ns, iso));
}

#include "exitlogic/exit_intel.h"

static struct v2_exit_flags
flags_of(const struct v2_exit_intel *in, const struct json *position, const char *regime_label)
{
    char buf[F64_TEXT_MAX];
    const struct json *record =
        json_get_obj(json_get_obj(in->intel, "symbols"), json_key(position));
    const struct json *entry = json_get_obj(json_get_obj(position, "entry_uw"), "v2_uw_inputs");
    const char *sentiment = ops_str(json_get(entry, "sentiment"), "NEUTRAL", buf);

    return in->phase == V2_EXIT_PREMARKET
               ? v2_flags_premarket_decode(record, regime_label)
               : v2_flags_postmarket_decode(record, sentiment, regime_label);
}

size_t
v2_exit_intel_write(struct json_out *o, const struct v2_exit_intel *in, int64_t now_ns)
{
    char buf[F64_TEXT_MAX];
    const char *label = ops_str(json_get(in->regime_state, "regime_label"), "NEUTRAL", buf);
    const struct json *positions = json_get_obj(in->positions, "positions");

    json_out_obj(o, NULL);
    json_out_obj(o, "_meta");
    json_out_time(o, "ts", now_ns);
    json_out_str(o, "version",
                 in->phase == V2_EXIT_PREMARKET ? V2_EXIT_PREMARKET_VERSION
                                                : V2_EXIT_POSTMARKET_VERSION);
    json_out_str(o, "mode", in->is_mock ? "mock" : "real");
    json_out_end(o);
    json_out_obj(o, "symbols");
    for (const struct json *p = json_first(positions); p != NULL; p = json_next(p)) {
        struct v2_exit_flags flags = flags_of(in, p, label);
        v2_flags_write(o, json_key(p), &flags);
    }
    json_out_end(o);
    json_out_obj(o, "regime");
    json_out_str(o, "label", label);
    json_out_end(o);
    json_out_end(o);
    return json_len(positions);
}

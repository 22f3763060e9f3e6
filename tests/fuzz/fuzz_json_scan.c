/*
 * json_scan on any bytes: spans lie inside the bytes and in order, and where the parser takes an
 * object, the scanner finds the same members.
 */
#include "tests/fuzz/fuzz.h"

#include "base/json.h"

static const struct json_limits LIMITS = {.bytes_max = 1 << 20, .depth_max = 64};

static size_t
scan_all(const char *bytes, size_t len, enum rc *ret_rc)
{
    struct json_scan scan;
    struct json_span span = {0};
    size_t n = 0;
    const char *last = bytes;

    json_scan_init(&scan, bytes, len);
    for (; (*ret_rc = json_scan_next(&scan, &span, NULL)) == RC_OK; n++) {
        ASSERT(span.key > last && span.key + span.key_len < span.value);
        ASSERT(span.value_len > 0 && span.value + span.value_len <= bytes + len);
        last = span.value;
    }
    return n;
}

static void
write_to(struct text *to, const struct json *v)
{
    struct json_out o = {.to = to};

    json_out_value(&o, NULL, v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    const char *bytes = (const char *)data;
    enum rc scan_rc = RC_OK;
    size_t n = scan_all(bytes, size, &scan_rc);

    enum rc parse_rc = json_parse(bytes, size, JSON_STRICT, &LIMITS, &doc, NULL);
    if (parse_rc != RC_OK || !json_is_object(doc)) return 0;
    ASSERT(scan_rc == RC_NOT_FOUND && n == json_len(doc));

    struct json_scan scan;
    struct json_span span = {0};
    json_scan_init(&scan, bytes, size);
    for (const struct json *m = json_first(doc); m != NULL; m = json_next(m)) {
        CLEANUP(json_freep) struct json *value = NULL;
        CLEANUP(text_free) struct text from_span = {0};
        CLEANUP(text_free) struct text from_tree = {0};
        enum rc rc = json_scan_next(&scan, &span, NULL);
        ASSERT(rc == RC_OK);
        rc = json_parse(span.value, span.value_len, JSON_STRICT, &LIMITS, &value, NULL);
        ASSERT(rc == RC_OK);
        write_to(&from_span, value);
        write_to(&from_tree, m);
        ASSERT(str_eq(text_str(&from_span), text_str(&from_tree)));
    }
    return 0;
}

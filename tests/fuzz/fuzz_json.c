/*
 * json_parse on any bytes, in both modes.  What was read can be written and read again to the same
 * text; the tolerant mode takes whatever the strict one takes and reads it alike, and so does the
 * reader into an arena; every reader answers.
 */
#include "tests/fuzz/fuzz.h"

#include "base/json.h"

static const struct json_limits LIMITS = {.bytes_max = 1 << 20, .depth_max = 64};

static void
write_to(struct text *to, const struct json *doc)
{
    struct json_out o = {.to = to};

    json_out_value(&o, NULL, doc);
}

/* Answers are of no interest, only that there are any. */
static void
ask_everything(const struct json *v)
{
    struct json_in in = {.obj = v};

    (void)json_i64_of(v, 0);
    (void)json_f64_of(v, 0);
    (void)json_truthy(v);
    ASSERT(json_len(v) == 0 || json_first(v) != NULL);
    (void)json_need_usd(&in, "p");
    in.rc = RC_OK;
    (void)json_need_time(&in, "t");
    for (const struct json *c = json_first(v); c != NULL; c = json_next(c)) {
        if (json_is_object(v))
            ASSERT(json_get(v, json_key(c)) == (json_kind(c) != JSON_NULL ? c : NULL));
        ask_everything(c);
    }
}

/* Writing makes the text strict; from then on it must not change any more. */
static void
check_round_trip(const struct json *doc)
{
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    CLEANUP(json_freep) struct json *again = NULL;
    struct err err = {0};

    write_to(&first, doc);
    enum rc rc = json_parse(text_str(&first), first.len, JSON_LOG, &JSON_LIMITS_FILE, &again, &err);
    ASSERT(rc == RC_OK);
    write_to(&second, again);
    ASSERT(str_eq(text_str(&first), text_str(&second)));
    ASSERT(utf8_valid(text_str(&first), first.len));
}

/* json_parse_in says and reads what json_parse does. */
static void
check_arena(const char *bytes, size_t size, enum rc strict_rc, const struct json *strict)
{
    CLEANUP(text_free) struct text a = {0};
    CLEANUP(text_free) struct text b = {0};
    struct arena arena = {0};
    const struct json *doc = NULL;
    struct err err = {0};

    enum rc rc = json_parse_in(bytes, size, &LIMITS, &arena, &doc, &err);
    ASSERT(rc == strict_rc);
    if (rc == RC_OK) {
        ask_everything(doc);
        write_to(&a, strict);
        write_to(&b, doc);
        ASSERT(str_eq(text_str(&a), text_str(&b)));
    }
    arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_freep) struct json *strict = NULL;
    CLEANUP(json_freep) struct json *tolerant = NULL;
    struct err err = {0};
    const char *bytes = (const char *)data;

    enum rc strict_rc = json_parse(bytes, size, JSON_STRICT, &LIMITS, &strict, &err);
    ASSERT((strict_rc == RC_OK) == (strict != NULL));
    ASSERT(strict_rc == RC_OK || err.text[0] != '\0');
    enum rc tolerant_rc = json_parse(bytes, size, JSON_LOG, &LIMITS, &tolerant, &err);
    ASSERT(strict_rc != RC_OK || tolerant_rc == RC_OK);
    if (tolerant_rc == RC_OK) {
        ask_everything(tolerant);
        check_round_trip(tolerant);
    }
    check_arena(bytes, size, strict_rc, strict);
    if (strict_rc == RC_OK) {
        CLEANUP(text_free) struct text a = {0};
        CLEANUP(text_free) struct text b = {0};
        write_to(&a, strict);
        write_to(&b, tolerant);
        ASSERT(str_eq(text_str(&a), text_str(&b)));
    }
    return 0;
}

/*
 * The daemon's own files with any content: usage state, poll state, flow cache.  What was read can
 * be written, and written it is read back alike.
 */
#include "tests/fuzz/fuzz.h"

#include "uwclient/flow_model.h"
#include "uwclient/schedule.h"
#include "uwclient/usage_file.h"

#define NOW_NS (INT64_C(1768928400) * NS_PER_S)

static struct json *
parse(const struct text *t)
{
    struct json *doc = NULL;

    ASSERT(json_parse(text_str(t), t->len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL) == RC_OK);
    return doc;
}

static void
check_usage(const struct json *doc)
{
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    static struct usage_state s;

    usage_state_decode(doc, &s);
    ASSERT(s.calls_today >= 0 && s.window.len <= WINDOW_MAX);
    usage_state_encode(&s, 14250, NOW_NS, &first);
    CLEANUP(json_freep) struct json *again = parse(&first);
    usage_state_decode(again, &s);
    usage_state_encode(&s, 14250, NOW_NS, &second);
    CLEANUP(json_freep) struct json *once_more = parse(&second);
    ASSERT(json_len(json_get(once_more, "minute_window")) ==
           json_len(json_get(again, "minute_window")));
}

static void
check_schedule(const struct json *doc)
{
    static char acme[] = "ACME", spy[] = "SPY";
    static char *names[] = {acme, spy}, *funds[] = {spy};
    const struct name_list tickers = {names, 2}, etfs = {funds, 1};
    struct schedule_now now = {
        .now_ns = NOW_NS, .phase = PHASE_OPEN, .open_ns = NOW_NS - NS_PER_HOUR};
    CLEANUP(schedule_done) struct schedule s = {0};
    CLEANUP(text_free) struct text t = {0};
    int64_t due_ns;

    schedule_configure(&s, &tickers, &etfs, NOW_NS);
    schedule_decode(&s, doc, NOW_NS);
    const struct job *j = schedule_next(&s, &now, &due_ns);
    ASSERT(j == NULL ? due_ns > NOW_NS : due_ns == NOW_NS);
    schedule_encode(&s, &t);
    json_free(parse(&t));
}

static void
check_model(const struct json *doc)
{
    CLEANUP(flow_model_done) struct flow_model m = {0};
    CLEANUP(text_free) struct text meta = {0};
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};

    text_puts(&meta, "{}");
    flow_model_load(&m, doc, true);
    flow_model_configure(&m, "ACME", true);
    (void)flow_model_expire(&m, NOW_NS); /* how many does not matter */
    flow_model_render(&m, &meta, &first);
    CLEANUP(json_freep) struct json *again = parse(&first);
    flow_model_adopt(&m, again); /* our own file changes nothing */
    flow_model_render(&m, &meta, &second);
    CLEANUP(json_freep) struct json *once_more = parse(&second);
    ASSERT(json_len(again) == json_len(once_more));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    if (json_parse((const char *)data, size, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL) != RC_OK)
        return 0;
    check_usage(doc);
    check_schedule(doc);
    check_model(doc);
    return 0;
}

/*
 * The event log: the shape of its records, where they go, and that it never fails its caller.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/json.h"
#include "state/store.h"
#include "telemetry/events.h"
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

struct bed {
    struct test_root root;
    struct test_clock clock;
    struct clock clock_seam;
    struct test_faults faults;
    struct fs fs;
    struct state_store state;
    struct store store;
    struct event_log events;
    struct log log;
};

static void
bed_make(struct bed *b)
{
    *b = (struct bed){.clock = {.now_ns = 1750000000 * NS_PER_S + 123456000}};
    test_root_make(&b->root);
    b->clock_seam = test_clock_seam(&b->clock);
    b->faults.under = &b->root.fs;
    b->fs = test_faults_seam(&b->faults);
    state_store_init(&b->state, &b->fs, &b->clock_seam, &b->log);
    b->store = state_store_seam(&b->state);
    event_log_init(&b->events, &b->store, &b->clock_seam);
    b->log = event_log_seam(&b->events);
    b->state.complaints = NULL;
}

/* The nth row (from 1) of a log, parsed; the caller frees it. */
static struct json *
line_of(const struct bed *b, const char *path, int n)
{
    char *all = test_read(&b->root, path);
    struct json *doc = NULL;

    assert_non_null(all);
    const char *at = all;
    for (int i = 1; i < n; i++)
        at = strchr(at, '\n') + 1;
    size_t len = (size_t)(strchr(at, '\n') - at);
    struct err err = {0};
    if (json_parse(at, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    free(all);
    return doc;
}

static void
check(const struct bed *b, const char *path, int n, const char *want)
{
    CLEANUP(json_freep) struct json *doc = line_of(b, path, n);
    CLEANUP(text_free) struct text have = {0};
    struct json_out o = {.to = &have};

    json_out_value(&o, NULL, doc);
    assert_string_equal(text_str(&have), want);
}

/* Some event of each route, by the table: names change hands, routes and shapes do not. */
static enum event_id
any_with(enum event_route route)
{
    for (enum event_id id = 0; id < EVENTS_LEN; id++)
        if (event_row(id)->route == route && !str_ends(event_row(id)->name, "_passed") &&
            !str_eq(event_row(id)->name, "cycle_summary"))
            return id;
    return EVENTS_LEN;
}

static void
test_events_system_record_has_the_shape_of_the_spec(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    log_event(&b.log, EV_STATE_READ_FAILED, F_STR("path", "state/a.json"), F_SYMBOL("AAPL"),
              F_I64("n", 3), F_F64("ratio", 0.5), F_BOOL("ok", false), F_NULL("none"),
              F_STR("text", NULL), F_USD("price", ((usd){123456})), F_RAW("raw", "[1,2]"));
    check(
        &b, EVENTS_LOG_PATH, 1,
        "{\"timestamp\":\"2025-06-15T15:06:40.123456+00:00\",\"subsystem\":\"state\","
        "\"event_type\":\"state_read_failed\",\"severity\":\"WARN\",\"symbol\":\"AAPL\","
        "\"details\":{"
        "\"path\":\"state/a.json\",\"n\":3,\"ratio\":0.5,\"ok\":false,\"none\":null,\"text\":null,"
        "\"price\":12.3456,\"raw\":[1,2]}}");
    assert_false(test_exists(&b.root, "logs/state.jsonl"));
    test_root_remove(&b.root);
}

static void
test_events_without_fields_have_empty_details(void **state)
{
    struct bed b;
    const struct field none[] = {F_END};

    (void)state;
    bed_make(&b);
    log_fields(&b.log, EV_LOG_ROTATED, none);
    check(&b, EVENTS_LOG_PATH, 1,
          "{\"timestamp\":\"2025-06-15T15:06:40.123456+00:00\",\"subsystem\":\"state\","
          "\"event_type\":\"log_rotated\",\"severity\":\"INFO\",\"details\":{}}");
    test_root_remove(&b.root);
}

static void
test_events_severity_field_overrides_the_table(void **state)
{
    static const struct {
        const char *word, *want;
    } rows[] = {
        {"INFO",     "INFO"    },
        {"CRITICAL", "CRITICAL"},
        {"HIGH",     "ERROR"   },
        {"SEVERE",   "ERROR"   },
        {"whatever", "WARN"    },
        {NULL,       "WARN"    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bed b;

        bed_make(&b);
        log_event(&b.log, EV_STATE_READ_FAILED, F_STR("severity", rows[i].word));
        CLEANUP(json_freep) struct json *doc = line_of(&b, EVENTS_LOG_PATH, 1);
        assert_string_equal(json_str(doc, "severity", ""), rows[i].want);
        assert_int_equal(json_len(json_get(doc, "details")), 0);
        test_root_remove(&b.root);
    }
}

static void
test_events_of_both_routes_stand_in_the_log_of_their_subsystem(void **state)
{
    struct bed b;
    enum event_id id = any_with(ROUTE_BOTH);
    char path[128];

    (void)state;
    if (id == EVENTS_LEN) {
        print_message("skipped: no event of ROUTE_BOTH in the table\n");
        skip();
    }
    bed_make(&b);
    log_event(&b.log, id, F_SYMBOL("AAPL"), F_I64("n", 3));
    (void)snprintf(path, sizeof(path), "logs/%s.jsonl", event_row(id)->subsystem);
    CLEANUP(json_freep) struct json *doc = line_of(&b, path, 1);
    assert_string_equal(json_str(doc, "ts", ""), "2025-06-15T15:06:40.123456+00:00");
    assert_string_equal(json_str(doc, "msg", ""), event_row(id)->name);
    assert_string_equal(json_str(doc, "symbol", ""), "AAPL");
    assert_int_equal(json_i64(doc, "n", 0), 3);
    assert_true(test_exists(&b.root, EVENTS_LOG_PATH));
    test_root_remove(&b.root);
}

static void
test_events_gate_record_is_blocked_with_a_reason(void **state)
{
    struct bed b;
    enum event_id id = any_with(ROUTE_GATE);

    (void)state;
    if (id == EVENTS_LEN) {
        print_message("skipped: no event of ROUTE_GATE in the table\n");
        skip();
    }
    bed_make(&b);
    log_event(&b.log, id, F_SYMBOL("AAPL"), F_F64("score", 3.5), F_STR("reason", "below"));
    log_event(&b.log, id, F_SYMBOL("MSFT"));
    CLEANUP(json_freep) struct json *first = line_of(&b, EVENTS_LOG_PATH, 1);
    CLEANUP(json_freep) struct json *second = line_of(&b, EVENTS_LOG_PATH, 2);
    const struct json *d = json_get(first, "details");
    assert_string_equal(json_str(first, "event_type", ""), "blocked");
    assert_string_equal(json_str(first, "severity", ""), "INFO");
    assert_string_equal(json_str(d, "reason", ""), event_row(id)->name);
    assert_string_equal(json_str(d, "reason_detail", ""), "below");
    assert_true(json_f64(d, "score", 0) > 3.4);
    assert_false(json_has(json_get(second, "details"), "score"));
    test_root_remove(&b.root);
}

static void
redact(void *ctx, struct text *line)
{
    char *at = strstr(line->data, ctx);

    if (at != NULL) memset(at, '*', strlen(ctx));
}

static void
test_events_carry_no_secret(void **state)
{
    struct bed b;
    char secret[] = "hunter2";
    char *echoed = NULL;
    size_t len = 0;

    (void)state;
    bed_make(&b);
    b.events.redact = redact;
    b.events.redact_ctx = secret;
    b.events.echo = open_memstream(&echoed, &len);
    log_event(&b.log, EV_STATE_READ_FAILED, F_STR("error", "key hunter2 refused"));
    log_event(&b.log, EV_LOG_ROTATED, F_STR("path", "quiet"));
    (void)fclose(b.events.echo);
    char *all = test_read(&b.root, EVENTS_LOG_PATH);
    assert_null(strstr(all, secret));
    assert_null(strstr(echoed, secret));
    assert_non_null(strstr(echoed, "2025-06-15 15:06:40 UTC WARN state/state_read_failed {"));
    assert_null(strstr(echoed, "quiet")); /* INFO is not echoed */
    free(all);
    free(echoed);
    test_root_remove(&b.root);
}

/* The store mends the very log it was asked to append to, and tells the logger while the logger is
 * writing.
 */
static void
test_events_told_while_writing_an_event_are_written_too(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    test_write(&b.root, EVENTS_LOG_PATH, "{\"half", 6);
    log_event(&b.log, EV_LOG_ROTATED, F_STR("path", "x"));
    CLEANUP(json_freep) struct json *torn = line_of(&b, EVENTS_LOG_PATH, 2);
    CLEANUP(json_freep) struct json *event = line_of(&b, EVENTS_LOG_PATH, 3);
    assert_string_equal(json_str(torn, "event_type", ""), "log_torn_tail");
    assert_string_equal(json_str(event, "event_type", ""), "log_rotated");
    assert_int_equal(b.events.depth, 0);
    test_root_remove(&b.root);
}

static enum rc
append_and_tell(void *self, const char *path, const char *line, size_t len, struct err *err)
{
    (void)path;
    (void)line;
    (void)len;
    (void)err;
    log_event(self, EV_LOG_ROTATED, F_STR("path", "again"));
    return RC_IO;
}

static void
test_events_do_not_run_in_circles(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.store.self = &b.log;
    b.store.append = append_and_tell;
    log_event(&b.log, EV_LOG_ROTATED, F_STR("path", "first"));
    assert_int_equal(b.events.depth, 0);
    assert_int_equal(b.events.dropped, 1);
    test_root_remove(&b.root);
}

static void
test_events_survive_a_full_disk(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.faults.fail_at = 1;
    b.faults.fail_len = 1000;
    for (int i = 0; i < 100; i++)
        log_event(&b.log, EV_STATE_READ_FAILED, F_I64("i", i));
    assert_int_equal(b.events.depth, 0);
    test_root_remove(&b.root);
}

static void
test_events_too_long_are_cut_to_a_record(void **state)
{
    struct bed b;
    struct text big = {0};

    (void)state;
    bed_make(&b);
    for (int i = 0; i < EVENT_LINE_MAX; i++)
        text_putc(&big, 'x');
    log_event(&b.log, EV_STATE_READ_FAILED, F_SYMBOL("AAPL"), F_STR("error", text_str(&big)));
    CLEANUP(json_freep) struct json *doc = line_of(&b, EVENTS_LOG_PATH, 1);
    assert_string_equal(json_str(doc, "symbol", ""), "AAPL");
    assert_true(json_bool(json_get(doc, "details"), "truncated", false));
    assert_true(json_i64(json_get(doc, "details"), "bytes", 0) > EVENT_LINE_MAX);
    text_free(&big);
    test_root_remove(&b.root);
}

/* Every row of the table can be written, strictly parsed, and names itself. */
static void
test_contract_events_of_the_table_are_well_formed(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    for (enum event_id id = 0; id < EVENTS_LEN; id++) {
        const struct event_row *row = event_row(id);

        log_event(&b.log, id, F_SYMBOL("AAPL"), F_STR("quote", "\"\n\t\\\x01\xff"));
        CLEANUP(json_freep) struct json *doc = line_of(&b, EVENTS_LOG_PATH, (int)id + 1);
        assert_string_equal(json_str(doc, "subsystem", ""), row->subsystem);
        assert_int_equal(json_len(doc), 6);
        if (row->route != ROUTE_GATE)
            assert_string_equal(json_str(doc, "event_type", ""), row->name);
        for (const char *c = row->subsystem; *c != '\0'; c++)
            if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c) == NULL)
                fail_msg("%s", row->subsystem);
    }
    test_root_remove(&b.root);
}

/* The table an operator looks them up in: every grave event once, with its severity, and no other.
 */
static void
test_events_that_are_grave_can_be_looked_up(void **state)
{
    CLEANUP(text_free) struct text page = {0};
    size_t grave = 0, rows = 0;

    (void)state;
    check_read_file("docs/events.md", &page);
    for (int i = 0; i < EVENTS_LEN; i++) {
        const struct event_row *row = event_row((enum event_id)i);
        char wanted[160];

        if (row->severity < SEV_ERROR) continue;
        grave++;
        (void)snprintf(wanted, sizeof wanted, "\n| `%s/%s` | %s | ", row->subsystem, row->name,
                       severity_name(row->severity));
        if (strstr(text_str(&page), wanted) == NULL) fail_msg("docs/events.md lacks%s", wanted);
    }
    for (const char *at = text_str(&page); (at = strstr(at, "\n| `")) != NULL; at++)
        rows++;
    assert_int_equal(rows, grave);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_system_record_has_the_shape_of_the_spec),
        cmocka_unit_test(test_events_without_fields_have_empty_details),
        cmocka_unit_test(test_events_severity_field_overrides_the_table),
        cmocka_unit_test(test_events_of_both_routes_stand_in_the_log_of_their_subsystem),
        cmocka_unit_test(test_events_gate_record_is_blocked_with_a_reason),
        cmocka_unit_test(test_events_carry_no_secret),
        cmocka_unit_test(test_events_told_while_writing_an_event_are_written_too),
        cmocka_unit_test(test_events_do_not_run_in_circles),
        cmocka_unit_test(test_events_survive_a_full_disk),
        cmocka_unit_test(test_events_too_long_are_cut_to_a_record),
        cmocka_unit_test(test_contract_events_of_the_table_are_well_formed),
        cmocka_unit_test(test_events_that_are_grave_can_be_looked_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

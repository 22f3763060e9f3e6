#include "tests/lib/check.h"

#include <math.h>

#include "base/json.h"
#include "base/log.h"

static void
test_log_every_event_has_a_complete_row_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < EVENTS_LEN; i++) {
        const struct event_row *row = event_row((enum event_id)i);
        if (row->name == NULL || row->name[0] == '\0' || row->subsystem[0] == '\0' ||
            row->meaning[0] == '\0') {
            fail_msg("event %d", i);
        }
        for (int j = 0; j < i; j++) {
            const struct event_row *other = event_row((enum event_id)j);
            if (str_eq(row->name, other->name) && str_eq(row->subsystem, other->subsystem)) {
                fail_msg("%s/%s stands there twice", row->subsystem, row->name);
            }
        }
    }
    assert_string_equal(event_row(EV_STATE_SELF_HEALED)->name, "state_self_healed");
    assert_int_equal(event_row(EV_STATE_SELF_HEALED)->severity, SEV_WARN);
}

static void
test_log_names_severities(void **state)
{
    static const char *const names[] = {"INFO", "WARN", "ERROR", "CRITICAL"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(severity_name((enum severity)i), names[i]);
}

static void
unknown_event(void)
{
    (void)event_row(EVENTS_LEN);
}

struct recorded {
    enum event_id id;
    struct text fields;
};

static void
record(void *self, enum event_id id, const struct field *fields)
{
    struct recorded *r = self;
    struct json_out o = {.to = &r->fields};

    r->id = id;
    json_out_obj(&o, NULL);
    fields_write(&o, fields);
    json_out_end(&o);
}

static void
test_log_writes_each_kind_of_field(void **state)
{
    struct recorded r = {0};
    struct log log = {&r, record};

    (void)state;
    log_event(&log, EV_STATE_READ_FAILED, F_SYMBOL("NVDA"), F_STR("none", NULL),
              F_I64("n", INT64_MIN), F_F64("x", 0.1), F_F64("nan", (double)NAN), F_BOOL("b", true),
              F_USD("p", ((usd){123450})), F_NULL("z"), F_RAW("raw", "[1,2]"),
              F_RAW("no_raw", NULL), F_SEV(SEV_ERROR));
    assert_int_equal(r.id, EV_STATE_READ_FAILED);
    assert_string_equal(
        text_str(&r.fields),
        "{\"symbol\":\"NVDA\",\"none\":null,\"n\":-9223372036854775808,\"x\":0.1,\"nan\":null,"
        "\"b\":true,\"p\":12.345,\"z\":null,\"raw\":[1,2],\"no_raw\":null,\"severity\":\"ERROR\"}");
    text_free(&r.fields);
}

static void
test_log_may_be_absent(void **state)
{
    (void)state;
    log_event((const struct log *)NULL, EV_STATE_READ_FAILED, F_NULL("x"));
    assert_true(check_aborts(unknown_event));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_every_event_has_a_complete_row_of_its_own),
        cmocka_unit_test(test_log_names_severities),
        cmocka_unit_test(test_log_writes_each_kind_of_field),
        cmocka_unit_test(test_log_may_be_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

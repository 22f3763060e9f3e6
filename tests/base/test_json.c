#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"

static void
test_json_smoke(void **state)
{
    (void)state;
    const char *s = "{\"a\": [1, 2.50, \"x\\u00e9\", null, true], \"id\": 9007199254740993, \"p\": 12.3456}";
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err err = {0};
    assert_int_equal(json_parse(s, strlen(s), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err), RC_OK);
    assert_int_equal(json_i64(doc, "id", 0), INT64_C(9007199254740993));
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    json_out_value(&o, NULL, doc);
    assert_string_equal(t.data, "{\"a\":[1,2.5,\"x\xc3\xa9\",null,true],\"id\":9007199254740993,\"p\":12.3456}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json_smoke)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

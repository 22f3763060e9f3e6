/*
 * Which events are posted, under which names, and that a condition that lasts is told once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/json.h"
#include "telemetry/alerts.h"
#include "tests/lib/seams.h"

struct bed {
    struct test_clock clock;
    struct clock clock_seam;
    struct test_log under;
    struct alerts alerts;
    struct log log;
    int posts;
    struct text last;
};

static void
keep(void *ctx, const char *json, size_t len)
{
    struct bed *b = ctx;

    b->posts++;
    text_clear(&b->last);
    text_add(&b->last, json, len);
}

static void
hide(void *ctx, struct text *line)
{
    (void)ctx;
    char *at = strstr(text_str(line), "s3cret");
    if (at != NULL) memset(at, '*', 6);
}

static void
bed_make(struct bed *b)
{
    *b = (struct bed){.clock = {.now_ns = 1750000000 * NS_PER_S}};
    b->clock_seam = test_clock_seam(&b->clock);
    b->alerts = (struct alerts){.under = test_log_seam(&b->under),
                                .clock = &b->clock_seam,
                                .redact = hide,
                                .put = keep,
                                .put_ctx = b};
    b->log = alerts_seam(&b->alerts);
}

static void
test_alerts_post_what_an_operator_must_know(void **state)
{
    static const struct {
        enum event_id id;
        const char *name; /* NULL: it is not posted */
    } cases[] = {
        {EV_ENGINE_EXCEPTION,      "iteration_failed"              },
        {EV_ENGINE_STALL_ABORTED,  "restart_triggered"             },
        {EV_SHUTDOWN_SIGNAL,       "shutdown_signal"               },
        {EV_FREEZE_ACTIVATED,      "FREEZE_ACTIVATED"              },
        {EV_PERFORMANCE_FREEZE,    "FREEZE_ACTIVATED"              },
        {EV_CLOSE_FIRST,           "POSITION_DISPLACED"            },
        {EV_RECONCILE_FIXED,       "POSITION_DIVERGENCE_RECONCILED"},
        {EV_DIVERGENCE_FIXED,      "POSITION_DIVERGENCE_AUTO_FIXED"},
        {EV_POSITION_MISMATCH,     "POSITION_DIVERGENCE"           },
        {EV_POSITION_AGREES,       "POSITION_DIVERGENCE_RECONCILED"},
        {EV_TRADING_ENGINE_EXITED, "trading_engine_exited"         },
        {EV_STALE_BARS,            NULL                            },
        {EV_ALERT_FAILED,          NULL                            },
    };
    struct bed b;

    (void)state;
    bed_make(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = NULL;
        int before = b.posts;

        log_event(&b.log, cases[i].id, F_SYMBOL("AAPL"), F_I64("qty", 3));
        assert_int_equal(test_log_count(&b.under, cases[i].id), 1);
        assert_int_equal(b.posts - before, cases[i].name != NULL ? 1 : 0);
        if (cases[i].name == NULL) continue;
        assert_int_equal(
            json_parse(text_str(&b.last), b.last.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
            RC_OK);
        assert_string_equal(json_str(doc, "event", ""), cases[i].name);
        assert_string_equal(json_str(doc, "symbol", ""), "AAPL");
        assert_int_equal(json_i64(doc, "qty", 0), 3);
        assert_non_null(json_get(doc, "timestamp"));
    }
    text_free(&b.last);
}

static void
test_alerts_tell_a_lasting_condition_once(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    for (int minute = 0; minute < 15; minute++) {
        log_event(&b.log, EV_POSITION_MISMATCH, F_SYMBOL("AAPL"));
        b.clock.mono_ns += NS_PER_MIN;
    }
    assert_int_equal(b.posts, 1);
    assert_int_equal(test_log_count(&b.under, EV_POSITION_MISMATCH), 15);
    log_event(&b.log, EV_POSITION_MISMATCH, F_SYMBOL("AAPL"));
    assert_int_equal(b.posts, 2);
    log_event(&b.log, EV_POSITION_MISMATCH, F_SYMBOL("MSFT")); /* another one is news */
    assert_int_equal(b.posts, 3);
    text_free(&b.last);
}

static void
test_alerts_carry_no_secret(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    log_event(&b.log, EV_ENGINE_EXCEPTION, F_STR("error", "401 for s3cret"));
    assert_int_equal(b.posts, 1);
    assert_null(strstr(text_str(&b.last), "s3cret"));
    text_free(&b.last);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alerts_post_what_an_operator_must_know),
        cmocka_unit_test(test_alerts_tell_a_lasting_condition_once),
        cmocka_unit_test(test_alerts_carry_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The exit intel files: one set of flags a position, of premarket and of postmarket records. */
#include "base/when.h"
#include "exitlogic/exit_intel.h"
#include "tests/lib/check.h"

static struct json *
parsed(const char *text)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%.200s: %s", text, err.text);
    return doc;
}

/* The flags of position A, as the first letters of those that are raised. */
static void
flags_text(enum v2_exit_phase phase, const char *position, const char *record, const char *regime,
           char ret[8])
{
    static const struct {
        const char *name;
        char letter;
    } letters[] = {
        {"earnings_risk",       'e'},
        {"overnight_flow_risk", 'o'},
        {"regime_risk",         'r'},
        {"sector_collapse",     's'},
        {"thesis_invalidated",  't'},
    };
    CLEANUP(text_free) struct text doc = {0};
    char text[512];
    struct json_out o = {.to = &doc};

    (void)snprintf(text, sizeof text, "{\"positions\":{\"A\":%s}}", position);
    CLEANUP(json_freep) struct json *positions = parsed(text);
    (void)snprintf(text, sizeof text, "{\"symbols\":{%s%s}}", record[0] != '\0' ? "\"A\":" : "",
                   record);
    CLEANUP(json_freep) struct json *intel = parsed(text);
    CLEANUP(json_freep) struct json *state = parsed(regime);
    const struct v2_exit_intel in = {
        .phase = phase, .positions = positions, .intel = intel, .regime_state = state};

    assert_int_equal(v2_exit_intel_write(&o, &in, NS_PER_S), 1);
    CLEANUP(json_freep) struct json *got = parsed(text_str(&doc));
    const struct json *flags = json_get(json_get(got, "symbols"), "A");
    assert_int_equal(json_len(flags), COUNT_OF(letters));
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (json_bool(flags, letters[i].name, false)) *ret++ = letters[i].letter;
    *ret = '\0';
}

#define ENTERED(sentiment) "{\"entry_uw\":{\"v2_uw_inputs\":{\"sentiment\":" sentiment "}}}"

static void
test_exit_intel_flags_of_a_position(void **state)
{
    static const struct {
        enum v2_exit_phase phase;
        const char *position, *record, *regime, *want;
    } cases[] = {
        {V2_EXIT_PREMARKET,  "{}",                   "{\"earnings_proximity\":3}",        "{}",                              "e"},
        {V2_EXIT_PREMARKET,  "{}",                   "{\"earnings_proximity\":3.9}",      "{}",                              "e"}, /* cut to 3 */
        {V2_EXIT_PREMARKET,  "{}",                   "{\"earnings_proximity\":4}",        "{}",                              "" },
        {V2_EXIT_PREMARKET,  "{}",                   "{\"earnings_proximity\":\"-2\"}",   "{}",                              "e"},
        {V2_EXIT_PREMARKET,  "{}",                   "{\"earnings_proximity\":null}",     "{}",                              "" },
        {V2_EXIT_PREMARKET,  "{}",                   "{\"earnings_proximity\":\"soon\"}", "{}",                              "" },
        {V2_EXIT_PREMARKET,  "7",                    "",                                  "{\"regime_label\":\"bear\"}",     "r"},
        {V2_EXIT_PREMARKET,  "{}",                   "",                                  "{\"regime_label\":\"RISK_ON\"}",  "" },
        {V2_EXIT_PREMARKET,  ENTERED("\"BULLISH\""), "{\"sentiment\":\"NEUTRAL\"}",       "{}",                              "" },

        {V2_EXIT_POSTMARKET, ENTERED("\"BULLISH\""), "{\"sentiment\":\"NEUTRAL\"}",       "{}",                              "t"},
        {V2_EXIT_POSTMARKET, ENTERED("\"bearish\""), "{\"sentiment\":\"neutral\"}",       "{}",                              "t"},
        {V2_EXIT_POSTMARKET, ENTERED("\"BULLISH\""), "{}",                                "{}",                              "t"},
        {V2_EXIT_POSTMARKET, ENTERED("\"BULLISH\""), "{\"sentiment\":\"BEARISH\"}",       "{}",                              "" },
        {V2_EXIT_POSTMARKET, ENTERED("\"BULLISH\""), "",                                  "{}",                              "" }, /* nobody looked */
        {V2_EXIT_POSTMARKET, ENTERED("\"BULLISH\""), "7",                                 "{}",                              "" }, /* what is there is none */
        {V2_EXIT_POSTMARKET, ENTERED("\"NEUTRAL\""), "{\"sentiment\":\"NEUTRAL\"}",       "{}",                              "" },
        {V2_EXIT_POSTMARKET, ENTERED("null"),        "{\"sentiment\":\"NEUTRAL\"}",       "{}",                              "" },
        {V2_EXIT_POSTMARKET, "[]",                   "{\"earnings_proximity\":1}",        "{\"regime_label\":\"RISK_OFF\"}",
         "r"                                                                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char got[8];

        flags_text(cases[i].phase, cases[i].position, cases[i].record, cases[i].regime, got);
        if (!str_eq(got, cases[i].want)) fail_msg("case %zu: \"%s\"", i, got);
    }
}

static void
test_exit_intel_without_documents_is_about_nobody(void **state)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    const struct v2_exit_intel in = {.phase = V2_EXIT_POSTMARKET, .is_mock = true};

    (void)state;
    assert_int_equal(v2_exit_intel_write(&o, &in, NS_PER_S), 0);
    assert_string_equal(text_str(&doc),
                        "{\"_meta\":{\"ts\":\"1970-01-01T00:00:01.000000+00:00\",\"version\":"
                        "\"2026-01-21_exit_postmarket_v1\",\"mode\":\"mock\"},\"symbols\":{},"
                        "\"regime\":{\"label\":\"NEUTRAL\"}}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_intel_flags_of_a_position),
        cmocka_unit_test(test_exit_intel_without_documents_is_about_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

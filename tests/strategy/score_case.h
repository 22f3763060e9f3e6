/*
 * What the tests of scoring share: documents from text, scores from documents.
 */
#ifndef TESTS_STRATEGY_SCORE_CASE_H
#define TESTS_STRATEGY_SCORE_CASE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "strategy/composite_json.h"
#include "strategy/enriched_json.h"

/* The document, to be freed; ends the test where the text is no JSON. */
UNUSED static struct json *
doc_of(const char *text)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s in %s", err.text, text);
    return doc;
}

/* Scores an enriched object given as text. */
UNUSED static struct composite
score_text(const char *enriched, const char *regime, int64_t now_ns)
{
    CLEANUP(json_freep) struct json *doc = doc_of(enriched);
    CLEANUP(enriched_done) struct enriched e = {0};
    struct composite c = {0};
    enriched_decode(doc, &e);
    composite_v1(&e, score_regime_from(regime), NULL, now_ns, &c);
    return c;
}

UNUSED static bool
near(double a, double b)
{
    return fabs(a - b) <= 1e-9;
}

#define assert_near(what, got, want)                                                               \
    do {                                                                                           \
        double got_ = (got), want_ = (want);                                                       \
        if (!near(got_, want_)) fail_msg("%s: got %.12g, want %.12g", (what), got_, want_);        \
    } while (0)

#endif

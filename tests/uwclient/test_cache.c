/*
 * The response cache: keys, hits, records that cannot be used, eviction (spec 20 2.5).
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"

#define NOON "2026-01-20T17:00:00Z"
#define PATH "/api/market/top-net-impact"

static void
test_cache_keys_are_those_of_every_other_program(void **state)
{
    static const struct {
        const char *path, *prefix, *want;
        struct uw_params params;
    } cases[] = {
        {"/api/market/top-net-impact",
         "", "e951b87a379a335c28e7c59175eb2dc49b95eccc0c17162410095b640e7243eb",
         {{{"limit", UW_PARAM_I64, {.i64 = 80}}}, 1}},
        {"/api/darkpool/ACME",
         "", "6f07e9741ee9f3eeb9a5654398d4bf18ebd7a0d516bcf70675b1e3080dc0fedb",
         {{{0}}, 0}                                 },
        {"/api/option-trades/flow-alerts",
         "", "3b489de5807d6deb38b3e567bad44e92776a30ee91c8b5ea44f8f65ecb83df8e",
         {{{"ticker_symbol", UW_PARAM_STR, {.str = "ACME"}}, {"limit", UW_PARAM_I64, {.i64 = 50}}},
          2}                                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_params sorted = cases[i].params;
        char key[SHA256_HEX_MAX];
        uw_params_sort(&sorted);
        cache_key(cases[i].path, &sorted, cases[i].prefix, key);
        assert_string_equal(key, cases[i].want);
    }
}

static void
test_params_have_one_text_each(void **state)
{
    struct uw_params p = {0};
    CLEANUP(text_free) struct text json = {0};
    CLEANUP(text_free) struct text query = {0};

    (void)state;
    uw_params_add(&p, UW_STR("q", "a b&\"\\\n\xc3\xa4\xf0\x9f\x98\x80"));
    uw_params_add(&p, UW_BOOL("flag", true));
    uw_params_add(&p, UW_LIST("issue_types[]", "ETF,Common Stock"));
    uw_params_add(&p, UW_I64("limit", -5));
    uw_params_sort(&p);
    uw_params_canonical(&p, &json);
    assert_string_equal(text_str(&json),
                        "{\"flag\":true,\"issue_types[]\":[\"ETF\",\"Common Stock\"],\"limit\":-5,"
                        "\"q\":\"a b&\\\"\\\\\\n\\u00e4\\ud83d\\ude00\"}");
    uw_params_query(&p, &query);
    assert_string_equal(text_str(&query),
                        "flag=true&issue_types%5B%5D=ETF&issue_types%5B%5D=Common%20Stock&limit=-5"
                        "&q=a%20b%26%22%5C%0A%C3%A4%F0%9F%98%80");
}

/* ---- records --------------------------------------------------------------------------------- */

struct bed {
    struct uw_world w;
    struct cache cache;
    struct uw_params params;
    struct cache_question q;
};

static void
bed_make(struct bed *b, int64_t ttl_s)
{
    uw_world_make(&b->w, NOON);
    b->cache = (struct cache){
        .fs = &b->w.root.fs, .clock = &b->w.clock, .log = &b->w.log, .swept_at_ns = WHEN_NONE};
    b->params = (struct uw_params){0};
    uw_params_add(&b->params, UW_I64("limit", 80));
    b->q = (struct cache_question){PATH, &b->params, "", "top_net_impact", ttl_s};
}

static void
put(struct bed *b, const char *json)
{
    struct json *doc = NULL;

    assert_int_equal(json_parse(json, strlen(json), JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
                     RC_OK);
    cache_put(&b->cache, &b->q, doc);
    json_free(doc);
}

static bool
hits(struct bed *b)
{
    struct json *got = cache_get(&b->cache, &b->q);
    bool is_hit = got != NULL;

    json_free(got);
    return is_hit;
}

static void
test_cache_answers_to_the_second(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, 300);
    assert_false(hits(&b));
    put(&b, "{\"data\":[1,\"2.50\",{\"a\":null}],\"date\":\"x\"}");
    struct json *got = cache_get(&b.cache, &b.q);
    assert_non_null(got);
    assert_int_equal(json_len(json_get(got, "data")), 3);
    assert_string_equal(json_str(got, "date", ""), "x");
    json_free(got);
    clock_sleep(&b.w.clock, 300 * NS_PER_S - NS_PER_MS);
    assert_true(hits(&b));
    clock_sleep(&b.w.clock, NS_PER_MS);
    assert_false(hits(&b));
    uw_world_remove(&b.w);
}

static void
test_cache_believes_no_record_that_does_not_fit(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, 300);
    put(&b, "{\"data\":[]}");
    b.q.ttl_s = 10; /* the policy became stricter */
    clock_sleep(&b.w.clock, 11 * NS_PER_S);
    assert_false(hits(&b));
    b.q.ttl_s = 300;
    assert_true(hits(&b));
    b.w.time.now_ns -= 311 * NS_PER_S; /* stepped back: 300 s ahead is the limit */
    assert_true(hits(&b));
    b.w.time.now_ns -= NS_PER_S;
    assert_false(hits(&b));
    b.w.time.now_ns += 312 * NS_PER_S;
    b.params.item[0].as.i64 = 81; /* another question */
    assert_false(hits(&b));
    uw_world_remove(&b.w);
}

static void
test_cache_a_record_of_another_question_is_a_miss(void **state)
{
    struct bed b;
    char key[SHA256_HEX_MAX], path[128];

    (void)state;
    bed_make(&b, 300);
    put(&b, "{\"data\":[]}");
    cache_key(PATH, &b.params, "", key);
    (void)snprintf(path, sizeof path, CACHE_DIR "/%s.json", key);
    char *record = test_read(&b.w.root, path);
    b.params.item[0].as.i64 = 7;
    cache_key(PATH, &b.params, "", key);
    (void)snprintf(path, sizeof path, CACHE_DIR "/%s.json", key);
    test_write(&b.w.root, path, record, strlen(record));
    free(record);
    assert_false(hits(&b));
    uw_world_remove(&b.w);
}

static void
test_contract_3_1_a_bad_record_is_set_aside(void **state)
{
    static const char *const bad[] = {"", "{", "[]", "nonsense", "{\"ts\":1,\"ts\":2}"};
    char key[SHA256_HEX_MAX], path[128];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct bed b;
        bed_make(&b, 300);
        cache_key(PATH, &b.params, "", key);
        (void)snprintf(path, sizeof path, CACHE_DIR "/%s.json", key);
        test_write(&b.w.root, path, bad[i], strlen(bad[i]));
        assert_false(hits(&b));
        assert_false(test_exists(&b.w.root, path));
        assert_int_equal(test_count(&b.w.root, CACHE_DIR, ".corrupted.1768928400.json"), 1);
        assert_int_equal(test_log_count(&b.w.events, EV_UW_RECORD_READ_FAILED), 1);
        assert_int_equal(test_log_count(&b.w.events, EV_UW_RECORD_HEALED), 1);
        put(&b, "{\"data\":[]}");
        assert_true(hits(&b));
        uw_world_remove(&b.w);
    }
}

static void
test_cache_forgets_what_is_long_over(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b, 300);
    put(&b, "{\"data\":[]}");
    test_write(&b.w.root, CACHE_DIR "/x.json.corrupted.1768928400.json", "x", 1);
    cache_evict(&b.cache);
    assert_int_equal(test_count(&b.w.root, CACHE_DIR, ".json"), 2);
    clock_sleep(&b.w.clock, 25 * NS_PER_HOUR);
    cache_evict(&b.cache);
    assert_int_equal(test_count(&b.w.root, CACHE_DIR, ".json"),
                     1); /* the quarantined one stays a week */
    clock_sleep(&b.w.clock, 8 * NS_PER_DAY);
    cache_evict(&b.cache);
    assert_int_equal(test_count(&b.w.root, CACHE_DIR, ".json"), 0);
    uw_world_remove(&b.w);
}

static void
test_cache_keeps_no_more_than_its_limit(void **state)
{
    struct bed b;
    char path[256], record[128];

    (void)state;
    bed_make(&b, 300);
    double now_s = when_to_s_f64(b.w.time.now_ns);
    for (int i = 0; i < CACHE_FILES_MAX + 20; i++) {
        FILE *f;
        (void)snprintf(path, sizeof path, "%s/" CACHE_DIR "/%064d.json", b.w.root.path, i);
        (void)snprintf(record, sizeof record, "{\"ts\":%.0f,\"expires_at\":%.0f}", now_s - i,
                       now_s + 300);
        if (i == 0)
            assert_int_equal(b.w.root.fs.make_dir(b.w.root.fs.self, CACHE_DIR, NULL), RC_OK);
        f = fopen(path, "we");
        assert_non_null(f);
        (void)fputs(record, f);
        (void)fclose(f);
    }
    cache_evict(&b.cache);
    assert_int_equal(test_count(&b.w.root, CACHE_DIR, ".json"), CACHE_FILES_MAX);
    (void)snprintf(path, sizeof path, CACHE_DIR "/%064d.json", CACHE_FILES_MAX + 19);
    assert_false(test_exists(&b.w.root, path)); /* the oldest went first */
    (void)snprintf(path, sizeof path, CACHE_DIR "/%064d.json", 0);
    assert_true(test_exists(&b.w.root, path));
    uw_world_remove(&b.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache_keys_are_those_of_every_other_program),
        cmocka_unit_test(test_params_have_one_text_each),
        cmocka_unit_test(test_cache_answers_to_the_second),
        cmocka_unit_test(test_cache_believes_no_record_that_does_not_fit),
        cmocka_unit_test(test_cache_a_record_of_another_question_is_a_miss),
        cmocka_unit_test(test_contract_3_1_a_bad_record_is_set_aside),
        cmocka_unit_test(test_cache_forgets_what_is_long_over),
        cmocka_unit_test(test_cache_keeps_no_more_than_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

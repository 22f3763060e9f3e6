/*
 * Promises of the flow cache's file: what is read through a window is what the file says, wherever
 * the window cuts it; and two files are never taken for one.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "engine/flow_table.h"
#include "sim/mem_fs.h"
#include "sim/sim_clock.h"
#include "state/store.h"

/* ---- the window ---------------------------------------------------------------------------- */

static size_t
unknown(void *ctx, const struct json_span *at)
{
    (void)ctx;
    (void)at;
    return 0;
}

/* As somebody who knows the value would, and asks for more where the window cuts it. */
static size_t
all_known(void *ctx, const struct json_span *at)
{
    struct json_scan scan;
    struct json_span span = *at;
    struct err err = {0};

    (void)ctx;
    if (at->value_len == 0 || at->value[0] != '{') return 0;
    json_scan_init(&scan, at->value, at->value_len);
    if (json_scan_value(&scan, &span, &err) != RC_OK) return at->value_len + 1;
    return span.value_len;
}

static void
add_span(struct text *to, const struct json_span *span)
{
    text_add(to, span->key, span->key_len);
    text_putc(to, '=');
    text_add(to, span->value, span->value_len);
    text_putc(to, '\n');
}

static enum rc
through_window(const struct fs *fs, size_t room, size_t (*known)(void *, const struct json_span *),
               struct text *to)
{
    struct flow_file f = {0};
    struct json_span span = {0};
    struct err err = {0};
    enum rc rc = flow_file_open(&f, fs, "cache", room, &err);

    while (rc == RC_OK) {
        rc = flow_file_next(&f, known, NULL, &span, &err);
        if (rc == RC_OK) add_span(to, &span);
    }
    flow_file_done(&f);
    return rc;
}

static enum rc
at_once(const char *bytes, size_t len, struct text *to)
{
    struct json_scan scan;
    struct json_span span = {0};
    struct err err = {0};
    enum rc rc = RC_OK;

    json_scan_init(&scan, bytes, len);
    while (rc == RC_OK) {
        rc = json_scan_next(&scan, &span, &err);
        if (rc == RC_OK) add_span(to, &span);
    }
    return rc;
}

static void
check_windows(const char *bytes, size_t len, size_t room_max)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    CLEANUP(text_free) struct text expected = {0};
    struct err err = {0};
    enum rc end = at_once(bytes, len, &expected);

    assert_int_equal(fs.replace(fs.self, "cache", bytes, len, false, &err), RC_OK);
    for (size_t room = 1; room < room_max; room++) {
        CLEANUP(text_free) struct text a = {0};
        CLEANUP(text_free) struct text b = {0};

        assert_int_equal(through_window(&fs, room, unknown, &a), end);
        assert_string_equal(text_str(&a), text_str(&expected));
        assert_int_equal(through_window(&fs, room, all_known, &b), end);
        assert_string_equal(text_str(&b), text_str(&expected));
    }
    mem_fs_free(disk);
}

static void
test_flow_file_reads_the_same_through_any_window(void **state)
{
    static const char *const cases[] = {
        "{}",
        " { \"a\" : 123456 , \"b\" : {\"c\":[1,2,{\"d\":\"}\\\"\"}]} , \"e\":\"text, with }\" } \n",
        "{\"AAPL\":{\"x\":1},\"MSFT\":{\"x\":22},\"_m\":[[],[[]]],\"n\":null,\"t\":true}",
        "{\"a\":1,\"b\":12,\"c\":123,\"d\":1234,\"e\":12345}",
        "{\"a\":{\"b\":1}",
        "{\"a\":{\"b\":1}}}",
        "{\"a\":[1}",
        "[1,2,3]",
        "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_windows(cases[i], strlen(cases[i]), strlen(cases[i]) + 3);
}

/* ---- a disk on which the file is replaced in the middle ------------------------------------- */

struct restless {
    struct fs under;
    int reads;
    int replace_at;      /* before this read, counted from 1; 0 = never */
    int replace_len;     /* and before so many after it */
    struct text next[2]; /* the files that come, in turn */
};

static enum rc
restless_read_at(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
                 struct err *err)
{
    struct restless *d = self;

    d->reads++;
    if (d->replace_at > 0 && d->reads >= d->replace_at &&
        d->reads < d->replace_at + d->replace_len) {
        const struct text *next = &d->next[d->reads % 2];
        assert_int_equal(
            d->under.replace(d->under.self, path, text_str(next), next->len, false, err), RC_OK);
    }
    return d->under.read_at(d->under.self, path, offset, max, ret_bytes, err);
}

static enum rc
restless_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    const struct restless *d = self;
    return d->under.stat(d->under.self, path, ret_stat, err);
}

/* A cache of `symbols` entries of 20 kB whose conviction is `word`; several windows long. */
static void
cache_text(struct text *to, int symbols, const char *word)
{
    text_puts(to, "{\"_metadata\":{\"schema_version\":2}");
    for (int i = 0; i < symbols; i++) {
        text_printf(to, ",\"S%d\":{\"conviction\":%s,\"pad\":\"", i, word);
        for (int k = 0; k < 20000; k++)
            text_putc(to, 'x');
        text_puts(to, "\"}");
    }
    text_putc(to, '}');
}

struct scene {
    struct mem_fs *disk;
    struct restless restless;
    struct fs fs;
    struct sim_clock time;
    struct clock clock;
    struct test_log events;
    struct log log;
    struct state_store state;
    struct store store;
    struct flow_table table;
};

static void
scene_make(struct scene *s)
{
    *s = (struct scene){.disk = mem_fs_new(NULL)};
    sim_clock_init(&s->time, INT64_C(1769785200) * NS_PER_S);
    s->clock = sim_clock_seam(&s->time);
    s->restless.under = mem_fs_seam(s->disk);
    s->fs = (struct fs){.self = &s->restless, .read_at = restless_read_at, .stat = restless_stat};
    s->log = test_log_seam(&s->events);
    state_store_init(&s->state, &s->restless.under, &s->clock, &s->log);
    s->store = state_store_seam(&s->state);
}

static void
scene_done(struct scene *s)
{
    flow_table_done(&s->table);
    text_free(&s->restless.next[0]);
    text_free(&s->restless.next[1]);
    mem_fs_free(s->disk);
}

static void
scene_put(struct scene *s, const struct text *bytes)
{
    const struct fs *fs = &s->restless.under;
    struct err err = {0};

    assert_int_equal(
        fs->replace(fs->self, FLOW_CACHE_PATH, text_str(bytes), bytes->len, false, &err), RC_OK);
}

static enum flow_cache_state
scene_refresh(struct scene *s)
{
    s->restless.reads = 0;
    return flow_table_refresh(&s->table, &s->fs, &s->store, &s->log);
}

static void
assert_conviction(const struct scene *s, const char *symbol, double expected)
{
    const struct flow_entry *e = flow_table_find(&s->table, symbol);

    assert_non_null(e);
    assert_float_equal(e->flow.conviction, expected, 0);
}

static void
test_flow_table_reads_a_file_that_does_not_change_once(void **state)
{
    CLEANUP(text_free) struct text cache = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    cache_text(&cache, 200, "0.5");
    scene_put(&s, &cache);
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK);
    assert_true(s.restless.reads > 3); /* larger than the window */
    assert_int_equal(s.table.symbols, 200);
    assert_int_equal(s.table.decoded, 200);
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_UNCHANGED);
    assert_int_equal(s.restless.reads, 0);
    scene_put(&s, &cache); /* another file of the same bytes */
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK);
    assert_int_equal(s.table.symbols, 200);
    assert_int_equal(s.table.decoded, 0);
    assert_conviction(&s, "S199", 0.5);
    scene_done(&s);
}

static void
test_flow_table_takes_only_what_changed(void **state)
{
    CLEANUP(text_free) struct text before = {0};
    CLEANUP(text_free) struct text after = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    text_puts(&before, "{\"AAA\":{\"conviction\":0.1},\"BBB\":{\"conviction\":0.2},\"CCC\":7}");
    text_puts(&after, "{\"BBB\":{\"conviction\":0.25},\"AAA\":{\"conviction\":0.1},\"CCC\":77,"
                      "\"DDD\":{\"conviction\":0.4}}");
    scene_put(&s, &before);
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK);
    assert_int_equal(s.table.symbols, 2);
    scene_put(&s, &after);
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK);
    assert_int_equal(s.table.symbols, 3);
    assert_int_equal(s.table.decoded, 3); /* BBB, DDD, and CCC, which is no object */
    assert_conviction(&s, "AAA", 0.1);
    assert_conviction(&s, "BBB", 0.25);
    assert_conviction(&s, "DDD", 0.4);
    assert_null(flow_table_find(&s.table, "CCC"));
    assert_int_equal(s.events.len, 0);
    scene_done(&s);
}

/* Whenever the file is replaced, the table ends with the new file alone, and says nothing. */
static void
test_flow_table_never_mixes_two_files(void **state)
{
    (void)state;
    for (int at = 1; at <= 4; at++) { /* reads of the first attempt */
        CLEANUP(text_free) struct text before = {0};
        struct scene s;

        scene_make(&s);
        cache_text(&before, 200, "0.1");
        /* Of other lengths, so that the window falls into the middle of something. */
        cache_text(&s.restless.next[0], 190, "0.25");
        cache_text(&s.restless.next[1], 190, "0.25");
        scene_put(&s, &before);
        s.restless.replace_at = at;
        s.restless.replace_len = 1;
        assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK);
        assert_int_equal(s.table.symbols, 190);
        for (int i = 0; i < 190; i++) {
            char symbol[SYMBOL_MAX];
            (void)snprintf(symbol, sizeof(symbol), "S%d", i);
            assert_conviction(&s, symbol, 0.25);
        }
        assert_null(flow_table_find(&s.table, "S195"));
        assert_int_equal(s.events.len, 0);
        scene_done(&s);
    }
}

static void
test_flow_table_of_a_file_that_never_rests_is_not_used(void **state)
{
    CLEANUP(text_free) struct text before = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    cache_text(&before, 200, "0.1");
    cache_text(&s.restless.next[0], 200, "0.25");
    cache_text(&s.restless.next[1], 190, "0.3");
    scene_put(&s, &before);
    s.restless.replace_at = 1;
    s.restless.replace_len = 1000;
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_UNREADABLE);
    assert_false(flow_table_is_readable(&s.table));
    assert_null(flow_table_find(&s.table, "S0"));
    assert_true(test_log_count(&s.events, EV_UW_CACHE_EMPTY) == 1);
    s.restless.replace_at = 0;
    assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK); /* it rests: all is well again */
    assert_true(s.table.symbols > 0);
    scene_done(&s);
}

static void
test_flow_table_heals_a_file_cut_anywhere(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 40; cut++) {
        CLEANUP(text_free) struct text cache = {0};
        struct scene s;

        scene_make(&s);
        cache_text(&cache, 120, "0.5");
        cache.len = cache.len * cut / 40;
        cache.data[cache.len] = '\0';
        scene_put(&s, &cache);
        assert_int_equal(scene_refresh(&s), FLOW_CACHE_CORRUPT);
        assert_null(flow_table_find(&s.table, "S0"));
        assert_int_equal(test_log_count(&s.events, EV_STATE_SELF_HEALED), 1);
        assert_int_equal(scene_refresh(&s), FLOW_CACHE_OK); /* the {} that stands there now */
        assert_int_equal(s.table.symbols, 0);
        scene_done(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_file_reads_the_same_through_any_window),
        cmocka_unit_test(test_flow_table_reads_a_file_that_does_not_change_once),
        cmocka_unit_test(test_flow_table_takes_only_what_changed),
        cmocka_unit_test(test_flow_table_never_mixes_two_files),
        cmocka_unit_test(test_flow_table_of_a_file_that_never_rests_is_not_used),
        cmocka_unit_test(test_flow_table_heals_a_file_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

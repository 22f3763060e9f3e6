/*
 * The state store: what a bad file becomes, what is kept, what is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/faulty_fs.h"
#include "sim/mem_fs.h"
#include "state/store.h"
#include "tests/lib/seams.h"
#include "tests/state/store_bed.h"

static enum rc
check_used(const struct json *doc, struct err *err)
{
    return json_i64(doc, "used", -1) >= 0 ? RC_OK
                                          : err_set(err, RC_RANGE, "used is missing or negative");
}

static enum rc
rebuild_used(void *ctx, struct text *ret_json, struct err *err)
{
    (void)err;
    text_puts(ret_json, ctx);
    return RC_OK;
}

static const struct store_spec SPEC = {
    .path = PATH, .default_json = "{\"used\":999}", .check = check_used};

static int64_t
used_of(struct json *doc)
{
    int64_t used = json_i64(doc, "used", -1);

    json_free(doc);
    return used;
}

/* ---- corruption × what is there to heal from ------------------------------------------------- */

enum damage { BYTES, A_DIRECTORY, NO_PERMISSION };

struct corruption {
    const char *name;
    enum damage damage;
    const char *bytes;
    size_t len;
    const char *error_type;
};

#define B(s) (s), sizeof(s) - 1

static const struct corruption CORRUPTIONS[] = {
    {"empty",                BYTES,         B(""),                            "parse"},
    {"blank",                BYTES,         B(" \n"),                         "parse"},
    {"half a file",          BYTES,         B("{\"used\":1"),                 "parse"},
    {"bytes behind",         BYTES,         B("{\"used\":1} x"),              "parse"},
    {"two documents",        BYTES,         B("{\"used\":1}{\"used\":2}"),    "parse"},
    {"NUL behind",           BYTES,         B("{\"used\":1}\0"),              "parse"},
    {"array for object",     BYTES,         B("[]"),                          "parse"},
    {"text for object",      BYTES,         B("\"used\""),                    "parse"},
    {"null",                 BYTES,         B("null"),                        "parse"},
    {"garbage",              BYTES,         B("\xff\xfe\x80\x01garbage"),     "parse"},
    {"invalid UTF-8",        BYTES,         B("{\"used\":1,\"a\":\"\xff\"}"), "parse"},
    {"NaN",                  BYTES,         B("{\"used\":NaN}"),              "parse"},
    {"repeated key",         BYTES,         B("{\"used\":1,\"used\":2}"),     "parse"},
    {"byte-order mark",      BYTES,         B("\xef\xbb\xbf{\"used\":1}"),    "parse"},
    {"refused by its owner", BYTES,         B("{\"used\":-5}"),               "range"},
    {"a directory",          A_DIRECTORY,   B(""),                            "io"   },
    {"no permission",        NO_PERMISSION, B("{\"used\":1}"),                "io"   },
};

enum cure { NOTHING, PREV_GOOD, PREV_BAD, REBUILD, PREV_BAD_REBUILD, REBUILD_BAD };

static const struct {
    enum cure cure;
    enum store_origin origin;
    int64_t used;
    const char *word;
} CURES[] = {
    {NOTHING,          STORE_DEFAULT, 999, "\"used\":\"default\""},
    {PREV_GOOD,        STORE_PREV,    41,  "\"used\":\"prev\""   },
    {PREV_BAD,         STORE_DEFAULT, 999, "\"used\":\"default\""},
    {REBUILD,          STORE_REBUILT, 77,  "\"used\":\"rebuilt\""},
    {PREV_BAD_REBUILD, STORE_REBUILT, 77,  "\"used\":\"rebuilt\""},
    {REBUILD_BAD,      STORE_DEFAULT, 999, "\"used\":\"default\""},
};

static void
damage(struct bed *b, const struct corruption *c)
{
    char full[128];

    (void)snprintf(full, sizeof(full), "%s/%s", b->root.path, PATH);
    test_write(&b->root, "state/x", "", 0);
    if (c->damage == A_DIRECTORY)
        assert_int_equal(mkdir(full, 0700), 0);
    else
        test_write(&b->root, PATH, c->bytes, c->len);
    if (c->damage == NO_PERMISSION) assert_int_equal(chmod(full, 0), 0);
}

static struct store_spec
prepare_cure(struct bed *b, enum cure cure)
{
    struct store_spec spec = SPEC;

    spec.has_prev = cure == PREV_GOOD || cure == PREV_BAD || cure == PREV_BAD_REBUILD;
    if (cure == PREV_GOOD) test_write(&b->root, PREV, B("{\"used\":41}"));
    if (cure == PREV_BAD || cure == PREV_BAD_REBUILD) test_write(&b->root, PREV, B("[bad prev"));
    if (cure == REBUILD || cure == PREV_BAD_REBUILD) {
        spec.rebuild = rebuild_used;
        spec.rebuild_ctx = (void *)(uintptr_t) "{\"used\":77}";
    }
    if (cure == REBUILD_BAD) {
        spec.rebuild = rebuild_used;
        spec.rebuild_ctx = (void *)(uintptr_t) "{\"used\":-1}";
    }
    return spec;
}

static void
check_evidence(struct bed *b, const struct corruption *c, const char *name)
{
    char backup[64];

    (void)snprintf(backup, sizeof(backup), "%s.corrupted.%d.json", PATH, NOW_S);
    if (!test_exists(&b->root, backup)) fail_msg("%s: nothing was kept", name);
    if (c->damage != BYTES) return;
    struct text kept = {0};
    assert_int_equal(b->root.fs.read_all(b->root.fs.self, backup, 1000, &kept, NULL), RC_OK);
    if (kept.len != c->len || memcmp(text_str(&kept), c->bytes, c->len) != 0)
        fail_msg("%s: other bytes were kept", name);
    text_free(&kept);
}

static void
heal_once(const struct corruption *c, size_t cure)
{
    struct bed b;
    char name[128];
    enum store_origin origin = STORE_FILE;

    (void)snprintf(name, sizeof(name), "%s, cure %zu", c->name, cure);
    bed_make(&b);
    damage(&b, c);
    struct store_spec spec = prepare_cure(&b, CURES[cure].cure);
    int64_t used = used_of(store_load(&b.seam, &spec, &origin));

    if (used != CURES[cure].used || origin != CURES[cure].origin)
        fail_msg("%s: %d from origin %d", name, (int)used, (int)origin);
    if (test_log_count(&b.log, EV_STATE_READ_FAILED) != 1 ||
        test_log_count(&b.log, EV_STATE_SELF_HEALED) != 1 || b.log.len != 2)
        fail_msg("%s: %zu events", name, b.log.len);
    if (strstr(test_log_last(&b.log, EV_STATE_READ_FAILED), c->error_type) == NULL)
        fail_msg("%s: %s", name, test_log_last(&b.log, EV_STATE_READ_FAILED));
    if (strstr(test_log_last(&b.log, EV_STATE_SELF_HEALED), CURES[cure].word) == NULL)
        fail_msg("%s: %s", name, test_log_last(&b.log, EV_STATE_SELF_HEALED));
    check_evidence(&b, c, name);
    if (CURES[cure].cure == PREV_BAD && test_count(&b.root, "state", "json.prev.corrupted.") != 1)
        fail_msg("%s: the bad previous generation was not kept", name);

    /* Healed for good: the second load finds a sound file and says nothing. */
    used = used_of(store_load(&b.seam, &spec, &origin));
    if (used != CURES[cure].used || origin != STORE_FILE || b.log.len != 2)
        fail_msg("%s: not healed", name);
    test_root_remove(&b.root);
}

static void
test_contract_3_1_bad_state_heals_and_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CORRUPTIONS); i++) {
        if (CORRUPTIONS[i].damage == NO_PERMISSION && geteuid() == 0)
            continue; /* root reads everything */
        for (size_t j = 0; j < COUNT_OF(CURES); j++)
            heal_once(&CORRUPTIONS[i], j);
    }
}

static void
test_store_missing_file_is_the_default_without_an_event(void **state)
{
    struct bed b;
    enum store_origin origin = STORE_FILE;

    (void)state;
    bed_make(&b);
    assert_int_equal(used_of(store_load(&b.seam, &SPEC, &origin)), 999);
    assert_int_equal(origin, STORE_MISSING);
    assert_int_equal(b.log.len, 0);
    assert_false(test_exists(&b.root, PATH));
    test_root_remove(&b.root);
}

/* A file with a previous generation has existed: a lost usage file must not hand back a spent
 * budget. */
static void
test_store_lost_file_comes_back_from_its_previous_generation(void **state)
{
    struct bed b;
    struct store_spec spec = SPEC;
    enum store_origin origin = STORE_FILE;

    (void)state;
    bed_make(&b);
    spec.has_prev = true;
    test_write(&b.root, PREV, B("{\"used\":41}"));
    assert_int_equal(used_of(store_load(&b.seam, &spec, &origin)), 41);
    assert_int_equal(origin, STORE_PREV);
    assert_int_equal(test_log_count(&b.log, EV_STATE_SELF_HEALED), 1);
    assert_int_equal(b.log.len, 1);
    assert_true(test_exists(&b.root, PATH));
    assert_true(test_exists(&b.root, PREV));
    test_root_remove(&b.root);
}

static void
test_store_too_large_file_is_corrupt(void **state)
{
    struct bed b;
    struct store_spec spec = SPEC;
    enum store_origin origin = STORE_FILE;

    (void)state;
    bed_make(&b);
    spec.bytes_max = 11;
    test_write(&b.root, PATH, B("{\"used\":123}"));
    assert_int_equal(used_of(store_load(&b.seam, &spec, &origin)), 999);
    assert_int_equal(origin, STORE_DEFAULT);
    spec.bytes_max = 12;
    test_root_remove(&b.root);
}

static void
test_store_evidence_is_never_written_over(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    for (int i = 0; i < 3; i++) {
        char bytes[16];

        (void)snprintf(bytes, sizeof(bytes), "bad %d", i);
        test_write(&b.root, PATH, bytes, strlen(bytes));
        json_free(store_load(&b.seam, &SPEC, NULL));
    }
    for (int i = 0; i < 3; i++) {
        char name[64], want[16];

        (void)snprintf(name, sizeof(name), "%s.corrupted.%d.json", PATH, NOW_S + i);
        (void)snprintf(want, sizeof(want), "bad %d", i);
        char *kept = test_read(&b.root, name);
        assert_non_null(kept);
        assert_string_equal(kept, want);
        free(kept);
    }
    test_root_remove(&b.root);
}

/* ---- faults -------------------------------------------------------------------------------- */

/* The nth call is refused, for every n: always a document, never more than one heal event, no lost
 * bytes. */
static void
test_store_load_survives_any_refused_call(void **state)
{
    (void)state;
    for (int run = 1; run <= 3; run++) {
        for (int n = 1;; n++) {
            struct bed b;
            struct store_spec spec = SPEC;
            enum store_origin origin = STORE_FILE;

            bed_make(&b);
            spec.has_prev = true;
            test_write(&b.root, PATH, B("{\"used\":"));
            test_write(&b.root, PREV, B("{\"used\":41}"));
            b.faults.fail_at = n;
            b.faults.fail_len = run == 3 ? 1000 : run;
            int64_t used = used_of(store_load(&b.seam, &spec, &origin));
            bool was_refused = b.faults.calls >= n;

            if (used != 41 && used != 999) fail_msg("call %d refused: used %d", n, (int)used);
            if (test_log_count(&b.log, EV_STATE_READ_FAILED) != 1)
                fail_msg("call %d refused: %d read events", n,
                         test_log_count(&b.log, EV_STATE_READ_FAILED));
            int healed = test_log_count(&b.log, EV_STATE_SELF_HEALED);
            int failed = test_log_count(&b.log, EV_STATE_HEAL_FAILED);
            if (healed + failed != 1)
                fail_msg("call %d refused: %d healed, %d failed", n, healed, failed);
            if ((failed == 1) != (origin == STORE_MEMORY))
                fail_msg("call %d refused: origin %d", n, (int)origin);
            char *bad = test_read(&b.root, PATH);
            bool in_place = bad != NULL && str_eq(bad, "{\"used\":");
            if (!in_place && test_count(&b.root, "state", "json.corrupted.") == 0)
                fail_msg("call %d refused: the bad bytes are gone", n);
            free(bad);
            test_root_remove(&b.root);
            if (!was_refused) break;
        }
    }
}

/* As an interrupted system does it: the nth call is carried out and reports a failure all the same.
 */
static void
test_store_load_survives_a_call_that_happened_and_failed(void **state)
{
    static const char bad[] = "{\"used\":torn";

    (void)state;
    for (int64_t n = 1;; n++) {
        struct test_clock still = {.now_ns = NOW_S * NS_PER_S};
        struct clock clock = test_clock_seam(&still);
        struct test_log told = {0};
        struct log log = test_log_seam(&told);
        struct mem_fs *disk = mem_fs_new(NULL);
        struct fs inner = mem_fs_seam(disk);
        struct faulty_fs faulty;
        struct state_store s;
        struct store_spec spec = SPEC;
        struct text dump = {0};
        enum store_origin origin = STORE_FILE;

        assert_int_equal(inner.replace(inner.self, PATH, B(bad), false, NULL), RC_OK);
        assert_int_equal(inner.replace(inner.self, PREV, B("{\"used\":41}"), false, NULL), RC_OK);
        faulty_fs_init(&faulty, &inner);
        faulty.kind = FAULT_AFTER;
        faulty.fail_at = n;
        struct fs fs = faulty_fs_seam(&faulty);
        state_store_init(&s, &fs, &clock, &log);
        struct store seam = state_store_seam(&s);
        spec.has_prev = true;

        int64_t used = used_of(store_load(&seam, &spec, &origin));
        bool was_refused = faulty.failures > 0;
        if (used != 41 && used != 999) fail_msg("call %d: used %d", (int)n, (int)used);
        if (test_log_count(&told, EV_STATE_SELF_HEALED) +
                test_log_count(&told, EV_STATE_HEAL_FAILED) !=
            1)
            fail_msg("call %d: %zu events", (int)n, told.len);
        mem_fs_dump(disk, &dump);
        if (strstr(dump.data, bad) == NULL) fail_msg("call %d: the bad bytes are gone", (int)n);
        if (strstr(dump.data, "{\"used\":41}") == NULL)
            fail_msg("call %d: the last good ones are gone", (int)n);
        used = used_of(store_load(&seam, &spec, &origin));
        if (used != 41 && used != 999) fail_msg("call %d: used %d later", (int)n, (int)used);
        text_free(&dump);
        mem_fs_free(disk);
        if (!was_refused) break;
    }
}

static void
test_store_full_disk_leaves_the_last_file(void **state)
{
    struct test_clock still = {.now_ns = NOW_S * NS_PER_S};
    struct clock clock = test_clock_seam(&still);
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs inner = mem_fs_seam(disk);
    struct faulty_fs faulty;
    struct state_store s;
    struct text json = {0};

    (void)state;
    faulty_fs_init(&faulty, &inner);
    struct fs fs = faulty_fs_seam(&faulty);
    state_store_init(&s, &fs, &clock, NULL);
    struct store seam = state_store_seam(&s);
    text_puts(&json, "{\"used\":1}");
    assert_int_equal(store_save(&seam, &SPEC, &json, NULL), RC_OK);
    faulty.room_bytes = 3;
    json.data[8] = '2';
    assert_int_equal(store_save(&seam, &SPEC, &json, NULL), RC_IO);
    assert_string_equal(text_str(mem_fs_peek(disk, PATH)), "{\"used\":1}");
    faulty.room_bytes = -1;
    assert_int_equal(store_save(&seam, &SPEC, &json, NULL), RC_OK);
    assert_string_equal(text_str(mem_fs_peek(disk, PATH)), "{\"used\":2}");
    text_free(&json);
    mem_fs_free(disk);
}

static void
test_store_save_fails_whole(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed b;
        struct store_spec spec = SPEC;
        struct text json = {0};

        bed_make(&b);
        spec.has_prev = true;
        test_write(&b.root, PATH, B("{\"used\":1}"));
        text_puts(&json, "{\"used\":2}");
        b.faults.fail_at = n;
        enum rc rc = store_save(&b.seam, &spec, &json, NULL);
        char *now = test_read(&b.root, PATH);
        assert_string_equal(now, rc == RC_OK ? "{\"used\":2}" : "{\"used\":1}");
        free(now);
        text_free(&json);
        bool was_refused = b.faults.calls >= n;
        test_root_remove(&b.root);
        if (!was_refused) break;
    }
}

/* ---- saving -------------------------------------------------------------------------------- */

static void
test_store_save_keeps_one_generation(void **state)
{
    struct bed b;
    struct store_spec spec = SPEC;
    struct err err = {0};

    (void)state;
    bed_make(&b);
    spec.has_prev = true;
    for (int i = 1; i <= 3; i++) {
        struct text json = {0};

        text_printf(&json, "{\"used\":%d}", i);
        assert_int_equal(store_save(&b.seam, &spec, &json, &err), RC_OK);
        text_free(&json);
    }
    char *prev = test_read(&b.root, PREV);
    assert_string_equal(prev, "{\"used\":2}");
    free(prev);
    assert_int_equal(b.log.len, 0);
    test_root_remove(&b.root);
}

/* The heartbeat is never read by its writer: bad bytes that somebody else put there are kept all
 * the same. */
static void
test_store_save_keeps_bad_bytes_it_does_not_know(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CORRUPTIONS); i++) {
        struct bed b;
        struct store_spec spec = SPEC;
        struct text json = {0};

        if (CORRUPTIONS[i].damage == NO_PERMISSION && geteuid() == 0) continue;
        bed_make(&b);
        spec.has_prev = true;
        text_puts(&json, "{\"used\":5}");
        damage(&b, &CORRUPTIONS[i]);
        assert_int_equal(store_save(&b.seam, &spec, &json, NULL), RC_OK);
        check_evidence(&b, &CORRUPTIONS[i], CORRUPTIONS[i].name);
        assert_int_equal(test_log_count(&b.log, EV_STATE_READ_FAILED), 1);
        assert_int_equal(test_log_count(&b.log, EV_STATE_SELF_HEALED), 1);
        assert_non_null(strstr(test_log_last(&b.log, EV_STATE_SELF_HEALED), "\"used\":\"saved\""));
        assert_false(test_exists(&b.root, PREV));
        char *now = test_read(&b.root, PATH);
        assert_string_equal(now, "{\"used\":5}");
        free(now);
        text_free(&json);
        test_root_remove(&b.root);
    }
}

static void
test_store_save_does_not_read_what_it_wrote(void **state)
{
    struct bed b;
    struct text json = {0};

    (void)state;
    bed_make(&b);
    text_puts(&json, "{\"used\":5}");
    assert_int_equal(store_save(&b.seam, &SPEC, &json, NULL), RC_OK);
    int calls = b.faults.calls;
    assert_int_equal(store_save(&b.seam, &SPEC, &json, NULL), RC_OK);
    assert_int_equal(b.faults.calls - calls, 3); /* stat, replace, stat */
    text_free(&json);
    test_root_remove(&b.root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_3_1_bad_state_heals_and_is_kept),
        cmocka_unit_test(test_store_missing_file_is_the_default_without_an_event),
        cmocka_unit_test(test_store_lost_file_comes_back_from_its_previous_generation),
        cmocka_unit_test(test_store_too_large_file_is_corrupt),
        cmocka_unit_test(test_store_evidence_is_never_written_over),
        cmocka_unit_test(test_store_load_survives_any_refused_call),
        cmocka_unit_test(test_store_load_survives_a_call_that_happened_and_failed),
        cmocka_unit_test(test_store_full_disk_leaves_the_last_file),
        cmocka_unit_test(test_store_save_fails_whole),
        cmocka_unit_test(test_store_save_keeps_one_generation),
        cmocka_unit_test(test_store_save_keeps_bad_bytes_it_does_not_know),
        cmocka_unit_test(test_store_save_does_not_read_what_it_wrote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Rows counted by name, and their orders. */
#include "tests/lib/check.h"

#include "base/counts.h"

static void
test_counts_keeps_each_key_once_in_order(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct counts c = {0};
    struct rng r = check_rng("counts");
    int64_t taken = 5000, found = 0;
    double sum = 0;

    (void)state;
    for (int64_t i = 0; i < taken; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "K%d", (int)rng_below(&r, 300));
        struct count_row *row = counts_at(&c, key, &a);
        row->n++;
        row->sum += 0.5;
    }
    for (size_t i = 0; i < c.len; i++) {
        if (i > 0) assert_true(strcmp(c.row[i - 1].key, c.row[i].key) < 0);
        found += c.row[i].n;
        sum += c.row[i].sum;
    }
    assert_int_equal(found, taken);
    assert_true(sum >= 2500 && sum <= 2500);
}

static void
test_counts_sorted_keeps_equal_ones_in_order_of_their_keys(void **state)
{
    static const struct {
        const char *key;
        int64_t n;
        double sum;
    } rows[] = {
        {"d", 2, -1},
        {"a", 1, 5 },
        {"c", 2, 5 },
        {"b", 2, 0 },
        {"",  9, -7}
    };
    CLEANUP(arena_done) struct arena a = {0};
    struct counts c = {0};
    CLEANUP(text_free) struct text most = {0}, largest = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct count_row *row = counts_at(&c, rows[i].key, &a);
        row->n = rows[i].n;
        row->sum = rows[i].sum;
    }
    const struct count_row **by_n = counts_sorted(&c, COUNTS_MOST, &a);
    const struct count_row **by_sum = counts_sorted(&c, COUNTS_LARGEST_SUM, &a);
    for (size_t i = 0; i < c.len; i++) {
        text_printf(&most, "%s,", by_n[i]->key);
        text_printf(&largest, "%s,", by_sum[i]->key);
    }
    assert_string_equal(text_str(&most), ",b,c,d,a,");
    assert_string_equal(text_str(&largest), "a,c,b,d,,");
}

static void
test_counts_of_nothing_is_nothing(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct counts c = {0};

    (void)state;
    assert_non_null(counts_sorted(&c, COUNTS_MOST, &a));
    assert_int_equal(c.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_keeps_each_key_once_in_order),
        cmocka_unit_test(test_counts_sorted_keeps_equal_ones_in_order_of_their_keys),
        cmocka_unit_test(test_counts_of_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The regression run and the day with the real programs: the whole chain of v2 in mock mode, what
 * it leaves of the live root, and what it says of a bundle that lacks something
 * (contract 4.4, 4.20.8, spec 40 7).
 */
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/front.h"

#include "scripts/regress/artifact_check.h"

#define FRONT(f, dir, ...)                                                                         \
    front_run((f), (dir)->path, "out", (const char *const[]){__VA_ARGS__, NULL})

static void
test_contract_4_20_regression_passes_and_leaves_the_root_alone(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = tmpdir_new();
    CLEANUP(front_done) struct front f;

    (void)state;
    FRONT(&f, &dir, "run-regression-checks", "--root", root.path);
    front_expect(&f, f.status == 0 && front_says(&f, "REGRESSION_OK"));
    assert_int_equal(tmpdir_count(&root, ""), 1); /* state/, for its lock */
    assert_int_equal(tmpdir_count(&root, "state"), 1);
}

/* A mock day by the programs themselves, both phases; the root is then a whole one to look at. */
static struct tmpdir
mock_day(const struct tmpdir *dir)
{
    struct tmpdir root = tmpdir_new();
    CLEANUP(front_done) struct front f;

    FRONT(&f, dir, "day", "--mock", "--root", root.path, "--date", "2026-11-20", "--phase",
          "premarket");
    front_expect(&f, f.status == 0 && front_says(&f, "readiness"));
    front_done(&f);
    FRONT(&f, dir, "day", "--mock", "--root", root.path, "--date", "2026-11-20", "--phase",
          "postclose");
    front_expect(&f, f.status == 0);
    return root;
}

static void
test_day_runs_its_programs_and_does_none_twice(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = mock_day(&dir);
    CLEANUP(front_done) struct front f;

    (void)state;
    FRONT(&f, &dir, "day", "--mock", "--root", root.path, "--date", "2026-11-20", "--json",
          "--phase", "postclose");
    front_expect(&f, f.status == 0 && front_says(&f, "\"ran\":0"));
    assert_true(access(tmpdir_path(&root, "analysis_packs/2026-11-20/MASTER_SUMMARY_2026-11-20.md"),
                       R_OK) == 0);
}

static void
test_contract_4_20_regression_names_what_a_bundle_lacks(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(tmpdir_done) struct tmpdir root = mock_day(&dir);

    (void)state;
    for (size_t i = 0; i < ARTIFACTS_LEN; i++) {
        CLEANUP(front_done) struct front f;
        char name[128];

        (void)snprintf(name, sizeof name, "telemetry/2026-11-20/computed/%s.json",
                       ARTIFACT_NAMES[i]);
        CLEANUP(text_free) struct text whole = tmpdir_read(&root, name);
        FRONT(&f, &dir, "run-regression-checks", "--root", root.path, "--artifacts-only",
              "2026-11-20");
        front_expect(&f, f.status == 0);
        front_done(&f);
        tmpdir_write(&root, name, "{}");
        FRONT(&f, &dir, "run-regression-checks", "--root", root.path, "--artifacts-only",
              "2026-11-20");
        front_expect(&f, f.status == 1 && front_says(&f, ARTIFACT_NAMES[i]));
        tmpdir_write_bytes(&root, name, text_str(&whole), whole.len);
    }
}

static void
test_regression_wrong_date_is_wrong_usage(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(front_done) struct front f;

    (void)state;
    FRONT(&f, &dir, "run-regression-checks", "--root", dir.path, "--artifacts-only", "../etc");
    front_expect(&f, f.status == 64 && front_says(&f, "--artifacts-only"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_20_regression_passes_and_leaves_the_root_alone),
        cmocka_unit_test(test_day_runs_its_programs_and_does_none_twice),
        cmocka_unit_test(test_contract_4_20_regression_names_what_a_bundle_lacks),
        cmocka_unit_test(test_regression_wrong_date_is_wrong_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

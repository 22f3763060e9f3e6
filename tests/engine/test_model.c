/*
 * The order path against everything at once: random sequences of signals, faults, kills and
 * restarts.
 *
 *   TEST_SEED=n     runs that one sequence and prints what happens
 *   MODEL_SEEDS=n   so many sequences instead of MODEL_SEEDS_DEFAULT
 *   MODEL_FIRST=n   the seed of the first
 */
#include "tests/engine/model.h"

enum { MODEL_SEEDS_DEFAULT = 3000, FAILURES_SHOWN_MAX = 3 };

/* What the sequences reached: a model that reaches nothing proves nothing. */
struct reached {
    int64_t posts, fills, settled_exits, unknown, expired, restarts, mismatches, parts;
};

static int64_t
number_of(const char *name, int64_t dflt)
{
    const char *text = getenv(name);
    int64_t value = dflt;

    if (text != NULL && !str_to_i64(text, &value)) fail_msg("%s is not a number", name);
    return value;
}

static bool
still_fails(struct model_bed *bed, const struct model_sequence *s, char *ret_wrong, size_t size)
{
    struct model *m = calloc(1, sizeof(*m));

    if (m == NULL) abort();
    model_sequence_run(bed, s, m, ret_wrong, size);
    free(m);
    return ret_wrong[0] != '\0';
}

static void
without(const struct model_sequence *s, size_t at, size_t n, struct model_sequence *ret)
{
    *ret = *s;
    memmove(&ret->op[at], &ret->op[at + n], (s->len - at - n) * sizeof(ret->op[0]));
    ret->len -= n;
}

/* Drops operations, many at a time first, while any promise is still broken. */
static void
shrink(struct model_bed *bed, struct model_sequence *s, char *wrong, size_t size)
{
    for (size_t n = s->len / 2; n > 0; n /= 2) {
        for (size_t at = 0; at + n <= s->len;) {
            struct model_sequence less;
            char now[512];

            without(s, at, n, &less);
            if (!still_fails(bed, &less, now, sizeof(now))) {
                at++;
                continue;
            }
            *s = less;
            (void)str_copy(wrong, size, now);
        }
    }
}

static void
count(const struct model *m, struct reached *r)
{
    r->posts += (int64_t)m->posted_len;
    r->fills += m->event[EV_FILL];
    r->settled_exits += m->event[EV_CLOSE_SUCCESS];
    r->unknown += m->event[EV_ORDER_UNKNOWN];
    r->expired += m->event[EV_ORDER_EXPIRED];
    r->restarts += m->restarts;
    r->mismatches += m->event[EV_POSITION_MISMATCH];
    r->parts += m->event[EV_EXIT_SCALE_OUT];
}

/* True if the sequence keeps every promise. */
static bool
try_seed(struct model_bed *bed, uint64_t seed, bool is_traced, struct reached *reached)
{
    struct model *m = calloc(1, sizeof(*m));
    struct model_sequence s;
    char wrong[512];

    if (m == NULL) abort();
    model_sequence_draw(seed, &s);
    s.opt.is_traced = is_traced;
    model_sequence_run(bed, &s, m, wrong, sizeof(wrong));
    count(m, reached);
    free(m);
    if (wrong[0] == '\0') return true;
    s.opt.is_traced = false;
    (void)printf("seed %llu: %s\n", (unsigned long long)seed, wrong);
    shrink(bed, &s, wrong, sizeof(wrong));
    (void)printf("shrunk: %s\n", wrong);
    model_sequence_print(&s);
    if (is_traced) {
        s.opt.is_traced = true;
        (void)still_fails(bed, &s, wrong, sizeof(wrong));
    }
    return false;
}

static void
test_model_keeps_its_promises_whatever_goes_wrong(void **state)
{
    static struct model_bed bed; /* large */
    struct reached r = {0};
    int64_t first = number_of("MODEL_FIRST", 1), failures = 0;
    int64_t n = number_of("MODEL_SEEDS", MODEL_SEEDS_DEFAULT);
    bool is_one = getenv("TEST_SEED") != NULL;

    (void)state;
    model_bed_init(&bed);
    if (is_one) {
        first = number_of("TEST_SEED", 1);
        n = 1;
    }
    for (int64_t i = 0; i < n && failures < FAILURES_SHOWN_MAX; i++)
        failures += try_seed(&bed, (uint64_t)(first + i), is_one, &r) ? 0 : 1;
    model_bed_done(&bed);
    (void)printf("%lld sequences: %lld orders sent, %lld executions, %lld closes (%lld in parts), "
                 "%lld unanswered, %lld expired, %lld restarts, %lld mismatches\n",
                 (long long)n, (long long)r.posts, (long long)r.fills, (long long)r.settled_exits,
                 (long long)r.parts, (long long)r.unknown, (long long)r.expired,
                 (long long)r.restarts, (long long)r.mismatches);
    assert_int_equal(failures, 0);
    if (is_one || n < MODEL_SEEDS_DEFAULT) return;
    assert_true(r.posts > n && r.fills > n && r.settled_exits > n / 4);
    assert_true(r.unknown > n / 10 && r.expired > n / 50 && r.restarts > n / 2);
    assert_true(r.mismatches > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_keeps_its_promises_whatever_goes_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

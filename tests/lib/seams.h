/*
 * Seams for tests: a root folder of its own, a clock that stands still, a log that remembers, a
 * disk that refuses its nth call.
 */
#ifndef TESTS_LIB_SEAMS_H
#define TESTS_LIB_SEAMS_H

#include "base/clock.h"
#include "base/log.h"
#include "io/fs.h"

/* ---- a root folder ------------------------------------------------------------------------- */

struct test_root {
    char path[64];
    struct posix_fs disk;
    struct fs fs;
};

void
test_root_make(struct test_root *r); /* a new, empty folder; ends the test program if it cannot */
void test_root_remove(struct test_root *r); /* with all that is in it */

void test_write(const struct test_root *r, const char *path, const char *bytes, size_t len);
/* The content, to be freed; NULL where there is no such file. */
char *test_read(const struct test_root *r, const char *path);
bool test_exists(const struct test_root *r, const char *path);
/* How many names in the folder contain the part. */
int test_count(const struct test_root *r, const char *folder, const char *part);

/* ---- a clock ------------------------------------------------------------------------------- */

struct test_clock {
    int64_t now_ns, mono_ns;
};

struct clock test_clock_seam(struct test_clock *c);

/* ---- a log --------------------------------------------------------------------------------- */

enum { TEST_EVENTS_MAX = 256 };

struct test_event {
    enum event_id id;
    char fields[1024]; /* as a JSON object */
};

struct test_log {
    struct test_event event[TEST_EVENTS_MAX];
    size_t len;
};

struct log test_log_seam(struct test_log *l);
int test_log_count(const struct test_log *l, enum event_id id);
/* The fields of the last such event, "" where there is none. */
const char *test_log_last(const struct test_log *l, enum event_id id);

/* ---- a disk that refuses ------------------------------------------------------------------- */

struct test_faults {
    const struct fs *under;
    int calls;    /* made so far                                         */
    int fail_at;  /* this call is refused (1 = the first); 0 = none      */
    int fail_len; /* and so many in all from there on; 0 = one           */
};

struct fs test_faults_seam(struct test_faults *f);

#endif
